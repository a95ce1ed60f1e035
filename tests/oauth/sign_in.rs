//! `popget login`, attended.

use std::fs;
use std::io::{Read, Write};
use std::net::TcpStream;
use std::os::unix::fs::PermissionsExt;
use std::time::Duration;

use super::{login, run, scene, server, TOKENS};
use crate::support::identity::{Identity, Oddity};
use crate::support::terminal::{Shown, Terminal};

/// The address that is shown, as soon as it is.
fn address(terminal: &Terminal, identity: &Identity, last: &str) -> String {
    terminal.wait_for(last);
    let shown = terminal.so_far();
    let page = identity.url("authorize");
    let line = shown.lines().find(|line| line.trim().starts_with(&page));
    line.unwrap_or_else(|| panic!("{shown}")).trim().to_owned()
}

/// What a browser gets that asks for this, the way from the scheme to the target cut off.
fn browse(address: &str) -> String {
    let rest = address.strip_prefix("http://").unwrap();
    let (host, target) = rest.split_once('/').unwrap();
    let mut line = TcpStream::connect(host).unwrap();
    write!(
        line,
        "GET /{target} HTTP/1.1\r\nHost: {host}\r\nAccept: text/html\r\n\r\n"
    )
    .unwrap();
    let mut page = String::new();
    line.read_to_string(&mut page).unwrap();
    page
}

/// How it ended, without a secret having been shown.
#[track_caller]
fn ended(terminal: Terminal, identity: &Identity, status: i32) -> Shown {
    let shown = terminal.finish();
    assert_eq!(shown.status.code(), Some(status), "{}", shown.text);
    identity.kept_quiet(&shown.text);
    shown
}

#[test]
fn a_code_typed_elsewhere_signs_in_and_mail_is_fetched() {
    for mechanism in ["XOAUTH2", "OAUTHBEARER"] {
        let identity = Identity::start(3600);
        identity.pending(&["authorization_pending", "slow_down"]);
        let server = server(&identity, mechanism);
        let (terminal, mut scene) = login(scene(&identity, &server, "device"), &[]);
        terminal.wait_for("https://login.example/device");
        terminal.wait_for("WDJB-MJHT");
        let shown = ended(terminal, &identity, 0);
        assert!(
            shown.text.contains("work: signed in as alice"),
            "{}",
            shown.text
        );
        assert!(shown.text.contains("within 10 minutes"), "{}", shown.text);
        let mode = fs::metadata(scene.path(TOKENS))
            .unwrap()
            .permissions()
            .mode();
        assert_eq!(mode & 0o777, 0o600);
        run(&identity, &mut scene)
            .whatever()
            .delivers(["alpha.eml"])
            .exits(0);
        assert_eq!(identity.refreshed(), 0);
    }
}

#[test]
fn the_provider_is_asked_no_more_often_than_it_wants() {
    let identity = Identity::start(3600);
    identity.pending(&["slow_down"]);
    let server = server(&identity, "XOAUTH2");
    let (terminal, _scene) = login(scene(&identity, &server, "device"), &[]);
    terminal.wait_for("WDJB-MJHT");
    // A second, and then five more than that.
    std::thread::sleep(Duration::from_secs(5));
    assert_eq!(identity.asked("/token").len(), 1);
    ended(terminal, &identity, 0);
    assert_eq!(identity.asked("/token").len(), 2);
}

#[test]
fn a_line_that_fails_meanwhile_is_no_reason_to_begin_again() {
    let identity = Identity::start(3600);
    identity.odd("/token", Oddity::HangUp);
    identity.odd("/token", Oddity::Answer(503, "<html>busy</html>".into()));
    let server = server(&identity, "XOAUTH2");
    let (terminal, _scene) = login(scene(&identity, &server, "device"), &[]);
    ended(terminal, &identity, 0);
}

#[test]
fn a_browser_that_comes_back_signs_in() {
    let identity = Identity::start(3600);
    identity.client_secret("cl-se cret&=%");
    let server = server(&identity, "XOAUTH2");
    let key = identity.key("loopback");
    let key = key.replace('{', "{client_secret_command: \"printf 'cl-se cret&=%%'\", ");
    let scene = scene(&identity, &server, "loopback").key("oauth", &key);
    let (terminal, mut scene) = login(scene, &[]);
    let address = address(&terminal, &identity, "--paste");
    let back = identity.sign_in(&address);
    assert!(back.starts_with("http://127.0.0.1:"), "{back}");
    // Others come first: one that says nothing, an icon, and answers to other requests.
    let host = back
        .strip_prefix("http://")
        .unwrap()
        .split('/')
        .next()
        .unwrap();
    let idle: Vec<TcpStream> = (0..5).map(|_| TcpStream::connect(host).unwrap()).collect();
    let (page, query) = back.split_once('?').unwrap();
    for other in [
        page.to_owned(),
        format!("{page}favicon.ico"),
        format!("{page}?code=stolen&state=guessed"),
        format!("{page}?error=access_denied&state=guessed"),
        format!("{page}other?{query}"),
    ] {
        let answer = browse(&other);
        assert!(answer.starts_with("HTTP/1.1 404 "), "{other}: {answer}");
    }
    let answer = browse(&back);
    assert!(answer.starts_with("HTTP/1.1 200 "), "{answer}");
    assert!(answer.contains("Signed in."), "{answer}");
    identity.kept_quiet(&answer);
    drop(idle);
    ended(terminal, &identity, 0);
    assert!(TcpStream::connect(host).is_err(), "the port is closed");
    run(&identity, &mut scene)
        .whatever()
        .delivers(["alpha.eml"])
        .exits(0);
}

#[test]
fn somebody_who_does_not_agree_is_believed() {
    let identity = Identity::start(3600);
    let server = server(&identity, "XOAUTH2");
    let (terminal, scene) = login(scene(&identity, &server, "loopback"), &[]);
    let address = address(&terminal, &identity, "--paste");
    let back = identity.sign_in(&address);
    let (page, query) = back.split_once('?').unwrap();
    let state = query
        .split('&')
        .find(|field| field.starts_with("state="))
        .unwrap();
    let said = "error_description=no%1b%5b2J";
    let answer = browse(&format!("{page}?error=access_denied&{said}&{state}"));
    assert!(answer.contains("Not signed in."), "{answer}");
    let shown = ended(terminal, &identity, 77);
    assert!(
        shown.text.contains("not agreed to: \"no\\x1b[2J\""),
        "{}",
        shown.text
    );
    assert!(!scene.path(TOKENS).exists());
}

#[test]
fn what_is_pasted_signs_in() {
    let identity = Identity::start(3600);
    let server = server(&identity, "XOAUTH2");
    for only_the_code in [false, true] {
        for flow in ["loopback", "device"] {
            let (mut terminal, scene) = login(scene(&identity, &server, flow), &["--paste"]);
            let address = address(&terminal, &identity, "it is not shown");
            let back = identity.sign_in(&address);
            assert!(back.starts_with("http://127.0.0.1/?"), "{back}");
            assert!(!terminal.echoes());
            let code = back.split(['=', '&']).nth(1).unwrap();
            let pasted = if only_the_code { code } else { &back };
            terminal.types(&format!("{pasted}\n"));
            ended(terminal, &identity, 0);
            assert!(scene.path(TOKENS).exists());
        }
    }
}

#[test]
fn what_should_not_have_been_pasted_is_refused() {
    let identity = Identity::start(3600);
    let server = server(&identity, "XOAUTH2");
    for (pasted, told) in [
        (
            "http://127.0.0.1/?code=x&state=other",
            "neither the address of this sign-in nor a code",
        ),
        ("http://127.0.0.1/", "neither the address"),
        ("a b", "neither the address"),
        (
            "not-a-code",
            "the provider refuses the sign-in: \"AADSTS70000: it is invalid_grant.\"",
        ),
    ] {
        let (mut terminal, scene) = login(scene(&identity, &server, "loopback"), &["--paste"]);
        address(&terminal, &identity, "it is not shown");
        terminal.types(&format!("{pasted}\n"));
        let shown = ended(terminal, &identity, 77);
        assert!(shown.text.contains(told), "{}", shown.text);
        assert!(!scene.path(TOKENS).exists());
    }
}

#[test]
fn a_code_that_nobody_typed_and_a_client_that_nobody_knows_are_told() {
    for (error, told) in [
        ("expired_token", "nobody signed in in time"),
        ("authorization_declined", "was not agreed to"),
        (
            "invalid_client",
            "refuses the sign-in: \"AADSTS70000: it is invalid_client.\"; check client_id",
        ),
    ] {
        let identity = Identity::start(3600);
        identity.pending(&[error]);
        let server = server(&identity, "XOAUTH2");
        let (terminal, _scene) = login(scene(&identity, &server, "device"), &[]);
        let shown = ended(terminal, &identity, 77);
        assert!(shown.text.contains(told), "{}", shown.text);
    }
}

#[test]
fn a_signal_ends_the_wait() {
    let identity = Identity::start(3600);
    identity.pending(&["authorization_pending"; 100]);
    let server = server(&identity, "XOAUTH2");
    for (flow, last) in [("device", "WDJB-MJHT"), ("loopback", "--paste")] {
        let (mut terminal, scene) = login(scene(&identity, &server, flow), &[]);
        terminal.wait_for(last);
        terminal.types("\x03");
        ended(terminal, &identity, 128 + 2);
        assert!(!scene.path(TOKENS).exists());
    }
}

#[test]
fn nobody_is_asked_where_nobody_is() {
    let identity = Identity::start(3600);
    let server = server(&identity, "XOAUTH2");
    // A session of its own has no terminal.
    let mut scene = scene(&identity, &server, "device").under(&["setsid", "--wait"]);
    let outcome = scene.run_with(&["login", "work"]);
    outcome
        .says("there is no terminal at which to sign in; run popget login work in one")
        .exits(77);
    let outcome = scene.run();
    outcome
        .says("nobody has signed in yet; run popget login work")
        .exits(77);
    assert!(identity.asked("/device").is_empty() && identity.asked("/token").is_empty());
}

#[test]
fn there_must_be_something_to_sign_in_for() {
    let identity = Identity::start(3600);
    let server = server(&identity, "XOAUTH2");
    let mut command = scene(&identity, &server, "device").key("oauth", "{token_command: echo x}");
    command
        .run_with(&["login", "work"])
        .says("nothing to sign in for")
        .exits(78);
    command
        .run_with(&["login", "other"])
        .says("there is no account other")
        .exits(64);
    command.run_with(&["login"]).says("ACCOUNT").exits(64);
    command
        .run_with(&["login", "work", "-a", "work"])
        .says("--account means nothing to login")
        .exits(64);
}
