//! Providers that answer with what is of no use, or meant to do harm.

use super::{login, run, scene, server, signed_in};
use crate::support::identity::{in_http, Identity, Oddity};

/// An answer with this access token.
fn token(token: &str) -> Oddity {
    let token = serde_json::to_string(token).unwrap();
    let body = format!(r#"{{"token_type":"Bearer","access_token":{token},"expires_in":3600}}"#);
    Oddity::Answer(200, body)
}

#[test]
fn what_is_no_token_is_refused_and_the_sign_in_is_kept() {
    let identity = Identity::start(30);
    let server = server(&identity, "XOAUTH2");
    let mut scene = signed_in(&identity, &server);
    let redirect = |to: &str| {
        let text = format!("HTTP/1.1 307 Go\r\nLocation: {to}\r\nContent-Length: 0\r\n\r\n");
        Oddity::Raw(text.into_bytes())
    };
    let none = "gives a token that is none";
    let odd = "does not answer as OAuth 2.0 has it";
    for (oddity, told) in [
        (token("a b"), none),
        (token("a\u{1}auth=Bearer b"), none),
        (token("a\r\nDELE 1"), none),
        (token("\u{e9}"), none),
        (token(""), none),
        (token(&"x".repeat(100 * 1024)), none),
        (
            token(&"x".repeat(300 * 1024)),
            "gives more than can be meant",
        ),
        (Oddity::Answer(200, "<html>".into()), odd),
        (Oddity::Answer(200, "[]".into()), none),
        (Oddity::Answer(200, "7".into()), odd),
        (
            Oddity::Answer(200, r#"{"access_token":{"a":1}}"#.into()),
            odd,
        ),
        (Oddity::Answer(404, "not here".into()), odd),
        (Oddity::Answer(200, "[".repeat(200_000)), odd),
        (
            Oddity::Answer(200, r#"{"access_token":"x","token_type":"mac"}"#.into()),
            "of a kind that mail servers do not take",
        ),
        (redirect("http://127.0.0.1:1/token"), odd),
        (redirect(&identity.url("elsewhere")), odd),
        (
            Oddity::Raw(b"+OK POP3 ready\r\n".to_vec()),
            "does not speak HTTP as it should",
        ),
        (
            Oddity::Raw(
                ["HTTP/1.1 200 OK\r\n", &"X: y\r\n".repeat(20_000)]
                    .concat()
                    .into_bytes(),
            ),
            "",
        ),
    ] {
        identity.odd("/token", oddity);
        let outcome = run(&identity, &mut scene).whatever();
        outcome.says(told).exits(76);
    }
    assert!(identity.asked("/elsewhere").is_empty());
    assert!(server.sessions().is_empty());
    run(&identity, &mut scene)
        .whatever()
        .delivers(["alpha.eml"])
        .exits(0);
}

#[test]
fn an_answer_that_does_not_end_is_given_up() {
    let identity = Identity::start(30);
    let server = server(&identity, "XOAUTH2");
    let mut scene = signed_in(&identity, &server);
    let whole = in_http((200, r#"{"access_token":"abc"}"#.into()));
    for cut in [0, 10, whole.len() - 40, whole.len() - 1] {
        identity.odd("/token", Oddity::Raw(whole[..cut].to_vec()));
        let mut outcome = scene.run().whatever();
        let status = outcome.take_status();
        assert!(
            matches!(status, Some(75 | 76)),
            "{cut}: {status:?} {}",
            outcome.take_stderr()
        );
    }
    let endless = [
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n",
        &"5\r\nabcde\r\n".repeat(100_000),
    ];
    identity.odd("/token", Oddity::Raw(endless.concat().into_bytes()));
    scene.run().says("gives more than can be meant").exits(76);
}

#[test]
fn what_the_provider_has_people_type_can_do_no_harm() {
    for (body, told) in [
        (
            r#"{"device_code":"d","user_code":"a\u001b[2J","verification_uri":"https://x.example/"}"#,
            "a code that nobody can type",
        ),
        (
            r#"{"device_code":"d","user_code":"abc","verification_uri":"http://x.example/"}"#,
            "names no address over HTTPS",
        ),
        (
            r#"{"device_code":"d","user_code":"abc","verification_uri":"https://x.example/\u001b[2J"}"#,
            "names no address over HTTPS",
        ),
        (
            r#"{"user_code":"abc","verification_uri":"https://x.example/"}"#,
            "gives a token that is none",
        ),
    ] {
        let identity = Identity::start(3600);
        identity.odd("/device", Oddity::Answer(200, body.into()));
        let server = server(&identity, "XOAUTH2");
        let (terminal, _scene) = login(scene(&identity, &server, "device"), &[]);
        let shown = terminal.finish();
        assert_eq!(shown.status.code(), Some(76), "{}", shown.text);
        assert!(
            shown.text.contains(told) && !shown.text.contains("\x1b[2J"),
            "{}",
            shown.text
        );
    }
}

#[test]
fn a_provider_that_proves_nothing_is_told_nothing() {
    let identity = Identity::start(30);
    let server = server(&identity, "XOAUTH2");
    let scene = signed_in(&identity, &server);
    // The key of the mail server has no say in whom else to believe.
    let mut scene = scene.env("SSL_CERT_FILE", "/dev/null");
    let outcome = scene.run();
    outcome
        .says("127.0.0.1 cannot be asked: the server did not prove that it is 127.0.0.1")
        .says("SSL_CERT_FILE")
        .exits(77);
    assert_eq!(identity.refreshed(), 0);
}

#[test]
fn a_provider_that_repeats_a_secret_is_not_quoted() {
    let identity = Identity::start(30);
    let server = server(&identity, "XOAUTH2");
    let mut scene = signed_in(&identity, &server);
    let refresh = std::fs::read_to_string(scene.path(super::TOKENS)).unwrap();
    let refresh = refresh
        .lines()
        .find_map(|line| line.strip_prefix("refresh "))
        .unwrap();
    for status in [400, 503] {
        let body =
            format!(r#"{{"error":"invalid_grant","error_description":"no such {refresh}"}}"#);
        identity.odd("/token", Oddity::Answer(status, body));
        run(&identity, &mut scene).whatever().says("no such ***");
    }
}
