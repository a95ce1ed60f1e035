//! The first step of the route: a TCP connection to one of the host's addresses.

use super::{Patience, Transport};
use crate::error::{Error, Result};
use std::io;
use std::net::{TcpStream, ToSocketAddrs};
use std::time::Duration;

impl Transport for TcpStream {
    fn set_timeout(&mut self, timeout: Duration) -> io::Result<()> {
        self.set_read_timeout(Some(timeout))?;
        self.set_write_timeout(Some(timeout))
    }
}

/// Connects to the first address of the host that takes the connection.
pub fn connect(host: &str, port: u16, patience: &Patience) -> Result<TcpStream> {
    let not_found = |why| Error::HostNotFound {
        host: host.into(),
        why,
    };
    let mut failure = not_found(io::Error::new(io::ErrorKind::NotFound, "it has no address"));
    for address in (host, port).to_socket_addrs().map_err(not_found)? {
        match TcpStream::connect_timeout(&address, patience.left("the connection")?) {
            Ok(socket) => {
                // Commands are short and answered one by one: waiting to fill packets only delays.
                let _ = socket.set_nodelay(true);
                return Ok(socket);
            }
            Err(why) => {
                failure = Error::Unreachable {
                    address: address.to_string(),
                    why,
                }
            }
        }
    }
    Err(failure)
}
