//! systemd understands the units, as they are installed, finds them safe, and lets popget do in them
//! what it has to do.

use super::{install, told};
use crate::support::scene::Scene;
use crate::support::server::PopServer;
use crate::support::there;
use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

/// More exposed than this no unit of the system may be, of 10.
const WORST: f32 = 2.0;

/// A folder with what is installed; nothing where there is no systemd.
fn installed() -> Option<tempfile::TempDir> {
    there("systemd-analyze", "the units are not checked").then(|| {
        let root = tempfile::tempdir().unwrap();
        let bin = root.path().join("bin");
        // What a unit starts must exist.
        let bin = format!("bindir={}", bin.display());
        let unit = |folder| format!("{folder}={}", root.path().join(folder).display());
        let (system, user) = (unit("systemdsystemunitdir"), unit("systemduserunitdir"));
        let examples = format!("examplesdir={}", root.path().join("examples").display());
        install(
            Path::new(""),
            &[
                &format!("prefix={}", root.path().join("rest").display()),
                &bin,
                &system,
                &user,
                &examples,
            ],
        );
        root
    })
}

/// The files in a folder, sorted.
fn units(folder: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder).unwrap();
    let mut units: Vec<_> = entries.map(|entry| entry.unwrap().path()).collect();
    units.sort();
    units
}

fn analyze(arguments: &[&str], root: &Path) -> Command {
    let mut analyze = Command::new("systemd-analyze");
    analyze.args(arguments).env("XDG_RUNTIME_DIR", root);
    analyze
}

#[test]
fn systemd_has_nothing_to_say_of_any_unit() {
    let Some(root) = installed() else { return };
    let root = root.path();
    let (system, user) = (
        root.join("systemdsystemunitdir"),
        root.join("systemduserunitdir"),
    );
    for (folder, options, count) in [
        (&system, &["verify", "--man=no"][..], 5),
        (&user, &["verify", "--user", "--man=no"], 2),
    ] {
        let units = units(folder);
        assert_eq!(units.len(), count);
        // Unknown keys are told, and are no failure to it.
        let said = told(analyze(options, root).args(units));
        assert_eq!(said, "");
    }
}

#[test]
fn the_examples_fit_the_units() {
    let Some(root) = installed() else { return };
    let root = root.path();
    let (system, examples) = (root.join("systemdsystemunitdir"), root.join("examples"));
    // Where the heads of the examples say that they belong.
    fs::copy(
        examples.join("popget-failed@.service"),
        system.join("popget-failed@.service"),
    )
    .unwrap();
    let mut count = 0;
    for example in units(&examples) {
        let name = example.file_name().unwrap().to_str().unwrap();
        let Some(name) = name.strip_suffix(".conf") else {
            continue;
        };
        let text = fs::read_to_string(&example).unwrap();
        let place = text.lines().next().unwrap();
        let place = place.strip_prefix("# /etc/systemd/system/").unwrap();
        let place = system.join(place.replace("@work", "@"));
        assert!(
            place.ends_with(format!("popget@.service.d/{name}.conf")),
            "{place:?}"
        );
        fs::create_dir_all(place.parent().unwrap()).unwrap();
        fs::write(place, text).unwrap();
        count += 1;
    }
    assert_eq!(count, 3);
    let said = told(
        analyze(&["verify", "--man=no"], root)
            .args(units(&system).iter().filter(|unit| unit.is_file())),
    );
    assert_eq!(said, "");
}

#[test]
fn the_units_of_the_system_are_hardened() {
    let Some(root) = installed() else { return };
    let root = root.path();
    for name in ["popget@.service", "popget-shard@.service"] {
        let unit = root.join("systemdsystemunitdir").join(name);
        let mut security = analyze(&["security", "--offline=true", "--no-pager"], root);
        let said = told(security.arg(unit));
        let score = said
            .lines()
            .find_map(|line| line.split_once("exposure level for "));
        let (_, score) = score.unwrap().1.split_once(": ").unwrap();
        let score: f32 = score.split(' ').next().unwrap().parse().unwrap();
        assert!(score <= WORST, "{name}: {score}");
    }
}

#[test]
fn systemd_makes_the_user_of_an_install_below_usr_local() {
    if !there("systemd-sysusers", "the user is not made") {
        return;
    }
    let root = tempfile::tempdir().unwrap();
    install(root.path(), &[]);
    fs::create_dir(root.path().join("etc")).unwrap();
    let mut sysusers = Command::new("systemd-sysusers");
    sysusers.arg("--dry-run").arg("--root").arg(root.path());
    let said = told(&mut sysusers);
    assert!(said.contains("Creating user 'popget'"), "{said}");
}

/// The calls of a set of systemd's.
fn calls(set: &str) -> BTreeSet<String> {
    let said = told(Command::new("systemd-analyze").args(["syscall-filter", "--no-pager", set]));
    let mut found = BTreeSet::new();
    for word in said.lines().skip(1).map(str::trim) {
        match word.chars().next() {
            Some('@') => found.append(&mut calls(word)),
            Some('#') | None => {}
            Some(_) => drop(found.insert(word.to_owned())),
        }
    }
    found
}

#[test]
fn what_a_fetch_asks_of_the_system_is_allowed_in_there() {
    if !there("systemd-analyze", "calls are not compared") || !there("strace", "nor seen") {
        return;
    }
    let mut allowed = calls("@system-service");
    for set in ["@privileged", "@resources"] {
        let forbidden = calls(set);
        assert!(forbidden.len() > 5, "{set}: {forbidden:?}");
        allowed.retain(|call| !forbidden.contains(call));
    }
    for place in ["maildir: ~/Mail", "mbox: ~/mbox", "mda: cat > letter"] {
        let server = PopServer::start();
        server.maildrop().add_named("a", "alpha.eml");
        let scene = Scene::with_server(&server).deliver(place);
        let trace = scene.path("trace");
        let strace = ["strace", "-f", "-qq", "-o", trace.to_str().unwrap()];
        let mut scene = scene.under(&strace).args(&["--delete"]);
        scene.run().exits(0).whatever();
        let trace = fs::read_to_string(trace).unwrap();
        let asked = trace.lines().filter_map(|line| {
            let call = line.split_whitespace().nth(1)?.split_once('(')?.0;
            Some(call.to_owned())
        });
        let asked: BTreeSet<String> = asked.collect();
        assert!(asked.len() > 20 && asked.contains("fsync"), "{asked:?}");
        let refused: Vec<_> = asked.difference(&allowed).collect();
        assert!(refused.is_empty(), "{place}: {refused:?}");
    }
}
