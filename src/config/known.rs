//! What others ask of the configuration file who do not run it: what it is called, and whose maildrops
//! its accounts are.

use super::places::Places;
use super::{open, resolved, state_directory};
use crate::cli::Fetch;
use crate::error::Result;
use crate::seen::Identity;
use std::collections::HashMap;

/// What the configuration file is called that a run would read.
pub fn called(flags: &Fetch) -> String {
    let mut places = Places::of(flags.config.as_ref()).all;
    let there = places.iter().position(|path| path.exists());
    let first = places.drain(there.unwrap_or(0)..).next();
    first.map_or(String::new(), |path| path.display().to_string())
}

/// Whose maildrops the accounts of the configuration file are, enabled or not.
#[derive(Default)]
pub struct Maildrops {
    by_name: HashMap<String, Identity>,
    names: HashMap<(String, String), String>,
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
            let maildrop = (identity.user.clone(), identity.server.clone());
            let name = || identity.name.clone();
            all.names.entry(maildrop).or_insert_with(name);
            all.by_name.insert(identity.name.clone(), identity);
        }
        Ok(all)
    }

    /// Whose maildrop an account is.
    pub fn of(&self, name: &str) -> Option<&Identity> {
        self.by_name.get(name)
    }

    /// The first account of a maildrop.
    pub fn name_of(&self, whose: &Identity) -> Option<&str> {
        let maildrop = (whose.user.clone(), whose.server.clone());
        self.names.get(&maildrop).map(String::as_str)
    }
}
