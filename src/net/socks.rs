//! A connection through a SOCKS5 proxy (RFC 1928, with names and passwords of RFC 1929). The proxy
//! looks the server's name up.

use super::patience::Waiting;
use super::tcp::{self, Outset};
use super::wire::{again, SLICE};
use super::{Patience, Transport};
use crate::error::{Error, Result};
use crate::secret::Secret;
use std::net::{IpAddr, TcpStream};
use zeroize::Zeroizing;

/// A proxy.
#[derive(Clone)]
pub struct Proxy {
    /// Its host.
    pub host: String,
    /// Its port.
    pub port: u16,
    /// How it knows us, if it wants to.
    pub login: Option<(String, Secret)>,
}

/// What a proxy may answer to a request (RFC 1928, section 6).
const REPLIES: [&str; 8] = [
    "it failed",
    "its rules do not allow this server",
    "it does not reach the server's network",
    "it does not reach the server, or does not find its name",
    "the server refuses the connection",
    "the connection took too long",
    "it cannot make connections",
    "it does not know this kind of address",
];

/// Connects to a host by way of the proxy.
pub fn connect(proxy: &Proxy, host: &str, port: u16, patience: &Patience) -> Result<TcpStream> {
    let outset = Outset::default();
    let socket = tcp::connect(&proxy.host, proxy.port, outset, patience);
    let mut socket = socket.map_err(|error| match error {
        Error::Interrupted | Error::Deadline(_) | Error::System { .. } => error,
        error => proxy.failed(error.to_string()),
    })?;
    let _ = socket.set_timeout(SLICE);
    agree(proxy, &mut socket, (host, port), patience)?;
    Ok(socket)
}

/// Agrees with the proxy behind a transport that what follows is spoken with a server.
pub fn agree(
    proxy: &Proxy,
    socket: &mut dyn Transport,
    (host, port): (&str, u16),
    patience: &Patience,
) -> Result<()> {
    let mut talk = Talk {
        proxy,
        socket,
        waiting: patience.start("the proxy"),
    };
    talk.agree()?;
    talk.request(host, port)
}

impl Proxy {
    fn failed(&self, why: impl Into<String>) -> Error {
        let proxy = format!("{}:{}", self.host, self.port);
        let why = why.into();
        Error::Proxy { proxy, why }
    }
}

/// What is said to the proxy before the connection is the server's.
struct Talk<'t> {
    proxy: &'t Proxy,
    socket: &'t mut dyn Transport,
    /// For all that it says: byte by byte it must not get round the time-out.
    waiting: Waiting<'t>,
}

impl Talk<'_> {
    /// Agrees on who we are.
    fn agree(&mut self) -> Result<()> {
        match self.proxy.login {
            Some(_) => self.say(&[5, 2, 0, 2])?,
            None => self.say(&[5, 1, 0])?,
        }
        match (self.hear::<2>()?, &self.proxy.login) {
            ([5, 0], _) => Ok(()),
            ([5, 2], Some((user, password))) => self.log_in(user, password),
            ([5, 0xff], Some(_)) => Err(self.proxy.failed("it wants another kind of login")),
            ([5, _], _) => Err(self.proxy.failed("it wants a login")),
            _ => Err(self.proxy.failed("it is no SOCKS5 proxy")),
        }
    }

    /// RFC 1929, section 2.
    fn log_in(&mut self, user: &str, password: &Secret) -> Result<()> {
        let mut message = Zeroizing::new(Vec::with_capacity(3 + 2 * 255));
        message.push(1);
        for part in [user.as_bytes(), password.expose()] {
            message.push(self.length(part)?);
            message.extend_from_slice(part);
        }
        self.say(&message)?;
        match self.hear::<2>()? {
            [_, 0] => Ok(()),
            _ => Err(self.proxy.failed("it refuses user and password")),
        }
    }

    /// Asks for a connection to the server.
    fn request(&mut self, host: &str, port: u16) -> Result<()> {
        let mut message = vec![5, 1, 0];
        match host.parse::<IpAddr>() {
            Ok(IpAddr::V4(address)) => {
                message.push(1);
                message.extend(address.octets());
            }
            Ok(IpAddr::V6(address)) => {
                message.push(4);
                message.extend(address.octets());
            }
            Err(_) => {
                message.extend([3, self.length(host.as_bytes())?]);
                message.extend(host.as_bytes());
            }
        }
        message.extend(port.to_be_bytes());
        self.say(&message)?;
        let kind = match self.hear::<4>()? {
            [5, 0, _, kind] => kind,
            [5, reply, ..] => {
                let known = REPLIES.get(usize::from(reply) - 1);
                let why = known.map_or(format!("it answers {reply}"), ToString::to_string);
                return Err(self.proxy.failed(why));
            }
            _ => return Err(self.proxy.failed("its answer is no SOCKS5")),
        };
        // The address that it uses itself is nothing to us.
        match kind {
            1 => self.hear::<6>().map(drop),
            4 => self.hear::<18>().map(drop),
            3 => {
                let [length] = self.hear::<1>()?;
                (0..u16::from(length) + 2).try_for_each(|_| self.hear::<1>().map(drop))
            }
            _ => Err(self.proxy.failed("its answer is no SOCKS5")),
        }
    }

    fn length(&self, part: &[u8]) -> Result<u8> {
        let long = |_| {
            self.proxy
                .failed("it takes no name or password of more than 255 bytes")
        };
        u8::try_from(part.len()).map_err(long)
    }

    fn say(&mut self, bytes: &[u8]) -> Result<()> {
        // It fits into the socket's buffer at once.
        let said = self.socket.write_all(bytes);
        said.map_err(|why| self.proxy.failed(crate::error::plain(&why)))
    }

    /// Hears exactly so many bytes: what follows is the server's.
    fn hear<const N: usize>(&mut self) -> Result<[u8; N]> {
        let (mut bytes, mut heard) = ([0; N], 0);
        while heard < N {
            self.waiting.check_or_stop()?;
            match self.socket.read(&mut bytes[heard..]) {
                Ok(0) => return Err(self.proxy.failed("it hung up")),
                Ok(more) => heard += more,
                Err(why) if again(&why) => {}
                Err(why) => return Err(self.proxy.failed(crate::error::plain(&why))),
            }
        }
        Ok(bytes)
    }
}
