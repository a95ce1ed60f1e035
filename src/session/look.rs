//! Steps 5 and 6 of the road: what is there, and what is to be done with each message.

use super::{now, Road};
use crate::error::Result;
use crate::event::{Mode, Stage};
use crate::maildrop::{Maildrop, Sizes};
use crate::message::{Disposition, Listing};
use crate::plan::{self, Basis, Idle, Plan, Policy, Reason, Step};
use crate::session::Account;

impl Road<'_> {
    /// Sees what is there and decides what to do with it.
    pub(super) fn look(&mut self, maildrop: &mut dyn Maildrop) -> Result<Vec<Step>> {
        self.events.enter(Stage::Listing);
        // Where nothing is remembered, sizes are wanted whatever is there.
        let sizes = match self.memory.records().is_blank() {
            true => Sizes::Now,
            false => Sizes::Perhaps,
        };
        let mut scan = maildrop.scan(sizes)?;
        // Where every message is known and their sizes make up the whole, nothing has changed.
        let listings = match self.memory.records().weigh(&mut scan.listings, scan.octets) {
            true => scan.listings,
            false => maildrop.weigh(scan)?,
        };
        let policy = self.policy();
        let hides = self.hides_what_was_read(maildrop);
        let basis = Basis {
            records: self.memory.records(),
            policy: &policy,
            now: now(),
            idle: match hides || self.mode == Mode::List || self.has_acted() {
                true => Idle::Told,
                false => Idle::Counted,
            },
        };
        let Plan { mut steps, idle } = plan::choose(&listings, &basis)?;
        self.tally.seen += idle;
        self.count_all(&listings);
        for step in &mut steps {
            if self.took(step) {
                step.why = Reason::Seen; // even if all is wanted
            }
            if self.has_parted(step) {
                step.afterwards = Disposition::Keep; // once is enough for a run
            }
        }
        if matches!(self.mode, Mode::Fetch | Mode::DryRun) {
            self.sift(maildrop, &mut steps)?;
        }
        if hides {
            plan::unveil(&mut steps, self.memory.records(), &self.hidden);
        }
        // A listing without any UID tells of none that it is gone.
        if listings.is_empty() || listings.iter().any(|listing| listing.uid.is_some()) {
            self.memory.compare(&listings, now())?;
        }
        Ok(steps)
    }

    /// What is wanted in this mode.
    fn policy(&self) -> Policy {
        let Account { policy, filter, .. } = self.account;
        match self.mode {
            // What the filter does not want is not counted.
            Mode::Fetch | Mode::DryRun if filter.is_some() => Policy {
                limit: None,
                ..policy.clone()
            },
            Mode::Fetch | Mode::DryRun => policy.clone(),
            Mode::Check | Mode::Settle | Mode::List | Mode::Probe => policy.looking(),
            // That all is new is what it is to end.
            Mode::Mark => Policy {
                accept_new_uids: true,
                ..policy.looking()
            },
        }
    }

    /// Whether this run has stored or parted with any message.
    fn has_acted(&self) -> bool {
        !(self.taken.is_empty() && self.deleted.is_empty() && self.hidden.is_empty())
    }

    /// Counts what is there, the most that was listed in this run.
    fn count_all(&mut self, listings: &[Listing]) {
        let total = listings.len() as u64;
        if total >= self.tally.total {
            self.tally.total = total;
            self.tally.total_bytes = listings.iter().filter_map(|listing| listing.size).sum();
        }
    }

    /// Whether the server takes what was retrieved for done with, and shows it no more (EXPIRE 0 of
    /// RFC 2449, section 6.7): Gmail does so, once the session has ended well, and lists only the
    /// oldest of the rest. But not to those who say that they want to see it all.
    pub(super) fn hides_what_was_read(&self, maildrop: &dyn Maildrop) -> bool {
        let Account { login, policy, .. } = self.account;
        let hides = maildrop.expires_after() == Some(0) && !login.user.starts_with("recent:");
        hides && policy.drain && self.mode == Mode::Fetch
    }
}
