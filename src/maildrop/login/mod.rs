//! Logging in: by the first method, of those that may be used, which the server lets us begin. Once
//! anything made from the secret was said, a refusal is final: no weaker way is tried, and no second
//! time, since accounts are locked for that.

mod bare;
mod choice;
mod exchange;
mod native;
#[cfg(any(test, fuzzing))]
pub mod properties;

pub use bare::bare_user;
pub use choice::may_bind;
pub use native::{plain_reply, timestamp};

use super::greet;
use super::syntax::{self, Capabilities, Code};
use super::talk::Talk;
use crate::error::{Error, Result};
use crate::krb5;
use crate::net::{Binding, Route, Security};
use crate::sasl::{self, Dialect, Mechanism, Method, Methods, Needs, User};
use crate::secret::Credential;
use choice::Refusal;
use exchange::Announced;

/// How much of user and password every server takes with USER and PASS (RFC 1939, section 3).
const ARGUMENT: usize = 40;

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

impl<'a> Offer<'a> {
    /// The same, but for what the server says now.
    fn now<'n>(&self, capabilities: &'n Capabilities) -> Offer<'n>
    where
        'a: 'n,
    {
        Offer {
            capabilities,
            binding: self.binding.clone(),
            ticket: capabilities.offers("GSSAPI") && krb5::has_ticket(),
            ..*self
        }
    }
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
    let party = Party::of(login, credential, offer, talk)?;
    party.try_all(talk, None)
}

/// Logs in at a server of which memory tells what it can do: it is asked before anything is tried
/// but the best way. Gives what it said then. A refusal stands if the server offers what it did.
pub fn log_in_unasked(
    talk: &mut Talk,
    login: &Login,
    credential: &Credential,
    offer: &Offer,
) -> Result<Option<Capabilities>> {
    let party = Party::of(login, credential, offer, talk)?;
    let methods = party.candidates().unwrap_or_default();
    let first = methods.first().map(|method| party.attempt(*method));
    let tried = match first.map(|attempt| (attempt.method, attempt.make(talk))) {
        Some((_, Ok(None))) => return Ok(None),
        Some((_, Err(error))) if !is_refusal(&error) => return Err(error),
        tried => tried,
    };
    let now = greet::capabilities(talk)?;
    let refusal = match tried {
        Some((_, Err(error))) if now.sasl == offer.capabilities.sasl => return Err(error),
        Some((method, Err(error))) => Some(Refusal {
            method,
            coded: true,
            error,
        }),
        Some((_, Ok(refusal))) => refusal,
        None => None,
    };
    let offer = &offer.now(&now);
    Party { offer, ..party }.try_all(talk, refusal)?;
    Ok(Some(now))
}

/// Whether the server may have refused a way to log in, and not who came by it.
fn is_refusal(error: &Error) -> bool {
    use Error as E;
    matches!(
        error,
        E::LoginRefused(_)
            | E::LongLoginRefused(_)
            | E::TokenRefused(_)
            | E::TicketRefused(_)
            | E::OtherChannel(_)
    )
}

/// Who wants to log in, and what there is to try.
struct Party<'a> {
    login: &'a Login,
    credential: &'a Credential,
    offer: &'a Offer<'a>,
}

impl<'a> Party<'a> {
    /// Sees that nobody is shown the secret.
    fn of(
        login: &'a Login,
        credential: &'a Credential,
        offer: &'a Offer<'a>,
        talk: &mut Talk,
    ) -> Result<Self> {
        if let Credential::Password(secret) | Credential::Token(secret) = credential {
            if secret.expose().contains(&0) {
                return Err(Error::Uncarriable(
                    "the password holds NUL, which no way to log in can carry",
                ));
            }
            talk.0.hide(secret.expose());
        }
        Ok(Self {
            login,
            credential,
            offer,
        })
    }

    fn candidates(&self) -> Result<Vec<Method>> {
        choice::candidates(&self.login.methods, self.credential, self.offer)
    }

    fn attempt(&self, method: Method) -> Attempt<'a> {
        Attempt {
            method,
            user: &self.login.user,
            credential: self.credential,
            offer: self.offer,
        }
    }

    /// Tries one method after the other, as far as what was refused before allows it.
    fn try_all(&self, talk: &mut Talk, mut refusal: Option<Refusal>) -> Result<()> {
        for method in self.candidates()? {
            let open =
                |refusal: &Refusal| refusal.method != method && refusal.allows(method, self.offer);
            if !refusal.as_ref().is_none_or(open) {
                continue;
            }
            refusal = self.attempt(method).make(talk)?;
            if refusal.is_none() {
                return Ok(());
            }
        }
        let none = || Error::Bug("no way to log in was left, and none was tried".into());
        Err(refusal.map_or_else(none, |refusal| refusal.error))
    }
}

/// One method, tried with what we have.
struct Attempt<'a> {
    method: Method,
    user: &'a str,
    credential: &'a Credential,
    offer: &'a Offer<'a>,
}

impl Attempt<'_> {
    /// Tries it; gives why another method may be tried, unless we are logged in.
    fn make(&self, talk: &mut Talk) -> Result<Option<Refusal>> {
        match self.answer(talk)? {
            Answer::LoggedIn => Ok(None),
            Answer::Unable(error) => Ok(Some(Refusal::silent(self.method, error))),
            Answer::Unheard(code, text) => self.unheard(code, text).map(Some),
            Answer::Refused(code, text) if self.may_be_bound_wrongly(code) => {
                Ok(Some(self.doubted(code, text)))
            }
            Answer::Refused(code, text) => Err(self.refused(code, text)),
        }
    }

    fn answer(&self, talk: &mut Talk) -> Result<Answer> {
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
            Method::DigestMd5 => Box::new(sasl::DigestMd5::new(self.who()?, host, sasl::nonce()?)),
            Method::Scram(hash) | Method::ScramPlus(hash) => {
                let channel = self.offer.channel(self.method);
                Box::new(sasl::Scram::new(
                    hash,
                    self.who()?,
                    channel,
                    sasl::nonce()?,
                )?)
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

    fn who(&self) -> Result<User<'_>> {
        self.method.user(self.user, self.credential)
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
pub fn told(code: Option<Code>, text: Vec<u8>) -> Error {
    match code {
        Some(code) => syntax::refusal(Some(code), &text),
        None if syntax::busy_words(&text) => Error::InUse(text),
        None if syntax::away_words(&text) => Error::ServerTrouble(text),
        None => Error::LoginRefused(text),
    }
}
