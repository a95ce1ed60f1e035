//! Calls that a signal may interrupt before anything has happened are made again. Reads and writes
//! of the standard library do so themselves; locking, looking into folders and waiting do not.

use std::io;

/// Makes a call until something other than a signal answers it.
pub fn steady<T>(mut call: impl FnMut() -> io::Result<T>) -> io::Result<T> {
    loop {
        match call() {
            Err(why) if why.kind() == io::ErrorKind::Interrupted => {}
            answered => return answered,
        }
    }
}
