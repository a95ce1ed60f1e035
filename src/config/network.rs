//! The kinds of values that keys about servers, TLS and routes have.

use super::kinds::OneOrMore;
use super::units::Scalar;
use crate::cli::Tls;
use crate::maildrop::Pipeline;
use crate::net::{Family, Fingerprint, IpAddr, Proxy, TlsMode, Version};
use serde::de::Visitor;
use serde::Deserializer;
use std::fmt;

/// How TLS is used.
pub fn tls<'de, D: Deserializer<'de>>(from: D) -> Result<Option<TlsMode>, D::Error> {
    from.deserialize_any(Scalar("implicit, starttls or none", tls_word))
        .map(Some)
}

/// How TLS is used, in a word.
pub fn tls_word(text: &str) -> Option<TlsMode> {
    let known = TlsMode::ALL.iter().find(|(name, _)| *name == text);
    known.map(|(_, mode)| *mode)
}

impl From<Tls> for TlsMode {
    fn from(written: Tls) -> Self {
        match written {
            Tls::Implicit => Self::Implicit,
            Tls::Starttls => Self::StartTls,
            Tls::None => Self::Off,
        }
    }
}

/// A server, or a list of them.
pub fn servers<'de, D: Deserializer<'de>>(from: D) -> Result<Option<Vec<String>>, D::Error> {
    let text = |text: &str| (!text.is_empty()).then(|| text.to_string());
    let what = "a host, host:port or POP URL, or a list of them";
    from.deserialize_any(OneOrMore(what, text)).map(Some)
}

/// A proxy. What is wrong with it is told without it: a password may stand in it.
pub fn proxy<'de, D: Deserializer<'de>>(from: D) -> Result<Option<Proxy>, D::Error> {
    struct ProxyVisitor;

    impl Visitor<'_> for ProxyVisitor {
        type Value = Proxy;

        fn expecting(&self, f: &mut fmt::Formatter) -> fmt::Result {
            f.write_str("a proxy such as socks5://proxy.example.org:1080")
        }

        fn visit_str<E: serde::de::Error>(self, text: &str) -> Result<Proxy, E> {
            let told = |what| E::custom(format!("this is no proxy: {what}"));
            super::server::proxy(text).map_err(told)
        }
    }

    from.deserialize_any(ProxyVisitor).map(Some)
}

/// The addresses that may be used.
pub fn family<'de, D: Deserializer<'de>>(from: D) -> Result<Option<Family>, D::Error> {
    let word = |text: &str| match text {
        "any" => Some(Family::Any),
        "4" => Some(Family::V4),
        "6" => Some(Family::V6),
        _ => None,
    };
    from.deserialize_any(Scalar("any, 4 or 6", word)).map(Some)
}

/// How many commands may be without a reply.
pub fn pipeline<'de, D: Deserializer<'de>>(from: D) -> Result<Option<Pipeline>, D::Error> {
    let word = |text: &str| match text {
        "auto" => Some(Pipeline::Auto),
        "off" | "false" => Some(Pipeline::Off),
        text => text
            .parse()
            .ok()
            .filter(|most| *most > 0)
            .map(Pipeline::Window),
    };
    let scalar = Scalar("auto, off or a number of commands above 0", word);
    from.deserialize_any(scalar).map(Some)
}

/// An address of ours.
pub fn address<'de, D: Deserializer<'de>>(from: D) -> Result<Option<IpAddr>, D::Error> {
    let scalar = Scalar("an IP address", |text: &str| text.parse().ok());
    from.deserialize_any(scalar).map(Some)
}

/// The oldest TLS that will do.
pub fn version<'de, D: Deserializer<'de>>(from: D) -> Result<Option<Version>, D::Error> {
    let word = |text: &str| match text {
        "1.2" => Some(Version::Tls12),
        "1.3" => Some(Version::Tls13),
        _ => None,
    };
    from.deserialize_any(Scalar("1.2 or 1.3", word)).map(Some)
}

/// A fingerprint, or a list of them.
pub fn fingerprints<'de, D: Deserializer<'de>>(
    from: D,
) -> Result<Option<Vec<Fingerprint>>, D::Error> {
    let what = "a SHA-256 fingerprint of 64 hexadecimal digits, or a list of them";
    let pins = OneOrMore(what, Fingerprint::parse);
    from.deserialize_any(pins).map(Some)
}
