//! One account out of its layers, with its rules. A mistake names the layer that it stands in.

use super::file::{Deliver, Keys};
use super::kinds::Auth;
use super::mistake::Source;
use super::units;
use crate::cli::Fetch;
use crate::delivery::{Destination, Format, Lock};
use crate::error::{plain, Error, Result};
use crate::maildrop::{Login, Methods};
use crate::net::{Route, TlsMode};
use crate::plan::{Keep, Order, Policy};
use crate::secret::Turn;
use crate::seen::Place;
use crate::session::Account;
use std::fs::File;
use std::path::{Path, PathBuf};
use std::time::Duration;

/// Each wait for the server, if nothing else is said.
const TIMEOUT: Duration = Duration::from_secs(60);
/// How long an MDA may take, if nothing else is said.
const MDA_TIMEOUT: Duration = Duration::from_secs(300);
/// Connecting again after a drop, if nothing else is said.
const RETRY: u32 = 2;

/// What was written about an account.
pub struct Layers<'f> {
    /// Where it was written.
    pub source: &'f Source,
    /// The account's name.
    pub name: &'f str,
    /// Its own keys.
    pub own: &'f Keys,
    /// What it starts from.
    pub base: &'f Keys,
    /// What the command line says.
    pub flags: &'f Fetch,
    /// The turn that the commands of all accounts take.
    pub turn: &'f Turn,
}

impl Layers<'_> {
    /// What is meant.
    pub fn account(&self, state: &Path) -> Result<Account> {
        let letter = |c: char| c.is_ascii_alphanumeric() || "._@+-".contains(c);
        let what = match self.name {
            name if name.len() > 200 => Some("an account's name has 200 letters at most"),
            name if name.is_empty() || !name.chars().all(letter) => {
                Some("an account's name is made of letters (a-z), digits and ._@+-")
            }
            name if name.chars().all(|c| c == '.') => {
                Some("an account's name is not made of dots alone: it names files")
            }
            _ => None,
        };
        if let Some(what) = what {
            return Err(self.source.mistake(&["accounts", self.name], what));
        }
        let keep = match (self.flags.keep, self.flags.delete) {
            (true, _) => Some(Keep::Forever),
            (_, true) => Some(Keep::Not),
            _ => self.pick(|keys| keys.keep),
        };
        let policy = Policy {
            keep: keep.unwrap_or(Keep::Forever),
            all: self.flags.all || self.pick(|keys| keys.all).unwrap_or(false),
            limit: self.flags.limit.or_else(|| self.pick(|keys| keys.limit)),
            max_size: self.max_size()?,
            order: self.pick(|keys| keys.order).unwrap_or(Order::Oldest),
            accept_new_uids: self.flags.accept_new_uids,
        };
        let route = self.route()?;
        let login = self.login(&route.host)?;
        let secret = self.secret(&route.host, &login.user)?;
        let secret = self.fitting(secret, &login.methods, route.tls)?;
        Ok(Account {
            name: self.name.into(),
            route,
            login,
            secret,
            policy,
            destination: self.destination()?,
            place: Place {
                directory: state.into(),
                account: self.name.into(),
            },
            timeout: self
                .pick(|keys| keys.timeout)
                .map_or(TIMEOUT, |span| span.0),
            deadline: self.pick(|keys| keys.deadline).map(|span| span.0),
            retry: self.pick(|keys| keys.retry).unwrap_or(RETRY),
        })
    }

    /// The account's own value, or the one it starts from.
    pub(super) fn pick<T>(&self, value: impl Fn(&Keys) -> Option<T>) -> Option<T> {
        value(self.own).or_else(|| value(self.base))
    }

    /// A mistake at a key, or one below it (`deliver.lock`), in the layer that has it.
    pub(super) fn wrong(&self, key: &str, own: bool, what: impl Into<String>) -> Error {
        let mut path = match own {
            true => vec!["accounts", self.name],
            false => vec!["defaults"],
        };
        path.extend(key.split('.'));
        self.source.mistake(&path, what)
    }

    /// A key that must be there and is not.
    fn missing(&self, key: &str, example: &str) -> Error {
        let what = format!("the key {key} is missing (for example {key}: {example})");
        self.source.mistake(&["accounts", self.name], what)
    }

    fn max_size(&self) -> Result<Option<u64>> {
        match &self.flags.max_size {
            None => Ok(self.pick(|keys| keys.max_size).map(|size| size.0)),
            Some(text) => units::size(text)
                .map(Some)
                .ok_or_else(|| Error::Usage(format!("--max-size {text}: not a size such as 25MB"))),
        }
    }

    fn route(&self) -> Result<Route> {
        let own = self.own.server.is_some();
        let server = self.pick(|keys| keys.server.clone());
        let server = server.ok_or_else(|| self.missing("server", "pop.example.org"))?;
        let wrong = |what: &str| self.wrong("server", own, what);
        let (host, in_server) = host_and_port(&server).map_err(wrong)?;
        let tls = self.pick(|keys| keys.tls).unwrap_or(TlsMode::Implicit);
        let port = self.pick(|keys| keys.port);
        // A port beside the server wins over one that only stands in the defaults.
        let port = match (in_server, self.own.port) {
            (Some(one), Some(other)) if one != other => {
                return Err(self.wrong(
                    "port",
                    true,
                    format!("server names port {one}; keep one of them"),
                ));
            }
            (Some(in_server), _) => in_server,
            (None, _) => port.unwrap_or(if tls == TlsMode::Implicit { 995 } else { 110 }),
        };
        let trust = self.trust(&host, tls)?;
        Ok(Route {
            host,
            port,
            tls,
            trust,
        })
    }

    /// Fails if a file that the settings name cannot be read.
    pub(super) fn readable(&self, key: &str, own: bool, path: &Path) -> Result<()> {
        let why = match File::open(path).and_then(|file| file.metadata()) {
            Ok(meta) if meta.is_dir() => "it is a directory".into(),
            Ok(_) => return Ok(()),
            Err(why) => plain(&why),
        };
        let what = format!("{} cannot be read: {why}", path.display());
        Err(self.wrong(key, own, what))
    }

    fn login(&self, host: &str) -> Result<Login> {
        let user = match self.pick(|keys| keys.user.clone()) {
            None => self.user_in_netrc(host)?,
            user => user,
        };
        let user = user.ok_or_else(|| self.missing("user", "alice@example.org"))?;
        if user.contains(['\r', '\n', '\0']) {
            let own = self.own.user.is_some();
            return Err(self.wrong("user", own, "a user name holds no line end and no NUL"));
        }
        let methods = match self.pick(|keys| keys.auth.clone()) {
            None | Some(Auth::Auto) => Methods::Auto,
            Some(Auth::Named(named)) => Methods::Named(named),
        };
        Ok(Login { user, methods })
    }

    fn destination(&self) -> Result<Destination> {
        let own = self.own.deliver.is_some();
        let deliver = self.pick(|keys| keys.deliver.clone());
        let deliver = deliver.ok_or_else(|| self.missing("deliver", "{maildir: ~/Mail}"))?;
        let wrong = |key: &str, what: &str| Err(self.wrong(key, own, what));
        let Deliver {
            maildir,
            mbox,
            mda,
            format,
            lock,
            timeout,
        } = deliver;
        if mbox.is_none() && format.is_some() {
            return wrong("deliver.format", "it goes with mbox only");
        }
        if lock.as_ref().is_some_and(Vec::is_empty) {
            return wrong(
                "deliver.lock",
                "the list is empty; name fcntl, dotlock or both",
            );
        }
        if mbox.as_ref().is_none_or(|path| path == "-") && lock.is_some() {
            return wrong("deliver.lock", "it goes with the file of an mbox only");
        }
        if mda.is_none() && timeout.is_some() {
            return wrong("deliver.timeout", "it goes with mda only");
        }
        match (maildir, mbox, mda) {
            (Some(path), None, None) => Ok(Destination::Maildir(path.0)),
            (None, Some(path), None) if path == "-" => {
                Ok(Destination::Output(format.unwrap_or_default()))
            }
            (None, Some(path), None) => {
                let path =
                    units::path(&path).map_err(|what| self.wrong("deliver.mbox", own, what))?;
                Ok(mbox_at(path, format, lock))
            }
            (None, None, Some(command)) => {
                let timeout = timeout.map_or(MDA_TIMEOUT, |span| span.0);
                Ok(Destination::Mda { command, timeout })
            }
            (None, None, None) => wrong("deliver", "name maildir, mbox or mda"),
            _ => wrong("deliver", "name only one of maildir, mbox and mda"),
        }
    }
}

fn mbox_at(path: PathBuf, format: Option<Format>, locks: Option<Vec<Lock>>) -> Destination {
    let locks = locks.unwrap_or_else(|| Lock::ALL.to_vec());
    Destination::Mbox {
        path,
        format: format.unwrap_or_default(),
        locks,
    }
}

/// `host`, `host:port`, `[v6]` or `[v6]:port`.
fn host_and_port(server: &str) -> Result<(String, Option<u16>), &'static str> {
    let port = |text: &str| match text.parse() {
        Ok(0) | Err(_) => Err("what follows the colon is not a port (1 to 65535)"),
        Ok(port) => Ok(Some(port)),
    };
    let (host, port) = match server.strip_prefix('[') {
        Some(rest) => match rest.split_once(']') {
            Some((host, "")) => (host, None),
            Some((host, after)) => (host, port(after.strip_prefix(':').unwrap_or(""))?),
            None => return Err("[ is not closed by ]"),
        },
        None => match server.split_once(':') {
            Some((_, after)) if after.contains(':') => {
                return Err("write an IPv6 address in brackets: [2001:db8::1]");
            }
            Some((host, after)) => (host, port(after)?),
            None => (server, None),
        },
    };
    let printable = |c: char| c.is_ascii_graphic() && !"/@\\\"'".contains(c);
    match host {
        "" => Err("the host name is empty"),
        host if !host.is_ascii() => Err("write the host name in ASCII (xn--...)"),
        host if !host.chars().all(printable) => Err("this is not a host name"),
        host => Ok((host.into(), port)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn servers_may_name_a_port() {
        let good =
            |text, host: &str, port| assert_eq!(host_and_port(text), Ok((host.into(), port)));
        good("pop.example.org", "pop.example.org", None);
        good("pop.example.org:1995", "pop.example.org", Some(1995));
        good("[2001:db8::1]", "2001:db8::1", None);
        good("[::1]:995", "::1", Some(995));
        for bad in [
            "",
            ":995",
            "h:0",
            "h:x",
            "h:70000",
            "2001:db8::1",
            "[::1",
            "[::1]995x",
            "pop://h",
            "a b",
            "pöp",
        ] {
            assert!(host_and_port(bad).is_err(), "{bad}");
        }
    }
}
