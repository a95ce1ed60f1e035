//! Texts that would like to move the cursor, turn the line round, or begin one of their own: in
//! every place from which a text can come, and wherever it can be shown.

use base64::prelude::{Engine, BASE64_STANDARD};

use super::{scene, scene_with, side_by_side};
use crate::support::outcome::Outcome;
use crate::support::phrases::{listing, retr, LOGIN, QUIT};
use crate::support::server::{PopServer, Security};
use crate::support::tls::Certificate;

/// Escape sequences of seven and of eight bits, marks that turn and hide text, other line ends, and
/// what is no UTF-8; in the notation of the scripts. No control character that could not be in a UID.
const UID: &str = "\\xc2\\x9b31mMARK\\xe2\\x80\\xae\\xe2\\x81\\xa6\\xe2\\x80\\xa8\\xc2\\x85forged\\xef\\xbb\\xbf\\xff";
/// The same with the rest of them.
const LINE: &str = "\\x1b[31mMARK\\x1b]0;title\\x07\\x08\\x00\\x7f\\x0b\\rforged\\xc2\\x9b2J\\xe2\\x80\\xae\\xe2\\x80\\xa9\\xff";

/// Nothing of it can do harm, and it is shown all the same.
#[track_caller]
fn harmless(outcome: &mut Outcome, what: &str) -> String {
    let shown = outcome.take_stdout() + &outcome.take_stderr();
    let harmful = |letter: char| match letter {
        '\n' | '\t' => false,
        '\u{ad}' | '\u{61c}' | '\u{180e}' | '\u{feff}' | '\u{fffd}' => true,
        '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}' => true,
        letter => letter.is_control(),
    };
    if let Some(letter) = shown.chars().find(|letter| harmful(*letter)) {
        outcome.fail(&format!("{what}: {} is shown", letter.escape_unicode()));
    }
    if let Some(line) = shown
        .lines()
        .find(|line| line.trim_start().starts_with("forged"))
    {
        outcome.fail(&format!("{what}: a line of its own: {line}"));
    }
    shown
}

/// How much is told.
const FORMS: [&[&str]; 4] = [&[], &["-vv"], &["--json"], &["--json", "-v"]];

/// Where a text comes from, and what a server says to put it there, `{T}` and `{U}` being the text.
fn places() -> Vec<(&'static str, &'static [&'static str], String)> {
    let list = LOGIN.to_owned() + &listing(&["UID"]);
    let list = list.replace("S: 1 UID\n", "! raw 1 {U}\\r\\n\n");
    let login = "S: +OK\nC: CAPA\nS: -ERR\nC: USER alice\nS: +OK\nC: PASS open-sesame\n";
    let raw = |begin: &str, line: &str, end: &str| format!("{begin}! raw {line}\\r\\n\n{end}");
    let top = "C: TOP 1 0\nS: +OK\n! raw From: {T} <{U}>\\r\\n\n! raw Subject: {T}\\r\\n\n\
               ! raw \\x20=?utf-8?q?=1B[31m=0D=0Aforged_=E2=80=AE=C2=9B?=\\r\\n\nS: \nS: .\n";
    let reset = "C: RSET\nS: +OK\n";
    let probed = "S: +OK\nC: CAPA\nS: +OK\n! raw {T}\\r\\n\n! raw SASL {U}\\r\\n\nS: .\n";
    vec![
        ("a greeting that refuses", &[], raw("", "-ERR {T}", "")),
        ("a greeting that is none", &[], raw("", "{T}", "")),
        (
            "a code in a greeting",
            &[],
            raw("", "-ERR [IN-USE/{T}] {T}", ""),
        ),
        ("a refused login", &[], raw(login, "-ERR {T}", QUIT)),
        ("a code of a login", &[], raw(login, "-ERR [{U}] {T}", QUIT)),
        (
            "an answer to STAT",
            &[],
            raw(&format!("{LOGIN}C: STAT\n"), "+OK {T}", ""),
        ),
        (
            "a refused STAT",
            &[],
            raw(&format!("{LOGIN}C: STAT\n"), "-ERR {T}", QUIT),
        ),
        (
            "a line of UIDL",
            &[],
            raw(
                &format!("{LOGIN}C: STAT\nS: +OK 1 1\nC: UIDL\nS: +OK\n"),
                "{T}",
                "",
            ),
        ),
        (
            "a UID and a refused RETR",
            &[],
            raw(&format!("{list}C: RETR 1\n"), "-ERR {T}", QUIT),
        ),
        (
            "a refused QUIT",
            &["--delete"],
            raw(
                &format!("{list}{}C: DELE 1\nS: +OK\nC: QUIT\n", retr(1, "alpha.eml")),
                "-ERR {T}",
                "",
            ),
        ),
        (
            "a line out of turn",
            &[],
            "! glue\nS: +OK\n! raw {T}\\r\\n\n".into(),
        ),
        (
            "a head in a list",
            &["list"],
            format!("{list}{top}{reset}{QUIT}"),
        ),
        (
            "a head in a dry run",
            &["--dry-run"],
            format!("{list}{top}{reset}{QUIT}"),
        ),
        (
            "what probe is told",
            &["probe", "--account", "work"],
            format!("{probed}{QUIT}"),
        ),
        (
            "a greeting for probe",
            &["probe", "--account", "work"],
            raw(
                "",
                "+OK {T}",
                &format!("C: CAPA\nS: -ERR\nC: AUTH\n! raw +OK\\r\\n{{T}}\\r\\n.\\r\\n\n{QUIT}"),
            ),
        ),
    ]
}

#[test]
fn what_a_server_says_can_do_no_harm_wherever_it_says_it() {
    let places = places();
    let cases: Vec<_> = places
        .iter()
        .flat_map(|place| FORMS.map(|form| (place, form)))
        .collect();
    side_by_side(&cases, |((what, command, script), form)| {
        let script = script.replace("{T}", LINE).replace("{U}", UID);
        let mut scene = scene().conversation_text(&script).args(command);
        let mut outcome = scene.run_with(form);
        let shown = harmless(&mut outcome, what);
        if !shown.contains("MARK") {
            outcome.fail(&format!("{what}: it is not shown at all"));
        }
        drop(outcome.whatever());
    });
}

#[test]
fn a_challenge_can_do_no_harm() {
    let script = format!(
        "S: +OK\nC: CAPA\nS: +OK\nS: SASL CRAM-MD5\nS: .\nC: AUTH CRAM-MD5\n\
         ! raw + {LINE}\\r\\n\nC: *\n! raw -ERR {LINE}\\r\\n\n"
    );
    for form in FORMS {
        let scene = scene().key("auth", "cram-md5");
        let mut outcome = scene.conversation_text(&script).run_with(form);
        assert!(harmless(&mut outcome, "a challenge").contains("MARK"));
        outcome.exits(76);
    }
}

#[test]
fn a_refused_token_can_do_no_harm() {
    let json = br#"{"status":"\u001b[31mMARK\r\nforged\u202e\u009b","scope":"x"}"#;
    let challenge = BASE64_STANDARD.encode(json);
    let token = BASE64_STANDARD.encode("user=alice\x01auth=Bearer tok-en\x01\x01");
    let script = format!(
        "S: +OK\nC: CAPA\nS: +OK\nS: SASL XOAUTH2\nS: .\nC: AUTH XOAUTH2\nS: +\nC: {token}\n\
         S: + {challenge}\nC: \nS: -ERR no\n{QUIT}"
    );
    for form in FORMS {
        let mut scene = scene()
            .key("auth", "[xoauth2]")
            .without_key("password_file")
            .key("oauth", "{token_command: echo tok-en}")
            .conversation_text(&script);
        let mut outcome = scene.run_with(form);
        assert!(harmless(&mut outcome, "a refused token").contains("MARK"));
        outcome.exits(77);
    }
}

#[test]
fn a_certificate_can_do_no_harm() {
    let server = || {
        let security = Security::Implicit(Certificate::Hostile);
        PopServer::builder().security(security).start()
    };
    for form in FORMS {
        for command in [&[][..], &["probe", "--account", "work"]] {
            let server = server();
            let mut scene = scene_with(&server).args(command);
            let mut outcome = scene.run_with(form);
            assert!(harmless(&mut outcome, "a certificate").contains("MARK"));
            drop(outcome.whatever());
        }
    }
}

#[test]
fn what_an_mda_says_can_do_no_harm() {
    let says = "printf '\\033[31mMARK\\r\\nforged \\302\\233\\342\\200\\256\\377\\000' >&2";
    for (form, status) in FORMS
        .into_iter()
        .flat_map(|form| [0, 65, 75].map(|status| (form, status)))
    {
        let server = PopServer::start();
        server.maildrop().add_named("a", "alpha.eml");
        let mda = format!(
            "mda: \"cat > /dev/null; {}; exit {status}\"",
            says.replace('\\', "\\\\")
        );
        let mut scene = scene_with(&server).deliver(&mda);
        let mut outcome = scene.run_with(form);
        assert!(harmless(&mut outcome, "an MDA").contains("MARK"));
        outcome.exits(status);
    }
}

#[test]
fn the_sender_of_a_message_is_no_option_and_no_command() {
    for (written, sender) in [
        ("<-oQ/tmp>", ""),
        ("-bs", ""),
        ("<a b -X ~/no>", "ab-X~/no"),
        ("<$(touch ~/no)>", "$(touch~/no)"),
        ("<`touch ~/no`;touch ~/no|>", "`touch~/no`;touch~/no|"),
        ("<x>\\nFrom y", "x"),
        ("<x\r\u{1b}y\u{7f}>", "xy"),
    ] {
        let message = format!("Return-Path: {written}\nSubject: x\n\nhi\n");
        let server = PopServer::start();
        server.maildrop().add("a", message.as_bytes());
        let mut scene =
            scene_with(&server).deliver("mda: 'cat > /dev/null; printf %s \"$SENDER\" > ~/sender'");
        let outcome = scene.run().silent().exits(0);
        assert_eq!(
            outcome.file("sender").escape_ascii().to_string(),
            sender.as_bytes().escape_ascii().to_string()
        );
        let mut scene = scene_with(&server).deliver("mbox: ~/mbox");
        let outcome = scene
            .run()
            .silent()
            .mbox_holds_bytes("mbox", &[message.clone().into_bytes()])
            .exits(0);
        let mbox = outcome.file("mbox");
        let line = mbox.split(|byte| *byte == b'\n').next().unwrap_or_default();
        let words: Vec<&[u8]> = line.split(|byte| *byte == b' ').collect();
        let nobody = if sender.is_empty() {
            "MAILER-DAEMON"
        } else {
            sender
        };
        assert_eq!((words[0], words[1]), (&b"From "[..4], nobody.as_bytes()));
        assert!(!scene.path("no").exists());
    }
}
