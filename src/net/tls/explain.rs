//! Why a handshake failed. The libraries give only text, each in its own way; what it means and what
//! helps is told here, and a text that is not known is shown as it is.

use super::{Fingerprint, Proof, Trust, Version};
use crate::error::{plain, Error};
use std::fs::File;
use std::io::{self, Read};
use std::path::PathBuf;

/// What the library says, what it means, and what helps.
type Row = (&'static [&'static str], &'static str, &'static str);

/// What can be wrong with a certificate.
const CERTIFICATE: [Row; 7] = [
    (
        &["hostname mismatch", "IP address mismatch"],
        "its certificate is for another name",
        "write the host name that the certificate is for, or set tls_server_name",
    ),
    (
        &["certificate has expired"],
        "its certificate has expired",
        "tell the server's operator, or check the clock of this machine",
    ),
    (
        &["not yet valid"],
        "its certificate is not valid yet",
        "check the clock of this machine, or tell the server's operator",
    ),
    (
        &[
            "unable to get local issuer",
            "unable to verify the first",
            "in certificate chain",
        ],
        "the issuer of its certificate is unknown here",
        "if you know this server, save its issuer's certificate and name it in tls_ca_file",
    ),
    (
        &["self-signed certificate", "self signed certificate"],
        "its certificate is self-signed",
        "if its operator confirms the fingerprint, set tls_fingerprint to it",
    ),
    (
        &["certificate purpose"],
        "its certificate is not meant for servers",
        "tell the server's operator",
    ),
    (
        &["too weak"],
        "its certificate is too weak",
        "tell the server's operator",
    ),
];

/// What else can keep two sides from agreeing.
const AGREEMENT: [Row; 3] = [
    (
        &[
            "wrong version number",
            "record layer failure",
            "packet length too long",
        ],
        "the server answers in plain text",
        "try tls: starttls, or another port",
    ),
    (
        &[
            "certificate required",
            "alert bad certificate",
            "alert unknown ca",
        ],
        "the server wants a client certificate",
        "set tls_client_cert and tls_client_key to one that it knows",
    ),
    (
        &["unexpected EOF", "unexpected eof", "reset by peer"],
        "the server hung up",
        "it may not speak TLS on this port; check port and tls",
    ),
];

/// What a server says, or the library of it, that knows no TLS which is new enough.
const TOO_OLD: [&str; 5] = [
    "unsupported protocol",
    "protocol version",
    "version too low",
    "no protocols available",
    "legacy sigalg",
];

/// Tells apart why a handshake failed, from all that the library said.
pub fn explain(said: &str, trust: &Trust) -> Error {
    let said = cause(said);
    if let Some((why, advice)) = find(&CERTIFICATE, said) {
        let unknown = why.contains("issuer") || why.contains("self-signed");
        return match lost_authorities(trust).filter(|_| unknown) {
            Some(lost) => not_proven(trust, &lost, "correct that variable, or unset it"),
            None => not_proven(trust, why, advice),
        };
    }
    if TOO_OLD.iter().any(|part| said.contains(part)) {
        let (why, advice) = match trust.least {
            Version::Tls12 => (
                "the server's TLS is older than 1.2",
                "tell the server's operator; older TLS protects nothing",
            ),
            Version::Tls13 => (
                "the server does not know TLS 1.3",
                "set tls_min_version: 1.2 if that is good enough",
            ),
        };
        return failed(why, advice);
    }
    match find(&AGREEMENT, said) {
        Some((why, advice)) => failed(why, advice),
        None if said.contains("certificate") && !said.contains("alert") => {
            not_proven(trust, said, "tell the server's operator")
        }
        None => failed(
            said,
            "the server may be too old, or not a TLS server; check port and tls",
        ),
    }
}

/// The file of issuers that the environment names in place of the system's, if it cannot be read: no
/// certificate is good then.
fn lost_authorities(trust: &Trust) -> Option<String> {
    let Proof::Chain(None) = trust.proof else {
        return None;
    };
    let named = std::env::var_os("SSL_CERT_FILE").filter(|path| !path.is_empty());
    let path = PathBuf::from(named?);
    let read = File::open(&path).and_then(|mut file| file.read(&mut [0]));
    let (path, why) = (path.display(), plain(&read.err()?));
    Some(format!(
        "SSL_CERT_FILE names {path}, which cannot be read: {why}"
    ))
}

/// The certificate is none of those that are pinned.
pub fn another_pin(trust: &Trust, fingerprint: Fingerprint) -> Error {
    Error::NotProven {
        name: trust.name.clone(),
        why: "its certificate is none of tls_fingerprint".into(),
        seen: Some(format!("SHA-256 {fingerprint}")),
        advice: "if the server's operator confirms this fingerprint, set tls_fingerprint to it",
    }
}

/// The library could not even begin.
pub fn unready(said: &str) -> Error {
    failed(cause(said), "")
}

/// An error of a connection that was secured: the library's words are not for people.
pub fn broken(why: io::Error) -> io::Error {
    let ours = why.get_ref().is_some_and(|inner| inner.is::<Error>());
    if ours || why.kind() != io::ErrorKind::Other {
        return why;
    }
    let text = why.to_string();
    match find(&AGREEMENT, cause(&text)) {
        // With TLS 1.3 a server looks at our certificate when we think that all is agreed.
        Some((why, advice)) => io::Error::other(failed(why, advice)),
        None => io::Error::other(cause(&text).to_string()),
    }
}

fn not_proven(trust: &Trust, why: &str, advice: &'static str) -> Error {
    Error::NotProven {
        name: trust.name.clone(),
        why: why.into(),
        seen: None,
        advice,
    }
}

fn failed(why: &str, advice: &'static str) -> Error {
    let why = why.into();
    Error::TlsFailed { why, advice }
}

/// The first row of which a part was said.
fn find(rows: &[Row], said: &str) -> Option<(&'static str, &'static str)> {
    let fits = |parts: &&[&str]| parts.iter().any(|part| said.contains(part));
    let row = rows.iter().find(|(parts, ..)| fits(parts));
    row.map(|(_, why, advice)| (*why, *advice))
}

/// What is wrong with a certificate stands in parentheses at the end; any other reason is the fifth
/// field of `error:code:library:function:reason:file:line:data`.
pub fn cause(text: &str) -> &str {
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
