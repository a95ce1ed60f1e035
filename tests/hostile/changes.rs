//! Servers that do not keep to what they announced, or that answer with what is no answer.

use super::endless::lines;
use super::{each, scene, scene_with, Case};
use crate::support::phrases::{listing, retr, LOGIN, QUIT};
use crate::support::server::{PopServer, Security};
use crate::support::tls::Certificate;

/// What a server says, and what its lines are not.
#[track_caller]
fn are_no_replies(replies: &[&str], says: &'static [&'static str]) {
    let first = |(_, script): &(&str, String)| {
        let last = script.lines().next_back();
        last.is_none_or(|last| last.starts_with("C: "))
    };
    let cases = lines()
        .into_iter()
        .filter(first)
        .flat_map(|(what, script)| {
            replies.iter().map(move |reply| Case {
                what,
                script: format!("{script}! raw {reply}\\r\\n\n"),
                status: 76,
                says,
            })
        });
    each(&cases.collect::<Vec<_>>());
}

#[test]
fn what_is_no_reply_is_none_anywhere() {
    let replies = [
        "-", "", " ", ".", "+OKAY", "-ERROR", "OK", "\\x00", "+OK\\x00", "\\xff",
    ];
    are_no_replies(&replies, &["the server's reply is not a POP3 reply"]);
}

#[test]
fn a_plus_alone_is_a_question_that_nobody_has_to_answer() {
    are_no_replies(&["+", "+ ", "+ YQ=="], &["the server's reply is not "]);
}

/// One message arrives, in whatever way the server changes its mind.
#[track_caller]
fn arrives(script: &str) {
    let mut scene = scene().conversation_text(script);
    scene.run().delivers(["alpha.eml"]).silent().exits(0);
}

#[test]
fn capabilities_may_change_with_the_login() {
    let fetched = listing(&["a"]) + &retr(1, "alpha.eml") + QUIT;
    let without_top = LOGIN.replace("S: TOP\n", "");
    for capabilities in [
        "S: -ERR\n",
        "S: +OK\nS: .\n",
        "S: +OK\nS: SASL PLAIN\nS: STLS\nS: .\n",
    ] {
        arrives(&format!("{without_top}C: CAPA\n{capabilities}{fetched}"));
    }
    // What is listed and then refused is done without.
    let refused = "C: STAT\nS: +OK 1 200\nC: UIDL\nS: -ERR what\nC: LIST\nS: +OK\nS: 1 200\nS: .\n";
    arrives(&format!("{LOGIN}{refused}{}{QUIT}", retr(1, "alpha.eml")));
    let mut scene = scene().conversation_text(&format!(
        "{LOGIN}{}C: TOP 1 0\nS: -ERR what\nC: RSET\nS: +OK\n{QUIT}",
        listing(&["a"])
    ));
    scene
        .run_with(&["list"])
        .prints("1\t200\tnew\ta\t-\t-\t-\n")
        .exits(0);
}

#[test]
fn capabilities_may_change_with_tls() {
    // Nothing that was said before counts: neither that there are no logins nor which there are.
    for before in [
        "S: SASL PLAIN\nS: PIPELINING\nS: UTF8\n",
        "S: LOGINDISABLED\n",
        "",
    ] {
        let script = format!(
            "S: +OK\nC: CAPA\nS: +OK\n{before}S: STLS\nS: .\nC: STLS\nS: +OK\n! tls\n\
             C: CAPA\nS: +OK\nS: SASL SCRAM-SHA-256\nS: .\nC: QUIT\nS: +OK\n"
        );
        let scene = scene().tls("starttls").conversation_text(&script);
        let mut scene = scene.args(&["probe", "--account", "work"]);
        scene
            .run()
            .prints("mechanisms:     SCRAM-SHA-256\n")
            .exits(0);
    }
}

#[test]
fn text_behind_the_answer_to_stls_is_never_taken_for_the_servers() {
    let late = "S: +OK\nC: STLS\nS: +OK\n! wait 300ms\n! raw +OK injected\\r\\n\n! cut\n";
    let mut scene = scene().tls("starttls").conversation_text(late);
    scene
        .run()
        .never_shows("injected")
        .says("securing: ")
        .says_lines(1)
        .exits(69);
}

#[test]
fn a_server_that_forgets_what_is_sent_ahead_is_a_server() {
    for security in [Security::None, Security::Implicit(Certificate::Good)] {
        for keep in ["true", "false"] {
            let server = PopServer::builder().security(security).forgetful().start();
            let mail = ["alpha.eml", "beta.eml", "gamma.eml"];
            for name in mail {
                server.maildrop().add_named(name, name);
            }
            let mut scene = scene_with(&server).key("keep", keep).key("retry", "2");
            scene.run().delivers(mail).remembers(mail).silent().exits(0);
            assert_eq!(server.maildrop().left(), if keep == "true" { 3 } else { 0 });
        }
    }
}
