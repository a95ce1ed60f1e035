//! The completion scripts that are kept are those that popget prints, and their shells take them.

use super::manual::popget;
use super::source;
use std::env;
use std::io::{self, Write};
use std::process::Command;

/// Each shell with its script.
const SCRIPTS: [(&str, &str); 5] = [
    ("bash", "completions/popget.bash"),
    ("zsh", "completions/_popget"),
    ("fish", "completions/popget.fish"),
    ("elvish", "completions/popget.elv"),
    ("powershell", "completions/_popget.ps1"),
];

/// If this is set, the scripts are written anew.
const REGENERATE: &str = "POPGET_REGENERATE";

#[test]
fn the_scripts_kept_are_those_printed() {
    for (shell, path) in SCRIPTS {
        let printed = popget(&["completions", shell]);
        if env::var_os(REGENERATE).is_some() {
            std::fs::write(source::top().join(path), &printed).unwrap();
        }
        assert!(
            source::text(path) == printed,
            "{path} is old: {REGENERATE}=1 cargo test --all-features scripts_kept"
        );
    }
}

#[test]
fn no_script_is_without_a_shell() {
    let kept = source::files("completions");
    let known = SCRIPTS.map(|(_, path)| path.to_owned());
    super::same(("completions/", kept), ("this test", known.to_vec()));
}

#[test]
fn the_shells_understand_their_scripts() {
    for (shell, option, path) in [
        ("bash", "-n", SCRIPTS[0].1),
        ("zsh", "-n", SCRIPTS[1].1),
        ("fish", "--no-execute", SCRIPTS[2].1),
    ] {
        let check = Command::new(shell)
            .args([option, path])
            .current_dir(source::top())
            .output();
        match check {
            Ok(output) => {
                let said = String::from_utf8_lossy(&output.stderr);
                let fine = output.status.success() && said.is_empty();
                assert!(fine, "{shell} {option} {path}: {said}");
            }
            Err(error) => missing(shell, &error),
        }
    }
}

/// In continuous integration every shell is there; elsewhere its lack is said aloud.
fn missing(shell: &str, error: &io::Error) {
    let loss = format!("{shell}: {error}; its completion script is not checked\n");
    assert!(env::var("CI").as_deref() != Ok("true"), "{loss}");
    // Past the test harness, which would swallow what a passing test prints.
    let _ = io::stderr().write_all(loss.as_bytes());
}
