//! Every place a secret may come from, and that it goes nowhere but to the server.

use std::fs;
use std::net::TcpListener;
use std::os::unix::fs::PermissionsExt;

use base64::prelude::{Engine, BASE64_STANDARD};

use crate::support::scene::Scene;
use crate::support::server::{PopServer, Security};
use crate::support::terminal::Terminal;
use crate::support::tls::Certificate;

/// A word that no honest output holds, and which would be spoilt by trimming.
const SECRET: &str = " hidden-treasure: #7 ";

/// A token: what a password may hold, it may not.
const TOKEN: &str = "hidden-treasure.7";

/// A place, and the keys, files and surroundings that go with it.
struct Place {
    name: &'static str,
    equip: fn(Scene) -> Scene,
}

/// What stands there: the secret, and more that does not count.
fn lines() -> Vec<u8> {
    format!("{SECRET}\nnote: another line\n").into_bytes()
}

const PLACES: [Place; 8] = [
    Place {
        name: "password",
        equip: |scene| scene.key("password", &format!("'{SECRET}'")),
    },
    Place {
        name: "password_command, a string",
        equip: |scene| {
            scene
                .key("password_command", "cat secrets/word")
                .file("secrets/word", &lines())
        },
    },
    Place {
        name: "password_command, a list",
        equip: |scene| {
            scene
                .key("password_command", "[cat, secrets/word]")
                .file("secrets/word", &lines())
        },
    },
    Place {
        name: "password_file",
        equip: |scene| {
            scene
                .key("password_file", "~/secrets/word")
                .file("secrets/word", &lines())
        },
    },
    Place {
        name: "password_env",
        equip: |scene| {
            let value = String::from_utf8(lines()).unwrap();
            scene
                .key("password_env", "MAIL_WORD")
                .env("MAIL_WORD", &value)
        },
    },
    Place {
        name: "credential",
        equip: |scene| {
            let scene = scene
                .key("credential", "word")
                .file("secrets/word", &lines());
            let folder = scene.path("secrets").display().to_string();
            scene.env("CREDENTIALS_DIRECTORY", &folder)
        },
    },
    Place {
        name: "netrc",
        equip: |scene| {
            let entry = format!("machine 127.0.0.1 login alice password \"{SECRET}\"\n");
            scene.key("netrc", "true").file(".netrc", entry.as_bytes())
        },
    },
    Place {
        name: "oauth",
        equip: |scene| {
            let lines = format!("{TOKEN}\r\nanother line\n");
            let scene = scene.file("secrets/word", lines.as_bytes());
            scene.key("oauth", "\n  token_command: cat secrets/word")
        },
    },
];

impl Place {
    /// An account at this server, which gets its secret here; its MDA notes what it inherits.
    fn scene(&self, server: &PopServer) -> Scene {
        let scene = Scene::with_server(server)
            .without_key("password_file")
            .without_key("auth")
            .key("order", "newest")
            .deliver("mda: 'cat >/dev/null; env >>inherited'");
        (self.equip)(scene)
    }
}

/// A server that takes this password and this token, with a message in it.
fn server(word: &str, token: &str) -> PopServer {
    let builder = PopServer::builder().security(Security::Implicit(Certificate::Good));
    let builder = builder.mechanisms("PLAIN LOGIN XOAUTH2 OAUTHBEARER");
    let server = builder.user("alice", word).token("alice", token).start();
    server.maildrop().add_named("a", "alpha.eml");
    server
}

/// What must not be seen: the secret, and what it is turned into.
fn traces() -> Vec<String> {
    let encode = |text: &str| BASE64_STANDARD.encode(text);
    vec![
        "hidden-treasure".into(),
        encode(SECRET),
        encode(&format!("\0alice\0{SECRET}")),
        encode(TOKEN),
        encode(&format!("user=alice\x01auth=Bearer {TOKEN}\x01\x01")),
    ]
}

#[track_caller]
fn shows_nothing(place: &str, text: &str) {
    for trace in traces() {
        assert!(!text.contains(&trace), "{place}: {trace} is in\n{text}");
    }
}

/// Every way to call popget that may meet a secret.
const CALLS: [&[&str]; 6] = [
    &[],
    &["-v"],
    &["-vv"],
    &["-q", "--all"],
    &["--dry-run", "--all", "-vv"],
    &["-vv", "--all"],
];

#[test]
fn each_place_gives_its_secret_to_the_server_and_to_nobody_else() {
    for place in &PLACES {
        let server = server(SECRET, TOKEN);
        let mut scene = place.scene(&server);
        for call in CALLS {
            let mut outcome = scene.run_with(call);
            shows_nothing(
                place.name,
                &(outcome.take_stdout() + &outcome.take_stderr()),
            );
            outcome.exits(0);
        }
        assert_eq!(server.logins(), CALLS.len(), "{}", place.name);
        let inherited = fs::read_to_string(scene.path("inherited")).unwrap();
        shows_nothing(place.name, &inherited);
        let memory = fs::read_to_string(scene.path(".local/state/popget/work.seen")).unwrap();
        shows_nothing(place.name, &memory);
    }
}

#[test]
fn a_secret_that_is_refused_or_of_no_use_is_shown_no_more() {
    for place in &PLACES {
        let deaf = TcpListener::bind("127.0.0.1:0").unwrap();
        let gone = deaf.local_addr().unwrap().port().to_string();
        drop(deaf);
        let server = server("another word", "another");
        for (key, value, status) in [
            ("timeout", "10s", 77),
            ("port", &gone, 69),
            ("limit", "x", 78),
        ] {
            let mut scene = place.scene(&server).key(key, value);
            let mut outcome = scene.run_with(&["-vv"]);
            shows_nothing(
                place.name,
                &(outcome.take_stdout() + &outcome.take_stderr()),
            );
            outcome.exits(status);
        }
    }
}

#[test]
fn values_of_the_wrong_kind_are_not_repeated() {
    for (key, value) in [
        ("password", "[hidden-treasure]"),
        ("password", "{a: hidden-treasure}"),
        ("password_command", "{a: hidden-treasure}"),
        ("password_command", "[cat, [hidden-treasure]]"),
        ("password_env", "[hidden-treasure]"),
        ("credential", "[hidden-treasure]"),
        ("oauth", "hidden-treasure"),
        ("oauth", "{token: hidden-treasure}"),
        ("oauth", "{token_command: {a: hidden-treasure}}"),
        ("pasword", "hidden-treasure"),
    ] {
        let mut scene = Scene::new().without_key("password_file").key(key, value);
        scene
            .run()
            .says(if key == "pasword" { "pasword" } else { key })
            .never_shows("hidden-treasure")
            .says_lines(1)
            .exits(78);
    }
}

#[test]
fn there_is_one_place_at_most() {
    for (key, value) in [
        ("password_env", "WORD"),
        ("credential", "word"),
        ("netrc", "true"),
        ("oauth", "{token_command: cat word}"),
    ] {
        let mut scene = Scene::new().key(key, value);
        scene.run().says(key).says("keep one of them").exits(78);
    }
}

#[test]
fn a_place_with_nothing_in_it_is_told() {
    type Equip = fn(Scene) -> Scene;
    let rows: [(Equip, &str, i32); 9] = [
        (
            |scene| scene.key("password_env", "NO_SUCH_WORD"),
            "NO_SUCH_WORD, which is not set",
            78,
        ),
        (
            |scene| scene.key("password_env", "WORD").env("WORD", ""),
            "WORD, which is not set or empty",
            78,
        ),
        (
            |scene| scene.key("credential", "word"),
            "CREDENTIALS_DIRECTORY is not set",
            78,
        ),
        (
            |scene| scene.key("credential", "../word"),
            "without a slash",
            78,
        ),
        (
            |scene| {
                scene
                    .key("credential", "word")
                    .env("CREDENTIALS_DIRECTORY", "/nowhere")
            },
            "credential /nowhere/word",
            78,
        ),
        (
            |scene| scene.key("netrc", "true"),
            ".netrc: cannot be read",
            78,
        ),
        (
            |scene| {
                scene
                    .key("netrc", "true")
                    .file(".netrc", b"machine else password x\n")
            },
            "no password for login alice at machine 127.0.0.1",
            78,
        ),
        (
            |scene| scene.key("oauth", "{token_command: exit 3}"),
            "the token command failed",
            78,
        ),
        (
            |scene| scene.key("oauth", "{token_command: 'true'}"),
            "the token command printed nothing",
            78,
        ),
    ];
    for (equip, said, status) in rows {
        let mut scene = equip(
            Scene::new()
                .without_key("password_file")
                .without_key("auth"),
        );
        scene.run().says(said).says_lines(1).exits(status);
    }
}

#[test]
fn files_that_others_can_read_are_refused() {
    for (key, value, file) in [
        ("netrc", "true", ".netrc"),
        ("password_file", "~/word", "word"),
    ] {
        let mut scene = Scene::new()
            .without_key("password_file")
            .key(key, value)
            .file(file, b"machine 127.0.0.1 login alice password x\n");
        let open = fs::Permissions::from_mode(0o644);
        fs::set_permissions(scene.path(file), open).unwrap();
        scene
            .run()
            .says("can be read by everyone; run chmod 600")
            .exits(78);
    }
}

#[test]
fn a_command_that_misses_its_surroundings_is_told_what_they_lack() {
    for (command, lacks) in [
        (
            "echo 'gpg: decryption failed: No secret key' >&2; exit 2",
            "not set here: GNUPGHOME, GPG_TTY",
        ),
        (
            "echo 'secret-tool: Cannot autolaunch' >&2; exit 1",
            "not set here: DBUS_SESSION_BUS_ADDRESS",
        ),
    ] {
        let mut scene = Scene::new()
            .without_key("password_file")
            .key("password_command", &format!("\"{command}\""));
        scene.run().says(lacks).says_lines(1).exits(78);
        let mut scene = scene
            .env("GNUPGHOME", "/x")
            .env("GPG_TTY", "/x")
            .env("DBUS_SESSION_BUS_ADDRESS", "/x");
        scene
            .run()
            .says("exit status")
            .never_shows("not set here")
            .exits(78);
    }
}

#[test]
fn a_token_that_is_refused_is_got_anew_once() {
    let server = server(SECRET, TOKEN);
    let script = format!(
        "echo old >>calls; if [ -e later ]; then echo '{TOKEN}'; else touch later; echo stale; fi"
    );
    let scene = || {
        Scene::with_server(&server)
            .without_key("password_file")
            .without_key("auth")
    };
    let mut renewed = scene()
        .file("token.sh", script.as_bytes())
        .key("oauth", "{token_command: sh token.sh}");
    renewed.run().delivers(["alpha.eml"]).silent().exits(0);
    assert_eq!(
        fs::read_to_string(renewed.path("calls"))
            .unwrap()
            .lines()
            .count(),
        2
    );
    let mut stale = scene().key("oauth", "{token_command: 'echo x >>calls; echo stale'}");
    let before = server.commands("AUTH").len();
    stale
        .run()
        .says("refused the access token")
        .says_lines(1)
        .exits(77);
    assert_eq!(server.commands("AUTH").len(), before + 1);
    let mut always_another = scene().key("oauth", "{token_command: 'date +%N'}");
    always_another
        .run()
        .says("refused the access token")
        .exits(77);
    assert_eq!(server.commands("AUTH").len(), before + 3);
}

#[test]
fn commands_of_two_accounts_do_not_ask_at_once() {
    let server = PopServer::builder()
        .user("alice", "one")
        .user("bob", "two")
        .start();
    let port = server.port();
    let account = |user: &str| {
        let ask = format!("printf '{user}? ' >/dev/tty; read w </dev/tty; echo $w");
        let keys = [
            format!("server: 127.0.0.1:{port}"),
            "tls: none".into(),
            "auth: plain".into(),
            format!("user: {user}"),
            format!("password_command: {ask:?}"),
            "deliver: {maildir: ~/Mail}".into(),
        ];
        format!("  {user}:\n    {}\n", keys.join("\n    "))
    };
    let config = format!("accounts:\n{}{}", account("alice"), account("bob"));
    let (mut terminal, _scene) = Terminal::start(Scene::new().config(&config), &["--quiet"]);
    let answers = [("alice? ", "one\n"), ("bob? ", "two\n")];
    terminal.wait_for("? ");
    let first = usize::from(terminal.so_far().contains("bob? "));
    let other = 1 - first;
    // Time enough for the other to ask, if it is going to.
    std::thread::sleep(std::time::Duration::from_millis(300));
    assert!(!terminal.so_far().contains(answers[other].0));
    terminal.types(answers[first].1);
    terminal.wait_for(answers[other].0);
    terminal.types(answers[other].1);
    terminal.finish();
    assert_eq!(server.logins(), 2);
}
