//! What stands in the file beside the new account: defaults, and accounts that have the same mail.

use super::{alone, arguments, server, written, FILE};
use crate::support::scene::Scene;
use crate::support::server::{PopServer, PASSWORD};
use crate::support::tls::Certificate;

#[test]
fn what_the_defaults_say_is_not_said_again() {
    let server = server(Certificate::Good);
    let at = format!("localhost:{}", server.port());
    let kept = "defaults:\n  keep: 30d\n  tls: implicit\n  deliver: {maildir: ~/All}\n";
    let mut scene = alone().file(FILE, kept.as_bytes());
    let more = ["--server", &at, "--user", "alice", "--name", "x"];
    let outcome = scene.run_with(&arguments("alice@example.org", &more));
    outcome.says("has the account x now").exits(0);
    let home = scene.path("").to_string_lossy().into_owned();
    let home = home.trim_end_matches('/');
    let account = format!(
        "accounts:\n  x:\n    server: {at}\n    user: alice\n    password_file: {home}/password\n    \
         tls_ca_file: {home}/ca.pem\n"
    );
    assert_eq!(written(&scene), format!("{kept}{account}"));
    let fetch = scene.run_with(&["-c", FILE]);
    fetch.delivers_to("All", ["alpha.eml"]).silent().exits(0);
}

#[test]
fn the_tls_of_the_defaults_is_the_usual_one() {
    let file = "defaults: {tls: starttls, keep: true}\n";
    for (server, tls) in [
        ("pop.invalid", ""),
        ("pop.invalid:995", "    tls: implicit\n"),
        ("pop.gmx.net", "    tls: implicit\n"),
    ] {
        let mut scene = alone().file(FILE, file.as_bytes());
        let more = ["--server", server, "--no-test", "--name", "x", "--keep"];
        let outcome = scene.run_with(&arguments("al@example.org", &more));
        outcome.says("has the account x now").exits(0);
        let account = format!("    server: {server}\n{tls}    user: ");
        assert!(written(&scene).contains(&account), "{}", written(&scene));
        assert!(!written(&scene).contains("    keep: "));
    }
}

#[test]
fn the_same_mail_gets_a_second_account_only_if_that_is_said() {
    let old =
        "accounts:\n  old: {server: pop.gmx.net, user: ann@gmx.net, deliver: {maildir: ~/M}}\n";
    let mut scene = alone().file(FILE, old.as_bytes());
    let more = ["--no-test", "--name", "x"];
    let told = "the account old has the mail of ann@gmx.net at pop.gmx.net already";
    scene
        .run_with(&arguments("ann@gmx.net", &more))
        .says(&format!("popget: {told}; --yes sets another one up\n"))
        .exits(64);
    assert_eq!(written(&scene), old);
    let other = arguments("bob@gmx.net", &more);
    scene
        .run_with(&other)
        .says("has the account x now")
        .exits(0);
    let again = arguments("ann@gmx.net", &["--no-test", "--name", "y", "--yes"]);
    let outcome = scene.run_with(&again).says(told);
    outcome.says("has the account y now").exits(0);
}

#[test]
fn a_name_under_which_other_mail_is_remembered_is_told_with_the_option() {
    let old = PopServer::start();
    old.maildrop().add_named("a", "alpha.eml");
    let mut scene = Scene::with_server(&old);
    scene.run().delivers(["alpha.eml"]).exits(0);
    let new = PopServer::builder().user("bob", PASSWORD).start();
    let at = format!("localhost:{}", new.port());
    let all = [
        "setup",
        "bob@work.example",
        "--name",
        "work",
        "--print",
        "--yes",
        "--keep",
    ];
    let more = [
        "--server",
        &at,
        "--tls",
        "none",
        "--user",
        "bob",
        "--password-file",
        "password",
    ];
    scene
        .run_with(&[&all[..], &more].concat())
        .says("remembers another maildrop, alice at ")
        .says("popget: the options for that: --name\n")
        .exits(78);
}
