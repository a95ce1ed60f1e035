//! Killed or failed at every step, then run again: nothing is lost, nothing comes twice.
//!
//! `calls` says what can go wrong with which system call, `matrix` strikes a story with it and says
//! what must hold; the rows of the matrix are here. `mbox` tears the ends of an mbox. Each test
//! counts how often it struck. POPGET_CRASH=long strikes everywhere; without it those points are
//! left out that nearly repeat others. tests/crash-long runs that and adds up the counts.

use std::io::{self, Write};

use crate::support::server::Language;
use crate::support::story::{Fate, Place, Story};
use crate::support::strike::strace_is_here;
use matrix::{walk, At, Row, Time};
use Fate::{Deleted, Kept};
use Place::{All, Both, Lmtp, Maildir, Mbox, Mda, Sorted};

mod calls;
mod matrix;
mod mbox;
mod siblings;

/// What the next run finds is decided by these; how it speaks with the server is not.
const DISK: At = At::These(
    &[
        "openat",
        "read",
        "pread64",
        "write",
        "fsync",
        "fdatasync",
        "rename",
        "link",
        "linkat",
        "unlink",
        "mkdir",
        "ftruncate",
        "flock",
        "fcntl",
        "statx",
        "getdents64",
    ],
    "",
);

fn long() -> bool {
    std::env::var("POPGET_CRASH").as_deref() == Ok("long")
}

/// Every point in the long form, else every n-th.
fn every(n: usize) -> usize {
    match long() {
        true => 1,
        false => n,
    }
}

/// Says how often it struck, past the test harness; it must have been often.
#[track_caller]
fn count(what: &str, times: usize, least: usize) {
    let _ = io::stderr().write_all(format!("crash: {what}: {times} times\n").as_bytes());
    assert!(times >= least, "{what} only {times} times");
}

/// The plainest row; what is other is said.
fn row(place: Place, fate: Fate) -> Row {
    Row {
        story: Story::new(place, fate),
        time: Time::First,
        at: At::Calls,
        read: false,
        thin: every(8),
    }
}

#[test]
fn killed_at_every_moment_of_the_dialogue() {
    let row = |place, fate| Row {
        at: At::Moments,
        thin: every(2),
        ..row(place, fate)
    };
    let rows = [
        row(Maildir, Kept),
        row(Maildir, Deleted),
        row(Mbox, Kept),
        row(Mbox, Deleted),
        row(Mda, Deleted),
        row(Lmtp, Deleted),
        row(Both, Deleted),
        row(Sorted, Deleted),
    ];
    walk("killed in the dialogue", 80, &rows);
}

/// A row in an older protocol.
fn older(language: Language, row: Row) -> Row {
    Row {
        story: row.story.speaking(language),
        ..row
    }
}

/// Wherever it is killed while it speaks this.
fn killed_while_it_speaks(language: Language, least: usize) {
    let row = |place, fate| Row {
        at: At::Moments,
        thin: every(2),
        ..older(language, row(place, fate))
    };
    let rows = [
        row(Maildir, Kept),
        row(Maildir, Deleted),
        row(Mbox, Kept),
        row(Mbox, Deleted),
        row(Mda, Deleted),
    ];
    walk("killed in an older protocol", least, &rows);
}

/// A deletion may be asked for only when its message is durable and remembered, and is asked for at
/// once.
#[test]
fn killed_at_every_moment_of_the_dialogue_in_pop2() {
    killed_while_it_speaks(Language::Pop2, 90);
}

/// All messages are deleted together, when all of them are durable and remembered.
#[test]
fn killed_at_every_moment_of_the_dialogue_in_pop1() {
    killed_while_it_speaks(Language::Pop1, 20);
}

#[test]
fn a_run_that_is_struck_while_it_speaks_pop2() {
    struck_while_it_speaks(Language::Pop2);
}

#[test]
fn a_run_that_is_struck_while_it_speaks_pop1() {
    struck_while_it_speaks(Language::Pop1);
}

fn struck_while_it_speaks(language: Language) {
    if strace_is_here() {
        let row = |fate| Row {
            thin: every(16),
            ..older(language, row(Maildir, fate))
        };
        walk("in an older protocol", 80, &[row(Kept), row(Deleted)]);
    }
}

#[test]
fn a_first_run_into_a_maildir() {
    if strace_is_here() {
        walk(
            "into a Maildir",
            150,
            &[row(Maildir, Kept), row(Maildir, Deleted)],
        );
    }
}

#[test]
fn a_first_run_into_an_mbox() {
    if strace_is_here() {
        walk("into an mbox", 150, &[row(Mbox, Kept), row(Mbox, Deleted)]);
    }
}

#[test]
fn a_first_run_to_an_mda() {
    to_one_who_cannot_be_asked("to an MDA", Mda);
}

#[test]
fn a_first_run_by_lmtp() {
    to_one_who_cannot_be_asked("by LMTP", Lmtp);
}

fn to_one_who_cannot_be_asked(what: &str, place: Place) {
    if strace_is_here() {
        let walk = walk(what, 90, &[row(place, Deleted)]);
        assert!(
            walk.twice > 0,
            "no strike was between delivered and remembered"
        );
    }
}

#[test]
fn a_first_run_to_several_places() {
    if strace_is_here() {
        let row = |place| Row {
            at: DISK,
            thin: every(12),
            ..row(place, Deleted)
        };
        walk(
            "to several places",
            100,
            &[row(Both), row(All), row(Sorted)],
        );
    }
}

#[test]
fn clearing_up_in_several_places() {
    if strace_is_here() {
        let row = |place, call, back| Row {
            time: Time::After(call, back),
            at: DISK,
            thin: every(25),
            ..row(place, Deleted)
        };
        // Published in both and not remembered; in the Maildir alone; claimed; the program running.
        let rows = [
            row(Both, "fdatasync", 0),
            row(Both, "ftruncate", 2),
            row(Both, "renameat", 4),
            row(Sorted, "ftruncate", 1),
            row(All, "pipe2", 3),
        ];
        let rows = if long() { &rows[..] } else { &rows[1..] };
        walk("clearing up in several places", 60, rows);
    }
}

#[test]
fn clearing_up_in_a_maildir_that_is_read() {
    if strace_is_here() {
        let row = |call, back| Row {
            time: Time::After(call, back),
            at: DISK,
            thin: every(15),
            read: true,
            ..row(Maildir, Deleted)
        };
        // Published and not remembered; not synced; half of them published; claimed; not claimed.
        let rows = [
            row("fdatasync", 0),
            row("fsync", 0),
            row("renameat", 2),
            row("renameat", 4),
            row("fdatasync", 1),
        ];
        walk("clearing up in a Maildir", 100, &rows);
    }
}

/// Where the run before was killed in an mbox, its next one clears up.
fn after_an_mbox(call: &'static str, back: usize) -> Row {
    Row {
        time: Time::After(call, back),
        at: DISK,
        thin: every(15),
        ..row(Mbox, Kept)
    }
}

// Some faults make a run wait for a lock in vain, as long as that may take: these are two tests so
// that they wait side by side, and the short form strikes at fewer times.

#[test]
fn clearing_up_in_an_mbox_that_is_whole() {
    if strace_is_here() {
        // Not synced; published and not remembered.
        let rows = [after_an_mbox("fsync", 0), after_an_mbox("fdatasync", 0)];
        let rows = if long() { &rows[..] } else { &rows[..1] };
        walk("clearing up in an mbox", 40, rows);
    }
}

#[test]
fn clearing_up_in_an_mbox_that_is_torn() {
    if strace_is_here() {
        // The large one torn; only reserved; claimed.
        let rows = [
            after_an_mbox("write", 10),
            after_an_mbox("ftruncate", 4),
            after_an_mbox("fdatasync", 1),
        ];
        let rows = if long() { &rows[..] } else { &rows[..1] };
        walk("clearing up in a torn mbox", 40, rows);
    }
}

#[test]
fn clearing_up_behind_an_mda() {
    if strace_is_here() {
        let row = |call, back| Row {
            time: Time::After(call, back),
            thin: every(15),
            ..row(Mda, Kept)
        };
        // One was given away; another was about to be.
        let rows = [row("fdatasync", 0), row("pipe2", 5)];
        walk("clearing up behind an MDA", 60, &rows);
    }
}

#[test]
fn clearing_up_behind_lmtp() {
    if strace_is_here() {
        let row = |call, back| Row {
            time: Time::After(call, back),
            thin: every(15),
            ..row(Lmtp, Kept)
        };
        // One was given away; another was about to be.
        let rows = [row("fdatasync", 0), row("fdatasync", 3)];
        walk("clearing up behind LMTP", 60, &rows);
    }
}

#[test]
fn more_than_are_delivered_together() {
    if strace_is_here() {
        // Their opening alone goes on beyond what the program's loading opens.
        let row = |place, fate| Row {
            story: Story::of_many(place, fate, 150),
            at: At::These(
                &[
                    "openat",
                    "fdatasync",
                    "rename",
                    "fsync",
                    "ftruncate",
                    "link",
                    "linkat",
                    "unlink",
                ],
                "",
            ),
            // Each of so many is like the others.
            thin: every(70).max(5),
            ..row(place, fate)
        };
        let rows = [row(Maildir, Deleted), row(Mbox, Kept)];
        walk("among many", 40, &rows);
    }
}

#[test]
fn a_line_that_breaks_is_mended_within_the_run() {
    if strace_is_here() {
        let at = || At::These(&["recvfrom", "sendto"], "");
        let row = |place, fate| {
            let plain = row(place, fate);
            Row {
                story: plain.story.retrying(2),
                at: at(),
                // Every strike makes it wait a moment before it connects again.
                thin: every(25).max(2),
                ..plain
            }
        };
        let secure = row(Maildir, Deleted);
        let secure = Row {
            story: secure.story.securely(),
            ..secure
        };
        walk(
            "over lines that break",
            20,
            &[
                row(Maildir, Deleted),
                row(Mbox, Kept),
                row(Mda, Deleted),
                secure,
            ],
        );
    }
}

#[test]
fn a_run_that_reaches_a_limit_of_the_system() {
    // Of descriptors, there are none left from the n-th on; below that the program is not even loaded.
    let few = |place| Row {
        at: At::Limits('n', 4..9, &[71]),
        thin: 1,
        ..row(place, Deleted)
    };
    // Of a file, nothing but its beginning can be written: blocks of 512 bytes.
    let short = |place| Row {
        at: At::Limits('f', 1..6, &[73, 74]),
        thin: 1,
        ..row(place, Kept)
    };
    let rows = [
        few(Maildir),
        few(Mbox),
        few(Mda),
        few(Lmtp),
        short(Maildir),
        short(Mbox),
    ];
    walk("at a limit", 20, &rows);
}

#[test]
fn what_did_not_hold_once() {
    if !strace_is_here() {
        return;
    }
    let plain = row;
    let row = |place, calls, fault| Row {
        at: At::These(calls, fault),
        thin: 1,
        ..plain(place, Deleted)
    };
    let behind = |call, row| Row {
        time: Time::After(call, 0),
        ..row
    };
    let thinner = |row| Row {
        thin: every(6),
        ..row
    };
    let read = |row| Row { read: true, ..row };
    let secure = row(Maildir, &["recvfrom", "sendto"], "EINTR");
    let rows = [
        // A destination that could not be looked at was taken for a missing one: mail came twice.
        read(behind("fsync", row(Maildir, &["statx"], "EIO"))),
        behind("fsync", row(Mbox, &["statx"], "EIO")),
        // A signal meanwhile made locking, reading a folder or the mbox, and feeding an MDA fail.
        row(Maildir, &["flock", "openat"], "EINTR"),
        row(Mbox, &["flock", "fcntl", "pread64"], "EINTR"),
        thinner(row(Mda, &["read", "wait4"], "EINTR")),
        // The spool that could not be read was a lack of resources.
        row(Mda, &["read"], "EIO"),
        // A lack of descriptors was a mistake in the settings or the password file.
        thinner(row(Mda, &["openat"], "EMFILE")),
        // A signal, or a line that was lost, during the handshake was a server without TLS.
        Row {
            story: secure.story.clone().securely().retrying(1),
            ..thinner(secure)
        },
    ];
    walk("where it did not hold once", 100, &rows);
}
