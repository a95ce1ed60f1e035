//! An account of mpop in popget's words.

use super::super::draft::{Account, Draft};
use super::super::place::Remark;
use super::super::record::RecordAt;
use super::super::said::Said;
use super::super::Around;
use super::delivery::delivery;
use super::words::{CARRIED, METHODS, WITHOUT};
use super::Written;
use serde_yaml::{Mapping, Value};

/// mpop waits so many seconds unless it is told otherwise.
const TIMEOUT: u64 = 180;

/// Writes an account; none if it names no server.
pub fn convert(written: &Written, around: &Around, remarks: &mut Vec<Remark>) -> Option<Account> {
    let mut draft = Draft::new(written.name.clone(), &written.spot, remarks);
    for (command, said) in all(written) {
        match WITHOUT.iter().find(|(name, _)| *name == command) {
            Some(("killsize", why)) if said.bytes != b"off" => draft.lost(&said.spot, command, why),
            Some(("killsize", _)) => {}
            Some(_) if said.bytes.is_empty() => {}
            Some((_, why)) => draft.told(&said.spot, command, why),
            None if CARRIED.contains(&command) => {}
            None => draft.lost(
                &said.spot,
                command,
                "popget does not know this command of mpop",
            ),
        }
    }
    let host = written.of("host").filter(|host| !host.bytes.is_empty());
    let Some(host) = host else {
        draft.lost(
            &written.spot,
            &written.name,
            "names no host, so there is nothing to fetch from",
        );
        return None;
    };
    server(&mut draft, written, host);
    if draft
        .account
        .keys
        .get("tls")
        .is_some_and(|tls| tls != "none")
    {
        trust(&mut draft, written);
    }
    login(&mut draft, written, around);
    network(&mut draft, written);
    policy(&mut draft, written);
    delivery(&mut draft, written);
    record(&mut draft, written, host);
    Some(draft.account)
}

/// Each command that counts, with its value.
fn all(written: &Written) -> impl Iterator<Item = (&str, &Said)> {
    let base = written.defaults.iter();
    let base = base.filter(|(command, _)| !written.own.contains_key(*command));
    let both = written.own.iter().chain(base);
    both.map(|(command, said)| (command.as_str(), said))
}

/// `on`, `off`, or what stands there when it is neither; `on` may be left out.
fn switch(said: Option<&Said>) -> Option<bool> {
    match said?.bytes.as_slice() {
        b"" | b"on" => Some(true),
        b"off" => Some(false),
        _ => None,
    }
}

fn server(draft: &mut Draft, written: &Written, host: &Said) {
    draft.text("server", host);
    if let Some(port) = written.of("port") {
        match port.number() {
            Some(port) => draft.set("port", port),
            None => draft.lost(&port.spot, "port", "is no number"),
        }
    }
    let tls = switch(written.of("tls")) == Some(true);
    let starttls = switch(written.of("tls_starttls")) != Some(false);
    let tls = match (tls, starttls) {
        (false, _) => "none",
        (true, true) => "starttls",
        (true, false) => "implicit",
    };
    draft.set("tls", tls);
}

fn trust(draft: &mut Draft, written: &Written) {
    match written.of("tls_trust_file") {
        Some(file) if file.bytes == b"system" => {}
        Some(file) if file.bytes.is_empty() => {
            draft.told(
                &file.spot,
                "tls_trust_file",
                "popget trusts the system's certificates",
            );
        }
        Some(file) => draft.path("tls_ca_file", file),
        None => {}
    }
    if let Some(print) = written
        .of("tls_fingerprint")
        .filter(|p| !p.bytes.is_empty())
    {
        match print.bytes.len() {
            95 | 64 => draft.text("tls_fingerprint", print),
            _ => draft.lost(
                &print.spot,
                "tls_fingerprint",
                "is not of SHA-256; popget probe tells the one that is",
            ),
        }
    }
    if let Some(check) = written.of("tls_certcheck") {
        if switch(Some(check)) == Some(false) {
            draft.set("tls_verify", false);
            let why = "anybody on the way can read the password; pin the certificate instead, see \
                       popget probe";
            draft.told(&check.spot, "tls_certcheck off", why);
        }
    }
    for (command, key) in [
        ("tls_cert_file", "tls_client_cert"),
        ("tls_key_file", "tls_client_key"),
    ] {
        match written.of(command) {
            Some(file) if file.bytes.starts_with(b"pkcs11:") => {
                draft.lost(
                    &file.spot,
                    command,
                    "popget takes certificates and keys from files only",
                );
            }
            Some(file) if !file.bytes.is_empty() => draft.path(key, file),
            _ => {}
        }
    }
    if let Some(name) = written.of("tls_host_override") {
        draft.text("tls_server_name", name);
    }
}

fn login(draft: &mut Draft, written: &Written, around: &Around) {
    let auth = written.of("auth");
    let method = auth.and_then(Said::text).unwrap_or("on");
    let token = matches!(method, "oauthbearer" | "xoauth2");
    match (method, auth) {
        ("on" | "", _) => {}
        ("user", _) => draft.set("auth", vec!["user-pass"]),
        ("ntlm" | "off", Some(auth)) => draft.lost(&auth.spot, "auth", "popget has no such login"),
        (method, Some(auth)) if !METHODS.contains(&method) => {
            draft.lost(&auth.spot, "auth", "popget has no such login");
        }
        (method, _) => draft.set("auth", vec![method]),
    }
    match written.of("user") {
        Some(user) => draft.text("user", user),
        None => draft.lost(&written.spot, "user", "is missing; write it yourself"),
    }
    let given = |command| written.of(command).filter(|said| !said.bytes.is_empty());
    match (given("password"), given("passwordeval")) {
        (Some(password), _) => draft.account.password = Some(password.clone()),
        (None, Some(command)) if token => {
            let command = command.text().map(Value::from).unwrap_or_default();
            let oauth = Mapping::from_iter([("token_command".into(), command)]);
            draft.set("oauth", oauth);
        }
        (None, Some(command)) => draft.text("password_command", command),
        (None, None) => no_password(draft, written, around),
    }
}

/// mpop asks the key ring, then the netrc file, then the user.
fn no_password(draft: &mut Draft, written: &Written, around: &Around) {
    let shown = |command| written.of(command).map_or(String::new(), Said::shown);
    let (host, user) = (shown("host"), shown("user"));
    if (around.in_netrc)(&host) {
        return draft.set("netrc", true);
    }
    draft.note(format!(
        "if mpop found the password in the key ring: password_command: secret-tool lookup host \
         {host} service pop3 user {user}"
    ));
}

fn network(draft: &mut Draft, written: &Written) {
    match written.of("timeout") {
        Some(timeout) => match timeout.number().filter(|seconds| *seconds > 0) {
            Some(seconds) => draft.seconds("timeout", seconds),
            None => draft.told(
                &timeout.spot,
                "timeout",
                "popget always has one; it is 60s now",
            ),
        },
        None => draft.seconds("timeout", TIMEOUT),
    }
    if let Some(host) = written
        .of("proxy_host")
        .filter(|host| !host.bytes.is_empty())
    {
        let port = written.of("proxy_port").map_or("1080".into(), Said::shown);
        draft.text(
            "proxy",
            &host.with(format!("socks5://{}:{port}", bracketed(&host.shown()))),
        );
    }
    if let Some(address) = written.of("source_ip") {
        draft.text("source_address", address);
    }
    if let Some(off) = written.of("pipelining").filter(|said| said.bytes == b"off") {
        draft.text("pipeline", off);
    }
}

/// A host as it stands in a URL.
fn bracketed(host: &str) -> String {
    match host.contains(':') {
        true => format!("[{host}]"),
        false => host.to_string(),
    }
}

fn policy(draft: &mut Draft, written: &Written) {
    let keep = written.of("keep");
    match (keep, switch(keep)) {
        (None, _) => draft.set("keep", false),
        (Some(_), Some(keep)) => draft.set("keep", keep),
        (Some(span), None) => match span.text().and_then(total) {
            Some(seconds) => draft.set("keep", kept(seconds)),
            None => {
                draft.set("keep", true);
                draft.lost(&span.spot, "keep", "is no duration; everything is kept now");
            }
        },
    }
    if switch(written.of("only_new")) == Some(false) {
        draft.set("all", true);
    }
    if let Some(size) = written.of("skipsize").filter(|size| size.bytes != b"off") {
        match size.text().and_then(octets) {
            // mpop passes by what has this size already.
            Some(octets) => draft.set("max_size", octets.saturating_sub(1)),
            None => draft.lost(&size.spot, "skipsize", "is no size"),
        }
    }
    if let Some(filter) = written.of("filter") {
        draft.text("header_filter", filter);
    }
    if switch(written.of("received_header")) != Some(false) {
        draft.set("received", true);
    }
}

/// The seconds of `1d 12h` and the like.
fn total(text: &str) -> Option<u64> {
    let mut words = text.split_ascii_whitespace().peekable();
    words.peek()?;
    words.try_fold(0u64, |sum, word| {
        let unit = word.chars().last()?;
        let factor = match unit {
            'd' => 86_400,
            'h' => 3_600,
            'm' => 60,
            's' => 1,
            _ => return None,
        };
        let number: u64 = word.strip_suffix(unit)?.parse().ok()?;
        sum.checked_add(number.checked_mul(factor)?)
    })
}

/// A time to keep messages, in the largest unit that it is whole in.
pub fn kept(seconds: u64) -> String {
    let units = [(86_400, 'd'), (3_600, 'h'), (60, 'm')];
    let whole = units
        .into_iter()
        .find(|(unit, _)| seconds > 0 && seconds % unit == 0);
    let (unit, letter) = whole.unwrap_or((1, 's'));
    format!("{}{letter}", seconds / unit)
}

/// The octets of `10`, `10k` and `10m`.
fn octets(text: &str) -> Option<u64> {
    let (digits, factor) = match text.as_bytes().last()? {
        b'k' => (&text[..text.len() - 1], 1 << 10),
        b'm' => (&text[..text.len() - 1], 1 << 20),
        _ => (text, 1),
    };
    digits.parse::<u64>().ok()?.checked_mul(factor)
}

fn record(draft: &mut Draft, written: &Written, host: &Said) {
    let user = written
        .of("user")
        .map_or(Vec::new(), |user| user.bytes.clone());
    let name = |pattern: &[u8]| -> Vec<u8> {
        let mut path = Vec::new();
        let mut rest = pattern;
        while let [first, tail @ ..] = rest {
            match rest {
                [b'%', b'U', ..] => path.extend(&user),
                [b'%', b'H', ..] => path.extend(&host.bytes),
                _ => {
                    path.push(*first);
                    rest = tail;
                    continue;
                }
            }
            rest = &rest[2..];
        }
        path
    };
    let own = written
        .of("uidls_file")
        .filter(|file| !file.bytes.is_empty());
    let path = match own {
        Some(file) => file.with(name(&file.bytes)),
        None => host.with(name(b"~/.mpop_uidls/%U_at_%H")),
    };
    draft.account.record = Some(RecordAt {
        paths: vec![path],
        server: host.bytes.clone(),
        user,
    });
}
