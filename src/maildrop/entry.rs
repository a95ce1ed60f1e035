//! The way into a POP3 maildrop: from the connection to the login, and what the server can do for
//! who has logged in.

use super::greet::{self, Greeted};
use super::known::Known;
use super::login::{self, Login, Offer};
use super::pop3::Pop3;
use super::syntax::Capabilities;
use super::Visit;
use crate::error::{Error, Reach, Result};
use crate::event::Stage;
use crate::krb5;
use crate::net::{Route, Spoken, Welcome};
use crate::secret::Credential;
use std::time::Duration;

/// What is waited for after CAPA behind the login.
const OWN_REPLY: &str = "the capabilities after the login";

/// Who wants in, where, and by what.
pub struct Entry<'o, 'e> {
    /// How the server is reached.
    pub route: &'o Route,
    /// How to log in.
    pub login: &'o Login,
    /// With what.
    pub credential: &'o Credential,
    /// The surroundings.
    pub visit: Visit<'e>,
}

/// Whether to ask what the server can do for who has logged in.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Own {
    Ask,
    Leave,
}

impl<'e> Entry<'_, 'e> {
    /// Connects, greets, secures and logs in. A server that hangs up when it is asked after the login
    /// what it can do is entered again and not asked.
    pub fn open(&self) -> Result<Pop3<'e>> {
        match self.enter(Own::Ask) {
            Err(Error::Cut {
                during: OWN_REPLY, ..
            }) => self.enter(Own::Leave),
            entered => entered,
        }
    }

    fn enter(&self, own: Own) -> Result<Pop3<'e>> {
        let mut known = Known::recall(self.route, &self.login.user, &self.visit);
        let mut greeted = self.greet(known.recalled())?;
        let said = self.log_in(&mut greeted, &known)?;
        let Greeted {
            mut talk,
            capabilities,
            ..
        } = greeted;
        match said {
            Some(said) => known.asked(said),
            None if known.recalled().is_none() => known.asked(capabilities),
            None => {}
        }
        if own == Own::Ask && known.is_vague() && !known.put_off() {
            let reply = talk.ask(&Spoken::open("CAPA"), OWN_REPLY)?;
            let lines = greet::capability_lines(&mut talk, reply)?;
            known.heard(&lines.unwrap_or_default())?;
        }
        let mut pop3 = Pop3::over(talk, known);
        pop3.envelopes = self.visit.envelopes;
        Ok(pop3)
    }

    /// Connects, greets and secures, over a connection made by the library that tells what a login
    /// can be tied to, if one may come to be.
    fn greet(&self, recalled: Option<&Capabilities>) -> Result<Greeted<'e>> {
        let visit = || self.visit.clone();
        let binds = |offered| login::may_bind(self.login, self.credential, offered);
        if recalled.is_some_and(binds) {
            return greet::greet(&self.route.telling(), visit(), recalled);
        }
        let greeted = greet::greet(self.route, visit(), recalled)?;
        let more = recalled.is_none() && greeted.talk.0.can_tell_more();
        match more && binds(&greeted.capabilities) {
            true => greet::greet_to_bind(greeted.talk, self.route, visit()),
            false => Ok(greeted),
        }
    }

    /// Logs in; gives what the server can do, if it was asked that on the way because what is
    /// remembered did not do.
    fn log_in(&self, greeted: &mut Greeted, known: &Known) -> Result<Option<Capabilities>> {
        let Greeted {
            talk,
            capabilities,
            timestamp,
        } = greeted;
        talk.0.events().enter(Stage::LoggingIn);
        if capabilities.utf8 {
            // Without it, a message with such a head comes as a notice in its place, and its deletion
            // would be a loss (RFC 6856, section 2). A refusal changes nothing.
            talk.ask(&Spoken::open("UTF8"), "the answer to UTF8")?;
        }
        let offer = Offer {
            route: self.route,
            capabilities,
            timestamp: timestamp.as_deref(),
            security: talk.0.security(),
            binding: talk.0.binding().cloned(),
            ticket: capabilities.offers("GSSAPI") && krb5::has_ticket(),
        };
        let (login, credential) = (self.login, self.credential);
        let done = match known.recalled() {
            Some(_) => login::log_in_unasked(talk, login, credential, &offer),
            None => login::log_in(talk, login, credential, &offer).map(|()| None),
        };
        done.map_err(|error| {
            if error.reach() == Reach::Account {
                let _ = talk.ask(&Spoken::open("QUIT"), "the goodbye");
            }
            match error {
                Error::LoginDelay { said, wait: None } => Error::LoginDelay {
                    said,
                    wait: capabilities.login_delay.map(seconds),
                },
                // The password was none, so it is the ticket that did not please.
                Error::LoginRefused(words) if self.route.welcome == Welcome::Ticket => {
                    Error::TicketRefused(words)
                }
                error => error,
            }
        })
    }
}

/// A number of seconds.
pub fn seconds(count: u32) -> Duration {
    Duration::from_secs(count.into())
}
