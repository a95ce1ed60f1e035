//! Delivery to an mbox: the message is kept aside until it is whole, then the file is locked, the
//! delivery claimed with the place where it will stand, appended, synced, unlocked. A failed append
//! is cut off again at once; one that a crash cut short is cut off when its claim is resumed. What is
//! cut off to where the file ended before leaves the file's time as it was: by that time a claim tells
//! that no other program has been there since.

mod claim;
mod file;
mod letter;
mod lock;
mod output;
#[cfg(any(test, fuzzing))]
pub mod properties;
mod quote;

pub use claim::{resume, WORD};
pub use lock::Lock;
pub use output::{Output, OUTPUT};
pub use quote::Format;

use super::{undelivered, unprepared, Delivery, Letter, Sealed, Sender, Witness};
use crate::error::{Error, Result};
use crate::folder;
use crate::message::{Envelope, Uid};
use crate::steady::steady;
use claim::Site;
use file::Missing;
use letter::Ready;
use lock::Locked;
use std::cell::{Cell, RefCell};
use std::fs::File;
use std::io::{self, Seek, SeekFrom, Write};
use std::os::unix::fs::FileExt;
use std::path::PathBuf;
use std::time::SystemTime;

/// An mbox file, open for delivery.
pub struct Mbox {
    path: PathBuf,
    format: Format,
    locks: Vec<Lock>,
    sender: Sender,
    held: RefCell<Option<Held>>,
    /// The way to the file is there after a power cut.
    secure: Cell<bool>,
}

/// The file, open and locked.
pub struct Hold {
    file: File,
    _locked: Locked,
}

/// The file while letters are appended.
struct Held {
    hold: Hold,
    /// The file as it was when it was locked; what comes behind is ours.
    before: Before,
    /// Where the next letter to be claimed will stand.
    end: u64,
    /// Half a message stands at its end.
    spoiled: bool,
}

/// A file before anything of ours was appended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Before {
    /// Where it ended.
    pub start: u64,
    /// When it was last changed.
    pub changed: SystemTime,
}

impl Mbox {
    /// Opens an mbox, and makes it where it is missing.
    pub fn open(path: PathBuf, format: Format, locks: Vec<Lock>, sender: Sender) -> Result<Self> {
        if locks.contains(&Lock::Dotlock) {
            lock::sweep(&path, &sender.mark, &*sender.notice);
        }
        // Not opened when it is there: closing it again would drop the fcntl lock that another
        // account of this process may hold on it (fcntl(2)).
        if !file::stands(&path)? {
            let above = folder::above(&path);
            folder::create(above).map_err(unprepared(above, "create"))?;
            file::open(&path, Missing::Create)?;
        }
        Ok(Self {
            path,
            format,
            locks,
            sender,
            held: RefCell::new(None),
            secure: Cell::new(false),
        })
    }

    /// Puts a letter's place at the end of the locked file.
    fn place(&self, letter: &mut Ready) -> Result<Site> {
        let mut held = self.held.borrow_mut();
        let Some(held) = held.as_mut() else {
            return Err(let_go());
        };
        if held.end == held.before.start {
            let lead = lead(&held.hold.file, held.end);
            letter.lead = lead.map_err(unprepared(&self.path, "read"))?;
        }
        let (before, offset) = (held.before, held.end);
        held.end += letter.measure(self.format)?.length;
        Ok(Site { before, offset })
    }

    /// Locks the file, and sees to it once that it is there after a power cut; again if it was
    /// removed meanwhile.
    fn lock(&self) -> Result<Hold> {
        let (path, sender) = (&self.path, &self.sender);
        let locked = Locked::take(path, &self.locks, &sender.mark, &*sender.notice)?;
        let file = file::locked(path, Missing::Create, &locked, &self.locks)?;
        // An empty one may have been made just now, in the place of one that was removed.
        let about = file.metadata().map_err(unprepared(path, "open"))?;
        if !self.secure.replace(true) || about.len() == 0 {
            folder::secure(path).map_err(unprepared(path, "sync the folder of"))?;
        }
        Ok(Hold {
            file,
            _locked: locked,
        })
    }

    fn append(&self, letter: &mut Ready, offset: u64) -> Result<()> {
        let mut held = self.held.borrow_mut();
        let Some(held) = held.as_mut() else {
            return Err(let_go());
        };
        let failed = undelivered(&self.path, "append to");
        let mut file = &held.hold.file;
        let at = file.seek(SeekFrom::End(0)).map_err(&failed)?;
        if at != offset {
            return Err(failed(io::Error::other(
                "another program wrote to it in spite of the lock",
            )));
        }
        let end = at + letter.measure(self.format)?.length;
        let reserved = file.set_len(end).map_err(&failed);
        let written = reserved.and_then(|()| {
            letter.write(self.format, &mut |bytes| {
                file.write_all(bytes).map_err(&failed)
            })
        });
        if written.is_err() {
            held.spoiled |= cut(file, at, held.before).is_err();
        }
        written
    }
}

impl Delivery for Mbox {
    fn name(&self) -> String {
        self.path.display().to_string()
    }

    fn begin<'d>(&'d self, to: &Envelope, _: Option<&Uid>) -> Result<Box<dyn Letter<'d> + 'd>> {
        let ready = Ready::new(to, &self.sender);
        Ok(Box::new(Draft {
            mbox: self,
            ready,
            offset: 0,
        }))
    }

    /// Locks the file: where letters are to stand is known only then.
    fn sync_sealed(&self) -> Result<()> {
        let mut held = self.held.borrow_mut();
        if held.is_none() {
            let hold = self.lock()?;
            let before = check(&hold.file).map_err(unprepared(&self.path, "use"))?;
            *held = Some(Held {
                hold,
                before,
                end: before.start,
                spoiled: false,
            });
        }
        Ok(())
    }

    /// Syncs what was appended and unlocks the file. What cannot be synced is taken back: it may be
    /// seen now and gone after the next power cut.
    fn sync_published(&self) -> Result<()> {
        let Some(held) = self.held.borrow_mut().take() else {
            return Ok(());
        };
        if held.spoiled {
            // The claims stay open, and the next run mends what is there.
            let why = io::Error::other("half a message could not be cut off");
            return Err(undelivered(&self.path, "mend")(why));
        }
        held.hold.file.sync_all().map_err(|why| {
            let _ = cut(&held.hold.file, held.before.start, held.before);
            undelivered(&self.path, "sync")(why)
        })
    }

    /// They wait in memory.
    fn together(&self) -> usize {
        32
    }
}

/// A letter for the file.
struct Draft<'d> {
    mbox: &'d Mbox,
    ready: Ready,
    offset: u64,
}

impl<'d> Letter<'d> for Draft<'d> {
    fn write(&mut self, bytes: &[u8]) -> Result<()> {
        self.ready.spool.write(bytes)
    }

    fn seal(self: Box<Self>) -> Result<Box<dyn Sealed + 'd>> {
        Ok(self)
    }
}

impl Sealed for Draft<'_> {
    fn claim(&mut self) -> Result<Vec<u8>> {
        let site = self.mbox.place(&mut self.ready)?;
        self.offset = site.offset;
        let measure = self.ready.measure(self.mbox.format)?;
        Ok(claim::words(&self.mbox.path, site, &measure))
    }

    fn publish(mut self: Box<Self>, _: &mut dyn Witness) -> Result<()> {
        self.mbox.append(&mut self.ready, self.offset)
    }
}

/// The error that there is no lock to write under.
fn let_go() -> Error {
    Error::Bug("an mbox was let go before its letters".into())
}

/// Cuts off what is ours.
fn cut(file: &File, at: u64, before: Before) -> io::Result<()> {
    file.set_len(at)?;
    if at == before.start {
        // Where the file is another's this is forbidden: then the claim is in doubt.
        let _ = file.set_modified(before.changed);
    }
    Ok(())
}

/// How a file is that is an mbox, or empty.
fn check(file: &File) -> io::Result<Before> {
    let mut opening = [0; 5];
    let read = steady(|| file.read_at(&mut opening, 0))?;
    if read > 0 && !b"From ".starts_with(&opening[..read]) {
        return Err(io::Error::new(
            io::ErrorKind::InvalidData,
            "it does not begin like an mbox",
        ));
    }
    let about = file.metadata()?;
    Ok(Before {
        start: about.len(),
        changed: about.modified()?,
    })
}

/// The line ends that a file needs before a new message may begin in it.
fn lead(file: &File, length: u64) -> io::Result<&'static [u8]> {
    let mut tail = [b'\n'; 2];
    let known = length.min(2) as usize;
    file.read_exact_at(&mut tail[2 - known..], length - known as u64)?;
    Ok(match tail {
        _ if length == 0 => b"",
        [b'\n', b'\n'] => b"",
        [_, b'\n'] => b"\n",
        _ => b"\n\n",
    })
}
