//! One maildrop for several people in a fetchmailrc, in popget's words.

use super::super::draft::Draft;
use super::super::fit;
use super::super::said::Said;
use super::super::Around;
use super::account::Told;
use super::delivery::Way;
use super::grammar::Local;
use super::last;
use crate::message::Address;
use indexmap::IndexSet;
use serde_yaml::{Mapping, Value};
use std::collections::HashSet;

/// The options that are of use only here.
pub const WORDS: [&str; 4] = ["envelope", "qvirtual", "localdomains", "aka"];

/// So many fields of a name may stand before the one that counts.
const SKIPPED: u64 = 1000;

/// Writes `multidrop`; without any route, an account that is off.
pub fn write(draft: &mut Draft, of: (&Told, &Around), way: &Way, sdps: bool) {
    let (told, _) = of;
    let mut multidrop = Mapping::new();
    envelope(draft, told, &mut multidrop, sdps);
    if let Some(prefix) = told.value("qvirtual").filter(|said| !said.bytes.is_empty()) {
        match prefix.text() {
            Some(text) => drop(multidrop.insert("strip_prefix".into(), text.into())),
            None => draft.lost(&prefix.spot, "qvirtual", "is not UTF-8; write it yourself"),
        }
    }
    let mut domains = domains(draft, told);
    let routes = routes(draft, of, way, &mut domains);
    if !domains.is_empty() {
        let domains: Vec<Value> = domains.into_iter().map(Value::from).collect();
        multidrop.insert("domains".into(), domains.into());
    }
    let postmaster = postmaster(of);
    if postmaster.bytes.is_empty() {
        let why =
            "fetchmail deletes what is for nobody; popget leaves it on the server and reports it";
        draft.told(&postmaster.spot, "set postmaster", why);
    } else if let Some(deliver) = way.to(draft, Some(&postmaster)) {
        multidrop.insert("unmatched".into(), deliver);
    }
    if routes.is_empty() {
        return fit::nowhere(draft);
    }
    multidrop.insert("routes".into(), routes.into());
    draft.set("multidrop", multidrop);
}

/// Who gets what is for nobody: whoever runs fetchmail, unless somebody is named.
fn postmaster((told, around): (&Told, &Around)) -> Said {
    let set = last(&told.file.globals, "postmaster");
    let usual = match around.login.as_str() {
        "root" => "postmaster",
        login => login,
    };
    let named = set.and_then(|clause| clause.values.first());
    named.map_or_else(|| told.entry.name.with(usual), Said::clone)
}

fn envelope(draft: &mut Draft, told: &Told, multidrop: &mut Mapping, sdps: bool) {
    let values = told.of("envelope").filter(|clause| !clause.negated);
    let values = values.map_or(&[][..], |clause| &clause.values);
    let (skip, field) = match values {
        _ if sdps => {
            multidrop.insert("envelope".into(), "sdps".into());
            return;
        }
        [field] => (0, Some(field)),
        [skip, field] => (skip.number().unwrap_or(0), Some(field)),
        _ => (0, None),
    };
    let name = field.map_or(String::new(), Said::shown);
    let name = name.trim_end_matches(':');
    let letter = |b: u8| b.is_ascii_graphic() && b != b':';
    let good = !name.is_empty() && name.bytes().all(letter) && skip <= SKIPPED;
    if good && !name.eq_ignore_ascii_case("received") {
        multidrop.insert("envelope".into(), name.into());
        if skip > 0 {
            multidrop.insert("skip".into(), skip.into());
        }
        return;
    }
    let why = "fetchmail guessed the recipients from Received lines; popget wants the field that \
               your server writes: is it Delivered-To?";
    draft.lost(&told.entry.name.spot, "envelope", why);
    multidrop.insert("envelope".into(), "Delivered-To".into());
}

/// The domains whose addresses are meant; none, if fetchmail was told none. The server's own name is
/// one of them.
fn domains(draft: &mut Draft, told: &Told) -> IndexSet<String> {
    let names = ["localdomains", "aka"].map(|word| told.list(word));
    let mut domains = IndexSet::new();
    for said in names.into_iter().flatten() {
        match said.text().and_then(domain) {
            Some(domain) => drop(domains.insert(domain)),
            None => draft.lost(&said.spot, &said.shown(), "is no name of a domain"),
        }
    }
    let own = told.server().text().and_then(domain);
    domains.extend(own.filter(|_| !domains.is_empty()));
    domains
}

/// A domain as popget compares it. None if it can be none.
fn domain(text: &str) -> Option<String> {
    let name = text.strip_suffix('.').unwrap_or(text);
    let good = name.bytes().all(|b| b.is_ascii_graphic() && b != b'@');
    (good && !name.is_empty()).then(|| name.to_ascii_lowercase())
}

/// A route for each name. The domain of an address that has a route is one of the domains: fetchmail
/// looks for whole addresses before it looks at domains.
fn routes(
    draft: &mut Draft,
    (told, around): (&Told, &Around),
    way: &Way,
    domains: &mut IndexSet<String>,
) -> Mapping {
    let (mut routes, mut known) = (Mapping::new(), HashSet::new());
    let login = told.entry.name.with(around.login.as_str());
    for local in &told.recipients().locals {
        if local.name.bytes == b"*" {
            let everybody = anybody(draft, (told, around), way);
            routes.extend(everybody.map(|deliver| ("*".into(), deliver)));
            continue;
        }
        let Some((name, address)) = named(draft, local) else {
            continue;
        };
        let own = address.domain.as_deref().map(String::from_utf8_lossy);
        let own = own.map(|own| domain(&own)).filter(|_| !domains.is_empty());
        if own == Some(None) {
            let why = "popget takes no such domain where domains are named";
            draft.lost(&local.name.spot, name, why);
        } else if !known.insert((address.local, address.domain)) {
            let why = "is named twice; the first counts";
            draft.told(&local.name.spot, name, why);
        } else if let Some(deliver) =
            way.to(draft, Some(local.here.as_ref().unwrap_or(&local.name)))
        {
            domains.extend(own.flatten());
            routes.insert(name.into(), deliver);
        }
    }
    if told.recipients().locals.is_empty() {
        let deliver = way.to(draft, Some(&login));
        routes.extend(deliver.map(|deliver| ("*".into(), deliver)));
    }
    routes
}

/// A name that can have a route.
fn named<'f>(draft: &mut Draft, local: &'f Local) -> Option<(&'f str, Address)> {
    let plain = |text: &&str| !text.contains(char::is_control);
    let name = local.name.text().filter(plain);
    let found = name.and_then(|name| Some((name, Address::read(name.as_bytes())?)));
    if found.is_none() {
        let why = "is no address that popget knows; write its route yourself";
        draft.lost(&local.name.spot, &local.name.shown(), why);
    }
    found
}

/// The destination of whoever has no route of his own.
fn anybody(draft: &mut Draft, (told, around): (&Told, &Around), way: &Way) -> Option<Value> {
    match way {
        Way::Relay(relay) if relay.needs_recipient(&told.user(around)) => {
            let whom = postmaster((told, around));
            let why = format!(
                "popget hands mail on to recipients that are named, and not to whom a message \
                 names; write a route for each, since all goes to {} else, and take enabled: \
                 false out",
                whom.shown()
            );
            draft.lost(&told.entry.name.spot, "*", &why);
            draft.set("enabled", false);
            way.to(draft, Some(&whom))
        }
        _ => way.to(draft, None),
    }
}
