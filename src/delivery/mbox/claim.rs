//! The claim of a letter in an mbox: where it was to stand, how long, its digest, how it begins. After
//! a crash the file's own tail tells whether it stands there, in part or whole.

use super::letter::Measure;
use super::lock::{Lock, Locked};
use super::{open_file, Missing};
use crate::delivery::{claim_words, path_bytes, undelivered, unprepared, Fate};
use crate::error::{Error, Result};
use crate::message::Digester;
use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom};
use std::os::unix::fs::FileExt;
use std::path::Path;

/// The first word of a claim.
pub const WORD: &[u8] = b"mbox";

/// The words by which a letter is found again.
pub fn words(path: &Path, offset: u64, measure: &Measure) -> Vec<u8> {
    let numbers = format!("{offset} {}", measure.length);
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
pub fn resume(path: &Path, words: &[&[u8]]) -> Result<Fate> {
    let Some((offset, measure)) = parse(words) else {
        return Ok(Fate::Unknown);
    };
    let mut file = match open_file(path, Missing::Fail) {
        Ok(file) => file,
        Err(Error::Destination { why, .. }) if why.kind() == io::ErrorKind::NotFound => {
            return Ok(Fate::Undone)
        }
        Err(error) => return Err(error),
    };
    let locked = Locked::take(path, &Lock::ALL, "resume", &|_| {})?;
    locked.lock_file(&file, &Lock::ALL)?;
    let failed = unprepared(path, "read");
    let size = file.metadata().map_err(&failed)?.len();
    if size <= offset {
        return Ok(Fate::Undone);
    }
    if size >= offset + measure.length && stands(&mut file, offset, &measure).map_err(&failed)? {
        return file
            .sync_all()
            .map(|()| Fate::Delivered)
            .map_err(undelivered(path, "sync"));
    }
    let mut opening = vec![0; measure.opening.len().min((size - offset) as usize)];
    file.read_exact_at(&mut opening, offset).map_err(&failed)?;
    // After a power cut what was not synced may read as zeros.
    let torn = measure.opening.starts_with(&opening) || opening.iter().all(|byte| *byte == 0);
    if torn && size < offset + measure.length {
        let cut = file.set_len(offset).and_then(|()| file.sync_all());
        return cut
            .map(|()| Fate::Undone)
            .map_err(undelivered(path, "mend"));
    }
    Ok(Fate::Unknown)
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
fn parse(words: &[&[u8]]) -> Option<(u64, Measure)> {
    let [numbers, digest, opening] = words else {
        return None;
    };
    let (offset, length) = std::str::from_utf8(numbers).ok()?.split_once(' ')?;
    let digest = unhex(digest)?.try_into().ok()?;
    let measure = Measure {
        length: length.parse().ok()?,
        digest,
        opening: unhex(opening)?,
    };
    Some((offset.parse().ok()?, measure))
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
