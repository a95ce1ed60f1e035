//! The file behind a memory. Appending is all or nothing as far as we can
//! make it: a failed append is cut off again, a torn last line of a crash is cut off at the next
//! start, and anything else that is not understood is refused, since taking it for empty would
//! fetch everything again.

use super::place::{failed, options, Access, Place};
use super::text::{self, Line, HEADER};
use super::{Begun, Entry, Identity, Key, Login, Records};
use crate::error::{Error, Result};
use crate::folder;
use crate::message::{Digest, Listing, Time};
use std::collections::HashMap;
use std::fs::{self, File};
use std::hash::{BuildHasher, Hasher};
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};

/// How long a message that is listed no longer is remembered, because listings come back.
const GRACE: i64 = 90 * 24 * 3600;
/// A file of fewer lines is not worth rewriting.
const SMALL: usize = 1000;

/// The memory of an account, open.
pub struct Memory {
    records: Records,
    file: Option<File>,
    path: PathBuf,
    length: u64,
    /// The file ends where `length` says.
    sound: bool,
    lines: usize,
    next: u64,
    identity: Identity,
    mark: String,
}

impl Memory {
    /// Reads the memory, and makes a new one where there is none. Says as well whether a torn last
    /// line was cut off.
    pub fn recall(place: &Place, identity: &Identity, access: Access) -> Result<(Self, bool)> {
        let path = place.file("seen");
        let mut memory = Self {
            records: Records::default(),
            file: None,
            path,
            length: 0,
            sound: true,
            lines: 0,
            next: 1,
            identity: identity.clone(),
            mark: new_mark(),
        };
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
            if torn {
                let cut = file.set_len(whole as u64).and_then(|()| file.sync_all());
                cut.map_err(failed(&memory.path, "mend"))?;
            }
            file.seek(SeekFrom::End(0))
                .map_err(failed(&memory.path, "read"))?;
            memory.file = Some(file);
        }
        Ok((memory, torn))
    }

    /// What is remembered.
    pub fn records(&self) -> &Records {
        &self.records
    }

    /// The mark that names our own files in a shared place.
    pub fn mark(&self) -> &str {
        &self.mark
    }

    /// Whose maildrop this memory is of, as it says itself.
    pub fn owner(&self) -> &Identity {
        &self.identity
    }

    /// The error that this memory belongs to another maildrop.
    pub fn foreign(&self) -> Error {
        let owner = format!("{} at {}", self.identity.user, self.identity.server);
        Error::OtherMaildrop {
            path: self.path.clone(),
            owner,
        }
    }

    /// From now on this is the memory of another maildrop.
    pub fn adopt(&mut self, identity: &Identity) -> Result<()> {
        self.identity = identity.clone();
        self.records.rename();
        self.rewrite()
    }

    /// The deliveries that earlier runs began and did not finish.
    pub fn begun(&self) -> Vec<(u64, Begun)> {
        self.records
            .begun
            .iter()
            .map(|(id, begun)| (*id, begun.clone()))
            .collect()
    }

    /// Records, durably, that these deliveries begin; gives the number of the first.
    pub fn claim(&mut self, deliveries: Vec<Begun>) -> Result<u64> {
        let first = self.next;
        let lines = deliveries.into_iter().zip(first..);
        let lines = lines.map(|(begun, id)| Line::Claim(id, begun.key, begun.entry, begun.claim));
        self.append(lines.collect(), Durable::Yes)?;
        Ok(first)
    }

    /// Records, durably, that these deliveries are done: the messages are remembered.
    pub fn done(&mut self, first: u64, last: u64) -> Result<()> {
        self.append(vec![Line::Done(first, last)], Durable::Yes)
    }

    /// Records, durably, that a delivery came to nothing: only then may what is left of it be swept,
    /// since a claim of what is not found counts as delivered.
    pub fn void(&mut self, id: u64) -> Result<()> {
        self.append(vec![Line::Void(id)], Durable::Yes)
    }

    /// Remembers a message that needs no delivery.
    pub fn remember(&mut self, key: Key, entry: Entry) -> Result<()> {
        self.append(vec![Line::Seen(key, entry)], Durable::No)
    }

    /// Notes the size that the server lists for a message now.
    pub fn resize(&mut self, key: Key, digest: Digest, size: u64) -> Result<()> {
        self.append(vec![Line::Size(key, Some(digest), size)], Durable::No)
    }

    /// Notes which messages are gone and which are back, given a complete listing.
    pub fn compare(&mut self, listings: &[Listing], now: Time) -> Result<()> {
        let lines = self.records.moved(listings, now);
        self.append(lines, Durable::No)
    }

    /// Notes which messages without UIDs are gone and which are back, if all of them were met.
    pub fn met(&mut self, met: Option<HashMap<Digest, usize>>, now: Time) -> Result<()> {
        let lines = met.map(|met| self.records.met(&met, now));
        self.append(lines.unwrap_or_default(), Durable::No)
    }

    /// Notes that the server confirmed the deletion of these messages.
    pub fn deleted(&mut self, keys: Vec<Key>, now: Time) -> Result<()> {
        let mut lines = Vec::new();
        for key in keys {
            for entry in self.records.entries.get(&key).into_iter().flatten() {
                lines.push(Line::Gone(key.clone(), entry.digest, now));
            }
        }
        self.append(lines, Durable::No)
    }

    /// Notes a login, and how far the next one is to be from it.
    pub fn logged_in(&mut self, login: Login) -> Result<()> {
        self.append(vec![Line::Login(login)], Durable::No)
    }

    /// Notes that a message could not be had in one run more; gives how many that are.
    pub fn failed(&mut self, key: Key) -> Result<u32> {
        let count = self
            .records
            .failures
            .get(&key)
            .copied()
            .unwrap_or(0)
            .saturating_add(1);
        self.append(vec![Line::Fail(key, count)], Durable::No)?;
        Ok(count)
    }

    /// Writes the file anew when much of it is history, and lets go of what has long been gone.
    pub fn compact(&mut self, now: Time) -> Result<()> {
        if self.file.is_none() || self.lines < SMALL || self.lines < 2 * self.records.lines() {
            return Ok(());
        }
        self.records.forget(Time(now.0 - GRACE));
        self.rewrite()
    }

    /// Takes the lines of the file; gives how far they are whole.
    fn read(&mut self, bytes: &[u8]) -> Result<usize> {
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

    /// Appends lines, and only then believes them. A dry run changes nothing.
    fn append(&mut self, lines: Vec<Line>, durable: Durable) -> Result<()> {
        let Some(file) = self.file.as_mut().filter(|_| !lines.is_empty()) else {
            return Ok(());
        };
        if !self.sound {
            let why = io::Error::other("what failed before may stand there by half");
            return Err(failed(&self.path, "write")(why));
        }
        let mut all = String::new();
        lines.iter().for_each(|line| text::write(&mut all, line));
        let written = file.write_all(all.as_bytes()).and_then(|()| match durable {
            Durable::Yes => file.sync_data(),
            Durable::No => Ok(()),
        });
        if let Err(why) = written {
            // What may stand there by half must not stay: the next line would be glued to it.
            let cut = file.set_len(self.length);
            let cut = cut.and_then(|()| file.seek(SeekFrom::End(0)));
            self.sound = cut.is_ok();
            return Err(failed(&self.path, "write")(why));
        }
        self.length += all.len() as u64;
        self.lines += lines.len();
        for line in lines {
            if let Line::Claim(id, ..) = line {
                self.next = self.next.max(id + 1);
            }
            self.records
                .take(line)
                .map_err(|why| Error::Bug(why.into()))?;
        }
        Ok(())
    }

    /// Where the memory is written anew.
    fn fresh(&self) -> PathBuf {
        self.path.with_extension("seen.new")
    }

    /// Writes the whole memory beside the file, syncs it, and puts it in the file's place.
    fn rewrite(&mut self) -> Result<()> {
        let fresh = self.fresh();
        let mut all = format!("{HEADER}\n");
        text::write(
            &mut all,
            &Line::Account(self.identity.clone(), self.mark.clone()),
        );
        let records = &self.records;
        let mut entries: Vec<_> = records.entries.iter().collect();
        entries.sort_by(|one, other| one.0.cmp(other.0));
        for (key, entries) in entries {
            for entry in entries {
                text::write(&mut all, &Line::Seen(key.clone(), entry.clone()));
            }
        }
        for (key, count) in &records.failures {
            text::write(&mut all, &Line::Fail(key.clone(), *count));
        }
        if let Some(login) = records.login {
            text::write(&mut all, &Line::Login(login));
        }
        for (id, Begun { key, entry, claim }) in &records.begun {
            let (key, entry, claim) = (key.clone(), entry.clone(), claim.clone());
            text::write(&mut all, &Line::Claim(*id, key, entry, claim));
        }
        let written = replace(&fresh, &self.path, all.as_bytes());
        let file = written.map_err(failed(&self.path, "write"))?;
        (self.length, self.sound) = (all.len() as u64, true);
        self.lines = all.lines().count();
        self.file = Some(file);
        Ok(())
    }
}

/// Whether a line must survive a power cut before anything else happens.
#[derive(Clone, Copy)]
enum Durable {
    Yes,
    No,
}

/// Puts new content in a file's place: written beside it, synced, renamed, the directory synced.
fn replace(fresh: &Path, path: &Path, content: &[u8]) -> io::Result<File> {
    folder::clear(fresh)?;
    let mut file = folder::fresh(fresh)?;
    file.write_all(content)?;
    file.sync_all()?;
    fs::rename(fresh, path)?;
    folder::sync(folder::above(path))?;
    Ok(file)
}

/// Twelve hex digits that no other account will have.
fn new_mark() -> String {
    // The standard library seeds its hash maps from the system's randomness.
    let random = std::collections::hash_map::RandomState::new()
        .build_hasher()
        .finish();
    format!("{:012x}", random & 0xffff_ffff_ffff)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn place(directory: &Path) -> Place {
        Place {
            directory: directory.into(),
            account: "work".into(),
        }
    }

    fn identity() -> Identity {
        Identity {
            name: "work".into(),
            user: "alice".into(),
            server: "pop.example.org".into(),
        }
    }

    fn recall(directory: &Path) -> Result<(Memory, bool)> {
        Memory::recall(&place(directory), &identity(), Access::Write)
    }

    fn begun(uid: &[u8]) -> Begun {
        let key = Key::Uid(crate::message::Uid::new(uid).unwrap());
        let digest = Some(Digest([7; 16]));
        let entry = Entry {
            size: Some(1),
            stored: Time(2),
            digest,
            copies: 1,
            gone: None,
        };
        Begun {
            key,
            entry,
            claim: b"maildir x".to_vec(),
        }
    }

    #[test]
    fn what_was_done_is_remembered_and_what_was_begun_is_found() {
        let folder = tempfile::tempdir().unwrap();
        let (mut memory, _) = recall(folder.path()).unwrap();
        let first = memory
            .claim(vec![begun(b"a"), begun(b"b"), begun(b"c")])
            .unwrap();
        memory.done(first, first + 1).unwrap();
        let (memory, torn) = recall(folder.path()).unwrap();
        assert!(!torn);
        assert_eq!(memory.records().expected().count(), 2);
        assert_eq!(memory.begun(), vec![(first + 2, begun(b"c"))]);
    }

    #[test]
    fn every_torn_tail_is_cut_and_the_rest_kept() {
        let folder = tempfile::tempdir().unwrap();
        let (mut memory, _) = recall(folder.path()).unwrap();
        let path = folder.path().join("work.seen");
        let first = memory.claim(vec![begun(b"a")]).unwrap();
        memory.done(first, first).unwrap();
        let sound = fs::read(&path).unwrap();
        memory.claim(vec![begun(b"b")]).unwrap();
        let longer = fs::read(&path).unwrap();
        for cut in sound.len() + 1..longer.len() {
            for zeros in [0, 9] {
                let mut torn = longer[..cut].to_vec();
                torn.extend(vec![0; zeros]);
                fs::write(&path, torn).unwrap();
                let (memory, mended) = recall(folder.path()).unwrap();
                assert!(mended);
                assert_eq!(memory.records().expected().count(), 1);
                assert_eq!(fs::read(&path).unwrap(), sound);
            }
        }
    }

    #[test]
    fn foreign_and_damaged_files_are_refused() {
        let folder = tempfile::tempdir().unwrap();
        drop(recall(folder.path()).unwrap());
        let path = folder.path().join("work.seen");
        let sound = fs::read_to_string(&path).unwrap();
        for bad in [
            "",
            "mbox\n",
            "popget-seen 2\n",
            "popget-seen 1\n",
            &format!("{sound}garbage\n"),
            &format!("{sound}done 4\n"),
        ] {
            fs::write(&path, bad).unwrap();
            assert!(
                matches!(recall(folder.path()), Err(Error::StateDamaged { .. })),
                "{bad:?}"
            );
        }
    }

    #[test]
    fn compaction_keeps_what_counts() {
        let folder = tempfile::tempdir().unwrap();
        let (mut memory, _) = recall(folder.path()).unwrap();
        for _ in 0..SMALL {
            let first = memory.claim(vec![begun(b"a")]).unwrap();
            memory.void(first).unwrap();
        }
        let first = memory.claim(vec![begun(b"b"), begun(b"open")]).unwrap();
        memory.done(first, first).unwrap();
        let login = Login {
            at: Time(5),
            delay: 60,
        };
        memory.logged_in(login).unwrap();
        let mark = memory.mark().to_string();
        memory.compact(Time(0)).unwrap();
        let lines = fs::read_to_string(folder.path().join("work.seen"))
            .unwrap()
            .lines()
            .count();
        assert_eq!(lines, 5);
        let (memory, _) = recall(folder.path()).unwrap();
        assert_eq!(memory.mark(), mark);
        assert_eq!(memory.records().login(), Some(login));
        assert_eq!(memory.records().expected().count(), 1);
        assert_eq!(memory.begun().len(), 1);
    }
}
