//! What a maildrop holds, as data: numbers, UIDs, listings, envelopes, and the little that popget
//! reads out of a message's head. Messages are bytes; nothing here assumes that they are text.

mod copies;
mod digest;
#[cfg(any(test, fuzzing))]
pub mod properties;
mod recipients;
mod words;

pub use copies::Copies;
pub use digest::{Digest, Digester, MessageDigester};
pub use recipients::{fields, Address, Field};
pub use words::{date, decoded};

use std::hash::{Hash, Hasher};
use std::sync::Arc;

/// The number of a message, valid for one session only (RFC 1939, section 5).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct MessageNumber(pub u32);

/// The unique identifier of a message (RFC 1939, section 7): bytes, compared exactly. There may be
/// very many, and all who speak of a message name it: a short one is cheap to make, and any to copy.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Uid(Form);

/// Each UID has one form only.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Form {
    /// Up to so many bytes, and NULs behind them, which are in no UID.
    Short([u8; SHORT]),
    /// More, shared.
    Long(Arc<[u8]>),
}

/// With it a form takes no more room than it needs for the other kind; Gmail's UIDs are just as long.
const SHORT: usize = 23;

impl Uid {
    /// Longer than the 70 of the RFC, since real servers exceed it.
    const LIMIT: usize = 255;

    /// Takes the bytes that a server sent; `None` if they cannot serve as an identifier.
    pub fn new(bytes: &[u8]) -> Option<Self> {
        if bytes.is_empty() || bytes.len() > Self::LIMIT {
            return None;
        }
        let control = |byte: &u8| *byte < 0x20 || *byte == 0x7f;
        let mut short = [0; SHORT];
        let Some(place) = short.get_mut(..bytes.len()) else {
            let fits = !bytes.iter().any(control);
            return fits.then(|| Self(Form::Long(bytes.into())));
        };
        place.copy_from_slice(bytes);
        // All are looked at, and the NULs behind them: of an array that takes few instructions.
        let controls: u8 = short.iter().map(|byte| u8::from(control(byte))).sum();
        let fits = bytes.len() + usize::from(controls) == SHORT;
        fits.then_some(Self(Form::Short(short)))
    }

    /// The bytes as the server sent them.
    pub fn bytes(&self) -> &[u8] {
        match &self.0 {
            Form::Short(bytes) => &bytes[..memchr::memchr(0, bytes).unwrap_or(SHORT)],
            Form::Long(bytes) => bytes,
        }
    }
}

/// The bytes alone, which tell the form: UIDs are looked up by the hundred thousand.
impl Hash for Uid {
    fn hash<H: Hasher>(&self, state: &mut H) {
        match &self.0 {
            Form::Short(bytes) => state.write(bytes),
            Form::Long(bytes) => state.write(bytes),
        }
    }
}

/// A moment, in seconds since 1970.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Time(pub i64);

/// One message as the server lists it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Listing {
    /// Its number in this session.
    pub number: MessageNumber,
    /// Its size in octets, a hint only: servers guess.
    pub size: Option<u64>,
    /// Its UID, if the server gave a usable one.
    pub uid: Option<Uid>,
}

/// What is to become of a message on the server.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Disposition {
    /// It goes.
    Delete,
    /// It stays.
    Keep,
}

/// Who sent a message and to whom it was addressed on its way, apart from what its header says.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Envelope {
    /// The sender's address; empty for the null sender `<>` and where nothing is known.
    pub sender: Vec<u8>,
    /// The recipients' addresses.
    pub recipients: Vec<Vec<u8>>,
}

/// The headers that tell who sent a message, and, the best first, to whom.
const TRACE: [&str; 4] = [
    "Return-Path",
    "Delivered-To",
    "X-Original-To",
    "Envelope-To",
];

impl Envelope {
    /// Reads the trace that the last server left in the head: the first Return-Path, and the first
    /// of the headers that name the recipient it delivered to.
    pub fn from_head(head: &[u8]) -> Self {
        let [sender, recipients @ ..] = headers(head, TRACE);
        let sender = sender.map(|value| address(&value)).unwrap_or_default();
        let recipients = recipients
            .into_iter()
            .flatten()
            .next()
            .map(|value| address(&value))
            .filter(|address| !address.is_empty());
        Self {
            sender,
            recipients: recipients.into_iter().collect(),
        }
    }
}

/// Where the head ends within `bytes`: behind its blank line, or nowhere if that has not come yet.
pub fn head_end(bytes: &[u8]) -> Option<usize> {
    if bytes.first() == Some(&b'\n') {
        return Some(1);
    }
    memchr::memmem::find(bytes, b"\n\n").map(|at| at + 2)
}

/// The value of the first header of this name, unfolded; `None` if the head has none.
pub fn header(head: &[u8], name: &str) -> Option<Vec<u8>> {
    let [value] = headers(head, [name]);
    value
}

/// The values of the first headers of these names, in one pass.
fn headers<const N: usize>(head: &[u8], names: [&str; N]) -> [Option<Vec<u8>>; N] {
    let mut values = [const { None }; N];
    let mut under_way = None;
    for line in lines(head).take_while(|line| !line.is_empty()) {
        if matches!(line[0], b' ' | b'\t') {
            let value = under_way.and_then(|at: usize| values[at].as_mut());
            value
                .into_iter()
                .for_each(|value: &mut Vec<u8>| value.extend_from_slice(line));
            continue;
        }
        let found = names.iter().position(|name| of_name(line, name).is_some());
        under_way = found.filter(|at| values[*at].is_none());
        if let Some(at) = under_way {
            values[at] = of_name(line, names[at]).map(<[u8]>::to_vec);
        }
    }
    values.map(|value| value.map(|value| value.trim_ascii().to_vec()))
}

/// The lines of a text without their ends; the last one has none.
fn lines(text: &[u8]) -> impl Iterator<Item = &[u8]> {
    let mut rest = Some(text);
    std::iter::from_fn(move || {
        let text = rest.take()?;
        let Some(end) = memchr::memchr(b'\n', text) else {
            return Some(text);
        };
        rest = Some(&text[end + 1..]);
        Some(&text[..end])
    })
}

/// What follows the colon if the line is a header of this name.
fn of_name<'a>(line: &'a [u8], name: &str) -> Option<&'a [u8]> {
    let (key, rest) = line.split_at_checked(name.len())?;
    if !key.eq_ignore_ascii_case(name.as_bytes()) {
        return None;
    }
    let colon = rest.iter().position(|b| !matches!(b, b' ' | b'\t'))?;
    rest[colon..].strip_prefix(b":")
}

/// No address is longer: SMTP carries 256 octets (RFC 5321, section 4.5.3.1.3), lines 998.
const ADDRESS: usize = 998;

/// The bare address of a trace header or an envelope: without angle brackets, blanks and control characters. What
/// cannot be one, or would do harm as a word of a command, counts as none.
pub fn address(value: &[u8]) -> Vec<u8> {
    let inner = match (
        value.iter().position(|b| *b == b'<'),
        value.iter().rposition(|b| *b == b'>'),
    ) {
        (Some(open), Some(close)) if open < close => &value[open + 1..close],
        _ => value,
    };
    let mut address = inner.to_vec();
    address.retain(|b| *b > 0x20 && *b != 0x7f);
    // A program might take the one for an option, and cannot be given the other at all (execve(2)).
    let useless = address.starts_with(b"-") || address.len() > ADDRESS;
    if useless {
        Vec::new()
    } else {
        address
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_uid_is_any_bytes_but_controls() {
        assert!(Uid::new(b"q<>~").is_some());
        assert!(Uid::new(b"a b").is_some());
        assert!(Uid::new(&[b'x'; 71]).is_some());
        assert!(Uid::new(&[0xe9; 255]).is_some());
        assert!(Uid::new(b"").is_none());
        assert!(Uid::new(b"\x07").is_none());
        assert!(Uid::new(&[b'x'; 256]).is_none());
    }

    #[test]
    fn a_uid_of_any_length_gives_its_bytes_and_is_equal_to_itself_alone() {
        let uid = |length| Uid::new(&vec![b'x'; length]).unwrap();
        for length in 1..=Uid::LIMIT {
            assert_eq!(uid(length).bytes(), vec![b'x'; length]);
            assert!((1..=Uid::LIMIT).all(|other| (uid(length) == uid(other)) == (length == other)));
        }
        assert_eq!(size_of::<Option<Uid>>(), SHORT + 1);
    }

    #[test]
    fn headers_are_found_whatever_their_case_and_folding() {
        let head =
            b"Subject: a\n b\nRETURN-PATH : <x@y>\nreturn-path: <later>\n\nReturn-Path: body\n";
        assert_eq!(header(head, "Return-Path").unwrap(), b"<x@y>");
        assert_eq!(header(head, "subject").unwrap(), b"a b");
        assert_eq!(header(head, "Date"), None);
        assert_eq!(header(b"\nReturn-Path: body\n", "Return-Path"), None);
    }

    #[test]
    fn an_envelope_is_read_from_the_trace() {
        let head = b"Return-Path: <a@b>\nDelivered-To: me@here\nTo: someone@else\n\n";
        let envelope = Envelope::from_head(head);
        assert_eq!(envelope.sender, b"a@b");
        assert_eq!(envelope.recipients, vec![b"me@here".to_vec()]);
        assert_eq!(
            Envelope::from_head(b"Return-Path: <>\n\n"),
            Envelope::default()
        );
    }

    #[test]
    fn the_head_ends_behind_its_blank_line() {
        assert_eq!(head_end(b"A: b\n\nbody"), Some(6));
        assert_eq!(head_end(b"\nbody"), Some(1));
        assert_eq!(head_end(b"A: b\nbody"), None);
    }
}
