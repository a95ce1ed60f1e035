//! `--dry-run`: says what a run would do, and leaves everything as it was.

use std::sync::{Arc, Barrier};

use rustix::process::Signal;

use crate::support::maildrop::Fault;
use crate::support::phrases::{listing, LOGIN, QUIT};
use crate::support::scene::Scene;
use crate::support::server::{Moment, PopServer};

const DRY: [&str; 1] = ["--dry-run"];

#[test]
fn only_heads_are_looked_at_and_all_is_taken_back() {
    let top = "C: TOP 2 0\nS: +OK\nS: Subject: hello\nS:\nS: .\n";
    let script = LOGIN.to_owned() + &listing(&["a", "b"]) + top + "C: RSET\nS: +OK\n" + QUIT;
    Scene::new()
        .remembers(["a"])
        .conversation_text(&script)
        .run_with(&DRY)
        .prints("work: would fetch message b (200 B): hello\n")
        .prints("would fetch 1 (200 B), delete 0; 1 seen")
        .remembers(["a"])
        .exits(0);
}

#[test]
fn encoded_subjects_are_read() {
    let server = PopServer::start();
    let head = b"Subject: =?utf-8?Q?Gr=C3=BC=C3=9Fe?=\n\n";
    server.maildrop().add("a", head);
    Scene::with_server(&server)
        .run_with(&DRY)
        .prints(": Gr\u{fc}\u{df}e\n")
        .exits(0);
}

#[test]
fn a_server_that_shows_no_heads_is_no_trouble() {
    let refused = "C: TOP 1 0\nS: -ERR what\n";
    let script = LOGIN.to_owned() + &listing(&["a"]) + refused + "C: RSET\nS: +OK\n" + QUIT;
    Scene::new()
        .conversation_text(&script)
        .run_with(&DRY)
        .prints("work: would fetch message a (200 B)\n")
        .exits(0);
    let server = PopServer::builder().without("TOP").start();
    server.maildrop().add_named("a", "alpha.eml");
    Scene::with_server(&server)
        .run_with(&DRY)
        .prints("would fetch message a")
        .exits(0);
    assert!(server.commands("TOP").is_empty());
}

#[test]
fn a_subject_cannot_touch_the_terminal() {
    let server = PopServer::start();
    let subject = "Subject: \x1b[2J\u{202e}evil\r\n and\r folded\n\nbody\n";
    server.maildrop().add("a", subject.as_bytes());
    let mut outcome = Scene::with_server(&server).run_with(&DRY).exits(0);
    let printed = outcome.take_stdout();
    let harmful = |c: char| (c.is_control() && c != '\n') || c == '\u{202e}';
    assert!(
        printed.contains("evil") && !printed.contains(harmful),
        "{printed:?}"
    );
}

#[test]
fn a_head_without_end_is_not_read_for_ever() {
    let server = PopServer::start();
    let endless = [&b"X: "[..], &b"y".repeat(3_000_000), b"\n\n"].concat();
    server
        .maildrop()
        .add("a", &endless)
        .add_named("b", "beta.eml");
    Scene::with_server(&server)
        .run_with(&DRY)
        .prints("would fetch message a")
        .prints("would fetch message b (91 B): beta")
        .exits(0);
}

#[test]
fn limits_hold_as_in_earnest() {
    let dry = ["--dry-run", "--limit", "1"];
    let server = PopServer::holding(3);
    let mut scene = Scene::with_server(&server);
    scene.run_with(&dry).prints("would fetch 1 (").exits(0);
    let server = PopServer::builder().without("UIDL").start();
    server
        .maildrop()
        .add_named("a", "alpha.eml")
        .add_named("b", "beta.eml");
    let mut scene = Scene::with_server(&server);
    scene.run_with(&dry).prints("would fetch 1 (").exits(0);
}

#[test]
fn a_refused_message_does_not_stop_the_next() {
    let server = PopServer::builder().without("UIDL").start();
    server
        .maildrop()
        .add_named("a", "alpha.eml")
        .add_named("b", "beta.eml");
    server.maildrop().spoil("a", Fault::Refused);
    Scene::with_server(&server)
        .run_with(&DRY)
        .prints(": beta\n")
        .says("cannot be read")
        .exits(75);
    assert_eq!(server.commands("QUIT").len(), 1);
}

#[test]
fn a_signal_ends_it_too() {
    let server = PopServer::holding(3);
    let mut scene = Scene::with_server(&server);
    let asked = Arc::new(Barrier::new(2));
    let (here, there) = (Arc::clone(&asked), asked);
    server.hook(move |exchange| {
        if exchange.moment == Moment::Received && exchange.command == "TOP 1 0" {
            there.wait();
            there.wait();
        }
    });
    let begun = scene.start(&DRY);
    here.wait();
    begun.program().signal(Signal::TERM);
    // The signal has been sent; popget's threads get a moment to hear of it.
    std::thread::sleep(std::time::Duration::from_millis(200));
    here.wait();
    let mut outcome = begun.finish().exits(143);
    outcome.take_stdout();
    outcome.take_stderr();
    assert!(server.commands("TOP").len() < 3);
}

#[test]
fn a_lost_line_makes_nothing_be_said_twice() {
    let server = PopServer::builder().without("UIDL").start();
    server
        .maildrop()
        .add_named("a", "alpha.eml")
        .add_named("b", "beta.eml");
    server.maildrop().spoil("b", Fault::Cut(1));
    let mut outcome = Scene::with_server(&server)
        .without_key("retry")
        .run_with(&DRY)
        .says("during a message")
        .exits(75);
    assert_eq!(outcome.take_stdout().matches("alpha").count(), 1);
}
