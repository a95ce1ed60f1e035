//! Where an account's password or token comes from: the keys of which there is one at most.

use super::file::Keys;
use super::resolve::Layers;
use crate::error::Result;
use crate::krb5;
use crate::net::{TlsMode, Welcome};
use crate::sasl::{Method, Methods, Needs};
use crate::secret::{self, open_to_others, SecretSource};
use std::fs::File;
use std::path::Path;

impl Layers<'_> {
    /// An account's own source takes the place of any in the defaults.
    pub(super) fn secret(&self, host: &str, user: &str) -> Result<SecretSource> {
        if self.welcome() == Welcome::Ticket {
            return self.no_password(self.sources(self.own, host, user));
        }
        for (keys, own) in [(self.own, true), (self.base, false)] {
            let mut sources = self.sources(keys, host, user);
            if !own && self.own.netrc == Some(false) {
                sources.retain(|(key, _)| *key != "netrc");
            }
            match sources.as_slice() {
                [] => {}
                [(key, source)] => {
                    match source {
                        SecretSource::File(path) => self.private(key, own, path)?,
                        SecretSource::Token(..) => self.token_command_alone(keys, own)?,
                        SecretSource::Credential(name) if !is_file_name(name) => {
                            let what = "a credential's name is that of a file, without a slash";
                            return Err(self.wrong(key, own, what));
                        }
                        _ => {}
                    }
                    return Ok(source.clone());
                }
                [(first, _), (second, _), ..] => {
                    let what = format!("there is {first} already; keep one of them");
                    return Err(self.wrong(second, own, what));
                }
            }
        }
        Ok(SecretSource::Ask)
    }

    /// Fails if a file for a secret cannot be read, or others can.
    pub(super) fn private(&self, key: &str, own: bool, path: &Path) -> Result<()> {
        self.readable(key, own, path)?;
        let why = File::open(path).ok().as_ref().and_then(open_to_others);
        let what = |why| format!("{} {why}; run chmod 600 {0}", path.display());
        why.map_or(Ok(()), |why| Err(self.wrong(key, own, what(why))))
    }

    /// The user whom the netrc file names for a host, if that file is where the password is.
    pub(super) fn user_in_netrc(&self, host: &str) -> Result<Option<String>> {
        match self.pick(|keys| keys.netrc) {
            Some(true) => secret::user_in_netrc(host),
            _ => Ok(None),
        }
    }

    /// The sources that one layer names.
    fn sources(&self, keys: &Keys, host: &str, user: &str) -> Vec<(&'static str, SecretSource)> {
        use SecretSource as S;
        let turn = || self.turn.clone();
        let command = keys.password_command.clone();
        let token = keys.oauth.as_ref().map(|oauth| match &oauth.token_command {
            Some(line) => S::Token(line.clone(), turn()),
            None => S::SignIn,
        });
        let netrc = keys.netrc.filter(|wanted| *wanted).map(|_| S::Netrc {
            host: host.into(),
            user: user.into(),
        });
        let all = [
            ("password", keys.password.clone().map(S::Given)),
            (
                "password_command",
                command.map(|line| S::Command(line, turn())),
            ),
            (
                "password_file",
                keys.password_file.clone().map(|path| S::File(path.0)),
            ),
            ("password_env", keys.password_env.clone().map(S::Variable)),
            ("credential", keys.credential.clone().map(S::Credential)),
            ("netrc", netrc),
            ("oauth", token),
        ];
        let there = all
            .into_iter()
            .filter_map(|(key, source)| Some((key, source?)));
        there.collect()
    }

    /// What the ways to log in that are named ask for: nothing, if that is enough for each, and no
    /// password where only a token is of use.
    pub(super) fn fitting(
        &self,
        secret: SecretSource,
        methods: &Methods,
        tls: TlsMode,
    ) -> Result<SecretSource> {
        let Methods::Named(named) = methods else {
            return Ok(secret);
        };
        let all = |needs| named.iter().all(|method| method.needs() == needs);
        let any = |needs| named.iter().any(|method| method.needs() == needs);
        let wrong = |what: &str| Err(self.wrong("auth", self.own.auth.is_some(), what));
        if tls == TlsMode::Off && named.iter().all(|method| method.is_bound()) {
            return wrong("a login can be bound to TLS only, and there is none");
        }
        if named.contains(&Method::Gssapi) && !krb5::BUILT_IN {
            return wrong("it names gssapi, and this popget was built without Kerberos");
        }
        match secret {
            SecretSource::Ask if all(Needs::Nothing) => Ok(SecretSource::Nothing),
            SecretSource::Token(..) | SecretSource::SignIn if !any(Needs::Token) => {
                wrong("none of the ways to log in that it names takes an access token")
            }
            SecretSource::Token(..) | SecretSource::SignIn => Ok(secret),
            _ if all(Needs::Token) => {
                wrong("it names only ways to log in with an access token, and there is none")
            }
            secret => Ok(secret),
        }
    }
}

fn is_file_name(name: &str) -> bool {
    !name.contains('/') && name != "." && name != ".."
}
