//! Killed or failed at every step, then run again: nothing is lost, nothing comes twice.
//!
//! Points to be struck at come from two sides: every exchange with the server, and, by injection
//! with strace, every system call of a kind. POPGET_CRASH=long strikes everywhere; without it
//! those points are left out that nearly repeat others. Each test counts how often it struck.

use std::collections::BTreeSet;
use std::fs;
use std::io::{self, Write};
use std::time::SystemTime;

use crate::support::story::{strace_is_here, Fate, Place, Stage, Story};

/// The calls that change what lasts. strace counts those of each thread by itself.
const CALLS: [&str; 12] = [
    "write",
    "fsync",
    "fdatasync",
    "rename",
    "renameat",
    "link",
    "linkat",
    "unlink",
    "unlinkat",
    "mkdir",
    "ftruncate",
    "openat",
];

/// The stories whose end is certain.
const STORIES: [(Place, Fate); 4] = [
    (Place::Maildir, Fate::Kept),
    (Place::Maildir, Fate::Deleted),
    (Place::Mbox, Fate::Kept),
    (Place::Mbox, Fate::Deleted),
];

fn long() -> bool {
    std::env::var("POPGET_CRASH").as_deref() == Ok("long")
}

/// Every point in the long run, else every n-th.
fn every(n: usize) -> usize {
    if long() {
        1
    } else {
        n
    }
}

/// Says how often it struck, past the test harness; it must have been often.
#[track_caller]
fn count(what: &str, times: usize, least: usize) {
    let _ = io::stderr().write_all(format!("crash: {what}: {times} times\n").as_bytes());
    assert!(times >= least, "{what} only {times} times");
}

#[test]
fn killed_at_every_exchange_with_the_server() {
    let mut kills = 0;
    for (place, fate) in STORIES {
        let story = Story::new(place, fate);
        let settled = story.settled_memory();
        for k in 1.. {
            let mut stage = story.stage();
            let killed = stage.killed_at_exchange(k);
            stage.recovers();
            stage.ended_well(&settled);
            if !killed {
                break;
            }
            kills += 1;
        }
    }
    count("killed at an exchange", kills, 120);
}

/// Kills at every call, and lets something happen before the clean run; tells how often.
fn killed_in(story: &Story, calls: &[&str], meanwhile: impl Fn(&mut Stage)) -> usize {
    let settled = story.settled_memory();
    let mut kills = 0;
    for call in calls {
        for k in 1.. {
            let mut stage = story.stage();
            let killed = stage.killed_at(call, k);
            meanwhile(&mut stage);
            stage.recovers();
            stage.ended_well(&settled);
            if !killed {
                break;
            }
            kills += 1;
        }
    }
    kills
}

#[test]
fn killed_at_every_system_call_of_a_maildir() {
    if strace_is_here() {
        let kept = killed_in(&Story::new(Place::Maildir, Fate::Kept), &CALLS, |_| {});
        // Loading the program opens most of the files; once is enough.
        let calls = if long() { &CALLS[..] } else { &CALLS[..11] };
        let deleted = killed_in(&Story::new(Place::Maildir, Fate::Deleted), calls, |_| {});
        count("killed at a system call, Maildir", kept + deleted, 90);
    }
}

#[test]
fn killed_at_every_system_call_of_an_mbox() {
    if strace_is_here() {
        let kept = killed_in(&Story::new(Place::Mbox, Fate::Kept), &CALLS, |_| {});
        let calls = if long() { &CALLS[..] } else { &CALLS[..11] };
        let deleted = killed_in(&Story::new(Place::Mbox, Fate::Deleted), calls, |_| {});
        count("killed at a system call, mbox", kept + deleted, 90);
    }
}

#[test]
fn killed_among_more_than_are_delivered_together() {
    if strace_is_here() {
        let calls = ["fsync", "fdatasync", "rename", "link"];
        let calls = if long() { &calls[..] } else { &calls[1..2] };
        let mut kills = 0;
        for (place, fate) in STORIES {
            kills += killed_in(&Story::of_many(place, fate, 150), calls, |_| {});
        }
        count("killed among many", kills, 20);
    }
}

#[test]
fn a_mail_reader_may_take_what_has_arrived_meanwhile() {
    if strace_is_here() {
        let story = Story::new(Place::Maildir, Fate::Deleted);
        let kills = killed_in(&story, &["rename", "fsync", "fdatasync"], Stage::is_read);
        count("killed, then read", kills, 20);
    }
}

#[test]
fn killed_again_while_it_recovers() {
    if !strace_is_here() {
        return;
    }
    let mut kills = 0;
    for (place, fate) in STORIES {
        let story = Story::new(place, fate);
        let settled = story.settled_memory();
        for (first, k) in first_kills(&story) {
            for call in [
                "write",
                "fsync",
                "fdatasync",
                "rename",
                "unlink",
                "ftruncate",
            ] {
                for k2 in (1..).step_by(every(3)) {
                    let mut stage = story.stage();
                    stage.killed_at(first, k);
                    let killed = stage.killed_at(call, k2);
                    if place == Place::Maildir {
                        stage.is_read();
                    }
                    stage.recovers();
                    stage.ended_well(&settled);
                    if !killed {
                        break;
                    }
                    kills += 1;
                }
            }
        }
    }
    count("killed twice", kills, 40);
}

/// Where a run leaves something behind for the next one to clear up.
fn first_kills(story: &Story) -> Vec<(&'static str, usize)> {
    // Published and not remembered; and published but not synced.
    let mut kills = vec!["fdatasync", "fsync"]
        .into_iter()
        .map(|call| (call, how_many(story, call)))
        .collect::<Vec<_>>();
    if long() {
        kills.extend([
            ("rename", 2),
            ("rename", 4),
            ("write", 12),
            ("write", 16),
            ("fdatasync", 1),
        ]);
    }
    kills
}

/// How many calls of this kind a run makes that nothing happens to.
fn how_many(story: &Story, call: &str) -> usize {
    let mut stage = story.stage();
    let (_, outcome) = stage.struck(call, "delay_enter=0:when=1+");
    drop(outcome.whatever());
    let trace = fs::read_to_string(stage.scene.path("../trace")).unwrap();
    trace.lines().count()
}

#[test]
fn what_the_system_refuses_is_tried_again_by_the_next_run() {
    if !strace_is_here() {
        return;
    }
    let mut failures = 0;
    let stories = if long() { &STORIES[..] } else { &STORIES[1..3] };
    for &(place, fate) in stories {
        let story = Story::new(place, fate);
        let settled = story.settled_memory();
        for call in [
            "write",
            "fsync",
            "fdatasync",
            "rename",
            "ftruncate",
            "link",
            "unlink",
        ] {
            for (error, onwards) in [("ENOSPC", ""), ("EIO", "+")] {
                for k in 1.. {
                    let mut stage = story.stage();
                    let what = format!("error={error}:when={k}{onwards}");
                    let (failed, mut outcome) = stage.struck(call, &what);
                    stage.is_sound();
                    match outcome.take_status() {
                        // What cannot be removed is left for the next run.
                        Some(0) if call != "unlink" => stage.ended_well(&settled),
                        Some(0 | 71 | 73 | 74) => {}
                        _ => outcome.fail("not the status of a system that fails"),
                    }
                    drop(outcome.whatever());
                    stage.recovers();
                    stage.ended_well(&settled);
                    if !failed {
                        break;
                    }
                    failures += 1;
                }
            }
        }
    }
    count("failed by the system", failures, 120);
}

/// A stage whose mail is all in the mbox, not yet synced nor remembered; how long the mbox was
/// before, and is now; and when it had been changed before.
fn claimed_mbox(story: &Story) -> (Stage, usize, usize, SystemTime) {
    // On a busy machine a run may deliver in two batches, and sync once more than the next.
    let attempt = |_| {
        let mut stage = story.stage();
        let about = fs::metadata(stage.scene.path("mbox")).unwrap();
        let (before, changed) = (about.len() as usize, about.modified().unwrap());
        // The last sync of a run is that of the mbox.
        let killed = stage.killed_at("fsync", how_many(story, "fsync"));
        let all = killed && stage.claims() == stage.expected().len();
        let now = fs::read(stage.scene.path("mbox")).unwrap().len();
        (all && now > before).then_some((stage, before, now, changed))
    };
    let found = (0..10).find_map(attempt);
    found.expect("a run killed at the sync of its mbox")
}

#[test]
fn every_torn_tail_of_an_mbox_is_mended() {
    if !strace_is_here() {
        return;
    }
    let story = Story::new(Place::Mbox, Fate::Kept);
    let settled = story.settled_memory();
    let (_, before, whole, _) = claimed_mbox(&story);
    let step = (whole - before) / if long() { 200 } else { 12 };
    let near = [
        before,
        before + 1,
        before + 5,
        before + 161,
        whole - 1,
        whole,
    ];
    let ends: BTreeSet<usize> = (before..whole).step_by(step).chain(near).collect();
    let mut torn = 0;
    for end in ends {
        // As a power cut leaves it: shorter, or as long but with nothing in it.
        for zeros in [false, true] {
            let (mut stage, _, _, changed) = claimed_mbox(&story);
            let path = stage.scene.path("mbox");
            let mut mbox = fs::read(&path).unwrap();
            mbox.truncate(end);
            if zeros {
                mbox.resize(whole, 0);
            }
            fs::write(&path, &mbox).unwrap();
            if mbox.len() == before {
                // Nothing of it reached the disk: not its time either.
                let file = fs::File::options().write(true).open(&path).unwrap();
                file.set_modified(changed).unwrap();
            }
            stage.recovers();
            stage.ended_well(&settled);
            torn += 1;
        }
    }
    count("torn", torn, 24);
}

#[test]
fn what_others_append_behind_a_torn_letter_stays() {
    if !strace_is_here() {
        return;
    }
    let story = Story::of_many(Place::Mbox, Fate::Kept, 5);
    let other = b"From other@example.org Thu Jan  1 00:00:00 2026\nSubject: other\n\nother\n\n";
    let mut struck = 0;
    for k in 1.. {
        let mut stage = story.stage();
        let killed = stage.killed_at("write", k);
        let path = stage.scene.path("mbox");
        let mut mbox = fs::OpenOptions::new().append(true).open(&path).unwrap();
        mbox.write_all(other).unwrap();
        // Whether some came twice cannot always be told now, and is said then.
        let mut outcome = stage.scene.run();
        if outcome.take_status() != Some(0) {
            outcome.fail("the clean run did not go well");
        }
        drop(outcome.whatever());
        let mbox = fs::read(&path).unwrap();
        for message in stage.expected().iter().chain([&other[..].to_vec()]) {
            let found = memchr::memmem::find(&mbox, message).is_some();
            assert!(
                found,
                "killed at write {k}: gone: {}",
                message.escape_ascii()
            );
        }
        if !killed {
            break;
        }
        struck += 1;
    }
    count("killed, then appended to", struck, 15);
}

#[test]
fn to_an_mda_at_most_the_one_in_flight_comes_twice_and_that_is_said() {
    if !strace_is_here() {
        return;
    }
    let story = Story::new(Place::Mda, Fate::Deleted);
    let settled = story.settled_memory();
    let (mut kills, mut twice) = (0, 0);
    let exchanges = ["exchange"].into_iter();
    for call in exchanges.chain(["write", "fdatasync", "clone3", "vfork", "pipe2"]) {
        for k in 1.. {
            let mut stage = story.stage();
            let killed = match call {
                "exchange" => stage.killed_at_exchange(k),
                call => stage.killed_at(call, k),
            };
            // What was in flight is still taken by the MDA, which outlives us.
            std::thread::sleep(std::time::Duration::from_millis(if killed {
                30
            } else {
                0
            }));
            let claimed = stage.claims();
            let mut outcome = stage.scene.run();
            let said = outcome.take_stderr().contains("may come twice");
            assert_eq!(said, claimed == 1, "{}", outcome.take_stderr());
            drop(outcome.exits(0));
            assert!(claimed <= 1, "{claimed} in flight");
            let mut arrived = stage.arrived();
            for message in stage.expected() {
                let at = arrived.iter().position(|found| *found == message);
                arrived.remove(at.expect("each message, whole"));
            }
            assert!(arrived.len() <= claimed, "{} came twice", arrived.len());
            // The copy in flight may be cut short: the MDA saw its input end with us.
            let fits = |extra: &Vec<u8>| {
                stage
                    .expected()
                    .iter()
                    .any(|whole| whole.starts_with(extra))
            };
            assert!(arrived.iter().all(fits), "something else arrived");
            twice += arrived.len();
            stage.left_nothing_over(&settled);
            if !killed {
                break;
            }
            kills += 1;
        }
    }
    count("killed with an MDA", kills, 60);
    assert!(twice > 0, "no kill was between delivered and remembered");
}
