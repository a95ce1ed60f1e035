//! What is said, line by line, and how it is shown.

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

    /// Its length with its line end.
    pub fn len(&self) -> usize {
        self.line.len() + 2
    }
}
