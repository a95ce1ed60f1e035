//! What the disk keeps when the power fails, in the worst order it may keep things in.
//!
//! Runs of the real program are watched with strace, and a model of the disk says of each moment what
//! is sure to last (support/disk). Then each sync is left out of what was seen: a promise must break.
//! And disks are brought about as power cuts may leave them, and the next run must mend them:
//! some dozens, or with POPGET_CRASH=long all of them.

mod tales;

use std::collections::BTreeSet;
use std::fs;
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use crate::support::disk::tale::{Cut, Place, Tale};
use crate::support::disk::Disk;
use crate::support::scene::Scene;
use crate::support::server::Language;
use crate::support::strike::strace_is_here;
use crate::support::{mail, memory};
use tales::with_old_mail;
use tales::{filled, letters, lmtp, strikes, struck, tale, tale_in, tale_with, undisturbed};
use tales::{Letters, BOTH, MAILDIR, MBOX, MDA, OLD, PRINTED, SORTED};

fn long() -> bool {
    std::env::var("POPGET_CRASH").as_deref() == Ok("long")
}

/// Says what was done, past the test harness.
fn say(text: &str) {
    let _ = io::stderr().write_all(format!("power cut: {text}\n").as_bytes());
}

/// Syncs of folders that a run before may have made and been killed: where none did they change
/// nothing, and the run cannot tell. Nor can one destination tell what another has synced.
const UNSURE: [&str; 9] = [
    "both, run 1: ~/some",
    "both, run 1: ~/some/where",
    "mbox with old mail, run 1: ~/some/where",
    "memory written anew, run 1: ~",
    "memory written anew, run 1: ~/.local/state/popget",
    "sorted, run 1: ~/some",
    "sorted, run 1: ~/some/where",
    "torn memory, run 1: ~",
    "torn memory, run 1: ~/.local/state/popget",
];

#[test]
fn nothing_is_promised_before_it_lasts_and_no_sync_is_idle() {
    if !strace_is_here() {
        return;
    }
    let (mut count, mut reasons, mut idle) = (0, BTreeSet::new(), BTreeSet::new());
    for (name, tale) in undisturbed() {
        let broken = tale.broken(None);
        assert!(broken.is_empty(), "{name}: {broken:#?}");
        drop(tale.end(Path::new("got")));
        for (place, path) in tale.syncs() {
            let broken = tale.broken(Some(place));
            let which = format!("{name}, run {}: {}", place.0 + 1, path.display());
            if broken.is_empty() {
                let home = tale.scene.path("").canonicalize().unwrap();
                idle.insert(which.replace(&*home.to_string_lossy(), "~"));
            }
            reasons.extend(broken);
            count += 1;
        }
    }
    assert_eq!(idle.into_iter().collect::<Vec<_>>(), UNSURE);
    say(&format!("{count} syncs, each of them needed"));
    assert!(count > 300, "only {count} syncs");
    assert!(reasons.len() >= 10, "{reasons:#?}");
}

#[test]
fn what_is_sent_ahead_promises_nothing_sooner() {
    if !strace_is_here() {
        return;
    }
    let with_lead = |scene: Scene| scene.key("pipeline", "auto");
    for deliver in [MAILDIR, MBOX, MDA, BOTH, PRINTED, &lmtp()] {
        let mut tale = tale_with(deliver, "false", &letters(100), with_lead);
        assert_eq!(tale.run(None), Some(0));
        let broken = tale.broken(None);
        assert!(broken.is_empty(), "{deliver}: {broken:#?}");
        assert_eq!(tale.server.maildrop().left(), 0);
    }
}

#[test]
fn what_became_of_one_message_is_synced_with_the_claim_of_the_next() {
    if !strace_is_here() {
        return;
    }
    let mut tale = tale(MDA, "true", &letters(8));
    assert_eq!(tale.run(None), Some(0));
    let memory = tale.memory();
    let of_it = tale.syncs();
    let of_it = of_it.iter().filter(|(_, path)| *path == memory).count();
    // An MDA that has ended before we look waits for no other message.
    assert!((9..=12).contains(&of_it), "{of_it} syncs for 8 messages");
}

#[test]
fn the_older_protocols_promise_nothing_sooner() {
    if !strace_is_here() {
        return;
    }
    for language in [Language::Pop2, Language::Pop1] {
        let mut needed = 0;
        for deliver in [MAILDIR, MBOX, MDA] {
            let mut tale = tale_in(language, deliver, &letters(4));
            assert_eq!(tale.run(None), Some(0));
            let broken = tale.broken(None);
            assert!(broken.is_empty(), "{language:?}, {deliver}: {broken:#?}");
            assert_eq!(tale.server.maildrop().left(), 0);
            let syncs = tale.syncs().into_iter();
            needed += syncs
                .filter(|(place, _)| !tale.broken(Some(*place)).is_empty())
                .count();
        }
        say(&format!("{language:?}: {needed} syncs are needed"));
        assert!(needed >= 20, "{language:?}: only {needed} syncs");
    }
}

#[test]
fn what_is_cut_off_from_the_memory_is_so_for_good() {
    if !strace_is_here() {
        return;
    }
    // The first sync is refused, after the claims are written.
    let mut refused = tale(MAILDIR, "false", &letters(4));
    assert_eq!(refused.run(Some("fdatasync:error=EIO:when=1")), Some(73));
    assert_eq!(refused.run(None), Some(0));
    for tale in [filled(), refused] {
        let broken = tale.broken(None);
        assert!(broken.is_empty(), "{broken:#?}");
        let memory = tale.memory();
        let of_it = |((of, _), path): &(Place, PathBuf)| *of == 0 && *path == memory;
        let syncs: Vec<_> = tale.syncs().into_iter().filter(of_it).collect();
        assert_eq!(syncs.len(), 1);
        assert!(!tale.broken(Some(syncs[0].0)).is_empty());
    }
}

#[test]
fn a_letter_that_could_not_be_synced_is_not_claimed_later() {
    if !strace_is_here() {
        return;
    }
    // So few files may be open that letters are synced two by two, and some are whole by then.
    let few = ["sh", "-c", "ulimit -n 256; exec \"$@\"", "sh"];
    let mut undisturbed = tale(MAILDIR, "false", &letters(4));
    assert_eq!(undisturbed.run_under(&few, None), Some(0));
    let syncs = undisturbed.runs[0].iter();
    let syncs = syncs.filter(|call| call.name == "fsync").zip(1..);
    let of_letters = syncs.filter(|(call, _)| {
        let path = call.descriptor(0).1;
        path.parent()
            .is_some_and(|folder| folder.ends_with("Mail/tmp"))
    });
    let mut times = 0;
    for (_, k) in of_letters {
        let mut tale = tale(MAILDIR, "false", &letters(4));
        let refused = format!("fsync:error=EIO:when={k}");
        assert_eq!(tale.run_under(&few, Some(&refused)), Some(74));
        assert_eq!(tale.run(None), Some(0));
        let broken = tale.broken(None);
        assert!(broken.is_empty(), "{refused}: {broken:#?}");
        times += 1;
    }
    assert_eq!(times, 4);
}

#[test]
fn large_letters_last_before_they_are_claimed() {
    if !strace_is_here() {
        return;
    }
    // So large that some of them are synced while others come.
    let text = b"It takes many lines like this one to make a letter large.\n".repeat(20_000);
    let letter = |n| {
        let head = format!("Subject: {n}\n\n").into_bytes();
        (format!("m{n}"), [head, text.clone()].concat())
    };
    let mut tale = tale(MAILDIR, "false", &(0..10).map(letter).collect());
    assert_eq!(tale.run(None), Some(0));
    let broken = tale.broken(None);
    assert!(broken.is_empty(), "{broken:#?}");
    let syncs = tale.syncs().into_iter();
    let of_letters = syncs.filter(|(_, path)| {
        let folder = path.parent();
        folder.is_some_and(|folder| folder.ends_with("Mail/tmp"))
    });
    let needed = of_letters.filter(|(place, _)| !tale.broken(Some(*place)).is_empty());
    assert_eq!(needed.count(), 10);
}

#[test]
fn no_sync_of_a_recovery_is_idle() {
    if !strace_is_here() {
        return;
    }
    let mut count = 0;
    for (name, tale) in struck() {
        let broken = tale.broken(None);
        assert!(broken.is_empty(), "{name}: {broken:#?}");
        for (place, path) in tale.syncs() {
            // What is only on the way may have been synced by the run before.
            let way = path.is_dir() && !path.ends_with("new") && !path.ends_with("tmp");
            if place.0 == 1 && !way {
                let broken = tale.broken(Some(place));
                let which = format!("{name}: the sync of {}", path.display());
                assert!(!broken.is_empty(), "{which} changes nothing");
                count += 1;
            }
        }
    }
    say(&format!("{count} syncs of recoveries, each of them needed"));
    assert!(count >= 10, "only {count} syncs");
}

/// Every strike in the long run, else one in so many, and not always the first.
fn some<T>(all: Vec<T>, n: usize) -> impl Iterator<Item = T> {
    let n = if long() { 1 } else { n };
    all.into_iter().skip(n / 2).step_by(n)
}

/// Strikes and lets it recover; no promise may break.
fn recovers_from(strike: &str, deliver: &str) {
    let mut tale = tale(deliver, "false", &letters(4));
    tale.run(Some(strike));
    assert_eq!(tale.run(None), Some(0), "after {strike}");
    let broken = tale.broken(None);
    assert!(broken.is_empty(), "{deliver}: {strike}: {broken:#?}");
    drop(tale.end(Path::new("got")));
}

#[test]
fn nor_when_a_run_is_killed_and_another_goes_on() {
    if !strace_is_here() {
        return;
    }
    let calls = [
        "mkdir",
        "openat",
        "write",
        "fsync",
        "fdatasync",
        "renameat",
        "ftruncate",
        "unlink",
    ];
    let mut times = 0;
    for deliver in [MAILDIR, MBOX, BOTH, SORTED] {
        for (call, k) in some(strikes(deliver, &calls), 6) {
            recovers_from(&format!("{call}:signal=SIGKILL:when={k}"), deliver);
            times += 1;
        }
    }
    say(&format!(
        "killed {times} times, and nothing promised too early"
    ));
    assert!(times >= 15, "killed only {times} times");
}

#[test]
fn nor_when_the_system_refuses() {
    if !strace_is_here() {
        return;
    }
    let calls = ["write", "fsync", "fdatasync", "renameat", "ftruncate"];
    let mut times = 0;
    for deliver in [MAILDIR, MBOX, BOTH, SORTED] {
        for (call, k) in some(strikes(deliver, &calls), 9) {
            recovers_from(&format!("{call}:error=EIO:when={k}"), deliver);
            times += 1;
        }
    }
    say(&format!(
        "refused {times} times, and nothing promised too early"
    ));
    assert!(times >= 8, "refused only {times} times");
}

/// Whether a run may say that a message may come twice, though it does not.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Doubt {
    Never,
    /// Half a letter was cut off before, and only the time of the file tells by whom: that it was
    /// cut off may last without its time.
    Perhaps,
}

/// Brings about what a power cut left, and lets the next run mend it.
fn is_mended(tale: &mut Tale, cut: &Cut, letters: &Letters, doubt: Doubt) {
    cut.state.bring_about(&tale.scene.path(""));
    for (uid, letter) in letters {
        tale.server.maildrop().remove(uid);
        if cut.left.contains(uid) {
            tale.server.maildrop().add(uid, letter);
        }
    }
    let outcome = tale.scene.run().exits(0);
    let mut outcome = match doubt {
        Doubt::Never => outcome.never_shows("may come twice").whatever(),
        Doubt::Perhaps => outcome.whatever(),
    };
    let (mut uids, mut expected): (Vec<_>, Vec<_>) = letters.iter().cloned().unzip();
    uids.sort();
    expected.sort();
    let mut arrived = vec![contents(&tale.scene.path("some/where/Mail/new"))];
    let mbox = outcome.file("some/where/mbox");
    if let Some(rest) = mbox.strip_prefix(OLD) {
        match mail::out_of_mboxrd(rest) {
            Ok(messages) => arrived.push(messages),
            Err(error) => outcome.fail(&error),
        }
    }
    let mut counts = Vec::new();
    for mut messages in arrived {
        messages.sort();
        if !messages.is_empty() && messages != expected {
            outcome.fail(&format!(
                "{} messages of {}",
                messages.len(),
                expected.len()
            ));
        }
        counts.push(messages.len());
    }
    if counts.iter().sum::<usize>() != expected.len() * tale.places {
        outcome.fail(&format!("{counts:?} messages in {} places", tale.places));
    }
    let known = memory::uids(&fs::read_to_string(tale.memory()).unwrap());
    assert_eq!(known, uids, "the memory");
    assert_eq!(tale.server.maildrop().left(), 0);
    let files = Disk::of(&tale.scene.path("")).seen().into_keys();
    let ours = ["lock", "seen"].map(|ending| tale.memory().with_extension(ending));
    let litter = files
        .map(|file| tale.scene.path("").join(file))
        .filter(|file| {
            let expected = ["popget.yaml", "ca.pem", "password", "mbox"];
            let mail = file.parent().is_some_and(|folder| folder.ends_with("new"));
            !mail && !ours.contains(file) && !expected.iter().any(|name| file.ends_with(name))
        });
    assert_eq!(litter.collect::<Vec<_>>(), Vec::<PathBuf>::new());
    outcome.take_stderr();
}

/// The files in a folder, if there is one.
fn contents(folder: &Path) -> Vec<Vec<u8>> {
    let entries = fs::read_dir(folder).into_iter().flatten();
    entries
        .map(|entry| fs::read(entry.unwrap().path()).unwrap())
        .collect()
}

/// Whether a run delivered all that it did in one batch. On a busy machine it may need two, and a
/// trace does not tell the time that an mbox had between them.
fn delivers_at_once(tale: &Tale, strike: Option<&str>) -> bool {
    let syncs = tale.syncs();
    let of = |run: usize| {
        let syncs = syncs.iter().filter(|(place, _)| place.0 == run);
        syncs.filter(|(_, path)| path.ends_with("mbox")).count()
    };
    match strike {
        None => of(0) <= 1,
        Some(_) => of(0) == 0 && of(1) <= 2,
    }
}

/// Mends what power cuts leave at any moment of a run, or of one that was struck and its successor.
fn whatever_is_left_is_mended(deliver: &str, strike: Option<&str>) -> usize {
    let letters = letters(4);
    let mixed = deliver != MAILDIR;
    let more = if mixed { with_old_mail } else { |scene| scene };
    let attempt = |_| {
        let mut tale = tale_with(deliver, "false", &letters, more);
        tale.run(strike);
        if strike.is_some() {
            assert_eq!(tale.run(None), Some(0));
        }
        Some(tale).filter(|tale| delivers_at_once(tale, strike))
    };
    let mut tale = (0..10).find_map(attempt).expect("one batch in a run");
    let uids: Vec<String> = letters.iter().map(|(uid, _)| uid.clone()).collect();
    let cuts = tale.cuts(&uids);
    // A round number in the short form, spread over all of them.
    let stride = cuts.len() / 20 + 1;
    let doubt = match strike {
        Some(_) if mixed => Doubt::Perhaps,
        _ => Doubt::Never,
    };
    let mut times = 0;
    for cut in some(cuts, stride) {
        is_mended(&mut tale, &cut, &letters, doubt);
        times += 1;
    }
    times
}

#[test]
fn what_a_power_cut_leaves_of_a_maildir_is_mended() {
    if strace_is_here() {
        let mut times = whatever_is_left_is_mended(MAILDIR, None);
        if long() {
            let killed = "fdatasync:signal=SIGKILL:when=2";
            times += whatever_is_left_is_mended(MAILDIR, Some(killed));
        }
        say(&format!("a Maildir left in {times} ways"));
        assert!(times >= 15, "left only in {times} ways");
    }
}

/// A kill when room is made in an mbox and nothing stands in it yet. Later ones leave whole letters
/// before a torn one; when the file was changed by its mending no trace tells.
fn at_the_first_letter() -> String {
    let mut tale = tale_with(MBOX, "false", &letters(4), with_old_mail);
    assert_eq!(tale.run(None), Some(0));
    let mut writes = tale.runs[0].iter().filter(|call| call.name == "write");
    let at = writes.position(|call| call.descriptor(0).1.ends_with("mbox"));
    let k = at.expect("something is written into it") + 1;
    format!("write:signal=SIGKILL:when={k}")
}

#[test]
fn what_a_power_cut_leaves_of_several_places_is_mended() {
    if strace_is_here() {
        let mut times = whatever_is_left_is_mended(BOTH, None);
        times += whatever_is_left_is_mended(SORTED, None);
        if long() {
            let killed = "fdatasync:signal=SIGKILL:when=2";
            times += whatever_is_left_is_mended(BOTH, Some(killed));
        }
        say(&format!("several places left in {times} ways"));
        assert!(times >= 15, "left only in {times} ways");
    }
}

#[test]
fn what_a_power_cut_leaves_of_an_mbox_is_mended() {
    if strace_is_here() {
        let mut times = whatever_is_left_is_mended(MBOX, None);
        if long() {
            times += whatever_is_left_is_mended(MBOX, Some(&at_the_first_letter()));
        }
        say(&format!("an mbox left in {times} ways"));
        assert!(times >= 15, "left only in {times} ways");
    }
}
