//! What a disk may look like after a power cut, and how to bring it about.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::fs::{self, File, FileTimes, Permissions};
use std::hash::{DefaultHasher, Hash, Hasher};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use super::{Change, Disk, Inode, Kind, Name};

/// What is there after some changes and not others.
pub struct State {
    names: BTreeMap<Name, Inode>,
    files: HashMap<Inode, Content>,
}

/// A file; without a time it was changed at some time of its own.
struct Content {
    bytes: Vec<u8>,
    time: Option<(i64, i64)>,
}

impl Content {
    fn at_first(kind: &Kind) -> Content {
        match kind {
            Kind::File(original) => Content {
                bytes: original.bytes.to_vec(),
                time: original.time,
            },
            Kind::Folder => panic!("a folder that is written to"),
        }
    }
}

impl State {
    /// The disk after these of its changes.
    pub fn of(disk: &Disk, changes: &[usize]) -> State {
        State::with(disk, changes, &HashSet::new())
    }

    /// As `of`, but where these changes wrote there are zeros.
    pub fn with(disk: &Disk, changes: &[usize], zeroed: &HashSet<usize>) -> State {
        let mut files: HashMap<Inode, Content> = HashMap::new();
        let mut names: BTreeMap<Name, Inode> = disk.first.clone().into_iter().collect();
        let at_first = |inode: Inode| Content::at_first(&disk.kinds[inode]);
        for at in changes {
            match &disk.made[*at].change {
                Change::Data(inode, from, bytes) => {
                    let file = files.entry(*inode).or_insert_with(|| at_first(*inode));
                    let from = usize::try_from(*from).unwrap();
                    let until = from + bytes.len();
                    file.bytes.resize(file.bytes.len().max(until), 0);
                    if zeroed.contains(at) {
                        file.bytes[from..until].fill(0);
                    } else {
                        file.bytes[from..until].copy_from_slice(bytes);
                    }
                    file.time = None;
                }
                Change::Size(inode, size) => {
                    let file = files.entry(*inode).or_insert_with(|| at_first(*inode));
                    file.bytes.resize(usize::try_from(*size).unwrap(), 0);
                    file.time = None;
                }
                Change::Time(inode, seconds, nanoseconds) => {
                    let file = files.entry(*inode).or_insert_with(|| at_first(*inode));
                    file.time = Some((*seconds, *nanoseconds));
                }
                Change::Link(name, inode) => drop(names.insert(name.clone(), *inode)),
                Change::Unlink(name) => drop(names.remove(name)),
                Change::Rename(from, to, inode) => {
                    names.remove(from);
                    names.insert(to.clone(), *inode);
                }
            }
        }
        for inode in names.values() {
            if let Kind::File(_) = &disk.kinds[*inode] {
                files.entry(*inode).or_insert_with(|| at_first(*inode));
            }
        }
        State { names, files }
    }

    /// Every file that can be reached, by its path below the root.
    pub fn files(&self) -> impl Iterator<Item = (PathBuf, Vec<u8>)> + '_ {
        let found = self.tree().into_iter();
        found.filter_map(|(path, inode)| Some((path, self.files.get(&inode)?.bytes.clone())))
    }

    /// What can be reached, folders before what is in them.
    fn tree(&self) -> Vec<(PathBuf, Inode)> {
        let mut tree = Vec::new();
        let mut folders = vec![(PathBuf::new(), 0)];
        while let Some((path, folder)) = folders.pop() {
            let names = self
                .names
                .range((folder, Vec::new())..(folder + 1, Vec::new()));
            for ((_, name), inode) in names {
                let path = path.join(String::from_utf8(name.clone()).unwrap());
                tree.push((path.clone(), *inode));
                if !self.files.contains_key(inode) {
                    folders.push((path, *inode));
                }
            }
        }
        tree
    }

    /// Tells states apart.
    pub fn mark(&self) -> u64 {
        let mut hasher = DefaultHasher::new();
        let mut tree = self.tree();
        tree.sort();
        for (path, inode) in tree {
            path.hash(&mut hasher);
            let file = self.files.get(&inode);
            file.map(|file| (&file.bytes, file.time)).hash(&mut hasher);
        }
        hasher.finish()
    }

    /// Puts this in the place of whatever is below the root.
    pub fn bring_about(&self, root: &Path) {
        for entry in fs::read_dir(root).unwrap() {
            let entry = entry.unwrap();
            match entry.file_type().unwrap().is_dir() {
                true => fs::remove_dir_all(entry.path()).unwrap(),
                false => fs::remove_file(entry.path()).unwrap(),
            }
        }
        for (path, inode) in self.tree() {
            let place = root.join(&path);
            let Some(content) = self.files.get(&inode) else {
                fs::create_dir(&place).unwrap();
                fs::set_permissions(&place, Permissions::from_mode(0o700)).unwrap();
                continue;
            };
            fs::write(&place, &content.bytes).unwrap();
            fs::set_permissions(&place, Permissions::from_mode(0o600)).unwrap();
            let time = match content.time {
                Some((seconds, nanoseconds)) => {
                    UNIX_EPOCH + Duration::new(seconds as u64, nanoseconds as u32)
                }
                // By the time that somebody looks, a lock of the dead is old.
                None if path.to_string_lossy().contains(".lock") => {
                    SystemTime::now() - Duration::from_secs(3600)
                }
                None => continue,
            };
            let file = File::options().write(true).open(&place).unwrap();
            file.set_times(FileTimes::new().set_modified(time)).unwrap();
        }
    }
}

/// What a power cut after these calls may leave, as far as it is worth trying: nothing but what is
/// sure to last; all names and sizes, and nothing that was written; each single change besides what
/// is sure; all but one; all.
pub fn after(disk: &Disk) -> Vec<State> {
    let all: Vec<usize> = (0..disk.made.len()).collect();
    let unsure: Vec<usize> = all
        .iter()
        .copied()
        .filter(|at| !disk.made[*at].lasts)
        .collect();
    let without = |gone: &dyn Fn(usize) -> bool| -> Vec<usize> {
        all.iter()
            .copied()
            .filter(|at| disk.made[*at].lasts || !gone(*at))
            .collect()
    };
    let mut states = vec![State::of(disk, &without(&|_| true)), State::of(disk, &all)];
    let zeroed = unsure.iter().copied().collect();
    states.push(State::with(disk, &all, &zeroed));
    for one in unsure {
        states.push(State::of(disk, &without(&|at| at != one)));
        states.push(State::of(disk, &without(&|at| at == one)));
    }
    states
}
