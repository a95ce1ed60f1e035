//! The dry run says what would be done and changes nothing at all.

use std::time::Duration;

use super::one_known_one_new;
use crate::support::scene::Scene;
use crate::support::server::PopServer;

#[test]
fn a_dry_run_says_what_would_be_done() {
    let (server, scene) = one_known_one_new();
    let mut scene = scene.key("keep", "false");
    let before = scene.path(".local/state/popget/work.seen");
    let memory = std::fs::read(&before).unwrap();
    scene
        .run_with(&["--dry-run"])
        .prints_exactly(
            b"work: would delete message a\n\
              work: would fetch message b (91 B): beta\n\
              work: would delete message b\n\
              work: would fetch 1 (91 B), delete 2; 1 seen, 0 too large\n",
        )
        .delivers_nothing()
        .exits(0);
    assert_eq!(std::fs::read(&before).unwrap(), memory);
    assert!(!scene.path("Mail").exists());
    assert_eq!(server.maildrop().left(), 2);
    let session = &server.sessions()[0];
    assert_eq!(session[session.len() - 2..], ["RSET", "QUIT"]);
    assert!(!session
        .iter()
        .any(|command| command.starts_with("DELE") || command.starts_with("RETR")));
}

#[test]
fn a_dry_run_leaves_no_trace_where_none_was() {
    for deliver in [
        "maildir: ~/Mail",
        "mbox: ~/mbox",
        "mda: touch ran",
        "mbox: \"-\"",
    ] {
        let server = PopServer::start();
        server.maildrop().add_named("a", "alpha.eml");
        let mut scene = Scene::with_server(&server)
            .deliver(deliver)
            .key("keep", "false");
        scene
            .run_with(&["-n"])
            .prints_exactly(
                b"work: would fetch message a (91 B): alpha\nwork: would delete message a\n\
                  work: would fetch 1 (91 B), delete 1; 0 seen, 0 too large\n",
            )
            .exits(0);
        for name in [".local", "Mail", "mbox", "ran"] {
            assert!(!scene.path(name).exists(), "{name} was made");
        }
        assert_eq!(server.maildrop().left(), 1);
    }
}

#[test]
fn a_dry_run_knows_the_policy() {
    let server = PopServer::start();
    let maildrop = server.maildrop();
    maildrop
        .add_named("a", "alpha.eml")
        .add_named("b", "beta.eml");
    maildrop.add("c", &b"x\n".repeat(5000));
    let mut scene = Scene::with_server(&server)
        .key("max_size", "1k")
        .key("keep", "30d")
        .remembers_since(["a"], Duration::from_secs(31 * 86_400));
    scene
        .run_with(&["-n"])
        .prints_exactly(
            b"work: would delete message a\nwork: would fetch message b (91 B): beta\n\
              work: would fetch 1 (91 B), delete 1; 1 seen, 1 too large\n",
        )
        .exits(0);
}

#[test]
fn a_subject_can_do_no_harm() {
    let server = PopServer::start();
    server
        .maildrop()
        .add("a", b"Subject: \x1b[2Jwipe\xff\n\nx\n");
    let mut scene = Scene::with_server(&server);
    scene
        .run_with(&["-n"])
        .prints("work: would fetch message a (25 B): \\x1b[2Jwipe\\xff\n")
        .exits(0);
}

#[test]
fn a_dry_run_that_fails_promises_nothing() {
    let mut scene = Scene::new().key("server", "pop.invalid");
    scene.run_with(&["-n"]).says_lines(1).exits(68);
}

#[test]
fn a_dry_run_ends_as_the_run_would() {
    let (_server, mut scene) = one_known_one_new();
    let mut outcome = scene.run_with(&["-n", "--exit-empty"]);
    outcome.take_stdout();
    outcome.exits(0);
    let (server, mut scene) = one_known_one_new();
    server.maildrop().remove("b");
    scene
        .run_with(&["-n", "-e"])
        .prints("work: would fetch 0 (0 B), delete 0; 1 seen, 0 too large\n")
        .exits(1);
}
