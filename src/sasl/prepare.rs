//! SASLprep (RFC 4013): the one form of a name or password that may be written in several ways.

use crate::error::{Error, Result};
use zeroize::Zeroizing;

/// A name or password, prepared. What cannot be is not sent.
pub fn prepared(text: &[u8]) -> Result<Zeroizing<String>> {
    let refused = || {
        Error::Uncarriable("user or password holds a character that SCRAM forbids (see RFC 4013)")
    };
    let text = std::str::from_utf8(text).map_err(|_| refused())?;
    let prepared = stringprep::saslprep(text).map_err(|_| refused())?;
    match prepared.is_empty() {
        true => Err(refused()),
        false => Ok(Zeroizing::new(prepared.into_owned())),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_gives_the_published_vectors() {
        for (text, expected) in [
            ("I\u{ad}X", "IX"),
            ("user", "user"),
            ("USER", "USER"),
            ("\u{aa}", "a"),
            ("\u{2168}", "IX"),
            (
                " !\"#$%&'()*+,-./09:;<=>?@AZ[\\]^_`az{|}~",
                " !\"#$%&'()*+,-./09:;<=>?@AZ[\\]^_`az{|}~",
            ),
        ] {
            assert_eq!(*prepared(text.as_bytes()).unwrap(), expected);
        }
        for bad in [
            &b"\x07"[..],
            "\u{627}1".as_bytes(),
            b"\xff",
            b"",
            "\u{ad}".as_bytes(),
        ] {
            assert!(prepared(bad).is_err(), "{bad:?}");
        }
    }
}
