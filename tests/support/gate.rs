//! A gate in a server's way: it stops at one moment, says so, and goes on when told.

use std::sync::mpsc::{channel, Receiver, Sender};
use std::sync::Mutex;
use std::time::Duration;

use super::server::{Moment, PopServer};

/// How long either side waits for the other.
const PATIENCE: Duration = Duration::from_secs(40);

/// A closed gate; dropped, it is open.
pub struct Gate {
    reached: Receiver<()>,
    _open: Sender<()>,
}

impl Gate {
    /// Stops every session of the server at this moment of a command that begins like this.
    pub fn at(server: &PopServer, moment: Moment, command: &'static str) -> Gate {
        let (arrive, reached) = channel();
        let (open, opened) = channel::<()>();
        let opened = Mutex::new(opened);
        server.hook(move |exchange| {
            let here = exchange.moment == moment && exchange.command.starts_with(command);
            if here && arrive.send(()).is_ok() {
                // An error means that the gate was dropped, or that the test forgot it.
                let _ = opened.lock().unwrap().recv_timeout(PATIENCE);
            }
        });
        Gate {
            reached,
            _open: open,
        }
    }

    /// Waits until a session has come to the gate.
    pub fn wait(&self) {
        self.reached.recv_timeout(PATIENCE).unwrap();
    }
}
