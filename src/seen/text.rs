//! The memory as text, a line an entry; pure. The format is documented in popget.yaml(5).

mod write;

pub use write::{escaped, in_digits, write};

use super::{Begun, Entry, Identity, Key, Login, Offers};
use crate::message::{Digest, Time, Uid};

/// What the first line says.
pub const HEADER: &str = "popget-seen 1";

/// One line of the file, understood.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Line {
    /// Whose memory it is, and the mark of its deliveries.
    Account(Identity, String),
    /// A message that was stored.
    Seen(Key, Entry),
    /// A delivery begun.
    Claim(u64, Begun),
    /// Deliveries finished, from the first to the last.
    Done(u64, u64),
    /// A delivery given up; the message counts as never stored.
    Void(u64),
    /// One of several places has taken what is being delivered.
    Took(u64, Vec<u8>),
    /// One of several places has a message, which others lacked at this time.
    Part(Key, Digest, Time, Vec<u8>),
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
    /// A UID that was taken over, in which a `-` may stand for a `/`.
    Doubt(Uid),
}

/// Reads one line; `None` if it is none of ours.
pub fn parse(line: &[u8]) -> Option<Line> {
    let mut words = Words(Some(line));
    let line = match words.next()? {
        b"account" => {
            let name = string(words.next()?)?;
            let (user, server) = (string(words.next()?)?, string(words.next()?)?);
            Line::Account(Identity { name, user, server }, mark(words.next()?)?)
        }
        b"seen" => {
            let (key, entry) = record(&mut words)?;
            Line::Seen(key, entry)
        }
        b"claim" => {
            let id = number(words.next()?)?;
            Line::Claim(id, begun(&mut words)?)
        }
        b"done" => {
            let first = number(words.next()?)?;
            Line::Done(first, words.next().map_or(Some(first), number)?)
        }
        b"void" => Line::Void(number(words.next()?)?),
        b"took" => Line::Took(number(words.next()?)?, unescape(words.next()?)?),
        b"part" => {
            let (key, digest) = address(&mut words)?;
            let time = time(words.next()?)?;
            Line::Part(key, digest?, time, unescape(words.next()?)?)
        }
        b"gone" => {
            let (key, digest) = address(&mut words)?;
            Line::Gone(key, digest, time(words.next()?)?)
        }
        b"back" => {
            let (key, digest) = address(&mut words)?;
            Line::Back(key, digest)
        }
        b"size" => {
            let (key, digest) = address(&mut words)?;
            Line::Size(key, digest, number(words.next()?)?)
        }
        b"fail" => {
            let (key, _) = address(&mut words)?;
            Line::Fail(key, number(words.next()?)?)
        }
        b"login" => {
            let at = time(words.next()?)?;
            Line::Login(Login {
                at,
                delay: number(words.next()?)?,
            })
        }
        b"offers" => Line::Offers(offers(&mut words)?),
        b"doubt" => Line::Doubt(Uid::new(&unescape(words.next()?)?)?),
        _ => return None,
    };
    words.next().is_none().then_some(line)
}

/// The words of a line, between single spaces.
pub struct Words<'t>(pub Option<&'t [u8]>);

impl<'t> Iterator for Words<'t> {
    type Item = &'t [u8];

    fn next(&mut self) -> Option<&'t [u8]> {
        let rest = self.0?;
        let end = rest.iter().position(|b| *b == b' '); // near, as a rule
        self.0 = end.map(|end| &rest[end + 1..]);
        Some(&rest[..end.unwrap_or(rest.len())])
    }
}

/// What is being stored, the claim, and the places that have it from before.
fn begun(words: &mut Words) -> Option<Begun> {
    let (key, entry) = record(words)?;
    if entry.gone.is_some() {
        return None; // nobody has listed yet what is only being stored
    }
    Some(Begun {
        key,
        entry,
        claim: unescape(words.next()?)?,
        had: words.map(unescape).collect::<Option<_>>()?,
        took: Vec::new(),
    })
}

/// UID, size, time, digest, copies, and since when it is gone.
fn record(words: &mut Words) -> Option<(Key, Entry)> {
    let uid = words.next()?;
    let size = optional(words.next()?, number)?;
    let stored = time(words.next()?)?;
    let digest = optional(words.next()?, hex)?;
    // Of none there would be nothing to remember.
    let copies = number(words.next()?).filter(|copies| *copies > 0)?;
    let gone = optional(words.next().unwrap_or(b"-"), time)?;
    let entry = Entry {
        size,
        stored,
        digest,
        copies,
        gone,
    };
    Some((key(uid, digest)?, entry))
}

/// When a server was asked, how it is reached, and what it can do there.
fn offers(words: &mut Words) -> Option<Offers> {
    let at = time(words.next()?)?;
    let door = string(words.next()?)?;
    let words = words.map(unescape).collect::<Option<_>>()?;
    Some(Offers { at, door, words })
}

/// UID and digest, which together point at one entry.
fn address(words: &mut Words) -> Option<(Key, Option<Digest>)> {
    let uid = words.next()?;
    let digest = optional(words.next()?, hex)?;
    Some((key(uid, digest)?, digest))
}

fn key(uid: &[u8], digest: Option<Digest>) -> Option<Key> {
    match uid {
        b"-" => digest.map(Key::Digest),
        uid if memchr::memchr(b'%', uid).is_none() => Uid::new(uid).map(Key::Uid),
        uid => Uid::new(&unescape(uid)?).map(Key::Uid),
    }
}

/// `-` is none.
fn optional<T>(word: &[u8], parse: impl Fn(&[u8]) -> Option<T>) -> Option<Option<T>> {
    match word {
        b"-" => Some(None),
        word => parse(word).map(Some),
    }
}

/// A decimal number, of no more digits than it can surely hold.
fn number<T: TryFrom<u64>>(word: &[u8]) -> Option<T> {
    if word.is_empty() || word.len() > 19 {
        return None;
    }
    let mut value: u64 = 0;
    for byte in word {
        let digit = Some(byte.wrapping_sub(b'0')).filter(|digit| *digit < 10)?;
        value = value * 10 + u64::from(digit);
    }
    T::try_from(value).ok()
}

/// A time, with its sign: the earliest has one second more than the latest.
fn time(word: &[u8]) -> Option<Time> {
    let seconds = match word.strip_prefix(b"-") {
        Some(before) => 0_i64.checked_sub_unsigned(number(before)?),
        None => number(word),
    };
    seconds.map(Time)
}

pub fn hex(word: &[u8]) -> Option<Digest> {
    let word: &[u8; 32] = word.try_into().ok()?;
    let mut digest = [0; 16];
    let mut worst = 0;
    for (byte, pair) in digest.iter_mut().zip(word.chunks_exact(2)) {
        let (high, low) = (DIGITS[usize::from(pair[0])], DIGITS[usize::from(pair[1])]);
        worst |= high | low;
        *byte = high << 4 | low;
    }
    (worst < 16).then_some(Digest(digest))
}

const HEX: &[u8; 16] = b"0123456789abcdef";

/// What each byte says as a hex digit; 16 if it is none.
const DIGITS: [u8; 256] = {
    let mut digits = [16; 256];
    let mut value = 0;
    while value < 16 {
        let digit = HEX[value as usize];
        digits[digit as usize] = value;
        digits[digit.to_ascii_uppercase() as usize] = value;
        value += 1;
    }
    digits
};

fn digit(byte: u8) -> Option<u8> {
    Some(DIGITS[usize::from(byte)]).filter(|value| *value < 16)
}

pub fn unescape(word: &[u8]) -> Option<Vec<u8>> {
    let mut bytes = Vec::with_capacity(word.len());
    let mut rest = word;
    while let Some(at) = memchr::memchr(b'%', rest) {
        let [high, low] = *rest.get(at + 1..at + 3)? else {
            return None;
        };
        bytes.extend_from_slice(&rest[..at]);
        bytes.push(digit(high)? << 4 | digit(low)?);
        rest = &rest[at + 3..];
    }
    bytes.extend_from_slice(rest);
    Some(bytes)
}

/// The mark of an account: part of the names of its files, by which they are told from others and
/// swept, so that it must be none that could be found in any name.
fn mark(word: &[u8]) -> Option<String> {
    let digit = |b: &u8| b.is_ascii_digit() || matches!(b, b'a'..=b'f');
    let marks = word.len() == 12 && word.iter().all(digit);
    marks.then(|| String::from_utf8_lossy(word).into_owned())
}

pub fn string(word: &[u8]) -> Option<String> {
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
        let claim = |had: &[&[u8]]| {
            let begun = Begun {
                key: uid(b"x"),
                entry: known.clone(),
                claim: b"maildir /a b".to_vec(),
                had: had.iter().map(|place| place.to_vec()).collect(),
                took: Vec::new(),
            };
            Line::Claim(3, begun)
        };
        let lines = [
            Line::Account(identity, "0123456789ab".into()),
            Line::Seen(uid(b"-"), vague),
            Line::Seen(uid(b"a b%\xff"), known.clone()),
            Line::Seen(Key::Digest(digest), known.clone()),
            claim(&[]),
            claim(&[b"output", b"mbox\0/a b"]),
            Line::Done(1, 1),
            Line::Done(1, 9),
            Line::Void(4),
            Line::Doubt(Uid::new(b"a-b c").unwrap()),
            Line::Took(3, b"maildir\0/a b".to_vec()),
            Line::Part(uid(b"x"), digest, Time(5), b"maildir\0/a b".to_vec()),
            Line::Part(Key::Digest(digest), digest, Time(5), b"output".to_vec()),
            Line::Gone(uid(b"x"), Some(digest), Time(5)),
            Line::Gone(uid(b"x"), None, Time(i64::MIN)),
            Line::Gone(uid(b"x"), None, Time(i64::MAX)),
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
            "part a - 5 output",
            "part a 000102030405060708090a0b0c0d0e0f 5",
            "login 7",
            "login 7 -1",
            "login 18446744073709551616 1",
            "login 9223372036854775808 1",
            "login -9223372036854775809 1",
            "seen a +1 2 - 1",
            "seen a 1 2 000102030405060708090a0b0c0d0e0g 1",
            "seen a 1 2 000102030405060708090a0b0c0d0e0 1",
            "seen a  2 - 1",
            "seen a%4 1 2 - 1",
            "done 1 2 ",
            "offers 7",
            "offers 7 h %2",
            "account w u h ",
            "account w u h ../456789ab",
        ] {
            assert_eq!(parse(line.as_bytes()), None, "{line}");
        }
    }
}
