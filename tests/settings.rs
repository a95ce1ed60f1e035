//! The configuration file: every key, where it may stand, and what is said when it is wrong.

mod keys;
mod layers;
mod places;

use crate::support::scene::Scene;

/// What most accounts have; a case may put others in their place.
const KEYS: [(&str, &str); 4] = [
    ("server", "pop.invalid"),
    ("user", "alice"),
    ("password", "hunter2"),
    ("deliver", "{maildir: ~/Mail}"),
];

/// What takes the place of a password; the first stands for all that begin like it.
const SECRETS: [&str; 4] = ["password", "credential", "netrc", "oauth"];

/// A broken file and what is said about it.
struct Case {
    title: String,
    file: String,
    said: String,
}

#[test]
fn keys_that_should_not_be_there_or_should_are_named() {
    every_case(include_str!("settings/keys.txt"));
}

#[test]
fn values_of_the_wrong_kind_are_named() {
    every_case(include_str!("settings/values.txt"));
}

#[test]
fn destinations_that_make_no_sense_are_named() {
    every_case(include_str!("settings/destinations.txt"));
}

#[test]
fn keys_that_a_protocol_cannot_obey_are_named() {
    every_case(include_str!("settings/protocols.txt"));
}

#[test]
fn text_that_is_no_yaml_is_explained() {
    every_case(include_str!("settings/syntax.txt"));
}

/// Every broken file that is YAML, by its title.
pub fn broken() -> Vec<(String, String)> {
    let tables = [
        include_str!("settings/keys.txt"),
        include_str!("settings/values.txt"),
        include_str!("settings/destinations.txt"),
        include_str!("settings/protocols.txt"),
    ];
    let all = tables.iter().flat_map(|table| cases(table));
    all.map(|case| (case.title, case.file)).collect()
}

fn every_case(table: &str) {
    let cases = cases(table);
    assert!(cases.len() > 10);
    for case in cases {
        // Named by its title, so that the report of a failure names it too.
        let name = format!("{}.yaml", case.title);
        let mut scene = Scene::new().file(&name, case.file.as_bytes());
        std::fs::create_dir(scene.path("folder")).unwrap();
        std::fs::write(scene.path("open"), "hunter2\n").unwrap();
        let open = std::os::unix::fs::PermissionsExt::from_mode(0o644);
        std::fs::set_permissions(scene.path("open"), open).unwrap();
        scene
            .run_with(&["--config", &name])
            .says_exactly(&format!("popget: {name}:{}\n", case.said))
            .never_shows("hunter2")
            .exits(78);
    }
}

/// Reads a table; its head tells the notation.
fn cases(table: &str) -> Vec<Case> {
    let case = |text: &str| {
        let (title, text) = text.split_once('\n').unwrap();
        let (file, said) = text.split_once("=> ").unwrap();
        let said = said.lines().next().unwrap();
        Case {
            title: title.trim().to_owned(),
            file: expanded(file),
            said: said.to_owned(),
        }
    };
    table.split("\n===").skip(1).map(case).collect()
}

/// A file of keys of one account, or as it stands.
fn expanded(file: &str) -> String {
    if !file.starts_with("@ ") {
        return file.to_owned();
    }
    let own: Vec<&str> = file.lines().map(|line| &line[2..]).collect();
    let has = |name: &str| {
        let same = |line: &&str| match (name, line.split(':').next()) {
            ("password", Some(key)) => SECRETS.iter().any(|secret| key.starts_with(secret)),
            (name, key) => key == Some(name),
        };
        own.iter().any(same)
    };
    let rest = KEYS.iter().filter(|(name, _)| !has(name));
    let rest = rest.map(|(name, value)| format!("    {name}: {value}\n"));
    let own = own.iter().map(|line| format!("    {line}\n"));
    let keys: String = own.chain(rest).collect();
    format!("accounts:\n  work:\n{keys}")
}
