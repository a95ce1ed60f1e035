//! What is known of a server before anybody has logged in there.

use crate::config::Entry;
use crate::discover::providers::{Provider, User};
use crate::discover::{Address, Offer, PORTS};
use crate::net::TlsMode;

/// A server, and what goes with it.
pub struct Found {
    /// The server, as it is to be written.
    pub server: String,
    /// How TLS is used there, unless the server says it, being a URL.
    pub tls: Option<TlsMode>,
    /// Who may be meant to log in, the likeliest first.
    pub users: Vec<String>,
    /// How its secret is called; none if it takes no password.
    pub password: Option<&'static str>,
    /// Whether it may take access tokens.
    pub tokens: bool,
    /// How the settings call the provider at which one signs in for them, if it is one of those.
    pub oauth: Option<&'static str>,
    /// What else goes into the account.
    pub keys: Vec<(&'static str, Entry)>,
}

impl Found {
    /// The server of a provider that is known.
    pub fn known(provider: &Provider, server: &str, address: &Address) -> Self {
        let user = match provider.user {
            User::Address => address.whole(),
            User::Local => address.local.clone(),
        };
        let keys = provider.keys.iter();
        Self {
            server: server.into(),
            tls: Some(TlsMode::Implicit),
            users: vec![user],
            password: provider.password,
            tokens: provider.oauth.is_some(),
            oauth: provider.oauth,
            keys: keys
                .map(|(key, value)| (*key, Entry::from(*value)))
                .collect(),
        }
    }

    /// A server of which somebody told.
    pub fn told(offer: &Offer, address: &Address) -> Self {
        let Offer {
            host, port, tls, ..
        } = offer;
        let usual = match tls {
            TlsMode::Implicit => PORTS.0,
            TlsMode::StartTls | TlsMode::Off => PORTS.1,
        };
        let server = match *port == usual {
            true => host.clone(),
            false => format!("{host}:{port}"),
        };
        let pause = offer.minutes.map(|minutes| format!("{minutes}m"));
        let keys = pause.map(|pause| ("min_interval", Entry::Text(pause)));
        Self {
            server,
            tls: Some(*tls),
            users: match &offer.user {
                Some(user) => vec![user.clone()],
                None => whole_or_local(address),
            },
            password: Some("password").filter(|_| !offer.tokens),
            tokens: true,
            oauth: None,
            keys: keys.into_iter().collect(),
        }
    }
}

/// The users that an address may stand for, where nobody says it.
pub fn whole_or_local(address: &Address) -> Vec<String> {
    vec![address.whole(), address.local.clone()]
}
