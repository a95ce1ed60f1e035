//! Against the other POP servers that Debian has: Courier, Cyrus, GNU Mailutils, popa3d, solid-pop3d.
//!
//! The messages are those that every store takes and gives as they are, and for each server those
//! oddities that it, too, leaves alone. The others do not survive, and popget has no part in it:
//! Courier sends a complaint of its own for 8-bit text without MIME and does not stuff a dot that
//! begins a message; Cyrus refuses heads that are none; an mbox has no room for From_ lines;
//! Mailutils makes a head where there is none. What is added to all is known to `as_put`.

use std::fs;

use crate::support::mail;
use crate::support::others::{Kind, Manner, Other};
use crate::support::outcome::Outcome;
use crate::support::scene::Scene;

/// What a server besides takes and gives as it is.
fn oddities(kind: Kind) -> &'static [&'static str] {
    match kind {
        Kind::Courier => &[
            "from-lines.eml",
            "bare-cr.eml",
            "nul.eml",
            "no-header.eml",
            "headers-only.eml",
            "dots.eml",
            "ten-thousand-dots.eml",
            "one-line-at-a-buffer.eml",
        ],
        Kind::Cyrus => &[],
        Kind::Mailutils => &["dots.eml"],
        Kind::Popa3d | Kind::Solid => &["looks-like-pop3.eml", "dots.eml", "control-z.eml"],
    }
}

/// What comes first, and what comes later.
fn mail_for(kind: Kind) -> (Vec<Vec<u8>>, Vec<Vec<u8>>) {
    let friendly = mail::friendly().into_iter();
    let friendly = friendly.filter(|(name, message)| {
        // To a body of nothing Mailutils adds a line, when the message has been looked at.
        let grows = kind == Kind::Mailutils && message.ends_with(b"\n\n");
        let eight_bit = name.contains("cafe") && kind != Kind::Courier;
        !name.contains("from") && !eight_bit && !grows
    });
    let mut first: Vec<_> = friendly.map(|(_, message)| message).collect();
    let later = first.split_off(7);
    first.extend(messages(oddities(kind)));
    (first, later)
}

/// A way to connect, with the TLS that belongs to it.
#[derive(Clone, Copy, Debug)]
enum Way {
    Plain,
    Stls,
    Implicit,
}

const EVERY_WAY: [Way; 3] = [Way::Plain, Way::Stls, Way::Implicit];

/// A scene at this server.
fn scene_at(server: &Other, way: Way) -> Scene {
    match way {
        Way::Plain => Scene::at_port(server.port()),
        Way::Stls => Scene::at_port(server.port()).tls("starttls"),
        Way::Implicit => Scene::at_port(server.port_tls()).tls("implicit"),
    }
}

fn messages(names: &[&str]) -> Vec<Vec<u8>> {
    names.iter().map(|name| mail::named(name)).collect()
}

/// A message without what the server's own store adds to every one.
fn as_put(kind: Kind, given: &[u8]) -> Vec<u8> {
    let lines = given.split_inclusive(|&byte| byte == b'\n');
    match kind {
        Kind::Courier | Kind::Popa3d => given.to_vec(),
        // Its notes at the end of the head: the UID at once, the rest from the second visit on.
        Kind::Mailutils => lines
            .filter(|line| {
                let notes = ["X-UIDL: ", "X-IMAPbase: ", "X-UID: ", "Status: "];
                !notes.iter().any(|note| line.starts_with(note.as_bytes()))
            })
            .collect::<Vec<_>>()
            .concat(),
        // The blank line that an mbox has behind a message.
        Kind::Solid => given.strip_suffix(b"\n").unwrap_or(given).to_vec(),
        // The trace of its way by LMTP, before the head.
        Kind::Cyrus => lines
            .skip_while(|line| {
                [
                    "Return-Path:",
                    "Received:",
                    "X-Cyrus-Session-Id:",
                    "X-Sieve:",
                    " ",
                    "\t",
                ]
                .iter()
                .any(|start| line.starts_with(start.as_bytes()))
            })
            .collect::<Vec<_>>()
            .concat(),
    }
}

/// The Maildir holds these messages, but for what the store adds.
#[track_caller]
fn holds(scene: &Scene, kind: Kind, expected: &[Vec<u8>]) -> Vec<Vec<u8>> {
    let entries = fs::read_dir(scene.path("Mail/new")).unwrap();
    let given: Vec<_> = entries
        .map(|entry| fs::read(entry.unwrap().path()).unwrap())
        .collect();
    let shown = |messages: &[Vec<u8>]| {
        let mut shown: Vec<_> = messages
            .iter()
            .map(|message| message.escape_ascii().to_string())
            .collect();
        shown.sort();
        shown
    };
    let put: Vec<_> = given.iter().map(|message| as_put(kind, message)).collect();
    assert_eq!(shown(&put), shown(expected), "{kind:?}");
    given
}

/// Lets popget forget when it logged in last: Courier wants ten seconds between two logins, and does
/// not insist.
fn time_passes(scene: &Scene) {
    let memory = scene.path(".local/state/popget/work.seen");
    let text = fs::read_to_string(&memory).unwrap();
    let lines = text.split_inclusive('\n');
    let kept = lines.filter(|line| !line.starts_with("login "));
    fs::write(&memory, kept.collect::<String>()).unwrap();
}

/// Ends with 0 and in silence; which mail has come is for `holds`.
#[track_caller]
fn goes_well(mut outcome: Outcome) {
    let said = (outcome.take_status(), outcome.take_stderr());
    assert_eq!(said, (Some(0), String::new()));
    drop(outcome.whatever());
}

/// The whole life of an account at one server: fetch, nothing new, fetch more, delete; and the
/// wrong password.
fn lives_through(kind: Kind, ways: &[Way]) {
    let Some(mut server) = Other::start(kind) else {
        return;
    };
    let (first, later) = mail_for(kind);
    let all = [first.clone(), later.clone()].concat();
    if kind == Kind::Cyrus {
        // The maildrop is made by the first who comes.
        drop(scene_at(&server, Way::Plain).run().silent().exits(0));
    }
    for way in ways {
        let mut scene = scene_at(&server, *way).key("keep", "true");
        server.put(&first);
        goes_well(scene.run());
        holds(&scene, kind, &first);
        server.settles();
        time_passes(&scene);
        let again = scene.run_with(&["-vv"]).says("C: UIDL");
        drop(match kind {
            // Its marks change the sizes, so what is there must be read to be known.
            Kind::Mailutils => again.exits(0),
            _ => again.never_shows("C: RETR").exits(0),
        });
        holds(&scene, kind, &first);
        server.settles();
        server.put(&later);
        time_passes(&scene);
        goes_well(scene.run());
        let given = holds(&scene, kind, &all);
        if kind == Kind::Cyrus {
            let stored = server.stored();
            assert!(given.iter().all(|message| stored.contains(message)));
        }
        server.settles();
        time_passes(&scene);
        drop(scene.run_with(&["--delete"]).silent().exits(0));
        server.settles();
        assert_eq!(server.stat(), "+OK 0 0", "{way:?}");
        if kind != Kind::Cyrus {
            // Cyrus keeps the files of what was deleted for a while.
            assert_eq!(server.stored(), Vec::<Vec<u8>>::new());
        }
        holds(&scene, kind, &all);
    }
    refuses_the_wrong_password(&server, ways[ways.len() - 1]);
}

fn refuses_the_wrong_password(server: &Other, way: Way) {
    let mut scene = scene_at(server, way).file("password", b"wrong\n");
    let refused = scene.run().says("login: the server refused the login");
    drop(refused.says_lines(1).exits(77));
}

#[test]
fn courier_gives_everything_once_and_deletes_it() {
    lives_through(Kind::Courier, &EVERY_WAY);
}

#[test]
fn cyrus_gives_everything_once_and_deletes_it() {
    lives_through(Kind::Cyrus, &EVERY_WAY);
}

#[test]
fn mailutils_gives_everything_once_and_deletes_it() {
    lives_through(Kind::Mailutils, &EVERY_WAY);
}

#[test]
fn mailutils_gives_everything_and_deletes_it() {
    let Some(mut server) = Other::start(Kind::Mailutils) else {
        return;
    };
    let (first, later) = mail_for(Kind::Mailutils);
    let all = [first.clone(), later.clone()].concat();
    for way in EVERY_WAY {
        let mut scene = scene_at(&server, way).key("keep", "false");
        for (put, expected) in [(&first, &first), (&later, &all)] {
            server.put(put);
            goes_well(scene.run());
            holds(&scene, Kind::Mailutils, expected);
            server.settles();
            assert_eq!(server.stored(), Vec::<Vec<u8>>::new(), "{way:?}");
            assert_eq!(server.stat(), "+OK 0 0", "{way:?}");
            let again = scene.run_with(&["-vv"]).says("S: +OK 0 0");
            drop(again.never_shows("C: RETR").exits(0));
            server.settles();
        }
        refuses_the_wrong_password(&server, way);
    }
}

#[test]
fn popa3d_gives_everything_once_and_deletes_it() {
    lives_through(Kind::Popa3d, &[Way::Plain]);
}

#[test]
fn solid_pop3d_gives_everything_once_and_deletes_it() {
    lives_through(Kind::Solid, &[Way::Plain]);
}

/// Every one of these mechanisms gets in and fetches, over every way.
fn every_mechanism(kind: Kind, mechanisms: &[&str], ways: &[Way]) {
    let Some(mut server) = Other::start(kind) else {
        return;
    };
    if kind == Kind::Cyrus {
        drop(scene_at(&server, Way::Plain).run().silent().exits(0));
    }
    let message = messages(&["friendly/01-welcome.eml"]);
    server.put(&message);
    for auth in mechanisms {
        for way in ways {
            let scene = scene_at(&server, *way).key("auth", auth);
            let mut scene = scene.key("keep", "true");
            goes_well(scene.run());
            holds(&scene, kind, &message);
        }
        if kind == Kind::Courier && *auth != mechanisms[mechanisms.len() - 1] {
            // Whoever it refuses it keeps waiting for seconds; once is enough.
            continue;
        }
        let scene = scene_at(&server, ways[0]).key("auth", auth);
        let mut scene = scene.file("password", b"wrong\n");
        drop(scene.run().says("refused the login").exits(77));
    }
}

#[test]
fn cyrus_takes_every_mechanism() {
    let mechanisms = [
        "user-pass",
        "apop",
        "plain",
        "login",
        "cram-md5",
        "digest-md5",
        "scram-sha-1",
        "scram-sha-256",
    ];
    every_mechanism(Kind::Cyrus, &mechanisms, &EVERY_WAY);
}

#[test]
fn courier_takes_every_mechanism_in_the_clear() {
    let mechanisms = ["user-pass", "plain", "login", "cram-md5"];
    every_mechanism(Kind::Courier, &mechanisms, &[Way::Plain]);
}

#[test]
fn courier_takes_plain_and_login_over_tls() {
    let mechanisms = ["user-pass", "plain", "login"];
    every_mechanism(Kind::Courier, &mechanisms, &[Way::Stls, Way::Implicit]);
}

#[test]
fn courier_that_wants_tls_says_so() {
    let Some(server) = Other::start_as(Kind::Courier, Manner::TlsOnly) else {
        return;
    };
    let mut scene = scene_at(&server, Way::Plain);
    drop(scene.run().says("TLS required to log in.").exits(77));
    for way in [Way::Stls, Way::Implicit] {
        drop(scene_at(&server, way).run().silent().exits(0));
    }
}

#[test]
fn cyrus_that_wants_tls_says_so() {
    let Some(server) = Other::start_as(Kind::Cyrus, Manner::TlsOnly) else {
        return;
    };
    let mut scene = scene_at(&server, Way::Plain);
    drop(scene.run().says("refused the login").exits(77));
    for way in [Way::Stls, Way::Implicit] {
        drop(scene_at(&server, way).run().silent().exits(0));
    }
}

#[test]
fn cyrus_sends_away_who_comes_too_soon() {
    let Some(server) = Other::start_as(Kind::Cyrus, Manner::LoginDelay) else {
        return;
    };
    drop(scene_at(&server, Way::Plain).run().silent().exits(0));
    // Another client of the same user's, which does not remember the visit.
    let mut scene = scene_at(&server, Way::Plain);
    drop(scene.run().says("LOGIN-DELAY").exits(75));
}

#[test]
fn cyrus_is_reached_although_it_binds_otherwise() {
    let Some(server) = Other::start(Kind::Cyrus) else {
        return;
    };
    for way in [Way::Stls, Way::Implicit] {
        let mut scene = scene_at(&server, way).key("auth", "auto");
        drop(scene.run().silent().exits(0));
    }
}
