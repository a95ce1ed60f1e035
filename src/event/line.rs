//! A line of the dialogue on its way to whoever tells it, and how much of it may be under way.

use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};

/// How many bytes of dialogue may be said and not yet told.
const MOST: usize = 1024 * 1024;
/// What a line takes besides its bytes.
const EACH: usize = 128;

/// What has been said by one account and not yet told.
#[derive(Clone, Debug, Default)]
pub struct Backlog(Arc<(Mutex<usize>, Condvar)>);

/// A line, counted as long as it is there.
#[derive(Debug)]
pub struct Line {
    bytes: Vec<u8>,
    backlog: Backlog,
}

impl Backlog {
    /// Takes a line in, as soon as there is room for it.
    pub fn line(&self, bytes: Vec<u8>) -> Line {
        let (_, changed) = &*self.0;
        let full = |untold: &mut usize| *untold > MOST;
        let mut untold = changed
            .wait_while(self.untold(), full)
            .unwrap_or_else(PoisonError::into_inner);
        *untold += bytes.len() + EACH;
        drop(untold);
        Line {
            bytes,
            backlog: self.clone(),
        }
    }

    fn untold(&self) -> MutexGuard<'_, usize> {
        self.0 .0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Line {
    /// What it says.
    pub fn bytes(&self) -> &[u8] {
        &self.bytes
    }
}

impl Drop for Line {
    fn drop(&mut self) {
        *self.backlog.untold() -= self.bytes.len() + EACH;
        self.backlog.0 .1.notify_one();
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::mpsc::channel;

    #[test]
    fn no_more_is_under_way_than_there_is_room_for() {
        let (sender, receiver) = channel();
        let backlog = Backlog::default();
        let counted = backlog.clone();
        let speaker = std::thread::spawn(move || {
            for _ in 0..100 {
                sender.send(backlog.line(vec![b'x'; MOST / 4])).unwrap();
            }
        });
        let mut told = 0;
        for line in receiver {
            assert!(*counted.untold() <= MOST + MOST / 2);
            told += line.bytes().len();
        }
        speaker.join().unwrap();
        assert_eq!((told, *counted.untold()), (25 * MOST, 0));
    }
}
