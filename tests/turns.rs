//! How often popget speaks after it has heard the server, and so how often the distance to it is
//! paid for.

#[path = "bench/distance.rs"]
mod distance;

use crate::support::mail;
use crate::support::scene::Scene;
use crate::support::server::PopServer;
use distance::Distance;

/// A server far away, and a scene that knows the way to it and logs in by one command.
fn far() -> (PopServer, Distance, Scene) {
    let server = PopServer::start();
    let distance = Distance::before(server.port()).unwrap();
    let scene = Scene::at_port(distance.port()).key("auth", "plain");
    (server, distance, scene)
}

/// How often popget spoke after it had heard the server, over one connection.
#[track_caller]
fn turns(distance: &Distance) -> u32 {
    std::thread::sleep(distance::ROUND_TRIP); // what was said last is still on its way
    let talk = distance.talk();
    assert_eq!(talk.connections, 1);
    talk.turns
}

#[test]
fn a_look_costs_four_turns_the_first_time_and_then_three() {
    let (server, distance, mut scene) = far();
    for expected in [4, 3, 3] {
        scene.run().silent().exits(0);
        assert_eq!(turns(&distance), expected, "{}", server.dialogue());
    }
    server.maildrop().add_named("a", "alpha.eml");
    // With RETR.
    scene.run().delivers(["alpha.eml"]).silent().exits(0);
    assert_eq!(turns(&distance), 4, "{}", server.dialogue());
    scene.run().silent().exits(0);
    assert_eq!(turns(&distance), 3, "{}", server.dialogue());
}

#[test]
fn a_thousand_messages_cost_one_turn_more_than_none() {
    let (server, distance, scene) = far();
    let messages = mail::many(1000, 9);
    for (index, message) in messages.iter().enumerate() {
        server.maildrop().add(&format!("u{index}"), message);
    }
    let mut scene = scene;
    scene.run().delivers_bytes(&messages).silent().exits(0);
    assert_eq!(turns(&distance), 5);
}
