//! fdm: its settings, with their macros and rules, and the caches of its POP3 accounts.

mod account;
mod action;
mod delivery;
mod lexer;
mod parser;
mod rules;
mod tags;

use super::place::{Spot, Wrong};
use super::record::Entry;
use super::said::Said;
use super::{Around, Taken};
use std::rc::Rc;

/// What stands in the settings, in its own words.
#[derive(Default)]
struct Settings {
    accounts: Vec<Written>,
    actions: Vec<(String, Vec<Action>)>,
    rules: Vec<Rule>,
    set: Vec<(String, Option<Said>, Spot)>,
    others: Vec<(Spot, String)>,
    /// Files that are to be included and could not be read.
    unread: Vec<(Spot, String)>,
}

/// An account.
#[derive(Default)]
struct Written {
    name: String,
    spot: Option<Spot>,
    /// pop3, pop3s, or a kind that is none of ours.
    kind: String,
    disabled: bool,
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

/// What stands for a password.
enum Secret {
    Text(Said),
    Command(Said),
}

/// What is done with mail.
#[derive(Clone)]
enum Action {
    Maildir(Said),
    Mbox(Said, bool),
    Pipe(Said),
    Smtp(Relay),
    Lmtp(Relay),
    Keep,
    Drop,
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

/// A rule that applies to all mail, or one that is not understood.
struct Rule {
    spot: Spot,
    /// The accounts it is for; all, if none is named.
    accounts: Vec<String>,
    /// What it does, if it does so with all mail.
    actions: Option<Vec<String>>,
    /// What it does without naming an action.
    direct: Vec<Action>,
    goes_on: bool,
}

/// Reads fdm.conf.
pub fn settings(file: &Rc<str>, text: &[u8], around: &Around) -> Result<Taken, Wrong> {
    let mut settings = Settings::default();
    parser::read(file, text, around, &mut settings)?;
    let mut taken = Taken::default();
    account::convert_all(&settings, around, &mut taken);
    Ok(taken)
}

/// Reads a cache: for each UID its length, a space, the UID itself, and a line end. Fails if it does
/// not have this form, or is cut off.
pub fn record(file: &Rc<str>, text: &[u8]) -> Result<Vec<Entry>, Wrong> {
    let mut entries = Vec::new();
    let mut rest = text.trim_ascii_start();
    let mut line = 1 + lines(&text[..text.len() - rest.len()]);
    while !rest.is_empty() {
        let wrong = || {
            Wrong::new(
                &Spot::new(file, line),
                "this is no cache of fdm: LENGTH UID",
            )
        };
        let space = rest.iter().position(|b| *b == b' ').ok_or_else(wrong)?;
        let length = std::str::from_utf8(&rest[..space]).ok();
        let length: usize = length
            .and_then(|length| length.parse().ok())
            .ok_or_else(wrong)?;
        let behind = &rest[space + 1..];
        let uid = behind.get(..length).ok_or_else(wrong)?;
        let good = !uid.is_empty() && uid.iter().all(u8::is_ascii_graphic);
        if !good || behind.get(length).is_some_and(|b| !b.is_ascii_whitespace()) {
            return Err(wrong());
        }
        entries.push(Entry::of(uid));
        let next = behind[length..].trim_ascii_start();
        line += lines(&rest[..rest.len() - next.len()]);
        rest = next;
    }
    Ok(entries)
}

/// How many lines end here.
fn lines(text: &[u8]) -> usize {
    text.iter().filter(|b| **b == b'\n').count()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cache_is_read_by_length() {
        let read = |text: &[u8]| {
            let entries = record(&"cache".into(), text)?;
            Ok::<_, Wrong>(
                entries
                    .into_iter()
                    .map(|entry| entry.uid)
                    .collect::<Vec<_>>(),
            )
        };
        let whole = b"7 #hash~!\n11 00000007-5f\n7 a/b:c@d\n";
        let uids: [&[u8]; 3] = [b"#hash~!", b"00000007-5f", b"a/b:c@d"];
        assert_eq!(read(whole).unwrap(), uids);
        assert!(read(b"").unwrap().is_empty());
        for wrong in [
            "7 abc\n",
            "x abc\n",
            "3 abcd\n",
            "-1 a\n",
            "3 a c\n",
            "99999999999999999999 a\n",
        ] {
            assert!(read(wrong.as_bytes()).is_err(), "{wrong}");
        }
    }
}
