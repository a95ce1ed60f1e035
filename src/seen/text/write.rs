//! The lines of the memory, written. By hand: what formats things in general took a third more
//! instructions for the lines of a letter, 5,100 instead of 3,900.

use super::{Line, HEX};
use crate::message::Digest;
use crate::seen::{Entry, Identity, Key, Login, Offers};

/// Writes one line, with its end.
#[allow(clippy::too_many_lines, reason = "a few lines a kind")]
pub fn write(out: &mut String, line: &Line) {
    match line {
        Line::Account(Identity { name, user, server }, mark) => {
            out.push_str("account");
            let words = [name, user, server, mark].into_iter();
            words.for_each(|word| spaced(out, word.as_bytes()));
        }
        Line::Seen(key, entry) => {
            out.push_str("seen ");
            fields(out, key, entry);
            if let Some(time) = entry.gone {
                signed(out, time.0);
            }
        }
        Line::Claim(id, begun) => {
            out.push_str("claim");
            unsigned(out, *id);
            out.push(' ');
            fields(out, &begun.key, &begun.entry);
            out.push_str(" -");
            let words = std::iter::once(&begun.claim).chain(&begun.had);
            words.for_each(|word| spaced(out, word));
        }
        Line::Done(first, last) => {
            out.push_str("done");
            unsigned(out, *first);
            if first != last {
                unsigned(out, *last);
            }
        }
        Line::Void(id) => {
            out.push_str("void");
            unsigned(out, *id);
        }
        Line::Took(id, at) => {
            out.push_str("took");
            unsigned(out, *id);
            spaced(out, at);
        }
        Line::Part(key, digest, time, at) => {
            out.push_str("part ");
            place(out, key, Some(*digest));
            signed(out, time.0);
            spaced(out, at);
        }
        Line::Gone(key, digest, time) => {
            out.push_str("gone ");
            place(out, key, *digest);
            signed(out, time.0);
        }
        Line::Back(key, digest) => {
            out.push_str("back ");
            place(out, key, *digest);
        }
        Line::Size(key, digest, size) => {
            out.push_str("size ");
            place(out, key, *digest);
            unsigned(out, *size);
        }
        Line::Fail(key, count) => {
            out.push_str("fail ");
            place(out, key, None);
            unsigned(out, (*count).into());
        }
        Line::Login(Login { at, delay }) => {
            out.push_str("login");
            signed(out, at.0);
            unsigned(out, (*delay).into());
        }
        Line::Offers(Offers { at, door, words }) => {
            out.push_str("offers");
            signed(out, at.0);
            let words = words.iter().map(Vec::as_slice);
            let words = std::iter::once(door.as_bytes()).chain(words);
            words.for_each(|word| spaced(out, word));
        }
        Line::Doubt(uid) => {
            out.push_str("doubt");
            spaced(out, uid.bytes());
        }
    };
    out.push('\n');
}

/// A word behind a space.
fn spaced(out: &mut String, word: &[u8]) {
    out.push(' ');
    escape_into(out, word);
}

/// A number behind a space.
fn unsigned(out: &mut String, number: u64) {
    out.push(' ');
    digits(out, number);
}

/// The same for one that may be negative.
fn signed(out: &mut String, number: i64) {
    out.push_str(if number < 0 { " -" } else { " " });
    digits(out, number.unsigned_abs());
}

fn digits(out: &mut String, mut number: u64) {
    let mut digits = [b'0'; 20];
    let mut first = digits.len() - 1;
    while number > 0 {
        digits[first] = b'0' + (number % 10) as u8;
        number /= 10;
        first -= usize::from(number > 0);
    }
    push(out, &digits[first..]);
}

/// What is known to be ASCII.
fn push(out: &mut String, text: &[u8]) {
    out.push_str(std::str::from_utf8(text).unwrap_or_default());
}

fn fields(out: &mut String, key: &Key, entry: &Entry) {
    uid_word(out, key);
    match entry.size {
        Some(size) => unsigned(out, size),
        None => out.push_str(" -"),
    }
    signed(out, entry.stored.0);
    out.push(' ');
    digest_word(out, entry.digest);
    unsigned(out, entry.copies.into());
}

fn place(out: &mut String, key: &Key, digest: Option<Digest>) {
    uid_word(out, key);
    out.push(' ');
    match key {
        Key::Digest(digest) => digest_word(out, Some(*digest)),
        Key::Uid(_) => digest_word(out, digest),
    }
}

fn uid_word(out: &mut String, key: &Key) {
    match key {
        Key::Uid(uid) if uid.bytes() == b"-" => out.push_str("%2D"),
        Key::Uid(uid) => escape_into(out, uid.bytes()),
        Key::Digest(_) => out.push('-'),
    }
}

fn digest_word(out: &mut String, digest: Option<Digest>) {
    match digest {
        Some(Digest(bytes)) => push(out, bytes.map(|byte| in_hex(byte, HEX)).as_flattened()),
        None => out.push('-'),
    }
}

/// A byte in digits like these.
fn in_hex(byte: u8, digits: &[u8; 16]) -> [u8; 2] {
    [byte >> 4, byte & 15].map(|value| digits[usize::from(value)])
}

/// Bytes as a word, escaped.
pub fn escaped(bytes: &[u8]) -> String {
    let mut word = String::with_capacity(bytes.len());
    escape_into(&mut word, bytes);
    word
}

/// The digits of a digest.
pub fn in_digits(digest: Digest) -> String {
    let mut word = String::new();
    digest_word(&mut word, Some(digest));
    word
}

/// Percent-escapes what is not printable ASCII, and the percent sign itself.
fn escape_into(out: &mut String, mut bytes: &[u8]) {
    let is_plain = |b: &u8| matches!(b, 0x21..=0x7e if *b != b'%');
    while let Some(at) = bytes.iter().position(|b| !is_plain(b)) {
        push(out, &bytes[..at]);
        out.push('%');
        push(out, &in_hex(bytes[at], b"0123456789ABCDEF"));
        bytes = &bytes[at + 1..];
    }
    push(out, bytes);
}
