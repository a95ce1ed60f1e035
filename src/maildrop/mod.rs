//! A maildrop that is open: connected, secured, logged in and locked by the server. The road knows
//! maildrops only by this trait; which protocol is behind it is settled in [`open`].

mod ahead;
mod entry;
mod greet;
mod known;
mod listing;
mod login;
mod lump;
mod pop1;
mod pop2;
mod pop3;
mod probe;
#[cfg(any(test, fuzzing))]
pub mod properties;
mod sdps;
mod servers;
mod sign;
mod syntax;
mod talk;

pub use ahead::Pipeline;
pub use probe::{probe, Stls};
pub use servers::Servers;

#[cfg(any(test, fuzzing))]
pub use login::properties as login_properties;
pub use login::Login;

use entry::Entry;

use crate::error::{Error, Result};
use crate::event::{Events, Notice, Stage};
use crate::message::{Disposition, Envelope, Listing, MessageNumber, Time};
use crate::net::{Patience, Route};
use crate::secret::Credential;
use crate::seen::Offers;
use std::io::Read;
use std::path::PathBuf;
use std::time::Duration;

/// What is spoken with a server.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Protocol {
    /// POP3 (RFC 1939).
    Pop3,
    /// POP2 (RFC 937).
    Pop2,
    /// POP1 (RFC 918).
    Pop1,
}

impl Protocol {
    /// What people call it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Pop3 => "POP3",
            Self::Pop2 => "POP2",
            Self::Pop1 => "POP1",
        }
    }
}

/// A part of a message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Part {
    /// Who sent it, and to whom.
    Envelope,
    /// Its head.
    Head,
    /// All of it.
    Whole,
}

/// A message that will be asked for, with its listed size.
pub type Wanted = (MessageNumber, Option<u64>);

/// From where the envelopes of messages are known.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Envelopes {
    /// From what stands in the heads.
    Heads,
    /// From the server, which is asked by `*ENV`.
    Sdps,
}

/// When sizes will be wanted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Sizes {
    /// With the listing.
    Now,
    /// Perhaps, once the listing is seen.
    Perhaps,
}

/// What is there.
#[derive(Debug)]
pub struct Scan {
    /// The messages.
    pub listings: Vec<Listing>,
    /// How many octets they have together, where each by itself is not told yet.
    pub octets: Option<u64>,
}

/// What was to be deleted and is left.
#[derive(Debug, Default)]
pub struct Left {
    /// The server refused to delete these.
    pub refused: Vec<MessageNumber>,
    /// These stay since others do that would go with them.
    pub spared: Vec<MessageNumber>,
}

/// A maildrop, open for this session.
pub trait Maildrop {
    /// Lists what is there, with sizes or, where they cost a question of their own, without.
    fn scan(&mut self, sizes: Sizes) -> Result<Scan>;

    /// Asks for the sizes that `scan` left out.
    fn weigh(&mut self, scan: Scan) -> Result<Vec<Listing>> {
        Ok(scan.listings)
    }

    /// Says of which messages this part will be asked for, in this order, so that the requests may be
    /// sent ahead.
    fn announce(&mut self, _part: Part, _wanted: &[Wanted]) {}

    /// How many messages may be retrieved before the first of them is settled.
    fn together(&self) -> usize {
        usize::MAX
    }

    /// After how many days the server may delete mail by itself, if it says so.
    fn expires_after(&self) -> Option<u32> {
        None
    }

    /// How far apart the server wants logins to be, if it says so.
    fn login_delay(&self) -> Option<Duration> {
        None
    }

    /// What is to be remembered of the server from now on, if something else is than was.
    fn learned(&self, _now: Time) -> Option<Offers> {
        None
    }

    /// The envelope of a message; `None` where that is not asked of the server.
    fn envelope(&mut self, _number: MessageNumber) -> Result<Option<Envelope>> {
        Ok(None)
    }

    /// The head of a message, with the blank line; `None` where the server cannot tell.
    fn head(&mut self, number: MessageNumber) -> Result<Option<Vec<u8>>>;

    /// Opens a message for reading, with local line ends. Reading fails, with our own error inside,
    /// if the connection ends before the message does.
    fn retrieve(&mut self, number: MessageNumber) -> Result<Box<dyn Read + '_>>;

    /// Says what is to become of a message. Deletion may be put off until `quit`.
    fn settle(&mut self, number: MessageNumber, disposition: Disposition) -> Result<()>;

    /// Keeps the server from losing patience while something else takes long.
    fn keep_alive(&mut self) -> Result<()>;

    /// Takes back all that this session marked.
    fn reset(&mut self) -> Result<()>;

    /// Ends the session; only now do deletions happen. Gives what was to be deleted and was not.
    fn quit(self: Box<Self>) -> Result<Left>;
}

/// Connects, greets, secures and logs in at the first of the servers that lets us get as far as the
/// login; it is its turn then. One that proves nothing, or refuses us, is the last that is tried.
pub fn open<'e>(
    servers: &mut Servers,
    login: &Login,
    credential: &Credential,
    visit: Visit<'e>,
) -> Result<Box<dyn Maildrop + 'e>> {
    let events = visit.events;
    let mut left = servers.others();
    while let Some(route) = servers.current() {
        events.server(&route.written, route.odd_port());
        match open_at(route, login, credential, visit.clone()) {
            Ok(maildrop) => return Ok(maildrop),
            Err(error) if left > 0 && events.stage() < Stage::LoggingIn && is_away(&error) => {
                left -= 1;
                servers.pass();
                events.notice(Notice::NextServer(error));
            }
            Err(error) => return Err(error),
        }
    }
    Err(Error::Bug("there is no server to connect to".into()))
}

fn open_at<'e>(
    route: &Route,
    login: &Login,
    credential: &Credential,
    visit: Visit<'e>,
) -> Result<Box<dyn Maildrop + 'e>> {
    Ok(match visit.protocol {
        Protocol::Pop3 => {
            let entry = Entry {
                route,
                login,
                credential,
                visit,
            };
            Box::new(entry.open()?)
        }
        Protocol::Pop2 => Box::new(pop2::Pop2::open(route, login, credential, visit)?),
        Protocol::Pop1 => Box::new(pop1::Pop1::open(route, login, credential, visit)?),
    })
}

/// Whether a server could not be reached or does not serve, which another one may do.
pub fn is_away(error: &Error) -> bool {
    matches!(
        error,
        Error::HostNotFound { .. }
            | Error::Unreachable { .. }
            | Error::Proxy { .. }
            | Error::Tunnel { .. }
            | Error::TlsFailed { .. }
            | Error::TimedOut { .. }
            | Error::Cut { .. }
            | Error::GreetingRefused(_)
            | Error::InUse(_)
            | Error::ServerTrouble(_)
            | Error::ServerBroken(_)
    )
}

/// The surroundings of one session.
#[derive(Clone)]
pub struct Visit<'e> {
    /// How long the server may take.
    pub patience: Patience,
    /// The voice of the account.
    pub events: &'e Events,
    /// How many requests may be sent ahead.
    pub pipeline: Pipeline,
    /// What is remembered of the server, if that is not too old.
    pub recalled: Option<Offers>,
    /// From where envelopes are known.
    pub envelopes: Envelopes,
    /// What is spoken.
    pub protocol: Protocol,
    /// The folder that is meant, where the protocol knows several and it is not the usual one.
    pub folder: Option<&'e str>,
    /// Whether what is retrieved may be deleted.
    pub deletes: bool,
    /// Where there is room for what must be kept aside.
    pub spool: PathBuf,
}
