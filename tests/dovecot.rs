//! Against a real Dovecot: every way to connect, every destination, every policy.
//!
//! What Dovecot itself does with odd files, and popget therefore cannot undo: see `as_given`.

use std::fs;
use std::io::{self, Write};
use std::process::{Command, Stdio};
use std::thread;
use std::time::{Duration, Instant, SystemTime};

use base64::prelude::{Engine, BASE64_STANDARD};

use crate::support::client::connect;
use crate::support::dovecot::{Dovecot, ANYBODY};
use crate::support::mail;
use crate::support::scene::Scene;
use crate::support::tls;

/// The three ways to connect, with the TLS that belongs to each.
#[derive(Clone, Copy, PartialEq)]
enum Way {
    Plain,
    Stls,
    Implicit,
}

/// A scene at this Dovecot, as this user.
fn scene_at(dovecot: &Dovecot, way: Way, user: &str) -> Scene {
    let scene = match way {
        Way::Plain => Scene::at_port(dovecot.port()),
        Way::Stls => Scene::at_port(dovecot.port()).tls("starttls"),
        Way::Implicit => Scene::at_port(dovecot.port_tls()).tls("implicit"),
    };
    scene.key("user", user)
}

/// A message as Dovecot gives it. A CR LF in the file is a line end to it as LF is, so that one CR
/// goes; and a message without any line gets one.
fn as_given(message: &[u8]) -> Vec<u8> {
    let mut given = Vec::with_capacity(message.len());
    for (at, byte) in message.iter().enumerate() {
        match byte {
            b'\r' if message.get(at + 1) == Some(&b'\n') => {}
            byte => given.push(*byte),
        }
    }
    if given.is_empty() {
        given.push(b'\n');
    }
    given
}

/// Mail of all kinds, ugly and usual. Dovecot does not stuff a dot that begins a message, so
/// that the two which begin so cannot come through: one line would end, the other lose its dot.
fn mixed(count: usize) -> Vec<Vec<u8>> {
    let ugly = mail::ugly().into_iter().map(|(_, bytes)| bytes);
    let mut messages: Vec<_> = ugly.filter(|message| !message.starts_with(b".")).collect();
    messages.extend(mail::many(count - messages.len(), 11));
    messages
}

/// Whether a program is here. Where it is not, that is a failure in continuous integration;
/// elsewhere it is said aloud, and there is nothing to test.
fn is_here(program: &str, option: &str) -> bool {
    let mut trial = Command::new(program);
    trial
        .arg(option)
        .stdout(Stdio::null())
        .stderr(Stdio::null());
    if trial.status().is_ok() {
        return true;
    }
    let loss = format!("no {program} here: a test against a real server is skipped\n");
    assert!(std::env::var("CI").as_deref() != Ok("true"), "{loss}");
    // Past the test harness, which would swallow what a passing test prints.
    let _ = io::stderr().write_all(loss.as_bytes());
    false
}

/// Dovecot says that it did this in each session: so many messages retrieved and deleted. It writes
/// so a little later than the session ends.
#[track_caller]
fn sessions_were(dovecot: &Dovecot, expected: &[(usize, usize)]) {
    let number = |line: &str, word: &str| -> usize {
        let rest = line.split_once(word).unwrap().1;
        rest.split('/').next().unwrap().parse().unwrap()
    };
    let begun = Instant::now();
    loop {
        let log = dovecot.log();
        let ended = log.lines().filter(|line| line.contains(" retr="));
        let did = ended.map(|line| (number(line, " retr="), number(line, " del=")));
        let did: Vec<_> = did.collect();
        if did.len() >= expected.len() || begun.elapsed() > Duration::from_secs(20) {
            return assert_eq!(did, expected);
        }
        thread::sleep(Duration::from_millis(20));
    }
}

#[test]
fn dovecot_does_not_stuff_a_dot_that_begins_a_message() {
    let Some(mut dovecot) = Dovecot::start() else {
        return;
    };
    // If it does one day, `mixed` need leave nothing out any more.
    dovecot.put("alice", &[mail::named("dot-in-head.eml")]);
    let mut client = connect(dovecot.port());
    client.line();
    client.ask("USER alice");
    client.ask("PASS open-sesame");
    let body = client.ask_many("RETR 1");
    assert!(body.starts_with(b".Subject"), "{}", body.escape_ascii());
    assert!(
        body.windows(4).any(|four| four == b"\n..\r"),
        "the next one it does"
    );
}

#[test]
fn a_thousand_messages_arrive_byte_for_byte_and_once() {
    let Some(mut dovecot) = Dovecot::start() else {
        return;
    };
    let messages = mixed(1000);
    dovecot.put("alice", &messages);
    let expected: Vec<_> = messages.iter().map(|message| as_given(message)).collect();
    let mut scene = scene_at(&dovecot, Way::Implicit, "alice");
    drop(scene.run().silent().delivers_bytes(&expected).exits(0));
    drop(scene.run().silent().exits(0));
    drop(scene.run_with(&["--delete"]).silent().exits(0));
    assert_eq!(dovecot.left("alice"), 0);
    sessions_were(&dovecot, &[(1000, 0), (0, 0), (0, 1000)]);
}

#[test]
fn a_thousand_messages_go_into_an_mbox_over_every_way() {
    let Some(mut dovecot) = Dovecot::start() else {
        return;
    };
    let messages = mixed(1000);
    let expected: Vec<_> = messages.iter().map(|message| as_given(message)).collect();
    for (way, user) in [
        (Way::Plain, "alice"),
        (Way::Stls, "bob"),
        (Way::Implicit, "carol"),
    ] {
        dovecot.put(user, &messages);
        let mut scene = scene_at(&dovecot, way, user).deliver("mbox: ~/mbox");
        let outcome = scene.run_with(&["--delete"]).silent();
        drop(outcome.mbox_holds_bytes("mbox", &expected).exits(0));
        assert_eq!(dovecot.left(user), 0);
        drop(
            scene
                .run()
                .silent()
                .mbox_holds_bytes("mbox", &expected)
                .exits(0),
        );
    }
    sessions_were(&dovecot, &[(1000, 1000), (0, 0)].repeat(3));
}

/// Delivers by maildrop to the Maildir ~/Filed. Its path is whole: maildrop goes by the home of
/// /etc/passwd, not by that of its surroundings.
fn filed(scene: Scene) -> Scene {
    let folder = scene.path("Filed");
    for place in ["tmp", "new", "cur"] {
        fs::create_dir_all(folder.join(place)).unwrap();
    }
    let filter = format!("to \"{}\"\n", folder.display());
    scene
        .file("filter", filter.as_bytes())
        .deliver("mda: [maildrop, \"{home}/filter\"]")
}

#[test]
fn maildrop_takes_what_dovecot_gives() {
    if !is_here("maildrop", "-v") {
        return;
    }
    let Some(mut dovecot) = Dovecot::start() else {
        return;
    };
    // maildrop itself makes a line end of each NUL in a message that is not small.
    let mut messages = mail::many(120, 5);
    messages.retain(|message| !message.contains(&0));
    assert!(messages.len() > 90);
    let expected: Vec<_> = messages.iter().map(|message| as_given(message)).collect();
    for (way, user) in [
        (Way::Plain, "alice"),
        (Way::Stls, "bob"),
        (Way::Implicit, "carol"),
    ] {
        dovecot.put(user, &messages);
        let mut scene = filed(scene_at(&dovecot, way, user));
        let outcome = scene.run_with(&["--delete"]).silent();
        drop(outcome.delivers_bytes_to("Filed", &expected).exits(0));
        drop(scene.run().silent().exits(0));
        assert_eq!(dovecot.left(user), 0);
    }
    sessions_were(
        &dovecot,
        &[(messages.len(), messages.len()), (0, 0)].repeat(3),
    );
}

#[test]
fn maildrop_that_defers_gets_it_again() {
    if !is_here("maildrop", "-v") {
        return;
    }
    let Some(mut dovecot) = Dovecot::start() else {
        return;
    };
    dovecot.put("alice", &[mail::named("plain.eml")]);
    let mut scene = scene_at(&dovecot, Way::Stls, "alice")
        .key("keep", "false")
        .file("filter", b"EXITCODE=75\nexit\n")
        .deliver("mda: [maildrop, \"{home}/filter\"]");
    // maildrop says so with 75, and it may or may not have read all before.
    drop(scene.run().says("wants the message later").exits(75));
    scene = filed(scene);
    drop(
        scene
            .run()
            .silent()
            .delivers_to("Filed", ["plain.eml"])
            .exits(0),
    );
    assert_eq!(dovecot.left("alice"), 0);
}

#[test]
fn mail_is_kept_for_as_long_as_is_said_over_every_way() {
    if !is_here("faketime", "--version") {
        return;
    }
    let Some(mut dovecot) = Dovecot::start() else {
        return;
    };
    let (first, later) = (mail::many(20, 1), mail::many(25, 1)[20..].to_vec());
    let all = [first.clone(), later.clone()].concat();
    let given = |messages: &[Vec<u8>]| messages.iter().map(|m| as_given(m)).collect::<Vec<_>>();
    for (way, user) in [
        (Way::Plain, "alice"),
        (Way::Stls, "bob"),
        (Way::Implicit, "carol"),
    ] {
        dovecot.put(user, &first);
        let mut scene = scene_at(&dovecot, way, user).key("keep", "30d");
        drop(scene.run().silent().delivers_bytes(&given(&first)).exits(0));
        scene = scene.under(&["faketime", "-f", "+29d"]);
        dovecot.put(user, &later);
        drop(scene.run().silent().delivers_bytes(&given(&all)).exits(0));
        assert_eq!(dovecot.left(user), 25);
        scene = scene.under(&["faketime", "-f", "+31d"]);
        drop(scene.run().silent().exits(0));
        assert_eq!(dovecot.left(user), 5, "what came first is gone");
        scene = scene.under(&["faketime", "-f", "+60d"]);
        drop(scene.run().silent().exits(0));
        assert_eq!(dovecot.left(user), 0);
    }
    sessions_were(&dovecot, &[(20, 0), (5, 0), (0, 20), (0, 5)].repeat(3));
}

#[test]
fn mail_comes_into_a_maildir_over_every_way() {
    let Some(mut dovecot) = Dovecot::start() else {
        return;
    };
    for (way, user) in [
        (Way::Plain, "alice"),
        (Way::Stls, "bob"),
        (Way::Implicit, "carol"),
    ] {
        dovecot.put(user, &[mail::named("plain.eml"), mail::named("dots.eml")]);
        let mut scene = scene_at(&dovecot, way, user).key("keep", "true");
        drop(
            scene
                .run()
                .silent()
                .delivers(["plain.eml", "dots.eml"])
                .exits(0),
        );
        assert_eq!(dovecot.left(user), 2);
        drop(scene.run().silent().exits(0));
        dovecot.put(user, &[mail::named("mime.eml")]);
        scene = scene.key("keep", "false");
        let outcome = scene.run().silent();
        drop(
            outcome
                .delivers(["plain.eml", "dots.eml", "mime.eml"])
                .exits(0),
        );
        assert_eq!(dovecot.left(user), 0);
    }
    sessions_were(&dovecot, &[(2, 0), (0, 0), (1, 3)].repeat(3));
}

#[test]
fn a_certificate_for_another_name_gets_no_password() {
    let Some(mut dovecot) = Dovecot::start() else {
        return;
    };
    dovecot.put("alice", &[mail::named("plain.eml")]);
    for way in [Way::Stls, Way::Implicit] {
        let mut scene =
            scene_at(&dovecot, way, "alice").key("tls_server_name", "elsewhere.example");
        drop(scene.run().says("did not prove").exits(77));
    }
    assert!(!dovecot.log().contains("Login: user=<alice>"));
}

#[test]
fn every_mechanism_logs_in_and_fetches() {
    let Some(mut dovecot) = Dovecot::start() else {
        return;
    };
    dovecot.put("alice", &[mail::named("plain.eml")]);
    for (auth, said) in [
        ("user-pass", "PLAIN"),
        ("apop", "APOP"),
        ("plain", "PLAIN"),
        ("login", "LOGIN"),
        ("cram-md5", "CRAM-MD5"),
        ("digest-md5", "DIGEST-MD5"),
        ("scram-sha-1", "SCRAM-SHA-1"),
        ("scram-sha-256", "SCRAM-SHA-256"),
    ] {
        for way in [Way::Plain, Way::Stls, Way::Implicit] {
            let before = dovecot.log();
            let mut scene = scene_at(&dovecot, way, "alice").key("auth", auth);
            drop(scene.run().silent().delivers(["plain.eml"]).exits(0));
            let log = dovecot.log();
            let login = format!("Login: user=<alice>, method={said},");
            assert!(log[before.len()..].contains(&login), "{auth}\n{log}");
        }
        let scene = scene_at(&dovecot, Way::Implicit, "alice").key("auth", auth);
        let mut scene = scene.file("password", b"wrong\n");
        let refused = scene.run().says("refused the login").says_lines(1);
        drop(refused.exits(77));
    }
}

#[test]
fn unasked_the_password_is_proved_and_not_said() {
    let Some(mut dovecot) = Dovecot::start() else {
        return;
    };
    dovecot.put("alice", &[mail::named("plain.eml")]);
    for way in [Way::Plain, Way::Stls, Way::Implicit] {
        let mut scene = scene_at(&dovecot, way, "alice").key("auth", "auto");
        drop(scene.run().silent().delivers(["plain.eml"]).exits(0));
    }
    let log = dovecot.log();
    let proved = log.matches("Login: user=<alice>, method=SCRAM-SHA-256,");
    assert_eq!(proved.count(), 3, "{log}");
}

#[test]
fn anybody_sees_what_is_for_anybody() {
    let Some(mut dovecot) = Dovecot::start() else {
        return;
    };
    dovecot.put(ANYBODY, &[mail::named("plain.eml")]);
    for user in ["whoever", "who@example.org"] {
        let scene = scene_at(&dovecot, Way::Implicit, user).without_key("password_file");
        let mut scene = scene.key("auth", "anonymous");
        drop(scene.run().silent().delivers(["plain.eml"]).exits(0));
    }
}

#[test]
fn a_certificate_is_login_enough() {
    let Some(mut dovecot) = Dovecot::start() else {
        return;
    };
    dovecot.put("alice", &[mail::named("plain.eml")]);
    let own = tls::for_clients(&["alice"]);
    let pem = [own.certificate, own.key].concat();
    for (way, auth) in [
        (Way::Implicit, "external"),
        (Way::Stls, "external"),
        (Way::Implicit, "auto"),
    ] {
        let scene = scene_at(&dovecot, way, "alice").file("own.pem", &pem);
        let mut scene = scene.key("tls_client_cert", "~/own.pem").key("auth", auth);
        if auth == "external" {
            scene = scene.without_key("password_file");
        }
        drop(scene.run().silent().delivers(["plain.eml"]).exits(0));
    }
    let log = dovecot.log();
    let shown = log.matches("Login: user=<alice>, method=EXTERNAL,");
    assert_eq!(shown.count(), 3, "{log}");
    let mut scene = scene_at(&dovecot, Way::Implicit, "alice").key("auth", "external");
    drop(scene.run().says("refused the login").exits(77));
}

#[test]
fn a_token_logs_in_at_a_real_dovecot() {
    let Some(mut dovecot) = Dovecot::start() else {
        return;
    };
    dovecot.put("alice", &[mail::named("plain.eml")]);
    let hour = Duration::from_secs(3600);
    let good = dovecot.token("alice", SystemTime::now() + hour);
    let old = dovecot.token("alice", SystemTime::now() - hour);
    let account = |token: &str, auth: &str| {
        scene_at(&dovecot, Way::Implicit, "alice")
            .without_key("password_file")
            .key("oauth", "{token_command: cat token}")
            .key("auth", auth)
            .file("token", token.as_bytes())
    };
    for auth in ["xoauth2", "oauthbearer", "auto"] {
        let mut scene = account(&good, auth);
        drop(scene.run().silent().delivers(["plain.eml"]).exits(0));
        let mut scene = account(&old, auth);
        let refused = scene.run().says("refused the access token").says_lines(1);
        drop(refused.never_shows(&old).exits(77));
    }
    let log = dovecot.log();
    assert_eq!(
        log.matches("Login: user=<alice>, method=OAUTHBEARER,")
            .count(),
        2,
        "{log}"
    );
    assert_eq!(
        log.matches("Login: user=<alice>, method=XOAUTH2,").count(),
        1,
        "{log}"
    );
}

#[test]
fn dovecot_checks_tokens_by_itself() {
    let Some(dovecot) = Dovecot::start() else {
        return;
    };
    let now = SystemTime::now();
    let (good, old) = (
        now + Duration::from_secs(3600),
        now - Duration::from_secs(3600),
    );
    for (until, answer) in [(good, "+OK"), (old, "+ ")] {
        let mut client = connect(dovecot.port());
        client.line();
        let token = dovecot.token("alice", until);
        let message = format!("user=alice\x01auth=Bearer {token}\x01\x01");
        client.ask("AUTH XOAUTH2");
        let said = client.ask(&BASE64_STANDARD.encode(message));
        assert!(said.starts_with(answer), "{said}\n{}", dovecot.log());
    }
}
