//! The ways to log in, and what each asks of us and shows to others.

use super::{Hash, User};
use crate::error::{Error, Result};
use crate::secret::Credential;

/// A way to log in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Method {
    /// USER and PASS (RFC 1939).
    UserPass,
    /// APOP (RFC 1939).
    Apop,
    /// AUTH PLAIN.
    Plain,
    /// AUTH LOGIN.
    Login,
    /// AUTH CRAM-MD5.
    CramMd5,
    /// AUTH DIGEST-MD5.
    DigestMd5,
    /// AUTH SCRAM with a hash.
    Scram(Hash),
    /// The same, bound to the TLS connection.
    ScramPlus(Hash),
    /// AUTH GSSAPI, by Kerberos.
    Gssapi,
    /// AUTH EXTERNAL.
    External,
    /// AUTH ANONYMOUS.
    Anonymous,
    /// AUTH OAUTHBEARER.
    OAuthBearer,
    /// AUTH XOAUTH2.
    XOAuth2,
}

/// Which methods may be used.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Methods {
    /// Whatever both sides know, strongest first.
    Auto,
    /// These, in this order.
    Named(Vec<Method>),
}

/// What a method must have.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Needs {
    /// A password.
    Password,
    /// An access token.
    Token,
    /// Nothing that we hold.
    Nothing,
}

/// What is learned by whoever reads the login, or takes it in the server's place; the weaker later.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Shows {
    /// Nothing, or what takes long to guess the password from.
    Little,
    /// What the password is guessed from at ease, or found out bit by bit.
    Digest,
    /// The password or token itself.
    Secret,
}

impl Method {
    /// Every method with its name in the settings. In capitals it is the name of the mechanism.
    pub const ALL: [(&'static str, Self); 15] = [
        ("user-pass", Self::UserPass),
        ("apop", Self::Apop),
        ("plain", Self::Plain),
        ("login", Self::Login),
        ("cram-md5", Self::CramMd5),
        ("digest-md5", Self::DigestMd5),
        ("scram-sha-1", Self::Scram(Hash::Sha1)),
        ("scram-sha-256", Self::Scram(Hash::Sha256)),
        ("scram-sha-1-plus", Self::ScramPlus(Hash::Sha1)),
        ("scram-sha-256-plus", Self::ScramPlus(Hash::Sha256)),
        ("gssapi", Self::Gssapi),
        ("external", Self::External),
        ("anonymous", Self::Anonymous),
        ("oauthbearer", Self::OAuthBearer),
        ("xoauth2", Self::XOAuth2),
    ];

    /// What is tried if nothing is named, best first. What is not here must be named.
    pub const ORDER: [Self; 13] = [
        Self::External,
        Self::OAuthBearer,
        Self::XOAuth2,
        Self::ScramPlus(Hash::Sha256),
        Self::Scram(Hash::Sha256),
        Self::ScramPlus(Hash::Sha1),
        Self::Scram(Hash::Sha1),
        Self::Gssapi,
        Self::Plain,
        Self::Login,
        Self::UserPass,
        Self::CramMd5,
        Self::Apop,
    ];

    /// Its name in the settings.
    pub fn name(self) -> &'static str {
        Self::ALL
            .iter()
            .find(|(_, method)| *method == self)
            .map_or("", |(name, _)| name)
    }

    /// The mechanism that it is, if it goes by AUTH.
    pub fn mechanism(self) -> Option<String> {
        match self {
            Self::UserPass | Self::Apop => None,
            _ => Some(self.name().to_ascii_uppercase()),
        }
    }

    /// What it must have.
    pub fn needs(self) -> Needs {
        match self {
            Self::OAuthBearer | Self::XOAuth2 => Needs::Token,
            Self::Gssapi | Self::External | Self::Anonymous => Needs::Nothing,
            Self::UserPass
            | Self::Apop
            | Self::Plain
            | Self::Login
            | Self::CramMd5
            | Self::DigestMd5
            | Self::Scram(_)
            | Self::ScramPlus(_) => Needs::Password,
        }
    }

    /// What it shows to others.
    pub fn shows(self) -> Shows {
        match self {
            Self::UserPass | Self::Plain | Self::Login | Self::OAuthBearer | Self::XOAuth2 => {
                Shows::Secret
            }
            Self::Apop | Self::CramMd5 | Self::DigestMd5 => Shows::Digest,
            Self::Scram(_)
            | Self::ScramPlus(_)
            | Self::Gssapi
            | Self::External
            | Self::Anonymous => Shows::Little,
        }
    }

    /// Whether it is tied to the TLS connection.
    pub fn is_bound(self) -> bool {
        matches!(self, Self::ScramPlus(_))
    }

    /// Whether it can do with this credential: a token is no password, nor the reverse.
    pub fn fits(self, credential: &Credential) -> bool {
        match self.needs() {
            Needs::Password => matches!(credential, Credential::Password(_)),
            Needs::Token => matches!(credential, Credential::Token(_)),
            Needs::Nothing => true,
        }
    }

    /// The user with the secret that this method needs: no other gets there.
    pub fn user<'a>(self, name: &'a str, credential: &'a Credential) -> Result<User<'a>> {
        match credential {
            Credential::Password(secret) | Credential::Token(secret) if self.fits(credential) => {
                Ok(User { name, secret })
            }
            _ => Err(Error::Bug("a secret went where it does not belong".into())),
        }
    }
}
