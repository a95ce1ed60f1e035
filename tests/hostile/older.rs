//! Servers of the older protocols that lie about what they have.

use super::{bounded, scene_with, LONG};
use crate::support::scene::Scene;
use crate::support::server::{Language, PopServer};
use std::time::Instant;

const POP2: &str = "S: + POP2 x\nC: HELO alice open-sesame\n";
const POP1: &str = "S: +OK\nC: USER alice\nS: +OK\nC: PASS open-sesame\nS: +OK\n";

/// A server by its script, the protocol, the status, and what is said.
type Lie = (&'static str, String, i32, &'static str);

#[test]
fn lies_of_the_older_protocols_end_in_time_and_within_bounds() {
    let pop2 = |rest: &str| POP2.to_owned() + rest;
    let one = |length: &str, rest: &str| {
        pop2("S: #1\nC: READ 1\n") + &format!("S: ={length}\nC: RETR\n") + rest
    };
    let pop1 = |rest: &str| POP1.to_owned() + "C: RETR alice\n" + rest;
    let lump = |octets: &str, rest: &str| pop1(&format!("S: #{octets}\nC: RCEV\n")) + rest;
    let lies: [Lie; 13] = [
        (
            "pop2",
            "! endless x\n".into(),
            76,
            "a line of more than 8192 bytes",
        ),
        (
            "pop2",
            pop2("S: #100001\nC: QUIT\n"),
            76,
            "not a count of messages that can be",
        ),
        (
            "pop2",
            pop2("S: #18446744073709551615\nC: QUIT\n"),
            76,
            "not a count of messages that can be",
        ),
        (
            "pop2",
            pop2("S: #18446744073709551616\nC: QUIT\n"),
            76,
            "not a reply that begins with",
        ),
        (
            "pop2",
            pop2("! endless #1\n"),
            76,
            "a line of more than 8192 bytes",
        ),
        (
            "pop2",
            pop2("S: #1\nC: READ 1\n! drip 150ms =1 and so on\n"),
            75,
            "no answer for 1s",
        ),
        (
            "pop2",
            pop2("S: #1\nC: READ 1\nS: =18446744073709551615\nC: QUIT\nS: + bye\n"),
            0, // it is larger than anything that is wanted
            "",
        ),
        (
            "pop2",
            one("40", "! drip 150ms x\n"),
            75,
            "the rest of a message",
        ),
        (
            "pop2",
            one("40", "! raw x\n! cut\n"),
            75,
            "hung up during a message",
        ),
        (
            "pop1",
            "! endless x\n".into(),
            76,
            "a line of more than 8192 bytes",
        ),
        (
            "pop1",
            pop1("S: #18446744073709551615\nC: RSET\nS: +OK\n"),
            76,
            "a count of octets that can be",
        ),
        (
            "pop1",
            lump("4294967296", "! drip 150ms x\n"),
            75,
            "the rest of a message",
        ),
        (
            "pop1",
            lump("400", "! raw +OK\\r\\nFrom x\n! cut\n"),
            75,
            "hung up during a message",
        ),
    ];
    super::side_by_side(&lies, |(protocol, script, status, says)| {
        let begun = Instant::now();
        let scene = Scene::new().conversation_text(script);
        let scene = scene.key("protocol", protocol).key("max_size", "1MiB");
        let mut outcome = bounded(scene.key("timeout", "1s")).run();
        let (got, said) = (outcome.take_status(), outcome.take_stderr());
        if got != Some(*status) || !said.contains(says) || said.lines().count() > 2 {
            outcome.fail(&format!("expected {status} and to be told: {says}"));
        }
        assert!(begun.elapsed() < LONG, "{script}: took too long");
        outcome.delivers_nothing().remembers([]);
    });
}

/// One with more messages in it than anybody would keep.
#[test]
fn a_lump_of_too_many_messages_is_not_believed() {
    let server = PopServer::builder().speaking(Language::Pop1).start();
    let many = "\nFrom x\n".repeat(120_000);
    let travelling = many.replace('\n', "\r\n");
    let lump = crate::support::pop1::Lump::Joined;
    drop(server);
    let server = PopServer::builder()
        .speaking(Language::Pop1)
        .lump(lump)
        .start();
    server
        .maildrop()
        .add_travelling("m", &travelling.as_bytes()[2..]);
    let mut outcome = scene_with(&server).run();
    let said = outcome.take_stderr();
    assert!(
        said.contains("not a count of messages that can be"),
        "{said}"
    );
    outcome.delivers_nothing().exits(76);
}

/// Neither a message nor a lump of them takes room that they need.
#[test]
fn a_large_one_of_the_older_protocols_takes_no_more_room() {
    let line = b"far more than anyone would like to read at once, and on it goes\n";
    let letter = [b"Subject: large\n\n".as_slice(), &line.repeat(300_000)].concat();
    for language in [Language::Pop2, Language::Pop1] {
        let server = PopServer::builder().speaking(language).start();
        server
            .maildrop()
            .add("large", &letter)
            .add_named("a", "alpha.eml");
        // On a machine that has much to do the server may take its time, too.
        let mut scene = scene_with(&server)
            .key("keep", "false")
            .key("timeout", "60s");
        drop(scene.run().exits(0).silent().whatever());
        assert_eq!(server.maildrop().left(), 0);
        let mut sizes: Vec<u64> = std::fs::read_dir(scene.path("Mail/new"))
            .unwrap()
            .map(|entry| entry.unwrap().metadata().unwrap().len())
            .collect();
        sizes.sort_unstable();
        assert!(sizes.len() == 2 && sizes[1] >= letter.len() as u64);
    }
}
