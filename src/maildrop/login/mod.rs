//! Logging in: by the first method, of those that may be used, which the server lets us begin. Once
//! anything made from the secret was said, a refusal is final: no weaker way is tried, and no second
//! time, since accounts are locked for that.

mod choice;
mod exchange;
mod method;
mod native;
#[cfg(any(test, fuzzing))]
pub mod properties;

pub use choice::may_bind;
pub use method::{Method, Needs};
pub use native::{plain_reply, timestamp};

use super::syntax::{self, Capabilities, Code};
use super::talk::Talk;
use crate::error::{Error, Result};
use crate::net::{Binding, Route, Security};
use crate::sasl::{self, Dialect, Mechanism, User};
use crate::secret::Credential;
use base64::prelude::{Engine, BASE64_STANDARD};
use choice::Refusal;
use exchange::Announced;
use rustix::rand::{getrandom, GetRandomFlags};
use std::io;

/// How much of user and password every server takes with USER and PASS (RFC 1939, section 3).
const ARGUMENT: usize = 40;

/// Which methods may be used.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Methods {
    /// Whatever both sides know, strongest first.
    Auto,
    /// These, in this order.
    Named(Vec<Method>),
}

/// How to log in.
#[derive(Clone, Debug)]
pub struct Login {
    /// The user, which names the maildrop.
    pub user: String,
    /// The methods allowed.
    pub methods: Methods,
}

/// What the server offers, and over which line.
pub struct Offer<'a> {
    /// How the server was reached.
    pub route: &'a Route,
    /// What it said it can do.
    pub capabilities: &'a Capabilities,
    /// The timestamp of its greeting, if that is a proper one.
    pub timestamp: Option<&'a [u8]>,
    /// Who may read what we send.
    pub security: Security,
    /// What a login can be tied to.
    pub binding: Option<Binding>,
    /// Whether there is a Kerberos ticket.
    pub ticket: bool,
}

/// How an attempt ended, if not by an error of the line.
enum Answer {
    LoggedIn,
    /// Not begun, since there is no ticket for this server; nothing was said.
    Unable(Error),
    /// Refused before anything made from the secret was said.
    Unheard(Option<Code>, Vec<u8>),
    /// Refused after that.
    Refused(Option<Code>, Vec<u8>),
}

/// Logs in.
pub fn log_in(
    talk: &mut Talk,
    login: &Login,
    credential: &Credential,
    offer: &Offer,
) -> Result<()> {
    if let Credential::Password(secret) | Credential::Token(secret) = credential {
        if secret.expose().contains(&0) {
            return Err(Error::Uncarriable(
                "the password holds NUL, which no way to log in can carry",
            ));
        }
        talk.0.hide(secret.expose());
    }
    let mut refusal: Option<Refusal> = None;
    for method in choice::candidates(&login.methods, credential, offer)? {
        let open = |refusal: &Refusal| refusal.allows(method, offer);
        if !refusal.as_ref().is_none_or(open) {
            continue;
        }
        let attempt = Attempt {
            method,
            user: &login.user,
            credential,
            offer,
        };
        match attempt.make(talk)? {
            Answer::LoggedIn => return Ok(()),
            Answer::Unable(error) => refusal = Some(Refusal::silent(method, error)),
            Answer::Unheard(code, text) => refusal = Some(attempt.unheard(code, text)?),
            Answer::Refused(code, text) if attempt.may_be_bound_wrongly(code) => {
                refusal = Some(attempt.doubted(code, text));
            }
            Answer::Refused(code, text) => return Err(attempt.refused(code, text)),
        }
    }
    let none = || Error::Bug("no way to log in was left, and none was tried".into());
    Err(refusal.map_or_else(none, |refusal| refusal.error))
}

/// One method, tried with what we have.
struct Attempt<'a> {
    method: Method,
    user: &'a str,
    credential: &'a Credential,
    offer: &'a Offer<'a>,
}

impl Attempt<'_> {
    fn make(&self, talk: &mut Talk) -> Result<Answer> {
        let mechanism = match self.mechanism() {
            Err(error) if self.method == Method::Gssapi => return Ok(Answer::Unable(error)),
            mechanism => mechanism?,
        };
        match (mechanism, self.method) {
            (Some(mut by), _) => {
                let name = self.method.name().to_ascii_uppercase();
                let announced = match self.offer.capabilities.offers(&name) {
                    true => Announced::Yes,
                    false => Announced::No,
                };
                exchange::auth(talk, &name, &mut *by, announced)
            }
            (None, Method::Apop) => {
                native::apop(talk, self.who()?, self.offer.timestamp.unwrap_or_default())
            }
            (None, _) => native::user_pass(talk, self.who()?),
        }
    }

    /// The mechanism, ready to begin; none for what POP3 has commands of its own for.
    fn mechanism(&self) -> Result<Option<Box<dyn Mechanism + '_>>> {
        let host = self.offer.route.host.as_str();
        Ok(Some(match self.method {
            Method::UserPass | Method::Apop => return Ok(None),
            Method::Plain => Box::new(sasl::Single::plain(self.who()?)?),
            Method::Login => Box::new(sasl::Login::new(self.who()?)),
            Method::CramMd5 => Box::new(sasl::CramMd5::new(self.who()?)),
            Method::DigestMd5 => Box::new(sasl::DigestMd5::new(self.who()?, host, nonce()?)),
            Method::Scram(hash) | Method::ScramPlus(hash) => {
                let channel = self.offer.channel(self.method);
                Box::new(sasl::Scram::new(hash, self.who()?, channel, nonce()?)?)
            }
            Method::Gssapi => Box::new(sasl::Gssapi::new(self.user, host)?),
            Method::External => Box::new(sasl::Single::external()),
            Method::Anonymous => Box::new(sasl::Single::anonymous(self.user)?),
            Method::OAuthBearer => {
                let port = self.offer.route.port;
                let dialect = Dialect::OAuthBearer { host, port };
                Box::new(sasl::Bearer::new(dialect, self.who()?)?)
            }
            Method::XOAuth2 => Box::new(sasl::Bearer::new(Dialect::XOAuth2, self.who()?)?),
        }))
    }

    /// The user with the secret that this method needs: no other gets there.
    fn who(&self) -> Result<User<'_>> {
        match self.credential {
            Credential::Password(secret) | Credential::Token(secret)
                if self.method.fits(self.credential) =>
            {
                let name = self.user;
                Ok(User { name, secret })
            }
            _ => Err(Error::Bug("a secret went where it does not belong".into())),
        }
    }

    /// What a refusal means before anything made from the secret was said. A response code makes it
    /// final: it is about the user or the maildrop, and no other method will change that.
    fn unheard(&self, code: Option<Code>, text: Vec<u8>) -> Result<Refusal> {
        let error = told(code, text);
        let coded = code.is_some() || matches!(error, Error::ServerTrouble(_));
        if coded && !matches!(self.method, Method::ScramPlus(_)) {
            return Err(error);
        }
        Ok(Refusal {
            method: self.method,
            coded,
            error,
        })
    }

    /// Whether a proof may have been refused for what it was bound to. Cyrus takes every type of
    /// binding and refuses, in plain words, the proof with one that it does not know; whoever says
    /// why within the mechanism does not come here.
    fn may_be_bound_wrongly(&self, code: Option<Code>) -> bool {
        matches!(self.method, Method::ScramPlus(_)) && matches!(code, None | Some(Code::Auth))
    }

    /// A refusal after which a SCRAM that is not bound may follow, where the server proved itself.
    fn doubted(&self, code: Option<Code>, text: Vec<u8>) -> Refusal {
        Refusal {
            method: self.method,
            coded: true,
            error: self.refused(code, text),
        }
    }

    /// What a refused login means (RFC 3206; without codes it is a guess, see [`told`]).
    fn refused(&self, code: Option<Code>, text: Vec<u8>) -> Error {
        let error = match code {
            None if self.offer.capabilities.auth_resp_code => Error::ServerTrouble(text),
            code => told(code, text),
        };
        match error {
            Error::LoginRefused(text) if self.method.needs() == Needs::Token => {
                Error::TokenRefused(text)
            }
            Error::LoginRefused(text) if self.method == Method::Gssapi => {
                Error::TicketRefused(text)
            }
            Error::LoginRefused(text) if self.is_long() => Error::LongLoginRefused(text),
            error => error,
        }
    }

    /// Whether user or password is longer than every server takes.
    fn is_long(&self) -> bool {
        let long = |user: User| user.name.len().max(user.secret.expose().len()) > ARGUMENT;
        self.method == Method::UserPass && self.who().is_ok_and(long)
    }
}

/// What a server tells with a refusal, by its code or by the few words that count as one.
fn told(code: Option<Code>, text: Vec<u8>) -> Error {
    match code {
        Some(code) => syntax::refusal(Some(code), &text),
        None if syntax::busy_words(&text) => Error::InUse(text),
        None if syntax::away_words(&text) => Error::ServerTrouble(text),
        None => Error::LoginRefused(text),
    }
}

/// Random letters that nobody has used before, without comma or quote.
fn nonce() -> Result<String> {
    let mut octets = [0; 24];
    let mut filled = 0;
    while filled < octets.len() {
        let more = getrandom(&mut octets[filled..], GetRandomFlags::empty());
        filled += more.map_err(|why| Error::System {
            doing: "draw random numbers",
            why: io::Error::from(why),
        })?;
    }
    Ok(BASE64_STANDARD.encode(octets))
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
