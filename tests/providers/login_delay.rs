//! Providers that want time between logins: web.de and GMX (15 minutes), OVH (which cuts the line),
//! Cyrus (which refuses). What they announce and what the user sets is kept from run to run.

use std::sync::Mutex;
use std::time::{Duration, Instant};

use rustix::process::Signal;

use super::{account, later, more, per_session};
use crate::support::mail;
use crate::support::maildrop::Fault;
use crate::support::phrases::{listing, retr, LOGIN, QUIT};
use crate::support::scene::Scene;
use crate::support::server::{Answer, Moment, PopServer};

const MINUTE: Duration = Duration::from_secs(60);
const REFUSED: &str = "-ERR [LOGIN-DELAY] minimum time between sessions is not over";

/// A server with one message that announces this delay.
fn wants(delay: &str) -> PopServer {
    let server = PopServer::builder().capability(delay).start();
    server.maildrop().add_named("a", "alpha.eml");
    server
}

#[test]
fn a_run_that_comes_too_soon_does_nothing_quietly() {
    // web.de announces it; OVH does not, and the user has to say it.
    for (announced, own) in [
        ("LOGIN-DELAY 900", None),
        ("X-OVH", Some("15m")),
        ("LOGIN-DELAY 60", Some("15m")),
        ("LOGIN-DELAY 900", Some("10s")),
    ] {
        let server = wants(announced);
        let mut scene = Scene::with_server(&server);
        if let Some(own) = own {
            scene = scene.key("min_interval", own);
        }
        scene.run().delivers(["alpha.eml"]).silent().exits(0);
        server.maildrop().add_named("b", "beta.eml");
        scene.run().silent().exits(0);
        scene.run_with(&["--exit-empty"]).silent().exits(1);
        later(&scene, 14 * MINUTE);
        let told = scene.run_with(&["--json"]).exits(0).take_stdout();
        let wait = account(&told)["wait"].as_u64().unwrap();
        assert!((1..=60).contains(&wait), "{wait}");
        assert_eq!(server.sessions().len(), 1, "nobody came too soon");
        later(&scene, MINUTE);
        scene
            .run()
            .delivers(["alpha.eml", "beta.eml"])
            .silent()
            .exits(0);
        assert_eq!(server.logins(), 2);
    }
}

#[test]
fn a_password_is_not_even_asked_for_too_soon() {
    let server = wants("LOGIN-DELAY 900");
    let mut scene = Scene::with_server(&server)
        .without_key("password_file")
        .key("password_command", "echo >> asked; cat password");
    scene.run().delivers(["alpha.eml"]).exits(0);
    let outcome = scene.run().silent().exits(0);
    assert_eq!(outcome.file("asked"), b"\n");
}

#[test]
fn a_person_is_told_why_nothing_was_done() {
    let server = wants("LOGIN-DELAY 900");
    let mut scene = Scene::with_server(&server);
    scene.run().delivers(["alpha.eml"]).exits(0);
    scene
        .run_with(&["-v"])
        .says("work: too soon for another login; the next one in 15 minutes\n")
        .exits(0);
    scene
        .run_with(&["--dry-run"])
        .prints("work: would do nothing: too soon for another login")
        .exits(0);
    // Whoever looks was sent by a person: the server may answer for itself.
    scene.run_with(&["check"]).prints("work: 0 new").exits(0);
    scene.run_with(&["list"]).prints("seen").exits(0);
    assert_eq!(server.logins(), 3);
}

#[test]
fn what_the_server_wants_of_this_user_is_told_after_the_login() {
    let login = LOGIN.replace("S: UIDL\n", "S: UIDL\nS: LOGIN-DELAY 10 USER\n");
    let after = "C: CAPA\nS: +OK\nS: TOP\nS: UIDL\nS: LOGIN-DELAY 3600\nS: .\n";
    let script = login + after + &listing(&["a"]) + &retr(1, "alpha.eml") + QUIT;
    let mut scene = Scene::new().conversation_text(&script);
    scene.run().delivers(["alpha.eml"]).silent().exits(0);
    later(&scene, 59 * MINUTE);
    scene.run().silent().exits(0);
}

#[test]
fn a_login_that_is_refused_as_too_soon_is_told_once_and_then_waited_for() {
    for (announced, wait) in [("LOGIN-DELAY 900", 15 * MINUTE), ("X-NOTHING", 5 * MINUTE)] {
        let server = wants(announced);
        server.answer("PASS", Answer::Say(REFUSED.into()));
        let mut scene = Scene::with_server(&server);
        let mut outcome = scene
            .run()
            .delivers_nothing()
            .says("login: the server wants more time between logins")
            .says("not over\"; the next runs wait for it")
            .says_lines(1)
            .exits(75);
        let told = outcome.take_stderr().contains("between logins, 15m: \"");
        assert_eq!(told, announced.contains("900"));
        server.behave();
        later(&scene, wait - MINUTE);
        scene.run().silent().exits(0);
        assert_eq!(server.commands("PASS").len(), 1);
        later(&scene, MINUTE);
        scene.run().delivers(["alpha.eml"]).silent().exits(0);
    }
}

#[test]
fn a_server_cannot_keep_us_away_for_ever() {
    let server = wants("LOGIN-DELAY 4294967295");
    let mut scene = Scene::with_server(&server);
    scene.run().delivers(["alpha.eml"]).exits(0);
    later(&scene, 23 * 60 * MINUTE);
    scene.run().silent().exits(0);
    assert_eq!(server.logins(), 1);
    later(&scene, 60 * MINUTE);
    scene.run().silent().exits(0);
    assert_eq!(server.logins(), 2);
}

#[test]
fn a_clock_that_was_set_back_keeps_nobody_away() {
    let server = wants("LOGIN-DELAY 900");
    let mut scene = Scene::with_server(&server).file(
        ".local/state/popget/work.seen",
        b"popget-seen 1\naccount work alice 127.0.0.1 0123456789ab\nlogin 9999999999 900\n",
    );
    scene.run().delivers(["alpha.eml"]).silent().exits(0);
}

#[test]
fn another_maildrop_has_another_pace() {
    let server = wants("LOGIN-DELAY 900");
    let text = "popget-seen 1\naccount work bob 127.0.0.1 0123456789ab\nlogin {now} 900\n";
    let now = std::time::SystemTime::UNIX_EPOCH.elapsed().unwrap();
    let text = text.replace("{now}", &now.as_secs().to_string());
    let mut scene =
        Scene::with_server(&server).file(".local/state/popget/work.seen", text.as_bytes());
    scene.run().delivers(["alpha.eml"]).silent().exits(0);
}

#[test]
fn a_timer_need_not_be_exact() {
    let server = wants("X-OVH");
    let mut scene = Scene::with_server(&server).key("min_interval", "2s");
    scene.run().delivers(["alpha.eml"]).exits(0);
    server.maildrop().add_named("b", "beta.eml");
    scene
        .run()
        .delivers(["alpha.eml", "beta.eml"])
        .silent()
        .exits(0);
}

#[test]
fn a_pace_that_no_server_asks_for_is_not_noted() {
    let server = wants("LOGIN-DELAY 0");
    let mut scene = Scene::with_server(&server);
    let outcome = scene.run().delivers(["alpha.eml"]).exits(0);
    let memory = outcome.file(".local/state/popget/work.seen");
    let memory = String::from_utf8(memory).unwrap();
    assert!(!memory.contains("\nlogin "), "{memory}");
}

/// When each login was asked for.
fn logins_of(server: &PopServer) -> std::sync::Arc<Mutex<Vec<Instant>>> {
    let times = std::sync::Arc::new(Mutex::new(Vec::new()));
    let noted = std::sync::Arc::clone(&times);
    server.hook(move |exchange| {
        if exchange.moment == Moment::Received && exchange.command.starts_with("PASS") {
            noted.lock().unwrap().push(Instant::now());
        }
    });
    times
}

#[test]
fn a_line_that_is_lost_is_taken_up_again_after_the_delay() {
    // Courier wants ten seconds; one is enough here.
    for (announced, own) in [("LOGIN-DELAY 1", "1d"), ("X-NOTHING", "1s")] {
        let server = wants(announced);
        server.maildrop().spoil("a", Fault::Cut(1));
        let times = logins_of(&server);
        let mut scene = Scene::with_server(&server).key("retry", "1");
        if announced == "X-NOTHING" {
            scene = scene.key("min_interval", own);
        }
        scene.run().delivers(["alpha.eml"]).silent().exits(0);
        let times = times.lock().unwrap();
        assert!(times[1] - times[0] >= Duration::from_millis(990));
    }
}

#[test]
fn min_interval_holds_within_a_run_as_well() {
    // OVH: who logs in twice in a minute is cut off.
    let server = wants("X-OVH");
    server.maildrop().spoil("a", Fault::Cut(1));
    let mut scene = Scene::with_server(&server)
        .key("retry", "2")
        .key("min_interval", "2m");
    scene
        .run()
        .delivers_nothing()
        .says("hung up")
        .says_lines(1)
        .exits(75);
    assert_eq!(server.logins(), 1);
    later(&scene, 2 * MINUTE);
    scene.run().delivers(["alpha.eml"]).silent().exits(0);
    for key in ["drain", "commit_every"] {
        let server = wants("X-OVH");
        server.maildrop().add_named("b", "beta.eml");
        let mut scene = Scene::with_server(&server)
            .key("min_interval", "2m")
            .key(key, if key == "drain" { "true" } else { "1" });
        let both = ["alpha.eml", "beta.eml"];
        let taken = if key == "drain" {
            &both[..]
        } else {
            &both[..1]
        };
        let mut outcome = scene.run_with(&["--json"]).delivers(taken).exits(0);
        assert!(more(&outcome.take_stdout()));
        assert_eq!(server.logins(), 1);
        later(&scene, 2 * MINUTE);
        scene.run().delivers(both).exits(0);
    }
}

#[test]
fn a_line_that_is_cut_at_the_login_is_not_taken_up_again_at_once() {
    let server = wants("X-OVH");
    server.answer("PASS", Answer::HangUp);
    let mut scene = Scene::with_server(&server)
        .key("retry", "2")
        .key("min_interval", "2m");
    scene
        .run()
        .delivers_nothing()
        .says("login: the server hung up")
        .says_lines(1)
        .exits(75);
    scene.run().silent().exits(0);
    assert_eq!(server.sessions().len(), 1);
    server.behave();
    later(&scene, 2 * MINUTE);
    scene.run().delivers(["alpha.eml"]).silent().exits(0);
}

#[test]
fn a_deadline_leaves_no_time_for_a_wait() {
    let server = wants("LOGIN-DELAY 40");
    let mut scene = Scene::with_server(&server)
        .key("drain", "true")
        .key("timeout", "60s")
        .key("deadline", "30s");
    let begun = Instant::now();
    let mut outcome = scene.run_with(&["--json"]).delivers(["alpha.eml"]).exits(0);
    assert!(more(&outcome.take_stdout()));
    assert_eq!(server.logins(), 1);
    assert!(begun.elapsed() < Duration::from_secs(30));
}

#[test]
fn a_signal_ends_the_wait_for_the_next_login() {
    let server = wants("LOGIN-DELAY 40");
    let mut scene = Scene::with_server(&server)
        .key("drain", "true")
        .key("timeout", "60s");
    let left = std::sync::Arc::new(std::sync::Barrier::new(2));
    let here = std::sync::Arc::clone(&left);
    server.hook(move |exchange| {
        if exchange.moment == Moment::Answered && exchange.command == "QUIT" {
            here.wait();
        }
    });
    let begun = scene.start(&[]);
    left.wait();
    begun.program().signal(Signal::TERM);
    let mut outcome = begun.finish().delivers(["alpha.eml"]).exits(143);
    outcome.take_stderr();
    assert_eq!(server.logins(), 1);
}

#[test]
fn a_server_that_means_its_delay_ends_the_draining_and_that_is_no_failure() {
    // Cyrus refuses who comes back too soon, however long the delay is that Gmail only speaks of.
    for key in ["drain", "commit_every"] {
        let server = wants("LOGIN-DELAY 900");
        server.maildrop().add("b", &mail::named("beta.eml"));
        let refusing = server.clone();
        server.hook(move |exchange| {
            if exchange.moment == Moment::Answered && exchange.command == "QUIT" {
                refusing.answer("PASS", Answer::Say(REFUSED.into()));
            }
        });
        let mut scene =
            Scene::with_server(&server).key(key, if key == "drain" { "true" } else { "1" });
        let both = ["alpha.eml", "beta.eml"];
        let taken = if key == "drain" {
            &both[..]
        } else {
            &both[..1]
        };
        let mut outcome = scene.run_with(&["--json"]).delivers(taken).exits(0);
        assert!(more(&outcome.take_stdout()));
        assert_eq!(per_session(&server, "PASS"), [1, 1]);
        server.unhook();
        server.behave();
        scene.run().silent().exits(0);
        assert_eq!(server.sessions().len(), 2);
        later(&scene, 15 * MINUTE);
        scene.run().delivers(both).silent().exits(0);
    }
}
