//! `popget import` against the programs themselves: each fetches 200 messages and keeps them on the
//! server; popget takes over, 10 more come, and it fetches just those.

mod manual;
mod records;
mod settings;
mod taking;

use std::fs::{self, Permissions};
use std::io;
use std::os::unix::fs::{chown, PermissionsExt};
use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::time::Duration;

use rustix::process::{getgid, getuid};
use tempfile::TempDir;

use crate::support::dovecot::Dovecot;
use crate::support::mail;
use crate::support::process::{self, Victim};
use crate::support::server::PASSWORD;
use crate::support::there;
use crate::support::unprivileged::{command, give_away};

/// How many messages the other program fetches, and how many come then.
const BEFORE: usize = 200;
const AFTER: usize = 10;

/// A program to take over from.
struct Other {
    name: &'static str,
    program: &'static str,
    /// Where its settings are below the home folder, and what they say.
    settings: (&'static str, &'static str),
    arguments: &'static [&'static str],
}

/// In each, {home}, {port} and {password} stand for what they say.
const OTHERS: [Other; 4] = [
    Other {
        name: "fetchmail",
        program: "fetchmail",
        settings: (
            ".fetchmailrc",
            "set no bouncemail\nset invisible\ndefaults proto pop3 uidl\npoll work via 127.0.0.1 port {port}\n\
             user \"alice\" there with password \"{password}\" is alice here keep sslproto ''\n\
             mda \"/bin/sh {home}/deliver\"\n",
        ),
        arguments: &["--silent", "--nosyslog"],
    },
    Other {
        name: "mpop",
        program: "mpop",
        settings: (
            ".mpoprc",
            "defaults\nhost 127.0.0.1\nport {port}\ntls off\nkeep on\naccount here\nauth user\n\
             user alice\npassword {password}\nreceived_header off\ndelivery maildir {home}/Mail\n",
        ),
        arguments: &["--quiet", "here"],
    },
    Other {
        name: "getmail",
        program: "getmail",
        settings: (
            ".getmail/getmailrc",
            "[retriever]\ntype = SimplePOP3Retriever\nserver = 127.0.0.1\nport = {port}\n\
             username = alice\npassword = {password}\n[destination]\ntype = Maildir\n\
             path = {home}/Mail/\n[options]\nread_all = false\nreceived = false\ndelivered_to = false\n",
        ),
        arguments: &["--quiet"],
    },
    Other {
        name: "fdm",
        program: "fdm",
        settings: (
            ".fdm.conf",
            "set no-received\naction \"in\" maildir \"{home}/Mail\"\naccount \"here\" pop3 server \
             \"127.0.0.1\" port {port} user \"alice\" pass \"{password}\" new-only cache \
             \"{home}/.fdm.cache\" keep\nmatch all action \"in\"\n",
        ),
        arguments: &["-q", "-h", "fetch"],
    },
];

/// What fetchmail hands messages to.
const DELIVER: &str = "#!/bin/sh\nfile=$(mktemp \"$HOME/Mail/tmp/XXXXXXXX\") && cat >\"$file\" && \
                       mv \"$file\" \"$HOME/Mail/new/\"\n";

/// getmail6 up to 6.18 learns of the end of a delivery by a signal that it begins to listen for only
/// after the delivery began, and may wait for it in vain: here it waits for the process.
const GETMAIL: &str = "import os, runpy, shutil, sys\n\
    from getmailcore.baseclasses import ForkingBase\n\
    def prepare(self): pass\n\
    def wait(self, pid): return os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])\n\
    ForkingBase._prepare_child, ForkingBase._wait_for_child = prepare, wait\n\
    sys.argv[0] = shutil.which('getmail')\n\
    runpy.run_path(sys.argv[0], run_name='__main__')\n";

/// A home folder with a Maildir in it.
struct Home(TempDir);

impl Home {
    fn new() -> Self {
        let home = TempDir::with_prefix("popget-import-").unwrap();
        fs::set_permissions(home.path(), Permissions::from_mode(0o755)).unwrap();
        let home = Home(home);
        for below in ["", "Mail", "Mail/tmp", "Mail/new", "Mail/cur", ".getmail"] {
            let folder = home.path(below);
            fs::create_dir_all(&folder).unwrap();
            give_away(&folder);
        }
        home
    }

    fn path(&self, below: &str) -> PathBuf {
        self.0.path().join(below)
    }

    fn write(&self, below: &str, text: &str) {
        let path = self.path(below);
        fs::write(&path, text).unwrap();
        fs::set_permissions(&path, Permissions::from_mode(0o600)).unwrap();
        give_away(&path);
    }

    fn mail(&self) -> Vec<Vec<u8>> {
        let files = fs::read_dir(self.path("Mail/new")).unwrap();
        let mut mail: Vec<_> = files
            .map(|file| fs::read(file.unwrap().path()).unwrap())
            .collect();
        mail.sort();
        mail
    }

    /// Runs popget here.
    fn popget(&self, arguments: &[&str]) -> Output {
        self.command(arguments).output().unwrap()
    }

    /// What runs popget here.
    fn command(&self, arguments: &[&str]) -> Command {
        let mut popget = Command::new(env!("CARGO_BIN_EXE_popget"));
        popget
            .args(arguments)
            .env_clear()
            .env("PATH", std::env::var_os("PATH").unwrap_or_default())
            .env("HOME", self.0.path())
            .env("LOGNAME", "alice");
        popget
    }
}

/// What it said.
fn said(out: &Output) -> String {
    String::from_utf8_lossy(&out.stderr).into_owned()
}

/// Gives back what a program has made that ran as somebody else.
fn take_back(path: &Path) -> io::Result<()> {
    chown(path, Some(getuid().as_raw()), Some(getgid().as_raw()))?;
    if path.is_dir() && !path.is_symlink() {
        for entry in fs::read_dir(path)? {
            take_back(&entry?.path())?;
        }
    }
    Ok(())
}

/// These are the messages, but for the line ends: a CR LF in a file is one to Dovecot, as LF is.
#[track_caller]
fn are(found: Vec<Vec<u8>>, sent: &[Vec<u8>]) {
    let given = |message: &Vec<u8>| {
        let text = message.split(|b| *b == b'\n');
        let lines = text.map(|line| line.strip_suffix(b"\r").unwrap_or(line));
        lines.collect::<Vec<_>>().join(&b'\n')
    };
    let mut sent: Vec<_> = sent.iter().map(given).collect();
    sent.sort();
    assert_eq!(found.len(), sent.len(), "messages");
    assert!(found == sent, "as they were sent");
}

fn takes_over_from(other: &Other) {
    let loss = format!("taking over from {} is not tested", other.name);
    if !there(other.program, &loss) {
        return;
    }
    let Some(mut dovecot) = Dovecot::start() else {
        return;
    };
    let old = mail::many(BEFORE, 31);
    dovecot.put("alice", &old);
    let home = Home::new();
    home.write("deliver", DELIVER);
    home.write("getmail.py", GETMAIL);
    let (below, text) = other.settings;
    let text = text
        .replace(
            "{home}",
            home.path("").to_string_lossy().trim_end_matches('/'),
        )
        .replace("{port}", &dovecot.port().to_string())
        .replace("{password}", PASSWORD);
    home.write(below, &text);
    let mut told = String::new();
    for _ in 0..2 {
        let mut program = match other.name {
            "getmail" => {
                let mut python = command("/usr/bin/python3", home.0.path());
                python.arg(home.path("getmail.py"));
                python
            }
            _ => command(other.program, home.0.path()),
        };
        program.args(other.arguments).env("LC_ALL", "C");
        let running = process::start(&mut program, None, &Victim::default());
        assert!(
            running.ends_within(Duration::from_secs(300)),
            "{} hangs",
            other.name
        );
        let ran = running.finish();
        told += &String::from_utf8_lossy(&ran.stderr);
        if home.mail().len() >= BEFORE {
            break;
        }
    }
    assert_eq!(home.mail().len(), BEFORE, "{} fetched: {told}", other.name);
    take_back(home.0.path()).unwrap();
    for file in fs::read_dir(home.path("Mail/new")).unwrap() {
        fs::remove_file(file.unwrap().path()).unwrap();
    }

    let out = home.popget(&["import", "--with-passwords"]);
    assert_eq!(out.status.code(), Some(0), "import: {}", said(&out));
    fs::create_dir_all(home.path(".config/popget")).unwrap();
    fs::write(home.path(".config/popget/popget.yaml"), &out.stdout).unwrap();
    let own = Permissions::from_mode(0o600);
    fs::set_permissions(home.path(".config/popget/popget.yaml"), own).unwrap();
    let out = home.popget(&["--exit-empty"]);
    assert_eq!(out.status.code(), Some(1), "nothing is new");
    are(home.mail(), &[]);

    let new = mail::many(AFTER, 77);
    dovecot.put("alice", &new);
    let out = home.popget(&["--exit-empty"]);
    assert_eq!(out.status.code(), Some(0), "something is new");
    are(home.mail(), &new);
    assert_eq!(dovecot.left("alice"), BEFORE + AFTER, "all is kept");

    // Once more changes nothing.
    let out = home.popget(&["import", "--with-passwords"]);
    assert_eq!(out.status.code(), Some(0), "import: {}", said(&out));
    let out = home.popget(&["--exit-empty"]);
    assert_eq!(out.status.code(), Some(1), "nothing is new");
}

#[test]
fn what_fetchmail_fetched_is_not_fetched_again() {
    takes_over_from(&OTHERS[0]);
}

#[test]
fn what_mpop_fetched_is_not_fetched_again() {
    takes_over_from(&OTHERS[1]);
}

#[test]
fn what_getmail_fetched_is_not_fetched_again() {
    takes_over_from(&OTHERS[2]);
}

#[test]
fn what_fdm_fetched_is_not_fetched_again() {
    takes_over_from(&OTHERS[3]);
}

/// Settings in which all is carried over.
const FETCHMAILRC: &str = "poll pop.example.org proto pop3 user alice is alice here keep\n";
const MPOPRC: &str =
    "account a\nhost pop.example.org\nuser alice\nkeep on\ndelivery maildir ~/Mail\n";
const RC: &str = "[retriever]\ntype = SimplePOP3SSLRetriever\nserver = pop.example.org\n\
                  username = alice\nca_certs = /ca.pem\n[destination]\ntype = Maildir\n\
                  path = ~/Mail/\n[options]\nread_all = false\n";
const CONF: &str = "set verify-certificates\naction \"in\" maildir \"~/Mail\"\naccount \"work\" pop3s \
                    server \"pop.example.org\" user \"alice\" pass \"x\" new-only cache \"~/c\" keep\n\
                    match all action \"in\"\n";
