//! What became of letters that an earlier run claimed.

use super::vet;
use crate::delivery::{path_of, undelivered, unprepared, Fate};
use crate::error::Result;
use crate::folder;
use crate::steady::steady;
use std::fs;
use std::io;
use std::os::unix::ffi::OsStrExt;
use std::path::Path;

/// After so many seconds mail readers may sweep `tmp`, and a file missing there proves nothing.
pub(super) const SWEPT: i64 = 36 * 3600;

/// A claimed letter: its name, and how many seconds ago it was claimed.
pub struct Claimed<'c> {
    /// Its name.
    pub name: &'c [u8],
    /// Its age.
    pub age: i64,
}

/// Publishes, durably, what was claimed and not published; tells what became of each letter.
pub fn resume(path: &Path, letters: &[Claimed]) -> Result<Vec<Fate>> {
    vet(path)?;
    let fates = letters.iter().map(|letter| publish(path, letter));
    let fates: Vec<Fate> = fates.collect::<Result<_>>()?;
    if fates.contains(&Fate::Delivered) {
        // What was renamed is there after a power cut, too.
        let new = path.join("new");
        folder::sync(&new).map_err(undelivered(&new, "sync"))?;
    }
    Ok(fates)
}

/// Publishes a claimed letter that is still in `tmp`, or tells that it was published.
fn publish(path: &Path, letter: &Claimed) -> Result<Fate> {
    let Claimed { name, age } = *letter;
    if name.contains(&b'/') {
        return Ok(Fate::Unknown); // no name of ours
    }
    let name = path_of(name);
    let (hidden, public) = (path.join("tmp").join(&name), path.join("new").join(&name));
    match fs::rename(&hidden, &public) {
        Ok(()) => return Ok(Fate::Delivered),
        Err(why) if folder::is_missing(&why) => {}
        Err(why) => return Err(undelivered(&public, "rename to")(why)),
    }
    for folder in ["tmp", "new"].map(|folder| path.join(folder)) {
        if !folder::is_there(&folder).map_err(unprepared(&folder, "look at"))? {
            // Not the Maildir that was: moved away, or on a disk that is not mounted.
            return Ok(Fate::Unknown);
        }
    }
    let lies = |folder| lies_in(&path.join(folder), &name);
    if age < SWEPT || lies("new")? || lies("cur")? {
        return Ok(Fate::Delivered);
    }
    Ok(Fate::Unknown)
}

/// Whether a folder holds this message, with flags or without.
fn lies_in(folder: &Path, name: &Path) -> Result<bool> {
    let failed = unprepared(folder, "read");
    let name = name.as_os_str().as_bytes();
    let found = match steady(|| fs::read_dir(folder)) {
        Err(why) if why.kind() == io::ErrorKind::NotFound => return Ok(false),
        found => found.map_err(&failed)?,
    };
    for entry in found {
        let found = entry.map_err(&failed)?.file_name();
        if found.as_bytes().split(|b| *b == b':').next() == Some(name) {
            return Ok(true);
        }
    }
    Ok(false)
}
