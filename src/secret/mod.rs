//! A secret, which cannot be printed and is wiped when let go, and the places it may come from.
//! Nothing here happens while settings are read: a command runs, and a person is asked, only when
//! the account is about to be visited.

mod command;
mod file;
mod netrc;
#[cfg(any(test, fuzzing))]
pub mod properties;
mod terminal;

pub use command::{first_line, hear, CommandLine, Ends, Leash, Turn};
pub use file::{open_to_others, Made};
pub use netrc::{user as user_in_netrc, Netrc};
pub use terminal::{ask, is_attended, question};

use crate::error::{Error, Result};
use std::ffi::OsString;
use std::os::unix::ffi::OsStringExt;
use std::path::PathBuf;
use zeroize::Zeroizing;

/// Longer than any password or token.
pub const LIMIT: u64 = 64 * 1024;

/// A password. It has no `Debug` and no `Display`.
#[derive(Clone)]
pub struct Secret(Zeroizing<Vec<u8>>);

impl Secret {
    /// Takes the bytes of a password.
    pub fn new(bytes: Vec<u8>) -> Self {
        Self(Zeroizing::new(bytes))
    }

    /// The bytes, for those who must send or hash them.
    pub fn expose(&self) -> &[u8] {
        &self.0
    }

    /// The first line of what a file or command gave, without its line end; nothing else is trimmed.
    fn first_line(bytes: Vec<u8>) -> Self {
        let all = Zeroizing::new(bytes);
        let line = all.split(|b| *b == b'\n').next().unwrap_or_default();
        Self::new(line.strip_suffix(b"\r").unwrap_or(line).to_vec())
    }
}

/// What proves to a server that we may have the maildrop.
#[derive(Clone)]
pub enum Credential {
    /// A password.
    Password(Secret),
    /// An OAuth 2.0 access token (RFC 6750), which only the mechanisms made for it may carry.
    Token(Secret),
    /// Nothing that we hold: the proof is a client certificate, a Kerberos ticket, or not wanted.
    Nothing,
}

/// Where an account's secret comes from.
#[derive(Clone)]
pub enum SecretSource {
    /// It stands in the settings, or was got already.
    Given(Secret),
    /// The first line that a command prints.
    Command(CommandLine, Turn),
    /// The first line of a file.
    File(PathBuf),
    /// A variable of the environment, out of which it is taken by [`take_out`].
    Variable(String),
    /// The first line of a credential that systemd passes on.
    Credential(String),
    /// The user's entry for a host in the file of ftp(1).
    Netrc {
        /// The host as the settings name it.
        host: String,
        /// The user.
        user: String,
    },
    /// A person, at the terminal.
    Ask,
    /// A person, who was asked and gave none.
    NotTyped,
    /// An access token: the first line that a command prints.
    Token(CommandLine, Turn),
    /// A sign-in by OAuth 2.0, which gives access tokens to those who look after it (`oauth`).
    SignIn,
    /// Nowhere: none is needed.
    Nothing,
}

impl SecretSource {
    /// Gets the secret. `Ask` fails here: people are asked before accounts are visited, by [`ask`],
    /// since two prompts at once would be unusable. So does `SignIn`, of which nothing is known here.
    /// A command is ended when it is called off.
    pub fn obtain(&self, called_off: &dyn Fn() -> bool) -> Result<Credential> {
        let password = match self {
            Self::Given(secret) => secret.clone(),
            Self::Command(line, turn) => {
                command::first_line("password command", line, turn, called_off)?
            }
            Self::File(path) => file::first_line(path)?,
            Self::Variable(name) => return Err(Error::PasswordVariable(name.clone())),
            Self::Credential(name) => file::credential(name)?,
            Self::Netrc { host, user } => netrc::password(host, user)?,
            Self::Ask | Self::SignIn => return Err(Error::NoPassword),
            Self::NotTyped => return Err(Error::NotTyped),
            Self::Token(line, turn) => {
                let token = command::first_line("token command", line, turn, called_off)?;
                return Ok(Credential::Token(token));
            }
            Self::Nothing => return Ok(Credential::Nothing),
        };
        Ok(Credential::Password(password))
    }

    /// Whether a program is run for it, which may ask something at the terminal.
    pub fn may_ask(&self) -> bool {
        matches!(self, Self::Command(..) | Self::Token(..))
    }

    /// Another token in place of one that the server refused, if there is any.
    pub fn instead_of(
        &self,
        refused: &Credential,
        called_off: &dyn Fn() -> bool,
    ) -> Result<Option<Credential>> {
        let (Self::Token(..), Credential::Token(old)) = (self, refused) else {
            return Ok(None);
        };
        Ok(Some(self.obtain(called_off)?).filter(
            |fresh| matches!(fresh, Credential::Token(new) if new.expose() != old.expose()),
        ))
    }
}

/// Takes the passwords out of the environment, so that no program we start inherits one: those of
/// these variables that the sources name are kept there. For a time when there is one thread.
pub fn take_out<'s>(variables: &[String], sources: impl Iterator<Item = &'s mut SecretSource>) {
    for source in sources {
        if let SecretSource::Variable(name) = source {
            let value = std::env::var_os(name).map(OsString::into_vec);
            let secret = value.map(Secret::first_line);
            if let Some(secret) = secret.filter(|secret| !secret.expose().is_empty()) {
                *source = SecretSource::Given(secret);
            }
        }
    }
    for name in variables {
        std::env::remove_var(name);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_first_line_counts_and_only_its_end_is_trimmed() {
        let line = |bytes: &[u8]| Secret::first_line(bytes.to_vec()).expose().to_vec();
        assert_eq!(line(b" pa ss \nlogin: x\n"), b" pa ss ");
        assert_eq!(line(b"pw\r\n"), b"pw");
        assert_eq!(line(b"pw\r\r\n"), b"pw\r");
        assert_eq!(line(b"pw"), b"pw");
        assert_eq!(line(b""), b"");
    }
}
