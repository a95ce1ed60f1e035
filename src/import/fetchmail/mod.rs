//! fetchmail, 6.3 to 7: its settings with their whole grammar, and its list of UIDs.

mod account;
mod delivery;
mod grammar;
mod lexer;
mod words;

use super::place::{Remark, Weight, Wrong};
use super::record::{Entry, Record};
use super::said::Said;
use super::{Around, Taken};
use account::Told;
use grammar::{Clause, Entry as Kind, User, Whole, Written};
use std::rc::Rc;

/// Reads a fetchmailrc.
pub fn settings(file: &Rc<str>, text: &[u8], around: &Around) -> Result<Taken, Wrong> {
    let read = grammar::read(&lexer::tokens(file, text)?)?;
    let mut taken = Taken::default();
    globals(&read, &mut taken.remarks);
    let pids = last(&read.globals, "pidfile").and_then(|clause| clause.values.first());
    taken.locks.extend(pids.cloned());
    let mut defaults: Option<&Written> = None;
    for entry in &read.entries {
        if entry.entry == Kind::Defaults {
            defaults = Some(entry);
            continue;
        }
        for user in &entry.users {
            let told = Told {
                file: &read,
                entry,
                user,
                defaults,
            };
            let account = account::convert(&told, around, &mut taken.remarks);
            taken.accounts.extend(account);
        }
    }
    Ok(taken)
}

/// What is set for the whole program.
fn globals(file: &Whole, remarks: &mut Vec<Remark>) {
    let mut tell = |clause: &Clause, why: &str| {
        let word = format!("set {}", clause.word);
        remarks.push(Remark::new(&clause.spot, &word, why, Weight::Told));
    };
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
                tell(
                    clause,
                    &format!("popget runs once and ends: use a timer every {every}"),
                );
            }
            ("logfile", _) => tell(clause, "popget writes to standard error; redirect it"),
            ("properties", _) => tell(clause, "popget has nothing like it"),
            _ => {}
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
    Some(Entry::of(uid).at(&owner[at + 1..], &owner[..at]))
}

/// The option of a list that counts: the last.
fn last<'c>(clauses: &'c [Clause], word: &str) -> Option<&'c Clause> {
    clauses.iter().rev().find(|clause| clause.word == word)
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
    use super::*;

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
                    word(entry.uid),
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
