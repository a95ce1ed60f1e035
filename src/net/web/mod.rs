//! What is asked over the web: a page, or the answer to a form. HTTPS alone, and never anything else
//! by way of a redirect; no cookies, nothing compressed, so many bytes and so much time, and no more.
//!
//! The connection is made as those for mail are: the same names, the same TLS, the same roots
//! (`SSL_CERT_FILE` among them), the same words when it fails, and a signal ends it. `proxy` of an
//! account is kept to; the variables that other programs find a proxy in are not looked at, since what
//! they name speaks HTTP, and since a timer's environment should not decide where a secret goes.

#[cfg(feature = "https")]
mod http;
#[cfg(not(feature = "https"))]
#[path = "no_http.rs"]
mod http;

use super::{Outset, Patience, Version, Via};
use crate::error::{Error, Result};
use std::fmt::Write;
use std::time::{Duration, Instant};
use zeroize::Zeroizing;

/// Whether this popget can ask anything over the web.
pub const BUILT_IN: bool = cfg!(feature = "https");

/// How long an answer may take, from the look-up of the name to its last byte.
const LONGEST: Duration = Duration::from_secs(60);

/// How the web is reached.
#[derive(Clone)]
#[cfg_attr(not(feature = "https"), allow(dead_code))] // what only HTTP needs
pub struct Web {
    /// Who makes the connections: we do, or a proxy; anything else is for mail alone.
    pub via: Via,
    /// The oldest TLS that is good enough.
    pub least: Version,
    /// How long each wait may take, and who may call us off.
    pub patience: Patience,
}

/// What came back.
pub struct Page {
    /// The status of HTTP.
    pub status: u16,
    /// The body, whatever it is; it may hold a secret.
    pub body: Zeroizing<Vec<u8>>,
}

impl Web {
    /// A web that is reached directly.
    pub fn new(patience: Patience) -> Self {
        Self {
            via: Via::Direct(Outset::default()),
            least: Version::Tls12,
            patience,
        }
    }

    /// Fetches a page; a few redirects to others over HTTPS are followed.
    pub fn get(&self, url: &str) -> Result<Page> {
        self.ask(url, None)
    }

    /// Sends a form, to this address and to no other: a redirect is an answer like any.
    pub fn post(&self, url: &str, fields: &[(&str, &str)]) -> Result<Page> {
        self.ask(url, Some(form(fields)))
    }

    fn ask(&self, url: &str, form: Option<Zeroizing<String>>) -> Result<Page> {
        let host = host(url).map_err(|why| unfit(url, why))?.to_owned();
        let (patience, ours) = self.bounded();
        let web = Self {
            patience,
            ..self.clone()
        };
        http::exchange(&web, url, form).map_err(|error| match error {
            Error::Interrupted | Error::NoWeb | Error::WebUnfit { .. } => error,
            Error::Deadline(whole) if !ours => Error::Deadline(whole),
            Error::Deadline(after) => {
                let waiting_for = "the whole answer";
                failed(host, Error::TimedOut { waiting_for, after })
            }
            error => failed(host, error),
        })
    }

    /// Our patience, which ends after a while; tells whether that is before the account's does.
    fn bounded(&self) -> (Patience, bool) {
        let until = Instant::now() + LONGEST;
        match self.patience.deadline {
            Some((sooner, _)) if sooner <= until => (self.patience.clone(), false),
            _ => {
                let deadline = Some((until, LONGEST));
                let patience = Patience {
                    deadline,
                    ..self.patience.clone()
                };
                (patience, true)
            }
        }
    }
}

fn failed(host: String, error: Error) -> Error {
    let error = Box::new(error);
    Error::Web { host, error }
}

fn unfit(url: &str, why: &'static str) -> Error {
    // Without what follows the path: it may be secret.
    let host = url.split(['?', '#']).next().unwrap_or_default().to_owned();
    Error::WebUnfit { host, why }
}

/// The host of an address on the web, or what is wrong with the address.
pub fn host(url: &str) -> Result<&str, &'static str> {
    let Some(rest) = url.strip_prefix("https://") else {
        return Err("is no address that begins with https://");
    };
    if !url.bytes().all(|b| b.is_ascii_graphic()) {
        return Err("is no address on the web: it holds a blank or a letter that is not ASCII");
    }
    let authority = rest.split(['/', '?', '#']).next().unwrap_or_default();
    if authority.contains('@') {
        return Err("names a user, which no address here does");
    }
    let (host, port) = match authority.rsplit_once(':') {
        Some((host, port)) if !port.contains(']') => (host, Some(port)),
        _ => (authority, None),
    };
    if port.is_some_and(|port| port.parse::<u16>().is_err()) {
        return Err("has a port that is none");
    }
    match host.trim_start_matches('[').trim_end_matches(']') {
        "" => Err("names no host"),
        host => Ok(host),
    }
}

/// Fields as a form has them, and the query of an address.
pub fn form(fields: &[(&str, &str)]) -> Zeroizing<String> {
    let mut form = Zeroizing::new(String::new());
    let length = |(name, value): &(&str, &str)| 3 * (name.len() + value.len()) + 2;
    form.reserve(fields.iter().map(length).sum()); // what is moved would be left behind
    for (name, value) in fields {
        if !form.is_empty() {
            form.push('&');
        }
        escape(name, &mut form);
        form.push('=');
        escape(value, &mut form);
    }
    form
}

/// All but the unreserved characters (RFC 3986, section 2.3) as %XX, which every reader of a form
/// understands.
fn escape(text: &str, to: &mut String) {
    for byte in text.bytes() {
        match byte {
            b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' => {
                to.push(char::from(byte));
            }
            _ => {
                let _ = write!(to, "%{byte:02X}"); // into a text it cannot fail
            }
        }
    }
}

/// Undoes percent-encoding (RFC 3986, section 2.1).
pub fn unescaped(text: &str) -> Option<String> {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let Some((byte, behind)) = rest.split_first() {
        rest = behind;
        match (byte, behind) {
            (b'%', [high, low, behind @ ..]) => {
                let digit = |byte: &u8| char::from(*byte).to_digit(16);
                bytes.push(u8::try_from(digit(high)? << 4 | digit(low)?).ok()?);
                rest = behind;
            }
            (b'%', _) => return None,
            _ => bytes.push(*byte),
        }
    }
    String::from_utf8(bytes).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_is_https_and_names_a_host() {
        for (url, expected) in [
            ("https://example.org", "example.org"),
            ("https://example.org:8443/a?b#c", "example.org"),
            ("https://[::1]:8443/", "::1"),
            ("https://[::1]", "::1"),
            ("https://example.org?x=y@z", "example.org"),
        ] {
            assert_eq!(host(url), Ok(expected), "{url}");
        }
        for url in [
            "http://example.org/",
            "HTTPS://example.org/",
            "example.org",
            "https://",
            "https:///path",
            "https://user@example.org/",
            "https://example.org:99999/",
            "https://example.org:/",
            "https://example.org/a b",
            "https://example.org/\r\nX: y",
            "https://exämple.org/",
        ] {
            assert!(host(url).is_err(), "{url}");
        }
    }

    #[test]
    fn a_form_escapes_whatever_means_something() {
        let fields = [("a", "b c&d=é"), ("scope", "x y"), ("~", "")];
        assert_eq!(*form(&fields), "a=b%20c%26d%3D%C3%A9&scope=x%20y&~=");
    }
}
