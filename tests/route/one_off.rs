//! Without a file: an account on the command line.

use crate::support::lmtp::LmtpServer;
use crate::support::scene::Scene;
use crate::support::server::{PopServer, Security};
use crate::support::tls::Certificate;

/// A server, its URL, and a scene without a configuration.
fn met() -> (PopServer, String, Scene) {
    let server = PopServer::builder()
        .security(Security::Implicit(Certificate::Good))
        .start();
    server
        .maildrop()
        .add_named("a", "alpha.eml")
        .add_named("b", "beta.eml");
    let url = format!("pops://alice@localhost:{}", server.port());
    let scene =
        Scene::with_server(&server).file(".config/popget/popget.yaml", b"no: [configuration");
    let roots = scene.path("ca.pem").display().to_string();
    (server, url, scene.env("SSL_CERT_FILE", &roots))
}

const PASSWORD: [&str; 2] = ["--password-command", "echo open-sesame"];

fn arguments<'a>(url: &'a str, more: &[&'a str]) -> Vec<&'a str> {
    [&["--server", url][..], &PASSWORD, more].concat()
}

#[test]
fn mail_comes_to_a_maildir_once() {
    let (server, url, mut scene) = met();
    let maildir = scene.path("Other").display().to_string();
    let arguments = arguments(&url, &["--maildir", &maildir]);
    let outcome = scene.run_with(&arguments);
    outcome
        .delivers_to("Other", ["alpha.eml", "beta.eml"])
        .silent()
        .exits(0);
    scene.run_with(&arguments).silent().exits(0);
    assert_eq!(server.commands("RETR").len(), 2);
    scene
        .run_with(&[&arguments[..], &["--delete"]].concat())
        .silent()
        .exits(0);
    assert_eq!(server.maildrop().left(), 0);
}

#[test]
fn a_relative_path_means_what_it_does_where_popget_is_started() {
    let (_server, url, mut scene) = met();
    for (option, name) in [("--maildir", "Other"), ("--mbox", "inbox")] {
        let whole = scene.path(name).display().to_string();
        let outcome = scene.run_with(&arguments(&url, &[option, name, "--all", "-v"]));
        outcome.says(&format!(" to {whole}")).whatever();
    }
}

#[test]
fn mail_comes_to_an_mbox_standard_output_an_mda_or_a_server() {
    let (_server, url, mut scene) = met();
    let mbox = scene.path("inbox").display().to_string();
    let outcome = scene.run_with(&arguments(&url, &["--mbox", &mbox]));
    outcome
        .mbox_holds("inbox", ["alpha.eml", "beta.eml"])
        .silent()
        .exits(0);
    let outcome = scene.run_with(&arguments(&url, &["--mbox", "-", "--all"]));
    outcome.prints("The first of three.").exits(0);
    let outcome = scene.run_with(&arguments(
        &url,
        &["--mda", "cat >>got", "--all", "--limit", "1"],
    ));
    let got = outcome.silent().exits(0).file("got");
    assert_eq!(got, crate::support::mail::named("alpha.eml"));
    let relay = LmtpServer::start();
    let outcome = scene.run_with(&arguments(&url, &["--lmtp", &relay.address(), "--all"]));
    outcome.silent().exits(0);
    let named = ["alpha.eml", "beta.eml"].map(crate::support::mail::named);
    assert_eq!(relay.arrived(), named);
    let outcome = scene.run_with(&arguments(&url, &["--lmtp", "host:nonsense"]));
    outcome.says("--lmtp: what follows the colon").exits(64);
}

#[test]
fn user_and_tls_may_be_options() {
    let server = PopServer::builder()
        .security(Security::StartTls(Certificate::Good))
        .user("Ann Other", "open-sesame")
        .start();
    let scene = Scene::with_server(&server);
    let roots = scene.path("ca.pem").display().to_string();
    let mut scene = scene.env("SSL_CERT_FILE", &roots);
    let place = format!("localhost:{}", server.port());
    let more = [
        "--user",
        "Ann Other",
        "--tls",
        "starttls",
        "--maildir",
        "Mail",
        "--keep",
    ];
    scene.run_with(&arguments(&place, &more)).silent().exits(0);
    let state = scene.path(".local/state/popget");
    let names = std::fs::read_dir(state)
        .unwrap()
        .map(|entry| entry.unwrap().file_name());
    let names: Vec<_> = names.collect();
    assert!(
        names.contains(&"Ann-Other@localhost.seen".into()),
        "{names:?}"
    );
}

#[test]
fn what_does_not_go_together_is_told() {
    let (server, url, mut scene) = met();
    let secret = url.replace("alice", "alice:open-sesame");
    let nobody = url.replace("alice@", "");
    let rows: [(&[&str], &str); 10] = [
        (
            &["--server", &url],
            "--server goes with --maildir, --mbox, --mda or --lmtp",
        ),
        (&["--maildir", "x"], "--server"),
        (
            &["--server", &url, "--maildir", "x", "--mbox", "y"],
            "cannot be used with",
        ),
        (
            &["--server", &url, "--maildir", "x", "--account", "work"],
            "cannot be used with",
        ),
        (
            &["--server", &url, "--maildir", "x", "--config", "file"],
            "cannot be used with",
        ),
        (
            &["--server", &secret, "--maildir", "x"],
            "a password does not belong into a URL",
        ),
        (&["--server", &nobody, "--maildir", "x"], "no user is named"),
        (
            &["--server", &url, "--maildir", "x", "--tls", "starttls"],
            "--tls: the URL of server says otherwise",
        ),
        (
            &["--server", &url, "--maildir", "x", "--tls", "ssl"],
            "[possible values: implicit, starttls, none]",
        ),
        (
            &["--server", &url, "--maildir", "x", "--user", "bob"],
            "--user: server names another user",
        ),
    ];
    for (arguments, said) in rows {
        scene.run_with(arguments).says(said).says_lines(1).exits(64);
    }
    assert_eq!(server.sessions().len(), 0);
}
