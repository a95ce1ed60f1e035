//! The first step of the route: a TCP connection to one of the host's addresses. The connecting is
//! done in slices, so that a signal or the deadline is heeded while an address stays silent.

use super::wire::SLICE;
use super::{Patience, Transport};
use crate::error::{Error, Result};
use rustix::event::{poll, PollFd, PollFlags, Timespec};
use rustix::io::Errno;
use rustix::net::{self, sockopt, AddressFamily, SocketType};
use std::io;
use std::net::{SocketAddr, TcpStream, ToSocketAddrs};
use std::os::fd::{AsFd, OwnedFd};
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
        match connect_to(&address, patience)? {
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

/// Connects to one address; the outer failure leaves no time for another.
fn connect_to(address: &SocketAddr, patience: &Patience) -> Result<io::Result<TcpStream>> {
    let socket = match begin(address) {
        Ok(socket) => socket,
        Err(why) => return Ok(Err(why.into())),
    };
    let waiting = patience.start("the connection");
    loop {
        match settled(&socket) {
            Ok(true) => return Ok(finish(socket)),
            Ok(false) => {}
            Err(why) => return Ok(Err(why.into())),
        }
        match waiting.check_or_stop() {
            Err(Error::TimedOut { .. }) => return Ok(Err(Errno::TIMEDOUT.into())),
            checked => checked?,
        }
    }
}

/// A socket that has begun to connect and does not block.
fn begin(address: &SocketAddr) -> rustix::io::Result<OwnedFd> {
    let family = match address {
        SocketAddr::V4(_) => AddressFamily::INET,
        SocketAddr::V6(_) => AddressFamily::INET6,
    };
    let socket = socket(family)?;
    match net::connect(&socket, address) {
        Ok(()) | Err(Errno::INPROGRESS | Errno::INTR) => Ok(socket),
        Err(why) => Err(why),
    }
}

/// A socket that does not block, and that no program started meanwhile inherits.
#[cfg(not(target_vendor = "apple"))]
fn socket(family: AddressFamily) -> rustix::io::Result<OwnedFd> {
    let flags = net::SocketFlags::CLOEXEC | net::SocketFlags::NONBLOCK;
    net::socket_with(family, SocketType::STREAM, flags, None)
}

#[cfg(target_vendor = "apple")]
fn socket(family: AddressFamily) -> rustix::io::Result<OwnedFd> {
    let socket = net::socket(family, SocketType::STREAM, None)?;
    rustix::io::fcntl_setfd(&socket, rustix::io::FdFlags::CLOEXEC)?;
    rustix::io::ioctl_fionbio(&socket, true)?;
    Ok(socket)
}

/// Waits a little; whether the connection is made, or why it cannot be.
fn settled(socket: &OwnedFd) -> rustix::io::Result<bool> {
    let slice = Timespec {
        tv_sec: 0,
        tv_nsec: SLICE.as_nanos() as _,
    };
    match poll(&mut [PollFd::new(socket, PollFlags::OUT)], Some(&slice)) {
        Ok(0) | Err(Errno::INTR) => Ok(false),
        Ok(_) => sockopt::socket_error(socket.as_fd())?.map(|()| true),
        Err(why) => Err(why),
    }
}

/// The connected socket, which blocks again.
fn finish(socket: OwnedFd) -> io::Result<TcpStream> {
    let socket = TcpStream::from(socket);
    socket.set_nonblocking(false)?;
    Ok(socket)
}
