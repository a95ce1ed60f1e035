//! Finding the POP server of an address of mail: what is known of the great providers, what a domain
//! says itself in DNS and over HTTPS, and what can be guessed. What others say is bounded and read
//! strictly; whether it is true is found out by those who connect.

pub mod autoconfig;
#[cfg(any(test, fuzzing))]
pub mod properties;
pub mod providers;
pub mod records;

use crate::net::{is_host, TlsMode};

/// The usual ports of POP3, with TLS from the first byte and without.
pub const PORTS: (u16, u16) = (995, 110);

/// An address of mail.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Address {
    /// What stands before the @.
    pub local: String,
    /// The domain as the name service knows it, in lower case.
    pub domain: String,
}

impl Address {
    /// Understands an address; `ascii` gives the name by which the name service knows a domain.
    pub fn read(
        text: &str,
        ascii: impl FnOnce(&str) -> Result<String, String>,
    ) -> Result<Self, String> {
        let shape = "an address has the form user@domain";
        let (local, domain) = text.rsplit_once('@').ok_or(shape)?;
        let fine = |c: char| !c.is_control() && !c.is_whitespace() && c != '@';
        if local.is_empty() || local.len() > 256 || !local.chars().all(fine) {
            return Err(shape.into());
        }
        let domain = ascii(domain)?.to_ascii_lowercase();
        match is_host(&domain) {
            true => Ok(Self {
                local: local.into(),
                domain,
            }),
            false => Err("what stands behind the @ is no domain".into()),
        }
    }

    /// The whole.
    pub fn whole(&self) -> String {
        format!("{}@{}", self.local, self.domain)
    }

    /// Whether a host belongs to its domain.
    pub fn covers(&self, host: &str) -> bool {
        let rest = host.strip_suffix(&self.domain);
        rest.is_some_and(|rest| rest.is_empty() || rest.ends_with('.'))
    }

    /// The servers that its domain may have by common custom: TLS from the first byte is wanted most.
    pub fn guesses(&self) -> Vec<Offer> {
        let domain = &self.domain;
        let of = |prefix: &str| format!("{prefix}{domain}");
        let hosts = ["pop.", "pop3.", "mail.", ""].map(of);
        let hosts = || hosts.iter().filter(|host| is_host(host)).cloned();
        let implicit = hosts().map(|host| Offer::new(host, PORTS.0, TlsMode::Implicit));
        let started = hosts().map(|host| Offer::new(host, PORTS.1, TlsMode::StartTls));
        implicit.chain(started).collect()
    }
}

/// A POP server, as somebody says it is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Offer {
    /// Its host.
    pub host: String,
    /// Its port.
    pub port: u16,
    /// How it uses TLS, which it does.
    pub tls: TlsMode,
    /// Who logs in, if that is said.
    pub user: Option<String>,
    /// How many minutes it wants between logins, if it wants any.
    pub minutes: Option<u16>,
    /// Whether it takes access tokens alone.
    pub tokens: bool,
}

impl Offer {
    /// A server of which no more is known.
    pub fn new(host: String, port: u16, tls: TlsMode) -> Self {
        Self {
            host,
            port,
            tls,
            user: None,
            minutes: None,
            tokens: false,
        }
    }

    /// In words.
    pub fn told(&self) -> String {
        let how = match self.tls {
            TlsMode::Implicit => "TLS from the first byte",
            TlsMode::StartTls => "STLS",
            TlsMode::Off => "no TLS",
        };
        format!("{}:{} ({how})", self.host, self.port)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    pub fn alice() -> Address {
        Address::read("alice@Example.org", |domain| Ok(domain.into())).unwrap()
    }

    #[test]
    fn addresses_have_two_parts() {
        assert_eq!(alice().whole(), "alice@example.org");
        for bad in [
            "alice", "@b", "a@", "a b@c", "a@b c", "a\x1b@b", "a@b@c", "a@-x", "a@b..c",
        ] {
            assert!(Address::read(bad, |d| Ok(d.into())).is_err(), "{bad}");
        }
    }

    #[test]
    fn a_host_belongs_to_its_domain_or_to_another() {
        for (host, belongs) in [
            ("example.org", true),
            ("pop.example.org", true),
            ("badexample.org", false),
            ("example.org.evil.example", false),
        ] {
            assert_eq!(alice().covers(host), belongs, "{host}");
        }
    }

    #[test]
    fn tls_from_the_first_byte_is_guessed_before_stls() {
        let guesses: Vec<String> = alice().guesses().iter().map(Offer::told).collect();
        assert_eq!(guesses.len(), 8);
        assert_eq!(guesses[0], "pop.example.org:995 (TLS from the first byte)");
        assert_eq!(guesses[3], "example.org:995 (TLS from the first byte)");
        assert_eq!(guesses[4], "pop.example.org:110 (STLS)");
    }
}
