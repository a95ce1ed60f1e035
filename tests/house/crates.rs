//! What popget is made of: licences, sources and versions of the crates, as .deny.toml allows them.
//! cargo-deny checks the same and more for every platform; this needs nothing but cargo.

use super::source;
use serde_json::Value;
use std::collections::BTreeMap;
use std::process::Command;

/// The only place that crates come from.
const CRATES_IO: &str = "registry+https://github.com/rust-lang/crates.io-index";

/// What stands in texts in a list of .deny.toml, an element each.
fn listed(section: &str, key: &str) -> Vec<String> {
    let text = source::text(".deny.toml");
    let (_, rest) = text.split_once(&format!("[{section}]\n")).unwrap();
    let (_, list) = rest.split_once(&format!("\n{key} = [\n")).unwrap();
    let lines = list.lines().take_while(|line| *line != "]");
    lines
        .map(|line| line.trim().trim_end_matches(',').to_owned())
        .collect()
}

/// What comes first in quotes.
fn quoted(text: &str) -> &str {
    text.split('"').nth(1).unwrap()
}

/// What cargo says of popget and the crates that it is made of here.
fn metadata() -> Value {
    let cargo = |arguments: &[&str]| {
        let ran = Command::new(env!("CARGO"))
            .args(arguments)
            .current_dir(source::top())
            .output();
        let ran = ran.unwrap();
        assert!(
            ran.status.success(),
            "{}",
            String::from_utf8_lossy(&ran.stderr)
        );
        String::from_utf8(ran.stdout).unwrap()
    };
    let version = cargo(&["-vV"]);
    let host = version
        .lines()
        .find_map(|line| line.strip_prefix("host: "))
        .unwrap();
    let told = cargo(&[
        "metadata",
        "--format-version=1",
        "--locked",
        "--offline",
        "--all-features",
        "--filter-platform",
        host,
    ]);
    serde_json::from_str(&told).unwrap()
}

/// The crates with their versions and licences; popget itself is none.
fn crates(metadata: &Value) -> Vec<(&str, &str, &str)> {
    let packages = metadata["packages"].as_array().unwrap().iter();
    let foreign = packages.filter(|package| package["source"].is_string());
    foreign.map(about).collect()
}

fn about(package: &Value) -> (&str, &str, &str) {
    let of = |key: &str| package[key].as_str().unwrap_or("none");
    (of("name"), of("version"), of("license"))
}

/// Whether a licence expression (SPDX) can be met by these; notes in `used` what it took.
fn met(expression: &str, allowed: &[String], used: &mut Vec<String>) -> bool {
    let spaced = expression
        .replace('(', " ( ")
        .replace(')', " ) ")
        .replace('/', " OR ");
    let words: Vec<&str> = spaced.split_whitespace().collect();
    let (met, rest) = either(&words, allowed, used);
    assert!(rest.is_empty(), "{expression} is not understood");
    met
}

fn either<'w, 't>(
    words: &'w [&'t str],
    allowed: &[String],
    used: &mut Vec<String>,
) -> (bool, &'w [&'t str]) {
    let (mut met, mut rest) = both(words, allowed, used);
    while let Some((&"OR", after)) = rest.split_first() {
        let (other, left) = both(after, allowed, used);
        (met, rest) = (met | other, left);
    }
    (met, rest)
}

fn both<'w, 't>(
    words: &'w [&'t str],
    allowed: &[String],
    used: &mut Vec<String>,
) -> (bool, &'w [&'t str]) {
    let (mut met, mut rest) = one(words, allowed, used);
    while let Some((&"AND", after)) = rest.split_first() {
        let (other, left) = one(after, allowed, used);
        (met, rest) = (met & other, left);
    }
    (met, rest)
}

fn one<'w, 't>(
    words: &'w [&'t str],
    allowed: &[String],
    used: &mut Vec<String>,
) -> (bool, &'w [&'t str]) {
    match words {
        ["(", inner @ ..] => {
            let (met, rest) = either(inner, allowed, used);
            assert_eq!(rest.first(), Some(&")"));
            (met, &rest[1..])
        }
        // An exception is something else than the licence without it.
        [_, "WITH", _, rest @ ..] => (false, rest),
        [licence, rest @ ..] => {
            used.push((*licence).to_owned());
            (allowed.iter().any(|known| known == licence), rest)
        }
        [] => panic!("a licence is missing"),
    }
}

#[test]
fn every_crate_has_a_licence_that_is_allowed() {
    let allowed = listed("licenses", "allow");
    let allowed: Vec<String> = allowed.iter().map(|line| quoted(line).to_owned()).collect();
    let (metadata, mut used) = (metadata(), Vec::new());
    let mut found = Vec::new();
    for (name, version, licence) in crates(&metadata) {
        if !met(licence, &allowed, &mut used) {
            found.push(format!(
                ".deny.toml does not allow {licence}: {name} {version}"
            ));
        }
    }
    let unused = allowed.iter().filter(|licence| !used.contains(licence));
    found.extend(unused.map(|licence| format!(".deny.toml allows {licence}, which no crate has")));
    super::none(&found);
}

#[test]
fn every_crate_is_from_crates_io() {
    let lock = source::text("Cargo.lock");
    let mut found = Vec::new();
    for package in lock.split("[[package]]\n").skip(1) {
        let value = |key: &str| {
            let line = package.lines().find_map(|line| line.strip_prefix(key));
            line.map(quoted)
        };
        let (name, source) = (value("name = ").unwrap(), value("source = "));
        let fine = source == Some(CRATES_IO) && value("checksum = ").is_some();
        let own = name == "popget" && source.is_none();
        if !fine && !own {
            found.push(format!(
                "Cargo.lock: {name} is not from crates.io: {source:?}"
            ));
        }
    }
    super::none(&found);
    assert!(source::text(".deny.toml")
        .contains("unknown-registry = \"deny\"\nunknown-git = \"deny\"\n"));
}

#[test]
fn every_version_is_named_and_no_crate_comes_twice_without_a_reason() {
    let (metadata, mut found) = (metadata(), Vec::new());
    let packages = metadata["packages"].as_array().unwrap();
    let popget = packages
        .iter()
        .find(|package| package["name"] == "popget")
        .unwrap();
    for needed in popget["dependencies"].as_array().unwrap() {
        if needed["req"] == "*" {
            found.push(format!(
                "Cargo.toml: {} may have any version",
                needed["name"]
            ));
        }
    }
    let mut versions = BTreeMap::<&str, Vec<&str>>::new();
    for (name, version, _) in crates(&metadata) {
        versions.entry(name).or_default().push(version);
    }
    versions.retain(|_, versions| versions.len() > 1);
    let skipped = listed("bans", "skip");
    for line in &skipped {
        let (name, _) = quoted(line).split_once('@').unwrap();
        if versions.remove(name).is_none() {
            found.push(format!(
                ".deny.toml: {name} comes once; take it out of skip"
            ));
        }
        if !line.contains("reason = \"") {
            found.push(format!(".deny.toml: why does {name} come twice?"));
        }
    }
    let twice = versions.iter();
    found.extend(
        twice.map(|(name, versions)| format!("{name} comes as {}", versions.join(" and "))),
    );
    super::none(&found);
}

/// The first two numbers of a version of Rust.
fn numbers(version: &str) -> Vec<u32> {
    let parts = version.split('.').take(2);
    parts.map(|part| part.parse().unwrap()).collect()
}

#[test]
fn every_crate_knows_the_oldest_rust_that_we_promise() {
    let metadata = metadata();
    let packages = metadata["packages"].as_array().unwrap();
    let promised = numbers(env!("CARGO_PKG_RUST_VERSION"));
    let wants = |package: &Value| package["rust_version"].as_str().map(numbers);
    let known = packages.iter().filter(|package| wants(package).is_some());
    assert!(known.count() > 50, "hardly any crate says what it wants");
    let newer = packages
        .iter()
        .filter(|package| wants(package) > Some(promised.clone()));
    let found = newer.map(|package| {
        format!(
            "Cargo.lock: {} {} wants Rust {}; with CARGO_RESOLVER_INCOMPATIBLE_RUST_VERSIONS=fallback \
             cargo update finds an older one",
            package["name"], package["version"], package["rust_version"]
        )
    });
    super::none(&found.collect::<Vec<_>>());
}

#[test]
fn licences_are_weighed_as_their_expressions_say() {
    let allowed = ["MIT".to_owned(), "ISC".to_owned()];
    for (expression, expected) in [
        ("MIT", true),
        ("GPL-3.0", false),
        ("GPL-3.0 OR MIT", true),
        ("GPL-3.0/MIT", true),
        ("MIT AND GPL-3.0", false),
        ("(GPL-3.0 OR ISC) AND MIT", true),
        ("GPL-3.0 OR ISC AND Zlib", false),
        ("MIT WITH X-exception", false),
    ] {
        assert_eq!(
            met(expression, &allowed, &mut Vec::new()),
            expected,
            "{expression}"
        );
    }
}
