//! Delivery to a Maildir, by the convention: written to `tmp` under a name nobody else uses, synced,
//! renamed to `new`. The name carries the account's mark, so that what a killed run left in `tmp`
//! can be told from other programs' files.
//!
//! Before a letter is claimed, `tmp` itself is synced, and with the first one the way to it: a claimed
//! file that is missing there can then only have been renamed, even after a power cut, and wherever a
//! mail reader has put it since.
//!
//! Letters are synced some at a time (`unsynced`).

mod aside;
mod resume;
mod unsynced;

pub use resume::{resume, Claimed};

use super::{claim_words, host, path_bytes, undelivered, unprepared};
use super::{Delivery, Letter, Sealed, Sender, Witness};
use crate::error::{Error, Result};
use crate::message::{Envelope, Uid};
use crate::steady::steady;
use crate::{folder, owner};
use rustix::fs::{renameat, unlinkat, AtFlags};
use std::cell::Cell;
use std::fs::{self, File};
use std::hash::{BuildHasher, Hasher};
use std::io::{self, Write};
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::time::{SystemTime, UNIX_EPOCH};
use unsynced::{send_off, Unsynced};

/// The first word of a claim.
pub const WORD: &[u8] = b"maildir";
/// When so many bytes of a letter are written, the disk is to begin with them.
const EARLY: u64 = 1024 * 1024;
/// So many letters at most share the syncs of a batch.
const TOGETHER: usize = 64;
/// What a Maildir is made of.
const FOLDERS: [&str; 3] = ["tmp", "new", "cur"];

/// A Maildir, open for delivery. Its folders are looked up once, and what lies in them from there.
pub struct Maildir {
    path: PathBuf,
    tmp: File,
    new: File,
    /// What marks our own names.
    infix: String,
    /// What stands in all names before the count, and behind it.
    before: String,
    behind: String,
    count: Cell<u64>,
    /// The folders themselves are there after a power cut.
    secure: Cell<bool>,
    /// Files get the rights that they are made with.
    usual: Cell<bool>,
    unsynced: Unsynced,
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
        let infix = format!("_popget-{}", sender.mark);
        Ok(Self {
            path,
            tmp,
            new,
            before: format!("P{}R{:08x}Q", std::process::id(), random()),
            behind: format!("{infix}.{}", host_name()),
            infix,
            count: Cell::new(0),
            secure: Cell::new(false),
            usual: Cell::new(false),
            unsynced: Unsynced::default(),
        })
    }

    /// A name that nobody else uses: the time, what tells apart deliveries at the same time, the
    /// host (maildir(5)).
    fn name(&self) -> String {
        let now = SystemTime::now()
            .duration_since(UNIX_EPOCH)
            .unwrap_or_default();
        self.count.set(self.count.get() + 1);
        let (seconds, micros, count) = (now.as_secs(), now.subsec_micros(), self.count.get());
        let (before, behind) = (&self.before, &self.behind);
        format!("{seconds}.M{micros:06}{before}{count}{behind}")
    }

    /// A new file in `tmp`. Which rights the system takes from it is the same for all of them.
    fn fresh(&self, name: &str) -> io::Result<File> {
        let file = folder::make(&self.tmp, name)?;
        if !self.usual.get() {
            self.usual.set(folder::own(&file)?);
        }
        Ok(file)
    }
}

impl Delivery for Maildir {
    fn name(&self) -> String {
        self.path.display().to_string()
    }

    fn begin<'d>(&'d self, _: &Envelope, _: Option<&Uid>) -> Result<Box<dyn Letter<'d> + 'd>> {
        let name = Maildir::name(self);
        let file = self.fresh(&name).map_err(|why| {
            let path = self.path.join("tmp").join(&name);
            undelivered(&path, "create")(why)
        })?;
        Ok(Box::new(Draft {
            maildir: self,
            name,
            file: Some(file),
            written: 0,
            sent_off: 0,
            claimed: false,
        }))
    }

    fn sync_sealed(&self) -> Result<()> {
        let tmp = self.path.join("tmp");
        let failed = undelivered(&tmp, "sync");
        self.unsynced.sync().map_err(|why| failed(why.into()))?;
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
        let mark = self.infix.as_bytes();
        for found in steady(|| fs::read_dir(&tmp)).map_err(unprepared(&tmp, "read"))? {
            let found = found.map_err(unprepared(&tmp, "read"))?;
            let name = found.file_name();
            if memchr::memmem::find(name.as_bytes(), mark).is_some() {
                fs::remove_file(found.path()).map_err(unprepared(&found.path(), "remove"))?;
            }
        }
        Ok(())
    }

    fn together(&self) -> usize {
        TOGETHER
    }
}

/// A letter in `tmp`, open or sealed.
struct Draft<'d> {
    maildir: &'d Maildir,
    name: String,
    /// Open until it is sealed.
    file: Option<File>,
    written: u64,
    /// As much of that as the disk was asked to begin with.
    sent_off: u64,
    claimed: bool,
}

impl Draft<'_> {
    fn failed(&self, folder: &str, doing: &'static str, why: io::Error) -> Error {
        let path = self.maildir.path.join(folder).join(&self.name);
        undelivered(&path, doing)(why)
    }
}

impl<'d> Letter<'d> for Draft<'d> {
    fn write(&mut self, bytes: &[u8]) -> Result<()> {
        let written = self.file.as_mut().map(|file| file.write_all(bytes));
        let written = written.unwrap_or(Ok(()));
        written.map_err(|why| self.failed("tmp", "write", why))?;
        self.written += bytes.len() as u64;
        if self.written - self.sent_off >= EARLY {
            self.file
                .iter()
                .for_each(|file| send_off(file, self.sent_off));
            self.sent_off = self.written;
        }
        Ok(())
    }

    fn seal(mut self: Box<Self>) -> Result<Box<dyn Sealed + 'd>> {
        if let Some(file) = self.file.take() {
            send_off(&file, self.sent_off);
            let synced = self.maildir.unsynced.add(file, self.written);
            synced.map_err(|why| self.failed("tmp", "sync", why.into()))?;
        }
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

    fn publish(self: Box<Self>, _: &mut dyn Witness) -> Result<()> {
        let Maildir { tmp, new, .. } = self.maildir;
        let renamed = renameat(tmp, &self.name, new, &self.name);
        renamed.map_err(|why| self.failed("new", "rename to", why.into()))
    }
}

impl Drop for Draft<'_> {
    /// What was claimed stays: the claim says that it was published if it is not in `tmp`.
    fn drop(&mut self) {
        if !self.claimed {
            let _ = unlinkat(&self.maildir.tmp, &self.name, AtFlags::empty());
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

/// What tells apart those who deliver to the same Maildir in one process.
fn random() -> u32 {
    std::collections::hash_map::RandomState::new()
        .build_hasher()
        .finish() as u32
}

/// This machine's name, with what a file name cannot hold escaped as the convention says.
fn host_name() -> String {
    host().replace('/', "\\057").replace(':', "\\072")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::delivery::Fate;
    use crate::message::Time;

    struct Nobody;

    impl Witness for Nobody {
        fn meanwhile(&mut self) {}

        fn stands(&mut self, _: Vec<u8>) {}

        fn taken(&mut self, _: Vec<u8>) -> Result<()> {
            Ok(())
        }
    }

    fn maildir(path: &Path) -> Maildir {
        let sender = Sender {
            account: "work".into(),
            user: "alice".into(),
            mark: "0123456789ab".into(),
            spool: path.into(),
            notice: Box::new(|_| {}),
            events: std::rc::Rc::new(crate::net::properties::unheard()),
            stop: crate::event::Stop::default(),
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
        letter.publish(&mut Nobody).unwrap();
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
                .shares[0][0]
                .fate
        };
        let fate = || at(9);
        assert_eq!(fate(), Fate::Delivered);
        assert_eq!((files(&maildir, "tmp"), files(&maildir, "new")), (0, 1));
        // A mail reader took it: still known to be delivered.
        fs::remove_dir_all(maildir.path.join("new")).unwrap();
        fs::create_dir(maildir.path.join("new")).unwrap();
        assert_eq!(fate(), Fate::Delivered);
        assert_eq!(at(resume::SWEPT), Fate::Unknown);
        // Another Maildir than the one it was claimed for tells nothing.
        fs::remove_dir(maildir.path.join("tmp")).unwrap();
        assert_eq!(fate(), Fate::Unknown);
        fs::create_dir(maildir.path.join("tmp")).unwrap();
        let maildir = self::maildir(folder.path());
        std::mem::forget(sealed(&maildir, b"b\n"));
        maildir.sweep().unwrap();
        assert_eq!(files(&maildir, "tmp"), 0);
    }
}
