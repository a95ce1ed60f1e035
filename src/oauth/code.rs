//! Signing in with a browser that brings a code back to us (RFC 6749, section 4.1), which nobody else
//! can use, since we alone know what its challenge was made from (PKCE, RFC 7636).

use super::answer::{Asked, Granted};
use super::loopback::Loopback;
use super::{Prompt, SignIn, Surroundings};
use crate::error::{Error, Result};
use crate::net::web::{form, unescaped};
use crate::sasl::random;
use crate::secret::{ask, Secret};
use base64::prelude::{Engine, BASE64_URL_SAFE_NO_PAD};
use sha2::{Digest, Sha256};
use zeroize::Zeroizing;

/// How the code comes to us.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Way {
    /// As the settings say.
    Usual,
    /// Somebody pastes it, or the address that it stands in.
    Paste,
}

/// What came back.
pub struct Brought {
    /// The code.
    pub code: Zeroizing<String>,
}

/// A request that is under way in a browser.
pub struct Request {
    /// What must come back with the answer to this one.
    pub state: String,
    /// Where the browser is sent.
    pub back: String,
    verifier: Secret,
}

/// Has somebody sign in, and exchanges the code for tokens.
pub fn grant(sign_in: &SignIn, asked: &Asked, way: Way, around: Surroundings) -> Result<Granted> {
    let Some(page) = &sign_in.endpoints.auth else {
        return Err(asked.unfit("names no page to sign in at; set auth_url"));
    };
    let host = sign_in.endpoints.back;
    let (loopback, back) = match way {
        Way::Paste => (None, format!("http://{host}")),
        Way::Usual => {
            let loopback = Loopback::open()?;
            let back = format!("http://{host}:{}", loopback.port());
            (Some(loopback), back)
        }
    };
    let request = Request::new(back)?;
    let address = request.address(page, sign_in);
    let brought = match loopback {
        Some(loopback) => {
            (around.tell)(&Prompt::Open(&address));
            loopback.wait(&request, around.patience)?
        }
        None => {
            (around.tell)(&Prompt::Paste(&address));
            request.pasted(around.patience.stop.clone(), &sign_in.place.account)?
        }
    };
    let fields = [
        ("grant_type", "authorization_code"),
        ("code", &brought.code),
        ("redirect_uri", &request.back),
        ("code_verifier", super::answer::text(&request.verifier)?),
    ];
    match asked.ask(&fields)? {
        Ok(answer) => asked.granted(answer),
        Err(refusal) => Err(refusal.into()),
    }
}

impl Request {
    /// A request that nobody else can have made.
    pub fn new(back: String) -> Result<Self> {
        let letters = || -> Result<String> {
            let octets = Zeroizing::new(random::<32>()?);
            Ok(BASE64_URL_SAFE_NO_PAD.encode(*octets))
        };
        Ok(Self {
            state: letters()?,
            verifier: Secret::new(letters()?.into_bytes()),
            back,
        })
    }

    /// Where somebody signs in.
    fn address(&self, page: &str, sign_in: &SignIn) -> String {
        let challenge = BASE64_URL_SAFE_NO_PAD.encode(Sha256::digest(self.verifier.expose()));
        // Gmail's way to ask for what other programs have fetched; it is no part of the name.
        let hint = sign_in.user.strip_prefix("recent:");
        let hint = hint.unwrap_or(&sign_in.user);
        let mut fields = vec![
            ("client_id", sign_in.client.as_str()),
            ("response_type", "code"),
            ("redirect_uri", &self.back),
            ("scope", &sign_in.scope),
            ("state", &self.state),
            ("code_challenge", &challenge),
            ("code_challenge_method", "S256"),
            ("login_hint", hint),
        ];
        fields.extend(sign_in.endpoints.extras);
        let join = if page.contains('?') { '&' } else { '?' };
        format!("{page}{join}{}", *form(&fields))
    }

    /// What stands in the query of the address that a browser was sent to: a code, an error, or nothing
    /// that belongs to this request.
    pub fn answered(&self, query: &str) -> Option<Result<Brought>> {
        let value = |name: &str| {
            let fields = query.split('&').filter_map(|field| field.split_once('='));
            let mut named = fields.filter(|(known, _)| *known == name);
            let (_, value) = named.next()?;
            // Twice is not once (RFC 6749, section 3.1).
            named.next().is_none().then(|| meant(value)).flatten()
        };
        if value("state").as_deref().map(String::as_str) != Some(&self.state) {
            return None;
        }
        if let Some(error) = value("error") {
            let said = value("error_description").unwrap_or_else(|| error.clone());
            let refusal = super::answer::Refusal {
                code: error.to_string(),
                said: said.as_bytes().to_vec(),
            };
            return Some(Err(refusal.into()));
        }
        value("code")
            .filter(|code| !code.is_empty())
            .map(|code| Ok(Brought { code }))
    }

    /// Reads what somebody pastes: the whole address, or the code out of it.
    fn pasted(&self, stop: crate::event::Stop, account: &str) -> Result<Brought> {
        let prompt = "paste the address that the browser ends at (it is not shown)";
        let typed = ask(prompt, || stop.signal().is_some());
        let typed = match typed {
            Err(_) if stop.signal().is_some() => return Err(Error::Interrupted),
            Err(_) => return Err(Error::NoTerminal(account.into())),
            Ok(typed) => typed,
        };
        let text = std::str::from_utf8(typed.expose()).map(str::trim);
        let text = text.map_err(|_| Error::NotPasted)?;
        match text.split_once('?') {
            Some((_, query)) => {
                let query = query.split('#').next().unwrap_or_default();
                self.answered(query).unwrap_or(Err(Error::NotPasted))
            }
            None if text.contains("://") || !super::answer::is_token(text.as_bytes()) => {
                Err(Error::NotPasted)
            }
            None => {
                let code = meant(text).unwrap_or_default();
                Ok(Brought { code })
            }
        }
    }
}

/// What a value in a query stands for.
fn meant(value: &str) -> Option<Zeroizing<String>> {
    let blanks = Zeroizing::new(value.replace('+', " "));
    unescaped(&blanks).map(Zeroizing::new)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_answer_to_this_request_is_taken() {
        let mut request = Request::new("http://127.0.0.1:1".into()).unwrap();
        request.state = "s-1".into();
        let code = |query: &str| match request.answered(query) {
            Some(Ok(brought)) => Some(brought.code.to_string()),
            _ => None,
        };
        assert_eq!(code("code=4%2Fab+c&state=s-1").as_deref(), Some("4/ab c"));
        for none in [
            "",
            "code=x",
            "code=x&state=s-2",
            "code=x&state=s-1&state=s-1",
            "code=x&code=y&state=s-1",
            "code=&state=s-1",
            "code=%4&state=s-1",
            "code=%+4&state=s-1",
            "code=%ff&state=s-1",
        ] {
            assert_eq!(code(none), None, "{none}");
        }
        let denied = request.answered("error=access_denied&state=s-1");
        assert!(matches!(denied, Some(Err(Error::SignInDenied(_)))));
        assert!(request.answered("error=access_denied&state=s-2").is_none());
    }

    #[test]
    fn no_two_requests_are_alike() {
        let new = || Request::new(String::new()).unwrap();
        let (one, other) = (new(), new());
        assert_ne!(one.state, other.state);
        assert_ne!(one.verifier.expose(), other.verifier.expose());
        assert_ne!(one.state.as_bytes(), one.verifier.expose());
        // RFC 7636, section 4.1: 43 letters at least.
        assert_eq!(one.verifier.expose().len(), 43);
    }
}
