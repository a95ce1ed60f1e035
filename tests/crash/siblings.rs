//! The siblings of POP3, struck while fifty messages of all kinds come.

use super::{every, row, walk, At, Deleted, Kept, Maildir, Mda, Row, Story};
use crate::sdps;
use crate::support::kpop;
use crate::support::story::{Fate, Place, Way};

/// Killed in the dialogue; `thin` says at how many of its moments.
fn row_by(way: &Way, place: Place, fate: Fate) -> Row {
    Row {
        story: Story::of_all_kinds(place, fate).by(way),
        at: At::Moments,
        thin: every(12),
        ..row(place, fate)
    }
}

#[test]
fn killed_while_envelopes_are_told() {
    let way = sdps::way();
    let rows = [
        row_by(&way, Maildir, Kept),
        row_by(&way, Maildir, Deleted),
        row_by(&way, Mda, Deleted),
    ];
    walk("killed while envelopes are told", 60, &rows);
}

#[test]
fn killed_behind_a_door_that_wants_a_ticket() {
    let Some(way) = kpop::way() else { return };
    let rows = [row_by(&way, Maildir, Kept), row_by(&way, Maildir, Deleted)];
    walk("killed behind a door", 30, &rows);
}
