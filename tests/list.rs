//! `popget list`: a line for each message, and nothing is marked as seen anywhere.

use std::sync::{Arc, Barrier};

use rustix::process::Signal;

use crate::support::dovecot::Dovecot;
use crate::support::mail;
use crate::support::phrases::{listing, LOGIN, QUIT};
use crate::support::scene::Scene;
use crate::support::server::{Moment, PopServer};
use crate::support::terminal::Terminal;

const LIST: [&str; 1] = ["list"];
/// Who writes the messages of tests/messages/.
const ANN: &str = "Ann <ann@example.org>";

/// A server with one message that has this head.
fn with_head(head: &[u8]) -> PopServer {
    let server = PopServer::start();
    server.maildrop().add("a", &[head, b"\n\nbody\n"].concat());
    server
}

#[test]
fn heads_are_looked_at_and_all_is_taken_back() {
    let top = "C: TOP 1 0\nS: +OK\nS: Subject: hello\nS: From: Bob <b@x.example>\n\
               S: Date: Fri, 21 Nov 1997 09:55:06 -0600\nS:\nS: .\n\
               C: TOP 2 0\nS: +OK\nS: X: y\nS:\nS: .\n";
    let script = LOGIN.to_owned() + &listing(&["a", "b"]) + top + "C: RSET\nS: +OK\n" + QUIT;
    Scene::new()
        .env("TZ", "UTC")
        .remembers(["b"])
        .conversation_text(&script)
        .run_with(&LIST)
        .prints_exactly(
            b"1\t200\tnew\ta\t1997-11-21T15:55:06\tBob <b@x.example>\thello\n\
              2\t200\tseen\tb\t-\t-\t-\n",
        )
        .remembers(["b"])
        .exits(0);
}

#[test]
fn dates_are_those_of_the_clock_on_the_wall() {
    let server = with_head(b"Date: Fri, 21 Nov 1997 09:55:06 -0600");
    Scene::with_server(&server)
        .env("TZ", "EST5")
        .run_with(&LIST)
        .prints("\t1997-11-21T10:55:06\t")
        .exits(0);
}

#[test]
fn a_server_that_shows_no_heads_is_no_trouble() {
    let refused = "C: TOP 1 0\nS: -ERR what\n";
    let script = LOGIN.to_owned() + &listing(&["a"]) + refused + "C: RSET\nS: +OK\n" + QUIT;
    Scene::new()
        .conversation_text(&script)
        .run_with(&LIST)
        .prints_exactly(b"1\t200\tnew\ta\t-\t-\t-\n")
        .exits(0);
    let server = PopServer::builder().without("TOP").without("UIDL").start();
    server.maildrop().add_named("a", "alpha.eml");
    let mut scene = Scene::with_server(&server);
    scene
        .run_with(&LIST)
        .prints_exactly(b"1\t91\tnew\t-\t-\t-\t-\n")
        .exits(0);
    assert!(server.commands("TOP").is_empty());
    // What has no UID is known by its bytes, and those are not looked at.
    drop(scene.run().delivers(["alpha.eml"]).exits(0));
    scene.run_with(&LIST).prints("\tmaybe\t-\t").exits(0);
}

#[test]
fn nothing_is_made_here_and_nothing_taken_there() {
    let server = PopServer::start();
    server
        .maildrop()
        .add_named("a", "alpha.eml")
        .add_named("b", "plain.eml");
    let mut scene = Scene::with_server(&server)
        .key("keep", "false")
        .key("max_size", "95");
    let mut outcome = scene.run_with(&LIST).exits(0).delivers_nothing();
    let printed = outcome.take_stdout();
    let states: Vec<_> = printed
        .lines()
        .map(|line| line.split('\t').nth(2))
        .collect();
    assert_eq!(states, [Some("new"), Some("large")], "{printed}");
    drop(outcome);
    assert!(!scene.path(".local").exists() && !scene.path("Mail").exists());
    assert_eq!(server.maildrop().uids(), ["a", "b"]);
    assert!(server.commands("RETR").is_empty() && server.commands("DELE").is_empty());
    assert_eq!(server.commands("RSET").len(), 1);
}

#[test]
fn encoded_words_are_read() {
    let server = with_head(
        b"Subject: =?iso-8859-1?Q?Gr=FC=DFe?= =?utf-8?B?IOKCrA==?=\nFrom: =?koi8-r?B?7cnS?= <m@x.example>",
    );
    Scene::with_server(&server)
        .run_with(&LIST)
        .prints("\tМир <m@x.example>\tGrüße €\n")
        .exits(0);
}

#[test]
fn no_head_can_touch_the_terminal_or_the_columns() {
    let evil = "\u{1b}[2J\u{202e}evil\ttab\r and";
    // ESC ] 0 ; x BEL, and a line end, behind the encoding.
    let coded = "=?utf-8?Q?=1B]0;x=07=0Anew_line?=";
    let server =
        with_head(format!("Subject: {evil} {coded}\nFrom: {evil}\nDate: {evil}").as_bytes());
    let mut outcome = Scene::with_server(&server).run_with(&LIST).exits(0);
    let printed = outcome.take_stdout();
    let harmful = |c: char| (c.is_control() && !"\n\t".contains(c)) || c == '\u{202e}';
    assert!(
        printed.contains("evil\\x09tab") && !printed.contains(harmful),
        "{printed:?}"
    );
    assert_eq!(
        (printed.lines().count(), printed.matches('\t').count()),
        (1, 6)
    );
    assert!(printed.contains("new line"), "{printed:?}");
}

#[test]
fn columns_line_up_on_a_terminal() {
    let server = PopServer::start();
    server
        .maildrop()
        .add(
            "short",
            "From: 日本 <j@x.example>\nSubject: one\n\n".as_bytes(),
        )
        .add(
            "a-longer-uid",
            b"From: Somebody With A Long Name <s@x.example>\nSubject: two\n\n",
        )
        .add("c", b"Subject: three\n\n");
    let (terminal, _scene) =
        Terminal::start(Scene::with_server(&server).env("TERM", "dumb"), &LIST);
    let shown = terminal.finish();
    assert_eq!(shown.status.code(), Some(0));
    let screen = shown.screen();
    assert_eq!(screen.len(), 3, "{screen:?}");
    // A Japanese letter takes two columns of the terminal.
    let column = |line: &str, part: &str| {
        let before = line.split(part).next().unwrap();
        before
            .chars()
            .map(|c| if c > '\u{3000}' { 2 } else { 1 })
            .sum::<usize>()
    };
    let columns = [
        column(&screen[0], "one"),
        column(&screen[1], "two"),
        column(&screen[2], "three"),
    ];
    assert_eq!(columns, [columns[0]; 3], "{screen:#?}");
    assert!(screen[0].contains("  44B  new    short  "), "{screen:#?}");
}

#[test]
fn a_row_takes_a_line_of_the_terminal_and_all_of_it_elsewhere() {
    let server = PopServer::start();
    // As long as those of Dovecot; a letter of the sender's name takes two columns.
    let uid = |n: usize| format!("{n:08x}65f8a3b2");
    let subject = "Minutes of the meeting, with all that was said and by whom";
    for n in 1..=3 {
        let head = format!(
            "Date: Mon, 23 Nov 2026 10:20:30 +0000\nFrom: \u{65e5}\u{672c}\u{8a9e} Somebody \
             <somebody@example.org>\nSubject: {subject}\n\n"
        );
        server.maildrop().add(&uid(n), head.as_bytes());
    }
    let mut scene = Scene::with_server(&server)
        .env("TERM", "dumb")
        .env("TZ", "UTC");
    for (columns, parts) in [
        (200, [&*uid(1), "2026-11-23T10:20:30", subject]),
        (80, [&uid(1), "  2026-11-23  ", "Minutes of "]),
        (40, [" new ", " 11-23 ", "Minutes "]),
    ] {
        let (terminal, same) = Terminal::start_within(columns, scene, &LIST);
        let shown = terminal.finish();
        assert_eq!(shown.status.code(), Some(0));
        let screen = shown.screen();
        assert_eq!(screen.len(), 3, "{screen:?}");
        for line in &screen {
            let wide = line.chars().filter(|letter| *letter > '\u{3000}').count();
            let width = line.chars().count() + wide;
            assert!(width < usize::from(columns), "{width}: {line}");
        }
        for part in parts {
            assert!(screen[0].contains(part), "{part} is not in {screen:#?}");
        }
        scene = same;
        scene.wraps(&[]);
    }
    let mut outcome = scene.run_with(&LIST).exits(0);
    let printed = outcome.take_stdout();
    let whole = |line: &str| line.contains("<somebody@example.org>") && line.ends_with(subject);
    assert!(printed.lines().all(whole), "{printed}");
}

#[test]
fn several_accounts_are_told_apart_by_the_first_column() {
    let server = PopServer::builder()
        .user("alice", "open-sesame")
        .user("bob", "open-sesame")
        .start();
    server.maildrop().add_named("a", "alpha.eml");
    server.maildrop_of("bob").add_named("b", "beta.eml");
    let config = "jobs: 1\naccounts:\n  one: {user: alice}\n  two: {user: bob}\ndefaults:\n  \
                  server: 127.0.0.1\n  port: {port}\n  tls: none\n  password_file: ~/password\n  \
                  auth: [user-pass]\n  deliver: {maildir: ~/Mail}\n";
    let mut scene = Scene::with_server(&server).config(config);
    scene
        .run_with(&LIST)
        .prints_exactly(
            format!("one\t1\t91\tnew\ta\t-\t{ANN}\talpha\ntwo\t1\t91\tnew\tb\t-\t{ANN}\tbeta\n")
                .as_bytes(),
        )
        .exits(0);
    scene
        .run_with(&["list", "-a", "two"])
        .prints_exactly(format!("1\t91\tnew\tb\t-\t{ANN}\tbeta\n").as_bytes())
        .exits(0);
}

#[test]
fn lines_come_as_the_server_tells_and_a_reader_may_leave() {
    let server = PopServer::start();
    for n in 0..500 {
        server.maildrop().add_named(&format!("u{n}"), "alpha.eml");
    }
    // No head after the first few is given before the first line was read.
    let scene = Scene::with_server(&server).key("pipeline", "4");
    let read = scene.path("read");
    let waits = read.clone();
    server.hook(move |exchange| {
        if exchange.moment == Moment::Received && exchange.command == "TOP 9 0" {
            while !waits.exists() {
                std::thread::sleep(std::time::Duration::from_millis(2));
            }
        }
    });
    let reader = format!(
        "\"$0\" \"$@\" | {{ head -n 1; touch '{}'; }}; echo \"${{PIPESTATUS[0]}}\"",
        read.display()
    );
    let mut scene = scene.under(&["bash", "-c", &reader]);
    scene
        .run_with(&LIST)
        .prints_exactly(format!("1\t91\tnew\tu0\t-\t{ANN}\talpha\n0\n").as_bytes())
        .exits(0);
    assert!(server.commands("TOP").len() < 100, "it went on for nobody");
    assert_eq!(server.commands("QUIT").len(), 1);
}

#[test]
fn a_signal_ends_it_properly() {
    let server = PopServer::start();
    for n in 0..20 {
        server.maildrop().add_named(&format!("u{n}"), "alpha.eml");
    }
    let mut scene = Scene::with_server(&server).key("pipeline", "off");
    let asked = Arc::new(Barrier::new(2));
    let (here, there) = (Arc::clone(&asked), asked);
    server.hook(move |exchange| {
        if exchange.moment == Moment::Received && exchange.command == "TOP 3 0" {
            there.wait();
            there.wait();
        }
    });
    let begun = scene.start(&LIST);
    here.wait();
    begun.program().signal(Signal::TERM);
    // The signal has been sent; popget's threads get a moment to hear of it.
    std::thread::sleep(std::time::Duration::from_millis(200));
    here.wait();
    let mut outcome = begun.finish().exits(143).says("stopped by a signal");
    assert_eq!(outcome.take_stdout().lines().count(), 3);
    assert_eq!(server.commands("QUIT").len(), 1);
}

#[test]
fn a_full_disk_is_told() {
    let server = with_head(b"Subject: x");
    for command in ["list", "check"] {
        let mut scene =
            Scene::with_server(&server).under(&["bash", "-c", "\"$0\" \"$@\" > /dev/full"]);
        scene
            .run_with(&[command])
            .says_exactly(
                "popget: cannot write to standard output: no space left on device; make room on \
                 the disk; nothing was lost, the next run goes on\n",
            )
            .exits(74);
    }
}

#[test]
fn a_maildrop_that_moved_can_be_looked_at() {
    let server = PopServer::start();
    for n in 0..6 {
        server
            .maildrop()
            .add_named(&format!("new-{n}"), "alpha.eml");
    }
    let known: Vec<String> = (0..6).map(|n| format!("old-{n}")).collect();
    let known: Vec<&str> = known.iter().map(String::as_str).collect();
    let mut scene = Scene::with_server(&server).remembers(&known);
    scene
        .run_with(&LIST)
        .says("the maildrop was moved")
        .exits(78);
    let mut outcome = scene.run_with(&["list", "--accept-new-uids"]).exits(0);
    assert_eq!(outcome.take_stdout().lines().count(), 6);
    outcome.remembers(&known);
}

#[test]
fn dovecot_is_listed_over_every_way() {
    let Some(mut dovecot) = Dovecot::start() else {
        return;
    };
    dovecot.put(
        "alice",
        &[mail::named("alpha.eml"), mail::named("mime.eml")],
    );
    for (port, tls) in [
        (dovecot.port(), "starttls"),
        (dovecot.port_tls(), "implicit"),
    ] {
        let mut scene = Scene::at_port(port).tls(tls);
        let mut outcome = scene.run_with(&LIST).exits(0);
        let printed = outcome.take_stdout();
        let rows: Vec<Vec<&str>> = printed
            .lines()
            .map(|line| line.split('\t').collect())
            .collect();
        assert_eq!(rows.len(), 2, "{printed}");
        assert_eq!((rows[0][2], rows[0][6]), ("new", "alpha"), "{printed}");
        assert_eq!(rows[0][3].len(), 16, "{printed}");
    }
    assert_eq!(dovecot.left("alice"), 2);
}
