//! Secrets in files.

use super::{Secret, LIMIT};
use crate::error::{plain, Error, Result};
use crate::folder;
use std::fs::File;
use std::io::{self, Read, Write};
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

/// The first line of a password file, which nobody else may be able to read.
pub fn first_line(path: &Path) -> Result<Secret> {
    let what = "password file";
    line_of(what, path, slurp(what, path, &private(what, path)?)?)
}

/// A password file that was just made, for us alone. It goes again unless it is to stay.
pub struct Made(Option<PathBuf>);

impl Made {
    /// Makes one, where there was none.
    pub fn new(path: &Path, secret: &Secret) -> Result<Self> {
        let fill = || {
            folder::create(folder::above(path))?;
            let mut file = folder::fresh(path)?;
            let made = Self(Some(path.into()));
            file.write_all(secret.expose())?;
            file.write_all(b"\n")?;
            file.sync_all()?;
            Ok(made)
        };
        fill().map_err(|why: io::Error| Error::SecretFile {
            what: "password file",
            path: path.into(),
            why: format!("cannot be made: {}", plain(&why)),
        })
    }

    /// Lets it stay.
    pub fn stays(mut self) {
        self.0 = None;
    }
}

impl Drop for Made {
    fn drop(&mut self) {
        if let Some(path) = &self.0 {
            let _ = folder::clear(path); // nobody else reads it
        }
    }
}

/// The first line of a credential. Its folder is for the service alone, whatever its files' modes.
pub fn credential(name: &str) -> Result<Secret> {
    let Some(folder) = std::env::var_os("CREDENTIALS_DIRECTORY") else {
        return Err(Error::NoCredentials(name.into()));
    };
    let path = PathBuf::from(folder).join(name);
    let file = File::open(&path).map_err(|why| unreadable("credential", &path, why))?;
    line_of("credential", &path, slurp("credential", &path, &file)?)
}

/// Opens a file that nobody else may be able to read.
pub(super) fn private(what: &'static str, path: &Path) -> Result<File> {
    let file = File::open(path).map_err(|why| unreadable(what, path, why))?;
    match open_to_others(&file) {
        None => Ok(file),
        Some(why) => {
            let why = format!("{why}; run chmod 600 {}", path.display());
            let path = path.into();
            Err(Error::SecretFile { what, path, why })
        }
    }
}

/// Reads a file that may hold secrets.
pub(super) fn slurp(what: &'static str, path: &Path, file: &File) -> Result<Vec<u8>> {
    // Room for all of it at once: what grows leaves copies behind.
    let mut bytes = Vec::with_capacity(LIMIT as usize + 1);
    file.take(LIMIT)
        .read_to_end(&mut bytes)
        .map_err(|why| unreadable(what, path, why))?;
    Ok(bytes)
}

fn line_of(what: &'static str, path: &Path, bytes: Vec<u8>) -> Result<Secret> {
    let secret = Secret::first_line(bytes);
    if secret.expose().is_empty() {
        return Err(Error::SecretFile {
            what,
            path: path.into(),
            why: "its first line is empty; the secret belongs there".into(),
        });
    }
    Ok(secret)
}

fn unreadable(what: &'static str, path: &Path, why: io::Error) -> Error {
    Error::unread(why, "read a file with a secret", |why| Error::SecretFile {
        what,
        path: path.into(),
        why: format!(
            "cannot be read: {}; {}",
            plain(&why),
            crate::error::local_advice(&why)
        ),
    })
}

/// Why a file is not fit to hold a secret, if it is not. A group may read what root owns, since
/// that is how services are given their settings.
pub fn open_to_others(file: &File) -> Option<&'static str> {
    let meta = file.metadata().ok()?;
    let (mode, root) = (meta.mode(), meta.uid() == 0);
    if !meta.is_file() {
        return None; // a pipe or a terminal: its maker has seen to it
    }
    match mode {
        _ if mode & 0o002 != 0 => Some("can be written by everyone"),
        _ if mode & 0o004 != 0 => Some("can be read by everyone"),
        _ if mode & 0o040 != 0 && !root => Some("can be read by its group"),
        _ => None,
    }
}
