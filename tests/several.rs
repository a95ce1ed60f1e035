//! Several destinations for one message: each gets it once, whatever the others do.

use std::fs;
use std::os::unix::fs::PermissionsExt;

use crate::support::mail;
use crate::support::scene::Scene;
use crate::support::server::{Answer, PopServer};

const ALPHA: &str = "alpha.eml";
const BETA: &str = "beta.eml";

fn with_mail(messages: &[&str]) -> PopServer {
    let server = PopServer::start();
    for name in messages {
        server.maildrop().add_named(name, name);
    }
    server
}

/// A scene with these destinations, a line of YAML each, that deletes what is delivered.
fn to(server: &PopServer, destinations: &[&str]) -> Scene {
    let list = destinations.iter().map(|one| format!("- {{{one}}}\n"));
    Scene::with_server(server)
        .key("keep", "false")
        .deliver(&list.collect::<String>())
}

/// A program that appends what it gets to a file, as YAML; it runs this before.
fn mda(file: &str, before: &str) -> String {
    format!("mda: '{before}; cat >> ~/{file}'")
}

/// A program that appends what it gets to a file, but refuses alpha with this as long as ~/refuse is
/// there.
fn picky(file: &str, status: u32) -> String {
    let case = format!("case $POPGET_UID in alpha*) cat > /dev/null; exit {status}");
    mda(file, &format!("test ! -e ~/refuse || {case};; esac"))
}

fn refuses(scene: &Scene) {
    fs::write(scene.path("refuse"), "").unwrap();
}

fn relents(scene: &Scene) {
    fs::remove_file(scene.path("refuse")).unwrap();
}

#[test]
fn a_message_goes_to_all_and_is_gone_when_all_have_it() {
    let server = with_mail(&[ALPHA, BETA]);
    let all = [
        "maildir: ~/Mail",
        "mbox: ~/mbox",
        &mda("got", ":"),
        "maildir: ~/Copy",
    ];
    let mut scene = to(&server, &all);
    let outcome = scene.run().silent().delivers([ALPHA, BETA]);
    let outcome = outcome.delivers_to("Copy", [ALPHA, BETA]);
    let outcome = outcome
        .mbox_holds("mbox", [ALPHA, BETA])
        .remembers([ALPHA, BETA]);
    let both = [mail::named(ALPHA), mail::named(BETA)].concat();
    assert_eq!(outcome.exits(0).file("got"), both);
    assert_eq!(server.maildrop().left(), 0);
}

#[test]
fn where_it_went_is_told_place_by_place() {
    let server = with_mail(&[ALPHA]);
    let mut scene = to(&server, &["mbox: ~/mbox", "maildir: ~/Mail"]);
    let mut outcome = scene.run_with(&["--json"]).delivers([ALPHA]).exits(0);
    let said = outcome.take_stdout();
    let home = scene.path("").display().to_string();
    let both = format!("\"destination\":\"{home}Mail, {home}mbox\"");
    assert!(said.contains(&both), "{said}");
}

#[test]
fn those_that_have_it_do_not_get_it_again_when_another_refuses() {
    let server = with_mail(&[ALPHA, BETA]);
    let all = ["maildir: ~/Mail", "mbox: ~/mbox", &picky("got", 65)];
    let mut scene = to(&server, &all);
    refuses(&scene);
    // And that holds however often it refuses.
    for _ in 0..3 {
        let outcome = scene.run().says("not delivered to").says("exit status 65");
        let outcome = outcome
            .delivers([ALPHA, BETA])
            .says_lines(1)
            .remembers([BETA]);
        assert_eq!(outcome.exits(65).file("got"), mail::named(BETA));
        assert_eq!(server.maildrop().uids(), [ALPHA]);
    }
    relents(&scene);
    let outcome = scene.run().silent().delivers([ALPHA, BETA]).exits(0);
    let outcome = outcome
        .mbox_holds("mbox", [ALPHA, BETA])
        .remembers([ALPHA, BETA]);
    let got = [mail::named(BETA), mail::named(ALPHA)].concat();
    assert_eq!(outcome.file("got"), got);
    assert_eq!(server.maildrop().left(), 0);
    let memory = fs::read_to_string(scene.path(".local/state/popget/work.seen")).unwrap();
    assert!(memory.contains("\ntook "), "{memory}");
}

#[test]
fn nor_does_a_program_that_took_it() {
    let server = with_mail(&[ALPHA, BETA]);
    let mut scene = to(
        &server,
        &[&mda("one", ":"), &picky("two", 75), &mda("three", ":")],
    );
    refuses(&scene);
    for _ in 0..2 {
        drop(scene.run().says("status 75").says_lines(1).exits(75));
    }
    relents(&scene);
    let outcome = scene.run().silent().exits(0);
    let [alpha, beta] = [ALPHA, BETA].map(mail::named);
    assert_eq!(outcome.file("one"), [&alpha[..], &beta].concat());
    assert_eq!(outcome.file("two"), [&beta[..], &alpha].concat());
    assert_eq!(outcome.file("three"), [&alpha[..], &beta].concat());
}

#[test]
fn all_that_refuse_it_are_named_and_the_gravest_decides() {
    let server = with_mail(&[ALPHA]);
    let words = |name: &str, status| format!("mda: [\"{{home}}/{name}\", \"{status}\"]");
    let all = [
        words("later", 75),
        words("never", 1),
        "maildir: ~/Mail".into(),
    ];
    let all: Vec<&str> = all.iter().map(String::as_str).collect();
    let script = b"#!/bin/sh\ncat > /dev/null\nexit $1\n";
    let mut scene = to(&server, &all)
        .file("later", script)
        .file("never", script);
    for name in ["later", "never"] {
        fs::set_permissions(scene.path(name), fs::Permissions::from_mode(0o755)).unwrap();
    }
    let path = |name| scene.path(name).display().to_string();
    let [later, never] = ["later", "never"].map(path);
    let not_to = |path: &str| format!("message alpha.eml: not delivered to {path}: the MDA ");
    let outcome = scene.run().says_lines(2).delivers([ALPHA]);
    let outcome = outcome.says(&(not_to(&later) + "wants the message later"));
    drop(outcome.says(&(not_to(&never) + "will not take")).exits(65));
}

#[test]
fn a_program_that_took_it_before_a_crash_does_not_get_it_again() {
    let server = with_mail(&[ALPHA]);
    let last = mda(
        "last",
        "test ! -e ~/refuse || { rm ~/refuse; kill -9 $PPID; }",
    );
    let mut scene = to(
        &server,
        &[&mda("a", ":"), &mda("b", ":"), &last, "maildir: ~/Mail"],
    );
    refuses(&scene);
    drop(scene.run().whatever());
    // Only of the one that was running nobody can tell.
    let outcome = scene.run().says("may come twice").says_lines(1);
    let outcome = outcome.delivers([ALPHA]).remembers([ALPHA]).exits(0);
    for name in ["a", "b"] {
        assert_eq!(outcome.file(name), mail::named(ALPHA), "{name}");
    }
    assert_eq!(server.maildrop().left(), 0);
}

#[test]
fn one_that_is_no_longer_wanted_keeps_nothing_back() {
    let server = with_mail(&[ALPHA]);
    let all = ["maildir: ~/Mail", &picky("got", 65), "mbox: ~/mbox"];
    let mut scene = to(&server, &all);
    refuses(&scene);
    drop(
        scene
            .run()
            .says("exit status 65")
            .delivers([ALPHA])
            .exits(65),
    );
    scene = scene.deliver("- maildir: ~/Mail\n- mbox: ~/mbox\n- maildir: ~/New");
    let outcome = scene
        .run()
        .silent()
        .delivers([ALPHA])
        .delivers_to("New", [ALPHA]);
    drop(
        outcome
            .mbox_holds("mbox", [ALPHA])
            .remembers([ALPHA])
            .exits(0),
    );
    assert_eq!(server.maildrop().left(), 0);

    // Nor if nothing is left to be done.
    let server = with_mail(&[BETA]);
    let mut scene = to(
        &server,
        &[
            "maildir: ~/Mail",
            "mda: 'cat > /dev/null; exit 1'",
            "mbox: ~/mbox",
        ],
    );
    drop(scene.run().says("exit status 1").delivers([BETA]).exits(65));
    scene = scene.deliver("- maildir: ~/Mail\n- mbox: ~/mbox");
    let outcome = scene
        .run_with(&["-v"])
        .says("delivered message beta.eml")
        .delivers([BETA]);
    drop(
        outcome
            .mbox_holds("mbox", [BETA])
            .remembers([BETA])
            .exits(0),
    );
    assert_eq!(server.maildrop().left(), 0);
}

#[test]
fn a_message_without_uid_is_known_by_its_bytes() {
    let server = with_mail(&[ALPHA, BETA]);
    server.answer("UIDL", Answer::Say("-ERR unknown command".into()));
    let refusing = "mda: 'test ! -e ~/refuse || { cat > /dev/null; exit 75; }; cat >> ~/got'";
    let mut scene = to(&server, &["maildir: ~/Mail", refusing]).key("keep", "true");
    refuses(&scene);
    for _ in 0..2 {
        drop(scene.run().says_lines(2).delivers([ALPHA, BETA]).exits(75));
    }
    relents(&scene);
    for _ in 0..2 {
        let outcome = scene.run().silent().delivers([ALPHA, BETA]).exits(0);
        assert_eq!(
            outcome.file("got"),
            [mail::named(ALPHA), mail::named(BETA)].concat()
        );
    }
}

#[test]
fn another_message_of_the_same_uid_goes_to_all() {
    let server = PopServer::start();
    server.maildrop().add("alpha", b"Subject: one\n\none\n");
    let mut scene = to(&server, &["maildir: ~/Mail", &picky("got", 65)]);
    refuses(&scene);
    drop(
        scene
            .run()
            .says("exit status 65")
            .delivers_bytes(&[b"Subject: one\n\none\n".to_vec()])
            .exits(65),
    );
    server.maildrop().remove("alpha");
    server.maildrop().add("alpha", b"Subject: two\n\ntwo\n");
    relents(&scene);
    let both = ["one", "two"].map(|text| format!("Subject: {text}\n\n{text}\n").into_bytes());
    let outcome = scene.run().silent().delivers_bytes(&both).exits(0);
    assert_eq!(outcome.file("got"), both[1]);
}

#[test]
fn of_two_that_are_the_same_both_arrive_everywhere() {
    let server = PopServer::start();
    for _ in 0..2 {
        server.maildrop().add("alpha", b"Subject: twin\n\ntwin\n");
    }
    let mut scene = to(
        &server,
        &["maildir: ~/Mail", "mbox: ~/mbox", &picky("got", 65)],
    );
    let twins = |count| vec![b"Subject: twin\n\ntwin\n".to_vec(); count];
    refuses(&scene);
    drop(scene.run().says("exit status 65").whatever());
    relents(&scene);
    drop(scene.run().whatever());
    let outcome = scene
        .run()
        .delivers_bytes(&twins(2))
        .mbox_holds_bytes("mbox", &twins(2));
    assert_eq!(outcome.whatever().file("got"), twins(2).concat());
    assert_eq!(server.maildrop().left(), 0);
}

#[test]
fn mistakes_in_the_list_are_found_where_they_stand() {
    let wrong = |deliver: &str, said: &str| {
        let mut scene = Scene::new().deliver(deliver);
        drop(scene.run().says(said).says_lines(1).exits(78));
    };
    let path = |rest: &str| format!("accounts.work.deliver{rest}");
    wrong("[]", &path(": the list is empty"));
    wrong(
        "- maildir: ~/a\n- maildri: ~/b",
        &path("[1].maildri: unknown key; did you mean maildir?"),
    );
    wrong(
        "- maildir: ~/a\n- maildir: ~/a",
        &path("[1]: this destination stands in the list twice"),
    );
    wrong(
        "- mbox: ~/a\n- {mbox: ~/a, format: mboxo}",
        &path("[1]: this destination stands"),
    );
    wrong(
        "- maildir: ~/a\n- {maildir: ~/b, lock: [fcntl]}",
        &path("[1].lock: it goes with"),
    );
    wrong(
        "- maildir: ~/a\n- ~/b",
        &path("[1]: this is a value, not the keys of a destination"),
    );
    wrong(
        "~/b",
        &path(": this is a value, not the keys of a destination"),
    );
    // With line and column.
    wrong(
        "- maildir: ~/a\n- {maildir: ~/b, lock: [fcntl]}",
        "popget.yaml:13:24: accounts",
    );
    wrong(
        "- maildir: ~/a\n- {maildir: ~/b, no: 1}",
        "popget.yaml:13:24: accounts",
    );
}
