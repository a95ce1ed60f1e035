//! Delivery to a Maildir, by the convention: written to `tmp` under a name nobody else uses, synced,
//! renamed to `new`. The name carries the account's mark, so that what a killed run left in `tmp`
//! can be told from other programs' files.
//!
//! Before a letter is claimed, `tmp` itself is synced, and with the first one the way to it: a claimed
//! file that is missing there can then only have been renamed, even after a power cut, and wherever a
//! mail reader has put it since.

use super::{claim_words, host, path_bytes, undelivered, unprepared};
use super::{Delivery, Fate, Letter, Sealed, Sender};
use crate::error::{Error, Result};
use crate::message::{Envelope, Uid};
use crate::steady::steady;
use crate::{folder, owner};
use std::cell::Cell;
use std::fs::{self, File};
use std::hash::{BuildHasher, Hasher};
use std::io::{self, Write};
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::time::{SystemTime, UNIX_EPOCH};

/// The first word of a claim.
pub const WORD: &[u8] = b"maildir";
/// After so many seconds mail readers may sweep `tmp`, and a file missing there proves nothing.
const SWEPT: i64 = 36 * 3600;
/// What a Maildir is made of.
const FOLDERS: [&str; 3] = ["tmp", "new", "cur"];

/// A Maildir, open for delivery.
pub struct Maildir {
    path: PathBuf,
    mark: String,
    tmp: File,
    new: File,
    host: String,
    count: Cell<u64>,
    /// The folders themselves are there after a power cut.
    secure: Cell<bool>,
}

impl Maildir {
    /// Opens a Maildir, and makes it where it is missing.
    pub fn open(path: PathBuf, sender: &Sender) -> Result<Self> {
        vet(&path)?;
        for folder in FOLDERS {
            let folder = path.join(folder);
            folder::create(&folder).map_err(unprepared(&folder, "create"))?;
        }
        let open = |folder: &str| {
            let folder = path.join(folder);
            File::open(&folder).map_err(unprepared(&folder, "open"))
        };
        let (tmp, new) = (open("tmp")?, open("new")?);
        let host = host_name();
        Ok(Self {
            path,
            mark: sender.mark.clone(),
            tmp,
            new,
            host,
            count: Cell::new(0),
            secure: Cell::new(false),
        })
    }

    /// A name that nobody else uses: the time, what tells apart deliveries at the same time, the
    /// host (maildir(5)).
    fn name(&self) -> String {
        let now = SystemTime::now()
            .duration_since(UNIX_EPOCH)
            .unwrap_or_default();
        self.count.set(self.count.get() + 1);
        let random = std::collections::hash_map::RandomState::new()
            .build_hasher()
            .finish();
        format!(
            "{}.M{:06}P{}Q{}R{:08x}{}.{}",
            now.as_secs(),
            now.subsec_micros(),
            std::process::id(),
            self.count.get(),
            random & 0xffff_ffff,
            self.infix(),
            self.host
        )
    }

    /// What marks our own names.
    fn infix(&self) -> String {
        format!("_popget-{}", self.mark)
    }
}

impl Delivery for Maildir {
    fn name(&self) -> String {
        self.path.display().to_string()
    }

    fn begin<'d>(&'d self, _: &Envelope, _: Option<&Uid>) -> Result<Box<dyn Letter<'d> + 'd>> {
        let name = Maildir::name(self);
        let path = self.path.join("tmp").join(&name);
        let file = folder::fresh(&path).map_err(undelivered(&path, "create"))?;
        Ok(Box::new(Draft {
            maildir: self,
            name,
            path,
            file: Some(file),
            claimed: false,
        }))
    }

    fn sync_sealed(&self) -> Result<()> {
        let tmp = self.path.join("tmp");
        let failed = undelivered(&tmp, "sync");
        if !self.secure.replace(true) {
            folder::secure(&tmp).map_err(&failed)?;
        }
        self.tmp.sync_all().map_err(&failed)
    }

    /// That the name is gone from `tmp` needs no sync: it is one change with its being in `new`.
    fn sync_published(&self) -> Result<()> {
        let failed = undelivered(&self.path.join("new"), "sync");
        self.new.sync_all().map_err(failed)
    }

    fn sweep(&self) -> Result<()> {
        let tmp = self.path.join("tmp");
        let mark = self.infix();
        for found in steady(|| fs::read_dir(&tmp)).map_err(unprepared(&tmp, "read"))? {
            let found = found.map_err(unprepared(&tmp, "read"))?;
            let name = found.file_name();
            if memchr::memmem::find(name.as_bytes(), mark.as_bytes()).is_some() {
                fs::remove_file(found.path()).map_err(unprepared(&found.path(), "remove"))?;
            }
        }
        Ok(())
    }

    fn together(&self) -> usize {
        64
    }
}

/// A letter in `tmp`, open or sealed.
struct Draft<'d> {
    maildir: &'d Maildir,
    name: String,
    path: PathBuf,
    /// Open until it is sealed: many may wait to be delivered together.
    file: Option<File>,
    claimed: bool,
}

impl<'d> Letter<'d> for Draft<'d> {
    fn write(&mut self, bytes: &[u8]) -> Result<()> {
        let written = self.file.as_mut().map(|file| file.write_all(bytes));
        written
            .unwrap_or(Ok(()))
            .map_err(undelivered(&self.path, "write"))
    }

    fn seal(mut self: Box<Self>) -> Result<Box<dyn Sealed + 'd>> {
        let synced = self.file.take().map(|file| file.sync_all());
        synced
            .unwrap_or(Ok(()))
            .map_err(undelivered(&self.path, "sync"))?;
        Ok(self)
    }
}

impl Sealed for Draft<'_> {
    fn claim(&mut self) -> Result<Vec<u8>> {
        self.claimed = true;
        Ok(claim_words(&[
            WORD,
            path_bytes(&self.maildir.path),
            self.name.as_bytes(),
        ]))
    }

    fn publish(self: Box<Self>, _meanwhile: &mut dyn FnMut()) -> Result<()> {
        let public = self.maildir.path.join("new").join(&self.name);
        fs::rename(&self.path, &public).map_err(undelivered(&public, "rename to"))
    }
}

impl Drop for Draft<'_> {
    /// What was claimed stays: the claim says that it was published if it is not in `tmp`.
    fn drop(&mut self) {
        if !self.claimed {
            let _ = fs::remove_file(&self.path);
        }
    }
}

/// Fails if somebody else chose where mail would be put. A Maildir and the folders in it may be links,
/// but then ours. As root only a Maildir of root's will do: nobody else could read what is put there,
/// and whoever owns it could lead us anywhere.
fn vet(path: &Path) -> Result<()> {
    let within = FOLDERS.map(|folder| path.join(folder));
    for place in [path]
        .into_iter()
        .chain(within.iter().map(PathBuf::as_path))
    {
        let Ok(meta) = fs::symlink_metadata(place) else {
            continue; // what is missing is made, or its making fails and says why
        };
        if meta.is_symlink() && !owner::trusted(&meta) {
            let why = format!(
                "is a link made by another user ({}); remove it, or make the link yourself",
                meta.uid()
            );
            let path = place.into();
            return Err(Error::Unsafe { path, why });
        }
    }
    let there = path.ancestors().find_map(|path| fs::metadata(path).ok());
    match there.filter(|meta| owner::is_root() && meta.uid() != 0) {
        None => Ok(()),
        Some(meta) => {
            let why = format!(
                "belongs to another user ({}), who could not read what root puts there; run popget \
                 as that user, or deliver by an mda that becomes that user",
                meta.uid()
            );
            let path = path.into();
            Err(Error::Unsafe { path, why })
        }
    }
}

/// A claimed letter: its name, and how many seconds ago it was claimed.
pub struct Claimed<'c> {
    /// Its name.
    pub name: &'c [u8],
    /// Its age.
    pub age: i64,
}

/// Publishes, durably, what was claimed and not published; tells what became of each letter.
pub fn resume(path: &Path, letters: &[Claimed]) -> Result<Vec<Fate>> {
    vet(path)?;
    let fates = letters.iter().map(|letter| publish(path, letter));
    let fates: Vec<Fate> = fates.collect::<Result<_>>()?;
    if fates.contains(&Fate::Delivered) {
        // What was renamed is there after a power cut, too.
        let new = path.join("new");
        folder::sync(&new).map_err(undelivered(&new, "sync"))?;
    }
    Ok(fates)
}

/// Publishes a claimed letter that is still in `tmp`, or tells that it was published.
fn publish(path: &Path, letter: &Claimed) -> Result<Fate> {
    let Claimed { name, age } = *letter;
    if name.contains(&b'/') {
        return Ok(Fate::Unknown); // no name of ours
    }
    let name = super::path_of(name);
    let (hidden, public) = (path.join("tmp").join(&name), path.join("new").join(&name));
    match fs::rename(&hidden, &public) {
        Ok(()) => return Ok(Fate::Delivered),
        Err(why) if folder::is_missing(&why) => {}
        Err(why) => return Err(undelivered(&public, "rename to")(why)),
    }
    for folder in ["tmp", "new"].map(|folder| path.join(folder)) {
        if !folder::is_there(&folder).map_err(unprepared(&folder, "look at"))? {
            // Not the Maildir that was: moved away, or on a disk that is not mounted.
            return Ok(Fate::Unknown);
        }
    }
    let lies = |folder| lies_in(&path.join(folder), &name);
    if age < SWEPT || lies("new")? || lies("cur")? {
        return Ok(Fate::Delivered);
    }
    Ok(Fate::Unknown)
}

/// Whether a folder holds this message, with flags or without.
fn lies_in(folder: &Path, name: &Path) -> Result<bool> {
    let failed = unprepared(folder, "read");
    let name = name.as_os_str().as_bytes();
    let found = match steady(|| fs::read_dir(folder)) {
        Err(why) if why.kind() == io::ErrorKind::NotFound => return Ok(false),
        found => found.map_err(&failed)?,
    };
    for entry in found {
        let found = entry.map_err(&failed)?.file_name();
        if found.as_bytes().split(|b| *b == b':').next() == Some(name) {
            return Ok(true);
        }
    }
    Ok(false)
}

/// This machine's name, with what a file name cannot hold escaped as the convention says.
fn host_name() -> String {
    host().replace('/', "\\057").replace(':', "\\072")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::message::Time;

    fn maildir(path: &Path) -> Maildir {
        let sender = Sender {
            account: "work".into(),
            user: "alice".into(),
            mark: "0123456789ab".into(),
            spool: path.into(),
            notice: Box::new(|_| {}),
        };
        Maildir::open(path.join("deep/inbox"), &sender).unwrap()
    }

    fn sealed<'d>(maildir: &'d Maildir, text: &[u8]) -> Box<dyn Sealed + 'd> {
        let mut letter = maildir.begin(&Envelope::default(), None).unwrap();
        letter.write(text).unwrap();
        letter.seal().unwrap()
    }

    fn files(maildir: &Maildir, folder: &str) -> usize {
        fs::read_dir(maildir.path.join(folder)).unwrap().count()
    }

    #[test]
    fn a_letter_is_seen_only_when_published() {
        let folder = tempfile::tempdir().unwrap();
        let maildir = maildir(folder.path());
        let mut letter = sealed(&maildir, b"a\n");
        assert_eq!((files(&maildir, "tmp"), files(&maildir, "new")), (1, 0));
        letter.claim().unwrap();
        letter.publish(&mut || {}).unwrap();
        assert_eq!((files(&maildir, "tmp"), files(&maildir, "new")), (0, 1));
        drop(sealed(&maildir, b"b\n"));
        assert_eq!(files(&maildir, "tmp"), 0);
    }

    #[test]
    fn a_claimed_letter_is_finished_and_an_unclaimed_one_swept() {
        let folder = tempfile::tempdir().unwrap();
        let maildir = maildir(folder.path());
        let mut letter = sealed(&maildir, b"a\n");
        let claim = letter.claim().unwrap();
        drop(letter);
        let at = |now| {
            let begun = Time(0);
            let words = claim.as_slice();
            let claims = [super::super::Claimed { words, begun }];
            super::super::resume(&claims, Time(now), "0123456789ab")
                .unwrap()
                .fates[0]
        };
        let fate = || at(9);
        assert_eq!(fate(), Fate::Delivered);
        assert_eq!((files(&maildir, "tmp"), files(&maildir, "new")), (0, 1));
        // A mail reader took it: still known to be delivered.
        fs::remove_dir_all(maildir.path.join("new")).unwrap();
        fs::create_dir(maildir.path.join("new")).unwrap();
        assert_eq!(fate(), Fate::Delivered);
        assert_eq!(at(SWEPT), Fate::Unknown);
        // Another Maildir than the one it was claimed for tells nothing.
        fs::remove_dir(maildir.path.join("tmp")).unwrap();
        assert_eq!(fate(), Fate::Unknown);
        fs::create_dir(maildir.path.join("tmp")).unwrap();
        std::mem::forget(sealed(&maildir, b"b\n"));
        maildir.sweep().unwrap();
        assert_eq!(files(&maildir, "tmp"), 0);
    }
}
