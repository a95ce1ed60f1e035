//! SIGINT and SIGTERM stop cleanly after the message under way; a second one ends popget at once.

use std::net::{SocketAddr, TcpListener, TcpStream};
use std::os::fd::OwnedFd;
use std::time::{Duration, Instant};

use rustix::net::{self, AddressFamily, SocketType};
use rustix::process::Signal;

use super::{crowd, names};
use crate::support::gate::Gate;
use crate::support::scene::Scene;
use crate::support::server::{Moment, PopServer};

/// A stop is asked for while popget waits; it must not take longer than this.
const SOON: Duration = Duration::from_secs(5);

#[test]
fn a_signal_stops_after_the_message_under_way() {
    for (signal, status) in [(Signal::INT, 130), (Signal::TERM, 143)] {
        let server = PopServer::start();
        for uid in ["a", "b", "c"] {
            server.maildrop().add_named(uid, "alpha.eml");
        }
        let mut scene = Scene::with_server(&server).key("pipeline", "off");
        let gate = Gate::at(&server, Moment::Halfway, "");
        let begun = scene.start(&["--delete"]);
        gate.wait();
        begun.program().signal(signal);
        // Long enough for the signal to be seen; the rest of the message comes after it.
        std::thread::sleep(Duration::from_millis(200));
        drop(gate);
        begun
            .finish()
            .says_exactly(
                "popget: work (127.0.0.1): retrieving: stopped by a signal; what came is kept, and \
                 the next run goes on\n",
            )
            .delivers(["alpha.eml"])
            .remembers(["a"])
            .exits(status);
        server.unhook();
        assert_eq!(
            server.maildrop().uids(),
            ["b", "c"],
            "what was delivered is deleted"
        );
        scene
            .run_with(&["--delete"])
            .delivers(["alpha.eml", "alpha.eml", "alpha.eml"])
            .silent()
            .exits(0);
        assert_eq!(server.commands("RETR").len(), 3);
    }
}

#[test]
fn a_signal_ends_every_wait_for_a_silent_server() {
    for (command, stage) in [
        ("CAPA", "greeting"),
        ("USER", "login"),
        ("PASS", "login"),
        ("STAT", "listing"),
        ("UIDL", "listing"),
    ] {
        let server = PopServer::start();
        server.maildrop().add_named("a", "alpha.eml");
        let mut scene = Scene::with_server(&server);
        let gate = Gate::at(&server, Moment::Received, command);
        let begun = scene.start(&[]);
        gate.wait();
        begun.program().signal(Signal::TERM);
        assert!(begun.program().ends_within(SOON), "{command}");
        drop(gate);
        let words = format!("popget: work (127.0.0.1): {stage}: stopped by a signal\n");
        begun.finish().says_exactly(&words).exits(143);
    }
}

#[test]
fn a_signal_ends_the_wait_for_a_greeting() {
    for (signal, status) in [(Signal::INT, 130), (Signal::TERM, 143)] {
        let silent = TcpListener::bind("127.0.0.1:0").unwrap();
        let mut scene = Scene::at_port(silent.local_addr().unwrap().port());
        let begun = scene.start(&[]);
        let peer = silent.accept().unwrap();
        begun.program().signal(signal);
        assert!(begun.program().ends_within(SOON));
        begun
            .finish()
            .says("greeting: stopped by a signal")
            .exits(status);
        drop(peer);
    }
}

/// A port that lets nobody in and turns nobody away, for as long as the sockets live.
fn crowded_port() -> (u16, OwnedFd, Vec<TcpStream>) {
    let door = net::socket(AddressFamily::INET, SocketType::STREAM, None).unwrap();
    net::bind(&door, &SocketAddr::from(([127, 0, 0, 1], 0))).unwrap();
    net::listen(&door, 0).unwrap();
    let address = SocketAddr::try_from(net::getsockname(&door).unwrap()).unwrap();
    let mut queue = Vec::new();
    while let Ok(guest) = TcpStream::connect_timeout(&address, Duration::from_millis(300)) {
        queue.push(guest);
        assert!(queue.len() < 100, "the port takes anyone");
    }
    (address.port(), door, queue)
}

#[test]
fn a_signal_ends_the_wait_for_a_connection() {
    let (port, _door, _queue) = crowded_port();
    let mut scene = Scene::at_port(port);
    let locked = scene.path(".local/state/popget/work.lock");
    let begun = scene.start(&[]);
    // Signals are heeded since before the account was locked.
    let started = Instant::now();
    while !locked.exists() {
        assert!(started.elapsed() < Duration::from_secs(30), "never begun");
        std::thread::sleep(Duration::from_millis(5));
    }
    begun.program().signal(Signal::TERM);
    assert!(begun.program().ends_within(SOON));
    begun
        .finish()
        .says_exactly("popget: work (127.0.0.1): connecting: stopped by a signal\n")
        .exits(143);
    let mut scene = Scene::at_port(port).key("timeout", "1s");
    scene
        .run()
        .says("cannot connect to 127.0.0.1:")
        .says(": connection timed out; check")
        .exits(69);
}

#[test]
fn a_signal_ends_a_tls_handshake() {
    let silent = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = silent.local_addr().unwrap().port();
    let mut scene = Scene::at_port(port).tls("implicit");
    let started = Instant::now();
    let begun = scene.start(&[]);
    let peer = silent.accept().unwrap();
    begun.program().signal(Signal::INT);
    begun
        .finish()
        .says("securing: stopped by a signal")
        .exits(130);
    assert!(started.elapsed() < SOON);
    drop(peer);
}

#[test]
fn a_second_signal_ends_at_once() {
    let server = PopServer::start();
    server.maildrop().add_named("a", "alpha.eml");
    let mut scene = Scene::with_server(&server);
    let gate = Gate::at(&server, Moment::Halfway, "");
    let begun = scene.start(&[]);
    gate.wait();
    begun.program().signal(Signal::INT);
    assert!(
        !begun.program().ends_within(Duration::from_millis(300)),
        "it does not wait"
    );
    begun.program().signal(Signal::INT);
    assert!(
        begun.program().ends_within(SOON),
        "it waits for the message"
    );
    drop(gate);
    begun.finish().remembers([]).dies_of(2);
    server.unhook();
    scene.run().delivers(["alpha.eml"]).silent().exits(0);
}

#[test]
fn a_signal_reaches_all_accounts_of_a_run() {
    let names = names(6);
    let (server, text) = crowd(&names);
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    let text = text.replace("{port}", &port.to_string());
    let mut scene = Scene::with_server(&server).config(&text);
    let started = Instant::now();
    // Two at a time, so that some are never begun.
    let begun = scene.start(&["--jobs", "2"]);
    let peers = [listener.accept().unwrap(), listener.accept().unwrap()];
    begun.program().signal(Signal::TERM);
    let mut outcome = begun.finish();
    let said = outcome.take_stderr();
    assert_eq!(said.lines().count(), 2, "{said}");
    assert!(
        said.lines()
            .all(|line| line.ends_with("greeting: stopped by a signal")),
        "{said}"
    );
    outcome.exits(143);
    assert!(started.elapsed() < SOON);
    drop(peers);
}
