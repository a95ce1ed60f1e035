//! One maildrop that two accounts name is never opened twice at once.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::Arc;

use super::crowd;
use crate::support::gate::Gate;
use crate::support::scene::Scene;
use crate::support::server::{Moment, PopServer};

/// A server with a message for user0, and accounts of which three are for that user.
fn twins() -> (PopServer, Scene) {
    let (server, text) = crowd(&["user0".into(), "user1".into()]);
    let twins = ["twin", "third"]
        .map(|name| format!("  {name}: {{user: user0, deliver: {{maildir: ~/Mail/{name}}}}}\n"));
    server.maildrop_of("user0").add_named("a", "alpha.eml");
    let scene = Scene::with_server(&server).config(&(text + &twins.concat()));
    (server, scene)
}

#[test]
fn within_a_run_one_waits_for_the_other() {
    let (server, mut scene) = twins();
    let (now, peak) = (AtomicUsize::new(0), Arc::new(AtomicUsize::new(0)));
    let highest = Arc::clone(&peak);
    server.hook(move |exchange| match (exchange.moment, exchange.command) {
        (Moment::Received, "USER user0") => {
            let open = now.fetch_add(1, Ordering::SeqCst) + 1;
            highest.fetch_max(open, Ordering::SeqCst);
            std::thread::sleep(std::time::Duration::from_millis(100));
        }
        (Moment::Answered, "RETR 1") => drop(now.fetch_sub(1, Ordering::SeqCst)),
        _ => {}
    });
    let mut outcome = scene.run().silent();
    for name in ["user0", "twin", "third"] {
        outcome = outcome.delivers_to(&format!("Mail/{name}"), ["alpha.eml"]);
    }
    outcome.exits(0);
    assert_eq!((peak.load(Ordering::SeqCst), server.logins()), (1, 4));
}

#[test]
fn another_run_tries_later_and_does_not_knock() {
    let (server, scene) = twins();
    let gate = Gate::at(&server, Moment::Received, "RETR");
    let mut scene = scene;
    let second = scene.program(&["--account", "twin"]);
    let first = scene.start(&["--account", "user0"]);
    gate.wait();
    let mut second = second;
    let ran = second.output().unwrap();
    let said = String::from_utf8(ran.stderr).unwrap();
    assert!(
        said.contains("): preparing: another popget visits the same maildrop"),
        "{said}"
    );
    assert_eq!((ran.status.code(), said.lines().count()), (Some(75), 1));
    assert_eq!(server.sessions().len(), 1);
    drop(gate);
    first
        .finish()
        .delivers_to("Mail/user0", ["alpha.eml"])
        .exits(0);
    let mut outcome = scene.run_with(&["--account", "twin"]);
    outcome.take_stderr();
    outcome.delivers_to("Mail/twin", ["alpha.eml"]).exits(0);
}
