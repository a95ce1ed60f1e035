//! Delivery by a program that takes a message on its standard input. It is started only when the
//! whole message is here, without a shell unless the settings ask for one; what the sender chose
//! reaches it only through the environment and the message itself.

use super::spool::Spool;
use super::{undelivered, Delivery, Letter, Sealed, Sender};
use crate::error::{Error, Result};
use crate::event::Notice;
use crate::message::{Envelope, Uid};
use crate::owner;
use crate::secret::CommandLine;
use crate::steady::steady;
use rustix::event::{poll, PollFd, PollFlags, Timespec};
use rustix::io::{ioctl_fionbio, ioctl_fionread};
use rustix::process::{kill_process_group, Pid, Signal};
use std::ffi::OsString;
use std::fs::File;
use std::io::{self, Read, Write};
use std::os::fd::OwnedFd;
use std::os::unix::ffi::OsStringExt;
use std::os::unix::fs::PermissionsExt;
use std::os::unix::process::{CommandExt, ExitStatusExt};
use std::path::Path;
use std::process::{Child, ChildStderr, Command, ExitStatus, Stdio};
use std::time::{Duration, Instant};

/// "Try again later" in the language of sysexits.h.
const EX_TEMPFAIL: i32 = 75;
/// How much of its standard error is kept.
const SAID: usize = 2000;
/// How often the rest of popget is let do something while it runs.
const MEANWHILE: Duration = Duration::from_secs(30);

/// An MDA, ready to be started.
pub struct Mda {
    command: CommandLine,
    timeout: Duration,
    sender: Sender,
}

impl Mda {
    /// Looks whether the program is there, before anything is asked of the network.
    pub fn open(command: CommandLine, timeout: Duration, sender: Sender) -> Result<Self> {
        if let CommandLine::Words(words) = &command {
            let program = words.first().map_or("", String::as_str);
            if !program_exists(program) {
                let why = io::Error::new(io::ErrorKind::NotFound, "there is no such program");
                return Err(Error::MdaMissing {
                    command: program.into(),
                    why,
                });
            }
        }
        if owner::is_root() {
            (sender.notice)(Notice::MdaAsRoot);
        }
        Ok(Self {
            command,
            timeout,
            sender,
        })
    }

    /// The command with its environment. The envelope is bytes that anyone may have chosen; NUL
    /// cannot be passed and is left out.
    fn command(&self, letter: &Draft) -> Command {
        let mut command = self.command.command();
        let clean =
            |bytes: &[u8]| OsString::from_vec(bytes.iter().copied().filter(|b| *b != 0).collect());
        let recipient = letter
            .to
            .recipients
            .first()
            .map_or(self.sender.user.as_bytes(), Vec::as_slice);
        command
            .env("SENDER", clean(&letter.to.sender))
            .env("RECIPIENT", clean(recipient))
            .env("POPGET_ACCOUNT", &self.sender.account)
            .env(
                "POPGET_UID",
                clean(letter.uid.as_ref().map_or(b"", Uid::bytes)),
            )
            .env("POPGET_SIZE", letter.spool.length().to_string())
            .stdout(Stdio::null())
            .stderr(Stdio::piped())
            .process_group(0);
        command
    }
}

impl Mda {
    fn not_started(&self, why: io::Error) -> Error {
        match why.kind() {
            io::ErrorKind::NotFound | io::ErrorKind::PermissionDenied => Error::MdaMissing {
                command: self.name(),
                why,
            },
            _ => Error::System {
                doing: "start the MDA",
                why,
            },
        }
    }
}

impl Delivery for Mda {
    fn name(&self) -> String {
        self.command.name().to_string()
    }

    fn begin<'d>(&'d self, to: &Envelope, uid: Option<&Uid>) -> Result<Box<dyn Letter<'d> + 'd>> {
        let spool = Spool::new(&self.sender.spool);
        Ok(Box::new(Draft {
            mda: self,
            to: to.clone(),
            uid: uid.cloned(),
            spool,
        }))
    }

    fn sync_published(&self) -> Result<()> {
        Ok(())
    }

    fn together(&self) -> usize {
        1
    }
}

/// A letter for the MDA.
struct Draft<'d> {
    mda: &'d Mda,
    to: Envelope,
    uid: Option<Uid>,
    spool: Spool,
}

impl<'d> Letter<'d> for Draft<'d> {
    fn write(&mut self, bytes: &[u8]) -> Result<()> {
        self.spool.write(bytes)
    }

    fn seal(self: Box<Self>) -> Result<Box<dyn Sealed + 'd>> {
        Ok(self)
    }
}

impl Sealed for Draft<'_> {
    fn claim(&mut self) -> Result<Vec<u8>> {
        Ok([b"mda\0", self.mda.name().as_bytes()].concat())
    }

    fn publish(mut self: Box<Self>, meanwhile: &mut dyn FnMut()) -> Result<()> {
        let no_pipe = |why: rustix::io::Errno| Error::System {
            doing: "make a pipe",
            why: why.into(),
        };
        // All that can fail before it starts comes before it starts.
        let (input, stdin) = pipe().map_err(no_pipe)?;
        let theirs = input.try_clone().map_err(|why| Error::System {
            doing: "make a pipe",
            why,
        })?;
        ioctl_fionbio(&stdin, true).map_err(no_pipe)?;
        let mda = self.mda;
        let mut command = mda.command(&self);
        let reader = self.spool.reader()?;
        let spawned = command.stdin(Stdio::from(theirs)).spawn();
        drop(command); // and with it our copy of what is the MDA's alone
        let mut child = spawned.map_err(|why| mda.not_started(why))?;
        let stderr = child.stderr.take();
        let mut feeding = Feeding {
            child,
            stdin: Some(File::from(stdin)),
            stderr,
            reader,
            spool: &mda.sender.spool,
            piece: Vec::new(),
            said: Vec::new(),
        };
        let ended = feeding.run(mda.timeout, meanwhile);
        if ended.is_err() {
            feeding.kill(); // or it would take the end of its input for that of the message
        }
        let ended = ended?;
        let unread = feeding.stdin.is_some() || ioctl_fionread(&input).unwrap_or(0) > 0;
        let said = feeding.said;
        verdict(ended, unread, &said)?;
        if !said.is_empty() {
            (mda.sender.notice)(Notice::MdaSaid(said));
        }
        Ok(())
    }
}

/// What the end of the MDA means for the message.
fn verdict(ended: Option<ExitStatus>, unread: bool, said: &[u8]) -> Result<()> {
    let later = |ended: String| {
        Err(Error::MdaLater {
            ended,
            said: said.into(),
        })
    };
    let Some(status) = ended else {
        return later("took too long and was stopped".into());
    };
    match (status.code(), status.signal()) {
        (Some(0), _) if unread => later("ended well but did not read the whole message".into()),
        (Some(0), _) => Ok(()),
        (Some(EX_TEMPFAIL), _) => later("wants the message later (exit status 75)".into()),
        (Some(status), _) => Err(Error::MdaRefused {
            status,
            said: said.into(),
        }),
        (None, signal) => later(format!(
            "was killed by signal {}",
            signal.unwrap_or_default()
        )),
    }
}

/// A running MDA: it is fed and listened to at once, so that neither side can block the other.
struct Feeding<'r> {
    child: Child,
    /// Open until the whole message is written.
    stdin: Option<File>,
    stderr: Option<ChildStderr>,
    reader: Box<dyn Read + 'r>,
    /// What the reader may read.
    spool: &'r Path,
    piece: Vec<u8>,
    said: Vec<u8>,
}

impl Feeding<'_> {
    /// Runs it to its end; `None` if that does not come in time. Processes that it leaves behind
    /// are not waited for.
    fn run(
        &mut self,
        timeout: Duration,
        meanwhile: &mut dyn FnMut(),
    ) -> Result<Option<ExitStatus>> {
        let (started, mut asked, mut pause) =
            (Instant::now(), Instant::now(), Duration::from_millis(1));
        loop {
            if let Some(status) = steady(|| self.child.try_wait()).map_err(failed)? {
                self.listen();
                return Ok(Some(status));
            }
            if started.elapsed() >= timeout {
                self.kill();
                return Ok(None);
            }
            if asked.elapsed() >= MEANWHILE {
                asked = Instant::now();
                meanwhile();
            }
            if self.wait(pause)? {
                pause = Duration::from_millis(1);
            } else {
                pause = (pause * 2).min(Duration::from_millis(50));
            }
        }
    }

    /// Waits until it reads or speaks, or the pause is over; says whether anything moved.
    fn wait(&mut self, pause: Duration) -> Result<bool> {
        let pause = Timespec {
            tv_sec: 0,
            tv_nsec: pause.as_nanos() as _,
        };
        let mut ready = Vec::with_capacity(2);
        if let Some(stdin) = &self.stdin {
            ready.push(PollFd::new(stdin, PollFlags::OUT));
        }
        if let Some(stderr) = &self.stderr {
            ready.push(PollFd::new(stderr, PollFlags::IN));
        }
        match poll(&mut ready, Some(&pause)) {
            Ok(0) | Err(rustix::io::Errno::INTR) => return Ok(false),
            Ok(_) => {}
            Err(why) => return Err(failed(why.into())),
        }
        let moved: Vec<bool> = ready.iter().map(|fd| !fd.revents().is_empty()).collect();
        let (feeds, speaks) = match (self.stdin.is_some(), moved.as_slice()) {
            (true, [feeds, speaks]) => (*feeds, *speaks),
            (true, [feeds]) => (*feeds, false),
            (_, rest) => (false, rest.first() == Some(&true)),
        };
        if feeds {
            self.feed()?;
        }
        if speaks {
            self.listen();
        }
        Ok(true)
    }

    /// Gives it as much as it takes without blocking, and closes its input when all is given.
    fn feed(&mut self) -> Result<()> {
        let Some(stdin) = &mut self.stdin else {
            return Ok(());
        };
        if !self.piece.is_empty() {
            match stdin.write(&self.piece) {
                Ok(n) => drop(self.piece.drain(..n)),
                Err(why) if why.kind() == io::ErrorKind::WouldBlock => {}
                Err(why) if why.kind() == io::ErrorKind::Interrupted => {}
                Err(why) => return Err(failed(why)),
            }
        }
        // At once: an MDA that knows the size need not wait for the end, and may be gone already.
        if self.piece.is_empty() {
            self.piece.resize(64 * 1024, 0);
            let read = steady(|| self.reader.read(&mut self.piece));
            let read = read.map_err(undelivered(self.spool, "read back the spool"))?;
            self.piece.truncate(read);
        }
        if self.piece.is_empty() {
            self.stdin = None;
        }
        Ok(())
    }

    /// Keeps what it says, up to a limit; what goes beyond is read and dropped. One that says
    /// more than a pipe holds is let wait, so that it cannot keep us here.
    fn listen(&mut self) {
        let Some(stderr) = &mut self.stderr else {
            return;
        };
        let mut piece = [0; 4096];
        let ready = |stderr: &ChildStderr| {
            let mut fd = [PollFd::new(stderr, PollFlags::IN)];
            let now = Timespec {
                tv_sec: 0,
                tv_nsec: 0,
            };
            poll(&mut fd, Some(&now)).is_ok_and(|n| n > 0)
        };
        for _ in 0..16 {
            if !ready(stderr) {
                return;
            }
            match stderr.read(&mut piece) {
                Ok(n) if n > 0 => {
                    let room = SAID.saturating_sub(self.said.len()).min(n);
                    self.said.extend_from_slice(&piece[..room]);
                }
                _ => {
                    self.stderr = None;
                    return;
                }
            }
        }
    }

    /// Ends it and all that it started.
    fn kill(&mut self) {
        if let Some(group) = i32::try_from(self.child.id()).ok().and_then(Pid::from_raw) {
            let _ = kill_process_group(group, Signal::KILL);
        }
        let _ = self.child.wait();
        self.listen();
    }
}

/// The error that the system stands in the MDA's way.
fn failed(why: io::Error) -> Error {
    Error::System {
        doing: "run the MDA",
        why,
    }
}

/// A pipe that no other program started meanwhile inherits. We keep the end that is read, too: what
/// is in the pipe when the MDA has ended was not read.
fn pipe() -> rustix::io::Result<(OwnedFd, OwnedFd)> {
    #[cfg(not(target_vendor = "apple"))]
    return rustix::pipe::pipe_with(rustix::pipe::PipeFlags::CLOEXEC);
    #[cfg(target_vendor = "apple")]
    {
        let (read, write) = rustix::pipe::pipe()?;
        rustix::io::fcntl_setfd(&read, rustix::io::FdFlags::CLOEXEC)?;
        rustix::io::fcntl_setfd(&write, rustix::io::FdFlags::CLOEXEC)?;
        Ok((read, write))
    }
}

/// Whether a program can be found as it would be when it is started.
fn program_exists(program: &str) -> bool {
    let runs = |path: &Path| {
        let about = std::fs::metadata(path);
        about.is_ok_and(|about| about.is_file() && about.permissions().mode() & 0o111 != 0)
    };
    if program.contains('/') {
        return runs(Path::new(program));
    }
    let path = std::env::var_os("PATH").unwrap_or_default();
    std::env::split_paths(&path).any(|folder| runs(&folder.join(program)))
}
