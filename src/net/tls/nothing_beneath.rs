//! Where no library is known to lie beneath native-tls: what cannot be told there, see `beneath`.

use super::{native, Certificate, Secured, Trust};
use crate::error::Result;
use crate::net::{Patience, Transport};
use zeroize::Zeroizing;

/// There is none.
pub const THERE: bool = false;

/// Nothing needs to be.
pub fn make_ready() {}

/// What native-tls uses here, which does not tell its version.
pub fn library() -> &'static str {
    match cfg!(target_vendor = "apple") {
        true => "Security.framework",
        false => "OpenSSL",
    }
}

/// Nothing is.
pub fn is_light(_trust: &Trust) -> bool {
    false
}

/// Agrees on TLS by native-tls.
pub fn secure(
    transport: Box<dyn Transport>,
    trust: &Trust,
    patience: &Patience,
) -> Result<(Box<dyn Transport>, Secured)> {
    native::secure(transport, trust, patience)
}

/// Nothing reads certificates here.
pub fn read(_der: &[u8]) -> Option<Certificate> {
    None
}

/// Nothing converts keys here.
pub fn as_pkcs8(_pem: &[u8]) -> Option<Zeroizing<Vec<u8>>> {
    None
}
