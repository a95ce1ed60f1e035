//! `popget setup`: from an address to an account that works.

mod beside;
mod file;
mod hostile;
mod providers;
mod search;
mod trust;
mod typed;

use crate::support::dovecot::Dovecot;
use crate::support::scene::Scene;
use crate::support::server::{PopServer, Security, PASSWORD};
use crate::support::tls::Certificate;

/// Where accounts go in these tests; the scene's own file is written anew before each run.
const FILE: &str = "mine.yaml";

/// A file as people keep them.
const KEPT: &str = "# My mail.\njobs: 2   # enough\n\naccounts:\n    old:            # from before\n        server: pop.invalid\n        user: old\n        deliver: {maildir: ~/Old}\n    # more to come\n\ndefaults:\n    timeout: 10s    # impatient\n";

/// A scene without a terminal, whatever the tests are started from.
fn alone() -> Scene {
    with_roots(Scene::new()).under(&["setsid", "--wait"])
}

/// A scene in which the authority of the tests is one of the system's.
fn with_roots(scene: Scene) -> Scene {
    let authority = scene.path("ca.pem");
    scene.env("SSL_CERT_FILE", authority.to_str().unwrap())
}

/// A server with a message, for alice alone.
fn server(certificate: Certificate) -> PopServer {
    let builder = PopServer::builder().security(Security::Implicit(certificate));
    let server = builder.start();
    server.maildrop().add_named("a", "alpha.eml");
    server
}

/// The arguments of an unattended run, with these besides.
fn arguments<'a>(address: &'a str, more: &[&'a str]) -> Vec<&'a str> {
    let usual = [
        "setup",
        address,
        "--config",
        FILE,
        "--password-file",
        "password",
    ];
    [&usual[..], more].concat()
}

/// What stands in the file by now.
fn written(scene: &Scene) -> String {
    std::fs::read_to_string(scene.path(FILE)).unwrap()
}

#[test]
fn an_account_is_set_up_by_options_and_its_mail_comes() {
    let server = server(Certificate::Good);
    let at = format!("localhost:{}", server.port());
    let mut scene = alone().file(FILE, KEPT.as_bytes());
    let more = [
        "--server",
        &at,
        "--user",
        "alice",
        "--name",
        "new",
        "--maildir",
        "Mail",
    ];
    scene
        .run_with(&arguments("alice@example.org", &more))
        .says(&format!("popget: logging in at {at} as alice\n"))
        .says("popget: new: 1 new (")
        .says("mine.yaml has the account new now; popget -c mine.yaml fetches its mail\n")
        .exits(0);
    assert!(server.commands("RETR").is_empty() && server.commands("DELE").is_empty());
    let home = scene.path("");
    let home = home.to_str().unwrap().trim_end_matches('/');
    let block = format!(
        "    new:\n        server: {at}\n        tls: implicit\n        user: alice\n        \
         password_file: {home}/password\n        tls_ca_file: {home}/ca.pem\n        keep: true\n        deliver:\n            \
         maildir: {home}/Mail\n"
    );
    let expected = KEPT.replace(
        "    # more to come\n",
        &format!("    # more to come\n{block}"),
    );
    assert_eq!(written(&scene), expected);
    let fetch = ["--config", FILE, "--account", "new"];
    // As where popget runs by itself.
    let mut scene = scene.env("SSL_CERT_FILE", "");
    scene
        .run_with(&fetch)
        .delivers(["alpha.eml"])
        .silent()
        .exits(0);
}

#[test]
fn an_account_of_a_real_server_is_set_up() {
    let Some(mut dovecot) = Dovecot::start() else {
        return;
    };
    dovecot.put("alice", &[b"Subject: x\n\nhello\n".to_vec()]);
    for (option, port, tls) in [
        (&[][..], dovecot.port_tls(), "tls: implicit"),
        (&["--tls", "starttls"], dovecot.port(), "tls: starttls"),
    ] {
        let mut scene = alone();
        let at = format!("localhost:{port}");
        let more = [&["--server", &at, "--user", "alice"], option].concat();
        scene
            .run_with(&arguments("alice@example.org", &more))
            .says("popget: example: 1 new (")
            .exits(0);
        assert!(written(&scene).contains(tls), "{}", written(&scene));
    }
}

#[test]
fn what_is_missing_is_named_where_nobody_can_be_asked() {
    let server = server(Certificate::Good);
    let at = format!("localhost:{}", server.port());
    let secret = "--password-command, --password-file, --netrc, --token-command, --ask-password";
    for yes in [&[][..], &["--yes"]] {
        let setup = [
            "setup",
            "alice@example.org",
            "--server",
            &at,
            "--config",
            FILE,
        ];
        let mut scene = alone();
        scene
            .run_with(&[&setup[..], yes].concat())
            .says(secret)
            .says("is missing, and nobody is asked here")
            .says_lines(1)
            .exits(64);
        assert!(!scene.path(FILE).exists());
    }
    assert!(server.sessions().is_empty());
}

#[test]
fn what_does_not_work_is_not_written() {
    let server = server(Certificate::Good);
    let at = format!("localhost:{}", server.port());
    let mut scene = alone()
        .file("password", b"wrong\n")
        .file(FILE, KEPT.as_bytes());
    let more = ["--server", &at, "--user", "alice", "--maildir", "Mail"];
    scene
        .run_with(&arguments("alice@example.org", &more))
        .says("popget: example (localhost): login: the server refused the login")
        .says("popget: nothing is written; with --no-test it would be, untested\n")
        .exits(77);
    assert_eq!(written(&scene), KEPT);
    let untested = [&more[..], &["--no-test"]].concat();
    let outcome = scene.run_with(&arguments("alice@example.org", &untested));
    outcome
        .says("has the account example now")
        .says_lines(1)
        .exits(0);
    assert_eq!(server.sessions().len(), 1);
    assert!(written(&scene).contains("    example:\n        server: localhost:"));
}

#[test]
fn the_user_is_the_address_or_what_stands_before_its_at() {
    for (known, refused) in [("alice", 1), ("alice@example.org", 0)] {
        let builder = PopServer::builder().security(Security::Implicit(Certificate::Good));
        let server = builder.user(known, PASSWORD).start();
        let at = format!("localhost:{}", server.port());
        let mut scene = alone();
        let outcome = scene.run_with(&arguments("alice@example.org", &["--server", &at]));
        outcome.says("popget: example: 0 new").exits(0);
        assert!(written(&scene).contains(&format!("    user: {known}\n")));
        assert_eq!(server.sessions().len(), refused + 1);
    }
}

#[test]
fn a_password_is_not_tried_twice_without_tls() {
    let server = PopServer::builder().start();
    let at = format!("localhost:{}", server.port());
    let mut scene = alone().file("password", b"wrong\n");
    let more = ["--server", &at, "--tls", "none"];
    let outcome = scene.run_with(&arguments("alice@example.org", &more));
    outcome
        .says("with --yes the password is sent all the same, for all to read on the way\n")
        .says("nothing is written")
        .exits(78);
    let said: Vec<String> = server.sessions().concat();
    assert!(!said.iter().any(|line| line.contains("wrong")), "{said:?}");
}

#[test]
fn options_that_cannot_be_meant_are_told() {
    for (more, said) in [
        (&["-a", "x"][..], "--account means nothing to setup"),
        (
            &["--name", "a b"],
            "--name: an account's name is made of letters",
        ),
        (&["--server", "a b"], "a b: this is not a host name"),
        (&["--tls", "none"], "--server"),
        (
            &["--proxy", "http://x"],
            "--proxy: write socks5://host:port",
        ),
        (
            &["--proxy", "socks5://a:b@x"],
            "--proxy: a password does not belong on the command line",
        ),
        (&["--user", ""], "--user <NAME>"),
        (&["--mda", ""], "--mda <COMMAND>"),
        (&["--keep", "--delete"], "cannot be used with"),
        (
            &["--password-command", "x", "--netrc"],
            "cannot be used with",
        ),
    ] {
        let mut scene = alone();
        let all = [&["setup", "x@example.invalid", "--config", FILE], more].concat();
        scene.run_with(&all).says(said).says_lines(1).exits(64);
        assert!(!scene.path(FILE).exists());
    }
    for address in ["alice", "@example.org", "a@b@", "a\x1b[m@x", "a@exa mple"] {
        let mut scene = alone();
        let outcome = scene.run_with(&["setup", address]);
        outcome.says_lines(1).never_shows("\x1b").exits(64);
    }
    let json = alone().run_with(&["setup", "x@gmail.com", "--json"]);
    json.says("--json means nothing to setup; see popget --help\n")
        .prints("\"status\":64,")
        .exits(64);
    let from_stdin = ["setup", "x@gmail.com", "--config", "-"];
    let outcome = alone().run_with(&from_stdin);
    outcome.says("use --print").says_lines(1).exits(64);
}
