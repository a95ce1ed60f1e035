//! What is spoken with a server: the key `protocol`, what follows from it, and which keys do not go
//! with it.

use super::resolve::Layers;
use super::server::Server;
use super::units::Scalar;
use crate::error::Result;
use crate::krb5;
use crate::maildrop::{Login, Pipeline, Protocol};
use crate::net::{Route, TlsMode, Welcome};
use crate::sasl::{Method, Methods};
use crate::secret::{Secret, SecretSource};
use serde::Deserializer;

/// What stands in place of a password with KPOP, where nobody looks at it.
const DUMMY: &[u8] = b"krb_ticket";

/// What `protocol` says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Written {
    Pop3,
    Kpop,
    Pop2,
    Pop1,
}

/// What is meant by it.
struct Preset {
    /// What is spoken.
    protocol: Protocol,
    /// Whom the server greets.
    welcome: Welcome,
    /// Its port with TLS from the first byte, if it has one.
    secure: Option<u16>,
    /// Its port for all else.
    port: u16,
}

impl Written {
    /// Every protocol with its name in the settings.
    const ALL: [(&'static str, Self); 4] = [
        ("pop3", Self::Pop3),
        ("kpop", Self::Kpop),
        ("pop2", Self::Pop2),
        ("pop1", Self::Pop1),
    ];

    fn name(self) -> &'static str {
        let mut all = Self::ALL.iter();
        all.find(|(_, named)| *named == self)
            .map_or("", |(name, _)| name)
    }

    fn preset(self) -> Preset {
        let old = |protocol| Preset {
            protocol,
            welcome: Welcome::Anyone,
            secure: None,
            port: 109,
        };
        match self {
            Self::Pop3 => Preset {
                protocol: Protocol::Pop3,
                welcome: Welcome::Anyone,
                secure: Some(995),
                port: 110,
            },
            Self::Kpop => Preset {
                protocol: Protocol::Pop3,
                welcome: Welcome::Ticket,
                secure: None,
                port: 1109,
            },
            Self::Pop2 => old(Protocol::Pop2),
            Self::Pop1 => old(Protocol::Pop1),
        }
    }
}

/// A protocol.
pub fn protocol<'de, D: Deserializer<'de>>(from: D) -> Result<Option<Written>, D::Error> {
    let word = |text: &str| {
        let mut all = Written::ALL.iter();
        all.find(|(name, _)| *name == text).map(|(_, named)| *named)
    };
    from.deserialize_any(Scalar("pop3, kpop, pop2 or pop1", word))
        .map(Some)
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

    /// What is spoken. Fails over what does not go with it: the older protocols have one way to log
    /// in, no TLS of their own, and know nothing of sending ahead or of showing a part.
    pub(super) fn protocol(
        &self,
        routes: &[Route],
        login: &Login,
        secret: &SecretSource,
    ) -> Result<Protocol> {
        let (name, protocol) = (self.written().name(), self.written().preset().protocol);
        if protocol == Protocol::Pop3 {
            return Ok(protocol);
        }
        let own = self.own;
        let other = |method: &Method| *method != Method::UserPass;
        let others = matches!(&login.methods, Methods::Named(named) if named.iter().any(other));
        let ahead = own
            .pipeline
            .is_some_and(|pipeline| pipeline != Pipeline::Off);
        let starts = routes.iter().any(|route| route.tls == TlsMode::StartTls);
        let token = matches!(secret, SecretSource::Token(..) | SecretSource::SignIn);
        let tls = match self.pick(|keys| keys.tls) {
            Some(TlsMode::StartTls) => ("tls", own.tls.is_some()),
            _ => ("server", own.server.is_some()),
        };
        let wrong = [
            (
                starts,
                tls,
                "does not know STLS: TLS is there from the first byte, or not at all",
            ),
            (
                others,
                ("auth", own.auth.is_some()),
                "knows no way to log in but user-pass",
            ),
            (
                token,
                ("oauth", own.oauth.is_some()),
                "logs in with a password, not with a token",
            ),
            (ahead, ("pipeline", true), "sends nothing ahead"),
            (
                self.pick(|keys| keys.drain) == Some(true),
                ("drain", own.drain.is_some()),
                "shows all there is at once",
            ),
            (own.sdps == Some(true), ("sdps", true), "knows no envelopes"),
            (
                protocol == Protocol::Pop1 && own.commit_every.is_some(),
                ("commit_every", true),
                "gives and deletes all its messages together",
            ),
        ];
        match wrong.iter().find(|(wrong, ..)| *wrong) {
            Some((_, (key, own), what)) => Err(self.wrong(key, *own, format!("{name} {what}"))),
            None => Ok(protocol),
        }
    }

    /// How much a session does; where all goes together, it is of no use to end one before.
    pub(super) fn commit_every(&self) -> Option<u64> {
        match self.written().preset().protocol {
            Protocol::Pop3 | Protocol::Pop2 => self.pick(|keys| keys.commit_every),
            Protocol::Pop1 => None,
        }
    }

    /// The folder that is meant, where the protocol knows several. In the defaults it is for those
    /// accounts alone.
    pub(super) fn folder(&self) -> Result<Option<String>> {
        if self.written().preset().protocol == Protocol::Pop3 {
            return match self.own.folder {
                Some(_) => {
                    Err(self.wrong("folder", true, "it goes with protocol: pop2 or pop1 only"))
                }
                None => Ok(None),
            };
        }
        let folder = self.pick(|keys| keys.folder.clone());
        let carried = |b: u8| b.is_ascii() && !matches!(b, b'\r' | b'\n' | 0);
        match folder {
            Some(folder) if !folder.bytes().all(carried) => {
                let what = "a folder's name is ASCII without line ends and NUL";
                Err(self.wrong("folder", self.own.folder.is_some(), what))
            }
            folder => Ok(folder),
        }
    }
}
