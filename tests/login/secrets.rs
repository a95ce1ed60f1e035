//! Passwords are in no output, at any verbosity, whatever happens. Every outcome of every scene is
//! searched for the usual password; here is what it cannot know.

use base64::prelude::{Engine, BASE64_STANDARD};

use crate::support::phrases::LOGIN;
use crate::support::scene::Scene;
use crate::support::server::{Answer, Moment, PopServer, Security};
use crate::support::tls::Certificate;

use super::proofs::ALL;

/// Runs as loudly as can be, and finds no trace of these passwords.
#[track_caller]
fn keeps(scene: &mut Scene, password: &str, status: i32) -> String {
    let mut outcome = scene.run_with(&["-vv"]).exits(status);
    let shown = outcome.take_stderr() + &outcome.take_stdout();
    let whole = BASE64_STANDARD.encode(format!("\0alice\0{password}"));
    for secret in [password, &BASE64_STANDARD.encode(password), &whole] {
        assert!(!shown.contains(secret), "{secret} is in\n{shown}");
    }
    shown
}

#[test]
fn the_dialogue_is_shown_and_the_password_is_not() {
    for (auth, mask) in [
        ("user-pass", "C: PASS ***"),
        ("apop", "C: APOP ***"),
        ("plain", "C: AUTH PLAIN ***"),
        ("login", "C: ***"),
        ("cram-md5", "C: ***"),
        ("digest-md5", "S: + ***"),
        ("scram-sha-1", "C: AUTH SCRAM-SHA-1 ***"),
        ("scram-sha-256", "S: + ***"),
    ] {
        for password in ["open-sesame", "short but with spaces", "w\u{fc}rzig"] {
            if !password.is_ascii() && ["user-pass", "apop"].contains(&auth) {
                continue;
            }
            let server = PopServer::builder().mechanisms(ALL).user("alice", password);
            let server = server.start();
            let mut scene = Scene::with_server(&server)
                .key("auth", auth)
                .file("password", password.as_bytes());
            let shown = keeps(&mut scene, password, 0);
            assert!(
                shown.contains(mask) && shown.contains("S: +OK welcome"),
                "{shown}"
            );
        }
    }
}

#[test]
fn a_refused_password_is_not_shown() {
    for auth in [
        "user-pass",
        "plain",
        "login",
        "apop",
        "cram-md5",
        "digest-md5",
        "scram-sha-256",
    ] {
        let server = PopServer::builder().mechanisms(ALL).start();
        let mut scene = Scene::with_server(&server)
            .key("auth", auth)
            .file("password", b"wrong-but-typed\n");
        keeps(&mut scene, "wrong-but-typed", 77);
    }
}

#[test]
fn a_lost_line_in_the_middle_of_the_login_shows_nothing() {
    for command in ["PASS", "AUTH PLAIN"] {
        let server = PopServer::start();
        server.answer(command, Answer::HangUp);
        let auth = match command {
            "PASS" => "user-pass",
            _ => "plain",
        };
        let mut scene = Scene::with_server(&server).key("auth", auth);
        keeps(&mut scene, "open-sesame", 75);
    }
}

#[test]
fn a_password_in_the_settings_or_from_a_command_is_not_shown() {
    let server = PopServer::builder()
        .security(Security::Implicit(Certificate::Good))
        .start();
    let scene = || Scene::with_server(&server).without_key("password_file");
    let mut given = scene().key("password", "open-sesame");
    keeps(&mut given, "open-sesame", 0);
    let mut told = scene().key("password_command", "printf 'open-sesame\\nnote\\n'");
    keeps(&mut told, "open-sesame", 0);
    let mut fails = scene().key("password_command", "echo open-sesame; exit 1");
    keeps(&mut fails, "open-sesame", 78);
}

#[test]
fn an_empty_or_missing_password_is_told_before_anyone_is_asked() {
    let mut scene = Scene::new().file("password", b"\nopen-sesame\n");
    scene.run().says("first line is empty").exits(78);
    let mut scene = Scene::new().without_key("password_file");
    scene.run().says("no terminal to ask on").exits(77);
}

#[test]
fn a_password_that_the_server_repeats_is_not_shown() {
    let uidl = format!("{LOGIN}C: STAT\nS: +OK 1 200\nC: UIDL\n");
    let whole = BASE64_STANDARD.encode("\0alice\0open-sesame");
    for said in ["open-sesame", "your password is open-sesame, alice"] {
        for script in [
            format!("{LOGIN}C: STAT\nS: +OK {said}\n"),
            format!("{LOGIN}C: STAT\nS: {said}\n"),
            format!("{uidl}S: {said}\n"),
            format!("{uidl}S: +OK {said}\nS: {said}\nS: .\n"),
            format!("{uidl}S: +OK\nS: 1 a\nS: {said}\nS: .\n"),
            format!("{uidl}S: +OK\nS: 1 a\nS: .\nC: LIST\nS: +OK\nS: {said}\nS: .\n"),
            format!("{LOGIN}C: STAT\n! glue\nS: +OK 1 200\nS: {said}\n"),
        ] {
            let script = script + "! silence\n";
            let mut scene = Scene::new().key("timeout", "2s").conversation_text(&script);
            keeps(&mut scene, "open-sesame", 76);
        }
    }
    let server = PopServer::start();
    server.answer("STAT", Answer::Say(format!("+OK {whole}")));
    let mut scene = Scene::with_server(&server).key("auth", "plain");
    keeps(&mut scene, "open-sesame", 76);
}

#[test]
fn what_a_password_can_be_guessed_from_is_not_shown() {
    for auth in ["cram-md5", "digest-md5", "scram-sha-1", "scram-sha-256"] {
        let server = PopServer::builder().mechanisms(ALL).start();
        let mut scene = Scene::with_server(&server).key("auth", auth);
        let shown = keeps(&mut scene, "open-sesame", 0);
        let dialogue = server.dialogue();
        let asked = dialogue
            .lines()
            .skip_while(|line| !line.contains("C: AUTH"));
        let said = asked.take_while(|line| !line.contains("+OK welcome"));
        let said: Vec<&str> = said.flat_map(|line| line.split(' ').next_back()).collect();
        // All that was said but the first question, which is anybody's.
        let question = said
            .iter()
            .position(|word| shown.contains(word) && word.len() > 20);
        assert!(said.len() >= 3, "{dialogue}");
        for (at, word) in said.iter().enumerate().filter(|(_, word)| word.len() > 20) {
            assert!(
                Some(at) == question || !shown.contains(word),
                "{word} is in\n{shown}"
            );
        }
    }
}

#[test]
fn a_proof_that_the_server_repeats_is_not_shown() {
    /// The last long word that the client said.
    fn proof(server: &PopServer) -> String {
        let said = server.sessions().concat();
        let last = said.iter().rfind(|line| line.len() > 20);
        let word = last.and_then(|line| line.rsplit(' ').next());
        word.unwrap().to_owned()
    }
    for auth in ["plain", "cram-md5", "scram-sha-256"] {
        let server = PopServer::builder().mechanisms(ALL).start();
        let repeats = server.clone();
        server.hook(move |exchange| {
            if exchange.moment == Moment::Answered && exchange.command.starts_with("AUTH") {
                let reply = format!("+OK {}", proof(&repeats));
                repeats.answer("STAT", Answer::Say(reply));
            }
        });
        let mut scene = Scene::with_server(&server).key("auth", auth);
        let mut outcome = scene.run_with(&["-vv"]).says("+OK ***").exits(76);
        let (shown, proof) = (outcome.take_stderr(), proof(&server));
        assert!(!shown.contains(&proof), "{proof} is in\n{shown}");
        server.unhook();
    }
}
