//! A server without UIDL: messages are known by their bytes.

use crate::support::maildrop::{Fault, Maildrop};
use crate::support::phrases::{multi, retr, LOGIN, QUIT};
use crate::support::scene::Scene;
use crate::support::server::{Answer, PopServer};

fn server() -> (PopServer, Maildrop) {
    let server = PopServer::start();
    without_uidl(&server);
    let maildrop = server.maildrop();
    maildrop
        .add_named("a", "alpha.eml")
        .add_named("b", "beta.eml");
    (server, maildrop)
}

fn without_uidl(server: &PopServer) {
    server.answer("UIDL", Answer::Say("-ERR unknown command".into()));
}

const BOTH: [&str; 2] = ["alpha.eml", "beta.eml"];

#[test]
fn nothing_is_delivered_twice() {
    let (server, maildrop) = server();
    let mut scene = Scene::with_server(&server);
    scene.run().delivers(BOTH).silent().exits(0);
    scene.run().silent().exits(0);
    maildrop.add_named("c", "gamma.eml");
    scene
        .run()
        .delivers(["alpha.eml", "beta.eml", "gamma.eml"])
        .silent()
        .exits(0);
    scene.run_with(&["--delete"]).silent().exits(0);
    assert_eq!(maildrop.left(), 0);
}

#[test]
fn identical_messages_are_each_delivered_once() {
    let (server, maildrop) = server();
    maildrop.add_named("c", "alpha.eml");
    let mut scene = Scene::with_server(&server);
    let three = ["alpha.eml", "alpha.eml", "beta.eml"];
    scene.run().delivers(three).silent().exits(0);
    scene.run().silent().exits(0);
    maildrop.add_named("d", "alpha.eml");
    scene
        .run()
        .delivers(["alpha.eml", "alpha.eml", "alpha.eml", "beta.eml"])
        .silent()
        .exits(0);
}

#[test]
fn a_limit_counts_what_is_new() {
    let (server, maildrop) = server();
    maildrop.add_named("c", "gamma.eml");
    let mut scene = Scene::with_server(&server).key("limit", "1");
    scene.run().delivers(["alpha.eml"]).exits(0);
    scene.run().delivers(BOTH).exits(0);
    scene
        .run()
        .delivers(["alpha.eml", "beta.eml", "gamma.eml"])
        .exits(0);
    scene.run().exits(0);
}

#[test]
fn mail_goes_once_it_is_delivered() {
    let (server, maildrop) = server();
    let mut scene = Scene::with_server(&server).key("keep", "false");
    scene.run().delivers(BOTH).silent().exits(0);
    assert_eq!(maildrop.left(), 0);
    assert_eq!(server.commands("RETR").len(), 2);
    // The same bytes again, with no UID to tell them apart, are the same message still listed:
    // the server may not have carried out the deletion.
    maildrop.add_named("d", "alpha.eml");
    scene.run().silent().exits(0);
    assert_eq!(maildrop.left(), 0);
}

#[test]
fn uids_that_appear_later_bring_nothing_twice() {
    let (server, maildrop) = server();
    let mut scene = Scene::with_server(&server);
    scene.run().delivers(BOTH).exits(0);
    server.behave();
    maildrop.add_named("c", "gamma.eml");
    scene
        .run()
        .delivers(["alpha.eml", "beta.eml", "gamma.eml"])
        .remembers(["-", "-", "a", "b", "c"])
        .silent()
        .exits(0);
    let fetched = server.commands("RETR").len();
    scene.run().silent().exits(0);
    assert_eq!(server.commands("RETR").len(), fetched, "by their UIDs now");
}

#[test]
fn uids_that_vanish_later_bring_nothing_twice() {
    let (server, maildrop) = server();
    server.behave();
    let mut scene = Scene::with_server(&server);
    scene.run().delivers(BOTH).exits(0);
    without_uidl(&server);
    maildrop.add_named("c", "gamma.eml");
    scene
        .run()
        .delivers(["alpha.eml", "beta.eml", "gamma.eml"])
        .silent()
        .exits(0);
    scene.run().silent().exits(0);
    // And back again.
    server.behave();
    scene.run().silent().exits(0);
    scene.run().silent().exits(0);
}

#[test]
fn neither_uids_nor_sizes_are_needed() {
    let bare = |turns: &str| {
        format!("{LOGIN}C: STAT\nS: +OK 2 9\nC: UIDL\nS: -ERR\nC: LIST\nS: -ERR\n{turns}{QUIT}")
    };
    let turns = retr(1, "alpha.eml") + &retr(2, "beta.eml");
    let mut scene = Scene::new().conversation_text(&bare(&turns));
    scene.run().delivers(BOTH).silent().exits(0);
    scene = scene.conversation_text(&bare(&turns));
    scene.run().silent().exits(0);
}

#[test]
fn one_message_without_a_uid_does_not_make_the_others_strangers() {
    let list = LOGIN.to_owned()
        + "C: STAT\nS: +OK 2 400\n"
        + &multi("UIDL", "S: 2 b\n")
        + &multi("LIST", "S: 1 200\nS: 2 200\n");
    let first = list.clone() + &retr(1, "alpha.eml") + &retr(2, "beta.eml") + QUIT;
    let mut scene = Scene::new().conversation_text(&first);
    scene.run().delivers(BOTH).exits(0);
    scene = scene.conversation_text(&(list + &retr(1, "alpha.eml") + QUIT));
    scene.run().silent().exits(0);
}

#[test]
fn a_lost_line_brings_nothing_twice_when_all_is_wanted() {
    let (server, maildrop) = server();
    maildrop.add_named("c", "alpha.eml");
    maildrop.add_named("d", "gamma.eml");
    let mut scene = Scene::with_server(&server).key("retry", "2");
    let four = ["alpha.eml", "beta.eml", "alpha.eml", "gamma.eml"];
    maildrop.spoil("d", Fault::Cut(1));
    scene.run_with(&["--all"]).delivers(four).silent().exits(0);
    // Neither is it when all is known: once more each, and no more.
    maildrop.spoil("d", Fault::Cut(1));
    let eight = [four, four].concat();
    scene.run_with(&["--all"]).delivers(eight).silent().exits(0);
    assert_eq!(server.logins(), 4);
    scene.run().silent().exits(0);
}

/// A message is the same however it comes: what looks like a server's mark in its body is no mark,
/// whether the body came together with the head or later.
#[test]
fn a_message_is_known_again_however_it_is_cut() {
    let listing = "C: STAT\nS: +OK 1 50\nC: UIDL\nS: -ERR\n".to_owned();
    let listing = listing + &multi("LIST", "S: 1 50\n");
    let talk = |between: &str| {
        format!(
            "{LOGIN}{listing}C: RETR 1\n! glue\nS: +OK\nS: Subject: x\nS: \n{between}\
             S: Status: in the body\nS: .\n{QUIT}"
        )
    };
    let message = b"Subject: x\n\nStatus: in the body\n".to_vec();
    let mut scene = Scene::new().conversation_text(&talk(""));
    scene.run().delivers_bytes(&[message]).silent().exits(0);
    let mut scene = scene.conversation_text(&talk("! wait 100ms\n"));
    scene.run().silent().exits(0);
}

#[test]
fn what_is_known_by_its_bytes_is_gone_from_an_empty_maildrop() {
    let (server, maildrop) = server();
    let mut scene = Scene::with_server(&server);
    scene.run().delivers(BOTH).silent().exits(0);
    maildrop.remove("a").remove("b");
    scene.run().silent().exits(0);
    let memory = std::fs::read_to_string(scene.path(".local/state/popget/work.seen")).unwrap();
    let gone = crate::support::memory::settled(&memory);
    let gone = gone.iter().filter(|line| line.ends_with("gone: true"));
    assert_eq!(gone.count(), 2, "{memory}");
    // They are remembered all the same, should they come back.
    maildrop.add_named("a", "alpha.eml");
    scene.run().silent().exits(0);
}
