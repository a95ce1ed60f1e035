//! What popget inherits, and what those whom it starts inherit from it.

use super::{can_be_others, with_mail};
use crate::support::mail;
use crate::support::scene::Scene;
use crate::support::server::PASSWORD;

/// What a child says of itself: what it has open, and what becomes of signals.
const ABOUT: &str = "ls /proc/$$/fd | tr \"\\n\" \" \"; grep -E \"^Sig(Blk|Ign)\" /proc/$$/status";

/// Popget with files open and signals blocked that it knows nothing of.
const CROWDED: [&str; 4] = [
    "sh",
    "-c",
    "exec 7</etc/passwd 9>>$HOME/nine 8<$HOME && \
     exec env --ignore-signal=CHLD --ignore-signal=PIPE --block-signal=TERM,CHLD \"$@\"",
    "sh",
];

#[track_caller]
fn is_clean(told: &[u8], what: &str) {
    let told = String::from_utf8_lossy(told);
    let mut lines = told.split("Sig");
    assert_eq!(lines.next().unwrap().trim(), "0 1 2", "{what}: {told}");
    let masks: Vec<u64> = lines
        .map(|line| u64::from_str_radix(line.split('\t').nth(1).unwrap().trim(), 16).unwrap())
        .collect();
    assert_eq!(masks.len(), 2, "{told}");
    assert_eq!(masks[0], 0, "{what} has blocked signals: {told}");
    let ignored = |signal: i32| masks[1] >> (signal - 1) & 1 == 1;
    let known = [signal_hook::consts::SIGPIPE, signal_hook::consts::SIGCHLD];
    assert!(
        !known.into_iter().any(ignored),
        "{what} ignores signals: {told}"
    );
}

#[test]
fn a_program_that_popget_starts_has_three_files_open_and_no_signal_blocked() {
    let server = with_mail(&["alpha.eml"]);
    let secret = format!("({ABOUT}) > ~/secret; echo {PASSWORD}");
    let mda = format!("({ABOUT}) > ~/mda; echo \"$CREDENTIALS_DIRECTORY\" > ~/kept; cat > ~/one");
    let mut scene = Scene::with_server(&server)
        .without_key("password_file")
        .key("password_command", &format!("'{secret}'"))
        .deliver(&format!("mda: '{mda}'"))
        .env("CREDENTIALS_DIRECTORY", "/run/credentials/x")
        .under(&CROWDED);
    let outcome = scene.run().silent().exits(0);
    assert_eq!(outcome.file("one"), mail::named("alpha.eml"));
    is_clean(&outcome.file("secret"), "the password command");
    is_clean(&outcome.file("mda"), "the MDA");
    assert_eq!(outcome.file("kept"), b"/run/credentials/x\n");

    let tunnel = format!("({ABOUT}) > ~/tunnel");
    let mut scene = Scene::with_server(&server)
        .key("tunnel", &format!("'{tunnel}'"))
        .under(&CROWDED);
    let outcome = scene.run().says("the tunnel").exits(69);
    is_clean(&outcome.file("tunnel"), "the tunnel");

    let mut scene = Scene::with_server(&server)
        .without_key("password_file")
        .without_key("auth")
        .key(
            "oauth",
            &format!("{{token_command: '({ABOUT}) > ~/token; exit 1'}}"),
        )
        .under(&CROWDED);
    let outcome = scene.run().says("the token command").exits(78);
    is_clean(&outcome.file("token"), "the token command");
}

#[test]
fn neither_popget_nor_what_it_starts_leaves_a_core() {
    let server = with_mail(&["alpha.eml"]);
    let look = "cat > /dev/null; grep -h core /proc/$$/limits /proc/$PPID/limits > ~/limits";
    let mut scene = Scene::with_server(&server)
        .deliver(&format!("mda: '{look}'"))
        .under(&["prlimit", "--core=1000000:1000000"]);
    let told = scene.run().silent().exits(0).file("limits");
    let told = String::from_utf8(told).unwrap();
    assert_eq!(told.lines().count(), 2, "{told}");
    for line in told.lines() {
        let words: Vec<&str> = line.split_whitespace().collect();
        assert_eq!(words[4..6], ["0", "1000000"], "{line}");
    }
}

#[test]
fn mail_is_not_written_to_what_stands_in_for_closed_outputs() {
    let server = with_mail(&["alpha.eml"]);
    for deliver in ["maildir: ~/Mail", "mbox: ~/mbox", "mda: \"cat > ~/one\""] {
        let server = if deliver.starts_with("mda") {
            &server
        } else {
            &with_mail(&["alpha.eml"])
        };
        let mut scene = Scene::with_server(server)
            .deliver(deliver)
            .args(&["-vv"])
            .under(&["sh", "-c", "exec \"$@\" <&- >&- 2>&-", "sh"]);
        let outcome = scene.run().silent().exits(0);
        let outcome = outcome.remembers(["alpha.eml"]);
        match deliver {
            "maildir: ~/Mail" => drop(outcome.delivers(["alpha.eml"])),
            "mbox: ~/mbox" => drop(outcome.mbox_holds("mbox", ["alpha.eml"])),
            _ => assert_eq!(outcome.file("one"), mail::named("alpha.eml")),
        }
    }
}

#[test]
fn popget_does_not_run_with_anothers_rights() {
    if !can_be_others() {
        return;
    }
    let mut scene = Scene::new().under(&["setpriv", "--ruid=1234"]);
    drop(
        scene
            .run()
            .says("runs with the rights of somebody else")
            .says_lines(1)
            .exits(78),
    );
    let mut scene = Scene::new().under(&["setpriv", "--rgid=1234", "--clear-groups"]);
    drop(
        scene
            .run()
            .says("run chmod ug-s on it")
            .says_lines(1)
            .exits(78),
    );
}
