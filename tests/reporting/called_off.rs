//! What is said where nothing was looked at, or not all was done: no more than is known.

use rustix::process::Signal;

use super::one_known_one_new;
use crate::accounts::{crowd, names};
use crate::support::gate::Gate;
use crate::support::scene::Scene;
use crate::support::server::{Moment, PopServer};
use crate::support::terminal::Terminal;

/// Two accounts that ask for their passwords.
fn two_asking() -> (PopServer, Scene) {
    let (server, text) = crowd(&names(2));
    let text = text.replace("password_file: ~/password, ", "");
    let scene = Scene::with_server(&server).config(&text);
    (server, scene)
}

#[test]
fn whoever_stops_at_the_prompt_is_told_no_more_than_that() {
    let (server, scene) = two_asking();
    // The shell outlives popget, and so does the terminal.
    let script = "trap : INT; \"$@\"; echo \"ended with $?\"; read line";
    let scene = scene.under(&["setsid", "--ctty", "--wait", "sh", "-c", script, "sh"]);
    let mut terminal = Terminal::of(scene.program(&[]));
    let prompt = format!(
        "password for user0 (user0 at 127.0.0.1:{}): ",
        server.port()
    );
    terminal.wait_for(&prompt);
    terminal.types("\u{3}");
    terminal.wait_for("ended with 130");
    terminal.types("\n");
    let screen = terminal.finish().screen();
    assert!(screen.contains(&"stopped".to_owned()), "{screen:?}");
    let said = screen.join("\n");
    assert!(
        !said.contains("accounts") && !said.contains("nothing new"),
        "{said}"
    );
    assert_eq!(server.sessions().len(), 0);
}

#[test]
fn whoever_types_nothing_is_told_so() {
    for keys in ["\n", "\u{4}"] {
        let (server, scene) = one_known_one_new();
        let scene = scene.without_key("password_file");
        let (mut terminal, _scene) = Terminal::start(scene, &[]);
        terminal.wait_for("password for work");
        terminal.types(keys);
        let shown = terminal.finish();
        let place = format!("work (127.0.0.1:{}): ", server.port());
        let said = format!("popget: {place}password: no password was given; type it");
        assert!(shown.text.contains(&said), "{}", shown.text);
        assert_eq!(shown.status.code(), Some(77));
        assert_eq!(server.sessions().len(), 0);
    }
}

#[test]
fn nothing_is_said_to_be_new_where_nobody_could_look() {
    let (server, text) = crowd(&names(2));
    let mut scene = Scene::with_server(&server)
        .config(&text)
        .file("password", b"wrong\n");
    let mut outcome = scene.run_with(&["-v"]).never_shows("nothing new").exits(77);
    let said = outcome.take_stderr();
    assert!(said.ends_with("\n2 accounts failed\n"), "{said}");
}

#[test]
fn what_waits_is_not_called_nothing_new() {
    let (_server, scene) = one_known_one_new();
    let mut scene = scene;
    let mut outcome = scene.run_with(&["-v", "--limit", "0"]).exits(0);
    let said = outcome.take_stderr();
    assert!(said.ends_with("\nwork: 1 seen, more waiting\n"), "{said}");
}

#[test]
fn a_stop_is_no_failure_and_what_came_is_kept() {
    let (server, text) = crowd(&names(2));
    for user in names(2) {
        let maildrop = server.maildrop_of(&user);
        maildrop
            .add_named("a", "alpha.eml")
            .add_named("b", "beta.eml");
    }
    let text = text.replace("retry: 0", "retry: 0, pipeline: 'off'");
    let mut scene = Scene::with_server(&server).config(&text);
    let gate = Gate::at(&server, Moment::Halfway, "");
    let begun = scene.start(&["-v", "--jobs", "1"]);
    gate.wait();
    begun.program().signal(Signal::INT);
    // Long enough for the signal to be seen; the rest of the message comes after it.
    std::thread::sleep(std::time::Duration::from_millis(200));
    drop(gate);
    let mut outcome = begun.finish().exits(130);
    let said = outcome.take_stderr();
    outcome.whatever();
    let kept = "retrieving: stopped by a signal; what came is kept, and the next run goes on\n";
    assert!(said.contains(kept), "{said}");
    let total = said.lines().last().unwrap_or_default();
    assert!(
        total.starts_with("stopped; 2 accounts: 1 new message ("),
        "{said}"
    );
    assert!(!total.contains("failed"), "{said}");
}
