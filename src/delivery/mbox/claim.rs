//! The claim of a letter in an mbox: where it was to stand, how long, its digest, how it begins. After
//! a crash the file's own tail tells whether it stands there, in part or whole.
//!
//! A letter's whole length is reserved before its first byte is written, so a torn one ends where
//! the whole one would, or earlier after a power cut: what another program appended since lies
//! behind it, and is never cut off with it.

use super::file::{self, Missing};
use super::letter::Measure;
use super::lock::{Lock, Locked};
use crate::delivery::{claim_words, path_bytes, undelivered, unprepared, Fate};
use crate::error::{Error, Result};
use crate::message::Digester;
use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom};
use std::os::unix::fs::FileExt;
use std::path::Path;

/// The first word of a claim.
pub const WORD: &[u8] = b"mbox";

/// Where a letter is to stand.
#[derive(Clone, Copy)]
pub struct Site {
    /// Where the file ended before this letter and those delivered with it.
    pub start: u64,
    /// Where the letter begins.
    pub offset: u64,
}

/// The words by which a letter is found again.
pub fn words(path: &Path, site: Site, measure: &Measure) -> Vec<u8> {
    let numbers = format!("{} {} {}", site.start, site.offset, measure.length);
    let (digest, opening) = (hex(&measure.digest), hex(&measure.opening));
    claim_words(&[
        WORD,
        path_bytes(path),
        numbers.as_bytes(),
        &digest,
        &opening,
    ])
}

/// Looks at the place where a claimed letter was to stand.
pub fn resume(path: &Path, words: &[&[u8]], mark: &str) -> Result<Fate> {
    let Some((Site { start, offset }, measure)) = parse(words) else {
        return Ok(Fate::Unknown);
    };
    // Mail readers remove an mbox that they have emptied: the letter may have been in it.
    if !path.exists() {
        return Ok(Fate::Unknown);
    }
    let locked = Locked::take(path, &Lock::ALL, mark, &|_| {})?;
    let mut file = match file::locked(path, Missing::Fail, &locked, &Lock::ALL) {
        Ok(file) => file,
        Err(Error::Destination { why, .. }) if why.kind() == io::ErrorKind::NotFound => {
            return Ok(Fate::Unknown)
        }
        Err(error) => return Err(error),
    };
    let failed = unprepared(path, "read");
    let size = file.metadata().map_err(&failed)?.len();
    let end = offset + measure.length;
    if size < start {
        return Ok(Fate::Unknown); // somebody took mail out of it, this letter perhaps
    }
    if size <= offset {
        return Ok(Fate::Undone);
    }
    if size >= end && stands(&mut file, offset, &measure).map_err(&failed)? {
        return file
            .sync_all()
            .map(|()| Fate::Delivered)
            .map_err(undelivered(path, "sync"));
    }
    let mut opening = vec![0; measure.opening.len().min((size - offset) as usize)];
    file.read_exact_at(&mut opening, offset).map_err(&failed)?;
    if size <= end && torn(&opening, &measure.opening) {
        let cut = file.set_len(offset).and_then(|()| file.sync_all());
        return cut
            .map(|()| Fate::Undone)
            .map_err(undelivered(path, "mend"));
    }
    Ok(Fate::Unknown)
}

/// Whether this is a letter's opening as far as it was written. What is reserved, and after a power
/// cut what was not synced, reads as zeros.
fn torn(found: &[u8], opening: &[u8]) -> bool {
    let mut pairs = found.iter().zip(opening);
    pairs.all(|(found, byte)| found == byte || *found == 0)
}

/// Whether the letter stands whole at its place.
fn stands(file: &mut File, offset: u64, measure: &Measure) -> io::Result<bool> {
    let (mut digester, mut left) = (Digester::default(), measure.length);
    let mut piece = vec![0; 64 * 1024];
    file.seek(SeekFrom::Start(offset))?;
    while left > 0 {
        let want = piece.len().min(usize::try_from(left).unwrap_or(usize::MAX));
        file.read_exact(&mut piece[..want])?;
        digester.update(&piece[..want]);
        left -= want as u64;
    }
    Ok(digester.finish().0 == measure.digest)
}

/// Reads the words of a claim.
fn parse(words: &[&[u8]]) -> Option<(Site, Measure)> {
    let [numbers, digest, opening] = words else {
        return None;
    };
    let numbers = std::str::from_utf8(numbers).ok()?.split(' ');
    let numbers: Option<Vec<u64>> = numbers.map(|number| number.parse().ok()).collect();
    let [start, offset, length] = numbers?.try_into().ok()?;
    let digest = unhex(digest)?.try_into().ok()?;
    let measure = Measure {
        length,
        digest,
        opening: unhex(opening)?,
    };
    Some((Site { start, offset }, measure))
}

fn hex(bytes: &[u8]) -> Vec<u8> {
    bytes
        .iter()
        .flat_map(|byte| format!("{byte:02x}").into_bytes())
        .collect()
}

fn unhex(word: &[u8]) -> Option<Vec<u8>> {
    let text = std::str::from_utf8(word).ok()?;
    let pairs = text
        .as_bytes()
        .chunks(2)
        .map(|pair| std::str::from_utf8(pair).ok());
    pairs
        .map(|pair| u8::from_str_radix(pair?, 16).ok())
        .collect()
}
