//! An mbox in a folder where others may make files and links, and one that changes under our hands.

use super::{as_mortal, can_be_others, common_folder, given_to, set_mode, strange_link, with_mail};
use crate::support::scene::Scene;
use crate::support::server::PopServer;
use rustix::fs::{fcntl_lock, FlockOperation};
use std::fs::{self, File};
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

fn to_common(server: &PopServer) -> (Scene, PathBuf) {
    let scene = Scene::with_server(server).deliver("mbox: \"{home}/../common/alice\"");
    let common = common_folder(&scene);
    (scene, common)
}

/// The mbox is refused before anybody is asked for mail.
#[track_caller]
fn refused(scene: &mut Scene, server: &PopServer, said: &str, status: i32) {
    drop(scene.run().says(said).says_lines(1).exits(status));
    assert_eq!(server.logins(), 0);
}

#[test]
fn a_strangers_link_is_not_followed() {
    if !can_be_others() {
        return;
    }
    let server = with_mail(&["alpha.eml"]);
    for there in [true, false] {
        let (mut scene, common) = to_common(&server);
        let victim = scene.path("victim");
        if there {
            fs::write(&victim, b"").unwrap();
        }
        strange_link(&victim, &common.join("alice"));
        refused(
            &mut scene,
            &server,
            "is a link made by another user (4711)",
            78,
        );
        assert_eq!(fs::read(&victim).ok(), there.then(Vec::new));
    }
    // Nor one behind a link of our own.
    let (mut scene, common) = to_common(&server);
    let victim = scene.path("victim");
    fs::write(&victim, b"").unwrap();
    strange_link(&victim, &common.join("middle"));
    symlink("middle", common.join("alice")).unwrap();
    refused(
        &mut scene,
        &server,
        "middle is a link made by another user (4711)",
        78,
    );
    // The same for a user who is not root.
    let (scene, common) = to_common(&server);
    strange_link(&scene.path("victim"), &common.join("alice"));
    let mut scene = as_mortal(scene.file("victim", b""));
    refused(
        &mut scene,
        &server,
        "is a link made by another user (4711)",
        78,
    );
}

#[test]
fn ones_own_link_is_followed_even_to_what_is_not_there_yet() {
    let server = with_mail(&["alpha.eml"]);
    let (mut scene, common) = to_common(&server);
    symlink(scene.path("first"), common.join("alice")).unwrap();
    symlink("kept", scene.path("first")).unwrap();
    drop(
        scene
            .run()
            .silent()
            .mbox_holds("kept", ["alpha.eml"])
            .exits(0),
    );
    server.maildrop().add_named("beta.eml", "beta.eml");
    let all = ["alpha.eml", "beta.eml"];
    drop(scene.run().silent().mbox_holds("kept", all).exits(0));
    assert!(common.join("alice").is_symlink());
}

#[test]
fn links_that_lead_nowhere_end() {
    let server = with_mail(&["alpha.eml"]);
    let (mut scene, common) = to_common(&server);
    symlink("alice", common.join("alice")).unwrap();
    refused(&mut scene, &server, "too many levels of symbolic links", 73);
}

#[test]
fn a_hard_link_is_refused_where_others_may_make_such() {
    let server = with_mail(&["alpha.eml"]);
    let (mut scene, common) = to_common(&server);
    fs::write(scene.path("victim"), b"").unwrap();
    fs::hard_link(scene.path("victim"), common.join("alice")).unwrap();
    refused(&mut scene, &server, "has another name (a hard link)", 78);
    assert_eq!(fs::read(scene.path("victim")).unwrap(), b"");
    // Where nobody else can, it is its owner's own doing.
    set_mode(&common, 0o755);
    drop(
        scene
            .run()
            .silent()
            .mbox_holds("victim", ["alpha.eml"])
            .exits(0),
    );
}

#[test]
fn a_file_that_a_stranger_laid_ready_is_refused() {
    if !can_be_others() {
        return;
    }
    let server = with_mail(&["alpha.eml"]);
    for mortal in [true, false] {
        let (mut scene, common) = to_common(&server);
        let file = common.join("alice");
        fs::write(&file, b"").unwrap();
        given_to(&file, 4711);
        set_mode(&file, 0o666);
        if mortal {
            scene = as_mortal(scene);
        }
        refused(&mut scene, &server, "belongs to another user (4711)", 78);
        assert_eq!(fs::read(&file).unwrap(), b"");
    }
}

#[test]
fn what_is_no_file_is_refused_at_once() {
    let server = with_mail(&["alpha.eml"]);
    for device in [false, true] {
        let (mut scene, common) = to_common(&server);
        let path = common.join("alice");
        if device {
            symlink("/dev/null", &path).unwrap();
        } else {
            rustix::fs::mkfifoat(rustix::fs::CWD, &path, rustix::fs::Mode::RWXU).unwrap();
        }
        refused(&mut scene, &server, "it is not a regular file", 73);
    }
}

#[test]
fn a_lock_file_that_is_a_link_leads_nowhere() {
    let server = with_mail(&["alpha.eml"]);
    let (scene, common) = to_common(&server);
    let mut scene = scene.file("victim", b"1 elsewhere\n");
    let lock = common.join("alice.lock");
    symlink(scene.path("victim"), &lock).unwrap();
    // Long ago, so that it is taken for forgotten: by its own age, not by that of what it leads to.
    let old = std::process::Command::new("touch")
        .args(["-h", "-d", "yesterday"])
        .arg(&lock)
        .status();
    assert!(old.unwrap().success());
    drop(
        scene
            .run()
            .silent()
            .mbox_holds("../common/alice", ["alpha.eml"])
            .exits(0),
    );
    assert_eq!(fs::read(scene.path("victim")).unwrap(), b"1 elsewhere\n");
}

#[test]
fn a_lock_file_names_a_process_or_nobody() {
    // To kill(2) a negative number means a group, and would always be found.
    let server = with_mail(&["alpha.eml"]);
    let (mut scene, common) = to_common(&server);
    let host = rustix::system::uname();
    let text = format!("-1 {}\n", host.nodename().to_str().unwrap());
    let lock = common.join("alice.lock");
    fs::write(&lock, text).unwrap();
    let old = std::process::Command::new("touch")
        .args(["-d", "yesterday"])
        .arg(&lock)
        .status();
    assert!(old.unwrap().success());
    drop(
        scene
            .run()
            .silent()
            .mbox_holds("../common/alice", ["alpha.eml"])
            .exits(0),
    );
}

/// Waits until a process has a file open.
fn opened(pid: i32, path: &Path) {
    let begun = Instant::now();
    let folder = format!("/proc/{pid}/fd");
    let has = |entry: fs::DirEntry| fs::read_link(entry.path()).is_ok_and(|to| to == path);
    while !fs::read_dir(&folder).is_ok_and(|open| open.flatten().any(has)) {
        assert!(
            begun.elapsed() < Duration::from_secs(30),
            "popget never opened the mbox"
        );
        std::thread::sleep(Duration::from_millis(5));
    }
}

#[test]
fn an_mbox_that_is_replaced_while_popget_waits_for_its_lock_is_opened_anew() {
    let server = with_mail(&["alpha.eml"]);
    let mut scene = Scene::with_server(&server)
        .deliver("mbox: ~/mbox")
        .file("mbox", b"")
        .file("rewritten", b"");
    let (path, fresh) = (scene.path("mbox"), scene.path("rewritten"));
    let held = File::options().read(true).write(true).open(&path).unwrap();
    fcntl_lock(&held, FlockOperation::LockExclusive).unwrap();
    let begun = scene.start(&[]);
    opened(begun.program().pid().as_raw_nonzero().get(), &path);
    // As a mail reader does that took some messages out of it.
    fs::rename(&fresh, &path).unwrap();
    drop(held);
    drop(
        begun
            .finish()
            .silent()
            .mbox_holds("mbox", ["alpha.eml"])
            .exits(0),
    );
}
