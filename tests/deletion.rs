//! What is deleted on the server, and when: after delivery, before QUIT, and never unread.

use std::time::Duration;

use crate::support::phrases::{dele, listing, retr, LOGIN, QUIT};
use crate::support::scene::Scene;
use crate::support::server::{Answer, Moment, PopServer};

const DAY: Duration = Duration::from_secs(24 * 3600);
const ALL: [&str; 2] = ["alpha.eml", "beta.eml"];

/// A server with two messages.
#[test]
fn mail_stays_unless_it_is_to_go() {
    for keep in [None, Some("true")] {
        let server = PopServer::holding(2);
        let scene = Scene::with_server(&server);
        let mut scene = match keep {
            Some(keep) => scene.key("keep", keep),
            None => scene,
        };
        scene.run().delivers(ALL).silent().exits(0);
        scene.run().silent().exits(0);
        assert_eq!(server.maildrop().left(), 2);
        assert_eq!(server.commands("DELE").len(), 0);
    }
}

#[test]
fn mail_goes_once_it_is_delivered() {
    let server = PopServer::holding(2);
    let mut scene = Scene::with_server(&server).key("keep", "false");
    scene.run().delivers(ALL).silent().exits(0);
    assert_eq!(server.maildrop().left(), 0);
}

#[test]
fn deletions_come_after_every_delivery_and_just_before_the_goodbye() {
    let script = LOGIN.to_owned() + &listing(&["a", "b"]);
    let script = script + &retr(1, "alpha.eml") + &retr(2, "beta.eml") + &dele(1) + &dele(2) + QUIT;
    Scene::new()
        .key("keep", "false")
        .conversation_text(&script)
        .run()
        .delivers(ALL)
        .remembers(["a", "b"])
        .silent()
        .exits(0);
}

#[test]
fn a_message_is_on_the_disk_and_in_the_memory_when_it_is_deleted() {
    let server = PopServer::holding(2);
    let mut scene = Scene::with_server(&server).key("keep", "false");
    let (new, memory) = (
        scene.path("Mail/new"),
        scene.path(".local/state/popget/work.seen"),
    );
    server.hook(move |exchange| {
        if exchange.moment == Moment::Received && exchange.command.starts_with("DELE") {
            assert_eq!(std::fs::read_dir(&new).unwrap().count(), 2);
            let text = std::fs::read_to_string(&memory).unwrap();
            assert!(text.lines().any(|line| line.starts_with("done ")), "{text}");
        }
    });
    scene.run().delivers(ALL).exits(0);
    assert_eq!(server.maildrop().left(), 0);
}

#[test]
fn flags_win_over_the_account() {
    for (keep, flag, left) in [
        ("true", "--delete", 0),
        ("false", "--keep", 2),
        ("30d", "--delete", 0),
    ] {
        let server = PopServer::holding(2);
        let mut scene = Scene::with_server(&server).key("keep", keep);
        scene.run_with(&[flag]).delivers(ALL).silent().exits(0);
        assert_eq!(server.maildrop().left(), left, "{keep} {flag}");
    }
}

#[test]
fn seen_mail_that_is_still_there_is_deleted_without_being_fetched() {
    let server = PopServer::holding(2);
    let mut scene = Scene::with_server(&server);
    scene.run().delivers(ALL).exits(0);
    scene.run_with(&["--delete"]).silent().exits(0);
    assert_eq!(server.maildrop().left(), 0);
    assert_eq!(server.commands("RETR").len(), 2);
}

#[test]
fn mail_kept_for_a_time_goes_when_that_is_over() {
    let server = PopServer::holding(2);
    server.maildrop().add_named("c", "gamma.eml");
    let mut scene = Scene::with_server(&server)
        .key("keep", "30d")
        .remembers_since(["a"], 31 * DAY)
        .remembers_since(["b"], 29 * DAY);
    scene.run().delivers(["gamma.eml"]).silent().exits(0);
    assert_eq!(server.maildrop().uids(), ["b", "c"]);
    assert_eq!(server.commands("RETR").len(), 1);
    scene.run_with(&["--keep"]).silent().exits(0);
    assert_eq!(server.maildrop().left(), 2);
}

#[test]
fn a_time_of_nothing_is_over_at_once() {
    let server = PopServer::holding(2);
    let mut scene = Scene::with_server(&server).key("keep", "0s");
    scene.run().delivers(ALL).silent().exits(0);
    assert_eq!(server.maildrop().left(), 0);
}

#[test]
fn what_was_taken_once_more_keeps_its_time() {
    let server = PopServer::holding(2);
    let mut scene = Scene::with_server(&server).key("keep", "30d");
    scene.run_with(&["--all"]).delivers(ALL).exits(0);
    let path = scene.path(".local/state/popget/work.seen");
    age(&path, 31 * DAY);
    scene
        .run_with(&["--all", "--keep"])
        .delivers(["alpha.eml", "alpha.eml", "beta.eml", "beta.eml"])
        .exits(0);
    scene.run().exits(0);
    assert_eq!(server.maildrop().left(), 0);
}

/// Makes everything in a memory so much older.
fn age(memory: &std::path::Path, by: Duration) {
    let text = std::fs::read_to_string(memory).unwrap();
    let older = |line: &str| {
        let mut words: Vec<String> = line.split(' ').map(str::to_owned).collect();
        let at = match words[0].as_str() {
            "seen" => 3,
            "claim" => 4,
            _ => return line.to_owned() + "\n",
        };
        let stored: u64 = words[at].parse().unwrap();
        words[at] = (stored - by.as_secs()).to_string();
        words.join(" ") + "\n"
    };
    let text: String = text.lines().map(older).collect();
    std::fs::write(memory, text).unwrap();
}

#[test]
fn a_goodbye_that_is_refused_leaves_the_deletion_to_the_next_run() {
    let server = PopServer::holding(2);
    server.answer(
        "QUIT",
        Answer::Say("-ERR [SYS/TEMP] not all removed".into()),
    );
    let mut scene = Scene::with_server(&server).key("keep", "false");
    scene
        .run()
        .delivers(ALL)
        .remembers(["a", "b"])
        .says("did not confirm the deletions")
        .says("not all removed")
        .says_lines(1)
        .exits(75);
    assert_eq!(server.maildrop().left(), 2);
    server.behave();
    scene.run().silent().exits(0);
    assert_eq!(server.maildrop().left(), 0);
    assert_eq!(server.commands("RETR").len(), 2);
}

#[test]
fn without_deletions_nobody_minds_how_the_server_says_goodbye() {
    for answer in [
        Answer::Say("-ERR bye then".into()),
        Answer::HangUp,
        Answer::ObeyAndHangUp,
    ] {
        let server = PopServer::holding(2);
        server.answer("QUIT", answer);
        Scene::with_server(&server)
            .run()
            .delivers(ALL)
            .silent()
            .exits(0);
    }
}

#[test]
fn a_goodbye_that_never_comes_is_not_waited_for_after_the_timeout() {
    let fetched = LOGIN.to_owned() + &listing(&["a"]) + &retr(1, "alpha.eml");
    let silence = "C: QUIT\n! silence\n";
    let mut scene = Scene::new()
        .key("timeout", "1s")
        .without_key("retry")
        .conversation_text(&(fetched + silence));
    scene.run().delivers(["alpha.eml"]).silent().exits(0);
    let deleted = LOGIN.to_owned() + &listing(&["a"]) + &dele(1) + silence;
    scene
        .conversation_text(&deleted)
        .run_with(&["--delete"])
        .says("no answer for 1s while waiting for the goodbye")
        .exits(75);
}

#[test]
fn a_line_cut_among_the_deletions_brings_nothing_twice() {
    for command in ["DELE 1", "DELE 2", "QUIT"] {
        for answer in [Answer::HangUp, Answer::ObeyAndHangUp] {
            let server = PopServer::holding(2);
            server.answer(command, answer);
            let mut scene = Scene::with_server(&server).key("keep", "false");
            scene
                .run()
                .delivers(ALL)
                .remembers(["a", "b"])
                .says("hung up")
                .says_lines(1)
                .exits(75);
            server.behave();
            scene.run().silent().exits(0);
            assert_eq!(server.maildrop().left(), 0);
            assert_eq!(server.commands("RETR").len(), 2);
        }
    }
}

#[test]
fn a_line_cut_at_the_goodbye_is_taken_up_again_in_the_same_run() {
    let deletes = LOGIN.to_owned() + &listing(&["a"]) + &dele(1);
    let first = LOGIN.to_owned() + &listing(&["a"]) + &retr(1, "alpha.eml") + &dele(1);
    let script = format!("{first}C: QUIT\n! cut\n! again\n{deletes}{QUIT}");
    Scene::new()
        .key("keep", "false")
        .key("retry", "1")
        .conversation_text(&script)
        .run()
        .delivers(["alpha.eml"])
        .silent()
        .exits(0);
}

#[test]
fn a_server_that_deletes_at_a_hang_up_loses_nobody_mail() {
    let server = PopServer::holding(2);
    server.answer("QUIT", Answer::ObeyAndHangUp);
    server.answer("RETR 2", Answer::ObeyAndHangUp);
    let mut scene = Scene::with_server(&server).key("keep", "false");
    scene
        .run()
        .delivers(["alpha.eml"])
        .says("hung up")
        .exits(75);
    // Nothing was marked for deletion yet when the line was cut.
    assert_eq!(server.commands("DELE").len(), 0);
    server.behave();
    scene.run().delivers(ALL).exits(0);
}

#[test]
fn a_deletion_that_is_refused_is_asked_for_again_in_the_next_run() {
    let server = PopServer::holding(2);
    server.answer("DELE 1", Answer::Say("-ERR read-only".into()));
    let mut scene = Scene::with_server(&server).key("keep", "false");
    scene
        .run()
        .delivers(ALL)
        .remembers(["a", "b"])
        .says("refused to delete 1 of the messages")
        .says_lines(1)
        .exits(0);
    assert_eq!(server.maildrop().uids(), ["a"]);
    server.behave();
    scene.run().silent().exits(0);
    assert_eq!(server.maildrop().left(), 0);
    assert_eq!(server.commands("RETR").len(), 2);
}

#[test]
fn a_message_that_could_not_be_delivered_is_not_deleted() {
    let server = PopServer::holding(2);
    Scene::with_server(&server)
        .key("keep", "false")
        .deliver("mda: 'cat >/dev/null; exit 70'")
        .run()
        .says("message a")
        .says("message b")
        .exits(65);
    assert_eq!(server.maildrop().left(), 2);
    assert_eq!(server.commands("DELE").len(), 0);
}
