//! What a person at a terminal sees and is asked.

use std::time::Duration;

use super::one_known_one_new;
use crate::support::scene::Scene;
use crate::support::server::{Moment, PopServer, PASSWORD};
use crate::support::terminal::{Shown, Terminal};

fn shown(scene: Scene, arguments: &[&str]) -> Shown {
    let (terminal, _scene) = Terminal::start(scene, arguments);
    terminal.finish()
}

#[test]
fn a_line_an_account_is_all_that_stays_on_the_screen() {
    let (server, scene) = one_known_one_new();
    // Long enough for a bar to be drawn.
    server.hook(|exchange| {
        if exchange.moment == Moment::Halfway {
            std::thread::sleep(Duration::from_millis(600));
        }
    });
    let shown = shown(scene.env("TERM", "xterm"), &[]);
    assert_eq!(shown.status.code(), Some(0));
    assert!(
        shown.text.contains('\u{1b}'),
        "no bar was drawn: {:?}",
        shown.text
    );
    assert_eq!(shown.screen(), ["work: 1 new message (86 B), 1 seen"]);
}

#[test]
fn bars_are_gone_after_an_error_as_well() {
    let (server, scene) = one_known_one_new();
    let place = format!("work (127.0.0.1:{})", server.port());
    server
        .maildrop()
        .spoil("b", crate::support::maildrop::Fault::Refused);
    server.hook(|exchange| {
        if exchange.command == "STAT" {
            std::thread::sleep(Duration::from_millis(400));
        }
    });
    let shown = shown(scene.env("TERM", "xterm"), &["--color", "never"]);
    assert_eq!(shown.status.code(), Some(75));
    let screen = shown.screen().join("\n");
    // The terminal wraps lines; this screen does not.
    assert!(
        screen.starts_with(&format!(
            "popget: {place}: retrieving message b: the server does not"
        )),
        "{screen}"
    );
    assert!(
        screen.ends_with("\nwork: nothing new, 1 seen, 1 failed"),
        "{screen}"
    );
    assert_eq!(shown.screen().len(), 2);
}

#[test]
fn a_terminal_that_knows_no_controls_gets_none() {
    for (name, value, arguments) in [
        ("TERM", "dumb", &[][..]),
        ("TERM", "dumb", &["-v"]),
        ("TERM", "xterm", &["-q"]),
        ("TERM", "xterm", &["-vv"]),
    ] {
        let (_server, scene) = one_known_one_new();
        let shown = shown(scene.env(name, value), arguments);
        assert_eq!(shown.status.code(), Some(0));
        assert!(
            !shown.text.contains('\u{1b}'),
            "{value} {arguments:?}: {:?}",
            shown.text
        );
    }
}

#[test]
fn errors_are_coloured_where_that_is_wanted() {
    const RED: &str = "\u{1b}[31mpopget: work (pop.invalid): ";
    for (environment, arguments, red) in [
        (&[][..], &["-v"][..], true),
        (&[("NO_COLOR", "1")], &["-v"], false),
        (&[("NO_COLOR", "0")], &["-v"], false),
        (&[("NO_COLOR", "")], &["-v"], true),
        (
            &[("NO_COLOR", "1"), ("CLICOLOR_FORCE", "1")],
            &["-v"],
            false,
        ),
        (&[("NO_COLOR", "1")], &["--color", "always"], true),
        (&[], &["--color=never"], false),
        (&[("TERM", "dumb")], &[], false),
    ] {
        let mut scene = Scene::new()
            .key("server", "pop.invalid")
            .key("port", "110")
            .env("TERM", "xterm");
        for (name, value) in environment {
            scene = scene.env(name, value);
        }
        let shown = shown(scene, arguments);
        assert_eq!(
            shown.text.contains(RED),
            red,
            "{environment:?} {arguments:?} {:?}",
            shown.text
        );
        assert_eq!(shown.status.code(), Some(68));
    }
    // Off a terminal there is none, unless it is asked for.
    for (environment, arguments, red) in [
        ("", &[][..], false),
        ("", &["--color", "always"], true),
        ("1", &[], true),
        ("0", &[], false),
        ("1", &["--color", "never"], false),
    ] {
        let mut scene = Scene::new()
            .key("server", "pop.invalid")
            .key("port", "110")
            .env("CLICOLOR_FORCE", environment);
        let mut outcome = scene.run_with(arguments);
        assert_eq!(
            outcome.take_stderr().contains(RED),
            red,
            "{environment} {arguments:?}"
        );
        outcome.exits(68);
    }
}

#[test]
fn colour_is_as_wanted_in_whatever_is_shown() {
    for (arguments, coloured) in [
        (&["--nonsense"][..], true),
        (&["--nonsense", "--color", "never"], false),
        (&["--color=never", "--nonsense"], false),
        (&["--color=nonsense"], true),
        (&["--config", "missing"], true),
        (&["--config", "missing", "--color=never"], false),
        (&["--help"], true),
        (&["--help", "--color", "never"], false),
        (&["completions", "bash"], false),
        (&["completions", "bash", "--color=always"], false),
        (
            &["probe", "127.0.0.1:1", "--color=never", "--progress=never"],
            false,
        ),
    ] {
        let scene = Scene::new().env("TERM", "xterm");
        let shown = shown(scene, arguments);
        assert_eq!(
            shown.text.contains('\u{1b}'),
            coloured,
            "{arguments:?} {:?}",
            shown.text
        );
    }
    let mut scene = Scene::new();
    for (arguments, coloured) in [
        (&["--help"][..], false),
        (&["--help", "--color=always"], true),
    ] {
        let mut outcome = scene.run_with(arguments).exits(0);
        assert_eq!(outcome.take_stdout().contains('\u{1b}'), coloured);
    }
}

/// An account without a password, and its server.
fn asking() -> (PopServer, Scene) {
    let (server, scene) = one_known_one_new();
    (server, scene.without_key("password_file"))
}

#[test]
fn a_password_is_asked_for_and_not_shown() {
    let (server, scene) = asking();
    let (mut terminal, _scene) = Terminal::start(scene, &[]);
    let prompt = format!(
        "popget: password for work (alice at 127.0.0.1:{}):",
        server.port()
    );
    terminal.wait_for(&prompt);
    assert!(!terminal.echoes());
    terminal.types(PASSWORD);
    terminal.types("\n");
    let shown = terminal.finish();
    assert_eq!(shown.status.code(), Some(0), "{}", shown.text);
    assert!(!shown.text.contains(PASSWORD), "{}", shown.text);
    assert_eq!(
        shown.screen(),
        [prompt.as_str(), "work: 1 new message (86 B), 1 seen"]
    );
    assert_eq!(server.logins(), 1);
}

#[test]
fn an_interrupted_prompt_leaves_the_terminal_as_it_was() {
    let (server, scene) = asking();
    // The shell outlives popget, and so does the terminal.
    let script = "trap : INT; \"$@\"; echo \"ended with $?\"; read line";
    let scene = scene.under(&["setsid", "--ctty", "--wait", "sh", "-c", script, "sh"]);
    let mut terminal = Terminal::of(scene.program(&[]));
    terminal.wait_for("password for work (");
    terminal.wait_for("): ");
    assert!(!terminal.echoes());
    terminal.types("\u{3}");
    terminal.wait_for("ended with 130");
    assert!(terminal.echoes());
    terminal.types("\n");
    terminal.finish();
    assert_eq!(server.sessions().len(), 0);
}

#[test]
fn without_a_terminal_nobody_is_asked() {
    let (server, scene) = asking();
    let mut scene = scene.under(&["setsid", "--wait"]);
    scene
        .run()
        .says_exactly(
            "popget: work (127.0.0.1): password: no password is configured and there is no \
             terminal to ask on; set password_command, password_file or another source of it (popget.yaml(5)), or with --server add --password-command\n",
        )
        .exits(77);
    assert_eq!(server.sessions().len(), 0);
}
