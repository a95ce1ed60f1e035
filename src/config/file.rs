//! The configuration file as it is written: every key, nothing of what it means. The names of the
//! fields are the one list of keys that parser, hints and error messages share.

use super::kinds::{self, given, Auth};
use super::network;
use super::oauth;
use super::protocol;
use super::units::{Expanded, Size, Span};
use crate::delivery::{Format, Lock};
use crate::maildrop::Pipeline;
use crate::net::{Family, Fingerprint, IpAddr, Proxy, TlsMode, Version};
use crate::oauth::{Flow, Provider};
use crate::plan::{Keep, Order};
use crate::secret::{CommandLine, Secret};
use serde::de::value::{MapAccessDeserializer, SeqAccessDeserializer};
use serde::de::{Error as _, MapAccess, SeqAccess, Visitor};
use serde::{Deserialize, Deserializer};
use std::collections::HashSet;
use std::fmt;
use std::marker::PhantomData;

/// The whole file.
#[derive(Deserialize)]
#[serde(
    deny_unknown_fields,
    expecting = "the keys of popget.yaml (accounts, defaults, jobs)"
)]
pub struct File {
    /// Accounts at the same time.
    #[serde(default, deserialize_with = "kinds::jobs")]
    pub jobs: Option<u16>,
    /// What every account starts from.
    #[serde(default)]
    pub defaults: Keys,
    /// The accounts by name, in the order of the file.
    pub accounts: Named<Keys>,
}

impl File {
    /// What a file with one account in it would say.
    pub fn of(account: (String, Keys)) -> Self {
        Self {
            jobs: None,
            defaults: Keys::default(),
            accounts: Named(vec![account]),
        }
    }
}

/// The keys of an account.
#[derive(Clone, Default, Deserialize)]
#[serde(deny_unknown_fields, default, expecting = "the keys of an account")]
#[allow(missing_docs)] // they are documented for users, in popget.yaml(5)
pub struct Keys {
    #[serde(deserialize_with = "network::servers")]
    pub server: Option<Vec<String>>,
    #[serde(deserialize_with = "kinds::port")]
    pub port: Option<u16>,
    #[serde(deserialize_with = "protocol::protocol")]
    pub protocol: Option<protocol::Written>,
    #[serde(deserialize_with = "kinds::flag")]
    pub sdps: Option<bool>,
    #[serde(deserialize_with = "kinds::text")]
    pub folder: Option<String>,
    #[serde(deserialize_with = "network::tls")]
    pub tls: Option<TlsMode>,
    #[serde(deserialize_with = "kinds::text")]
    pub user: Option<String>,
    #[serde(deserialize_with = "kinds::flag")]
    pub enabled: Option<bool>,
    #[serde(deserialize_with = "kinds::secret")]
    pub password: Option<Secret>,
    #[serde(deserialize_with = "kinds::command")]
    pub password_command: Option<CommandLine>,
    #[serde(deserialize_with = "kinds::path")]
    pub password_file: Option<Expanded>,
    #[serde(deserialize_with = "kinds::variable")]
    pub password_env: Option<String>,
    #[serde(deserialize_with = "kinds::text")]
    pub credential: Option<String>,
    #[serde(deserialize_with = "kinds::flag")]
    pub netrc: Option<bool>,
    #[serde(deserialize_with = "given")]
    pub oauth: Option<Oauth>,
    #[serde(deserialize_with = "kinds::auth")]
    pub auth: Option<Auth>,
    #[serde(deserialize_with = "kinds::path")]
    pub tls_ca_file: Option<Expanded>,
    #[serde(deserialize_with = "network::fingerprints")]
    pub tls_fingerprint: Option<Vec<Fingerprint>>,
    #[serde(deserialize_with = "network::version")]
    pub tls_min_version: Option<Version>,
    #[serde(deserialize_with = "kinds::path")]
    pub tls_client_cert: Option<Expanded>,
    #[serde(deserialize_with = "kinds::path")]
    pub tls_client_key: Option<Expanded>,
    #[serde(deserialize_with = "kinds::flag")]
    pub tls_verify: Option<bool>,
    #[serde(deserialize_with = "kinds::text")]
    pub tls_server_name: Option<String>,
    #[serde(deserialize_with = "network::proxy")]
    pub proxy: Option<Proxy>,
    #[serde(deserialize_with = "kinds::command")]
    pub tunnel: Option<CommandLine>,
    #[serde(deserialize_with = "network::family")]
    pub ip: Option<Family>,
    #[serde(deserialize_with = "network::address")]
    pub source_address: Option<IpAddr>,
    #[serde(deserialize_with = "kinds::span")]
    pub timeout: Option<Span>,
    #[serde(deserialize_with = "kinds::times")]
    pub retry: Option<u32>,
    #[serde(deserialize_with = "kinds::span")]
    pub deadline: Option<Span>,
    #[serde(deserialize_with = "kinds::span")]
    pub min_interval: Option<Span>,
    #[serde(deserialize_with = "kinds::wait")]
    pub complain_after: Option<Span>,
    #[serde(deserialize_with = "network::pipeline")]
    pub pipeline: Option<Pipeline>,
    #[serde(deserialize_with = "kinds::keep")]
    pub keep: Option<Keep>,
    #[serde(deserialize_with = "kinds::flag")]
    pub all: Option<bool>,
    #[serde(deserialize_with = "kinds::count")]
    pub limit: Option<u64>,
    #[serde(deserialize_with = "kinds::size")]
    pub max_size: Option<Size>,
    #[serde(deserialize_with = "kinds::order")]
    pub order: Option<Order>,
    #[serde(deserialize_with = "kinds::command")]
    pub header_filter: Option<CommandLine>,
    #[serde(deserialize_with = "kinds::flag")]
    pub drain: Option<bool>,
    #[serde(deserialize_with = "kinds::some")]
    pub commit_every: Option<u64>,
    #[serde(deserialize_with = "given")]
    pub deliver: Option<OneOrSeveral>,
    #[serde(deserialize_with = "given")]
    pub multidrop: Option<Multidrop>,
    #[serde(deserialize_with = "kinds::flag")]
    pub received: Option<bool>,
    #[serde(deserialize_with = "kinds::address")]
    pub delivered_to: Option<String>,
    #[serde(deserialize_with = "kinds::command")]
    pub before: Option<CommandLine>,
    #[serde(deserialize_with = "kinds::command")]
    pub after: Option<CommandLine>,
}

/// Where access tokens come from: a command, or a provider by whom somebody signs in.
#[derive(Clone, Default, Deserialize)]
#[serde(
    deny_unknown_fields,
    default,
    expecting = "the keys of oauth (token_command, or provider, client_id, ...)"
)]
#[allow(missing_docs)] // they are documented for users, in popget.yaml(5)
pub struct Oauth {
    #[serde(deserialize_with = "kinds::command")]
    pub token_command: Option<CommandLine>,
    #[serde(deserialize_with = "oauth::provider")]
    pub provider: Option<Provider>,
    #[serde(deserialize_with = "kinds::text")]
    pub client_id: Option<String>,
    #[serde(deserialize_with = "kinds::command")]
    pub client_secret_command: Option<CommandLine>,
    #[serde(deserialize_with = "oauth::tenant")]
    pub tenant: Option<String>,
    #[serde(deserialize_with = "kinds::text")]
    pub scope: Option<String>,
    #[serde(deserialize_with = "oauth::flow")]
    pub flow: Option<Flow>,
    #[serde(deserialize_with = "oauth::address")]
    pub auth_url: Option<String>,
    #[serde(deserialize_with = "oauth::address")]
    pub token_url: Option<String>,
    #[serde(deserialize_with = "oauth::address")]
    pub device_url: Option<String>,
}

/// Where mail goes: exactly one of the first five.
#[derive(Clone, Default, Deserialize)]
#[serde(
    deny_unknown_fields,
    default,
    expecting = "the keys of a destination (maildir, mbox, mda, lmtp or smtp)"
)]
#[allow(missing_docs)] // they are documented for users, in popget.yaml(5)
pub struct Deliver {
    #[serde(deserialize_with = "kinds::path")]
    pub maildir: Option<Expanded>,
    #[serde(deserialize_with = "kinds::text")]
    pub mbox: Option<String>,
    #[serde(deserialize_with = "kinds::command")]
    pub mda: Option<CommandLine>,
    #[serde(deserialize_with = "given")]
    pub lmtp: Option<Lmtp>,
    #[serde(deserialize_with = "given")]
    pub smtp: Option<Smtp>,
    #[serde(deserialize_with = "given")]
    pub format: Option<Format>,
    #[serde(deserialize_with = "kinds::locks")]
    pub lock: Option<Vec<Lock>>,
    #[serde(deserialize_with = "kinds::span")]
    pub timeout: Option<Span>,
}

/// One maildrop for many.
#[derive(Clone, Deserialize)]
#[serde(
    deny_unknown_fields,
    expecting = "the keys of multidrop (envelope, routes, ...)"
)]
#[allow(missing_docs)] // they are documented for users, in popget.yaml(5)
pub struct Multidrop {
    #[serde(deserialize_with = "kinds::field")]
    pub envelope: String,
    #[serde(default, deserialize_with = "kinds::times")]
    pub skip: Option<u32>,
    #[serde(default, deserialize_with = "kinds::text")]
    pub strip_prefix: Option<String>,
    #[serde(default, deserialize_with = "kinds::domains")]
    pub domains: Option<Vec<String>>,
    pub routes: Named<OneOrSeveral>,
    #[serde(default, deserialize_with = "given")]
    pub unmatched: Option<OneOrSeveral>,
}

/// A destination, or a list of them.
#[derive(Clone)]
pub enum OneOrSeveral {
    /// One.
    One(Box<Deliver>),
    /// Several.
    Several(Vec<Deliver>),
}

impl<'de> Deserialize<'de> for OneOrSeveral {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Either;

        impl<'de> Visitor<'de> for Either {
            type Value = OneOrSeveral;

            fn expecting(&self, f: &mut fmt::Formatter) -> fmt::Result {
                f.write_str("the keys of a destination (maildir, mbox, mda, lmtp or smtp), or a list of such")
            }

            fn visit_unit<E>(self) -> Result<Self::Value, E> {
                Ok(OneOrSeveral::One(Box::default()))
            }

            fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<Self::Value, A::Error> {
                let one = Deliver::deserialize(MapAccessDeserializer::new(map))?;
                Ok(OneOrSeveral::One(Box::new(one)))
            }

            fn visit_seq<A: SeqAccess<'de>>(self, list: A) -> Result<Self::Value, A::Error> {
                Vec::deserialize(SeqAccessDeserializer::new(list)).map(OneOrSeveral::Several)
            }
        }

        deserializer.deserialize_any(Either)
    }
}

/// A server that takes mail by LMTP.
#[derive(Clone, Deserialize)]
#[serde(
    deny_unknown_fields,
    expecting = "the keys of lmtp (address, recipient)"
)]
#[allow(missing_docs)] // they are documented for users, in popget.yaml(5)
pub struct Lmtp {
    #[serde(deserialize_with = "kinds::needed_text")]
    pub address: String,
    #[serde(default, deserialize_with = "kinds::text")]
    pub recipient: Option<String>,
}

/// A server that passes mail on by SMTP.
#[derive(Clone, Deserialize)]
#[serde(deny_unknown_fields, expecting = "the keys of smtp")]
#[allow(missing_docs)] // they are documented for users, in popget.yaml(5)
pub struct Smtp {
    #[serde(deserialize_with = "kinds::needed_text")]
    pub address: String,
    #[serde(deserialize_with = "kinds::needed_text")]
    pub recipient: String,
    #[serde(default, deserialize_with = "kinds::flag")]
    pub starttls: Option<bool>,
    #[serde(default, deserialize_with = "network::tls")]
    pub tls: Option<TlsMode>,
    #[serde(default, deserialize_with = "kinds::text")]
    pub user: Option<String>,
    #[serde(default, deserialize_with = "kinds::auth")]
    pub auth: Option<Auth>,
    #[serde(default, deserialize_with = "kinds::command")]
    pub password_command: Option<CommandLine>,
    #[serde(default, deserialize_with = "kinds::path")]
    pub password_file: Option<Expanded>,
    #[serde(default, deserialize_with = "kinds::text")]
    pub credential: Option<String>,
    #[serde(default, deserialize_with = "given")]
    pub oauth: Option<Oauth>,
    #[serde(default, deserialize_with = "kinds::path")]
    pub tls_ca_file: Option<Expanded>,
    #[serde(default, deserialize_with = "network::fingerprints")]
    pub tls_fingerprint: Option<Vec<Fingerprint>>,
    #[serde(default, deserialize_with = "network::version")]
    pub tls_min_version: Option<Version>,
    #[serde(default, deserialize_with = "kinds::path")]
    pub tls_client_cert: Option<Expanded>,
    #[serde(default, deserialize_with = "kinds::path")]
    pub tls_client_key: Option<Expanded>,
    #[serde(default, deserialize_with = "kinds::flag")]
    pub tls_verify: Option<bool>,
    #[serde(default, deserialize_with = "kinds::text")]
    pub tls_server_name: Option<String>,
}

/// A mapping in the order of the file, in which no key stands twice.
#[derive(Clone)]
pub struct Named<T>(pub Vec<(String, T)>);

/// What has names in the file.
pub trait HasName {
    /// What people call the names.
    const NAMES: &'static str;
}

impl HasName for Keys {
    const NAMES: &'static str = "the names of accounts, each with its keys below it";
}

impl HasName for OneOrSeveral {
    const NAMES: &'static str = "the addresses of routes, each with its destination below it";
}

impl<'de, T: Deserialize<'de> + HasName> Deserialize<'de> for Named<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Unique<T>(PhantomData<T>);

        impl<'de, T: Deserialize<'de> + HasName> Visitor<'de> for Unique<T> {
            type Value = Named<T>;

            fn expecting(&self, f: &mut fmt::Formatter) -> fmt::Result {
                f.write_str(T::NAMES)
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
                let mut named: Vec<(String, T)> = Vec::new();
                let mut known = HashSet::new();
                while let Some(name) = map.next_key::<String>()? {
                    if !known.insert(name.clone()) {
                        return Err(A::Error::custom(format!("duplicate field `{name}`")));
                    }
                    named.push((name, map.next_value()?));
                }
                Ok(Named(named))
            }
        }

        deserializer.deserialize_map(Unique(PhantomData))
    }
}
