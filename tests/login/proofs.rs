//! Mechanisms in which something is proved and no password is said, against a server that checks.

use crate::support::phrases::QUIT;
use crate::support::proof::Deceit;
use crate::support::scene::Scene;
use crate::support::server::{Answer, Builder, PopServer, Security};
use crate::support::tls::Certificate;

use super::choice::tried;

/// Every mechanism that there is.
pub const ALL: &str = "PLAIN LOGIN CRAM-MD5 DIGEST-MD5 SCRAM-SHA-1 SCRAM-SHA-256 SCRAM-SHA-1-PLUS \
                       SCRAM-SHA-256-PLUS EXTERNAL ANONYMOUS OAUTHBEARER XOAUTH2";

const TLS: Security = Security::Implicit(Certificate::Good);

/// A server that knows every mechanism and takes its clients for alice.
fn knowing(security: Security) -> Builder {
    let builder = PopServer::builder().security(security);
    builder.mechanisms(ALL).external("alice")
}

#[test]
fn every_mechanism_logs_in_and_fetches() {
    let lines = [Security::None, TLS, Security::StartTls(Certificate::Good)];
    for security in lines {
        let mut names = vec![
            "cram-md5",
            "digest-md5",
            "scram-sha-1",
            "scram-sha-256",
            "external",
            "anonymous",
        ];
        if security != Security::None {
            names.extend(["scram-sha-1-plus", "scram-sha-256-plus"]);
        }
        for auth in names {
            let server = knowing(security).start();
            server.maildrop().add_named("a", "alpha.eml");
            let mut scene = Scene::with_server(&server).key("auth", auth);
            scene.run().silent().delivers(["alpha.eml"]).exits(0);
            let expected = format!("AUTH {}", auth.to_uppercase());
            assert_eq!(tried(&server), [expected]);
        }
    }
}

#[test]
fn a_wrong_password_is_refused_by_every_mechanism_once() {
    for auth in [
        "cram-md5",
        "digest-md5",
        "scram-sha-1",
        "scram-sha-256",
        "scram-sha-1-plus",
        "scram-sha-256-plus",
    ] {
        let server = knowing(TLS).start();
        let auth = format!("[{auth}, plain, user-pass]");
        let mut scene = Scene::with_server(&server)
            .key("auth", &auth)
            .file("password", b"wrong\n");
        let outcome = scene.run().says("refused the login").says_lines(1);
        outcome.delivers_nothing().exits(77);
        assert_eq!((tried(&server).len(), server.logins()), (1, 0), "{auth}");
        assert_eq!(server.commands("QUIT").len(), 1, "{auth}");
    }
}

#[test]
fn a_login_is_bound_with_every_version_of_tls() {
    for certificate in [Certificate::Good, Certificate::Tls12] {
        for kind in [Security::Implicit, Security::StartTls] {
            let server = knowing(kind(certificate)).start();
            let mut scene = Scene::with_server(&server);
            scene.run().silent().exits(0);
            assert_eq!(tried(&server), ["AUTH SCRAM-SHA-256-PLUS"]);
        }
    }
}

#[test]
fn proofs_are_made_of_more_than_ascii() {
    let server = knowing(TLS).user("\u{e5}lice", "s\u{e9}same").start();
    for auth in [
        "cram-md5",
        "digest-md5",
        "scram-sha-1",
        "scram-sha-256-plus",
    ] {
        let mut scene = Scene::with_server(&server)
            .key("user", "\u{e5}lice")
            .key("auth", auth)
            .file("password", "s\u{e9}same\n".as_bytes());
        scene.run().silent().exits(0);
    }
    let server = knowing(TLS).user("a=b,c", "IX").start();
    for (password, status) in [("I\u{ad}X", 0), ("\u{2168}", 0), ("\u{627}1", 78)] {
        let mut scene = Scene::with_server(&server)
            .key("user", "\"a=b,c\"")
            .key("auth", "scram-sha-256")
            .file("password", password.as_bytes());
        match status {
            0 => drop(scene.run().silent().exits(0)),
            _ => drop(scene.run().says("forbids").says_lines(1).exits(status)),
        }
    }
    assert_eq!(
        tried(&server).len(),
        2,
        "what cannot be prepared is not sent"
    );
}

#[test]
fn a_server_that_does_not_know_the_password_is_not_believed() {
    for (auth, deceit) in [
        ("scram-sha-1", Deceit::WrongProof),
        ("scram-sha-256", Deceit::WrongProof),
        ("scram-sha-256-plus", Deceit::WrongProof),
        ("digest-md5", Deceit::WrongProof),
        ("scram-sha-1", Deceit::NoProof),
        ("scram-sha-256", Deceit::NoProof),
        ("digest-md5", Deceit::NoProof),
        ("scram-sha-256", Deceit::AgreesAtOnce),
    ] {
        let server = knowing(TLS).deceives(deceit).start();
        server.maildrop().add_named("a", "alpha.eml");
        let mut scene = Scene::with_server(&server).key("auth", &format!("[{auth}, plain]"));
        scene
            .run()
            .says("did not prove that it knows the password")
            .says_lines(1)
            .delivers_nothing()
            .exits(77);
        assert_eq!(tried(&server).len(), 1, "{auth} {deceit:?}");
        assert!(server.commands("STAT").is_empty(), "{auth} {deceit:?}");
    }
}

#[test]
fn a_question_that_is_not_in_order_gets_no_proof() {
    for deceit in [
        Deceit::ShortNonce,
        Deceit::OtherNonce,
        Deceit::FewIterations,
        Deceit::ManyIterations,
        Deceit::NoSalt,
        Deceit::Extension,
    ] {
        for auth in ["scram-sha-1", "scram-sha-256-plus"] {
            let server = knowing(TLS).deceives(deceit).start();
            let mut scene = Scene::with_server(&server).key("auth", &format!("[{auth}, plain]"));
            scene.run().says("is not ").says_lines(1).exits(76);
            let session = server.sessions().concat();
            assert_eq!(session.last().map(String::as_str), Some("*"), "{deceit:?}");
        }
    }
}

#[test]
fn what_is_no_base64_is_not_answered() {
    for auth in ["cram-md5", "digest-md5"] {
        let name = auth.to_uppercase();
        for challenge in ["not base64", "YQ", "YQ=\u{3d}\u{3d}", "YQ==YQ=="] {
            let script = format!(
                "S: +OK\nC: CAPA\nS: +OK\nS: SASL {name} PLAIN\nS: .\nC: AUTH {name}\n\
                 S: + {challenge}\nC: *\nS: -ERR cancelled\n"
            );
            Scene::new()
                .key("auth", &format!("[{auth}, plain]"))
                .conversation_text(&script)
                .run()
                .says("not a challenge in base64")
                .says_lines(1)
                .exits(76);
        }
    }
}

#[test]
fn a_server_that_agrees_without_a_question_is_not_believed() {
    for auth in ["scram-sha-1", "scram-sha-256"] {
        let name = auth.to_uppercase();
        let script = format!(
            "S: +OK\nC: CAPA\nS: +OK\nS: SASL {name}\nS: .\nC: AUTH {name} *\nS: +OK come in\n"
        );
        Scene::new()
            .key("auth", auth)
            .conversation_text(&script)
            .run()
            .says("did not prove")
            .exits(77);
    }
}

#[test]
fn a_reason_within_the_mechanism_is_told() {
    for deceit in [
        Deceit::Refuses("invalid-proof"),
        Deceit::RefusesEarly("unknown-user"),
    ] {
        let (Deceit::Refuses(reason) | Deceit::RefusesEarly(reason)) = deceit else {
            unreachable!()
        };
        let server = knowing(Security::None).deceives(deceit).start();
        let mut scene = Scene::with_server(&server).key("auth", "[scram-sha-256, scram-sha-1]");
        scene
            .run()
            .says("refused the login")
            .says(reason)
            .says_lines(1)
            .exits(77);
        assert_eq!(tried(&server).len(), 1, "{reason}");
    }
}

#[test]
fn another_channel_is_told_as_an_attack() {
    for reason in [
        "channel-bindings-dont-match",
        "server-does-support-channel-binding",
    ] {
        for deceit in [Deceit::Refuses(reason), Deceit::RefusesEarly(reason)] {
            let server = knowing(TLS).deceives(deceit).start();
            let mut scene = Scene::with_server(&server);
            let outcome = scene.run().says("another TLS connection").says("attack");
            outcome.says(reason).says_lines(1).exits(77);
            assert_eq!(tried(&server), ["AUTH SCRAM-SHA-256-PLUS"]);
        }
    }
}

#[test]
fn a_binding_that_the_server_cannot_do_is_left_out_once() {
    let plus = "AUTH SCRAM-SHA-256-PLUS";
    let refusals = [
        None,
        Some("-ERR unknown mechanism"),
        Some("-ERR [AUTH] Authentication failed."),
        Some("-ERR [SYS/PERM] no such binding"),
    ];
    for refusal in refusals {
        let server = match refusal {
            None => knowing(TLS).binds_otherwise().start(),
            Some(reply) => knowing(TLS).answer(plus, Answer::Say(reply.into())).start(),
        };
        let mut scene = Scene::with_server(&server);
        scene.run().silent().exits(0);
        assert_eq!(tried(&server), [plus, "AUTH SCRAM-SHA-256"], "{refusal:?}");
    }
}

#[test]
fn a_binding_that_is_refused_by_who_proved_nothing_is_not_left_out() {
    let server = knowing(TLS).binds_otherwise().start();
    for auth in ["auto", "[scram-sha-256-plus, scram-sha-256, plain]"] {
        let mut scene = Scene::with_server(&server)
            .key("tls_verify", "false")
            .key("auth", auth);
        scene.run().says("refused the login").exits(77);
    }
    assert_eq!(tried(&server), ["AUTH SCRAM-SHA-256-PLUS"; 2]);
}

#[test]
fn a_list_of_bound_mechanisms_alone_is_not_left() {
    let server = knowing(TLS).binds_otherwise().start();
    let mut scene = Scene::with_server(&server).key("auth", "scram-sha-256-plus");
    scene
        .run()
        .says("refused the login")
        .says_lines(1)
        .exits(77);
    assert_eq!(tried(&server), ["AUTH SCRAM-SHA-256-PLUS"]);
}

#[test]
fn a_login_without_a_password_asks_for_none() {
    let server = knowing(Security::None).start();
    for auth in ["external", "anonymous", "[external, anonymous]"] {
        let scene = Scene::with_server(&server).without_key("password_file");
        scene.key("auth", auth).run().silent().exits(0);
    }
    let scene = Scene::with_server(&server).without_key("password_file");
    let mut scene = scene.key("auth", "[external, plain]");
    scene.run().says("no terminal to ask on").exits(77);
}

#[test]
fn external_says_nothing_and_anonymous_no_address() {
    for (auth, user, said) in [
        ("external", "alice", "="),
        ("external", "alice@example.org", "="),
        ("anonymous", "sirhc", "c2lyaGM="),
        ("anonymous", "alice@example.org", "="),
    ] {
        let name = auth.to_uppercase();
        for (announced, dialogue) in [
            (
                format!("S: SASL {name}\n"),
                format!("C: AUTH {name} {said}\n"),
            ),
            (
                String::new(),
                format!(
                    "C: AUTH {name}\nS: +\u{2420}\nC: {}\n",
                    said.strip_prefix("=").unwrap_or(said)
                ),
            ),
        ] {
            let script = format!(
                "S: +OK\nC: CAPA\nS: +OK\nS: TOP\n{announced}S: .\n{dialogue}S: +OK\n\
                 C: STAT\nS: +OK 0 0\n{QUIT}"
            );
            let scene = Scene::new().key("auth", auth).key("user", user);
            scene.conversation_text(&script).run().silent().exits(0);
        }
    }
}
