//! Locking an mbox against other programs: a dotlock beside it, and a lock on the file itself. On
//! the file, flock is taken with fcntl: it keeps apart the accounts of one run, which fcntl cannot.

use crate::delivery::host;
use crate::error::{Error, Result};
use crate::event::Notice;
use crate::folder;
use crate::steady::steady;
use rustix::fs::{fcntl_lock, FlockOperation, OFlags};
use rustix::process::{test_kill_process, Pid};
use serde::Deserialize;
use std::fs::{self, File, OpenOptions};
use std::io::{self, Read, Write};
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};
use std::thread::sleep;
use std::time::Duration;

/// How long to wait for another program.
const WAIT: Duration = Duration::from_secs(10);
/// How often to look again.
const PAUSE: Duration = Duration::from_millis(100);
/// A lock file of this age whose maker is unknown was forgotten.
const FORGOTTEN: Duration = Duration::from_secs(600);

/// A way to lock an mbox.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Lock {
    /// A lock of the system on the file.
    Fcntl,
    /// A file of the same name and `.lock`.
    Dotlock,
}

impl Lock {
    /// Both, which is what suits most other programs.
    pub const ALL: [Self; 2] = [Self::Fcntl, Self::Dotlock];
}

/// The mbox is ours as long as this lives.
pub struct Locked {
    mbox: PathBuf,
    dotlock: Option<PathBuf>,
}

impl Locked {
    /// Makes the dotlock, if there is to be one. Where only the folder forbids it, the lock on the
    /// file has to do.
    pub fn take(mbox: &Path, locks: &[Lock], mark: &str, notice: &dyn Fn(Notice)) -> Result<Self> {
        let mut locked = Self {
            mbox: mbox.into(),
            dotlock: None,
        };
        if !locks.contains(&Lock::Dotlock) {
            return Ok(locked);
        }
        let path = with_ending(mbox, ".lock");
        match wait(mbox, || dotlock(&path, mark, notice)) {
            Ok(()) => locked.dotlock = Some(path),
            Err(Error::Destination { why, .. })
                if why.kind() == io::ErrorKind::PermissionDenied
                    && locks.contains(&Lock::Fcntl) => {}
            Err(error) => return Err(error),
        }
        Ok(locked)
    }

    /// Locks the open file. Closing it unlocks it.
    pub fn lock_file(&self, file: &File, locks: &[Lock]) -> Result<()> {
        let fcntl = locks.contains(&Lock::Fcntl);
        let both = !(fcntl && one_for_both(file));
        wait(&self.mbox, || {
            let flocked = if both {
                steady(|| fs2::FileExt::try_lock_exclusive(file))
            } else {
                Ok(())
            };
            match flocked {
                Err(why) if why.kind() == fs2::lock_contended_error().kind() => return Ok(false),
                Err(why) => return Err(why),
                Ok(()) if !fcntl => return Ok(true),
                Ok(()) => {}
            }
            let lock = || fcntl_lock(file, FlockOperation::NonBlockingLockExclusive);
            match rustix::io::retry_on_intr(lock) {
                Ok(()) => Ok(true),
                Err(rustix::io::Errno::AGAIN | rustix::io::Errno::ACCESS) => Ok(false),
                Err(why) => Err(why.into()),
            }
        })
    }
}

impl Drop for Locked {
    fn drop(&mut self) {
        if let Some(path) = &self.dotlock {
            let _ = fs::remove_file(path);
        }
    }
}

/// Whether a file lies where flock is made of the same locks as fcntl, so that the two would be in
/// each other's way: on NFS.
fn one_for_both(file: &File) -> bool {
    #[cfg(target_os = "linux")]
    return rustix::fs::fstatfs(file)
        .is_ok_and(|found| found.f_type == rustix::fs::NFS_SUPER_MAGIC);
    #[cfg(not(target_os = "linux"))]
    {
        let _ = file;
        false
    }
}

/// Removes what runs that were killed left behind: the draft of a dotlock, and a dotlock that would
/// keep other programs waiting until they find out that it is stale.
pub fn sweep(mbox: &Path, mark: &str, notice: &dyn Fn(Notice)) {
    let path = with_ending(mbox, ".lock");
    // Where they cannot be removed they are in the way only of who locks the file next.
    let _ = fs::remove_file(draft(&path, mark));
    if stale(&path) && fs::remove_file(&path).is_ok() {
        notice(Notice::StaleLock(path));
    }
}

/// Tries until it works or takes too long.
fn wait(mbox: &Path, mut attempt: impl FnMut() -> io::Result<bool>) -> Result<()> {
    let failed = |why| Error::Destination {
        path: mbox.into(),
        doing: "lock",
        why,
    };
    let mut waited = Duration::ZERO;
    while !attempt().map_err(failed)? {
        if waited >= WAIT {
            return Err(Error::MboxBusy(mbox.into()));
        }
        sleep(PAUSE);
        waited += PAUSE;
    }
    Ok(())
}

/// Tries once to make the dotlock: written whole under another name and linked, so that it never
/// stands there without saying whose it is.
fn dotlock(path: &Path, mark: &str, notice: &dyn Fn(Notice)) -> io::Result<bool> {
    let draft = draft(path, mark);
    // What a killed run left under this name may be the stale lock itself by another name: written
    // to, it would name us as its maker and never look stale.
    folder::clear(&draft)?;
    let mut options = OpenOptions::new();
    let mut file = options
        .write(true)
        .create_new(true)
        .mode(0o644)
        .open(&draft)?;
    writeln!(file, "{} {}", std::process::id(), host())?;
    let linked = fs::hard_link(&draft, path);
    fs::remove_file(&draft)?;
    match linked {
        Ok(()) => Ok(true),
        Err(why) if why.kind() == io::ErrorKind::AlreadyExists => {
            if stale(path) {
                fs::remove_file(path)?;
                notice(Notice::StaleLock(path.into()));
            }
            Ok(false)
        }
        Err(why) => Err(why),
    }
}

/// Whether a dotlock's maker is gone: a process of this machine that no longer runs, or anybody,
/// long ago.
fn stale(path: &Path) -> bool {
    let text = content(path).unwrap_or_default();
    let mut words = text.split_whitespace();
    // Anybody may have written it: what is no process means a group of them, or all, to kill(2).
    let pid = words
        .next()
        .and_then(|pid| pid.parse().ok().filter(|pid| *pid > 0))
        .and_then(Pid::from_raw);
    match (pid, words.next()) {
        // Our own number may be that of a run before us: in a container it often is.
        (Some(pid), Some(name)) if name == host() && pid != rustix::process::getpid() => {
            test_kill_process(pid) == Err(rustix::io::Errno::SRCH)
        }
        _ => {
            let age = fs::symlink_metadata(path)
                .and_then(|meta| meta.modified())
                .ok();
            age.and_then(|made| made.elapsed().ok())
                .is_some_and(|age| age > FORGOTTEN)
        }
    }
}

/// The beginning of a lock file, if it is a file: in a shared folder it may be anything.
fn content(path: &Path) -> io::Result<String> {
    let flags = OFlags::NOFOLLOW | OFlags::NONBLOCK;
    let file = OpenOptions::new()
        .read(true)
        .custom_flags(flags.bits() as i32)
        .open(path)?;
    let mut text = String::new();
    file.take(256).read_to_string(&mut text)?;
    Ok(text)
}

/// Where a dotlock is written before it is linked.
fn draft(dotlock: &Path, mark: &str) -> PathBuf {
    with_ending(dotlock, &format!(".{mark}"))
}

fn with_ending(path: &Path, ending: &str) -> PathBuf {
    let mut name = path.as_os_str().as_bytes().to_vec();
    name.extend_from_slice(ending.as_bytes());
    crate::delivery::path_of(&name)
}
