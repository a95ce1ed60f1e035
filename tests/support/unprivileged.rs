//! Being somebody else than root, for programs that will not do their work as root.

use std::ffi::OsStr;
use std::fs;
use std::os::unix::fs::chown;
use std::path::Path;
use std::process::Command;

use rustix::process::getuid;

/// Hands a file to the user that such programs run as: `nobody`, if we are root.
pub fn give_away(path: &Path) {
    if getuid().is_root() {
        let (user, group) = nobody();
        chown(path, Some(user), Some(group)).unwrap();
    }
}

/// A program that runs as that user, and knows of nothing but `PATH` and this home.
pub fn command(program: impl AsRef<OsStr>, home: &Path) -> Command {
    let mut command = Command::new(&program);
    if getuid().is_root() {
        let (user, group) = nobody();
        command = Command::new("setpriv");
        let ids = [format!("--reuid={user}"), format!("--regid={group}")];
        command.args(ids).arg("--clear-groups").arg(program);
    }
    command
        .env_clear()
        .env("PATH", std::env::var_os("PATH").unwrap_or_default())
        .env("HOME", home)
        .current_dir(home);
    command
}

/// The numbers of `nobody` and its group.
pub fn nobody() -> (u32, u32) {
    let users = fs::read_to_string("/etc/passwd").unwrap();
    let line = users.lines().find(|line| line.starts_with("nobody:"));
    let mut fields = line
        .expect("a user nobody in /etc/passwd")
        .split(':')
        .skip(2);
    let mut number = || {
        fields
            .next()
            .and_then(|field| field.parse().ok())
            .unwrap_or(65534)
    };
    (number(), number())
}
