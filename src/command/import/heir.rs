//! The accounts that may have a record: those that were just written, or those of popget itself.

use crate::cli::Fetch;
use crate::config::{self, Settings};
use crate::error;
use crate::folder;
use crate::import::{self, RecordAt, Remark, Spot, Taken, Weight};
use crate::plan::Keep;
use crate::secret::Netrc;
use crate::seen::Identity;
use crate::session;
use serde_yaml::Value;
use std::path::{Path, PathBuf};

/// Where a record is, or where it was looked for.
pub type Place = Result<PathBuf, Vec<PathBuf>>;

/// An account that may have a record.
pub struct Heir {
    /// Whose memory takes it.
    pub identity: Identity,
    /// Where it is.
    pub record: RecordAt,
    /// Where the account stands.
    pub spot: Spot,
    /// Which maildrop it is, as [`config::maildrop`] names it.
    pub maildrop: String,
    /// How long it keeps messages on the server.
    pub keep: Keep,
}

/// The accounts that were just written.
pub fn imported(taken: &Taken, whole: Option<Settings>, netrc: &Netrc) -> Vec<Heir> {
    let heir = |(index, account): (usize, &import::Account)| {
        let word = |key: &str| account.keys.get(key)?.as_str().map(str::to_string);
        // All of them, in the same order.
        let meant = whole.as_ref().and_then(|whole| whole.accounts.get(index));
        // What popget would make of it, if it did not refuse something elsewhere.
        let own = || {
            let server = word("server").unwrap_or_default();
            let user = word("user").or_else(|| netrc.user(&server));
            let server = server.trim_start_matches('[').trim_end_matches(']');
            Identity {
                name: account.name.clone(),
                user: user.unwrap_or_default(),
                server: server.to_ascii_lowercase(),
            }
        };
        let identity = meant.map_or_else(own, |meant| meant.identity());
        let port = account.keys.get("port").and_then(Value::as_u64);
        let port = port.and_then(|port| u16::try_from(port).ok());
        let keep = || match account.keys.get("keep").map(Value::as_bool) {
            Some(Some(false)) => Keep::Not,
            Some(None) => Keep::For(0),
            _ => Keep::Forever,
        };
        Some(Heir {
            maildrop: config::maildrop(&identity, meant.map_or(port, config::port)),
            keep: meant.map_or_else(keep, |meant| meant.policy.keep),
            identity,
            record: account.record.clone()?,
            spot: account.spot.clone(),
        })
    };
    taken.accounts.iter().enumerate().filter_map(heir).collect()
}

/// The accounts of popget's own settings.
pub fn configured(flags: &Fetch) -> error::Result<Vec<Heir>> {
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
            maildrop: config::maildrop(&identity, config::port(account)),
            identity,
            record,
            spot: Spot::new(&file, 0),
            keep: account.policy.keep,
        }
    };
    Ok(accounts.iter().map(heir).collect())
}

impl Heir {
    /// What to say when there is nothing to take over, and whether it should be there.
    pub fn bereft(&self, place: &Place, weight: Weight) -> Option<Remark> {
        let why = match place {
            Ok(path) => format!(
                "{} has no entry of this account; name another record with --state",
                path.display()
            ),
            Err(tried) if tried.is_empty() => {
                "no record of what was fetched is known; name it with --state".into()
            }
            Err(tried) => format!(
                "no record of what was fetched is {}; name it with --state",
                listed(tried)
            ),
        };
        let why = match (weight, self.marking()?) {
            (Weight::Told, _) => why,
            (Weight::Lost, marking) => format!("{why}; or {marking}"),
        };
        Some(Remark::new(&self.spot, &self.identity.name, &why, weight))
    }

    /// What to say where the record does not tell this account's entries from another's.
    pub fn confused(&self, path: &Path) -> Remark {
        let marking = self.marking();
        let why = format!(
            "{} names another account, on another port, in the same way: nothing of it is taken over{}",
            path.display(),
            marking.map_or(String::new(), |marking| format!("; {marking}"))
        );
        Remark::new(&self.spot, &self.identity.name, &why, Weight::Lost)
    }

    /// How to remember by hand what is there, after a last run of the other program. What is deleted
    /// needs no record.
    fn marking(&self) -> Option<String> {
        let name = &self.identity.name;
        let mark = format!("popget state mark --account {name} --all");
        match self.keep {
            Keep::Not => None,
            Keep::Forever => Some(format!("run {mark} once")),
            Keep::For(_) => Some(format!(
                "run {mark} --may-delete once, from when on their time on the server counts"
            )),
        }
    }
}

/// Where files were looked for: in which folders, if all have one name.
fn listed(tried: &[PathBuf]) -> String {
    let all = |shown: &dyn Fn(&Path) -> String| {
        let shown: Vec<_> = tried.iter().map(|path| shown(path)).collect();
        shown.join(" or ")
    };
    let mut names: Vec<_> = tried.iter().filter_map(|path| path.file_name()).collect();
    names.dedup();
    match names.as_slice() {
        [name] => format!(
            "{} in {}",
            name.to_string_lossy(),
            all(&|path| folder::above(path).display().to_string())
        ),
        _ => all(&|path| path.display().to_string()),
    }
}
