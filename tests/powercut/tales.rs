//! The tales that the power cut is looked for in.

use std::fs;

use crate::support::disk::tale::Tale;
use crate::support::lmtp::LmtpServer;
use crate::support::scene::{Scene, ACCOUNT};
use crate::support::server::{Language, PopServer};

pub const MAILDIR: &str = "maildir: ~/some/where/Mail";
pub const MBOX: &str = "mbox: ~/some/where/mbox";
pub const MDA: &str = "mda: cat > \"$(mktemp \"$HOME/got/XXXXXX\")\"";
pub const BOTH: &str = "- maildir: ~/some/where/Mail\n- mbox: ~/some/where/mbox\n";
/// Not a list, but the routes of the two recipients of each message.
pub const SORTED: &str = "envelope: X-To\nroutes:\n  a: {maildir: ~/some/where/Mail}\n  \
    b: {mbox: ~/some/where/mbox}\n";
pub const PRINTED: &str = "mbox: \"-\"";

/// Delivery to a server that takes mail, as long as the test lasts.
pub fn lmtp() -> String {
    format!("lmtp: {{address: \"{}\"}}", LmtpServer::start().address())
}

/// What is in an mbox before.
pub const OLD: &[u8] = b"From old@example.org Thu Jan  1 00:00:00 2026\nSubject: old\n\nold\n\n";

pub type Letters = Vec<(String, Vec<u8>)>;

/// So many messages, one of them larger than what is kept in memory.
pub fn letters(count: usize) -> Letters {
    let large = b"From here on it is long, and longer than the spool's memory.\n".repeat(4500);
    let text = |n: usize| match n {
        1 => [&b"X-To: a, b\nSubject: large\n\n"[..], &large].concat(),
        n => format!("X-To: a, b\nSubject: {n}\n\n{n}\n").into_bytes(),
    };
    (0..count).map(|n| (format!("m{n}"), text(n))).collect()
}

/// A tale of these messages, before its first run. Each command waits for its reply: then it is seen
/// best what each sync is for.
pub fn tale(deliver: &str, keep: &str, letters: &Letters) -> Tale {
    tale_with(deliver, keep, letters, |scene| scene)
}

/// As `tale`, with something else there before.
pub fn tale_with(deliver: &str, keep: &str, letters: &Letters, more: fn(Scene) -> Scene) -> Tale {
    let server = PopServer::start();
    let more = |scene: Scene| more(scene.key("keep", keep).key("pipeline", "off"));
    let tale = begun(&server, letters, |scene| {
        more(match deliver {
            SORTED => scene.without_key("deliver").key("multidrop", SORTED),
            _ => scene.deliver(deliver),
        })
    });
    Tale {
        places: 1 + usize::from([BOTH, SORTED].contains(&deliver)),
        ..tale
    }
}

/// A tale in another protocol, whose server is to delete these messages.
pub fn tale_in(language: Language, deliver: &str, letters: &Letters) -> Tale {
    let server = PopServer::builder().speaking(language).start();
    begun(&server, letters, |scene| {
        scene.key("keep", "false").deliver(deliver)
    })
}

fn begun(server: &PopServer, letters: &Letters, prepared: impl FnOnce(Scene) -> Scene) -> Tale {
    for (uid, letter) in letters {
        server.maildrop().add(uid, letter);
    }
    let scene = prepared(Scene::with_server(server));
    fs::create_dir_all(scene.path("got")).unwrap();
    Tale::begin(server, scene)
}

pub fn with_old_mail(scene: Scene) -> Scene {
    scene.file("some/where/mbox", OLD)
}

/// The path of the memory below the home.
fn memory_file() -> String {
    format!(".local/state/popget/{ACCOUNT}.seen")
}

/// A memory with so much history that it is written anew.
fn with_history(scene: Scene) -> Scene {
    let scene = scene.remembers(["old"]);
    let mut text = fs::read_to_string(scene.path(&memory_file())).unwrap();
    (0..1100).for_each(|n| text += &format!("fail old - {n}\n"));
    scene.file(&memory_file(), text.as_bytes())
}

/// A memory as a power cut leaves it.
fn with_torn_memory(scene: Scene) -> Scene {
    let scene = scene.remembers(["old"]);
    let mut text = fs::read(scene.path(&memory_file())).unwrap();
    text.extend_from_slice(&[0; 50]);
    text.extend_from_slice(b"ne 4\nfail old - 2\n");
    scene.file(&memory_file(), &text)
}

/// Tales in which nothing strikes, each with its name.
pub fn undisturbed() -> Vec<(String, Tale)> {
    let mut tales = Vec::new();
    let lmtp = lmtp();
    for (name, deliver) in [
        ("Maildir", MAILDIR),
        ("mbox", MBOX),
        ("MDA", MDA),
        ("LMTP", &lmtp),
    ] {
        for keep in ["true", "false"] {
            tales.push((
                format!("{name}, keep: {keep}"),
                tale(deliver, keep, &letters(5)),
            ));
        }
    }
    for (name, deliver) in [("Maildir", MAILDIR), ("mbox", MBOX)] {
        tales.push((
            format!("{name}, many"),
            tale(deliver, "false", &letters(150)),
        ));
    }
    tales.push(("both".into(), tale(BOTH, "false", &letters(5))));
    tales.push(("sorted".into(), tale(SORTED, "true", &letters(5))));
    let old = tale_with(MBOX, "false", &letters(3), with_old_mail);
    tales.push(("mbox with old mail".into(), old));
    let torn = tale_with(MAILDIR, "false", &letters(3), with_torn_memory);
    tales.push(("torn memory".into(), torn));
    for (_, tale) in &mut tales {
        assert_eq!(tale.run(None), Some(0));
    }
    let mut printed = tale(PRINTED, "true", &letters(3));
    let to_file = ["sh", "-c", "exec \"$@\" > \"$HOME/out\"", "sh"];
    assert_eq!(printed.run_under(&to_file, None), Some(0));
    tales.push(("printed to a file".into(), printed));
    tales.push(("memory written anew".into(), compacted()));
    tales
}

/// A memory that is nearly as long as files may become in `filled`.
fn with_long_memory(scene: Scene) -> Scene {
    let scene = scene.remembers(["old"]);
    let mut text = fs::read_to_string(scene.path(&memory_file())).unwrap();
    while text.len() < 8 * 512 - 100 {
        text += "fail old - 1\n";
    }
    scene.file(&memory_file(), text.as_bytes())
}

/// The disk is full in the middle of a line of the memory, and there is room for the next run.
pub fn filled() -> Tale {
    let mut tale = tale_with(MAILDIR, "false", &letters(1), with_long_memory);
    let full = ["sh", "-c", "trap '' XFSZ; ulimit -f 8; exec \"$@\"", "sh"];
    assert_eq!(tale.run_under(&full, None), Some(73));
    assert_eq!(tale.run(None), Some(0));
    tale
}

/// Tales in which the first run is killed and leaves something to the second.
pub fn struck() -> Vec<(String, Tale)> {
    let mut tales = Vec::new();
    for (deliver, call, from_the_last) in [
        (MAILDIR, "fdatasync", 1), // before the claims last
        (MAILDIR, "renameat", 1),  // before the last is public
        (MAILDIR, "fdatasync", 0), // before it is remembered
        (MBOX, "fsync", 0),        // before the mbox is synced
        (MBOX, "write", 7),        // in the middle of it
        (MBOX, "fdatasync", 0),
        (BOTH, "ftruncate", 1), // in the Maildir, and half of them in the mbox
        (BOTH, "fdatasync", 0),
        (SORTED, "write", 7),
    ] {
        let times = strikes(deliver, &[call]).len();
        let mut tale = tale(deliver, "false", &letters(4));
        let strike = format!("{call}:signal=SIGKILL:when={}", times - from_the_last);
        assert_eq!(tale.run(Some(&strike)), None, "{strike}");
        assert_eq!(tale.run(None), Some(0));
        tales.push((format!("{deliver}, {strike}"), tale));
    }
    tales
}

/// The memory is written anew, and then there is more mail.
fn compacted() -> Tale {
    let mut tale = tale_with(MAILDIR, "true", &letters(2), with_history);
    assert_eq!(tale.run(None), Some(0));
    tale.server.maildrop().add("later", b"Subject: later\n\n");
    assert_eq!(tale.run(None), Some(0));
    assert!(
        fs::read(tale.memory()).unwrap().len() < 2000,
        "it was not written anew"
    );
    tale
}

/// Calls at which runs are struck, with how often.
pub fn strikes(deliver: &str, calls: &[&str]) -> Vec<(String, usize)> {
    let mut tale = tale(deliver, "false", &letters(4));
    assert_eq!(tale.run(None), Some(0));
    let mut strikes = Vec::new();
    for name in calls {
        let times = tale.runs[0]
            .iter()
            .filter(|call| call.name == *name)
            .count();
        strikes.extend((1..=times).map(|k| ((*name).to_owned(), k)));
    }
    strikes
}
