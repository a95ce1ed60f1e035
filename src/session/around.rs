//! The account's hooks around a visit: they run while its lock is held, so that those of two runs
//! never meet, and before the destination is looked at, which may only be there when they have run.

use super::Errand;
use crate::error::Result;
use crate::event::{Failure, Mode, Notice, Stage, Subject, Tally};
use crate::hooks::Call;

/// Visits between the hooks. The second runs whatever came before it.
pub(super) fn around(
    errand: &Errand,
    tally: &mut Tally,
    visit: impl FnOnce(&mut Tally) -> Result<()>,
) -> Result<()> {
    let Errand {
        account,
        events,
        stop,
        mode,
    } = errand;
    let hooks = &account.hooks;
    if hooks.are_none() || *mode != Mode::Fetch {
        if *mode == Mode::DryRun && !hooks.are_none() {
            events.notice(Notice::HooksLeft);
        }
        return visit(tally);
    }
    let call = Call {
        account: &account.name,
        events,
        stop,
    };
    let ended = hooks.before(&call).and_then(|()| visit(tally));
    let status = tally.status();
    let status = ended
        .as_ref()
        .map_or_else(|error| status.min(error.status()), |()| status);
    if let Err(error) = hooks.after(&call, tally.new, status.code()) {
        tally.failures.push(Failure {
            stage: Stage::Quitting,
            subject: Subject::Visit,
            error,
            known: false,
        });
    }
    ended
}
