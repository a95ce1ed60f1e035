//! A secret, which cannot be printed and is wiped when let go, and the places it may come from.
//! Nothing here happens while settings are read: a command runs, and a person is asked, only when
//! the account is about to be visited.

use crate::error::{plain, Error, Result};
use rustix::event::{poll, PollFd, PollFlags, Timespec};
use rustix::io::Errno;
use rustix::termios::{self, LocalModes, OptionalActions};
use std::fs::File;
use std::io::{self, ErrorKind, Read, Write};
use std::os::fd::AsFd;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::time::{Duration, Instant};
use zeroize::Zeroizing;

/// How long a password command may take where nobody can be asked anything.
const PATIENCE: Duration = Duration::from_secs(60);
/// Longer than any password or token.
const LIMIT: u64 = 64 * 1024;

/// A password. It has no `Debug` and no `Display`.
#[derive(Clone)]
pub struct Secret(Zeroizing<Vec<u8>>);

impl Secret {
    /// Takes the bytes of a password.
    pub fn new(bytes: Vec<u8>) -> Self {
        Self(Zeroizing::new(bytes))
    }

    /// The bytes, for those who must send or hash them.
    pub fn expose(&self) -> &[u8] {
        &self.0
    }

    /// The first line of what a file or command gave, without its line end; nothing else is trimmed.
    fn first_line(bytes: Vec<u8>) -> Self {
        let all = Zeroizing::new(bytes);
        let line = all.split(|b| *b == b'\n').next().unwrap_or_default();
        Self::new(line.strip_suffix(b"\r").unwrap_or(line).to_vec())
    }
}

/// What proves to a server that we may have the maildrop.
#[derive(Clone)]
#[allow(dead_code)] // no key gives a token yet
pub enum Credential {
    /// A password.
    Password(Secret),
    /// An OAuth 2.0 access token (RFC 6750), which only the mechanisms made for it may carry.
    Token(Secret),
    /// Nothing that we hold: the proof is a client certificate, a Kerberos ticket, or not wanted.
    Nothing,
}

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
                .find(|word| !word.contains('='))
                .unwrap_or_default(),
            Self::Words(words) => words.first().map_or("", String::as_str),
        }
    }
}

/// Where an account's password comes from.
#[derive(Clone)]
pub enum SecretSource {
    /// It stands in the settings, or was asked for already.
    Given(Secret),
    /// The first line that a command prints.
    Command(CommandLine),
    /// The first line of a file.
    File(PathBuf),
    /// A person, at the terminal.
    Ask,
    /// Nowhere: none is needed.
    Nothing,
}

impl SecretSource {
    /// Gets the password. `Ask` fails here: people are asked before accounts are visited, by
    /// [`ask`], since two prompts at once would be unusable.
    pub fn obtain(&self) -> Result<Credential> {
        match self {
            Self::Given(secret) => Ok(secret.clone()),
            Self::Command(line) => from_command(line),
            Self::File(path) => from_file(path),
            Self::Ask => Err(Error::NoPassword),
            Self::Nothing => return Ok(Credential::Nothing),
        }
        .map(Credential::Password)
    }
}

/// Runs a password command, and shows the last line of its standard error if it fails.
fn from_command(line: &CommandLine) -> Result<Secret> {
    let failed = |ended: String, said: Vec<u8>| Error::PasswordCommand { ended, said };
    let mut command = line.command();
    command
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
    let child = command.spawn().map_err(|why| match why.kind() {
        ErrorKind::NotFound | ErrorKind::PermissionDenied => {
            failed(format!("cannot be started: {}", plain(&why)), Vec::new())
        }
        _ => Error::System {
            doing: "start the password command",
            why,
        },
    })?;
    let heard = hear(child).map_err(|why| Error::System {
        doing: "run the password command",
        why,
    })?;
    let last = heard.said.trim_ascii().rsplit(|b| *b == b'\n').next();
    let last = || last.unwrap_or_default().to_vec();
    match heard.status {
        None => Err(failed(
            format!("gave nothing for {}s", PATIENCE.as_secs()),
            last(),
        )),
        Some(status) if !status.success() => Err(failed(format!("failed ({status})"), last())),
        Some(_) if heard.secret.expose().is_empty() => {
            Err(failed("printed no password".into(), Vec::new()))
        }
        Some(_) => Ok(heard.secret),
    }
}

/// What a command came to; no status if it was stopped because it took too long.
struct Heard {
    status: Option<ExitStatus>,
    secret: Secret,
    said: Vec<u8>,
}

/// Listens to a command until it ends. What it leaves running in the background, as an agent, may
/// hold its output open and is not waited for. Where a person can be asked it may take its time.
fn hear(mut child: Child) -> io::Result<Heard> {
    let (mut printed, mut said) = (Vec::with_capacity(LIMIT as usize), Vec::new());
    let (mut output, mut errors) = (child.stdout.take(), child.stderr.take());
    let (began, attended) = (Instant::now(), File::open("/dev/tty").is_ok());
    let status = loop {
        // Looked at first: what it wrote before it ended is here by then.
        let ended = child.try_wait()?;
        let news = take_from(&mut output, &mut printed)? | take_from(&mut errors, &mut said)?;
        if ended.is_some() && !news {
            break ended;
        }
        if !attended && began.elapsed() >= PATIENCE {
            child.kill()?;
            child.wait()?;
            break None;
        }
    };
    let secret = Secret::first_line(printed);
    Ok(Heard {
        status,
        secret,
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

/// Reads a password file, which nobody else may be able to read.
fn from_file(path: &Path) -> Result<Secret> {
    let failed = |why: String| Error::PasswordFile {
        path: path.into(),
        why,
    };
    let unreadable = |why: io::Error| failed(format!("cannot be read: {}", plain(&why)));
    let file = File::open(path).map_err(unreadable)?;
    if let Some(why) = open_to_others(&file) {
        let what = format!("{why}; run chmod 600 {}", path.display());
        return Err(failed(what));
    }
    // Room for all of it at once: what grows leaves copies behind.
    let mut bytes = Vec::with_capacity(LIMIT as usize + 1);
    file.take(LIMIT)
        .read_to_end(&mut bytes)
        .map_err(unreadable)?;
    let secret = Secret::first_line(bytes);
    if secret.expose().is_empty() {
        return Err(failed("its first line is empty".into()));
    }
    Ok(secret)
}

/// Why a file is not fit to hold a secret, if it is not. A group may read what root owns, since
/// that is how services are given their settings.
pub fn open_to_others(file: &File) -> Option<&'static str> {
    let meta = file.metadata().ok()?;
    let (mode, root) = (meta.mode(), meta.uid() == 0);
    if !meta.is_file() {
        return None; // a pipe or a terminal: its maker has seen to it
    }
    match mode {
        _ if mode & 0o002 != 0 => Some("can be written by everyone"),
        _ if mode & 0o004 != 0 => Some("can be read by everyone"),
        _ if mode & 0o040 != 0 && !root => Some("can be read by its group"),
        _ => None,
    }
}

/// Asks for a password on the terminal, without showing it. The prompt says whose it is, so that
/// nobody types the one for the other. Called off, it leaves the terminal as it was.
pub fn ask(whose: &str, called_off: impl Fn() -> bool) -> Result<Secret> {
    let no_terminal = |_| Error::NoPassword;
    let mut terminal = File::options()
        .read(true)
        .write(true)
        .open("/dev/tty")
        .map_err(no_terminal)?;
    let shown = termios::tcgetattr(&terminal).map_err(|_| Error::NoPassword)?;
    let mut hidden = shown.clone();
    hidden.local_modes.remove(LocalModes::ECHO);
    termios::tcsetattr(&terminal, OptionalActions::Flush, &hidden)
        .map_err(|_| Error::NoPassword)?;
    let line = write!(terminal, "popget: password for {whose}: ")
        .and_then(|()| typed(&terminal, called_off));
    let restored = termios::tcsetattr(&terminal, OptionalActions::Flush, &shown);
    let _ = terminal.write_all(b"\n");
    match (line, restored) {
        (Ok(line), Ok(())) if line.len() > 1 => Ok(Secret::first_line(line)),
        _ => Err(Error::NoPassword),
    }
}

/// Waits for a line, and looks now and then whether it is still wanted.
fn typed(terminal: &File, called_off: impl Fn() -> bool) -> io::Result<Vec<u8>> {
    let slice = Timespec {
        tv_sec: 0,
        tv_nsec: 100_000_000,
    };
    while let Ok(0) | Err(Errno::INTR) =
        poll(&mut [PollFd::new(terminal, PollFlags::IN)], Some(&slice))
    {
        if called_off() {
            return Err(ErrorKind::Interrupted.into());
        }
    }
    let (mut line, mut piece) = (
        Vec::with_capacity(LIMIT as usize),
        Zeroizing::new([0; 4096]),
    );
    while line.len() < line.capacity() && !line.ends_with(b"\n") {
        let mut terminal = terminal;
        match terminal.read(&mut piece[..])? {
            0 => break,
            n => line.extend(piece[..n].iter().take(line.capacity() - line.len())),
        }
    }
    Ok(line)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_first_line_counts_and_only_its_end_is_trimmed() {
        let line = |bytes: &[u8]| Secret::first_line(bytes.to_vec()).expose().to_vec();
        assert_eq!(line(b" pa ss \nlogin: x\n"), b" pa ss ");
        assert_eq!(line(b"pw\r\n"), b"pw");
        assert_eq!(line(b"pw"), b"pw");
        assert_eq!(line(b""), b"");
    }

    #[test]
    fn a_command_gives_its_first_line() {
        let secret = from_command(&CommandLine::Shell("printf 'a b\\nc\\n'".into())).unwrap();
        assert_eq!(secret.expose(), b"a b");
    }

    #[test]
    fn what_a_command_leaves_running_is_not_waited_for() {
        let began = Instant::now();
        let line = CommandLine::Shell("echo pw; sleep 20 &".into());
        assert_eq!(from_command(&line).unwrap().expose(), b"pw");
        assert!(began.elapsed() < Duration::from_secs(10));
    }

    #[test]
    fn a_failing_command_says_its_last_line() {
        let line = CommandLine::Shell("echo one >&2; echo two >&2; exit 3".into());
        match from_command(&line) {
            Err(Error::PasswordCommand { ended, said }) => {
                assert!(ended.contains('3'), "{ended}");
                assert_eq!(said, b"two");
            }
            _ => panic!("it should have failed"),
        }
    }
}
