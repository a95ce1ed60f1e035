//! What a program inherits from whoever starts it and did not ask for: rights, open files, limits and
//! signals. Made fit once, before there is a second thread.

use crate::error::{Error, Result};
use nix::sys::signal::SigSet;
use rustix::fs::{fstat, FileType, Stat};
use rustix::process::{getegid, geteuid, getgid, getrlimit, getuid, setrlimit, Resource, Rlimit};
use signal_hook::consts::{SIGCHLD, SIGXFSZ};
use signal_hook::flag;
use std::io;
use std::os::fd::AsFd;
use std::sync::atomic::AtomicBool;
use std::sync::Arc;

/// Makes it fit, or says why it cannot be.
pub fn put_right() -> Result<()> {
    if (getuid(), getgid()) != (geteuid(), getegid()) {
        return Err(Error::Unsafe {
            path: std::env::current_exe().unwrap_or("popget".into()),
            why:
                "runs with the rights of somebody else than its caller, and does what the caller's \
                  settings and environment say; run chmod ug-s on it"
                    .into(),
        });
    }
    let system = |why: io::Error| Error::System {
        doing: "set limits and signals",
        why,
    };
    // Files that our parent left open are nothing for the programs that we start.
    close_fds::set_fds_cloexec(3, &[]);
    // Nor are signals that it blocked; and we would not hear when to stop.
    SigSet::empty()
        .thread_set_mask()
        .map_err(|why| system(why.into()))?;
    // Passwords and mail would stand in a core.
    let cores = getrlimit(Resource::Core);
    let none = Rlimit {
        current: Some(0),
        ..cores
    };
    setrlimit(Resource::Core, none).map_err(|why| system(why.into()))?;
    // A file that grows beyond its limit is an error to be told, not the end.
    listen_to(SIGXFSZ).map_err(system)?;
    if ignores(SIGCHLD) {
        // Then nobody learns how a program ended: an MDA's every success would look like a failure.
        listen_to(SIGCHLD).map_err(system)?;
    }
    Ok(())
}

/// Whether a stream is the journal that systemd names by device and inode: the variable is passed on
/// to those who write elsewhere.
pub fn is_journal(stream: impl AsFd) -> bool {
    let named = std::env::var("JOURNAL_STREAM").unwrap_or_default();
    let numbers = |stat: Stat| format!("{}:{}", stat.st_dev, stat.st_ino);
    fstat(stream).is_ok_and(|stat| numbers(stat) == named)
}

/// Whether a stream leads to another program.
pub fn is_pipe(stream: impl AsFd) -> bool {
    let kind = fstat(stream).map(|stat| FileType::from_raw_mode(stat.st_mode));
    matches!(kind, Ok(FileType::Fifo | FileType::Socket))
}

/// Takes note of a signal, which is all that is needed for it to have no other effect. Programs that
/// we start get the usual one.
fn listen_to(signal: i32) -> io::Result<()> {
    flag::register(signal, Arc::new(AtomicBool::new(false))).map(drop)
}

/// Whether a signal was being ignored when we were started; only Linux tells.
fn ignores(signal: i32) -> bool {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let mask = status.lines().find_map(|line| line.strip_prefix("SigIgn:"));
    let mask = mask.and_then(|mask| u64::from_str_radix(mask.trim(), 16).ok());
    mask.is_some_and(|mask| mask >> (signal - 1) & 1 == 1)
}
