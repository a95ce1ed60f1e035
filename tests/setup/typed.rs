//! A person at a terminal, who is asked for what is missing.

use std::os::unix::fs::MetadataExt;

use super::{server, with_roots, written, FILE, KEPT};
use crate::support::names::{srv, NameServer};
use crate::support::scene::Scene;
use crate::support::server::{PopServer, PASSWORD};
use crate::support::terminal::Terminal;
use crate::support::tls::Certificate;

/// A server that DNS names, and a terminal on which it is being set up.
fn begun(more: &[&str]) -> (PopServer, NameServer, Terminal, Scene) {
    let server = server(Certificate::Good);
    let named = (
        "_pop3s._tcp.example.org",
        33,
        srv(0, server.port(), "localhost"),
    );
    let names = NameServer::start(vec![named]);
    let scene = names.serves(with_roots(Scene::new().file(FILE, KEPT.as_bytes())));
    let all = [&["setup", "alice@example.org", "--config", FILE], more].concat();
    let (terminal, scene) = Terminal::start(scene, &all);
    (server, names, terminal, scene)
}

/// Waits for a question and answers it.
fn answer(terminal: &mut Terminal, question: &str, answer: &str) {
    terminal.wait_for(question);
    assert!(terminal.echoes());
    terminal.types(&format!("{answer}\n"));
}

#[test]
fn everything_is_asked_for_and_the_password_goes_into_a_file() {
    let (server, _names, mut terminal, scene) = begun(&[]);
    answer(
        &mut terminal,
        "Is localhost the right server? (yes or no):",
        "yes",
    );
    answer(&mut terminal, "Name of the account [example]:", "old");
    terminal.wait_for("there is an account old in mine.yaml already");
    answer(
        &mut terminal,
        "choose another name\r\nName of the account [example]:",
        "",
    );
    terminal.wait_for("Where does the password come from?");
    terminal.wait_for("  file     a file that is made now, for you alone");
    answer(
        &mut terminal,
        "One of command, file, netrc, token, ask [command]:",
        "file",
    );
    answer(
        &mut terminal,
        "File for it [example.password]:",
        "secret/word",
    );
    terminal.wait_for("password for example (alice@example.org at localhost:");
    while terminal.echoes() {
        std::thread::yield_now();
    }
    terminal.types(&format!("{PASSWORD}\n"));
    answer(
        &mut terminal,
        "Maildir for its mail [~/Mail/example]:",
        "~/Mail",
    );
    answer(&mut terminal, "Leave mail on the server [yes]:", "");
    terminal.wait_for("alice@example.org is refused; perhaps the user is alice");
    terminal.wait_for("example: 1 new");
    terminal.wait_for("    keep: true\r\n"); // the account is shown
    assert_eq!(written(&scene), KEPT);
    answer(
        &mut terminal,
        "Add this account to mine.yaml? [yes]:",
        "perhaps",
    );
    answer(
        &mut terminal,
        "answer yes or no\r\nAdd this account to mine.yaml? [yes]:",
        "",
    );
    let shown = terminal.finish();
    assert_eq!(shown.status.code(), Some(0), "{}", shown.text);
    assert!(!shown.text.contains(PASSWORD), "{}", shown.text);
    assert_eq!(shown.text.matches("1 new").count(), 1, "{}", shown.text);
    assert_eq!(server.logins(), 1);
    let file = scene.path("secret/word");
    assert_eq!(file.metadata().unwrap().mode() & 0o777, 0o600);
    assert_eq!(
        std::fs::read_to_string(&file).unwrap(),
        format!("{PASSWORD}\n")
    );
    let text = written(&scene);
    let block = format!(
        "    # more to come\n    example:\n        server: localhost:{}\n        tls: implicit\n        \
         user: alice\n        password_file: {}\n        tls_ca_file: {}\n        keep: true\n        deliver:\n            maildir: ~/Mail\n",
        server.port(),
        file.display(),
        scene.path("ca.pem").display()
    );
    assert_eq!(text, KEPT.replace("    # more to come\n", &block));
    let mut scene = scene.under(&["setsid", "--wait"]);
    let fetch = ["--config", FILE, "--account", "example"];
    scene
        .run_with(&fetch)
        .delivers(["alpha.eml"])
        .silent()
        .exits(0);
}

#[test]
fn a_command_may_print_it_and_options_are_not_asked_for() {
    let more = ["--yes", "--name", "x"];
    let (_server, _names, terminal, scene) =
        begun(&[&more[..], &["--password-command", "cat ~/password"]].concat());
    let shown = terminal.finish();
    assert_eq!(shown.status.code(), Some(0), "{}", shown.text);
    assert!(!shown.text.contains("]:"), "{}", shown.text);
    assert!(written(&scene).contains("password_command: cat ~/password\n"));
}

#[test]
fn no_is_an_answer() {
    let options = [
        "--password-command",
        "cat password",
        "--name",
        "x",
        "--maildir",
        "Mail",
        "--keep",
    ];
    let (server, _names, mut terminal, scene) = begun(&options);
    answer(&mut terminal, "Is localhost the right server?", "yes");
    answer(&mut terminal, "Add this account to mine.yaml?", "no");
    let shown = terminal.finish();
    assert_eq!(shown.status.code(), Some(64), "{}", shown.text);
    assert!(
        shown.text.contains("nothing is written, as you wished"),
        "{}",
        shown.text
    );
    assert_eq!(written(&scene), KEPT);
    assert_eq!(server.logins(), 1);
}

#[test]
fn mail_is_deleted_only_if_that_is_said_twice() {
    for (sure, keep) in [("no", "true"), ("yes", "false")] {
        let options = [
            "--password-command",
            "cat password",
            "--name",
            "x",
            "--maildir",
            "Mail",
        ];
        let (server, _names, mut terminal, scene) = begun(&options);
        answer(&mut terminal, "Is localhost the right server?", "y");
        answer(&mut terminal, "Leave mail on the server [yes]:", "no");
        answer(&mut terminal, "Is each message to be deleted there", sure);
        answer(&mut terminal, "Add this account to mine.yaml?", "y");
        assert_eq!(terminal.finish().status.code(), Some(0));
        assert!(written(&scene).contains(&format!("        keep: {keep}\n")));
        assert!(server.commands("DELE").is_empty());
    }
}

#[test]
fn what_is_called_off_leaves_nothing_behind() {
    for end in ["\u{3}", "\u{4}"] {
        let (_server, _names, mut terminal, scene) =
            begun(&["--name", "x", "--password-file", "word"]);
        answer(&mut terminal, "Is localhost the right server?", "yes");
        terminal.wait_for("password for x");
        terminal.types(&format!("{PASSWORD}\n"));
        terminal.wait_for("Maildir for its mail");
        assert!(scene.path("word").exists());
        terminal.types(end);
        let shown = terminal.finish();
        let expected = if end == "\u{3}" { 130 } else { 64 };
        assert_eq!(shown.status.code(), Some(expected), "{}", shown.text);
        assert!(!scene.path("word").exists());
        assert_eq!(written(&scene), KEPT);
    }
}

/// The options of a run in which only the password is left to be asked for.
const ALL_BUT_THE_PASSWORD: [&str; 7] = [
    "--name",
    "x",
    "--maildir",
    "Mail",
    "--keep",
    "--user",
    "alice",
];

/// A run in which a wrong password is typed first.
fn mistyped() -> (PopServer, NameServer, Terminal, Scene) {
    let options = [&ALL_BUT_THE_PASSWORD[..], &["--password-file", "word"]].concat();
    let (server, names, mut terminal, scene) = begun(&options);
    answer(&mut terminal, "Is localhost the right server?", "yes");
    terminal.wait_for("password for x");
    terminal.types("wrong\n");
    terminal.wait_for("the server refused the login");
    terminal.wait_for("Where does the password come from?");
    (server, names, terminal, scene)
}

#[test]
fn a_wrong_password_is_not_kept() {
    let (_server, _names, mut terminal, scene) = mistyped();
    answer(&mut terminal, "ask [command]:", "\u{4}");
    let shown = terminal.finish();
    assert_eq!(shown.status.code(), Some(64), "{}", shown.text);
    assert!(!scene.path("word").exists());
    assert_eq!(written(&scene), KEPT);
}

#[test]
fn after_a_wrong_password_another_is_asked_for_and_all_else_stands() {
    let (server, _names, mut terminal, scene) = mistyped();
    answer(&mut terminal, "ask [command]:", "file");
    answer(&mut terminal, "File for it [x.password]:", "word");
    while terminal.echoes() {
        std::thread::yield_now();
    }
    terminal.types(&format!("{PASSWORD}\n"));
    answer(&mut terminal, "Add this account to mine.yaml?", "");
    let shown = terminal.finish();
    assert_eq!(shown.status.code(), Some(0), "{}", shown.text);
    assert_eq!(server.logins(), 1);
    let word = std::fs::read_to_string(scene.path("word")).unwrap();
    assert_eq!(word, format!("{PASSWORD}\n"));
    assert!(written(&scene).contains("/word\n"));
}

#[test]
fn the_third_wrong_password_is_the_last() {
    let options = [
        &ALL_BUT_THE_PASSWORD[..],
        &["--password-command", "echo no"],
    ]
    .concat();
    let (server, _names, mut terminal, scene) = begun(&options);
    answer(&mut terminal, "Is localhost the right server?", "yes");
    for time in 1..3 {
        for question in ["ask [command]:", "Command that prints it:"] {
            while terminal.so_far().matches(question).count() < time {
                std::thread::yield_now();
            }
            let word = if question.starts_with("ask") {
                ""
            } else {
                "echo nor that"
            };
            terminal.types(&format!("{word}\n"));
        }
    }
    let shown = terminal.finish();
    assert_eq!(shown.status.code(), Some(77), "{}", shown.text);
    assert_eq!(server.sessions().len(), 3 + 1, "and a look before");
    assert_eq!(written(&scene), KEPT);
}

#[test]
fn what_the_defaults_say_is_what_is_usual() {
    let kept = "defaults:\n  keep: 30d\n  deliver:\n    maildir: ~/All\n";
    let server = server(Certificate::Good);
    let at = format!("localhost:{}", server.port());
    let scene = with_roots(Scene::new().file(FILE, kept.as_bytes()));
    let all = ["setup", "alice@example.org", "-c", FILE, "--server", &at];
    let more = [
        "--user",
        "alice",
        "--name",
        "x",
        "--password-command",
        "cat ~/password",
    ];
    let (mut terminal, scene) = Terminal::start(scene, &[&all[..], &more].concat());
    let question = "Maildir for its mail, or as the defaults say (maildir: ~/All) [defaults]:";
    answer(&mut terminal, question, "~/Mine");
    let question = "Leave mail on the server: yes, no, or as the defaults say (30d) [defaults]:";
    answer(&mut terminal, question, "");
    answer(&mut terminal, "Add this account to mine.yaml?", "");
    let shown = terminal.finish();
    assert_eq!(shown.status.code(), Some(0), "{}", shown.text);
    let text = written(&scene);
    assert!(text.contains("      maildir: ~/Mine\n"), "{text}");
    assert!(!text.contains("    keep: true\n"), "{text}");
}
