//! Replies: what is tolerated, and what ends the conversation.

use crate::support::phrases::{listing, multi, retr, LOGIN, QUIT};
use crate::support::scene::Scene;

/// The script fetches one message, without a word.
#[track_caller]
fn works(script: &str) {
    Scene::new()
        .conversation_text(script)
        .run()
        .delivers(["alpha.eml"])
        .silent()
        .exits(0);
}

/// The server strays from the protocol: popget leaves at once, saying so.
#[track_caller]
fn is_nonsense(script: &str, says: &str) {
    Scene::new()
        .conversation_text(script)
        .run()
        .says(says)
        .says_lines(1)
        .exits(76);
}

/// From the login to the goodbye, one message.
fn plainly() -> String {
    LOGIN.to_owned() + &listing(&["a"]) + &retr(1, "alpha.eml") + QUIT
}

#[test]
fn replies_may_be_in_lower_case() {
    works(&plainly().replace("+OK", "+ok"));
    works(
        &plainly()
            .replace("+OK", "+Ok")
            .replace("S: UIDL", "S: uidl"),
    );
}

#[test]
fn replies_may_carry_text_or_a_tab_or_nothing() {
    works(&plainly().replace("S: +OK\n", "S: +OK␠\n"));
    works(&plainly().replace("S: +OK\n", "S: +OK\tas you wish [AUTH] <a@b>\n"));
    works(&plainly().replace("S: +OK ready\n", "S: +OK\n"));
}

#[test]
fn replies_may_come_octet_by_octet() {
    works(&format!("! bytewise\n{}", plainly()));
}

#[test]
fn replies_of_many_lines_may_come_in_one_piece() {
    works(&format!("! glue\n{}", plainly()));
}

#[test]
fn a_server_without_capa_is_a_server() {
    let script = plainly().replace("S: +OK\nS: USER\nS: TOP\nS: UIDL\nS: .\n", "S: -ERR what\n");
    works(&script);
    works(&script.replace("-ERR what", "-ERR"));
}

#[test]
fn capabilities_that_nobody_knows_mean_nothing() {
    works(&plainly().replace(
        "S: USER\n",
        "S: X-WHATEVER 1 2 3\nS: ..DOT\nS: IMPLEMENTATION\tany\nS: \nS: user\n",
    ));
}

#[test]
fn a_server_that_tells_more_after_login_is_asked_again() {
    let script = plainly()
        .replace("S: TOP\n", "")
        .replace("C: STAT", "C: CAPA\nS: +OK\nS: TOP\nS: .\nC: STAT");
    works(&script);
}

#[test]
fn a_server_that_hangs_up_on_capa_is_asked_again_without_it() {
    let again = plainly().replace("C: CAPA\nS: +OK\nS: USER\nS: TOP\nS: UIDL\nS: .\n", "");
    works(&format!("S: +OK\nC: CAPA\n! cut\n! again\n{again}"));
}

#[test]
fn a_reply_of_eight_kilobytes_is_read_and_a_longer_one_is_not() {
    let text = "x".repeat(8 * 1024 - 4);
    works(&plainly().replace(
        "C: STAT\nS: +OK 1 400",
        &format!("C: STAT\nS: +OK 1 {}", &text[2..]),
    ));
    for script in [
        format!("S: +OK {text}x\n"),
        format!("S: +OK\nC: CAPA\nS: +OK {text}x\n"),
        format!("{LOGIN}C: STAT\nS: +OK 1 {text}\n"),
        format!("{LOGIN}C: STAT\nS: +OK 1 1\nC: UIDL\nS: +OK\nS: 1 {text}xxxxx\n"),
        // Without any end it is no line at all, and nobody waits for one.
        format!("! raw +OK {}\n", "x".repeat(100_000)),
    ] {
        is_nonsense(&script, "a line of more than 8192 bytes");
    }
}

#[test]
fn a_list_of_capabilities_has_to_end() {
    // One line more than is taken; were there others behind it, the server might see a reset.
    let endless = "S: X-MORE\n".repeat(257);
    let script = format!("S: +OK\nC: CAPA\n! glue\nS: +OK\n{endless}");
    is_nonsense(&script, "not the end of a list");
}

#[test]
fn what_is_neither_ok_nor_err_ends_the_conversation() {
    for reply in ["OK", "+OKAY", "-ERROR", "+", "+ go on", "", " +OK", "ERR"] {
        let script = format!("{LOGIN}C: STAT\nS: {reply}\n");
        is_nonsense(&script, "the server's reply is not");
    }
}

#[test]
fn a_line_nobody_asked_for_ends_the_conversation() {
    let login = LOGIN.replace(
        "PASS open-sesame\nS: +OK\n",
        "PASS open-sesame\n! glue\nS: +OK\nS: +OK\n",
    );
    is_nonsense(&login, "silence until asked");
    let list = multi("UIDL", "S: 1 a\n").replace("S: .", "! glue\nS: .\nS: -ERR what now");
    let script = format!("{LOGIN}C: STAT\nS: +OK 1 200\n{list}");
    is_nonsense(&script, "-ERR what now");
}

#[test]
fn a_line_nobody_asked_for_behind_a_message_loses_no_message() {
    let glued = retr(1, "alpha.eml").replace("S: +OK\n", "! glue\nS: +OK\n") + "S: +OK again\n";
    let script = LOGIN.to_owned() + &listing(&["a", "b"]) + &glued;
    let mut scene = Scene::new().conversation_text(&script);
    scene
        .run()
        .delivers(["alpha.eml"])
        .remembers(["a"])
        .says("+OK again")
        .exits(76);
    let script = LOGIN.to_owned() + &listing(&["a", "b"]) + &retr(2, "beta.eml") + QUIT;
    scene
        .conversation_text(&script)
        .run()
        .delivers(["alpha.eml", "beta.eml"])
        .silent()
        .exits(0);
}

#[test]
fn a_line_nobody_asked_for_behind_the_last_message_is_told_as_well() {
    let glued = retr(1, "alpha.eml").replace("S: +OK\n", "! glue\nS: +OK\n") + "S: +OK again\n";
    let script = LOGIN.to_owned() + &listing(&["a"]) + &glued;
    Scene::new()
        .conversation_text(&script)
        .run()
        .delivers(["alpha.eml"])
        .remembers(["a"])
        .says("+OK again")
        .exits(76);
}

#[test]
fn what_a_server_says_cannot_touch_the_terminal() {
    let script = format!(
        "{LOGIN}C: STAT\n! raw -ERR \\x1b[31mred\\x07\\xff {}\\r\\n\n{QUIT}",
        "x".repeat(2000)
    );
    let mut outcome = Scene::new().conversation_text(&script).run().exits(69);
    let said = outcome.take_stderr();
    assert!(said.contains("\\x1b[31mred\\x07\\xff"), "{said}");
    assert!(said.len() < 1000 && !said.contains('\x1b'), "{said}");
}
