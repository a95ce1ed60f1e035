//! The three that keep mail in /var/mail and ask PAM: GNU Mailutils, popa3d and solid-pop3d.

use std::fs::{self, OpenOptions};
use std::io::Write;
use std::os::unix::fs::PermissionsExt;

use super::door::Door;
use super::root::{Root, ALICE};
use super::{Kind, Ports, Setting};

const MBOX: &str = "var/mail/alice";

pub fn start(root: &Root, kind: Kind) -> Setting {
    root.folder("var/mail", (0, 8));
    fs::set_permissions(root.path("var/mail"), fs::Permissions::from_mode(0o2775)).unwrap();
    root.write_for(MBOX, "", (ALICE.0, 8), 0o660);
    let doors = match kind {
        Kind::Popa3d => vec![open(root, &["popa3d"])],
        Kind::Solid => vec![open(root, &["solid-pop3d"])],
        _ => ["ondemand", "connection"]
            .map(|mode| mailutils(root, mode))
            .into(),
    };
    let port = |at: usize| doors.get(at).map(Door::port);
    Setting {
        ports: Ports {
            plain: port(0).unwrap(),
            tls: port(1),
        },
        doors,
        daemon: None,
    }
}

/// Appends a message; which ones survive that is for the tests to know.
pub fn put(root: &Root, message: &[u8]) {
    let mut mbox = OpenOptions::new()
        .append(true)
        .open(root.path(MBOX))
        .unwrap();
    let from = b"From sender@example.org Thu Jan  1 12:00:00 2026\n";
    mbox.write_all(&[from, message, b"\n"].concat()).unwrap();
}

/// What lies between one From_ line and the next.
pub fn stored(root: &Root) -> Vec<Vec<u8>> {
    let mbox = fs::read(root.path(MBOX)).unwrap_or_default();
    let mut messages: Vec<Vec<u8>> = Vec::new();
    for line in mbox.split_inclusive(|&byte| byte == b'\n') {
        match messages.last_mut() {
            _ if line.starts_with(b"From ") => messages.push(Vec::new()),
            Some(message) => message.extend_from_slice(line),
            None => panic!("not an mbox: {}", mbox.escape_ascii()),
        }
    }
    messages
}

/// One that speaks TLS when asked, or from the first octet.
fn mailutils(root: &Root, mode: &str) -> Door {
    let config = format!(
        "logging {{ syslog no; }};\ntls-mode {mode};\n\
         tls {{ ssl-certificate-file /etc/server.crt; ssl-key-file /etc/server.key; }};\n"
    );
    root.write(&format!("etc/{mode}.conf"), config);
    open(
        root,
        &["pop3d", "-i", &format!("--config-file=/etc/{mode}.conf")],
    )
}

fn open(root: &Root, words: &[&str]) -> Door {
    // A command cannot be copied; the way to it can.
    let place = root.path("");
    let words: Vec<String> = words.iter().map(|word| (*word).to_owned()).collect();
    Door::open(move || Root::command_at(&place, &words))
}
