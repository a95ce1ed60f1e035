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
        match offer.as_slice() {
            [layers, _, _, _] if layers & NO_LAYER != 0 => {}
            _ => return Err(nonsense("an offer of no security layer", &offer)),
        }
        let answer = [&[NO_LAYER, 0, 0, 0], self.user.as_bytes()].concat();
        self.agreed = true;
        self.context.wrap(&answer)
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
