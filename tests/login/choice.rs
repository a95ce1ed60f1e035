//! Which mechanism is taken, and which never.

use crate::support::phrases::QUIT;
use crate::support::scene::Scene;
use crate::support::server::{Answer, PopServer, Security};
use crate::support::tls::Certificate;

use super::proofs::ALL;

/// The first word or two of what was said to log in.
pub fn tried(server: &PopServer) -> Vec<String> {
    let login = |command: &String| {
        ["USER", "PASS", "APOP", "AUTH"].contains(&command.split(' ').next().unwrap_or_default())
    };
    let all = server.sessions().concat();
    let commands = all.iter().filter(|command| login(command));
    commands
        .map(|command| match command.split(' ').collect::<Vec<_>>()[..] {
            ["AUTH", mechanism, ..] => format!("AUTH {mechanism}"),
            [word, ..] => word.to_owned(),
            [] => String::new(),
        })
        .collect()
}

fn secure() -> [Security; 2] {
    [
        Security::Implicit(Certificate::Good),
        Security::StartTls(Certificate::Good),
    ]
}

#[test]
fn under_tls_plain_comes_first() {
    for security in secure() {
        let server = PopServer::builder().security(security).start();
        Scene::with_server(&server).run().silent().exits(0);
        assert_eq!(tried(&server), ["AUTH PLAIN"]);
        Scene::with_server(&server)
            .key("auth", "auto")
            .run()
            .silent()
            .exits(0);
        assert_eq!(tried(&server), ["AUTH PLAIN", "AUTH PLAIN"]);
    }
}

#[test]
fn under_tls_a_server_without_sasl_gets_user_and_pass() {
    for security in secure() {
        let server = PopServer::builder()
            .security(security)
            .without("SASL")
            .start();
        Scene::with_server(&server).run().silent().exits(0);
        assert_eq!(tried(&server), ["USER", "PASS"]);
    }
}

#[test]
fn without_tls_nothing_is_sent_that_nobody_asked_for() {
    for auth in [None, Some("auto")] {
        let server = PopServer::start();
        let scene = Scene::with_server(&server).without_key("auth");
        let mut scene = match auth {
            Some(auth) => scene.key("auth", auth),
            None => scene,
        };
        scene
            .run()
            .says("in the clear")
            .says("certificate that is checked")
            .says_lines(1)
            .exits(78);
        assert!(tried(&server).is_empty());
    }
}

#[test]
fn under_tls_that_proves_nothing_nothing_is_sent_unasked_either() {
    let server = PopServer::builder()
        .security(Security::Implicit(Certificate::Good))
        .start();
    let mut scene = Scene::with_server(&server).key("tls_verify", "false");
    scene.run().says("in the clear").exits(78);
    assert!(tried(&server).is_empty());
}

#[test]
fn a_mechanism_the_server_lacks_is_an_error_and_no_other_is_taken() {
    for (auth, offers) in [
        ("plain", "SASL LOGIN"),
        ("login", "SASL PLAIN"),
        ("apop", "USER"),
    ] {
        let script = format!("S: +OK\nC: CAPA\nS: +OK\nS: {offers}\nS: .\n{QUIT}");
        Scene::new()
            .key("auth", auth)
            .conversation_text(&script)
            .run()
            .says(&format!("auth names ({auth})"))
            .says_lines(1)
            .exits(77);
    }
}

#[test]
fn a_list_is_tried_in_its_order_until_one_is_offered() {
    let server = PopServer::builder().without("APOP").start();
    let mut scene = Scene::with_server(&server).key("auth", "[apop, login, plain]");
    scene.run().silent().exits(0);
    assert_eq!(tried(&server), ["AUTH LOGIN"]);
}

#[test]
fn a_mechanism_refused_before_the_password_gives_way_to_the_next() {
    let server = PopServer::start();
    server.answer("USER", Answer::Say("-ERR use something better".into()));
    server.answer("AUTH LOGIN", Answer::Say("-ERR not here".into()));
    let mut scene = Scene::with_server(&server).key("auth", "[user-pass, login, plain]");
    scene.run().silent().exits(0);
    assert_eq!(tried(&server), ["USER", "AUTH LOGIN", "AUTH PLAIN"]);
}

#[test]
fn a_refused_password_is_not_tried_in_another_way() {
    let orders = [
        ("[apop, user-pass]", vec!["APOP"]),
        ("[plain, login, user-pass, apop]", vec!["AUTH PLAIN"]),
        ("[login, user-pass]", vec!["AUTH LOGIN"]),
        ("[user-pass, apop]", vec!["USER", "PASS"]),
    ];
    for (auth, expected) in orders {
        let server = PopServer::start();
        let mut scene = Scene::with_server(&server)
            .key("auth", auth)
            .without_key("retry")
            .file("password", b"wrong\n");
        scene
            .run()
            .says("refused the login")
            .says_lines(1)
            .exits(77);
        assert_eq!(tried(&server), expected);
        assert_eq!(server.commands("QUIT").len(), 1);
    }
}

#[test]
fn a_user_whose_code_says_no_is_not_tried_in_another_way() {
    for (code, status) in [
        ("AUTH", 77),
        ("LOGIN-DELAY", 75),
        ("IN-USE", 75),
        ("SYS/TEMP", 75),
    ] {
        let server = PopServer::start();
        server.answer("USER", Answer::Say(format!("-ERR [{code}] no")));
        let mut scene = Scene::with_server(&server).key("auth", "[user-pass, login, plain, apop]");
        scene.run().says("no").says_lines(1).exits(status);
        assert_eq!(tried(&server), ["USER"], "{code}");
    }
}

/// What is tried unasked at a server that knows these mechanisms.
fn unasked(security: Security, mechanisms: &str) -> Vec<String> {
    let builder = PopServer::builder().security(security);
    let server = builder.mechanisms(mechanisms).start();
    let scene = Scene::with_server(&server).without_key("auth");
    let mut scene = scene;
    scene.run().silent().exits(0);
    tried(&server)
}

#[test]
fn the_strongest_that_is_offered_is_taken() {
    for security in secure() {
        let mut offered: Vec<&str> = ALL.split_whitespace().collect();
        for expected in [
            "SCRAM-SHA-256-PLUS",
            "SCRAM-SHA-256",
            "SCRAM-SHA-1-PLUS",
            "SCRAM-SHA-1",
            "PLAIN",
            "LOGIN",
        ] {
            let first = unasked(security, &offered.join(" "));
            assert_eq!(first, [format!("AUTH {expected}")]);
            offered.retain(|name| *name != expected);
        }
        // Neither a digest nor what nobody named comes before USER and PASS.
        assert_eq!(unasked(security, &offered.join(" ")), ["USER", "PASS"]);
    }
}

#[test]
fn without_tls_a_proof_is_made_and_nothing_weaker() {
    assert_eq!(unasked(Security::None, ALL), ["AUTH SCRAM-SHA-256"]);
    let few = "PLAIN CRAM-MD5 SCRAM-SHA-1";
    assert_eq!(unasked(Security::None, few), ["AUTH SCRAM-SHA-1"]);
    for weak in ["CRAM-MD5 DIGEST-MD5", "PLAIN LOGIN", "ANONYMOUS EXTERNAL"] {
        let server = PopServer::builder().mechanisms(weak).start();
        let mut scene = Scene::with_server(&server).without_key("auth");
        scene.run().says("in the clear").says_lines(1).exits(78);
        assert!(tried(&server).is_empty(), "{weak}");
    }
}

#[test]
fn under_tls_that_proves_nothing_a_proof_is_made_and_nothing_weaker() {
    for (mechanisms, expected) in [
        (ALL, "AUTH SCRAM-SHA-256-PLUS"),
        ("PLAIN SCRAM-SHA-1", "AUTH SCRAM-SHA-1"),
    ] {
        let builder = PopServer::builder().security(secure()[0]);
        let server = builder.mechanisms(mechanisms).start();
        let mut scene = Scene::with_server(&server).key("tls_verify", "false");
        scene.run().says("tls_verify is false").exits(0);
        assert_eq!(tried(&server), [expected]);
    }
}

#[test]
fn where_others_may_listen_a_refused_proof_gives_way_to_nothing_weaker() {
    let refused = Answer::Say("-ERR not here".into());
    for auth in ["auto", "[scram-sha-256, cram-md5, plain, user-pass]"] {
        let server = PopServer::builder().mechanisms("PLAIN CRAM-MD5 SCRAM-SHA-256");
        let server = server.answer("AUTH SCRAM", refused.clone()).start();
        let mut scene = Scene::with_server(&server).key("auth", auth);
        scene.run().says("not here").says_lines(1).exits(77);
        assert_eq!(tried(&server), ["AUTH SCRAM-SHA-256"]);
    }
    let server = PopServer::builder().mechanisms("SCRAM-SHA-256 SCRAM-SHA-1");
    let server = server.answer("AUTH SCRAM-SHA-256", refused.clone()).start();
    let mut scene = Scene::with_server(&server).key("auth", "auto");
    scene.run().silent().exits(0);
    assert_eq!(tried(&server), ["AUTH SCRAM-SHA-256", "AUTH SCRAM-SHA-1"]);
    let server = PopServer::builder().mechanisms("PLAIN SCRAM-SHA-256");
    let server = server.security(secure()[0]);
    let server = server.answer("AUTH SCRAM", refused).start();
    Scene::with_server(&server).run().silent().exits(0);
    assert_eq!(tried(&server), ["AUTH SCRAM-SHA-256", "AUTH PLAIN"]);
}

#[test]
fn a_mechanism_refused_with_a_code_is_the_last() {
    for (code, status) in [("AUTH", 77), ("SYS/TEMP", 75), ("IN-USE", 75)] {
        let server = PopServer::builder().mechanisms("PLAIN SCRAM-SHA-256");
        let server = server.security(secure()[0]);
        let refused = Answer::Say(format!("-ERR [{code}] no"));
        let server = server.answer("AUTH SCRAM", refused).start();
        Scene::with_server(&server)
            .run()
            .says_lines(1)
            .exits(status);
        assert_eq!(tried(&server), ["AUTH SCRAM-SHA-256"], "{code}");
    }
}
