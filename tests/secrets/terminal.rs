//! Secrets that are asked for at a terminal, by popget or by the commands it runs.

use crate::support::scene::Scene;
use crate::support::server::PopServer;
use crate::support::terminal::Terminal;

/// A server that knows these two, and their words.
fn server() -> PopServer {
    let builder = PopServer::builder().user("alice", "first-word");
    builder.user("bob", "second-word").start()
}

/// A configuration with an account for each of the two, with this key beside the others.
fn two(server: &PopServer, key: impl Fn(&str) -> String) -> Scene {
    let port = server.port();
    let account = |user: &str| {
        let key = key(user);
        format!(
            "  {user}:\n    server: 127.0.0.1:{port}\n    tls: none\n    auth: plain\n    \
             user: {user}\n    deliver: {{maildir: ~/Mail}}\n    {key}\n"
        )
    };
    Scene::new().config(&format!(
        "accounts:\n{}{}",
        account("alice"),
        account("bob")
    ))
}

/// A command that asks at the terminal whose word it is, after what is done before.
fn asking(user: &str, before: &str) -> String {
    let ask = format!("{before}printf '{user}? ' >/dev/tty; read w </dev/tty; echo $w");
    format!("password_command: {ask:?}")
}

#[test]
fn two_accounts_are_asked_for_one_after_the_other() {
    for volume in ["-q", "-v", "-vv"] {
        let server = server();
        let scene = two(&server, |_| "enabled: true".into());
        let (mut terminal, _scene) = Terminal::start(scene, &[volume]);
        let port = server.port();
        terminal.wait_for(&format!("password for alice (alice at 127.0.0.1:{port}): "));
        assert!(!terminal.so_far().contains("password for bob"));
        terminal.types("first-word\n");
        terminal.wait_for(&format!("password for bob (bob at 127.0.0.1:{port}): "));
        assert!(server.sessions().is_empty(), "the other is asked for first");
        terminal.types("second-word\n");
        let shown = terminal.finish();
        assert_eq!(shown.status.code(), Some(0), "{}", shown.text);
        for word in ["first-word", "second-word"] {
            assert!(!shown.text.contains(word), "{}", shown.text);
        }
        assert_eq!(server.logins(), 2);
    }
}

#[test]
fn commands_of_two_accounts_do_not_ask_at_once() {
    let server = server();
    let scene = two(&server, |user| asking(user, ""));
    let (mut terminal, _scene) = Terminal::start(scene, &["--quiet"]);
    let answers = [("alice? ", "first-word\n"), ("bob? ", "second-word\n")];
    terminal.wait_for("? ");
    let first = usize::from(terminal.so_far().contains("bob? "));
    let other = 1 - first;
    // Time enough for the other to ask, if it is going to.
    std::thread::sleep(std::time::Duration::from_millis(300));
    assert!(!terminal.so_far().contains(answers[other].0));
    terminal.types(answers[first].1);
    terminal.wait_for(answers[other].0);
    terminal.types(answers[other].1);
    let shown = terminal.finish();
    assert_eq!(shown.status.code(), Some(0), "{}", shown.text);
    assert_eq!(server.logins(), 2);
}

#[test]
fn a_command_that_waits_for_its_turn_does_not_ask_when_all_is_called_off() {
    let server = server();
    // It does not hear the keyboard: popget has to end it, and gives it time to tidy up.
    let before = "trap '' INT; trap 'echo tidied >/dev/tty; exit 1' TERM; ";
    let scene = two(&server, |user| asking(user, before));
    let (mut terminal, _scene) = Terminal::start(scene, &[]);
    terminal.wait_for("? ");
    terminal.types("\u{3}");
    let shown = terminal.finish();
    assert_eq!(shown.status.code(), Some(130), "{}", shown.text);
    assert_eq!(shown.text.matches("? ").count(), 1, "{}", shown.text);
    assert!(shown.text.contains("tidied"), "{}", shown.text);
    assert!(server.sessions().is_empty());
}
