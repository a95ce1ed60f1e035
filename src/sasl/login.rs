//! LOGIN, which was never standardised: user and password, in this order, whatever the server's
//! prompts say.

use super::{nonsense, Mechanism, User};
use crate::error::Result;
use crate::secret::Secret;

/// LOGIN.
pub struct Login<'s> {
    name: Option<&'s str>,
    secret: Option<&'s Secret>,
}

impl<'s> Login<'s> {
    /// Begins a login.
    pub fn new(user: User<'s>) -> Self {
        Self {
            name: Some(user.name),
            secret: Some(user.secret),
        }
    }
}

impl Mechanism for Login<'_> {
    fn initial(&mut self) -> Option<Secret> {
        None
    }

    fn respond(&mut self, challenge: &[u8]) -> Result<Secret> {
        if let Some(name) = self.name.take() {
            return Ok(Secret::new(name.as_bytes().to_vec()));
        }
        match self.secret.take() {
            Some(secret) => Ok(secret.clone()),
            None => Err(nonsense("the end of LOGIN", challenge)),
        }
    }

    fn listens(&self) -> bool {
        false
    }

    fn committed(&self) -> bool {
        self.secret.is_none()
    }

    fn done(&self) -> bool {
        self.secret.is_none()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn login_answers_twice_and_then_gives_up() {
        let secret = Secret::new(b"pw".to_vec());
        let mut login = Login::new(User {
            name: "tim",
            secret: &secret,
        });
        assert!(login.initial().is_none());
        assert_eq!(login.respond(b"Username:").unwrap().expose(), b"tim");
        assert!(!login.committed() && !login.done());
        assert_eq!(login.respond(b"anything").unwrap().expose(), b"pw");
        assert!(login.committed() && login.done());
        assert!(login.respond(b"more?").is_err());
    }
}
