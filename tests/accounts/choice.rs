//! Which accounts a run visits.

use super::{crowd, names};
use crate::support::scene::Scene;

/// The users that logged in, in the order of their names.
fn visited(edit: impl Fn(String) -> String, arguments: &[&str]) -> Vec<String> {
    let (server, text) = crowd(&names(4));
    let mut scene = Scene::with_server(&server).config(&edit(text));
    scene.run_with(arguments).silent().exits(0);
    let mut users = server.commands("USER");
    users.sort();
    users
        .iter()
        .map(|line| line["USER ".len()..].to_owned())
        .collect()
}

#[test]
fn accounts_are_chosen_by_name() {
    for (arguments, users) in [
        (&[][..], &["user0", "user1", "user2", "user3"][..]),
        (&["--account", "user2"], &["user2"]),
        (&["-a", "user2", "-a", "user0"], &["user0", "user2"]),
        (&["--account=user3,user1"], &["user1", "user3"]),
        (
            &["-auser1,user2", "--account", "user0"],
            &["user0", "user1", "user2"],
        ),
        (&["-a", "user1", "-a", "user1"], &["user1"]),
    ] {
        assert_eq!(visited(|text| text, arguments), users, "{arguments:?}");
    }
}

#[test]
fn a_disabled_account_is_visited_only_by_name() {
    let disabled = |text: String| text.replace("{user: user2,", "{enabled: false, user: user2,");
    assert_eq!(visited(disabled, &[]), ["user0", "user1", "user3"]);
    assert_eq!(visited(disabled, &["--account", "user2"]), ["user2"]);
    let only = |text: String| {
        text.replace("defaults: {", "defaults: {enabled: false, ")
            .replace("{user: user3,", "{enabled: true, user: user3,")
    };
    assert_eq!(visited(only, &[]), ["user3"]);
}

#[test]
fn the_trouble_of_a_disabled_account_is_no_trouble() {
    let broken = |text: String| {
        text + "  broken: {enabled: false, user: x, password_file: ~/not-there, deliver: {}}\n"
    };
    assert_eq!(visited(broken, &["-j1"]).len(), 4);
}

#[test]
fn an_unknown_account_is_said_with_the_nearest_name() {
    let file = ".config/popget/popget.yaml";
    for (name, hint) in [
        ("user9", "; did you mean user0?"),
        ("usr1", "; did you mean user1?"),
        ("somebody-else", ""),
        ("user1,sure1", ""),
    ] {
        let (server, text) = crowd(&names(2));
        let mut scene = Scene::with_server(&server).config(&text);
        let unknown = name.rsplit(',').next().unwrap();
        let mut outcome = scene.run_with(&["--config", file, "--account", name]);
        let said = outcome.take_stderr();
        let begin = format!("popget: there is no account {unknown} in {file}");
        assert!(said.starts_with(&begin) && said.contains(hint), "{said}");
        assert_eq!(said.lines().count(), 1);
        outcome.exits(64);
        assert_eq!(server.sessions().len(), 0, "nothing else was tried");
    }
    for name in ["", "user0,"] {
        let mut scene = Scene::new().config("accounts: {user0: {}}\n");
        scene
            .run_with(&["--account", name])
            .says_exactly("popget: --account is given an empty name\n")
            .exits(64);
    }
}
