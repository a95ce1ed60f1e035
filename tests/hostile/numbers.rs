//! Numbers and names that cannot be, and lists that contradict each other.

use super::{each, scene, Case};
use crate::support::phrases::{listing, multi, retr, LOGIN, QUIT};

const ALPHA: &str = "alpha.eml";
const BETA: &str = "beta.eml";

/// STAT, UIDL and LIST with these rows.
fn told(stat: &str, uids: &[&str], sizes: &[&str]) -> String {
    let rows = |rows: &[&str]| {
        rows.iter()
            .map(|row| format!("S: {row}\n"))
            .collect::<String>()
    };
    let lists = multi("UIDL", &rows(uids)) + &multi("LIST", &rows(sizes));
    format!("{LOGIN}C: STAT\nS: +OK {stat}\n{lists}")
}

/// Numbers that stand for no message of two.
const NONE_OF_TWO: [&str; 12] = [
    "0",
    "-1",
    "3",
    "+1",
    "1.5",
    "0x1",
    "1e0",
    "4294967297",
    "4294967296",
    "18446744073709551616",
    "18446744073709551617",
    "99999999999999999999999999999999",
];

#[test]
fn numbers_that_stand_for_nothing_end_the_visit() {
    let case = |what, script, says| Case {
        what,
        script,
        status: 76,
        says,
    };
    let begun = |script: &str| format!("{LOGIN}C: STAT\nS: +OK 2 400\nC: UIDL\nS: +OK\n{script}");
    let mut cases = Vec::new();
    for number in NONE_OF_TWO {
        let row = format!("! raw {number} x\\r\\n\n");
        cases.push(case("in UIDL", begun(&row), &["a line of a listing"][..]));
        let list = "S: 1 a\nS: 2 b\nS: .\nC: LIST\nS: +OK\n";
        cases.push(case(
            "in LIST",
            begun(&(list.to_owned() + &row)),
            &["a line of a listing"],
        ));
        if !matches!(number, "0" | "3") {
            let stat = format!("{LOGIN}C: STAT\n! raw +OK {number} 400\\r\\n\n");
            cases.push(case("in STAT", stat, &["a count of messages"]));
        }
    }
    each(&cases);
}

/// Two messages are listed so, and both come, remembered by these UIDs.
#[track_caller]
fn both_come(listing: &str, uids: [&str; 2]) {
    let script = listing.to_owned() + &retr(1, ALPHA) + &retr(2, BETA) + QUIT;
    let mut scene = scene().conversation_text(&script);
    scene
        .run()
        .delivers([ALPHA, BETA])
        .remembers(uids)
        .silent()
        .exits(0);
}

#[test]
fn sizes_that_cannot_be_keep_nothing_back() {
    for size in NONE_OF_TWO
        .iter()
        .chain(&["18446744073709551615", "1099511627777", "", "x"])
    {
        let row = |n: u32| format!("{n} {size}");
        let sizes = [row(1), row(2)];
        let script = told("2 -1", &["1 a", "2 b"], &[&sizes[0], &sizes[1]]);
        both_come(&script, ["a", "b"]);
    }
}

#[test]
fn sums_of_sizes_that_cannot_be_are_told_as_sums() {
    // Each command that adds sizes up.
    let largest = ["1 18446744073709551615", "2 18446744073709551615"];
    let script = told("2 18446744073709551615", &["1 a", "2 b"], &largest);
    for (arguments, rest, prints) in [
        (&["check"][..], "", "2 new (2.00 TiB)"),
        (&["check", "--json"], "", "\"total_bytes\":2199023255552"),
        (
            &["--dry-run"],
            "C: TOP 1 0\nS: -ERR\nC: TOP 2 0\nS: -ERR\nC: RSET\nS: +OK\n",
            "would fetch 2 (2.00 TiB)",
        ),
    ] {
        let mut scene = scene().conversation_text(&(script.clone() + rest + QUIT));
        scene.run_with(arguments).prints(prints).exits(0);
    }
}

#[test]
fn a_list_that_is_shorter_than_another_leaves_no_message_out() {
    for (stat, uids, sizes, known_by) in [
        // LIST knows more than UIDL, and the reverse; each other one.
        ("2 400", &["1 a"][..], &["1 200", "2 200"][..], ["a", "-"]),
        ("2 400", &["2 b"], &["1 200", "2 200"], ["-", "b"]),
        ("2 400", &["1 a", "2 b"], &["2 200"], ["a", "b"]),
        ("2 400", &["1 a", "2 b"], &[], ["a", "b"]),
        ("2 400", &["1 a"], &["2 200"], ["a", "-"]),
        ("2 400", &["2 b", "1 a"], &["2 200", "1 200"], ["a", "b"]),
        // STAT counts more than there are.
        ("7 400", &["1 a", "2 b"], &["1 200", "2 200"], ["a", "b"]),
        (
            "10000000 400",
            &["1 a", "2 b"],
            &["1 200", "2 200"],
            ["a", "b"],
        ),
    ] {
        both_come(&told(stat, uids, sizes), known_by);
    }
    let both = "S: +OK\nS: 1 a\nS: 2 b\n";
    each(&[
        Case {
            what: "STAT counts fewer than UIDL has",
            script: format!("{LOGIN}C: STAT\nS: +OK 1 200\nC: UIDL\n! glue\n{both}"),
            status: 76,
            says: &["2 b"],
        },
        Case {
            what: "STAT counts fewer than LIST has",
            script: format!(
                "{LOGIN}C: STAT\nS: +OK 1 200\n{}C: LIST\n! glue\n{both}",
                multi("UIDL", "S: 1 a\n")
            ),
            status: 76,
            says: &["2 b"],
        },
        Case {
            what: "STAT counts what no list has",
            script: told("2 400", &[], &[]) + QUIT,
            status: 0,
            says: &[],
        },
        Case {
            what: "STAT counts nothing",
            script: format!("{LOGIN}C: STAT\nS: +OK 0 400\n{QUIT}"),
            status: 0,
            says: &[],
        },
    ]);
}

/// UIDs as they stand on the wire, and how the memory writes what can be one.
const STRANGE: [&str; 12] = [
    "../../../tmp/x",
    "/etc/passwd",
    ".",
    "-",
    "a b",
    "$(touch no)`touch no`",
    "\\xe2\\x80\\xae\\xe2\\x81\\xa6",
    "\\xc2\\x9b31m",
    "\\xff\\xfe\\x80",
    "%41%00",
    "*",
    "\\\\x1b",
];

#[test]
fn strange_uids_are_known_again_and_name_no_file() {
    for row in STRANGE {
        let listing = LOGIN.to_owned() + &listing(&["UID"]);
        let listing = listing.replace("S: 1 UID\n", &format!("! raw 1 {row}\\r\\n\n"));
        let mut scene = scene().conversation_text(&(listing.clone() + &retr(1, ALPHA) + QUIT));
        scene.run().delivers([ALPHA]).silent().exits(0);
        scene = scene.conversation_text(&(listing + QUIT));
        scene.run().silent().exits(0);
        for folder in ["Mail/new", ".local/state/popget"] {
            let names = std::fs::read_dir(scene.path(folder)).unwrap().flatten();
            let names: Vec<_> = names.map(|entry| entry.file_name()).collect();
            let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"._-".contains(&byte);
            let all = names
                .iter()
                .all(|name| name.as_encoded_bytes().iter().all(|byte| plain(*byte)));
            assert!(all, "{row}: {names:?}");
        }
        let memory = std::fs::read(scene.path(".local/state/popget/work.seen")).unwrap();
        let printable = |byte: &u8| *byte == b'\n' || (0x20..0x7f).contains(byte);
        assert!(
            memory.iter().all(printable),
            "{row}: {}",
            memory.escape_ascii()
        );
    }
}

#[test]
fn what_can_be_no_uid_leaves_the_bytes_to_tell() {
    let huge = "u".repeat(256);
    for row in ["", "\\x00", "a\\x1bb", "a\\x7fb", "a\\rb", "\\t", &huge] {
        let listing = LOGIN.to_owned() + &listing(&["UID"]);
        let listing = listing.replace("S: 1 UID\n", &format!("! raw 1 {row}\\r\\n\n"));
        let script = listing + &retr(1, ALPHA) + QUIT;
        let mut scene = scene().conversation_text(&script);
        scene.run().delivers([ALPHA]).silent().exits(0);
        scene = scene.conversation_text(&script);
        scene.run().delivers([ALPHA]).silent().exits(0);
    }
}

#[test]
fn equal_uids_are_as_many_messages() {
    for keep in ["true", "false"] {
        let listing = LOGIN.to_owned() + &listing(&["same", "same"]);
        let fetched = listing.clone() + &retr(1, ALPHA) + &retr(2, BETA);
        let gone = match keep {
            "true" => String::new(),
            _ => "C: DELE 1\nS: +OK\nC: DELE 2\nS: +OK\n".into(),
        };
        let script = fetched + &gone + QUIT;
        let mut scene = scene().key("keep", keep).conversation_text(&script);
        scene
            .run()
            .delivers([ALPHA, BETA])
            .remembers(["same", "same"])
            .exits(0);
        scene = scene.conversation_text(&(listing + &gone + QUIT));
        scene.run().silent().exits(0);
    }
}
