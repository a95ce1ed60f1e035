//! The mechanisms that carry an OAuth 2.0 access token: OAUTHBEARER (RFC 7628) and XOAUTH2, from
//! which it came. Whoever reads the token may use it.

use super::{nonsense, Mechanism, User};
use crate::error::{Error, Result};
use crate::secret::Secret;
use serde_json::Value;

/// How a token is wrapped.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Dialect<'s> {
    /// OAUTHBEARER, which names the server that the token is shown to.
    OAuthBearer {
        /// Its host.
        host: &'s str,
        /// Its port.
        port: u16,
    },
    /// XOAUTH2.
    XOAuth2,
}

/// A token to be shown.
pub struct Bearer<'s> {
    dialect: Dialect<'s>,
    message: Secret,
    step: Step,
}

enum Step {
    Show,
    Shown,
    /// The token was refused, for this reason if it was not told yet.
    Refused(Option<Vec<u8>>),
}

impl<'s> Bearer<'s> {
    /// Begins a login; the user's secret is the token.
    pub fn new(dialect: Dialect<'s>, user: User) -> Result<Self> {
        let token = user.secret.expose();
        if token.is_empty() || !token.iter().all(u8::is_ascii_graphic) {
            return Err(Error::Uncarriable(
                "the token holds characters that are in no token",
            ));
        }
        if user.name.contains('\x01') {
            return Err(Error::Uncarriable(
                "the user holds a control character, which no token goes with",
            ));
        }
        let head = match dialect {
            Dialect::OAuthBearer { host, port } => {
                let name = user.name.replace('=', "=3D").replace(',', "=2C");
                format!("n,a={name},\x01host={host}\x01port={port}\x01auth=Bearer ")
            }
            Dialect::XOAuth2 => format!("user={}\x01auth=Bearer ", user.name),
        };
        Ok(Self {
            dialect,
            message: Secret::new([head.as_bytes(), token, b"\x01\x01"].concat()),
            step: Step::Show,
        })
    }
}

impl Mechanism for Bearer<'_> {
    /// It would not fit into a command, and some want to ask for it in any case.
    fn initial(&mut self) -> Option<Secret> {
        None
    }

    fn respond(&mut self, challenge: &[u8]) -> Result<Secret> {
        match self.step {
            Step::Show => {
                self.step = Step::Shown;
                Ok(self.message.clone())
            }
            Step::Shown => {
                self.step = Step::Refused(Some(reason(challenge)));
                Ok(Secret::new(match self.dialect {
                    Dialect::OAuthBearer { .. } => vec![1],
                    Dialect::XOAuth2 => Vec::new(),
                }))
            }
            Step::Refused(_) => Err(nonsense("the end of AUTH", challenge)),
        }
    }

    fn listens(&self) -> bool {
        !matches!(self.step, Step::Show)
    }

    fn committed(&self) -> bool {
        !matches!(self.step, Step::Show)
    }

    fn done(&self) -> bool {
        matches!(self.step, Step::Shown)
    }

    fn verdict(&mut self) -> Option<Error> {
        match &mut self.step {
            Step::Refused(reason) => reason.take().map(Error::TokenRefused),
            Step::Show | Step::Shown => None,
        }
    }
}

/// What a server says of a token that it refuses: a JSON object with `status` and `scope`, often
/// with more. What is not understood is told as it is.
pub(super) fn reason(challenge: &[u8]) -> Vec<u8> {
    let Ok(Value::Object(said)) = serde_json::from_slice(challenge) else {
        return challenge.to_vec();
    };
    let value = |name: &str| match said.get(name)? {
        Value::String(text) if text.is_empty() => None,
        Value::String(text) => Some(format!("{name} {text}")),
        Value::Number(number) => Some(format!("{name} {number}")),
        _ => None,
    };
    let told = ["status", "error", "error_description", "scope"];
    let told: Vec<String> = told.into_iter().filter_map(value).collect();
    match told.is_empty() {
        true => challenge.to_vec(),
        false => told.join(", ").into_bytes(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use base64::prelude::{Engine, BASE64_STANDARD};

    const HOST: Dialect = Dialect::OAuthBearer {
        host: "server.example.com",
        port: 143,
    };

    fn begin<'d>(dialect: Dialect<'d>, name: &str, token: &str) -> Result<Bearer<'d>> {
        let secret = Secret::new(token.into());
        Bearer::new(
            dialect,
            User {
                name,
                secret: &secret,
            },
        )
    }

    #[test]
    fn they_give_the_published_vectors() {
        let token = "vF9dft4qmTc2Nvb3RlckBhbHRhdmlzdGEuY29tCg==";
        let mut bearer = begin(HOST, "user@example.com", token).unwrap();
        assert!(bearer.initial().is_none() && !bearer.listens());
        let said = BASE64_STANDARD.encode(bearer.respond(b"anything").unwrap().expose());
        assert_eq!(
            said,
            "bixhPXVzZXJAZXhhbXBsZS5jb20sAWhvc3Q9c2VydmVyLmV4YW1wbGUuY29tAXBvcnQ9MTQzAWF1dGg9Qm\
             VhcmVyIHZGOWRmdDRxbVRjMk52YjNSbGNrQmhiSFJoZG1semRHRXVZMjl0Q2c9PQEB"
        );
        let token = "ya29.vF9dft4qmTc2Nvb3RlckBhdHRhdmlzdGEuY29tCg";
        let mut bearer = begin(Dialect::XOAuth2, "someuser@example.com", token).unwrap();
        let said = BASE64_STANDARD.encode(bearer.respond(b"").unwrap().expose());
        assert_eq!(
            said,
            "dXNlcj1zb21ldXNlckBleGFtcGxlLmNvbQFhdXRoPUJlYXJlciB5YTI5LnZGOWRmdDRxbVRjMk52YjNSbG\
             NrQmhkSFJoZG1semRHRXVZMjl0Q2cBAQ=="
        );
    }

    #[test]
    fn a_refusal_is_read_answered_and_told() {
        let json = br#"{"status":"401","schemes":"bearer","scope":"mail"}"#;
        for (dialect, answer) in [(HOST, &b"\x01"[..]), (Dialect::XOAuth2, b"")] {
            let mut bearer = begin(dialect, "ann", "tok").unwrap();
            bearer.respond(b"").unwrap();
            assert!(bearer.done() && bearer.verdict().is_none());
            assert_eq!(bearer.respond(json).unwrap().expose(), answer);
            assert!(!bearer.done());
            assert!(matches!(bearer.verdict(),
                Some(Error::TokenRefused(words)) if words == b"status 401, scope mail"));
            assert!(bearer.respond(json).is_err());
        }
    }

    #[test]
    fn reasons_in_any_form_are_told() {
        for (said, told) in [
            (r#"{"status":400,"x":{"y":1}}"#, "status 400"),
            (
                r#"{"status":"invalid_token","openid-configuration":"https://x"}"#,
                "status invalid_token",
            ),
            (
                r#"{"error":"expired","error_description":"old"}"#,
                "error expired, error_description old",
            ),
            (r#"{"scope":""}"#, r#"{"scope":""}"#),
            ("[1]", "[1]"),
            ("{", "{"),
            ("", ""),
        ] {
            assert_eq!(reason(said.as_bytes()), told.as_bytes());
        }
    }

    #[test]
    fn nothing_can_be_smuggled_in() {
        assert!(begin(HOST, "ann", "").is_err());
        assert!(begin(HOST, "ann", "to ken").is_err());
        assert!(begin(HOST, "ann", "tok\x01auth=other").is_err());
        assert!(begin(Dialect::XOAuth2, "ann\x01auth=other", "tok").is_err());
        let mut bearer = begin(HOST, "a=b,c", "tok").unwrap();
        assert!(bearer
            .respond(b"")
            .unwrap()
            .expose()
            .starts_with(b"n,a=a=3Db=2Cc,\x01"));
    }
}
