//! Records that are read, each once, and shared out among the accounts.

use super::files::Source;
use super::heir::Heir;
use crate::error::{Error, Result};
use crate::import::{Entry, Owner, Remark, Spot, Tool, Weight};
use std::collections::{HashMap, HashSet};
use std::path::{Path, PathBuf};

/// Records that were read, and which of their entries were claimed.
pub struct Records {
    tool: Tool,
    /// None stands for one that cannot be read.
    read: HashMap<PathBuf, Option<Sheaf>>,
    /// What is said of what could not be read of them.
    damaged: Vec<Remark>,
}

/// The entries of a record, by their owners.
#[derive(Default)]
struct Sheaf {
    entries: HashMap<Owner, Vec<Entry>>,
    claimed: HashSet<Owner>,
}

impl Records {
    /// None yet of this program.
    pub fn new(tool: Tool) -> Self {
        Self {
            tool,
            read: HashMap::new(),
            damaged: Vec::new(),
        }
    }

    /// The entries of an account in a file; none if it cannot be read.
    pub fn of(&mut self, heir: &Heir, path: &Path) -> Result<Option<Vec<&Entry>>> {
        if !self.read.contains_key(path) {
            let sheaf = self.sheaf(heir, path)?;
            self.read.insert(path.to_path_buf(), sheaf);
        }
        let sheaf = self.read.get_mut(path).and_then(Option::as_mut);
        Ok(sheaf.map(|sheaf| sheaf.of(&heir.record.owners(self.tool))))
    }

    fn sheaf(&mut self, heir: &Heir, path: &Path) -> Result<Option<Sheaf>> {
        let source = match Source::read(path) {
            Err(Error::Settings(mistake)) => {
                let word = format!("record {}", mistake.file);
                let why = format!(
                    "{}: mend that, and run popget import again before popget, which fetches all anew \
                     else",
                    mistake.what
                );
                let remark = Remark::new(&heir.spot, &word, &why, Weight::Lost);
                self.damaged.push(remark);
                return Ok(None);
            }
            source => source?,
        };
        let record = self.tool.record(&source.name(), &source.bytes);
        self.damaged.extend(record.damaged());
        let mut sheaf = Sheaf::default();
        for entry in record.entries {
            sheaf
                .entries
                .entry(entry.owner(self.tool))
                .or_default()
                .push(entry);
        }
        Ok(Some(sheaf))
    }

    /// What is said of entries that belong to no account, file by file, and of what could not be read.
    pub fn told(self) -> Vec<Remark> {
        let left = |(path, sheaf): (&PathBuf, &Option<Sheaf>)| {
            let sheaf = sheaf.as_ref()?;
            let entries = sheaf.entries.iter();
            let left = entries.filter(|(owner, _)| !sheaf.claimed.contains(owner));
            let count: usize = left.map(|(_, entries)| entries.len()).sum();
            let path = path.display().to_string();
            let spot = Spot::new(&path.as_str().into(), 1);
            let why = format!("{count} entries belong to none of the accounts; they are left");
            let remark = Remark::new(&spot, "record", &why, Weight::Told);
            (count > 0).then_some(remark)
        };
        let mut all: Vec<Remark> = self.read.iter().filter_map(left).collect();
        all.sort_by(|one, other| one.spot.file.cmp(&other.spot.file));
        all.extend(self.damaged);
        all
    }
}

impl Sheaf {
    /// The entries of these owners, which are claimed.
    fn of(&mut self, owners: &[Owner]) -> Vec<&Entry> {
        let mut own = Vec::new();
        for owner in owners {
            if let Some(entries) = self.entries.get(owner) {
                own.extend(entries);
                self.claimed.insert(owner.clone());
            }
        }
        own
    }
}
