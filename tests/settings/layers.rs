//! What is built in gives way to the defaults, they to the account, and it to the command line.

use crate::support::scene::Scene;
use crate::support::server::{PopServer, Security};
use crate::support::tls::Certificate;

/// Two messages, the first of which is known.
fn server() -> PopServer {
    let server = PopServer::start();
    server
        .maildrop()
        .add_named("a", "alpha.eml")
        .add_named("b", "beta.eml");
    server
}

/// A file with these defaults, and these keys of the account besides the usual.
fn config(defaults: &str, own: &str) -> String {
    format!(
        "defaults: {{{defaults}}}\naccounts:\n  work:\n    server: 127.0.0.1:{{port}}\n    \
         tls: none\n    auth: user-pass\n    user: alice\n    password_file: ~/password\n    \
         deliver: {{maildir: ~/Mail}}\n{own}"
    )
}

fn own(key: &str) -> String {
    format!("    {key}\n")
}

#[test]
fn keep_comes_from_the_nearest_layer() {
    for (defaults, account, flags, left) in [
        ("", "", &[][..], 2),
        ("keep: false", "", &[][..], 0),
        ("keep: false", "keep: true", &[][..], 2),
        ("keep: true", "keep: false", &[][..], 0),
        ("keep: true", "keep: true", &["--delete"][..], 0),
        ("keep: false", "keep: false", &["--keep"][..], 2),
        ("keep: false", "keep: 30d", &[][..], 2),
        ("", "keep: 30d", &["--delete"][..], 0),
    ] {
        let server = server();
        let mut scene = Scene::with_server(&server).config(&config(defaults, &own(account)));
        let outcome = scene.run_with(flags).silent();
        outcome.delivers(["alpha.eml", "beta.eml"]).exits(0);
        assert_eq!(
            server.maildrop().left(),
            left,
            "{defaults} {account} {flags:?}"
        );
    }
}

#[test]
fn what_to_take_comes_from_the_nearest_layer() {
    for (defaults, account, flags, delivered) in [
        ("limit: 0", "", &[][..], &[][..]),
        ("limit: 0", "limit: 1", &[], &["alpha.eml"]),
        (
            "limit: 0",
            "limit: 1",
            &["--limit", "2"],
            &["alpha.eml", "beta.eml"],
        ),
        ("max_size: 1k", "max_size: 20", &[], &[]),
        (
            "max_size: 20",
            "max_size: 1k",
            &[],
            &["alpha.eml", "beta.eml"],
        ),
        ("max_size: 1k", "max_size: 2k", &["--max-size", "9"], &[]),
        (
            "max_size: 1",
            "max_size: 2",
            &["--max-size=1MB"],
            &["alpha.eml", "beta.eml"],
        ),
        ("limit: 1, order: newest", "", &[], &["beta.eml"]),
        (
            "limit: 1, order: newest",
            "order: oldest",
            &[],
            &["alpha.eml"],
        ),
    ] {
        let server = server();
        let mut scene = Scene::with_server(&server).config(&config(defaults, &own(account)));
        scene.run_with(flags).silent().delivers(delivered).exits(0);
    }
}

#[test]
fn all_comes_from_the_nearest_layer() {
    for (defaults, account, flags, again) in [
        ("", "", &[][..], false),
        ("all: true", "", &[], true),
        ("all: true", "all: false", &[], false),
        ("all: false", "all: false", &["--all"], true),
    ] {
        let server = server();
        let mut scene = Scene::with_server(&server)
            .config(&config(defaults, &own(account)))
            .remembers(["a", "b"]);
        let delivered: &[&str] = if again {
            &["alpha.eml", "beta.eml"]
        } else {
            &[]
        };
        scene.run_with(flags).silent().delivers(delivered).exits(0);
    }
}

#[test]
fn everything_may_stand_in_the_defaults() {
    let server = PopServer::builder()
        .security(Security::StartTls(Certificate::Good))
        .start();
    server.maildrop().add_named("a", "alpha.eml");
    let text = "defaults:\n  server: 127.0.0.1\n  port: {port}\n  tls: starttls\n  \
                tls_ca_file: ~/ca.pem\n  tls_verify: true\n  tls_server_name: localhost\n  \
                user: alice\n  enabled: true\n  password_file: ~/password\n  auth: [plain]\n  \
                timeout: 10s\n  retry: 1\n  deadline: 1m\n  keep: false\n  all: false\n  \
                limit: 10\n  max_size: 1MB\n  order: newest\n  deliver: {maildir: ~/Mail}\n\
                accounts:\n  work:\n";
    let mut scene = Scene::with_server(&server).config(text);
    scene.run().delivers(["alpha.eml"]).silent().exits(0);
    assert_eq!(server.maildrop().left(), 0);
}

#[test]
fn an_accounts_own_password_takes_the_place_of_any_other() {
    for (key, value) in [
        ("password", "open-sesame"),
        ("password_command", "cat ~/password"),
        ("password_file", "~/password"),
    ] {
        for other in [
            "password: wrong",
            "password_command: echo wrong",
            "password_file: ~/wrong",
        ] {
            let server = server();
            let text =
                config(other, "").replace("password_file: ~/password", &format!("{key}: {value}"));
            let mut scene = Scene::with_server(&server)
                .config(&text)
                .file("wrong", b"wrong\n");
            scene.run_with(&["--limit", "0"]).silent().exits(0);
            assert_eq!(server.logins(), 1, "{key} over {other}");
        }
    }
}

#[test]
fn a_port_beside_the_server_wins_over_one_in_the_defaults() {
    let server = server();
    let mut scene = Scene::with_server(&server).config(&config("port: 1", ""));
    scene.run_with(&["--limit", "0"]).silent().exits(0);
    assert_eq!(server.logins(), 1);
}

#[test]
fn tls_keys_in_the_defaults_do_not_hinder_an_account_without_tls() {
    let server = server();
    let defaults = "tls_ca_file: ~/ca.pem, tls_verify: true";
    let mut scene = Scene::with_server(&server).config(&config(defaults, ""));
    scene.run_with(&["--limit", "0"]).silent().exits(0);
}
