//! Several accounts in one run, and signals that end it.

mod choice;
mod many;
mod signals;
mod twins;

use std::fmt::Write as _;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::Arc;
use std::time::{Duration, Instant};

use crate::support::maildrop::Fault;
use crate::support::scene::Scene;
use crate::support::server::{Answer, Moment, PopServer, PASSWORD};

/// A server that knows these users, and a configuration with an account for each of them, which
/// delivers to ~/Mail/NAME.
pub fn crowd(names: &[String]) -> (PopServer, String) {
    let mut server = PopServer::builder();
    let mut text = String::from(
        "defaults: {server: '127.0.0.1:{port}', tls: none, auth: user-pass, password_file: \
         ~/password, timeout: 20s, retry: 0}\naccounts:\n",
    );
    for name in names {
        server = server.user(name, PASSWORD);
        writeln!(
            text,
            "  {name}: {{user: {name}, deliver: {{maildir: ~/Mail/{name}}}}}"
        )
        .unwrap();
    }
    (server.start(), text)
}

pub fn names(count: usize) -> Vec<String> {
    (0..count).map(|number| format!("user{number}")).collect()
}

#[test]
fn fifty_accounts_are_fetched_in_one_run() {
    let names = names(50);
    let (server, text) = crowd(&names);
    let letter =
        |name: &str, number: usize| format!("Subject: {name} {number}\n\nhello\n").into_bytes();
    for name in &names {
        for number in 0..3 {
            let uid = format!("{name}-{number}");
            server.maildrop_of(name).add(&uid, &letter(name, number));
        }
    }
    let mut scene = Scene::with_server(&server).config(&text);
    let mut outcome = scene.run().silent().exits(0);
    for name in &names {
        let letters: Vec<_> = (0..3).map(|number| letter(name, number)).collect();
        outcome = outcome.delivers_bytes_to(&format!("Mail/{name}"), &letters);
    }
    drop(outcome);
    scene.run().silent().exits(0);
    assert_eq!(server.commands("RETR").len(), 150);
    assert_eq!(server.logins(), 100);
}

#[test]
fn no_more_accounts_at_a_time_than_jobs() {
    for (file, flag, most) in [
        ("", "--jobs=3", 3),
        ("jobs: 2\n", "-v", 2),
        ("jobs: 9\n", "-j1", 1),
        ("", "-v", 8),
    ] {
        let (server, text) = crowd(&names(12));
        let (now, peak) = (Arc::new(AtomicUsize::new(0)), Arc::new(AtomicUsize::new(0)));
        let highest = Arc::clone(&peak);
        server.hook(move |exchange| match (exchange.moment, exchange.command) {
            (Moment::Received, "STAT") => {
                let open = now.fetch_add(1, Ordering::SeqCst) + 1;
                highest.fetch_max(open, Ordering::SeqCst);
                std::thread::sleep(Duration::from_millis(150));
            }
            (Moment::Received, "QUIT") => drop(now.fetch_sub(1, Ordering::SeqCst)),
            _ => {}
        });
        let mut scene = Scene::with_server(&server).config(&(file.to_owned() + &text));
        let mut outcome = scene.run_with(&[flag]);
        outcome.take_stderr();
        outcome.exits(0);
        let peak = peak.load(Ordering::SeqCst);
        // They do run side by side, but how many meet is up to the machine.
        assert!(peak <= most && (peak > 1 || most == 1), "{flag}: {peak}");
    }
}

#[test]
fn one_accounts_trouble_touches_no_other() {
    let names = names(8);
    let (server, text) = crowd(&names);
    for name in &names {
        server.maildrop_of(name).add_named("a", "alpha.eml");
    }
    server.maildrop_of("user1").spoil("a", Fault::Refused);
    server.maildrop_of("user2").spoil("a", Fault::Cut(9));
    server.answer("USER user3", Answer::Say("what?".into()));
    server.answer("USER user4", Answer::HangUp);
    let text = text
        .replace("~/Mail/user5", "~/file/Mail")
        .replace("{user: user6,", "{user: nobody,")
        .replace("{user: user7,", "{user: user7, server: pop.invalid,");
    let mut scene = Scene::with_server(&server)
        .config(&text)
        .file("file", b"no folder");
    let mut outcome = scene.run();
    let said = outcome.take_stderr();
    for (name, words) in [
        (
            "user1 (127.0.0.1): retrieving message a: ",
            "the server does not give this message",
        ),
        ("user2 (127.0.0.1): retrieving", ""),
        (
            "user3 (127.0.0.1): login: ",
            "the server's reply is not a POP3 reply: \"what?\"",
        ),
        ("user4 (127.0.0.1): login: ", "the server "),
        ("user5 (127.0.0.1): preparing: ", "/file"),
        ("user6 (127.0.0.1): login: ", "the server refused the login"),
        (
            "user7 (pop.invalid): connecting: ",
            "host pop.invalid not found",
        ),
    ] {
        let lines: Vec<_> = said
            .lines()
            .filter(|line| line.starts_with(&format!("popget: {name}")))
            .collect();
        assert!(
            lines.len() == 1 && lines[0].contains(words),
            "{name}{words}\n{said}"
        );
    }
    assert!(!said.contains("user0"), "{said}");
    outcome.delivers_to("Mail/user0", ["alpha.eml"]).exits(77);
}

#[test]
fn a_slow_account_holds_up_no_other() {
    let names = names(4);
    let (server, text) = crowd(&names);
    for name in &names {
        server.maildrop_of(name).add_named("a", "alpha.eml");
    }
    // The first one waits until all the others are done; were it not so, this would never end.
    let watched = server.maildrop_of("user0");
    let others: Vec<_> = names[1..]
        .iter()
        .map(|name| server.maildrop_of(name))
        .collect();
    let begun = Instant::now();
    server.hook(move |exchange| {
        if exchange.moment == Moment::Received && exchange.command == "USER user0" {
            while others.iter().any(|maildrop| maildrop.left() > 0) {
                assert!(begun.elapsed() < Duration::from_secs(18), "the others wait");
                std::thread::sleep(Duration::from_millis(5));
            }
            assert_eq!(watched.left(), 1);
        }
    });
    let mut scene = Scene::with_server(&server).config(&text);
    let mut outcome = scene.run_with(&["--delete", "--jobs", "2"]).silent();
    for name in &names {
        outcome = outcome.delivers_to(&format!("Mail/{name}"), ["alpha.eml"]);
    }
    outcome.exits(0);
}

#[test]
fn accounts_may_share_a_destination() {
    let names = names(10);
    let (server, text) = crowd(&names);
    let letter = |name: &str| format!("Subject: {name}\n\nhello\n").into_bytes();
    for name in &names {
        server.maildrop_of(name).add("same-uid", &letter(name));
    }
    let all: Vec<_> = names.iter().map(|name| letter(name)).collect();
    let shared = names.iter().fold(text.clone(), |text, name| {
        text.replace(&format!("~/Mail/{name}}}"), "~/Mail}")
    });
    let mut scene = Scene::with_server(&server).config(&shared);
    scene.run().delivers_bytes(&all).silent().exits(0);
    let mboxes = names.iter().fold(text, |text, name| {
        text.replace(&format!("maildir: ~/Mail/{name}}}"), "mbox: ~/mbox}")
    });
    let mut scene = Scene::with_server(&server).config(&mboxes);
    let outcome = scene.run().silent().exits(0);
    let mut found = crate::support::mail::out_of_mboxrd(&outcome.file("mbox")).unwrap();
    found.sort();
    let mut expected = all;
    expected.sort();
    assert_eq!(found, expected);
}
