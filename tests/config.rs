//! `popget config`: the configuration checked and written out as it is meant, the names of its
//! accounts, and its schema.

use std::fs;
use std::io::Write;
use std::os::unix::fs::PermissionsExt;
use std::process::{Command, Stdio};

use serde_json::{json, Value};

use crate::house::readme;
use crate::settings;
use crate::support::scene::Scene;
use crate::support::server::PopServer;

/// What stands in the place of a secret.
const MASK: &str = "********";

/// Configurations that between them hold every key.
const EVERY: [(&str, &str); 6] = [
    (
        "what one account can hold",
        include_str!("config/most.yaml"),
    ),
    (
        "where passwords come from",
        include_str!("config/secrets.yaml"),
    ),
    (
        "layers, and what takes whose place",
        include_str!("config/layers.yaml"),
    ),
    ("where mail goes", include_str!("config/places.yaml")),
    ("other protocols", include_str!("config/protocols.yaml")),
    ("servers of all kinds", include_str!("config/servers.yaml")),
];

/// A scene with the files that these configurations name.
fn furnished(yaml: &str) -> Scene {
    let mut scene = Scene::new().config(yaml);
    for name in ["secret", "ca.crt", "client.crt", "client.key"] {
        scene = scene.file(name, b"hunter2\n");
        let mode = fs::Permissions::from_mode(0o600);
        fs::set_permissions(scene.path(name), mode).unwrap();
    }
    let netrc = b"machine pop.example.org login alice password hunter2\n";
    scene = scene.file(".netrc", netrc);
    fs::set_permissions(scene.path(".netrc"), fs::Permissions::from_mode(0o600)).unwrap();
    private(&scene);
    scene
}

/// The configuration may hold a password.
fn private(scene: &Scene) {
    drop(scene.program(&[]));
    let file = scene.path(".config/popget/popget.yaml");
    fs::set_permissions(file, fs::Permissions::from_mode(0o600)).unwrap();
}

/// What is printed of this configuration.
fn printed(scene: &mut Scene, arguments: &[&str]) -> String {
    let words: Vec<&str> = arguments.iter().copied().chain(["config"]).collect();
    let mut outcome = scene.run_with(&words).never_shows("hunter2");
    let printed = outcome.take_stdout();
    drop(outcome.exits(0));
    printed
}

/// Prints what was printed, with another secret in the place of each mask.
fn again(scene: Scene, yaml: &str) -> String {
    let text = yaml.replace(MASK, "hunter2");
    let mut scene = scene.file("printed.yaml", text.as_bytes());
    let mode = fs::Permissions::from_mode(0o600);
    fs::set_permissions(scene.path("printed.yaml"), mode).unwrap();
    printed(&mut scene, &["--config", "printed.yaml"])
}

#[test]
fn every_default_is_filled_in() {
    let mut scene = Scene::new().config(
        "accounts:\n  work:\n    server: pop.example.org\n    user: alice\n    password: hunter2\n    \
         deliver: {maildir: /mail}\n",
    );
    private(&scene);
    let expected = include_str!("config/defaults.yaml");
    assert_eq!(printed(&mut scene, &[]), expected);
}

#[test]
fn what_is_printed_means_the_same() {
    for (what, yaml) in EVERY {
        let mut scene = furnished(yaml);
        let once = printed(&mut scene, &[]);
        let twice = again(scene, &once);
        assert_eq!(once, twice, "{what}");
    }
}

#[test]
fn every_key_can_be_printed() {
    let mut keys = Vec::new();
    for (_, yaml) in EVERY {
        let text = printed(&mut furnished(yaml), &[]);
        keys.extend(text.lines().map(|line| {
            let key = line.trim_start_matches([' ', '-']);
            key.split(':').next().unwrap().to_owned()
        }));
    }
    // The others are told by another key: the port by server, starttls by tls, a provider and a tenant
    // by the addresses that they stand for.
    let otherwise = ["port", "starttls", "defaults", "provider", "tenant"];
    let lost = schema_keys()
        .into_iter()
        .filter(|key| !otherwise.contains(&key.as_str()) && !keys.contains(key));
    assert_eq!(lost.collect::<Vec<_>>(), Vec::<String>::new());
}

/// The names of all keys, by the schema.
fn schema_keys() -> Vec<String> {
    let schema = schema();
    let objects = schema["definitions"].as_object().unwrap();
    let keys = objects
        .values()
        .flat_map(|object| object["properties"].as_object().unwrap().keys());
    let mut keys: Vec<String> = keys.cloned().collect();
    keys.sort();
    keys.dedup();
    keys
}

#[test]
fn what_is_printed_fetches_the_same_mail() {
    let server = PopServer::start();
    server.maildrop().add_named("a", "alpha.eml");
    let mut scene = Scene::with_server(&server);
    let text = printed(&mut scene, &[]);
    let mut scene = scene.config(&text);
    drop(scene.run().silent().delivers(["alpha.eml"]).exits(0));
}

#[test]
fn no_secret_is_printed_and_every_command_is() {
    let yaml = "accounts:\n  work:\n    server: pop.example.org\n    user: alice\n    password: hunter2\n    \
                proxy: socks5://bob%40x:hunter2@proxy.example.org\n    deliver: {mda: deliver --to $USER}\n    \
                header_filter: [filter, '*']\n";
    let mut scene = furnished(yaml);
    let text = printed(&mut scene, &[]);
    for line in [
        "    password: '********'\n",
        "    proxy: socks5://bob%40x:********@proxy.example.org:1080\n",
        "      mda: deliver --to $USER\n",
        "    - filter\n    - '*'\n",
    ] {
        assert!(text.contains(line), "{line}{text}");
    }
}

#[test]
fn a_mistake_is_told_as_in_a_fetch() {
    let mut scene = Scene::new()
        .key("enabled", "false")
        .key("keep", "sometimes");
    let outcome = scene.run_with(&["config"]);
    drop(outcome.says("accounts.work.keep").says_lines(1).exits(78));
    // One account of several is looked at alone.
    let yaml = "accounts:\n  good: {server: h, user: u, deliver: {maildir: /m}}\n  bad: {}\n";
    let mut scene = Scene::new().config(yaml);
    drop(scene.run_with(&["config"]).says("accounts.bad").exits(78));
    drop(
        scene
            .run_with(&["config", "-a", "good"])
            .prints("  good:\n")
            .exits(0),
    );
    drop(
        scene
            .run_with(&["config", "-a", "goof"])
            .says("did you mean good?")
            .exits(64),
    );
}

#[test]
fn names_are_printed_without_looking_further() {
    let yaml = "defaults: {enabled: false}\naccounts:\n  b@x.org: {}\n  a+1: {enabled: true}\n  \
                off: {password_file: /no/such/file}\n";
    let mut scene = Scene::new().config(yaml);
    let names = ["config", "--accounts"];
    drop(
        scene
            .run_with(&names)
            .prints_exactly(b"b@x.org\na+1\noff\n")
            .exits(0),
    );
    let mut scene = scene.config("accounts: [");
    drop(scene.run_with(&names).says("popget.yaml:1:").exits(78));
    let mut scene = scene.stdin(b"accounts: {one: {}}\n");
    let outcome = scene.run_with(&["-c", "-", "config", "--accounts"]);
    drop(outcome.prints_exactly(b"one\n").exits(0));
    let both = ["config", "--accounts", "--schema"];
    drop(scene.run_with(&both).says("cannot be used with").exits(64));
}

fn schema() -> Value {
    // Neither a configuration nor a home is needed.
    let output = Command::new(env!("CARGO_BIN_EXE_popget"))
        .args(["config", "--schema"])
        .env_clear()
        .output()
        .unwrap();
    assert!(output.status.success() && output.stderr.is_empty());
    serde_json::from_slice(&output.stdout).unwrap()
}

/// Whether the schema takes each of these.
fn judged(schema: &Value, documents: &[Value]) -> Vec<bool> {
    let program = "import json, sys, jsonschema\n\
                   schema, documents = json.load(sys.stdin)\n\
                   jsonschema.Draft7Validator.check_schema(schema)\n\
                   judge = jsonschema.Draft7Validator(schema)\n\
                   json.dump([judge.is_valid(one) for one in documents], sys.stdout)\n";
    let mut python = Command::new("python3")
        .args(["-c", program])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let input = json!([schema, documents]).to_string();
    python
        .stdin
        .take()
        .unwrap()
        .write_all(input.as_bytes())
        .unwrap();
    let output = python.wait_with_output().unwrap();
    assert!(
        output.status.success(),
        "python3-jsonschema is not here, or dislikes the schema"
    );
    serde_json::from_slice(&output.stdout).unwrap()
}

#[test]
fn the_schema_takes_every_configuration_that_is_shown() {
    let mut shown = readme::blocks("yaml");
    for page in ["man/popget.1", "man/popget.yaml.5"] {
        shown.extend(readme::shown_in(page));
    }
    shown.extend(EVERY.iter().map(|(_, yaml)| (*yaml).to_owned()));
    let printed = EVERY
        .iter()
        .map(|(_, yaml)| printed(&mut furnished(yaml), &[]));
    shown.extend(printed.collect::<Vec<_>>());
    let documents: Vec<Value> = shown
        .iter()
        .map(|yaml| serde_yaml::from_str(yaml).unwrap())
        .collect();
    assert!(documents.len() > 15);
    for (yaml, taken) in shown.iter().zip(judged(&schema(), &documents)) {
        assert!(taken, "{yaml}");
    }
}

#[test]
fn the_schema_refuses_what_it_can_see_to_be_broken() {
    let cases = settings::broken();
    let read = |(title, yaml): &(String, String)| {
        let document: Value = serde_yaml::from_str(yaml).ok()?;
        Some((title.clone(), document))
    };
    let (titles, documents): (Vec<String>, Vec<Value>) = cases.iter().filter_map(read).unzip();
    assert!(titles.len() > 200, "{}", titles.len());
    let judged = judged(&schema(), &documents);
    let passed = titles.into_iter().zip(judged).filter(|(_, taken)| *taken);
    let mut passed: Vec<String> = passed.map(|(title, _)| title).collect();
    let mut unseen: Vec<String> = include_str!("config/unseen.txt")
        .lines()
        .map(str::to_owned)
        .collect();
    passed.sort();
    unseen.sort();
    assert_eq!(passed, unseen);
}
