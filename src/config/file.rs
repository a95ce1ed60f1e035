//! The configuration file as it is written: every key, nothing of what it means. The names of the
//! fields are the one list of keys that parser, hints and error messages share.

use super::units::{Expanded, Size, Span};
use crate::delivery::{Format, Lock};
use crate::maildrop::Method;
use crate::net::TlsMode;
use crate::plan::{Keep, Order};
use crate::secret::{CommandLine, Secret};
use serde::de::{Error as _, MapAccess, SeqAccess, Visitor};
use serde::{Deserialize, Deserializer};
use std::fmt;
use std::marker::PhantomData;

/// The whole file.
#[derive(Deserialize)]
#[serde(deny_unknown_fields, expecting = "expected the keys of popget.yaml")]
pub struct File {
    /// Accounts at the same time.
    pub jobs: Option<u16>,
    /// What every account starts from.
    #[serde(default)]
    pub defaults: Keys,
    /// The accounts by name, in the order of the file.
    pub accounts: Named<Keys>,
}

/// The keys of an account.
#[derive(Clone, Default, Deserialize)]
#[serde(
    deny_unknown_fields,
    default,
    expecting = "expected the keys of an account"
)]
#[allow(missing_docs)] // they are documented for users, in popget.yaml(5)
pub struct Keys {
    pub server: Option<String>,
    pub port: Option<u16>,
    #[serde(deserialize_with = "tls")]
    pub tls: Option<TlsMode>,
    pub user: Option<String>,
    pub enabled: Option<bool>,
    pub password: Option<Secret>,
    pub password_command: Option<CommandLine>,
    pub password_file: Option<Expanded>,
    #[serde(deserialize_with = "auth")]
    pub auth: Option<Auth>,
    pub tls_ca_file: Option<Expanded>,
    pub tls_verify: Option<bool>,
    pub tls_server_name: Option<String>,
    pub timeout: Option<Span>,
    pub retry: Option<u32>,
    pub deadline: Option<Span>,
    #[serde(deserialize_with = "keep")]
    pub keep: Option<Keep>,
    pub all: Option<bool>,
    pub limit: Option<u64>,
    pub max_size: Option<Size>,
    #[serde(deserialize_with = "order")]
    pub order: Option<Order>,
    pub deliver: Option<Deliver>,
}

/// What `auth` says.
#[derive(Clone)]
pub enum Auth {
    /// `auto`.
    Auto,
    /// One method or a list of them.
    Named(Vec<Method>),
}

/// Where mail goes: exactly one of the first three.
#[derive(Clone, Default, Deserialize)]
#[serde(
    deny_unknown_fields,
    default,
    expecting = "expected maildir, mbox or mda with its value"
)]
#[allow(missing_docs)] // they are documented for users, in popget.yaml(5)
pub struct Deliver {
    pub maildir: Option<Expanded>,
    pub mbox: Option<String>,
    pub mda: Option<CommandLine>,
    pub format: Option<Format>,
    pub lock: Option<Vec<Lock>>,
    pub timeout: Option<Span>,
}

/// A mapping in the order of the file, in which no key stands twice.
pub struct Named<T>(pub Vec<(String, T)>);

impl<'de, T: Deserialize<'de>> Deserialize<'de> for Named<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Unique<T>(PhantomData<T>);

        impl<'de, T: Deserialize<'de>> Visitor<'de> for Unique<T> {
            type Value = Named<T>;

            fn expecting(&self, f: &mut fmt::Formatter) -> fmt::Result {
                f.write_str("expected names, each with its keys")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
                let mut named: Vec<(String, T)> = Vec::new();
                while let Some(name) = map.next_key::<String>()? {
                    if named.iter().any(|(known, _)| *known == name) {
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

fn tls<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<TlsMode>, D::Error> {
    let words = [
        ("implicit", TlsMode::Implicit),
        ("starttls", TlsMode::StartTls),
        ("none", TlsMode::Off),
    ];
    word(deserializer, &words).map(Some)
}

fn order<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Order>, D::Error> {
    word(
        deserializer,
        &[("oldest", Order::Oldest), ("newest", Order::Newest)],
    )
    .map(Some)
}

/// One of a few words.
fn word<'de, D: Deserializer<'de>, T: Copy>(
    deserializer: D,
    words: &[(&str, T)],
) -> Result<T, D::Error> {
    let text = String::deserialize(deserializer)?;
    match words.iter().find(|(word, _)| *word == text) {
        Some((_, value)) => Ok(*value),
        None => {
            let words: Vec<_> = words.iter().map(|(word, _)| *word).collect();
            Err(D::Error::custom(format!(
                "\"{text}\" is none of {}",
                words.join(", ")
            )))
        }
    }
}

/// `true`, `false`, or a duration.
fn keep<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Keep>, D::Error> {
    struct KeepVisitor;

    impl Visitor<'_> for KeepVisitor {
        type Value = Keep;

        fn expecting(&self, f: &mut fmt::Formatter) -> fmt::Result {
            f.write_str("true, false, or a duration such as 30d")
        }

        fn visit_bool<E>(self, keep: bool) -> Result<Keep, E> {
            Ok(if keep { Keep::Forever } else { Keep::Not })
        }

        fn visit_str<E: serde::de::Error>(self, text: &str) -> Result<Keep, E> {
            let span =
                super::units::duration(text).and_then(|span| i64::try_from(span.as_secs()).ok());
            let wrong = || {
                E::custom(format!(
                    "\"{text}\" is not true, false, or a duration such as 30d"
                ))
            };
            span.map(Keep::For).ok_or_else(wrong)
        }
    }

    deserializer.deserialize_any(KeepVisitor).map(Some)
}

/// `auto`, a method, or a list of methods.
fn auth<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Auth>, D::Error> {
    struct AuthVisitor;

    impl<'de> Visitor<'de> for AuthVisitor {
        type Value = Auth;

        fn expecting(&self, f: &mut fmt::Formatter) -> fmt::Result {
            f.write_str("auto, a way to log in, or a list of them")
        }

        fn visit_str<E: serde::de::Error>(self, text: &str) -> Result<Auth, E> {
            match text {
                "auto" => Ok(Auth::Auto),
                text => method(text).map(|method| Auth::Named(vec![method])),
            }
        }

        fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Auth, A::Error> {
            let mut named = Vec::new();
            while let Some(text) = list.next_element::<String>()? {
                named.push(method(&text)?);
            }
            match named.as_slice() {
                [] => Err(A::Error::custom("the list is empty")),
                _ => Ok(Auth::Named(named)),
            }
        }
    }

    deserializer.deserialize_any(AuthVisitor).map(Some)
}

fn method<E: serde::de::Error>(text: &str) -> Result<Method, E> {
    let known = Method::ALL.iter().find(|(name, _)| *name == text);
    known.map(|(_, method)| *method).ok_or_else(|| {
        let names: Vec<_> = Method::ALL.iter().map(|(name, _)| *name).collect();
        E::custom(format!("\"{text}\" is none of auto, {}", names.join(", ")))
    })
}
