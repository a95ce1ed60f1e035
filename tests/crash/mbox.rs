//! What may stand at the end of an mbox when a run was killed or the power was cut.

use std::collections::BTreeSet;
use std::fs;
use std::io::Write;
use std::time::SystemTime;

use super::{count, long};
use crate::support::story::{Fate, Place, Stage, Story};
use crate::support::strike::{strace_is_here, Point};

/// A stage whose mail is all in the mbox, not yet synced nor remembered; how long the mbox was
/// before, and is now; and when it had been changed before.
fn claimed_mbox(story: &Story) -> (Stage, usize, usize, SystemTime) {
    // On a busy machine a run may deliver in two batches, and sync once more than the next.
    let attempt = |_| {
        let mut stage = story.stage();
        let about = fs::metadata(stage.scene.path("mbox")).unwrap();
        let (before, changed) = (about.len() as usize, about.modified().unwrap());
        // The last sync of a run is that of the mbox.
        let killed = stage.killed(&Point::Call(
            "fsync".into(),
            story.stage().watched(&["fsync"]).len(),
        ));
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
        let killed = stage.killed(&Point::Call("write".into(), k));
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
