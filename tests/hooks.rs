//! `before` and `after`: what runs around a fetch, when, with what it is told, and what its end means.

use std::fs;
use std::sync::{Arc, Barrier};
use std::time::{Duration, Instant};

use rustix::process::Signal;

use crate::support::scene::Scene;
use crate::support::server::{Answer, Moment, PopServer};

/// Notes that it ran, and what it was told.
const AFTER: &str = "\"echo after $POPGET_ACCOUNT $POPGET_NEW $POPGET_STATUS >> ~/trace\"";
const BEFORE: &str = "\"echo before $POPGET_ACCOUNT ${POPGET_NEW-} ${POPGET_STATUS-} >> ~/trace\"";

fn hooked(server: &PopServer) -> Scene {
    Scene::with_server(server)
        .key("before", BEFORE)
        .key("after", AFTER)
}

#[test]
fn they_run_around_the_fetch_and_are_told_of_it() {
    let server = PopServer::holding(2);
    let mut scene = hooked(&server)
        // Of another run that started this one, perhaps.
        .env("POPGET_NEW", "7")
        .env("POPGET_STATUS", "7");
    let outcome = scene.run().silent().delivers(["alpha.eml", "beta.eml"]);
    let outcome = outcome.exits(0);
    assert_eq!(outcome.file("trace"), b"before work\nafter work 2 0\n");
    drop(outcome);
    let outcome = scene.run().silent().delivers(["alpha.eml", "beta.eml"]);
    let trace = outcome.exits(0).file("trace");
    assert!(trace.ends_with(b"before work\nafter work 0 0\n"));
}

#[test]
fn a_list_is_run_as_it_is() {
    let server = PopServer::holding(2);
    let outcome = Scene::with_server(&server)
        .key("before", "[touch, '{home}/a $b']")
        .run()
        .silent()
        .delivers(["alpha.eml", "beta.eml"])
        .exits(0);
    assert_eq!(outcome.file("a $b"), b"");
}

#[test]
fn if_the_first_fails_nobody_is_called_and_the_second_is_told() {
    for (before, status, said) in [
        ("exit 75", 75, "failed (exit status 75)"),
        ("exit 3", 65, "failed (exit status 3)"),
        ("kill -9 $$", 75, "was killed by signal 9"),
        ("[/no/such/program]", 78, "cannot be started: no such file"),
    ] {
        // Nobody answers here: it had better not connect.
        let outcome = Scene::new()
            .key("before", before)
            .key("after", AFTER)
            .run()
            .says("popget: work (127.0.0.1): preparing: the command of before")
            .says(said)
            .says_lines(1)
            .delivers_nothing()
            .exits(status);
        let trace = format!("after work 0 {status}\n");
        assert_eq!(outcome.file("trace"), trace.as_bytes(), "{before}");
        assert!(!outcome.file(".local/state/popget/work.seen").is_empty());
    }
}

#[test]
fn the_second_runs_after_a_failure_too() {
    let server = PopServer::holding(2);
    server.answer("PASS", Answer::Say("-ERR [AUTH] no".into()));
    let outcome = hooked(&server).run().says("refused the login").exits(77);
    assert_eq!(outcome.file("trace"), b"before work\nafter work 0 77\n");
}

#[test]
fn if_the_second_fails_the_mail_is_there_all_the_same() {
    for (after, status) in [("exit 75", 75), ("exit 1", 65)] {
        let server = PopServer::holding(2);
        let mut scene = Scene::with_server(&server)
            .key("after", &format!("\"echo 'no \\e[31mway' >&2; {after}\""))
            .key("keep", "false");
        scene
            .run()
            .says("the command of after failed")
            .says(": \"no \\x1b[31mway\"")
            .says_lines(1)
            .delivers(["alpha.eml", "beta.eml"])
            .remembers(["a", "b"])
            .exits(status);
        assert_eq!(server.maildrop().left(), 0);
    }
}

#[test]
fn the_first_may_bring_the_folder_that_mail_goes_to() {
    let server = PopServer::holding(2);
    let mut scene = Scene::with_server(&server)
        .key("before", "mv -T ~/aside ~/disk")
        .key("after", "mv -T ~/disk ~/aside")
        .deliver("maildir: ~/disk/Mail");
    fs::create_dir(scene.path("aside")).unwrap();
    for _ in 0..2 {
        let outcome = scene.run().silent();
        drop(
            outcome
                .delivers_to("aside/Mail", ["alpha.eml", "beta.eml"])
                .exits(0),
        );
        assert!(!scene.path("disk").exists());
    }
}

#[test]
fn neither_runs_while_another_run_has_the_account() {
    let server = PopServer::holding(2);
    let scene = hooked(&server);
    let mut other = Scene::with_server(&server)
        .key("before", "echo other >> ~/trace")
        .args(&[
            "--state-dir",
            scene.path(".local/state/popget").to_str().unwrap(),
        ]);
    let mut scene = scene;
    let asked = Arc::new(Barrier::new(2));
    let (here, there) = (Arc::clone(&asked), asked);
    server.hook(move |exchange| {
        if exchange.moment == Moment::Received && exchange.command == "STAT" {
            there.wait();
            there.wait();
        }
    });
    let begun = scene.start(&[]);
    here.wait();
    let outcome = other
        .run()
        .says("another popget holds this account")
        .exits(75);
    assert_eq!(outcome.file("trace"), b"");
    here.wait();
    let outcome = begun.finish().delivers(["alpha.eml", "beta.eml"]).exits(0);
    assert_eq!(outcome.file("trace"), b"before work\nafter work 2 0\n");
}

#[test]
fn only_a_fetch_runs_them_and_a_dry_run_says_so() {
    let server = PopServer::holding(2);
    let mut scene = hooked(&server);
    let told = "a dry run does not run the commands of before and after";
    for (arguments, said) in [
        (&["-n", "-v"][..], Some(told)),
        (&["check"], None),
        (&["list"], None),
    ] {
        let mut outcome = scene.run_with(arguments).delivers_nothing();
        let stderr = outcome.take_stderr();
        let stdout = outcome.take_stdout();
        assert!(said.is_none_or(|said| stderr.contains(said)), "{stderr}");
        assert!(!stdout.is_empty());
        assert_eq!(outcome.exits(0).file("trace"), b"");
    }
    // Nor is it told to those who have none, or want to hear nothing.
    drop(scene.run_with(&["-n"]).prints("would fetch 2").exits(0));
}

#[test]
fn neither_runs_when_it_is_too_soon() {
    let server = PopServer::holding(2);
    let mut scene = hooked(&server).key("min_interval", "1h");
    drop(
        scene
            .run()
            .silent()
            .delivers(["alpha.eml", "beta.eml"])
            .exits(0),
    );
    let outcome = scene.run().silent().delivers(["alpha.eml", "beta.eml"]);
    assert_eq!(
        outcome.exits(0).file("trace"),
        b"before work\nafter work 2 0\n"
    );
    assert_eq!(server.logins(), 1);
}

#[test]
fn what_they_say_is_shown_to_those_who_want_it() {
    let server = PopServer::holding(2);
    let mut scene = Scene::with_server(&server)
        .key("before", "\"echo to you; echo 'and \\e]0;me' >&2\"")
        .key("after", "echo done");
    drop(
        scene
            .run()
            .silent()
            .delivers(["alpha.eml", "beta.eml"])
            .exits(0),
    );
    let mut outcome = scene.run_with(&["-v"]).delivers(["alpha.eml", "beta.eml"]);
    let said = outcome.take_stderr();
    drop(outcome.exits(0));
    let before = "popget: work (127.0.0.1): before says: \"and \\x1b]0;me\\x0ato you\"\n";
    assert!(said.contains(before), "{said}");
    assert!(said.contains("after says: \"done\"\n"), "{said}");
}

#[test]
fn what_they_leave_running_is_not_waited_for() {
    let server = PopServer::holding(2);
    let begun = Instant::now();
    let mut scene = Scene::with_server(&server).key("before", "sleep 30 &");
    drop(
        scene
            .run()
            .silent()
            .delivers(["alpha.eml", "beta.eml"])
            .exits(0),
    );
    // Nor that it falls silent.
    let mut scene = scene.key("before", "while echo again; do :; done & true");
    drop(scene.run().silent().exits(0).whatever());
    assert!(begun.elapsed() < Duration::from_secs(20));
}

#[test]
fn a_signal_ends_them_and_all_they_started() {
    for (hook, quiet) in [("before", false), ("after", true)] {
        let server = PopServer::holding(2);
        let mut scene = Scene::with_server(&server)
            .key("before", "echo before >> ~/trace")
            .key("after", "echo after $POPGET_STATUS >> ~/trace");
        scene = scene.key(
            hook,
            "\"echo begun >> ~/trace; sleep 60; echo never >> ~/trace\"",
        );
        let since = Instant::now();
        let begun = scene.start(&[]);
        let trace = begun_trace(&begun, "begun");
        begun.program().signal(Signal::TERM);
        let mut outcome = begun.finish().exits(143);
        let said = outcome.take_stderr();
        assert_eq!(quiet, said.contains("after"), "{said}");
        assert!(since.elapsed() < Duration::from_secs(30));
        let trace = trace.replace("begun", "") + &String::from_utf8(outcome.file("trace")).unwrap();
        assert!(!trace.contains("never"), "{trace}");
        // The other one runs all the same.
        let other = if hook == "before" {
            "after 75"
        } else {
            "before"
        };
        assert!(trace.contains(other), "{trace}");
        let mail: &[&str] = if quiet {
            &["alpha.eml", "beta.eml"]
        } else {
            &[]
        };
        drop(outcome.delivers(mail));
    }
}

/// What the hooks have noted when this word is there.
fn begun_trace(begun: &crate::support::scene::Begun, word: &str) -> String {
    let file = begun.path("trace");
    for _ in 0..2000 {
        let text = fs::read_to_string(&file).unwrap_or_default();
        if text.contains(word) {
            return text;
        }
        std::thread::sleep(Duration::from_millis(10));
    }
    panic!("the hook never began");
}

#[test]
fn they_may_not_take_for_ever() {
    // Its clock runs a hundred times as fast as others.
    let mut scene = Scene::new()
        .under(&["faketime", "-f", "+0 x100"])
        .key("before", "unset LD_PRELOAD; sleep 60")
        .key("after", AFTER);
    let since = Instant::now();
    let outcome = scene
        .run()
        .says("the command of before took too long and was stopped")
        .delivers_nothing()
        .exits(75);
    assert!(since.elapsed() < Duration::from_secs(30));
    assert_eq!(outcome.file("trace"), b"after work 0 75\n");
}
