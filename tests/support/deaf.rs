//! Where nobody listens.

use rustix::fd::OwnedFd;
use rustix::net::{bind, getsockname, socket, AddressFamily, SocketType};
use std::net::{Ipv4Addr, SocketAddr, SocketAddrV4};

/// A port of 127.0.0.1 at which nobody listens, nor can while this lives.
pub struct Deaf {
    socket: OwnedFd,
}

impl Deaf {
    pub fn new() -> Self {
        let socket = socket(AddressFamily::INET, SocketType::STREAM, None).unwrap();
        bind(&socket, &SocketAddrV4::new(Ipv4Addr::LOCALHOST, 0)).unwrap();
        Self { socket }
    }

    pub fn port(&self) -> u16 {
        let address = getsockname(&self.socket).unwrap();
        SocketAddr::try_from(address).unwrap().port()
    }
}
