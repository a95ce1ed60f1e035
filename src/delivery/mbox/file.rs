//! The file of an mbox, opened so that nobody else chooses what it is. The usual place of mboxes is a
//! folder in which others may make files and links, too: there a link is followed only if its maker
//! is to be trusted, and a file is used only if it is its owner's alone.

use super::lock::{Lock, Locked};
use crate::delivery::unprepared;
use crate::error::{Error, Result};
use crate::{folder, owner};
use rustix::fs::OFlags;
use std::fs::{self, File, Metadata, OpenOptions};
use std::io;
use std::os::unix::fs::{MetadataExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

/// How many links may lead from one to the next, as the system has it.
const LINKS: usize = 40;
/// How often a file is opened that was replaced while we waited for its lock.
const ATTEMPTS: usize = 10;

/// What to do about a file that is not there.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Missing {
    /// Make it.
    Create,
    /// Fail.
    Fail,
}

/// Whether the file is there, and fit to be an mbox. It is not opened for that.
pub fn stands(path: &Path) -> Result<bool> {
    let path = follow(path)?;
    match fs::symlink_metadata(&path) {
        Ok(meta) => vet(&path, &meta).map(|()| true),
        // Making the folder it lies in will say what is in the way.
        Err(why) if why.kind() == io::ErrorKind::NotADirectory => Ok(false),
        Err(why) if why.kind() == io::ErrorKind::NotFound => Ok(false),
        Err(why) => Err(unprepared(&path, "open")(why)),
    }
}

/// Opens the file and locks it. Where it was replaced meanwhile, as mail readers do, what was opened
/// is nobody's mbox any more, and it is opened anew.
pub fn locked(path: &Path, missing: Missing, lock: &Locked, locks: &[Lock]) -> Result<File> {
    for _ in 0..ATTEMPTS {
        let file = open(path, missing)?;
        lock.lock_file(&file, locks)?;
        let failed = unprepared(path, "open");
        let held = file.metadata().map_err(&failed)?;
        match fs::metadata(path) {
            Ok(meta) if (meta.dev(), meta.ino()) == (held.dev(), held.ino()) => return Ok(file),
            Err(why) if why.kind() != io::ErrorKind::NotFound => return Err(failed(why)),
            Ok(_) | Err(_) => {}
        }
    }
    Err(Error::MboxBusy(path.into()))
}

/// Opens the file. Nothing is done to it before it is known to be fit.
pub fn open(path: &Path, missing: Missing) -> Result<File> {
    let path = follow(path)?;
    let failed = unprepared(&path, "open");
    let mut options = OpenOptions::new();
    let flags = OFlags::NOFOLLOW | OFlags::NONBLOCK | OFlags::NOCTTY;
    let options = options.read(true).write(true);
    let file = match options.custom_flags(flags.bits() as i32).open(&path) {
        Err(why) if why.kind() == io::ErrorKind::NotFound && missing == Missing::Create => {
            folder::fresh(&path).map_err(&failed)?
        }
        opened => opened.map_err(&failed)?,
    };
    vet(&path, &file.metadata().map_err(&failed)?)?;
    Ok(file)
}

/// Where the path leads, link by link. Each must be ours or root's, or of the owner of the folder that
/// it lies in, who can put there what he likes; but root obeys nobody.
fn follow(path: &Path) -> Result<PathBuf> {
    let mut path = path.to_path_buf();
    for _ in 0..LINKS {
        let meta = match fs::symlink_metadata(&path) {
            Ok(meta) if meta.is_symlink() => meta,
            _ => return Ok(path),
        };
        let above = folder::above(&path);
        let host = || fs::metadata(above).is_ok_and(|above| above.uid() == meta.uid());
        if !owner::trusted(&meta) && (owner::is_root() || !host()) {
            let why = format!("is a link made by another user ({}); remove it", meta.uid());
            return Err(Error::Unsafe { path, why });
        }
        let target = fs::read_link(&path).map_err(unprepared(&path, "follow"))?;
        path = above.join(target);
    }
    let why = rustix::io::Errno::LOOP.into();
    Err(unprepared(&path, "open")(why))
}

/// Whether this is a file that may take mail.
fn vet(path: &Path, meta: &Metadata) -> Result<()> {
    let unfit = |kind, why: &str| Err(unprepared(path, "use")(io::Error::new(kind, why)));
    if meta.is_dir() {
        return unfit(io::ErrorKind::IsADirectory, "it is a folder");
    }
    if !meta.is_file() {
        return unfit(io::ErrorKind::InvalidInput, "it is not a regular file");
    }
    let above = folder::above(path);
    let above = fs::metadata(above).map_err(unprepared(above, "open"))?;
    let mut strange = None;
    if meta.nlink() > 1 && owner::changed_by_others(&above).is_some() {
        strange =
            Some("has another name (a hard link), in a folder where others may make such".into());
    }
    // Somebody may have been here first, to read what comes.
    if above.mode() & 0o002 != 0 && !owner::is_own(meta) && meta.uid() != above.uid() {
        let user = meta.uid();
        strange = Some(format!(
            "belongs to another user ({user}), in a folder where everyone may make files"
        ));
    }
    match strange {
        None => Ok(()),
        Some(strange) => {
            let (path, why) = (path.into(), strange + "; move it away");
            Err(Error::Unsafe { path, why })
        }
    }
}
