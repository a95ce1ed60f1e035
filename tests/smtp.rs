//! Delivery by SMTP: to a server that passes mail on, over TLS and with a login where it wants that.

use std::fs;
use std::os::unix::fs::PermissionsExt;

use crate::support::dovecot::Dovecot;
use crate::support::mail;
use crate::support::onward::{with_mail, Onward, ALPHA, BETA, BYE};
use crate::support::outcome::Outcome;
use crate::support::postfix::Postfix;
use crate::support::scene::Scene;
use crate::support::server::{PopServer, PASSWORD};

const GREETING: &str = "S: 220 relay.example.net ESMTP\n";
/// The beginning of every session in which nothing is offered.
const HELLO: &str = "S: 220 relay.example.net ESMTP\nC: EHLO *\nS: 250 relay.example.net\n";
/// A message proposed and awaited.
const PROPOSED: &str = "C: MAIL FROM:<>\nS: 250 OK\nC: RCPT TO:<bob@example.net>\nS: 250 OK\n\
                        C: DATA\nS: 354 go on\n";
/// The end of a message that is taken.
const TAKEN: &str = "C: .\nS: 250 2.0.0 queued\n";
/// The keys of a login over TLS.
const LOGIN: &str = ", user: ann, password_file: ~/password, tls_ca_file: ~/ca.pem";

/// A scene whose mail goes on to who listens at an address.
fn on_to(server: &PopServer, address: &str, more: &str) -> Scene {
    let keys = format!("address: \"{address}\", recipient: bob@example.net{more}");
    Scene::with_server(server)
        .key("keep", "false")
        .deliver(&format!("smtp: {{{keys}}}"))
}

/// Runs with alpha.eml and beta.eml while the server for the mail plays this script.
#[track_caller]
fn played(script: &str, more: &str) -> (PopServer, Outcome) {
    let server = with_mail(&["alpha.eml", "beta.eml"]);
    let onward = Onward::plays_text(script);
    let outcome = on_to(&server, &onward.address(), more).run();
    onward.finish();
    (server, outcome)
}

/// A script in which both messages are taken after this.
fn both(beginning: &str) -> String {
    format!("{beginning}{PROPOSED}{ALPHA}{TAKEN}{PROPOSED}{BETA}{TAKEN}{BYE}")
}

/// Both messages are taken.
#[track_caller]
fn goes_on(script: &str, more: &str) {
    let (server, outcome) = played(script, more);
    let outcome = outcome.silent().remembers(["alpha.eml", "beta.eml"]);
    drop(outcome.exits(0));
    assert_eq!(server.maildrop().left(), 0);
}

/// No message is handed over.
#[track_caller]
fn ends(script: &str, more: &str, status: i32, said: &str) {
    let (server, outcome) = played(script, more);
    let outcome = outcome.says("no delivery by smtp to 127.0.0.1:").says(said);
    drop(outcome.says_lines(1).remembers([]).exits(status));
    assert_eq!(server.maildrop().left(), 2);
}

/// The first of two messages fares badly, and the second is taken.
#[track_caller]
fn fails(script: &str, status: i32, said: &str) {
    let (server, outcome) = played(script, "");
    let outcome = outcome.says(said).says_lines(1).remembers(["beta.eml"]);
    drop(outcome.exits(status));
    assert_eq!(server.maildrop().uids(), ["alpha.eml"]);
}

#[test]
fn one_connection_serves_for_many_messages() {
    goes_on(&both(HELLO), "");
    // One that knows nothing but SMTP of old.
    let old = format!("{GREETING}C: EHLO *\nS: 502 what\nC: HELO *\nS: 250 hello\n");
    goes_on(&both(&old), "");
}

#[test]
fn a_refused_message_stays_and_the_next_one_follows() {
    let rest = format!("{PROPOSED}{BETA}{TAKEN}{BYE}");
    for (answer, status) in [("552 5.3.4 too large", 65), ("451 4.3.0 later", 75)] {
        let end = format!("{HELLO}{PROPOSED}{ALPHA}C: .\nS: {answer}\n{rest}");
        fails(&end, status, answer);
        let recipient = "C: MAIL FROM:<>\nS: 250 OK\nC: RCPT TO:<bob@example.net>\n";
        let rcpt =
            format!("{HELLO}{recipient}S: {answer}\nC: DATA\nS: 503 no\nC: RSET\nS: 250 OK\n");
        fails(&format!("{rcpt}{rest}"), status, answer);
    }
}

#[test]
fn a_line_cut_after_the_end_leaves_doubt_and_before_it_none() {
    let again = format!("! again\n{HELLO}{PROPOSED}{BETA}{TAKEN}{BYE}");
    let cut = format!("{HELLO}{PROPOSED}{ALPHA}C: .\n! cut\n{again}");
    fails(&cut, 75, "may come twice");
    // Before the end of the message nobody can have delivered it, and it is said again.
    let server = PopServer::start();
    let line = [&[b'x'; 499][..], b"\n"].concat();
    let large = [&b"Subject: large\n\n"[..], &line.repeat(16_000)].concat();
    server.maildrop().add("large", &large);
    let early = format!("{HELLO}{PROPOSED}! cut\n! again\n{HELLO}{PROPOSED}! cut\n");
    let onward = Onward::plays_text(&early);
    let mut scene = on_to(&server, &onward.address(), "");
    let outcome = scene.run();
    onward.finish();
    let outcome = outcome.says("did not get the whole message");
    drop(outcome.never_shows("twice").remembers([]).exits(75));
}

#[test]
fn tls_is_begun_before_anything_is_told() {
    let secured = format!(
        "{GREETING}C: EHLO *\nS: 250-relay\nS: 250-AUTH PLAIN\nS: 250 STARTTLS\nC: STARTTLS\n\
         S: 220 go\n! tls\nC: EHLO *\nS: 250 relay\n"
    );
    for more in [", starttls: true", ", tls: starttls"] {
        goes_on(&both(&secured), &format!("{more}, tls_ca_file: ~/ca.pem"));
    }
    let at_once = format!("! tls\n{HELLO}");
    goes_on(&both(&at_once), ", tls: implicit, tls_ca_file: ~/ca.pem");
}

#[test]
fn tls_never_falls_back() {
    let asked = format!("{GREETING}C: EHLO *\nS: 250 relay\nC: STARTTLS\n");
    let keys = ", starttls: true, tls_ca_file: ~/ca.pem";
    let refused = format!("{asked}S: 454 4.7.0 not now\n");
    ends(
        &refused,
        keys,
        77,
        "does not start TLS: \"454 4.7.0 not now\"",
    );
    for name in ["other-name", "self-signed", "expired"] {
        let script = format!("{asked}S: 220 go\n! tls {name}\n");
        ends(&script, keys, 77, "did not prove that it is 127.0.0.1");
    }
    let behind = format!("{asked}! glue\nS: 220 go\nS: 250 relay\n");
    ends(&behind, keys, 77, "as an attacker would");
}

/// A login by PLAIN, with the answer to it.
fn plain(answer: &str) -> String {
    // "\0ann\0open-sesame"
    format!("C: AUTH PLAIN AGFubgBvcGVuLXNlc2FtZQ==\nS: {answer}\n")
}

/// What is said up to the login, over TLS.
fn offering(mechanisms: &str) -> String {
    format!(
        "{GREETING}C: EHLO *\nS: 250 relay\nC: STARTTLS\nS: 220 go\n! tls\nC: EHLO *\n\
         S: 250-relay\nS: 250 AUTH {mechanisms}\n"
    )
}

#[test]
fn who_is_named_logs_in_over_tls() {
    let agreed = plain("235 2.7.0 welcome");
    goes_on(
        &both(&format!("{}{agreed}", offering("LOGIN PLAIN"))),
        LOGIN,
    );
    let by_login = "C: AUTH LOGIN\nS: 334 VXNlcm5hbWU6\nC: YW5u\nS: 334 UGFzc3dvcmQ6\n\
                    C: b3Blbi1zZXNhbWU=\nS: 235 welcome\n";
    goes_on(
        &both(&format!("{}{by_login}", offering("LOGIN NTLM"))),
        LOGIN,
    );
    let token = ", user: ann, oauth: {token_command: echo tok-en}, tls_ca_file: ~/ca.pem";
    let by_token =
        "C: AUTH XOAUTH2\nS: 334 \nC: dXNlcj1hbm4BYXV0aD1CZWFyZXIgdG9rLWVuAQE=\nS: 235 welcome\n";
    goes_on(
        &both(&format!("{}{by_token}", offering("PLAIN XOAUTH2"))),
        token,
    );
}

#[test]
fn a_refused_login_is_final_and_told() {
    let refused = |answer| format!("{}{}", offering("PLAIN LOGIN"), plain(answer));
    let never = "535 5.7.8 wrong";
    ends(
        &refused(never),
        LOGIN,
        77,
        "refused the login: \"535 5.7.8 wrong\"",
    );
    let later = "454 4.7.0 later";
    ends(&refused(later), LOGIN, 75, "454 4.7.0 later");
    ends(&refused("250 what"), LOGIN, 76, "an answer to AUTH");
    // One that agrees before it was told anything, and one that repeats what it was told.
    let early = format!("{}C: AUTH LOGIN\nS: 235 welcome\n", offering("LOGIN"));
    ends(
        &early,
        LOGIN,
        77,
        "did not prove that it knows the password",
    );
    let echo = format!("535 not {PASSWORD}");
    ends(&refused(&echo), LOGIN, 77, "535 not ***");
    ends(
        &offering("NTLM"),
        LOGIN,
        77,
        "no way to log in with a password",
    );
    let named = format!("{LOGIN}, auth: [scram-sha-256, cram-md5]");
    ends(&offering("PLAIN"), &named, 77, "scram-sha-256, cram-md5");
}

#[test]
fn no_password_goes_in_the_clear_unless_that_is_said() {
    let offered = format!("{GREETING}C: EHLO *\nS: 250-relay\nS: 250 AUTH PLAIN LOGIN CRAM-MD5\n");
    let keys = ", tls: none, user: ann, password_file: ~/password";
    ends(&offered, keys, 78, "in the clear");
    let unproven = offering("PLAIN").replace("! tls", "! tls self-signed");
    let unchecked = ", user: ann, password_file: ~/password, tls_verify: false";
    ends(
        &unproven,
        unchecked,
        78,
        "in the clear or to a server that proved nothing",
    );
    let agreed = format!("{offered}{}", plain("235 welcome"));
    goes_on(&both(&agreed), &format!("{keys}, auth: plain"));
}

#[test]
fn who_cannot_be_used_ends_the_visit() {
    ends("S: 421 4.3.2 full\n", "", 75, "421 4.3.2 full");
    ends("S: 554 5.7.1 go away\n", "", 69, "554 5.7.1 go away");
    ends("S: * OK IMAP4rev1\n", "", 76, "three digits");
    let lmtp = format!("{GREETING}C: EHLO *\nS: 500 LHLO\nC: HELO *\nS: 500 LHLO\n");
    ends(&lmtp, "", 76, "one of SMTP");
    // It is no message's fault that a login is wanted first.
    let wants = "C: MAIL FROM:<>\nS: 530 5.7.0 Authentication required\n";
    ends(&format!("{HELLO}{wants}"), "", 77, "530 5.7.0");
}

#[test]
fn what_is_wrong_with_the_keys_is_told() {
    let server = with_mail(&["alpha.eml"]);
    for (keys, said) in [
        ("recipient: b@c", "address"),
        ("address: h", "recipient"),
        (
            "address: h, recipient: b c",
            "deliver.smtp.recipient: this is not an address",
        ),
        (
            "address: /run/smtp, recipient: b",
            "deliver.smtp.address: this is not a host name",
        ),
        (
            "address: h, recipient: b, keep: true",
            "deliver.smtp.keep: unknown key",
        ),
        (
            "address: h, recipient: b, tls: none, starttls: true",
            "smtp.starttls: tls says otherwise",
        ),
        (
            "address: h, recipient: b, tls_verify: false",
            "deliver.smtp.tls_verify: it means nothing",
        ),
        (
            "address: h, recipient: b, starttls: true, tls_ca_file: /no",
            "deliver.smtp.tls_ca_file: /no",
        ),
        (
            "address: h, recipient: b, user: a",
            "deliver.smtp.user: name password_command",
        ),
        (
            "address: h, recipient: b, auth: plain",
            "deliver.smtp.user: name the user",
        ),
        (
            "address: h, recipient: b, user: a, password_file: ~/open",
            "deliver.smtp.password_file",
        ),
        (
            "address: h, recipient: b, user: a, password_file: ~/password, credential: c",
            "deliver.smtp.credential: there is password_file already",
        ),
        (
            "address: h, recipient: b, user: a, password_file: ~/password, auth: apop",
            "deliver.smtp.auth: apop is no way to log in by SMTP",
        ),
    ] {
        let mut scene = Scene::with_server(&server)
            .file("open", b"secret\n")
            .deliver(&format!("smtp: {{{keys}}}"));
        let open = fs::Permissions::from_mode(0o644);
        fs::set_permissions(scene.path("open"), open).unwrap();
        drop(scene.run().says(said).says_lines(1).exits(78));
    }
    assert_eq!(server.logins(), 0);
}

#[test]
fn postfix_delivers_refuses_and_defers() {
    let Some(postfix) = Postfix::start() else {
        return;
    };
    let server = with_mail(&["alpha.eml", "dots.eml", "utf8.eml"]);
    let large = [&b"Subject: large\n\n"[..], &b"x\n".repeat(600_000)].concat();
    server.maildrop().add("large", &large);
    let mut outcome = on_to(&server, &postfix.address(), "").run();
    if outcome.take_status() != Some(65) {
        outcome.fail(&postfix.log());
    }
    // It is told the size before it is sent a message.
    let outcome = outcome.says("\"552 5.3.4").says_lines(1);
    drop(outcome.remembers(["alpha.eml", "dots.eml", "utf8.eml"]));
    assert_eq!(server.maildrop().uids(), ["large"]);
    let arrived = postfix.mail(3);
    for name in ["alpha.eml", "dots.eml", "utf8.eml"] {
        // Postfix puts its trace above, and below that what the head lacks.
        let message = mail::named(name);
        let body = memchr::memmem::find(&message, b"\n\n").unwrap();
        let ends_so = |whole: &Vec<u8>| whole.ends_with(&message[body..]);
        assert!(arrived.iter().any(ends_so), "{name}: {}", postfix.log());
    }
    for (recipient, status, said) in [("nobody", 65, "550 5.1.1"), ("later", 75, "450 4.7.1")] {
        let server = with_mail(&["alpha.eml"]);
        let keys = format!(
            "address: \"{}\", recipient: {recipient}@example.net",
            postfix.address()
        );
        let mut scene = Scene::with_server(&server).deliver(&format!("smtp: {{{keys}}}"));
        drop(scene.run().says(said).remembers([]).exits(status));
    }
}

#[test]
fn postfix_lets_in_who_logs_in_over_tls() {
    let Some(dovecot) = Dovecot::start() else {
        return;
    };
    let Some(postfix) = Postfix::that_asks(&dovecot) else {
        return;
    };
    let keys = |more: &str| {
        format!(", user: alice, password_file: ~/password, tls_ca_file: ~/ca.pem{more}")
    };
    let ways = ["scram-sha-256", "scram-sha-1", "plain", "login", "cram-md5"];
    for way in ways {
        let server = with_mail(&["alpha.eml"]);
        let mut scene = on_to(
            &server,
            &postfix.address(),
            &keys(&format!(", auth: {way}")),
        );
        let mut outcome = scene.run();
        if outcome.take_status() != Some(0) {
            outcome.fail(&postfix.log());
        }
        drop(outcome.silent());
    }
    postfix.mail(ways.len());
    let server = with_mail(&["alpha.eml"]);
    let wrong = keys("")
        .replace("alice", "bob")
        .replace("~/password", "~/wrong");
    let mut scene = on_to(&server, &postfix.address(), &wrong).file("wrong", b"guessed\n");
    drop(scene.run().says("refused the login").says("535").exits(77));
    let outcome = on_to(&server, &postfix.address(), "").run();
    drop(
        outcome
            .says("will not take the message")
            .remembers([])
            .exits(65),
    );
}
