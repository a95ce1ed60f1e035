//! Delivery to an mbox: its three forms, its locks, and what stands in the file before.

mod readers;

use std::fs;
use std::io::{BufRead, BufReader};
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::{Child, Command, Stdio};

use crate::support::mail;
use crate::support::scene::Scene;
use crate::support::server::PopServer;

fn with_mail(messages: &[&str]) -> PopServer {
    let server = PopServer::start();
    for name in messages {
        server.maildrop().add_named(name, name);
    }
    server
}

fn with_ugly_mail() -> (PopServer, Vec<Vec<u8>>) {
    let server = PopServer::start();
    let messages: Vec<Vec<u8>> = mail::ugly().into_iter().map(|(_, bytes)| bytes).collect();
    for (n, message) in messages.iter().enumerate() {
        server.maildrop().add(&format!("u{n}"), message);
    }
    (server, messages)
}

fn to_mbox(server: &PopServer) -> Scene {
    Scene::with_server(server).deliver("mbox: ~/mbox")
}

#[test]
fn every_ugly_message_reads_back_from_an_mboxrd() {
    let (server, messages) = with_ugly_mail();
    let mut scene = to_mbox(&server).key("keep", "false");
    drop(
        scene
            .run()
            .silent()
            .mbox_holds_bytes("mbox", &messages)
            .exits(0),
    );
    assert_eq!(server.maildrop().left(), 0);
    let mode = fs::metadata(scene.path("mbox"))
        .unwrap()
        .permissions()
        .mode();
    assert_eq!(mode & 0o7777, 0o600);
    assert!(!scene.path("mbox.lock").exists());
}

#[test]
fn every_ugly_message_is_in_an_mboxo_but_for_its_quotes() {
    let (server, messages) = with_ugly_mail();
    let mut scene = Scene::with_server(&server).deliver("mbox: ~/mbox\nformat: mboxo");
    let mbox = scene.run().silent().exits(0).file("mbox");
    let mut rest = &mbox[..];
    for message in &messages {
        assert!(rest.starts_with(b"From "));
        let end = rest.iter().position(|byte| *byte == b'\n').unwrap();
        rest = &rest[end + 1..];
        for line in message.split_inclusive(|byte| *byte == b'\n') {
            let quote: &[u8] = if line.starts_with(b"From ") {
                b">"
            } else {
                b""
            };
            rest = rest.strip_prefix(&[quote, line].concat()[..]).unwrap();
        }
        rest = rest.strip_prefix(b"\n").unwrap();
    }
    assert!(rest.is_empty());
}

#[test]
fn an_mboxo_is_quoted_as_old_programs_know_it() {
    let server = with_mail(&["from-lines.eml", "quoted-from-first.eml"]);
    let mut scene = Scene::with_server(&server).deliver("mbox: ~/mbox\nformat: mboxo");
    let mbox = scene.run().exits(0).file("mbox");
    let text = String::from_utf8(mbox).unwrap();
    let mut expected = String::new();
    for name in ["from-lines.eml", "quoted-from-first.eml"] {
        let message = String::from_utf8(mail::named(name)).unwrap();
        for line in message.split_inclusive('\n') {
            let quote = if line.starts_with("From ") { ">" } else { "" };
            expected += &format!("{quote}{line}");
        }
        expected += "\n";
    }
    let is_ours = |line: &&str| !line.starts_with("From ");
    assert_eq!(
        text.split_inclusive('\n')
            .filter(is_ours)
            .collect::<String>(),
        expected
    );
    assert_eq!(
        text.lines()
            .filter(|line| line.starts_with("From "))
            .count(),
        2
    );
}

#[test]
fn every_ugly_message_reads_back_from_an_mboxcl2() {
    let (server, messages) = with_ugly_mail();
    let mut scene = Scene::with_server(&server).deliver("mbox: ~/mbox\nformat: mboxcl2");
    let mbox = scene.run().silent().exits(0).file("mbox");
    let mut rest = mbox.as_slice();
    for message in &messages {
        let (read, after) = mail::out_of_mboxcl2(rest);
        let (expected, ends) = mail::without_lengths(message);
        assert_eq!(
            String::from_utf8_lossy(&read),
            String::from_utf8_lossy(&expected)
        );
        assert!(ends || read.ends_with(b"\n"));
        rest = after;
    }
    assert!(rest.is_empty());
}

#[test]
fn what_stands_in_the_file_before_stays_and_is_ended_first() {
    let alpha = mail::named("alpha.eml");
    for (before, ends) in [
        ("", ""),
        ("From a\nB: c\n\nd\n\n", ""),
        ("From a\nB: c\n\nd\n", "\n"),
        ("From a\nB: c\n\nd", "\n\n"),
    ] {
        let server = with_mail(&["alpha.eml", "from-lines.eml"]);
        let mut scene = to_mbox(&server).file("mbox", before.as_bytes());
        let mbox = scene.run().silent().exits(0).file("mbox");
        let rest = mbox.strip_prefix(format!("{before}{ends}").as_bytes());
        let rest = rest.unwrap_or_else(|| panic!("{before:?} became {}", mbox.escape_ascii()));
        let messages = mail::out_of_mboxrd(rest).unwrap();
        assert_eq!(messages, [alpha.clone(), mail::named("from-lines.eml")]);
    }
}

#[test]
fn the_from_line_names_the_sender_and_can_hold_nothing_else() {
    let server = with_mail(&["hostile-return-path.eml", "no-header.eml"]);
    server
        .maildrop()
        .add("x", b"Return-Path: <bob@example.org>\n\nhi\n");
    let mbox = to_mbox(&server).run().exits(0).file("mbox");
    let text = String::from_utf8_lossy(&mbox).into_owned();
    let lines: Vec<&str> = text
        .lines()
        .filter(|line| line.starts_with("From "))
        .collect();
    assert_eq!(lines.len(), 3, "{text}");
    assert!(lines[1].starts_with("From MAILER-DAEMON "), "{text}");
    assert!(lines[2].starts_with("From bob@example.org "), "{text}");
    let words: Vec<&str> = lines[2].split_whitespace().collect();
    assert_eq!(
        words.len(),
        7,
        "From, sender, and a date as asctime writes it: {}",
        lines[2]
    );
}

#[test]
fn a_file_that_is_no_mbox_is_left_alone() {
    let server = with_mail(&["alpha.eml"]);
    let mut scene = to_mbox(&server).file("mbox", b"Dear diary,\n");
    drop(scene.run().says("does not begin like an mbox").exits(73));
    assert_eq!(fs::read(scene.path("mbox")).unwrap(), b"Dear diary,\n");
    assert!(!scene.path("mbox.lock").exists());
    let mut scene = to_mbox(&server).file("mbox/x", b"");
    let logins = server.logins();
    drop(
        scene
            .run()
            .says("mbox: it is a folder; choose another path")
            .exits(73),
    );
    assert_eq!(
        server.logins(),
        logins,
        "it was found out before the network"
    );
}

#[test]
fn a_folder_that_is_missing_is_made_as_for_a_maildir() {
    let server = with_mail(&["alpha.eml"]);
    Scene::with_server(&server)
        .deliver("mbox: ~/missing/too/mbox")
        .run()
        .mbox_holds("missing/too/mbox", ["alpha.eml"])
        .exits(0);
}

/// A program that locks a file until it is ended.
struct Locker(Child);

impl Locker {
    fn lock(path: &Path) -> Locker {
        let script =
            "import fcntl, sys, time\nf = open(sys.argv[1], 'a')\nfcntl.lockf(f, fcntl.LOCK_EX)\n\
                      print('locked', flush=True)\ntime.sleep(60)";
        let mut child = Command::new("python3");
        let child = child
            .args(["-c", script])
            .arg(path)
            .stdout(Stdio::piped())
            .spawn();
        let mut child = child.expect("python3");
        let mut line = String::new();
        let said = child.stdout.take().unwrap();
        BufReader::new(said).read_line(&mut line).unwrap();
        assert_eq!(line, "locked\n");
        Locker(child)
    }
}

impl Drop for Locker {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

#[test]
fn a_file_that_another_program_locks_is_tried_again_later() {
    let server = with_mail(&["alpha.eml"]);
    let mut scene = to_mbox(&server).file("mbox", b"");
    let locker = Locker::lock(&scene.path("mbox"));
    drop(
        scene
            .run()
            .says("locked by another program")
            .remembers([])
            .exits(75),
    );
    assert_eq!(fs::read(scene.path("mbox")).unwrap(), b"");
    assert!(!scene.path("mbox.lock").exists());
    drop(locker);
    drop(
        scene
            .run()
            .silent()
            .mbox_holds("mbox", ["alpha.eml"])
            .exits(0),
    );
}

#[test]
fn only_the_locks_that_are_asked_for_are_minded() {
    let server = with_mail(&["alpha.eml"]);
    let dotlock = "mbox: ~/mbox\nlock: [dotlock]";
    let mut scene = Scene::with_server(&server)
        .deliver(dotlock)
        .file("mbox", b"");
    let locker = Locker::lock(&scene.path("mbox"));
    drop(
        scene
            .run()
            .silent()
            .mbox_holds("mbox", ["alpha.eml"])
            .exits(0),
    );
    drop(locker);
    let live = format!("{} {}\n", std::process::id(), host());
    let fcntl = "mbox: ~/mbox\nlock: [fcntl]";
    let mut scene = Scene::with_server(&server)
        .deliver(fcntl)
        .file("mbox.lock", live.as_bytes());
    drop(
        scene
            .run()
            .silent()
            .mbox_holds("mbox", ["alpha.eml"])
            .exits(0),
    );
    assert!(scene.path("mbox.lock").exists());
}

fn host() -> String {
    rustix::system::uname()
        .nodename()
        .to_string_lossy()
        .into_owned()
}

#[test]
fn a_dotlock_of_a_live_program_is_respected() {
    let server = with_mail(&["alpha.eml"]);
    let live = format!("{} {}\n", std::process::id(), host());
    let mut scene = to_mbox(&server).file("mbox.lock", live.as_bytes());
    drop(
        scene
            .run()
            .says("locked by another program")
            .remembers([])
            .exits(75),
    );
    assert_eq!(fs::read(scene.path("mbox.lock")).unwrap(), live.as_bytes());
    assert_eq!(fs::read(scene.path("mbox")).unwrap(), b"");
}

#[test]
fn a_dotlock_of_a_dead_program_is_removed() {
    let mut dead = Command::new("true").spawn().unwrap();
    dead.wait().unwrap();
    let stale = format!("{} {}\n", dead.id(), host());
    let server = with_mail(&["alpha.eml"]);
    let mut scene = to_mbox(&server).file("mbox.lock", stale.as_bytes());
    drop(
        scene
            .run()
            .silent()
            .mbox_holds("mbox", ["alpha.eml"])
            .exits(0),
    );
    assert!(!scene.path("mbox.lock").exists());
}

#[test]
fn a_dotlock_of_nobody_is_removed_when_it_is_old() {
    let server = with_mail(&["alpha.eml"]);
    let mut scene = to_mbox(&server).file("mbox.lock", b"0");
    let old = std::time::SystemTime::now() - std::time::Duration::from_secs(3600);
    let lock = fs::File::options()
        .write(true)
        .open(scene.path("mbox.lock"))
        .unwrap();
    lock.set_modified(old).unwrap();
    drop(
        scene
            .run()
            .silent()
            .mbox_holds("mbox", ["alpha.eml"])
            .exits(0),
    );
}

#[test]
fn an_mbox_can_be_printed() {
    let server = with_mail(&["alpha.eml", "from-lines.eml"]);
    let mut scene = Scene::with_server(&server).deliver("mbox: \"-\"");
    let mut outcome = scene
        .run()
        .remembers(["alpha.eml", "from-lines.eml"])
        .exits(0);
    let messages = mail::out_of_mboxrd(outcome.take_stdout().as_bytes()).unwrap();
    assert_eq!(
        messages,
        [mail::named("alpha.eml"), mail::named("from-lines.eml")]
    );
    drop(outcome);
    drop(scene.run().silent().exits(0));
}

#[test]
fn what_cannot_be_printed_is_not_delivered() {
    let server = with_mail(&["alpha.eml"]);
    let full = ["sh", "-c", "exec \"$@\" > /dev/full", "sh"];
    let mut scene = Scene::with_server(&server)
        .deliver("mbox: \"-\"")
        .under(&full);
    drop(scene.run().says("standard output").remembers([]).exits(74));
}

#[test]
fn a_failed_append_is_cut_off_again() {
    let server = with_mail(&["alpha.eml", "endless-line.eml", "beta.eml"]);
    // As a full disk does: files can be no larger than 32 blocks, and writing more is an error.
    let full = "trap '' XFSZ; ulimit -f 32; exec \"$@\"";
    let old = b"From a\nB: c\n\nd\n\n";
    let mut scene = to_mbox(&server)
        .file("mbox", old)
        .under(&["sh", "-c", full, "sh"]);
    let outcome = scene.run().says("mbox").exits(74);
    let mbox = outcome.file("mbox");
    let rest = mbox.strip_prefix(old).expect("what was there before");
    assert_eq!(
        mail::out_of_mboxrd(rest).unwrap(),
        [mail::named("alpha.eml")]
    );
    drop(outcome.remembers(["alpha.eml"]));
    scene.wraps(&[]);
    let mbox = scene.run().silent().exits(0).file("mbox");
    let mut messages = mail::out_of_mboxrd(mbox.strip_prefix(old).unwrap()).unwrap();
    messages.sort();
    let mut expected = ["alpha.eml", "beta.eml", "endless-line.eml"].map(mail::named);
    expected.sort();
    assert_eq!(messages, expected);
}

#[test]
fn an_append_that_fails_within_a_batch_undoes_no_other() {
    let names = [
        "alpha.eml",
        "beta.eml",
        "gamma.eml",
        "dots.eml",
        "plain.eml",
    ];
    let full = "trap '' XFSZ; ulimit -f 32; exec \"$@\"";
    let before = b"From a\nB: c\n\n";
    for room in [200, 350, 500] {
        let server = with_mail(&names);
        // Full, but for a little room: some of these small messages fit, and one of them in part.
        let filling = vec![b'x'; 32 * 512 - room - before.len() - 2];
        let old = [&before[..], &filling, b"\n\n"].concat();
        let mut scene = to_mbox(&server)
            .key("keep", "false")
            .file("mbox", &old)
            .under(&["sh", "-c", full, "sh"]);
        let outcome = scene.run().says("mbox").says_lines(1).exits(74);
        let mbox = outcome.file("mbox");
        let stored = mail::out_of_mboxrd(mbox.strip_prefix(&old[..]).unwrap()).unwrap();
        let (came, rest) = names.split_at(stored.len());
        assert_eq!(
            stored,
            came.iter()
                .map(|name| mail::named(name))
                .collect::<Vec<_>>()
        );
        assert!(!rest.is_empty());
        drop(outcome.remembers(came));
        assert_eq!(server.maildrop().uids(), rest);
        scene.wraps(&[]);
        let mbox = scene.run().silent().remembers(names).exits(0).file("mbox");
        let messages = mail::out_of_mboxrd(mbox.strip_prefix(&old[..]).unwrap()).unwrap();
        assert_eq!(messages, names.map(mail::named));
        assert_eq!(server.maildrop().left(), 0);
    }
}
