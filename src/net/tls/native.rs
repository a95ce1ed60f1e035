//! The TLS connection that native-tls makes.

use super::explain::{self, explain};
use super::{authorities, bad_file, Binding, Proof, Secured, Stream, Trust, Version};
use crate::error::Result;
use crate::net::{Patience, Transport};
use native_tls::{Certificate, HandshakeError, Identity, Protocol, TlsConnector, TlsStream};

/// Agrees on TLS and checks the chain and the name, if that is the proof.
pub fn secure(
    transport: Box<dyn Transport>,
    trust: &Trust,
    patience: &Patience,
) -> Result<(Box<dyn Transport>, Secured)> {
    let connector = connector(trust)?;
    let waiting = patience.start("the TLS handshake");
    let mut attempt = connector.connect(&trust.name, transport);
    loop {
        match attempt {
            Ok(stream) => {
                let secured = agreed(&stream);
                let inner = stream;
                let set_timeout = |stream: &mut TlsStream<Box<dyn Transport>>, timeout| {
                    stream.get_mut().set_timeout(timeout)
                };
                return Ok((Box::new(Stream { inner, set_timeout }), secured));
            }
            Err(HandshakeError::WouldBlock(unfinished)) => {
                waiting.check_or_stop()?;
                attempt = unfinished.handshake();
            }
            Err(HandshakeError::Failure(error)) => return Err(explain(&error.to_string(), trust)),
        }
    }
}

/// What the library tells about the connection.
fn agreed(stream: &TlsStream<Box<dyn Transport>>) -> Secured {
    // Some certificates define none, and then the library says so in one way or another.
    let data = stream.tls_server_end_point().ok().flatten();
    let kind = "tls-server-end-point";
    let certificate = stream.peer_certificate().ok().flatten();
    let certificate = certificate.and_then(|certificate| certificate.to_der().ok());
    Secured {
        binding: data.map(|data| Binding { kind, data }),
        certificate: certificate.unwrap_or_default(),
        ..Secured::default()
    }
}

/// The settings of the library for this trust.
fn connector(trust: &Trust) -> Result<TlsConnector> {
    let mut builder = TlsConnector::builder();
    builder.min_protocol_version(Some(match trust.least {
        Version::Tls12 => Protocol::Tlsv12,
        Version::Tls13 => Protocol::Tlsv13,
    }));
    match &trust.proof {
        Proof::Chain(None) => {}
        Proof::Chain(Some(path)) => {
            builder.disable_built_in_roots(true);
            match Certificate::stack_from_pem(&authorities(path)?) {
                Ok(certificates) if !certificates.is_empty() => {
                    for certificate in certificates {
                        builder.add_root_certificate(certificate);
                    }
                }
                _ => return Err(bad_file("tls_ca_file", path, "it holds no PEM certificate")),
            }
        }
        Proof::Pins(_) | Proof::Nothing => {
            builder
                .danger_accept_invalid_certs(true)
                .danger_accept_invalid_hostnames(true);
        }
    }
    if let Some(client) = &trust.client {
        let (chain, key) = client.read()?;
        let identity = Identity::from_pkcs8(&chain, &key).map_err(|why| client.unfit(&why))?;
        builder.identity(identity);
    }
    builder.build().map_err(|why| match &trust.client {
        // Only here the library sees whether the two belong together.
        Some(client) => client.unfit(&why),
        None => explain::unready(&why.to_string()),
    })
}
