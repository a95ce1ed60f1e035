//! fetchmail, 6.3 to 7: its settings with their whole grammar, and its list of UIDs.

mod account;
mod clauses;
mod delivery;
mod grammar;
mod lexer;
mod login;
mod multidrop;
mod relay;
mod tls;
mod without;
mod words;

use super::draft::Account;
use super::place::{Remark, Weight, Wrong};
use super::record::{Entry, Record};
use super::said::Said;
use super::{Around, Taken};
use account::Told;
use clauses::Clause;
use grammar::{Entry as Kind, User, Whole, Written};
use std::rc::Rc;
use without::INSTEAD;

/// No more octets than popget reads of a configuration are written.
const MOST: usize = 16 << 20;

/// Reads a fetchmailrc.
pub fn settings(file: &Rc<str>, text: &[u8], around: &Around) -> Result<Taken, Wrong> {
    let read = grammar::read(&lexer::tokens(file, text)?)?;
    let mut taken = Taken::default();
    globals(&read, &mut taken.remarks);
    let pids = read
        .globals
        .last("pidfile")
        .and_then(|clause| clause.values.first());
    taken.locks.extend(pids.cloned());
    for told in users(&read)? {
        let account = account::convert(&told, around, &mut taken.remarks);
        taken.accounts.extend(account);
    }
    let sorted = |account: &Account| account.keys.contains_key("multidrop");
    let postmaster = read.globals.last("postmaster");
    if let Some(clause) = postmaster.filter(|_| !taken.accounts.iter().any(sorted)) {
        let why = "gets what is for nobody of several people; no account here is for several";
        tell(&mut taken.remarks, clause, why);
    }
    Ok(taken)
}

/// All users with what counts for each. Fails if more would be written than popget reads: what stands
/// under `defaults` is written for each, and may be long.
fn users(file: &Whole) -> Result<Vec<Told<'_>>, Wrong> {
    let mut defaults: Option<&Written> = None;
    let (mut users, mut size) = (Vec::new(), 0usize);
    for entry in &file.entries {
        if entry.entry == Kind::Defaults {
            defaults = Some(entry);
            continue;
        }
        for user in &entry.users {
            let told = Told {
                file,
                entry,
                user,
                defaults,
            };
            size = size.saturating_add(told.size());
            if size > MOST {
                let what = "with what stands under defaults, written out for each entry, this is \
                            more than popget reads (16 MiB): import a part of it at a time";
                return Err(Wrong::new(&entry.name.spot, what));
            }
            users.push(told);
        }
    }
    Ok(users)
}

/// Something that is set for the whole program is done in another way.
fn tell(remarks: &mut Vec<Remark>, clause: &Clause, why: &str) {
    let word = format!("set {}", clause.word);
    remarks.push(Remark::new(&clause.spot, &word, why, Weight::Told));
}

/// What is set for the whole program.
fn globals(file: &Whole, remarks: &mut Vec<Remark>) {
    for clause in file.globals.iter().filter(|clause| !clause.negated) {
        let seconds = clause.values.first().and_then(Said::number);
        match (clause.word, seconds) {
            ("daemon", Some(0)) => {}
            ("daemon", Some(seconds)) => {
                let every = if seconds % 60 == 0 && seconds >= 60 {
                    format!("{} minutes", seconds / 60)
                } else {
                    format!("{seconds} seconds")
                };
                let why = format!("popget runs once and ends: use a timer every {every}");
                tell(remarks, clause, &why);
            }
            (word, _) => {
                let instead = INSTEAD.iter().find(|(known, _)| *known == word);
                if let Some((_, why)) = instead {
                    tell(remarks, clause, why);
                }
            }
        }
    }
}

/// Reads a list of UIDs: on each line USER@HOST and a UID. fetchmail passes by lines of another form.
pub fn record(file: &Rc<str>, text: &[u8]) -> Record {
    let mut record = Record::new(file);
    for (number, line) in (1..).zip(text.split(|b| *b == b'\n')) {
        if !line.trim_ascii().is_empty() {
            record.take(number, entry(line));
        }
    }
    record
}

fn entry(line: &[u8]) -> Option<Entry> {
    let blank = |b: &u8| matches!(b, b' ' | b'\t');
    let line = line.strip_suffix(b"\r").unwrap_or(line);
    let begin = line.iter().position(|b| !blank(b))?;
    let line = &line[begin..];
    let at = line.iter().position(|b| *b == b'@')?;
    let space = at + line[at..].iter().position(|b| *b == b' ')?;
    let (owner, rest) = (line[..space].trim_ascii_end(), &line[space..]);
    let begin = rest.iter().position(|b| !blank(b))?;
    let uid = &rest[begin..];
    let uid = &uid[..uid.iter().position(blank).unwrap_or(uid.len())];
    let at = owner.iter().rposition(|b| *b == b'@')?;
    Some(Entry::of(uid)?.at(&owner[at + 1..], &owner[..at]))
}

impl User {
    /// Whether its mail is for one person here.
    fn is_single(&self) -> bool {
        match self.locals.as_slice() {
            [] => true,
            [one] => one.here.is_none() && one.name.bytes != b"*",
            _ => false,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::tests::around;
    use super::super::yaml::{written, Passwords};
    use super::words::{Scope, Takes, GLOBALS, KEYWORDS};
    use super::*;

    /// What becomes of settings: all that is written, looked for or watched, without the places where it
    /// was named, and the words that are told.
    fn becomes(text: &str) -> (String, Vec<String>) {
        let taken = settings(&"rc".into(), text.as_bytes(), &around());
        let taken = taken.map_err(|wrong| format!("{text}: {wrong:?}")).unwrap();
        let yaml = written(&taken.accounts, Passwords::Written);
        let records = taken.accounts.iter().filter_map(|it| it.record.as_ref());
        let records = records.map(|it| {
            let paths: Vec<_> = it.paths.iter().map(Said::shown).collect();
            let owner = [&it.server, &it.user].map(|bytes| String::from_utf8_lossy(bytes));
            format!("{paths:?} {owner:?}\n")
        });
        let locks: Vec<_> = taken.locks.iter().map(Said::shown).collect();
        let all = format!("{yaml}{}{locks:?}\n", records.collect::<String>());
        (all, taken.remarks.into_iter().map(|it| it.word).collect())
    }

    #[test]
    fn each_keyword_is_carried_over_or_told() {
        let value = |word: &str, takes: Takes| match (word, takes) {
            (_, Takes::Nothing) => "",
            ("port", _) => "1110",
            (_, Takes::Number) => "7",
            ("proto", _) => "apop",
            ("auth", _) => "gssapi",
            ("tlsmode", _) => "wrapped",
            ("sslproto", _) => "tls1.3",
            ("via", _) => "via.example.org",
            (_, Takes::Several | Takes::Numbered) => "x.example.org",
            (_, Takes::One) => "/some/thing",
        };
        let poll = "poll pop.example.org proto pop3";
        let (usual, told) = becomes(&format!("{poll} user u is u here\n"));
        assert_eq!(told, [""; 0]);
        let check = |word: &str, name: &str, text: &str| {
            let (all, told) = becomes(text);
            assert!(
                all != usual || told.iter().any(|told| told == word),
                "{name}"
            );
            assert!(told.len() <= 1, "{name}: {told:?}");
        };
        for keyword in &KEYWORDS {
            let word = keyword.names[0];
            let said = value(word, keyword.takes);
            for name in keyword.names {
                let text = match keyword.scope {
                    Scope::Server => format!("{poll} {name} {said} user u is u here\n"),
                    Scope::User => format!("{poll} user u is u here {name} {said}\n"),
                };
                check(word, name, &text);
            }
        }
        for (word, takes) in GLOBALS {
            let said = value(word, takes);
            let text = format!("set {word} {said} {poll} user u is u here\n");
            check(&format!("set {word}"), word, &text);
        }
    }

    /// These would take minutes, and all memory, if each entry were written with all names, or each
    /// clause were looked at for each entry.
    #[test]
    fn long_defaults_are_taken_in_one_go() {
        let each = |count, line: &dyn Fn(usize) -> String| (0..count).map(line).collect::<String>();
        let names = each(20_000, &|number| format!(" n{number}"));
        let polls = each(2_000, &|number| format!("poll h{number} user u\n"));
        for long in [format!("user u is{names} here"), format!("aka{names}")] {
            let text = format!("defaults proto pop3 {long}\n{polls}");
            let wrong = settings(&"rc".into(), text.as_bytes(), &around()).err();
            let what = wrong.map(|wrong| wrong.what).unwrap_or_default();
            assert!(what.contains("16 MiB"), "{what}");
        }
        let clauses = each(50_000, &|_| "dns ".into());
        let set = each(50_000, &|_| "set invisible ".into());
        let (all, _) = becomes(&format!("{set} defaults proto pop3 {clauses}\n{polls}"));
        assert!(all.contains("server: h1999\n"));
    }

    #[test]
    fn lists_are_made_of_all_their_clauses() {
        let (all, told) = becomes(
            "defaults aka z smtphost z\n\
             poll h proto pop3 localdomains a b localdomains c aka d aka e\n\
             user u is x here is y here smtphost m smtphost n",
        );
        let domains =
            "domains:\n      - a\n      - b\n      - c\n      - d\n      - e\n      - h\n";
        assert!(
            all.contains(domains) && all.contains("address: m\n"),
            "{all}"
        );
        assert!(told.iter().any(|word| word == "smtphost"), "{told:?}");
        let (all, told) = becomes("poll h proto pop2 user u is u here folder f folder g");
        assert!(all.contains("folder: f\n"), "{all}");
        assert!(told.iter().any(|word| word == "folder"), "{told:?}");
    }

    #[test]
    fn the_port_of_a_plugin_is_that_of_the_protocol() {
        for (server, user, port) in [
            ("proto pop3", "", "110"),
            ("proto pop3", "ssl", "995"),
            ("proto apop", "ssl", "995"),
            ("proto kpop", "", "1109"),
            ("proto pop2", "", "109"),
            ("proto pop3 port 1234", "ssl", "1234"),
        ] {
            let text = format!("poll h {server} plugin 'nc %h %p' user u is u here {user}");
            let (all, _) = becomes(&text);
            assert!(all.contains(&format!("tunnel: nc h {port}\n")), "{all}");
        }
    }

    #[test]
    fn a_login_is_named_where_the_server_proves_nothing() {
        for text in [
            "poll h proto pop3 user u is u here ssl no sslcertck",
            "poll h proto pop3 user u is u here no sslcertck",
            "poll h proto pop2 user u is u here",
        ] {
            let (all, told) = becomes(text);
            assert!(all.contains("auth:\n    - user-pass\n"), "{all}");
            assert_eq!(told.len(), 1, "{told:?}");
        }
    }

    #[test]
    fn what_is_for_nobody_goes_to_whoever_runs_fetchmail() {
        let text = "poll h proto pop3 envelope X-To user u is a b here smtphost m";
        for (login, postmaster) in [("ann", "ann"), ("root", "postmaster")] {
            let login = login.into();
            let around = Around { login, ..around() };
            let taken = settings(&"rc".into(), text.as_bytes(), &around).unwrap();
            let all = written(&taken.accounts, Passwords::Written);
            let address = format!("address: m\n          recipient: {postmaster}@m\n");
            let unmatched = format!("unmatched:\n        smtp:\n          {address}");
            assert!(all.contains(&unmatched), "{all}");
        }
        let (all, told) = becomes(&format!("set postmaster '' {text}"));
        assert!(!all.contains("unmatched"), "{all}");
        assert_eq!(told, ["set postmaster"]);
    }

    #[test]
    fn a_login_that_popget_lacks_is_told_with_what_helps() {
        for (method, help) in [
            ("ntlm", "auth names those"),
            ("ssh", "tunnel is what runs ssh"),
        ] {
            let text = format!("poll h proto pop3 auth {method} user u is u here");
            let taken = settings(&"rc".into(), text.as_bytes(), &around()).unwrap();
            let told = taken.remarks.iter().map(Remark::to_string);
            assert!(told.collect::<String>().contains(help), "{method}");
        }
    }

    #[test]
    fn what_is_wrong_is_named_with_its_line_and_column() {
        for (text, place) in [
            ("pol h\n", (1, 1)),
            ("poll h\n  proto = pop3\n", (2, 9)),
            ("poll h user u\n\ttimeout 5\n", (2, 2)),
            ("poll h user u\n  limit 10k\n", (2, 9)),
            ("poll h user u limit \"5\"\n", (1, 21)),
            ("poll h user u\n no nonsense\n", (2, 5)),
            ("poll h user \"\u{fc}\" nonsense\n", (1, 17)),
            ("poll h user u password\n", (1, 15)),
            ("poll h\n user a b\n", (2, 9)),
            ("poll h ssl\n  user k\n", (2, 3)),
            ("poll h is k there username k\n", (1, 19)),
            ("defaults keep user k\npoll h\n", (1, 15)),
            ("set\n nonsense\n", (2, 2)),
            ("set daemon x\n", (1, 12)),
            ("poll h user 'a\n", (1, 13)),
        ] {
            let wrong = settings(&"rc".into(), text.as_bytes(), &around());
            let spot = wrong.err().unwrap().spot;
            assert_eq!((spot.line, spot.column), place, "{text}");
        }
    }

    #[test]
    fn a_record_names_user_and_host() {
        let text = b"joe@example.org@pop.example.org 0001abc\n  joe@example.org@pop.example.org \t UID@with-at x\n\
                     Lotus User@lotus.example.net #hash~!\r\nno at sign\nno@uid\n \n\0\0\0\0\n";
        let record = record(&"ids".into(), text);
        let damaged: Vec<_> = record.damaged().iter().map(|it| it.spot.line).collect();
        assert_eq!(damaged, [4, 5, 7]);
        let told: Vec<_> = record
            .entries
            .into_iter()
            .map(|entry| {
                let word = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
                (
                    word(entry.server.unwrap()),
                    word(entry.user.unwrap()),
                    word(entry.uid.bytes().to_vec()),
                )
            })
            .collect();
        let entry = |server: &str, user: &str, uid: &str| (server.into(), user.into(), uid.into());
        assert_eq!(
            told,
            [
                entry("pop.example.org", "joe@example.org", "0001abc"),
                entry("pop.example.org", "joe@example.org", "UID@with-at"),
                entry("lotus.example.net", "Lotus User", "#hash~!"),
            ]
        );
    }
}
