//! Conversations and scenes are as strict as they claim, and no stricter.

use std::io::{Read, Write};
use std::net::TcpListener;

use crate::support::client::{as_retrieved, connect, handshake};
use crate::support::conversation::Conversation;
use crate::support::mail;
use crate::support::scene::Scene;
use crate::support::server::{Moment, PopServer, Security};
use crate::support::tls::Certificate;

/// A client that does not keep to its script.
type Stray = fn(u16);

/// Plays a script to a client; gives how it went.
fn played(script: &str, client: impl FnOnce(u16)) -> Result<(), String> {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    let conversation = Conversation::play_text(listener, script);
    client(port);
    conversation.finish()
}

#[test]
fn a_conversation_that_keeps_to_the_script_succeeds() {
    let script = "# remark\nS: +OK\nC: AUTH PLAIN *\n! bytewise\nS: +OK␠\nS< dots.eml\nS: .\n\
                  ! lf\nC: QUIT\n! glue\nS: a\n! raw b\\x41\\r\\n\n! again\nS: +OK\n! cut\n";
    let outcome = played(script, |port| {
        let mut client = connect(port);
        client.line();
        assert_eq!(client.ask("AUTH PLAIN xyz"), "+OK \r\n");
        let mut body = vec![0; as_retrieved(&mail::named("dots.eml")).len()];
        client.0.read_exact(&mut body).unwrap();
        assert_eq!(body, as_retrieved(&mail::named("dots.eml")));
        assert_eq!(client.line(), ".\r\n");
        assert_eq!(client.ask("QUIT"), "a\n");
        assert_eq!(client.line(), "bA\r\n");
        drop(client);
        let mut client = connect(port);
        assert_eq!(
            (client.line(), client.line()),
            ("+OK\r\n".into(), String::new())
        );
    });
    outcome.unwrap_or_else(|error| panic!("{error}"));
}

#[test]
fn a_conversation_can_be_secured() {
    let script =
        "! tls\nS: +OK\nC: QUIT\nS: +OK\n! again\n! tls expired\n! again\n! tls other-name\n\
                  ! again\nS: +OK\nC: STLS\nS: +OK\n! tls self-signed\n";
    let outcome = played(script, |port| {
        let mut client = handshake(connect(port)).unwrap();
        client.line();
        assert_eq!(client.ask("QUIT"), "+OK\r\n");
        assert_eq!(client.line(), "");
        drop(client);
        assert!(handshake(connect(port)).is_err());
        assert!(handshake(connect(port)).is_err());
        let mut client = connect(port);
        client.line();
        client.ask("STLS");
        assert!(handshake(client).is_err());
    });
    outcome.unwrap_or_else(|error| panic!("{error}"));
}

#[test]
fn a_reset_and_a_silence_are_what_they_are_called() {
    let outcome = played("S: +OK\nC: STAT\n! reset\n! again\n! silence\n", |port| {
        let mut client = connect(port);
        client.line();
        client.0.get_mut().write_all(b"STAT\r\n").unwrap();
        let error = client.0.read_to_end(&mut Vec::new()).unwrap_err();
        assert_eq!(error.kind(), std::io::ErrorKind::ConnectionReset);
        drop(connect(port));
    });
    outcome.unwrap_or_else(|error| panic!("{error}"));
}

#[test]
fn a_conversation_that_strays_from_the_script_fails() {
    let script = "S: +OK\nC: QUIT\nS: +OK\n";
    let strays: [(&str, Stray); 5] = [
        ("C: QUIT\nbut the client said\n    C: STAT", |port| {
            drop(connect(port).ask("STAT"))
        }),
        ("left instead of saying", |port| drop(connect(port).line())),
        (
            "the script is over, but the client said\n    C: NOOP",
            |port| {
                let mut client = connect(port);
                client.0.get_mut().write_all(b"QUIT\r\nNOOP\r\n").unwrap();
                client
                    .0
                    .read_to_string(&mut String::new())
                    .unwrap_or_default();
            },
        ),
        ("connected once more", |port| {
            let mut client = connect(port);
            client.line();
            client.ask("QUIT");
            drop((client, connect(port)));
        }),
        ("did not connect", |_| {}),
    ];
    for (expected, stray) in strays {
        let error = played(script, stray).unwrap_err();
        assert!(error.contains(expected), "expected {expected}, got {error}");
    }
}

#[test]
fn an_mbox_is_read_back_as_it_was() {
    let mbox = b"From a\nSubject: x\n\n>From y\n>>From z\n\n\nFrom b\n\nFrom c\nhi\n\n";
    let messages = mail::out_of_mboxrd(mbox).unwrap();
    let expected: [&[u8]; 3] = [b"Subject: x\n\nFrom y\n>From z\n\n", b"", b"hi\n"];
    assert_eq!(messages, expected);
    assert!(mail::out_of_mboxrd(b"From a\nhi\n").is_err());
    assert!(mail::out_of_mboxrd(b"hi\n").is_err());
}

#[test]
fn a_scene_keeps_to_its_conversation() {
    Scene::new()
        .conversation("one-known-one-new")
        .remembers(["alpha"])
        .run()
        .delivers(["beta.eml"])
        .remembers(["alpha", "beta"])
        .silent()
        .exits(0);
}

#[test]
fn a_scene_plays_twice_with_a_server() {
    for security in [
        Security::None,
        Security::StartTls(Certificate::Good),
        Security::Implicit(Certificate::Good),
    ] {
        let server = PopServer::builder().security(security).start();
        server
            .maildrop()
            .add_named("uid%1", "alpha.eml")
            .add_named("b", "beta.eml");
        let mut scene = Scene::with_server(&server).key("keep", "false");
        scene
            .run()
            .delivers(["alpha.eml", "beta.eml"])
            .remembers(["uid%1", "b"])
            .exits(0);
        scene.run().exits(0);
        assert_eq!(server.maildrop().left(), 0);
        assert_eq!(server.commands("RETR").len(), 2);
    }
}

#[test]
fn a_run_can_be_killed_at_any_moment() {
    let server = PopServer::start();
    server.maildrop().add_named("a", "alpha.eml");
    let mut scene = Scene::with_server(&server);
    let victim = scene.victim();
    server.hook(move |exchange| {
        if exchange.moment == Moment::Halfway {
            victim.kill();
        }
    });
    scene.run().dies_of(9);
    server.unhook();
    scene.run().delivers(["alpha.eml"]).exits(0);
}

#[test]
#[should_panic(expected = "nobody asked for the exit status")]
fn an_outcome_wants_its_exit_status_asked_for() {
    let server = PopServer::start();
    Scene::with_server(&server).run();
}

#[test]
#[should_panic(expected = "mail arrived that was not expected")]
fn unexpected_mail_is_a_failure() {
    let server = PopServer::start();
    server.maildrop().add_named("a", "alpha.eml");
    Scene::with_server(&server).run().exits(0);
}
