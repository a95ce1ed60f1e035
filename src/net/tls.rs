//! TLS over any transport, by the system's library. The name that the certificate must prove is the
//! one that the user wrote, never one learned from the name service.

use super::{Binding, Patience, Transport};
use crate::error::{Error, Result};
use native_tls::{Certificate, HandshakeError, Protocol, TlsConnector, TlsStream};
use std::io;
use std::path::PathBuf;
use std::time::Duration;

/// What a server's certificate is checked against.
#[derive(Clone, Debug)]
pub struct Trust {
    /// The name that it must prove.
    pub name: String,
    /// Certificates to trust in place of the system's.
    pub authorities: Option<PathBuf>,
    /// Whether it is checked at all.
    pub verify: bool,
}

impl Transport for TlsStream<Box<dyn Transport>> {
    fn set_timeout(&mut self, timeout: Duration) -> io::Result<()> {
        self.get_mut().set_timeout(timeout)
    }
}

/// Agrees on TLS and checks the certificate.
pub fn secure(
    transport: Box<dyn Transport>,
    trust: &Trust,
    patience: &Patience,
) -> Result<(Box<dyn Transport>, Option<Binding>)> {
    let connector = connector(trust)?;
    let waiting = patience.start("the TLS handshake");
    let mut attempt = connector.connect(&trust.name, transport);
    loop {
        match attempt {
            Ok(stream) => {
                // Some certificates define none, and then the library says so in one way or another.
                let data = stream.tls_server_end_point().ok().flatten();
                let kind = "tls-server-end-point";
                let binding = data.map(|data| Binding { kind, data });
                return Ok((Box::new(stream), binding));
            }
            Err(HandshakeError::WouldBlock(unfinished)) => {
                waiting.check_or_stop()?;
                attempt = unfinished.handshake();
            }
            Err(HandshakeError::Failure(error)) => return Err(explain(&error, trust)),
        }
    }
}

/// The settings of the TLS library for this trust.
fn connector(trust: &Trust) -> Result<TlsConnector> {
    let mut builder = TlsConnector::builder();
    builder.min_protocol_version(Some(Protocol::Tlsv12)); // RFC 8997
    if let Some(path) = &trust.authorities {
        builder.disable_built_in_roots(true);
        for certificate in authorities(path)? {
            builder.add_root_certificate(certificate);
        }
    }
    if !trust.verify {
        builder
            .danger_accept_invalid_certs(true)
            .danger_accept_invalid_hostnames(true);
    }
    builder.build().map_err(|why| Error::TlsFailed {
        why: last_words(&why),
        advice: "",
    })
}

/// Reads the certificates of `tls_ca_file`.
fn authorities(path: &PathBuf) -> Result<Vec<Certificate>> {
    let failed = |why: String| Error::TrustFile {
        path: path.clone(),
        why,
    };
    let pem = std::fs::read(path).map_err(|why| failed(why.to_string()))?;
    match Certificate::stack_from_pem(&pem) {
        Ok(certificates) if !certificates.is_empty() => Ok(certificates),
        _ => Err(failed("it holds no PEM certificate".into())),
    }
}

/// Tells apart why a handshake failed. The library gives only text, the cause in its last
/// parentheses; an unknown text is shown as it is.
fn explain(error: &native_tls::Error, trust: &Trust) -> Error {
    let why = last_words(error);
    let proof = |advice| Error::NotProven {
        name: trust.name.clone(),
        why: why.clone(),
        advice,
    };
    let has = |part: &str| why.contains(part);
    if has("hostname mismatch") || has("IP address mismatch") {
        proof("write the host name that the certificate is for, or set tls_server_name")
    } else if has("certificate has expired") || has("not yet valid") {
        proof("check the clock of this machine, else tell the server's operator")
    } else if has("self-signed") || has("self signed") || has("unable to get local issuer") {
        proof("if you know this server, save its issuer's certificate and name it in tls_ca_file")
    } else if has("certificate") && !has("alert") {
        proof("tell the server's operator")
    } else if has("wrong version number") || has("record layer failure") {
        let why = "the server answers in plain text".into();
        Error::TlsFailed {
            why,
            advice: "try tls: starttls, or another port",
        }
    } else {
        let advice = "the server may be too old, or not a TLS server; check port and tls";
        Error::TlsFailed { why, advice }
    }
}

/// The cause, which the library hides in its own way of naming errors.
fn last_words(error: &native_tls::Error) -> String {
    cause(&error.to_string()).to_string()
}

/// What is wrong with a certificate stands in parentheses at the end; any other reason is the fifth
/// field of `error:code:library:function:reason:file:line:data`.
fn cause(text: &str) -> &str {
    let inner = text
        .strip_suffix(')')
        .and_then(|text| text.rsplit_once('('));
    match inner {
        Some((_, cause)) => cause,
        None if text.starts_with("error:") => text.split(':').nth(4).unwrap_or(text),
        None => text,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_cause_is_found_in_what_the_library_says() {
        let certificate = "error:0A000086:SSL routines:f:certificate verify failed:../a.c:1889: \
                           (certificate has expired)";
        assert_eq!(cause(certificate), "certificate has expired");
        let other = "error:0A00010B:SSL routines:ssl3_get_record:wrong version number:../a.c:350:";
        assert_eq!(cause(other), "wrong version number");
        assert_eq!(cause("unexpected EOF"), "unexpected EOF");
    }
}
