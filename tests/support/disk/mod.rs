//! A disk as a power cut may leave it, made of the calls that a program was seen to make.
//!
//! - `trace`: the calls, as strace has written them; `calls`: what they do to files
//! - here: what there is, and when each change is sure to last
//! - `promises`: what must be sure to last at each moment
//! - `states`: what the disk may look like afterwards
//! - `tale`: runs under watch
//!
//! What a file holds lasts once the file was synced after it was written; a name, once the folder
//! was that holds it; a rename, once the folder of the new name was, and it is one change. Of what
//! was not synced any part may reach the disk and any other may not.

mod calls;
mod claims;
pub mod promises;
pub mod states;
pub mod tale;
pub mod trace;

use std::collections::{BTreeMap, HashMap, HashSet};
use std::fs;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::rc::Rc;

use trace::Call;

/// A file or folder, by whatever name.
pub type Inode = usize;

/// A name in a folder.
pub type Name = (Inode, Vec<u8>);

/// A change that may or may not reach the disk.
#[derive(Clone, Debug)]
pub enum Change {
    /// Bytes are written at a place.
    Data(Inode, u64, Rc<[u8]>),
    /// A file is given this length.
    Size(Inode, u64),
    /// A file is given this time, in seconds and nanoseconds.
    Time(Inode, i64, i64),
    /// A name is given to something.
    Link(Name, Inode),
    /// A name is taken away.
    Unlink(Name),
    /// Something goes by another name, and no longer by its old one.
    Rename(Name, Name, Inode),
}

/// A change that was made.
#[derive(Clone)]
pub struct Made {
    /// The change.
    pub change: Change,
    /// It is sure to last.
    pub lasts: bool,
    /// It made a file shorter.
    pub cut: bool,
}

/// What kind of thing something is.
#[derive(Clone)]
pub enum Kind {
    /// A folder.
    Folder,
    /// A file, with what it held at first.
    File(Original),
}

/// A file as it was before the story.
#[derive(Clone, Default)]
pub struct Original {
    /// What it held.
    pub bytes: Rc<[u8]>,
    /// Its time; none if it was made since.
    pub time: Option<(i64, i64)>,
}

/// A descriptor of a file.
#[derive(Clone, Copy)]
struct Open {
    inode: Inode,
    at: u64,
    appends: bool,
}

/// The home of an account, as programs see it, and as a power cut may leave it.
#[derive(Clone)]
pub struct Disk {
    root: PathBuf,
    /// What there is.
    pub kinds: Vec<Kind>,
    /// What was changed, in this order.
    pub made: Vec<Made>,
    /// How long files are now.
    sizes: HashMap<Inode, u64>,
    /// The changes of each thing that are not sure to last.
    pending: HashMap<Inode, Vec<usize>>,
    /// Every change of a name.
    names: HashMap<Name, Vec<usize>>,
    /// What goes by each name now.
    now: HashMap<Name, Inode>,
    /// What went by it at first.
    first: HashMap<Name, Inode>,
    open: HashMap<i32, Open>,
    /// Programs that were started; what they do is theirs.
    pub others: HashSet<u32>,
}

/// What a call did, for those who judge it.
#[derive(Debug)]
pub enum Deed {
    /// The changes from this one on.
    Changed(usize),
    /// A file or folder was synced, by which so many changes became sure.
    Synced(Inode, usize),
    /// Something was said to another program.
    Said(Rc<[u8]>),
    /// Another program was started, or one has ended.
    Began(u32),
    /// With this status; -1 if it was killed.
    Ended(u32, i64),
    /// Nothing that matters here.
    Nothing,
}

impl Disk {
    /// What lies below this folder now, all of it sure to last.
    pub fn of(root: &Path) -> Disk {
        let mut disk = Disk {
            root: root.to_owned(),
            kinds: vec![Kind::Folder],
            made: Vec::new(),
            sizes: HashMap::new(),
            pending: HashMap::new(),
            names: HashMap::new(),
            now: HashMap::new(),
            first: HashMap::new(),
            open: HashMap::new(),
            others: HashSet::new(),
        };
        disk.take(root, 0);
        disk.first = disk.now.clone();
        disk
    }

    fn take(&mut self, folder: &Path, inode: Inode) {
        for entry in fs::read_dir(folder).unwrap() {
            let entry = entry.unwrap();
            let about = entry.metadata().unwrap();
            let kind = if about.is_dir() {
                Kind::Folder
            } else {
                Kind::File(Original {
                    bytes: fs::read(entry.path()).unwrap().into(),
                    time: Some((about.mtime(), about.mtime_nsec())),
                })
            };
            self.kinds.push(kind);
            let found = self.kinds.len() - 1;
            let name = entry.file_name().into_encoded_bytes();
            self.now.insert((inode, name), found);
            self.sizes.insert(found, about.len());
            if about.is_dir() {
                self.take(&entry.path(), found);
            }
        }
    }

    /// A program begins: no file is open.
    pub fn begins(&mut self, calls: &[Call]) {
        self.open.clear();
        self.others.clear();
        let main = calls.first().map(|call| call.who);
        let started = calls.iter().filter(|call| call.name == "execve");
        let started = started
            .map(|call| call.who)
            .filter(|who| Some(*who) != main);
        self.others.extend(started);
    }

    /// The folder that holds this name, and the name; none if it is not below the root.
    pub fn name(&self, path: &Path) -> Option<Name> {
        let below = path.strip_prefix(&self.root).ok()?;
        let name = below.file_name()?.as_encoded_bytes().to_vec();
        Some((self.inode(path.parent()?)?, name))
    }

    /// What goes by this path now.
    pub fn inode(&self, path: &Path) -> Option<Inode> {
        let below = path.strip_prefix(&self.root).ok()?;
        let step = |inode, part: std::path::Component| {
            let name = part.as_os_str().as_encoded_bytes().to_vec();
            self.now.get(&(inode, name)).copied()
        };
        below.components().try_fold(0, step)
    }

    /// How long a file is now.
    pub fn size(&self, inode: Inode) -> u64 {
        self.sizes.get(&inode).copied().unwrap_or(0)
    }

    /// The changes of a thing itself that may not last.
    pub fn unsure(&self, inode: Inode) -> &[usize] {
        self.pending.get(&inode).map_or(&[], Vec::as_slice)
    }

    /// What may go by a name after a power cut now.
    pub fn possible(&self, name: &Name) -> HashSet<Option<Inode>> {
        let mut possible = HashSet::from([self.first.get(name).copied()]);
        for at in self.names.get(name).into_iter().flatten() {
            let Made { change, lasts, .. } = &self.made[*at];
            let value = match change {
                Change::Link(_, inode) => Some(*inode),
                Change::Rename(_, to, inode) if to == name => Some(*inode),
                _ => None,
            };
            if *lasts {
                possible.clear();
            }
            possible.insert(value);
        }
        possible
    }

    /// Whether what goes by this path now is sure to be found there after a power cut.
    pub fn is_sure(&self, path: &Path) -> bool {
        let Ok(below) = path.strip_prefix(&self.root) else {
            return true; // it was there before
        };
        let mut folder = 0;
        for part in below.components() {
            let name = (folder, part.as_os_str().as_encoded_bytes().to_vec());
            let Some(inode) = self.now.get(&name) else {
                return false;
            };
            if self.possible(&name) != HashSet::from([Some(*inode)]) {
                return false;
            }
            folder = *inode;
        }
        true
    }

    fn make(&mut self, change: Change) {
        let at = self.made.len();
        let cut = matches!(change, Change::Size(inode, size) if size < self.size(inode));
        let waits_for = match &change {
            Change::Data(inode, from, bytes) => {
                let size = self.sizes.entry(*inode).or_default();
                *size = (*size).max(from + bytes.len() as u64);
                *inode
            }
            Change::Size(inode, size) => {
                self.sizes.insert(*inode, *size);
                *inode
            }
            Change::Time(inode, ..) => *inode,
            Change::Link(name, inode) => {
                self.now.insert(name.clone(), *inode);
                self.names.entry(name.clone()).or_default().push(at);
                name.0
            }
            Change::Unlink(name) => {
                self.now.remove(name);
                self.names.entry(name.clone()).or_default().push(at);
                name.0
            }
            Change::Rename(from, to, inode) => {
                self.now.remove(from);
                self.now.insert(to.clone(), *inode);
                for name in [from, to] {
                    self.names.entry(name.clone()).or_default().push(at);
                }
                to.0
            }
        };
        self.pending.entry(waits_for).or_default().push(at);
        let lasts = false;
        self.made.push(Made { change, lasts, cut });
    }

    /// Every file below the root as programs see it now; the model is right if it is so.
    pub fn seen(&self) -> BTreeMap<PathBuf, Vec<u8>> {
        let all: Vec<usize> = (0..self.made.len()).collect();
        let state = states::State::of(self, &all);
        let files = state.files().collect();
        files
    }
}
