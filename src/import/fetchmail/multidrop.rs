//! One maildrop for several people in a fetchmailrc, in popget's words.

use super::super::draft::Draft;
use super::super::fit;
use super::super::place::Spot;
use super::super::said::Said;
use super::super::Around;
use super::account::Told;
use super::delivery::Way;
use super::grammar::Local;
use crate::message::Address;
use indexmap::IndexSet;
use serde_yaml::{Mapping, Value};
use std::collections::HashSet;

/// The options that are of use only here.
pub const WORDS: [&str; 4] = ["envelope", "qvirtual", "localdomains", "aka"];

/// What tells for whom a message is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Envelope {
    /// A field of its head.
    Field,
    /// The server.
    Server,
}

/// Writes `multidrop`; without any route, an account that is off.
pub fn write(draft: &mut Draft, of: (&Told, &Around), way: &Way, envelope: Envelope) {
    let (told, _) = of;
    let mut multidrop = Mapping::new();
    match envelope {
        Envelope::Server => drop(multidrop.insert("envelope".into(), "sdps".into())),
        Envelope::Field => field(draft, told, &mut multidrop),
    }
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
    let set = told.file.globals.last("postmaster");
    let usual = match around.login.as_str() {
        "root" => "postmaster",
        login => login,
    };
    let named = set.and_then(|clause| clause.values.first());
    named.map_or_else(|| told.entry.name.with(usual), Said::clone)
}

/// The field that names the recipients; where it is guessed, the account is off.
fn field(draft: &mut Draft, told: &Told, multidrop: &mut Mapping) {
    let values = told.of("envelope").filter(|clause| !clause.negated);
    let values = values.map_or(&[][..], |clause| &clause.values);
    let (skip, field) = match values {
        [field] => (0, Some(field)),
        [skip, field] => (skip.number().unwrap_or(0), Some(field)),
        _ => (0, None),
    };
    let name = field.map_or(String::new(), Said::shown);
    let name = name.trim_end_matches(':');
    if let Some(known) = fit::envelope(name, skip) {
        multidrop.extend(known);
        return;
    }
    let why = "fetchmail guessed the recipients from Received lines; popget wants the field that \
               your server writes: if it is Delivered-To, take enabled: false out";
    off(draft, &told.entry.name.spot, "envelope", why);
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
    if let Some(first) = told.list("localdomains").first() {
        let why = "fetchmail hands on addresses there as they are, to nobody's name here: write \
                   each of them into routes, and take enabled: false out";
        off(draft, &first.spot, "localdomains", why);
    }
    let own = told.server().text().and_then(domain);
    domains.extend(own.filter(|_| !domains.is_empty()));
    domains
}

/// Somebody's mail would go elsewhere.
fn off(draft: &mut Draft, spot: &Spot, word: &str, why: &str) {
    draft.lost(spot, word, why);
    draft.set("enabled", false);
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
            off(draft, &local.name.spot, name, why);
        } else if !known.insert((address.local, address.domain)) {
            let why = "is named twice; the first counts";
            draft.told(&local.name.spot, name, why);
        } else if let Some(deliver) =
            way.to(draft, Some(local.here.as_ref().unwrap_or(&local.name)))
        {
            domains.extend(own.flatten());
            routes.insert(name.into(), deliver);
        } else {
            draft.set("enabled", false); // why has been told
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
        off(draft, &local.name.spot, &local.name.shown(), why);
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
            off(draft, &told.entry.name.spot, "*", &why);
            way.to(draft, Some(&whom))
        }
        Way::Relay(relay) if relay.always.is_none() => {
            let why = "popget hands on whole addresses, where fetchmail puts the server that \
                       takes the mail behind the name";
            draft.told(&told.entry.name.spot, "*", why);
            way.to(draft, None)
        }
        _ => way.to(draft, None),
    }
}

#[cfg(test)]
mod tests {
    use crate::import::tests::becomes;
    use crate::import::Tool;

    fn rc(text: &str) -> (String, String) {
        becomes(Tool::Fetchmail, "rc", text.as_bytes())
    }

    #[test]
    fn an_account_whose_mail_might_go_astray_is_off() {
        for (server, user, word) in [
            ("", "u is a b here", "envelope"),
            ("envelope Received", "u is a b here", "envelope"),
            (
                "envelope X-To localdomains b.example c.example",
                "u is * here mda x",
                "localdomains",
            ),
            ("envelope X-To", "u is a 'b@' here", "b@"),
        ] {
            let (yaml, told) = rc(&format!("poll h proto pop3 {server} user {user}\n"));
            assert!(told.starts_with(&format!("lost rc:1: {word}: ")), "{told}");
            assert!(yaml.contains("enabled: false\n"), "{yaml}");
        }
    }

    #[test]
    fn whoever_has_no_route_is_known_by_his_name_alone() {
        let poll = "poll h proto pop3 envelope X-To aka b.example user u@h is * here";
        let (yaml, told) = rc(&format!("{poll} mda 'x -d %T'\n"));
        assert!(yaml.contains("mda: x -d \"${RECIPIENT%@*}\"\n"), "{yaml}");
        assert_eq!(told, "");
        let (_, told) = rc(&format!("{poll} lmtp\n"));
        assert!(told.starts_with("told rc:1: *: "), "{told}");
        let (_, told) = rc(&format!("{poll} lmtp smtpname ann@h\n"));
        assert_eq!(told, "");
    }
}
