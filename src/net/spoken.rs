//! What is said, line by line, and how it is shown.

use crate::secret::Secret;
use base64::prelude::{Engine, BASE64_STANDARD};
use zeroize::Zeroizing;

/// A line to be sent, and how it is shown if it holds a secret.
pub struct Spoken {
    pub(super) line: Zeroizing<Vec<u8>>,
    pub(super) shown: Option<String>,
}

impl Spoken {
    /// A line without secrets.
    pub fn open(line: impl Into<Vec<u8>>) -> Self {
        Self {
            line: Zeroizing::new(line.into()),
            shown: None,
        }
    }

    /// A line that is shown as `shown` instead.
    pub fn masked(line: Vec<u8>, shown: impl Into<String>) -> Self {
        Self {
            line: Zeroizing::new(line),
            shown: Some(shown.into()),
        }
    }

    /// A line whose last word is a secret in base64, as SASL has it.
    pub fn encoded(words: &str, secret: &[u8]) -> Self {
        let said = Zeroizing::new(BASE64_STANDARD.encode(secret));
        let line = [words.as_bytes(), said.as_bytes()].concat();
        Self::masked(line, format!("{words}***"))
    }

    /// The command that begins a mechanism with its first message, if it is no longer than so many
    /// octets with its line end (RFC 4954, section 4; RFC 5034, section 4).
    pub fn initial(mechanism: &str, message: &Secret, limit: usize) -> Option<Self> {
        let line = match message.expose() {
            [] => Self::open(format!("AUTH {mechanism} =")),
            said => Self::encoded(&format!("AUTH {mechanism} "), said),
        };
        (line.len() <= limit).then_some(line)
    }

    /// A further message of a mechanism, on a line of its own.
    pub fn response(message: &Secret) -> Self {
        match message.expose() {
            [] => Self::open(""),
            said => Self::encoded("", said),
        }
    }

    /// Its length with its line end.
    pub fn len(&self) -> usize {
        self.line.len() + 2
    }
}
