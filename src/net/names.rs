//! The addresses of a host, by the system's resolver. It knows no time-out and cannot be called
//! off, so it works in a thread of its own, which is left behind if it takes too long.

use super::wire::SLICE;
use super::Patience;
use crate::error::{Error, Result};
use std::io;
use std::net::{IpAddr, SocketAddr, ToSocketAddrs};
use std::sync::mpsc::{channel, RecvTimeoutError};
use std::thread;

/// Looks a host up; an address is its own.
pub fn look_up(host: &str, port: u16, patience: &Patience) -> Result<Vec<SocketAddr>> {
    if let Ok(address) = host.parse::<IpAddr>() {
        return Ok(vec![SocketAddr::new(address, port)]);
    }
    let (sender, receiver) = channel();
    let name = host.to_string();
    let ask = move || {
        let found = (name.as_str(), port).to_socket_addrs();
        let _ = sender.send(found.map(Iterator::collect));
    };
    let started = thread::Builder::new().spawn(ask);
    started.map_err(|why| Error::System {
        doing: "start a thread",
        why,
    })?;
    let waiting = patience.start("the name service");
    loop {
        match receiver.recv_timeout(SLICE) {
            Ok(found) => return found.map_err(|why| not_found(host, why)),
            Err(RecvTimeoutError::Timeout) => waiting.check_or_stop()?,
            Err(RecvTimeoutError::Disconnected) => {
                return Err(not_found(host, io::ErrorKind::Other.into()));
            }
        }
    }
}

/// A host without any address that could be used.
pub fn not_found(host: &str, why: io::Error) -> Error {
    let host = host.into();
    Error::HostNotFound { host, why }
}
