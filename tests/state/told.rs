//! What the commands of `state` print for programs, by the schema of events; and what marking leaves
//! as it is.

use std::fs;

use serde_json::Value;

use crate::json::broken_in_every_way;
use crate::support::scene::Scene;
use crate::support::server::PopServer;

/// What `state show --uids` prints of the account.
fn shown(scene: &mut Scene) -> String {
    let mut outcome = scene.run_with(&["state", "show", "--uids", "-a", "work"]);
    let shown = outcome.take_stdout();
    drop(outcome.exits(0));
    shown
}

#[test]
fn every_line_is_as_the_schema_says() {
    let server = PopServer::holding(3);
    let mut scene = Scene::with_server(&server);
    drop(
        scene
            .run()
            .delivers(["alpha.eml", "beta.eml", "gamma.eml"])
            .exits(0),
    );
    let mut outcome = scene.run_with(&["state", "export"]);
    fs::write(scene.path("text"), outcome.take_stdout()).unwrap();
    drop(outcome.exits(0));
    let mut kinds = Vec::new();
    for words in [
        &["show", "--uids"][..],
        &["forget", "a"],
        &["forget", "nobody", "a"],
        &["mark", "a", "b"],
        &["mark", "--all"],
        &["import", "-n", "text"],
        &["import", "text"],
    ] {
        let words = [&["state"][..], words, &["-a", "work", "--json"]].concat();
        let mut outcome = scene.run_with(&words);
        let printed = outcome.take_stdout();
        outcome.whatever();
        for line in printed.lines() {
            let event: Value = serde_json::from_str(line).unwrap();
            let kind = event["event"].as_str().unwrap().to_owned();
            broken_in_every_way(&event);
            kinds.push(kind);
        }
    }
    kinds.sort_unstable();
    kinds.dedup();
    let expected = [
        "account",
        "changed",
        "error",
        "remembered",
        "start",
        "state",
        "summary",
    ];
    assert_eq!(kinds, expected);
}

#[test]
fn what_is_known_is_not_changed_by_marking_it() {
    let server = PopServer::holding(3);
    let mut scene = Scene::with_server(&server);
    drop(
        scene
            .run()
            .delivers(["alpha.eml", "beta.eml", "gamma.eml"])
            .exits(0),
    );
    let before = shown(&mut scene);
    for words in [&["a", "b"][..], &["--all"]] {
        let words = [&["state", "mark", "-a", "work"][..], words].concat();
        drop(scene.run_with(&words).prints("0 marked as seen").exits(0));
        assert_eq!(shown(&mut scene), before);
    }
    drop(
        scene
            .run()
            .silent()
            .delivers(["alpha.eml", "beta.eml", "gamma.eml"])
            .exits(0),
    );
}

#[test]
fn what_was_marked_and_comes_later_is_one_message() {
    let server = PopServer::holding(3);
    let mut scene = Scene::with_server(&server);
    drop(
        scene
            .run()
            .delivers(["alpha.eml", "beta.eml", "gamma.eml"])
            .exits(0),
    );
    for words in [&["forget", "a"][..], &["mark", "--all"]] {
        let words = [&["state"][..], words, &["-a", "work"]].concat();
        scene.run_with(&words).whatever();
    }
    scene.run_with(&["--all"]).whatever();
    let shown = shown(&mut scene);
    assert!(shown.contains(": 3 seen"), "{shown}");
    assert_eq!(shown.matches("\nwork\ta\t").count(), 1, "{shown}");
    drop(
        scene
            .run_with(&["check"])
            .prints("work: 0 new (0 B), 3 seen")
            .exits(0),
    );
}
