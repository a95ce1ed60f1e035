//! Commands as the settings give them, and those that print a secret.

use super::{Secret, LIMIT};
use crate::error::{plain, Error, Result};
use memchr::memmem;
use rustix::event::{poll, PollFd, PollFlags, Timespec};
use rustix::io::Errno;
use rustix::process::{kill_process, kill_process_group, Pid, Signal};
use std::io::{self, ErrorKind, Read};
use std::os::fd::AsFd;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};
use zeroize::Zeroizing;

/// How long a command may take where nobody can be asked anything.
const PATIENCE: Duration = Duration::from_secs(60);
/// How long a command that is asked to end may take for it.
const GRACE: Duration = Duration::from_secs(1);

/// A command as the settings give it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum CommandLine {
    /// A string, for `sh -c`.
    Shell(String),
    /// A program and its arguments, run as they are.
    Words(Vec<String>),
}

impl CommandLine {
    /// The command, ready to be given its surroundings and started.
    pub fn command(&self) -> Command {
        match self {
            Self::Shell(line) => {
                let mut command = Command::new("/bin/sh");
                command.arg("-c").arg(line);
                command
            }
            Self::Words(words) => {
                let mut command = Command::new(words.first().map_or("", String::as_str));
                command.args(words.iter().skip(1));
                command
            }
        }
    }

    /// How to name it in a message: the program, without arguments that may be secret.
    pub fn name(&self) -> &str {
        match self {
            // What is set for it before may be secret as well.
            Self::Shell(line) => line
                .split_whitespace()
                .find(|word| !word.contains('=') && *word != "exec")
                .unwrap_or_default(),
            Self::Words(words) => words.first().map_or("", String::as_str),
        }
    }
}

/// Whose turn it is, among the accounts of a run, to use the terminal.
#[derive(Clone, Default)]
pub struct Turn(Arc<Mutex<()>>);

impl Turn {
    fn take(&self) -> MutexGuard<'_, ()> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Runs a command for its first line, and shows the last line of its standard error if it fails.
/// `what` is how people call it.
pub fn first_line(
    what: &'static str,
    line: &CommandLine,
    turn: &Turn,
    called_off: &dyn Fn() -> bool,
) -> Result<Secret> {
    let attended = super::is_attended();
    // Two programs that ask at one terminal would get each other's answers.
    let _turn = attended.then(|| turn.take());
    if called_off() {
        return Err(Error::Interrupted);
    }
    let failed = |ended: String, said: Vec<u8>, ran: bool| Error::SecretCommand {
        what,
        lacking: match ran && !attended {
            true => lacking(line.name(), &said),
            false => Vec::new(),
        },
        ended,
        said,
    };
    let system = |doing, why| Error::System { doing, why };
    let child = started(line).map_err(|why| match why.kind() {
        ErrorKind::NotFound | ErrorKind::PermissionDenied => failed(
            format!("cannot be started: {}", plain(&why)),
            Vec::new(),
            false,
        ),
        _ => system("start the password command", why),
    })?;
    let leash = Leash {
        // Where a person can be asked it may take its time.
        patience: (!attended).then_some(PATIENCE),
        called_off,
        ends: Ends::Alone,
    };
    let heard = hear(child, &leash).map_err(|why| system("run the password command", why))?;
    let secret = Secret::first_line(heard.printed);
    let last = || last_words(&heard.said, &secret).to_vec();
    match heard.status {
        _ if called_off() => Err(Error::Interrupted),
        None => Err(failed(
            format!("gave nothing for {}s", PATIENCE.as_secs()),
            last(),
            true,
        )),
        Some(status) if !status.success() => Err(failed(
            format!("failed ({status})"),
            last(),
            was_there(status),
        )),
        Some(_) if secret.expose().is_empty() => {
            Err(failed("printed nothing".into(), Vec::new(), true))
        }
        Some(_) => Ok(secret),
    }
}

/// Starts a command whose output we read.
fn started(line: &CommandLine) -> io::Result<Child> {
    let mut command = line.command();
    let quiet = command.stdin(Stdio::null()).stdout(Stdio::piped());
    quiet.stderr(Stdio::piped()).spawn()
}

/// Whether what the shell was to run was a program, and there; else its surroundings are not to blame.
fn was_there(status: ExitStatus) -> bool {
    !matches!(status.code(), Some(126 | 127))
}

/// What programs of the usual kinds look for in their surroundings, and cron jobs do not have.
const WANTED: [(&str, &[&str]); 3] = [
    ("GNUPGHOME", &["gpg", "pass", "gopass", "pinentry"]),
    ("GPG_TTY", &["gpg", "pass", "gopass", "pinentry"]),
    (
        "DBUS_SESSION_BUS_ADDRESS",
        &["secret-tool", "keyring", "kwallet", "D-Bus", "dbus"],
    ),
];

/// What may be missing here for a program of this name, by what it said.
fn lacking(program: &str, said: &[u8]) -> Vec<&'static str> {
    let name = program.rsplit('/').next().unwrap_or_default();
    let fits = |clue: &&str| name == *clue || memmem::find(said, clue.as_bytes()).is_some();
    let wanted = WANTED.iter().filter(|(variable, clues)| {
        clues.iter().any(&fits) && std::env::var_os(variable).is_none()
    });
    wanted.map(|(variable, _)| *variable).collect()
}

/// The last line of what a command said, unless the secret stands in it.
fn last_words<'s>(said: &'s [u8], secret: &Secret) -> &'s [u8] {
    let last = said.trim_ascii().rsplit(|b| *b == b'\n').next();
    let secret = secret.expose();
    let tells = |line: &&[u8]| !secret.is_empty() && memmem::find(line, secret).is_some();
    last.filter(|line| !tells(line)).unwrap_or_default()
}

/// What a command came to.
pub struct Heard {
    /// How it ended; none if it was stopped because it took too long.
    pub status: Option<ExitStatus>,
    /// What it printed.
    pub printed: Vec<u8>,
    /// What it said on standard error.
    pub said: Vec<u8>,
}

/// What holds a command.
pub struct Leash<'l> {
    /// How long it may take, if that matters.
    pub patience: Option<Duration>,
    /// Whether it is called off.
    pub called_off: &'l dyn Fn() -> bool,
    /// What ends with it when it is stopped.
    pub ends: Ends,
}

/// What ends when a command is stopped.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ends {
    /// It does.
    Alone,
    /// It does, with all that it started: it leads a process group.
    WithAll,
}

impl Leash<'_> {
    fn pull(&self, child: &Child, signal: Signal) {
        let leader = Pid::from_child(child);
        // One that has ended meanwhile needs no signal.
        let _ = match self.ends {
            Ends::Alone => kill_process(leader, signal),
            Ends::WithAll => kill_process_group(leader, signal),
        };
    }
}

/// Listens to a command until it ends. What it leaves running in the background, as an agent, may
/// hold its output open and is not waited for. Called off, it is asked to end, which gives it the
/// time to leave the terminal as it was.
pub fn hear(mut child: Child, leash: &Leash) -> io::Result<Heard> {
    let (mut printed, mut said) = (Vec::with_capacity(LIMIT as usize), Vec::new());
    let (mut output, mut errors) = (child.stdout.take(), child.stderr.take());
    let (began, mut asked, mut over) = (Instant::now(), None, None);
    let status = loop {
        // Looked at first: what it wrote before it ended is here by then.
        let ended = child.try_wait()?;
        let news = take_from(&mut output, &mut printed)? | take_from(&mut errors, &mut said)?;
        if ended.is_some() {
            // What it leaves running may never fall silent.
            let over = over.get_or_insert_with(Instant::now);
            if !news || over.elapsed() >= GRACE {
                break ended;
            }
        }
        if asked.is_none() && (leash.called_off)() {
            asked = Some(Instant::now());
            leash.pull(&child, Signal::TERM);
        }
        let stubborn = asked.is_some_and(|when| when.elapsed() >= GRACE);
        let late = |patience| began.elapsed() >= patience;
        if stubborn || leash.patience.is_some_and(late) {
            leash.pull(&child, Signal::KILL);
            child.wait()?;
            break None;
        }
    };
    Ok(Heard {
        status,
        printed,
        said,
    })
}

/// Waits a little for a stream, takes what it has, as far as there is room for it, and lets go of it
/// at its end; says whether there was anything.
fn take_from<R: Read + AsFd>(stream: &mut Option<R>, to: &mut Vec<u8>) -> io::Result<bool> {
    let slice = Timespec {
        tv_sec: 0,
        tv_nsec: 10_000_000,
    };
    let Some(reader) = stream else {
        std::thread::sleep(Duration::from_millis(1));
        return Ok(false);
    };
    match poll(&mut [PollFd::new(reader, PollFlags::IN)], Some(&slice)) {
        Ok(0) | Err(Errno::INTR) => return Ok(false),
        polled => polled?,
    };
    let mut piece = Zeroizing::new([0; 4096]);
    let read = reader.read(&mut piece[..])?;
    let room = (LIMIT as usize).saturating_sub(to.len());
    to.extend(piece[..read].iter().take(room));
    if read == 0 {
        *stream = None;
    }
    Ok(read > 0)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn heard(line: &str) -> Result<Secret> {
        first_line(
            "password command",
            &CommandLine::Shell(line.into()),
            &Turn::default(),
            &|| false,
        )
    }

    #[test]
    fn a_command_gives_its_first_line() {
        assert_eq!(heard("printf 'a b\\nc\\n'").unwrap().expose(), b"a b");
    }

    #[test]
    fn what_a_command_leaves_running_is_not_waited_for() {
        let began = Instant::now();
        assert_eq!(heard("echo pw; sleep 20 &").unwrap().expose(), b"pw");
        assert!(began.elapsed() < Duration::from_secs(10));
    }

    #[test]
    fn a_failing_command_says_its_last_line() {
        match heard("echo one >&2; echo two >&2; exit 3") {
            Err(Error::SecretCommand { ended, said, .. }) => {
                assert!(ended.contains('3'), "{ended}");
                assert_eq!(said, b"two");
            }
            _ => panic!("it should have failed"),
        }
    }

    #[test]
    fn what_is_missing_follows_from_who_misses_it() {
        let gpg = lacking("/usr/bin/pass", b"");
        assert!(!gpg.contains(&"DBUS_SESSION_BUS_ADDRESS"), "{gpg:?}");
        let keyring = lacking("sh", b"Cannot autolaunch D-Bus without X11 $DISPLAY");
        assert!(!keyring.contains(&"GPG_TTY"), "{keyring:?}");
        assert!(lacking("cat", b"no such file").is_empty());
    }
}
