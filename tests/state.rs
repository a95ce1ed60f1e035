//! `popget state`: what is remembered is shown, forgotten, marked, and carried to another machine.

mod told;

use std::fs;
use std::process::Stdio;
use std::sync::{Arc, Barrier};

use crate::support::scene::Scene;
use crate::support::server::{Moment, PopServer};

/// A digest, and another.
const ONE: &str = "000102030405060708090a0b0c0d0e0f";
const OTHER: &str = "ff0102030405060708090a0b0c0d0e0f";
const MEMORY: &str = ".local/state/popget/work.seen";

/// The text of a memory of this account.
fn memory(account: &str, lines: &str) -> Vec<u8> {
    format!("popget-seen 1\naccount {account} alice 127.0.0.1 0123456789ab\n{lines}").into_bytes()
}

fn remembering(lines: &str) -> Scene {
    Scene::new()
        .env("TZ", "UTC")
        .file(MEMORY, &memory("work", lines))
}

fn on_account(arguments: &[&str]) -> Vec<String> {
    let words = ["state"]
        .iter()
        .chain(arguments)
        .chain(&["--account", "work"]);
    words.map(|word| (*word).to_owned()).collect()
}

macro_rules! state {
    ($scene:expr, $($argument:expr),*) => {{
        let words = on_account(&[$($argument),*]);
        let words: Vec<&str> = words.iter().map(String::as_str).collect();
        $scene.run_with(&words)
    }};
}

#[test]
fn what_is_remembered_is_shown() {
    let lines = format!(
        "seen a%20b 5 86400 {ONE} 1\nseen c - 100000 - 1 100001\nseen - 7 90000 {OTHER} 1\n\
         fail d - 2\nlogin 100000 900\noffers 100000 none%20x PIPELINING\n\
         claim 3 e 5 9 {ONE} 1 - mda%00x\n"
    );
    let shown = "work: alice at 127.0.0.1: 3 seen, first 1970-01-02T00:00:00, last \
                 1970-01-02T03:46:40; 1 known by their bytes alone; 1 gone from the server; 1 that \
                 could not be had; 1 in doubt; last login 1970-01-02T03:46:40, the next not before \
                 900s later; the server offers PIPELINING\n";
    let mut scene = remembering(&lines);
    drop(
        state!(scene, "show")
            .prints_exactly(shown.as_bytes())
            .exits(0),
    );
    let uids = format!(
        "{shown}work\ta%20b\t5\t1970-01-02T00:00:00\t-\n\
         work\tc\t-\t1970-01-02T03:46:40\t1970-01-02T03:46:41\n\
         work\t{OTHER}\t7\t1970-01-02T01:00:00\t-\n"
    );
    drop(
        state!(scene, "show", "--uids")
            .prints_exactly(uids.as_bytes())
            .exits(0),
    );
    drop(
        state!(scene, "show", "-v")
            .prints_exactly(uids.as_bytes())
            .exits(0),
    );
    assert_eq!(
        fs::read(scene.path(MEMORY)).unwrap(),
        memory("work", &lines)
    );
}

#[test]
fn programs_are_shown_it_as_json() {
    let mut scene = remembering(&format!(
        "seen a 5 86400 {ONE} 1\nseen b - 86401 - 1 86402\n"
    ));
    let mut outcome = state!(scene, "show", "--uids", "--json");
    let printed = outcome.take_stdout();
    drop(outcome.exits(0));
    let lines = printed
        .lines()
        .map(|line| serde_json::from_str(line).unwrap());
    let lines: Vec<serde_json::Value> = lines.collect();
    assert_eq!(lines.len(), 3);
    let told = &lines[0];
    assert_eq!(told["event"], "state");
    for (name, value) in [
        ("account", "work"),
        ("user", "alice"),
        ("server", "127.0.0.1"),
    ] {
        assert_eq!(told[name], value);
    }
    for (name, value) in [
        ("uids", 2),
        ("digests", 0),
        ("gone", 1),
        ("in_doubt", 0),
        ("failing", 0),
    ] {
        assert_eq!(told[name], value, "{name}");
    }
    assert_eq!(told["oldest"], "1970-01-02T00:00:00Z");
    assert_eq!(told["newest"], "1970-01-02T00:00:01Z");
    assert_eq!(lines[1]["event"], "remembered");
    assert_eq!(lines[1]["uid"], "a");
    assert_eq!(lines[2]["gone"], "1970-01-02T00:00:02Z");
    assert!(lines[2]["size"].is_null());
}

#[test]
fn accounts_that_are_configured_no_more_are_there_too() {
    let mut scene = remembering("seen a 5 9 - 1\n").file(
        ".local/state/popget/old.seen",
        &memory("old", "seen b 5 9 - 1\n"),
    );
    let mut outcome = scene.run_with(&["state"]);
    let printed = outcome.take_stdout();
    drop(outcome.exits(0));
    assert!(
        printed.starts_with("old: alice") && printed.contains("\nwork: alice"),
        "{printed}"
    );
    // Not even a configuration that can be read is needed.
    let mut scene = scene.config("accounts: [");
    drop(
        scene
            .run_with(&["state", "show", "-a", "old"])
            .prints("old: alice")
            .exits(0),
    );
    drop(
        scene
            .run_with(&["state", "export", "-a", "old"])
            .prints("account old alice")
            .exits(0),
    );
    let forget = ["state", "forget", "-a", "old", "b"];
    drop(
        scene
            .run_with(&forget)
            .prints_exactly(b"old: 1 forgotten\n")
            .exits(0),
    );
    let outcome = scene.run_with(&["state", "show", "-a", "no"]);
    drop(
        outcome
            .says("popget: account no: nothing is remembered of it")
            .exits(65),
    );
    assert!(!scene.path(".local/state/popget/no.lock").exists());
    for bad in ["../x", "a/b", "..", ""] {
        let outcome = scene.run_with(&["state", "show", "-a", bad]);
        drop(outcome.says("an account's name").exits(64));
    }
}

#[test]
fn one_memory_that_is_damaged_hides_no_other() {
    let mut scene = remembering("seen a 5 9 - 1\n")
        .file(".local/state/popget/bad.seen", b"popget-seen 1\nwhat\n")
        .file(".local/state/popget/no name.seen", b"not ours");
    let outcome = scene.run_with(&["state"]).prints("work: alice");
    drop(
        outcome
            .says("popget: account bad: ")
            .says("bad.seen:2: this line is not understood")
            .says_lines(1)
            .exits(73),
    );
    // What cannot be carried whole is not carried at all.
    let outcome = scene.run_with(&["state", "export"]);
    drop(outcome.says("account bad: ").says_lines(1).exits(73));
}

#[test]
fn what_could_not_be_printed_is_told() {
    let mut scene =
        remembering("seen a 5 9 - 1\n").under(&["sh", "-c", "exec \"$0\" \"$@\" > /dev/full"]);
    for words in [
        &["state"][..],
        &["state", "export"],
        &["config"],
        &["config", "--schema"],
    ] {
        let outcome = scene
            .run_with(words)
            .says("cannot write to standard output");
        drop(outcome.says_lines(1).exits(74));
    }
}

#[test]
fn nothing_remembered_is_nothing_shown() {
    let mut scene = Scene::new();
    drop(scene.run_with(&["state"]).silent().exits(0));
    let empty = b"popget-export 1\nend 0\n";
    drop(
        scene
            .run_with(&["state", "export"])
            .prints_exactly(empty)
            .exits(0),
    );
    assert!(!scene.path(".local").exists());
}

#[test]
fn what_is_forgotten_is_fetched_again() {
    let server = PopServer::holding(3);
    let mut scene = Scene::with_server(&server);
    let all = ["alpha.eml", "beta.eml", "gamma.eml"];
    drop(scene.run().silent().delivers(all).exits(0));
    drop(
        state!(scene, "forget", "a", "c")
            .prints_exactly(b"work: 2 forgotten\n")
            .exits(0),
    );
    let twice = [
        "alpha.eml",
        "alpha.eml",
        "beta.eml",
        "gamma.eml",
        "gamma.eml",
    ];
    drop(
        scene
            .run()
            .silent()
            .delivers(twice)
            .remembers(["a", "b", "c"])
            .exits(0),
    );
    // From standard input, and what is unknown beside what is known.
    let mut scene = scene.stdin(b"b\r\nnobody\n\n");
    let outcome = state!(scene, "forget", "-").prints("work: 1 forgotten\n");
    let outcome = outcome.says("popget: account work: no message nobody is remembered");
    drop(outcome.says_lines(1).remembers(["a", "c"]).exits(65));
}

#[test]
fn uids_of_any_form_are_found() {
    let lines = format!(
        "seen a%20b 5 9 - 1\nseen 50%25 5 9 - 1\nseen %2D 5 9 - 1\nseen -x 5 9 - 1\n\
         seen - 5 9 {ONE} 1\nfail z - 2\n"
    );
    let mut scene = remembering(&lines);
    for uid in ["a b", "50%", "-x", ONE, "z"] {
        let words = ["state", "forget", "-a", "work", "--", uid];
        drop(scene.run_with(&words).prints("1 forgotten").exits(0));
    }
    let mut scene = scene.stdin(b"%2D\n");
    drop(state!(scene, "forget", "-").prints("1 forgotten").exits(0));
    drop(
        state!(scene, "show")
            .prints("work: alice at 127.0.0.1: 0 seen\n")
            .exits(0),
    );
}

#[test]
fn a_delivery_in_doubt_is_not_forgotten() {
    let lines = format!("seen a 5 9 - 1\nclaim 3 e 5 9 {ONE} 1 - mda%00x\n");
    let mut scene = remembering(&lines);
    let outcome = state!(scene, "forget", "e", "a").prints("1 forgotten");
    let outcome = outcome.says("an earlier run was stopped while it delivered e");
    drop(outcome.says("fetch this account first").exits(75));
    let text = String::from_utf8(fs::read(scene.path(MEMORY)).unwrap()).unwrap();
    assert!(
        text.contains("claim 3 e") && !text.contains("seen a"),
        "{text}"
    );
}

#[test]
fn all_that_is_there_is_marked_and_nothing_is_downloaded() {
    let server = PopServer::holding(3);
    server.maildrop().add_named("d", "plain.eml");
    let mut scene = Scene::with_server(&server)
        .remembers(["b"])
        .key("max_size", "1");
    let outcome = state!(scene, "mark", "--all");
    let outcome = outcome.prints_exactly(b"work: 3 marked as seen, 1 seen before\n");
    drop(
        outcome
            .delivers_nothing()
            .remembers(["a", "b", "c", "d"])
            .exits(0),
    );
    for command in ["RETR", "TOP", "DELE"] {
        assert!(server.commands(command).is_empty(), "{command}");
    }
    assert!(!scene.path("Mail").exists());
    server.maildrop().add_named("e", "dots.eml");
    let mut scene = scene.without_key("max_size");
    drop(scene.run().silent().delivers(["dots.eml"]).exits(0));
}

#[test]
fn a_maildrop_that_moved_is_marked() {
    let server = PopServer::start();
    for index in 0..6 {
        server
            .maildrop()
            .add(&format!("new{index}"), b"Subject: x\n\ny\n");
    }
    let old: Vec<String> = (0..6).map(|index| format!("old{index}")).collect();
    let old: Vec<&str> = old.iter().map(String::as_str).collect();
    let mut scene = Scene::with_server(&server).remembers(&old);
    drop(scene.run().says("all 6 UIDs are new").exits(78));
    drop(
        state!(scene, "mark", "--all")
            .prints("work: 6 marked as seen")
            .exits(0),
    );
    drop(scene.run().silent().delivers_nothing().exits(0));
}

#[test]
fn messages_that_share_a_uid_are_marked_together() {
    let server = PopServer::start();
    server
        .maildrop()
        .add_named("a", "alpha.eml")
        .add_named("a", "beta.eml")
        .add_named("b", "gamma.eml");
    let mut scene = Scene::with_server(&server);
    drop(
        state!(scene, "mark", "--all")
            .prints("work: 3 marked as seen")
            .exits(0),
    );
    drop(scene.run().silent().delivers_nothing().exits(0));
    assert!(server.commands("RETR").is_empty());
}

#[test]
fn what_would_be_deleted_unread_is_not_marked_lightly() {
    let server = PopServer::holding(3);
    for keep in ["false", "30d"] {
        let mut scene = Scene::with_server(&server).key("keep", keep);
        for words in [&["mark", "--all"][..], &["mark", "a"]] {
            let words = on_account(words);
            let words: Vec<&str> = words.iter().map(String::as_str).collect();
            let outcome = scene.run_with(&words);
            drop(outcome.says("though it was never fetched").exits(64));
        }
    }
    let mut scene = Scene::with_server(&server).key("keep", "false");
    drop(
        state!(scene, "mark", "--all", "--may-delete")
            .prints("3 marked")
            .exits(0),
    );
    assert_eq!(server.maildrop().left(), 3);
    drop(scene.run().silent().delivers_nothing().exits(0));
    assert_eq!(server.maildrop().left(), 0);
}

#[test]
fn without_uids_nothing_is_marked() {
    let server = PopServer::builder().without("UIDL").start();
    server.maildrop().add_named("a", "alpha.eml");
    let mut scene = Scene::with_server(&server);
    let outcome = state!(scene, "mark", "--all");
    drop(
        outcome
            .says("the server gives no UIDs")
            .says_lines(1)
            .exits(78),
    );
}

#[test]
fn single_messages_are_marked_without_a_call() {
    let server = PopServer::holding(3);
    let mut scene = Scene::with_server(&server);
    let marked = b"work: 2 marked as seen, 0 seen before\n";
    drop(
        state!(scene, "mark", "a", "b")
            .prints_exactly(marked)
            .exits(0),
    );
    assert_eq!(server.logins(), 0);
    drop(
        state!(scene, "mark", "a")
            .prints("0 marked as seen, 1 seen before")
            .exits(0),
    );
    drop(
        scene
            .run()
            .silent()
            .delivers(["gamma.eml"])
            .remembers(["a", "b", "c"])
            .exits(0),
    );
    drop(
        state!(scene, "mark", "a\u{7}b")
            .says("a\\x07b is no UID")
            .exits(64),
    );
}

#[test]
fn what_must_be_named_is_asked_for() {
    let mut scene = remembering("seen a 5 9 - 1\n");
    for (words, said) in [
        (
            &["state", "forget", "a"][..],
            "name the one account that is meant with --account",
        ),
        (
            &["state", "mark", "--all"],
            "name the one account that is meant with --account",
        ),
        (
            &["state", "mark", "a", "-a", "work,home"],
            "name the one account",
        ),
        (&["state", "forget", "-a", "work"], "UID"),
        (
            &["state", "mark", "-a", "work"],
            "or all of them by --all; see popget state mark --help",
        ),
        (
            &["state", "mark", "--all", "a", "-a", "work"],
            "cannot be used with",
        ),
    ] {
        drop(scene.run_with(words).says(said).says_lines(1).exits(64));
    }
}

/// The memory of a fetch, with all that a line can hold, carried.
fn carried(scene: &mut Scene) -> Vec<u8> {
    let mut outcome = scene.run_with(&["state", "export"]);
    let text = outcome.take_stdout();
    drop(outcome.exits(0));
    text.into_bytes()
}

#[test]
fn what_is_carried_comes_back_to_the_byte() {
    let server = PopServer::holding(3);
    let mut scene = Scene::with_server(&server);
    drop(
        scene
            .run()
            .silent()
            .delivers(["alpha.eml", "beta.eml", "gamma.eml"])
            .exits(0),
    );
    server.maildrop().remove("b");
    drop(
        scene
            .run()
            .silent()
            .delivers(["alpha.eml", "beta.eml", "gamma.eml"])
            .exits(0),
    );
    let lines =
        format!("seen - 7 9 {ONE} 2\nseen p-q - 4 - 1\nfail d - 2\npart p {OTHER} 8 maildir%00x\nlogin 7 900\ndoubt p-q\n");
    let mut scene = scene.file(".local/state/popget/old.seen", &memory("old", &lines));
    let text = carried(&mut scene);
    let shown = String::from_utf8(text.clone()).unwrap();
    assert!(
        shown.starts_with("popget-export 1\naccount old alice 127.0.0.1\nseen - 7 9"),
        "{shown}"
    );
    assert!(shown.ends_with("end 11\n"), "{shown}");
    for line in lines.lines() {
        assert!(shown.contains(&format!("\n{line}\n")), "{line}: {shown}");
    }

    let away = Scene::with_server(&server).stdin(&text);
    let mut away = away;
    let outcome = away.run_with(&["state", "import"]);
    let outcome = outcome.prints("old: 2 new, 0 seen earlier than known here, 0 known\n");
    drop(
        outcome
            .prints("work: 3 new")
            .remembers(["a", "b", "c"])
            .exits(0),
    );
    assert_eq!(carried(&mut away), text);
    // Once more, from a file, changes nothing.
    let mut away = away.file("carried", &text);
    let outcome = away.run_with(&["state", "import", "carried"]);
    drop(
        outcome
            .prints("work: 0 new, 0 seen earlier than known here, 3 known")
            .prints("old: 0 new")
            .exits(0),
    );
    assert_eq!(carried(&mut away), text);
    // And nothing is fetched twice.
    server.maildrop().add_named("d", "dots.eml");
    drop(away.run().silent().delivers(["dots.eml"]).exits(0));
}

#[test]
fn of_what_both_know_the_earlier_counts() {
    let text = format!(
        "popget-export 1\naccount work alice 127.0.0.1\nseen a 5 3 {ONE} 1\nseen b 5 9 - 1\n\
         seen c 5 9 - 1\nend 4\n"
    );
    let mine = format!("seen a 5 7 {ONE} 1\nseen b 5 7 - 1\nseen x 5 7 - 1\n");
    let mut scene = remembering(&mine).stdin(text.as_bytes());
    let told = "1 new, 1 seen earlier than known here, 1 known\n";
    let dry = format!("work: would take over: {told}");
    let before = fs::read(scene.path(MEMORY)).unwrap();
    let outcome = scene.run_with(&["state", "import", "-n"]);
    drop(outcome.prints_exactly(dry.as_bytes()).exits(0));
    assert_eq!(fs::read(scene.path(MEMORY)).unwrap(), before);
    let outcome = scene.run_with(&["state", "import"]);
    drop(
        outcome
            .prints_exactly(format!("work: {told}").as_bytes())
            .exits(0),
    );
    let after = String::from_utf8(fs::read(scene.path(MEMORY)).unwrap()).unwrap();
    let expected = format!("seen a 5 3 {ONE} 1\nseen b 5 7 - 1\nseen x 5 7 - 1\nseen c 5 9 - 1\n");
    assert!(
        after.ends_with(&expected) && after.contains(" 0123456789ab\n"),
        "{after}"
    );
}

#[test]
fn the_text_of_another_maildrop_is_refused_unless_that_is_meant() {
    let text =
        |whose: &str| format!("popget-export 1\naccount work {whose}\nseen a 5 3 - 1\nend 2\n");
    let foreign = text("bob pop.example.org");
    // By the memory; or by the configuration, where nothing is remembered.
    for mut scene in [remembering("seen b 5 7 - 1\n"), Scene::new()] {
        let before = fs::read(scene.path(MEMORY)).unwrap_or_default();
        scene = scene.stdin(foreign.as_bytes());
        let outcome = scene.run_with(&["state", "import"]);
        let said =
            "popget: account work: this is the memory of bob at pop.example.org, and work is \
                    alice at 127.0.0.1; if its UIDs mean the same messages, add --other-maildrop\n";
        drop(outcome.says_exactly(said).exits(78));
        assert_eq!(fs::read(scene.path(MEMORY)).unwrap_or_default(), before);
        let outcome = scene.run_with(&["state", "import", "--other-maildrop"]);
        drop(outcome.prints("work: 1 new").exits(0));
        let after = String::from_utf8(fs::read(scene.path(MEMORY)).unwrap()).unwrap();
        assert!(after.contains("\naccount work alice 127.0.0.1 "), "{after}");
    }
    // Where nobody knows better, the text does.
    let mut scene = Scene::new()
        .config("accounts: {}")
        .stdin(foreign.as_bytes());
    drop(
        scene
            .run_with(&["state", "import"])
            .prints("work: 1 new")
            .exits(0),
    );
}

#[test]
fn a_text_may_go_to_an_account_of_another_name() {
    let text = "popget-export 1\naccount old alice 127.0.0.1\nseen a 5 3 - 1\nend 2\n";
    let mut scene = Scene::new().stdin(text.as_bytes());
    drop(
        state!(scene, "import")
            .prints("work: 1 new")
            .remembers(["a"])
            .exits(0),
    );
    let two = text.replace("end 2", "account more alice h\nseen b 5 3 - 1\nend 4");
    let mut scene = Scene::new().stdin(two.as_bytes());
    drop(
        state!(scene, "import")
            .says("there is no account work in the text")
            .exits(64),
    );
    let outcome = scene.run_with(&["state", "import", "-a", "more"]);
    drop(
        outcome
            .prints_exactly(b"more: 1 new, 0 seen earlier than known here, 0 known\n")
            .exits(0),
    );
    assert!(!scene.path(".local/state/popget/old.seen").exists());
}

#[test]
fn a_text_that_is_none_changes_nothing() {
    let good = "popget-export 1\naccount work alice 127.0.0.1\nseen a 5 3 - 1\nend 2\n";
    for (text, said) in [
        (
            good.replace("end 2\n", ""),
            ":1: it is cut off: its last line, end, is missing",
        ),
        (
            good.replace("seen a 5 3", "seen a 5"),
            ":3: this line is not understood",
        ),
        (
            good.replace("end 2", "end 3"),
            ":4: lines are missing above its end",
        ),
        (
            good.replace("popget-export 1", "popget-seen 1"),
            ":1: this is no export of popget",
        ),
        (
            good.replace("account work", "account ../work"),
            "an account's name is made of letters",
        ),
        (String::new(), ":1: this is no export of popget"),
    ] {
        let mut scene = remembering("seen b 5 7 - 1\n").stdin(text.as_bytes());
        let before = fs::read(scene.path(MEMORY)).unwrap();
        let mut outcome = scene
            .run_with(&["state", "import"])
            .says(said)
            .says_lines(1);
        let status = outcome.take_status();
        assert!(matches!(status, Some(64 | 65)), "{status:?} {text}");
        assert_eq!(fs::read(scene.path(MEMORY)).unwrap(), before);
    }
    let outcome = Scene::new().run_with(&["state", "import", "no-such-file"]);
    drop(
        outcome
            .says("no-such-file")
            .says("cannot be read: no such file")
            .exits(65),
    );
}

#[test]
fn what_is_in_doubt_is_not_carried_and_said() {
    let lines = format!("seen a 5 9 - 1\nclaim 3 e 5 9 {ONE} 1 - mda%00x\n");
    let outcome = remembering(&lines).run_with(&["state", "export"]);
    let outcome = outcome.says("popget: account work: 1 in doubt not carried along");
    let text = b"popget-export 1\naccount work alice 127.0.0.1\nseen a 5 9 - 1\nend 2\n";
    drop(outcome.prints_exactly(text).exits(0));
}

#[test]
fn nobody_gets_into_the_way_of_a_run() {
    let server = PopServer::holding(3);
    let mut scene = Scene::with_server(&server);
    let asked = Arc::new(Barrier::new(2));
    let (here, there) = (Arc::clone(&asked), asked);
    server.hook(move |exchange| {
        if exchange.moment == Moment::Received && exchange.command == "STAT" {
            there.wait();
            there.wait();
        }
    });
    let text = "popget-export 1\naccount work alice 127.0.0.1\nseen z 5 3 - 1\nend 2\n";
    let directory = scene.path(".local/state/popget");
    let directory = directory.to_str().unwrap().to_owned();
    let begun = scene.start(&[]);
    here.wait();
    for words in [
        &["show"][..],
        &["forget", "a"],
        &["mark", "a"],
        &["mark", "--all"],
        &["export"],
        &["import"],
    ] {
        let mut other = Scene::with_server(&server)
            .args(&["--state-dir", &directory])
            .stdin(text.as_bytes());
        let words = on_account(words);
        let words: Vec<&str> = words.iter().map(String::as_str).collect();
        let outcome = other.run_with(&words);
        drop(
            outcome
                .says("another popget holds this account")
                .says_lines(1)
                .exits(75),
        );
    }
    here.wait();
    let outcome = begun
        .finish()
        .delivers(["alpha.eml", "beta.eml", "gamma.eml"]);
    drop(outcome.remembers(["a", "b", "c"]).exits(0));
}

/// Kills a command at each of its calls that alter files; afterwards the memory is as it was or as it
/// was to become, and the same command once more makes it so.
#[test]
fn killed_anywhere_nothing_is_lost() {
    let strace = std::process::Command::new("strace")
        .arg("-V")
        .stdout(Stdio::null())
        .status();
    assert!(
        strace.is_ok_and(|status| status.success()),
        "strace is not here"
    );
    let text = "popget-export 1\naccount work alice 127.0.0.1\nseen z 5 3 - 1\nend 2\n";
    let mut kills = 0;
    for (words, after) in [
        (&["forget", "a"][..], &["b"][..]),
        (&["mark", "c"], &["a", "b", "c"]),
        (&["import"], &["a", "b", "z"]),
    ] {
        for call in [
            "openat",
            "write",
            "fsync",
            "fdatasync",
            "rename",
            "unlink",
            "flock",
        ] {
            for nth in 1..60 {
                let mut scene =
                    remembering("seen a 5 9 - 1\nseen b 5 9 - 1\n").stdin(text.as_bytes());
                let inject = format!("inject={call}:signal=SIGKILL:when={nth}");
                scene.wraps(&["strace", "-f", "-o", "/dev/null", "-e", &inject]);
                let words = on_account(words);
                let words: Vec<&str> = words.iter().map(String::as_str).collect();
                let mut outcome = scene.run_with(&words).whatever();
                if outcome.take_status() == Some(0) {
                    break;
                }
                kills += 1;
                let text = fs::read_to_string(scene.path(MEMORY)).unwrap();
                let known = crate::support::memory::uids(&text);
                assert!(
                    known == ["a", "b"] || known == after,
                    "{words:?} {call} {nth}: {text}"
                );
                drop(outcome);
                scene.wraps(&[]);
                let mut again = scene.run_with(&words).whatever();
                let status = again.take_status();
                assert!(
                    matches!(status, Some(0 | 65)),
                    "{words:?} {call} {nth}: {status:?}"
                );
                drop(again.remembers(after));
                let left: Vec<_> = fs::read_dir(scene.path(".local/state/popget"))
                    .unwrap()
                    .collect();
                assert!(left.len() <= 2, "{left:?}");
            }
        }
    }
    assert!(kills > 60, "{kills}");
}
