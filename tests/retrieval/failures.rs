//! Messages that a server will not give.

use crate::support::maildrop::Fault;
use crate::support::phrases::{listing, retr, LOGIN, QUIT};
use crate::support::scene::Scene;
use crate::support::server::{Answer, PopServer};

const UIDS: [&str; 3] = ["a", "b", "c"];

/// A server with three messages, of which the second cannot be had.
fn spoiled(fault: Fault) -> PopServer {
    let server = PopServer::start();
    let maildrop = server.maildrop();
    maildrop.add_named("a", "alpha.eml");
    maildrop.add_named("b", "beta.eml").spoil("b", fault);
    maildrop.add_named("c", "gamma.eml");
    server
}

#[test]
fn a_refused_message_does_not_stop_the_next() {
    let server = spoiled(Fault::Refused);
    let mut scene = Scene::with_server(&server);
    scene
        .run()
        .delivers(["alpha.eml", "gamma.eml"])
        .remembers(["a", "c"])
        .says("message b")
        .says("cannot be read")
        .says_lines(1)
        .exits(75);
    server.maildrop().spoil("b", Fault::None);
    scene
        .run()
        .delivers(["alpha.eml", "beta.eml", "gamma.eml"])
        .remembers(UIDS)
        .exits(0);
    assert_eq!(server.maildrop().left(), 3);
}

#[test]
fn a_refused_message_stays_on_the_server_when_the_others_go() {
    let server = spoiled(Fault::Refused);
    Scene::with_server(&server)
        .key("keep", "false")
        .run()
        .delivers(["alpha.eml", "gamma.eml"])
        .says("message b")
        .exits(75);
    assert_eq!(server.maildrop().uids(), ["b"]);
}

#[test]
fn a_poison_message_is_no_alarm_for_ever() {
    let server = spoiled(Fault::Refused);
    let mut scene = Scene::with_server(&server);
    scene
        .run()
        .delivers(["alpha.eml", "gamma.eml"])
        .says("message b")
        .exits(75);
    scene.run().says("message b").exits(75);
    scene.run().says("message b").exits(75);
    scene.run().exits(0);
    scene.run().exits(0);
    // It was asked for each time, and is taken as soon as it can be had.
    assert_eq!(server.commands("RETR").len(), 3 + 4);
    server.maildrop().spoil("b", Fault::None);
    scene
        .run()
        .delivers(["alpha.eml", "beta.eml", "gamma.eml"])
        .silent()
        .exits(0);
}

#[test]
fn a_message_refused_twice_in_one_run_is_told_once() {
    let server = PopServer::start();
    let maildrop = server.maildrop();
    maildrop
        .add_named("a", "alpha.eml")
        .spoil("a", Fault::Refused);
    maildrop
        .add_named("b", "beta.eml")
        .spoil("b", Fault::Cut(1));
    let mut scene = Scene::with_server(&server).key("retry", "2");
    scene
        .run()
        .delivers(["beta.eml"])
        .says("message a")
        .says_lines(1)
        .exits(75);
    // And it counts as one run of the three that are an alarm.
    scene.run().says("message a").exits(75);
    scene.run().says("message a").exits(75);
    scene.run().exits(0);
}

#[test]
fn codes_on_a_message_are_about_that_message() {
    for reply in [
        "-ERR",
        "-ERR [SYS/TEMP] disk",
        "-ERR [SYS/PERM] damaged",
        "-ERR [UTF8] needs it",
        "-ERR [IN-USE] odd here",
    ] {
        let script = LOGIN.to_owned() + &listing(&["a", "b"]);
        let script = script + &format!("C: RETR 1\nS: {reply}\n") + &retr(2, "beta.eml") + QUIT;
        Scene::new()
            .conversation_text(&script)
            .run()
            .delivers(["beta.eml"])
            .remembers(["b"])
            .says("message a")
            .says_lines(1)
            .exits(75);
    }
}

#[test]
fn a_maildrop_that_changed_meanwhile_is_left_at_once() {
    let out_of_step = "S: -ERR [OUT-SYNC] mailbox was changed\n";
    let scripts = [
        LOGIN.to_owned() + "C: STAT\n" + out_of_step,
        LOGIN.to_owned() + &listing(&["a"]) + "C: RETR 1\n" + out_of_step,
    ];
    for script in scripts {
        Scene::new()
            .conversation_text(&script)
            .run()
            .delivers_nothing()
            .says("another program changed the maildrop")
            .says_lines(1)
            .exits(75);
    }
}

#[test]
fn a_server_that_does_not_keep_mail_is_told_of() {
    for (expire, keep, said) in [
        ("EXPIRE 0", "true", Some("whatever keep says")),
        ("EXPIRE 10", "30d", Some("after 10 days")),
        ("EXPIRE 30", "30d", None),
        ("EXPIRE NEVER", "true", None),
        ("EXPIRE 0", "false", None),
    ] {
        let login = LOGIN.replace("S: TOP\n", &format!("S: TOP\nS: {expire}\n"));
        let script = login + "C: STAT\nS: +OK 0 0\n" + QUIT;
        let mut scene = Scene::new().key("keep", keep).conversation_text(&script);
        let mut outcome = scene.run_with(&["-v"]).exits(0);
        let told = outcome.take_stderr();
        match said {
            Some(said) => assert!(told.contains(said), "{told}"),
            None => assert!(!told.contains("this server"), "{told}"),
        }
    }
}

#[test]
fn a_message_that_is_answered_with_nonsense_comes_last_the_next_time() {
    let server = spoiled(Fault::None);
    server.answer("RETR 1", Answer::Say("what".into()));
    let mut scene = Scene::with_server(&server).key("pipeline", "off");
    scene.run().delivers_nothing().says("what").exits(76);
    for _ in 0..3 {
        scene
            .run()
            .delivers(["beta.eml", "gamma.eml"])
            .remembers(["b", "c"])
            .says("what")
            .says_lines(1)
            .exits(76);
    }
    assert_eq!(server.commands("RETR").len(), 1 + 3 + 1 + 1);
    server.behave();
    scene
        .run()
        .delivers(["alpha.eml", "beta.eml", "gamma.eml"])
        .remembers(UIDS)
        .silent()
        .exits(0);
}
