//! The programs that are compared, and how each is told to do the same: fetch what is new, keep it
//! on the server, add nothing to it.

use std::fs;
use std::io::Write;
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

use anyhow::Result;

use super::floor::Duty;
use super::measure::Told;
use crate::support::server::PASSWORD;

/// A program.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Program {
    Popget,
    Mpop,
    Fdm,
    Getmail,
    Fetchmail,
    Floor(Duty),
}

/// Those that others wrote.
pub const PEERS: [Program; 4] = [
    Program::Mpop,
    Program::Fdm,
    Program::Getmail,
    Program::Fetchmail,
];

/// Where mail is to go.
#[derive(Clone, Debug)]
pub enum Sink {
    /// Into this Maildir.
    Maildir(PathBuf),
    /// To a program, which needs no shell.
    Program(String),
}

/// What a program is to do.
#[derive(Clone, Debug)]
pub struct Job {
    /// The server's name.
    pub host: &'static str,
    /// Its port.
    pub port: u16,
    /// Who vouches for it, where TLS is spoken.
    pub ca: Option<PathBuf>,
    /// Whose mail is to be fetched.
    pub users: Vec<String>,
    /// Where it goes.
    pub sink: Sink,
    /// Where the program remembers.
    pub state: PathBuf,
    /// Where its settings are, and what else it needs.
    pub folder: PathBuf,
}

impl Job {
    /// Writes a file of settings.
    fn write(&self, name: &str, text: &str) -> Result<PathBuf> {
        let path = self.folder.join(name);
        write(&path, text)?;
        Ok(path)
    }

    fn maildir(&self) -> Option<&Path> {
        match &self.sink {
            Sink::Maildir(path) => Some(path),
            Sink::Program(_) => None,
        }
    }
}

impl Program {
    /// Its name.
    pub fn name(self) -> &'static str {
        match self {
            Self::Popget => "popget",
            Self::Mpop => "mpop",
            Self::Fdm => "fdm",
            Self::Getmail => "getmail6",
            Self::Fetchmail => "fetchmail",
            Self::Floor(_) => "floor",
        }
    }

    /// How it is asked for its version; it starts, and ends at once.
    pub fn version(self) -> Told {
        match self {
            Self::Popget => Told::words(&["popget", "--version"]),
            Self::Mpop => Told::words(&["mpop", "--version"]),
            Self::Fdm => Told::words(&["fdm", "-h"]),
            Self::Getmail => Told::words(&["getmail", "--version"]),
            Self::Fetchmail => Told::words(&["fetchmail", "--version"]),
            Self::Floor(_) => Told::words(&["true"]),
        }
    }

    /// Whether what it does wrong is our own mistake.
    pub fn is_ours(self) -> bool {
        matches!(self, Self::Popget | Self::Floor(_))
    }

    /// Writes its settings and gives the command.
    pub fn told(self, job: &Job) -> Result<Told> {
        if let Sink::Maildir(path) = &job.sink {
            for folder in ["tmp", "new", "cur"] {
                fs::create_dir_all(path.join(folder))?;
            }
        }
        match self {
            Self::Popget => popget(job),
            Self::Mpop => mpop(job),
            Self::Fdm => fdm(job),
            Self::Getmail => getmail(job),
            Self::Fetchmail => fetchmail(job),
            Self::Floor(duty) => Ok(floor(duty, job)),
        }
    }

    /// Writes, in its own form, that these messages of the first user are known. Those who can be
    /// let fetch them in no time know them without.
    pub fn knows(self, job: &Job, uids: &[String]) -> Result<()> {
        let (host, user) = (job.host, &job.users[0]);
        let (name, text) = match self {
            Self::Popget | Self::Floor(_) => return Ok(()),
            Self::Mpop => {
                let mut sorted = uids.to_vec();
                sorted.sort();
                let head = format!(" {} {host} {user}\n", uids.len());
                (
                    format!("mpop.{user}"),
                    head + &rows(&sorted, |uid| uid.into()),
                )
            }
            Self::Fdm => {
                let row = |uid: &str| format!("{} {uid}", uid.len());
                (format!("fdm.{user}"), rows(uids, row))
            }
            Self::Getmail => {
                let row = |uid: &str| format!("{uid}\0{}", 1_700_000_000);
                let name = format!("oldmail-{host}-{}-{user}", job.port);
                (name, rows(uids, row))
            }
            Self::Fetchmail => {
                let row = |uid: &str| format!("{user}@{host} {uid}");
                (".fetchids".into(), rows(uids, row))
            }
        };
        write(&job.state.join(name), &text)
    }
}

/// Writes a file that nobody else may read, on which some programs insist.
fn write(path: &Path, text: &str) -> Result<()> {
    let mut options = fs::OpenOptions::new();
    let file = options.create(true).truncate(true).write(true).mode(0o600);
    Ok(file.open(path)?.write_all(text.as_bytes())?)
}

fn rows(uids: &[String], row: impl Fn(&str) -> String) -> String {
    uids.iter().map(|uid| row(uid) + "\n").collect()
}

fn popget(job: &Job) -> Result<Told> {
    let line = match &job.ca {
        None => "tls: none".into(),
        Some(ca) => format!("tls: implicit\n  tls_ca_file: {}", ca.display()),
    };
    let deliver = match &job.sink {
        Sink::Maildir(path) => format!("maildir: {}", path.display()),
        Sink::Program(words) => {
            let words: Vec<_> = words.split(' ').map(|word| format!("{word:?}")).collect();
            format!("mda: [{}]", words.join(", "))
        }
    };
    let mut text = format!(
        "jobs: {}\ndefaults:\n  server: {}:{}\n  {line}\n  auth: [plain]\n  password: {PASSWORD}\n  \
         deliver:\n    {deliver}\naccounts:\n",
        job.users.len(),
        job.host,
        job.port
    );
    for user in &job.users {
        text += &format!("  {user}:\n    user: {user}\n");
    }
    let settings = job.write("popget.yaml", &text)?;
    let mut told = Told::words(&["popget", "--config"]);
    told.words.extend([
        settings.into(),
        "--state-dir".into(),
        job.state.clone().into(),
    ]);
    Ok(told)
}

fn mpop(job: &Job) -> Result<Told> {
    let line = match &job.ca {
        None => "tls off".into(),
        Some(ca) => format!("tls on\ntls_starttls off\ntls_trust_file {}", ca.display()),
    };
    let deliver = match &job.sink {
        Sink::Maildir(path) => format!("maildir {}", path.display()),
        Sink::Program(words) => format!("mda \"{words}\""),
    };
    let mut text = format!(
        "defaults\nhost {}\nport {}\n{line}\nauth user\npassword {PASSWORD}\nkeep on\n\
         received_header off\nuidls_file {}/mpop.%U\ndelivery {deliver}\n",
        job.host,
        job.port,
        job.state.display()
    );
    for user in &job.users {
        text += &format!("account {user}\nuser {user}\n");
    }
    let settings = job.write("mpoprc", &text)?;
    let mut told = Told::words(&["mpop", "-Q", "-a", "-C"]);
    told.words.push(settings.into());
    Ok(told)
}

fn fdm(job: &Job) -> Result<Told> {
    let (protocol, checked) = match job.ca {
        None => ("pop3", ""),
        Some(_) => ("pop3s", "set verify-certificates\n"),
    };
    let action = match &job.sink {
        Sink::Maildir(path) => format!("maildir \"{}\"", path.display()),
        Sink::Program(words) => format!("pipe \"{words}\""),
    };
    let folder = job.folder.display();
    let mut text = format!(
        "set no-received\nset lock-file \"{folder}/fdm.lock\"\nset maximum-size 1G\n{checked}"
    );
    for user in &job.users {
        text += &format!(
            "account \"{user}\" {protocol} server \"{}\" port {} user \"{user}\" pass \"{PASSWORD}\" \
             new-only cache \"{}/fdm.{user}\" no-apop keep\n",
            job.host,
            job.port,
            job.state.display()
        );
    }
    text += &format!("action \"take\" {action}\nmatch all action \"take\"\n");
    let settings = job.write("fdm.conf", &text)?;
    let mut told = Told::words(&["fdm", "-f"]);
    told.words.extend([settings.into(), "fetch".into()]);
    // Messages pass through a file there: on the disk that they are for, like those of the others.
    told.environment = vec![("TMPDIR", job.folder.clone().into())];
    told.environment
        .extend(job.ca.clone().map(|ca| ("SSL_CERT_FILE", ca.into())));
    Ok(told)
}

fn getmail(job: &Job) -> Result<Told> {
    let (kind, ca) = match &job.ca {
        None => ("SimplePOP3Retriever", String::new()),
        Some(ca) => (
            "SimplePOP3SSLRetriever",
            format!("ca_certs = {}\n", ca.display()),
        ),
    };
    let destination = match &job.sink {
        Sink::Maildir(path) => format!("type = Maildir\npath = {}/\n", path.display()),
        Sink::Program(words) => {
            let (program, arguments) = words.split_once(' ').unwrap_or((words, ""));
            let arguments: String = arguments
                .split_terminator(' ')
                .map(|word| format!("{word:?}, "))
                .collect();
            format!("type = MDA_external\npath = {program}\narguments = ({arguments})\nunixfrom = false\n")
        }
    };
    let mut told = getmail_mended(job)?;
    for user in &job.users {
        let text = format!(
            "[retriever]\ntype = {kind}\nserver = {}\nport = {}\nusername = {user}\n\
             password = {PASSWORD}\n{ca}[destination]\n{destination}[options]\nread_all = false\n\
             delete = false\ndelivered_to = false\nreceived = false\nverbose = 0\n",
            job.host, job.port
        );
        told.words.push("--rcfile".into());
        told.words
            .push(job.write(&format!("getmailrc-{user}"), &text)?.into());
    }
    Ok(told)
}

/// getmail6 up to 6.18 learns of the end of a delivery by a signal that it begins to listen for only
/// after the delivery began; where that is quick it waits in vain, and gives up after minutes. To be
/// timed at all it is made to wait for the process itself.
fn getmail_mended(job: &Job) -> Result<Told> {
    let mended = "import os, runpy, shutil, sys\n\
        from getmailcore.baseclasses import ForkingBase\n\
        def prepare(self): pass\n\
        def wait(self, pid): return os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])\n\
        ForkingBase._prepare_child, ForkingBase._wait_for_child = prepare, wait\n\
        sys.argv[0] = shutil.which('getmail')\n\
        runpy.run_path(sys.argv[0], run_name='__main__')\n";
    let mut told = Told::words(&["/usr/bin/python3"]);
    told.words.push(job.write("getmail.py", mended)?.into());
    told.words
        .extend(["--getmaildir".into(), job.state.clone().into()]);
    Ok(told)
}

fn fetchmail(job: &Job) -> Result<Told> {
    let line = match &job.ca {
        None => "sslproto ''".into(),
        Some(ca) => format!("ssl sslcertck sslcertfile {}", ca.display()),
    };
    let program = match (&job.sink, job.maildir()) {
        (Sink::Program(words), _) => words.clone(),
        (_, maildir) => {
            let maildir = maildir.unwrap_or(&job.folder).display();
            let rules = job.write("maildroprc", &format!("to \"{maildir}\"\n"))?;
            format!("maildrop {}", rules.display())
        }
    };
    let mut text = format!(
        "set no bouncemail\nset invisible\nset no syslog\n\
         poll {} service {} protocol pop3 uidl timeout 120\n",
        job.host, job.port
    );
    for user in &job.users {
        text += &format!(
            " user {user} there with password {PASSWORD} is nobody here keep no rewrite mda '{program}' {line}\n"
        );
    }
    let settings = job.write("fetchmailrc", &text)?;
    let mut told = Told::words(&["fetchmail", "-s", "-f"]);
    told.words.push(settings.into());
    told.environment = vec![("FETCHMAILHOME", job.state.clone().into())];
    Ok(told)
}

/// This program itself, as `floor`.
fn floor(duty: Duty, job: &Job) -> Told {
    let port = job.port.to_string();
    let mut told = Told::words(&[
        "bench",
        "floor",
        duty.name(),
        job.host,
        &port,
        &job.users.join(","),
    ]);
    told.words.push(job.maildir().unwrap_or(&job.folder).into());
    told.words.extend(job.ca.clone().map(Into::into));
    told
}
