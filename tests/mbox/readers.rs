//! Programs that lock an mbox, take what is in it, and leave it empty.

use std::fs::{self, File};
use std::io::{Read, Seek};
use std::path::{Path, PathBuf};
use std::thread;
use std::time::{Duration, Instant};

use memchr::memmem;
use rustix::fs::{fcntl_lock, FlockOperation};
use rustix::process::{fcntl_getlk, Flock, FlockType};

use crate::support::disk::tale::Tale;
use crate::support::disk::trace::Call;
use crate::support::scene::Scene;
use crate::support::server::PopServer;
use crate::support::story::{Fate, Place, Stage, Story};
use crate::support::strike::{strace_is_here, Fault, Made, Point};

/// Takes all mail but so much.
fn take(path: &Path, but: u64) -> Vec<u8> {
    let mut file = File::options().read(true).write(true).open(path).unwrap();
    fcntl_lock(&file, FlockOperation::LockExclusive).unwrap();
    let mut mail = Vec::new();
    file.rewind().unwrap();
    file.read_to_end(&mut mail).unwrap();
    // A file that is no longer than that may still be written, as some programs do.
    file.set_len(but.min(mail.len() as u64)).unwrap();
    file.set_modified(std::time::SystemTime::now()).unwrap();
    mail.split_off(mail.len().min(usize::try_from(but).unwrap()))
}

/// Waits until another program has locked the file.
fn is_locked(path: &Path) {
    let file = File::options().read(true).write(true).open(path).unwrap();
    let begun = Instant::now();
    let lock = Flock::from(FlockType::WriteLock);
    while fcntl_getlk(&file, &lock).unwrap().is_none() {
        assert!(begun.elapsed() < Duration::from_secs(30), "nobody locks it");
        thread::sleep(Duration::from_millis(1));
    }
}

/// How often a message of a story of many stands there whole.
fn copies(mail: &[u8], n: usize) -> usize {
    let message = format!("\nSubject: {n}\n\n{n}\n\n");
    memmem::find_iter(mail, message.as_bytes()).count()
}

fn mbox(stage: &Stage) -> PathBuf {
    stage.scene.path("mbox")
}

/// A stage whose run was killed when it unlocked the mbox: all is in it and nothing remembered.
fn unlocking(story: &Story) -> Stage {
    let removed = story.stage().watched(&["unlink"]);
    let dotlock = |made: &Made| made.file.as_deref() == Some("mbox.lock");
    let last = removed.iter().rposition(dotlock).unwrap() + 1;
    let mut stage = story.stage();
    assert!(stage.killed(&Point::Call("unlink".into(), last)));
    assert!(stage.claims() > 1, "{removed:#?}");
    stage
}

#[test]
fn one_waits_until_all_that_is_recovered_is_remembered() {
    if !strace_is_here() {
        return;
    }
    let mut stage = unlocking(&Story::of_many(Place::Mbox, Fate::Kept, 6));
    let path = mbox(&stage);
    let reader = thread::spawn(move || {
        is_locked(&path);
        take(&path, 0)
    });
    // Slow enough that the reader comes between, if anything can.
    let slowly = Fault {
        what: "delay_enter=300000",
        onwards: true,
    };
    let (_, outcome) = stage.struck(&Point::Call("fdatasync".into(), 1), slowly);
    drop(outcome.exits(0).never_shows("may come twice").whatever());
    let taken = reader.join().unwrap();
    stage.recovers();
    let mail = [taken, fs::read(mbox(&stage)).unwrap()].concat();
    let counts: Vec<usize> = (0..6).map(|n| copies(&mail, n)).collect();
    assert_eq!(counts, [1; 6]);
}

/// A run is killed, a reader takes all mail but so much, and another run goes on. What comes twice
/// is said.
fn killed_and_read(call: &str, k: usize, but: u64) -> bool {
    let mut stage = Story::of_many(Place::Mbox, Fate::Kept, 3).stage();
    let killed = stage.killed(&Point::Call(call.into(), k));
    let taken = take(&mbox(&stage), but);
    let mut outcome = stage.scene.run();
    let said = outcome.take_stderr();
    drop(outcome.exits(0).whatever());
    let mail = [taken, fs::read(mbox(&stage)).unwrap()].concat();
    for n in 0..3 {
        let doubt = said.contains(&format!("message m{n} "));
        match copies(&mail, n) {
            1 => {}
            2 => assert!(
                doubt,
                "{call} {k}, but {but}: {n} came twice, unsaid: {said}"
            ),
            other => panic!("{call} {k}, but {but}: {n} came {other} times"),
        }
    }
    killed
}

#[test]
fn what_one_took_after_a_crash_comes_twice_only_with_a_word() {
    if !strace_is_here() {
        return;
    }
    let long = std::env::var("POPGET_CRASH").as_deref() == Ok("long");
    let old = Story::of_many(Place::Mbox, Fate::Kept, 0).stage();
    let old = fs::metadata(mbox(&old)).unwrap().len();
    let mut kills = 0;
    for call in ["write", "ftruncate", "fsync", "fdatasync"] {
        let step = if long || call != "write" { 1 } else { 5 };
        for k in (1..).step_by(step) {
            // The short run takes turns.
            let ways = if long {
                vec![0, old]
            } else {
                vec![[0, old][k % 2]]
            };
            let killed = ways.iter().filter(|but| killed_and_read(call, k, **but));
            let killed = killed.count();
            kills += killed;
            if killed == 0 {
                break;
            }
        }
    }
    assert!(kills >= 10, "killed only {kills} times");
}

#[test]
fn one_lock_is_around_all_that_is_recovered() {
    if !strace_is_here() {
        return;
    }
    let server = PopServer::start();
    for n in 0..4 {
        let uid = format!("m{n}");
        server.maildrop().add(&uid, b"Subject: x\n\nx\n");
    }
    let scene = Scene::with_server(&server).deliver("mbox: ~/mbox");
    let mut tale = Tale::begin(&server, scene);
    // Two letters stand there whole, and nothing of the others.
    assert_eq!(tale.run(Some("ftruncate:signal=SIGKILL:when=3")), None);
    assert_eq!(tale.run(None), Some(0));
    let recovery = &tale.runs[1];
    let greeted = recovery.iter().position(|call| call.name == "sendto");
    let recovery = &recovery[..greeted.unwrap()];
    let (memory, dotlock) = (tale.memory(), tale.scene.path("mbox.lock"));
    let all = |name: &str, at: usize, path: &Path| -> Vec<usize> {
        let is = |call: &Call| match call.name == name && name.starts_with(['f', 'w']) {
            true => call.descriptor(at).1 == path,
            false => call.name == name && call.path(at) == path,
        };
        let places = recovery.iter().enumerate();
        let places = places.filter(|(_, call)| is(call)).map(|(place, _)| place);
        places.collect()
    };
    let (locked, unlocked) = (all("linkat", 3, &dotlock), all("unlink", 0, &dotlock));
    let (written, synced) = (all("write", 0, &memory), all("fdatasync", 0, &memory));
    assert_eq!((locked.len(), written.len()), (1, 1), "{recovery:#?}");
    let order = [
        locked[0],
        written[0],
        *synced.last().unwrap(),
        *unlocked.last().unwrap(),
    ];
    assert!(order.is_sorted(), "{order:?}: {recovery:#?}");
    // Before it is made, a stale one may be removed.
    assert_eq!(
        unlocked.iter().filter(|place| **place > locked[0]).count(),
        1
    );
}
