//! The servers that mail is handed on to: the keys `lmtp` and `smtp` of `deliver`.

use super::file::Lmtp;
use super::resolve::Layers;
use super::server;
use super::units;
use crate::delivery::{Address, Destination, Host};
use crate::error::Result;
use crate::net::{Engine, Outset, Proof, Route, TlsMode, Trust, Version, Via};
use std::path::PathBuf;
use std::time::Duration;

/// How long each wait for such a server may last, if nothing else is said: it may have to look at a
/// large message first, and who gives up too early gets it twice (RFC 5321, section 4.5.3.2.6).
const TIMEOUT: Duration = Duration::from_secs(600);
/// The port of LMTP, which has none of its own (RFC 2033, section 5, forbids that of SMTP).
const LMTP_PORT: u16 = 24;

/// Where the keys about a server stand, and for whom.
pub struct Server<'s> {
    /// Whether the account itself says it.
    pub own: bool,
    /// The user of the account, to whom mail goes that names nobody else.
    pub user: &'s str,
    /// What `timeout` says.
    pub timeout: Option<Duration>,
}

impl Layers<'_> {
    /// The server that takes mail by LMTP.
    pub(super) fn lmtp(&self, keys: Lmtp, server: &Server) -> Result<Destination> {
        let Lmtp { address, recipient } = keys;
        let wrong = |key: &str, what: &str| {
            let key = format!("deliver.lmtp.{key}");
            self.wrong(key.trim_end_matches('.'), server.own, what)
        };
        let route = match address.starts_with(['/', '~', '$']) {
            true => units::path(&address).map(at_socket),
            false => at_host(&address, LMTP_PORT),
        };
        let route = route.map_err(|what| wrong("address", &what))?;
        let no_address = "this is not an address such as alice or alice@example.org";
        let recipient = recipient.map(|recipient| {
            Address::parse(recipient.as_bytes()).ok_or_else(|| wrong("recipient", no_address))
        });
        let recipient = recipient.transpose()?;
        if recipient.is_none() && Address::parse(server.user.as_bytes()).is_none() {
            let what = "name the recipient, since the user is no address";
            return Err(wrong("", what));
        }
        Ok(Destination::Lmtp(Box::new(Host {
            route,
            written: address,
            recipient,
            timeout: server.timeout.unwrap_or(TIMEOUT),
        })))
    }
}

/// The way to a socket of this machine.
fn at_socket(path: PathBuf) -> Route {
    let written = path.display().to_string();
    Route {
        via: Via::Socket(path),
        ..unprotected(written.clone(), written, 0)
    }
}

/// The way to a host, without TLS.
fn at_host(text: &str, port: u16) -> Result<Route, String> {
    let (written, named) = server::host_and_port(text)?;
    let host = server::ascii(&written)?;
    Ok(unprotected(host, written, named.unwrap_or(port)))
}

fn unprotected(host: String, written: String, port: u16) -> Route {
    Route {
        trust: Trust {
            name: host.clone(),
            proof: Proof::Chain(None),
            least: Version::Tls12,
            client: None,
            engine: Engine::Native,
        },
        host,
        written,
        port,
        tls: TlsMode::Off,
        via: Via::Direct(Outset::default()),
    }
}
