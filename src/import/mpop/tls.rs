//! How mpop reaches a server by TLS, in popget's words.

use super::super::draft::Draft;
use super::super::fit;
use super::account::switch;
use super::Written;
use crate::net::Fingerprint;

/// Writes `tls` and what goes with it.
pub fn write(draft: &mut Draft, written: &Written) {
    let on = switch(written.of("tls")) == Some(true);
    let starttls = switch(written.of("tls_starttls")) != Some(false);
    let tls = match (on, starttls) {
        (false, _) => "none",
        (true, true) => "starttls",
        (true, false) => "implicit",
    };
    draft.set("tls", tls);
    if on {
        proof(draft, written);
        client(draft, written);
        if let Some(name) = written.of("tls_host_override") {
            draft.text("tls_server_name", name);
        }
        return;
    }
    for command in [
        "tls_trust_file",
        "tls_fingerprint",
        "tls_certcheck",
        "tls_cert_file",
        "tls_key_file",
        "tls_host_override",
    ] {
        if let Some(said) = written.given(command) {
            draft.told(&said.spot, command, "means nothing without TLS");
        }
    }
}

/// What the server must prove. A fingerprint takes the place of all else, as it does for mpop.
fn proof(draft: &mut Draft, written: &Written) {
    if let Some(print) = written.given("tls_fingerprint") {
        match print
            .text()
            .filter(|text| Fingerprint::parse(text).is_some())
        {
            Some(print) => return draft.set("tls_fingerprint", print),
            None => draft.lost(
                &print.spot,
                "tls_fingerprint",
                "is not of SHA-256; popget probe tells the one that is",
            ),
        }
    }
    match written.of("tls_trust_file") {
        Some(file) if file.bytes == b"system" => {}
        Some(file) if file.bytes.is_empty() => {
            let why = "popget trusts the system's certificates";
            draft.told(&file.spot, "tls_trust_file", why);
        }
        Some(file) => fit::set_path(draft, "tls_ca_file", ("tls_trust_file", file)),
        None => {}
    }
    let check = written.of("tls_certcheck");
    if let (Some(check), Some(false)) = (check, switch(check)) {
        draft.set("tls_verify", false);
        draft.told(&check.spot, "tls_certcheck off", fit::UNPROVEN);
    }
}

/// What we prove ourselves. The key may stand in the same file.
fn client(draft: &mut Draft, written: &Written) {
    let cert = file(draft, written, "tls_cert_file");
    let key = file(draft, written, "tls_key_file");
    match (cert, key) {
        (Some(cert), key) => {
            draft.set("tls_client_cert", cert);
            if let Some(key) = key {
                draft.set("tls_client_key", key);
            }
        }
        (None, Some(_)) => {
            let why = "means nothing without tls_cert_file";
            draft.told(&written.spot, "tls_key_file", why);
        }
        (None, None) => {}
    }
}

/// The file that a command names, if popget can have it.
fn file(draft: &mut Draft, written: &Written, command: &str) -> Option<String> {
    let said = written.given(command)?;
    if said.bytes.starts_with(b"pkcs11:") {
        let why = "popget takes certificates and keys from files only";
        draft.lost(&said.spot, command, why);
        return None;
    }
    fit::path(draft, command, said)
}
