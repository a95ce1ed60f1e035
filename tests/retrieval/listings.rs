//! STAT, UIDL and LIST: what is tolerated, and what is not.

use crate::support::phrases::{listing, multi, retr, unchanged, LOGIN, QUIT};
use crate::support::scene::Scene;

const ALPHA: &str = "alpha.eml";
const BETA: &str = "beta.eml";

/// Two messages, with these answers.
fn two(stat: &str, uidl: &str, list: &str) -> String {
    format!("{LOGIN}C: STAT\nS: {stat}\nC: UIDL\n{uidl}C: LIST\n{list}")
}

fn rows(rows: &[&str]) -> String {
    let rows: String = rows.iter().map(|row| format!("S: {row}\n")).collect();
    format!("S: +OK\n{rows}S: .\n")
}

/// The listing is understood: both messages arrive, with these UIDs.
#[track_caller]
fn understood(listing: &str, uids: &[&str]) {
    let script = listing.to_owned() + &retr(1, ALPHA) + &retr(2, BETA) + QUIT;
    Scene::new()
        .conversation_text(&script)
        .run()
        .delivers([ALPHA, BETA])
        .remembers(uids)
        .silent()
        .exits(0);
}

/// The listing makes no sense: nothing is fetched.
#[track_caller]
fn makes_no_sense(listing: &str) {
    Scene::new()
        .conversation_text(listing)
        .run()
        .delivers_nothing()
        .says("listing: ")
        .says_lines(1)
        .exits(76);
}

#[test]
fn an_empty_maildrop_needs_no_listing() {
    Scene::new()
        .conversation_text(&format!("{LOGIN}C: STAT\nS: +OK 0 0\n{QUIT}"))
        .run()
        .delivers_nothing()
        .silent()
        .exits(0);
}

#[test]
fn lists_may_be_in_any_order_and_spaced_at_will() {
    let uidl = rows(&["2  b", "1\ta␠␠"]);
    let list = rows(&["␠2   200 7 lines", "1 200␠"]);
    understood(&two("+OK  2   400 and more", &uidl, &list), &["a", "b"]);
}

#[test]
fn the_octets_that_stat_counts_are_never_read() {
    for octets in ["-1", "99999999999999999999999", "many", ""] {
        let (uidl, list) = (rows(&["1 a", "2 b"]), rows(&["1 1", "2 1"]));
        understood(&two(&format!("+OK 2 {octets}"), &uidl, &list), &["a", "b"]);
    }
}

#[test]
fn sizes_that_are_no_numbers_are_unknown_sizes() {
    let (uidl, list) = (rows(&["1 a", "2 b"]), rows(&["1 -1", "2"]));
    understood(&two("+OK 2 2", &uidl, &list), &["a", "b"]);
    let list = rows(&["1 99999999999999999999", "2 huge"]);
    understood(&two("+OK 2 2", &uidl, &list), &["a", "b"]);
}

#[test]
fn lines_of_lists_are_unstuffed_too() {
    let uidl = rows(&["1 .a", "2 b."]);
    let list = rows(&["1 200", "2 200"]);
    understood(&two("+OK 2 2", &uidl, &list), &[".a", "b."]);
}

#[test]
fn a_server_that_will_not_list_sizes_is_served_without() {
    let uidl = rows(&["1 a", "2 b"]);
    understood(&two("+OK 2 2", &uidl, "S: -ERR no\n"), &["a", "b"]);
}

#[test]
fn a_message_without_a_row_in_uidl_is_fetched_all_the_same() {
    let (uidl, list) = (rows(&["2 b"]), rows(&["1 200", "2 200"]));
    understood(&two("+OK 2 2", &uidl, &list), &["-", "b"]);
    let uidl = rows(&["1", "2 b"]);
    understood(&two("+OK 2 2", &uidl, &list), &["-", "b"]);
}

#[test]
fn what_cannot_be_a_uid_is_none() {
    let long = format!("1 {}", "u".repeat(256));
    for row in ["1 \x07", "1 a\x7fb", "1␠␠", long.as_str()] {
        let uidl = rows(&[row, "2 b"]);
        let list = rows(&["1 200", "2 200"]);
        understood(&two("+OK 2 2", &uidl, &list), &["-", "b"]);
    }
}

#[test]
fn uids_are_bytes_of_all_kinds() {
    let (long, huge) = ("u".repeat(71), "v".repeat(255));
    for (one, other) in [
        ("a b", "a/../b"),
        ("é", "%41"),
        ("A", "a"),
        ("\"q<>~", "-"),
        (long.as_str(), huge.as_str()),
        ("C:\\uid", "\u{a0}"),
    ] {
        let script = LOGIN.to_owned() + &listing(&[one, other]);
        let both = script.clone() + &retr(1, ALPHA) + &retr(2, BETA) + QUIT;
        let mut scene = Scene::new().conversation_text(&both);
        scene
            .run()
            .delivers([ALPHA, BETA])
            .remembers([one, other])
            .exits(0);
        // And they are known again.
        let neither = LOGIN.to_owned() + &unchanged(&[one, other]) + QUIT;
        scene = scene.conversation_text(&neither);
        scene.run().silent().exits(0);
    }
}

#[test]
fn a_uid_that_is_not_utf_8_is_known_again() {
    let script = LOGIN.to_owned() + &listing(&["UID"]);
    let script = script.replace("S: 1 UID\n", "! raw 1 \\xff\\xfe\\x80\\r\\n\n");
    let mut scene = Scene::new().conversation_text(&(script.clone() + &retr(1, ALPHA) + QUIT));
    scene.run().delivers([ALPHA]).exits(0);
    scene = scene.conversation_text(&(script + QUIT));
    scene.run().silent().exits(0);
}

#[test]
fn gaps_are_messages_that_are_gone() {
    let script = two(
        "+OK 5 2",
        &rows(&["2 b", "5 e"]),
        &rows(&["2 200", "5 200"]),
    );
    Scene::new()
        .conversation_text(&(script + &retr(2, ALPHA) + &retr(5, BETA) + QUIT))
        .run()
        .delivers([ALPHA, BETA])
        .remembers(["b", "e"])
        .silent()
        .exits(0);
}

#[test]
fn a_list_that_contradicts_itself_is_refused() {
    for bad in [
        rows(&["1 a", "1 b"]),
        rows(&["1 a", "2 b", "3 c"]),
        rows(&["1 a", "3 c"]),
        rows(&["0 a", "1 b"]),
        rows(&["-1 a", "1 b"]),
        rows(&["x a"]),
        rows(&["a"]),
        rows(&[""]),
        rows(&["1a b"]),
        rows(&["18446744073709551617 a"]),
        rows(&["4294967297 a"]),
        rows(&["000000000000000000001 a"]),
        rows(&["1 a"]).replace("S: .\n", "S: +OK\n"),
    ] {
        makes_no_sense(&format!(
            "{LOGIN}C: STAT\nS: +OK 2 400\nC: UIDL\n! glue\n{bad}"
        ));
    }
    let list = rows(&["1 1", "1 1"]);
    makes_no_sense(&two("+OK 2 400", &rows(&["1 a", "2 b"]), &list));
}

#[test]
fn a_list_that_does_not_end_is_not_read_for_ever() {
    let endless: String = (1..100).map(|n| format!("S: {n} x\n")).collect();
    makes_no_sense(&format!(
        "{LOGIN}C: STAT\nS: +OK 9 9\nC: UIDL\n! glue\nS: +OK\n{endless}"
    ));
}

#[test]
fn a_stat_without_a_count_is_refused() {
    for stat in [
        "+OK",
        "+OK two 400",
        "+OK -1 400",
        "+OK maildrop has 2 messages",
        "+OK 10000001 1",
        "+OK 4294967298 1",
        "+OK 18446744073709551618 1",
        "+OK 2x 400",
    ] {
        makes_no_sense(&format!("{LOGIN}C: STAT\nS: {stat}\n"));
    }
}

#[test]
fn a_count_alone_makes_nobody_prepare_for_millions() {
    let script = format!("{LOGIN}C: STAT\nS: +OK 10000000 1\nC: UIDL\nS: -ERR\nC: LIST\nS: -ERR\n");
    makes_no_sense(&script);
}

/// STAT is refused with this reply: popget says goodbye and leaves with this status.
#[track_caller]
fn stat_refused(reply: &str, status: i32) {
    Scene::new()
        .conversation_text(&format!("{LOGIN}C: STAT\nS: {reply}\n{QUIT}"))
        .run()
        .delivers_nothing()
        .says("listing: ")
        .says_lines(1)
        .exits(status);
}

#[test]
fn a_maildrop_that_cannot_be_opened_is_told_by_its_code() {
    stat_refused("-ERR broken", 69);
    stat_refused("-ERR", 69);
    stat_refused("-ERR [SYS/PERM] broken", 69);
    stat_refused("-ERR [SYS/TEMP] wait", 75);
    stat_refused("-ERR [IN-USE] wait", 75);
}

#[test]
fn a_passing_trouble_with_a_list_is_not_taken_for_a_server_without_it() {
    let uidl = format!("{LOGIN}C: STAT\nS: +OK 1 1\nC: UIDL\nS: -ERR [SYS/TEMP] wait\n{QUIT}");
    let list = format!(
        "{LOGIN}C: STAT\nS: +OK 1 1\n{}C: LIST\nS: -ERR [SYS/TEMP] wait\n{QUIT}",
        multi("UIDL", "S: 1 a\n")
    );
    for script in [uidl, list] {
        Scene::new()
            .conversation_text(&script)
            .run()
            .delivers_nothing()
            .says("[SYS/TEMP] wait")
            .exits(75);
    }
}
