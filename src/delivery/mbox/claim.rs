//! The claim of a letter in an mbox: where it was to stand, how long, its digest, how it begins. After
//! a crash the file's own tail tells whether it stands there, in part or whole.
//!
//! A letter's whole length is reserved before its first byte is written, so a torn one ends where
//! the whole one would, or earlier after a power cut: what another program appended since lies
//! behind it, and is never cut off with it.

use super::file::{self, Missing};
use super::letter::Measure;
use super::lock::{Lock, Locked};
use super::{cut, Before, Hold};
use crate::delivery::{claim_words, hex, path_bytes, undelivered, unprepared, Fate};
use crate::error::{Error, Result};
use crate::folder;
use crate::message::Digester;
use std::fs::{self, File};
use std::io::{self, Read, Seek, SeekFrom};
use std::os::unix::fs::FileExt;
use std::path::Path;
use std::time::{Duration, UNIX_EPOCH};

/// The first word of a claim.
pub const WORD: &[u8] = b"mbox";

/// Where a letter is to stand.
#[derive(Clone, Copy)]
pub struct Site {
    /// The file before this letter and those delivered with it.
    pub before: Before,
    /// Where the letter begins.
    pub offset: u64,
}

/// The words by which a letter is found again.
pub fn words(path: &Path, site: Site, measure: &Measure) -> Vec<u8> {
    let (start, offset, length) = (site.before.start, site.offset, measure.length);
    let changed = site.before.changed.duration_since(UNIX_EPOCH);
    let changed = changed.unwrap_or_default().as_nanos();
    let numbers = format!("{start} {offset} {length} {changed}");
    let (digest, opening) = (hex(&measure.digest), hex(&measure.opening));
    claim_words(&[
        WORD,
        path_bytes(path),
        numbers.as_bytes(),
        &digest,
        &opening,
    ])
}

/// Looks at the places where claimed letters were to stand, all under one lock, which is given back
/// with their fates: a program that took what is found before it is remembered would make it come
/// twice.
pub fn resume(
    path: &Path,
    letters: &[Vec<&[u8]>],
    mark: &str,
) -> Result<(Vec<Fate>, Option<Hold>)> {
    let unknown = vec![Fate::Unknown; letters.len()];
    let Some(letters) = letters.iter().map(|words| parse(words)).collect() else {
        return Ok((unknown, None));
    };
    // Mail readers remove an mbox that they have emptied: the letters may have been in it. What is a
    // folder now is none.
    match fs::metadata(path) {
        Ok(about) if !about.is_dir() => {}
        Ok(_) => return Ok((unknown, None)),
        Err(why) if folder::is_missing(&why) => return Ok((unknown, None)),
        Err(why) => return Err(unprepared(path, "look at")(why)),
    }
    let locked = Locked::take(path, &Lock::ALL, mark, &|_| {})?;
    let file = match file::locked(path, Missing::Fail, &locked, &Lock::ALL) {
        Ok(file) => file,
        Err(Error::Destination { why, .. }) if why.kind() == io::ErrorKind::NotFound => {
            return Ok((unknown, None))
        }
        Err(error) => return Err(error),
    };
    let found = Found::look(&file, letters).map_err(unprepared(path, "read"))?;
    found.mend(&file).map_err(undelivered(path, "mend"))?;
    let hold = Hold {
        file,
        _locked: locked,
    };
    Ok((found.fates, Some(hold)))
}

/// What is found at the places of letters, in the order in which they were claimed and appended.
struct Found {
    fates: Vec<Fate>,
    /// Where to cut off what is torn.
    cut: Option<(u64, Before)>,
}

impl Found {
    /// Letters stand one behind the other. From the first on that does not stand whole, all may be
    /// torn: after a power cut also one that stands before one that does not. It is undone if there
    /// is nothing else behind it.
    fn look(file: &File, letters: Vec<(Site, Measure)>) -> io::Result<Self> {
        let about = file.metadata()?;
        let (size, changed) = (about.len(), about.modified()?);
        let mut fates = Vec::new();
        for (site, measure) in &letters {
            let stands = size >= site.before.start && stands(file, size, (site.offset, measure))?;
            fates.push(if stands {
                Fate::Delivered
            } else {
                Fate::Unknown
            });
        }
        let mut found = Self { fates, cut: None };
        let Some(first) = found.fates.iter().position(|fate| *fate == Fate::Unknown) else {
            return Ok(found);
        };
        let Site { before, offset } = letters[first].0;
        // Not even reserved, and nothing before it that shows that nobody took it away.
        let absent = first == 0 && size <= offset;
        if !ours(file, size, &letters[first..])? || absent && changed != before.changed {
            return Ok(found);
        }
        found.fates[first..].fill(Fate::Undone);
        found.cut = (size > offset).then_some((offset, before));
        Ok(found)
    }

    /// Cuts off what is torn, and makes the rest last.
    fn mend(&self, file: &File) -> io::Result<()> {
        if let Some((at, before)) = self.cut {
            cut(file, at, before)?;
        }
        // What stands there may have been cut off, or written, just before that run was killed.
        match self.fates.iter().all(|fate| *fate == Fate::Unknown) {
            true => Ok(()),
            false => file.sync_all(),
        }
    }
}

/// Whether a file ends with these letters, torn ones among them, as far as it goes.
fn ours(file: &File, size: u64, letters: &[(Site, Measure)]) -> io::Result<bool> {
    let mut end = letters.first().map_or(0, |(site, _)| site.offset);
    for (Site { before, offset }, measure) in letters {
        if size < before.start || *offset != end {
            return Ok(false);
        }
        end += measure.length;
        let there = size
            .saturating_sub(*offset)
            .min(measure.opening.len() as u64);
        let mut opening = vec![0; there as usize];
        file.read_exact_at(&mut opening, *offset)?;
        if !torn(&opening, &measure.opening) {
            return Ok(false);
        }
    }
    Ok(size <= end)
}

/// Whether this is a letter's opening as far as it was written. What is reserved, and after a power
/// cut what was not synced, reads as zeros.
pub(super) fn torn(found: &[u8], opening: &[u8]) -> bool {
    let mut pairs = found.iter().zip(opening);
    pairs.all(|(found, byte)| found == byte || *found == 0)
}

/// Whether a letter stands whole at its place.
fn stands(mut file: &File, size: u64, (offset, measure): (u64, &Measure)) -> io::Result<bool> {
    let (mut digester, mut left) = (Digester::default(), measure.length);
    if offset.checked_add(left).is_none_or(|end| end > size) {
        return Ok(false);
    }
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
pub(super) fn parse(words: &[&[u8]]) -> Option<(Site, Measure)> {
    let [numbers, digest, opening] = words else {
        return None;
    };
    let numbers = std::str::from_utf8(numbers).ok()?.split(' ');
    let numbers: Option<Vec<u64>> = numbers.map(|number| number.parse().ok()).collect();
    let [start, offset, length, changed] = numbers?.try_into().ok()?;
    offset.checked_add(length).filter(|_| start <= offset)?;
    let digest = unhex(digest)?.try_into().ok()?;
    let measure = Measure {
        length,
        digest,
        opening: unhex(opening)?,
    };
    let changed = UNIX_EPOCH + Duration::from_nanos(changed);
    let before = Before { start, changed };
    Some((Site { before, offset }, measure))
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
