//! The addresses of a host, by the system's resolver. It knows no time-out and cannot be called
//! off, so it works in a thread of its own, which is left behind if it takes too long.

use super::wire::SLICE;
use super::Patience;
use crate::error::{Error, Result};
use std::io;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, ToSocketAddrs};
use std::sync::mpsc::{channel, RecvTimeoutError};
use std::thread;

/// Looks a host up; an address is its own, and nobody else is asked who this machine is (RFC 6761,
/// section 6.3).
pub fn look_up(host: &str, port: u16, patience: &Patience) -> Result<Vec<SocketAddr>> {
    if let Ok(address) = host.parse::<IpAddr>() {
        return Ok(vec![SocketAddr::new(address, port)]);
    }
    if host.eq_ignore_ascii_case("localhost") {
        let here: [IpAddr; 2] = [Ipv6Addr::LOCALHOST.into(), Ipv4Addr::LOCALHOST.into()];
        return Ok(here.map(|address| SocketAddr::new(address, port)).to_vec());
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::net::properties::patience;

    #[test]
    fn addresses_and_this_machine_are_known_without_asking() {
        let found = |host| -> Vec<String> {
            let found = look_up(host, 110, &patience()).unwrap();
            found.iter().map(ToString::to_string).collect()
        };
        assert_eq!(found("192.0.2.1"), ["192.0.2.1:110"]);
        assert_eq!(found("::1"), ["[::1]:110"]);
        assert_eq!(found("Localhost"), ["[::1]:110", "127.0.0.1:110"]);
    }
}
