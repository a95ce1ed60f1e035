//! Servers that answer a ticket in every wrong way.

use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Mutex};
use std::thread;

use super::realm;
use crate::support::kdc::Kdc;
use crate::support::kpop::account;
use crate::support::outcome::Outcome;
use crate::support::scene::Scene;

/// What every client says first.
pub const VERSIONS: &[u8] = b"\0\0\0\x13KRB5_SENDAUTH_V1.0\0\0\0\0\x09KPOPV1.0\0";

/// What a server does.
#[derive(Clone)]
pub enum Act {
    /// Hears so many octets.
    Hear(usize),
    /// Hears a ticket, behind its length.
    Ticket,
    /// Says this.
    Say(Vec<u8>),
    /// Says this until the client leaves.
    Endless(&'static [u8]),
    /// Says nothing until the client leaves.
    Silence,
}

use Act::{Endless, Hear, Say, Silence, Ticket};

/// A server that does this to whoever comes, and then hangs up.
pub fn that_does(acts: Vec<Act>) -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    thread::spawn(move || {
        for client in listener.incoming() {
            // The client may leave at any time; what it says of that is looked at.
            let _ = acts.iter().try_for_each(|act| act.perform(&client));
        }
    });
    port
}

impl Act {
    fn perform(&self, client: &Result<TcpStream, std::io::Error>) -> std::io::Result<()> {
        let mut client = client.as_ref().unwrap();
        let mut hear = |count| {
            let mut octets = vec![0; count];
            client.read_exact(&mut octets).map(|()| octets)
        };
        match self {
            Hear(count) => drop(hear(*count)?),
            Ticket => {
                let length = hear(4)?.try_into().unwrap();
                let request = hear(u32::from_be_bytes(length) as usize)?;
                assert_eq!(request[0], 0x6e);
            }
            Say(bytes) => client.write_all(bytes)?,
            Endless(bytes) => loop {
                client.write_all(bytes)?;
            },
            Silence => drop(std::io::copy(&mut client, &mut std::io::sink())),
        }
        Ok(())
    }
}

fn say(bytes: &[u8]) -> Act {
    Say(bytes.to_vec())
}

/// Behind a length.
fn counted(message: &[u8]) -> Vec<u8> {
    [&(message.len() as u32).to_be_bytes(), message].concat()
}

/// A run of alice's, who has a ticket, at a server that does this.
fn run(kdc: &Kdc, acts: &[Act]) -> Outcome {
    let port = that_does(acts.to_vec());
    let scene = account(kdc, Scene::at_port(port), port).key("timeout", "1s");
    { scene }.run()
}

#[test]
fn whoever_falls_silent_is_not_waited_for() {
    let Some(kdc) = Kdc::start() else { return };
    kdc.ticket("alice");
    let steps = [
        Hear(36),
        say(b"\0"),
        Ticket,
        say(b"\0\0\0\0"),
        say(b"\0\0\0"),
        say(b"\x55some"),
    ];
    for count in 0..=steps.len() {
        let silent = [&steps[..count], &[Silence]].concat();
        run(&kdc, &silent)
            .says("greeting: no answer for 1s while waiting for the answer to the Kerberos ticket")
            .says_lines(1)
            .exits(75);
        // Who has not heard us out resets the connection.
        run(&kdc, &steps[..count])
            .says("during the answer to the Kerberos ticket")
            .says_lines(1)
            .exits(75);
    }
}

#[test]
fn whoever_answers_in_text_is_heard() {
    let Some(kdc) = Kdc::start() else { return };
    kdc.ticket("alice");
    let first = |text: &[u8]| vec![say(text), Silence];
    let then = |text: &[u8]| vec![Hear(36), say(b"\0"), Ticket, say(text), Silence];
    let plain = "this is no KPOP server: it greets without asking for a ticket: \"+OK POP3 ready\"";
    let refusal = "the server greets with a refusal: \"server pop mis-configured, can't get keys\"";
    for (told, status, text) in [
        (plain, 76, &b"+OK POP3 ready\r\n"[..]),
        (plain, 76, b"+OK POP3 ready"),
        (
            refusal,
            75,
            b"-ERR server pop mis-configured, can't get keys\r\n",
        ),
        (
            "it answers in another protocol: \"* OK IMAP\"",
            76,
            b"* OK IMAP\r\n",
        ),
        ("it speaks TLS", 76, b"\x15\x03\x01\0\x02\x02\x0a"),
    ] {
        for acts in [first(text), then(text)] {
            run(&kdc, &acts).says(told).says_lines(1).exits(status);
        }
    }
    for acts in [
        vec![Endless(b"+OK ")],
        vec![Hear(36), say(b"\0"), Ticket, Endless(b"+OK ")],
    ] {
        run(&kdc, &acts)
            .says("this is no KPOP server")
            .says_lines(1)
            .exits(76);
    }
}

#[test]
fn other_versions_are_told() {
    let Some(kdc) = Kdc::start() else { return };
    kdc.ticket("alice");
    for (answer, told) in [
        (1, "it knows another way to take Kerberos tickets"),
        (2, "it knows another version of KPOP"),
        (3, "it answers in another protocol"),
    ] {
        run(&kdc, &[Hear(36), say(&[answer]), say(b"\n")])
            .says(&format!("this is no KPOP server: {told}"))
            .says("where there is POP3 with TLS, leave protocol out and set auth: gssapi")
            .says_lines(1)
            .exits(76);
    }
}

/// A KRB-ERROR with this code and text (RFC 4120, section 5.9.1).
fn refusal(code: u8, text: Option<&[u8]>) -> Vec<u8> {
    let element = |tag: u8, inner: &[u8]| match inner.len() {
        short @ 0..=0x7f => [&[tag, short as u8], inner].concat(),
        long => [&[tag, 0x82, (long >> 8) as u8, long as u8], inner].concat(),
    };
    let mut fields = b"\xa0\x03\x02\x01\x05\xa1\x03\x02\x01\x1e\xa4\x11\x18\x0f20260101000000Z\
                       \xa5\x03\x02\x01\x00\xa6\x03\x02\x01"
        .to_vec();
    fields.push(code);
    fields.extend(element(0xa9, &element(0x1b, b"POPGET.TEST")));
    if let Some(text) = text {
        fields.extend(element(0xab, &element(0x1b, text)));
    }
    element(0x7e, &element(0x30, &fields))
}

#[test]
fn every_refusal_has_its_words() {
    let Some(kdc) = Kdc::start() else { return };
    kdc.ticket("alice");
    for (code, why, status) in [
        (31, "it cannot decrypt it", 77),
        (32, "it has expired", 77),
        (33, "it is not valid yet", 77),
        (34, "it takes it for a repetition", 75),
        (35, "it is for another server", 77),
        (36, "it was made by somebody else", 77),
        (37, "the clocks differ by too much", 77),
        (38, "it is for another address of ours", 77),
        (41, "it was changed on its way", 77),
        (44, "it was made for another key", 77),
        (45, "the server has no key of its service", 77),
        (60, "error 60 of Kerberos", 77),
    ] {
        let long = "x".repeat(200);
        for (text, said) in [
            (Some(&b"so it is\0"[..]), ": \"so it is\"; "),
            (Some(long.as_bytes()), "xxx\"; "),
            (None, "; "),
        ] {
            let refusal = counted(&refusal(code, text));
            run(&kdc, &[Hear(36), say(b"\0"), Ticket, say(&refusal)])
                .says(&format!(
                    "the server does not take the Kerberos ticket: {why}"
                ))
                .says(said)
                .says_lines(1)
                .exits(status);
        }
    }
}

#[test]
fn an_answer_that_is_none_of_kerberos_is_nonsense() {
    let Some(kdc) = Kdc::start() else { return };
    kdc.ticket("alice");
    let whole = refusal(32, Some(b"text"));
    for answer in [&b"\x7e"[..], b"hello", &whole[..20], &[0x7e; 65536]] {
        run(&kdc, &[Hear(36), say(b"\0"), Ticket, say(&counted(answer))])
            .says("the server's reply is not an answer of Kerberos")
            .says_lines(1)
            .exits(76);
    }
    for length in [b"\0\x01\0\x01", b"\xff\xff\xff\xff"] {
        let acts = [Hear(36), say(b"\0"), Ticket, say(length), Endless(b"\0")];
        run(&kdc, &acts)
            .says("this is no KPOP server")
            .says_lines(1)
            .exits(76);
    }
}

#[test]
fn a_server_that_proves_nothing_is_not_believed() {
    let Some((kdc, _server, door)) = realm(&["alice"]) else {
        return;
    };
    kdc.ticket("alice");
    let (port, said) = recorded(door.port());
    account(&kdc, Scene::at_port(port), port)
        .run()
        .delivers(["alpha.eml"])
        .exits(0);
    // What the server has proved to one ticket, it has not proved to the next.
    let said = said.lock().unwrap().clone();
    let length = u32::from_be_bytes(said[5..9].try_into().unwrap()) as usize;
    let old = &said[9..9 + length];
    assert_eq!(old[0], 0x6f);
    for proof in [old, b"", b"\x6f", &old[..length - 1], &[0x6f; 65536]] {
        let proof = [b"\0\0\0\0", &counted(proof)[..], b"+OK welcome\r\n"].concat();
        run(&kdc, &[Hear(36), say(b"\0"), Ticket, say(&proof), Silence])
            .says("greeting: Kerberos does not lead to the service pop@localhost")
            .says_lines(1)
            .exits(77);
    }
}

/// A way to a port on which all that the server says is kept.
fn recorded(port: u16) -> (u16, Arc<Mutex<Vec<u8>>>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let own = listener.local_addr().unwrap().port();
    let said = Arc::new(Mutex::new(Vec::new()));
    let kept = Arc::clone(&said);
    thread::spawn(move || relay(&listener.accept().unwrap().0, port, &kept));
    (own, said)
}

/// Leads a client to a port, and keeps what is said there.
fn relay(mut client: &TcpStream, port: u16, kept: &Mutex<Vec<u8>>) {
    let mut server = TcpStream::connect(("127.0.0.1", port)).unwrap();
    let (mut to, mut from) = (server.try_clone().unwrap(), client.try_clone().unwrap());
    thread::spawn(move || {
        let _ = std::io::copy(&mut from, &mut to);
        to.shutdown(std::net::Shutdown::Write)
    });
    let mut piece = [0; 4096];
    while let Ok(length @ 1..) = server.read(&mut piece) {
        kept.lock().unwrap().extend(&piece[..length]);
        if client.write_all(&piece[..length]).is_err() {
            return;
        }
    }
}

#[test]
fn what_is_taken_for_a_repetition_is_tried_once_more() {
    let Some((kdc, server, door)) = realm(&["alice"]) else {
        return;
    };
    kdc.ticket("alice");
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    let door_port = door.port();
    thread::spawn(move || {
        let (first, _) = listener.accept().unwrap();
        let first = Ok(first);
        let repeated = counted(&refusal(34, Some(b"Request is a replay")));
        for act in [Hear(36), say(b"\0"), Ticket, say(&repeated)] {
            act.perform(&first).unwrap();
        }
        drop(first);
        relay(&listener.accept().unwrap().0, door_port, &Mutex::default());
    });
    let mut scene = account(&kdc, Scene::with_server(&server), port);
    scene.run().delivers(["alpha.eml"]).silent().exits(0);
}
