//! A popget that was built without HTTPS.

use super::{Page, Web};
use crate::error::{Error, Result};
use zeroize::Zeroizing;

/// Says so.
pub fn exchange(_: &Web, _: &str, _: Option<Zeroizing<String>>) -> Result<Page> {
    Err(Error::NoWeb)
}
