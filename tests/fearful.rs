//! Messages too large, too long, or odd just where a buffer ends, into every destination.
//!
//! What is odd otherwise is in tests/messages/ and support/made.rs, and fetched by `promises` and
//! `peers`. POPGET_FEARFUL=long makes a GiB of what is large here; without it, it is less.

use std::fs::File;
use std::io::{self, BufRead, BufReader, Read, Write};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use crate::support::long::Long;
use crate::support::mail;
use crate::support::outcome::Outcome;
use crate::support::scene::Scene;
use crate::support::server::{Moment, PopServer, Security};
use crate::support::terminal::Terminal;
use crate::support::tls::Certificate;

const MIB: u64 = 1 << 20;
/// By how much a run may need more memory than one that fetches nothing.
const BOUND: u64 = 16 * MIB;

/// Where mail can go.
const PLACES: [Place; 5] = [
    Place::Maildir,
    Place::Mbox("mboxrd"),
    Place::Mbox("mboxo"),
    Place::Mbox("mboxcl2"),
    Place::Mda,
];

#[derive(Clone, Copy, Debug, PartialEq)]
enum Place {
    Maildir,
    Mbox(&'static str),
    /// A program that keeps nothing but the digest.
    Mda,
}

impl Place {
    fn yaml(self) -> String {
        match self {
            Place::Maildir => "maildir: ~/Mail".into(),
            Place::Mbox(format) => format!("mbox: ~/inbox\nformat: {format}"),
            Place::Mda => "mda: 'sha256sum > ~/digest'".into(),
        }
    }

    /// How a From_ line of a message stands there.
    fn quoted(self, message: &[u8]) -> Vec<u8> {
        let lines = message.split_inclusive(|byte| *byte == b'\n');
        let quoted = lines.flat_map(|line| {
            let quotes = line.iter().take_while(|byte| **byte == b'>').count();
            let is_from = line[quotes..].starts_with(b"From ");
            let quote = match self {
                Place::Mbox("mboxrd") => is_from,
                Place::Mbox("mboxo") => is_from && quotes == 0,
                _ => false,
            };
            let mark: &[u8] = if quote { b">" } else { b"" };
            [mark, line].concat()
        });
        quoted.collect()
    }

    /// Fails unless this one message is there, whole, and nothing else.
    #[track_caller]
    fn holds(self, scene: &Scene, long: &Long) {
        let path = match self {
            Place::Maildir => {
                let mut files = scene.path("Mail/new").read_dir().unwrap();
                let path = files.next().unwrap().unwrap().path();
                assert!(files.next().is_none(), "more than one message");
                path
            }
            Place::Mbox(_) => scene.path("inbox"),
            Place::Mda => {
                let told = std::fs::read_to_string(scene.path("digest")).unwrap();
                return assert_eq!(told, format!("{}  -\n", long.sha256()));
            }
        };
        let mut file = BufReader::new(File::open(path).unwrap());
        let (mut line, mut end) = (Vec::new(), &b""[..]);
        if let Place::Mbox(format) = self {
            let lines = 1 + usize::from(format == "mboxcl2");
            for _ in 0..lines {
                file.read_until(b'\n', &mut line).unwrap();
            }
            assert!(line.starts_with(b"From MAILER-DAEMON "));
            end = b"\n";
        }
        let expected = Long {
            block: self.quoted(&long.block),
            ..long.clone()
        };
        assert!(expected.comes_from(&mut file), "the message is another one");
        let mut rest = Vec::new();
        file.take(100).read_to_end(&mut rest).unwrap();
        assert_eq!(rest, end, "what follows the message");
    }
}

fn is_long() -> bool {
    std::env::var("POPGET_FEARFUL").as_deref() == Ok("long")
}

/// Fetches what the server has and tells the most memory that took.
fn peak(server: &PopServer, scene: &mut Scene) -> u64 {
    let (victim, peak) = (scene.victim(), Arc::new(Mutex::new(None)));
    let found = Arc::clone(&peak);
    server.hook(move |exchange| {
        // All is delivered by then, and popget waits for our answer.
        if exchange.moment == Moment::Received && exchange.command == "QUIT" {
            *found.lock().unwrap() = victim.peak();
        }
    });
    let begun = scene.start(&[]);
    // Longer than other runs may take.
    begun.program().ends_within(Duration::from_secs(600));
    drop(begun.finish().whatever().silent().exits(0));
    server.unhook();
    let peak = peak.lock().unwrap().take();
    peak.expect("the system tells how much memory a process has held")
}

/// A message goes to a place whole, and the run needs hardly more memory than one without it.
#[track_caller]
fn takes_no_memory(place: Place, long: &Long) {
    let server = PopServer::start();
    let mut scene = Scene::with_server(&server).deliver(&place.yaml());
    let idle = peak(&server, &mut scene);
    server.maildrop().add_long("long", long);
    let most = peak(&server, &mut scene);
    assert!(
        most <= idle + BOUND,
        "{place:?}: {most} octets of memory, {idle} without a message"
    );
    assert!(most < long.size() / 2, "the message would have fitted in");
    let (more, size) = (most.saturating_sub(idle) / 1024, long.size() / MIB);
    let told = format!("fearful: {size} MiB to {place:?} took {more} KiB of memory\n");
    // Past the test harness, which would swallow what a passing test prints.
    let _ = io::stderr().write_all(told.as_bytes());
    place.holds(&scene, long);
}

/// What is large, and larger in the long run.
fn large() -> Long {
    Long::lines(if is_long() { 1024 } else { 128 } * MIB)
}

#[test]
fn a_large_message_takes_no_memory_on_its_way_to_a_maildir() {
    takes_no_memory(Place::Maildir, &large());
}

#[test]
fn a_large_message_takes_no_memory_on_its_way_to_an_mbox() {
    // The others differ in how they quote; the long run tries them, too.
    let places = if is_long() {
        &PLACES[1..4]
    } else {
        &PLACES[1..2]
    };
    for place in places {
        takes_no_memory(*place, &large());
    }
}

#[test]
fn a_large_message_takes_no_memory_on_its_way_to_an_mda() {
    takes_no_memory(Place::Mda, &large());
}

#[test]
fn a_line_of_64_mib_takes_no_memory() {
    for place in PLACES {
        takes_no_memory(place, &Long::line(64 * MIB));
    }
}

/// What may go wrong where a buffer ends.
const TRAPS: &[u8] = b"\n.\n..\n.a\r\n\r\n.\r\n>From a\nFrom b\n\n";
/// Where buffers end: a record of TLS, what is read at a time, what a spool keeps in memory. The
/// wire's own is tested where it is.
const BUFFERS: [usize; 3] = [16 * 1024, 64 * 1024, 256 * 1024];

/// A message of so many octets, as it is stored, that ends in traps.
fn ending_at(length: usize) -> Vec<u8> {
    let head = b"Subject: edge\n\n";
    let line = b"e".repeat(length - head.len() - TRAPS.len());
    [&head[..], &line, TRAPS].concat()
}

/// Messages with every octet of the traps on the edge of every buffer, as they are stored, and as
/// they travel, which is some octets longer.
fn on_the_edge() -> Vec<Vec<u8>> {
    let lengths = BUFFERS.map(|buffer| buffer - 16..buffer + TRAPS.len() + 1);
    lengths.into_iter().flatten().map(ending_at).collect()
}

/// A server with these messages, protected like this.
fn serving(messages: &[Vec<u8>], security: Security) -> PopServer {
    let server = PopServer::builder().security(security).start();
    for (index, message) in messages.iter().enumerate() {
        server.maildrop().add(&format!("uid{index:03}"), message);
    }
    server
}

#[test]
fn traps_on_the_edge_of_every_buffer_come_whole_into_a_maildir() {
    let messages = on_the_edge();
    for security in [Security::None, Security::Implicit(Certificate::Good)] {
        let server = serving(&messages, security);
        let outcome = Scene::with_server(&server).run().silent();
        drop(outcome.delivers_bytes(&messages).exits(0));
    }
}

#[test]
fn traps_on_the_edge_of_every_buffer_come_whole_into_an_mbox() {
    let messages = on_the_edge();
    let server = serving(&messages, Security::None);
    let mut scene = Scene::with_server(&server).deliver("mbox: ~/inbox");
    let outcome = scene.run().silent();
    drop(outcome.mbox_holds_bytes("inbox", &messages).exits(0));
    let mbox = "mbox: ~/inbox2\nformat: mboxcl2";
    let mut scene = Scene::with_server(&server).deliver(mbox);
    let outcome = scene.run().silent().exits(0);
    let file = outcome.file("inbox2");
    let mut rest = &file[..];
    for message in &messages {
        let (found, after) = mail::out_of_mboxcl2(rest);
        assert!(found == *message, "another message");
        rest = after;
    }
    assert!(rest.is_empty());
}

#[test]
fn traps_on_the_edge_of_every_buffer_come_whole_to_an_mda() {
    let messages = on_the_edge();
    let server = serving(&messages, Security::None);
    let mut scene = Scene::with_server(&server).deliver("mda: 'cat > ~/$POPGET_UID'");
    let outcome = scene.run().silent().exits(0);
    for (index, message) in messages.iter().enumerate() {
        assert!(
            outcome.file(&format!("uid{index:03}")) == *message,
            "{index}"
        );
    }
}

/// What servers may claim of a small message: sizes on the edge of every number that a size is kept in.
const CLAIMS: [u64; 5] = [(1 << 31) - 1, 1 << 31, (1 << 32) + 7, 1 << 63, u64::MAX];

/// A server with a small message for each claim.
fn claiming() -> PopServer {
    let server = PopServer::start();
    for claim in CLAIMS {
        let uid = claim.to_string();
        let maildrop = server.maildrop();
        maildrop.add_named(&uid, "alpha.eml").claim(&uid, claim);
    }
    server
}

#[test]
fn a_small_message_may_claim_any_size() {
    let server = claiming();
    let uids = CLAIMS.map(|claim| claim.to_string());
    for place in PLACES {
        let mut scene = Scene::with_server(&server).deliver(&place.yaml());
        let outcome = scene.run().silent();
        let outcome = match place {
            Place::Maildir => outcome.delivers(["alpha.eml"; 5]),
            Place::Mbox("mboxrd") => outcome.mbox_holds("inbox", ["alpha.eml"; 5]),
            _ => outcome,
        };
        let uids: Vec<&str> = uids.iter().map(String::as_str).collect();
        outcome.remembers(uids).exits(0);
    }
}

#[test]
fn sizes_that_cannot_be_are_added_up_all_the_same() {
    let server = claiming();
    let config = "accounts:\n".to_owned()
        + &["a", "b"]
            .map(|name| {
                format!(
        "  {name}:\n    server: 127.0.0.1\n    port: {{port}}\n    tls: none\n    user: alice\n    \
         auth: [user-pass]\n    password_file: ~/password\n    deliver:\n      maildir: ~/Mail\n"
    )
            })
            .concat();
    let mut scene = Scene::with_server(&server)
        .config(&config)
        .args(&["--jobs", "1"]);
    // No claim counts for more than a TiB.
    let claimed = CLAIMS.map(|claim| claim.min(1 << 40));
    let all = (2 * claimed.iter().sum::<u64>()).to_string();
    let told = |outcome: Outcome, event: &str| {
        let mut outcome = outcome;
        let events = outcome.take_stdout();
        let sums = events.lines().filter(|line| line.contains(event));
        assert!(
            sums.filter(|line| line.contains(&all)).count() > 0,
            "{events}"
        );
        outcome.exits(0)
    };
    drop(told(scene.run_with(&["--json", "check"]), "\"summary\""));
    drop(told(
        scene.run_with(&["--json", "--dry-run"]),
        "\"summary\"",
    ));
    server.hook(|exchange| {
        // Long enough for a bar to be drawn.
        if exchange.moment == Moment::Halfway {
            std::thread::sleep(Duration::from_millis(50));
        }
    });
    let (terminal, _scene) = Terminal::start(scene.env("TERM", "xterm"), &[]);
    let shown = terminal.finish();
    let mut said = Vec::from(["a", "b"].map(|name| format!("{name}: 5 new messages (430 B)")));
    said.push("2 accounts: 10 new messages (860 B)".into());
    assert_eq!(shown.screen(), said);
    assert_eq!(shown.status.code(), Some(0));
}

#[test]
fn a_limit_goes_by_the_size_that_is_claimed() {
    // None of these is 7 octets, or less than none.
    let mut scene = Scene::with_server(&claiming()).key("max_size", "1GB");
    scene.run().whatever().delivers_nothing().exits(0);
}
