//! Folders that are there after a power cut, too, and files in them that are ours alone.

use crate::steady::steady;
use rustix::fs::{openat, Mode, OFlags, CWD};
use rustix::path::Arg;
use std::fs::{self, DirBuilder, File, Permissions};
use std::io;
use std::os::fd::AsFd;
use std::os::unix::fs::{DirBuilderExt, MetadataExt, PermissionsExt};
use std::path::{Path, PathBuf};

/// Makes a folder and those above it, for us alone. They last from when they are secured on.
pub fn create(path: &Path) -> io::Result<()> {
    if path.is_dir() {
        return Ok(());
    }
    let above = above(path);
    create(above)?;
    match DirBuilder::new().mode(0o700).create(path) {
        Err(why) if why.kind() != io::ErrorKind::AlreadyExists => Err(why),
        Err(_) if !path.is_dir() => {
            let what = format!("{} is not a folder", path.display());
            Err(io::Error::new(io::ErrorKind::NotADirectory, what))
        }
        // Or another account has just made it.
        _ => {
            let mode = fs::metadata(path)?.mode();
            if mode & 0o700 != 0o700 {
                fs::set_permissions(path, Permissions::from_mode(0o700))?;
            }
            Ok(())
        }
    }
}

/// Makes a file that was not there, for us alone and through nobody's link, and that we can open again.
pub fn fresh(path: &Path) -> io::Result<File> {
    let file = make(CWD, path)?;
    own(&file)?;
    Ok(file)
}

/// Makes a file in this folder that was not there, for us alone and through nobody's link.
pub fn make(folder: impl AsFd, name: impl Arg + Copy) -> io::Result<File> {
    let flags = OFlags::RDWR | OFlags::CREATE | OFlags::EXCL | OFlags::CLOEXEC;
    let mode = Mode::RUSR | Mode::WUSR;
    let file = steady(|| Ok(openat(&folder, name, flags, mode)?))?;
    Ok(file.into())
}

/// Sees that we may open a file again that we have made; tells whether that was so already. A umask
/// that takes the rights from ourselves as well is not obeyed: the next run must be able to open what
/// this one made.
pub fn own(file: &File) -> io::Result<bool> {
    let ours = file.metadata()?.mode() & 0o600 == 0o600;
    if !ours {
        file.set_permissions(Permissions::from_mode(0o600))?;
    }
    Ok(ours)
}

/// Syncs the folders that lead to something, as far up as we may have made what lies in them. Who
/// makes them does not do it: a run that was killed in between would leave them unsynced, and the
/// next one could not tell. On what others own, and across file systems, nothing was made by us.
pub fn secure(path: &Path) -> io::Result<()> {
    let real = fs::canonicalize(path)?;
    let us = rustix::process::geteuid().as_raw();
    for (ours, above) in real.ancestors().zip(real.ancestors().skip(1)) {
        let (about, around) = (fs::metadata(ours)?, fs::metadata(above)?);
        if about.uid() != us || about.dev() != around.dev() {
            break;
        }
        match sync(above) {
            // What we may enter but not read, we did not make either.
            Err(why) if why.kind() == io::ErrorKind::PermissionDenied => {}
            synced => synced?,
        }
    }
    Ok(())
}

/// Whether a folder is there. What cannot be looked at is not missing.
pub fn is_there(path: &Path) -> io::Result<bool> {
    match fs::metadata(path) {
        Ok(about) => Ok(about.is_dir()),
        Err(why) if is_missing(&why) => Ok(false),
        Err(why) => Err(why),
    }
}

/// Whether an error says that something is not there, or not even the folder that it would lie in.
pub fn is_missing(why: &io::Error) -> bool {
    use io::ErrorKind as K;
    matches!(why.kind(), K::NotFound | K::NotADirectory)
}

/// Syncs a folder: what was made, renamed or removed in it.
pub fn sync(path: &Path) -> io::Result<()> {
    File::open(path)?.sync_all()
}

/// Removes a file, if it is there.
pub fn clear(path: &Path) -> io::Result<()> {
    match fs::remove_file(path) {
        Err(why) if why.kind() != io::ErrorKind::NotFound => Err(why),
        _ => Ok(()),
    }
}

/// The user's home, if the environment names one: what lies below it is not to depend on where
/// popget is started.
pub fn home() -> Option<PathBuf> {
    named_by("HOME")
}

/// Where the user's settings are, by the XDG Base Directory Specification.
pub fn settings() -> Option<PathBuf> {
    named_by("XDG_CONFIG_HOME").or_else(|| home().map(|home| home.join(".config")))
}

/// Why the environment names no home, if it does not.
pub fn homeless() -> Option<&'static str> {
    let home = std::env::var_os("HOME").map(PathBuf::from);
    match &home {
        None => Some("HOME is not set"),
        Some(home) if home.as_os_str().is_empty() => Some("HOME is empty"),
        Some(home) if !home.is_absolute() => Some("HOME is no absolute path"),
        Some(_) => None,
    }
}

/// The folder that a variable of the environment names. One that is not absolute names none (XDG Base
/// Directory Specification).
pub fn named_by(variable: &str) -> Option<PathBuf> {
    let path = std::env::var_os(variable).map(PathBuf::from);
    path.filter(|path| path.is_absolute())
}

/// The folder that something lies in.
pub fn above(path: &Path) -> &Path {
    let above = path.parent().filter(|above| !above.as_os_str().is_empty());
    above.unwrap_or(Path::new("."))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn folders_are_made_all_the_way_down_and_only_once() {
        let place = tempfile::tempdir().unwrap();
        let deep = place.path().join("a/b/c");
        create(&deep).unwrap();
        create(&deep).unwrap();
        assert!(deep.is_dir());
        secure(&deep).unwrap();
        assert!(secure(&deep.join("missing")).is_err());
        assert!(create(Path::new("/dev/null/x")).is_err());
        assert_eq!(above(Path::new("x")), Path::new("."));
    }
}
