//! How a memory is read, or begun where there is none.

use super::file::Memory;
use super::place::{failed, options, Access, Place};
use super::text::{self, Line, HEADER};
use super::{Identity, Records};
use crate::error::{Error, Result};
use std::fs::{self, File};
use std::hash::{BuildHasher, Hasher};
use std::io::{self, Read, Seek, SeekFrom};
use std::path::{Path, PathBuf};

impl Memory {
    /// Reads the memory, and makes a new one where there is none. Says as well whether a torn last
    /// line was cut off.
    pub fn recall(place: &Place, identity: &Identity, access: Access) -> Result<(Self, bool)> {
        let mut memory = Self::blank(place.file("seen"), identity);
        if access == Access::Write {
            // A run killed while it compacted left it; if it cannot be removed it does no harm.
            let _ = fs::remove_file(memory.fresh());
        }
        let mut file = match options().open(&memory.path) {
            Ok(file) => file,
            Err(why) if why.kind() == io::ErrorKind::NotFound => {
                if access == Access::Write {
                    memory.rewrite()?;
                }
                return Ok((memory, false));
            }
            Err(why) => return Err(failed(&memory.path, "open")(why)),
        };
        // Another kind of file might never come to an end.
        if !file.metadata().is_ok_and(|meta| meta.is_file()) {
            let why = io::Error::new(io::ErrorKind::InvalidData, "it is not a file");
            return Err(failed(&memory.path, "use")(why));
        }
        let mut bytes = Vec::new();
        file.read_to_end(&mut bytes)
            .map_err(failed(&memory.path, "read"))?;
        let whole = memory.read(&bytes)?;
        let torn = whole < bytes.len();
        memory.length = whole as u64;
        if access == Access::Write {
            memory.take_over(file, torn)?;
        }
        Ok((memory, torn))
    }

    /// A memory of nothing, without a file.
    pub(super) fn blank(path: PathBuf, identity: &Identity) -> Self {
        Self {
            records: Records::default(),
            file: None,
            path,
            length: 0,
            sound: true,
            synced: false,
            rooted: false,
            voids: false,
            lines: 0,
            next: 1,
            identity: identity.clone(),
            mark: new_mark(),
        }
    }

    /// Makes a file that was read fit to be written to and relied upon.
    fn take_over(&mut self, mut file: File, torn: bool) -> Result<()> {
        if torn {
            let cut = file.set_len(self.length).and_then(|()| file.sync_all());
            cut.map_err(failed(&self.path, "mend"))?;
            self.synced = true;
        }
        file.seek(SeekFrom::End(0))
            .map_err(failed(&self.path, "read"))?;
        self.file = Some(file);
        if self.voids || !self.records.begun.is_empty() {
            // What is claimed will be published, and what came to nothing swept.
            self.secure()?;
        }
        Ok(())
    }

    /// Takes the lines of the file; gives how far they are whole.
    pub(super) fn read(&mut self, bytes: &[u8]) -> Result<usize> {
        let damaged = |path: &Path, line, why| Error::StateDamaged {
            path: path.into(),
            line,
            why,
        };
        // A power cut can leave zeros where the last, unsynced lines were to be; nothing behind
        // them was ever relied upon.
        let whole = bytes.iter().position(|b| *b == 0).unwrap_or(bytes.len());
        let whole = bytes[..whole]
            .iter()
            .rposition(|b| *b == b'\n')
            .map_or(0, |at| at + 1);
        for line in bytes[..whole].split_inclusive(|b| *b == b'\n') {
            self.lines += 1;
            let line = line.strip_suffix(b"\n").unwrap_or(line);
            if self.lines == 1 {
                if line != HEADER.as_bytes() {
                    let why = "this is no memory of popget, or of a newer one";
                    return Err(damaged(&self.path, 1, why));
                }
                continue;
            }
            match text::parse(line) {
                Some(Line::Account(identity, mark)) if self.lines == 2 => {
                    (self.identity, self.mark) = (identity, mark);
                }
                Some(line) if self.lines > 2 => {
                    if let Line::Claim(id, ..) = line {
                        self.next = self.next.max(id.saturating_add(1));
                    }
                    self.voids |= matches!(line, Line::Void(_));
                    self.rooted |= matches!(line, Line::Void(_) | Line::Done(..));
                    let taken = self.records.take(line);
                    taken.map_err(|why| damaged(&self.path, self.lines, why))?;
                }
                _ => {
                    return Err(damaged(
                        &self.path,
                        self.lines,
                        "this line is not understood",
                    ))
                }
            }
        }
        if self.lines < 2 {
            return Err(damaged(
                &self.path,
                1,
                "the file is empty or cut off at its head",
            ));
        }
        Ok(whole)
    }
}

/// Twelve hex digits that no other account will have.
fn new_mark() -> String {
    // The standard library seeds its hash maps from the system's randomness.
    let random = std::collections::hash_map::RandomState::new()
        .build_hasher()
        .finish();
    format!("{:012x}", random & 0xffff_ffff_ffff)
}
