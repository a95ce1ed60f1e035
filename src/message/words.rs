//! What a head says to people: encoded words (RFC 2047) and dates (RFC 5322). Pure, and lenient: what
//! is not understood stays as it is, for it is only shown.

use super::Time;
use base64::alphabet::STANDARD;
use base64::engine::{DecodePaddingMode, Engine, GeneralPurpose, GeneralPurposeConfig};
use chrono::DateTime;
use encoding_rs::Encoding;

/// Base64 as mail has it: some leave the padding out, and some leave bits over.
const BASE64: GeneralPurpose = GeneralPurpose::new(
    &STANDARD,
    GeneralPurposeConfig::new()
        .with_decode_allow_trailing_bits(true)
        .with_decode_padding_mode(DecodePaddingMode::Indifferent),
);

/// Longer encoded words are taken for text: 75 are allowed (RFC 2047, section 2), and the end of
/// each is looked for.
pub(super) const LONGEST: usize = 4096;

/// A header's value with its encoded words decoded to UTF-8. White space between two of them is not
/// part of the text (RFC 2047, section 6.2); neighbours in the same character set are decoded
/// together, since some senders cut a character in two.
pub fn decoded(value: &[u8]) -> Vec<u8> {
    let mut text = Vec::with_capacity(value.len());
    let mut word: Option<Word> = None;
    let mut rest = value;
    while let Some(at) = memchr::memmem::find(rest, b"=?") {
        let (before, from) = rest.split_at(at);
        match Word::read(from) {
            Some((next, length)) => {
                let joined = word.take().map(|last| (last, before));
                word = Some(match joined {
                    Some((last, gap)) => last.followed(gap, next, &mut text),
                    None => {
                        text.extend_from_slice(before);
                        next
                    }
                });
                rest = &from[length..];
            }
            None => {
                flush(&mut word, &mut text);
                text.extend_from_slice(&rest[..at + 2]);
                rest = &rest[at + 2..];
            }
        }
    }
    flush(&mut word, &mut text);
    text.extend_from_slice(rest);
    text
}

/// The moment that a Date header names. The day of the week adds nothing to it, and some senders get
/// it wrong.
pub fn date(value: &[u8]) -> Option<Time> {
    let text = std::str::from_utf8(value).ok()?;
    let rest = text.split_once(',').map_or(text, |(_, rest)| rest);
    let moment = DateTime::parse_from_rfc2822(rest.trim()).ok()?;
    Some(Time(moment.timestamp()))
}

/// The bytes of an encoded word, and the character set that they are in.
struct Word {
    set: &'static Encoding,
    bytes: Vec<u8>,
}

impl Word {
    /// Reads the encoded word at the head of `from`, and tells its length.
    fn read(from: &[u8]) -> Option<(Self, usize)> {
        let from = &from[..from.len().min(LONGEST)];
        let mut parts = from.get(2..)?.splitn(3, |b| *b == b'?');
        let (set, encoding, rest) = (parts.next()?, parts.next()?, parts.next()?);
        let end = memchr::memmem::find(rest, b"?=")?;
        // A language may stand behind the character set (RFC 2231, section 5).
        let name = set.split(|b| *b == b'*').next()?;
        let set = Encoding::for_label(name)?;
        let bytes = match encoding {
            b"B" | b"b" => BASE64.decode(&rest[..end]).ok()?,
            b"Q" | b"q" => unquoted(&rest[..end]),
            _ => return None,
        };
        let before = from.len() - rest.len();
        Some((Self { set, bytes }, before + end + 2))
    }

    /// Joins the next word to this one, or writes this one and what stands between them.
    fn followed(mut self, gap: &[u8], next: Self, text: &mut Vec<u8>) -> Self {
        let blank = gap.trim_ascii().is_empty();
        if blank && self.set == next.set {
            self.bytes.extend(next.bytes);
            return self;
        }
        flush(&mut Some(self), text);
        if !blank {
            text.extend_from_slice(gap);
        }
        next
    }
}

/// Writes a word as UTF-8.
fn flush(word: &mut Option<Word>, text: &mut Vec<u8>) {
    if let Some(word) = word.take() {
        let (decoded, _) = word.set.decode_without_bom_handling(&word.bytes);
        text.extend_from_slice(decoded.as_bytes());
    }
}

/// The encoding Q: an underscore is a space, and `=XX` is the byte XX.
fn unquoted(text: &[u8]) -> Vec<u8> {
    let digit = |at: usize| text.get(at).and_then(|b| char::from(*b).to_digit(16));
    let mut bytes = Vec::with_capacity(text.len());
    let mut at = 0;
    while let Some(byte) = text.get(at) {
        let pair = digit(at + 1).zip(digit(at + 2));
        let pair = pair.and_then(|(high, low)| u8::try_from(high << 4 | low).ok());
        match (byte, pair) {
            (b'=', Some(coded)) => {
                bytes.push(coded);
                at += 2;
            }
            (b'_', _) => bytes.push(b' '),
            (byte, _) => bytes.push(*byte),
        }
        at += 1;
    }
    bytes
}

#[cfg(test)]
mod tests {
    use super::*;

    fn reads(value: &str, text: &str) {
        assert_eq!(
            String::from_utf8_lossy(&decoded(value.as_bytes())),
            text,
            "{value}"
        );
    }

    #[test]
    fn the_examples_of_rfc_2047_are_read() {
        // Section 8.
        reads(
            "=?US-ASCII?Q?Keith_Moore?= <moore@cs.utk.edu>",
            "Keith Moore <moore@cs.utk.edu>",
        );
        reads(
            "=?ISO-8859-1?Q?Keld_J=F8rn_Simonsen?= <keld@dkuug.dk>",
            "Keld Jørn Simonsen <keld@dkuug.dk>",
        );
        reads(
            "=?ISO-8859-1?B?SWYgeW91IGNhbiByZWFkIHRoaXMgeW8=?=\r\n \
             =?ISO-8859-2?B?dSB1bmRlcnN0YW5kIHRoZSBleGFtcGxlLg==?=",
            "If you can read this you understand the example.",
        );
        reads("(=?ISO-8859-1?Q?a?=)", "(a)");
        reads("(=?ISO-8859-1?Q?a?= b)", "(a b)");
        reads("(=?ISO-8859-1?Q?a?= =?ISO-8859-1?Q?b?=)", "(ab)");
        reads("(=?ISO-8859-1?Q?a?=  =?ISO-8859-1?Q?b?=)", "(ab)");
        reads("(=?ISO-8859-1?Q?a?=\r\n  =?ISO-8859-1?Q?b?=)", "(ab)");
        reads("(=?ISO-8859-1?Q?a_b?=)", "(a b)");
        reads("(=?ISO-8859-1?Q?a?= =?ISO-8859-2?Q?_b?=)", "(a b)");
    }

    #[test]
    fn what_is_no_encoded_word_stays_as_it_is() {
        for text in [
            "",
            "plain",
            "=?",
            "=?utf-8?",
            "=?utf-8?Q?never ends",
            "=?utf-8?X?what?=",
            "=?no-such-set?Q?a?=",
            "=?utf-8?B?!?=",
            "a =? b ?= c",
        ] {
            reads(text, text);
        }
        assert_eq!(decoded(b"Gr\xfc\xdfe"), b"Gr\xfc\xdfe");
        let endless = format!("=?utf-8?Q?{}?=", "a".repeat(LONGEST));
        reads(&endless, &endless);
        reads("=?x =?utf-8?Q?a?=", "=?x a");
        reads("=?utf-8?Q?a=?= b", "a= b");
        reads("=?utf-8?Q?=4?=", "=4");
    }

    #[test]
    fn a_character_cut_in_two_is_whole_again() {
        reads("=?utf-8?B?w?= =?utf-8?Q?=BC?=", "=?utf-8?B?w?= \u{fffd}");
        reads("=?utf-8?Q?=C3?= =?utf-8?Q?=BC?=", "ü");
        reads("=?iso-2022-jp?B?GyRCRnxLXBsoQg==?=", "日本");
        reads("=?utf-8*de?Q?=C3=BC?=", "ü");
        reads("=?utf-8?B?w7w?=", "ü");
    }

    #[test]
    fn dates_are_read_as_mail_has_them() {
        let at = |text: &str| date(text.as_bytes()).map(|time| time.0);
        assert_eq!(at("Fri, 21 Nov 1997 09:55:06 -0600"), Some(880_127_706));
        assert_eq!(at(" 21 Nov 97 09:55:06 GMT "), Some(880_106_106));
        assert_eq!(
            at("Fri, 21 Nov 1997 09:55:06 -0600 (CST)"),
            Some(880_127_706)
        );
        let monday = at("Mon, 21 Nov 1997 09:55:06 -0600");
        assert_eq!(monday, Some(880_127_706));
        assert_eq!(at("yesterday"), None);
        assert_eq!(at(""), None);
        assert_eq!(date(b"\xff"), None);
    }
}
