//! What is spoken with a server: the key `protocol`, what follows from it, and which keys do not go
//! with it.

use super::resolve::Layers;
use super::server::Server;
use super::units::Scalar;
use crate::error::Result;
use crate::krb5;
use crate::maildrop::{Method, Methods};
use crate::net::{TlsMode, Welcome};
use crate::secret::{Secret, SecretSource};
use serde::Deserializer;

/// What stands in place of a password with KPOP, where nobody looks at it.
const DUMMY: &[u8] = b"krb_ticket";

/// What `protocol` says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Written {
    Pop3,
    Kpop,
}

/// What is meant by it.
struct Preset {
    /// Whom the server greets.
    welcome: Welcome,
    /// Its port with TLS from the first byte, if it has one.
    secure: Option<u16>,
    /// Its port for all else.
    port: u16,
}

impl Written {
    /// Every protocol with its name in the settings.
    const ALL: [(&'static str, Self); 2] = [("pop3", Self::Pop3), ("kpop", Self::Kpop)];

    fn name(self) -> &'static str {
        let mut all = Self::ALL.iter();
        all.find(|(_, named)| *named == self)
            .map_or("", |(name, _)| name)
    }

    fn preset(self) -> Preset {
        match self {
            Self::Pop3 => Preset {
                welcome: Welcome::Anyone,
                secure: Some(995),
                port: 110,
            },
            Self::Kpop => Preset {
                welcome: Welcome::Ticket,
                secure: None,
                port: 1109,
            },
        }
    }
}

/// A protocol.
pub fn protocol<'de, D: Deserializer<'de>>(from: D) -> Result<Option<Written>, D::Error> {
    let word = |text: &str| {
        let mut all = Written::ALL.iter();
        all.find(|(name, _)| *name == text).map(|(_, named)| *named)
    };
    from.deserialize_any(Scalar("pop3 or kpop", word)).map(Some)
}

impl Layers<'_> {
    fn written(&self) -> Written {
        self.pick(|keys| keys.protocol).unwrap_or(Written::Pop3)
    }

    /// Whom the server greets.
    pub(super) fn welcome(&self) -> Welcome {
        self.written().preset().welcome
    }

    /// The port, where none is named.
    pub(super) fn usual_port(&self, tls: TlsMode) -> Result<u16> {
        let preset = self.written().preset();
        match (tls, preset.secure) {
            (TlsMode::Implicit, Some(port)) => Ok(port),
            (TlsMode::Implicit, None) => {
                let name = self.written().name();
                let what = format!("no port of {name} is for TLS; name one, or set tls: none");
                Err(self.source.mistake(&["accounts", self.name], what))
            }
            (TlsMode::StartTls | TlsMode::Off, _) => Ok(preset.port),
        }
    }

    /// The way to log in behind a ticket; there is one only.
    pub(super) fn by_ticket(&self, servers: &[Server]) -> Result<Methods> {
        let what = "kpop logs in by a Kerberos ticket alone; leave it out";
        if self.own.auth.is_some() {
            return Err(self.wrong("auth", true, what));
        }
        let names = |server: &Server| matches!(server.methods, Some(Methods::Named(_)));
        if servers.iter().any(names) {
            return Err(self.bad_server("with kpop no URL names a way to log in".into()));
        }
        if !krb5::BUILT_IN {
            let what = "this popget was built without Kerberos, which kpop needs";
            return Err(self.wrong("protocol", self.own.protocol.is_some(), what));
        }
        Ok(Methods::Named(vec![Method::UserPass]))
    }

    /// What is sent behind a ticket as the password. No real one is ever got for it: what the
    /// account itself says of one is a mistake, what the defaults say is for others.
    pub(super) fn no_password(&self, own: Vec<(&str, SecretSource)>) -> Result<SecretSource> {
        match own.first() {
            Some((key, _)) => Err(self.wrong(key, true, "kpop needs no password; leave it out")),
            None => Ok(SecretSource::Given(Secret::new(DUMMY.to_vec()))),
        }
    }
}
