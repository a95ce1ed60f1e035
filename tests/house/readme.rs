//! What README and manual pages show works as it stands there.

use super::source;
use crate::support::mail;
use crate::support::scene::Scene;
use crate::support::server::{PopServer, Security, PASSWORD};
use crate::support::tls::Certificate;
use std::env;
use std::fs::{self, Permissions};
use std::io::{self, Write};
use std::net::TcpListener;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

/// The blocks of a language in README.
pub fn blocks(language: &str) -> Vec<String> {
    let readme = source::text("README.md");
    let fence = format!("```{language}\n");
    let parts = readme.split(&fence).skip(1);
    parts
        .map(|part| part.split("```").next().unwrap().to_owned())
        .collect()
}

/// The literal blocks of a manual page that hold a configuration.
pub fn shown_in(page: &str) -> Vec<String> {
    let page = source::text(page);
    let parts = page.split(".Bd -literal").skip(1);
    let literal = parts.map(|part| {
        let lines = part.lines().skip(1).take_while(|line| *line != ".Ed");
        let heads = ["accounts:", "defaults:", "jobs:"];
        let below = lines.skip_while(|line| !heads.iter().any(|head| line.starts_with(head)));
        let yaml = below.take_while(|line| *line != "END");
        yaml.map(|line| format!("{line}\n")).collect::<String>()
    });
    literal.filter(|yaml| !yaml.is_empty()).collect()
}

/// Puts this in the place of every server.
fn with_server(yaml: &str, server: &str) -> String {
    let line = |line: &str| match line.split_once("server: ") {
        Some((blanks, _)) if blanks.trim().is_empty() => format!("{blanks}server: {server}\n"),
        _ => format!("{line}\n"),
    };
    yaml.lines().map(line).collect()
}

/// A scene in which the commands that the examples run for a password give it.
fn with_secrets(scene: Scene) -> Scene {
    let mut scene = scene;
    for name in ["pass", "secret-tool", "fetch-my-token", "oama"] {
        let script = format!("#!/bin/sh\necho {PASSWORD}\n");
        scene = scene.file(&format!("bin/{name}"), script.as_bytes());
        let path = scene.path(&format!("bin/{name}"));
        fs::set_permissions(path, Permissions::from_mode(0o700)).unwrap();
    }
    let (own, path) = (scene.path("bin"), env::var("PATH").unwrap());
    scene.env("PATH", &format!("{}:{path}", own.display()))
}

/// Whether a program is there; in continuous integration it must be.
fn there(program: &str) -> bool {
    let folders = env::var("PATH").unwrap();
    let found = folders
        .split(':')
        .any(|folder| Path::new(folder).join(program).exists());
    if !found {
        let loss = format!("there is no {program} here: something in README is not tested\n");
        assert!(env::var("CI").as_deref() != Ok("true"), "{loss}");
        // Past the test harness, which would swallow what a passing test prints.
        let _ = io::stderr().write_all(loss.as_bytes());
    }
    found
}

#[test]
fn the_first_screen_happens_as_it_is_shown() {
    if !there("script") {
        return;
    }
    let letters: Vec<_> = mail::friendly()
        .into_iter()
        .map(|(_, letter)| letter)
        .collect();
    let server = PopServer::builder()
        .security(Security::Implicit(Certificate::Good))
        .user("alice@example.org", PASSWORD)
        .start();
    for (at, letter) in letters.iter().enumerate() {
        server.maildrop().add(&format!("letter-{at}"), letter);
    }
    let yaml = with_server(&blocks("yaml")[0], "127.0.0.1:{port}");
    // The terminal is the one thing a test must make: nothing is said where there is none.
    let terminal = ["sh", "-c", "exec script -qec \"$0\" /dev/null"];
    let mut scene = with_secrets(Scene::with_server(&server).config(&yaml).under(&terminal));
    let authority = scene.path("ca.pem");
    scene = scene.env("SSL_CERT_FILE", authority.to_str().unwrap());
    let console = blocks("console");
    let runs: Vec<&str> = console[0].split("$ popget\n").skip(1).collect();
    assert_eq!(runs.len(), 2);
    for shown in runs {
        let outcome = scene.run().exits(0).prints(shown.trim_end());
        outcome.delivers_bytes_to("Mail/work", &letters);
    }
}

/// Runs popget with this configuration; what else it needs is put into the scene. It must come as
/// far as the network, with every account; or as far as it can without a ticket.
pub fn reaches_the_network(yaml: &str, furnish: impl Fn(Scene) -> Scene) {
    // Nobody listens on a port that was free a moment ago.
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    drop(listener);
    let config = with_server(yaml, "127.0.0.1:{port}");
    let mut scene = furnish(with_secrets(Scene::at_port(port).config(&config)));
    for line in yaml.lines() {
        if let Some((_, file)) = line.split_once("password_file: ~/") {
            scene = scene.file(file, format!("{PASSWORD}\n").as_bytes());
        }
    }
    let lines = yaml
        .lines()
        .filter(|line| !line.trim_start().starts_with('#'));
    let accounts = lines.filter(|line| line.contains("server: ")).count();
    let (status, said) = match yaml.contains("protocol: kpop") {
        true if !cfg!(feature = "gssapi") => return,
        true => (77, "there is no valid Kerberos ticket"),
        false if yaml.contains("client_id: ") => (77, "nobody has signed in yet"),
        false => (69, "cannot connect"),
    };
    scene
        .run_with(&["--dry-run"])
        .exits(status)
        .says(said)
        .says_lines(accounts)
        .whatever();
}

#[test]
fn every_configuration_shown_is_accepted() {
    let mut shown = blocks("yaml");
    shown.extend(shown_in("man/popget.1"));
    shown.extend(shown_in("man/popget.yaml.5"));
    assert!(shown.len() >= 6, "examples were not found");
    for yaml in shown {
        reaches_the_network(&yaml, |scene| scene);
    }
}

#[test]
fn the_first_configuration_has_eight_lines() {
    assert_eq!(blocks("yaml")[0].lines().count(), 8);
}

/// The rows of the table below a heading of README, each by its cells.
fn table(heading: &str) -> Vec<Vec<String>> {
    let readme = source::text("README.md");
    let (_, below) = readme.split_once(&format!("## {heading}\n")).unwrap();
    let (section, _) = below.split_once("\n## ").unwrap();
    let rows = section.lines().filter_map(|line| line.strip_prefix("| "));
    let cells = |row: &str| -> Vec<String> {
        let row = row.trim_end_matches('|');
        row.split('|').map(|cell| cell.trim().to_owned()).collect()
    };
    rows.map(cells).collect()
}

#[test]
fn what_popget_is_said_to_do_is_shown_by_a_test() {
    let rows = table("popget and others");
    assert!(rows.len() > 20, "{rows:?}");
    for row in &rows[1..] {
        let [what, popget, .., shown] = &row[..] else {
            panic!("{row:?}");
        };
        assert_eq!(row.len(), 7, "{what}");
        assert_eq!(popget.is_empty(), !shown.contains("tests/"), "{what}");
    }
    // The others stand in another order below.
    let measured = table("Who alters what");
    for (at, program) in rows[0].iter().enumerate().take(6).skip(1) {
        let row = measured
            .iter()
            .find(|row| row[0].starts_with(program.as_str()));
        let sent = row.unwrap()[1].split(',').next().unwrap();
        assert_eq!(rows[1][at], sent, "{program}");
    }
}

#[test]
fn every_file_that_the_readme_names_is_there() {
    let readme = source::text("README.md");
    let ours = ["tests/", "man/", "packaging/", "completions/", "src/"];
    let words = readme.split(|c: char| c.is_whitespace() || "`()[],;:".contains(c));
    let named = words.filter(|word| ours.iter().any(|folder| word.starts_with(folder)));
    let lost = named.filter(|path| !source::top().join(path).exists());
    super::none(
        &lost
            .map(|path| format!("README.md: there is no {path}"))
            .collect::<Vec<_>>(),
    );
}
