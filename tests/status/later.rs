//! Status 75: what will pass by itself, so that the next run may go on.

use super::one_message;
use crate::support::gate::Gate;
use crate::support::maildrop::Fault;
use crate::support::scene::Scene;
use crate::support::server::{Answer, Moment};

#[test]
fn status_75_for_what_will_pass() {
    for (command, answer, words) in [
        (
            "PASS",
            "-ERR [IN-USE] locked",
            "login: the maildrop is in use by another session: \"[IN-USE] locked\"; the next run",
        ),
        (
            "PASS",
            "-ERR [LOGIN-DELAY] not yet",
            "login: the server wants more time between logins",
        ),
        (
            "PASS",
            "-ERR [SYS/TEMP] later",
            "login: the server has trouble that will pass",
        ),
        (
            "STAT",
            "-ERR [SYS/TEMP] later",
            "listing: the server has trouble that will pass",
        ),
    ] {
        let (server, mut scene) = one_message();
        server.answer(command, Answer::Say(answer.into()));
        scene.run().says(words).exits(75);
    }
    let mut scene = Scene::new().conversation_text("S: -ERR too many connections\n");
    scene
        .run()
        .says("greeting: the server greets with a refusal: \"too many connections\"")
        .exits(75);
    let mut scene = Scene::new()
        .conversation_text("! silence\n")
        .key("timeout", "1s");
    scene
        .run()
        .says("greeting: no answer for 1s while waiting for the greeting")
        .exits(75);
    let mut scene = Scene::new().conversation_text("S: +OK\nC: CAPA\nS: +OK\n! cut\n");
    scene.run().says("the server hung up during ").exits(75);
}

#[test]
fn status_75_when_a_message_cannot_be_had_yet() {
    let (server, scene) = one_message();
    server.maildrop().spoil("a", Fault::Refused);
    let mut scene = scene;
    scene
        .run()
        .says("retrieving message a: the server does not give this message")
        .exits(75);
    for mda in ["exit 75", "cat > letter; kill -9 $$", "exit 0"] {
        let (server, scene) = one_message();
        server
            .maildrop()
            .add("b", &b"more than a pipe holds\n".repeat(100_000));
        let mut scene = scene.deliver(&format!("mda: {mda}"));
        let mut outcome = scene.run();
        assert!(outcome.take_stderr().contains("message b: the MDA "));
        outcome.exits(75);
    }
}

#[test]
fn status_75_when_another_popget_holds_the_account() {
    let (server, scene) = one_message();
    let gate = Gate::at(&server, Moment::Received, "STAT");
    let mut scene = scene;
    let mut second = scene.program(&[]);
    let first = scene.start(&[]);
    gate.wait();
    let output = second.output().unwrap();
    drop(gate);
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(
        said.contains("): preparing: another popget holds this account ("),
        "{said}"
    );
    assert!(
        said.ends_with("work.lock); wait for it to finish\n"),
        "{said}"
    );
    assert_eq!(output.status.code(), Some(75));
    first.finish().delivers(["alpha.eml"]).silent().exits(0);
}
