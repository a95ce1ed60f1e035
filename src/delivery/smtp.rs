//! Delivery by SMTP (RFC 5321): to a server that passes mail on. It may have to be spoken to over
//! TLS (RFC 3207), and may want a login (RFC 4954).

mod auth;

pub use auth::{can_log_in_by, Submitter};

use super::relay::{own_name, Answers, Manner, Offers, Session, Talk};
use super::Sender;
use crate::error::{Error, Result};
use crate::event::{Event, Stop};
use crate::net::{Route, Spoken, TlsMode, Wire};
use crate::secret::Credential;
use std::cell::RefCell;

/// The first word of a claim.
pub const WORD: &[u8] = b"smtp";

/// What is SMTP about it.
pub struct Smtp {
    route: Route,
    submitter: Option<Submitter>,
    /// The submitter's secret, once it was wanted.
    credential: RefCell<Option<Credential>>,
}

impl Smtp {
    /// As this user, or as nobody, at the server at the end of this way.
    pub fn new(route: Route, submitter: Option<Submitter>) -> Self {
        Self {
            route,
            submitter,
            credential: RefCell::new(None),
        }
    }

    /// Logs in, with a secret that is got but once.
    fn log_in(
        &self,
        talk: &mut Talk,
        submitter: &Submitter,
        (offers, stop): (&Offers, &Stop),
    ) -> Result<()> {
        let mut known = self.credential.borrow_mut();
        let credential = match known.take() {
            Some(credential) => credential,
            None => {
                if submitter.secret.may_ask() {
                    talk.0.events().emit(Event::Lent);
                }
                submitter.secret.obtain(&|| stop.signal().is_some())?
            }
        };
        let credential = known.insert(credential);
        auth::log_in(talk, submitter, credential, (&self.route, offers))
    }
}

impl Manner for Smtp {
    fn word(&self) -> &'static [u8] {
        WORD
    }

    fn open(&self, wire: Wire<'static>, sender: &Sender) -> Result<Session> {
        let mut talk = Talk(wire);
        talk.greeting()?;
        let mut offers = hello(&mut talk)?;
        if self.route.tls == TlsMode::StartTls {
            // Whatever was said in the clear, an attacker may have said; so it is asked for even if
            // it is not offered, and what is offered is asked again.
            let reply = talk.ask(Spoken::open("STARTTLS"), "the answer to STARTTLS")?;
            if !reply.is_good() {
                return Err(Error::NoStls(reply.said()));
            }
            talk = Talk(talk.0.secure(&self.route.trust)?);
            offers = hello(&mut talk)?;
        }
        if let Some(submitter) = &self.submitter {
            self.log_in(&mut talk, submitter, (&offers, &sender.stop))?;
        }
        Ok(Session::new(talk, offers, Answers::All))
    }
}

/// Greets; to a server that does not know EHLO, as of old, which offers nothing.
fn hello(talk: &mut Talk) -> Result<Offers> {
    let greet = |talk: &mut Talk, word, waiting_for| {
        let line = Spoken::open(format!("{word} {}", own_name()));
        talk.ask(line, waiting_for)
    };
    let reply = greet(talk, "EHLO", "the answer to EHLO")?;
    if reply.is_good() {
        return Ok(Offers::read(&reply));
    }
    let reply = match reply.is_final() {
        true => greet(talk, "HELO", "the answer to HELO")?,
        false => reply,
    };
    match (reply.is_good(), reply.is_later()) {
        (true, _) => Ok(Offers::default()),
        (false, true) => Err(Error::ServerTrouble(reply.said())),
        (false, false) => Err(reply.out_of_place("one of SMTP")),
    }
}
