//! Destinations, and how a message gets into one for good: a letter is written and *sealed* (whole,
//! and durable after `sync_sealed`, but seen by nobody), *claimed* in the account's memory, and then
//! *published*. Whatever kills us in between, the claim tells the next run how to find out what
//! happened ([`resume`]).

mod filter;
mod lmtp;
mod maildir;
mod mbox;
mod mda;
mod multidrop;
mod place;
mod relay;
mod several;
mod smtp;
mod traced;

pub use filter::{Filter, Verdict};
#[cfg(any(test, fuzzing))]
pub use mbox::properties;
pub use mbox::{Format, Lock};
pub use multidrop::{Multidrop, Pattern};
#[cfg(any(test, fuzzing))]
pub use relay::properties as relay_properties;
pub use relay::{Address, Host};
pub use smtp::{can_log_in_by, Submitter};
pub use traced::{Passage, Trace, Traced};

use crate::error::{Error, Result};
use crate::event::{Events, Notice, Stop};
use crate::message::{Envelope, Time, Uid};
use crate::secret::CommandLine;
use std::collections::BTreeMap;
use std::io;
use std::os::unix::ffi::{OsStrExt, OsStringExt};
use std::path::{Path, PathBuf};
use std::rc::Rc;
use std::time::Duration;

/// Where an account's mail goes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Destination {
    /// A Maildir, made if it is missing.
    Maildir(PathBuf),
    /// An mbox file.
    Mbox {
        /// The file.
        path: PathBuf,
        /// Its variant.
        format: Format,
        /// How it is locked against other programs.
        locks: Vec<Lock>,
    },
    /// Standard output, as an mbox.
    Output(Format),
    /// A program that takes a message on its standard input.
    Mda {
        /// The program.
        command: CommandLine,
        /// How long it may take for one message.
        timeout: Duration,
    },
    /// A server that takes mail by LMTP.
    Lmtp(Box<Host>),
    /// A server that passes mail on by SMTP, and who logs in there if somebody does.
    Smtp(Box<Host>, Option<Submitter>),
    /// Several, none of which is made of others: each gets every message.
    Several(Vec<Destination>),
    /// By recipient, to destinations none of which is made of others.
    Multidrop(Multidrop),
}

/// What every destination needs to know of the account that delivers to it.
pub struct Sender {
    /// The account's name.
    pub account: String,
    /// Its user, to whom mail is addressed that names nobody else.
    pub user: String,
    /// The mark of its files.
    pub mark: String,
    /// Where large messages may be kept while they are under way.
    pub spool: PathBuf,
    /// Hears what is worth telling.
    pub notice: Box<dyn Fn(Notice)>,
    /// The voice of the account, for those who speak with a server.
    pub events: Rc<Events>,
    /// The signal to stop.
    pub stop: Stop,
}

/// What became of a claimed delivery.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fate {
    /// It is in its destination, durably.
    Delivered,
    /// It is not, and nothing is left of it.
    Undone,
    /// Nobody can tell.
    Unknown,
}

/// A destination, open for one visit.
pub trait Delivery {
    /// How to name it to people.
    fn name(&self) -> String;

    /// Begins a letter. Dropped unsealed, nothing of it remains.
    fn begin<'d>(&'d self, to: &Envelope, uid: Option<&Uid>) -> Result<Box<dyn Letter<'d> + 'd>>;

    /// Makes durable what was sealed so far, where it must be found again once it is claimed, and keeps
    /// other programs from where it will be published.
    fn sync_sealed(&self) -> Result<()> {
        Ok(())
    }

    /// Makes durable what was published so far, and lets other programs at it.
    fn sync_published(&self) -> Result<()>;

    /// Removes what earlier runs left behind without ever claiming it.
    fn sweep(&self) -> Result<()> {
        Ok(())
    }

    /// How many letters may be claimed together. One, where a delivery cannot be found again: then
    /// at most that one can come twice.
    fn together(&self) -> usize;
}

/// A message being written.
pub trait Letter<'d> {
    /// Writes the next bytes.
    fn write(&mut self, bytes: &[u8]) -> Result<()>;

    /// Leaves out these of several places: they have it already.
    fn spare(&mut self, _places: &[Vec<u8>]) {}

    /// Ends the message.
    fn seal(self: Box<Self>) -> Result<Box<dyn Sealed + 'd>>;
}

/// A message that is whole but not yet delivered. Dropped unclaimed, nothing of it remains.
pub trait Sealed {
    /// The words by which [`resume`] finds it again.
    fn claim(&mut self) -> Result<Vec<u8>>;

    /// Delivers it.
    fn publish(self: Box<Self>, witness: &mut dyn Witness) -> Result<()>;
}

/// Who sees how a letter is published, which may fail in one of its places and not in another.
pub trait Witness {
    /// Called when there is time for something else, which may take long: while an answer is awaited,
    /// again and again, every second or so.
    fn meanwhile(&mut self);

    /// It is in this place, where its claim finds it again.
    fn stands(&mut self, place: Vec<u8>);

    /// It was taken in this place, of which its claim could not tell, and is still to go elsewhere.
    fn taken(&mut self, place: Vec<u8>) -> Result<()>;
}

/// Opens a destination, and makes it where it may be made.
pub fn open(destination: &Destination, sender: Sender) -> Result<Box<dyn Delivery>> {
    Ok(match destination.clone() {
        Destination::Maildir(path) => Box::new(maildir::Maildir::open(path, &sender)?),
        Destination::Mbox {
            path,
            format,
            locks,
        } => Box::new(mbox::Mbox::open(path, format, locks, sender)?),
        Destination::Output(format) => Box::new(mbox::Output::open(format, sender)?),
        Destination::Mda { command, timeout } => {
            Box::new(mda::Mda::open(command, timeout, sender)?)
        }
        Destination::Lmtp(host) => Box::new(relay::Relay::new(*host, Box::new(lmtp::Lmtp), sender)),
        Destination::Smtp(host, submitter) => {
            let manner = smtp::Smtp::new(host.route.clone(), submitter);
            Box::new(relay::Relay::new(*host, Box::new(manner), sender))
        }
        Destination::Several(_) | Destination::Multidrop(_) => {
            Box::new(several::Several::open(destination, sender)?)
        }
    })
}

/// A delivery that an earlier run claimed.
pub struct Claimed<'c> {
    /// Its claim.
    pub words: &'c [u8],
    /// When it was claimed.
    pub begun: Time,
}

/// What became of a claimed delivery in one of its places.
pub struct Share {
    /// The place.
    pub place: Vec<u8>,
    /// How to name it to people.
    pub destination: String,
    /// What became of it there.
    pub fate: Fate,
}

/// What became of claimed deliveries. As long as it lives, no other program changes an mbox that it
/// tells of: what is found there must be remembered first.
pub struct Resumed {
    /// What became of each, in each of its places.
    pub shares: Vec<Vec<Share>>,
    _held: Vec<mbox::Hold>,
}

/// Finds out what became of claimed deliveries, and finishes or undoes them, durably. Asks only the
/// claims: the settings may have changed since. Those of one destination are looked at together.
pub fn resume(claims: &[Claimed], now: Time, mark: &str) -> Result<Resumed> {
    let parts: Vec<Vec<Part>> = claims.iter().map(|claim| parts(claim.words)).collect();
    let each = parts.iter().zip(claims);
    let single = each.flat_map(|(parts, claim)| {
        let begun = claim.begun;
        parts.iter().map(move |part| Claimed {
            words: &part.words,
            begun,
        })
    });
    let (fates, held) = fates(&single.collect::<Vec<_>>(), now, mark)?;
    let mut fates = fates.into_iter();
    let shares = parts.into_iter().map(|parts| {
        let told = parts.into_iter().zip(&mut fates);
        told.map(|(part, fate)| Share {
            destination: named(&part.words),
            place: part.place,
            fate,
        })
        .collect()
    });
    Ok(Resumed {
        shares: shares.collect(),
        _held: held,
    })
}

/// What became of deliveries that have one place each.
fn fates(claims: &[Claimed], now: Time, mark: &str) -> Result<(Vec<Fate>, Vec<mbox::Hold>)> {
    let (mut maildirs, mut mboxes) = (BTreeMap::new(), BTreeMap::new());
    for (at, claim) in claims.iter().enumerate() {
        match words_of(claim.words).as_slice() {
            [maildir::WORD, path, name] => {
                let age = now.0.saturating_sub(claim.begun.0);
                let letters: &mut Vec<_> = maildirs.entry(*path).or_default();
                letters.push((at, maildir::Claimed { name, age }));
            }
            [mbox::WORD, path, place @ ..] => {
                let letters: &mut Vec<_> = mboxes.entry(*path).or_default();
                letters.push((at, place.to_vec()));
            }
            _ => {}
        }
    }
    let (mut found, mut held) = (Vec::new(), Vec::new());
    for (path, letters) in maildirs {
        let (places, letters): (Vec<_>, Vec<_>) = letters.into_iter().unzip();
        let fates = maildir::resume(&path_of(path), &letters)?;
        found.extend(places.into_iter().zip(fates));
    }
    for (path, letters) in mboxes {
        let (places, letters): (Vec<_>, Vec<_>) = letters.into_iter().unzip();
        let (fates, hold) = mbox::resume(&path_of(path), &letters, mark)?;
        held.extend(hold);
        found.extend(places.into_iter().zip(fates));
    }
    let mut fates = vec![Fate::Unknown; claims.len()];
    found.into_iter().for_each(|(at, fate)| fates[at] = fate);
    Ok((fates, held))
}

/// A claim of one place: what a claim of several is made of.
#[derive(PartialEq, Eq)]
struct Part {
    place: Vec<u8>,
    words: Vec<u8>,
}

/// The claims that a claim is made of: itself, if it is of one place.
fn parts(claim: &[u8]) -> Vec<Part> {
    several::read(claim).unwrap_or_else(|| {
        let (place, words) = (claim.to_vec(), claim.to_vec());
        vec![Part { place, words }]
    })
}

/// How to name the destinations of a claim to people.
pub fn claimed_for(claim: &[u8]) -> String {
    let parts = parts(claim);
    let names = parts.iter().map(|part| named(&part.words));
    names.collect::<Vec<_>>().join(", ")
}

/// How to name the destination of a claim of one place.
fn named(claim: &[u8]) -> String {
    let place = claim.split(|b| *b == 0).nth(1);
    place.map_or("standard output".into(), |place| {
        String::from_utf8_lossy(place).into_owned()
    })
}

/// The words of a claim, with NUL between them, which no path holds.
fn claim_words(words: &[&[u8]]) -> Vec<u8> {
    words.join(&0)
}

fn words_of(claim: &[u8]) -> Vec<&[u8]> {
    claim.split(|b| *b == 0).collect()
}

fn hex(bytes: &[u8]) -> Vec<u8> {
    bytes
        .iter()
        .flat_map(|byte| format!("{byte:02x}").into_bytes())
        .collect()
}

fn path_of(bytes: &[u8]) -> PathBuf {
    PathBuf::from(std::ffi::OsString::from_vec(bytes.to_vec()))
}

fn path_bytes(path: &Path) -> &[u8] {
    path.as_os_str().as_bytes()
}

/// The error that a destination cannot be prepared, around what the system says.
fn unprepared(path: &Path, doing: &'static str) -> impl Fn(io::Error) -> Error {
    let path = path.to_path_buf();
    move |why| Error::Destination {
        path: path.clone(),
        doing,
        why,
    }
}

/// The error that a message cannot be delivered, around what the system says.
fn undelivered(path: &Path, doing: &'static str) -> impl Fn(io::Error) -> Error {
    let path = path.to_path_buf();
    move |why| Error::Delivering {
        path: path.clone(),
        doing,
        why,
    }
}

/// This machine's name.
fn host() -> String {
    let names = rustix::system::uname();
    names.nodename().to_string_lossy().into_owned()
}
