//! What a server has to prove to the new account, and what is done without TLS.

use super::{alone, arguments, server, written, FILE};
use crate::support::scene::Scene;
use crate::support::server::PopServer;
use crate::support::tls::Certificate;

/// A scene in which no authority of ours is one of the system's.
fn bare() -> Scene {
    Scene::new().under(&["setsid", "--wait"])
}

#[test]
fn an_issuer_is_named_by_an_option() {
    let server = server(Certificate::Good);
    let at = format!("localhost:{}", server.port());
    let more = ["--server", &at, "--user", "alice", "--name", "x"];
    let mut scene = bare();
    let outcome = scene.run_with(&arguments("alice@example.org", &more));
    outcome
        .says("the issuer of its certificate is unknown here")
        .says("popget: the options for that: --tls-ca-file\n")
        .exits(77);
    let with = [&more[..], &["--tls-ca-file", "ca.pem"]].concat();
    let outcome = scene.run_with(&arguments("alice@example.org", &with));
    outcome.says("popget: x: 1 new").exits(0);
    let key = format!("    tls_ca_file: {}\n", scene.path("ca.pem").display());
    assert!(written(&scene).contains(&key), "{}", written(&scene));
    let outcome = scene.run_with(&arguments("a@example.org", &["--tls-ca-file", "none.pem"]));
    outcome
        .says("--tls-ca-file: there is no file ")
        .says_lines(1)
        .exits(64);
}

#[test]
fn a_certificate_is_named_by_its_fingerprint() {
    let server = server(Certificate::SelfSigned);
    let at = format!("localhost:{}", server.port());
    let more = ["--server", &at, "--user", "alice", "--name", "x"];
    let mut scene = bare();
    let mut outcome = scene.run_with(&arguments("alice@example.org", &more));
    let said = outcome.take_stderr();
    assert!(said.contains("popget: the options for that: --tls-fingerprint\n"));
    outcome.exits(77);
    // As whoever asked the server's operator takes it from there.
    let pin = said.split("SHA-256 ").nth(1).unwrap();
    let pin = pin.split(')').next().unwrap();
    let with = [&more[..], &["--tls-fingerprint", pin]].concat();
    let outcome = scene.run_with(&arguments("alice@example.org", &with));
    outcome.says("popget: x: 1 new").exits(0);
    assert!(written(&scene).contains("    tls_fingerprint: "));
}

#[test]
fn issuers_of_the_defaults_are_not_overridden_by_the_environment() {
    let server = server(Certificate::Good);
    let at = format!("localhost:{}", server.port());
    let kept = "defaults: {tls_ca_file: ~/ca.pem}\n";
    let mut scene = alone().file(FILE, kept.as_bytes());
    let more = ["--server", &at, "--user", "alice", "--name", "x"];
    let outcome = scene.run_with(&arguments("alice@example.org", &more));
    outcome.says("popget: x: 1 new").exits(0);
    assert_eq!(written(&scene).matches("tls_ca_file").count(), 1);
}

#[test]
fn without_tls_the_password_is_sent_if_that_is_said() {
    let server = PopServer::start();
    server.maildrop().add_named("a", "alpha.eml");
    let at = format!("localhost:{}", server.port());
    let more = ["--server", &at, "--tls", "none", "--user", "alice", "--yes"];
    let mut scene = alone();
    let outcome = scene.run_with(&arguments("alice@example.org", &more));
    outcome.says("popget: example: 1 new").exits(0);
    assert!(written(&scene).contains("    auth: user-pass\n"));
    assert!(!written(&scene).contains("tls_ca_file"));
    let fetch = scene.run_with(&["-c", FILE]);
    fetch
        .delivers_to("Mail/example", ["alpha.eml"])
        .silent()
        .exits(0);
}
