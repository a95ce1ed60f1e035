//! A walk over all places of secrets, all that may become of a run, and every way to call popget that
//! meets a secret: it is in no output, not in the surroundings of other programs, not in the memory.

use std::fs;

use base64::prelude::{Engine, BASE64_STANDARD};

use crate::support::deaf::Deaf;
use crate::support::maildrop::Fault;
use crate::support::scene::Scene;
use crate::support::server::{Answer, PopServer};

/// Every way to call popget that may meet a secret.
const CALLS: [&[&str]; 2] = [&["--all"], &["--dry-run", "--all"]];

/// How much it says.
const VOLUMES: [&[&str]; 5] = [&["-qq"], &["-q"], &[], &["-v"], &["-vv"]];

/// What the server of the walk knows.
const ALL: &str = "PLAIN LOGIN CRAM-MD5 DIGEST-MD5 SCRAM-SHA-1 SCRAM-SHA-256 XOAUTH2 OAUTHBEARER";

/// A word that no honest output holds, and which would be spoilt by trimming.
pub(super) const SECRET: &str = " hidden-treasure: #7 ";

/// A token: what a password may hold, it may not.
pub(super) const TOKEN: &str = "hidden-treasure.7";

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
            let scene = scene.key("auth", "xoauth2");
            scene.key("oauth", "{token_command: cat secrets/word}")
        },
    },
];

impl Place {
    /// An account at this server, which gets its secret here; its MDA notes what it inherits.
    fn scene(&self, server: &PopServer) -> Scene {
        let scene = Scene::with_server(server)
            .without_key("password_file")
            .key("auth", "plain")
            .deliver("mda: 'cat >/dev/null; env >>inherited'");
        (self.equip)(scene)
    }
}

/// A server that takes this password and this token, with a message in it.
pub(super) fn server(word: &str, token: &str) -> PopServer {
    let builder = PopServer::builder().mechanisms(ALL);
    let server = builder.user("alice", word).token("alice", token).start();
    server.maildrop().add_named("a", "alpha.eml");
    server
}

/// What must not be seen: the secret, what it is turned into, and what was said to log in.
fn traces(server: &PopServer) -> Vec<String> {
    let encode = |text: &str| BASE64_STANDARD.encode(text);
    let whole = format!("\0alice\0{SECRET}");
    let bearer = format!("user=alice\x01auth=Bearer {TOKEN}\x01\x01");
    let mut traces = vec!["hidden-treasure".to_owned()];
    traces.extend([SECRET, TOKEN, &whole, &bearer].map(encode));
    // The longest word a client has that is no secret is the name of a mechanism.
    let name = |word: &&str| {
        word.chars()
            .all(|c| c.is_ascii_uppercase() || "-0123456789".contains(c))
    };
    let said = server.sessions().concat();
    let words = said.iter().flat_map(|line| line.split(' '));
    let long = words.filter(|word| word.len() > 16 && !name(word));
    traces.extend(long.map(str::to_owned));
    traces
}

/// Calls popget in every way, and finds no trace of the secret.
#[track_caller]
fn tells_nobody(place: &Place, server: &PopServer, scene: &mut Scene, status: i32) {
    for call in CALLS {
        for volume in VOLUMES {
            let call = [call, volume].concat();
            let mut outcome = scene.run_with(&call).exits(status);
            let mut seen = outcome.take_stdout() + &outcome.take_stderr();
            for file in ["inherited", ".local/state/popget/work.seen"] {
                seen += &String::from_utf8_lossy(&outcome.file(file));
            }
            for trace in traces(server) {
                assert!(
                    !seen.contains(&trace),
                    "{} {call:?}: {trace} is in\n{seen}",
                    place.name
                );
            }
        }
    }
}

#[test]
fn a_secret_that_is_right_goes_to_the_server_and_to_nobody_else() {
    for place in &PLACES {
        let server = server(SECRET, TOKEN);
        let mut scene = place.scene(&server);
        tells_nobody(place, &server, &mut scene, 0);
        assert_eq!(
            server.logins(),
            CALLS.len() * VOLUMES.len(),
            "{}",
            place.name
        );
        // The MDA was there to see it.
        let inherited = fs::read_to_string(scene.path("inherited")).unwrap();
        assert!(inherited.contains("POPGET_ACCOUNT=work"), "{}", place.name);
    }
}

/// The commands that look at a server, and what they say to programs.
const LOOKS: [&[&str]; 6] = [
    &["check"],
    &["list"],
    &["probe"],
    &["check", "--json"],
    &["list", "--json"],
    &["probe", "--json"],
];

#[test]
fn no_command_tells_a_secret() {
    for place in &PLACES {
        for (word, token) in [(SECRET, TOKEN), ("another word", "another")] {
            let server = server(word, token);
            let mut scene = place.scene(&server);
            for look in LOOKS.into_iter().chain([&["--all", "--json"][..]]) {
                for volume in VOLUMES {
                    let call = [look, volume].concat();
                    let mut outcome = scene.run_with(&call);
                    let seen = outcome.take_stdout() + &outcome.take_stderr();
                    for trace in traces(&server) {
                        let told = seen.contains(&trace);
                        assert!(!told, "{} {call:?}: {trace} is in\n{seen}", place.name);
                    }
                    let probe = look.first() == Some(&"probe");
                    let right = probe || word == SECRET;
                    outcome.exits(if right { 0 } else { 77 });
                }
            }
        }
    }
}

#[test]
fn a_secret_that_is_refused_is_not_told() {
    for place in &PLACES {
        let server = server("another word", "another");
        tells_nobody(place, &server, &mut place.scene(&server), 77);
        assert_eq!(server.logins(), 0);
    }
}

#[test]
fn a_secret_over_a_line_that_is_lost_is_not_told() {
    for place in &PLACES {
        let server = server(SECRET, TOKEN);
        server.answer("AUTH", Answer::HangUp);
        tells_nobody(place, &server, &mut place.scene(&server), 75);
    }
}

#[test]
fn a_secret_for_a_server_that_is_away_is_not_told() {
    let deaf = Deaf::new();
    let gone = deaf.port().to_string();
    for place in &PLACES {
        let server = server(SECRET, TOKEN);
        let mut scene = place.scene(&server).key("port", &gone);
        tells_nobody(place, &server, &mut scene, 69);
    }
}

#[test]
fn a_secret_beside_a_mistake_is_not_told() {
    for place in &PLACES {
        let server = server(SECRET, TOKEN);
        for (key, value) in [
            ("limit", "x"),
            ("no_such_key", "x"),
            ("tls_ca_file", "/no/file"),
        ] {
            tells_nobody(
                place,
                &server,
                &mut place.scene(&server).key(key, value),
                78,
            );
        }
        assert!(server.sessions().is_empty());
    }
}

#[test]
fn a_secret_is_told_to_nobody_in_whatever_way_it_is_proved() {
    let ways = [
        ("user-pass", 3),
        ("apop", 3),
        ("plain", 3),
        ("login", 3),
        ("cram-md5", 3),
        ("digest-md5", 3),
        ("scram-sha-1", 3),
        ("scram-sha-256", 3),
        ("oauthbearer", 7),
        ("xoauth2", 7),
    ];
    for (auth, place) in ways {
        let place = &PLACES[place];
        for (word, token, status) in [(SECRET, TOKEN, 0), ("another", "another", 77)] {
            let server = server(word, token);
            let mut scene = place.scene(&server).key("auth", auth);
            tells_nobody(place, &server, &mut scene, status);
        }
    }
}

#[test]
fn a_secret_is_not_told_when_a_message_fails() {
    for place in &PLACES {
        let server = server(SECRET, TOKEN);
        server.maildrop().spoil("a", Fault::Refused);
        let mut scene = place.scene(&server);
        let mut outcome = scene.run_with(&["-vv"]).exits(75);
        let seen = outcome.take_stderr() + &outcome.take_stdout();
        assert!(!seen.contains("hidden-treasure"), "{}: {seen}", place.name);
    }
}

#[test]
fn no_program_inherits_a_password_of_any_account() {
    let server = PopServer::builder().user("alice", "word").start();
    server.maildrop().add_named("a", "alpha.eml");
    let config = "\
        defaults: {server: '127.0.0.1:{port}', tls: none, auth: plain, user: alice, deliver: \
        {mda: 'cat >/dev/null; env >>inherited'}}\n\
        accounts:\n\
        \x20 one: {password_env: WORD_ONE}\n\
        \x20 same: {password_env: WORD_ONE}\n\
        \x20 two: {password_command: 'env >>inherited; echo word'}\n\
        \x20 off: {password_env: WORD_OFF, enabled: false}\n";
    let mut scene = Scene::with_server(&server)
        .config(config)
        .env("WORD_ONE", "word")
        .env("WORD_OFF", "hidden-treasure");
    for arguments in [&["--account", "one"][..], &["--account", "two"], &["-j1"]] {
        let outcome = scene.run_with(arguments).exits(0);
        let inherited = String::from_utf8(outcome.file("inherited")).unwrap();
        assert!(inherited.contains("HOME="), "{arguments:?}");
        assert!(!inherited.contains("WORD_"), "{arguments:?}: {inherited}");
    }
    assert_eq!(server.logins(), 5);
}
