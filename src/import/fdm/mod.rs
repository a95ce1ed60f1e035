//! fdm: its settings, with their macros and rules, and the caches of its POP3 accounts.

mod account;
mod action;
mod cache;
mod delivery;
mod glob;
mod lexer;
mod maildrop;
mod parser;
mod rules;
mod tags;
mod ways;

use super::place::{Remark, Spot, Wrong};
use super::record::{Entry, Record};
use super::said::Said;
use super::{Around, Taken};
use std::collections::HashMap;
use std::rc::Rc;

/// What stands in the settings, in its own words.
#[derive(Default)]
struct Settings {
    accounts: Vec<Written>,
    actions: Vec<(String, Vec<Action>)>,
    rules: Vec<Rule>,
    set: Vec<(String, Option<Said>, Spot)>,
    /// Where what was set last under a name is among them.
    last: HashMap<String, usize>,
    others: Vec<(Spot, String)>,
    /// What is said while they are read.
    remarks: Vec<Remark>,
    /// Files that are to be included and could not be read.
    unread: Vec<(Spot, String)>,
}

impl Settings {
    /// Something is set under a name.
    fn put(&mut self, name: String, value: Option<Said>, spot: &Spot) {
        self.last.insert(name.clone(), self.set.len());
        self.set.push((name, value, spot.clone()));
    }

    /// What was set last under a name, and where that stands.
    fn set(&self, name: &str) -> Option<(Option<&Said>, &Spot)> {
        let set = self.last.get(name).and_then(|at| self.set.get(*at));
        set.map(|(_, said, spot)| (said.as_ref(), spot))
    }

    /// What was set first under a name, and is set once and for all.
    fn first(&self, name: &str) -> Option<&Said> {
        let set = self.set.iter().find(|(known, ..)| known == name);
        set.and_then(|(_, said, _)| said.as_ref())
    }

    /// Whether this was set last under a name.
    fn is(&self, name: &str, value: &[u8]) -> bool {
        let said = self.set(name).and_then(|(said, _)| said);
        said.is_some_and(|said| said.bytes == value)
    }
}

/// An account.
#[derive(Default)]
struct Written {
    name: String,
    spot: Option<Spot>,
    /// pop3, pop3s, or a kind that is none of ours.
    kind: String,
    disabled: bool,
    /// As whom mail is delivered, where that is said.
    users: Vec<Said>,
    pipe: Option<Said>,
    server: Option<Said>,
    port: Option<Said>,
    user: Option<Said>,
    password: Option<Secret>,
    cache: Option<Said>,
    old_only: bool,
    /// Words without a value.
    flags: Vec<String>,
}

impl Written {
    /// Whether a word without a value is there.
    fn has(&self, flag: &str) -> bool {
        self.flags.iter().any(|known| known == flag)
    }
}

/// What stands for a password.
enum Secret {
    Text(Said),
    Command(Said),
}

/// Something that is done with mail.
#[derive(Clone)]
struct Action {
    spot: Spot,
    /// As whom, where that is said.
    users: Rc<[Said]>,
    does: Does,
}

#[derive(Clone)]
enum Does {
    Maildir(Said),
    Mbox(Said),
    /// An mbox that is compressed.
    Compressed(Said),
    Pipe(Said),
    Smtp(Relay),
    Lmtp(Relay),
    Keep,
    Drop,
    /// What the actions do that have this name, or one that is like it.
    Named(String),
    /// Anything else, by its word.
    Other(String),
}

/// A server that takes mail.
#[derive(Clone)]
struct Relay {
    server: Said,
    port: Option<Said>,
    to: Option<Said>,
}

/// A rule.
struct Rule {
    spot: Spot,
    condition: rules::Condition,
    /// What it does, if that is understood.
    actions: Option<Vec<Action>>,
    goes_on: bool,
}

/// So many digits a length has at most.
const LENGTH: usize = 20;

/// Reads fdm.conf, behind what was taken before.
pub fn settings(
    file: &Rc<str>,
    text: &[u8],
    around: &Around,
    taken: &mut Taken,
) -> Result<(), Wrong> {
    let mut settings = Settings::default();
    parser::read(file, text, around, &mut settings)?;
    account::convert_all(&settings, around, taken);
    Ok(())
}

/// Reads a cache: for each UID its length, a space, the UID itself, and a line end. Behind what has
/// another form, the next line is tried.
pub fn record(file: &Rc<str>, text: &[u8]) -> Record {
    let mut record = Record::new(file);
    let mut rest = text.trim_ascii_start();
    let mut line = 1 + lines(&text[..text.len() - rest.len()]);
    while !rest.is_empty() {
        let uid = uid(rest);
        record.take(line, uid.and_then(|(uid, _)| Entry::of(uid)));
        let end = || memchr::memchr(b'\n', rest).unwrap_or(rest.len());
        let end = uid.map_or_else(end, |(_, end)| end);
        let next = rest[end..].trim_ascii_start();
        line += lines(&rest[..rest.len() - next.len()]);
        rest = next;
    }
    record
}

/// The UID that stands here behind its length, and where it ends.
fn uid(text: &[u8]) -> Option<(&[u8], usize)> {
    let space = text.iter().take(LENGTH + 1).position(|b| *b == b' ')?;
    let length: usize = std::str::from_utf8(&text[..space]).ok()?.parse().ok()?;
    let end = (space + 1).checked_add(length)?;
    let uid = text.get(space + 1..end)?;
    let good = !uid.is_empty() && uid.iter().all(u8::is_ascii_graphic);
    let ends = text.get(end).is_none_or(u8::is_ascii_whitespace);
    (good && ends).then_some((uid, end))
}

/// How many lines end here.
fn lines(text: &[u8]) -> usize {
    text.iter().filter(|b| **b == b'\n').count()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::import::tests::around;
    use crate::import::Included;

    #[test]
    fn what_is_wrong_is_named_with_its_line_and_column() {
        for (text, line, column) in [
            ("set timeout 5\naction in drop\n\n  {} \"x\"", 4, 6),
            ("$a = 'ü' $b \"x\"", 1, 13),
            ("action {", 1, 8),
            ("account \"a\" pop3 server\n{", 1, 1),
            ("  account 'ä' pop3\n   server {", 2, 11),
            ("ifdef x\nendif", 1, 7),
            ("\n ifdef $x", 2, 2),
            ("set proxy \"a", 1, 11),
            ("set proxy\n \"${a", 2, 6),
        ] {
            let spot = including(text, &[]).0.err().unwrap().spot;
            assert_eq!((spot.line, spot.column), (line, column), "{text}");
        }
    }

    /// What becomes of settings that include these files.
    fn including(text: &str, files: &[(&str, &str)]) -> (Result<Taken, Wrong>, String) {
        let include = |name: &str| {
            let (_, text) = files.iter().find(|(known, _)| *known == name)?;
            Some(Included {
                name: format!("/etc/{name}"),
                text: text.as_bytes().to_vec(),
            })
        };
        let around = Around {
            include: &include,
            ..around()
        };
        let mut taken = Taken::default();
        let read = settings(&"conf".into(), text.as_bytes(), &around, &mut taken);
        let taken = read.map(|()| taken);
        let remarks = taken.as_ref().map_or(&[][..], |taken| &taken.remarks);
        let told = remarks.iter().map(|remark| format!("{remark}\n"));
        let told = told.collect();
        (taken, told)
    }

    const ACCOUNT: &str =
        "set verify-certificates\naccount \"a\" pop3s server \"h\" user \"u\" pass \"p\"\n";

    #[test]
    fn what_is_told_names_the_file_and_the_line_where_it_stands() {
        let rules = "include \"more\"\nmatch all action \"in\"\n";
        let more = "\naction \"in\" {\n maildir \"~/m\"\n maildir \"rel\"\n}\n";
        let (_, told) = including(&format!("{ACCOUNT}{rules}"), &[("more", more)]);
        let why = "popget takes no relative path; write the whole path";
        assert_eq!(told, format!("/etc/more:4: maildir: {why}\n"));
        let (_, told) = including("include \"more\"\n", &[("more", "include \"more\"\n")]);
        assert_eq!(
            told,
            "/etc/more:1: include more: cannot be read; what it says is missing\n"
        );
    }

    #[test]
    fn macros_and_included_files_are_bounded() {
        let double = "$a = \"${a}${a}\"\n".repeat(40);
        let joined = "$a = $a + $a\n".repeat(40);
        let filled = "$a = \"${a}${a}\"\n".repeat(12) + &"$b = \"${a}\"\n".repeat(2000);
        let both = "include \"one\"\ninclude \"two\"\n".to_string();
        let large = "#".repeat(64 << 20);
        for (text, line, what) in [
            (
                format!("$a = \"0123456789abcdef\"\n{double}"),
                14,
                "more than 64 KiB",
            ),
            (
                format!("$a = \"0123456789abcdef\"\n{joined}"),
                14,
                "more than 64 KiB",
            ),
            (
                format!("$a = \"0123456789abcdef\"\n{filled}"),
                1036,
                "more than 64 MiB",
            ),
            (both, 2, "more than 64 MiB"),
        ] {
            let (taken, _) = including(&text, &[("one", "# x\n"), ("two", &large)]);
            let wrong = taken.err().unwrap();
            assert!(wrong.what.contains(what), "{}", wrong.what);
            assert_eq!(wrong.spot.line, line, "{what}");
        }
    }

    /// Each was tried with fdm 1.9.
    #[test]
    fn a_condition_behind_a_macro_does_not_know_it_yet() {
        let account = |name: &str| format!("account \"{name}\" pop3s server \"h\" user \"u\"\n");
        for (before, counts) in [
            ("$y = \"1\"\nifndef $y", true),
            ("$y = \"1\"\n# x\n\nifdef $y", false),
            ("$y = \"1\" + \"2\"\nifndef $y", true),
            ("$y = $(echo 5)\nifdef $y", false),
            ("$y = $(echo 5) + \"x\"\n$z = \"1\"\nifdef $y", true),
            ("$x = \"1\"\n$y = $x\nifdef $y", false),
            ("$y = \"1\"\n$z = \"1\"\nifdef $y", true),
            ("$y = \"1\"\nifdef $x\nendif\nifdef $y", true),
            ("$y = \"1\"\nifndef $x\nendif\nifndef $y", false),
            ("ifndef $q\n$y = \"1\"\nendif\nifdef $y", true),
            ("%y = 1\nifdef %y", true),
            ("%x = 1\n%y = %x\nifdef %y", true),
            ("%y = 5\nifdef $y", false),
        ] {
            let text = format!("{before}\n{}endif\n{}", account("y"), account("z"));
            let (taken, told) = including(&text, &[]);
            let names = taken.unwrap().accounts.into_iter().map(|one| one.name);
            let meant = ["y", "z"].into_iter().skip(usize::from(!counts));
            assert!(names.eq(meant), "{before}: {told}");
        }
    }

    #[test]
    fn what_a_command_would_print_is_told() {
        let account = |parts: &str| {
            format!("set verify-certificates\naction \"in\" maildir \"~/m\"\n\n\
                     account \"a\" pop3s {parts}\nmatch all action \"in\"\n\
                     account \"b\" pop3s server \"h\" user \"u\" pass \"p\" new-only cache \"/c\"\n")
        };
        for (parts, count) in [
            ("server \"h\" user $(echo me) pass \"p\"", 1),
            ("server $(echo h) user \"u\" pass \"p\"", 1),
            (
                "server \"h\" user \"u\" pass \"p\" new-only cache $(echo /tmp/c)",
                2,
            ),
            ("server \"h\" user \"u\" + $(echo me) pass \"p\"", 2),
            ("server \"h\" port %(echo 995) user \"u\" pass \"p\"", 2),
        ] {
            let (taken, told) = including(&account(parts), &[]);
            assert!(
                told.contains("conf:4: $(): popget runs nothing here; write it out\n"),
                "{told}"
            );
            let taken = taken.unwrap();
            assert!(taken.remarks.iter().any(Remark::is_loss), "{told}");
            assert_eq!(taken.accounts.len(), count, "{parts}: {told}");
        }
        let rules = "action \"in\" maildir \"~/m\"\nmatch account $(echo a) action \"in\"\n";
        let (_, told) = including(&format!("{ACCOUNT}{rules}"), &[]);
        assert!(
            told.contains("conf:4: match: popget has no rules"),
            "{told}"
        );
    }

    #[test]
    fn a_cache_is_read_by_length() {
        let read = |text: &[u8]| {
            let record = record(&"cache".into(), text);
            let damaged = record.damaged().iter().map(|it| it.spot.line).collect();
            let uids = record
                .entries
                .iter()
                .map(|entry| entry.uid.bytes().to_vec());
            let uids = uids.collect();
            (uids, damaged)
        };
        let whole = b"7 #hash~!\n11 00000007-5f\n7 a/b:c@d\n";
        let uids: Vec<Vec<u8>> = ["#hash~!", "00000007-5f", "a/b:c@d"].map(Vec::from).into();
        let none = Vec::<usize>::new();
        assert_eq!(read(whole), (uids.clone(), none.clone()));
        assert_eq!(read(b""), (Vec::new(), none));
        for wrong in [
            "7 abc\n",
            "x abc\n",
            "3 abcd\n",
            "-1 a\n",
            "3 a c\n",
            "0 \n",
            "18446744073709551615 a\n",
            "99999999999999999999 a\n",
        ] {
            assert_eq!(read(wrong.as_bytes()), (Vec::new(), vec![1]), "{wrong}");
            let around = [b"7 #hash~!\n", wrong.as_bytes(), &whole[10..]].concat();
            assert_eq!(read(&around), (uids.clone(), vec![2]), "{wrong}");
        }
    }
}
