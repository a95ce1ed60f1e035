//! systemd understands the units that the manual shows.

use super::source;
use std::fs;
use std::process::Command;

#[test]
fn systemd_understands_the_units_in_the_manual() {
    let (system, user) = (
        units_shown("/etc/systemd"),
        units_shown("~/.config/systemd"),
    );
    assert_eq!((system.len(), user.len()), (1, 2));
    systemd_takes("--system", &system);
    systemd_takes("--user", &user);
}

/// The units that the manual shows for a place below this folder, each with its name.
fn units_shown(folder: &str) -> Vec<(String, String)> {
    let page = source::text("man/popget.1");
    let begins = format!("\n# {folder}/");
    let shown = page.split(".Bd -literal").filter_map(|part| {
        let (_, rest) = part.split_once(&begins)?;
        let (path, rest) = rest.split_once('\n')?;
        let name = path.rsplit('/').next()?;
        Some((name.to_owned(), rest.split_once(".Ed")?.0.to_owned()))
    });
    shown.collect()
}

/// Fails if systemd finds fault with these units, each with its name.
#[track_caller]
fn systemd_takes(manager: &str, units: &[(String, String)]) {
    // Not to be had everywhere, not even in continuous integration.
    let there = Command::new("systemd-analyze").arg("--version").output();
    if there.is_err() {
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let mut verify = Command::new("systemd-analyze");
    verify.args(["verify", manager, "--man=no"]);
    for (name, unit) in units {
        // What it starts must exist.
        let unit = unit.replace("/usr/local/bin/popget", env!("CARGO_BIN_EXE_popget"));
        fs::write(folder.path().join(name), unit).unwrap();
        verify.arg(format!("./{name}"));
    }
    let verified = verify
        .env("XDG_RUNTIME_DIR", folder.path())
        .current_dir(folder.path())
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&verified.stderr);
    // Unknown keys are told, and are no failure to it.
    assert!(verified.status.success() && said.is_empty(), "{said}");
}
