//! The tokens of an account, in a file for its owner alone (popget.yaml(5) tells its format). A new one
//! is written beside it, synced, and renamed over it. If a run is killed before the rename, what it had
//! written whole is the newer one, and perhaps the only one that is still good: it is taken up.

use super::answer::is_token;
use crate::error::{plain, Error, Result};
use crate::folder;
use crate::message::Time;
use crate::net::Patience;
use crate::owner;
use crate::secret::{open_to_others, Credential, Secret};
use crate::seen::Place;
use crate::steady::steady;
use std::fs::{self, File};
use std::io::{self, Read, Seek, Write};
use std::path::{Path, PathBuf};
use std::time::Duration;
use zeroize::Zeroizing;

/// How the names of the files end: what is kept, what is to be, and what is locked meanwhile.
const TOKEN: &str = "token";
const NEW: &str = "token-new";
const LOCK: &str = "token-lock";
/// Its first line.
const HEADER: &str = "popget token 1";
/// Its last: without it the file is torn.
const END: &str = "end";
/// More than two tokens and their owner need.
const MOST: u64 = 256 * 1024;
/// How much room is made for it: tokens are seldom longer than a few KiB.
const ROOM: usize = 32 * 1024;
/// How often it is looked whether another popget is done.
const MOMENT: Duration = Duration::from_millis(50);

/// For whom tokens were given, and who may get them: they go nowhere else.
pub struct Owner<'o> {
    pub account: &'o str,
    pub user: &'o str,
    pub servers: &'o str,
    pub client: &'o str,
    pub provider: &'o str,
    pub scope: &'o str,
}

impl Owner<'_> {
    /// The lines that tell it.
    fn lines(&self) -> Vec<String> {
        let all = [
            ("account", self.account),
            ("user", self.user),
            ("server", self.servers),
            ("client", self.client),
            ("provider", self.provider),
            ("scope", self.scope),
        ];
        let line = |(name, value): (&str, &str)| format!("{name} {}", value.escape_debug());
        all.into_iter().map(line).collect()
    }
}

/// What is kept.
pub struct Kept {
    /// The refresh token.
    pub refresh: Secret,
    /// The access token that it was last good for, and when that expires.
    pub access: Option<(Secret, Time)>,
}

impl Kept {
    /// The access token, if it is good for a while.
    pub fn usable(&self, now: Time) -> Option<Credential> {
        let lasts = |until: &Time| until.0 > now.0.saturating_add(super::TO_SPARE);
        let usable = self.access.as_ref().filter(|(_, until)| lasts(until));
        usable.map(|(access, _)| Credential::Token(access.clone()))
    }
}

/// Where the tokens of an account are kept.
pub struct Store<'s> {
    place: &'s Place,
    owner: Vec<String>,
    path: PathBuf,
}

impl<'s> Store<'s> {
    pub fn new(place: &'s Place, owner: &Owner) -> Self {
        Self {
            owner: owner.lines(),
            path: place.file(TOKEN),
            place,
        }
    }

    /// Sees that something can be kept, and kept from others.
    pub fn prepare(&self) -> Result<()> {
        self.place.prepare()
    }

    /// What is kept, if anything is.
    pub fn read(&self) -> Result<Option<Kept>> {
        match self.text(TOKEN)? {
            None => Ok(None),
            Some(text) => match self.understood(&text)? {
                Some(kept) => Ok(Some(kept)),
                None => Err(self.unfit("it is damaged")),
            },
        }
    }

    /// Waits for other popgets that are about to change it, and keeps them waiting.
    pub fn lock(&self, patience: &Patience) -> Result<File> {
        self.prepare()?;
        let failed = |why| failed(&self.place.file(LOCK), "lock", why);
        let file = self.place.open_lock(LOCK).map_err(failed)?;
        let waiting = patience.start("another popget to refresh the token");
        loop {
            match steady(|| fs2::FileExt::try_lock_exclusive(&file)) {
                Ok(()) => return Ok(file),
                Err(why) if why.kind() == fs2::lock_contended_error().kind() => {}
                Err(why) => return Err(failed(why)),
            }
            waiting.check_or_stop()?;
            std::thread::sleep(MOMENT);
        }
    }

    /// Takes up what a run that was killed had written whole. For those who hold the lock.
    pub fn recover(&self) -> Result<()> {
        let left = self.left();
        // What is torn, or another's, is of no use to anybody: it was never in its place.
        match self.text(NEW)?.map(|text| self.understood(&text)) {
            None => Ok(()),
            Some(Ok(Some(_))) => self.publish(),
            Some(_) => folder::clear(&left).map_err(|why| failed(&left, "remove", why)),
        }
    }

    /// Makes room for what is to be kept. For those who hold the lock, before they ask for it: what is
    /// given once only must not meet a full disk.
    pub fn room(&self) -> Result<Room<'_>> {
        let left = self.left();
        let failed = |why| failed(&left, "write", why);
        let made = folder::clear(&left).and_then(|()| folder::fresh(&left));
        let (store, filled) = (self, false);
        let mut room = Room {
            store,
            file: made.map_err(failed)?,
            filled,
        };
        let written = room.file.write_all(&[0; ROOM]);
        written
            .and_then(|()| room.file.sync_all())
            .map_err(failed)?;
        Ok(room)
    }

    /// Puts what was written in its place.
    fn publish(&self) -> Result<()> {
        let published =
            fs::rename(self.left(), &self.path).and_then(|()| folder::secure(&self.path));
        published.map_err(|why| failed(&self.path, "replace", why))
    }

    fn left(&self) -> PathBuf {
        self.place.file(NEW)
    }

    /// The text of a file, which must be ours alone.
    fn text(&self, ending: &str) -> Result<Option<Zeroizing<Vec<u8>>>> {
        let cannot = |why: io::Error| {
            let told = format!("cannot be read: {}", plain(&why));
            Error::unread(why, "read a file with a secret", |_| self.unfit(told))
        };
        let file = match self.place.open(ending) {
            Err(why) if folder::is_missing(&why) => return Ok(None),
            opened => opened.map_err(cannot)?,
        };
        let meta = file.metadata().map_err(cannot)?;
        if let Some(others) = owner::changed_by_others(&meta) {
            return Err(self.unfit(others.told()));
        }
        if let Some(why) = open_to_others(&file) {
            return Err(self.unfit(why));
        }
        let mut text = Zeroizing::new(Vec::with_capacity(MOST as usize + 1));
        file.take(MOST).read_to_end(&mut text).map_err(cannot)?;
        Ok(Some(text))
    }

    /// What a file says; nothing if it is torn.
    pub fn understood(&self, text: &[u8]) -> Result<Option<Kept>> {
        let Some(lines) = std::str::from_utf8(text).ok().and_then(whole) else {
            return Ok(None);
        };
        let mut lines = lines.lines();
        if lines.next() != Some(HEADER) {
            return Err(self.unfit("it is of another kind or version"));
        }
        for owner in &self.owner {
            match lines.next() {
                Some(line) if line == owner => {}
                Some(line) => return Err(self.foreign(line, owner)),
                None => return Ok(None),
            }
        }
        Ok(tokens(lines))
    }

    /// What a file says that keeps this.
    pub fn told(&self, kept: &Kept) -> Zeroizing<Vec<u8>> {
        let mut told = Zeroizing::new(Vec::with_capacity(MOST as usize));
        let mut line = |parts: &[&[u8]]| {
            for part in parts {
                told.extend_from_slice(part);
            }
            told.push(b'\n');
        };
        line(&[HEADER.as_bytes()]);
        for owner in &self.owner {
            line(&[owner.as_bytes()]);
        }
        line(&[b"refresh ", kept.refresh.expose()]);
        if let Some((access, until)) = &kept.access {
            let until = until.0.to_string();
            line(&[b"access ", until.as_bytes(), b" ", access.expose()]);
        }
        line(&[END.as_bytes()]);
        told
    }

    /// The error that the tokens were given for something else.
    fn foreign(&self, line: &str, owner: &str) -> Error {
        Error::SignInOther {
            account: self.place.account.clone(),
            kept: line.into(),
            wanted: owner.into(),
        }
    }

    fn unfit(&self, why: impl Into<String>) -> Error {
        let account = &self.place.account;
        let why = why.into();
        Error::SecretFile {
            what: "token file",
            path: self.path.clone(),
            why: format!("{why}; remove it and run popget login {account}"),
        }
    }
}

/// Room for what is to be kept.
pub struct Room<'s> {
    store: &'s Store<'s>,
    file: File,
    /// What is in it may be the only one that is any good.
    filled: bool,
}

impl Room<'_> {
    /// Keeps this from now on.
    pub fn keep(mut self, kept: &Kept) -> Result<()> {
        self.filled = true;
        let told = self.store.told(kept);
        let written = self
            .file
            .rewind()
            .and_then(|()| self.file.write_all(&told))
            .and_then(|()| self.file.set_len(told.len() as u64))
            .and_then(|()| self.file.sync_all());
        written.map_err(|why| failed(&self.store.left(), "write", why))?;
        self.store.publish()
    }
}

impl Drop for Room<'_> {
    fn drop(&mut self) {
        if !self.filled {
            // What stays is seen to be nothing by the next who takes the lock.
            let _ = fs::remove_file(self.store.left());
        }
    }
}

/// All lines but the last, if that is the last of a whole file.
fn whole(text: &str) -> Option<&str> {
    let lines = text.strip_suffix('\n')?.strip_suffix(END)?;
    // A token may end like that, too.
    lines.ends_with('\n').then_some(lines)
}

/// The tokens, if that is what these lines are.
fn tokens<'t>(mut lines: impl Iterator<Item = &'t str>) -> Option<Kept> {
    let token = |text: &str| is_token(text.as_bytes()).then(|| Secret::new(text.into()));
    let refresh = token(lines.next()?.strip_prefix("refresh ")?)?;
    let access = match lines.next() {
        None => None,
        Some(line) => {
            let (until, access) = line.strip_prefix("access ")?.split_once(' ')?;
            Some((token(access)?, Time(until.parse().ok()?)))
        }
    };
    lines.next().is_none().then_some(Kept { refresh, access })
}

fn failed(path: &Path, doing: &'static str, why: io::Error) -> Error {
    let path = path.into();
    Error::State { path, doing, why }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::fs::MetadataExt;

    const OWNER: Owner = Owner {
        account: "work",
        user: "a\nb@example.org",
        servers: "pop.example.org:995",
        client: "id",
        provider: "https://example.org/token",
        scope: "mail more",
    };

    fn kept(refresh: &str, access: Option<(&str, i64)>) -> Kept {
        let secret = |text: &str| Secret::new(text.into());
        Kept {
            refresh: secret(refresh),
            access: access.map(|(text, until)| (secret(text), Time(until))),
        }
    }

    fn place(folder: &Path) -> Place {
        Place {
            directory: folder.join("state"),
            account: "work".into(),
        }
    }

    #[test]
    fn what_is_kept_is_found_again_and_by_nobody_else() {
        let folder = tempfile::tempdir().unwrap();
        let place = place(folder.path());
        let store = Store::new(&place, &OWNER);
        assert!(store.read().unwrap().is_none());
        store.prepare().unwrap();
        store.room().unwrap().keep(&kept("r1", None)).unwrap();
        assert!(store.read().unwrap().unwrap().access.is_none());
        store
            .room()
            .unwrap()
            .keep(&kept("r2", Some(("a2", 1000))))
            .unwrap();
        let read = store.read().unwrap().unwrap();
        assert_eq!(read.refresh.expose(), b"r2");
        assert!(read.usable(Time(939)).is_some());
        assert!(read.usable(Time(940)).is_none());
        let mode = fs::metadata(&store.path).unwrap().mode();
        assert_eq!(mode & 0o777, 0o600);
        let other = Owner {
            servers: "elsewhere.example:995",
            ..OWNER
        };
        let other = Store::new(&place, &other).read();
        assert!(matches!(other, Err(Error::SignInOther { .. })));
    }

    #[test]
    fn what_was_written_whole_is_taken_up_and_what_is_torn_is_not() {
        let folder = tempfile::tempdir().unwrap();
        let place = place(folder.path());
        let store = Store::new(&place, &OWNER);
        store.prepare().unwrap();
        store.room().unwrap().keep(&kept("old", None)).unwrap();
        let newer = store.told(&kept("newer-friend", Some(("a-friend", 5))));
        for cut in 0..=newer.len() {
            store.room().unwrap().keep(&kept("old", None)).unwrap();
            let mut file = folder::fresh(&store.left()).unwrap();
            file.write_all(&newer[..cut]).unwrap();
            store.recover().unwrap();
            let read = store.read().unwrap().unwrap();
            let expected: &[u8] = match cut == newer.len() {
                true => b"newer-friend",
                false => b"old",
            };
            assert_eq!(read.refresh.expose(), expected, "{cut}");
            assert!(!store.left().exists());
        }
    }

    #[test]
    fn a_damaged_file_is_never_taken_for_a_sign_in() {
        let folder = tempfile::tempdir().unwrap();
        let place = place(folder.path());
        let store = Store::new(&place, &OWNER);
        store.prepare().unwrap();
        store
            .room()
            .unwrap()
            .keep(&kept("r", Some(("a", 5))))
            .unwrap();
        let text = fs::read(&store.path).unwrap();
        for cut in 0..text.len() {
            fs::write(&store.path, &text[..cut]).unwrap();
            assert!(store.read().is_err(), "{cut}");
        }
        let odd = [&text[..text.len() - 4], b"access 1 b\nend\n"].concat();
        fs::write(&store.path, odd).unwrap();
        assert!(store.read().is_err());
    }
}
