//! What others ask of the configuration file who do not run it: what it is called, and whose maildrops
//! its accounts are.

use super::places::Places;
use super::{open, resolved, state_directory};
use crate::cli::Fetch;
use crate::error::Result;
use crate::seen::Identity;
use crate::session::Account;
use std::collections::HashMap;

/// What the configuration file is called that a run would read.
pub fn called(flags: &Fetch) -> String {
    let mut places = Places::of(flags.config.as_ref()).all;
    let there = places.iter().position(|path| path.exists());
    let first = places.drain(there.unwrap_or(0)..).next();
    first.map_or(String::new(), |path| path.display().to_string())
}

/// Names a maildrop in the same way for both ports of POP3, which are two doors to one; behind another
/// port may be another server.
pub fn maildrop(whose: &Identity, port: Option<u16>) -> String {
    let Identity { user, server, .. } = whose;
    match port {
        None | Some(110 | 995) => format!("{user}@{server}"),
        Some(port) => format!("{user}@{server}:{port}"),
    }
}

/// The port of an account's first server.
pub fn port(account: &Account) -> Option<u16> {
    account.routes.first().map(|route| route.port)
}

/// Whose maildrops the accounts of the configuration file are, enabled or not.
#[derive(Default)]
pub struct Maildrops {
    by_name: HashMap<String, Identity>,
    names: HashMap<String, Vec<String>>,
}

impl Maildrops {
    /// Reads the file, once for all who ask. An account that is configured wrongly is passed by: that
    /// is told when it is used.
    pub fn read(flags: &Fetch) -> Result<Self> {
        let (file, source) = open(flags.config.as_ref())?;
        let state = state_directory(flags)?;
        let mut all = Self::default();
        for entry in &file.accounts.0 {
            let account = resolved((&file, &source), &[entry], flags, &state);
            let Some(account) = account.ok().and_then(|mut one| one.pop()) else {
                continue;
            };
            let identity = account.identity();
            let names = all
                .names
                .entry(maildrop(&identity, port(&account)))
                .or_default();
            names.push(identity.name.clone());
            all.by_name.insert(identity.name.clone(), identity);
        }
        Ok(all)
    }

    /// Whose maildrop an account is.
    pub fn of(&self, name: &str) -> Option<&Identity> {
        self.by_name.get(name)
    }

    /// The only account of a maildrop, as [`maildrop`] names it.
    pub fn name_of(&self, maildrop: &str) -> Option<&str> {
        match self.names.get(maildrop)?.as_slice() {
            [only] => Some(only),
            _ => None,
        }
    }
}
