//! The mechanisms that send the password as it is: PLAIN (RFC 4616) and LOGIN (never standardised).

use super::Mechanism;
use crate::error::{Error, Result};
use crate::secret::Secret;

/// PLAIN: everything in one message.
pub struct Plain<'s> {
    user: &'s str,
    secret: &'s Secret,
    said: bool,
}

impl<'s> Plain<'s> {
    /// Begins a login.
    pub fn new(user: &'s str, secret: &'s Secret) -> Self {
        Self {
            user,
            secret,
            said: false,
        }
    }

    fn message(&mut self) -> Secret {
        self.said = true;
        Secret::new([b"\0", self.user.as_bytes(), b"\0", self.secret.expose()].concat())
    }
}

impl Mechanism for Plain<'_> {
    fn initial(&mut self) -> Option<Secret> {
        Some(self.message())
    }

    fn respond(&mut self, _challenge: &[u8]) -> Result<Secret> {
        Ok(self.message())
    }

    fn done(&self) -> bool {
        self.said
    }
}

/// LOGIN: user and password, in this order, whatever the server's prompts say.
pub struct Login<'s> {
    user: Option<&'s str>,
    secret: Option<&'s Secret>,
}

impl<'s> Login<'s> {
    /// Begins a login.
    pub fn new(user: &'s str, secret: &'s Secret) -> Self {
        Self {
            user: Some(user),
            secret: Some(secret),
        }
    }
}

impl Mechanism for Login<'_> {
    fn initial(&mut self) -> Option<Secret> {
        None
    }

    fn respond(&mut self, challenge: &[u8]) -> Result<Secret> {
        if let Some(user) = self.user.take() {
            return Ok(Secret::new(user.as_bytes().to_vec()));
        }
        match self.secret.take() {
            Some(secret) => Ok(secret.clone()),
            None => Err(Error::Nonsense {
                expected: "the end of LOGIN",
                got: challenge.to_vec(),
            }),
        }
    }

    fn done(&self) -> bool {
        self.secret.is_none()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use base64::prelude::{Engine, BASE64_STANDARD};

    #[test]
    fn plain_gives_the_published_vectors() {
        let plain = |user, password: &str| {
            let secret = Secret::new(password.into());
            let message = Plain::new(user, &secret).initial().unwrap();
            BASE64_STANDARD.encode(message.expose())
        };
        assert_eq!(
            plain("tim", "tanstaaftanstaaf"),
            "AHRpbQB0YW5zdGFhZnRhbnN0YWFm"
        );
        assert_eq!(
            plain("ann@example.net", "pa ss"),
            "AGFubkBleGFtcGxlLm5ldABwYSBzcw=="
        );
    }

    #[test]
    fn login_answers_twice_and_then_gives_up() {
        let secret = Secret::new(b"pw".to_vec());
        let mut login = Login::new("tim", &secret);
        assert!(login.initial().is_none());
        assert_eq!(login.respond(b"Username:").unwrap().expose(), b"tim");
        assert_eq!(login.respond(b"anything").unwrap().expose(), b"pw");
        assert!(login.respond(b"more?").is_err());
    }
}
