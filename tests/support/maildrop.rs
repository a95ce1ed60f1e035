//! The mail a test server holds for one user, shared between server and test.

use std::collections::BTreeSet;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use super::long::Long;
use super::mail;

/// A handle on one maildrop; clones show the same mail.
#[derive(Clone, Default)]
pub struct Maildrop(Arc<Mutex<Inner>>);

#[derive(Default)]
struct Inner {
    messages: Vec<Stored>,
    arrivals: u64,
    locked: bool,
    habits: Habits,
    /// The arrivals of what is hidden.
    hidden: BTreeSet<u64>,
}

/// What a provider does otherwise than RFC 1939 has it.
#[derive(Clone, Copy, Default)]
pub struct Habits {
    /// It shows a part of its messages at a time.
    pub shows: Shows,
    /// It shows no more what was retrieved in a session that ended well.
    pub hides_what_was_read: bool,
    /// It confirms deletions and carries none out.
    pub keeps_what_was_deleted: bool,
    /// It takes a session that was cut for one that ended well.
    pub updates_when_cut: bool,
}

/// Which of its messages a provider shows.
#[derive(Clone, Copy, Default)]
pub enum Shows {
    /// All.
    #[default]
    All,
    /// So many of the oldest.
    Oldest(usize),
    /// So many of the newest.
    Newest(usize),
}

/// One message as the server keeps it.
#[derive(Clone)]
pub struct Stored {
    /// Its UID.
    pub uid: String,
    /// Its bytes, lines ending in LF.
    pub bytes: Arc<[u8]>,
    /// How it travels, where that does not follow from its bytes.
    pub travels: Travels,
    /// What LIST says its size is, where that is not true.
    pub claim: Option<u64>,
    /// What goes wrong when it is retrieved.
    pub fault: Fault,
    /// Its sender and its recipient, if `*ENV` tells them.
    pub envelope: Option<[String; 2]>,
    /// Tells apart messages that share a UID.
    arrival: u64,
}

/// How a message travels.
#[derive(Clone)]
pub enum Travels {
    /// With CR LF at the end of its lines, and byte-stuffed.
    Duly,
    /// As these bytes, up to the line that ends it.
    As(Arc<[u8]>),
    /// Made while it is sent.
    Long(Arc<Long>),
}

/// What goes wrong when a message is retrieved.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fault {
    /// Nothing.
    None,
    /// RETR is answered with -ERR.
    Refused,
    /// The connection is cut in the middle of the body, so many times.
    Cut(usize),
}

impl Maildrop {
    /// Lets a message arrive. `bytes` has LF line ends; they travel as CRLF.
    pub fn add(&self, uid: &str, bytes: &[u8]) -> &Maildrop {
        let mut inner = self.inner();
        inner.arrivals += 1;
        let arrival = inner.arrivals;
        inner.messages.push(Stored {
            uid: uid.to_owned(),
            bytes: bytes.into(),
            travels: Travels::Duly,
            claim: None,
            fault: Fault::None,
            envelope: None,
            arrival,
        });
        self
    }

    /// Lets a message of tests/messages/ arrive.
    pub fn add_named(&self, uid: &str, name: &str) -> &Maildrop {
        self.add(uid, &mail::named(name))
    }

    /// Lets a message arrive that travels as these bytes, whatever they are.
    pub fn add_travelling(&self, uid: &str, wire: &[u8]) -> &Maildrop {
        self.add(uid, b"").change(uid, |message| {
            message.travels = Travels::As(wire.into());
        })
    }

    /// Lets a message arrive for which there is no room.
    pub fn add_long(&self, uid: &str, long: &Long) -> &Maildrop {
        let long = Arc::new(long.clone());
        self.add(uid, &long.head).change(uid, |message| {
            message.travels = Travels::Long(Arc::clone(&long));
        })
    }

    /// Says of the messages with this UID that this is their size.
    pub fn claim(&self, uid: &str, size: u64) -> &Maildrop {
        self.change(uid, |message| message.claim = Some(size))
    }

    /// Makes something go wrong whenever the messages with this UID are retrieved.
    pub fn spoil(&self, uid: &str, fault: Fault) -> &Maildrop {
        self.change(uid, |message| message.fault = fault)
    }

    /// Tells by `*ENV` who sent the messages with this UID, and to whom.
    pub fn posted(&self, uid: &str, sender: &str, recipient: &str) -> &Maildrop {
        self.change(uid, |message| {
            message.envelope = Some([sender, recipient].map(str::to_owned));
        })
    }

    fn change(&self, uid: &str, change: impl Fn(&mut Stored)) -> &Maildrop {
        let mut inner = self.inner();
        let messages = inner.messages.iter_mut().filter(|m| m.uid == uid);
        messages.for_each(change);
        drop(inner);
        self
    }

    /// Takes the messages with this UID away, as another client would.
    pub fn remove(&self, uid: &str) -> &Maildrop {
        self.inner().messages.retain(|message| message.uid != uid);
        self
    }

    /// Gives every message the UID that `change` makes of its old one, as a migration does.
    pub fn change_uids(&self, change: impl Fn(&str) -> String) -> &Maildrop {
        for message in &mut self.inner().messages {
            message.uid = change(&message.uid);
        }
        self
    }

    /// The UIDs of what is left, oldest first.
    pub fn uids(&self) -> Vec<String> {
        self.inner()
            .messages
            .iter()
            .map(|message| message.uid.clone())
            .collect()
    }

    /// How many messages are left.
    pub fn left(&self) -> usize {
        self.inner().messages.len()
    }

    /// Locks the maildrop as another session would: logins are answered [IN-USE].
    pub fn lock(&self) -> bool {
        !std::mem::replace(&mut self.inner().locked, true)
    }

    /// Ends what `lock` began.
    pub fn unlock(&self) {
        self.inner().locked = false;
    }

    /// Takes up these habits.
    pub fn habits(&self, habits: Habits) -> &Maildrop {
        self.inner().habits = habits;
        self
    }

    /// What a session sees all the while it lasts.
    pub fn snapshot(&self) -> Vec<Stored> {
        let inner = self.inner();
        let seen = inner.messages.iter();
        let mut shown: Vec<Stored> = seen
            .filter(|message| !inner.hidden.contains(&message.arrival))
            .cloned()
            .collect();
        match inner.habits.shows {
            Shows::All => {}
            Shows::Oldest(count) => shown.truncate(count),
            Shows::Newest(count) => drop(shown.drain(..shown.len().saturating_sub(count))),
        }
        shown
    }

    /// The update of RFC 1939 section 6, as this provider has it: some messages were deleted, and
    /// some retrieved.
    pub fn update(&self, deleted: &[&Stored], read: &[Stored]) {
        let mut inner = self.inner();
        if !inner.habits.keeps_what_was_deleted {
            let is_gone = |message: &Stored| deleted.iter().any(|g| g.arrival == message.arrival);
            inner.messages.retain(|message| !is_gone(message));
        }
        if inner.habits.hides_what_was_read {
            inner.hidden.extend(read.iter().map(|read| read.arrival));
        }
    }

    /// Whether a session that is cut counts as ended well.
    pub fn updates_when_cut(&self) -> bool {
        self.inner().habits.updates_when_cut
    }

    /// Whether a body is to be cut this time; counts down.
    pub fn takes_a_cut(&self, message: &Stored) -> bool {
        let mut inner = self.inner();
        let kept = inner
            .messages
            .iter_mut()
            .find(|m| m.arrival == message.arrival);
        match kept.map(|message| &mut message.fault) {
            Some(Fault::Cut(times)) if *times > 0 => {
                *times -= 1;
                true
            }
            _ => false,
        }
    }

    fn inner(&self) -> MutexGuard<'_, Inner> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Stored {
    /// Its size as it is listed. POP3 counts every line end as two octets, and no stuffing.
    pub fn size(&self) -> u64 {
        let size = || match &self.travels {
            Travels::Duly => mail::with_crlf(&self.bytes).len() as u64,
            Travels::As(wire) => wire.len() as u64,
            Travels::Long(long) => long.size(),
        };
        self.claim.unwrap_or_else(size)
    }
}
