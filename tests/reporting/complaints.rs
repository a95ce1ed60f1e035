//! Passing failures of an account that has worked are silent for `complain_after`, off a terminal.

use std::fs;
use std::time::{SystemTime, UNIX_EPOCH};

use super::one_known_one_new;
use crate::support::maildrop::Fault;
use crate::support::scene::Scene;
use crate::support::server::{Answer, PopServer};
use crate::support::terminal::Terminal;

const TROUBLE: &str = ".local/state/popget/work.trouble";

/// An account that has worked before, at a host that is not there any more.
fn gone() -> Scene {
    let scene = Scene::new().without_key("complain_after");
    scene.key("port", "1").remembers(["a"])
}

/// The same, having failed and been told of so many minutes ago.
fn failing(scene: Scene, since: u64, told: Option<u64>) -> Scene {
    let now = SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .unwrap()
        .as_secs();
    let told = told.map_or("-".to_owned(), |told| (now - told * 60).to_string());
    let line = format!("trouble {} {told}\n", now - since * 60);
    scene.file(TROUBLE, line.as_bytes())
}

fn noted(scene: &Scene) -> Option<String> {
    fs::read_to_string(scene.path(TROUBLE)).ok()
}

#[test]
fn an_account_that_has_worked_is_passed_over_for_two_hours() {
    let mut scene = gone();
    scene.run().silent().exits(69);
    let first = noted(&scene).unwrap();
    assert!(
        first.starts_with("trouble ") && first.ends_with(" -\n"),
        "{first}"
    );
    scene.run().silent().exits(69);
    assert_eq!(noted(&scene), Some(first));
    let mut scene = failing(scene, 119, None);
    scene.run().silent().exits(69);
    let mut scene = failing(scene, 121, None);
    scene
        .run()
        .says("popget: work (127.0.0.1): connecting: ")
        .says(" (failing for 2 hours)\n")
        .says_lines(1)
        .exits(69);
    scene.run().silent().exits(69);
    let mut scene = failing(scene, 600, Some(119));
    scene.run().silent().exits(69);
    let mut scene = failing(scene, 600, Some(121));
    scene
        .run()
        .says(" (failing for 10 hours)\n")
        .says_lines(1)
        .exits(69);
}

#[test]
fn who_asks_is_told_at_once() {
    let mut scene = gone();
    scene
        .run_with(&["-v"])
        .says("popget: work (127.0.0.1): connecting: ")
        .exits(69);
    let mut outcome = scene.run_with(&["--json"]).exits(69);
    let told = outcome.take_stdout();
    assert!(told.contains("\"failing_for\":"), "{told}");
    assert!(told.contains("\"message\":\"cannot connect to"), "{told}");
    drop(outcome);
    scene
        .run_with(&["check"])
        .says("popget: work")
        .says_lines(1)
        .exits(69);
    let (terminal, _scene) = Terminal::start(scene, &[]);
    let shown = terminal.finish();
    assert!(shown.text.contains("popget: work (127.0.0.1:"));
    assert!(shown.text.contains("): connecting: "));
}

#[test]
fn how_long_is_a_setting() {
    let mut scene = gone().key("complain_after", "0s");
    for _ in 0..2 {
        scene.run().says_lines(1).exits(69);
    }
    let mut scene = failing(scene.key("complain_after", "15m"), 14, None);
    scene.run().silent().exits(69);
    let mut scene = failing(scene, 16, None);
    scene.run().says_lines(1).exits(69);
}

#[test]
fn an_account_that_never_worked_is_told_of_each_time() {
    let mut scene = Scene::new().without_key("complain_after");
    scene = scene.key("port", "1");
    for _ in 0..3 {
        scene.run().says_lines(1).exits(69);
        assert_eq!(noted(&scene), None);
    }
}

#[test]
fn a_maildrop_that_was_always_empty_has_worked_as_well() {
    let server = PopServer::start();
    let mut scene = Scene::with_server(&server).without_key("complain_after");
    scene.run().silent().exits(0);
    assert_eq!(noted(&scene).as_deref(), Some("trouble - -\n"));
    server.answer("PASS", Answer::Say("-ERR [SYS/TEMP] later".into()));
    scene.run().silent().exits(75);
    server.behave();
    scene.run().silent().exits(0);
    assert_eq!(noted(&scene).as_deref(), Some("trouble - -\n"));
    server.maildrop().add_named("a", "alpha.eml");
    scene.run().delivers(["alpha.eml"]).silent().exits(0);
    assert_eq!(noted(&scene), None);
}

#[test]
fn what_does_not_pass_is_told_at_once() {
    let (server, scene) = one_known_one_new();
    let mut scene = failing(scene.without_key("complain_after"), 5, None);
    server.answer("PASS", Answer::Say("-ERR [AUTH] no".into()));
    scene
        .run()
        .says("the server refused the login")
        .says_lines(1)
        .exits(77);
    server.behave();
    scene.run().delivers(["beta.eml"]).silent().exits(0);
    assert_eq!(noted(&scene), None);
    server.answer("PASS", Answer::Say("-ERR [IN-USE] locked".into()));
    scene.run().silent().exits(75);
}

#[test]
fn a_message_that_is_refused_is_told_three_times_and_then_no_alarm() {
    let (server, scene) = one_known_one_new();
    server.maildrop().spoil("b", Fault::Refused);
    let mut scene = scene.without_key("complain_after");
    for _ in 0..3 {
        scene
            .run()
            .says("retrieving message b: the server does not give this message")
            .says_lines(1)
            .exits(75);
    }
    for _ in 0..2 {
        scene.run().silent().exits(0);
        scene
            .run_with(&["-v"])
            .says("retrieving message b: the server does not give this message")
            .says("work: nothing new, 1 seen, 1 failed\n")
            .exits(0);
    }
}

#[test]
fn an_mda_that_wants_to_wait_is_passed_over_as_well() {
    let (server, scene) = one_known_one_new();
    let mut scene = scene.without_key("complain_after").deliver("mda: exit 75");
    scene.run().silent().exits(75);
    let mut scene = failing(scene, 125, None);
    scene
        .run()
        .says("retrieving message b: ")
        .says("(failing for 2 hours)")
        .says_lines(1)
        .exits(75);
    assert_eq!(server.maildrop().left(), 2);
}

#[test]
fn notes_that_cannot_be_read_or_written_do_no_harm() {
    for nonsense in [
        &b"nonsense"[..],
        b"",
        b"trouble 99999999999999 5\n",
        &[0xff; 4096],
    ] {
        let mut scene = gone().file(TROUBLE, nonsense);
        scene.run().silent().exits(69);
        assert!(noted(&scene).unwrap().ends_with(" -\n"));
    }
    let mut scene = gone();
    fs::create_dir(scene.path(TROUBLE)).unwrap();
    scene.run().silent().exits(69);
    let elsewhere = scene.path("elsewhere");
    fs::write(&elsewhere, "mine").unwrap();
    fs::remove_dir(scene.path(TROUBLE)).unwrap();
    std::os::unix::fs::symlink(&elsewhere, scene.path(TROUBLE)).unwrap();
    scene.run().silent().exits(69);
    assert_eq!(fs::read(&elsewhere).unwrap(), b"mine");
}
