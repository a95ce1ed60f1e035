//! How much a session does before it is ended, so that its work lasts: `commit_every`.

use super::again::Again;
use super::Road;
use crate::message::Disposition;
use crate::plan::{Reason, Step};

/// How the work of a run is divided.
#[derive(Default)]
pub(super) struct Portion {
    /// How often the run may still end a session for that: as often as the work needs that was there
    /// at first, or in this slice, whatever the server shows meanwhile.
    commits: Option<u64>,
    /// This session leaves some of its work to the next.
    pub leaves: bool,
}

impl Portion {
    /// Counts a session that ended well, and is followed by another for this reason.
    pub fn ended(&mut self, again: &Again) {
        self.commits = match again {
            Again::Commit => self.commits.map(|commits| commits.saturating_sub(1)),
            Again::Slice => None,
            Again::Lost(_) | Again::LockStep(_) => self.commits,
        };
    }
}

impl Road<'_> {
    /// The steps of this session, and whether another one is to follow for the rest.
    pub(super) fn portion<'s>(&mut self, steps: &'s [Step]) -> (&'s [Step], Option<Again>) {
        let every = self.account.policy.commit_every.unwrap_or(u64::MAX);
        let every = usize::try_from(every).unwrap_or(usize::MAX);
        let work = |step: &Step| buries(step) || (lasts(step) && self.may_have(step));
        let work = steps.iter().enumerate().filter(|(_, step)| work(step));
        let places: Vec<usize> = work.map(|(at, _)| at).collect();
        let needed = (places.len().saturating_sub(1) / every) as u64;
        let commits = *self.portion.commits.get_or_insert(needed);
        let end = places.get(every).filter(|_| commits > 0);
        self.portion.leaves = end.is_some();
        match end {
            Some(end) => (&steps[..*end], Some(Again::Commit)),
            None => (steps, None),
        }
    }
}

/// Whether the next session knows that this step was done: what has no UID and stays is compared
/// again in any case.
fn lasts(step: &Step) -> bool {
    step.listing.uid.is_some() || step.afterwards == Disposition::Delete
}

/// Whether a step is to delete what is known or unwanted, unread.
fn buries(step: &Step) -> bool {
    matches!(step.why, Reason::Seen | Reason::Unwanted) && step.afterwards == Disposition::Delete
}
