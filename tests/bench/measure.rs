//! What a run costs. The program is started by a small process of ours that does nothing else, so
//! that the memory measured is the program's own and not that of whoever started it.

use std::ffi::OsString;
use std::fs::File;
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::{Command, Stdio};
use std::str::FromStr;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::Arc;
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{bail, ensure, Context, Result};
use rustix::process::{getuid, kill_process_group, Pid, Signal};
use wait4::Wait4;

use crate::support::unprivileged::nobody;

/// The first argument of the small process.
pub const LAUNCH: &str = "launch";

/// A program to run, with all it is told.
#[derive(Clone, Debug, Default)]
pub struct Told {
    /// The program and its arguments.
    pub words: Vec<OsString>,
    /// Its environment, besides what every program gets.
    pub environment: Vec<(&'static str, OsString)>,
}

impl Told {
    /// A program with plain words.
    pub fn words<W: AsRef<str>>(words: &[W]) -> Self {
        let words = words.iter().map(|word| word.as_ref().into()).collect();
        Self {
            words,
            environment: Vec::new(),
        }
    }
}

/// What a run cost.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Cost {
    /// Seconds from start to end.
    pub wall: f64,
    /// Seconds of computing, of the program and all that it started and waited for.
    pub cpu: f64,
    /// The most memory that any of them held, in octets.
    pub memory: u64,
    /// How it ended.
    pub status: i32,
}

/// Starts programs.
pub struct Starter {
    /// Where they are looked for.
    pub path: OsString,
    /// How long each may take.
    pub limit: Duration,
    /// The signal that calls all of it off.
    pub stop: Arc<AtomicBool>,
}

impl Starter {
    /// Runs a program in a folder, as nobody if we are root; what it says goes into `log` there.
    /// Gives nothing if it takes too long.
    pub fn run(&self, told: &Told, folder: &Path) -> Result<Option<Cost>> {
        let mut command = Command::new(std::env::current_exe()?);
        command.arg(LAUNCH).args(&told.words);
        self.furnish(&mut command, told, folder);
        command.stdout(Stdio::piped()).process_group(0);
        let mut launcher = command.spawn()?;
        let begun = Instant::now();
        while launcher.try_wait()?.is_none() {
            if self.called_off() || begun.elapsed() > self.limit {
                let _ = kill_process_group(Pid::from_child(&launcher), Signal::KILL);
            }
            thread::sleep(Duration::from_millis(2));
        }
        let said = launcher.wait_with_output()?.stdout;
        ensure!(!self.called_off(), "called off");
        match String::from_utf8(said)? {
            said if said.is_empty() && begun.elapsed() > self.limit => Ok(None),
            said => said.parse().map(Some),
        }
    }

    /// The surroundings of every program.
    pub fn furnish(&self, command: &mut Command, told: &Told, folder: &Path) {
        command
            .env_clear()
            .env("PATH", &self.path)
            .env("HOME", folder);
        command.envs([("LC_ALL", "C"), ("USER", "nobody"), ("LOGNAME", "nobody")]);
        command.envs(told.environment.iter().map(|(name, value)| (name, value)));
        command.current_dir(folder).stdin(Stdio::null());
    }

    fn called_off(&self) -> bool {
        self.stop.load(Ordering::Relaxed)
    }
}

/// Makes nobody of the one who runs a program, if that is root: some programs refuse it.
pub fn humble(command: &mut Command) {
    if getuid().is_root() {
        let (user, group) = nobody();
        command.uid(user).gid(group);
    }
}

/// What the small process does: starts the program, waits, and says what it cost.
pub fn launch(words: &[OsString]) -> Result<String> {
    let (program, arguments) = words.split_first().context("nothing to launch")?;
    let log = File::create("log")?;
    let mut command = Command::new(program);
    command.args(arguments).stdout(log.try_clone()?).stderr(log);
    humble(&mut command);
    let begun = Instant::now();
    let mut child = command.spawn()?;
    let used = child.wait4()?;
    let wall = begun.elapsed().as_secs_f64();
    let cpu = (used.rusage.utime + used.rusage.stime).as_secs_f64();
    let status = used.status.code().unwrap_or(-1);
    Ok(format!("{wall} {cpu} {} {status}", used.rusage.maxrss))
}

impl FromStr for Cost {
    type Err = anyhow::Error;

    fn from_str(said: &str) -> Result<Self> {
        let words: Vec<&str> = said.split_whitespace().collect();
        let [wall, cpu, memory, status] = words[..] else {
            bail!("a program could not be started");
        };
        Ok(Self {
            wall: wall.parse()?,
            cpu: cpu.parse()?,
            memory: memory.parse()?,
            status: status.parse()?,
        })
    }
}

/// The middle one; of two, the mean.
pub fn median(values: impl Iterator<Item = f64>) -> f64 {
    let mut values: Vec<f64> = values.collect();
    values.sort_by(f64::total_cmp);
    let half = values.len() / 2;
    match values.len() {
        0 => f64::NAN,
        odd if odd % 2 == 1 => values[half],
        _ => f64::midpoint(values[half - 1], values[half]),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_median_is_in_the_middle() {
        assert!((median([3.0, 1.0, 9.0].into_iter()) - 3.0).abs() < 1e-9);
        assert!((median([4.0, 1.0, 9.0, 2.0].into_iter()) - 3.0).abs() < 1e-9);
        assert!(median([].into_iter()).is_nan());
    }
}
