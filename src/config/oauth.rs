//! Signing in by OAuth 2.0: the keys below `oauth`, and what they mean together.

use super::file::{Keys, Oauth};
use super::resolve::Layers;
use super::units::Scalar;
use crate::error::Result;
use crate::maildrop::Login;
use crate::net::{web, Route};
use crate::oauth::{Endpoints, Flow, Provider, SignIn};
use crate::secret::SecretSource;
use crate::seen::Place;
use serde::de::Visitor;
use serde::Deserializer;
use std::fmt;

/// Whose accounts sign in at Microsoft, if nothing else is said: anybody's.
const TENANT: &str = "common";

/// A provider that is known by name.
pub fn provider<'de, D: Deserializer<'de>>(from: D) -> Result<Option<Provider>, D::Error> {
    let word = |text: &str| {
        let known = Provider::ALL.iter().find(|(name, _)| *name == text);
        known.map(|(_, provider)| *provider)
    };
    let what =
        "microsoft or google (for another one name token_url, scope and auth_url or device_url)";
    from.deserialize_any(Scalar(what, word)).map(Some)
}

/// How somebody signs in.
pub fn flow<'de, D: Deserializer<'de>>(from: D) -> Result<Option<Flow>, D::Error> {
    let word = |text: &str| match text {
        "device" => Some(Flow::Device),
        "loopback" => Some(Flow::Loopback),
        _ => None,
    };
    from.deserialize_any(Scalar("device or loopback", word))
        .map(Some)
}

/// A tenant of Microsoft's, which becomes a part of addresses.
pub fn tenant<'de, D: Deserializer<'de>>(from: D) -> Result<Option<String>, D::Error> {
    let tenant = |text: &str| {
        let letter = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'.' | b'-');
        let good = !text.is_empty() && !text.starts_with('.') && text.bytes().all(letter);
        good.then(|| text.to_string())
    };
    let what = "common, consumers, organizations, or the domain or id of a tenant";
    from.deserialize_any(Scalar(what, tenant)).map(Some)
}

/// An address over HTTPS.
pub fn address<'de, D: Deserializer<'de>>(from: D) -> Result<Option<String>, D::Error> {
    struct Address;

    impl Visitor<'_> for Address {
        type Value = String;

        fn expecting(&self, f: &mut fmt::Formatter) -> fmt::Result {
            f.write_str("an address such as https://login.example.org/token")
        }

        fn visit_str<E: serde::de::Error>(self, text: &str) -> Result<String, E> {
            match web::host(text) {
                Ok(_) if text.contains('#') => Err(E::custom("the address has a # in it")),
                Ok(_) => Ok(text.into()),
                Err(why) => Err(E::custom(format!("the address {why}"))),
            }
        }
    }

    from.deserialize_str(Address).map(Some)
}

impl Oauth {
    /// The keys beside `token_command` that are there.
    fn others(&self) -> impl Iterator<Item = &'static str> {
        let all = [
            ("provider", self.provider.is_some()),
            ("client_id", self.client_id.is_some()),
            (
                "client_secret_command",
                self.client_secret_command.is_some(),
            ),
            ("tenant", self.tenant.is_some()),
            ("scope", self.scope.is_some()),
            ("flow", self.flow.is_some()),
            ("auth_url", self.auth_url.is_some()),
            ("token_url", self.token_url.is_some()),
            ("device_url", self.device_url.is_some()),
        ];
        let there = all.into_iter().filter(|(_, there)| *there);
        there.map(|(key, _)| key)
    }

    /// Where the provider is asked; nothing if none is named.
    fn endpoints(&self) -> Option<Endpoints> {
        let tenant = self.tenant.as_deref().unwrap_or(TENANT);
        let token = self.token_url.clone();
        let known = match (self.provider, token) {
            (Some(provider), None) => provider.endpoints(tenant),
            (Some(provider), Some(token)) => Endpoints {
                token,
                ..provider.endpoints(tenant)
            },
            (None, token) => Endpoints::named(token?),
        };
        Some(Endpoints {
            auth: self.auth_url.clone().or(known.auth),
            device: self.device_url.clone().or(known.device),
            ..known
        })
    }
}

impl Layers<'_> {
    /// Fails if there is more beside a command that prints tokens.
    pub(super) fn token_command_alone(&self, keys: &Keys, own: bool) -> Result<()> {
        let others = keys.oauth.as_ref().map(Oauth::others);
        match others.and_then(|mut others| others.next()) {
            None => Ok(()),
            Some(key) => {
                let what = "there is token_command already, which needs nothing else";
                Err(self.wrong(&format!("oauth.{key}"), own, what))
            }
        }
    }

    /// Who signs in, if that is where the account's tokens come from.
    pub(super) fn sign_in(
        &self,
        secret: &SecretSource,
        login: &Login,
        routes: &[Route],
        place: &Place,
    ) -> Result<Option<SignIn>> {
        let own = self.own.oauth.is_some();
        let oauth = self.pick(|keys| keys.oauth.clone());
        let (SecretSource::SignIn, Some(oauth), Some(first)) = (secret, oauth, routes.first())
        else {
            return Ok(None);
        };
        let missing = |key: &str, what: &str| self.wrong(&format!("oauth.{key}"), own, what);
        let Some(endpoints) = oauth.endpoints() else {
            let what = "name provider (microsoft or google), or token_command";
            return Err(self.wrong("oauth", own, what));
        };
        if oauth.tenant.is_some() && oauth.provider != Some(Provider::Microsoft) {
            return Err(missing("tenant", "it goes with provider: microsoft only"));
        }
        let scope = oauth.scope.clone();
        let scope = scope.or_else(|| oauth.provider.map(|known| known.scope().into()));
        let (Some(scope), Some(client)) = (scope, oauth.client_id.clone()) else {
            let what = match oauth.client_id {
                None => "client_id is missing: popget has none of its own, popget.yaml(5) tells how to get one",
                Some(_) => "scope is missing: the provider tells what reading mail is called",
            };
            return Err(self.wrong("oauth", own, what));
        };
        let hosts: Vec<String> = routes
            .iter()
            .map(|route| format!("{}:{}", route.host.to_ascii_lowercase(), route.port))
            .collect();
        Ok(Some(SignIn {
            user: login.user.clone(),
            servers: hosts.join(" "),
            client,
            client_secret: oauth
                .client_secret_command
                .clone()
                .map(|line| (line, self.turn.clone())),
            flow: self.flow_of(&oauth, &endpoints)?,
            endpoints,
            scope,
            place: place.clone(),
            via: first.via.clone(),
            least: first.trust.least,
        }))
    }

    /// How somebody signs in, which must be one of the ways that the provider knows.
    fn flow_of(&self, oauth: &Oauth, endpoints: &Endpoints) -> Result<Flow> {
        let named = oauth.flow;
        let usual = match (oauth.provider, &endpoints.device) {
            (Some(provider), _) => provider.flow(),
            (None, Some(_)) => Flow::Device,
            (None, None) => Flow::Loopback,
        };
        let flow = named.unwrap_or(usual);
        let what = match flow {
            Flow::Device if endpoints.device.is_none() => match oauth.provider {
                Some(_) => "google gives no codes for other devices that are good for mail; leave it out, or use popget login --paste",
                None => "it needs device_url",
            },
            Flow::Loopback if endpoints.auth.is_none() => "loopback needs auth_url",
            Flow::Device | Flow::Loopback => return Ok(flow),
        };
        let key = match named {
            Some(_) => "oauth.flow",
            None => "oauth",
        };
        Err(self.wrong(key, self.own.oauth.is_some(), what))
    }
}
