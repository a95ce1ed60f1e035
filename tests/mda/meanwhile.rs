//! What happens while an MDA has a message: the next one comes, and waits for its turn.

use std::fs;
use std::sync::{Arc, Barrier};
use std::time::Duration;

use rustix::process::Signal;

use super::{one_in_a_hurry, one_to, with_mail};
use crate::support::maildrop::Fault;
use crate::support::scene::Scene;
use crate::support::server::{Moment, PopServer};

/// An MDA that waits, for the first message only, until a file is there.
const PATIENT: &str = "case $POPGET_UID in alpha*) n=0; until [ -e ~/sign ] || [ $n = 200 ]; \
    do sleep 0.05; n=$((n+1)); done; [ -e ~/sign ] || exit 75;; esac; echo $POPGET_UID >> ~/order";

/// A server that gives such a sign at a moment of an exchange that begins so.
fn with_sign(scene: &Scene, server: &PopServer, (at, command): (Moment, &'static str)) {
    let sign = scene.path("sign");
    server.hook(move |exchange| {
        if exchange.moment == at && exchange.command == command {
            fs::write(&sign, "").unwrap();
        }
    });
}

#[test]
fn the_next_message_comes_while_one_is_delivered_and_waits_for_its_turn() {
    let server = with_mail(&["alpha.eml", "beta.eml", "gamma.eml"]);
    let command = format!("cat > /dev/null; {PATIENT}");
    let mut scene = one_to(&server, &command).key("pipeline", "off");
    with_sign(&scene, &server, (Moment::Answered, "RETR 2"));
    let outcome = scene.run().silent().exits(0);
    assert_eq!(outcome.file("order"), b"alpha.eml\nbeta.eml\ngamma.eml\n");
    assert_eq!(server.maildrop().left(), 0);
}

#[test]
fn what_goes_wrong_with_the_next_message_is_told_of_that_one() {
    let server = with_mail(&["alpha.eml", "beta.eml", "gamma.eml"]);
    server.maildrop().spoil("beta.eml", Fault::Refused);
    let command = format!("cat > /dev/null; {PATIENT}; case $POPGET_UID in alpha*) exit 1;; esac");
    let mut scene = one_to(&server, &command).key("pipeline", "off");
    with_sign(&scene, &server, (Moment::Answered, "RETR 2"));
    let mut outcome = scene.run().remembers(["gamma.eml"]).exits(65);
    let said = outcome.take_stderr();
    let lines: Vec<_> = said.lines().collect();
    assert_eq!(lines.len(), 2, "{said}");
    assert!(lines[0].contains("alpha.eml") && lines[0].contains("exit status 1"));
    assert!(lines[1].contains("beta.eml") && lines[1].contains("cannot be read"));
    drop(outcome);
    assert_eq!(server.maildrop().uids(), ["alpha.eml", "beta.eml"]);
}

#[test]
fn a_line_lost_over_the_next_message_leaves_the_delivery_alone() {
    let server = with_mail(&["alpha.eml", "beta.eml"]);
    server.maildrop().spoil("beta.eml", Fault::Cut(1));
    let command = format!("cat > /dev/null; {PATIENT}");
    let mut scene = one_to(&server, &command)
        .key("pipeline", "off")
        .key("retry", "0");
    with_sign(&scene, &server, (Moment::Received, "RETR 2"));
    drop(scene.run().says("").remembers(["alpha.eml"]).exits(75));
    let outcome = scene.run().silent().exits(0);
    assert_eq!(outcome.file("order"), b"alpha.eml\nbeta.eml\n");
}

#[test]
fn the_time_that_the_next_message_takes_is_not_the_mdas() {
    let server = with_mail(&["alpha.eml", "beta.eml"]);
    server.hook(|exchange| {
        if exchange.moment == Moment::Received && exchange.command == "RETR 2" {
            std::thread::sleep(Duration::from_secs(2));
        }
    });
    // It says more than a pipe holds: nobody listens before the next message is here.
    let command = "cat > /dev/null; yes | head -c 200000 >&2";
    let mut scene = one_in_a_hurry(&server, command).key("pipeline", "off");
    drop(scene.run().says("the MDA says").exits(0));
    assert_eq!(server.maildrop().left(), 0);
}

#[test]
fn a_signal_ends_the_run_after_what_is_here_is_delivered() {
    let server = with_mail(&["alpha.eml", "beta.eml", "gamma.eml"]);
    let command = format!("cat > /dev/null; {PATIENT}");
    let mut scene = one_to(&server, &command).key("pipeline", "off");
    let (asked, came) = (Arc::new(Barrier::new(2)), scene.path("sign"));
    let here = Arc::clone(&asked);
    server.hook(move |exchange| {
        if exchange.moment == Moment::Received && exchange.command == "RETR 2" {
            asked.wait();
            asked.wait();
        }
    });
    let begun = scene.start(&[]);
    here.wait();
    begun.program().signal(Signal::TERM);
    std::thread::sleep(Duration::from_millis(200));
    here.wait();
    fs::write(came, "").unwrap();
    let outcome = begun.finish().remembers(["alpha.eml", "beta.eml"]).says("");
    let outcome = outcome.exits(143);
    assert_eq!(outcome.file("order"), b"alpha.eml\nbeta.eml\n");
    drop(outcome);
    assert_eq!(server.maildrop().uids(), ["gamma.eml"]);
}
