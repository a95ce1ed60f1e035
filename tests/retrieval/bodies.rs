//! The bytes between RETR's reply and its dot.

use crate::support::mail;
use crate::support::phrases::{listing, retr, LOGIN, QUIT};
use crate::support::scene::Scene;
use crate::support::server::{PopServer, Security};
use crate::support::tls::Certificate;

/// One message, and how it is sent.
fn one(sending: &str) -> String {
    LOGIN.to_owned() + &listing(&["a"]) + "C: RETR 1\n" + sending + QUIT
}

/// One message arrives as these bytes when it is sent so.
#[track_caller]
fn arrives(sending: &str, bytes: &[u8]) {
    Scene::new()
        .conversation_text(&one(sending))
        .run()
        .delivers_bytes(&[bytes.to_vec()])
        .remembers(["a"])
        .silent()
        .exits(0);
}

#[test]
fn every_odd_message_arrives_byte_for_byte() {
    for security in [Security::None, Security::Implicit(Certificate::Good)] {
        let server = PopServer::builder().security(security).start();
        let messages: Vec<_> = mail::ugly().into_iter().map(|(_, bytes)| bytes).collect();
        for (index, message) in messages.iter().enumerate() {
            server.maildrop().add(&format!("uid{index}"), message);
        }
        Scene::with_server(&server)
            .run()
            .delivers_bytes(&messages)
            .silent()
            .exits(0);
    }
}

#[test]
fn megabytes_arrive_byte_for_byte() {
    let server = PopServer::start();
    let messages = mail::big(10, 7);
    for (index, message) in messages.iter().enumerate() {
        server.maildrop().add(&format!("uid{index}"), message);
    }
    Scene::with_server(&server)
        .run()
        .delivers_bytes(&messages)
        .exits(0);
}

#[test]
fn dots_at_the_start_of_lines_are_unstuffed_once() {
    arrives(
        "S: +OK\nS: ..\nS: ..hidden\nS: ...two\nS: a.\nS: .\n",
        b".\n.hidden\n..two\na.\n",
    );
}

#[test]
fn an_empty_message_is_a_message() {
    arrives("S: +OK\nS: .\n", b"");
}

#[test]
fn a_message_that_comes_octet_by_octet_is_the_same() {
    arrives(
        "! bytewise\nS: +OK\nS< dots.eml\nS: .\n",
        &mail::named("dots.eml"),
    );
    arrives(
        "! bytewise\nS: +OK\nS< cr-cr-lf.eml\nS: .\n",
        &mail::named("cr-cr-lf.eml"),
    );
}

#[test]
fn a_message_that_comes_in_one_piece_with_its_reply_is_the_same() {
    arrives(
        "! glue\nS: +OK\nS< dots.eml\nS: .\n",
        &mail::named("dots.eml"),
    );
}

#[test]
fn line_ends_and_dots_may_be_cut_anywhere() {
    let pieces = [
        "A: b\\r", "\\n\\r", "\\n", ".", ".x\\r", "\\n.", "\\r", "\\n",
    ];
    let pieces = pieces.map(|piece| format!("! raw {piece}\n! wait 5ms\n"));
    arrives(&format!("S: +OK\n{}", pieces.concat()), b"A: b\n\n.x\n");
}

#[test]
fn a_dot_between_bare_line_feeds_does_not_end_the_message() {
    arrives(
        "S: +OK\n! raw A: b\\r\\n\\r\\nhi\\n.\\n+OK\\n-ERR no\\r\\nreal end\\r\\n.\\r\\n\n",
        b"A: b\n\nhi\n.\n+OK\n-ERR no\nreal end\n",
    );
    arrives(
        "S: +OK\n! raw A: b\\r\\n\\r\\nhi\\n.\\r\\nreal end\\r\\n.\\r\\n\n",
        b"A: b\n\nhi\n.\nreal end\n",
    );
}

#[test]
fn a_last_dot_with_a_bare_line_feed_ends_the_message() {
    arrives("S: +OK\nS: A: b\n! raw .\\n\n", b"A: b\n");
}

#[test]
fn carriage_returns_that_end_no_line_are_data() {
    arrives(
        "S: +OK\n! raw a\\rb\\r\\r\\n\\r.\\r\\n.\\rx\\r\\n.\\r\\r\\n.\\r\\n\n",
        b"a\rb\r\n\r.\n\rx\n\r\n",
    );
}

#[test]
fn a_server_that_ends_its_lines_in_line_feeds_is_understood() {
    let script = LOGIN.to_owned() + &listing(&["a", "b"]);
    let script = script + &retr(1, "dots.eml") + &retr(2, "alpha.eml") + QUIT;
    Scene::new()
        .conversation_text(&format!("! lf\n{script}"))
        .run()
        .delivers(["dots.eml", "alpha.eml"])
        .silent()
        .exits(0);
}

#[test]
fn the_size_behind_the_reply_is_not_a_promise() {
    for promise in ["3 octets", "99999999999999999999999 octets", "-1", ""] {
        arrives(
            &format!("S: +OK {promise}\nS< alpha.eml\nS: .\n"),
            &mail::named("alpha.eml"),
        );
    }
}

#[test]
fn the_listed_size_is_not_a_promise_either() {
    for size in ["0", "7", "99999999999", "18446744073709551615"] {
        let script = format!(
            "{LOGIN}C: STAT\nS: +OK 1 200\nC: UIDL\nS: +OK\nS: 1 a\nS: .\n\
             C: LIST\nS: +OK\nS: 1 {size}\nS: .\n{}{QUIT}",
            retr(1, "alpha.eml")
        );
        Scene::new()
            .conversation_text(&script)
            .run()
            .delivers(["alpha.eml"])
            .silent()
            .exits(0);
    }
}
