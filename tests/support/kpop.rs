//! A door to POP3 servers that opens for Kerberos tickets only: recvauth.c, over the library's own
//! `krb5_recvauth`, built by the test that wants it. Debian's gcc, libc6-dev and libkrb5-dev.

use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::Arc;

use tempfile::TempDir;

use super::kdc::Kdc;
use super::scene::Scene;
use super::server::{Builder, PopServer};
use super::story::Way;

/// What clients send in place of a password.
pub const DUMMY: &str = "krb_ticket";

/// A running door.
pub struct Door {
    child: Child,
    port: u16,
    _folder: TempDir,
}

impl Door {
    /// Opens for the owners of tickets, each to a server's port. Where there is no compiler or no
    /// Kerberos to build it with, that is a failure in continuous integration.
    pub fn start(kdc: &Kdc, owners: &[(&str, u16)]) -> Option<Door> {
        Door::under(&[], kdc, owners)
    }

    /// The same under another command, such as faketime.
    pub fn under(wrapper: &[&str], kdc: &Kdc, owners: &[(&str, u16)]) -> Option<Door> {
        let folder = TempDir::with_prefix("popget-door-").unwrap();
        let program = built("recvauth", &["-lkrb5"], folder.path())?;
        let program = program.display().to_string();
        let mut words = wrapper.iter().copied().chain([program.as_str()]);
        let mut command = kdc.command(words.next().unwrap());
        let owners = owners.iter().map(|(owner, port)| format!("{owner}={port}"));
        let mut child = command
            .args(words)
            .args(owners)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut line = String::new();
        BufReader::new(child.stdout.take().unwrap())
            .read_line(&mut line)
            .unwrap();
        let port = line.trim().parse().unwrap();
        Some(Door {
            child,
            port,
            _folder: folder,
        })
    }

    /// Where it is.
    pub fn port(&self) -> u16 {
        self.port
    }
}

impl Drop for Door {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Builds tests/support/NAME.c in a folder; nothing where that cannot be.
pub fn built(name: &str, arguments: &[&str], folder: &Path) -> Option<PathBuf> {
    let loss = "the tests of KPOP are skipped";
    if !super::there("cc", loss) || !super::there("krb5-config", loss) {
        return None;
    }
    let sources = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/support");
    let made = folder.join(name);
    let mut cc = Command::new("cc");
    cc.args(["-Wall", "-Wextra", "-Werror", "-o"]).arg(&made);
    let source = sources.join(format!("{name}.c"));
    let done = cc.arg(source).args(arguments).status().unwrap();
    assert!(done.success(), "{cc:?}");
    Some(made)
}

/// A server behind such a door, as poppers are: it wants no password but what stands in its place,
/// and knows no other way to log in.
pub fn behind(builder: Builder) -> Builder {
    builder
        .user("alice", DUMMY)
        .without("SASL")
        .without("AUTH-RESP-CODE")
}

/// An account at this port of `localhost`, whose tickets are the realm's.
pub fn account(kdc: &Kdc, scene: Scene, port: u16) -> Scene {
    let scene = scene
        .without_key("auth")
        .without_key("password_file")
        .key("protocol", "kpop")
        .key("server", "localhost")
        .key("port", &port.to_string());
    kdc.surround(scene)
}

/// How a server is spoken with through a door for alice; nothing where there is no Kerberos.
pub fn way() -> Option<Way> {
    let kdc = Arc::new(Kdc::start()?);
    kdc.ticket("alice");
    drop(Door::start(&kdc, &[])?);
    Some(Way {
        server: behind,
        scene: Arc::new(move |server: &PopServer, scene| {
            let door = Door::start(&kdc, &[("alice", server.port())]).unwrap();
            (account(&kdc, scene, door.port()), Box::new(door))
        }),
    })
}
