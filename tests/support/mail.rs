//! Mail for the tests: the files of tests/messages/, and what is too big or too many for files.
//!
//! A message is bytes with LF line ends, as it lies in a Maildir; `with_crlf` and `stuffed` make
//! of it what travels. A file's name tells what is odd about it. No message here lacks a final
//! newline, because POP3 cannot carry one that does.

use std::fs;
use std::path::{Path, PathBuf};

use base64::prelude::{Engine, BASE64_STANDARD};

use super::made::MADE;

/// The folder the message files are in.
pub fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/messages")
}

/// The message of this name: a file of tests/messages/, or one of those made by code.
pub fn named(name: &str) -> Vec<u8> {
    if let Some((_, make)) = MADE.iter().find(|(made, _)| *made == name) {
        return make();
    }
    let path = folder().join(name);
    fs::read(&path).unwrap_or_else(|error| panic!("no message {}: {error}", path.display()))
}

/// Every message that has gone wrong somewhere in some way, by name.
pub fn ugly() -> Vec<(String, Vec<u8>)> {
    let mut names = file_names(&folder());
    names.extend(MADE.iter().map(|(name, _)| (*name).to_owned()));
    names
        .into_iter()
        .map(|name| (name.clone(), named(&name)))
        .collect()
}

/// The dozen of friendly messages, in order.
pub fn friendly() -> Vec<(String, Vec<u8>)> {
    let names = file_names(&folder().join("friendly"));
    names
        .into_iter()
        .map(|name| (name.clone(), named(&format!("friendly/{name}"))))
        .collect()
}

/// So many different messages of all kinds, of about 0.3 to 20 kB, the same for the same seed.
pub fn many(count: usize, seed: u64) -> Vec<Vec<u8>> {
    let mut dice = Dice(seed);
    let mut next = |index| {
        let size = 300 << dice.below(6);
        let size = size + dice.below(size);
        letter(&mut dice, seed, index, size)
    };
    (0..count).map(&mut next).collect()
}

/// So many different messages of about a megabyte, the same for the same seed.
pub fn big(count: usize, seed: u64) -> Vec<Vec<u8>> {
    let mut dice = Dice(seed ^ 0xb16);
    (0..count)
        .map(|index| letter(&mut dice, seed ^ 0xb16, index, 1 << 20))
        .collect()
}

/// The message with the line ends POP3 wants: each LF becomes CR LF, and the last line has one.
pub fn with_crlf(message: &[u8]) -> Vec<u8> {
    let mut wire = Vec::with_capacity(message.len() + message.len() / 32 + 2);
    for line in message.split_inclusive(|&byte| byte == b'\n') {
        wire.extend_from_slice(line.strip_suffix(b"\n").unwrap_or(line));
        wire.extend_from_slice(b"\r\n");
    }
    wire
}

/// The message byte-stuffed: a dot that begins a line is doubled.
pub fn stuffed(message: &[u8]) -> Vec<u8> {
    let mut wire = Vec::with_capacity(message.len() + 16);
    for line in message.split_inclusive(|&byte| byte == b'\n') {
        if line.starts_with(b".") {
            wire.push(b'.');
        }
        wire.extend_from_slice(line);
    }
    wire
}

/// The head of a message with its blank line, and so many lines of the body.
pub fn top(message: &[u8], lines: usize) -> &[u8] {
    top_ending(message, lines, b"\n")
}

/// As `top`, of a message whose blank line is this one.
pub fn top_ending<'m>(message: &'m [u8], lines: usize, blank: &[u8]) -> &'m [u8] {
    let mut length = 0;
    let mut body = None;
    for line in message.split_inclusive(|&byte| byte == b'\n') {
        if body == Some(lines) {
            break;
        }
        length += line.len();
        body = match body {
            Some(seen) => Some(seen + 1),
            None if line == blank => Some(0),
            None => None,
        };
    }
    &message[..length]
}

/// The messages of an mbox in the form mboxrd, unquoted; the error tells what is malformed.
pub fn out_of_mboxrd(mbox: &[u8]) -> Result<Vec<Vec<u8>>, String> {
    let mut messages: Vec<Vec<u8>> = Vec::new();
    for line in mbox.split_inclusive(|&byte| byte == b'\n') {
        let quotes = line.iter().take_while(|&&byte| byte == b'>').count();
        let is_from = line[quotes..].starts_with(b"From ");
        match (messages.last_mut(), is_from, quotes) {
            (_, true, 0) => messages.push(Vec::new()),
            (None, _, _) => return Err("does not begin with a From_ line".into()),
            (Some(message), true, _) => message.extend_from_slice(&line[1..]),
            (Some(message), false, _) => message.extend_from_slice(line),
        }
    }
    // The blank line after each message belongs to the mbox.
    for message in &mut messages {
        let blank = *message == b"\n" || message.ends_with(b"\n\n");
        if !blank {
            return Err("a message is not followed by a blank line".into());
        }
        message.pop();
    }
    Ok(messages)
}

/// Takes the first message out as a reader does that trusts Content-Length; gives it without that.
pub fn out_of_mboxcl2(mbox: &[u8]) -> (Vec<u8>, &[u8]) {
    let mut rest = mbox;
    let mut line = || {
        let end = rest.iter().position(|byte| *byte == b'\n').unwrap() + 1;
        let (line, after) = rest.split_at(end);
        rest = after;
        line
    };
    assert!(line().starts_with(b"From "));
    let (mut message, mut length) = (Vec::new(), None);
    loop {
        let line = line();
        if line.to_ascii_lowercase().starts_with(b"content-length:") {
            assert!(length.is_none(), "two lengths");
            let digits = String::from_utf8_lossy(&line[15..]).trim().parse();
            length = Some(digits.unwrap());
            continue;
        }
        message.extend_from_slice(line);
        if line == b"\n" {
            break;
        }
    }
    let length: usize = length.expect("a Content-Length");
    message.extend_from_slice(&rest[..length]);
    let after = &rest[length..];
    assert!(after.starts_with(b"\n"), "no empty line behind a message");
    (message, &after[1..])
}

/// A message without Content-Length headers, with an empty line behind its head; and whether it
/// lacked that line.
pub fn without_lengths(message: &[u8]) -> (Vec<u8>, bool) {
    let (mut kept, mut body, mut dropping) = (Vec::new(), false, false);
    for line in message.split_inclusive(|byte| *byte == b'\n') {
        let folded = matches!(line[0], b' ' | b'\t');
        let length = line.to_ascii_lowercase().starts_with(b"content-length:");
        dropping = !body && (length || (folded && dropping));
        if !dropping {
            kept.extend_from_slice(line);
        }
        body |= line == b"\n";
    }
    if !body {
        kept.push(b'\n');
    }
    (kept, !body)
}

/// A header field's value, for showing: the first of that name, unfolded only as far as needed.
pub fn field(message: &[u8], name: &str) -> String {
    let head = String::from_utf8_lossy(top(message, 0)).into_owned();
    let start = format!("{}:", name.to_ascii_lowercase());
    let line = head
        .lines()
        .find(|line| line.to_ascii_lowercase().starts_with(&start));
    line.map(|line| line[start.len()..].trim().to_owned())
        .unwrap_or_default()
}

fn file_names(folder: &Path) -> Vec<String> {
    let entries = fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().file_name());
    let names = entries.map(|name| name.into_string().unwrap());
    let mut names: Vec<String> = names.filter(|name| name.ends_with(".eml")).collect();
    names.sort();
    names
}

/// A small generator of numbers that look random and are the same every time (splitmix64).
pub struct Dice(pub u64);

impl Dice {
    /// Any number.
    pub fn roll(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    /// A number below this one.
    pub fn below(&mut self, limit: usize) -> usize {
        usize::try_from(self.roll() % limit as u64).unwrap_or(0)
    }

    /// One of these.
    pub fn pick<'a>(&mut self, from: &[&'a str]) -> &'a str {
        from[self.below(from.len())]
    }
}

fn letter(dice: &mut Dice, seed: u64, index: usize, size: usize) -> Vec<u8> {
    let name = dice.pick(&["ada", "grace", "edsger", "barbara", "donald", "radia"]);
    let topic = dice.pick(&[
        "the meeting",
        "lunch",
        "=?utf-8?q?caf=C3=A9?=",
        "Re: Re: Re:",
        "",
    ]);
    let mut message = format!(
        "Return-Path: <{name}@example.org>\nFrom: {name} <{name}@example.org>\n\
         To: alice@example.org\nSubject: {topic}\nMessage-ID: <{seed}.{index}@example.org>\n\
         Date: Thu, {} Jan 2026 12:{:02}:{:02} +0000\n",
        1 + dice.below(31),
        dice.below(60),
        dice.below(60)
    )
    .into_bytes();
    let kind: (&str, fn(&mut Dice) -> Vec<u8>) = match dice.below(6) {
        0 | 1 => ("Content-Type: text/plain; charset=us-ascii\n\n", prose),
        2 => (
            "Content-Type: text/plain; charset=iso-8859-1\nContent-Transfer-Encoding: 8bit\n\n",
            latin,
        ),
        3 => (
            "Content-Type: application/octet-stream\nContent-Transfer-Encoding: base64\n\n",
            encoded,
        ),
        4 => ("Content-Type: text/html\n\n<html>\n", markup),
        _ => ("\n", oddities),
    };
    message.extend_from_slice(kind.0.as_bytes());
    while message.len() < size {
        message.extend(kind.1(dice));
    }
    message
}

fn prose(dice: &mut Dice) -> Vec<u8> {
    let mut line = String::new();
    while line.len() < 60 {
        line += dice.pick(&[
            "the ", "mail ", "comes ", "and ", "goes ", "slowly ", "but ", "whole ",
        ]);
    }
    (line + "\n").into_bytes()
}

fn latin(dice: &mut Dice) -> Vec<u8> {
    let mut line: Vec<u8> = (0..64)
        .map(|_| 0xa0 + u8::try_from(dice.below(96)).unwrap_or(0))
        .collect();
    line.push(b'\n');
    line
}

fn encoded(dice: &mut Dice) -> Vec<u8> {
    let bytes: Vec<u8> = (0..7).flat_map(|_| dice.roll().to_le_bytes()).collect();
    (BASE64_STANDARD.encode(&bytes[..54]) + "\n").into_bytes()
}

fn markup(dice: &mut Dice) -> Vec<u8> {
    let cells = "<td class=\"cell\">&nbsp;</td>".repeat(1 + dice.below(30));
    format!("<tr>{cells}</tr>\n").into_bytes()
}

fn oddities(dice: &mut Dice) -> Vec<u8> {
    let line: &[u8] = match dice.below(8) {
        0 => b".\n",
        1 => b"..\n",
        2 => b".hidden\n",
        3 => b"From here to there\n",
        4 => b">From there to here\n",
        5 => b"a\0NUL and a bare \r CR\n",
        6 => b"CR before the end\r\n",
        _ => b"\n",
    };
    line.to_vec()
}
