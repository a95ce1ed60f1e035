//! Where a fetchmailrc sends mail, in popget's words.

use super::super::draft::Draft;
use super::super::said::Said;
use super::super::shell::{put_in, quoted, RECIPIENT, SENDER, SENDER_TOLD};
use super::super::Around;
use super::account::Told;
use serde_yaml::{Mapping, Value};

/// Writes `deliver`, or `multidrop` where the mail is that of several people.
pub fn write(draft: &mut Draft, told: &Told, around: &Around, sdps: bool) {
    let user = told.recipients();
    if user.is_single() && !sdps {
        let local = user
            .locals
            .first()
            .map_or(around.login.clone(), |local| local.name.shown());
        if let Some(deliver) = to(draft, told, Some(&local)) {
            draft.set("deliver", deliver);
        }
        return;
    }
    let mut multidrop = Mapping::new();
    envelope(draft, told, &mut multidrop, sdps);
    if let Some(prefix) = told.value("qvirtual") {
        multidrop.insert("strip_prefix".into(), prefix.shown().into());
    }
    let domains = ["localdomains", "aka"]
        .into_iter()
        .filter_map(|word| told.of(word));
    let domains: Vec<Value> = domains
        .flat_map(|clause| clause.values.iter().map(|said| said.shown().into()))
        .collect();
    if !domains.is_empty() {
        multidrop.insert("domains".into(), domains.into());
    }
    let mut routes = Mapping::new();
    for local in &user.locals {
        let name = local.name.shown();
        let here = local.here.as_ref().unwrap_or(&local.name).shown();
        let here = (name != "*").then_some(here);
        if let Some(deliver) = to(draft, told, here.as_deref()) {
            routes.insert(name.into(), deliver);
        }
    }
    if user.locals.is_empty() {
        if let Some(deliver) = to(draft, told, Some(&around.login)) {
            routes.insert("*".into(), deliver);
        }
    }
    let postmaster = super::last(&told.file.globals, "postmaster");
    if let Some(postmaster) = postmaster.and_then(|clause| clause.values.first()) {
        if let Some(deliver) = to(draft, told, Some(&postmaster.shown())) {
            multidrop.insert("unmatched".into(), deliver);
        }
    }
    if !routes.is_empty() {
        multidrop.insert("routes".into(), routes.into());
        draft.set("multidrop", multidrop);
    }
}

fn envelope(draft: &mut Draft, told: &Told, multidrop: &mut Mapping, sdps: bool) {
    let values = told.of("envelope").filter(|clause| !clause.negated);
    let values = values.map_or(&[][..], |clause| &clause.values);
    let (skip, field) = match values {
        [field] => (0, Some(field)),
        [skip, field] => (skip.number().unwrap_or(0), Some(field)),
        _ => (0, None),
    };
    let guessed = |field: &&Said| field.bytes.eq_ignore_ascii_case(b"received");
    match field.filter(|field| !guessed(field)) {
        _ if sdps => {
            multidrop.insert("envelope".into(), "sdps".into());
        }
        Some(field) => {
            let name = field.shown();
            multidrop.insert("envelope".into(), name.trim_end_matches(':').into());
            if skip > 0 {
                multidrop.insert("skip".into(), skip.into());
            }
        }
        None => {
            let why =
                "fetchmail guessed the recipients from Received lines; popget wants the field \
                       that your server writes: is it Delivered-To?";
            draft.lost(&told.entry.name.spot, "envelope", why);
            multidrop.insert("envelope".into(), "Delivered-To".into());
        }
    }
}

/// The destination of one person here; of anybody, if none is named.
fn to(draft: &mut Draft, told: &Told, local: Option<&str>) -> Option<Value> {
    if let Some(command) = told.value("mda") {
        return program(draft, command, local);
    }
    if told.value("bsmtp").is_some() {
        return None; // told with what else cannot be done
    }
    let hosts = told.of("smtphost").map_or(&[][..], |clause| &clause.values);
    if let Some(second) = hosts.get(1) {
        let why = "popget hands mail on to one server; the first is taken";
        draft.told(&second.spot, "smtphost", why);
    }
    let host = hosts.first().map_or("localhost".into(), Said::shown);
    let lmtp = told.flag("lmtp") == Some(true) || host.starts_with('/');
    let (name, port) = match host.split_once('/') {
        Some(("", _)) | None => (host.as_str(), None),
        Some((name, port)) => (name, Some(port)),
    };
    let address = port.map_or(name.to_string(), |port| format!("{name}:{port}"));
    let domain = told.value("smtpaddress").map(Said::shown);
    let domain = domain.unwrap_or_else(|| {
        if name.starts_with('/') {
            "localhost"
        } else {
            name
        }
        .into()
    });
    let recipient = told.value("smtpname").map(Said::shown).or_else(|| {
        let local = local?;
        Some(if local.contains('@') {
            local.to_string()
        } else {
            format!("{local}@{domain}")
        })
    });
    if recipient.is_none() && !lmtp {
        let why =
            "popget hands mail on by SMTP to recipients that are named; write a route for each";
        draft.lost(&told.entry.name.spot, "*", why);
        return None;
    }
    let mut keys = Mapping::from_iter([("address".into(), address.into())]);
    if let Some(recipient) = recipient {
        keys.insert("recipient".into(), recipient.into());
    }
    let key = if lmtp { "lmtp" } else { "smtp" };
    Some(Mapping::from_iter([(key.into(), keys.into())]).into())
}

/// A command for the shell. fetchmail puts sender and recipient into it, in quotes; popget has them in
/// the environment.
fn program(draft: &mut Draft, command: &Said, local: Option<&str>) -> Option<Value> {
    let Some(text) = command.text() else {
        draft.lost(&command.spot, "mda", "is not UTF-8; write it yourself");
        return None;
    };
    let recipient = local.map_or(RECIPIENT.into(), quoted);
    let mut line = put_in(text, "%F", SENDER);
    if line != text {
        draft.told(&command.spot, "%F", SENDER_TOLD);
    }
    for tag in ["%T", "%s"] {
        line = put_in(&line, tag, &recipient);
    }
    Some(Mapping::from_iter([("mda".into(), line.into())]).into())
}
