//! The tokens of a fetchmailrc: strings with or without quotes, in both of which backslashes escape,
//! and the equals sign. Which words are keywords is decided by where they stand.

use super::super::place::{Spot, Wrong};
use super::super::said::Said;
use std::rc::Rc;

/// A token.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Token {
    /// A word or a string.
    Text {
        /// With its escapes undone.
        said: Said,
        /// Whether it stood in quotes, and so is no keyword anywhere.
        quoted: bool,
    },
    /// `=`
    Equals(Spot),
}

impl Token {
    /// Where it stands.
    pub fn spot(&self) -> &Spot {
        match self {
            Self::Text { said, .. } => &said.spot,
            Self::Equals(spot) => spot,
        }
    }

    /// The word, if it may be a keyword.
    pub fn word(&self) -> Option<&str> {
        match self {
            Self::Text {
                said,
                quoted: false,
            } => said.text(),
            _ => None,
        }
    }
}

/// Words that mean nothing, unless a name is to come.
const NOISE: [&str; 5] = ["with", "and", "has", "wants", "options"];

/// Words behind which a name comes, whatever it looks like.
const NAMED: [&str; 6] = ["user", "username", "pass", "password", "is", "to"];

/// Words behind which `password` is a way to log in.
const METHOD: [&str; 4] = ["auth", "authenticate", "preauth", "preauthenticate"];

/// What the next word may be.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Next {
    Any,
    Name,
    Method,
}

impl Next {
    /// What may come behind a word that is a keyword wherever it can be one; none if it means nothing.
    fn behind(self, word: Option<&str>) -> Option<Self> {
        match (self, word) {
            (Self::Any | Self::Method, Some(word)) if NOISE.contains(&word) => None,
            (Self::Method, Some("password")) => Some(Self::Any),
            (Self::Any | Self::Method, Some(word)) if NAMED.contains(&word) => Some(Self::Name),
            (Self::Any, Some(word)) if METHOD.contains(&word) => Some(Self::Method),
            _ => Some(Self::Any),
        }
    }
}

/// The tokens of a file. Fails at a string without an end.
pub fn tokens(file: &Rc<str>, text: &[u8]) -> Result<Vec<Token>, Wrong> {
    let mut tokens = Vec::new();
    let (mut rest, mut spot) = (text, Spot::new(file, 1));
    let mut next = Next::Any;
    while let [first, tail @ ..] = rest {
        let behind = match first {
            b' ' | b'\t' | b'\r' | b'\n' | b';' | b':' | b',' => tail,
            b'\\' if tail.first() == Some(&b'\n') => tail,
            b'#' => {
                let end = rest.iter().position(|b| *b == b'\n');
                &rest[end.unwrap_or(rest.len())..]
            }
            b'=' => {
                tokens.push(Token::Equals(spot.clone()));
                next = Next::Name;
                tail
            }
            _ => {
                let (token, behind) = text_at(rest, &spot)?;
                if let Some(behind) = next.behind(token.word()) {
                    next = behind;
                    tokens.push(token);
                }
                behind
            }
        };
        pass(&mut spot, &rest[..rest.len() - behind.len()]);
        rest = behind;
    }
    Ok(tokens)
}

/// Moves a place behind what stands there.
fn pass(spot: &mut Spot, text: &[u8]) {
    for byte in text {
        match byte {
            b'\n' => (spot.line, spot.column) = (spot.line + 1, 1),
            0x80..=0xbf => {} // goes on with a character of UTF-8
            _ => spot.column += 1,
        }
    }
}

/// The longer of what reads as a string in quotes and what reads as a word.
fn text_at<'t>(rest: &'t [u8], spot: &Spot) -> Result<(Token, &'t [u8]), Wrong> {
    let ends = |b: &u8| b"=;:, \t\r\n".contains(b);
    let bare = rest.iter().position(ends).unwrap_or(rest.len());
    let quote = rest.first().filter(|b| matches!(b, b'"' | b'\''));
    let closed = quote.and_then(|quote| rest[1..].iter().position(|b| b == quote));
    let (inner, length, quoted) = match closed {
        Some(end) if end + 2 >= bare => (&rest[1..=end], end + 2, true),
        None if quote.is_some() => return Err(Wrong::new(spot, "a string without an end")),
        _ => (&rest[..bare], bare, false),
    };
    let said = Said {
        bytes: unescaped(inner),
        spot: spot.clone(),
    };
    Ok((Token::Text { said, quoted }, &rest[length..]))
}

/// Undoes escapes: those of C, but for numbers in tens (`\233`) unless they begin with a nought. A
/// NUL ends the string.
fn unescaped(text: &[u8]) -> Vec<u8> {
    let mut out = Vec::new();
    let mut rest = text;
    while let [byte, tail @ ..] = rest {
        let (byte, behind) = match (byte, tail) {
            (b'\\', []) => break,
            (b'\\', [b'\n', tail @ ..]) => {
                rest = tail;
                continue;
            }
            (b'\\', [sign, behind @ ..]) => match sign {
                b'n' => (b'\n', behind),
                b't' => (b'\t', behind),
                b'b' => (8, behind),
                b'r' => (b'\r', behind),
                b'x' | b'X' => number(behind, 16, 2),
                b'0' => number(tail, 8, 3),
                b'1'..=b'9' => number(tail, 10, 3),
                sign => (*sign, behind),
            },
            (byte, tail) => (*byte, tail),
        };
        if byte == 0 {
            break;
        }
        out.push(byte);
        rest = behind;
    }
    out
}

/// A number of so many digits at most, and what stands behind it.
fn number(text: &[u8], radix: u32, most: usize) -> (u8, &[u8]) {
    let digit = |byte: &u8| char::from(*byte).to_digit(radix);
    let digits = text.iter().take(most).map_while(digit);
    let length = digits.clone().count();
    let number = digits.fold(0, |number, digit| number * radix + digit);
    (u8::try_from(number & 0xff).unwrap_or(0), &text[length..])
}

#[cfg(test)]
mod tests {
    use super::*;

    fn texts(text: &[u8]) -> Vec<Vec<u8>> {
        let tokens = tokens(&"rc".into(), text).unwrap();
        let bytes = |token| match token {
            Token::Text { said, .. } => said.bytes,
            Token::Equals(_) => b"=".to_vec(),
        };
        tokens.into_iter().map(bytes).collect()
    }

    #[test]
    fn escapes_are_those_of_fetchmail() {
        let vectors: [(&[u8], &[u8]); 20] = [
            (br#""a\233b""#, b"a\xe9b"),
            (br#""a\0101b""#, b"a\x081b"),
            (br#""a\101b""#, b"aeb"),
            (br#""a\x41b""#, b"aAb"),
            (br#""a\x414b""#, b"aA4b"),
            (br#""a\X4Gb""#, b"a\x04Gb"),
            (br#""a\qb""#, b"aqb"),
            (br#""a\\b""#, b"a\\b"),
            (br"a\x20b", b"a b"),
            (b"ab#cd", b"ab#cd"),
            (b"'a\"b'", b"a\"b"),
            (b"12345", b"12345"),
            (b"\"a\\\nb\"", b"ab"),
            (br#""a\9z""#, b"a\tz"),
            (br#""a\019""#, b"a\x019"),
            (b"keep", b"keep"),
            (br#""a\0b""#, b"a"),
            (b"''", b""),
            (br#""a\nb""#, b"a\nb"),
            (b"a\"b", b"a\"b"),
        ];
        for (written, meant) in vectors {
            let shown = String::from_utf8_lossy(written);
            assert_eq!(texts(written), [meant], "{shown}");
        }
    }

    #[test]
    fn what_means_nothing_is_passed_by() {
        let text = b"poll x: # with\n options proto,pop3; \\\n a=b \"and\"";
        let words: [&[u8]; 7] = [b"poll", b"x", b"proto", b"pop3", b"a", b"=", b"b"];
        assert_eq!(texts(text)[..7], words);
        assert_eq!(texts(text)[7], b"and");
        assert!(tokens(&"rc".into(), b"\"a").is_err());
    }

    /// As fetchmail --configdump shows it.
    #[test]
    fn a_name_may_be_a_word_that_means_nothing_elsewhere() {
        for (text, meant) in [
            (
                "user options password has is ann",
                "user options password has is ann",
            ),
            (
                "user a has password with is b and c",
                "user a password with is b c",
            ),
            ("user 'a' and is # with\n with here", "user a is with here"),
            ("is and=with and options=x", "is and = with = x"),
            (
                "user user has password password wants keep",
                "user user password password keep",
            ),
            ("auth with password and user a", "auth password user a"),
            ("auth any and password with", "auth any password with"),
            ("user auth password with has", "user auth password with"),
            ("mda has x via with y", "mda x via y"),
        ] {
            let words = texts(text.as_bytes()).join(&b' ');
            assert_eq!(String::from_utf8_lossy(&words), meant, "{text}");
        }
    }

    #[test]
    fn each_token_has_its_line_and_column() {
        let text = "poll \"ü\nü\" # x\n\tproto=\\\n a";
        let tokens = tokens(&"rc".into(), text.as_bytes()).unwrap();
        let places = tokens.iter().map(Token::spot);
        let places: Vec<_> = places.map(|spot| (spot.line, spot.column)).collect();
        assert_eq!(places, [(1, 1), (1, 6), (3, 2), (3, 7), (4, 2)]);
    }
}
