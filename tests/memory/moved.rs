//! A maildrop that is not the one remembered.

use crate::support::scene::Scene;
use crate::support::server::{Answer, PopServer};

const ALL: [&str; 6] = [
    "alpha.eml",
    "beta.eml",
    "gamma.eml",
    "dots.eml",
    "utf8.eml",
    "mime.eml",
];
const UIDS: [&str; 6] = ["a", "b", "c", "d", "e", "f"];

fn six() -> PopServer {
    let server = PopServer::start();
    for (uid, name) in UIDS.iter().zip(ALL) {
        server.maildrop().add_named(uid, name);
    }
    server
}

#[test]
fn when_every_uid_is_new_popget_stops_and_says_how_to_go_on() {
    let server = six();
    let mut scene = Scene::with_server(&server).key("keep", "false");
    scene.run_with(&["--keep"]).delivers(ALL).exits(0);
    server.maildrop().change_uids(|uid| format!("new-{uid}"));
    for _ in 0..2 {
        scene
            .run()
            .says("all 6 UIDs are new")
            .says("--accept-new-uids")
            .says_lines(1)
            .remembers(UIDS)
            .exits(78);
    }
    assert_eq!(server.maildrop().left(), 6);
    assert_eq!(server.commands("RETR").len(), 6);
    assert_eq!(server.commands("QUIT").len(), 3);
    // What is there under new names is known by its bytes; only what is new is delivered.
    server.maildrop().add_named("fresh", "dots.eml");
    let all = [&ALL[..], &["dots.eml"]].concat();
    scene
        .run_with(&["--accept-new-uids"])
        .delivers(all)
        .silent()
        .exits(0);
    assert_eq!(server.maildrop().left(), 0);
    scene.run().silent().exits(0);
}

#[test]
fn a_dry_run_stops_at_new_uids_as_well() {
    let server = six();
    let mut scene = Scene::with_server(&server);
    scene.run().delivers(ALL).exits(0);
    server.maildrop().change_uids(|uid| format!("new-{uid}"));
    scene
        .run_with(&["--dry-run"])
        .says("--accept-new-uids")
        .exits(78);
}

#[test]
fn an_emptied_maildrop_with_new_mail_is_nothing_unusual() {
    let server = six();
    let mut scene = Scene::with_server(&server).key("keep", "false");
    scene.run().delivers(ALL).exits(0);
    for (uid, name) in UIDS.iter().zip(ALL) {
        server.maildrop().add_named(&format!("new-{uid}"), name);
    }
    scene.run().delivers([ALL, ALL].concat()).silent().exits(0);
}

#[test]
fn another_user_or_server_under_the_same_name_is_another_maildrop() {
    let server = PopServer::builder()
        .user("alice", "open-sesame")
        .user("bob", "open-sesame")
        .start();
    server.maildrop().add_named("a", "alpha.eml");
    server.maildrop_of("bob").add_named("a", "beta.eml");
    let mut scene = Scene::with_server(&server);
    scene.run().delivers(["alpha.eml"]).exits(0);
    let mut scene = scene.key("user", "bob");
    scene
        .run()
        .says("alice at 127.0.0.1")
        .says("--accept-new-uids")
        .says_lines(1)
        .exits(78);
    assert_eq!(server.logins(), 1, "nobody asked the server");
    let mut scene = scene.key("user", "alice").key("server", "localhost");
    scene.run().says("alice at 127.0.0.1").exits(78);
    let mut scene = scene.key("server", "127.0.0.1");
    scene.run().silent().exits(0);
}

#[test]
fn another_maildrop_is_taken_when_that_is_wanted() {
    let server = PopServer::builder()
        .user("alice", "open-sesame")
        .user("bob", "open-sesame")
        .start();
    server.maildrop().add_named("1", "alpha.eml");
    // The same number means another message here, and another number the same.
    server
        .maildrop_of("bob")
        .add_named("1", "beta.eml")
        .add_named("2", "alpha.eml");
    let mut scene = Scene::with_server(&server);
    scene.run().delivers(["alpha.eml"]).exits(0);
    let mut scene = scene.key("user", "bob").key("keep", "false");
    scene
        .run_with(&["--accept-new-uids"])
        .delivers(["alpha.eml", "beta.eml"])
        .silent()
        .exits(0);
    assert_eq!(server.maildrop_of("bob").left(), 0);
    scene.run().silent().exits(0);
}

#[test]
fn new_uids_are_noticed_though_the_server_gave_none_in_between() {
    let server = six();
    let mut scene = Scene::with_server(&server);
    scene.run().delivers(ALL).exits(0);
    server.answer("UIDL", Answer::Say("-ERR not now".into()));
    scene.run().silent().exits(0);
    server.behave();
    server.maildrop().change_uids(|uid| format!("new-{uid}"));
    let fetched = server.commands("RETR").len();
    scene
        .run()
        .says("all 6 UIDs are new")
        .says_lines(1)
        .exits(78);
    assert_eq!(server.commands("RETR").len(), fetched);
    scene.run_with(&["--accept-new-uids"]).silent().exits(0);
    scene.run().silent().exits(0);
}
