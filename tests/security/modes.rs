//! What is made is its owner's alone, whatever the umask.

use super::{
    as_mortal_after, can_be_others, common_folder, given_to, set_mode, with_mail, STRANGER,
};
use crate::support::mail;
use crate::support::scene::Scene;
use crate::support::server::PopServer;
use std::fs;
use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::path::Path;

/// The modes of all that lies below, and what there is more than one of told once.
fn modes(path: &Path) -> Vec<(bool, u32)> {
    let about = fs::symlink_metadata(path).unwrap();
    let mut all = vec![(about.is_dir(), about.permissions().mode() & 0o7777)];
    if about.is_dir() {
        let entries = fs::read_dir(path).unwrap();
        all.extend(entries.flat_map(|entry| modes(&entry.unwrap().path())));
    }
    all.sort_unstable();
    all.dedup();
    all
}

#[test]
fn what_is_made_is_for_its_owner_alone_under_any_umask() {
    for umask in ["0", "077", "777"] {
        for deliver in ["maildir: ~/made/Mail", "mbox: ~/made/mbox"] {
            let server = with_mail(&["alpha.eml"]);
            let with_umask = format!("umask {umask}; exec \"$@\"");
            let mut scene = Scene::with_server(&server)
                .deliver(deliver)
                .args(&["--state-dir", "made/state"])
                .under(&["sh", "-c", &with_umask, "sh"]);
            scene.run().silent().exits(0);
            // The memory is written anew, and the second message goes where the first went.
            server.maildrop().add_named("beta.eml", "beta.eml");
            scene.run_with(&["--accept-new-uids"]).silent().exits(0);
            let found = modes(&scene.path("made"));
            assert_eq!(found, [(false, 0o600), (true, 0o700)], "{umask} {deliver}");
        }
    }
}

#[test]
fn a_umask_that_takes_all_rights_from_the_owner_does_not_stop_the_next_run() {
    if !can_be_others() {
        return;
    }
    for deliver in ["maildir: ~/made/Mail", "mbox: ~/made/mbox"] {
        let server = with_mail(&["alpha.eml"]);
        let mut scene = as_mortal_after("umask 777", Scene::with_server(&server).deliver(deliver));
        drop(scene.run().silent().exits(0));
        server.maildrop().add_named("beta.eml", "beta.eml");
        let outcome = scene.run().silent().exits(0);
        drop(outcome.remembers(["alpha.eml", "beta.eml"]));
    }
}

#[test]
fn the_spool_is_for_its_owner_alone() {
    let server = PopServer::start();
    server.maildrop().add("big", &mail::big(1, 1)[0]);
    // The program looks at what popget has open: a file of its own, which has no name any more.
    let look = "cat > /dev/null; for fd in /proc/$PPID/fd/*; do case $(readlink $fd) in \
                *.spool*deleted*) stat -L -c %a $fd > ~/mode;; esac; done";
    let mut scene = Scene::with_server(&server)
        .deliver(&format!("mda: '{look}'"))
        .under(&["sh", "-c", "umask 0; exec \"$@\"", "sh"]);
    assert_eq!(scene.run().silent().exits(0).file("mode"), b"600\n");
    assert!(!scene.path(".local/state/popget/work.spool").exists());
}

#[test]
fn an_mbox_that_is_there_keeps_owner_and_mode() {
    let server = with_mail(&["alpha.eml"]);
    let mut scene = Scene::with_server(&server)
        .deliver("mbox: ~/mbox")
        .file("mbox", b"");
    set_mode(&scene.path("mbox"), 0o640);
    let root = rustix::process::geteuid().is_root();
    if root {
        given_to(&scene.path("mbox"), STRANGER);
    }
    let outcome = scene.run().silent().exits(0);
    drop(outcome.mbox_holds("mbox", ["alpha.eml"]));
    let about = fs::metadata(scene.path("mbox")).unwrap();
    assert_eq!(about.mode() & 0o7777, 0o640);
    assert!(!root || (about.uid(), about.gid()) == (STRANGER, STRANGER));
}

#[test]
fn an_mbox_is_made_for_its_owner_alone_among_others() {
    let server = with_mail(&["alpha.eml"]);
    let mut scene = Scene::with_server(&server)
        .deliver("mbox: \"{home}/../common/alice\"")
        .under(&["sh", "-c", "umask 0; exec \"$@\"", "sh"]);
    let common = common_folder(&scene);
    drop(
        scene
            .run()
            .silent()
            .exits(0)
            .mbox_holds("../common/alice", ["alpha.eml"]),
    );
    let about = fs::metadata(common.join("alice")).unwrap();
    assert_eq!(about.mode() & 0o7777, 0o600);
    assert_eq!(fs::read_dir(common).unwrap().count(), 1); // no lock file is left
}
