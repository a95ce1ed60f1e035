//! Who may write the configuration and the state, and what the environment may name.

use super::{as_mortal, can_be_others, given_to, set_mode, with_mail, STRANGER};
use crate::support::scene::Scene;
use std::fs;

#[test]
fn a_configuration_that_others_may_write_is_not_obeyed() {
    // It names commands.
    let text = b"accounts: {work: {server: ready.invalid, user: a, password_command: \
        \"touch ~/done; echo x\", deliver: {maildir: ~/Mail}}}\n";
    for (mode, said) in [
        (0o620, "its group"),
        (0o602, "everyone"),
        (0o666, "everyone"),
    ] {
        let mut scene = Scene::new().file("p.yaml", text);
        set_mode(&scene.path("p.yaml"), mode);
        let said =
            format!("popget: p.yaml: the file can be written by {said}; run chmod 600 p.yaml\n");
        drop(
            scene
                .run_with(&["-c", "p.yaml"])
                .says_exactly(&said)
                .exits(78),
        );
        assert!(!scene.path("done").exists());
    }
    if !can_be_others() {
        return;
    }
    let mut scene = Scene::new().file("p.yaml", text);
    given_to(&scene.path("p.yaml"), STRANGER);
    scene
        .run_with(&["-c", "p.yaml"])
        .says_exactly(
            "popget: p.yaml: the file belongs to another user (4711); it must be yours or root's\n",
        )
        .exits(78);
    assert!(!scene.path("done").exists());
}

#[test]
fn a_configuration_of_roots_is_for_everybody() {
    if !can_be_others() {
        return;
    }
    let server = with_mail(&["alpha.eml"]);
    let scene = Scene::with_server(&server);
    let config = scene.path("../popget.yaml");
    let mut scene = as_mortal(scene.args(&["-c", "../popget.yaml"]));
    let program = scene.program(&[]);
    fs::copy(scene.path(".config/popget/popget.yaml"), &config).unwrap();
    set_mode(&config, 0o644);
    drop(program);
    drop(scene.run().silent().delivers(["alpha.eml"]).exits(0));
}

#[test]
fn a_state_directory_in_which_others_may_write_is_not_believed() {
    let server = with_mail(&["alpha.eml"]);
    let mend = "run chmod go-w on it, or name a folder within it";
    for (mode, said, help) in [
        (0o770, "its group", mend),
        (0o777, "everyone", mend),
        (0o1777, "everyone", "name a folder within it\n"),
    ] {
        let mut scene = Scene::with_server(&server).args(&["--state-dir", "state"]);
        fs::create_dir(scene.path("state")).unwrap();
        set_mode(&scene.path("state"), mode);
        let said = format!("state can be written by {said}; {help}");
        for arguments in [&[][..], &["--dry-run"]] {
            drop(
                scene
                    .run_with(arguments)
                    .says(&said)
                    .says_lines(1)
                    .exits(78),
            );
        }
        assert_eq!(fs::read_dir(scene.path("state")).unwrap().count(), 0);
        // A folder within it is made for us alone.
        let within = scene.path("state/popget");
        let mut other =
            Scene::with_server(&server).args(&["--state-dir", &within.to_string_lossy()]);
        drop(other.run().silent().delivers(["alpha.eml"]).exits(0));
        assert!(within.join("work.seen").exists());
    }
    if !can_be_others() {
        return;
    }
    // As after sudo, which may keep HOME.
    let mut scene = Scene::with_server(&server).file(".local/state/popget/other", b"");
    given_to(&scene.path(".local/state/popget"), STRANGER);
    let said = "popget belongs to another user (4711); run popget as that user";
    drop(scene.run().says(said).says_lines(1).exits(78));
}

#[test]
fn a_key_that_others_can_read_is_refused() {
    for (key, with) in [("tls_client_key", true), ("tls_client_cert", false)] {
        let mut scene = Scene::new()
            .tls("implicit")
            .key("tls_client_cert", "~/me.pem")
            .file("me.pem", b"x")
            .file("me.key", b"x");
        if with {
            scene = scene.key("tls_client_key", "~/me.key");
        }
        let name = if with { "me.key" } else { "me.pem" };
        set_mode(&scene.path(name), 0o644);
        let said =
            format!("accounts.work.{key}: {{home}}/{name} can be read by everyone; run chmod 600");
        let said = said.replace(
            "{home}",
            scene.path("").to_string_lossy().trim_end_matches('/'),
        );
        drop(scene.run().says(&said).says_lines(1).exits(78));
    }
}

#[test]
fn where_popget_is_started_decides_nothing() {
    // Everywhere that a relative path could lead something is laid ready.
    let bait = "accounts: {work: {server: bait.invalid, user: a, deliver: {maildir: ~/Mail}}}\n";
    let server = with_mail(&["alpha.eml"]);
    let mut scene = Scene::with_server(&server)
        .file("rel/popget/popget.yaml", bait.as_bytes())
        .env("XDG_CONFIG_HOME", "rel")
        .env("XDG_STATE_HOME", "rel");
    drop(scene.run().silent().delivers(["alpha.eml"]).exits(0));
    assert!(scene.path(".local/state/popget/work.seen").exists());

    let mut scene = Scene::new()
        .file("rel/.config/popget/popget.yaml", bait.as_bytes())
        .file("rel/.netrc", b"default login alice password x\n")
        .env("XDG_CONFIG_HOME", "")
        .env("HOME", "rel");
    let mut outcome = scene.run();
    let said = outcome.take_stderr();
    assert!(!said.contains("bait"), "{said}");
    outcome.whatever();
    drop(
        scene
            .run_with(&["-c", ".config/popget/popget.yaml"])
            .says("HOME is no absolute path")
            .exits(78),
    );
    let mut scene = Scene::new()
        .without_key("password_file")
        .key("netrc", "true")
        .deliver("maildir: \"{home}/Mail\"")
        .file(".netrc", b"default login alice password x\n")
        .env("HOME", ".");
    drop(scene.run().says("HOME names no folder").exits(78));
}
