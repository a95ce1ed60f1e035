//! A value of another program's file: bytes, and where they stand.

use super::place::Spot;

/// What was said somewhere.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Said {
    /// The bytes, with quotes and escapes undone.
    pub bytes: Vec<u8>,
    /// Where they stand.
    pub spot: Spot,
}

impl Said {
    /// The bytes as text, if they are UTF-8 without NUL.
    pub fn text(&self) -> Option<&str> {
        let text = std::str::from_utf8(&self.bytes).ok()?;
        (!text.contains('\0')).then_some(text)
    }

    /// The bytes, to be shown.
    pub fn shown(&self) -> String {
        String::from_utf8_lossy(&self.bytes).into_owned()
    }

    /// The number that it is.
    pub fn number(&self) -> Option<u64> {
        self.text()?.parse().ok()
    }

    /// The other side of something at the same place.
    pub fn with(&self, bytes: impl Into<Vec<u8>>) -> Self {
        Self {
            bytes: bytes.into(),
            spot: self.spot.clone(),
        }
    }
}
