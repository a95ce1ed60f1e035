//! What system calls do to a disk.

use std::rc::Rc;

use super::trace::Call;
use super::{Change, Deed, Disk, Kind, Open, Original};

impl Disk {
    /// Does what a call did.
    pub fn apply(&mut self, call: &Call) -> Deed {
        if call.name == "exited" {
            return Deed::Ended(call.who, call.result);
        }
        if call.name == "execve" {
            return Deed::Began(call.who);
        }
        if self.others.contains(&call.who) {
            return Deed::Nothing;
        }
        let before = self.made.len();
        let deed = match call.name.as_str() {
            "open" | "openat" | "creat" => self.opens(call),
            "write" | "pwrite64" => self.writes(call),
            "lseek" => self.seeks(call),
            "dup2" | "dup3" => self.doubles(call),
            "ftruncate" => self.sizes(call),
            "utimensat" => self.dates(call),
            "fsync" | "fdatasync" => return self.syncs(call),
            "sendto" => return Deed::Said(call.text(1)),
            _ => self.names(call),
        };
        match deed {
            Some(()) if self.made.len() > before => Deed::Changed(before),
            _ => Deed::Nothing,
        }
    }

    fn opens(&mut self, call: &Call) -> Option<()> {
        let path = call.path(usize::from(call.name == "openat"));
        let flags = call.word(1 + usize::from(call.name == "openat")).to_owned();
        let name = self.name(&path);
        let descriptor = i32::try_from(call.result).unwrap();
        self.open.remove(&descriptor);
        let inode = match self.inode(&path) {
            Some(inode) => inode,
            None => {
                let name = name?;
                assert!(flags.contains("O_CREAT"), "{} is not known", path.display());
                self.kinds.push(Kind::File(Original::default()));
                let inode = self.kinds.len() - 1;
                self.make(Change::Link(name, inode));
                inode
            }
        };
        if flags.contains("O_TRUNC") && self.size(inode) > 0 {
            self.make(Change::Size(inode, 0));
        }
        let appends = flags.contains("O_APPEND");
        self.open.insert(
            descriptor,
            Open {
                inode,
                at: 0,
                appends,
            },
        );
        Some(())
    }

    /// The open file at the first place; none if it is elsewhere.
    fn file(&mut self, call: &Call) -> Option<&mut Open> {
        let (descriptor, path) = call.descriptor(0);
        let ours = path.starts_with(&self.root);
        let file = self.open.get_mut(&descriptor).filter(|_| ours);
        assert!(file.is_some() || !ours, "{call:?}: opened by whom?");
        file
    }

    fn writes(&mut self, call: &Call) -> Option<()> {
        let bytes: Rc<[u8]> = call.text(1)[..usize::try_from(call.result).unwrap()].into();
        let place = (call.name == "pwrite64").then(|| call.number(3));
        let Open { inode, at, appends } = *self.file(call)?;
        let from = match place {
            Some(place) => place,
            None if appends => self.size(inode),
            None => at,
        };
        if place.is_none() {
            self.file(call)?.at = from + bytes.len() as u64;
        }
        self.make(Change::Data(inode, from, bytes));
        Some(())
    }

    fn seeks(&mut self, call: &Call) -> Option<()> {
        self.file(call)?.at = u64::try_from(call.result).unwrap();
        Some(())
    }

    fn doubles(&mut self, call: &Call) -> Option<()> {
        let file = *self.file(call)?;
        self.open.insert(i32::try_from(call.result).unwrap(), file);
        Some(())
    }

    fn sizes(&mut self, call: &Call) -> Option<()> {
        let inode = self.file(call)?.inode;
        self.make(Change::Size(inode, call.number(1)));
        Some(())
    }

    fn dates(&mut self, call: &Call) -> Option<()> {
        let inode = self.file(call)?.inode;
        let times = call.word(call.given.len() - 2);
        let last = |key: &str| {
            let after = times.rsplit(key).next().unwrap();
            let digits = after.split(|c: char| !c.is_ascii_digit()).next().unwrap();
            digits.parse().unwrap()
        };
        self.make(Change::Time(inode, last("tv_sec="), last("tv_nsec=")));
        Some(())
    }

    fn syncs(&mut self, call: &Call) -> Deed {
        let (_, path) = call.descriptor(0);
        // Files that are open keep what they are when they go by another name.
        let file = self.open.get(&call.descriptor(0).0).map(|open| open.inode);
        let Some(inode) = file.filter(|_| path.starts_with(&self.root)) else {
            return Deed::Nothing;
        };
        let sure = self.pending.remove(&inode).unwrap_or_default();
        for at in &sure {
            self.made[*at].lasts = true;
        }
        Deed::Synced(inode, sure.len())
    }

    fn names(&mut self, call: &Call) -> Option<()> {
        let (at, two) = match call.name.as_str() {
            "rename" | "link" => ((0, 1), true),
            "renameat" | "renameat2" | "linkat" => ((1, 3), true),
            "mkdir" | "unlink" | "rmdir" => ((0, 0), false),
            "mkdirat" | "unlinkat" => ((1, 0), false),
            other => {
                let touches = format!("{:?}", call.given).contains(self.root.to_str().unwrap());
                assert!(!touches, "teach the disk what {other} does: {call:?}");
                return None;
            }
        };
        let from = self.name(&call.path(at.0))?;
        let to = two.then(|| self.name(&call.path(at.1))).flatten();
        let inode = self.now.get(&from).copied();
        match (call.name.trim_end_matches('2').trim_end_matches("at"), to) {
            ("rename", Some(to)) => self.make(Change::Rename(from, to, inode?)),
            ("link", Some(to)) => self.make(Change::Link(to, inode?)),
            ("mkdir", None) => {
                self.kinds.push(Kind::Folder);
                self.make(Change::Link(from, self.kinds.len() - 1));
            }
            ("unlink" | "rmdir", None) => self.make(Change::Unlink(from)),
            _ => panic!("out of the house: {call:?}"),
        }
        Some(())
    }
}
