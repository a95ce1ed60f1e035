//! What does not end, and what hardly comes.

use super::{each, scene, Case};
use crate::support::phrases::{listing, listing_of, retr, LOGIN, QUIT};

/// Every place of a visit at which the server is to say a line, up to RETR; with the end of an
/// earlier reply where it is in the middle of a list.
pub(super) fn lines() -> Vec<(&'static str, String)> {
    let whole = LOGIN.to_owned() + &listing(&["a"]) + "C: RETR 1\nS: +OK\n";
    let places = whole
        .match_indices("S: ")
        .map(|(at, _)| whole[..at].to_owned());
    let begun = |script: String| {
        let asked = script.rsplit("C: ").next().unwrap_or_default();
        let what = match asked.split(['\n', ' ']).next() {
            Some(command) if script.contains("C: ") => whole_word(command),
            _ => "the greeting",
        };
        (what, script)
    };
    places.map(begun).collect()
}

fn whole_word(command: &str) -> &'static str {
    let known = ["CAPA", "USER", "PASS", "STAT", "UIDL", "LIST", "RETR"];
    known
        .into_iter()
        .find(|word| *word == command)
        .unwrap_or("what?")
}

#[test]
fn a_line_without_end_is_no_line() {
    let cases = lines().into_iter().map(|(what, script)| Case {
        what,
        script: script + "! endless +OK x\n",
        status: 76,
        says: &["a line of more than 8192 bytes"],
    });
    each(&cases.collect::<Vec<_>>());
}

#[test]
fn a_line_of_which_nothing_comes_any_more_is_given_up() {
    let cases = lines().into_iter().map(|(what, script)| Case {
        what,
        script: script + "! drip 150ms +OK 1 1 x y z and so on\n",
        status: 75,
        says: &["no answer for 1s while waiting for "],
    });
    each(&cases.collect::<Vec<_>>());
}

#[test]
fn lines_without_end_are_no_list() {
    let stat = |count: &str| format!("{LOGIN}C: STAT\nS: +OK {count} 400\nC: UIDL\nS: +OK\n");
    let list = |count: &str| stat(count) + "S: 1 a\nS: .\nC: LIST\nS: +OK\n";
    let case = |what, script: String, flood: &str, says| Case {
        what,
        script: script + "! endless " + flood + "\n",
        status: 76,
        says,
    };
    each(&[
        case(
            "lines after the greeting",
            "S: +OK\nC: CAPA\nS: +OK\nS: .\n".into(),
            "+OK\\r\\n",
            &["silence until asked"],
        ),
        case(
            "CAPA",
            "S: +OK\nC: CAPA\nS: +OK\n".into(),
            "X-{n}\\r\\n",
            &["the end of a list", "X-257"],
        ),
        case(
            "a UIDL longer than STAT says",
            stat("9"),
            "{n} u\\r\\n",
            &["the end of a list", "10 u"],
        ),
        case(
            "a UIDL of one message",
            stat("10000000"),
            "7 u\\r\\n",
            &["each message once", "UIDL: 7 twice"],
        ),
        case(
            "a LIST of one message",
            list("10000000"),
            "1 1\\r\\n",
            &["each message once", "LIST: 1 twice"],
        ),
        case(
            "a LIST longer than STAT says",
            list("2"),
            "{n} 1\\r\\n",
            &["the end of a list", "3 1"],
        ),
        case(
            "a list of nothing",
            list("10000000"),
            "\\r\\n",
            &["a line of a listing"],
        ),
        case(
            "a list of dots",
            list("10000000"),
            "..\\r\\n",
            &["a line of a listing"],
        ),
    ]);
}

#[test]
fn lists_that_trickle_are_given_up() {
    let drips = |script: &str, drops: &str| Case {
        what: "a list that trickles",
        script: format!("{script}! drip 40ms {drops}\n"),
        status: 75,
        says: &["no answer for 1s while waiting for the rest of a list"],
    };
    let numbers: String = (1..100).map(|n| format!("{n} u{n}\\r\\n")).collect();
    let stat = format!("{LOGIN}C: STAT\nS: +OK 10000000 1\nC: UIDL\nS: +OK\n");
    each(&[
        drips("S: +OK\nC: CAPA\nS: +OK\n", "X\\r\\n"),
        drips(&stat, &numbers),
        drips(&format!("{stat}S: 1 a\nS: .\nC: LIST\nS: +OK\n"), &numbers),
    ]);
}

#[test]
fn a_count_is_believed_only_as_far_as_it_is_listed() {
    let stat = |count: &str| format!("{LOGIN}C: STAT\nS: +OK {count} 400\n");
    let case = |what, script, says| Case {
        what,
        script,
        status: 76,
        says,
    };
    let unlisted = "C: UIDL\nS: -ERR\nC: LIST\nS: -ERR\n";
    each(&[
        case("2^32 - 1", stat("4294967295"), &["a count of messages"]),
        case(
            "2^64",
            stat("18446744073709551616"),
            &["a count of messages"],
        ),
        case("10 000 001", stat("10000001"), &["a count of messages"]),
        case(
            "10 000 000",
            stat("10000000") + unlisted,
            &["10000000 messages and no list"],
        ),
    ]);
}

/// Two messages, the first of which has no end.
fn first_without_end(sizes: [u64; 2], flood: &str) -> String {
    let rows = [("endless", sizes[0]), ("b", sizes[1])];
    let listing = || LOGIN.to_owned() + &listing_of(&rows);
    listing()
        + "C: RETR 1\nS: +OK\n! "
        + flood
        + "\n! again\n"
        + &listing()
        + &retr(2, "beta.eml")
        + QUIT
}

#[test]
fn a_message_without_end_fills_no_disk_and_blocks_nobody() {
    for (what, flood, sizes, most, max_size) in [
        (
            "a line",
            "endless xxxxxxxxxxxxxxxxxxxxx",
            [200, 200],
            "256.00 MiB",
            None,
        ),
        (
            "lines",
            "endless a line\\r\\n",
            [0, 200],
            "3.00 MiB",
            Some("3M"),
        ),
        (
            "dots",
            "endless ..\\r\\n",
            [200, 200],
            "3.00 MiB",
            Some("3M"),
        ),
        (
            "a head",
            "endless A: b\\r\\n",
            [200, 200],
            "3.00 MiB",
            Some("3M"),
        ),
    ] {
        let script = first_without_end(sizes, flood);
        let mut scene = scene().key("retry", "2").conversation_text(&script);
        if let Some(size) = max_size {
            scene = scene.key("max_size", size);
        }
        let mut outcome = scene.run();
        let said = outcome.take_stderr();
        if !said.contains("message endless: more than ") || !said.contains(most) {
            outcome.fail(what);
        }
        outcome
            .says_lines(1)
            .delivers(["beta.eml"])
            .remembers(["b"])
            .exits(75);
        // And it comes last the next time.
        let rows = [("endless", sizes[0]), ("c", 200)];
        let script = LOGIN.to_owned() + &listing_of(&rows) + &retr(2, "gamma.eml");
        scene = scene.conversation_text(&(script + "C: RETR 1\nS: -ERR\n" + QUIT));
        scene
            .run()
            .says("message endless")
            .delivers(["beta.eml", "gamma.eml"])
            .exits(75);
    }
}

#[test]
fn long_reasons_to_give_no_message_take_no_memory() {
    let uids: Vec<String> = (1..=2500).map(|n| format!("u{n}")).collect();
    let uids: Vec<&str> = uids.iter().map(String::as_str).collect();
    let refused = (1..=uids.len()).map(|n| format!("C: RETR {n}\nS: -ERR {}\n", "x".repeat(8000)));
    let script = LOGIN.to_owned() + &listing(&uids) + &refused.collect::<String>() + QUIT;
    let mut scene = scene().conversation_text(&script);
    let outcome = scene
        .run()
        .exits(75)
        .says("and 2497 more messages: the same")
        .says_lines(4)
        .delivers_nothing();
    outcome.whatever();
}

#[test]
fn a_message_that_trickles_is_as_good_as_none_and_blocks_nobody() {
    let listing = LOGIN.to_owned() + &listing_of(&[("drips", 200), ("b", 200)]);
    let drips = "C: RETR 1\nS: +OK\n! drip 30ms Subject: x\\r\\n\n! again\n";
    // It comes last the second time, and is not asked for a third time.
    let second = retr(2, "beta.eml") + drips;
    let script = format!("{listing}{drips}{listing}{second}{listing}{QUIT}");
    let mut scene = scene()
        .key("timeout", "2s")
        .key("retry", "2")
        .conversation_text(&script);
    scene
        .run()
        .delivers(["beta.eml"])
        .remembers(["b"])
        .says("message drips: the server does not give this message")
        .says_lines(1)
        .exits(75);
}

#[test]
fn a_head_without_end_ends_a_look() {
    let script =
        LOGIN.to_owned() + &listing(&["a", "b"]) + "C: TOP 1 0\nS: +OK\n! endless A: b\\r\\n\n";
    for arguments in [&["list"][..], &["--dry-run"]] {
        let mut scene = scene().conversation_text(&script);
        let mut outcome = scene.run_with(arguments);
        let _ = outcome.take_stdout();
        outcome
            .says("hung up in the middle of a message")
            .says_lines(1)
            .exits(75);
    }
}

#[test]
fn a_challenge_without_end_is_no_challenge() {
    for (auth, first) in [
        ("PLAIN", " *"),
        ("LOGIN", ""),
        ("CRAM-MD5", ""),
        ("DIGEST-MD5", ""),
        ("SCRAM-SHA-256", " *"),
        ("EXTERNAL", " *"),
        ("ANONYMOUS", " *"),
    ] {
        let script =
            format!("S: +OK\nC: CAPA\nS: +OK\nS: SASL {auth}\nS: .\nC: AUTH {auth}{first}\n");
        let auth = auth.to_lowercase();
        let run = |flood: &str| {
            let script = script.clone() + "! endless + YQ" + flood + "\n";
            scene()
                .key("auth", &auth)
                .conversation_text(&script)
                .run()
                .says_lines(1)
        };
        drop(run("").says("a line of more than ").exits(76));
    }
}

#[test]
fn challenges_without_end_are_no_login() {
    let challenge = "S: + PGFAYj4=\n";
    for (auth, said) in [
        ("plain", ["AGFsaWNlAG9wZW4tc2VzYW1l"; 2]),
        ("login", ["YWxpY2U=", "b3Blbi1zZXNhbWU="]),
        ("anonymous", ["YWxpY2U="; 2]),
        ("external", [""; 2]),
    ] {
        let asked = said.iter().map(|word| format!("{challenge}C: {word}\n"));
        let script = format!(
            "S: +OK\nC: CAPA\nS: +OK\nS: .\nC: AUTH {}\n{}{challenge}C: *\nS: -ERR\n",
            auth.to_uppercase(),
            asked.collect::<String>()
        );
        let mut scene = scene().key("auth", auth).conversation_text(&script);
        scene.run().says_lines(1).says("login: ").exits(76);
    }
}

#[test]
fn a_dialogue_that_is_shown_takes_no_memory_either() {
    let junk = "x".repeat(8000);
    let script =
        format!("{LOGIN}C: STAT\nS: +OK 8000 1\nC: UIDL\nS: +OK\n! endless {{n}} {junk}\\r\\n\n");
    let mut scene = scene().conversation_text(&script);
    let mut outcome = scene.run_with(&["-vv"]);
    let said = outcome.take_stderr();
    assert!(said.contains("S: 8000 xxx") && said.contains("S: 7999 xxx"));
    outcome.says("not the end of a list").exits(76);
}
