//! An account of mpop in popget's words.

use super::super::draft::{Account, Draft};
use super::super::fit;
use super::super::place::Remark;
use super::super::record::RecordAt;
use super::super::said::Said;
use super::super::Around;
use super::amount::{octets, total};
use super::command::{command, FILTERED, SIZE};
use super::delivery::delivery;
use super::words::{Without, METHODS, WITHOUT};
use super::{tls, Written};
use crate::net::IpAddr;
use serde_yaml::Mapping;

/// mpop waits so many seconds unless it is told otherwise.
const TIMEOUT: u64 = 180;

/// The ways to log in that are left to mpop's choice at a server that proves nothing.
const UNPROVEN: [&str; 4] = ["scram-sha-256", "scram-sha-1", "plain", "user-pass"];

/// Writes an account; none if it names no server, or nobody who could log in.
pub fn convert(written: &Written, around: &Around, remarks: &mut Vec<Remark>) -> Option<Account> {
    let mut draft = Draft::new(written.name.clone(), &written.spot, remarks);
    without(&mut draft, written);
    let Some(host) = written.of("host") else {
        let why = "names no host, so there is nothing to fetch from";
        draft.lost(&written.spot, &written.name, why);
        return None;
    };
    let Some(server) = host.text().and_then(fit::host) else {
        let why = "is no name of a host; the account is passed by";
        draft.lost(&host.spot, &host.shown(), why);
        return None;
    };
    draft.set("server", server);
    if let Some(port) = written.of("port").and_then(Said::number) {
        draft.set("port", port);
    }
    tls::write(&mut draft, written);
    if !login(&mut draft, written, around) {
        return None;
    }
    network(&mut draft, written);
    policy(&mut draft, written);
    delivery(&mut draft, written);
    record(&mut draft, written, host);
    Some(draft.account)
}

/// Tells of commands that popget does without.
fn without(draft: &mut Draft, written: &Written) {
    for (command, said) in all(written) {
        let known = WITHOUT.iter().find(|(name, ..)| *name == command);
        let off = match command {
            "killsize" | "tls_force_sslv3" => said.bytes == b"off",
            _ => said.bytes.is_empty(),
        };
        match known.filter(|_| !off) {
            None => {}
            Some((_, Without::Told, why)) => draft.told(&said.spot, command, why),
            Some((_, what, why)) => {
                draft.lost(&said.spot, command, why);
                if *what == Without::Off {
                    draft.set("enabled", false);
                }
            }
        }
    }
}

/// Each command that counts, with its value.
fn all(written: &Written) -> impl Iterator<Item = (&str, &Said)> {
    let base = written.defaults.iter();
    let base = base.filter(|(command, _)| !written.own.contains_key(*command));
    let both = written.own.iter().chain(base);
    both.map(|(command, said)| (command.as_str(), said))
}

/// `on`, `off`, or what stands there when it is neither; `on` may be left out.
pub fn switch(said: Option<&Said>) -> Option<bool> {
    match said?.bytes.as_slice() {
        b"" | b"on" => Some(true),
        b"off" => Some(false),
        _ => None,
    }
}

/// Writes who logs in, and how. Fails if nobody can.
fn login(draft: &mut Draft, written: &Written, around: &Around) -> bool {
    let user = written.given("user");
    let in_netrc = (around.in_netrc)(&shown(written, "host"));
    match (user, user.and_then(fit::unfit_user)) {
        (Some(user), None) => draft.text("user", user),
        (Some(user), Some(why)) => {
            draft.lost(&user.spot, "user", why);
            return false;
        }
        (None, _) if in_netrc => {}
        (None, _) => {
            draft.lost(
                &written.spot,
                "user",
                "is missing; the account is passed by",
            );
            return false;
        }
    }
    let auth = written.of("auth");
    let method = auth.and_then(Said::text).unwrap_or("on");
    let (password, command) = (written.given("password"), written.given("passwordeval"));
    let command = match password {
        None => command.and_then(|said| fit::command(draft, "passwordeval", said)),
        Some(_) => None,
    };
    match (method, auth, command) {
        ("oauthbearer" | "xoauth2", Some(auth), Some(command)) => {
            match clear(draft) {
                true => draft.in_the_clear(&auth.spot, vec![method]),
                false => draft.set("auth", vec![method]),
            }
            let oauth = Mapping::from_iter([("token_command".into(), command.into())]);
            draft.set("oauth", oauth);
            return true;
        }
        ("oauthbearer" | "xoauth2", Some(auth), None) => {
            let why = "write an oauth with a token_command that prints the token, and auth";
            draft.lost(&auth.spot, &format!("auth {method}"), why);
            return true;
        }
        (method, Some(auth), _) => methods(draft, method, auth),
        _ => {}
    }
    draft.unproven(UNPROVEN.to_vec());
    match (password, command) {
        (Some(password), _) => draft.account.password = Some(password.clone()),
        (None, Some(command)) => draft.set("password_command", command),
        (None, None) if in_netrc => draft.set("netrc", true),
        (None, None) => no_password(draft, written),
    }
    true
}

/// Whether nothing hides what is sent.
fn clear(draft: &Draft) -> bool {
    let tls = draft.account.keys.get("tls");
    tls.is_some_and(|tls| tls == "none")
}

/// The ways to log in with a password, or with nothing.
fn methods(draft: &mut Draft, method: &str, auth: &Said) {
    let clear = clear(draft);
    let method = match method {
        "user" => "user-pass",
        other => other,
    };
    match method {
        "on" | "" => {}
        "user-pass" | "plain" | "login" if clear => draft.in_the_clear(&auth.spot, vec![method]),
        "user-pass" => draft.set("auth", vec![method]),
        bound if bound.ends_with("-plus") && clear => {
            let why = "is bound to TLS, and there is none; popget takes the strongest other";
            draft.lost(&auth.spot, &format!("auth {bound}"), why);
        }
        method if METHODS.contains(&method) => draft.set("auth", vec![method]),
        _ => draft.lost(&auth.spot, "auth", "popget has no such login"),
    }
}

/// What was said, to be shown.
fn shown(written: &Written, command: &str) -> String {
    written.of(command).map_or(String::new(), Said::shown)
}

/// mpop asks the key ring, then the netrc file, then the user.
fn no_password(draft: &mut Draft, written: &Written) {
    let (host, user) = (shown(written, "host"), shown(written, "user"));
    draft.note(format!(
        "if mpop found the password in the key ring: password_command: secret-tool lookup host \
         {host} service pop3 user {user}"
    ));
}

fn network(draft: &mut Draft, written: &Written) {
    match written.of("timeout") {
        Some(timeout) => match timeout.number().filter(|seconds| *seconds > 0) {
            Some(seconds) => draft.seconds("timeout", seconds.min(fit::LONGEST)),
            None => draft.told(
                &timeout.spot,
                "timeout",
                "popget always has one; it is 60s now",
            ),
        },
        None => draft.seconds("timeout", TIMEOUT),
    }
    let proxy = written.given("proxy_host");
    if let Some(host) = proxy {
        let port = written
            .given("proxy_port")
            .map_or("1080".into(), Said::shown);
        match host.text().and_then(fit::host) {
            Some(name) => draft.set("proxy", format!("socks5://{name}:{port}")),
            None => draft.lost(&host.spot, "proxy_host", "is no name of a host"),
        }
    }
    if let (Some(port), None) = (written.given("proxy_port"), proxy) {
        draft.told(&port.spot, "proxy_port", "means nothing without proxy_host");
    }
    if let Some(address) = written.given("source_ip") {
        let known = address.text().and_then(|text| text.parse::<IpAddr>().ok());
        match (known, proxy) {
            (_, Some(_)) => {
                let why = "goes with no proxy in popget; the proxy's address is what counts";
                draft.told(&address.spot, "source_ip", why);
            }
            (Some(known), None) => draft.set("source_address", known.to_string()),
            (None, None) => draft.lost(&address.spot, "source_ip", "is no IP address"),
        }
    }
    if let Some(off) = written.of("pipelining").filter(|said| said.bytes == b"off") {
        draft.text("pipeline", off);
    }
}

fn policy(draft: &mut Draft, written: &Written) {
    let keep = written.of("keep");
    match (keep, switch(keep)) {
        (None, _) => draft.set("keep", false),
        (Some(_), Some(keep)) => draft.set("keep", keep),
        (Some(span), None) => {
            let seconds = span.text().and_then(total).unwrap_or(fit::LONGEST);
            draft.set("keep", kept(seconds.min(fit::LONGEST)));
        }
    }
    if switch(written.of("only_new")) == Some(false) {
        draft.set("all", true);
    }
    let size = written.of("skipsize").and_then(Said::text);
    if let Some(octets) = size.and_then(octets) {
        // mpop passes by what has this size already.
        draft.set("max_size", octets.saturating_sub(1));
    }
    if let Some(said) = written.given("filter") {
        let deletes = draft.account.keys.get("keep") == Some(&false.into());
        match command(draft, "filter", said, &[FILTERED, SIZE]) {
            Some(filter) if deletes => draft.set("header_filter", filter),
            Some(filter) => {
                let why =
                    "1 leaves a message on the server, as it does for mpop with keep; popget \
                           asks again in every run";
                draft.told(&said.spot, "filter", why);
                draft.set("header_filter", keeping(&filter));
            }
            None => draft.set("enabled", false),
        }
    }
    if switch(written.of("received_header")) != Some(false) {
        draft.set("received", true);
    }
}

/// A filter that has nothing deleted: mpop leaves what is to be kept on the server, whatever the filter
/// says, and popget does so where 2 says it. The line end ends a remark, too.
fn keeping(filter: &str) -> String {
    format!("({filter}\n)\ns=$?\n[ $s -eq 1 ] && s=2\nexit $s")
}

/// A time to keep messages, in the largest unit that it is whole in.
fn kept(seconds: u64) -> String {
    let units = [(86_400, 'd'), (3_600, 'h'), (60, 'm')];
    let whole = units
        .into_iter()
        .find(|(unit, _)| seconds > 0 && seconds % unit == 0);
    let (unit, letter) = whole.unwrap_or((1, 's'));
    format!("{}{letter}", seconds / unit)
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
    let path = match written.given("uidls_file") {
        Some(file) => file.with(name(&file.bytes)),
        None => host.with(name(b"~/.mpop_uidls/%U_at_%H")),
    };
    draft.account.record = Some(RecordAt {
        paths: vec![path],
        server: host.bytes.clone(),
        user,
    });
}
