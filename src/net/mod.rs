//! How a server is reached: the route, walked step by step, ends in a [`Wire`]. Nothing here knows
//! which protocol is spoken over it.

mod body;
pub mod dns;
mod kpop;
mod names;
mod octets;
mod patience;
#[cfg(any(test, fuzzing))]
pub mod properties;
mod socket;
mod socks;
mod spoken;
mod tcp;
mod tls;
mod tunnel;
mod veil;
pub mod web;
mod wire;

pub use body::Stuffed;
pub use dns::{is_host, look_up as look_up_records, Kind, Record};
pub use patience::Patience;
pub use socks::Proxy;
pub use spoken::Spoken;
pub use std::net::IpAddr;
pub use tcp::{Family, Outset};
pub use tls::library as tls_library;
pub use tls::make_ready as make_tls_ready;
pub use tls::{Binding, ClientCertificate, Engine, Fingerprint, Proof, Secured, Trust, Version};
pub use veil::Veil;
pub use wire::{Meanwhile, Wire, UNWANTED};

use crate::error::{Error, Result};
use crate::event::{Event, Stage, Voice};
use crate::secret::CommandLine;
use std::io::{self, Read, Write};
use std::path::PathBuf;
use std::time::Duration;

/// A stream of bytes to the server: a socket, or TLS over one.
pub trait Transport: Read + Write + Send {
    /// Sets how long one read or write may block before it fails with `WouldBlock` or `TimedOut`.
    fn set_timeout(&mut self, timeout: Duration) -> io::Result<()>;

    /// How many octets can be written without waiting until the other end reads.
    fn room(&self) -> usize {
        LEAST_ROOM
    }
}

/// What fits into the buffers of any two sockets or of a pipe.
pub const LEAST_ROOM: usize = 8 * 1024;

/// Whether and how TLS protects the connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TlsMode {
    /// From the first byte (RFC 8314).
    Implicit,
    /// After STLS (RFC 2595); without it nothing is sent.
    StartTls,
    /// Not at all.
    Off,
}

impl TlsMode {
    /// All of them, by the words that the settings have for them.
    pub const ALL: [(&str, Self); 3] = [
        ("implicit", Self::Implicit),
        ("starttls", Self::StartTls),
        ("none", Self::Off),
    ];

    /// The word for it.
    pub fn name(self) -> &'static str {
        let named = Self::ALL.iter().find(|(_, mode)| *mode == self);
        named.map_or("", |(name, _)| name)
    }
}

/// What is known about who may read what we send.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Security {
    /// Anyone on the way.
    Clear,
    /// Nobody on the way, but perhaps an impostor at its end.
    Unverified,
    /// The server alone, which proved who it is.
    Verified,
}

/// The way to a server.
#[derive(Clone)]
pub struct Route {
    /// The host, a name or an address, as the name service and certificates know it.
    pub host: String,
    /// The host as the user wrote it.
    pub written: String,
    /// The TCP port.
    pub port: u16,
    /// How TLS is used.
    pub tls: TlsMode,
    /// What the server's certificate is checked against.
    pub trust: Trust,
    /// Who makes the connection.
    pub via: Via,
    /// Whom the server greets.
    pub welcome: Welcome,
}

/// Whom a server greets.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Welcome {
    /// Whoever connects.
    Anyone,
    /// Whoever shows it a Kerberos ticket: KPOP.
    Ticket,
}

/// Who makes the connection to the server.
#[derive(Clone)]
pub enum Via {
    /// We do.
    Direct(Outset),
    /// A proxy.
    Proxy(Proxy),
    /// A program, which finds these variables in its environment.
    Tunnel(CommandLine, Vec<(&'static str, String)>),
    /// We do, to a socket of this machine, which has a path instead of host and port.
    Socket(PathBuf),
}

impl Route {
    /// The port, if it is none that the protocol usually has in this way.
    pub fn odd_port(&self) -> Option<u16> {
        let usual: &[u16] = match self.tls {
            TlsMode::Implicit => &[995],
            TlsMode::StartTls | TlsMode::Off => &[110, 109, 1109],
        };
        Some(self.port).filter(|port| !usual.contains(port))
    }

    /// The same way, by the library that tells what a login can be tied to.
    pub fn telling(&self) -> Self {
        Self {
            trust: self.trust.telling(),
            ..self.clone()
        }
    }

    /// The same way for a look at what is there: nothing is proven, and nothing secret may be sent.
    pub fn looking(&self) -> Self {
        let welcome = match self.tls {
            TlsMode::Implicit => Welcome::Anyone, // there is enough to see before it
            TlsMode::StartTls | TlsMode::Off => self.welcome,
        };
        Self {
            trust: self.trust.looking(),
            welcome,
            ..self.clone()
        }
    }
}

/// Walks the route as far as it goes before the server greets. A server that takes our ticket for a
/// repetition is shown it once more, with another time in it.
pub fn dial<'e>(
    route: &Route,
    patience: Patience,
    events: impl Into<Voice<'e>>,
) -> Result<Wire<'e>> {
    let events = events.into();
    match walk(route, patience.clone(), events.clone()) {
        Err(Error::TicketUnfit {
            code: kpop::REPEATED,
            ..
        }) => walk(route, patience, events),
        walked => walked,
    }
}

fn walk<'e>(route: &Route, patience: Patience, events: Voice<'e>) -> Result<Wire<'e>> {
    events.enter(Stage::Connecting);
    let Route { host, port, .. } = route;
    let ticket = match route.welcome {
        Welcome::Anyone => None,
        Welcome::Ticket => Some(kpop::Ticket::new(host)?),
    };
    let transport: Box<dyn Transport> = match &route.via {
        Via::Direct(outset) => Box::new(tcp::connect(host, *port, *outset, &patience)?),
        Via::Proxy(proxy) => Box::new(socks::connect(proxy, host, *port, &patience)?),
        Via::Tunnel(command, surroundings) => {
            events.emit(Event::Lent); // ssh may ask for a passphrase
            Box::new(tunnel::open(command, surroundings)?)
        }
        Via::Socket(path) => Box::new(socket::connect(path, &patience)?),
    };
    let mut wire = Wire::new(transport, patience, events);
    if route.tls == TlsMode::Implicit {
        wire = wire.secure(&route.trust)?;
    }
    if let Some(ticket) = ticket {
        ticket.show(&mut wire)?;
    }
    Ok(wire)
}
