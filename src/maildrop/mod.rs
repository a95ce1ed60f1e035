//! A maildrop that is open: connected, secured, logged in and locked by the server. The road knows
//! maildrops only by this trait; which protocol is behind it is settled in [`open`].

mod ahead;
mod entry;
mod greet;
mod known;
mod listing;
mod login;
mod pop3;
mod probe;
#[cfg(any(test, fuzzing))]
pub mod properties;
mod syntax;
mod talk;

pub use ahead::Pipeline;
pub use probe::{probe, Stls};

#[cfg(any(test, fuzzing))]
pub use login::properties as login_properties;
pub use login::Login;

use entry::Entry;

use crate::error::{Error, Result};
use crate::event::{Events, Notice, Stage};
use crate::message::{Disposition, Listing, MessageNumber, Time};
use crate::net::{Patience, Route};
use crate::secret::Credential;
use crate::seen::Offers;
use std::io::Read;
use std::time::Duration;

/// A part of a message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Part {
    /// Its head.
    Head,
    /// All of it.
    Whole,
}

/// A message that will be asked for, with its listed size.
pub type Wanted = (MessageNumber, Option<u64>);

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

    /// Ends the session; only now do deletions happen. Gives the messages that the server refused
    /// to delete.
    fn quit(self: Box<Self>) -> Result<Vec<MessageNumber>>;
}

/// Connects, greets, secures and logs in at the first of the servers that lets us get as far as the
/// login. One that proves nothing, or refuses us, is the last that is tried.
pub fn open<'e>(
    routes: &[Route],
    login: &Login,
    credential: &Credential,
    visit: Visit<'e>,
) -> Result<Box<dyn Maildrop + 'e>> {
    let events = visit.events;
    let mut left = routes.len();
    for route in routes {
        left -= 1;
        events.server(&route.written);
        let entry = Entry {
            route,
            login,
            credential,
            visit: visit.clone(),
        };
        match entry.open() {
            Ok(maildrop) => return Ok(Box::new(maildrop)),
            Err(error) if left > 0 && events.stage() < Stage::LoggingIn && is_away(&error) => {
                events.notice(Notice::NextServer(error));
            }
            Err(error) => return Err(error),
        }
    }
    Err(Error::Bug("there is no server to connect to".into()))
}

/// Whether a server could not be reached or does not serve, which another one may do.
fn is_away(error: &Error) -> bool {
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
}
