//! Delivery by a program: what it is given, and what its end means.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::time::{Duration, Instant};

use crate::support::mail;
use crate::support::maildrop::Fault;
use crate::support::scene::Scene;
use crate::support::server::PopServer;

mod meanwhile;

fn with_mail(messages: &[&str]) -> PopServer {
    let server = PopServer::start();
    for name in messages {
        server.maildrop().add_named(name, name);
    }
    server
}

/// A scene with one message whose MDA is this shell command.
fn one_to(server: &PopServer, command: &str) -> Scene {
    let quoted = command.replace('\'', "''");
    Scene::with_server(server)
        .key("keep", "false")
        .deliver(&format!("mda: '{quoted}'"))
}

/// As `one_to`, but the command has little time.
fn one_in_a_hurry(server: &PopServer, command: &str) -> Scene {
    let quoted = command.replace('\'', "''");
    one_to(server, command).deliver(&format!("mda: '{quoted}'\ntimeout: 1s"))
}

fn names(folder: &Path) -> Vec<String> {
    let entries = fs::read_dir(folder).into_iter().flatten();
    let mut names: Vec<_> = entries
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    names.sort();
    names
}

#[test]
fn a_string_is_run_by_the_shell_and_a_list_is_not() {
    let server = with_mail(&["alpha.eml"]);
    let mut scene = one_to(&server, "cat > ~/one && echo \"$HOME\" > ~/home");
    let outcome = scene.run().silent().remembers(["alpha.eml"]).exits(0);
    assert_eq!(outcome.file("one"), mail::named("alpha.eml"));
    assert_eq!(server.maildrop().left(), 0);

    let server = with_mail(&["alpha.eml"]);
    let script = b"#!/bin/sh\nprintf '%s\\n' \"$@\" > ~/arguments\ncat > ~/one\n";
    let mut scene = Scene::with_server(&server)
        .file("mda", script)
        .deliver("mda: [\"{home}/mda\", \"$HOME; touch ~/no\", \"*\", \"\"]");
    fs::set_permissions(scene.path("mda"), fs::Permissions::from_mode(0o755)).unwrap();
    let outcome = scene.run().silent().exits(0);
    assert_eq!(outcome.file("arguments"), b"$HOME; touch ~/no\n*\n\n");
    assert_eq!(outcome.file("one"), mail::named("alpha.eml"));
    assert!(!scene.path("no").exists());
}

#[test]
fn the_envelope_is_in_the_environment_and_nothing_of_it_is_run() {
    let server = PopServer::start();
    let hostile = b"Return-Path: <\"$(touch ~/no)`touch ~/no`;&|\n '\0\x1b\xff\"@example.org>\n\
        Delivered-To: bob; touch ~/no\n\nhi\n";
    server.maildrop().add("$(touch ~/no)", hostile);
    let show =
        "env -0 | grep -z -E '^(SENDER|RECIPIENT|POPGET_.*)=' | sort -z > ~/env; cat > /dev/null";
    let mut scene = one_to(&server, show);
    let shown = scene.run().silent().exits(0).file("env");
    let expected = [
        &b"POPGET_ACCOUNT=work\0POPGET_SIZE="[..],
        hostile.len().to_string().as_bytes(),
        b"\0POPGET_UID=$(touch ~/no)\0RECIPIENT=bob;touch~/no\0\
          SENDER=\"$(touch~/no)`touch~/no`;&|'\xff\"@example.org\0",
    ]
    .concat();
    assert_eq!(
        shown.escape_ascii().to_string(),
        expected.escape_ascii().to_string()
    );
    assert!(!scene.path("no").exists());
}

#[test]
fn without_an_envelope_the_user_is_the_recipient() {
    let server = with_mail(&["no-header.eml"]);
    let mut scene = one_to(
        &server,
        "cat > /dev/null; printf \"<$SENDER><$RECIPIENT>\" > ~/env",
    );
    assert_eq!(scene.run().silent().exits(0).file("env"), b"<><alice>");
}

/// Runs an MDA that ends badly: the message stays and is not remembered.
#[track_caller]
fn fails(command: &str, status: i32, said: &str) {
    let server = with_mail(&["alpha.eml", "beta.eml"]);
    // Only the first message fares badly, and does not stop the second.
    let command = format!("case $POPGET_UID in alpha*) {command};; *) cat >> ~/got;; esac");
    let hurried = said == "took too long";
    let begin = if hurried { one_in_a_hurry } else { one_to };
    let mut scene = begin(&server, &command);
    let outcome = scene
        .run()
        .says(said)
        .says_lines(1)
        .remembers(["beta.eml"])
        .exits(status);
    assert_eq!(outcome.file("got"), mail::named("beta.eml"));
    assert_eq!(server.maildrop().uids(), ["alpha.eml"]);
    // And it is tried again: that is no alarm that ends.
    for _ in 0..4 {
        drop(scene.run().says(said).exits(status));
    }
}

#[test]
fn its_status_decides() {
    fails("cat > /dev/null; exit 75", 75, "75");
    fails("cat > /dev/null; exit 1", 65, "exit status 1");
    fails("cat > /dev/null; exit 127", 65, "exit status 127");
    fails("cat > /dev/null; kill -9 $$", 75, "signal 9");
}

#[test]
fn input_left_unread_is_no_delivery() {
    fails("exit 0", 75, "did not read");
    fails("head -c 20 > /dev/null; exit 0", 75, "did not read");
    fails("exec < /dev/null; exit 0", 75, "did not read");
    fails("exec < /dev/null; sleep 0.2; exit 0", 75, "did not read");
}

#[test]
fn a_large_message_left_unread_is_no_delivery() {
    let server = PopServer::start();
    server.maildrop().add("big", &mail::big(1, 1)[0]);
    for command in [
        "exit 0",
        "head -c 300000 > /dev/null",
        "exec < /dev/null; sleep 0.1",
    ] {
        let mut scene = one_to(&server, command);
        drop(scene.run().says("did not read").remembers([]).exits(75));
    }
}

#[test]
fn one_that_reads_as_much_as_the_size_says_has_read_all() {
    let server = PopServer::start();
    for n in 0..200 {
        server
            .maildrop()
            .add(&format!("u{n}"), b"Subject: x\n\nhi\n");
    }
    let mut scene = one_to(&server, "exec head -c $POPGET_SIZE > /dev/null");
    drop(scene.run().silent().exits(0));
    assert_eq!(server.maildrop().left(), 0);
}

#[test]
fn one_that_takes_too_long_is_stopped_with_all_that_it_started() {
    let began = Instant::now();
    fails(
        "cat > /dev/null; (sleep 30; touch ~/late) & sleep 30",
        75,
        "took too long",
    );
    fails(
        "cat > /dev/null; trap '' TERM INT HUP; sleep 30",
        75,
        "took too long",
    );
    assert!(began.elapsed() < Duration::from_secs(25));
}

#[test]
fn one_that_never_stops_talking_is_stopped_all_the_same() {
    fails("cat > /dev/null; exec yes >&2", 75, "took too long");
    let server = with_mail(&["alpha.eml"]);
    let mut scene = one_to(
        &server,
        "cat > /dev/null; (exec timeout 20 yes >&2) & sleep 0.3",
    );
    let began = Instant::now();
    drop(scene.run().says("the MDA says").exits(0));
    assert!(began.elapsed() < Duration::from_secs(10));
}

#[test]
fn what_it_leaves_running_is_not_waited_for() {
    let server = with_mail(&["alpha.eml"]);
    let mut scene = one_to(&server, "cat > ~/one; sleep 20 & exit 0");
    let began = Instant::now();
    drop(scene.run().silent().remembers(["alpha.eml"]).exits(0));
    assert!(began.elapsed() < Duration::from_secs(10));
}

#[test]
fn what_it_says_is_shown_escaped_and_cut() {
    let server = with_mail(&["alpha.eml"]);
    let mut scene = one_to(
        &server,
        "cat > ~/one; printf 'ready\\033[31m\\nnext\\377' >&2",
    );
    let outcome = scene
        .run()
        .says("ready\\x1b[31m")
        .says_lines(1)
        .never_shows("\u{1b}");
    drop(outcome.exits(0));
    let server = with_mail(&["alpha.eml"]);
    let mut scene = one_to(
        &server,
        "cat > ~/one; yes no room | head -c 300000 >&2; exit 1",
    );
    let mut outcome = scene.run().says("no room").says_lines(1).exits(65);
    assert!(outcome.take_stderr().len() < 5000);
    let server = with_mail(&["alpha.eml"]);
    let mut scene = one_to(&server, "cat > ~/one; echo to the output");
    drop(scene.run().silent().exits(0));
}

#[test]
fn a_program_that_is_not_there_is_told_before_the_network() {
    let server = with_mail(&["alpha.eml"]);
    for command in [
        "[no-such-mda, -d]",
        "[/no/such/mda]",
        "[\"{home}/password\"]",
    ] {
        let mut scene = Scene::with_server(&server).deliver(&format!("mda: {command}"));
        drop(scene.run().says("cannot be started").exits(78));
    }
    assert_eq!(server.logins(), 0);
}

#[test]
fn a_large_message_arrives_whole() {
    let server = PopServer::start();
    let large = mail::big(5, 3).concat();
    server.maildrop().add("large", &large);
    let mut scene = Scene::with_server(&server).deliver("mda: [sh, -c, \"cat > ~/one\"]");
    assert!(
        scene.run().silent().exits(0).file("one") == large,
        "it differs"
    );
    assert_eq!(
        names(&scene.path(".local/state/popget")),
        ["work.lock", "work.seen"]
    );
}

#[test]
fn a_message_that_is_cut_never_reaches_it() {
    let server = PopServer::start();
    server
        .maildrop()
        .add("cut", &mail::big(1, 4)[0])
        .spoil("cut", Fault::Cut(1));
    let mut scene = one_to(&server, "touch ~/started; cat > ~/one");
    drop(scene.run().says("").exits(75));
    assert!(!scene.path("started").exists());
    drop(scene.run().silent().remembers(["cut"]).exits(0));
}

#[test]
fn what_it_refuses_does_not_starve_what_comes_behind() {
    let server = with_mail(&["alpha.eml", "beta.eml", "gamma.eml"]);
    let command = "cat > ~/one; case $POPGET_UID in alpha*) exit 1;; esac; cat ~/one >> ~/got";
    let mut scene = one_to(&server, command).key("limit", "1");
    drop(scene.run().says("exit status 1").remembers([]).exits(65));
    let outcome = scene.run().remembers(["beta.eml"]).exits(0);
    assert_eq!(outcome.file("got"), mail::named("beta.eml"));
    drop(outcome);
    drop(scene.run().remembers(["beta.eml", "gamma.eml"]).exits(0));
    // Now that nothing else is there it is tried again.
    drop(scene.run().says("exit status 1").exits(65));
    assert_eq!(server.maildrop().uids(), ["alpha.eml"]);
}

#[test]
fn an_mda_of_roots_is_mentioned_to_those_who_look_on() {
    let server = with_mail(&["alpha.eml"]);
    let mut scene = Scene::with_server(&server).deliver("mda: \"cat > /dev/null\"");
    let mut outcome = scene.run_with(&["-v"]);
    let said = outcome.take_stderr();
    let root = rustix::process::geteuid().is_root();
    assert_eq!(said.contains("the MDA is started as root"), root, "{said}");
    drop(outcome.exits(0));
    drop(scene.run().silent().exits(0)); // cron would send mail each time
}

#[test]
fn an_address_that_is_an_option_or_endless_is_none() {
    let long = "x".repeat(200_000) + "@example.org";
    for (sender, recipient) in [("-oQ/tmp/x", "--delete=all"), (&long, &long)] {
        let server = PopServer::start();
        let text = format!("Return-Path: <{sender}>\nDelivered-To: {recipient}\n\nhi\n");
        server.maildrop().add("u", text.as_bytes());
        let mut scene = Scene::with_server(&server)
            .deliver("mda: 'cat > ~/one; printf \"<%s><%s>\" \"$SENDER\" \"$RECIPIENT\" > ~/env'");
        let outcome = scene.run().silent().exits(0);
        assert_eq!(outcome.file("env"), b"<><alice>", "{sender}");
        assert_eq!(outcome.file("one"), text.as_bytes());
        // In an mbox nobody has sent it.
        let mut scene = Scene::with_server(&server).deliver("mbox: ~/mbox");
        drop(scene.run().silent().exits(0));
        let mbox = fs::read(scene.path("mbox")).unwrap();
        assert!(mbox.starts_with(b"From MAILER-DAEMON "), "{sender}");
    }
}

#[test]
fn a_flood_of_the_same_failure_is_told_in_short() {
    for (count, last) in [
        (4, "and 1 more message: the same\n"),
        (10, "and 7 more messages: the same\n"),
    ] {
        let server = PopServer::start();
        for number in 0..count {
            let uid = format!("m{number}");
            server.maildrop().add(&uid, b"Subject: x\n\ny\n");
        }
        let mut scene = one_to(&server, "cat >/dev/null; echo no disk >&2; exit 75");
        let mut outcome = scene.run().says_lines(4).exits(75);
        let said = outcome.take_stderr();
        assert!(said.contains("retrieving message m2: the MDA"), "{said}");
        let start = "popget: work (127.0.0.1): retrieving: ";
        assert!(said.ends_with(&format!("\n{start}{last}")), "{said}");
    }
}
