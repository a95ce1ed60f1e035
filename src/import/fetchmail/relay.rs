//! The server that a fetchmailrc hands mail on to, in popget's words.

use super::super::draft::Draft;
use super::super::fit;
use super::super::said::Said;
use super::account::Told;
use crate::delivery::Address;
use serde_yaml::{Mapping, Value};

/// A server that takes mail.
pub struct Relay {
    /// `lmtp` or `smtp`.
    pub key: &'static str,
    address: String,
    /// What stands behind the @ of people here.
    domain: String,
    /// Who gets all of it, if that is set.
    pub always: Option<Said>,
}

/// The server; none if popget reaches none of this name.
pub fn of(draft: &mut Draft, told: &Told) -> Option<Relay> {
    let hosts = told.list("smtphost");
    if let Some(second) = hosts.get(1) {
        let why = "popget hands mail on to one server; the first is taken";
        draft.told(&second.spot, "smtphost", why);
    }
    let usual = told.entry.name.with("localhost");
    let host = hosts.first().copied().unwrap_or(&usual);
    let socket = host.bytes.starts_with(b"/");
    let address = match socket {
        true => draft.literal_path("smtphost", host),
        false => at_host(host),
    };
    let Some(address) = address else {
        if !socket {
            let why = "is no server that popget can hand mail on to; name it, and its port";
            draft.lost(&host.spot, "smtphost", why);
        }
        return None;
    };
    let domain = told.value("smtpaddress").map(Said::shown);
    let domain = domain.unwrap_or_else(|| match socket {
        true => "localhost".into(),
        false => domain_of(&host.shown()),
    });
    let lmtp = told.flag("lmtp") == Some(true) || socket;
    Some(Relay {
        key: if lmtp { "lmtp" } else { "smtp" },
        address,
        domain,
        always: told.value("smtpname").cloned(),
    })
}

/// `host` or `host/port`, where a service may stand for the port.
fn at_host(said: &Said) -> Option<String> {
    let text = said.text()?;
    let Some((name, port)) = text.split_once('/') else {
        return fit::host(text);
    };
    let port = match port {
        "smtp" => Some(25),
        "lmtp" => Some(24),
        "submission" => Some(587),
        port => fit::port(port.parse().ok()),
    };
    Some(format!("{}:{}", fit::host(name)?, port?))
}

/// The domain that a host stands for: an IPv6 address in brackets.
fn domain_of(host: &str) -> String {
    let name = host.split('/').next().unwrap_or_default();
    match name.contains(':') {
        true => format!("[IPv6:{name}]"),
        false => name.to_string(),
    }
}

impl Relay {
    /// The destination of somebody here; of anybody, if nobody is named.
    pub fn to(&self, draft: &mut Draft, local: Option<&Said>) -> Option<Value> {
        let mut keys = Mapping::from_iter([("address".into(), self.address.as_str().into())]);
        if let Some(said) = self.always.as_ref().or(local) {
            let address = said.text().and_then(|text| self.recipient(text));
            let Some(address) = address else {
                let why = "is no address that mail can be handed on to; write recipient yourself";
                draft.lost(&said.spot, &said.shown(), why);
                return None;
            };
            keys.insert("recipient".into(), address.into());
        }
        Some(Mapping::from_iter([(self.key.into(), keys.into())]).into())
    }

    /// Somebody as a recipient: quoted where that must be.
    fn recipient(&self, name: &str) -> Option<String> {
        let (local, domain) = name.rsplit_once('@').unwrap_or((name, &self.domain));
        let escaped = local.replace('\\', r"\\").replace('"', r#"\""#);
        let forms = [
            format!("{local}@{domain}"),
            format!("\"{escaped}\"@{domain}"),
        ];
        forms
            .into_iter()
            .find(|form| Address::parse(form.as_bytes()).is_some())
    }

    /// Whether it needs to be told for whom mail is: of what a message says of itself, mail would be
    /// sent to anybody.
    pub fn needs_recipient(&self, user: &Said) -> bool {
        let nobody = Address::parse(&user.bytes).is_none();
        self.always.is_none() && (self.key == "smtp" || nobody)
    }
}

#[cfg(test)]
mod tests {
    use super::super::super::place::Spot;
    use super::*;

    fn said(text: &str) -> Said {
        Said {
            bytes: text.into(),
            spot: Spot::new(&"rc".into(), 1),
        }
    }

    #[test]
    fn servers_are_written_with_their_ports() {
        for (given, taken) in [
            ("mx.example.org/2525", Some("mx.example.org:2525")),
            ("localhost", Some("localhost")),
            ("::1/smtp", Some("[::1]:25")),
            ("mx/0", None),
            ("mx/x", None),
            ("", None),
        ] {
            assert_eq!(at_host(&said(given)).as_deref(), taken, "{given}");
        }
        assert_eq!(domain_of("::1/25"), "[IPv6:::1]");
    }

    #[test]
    fn names_become_addresses() {
        let relay = Relay {
            key: "smtp",
            address: "localhost".into(),
            domain: "localhost".into(),
            always: None,
        };
        for (given, taken) in [
            ("ann", Some("ann@localhost")),
            ("ann@example.org", Some("ann@example.org")),
            ("carla \"x", Some("\"carla \\\"x\"@localhost")),
            ("a\nb", None),
            ("ann@", None),
        ] {
            assert_eq!(relay.recipient(given).as_deref(), taken, "{given:?}");
        }
    }
}
