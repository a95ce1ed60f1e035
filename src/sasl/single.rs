//! The mechanisms that say all they have to say in one message, whatever the server asks: PLAIN
//! (RFC 4616), EXTERNAL (RFC 4422) and ANONYMOUS (RFC 4505).

use super::{nonsense, Mechanism, User};
use crate::error::{Error, Result};
use crate::secret::Secret;

/// The longest name and the longest password that PLAIN carries, in octets.
const LIMIT: usize = 255;

/// One message.
pub struct Single {
    message: Secret,
    secret: bool,
    /// How often it may still be said: a server that does not take it with the command asks again.
    left: u8,
}

impl Single {
    /// PLAIN: user and password as they are.
    pub fn plain(user: User) -> Result<Self> {
        let parts = [user.name.as_bytes(), user.secret.expose()];
        if parts.iter().any(|part| part.contains(&0)) {
            return Err(Error::Uncarriable(
                "user or password holds NUL, which PLAIN cannot carry",
            ));
        }
        if parts.iter().any(|part| part.len() > LIMIT) {
            return Err(Error::Uncarriable(
                "user or password is longer than the 255 bytes that PLAIN carries",
            ));
        }
        let message = Secret::new([b"\0", parts[0], b"\0", parts[1]].concat());
        Ok(Self {
            message,
            secret: true,
            left: 2,
        })
    }

    /// EXTERNAL: the server knows already who we are, by our certificate.
    pub fn external() -> Self {
        Self::open(Vec::new())
    }

    /// ANONYMOUS, with a trace; an address is nobody's business and is left away.
    pub fn anonymous(trace: &str) -> Result<Self> {
        if trace.contains('@') {
            return Ok(Self::open(Vec::new()));
        }
        match trace.chars().count() {
            0..=LIMIT => Ok(Self::open(trace.as_bytes().to_vec())),
            _ => Err(Error::Uncarriable(
                "the user is longer than the 255 characters that ANONYMOUS carries",
            )),
        }
    }

    fn open(message: Vec<u8>) -> Self {
        Self {
            message: Secret::new(message),
            secret: false,
            left: 2,
        }
    }

    fn said(&self) -> bool {
        self.left < 2
    }
}

impl Mechanism for Single {
    fn initial(&mut self) -> Option<Secret> {
        self.left -= 1;
        Some(self.message.clone())
    }

    fn respond(&mut self, challenge: &[u8]) -> Result<Secret> {
        self.left = match self.left.checked_sub(1) {
            Some(left) => left,
            None => return Err(nonsense("the end of AUTH", challenge)),
        };
        Ok(self.message.clone())
    }

    fn listens(&self) -> bool {
        false
    }

    fn committed(&self) -> bool {
        self.secret && self.said()
    }

    fn done(&self) -> bool {
        self.said()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use base64::prelude::{Engine, BASE64_STANDARD};

    fn plain(name: &str, password: &[u8]) -> Result<String> {
        let secret = Secret::new(password.to_vec());
        let user = User {
            name,
            secret: &secret,
        };
        let message = Single::plain(user)?.initial().unwrap();
        Ok(BASE64_STANDARD.encode(message.expose()))
    }

    #[test]
    fn plain_gives_the_published_vectors() {
        assert_eq!(
            plain("tim", b"tanstaaftanstaaf").unwrap(),
            "AHRpbQB0YW5zdGFhZnRhbnN0YWFm"
        );
        assert_eq!(
            plain("ann@example.net", b"pa ss").unwrap(),
            "AGFubkBleGFtcGxlLm5ldABwYSBzcw=="
        );
    }

    #[test]
    fn plain_carries_no_nul_and_nothing_long() {
        assert!(plain("tim", &[b'p'; 255]).is_ok());
        assert!(plain("tim", &[b'p'; 256]).is_err());
        assert!(plain(&"t".repeat(256), b"p").is_err());
        assert!(plain("tim", b"p\0w").is_err());
        assert!(plain("t\0im", b"pw").is_err());
    }

    #[test]
    fn anonymous_gives_the_published_vector_and_no_address() {
        let trace = |user: &str| {
            let mut anonymous = Single::anonymous(user).unwrap();
            BASE64_STANDARD.encode(anonymous.initial().unwrap().expose())
        };
        assert_eq!(trace("sirhc"), "c2lyaGM=");
        assert_eq!(trace("sirhc@example.org"), "");
        assert!(Single::anonymous(&"\u{e9}".repeat(255)).is_ok());
        assert!(Single::anonymous(&"\u{e9}".repeat(256)).is_err());
    }

    #[test]
    fn it_is_said_twice_at_most() {
        let mut external = Single::external();
        assert!(!external.done() && external.initial().is_some() && external.done());
        assert!(!external.committed());
        assert!(external.respond(b"").unwrap().expose().is_empty());
        assert!(external.respond(b"").is_err());
    }
}
