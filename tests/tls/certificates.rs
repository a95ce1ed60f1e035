//! Every way in which a certificate can prove too little, or a server be pinned, for both kinds of
//! TLS: the right words, the right status, and no secret sent where it must not be.

use crate::support::scene::Scene;
use crate::support::server::{PopServer, Security};
use crate::support::tls::{self, Certificate};

const KINDS: [fn(Certificate) -> Security; 2] = [Security::Implicit, Security::StartTls];

/// A server that shows this certificate, and an account at it.
fn met(kind: fn(Certificate) -> Security, certificate: Certificate) -> (PopServer, Scene) {
    let server = PopServer::builder().security(kind(certificate)).start();
    let scene = Scene::with_server(&server);
    (server, scene)
}

/// Nothing was said but what asks for TLS.
#[track_caller]
fn heard_no_word(server: &PopServer) {
    let mut said = server.sessions().concat();
    said.retain(|command| command != "STLS");
    assert!(said.is_empty(), "{said:?}");
}

/// What is told about each, and what helps.
const TABLE: [(Certificate, &[&str], i32); 7] = [
    (
        Certificate::Expired,
        &[
            "its certificate has expired",
            "localhost",
            "tell the server's operator",
        ],
        77,
    ),
    (
        Certificate::Future,
        &["its certificate is not valid yet", "check the clock"],
        77,
    ),
    (
        Certificate::OtherName,
        &[
            "for another name",
            "it is for elsewhere.example",
            "tls_server_name",
        ],
        77,
    ),
    (
        Certificate::UnknownIssuer,
        &[
            "the issuer of its certificate is unknown",
            "by somebody else",
            "tls_ca_file",
        ],
        77,
    ),
    (
        Certificate::SelfSigned,
        &[
            "its certificate is self-signed",
            "SHA-256 ",
            "tls_fingerprint",
        ],
        77,
    ),
    (
        Certificate::ClientsOnly,
        &["not meant for servers", "operator"],
        77,
    ),
    (
        Certificate::OldTls,
        &["the server's TLS is older than 1.2"],
        69,
    ),
];

#[test]
fn what_proves_nothing_is_told_apart_and_gets_no_word() {
    for kind in KINDS {
        for (certificate, parts, status) in TABLE {
            let (server, mut scene) = met(kind, certificate);
            let mut outcome = scene.run();
            for part in parts {
                outcome = outcome.says(part);
            }
            outcome.says("securing: ").says_lines(1).exits(status);
            heard_no_word(&server);
        }
    }
}

#[test]
fn the_systems_authorities_do_not_know_ours() {
    for kind in KINDS {
        let (server, scene) = met(kind, Certificate::Good);
        let mut scene = scene.without_key("tls_ca_file");
        scene
            .run()
            .says("did not prove that it is 127.0.0.1")
            .says("the issuer of its certificate is unknown here")
            .says_lines(1)
            .exits(77);
        heard_no_word(&server);
    }
}

#[test]
fn naming_an_authority_does_not_make_every_name_good() {
    for kind in KINDS {
        let (server, scene) = met(kind, Certificate::Good);
        let mut scene = scene.key("tls_server_name", "pop.example.org");
        scene
            .run()
            .says("did not prove that it is pop.example.org")
            .says("it is for localhost, 127.0.0.1")
            .exits(77);
        heard_no_word(&server);
    }
}

#[test]
fn a_pinned_certificate_may_say_what_it_likes() {
    for kind in KINDS {
        for certificate in [
            Certificate::Expired,
            Certificate::Future,
            Certificate::OtherName,
            Certificate::UnknownIssuer,
            Certificate::SelfSigned,
            Certificate::ClientsOnly,
        ] {
            let (server, scene) = met(kind, certificate);
            let mut scene = scene
                .without_key("tls_ca_file")
                .key("tls_fingerprint", "''");
            // Which it is, the error of a wrong pin tells.
            let pin = shown_to(&mut scene);
            let plain = pin.replace(':', "").to_lowercase();
            let list = format!("['{}', '{plain}']", "0".repeat(64));
            for pins in [format!("'{pin}'"), format!("'{plain}'"), list] {
                scene = scene.key("tls_fingerprint", &pins);
                scene.run().silent().exits(0);
            }
            assert_eq!(server.logins(), 3);
        }
    }
}

/// The fingerprint that is shown when another one was pinned.
fn shown_to(scene: &mut Scene) -> String {
    let wrong = "0".repeat(64);
    *scene = std::mem::replace(scene, Scene::new()).key("tls_fingerprint", &format!("'{wrong}'"));
    let mut outcome = scene.run();
    let said = outcome.take_stderr();
    outcome.whatever();
    let (_, pin) = said.split_once("SHA-256 ").expect(&said);
    pin[..95].to_owned()
}

#[test]
fn another_certificate_than_the_pinned_one_gets_no_word() {
    for kind in KINDS {
        let (server, scene) = met(kind, Certificate::Good);
        let pin = tls::fingerprint(&Certificate::SelfSigned.pem());
        let mut scene = scene
            .without_key("tls_ca_file")
            .key("tls_fingerprint", &format!("'{pin}'"));
        scene
            .run()
            .says("its certificate is none of tls_fingerprint (SHA-256 ")
            .says("); if the server's operator confirms")
            .says_lines(1)
            .exits(77);
        heard_no_word(&server);
    }
}

#[test]
fn a_version_that_is_too_old_for_the_account_is_told() {
    for kind in KINDS {
        let (server, scene) = met(kind, Certificate::Tls12);
        let mut scene = scene.key("tls_min_version", "1.2");
        scene.run().silent().exits(0);
        let mut scene = scene.key("tls_min_version", "1.3");
        scene
            .run()
            .says("the server does not know TLS 1.3")
            .says("tls_min_version: 1.2")
            .says_lines(1)
            .exits(69);
        assert_eq!(server.logins(), 1);
    }
}

#[test]
fn contradictions_are_mistakes() {
    let pin = format!("'{}'", "ab".repeat(32));
    for (keys, said) in [
        (
            vec![("tls_fingerprint", "'12:34'")],
            "64 hexadecimal digits",
        ),
        (vec![("tls_fingerprint", "[]")], "the list is empty"),
        (
            vec![("tls_fingerprint", &pin), ("tls_verify", "false")],
            "keep one of them",
        ),
        (
            vec![("tls_fingerprint", &pin), ("tls_ca_file", "~/ca.pem")],
            "keep one of them",
        ),
        (vec![("tls_min_version", "1.1")], "1.2 or 1.3"),
        (
            vec![("tls_client_key", "~/ca.pem")],
            "it goes with tls_client_cert only",
        ),
        (
            vec![("tls_client_cert", "~/nowhere.pem")],
            "nowhere.pem cannot be read",
        ),
    ] {
        let mut scene = Scene::new().key("tls", "implicit");
        for (key, value) in keys {
            scene = scene.key(key, value);
        }
        scene.run().says(said).says_lines(1).exits(78);
    }
}

#[test]
fn issuers_that_cannot_be_read_are_told_as_such() {
    let (server, scene) = met(KINDS[0], Certificate::Good);
    let mut scene = scene
        .without_key("tls_ca_file")
        .env("SSL_CERT_FILE", "/nonexistent/ca.pem");
    scene
        .run()
        .says("SSL_CERT_FILE names /nonexistent/ca.pem, which cannot be read: no such file")
        .says("correct that variable, or unset it")
        .says_lines(1)
        .exits(77);
    heard_no_word(&server);
}
