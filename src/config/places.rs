//! Where the configuration file may be.

use crate::error::Error;
use crate::folder::{self, named_by};
use std::path::PathBuf;

/// The places, the first that counts before the others.
pub struct Places {
    /// All of them.
    pub all: Vec<PathBuf>,
    /// Whether somebody named the one.
    named: bool,
}

impl Places {
    /// The file that an option names, or the environment; else those where it usually is.
    pub fn of(option: Option<&PathBuf>) -> Self {
        let variable = || std::env::var_os("POPGET_CONFIG").filter(|path| !path.is_empty());
        let named = option.cloned().or_else(|| variable().map(PathBuf::from));
        Self {
            named: named.is_some(),
            all: named.map_or_else(usual, |path| vec![path]),
        }
    }

    /// The error that there is none.
    pub fn missing(self) -> Error {
        let homeless = named_by("XDG_CONFIG_HOME").map_or_else(folder::homeless, |_| None);
        Error::NoSettings {
            places: self.all,
            named: self.named,
            homeless: homeless.filter(|_| !self.named),
        }
    }
}

/// Where the file is if nobody names it.
fn usual() -> Vec<PathBuf> {
    let own = folder::settings().map(|folder| folder.join("popget/popget.yaml"));
    own.into_iter()
        .chain([PathBuf::from("/etc/popget/popget.yaml")])
        .collect()
}
