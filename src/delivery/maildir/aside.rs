//! A thread that syncs files while the next ones come.

use super::unsynced::sync_all;
use rustix::io::Errno;
use std::cell::Cell;
use std::fs::File;
use std::io;
use std::sync::mpsc::{channel, Receiver, Sender};
use std::thread;

/// The thread. It ends when this is dropped and it has synced what it was given.
pub struct Aside {
    files: Sender<Vec<File>>,
    synced: Receiver<Result<(), Errno>>,
    /// Of how many it has not said yet whether they are synced.
    under_way: Cell<usize>,
}

impl Aside {
    /// Starts it.
    pub fn start() -> io::Result<Self> {
        let (files, given) = channel();
        let (told, synced) = channel();
        let toil = move || {
            for files in given {
                if told.send(sync_all(files)).is_err() {
                    return;
                }
            }
        };
        thread::Builder::new().spawn(toil)?;
        Ok(Self {
            files,
            synced,
            under_way: Cell::new(0),
        })
    }

    /// Gives it files to sync.
    pub fn sync(&self, files: Vec<File>) -> Result<(), Errno> {
        self.files.send(files).map_err(|_| Errno::IO)?;
        self.under_way.set(self.under_way.get() + 1);
        Ok(())
    }

    /// Waits until all of them are synced; tells why one of them is not.
    pub fn wait(&self) -> Result<(), Errno> {
        let all = (0..self.under_way.take()).map(|_| self.synced.recv().unwrap_or(Err(Errno::IO)));
        all.fold(Ok(()), Result::and)
    }
}
