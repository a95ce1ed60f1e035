//! Whether what was delivered is what was sent, octet for octet.

use std::collections::HashMap;
use std::fmt;
use std::fs;
use std::path::Path;

use anyhow::Result;
use sha2::{Digest as _, Sha256};

use super::lab::Digest;

/// What came of it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Verdict {
    /// Messages that should be there and are not.
    pub missing: usize,
    /// Messages that are there and should not be: changed, or too many.
    pub wrong: usize,
}

impl Verdict {
    /// Whether all is as it should be.
    pub fn good(self) -> bool {
        self == Self::default()
    }
}

impl fmt::Display for Verdict {
    fn fmt(&self, to: &mut fmt::Formatter) -> fmt::Result {
        match (self.missing, self.wrong) {
            (0, 0) => write!(to, "all intact"),
            (missing, wrong) if missing == wrong => write!(to, "{wrong} altered"),
            (missing, 0) => write!(to, "{missing} missing"),
            (missing, wrong) => write!(to, "{missing} missing, {wrong} altered or twice"),
        }
    }
}

/// Compares a Maildir, or a plain folder, with what was sent.
pub fn compare<'d>(folder: &Path, sent: impl Iterator<Item = &'d Digest>) -> Result<Verdict> {
    let mut left: HashMap<Digest, usize> = HashMap::new();
    for digest in sent {
        *left.entry(*digest).or_default() += 1;
    }
    let mut verdict = Verdict::default();
    for place in ["", "new", "cur"] {
        let entries = fs::read_dir(folder.join(place));
        for entry in entries.into_iter().flatten() {
            let entry = entry?;
            if !entry.file_type()?.is_file() {
                continue;
            }
            let digest: Digest = Sha256::digest(fs::read(entry.path())?).into();
            match left.get_mut(&digest).filter(|left| **left > 0) {
                Some(left) => *left -= 1,
                None => verdict.wrong += 1,
            }
        }
    }
    verdict.missing = left.values().sum();
    Ok(verdict)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_octet_and_every_copy_counts() {
        let folder = tempfile::tempdir().unwrap();
        let new = folder.path().join("new");
        fs::create_dir(&new).unwrap();
        let digest = |text: &str| -> Digest { Sha256::digest(text).into() };
        let sent = [digest("a\n"), digest("b\n"), digest("b\n")];
        for (name, text) in [("1", "a\n"), ("2", "b\n")] {
            fs::write(new.join(name), text).unwrap();
        }
        let verdict = || compare(folder.path(), sent.iter()).unwrap();
        assert_eq!(verdict().to_string(), "1 missing");
        fs::write(new.join("3"), "b\r\n").unwrap();
        assert_eq!(verdict().to_string(), "1 altered");
        fs::write(new.join("3"), "b\n").unwrap();
        assert!(verdict().good());
    }
}
