//! POP1 (RFC 918): the one lump comes byte for byte, is divided where its form is known, and goes only
//! as a whole, once every message in it is delivered.

use crate::support::cases::{each, Case};
use crate::support::mail;
use crate::support::maildrop::Fault;
use crate::support::pop1::{in_lump, Lump};
use crate::support::scene::Scene;
use crate::support::server::{Language, PopServer, Security};
use crate::support::tls::Certificate;

fn server(lump: Lump) -> PopServer {
    PopServer::builder()
        .speaking(Language::Pop1)
        .lump(lump)
        .start()
}

/// A server with so many messages, and how they arrive.
fn with(count: usize, lump: Lump) -> (PopServer, Vec<Vec<u8>>) {
    let server = server(lump);
    let messages = mail::many(count, 918);
    for (at, message) in messages.iter().enumerate() {
        server.maildrop().add(&format!("m{at}"), message);
    }
    (
        server,
        messages.iter().map(|message| in_lump(message)).collect(),
    )
}

#[test]
fn fifty_mixed_messages_come_byte_for_byte_and_stay() {
    for lump in [Lump::Mbox, Lump::Announced] {
        let (server, messages) = with(50, lump);
        let mut scene = Scene::with_server(&server);
        scene.run().delivers_bytes(&messages).silent().exits(0);
        assert_eq!(server.maildrop().left(), 50);
        // They are downloaded to be compared, and none comes twice.
        scene.run().silent().exits(0);
        server.maildrop().add_named("more", "alpha.eml");
        let more = [messages, vec![in_lump(&mail::named("alpha.eml"))]].concat();
        scene.run().delivers_bytes(&more).silent().exits(0);
        assert!(
            server.commands("RDEL").is_empty(),
            "nothing was to be deleted"
        );
        assert_eq!(server.commands("RCVD").len(), 3);
    }
}

#[test]
fn fifty_mixed_messages_go_once_they_are_delivered() {
    let (server, messages) = with(50, Lump::Mbox);
    let mut scene = Scene::with_server(&server).key("keep", "false");
    scene.run().delivers_bytes(&messages).silent().exits(0);
    assert_eq!(server.maildrop().left(), 0);
    scene.run().silent().exits(0);
    let dialogue = ["RDEL alice", "RCEV", "RCVD", "RDEL alice", "RSET"];
    let said: Vec<String> = server.sessions().concat();
    let said: Vec<&String> = said.iter().filter(|c| c.starts_with('R')).collect();
    assert_eq!(said, dialogue);
}

#[test]
fn the_whole_dialogue_goes_by_the_book() {
    Scene::new()
        .key("protocol", "pop1")
        .key("keep", "false")
        .key("folder", "mail")
        .conversation("pop1")
        .run()
        .delivers_bytes(&[
            b"From ann Mon Jan  7 10:00:00 1985\nSubject: a\n\nhi\n\n".to_vec(),
            b"From bob Mon Jan  7 11:00:00 1985\n\nno end".to_vec(),
        ])
        .silent()
        .exits(0);
}

#[test]
fn all_stay_as_long_as_one_is_to_stay() {
    let (server, messages) = with(4, Lump::Mbox);
    let mut scene = Scene::with_server(&server).key("keep", "false");
    // Of two that are taken neither goes before the others do, nor is said to.
    let mut outcome = scene
        .run_with(&["-v", "--limit", "2"])
        .delivers_bytes(&messages[..2]);
    let said = outcome.take_stderr();
    assert!(
        said.contains("2 new") && !said.contains("deleted"),
        "{said}"
    );
    outcome.exits(0);
    assert_eq!(server.maildrop().left(), 4);
    assert!(server.commands("RCVD").is_empty());
    let mut outcome = scene.run_with(&["-v"]).delivers_bytes(&messages).exits(0);
    assert!(outcome.take_stdout().is_empty());
    assert!(outcome.take_stderr().contains("4 deleted"));
    assert_eq!(server.maildrop().left(), 0);
}

#[test]
fn a_message_that_nobody_takes_keeps_them_all() {
    let (server, _) = with(3, Lump::Mbox);
    server.maildrop().add("bad", b"Subject: bad\n\nno\n");
    let mda = "mda: \"cat > letter; if grep -q '^Subject: bad' letter; then exit 75; fi; \
               cp letter $(mktemp got/XXXXXX)\"";
    let mut scene = Scene::with_server(&server)
        .key("keep", "false")
        .deliver(mda)
        .file("got/x", b"");
    for _ in 0..2 {
        let mut outcome = scene.run().exits(75);
        let said = outcome.take_stderr();
        assert!(said.contains("the MDA wants the message later"), "{said}");
        assert!(!said.contains("refused to delete"), "{said}");
        let got = std::fs::read_dir(scene.path("got")).unwrap().count();
        assert_eq!((got, server.maildrop().left()), (4, 4));
    }
    let mut scene = scene.deliver("mda: cat > /dev/null");
    scene.run().silent().exits(0);
    assert_eq!(server.maildrop().left(), 0);
}

#[test]
fn a_lump_for_which_there_is_no_room_stays() {
    let server = server(Lump::Mbox);
    let line = b"far more than fits into memory, and more than there is room for\n";
    server
        .maildrop()
        .add("large", &[b"\n", &line.repeat(6000)[..]].concat());
    let mut scene = Scene::with_server(&server).key("keep", "false").under(&[
        "prlimit",
        "--fsize=300000",
        "--",
    ]);
    let mut outcome = scene.run().exits(74).delivers_nothing();
    assert!(outcome.take_stderr().contains("cannot use the spool"));
    assert_eq!(server.maildrop().left(), 1);
    assert!(server.commands("RCVD").is_empty());
    assert_eq!(server.commands("RSET").len(), 1);
}

/// What has no form that is known is one message.
#[test]
fn a_lump_of_another_form_is_not_cut() {
    let server = server(Lump::Joined);
    let parts = [
        &b"Subject: a\n\nhi\n\n"[..],
        b"From here on\n\n",
        b"\nFrom there\r\n",
    ];
    for (at, part) in parts.iter().enumerate() {
        server.maildrop().add(&format!("m{at}"), part);
    }
    let mut scene = Scene::with_server(&server).key("keep", "false");
    scene
        .run()
        .delivers_bytes(&[parts.concat()])
        .silent()
        .exits(0);
    assert_eq!(server.maildrop().left(), 0);
}

#[test]
fn it_is_rehearsed_counted_and_listed_without_a_trace() {
    let (server, messages) = with(2, Lump::Mbox);
    server
        .maildrop()
        .add("c", b"From: ann@example.org\nSubject: three\n\nx\n");
    let mut scene = Scene::with_server(&server).key("keep", "false");
    let told =
        |scene: &mut Scene, arguments: &[&str]| scene.run_with(arguments).exits(0).take_stdout();
    let waiting = told(&mut scene, &["check"]);
    assert!(waiting.starts_with("work: 3 new "), "{waiting}");
    let listed = told(&mut scene, &["list"]);
    let last = listed.lines().last().unwrap();
    assert_eq!(last, "3\t87\tnew\t-\t-\tann@example.org\tthree", "{listed}");
    let rehearsed = told(&mut scene, &["--dry-run"]);
    assert!(rehearsed.contains("would fetch 3 "), "{rehearsed}");
    assert!(!scene.path(".local").exists());
    assert_eq!(std::fs::read_dir(scene.path("../tmp")).unwrap().count(), 0);
    assert!(server.commands("RDEL").is_empty() && server.commands("RCVD").is_empty());
    let three = in_lump(b"From: ann@example.org\nSubject: three\n\nx\n");
    scene
        .run()
        .delivers_bytes(&[messages, vec![three]].concat())
        .silent()
        .exits(0);
}

#[test]
fn a_folder_is_opened_by_its_name() {
    let server = PopServer::builder()
        .speaking(Language::Pop1)
        .folder("old mail")
        .start();
    server.maildrop().add_named("a", "alpha.eml");
    server.folder("old mail").add_named("b", "beta.eml");
    let mut scene = Scene::with_server(&server)
        .key("keep", "false")
        .key("folder", "old mail");
    let beta = in_lump(&mail::named("beta.eml"));
    scene.run().delivers_bytes(&[beta]).silent().exits(0);
    assert_eq!(
        (server.maildrop().left(), server.folder("old mail").left()),
        (1, 0)
    );
}

#[test]
fn a_line_that_is_lost_costs_nothing() {
    let (server, messages) = with(6, Lump::Mbox);
    server.maildrop().spoil("m5", Fault::Cut(1));
    let mut scene = Scene::with_server(&server)
        .key("keep", "false")
        .key("retry", "1");
    scene.run().delivers_bytes(&messages).silent().exits(0);
    assert_eq!(server.maildrop().left(), 0);
    assert_eq!(server.logins(), 2);
}

#[test]
fn it_works_over_tls_and_through_a_tunnel() {
    let server = PopServer::builder()
        .speaking(Language::Pop1)
        .security(Security::Implicit(Certificate::Good))
        .start();
    server.maildrop().add_named("a", "alpha.eml");
    let alpha = in_lump(&mail::named("alpha.eml"));
    // The password is hidden by TLS, so that no way to log in need be named.
    Scene::with_server(&server)
        .run()
        .delivers_bytes(&[alpha])
        .silent()
        .exits(0);
    let (server, messages) = with(3, Lump::Mbox);
    let tunnel = format!("exec socat - TCP:127.0.0.1:{}", server.port());
    let mut scene = Scene::with_server(&server).key("tunnel", &tunnel);
    scene.run().delivers_bytes(&messages).silent().exits(0);
}

/// A scene in which a server says what a script says.
fn scripted(script: &str) -> Scene {
    Scene::new()
        .key("protocol", "pop1")
        .conversation_text(script)
}

#[test]
fn no_password_goes_over_an_open_line_unless_that_is_named() {
    let mut scene = scripted("S: +OK\nC: QUIT\nS: +OK\n").without_key("auth");
    let mut outcome = scene.run().exits(78);
    assert!(outcome
        .take_stderr()
        .contains("would send password or token in the clear"));
}

#[test]
fn a_probe_tells_the_greeting_and_asks_nothing() {
    let mut scene = scripted("S: +OK old.example.net\nC: QUIT\nS: +OK\n");
    let told = scene
        .run_with(&["probe", "--account", "work"])
        .exits(0)
        .take_stdout();
    assert!(told.contains("greeting:       old.example.net\n"), "{told}");
}

const LOGIN: &str = "S: +OK\nC: USER alice\nS: +OK\nC: PASS open-sesame\nS: +OK\n";
const BYE: &str = "C: QUIT\nS: +OK\n";
/// A message of 18 octets.
const SMALL: &str = "! raw Subject: a\\r\\n\\r\\nhi\\r\\n\n";

/// Scenes that keep so, and do not wait long.
fn keeping(keep: &'static str) -> impl Fn(&str) -> Scene {
    move |script| scripted(script).key("keep", keep).key("timeout", "1s")
}

#[test]
fn a_refusal_before_the_lump() {
    let user = |rest: &str| format!("S: +OK\nC: USER alice\n{rest}");
    let pass = |rest: &str| user("S: +OK\nC: PASS open-sesame\n") + rest;
    let retr = |rest: &str| LOGIN.to_owned() + "C: RETR alice\n" + rest;
    let cases: [Case; 14] = [
        (
            "out of service",
            "S: -ERR not today\n".into(),
            75,
            "greets with a refusal: \"not today\"",
        ),
        (
            "POP2",
            "S: + POP2 x\n".into(),
            76,
            "no POP1 server but looks like a POP2 server",
        ),
        (
            "neither",
            "S: hello\n".into(),
            76,
            "not the greeting of a POP1 server",
        ),
        (
            "no user",
            user("S: -ERR no such user\n") + BYE,
            77,
            "refused the login: \"no such user\"",
        ),
        (
            "a password",
            pass("S: -Error wrong\n") + BYE,
            77,
            "refused the login: \"wrong\"",
        ),
        ("a count", pass("S: #3\n"), 76, "not +OK or -ERR"),
        (
            "a folder",
            retr("S: -ERR no such folder\n") + BYE,
            69,
            "no such folder",
        ),
        (
            "a lock",
            retr("S: -ERR mailbox is locked\n") + BYE,
            75,
            "in use by another session",
        ),
        ("no count", retr("S: +OK\n"), 76, "not a count of octets"),
        (
            "no number",
            retr("S: #x\n"),
            76,
            "not a reply that begins with +, -, # or =",
        ),
        (
            "a cut",
            retr("! cut\n"),
            75,
            "hung up during the count of octets",
        ),
        ("nothing", retr("S: #0\nC: RSET\nS: +OK\n") + BYE, 0, ""),
        (
            "nothing, and -ERR",
            retr("S: #0\nC: RSET\nS: -ERR\n") + BYE,
            0,
            "",
        ),
        (
            "beyond belief",
            retr("S: #4294967297\nC: RSET\nS: +OK\n"),
            76,
            "not a count of octets that can be",
        ),
    ];
    each(&cases, keeping("true"), &[]);
}

#[test]
fn a_lump_that_is_not_whole() {
    let lump = |rest: &str| LOGIN.to_owned() + "C: RDEL alice\nS: #18\nC: RCEV\n" + rest;
    let cases: [Case; 4] = [
        (
            "-ERR",
            lump("S: -ERR gone\n! cut\n"),
            75,
            "hung up during a message",
        ),
        (
            "an octet too few",
            lump("! raw Subject: a\\r\\n\\r\\nhi\\r\n! cut\n"),
            75,
            "hung up during",
        ),
        (
            "silence",
            lump("! raw Subject: a\n! silence\n"),
            75,
            "waiting for the rest of a message",
        ),
        (
            "silence at once",
            lump("! silence\n"),
            75,
            "waiting for a message",
        ),
    ];
    each(&cases, keeping("false"), &[]);
}

#[test]
fn a_refusal_behind_the_lump() {
    let message = b"Subject: a\n\nhi\n".to_vec();
    let lump = |keyword: &str, rest: &str| {
        format!("{LOGIN}C: {keyword} alice\nS: #18\nC: RCEV\n{SMALL}{rest}")
    };
    let gone: [Case; 5] = [
        (
            "RCVD",
            lump("RDEL", "C: RCVD\nS: -ERR no\n") + BYE,
            75,
            "did not confirm the deletions: \"no\"",
        ),
        (
            "a count",
            lump("RDEL", "C: RCVD\nS: #1\n") + BYE,
            76,
            "not +OK or -ERR",
        ),
        (
            "a cut",
            lump("RDEL", "C: RCVD\n! cut\n"),
            75,
            "hung up during the answer to the end",
        ),
        (
            "QUIT",
            lump("RDEL", "C: RCVD\nS: +OK\nC: QUIT\nS: -ERR\n"),
            0,
            "",
        ),
        (
            "no goodbye",
            lump("RDEL", "C: RCVD\nS: +OK\nC: QUIT\n! cut\n"),
            0,
            "",
        ),
    ];
    each(&gone, keeping("false"), std::slice::from_ref(&message));
    let kept: [Case; 2] = [
        ("RCVD", lump("RETR", "C: RCVD\nS: -ERR no\n") + BYE, 0, ""),
        ("a cut", lump("RETR", "C: RCVD\n! cut\n"), 0, ""),
    ];
    each(&kept, keeping("true"), &[message]);
}
