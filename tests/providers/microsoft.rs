//! Exchange Online (Outlook.com, Microsoft 365) and Exchange: tokens on a line of their own, a
//! service that is away now and then, and messages that are offered and never given.

use base64::prelude::{Engine, BASE64_STANDARD};

use super::fill;
use crate::support::maildrop::Fault;
use crate::support::phrases::{listing, retr, QUIT};
use crate::support::scene::Scene;
use crate::support::server::{Answer, PopServer, PASSWORD};

const USER: &str = "alice@example.onmicrosoft.com";

/// From the greeting to the token, as Exchange Online has it.
fn until_the_token(token: &str) -> String {
    let message = format!("user={USER}\x01auth=Bearer {token}\x01\x01");
    let message = BASE64_STANDARD.encode(message);
    format!(
        "! tls\n\
         S: +OK The Microsoft Exchange POP3 service is ready. [TABPADQAUAAxADIAMwBDAEEAMAA2ADAAMg==]\n\
         C: CAPA\nS: +OK\nS: TOP\nS: UIDL\nS: SASL PLAIN XOAUTH2\nS: USER\nS: .\n\
         C: AUTH XOAUTH2\nS: + \nC: {message}\n"
    )
}

/// A scene with a token of a real one's length.
fn scene() -> (Scene, String) {
    let token = format!("EwB{}", "4A8l6BAAU".repeat(150));
    let scene = Scene::new()
        .tls("implicit")
        .key("user", USER)
        .without_key("password_file")
        .file("token", token.as_bytes())
        .key("oauth", "{token_command: cat token}");
    (scene, token)
}

#[test]
fn exchange_online_gets_its_token_on_a_line_of_its_own() {
    let (scene, token) = scene();
    let script = until_the_token(&token)
        + "S: +OK User successfully authenticated. [CwBDAEMAUABSADIAMABNAEIA]\n"
        + &listing(&["AQMkADAwATMwMAItZjk5Yy0x"])
        + &retr(1, "alpha.eml")
        + QUIT;
    let mut scene = scene.conversation_text(&script);
    scene
        .run()
        .delivers(["alpha.eml"])
        .remembers(["AQMkADAwATMwMAItZjk5Yy0x"])
        .never_shows(&token)
        .silent()
        .exits(0);
}

#[test]
fn a_token_of_the_wrong_kind_is_told() {
    let (scene, token) = scene();
    let script = until_the_token(&token)
        + "S: -ERR Authentication failure: unknown user name or bad password.\n"
        + QUIT;
    scene
        .conversation_text(&script)
        .run()
        .says("login: the server refused the access token: \"Authentication failure: ")
        .says("another user, server or scope")
        .says_lines(1)
        .exits(77);
}

#[test]
fn a_service_that_is_unavailable_is_tried_later() {
    let away = "-ERR Server Unavailable. 21";
    let (scene, token) = scene();
    let script = until_the_token(&token) + &format!("S: {away}\n") + QUIT;
    scene
        .conversation_text(&script)
        .run()
        .says("login: the server has trouble that will pass: \"Server Unavailable. 21\"")
        .says_lines(1)
        .exits(75);
    for command in ["USER", "PASS", "STAT", "RETR 1", "QUIT"] {
        let server = PopServer::builder().without("AUTH-RESP-CODE").start();
        let all = fill(&server, 2);
        server.answer(command, Answer::Say(away.into()));
        let mut scene = Scene::with_server(&server).key("keep", "false");
        let taken = match command {
            "RETR 1" => &all[1..],
            "QUIT" => &all[..],
            _ => &[],
        };
        scene
            .run()
            .delivers_bytes(taken)
            .says("\"Server Unavailable. 21\"; ")
            .says_lines(1)
            .exits(75);
        server.behave();
        scene.run().delivers_bytes(&all).silent().exits(0);
        assert_eq!(server.maildrop().left(), 0, "{command}");
    }
}

#[test]
fn a_message_that_exchange_offers_and_never_gives_blocks_no_other() {
    let server = PopServer::builder()
        .user(USER, PASSWORD)
        .without("PIPELINING")
        .start();
    let all = fill(&server, 3);
    server.maildrop().spoil("u1", Fault::Refused);
    let mut scene = Scene::with_server(&server)
        .key("user", USER)
        .key("keep", "false");
    // Three runs are an alarm; the fourth names it in its summary only.
    for _ in 0..3 {
        scene
            .run()
            .delivers_bytes(&all[1..])
            .says("message u1: the server does not give this message")
            .says_lines(1)
            .exits(75);
    }
    scene.run().silent().exits(0);
    let mut outcome = scene.run_with(&["-v"]).exits(0);
    let said = outcome.take_stderr();
    assert!(
        said.contains("message u1") && said.contains(", 1 failed"),
        "{said}"
    );
    drop(outcome);
    server.maildrop().add_named("fresh", "beta.eml");
    let fresh = [&all[1..], &[crate::support::mail::named("beta.eml")]].concat();
    scene.run().delivers_bytes(&fresh).silent().exits(0);
    assert_eq!(server.maildrop().uids(), ["u1"]);
}
