//! Each mechanism, to the letter.

use base64::prelude::{Engine, BASE64_STANDARD};

use crate::support::phrases::QUIT;
use crate::support::scene::Scene;
use crate::support::server::{PopServer, Security};
use crate::support::tls::Certificate;

/// `\0alice\0open-sesame`.
const PLAIN: &str = "AGFsaWNlAG9wZW4tc2VzYW1l";
/// `alice` and `open-sesame`.
const LOGIN: [&str; 2] = ["YWxpY2U=", "b3Blbi1zZXNhbWU="];

/// An account that logs in by `auth`, and a server that says `capabilities` of itself.
fn scene(auth: &str, capabilities: &str, dialogue: &str) -> Scene {
    let capabilities = capabilities
        .split(", ")
        .filter(|line| !line.is_empty())
        .map(|line| format!("S: {line}\n"))
        .collect::<String>();
    let script = format!("S: +OK ready\nC: CAPA\nS: +OK\nS: TOP\n{capabilities}S: .\n{dialogue}");
    Scene::new().key("auth", auth).conversation_text(&script)
}

/// The login succeeds with these words.
#[track_caller]
fn logs_in(scene: Scene) {
    let mut scene = scene;
    scene.run().delivers_nothing().silent().exits(0);
}

/// What follows a login that succeeded.
fn inside() -> String {
    format!("S: +OK\nC: STAT\nS: +OK 0 0\n{QUIT}")
}

#[test]
fn user_and_pass_are_two_commands() {
    let dialogue = "C: USER alice\nS: +OK\nC: PASS open-sesame\n".to_owned() + &inside();
    logs_in(scene("user-pass", "USER", &dialogue));
    logs_in(scene("[user-pass]", "", &dialogue));
}

#[test]
fn a_password_is_everything_behind_the_space() {
    for password in [
        "  two before and two after  ",
        "pa ss",
        " ",
        "\"quoted\" [x] +OK",
    ] {
        let said = password.replace(' ', "␠");
        let dialogue = format!("C: USER alice\nS: +OK\nC: PASS {said}\n") + &inside();
        let scene = scene("user-pass", "", &dialogue);
        logs_in(scene.file("password", format!("{password}\n").as_bytes()));
    }
}

#[test]
fn a_user_may_hold_spaces_and_at_signs() {
    let dialogue = "C: USER alice smith@example.org\nS: +OK\nC: PASS open-sesame\n".to_owned();
    logs_in(scene("user-pass", "", &(dialogue + &inside())).key("user", "alice smith@example.org"));
}

#[test]
fn plain_goes_with_the_command_where_it_is_announced() {
    let dialogue = format!("C: AUTH PLAIN {PLAIN}\n") + &inside();
    logs_in(scene("plain", "SASL PLAIN", &dialogue));
    logs_in(scene("plain", "SASL CRAM-MD5 plain LOGIN", &dialogue));
}

#[test]
fn plain_waits_to_be_asked_where_it_is_not_announced() {
    for challenge in ["+␠", "+", "+ Z28gb24=", "+ go on", "+OK go on"] {
        let dialogue = format!("C: AUTH PLAIN\nS: {challenge}\nC: {PLAIN}\n") + &inside();
        logs_in(scene("plain", "", &dialogue));
    }
}

#[test]
fn a_long_plain_waits_to_be_asked() {
    // 255 octets with CR LF are the limit of a command: "AUTH PLAIN " and 240 of base64.
    for (length, fits) in [(173, true), (174, false), (250, false)] {
        let password = "p".repeat(length);
        let message = BASE64_STANDARD.encode(format!("\0alice\0{password}"));
        let said = match fits {
            true => format!("C: AUTH PLAIN {message}\n"),
            false => format!("C: AUTH PLAIN\nS: +␠\nC: {message}\n"),
        };
        let scene = scene("plain", "SASL PLAIN", &(said + &inside()));
        logs_in(scene.file("password", password.as_bytes()));
    }
}

#[test]
fn login_answers_two_questions_whatever_they_are() {
    let [user, password] = LOGIN;
    for (one, other) in [
        ("VXNlcm5hbWU6", "UGFzc3dvcmQ6"),
        ("VXNlciBOYW1lAA==", "UGFzc3dvcmQA"),
        ("", ""),
        ("who", "what"),
    ] {
        let dialogue =
            format!("C: AUTH LOGIN\nS: + {one}\nC: {user}\nS: + {other}\nC: {password}\n");
        logs_in(scene("login", "SASL LOGIN", &(dialogue + &inside())));
    }
}

#[test]
fn a_third_question_is_one_too_many() {
    let [user, password] = LOGIN;
    let dialogue = format!(
        "C: AUTH LOGIN\nS: + YQ==\nC: {user}\nS: + Yg==\nC: {password}\nS: + Yw==\nC: *\nS: -ERR\n"
    );
    scene("login", "SASL LOGIN", &dialogue)
        .run()
        .says("the end of LOGIN")
        .exits(76);
}

#[test]
fn apop_answers_the_published_challenge_with_the_published_digest() {
    let script = "S: +OK POP3 server ready <1896.697170952@dbc.mtview.ca.us>\nC: CAPA\nS: -ERR\n\
                  C: APOP mrose c4c9334bac560ecc979e58001b3e22fb\n";
    let scene = Scene::new()
        .key("user", "mrose")
        .key("auth", "apop")
        .file("password", b"tanstaaf\n")
        .conversation_text(&(script.to_owned() + &inside()));
    logs_in(scene);
}

#[test]
fn apop_answers_no_challenge_that_an_attacker_could_have_made() {
    for timestamp in [
        "<>",
        "<abc>",
        "<a@>",
        "<@b>",
        "<a b@c>",
        "<\"x y\"@c>",
        "<a@b",
        "<a..b@c>",
        "<a@b\u{e9}>",
        "",
    ] {
        let script = format!("S: +OK ready {timestamp}\nC: CAPA\nS: -ERR\n{QUIT}");
        Scene::new()
            .key("auth", "apop")
            .conversation_text(&script)
            .run()
            .says("auth names (apop)")
            .exits(77);
    }
}

#[test]
fn every_mechanism_works_with_a_server_that_checks() {
    for security in [Security::None, Security::Implicit(Certificate::Good)] {
        for auth in ["user-pass", "apop", "plain", "login"] {
            let server = PopServer::builder().security(security).start();
            let mut scene = Scene::with_server(&server).key("auth", auth);
            scene.run().silent().exits(0);
            assert_eq!(server.logins(), 1, "{auth}");
        }
    }
}

#[test]
fn what_is_not_ascii_needs_a_mechanism_that_carries_it() {
    let server = PopServer::builder().user("ålice", "sésame").start();
    for (auth, status) in [("user-pass", 78), ("apop", 78), ("plain", 0), ("login", 0)] {
        let mut scene = Scene::with_server(&server)
            .key("user", "ålice")
            .key("auth", auth)
            .file("password", "sésame\n".as_bytes());
        match status {
            0 => drop(scene.run().silent().exits(0)),
            _ => drop(scene.run().says("not ASCII").says_lines(1).exits(status)),
        }
    }
    assert_eq!(server.logins(), 2);
    assert!(server.commands("USER").is_empty() && server.commands("APOP").is_empty());
}

#[test]
fn nobody_smuggles_a_command_into_the_login() {
    let mut scene = Scene::new().key("user", "\"alice\\r\\nDELE 1\"");
    scene.run().says("line end").exits(78);
    let mut scene = Scene::new().key("user", "\"alice\\0x\"");
    scene.run().says("NUL").exits(78);
    for auth in ["user-pass", "plain", "login"] {
        for password in ["open\rDELE 1\n", "open\0sesame\n"] {
            let carries = auth == "login" || (auth == "plain" && password.contains('\r'));
            if carries {
                continue;
            }
            let script = format!("S: +OK\nC: CAPA\nS: +OK\nS: SASL PLAIN LOGIN\nS: .\n{QUIT}");
            Scene::new()
                .key("auth", auth)
                .file("password", password.as_bytes())
                .conversation_text(&script)
                .run()
                .says("NUL")
                .exits(78);
        }
    }
}
