//! What happened, as data. Code below the commands says it here; `report` alone tells people.

mod line;
mod offered;
mod stop;
mod tally;
mod visit;
mod voice;

pub use line::{Backlog, Line};
pub use offered::{Offered, Probed, Protection, Trusted};
pub use stop::Stop;
pub use tally::{Failure, Subject, Summary, Tally};
pub use visit::{Mode, Stage};
pub use voice::Voice;

use crate::error::Error;
use crate::message::{Listing, Time, Uid};
use std::cell::{Cell, RefCell};
use std::sync::mpsc::Sender;
use std::time::Duration;

/// Who said a line of the dialogue.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Side {
    /// We did.
    Client,
    /// The server did.
    Server,
}

/// Something worth telling that is no failure.
#[derive(Debug)]
pub enum Notice {
    /// The certificate is not checked, as the settings say.
    Unverified,
    /// The state file ended in a half-written line, which was cut off.
    TornState,
    /// A delivery begun by an earlier run was finished or found done.
    Finished,
    /// A delivery begun by an earlier run is in doubt: the message may come twice.
    InDoubt {
        /// Where it was going.
        destination: String,
        /// Which message.
        uid: Option<Uid>,
    },
    /// A server that could not be used; the next one is tried.
    NextServer(Error),
    /// A dropped line; we connect again.
    Reconnecting(Error),
    /// We connect again, now that what was done lasts.
    Committed,
    /// We connect again, since the server may show more.
    NextSlice,
    /// The next login has to wait so long.
    Waiting(Duration),
    /// The server seems to lose what is sent ahead; from now on each command waits for its reply.
    LockStep(Error),
    /// The server refused to delete so many messages.
    NotDeleted(usize),
    /// The server may delete mail by itself after so many days, sooner than it is to be kept.
    Expires(u32),
    /// A dotlock of a program that is gone was removed.
    StaleLock(std::path::PathBuf),
    /// The MDA is started as root, for mail that anybody may have sent.
    MdaAsRoot,
    /// One more of several destinations did not take a message.
    NotTaken {
        /// Which message.
        uid: Option<Uid>,
        /// What failed.
        error: Error,
    },
    /// The MDA wrote this on its standard error and took the message.
    MdaSaid(Vec<u8>),
    /// The hook of this key said this and ended well.
    HookSaid(&'static str, Vec<u8>),
    /// There are hooks, which a dry run leaves alone.
    HooksLeft,
}

/// How the memory stands to a message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Standing {
    /// It was never stored.
    New,
    /// It was.
    Seen,
    /// Only its bytes could tell.
    Unsure,
    /// It was never stored, and is larger than wanted.
    Large,
}

impl Standing {
    /// The word for it in a list.
    pub fn name(self) -> &'static str {
        match self {
            Self::New => "new",
            Self::Seen => "seen",
            Self::Unsure => "maybe",
            Self::Large => "large",
        }
    }
}

/// A message on the server, and what its head says of it if the server shows it.
#[derive(Debug)]
pub struct Listed {
    /// The message.
    pub listing: Listing,
    /// Whether it is known.
    pub standing: Standing,
    /// When it was written.
    pub date: Option<Time>,
    /// By whom, decoded; empty where nothing is known.
    pub from: Vec<u8>,
    /// What about, decoded.
    pub subject: Vec<u8>,
}

/// Which setting leaves a message on the server.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Skipped {
    /// `max_size`: it is larger.
    TooLarge,
    /// `header_filter`.
    Filtered,
}

impl Skipped {
    /// The key of the setting.
    pub fn key(self) -> &'static str {
        match self {
            Self::TooLarge => "max_size",
            Self::Filtered => "header_filter",
        }
    }
}

/// What happened.
#[derive(Debug)]
pub enum Event {
    /// The visit begins, for this.
    Start(Mode),
    /// This server is being visited, at this port if it is not the usual one.
    Server(String, Option<u16>),
    /// The visit came to this stage.
    Stage(Stage),
    /// The plan is made: so many messages, of so many bytes, are to be retrieved.
    Planned {
        /// Messages to retrieve.
        messages: u64,
        /// Their listed sizes together.
        bytes: u64,
    },
    /// More of a message has come.
    Progress {
        /// So many bytes.
        bytes: u64,
        /// And it is whole now.
        whole: bool,
    },
    /// A program that the settings name was given the chance to ask something at the terminal, until
    /// the next stage that is not waiting for it.
    Lent,
    /// A message was delivered, durably.
    Message {
        /// Its UID.
        uid: Option<Uid>,
        /// Its size as stored.
        size: u64,
        /// Its Message-ID as its head has it, if it has one.
        id: Option<Vec<u8>>,
        /// Where it went.
        destination: String,
        /// How long that took, from asking for it until it was safe.
        took: Duration,
    },
    /// A message is on the server.
    Listed(Box<Listed>),
    /// What a server offers.
    Probe(Box<Probed>),
    /// A message that a dry run would have delivered.
    WouldDeliver {
        /// Its UID.
        uid: Option<Uid>,
        /// Its size as listed.
        size: Option<u64>,
        /// Its subject, decoded, if the server lets us look.
        subject: Vec<u8>,
    },
    /// A message that a dry run would have deleted.
    WouldDelete {
        /// Its UID.
        uid: Option<Uid>,
    },
    /// A message was left on the server, as the settings have it.
    Skip {
        /// Its UID.
        uid: Option<Uid>,
        /// Its size as listed.
        size: Option<u64>,
        /// Why.
        why: Skipped,
    },
    /// A message was deleted, as the server confirmed.
    Delete {
        /// Its UID.
        uid: Option<Uid>,
    },
    /// A line of the dialogue, secrets masked.
    Dialogue(Side, Line),
    /// Something worth telling.
    Notice(Notice),
    /// The account is done.
    Account(Box<Tally>),
    /// The run is done.
    Summary(Summary),
}

impl Event {
    /// Whether it is one of very many, and means nothing to whom their sum is enough.
    fn is_fine(&self) -> bool {
        matches!(
            self,
            Self::Stage(_)
                | Self::Planned { .. }
                | Self::Progress { .. }
                | Self::Lent
                | Self::Message { .. }
                | Self::Delete { .. }
        )
    }
}

/// What is listened to. The rest is not said: each event wakes the thread that tells it.
#[derive(Clone, Copy, Debug)]
pub struct Attention {
    /// The lines on the wire.
    pub dialogue: bool,
    /// What happens to each message.
    pub fine: bool,
}

/// Says what happens to one account; knows which one, and at which stage it is.
pub struct Events {
    account: usize,
    sender: Sender<(usize, Event)>,
    stage: Cell<Stage>,
    visited: RefCell<String>,
    heard: Cell<bool>,
    attention: Attention,
    backlog: Backlog,
}

impl Events {
    /// A voice for the account of this index, to somebody who listens to this.
    pub fn new(account: usize, sender: Sender<(usize, Event)>, attention: Attention) -> Self {
        Self {
            account,
            sender,
            stage: Cell::new(Stage::Preparing),
            visited: RefCell::default(),
            heard: Cell::new(true),
            attention,
            backlog: Backlog::default(),
        }
    }

    /// Says that something happened. Nobody listening is no trouble of ours.
    pub fn emit(&self, event: Event) {
        if event.is_fine() && !self.attention.fine {
            return;
        }
        let sent = self.sender.send((self.account, event));
        self.heard.set(sent.is_ok());
    }

    /// Whether anybody heard what was said last.
    pub fn heard(&self) -> bool {
        self.heard.get()
    }

    /// Says something worth telling.
    pub fn notice(&self, notice: Notice) {
        self.emit(Event::Notice(notice));
    }

    /// Says which server is being visited, as the user wrote it, and at which port if it is odd.
    pub fn server(&self, written: &str, port: Option<u16>) {
        written.clone_into(&mut self.visited.borrow_mut());
        self.emit(Event::Server(written.into(), port));
    }

    /// The server that is being visited, as the user wrote it.
    pub fn visited(&self) -> String {
        self.visited.borrow().clone()
    }

    /// Says that the next stage begins.
    pub fn enter(&self, stage: Stage) {
        self.stage.set(stage);
        self.emit(Event::Stage(stage));
    }

    /// Takes up an earlier stage, to which a failure belongs that is told only now.
    pub fn back_to(&self, stage: Stage) {
        self.stage.set(stage);
    }

    /// The stage we are at.
    pub fn stage(&self) -> Stage {
        self.stage.get()
    }

    /// Whether anybody listens to what happens to each message.
    pub fn listens_closely(&self) -> bool {
        self.attention.fine
    }

    /// Says a line of the dialogue, if anyone wants it; the line is made only then. Of all that is
    /// said this alone waits until it is heard: a server decides how much of it there is.
    pub fn dialogue(&self, side: Side, line: impl FnOnce() -> Vec<u8>) {
        if self.attention.dialogue {
            self.emit(Event::Dialogue(side, self.backlog.line(line())));
        }
    }
}
