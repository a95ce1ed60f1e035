//! An error is one line: account, server, stage, the server's words escaped, and what to do.

use super::one_known_one_new;
use crate::support::scene::Scene;
use crate::support::server::Answer;

/// What is said when a server refuses the login in these words, from the words on.
fn refused(words: &[u8]) -> String {
    let raw: String = words.iter().map(|byte| format!("\\x{byte:02x}")).collect();
    let script = format!(
        "S: +OK\nC: CAPA\nS: -ERR\nC: USER alice\nS: +OK\nC: PASS open-sesame\n\
         ! raw -ERR {raw}\\r\\n\nC: QUIT\nS: +OK\n"
    );
    let mut scene = Scene::new().conversation_text(&script);
    let mut outcome = scene.run().says_lines(1);
    let said = outcome.take_stderr();
    outcome.exits(77);
    let begin = "popget: work (127.0.0.1): login: the server refused the login: \"";
    let end = "\"; check user and password; many providers want an app password or a token (oauth), or POP switched on in their settings\n";
    let inner = said
        .strip_prefix(begin)
        .and_then(|said| said.strip_suffix(end));
    inner.unwrap_or_else(|| panic!("{said}")).to_owned()
}

#[test]
fn what_a_server_says_can_do_no_harm() {
    for (words, shown) in [
        (&b"no such user"[..], "no such user"),
        ("gr\u{fc}n \u{2713}".as_bytes(), "gr\u{fc}n \u{2713}"),
        (
            b"\x1b[31mred\x1b]0;title\x07",
            "\\x1b[31mred\\x1b]0;title\\x07",
        ),
        (b"a\rpopget: all is well", "a\\x0dpopget: all is well"),
        (b"tab\there\x08\x08\x7f", "tab\\x09here\\x08\\x08\\x7f"),
        (
            "a\u{202e}b\u{2066}c\u{200f}d".as_bytes(),
            "a\\u{202e}b\\u{2066}c\\u{200f}d",
        ),
        ("c1\u{9b}31m".as_bytes(), "c1\\u{9b}31m"),
        (b"latin \xfc\xff", "latin \\xfc\\xff"),
        (b"nul \x00 here", "nul \\x00 here"),
        (b"  blanks  ", "blanks"),
    ] {
        assert_eq!(refused(words), shown);
    }
}

#[test]
fn what_a_server_says_is_cut_to_a_sane_length() {
    let shown = refused(&b"x".repeat(4000));
    assert_eq!(shown, "x".repeat(300) + "...");
    let shown = refused("\u{202e}".repeat(1000).as_bytes());
    assert!(shown.len() <= 310 && shown.ends_with("..."), "{shown}");
}

#[test]
fn a_uid_can_do_no_harm() {
    let (server, mut scene) = one_known_one_new();
    server
        .maildrop()
        .change_uids(|uid| format!("{uid}\u{1b}[2J"));
    let mut outcome = scene.run_with(&["-v"]);
    let said = outcome.take_stderr();
    assert!(!said.contains('\u{1b}'), "{said}");
    outcome.whatever();
}

#[test]
fn the_words_of_an_mda_and_of_a_password_command_are_escaped() {
    let (_server, scene) = one_known_one_new();
    let mut scene = scene.deliver("mda: cat > /dev/null; printf 'one\\ntwo\\033[m' >&2; exit 70");
    scene
        .run()
        .says_exactly(
            "popget: work (127.0.0.1): retrieving message b: the MDA will not take the message \
             (exit status 70): \"one\\x0atwo\\x1b[m\"; the message stays on the server and is \
             tried again in the next run\n",
        )
        .exits(65);
    let (_server, scene) = one_known_one_new();
    let mut scene = scene.deliver("mda: cat > /dev/null; printf 'careful\\r\\n\\033[31m' >&2");
    scene
        .run()
        .says_exactly("popget: work (127.0.0.1): the MDA says: \"careful\\x0d\\x0a\\x1b[31m\"\n")
        .exits(0);
    let mut scene = Scene::new().without_key("password_file").key(
        "password_command",
        "printf 'first\\nlast\\033[m\\n' >&2; exit 1",
    );
    scene
        .run()
        .says("password command failed (exit status: 1): \"last\\x1b[m\"; run")
        .says_lines(1)
        .exits(78);
}

#[test]
fn every_stage_is_named() {
    let (server, mut scene) = one_known_one_new();
    for (command, stage) in [
        ("CAPA", "greeting"),
        ("USER", "login"),
        ("PASS", "login"),
        ("STAT", "listing"),
        ("UIDL", "listing"),
        ("RETR", "retrieving"),
    ] {
        server.answer(command, Answer::Say("\u{1}nonsense".into()));
        scene
            .run()
            .says(&format!("popget: work (127.0.0.1): {stage}"))
            .says("the server's reply is not ")
            .says("\"\\x01nonsense\"; run with -vv to see the dialogue, and tell the server's operator\n")
            .says_lines(1)
            .exits(76);
        server.behave();
    }
}
