//! With several accounts every one is tried, and the gravest status wins, whatever the order of the
//! accounts and of their ends.

use std::fmt::Write as _;

use crate::support::scene::Scene;
use crate::support::server::PopServer;

/// Statuses, gravest first, each with the keys of an account that ends so.
const ENDS: [(i32, &str); 9] = [
    (
        78,
        "{server: 127.0.0.1, user: alice, password_command: exit 1, deliver: {maildir: ~/Mail}}",
    ),
    (77, "{<<ok>>, user: mallory}"),
    (76, "{<<ok>>, user: nonsense}"),
    (73, "{<<ok>>, user: alice, deliver: {maildir: ~/file/Mail}}"),
    (
        65,
        "{<<ok>>, user: bob, deliver: {mda: 'cat > /dev/null; exit 67'}}",
    ),
    (68, "{<<ok>>, server: pop.invalid, user: alice}"),
    (69, "{<<ok>>, server: '127.0.0.1:1', user: alice}"),
    (75, "{<<ok>>, user: carol, deliver: {mda: 'exit 75'}}"),
    (0, "{<<ok>>, user: alice}"),
];

/// What the accounts share; their own keys take its place.
const SHARED: [(&str, &str); 5] = [
    ("server", "'127.0.0.1:{port}'"),
    ("tls", "none"),
    ("auth", "user-pass"),
    ("password_file", "~/password"),
    ("deliver", "{maildir: ~/Mail}"),
];

/// A run whose accounts end like this, in this order, has this status.
#[track_caller]
fn combined(ends: &[i32], arguments: &[&str], expected: i32) {
    let server = server();
    let mut text = String::from("accounts:\n");
    for (index, end) in ends.iter().enumerate() {
        let (_, keys) = ENDS.iter().find(|(status, _)| status == end).unwrap();
        let shared = SHARED
            .iter()
            .filter(|(name, _)| !keys.contains(&format!("{name}:")));
        let shared: Vec<_> = shared
            .map(|(name, value)| format!("{name}: {value}"))
            .collect();
        let keys = keys.replace("<<ok>>", &shared.join(", "));
        writeln!(text, "  a{index}: {keys}").unwrap();
    }
    let mut scene = Scene::with_server(&server)
        .config(&text)
        .file("file", b"no folder");
    let mut outcome = scene.run_with(arguments).whatever().exits(expected);
    let said = outcome.take_stderr();
    // Every account was tried: each that failed has its line.
    for (index, end) in ends.iter().enumerate() {
        let begin = format!("popget: a{index} (");
        let lines = said.lines().filter(|line| line.starts_with(&begin)).count();
        if lines != usize::from(*end != 0) {
            outcome.fail(&format!("{lines} lines of a{index}"));
        }
    }
}

fn server() -> PopServer {
    use crate::support::server::{Answer, PASSWORD};
    let server = PopServer::builder()
        .user("alice", PASSWORD)
        .user("bob", PASSWORD)
        .user("carol", PASSWORD)
        .answer("USER nonsense", Answer::Say("what?".into()))
        .start();
    server.maildrop_of("bob").add_named("b", "beta.eml");
    server.maildrop_of("carol").add_named("c", "gamma.eml");
    server
}

#[test]
fn the_gravest_of_all_wins() {
    for (index, (status, _)) in ENDS.iter().enumerate() {
        let mut ends: Vec<i32> = ENDS[index..].iter().map(|(status, _)| *status).collect();
        combined(&ends, &[], *status);
        ends.reverse();
        combined(&ends, &["--jobs", "1"], *status);
    }
}

#[test]
fn the_graver_of_two_wins_in_either_order() {
    for pair in ENDS.windows(2) {
        let [(graver, _), (lighter, _)] = pair else {
            unreachable!()
        };
        for jobs in ["1", "2"] {
            combined(&[*graver, *lighter], &["-j", jobs], *graver);
            combined(&[*lighter, *graver], &["-j", jobs], *graver);
        }
    }
}
