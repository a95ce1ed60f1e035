//! A running MDA: it is fed and listened to at once, so that neither side can block the other, and its
//! end is noticed when it comes.

use crate::delivery::undelivered;
use crate::error::{Error, Result};
use crate::steady::steady;
use rustix::event::{poll, PollFd, PollFlags, Timespec};
use rustix::io::{ioctl_fionbio, ioctl_fionread, Errno};
use rustix::process::{kill_process_group, Pid, Signal};
use std::fs::File;
use std::io::{self, Read, Write};
use std::ops::Range;
use std::os::fd::OwnedFd;
use std::path::Path;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::time::{Duration, Instant};

/// How much of its standard error is kept.
const SAID: usize = 2000;
/// How much it is given at a time, and what a pipe holds.
const PIECE: usize = 64 * 1024;
/// What a pipe can be made to hold.
const WIDE: u64 = 1024 * 1024;
/// How long nothing else is done while it runs,
const TICK: Duration = Duration::from_secs(1);
/// and how long at first and at last where only asking tells that it has ended.
const ASKED: [Duration; 2] = [Duration::from_millis(1), Duration::from_millis(50)];

/// What an MDA is fed and heard by.
pub struct Pipes {
    /// Open until the whole message is written.
    stdin: Option<File>,
    stderr: File,
    /// The end that it reads: what is in there when it has ended was not read.
    unread: OwnedFd,
}

impl Pipes {
    /// Makes them for a message of this length, and gives the command its ends.
    pub fn lay(command: &mut Command, length: u64) -> io::Result<Self> {
        let (unread, stdin) = pipe()?;
        if length > PIECE as u64 {
            widen(&stdin, length.min(WIDE) as usize);
        }
        let (stderr, said) = pipe()?;
        ioctl_fionbio(&stdin, true)?;
        ioctl_fionbio(&stderr, true)?;
        command
            .stdin(Stdio::from(unread.try_clone()?))
            .stdout(Stdio::null())
            .stderr(Stdio::from(said));
        Ok(Self {
            stdin: Some(stdin.into()),
            stderr: stderr.into(),
            unread,
        })
    }
}

/// The message that an MDA is fed with.
pub struct Message<'r> {
    /// Gives it from its beginning.
    pub reader: Box<dyn Read + 'r>,
    /// How long it is.
    pub length: u64,
    /// What the reader may read.
    pub spool: &'r Path,
}

/// How an MDA ended.
pub struct Ended {
    /// Its status; none if it took too long.
    pub status: Option<ExitStatus>,
    /// It did not read the whole message.
    pub unread: bool,
    /// What it said.
    pub said: Vec<u8>,
}

/// A running MDA.
pub struct Feeding<'r> {
    child: Child,
    /// What tells that it has ended, where there is such a thing.
    end: Option<OwnedFd>,
    pipes: Pipes,
    /// It keeps its end of the standard error open, whose closing would wake us before the end.
    _command: Command,
    message: Message<'r>,
    piece: Vec<u8>,
    /// What of the piece is to be written.
    ready: Range<usize>,
    said: Vec<u8>,
}

impl<'r> Feeding<'r> {
    /// Starts a command that has these pipes.
    pub fn start(mut command: Command, pipes: Pipes, message: Message<'r>) -> io::Result<Self> {
        let piece = usize::try_from(message.length).unwrap_or(PIECE).min(PIECE);
        let child = command.spawn()?;
        Ok(Self {
            end: end_of(&child),
            child,
            pipes,
            _command: command,
            message,
            piece: vec![0; piece],
            ready: 0..0,
            said: Vec::new(),
        })
    }

    /// Runs it to its end. If that fails it is stopped, or it would take the end of its input for that
    /// of the message.
    pub fn run(mut self, timeout: Duration, meanwhile: &mut dyn FnMut()) -> Result<Ended> {
        let ended = self.attend(timeout, meanwhile);
        if !matches!(ended, Ok(Some(_))) {
            self.kill();
        }
        self.listen();
        let left = ioctl_fionread(&self.pipes.unread).unwrap_or(0);
        Ok(Ended {
            status: ended?,
            unread: self.pipes.stdin.is_some() || left > 0,
            said: self.said,
        })
    }

    /// Attends to it until it has ended or its time is up, which what is done meanwhile does not
    /// shorten. Processes that it leaves behind are not waited for.
    fn attend(
        &mut self,
        timeout: Duration,
        meanwhile: &mut dyn FnMut(),
    ) -> Result<Option<ExitStatus>> {
        let (mut waited, mut pause, mut moved) = (Duration::ZERO, ASKED[0], true);
        self.feed()?; // most messages fit into the pipe
        loop {
            if let Some(status) = steady(|| self.child.try_wait()).map_err(failed)? {
                return Ok(Some(status));
            }
            if waited >= timeout {
                return Ok(None);
            }
            if self.pipes.stdin.is_none() || !moved {
                meanwhile();
            }
            let since = Instant::now();
            let longest = match self.end {
                Some(_) => TICK.min(timeout - waited),
                None => pause,
            };
            moved = self.wait(longest)?;
            pause = match moved {
                true => ASKED[0],
                false => ASKED[1].min(pause * 2),
            };
            waited += since.elapsed();
        }
    }

    /// Waits until it reads, speaks or ends, or the pause is over; says whether anything moved.
    fn wait(&mut self, pause: Duration) -> Result<bool> {
        let pause = Timespec {
            tv_sec: pause.as_secs() as _,
            tv_nsec: pause.subsec_nanos() as _,
        };
        let mut ready = vec![PollFd::new(&self.pipes.stderr, PollFlags::IN)];
        ready.extend(self.end.iter().map(|end| PollFd::new(end, PollFlags::IN)));
        let stdin = self.pipes.stdin.iter();
        ready.extend(stdin.map(|stdin| PollFd::new(stdin, PollFlags::OUT)));
        match poll(&mut ready, Some(&pause)) {
            Ok(0) | Err(Errno::INTR) => return Ok(false),
            Ok(_) => {}
            Err(why) => return Err(failed(why.into())),
        }
        self.feed()?;
        self.listen();
        Ok(true)
    }

    /// Gives it as much as it takes without blocking, and closes its input when all is given: at once,
    /// since one that knows the size need not wait for the end.
    fn feed(&mut self) -> Result<()> {
        while let Some(stdin) = &mut self.pipes.stdin {
            if self.ready.is_empty() {
                let read = steady(|| self.message.reader.read(&mut self.piece));
                let spool = self.message.spool;
                self.ready = 0..read.map_err(undelivered(spool, "read back the spool"))?;
            }
            if self.ready.is_empty() {
                self.pipes.stdin = None;
                break;
            }
            match steady(|| stdin.write(&self.piece[self.ready.clone()])) {
                Ok(n) => self.ready.start += n,
                Err(why) if why.kind() == io::ErrorKind::WouldBlock => break,
                Err(why) => return Err(failed(why)),
            }
        }
        Ok(())
    }

    /// Keeps what it says, up to a limit; what goes beyond is read and dropped. One that says
    /// more than a pipe holds is let wait, so that it cannot keep us here.
    fn listen(&mut self) {
        let mut piece = [0; 4096];
        for _ in 0..16 {
            match steady(|| self.pipes.stderr.read(&mut piece)) {
                Ok(n) if n > 0 => {
                    let room = SAID.saturating_sub(self.said.len()).min(n);
                    self.said.extend_from_slice(&piece[..room]);
                }
                _ => return,
            }
        }
    }

    /// Ends it and all that it started.
    fn kill(&mut self) {
        let _ = kill_process_group(Pid::from_child(&self.child), Signal::KILL);
        let _ = self.child.wait();
    }
}

/// The error that the system stands in the MDA's way.
fn failed(why: io::Error) -> Error {
    Error::System {
        doing: "run the MDA",
        why,
    }
}

/// What can be waited for together with pipes until a child ends; nothing on systems without it, or
/// if there are no descriptors left.
#[cfg(target_os = "linux")]
fn end_of(child: &Child) -> Option<OwnedFd> {
    use rustix::process::{pidfd_open, PidfdFlags};
    pidfd_open(Pid::from_child(child), PidfdFlags::empty()).ok()
}

#[cfg(not(target_os = "linux"))]
fn end_of(_: &Child) -> Option<OwnedFd> {
    None
}

/// Makes a pipe hold so much, if it may: the whole message is in there before the next is waited for,
/// and an MDA gets all of it even if we are killed.
#[cfg(target_os = "linux")]
fn widen(pipe: &OwnedFd, size: usize) {
    let _ = rustix::pipe::fcntl_setpipe_size(pipe, size);
}

#[cfg(not(target_os = "linux"))]
fn widen(_: &OwnedFd, _: usize) {}

/// A pipe that no other program started meanwhile inherits.
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
