//! SASL mechanisms (RFC 4422): each gives its messages and judges the server's, and knows nothing of
//! how they travel.

mod plain;

pub use plain::{Login, Plain};

use crate::error::Result;
use crate::secret::Secret;

/// A mechanism at work on one login.
pub trait Mechanism {
    /// The message that may be sent before the server has said anything; `None` if the server
    /// speaks first.
    fn initial(&mut self) -> Option<Secret>;

    /// The answer to a challenge.
    fn respond(&mut self, challenge: &[u8]) -> Result<Secret>;

    /// Whether all has been said that must be, on both sides, before the server may agree.
    fn done(&self) -> bool;
}
