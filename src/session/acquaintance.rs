//! Knowing messages by their bytes, where nothing else tells them apart.

use super::Road;
use crate::message::{Digest, Time};
use crate::plan::{Reason, Step};
use std::collections::HashMap;

/// Tells messages apart by their bytes, where nothing else does: what is known, and how often each
/// was met in this session.
pub(super) struct Acquaintance {
    known: HashMap<Digest, Vec<Time>>,
    met: HashMap<Digest, usize>,
}

impl Acquaintance {
    /// When a message with these bytes was stored, if one was that was not met before.
    pub(super) fn meet(&mut self, digest: Digest) -> Option<Time> {
        let met = self.met.entry(digest).or_default();
        *met += 1;
        let known = self.known.get(&digest)?;
        if *met > known.len() {
            return None;
        }
        known.iter().copied().max()
    }

    /// What was met, if that is all that only its bytes tell apart.
    pub(super) fn all(self, steps: &[Step]) -> Option<HashMap<Digest, usize>> {
        let anonymous = steps
            .iter()
            .filter(|step| step.listing.uid.is_none())
            .count();
        let met: usize = self.met.values().sum();
        (anonymous > 0 && met >= anonymous).then_some(self.met)
    }

    /// How often these bytes were met.
    pub(super) fn copies(&self, digest: Digest) -> u32 {
        self.met
            .get(&digest)
            .map_or(1, |met| u32::try_from(*met).unwrap_or(u32::MAX))
    }
}

impl Road<'_> {
    /// What can be told apart by its bytes; nothing, if no step asks for it.
    pub(super) fn acquaintance(&self, steps: &[Step]) -> Acquaintance {
        let compares = steps.iter().any(|step| step.why == Reason::Compare);
        let known = if compares {
            self.memory.records().by_digest()
        } else {
            HashMap::new()
        };
        Acquaintance {
            known,
            met: HashMap::new(),
        }
    }
}
