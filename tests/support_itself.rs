//! The servers do what they say: a test is worth as much as the server it runs against.

use std::io::{Read, Write};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::Arc;

use crate::support::client::{as_retrieved, connect, handshake};
use crate::support::dovecot::Dovecot;
use crate::support::mail;
use crate::support::maildrop::Fault;
use crate::support::server::{Answer, Moment, PopServer, Security};
use crate::support::tls::Certificate;

#[test]
fn the_server_lists_and_gives_what_it_holds() {
    let server = PopServer::start();
    server
        .maildrop()
        .add("a", b"Subject: a\n\n.dot\n")
        .add_named("b", "plain.eml");
    let mut client = connect(server.port()).log_in();
    assert_eq!(client.ask("LIST 1"), "+OK 1 20\r\n");
    assert_eq!(client.ask_many("UIDL"), b"1 a\r\n2 b\r\n");
    assert_eq!(client.ask_many("RETR 1"), b"Subject: a\r\n\r\n..dot\r\n");
    assert_eq!(client.ask_many("TOP 1 0"), b"Subject: a\r\n\r\n");
    assert_eq!(client.ask_many("TOP 1 1"), b"Subject: a\r\n\r\n..dot\r\n");
    assert!(client.ask("RETR 3").starts_with("-ERR"));
    assert!(client.ask("XYZ").starts_with("-ERR"));
    assert_eq!(server.commands("RETR"), ["RETR 1", "RETR 3"]);
}

#[test]
fn the_server_deletes_at_quit_and_not_before() {
    let server = PopServer::start();
    server.maildrop().add("a", b"a\n").add("b", b"b\n");
    let mut client = connect(server.port()).log_in();
    client.ask("DELE 1");
    assert!(client.ask("RETR 1").starts_with("-ERR"));
    assert_eq!(client.ask("STAT"), "+OK 1 3\r\n");
    drop(client);
    server.settle(0);
    assert_eq!(server.maildrop().uids(), ["a", "b"]);

    let mut client = connect(server.port()).log_in();
    client.ask("DELE 1");
    client.ask("RSET");
    client.ask("DELE 2");
    assert_eq!(client.ask("QUIT"), "+OK bye\r\n");
    assert_eq!(server.maildrop().uids(), ["a"]);
    assert_eq!(server.logins(), 2);
}

#[test]
fn an_open_session_locks_the_maildrop() {
    let server = PopServer::start();
    let first = connect(server.port()).log_in();
    let mut second = connect(server.port());
    second.line();
    second.ask("USER alice");
    assert!(second.ask("PASS open-sesame").starts_with("-ERR [IN-USE]"));
    drop((first, second));
    server.settle(0);
    connect(server.port()).log_in();
}

#[test]
fn commands_sent_ahead_are_answered_in_order() {
    let server = PopServer::start();
    server.maildrop().add("a", b"a\n").add("b", b"b\n");
    let mut client = connect(server.port()).log_in();
    client
        .0
        .get_mut()
        .write_all(b"NOOP\r\nDELE 1\r\nUIDL 2\r\nQUIT\r\n")
        .unwrap();
    let mut replies = String::new();
    client.0.read_to_string(&mut replies).unwrap();
    assert_eq!(replies, "+OK\r\n+OK\r\n+OK 2 b\r\n+OK bye\r\n");
}

#[test]
fn every_way_to_log_in_works_and_none_with_a_wrong_password() {
    let server = PopServer::start();
    let ways: [&[&str]; 5] = [
        &["USER alice", "PASS open-sesame"],
        &["AUTH PLAIN AGFsaWNlAG9wZW4tc2VzYW1l"],
        &["AUTH PLAIN", "AGFsaWNlAG9wZW4tc2VzYW1l"],
        &["AUTH LOGIN", "YWxpY2U=", "b3Blbi1zZXNhbWU="],
        &["AUTH LOGIN", "YWxpY2U=", "d3Jvbmc="],
    ];
    for way in ways {
        let mut client = connect(server.port());
        client.line();
        let last = way.iter().map(|line| client.ask(line)).last().unwrap();
        let wrong = way.last() == Some(&"d3Jvbmc=");
        assert_eq!(last.starts_with("-ERR [AUTH]"), wrong, "{way:?}");
        assert_eq!(last.starts_with("+OK"), !wrong, "{way:?}");
        drop(client);
        server.settle(0);
    }
    let mut client = connect(server.port());
    let greeting = client.line();
    let timestamp = &greeting[greeting.find('<').unwrap()..=greeting.find('>').unwrap()];
    let digest = openssl::hash::hash(
        openssl::hash::MessageDigest::md5(),
        format!("{timestamp}open-sesame").as_bytes(),
    );
    let digest: String = digest
        .unwrap()
        .iter()
        .map(|byte| format!("{byte:02x}"))
        .collect();
    assert!(client
        .ask(&format!("APOP alice {digest}"))
        .starts_with("+OK"));
}

#[test]
fn the_server_speaks_tls_from_the_start_or_when_asked() {
    let implicit = Security::Implicit(Certificate::Good);
    let server = PopServer::builder().security(implicit).start();
    let mut client = handshake(connect(server.port())).unwrap().log_in();
    assert!(client.ask("QUIT").starts_with("+OK"));

    let server = PopServer::builder()
        .security(Security::StartTls(Certificate::Good))
        .start();
    let mut client = connect(server.port());
    client.line();
    assert!(String::from_utf8(client.ask_many("CAPA"))
        .unwrap()
        .contains("STLS"));
    assert!(client.ask("USER alice").starts_with("-ERR"));
    assert!(client.ask("STLS").starts_with("+OK"));
    let mut client = handshake(client).unwrap();
    assert!(!String::from_utf8(client.ask_many("CAPA"))
        .unwrap()
        .contains("STLS"));
    assert!(client
        .ask("AUTH PLAIN AGFsaWNlAG9wZW4tc2VzYW1l")
        .starts_with("+OK"));
}

#[test]
fn only_the_good_certificate_is_good() {
    for certificate in [
        Certificate::Expired,
        Certificate::OtherName,
        Certificate::SelfSigned,
    ] {
        let server = PopServer::builder()
            .security(Security::Implicit(certificate))
            .start();
        assert!(
            handshake(connect(server.port())).is_err(),
            "{certificate:?}"
        );
        server.settle(0);
    }
}

#[test]
fn a_server_lacks_and_answers_what_it_is_told() {
    let server = PopServer::builder()
        .without("UIDL")
        .without("APOP")
        .capability("LOGIN-DELAY 300")
        .answer("PASS", Answer::Say("-ERR [LOGIN-DELAY] too soon".into()))
        .start();
    server
        .maildrop()
        .add("a", b"a\n")
        .spoil("a", Fault::Refused);
    let mut client = connect(server.port());
    assert!(!client.line().contains('<'));
    let capabilities = String::from_utf8(client.ask_many("CAPA")).unwrap();
    assert!(capabilities.contains("LOGIN-DELAY 300\r\n") && !capabilities.contains("UIDL"));
    client.ask("USER alice");
    assert_eq!(
        client.ask("PASS open-sesame"),
        "-ERR [LOGIN-DELAY] too soon\r\n"
    );
    drop(client);
    server.behave();
    let mut client = connect(server.port()).log_in();
    assert!(client.ask("UIDL").starts_with("-ERR"));
    assert!(client.ask("RETR 1").starts_with("-ERR"));

    server.answer("QUIT", Answer::ObeyAndHangUp);
    client.ask("DELE 1");
    assert_eq!(client.ask("QUIT"), "");
    server.settle(0);
    assert_eq!(server.maildrop().left(), 0);
}

#[test]
fn a_body_is_cut_as_often_as_asked() {
    let server = PopServer::start();
    server
        .maildrop()
        .add("a", b"0123456789\n")
        .spoil("a", Fault::Cut(1));
    let mut client = connect(server.port()).log_in();
    client.ask("RETR 1");
    assert_eq!(client.line(), "012345");
    drop(client);
    server.settle(0);
    let mut client = connect(server.port()).log_in();
    assert_eq!(client.ask_many("RETR 1"), b"0123456789\r\n");
}

#[test]
fn a_hook_sees_every_moment_and_may_fail() {
    let server = PopServer::start();
    server.maildrop().add("a", b"a\n");
    let moments = Arc::new(AtomicUsize::new(0));
    let counted = Arc::clone(&moments);
    server.hook(move |exchange| {
        counted.fetch_add(1, Ordering::SeqCst);
        assert_ne!(
            (exchange.command, exchange.moment),
            ("NOOP", Moment::Answered),
            "on purpose"
        );
    });
    let mut client = connect(server.port()).log_in();
    client.ask_many("RETR 1");
    client.ask("NOOP");
    server.settle(0);
    assert_eq!(server.unhook(), 9);
    assert_eq!(moments.load(Ordering::SeqCst), 9);
    connect(server.port()).log_in();
}

#[test]
fn ugly_mail_comes_through_the_server_whole() {
    let server = PopServer::start();
    let mut messages: Vec<_> = mail::ugly().into_iter().map(|(_, bytes)| bytes).collect();
    assert!(messages.len() > 40);
    assert_eq!(mail::many(20, 7), mail::many(20, 7));
    messages.extend(mail::many(20, 7));
    messages.extend(mail::big(1, 7));
    for message in &messages {
        server.maildrop().add("x", message);
    }
    let mut client = connect(server.port()).log_in();
    for (index, message) in messages.iter().enumerate() {
        assert_eq!(
            client.ask_many(&format!("RETR {}", index + 1)),
            as_retrieved(message)
        );
    }
}

#[test]
fn a_real_dovecot_gives_what_was_put_in() {
    let Some(mut dovecot) = Dovecot::start() else {
        return;
    };
    dovecot.put(
        "alice",
        &[mail::named("plain.eml"), mail::named("dots.eml")],
    );
    let mut client = connect(dovecot.port());
    client.line();
    client.ask("USER alice");
    assert!(
        client.ask("PASS open-sesame").starts_with("+OK"),
        "{}",
        dovecot.log()
    );
    assert_eq!(
        client.ask_many("RETR 2"),
        as_retrieved(&mail::named("dots.eml"))
    );
    client.ask("DELE 1");
    client.ask("QUIT");
    drop(client);
    assert_eq!(dovecot.left("alice"), 1);
    assert!(handshake(connect(dovecot.port_tls()))
        .unwrap()
        .line()
        .starts_with("+OK"));
}
