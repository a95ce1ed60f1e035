//! TLS: who is believed, and that nothing is said to anybody else.

mod certificates;
mod client;
mod roots;

use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};

use crate::support::phrases::{listing, QUIT};
use crate::support::scene::Scene;
use crate::support::server::{PopServer, Security};
use crate::support::tls::Certificate;

/// `AUTH PLAIN` with the usual user and password.
const AUTH: &str = "C: AUTH PLAIN AGFsaWNlAG9wZW4tc2VzYW1l\nS: +OK\n";
const CAPA: &str = "C: CAPA\nS: +OK\nS: SASL PLAIN\nS: TOP\nS: .\n";

/// What is said until TLS begins, with this certificate.
fn until_tls(mode: &str, certificate: &str) -> String {
    match mode {
        "implicit" => format!("! tls {certificate}\n"),
        _ => format!("S: +OK ready\nC: STLS\nS: +OK\n! tls {certificate}\n"),
    }
}

/// A whole visit to an empty maildrop.
fn visit(mode: &str, certificate: &str) -> String {
    let greeting = match mode {
        "implicit" => "S: +OK ready\n",
        _ => "",
    };
    let begun = until_tls(mode, certificate) + greeting + CAPA + AUTH;
    begun + "C: STAT\nS: +OK 0 0\n" + QUIT
}

fn scene(mode: &str) -> Scene {
    Scene::new().tls(mode).without_key("retry")
}

const MODES: [&str; 2] = ["implicit", "starttls"];

#[test]
fn mail_comes_over_tls_of_either_kind() {
    for security in [
        Security::Implicit(Certificate::Good),
        Security::StartTls(Certificate::Good),
    ] {
        let server = PopServer::builder().security(security).start();
        server
            .maildrop()
            .add_named("a", "dots.eml")
            .add_named("b", "every-octet.eml");
        let mut scene = Scene::with_server(&server).key("keep", "false");
        scene
            .run()
            .delivers(["dots.eml", "every-octet.eml"])
            .silent()
            .exits(0);
        assert_eq!(server.maildrop().left(), 0);
    }
}

#[test]
fn nothing_but_stls_is_said_before_tls() {
    for mode in MODES {
        scene(mode)
            .conversation_text(&visit(mode, ""))
            .run()
            .silent()
            .exits(0);
    }
}

#[test]
fn another_name_can_be_expected() {
    for mode in MODES {
        scene(mode)
            .key("tls_server_name", "elsewhere.example")
            .conversation_text(&visit(mode, "other-name"))
            .run()
            .silent()
            .exits(0);
    }
}

#[test]
fn without_verification_every_run_warns() {
    for mode in MODES {
        for certificate in ["expired", "other-name", "self-signed"] {
            let mut scene = scene(mode).key("tls_verify", "false").key("auth", "plain");
            for _ in 0..2 {
                scene = scene.conversation_text(&visit(mode, certificate));
                scene
                    .run()
                    .says("tls_verify is false")
                    .says_lines(1)
                    .exits(0);
            }
        }
    }
}

#[test]
fn without_verification_no_password_is_sent_unless_its_mechanism_is_named() {
    for mode in MODES {
        let script = visit(mode, "self-signed").replace(AUTH, "");
        let script = script.replace("C: STAT\nS: +OK 0 0\n", "");
        scene(mode)
            .key("tls_verify", "false")
            .conversation_text(&script)
            .run()
            .says("tls_verify is false")
            .says("in the clear")
            .exits(78);
    }
}

#[test]
fn a_file_of_authorities_that_is_none_is_told_before_anyone_is_asked() {
    let mut scene = scene("implicit").key("tls_ca_file", "~/nowhere.pem");
    scene.run().says("nowhere.pem").exits(78);
}

#[test]
fn a_file_of_authorities_with_nothing_in_it_trusts_nobody() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    for content in [&b""[..], b"not a certificate\n"] {
        let mut scene = Scene::at_port(listener.local_addr().unwrap().port())
            .tls("implicit")
            .key("tls_ca_file", "~/other.pem")
            .file("other.pem", content);
        scene.run().says("other.pem").exits(78);
    }
}

#[test]
fn a_server_that_does_not_start_tls_gets_no_password() {
    for reply in ["-ERR unknown command", "-ERR", "-ERR [SYS/TEMP] no entropy"] {
        scene("starttls")
            .conversation_text(&format!("S: +OK\nC: STLS\nS: {reply}\n"))
            .run()
            .says("does not start TLS")
            .says("tls: implicit")
            .says_lines(1)
            .exits(77);
    }
}

#[test]
fn text_behind_the_answer_to_stls_is_an_attack() {
    for more in ["S: +OK injected", "! raw x", "S: +OK\nS: SASL PLAIN\nS: ."] {
        let script = format!("S: +OK\nC: STLS\n! glue\nS: +OK\n{more}\n");
        scene("starttls")
            .conversation_text(&script)
            .run()
            .says("as an attacker would")
            .says_lines(1)
            .exits(77);
    }
}

#[test]
fn text_behind_the_greeting_is_not_taken_for_the_answer_to_stls() {
    scene("starttls")
        .conversation_text("! glue\nS: +OK\nS: +OK go ahead\n")
        .run()
        .says("silence until asked")
        .exits(76);
}

#[test]
fn what_was_said_before_tls_is_forgotten() {
    // A timestamp of the greeting is all that stays (RFC 1939 has only one); it proves nothing.
    let script = format!(
        "S: +OK <1896.697170952@dbc.mtview.ca.us>\nC: STLS\nS: +OK\n! tls\n\
         C: CAPA\nS: -ERR\nC: APOP mrose c4c9334bac560ecc979e58001b3e22fb\nS: +OK\n\
         C: STAT\nS: +OK 0 0\n{QUIT}"
    );
    scene("starttls")
        .key("user", "mrose")
        .key("auth", "apop")
        .file("password", b"tanstaaf\n")
        .conversation_text(&script)
        .run()
        .silent()
        .exits(0);
}

#[test]
fn a_line_cut_under_tls_delivers_no_half_message() {
    for mode in MODES {
        for end in ["cut", "reset"] {
            let begun = visit(mode, "")
                .replace("C: STAT\nS: +OK 0 0\n", "")
                .replace(QUIT, "");
            let script = begun + &listing(&["a"]);
            let script = script + &format!("C: RETR 1\nS: +OK\nS< alpha.eml\n! {end}\n");
            scene(mode)
                .key("retry", "0")
                .conversation_text(&script)
                .run()
                .delivers_nothing()
                .says("message")
                .says_lines(1)
                .exits(75);
        }
    }
}

#[test]
fn a_server_that_hangs_up_on_capa_is_asked_again_without_it() {
    for mode in MODES {
        let greeting = match mode {
            "implicit" => "S: +OK ready\n",
            _ => "",
        };
        let begun = until_tls(mode, "") + greeting;
        let script = format!("{begun}C: CAPA\n! cut\n! again\n{begun}");
        let login = "C: USER alice\nS: +OK\nC: PASS open-sesame\nS: +OK\n";
        let script = script + login + "C: STAT\nS: +OK 0 0\n" + QUIT;
        scene(mode)
            .conversation_text(&script)
            .run()
            .silent()
            .exits(0);
    }
}

/// A server that says this, reads all it is sent, and answers nothing.
fn deaf(says: &'static [u8]) -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    std::thread::spawn(move || {
        for socket in listener.incoming() {
            let mut socket: TcpStream = socket.unwrap();
            socket.write_all(says).unwrap();
            let mut heard = Vec::new();
            // However the client leaves, it leaves.
            let _ = socket.read_to_end(&mut heard);
        }
    });
    port
}

#[test]
fn plain_text_on_a_tls_port_is_told() {
    Scene::at_port(deaf(b"+OK POP3 ready\r\n"))
        .tls("implicit")
        .run()
        .says("answers in plain text")
        .says("tls: starttls")
        .says_lines(1)
        .exits(69);
}

#[test]
fn a_tls_server_on_a_plain_port_is_told() {
    for mode in ["none", "starttls"] {
        let server = PopServer::builder()
            .security(Security::Implicit(Certificate::Good))
            .start();
        let scene = Scene::at_port(server.port()).key("timeout", "1s");
        let mut scene = match mode {
            "none" => scene,
            mode => scene.tls(mode),
        };
        scene
            .run()
            .says("no answer for 1s")
            .says("tls: implicit")
            .says_lines(1)
            .exits(75);
        assert!(server.sessions().concat().is_empty());
    }
}

#[test]
fn a_handshake_that_gets_no_answer_is_given_up() {
    Scene::at_port(deaf(b""))
        .tls("implicit")
        .key("timeout", "1s")
        .run()
        .says("no answer for 1s while waiting for the TLS handshake")
        .says_lines(1)
        .exits(75);
}

#[test]
fn tls_keys_that_mean_nothing_are_mistakes() {
    for (key, value) in [
        ("tls_verify", "false"),
        ("tls_server_name", "x.example"),
        ("tls_ca_file", "~/ca.pem"),
    ] {
        let mut scene = Scene::new().key(key, value);
        scene
            .run()
            .says("it means nothing with tls: none")
            .exits(78);
    }
}
