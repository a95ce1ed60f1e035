//! Where mail goes, written out.

use super::{at, command, path, source, trust, units, ways, Sheet};
use crate::config::destination::SDPS;
use crate::delivery::{Destination, Format, Host, Lock, Multidrop, Pattern, Submitter};
use crate::message::{Address, Field};
use crate::net::{TlsMode, Via};
use serde_yaml::{Mapping, Value};

/// Where an account's mail goes, and the header that names its recipients, if that matters.
pub fn destination(keys: &mut Sheet, destination: &Destination, recipients: Option<&Field>) {
    match destination {
        Destination::Multidrop(sorted) => keys.put("multidrop", multidrop(sorted, recipients).0),
        Destination::Several(all) => keys.put("deliver", several(all)),
        one => keys.put("deliver", single(one).0),
    }
}

fn multidrop(sorted: &Multidrop, recipients: Option<&Field>) -> Sheet {
    let Multidrop {
        strip_prefix,
        domains,
        routes,
        unmatched,
    } = sorted;
    let mut keys = Sheet::default();
    match recipients {
        Some(Field { name, skip }) => {
            keys.put("envelope", name.as_str());
            keys.put("skip", *skip as u64);
        }
        None => keys.put("envelope", SDPS),
    }
    let given = |text: &String| Some(text.clone()).filter(|text| !text.is_empty());
    keys.maybe("strip_prefix", given(strip_prefix));
    if !domains.is_empty() {
        keys.put("domains", domains.clone());
    }
    let mut all = Mapping::new();
    for (pattern, destinations) in routes {
        all.insert(written(pattern).into(), several(destinations));
    }
    keys.put("routes", all);
    if !unmatched.is_empty() {
        keys.put("unmatched", several(unmatched));
    }
    keys
}

/// What a route is for, as it is read back.
fn written(pattern: &Pattern) -> String {
    let Pattern::One(Address { local, domain }) = pattern else {
        return "*".into();
    };
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    let local = text(local);
    let alone = domain.is_none() && (local == "*" || local.contains('@'));
    let local = match alone || local.starts_with('-') || local.contains(['"', '\\']) {
        true => format!("\"{}\"", local.replace('\\', "\\\\").replace('"', "\\\"")),
        false => local,
    };
    match domain {
        Some(domain) => format!("{local}@{}", text(domain)),
        None => local,
    }
}

/// One destination, or a list of them.
fn several(all: &[Destination]) -> Value {
    match all {
        [one] => single(one).0.into(),
        all => all
            .iter()
            .map(|one| Value::Mapping(single(one).0))
            .collect(),
    }
}

fn single(destination: &Destination) -> Sheet {
    let mut keys = Sheet::default();
    match destination {
        Destination::Maildir(folder) => keys.put("maildir", path(folder)),
        Destination::Mbox {
            path: file,
            format,
            locks,
        } => {
            keys.put("mbox", path(file));
            keys.put("format", format_name(*format));
            let locks: Vec<Value> = locks.iter().map(|lock| lock_name(*lock).into()).collect();
            keys.put("lock", locks);
        }
        Destination::Output(format) => {
            keys.put("mbox", "-");
            keys.put("format", format_name(*format));
        }
        Destination::Mda {
            command: line,
            timeout,
        } => {
            keys.put("mda", command(line));
            keys.put("timeout", units::written(*timeout));
        }
        Destination::Lmtp(host) => {
            keys.put("lmtp", relay(host).0);
            keys.put("timeout", units::written(host.timeout));
        }
        Destination::Smtp(host, submitter) => {
            keys.put("smtp", smtp(host, submitter.as_ref()).0);
            keys.put("timeout", units::written(host.timeout));
        }
        // Neither is part of another.
        Destination::Several(_) | Destination::Multidrop(_) => {}
    }
    keys
}

/// A server that mail is handed on to.
fn relay(host: &Host) -> Sheet {
    let mut keys = Sheet::default();
    let address = match &host.route.via {
        Via::Socket(socket) => path(socket),
        _ => at(&host.route.written, host.route.port),
    };
    keys.put("address", address);
    let recipient = host.recipient.as_ref();
    keys.maybe("recipient", recipient.map(|address| address.text()));
    keys
}

fn smtp(host: &Host, submitter: Option<&Submitter>) -> Sheet {
    let mut keys = relay(host);
    keys.put("tls", host.route.tls.name());
    if host.route.tls != TlsMode::Off {
        trust(&mut keys, &host.route);
    }
    if let Some(Submitter {
        user,
        methods,
        secret,
    }) = submitter
    {
        keys.put("user", user.as_str());
        source(&mut keys, secret);
        keys.put("auth", ways(methods));
    }
    keys
}

fn format_name(format: Format) -> &'static str {
    match format {
        Format::Mboxrd => "mboxrd",
        Format::Mboxo => "mboxo",
        Format::Mboxcl2 => "mboxcl2",
    }
}

fn lock_name(lock: Lock) -> &'static str {
    match lock {
        Lock::Fcntl => "fcntl",
        Lock::Dotlock => "dotlock",
    }
}
