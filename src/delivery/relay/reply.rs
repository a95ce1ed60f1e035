//! What a server says: replies (RFC 5321, section 4.2) and what it offers (RFC 1869 and after).

use crate::error::{Error, Result};

/// A reply, whole.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reply {
    /// Its three digits.
    pub code: u16,
    /// The text of each of its lines.
    pub lines: Vec<Vec<u8>>,
}

impl Reply {
    /// Whether the server agrees.
    pub fn is_good(&self) -> bool {
        self.code / 100 == 2
    }

    /// Whether it wants the same to be tried later.
    pub fn is_later(&self) -> bool {
        self.code / 100 == 4
    }

    /// Whether it refuses for good.
    pub fn is_final(&self) -> bool {
        self.code / 100 == 5
    }

    /// Whether it ends the session (RFC 5321, section 3.8).
    pub fn is_farewell(&self) -> bool {
        self.code == 421
    }

    /// What it says, on one line.
    pub fn said(&self) -> Vec<u8> {
        let code = self.code.to_string().into_bytes();
        let text = self.lines.iter().filter(|line| !line.is_empty());
        let words: Vec<&[u8]> = [code.as_slice()]
            .into_iter()
            .chain(text.map(Vec::as_slice))
            .collect();
        words.join(&b' ')
    }

    /// The error that this reply makes no sense here.
    pub fn out_of_place(&self, expected: &'static str) -> Error {
        let got = self.said();
        Error::Nonsense { expected, got }
    }
}

/// One line of a reply: its code, whether more lines follow, its text.
pub fn line(line: &[u8]) -> Result<(u16, bool, &[u8])> {
    let nonsense = || Error::Nonsense {
        expected: "a code of three digits",
        got: line.to_vec(),
    };
    let (digits, rest) = line.split_at_checked(3).ok_or_else(nonsense)?;
    let code = std::str::from_utf8(digits).ok().and_then(|digits| {
        let all = digits.bytes().all(|b| b.is_ascii_digit());
        digits.parse().ok().filter(|_| all)
    });
    let code = code.filter(|code| (200..600).contains(code));
    match (code, rest) {
        (Some(code), []) => Ok((code, false, rest)),
        (Some(code), [b' ', text @ ..]) => Ok((code, false, text)),
        (Some(code), [b'-', text @ ..]) => Ok((code, true, text)),
        _ => Err(nonsense()),
    }
}

/// What a server offers, as far as it matters to us.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Offers {
    /// Commands may be sent without waiting for replies (RFC 2920).
    pub pipelining: bool,
    /// The size may be told (RFC 1870).
    pub size: bool,
    /// Octets above 127 may be sent (RFC 6152).
    pub eight_bit: bool,
    /// Addresses beyond ASCII may be (RFC 6531).
    pub international: bool,
    /// A message may be sent in counted chunks (RFC 3030).
    pub chunks: bool,
    /// What is sent so need not be lines of text (RFC 3030).
    pub binary: bool,
    /// The SASL mechanisms (RFC 4954).
    pub mechanisms: Vec<String>,
}

impl Offers {
    /// Reads the reply to the greeting: the first line only names the server.
    pub fn read(reply: &Reply) -> Self {
        let mut offers = Self::default();
        for line in reply.lines.iter().skip(1) {
            let line = String::from_utf8_lossy(line).to_ascii_uppercase();
            // Some old ones write AUTH=LOGIN.
            let mut words = line.split([' ', '=']).filter(|word| !word.is_empty());
            match words.next().unwrap_or_default() {
                "PIPELINING" => offers.pipelining = true,
                "SIZE" => offers.size = true,
                "8BITMIME" => offers.eight_bit = true,
                "SMTPUTF8" => offers.international = true,
                "CHUNKING" => offers.chunks = true,
                "BINARYMIME" => offers.binary = true,
                "AUTH" => offers.mechanisms.extend(words.map(str::to_owned)),
                _ => {}
            }
        }
        offers
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_are_read_or_are_nonsense() {
        assert_eq!(line(b"250-a b").unwrap(), (250, true, &b"a b"[..]));
        assert_eq!(line(b"250 ").unwrap(), (250, false, &b""[..]));
        assert_eq!(line(b"354").unwrap(), (354, false, &b""[..]));
        for bad in [
            &b""[..],
            b"25",
            b"+OK hi",
            b"2500",
            b"250x",
            b"+25 x",
            b"150 x",
            b"600 x",
            b"* OK",
        ] {
            assert!(line(bad).is_err(), "{}", bad.escape_ascii());
        }
    }

    #[test]
    fn offers_are_read_whatever_their_case() {
        let text = "host AUTH PIPELINING\nSIZE 1000\n8bitmime\nAUTH PLAIN login\nAUTH=LOGIN\n\
                    BINARYMIME\nCHUNKING\nX-ODD";
        let lines = text.lines().map(|line| line.as_bytes().to_vec()).collect();
        let offers = Offers::read(&Reply { code: 250, lines });
        let expected = Offers {
            size: true,
            eight_bit: true,
            chunks: true,
            binary: true,
            mechanisms: ["PLAIN", "LOGIN", "LOGIN"].map(str::to_owned).into(),
            ..Offers::default()
        };
        assert_eq!(offers, expected);
    }

    #[test]
    fn a_reply_is_told_on_one_line() {
        let reply = |lines: &[&[u8]]| Reply {
            code: 550,
            lines: lines.iter().map(|line| line.to_vec()).collect(),
        };
        assert_eq!(
            reply(&[b"5.1.1 no", b"", b"such"]).said(),
            b"550 5.1.1 no such"
        );
        assert_eq!(reply(&[b""]).said(), b"550");
    }
}
