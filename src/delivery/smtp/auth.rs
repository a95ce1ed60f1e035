//! Logging in to a server that mail is handed on to (RFC 4954): by the first way of those that may be
//! used, and no other after it, since accounts are locked for that.

use crate::delivery::relay::{Offers, Reply, Talk};
use crate::error::{Error, Result};
use crate::net::{Route, Security, Spoken};
use crate::sasl::{self, Channel, Dialect, Mechanism, Method, Methods, Needs, Shows, User};
use crate::secret::{Credential, SecretSource};
use std::fmt;

/// The longest command, with its line end (RFC 5321, section 4.5.3.1.4).
const COMMAND: usize = 512;
/// Where the reply to a word of the exchange is waited for.
const REPLY: &str = "the answer to AUTH";

/// Who hands mail on.
#[derive(Clone)]
pub struct Submitter {
    /// The user.
    pub user: String,
    /// The methods allowed.
    pub methods: Methods,
    /// Where the secret comes from.
    pub secret: SecretSource,
}

impl fmt::Debug for Submitter {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        f.write_str(&self.user)
    }
}

/// By the user: what proves it is a secret and is not looked at.
impl PartialEq for Submitter {
    fn eq(&self, other: &Self) -> bool {
        (&self.user, &self.methods) == (&other.user, &other.methods)
    }
}

impl Eq for Submitter {}

/// Logs in.
pub fn log_in(
    talk: &mut Talk,
    submitter: &Submitter,
    credential: &Credential,
    (route, offers): (&Route, &Offers),
) -> Result<()> {
    if let Credential::Password(secret) | Credential::Token(secret) = credential {
        talk.0.hide(secret.expose());
    }
    let offer = Offer {
        mechanisms: &offers.mechanisms,
        security: talk.0.security(),
        certified: route.trust.client.is_some(),
    };
    let method = offer.choose(&submitter.methods, credential)?;
    let attempt = Attempt {
        method,
        user: &submitter.user,
        credential,
        route,
    };
    let mut by = attempt.mechanism()?;
    match exchange(talk, &method.name().to_ascii_uppercase(), &mut *by)? {
        None => Ok(()),
        Some(refusal) => Err(attempt.refused(by.verdict(), &refusal)),
    }
}

/// What the server offers, over which line, and whether it has seen a certificate of ours.
struct Offer<'a> {
    mechanisms: &'a [String],
    security: Security,
    certified: bool,
}

impl Offer<'_> {
    /// The method to use. The one gate in front of the secret: nothing that shows it goes over a line
    /// that is not proven safe, unless the user named that very way.
    fn choose(&self, methods: &Methods, credential: &Credential) -> Result<Method> {
        let usable = |method: &&Method| method.fits(credential) && self.takes(**method);
        let first = match methods {
            Methods::Named(named) => {
                let names = || named.iter().map(|method| method.name()).collect::<Vec<_>>();
                let none = || Error::NoMechanism(names().join(", "));
                return named.iter().find(usable).copied().ok_or_else(none);
            }
            Methods::Auto => {
                let unnamed = |method: &&Method| **method != Method::External || self.certified;
                let mut all = Method::ORDER.iter().filter(usable).filter(unnamed);
                let safe = self.security == Security::Verified;
                let harmless = |method: &&Method| safe || method.shows() == Shows::Little;
                let there = all.clone().next().is_some();
                all.find(harmless).copied().ok_or(there)
            }
        };
        first.map_err(|there| match (there, credential) {
            (true, _) => Error::WouldReveal,
            (false, Credential::Password(_)) => Error::NoWay("a password"),
            (false, Credential::Token(_)) => Error::NoWay("an access token"),
            (false, Credential::Nothing) => Error::NoWay("neither password nor token"),
        })
    }

    fn takes(&self, method: Method) -> bool {
        let name = method.mechanism().filter(|_| can_log_in_by(method));
        name.is_some_and(|name| self.mechanisms.contains(&name))
    }
}

/// Whether a way to log in is known here: those of POP3 alone are not, nor those that are made for
/// its service, nor those tied to the TLS connection.
pub fn can_log_in_by(method: Method) -> bool {
    use Method as M;
    match method {
        M::Plain | M::Login | M::CramMd5 | M::Scram(_) => true,
        M::External | M::OAuthBearer | M::XOAuth2 => true,
        M::UserPass | M::Apop | M::DigestMd5 | M::ScramPlus(_) | M::Gssapi | M::Anonymous => false,
    }
}

/// A method with what we have for it.
struct Attempt<'a> {
    method: Method,
    user: &'a str,
    credential: &'a Credential,
    route: &'a Route,
}

impl Attempt<'_> {
    fn mechanism(&self) -> Result<Box<dyn Mechanism + '_>> {
        let Route { host, port, .. } = self.route;
        Ok(match self.method {
            Method::Plain => Box::new(sasl::Single::plain(self.who()?)?),
            Method::Login => Box::new(sasl::Login::new(self.who()?)),
            Method::CramMd5 => Box::new(sasl::CramMd5::new(self.who()?)),
            Method::Scram(hash) => {
                let (who, nonce) = (self.who()?, sasl::nonce()?);
                Box::new(sasl::Scram::new(hash, who, Channel::Unbound, nonce)?)
            }
            Method::External => Box::new(sasl::Single::external()),
            Method::OAuthBearer => {
                let dialect = Dialect::OAuthBearer { host, port: *port };
                Box::new(sasl::Bearer::new(dialect, self.who()?)?)
            }
            Method::XOAuth2 => Box::new(sasl::Bearer::new(Dialect::XOAuth2, self.who()?)?),
            Method::UserPass
            | Method::Apop
            | Method::DigestMd5
            | Method::ScramPlus(_)
            | Method::Gssapi
            | Method::Anonymous => {
                let name = self.method.name();
                return Err(Error::Bug(format!("{name} was chosen for SMTP")));
            }
        })
    }

    fn who(&self) -> Result<User<'_>> {
        self.method.user(self.user, self.credential)
    }

    /// What a refused login means: what was said within the mechanism tells more.
    fn refused(&self, verdict: Option<Error>, reply: &Reply) -> Error {
        match (reply.is_later(), verdict) {
            (true, _) => Error::ServerTrouble(reply.said()),
            (false, Some(error)) => error,
            (false, None) if self.method.needs() == Needs::Token => {
                Error::TokenRefused(reply.said())
            }
            (false, None) => Error::LoginRefused(reply.said()),
        }
    }
}

/// Goes through a mechanism, given its name; gives the reply if it is a refusal.
fn exchange(talk: &mut Talk, name: &str, by: &mut dyn Mechanism) -> Result<Option<Reply>> {
    let initial = by.initial();
    let initial = initial.and_then(|message| Spoken::initial(name, &message, COMMAND));
    let mut begun = initial.is_some();
    let first = initial.unwrap_or_else(|| Spoken::open(format!("AUTH {name}")));
    let mut reply = talk.ask(first, REPLY)?;
    loop {
        let challenge = match reply.code {
            235 if begun && by.done() => return Ok(None),
            // The server owes a challenge, and with some mechanisms a proof.
            235 => return Err(Error::Unproven),
            334 => reply.lines.into_iter().next().unwrap_or_default(),
            400..=599 => return Ok(Some(reply)),
            _ => return Err(reply.out_of_place("an answer to AUTH")),
        };
        let answer = match sasl::understood(&*by, challenge).and_then(|text| by.respond(&text)) {
            Ok(answer) => answer,
            Err(error) => {
                talk.ask(Spoken::open("*"), "the end of AUTH")?;
                return Err(error);
            }
        };
        begun = true;
        reply = talk.ask(Spoken::response(&answer), REPLY)?;
    }
}
