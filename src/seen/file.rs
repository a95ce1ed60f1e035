//! The file behind a memory. Appending is all or nothing as far as we can make it: a failed append is
//! cut off again, a torn last line of a crash is cut off at the next start (`recall`), and anything
//! else that is not understood is refused, since taking it for empty would fetch everything again.

use super::entries::Entries;
use super::place::failed;
use super::text::{self, Line, HEADER};
use super::{Begun, Ended, Entry, Identity, Key, Known, Login, Offers, Records, Undone};
use crate::error::{Error, Result};
use crate::folder;
use crate::message::{Digest, Listing, Time};
use std::collections::HashMap;
use std::fs::{self, File};
use std::io::{self, BufWriter, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};

/// How much of it is written at a time.
const PIECE: usize = 256 * 1024;
/// How long a message that is listed no longer is remembered, because listings come back.
const GRACE: i64 = 90 * 24 * 3600;
/// A file of fewer lines is not worth rewriting.
const SMALL: usize = 1000;
/// The line of a claim is about so many times as long as what is to be remembered when it is done.
const CLAIM: usize = 3;

/// The memory of an account, open.
pub struct Memory {
    pub(super) records: Records,
    pub(super) file: Option<File>,
    pub(super) path: PathBuf,
    pub(super) length: u64,
    /// The file ends where `length` says.
    pub(super) sound: bool,
    /// What was read is on the disk.
    pub(super) synced: bool,
    /// The way to the file is on the disk: a line that says what became of a delivery was appended
    /// only when it was.
    pub(super) rooted: bool,
    /// It was read that a delivery came to nothing.
    pub(super) voids: bool,
    pub(super) lines: usize,
    /// How many of them were claims when it was read; those of this run are left to later ones.
    pub(super) claims: usize,
    pub(super) next: u64,
    pub(super) identity: Identity,
    pub(super) mark: String,
}

impl Memory {
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

    /// Records, durably and in one breath, what became of earlier deliveries, as `settle` does, and that
    /// these begin; gives the number of the first.
    pub fn claim(&mut self, ended: &Ended, deliveries: Vec<Begun>) -> Result<u64> {
        let first = self.next;
        let claims = deliveries.into_iter().zip(first..);
        let claims = claims.map(|(begun, id)| Line::Claim(id, begun));
        let mut lines = Self::said_of(ended);
        lines.extend(claims);
        self.append(lines, Durable::Yes)?;
        Ok(first)
    }

    /// Records, durably, what became of deliveries: these are done and remembered, those came to
    /// nothing, but in some places. Only then may what is left of the latter be swept, since a claim of
    /// what is not found counts as delivered.
    pub fn settle(&mut self, ended: &Ended) -> Result<()> {
        self.append(Self::said_of(ended), Durable::Yes)
    }

    /// The lines that say what became of deliveries.
    fn said_of(ended: &Ended) -> Vec<Line> {
        let done = ended.done.chunk_by(|one, next| one + 1 == *next);
        let done = done.filter_map(|row| Some(Line::Done(*row.first()?, *row.last()?)));
        let mut lines: Vec<Line> = done.collect();
        // A claim without its end is looked into again, so this comes last.
        for Undone { id, took } in &ended.undone {
            lines.extend(took.iter().map(|place| Line::Took(*id, place.clone())));
            lines.push(Line::Void(*id));
        }
        lines
    }

    /// Records, durably, that one of several places has taken a message which others still lack.
    pub fn took(&mut self, id: u64, place: Vec<u8>) -> Result<()> {
        self.append(vec![Line::Took(id, place)], Durable::Yes)
    }

    /// The places that have a message already which is to be delivered now.
    pub fn meet(&mut self, key: &Key, digest: Digest) -> Vec<Vec<u8>> {
        self.records.parts.meet(key, digest)
    }

    /// Begins a session: no letter is under way.
    pub fn begin_anew(&mut self) {
        self.records.parts.part();
    }

    /// Makes durable what was read: whoever wrote it may have been killed before it was synced.
    pub fn secure(&mut self) -> Result<()> {
        self.root()?;
        match &self.file {
            Some(file) if !self.synced => {
                file.sync_data().map_err(failed(&self.path, "sync"))?;
            }
            _ => {}
        }
        self.synced = true;
        Ok(())
    }

    /// Makes sure that the file will be found, and in it the mark by which our files are swept: it
    /// must outlast a power cut that they outlast.
    pub fn root(&mut self) -> Result<()> {
        if !self.rooted {
            folder::secure(&self.path).map_err(failed(&self.path, "sync the folder of"))?;
            self.rooted = true;
        }
        Ok(())
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
            let entries = self.records.entries.get(&key).map(Entries::known);
            for entry in entries.into_iter().flat_map(Known::iter) {
                lines.push(Line::Gone(key.clone(), entry.digest, now));
            }
        }
        self.append(lines, Durable::No)
    }

    /// Notes a login, and how far the next one is to be from it.
    pub fn logged_in(&mut self, login: Login) -> Result<()> {
        self.append(vec![Line::Login(login)], Durable::No)
    }

    /// Notes what the server can do; that nothing is known of it, only where something was.
    pub fn offered(&mut self, offers: Offers) -> Result<()> {
        if offers.words.is_empty() && self.records.offers().is_none() {
            return Ok(());
        }
        self.append(vec![Line::Offers(offers)], Durable::No)
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
        let weight = self.lines + (CLAIM - 1) * self.claims;
        if self.file.is_none() || self.lines < SMALL || weight < 2 * self.records.lines() {
            return Ok(());
        }
        self.records.forget(Time(now.0 - GRACE));
        self.rewrite()
    }

    /// Appends lines, and only then believes them. A dry run changes nothing.
    fn append(&mut self, lines: Vec<Line>, durable: Durable) -> Result<()> {
        if self.file.is_none() || lines.is_empty() {
            return Ok(());
        }
        if let Durable::Yes = durable {
            self.root()?;
            self.synced = true;
        }
        let Some(file) = self.file.as_mut() else {
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
            // What may stand there by half must not stay: the next line would be glued to it, now or
            // after a power cut.
            let cut = file.set_len(self.length).and_then(|()| file.sync_all());
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
    pub(super) fn fresh(&self) -> PathBuf {
        self.path.with_extension("seen.new")
    }

    /// The lines, behind the first, that say all that is remembered.
    pub(super) fn whole(&self) -> impl Iterator<Item = Line> + '_ {
        let records = &self.records;
        let account = Line::Account(self.identity.clone(), self.mark.clone());
        let seen = records.entries.iter().flat_map(|(key, entries)| {
            let entries = entries.known().iter();
            entries.map(|entry| Line::Seen(key.clone(), entry))
        });
        let mut failures: Vec<_> = records.failures.iter().collect();
        failures.sort_unstable();
        let failures = failures.into_iter();
        let failures = failures.map(|(key, count)| Line::Fail(key.clone(), *count));
        let begun = records.begun.iter().flat_map(|(id, begun)| {
            let took = begun.took.iter();
            let took = took.map(|place| Line::Took(*id, place.clone()));
            std::iter::once(Line::Claim(*id, begun.clone())).chain(took)
        });
        let login = records.login.map(Line::Login);
        let offers = records.offers().cloned().map(Line::Offers);
        let all = std::iter::once(account).chain(seen).chain(failures);
        let all = all.chain(records.parts.lines());
        let known = |key: &Key| records.entries.get(key).is_some();
        let all = all.chain(records.doubts.lines(known));
        all.chain(login).chain(offers).chain(begun)
    }

    /// Writes the whole memory beside the file, syncs it, and puts it in the file's place. If that fails
    /// nothing is left beside it, where room may be scarce.
    pub(super) fn rewrite(&mut self) -> Result<()> {
        let written = replace(&self.fresh(), &self.path, self.whole());
        if written.is_err() {
            let _ = fs::remove_file(self.fresh());
        }
        let (file, length, lines) = written.map_err(failed(&self.path, "write"))?;
        (self.length, self.sound, self.synced) = (length, true, true);
        (self.rooted, self.voids) = (false, false);
        (self.lines, self.claims) = (lines, 0);
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

/// Puts new lines in a file's place: written beside it, synced, renamed. Until the folder is synced
/// a power cut may bring back what was there before, which says no less. Gives the file, how long it
/// is, and how many lines it has.
fn replace(
    fresh: &Path,
    path: &Path,
    lines: impl Iterator<Item = Line>,
) -> io::Result<(File, u64, usize)> {
    folder::clear(fresh)?;
    let mut file = BufWriter::with_capacity(PIECE, folder::fresh(fresh)?);
    let mut text = format!("{HEADER}\n");
    let (mut length, mut count) = (0, 1);
    for line in lines {
        text::write(&mut text, &line);
        count += 1;
        file.write_all(text.as_bytes())?;
        length += text.len() as u64;
        text.clear();
    }
    let file = file.into_inner().map_err(io::IntoInnerError::into_error)?;
    file.sync_all()?;
    fs::rename(fresh, path)?;
    Ok((file, length, count))
}

#[cfg(test)]
mod tests {
    use super::super::{Access, Place};
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
            had: Vec::new(),
            took: Vec::new(),
        }
    }

    fn claim(memory: &mut Memory, uids: &[&[u8]]) -> u64 {
        let begun = uids.iter().map(|uid| begun(uid)).collect();
        memory.claim(&Ended::default(), begun).unwrap()
    }

    fn done(ids: &[u64]) -> Ended {
        Ended {
            done: ids.into(),
            ..Ended::default()
        }
    }

    #[test]
    fn what_was_done_is_remembered_and_what_was_begun_is_found() {
        let folder = tempfile::tempdir().unwrap();
        let (mut memory, _) = recall(folder.path()).unwrap();
        let first = claim(&mut memory, &[b"a", b"b", b"c"]);
        memory.settle(&done(&[first, first + 1])).unwrap();
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
        let first = claim(&mut memory, &[b"a"]);
        memory.settle(&done(&[first])).unwrap();
        let sound = fs::read(&path).unwrap();
        claim(&mut memory, &[b"b"]);
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
            let first = claim(&mut memory, &[b"a"]);
            let undone = Undone {
                id: first,
                took: Vec::new(),
            };
            let ended = Ended {
                undone: vec![undone],
                ..Ended::default()
            };
            memory.settle(&ended).unwrap();
        }
        let first = claim(&mut memory, &[b"b", b"open"]);
        memory.settle(&done(&[first])).unwrap();
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

    #[test]
    fn claims_are_written_anew_as_what_they_came_to_by_a_later_run() {
        let folder = tempfile::tempdir().unwrap();
        let text = || fs::read_to_string(folder.path().join("work.seen")).unwrap();
        let (mut memory, _) = recall(folder.path()).unwrap();
        let deliveries = (0..SMALL).map(|n| begun(format!("{n:04}").as_bytes()));
        let first = memory
            .claim(&Ended::default(), deliveries.collect())
            .unwrap();
        let all: Vec<u64> = (first..first + SMALL as u64).collect();
        memory.settle(&done(&all)).unwrap();
        let claimed = text();
        memory.compact(Time(0)).unwrap();
        assert_eq!(text(), claimed);
        for run in ["the first", "the second"] {
            let (mut memory, torn) = recall(folder.path()).unwrap();
            assert_eq!((torn, memory.records().expected().count()), (false, SMALL));
            memory.compact(Time(0)).unwrap();
            assert_eq!(text().lines().count(), 2 + SMALL, "{run}");
            assert!(!text().contains("claim"), "{run}");
        }
    }
}
