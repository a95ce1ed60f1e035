//! Which of a host's addresses is used, and from where.

use std::net::TcpListener;
use std::time::{Duration, Instant};

use crate::support::scene::Scene;
use crate::support::server::PopServer;

fn server() -> PopServer {
    let server = PopServer::start();
    server.maildrop().add_named("a", "alpha.eml");
    server
}

#[test]
fn a_host_with_a_closed_address_is_reached_at_the_other() {
    let server = server();
    // localhost is ::1 as well, where nobody listens at this port.
    let mut scene = Scene::with_server(&server).key("server", "localhost");
    scene.run().delivers(["alpha.eml"]).silent().exits(0);
}

#[test]
fn only_addresses_of_the_family_asked_for_are_used() {
    let server = server();
    let localhost = || Scene::with_server(&server).key("server", "localhost");
    localhost()
        .key("ip", "4")
        .run()
        .delivers(["alpha.eml"])
        .exits(0);
    localhost()
        .key("ip", "any")
        .run()
        .delivers(["alpha.eml"])
        .exits(0);
    let mut numeric = Scene::with_server(&server).key("ip", "6");
    numeric
        .run()
        .says("host 127.0.0.1 not found: it has no IPv6 address")
        .says_lines(1)
        .exits(68);
}

#[test]
fn a_connection_starts_where_it_is_told() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    let mut scene = Scene::at_port(port)
        .key("source_address", "127.0.0.9")
        .key("timeout", "1s");
    scene.run().says("no answer for 1s").exits(75);
    let (_, peer) = listener.accept().unwrap();
    assert_eq!(peer.ip().to_string(), "127.0.0.9");
    // An address for documentation, which no machine has.
    let mut scene = Scene::at_port(port).key("source_address", "192.0.2.1");
    scene
        .run()
        .says("no connection can start from 192.0.2.1")
        .says("set source_address")
        .exits(69);
}

/// Fills the queue of a listener, which then answers nobody while the connections are held.
fn fill(listener: &TcpListener) -> Vec<std::net::TcpStream> {
    let address = listener.local_addr().unwrap();
    let mut queue = Vec::new();
    while let Ok(socket) =
        std::net::TcpStream::connect_timeout(&address, Duration::from_millis(200))
    {
        queue.push(socket);
    }
    queue
}

#[test]
fn an_address_that_says_nothing_is_overtaken() {
    let server = server();
    // localhost is ::1 first, where nobody answers, and 127.0.0.1.
    let silent = TcpListener::bind(("::1", server.port())).unwrap();
    let _queue = fill(&silent);
    let begun = Instant::now();
    let mut scene = Scene::with_server(&server)
        .key("server", "localhost")
        .key("timeout", "30s");
    scene.run().delivers(["alpha.eml"]).silent().exits(0);
    assert!(begun.elapsed() < Duration::from_secs(20));
}

#[test]
fn an_address_that_says_nothing_is_given_up_in_time() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    let _queue = fill(&listener);
    let begun = Instant::now();
    let mut scene = Scene::at_port(address.port()).key("timeout", "1s");
    scene
        .run()
        .says("cannot connect to 127.0.0.1")
        .says("timed out")
        .exits(69);
    assert!(begun.elapsed() < Duration::from_secs(20));
}

#[test]
fn a_name_in_another_script_is_looked_up_in_ascii() {
    let mut scene = Scene::new()
        .key("server", "b\u{fc}cher.invalid")
        .key("timeout", "5s");
    scene
        .run()
        .says("(b\u{fc}cher.invalid:")
        .says("xn--bcher-kva.invalid not found")
        .says_lines(1)
        .exits(68);
}
