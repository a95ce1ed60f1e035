//! Weak lines and servers that forget deletions when one is lost: `commit_every` ends the session
//! now and then, so that what was done stays done.

use std::sync::atomic::{AtomicUsize, Ordering};

use super::{account, fill, more, per_session};
use crate::support::maildrop::{Fault, Habits, Shows};
use crate::support::scene::Scene;
use crate::support::server::{Answer, Moment, PopServer};

/// A server with so many messages and a scene that takes three at a time.
fn threes(count: usize) -> (PopServer, Scene, Vec<Vec<u8>>) {
    let server = PopServer::start();
    let all = fill(&server, count);
    let scene = Scene::with_server(&server).key("commit_every", "3");
    (server, scene, all)
}

#[test]
fn a_session_ends_after_so_many_messages() {
    let (server, scene, all) = threes(10);
    let mut scene = scene.key("keep", "false");
    let mut outcome = scene.run_with(&["--json"]).delivers_bytes(&all).exits(0);
    let account = account(&outcome.take_stdout());
    for (fact, count) in [("new", 10), ("deleted", 10), ("seen", 0), ("total", 10)] {
        assert_eq!(account[fact], count, "{fact}");
    }
    assert_eq!(account["more"], false);
    assert_eq!(per_session(&server, "RETR"), [3, 3, 3, 1]);
    assert_eq!(per_session(&server, "DELE"), [3, 3, 3, 1]);
    assert_eq!(server.maildrop().left(), 0);
}

#[test]
fn no_session_is_made_for_nothing() {
    for (count, sessions) in [(0, &[0][..]), (1, &[1]), (3, &[3]), (6, &[3, 3])] {
        let (server, mut scene, all) = threes(count);
        scene.run().delivers_bytes(&all).silent().exits(0);
        assert_eq!(per_session(&server, "RETR"), sessions);
        scene.run().silent().exits(0);
        assert_eq!(server.logins(), sessions.len() + 1);
    }
}

#[test]
fn what_was_committed_stays_done_when_the_line_is_lost() {
    let (server, scene, all) = threes(10);
    let mut scene = scene.key("keep", "false");
    server.maildrop().spoil("u8", Fault::Cut(1));
    scene
        .run()
        .delivers_bytes(&all[..7])
        .says("hung up")
        .exits(75);
    assert_eq!(server.maildrop().uids(), ["u7", "u8", "u9", "u10"]);
    scene.run().delivers_bytes(&all).silent().exits(0);
    assert_eq!(server.maildrop().left(), 0);
    assert_eq!(server.commands("RETR").len(), 11);
}

#[test]
fn each_portion_has_its_own_chances() {
    let (server, scene, all) = threes(9);
    for uid in ["u2", "u7"] {
        server.maildrop().spoil(uid, Fault::Cut(1));
    }
    let mut scene = scene.key("keep", "false").key("retry", "1");
    scene.run().delivers_bytes(&all).silent().exits(0);
    assert_eq!(server.maildrop().left(), 0);
    assert_eq!(per_session(&server, "RETR"), [2, 2, 3, 1, 3]);
}

#[test]
fn deletions_alone_are_work_as_well() {
    let (server, scene, all) = threes(8);
    let mut scene = scene.without_key("commit_every");
    scene.run().delivers_bytes(&all).silent().exits(0);
    let mut scene = scene.key("commit_every", "3");
    let mut outcome = scene.run_with(&["--delete", "--json"]).exits(0);
    let account = account(&outcome.take_stdout());
    assert_eq!(
        (&account["seen"], &account["deleted"]),
        (&8.into(), &8.into())
    );
    assert_eq!(per_session(&server, "DELE"), [0, 3, 3, 2]);
    assert_eq!(server.commands("RETR").len(), 8);
}

#[test]
fn a_message_that_cannot_be_had_is_told_once_though_its_number_changes() {
    let (server, scene, all) = threes(8);
    server.maildrop().spoil("u2", Fault::Refused);
    let others = [&all[..1], &all[2..]].concat();
    let mut scene = scene.key("keep", "false");
    scene
        .run()
        .delivers_bytes(&others)
        .says("message u2")
        .says_lines(1)
        .exits(75);
    assert_eq!(server.commands("RETR").len(), 8);
    assert_eq!(server.maildrop().uids(), ["u2"]);
}

#[test]
fn a_limit_holds_over_all_portions() {
    let (server, mut scene, all) = threes(10);
    let mut outcome = scene
        .run_with(&["--limit", "7", "--json"])
        .delivers_bytes(&all[..7])
        .exits(0);
    assert!(more(&outcome.take_stdout()));
    assert_eq!(per_session(&server, "RETR"), [3, 3, 1]);
}

#[test]
fn seen_messages_may_be_taken_in_portions_too() {
    let (server, mut scene, all) = threes(4);
    scene.run().delivers_bytes(&all).exits(0);
    let twice = [&all[..], &all].concat();
    scene
        .run_with(&["--all"])
        .delivers_bytes(&twice)
        .silent()
        .exits(0);
    assert_eq!(per_session(&server, "RETR"), [3, 1, 3, 1]);
}

#[test]
fn messages_without_uids_come_in_portions_only_if_they_go() {
    let server = PopServer::builder().without("UIDL").start();
    let all = fill(&server, 7);
    let mut scene = Scene::with_server(&server).key("commit_every", "3");
    scene.run().delivers_bytes(&all).silent().exits(0);
    // What stays would be compared in the next session once more.
    assert_eq!(per_session(&server, "RETR"), [7]);
    server.maildrop().add_named("h", "alpha.eml");
    let eight = [&all[..], &[crate::support::mail::named("alpha.eml")]].concat();
    let outcome = scene.run_with(&["--delete"]).delivers_bytes(&eight);
    let outcome = outcome.silent().exits(0);
    assert_eq!(per_session(&server, "RETR"), [7, 3, 3, 2]);
    assert_eq!(server.maildrop().left(), 0);
    // None was taken to be gone, and found to be back, on the way.
    let memory = outcome.file(".local/state/popget/work.seen");
    let memory = String::from_utf8(memory).unwrap();
    assert!(!memory.contains("\nback "), "{memory}");
}

#[test]
fn a_session_that_the_server_has_not_let_go_of_is_waited_for() {
    let (server, scene, all) = threes(6);
    let sessions = AtomicUsize::new(0);
    let busy = server.clone();
    server.hook(move |exchange| {
        // Before the goodbye is answered: behind it, the next session may come at once.
        let first = || sessions.fetch_add(1, Ordering::SeqCst) == 0;
        match exchange.moment {
            Moment::Received if exchange.command == "QUIT" && first() => {
                busy.answer("PASS", Answer::Say("-ERR [IN-USE] still at it".into()));
            }
            Moment::Answered if exchange.command.starts_with("PASS") => drop(busy.behave()),
            _ => {}
        }
    });
    let mut scene = scene.key("keep", "false").key("retry", "1");
    scene.run().delivers_bytes(&all).silent().exits(0);
    assert_eq!(server.commands("PASS").len(), 3);
    // The first login of a run is another matter: somebody else is there.
    let (server, _, _) = threes(1);
    server.answer("PASS", Answer::Say("-ERR [IN-USE] locked".into()));
    let mut scene = Scene::with_server(&server).key("retry", "2");
    scene.run().says("in use").exits(75);
    assert_eq!(server.commands("PASS").len(), 1);
}

#[test]
fn a_slice_may_be_taken_in_portions() {
    let server = PopServer::start();
    server.maildrop().habits(Habits {
        shows: Shows::Oldest(5),
        hides_what_was_read: true,
        ..Habits::default()
    });
    let all = fill(&server, 9);
    let mut scene = Scene::with_server(&server)
        .key("drain", "true")
        .key("commit_every", "2");
    scene.run().delivers_bytes(&all).silent().exits(0);
    assert_eq!(per_session(&server, "RETR").iter().sum::<usize>(), 9);
    assert!(per_session(&server, "RETR").iter().all(|count| *count <= 5));
}

#[test]
fn an_endless_maildrop_gets_no_more_sessions_than_its_first_listing_was_worth() {
    let (server, scene, _) = threes(7);
    let maildrop = server.maildrop();
    server.hook(move |exchange| {
        if exchange.moment == Moment::Received && exchange.command.starts_with("USER") {
            for n in 0..5 {
                let uid = format!("more-{}-{n}", exchange.number);
                maildrop.add(&uid, format!("Subject: {uid}\n\n").as_bytes());
            }
        }
    });
    scene.deliver("mbox: ~/mbox").run().silent().exits(0);
    // Twelve are listed at first: three times a session is ended for what is left of them.
    assert_eq!(server.logins(), 4);
}

/// A run of several sessions, killed at one moment of one of them, and the next run; tells whether
/// it was killed.
fn killed_at(moment: usize, habits: Habits, keep: &str) -> bool {
    let server = PopServer::builder().capability("EXPIRE 0").start();
    server.maildrop().habits(habits);
    let all = fill(&server, 5);
    let mut scene = Scene::with_server(&server)
        .key("drain", "true")
        .key("commit_every", "2")
        .key("keep", keep);
    let victim = scene.victim();
    server.hook(move |exchange| {
        if exchange.number == moment {
            victim.kill();
        }
    });
    let mut first = scene.run();
    server.unhook();
    let killed = first.take_status().is_none();
    drop(first.whatever());
    let said = format!("killed at moment {moment}, keep: {keep}");
    let mut outcome = scene.run().whatever().delivers_bytes(&all);
    if outcome.take_status() != Some(0) || !outcome.take_stderr().is_empty() {
        outcome.fail(&said);
    }
    drop(outcome);
    // Nothing is left to be done.
    let fetched = server.commands("RETR").len();
    scene.run().silent().exits(0);
    assert_eq!(server.commands("RETR").len(), fetched, "{said}");
    assert!(keep == "true" || habits.keeps_what_was_deleted || server.maildrop().left() == 0);
    killed
}

#[test]
fn killed_in_any_session_of_a_run_nothing_is_lost_and_nothing_comes_twice() {
    let gmail = Habits {
        shows: Shows::Oldest(3),
        hides_what_was_read: true,
        keeps_what_was_deleted: true,
        ..Habits::default()
    };
    let yahoo = Habits {
        shows: Shows::Newest(3),
        ..Habits::default()
    };
    for (habits, keep) in [(gmail, "true"), (yahoo, "false")] {
        // Now what comes and now what was answered: every third moment is enough.
        let moments = (1..).step_by(3);
        let kills = moments.take_while(|moment| killed_at(*moment, habits, keep));
        let kills = kills.count();
        assert!(kills > 15, "{kills} times only");
    }
}
