//! What does not end, and what hardly comes, beneath TLS: the libraries read on until they have what
//! they want, and must not keep those who watch the clock from looking at it.

use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::time::{Duration, Instant};

use super::{scene, scene_with, LONG};
use crate::support::server::{PopServer, Security};
use crate::support::tls::Certificate;

#[test]
fn a_handshake_without_end_is_none() {
    // A record that says it holds a greeting of 16 MiB, again and again.
    let hello = "\\x16\\x03\\x03\\x40\\x00\\x02\\xff\\xff\\xff";
    for (begun, mode) in [
        ("", "implicit"),
        ("S: +OK\nC: STLS\nS: +OK\n! wait 100ms\n", "starttls"),
    ] {
        for (speech, says, status) in [
            ("endless", "no TLS connection: ", 69),
            (
                "drip 20ms",
                "no answer for 2s while waiting for the TLS handshake",
                75,
            ),
        ] {
            let script = format!("{begun}! {speech} {hello}\n");
            let mut scene = scene()
                .tls(mode)
                .key("timeout", "2s")
                .conversation_text(&script);
            scene.run().says(says).says_lines(1).exits(status);
        }
    }
}

/// A way to a server on which, behind so many octets of what it says, one comes every fiftieth of a
/// second.
fn bad_line(to: u16, behind: usize) -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    std::thread::spawn(move || {
        let (mut client, _) = listener.accept().unwrap();
        let mut server = TcpStream::connect(("127.0.0.1", to)).unwrap();
        let (mut heard, mut told) = (client.try_clone().unwrap(), server.try_clone().unwrap());
        std::thread::spawn(move || std::io::copy(&mut heard, &mut told));
        let mut octet = [0];
        for said in 0.. {
            // However either of them leaves, the other one is left alone.
            let passed = server.read_exact(&mut octet);
            if passed.and_then(|()| client.write_all(&octet)).is_err() {
                return;
            }
            if said >= behind {
                std::thread::sleep(Duration::from_millis(20));
            }
        }
    });
    port
}

#[test]
fn a_record_of_tls_that_trickles_cannot_outwait_the_clock() {
    let security = Security::Implicit(Certificate::Good);
    let server = PopServer::builder().security(security).start();
    server.maildrop().add("a", &b"a line\n".repeat(20_000));
    let port = bad_line(server.port(), 30_000);
    let mut scene = scene_with(&server)
        .key("timeout", "2s")
        .key("port", &port.to_string());
    let begun = Instant::now();
    scene
        .run()
        .delivers_nothing()
        .says("no answer for 2s while waiting for the rest of a message")
        .says_lines(1)
        .exits(75);
    assert!(begun.elapsed() < LONG);
}
