//! A program that is shown the head of a message and decides what becomes of it.

use std::fs;

use crate::support::dovecot::Dovecot;
use crate::support::mail;
use crate::support::scene::Scene;
use crate::support::server::{Answer, PopServer};

const ALPHA: &str = "alpha.eml";
const BETA: &str = "beta.eml";
const GAMMA: &str = "gamma.eml";

fn with_mail(messages: &[&str]) -> PopServer {
    let server = PopServer::start();
    for name in messages {
        server.maildrop().add_named(name, name);
    }
    server
}

/// A scene whose filter is this shell command.
fn filtered(server: &PopServer, command: &str) -> Scene {
    let quoted = command.replace('\'', "''");
    Scene::with_server(server).key("header_filter", &format!("'{quoted}'"))
}

/// What a filter says by the UID.
const BY_UID: &str = "case $POPGET_UID in alpha*) exit 0;; beta*) exit 1;; *) exit 2;; esac";

#[test]
fn its_status_takes_deletes_or_leaves() {
    let server = with_mail(&[ALPHA, BETA, GAMMA]);
    let mut scene = filtered(&server, BY_UID);
    for _ in 0..2 {
        drop(
            scene
                .run()
                .silent()
                .delivers([ALPHA])
                .remembers([ALPHA])
                .exits(0),
        );
        assert_eq!(server.maildrop().uids(), [ALPHA, GAMMA]);
    }
    assert_eq!(server.commands("RETR"), ["RETR 1"]);
    // What was left may be wanted later.
    scene = scene.key("header_filter", "exit 0").key("keep", "false");
    drop(scene.run().silent().delivers([ALPHA, GAMMA]).exits(0));
    assert_eq!(server.maildrop().left(), 0);
}

#[test]
fn it_gets_the_head_and_nothing_else() {
    let server = PopServer::start();
    let long = "X: y\n".repeat(10_000);
    let message =
        format!("Return-Path: <ann@example.org>\nSubject: .\n{long}\n.body\nSubject: no\n");
    server.maildrop().add("one", message.as_bytes());
    let show = "cat > ~/head; echo \"$SENDER $POPGET_ACCOUNT $POPGET_UID $POPGET_SIZE\" > ~/env";
    let mut scene = filtered(&server, show);
    let outcome = scene
        .run()
        .silent()
        .delivers_bytes(&[message.clone().into_bytes()])
        .exits(0);
    let head = &message[..message.find("\n\n").unwrap() + 2];
    assert!(outcome.file("head") == head.as_bytes());
    let size = mail::with_crlf(message.as_bytes()).len();
    assert_eq!(
        outcome.file("env"),
        format!("ann@example.org work one {size}\n").as_bytes()
    );
}

#[test]
fn a_list_is_run_as_it_is_and_a_program_must_be_there() {
    let server = with_mail(&[ALPHA, BETA]);
    let mut scene = Scene::with_server(&server);
    scene = scene.key("header_filter", "[grep, -q, \"^Subject: .*$HOME|alpha\"]");
    // grep finds nothing, and says so with 1.
    drop(scene.run().silent().delivers_nothing().exits(0));
    assert_eq!(server.maildrop().left(), 0);
    let server = with_mail(&[ALPHA]);
    let mut scene = Scene::with_server(&server).key("header_filter", "[no-such-filter]");
    let outcome = scene
        .run()
        .says("the header filter no-such-filter cannot be started");
    drop(outcome.says_lines(1).exits(78));
    assert_eq!(server.logins(), 0);
}

#[test]
fn anything_else_is_a_failure_of_that_message_alone() {
    let server = with_mail(&[ALPHA, BETA]);
    let fails = |how: &str| format!("case $POPGET_UID in alpha*) echo oh >&2; {how};; esac");
    for (how, said) in [
        (
            "exit 3",
            "message alpha.eml: the header filter gave no answer (exit status 3): \"oh\"",
        ),
        ("exit 75", "gave no answer (exit status 75)"),
        ("kill -9 $$", "was killed by signal 9"),
    ] {
        let mut scene = filtered(&server, &fails(how));
        // And that does not end after some runs.
        for _ in 0..5 {
            let outcome = scene.run().says(said).says_lines(1).exits(75);
            drop(outcome.delivers([BETA]).remembers([BETA]));
        }
    }
    assert_eq!(server.maildrop().left(), 2);
}

#[test]
fn a_head_that_is_not_shown_or_too_long_is_not_judged() {
    let server = with_mail(&[ALPHA]);
    server.answer("TOP", Answer::Say("-ERR not for you".into()));
    let mut scene = filtered(&server, "exit 1");
    let said = "message alpha.eml: the server does not show the head alone (TOP)";
    drop(scene.run().says(said).says_lines(1).exits(75));
    let server = PopServer::start();
    let head = "X: y\n".repeat(14_000);
    server
        .maildrop()
        .add("long", format!("{head}\nbody\n").as_bytes());
    let mut scene = filtered(&server, "exit 1");
    drop(
        scene
            .run()
            .says("message long: its head is longer than 64.00 KiB")
            .exits(65),
    );
    assert_eq!(server.maildrop().left(), 1);
}

#[test]
fn what_it_leaves_takes_no_room_from_the_limit() {
    let server = with_mail(&[GAMMA, BETA, ALPHA, "dots.eml", "plain.eml"]);
    let leaves = "echo $POPGET_UID >> ~/asked; case $POPGET_UID in gamma*|beta*) exit 2;; esac";
    let mut scene = filtered(&server, leaves).key("limit", "1");
    let outcome = scene
        .run_with(&["-v"])
        .says("1 new message")
        .says("more waiting");
    let outcome = outcome
        .says("left message gamma.eml (")
        .says("header_filter says so");
    let outcome = outcome.delivers([ALPHA]).exits(0);
    // Nor is it asked of more than is wanted.
    assert_eq!(outcome.file("asked"), b"gamma.eml\nbeta.eml\nalpha.eml\n");
    drop(outcome);
    drop(scene.run().silent().delivers([ALPHA, "dots.eml"]).exits(0));
}

#[test]
fn what_is_known_or_too_large_is_not_judged() {
    let server = with_mail(&[ALPHA, BETA, GAMMA]);
    let large = mail::big(1, 1).concat();
    server.maildrop().add("large", &large);
    let count = "echo $POPGET_UID >> ~/asked; exit 0";
    let mut scene = filtered(&server, count)
        .key("max_size", "100kB")
        .remembers([BETA]);
    let outcome = scene.run().silent().delivers([ALPHA, GAMMA]).exits(0);
    assert_eq!(outcome.file("asked"), b"alpha.eml\ngamma.eml\n");
}

#[test]
fn it_is_asked_once_in_a_run_of_several_sessions() {
    let server = with_mail(&[ALPHA, BETA, GAMMA, "dots.eml"]);
    let count = format!("echo $POPGET_UID >> ~/asked; {BY_UID}")
        .replace("*) exit 2", "dots*) exit 0;; *) exit 2");
    let mut scene = filtered(&server, &count)
        .key("commit_every", "1")
        .key("keep", "false");
    let outcome = scene.run().silent().delivers([ALPHA, "dots.eml"]).exits(0);
    assert_eq!(
        outcome.file("asked"),
        b"alpha.eml\nbeta.eml\ngamma.eml\ndots.eml\n"
    );
    assert_eq!(server.maildrop().uids(), [GAMMA]);
    assert!(server.logins() > 1);
}

#[test]
fn a_rehearsal_asks_it_and_does_nothing() {
    let server = with_mail(&[ALPHA, BETA, GAMMA]);
    let mut scene = filtered(&server, BY_UID);
    let mut outcome = scene
        .run_with(&["--dry-run", "--json"])
        .delivers_nothing()
        .exits(0);
    let said = outcome.take_stdout();
    for (event, name) in [
        ("would_fetch", ALPHA),
        ("would_delete", BETA),
        ("skip", GAMMA),
    ] {
        let line = said
            .lines()
            .find(|line| line.contains(&format!("\"uid\":\"{name}\"")));
        let line = line.unwrap_or_else(|| panic!("{name}: {said}"));
        assert!(line.contains(&format!("\"event\":\"{event}\"")), "{line}");
        assert_eq!(
            line.contains("\"why\":\"header_filter\""),
            name == GAMMA,
            "{line}"
        );
    }
    assert_eq!(server.maildrop().left(), 3);
    assert_eq!(server.commands("DELE").len(), 0);
    // Who only looks asks nobody.
    let mut outcome = scene.run_with(&["check"]).exits(0);
    assert!(outcome.take_stdout().contains("3 new"));
}

#[test]
fn dovecot_shows_heads_ahead_and_the_filter_reads_no_more_than_it_likes() {
    let Some(mut dovecot) = Dovecot::start() else {
        return;
    };
    // Dovecot gives no CR of a file.
    let mut all = mail::many(80, 7);
    all.retain(|message| !message.contains(&b'\r'));
    let count = all.len();
    assert!(count > 50);
    dovecot.put("alice", &all);
    let script = b"#!/bin/sh\nread first\necho \"$first\" >> ~/firsts\nn=$(wc -l < ~/firsts)\nexit $((n % 3))\n";
    let mut scene = Scene::at_port(dovecot.port())
        .key("keep", "true")
        .key("header_filter", "[sh, \"{home}/filter\"]")
        .file("filter", script);
    let of = |rest: usize| {
        all.iter()
            .enumerate()
            .filter(move |(n, _)| (n + 1) % 3 == rest)
    };
    let taken: Vec<_> = of(0).map(|(_, message)| message.clone()).collect();
    let outcome = scene.run().silent().delivers_bytes(&taken).exits(0);
    assert_eq!(
        fs::read_to_string(scene.path("firsts"))
            .unwrap()
            .lines()
            .count(),
        count
    );
    drop(outcome);
    assert_eq!(dovecot.left("alice"), count - of(1).count());
}
