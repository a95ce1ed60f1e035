//! GSSAPI with Kerberos V5 (RFC 4752): both sides prove themselves by tickets, then agree that what
//! follows is not protected by it.

use super::{nonsense, Mechanism};
use crate::error::Result;
use crate::krb5::Context;
use crate::secret::Secret;

/// No security layer (RFC 4752, section 3.3).
const NO_LAYER: u8 = 1;

/// A login under way.
pub struct Gssapi<'u> {
    user: &'u str,
    context: Context,
    /// Our first token, until it is said.
    first: Option<Vec<u8>>,
    /// Both sides agreed on the layer.
    agreed: bool,
}

impl<'u> Gssapi<'u> {
    /// Begins a login at a host; the ticket for it is got here, so that without one nothing is said.
    pub fn new(user: &'u str, host: &str) -> Result<Self> {
        let mut context = Context::new(host)?;
        let first = Some(context.step(b"")?);
        Ok(Self {
            user,
            context,
            first,
            agreed: false,
        })
    }

    /// Answers what layers the server offers: none is taken, for the user.
    fn agree(&mut self, challenge: &[u8]) -> Result<Vec<u8>> {
        let offer = self.context.unwrap(challenge)?;
        let answer = self.context.wrap(&answer(&offer, self.user)?)?;
        self.agreed = true;
        Ok(answer)
    }
}

/// What answers an offer of layers, each a bit, with the most octets that the server takes at once
/// (RFC 4752, section 3.1). Without a layer we take none; the user follows, to be told apart from
/// the ticket's owner.
pub(super) fn answer(offer: &[u8], user: &str) -> Result<Vec<u8>> {
    match offer {
        [layers, _, _, _] if layers & NO_LAYER != 0 => {
            Ok([&[NO_LAYER, 0, 0, 0], user.as_bytes()].concat())
        }
        _ => Err(nonsense("an offer of no security layer", offer)),
    }
}

impl Mechanism for Gssapi<'_> {
    /// A ticket is longer than a command may be.
    fn initial(&mut self) -> Option<Secret> {
        None
    }

    fn respond(&mut self, challenge: &[u8]) -> Result<Secret> {
        let answer = match self.first.take() {
            Some(first) if challenge.is_empty() => first,
            Some(_) => return Err(nonsense("an empty challenge", challenge)),
            None if self.agreed => return Err(nonsense("the end of GSSAPI", challenge)),
            None if self.context.is_complete() => self.agree(challenge)?,
            None => self.context.step(challenge)?,
        };
        Ok(Secret::new(answer))
    }

    fn done(&self) -> bool {
        self.agreed
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_layer_is_taken_whatever_else_is_offered() {
        for offer in [[1, 0, 0, 0], [7, 1, 0, 0], [3, 255, 255, 255]] {
            assert_eq!(answer(&offer, "j\u{f6}").unwrap(), b"\x01\0\0\0j\xc3\xb6");
        }
    }

    #[test]
    fn an_offer_has_four_octets_and_holds_no_layer() {
        let wrong: [&[u8]; 6] = [
            b"",
            b"\x01",
            b"\x01\0\0",
            b"\x01\0\0\0\0",
            b"\x06\x01\0\0",
            b"\0\0\0\0",
        ];
        for offer in wrong {
            assert!(answer(offer, "alice").is_err(), "{offer:?}");
        }
    }
}
