//! POP2 (RFC 937): every message comes byte for byte and goes once it is delivered, and every reply
//! that the protocol has for an error means the right thing.

use std::fs;
use std::sync::{Arc, Mutex};

use crate::support::cases::{each, Case};
use crate::support::mail;
use crate::support::maildrop::Fault;
use crate::support::memory;
use crate::support::scene::Scene;
use crate::support::server::{Language, Moment, PopServer, Security};
use crate::support::tls::Certificate;

fn server() -> PopServer {
    PopServer::builder().speaking(Language::Pop2).start()
}

/// A server with so many messages, and what they are.
fn with(count: usize) -> (PopServer, Vec<Vec<u8>>) {
    let server = server();
    let messages = mail::many(count, 937);
    for (at, message) in messages.iter().enumerate() {
        server.maildrop().add(&format!("m{at}"), message);
    }
    (server, messages)
}

#[test]
fn fifty_mixed_messages_come_byte_for_byte_and_stay() {
    let (server, messages) = with(50);
    let mut scene = Scene::with_server(&server);
    scene.run().delivers_bytes(&messages).silent().exits(0);
    assert_eq!(server.maildrop().left(), 50);
    assert_eq!(server.commands("ACKS").len(), 50);
    assert!(server.commands("ACKD").is_empty());
    // They are downloaded to be compared, and none comes twice.
    scene.run().silent().exits(0);
    assert_eq!(server.commands("RETR").len(), 100);
}

#[test]
fn fifty_mixed_messages_go_once_they_are_delivered() {
    let (server, messages) = with(50);
    let mut scene = Scene::with_server(&server).key("keep", "false");
    scene.run().delivers_bytes(&messages).silent().exits(0);
    assert_eq!(server.maildrop().left(), 0);
    scene.run().silent().exits(0);
}

/// When a deletion is asked for, its message is where it belongs and remembered.
#[test]
fn no_deletion_is_asked_for_before_its_message_is_safe() {
    let (server, messages) = with(5);
    let mut scene = Scene::with_server(&server).key("keep", "false");
    let asked = Arc::new(Mutex::new(Vec::new()));
    let told = Arc::clone(&asked);
    let [mail, memory] = ["Mail/new", ".local/state/popget/work.seen"].map(|at| scene.path(at));
    server.hook(move |exchange| {
        if exchange.moment == Moment::Received && exchange.command == "ACKD" {
            let delivered = fs::read_dir(&mail).unwrap().count();
            let lines = memory::settled(&fs::read_to_string(&memory).unwrap());
            let seen = lines
                .iter()
                .filter(|line| line.starts_with("seen "))
                .count();
            told.lock().unwrap().push((delivered, seen));
        }
    });
    scene.run().delivers_bytes(&messages).silent().exits(0);
    let expected: Vec<_> = (1..=5).map(|n| (n, n)).collect();
    assert_eq!(*asked.lock().unwrap(), expected);
}

#[test]
fn a_session_may_be_ended_after_so_many() {
    let (server, messages) = with(5);
    let mut scene = Scene::with_server(&server)
        .key("keep", "false")
        .key("commit_every", "2");
    scene.run().delivers_bytes(&messages).silent().exits(0);
    assert_eq!((server.maildrop().left(), server.logins()), (0, 3));
    assert_eq!(server.commands("RETR").len(), 5);
}

#[test]
fn the_newest_may_come_first() {
    let (server, messages) = with(4);
    let mut scene = Scene::with_server(&server)
        .key("order", "newest")
        .key("limit", "2");
    scene.run().delivers_bytes(&messages[2..]).silent().exits(0);
    scene.run().delivers_bytes(&messages).silent().exits(0);
}

#[test]
fn the_dialogue_is_shown_without_the_password() {
    let script = login(0) + QUIT;
    let mut outcome = scripted(&script.replace("messages", "for open-sesame")).run_with(&["-vv"]);
    let shown = outcome.take_stderr();
    assert!(shown.contains("C: HELO alice ***"), "{shown}");
    assert!(shown.contains("S: #0 for ***"), "{shown}");
    outcome.exits(0);
}

/// A scene in which a server says what a script says.
fn scripted(script: &str) -> Scene {
    Scene::new()
        .key("protocol", "pop2")
        .conversation_text(script)
}

const QUIT: &str = "C: QUIT\nS: + bye\n";

/// From the greeting to a login that finds so many messages.
fn login(count: usize) -> String {
    format!("S: + POP2 old.example.net server\nC: HELO alice open-sesame\nS: #{count} messages\n")
}

/// The lengths of messages, asked for one by one.
fn lengths(lengths: &[usize]) -> String {
    let turn = |(at, length)| format!("C: READ {}\nS: ={length}\n", at + 1);
    lengths.iter().enumerate().map(turn).collect()
}

/// A message of 18 octets.
const SMALL: &str = "! raw Subject: a\\r\\n\\r\\nhi\\r\\n\n";

#[test]
fn the_whole_dialogue_goes_by_the_book() {
    Scene::new()
        .key("protocol", "pop2")
        .key("keep", "false")
        .key("folder", "old mail \\ more")
        .key("user", "ann lee")
        .file("password", b"pa ss\\")
        .conversation("pop2")
        .run()
        .delivers_bytes(&[
            b"Subject: a\n\nhi\n".to_vec(),
            b"Subject: b\n\nhey".to_vec(),
        ])
        .silent()
        .exits(0);
}

/// Nothing but octets is counted: neither dots nor line ends mean anything, and no line need end.
#[test]
fn counted_octets_are_not_stuffed_and_need_no_last_line_end() {
    let server = server();
    for (at, wire) in [
        &b".\r\n..\r\n.\r\n"[..],
        b"no end",
        b"a\rb\r",
        b"\n\n.\n",
        b"\0\xff\r\r\n",
    ]
    .iter()
    .enumerate()
    {
        server.maildrop().add_travelling(&format!("m{at}"), wire);
    }
    let expected: [&[u8]; 5] = [
        b".\n..\n.\n",
        b"no end",
        b"a\rb\r",
        b"\n\n.\n",
        b"\0\xff\r\n",
    ];
    Scene::with_server(&server)
        .run()
        .delivers_bytes(&expected.map(<[u8]>::to_vec))
        .silent()
        .exits(0);
}

#[test]
fn a_message_that_nobody_takes_is_refused_and_stays() {
    let (server, messages) = with(3);
    server.maildrop().add("bad", b"Subject: bad\n\nno\n");
    server.maildrop().add_named("z", "alpha.eml");
    let mda = "mda: \"cat > letter; if grep -q '^Subject: bad' letter; then exit 75; fi; \
               cp letter $(mktemp got/XXXXXX)\"";
    let mut scene = Scene::with_server(&server)
        .key("keep", "false")
        .deliver(mda)
        .file("got/x", b"");
    let mut outcome = scene.run().exits(75);
    assert!(outcome
        .take_stderr()
        .contains("the MDA wants the message later"));
    let got = fs::read_dir(scene.path("got")).unwrap().count();
    assert_eq!(got, messages.len() + 2);
    assert_eq!(server.maildrop().uids(), ["bad"]);
    assert_eq!(server.commands("NACK").len(), 1);
    assert_eq!(server.commands("ACKD").len(), 4);
}

#[test]
fn what_was_earned_goes_even_if_the_disk_is_full() {
    let (server, messages) = with(2);
    server.maildrop().add(
        "large",
        &[b"x".repeat(70).as_slice(), b"\n"].concat().repeat(1000),
    );
    let mut scene =
        Scene::with_server(&server)
            .key("keep", "false")
            .under(&["prlimit", "--fsize=40000", "--"]);
    let mut outcome = scene.run().exits(74).delivers_bytes(&messages);
    assert!(outcome.take_stderr().contains("file too large"));
    assert_eq!(server.maildrop().uids(), ["large"]);
    assert_eq!(server.commands("NACK").len(), 1);
}

#[test]
fn what_is_too_large_is_not_even_asked_for() {
    let server = server();
    server
        .maildrop()
        .add("large", &[b'x'; 2000])
        .add_named("a", "alpha.eml");
    let mut scene = Scene::with_server(&server).key("max_size", "1500");
    scene.run_with(&["-v"]).delivers(["alpha.eml"]).whatever();
    assert_eq!(server.commands("RETR").len(), 1);
}

#[test]
fn a_folder_is_selected_and_no_other_is_touched() {
    let server = PopServer::builder()
        .speaking(Language::Pop2)
        .folder("old mail")
        .start();
    server.maildrop().add_named("a", "alpha.eml");
    server.folder("old mail").add_named("b", "beta.eml");
    let mut scene = Scene::with_server(&server)
        .key("keep", "false")
        .key("folder", "old mail");
    scene.run().delivers(["beta.eml"]).silent().exits(0);
    assert_eq!(
        (server.maildrop().left(), server.folder("old mail").left()),
        (1, 0)
    );
    // One that is not there is an empty one.
    scene = scene.key("folder", "missing");
    scene.run().silent().exits(0);
}

#[test]
fn a_line_that_is_lost_costs_nothing() {
    let (server, messages) = with(6);
    server.maildrop().spoil("m4", Fault::Cut(1));
    let mut scene = Scene::with_server(&server)
        .key("keep", "false")
        .key("retry", "1");
    scene.run().delivers_bytes(&messages).silent().exits(0);
    assert_eq!(server.maildrop().left(), 0);
    assert_eq!(server.logins(), 2);
    // Without QUIT none went, so they were all looked at again.
    assert_eq!(server.commands("RETR").len(), 5 + 6);
}

/// A message that the server would rather end the session over blocks nobody.
#[test]
fn a_message_that_cannot_be_had_does_not_stop_the_others() {
    let (server, messages) = with(3);
    server.maildrop().spoil("m1", Fault::Refused);
    let mut scene = Scene::with_server(&server)
        .key("keep", "false")
        .key("retry", "3");
    let mut outcome = scene.run().exits(75);
    outcome = outcome.delivers_bytes(&[messages[0].clone(), messages[2].clone()]);
    assert!(outcome
        .take_stderr()
        .contains("the server does not give this message"));
    assert_eq!(server.maildrop().uids(), ["m1"]);
}

#[test]
fn it_works_over_tls_and_through_a_tunnel() {
    let server = PopServer::builder()
        .speaking(Language::Pop2)
        .security(Security::Implicit(Certificate::Good))
        .start();
    server.maildrop().add_named("a", "alpha.eml");
    // The password is hidden by TLS, so that no way to log in need be named.
    Scene::with_server(&server)
        .run()
        .delivers(["alpha.eml"])
        .silent()
        .exits(0);
    let (server, messages) = with(3);
    let tunnel = format!("exec socat - TCP:127.0.0.1:{}", server.port());
    Scene::with_server(&server)
        .key("tunnel", &tunnel)
        .run()
        .delivers_bytes(&messages)
        .silent()
        .exits(0);
}

#[test]
fn no_password_goes_over_an_open_line_unless_that_is_named() {
    let script = "S: + POP2 old.example.net server\nC: QUIT\nS: + bye\n";
    let mut scene = scripted(script).without_key("auth");
    let mut outcome = scene.run().exits(78);
    assert!(outcome
        .take_stderr()
        .contains("would send password or token in the clear"));
}

#[test]
fn it_is_rehearsed_counted_and_listed_without_a_trace() {
    let (server, messages) = with(3);
    let mut scene = Scene::with_server(&server).key("keep", "false");
    let told =
        |scene: &mut Scene, arguments: &[&str]| scene.run_with(arguments).exits(0).take_stdout();
    let waiting = told(&mut scene, &["check"]);
    assert_eq!(
        waiting,
        "work: 3 new (5.72 KiB), 0 seen; 3 in all (5.72 KiB)\n"
    );
    let listed = told(&mut scene, &["list"]);
    assert_eq!(
        listed,
        "1\t430\tnew\t-\t-\t-\t-\n2\t540\tnew\t-\t-\t-\t-\n3\t4888\tnew\t-\t-\t-\t-\n"
    );
    assert_eq!(
        server.commands("RETR").len(),
        0,
        "nothing is downloaded to be looked at"
    );
    let rehearsed = told(&mut scene, &["--dry-run"]);
    assert!(
        rehearsed.contains("would fetch 3 (5.72 KiB), delete 3; 0 seen"),
        "{rehearsed}"
    );
    assert_eq!(server.commands("NACK").len(), 3);
    scene.run().delivers_bytes(&messages).silent().exits(0);
    server.maildrop().add("again", &messages[0]);
    let rehearsed = told(&mut scene, &["--dry-run"]);
    assert!(
        rehearsed.contains("would fetch 0 (0 B), delete 1; 1 seen"),
        "{rehearsed}"
    );
    assert_eq!(server.maildrop().left(), 1);
}

#[test]
fn a_probe_tells_the_greeting_and_asks_nothing() {
    let script = "S: + POP2 old.example.net server\nC: QUIT\nS: + bye\n";
    let mut scene = scripted(script);
    let mut outcome = scene.run_with(&["probe", "--account", "work"]).exits(0);
    let told = outcome.take_stdout();
    assert!(told.contains("POP2 old.example.net server"), "{told}");
}

#[test]
fn a_refusal_before_there_is_a_message() {
    let greeted = |rest: &str| format!("S: + POP2 x\nC: HELO alice open-sesame\n{rest}");
    let (count, reply) = (
        "not a count of messages",
        "not a reply that begins with +, -, # or =",
    );
    let cases: [Case; 12] = [
        (
            "out of service",
            "S: - POP2 server disabled\n".into(),
            69,
            "POP2 server disabled",
        ),
        (
            "POP3",
            "S: +OK ready\n".into(),
            76,
            "looks like a POP3 server; leave protocol out",
        ),
        (
            "IMAP",
            "S: * OK ready\n".into(),
            76,
            "no POP2 server but looks like an IMAP server",
        ),
        (
            "neither",
            "S: + hello\n".into(),
            76,
            "not the greeting of a POP2 server",
        ),
        (
            "nobody",
            "! cut\n".into(),
            75,
            "hung up during the greeting",
        ),
        (
            "a password",
            greeted("S: - Bad login\nS: + Sayonara\n"),
            77,
            "refused the login",
        ),
        (
            "a lock",
            greeted("S: - mailbox is locked\n"),
            75,
            "in use by another session",
        ),
        ("no count", greeted("S: + hello\nC: QUIT\n"), 76, count),
        ("a length", greeted("S: =3\nC: QUIT\n"), 76, count),
        ("no reply", greeted("S: hello\nC: QUIT\n"), 76, reply),
        ("no number", greeted("S: #x\nC: QUIT\n"), 76, reply),
        (
            "a cut",
            greeted("! cut\n"),
            75,
            "hung up during the count of messages",
        ),
    ];
    each(&cases, scripted, &[]);
    let folder = |rest: &str| login(2) + "C: FOLD work\n" + rest;
    let cases: [Case; 3] = [
        (
            "a folder",
            folder("S: - Missing folder\n"),
            69,
            "Missing folder",
        ),
        ("no count", folder("S: + fine\nC: QUIT\n"), 76, count),
        (
            "a cut",
            folder("! cut\n"),
            75,
            "hung up during the count of messages",
        ),
    ];
    each(&cases, |script| scripted(script).key("folder", "work"), &[]);
}

#[test]
fn a_refusal_in_place_of_a_message() {
    let one = |rest: &str| login(1) + &lengths(&[18]) + "C: RETR\n" + rest;
    let read = |rest: &str| login(1) + "C: READ 1\n" + rest;
    let (length, dismissed) = (
        "not the length of a message",
        "refused and ended the session",
    );
    let vanished = login(2) + &lengths(&[18, 0]) + "C: READ 1\nS: =0\nC: QUIT\nS: + bye\n";
    let cases: [Case; 7] = [
        ("READ", read("S: - no such message\n"), 75, dismissed),
        ("a count", read("S: #1\nC: QUIT\n"), 76, length),
        (
            "a cut",
            read("! cut\n"),
            75,
            "hung up during the length of a message",
        ),
        ("RETR", one("S: - gone\n"), 75, "hung up during a message"),
        (
            "an octet too few",
            one("! raw Subject: a\\r\\n\\r\\nhi\\r\n! cut\n"),
            75,
            "hung up",
        ),
        (
            "silence",
            one("! raw Subject: a\n! silence\n"),
            75,
            "waiting for the rest of a message",
        ),
        ("nothing left", vanished, 75, "does not give this message"),
    ];
    each(&cases, |script| scripted(script).key("timeout", "1s"), &[]);
}

#[test]
fn a_refusal_behind_a_message() {
    let given = |rest: &str| login(1) + &lengths(&[18]) + "C: RETR\n" + SMALL + rest;
    let message = b"Subject: a\n\nhi\n".to_vec();
    let dismissed = "refused and ended the session";
    let kept: [Case; 5] = [
        ("ACKS", given("C: ACKS\nS: - no\n"), 75, dismissed),
        (
            "a count",
            given("C: ACKS\nS: #1\nC: QUIT\n"),
            76,
            "not the length of a message",
        ),
        (
            "an octet too many",
            given("! raw x\\r\\n\nC: QUIT\n"),
            76,
            "not silence until asked",
        ),
        ("QUIT", given("C: ACKS\nS: =0\nC: QUIT\nS: - busy\n"), 0, ""),
        ("a cut", given("C: ACKS\nS: =0\nC: QUIT\n! cut\n"), 0, ""),
    ];
    each(&kept, scripted, std::slice::from_ref(&message));
    let gone: [Case; 4] = [
        ("ACKD", given("C: ACKD\nS: - no\n"), 75, dismissed),
        (
            "QUIT",
            given("C: ACKD\nS: =0\nC: QUIT\nS: - busy\n"),
            75,
            "did not confirm the deletions",
        ),
        (
            "no goodbye",
            given("C: ACKD\nS: =0\nC: QUIT\nS: =2\n"),
            76,
            "not a goodbye",
        ),
        (
            "a cut",
            given("C: ACKD\nS: =0\nC: QUIT\n! cut\n"),
            75,
            "hung up during the goodbye",
        ),
    ];
    each(
        &gone,
        |script| scripted(script).key("keep", "false"),
        &[message],
    );
    let refuses = |scene: Scene| scene.deliver("mda: exit 75");
    let nack: [Case; 1] = [("NACK", given("C: NACK\nS: - no\n"), 75, "the MDA")];
    each(&nack, |script| refuses(scripted(script)), &[]);
}
