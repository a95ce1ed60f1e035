//! Whether a message is the one that was stored, or another one.

use std::time::Duration;

use crate::support::maildrop::Fault;
use crate::support::phrases::{listing, listing_of, retr, LOGIN, QUIT};
use crate::support::scene::Scene;
use crate::support::server::PopServer;

const DAY: Duration = Duration::from_secs(24 * 3600);

#[test]
fn a_second_run_fetches_nothing() {
    let server = PopServer::start();
    server
        .maildrop()
        .add_named("a", "alpha.eml")
        .add_named("b", "beta.eml");
    let mut scene = Scene::with_server(&server);
    scene
        .run()
        .delivers(["alpha.eml", "beta.eml"])
        .silent()
        .exits(0);
    scene.run().remembers(["a", "b"]).silent().exits(0);
    server.maildrop().add_named("c", "gamma.eml");
    scene
        .run()
        .delivers(["alpha.eml", "beta.eml", "gamma.eml"])
        .silent()
        .exits(0);
    assert_eq!(server.commands("RETR").len(), 3);
}

#[test]
fn two_messages_with_one_uid_are_two_messages() {
    let server = PopServer::start();
    server
        .maildrop()
        .add_named("a", "alpha.eml")
        .add_named("a", "beta.eml");
    let mut scene = Scene::with_server(&server);
    scene
        .run()
        .delivers(["alpha.eml", "beta.eml"])
        .silent()
        .exits(0);
    scene.run().silent().exits(0);
    assert_eq!(server.commands("RETR").len(), 2);
    scene.run_with(&["--delete"]).silent().exits(0);
    assert_eq!(server.maildrop().left(), 0);
}

#[test]
fn identical_twins_are_both_delivered_and_once_each() {
    let server = PopServer::start();
    server
        .maildrop()
        .add_named("a", "alpha.eml")
        .add_named("a", "alpha.eml");
    let mut scene = Scene::with_server(&server);
    scene
        .run()
        .delivers(["alpha.eml", "alpha.eml"])
        .silent()
        .exits(0);
    scene.run_with(&["--delete"]).silent().exits(0);
    assert_eq!(server.commands("RETR").len(), 2);
    assert_eq!(server.maildrop().left(), 0);
}

#[test]
fn when_one_of_two_with_a_uid_was_stored_the_other_still_comes() {
    for other in ["beta.eml", "alpha.eml"] {
        let server = PopServer::start();
        server
            .maildrop()
            .add_named("a", "alpha.eml")
            .add_named("a", other);
        let mut scene = Scene::with_server(&server).key("keep", "false");
        // The first run stops between the two of them.
        scene
            .run_with(&["--limit", "1", "--keep"])
            .delivers(["alpha.eml"])
            .exits(0);
        scene.run().delivers(["alpha.eml", other]).silent().exits(0);
        assert_eq!(server.maildrop().left(), 0);
    }
}

#[test]
fn a_twin_that_was_never_read_is_not_deleted_for_its_brother() {
    let server = PopServer::start();
    server
        .maildrop()
        .add_named("a", "alpha.eml")
        .add_named("a", "beta.eml");
    let mut scene = Scene::with_server(&server);
    scene
        .run_with(&["--limit", "1"])
        .delivers(["alpha.eml"])
        .exits(0);
    // The one that was read goes by another hand: the other is alone under this UID now.
    server.maildrop().remove("a").add_named("a", "beta.eml");
    scene
        .run_with(&["--delete"])
        .delivers(["alpha.eml", "beta.eml"])
        .silent()
        .exits(0);
    assert_eq!(server.maildrop().left(), 0);
}

#[test]
fn a_twin_that_is_cut_comes_in_the_next_run() {
    let server = PopServer::start();
    server
        .maildrop()
        .add_named("a", "alpha.eml")
        .add_named("b", "gamma.eml")
        .add_named("a", "beta.eml");
    server.maildrop().spoil("b", Fault::Cut(1));
    let mut scene = Scene::with_server(&server);
    scene
        .run()
        .delivers(["alpha.eml"])
        .says("hung up")
        .exits(75);
    scene
        .run()
        .delivers(["alpha.eml", "beta.eml", "gamma.eml"])
        .silent()
        .exits(0);
    scene.run().silent().exits(0);
}

#[test]
fn a_uid_of_another_size_but_the_same_bytes_is_the_same_message() {
    let list = |size| LOGIN.to_owned() + &listing_of(&[("a", size)]);
    let fetched = list(200) + &retr(1, "alpha.eml") + QUIT;
    let mut scene = Scene::new().conversation_text(&fetched);
    scene.run().delivers(["alpha.eml"]).exits(0);
    // It is fetched to be compared, once for each size the server comes up with.
    let compared = list(203) + &retr(1, "alpha.eml") + QUIT;
    scene = scene.conversation_text(&compared);
    scene.run().silent().exits(0);
    scene = scene.conversation_text(&(list(203) + QUIT));
    scene.run().silent().exits(0);
}

#[test]
fn a_uid_of_another_size_and_other_bytes_is_another_message() {
    let server = PopServer::start();
    server.maildrop().add_named("a", "alpha.eml");
    let mut scene = Scene::with_server(&server);
    scene.run().delivers(["alpha.eml"]).exits(0);
    server.maildrop().remove("a").add_named("a", "dots.eml");
    scene
        .run_with(&["--delete"])
        .delivers(["alpha.eml", "dots.eml"])
        .silent()
        .exits(0);
    assert_eq!(server.maildrop().left(), 0);
}

#[test]
fn a_uid_of_another_size_is_never_deleted_unread() {
    let list = LOGIN.to_owned() + &listing_of(&[("a", 200)]);
    let mut scene = Scene::new()
        .key("keep", "false")
        .conversation_text(&(list + &retr(1, "alpha.eml") + "C: DELE 1\n! cut\n"));
    scene
        .run()
        .delivers(["alpha.eml"])
        .says("hung up")
        .exits(75);
    let list = LOGIN.to_owned() + &listing_of(&[("a", 999)]);
    let script = list + "C: RETR 1\nS: -ERR cannot read it\n" + QUIT;
    scene
        .conversation_text(&script)
        .run()
        .says("cannot read it")
        .exits(75);
}

#[test]
fn what_is_gone_and_back_within_ninety_days_is_known_again() {
    let server = PopServer::start();
    server
        .maildrop()
        .add_named("a", "alpha.eml")
        .add_named("b", "beta.eml");
    let mut scene = Scene::with_server(&server);
    scene.run().delivers(["alpha.eml", "beta.eml"]).exits(0);
    server.maildrop().remove("a");
    scene.run().silent().exits(0);
    scene.run().silent().exits(0);
    server.maildrop().add_named("a", "alpha.eml");
    scene.run().silent().exits(0);
    assert_eq!(server.commands("RETR").len(), 2);
}

#[test]
fn an_empty_listing_makes_nothing_forgotten() {
    let server = PopServer::start();
    let maildrop = server.maildrop();
    maildrop
        .add_named("a", "alpha.eml")
        .add_named("b", "beta.eml");
    let mut scene = Scene::with_server(&server).key("keep", "5d");
    scene.run().delivers(["alpha.eml", "beta.eml"]).exits(0);
    maildrop.remove("a").remove("b");
    scene.run().silent().exits(0);
    maildrop
        .add_named("b", "beta.eml")
        .add_named("a", "alpha.eml");
    scene.run().silent().exits(0);
    assert_eq!(server.commands("RETR").len(), 2);
}

#[test]
fn what_the_memory_took_over_from_elsewhere_needs_no_size_or_digest() {
    let script = LOGIN.to_owned() + &listing(&["a", "b", "c"]) + &retr(2, "beta.eml") + QUIT;
    Scene::new()
        .remembers_since(["a", "c"], 400 * DAY)
        .conversation_text(&script)
        .run()
        .delivers(["beta.eml"])
        .remembers(["a", "b", "c"])
        .silent()
        .exits(0);
}

#[test]
fn all_takes_the_known_once_more_and_remembers_it_once() {
    let server = PopServer::start();
    server
        .maildrop()
        .add_named("a", "alpha.eml")
        .add_named("b", "beta.eml");
    let mut scene = Scene::with_server(&server);
    scene.run().delivers(["alpha.eml", "beta.eml"]).exits(0);
    scene
        .run_with(&["--all"])
        .delivers(["alpha.eml", "alpha.eml", "beta.eml", "beta.eml"])
        .silent()
        .exits(0);
    scene.run().silent().exits(0);
    let mut scene = scene.key("all", "true").key("limit", "1");
    scene
        .run()
        .delivers([
            "alpha.eml",
            "alpha.eml",
            "alpha.eml",
            "beta.eml",
            "beta.eml",
        ])
        .exits(0);
}

#[test]
fn a_dry_run_remembers_and_delivers_and_deletes_nothing() {
    let server = PopServer::start();
    server
        .maildrop()
        .add_named("a", "alpha.eml")
        .add_named("b", "beta.eml");
    let mut scene = Scene::with_server(&server).key("keep", "false");
    scene
        .run_with(&["--dry-run"])
        .prints("would fetch message a")
        .prints("would delete message b")
        .remembers([])
        .exits(0);
    assert_eq!(server.maildrop().left(), 2);
    assert!(!scene.path("Mail").exists());
    assert!(server.commands("RETR").is_empty() && server.commands("DELE").is_empty());
    scene.run().delivers(["alpha.eml", "beta.eml"]).exits(0);
}
