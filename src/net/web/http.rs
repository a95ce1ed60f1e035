//! HTTP, spoken by ureq over a transport of ours: it makes requests and reads answers, and neither
//! looks up names nor opens sockets.

use super::{Page, Web};
use crate::error::{Error, Result};
use crate::net::wire::{again, SLICE};
use crate::net::{socks, tcp, tls, Engine, Outset, Patience, Proof, Transport, Trust, Via};
use std::fmt;
use std::io::{self, Read};
use std::sync::{Mutex, PoisonError};
use ureq::config::Config;
use ureq::http::Uri;
use ureq::unversioned::resolver::{ResolvedSocketAddrs, Resolver};
use ureq::unversioned::transport as theirs;
use ureq::unversioned::transport::{Buffers, ConnectionDetails, LazyBuffers, NextTimeout};
use ureq::Agent;
use zeroize::Zeroizing;

/// How often a page may be elsewhere.
const REDIRECTS: u32 = 3;
/// The longest answer that is taken.
const MOST: usize = 256 * 1024;
/// The longest head of an answer.
const HEAD: usize = 32 * 1024;
/// Room for what is sent and read at once.
const BUFFER: usize = 16 * 1024;

/// Asks, and reads the answer.
pub fn exchange(web: &Web, url: &str, form: Option<Zeroizing<String>>) -> Result<Page> {
    let agent = Agent::with_parts(manners(), Dialler(web.clone()), NoNames);
    let answered = match form {
        None => agent
            .get(url)
            .config()
            .max_redirects(REDIRECTS)
            .max_redirects_will_error(true)
            .build()
            .call(),
        Some(form) => agent
            .post(url)
            .header("Content-Type", "application/x-www-form-urlencoded")
            .header("Accept", "application/json")
            .send(form.as_bytes()),
    };
    let mut answer = answered.map_err(|why| meant(why, url))?;
    let mut body = Zeroizing::new(Vec::with_capacity(MOST + 1));
    let mut reader = answer.body_mut().as_reader().take(MOST as u64 + 1);
    let read = reader.read_to_end(&mut body);
    read.map_err(|why| Error::from_transport(why, "the answer"))?;
    if body.len() > MOST {
        return Err(super::unfit(url, "gives more than can be meant"));
    }
    let status = answer.status().as_u16();
    Ok(Page { status, body })
}

/// How we ask: HTTPS alone, and nothing that is not told here.
fn manners() -> Config {
    Agent::config_builder()
        .https_only(true)
        .http_status_as_error(false)
        .max_redirects(0)
        .max_redirects_will_error(false)
        .proxy(None)
        .user_agent(concat!("popget/", env!("CARGO_PKG_VERSION")))
        .max_response_header_size(HEAD)
        .input_buffer_size(BUFFER)
        .output_buffer_size(BUFFER)
        .build()
}

/// What its errors mean in our words.
fn meant(why: ureq::Error, url: &str) -> Error {
    let what = match why {
        ureq::Error::Io(why) => return Error::from_transport(why, "the answer"),
        ureq::Error::RequireHttpsOnly(_) => "leads to an address without TLS",
        ureq::Error::TooManyRedirects => "leads from one address to the next",
        ureq::Error::RedirectFailed => "leads nowhere",
        ureq::Error::BadUri(_) | ureq::Error::Http(_) => "leads to an address that is none",
        ureq::Error::LargeResponseHeader(..) => "says more about its answer than can be meant",
        _ => "does not speak HTTP as it should",
    };
    super::unfit(url, what)
}

/// Makes connections as those for mail are made.
struct Dialler(Web);

impl fmt::Debug for Dialler {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Dialler")
    }
}

impl Dialler {
    fn dial(&self, uri: &Uri) -> Result<Box<dyn Transport>> {
        let Web { via, patience, .. } = &self.0;
        let url = uri.to_string();
        let host = super::host(&url).map_err(|why| super::unfit(&url, why))?;
        let port = uri.port_u16().unwrap_or(443);
        let mut socket = match via {
            Via::Direct(outset) => tcp::connect(host, port, *outset, patience)?,
            Via::Proxy(proxy) => socks::connect(proxy, host, port, patience)?,
            Via::Tunnel(..) | Via::Socket(_) => {
                tcp::connect(host, port, Outset::default(), patience)?
            }
        };
        let slice = SLICE.min(patience.timeout);
        let _ = socket.set_timeout(slice);
        let trust = Trust {
            name: host.to_owned(),
            proof: Proof::Chain(None),
            least: self.0.least,
            client: None,
            engine: Engine::Native,
        };
        let (mut transport, _) = tls::secure(Box::new(socket), &trust, patience)?;
        let _ = transport.set_timeout(slice);
        Ok(transport)
    }
}

impl theirs::Connector<()> for Dialler {
    type Out = Carrier;

    fn connect(
        &self,
        details: &ConnectionDetails,
        _: Option<()>,
    ) -> Result<Option<Carrier>, ureq::Error> {
        let transport = self.dial(details.uri).map_err(carried)?;
        Ok(Some(Carrier {
            transport: Mutex::new(transport),
            patience: self.0.patience.clone(),
            buffers: LazyBuffers::new(BUFFER, BUFFER),
        }))
    }
}

/// An error of ours, as theirs that carries it.
fn carried(error: Error) -> ureq::Error {
    ureq::Error::Io(io::Error::other(error))
}

/// Our transport as one of theirs.
struct Carrier {
    transport: Mutex<Box<dyn Transport>>,
    patience: Patience,
    buffers: LazyBuffers,
}

impl fmt::Debug for Carrier {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Carrier")
    }
}

impl theirs::Transport for Carrier {
    fn buffers(&mut self) -> &mut dyn Buffers {
        &mut self.buffers
    }

    fn transmit_output(&mut self, amount: usize, _: NextTimeout) -> Result<(), ureq::Error> {
        let transport = self.transport.get_mut();
        let transport = transport.unwrap_or_else(PoisonError::into_inner);
        let waiting = self.patience.start("the server to read");
        let mut left = &Buffers::output(&mut self.buffers)[..amount];
        while !left.is_empty() {
            waiting.check_or_stop().map_err(carried)?;
            match transport.write(left) {
                Ok(0) => return Err(io::Error::from(io::ErrorKind::WriteZero).into()),
                Ok(written) => left = &left[written..],
                Err(why) if again(&why) => {}
                Err(why) => return Err(why.into()),
            }
        }
        Ok(transport.flush()?)
    }

    fn await_input(&mut self, _: NextTimeout) -> Result<bool, ureq::Error> {
        let transport = self.transport.get_mut();
        let transport = transport.unwrap_or_else(PoisonError::into_inner);
        let waiting = self.patience.start("the answer");
        loop {
            waiting.check_or_stop().map_err(carried)?;
            match transport.read(self.buffers.input_append_buf()) {
                Ok(read) => {
                    self.buffers.input_appended(read);
                    return Ok(read > 0);
                }
                Err(why) if again(&why) => {}
                Err(why) => return Err(why.into()),
            }
        }
    }

    /// Nothing is asked twice over one connection.
    fn is_open(&mut self) -> bool {
        false
    }

    fn is_tls(&self) -> bool {
        true
    }
}

/// Finds no addresses: the dialler does.
#[derive(Debug)]
struct NoNames;

impl Resolver for NoNames {
    fn resolve(
        &self,
        _: &Uri,
        _: &Config,
        _: NextTimeout,
    ) -> Result<ResolvedSocketAddrs, ureq::Error> {
        Ok(self.empty())
    }
}
