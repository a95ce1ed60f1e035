//! Delivery by LMTP: what is said, and what each answer means for the message.

use std::time::{Duration, Instant};

use rustix::process::Signal;

use crate::support::dovecot::Dovecot;
use crate::support::mail;
use crate::support::onward::{with_mail, Onward, ALPHA, BETA, BYE};
use crate::support::outcome::Outcome;
use crate::support::scene::Scene;
use crate::support::server::PopServer;

/// The beginning of every session in which nothing is offered.
const HELLO: &str = "S: 220 ready\nC: LHLO *\nS: 250 mail.example.net\n";
/// A message proposed and awaited.
const PROPOSED: &str = "C: MAIL FROM:<>\nS: 250 OK\nC: RCPT TO:<alice>\nS: 250 OK\nC: DATA\n\
                        S: 354 go on\n";
/// The end of a message that is taken.
const TAKEN: &str = "C: .\nS: 250 2.0.0 Saved\n";

/// A scene whose mail goes on to who listens at an address.
fn on_to(server: &PopServer, address: &str, more: &str) -> Scene {
    Scene::with_server(server)
        .key("keep", "false")
        .deliver(&format!("lmtp: {{address: \"{address}\"{more}}}"))
}

/// Runs while the server for the mail plays this script.
#[track_caller]
fn played(server: &PopServer, script: &str) -> Outcome {
    let onward = Onward::plays_text(script);
    let outcome = on_to(server, &onward.address(), "").run();
    onward.finish();
    outcome
}

/// Runs with alpha.eml and beta.eml, the first of which fares badly in this script; the second is
/// taken then.
#[track_caller]
fn fails(script: &str, status: i32, said: &str) {
    let server = with_mail(&["alpha.eml", "beta.eml"]);
    let outcome = played(&server, script).says(said).says_lines(1);
    drop(outcome.remembers(["beta.eml"]).exits(status));
    assert_eq!(server.maildrop().uids(), ["alpha.eml"]);
}

#[test]
fn one_connection_serves_for_many_messages() {
    let server = with_mail(&["alpha.eml", "dots.eml"]);
    let onward = Onward::plays("lmtp-two-messages");
    let mut scene = on_to(&server, &onward.address(), ", recipient: bob@example.net");
    let outcome = scene.run();
    onward.finish();
    let outcome = outcome.silent().remembers(["alpha.eml", "dots.eml"]);
    drop(outcome.exits(0));
    assert_eq!(server.maildrop().left(), 0);
}

#[test]
fn nobody_is_troubled_where_there_is_no_mail() {
    let server = with_mail(&[]);
    // Nothing listens there.
    drop(on_to(&server, "127.0.0.1:1", "").run().silent().exits(0));
}

#[test]
fn what_no_lines_can_hold_is_counted_where_that_is_offered() {
    let long = "x".repeat(999);
    let message = format!("Subject: x\n\n.\n{long}\n");
    let body = |dot| format!("C: Subject: x\nC:\nC: {dot}\nC: {long}\n");
    let counted = format!(
        "C: BDAT 1018\n{}S: 250 got it\nC: BDAT 0 LAST\nS: 250 Saved\n",
        body(".")
    );
    let lines = format!("C: DATA\nS: 354 go on\n{}{TAKEN}", body(".."));
    for (offers, mail, said) in [
        ("CHUNKING\nS: 250 BINARYMIME", " BODY=BINARYMIME", &counted),
        ("CHUNKING\nS: 250 8BITMIME", "", &counted),
        ("BINARYMIME\nS: 250 8BITMIME", "", &lines),
    ] {
        let server = PopServer::start();
        server.maildrop().add("x", message.as_bytes());
        let script = format!(
            "S: 220 ready\nC: LHLO *\nS: 250-here\nS: 250-{offers}\n\
             C: MAIL FROM:<>{mail}\nS: 250 OK\nC: RCPT TO:<alice>\nS: 250 OK\n{said}{BYE}"
        );
        drop(played(&server, &script).silent().remembers(["x"]).exits(0));
    }
}

#[test]
fn a_refused_part_refuses_the_message() {
    let server = PopServer::start();
    let long = "x".repeat(999);
    let message = format!("Subject: x\n\n{long}\n");
    server.maildrop().add("x", message.as_bytes());
    server.maildrop().add_named("beta.eml", "beta.eml");
    let script = format!(
        "S: 220 ready\nC: LHLO *\nS: 250-here\nS: 250 CHUNKING\n\
         C: MAIL FROM:<>\nS: 250 OK\nC: RCPT TO:<alice>\nS: 250 OK\n\
         C: BDAT 1015\nC: Subject: x\nC:\nC: {long}\nS: 552 5.3.4 too much\n\
         C: RSET\nS: 250 OK\n{PROPOSED}{BETA}{TAKEN}{BYE}"
    );
    let outcome = played(&server, &script).says("552 5.3.4 too much");
    drop(outcome.remembers(["beta.eml"]).exits(65));
}

#[test]
fn a_refused_message_stays_and_the_next_one_follows() {
    let begun = [HELLO, PROPOSED, ALPHA].concat();
    let goes_on = [PROPOSED, BETA, TAKEN, BYE].concat();
    fails(
        &format!("{begun}C: .\nS: 550 5.7.1 not this one\n{goes_on}"),
        65,
        "will not take the message: \"550 5.7.1 not this one\"",
    );
    fails(
        &format!("{begun}C: .\nS: 452-4.2.2 no\nS: 452 4.2.2 room\n{goes_on}"),
        75,
        "wants the message later: \"452 4.2.2 no 4.2.2 room\"",
    );
}

#[test]
fn who_took_it_when_another_did_not_does_not_get_it_again() {
    let server = PopServer::start();
    let message = b"X-Envelope-To: bob, carol, dave\n\nhi\n";
    server.maildrop().add("x", message);
    let text = "C: X-Envelope-To: bob, carol, dave\nC:\nC: hi\nC: .\n";
    let proposed = |recipients: &[(&str, &str)]| {
        let each = recipients.iter();
        let each = each.map(|(who, answer)| format!("C: RCPT TO:<{who}>\nS: {answer}\n"));
        let each: String = each.collect();
        format!("{HELLO}C: MAIL FROM:<>\nS: 250 OK\n{each}C: DATA\nS: 354 go on\n{text}")
    };
    let run = |recipients: &[(&str, &str)], answers: &str| {
        format!("{}{answers}{BYE}", proposed(recipients))
    };
    let first = [("bob", "250 OK"), ("carol", "450 no"), ("dave", "250 OK")];
    let onward = Onward::plays_text(
        &[
            run(&first, "S: 250 Saved\nS: 452 full\n"),
            run(
                &[("carol", "250 OK"), ("dave", "250 OK")],
                "S: 550 gone\nS: 250 Saved\n",
            ),
            run(&[("carol", "250 OK")], "S: 250 Saved\n"),
        ]
        .join("! again\n"),
    );
    let sorting = format!(
        "envelope: X-Envelope-To\nroutes:\n  erin: {{maildir: ~/erin}}\n\
         unmatched: {{lmtp: {{address: \"{}\"}}}}\n",
        onward.address()
    );
    let scene = Scene::with_server(&server).key("keep", "false");
    let mut scene = scene.without_key("deliver").key("multidrop", &sorting);
    for (status, said) in [(75, "450 no; 452 full"), (65, "550 gone"), (0, "")] {
        drop(scene.run().says(said).exits(status));
    }
    onward.finish();
    assert_eq!(server.maildrop().left(), 0);
}

#[test]
fn a_refusal_before_the_message_costs_no_message() {
    let after = format!("C: RSET\nS: 250 OK\n{PROPOSED}{BETA}{TAKEN}{BYE}");
    for (code, status) in [("450 later", 75), ("550 never", 65)] {
        let mail = format!(
            "C: MAIL FROM:<>\nS: {code}\nC: RCPT TO:<alice>\nS: 503 MAIL first\nC: DATA\n\
             S: 503 MAIL first\n"
        );
        let rcpt = format!(
            "C: MAIL FROM:<>\nS: 250 OK\nC: RCPT TO:<alice>\nS: {code}\nC: DATA\nS: 503 no one\n"
        );
        let data = format!(
            "C: MAIL FROM:<>\nS: 250 OK\nC: RCPT TO:<alice>\nS: 250 OK\nC: DATA\nS: {code}\n"
        );
        for said in [mail, rcpt, data] {
            fails(&format!("{HELLO}{said}{after}"), status, code);
        }
    }
}

#[test]
fn a_message_to_nobody_is_not_said() {
    // Who awaits it all the same is left.
    let awaited =
        "C: MAIL FROM:<>\nS: 250 OK\nC: RCPT TO:<alice>\nS: 550 who\nC: DATA\nS: 354 go on\n";
    let again = format!("! again\n{HELLO}{PROPOSED}{BETA}{TAKEN}{BYE}");
    fails(&format!("{HELLO}{awaited}{again}"), 65, "550 who");
}

#[test]
fn a_line_cut_before_the_end_delivers_nothing() {
    // The message is said whole in one write, so that only its end is missing or not.
    let again = format!("! again\n{HELLO}{PROPOSED}{BETA}{TAKEN}{BYE}");
    let cut = format!("{HELLO}{PROPOSED}{ALPHA}C: .\n! cut\n{again}");
    fails(&cut, 75, "may come twice");
}

#[test]
fn an_answer_that_is_none_leaves_doubt() {
    let again = format!("! again\n{HELLO}{PROPOSED}{BETA}{TAKEN}{BYE}");
    for answer in ["hello?", "354 go on"] {
        let said = format!("{HELLO}{PROPOSED}{ALPHA}C: .\nS: {answer}\n{again}");
        fails(&said, 75, "may come twice");
    }
}

#[test]
fn a_server_that_leaves_between_messages_is_called_again() {
    let again = format!("! again\n{HELLO}{PROPOSED}{BETA}{TAKEN}{BYE}");
    for end in [
        "S: 421 4.4.2 idle\n! cut\n",
        "! cut\n",
        "C: MAIL FROM:<>\nS: 421 too many\n",
    ] {
        let server = with_mail(&["alpha.eml", "beta.eml"]);
        let first = format!("{HELLO}{PROPOSED}{ALPHA}{TAKEN}{end}");
        let outcome = played(&server, &format!("{first}{again}"));
        drop(
            outcome
                .silent()
                .remembers(["alpha.eml", "beta.eml"])
                .exits(0),
        );
    }
}

#[test]
fn who_cannot_be_used_ends_the_visit() {
    for (script, status, said) in [
        ("S: 421 4.3.2 later\n", 75, "421 4.3.2 later"),
        ("S: 554 no\n", 69, "554 no"),
        ("S: +OK POP3 ready\n", 76, "three digits"),
        ("S: 220 ready\nC: LHLO *\nS: 500 what\n", 76, "one of LMTP"),
        ("S: 220 ready\nC: LHLO *\nS: 450 wait\n", 75, "450 wait"),
        (
            "S: 220 ready\nC: LHLO *\nS: 250-a\nS: 251 b\n",
            76,
            "one code",
        ),
        ("", 75, "hung up"),
    ] {
        let server = with_mail(&["alpha.eml", "beta.eml"]);
        let outcome = played(&server, script).says("no delivery by lmtp to 127.0.0.1:");
        drop(outcome.says(said).says_lines(1).remembers([]).exits(status));
        assert_eq!(server.maildrop().left(), 2);
    }
    let server = with_mail(&["alpha.eml"]);
    let outcome = on_to(&server, "127.0.0.1:1", "").run();
    drop(outcome.says("cannot connect to 127.0.0.1:1").exits(69));
    let outcome = on_to(&server, "/no/such/socket", "").run();
    drop(outcome.says("cannot connect to /no/such/socket").exits(69));
}

#[test]
fn a_server_over_which_lines_are_lost_gets_no_more() {
    let server = with_mail(&["alpha.eml", "beta.eml", "gamma.eml"]);
    let lost = |message| format!("{HELLO}{PROPOSED}{message}C: .\n! cut\n");
    let onward = Onward::plays_text(&format!("{}! again\n{}", lost(ALPHA), lost(BETA)));
    let mut scene = on_to(&server, &onward.address(), "");
    let outcome = scene.run();
    onward.finish();
    let outcome = outcome.says("no delivery by lmtp").says_lines(3);
    drop(outcome.remembers([]).exits(75));
    // What it does not bear is tried last, so that what lies behind comes through.
    let gamma = ALPHA.replace("alpha", "gamma").replace("first", "third");
    let rest = format!("{PROPOSED}{ALPHA}{TAKEN}{PROPOSED}{BETA}{TAKEN}");
    let onward = Onward::plays_text(&format!("{HELLO}{PROPOSED}{gamma}{TAKEN}{rest}{BYE}"));
    let deliver = format!("lmtp: {{address: \"{}\"}}", onward.address());
    let outcome = scene.deliver(&deliver).run();
    onward.finish();
    drop(
        outcome
            .silent()
            .remembers(["alpha.eml", "beta.eml", "gamma.eml"])
            .exits(0),
    );
    assert_eq!(server.maildrop().left(), 0);
}

#[test]
fn one_that_falls_silent_is_not_waited_for_longer_than_said() {
    let server = with_mail(&["alpha.eml"]);
    let script = format!("{HELLO}{PROPOSED}{ALPHA}C: .\n! silence\n");
    let onward = Onward::plays_text(&script);
    let deliver = format!("lmtp: {{address: \"{}\"}}\ntimeout: 1s", onward.address());
    let began = Instant::now();
    let outcome = on_to(&server, "", "").deliver(&deliver).run();
    drop(
        outcome
            .says("no answer for 1s")
            .says("may come twice")
            .exits(75),
    );
    assert!(began.elapsed() < Duration::from_secs(10));
    onward.finish();
}

#[test]
fn one_that_takes_its_time_is_not_called_twice() {
    let server = with_mail(&["alpha.eml", "beta.eml", "gamma.eml"]);
    let slow = "C: .\n! wait 2500ms\nS: 250 Saved\n";
    let gamma = ALPHA.replace("alpha", "gamma").replace("first", "third");
    let script = format!(
        "{HELLO}{PROPOSED}{ALPHA}{slow}{PROPOSED}{BETA}{slow}{PROPOSED}{gamma}{TAKEN}{BYE}"
    );
    let outcome = played(&server, &script).silent();
    drop(
        outcome
            .remembers(["alpha.eml", "beta.eml", "gamma.eml"])
            .exits(0),
    );
}

#[test]
fn a_signal_to_stop_waits_for_the_answer() {
    let server = with_mail(&["alpha.eml", "beta.eml"]);
    let script = format!("{HELLO}{PROPOSED}{ALPHA}C: .\n! wait 700ms\nS: 250 Saved\n{BYE}");
    let onward = Onward::plays_text(&script);
    let mut scene = on_to(&server, &onward.address(), "");
    let begun = scene.start(&[]);
    onward.waits_for("C: .\n");
    begun.program().signal(Signal::TERM);
    let outcome = begun.finish();
    onward.finish();
    let outcome = outcome.says("stopped by a signal").remembers(["alpha.eml"]);
    drop(outcome.exits(143));
    assert_eq!(server.maildrop().uids(), ["beta.eml"]);
}

#[test]
fn a_signal_to_stop_ends_the_wait_for_a_server() {
    let server = with_mail(&["alpha.eml"]);
    let onward = Onward::plays_text("S: 220 ready\nC: LHLO *\n! silence\n");
    let mut scene = on_to(&server, &onward.address(), "");
    let begun = scene.start(&[]);
    onward.waits_for("C: LHLO");
    begun.program().signal(Signal::INT);
    let outcome = begun.finish();
    onward.finish();
    drop(outcome.says("stopped by a signal").remembers([]).exits(130));
    assert_eq!(server.maildrop().left(), 1);
}

#[test]
fn the_envelope_is_the_messages_and_nothing_of_it_is_a_command() {
    for (head, from, to) in [
        (
            "Return-Path: <ann@example.org>\nDelivered-To: bob\n",
            "ann@example.org",
            "bob",
        ),
        (
            "Return-Path: <\"a>b\"@example.org>\n",
            "\"a>b\"@example.org",
            "alice",
        ),
        // What is no address is none.
        ("Return-Path: <a>RCPT TO:<b>\n", "", "alice"),
        (
            "Return-Path: <a@b>\nDelivered-To: <c@d> DATA\n",
            "a@b",
            "c@d",
        ),
        ("Return-Path: <a@>\nDelivered-To: b;c\n", "", "alice"),
        // The server does not know other scripts.
        ("Return-Path: <\u{e4}nn@example.org>\n", "", "alice"),
    ] {
        let server = PopServer::start();
        server
            .maildrop()
            .add("x", format!("{head}\nhi\n").as_bytes());
        let lines = head.trim_end().lines().map(|line| format!("C: {line}\n"));
        let lines: String = lines.collect();
        let script = format!(
            "{HELLO}C: MAIL FROM:<{from}>\nS: 250 OK\nC: RCPT TO:<{to}>\nS: 250 OK\nC: DATA\n\
             S: 354 go on\n{lines}C: \nC: hi\n{TAKEN}{BYE}"
        );
        drop(played(&server, &script).silent().exits(0));
    }
}

#[test]
fn other_scripts_are_asked_for_where_they_are_needed() {
    let server = PopServer::start();
    let message = "Return-Path: <\u{e4}nn@example.org>\n\nhi\n";
    server.maildrop().add("x", message.as_bytes());
    server
        .maildrop()
        .add("y", "Subject: \u{e4}\n\nhi\n".as_bytes());
    let hello = "S: 220 ready\nC: LHLO *\nS: 250-here\nS: 250-SMTPUTF8\nS: 250 8BITMIME\n";
    let script = format!(
        "{hello}C: MAIL FROM:<\u{e4}nn@example.org> BODY=8BITMIME SMTPUTF8\nS: 250 OK\n\
         C: RCPT TO:<alice>\nS: 250 OK\nC: DATA\nS: 354 go on\n\
         C: Return-Path: <\u{e4}nn@example.org>\nC: \nC: hi\n{TAKEN}\
         C: MAIL FROM:<> BODY=8BITMIME\nS: 250 OK\n\
         C: RCPT TO:<alice>\nS: 250 OK\nC: DATA\nS: 354 go on\n\
         C: Subject: \u{e4}\nC: \nC: hi\n{TAKEN}{BYE}"
    );
    drop(played(&server, &script).silent().exits(0));
}

#[test]
fn every_message_reaches_dovecot_byte_for_byte() {
    let Some(dovecot) = Dovecot::start() else {
        return;
    };
    let server = PopServer::start();
    let mut expected = Vec::new();
    for (name, message) in mail::ugly() {
        server.maildrop().add(&name, &message);
        expected.push(message);
    }
    let large = mail::big(2, 5).concat();
    server.maildrop().add("large", &large);
    expected.push(large);
    let socket = dovecot.lmtp().display().to_string();
    let mut scene = on_to(&server, &socket, ", recipient: bob");
    let mut outcome = scene.run();
    if outcome.take_status() != Some(0) {
        outcome.fail(&dovecot.log());
    }
    drop(outcome.silent());
    assert_eq!(server.maildrop().left(), 0);
    let mut arrived = dovecot.mail_in("bob");
    for message in &mut arrived {
        *message = without_trace(message);
    }
    arrived.sort();
    expected.sort();
    for (got, wanted) in arrived.iter().zip(&expected) {
        assert_eq!(
            got.escape_ascii().to_string(),
            wanted.escape_ascii().to_string()
        );
    }
    assert_eq!(arrived.len(), expected.len());
}

/// A message without the fields that Dovecot puts at its top: Return-Path, Delivered-To, Received.
fn without_trace(message: &[u8]) -> Vec<u8> {
    let mut lines = message.split_inclusive(|b| *b == b'\n').peekable();
    for field in ["Return-Path:", "Delivered-To:", "Received:"] {
        let line = lines.next().unwrap_or_default();
        assert!(
            line.starts_with(field.as_bytes()),
            "{}",
            message.escape_ascii()
        );
        while lines.next_if(|line| line.starts_with(b"\t")).is_some() {}
    }
    lines.flatten().copied().collect()
}

#[test]
fn dovecot_refuses_whom_it_does_not_know() {
    let Some(dovecot) = Dovecot::start() else {
        return;
    };
    let server = with_mail(&["alpha.eml"]);
    let socket = dovecot.lmtp().display().to_string();
    let mut scene = on_to(&server, &socket, ", recipient: nobody-here");
    drop(scene.run().says("550 5.1.1").remembers([]).exits(65));
    assert_eq!(server.maildrop().left(), 1);
}

#[test]
fn what_is_wrong_with_the_keys_is_told() {
    let server = with_mail(&["alpha.eml"]);
    for (deliver, said) in [
        ("lmtp: {recipient: bob}", "address"),
        ("lmtp: {address: h, adress: h}", "did you mean address?"),
        ("lmtp: localhost", "the keys of lmtp"),
        (
            "lmtp: {address: \"h:x\"}",
            "deliver.lmtp.address: what follows the colon",
        ),
        ("lmtp: {address: $NO_SUCH/x}", "NO_SUCH is not set"),
        (
            "lmtp: {address: h, recipient: a b}",
            "deliver.lmtp.recipient: this is not an address",
        ),
        (
            "lmtp: {address: h, recipient: \"a\\r\\nDATA\"}",
            "this is not an address",
        ),
        ("lmtp: {address: h}\nmaildir: ~/Mail", "only one of"),
        (
            "maildir: ~/Mail\ntimeout: 1m",
            "deliver.timeout: it goes with mda, lmtp and smtp only",
        ),
    ] {
        let mut scene = Scene::with_server(&server).deliver(deliver);
        drop(scene.run().says(said).says_lines(1).exits(78));
    }
    let mut scene = Scene::with_server(&server)
        .key("user", "EXAMPLE\\alice")
        .deliver("lmtp: {address: h}");
    drop(
        scene
            .run()
            .says("deliver.lmtp: name the recipient")
            .exits(78),
    );
    assert_eq!(server.logins(), 0);
}
