//! The file that an account is added to: what was there stays as it was.

use std::os::unix::fs::{symlink, MetadataExt, PermissionsExt};

use super::{alone, written, FILE, KEPT};
use crate::support::scene::Scene;

/// A run that adds an account of this name, without a look at any server.
fn adds(scene: &mut Scene, name: &str) -> crate::support::outcome::Outcome {
    scene.run_with(&[
        "setup",
        "ann@gmx.net",
        "--config",
        FILE,
        "--no-test",
        "--name",
        name,
        "--password-command",
        "pass show 'a: b'",
        "--quiet",
    ])
}

const BLOCK: &str = "    server: pop.gmx.net\n    tls: implicit\n    user: ann@gmx.net\n    password_command: \"pass show 'a: b'\"\n    keep: true\n    deliver:\n      maildir: ~/Mail/new\n";

#[test]
fn a_file_is_made_for_us_alone_with_the_folders_to_it() {
    let mut scene = alone();
    scene
        .run_with(&[
            "setup",
            "ann@gmx.net",
            "-c",
            "deep/er/popget.yaml",
            "--no-test",
            "--name",
            "new",
            "--password-command",
            "pass show 'a: b'",
            "-q",
        ])
        .silent()
        .exits(0);
    let path = scene.path("deep/er/popget.yaml");
    let text = std::fs::read_to_string(&path).unwrap();
    assert_eq!(text, format!("accounts:\n  new:\n{BLOCK}"));
    assert_eq!(path.metadata().unwrap().mode() & 0o777, 0o600);
    assert_eq!(scene.path("deep").metadata().unwrap().mode() & 0o777, 0o700);
}

#[test]
fn the_usual_file_is_the_one_that_a_run_reads() {
    let mut scene = alone().config("# mine\naccounts:\n  old: {server: pop.invalid, user: x}\n");
    let all = [
        "setup",
        "ann@gmx.net",
        "--no-test",
        "--name",
        "new",
        "--ask-password",
        "-q",
    ];
    let outcome = scene.run_with(&all).silent();
    let text = String::from_utf8(outcome.file(".config/popget/popget.yaml")).unwrap();
    assert!(text.starts_with("# mine\naccounts:\n  old: {server: pop.invalid, user: x}\n  new:\n    server: pop.gmx.net\n"), "{text}");
    outcome.exits(0);
}

#[test]
fn mode_owner_and_links_stay() {
    let mut scene = alone().file("real/kept.yaml", KEPT.as_bytes());
    let real = scene.path("real/kept.yaml");
    std::fs::set_permissions(&real, PermissionsExt::from_mode(0o640)).unwrap();
    let owner = rustix::process::getuid().as_raw();
    if owner == 0 {
        std::os::unix::fs::chown(&real, Some(0), Some(12)).unwrap();
    }
    let group = real.metadata().unwrap().gid();
    symlink("real/kept.yaml", scene.path(FILE)).unwrap();
    adds(&mut scene, "new").silent().exits(0);
    assert!(scene.path(FILE).symlink_metadata().unwrap().is_symlink());
    let about = real.metadata().unwrap();
    assert_eq!(
        (about.mode() & 0o777, about.uid(), about.gid()),
        (0o640, owner, group)
    );
    assert!(written(&scene).contains("    # more to come\n    new:\n        server: pop.gmx.net\n"));
    let beside = std::fs::read_dir(scene.path("real")).unwrap().count();
    assert_eq!(beside, 1, "nothing is left beside it");
}

#[test]
fn every_style_is_kept() {
    for (before, after) in [
        ("", "accounts:\n  new:\nBLOCK"),
        ("accounts: {}\n", "accounts:\n  new:\nBLOCK"),
        (
            "# only a remark",
            "# only a remark\naccounts:\n  new:\nBLOCK",
        ),
        ("jobs: 3", "jobs: 3\naccounts:\n  new:\nBLOCK"),
        (
            "accounts:\r\n  a: {server: h, user: u}\r\njobs: 1\r\n",
            "accounts:\r\n  a: {server: h, user: u}\r\n  new:\r\nBLOCKjobs: 1\r\n",
        ),
    ] {
        let mut scene = alone().file(FILE, before.as_bytes());
        adds(&mut scene, "new").silent().exits(0);
        let block = match before.contains('\r') {
            true => BLOCK.replace('\n', "\r\n"),
            false => BLOCK.into(),
        };
        assert_eq!(written(&scene), after.replace("BLOCK", &block), "{before}");
    }
    let json = "{\"accounts\": {\"a\": {\"server\": \"h\", \"user\": \"u\"}}}";
    let mut scene = alone().file(FILE, json.as_bytes());
    adds(&mut scene, "new").silent().exits(0);
    let text: serde_json::Value = serde_json::from_str(&written(&scene)).unwrap();
    assert_eq!(text["accounts"]["a"]["server"], "h");
    assert_eq!(text["accounts"]["new"]["deliver"]["maildir"], "~/Mail/new");
}

#[test]
fn what_cannot_be_added_is_printed_instead() {
    let odd = "? accounts\n: a: {server: h, user: u}\n";
    let mut scene = alone().file(FILE, odd.as_bytes());
    adds(&mut scene, "new")
        .says("nothing is written: no place was found in mine.yaml")
        .says("put it there by hand, below accounts\n")
        .prints_exactly(format!("  new:\n{BLOCK}").as_bytes())
        .exits(78);
    assert_eq!(written(&scene), odd);
}

#[test]
fn a_name_that_is_taken_is_refused_before_anything_is_done() {
    let mut scene = alone().file(FILE, KEPT.as_bytes());
    let said = "--name: there is an account old in mine.yaml already; choose another name\n";
    adds(&mut scene, "old").says(said).says_lines(1).exits(64);
    assert_eq!(written(&scene), KEPT);
    // Of itself it takes another.
    let taken = "accounts:\n  gmx: {server: h, user: u}\n";
    let mut scene = alone().file(FILE, taken.as_bytes());
    let all = [
        "setup",
        "ann@gmx.net",
        "-c",
        FILE,
        "--no-test",
        "--ask-password",
        "-q",
    ];
    scene.run_with(&all).silent().exits(0);
    assert!(written(&scene).contains("  ann@gmx.net:\n    server: pop.gmx.net\n"));
}

#[test]
fn a_file_that_is_wrong_or_unsafe_is_told_first() {
    for (text, mode, said) in [
        ("accounts: [\n", 0o600, "mine.yaml:"),
        (
            "accounts:\n  a: {sever: x}\n",
            0o600,
            "did you mean server?",
        ),
        (KEPT, 0o666, "run chmod 600 mine.yaml"),
        (
            "defaults: {tls_ca_file: /nowhere}\n",
            0o600,
            "popget: the configuration file: defaults.tls_ca_file: /nowhere cannot be read",
        ),
    ] {
        let mut scene = alone().file(FILE, text.as_bytes());
        std::fs::set_permissions(scene.path(FILE), PermissionsExt::from_mode(mode)).unwrap();
        adds(&mut scene, "new").says(said).says_lines(1).exits(78);
        assert_eq!(written(&scene), text);
    }
}

#[test]
fn a_link_that_leads_nowhere_is_told() {
    let mut scene = alone();
    symlink("nowhere", scene.path(FILE)).unwrap();
    let outcome = adds(&mut scene, "new").says("mine.yaml: it is a link that leads nowhere\n");
    outcome.says_lines(1).exits(78);
    assert!(scene.path(FILE).symlink_metadata().unwrap().is_symlink());
}

#[test]
fn a_disk_that_fails_leaves_the_old_file_and_nothing_beside_it() {
    for (calls, error) in [
        ("write", "ENOSPC"),
        ("fsync", "EIO"),
        ("rename,renameat,renameat2", "EIO"),
    ] {
        let scene = alone().file("real/kept.yaml", KEPT.as_bytes());
        let inject = format!("inject={calls}:error={error}:when=1");
        let mut scene = scene.under(&[
            "setsid",
            "--wait",
            "strace",
            "-qq",
            "-o",
            "/dev/null",
            "-e",
            &inject,
        ]);
        scene
            .run_with(&[
                "setup",
                "ann@gmx.net",
                "-c",
                "real/kept.yaml",
                "--no-test",
                "--ask-password",
                "-q",
            ])
            .says("cannot write real/kept.yaml: ")
            .says_lines(1)
            .prints("  gmx:\n    server: pop.gmx.net\n")
            .exits(73);
        let kept = std::fs::read_to_string(scene.path("real/kept.yaml")).unwrap();
        assert_eq!(kept, KEPT, "{calls}");
        assert_eq!(
            std::fs::read_dir(scene.path("real")).unwrap().count(),
            1,
            "{calls}"
        );
    }
}

#[test]
fn where_it_cannot_be_written_that_is_told_first() {
    let mut scene = alone().file("folder", b"");
    // Nothing is looked for, and nothing asked: the password's source is missing.
    scene
        .run_with(&["setup", "ann@gmx.net", "-c", "folder/x.yaml"])
        .says("cannot write folder/x.yaml: ")
        .says_lines(1)
        .exits(73);
}
