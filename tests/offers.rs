//! What a server said it can do is remembered, so that it need not be asked before the next login;
//! and what is remembered decides nothing but what is tried first.

use std::fs;
use std::time::{SystemTime, UNIX_EPOCH};

use crate::support::phrases::{dele, listing, multi, retr, unchanged, QUIT};
use crate::support::scene::Scene;
use crate::support::server::{PopServer, Security};
use crate::support::tls::Certificate;

const SEEN: &str = ".local/state/popget/work.seen";
const HELLO: &str = "S: +OK ready\n";
const PLAIN: &str = "C: AUTH PLAIN AGFsaWNlAG9wZW4tc2VzYW1l\n";
/// What the server says before the login, and behind it.
const BEFORE: &str = "S: TOP\nS: PIPELINING\nS: SASL PLAIN LOGIN\n";
const BEHIND: &str = "S: TOP\nS: PIPELINING\n";
const REMEMBERED: &str = " TOP PIPELINING SASL%20PLAIN%20LOGIN";

fn capa(lines: &str) -> String {
    multi("CAPA", lines)
}

fn in_by_plain() -> String {
    PLAIN.to_owned() + "S: +OK\n"
}

/// The same dialogue, with all that the client says in it said first.
fn ahead(dialogue: &str) -> String {
    let (said, told): (Vec<_>, Vec<_>) = dialogue.lines().partition(|line| line.starts_with("C:"));
    [said, told].concat().join("\n") + "\n"
}

/// The login that asks first.
fn asked(lines: &str) -> String {
    HELLO.to_owned() + &capa(lines) + &in_by_plain()
}

/// The login that asks behind it, together with this, and is answered with these lines.
fn unasked(lines: &str, together: &str) -> String {
    HELLO.to_owned() + &in_by_plain() + &ahead(&(capa(lines) + together))
}

fn scene() -> Scene {
    Scene::new().key("auth", "[plain, login]")
}

/// A scene whose memory knows the message a, and this of a server behind that door.
fn knows(scene: Scene, door: &str, age: u64, offers: &str) -> Scene {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap();
    let (since, port) = (now.as_secs() - age, scene.port());
    let text = format!(
        "popget-seen 1\naccount work alice 127.0.0.1 0123456789ab\nseen a 400 {since} - 1\n\
         offers {since} {door}:{port}{offers}\n"
    );
    scene.file(SEEN, text.as_bytes())
}

/// A scene that remembers what was said an hour ago.
fn acquainted() -> Scene {
    knows(scene(), "none:alice@127.0.0.1", 3600, REMEMBERED)
}

/// The last line of the memory that tells of the server, without time and port.
fn noted(scene: &Scene) -> Option<String> {
    let text = fs::read_to_string(scene.path(SEEN)).unwrap();
    let line = text.lines().rfind(|line| line.starts_with("offers "))?;
    let words: Vec<_> = line.split(' ').skip(2).collect();
    Some(words.join(" ").replace(&format!(":{}", scene.port()), ""))
}

#[test]
fn the_next_run_need_not_ask() {
    let sizes = &unchanged(&["a"]).replace("1 400", "1 200");
    let first = asked(BEFORE) + &ahead(&listing(&["a"])) + &retr(1, "alpha.eml") + QUIT;
    let mut scene = scene().conversation_text(&first);
    scene.run().delivers(["alpha.eml"]).silent().exits(0);
    assert_eq!(
        noted(&scene),
        Some(format!("none:alice@127.0.0.1{REMEMBERED}"))
    );
    let memory = fs::read(scene.path(SEEN)).unwrap();
    for _ in 0..2 {
        scene = scene.conversation_text(&(unasked(BEHIND, sizes) + QUIT));
        scene.run().silent().exits(0);
        assert_eq!(fs::read(scene.path(SEEN)).unwrap(), memory);
    }
}

#[test]
fn without_pipelining_it_would_save_nothing() {
    let before = "S: TOP\nS: SASL PLAIN LOGIN\n";
    let script = asked(before) + &unchanged(&["a"]) + QUIT;
    let mut scene = scene().remembers(["a"]);
    for _ in 0..2 {
        let sizes = script.clone().replace(QUIT, "") + "C: LIST\nS: +OK\nS: 1 200\nS: .\n" + QUIT;
        scene = scene.conversation_text(&sizes);
        scene.run().silent().exits(0);
        assert_eq!(noted(&scene), None);
    }
}

#[test]
fn what_is_not_of_this_server_user_and_tls_or_is_old_is_not_used() {
    for (door, age) in [
        ("implicit:alice@127.0.0.1", 60),
        ("starttls:alice@127.0.0.1", 60),
        ("none-unproven:alice@127.0.0.1", 60),
        ("none:bob@127.0.0.1", 60),
        ("none:alice@127.0.0.2", 60),
        ("none:alice@127.0.0.1:1", 60),
        ("none:alice@127.0.0.1", 86_400),
    ] {
        let script = asked(BEFORE) + &ahead(&unchanged(&["a"])) + QUIT;
        let mut scene = knows(scene(), door, age, REMEMBERED).conversation_text(&script);
        scene.run().silent().exits(0);
        assert_eq!(
            noted(&scene),
            Some(format!("none:alice@127.0.0.1{REMEMBERED}")),
            "{door}"
        );
    }
}

#[test]
fn a_mechanism_that_is_gone_is_asked_about_and_another_one_taken() {
    let now = "S: TOP\nS: PIPELINING\nS: SASL LOGIN\n";
    let login = "C: AUTH LOGIN\nS: + VXNlcm5hbWU6\nC: YWxpY2U=\nS: + UGFzc3dvcmQ6\n\
                 C: b3Blbi1zZXNhbWU=\nS: +OK\n";
    let refused = HELLO.to_owned() + PLAIN + "S: -ERR [AUTH] unknown mechanism\n";
    let script = refused + &capa(now) + login + &ahead(&unchanged(&["a"])) + QUIT;
    let mut scene = acquainted().conversation_text(&script);
    scene.run().silent().exits(0);
    let words = " TOP PIPELINING SASL%20LOGIN";
    assert_eq!(noted(&scene), Some(format!("none:alice@127.0.0.1{words}")));
}

#[test]
fn a_refusal_stands_where_nothing_has_changed() {
    let refused = HELLO.to_owned() + PLAIN + "S: -ERR [AUTH] wrong password\n";
    let script = refused.clone() + &capa(BEFORE) + QUIT;
    let mut scene = acquainted().conversation_text(&script);
    let outcome = scene.run().delivers_nothing();
    outcome.says("refused the login").says_lines(1).exits(77);
    // The next run asks first.
    let script = HELLO.to_owned() + &capa(BEFORE) + PLAIN + "S: -ERR [AUTH] still wrong\n" + QUIT;
    scene = scene.conversation_text(&script);
    scene.run().says("still wrong").says_lines(1).exits(77);
}

#[test]
fn what_is_not_about_the_way_to_log_in_is_not_asked_about() {
    for (reply, status) in [
        ("[IN-USE] locked", 75),
        ("[SYS/TEMP] later", 75),
        ("[LOGIN-DELAY] slowly", 75),
    ] {
        let script = format!("{HELLO}{PLAIN}S: -ERR {reply}\n{QUIT}");
        let mut scene = acquainted().conversation_text(&script);
        scene.run().says_lines(1).exits(status);
    }
}

#[test]
fn settings_that_ask_for_what_is_not_remembered_are_asked_about() {
    let now = "S: TOP\nS: PIPELINING\nS: SASL CRAM-MD5\n";
    let login = "C: AUTH CRAM-MD5\nS: + PDFAaD4=\n\
                 C: YWxpY2UgYmY0OTBhNjUzZWZhZjdiMTQ2MzM1MGUzYjc2MWU4OWY=\nS: +OK\n";
    let script = HELLO.to_owned() + &capa(now) + login + &ahead(&unchanged(&["a"])) + QUIT;
    let mut scene = acquainted()
        .key("auth", "cram-md5")
        .conversation_text(&script);
    scene.run().silent().exits(0);
}

/// What refuses the strong way and then offers a weak one may be an attacker, remembered or not.
#[test]
fn nothing_weaker_is_tried_where_anybody_may_listen() {
    let now = "S: TOP\nS: PIPELINING\nS: SASL PLAIN LOGIN CRAM-MD5\n";
    let refused = "C: AUTH SCRAM-SHA-256 *\nS: -ERR unknown mechanism\n";
    let script = HELLO.to_owned() + refused + &capa(now) + QUIT;
    let remembered = " TOP PIPELINING SASL%20SCRAM-SHA-256";
    let scene = knows(scene(), "none:alice@127.0.0.1", 60, remembered);
    let mut scene = scene.without_key("auth").conversation_text(&script);
    let outcome = scene.run().delivers_nothing().never_shows("open-sesame");
    outcome.says("in the clear").says_lines(1).exits(78);
}

#[test]
fn a_server_that_takes_commands_ahead_no_more_is_asked_one_by_one() {
    let behind = ahead(
        &(capa("S: TOP\n")
            + &listing(&["a", "b"]).replace("C: LIST\nS: +OK\nS: 1 200\nS: 2 200\nS: .\n", "")),
    );
    let rest = "C: LIST\nS: +OK\nS: 1 400\nS: 2 200\nS: .\n".to_owned() + &retr(2, "beta.eml");
    let script = HELLO.to_owned() + &in_by_plain() + &behind + &rest + QUIT;
    let mut scene = acquainted().conversation_text(&script);
    scene.run().delivers(["beta.eml"]).silent().exits(0);
    assert_eq!(noted(&scene), Some("none:alice@127.0.0.1".into()));
}

/// STAT, UIDL and LIST of three messages of which one is known.
fn in_step() -> String {
    asked(BEFORE) + &listing(&["a", "b", "c"]) + &retr(2, "beta.eml") + &retr(3, "gamma.eml")
}

#[test]
fn a_server_that_loses_commands_is_not_tempted_again() {
    let lost = "C: STAT\nC: UIDL\nS: +OK 3 400\n! silence\n! again\n";
    let script = asked(BEFORE) + lost + &in_step() + QUIT;
    let mut scene = scene()
        .remembers(["a"])
        .key("retry", "1")
        .key("timeout", "1s")
        .conversation_text(&script);
    scene.run().delivers(["beta.eml", "gamma.eml"]).exits(0);
    let lock_step = Some("none:alice@127.0.0.1 lockstep".into());
    assert_eq!(noted(&scene), lock_step);
    let memory = fs::read(scene.path(SEEN)).unwrap();
    let sizes = "C: LIST\nS: +OK\nS: 1 200\nS: 2 200\nS: 3 200\nS: .\n";
    let script = asked(BEFORE) + &unchanged(&["a", "b", "c"]) + sizes + QUIT;
    scene = scene.conversation_text(&script);
    scene.run().silent().exits(0);
    assert_eq!(fs::read(scene.path(SEEN)).unwrap(), memory);
}

#[test]
fn commands_lost_by_what_is_remembered_are_asked_one_by_one() {
    // It says no more that it takes them, and lost them before it could say so.
    let lost =
        "C: CAPA\nC: STAT\nC: UIDL\nS: +OK\nS: TOP\nS: PIPELINING\nS: .\n! silence\n! again\n";
    let now = "S: TOP\nS: SASL PLAIN\n";
    let again = asked(now) + &unchanged(&["a"]) + QUIT;
    let script = HELLO.to_owned() + &in_by_plain() + lost + &again;
    let mut scene = acquainted()
        .key("retry", "1")
        .key("timeout", "1s")
        .conversation_text(&script);
    scene.run().silent().exits(0);
    assert_eq!(noted(&scene), Some("none:alice@127.0.0.1".into()));
}

#[test]
fn a_server_that_came_to_know_utf8_is_asked_for_it() {
    let more = "S: TOP\nS: UTF8\nS: PIPELINING\nS: SASL PLAIN LOGIN\n";
    let behind = ahead(&(capa("S: TOP\nS: UTF8\nS: PIPELINING\n") + &unchanged(&["a"])));
    let anew = HELLO.to_owned() + &capa(more) + "C: UTF8\nS: +OK\n" + &in_by_plain();
    let script = HELLO.to_owned()
        + &in_by_plain()
        + &behind
        + QUIT
        + "! again\n"
        + &anew
        + &ahead(&unchanged(&["a"]))
        + QUIT;
    let mut scene = acquainted().conversation_text(&script);
    scene.run().silent().exits(0);
    let words = " TOP UTF8 PIPELINING SASL%20PLAIN%20LOGIN";
    assert_eq!(noted(&scene), Some(format!("none:alice@127.0.0.1{words}")));
}

#[test]
fn after_a_line_that_was_cut_the_server_is_asked_first() {
    for stage in [PLAIN.to_owned(), in_by_plain() + "C: CAPA\n"] {
        let script = HELLO.to_owned() + &stage + "! cut\n";
        let mut scene = acquainted().conversation_text(&script);
        scene.run().says_lines(1).exits(75);
        let script = asked(BEFORE) + &ahead(&unchanged(&["a"])) + QUIT;
        scene = scene.conversation_text(&script);
        scene.run().silent().exits(0);
    }
}

#[test]
fn a_server_that_hangs_up_when_asked_behind_the_login_is_not_asked_there() {
    // It does not say that it knows TOP: others say so only behind the login.
    let before = "S: UIDL\nS: SASL PLAIN\n";
    let script = asked(before) + "C: CAPA\n! cut\n! again\n" + &asked(before);
    let script = script + &listing(&["a", "b"]) + &retr(2, "beta.eml") + &dele(2) + QUIT;
    let mut scene = scene()
        .remembers(["a"])
        .args(&["--delete"])
        .conversation_text(&script.replace(&dele(2), &(dele(1) + &dele(2))));
    scene.run().delivers(["beta.eml"]).silent().exits(0);
}

#[test]
fn where_what_is_said_depends_on_the_user_it_is_asked_together_with_the_rest() {
    let before = "S: TOP\nS: PIPELINING\nS: LOGIN-DELAY 0 USER\nS: SASL PLAIN\n";
    let script = asked(before) + &ahead(&(capa(BEHIND) + &unchanged(&["a"])));
    let sizes = "C: LIST\nS: +OK\nS: 1 200\nS: .\n";
    let mut scene = scene()
        .remembers(["a"])
        .conversation_text(&(script + sizes + QUIT));
    scene.run().silent().exits(0);
}

#[test]
fn behind_stls_nothing_that_was_said_before_it_counts() {
    let server = PopServer::builder()
        .security(Security::StartTls(Certificate::Good))
        .start();
    server.maildrop().add_named("a", "alpha.eml");
    let mut scene = Scene::with_server(&server);
    scene.run().delivers(["alpha.eml"]).silent().exits(0);
    scene.run().silent().exits(0);
    let words = |session: &Vec<String>| -> Vec<String> {
        let word = |command: &String| command.split(' ').next().unwrap_or_default().to_owned();
        session.iter().map(word).collect()
    };
    let sessions: Vec<_> = server.sessions().iter().map(words).collect();
    assert_eq!(
        sessions,
        [
            vec!["STLS", "CAPA", "AUTH", "STAT", "UIDL", "LIST", "RETR", "QUIT"],
            vec!["STLS", "AUTH", "CAPA", "STAT", "UIDL", "QUIT"],
        ]
    );
    assert!(noted(&scene)
        .unwrap()
        .starts_with("starttls:alice@127.0.0.1 "));
}
