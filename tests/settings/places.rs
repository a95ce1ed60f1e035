//! Where the configuration and the memory are looked for, and what a file must not be.

use std::fs;
use std::os::unix::fs::PermissionsExt;

use crate::support::outcome::Outcome;
use crate::support::scene::Scene;

/// A configuration whose only account is recognised by its server's name.
fn pointing_at(host: &str) -> Vec<u8> {
    format!(
        "accounts:\n  work: {{server: {host}, user: alice, password_file: ~/password, deliver: \
         {{maildir: ~/Mail}}}}\n"
    )
    .into_bytes()
}

/// The run, a dry one that leaves no memory, got as far as looking for this host.
#[track_caller]
fn looked_for(mut outcome: Outcome, host: &str) {
    let said = outcome.take_stderr();
    assert!(said.contains(&format!("host {host} not found")), "{said}");
    outcome.exits(68);
}

#[test]
fn the_file_is_the_first_that_is_named() {
    let scene = Scene::new()
        .config("accounts: {work: {server: default.invalid, user: a, password_file: ~/password, deliver: {maildir: ~/Mail}}}\n")
        .file("named.yaml", &pointing_at("named.invalid"))
        .file("variable.yaml", &pointing_at("variable.invalid"))
        .stdin(&pointing_at("stdin.invalid"));
    let mut scene = scene;
    looked_for(scene.run(), "default.invalid");
    looked_for(scene.run_with(&["--config", "named.yaml"]), "named.invalid");
    looked_for(scene.run_with(&["-cnamed.yaml"]), "named.invalid");
    looked_for(scene.run_with(&["--config", "-"]), "stdin.invalid");
    let variable = scene.path("variable.yaml");
    let mut scene = scene.env("POPGET_CONFIG", variable.to_str().unwrap());
    looked_for(scene.run(), "variable.invalid");
    looked_for(scene.run_with(&["--config=named.yaml"]), "named.invalid");
}

#[test]
fn the_home_folder_stands_in_for_xdg_config_home() {
    for value in ["", "{home}/.config"] {
        let scene = Scene::new().config("accounts: {work: {server: default.invalid, user: a, password_file: ~/password, deliver: {maildir: ~/Mail}}}\n");
        let home = scene
            .path("")
            .to_string_lossy()
            .trim_end_matches('/')
            .to_owned();
        let mut scene = scene.env("XDG_CONFIG_HOME", &value.replace("{home}", &home));
        looked_for(scene.run(), "default.invalid");
    }
}

#[test]
fn a_file_that_is_nowhere_is_said_with_all_places() {
    let mut scene = Scene::new().env("XDG_CONFIG_HOME", "/nonexistent/config");
    let mut outcome = scene.run();
    // The last place is the machine's own, and may be there.
    let said = outcome.take_stderr();
    if !std::path::Path::new("/etc/popget/popget.yaml").exists() {
        assert_eq!(
            said,
            "popget: there is no configuration file; looked for \
             /nonexistent/config/popget/popget.yaml, /etc/popget/popget.yaml; have \
             popget setup ADDRESS write one, or popget import make one of another program's, or \
             name it with --config\n"
        );
        outcome.take_status();
    }
    outcome.whatever();
    for (arguments, variable) in [(&["--config", "not/there"][..], ""), (&[], "not/there")] {
        let mut scene = Scene::new().env("POPGET_CONFIG", variable);
        scene
            .run_with(arguments)
            .says_exactly(
                "popget: there is no configuration file; looked for not/there; correct \
                 the path, or have popget setup ADDRESS write it\n",
            )
            .exits(78);
    }
}

#[test]
fn without_a_home_that_is_said() {
    if std::path::Path::new("/etc/popget/popget.yaml").exists() {
        return;
    }
    for (home, why) in [("", "HOME is empty"), ("here", "HOME is no absolute path")] {
        let mut scene = Scene::new().env("HOME", home).env("XDG_CONFIG_HOME", "");
        scene
            .run()
            .says_exactly(&format!(
                "popget: there is no configuration file; looked for /etc/popget/popget.yaml \
                 alone, since {why}; set HOME, or name the file with --config\n"
            ))
            .exits(78);
    }
}

#[test]
fn a_file_that_cannot_be_read_is_said_in_one_line() {
    let mut scene = Scene::new();
    std::os::unix::fs::symlink("loop", scene.path("loop")).unwrap();
    scene
        .run_with(&["--config", "loop"])
        .says_exactly("popget: loop: cannot be read: too many levels of symbolic links\n")
        .exits(78);
    scene
        .run_with(&["--config", ".config"])
        .says_exactly("popget: .config: cannot be read: is a directory\n")
        .exits(78);
}

#[test]
fn a_file_is_text_of_a_sane_size() {
    let mut scene = Scene::new()
        .file("latin", b"accounts:\n  b\xfcro: {}\n")
        .file("nul", b"accounts:\n  work: \0\n")
        .file("large", &b"# long\n".repeat(2_500_000))
        .file("utf16", b"\xff\xfea\0c\0c\0");
    for (name, said) in [
        (
            "latin",
            "latin:2:4: this is not UTF-8; write the file in UTF-8",
        ),
        (
            "utf16",
            "utf16:1:1: this is not UTF-8; write the file in UTF-8",
        ),
        ("nul", "nul:2:9: control characters are not allowed here"),
        (
            "large",
            "large: is larger than 16 MiB, more than any configuration needs",
        ),
    ] {
        scene
            .run_with(&["--config", name])
            .says_exactly(&format!("popget: {said}\n"))
            .exits(78);
    }
    let mut bytes = pointing_at("last.invalid");
    bytes.extend(b"# long\n".repeat((1024 * 1024 - bytes.len()) / 7));
    let mut scene = Scene::new().file("just", &bytes).file(
        "mark",
        &[b"\xef\xbb\xbf", &pointing_at("mark.invalid")[..]].concat(),
    );
    looked_for(scene.run_with(&["--config", "just"]), "last.invalid");
    looked_for(scene.run_with(&["--config", "mark"]), "mark.invalid");
}

#[test]
fn standard_input_is_called_by_its_name() {
    let mut scene = Scene::new().stdin(b"jobs: many\n");
    scene
        .run_with(&["--config", "-"])
        .says_exactly(
            "popget: standard input:1:1: jobs: \"many\" is text, not a number from 1 to 1000\n",
        )
        .exits(78);
}

#[test]
fn a_password_that_others_can_read_is_refused() {
    let secret = "accounts:\n  work:\n    password: hunter2\n    server: ready.invalid\n    user: alice\n    deliver: {maildir: ~/Mail}\n";
    let shared = "defaults: {password: hunter2}\naccounts:\n  work: {server: ready.invalid, user: a, deliver: {maildir: ~/Mail}}\n";
    let disabled = &secret.replace("    password", "    enabled: false\n    password");
    let place = "3:5: accounts.work.password: ";
    for (mode, text, said) in [
        (
            0o644,
            secret,
            Some((place, "the file can be read by everyone")),
        ),
        (
            0o604,
            secret,
            Some((place, "the file can be read by everyone")),
        ),
        (
            0o602,
            secret,
            Some((place, "the file can be written by everyone")),
        ),
        (
            0o644,
            shared,
            Some((
                "1:12: defaults.password: ",
                "the file can be read by everyone",
            )),
        ),
        (
            0o644,
            disabled,
            Some((
                "4:5: accounts.work.password: ",
                "the file can be read by everyone",
            )),
        ),
        (0o600, secret, None),
        (0o400, secret, None),
    ] {
        let mut scene = Scene::new().file("p.yaml", text.as_bytes());
        fs::set_permissions(scene.path("p.yaml"), fs::Permissions::from_mode(mode)).unwrap();
        let outcome = scene
            .run_with(&["--config", "p.yaml"])
            .never_shows("hunter2");
        match said {
            Some((place, what)) => outcome
                .says_exactly(&format!(
                    "popget: p.yaml:{place}{what}; run chmod 600 p.yaml\n"
                ))
                .exits(78),
            None => outcome.says("host ready.invalid not found").exits(68),
        };
    }
}

#[test]
fn a_file_that_everyone_can_write_is_refused_even_without_a_password() {
    for (mode, said) in [(0o602, Some("written")), (0o644, None)] {
        let mut scene = Scene::new().file("p.yaml", &pointing_at("ready.invalid"));
        fs::set_permissions(scene.path("p.yaml"), fs::Permissions::from_mode(mode)).unwrap();
        let outcome = scene.run_with(&["--config", "p.yaml"]);
        match said {
            Some(_) => outcome
                .says_exactly(
                    "popget: p.yaml: the file can be written by everyone; run chmod 600 p.yaml\n",
                )
                .exits(78),
            None => outcome.says("host ready.invalid not found").exits(68),
        };
    }
}

#[test]
fn a_password_file_that_others_can_read_is_refused() {
    let mut scene = Scene::new();
    fs::set_permissions(scene.path("password"), fs::Permissions::from_mode(0o644)).unwrap();
    scene
        .run()
        .says_exactly(
            "popget: {home}/.config/popget/popget.yaml:7:5: accounts.work.password_file: \
             {home}/password can be read by everyone; run chmod 600 {home}/password\n",
        )
        .exits(78);
}

#[test]
fn paths_know_the_home_folder_and_the_environment() {
    for path in [
        "~/Mail/x",
        "$HOME/Mail/x",
        "${HOME}/Mail/x",
        "$BOX/x",
        "~/$SUB/x",
        "${BOX}/${LEAF}",
    ] {
        let script =
            "S: +OK\nC: CAPA\nS: -ERR\nC: USER alice\nS: +OK\nC: PASS open-sesame\nS: +OK\n\
                      C: STAT\nS: +OK 0 0\nC: QUIT\nS: +OK\n";
        let scene = Scene::new()
            .conversation_text(script)
            .deliver(&format!("maildir: {path}"));
        let folder = scene.path("Mail");
        let mut scene = scene
            .env("BOX", folder.to_str().unwrap())
            .env("SUB", "Mail")
            .env("LEAF", "x");
        scene.run().delivers_to("Mail/x", []).exits(0);
        assert!(folder.join("x/new").is_dir(), "{path}");
    }
}

#[test]
fn a_path_that_depends_on_where_popget_is_started_is_refused() {
    let told = |scene: &Scene, key: &str, whole: &str| {
        format!(
            "accounts.work.{key}: a relative path leads elsewhere from each folder that popget is \
             started in; write {}\n",
            scene.path(whole).display()
        )
    };
    for (deliver, key, whole) in [
        ("maildir: Mail/x", "deliver.maildir", "Mail/x"),
        ("mbox: ./mbox", "deliver.mbox", "mbox"),
        ("mbox: $LEAF/mbox", "deliver.mbox", "leaf/mbox"),
        (
            "lmtp: {address: $LEAF/socket}",
            "deliver.lmtp.address",
            "leaf/socket",
        ),
    ] {
        let mut scene = Scene::new().deliver(deliver).env("LEAF", "leaf");
        let said = told(&scene, key, whole);
        for arguments in [&[][..], &["--dry-run"], &["check"], &["config"]] {
            let outcome = scene.run_with(arguments).says_lines(1);
            outcome.says(&said).never_shows("no YAML").exits(78);
        }
        assert!(!scene.path("Mail").exists() && !scene.path("mbox").exists());
    }
    for key in ["password_file", "tls_ca_file"] {
        let mut scene = Scene::new().key(key, "password");
        let said = told(&scene, key, "password");
        let outcome = scene.run().says(&said);
        outcome.never_shows("no YAML").exits(78);
    }
    // Standard output is none.
    Scene::new()
        .deliver("mbox: \"-\"")
        .run_with(&["config"])
        .prints("mbox: '-'")
        .exits(0);
}

#[test]
fn the_memory_is_where_it_is_said_to_be() {
    let home = |scene: &Scene| scene.path("").to_string_lossy().into_owned();
    type Variables = &'static [(&'static str, &'static str)];
    let cases: [(&[&str], Variables, &str); 7] = [
        (&[], &[], ".local/state/popget"),
        (&[], &[("XDG_STATE_HOME", "")], ".local/state/popget"),
        (&[], &[("XDG_STATE_HOME", "{home}xdg")], "xdg/popget"),
        (&[], &[("STATE_DIRECTORY", "{home}service")], "service"),
        (&[], &[("STATE_DIRECTORY", "{home}one:{home}two")], "one"),
        (
            &["--state-dir", "named"],
            &[("STATE_DIRECTORY", "{home}service")],
            "named",
        ),
        (&["--state-dir=deep/er/state"], &[], "deep/er/state"),
    ];
    for (arguments, environment, folder) in cases {
        // Refused logins leave a memory as well.
        let server = crate::support::server::PopServer::start();
        let mut scene = Scene::with_server(&server);
        for (name, value) in environment {
            let value = value.replace("{home}", &home(&scene));
            scene = scene.env(name, &value);
        }
        scene.run_with(arguments).silent().exits(0);
        let names: Vec<_> = fs::read_dir(scene.path(folder))
            .unwrap_or_else(|error| panic!("{folder}: {error}"))
            .map(|entry| entry.unwrap().file_name().into_string().unwrap())
            .collect();
        assert!(
            names.contains(&"work.lock".to_owned()),
            "{folder}: {names:?}"
        );
    }
}
