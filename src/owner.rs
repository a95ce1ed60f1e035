//! Whose a file is, and whether somebody else could have written what it says or chosen where it
//! lies. Root is trusted everywhere, since it can do as it likes.

use rustix::process::geteuid;
use std::fs::Metadata;
use std::os::unix::fs::MetadataExt;

/// Whether popget runs as root.
pub fn is_root() -> bool {
    geteuid().is_root()
}

/// Whether this is ours.
pub fn is_own(meta: &Metadata) -> bool {
    meta.uid() == geteuid().as_raw()
}

/// Whether this is ours, or root's.
pub fn trusted(meta: &Metadata) -> bool {
    is_own(meta) || meta.uid() == 0
}

/// Who may change a file or folder besides us and root, if anybody may.
pub fn changed_by_others(meta: &Metadata) -> Option<Others> {
    match meta.mode() {
        _ if !trusted(meta) => Some(Others::Owner(meta.uid())),
        mode if mode & 0o002 != 0 => Some(Others::Everyone),
        mode if mode & 0o020 != 0 => Some(Others::Group),
        _ => None,
    }
}

/// Those who may change a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Others {
    /// Its owner, this user.
    Owner(u32),
    /// Its group.
    Group,
    /// Everyone.
    Everyone,
}

impl Others {
    /// What is wrong with that, as a part of a sentence about the file.
    pub fn told(self) -> String {
        match self {
            Self::Owner(user) => format!("belongs to another user ({user})"),
            Self::Group => "can be written by its group".into(),
            Self::Everyone => "can be written by everyone".into(),
        }
    }
}
