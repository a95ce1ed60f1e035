//! Running a program to its end, or to the end of our patience, or to the moment it is killed.

use std::io::{Read, Write};
use std::os::unix::process::CommandExt;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use rustix::process::{
    kill_process, kill_process_group, waitid, Pid, Signal, WaitId, WaitIdOptions,
};

/// No run of a test may take longer.
const LIMIT: Duration = Duration::from_secs(60);

/// What a program left behind.
pub struct Ran {
    /// How it ended.
    pub status: ExitStatus,
    /// Its standard output.
    pub stdout: Vec<u8>,
    /// Its standard error.
    pub stderr: Vec<u8>,
    /// It did not end by itself within the limit.
    pub overdue: bool,
}

/// A program under way.
pub struct Running {
    child: Child,
    pid: Pid,
    victim: Victim,
    stdout: JoinHandle<Vec<u8>>,
    stderr: JoinHandle<Vec<u8>>,
}

/// A handle to kill a program with, from any thread, even before it has been started.
#[derive(Clone, Default)]
pub struct Victim(Arc<(Mutex<Life>, Condvar)>);

#[derive(Clone, Copy, Default)]
enum Life {
    #[default]
    Unborn,
    Alive(Pid),
    Dead,
}

/// Starts a program; `victim` will be able to kill it.
pub fn start(command: &mut Command, input: Option<Vec<u8>>, victim: &Victim) -> Running {
    let stdin = if input.is_some() {
        Stdio::piped()
    } else {
        Stdio::null()
    };
    // A group of its own, so that what it started can be ended with it.
    command
        .stdin(stdin)
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .process_group(0);
    let mut child = command
        .spawn()
        .unwrap_or_else(|error| panic!("{command:?}: {error}"));
    if let (Some(mut pipe), Some(input)) = (child.stdin.take(), input) {
        // A program need not read what it is given.
        thread::spawn(move || drop(pipe.write_all(&input)));
    }
    let pid = Pid::from_child(&child);
    victim.becomes(Life::Alive(pid));
    let stdout = collect(child.stdout.take().unwrap());
    let stderr = collect(child.stderr.take().unwrap());
    Running {
        child,
        pid,
        victim: victim.clone(),
        stdout,
        stderr,
    }
}

impl Running {
    /// Its process number.
    pub fn pid(&self) -> Pid {
        self.pid
    }

    /// Sends it a signal.
    pub fn signal(&self, signal: Signal) {
        // It may have ended before; then there is nobody to tell.
        let _ = kill_process(self.pid, signal);
    }

    /// Waits for its end, and makes one when it takes too long.
    pub fn finish(mut self) -> Ran {
        let overdue = !self.ends_within(LIMIT);
        if overdue {
            let _ = kill_process_group(self.pid, Signal::KILL);
        }
        // From here on the process number may be given to another.
        self.victim.becomes(Life::Dead);
        Ran {
            status: self.child.wait().unwrap(),
            stdout: self.stdout.join().unwrap(),
            stderr: self.stderr.join().unwrap(),
            overdue,
        }
    }

    /// Whether it ends by itself within this time; waits for it.
    pub fn ends_within(&self, limit: Duration) -> bool {
        let begun = Instant::now();
        while begun.elapsed() < limit {
            if has_ended(self.pid) {
                return true;
            }
            thread::sleep(Duration::from_millis(2));
        }
        false
    }
}

impl Victim {
    /// Kills the program with SIGKILL and returns when it is dead. Waits for it to be started.
    pub fn kill(&self) {
        let life = self.once_started();
        let Life::Alive(pid) = *life else { return };
        let _ = kill_process(pid, Signal::KILL);
        drop(life);
        while !has_ended(pid) {
            thread::sleep(Duration::from_millis(1));
        }
    }

    /// The most memory the program has held at once so far, in bytes, as the system counts it.
    /// Waits for it to be started.
    pub fn peak(&self) -> Option<u64> {
        let kib: u64 = self.status("VmHWM:")?.strip_suffix(" kB")?.parse().ok()?;
        Some(kib * 1024)
    }

    /// How many threads the program has. Waits for it to be started.
    pub fn threads(&self) -> Option<usize> {
        self.status("Threads:")?.parse().ok()
    }

    /// What the system says of the program.
    fn status(&self, name: &str) -> Option<String> {
        let life = self.once_started();
        let Life::Alive(pid) = *life else { return None };
        let path = format!("/proc/{}/status", pid.as_raw_nonzero());
        let status = std::fs::read_to_string(path).ok()?;
        let line = status.lines().find_map(|line| line.strip_prefix(name))?;
        Some(line.trim().to_owned())
    }

    /// Is about to be started again.
    pub fn revive(&self) {
        self.becomes(Life::Unborn);
    }

    fn once_started(&self) -> MutexGuard<'_, Life> {
        let (life, changed) = &*self.0;
        let life = life.lock().unwrap_or_else(PoisonError::into_inner);
        let unborn = |life: &mut Life| matches!(life, Life::Unborn);
        let waited = changed.wait_while(life, unborn);
        waited.unwrap_or_else(PoisonError::into_inner)
    }

    fn becomes(&self, new: Life) {
        let (life, changed) = &*self.0;
        *life.lock().unwrap_or_else(PoisonError::into_inner) = new;
        changed.notify_all();
    }
}

/// Whether a child of ours has ended; it stays to be waited for.
fn has_ended(pid: Pid) -> bool {
    let options = WaitIdOptions::EXITED | WaitIdOptions::NOWAIT | WaitIdOptions::NOHANG;
    // An error means that it was waited for already.
    !matches!(waitid(WaitId::Pid(pid), options), Ok(None))
}

fn collect(mut pipe: impl Read + Send + 'static) -> JoinHandle<Vec<u8>> {
    thread::spawn(move || {
        let mut bytes = Vec::new();
        pipe.read_to_end(&mut bytes).unwrap();
        bytes
    })
}

/// What was said, without the ports of the tests' own servers behind the names of accounts: they differ
/// from run to run.
pub fn without_port(said: &[u8]) -> Vec<u8> {
    let (mut left, mut rest) = (Vec::with_capacity(said.len()), said);
    while let Some(at) = rest.iter().position(|byte| *byte == b':') {
        let (host, behind) = rest.split_at(at);
        let digits = behind[1..].iter().take_while(|byte| byte.is_ascii_digit());
        let digits = digits.count();
        left.extend(host);
        let ours = [&b"(127.0.0.1"[..], b"(localhost", b"(pop.invalid"];
        let ours = ours.iter().any(|host| left.ends_with(host));
        let shown = digits > 0 && behind.get(1 + digits) == Some(&b')');
        match ours && shown {
            true => rest = &behind[1 + digits..],
            false => {
                left.push(b':');
                rest = &behind[1..];
            }
        }
    }
    left.extend(rest);
    left
}
