//! Which system calls matter, what can go wrong with each, and how a run may end then: with the
//! statuses of sysexits.h that popget(1) gives, or with 0 if it could do all the same what it was to
//! do.
//!
//! An errno stands behind a call if the manual page of the call or what lies beneath it knows it.
//! ENOSPC and EDQUOT come from every call that may need a new block or inode; with delayed
//! allocation and copy-on-write from syncs and truncations, too. EIO is the broken disk, EMFILE
//! and ENFILE the full tables of descriptors, ENOLCK that of locks, EAGAIN and ENOMEM the lack of
//! processes and memory, ECONNRESET and its like the network. EINTR is an event and no failure: it
//! stands behind what can wait (for a disk over the network, a FIFO, a server, a child).
//!
//! What fills up stays full, so one of each pair goes on from where it began; the other passes.

use crate::support::strike::{Fault, KILL};

/// Calls that are one to the program, whatever the system calls them.
pub struct Call {
    /// Its names.
    pub names: &'static [&'static str],
    /// Which of them are meant, by how strace writes them.
    pub meant: fn(&str) -> bool,
    /// What can go wrong.
    pub ills: &'static [Ill],
}

/// Something that can go wrong, and the statuses that a run may have then.
#[derive(Clone, Copy)]
pub struct Ill {
    /// What happens.
    pub fault: Fault,
    /// How the run may end, besides well; empty if it is killed.
    pub ends: &'static [i32],
}

const fn once(what: &'static str, ends: &'static [i32]) -> Ill {
    let onwards = false;
    Ill {
        fault: Fault { what, onwards },
        ends,
    }
}

const fn onwards(what: &'static str, ends: &'static [i32]) -> Ill {
    let onwards = true;
    Ill {
        fault: Fault { what, onwards },
        ends,
    }
}

/// SIGKILL.
pub const KILLED: Ill = Ill {
    fault: KILL,
    ends: &[],
};
/// A signal that asks to stop: the message under way is finished, and what was done stays done.
const TERM: Ill = once("signal=SIGTERM", &[143]);
const INT: Ill = once("signal=SIGINT", &[130]);
/// A signal while the call waited.
const INTERRUPTED: Ill = once("error=EINTR", &[0]);
/// The disk or its folder has no room; the state or the destination cannot be written.
const FULL: Ill = once("error=ENOSPC", &[73, 74]);
const QUOTA: Ill = onwards("error=EDQUOT", &[73, 74]);
const BROKEN: Ill = onwards("error=EIO", &[73, 74]);
const HICCUP: Ill = once("error=EIO", &[73, 74]);
/// No descriptors: this program has too many, or the system has.
const DESCRIPTORS: Ill = once("error=EMFILE", &[71]);
const FILES: Ill = onwards("error=ENFILE", &[71]);

/// The calls that change what lasts, and those that read what is decided by.
const DISK: [Call; 17] = [
    Call {
        names: &["open", "openat"],
        meant: |_| true,
        ills: &[
            KILLED,
            DESCRIPTORS,
            // A lock file that cannot be read may be another program's.
            onwards("error=ENFILE", &[71, 75]),
            // The settings, the password; and what a program that is started is given.
            once("error=EIO", &[71, 73, 74, 78]),
            INTERRUPTED,
        ],
    },
    Call {
        names: &["open", "openat"],
        meant: |text| text.contains("O_CREAT"),
        ills: &[FULL, QUOTA],
    },
    Call {
        names: &["read", "pread64"],
        meant: |_| true,
        ills: &[once("error=EIO", &[73, 74, 78]), INTERRUPTED],
    },
    Call {
        names: &["write", "writev", "pwrite64"],
        meant: |text| !text.contains("<pipe:"),
        ills: &[KILLED, FULL, QUOTA, BROKEN, INTERRUPTED, TERM],
    },
    Call {
        // To an MDA, of which nothing is known then.
        names: &["write"],
        meant: |text| text.contains("<pipe:"),
        ills: &[KILLED, INTERRUPTED, INT],
    },
    Call {
        names: &["fsync"],
        meant: |_| true,
        ills: &[KILLED, FULL, QUOTA, BROKEN, HICCUP, INTERRUPTED, INT],
    },
    Call {
        names: &["fdatasync"],
        meant: |_| true,
        ills: &[KILLED, FULL, QUOTA, BROKEN, HICCUP, INTERRUPTED, TERM],
    },
    Call {
        names: &["rename", "renameat", "renameat2"],
        meant: |_| true,
        ills: &[KILLED, FULL, QUOTA, BROKEN, HICCUP, TERM],
    },
    Call {
        names: &["link", "linkat"],
        meant: |_| true,
        ills: &[KILLED, FULL, QUOTA, BROKEN],
    },
    Call {
        names: &["unlink", "unlinkat"],
        meant: |_| true,
        // What cannot be removed is left for the next run, if nothing hangs on it; a lock file of
        // the run's own keeps it waiting in vain.
        ills: &[
            KILLED,
            once("error=EIO", &[73, 74, 75]),
            onwards("error=EIO", &[73, 74, 75]),
        ],
    },
    Call {
        names: &["mkdir", "mkdirat"],
        meant: |_| true,
        ills: &[KILLED, FULL, QUOTA, BROKEN],
    },
    Call {
        names: &["ftruncate"],
        meant: |_| true,
        ills: &[KILLED, FULL, QUOTA, BROKEN, HICCUP, INTERRUPTED],
    },
    Call {
        names: &["flock"],
        meant: |_| true,
        ills: &[KILLED, once("error=ENOLCK", &[71, 73]), INTERRUPTED],
    },
    Call {
        names: &["fcntl"],
        meant: |text| text.contains("F_SETLK"),
        ills: &[KILLED, once("error=ENOLCK", &[71, 73]), INTERRUPTED],
    },
    Call {
        names: &["fcntl"],
        meant: |text| text.contains("F_DUPFD"),
        ills: &[DESCRIPTORS],
    },
    Call {
        names: &["statx", "newfstatat", "stat", "lstat", "fstat"],
        meant: |_| true,
        // What cannot be looked at must not be taken for missing.
        ills: &[once("error=EIO", &[73, 74, 78])],
    },
    Call {
        names: &["getdents64"],
        meant: |_| true,
        ills: &[HICCUP],
    },
];

/// The calls that speak with the server.
const NETWORK: [Call; 5] = [
    Call {
        names: &["socket"],
        meant: |_| true,
        ills: &[KILLED, DESCRIPTORS, FILES, once("error=ENOBUFS", &[71])],
    },
    Call {
        names: &["connect"],
        meant: |_| true,
        // Not EINTR: a call that is skipped looks the same but does not go on connecting.
        ills: &[
            KILLED,
            once("error=ECONNREFUSED", &[69]),
            once("error=ENETUNREACH", &[69]),
        ],
    },
    Call {
        names: &["sendto"],
        meant: |_| true,
        ills: &[
            KILLED,
            once("error=EIO", &[75]),
            once("error=EPIPE", &[75]),
            INTERRUPTED,
            TERM,
        ],
    },
    Call {
        names: &["recvfrom"],
        meant: |_| true,
        ills: &[
            KILLED,
            once("error=EIO", &[75]),
            once("error=ECONNRESET", &[75]),
            onwards("error=ETIMEDOUT", &[75]),
            INTERRUPTED,
            INT,
        ],
    },
    Call {
        names: &["poll", "ppoll"],
        meant: |_| true,
        ills: &[KILLED, once("error=ENOMEM", &[71]), INTERRUPTED],
    },
];

/// The calls that start the thread of an account, and programs.
const PROCESSES: [Call; 5] = [
    Call {
        names: &["clone", "clone3", "fork", "vfork"],
        meant: |_| true,
        ills: &[
            KILLED,
            once("error=EAGAIN", &[71]),
            once("error=ENOMEM", &[71]),
        ],
    },
    Call {
        names: &["execve"],
        meant: |_| true,
        // A program that may not be run is a mistake in the settings.
        ills: &[
            once("error=ENOMEM", &[71]),
            once("error=EMFILE", &[71]),
            once("error=EACCES", &[78]),
        ],
    },
    Call {
        names: &["pipe", "pipe2"],
        meant: |_| true,
        ills: &[KILLED, DESCRIPTORS, FILES],
    },
    Call {
        names: &["pidfd_open"],
        meant: |_| true,
        // Without it the end of an MDA is looked for.
        ills: &[
            KILLED,
            once("error=EMFILE", &[0]),
            onwards("error=ENOSYS", &[0]),
        ],
    },
    Call {
        names: &["wait4", "waitid"],
        meant: |_| true,
        ills: &[KILLED, INTERRUPTED],
    },
];

/// All of them.
pub fn all() -> impl Iterator<Item = &'static Call> {
    DISK.iter().chain(&NETWORK).chain(&PROCESSES)
}
