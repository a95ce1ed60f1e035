//! Other programs and popget fetch the same messages, and a table tells who alters what.
//!
//! Each message is in a maildrop of its own, with a usual one behind it, so that a message that
//! stops a program, or is taken for more than it is, spoils nothing else. What was sent is known
//! from the wire: the embedded server says what it is told to, and a bare client writes down what
//! Dovecot says. To see the table:
//!
//!     cargo nextest run --all-features --no-capture -E 'test(/^peers/)'
//!
//! POPGET_PEERS=verbose shows what the programs said, too.

use std::io::{self, Write};
use std::thread;

use crate::support::alteration::Fate;
use crate::support::client::connect;
use crate::support::dovecot::Dovecot;
use crate::support::mail;
use crate::support::peers::{version, Job, Peer, PEERS};
use crate::support::server::{Builder, PopServer, PASSWORD};

/// What comes behind each message.
const NEXT: &[u8] = b"From: bob@example.org\nSubject: the next one\n\nIt came behind another.\n";
/// Those among all messages with which nothing can go wrong.
const USUAL: [&str; 4] = ["alpha", "beta", "gamma", "plain"];
/// How many programs there are.
const ALL: usize = PEERS.len();

/// A message, as it is put into the server and as it travels.
struct Trial {
    name: String,
    /// With local line ends, if a file can hold it.
    file: Option<Vec<u8>>,
    /// Without the line that ends it.
    wire: Vec<u8>,
    /// What LIST says, if not the truth.
    claim: Option<u64>,
}

/// What became of a trial with one program.
struct Came {
    fate: Fate,
    /// What became of the message behind it.
    next: Fate,
    /// It took a second run, without the other maildrops, to come this far.
    again: bool,
}

/// A program, and what became of each trial.
type Row = (&'static Peer, Vec<Came>);

/// Every message that has gone wrong somewhere.
fn trials() -> Vec<Trial> {
    let file = |name: &str, file: Vec<u8>, claim| Trial {
        name: name.trim_end_matches(".eml").to_owned(),
        wire: mail::stuffed(&mail::with_crlf(&file)),
        file: Some(file),
        claim,
    };
    // A sender can hide a line feed in a message; the server's own lines end in CR LF.
    let wire = |name: &str, body: &str| Trial {
        name: name.to_owned(),
        file: None,
        wire: format!("Subject: x\r\n\r\none\n{body}\r\n").into_bytes(),
        claim: None,
    };
    let usual = || mail::named("alpha.eml");
    let ugly = mail::ugly().into_iter();
    let ugly = ugly.map(|(name, message)| file(&name, message, None));
    let rest = [
        file("no-final-newline", b"Subject: x\n\nend".to_vec(), None),
        file("claims-no-octet", usual(), Some(0)),
        file("claims-2-gib", usual(), Some(1 << 31)),
        file("claims-4-gib-and-7", usual(), Some((1 << 32) + 7)),
        wire("bare-lf", "two"),
        wire("bare-lf-dot-lf", ".\ntwo"),
        wire("bare-lf-dot-crlf", ".\r\n-ERR two"),
        wire("bare-lf-dots", "..two\n.three"),
    ];
    ugly.chain(rest).collect()
}

/// What travelled, as it is to be stored: byte-stuffing undone, and CR LF made local.
fn undone(wire: &[u8]) -> Vec<u8> {
    let (mut plain, mut rest) = (Vec::with_capacity(wire.len()), wire);
    while !rest.is_empty() {
        let end = rest.windows(2).position(|two| two == b"\r\n");
        let line = &rest[..end.unwrap_or(rest.len())];
        plain.extend_from_slice(line.strip_prefix(b".").unwrap_or(line));
        if end.is_some() {
            plain.push(b'\n');
        }
        rest = rest.get(line.len() + 2..).unwrap_or_default();
    }
    plain
}

/// A name of a user for each.
fn users(trials: &[Trial]) -> Vec<String> {
    (0..trials.len()).map(|n| format!("m{n:02}")).collect()
}

/// Lets a program fetch every message; what did not come gets a second chance by itself.
fn fetched(peer: &Peer, port: u16, sent: &[Vec<u8>], users: &[String]) -> Vec<Came> {
    let job = Job::new(peer, port, users);
    for (user, message) in users.iter().zip(sent) {
        job.hand(user, [message, NEXT]);
    }
    let mut said = job.run(users);
    let halted: Vec<bool> = users
        .iter()
        .map(|user| job.delivered(user).len() < 2)
        .collect();
    for (user, _) in users.iter().zip(&halted).filter(|(_, halted)| **halted) {
        said += &job.run(std::slice::from_ref(user));
    }
    if std::env::var("POPGET_PEERS").as_deref() == Ok("verbose") {
        tell(&format!("--- {}\n{said}\n", peer.name));
    }
    let came = |((message, user), halted): ((&Vec<u8>, &String), bool)| {
        let is_next = |found: &Vec<u8>| Fate::of(NEXT, std::slice::from_ref(found)).is_whole();
        let (next, rest): (Vec<_>, Vec<_>) = job.delivered(user).into_iter().partition(is_next);
        let (fate, next) = (Fate::of(message, &rest), Fate::of(NEXT, &next));
        let again = halted && next.is_whole();
        Came { fate, next, again }
    };
    sent.iter().zip(users).zip(halted).map(came).collect()
}

/// All that are here fetch at the same time, each from its port.
fn by_all(ports: [u16; ALL], sent: &[Vec<u8>], users: &[String]) -> Vec<Row> {
    static PROGRAMS: &[Peer; ALL] = &PEERS;
    thread::scope(|scope| {
        let here = PROGRAMS
            .iter()
            .zip(ports)
            .filter(|(peer, _)| peer.is_here());
        let begun: Vec<_> = here
            .map(|(peer, port)| (peer, scope.spawn(move || fetched(peer, port, sent, users))))
            .collect();
        let ended = begun
            .into_iter()
            .map(|(peer, row)| (peer, row.join().unwrap()));
        ended.collect()
    })
}

/// Past the test harness, which would swallow what a passing test prints.
fn tell(text: &str) {
    let _ = io::stderr().write_all(text.as_bytes());
}

/// The table: a line a program, and below it a line a message that did not come as it was.
fn table(server: &str, trials: &[Trial], rows: &[Row]) -> String {
    let mut table = format!("\n{} messages from {server}\n", trials.len());
    for (peer, row) in rows {
        let count = |which: fn(&Came) -> bool| row.iter().filter(|came| which(came)).count();
        table += &format!(
            "{} ({}): {} the same, {} with headers added, {} altered, {} lost, {} several times; \
             {} stopped it\n",
            peer.name,
            peer.versions(),
            count(|came| came.fate == Fate::Same),
            count(|came| matches!(came.fate, Fate::Headed(_))),
            count(|came| matches!(came.fate, Fate::Altered(_))),
            count(|came| came.fate == Fate::Missing),
            count(|came| matches!(came.fate, Fate::Several(_))),
            count(|came| came.again || !came.next.is_whole()),
        );
        for (trial, came) in trials.iter().zip(row) {
            let next = match (&came.next, came.again) {
                (next, false) if next.is_whole() => String::new(),
                (next, true) if next.is_whole() => "; stopped, went on when run again".into(),
                (next, _) => format!("; the next one: {next}"),
            };
            if came.fate != Fate::Same || !next.is_empty() {
                table += &format!("    {:30} {}{next}\n", trial.name, came.fate);
            }
        }
    }
    table
}

/// Prints the table and asks what must be true of it.
fn judge(server: &str, trials: &[Trial], rows: &[Row]) {
    let table = table(server, trials, rows);
    tell(&table);
    for (peer, row) in rows {
        let mut usual = trials
            .iter()
            .zip(row)
            .filter(|(trial, _)| USUAL.contains(&&*trial.name));
        // One of them: getmail6 loses count of its own processes now and then, and stops anywhere.
        let works = usual.any(|(_, came)| came.fate.is_whole() && came.next.is_whole());
        assert!(works, "{} was not told rightly:\n{table}", peer.name);
        let ours = peer.name == "popget";
        for (trial, came) in trials.iter().zip(row).filter(|_| ours) {
            assert_eq!(came.fate, Fate::Same, "{}", trial.name);
            assert_eq!(came.next, Fate::Same, "behind {}", trial.name);
        }
    }
}

#[test]
fn popget_alone_alters_nothing_that_the_embedded_server_sends() {
    let trials = trials();
    assert!(trials.len() >= 60);
    let users = users(&trials);
    // One for each program, since a maildrop is locked while somebody is there.
    let servers: [PopServer; ALL] = std::array::from_fn(|_| {
        let known = |builder, user: &String| Builder::user(builder, user, PASSWORD);
        let server = users.iter().fold(PopServer::builder(), known).start();
        for (trial, user) in trials.iter().zip(&users) {
            let maildrop = server.maildrop_of(user);
            maildrop.add_travelling("fearful", &trial.wire);
            if let Some(size) = trial.claim {
                maildrop.claim("fearful", size);
            }
            maildrop.add("next", NEXT);
        }
        server
    });
    let ports = servers.each_ref().map(PopServer::port);
    let sent: Vec<_> = trials.iter().map(|trial| undone(&trial.wire)).collect();
    judge(
        "the embedded server",
        &trials,
        &by_all(ports, &sent, &users),
    );
}

#[test]
fn popget_alone_alters_nothing_that_dovecot_sends() {
    let Some(mut dovecot) = Dovecot::start() else {
        return;
    };
    let mut trials = trials();
    trials.retain(|trial| trial.file.is_some() && trial.claim.is_none());
    assert!(trials.len() >= 55);
    let users = users(&trials);
    dovecot.add_users(&users);
    for (trial, user) in trials.iter().zip(&users) {
        let file = trial.file.clone().unwrap_or_default();
        dovecot.put(user, &[file, NEXT.to_vec()]);
    }
    let recorded = |user: &String| {
        let mut client = connect(dovecot.port());
        client.line();
        client.ask(&format!("USER {user}"));
        assert!(client.ask(&format!("PASS {PASSWORD}")).starts_with("+OK"));
        undone(&client.ask_many("RETR 1"))
    };
    let sent: Vec<_> = users.iter().map(recorded).collect();
    let rows = by_all([dovecot.port(); ALL], &sent, &users);
    judge(&version("dovecot-core"), &trials, &rows);
}
