//! Whether the failures of a visit are worth a word: an account that has worked before may fail in
//! passing for `complain_after`, and then says so only as often.

use super::{now, Account};
use crate::error::ExitStatus;
use crate::event::{Failure, Mode, Tally};
use crate::seen::Trouble;
use std::time::Duration;

/// Notes how the visit ended, and says in its tally what is to be said of it.
pub(super) fn weigh(account: &Account, mode: Mode, tally: &mut Tally) {
    let called_off = tally.failures.iter().any(Failure::called_off);
    // Neither says anything about the account.
    if mode != Mode::Fetch || called_off || tally.too_soon.is_some() {
        return;
    }
    let before = Trouble::recall(&account.place);
    let fails = tally.failures.iter().any(Failure::passes);
    match tally.status() {
        ExitStatus::Fine => went_well(account, before, tally.known || tally.new > 0),
        status if !status.is_passing() => {}
        // It works, but for single messages.
        _ if !fails => went_well(account, before, tally.known || tally.new > 0),
        _ if tally.known || before.is_some() => {
            let before = before.unwrap_or_default();
            let (trouble, due) = before.going_on(now(), account.complain_after);
            trouble.note(&account.place);
            let since = trouble.since.unwrap_or(now());
            let lasting = now().0.saturating_sub(since.0);
            tally.failing_for = Some(Duration::from_secs(u64::try_from(lasting).unwrap_or(0)));
            tally.hushed = !due;
        }
        _ => {}
    }
}

/// The account works. Where its memory does not show that, it is noted.
fn went_well(account: &Account, before: Option<Trouble>, known: bool) {
    match (before, known) {
        (Some(_), true) => Trouble::forget(&account.place),
        (Some(Trouble { since: None, .. }), false) | (None, true) => {}
        (Some(_) | None, false) => Trouble::default().note(&account.place),
    }
}
