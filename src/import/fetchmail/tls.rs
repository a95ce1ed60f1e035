//! How a fetchmailrc has a server reached by TLS, in popget's words.

use super::super::draft::Draft;
use super::super::fit;
use super::account::{placed, usual_port, Told};

/// What an account without TLS has no use for.
const OF_TLS: [&str; 5] = [
    "sslcertck",
    "sslcertfile",
    "sslcommonname",
    "sslcert",
    "sslkey",
];

/// Writes `tls` and what goes with it.
pub fn write(draft: &mut Draft, told: &Told, protocol: &str) {
    let mode = told.value("tlsmode").map(|said| said.shown());
    let version = told.value("sslproto");
    let wrapped = told.flag("ssl") == Some(true) || mode.as_deref() == Some("wrapped");
    let none = version.is_some_and(|said| said.bytes.is_empty()) || mode.as_deref() == Some("none");
    let older = matches!(protocol, "kpop" | "pop2");
    let tls = match (wrapped, none || older) {
        (true, _) => "implicit",
        (false, true) => "none",
        (false, false) => "starttls",
    };
    draft.set("tls", tls);
    if tls == "none" {
        let useless = OF_TLS.iter().filter_map(|word| told.of(word));
        for clause in useless.filter(|clause| !clause.negated) {
            draft.told(&clause.spot, clause.word, "means nothing without TLS");
        }
        return;
    }
    if older && !draft.account.keys.contains_key("port") {
        draft.set("port", usual_port(draft));
    }
    least(draft, told);
    proof(draft, told);
    client(draft, told);
}

/// The oldest TLS that will do.
fn least(draft: &mut Draft, told: &Told) {
    let Some(version) = told.value("sslproto").filter(|said| !said.bytes.is_empty()) else {
        return;
    };
    match version.shown().to_lowercase().as_str() {
        "tls1.2+" | "tls1.2" => draft.set("tls_min_version", "1.2"),
        "tls1.3+" | "tls1.3" => draft.set("tls_min_version", "1.3"),
        "auto" => {}
        _ => draft.told(&version.spot, "sslproto", "popget takes TLS 1.2 and newer"),
    }
}

/// What the server must prove.
fn proof(draft: &mut Draft, told: &Told) {
    match told.flag("sslcertck") {
        Some(false) if told.value("sslfingerprint").is_none() => {
            draft.set("tls_verify", false);
            draft.told(&told.entry.name.spot, "no sslcertck", fit::UNPROVEN);
        }
        Some(true) => draft.set("tls_verify", true),
        _ => {}
    }
    if let Some(said) = told.value("sslcertfile") {
        fit::set_path(draft, "tls_ca_file", ("sslcertfile", &placed(said)));
    }
    if let Some(said) = told.value("sslcommonname") {
        draft.text("tls_server_name", said);
    }
}

/// What we prove ourselves. The key may stand in the same file.
fn client(draft: &mut Draft, told: &Told) {
    match (told.value("sslcert"), told.value("sslkey")) {
        (Some(cert), key) => {
            let key = key.unwrap_or(cert);
            let cert = fit::path(draft, "sslcert", &placed(cert));
            let key = fit::path(draft, "sslkey", &placed(key));
            if let (Some(cert), Some(key)) = (cert, key) {
                draft.set("tls_client_cert", cert);
                draft.set("tls_client_key", key);
            }
        }
        (None, Some(key)) => draft.told(&key.spot, "sslkey", "means nothing without sslcert"),
        (None, None) => {}
    }
}
