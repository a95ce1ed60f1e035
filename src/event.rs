//! What happened, as data. Code below the commands says it here; `report` alone tells people.

use crate::error::{Error, ExitStatus};
use crate::message::Uid;
use std::cell::Cell;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc::Sender;
use std::sync::Arc;

/// The stages of a visit, in order.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Stage {
    /// Locking the account and preparing the destination.
    Preparing,
    /// Getting the password.
    Password,
    /// Finding and reaching the server.
    Connecting,
    /// Waiting for the greeting and what the server can do.
    Greeting,
    /// Agreeing on TLS.
    Securing,
    /// Logging in.
    LoggingIn,
    /// Asking what is there.
    Listing,
    /// Retrieving and delivering messages.
    Retrieving,
    /// Deleting and saying goodbye.
    Quitting,
}

impl Stage {
    /// The word for it in errors and on progress bars.
    pub fn name(self) -> &'static str {
        match self {
            Self::Preparing => "preparing",
            Self::Password => "password",
            Self::Connecting => "connecting",
            Self::Greeting => "greeting",
            Self::Securing => "securing",
            Self::LoggingIn => "login",
            Self::Listing => "listing",
            Self::Retrieving => "retrieving",
            Self::Quitting => "quitting",
        }
    }
}

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
    /// The server refused to delete so many messages.
    NotDeleted(usize),
    /// The server may delete mail by itself after so many days, sooner than it is to be kept.
    Expires(u32),
    /// A dotlock of a program that is gone was removed.
    StaleLock(std::path::PathBuf),
    /// The MDA wrote this on its standard error and took the message.
    MdaSaid(Vec<u8>),
}

/// What happened.
#[derive(Debug)]
pub enum Event {
    /// This server is being visited.
    Server(String),
    /// The visit came to this stage.
    Stage(Stage),
    /// The plan is made: so many messages, of so many bytes, are to be retrieved.
    Planned {
        /// Messages to retrieve.
        messages: u64,
        /// Their listed sizes together.
        bytes: u64,
    },
    /// So many more bytes have come.
    Progress(u64),
    /// A message was delivered, durably.
    Message {
        /// Its UID.
        uid: Option<Uid>,
        /// Its size as stored.
        size: u64,
        /// Where it went.
        destination: String,
    },
    /// A message that a dry run would have delivered.
    WouldDeliver {
        /// Its UID.
        uid: Option<Uid>,
        /// Its size as listed.
        size: Option<u64>,
        /// Its subject, if the server lets us look.
        subject: Vec<u8>,
    },
    /// A message that a dry run would have deleted.
    WouldDelete {
        /// Its UID.
        uid: Option<Uid>,
    },
    /// A message was left on the server because it is larger than `max_size`.
    Skip {
        /// Its UID.
        uid: Option<Uid>,
        /// Its size as listed.
        size: Option<u64>,
    },
    /// A message was deleted, as the server confirmed.
    Delete {
        /// Its UID.
        uid: Option<Uid>,
    },
    /// A line of the dialogue, secrets masked.
    Dialogue(Side, Vec<u8>),
    /// Something worth telling.
    Notice(Notice),
    /// The account is done.
    Account(Box<Tally>),
}

/// What a failure was about.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Subject {
    /// The whole visit.
    Visit,
    /// One message, by its UID if it has one.
    Message(Option<Uid>),
}

/// A failure with the stage at which it came.
#[derive(Debug)]
pub struct Failure {
    /// Where the visit was.
    pub stage: Stage,
    /// What it was about.
    pub subject: Subject,
    /// What failed.
    pub error: Error,
    /// Known from several runs before: named, but no alarm.
    pub known: bool,
}

/// What a visit came to.
#[derive(Debug, Default)]
pub struct Tally {
    /// Messages delivered.
    pub new: u64,
    /// Messages that were known already.
    pub seen: u64,
    /// Messages deleted, as the server confirmed.
    pub deleted: u64,
    /// Messages left on the server because of their size.
    pub skipped: u64,
    /// Bytes delivered.
    pub bytes: u64,
    /// New messages are left for the next run.
    pub more: bool,
    /// What failed.
    pub failures: Vec<Failure>,
}

impl Tally {
    /// The exit status that this visit stands for.
    pub fn status(&self) -> ExitStatus {
        let alarming = self.failures.iter().filter(|failure| !failure.known);
        alarming
            .map(|failure| failure.error.status())
            .min()
            .unwrap_or(ExitStatus::Fine)
    }
}

/// Says what happens to one account; knows which one, and at which stage it is.
pub struct Events {
    account: usize,
    sender: Sender<(usize, Event)>,
    stage: Cell<Stage>,
    dialogue: bool,
}

impl Events {
    /// A voice for the account of this index; `dialogue` asks for the lines on the wire too.
    pub fn new(account: usize, sender: Sender<(usize, Event)>, dialogue: bool) -> Self {
        Self {
            account,
            sender,
            stage: Cell::new(Stage::Preparing),
            dialogue,
        }
    }

    /// Says that something happened. Nobody listening is no trouble of ours.
    pub fn emit(&self, event: Event) {
        let _ = self.sender.send((self.account, event));
    }

    /// Says something worth telling.
    pub fn notice(&self, notice: Notice) {
        self.emit(Event::Notice(notice));
    }

    /// Says which server is being visited, as the user wrote it.
    pub fn server(&self, written: &str) {
        self.emit(Event::Server(written.into()));
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

    /// Says a line of the dialogue, if anyone wants it; the line is made only then.
    pub fn dialogue(&self, side: Side, line: impl FnOnce() -> Vec<u8>) {
        if self.dialogue {
            self.emit(Event::Dialogue(side, line()));
        }
    }
}

/// Whether a signal has asked us to stop, and which; looked at between messages and while waiting.
#[derive(Clone, Default)]
pub struct Stop(pub Arc<AtomicUsize>);

impl Stop {
    /// The signal that asked us to stop, if one did.
    pub fn signal(&self) -> Option<usize> {
        match self.0.load(Ordering::Relaxed) {
            0 => None,
            signal => Some(signal),
        }
    }
}
