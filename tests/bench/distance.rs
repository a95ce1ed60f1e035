//! A line that is far away: every octet takes half a round-trip time in each direction, and what is
//! sent ahead is on its way meanwhile. It counts how often the client speaks after it has heard
//! the server, which is what distance costs.

use std::io::{Read, Write};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{sync_channel, Receiver, SyncSender};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

/// How long an octet and its answer take.
pub const ROUND_TRIP: Duration = Duration::from_millis(50);
/// How many pieces may be on their way in one direction: more than any client waits for.
const AHEAD: usize = 4096;

/// What the clients of all connections have said.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Talk {
    /// How many connections there were.
    pub connections: u32,
    /// Lines that clients sent: commands, and what continues them.
    pub commands: u32,
    /// How often a client spoke after it had heard something.
    pub turns: u32,
}

/// Whether the client has heard anything since it spoke.
#[derive(Default)]
struct Heard(AtomicBool);

impl Heard {
    /// The client hears something.
    fn hears(&self) {
        self.0.store(true, Ordering::SeqCst);
    }

    /// The client says something.
    fn says(&self, octets: &[u8], talk: &mut Talk) {
        let lines = memchr::memchr_iter(b'\n', octets).count();
        talk.commands += u32::try_from(lines).unwrap_or(u32::MAX);
        talk.turns += u32::from(self.0.swap(false, Ordering::SeqCst));
    }
}

/// Listens on a port of its own, for as long as the process lives.
pub struct Distance {
    port: u16,
    talk: Arc<Mutex<Talk>>,
}

impl Distance {
    /// Puts a distance before this port.
    pub fn before(port: u16) -> anyhow::Result<Self> {
        let listener = TcpListener::bind(("127.0.0.1", 0))?;
        let far = Self {
            port: listener.local_addr()?.port(),
            talk: Arc::default(),
        };
        let talk = Arc::clone(&far.talk);
        thread::spawn(move || {
            for client in listener.incoming().flatten() {
                let talk = Arc::clone(&talk);
                // A connection that fails is the business of its client.
                thread::spawn(move || carry(client, port, &talk));
            }
        });
        Ok(far)
    }

    /// Where to connect to.
    pub fn port(&self) -> u16 {
        self.port
    }

    /// What was said since this was last asked.
    pub fn talk(&self) -> Talk {
        std::mem::take(&mut *self.talk.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

/// Carries one connection. The server hears of it when the third packet of TCP has come to it.
fn carry(client: TcpStream, port: u16, talk: &Mutex<Talk>) -> std::io::Result<()> {
    let count =
        |what: &dyn Fn(&mut Talk)| what(&mut talk.lock().unwrap_or_else(PoisonError::into_inner));
    count(&|talk| talk.connections += 1);
    thread::sleep(ROUND_TRIP * 3 / 2);
    let server = TcpStream::connect(("127.0.0.1", port))?;
    client.set_nodelay(true)?;
    server.set_nodelay(true)?;
    let heard = Heard::default();
    thread::scope(|scope| {
        let (there, arrives_there) = sync_channel(AHEAD);
        let (back, arrives_back) = sync_channel(AHEAD);
        scope.spawn(|| send_off(&client, there, |said| count(&|talk| heard.says(said, talk))));
        scope.spawn(|| deliver(arrives_there, &server, || {}));
        scope.spawn(|| send_off(&server, back, |_| {}));
        deliver(arrives_back, &client, || heard.hears());
    });
    Ok(())
}

/// A piece on its way, and when it arrives.
type Piece = (Instant, Vec<u8>);

/// Puts what one end says on its way.
fn send_off(mut from: &TcpStream, way: SyncSender<Piece>, said: impl Fn(&[u8])) {
    let mut buffer = vec![0; 64 * 1024];
    while let Ok(count @ 1..) = from.read(&mut buffer) {
        said(&buffer[..count]);
        let piece = (Instant::now() + ROUND_TRIP / 2, buffer[..count].to_vec());
        if way.send(piece).is_err() {
            return;
        }
    }
}

/// Gives the other end what has arrived, in time.
fn deliver(way: Receiver<Piece>, mut to: &TcpStream, arrived: impl Fn()) {
    for (due, piece) in way {
        thread::sleep(due.saturating_duration_since(Instant::now()));
        arrived();
        if to.write_all(&piece).is_err() {
            break;
        }
    }
    let _ = to.shutdown(Shutdown::Write);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_turn_is_to_speak_after_hearing() {
        let (heard, mut talk) = (Heard::default(), Talk::default());
        heard.hears(); // the greeting
        heard.says(b"CAPA\r\n", &mut talk);
        heard.says(b"STAT\r\nUI", &mut talk); // nothing was heard in between
        heard.says(b"DL\r\n", &mut talk);
        heard.hears();
        heard.hears();
        heard.says(b"QUIT\r\n", &mut talk);
        assert_eq!((talk.turns, talk.commands), (2, 4));
    }
}
