//! What stands before the greeting of KPOP: we show a ticket, the server proves that it can read it,
//! and only then it greets. It is `krb5_sendauth` of MIT and Heimdal, which no RFC describes; lengths
//! are of four octets. The messages within are those of GSSAPI without its frame, so that the one
//! library makes them that GSSAPI needs anyway. What follows is not protected by any of it.

use super::Wire;
use crate::error::{Error, Result};
use crate::event::Stage;
use crate::krb5::Context;

/// What we say first, each behind its length: the version of `krb5_sendauth`, and that of KPOP.
const VERSIONS: [&[u8]; 2] = [b"KRB5_SENDAUTH_V1.0\0", b"KPOPV1.0\0"];
/// Longer than any answer of Kerberos.
const LONGEST: usize = 64 * 1024;
/// Longer than any line of those who answer in text.
const LINE: usize = 8 * 1024;
/// What is waited for, and may be cut.
const ANSWER: &str = "the answer to the Kerberos ticket";

/// The frame of GSSAPI (RFC 2743, section 3.1) begins with this, and a length.
const FRAME: u8 = 0x60;
/// Behind the length: who made the token (RFC 1964, section 1), as DER has it.
const MAKER: [u8; 11] = [6, 9, 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x12, 1, 2, 2];
/// Then what it is (RFC 4121, section 4.1): a request, or the answer to one.
const REQUEST: [u8; 2] = [1, 0];
const REPLY: [u8; 2] = [2, 0];

/// The code of a KRB-ERROR that takes a request for one that came before (KRB_AP_ERR_REPEAT).
pub(super) const REPEATED: u32 = 34;
/// The first octet of a KRB-ERROR (RFC 4120, section 5.10).
const REFUSAL: u8 = 0x7e;

/// A ticket for a server, ready to be shown.
pub struct Ticket {
    context: Context,
    request: Vec<u8>,
}

impl Ticket {
    /// Gets one for `pop` at this host; without one the server is not bothered.
    pub fn new(host: &str) -> Result<Self> {
        let mut context = Context::new(host)?;
        let token = context.step(b"")?;
        let bug = || Error::Bug("GSSAPI gave no Kerberos request".into());
        let request = unframed(&token).ok_or_else(bug)?.to_vec();
        Ok(Self { context, request })
    }

    /// Shows it, and takes the server's proof.
    pub fn show(mut self, wire: &mut Wire) -> Result<()> {
        wire.events().enter(Stage::Greeting);
        let versions: Vec<u8> = VERSIONS.iter().flat_map(|text| counted(text)).collect();
        wire.say(&versions, "(the versions of Kerberos and KPOP)")?;
        match wire.octets(1, ANSWER)?.as_slice() {
            [0] => {}
            [1] => return Err(unfit("it knows another way to take Kerberos tickets")),
            [2] => return Err(unfit("it knows another version of KPOP")),
            other => return Err(spoken(wire, other)),
        }
        wire.say(&counted(&self.request), "(a Kerberos ticket)")?;
        match answer(wire)? {
            refusal if !refusal.is_empty() => Err(refused(&refusal)),
            _ => self.believe(&answer(wire)?),
        }
    }

    /// Takes the proof that the server has read the ticket.
    fn believe(&mut self, proof: &[u8]) -> Result<()> {
        self.context.step(&framed(proof))?;
        match self.context.is_complete() {
            true => Ok(()),
            false => Err(Error::Unproven),
        }
    }
}

/// Reads what the server says behind its length.
fn answer(wire: &mut Wire) -> Result<Vec<u8>> {
    let length = wire.octets(4, ANSWER)?;
    let count = length
        .iter()
        .fold(0, |count, octet| count << 8 | usize::from(*octet));
    match count {
        0..=LONGEST => wire.octets(count, ANSWER),
        _ => Err(spoken(wire, &length)),
    }
}

/// What it means that the server answers in text, of which this has been read.
fn spoken(wire: &mut Wire, begun: &[u8]) -> Error {
    let rest = wire.line(LINE, ANSWER).map(<[u8]>::to_vec);
    // Some never end their line.
    let rest = rest.unwrap_or_else(|_| wire.unread().to_vec());
    let line = [begun, &rest].concat();
    wire.show(&line);
    if let Some(words) = line.strip_prefix(b"-ERR") {
        return Error::GreetingRefused(words.trim_ascii().to_vec());
    }
    let because = match line.first() {
        Some(b'+') => "it greets without asking for a ticket",
        Some(0x15 | 0x16) => "it speaks TLS",
        _ => "it answers in another protocol",
    };
    Error::NotKpop {
        because,
        said: line,
    }
}

fn unfit(because: &'static str) -> Error {
    let said = Vec::new();
    Error::NotKpop { because, said }
}

/// What a KRB-ERROR means.
fn refused(message: &[u8]) -> Error {
    let nonsense = || Error::Nonsense {
        expected: "an answer of Kerberos",
        got: message.to_vec(),
    };
    let refusal = refusal(message).map(|(code, said)| Error::TicketUnfit { code, said });
    refusal.unwrap_or_else(nonsense)
}

/// A message behind its length.
fn counted(message: &[u8]) -> Vec<u8> {
    let length = u32::try_from(message.len()).unwrap_or(u32::MAX);
    [&length.to_be_bytes(), message].concat()
}

/// The message in a token of GSSAPI, if it is a request of Kerberos.
pub(super) fn unframed(token: &[u8]) -> Option<&[u8]> {
    let (inner, _) = element(token, FRAME)?;
    inner.strip_prefix(&MAKER)?.strip_prefix(&REQUEST)
}

/// A reply of Kerberos as a token of GSSAPI.
pub(super) fn framed(reply: &[u8]) -> Vec<u8> {
    let inner = [&MAKER, &REPLY[..], reply].concat();
    let length = inner.len().to_be_bytes();
    let zeros = length.iter().take_while(|octet| **octet == 0).count();
    let length = match &length[zeros..] {
        [short @ 0..=0x7f] => vec![*short],
        long => [&[0x80 | long.len() as u8], long].concat(),
    };
    [&[FRAME], &length[..], &inner].concat()
}

/// The code of a KRB-ERROR (RFC 4120, section 5.9.1), and its text, which may be missing.
pub(super) fn refusal(message: &[u8]) -> Option<(u32, Vec<u8>)> {
    let (sequence, _) = element(message, REFUSAL)?;
    let (mut fields, _) = element(sequence, 0x30)?;
    let (mut code, mut text) = (None, Vec::new());
    while let Some(tag) = fields.first() {
        let (field, rest) = element(fields, *tag)?;
        match tag {
            0xa6 => code = number(element(field, 2)?.0),
            0xab => text = element(field, 0x1b)?.0.to_vec(),
            _ => {}
        }
        fields = rest;
    }
    if text.last() == Some(&0) {
        text.pop();
    }
    code.map(|code| (code, text))
}

/// A number that is not negative.
fn number(octets: &[u8]) -> Option<u32> {
    let [first, rest @ ..] = octets else {
        return None;
    };
    let small = *first < 0x80 && rest.len() < 4;
    let value = octets
        .iter()
        .fold(0, |value, octet| value << 8 | u32::from(*octet));
    small.then_some(value)
}

/// What a DER element with this tag holds, and what follows it.
fn element(bytes: &[u8], tag: u8) -> Option<(&[u8], &[u8])> {
    let (length, rest) = match bytes {
        [first, length @ 0..=0x7f, rest @ ..] if *first == tag => (usize::from(*length), rest),
        [first, form @ 0x81..=0x84, rest @ ..] if *first == tag => {
            let (length, rest) = rest.split_at_checked(usize::from(form - 0x80))?;
            let octets = length.iter();
            (
                octets.fold(0, |sum, octet| sum << 8 | usize::from(*octet)),
                rest,
            )
        }
        _ => return None,
    };
    rest.split_at_checked(length)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_request_is_taken_out_of_its_frame_and_a_reply_put_into_one() {
        let token = |kind: &[u8], inner: &[u8]| {
            let length = u8::try_from(MAKER.len() + 2 + inner.len()).unwrap();
            [&[FRAME, length], &MAKER[..], kind, inner].concat()
        };
        assert_eq!(
            unframed(&token(&REQUEST, b"\x6e...")),
            Some(&b"\x6e..."[..])
        );
        assert_eq!(unframed(&token(&REPLY, b"\x6e...")), None);
        assert_eq!(framed(b"\x6f..."), token(&REPLY, b"\x6f..."));
        for (length, head) in [(114, &[127][..]), (115, &[0x81, 128]), (500, &[0x82, 2, 1])] {
            let token = framed(&vec![b'x'; length]);
            assert_eq!(&token[1..=head.len()], head);
            assert_eq!(token.len(), 1 + head.len() + 13 + length);
        }
    }

    #[test]
    fn what_is_not_whole_is_no_element() {
        let whole = [0x82, 0, 3, 1, 2, 3];
        assert_eq!(
            element(&[&[5], &whole[..]].concat(), 5),
            Some((&[1, 2, 3][..], &[][..]))
        );
        assert_eq!(element(&[5, 1, 9, 7], 5), Some((&[9][..], &[7][..])));
        for wrong in [
            &[][..],
            &[5],
            &[5, 1],
            &[5, 0x81],
            &[5, 0x80],
            &[5, 0x85, 0, 0, 0, 0, 0],
            &[6, 0],
        ] {
            assert_eq!(element(wrong, 5), None, "{wrong:?}");
        }
    }
}
