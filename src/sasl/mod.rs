//! SASL mechanisms (RFC 4422): each gives its messages and judges the server's, and knows nothing of
//! how they travel, nor where its nonce comes from.

mod bearer;
mod cram;
mod digest;
mod gssapi;
mod login;
mod method;
mod nonce;
mod prepare;
#[cfg(any(test, fuzzing))]
pub mod properties;
mod scram;
mod single;

pub use bearer::{Bearer, Dialect};
pub use cram::CramMd5;
pub use digest::DigestMd5;
pub use gssapi::Gssapi;
pub use login::Login;
pub use method::{Method, Methods, Needs, Shows};
pub use nonce::{nonce, random};
pub use scram::{Channel, Hash, Scram};
pub use single::Single;

use crate::error::{Error, Result};
use crate::secret::Secret;
use base64::prelude::{Engine, BASE64_STANDARD};

/// A mechanism at work on one login.
pub trait Mechanism {
    /// The message that may be sent before the server has said anything; `None` if the server
    /// speaks first, or must be made to.
    fn initial(&mut self) -> Option<Secret>;

    /// The answer to a challenge.
    fn respond(&mut self, challenge: &[u8]) -> Result<Secret>;

    /// Whether the next challenge means anything to it; if not, it may be anything.
    fn listens(&self) -> bool {
        true
    }

    /// Whether what was said so far was made from the secret: then a refusal is final.
    fn committed(&self) -> bool {
        true
    }

    /// Whether all has been said that must be, on both sides, before the server may agree.
    fn done(&self) -> bool;

    /// Why the server refuses, if it said so within the mechanism.
    fn verdict(&mut self) -> Option<Error> {
        None
    }
}

/// Who logs in.
#[derive(Clone, Copy)]
pub struct User<'s> {
    /// The name.
    pub name: &'s str,
    /// The password.
    pub secret: &'s Secret,
}

/// A challenge that came in base64, decoded. Where it means nothing it may be anything.
pub fn understood(by: &dyn Mechanism, challenge: Vec<u8>) -> Result<Vec<u8>> {
    match BASE64_STANDARD.decode(&challenge) {
        Ok(decoded) => Ok(decoded),
        Err(_) if !by.listens() => Ok(challenge),
        Err(_) => Err(nonsense("a challenge in base64", &challenge)),
    }
}

/// A challenge that is none.
fn nonsense(expected: &'static str, challenge: &[u8]) -> Error {
    let got = challenge.to_vec();
    Error::Nonsense { expected, got }
}

/// In lower-case hex.
fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}
