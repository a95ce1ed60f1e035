//! Where nonces come from; the mechanisms are given them.

use crate::error::{Error, Result};
use base64::prelude::{Engine, BASE64_STANDARD};

/// Random letters that nobody has used before, without comma or quote.
pub fn nonce() -> Result<String> {
    random::<24>().map(|octets| BASE64_STANDARD.encode(octets))
}

/// Random octets.
pub fn random<const N: usize>() -> Result<[u8; N]> {
    let mut octets = [0; N];
    getrandom::fill(&mut octets).map_err(|why| Error::System {
        doing: "draw random numbers",
        why: why.into(),
    })?;
    Ok(octets)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nonces_are_long_and_never_the_same() {
        let nonces: Vec<String> = (0..50).map(|_| nonce().unwrap()).collect();
        for (at, one) in nonces.iter().enumerate() {
            assert!(one.len() == 32 && !one.contains([',', '"']), "{one}");
            assert!(!nonces[..at].contains(one), "{one} twice");
        }
    }
}
