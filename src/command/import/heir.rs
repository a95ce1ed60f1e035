//! The accounts that may have a record: those that were just written, or those of popget itself.

use crate::cli::Fetch;
use crate::config::{self, Settings};
use crate::error::Result;
use crate::import::{self, RecordAt, Remark, Spot, Taken, Weight};
use crate::plan::Keep;
use crate::secret::Netrc;
use crate::seen::Identity;
use crate::session;
use std::path::PathBuf;

/// An account that may have a record.
pub struct Heir {
    /// Whose memory takes it.
    pub identity: Identity,
    /// Where it is.
    pub record: RecordAt,
    /// Where the account stands.
    pub spot: Spot,
    /// Whether it keeps messages on the server.
    pub keeps: bool,
}

/// The accounts that were just written.
pub fn imported(taken: &Taken, whole: Option<Settings>, netrc: &Netrc) -> Vec<Heir> {
    let heir = |(index, account): (usize, &import::Account)| {
        let word = |key: &str| account.keys.get(key)?.as_str().map(str::to_string);
        // All of them, in the same order.
        let meant = whole.as_ref().and_then(|whole| whole.accounts.get(index));
        let own = || {
            let server = word("server").unwrap_or_default();
            let user = word("user").or_else(|| netrc.user(&server));
            Identity {
                name: account.name.clone(),
                user: user.unwrap_or_default(),
                server,
            }
        };
        Some(Heir {
            identity: meant.map_or_else(own, |meant| meant.identity()),
            record: account.record.clone()?,
            spot: account.spot.clone(),
            keeps: account
                .keys
                .get("keep")
                .is_none_or(|keep| keep.as_bool() != Some(false)),
        })
    };
    taken.accounts.iter().enumerate().filter_map(heir).collect()
}

/// The accounts of popget's own settings.
pub fn configured(flags: &Fetch) -> Result<Vec<Heir>> {
    let file = config::called(flags).into();
    let accounts = config::read(flags)?.accounts;
    let heir = |account: &session::Account| {
        let identity = account.identity();
        let record = RecordAt {
            paths: Vec::new(),
            server: identity.server.clone().into_bytes(),
            user: identity.user.clone().into_bytes(),
        };
        Heir {
            identity,
            record,
            spot: Spot::new(&file, 0),
            keeps: account.policy.keep != Keep::Not,
        }
    };
    Ok(accounts.iter().map(heir).collect())
}

impl Heir {
    /// What to say when there is nothing to take over, and whether it should be there.
    pub fn bereft(&self, place: &Result<PathBuf, Vec<PathBuf>>, weight: Weight) -> Option<Remark> {
        if !self.keeps {
            return None; // what is deleted needs no record
        }
        let why = match place {
            Ok(path) => format!(
                "{} has no entry of this account; name another record with --state",
                path.display()
            ),
            Err(tried) if tried.is_empty() => {
                "no record of what was fetched is known; name it with --state".into()
            }
            Err(tried) => {
                let tried: Vec<_> = tried
                    .iter()
                    .map(|path| path.display().to_string())
                    .collect();
                format!(
                    "no record of what was fetched is at {}; name it with --state",
                    tried.join(" or ")
                )
            }
        };
        let name = &self.identity.name;
        let why = match weight {
            Weight::Told => why,
            Weight::Lost => {
                format!("{why}; or run popget state mark --account {name} --all once")
            }
        };
        Some(Remark::new(&self.spot, name, &why, weight))
    }
}
