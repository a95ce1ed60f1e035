//! Handing mail on to a server that takes it, by LMTP or SMTP: what both have in common. The message
//! is here as a whole before any of it is said, and one connection serves for many.
//!
//! Nobody can ask such a server later whether it took a message. If the line is lost when all of it
//! was said and not yet answered, it may come twice, and that is told. One message at a time is under
//! way, so that it is one at most.

mod address;
mod content;
#[cfg(any(test, fuzzing))]
pub mod properties;
mod reply;
mod session;
mod talk;

pub use address::Address;
pub use reply::{Offers, Reply};
pub use session::{Answers, Session};
pub use talk::Talk;

use super::{claim_words, Delivery, Letter, Sealed, Sender, Witness};
use crate::error::{Error, Result};
use crate::message::{Envelope, Uid};
use crate::net::{self, Patience, Route, Wire};
use crate::spool::Spool;
use content::Nature;
use session::{Lost, Parcel};
use std::cell::{Cell, RefCell};
use std::fmt;
use std::rc::Rc;
use std::time::Duration;

/// After so many messages in a row over which the line was lost the server gets no more for now.
const LOSSES: u32 = 2;

/// Who takes the mail, and from whom it gets to him.
#[derive(Clone)]
pub struct Host {
    /// The way to the server.
    pub route: Route,
    /// The server as the user wrote it.
    pub written: String,
    /// To whom all mail goes, whatever its envelope says.
    pub recipient: Option<Address>,
    /// How long each wait for the server may last.
    pub timeout: Duration,
}

impl Host {
    /// To whom a message with this envelope goes, if that is said: by the settings, else by the
    /// envelope. What is no address counts as none.
    fn named(&self, to: &Envelope) -> Vec<Address> {
        match &self.recipient {
            Some(recipient) => vec![recipient.clone()],
            None => {
                let all = to.recipients.iter();
                all.filter_map(|bytes| Address::parse(bytes)).collect()
            }
        }
    }

    /// The words for where a letter with this envelope comes, by this protocol.
    pub fn place(&self, word: &[u8], to: &Envelope) -> Vec<u8> {
        self.place_of(word, &self.named(to))
    }

    fn place_of(&self, word: &[u8], recipients: &[Address]) -> Vec<u8> {
        let recipients = recipients.iter().map(|one| one.text().as_bytes());
        let words = [word, self.written.as_bytes()]
            .into_iter()
            .chain(recipients);
        claim_words(&words.collect::<Vec<_>>())
    }
}

impl fmt::Debug for Host {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        f.write_str(&self.written)
    }
}

/// By what the user wrote.
impl PartialEq for Host {
    fn eq(&self, other: &Self) -> bool {
        let all = |host: &Self| (host.written.clone(), host.recipient.clone(), host.timeout);
        all(self) == all(other) && self.route.tls == other.route.tls
    }
}

impl Eq for Host {}

/// What tells the protocols apart.
pub trait Manner {
    /// The protocol's word, in claims and to people.
    fn word(&self) -> &'static [u8];

    /// Begins a session over a new connection.
    fn open(&self, wire: Wire<'static>, sender: &Sender) -> Result<Session>;
}

/// A server to hand mail on to.
pub struct Relay {
    host: Host,
    manner: Box<dyn Manner>,
    sender: Sender,
    session: RefCell<Option<Session>>,
    /// A message is being handed over; the next one may be on its way already.
    busy: Cell<bool>,
    /// Over how many messages in a row the line was lost.
    losses: Cell<u32>,
}

impl Relay {
    /// Makes ready to connect; that is done when there is mail.
    pub fn new(host: Host, manner: Box<dyn Manner>, sender: Sender) -> Self {
        Self {
            host,
            manner,
            sender,
            session: RefCell::new(None),
            busy: Cell::new(false),
            losses: Cell::new(0),
        }
    }

    /// To whom a message goes: as the settings or its envelope say, else to the user.
    fn recipients(&self, to: &Envelope) -> Result<Vec<Address>> {
        let named = self.host.named(to);
        if !named.is_empty() {
            return Ok(named);
        }
        let user = Address::parse(self.sender.user.as_bytes());
        let none = || Error::Bug("a user that is no address was to be a recipient".into());
        user.map(|user| vec![user]).ok_or_else(none)
    }

    /// A new session.
    fn connect(&self) -> Result<Session> {
        let events = &self.sender.events;
        let stage = events.stage();
        let patience = Patience {
            timeout: self.host.timeout,
            deadline: None,
            stop: self.sender.stop.clone(),
        };
        let session = net::dial(&self.host.route, patience, Rc::clone(events))
            .and_then(|wire| self.manner.open(wire, &self.sender));
        events.enter(stage);
        session.map_err(|error| self.away(error))
    }

    /// The words for where a recipient's letter comes.
    fn place_of(&self, recipient: &Address) -> Vec<u8> {
        let word = self.manner.word();
        self.host.place_of(word, std::slice::from_ref(recipient))
    }

    /// The error that the server cannot be used.
    fn away(&self, error: Error) -> Error {
        match error {
            Error::Interrupted => error,
            error => Error::Relay {
                name: self.name(),
                error: Box::new(error),
            },
        }
    }
}

impl Delivery for Relay {
    fn name(&self) -> String {
        let word = String::from_utf8_lossy(self.manner.word());
        format!("{word} to {}", self.host.written)
    }

    /// Connects if that was not done: a server that is not there need not be sent a message for.
    fn begin<'d>(&'d self, to: &Envelope, _: Option<&Uid>) -> Result<Box<dyn Letter<'d> + 'd>> {
        if self.losses.get() >= LOSSES {
            return Err(self.away(Error::ServerTrouble(Vec::new())));
        }
        let recipients = self.recipients(to)?;
        let mut session = self.session.borrow_mut();
        if session.is_none() && !self.busy.get() {
            *session = Some(self.connect()?);
        }
        Ok(Box::new(Draft {
            relay: self,
            sender: Address::parse(&to.sender),
            recipients,
            nature: Nature::default(),
            spool: Spool::new(&self.sender.spool),
        }))
    }

    fn sync_published(&self) -> Result<()> {
        Ok(())
    }

    fn together(&self) -> usize {
        1
    }
}

impl Drop for Relay {
    fn drop(&mut self) {
        if let Some(session) = self.session.take() {
            session.quit();
        }
    }
}

/// A letter to be handed over.
struct Draft<'d> {
    relay: &'d Relay,
    sender: Option<Address>,
    recipients: Vec<Address>,
    nature: Nature,
    spool: Spool,
}

impl<'d> Letter<'d> for Draft<'d> {
    fn write(&mut self, bytes: &[u8]) -> Result<()> {
        self.nature.see(bytes);
        self.spool.write(bytes)
    }

    fn spare(&mut self, places: &[Vec<u8>]) {
        let relay = self.relay;
        self.recipients
            .retain(|one| !places.contains(&relay.place_of(one)));
    }

    fn seal(self: Box<Self>) -> Result<Box<dyn Sealed + 'd>> {
        Ok(self)
    }
}

impl Sealed for Draft<'_> {
    fn claim(&mut self) -> Result<Vec<u8>> {
        let relay = self.relay;
        let word = relay.manner.word();
        Ok(claim_words(&[word, relay.name().as_bytes()]))
    }

    /// Who took it when another did not is noted, so that it comes to none of them twice.
    fn publish(mut self: Box<Self>, witness: &mut dyn Witness) -> Result<()> {
        let relay = self.relay;
        if self.recipients.is_empty() {
            return Ok(()); // all of them have it already
        }
        relay.busy.set(true);
        let answers = self.handed_over(witness);
        relay.busy.set(false);
        match &answers {
            Ok(_) => relay.losses.set(0),
            Err(_) => relay.losses.set(relay.losses.get() + 1),
        }
        let answers = answers?;
        let verdict = self.verdict(&answers);
        if verdict.is_err() {
            let all = self.recipients.iter().zip(&answers);
            for (recipient, _) in all.filter(|(_, reply)| reply.is_good()) {
                witness.taken(relay.place_of(recipient))?;
            }
        }
        verdict
    }
}

impl Draft<'_> {
    /// Hands the letter over. The server may have left meanwhile, which is seen only when something is
    /// said. As long as it has not got all of the message, it can be given it once more.
    fn handed_over(&mut self, witness: &mut dyn Witness) -> Result<Vec<Reply>> {
        let relay = self.relay;
        let before = relay.session.take();
        let answers = match before.map(|session| self.over(session, witness)) {
            None | Some(Err(Lost::Before(_) | Lost::Amid(_))) => {
                self.over(relay.connect()?, witness)
            }
            Some(answers) => answers,
        };
        let name = relay.name();
        answers.map_err(|lost| match lost {
            Lost::Barred(error) | Lost::Before(error) => relay.away(error),
            Lost::Ours(error) => error,
            Lost::Amid(error) => {
                let error = Box::new(error);
                Error::RelayLost { name, error }
            }
            Lost::InDoubt(error) => {
                let error = Box::new(error);
                Error::RelayInDoubt { name, error }
            }
        })
    }

    /// Hands the letter over in this session, which is kept for the next one.
    fn over(
        &mut self,
        mut session: Session,
        witness: &mut dyn Witness,
    ) -> Result<Vec<Reply>, Lost> {
        let parcel = Parcel {
            sender: self.sender.as_ref(),
            recipients: &self.recipients,
            nature: self.nature,
            spool: &mut self.spool,
        };
        let answers = session.hand_over(parcel, &mut || witness.meanwhile())?;
        if !session.is_spent() {
            self.relay.session.replace(Some(session));
        }
        Ok(answers)
    }

    /// What the answers mean for the letter: it counts as delivered when all took it.
    fn verdict(&self, answers: &[Reply]) -> Result<()> {
        let name = self.relay.name();
        let against: Vec<_> = answers.iter().filter(|reply| !reply.is_good()).collect();
        let said: Vec<_> = against.iter().map(|reply| reply.said()).collect();
        let said = said.join(&b"; "[..]);
        match against.iter().any(|reply| reply.is_final()) {
            _ if against.is_empty() => Ok(()),
            true => Err(Error::RelayRefused { name, said }),
            false => Err(Error::RelayLater { name, said }),
        }
    }
}

/// The name by which we greet: this machine's, if it can be one.
pub fn own_name() -> String {
    let host = super::host();
    match address::is_domain(&host) {
        true => host,
        false => "localhost".into(),
    }
}
