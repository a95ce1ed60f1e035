//! CRAM-MD5 (RFC 2195): a keyed digest of what the server sent. Whoever sees it, or makes up the
//! challenge, can try passwords at leisure.

use super::{hex, nonsense, Mechanism, User};
use crate::error::{Error, Result};
use crate::secret::Secret;
use hmac::{Hmac, Mac};
use md5::Md5;

/// CRAM-MD5.
pub struct CramMd5<'s> {
    user: User<'s>,
    answered: bool,
}

impl<'s> CramMd5<'s> {
    /// Begins a login.
    pub fn new(user: User<'s>) -> Self {
        let answered = false;
        Self { user, answered }
    }
}

impl Mechanism for CramMd5<'_> {
    fn initial(&mut self) -> Option<Secret> {
        None
    }

    /// The challenge should be a message-id, which nobody insists on; but something it must be.
    fn respond(&mut self, challenge: &[u8]) -> Result<Secret> {
        if self.answered {
            return Err(nonsense("the end of CRAM-MD5", challenge));
        }
        if challenge.is_empty() {
            return Err(nonsense("a challenge", challenge));
        }
        let mac = Hmac::<Md5>::new_from_slice(self.user.secret.expose());
        let mac = mac.map_err(|_| Error::Bug("HMAC takes keys of any length".into()))?;
        let digest = mac.chain_update(challenge).finalize().into_bytes();
        self.answered = true;
        let answer = format!("{} {}", self.user.name, hex(&digest));
        Ok(Secret::new(answer.into_bytes()))
    }

    fn committed(&self) -> bool {
        self.answered
    }

    fn done(&self) -> bool {
        self.answered
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn answer(name: &str, password: &str, challenge: &[u8]) -> Result<String> {
        let secret = Secret::new(password.into());
        let user = User {
            name,
            secret: &secret,
        };
        let answer = CramMd5::new(user).respond(challenge)?;
        Ok(String::from_utf8(answer.expose().to_vec()).unwrap())
    }

    #[test]
    fn it_gives_the_published_vectors() {
        let published = b"<1896.697170952@postoffice.reston.mci.net>";
        assert_eq!(
            answer("tim", "tanstaaftanstaaf", published).unwrap(),
            "tim b913a602c7eda7a495b4e6e7334d3890"
        );
        assert_eq!(
            answer("ann", "pw", b"<90.1@pop.example.net>").unwrap(),
            "ann 8dd0883754399c5e7576be52ae02c28a"
        );
    }

    #[test]
    fn it_answers_once_and_not_to_nothing() {
        assert!(answer("ann", "pw", b"").is_err());
        let secret = Secret::new(b"pw".to_vec());
        let name = "ann";
        let mut cram = CramMd5::new(User {
            name,
            secret: &secret,
        });
        assert!(!cram.done() && cram.respond(b"<a@b>").is_ok() && cram.done());
        assert!(cram.respond(b"<a@b>").is_err());
    }
}
