//! What is said, where and how: off a terminal and on one, in words and in the dialogue.

mod bars;
mod called_off;
mod complaints;
mod errors;
mod journal;
mod rehearsal;
mod screen;
mod usage;

use base64::prelude::{Engine, BASE64_STANDARD};

use crate::support::scene::Scene;
use crate::support::server::{Answer, PopServer, Security, PASSWORD};
use crate::support::tls::Certificate;

/// A server with two messages, and a scene for it that knows the first.
fn one_known_one_new() -> (PopServer, Scene) {
    let server = PopServer::start();
    server
        .maildrop()
        .add_named("a", "alpha.eml")
        .add_named("b", "beta.eml");
    let scene = Scene::with_server(&server).remembers(["a"]);
    (server, scene)
}

#[test]
fn success_off_a_terminal_is_silent() {
    let (_server, mut scene) = one_known_one_new();
    scene.run().delivers(["beta.eml"]).silent().exits(0);
    scene.run().silent().exits(0);
}

#[test]
fn verbose_says_what_happens_to_each_message() {
    let (_server, scene) = one_known_one_new();
    let mut scene = scene.key("keep", "false").key("limit", "1");
    scene
        .run_with(&["-v"])
        .says_exactly(
            "work: password\nwork: connecting\nwork: greeting\nwork: login\n\
             work: listing\nwork: retrieving\nwork: delivered message b (86 B) to {home}/Mail\n\
             work: quitting\nwork: deleted message a from the server\nwork: deleted message b \
             from the server\nwork: 1 new message (86 B), 1 seen, 2 deleted\n",
        )
        .delivers(["beta.eml"])
        .exits(0);
}

#[test]
fn verbose_says_what_is_left_on_the_server() {
    let (server, scene) = one_known_one_new();
    server.maildrop().add("c", &b"x\n".repeat(5000));
    let mut scene = scene.key("max_size", "1k");
    scene
        .run_with(&["--verbose"])
        .says("work: left message c (14.65 KiB) on the server: it is larger than max_size\n")
        .says("work: 1 new message (86 B), 1 seen, 1 too large\n")
        .delivers(["beta.eml"])
        .exits(0);
}

#[test]
fn verbose_tells_the_message_id_harmlessly() {
    let long = format!("<{}@x>", "y".repeat(5000));
    for (field, shown) in [
        ("Message-ID: <1@example.org>", ", <1@example.org>"),
        ("message-id:\n <2@example.org>", ", <2@example.org>"),
        (
            "Message-ID: \u{1b}[2J\rpopget: all is well",
            ", \\x1b[2J\\x0dpopget: all is well",
        ),
        ("Message-ID:", ""),
        (
            &format!("Message-ID: {long}"),
            &format!(", {}...", &long[..300]),
        ),
    ] {
        let server = PopServer::start();
        let text = format!("{field}\nSubject: x\n\nx\n");
        server.maildrop().add("a", text.as_bytes());
        let mut scene = Scene::with_server(&server);
        let size = indicatif::HumanBytes(text.len() as u64);
        let told = format!("work: delivered message a ({size}{shown}) to ");
        scene.run_with(&["-v"]).says(&told).brings_mail().exits(0);
    }
}

#[test]
fn the_dialogue_is_shown_with_secrets_masked() {
    for (auth, shown) in [
        ("user-pass", "work: C: USER alice\nwork: S: +OK\nwork: C: PASS ***\nwork: S: +OK welcome\n"),
        ("apop", "work: C: APOP ***\nwork: S: +OK welcome\n"),
        ("plain", "work: C: AUTH PLAIN ***\nwork: S: +OK welcome\n"),
        ("login", "work: C: AUTH LOGIN\nwork: S: + VXNlcm5hbWU6\nwork: C: ***\nwork: S: + UGFzc3dvcmQ6\nwork: C: ***\nwork: S: +OK welcome\n"),
    ] {
        let (_server, scene) = one_known_one_new();
        let mut scene = scene.key("auth", auth);
        // That the password is shown in no form is asked of every outcome.
        let outcome = scene.run_with(&["-vv"]).says(shown).says("work: S: +OK popserver.example ready <");
        outcome.says("work: C: RETR 2\n").delivers(["beta.eml"]).exits(0);
    }
}

#[test]
fn a_refused_login_shows_no_secret_either() {
    for auth in ["user-pass", "apop", "plain", "login"] {
        let server = PopServer::builder().user("alice", "another").start();
        let mut scene = Scene::with_server(&server).key("auth", auth);
        let mut outcome = scene.run_with(&["-vv"]);
        assert!(outcome
            .take_stderr()
            .contains("login: the server refused the login"));
        outcome.exits(77);
    }
}

#[test]
fn a_secret_that_the_server_repeats_is_masked() {
    let plain = BASE64_STANDARD.encode(format!("\0alice\0{PASSWORD}"));
    for (auth, command, reply, shown, status) in [
        (
            "user-pass",
            "PASS",
            format!("-ERR [AUTH] not {PASSWORD}"),
            "[AUTH] not ***",
            77,
        ),
        (
            "user-pass",
            "PASS",
            format!("what? PASS {PASSWORD}"),
            "what? PASS ***",
            76,
        ),
        (
            "plain",
            "AUTH",
            format!("-ERR [AUTH] not {plain}"),
            "[AUTH] not ***",
            77,
        ),
    ] {
        let (server, scene) = one_known_one_new();
        server.answer(command, Answer::Say(reply));
        let mut scene = scene.key("auth", auth);
        scene.run().says(&format!(": \"{shown}\"; ")).exits(status);
        scene
            .run_with(&["-vv"])
            .says(&format!("{shown}\n"))
            .exits(status);
    }
}

#[test]
fn the_dialogue_goes_on_behind_tls() {
    let server = PopServer::builder()
        .security(Security::StartTls(Certificate::Good))
        .start();
    server.maildrop().add_named("a", "alpha.eml");
    let mut scene = Scene::with_server(&server);
    scene
        .run_with(&["-vv"])
        .says("work: C: STLS\nwork: S: +OK begin\nwork: securing\nwork: C: CAPA\n")
        .delivers(["alpha.eml"])
        .exits(0);
}

#[test]
fn quiet_says_errors_only_and_twice_nothing() {
    let (_server, scene) = one_known_one_new();
    let mut scene = scene
        .key("tls", "none")
        .deliver("mda: cat > /dev/null; echo careful >&2");
    scene
        .run_with(&["--all"])
        .says_exactly("popget: work (127.0.0.1): the MDA says: \"careful\"\npopget: work (127.0.0.1): the MDA says: \"careful\"\n")
        .exits(0);
    scene.run_with(&["--all", "-q"]).silent().exits(0);
    let mut scene = Scene::new().key("server", "pop.invalid");
    scene.run_with(&["-q"]).says_lines(1).exits(68);
    scene.run_with(&["-qq"]).silent().exits(68);
    scene.run_with(&["--quiet", "--quiet"]).silent().exits(68);
    scene
        .run_with(&["-qq", "--account", "nobody"])
        .silent()
        .exits(64);
    Scene::new()
        .config("x: 1\n")
        .run_with(&["-qq"])
        .silent()
        .exits(78);
}

#[test]
fn closed_streams_do_no_harm() {
    for closing in [
        "exec \"$@\" >&-",
        "exec \"$@\" 2>&-",
        "exec \"$@\" <&-",
        "exec \"$@\" <&- >&- 2>&-",
    ] {
        let (_server, scene) = one_known_one_new();
        let mut scene = scene
            .key("keep", "false")
            .under(&["sh", "-c", closing, "sh"]);
        scene.run().delivers(["beta.eml"]).silent().exits(0);
        let mut scene = Scene::new()
            .key("server", "pop.invalid")
            .under(&["sh", "-c", closing, "sh"]);
        let mut outcome = scene.run_with(&["-v"]);
        outcome.take_stderr();
        outcome.exits(68);
        let (_server, scene) = one_known_one_new();
        let mut scene = scene.under(&["sh", "-c", closing, "sh"]);
        let mut outcome = scene.run_with(&["-n", "-vv"]);
        outcome.take_stdout();
        outcome.take_stderr();
        outcome.exits(0);
    }
}

#[test]
fn a_reader_that_went_away_ends_popget_quietly() {
    for arguments in ["-n", "completions bash", "--help"] {
        let (_server, scene) = one_known_one_new();
        // The reader is gone before anything is written.
        let pipe = format!("{{ sleep 0.3; \"$@\" {arguments}; echo $? >&2; }} | true");
        let mut scene = scene.under(&["sh", "-c", &pipe, "sh"]);
        scene.run().says_exactly("0\n").exits(0);
    }
}

#[test]
fn mail_is_never_lost_in_a_closed_standard_output() {
    let (server, scene) = one_known_one_new();
    let mut scene = scene.key("keep", "false").deliver("mbox: \"-\"").under(&[
        "sh",
        "-c",
        "exec \"$@\" >&-",
        "sh",
    ]);
    scene
        .run()
        .says("standard output")
        .says_lines(1)
        .remembers(["a"])
        .exits(73);
    assert_eq!(server.maildrop().uids(), ["a", "b"]);
    let mut scene = scene.under(&["sh", "-c", "exec \"$@\" > /dev/null", "sh"]);
    scene.run().silent().remembers(["a", "b"]).exits(0);
}
