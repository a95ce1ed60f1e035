//! What a refused login means: try later, or mend something.

use crate::support::phrases::QUIT;
use crate::support::scene::Scene;
use crate::support::server::PopServer;

/// The last word of a login, answered by `reply`, comes to this status and these words.
#[track_caller]
fn refused(capabilities: &str, reply: &str, status: i32, says: &str) {
    let sasl = format!("S: SASL PLAIN\n{capabilities}");
    for (auth, capabilities, dialogue) in [
        (
            "user-pass",
            capabilities,
            "C: USER alice\nS: +OK\nC: PASS open-sesame",
        ),
        ("plain", &sasl, "C: AUTH PLAIN AGFsaWNlAG9wZW4tc2VzYW1l"),
        ("apop", capabilities, "C: APOP alice *"),
    ] {
        let script = format!(
            "S: +OK ready <1896.697170952@dbc.mtview.ca.us>\nC: CAPA\nS: +OK\n{capabilities}S: .\n\
             {dialogue}\nS: {reply}\n{QUIT}"
        );
        Scene::new()
            .key("auth", auth)
            .without_key("retry")
            .conversation_text(&script)
            .run()
            .delivers_nothing()
            .says("login: ")
            .says(says)
            .says_lines(1)
            .exits(status);
    }
}

#[test]
fn a_maildrop_in_use_is_tried_later() {
    refused(
        "",
        "-ERR [IN-USE] another client",
        75,
        "in use by another session",
    );
    refused("", "-ERR [in-use]", 75, "in use by another session");
    refused(
        "S: RESP-CODES\n",
        "-ERR [IN-USE/X] locked",
        75,
        "in use by another session",
    );
}

#[test]
fn a_login_too_soon_is_tried_later() {
    refused(
        "",
        "-ERR [LOGIN-DELAY] wait",
        75,
        "more time between logins",
    );
}

#[test]
fn trouble_that_passes_is_tried_later() {
    refused("", "-ERR [SYS/TEMP] no memory", 75, "will pass");
}

#[test]
fn trouble_that_does_not_pass_says_so() {
    refused(
        "",
        "-ERR [SYS/PERM] no such disk",
        69,
        "will not pass by itself",
    );
    refused(
        "",
        "-ERR [REFERRAL/pop://elsewhere] go there",
        69,
        "elsewhere",
    );
}

#[test]
fn a_wrong_password_is_told_with_or_without_a_code() {
    refused("", "-ERR [AUTH] no", 77, "refused the login");
    refused(
        "S: AUTH-RESP-CODE\n",
        "-ERR [AUTH] no",
        77,
        "refused the login",
    );
    refused("", "-ERR Login incorrect.", 77, "Login incorrect.");
    refused("", "-ERR", 77, "refused the login");
    refused(
        "",
        "-ERR account locked, contact support",
        77,
        "contact support",
    );
    refused("", "-ERR [X-UNKNOWN] no", 77, "[X-UNKNOWN] no");
    refused("", "-ERR no [IN-USE] here", 77, "refused the login");
}

#[test]
fn where_every_refusal_has_its_code_one_without_is_trouble() {
    refused(
        "S: AUTH-RESP-CODE\n",
        "-ERR backend away",
        75,
        "backend away",
    );
    refused("S: AUTH-RESP-CODE\n", "-ERR", 75, "will pass");
}

#[test]
fn a_lock_told_in_words_is_a_lock() {
    for words in [
        "Maildrop lock busy!  Is another session active?",
        "Can't get lock.  Mailbox in use",
        "unable to lock maildrop",
        "mail storage services unavailable, wait a few minutes",
    ] {
        refused(
            "",
            &format!("-ERR {words}"),
            75,
            "in use by another session",
        );
    }
}

#[test]
fn a_lock_is_over_when_it_is_over() {
    let server = PopServer::start();
    server.maildrop().add_named("a", "alpha.eml");
    server.maildrop().lock();
    let mut scene = Scene::with_server(&server).without_key("retry");
    scene.run().says("in use by another session").exits(75);
    assert_eq!(
        server.commands("PASS").len(),
        1,
        "no second try in the same run"
    );
    server.maildrop().unlock();
    scene.run().delivers(["alpha.eml"]).silent().exits(0);
}

#[test]
fn a_mechanism_refused_at_once_is_not_the_servers_trouble() {
    let script = format!(
        "S: +OK\nC: CAPA\nS: +OK\nS: AUTH-RESP-CODE\nS: .\nC: AUTH PLAIN\nS: -ERR unknown\n{QUIT}"
    );
    Scene::new()
        .key("auth", "plain")
        .conversation_text(&script)
        .run()
        .says("unknown")
        .exits(77);
}

#[test]
fn a_refusal_that_ends_the_connection_is_a_refusal() {
    let script = "S: +OK\nC: CAPA\nS: -ERR\nC: USER alice\nS: +OK\nC: PASS open-sesame\n\
                  S: -ERR go away\n! cut\n";
    Scene::new()
        .without_key("retry")
        .conversation_text(script)
        .run()
        .says("go away")
        .says_lines(1)
        .exits(77);
}

#[test]
fn a_reply_to_a_login_that_makes_no_sense_ends_the_conversation() {
    for reply in ["+ more", "welcome", "* OK"] {
        let script = format!(
            "S: +OK\nC: CAPA\nS: -ERR\nC: USER alice\nS: +OK\nC: PASS open-sesame\nS: {reply}\n"
        );
        Scene::new()
            .conversation_text(&script)
            .run()
            .says("login: ")
            .exits(76);
    }
}

#[test]
fn what_may_be_too_long_for_user_and_pass_is_told() {
    let long = "p".repeat(41);
    for (user, password, told) in [
        ("alice", "wrong", false),
        ("alice", &long[..40], false),
        ("alice", &long, true),
        (
            "a-very-long-name-indeed@subdomain.example.org",
            "wrong",
            true,
        ),
    ] {
        for auth in ["user-pass", "plain"] {
            let server = PopServer::start();
            let mut scene = Scene::with_server(&server)
                .key("user", user)
                .key("auth", auth)
                .file("password", password.as_bytes());
            let outcome = scene.run().says("refused the login").says_lines(1);
            let outcome = match told && auth == "user-pass" {
                true => outcome.says("40 octets"),
                false => outcome.never_shows("40 octets"),
            };
            outcome.exits(77);
        }
    }
}

#[test]
fn a_name_refused_before_the_password_leaves_other_ways() {
    let script = format!(
        "S: +OK\nC: CAPA\nS: +OK\nS: TOP\nS: SASL LOGIN PLAIN\nS: .\nC: AUTH LOGIN\nS: +␠\n\
         C: YWxpY2U=\nS: -ERR not you, not so\nC: AUTH PLAIN *\nS: +OK\nC: STAT\nS: +OK 0 0\n{QUIT}"
    );
    Scene::new()
        .key("auth", "[login, plain]")
        .conversation_text(&script)
        .run()
        .silent()
        .exits(0);
}

#[test]
fn plain_carries_no_more_than_it_can() {
    let script = format!("S: +OK\nC: CAPA\nS: +OK\nS: SASL PLAIN\nS: .\n{QUIT}");
    Scene::new()
        .key("auth", "plain")
        .file("password", "p".repeat(256).as_bytes())
        .conversation_text(&script)
        .run()
        .says("longer than the 255 bytes")
        .says_lines(1)
        .exits(78);
}
