//! Gmail: it shows the oldest few hundred messages that were never retrieved in a session that ended
//! well, keeps nothing by its own account (EXPIRE 0), and wants five minutes between logins without
//! meaning it.

use std::time::Duration;

use super::{account, fill, later, more, per_session};
use crate::support::mail;
use crate::support::maildrop::{Fault, Habits, Shows};
use crate::support::scene::Scene;
use crate::support::server::{Answer, Moment, PopServer, PASSWORD};

const FIVE_MINUTES: Duration = Duration::from_secs(300);

/// Gmail, showing so many messages at a time.
fn gmail(slice: usize) -> PopServer {
    let server = PopServer::builder()
        .without("PIPELINING")
        .without("AUTH-RESP-CODE")
        .capability("EXPIRE 0")
        .capability("LOGIN-DELAY 300")
        .start();
    server.maildrop().habits(Habits {
        shows: Shows::Oldest(slice),
        hides_what_was_read: true,
        keeps_what_was_deleted: true,
        ..Habits::default()
    });
    server
}

#[test]
fn gmail_is_drained_slice_by_slice() {
    for keep in ["true", "false"] {
        let server = gmail(10);
        let all = fill(&server, 25);
        let mut scene = Scene::with_server(&server)
            .key("drain", "true")
            .key("keep", keep);
        let mut outcome = scene.run_with(&["--json"]).delivers_bytes(&all).exits(0);
        let account = account(&outcome.take_stdout());
        assert_eq!(account["new"], 25);
        assert_eq!(account["more"], false);
        assert_eq!(per_session(&server, "RETR"), [10, 10, 5, 0]);
        later(&scene, FIVE_MINUTES);
        scene.run().silent().exits(0);
        assert_eq!(per_session(&server, "RETR"), [10, 10, 5, 0, 0]);
    }
}

#[test]
fn that_gmail_keeps_nothing_by_its_own_account_is_said_once() {
    let server = gmail(2);
    let all = fill(&server, 5);
    let mut outcome = Scene::with_server(&server)
        .key("drain", "true")
        .run_with(&["-v"])
        .delivers_bytes(&all)
        .exits(0);
    let said = outcome.take_stderr();
    assert_eq!(said.matches("may delete what is downloaded").count(), 1);
    assert_eq!(said.matches("may show more now (drain)").count(), 3);
    assert!(said.contains("work: 5 new messages ("), "{said}");
}

#[test]
fn without_drain_each_run_takes_a_slice_and_none_looks_like_another_maildrop() {
    let server = gmail(10);
    let all = fill(&server, 25);
    let mut scene = Scene::with_server(&server);
    for taken in [10, 20, 25] {
        scene.run().delivers_bytes(&all[..taken]).silent().exits(0);
        later(&scene, FIVE_MINUTES);
    }
    scene.run().silent().exits(0);
    assert_eq!(server.logins(), 4);
}

#[test]
fn a_limit_ends_the_draining() {
    for (limit, sessions) in [("15", &[10, 5][..]), ("20", &[10, 10])] {
        let server = gmail(10);
        let all = fill(&server, 25);
        let taken: usize = limit.parse().unwrap();
        let mut scene = Scene::with_server(&server).key("drain", "true");
        let mut outcome = scene
            .run_with(&["--json", "--limit", limit])
            .delivers_bytes(&all[..taken])
            .exits(0);
        assert!(more(&outcome.take_stdout()));
        assert_eq!(per_session(&server, "RETR"), sessions);
        later(&scene, FIVE_MINUTES);
        scene.run().delivers_bytes(&all).silent().exits(0);
    }
}

#[test]
fn a_slice_that_never_ends_is_left_to_the_next_run() {
    let server = gmail(10);
    let maildrop = server.maildrop();
    server.hook(move |exchange| {
        if exchange.moment == Moment::Received && exchange.command.starts_with("USER") {
            let uid = format!("endless-{}", exchange.number);
            maildrop.add(&uid, format!("Subject: {uid}\n\n").as_bytes());
        }
    });
    let mut scene = Scene::with_server(&server)
        .key("drain", "true")
        .deliver("mbox: ~/mbox");
    let mut outcome = scene.run_with(&["--json"]).exits(0);
    let account = account(&outcome.take_stdout());
    assert_eq!((server.logins(), &account["new"]), (100, &100.into()));
    assert_eq!(account["more"], true);
}

#[test]
fn a_line_that_is_lost_in_the_middle_of_draining_brings_nothing_twice() {
    let server = gmail(10);
    let all = fill(&server, 25);
    server.maildrop().spoil("u14", Fault::Cut(1));
    Scene::with_server(&server)
        .key("drain", "true")
        .key("retry", "1")
        .run()
        .delivers_bytes(&all)
        .silent()
        .exits(0);
    // The three of the lost session are shown until they are retrieved in one that ends well.
    assert_eq!(per_session(&server, "RETR"), [10, 4, 7, 5, 3, 0]);
}

#[test]
fn what_sessions_that_were_cut_have_fetched_does_not_hide_the_rest_for_ever() {
    for keep in ["true", "false"] {
        let server = gmail(5);
        let all = fill(&server, 12);
        let mut scene = Scene::with_server(&server)
            .key("drain", "true")
            .key("limit", "5");
        // All that is shown is fetched, and the goodbye is lost: Gmail knows nothing of it.
        server.answer("QUIT", Answer::HangUp);
        scene.run().delivers_bytes(&all[..5]).silent().exits(0);
        server.behave();
        later(&scene, FIVE_MINUTES);
        let mut scene = scene.without_key("limit").key("keep", keep);
        let mut outcome = scene.run_with(&["--json"]).delivers_bytes(&all).exits(0);
        let account = account(&outcome.take_stdout());
        assert_eq!((&account["new"], &account["seen"]), (&7.into(), &5.into()));
        assert_eq!(per_session(&server, "RETR"), [5, 5, 5, 2, 0]);
    }
}

#[test]
fn a_message_that_is_not_given_is_asked_for_and_told_once_in_a_run() {
    let server = gmail(4);
    let all = fill(&server, 9);
    server.maildrop().spoil("u2", Fault::Refused);
    let others = [&all[..1], &all[2..]].concat();
    let mut scene = Scene::with_server(&server).key("drain", "true");
    scene
        .run()
        .delivers_bytes(&others)
        .says("message u2: the server does not give this message")
        .says_lines(1)
        .exits(75);
    let asked = |count| assert_eq!(server.commands("RETR").len(), count);
    asked(9);
    // Three runs of alarm, and then it is named in the summary only.
    for status in [75, 75, 0] {
        later(&scene, FIVE_MINUTES);
        let outcome = scene.run().exits(status);
        match status {
            0 => drop(outcome.silent()),
            _ => drop(outcome.says("message u2").says_lines(1)),
        }
    }
    asked(12);
}

#[test]
fn recent_shows_everybody_all_of_thirty_days_and_nothing_comes_twice() {
    let recent = "recent:alice@example.org";
    let server = PopServer::builder()
        .user(recent, PASSWORD)
        .user("alice@example.org", PASSWORD)
        .capability("EXPIRE 0")
        .start();
    server
        .maildrop_of("alice@example.org")
        .add_named("a", "alpha.eml");
    let all = fill(&server, 12);
    let mut scene = Scene::with_server(&server)
        .key("user", recent)
        .key("drain", "true");
    scene.run().delivers_bytes(&all).silent().exits(0);
    server.maildrop().remove("u1").remove("u2");
    server.maildrop().add_named("new", "beta.eml");
    let more = [&all[..], &[mail::named("beta.eml")]].concat();
    for _ in 0..2 {
        scene
            .run()
            .whatever()
            .delivers_bytes(&more)
            .silent()
            .exits(0);
    }
    assert_eq!(server.commands("RETR").len(), 13);
    // Without `recent:` it is another maildrop, with other things to be seen in it.
    let mut plain = scene.key("user", "alice@example.org");
    plain
        .run()
        .says(recent)
        .says("account name of its own")
        .says_lines(1)
        .exits(78);
}

#[test]
fn gmail_says_after_the_login_what_it_can_do() {
    Scene::new()
        .tls("implicit")
        .conversation("gmail-late")
        .run_with(&["list"])
        .prints("alpha")
        .exits(0);
}

#[test]
fn what_gmail_says_to_those_who_may_not_come_in_is_shown() {
    for (answer, status) in [
        ("[AUTH] Username and password not accepted.", 77),
        ("[AUTH] Application-specific password required: https://support.google.com/accounts/answer/185833", 77),
        ("[AUTH] Web login required: https://support.google.com/mail/answer/78754", 77),
        ("[ALERT] Please log in via your web browser: https://support.google.com/mail/answer/78754 (Failure)", 77),
        ("[SYS/PERM] Your account is not enabled for POP access. Please visit your Gmail settings page and enable your account for POP access.", 69),
        ("[SYS/TEMP] Temporary system problem. Please try again later.", 75),
        ("[IN-USE] Unable to lock maildrop: Mailbox is locked by POP server", 75),
    ] {
        let server = gmail(10);
        server.answer("PASS", Answer::Say(format!("-ERR {answer}")));
        Scene::with_server(&server)
            .run()
            .delivers_nothing()
            .says(&format!("\"{answer}\"; "))
            .says_lines(1)
            .exits(status);
        assert_eq!(server.commands("PASS").len(), 1, "once: {answer}");
    }
}
