//! The servers that mail is handed on to: the keys `lmtp` and `smtp` of `deliver`.

use super::destination::Spot;
use super::file::{Keys, Lmtp, Smtp};
use super::kinds::Auth;
use super::resolve::Layers;
use super::server;
use super::units;
use crate::delivery::{can_log_in_by, Address, Destination, Host, Submitter};
use crate::error::Result;
use crate::net::{Engine, Outset, Proof, Route, TlsMode, Trust, Version, Via, Welcome};
use crate::sasl::Methods;
use crate::secret::SecretSource;
use std::path::PathBuf;
use std::time::Duration;

/// How long each wait for such a server may last, if nothing else is said: it may have to look at a
/// large message first, and who gives up too early gets it twice (RFC 5321, section 4.5.3.2.6).
const TIMEOUT: Duration = Duration::from_secs(600);
/// The port of LMTP, which has none of its own (RFC 2033, section 5, forbids that of SMTP).
const LMTP_PORT: u16 = 24;
/// What is said of a recipient that is none.
const NO_ADDRESS: &str = "this is not an address such as alice or alice@example.org";

/// The server that takes mail by LMTP.
pub fn lmtp(spot: &Spot, keys: Lmtp, timeout: Option<Duration>) -> Result<Destination> {
    let Lmtp { address, recipient } = keys;
    let route = match address.starts_with(['/', '~', '$']) {
        true => units::path(&address).map(at_socket),
        false => at_host(&address, LMTP_PORT),
    };
    let route = route.map_err(|what| spot.below("address").wrong(what))?;
    let recipient = recipient.map(|recipient| {
        let none = || spot.below("recipient").wrong(NO_ADDRESS);
        Address::parse(recipient.as_bytes()).ok_or_else(none)
    });
    let recipient = recipient.transpose()?;
    let layers = spot.layers;
    let user = layers.login(&layers.servers()?)?.user;
    if recipient.is_none() && Address::parse(user.as_bytes()).is_none() {
        let what = "name the recipient, since the user is no address";
        return Err(spot.wrong(what));
    }
    Ok(Destination::Lmtp(Box::new(Host {
        route,
        written: address,
        recipient,
        timeout: timeout.unwrap_or(TIMEOUT),
    })))
}

/// The server that passes mail on by SMTP. To whom is not left to what a message says of itself: its
/// sender could have mail sent to anybody.
pub fn smtp(spot: &Spot, smtp: Smtp, timeout: Option<Duration>) -> Result<Destination> {
    let keys = common(&smtp);
    let layers = Layers {
        within: spot.path(),
        own: &keys,
        base: &Keys::default(),
        ..*spot.layers
    };
    let tls = match (smtp.tls, smtp.starttls, &smtp.user) {
        (Some(tls), Some(starttls), _) if starttls != (tls == TlsMode::StartTls) => {
            let what = "tls says otherwise; keep one of them";
            return Err(spot.below("starttls").wrong(what));
        }
        (Some(tls), ..) => tls,
        (None, Some(true), _) | (None, None, Some(_)) => TlsMode::StartTls,
        (None, Some(false), _) | (None, None, None) => TlsMode::Off,
    };
    let port = match tls {
        TlsMode::Implicit => 465,
        TlsMode::StartTls => 587,
        TlsMode::Off => 25,
    };
    let route = at_host(&smtp.address, port);
    let route = route.map_err(|what| spot.below("address").wrong(what))?;
    let no_address = || spot.below("recipient").wrong(NO_ADDRESS);
    let recipient = Address::parse(smtp.recipient.as_bytes()).ok_or_else(no_address)?;
    let route = Route {
        trust: layers.trust(&route.host, tls)?,
        tls,
        ..route
    };
    let submitter = layers.submitter(smtp.user, &route)?;
    let host = Host {
        route,
        written: smtp.address,
        recipient: Some(recipient),
        timeout: timeout.unwrap_or(TIMEOUT),
    };
    Ok(Destination::Smtp(Box::new(host), submitter))
}

impl Layers<'_> {
    /// Who logs in, and how; nobody where no user is named.
    fn submitter(&self, user: Option<String>, route: &Route) -> Result<Option<Submitter>> {
        let methods = match &self.own.auth {
            None | Some(Auth::Auto) => Methods::Auto,
            Some(Auth::Named(named)) => Methods::Named(named.clone()),
        };
        let secret = self.secret(&route.host, user.as_deref().unwrap_or_default())?;
        if matches!(secret, SecretSource::SignIn) {
            let what = "here it goes with token_command only";
            return Err(self.wrong("oauth", true, what));
        }
        let Some(user) = user else {
            return match (secret, &self.own.auth) {
                (SecretSource::Ask, None) => Ok(None),
                _ => Err(self.wrong("user", true, "name the user who is to log in")),
            };
        };
        if let Methods::Named(named) = &methods {
            if let Some(method) = named.iter().find(|method| !can_log_in_by(**method)) {
                let what = format!("{} is no way to log in by SMTP", method.name());
                return Err(self.wrong("auth", true, what));
            }
        }
        match self.fitting(secret, &methods, route.tls)? {
            SecretSource::Ask => {
                let what = "name password_command, password_file, credential or oauth";
                Err(self.wrong("user", true, what))
            }
            secret => Ok(Some(Submitter {
                user,
                methods,
                secret,
            })),
        }
    }
}

/// The keys that mean the same as those of an account.
fn common(smtp: &Smtp) -> Keys {
    let smtp = smtp.clone();
    Keys {
        auth: smtp.auth,
        password_command: smtp.password_command,
        password_file: smtp.password_file,
        credential: smtp.credential,
        oauth: smtp.oauth,
        tls_ca_file: smtp.tls_ca_file,
        tls_fingerprint: smtp.tls_fingerprint,
        tls_min_version: smtp.tls_min_version,
        tls_client_cert: smtp.tls_client_cert,
        tls_client_key: smtp.tls_client_key,
        tls_verify: smtp.tls_verify,
        tls_server_name: smtp.tls_server_name,
        ..Keys::default()
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
        welcome: Welcome::Anyone,
    }
}
