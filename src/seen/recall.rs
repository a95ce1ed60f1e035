//! How a memory is read, or begun where there is none.

use super::file::Memory;
use super::place::{failed, options, Access, Place};
use super::text::{self, Line, HEADER};
use super::{Identity, Records};
use crate::error::{Error, Result};
use std::fs::{self, File};
use std::hash::{BuildHasher, Hasher};
use std::io::{self, BufRead, BufReader, Seek, SeekFrom};
use std::path::PathBuf;

/// How much of the file is read at a time.
const PIECE: usize = 64 * 1024;

/// How far a file is whole.
pub(super) struct Extent {
    /// So many bytes of it are whole lines.
    pub whole: u64,
    /// Something stands behind them.
    pub torn: bool,
}

impl Memory {
    /// Reads the memory, and makes a new one where there is none. Says as well whether a torn last
    /// line was cut off.
    pub fn recall(place: &Place, identity: &Identity, access: Access) -> Result<(Self, bool)> {
        let mut memory = Self::blank(place.file("seen"), identity);
        if access == Access::Write {
            // A run killed while it compacted left it; if it cannot be removed it does no harm.
            let _ = fs::remove_file(memory.fresh());
        }
        let file = match options().open(&memory.path) {
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
        let Extent { whole, torn } = memory.read(&mut BufReader::with_capacity(PIECE, &file))?;
        memory.length = whole;
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
            claims: 0,
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

    /// Takes the lines of the file, each where it was read to: there may be very many.
    pub(super) fn read(&mut self, file: &mut impl BufRead) -> Result<Extent> {
        let (mut whole, mut begun) = (0, Vec::new());
        let torn = loop {
            let piece = match file.fill_buf() {
                Err(why) if why.kind() == io::ErrorKind::Interrupted => continue,
                piece => piece.map_err(|why| failed(&self.path, "read")(why))?,
            };
            // A power cut can leave zeros where the last, unsynced lines were to be; nothing behind
            // them was ever relied upon.
            let sound = memchr::memchr(0, piece).unwrap_or(piece.len());
            whole += self.take_lines(&piece[..sound], &mut begun)?;
            let read = piece.len();
            if read == 0 || sound < read {
                break sound < read || !begun.is_empty();
            }
            file.consume(read);
        };
        match self.lines {
            0 | 1 => Err(self.damaged(1, "the file is empty or cut off at its head")),
            _ => Ok(Extent { whole, torn }),
        }
    }

    /// Takes the lines of a piece of the file, of which the first may have `begun` in the one before;
    /// gives how long they are, and leaves there what of a line is begun.
    fn take_lines(&mut self, piece: &[u8], begun: &mut Vec<u8>) -> Result<u64> {
        let (mut rest, mut whole) = (piece, 0);
        while let Some(end) = memchr::memchr(b'\n', rest) {
            let mut line = &rest[..end];
            if !begun.is_empty() {
                begun.extend_from_slice(line);
                line = begun;
            }
            self.take_line(line)?;
            whole += line.len() as u64 + 1;
            begun.clear();
            rest = &rest[end + 1..];
        }
        begun.extend_from_slice(rest);
        Ok(whole)
    }

    /// Takes the next line of the file.
    fn take_line(&mut self, line: &[u8]) -> Result<()> {
        self.lines += 1;
        let unknown = || self.damaged(self.lines, "this line is not understood");
        if self.lines == 1 {
            let why = "this is no memory of popget, or of a newer one";
            let ours = line == HEADER.as_bytes();
            return ours.then_some(()).ok_or_else(|| self.damaged(1, why));
        }
        let line = text::parse(line).ok_or_else(unknown)?;
        match line {
            Line::Account(identity, mark) if self.lines == 2 => {
                (self.identity, self.mark) = (identity, mark);
                return Ok(());
            }
            _ if self.lines == 2 => return Err(unknown()),
            Line::Claim(id, ..) => {
                self.next = self.next.max(id.saturating_add(1));
                self.claims += 1;
            }
            Line::Void(_) => (self.voids, self.rooted) = (true, true),
            Line::Done(..) => self.rooted = true,
            Line::Account(..) => return Err(unknown()),
            _ => {}
        }
        let taken = self.records.take(line);
        taken.map_err(|why| self.damaged(self.lines, why))
    }

    fn damaged(&self, line: usize, why: &'static str) -> Error {
        Error::StateDamaged {
            path: self.path.clone(),
            line,
            why,
        }
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
