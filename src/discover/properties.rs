//! What holds of whatever a domain says of its servers over HTTPS.

use super::{autoconfig, Address};
use crate::net::{is_host, TlsMode};

/// Texts are read without trouble, and lead to hosts with TLS alone.
pub fn autoconfig(bytes: &[u8]) {
    let address = Address {
        local: "alice".into(),
        domain: "example.org".into(),
    };
    for offer in autoconfig::read(bytes, &address).unwrap_or_default() {
        assert!(is_host(&offer.host) && offer.port != 0 && offer.tls != TlsMode::Off);
        let user = offer.user.unwrap_or_default();
        assert!(!user.contains(char::is_control) && user.len() <= 256);
    }
}
