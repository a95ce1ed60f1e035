//! Files that are to be synced, some at a time.
//!
//! As soon as a file is whole the disk is asked to write it. By the time of the first sync nearly all
//! of them are written, and one entry in the journal of the file system makes all of them last; the
//! other syncs only see to it that the disk keeps nothing in its own memory.
//!
//! Of 2,000 letters of 4 KiB on ext4, in batches of 64, with the folders and the memory:
//!
//! | synced | entries in the journal | flushes of the disk |
//! |---|---|---|
//! | each as it comes | 2,097 | 4,200 |
//! | together | 2,097 | 4,200 |
//! | together, asked for before | 135 | 2,230 |
//! | the same by four threads | 135 | 1,300 to 1,470 |
//! | by `syncfs` | 130 | 280 |
//!
//! `syncfs` waits for what all other programs have written as well: behind 400 MiB of theirs a batch
//! took 4 s and more, and 0.3 s at most without it. Threads would be four for each account, and save
//! little: a visit that fetched 5,000 such letters waited 1.5 s for the disk in all. Nor is one needed
//! for the network to keep flowing: that visit waited less than 0.1 s for the server, which had
//! filled the receive buffer whenever the disk was done.
//!
//! Large letters fill it sooner, and the server waits. So a thread syncs them, some MiB at a time, while
//! the next ones come: of 300 letters of 1 MiB, whose visit lasted 4 s on a busy machine, those who
//! fetched them waited 0.24 s for the disk instead of 0.7 to 1.0 s.

use super::aside::Aside;
use rustix::fs::fsync;
use rustix::io::{retry_on_intr, Errno};
use rustix::process::{getrlimit, Resource};
use std::cell::{Cell, OnceCell, RefCell};
use std::fs::File;

/// How many files wait at the same time, at most;
const MOST: u64 = 64;
/// and of what may be open one in so many: other accounts want some, too.
const SHARE: u64 = 128;
/// So many bytes are synced by a thread of their own.
const LARGE: u64 = 8 * 1024 * 1024;

/// Files that are whole and not synced yet.
pub struct Unsynced {
    files: RefCell<Vec<File>>,
    /// How many bytes they have.
    bytes: Cell<u64>,
    /// How many files are open, with those that are synced aside.
    open: Cell<usize>,
    aside: OnceCell<Option<Aside>>,
    most: usize,
    /// One could not be synced. To sync it again may go well, but what was lost does not come back.
    lost: Cell<Option<Errno>>,
}

impl Default for Unsynced {
    fn default() -> Self {
        let limit = getrlimit(Resource::Nofile).current;
        let share = limit.map_or(MOST, |limit| (limit / SHARE).clamp(1, MOST));
        Self {
            files: RefCell::default(),
            bytes: Cell::default(),
            open: Cell::default(),
            aside: OnceCell::new(),
            most: share as usize,
            lost: Cell::default(),
        }
    }
}

impl Unsynced {
    /// Adds a file of so many bytes. If they are too many now, all of them are synced.
    pub fn add(&self, file: File, bytes: u64) -> Result<(), Errno> {
        self.files.borrow_mut().push(file);
        self.bytes.set(self.bytes.get() + bytes);
        self.open.set(self.open.get() + 1);
        match (self.open.get() >= self.most, self.bytes.get() >= LARGE) {
            (true, _) => self.sync(),
            (false, true) => self.sync_aside(),
            (false, false) => Ok(()),
        }
    }

    /// Has the files of now synced while others come; at once, if the system gives no thread.
    fn sync_aside(&self) -> Result<(), Errno> {
        let aside = self.aside.get_or_init(|| Aside::start().ok());
        match aside {
            Some(aside) => aside.sync(self.taken()),
            None => self.sync(),
        }
    }

    /// Syncs all of them. What has failed once fails for ever.
    pub fn sync(&self) -> Result<(), Errno> {
        let here = sync_all(self.taken());
        let aside = self.aside.get().and_then(Option::as_ref);
        let aside = aside.map_or(Ok(()), Aside::wait);
        let lost = self.lost.get().map_or(Ok(()), Err);
        let synced = lost.and(here).and(aside);
        self.lost.set(synced.err());
        self.open.set(0);
        synced
    }

    fn taken(&self) -> Vec<File> {
        self.bytes.set(0);
        self.files.take()
    }
}

/// Syncs files; tells why one of them is not synced.
pub fn sync_all(files: Vec<File>) -> Result<(), Errno> {
    let synced = files.into_iter().map(|file| retry_on_intr(|| fsync(&file)));
    synced.fold(Ok(()), Result::and)
}

/// Asks the disk to begin with a file, from here on. It may or may not.
pub fn send_off(file: &File, from: u64) {
    // This makes the system forget what is written already, and begin to write what is not. The call
    // that is meant for the latter took as long where both were measured, and is Linux's alone.
    #[cfg(any(target_os = "linux", target_os = "freebsd"))]
    let _ = rustix::fs::fadvise(file, from, None, rustix::fs::Advice::DontNeed);
    #[cfg(not(any(target_os = "linux", target_os = "freebsd")))]
    let _ = (file, from);
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What can be written to and not be synced.
    fn pipe() -> File {
        let (_, writer) = rustix::pipe::pipe().unwrap();
        writer.into()
    }

    #[test]
    fn what_cannot_be_synced_is_told_for_ever_wherever_it_was_tried() {
        for bytes in [1, LARGE] {
            let unsynced = Unsynced::default();
            unsynced.add(tempfile::tempfile().unwrap(), bytes).unwrap();
            unsynced.sync().unwrap();
            unsynced.add(pipe(), bytes).unwrap();
            unsynced.add(tempfile::tempfile().unwrap(), bytes).unwrap();
            assert_eq!(unsynced.sync(), Err(Errno::INVAL));
            assert_eq!(unsynced.sync(), Err(Errno::INVAL));
        }
    }

    #[test]
    fn no_more_files_are_open_than_may_be() {
        let unsynced = Unsynced {
            most: 3,
            ..Unsynced::default()
        };
        let open = [LARGE, 1, LARGE, 1].map(|bytes| {
            unsynced.add(tempfile::tempfile().unwrap(), bytes).unwrap();
            unsynced.open.get()
        });
        assert_eq!(open, [1, 2, 0, 1]);
    }
}
