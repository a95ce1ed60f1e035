//! The first line of a server, or of whatever else listens there.

use crate::support::scene::Scene;

/// Greeted so, popget leaves with this status and these words.
#[track_caller]
fn greeted(script: &str, status: i32, says: &[&str]) {
    let mut outcome = Scene::new()
        .key("timeout", "1s")
        .conversation_text(script)
        .run()
        .says_lines(1)
        .exits(status);
    let said = outcome.take_stderr();
    for part in says {
        if !said.contains(part) {
            outcome.fail(&format!("expected on standard error: {part}"));
        }
    }
}

#[test]
fn a_server_that_refuses_at_once_is_tried_later() {
    greeted(
        "S: -ERR too many connections\n",
        75,
        &["too many connections"],
    );
    greeted("S: -ERR\n", 75, &["greets with a refusal"]);
    greeted("S: -ERR [SYS/TEMP] soon\n", 75, &["soon"]);
    greeted("S: -ERR [IN-USE] busy\n", 75, &["busy"]);
    greeted("S: -ERR [X-NEW] whatever\n", 75, &["[X-NEW] whatever"]);
}

#[test]
fn a_server_that_refuses_for_good_says_so() {
    greeted("S: -ERR [SYS/PERM] closed\n", 69, &["closed"]);
}

#[test]
fn other_servers_are_told_by_their_greetings() {
    greeted("S: * OK IMAP4rev1 ready\n", 76, &["IMAP", "995"]);
    greeted("S: 220 mail.example.org ESMTP\n", 76, &["SMTP"]);
    greeted("S: + POP2 ready\n", 76, &["POP2"]);
    greeted("S: HTTP/1.1 400 Bad Request\n", 76, &["web server"]);
    greeted("S: hello\n", 76, &["not a POP3 reply", "hello"]);
}

#[test]
fn a_tls_alert_on_a_plain_port_is_told() {
    // An alert has no line end to wait for.
    greeted(
        "! raw \\x15\\x03\\x01\\x00\\x02\\x02\\x28\n",
        76,
        &["TLS", "tls: implicit"],
    );
    greeted(
        "! raw \\x16\\x03\\x03\\x00\\x02\\x02\\x28\n! silence\n",
        76,
        &["TLS", "tls: implicit"],
    );
}

#[test]
fn a_silent_server_may_be_waiting_for_tls() {
    greeted("! silence\n", 75, &["no answer for 1s", "tls: implicit"]);
}

#[test]
fn a_server_that_hangs_up_without_a_word_is_tried_later() {
    greeted("! cut\n", 75, &["hung up", "greeting"]);
    greeted("! raw +OK rea\n! cut\n", 75, &["hung up", "greeting"]);
    greeted("! reset\n", 75, &["greeting"]);
}
