//! Thunderbird's popstate.dat: the UIDs of the maildrops below a folder of mail, each list under a
//! line that names the host and the user.

use super::record::{Entry, Record};
use std::rc::Rc;

/// Reads a record. A line `*HOST USER` begins a maildrop; below it stands a letter for what became
/// of each message (`k` kept, `d` to be deleted, and others that were not fetched whole), its UID,
/// and when it came.
pub fn record(file: &Rc<str>, text: &[u8]) -> Record {
    let mut record = Record::new(file);
    let mut drop: Option<(&[u8], Vec<u8>)> = None;
    for (number, line) in (1..).zip(text.split(|b| *b == b'\n')) {
        let words = line.split(u8::is_ascii_whitespace);
        let mut words = words.filter(|word| !word.is_empty());
        match words.next() {
            None | Some([b'#', ..]) => {}
            Some([b'*', host @ ..]) => {
                let user = words.collect::<Vec<_>>().join(&b' ');
                drop = (!host.is_empty() && !user.is_empty()).then_some((host, user));
                if drop.is_none() {
                    record.take(number, None);
                }
            }
            Some(b"b" | b"f") if words.next().is_some() => {} // too big, to be fetched: not here yet
            Some(b"k" | b"d") => {
                let entry = drop.as_ref().and_then(|(host, user)| {
                    let uid = words.next()?;
                    let first = words.next().and_then(time);
                    Some(Entry {
                        first,
                        ..Entry::of(uid)?.at(host, user)
                    })
                });
                record.take(number, entry);
            }
            Some(_) => record.take(number, None),
        }
    }
    record
}

/// A time that is known.
fn time(word: &[u8]) -> Option<i64> {
    let time = std::str::from_utf8(word).ok()?.parse().ok()?;
    (time > 0).then_some(time)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_fetched_is_known_by_its_maildrop() {
        let text = b"# POP3 State File\n# This is a generated file!  Do not edit.\n\n\
                     *pop.example.org ann@example.org\nk 0001abc 1795386211\nf 0002abc 1795386300\n\
                     d a/b\r\nk\n*pop.example.net bob\nk 0001abc 0\n?? x\nf\n*pop.example.com\n\
                     k of-nobody 5\n";
        let record = record(&"popstate.dat".into(), text);
        let damaged: Vec<_> = record.damaged().iter().map(|it| it.spot.line).collect();
        assert_eq!(damaged, [8, 11, 12, 13, 14]);
        let told: Vec<_> = record
            .entries
            .into_iter()
            .map(|entry| {
                let word = |bytes: Option<Vec<u8>>| String::from_utf8(bytes.unwrap()).unwrap();
                let uid = String::from_utf8(entry.uid.bytes().to_vec()).unwrap();
                (word(entry.server), word(entry.user), uid, entry.first)
            })
            .collect();
        let entry = |server: &str, user: &str, uid: &str, first| {
            (server.to_string(), user.to_string(), uid.to_string(), first)
        };
        assert_eq!(
            told,
            [
                entry(
                    "pop.example.org",
                    "ann@example.org",
                    "0001abc",
                    Some(1_795_386_211)
                ),
                entry("pop.example.org", "ann@example.org", "a/b", None),
                entry("pop.example.net", "bob", "0001abc", None),
            ]
        );
    }
}
