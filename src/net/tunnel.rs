//! A connection made by a program, ssh for one: what we say goes to its standard input, what it
//! prints is what the server says. It ends when the connection does.
//!
//! It has a process group of its own, so that a signal meant for us does not cut the line under a
//! message; so it cannot ask anything on the terminal.

use super::Transport;
use crate::error::{plain, Error, Result};
use crate::secret::CommandLine;
use rustix::event::{poll, PollFd, PollFlags, Timespec};
use rustix::io::{ioctl_fionbio, Errno};
use rustix::process::{kill_process_group, Pid, Signal};
use std::io::{self, Read, Write};
use std::os::fd::AsFd;
use std::os::unix::process::CommandExt;
use std::process::{Child, ChildStderr, ChildStdin, ChildStdout, Stdio};
use std::thread::sleep;
use std::time::Duration;

/// How much of what it says on standard error is kept.
const SAID: usize = 8 * 1024;
/// How long it may take to end by itself, and then once it was asked to.
const GRACE: Duration = Duration::from_millis(500);
/// How often is looked whether it ended.
const GLANCE: Duration = Duration::from_millis(5);

/// A program that is the connection.
pub struct Tunnel {
    name: String,
    child: Child,
    input: Option<ChildStdin>,
    output: ChildStdout,
    errors: Option<ChildStderr>,
    said: Vec<u8>,
    timeout: Duration,
}

/// Starts the program; what it should know stands in its environment.
pub fn open(line: &CommandLine, surroundings: &[(&str, String)]) -> Result<Tunnel> {
    let name = line.name().to_string();
    let not_started = |why: io::Error| Error::Tunnel {
        name: name.clone(),
        ended: format!("cannot be started: {}", plain(&why)),
        said: Vec::new(),
    };
    let mut command = line.command();
    command
        .envs(surroundings.iter().map(|(name, value)| (name, value)))
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .process_group(0);
    let mut child = command.spawn().map_err(not_started)?;
    let (input, errors) = (child.stdin.take(), child.stderr.take());
    let no_pipe = || not_started(io::ErrorKind::BrokenPipe.into());
    let output = child.stdout.take().ok_or_else(no_pipe)?;
    let tunnel = Tunnel {
        name: name.clone(),
        child,
        input,
        output,
        errors,
        said: Vec::new(),
        timeout: GRACE,
    };
    if let Some(input) = &tunnel.input {
        ioctl_fionbio(input, true).map_err(|why| not_started(why.into()))?;
    }
    Ok(tunnel)
}

impl Tunnel {
    /// Waits until an end is ready, one slice at most: a program that only ever complains must not
    /// keep those who watch the clock from looking at it.
    fn await_ready(&mut self, end: End) -> io::Result<()> {
        match self.ready(end)? {
            true => Ok(()),
            false => Err(io::ErrorKind::WouldBlock.into()),
        }
    }

    /// Waits until one of its ends is ready; says whether `end` is.
    fn ready(&mut self, end: End) -> io::Result<bool> {
        let wait = Timespec {
            tv_sec: i64::try_from(self.timeout.as_secs()).unwrap_or(i64::MAX),
            tv_nsec: self.timeout.subsec_nanos() as _,
        };
        let mut ends = Vec::with_capacity(2);
        match (end, &self.input) {
            (End::Output, _) => ends.push(PollFd::new(&self.output, PollFlags::IN)),
            (End::Input, Some(input)) => ends.push(PollFd::new(input, PollFlags::OUT)),
            (End::Input, None) => return Err(io::ErrorKind::BrokenPipe.into()),
        }
        if let Some(errors) = &self.errors {
            ends.push(PollFd::new(errors, PollFlags::IN));
        }
        match poll(&mut ends, Some(&wait)) {
            Ok(0) | Err(Errno::INTR) => return Err(io::ErrorKind::WouldBlock.into()),
            Ok(_) => {}
            Err(why) => return Err(why.into()),
        }
        let moved = |at: usize| ends.get(at).is_some_and(|fd| !fd.revents().is_empty());
        let (wanted, speaks) = (moved(0), moved(1));
        if speaks {
            self.listen();
        }
        Ok(wanted)
    }

    /// Keeps the last of what it says on standard error.
    fn listen(&mut self) {
        let mut piece = [0; 4096];
        match self.errors.as_mut().map(|errors| errors.read(&mut piece)) {
            Some(Ok(read @ 1..)) => {
                self.said.extend_from_slice(&piece[..read]);
                let spare = self.said.len().saturating_sub(SAID);
                self.said.drain(..spare);
            }
            _ => self.errors = None,
        }
    }

    /// What its end means, after it has let go of the connection.
    fn over(&mut self) -> io::Error {
        self.input = None;
        let status = self.await_end();
        while self.errors.as_ref().is_some_and(pending) {
            self.listen();
        }
        let ended = match status {
            Some(status) if status.success() => "ended".into(),
            Some(status) => format!("ended ({status})"),
            None => "let go of the connection".into(),
        };
        let last = self.said.trim_ascii().rsplit(|byte| *byte == b'\n').next();
        io::Error::other(Error::Tunnel {
            name: self.name.clone(),
            ended,
            said: last.unwrap_or_default().to_vec(),
        })
    }

    /// Waits a little for it to end.
    fn await_end(&mut self) -> Option<std::process::ExitStatus> {
        let glances = GRACE.as_millis() / GLANCE.as_millis();
        for _ in 0..glances {
            match self.child.try_wait() {
                Ok(None) => sleep(GLANCE),
                ended => return ended.ok().flatten(),
            }
        }
        None
    }

    fn signal(&self, signal: Signal) {
        if let Some(group) = i32::try_from(self.child.id()).ok().and_then(Pid::from_raw) {
            let _ = kill_process_group(group, signal); // it may be gone
        }
    }
}

/// The ends of it that may have to be waited for.
#[derive(Clone, Copy)]
enum End {
    Input,
    Output,
}

/// Whether there is something to read.
fn pending(stream: &impl AsFd) -> bool {
    let now = Timespec {
        tv_sec: 0,
        tv_nsec: 0,
    };
    matches!(
        poll(&mut [PollFd::new(stream, PollFlags::IN)], Some(&now)),
        Ok(1..)
    )
}

impl Read for Tunnel {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        self.await_ready(End::Output)?;
        match self.output.read(buffer)? {
            0 if !buffer.is_empty() => Err(self.over()),
            read => Ok(read),
        }
    }
}

impl Write for Tunnel {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.await_ready(End::Input)?;
        let Some(input) = &mut self.input else {
            return Err(io::ErrorKind::BrokenPipe.into());
        };
        match input.write(bytes) {
            Err(why) if why.kind() == io::ErrorKind::BrokenPipe => Err(self.over()),
            written => written,
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl Transport for Tunnel {
    fn set_timeout(&mut self, timeout: Duration) -> io::Result<()> {
        self.timeout = timeout;
        Ok(())
    }
}

impl Drop for Tunnel {
    /// Ends it, by and by more firmly, and whatever it started.
    fn drop(&mut self) {
        self.input = None;
        if self.await_end().is_none() {
            self.signal(Signal::TERM);
            let _ = self.await_end();
        }
        self.signal(Signal::KILL);
        let _ = self.child.wait();
    }
}
