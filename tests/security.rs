//! What other users of the machine, those who start popget, and senders can do to it, and what not.

mod inherited;
mod links;
mod mboxes;
mod modes;
mod owners;

use std::fs;
use std::os::unix::fs::{symlink, PermissionsExt};
use std::path::{Path, PathBuf};

use crate::support::scene::Scene;
use crate::support::server::PopServer;

/// Somebody else on this machine.
const STRANGER: u32 = 4711;

fn with_mail(messages: &[&str]) -> PopServer {
    let server = PopServer::start();
    for name in messages {
        server.maildrop().add_named(name, name);
    }
    server
}

/// Whether other users can be played here. In continuous integration they can; elsewhere that is said
/// aloud.
fn can_be_others() -> bool {
    let root = rustix::process::geteuid().is_root();
    let loss = "not root: what other users may do is not tested\n";
    assert!(
        root || std::env::var("CI").as_deref() != Ok("true"),
        "{loss}"
    );
    if !root {
        let _ = std::io::Write::write_all(&mut std::io::stderr(), loss.as_bytes());
    }
    root
}

/// Lets popget be run by a user who is not root, from a copy that this one can reach: everything in
/// the home becomes that user's first.
fn as_mortal(scene: Scene) -> Scene {
    as_mortal_after("true", scene)
}

/// As `as_mortal`, with something for the shell to do before.
fn as_mortal_after(before: &str, scene: Scene) -> Scene {
    let program = scene.path("../popget");
    fs::copy(env!("CARGO_BIN_EXE_popget"), &program).unwrap();
    let script = "cd \"$HOME\" && chmod 711 .. && chown -hR 1234:1234 . && shift && \
                  exec setpriv --reuid=1234 --regid=1234 --clear-groups ../popget \"$@\"";
    scene.under(&["sh", "-c", &format!("{before} && {script}"), "sh"])
}

fn given_to(path: &Path, user: u32) {
    std::os::unix::fs::lchown(path, Some(user), Some(user)).unwrap();
}

fn set_mode(path: &Path, mode: u32) {
    fs::set_permissions(path, fs::Permissions::from_mode(mode)).unwrap();
}

/// A folder in which everyone may make files, as that for mboxes is on many machines.
fn common_folder(scene: &Scene) -> PathBuf {
    let folder = scene.path("../common");
    fs::create_dir(&folder).unwrap();
    set_mode(&folder, 0o1777);
    folder
}

/// A link that a stranger made.
fn strange_link(to: &Path, at: &Path) {
    symlink(to, at).unwrap();
    given_to(at, STRANGER);
}
