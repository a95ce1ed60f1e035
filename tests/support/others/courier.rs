//! Courier: a Maildir, users in a table of its own, logins by a daemon.

use std::fs;
use std::path::Path;

use super::door::Door;
use super::root::{Root, ALICE, COURIER};
use super::{Daemon, Manner, Ports, Setting};
use crate::support::server::{PASSWORD, USER};

const SERVER: [&str; 3] = [
    "/usr/lib/courier/courier/courierpop3login",
    "/usr/lib/courier/courier/courierpop3d",
    "Maildir",
];

pub fn start(root: &Root, manner: Manner) -> Setting {
    for place in ["", "/tmp", "/new", "/cur"] {
        root.folder(&format!("srv/alice/Maildir{place}"), ALICE);
    }
    root.folder("run/courier/authdaemon", COURIER);
    users(root);
    let rc = "authmodulelist=\"authuserdb\"\nauthmodulelistorig=\"authuserdb\"\ndaemons=2\n\
              authdaemonvar=/run/courier/authdaemon\nDEBUG_LOGIN=0\nDEFAULTOPTIONS=\"\"\n";
    root.write("etc/courier/authdaemonrc", rc);
    let mut authority = root.command(&["/usr/lib/courier/courier-authlib/authdaemond"]);
    // Its socket is there before it answers.
    let knows_her = || {
        let mut question = root.command(&["authtest", USER]);
        question.status().is_ok_and(|status| status.success())
    };
    let daemon = Daemon::start(&mut authority, knows_her);
    let plain = open(root, manner, &[]);
    let tls = open(root, manner, &["/usr/bin/couriertls", "-server", "-tcpd"]);
    Setting {
        ports: Ports {
            plain: plain.port(),
            tls: Some(tls.port()),
        },
        doors: vec![plain, tls],
        daemon: Some(daemon),
    }
}

pub fn put(root: &Root, message: &[u8], arrival: u32) {
    let name = format!(
        "srv/alice/Maildir/new/{}.M{arrival}.test",
        1_700_000_000 + arrival
    );
    root.write_for(&name, message, ALICE, 0o600);
}

pub fn stored(root: &Root) -> Vec<Vec<u8>> {
    let files = |place| fs::read_dir(root.path(place)).unwrap();
    files("srv/alice/Maildir/new")
        .chain(files("srv/alice/Maildir/cur"))
        .map(|entry| fs::read(entry.unwrap().path()).unwrap())
        .collect()
}

/// The table of users: what may be known of them, and what is secret.
fn users(root: &Root) {
    let (user, group) = ALICE;
    let typed_twice = format!("{PASSWORD}\n{PASSWORD}\n");
    let crypted = root.text("etc/shadow");
    let crypted = crypted.split(':').nth(1).unwrap();
    let mut secrets = format!("systempw={crypted}");
    for kind in ["hmac-md5", "hmac-sha1", "hmac-sha256"] {
        let key = root.run(&["userdbpw", &format!("-{kind}")], typed_twice.as_bytes());
        secrets += &format!("|{kind}pw={}", key.trim());
    }
    let known = format!("uid={user}|gid={group}|home=/srv/alice|_=");
    for (table, fields) in [("userdb", known), ("userdbshadow", secrets)] {
        let work = format!("/etc/courier/{table}.tmp");
        let done = format!("/etc/courier/{table}.dat");
        let entry = format!("{USER}\t{fields}\n\n.\n");
        let program = "/usr/lib/courier/courier-authlib/makedatprog";
        root.run(&[program, "-", &work, &done], entry.as_bytes());
    }
}

/// A port that serves with what the files of the package say, below `wrapper`.
fn open(root: &Root, manner: Manner, wrapper: &[&str]) -> Door {
    let place = root.path("");
    let words: Vec<String> = wrapper.iter().chain(&SERVER).map(|w| (*w).into()).collect();
    let required = if manner == Manner::TlsOnly { "1" } else { "0" };
    // As /usr/lib/courier/pop3d-ssl has it: what TLS was for is done.
    let (with_tls, offers_tls, required) = if wrapper.is_empty() {
        ("0", "YES", required)
    } else {
        ("1", "NO", "0")
    };
    Door::open(move || {
        let mut command = Root::command_at(Path::new(&place), &words);
        // The mechanisms are those that the package names as its own.
        command
            .env("POP3AUTH", "PLAIN LOGIN CRAM-MD5 CRAM-SHA1 CRAM-SHA256")
            .env("POP3AUTH_TLS", "LOGIN PLAIN")
            .env("POP3_STARTTLS", offers_tls)
            .env("POP3_TLS_REQUIRED", required)
            .env("POP3_TLS", with_tls)
            .env("COURIERTLS", "/usr/bin/couriertls")
            .env("TLS_CERTFILE", "/etc/courier/server.pem")
            .env("TLS_VERIFYPEER", "NONE")
            .env("MAILDIRPATH", "Maildir");
        command
    })
}
