//! mpop's commands: what may follow each, and what becomes of them.

use super::super::place::{Spot, Wrong};
use super::super::said::Said;
use super::amount::{octets, total};

/// What becomes of an account with a command that popget does without.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Without {
    /// It does, and that is told.
    Told,
    /// Something that matters is missing.
    Lost,
    /// It may be another account altogether, and is off.
    Off,
}

/// Commands that popget does without, or for which it has something else.
pub const WITHOUT: [(&str, Without, &str); 8] = [
    (
        "eval",
        Without::Off,
        "popget runs nothing while it reads settings, and what the command prints may change \
         anything: write that in its place, and import again",
    ),
    (
        "socket",
        Without::Off,
        "popget reaches no server by a local socket, and the host is another way: use tunnel with \
         a command such as socat, and take enabled: false out",
    ),
    ("ntlmdomain", Without::Told, "popget has no NTLM"),
    (
        "tls_crl_file",
        Without::Told,
        "popget reads no lists of revoked certificates",
    ),
    (
        "tls_priorities",
        Without::Told,
        "use tls_min_version, or the settings of the system's TLS library",
    ),
    (
        "tls_min_dh_prime_bits",
        Without::Told,
        "the system's TLS library decides",
    ),
    ("tls_force_sslv3", Without::Told, "popget has no SSL 3"),
    (
        "killsize",
        Without::Lost,
        "mpop deletes larger messages unread; popget never does: use max_size, which leaves \
         them there",
    ),
];

/// Ways to log in that have the same names here.
pub const METHODS: [&str; 13] = [
    "plain",
    "scram-sha-1",
    "scram-sha-1-plus",
    "scram-sha-256",
    "scram-sha-256-plus",
    "apop",
    "cram-md5",
    "digest-md5",
    "login",
    "gssapi",
    "external",
    "oauthbearer",
    "xoauth2",
];

/// What may follow a command.
#[derive(Clone, Copy)]
pub enum Takes {
    /// Anything, or nothing.
    Anything,
    /// Something.
    Something,
    /// `on`, `off`, or nothing for `on`.
    Switch,
    /// The same, or a time.
    SwitchOrTime,
    /// The same, or `auto`.
    SwitchOrAuto,
    /// A port.
    Port,
    /// A port, or nothing.
    PortOrNothing,
    /// `off` or a number of seconds.
    Seconds,
    /// `off` or a size.
    Size,
    /// A way to log in.
    Method,
}

/// Every command but `defaults` and `account`.
pub const COMMANDS: [(&str, Takes); 34] = [
    ("auth", Takes::Method),
    ("delivery", Takes::Something),
    ("eval", Takes::Anything),
    ("filter", Takes::Anything),
    ("host", Takes::Something),
    ("keep", Takes::SwitchOrTime),
    ("killsize", Takes::Size),
    ("ntlmdomain", Takes::Anything),
    ("only_new", Takes::Switch),
    ("password", Takes::Anything),
    ("passwordeval", Takes::Anything),
    ("pipelining", Takes::SwitchOrAuto),
    ("port", Takes::Port),
    ("proxy_host", Takes::Anything),
    ("proxy_port", Takes::PortOrNothing),
    ("received_header", Takes::Switch),
    ("skipsize", Takes::Size),
    ("socket", Takes::Anything),
    ("source_ip", Takes::Anything),
    ("timeout", Takes::Seconds),
    ("tls", Takes::Switch),
    ("tls_cert_file", Takes::Anything),
    ("tls_certcheck", Takes::Switch),
    ("tls_crl_file", Takes::Anything),
    ("tls_fingerprint", Takes::Anything),
    ("tls_force_sslv3", Takes::Switch),
    ("tls_host_override", Takes::Anything),
    ("tls_key_file", Takes::Anything),
    ("tls_min_dh_prime_bits", Takes::Anything),
    ("tls_priorities", Takes::Anything),
    ("tls_starttls", Takes::Switch),
    ("tls_trust_file", Takes::Anything),
    ("uidls_file", Takes::Something),
    ("user", Takes::Anything),
];

/// Fails if mpop has no such command, or takes no such argument.
pub fn check(command: &str, spot: &Spot, argument: &Said) -> Result<(), Wrong> {
    let known = COMMANDS.iter().find(|(name, _)| *name == command);
    let Some((name, takes)) = known else {
        return Err(Wrong::new(spot, "mpop has no such command"));
    };
    match takes.fits(argument) {
        true => Ok(()),
        false => Err(Wrong::new(
            &argument.spot,
            format!("mpop takes no such argument of {name}"),
        )),
    }
}

impl Takes {
    fn fits(self, said: &Said) -> bool {
        let text = said.text().unwrap_or("\0");
        let switch = ["", "on", "off"].contains(&text);
        let port = said.number().is_some_and(|n| (1..=65535).contains(&n));
        match self {
            Self::Anything => true,
            Self::Something => !said.bytes.is_empty(),
            Self::Switch => switch,
            Self::SwitchOrTime => switch || total(text).is_some(),
            Self::SwitchOrAuto => switch || text == "auto",
            Self::Port => port,
            Self::PortOrNothing => port || text.is_empty(),
            Self::Seconds => text == "off" || said.number().is_some_and(|n| n > 0),
            Self::Size => text == "off" || octets(text).is_some(),
            Self::Method => METHODS.contains(&text) || ["", "on", "user", "ntlm"].contains(&text),
        }
    }
}
