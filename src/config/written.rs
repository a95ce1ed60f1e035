//! The configuration written out as it is meant: each account with all its keys and no layers below
//! it, in YAML that is read back as the same. An account is taken apart whole, so that a new part of
//! it is not forgotten here. Secrets are masked; commands that get them are not secret.

mod places;

use super::units;
use crate::delivery::Trace;
use crate::hooks::Hooks;
use crate::maildrop::{Envelopes, Pipeline, Protocol};
use crate::net::{
    Family, IpAddr, Outset, Proof, Proxy, Route, TlsMode, Trust, Version, Via, Welcome,
};
use crate::oauth::{Endpoints, Flow, SignIn};
use crate::plan::{Keep, Order, Policy};
use crate::sasl::{Method, Methods};
use crate::secret::{CommandLine, SecretSource};
use crate::session::Account;
use serde_yaml::{Mapping, Value};
use std::path::Path;

/// What stands in the place of a secret.
const MASK: &str = "********";

/// Keys with their values, in order.
#[derive(Default)]
pub struct Sheet(Mapping);

impl Sheet {
    fn put(&mut self, key: &str, value: impl Into<Value>) {
        self.0.insert(key.into(), value.into());
    }

    fn maybe(&mut self, key: &str, value: Option<impl Into<Value>>) {
        if let Some(value) = value {
            self.put(key, value);
        }
    }
}

/// The whole file: how many accounts at the same time, and each of them with whether it is enabled.
pub fn file(jobs: u16, accounts: &[(Account, bool)]) -> Mapping {
    let (mut whole, mut defaults, mut all) = (Sheet::default(), Sheet::default(), Mapping::new());
    for (one, enabled) in accounts {
        let keys = account(one, *enabled, &mut defaults);
        all.insert(one.name.as_str().into(), keys.0.into());
    }
    whole.put("jobs", jobs);
    if !defaults.0.is_empty() {
        whole.put("defaults", defaults.0);
    }
    whole.put("accounts", all);
    whole.0
}

/// The keys of an account; `defaults` gets what can be said there only.
fn account(account: &Account, enabled: bool, defaults: &mut Sheet) -> Sheet {
    let Account {
        name: _,
        routes,
        protocol,
        folder,
        login,
        secret,
        policy,
        filter,
        recipients,
        destination,
        trace,
        place: _,
        timeout,
        deadline,
        sign_in,
        complain_after,
        retry,
        pipeline,
        envelopes,
        hooks,
    } = account;
    let mut keys = Sheet::default();
    servers(&mut keys, defaults, routes);
    let ticket = routes.iter().any(|route| route.welcome == Welcome::Ticket);
    keys.put("protocol", named(*protocol, ticket));
    keys.maybe("folder", folder.as_deref());
    keys.put("sdps", *envelopes == Envelopes::Sdps);
    keys.put("user", login.user.as_str());
    keys.put("enabled", enabled);
    if !ticket {
        source(&mut keys, secret);
        if let Some(sign_in) = sign_in {
            keys.put("oauth", provider(sign_in).0);
        }
        keys.put("auth", ways(&login.methods));
    }
    routes
        .first()
        .into_iter()
        .for_each(|first| via(&mut keys, &first.via));
    keys.put("timeout", units::written(*timeout));
    keys.put("complain_after", units::written(*complain_after));
    keys.put("retry", *retry);
    keys.maybe("deadline", deadline.map(units::written));
    if *protocol == Protocol::Pop3 {
        keys.put("pipeline", ahead(*pipeline));
    }
    wanted(&mut keys, policy);
    keys.maybe(
        "header_filter",
        filter.as_ref().map(|filter| command(&filter.command)),
    );
    places::destination(&mut keys, destination, recipients.as_ref());
    around(&mut keys, trace, hooks);
    keys
}

/// What is put above a message, and what runs before and after.
fn around(keys: &mut Sheet, trace: &Trace, hooks: &Hooks) {
    let Trace {
        received,
        delivered_to,
    } = trace;
    keys.put("received", *received);
    keys.maybe("delivered_to", delivered_to.as_deref());
    let Hooks { before, after } = hooks;
    keys.maybe("before", before.as_ref().map(command));
    keys.maybe("after", after.as_ref().map(command));
}

/// What is wanted of an account.
fn wanted(keys: &mut Sheet, policy: &Policy) {
    let Policy {
        keep,
        all,
        limit,
        max_size,
        order,
        accept_new_uids: _,
        drain,
        commit_every,
        min_interval,
    } = policy;
    keys.maybe("min_interval", min_interval.map(units::written));
    keys.put(
        "keep",
        match keep {
            Keep::Forever => Value::Bool(true),
            Keep::Not => Value::Bool(false),
            Keep::For(seconds) => units::seconds(seconds.unsigned_abs()).into(),
        },
    );
    keys.put("all", *all);
    keys.maybe("limit", *limit);
    keys.maybe("max_size", *max_size);
    keys.put(
        "order",
        match order {
            Order::Oldest => "oldest",
            Order::Newest => "newest",
        },
    );
    keys.put("drain", *drain);
    keys.maybe("commit_every", *commit_every);
}

/// The servers, how TLS is used there, and what they must prove. Where some are reached without TLS
/// and others with it, the former must be those that say nothing of it.
fn servers(keys: &mut Sheet, defaults: &mut Sheet, routes: &[Route]) {
    let Some(first) = routes.first() else {
        return;
    };
    let alike = routes.iter().all(|route| route.tls == first.tls);
    let one = |route: &Route| {
        let place = at(&route.written, route.port);
        match route.tls {
            TlsMode::Implicit if !alike => format!("pops://{place}"),
            TlsMode::StartTls if !alike => format!("pop://{place}"),
            _ => place,
        }
    };
    let all: Vec<Value> = routes.iter().map(|route| one(route).into()).collect();
    match <[Value; 1]>::try_from(all) {
        Ok([only]) => keys.put("server", only),
        Err(all) => keys.put("server", all),
    }
    let open = routes.iter().any(|route| route.tls == TlsMode::Off);
    let common = match open && !alike {
        true => defaults,
        false => keys,
    };
    match (alike, open) {
        (true, _) => common.put("tls", first.tls.name()),
        (false, true) => common.put("tls", TlsMode::Off.name()),
        (false, false) => {}
    }
    let guarded = routes.iter().find(|route| route.tls != TlsMode::Off);
    if let Some(route) = guarded {
        trust(common, route);
    }
}

/// What a server must prove.
fn trust(keys: &mut Sheet, route: &Route) {
    let Trust {
        name,
        proof,
        least,
        client,
        engine: _,
    } = &route.trust;
    match proof {
        Proof::Chain(authorities) => {
            keys.put("tls_verify", true);
            keys.maybe("tls_ca_file", authorities.as_deref().map(path));
        }
        Proof::Pins(pins) => {
            let pins: Vec<Value> = pins.iter().map(|pin| pin.to_string().into()).collect();
            keys.put("tls_fingerprint", pins);
        }
        Proof::Nothing => keys.put("tls_verify", false),
    }
    keys.put(
        "tls_min_version",
        match least {
            Version::Tls12 => "1.2",
            Version::Tls13 => "1.3",
        },
    );
    if let Some(client) = client {
        keys.put("tls_client_cert", path(&client.certificate));
        keys.put("tls_client_key", path(&client.key));
    }
    if *name != route.host {
        keys.put("tls_server_name", name.as_str());
    }
}

/// Who makes the connections.
fn via(keys: &mut Sheet, via: &Via) {
    match via {
        Via::Direct(Outset { family, source }) => {
            keys.put(
                "ip",
                match family {
                    Family::Any => "any",
                    Family::V4 => "4",
                    Family::V6 => "6",
                },
            );
            keys.maybe("source_address", source.map(|address| address.to_string()));
        }
        Via::Proxy(Proxy { host, port, login }) => {
            let login = login.as_ref();
            let login = login.map(|(user, _)| format!("{}:{MASK}@", coded(user)));
            let login = login.unwrap_or_default();
            keys.put("proxy", format!("socks5://{login}{}", at(host, *port)));
        }
        Via::Tunnel(line, _) => keys.put("tunnel", command(line)),
        // Only what mail is handed on to is reached so.
        Via::Socket(_) => {}
    }
}

/// Where a secret comes from, or that it is there.
fn source(keys: &mut Sheet, source: &SecretSource) {
    match source {
        SecretSource::Given(_) => keys.put("password", MASK),
        SecretSource::Command(line, _) => keys.put("password_command", command(line)),
        SecretSource::File(file) => keys.put("password_file", path(file)),
        SecretSource::Variable(name) => keys.put("password_env", name.as_str()),
        SecretSource::Credential(name) => keys.put("credential", name.as_str()),
        SecretSource::Netrc { .. } => keys.put("netrc", true),
        SecretSource::Token(line, _) => {
            let mut oauth = Sheet::default();
            oauth.put("token_command", command(line));
            keys.put("oauth", oauth.0);
        }
        SecretSource::Ask
        | SecretSource::NotTyped
        | SecretSource::Nothing
        | SecretSource::SignIn => {}
    }
}

/// Where tokens come from once somebody has signed in. What a provider's name stands for is written
/// out.
fn provider(sign_in: &SignIn) -> Sheet {
    let SignIn {
        user: _,
        servers: _,
        client,
        client_secret,
        endpoints:
            Endpoints {
                auth,
                token,
                device,
                back: _,
                extras: _,
            },
        scope,
        flow,
        place: _,
        via: _,
        least: _,
    } = sign_in;
    let mut oauth = Sheet::default();
    oauth.put("client_id", client.as_str());
    oauth.maybe(
        "client_secret_command",
        client_secret.as_ref().map(|(line, _)| command(line)),
    );
    oauth.put("token_url", token.as_str());
    oauth.maybe("auth_url", auth.as_deref());
    oauth.maybe("device_url", device.as_deref());
    oauth.put("scope", scope.as_str());
    oauth.put(
        "flow",
        match flow {
            Flow::Device => "device",
            Flow::Loopback => "loopback",
        },
    );
    oauth
}

fn ways(methods: &Methods) -> Value {
    match methods {
        Methods::Auto => "auto".into(),
        Methods::Named(named) => {
            let names = named.iter().map(|method| Method::name(*method).into());
            Value::Sequence(names.collect())
        }
    }
}

fn named(protocol: Protocol, ticket: bool) -> &'static str {
    match protocol {
        Protocol::Pop3 if ticket => "kpop",
        Protocol::Pop3 => "pop3",
        Protocol::Pop2 => "pop2",
        Protocol::Pop1 => "pop1",
    }
}

fn ahead(pipeline: Pipeline) -> Value {
    match pipeline {
        Pipeline::Auto => "auto".into(),
        Pipeline::Off | Pipeline::Lost => "off".into(),
        Pipeline::Window(most) => most.into(),
    }
}

/// A command as it was written.
fn command(line: &CommandLine) -> Value {
    match line {
        CommandLine::Shell(line) => line.as_str().into(),
        CommandLine::Words(words) => {
            Value::Sequence(words.iter().map(|word| word.as_str().into()).collect())
        }
    }
}

fn path(path: &Path) -> String {
    path.display().to_string()
}

/// A host and a port.
fn at(host: &str, port: u16) -> String {
    match host.parse() {
        Ok(IpAddr::V6(address)) => format!("[{address}]:{port}"),
        _ => format!("{host}:{port}"),
    }
}

/// A word of a URL.
fn coded(word: &str) -> String {
    let code = |byte: u8| match byte {
        byte if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) => {
            char::from(byte).to_string()
        }
        byte => format!("%{byte:02X}"),
    };
    word.bytes().map(code).collect()
}
