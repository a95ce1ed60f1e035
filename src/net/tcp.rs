//! A TCP connection to one of a host's addresses. They are tried one a quarter of a second, until
//! the first is connected (RFC 8305): an address that stays silent delays nobody. A signal or the
//! deadline is heeded meanwhile.

use super::names;
use super::patience::Waiting;
use super::wire::SLICE;
use super::{Patience, Transport, LEAST_ROOM};
use crate::error::{Error, Result};
use rustix::event::{poll, PollFd, PollFlags, Timespec};
use rustix::io::{ioctl_fionbio, Errno};
use rustix::net::{self, sockopt, AddressFamily, SocketType};
use std::io;
use std::net::{IpAddr, SocketAddr, TcpStream};
use std::os::fd::{AsFd, OwnedFd};
use std::time::{Duration, Instant};

/// How much we want to be able to say while the server does not read. What comes to us needs no such
/// word: the system lets the room for it grow with the line, as far as it may (on Linux `tcp_rmem`),
/// and less far if it is told how much.
const SEND_BUFFER: usize = 128 * 1024;
/// When the next address is tried although the last one may still answer (RFC 8305, section 8).
const HEAD_START: Duration = Duration::from_millis(250);

impl Transport for TcpStream {
    fn set_timeout(&mut self, timeout: Duration) -> io::Result<()> {
        self.set_read_timeout(Some(timeout))?;
        self.set_write_timeout(Some(timeout))
    }

    /// A quarter of our buffer: Linux gives twice of what it is asked for, since it keeps its own
    /// records there, too.
    fn room(&self) -> usize {
        let buffer = sockopt::socket_send_buffer_size(self).unwrap_or_default();
        (buffer / 4).clamp(LEAST_ROOM, SEND_BUFFER / 2)
    }
}

/// Which addresses may be used.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Family {
    /// All.
    #[default]
    Any,
    /// Those of IPv4.
    V4,
    /// Those of IPv6.
    V6,
}

impl Family {
    /// The family of an address.
    pub fn of(address: IpAddr) -> Self {
        match address {
            IpAddr::V4(_) => Self::V4,
            IpAddr::V6(_) => Self::V6,
        }
    }

    fn takes(self, address: &SocketAddr) -> bool {
        self == Self::Any || self == Self::of(address.ip())
    }
}

/// Where connections start.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Outset {
    /// Which addresses of the server may be used.
    pub family: Family,
    /// Our own address, if it matters; then it has the family, too.
    pub source: Option<IpAddr>,
}

/// Connects to the first address of the host that takes the connection.
pub fn connect(host: &str, port: u16, outset: Outset, patience: &Patience) -> Result<TcpStream> {
    let found = names::look_up(host, port, patience)?;
    let addresses = in_turns(found.into_iter().filter(|one| outset.family.takes(one)));
    if addresses.is_empty() {
        let what = match outset.family {
            Family::Any => "it has no address",
            Family::V4 => "it has no IPv4 address",
            Family::V6 => "it has no IPv6 address",
        };
        return Err(names::not_found(host, io::Error::other(what)));
    }
    let socket = race(addresses, outset.source, patience)?;
    // Commands are short and answered one by one: waiting to fill packets only delays.
    let _ = socket.set_nodelay(true);
    let _ = sockopt::set_socket_send_buffer_size(&socket, SEND_BUFFER);
    Ok(socket)
}

/// The addresses in the order in which the system prefers them, but of each family in turn.
fn in_turns(addresses: impl Iterator<Item = SocketAddr>) -> Vec<SocketAddr> {
    let all: Vec<SocketAddr> = addresses.collect();
    let first = all.first().map(SocketAddr::is_ipv6);
    let (one, other): (Vec<_>, Vec<_>) = all.iter().partition(|a| Some(a.is_ipv6()) == first);
    let longest = one.len().max(other.len());
    let pair = |at| [one.get(at), other.get(at)];
    (0..longest).flat_map(pair).flatten().copied().collect()
}

/// An address that was asked and has not answered.
struct Attempt<'p> {
    address: SocketAddr,
    socket: OwnedFd,
    waiting: Waiting<'p>,
}

/// Connects to whichever address answers first. If none does, tells why the last failed.
fn race(
    addresses: Vec<SocketAddr>,
    source: Option<IpAddr>,
    patience: &Patience,
) -> Result<TcpStream> {
    let mut ahead = addresses.into_iter();
    let mut asked: Vec<Attempt> = Vec::new();
    let (mut since, mut failure) = (Instant::now(), None);
    loop {
        if asked.is_empty() || since.elapsed() >= HEAD_START {
            match (ahead.next(), asked.is_empty(), failure.take()) {
                (Some(address), ..) => {
                    since = Instant::now();
                    match begin(&address, source) {
                        Ok(socket) => asked.push(Attempt {
                            address,
                            socket,
                            waiting: patience.start("the connection"),
                        }),
                        Err(why) => failure = Some(why),
                    }
                }
                (None, true, Some(failure)) => return Err(failure),
                (None, _, before) => failure = before,
            }
        }
        if let Some(socket) = settle(&mut asked, &mut failure)? {
            return Ok(socket);
        }
    }
}

/// Waits a little for answers: gives the first connection, and lets go of what failed.
fn settle(asked: &mut Vec<Attempt>, failure: &mut Option<Error>) -> Result<Option<TcpStream>> {
    wait(asked)?;
    let mut pending = Vec::new();
    for attempt in asked.drain(..) {
        match sockopt::socket_error(&attempt.socket).and_then(|error| error) {
            // One that was reset was there: whoever waits for the greeting tells of it.
            Err(Errno::CONNRESET) => return blocking(TcpStream::from(attempt.socket)).map(Some),
            Err(why) => *failure = Some(unreachable(&attempt.address, why)),
            Ok(()) if net::getpeername(&attempt.socket).is_ok() => {
                return blocking(TcpStream::from(attempt.socket)).map(Some);
            }
            Ok(()) => match attempt.waiting.check_or_stop() {
                Err(Error::TimedOut { .. }) => {
                    *failure = Some(unreachable(&attempt.address, Errno::TIMEDOUT));
                }
                Err(error) => return Err(error),
                Ok(()) => pending.push(attempt),
            },
        }
    }
    *asked = pending;
    Ok(None)
}

/// Waits until one of those asked answers, or a slice of time is over.
fn wait(asked: &[Attempt]) -> Result<()> {
    if asked.is_empty() {
        return Ok(()); // the next one is due at once
    }
    let slice = Timespec {
        tv_sec: 0,
        tv_nsec: SLICE.as_nanos() as _,
    };
    let all = asked
        .iter()
        .map(|one| PollFd::new(&one.socket, PollFlags::OUT));
    let mut all: Vec<PollFd> = all.collect();
    match poll(&mut all, Some(&slice)) {
        Ok(_) | Err(Errno::INTR) => Ok(()),
        Err(why) => Err(Error::System {
            doing: "wait for a connection",
            why: why.into(),
        }),
    }
}

fn unreachable(address: &SocketAddr, why: Errno) -> Error {
    let address = address.to_string();
    let why = why.into();
    Error::Unreachable { address, why }
}

/// A socket that has begun to connect and does not block.
fn begin(address: &SocketAddr, source: Option<IpAddr>) -> Result<OwnedFd> {
    let failed = |why| unreachable(address, why);
    let socket = socket(match address {
        SocketAddr::V4(_) => AddressFamily::INET,
        SocketAddr::V6(_) => AddressFamily::INET6,
    })
    .map_err(failed)?;
    if let Some(source) = source {
        let bound = net::bind(&socket, &SocketAddr::new(source, 0));
        bound.map_err(|why| Error::SourceAddress {
            address: source.to_string(),
            why: why.into(),
        })?;
    }
    match net::connect(&socket, address) {
        Ok(()) | Err(Errno::INPROGRESS | Errno::INTR) => Ok(socket),
        Err(why) => Err(failed(why)),
    }
}

/// A socket that does not block, and that no program started meanwhile inherits.
#[cfg(not(target_vendor = "apple"))]
pub(super) fn socket(family: AddressFamily) -> rustix::io::Result<OwnedFd> {
    let flags = net::SocketFlags::CLOEXEC | net::SocketFlags::NONBLOCK;
    net::socket_with(family, SocketType::STREAM, flags, None)
}

#[cfg(target_vendor = "apple")]
pub(super) fn socket(family: AddressFamily) -> rustix::io::Result<OwnedFd> {
    let socket = net::socket(family, SocketType::STREAM, None)?;
    rustix::io::fcntl_setfd(&socket, rustix::io::FdFlags::CLOEXEC)?;
    rustix::io::ioctl_fionbio(&socket, true)?;
    Ok(socket)
}

/// The connected socket, which blocks again.
pub(super) fn blocking<S: AsFd>(socket: S) -> Result<S> {
    let failed = |why: Errno| Error::System {
        doing: "use a socket",
        why: why.into(),
    };
    ioctl_fionbio(&socket, false).map_err(failed)?;
    Ok(socket)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_families_take_turns_and_the_preferred_begins() {
        let all = |text: &str| -> Vec<SocketAddr> {
            let one = |text: &str| SocketAddr::new(text.parse().unwrap(), 1);
            text.split(' ').map(one).collect()
        };
        let turns = in_turns(all("::1 ::2 ::3 1.1.1.1").into_iter());
        assert_eq!(turns, all("::1 1.1.1.1 ::2 ::3"));
        let turns = in_turns(all("1.1.1.1 ::1 ::2").into_iter());
        assert_eq!(turns, all("1.1.1.1 ::1 ::2"));
    }
}
