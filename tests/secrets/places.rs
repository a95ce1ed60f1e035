//! The keys for secrets: what is said when they do not help.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::time::{Duration, Instant};

use rustix::process::Signal;

use super::walk::{server, SECRET, TOKEN};
use crate::support::scene::Scene;

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
fn a_command_that_is_not_there_lacks_nothing_else() {
    for command in ["/nowhere/pass show mail", "[/nowhere/pass, show]"] {
        let mut scene = Scene::new()
            .without_key("password_file")
            .key("password_command", command);
        scene
            .run()
            .says("the password command ")
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
            .key("auth", "xoauth2")
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
fn a_netrc_that_names_the_user_is_enough() {
    let server = server(SECRET, TOKEN);
    let scene = |entry: &str| {
        Scene::with_server(&server)
            .without_key("password_file")
            .without_key("user")
            .key("netrc", "true")
            .file(".netrc", entry.as_bytes())
    };
    let entry = format!("machine 127.0.0.1 login alice password \"{SECRET}\"\n");
    scene(&entry)
        .run()
        .delivers(["alpha.eml"])
        .silent()
        .exits(0);
    for (entry, said) in [
        ("machine 127.0.0.1 password x\n", "the key user is missing"),
        (
            "machine 127.0.0.1\npassword x y\n",
            ".netrc: line 2: no keyword",
        ),
        (
            "machine 127.0.0.1 login \"alice\n",
            ".netrc: line 2: a quote is not closed",
        ),
    ] {
        scene(entry).run().says(said).says_lines(1).exits(78);
    }
}

#[test]
fn a_netrc_file_elsewhere_is_named_by_its_variable() {
    let server = server(SECRET, TOKEN);
    let entry = format!("default login alice password \"{SECRET}\"\n");
    let scene = Scene::with_server(&server)
        .without_key("password_file")
        .key("netrc", "true")
        .file(".netrc", b"machine 127.0.0.1 login alice password wrong\n")
        .file("elsewhere", entry.as_bytes());
    let path = scene.path("elsewhere").display().to_string();
    let mut scene = scene.env("NETRC", &path);
    scene.run().delivers(["alpha.eml"]).silent().exits(0);
}

#[test]
fn an_account_can_do_without_the_netrc_of_the_defaults() {
    let mut scene = Scene::new().config(
        "defaults: {netrc: true, server: '127.0.0.1:{port}', tls: none, user: alice, deliver: \
         {maildir: ~/Mail}}\naccounts:\n  work: {netrc: false}\n",
    );
    scene = scene.under(&["setsid", "--wait"]);
    scene.run().says("no password is configured").exits(77);
}

#[test]
fn a_failing_command_that_said_the_secret_is_not_quoted() {
    let mut scene = Scene::new().without_key("password_file").key(
        "password_command",
        "\"echo hidden-treasure; echo 'no hidden-treasure here' >&2; exit 1\"",
    );
    scene
        .run()
        .says("the password command failed")
        .never_shows("hidden-treasure")
        .exits(78);
}

#[test]
fn a_signal_ends_a_command_that_is_asked() {
    for key in ["password_command", "oauth"] {
        let command = "touch asked; sleep 30";
        let value = match key {
            "oauth" => format!("{{token_command: '{command}'}}"),
            _ => command.to_owned(),
        };
        let scene = Scene::new()
            .without_key("password_file")
            .without_key("auth");
        let mut scene = scene.key(key, &value);
        let asked = scene.path("asked");
        let begun = scene.start(&[]);
        let start = Instant::now();
        while !asked.exists() {
            assert!(
                start.elapsed() < Duration::from_secs(30),
                "{key}: not asked"
            );
            std::thread::sleep(Duration::from_millis(2));
        }
        begun.program().signal(Signal::TERM);
        let words = "popget: work (127.0.0.1): password: stopped by a signal\n";
        begun.finish().says_exactly(words).exits(143);
        assert!(start.elapsed() < Duration::from_secs(20), "{key}");
    }
}
