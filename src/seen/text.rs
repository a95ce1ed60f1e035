//! The memory as text, a line an entry; pure. The format is documented in popget.yaml(5).

use super::{Entry, Identity, Key, Login, Offers};
use crate::message::{Digest, Time, Uid};
use std::fmt::Write;
use std::num::NonZeroU32;

/// What the first line says.
pub const HEADER: &str = "popget-seen 1";

/// One line of the file, understood.
#[derive(Debug, PartialEq, Eq)]
pub enum Line {
    /// Whose memory it is, and the mark of its deliveries.
    Account(Identity, String),
    /// A message that was stored.
    Seen(Key, Entry),
    /// A delivery begun.
    Claim(u64, Key, Entry, Vec<u8>),
    /// Deliveries finished, from the first to the last.
    Done(u64, u64),
    /// A delivery given up; the message counts as never stored.
    Void(u64),
    /// A message that the server no longer lists, since when.
    Gone(Key, Option<Digest>, Time),
    /// A message that is listed again.
    Back(Key, Option<Digest>),
    /// A message whose listed size changed although its bytes did not.
    Size(Key, Option<Digest>, u64),
    /// How many runs in a row a message could not be had.
    Fail(Key, u32),
    /// A login, and how far the next one is to be from it.
    Login(Login),
    /// What the server can do.
    Offers(Offers),
}

/// Reads one line; `None` if it is none of ours.
pub fn parse(line: &[u8]) -> Option<Line> {
    let text = std::str::from_utf8(line).ok()?;
    let mut words = text.split(' ');
    let line = match words.next()? {
        "account" => {
            let name = string(words.next()?)?;
            let (user, server) = (string(words.next()?)?, string(words.next()?)?);
            Line::Account(Identity { name, user, server }, mark(words.next()?)?)
        }
        "seen" => {
            let (key, entry) = record(&mut words)?;
            Line::Seen(key, entry)
        }
        "claim" => {
            let id = words.next()?.parse().ok()?;
            let (key, entry) = record(&mut words)?;
            if entry.gone.is_some() {
                return None; // nobody has listed yet what is only being stored
            }
            Line::Claim(id, key, entry, unescape(words.next()?)?)
        }
        "done" => {
            let first = words.next()?.parse().ok()?;
            Line::Done(
                first,
                words.next().map_or(Some(first), |last| last.parse().ok())?,
            )
        }
        "void" => Line::Void(words.next()?.parse().ok()?),
        "gone" => {
            let (key, digest) = address(&mut words)?;
            Line::Gone(key, digest, Time(words.next()?.parse().ok()?))
        }
        "back" => {
            let (key, digest) = address(&mut words)?;
            Line::Back(key, digest)
        }
        "size" => {
            let (key, digest) = address(&mut words)?;
            Line::Size(key, digest, words.next()?.parse().ok()?)
        }
        "fail" => {
            let (key, _) = address(&mut words)?;
            Line::Fail(key, words.next()?.parse().ok()?)
        }
        "login" => Line::Login(Login {
            at: Time(words.next()?.parse().ok()?),
            delay: words.next()?.parse().ok()?,
        }),
        "offers" => Line::Offers(offers(&mut words)?),
        _ => return None,
    };
    words.next().is_none().then_some(line)
}

/// Writes one line, with its end.
pub fn write(out: &mut String, line: &Line) {
    // Writing to a String does not fail.
    let _ = match line {
        Line::Account(Identity { name, user, server }, mark) => {
            let [name, user, server] = [name, user, server].map(|word| escape(word.as_bytes()));
            writeln!(out, "account {name} {user} {server} {mark}")
        }
        Line::Seen(key, entry) => {
            let gone = entry
                .gone
                .map(|time| format!(" {}", time.0))
                .unwrap_or_default();
            writeln!(out, "seen {}{gone}", fields(key, entry))
        }
        Line::Claim(id, key, entry, claim) => {
            writeln!(out, "claim {id} {} - {}", fields(key, entry), escape(claim))
        }
        Line::Done(first, last) if first == last => writeln!(out, "done {first}"),
        Line::Done(first, last) => writeln!(out, "done {first} {last}"),
        Line::Void(id) => writeln!(out, "void {id}"),
        Line::Gone(key, digest, time) => writeln!(out, "gone {} {}", place(key, *digest), time.0),
        Line::Back(key, digest) => writeln!(out, "back {}", place(key, *digest)),
        Line::Size(key, digest, size) => writeln!(out, "size {} {size}", place(key, *digest)),
        Line::Fail(key, count) => writeln!(out, "fail {} {count}", place(key, None)),
        Line::Login(Login { at, delay }) => writeln!(out, "login {} {delay}", at.0),
        Line::Offers(Offers { at, door, words }) => {
            let all = [door.as_bytes()].into_iter();
            let all = all.chain(words.iter().map(Vec::as_slice)).map(escape);
            writeln!(out, "offers {} {}", at.0, all.collect::<Vec<_>>().join(" "))
        }
    };
}

/// UID, size, time, digest, copies, and since when it is gone.
fn record<'t>(words: &mut impl Iterator<Item = &'t str>) -> Option<(Key, Entry)> {
    let uid = words.next()?;
    let size = optional(words.next()?, |word| word.parse().ok())?;
    let stored = Time(words.next()?.parse().ok()?);
    let digest = optional(words.next()?, hex)?;
    // Of none there would be nothing to remember.
    let copies = words.next()?.parse::<NonZeroU32>().ok()?.get();
    let gone = optional(words.next().unwrap_or("-"), |word| {
        word.parse().ok().map(Time)
    })?;
    Some((
        key(uid, digest)?,
        Entry {
            size,
            stored,
            digest,
            copies,
            gone,
        },
    ))
}

/// When a server was asked, how it is reached, and what it can do there.
fn offers<'t>(words: &mut impl Iterator<Item = &'t str>) -> Option<Offers> {
    let at = Time(words.next()?.parse().ok()?);
    let door = string(words.next()?)?;
    let words = words.map(unescape).collect::<Option<_>>()?;
    Some(Offers { at, door, words })
}

/// UID and digest, which together point at one entry.
fn address<'t>(words: &mut impl Iterator<Item = &'t str>) -> Option<(Key, Option<Digest>)> {
    let uid = words.next()?;
    let digest = optional(words.next()?, hex)?;
    Some((key(uid, digest)?, digest))
}

fn key(uid: &str, digest: Option<Digest>) -> Option<Key> {
    match uid {
        "-" => digest.map(Key::Digest),
        uid => Uid::new(&unescape(uid)?).map(Key::Uid),
    }
}

/// `-` is none.
fn optional<T>(word: &str, parse: impl Fn(&str) -> Option<T>) -> Option<Option<T>> {
    match word {
        "-" => Some(None),
        word => parse(word).map(Some),
    }
}

fn fields(key: &Key, entry: &Entry) -> String {
    let size = entry.size.map_or("-".into(), |size| size.to_string());
    let digest = entry.digest.map_or("-".into(), to_hex);
    format!(
        "{} {size} {} {digest} {}",
        uid_word(key),
        entry.stored.0,
        entry.copies
    )
}

fn place(key: &Key, digest: Option<Digest>) -> String {
    let digest = match key {
        Key::Digest(digest) => Some(*digest),
        Key::Uid(_) => digest,
    };
    format!("{} {}", uid_word(key), digest.map_or("-".into(), to_hex))
}

fn uid_word(key: &Key) -> String {
    match key {
        Key::Uid(uid) if uid.bytes() == b"-" => "%2D".into(),
        Key::Uid(uid) => escape(uid.bytes()),
        Key::Digest(_) => "-".into(),
    }
}

fn to_hex(digest: Digest) -> String {
    digest
        .0
        .iter()
        .fold(String::with_capacity(32), |mut hex, byte| {
            let _ = write!(hex, "{byte:02x}");
            hex
        })
}

fn hex(word: &str) -> Option<Digest> {
    let mut digest = [0; 16];
    if word.len() != 32 || !word.is_ascii() {
        return None;
    }
    for (byte, at) in digest.iter_mut().zip((0..32).step_by(2)) {
        *byte = u8::from_str_radix(&word[at..at + 2], 16).ok()?;
    }
    Some(Digest(digest))
}

/// Percent-escapes what is not printable ASCII, and the percent sign itself.
pub fn escape(bytes: &[u8]) -> String {
    bytes
        .iter()
        .fold(String::with_capacity(bytes.len()), |mut word, byte| {
            match byte {
                0x21..=0x7e if *byte != b'%' => word.push(char::from(*byte)),
                _ => {
                    let _ = write!(word, "%{byte:02X}");
                }
            }
            word
        })
}

fn unescape(word: &str) -> Option<Vec<u8>> {
    let mut bytes = Vec::with_capacity(word.len());
    let mut rest = word.as_bytes();
    while let Some((first, after)) = rest.split_first() {
        rest = after;
        if *first != b'%' {
            bytes.push(*first);
            continue;
        }
        let (code, after) = rest.split_at_checked(2)?;
        bytes.push(u8::from_str_radix(std::str::from_utf8(code).ok()?, 16).ok()?);
        rest = after;
    }
    Some(bytes)
}

/// The mark of an account: part of the names of its files, by which they are told from others and
/// swept, so that it must be none that could be found in any name.
fn mark(word: &str) -> Option<String> {
    let digit = |b: u8| b.is_ascii_digit() || matches!(b, b'a'..=b'f');
    (word.len() == 12 && word.bytes().all(digit)).then(|| word.into())
}

fn string(word: &str) -> Option<String> {
    String::from_utf8(unescape(word)?).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn uid(bytes: &[u8]) -> Key {
        Key::Uid(Uid::new(bytes).unwrap())
    }

    #[test]
    fn every_line_reads_back_as_it_was_written() {
        let digest = Digest([0xab; 16]);
        let known = Entry {
            size: Some(7),
            stored: Time(8),
            digest: Some(digest),
            copies: 2,
            gone: None,
        };
        let vague = Entry {
            size: None,
            stored: Time(-1),
            digest: None,
            copies: 1,
            gone: Some(Time(3)),
        };
        let identity = Identity {
            name: "w".into(),
            user: "ä b%".into(),
            server: "h".into(),
        };
        let lines = [
            Line::Account(identity, "0123456789ab".into()),
            Line::Seen(uid(b"-"), vague),
            Line::Seen(uid(b"a b%\xff"), known.clone()),
            Line::Seen(Key::Digest(digest), known.clone()),
            Line::Claim(3, uid(b"x"), known.clone(), b"maildir /a b".to_vec()),
            Line::Done(1, 1),
            Line::Done(1, 9),
            Line::Void(4),
            Line::Gone(uid(b"x"), Some(digest), Time(5)),
            Line::Back(Key::Digest(digest), Some(digest)),
            Line::Size(uid(b"x"), None, 9),
            Line::Fail(uid(b"x"), 2),
            Line::Login(Login {
                at: Time(7),
                delay: 300,
            }),
            Line::Offers(Offers {
                at: Time(8),
                door: "implicit:ä@h:995".into(),
                words: vec![b"TOP".to_vec(), b"SASL PLAIN %".to_vec()],
            }),
            Line::Offers(Offers {
                at: Time(8),
                door: "none:a@h:110".into(),
                words: Vec::new(),
            }),
        ];
        for line in lines {
            let mut text = String::new();
            write(&mut text, &line);
            let bytes = text.strip_suffix('\n').unwrap().as_bytes();
            assert_eq!(parse(bytes).as_ref(), Some(&line), "{text}");
        }
    }

    #[test]
    fn what_is_not_ours_is_not_understood() {
        for line in [
            "",
            "seen",
            "seen a",
            "seen a 1 2 zz 1",
            "seen a 1 2 - 0",
            "claim 1 a 1 2 - 1 5 x",
            "done x",
            "nothing 1",
            "void 1 2",
            "seen - 1 2 - 1",
            "login 7",
            "login 7 -1",
            "offers 7",
            "offers 7 h %2",
            "account w u h ",
            "account w u h ../456789ab",
        ] {
            assert_eq!(parse(line.as_bytes()), None, "{line}");
        }
    }
}
