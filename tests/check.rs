//! `popget check`: says what is waiting, downloads nothing and changes nothing.

use std::fs;

use crate::support::dovecot::Dovecot;
use crate::support::mail;
use crate::support::phrases::{listing, LOGIN, QUIT};
use crate::support::scene::Scene;
use crate::support::server::PopServer;
use crate::support::terminal::Terminal;

const CHECK: [&str; 1] = ["check"];

#[test]
fn what_is_waiting_is_told_in_one_line() {
    let script = LOGIN.to_owned() + &listing(&["a", "b", "c"]) + QUIT;
    Scene::new()
        .remembers(["a"])
        .conversation_text(&script)
        .run_with(&CHECK)
        .prints_exactly(b"work: 2 new (400 B), 1 seen; 3 in all (600 B)\n")
        .remembers(["a"])
        .exits(0);
}

#[test]
fn not_even_a_folder_is_made() {
    let server = PopServer::holding(3);
    let mut scene = Scene::with_server(&server);
    let outcome = scene.run_with(&CHECK).prints("work: 3 new");
    drop(outcome.delivers_nothing().exits(0));
    assert!(!scene.path(".local").exists(), "the state directory");
    assert!(!scene.path("Mail").exists(), "the destination");
    assert_eq!(server.maildrop().uids(), ["a", "b", "c"]);
    for command in ["RETR", "TOP", "DELE"] {
        assert!(server.commands(command).is_empty(), "{command}");
    }
}

#[test]
fn a_memory_stays_as_it_is_and_no_file_comes_beside_it() {
    let server = PopServer::holding(3);
    let mut scene = Scene::with_server(&server).remembers(["a", "gone"]);
    let memory = scene.path(".local/state/popget/work.seen");
    let before = fs::read(&memory).unwrap();
    scene
        .run_with(&CHECK)
        .prints("work: 2 new (182 B), 1 seen; 3 in all")
        .exits(0);
    assert_eq!(fs::read(&memory).unwrap(), before);
    let files = fs::read_dir(memory.parent().unwrap()).unwrap();
    assert_eq!(files.count(), 1);
}

#[test]
fn a_fetch_under_way_holds_the_account() {
    let server = PopServer::holding(3);
    let mut scene = Scene::with_server(&server);
    drop(scene.run().whatever());
    let lock = fs::File::open(scene.path(".local/state/popget/work.lock")).unwrap();
    fs2::FileExt::lock_exclusive(&lock).unwrap();
    scene
        .run_with(&CHECK)
        .says("another popget holds this account")
        .exits(75);
}

#[test]
fn what_a_fetch_would_leave_is_not_called_new() {
    let server = PopServer::holding(3);
    let mut scene = Scene::with_server(&server).key("max_size", "90");
    scene
        .run_with(&CHECK)
        .prints(" too large; 3 in all")
        .exits(0);
    // Neither a limit nor a wish for everything changes what is waiting.
    let mut scene = Scene::with_server(&server)
        .remembers(["a"])
        .key("limit", "1")
        .key("all", "true");
    scene
        .run_with(&CHECK)
        .prints("work: 2 new")
        .prints("1 seen")
        .exits(0);
}

#[test]
fn without_uids_only_the_bytes_could_tell() {
    let server = PopServer::builder().without("UIDL").start();
    server.maildrop().add_named("a", "alpha.eml");
    let mut scene = Scene::with_server(&server);
    // Where nothing was ever stored, all is new.
    scene.run_with(&CHECK).prints("work: 1 new").exits(0);
    drop(scene.run().delivers(["alpha.eml"]).exits(0));
    scene
        .run_with(&CHECK)
        .prints("work: 0 new (0 B), 0 seen, 1 perhaps new; 1 in all")
        .exits(0);
    scene
        .run_with(&["check", "-e"])
        .prints("perhaps new")
        .exits(0);
}

#[test]
fn nothing_new_can_be_told_by_the_exit_status() {
    let server = PopServer::holding(3);
    let mut scene = Scene::with_server(&server).remembers(["a", "b", "c"]);
    for arguments in [&["check", "-e"], &["check", "--exit-empty"]] {
        scene
            .run_with(arguments)
            .prints("work: 0 new (0 B), 3 seen;")
            .exits(1);
    }
    server.maildrop().add_named("d", "plain.eml");
    scene
        .run_with(&["check", "-e"])
        .prints("work: 1 new")
        .exits(0);
}

#[test]
fn what_fails_fails_as_in_a_fetch() {
    for (key, value, said, status) in [
        ("server", "pop.invalid", "host pop.invalid not found", 68),
        ("port", "1", "cannot connect", 69),
        ("password_file", "~/other", "cannot be read", 78),
        ("user", "bob", "refused the login", 77),
    ] {
        let server = PopServer::holding(3);
        let mut scene = Scene::with_server(&server).key(key, value);
        scene.run_with(&CHECK).says(said).exits(status);
    }
}

#[test]
fn options_go_before_and_behind() {
    let server = PopServer::holding(3);
    let mut scene = Scene::with_server(&server);
    for arguments in [
        &["check", "--account", "work"][..],
        &["--account", "work", "check"],
        &["-q", "check", "-a", "work"],
    ] {
        scene.run_with(arguments).prints("work: 3 new").exits(0);
    }
    for (arguments, said) in [
        (
            &["--account", "other", "check"][..],
            "there is no account other",
        ),
        (
            &["--keep", "check"],
            "--keep before check is an option of the fetch; see",
        ),
        (
            &["-e", "check"],
            "--exit-empty before check is an option of the fetch; see",
        ),
        (&["check", "--keep"], "unexpected argument '--keep' found"),
        (&["check", "work"], "unexpected argument 'work' found"),
    ] {
        scene.run_with(arguments).says(said).exits(64);
    }
    assert_eq!(server.logins(), 3);
}

#[test]
fn on_a_terminal_it_is_the_same_line() {
    let server = PopServer::holding(3);
    let scene = Scene::with_server(&server).env("TERM", "xterm");
    let (terminal, _scene) = Terminal::start(scene, &CHECK);
    let shown = terminal.finish();
    assert_eq!(
        shown.screen(),
        ["work: 3 new (273 B), 0 seen; 3 in all (273 B)"]
    );
    assert_eq!(shown.status.code(), Some(0));
}

#[test]
fn each_account_has_its_line_whatever_becomes_of_the_others() {
    let server = PopServer::holding(3);
    let config =
        "accounts:\n  one: {port: 1}\n  two: {port: {port}}\ndefaults:\n  server: 127.0.0.1\n  \
                  tls: none\n  user: alice\n  password_file: ~/password\n  auth: [user-pass]\n  \
                  deliver: {maildir: ~/Mail}\n";
    Scene::with_server(&server)
        .config(config)
        .run_with(&CHECK)
        .prints_exactly(b"two: 3 new (273 B), 0 seen; 3 in all (273 B)\n")
        .says("popget: one (127.0.0.1): connecting: cannot connect")
        .exits(69);
}

#[test]
fn dovecot_is_counted_over_every_way() {
    let Some(mut dovecot) = Dovecot::start() else {
        return;
    };
    dovecot.put(
        "alice",
        &[mail::named("plain.eml"), mail::named("dots.eml")],
    );
    for (port, tls) in [
        (dovecot.port(), "starttls"),
        (dovecot.port_tls(), "implicit"),
    ] {
        let mut scene = Scene::at_port(port).tls(tls);
        scene.run_with(&CHECK).prints("work: 2 new (").exits(0);
        drop(scene.run().delivers(["plain.eml", "dots.eml"]).exits(0));
        scene
            .run_with(&["check", "-e"])
            .prints("work: 0 new (0 B), 2 seen; 2 in all (")
            .exits(1);
        assert_eq!(dovecot.left("alice"), 2);
    }
}
