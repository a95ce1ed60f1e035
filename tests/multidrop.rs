//! One maildrop for many: each message comes to those whom its envelope names, once, and to nobody
//! else; what no route takes stays and is told.

use std::fs;

use crate::support::dovecot::Dovecot;
use crate::support::scene::Scene;
use crate::support::server::PopServer;

/// Five users, each with a Maildir.
const USERS: [&str; 5] = ["alice", "bob", "carol", "dave", "erin"];

/// Routes for them, by Delivered-To.
const FIVE: &str = "envelope: Delivered-To\ndomains: [example.org, example.net]\nroutes:\n  \
    alice@example.org: {maildir: ~/alice}\n  bob@example.org: {maildir: ~/bob}\n  \
    carol@example.org: {maildir: ~/carol}\n  dave: {maildir: ~/dave}\n  \
    erin: {maildir: ~/erin}\n";

/// A message with this field above it, a line or more.
fn message(field: &str, n: usize) -> Vec<u8> {
    let head = "To: alice@example.org\nCc: bob@example.org\n";
    format!("{field}\n{head}Subject: {n}\n\nmessage {n}\n").into_bytes()
}

fn to(address: &str, n: usize) -> Vec<u8> {
    message(&format!("Delivered-To: {address}"), n)
}

/// A scene that sorts by these keys, and deletes what is delivered.
fn sorting(server: &PopServer, keys: &str) -> Scene {
    let scene = Scene::with_server(server).key("keep", "false");
    scene.without_key("deliver").key("multidrop", keys)
}

fn with_mail(messages: &[Vec<u8>]) -> PopServer {
    let server = PopServer::start();
    for (n, message) in messages.iter().enumerate() {
        server.maildrop().add(&format!("m{n}"), message);
    }
    server
}

#[test]
fn each_message_comes_to_its_recipient_once() {
    let mail = [
        to("alice@example.org", 0),
        to("Bob@EXAMPLE.org", 1),
        to("<dave@example.net>", 2),
        to("\"erin\"@example.org", 3),
        to("carol@example.org", 4),
        to("alice@example.org", 5),
    ];
    let server = with_mail(&mail);
    let mut scene = sorting(&server, FIVE);
    let mut outcome = scene.run().silent().exits(0);
    for (user, mine) in [
        ("alice", vec![0, 5]),
        ("bob", vec![1]),
        ("carol", vec![4]),
        ("dave", vec![2]),
        ("erin", vec![3]),
    ] {
        let mine: Vec<_> = mine.into_iter().map(|n| mail[n].clone()).collect();
        outcome = outcome.delivers_bytes_to(user, &mine);
    }
    drop(outcome);
    assert_eq!(server.maildrop().left(), 0);
    drop(scene.run().silent().exits(0));
}

#[test]
fn one_message_to_several_comes_to_each_and_to_no_place_twice() {
    let keys = "envelope: X-Envelope-To\nroutes:\n  \
        alice@example.org: [{maildir: ~/alice}, {mbox: ~/archive}]\n  \
        al@example.org: {maildir: ~/alice}\n  \
        bob@example.org: [{maildir: ~/bob}, {mbox: ~/archive}]\n";
    let field = "X-Envelope-To: <alice@example.org>,\n bob@example.org\n\t, (also) al@example.org";
    let mail = [
        message(field, 0),
        message("X-Envelope-To: al@example.org", 1),
    ];
    let server = with_mail(&mail);
    let outcome = sorting(&server, keys).run().silent().exits(0);
    let outcome = outcome.delivers_bytes_to("alice", &mail);
    let outcome = outcome.delivers_bytes_to("bob", &mail[..1]);
    drop(outcome.mbox_holds_bytes("archive", &mail[..1]));
    assert_eq!(server.maildrop().left(), 0);
}

#[test]
fn what_no_route_takes_stays_and_is_told_and_never_guessed() {
    let mail = [
        to("nobody@example.org", 0),
        to("alice@example.org", 1),
        message("X-Mailer: none", 2), // To and Cc name some who have routes
        to("alice@example.com", 3),
        to("", 4),
    ];
    let server = with_mail(&mail);
    let mut scene = sorting(&server, FIVE);
    for _ in 0..5 {
        let outcome = scene.run().says_lines(4).remembers(["m1"]).exits(65);
        let outcome = outcome.says("message m0: no route of multidrop takes all its recipients: \"nobody@example.org\"; it stays");
        let outcome = outcome
            .says("message m2: it names no recipient where multidrop looks for them; it stays");
        let outcome = outcome.says(
            "message m3: no route of multidrop takes all its recipients: \"alice@example.com\"",
        );
        let outcome = outcome.says("message m4: it names no recipient");
        drop(outcome.delivers_bytes_to("alice", &mail[1..2]));
        assert_eq!(server.maildrop().uids(), ["m0", "m2", "m3", "m4"]);
    }
    // Somebody sees to it.
    scene = scene.key(
        "multidrop",
        &format!("{FIVE}unmatched: {{maildir: ~/lost}}"),
    );
    let rest: Vec<_> = [0, 2, 3, 4].map(|n: usize| mail[n].clone()).into();
    let outcome = scene
        .run()
        .silent()
        .exits(0)
        .delivers_bytes_to("lost", &rest);
    drop(outcome.delivers_bytes_to("alice", &mail[1..2]));
    assert_eq!(server.maildrop().left(), 0);
}

#[test]
fn who_has_a_route_gets_it_though_another_has_none() {
    let keys = |more: &str| {
        format!("envelope: Envelope-To\ndomains: example.org\nroutes:\n  alice: {{maildir: ~/alice}}\n  bob: {{mbox: ~/bob}}\n{more}")
    };
    let all = "Envelope-To: alice@example.org, eve@example.org, bob@example.org, x@other.example";
    let mail = [message(all, 0)];
    let server = with_mail(&mail);
    let mut scene = sorting(&server, &keys(""));
    for _ in 0..2 {
        let outcome = scene
            .run()
            .says("recipients: \"eve@example.org\"")
            .says_lines(1)
            .exits(65);
        let outcome = outcome.delivers_bytes_to("alice", &mail).remembers([]);
        drop(outcome.mbox_holds_bytes("bob", &mail));
    }
    scene = scene.key("multidrop", &keys("  eve: {maildir: ~/eve}\n"));
    let outcome = scene
        .run()
        .silent()
        .exits(0)
        .delivers_bytes_to("eve", &mail);
    let outcome = outcome.delivers_bytes_to("alice", &mail);
    drop(outcome.mbox_holds_bytes("bob", &mail).remembers(["m0"]));
    assert_eq!(server.maildrop().left(), 0);
}

#[test]
fn the_field_may_be_one_of_many_and_have_a_prefix() {
    let keys = "envelope: Delivered-To\nskip: 1\nstrip_prefix: mbox-customer-\nroutes:\n  alice: {maildir: ~/alice}\n  bob: {maildir: ~/bob}\n";
    let fields = |first: &str, second: &str| {
        message(
            &format!("Delivered-To: {first}\nX: y\nDELIVERED-TO:\n {second}\nDelivered-To: bob"),
            0,
        )
    };
    let mail = [fields("bob@here", "mbox-customer-alice@example.org")];
    let server = with_mail(&mail);
    let outcome = sorting(&server, keys).run().silent().exits(0);
    drop(
        outcome
            .delivers_bytes_to("alice", &mail)
            .delivers_bytes_to("bob", &[]),
    );
    // With too few of them nobody is named.
    let server = with_mail(&[to("alice@example.org", 0)]);
    drop(
        sorting(&server, keys)
            .run()
            .says("it names no recipient")
            .exits(65),
    );
}

#[test]
fn a_head_that_is_too_long_to_be_read_is_told_of() {
    let long = "X-Long: x\n".repeat(7000);
    let mail = [
        message(&format!("Delivered-To: alice@example.org\n{long}"), 0),
        to("bob@example.org", 1),
    ];
    let server = with_mail(&mail);
    let mut scene = sorting(&server, FIVE);
    let outcome = scene
        .run()
        .says("message m0: its head is longer than 64.00 KiB")
        .says_lines(1);
    drop(
        outcome
            .exits(65)
            .remembers(["m1"])
            .delivers_bytes_to("bob", &mail[1..]),
    );
    assert_eq!(server.maildrop().uids(), ["m0"]);
    // Where nothing hangs on it, it matters to nobody.
    let mut scene = Scene::with_server(&server);
    drop(scene.run().silent().exits(0).delivers_bytes(&mail[..1]));
}

#[test]
fn a_program_is_started_for_each_recipient() {
    let keys = "envelope: X-Envelope-To\nroutes:\n  \
        '*': {mda: 'cat > /dev/null; test ! -e ~/no-$RECIPIENT || exit 75; echo $SENDER $RECIPIENT >> ~/got'}\n";
    let field = "Return-Path: <s@z>\nX-Envelope-To: a@x, b@x, A@X, c@x";
    let server = with_mail(&[message(field, 0)]);
    let mut scene = sorting(&server, keys).file("no-b@x", b"");
    let outcome = scene
        .run()
        .says("the MDA wants the message later")
        .says_lines(1);
    assert_eq!(outcome.exits(75).file("got"), b"s@z a@x\ns@z c@x\n");
    fs::remove_file(scene.path("no-b@x")).unwrap();
    let outcome = scene.run().silent().exits(0);
    assert_eq!(outcome.file("got"), b"s@z a@x\ns@z c@x\ns@z b@x\n");
    assert_eq!(server.maildrop().left(), 0);
}

#[test]
fn a_crowd_of_recipients_is_told_of() {
    let keys = "envelope: X-Envelope-To\nroutes:\n  '*': {maildir: ~/all}\n";
    let all: Vec<String> = (0..101).map(|n| format!("u{n}@x")).collect();
    let mail = |count: usize| message(&format!("X-Envelope-To: {}", all[..count].join(",\n ")), 0);
    let server = with_mail(&[mail(100), mail(101)]);
    let outcome = sorting(&server, keys)
        .run()
        .says("message m1: it has 101 recipients");
    drop(outcome.exits(65).delivers_bytes_to("all", &[mail(100)]));
}

#[test]
fn mistakes_are_found_where_they_stand() {
    let wrong = |keys: &str, said: &str| {
        let mut scene = Scene::new().without_key("deliver").key("multidrop", keys);
        drop(
            scene
                .run()
                .says(&format!("accounts.work.multidrop{said}"))
                .says_lines(1)
                .exits(78),
        );
    };
    let alice = "envelope: X\nroutes:\n  alice@a.org: {maildir: ~/a}\n";
    wrong("envelope: X\n", ": the key routes is missing below it");
    wrong(
        "routes:\n  a: {maildir: ~/a}",
        ": the key envelope is missing below it",
    );
    wrong(
        "envelope: X\nroutes: {}",
        ".routes: there is no route in it",
    );
    wrong(
        "envelope: 'X:'\nroutes:\n  a: {maildir: ~/a}",
        ".envelope: \"X:\" is not the name of a header",
    );
    wrong(
        "envelope: X\nroutes:\n  '@a.org': {maildir: ~/a}",
        ".routes.@a.org: this is no address, nor *",
    );
    wrong(
        "envelope: X\nroutes:\n  a.b@c.d: {maildir: ~/a, lock: [fcntl]}",
        ".routes.a.b@c.d.lock: it goes with",
    );
    wrong(
        &format!("{alice}  ALICE@A.ORG: {{maildir: ~/b}}"),
        ".routes.ALICE@A.ORG: the same address stands here twice",
    );
    wrong(
        &format!("{alice}  alice@a.org: {{maildir: ~/b}}"),
        ".routes.alice@a.org: the key stands here twice",
    );
    wrong(
        &format!("{alice}domains: b.org"),
        ".routes.alice@a.org: its domain is none of domains",
    );
    wrong(
        &format!("{alice}domains: [a@b]"),
        ".domains: \"a@b\" is not a domain",
    );
    wrong(
        &format!("{alice}umatched: {{maildir: ~/b}}"),
        ".umatched: unknown key; did you mean unmatched?",
    );
    wrong(
        &format!("{alice}unmatched: []"),
        ".unmatched: the list is empty",
    );
    wrong(
        "envelope: X\nroutes:\n  a: {mbox: ~/a}\n  b: {mbox: ~/a, format: mboxo}",
        ".routes: two routes lead to the same place",
    );
    // A place of its own beside it; but one layer wins over the other.
    let mut scene = Scene::new().key("multidrop", alice);
    drop(
        scene
            .run()
            .says("accounts.work.multidrop: it has destinations of its own")
            .exits(78),
    );
}

#[test]
fn the_accounts_own_way_wins_over_what_it_starts_from() {
    let mail = [to("alice@example.org", 0)];
    let server = with_mail(&mail);
    let keys = "server: 127.0.0.1\n    port: {port}\n    tls: none\n    user: alice\n    auth: user-pass\n    password_file: ~/password\n";
    let sorts = "multidrop: {envelope: Delivered-To, routes: {alice: {maildir: ~/sorted}}}";
    let config = |base: &str, own: &str| {
        format!("defaults:\n  {base}\naccounts:\n  work:\n    {own}\n    {keys}")
    };
    let text = config(sorts, "deliver: {maildir: ~/Mail}");
    drop(
        Scene::with_server(&server)
            .config(&text)
            .run()
            .silent()
            .exits(0)
            .delivers_bytes(&mail),
    );
    let text = config("deliver: {maildir: ~/Mail}", sorts);
    let outcome = Scene::with_server(&server)
        .config(&text)
        .run()
        .silent()
        .exits(0);
    drop(outcome.delivers_bytes_to("sorted", &mail));
}

#[test]
fn two_hundred_messages_out_of_dovecot_come_each_to_its_user() {
    let Some(mut dovecot) = Dovecot::start() else {
        return;
    };
    // In no order that a program could fall into; every tenth besides is for nobody.
    let whose = |n: usize| USERS[(n + n / 3) % 5];
    let mail: Vec<_> = (0..200)
        .map(|n| to(&format!("{}@example.org", whose(n)), n))
        .collect();
    let lost: Vec<_> = (200..220)
        .map(|n| to(&format!("u{n}@example.org"), n))
        .collect();
    let mut all = mail.clone();
    for (n, message) in lost.iter().enumerate() {
        all.insert(n * 10, message.clone());
    }
    dovecot.put("alice", &all);
    let scene = Scene::at_port(dovecot.port()).without_key("deliver");
    let mut scene = scene.key("keep", "false").key("multidrop", FIVE);
    for _ in 0..2 {
        let mut outcome = scene.run().says_lines(lost.len()).exits(65);
        for n in 200..220 {
            outcome = outcome.says(&format!("recipients: \"u{n}@example.org\""));
        }
        for user in USERS {
            let mine = mail.iter().enumerate().filter(|(n, _)| whose(*n) == user);
            let mine: Vec<_> = mine.map(|(_, message)| message.clone()).collect();
            assert!(mine.len() >= 35, "{user} has too few");
            outcome = outcome.delivers_bytes_to(user, &mine);
        }
        drop(outcome);
        assert_eq!(dovecot.left("alice"), lost.len());
    }
}

#[test]
fn and_two_hundred_whose_envelopes_the_server_tells() {
    let keys = FIVE.replace("envelope: Delivered-To", "envelope: sdps");
    let server = PopServer::start();
    let maildrop = server.maildrop();
    let whose = |n: usize| USERS[(n + n / 3) % 5];
    // What the head says is of no account; every second message is to two, and so stands there twice.
    let mail: Vec<_> = (0..200).map(|n| to("nobody@example.org", n / 2)).collect();
    for (n, message) in mail.iter().enumerate() {
        let uid = format!("m{n}");
        maildrop.add(&uid, message);
        maildrop.posted(&uid, "s@example.com", &format!("{}@example.org", whose(n)));
    }
    maildrop.add("lost", &to("alice@example.org", 200));
    maildrop.posted("lost", "", "nobody@example.org");
    let mut scene = sorting(&server, &keys);
    for _ in 0..2 {
        let outcome = scene.run().says_lines(1).exits(65);
        let mut outcome = outcome.says(
            "message lost: no route of multidrop takes all its recipients: \"nobody@example.org\"",
        );
        for user in USERS {
            let mine = mail.iter().enumerate().filter(|(n, _)| whose(*n) == user);
            let mine: Vec<_> = mine.map(|(_, message)| message.clone()).collect();
            assert!(mine.len() >= 35, "{user} has too few");
            outcome = outcome.delivers_bytes_to(user, &mine);
        }
        drop(outcome);
        assert_eq!(maildrop.uids(), ["lost"]);
    }
}

#[test]
fn a_server_is_asked_for_envelopes_where_that_is_said_alone() {
    let wrong = |keys: &str, more: &str, said: &str| {
        let scene = Scene::new().without_key("deliver").key("multidrop", keys);
        let mut scene = if more.is_empty() {
            scene
        } else {
            scene.key("sdps", more)
        };
        drop(
            scene
                .run()
                .says(&format!("accounts.work.multidrop.{said}"))
                .exits(78),
        );
    };
    let alice = "envelope: sdps\nroutes:\n  alice: {maildir: ~/a}\n";
    wrong(
        alice,
        "false",
        "envelope: the server is not asked (sdps: false)",
    );
    wrong(
        &format!("{alice}skip: 1"),
        "",
        "skip: it goes with the name of a header only",
    );
}
