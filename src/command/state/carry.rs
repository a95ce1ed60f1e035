//! What is remembered, carried to another machine and taken over there.

use super::{about, Desk, Source};
use crate::error::{Error, ExitStatus, Result};
use crate::report::{self, Level};
use crate::seen::{carried, Access, Carried, Gain, Identity, Lock, Memory};
use serde_json::json;

/// How a text is taken over.
pub struct Import {
    /// Whether it is, or would be.
    pub access: Access,
    /// Even of another maildrop.
    pub other_maildrop: bool,
    /// Whatever the configuration has under the account's name.
    pub unconfigured: bool,
}

/// A memory that will have taken over a part of a text.
struct Taken {
    name: String,
    memory: Memory,
    gain: Gain,
    _lock: Lock,
}

/// Takes over what another program remembers of an account, or sees how that would go.
pub fn take_over(desk: &Desk, carried: Carried, access: Access) -> Result<Gain> {
    let way = Import {
        access,
        other_maildrop: false,
        // Another program's accounts have names of their own, which a directory of their own keeps apart.
        unconfigured: desk.flags.state_dir.is_some(),
    };
    let mut taken = desk.take(carried, &way)?;
    if access == Access::Write {
        taken.memory.keep()?;
    }
    Ok(taken.gain)
}

impl Desk<'_> {
    /// Prints what can be carried to another machine: of all accounts, or of none.
    pub(super) fn export(&self) -> anyhow::Result<ExitStatus> {
        let mut all = Vec::new();
        for name in &self.names()? {
            let opened = self.open(name, Access::Read);
            let (_lock, memory) = opened.map_err(|error| about(error, name))?;
            let in_doubt = memory.overview().in_doubt;
            if in_doubt > 0 {
                let text = format!(
                    "account {name}: {in_doubt} in doubt not carried along, and so fetched again \
                     elsewhere; fetch this account here first"
                );
                report::remark(Level::Warning, &text, self.options);
            }
            let mut carried = memory.carry();
            carried.identity.name.clone_from(name);
            all.push(carried);
        }
        report::pour(Carried::text(&all).as_bytes())?;
        Ok(ExitStatus::Fine)
    }

    /// Takes over a text, into all the memories that it is for or into none.
    pub(super) fn import(&self, source: &Source, way: &Import) -> anyhow::Result<ExitStatus> {
        let read = carried(&source.bytes).map_err(|(line, why)| Error::Import {
            name: source.name.clone(),
            line,
            why: why.into(),
        })?;
        let mut taken = Vec::new();
        for carried in self.wanted(read)? {
            let name = carried.identity.name.clone();
            taken.push(
                self.take(carried, way)
                    .map_err(|error| about(error, &name))?,
            );
        }
        for mut taken in taken {
            if way.access == Access::Write {
                taken.memory.keep()?;
            }
            let Gain {
                new,
                earlier,
                known,
            } = taken.gain;
            let facts = vec![
                ("new", json!(new)),
                ("earlier", json!(earlier)),
                ("known", json!(known)),
                ("dry_run", json!(way.access == Access::Read)),
            ];
            let text = format!("{new} new, {earlier} seen earlier than known here, {known} known");
            let would = match way.access {
                Access::Read => "would take over: ",
                Access::Write => "",
            };
            self.changed(&taken.name, facts, &format!("{would}{text}"))?;
        }
        Ok(ExitStatus::Fine)
    }

    /// The parts of a text that are wanted. The only one may get another name.
    fn wanted(&self, mut all: Vec<Carried>) -> Result<Vec<Carried>> {
        let named = &self.flags.accounts;
        if let ([only], [name]) = (all.as_mut_slice(), named.as_slice()) {
            only.identity.name.clone_from(name);
            return Ok(all);
        }
        let has = |name: &&String| all.iter().any(|carried| carried.identity.name == **name);
        if let Some(missing) = named.iter().find(|name| !has(name)) {
            let what = format!("there is no account {missing} in the text");
            return Err(Error::Usage(what));
        }
        all.retain(|carried| named.is_empty() || named.contains(&carried.identity.name));
        Ok(all)
    }

    /// A memory with what a text has for it, not yet written down.
    fn take(&self, carried: Carried, way: &Import) -> Result<Taken> {
        let name = carried.identity.name.clone();
        let place = self.place(&name)?;
        let lock = Lock::account(&place, way.access)?;
        let theirs = &carried.identity;
        let known = Memory::existing(&place, Access::Read)?.map(|(memory, _)| memory);
        let known = known.filter(|memory| !memory.records().is_blank());
        let ours = match known {
            Some(memory) => Some(memory.owner().clone()),
            None if way.unconfigured => None,
            None => self.configured().of(&name).cloned(),
        };
        let ours = ours.unwrap_or_else(|| theirs.clone());
        let whose = |one: &Identity| format!("{} at {}", one.user, one.server);
        if (&ours.user, &ours.server) != (&theirs.user, &theirs.server) && !way.other_maildrop {
            return Err(Error::ImportForeign {
                account: name,
                text: whose(theirs),
                ours: whose(&ours),
            });
        }
        let (mut memory, _) = Memory::recall(&place, &ours, way.access)?;
        if way.access == Access::Write && memory.records().is_blank() {
            memory.adopt(&ours)?;
        }
        let gain = memory.take_in(carried);
        Ok(Taken {
            name,
            memory,
            gain,
            _lock: lock,
        })
    }
}
