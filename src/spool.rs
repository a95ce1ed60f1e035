//! What is kept until it is whole: in memory while it is small, else in a file without a name, so that
//! nothing is left of it whatever happens.

use crate::error::{Error, Result};
use crate::folder;
use std::fs::{self, File};
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::ops::Range;
use std::path::{Path, PathBuf};

/// What fits into memory.
const SMALL: usize = 256 * 1024;

/// A message under way, or several.
pub struct Spool {
    path: PathBuf,
    memory: Vec<u8>,
    file: Option<File>,
    length: u64,
}

impl Spool {
    /// An empty one, which will use this path if it grows.
    pub fn new(path: &Path) -> Self {
        Self {
            path: path.into(),
            memory: Vec::new(),
            file: None,
            length: 0,
        }
    }

    /// How long it is.
    pub fn length(&self) -> u64 {
        self.length
    }

    /// Adds to it.
    pub fn write(&mut self, bytes: &[u8]) -> Result<()> {
        self.length += bytes.len() as u64;
        if self.file.is_none() && self.memory.len() + bytes.len() <= SMALL {
            self.memory.extend_from_slice(bytes);
            return Ok(());
        }
        let failed = |why| Error::Delivering {
            path: self.path.clone(),
            doing: "use the spool",
            why,
        };
        if self.file.is_none() {
            let mut file = nameless(&self.path).map_err(failed)?;
            file.write_all(&self.memory).map_err(failed)?;
            self.memory = Vec::new();
            self.file = Some(file);
        }
        let written = self
            .file
            .as_mut()
            .map_or(Ok(()), |file| file.write_all(bytes));
        written.map_err(failed)
    }

    /// All of it, from its beginning.
    pub fn reader(&mut self) -> Result<Box<dyn Read + '_>> {
        self.reader_of(0..self.length)
    }

    /// A part of it.
    pub fn reader_of(&mut self, part: Range<u64>) -> Result<Box<dyn Read + '_>> {
        let failed = |why| Error::Delivering {
            path: self.path.clone(),
            doing: "use the spool",
            why,
        };
        let length = part.end - part.start;
        match &mut self.file {
            Some(file) => {
                file.seek(SeekFrom::Start(part.start)).map_err(failed)?;
                Ok(Box::new(file.take(length)))
            }
            None => {
                let from = usize::try_from(part.start).unwrap_or(usize::MAX);
                let rest = self.memory.get(from..).unwrap_or_default();
                Ok(Box::new(rest.take(length)))
            }
        }
    }

    /// Gives it piece by piece.
    pub fn pour(&mut self, mut to: impl FnMut(&[u8]) -> Result<()>) -> Result<()> {
        let path = self.path.clone();
        let mut reader = self.reader()?;
        let mut piece = vec![0; 64 * 1024];
        loop {
            match reader.read(&mut piece) {
                Ok(0) => return Ok(()),
                Ok(n) => to(&piece[..n])?,
                Err(why) if why.kind() == io::ErrorKind::Interrupted => {}
                Err(why) => {
                    return Err(Error::Delivering {
                        path,
                        doing: "read back the spool",
                        why,
                    })
                }
            }
        }
    }
}

/// A file that no one else can open, and that is gone when it is closed. A run that was killed just
/// here may have left one under this name; the account is ours, so that is nobody's.
fn nameless(path: &Path) -> io::Result<File> {
    folder::clear(path)?;
    let file = folder::fresh(path)?;
    fs::remove_file(path)?;
    Ok(file)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn small_and_large_messages_come_back_whole() {
        let folder = tempfile::tempdir().unwrap();
        for size in [0, 10, SMALL, SMALL + 1, 3 * SMALL] {
            let mut spool = Spool::new(&folder.path().join("work.spool"));
            let message: Vec<u8> = (0..size).map(|n| n as u8).collect();
            message
                .chunks(1000)
                .for_each(|piece| spool.write(piece).unwrap());
            for _ in 0..2 {
                let mut back = Vec::new();
                spool
                    .pour(|piece| {
                        back.extend_from_slice(piece);
                        Ok(())
                    })
                    .unwrap();
                assert_eq!(back, message);
            }
            let end = size as u64;
            let mut part = Vec::new();
            let mut reader = spool.reader_of(end / 3..end / 2).unwrap();
            reader.read_to_end(&mut part).unwrap();
            drop(reader);
            assert_eq!(part, message[size / 3..size / 2]);
            assert_eq!(spool.length(), size as u64);
            assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 0);
        }
    }
}
