//! Where the files of an account are, and the lock before them.

use crate::error::{Error, Result};
use crate::folder;
use crate::message::{Digest, Digester};
use crate::owner::{self, Others};
use crate::steady::steady;
use rustix::fs::OFlags;
use std::fs::{self, File, OpenOptions};
use std::io;
use std::os::unix::fs::{MetadataExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

/// Where the files of an account are.
#[derive(Clone, Debug)]
pub struct Place {
    /// The state directory.
    pub directory: PathBuf,
    /// The account's name.
    pub account: String,
}

impl Place {
    /// The file of the account with this ending.
    pub fn file(&self, ending: &str) -> PathBuf {
        self.directory.join(format!("{}.{ending}", self.account))
    }

    /// Whether there is a memory of the account.
    pub fn is_known(&self) -> bool {
        self.file("seen").exists()
    }

    /// The lock of a maildrop, whatever the account.
    fn of_maildrop(&self, maildrop: &str) -> PathBuf {
        let mut digester = Digester::default();
        digester.update(maildrop.as_bytes());
        let Digest(digest) = digester.finish();
        let hex: String = digest.iter().map(|byte| format!("{byte:02x}")).collect();
        self.directory.join(format!("{hex}.maildrop"))
    }

    /// Opens a file of the account, if it is there.
    pub fn open(&self, ending: &str) -> io::Result<File> {
        options().open(self.file(ending))
    }

    /// Opens the file of a lock, and makes it if it is not there.
    pub fn open_lock(&self, ending: &str) -> io::Result<File> {
        open_lock(&self.file(ending), Access::Write)
    }

    /// Creates the state directory if it is missing, and fails if others may write there.
    pub fn prepare(&self) -> Result<()> {
        self.create()?;
        self.check()
    }

    /// Creates the state directory if it is missing, for us alone.
    fn create(&self) -> Result<()> {
        let failed = failed(&self.directory, "create");
        folder::create(&self.directory).map_err(failed)
    }

    /// Fails if somebody else may write there: the memory says which files are to be renamed or cut
    /// off after a crash, so whoever writes it may do that as us.
    fn check(&self) -> Result<()> {
        let path = &self.directory;
        let (others, shared) = match fs::metadata(path) {
            // A folder in which everybody may make what is theirs, as /tmp, is to stay one.
            Ok(meta) => (owner::changed_by_others(&meta), meta.mode() & 0o1000 != 0),
            Err(why) if why.kind() == io::ErrorKind::NotFound => (None, false),
            Err(why) => return Err(failed(path, "open")(why)),
        };
        let Some(others) = others else {
            return Ok(());
        };
        let help = match others {
            Others::Owner(_) => "run popget as that user, or name another folder with --state-dir",
            Others::Group | Others::Everyone if shared => "name a folder within it",
            Others::Group | Others::Everyone => "run chmod go-w on it, or name a folder within it",
        };
        Err(Error::Unsafe {
            path: path.clone(),
            why: format!("{}; {help}", others.told()),
        })
    }
}

/// What a run may do to the memory.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Access {
    /// Read it and add to it.
    Write,
    /// Read it only: a dry run, or a look at what is there.
    Read,
}

/// Holds an account and its maildrop for as long as it lives; the kernel lets go of them when we die.
pub struct Lock {
    _account: Option<File>,
    maildrop: Option<File>,
    /// The lock of the maildrop, if it is to go with us.
    passing: Option<PathBuf>,
}

impl Lock {
    /// Takes the lock of an account alone, for those who call no server.
    pub fn account(place: &Place, access: Access) -> Result<Self> {
        if access == Access::Write {
            place.create()?;
        }
        place.check()?;
        Ok(Self {
            _account: hold(&place.file("lock"), access, Error::AccountBusy)?,
            maildrop: None,
            passing: None,
        })
    }

    /// Takes the locks, or fails at once if another popget has the account, or this maildrop under
    /// another account's name. Whoever only reads makes no file: where there is none, there is
    /// nothing to lock.
    pub fn take(place: &Place, maildrop: &str, access: Access) -> Result<Self> {
        let writes = access == Access::Write;
        match access {
            Access::Write => place.prepare()?,
            Access::Read => place.check()?,
        }
        let account = hold(&place.file("lock"), access, Error::AccountBusy)?;
        let path = place.of_maildrop(maildrop);
        let maildrop = loop {
            let file = hold(&path, access, Error::MaildropBusy)?;
            if file.as_ref().is_none_or(|file| stands(file, &path)) {
                break file;
            }
        };
        Ok(Self {
            _account: account,
            maildrop,
            passing: Some(path).filter(|_| writes),
        })
    }
}

impl Drop for Lock {
    /// Removes the lock of the maildrop while it is held: whoever waits for it looks whether it still
    /// stands.
    fn drop(&mut self) {
        if let (Some(_), Some(path)) = (&self.maildrop, &self.passing) {
            // One that stays behind is found and taken by the next run.
            let _ = fs::remove_file(path);
        }
    }
}

/// Locks a file.
fn hold(path: &Path, access: Access, busy: fn(PathBuf) -> Error) -> Result<Option<File>> {
    let writes = access == Access::Write;
    let file = match open_lock(path, access) {
        Err(why) if !writes && why.kind() == io::ErrorKind::NotFound => return Ok(None),
        opened => opened.map_err(failed(path, "open"))?,
    };
    match steady(|| fs2::FileExt::try_lock_exclusive(&file)) {
        Ok(()) => Ok(Some(file)),
        Err(why) if why.kind() == fs2::lock_contended_error().kind() => Err(busy(path.into())),
        Err(why) => Err(failed(path, "lock")(why)),
    }
}

/// Whether this file is the one that has the name.
fn stands(file: &File, path: &Path) -> bool {
    match (file.metadata(), fs::symlink_metadata(path)) {
        (Ok(ours), Ok(named)) => (ours.dev(), ours.ino()) == (named.dev(), named.ino()),
        _ => false,
    }
}

/// Opens the lock file, and makes it where that may be done.
fn open_lock(path: &Path, access: Access) -> io::Result<File> {
    loop {
        match options().open(path) {
            Err(why) if why.kind() == io::ErrorKind::NotFound && access == Access::Write => {}
            opened => return opened,
        }
        match folder::fresh(path) {
            // Another run has just made it.
            Err(why) if why.kind() == io::ErrorKind::AlreadyExists => {}
            made => return made,
        }
    }
}

/// How our files are opened: never through a link, and without waiting for the other end of a pipe.
pub(super) fn options() -> OpenOptions {
    let mut options = OpenOptions::new();
    let flags = OFlags::NOFOLLOW | OFlags::NONBLOCK | OFlags::NOCTTY;
    options
        .read(true)
        .write(true)
        .custom_flags(flags.bits() as i32);
    options
}

pub(super) fn failed(path: &Path, doing: &'static str) -> impl Fn(io::Error) -> Error {
    let path = path.to_path_buf();
    move |why| Error::State {
        path: path.clone(),
        doing,
        why,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_holder_at_a_time() {
        let folder = tempfile::tempdir().unwrap();
        let (directory, account) = (folder.path().into(), "work".into());
        let place = Place { directory, account };
        let twin = Place {
            account: "twin".into(),
            ..place.clone()
        };
        let take = |place, maildrop| Lock::take(place, maildrop, Access::Write);
        let held = take(&place, "a@h:995").unwrap();
        let second = take(&place, "b@h:995");
        assert!(matches!(second, Err(Error::AccountBusy(_))));
        let second = take(&twin, "a@h:995");
        assert!(matches!(second, Err(Error::MaildropBusy(_))));
        assert!(take(&twin, "b@h:995").is_ok());
        drop(held);
        assert!(take(&twin, "a@h:995").is_ok());
    }
}
