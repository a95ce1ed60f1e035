//! Programs that do what popget does, each told in its own words to fetch into Maildirs and to leave
//! every message as it is, as far as its manual has a setting for that.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use rustix::process::{kill_process_group, Signal};
use tempfile::TempDir;

use super::process::{self, Victim};
use super::server::PASSWORD;
use super::there;
use super::unprivileged::{command, give_away};

/// How long a program may take for all accounts, or for one.
const LIMIT: Duration = Duration::from_secs(50);

/// One of them.
pub struct Peer {
    /// Its name.
    pub name: &'static str,
    /// What must be installed for it: programs, each with its package.
    pub needs: &'static [(&'static str, &'static str)],
    /// Whether it does its work as whoever runs the tests; the others would not, as root.
    ours: bool,
    /// Writes its settings and gives the command that fetches for these users.
    tell: fn(&Job, &[String]) -> Command,
}

/// All of them; maildrop is there to tell what fetchmail does from what that does.
pub const PEERS: [Peer; 6] = [
    Peer {
        name: "mpop",
        needs: &[("mpop", "mpop")],
        ours: false,
        tell: mpop,
    },
    Peer {
        name: "fdm",
        needs: &[("fdm", "fdm")],
        ours: false,
        tell: fdm,
    },
    Peer {
        name: "getmail6",
        needs: &[("getmail", "getmail6")],
        ours: false,
        tell: getmail,
    },
    Peer {
        name: "fetchmail and maildrop",
        needs: &[("fetchmail", "fetchmail"), ("maildrop", "maildrop")],
        ours: false,
        tell: fetchmail,
    },
    Peer {
        name: "maildrop alone",
        needs: &[("maildrop", "maildrop")],
        ours: false,
        tell: maildrop,
    },
    Peer {
        name: "popget",
        needs: &[],
        ours: true,
        tell: popget,
    },
];

impl Peer {
    /// Whether all that it needs is here.
    pub fn is_here(&self) -> bool {
        let loss = format!("what {} does to messages is not tested", self.name);
        self.needs.iter().all(|(program, _)| there(program, &loss))
    }

    /// The versions of what it consists of, as Debian tells them.
    pub fn versions(&self) -> String {
        match self.needs {
            [] => format!("popget {}", env!("CARGO_PKG_VERSION")),
            needs => {
                let each = needs.iter().map(|(_, package)| version(package));
                each.collect::<Vec<_>>().join(", ")
            }
        }
    }
}

/// One of them at work: a home of its own, and a server.
pub struct Job<'a> {
    peer: &'a Peer,
    port: u16,
    home: TempDir,
}

impl<'a> Job<'a> {
    /// The program is to fetch from the server on this port, for these users.
    pub fn new(peer: &'a Peer, port: u16, users: &[String]) -> Job<'a> {
        let home = TempDir::with_prefix("popget-peer-").unwrap();
        fs::set_permissions(home.path(), fs::Permissions::from_mode(0o755)).unwrap();
        let job = Job { peer, port, home };
        job.hand_over(job.home.path());
        for user in users {
            for place in ["", "tmp", "new", "cur"] {
                let folder = job.maildir(user).join(place);
                fs::create_dir(&folder).unwrap();
                job.hand_over(&folder);
            }
        }
        job
    }

    /// Lets the program have a file or folder, as whoever it runs.
    fn hand_over(&self, path: &Path) {
        if !self.peer.ours {
            give_away(path);
        }
    }

    /// Gives a user's mail to those that do not fetch it themselves.
    pub fn hand(&self, user: &str, messages: [&[u8]; 2]) {
        for (number, message) in messages.iter().enumerate() {
            self.write(&format!("{user}.{number}"), message);
        }
    }

    /// Runs it once for these users, for a limited time; gives what it said.
    pub fn run(&self, users: &[String]) -> String {
        let mut command = (self.peer.tell)(self, users);
        command.env("LC_ALL", "C");
        let running = process::start(&mut command, None, &Victim::default());
        let ended = running.ends_within(LIMIT);
        if !ended {
            let _ = kill_process_group(running.pid(), Signal::KILL);
        }
        let ran = running.finish();
        let said = [ran.stdout, ran.stderr].concat();
        let said = String::from_utf8_lossy(&said).into_owned();
        if ended {
            said
        } else {
            said + "-- stopped, since it did not end by itself\n"
        }
    }

    /// What is in a user's Maildir.
    pub fn delivered(&self, user: &str) -> Vec<Vec<u8>> {
        let files = fs::read_dir(self.maildir(user).join("new")).unwrap();
        files
            .map(|file| fs::read(file.unwrap().path()).unwrap())
            .collect()
    }

    fn maildir(&self, user: &str) -> PathBuf {
        self.path(user)
    }

    fn path(&self, name: &str) -> PathBuf {
        self.home.path().join(name)
    }

    fn write(&self, name: &str, text: impl AsRef<[u8]>) -> PathBuf {
        let path = self.path(name);
        fs::write(&path, text).unwrap();
        fs::set_permissions(&path, fs::Permissions::from_mode(0o600)).unwrap();
        self.hand_over(&path);
        path
    }

    fn command(&self, program: &str) -> Command {
        command(program, self.home.path())
    }

    /// As many lines as there are users: {user}, {port}, {password}, {maildir} and {home} stand for
    /// what they say.
    fn fill(&self, users: &[String], line: &str) -> String {
        let filled = users.iter().map(|user| {
            let maildir = self.maildir(user);
            let home = self.home.path();
            line.replace("{user}", user)
                .replace("{port}", &self.port.to_string())
                .replace("{password}", PASSWORD)
                .replace("{maildir}", &maildir.to_string_lossy())
                .replace("{home}", &home.to_string_lossy())
        });
        filled.collect()
    }
}

fn mpop(job: &Job, users: &[String]) -> Command {
    let common = "defaults\nhost 127.0.0.1\nport {port}\ntls off\nauth user\npassword {password}\n\
                  keep on\nreceived_header off\nuidls_file {home}/uidls-%U\n";
    let account = "account {user}\nuser {user}\ndelivery maildir {maildir}\n";
    let text = job.fill(&users[..1], common) + &job.fill(users, account);
    let mut command = job.command("mpop");
    let settings = job.write("mpoprc", &text);
    command.args(["-Q", "-C"]).arg(settings).args(users);
    command
}

fn fdm(job: &Job, users: &[String]) -> Command {
    let common = "set no-received\nset lock-file \"{home}/fdm.lock\"\nset maximum-size 1g\n\
                  set parallel-accounts 4\n";
    let account = "account \"{user}\" pop3 server \"127.0.0.1\" port {port} user \"{user}\" \
                   pass \"{password}\" new-only cache \"{home}/uids-{user}\" no-apop keep\n\
                   action \"{user}\" maildir \"{maildir}\"\n\
                   match account \"{user}\" action \"{user}\"\n";
    let text = job.fill(&users[..1], common) + &job.fill(users, account);
    let mut command = job.command("fdm");
    command
        .arg("-f")
        .arg(job.write("fdm.conf", &text))
        .arg("fetch");
    command
}

fn getmail(job: &Job, users: &[String]) -> Command {
    let account = "[retriever]\ntype = SimplePOP3Retriever\nserver = 127.0.0.1\nport = {port}\n\
                   username = {user}\npassword = {password}\ntimeout = 10\n\
                   [destination]\ntype = Maildir\npath = {maildir}/\n\
                   [options]\nread_all = false\ndelete = false\ndelivered_to = false\n\
                   received = false\nverbose = 0\n";
    let mut command = job.command("getmail");
    command.arg("--getmaildir").arg(job.home.path());
    for user in users {
        let text = job.fill(std::slice::from_ref(user), account);
        let settings = job.write(&format!("getmailrc-{user}"), &text);
        command.arg("--rcfile").arg(settings);
    }
    command
}

fn fetchmail(job: &Job, users: &[String]) -> Command {
    let common = "set no bouncemail\nset invisible\nset no syslog\n\
                  poll 127.0.0.1 service {port} protocol pop3 uidl timeout 20 bad-header accept\n";
    let account = "user \"{user}\" there with password \"{password}\" is \"nobody\" here keep \
                   no rewrite sslproto \"\" mda \"maildrop {home}/filter-{user}\"\n";
    filters(job, users);
    let text = job.fill(&users[..1], common) + &job.fill(users, account);
    let mut command = job.command("fetchmail");
    command
        .env("FETCHMAILHOME", job.home.path())
        .args(["-s", "-f"])
        .arg(job.write("fetchmailrc", &text));
    command
}

/// maildrop as fetchmail runs it, for messages that are here already.
fn maildrop(job: &Job, users: &[String]) -> Command {
    filters(job, users);
    // A second run has only what the first could not file.
    let script = "for mail in {home}/{user}.[01]; do\n\
                  [ -e \"$mail\" ] && maildrop {home}/filter-{user} <\"$mail\" && rm \"$mail\"\n\
                  done\n";
    let mut command = job.command("sh");
    command.arg(job.write("deliver", job.fill(users, script)));
    command
}

/// Tells maildrop where each user's mail goes.
fn filters(job: &Job, users: &[String]) {
    for user in users {
        let filter = job.fill(std::slice::from_ref(user), "to \"{maildir}\"\n");
        job.write(&format!("filter-{user}"), &filter);
    }
}

/// popget itself, as whoever runs the tests: its program need not be where others may go.
fn popget(job: &Job, users: &[String]) -> Command {
    let common = "defaults:\n  server: 127.0.0.1\n  port: {port}\n  tls: none\n  \
                  auth: [user-pass]\n  password: {password}\naccounts:\n";
    let account = "  {user}:\n    user: {user}\n    deliver:\n      maildir: {maildir}\n";
    let text = job.fill(&users[..1], common) + &job.fill(users, account);
    let settings = job.write("popget.yaml", &text);
    let mut command = Command::new(env!("CARGO_BIN_EXE_popget"));
    command
        .arg("--config")
        .arg(settings)
        .arg("--state-dir")
        .arg(job.path("state"));
    command
}

/// A package with its version, as Debian tells it.
pub fn version(package: &str) -> String {
    let mut query = Command::new("dpkg-query");
    query.args(["-W", "-f", "${Package} ${Version}", package]);
    let told = query.output().map(|output| output.stdout);
    let told = String::from_utf8(told.unwrap_or_default()).unwrap_or_default();
    if told.is_empty() {
        format!("{package}, whatever version")
    } else {
        told
    }
}
