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

use rustix::fs::fsync;
use rustix::io::{retry_on_intr, Errno};
use rustix::process::{getrlimit, Resource};
use std::cell::{Cell, RefCell};
use std::fs::File;

/// How many files wait at the same time, at most;
const MOST: u64 = 64;
/// and of what may be open one in so many: other accounts want some, too.
const SHARE: u64 = 128;

/// Files that are whole and not synced yet.
pub struct Unsynced {
    files: RefCell<Vec<File>>,
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
            most: share as usize,
            lost: Cell::default(),
        }
    }
}

impl Unsynced {
    /// Adds a file. If they are too many now, all of them are synced.
    pub fn add(&self, file: File) -> Result<(), Errno> {
        self.files.borrow_mut().push(file);
        let many = self.files.borrow().len() >= self.most;
        match many {
            true => self.sync(),
            false => Ok(()),
        }
    }

    /// Syncs all of them. What has failed once fails for ever.
    pub fn sync(&self) -> Result<(), Errno> {
        for file in self.files.take() {
            let synced = retry_on_intr(|| fsync(&file));
            self.lost.set(self.lost.get().or(synced.err()));
        }
        self.lost.get().map_or(Ok(()), Err)
    }
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
