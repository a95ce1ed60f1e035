//! Where and how a run can be struck: at a moment of its dialogue with the server, at a system call
//! of its own by injection with strace, or by a limit of the system that it runs into. It does not
//! know what must come of it.
//!
//! strace counts the calls of each thread for itself, and the first thread that makes so many is
//! struck. The main thread makes the calls that load the program, and the other one those that
//! matter: where it makes as few of a kind, its calls are told by the files they are about.

use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

/// Where a run is struck.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Point {
    /// The k-th moment of the dialogue with the server.
    Moment(usize),
    /// The k-th call of this kind, by whichever thread makes so many.
    Call(String, usize),
    /// The k-th call of this kind about this file, from the home or the root.
    CallAbout(String, String, usize),
    /// No more than this of what `ulimit` calls by this letter.
    Limit(char, usize),
}

/// What happens to it there, in the words of strace.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Fault {
    /// `signal=…` or `error=…`.
    pub what: &'static str,
    /// Whether it happens at every such call from there on, and not once.
    pub onwards: bool,
}

/// The fault of a point that needs none: the end of a kill, or what a limit does.
pub const KILL: Fault = Fault {
    what: "signal=SIGKILL",
    onwards: false,
};

impl Point {
    /// Whether it is at a call whose name begins so.
    pub fn calls(&self, name: &str) -> bool {
        match self {
            Point::Call(call, _) | Point::CallAbout(call, ..) => call.starts_with(name),
            Point::Moment(_) | Point::Limit(..) => false,
        }
    }
}

impl Fault {
    /// By what strace tells that it happened.
    pub fn mark(self) -> String {
        match self.what.strip_prefix("signal=") {
            Some(signal) => format!("--- {signal} "),
            None => "(INJECTED)".into(),
        }
    }
}

/// A call that a run made when nothing happened to it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Made {
    /// Its name.
    pub name: String,
    /// Whose it is.
    pub thread: Thread,
    /// The how manieth of this name it is in its thread.
    pub nth: usize,
    /// The file that it is about, if it has a name: below the home or from the root.
    pub file: Option<String>,
    /// The call as strace writes it.
    pub text: String,
}

/// The threads of a run with one account.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Thread {
    /// The first one, which reads the settings.
    Main,
    /// The one that visits the account.
    Visit,
    /// A process that is about to become another program.
    Child,
}

/// Whether strace is here. Where it is not, that is a failure in continuous integration; elsewhere
/// it is said aloud, and there is nothing to test.
pub fn strace_is_here() -> bool {
    let mut trial = Command::new("strace");
    trial.args(["-f", "-o", "/dev/null", "true"]);
    let works = trial.stdout(Stdio::null()).stderr(Stdio::null()).status();
    if works.is_ok_and(|status| status.success()) {
        return true;
    }
    let loss = "no strace that works here: the tests with failing system calls are skipped\n";
    assert!(std::env::var("CI").as_deref() != Ok("true"), "{loss}");
    // Past the test harness, which would swallow what a passing test prints.
    let _ = io::stderr().write_all(loss.as_bytes());
    false
}

/// The command before a run that is struck; nothing for a moment of the dialogue. What another
/// program does that it starts is left alone.
pub fn command(point: &Point, fault: Fault, home: &Path, log: &Path) -> Vec<String> {
    let (call, file, k) = match point {
        Point::Moment(_) => return Vec::new(),
        Point::Limit(letter, most) => {
            let text = format!("ulimit -{letter} {most} && exec \"$@\"");
            return ["sh", "-c", &text, "sh"].map(str::to_owned).into();
        }
        Point::Call(call, k) => (call, None, k),
        Point::CallAbout(call, file, k) => (call, Some(file), k),
    };
    let onwards = if fault.onwards { "+" } else { "" };
    let inject = format!("inject={call}:{}:when={k}{onwards}", fault.what);
    let traced = format!("trace={call}");
    let mut words = strace(log, &traced);
    words.extend(["-e".into(), inject]);
    if let Some(file) = file {
        // The home itself has no name below it, and strace wants no slash behind it.
        let file: PathBuf = home.join(file).components().collect();
        words.extend(["-P".into(), file.to_string_lossy().into_owned()]);
    }
    words
}

/// The command before a run that only tells which of these calls it makes.
pub fn watching(calls: &[&str], log: &Path) -> Vec<String> {
    let calls: Vec<String> = calls.iter().map(|call| format!("?{call}")).collect();
    let mut words = strace(log, &format!("trace={}", calls.join(",")));
    words.push("-y".into());
    words
}

fn strace(log: &Path, traced: &str) -> Vec<String> {
    let log = log.to_string_lossy().into_owned();
    let words = [
        "strace", "-f", "-qq", "-b", "execve", "-o", &log, "-e", traced,
    ];
    words.map(str::to_owned).into()
}

/// Reads what `watching` wrote.
pub fn made(log: &str, home: &Path) -> Vec<Made> {
    let mut threads: Vec<&str> = Vec::new();
    let mut made: Vec<Made> = Vec::new();
    for line in log.lines() {
        let Some((id, text)) = line.split_once(' ') else {
            continue;
        };
        if !threads.contains(&id) {
            threads.push(id);
        }
        let Some((name, arguments)) = text.trim_start().split_once('(') else {
            continue;
        };
        // Else it is the end of a call, or a signal.
        if !name.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_') {
            continue;
        }
        let thread = match threads.iter().position(|known| *known == id) {
            Some(0) => Thread::Main,
            Some(1) => Thread::Visit,
            _ => Thread::Child,
        };
        let before = made
            .iter()
            .filter(|m| (m.name.as_str(), m.thread) == (name, thread));
        let nth = before.count() + 1;
        let file = file_of(arguments).map(|file| {
            let below = Path::new(file).strip_prefix(home);
            below.map_or(file.into(), |below| below.to_string_lossy().into_owned())
        });
        let (name, text) = (name.to_owned(), text.trim_start().to_owned());
        made.push(Made {
            name,
            thread,
            nth,
            file,
            text,
        });
    }
    made
}

/// The file that a call is about: that of its first argument if it is open, or the first that is
/// named. Pipes and sockets are none.
fn file_of(arguments: &str) -> Option<&str> {
    let open = arguments.starts_with(|c: char| c.is_ascii_digit());
    let (from, to) = match open {
        true => ("<", ">"),
        false => ("\"", "\""),
    };
    let (file, _) = arguments.split_once(from)?.1.split_once(to)?;
    file.starts_with('/').then_some(file)
}

/// The points at which those of these calls can be struck that are meant, one a call where that is
/// possible: `again` is what another run of the same kind made, and only what both made is to be
/// found by its file.
pub fn points(made: &[Made], again: &[Made], meant: impl Fn(&Made) -> bool) -> Vec<Point> {
    let point = |call: &Made| {
        let of_main = made
            .iter()
            .filter(|m| m.thread == Thread::Main && m.name == call.name);
        let first = match call.thread {
            Thread::Main => call.name.starts_with("clone"),
            Thread::Visit => call.nth > of_main.count(),
            Thread::Child => false,
        };
        let by_number = || first.then(|| Point::Call(call.name.clone(), call.nth));
        let alike = |m: &&Made| (&m.name, &m.file) == (&call.name, &call.file);
        let Some(file) = &call.file else {
            return by_number();
        };
        let same = made.iter().filter(alike).count() == again.iter().filter(alike).count();
        let alone = made.iter().filter(alike).all(|m| m.thread == call.thread);
        let ours = file.starts_with('/') == (call.thread == Thread::Child);
        if !(same && alone && ours) {
            return by_number();
        }
        let nth = made.iter().filter(alike).position(|m| m == call)? + 1;
        Some(Point::CallAbout(call.name.clone(), file.clone(), nth))
    };
    let meant = made.iter().filter(|made| meant(made));
    meant.filter_map(point).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn calls_are_told_by_thread_and_file() {
        let log = "1 openat(AT_FDCWD</h>, \"/lib/x\", O_RDONLY) = 3\n\
            1 openat(AT_FDCWD</h>, \"/h/a\", O_RDONLY) = 3</h/a>\n\
            1 clone3({flags=CLONE_VM}, 88 <unfinished ...>\n\
            2 openat(AT_FDCWD</h>, \"/h/b\", O_RDONLY <unfinished ...>\n\
            1 <... clone3 resumed>) = 2\n\
            2 openat(AT_FDCWD</h>, \"/h/c.17\", O_RDONLY) = 3</h/c.17>\n\
            2 openat(AT_FDCWD</h>, \"/h/d.17\", O_RDONLY) = 3</h/d.17>\n\
            2 read(3</h/b>, \"/\", 9) = 1\n\
            2 write(4<socket:[1]>, \"/\", 1) = 1\n\
            2 --- SIGCHLD {si_signo=SIGCHLD} ---\n\
            3 execve(\"/bin/sh\", [\"sh\"], 0x1 /* 1 var */ <detached ...>\n";
        let made = made(log, Path::new("/h"));
        assert_eq!(made.len(), 9);
        let other = self::made(&log.replace(".17", ".18"), Path::new("/h"));
        let call = |name: &str, k| Point::Call(name.into(), k);
        let about = |name: &str, file: &str| Point::CallAbout(name.into(), file.into(), 1);
        let expected = [
            about("openat", "a"),
            call("clone3", 1),
            about("openat", "b"),
            call("openat", 3),
            about("read", "b"),
            call("write", 1),
            about("execve", "/bin/sh"),
        ];
        assert_eq!(points(&made, &other, |_| true), expected);
    }
}
