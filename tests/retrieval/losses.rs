//! Lines that are cut, servers that fall silent, and the time there is.

use std::io::{BufRead, BufReader, Write};
use std::net::TcpListener;
use std::time::{Duration, Instant};

use crate::support::maildrop::Fault;
use crate::support::phrases::{listing, retr, LOGIN, QUIT};
use crate::support::scene::Scene;
use crate::support::server::{Answer, PopServer};

/// A server with three messages.
#[test]
fn half_a_message_is_no_message() {
    let server = PopServer::holding(3);
    server.maildrop().spoil("b", Fault::Cut(1));
    let mut scene = Scene::with_server(&server).key("keep", "false");
    scene
        .run()
        .delivers(["alpha.eml"])
        .remembers(["a"])
        .says("hung up")
        .says_lines(1)
        .exits(75);
    scene
        .run()
        .delivers(["alpha.eml", "beta.eml", "gamma.eml"])
        .silent()
        .exits(0);
    assert_eq!(server.maildrop().left(), 0);
    assert_eq!(server.commands("RETR").len(), 2 + 2);
}

#[test]
fn each_address_of_a_server_is_tried() {
    // On most machines the first address of localhost is ::1, where nobody listens.
    let server = PopServer::holding(3);
    Scene::with_server(&server)
        .key("server", "localhost")
        .run()
        .delivers(["alpha.eml", "beta.eml", "gamma.eml"])
        .silent()
        .exits(0);
}

#[test]
fn a_server_that_is_not_there_is_told() {
    let port = {
        let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        listener.local_addr().unwrap().port()
    };
    Scene::at_port(port)
        .without_key("retry")
        .run()
        .says("connecting: cannot connect to 127.0.0.1")
        .says_lines(1)
        .exits(69);
}

#[test]
fn a_message_cut_before_its_dot_is_no_message() {
    for end in ["", "! raw .\n", "! raw .\\r\n", "S: .x\n"] {
        for how in ["cut", "reset"] {
            let script = LOGIN.to_owned() + &listing(&["a"]);
            let script = script + &format!("C: RETR 1\nS: +OK\nS< alpha.eml\n{end}! {how}\n");
            Scene::new()
                .conversation_text(&script)
                .run()
                .delivers_nothing()
                .remembers([])
                .says("message")
                .exits(75);
        }
    }
}

#[test]
fn a_server_that_closes_instead_of_answering_is_tried_later() {
    for command in ["USER", "PASS", "STAT", "UIDL", "LIST", "RETR"] {
        let server = PopServer::holding(3);
        server.answer(command, Answer::HangUp);
        Scene::with_server(&server)
            .run()
            .delivers_nothing()
            .says("hung up")
            .says_lines(1)
            .exits(75);
    }
}

#[test]
fn a_lost_line_is_taken_up_again_and_nothing_is_fetched_twice() {
    let server = PopServer::holding(3);
    server
        .maildrop()
        .spoil("b", Fault::Cut(1))
        .spoil("c", Fault::Cut(1));
    Scene::with_server(&server)
        .key("retry", "2")
        .key("keep", "false")
        .run()
        .delivers(["alpha.eml", "beta.eml", "gamma.eml"])
        .remembers(["a", "b", "c"])
        .silent()
        .exits(0);
    assert_eq!(server.logins(), 3);
    assert_eq!(server.commands("RETR").len(), 1 + 2 + 2);
    assert_eq!(server.maildrop().left(), 0);
}

#[test]
fn a_line_is_taken_up_again_as_often_as_retry_says() {
    for retry in ["0", "1", "3"] {
        let server = PopServer::holding(3);
        server.answer("STAT", Answer::HangUp);
        Scene::with_server(&server)
            .key("retry", retry)
            .run()
            .says_lines(1)
            .exits(75);
        assert_eq!(
            server.logins().to_string(),
            (retry.parse::<u32>().unwrap() + 1).to_string()
        );
    }
}

#[test]
fn it_is_taken_up_again_twice_unless_told_otherwise() {
    let server = PopServer::holding(3);
    server.answer("STAT", Answer::HangUp);
    Scene::with_server(&server)
        .without_key("retry")
        .run()
        .says_lines(1)
        .exits(75);
    assert_eq!(server.logins(), 3);
}

#[test]
fn a_message_that_always_cuts_the_line_blocks_no_other() {
    let server = PopServer::holding(3);
    server.maildrop().spoil("a", Fault::Cut(usize::MAX));
    let mut scene = Scene::with_server(&server)
        .without_key("retry")
        .key("keep", "false");
    scene
        .run()
        .delivers(["beta.eml", "gamma.eml"])
        .says("message a")
        .exits(75);
    assert_eq!(server.maildrop().uids(), ["a"]);
    // Without a second chance in the same run it comes last the next time.
    let server = PopServer::holding(3);
    server.maildrop().spoil("a", Fault::Cut(usize::MAX));
    let mut scene = Scene::with_server(&server);
    scene.run().delivers_nothing().says("retrieving").exits(75);
    scene
        .run()
        .delivers(["beta.eml", "gamma.eml"])
        .says("retrieving")
        .exits(75);
}

#[test]
fn a_message_that_always_cuts_the_line_is_no_alarm_for_ever() {
    let server = PopServer::holding(3);
    server.maildrop().spoil("b", Fault::Cut(usize::MAX));
    let mut scene = Scene::with_server(&server).without_key("retry");
    scene
        .run()
        .delivers(["alpha.eml", "gamma.eml"])
        .says("message b")
        .exits(75);
    scene.run().says("message b").exits(75);
    scene.run().says("message b").exits(75);
    scene.run().exits(0);
}

#[test]
fn without_uids_a_message_that_always_cuts_the_line_blocks_no_other_either() {
    let server = PopServer::builder().without("UIDL").start();
    let maildrop = server.maildrop();
    maildrop
        .add_named("a", "alpha.eml")
        .spoil("a", Fault::Cut(usize::MAX));
    maildrop.add_named("b", "beta.eml");
    Scene::with_server(&server)
        .without_key("retry")
        .run()
        .delivers(["beta.eml"])
        .says("retrieving")
        .exits(75);
}

#[test]
fn a_lost_line_fetches_nothing_twice_when_all_is_wanted() {
    let server = PopServer::holding(3);
    server.maildrop().spoil("c", Fault::Cut(1));
    let mut scene = Scene::with_server(&server)
        .key("retry", "2")
        .remembers(["a"]);
    scene
        .run_with(&["--all"])
        .delivers(["alpha.eml", "beta.eml", "gamma.eml"])
        .silent()
        .exits(0);
}

#[test]
fn a_limit_holds_for_the_whole_run() {
    let server = PopServer::holding(3);
    server.maildrop().spoil("b", Fault::Cut(1));
    Scene::with_server(&server)
        .key("retry", "2")
        .key("limit", "1")
        .key("order", "oldest")
        .run()
        .delivers(["alpha.eml"])
        .exits(0);
    let server = PopServer::holding(3);
    server.maildrop().spoil("b", Fault::Cut(1));
    Scene::with_server(&server)
        .key("retry", "2")
        .key("limit", "2")
        .run()
        .delivers(["alpha.eml", "gamma.eml"])
        .exits(0);
}

#[test]
fn a_summary_counts_each_message_once_however_often_the_line_is_lost() {
    let server = PopServer::holding(3);
    server.maildrop().spoil("c", Fault::Cut(1));
    Scene::with_server(&server)
        .key("retry", "2")
        .key("max_size", "1000")
        .remembers(["a"])
        .run_with(&["-v"])
        .delivers(["beta.eml", "gamma.eml"])
        .says("2 new messages")
        .says(", 1 seen\n")
        .exits(0);
}

#[test]
fn a_silent_server_is_given_up_after_the_timeout() {
    for (stage, script) in [
        (
            "login: ",
            LOGIN.replace("C: PASS open-sesame\nS: +OK\n", "C: PASS open-sesame\n"),
        ),
        ("listing: ", format!("{LOGIN}C: STAT\n")),
        (
            "listing: ",
            format!("{LOGIN}C: STAT\nS: +OK 1 1\nC: UIDL\nS: +OK\nS: 1 a\n"),
        ),
    ] {
        Scene::new()
            .key("timeout", "1s")
            .key("retry", "1")
            .conversation_text(&(script + "! silence\n"))
            .run()
            .says(stage)
            .says("no answer for 1s")
            .says_lines(1)
            .exits(75);
    }
}

#[test]
fn a_body_that_stops_coming_is_given_up_after_the_timeout() {
    let script = LOGIN.to_owned() + &listing(&["a", "b"]) + &retr(1, "alpha.eml");
    let script = script + "C: RETR 2\nS: +OK\nS< beta.eml\n! silence\n";
    Scene::new()
        .key("timeout", "1s")
        .conversation_text(&script)
        .run()
        .delivers(["alpha.eml"])
        .remembers(["a"])
        .says("no answer for 1s")
        .exits(75);
}

#[test]
fn a_body_that_keeps_coming_may_take_longer_than_the_timeout() {
    let line = "line ".repeat(120);
    let body = format!("S: {line}\n! wait 700ms\n").repeat(4);
    let script = LOGIN.to_owned() + &listing(&["a"]);
    let script = script + &format!("C: RETR 1\nS: +OK\n{body}S: .\n") + QUIT;
    Scene::new()
        .key("timeout", "2s")
        .conversation_text(&script)
        .run()
        .delivers_bytes(&[format!("{line}\n").repeat(4).into_bytes()])
        .silent()
        .exits(0);
}

#[test]
fn a_reply_that_drips_is_given_up_after_the_timeout() {
    let drips = "! raw +OK\n! wait 1800ms\n! raw  0\n! wait 1800ms\n! raw  0\\r\\n\n";
    let script = format!("{LOGIN}C: STAT\n{drips}! silence\n");
    Scene::new()
        .key("timeout", "2s")
        .conversation_text(&script)
        .run()
        .says("no answer for 2s")
        .exits(75);
}

#[test]
fn the_deadline_ends_a_visit_but_undoes_nothing() {
    let script = LOGIN.to_owned() + &listing(&["a", "b"]) + &retr(1, "alpha.eml");
    let script = script + "C: RETR 2\nS: +OK\nS< beta.eml\n! silence\n";
    let mut scene = Scene::new()
        .key("deadline", "3s")
        .key("retry", "5")
        .conversation_text(&script);
    scene
        .run()
        .delivers(["alpha.eml"])
        .remembers(["a"])
        .says("not done after 3s")
        .says_lines(1)
        .exits(75);
    let script = LOGIN.to_owned() + &listing(&["a", "b"]) + &retr(2, "beta.eml") + QUIT;
    scene
        .conversation_text(&script)
        .run()
        .delivers(["alpha.eml", "beta.eml"])
        .exits(0);
}

/// A port where one client is told of one message, whose body has no end: these bytes come again
/// and again, with this pause, until the client leaves.
fn endless(piece: &'static [u8], pause: Duration) -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    std::thread::spawn(move || {
        let (mut socket, _) = listener.accept().unwrap();
        let commands = BufReader::new(socket.try_clone().unwrap());
        let mut say = |bytes: &[u8]| socket.write_all(bytes);
        say(b"+OK ready\r\n").unwrap();
        for command in commands.lines().map_while(Result::ok) {
            let _ = match command.split(' ').next() {
                Some("STAT") => say(b"+OK 1 200\r\n"),
                Some("CAPA") => say(b"+OK\r\nUSER\r\nTOP\r\nUIDL\r\n.\r\n"),
                Some("UIDL") => say(b"+OK\r\n1 a\r\n.\r\n"),
                Some("LIST") => say(b"+OK\r\n1 200\r\n.\r\n"),
                _ => say(b"+OK\r\n"),
            };
            while command == "RETR 1" && say(piece).is_ok() {
                std::thread::sleep(pause);
            }
        }
    });
    port
}

#[test]
fn the_deadline_holds_although_bytes_keep_coming() {
    for (piece, pause) in [
        (&b"Subject: drip\r\n"[..], Duration::from_millis(50)),
        (b"x", Duration::from_millis(50)),
        (&[b'\n'; 16 * 1024], Duration::from_millis(2)),
    ] {
        let mut scene = Scene::at_port(endless(piece, pause))
            .key("deadline", "2s")
            .key("retry", "5");
        let begun = Instant::now();
        scene
            .run()
            .delivers_nothing()
            .remembers([])
            .says("not done after 2s")
            .says_lines(1)
            .exits(75);
        assert!(begun.elapsed() < Duration::from_secs(15));
    }
}
