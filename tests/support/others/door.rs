//! A port behind which a program is run for each who comes, as inetd does.

use std::net::{TcpListener, TcpStream};
use std::os::fd::OwnedFd;
use std::os::unix::process::CommandExt;
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread::{self, JoinHandle};

use super::end_group;

/// A port of 127.0.0.1 that is open until this is dropped.
pub struct Door {
    port: u16,
    closed: Arc<AtomicBool>,
    running: Arc<Mutex<Vec<Child>>>,
    porter: Option<JoinHandle<()>>,
}

impl Door {
    /// Opens it; `program` makes the command for the next who comes.
    pub fn open(program: impl Fn() -> Command + Send + 'static) -> Door {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = listener.local_addr().unwrap().port();
        let closed = Arc::new(AtomicBool::new(false));
        let told = Arc::clone(&closed);
        let running = Arc::default();
        let started = Arc::clone(&running);
        let porter = thread::spawn(move || {
            for stream in listener.incoming() {
                if told.load(Ordering::SeqCst) {
                    break;
                }
                let child = serve(program(), stream.unwrap());
                let mut started = lock(&started);
                started.push(child);
            }
        });
        Door {
            port,
            closed,
            running,
            porter: Some(porter),
        }
    }

    /// Its number.
    pub fn port(&self) -> u16 {
        self.port
    }

    /// Waits until all who came are gone, and the programs that served them.
    pub fn empties(&self) {
        for mut child in lock(&self.running).drain(..) {
            let _ = child.wait();
        }
    }
}

impl Drop for Door {
    fn drop(&mut self) {
        self.closed.store(true, Ordering::SeqCst);
        let _ = TcpStream::connect(("127.0.0.1", self.port));
        if let Some(porter) = self.porter.take() {
            let _ = porter.join();
        }
        lock(&self.running).iter_mut().for_each(end_group);
    }
}

fn lock(running: &Mutex<Vec<Child>>) -> MutexGuard<'_, Vec<Child>> {
    running.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Runs it with the connection as its input and output.
fn serve(mut command: Command, stream: TcpStream) -> Child {
    let peer = stream.peer_addr().unwrap();
    let output = stream.try_clone().unwrap();
    command
        .env("PROTO", "TCP")
        .env("TCPREMOTEIP", peer.ip().to_string())
        .env("TCPREMOTEPORT", peer.port().to_string())
        .env("TCPLOCALIP", "127.0.0.1")
        .env(
            "TCPLOCALPORT",
            stream.local_addr().unwrap().port().to_string(),
        )
        .stdin(Stdio::from(OwnedFd::from(stream)))
        .stdout(Stdio::from(OwnedFd::from(output)))
        .stderr(Stdio::null())
        .process_group(0)
        .spawn()
        .unwrap()
}
