//! SIGTERM and SIGINT: what is under way is finished, what is delivered stays so.

use std::sync::{Arc, Barrier};
use std::time::{Duration, Instant};

use rustix::process::{waitid, Pid, Signal, WaitId, WaitIdOptions};

use crate::support::mail;
use crate::support::scene::Scene;
use crate::support::server::{Moment, PopServer};

#[test]
fn a_signal_ends_the_run_after_the_message_under_way() {
    for (signal, status) in [(Signal::TERM, 143), (Signal::INT, 130)] {
        let server = PopServer::start();
        let messages = mail::many(5, 3);
        for (index, message) in messages.iter().enumerate() {
            server.maildrop().add(&format!("uid{index}"), message);
        }
        let mut scene = Scene::with_server(&server)
            .key("keep", "false")
            .key("pipeline", "off");
        let asked = Arc::new(Barrier::new(2));
        let (here, there) = (Arc::clone(&asked), asked);
        server.hook(move |exchange| {
            if exchange.moment == Moment::Received && exchange.command == "RETR 2" {
                there.wait();
                there.wait();
            }
        });
        let begun = scene.start(&[]);
        here.wait();
        begun.program().signal(signal);
        // The signal has been sent; popget's threads get a moment to hear of it.
        std::thread::sleep(Duration::from_millis(200));
        here.wait();
        let outcome = begun.finish().exits(status);
        let mut outcome = outcome
            .delivers_bytes(&messages[..2])
            .remembers(["uid0", "uid1"]);
        outcome.take_stderr();
        server.unhook();
        assert_eq!(server.maildrop().uids(), ["uid2", "uid3", "uid4"]);
        scene.run().delivers_bytes(&messages).silent().exits(0);
        assert_eq!(server.commands("RETR").len(), 5);
        assert_eq!(server.maildrop().left(), 0);
    }
}

#[test]
fn a_signal_ends_a_wait_with_nothing_under_way() {
    for command in ["CAPA", "PASS open-sesame", "STAT", "UIDL"] {
        let server = PopServer::start();
        server.maildrop().add_named("a", "alpha.eml");
        let mut scene = Scene::with_server(&server).key("timeout", "60s");
        let asked = Arc::new(Barrier::new(2));
        let (here, there) = (Arc::clone(&asked), asked);
        server.hook(move |exchange| {
            if exchange.moment == Moment::Received && exchange.command == command {
                there.wait();
                there.wait();
            }
        });
        let begun = scene.start(&[]);
        here.wait();
        begun.program().signal(Signal::TERM);
        let ended = ends_within(begun.program().pid(), Duration::from_secs(20));
        here.wait();
        assert!(ended, "popget waits for the answer to {command}");
        let mut outcome = begun.finish().delivers_nothing().exits(143);
        outcome.take_stderr();
    }
}

#[test]
fn the_second_signal_ends_popget_at_once_and_the_next_run_goes_on() {
    let server = PopServer::start();
    server.maildrop().add_named("a", "alpha.eml");
    let mut scene = Scene::with_server(&server).key("keep", "false");
    let asked = Arc::new(Barrier::new(2));
    let (here, there) = (Arc::clone(&asked), asked);
    server.hook(move |exchange| {
        if exchange.moment == Moment::Halfway {
            there.wait();
            there.wait();
        }
    });
    let begun = scene.start(&[]);
    here.wait();
    begun.program().signal(Signal::TERM);
    let patient = ends_within(begun.program().pid(), Duration::from_millis(700));
    begun.program().signal(Signal::TERM);
    let ended = ends_within(begun.program().pid(), Duration::from_secs(20));
    here.wait();
    assert!(!patient, "a message was under way");
    assert!(ended, "popget does not heed the second signal");
    drop(begun.finish().dies_of(15).whatever());
    server.unhook();
    scene.run().delivers(["alpha.eml"]).exits(0);
    assert_eq!(server.maildrop().left(), 0);
}

fn ends_within(pid: Pid, limit: Duration) -> bool {
    let options = WaitIdOptions::EXITED | WaitIdOptions::NOWAIT | WaitIdOptions::NOHANG;
    let begun = Instant::now();
    while begun.elapsed() < limit {
        if !matches!(waitid(WaitId::Pid(pid), options), Ok(None)) {
            return true;
        }
        std::thread::sleep(Duration::from_millis(2));
    }
    false
}
