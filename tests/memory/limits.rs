//! How much is taken in a run, and in which order.

use crate::support::mail;
use crate::support::scene::Scene;
use crate::support::server::PopServer;

#[test]
fn a_limit_leaves_the_rest_to_the_next_runs() {
    let server = PopServer::holding(3);
    let mut scene = Scene::with_server(&server).key("limit", "2");
    scene
        .run()
        .delivers(["alpha.eml", "beta.eml"])
        .remembers(["a", "b"])
        .silent()
        .exits(0);
    let three = ["alpha.eml", "beta.eml", "gamma.eml"];
    scene.run().delivers(three).silent().exits(0);
    scene.run().silent().exits(0);
    assert_eq!(server.commands("RETR").len(), 3);
}

#[test]
fn what_a_limit_leaves_is_not_deleted() {
    let server = PopServer::holding(3);
    let mut scene = Scene::with_server(&server).key("keep", "false");
    scene
        .run_with(&["--limit", "1"])
        .delivers(["alpha.eml"])
        .exits(0);
    assert_eq!(server.maildrop().uids(), ["b", "c"]);
    scene.run_with(&["--limit", "0"]).silent().exits(0);
    assert_eq!(server.maildrop().uids(), ["b", "c"]);
}

#[test]
fn a_limit_that_is_reached_is_told_when_asked() {
    let server = PopServer::holding(3);
    Scene::with_server(&server)
        .run_with(&["--limit", "1", "-v"])
        .delivers(["alpha.eml"])
        .says("more waiting")
        .exits(0);
}

#[test]
fn the_newest_can_come_first() {
    let server = PopServer::holding(3);
    let mut scene = Scene::with_server(&server)
        .key("order", "newest")
        .key("limit", "1");
    scene.run().delivers(["gamma.eml"]).exits(0);
    scene.run().delivers(["beta.eml", "gamma.eml"]).exits(0);
    let server = PopServer::holding(3);
    let mut scene = Scene::with_server(&server).key("order", "newest");
    scene
        .run()
        .delivers(["alpha.eml", "beta.eml", "gamma.eml"])
        .exits(0);
    assert_eq!(server.commands("RETR"), ["RETR 3", "RETR 2", "RETR 1"]);
}

#[test]
fn what_is_too_large_stays_unread_and_can_be_had_later() {
    let server = PopServer::holding(3);
    server.maildrop().add("d", &mail::big(1, 1)[0]);
    let mut scene = Scene::with_server(&server)
        .key("max_size", "500kB")
        .key("keep", "false");
    let three = ["alpha.eml", "beta.eml", "gamma.eml"];
    scene
        .run_with(&["-v"])
        .delivers(three)
        .says("message d")
        .says("larger than max_size")
        .remembers(["a", "b", "c"])
        .exits(0);
    assert_eq!(server.maildrop().uids(), ["d"]);
    scene.run().exits(0);
    let mut all: Vec<_> = three.iter().map(|name| mail::named(name)).collect();
    all.push(mail::big(1, 1)[0].clone());
    scene
        .run_with(&["--max-size", "10M"])
        .delivers_bytes(&all)
        .exits(0);
    assert_eq!(server.maildrop().left(), 0);
}

#[test]
fn a_message_of_just_the_size_is_not_too_large() {
    let server = PopServer::start();
    server.maildrop().add_named("a", "alpha.eml");
    let size = mail::with_crlf(&mail::named("alpha.eml")).len();
    let mut scene = Scene::with_server(&server);
    scene
        .run_with(&["--max-size", &(size - 1).to_string()])
        .delivers_nothing()
        .exits(0);
    scene
        .run_with(&["--max-size", &size.to_string()])
        .delivers(["alpha.eml"])
        .exits(0);
}

#[test]
fn what_is_too_large_does_not_count_against_the_limit() {
    let server = PopServer::start();
    server
        .maildrop()
        .add("big", &mail::big(1, 1)[0])
        .add_named("a", "alpha.eml");
    Scene::with_server(&server)
        .key("max_size", "500kB")
        .key("limit", "1")
        .run()
        .delivers(["alpha.eml"])
        .exits(0);
}
