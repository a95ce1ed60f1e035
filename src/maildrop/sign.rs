//! Replies of the older protocols, POP1 (RFC 918) and POP2 (RFC 937), in which the first octet tells
//! all: a line each, and never anything ahead.

use super::syntax::{number, REPLY_LIMIT};
use super::talk::Talk;
use crate::error::{Error, Reach, Result};
use crate::message::MessageNumber;
use crate::net::Spoken;

/// The longest command with its line end (RFC 937, "Formal Syntax").
const COMMAND: usize = 512;
/// More messages than this are not believed in: a count costs the server nothing.
pub const MESSAGES: usize = 100_000;

/// A reply.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Sign {
    /// `+`, and what follows it and its blanks.
    Plus(Vec<u8>),
    /// `-`, and what follows it and its blanks.
    Minus(Vec<u8>),
    /// `#` and a number.
    Count(u64),
    /// `=` and a number.
    Length(u64),
}

impl Sign {
    /// Reads a reply line; `None` if it is none.
    pub fn parse(line: &[u8]) -> Option<Self> {
        let (first, rest) = line.split_first()?;
        let figure = |rest| number(rest).map(|(figure, _)| figure);
        match first {
            b'+' => Some(Self::Plus(rest.trim_ascii_start().to_vec())),
            b'-' => Some(Self::Minus(rest.trim_ascii_start().to_vec())),
            b'#' => figure(rest).map(Self::Count),
            b'=' => figure(rest).map(Self::Length),
            _ => None,
        }
    }

    /// The line that says this.
    pub fn written(&self) -> Vec<u8> {
        match self {
            Self::Plus(text) => [b"+", text.as_slice()].concat(),
            Self::Minus(text) => [b"-", text.as_slice()].concat(),
            Self::Count(count) => format!("#{count}").into_bytes(),
            Self::Length(length) => format!("={length}").into_bytes(),
        }
    }

    /// The error that this is not what was to come.
    pub fn instead_of(&self, expected: &'static str) -> Error {
        let got = self.written();
        Error::Nonsense { expected, got }
    }
}

/// Says something and reads the reply.
pub fn ask(talk: &mut Talk, spoken: &Spoken, waiting_for: &'static str) -> Result<Sign> {
    talk.say(std::slice::from_ref(spoken))?;
    reply(talk, waiting_for)
}

/// Leaves before the login, politely if no reply is awaited. Gives the reason back.
pub fn bye(mut talk: Talk, why: Error) -> Error {
    if why.reach() == Reach::Account && !matches!(why, Error::Interrupted) {
        let _ = ask(&mut talk, &Spoken::open("QUIT"), "the goodbye");
    }
    why
}

/// Reads a reply, without the secrets in it that the server repeats.
pub fn reply(talk: &mut Talk, waiting_for: &'static str) -> Result<Sign> {
    let line = talk.0.line(REPLY_LIMIT, waiting_for)?.to_vec();
    talk.0.show(&line);
    let line = talk.0.veil(&line);
    let nonsense = Error::Nonsense {
        expected: "a reply that begins with +, -, # or =",
        got: line.clone(),
    };
    Sign::parse(&line).ok_or(nonsense)
}

/// A command with a user's words in it, which is no other command, and that every server takes.
pub fn command(keyword: &str, argument: &[u8]) -> Result<Vec<u8>> {
    let carried = |b: &u8| b.is_ascii() && !matches!(b, b'\r' | b'\n' | 0);
    if !argument.iter().all(carried) {
        return Err(Error::Uncarriable(
            "user, password or folder holds what is not ASCII, a line end or NUL",
        ));
    }
    let line = [keyword.as_bytes(), b" ", argument].concat();
    match line.len() + 2 <= COMMAND {
        true => Ok(line),
        false => Err(Error::Uncarriable(
            "user, password or folder is too long for a command of 512 bytes",
        )),
    }
}

/// The numbers of so many messages.
pub fn numbers(count: u64) -> Result<impl Iterator<Item = MessageNumber>> {
    match u32::try_from(count) {
        Ok(last) if count <= MESSAGES as u64 => Ok((1..=last).map(MessageNumber)),
        _ => Err(Sign::Count(count).instead_of("a count of messages that can be")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_octet_tells_all() {
        let plus = |text: &[u8]| Some(Sign::Plus(text.to_vec()));
        assert_eq!(Sign::parse(b"+"), plus(b""));
        assert_eq!(Sign::parse(b"+OK x"), plus(b"OK x"));
        assert_eq!(Sign::parse(b"- Bad"), Some(Sign::Minus(b"Bad".to_vec())));
        assert_eq!(Sign::parse(b"#3 messages"), Some(Sign::Count(3)));
        assert_eq!(Sign::parse(b"= 18"), Some(Sign::Length(18)));
        for line in [
            &b""[..],
            b"OK",
            b"#",
            b"=x",
            b"#3messages",
            b"=18446744073709551616",
        ] {
            assert_eq!(Sign::parse(line), None, "{}", line.escape_ascii());
        }
    }

    #[test]
    fn a_command_holds_what_every_server_takes() {
        assert_eq!(command("USER", b"ann lee").unwrap(), b"USER ann lee");
        assert!(command("USER", &[b'x'; 505]).is_ok());
        for bad in [&b"a\rb"[..], b"a\nb", b"a\0b", b"\xe9", &[b'x'; 506]] {
            assert!(command("USER", bad).is_err());
        }
    }
}
