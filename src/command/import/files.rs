//! Another program's files on this machine: where they are by its habits, and whether it is at work.

use crate::error::{plain, Error, Mistake, Result};
use crate::folder;
use crate::import::Tool;
use crate::report;
use crate::secret;
use rustix::process::{fcntl_getlk, test_kill_process, Flock, FlockType, Pid};
use std::ffi::OsStr;
use std::fs::{self, File};
use std::io::{self, Read};
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};

/// More than any file that is read here needs.
const LIMIT: u64 = 64 * 1024 * 1024;

/// A file that was read.
pub struct Source {
    /// Where it is.
    pub path: PathBuf,
    /// What is in it.
    pub bytes: Vec<u8>,
}

impl Source {
    /// Reads a file.
    pub fn read(path: &Path) -> Result<Self> {
        let bytes = File::open(path).and_then(all_of);
        let why = |why: io::Error| {
            let unread = |why: io::Error| {
                Error::Settings(Box::new(Mistake {
                    file: path.display().to_string(),
                    place: None,
                    key: String::new(),
                    what: format!("cannot be read: {}", plain(&why)),
                }))
            };
            Error::unread(why, "read a file", unread)
        };
        let bytes = bytes.map_err(why)?;
        let path = path.to_path_buf();
        Ok(Self { path, bytes })
    }

    /// Whether it is an rc file of getmail, by what stands in it.
    pub fn has_retriever(&self) -> bool {
        Tool::is_rc_file(&self.bytes)
    }

    /// What it is called.
    pub fn name(&self) -> String {
        self.path.display().to_string()
    }
}

fn all_of(from: impl Read) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    from.take(LIMIT + 1).read_to_end(&mut bytes)?;
    match bytes.len() as u64 > LIMIT {
        true => Err(io::Error::other("it is larger than 64 MiB")),
        false => Ok(bytes),
    }
}

/// The settings of a program that are there, where its manual says that they are.
pub fn usual(tool: Tool) -> Option<PathBuf> {
    let config = |name: &str| folder::settings().map(|config| config.join(name));
    let places = match tool {
        Tool::Fetchmail => vec![
            named("FETCHMAILHOME", "fetchmailrc"),
            named("HOME_ETC", ".fetchmailrc"),
            home(".fetchmailrc"),
            Some("/etc/fetchmailrc".into()),
        ],
        Tool::Mpop => vec![home(".mpoprc"), config("mpop/config")],
        Tool::Getmail => of_getmail().map(Some).collect(),
        Tool::Fdm => vec![home(".fdm.conf"), Some("/etc/fdm.conf".into())],
        Tool::Thunderbird => Vec::new(),
    };
    let first = places.into_iter().flatten().find(|path| is_there(path));
    let first = first.filter(|path| !within(tool, path).is_empty())?;
    // Of its folder getmail reads this one alone, if it is there.
    let rc = first.join("getmailrc");
    match tool == Tool::Getmail && is_there(&rc) {
        true => Some(rc),
        false => Some(first),
    }
}

/// A file in the home folder.
fn home(name: &str) -> Option<PathBuf> {
    folder::home().map(|home| home.join(name))
}

/// A file in the folder that a variable names.
fn named(variable: &str, name: &str) -> Option<PathBuf> {
    folder::named_by(variable).map(|at| at.join(name))
}

/// The folder that fetchmail has in place of the home folder, by the environment.
pub fn of_fetchmail() -> Option<PathBuf> {
    let mut variables = ["FETCHMAILHOME", "HOME_ETC"].into_iter();
    variables.find_map(folder::named_by)
}

/// The folders of getmail, the one first that it takes if both are there; its records are there, too.
pub fn of_getmail() -> impl Iterator<Item = PathBuf> {
    let newer = folder::settings().map(|config| config.join("getmail"));
    let older = folder::home().map(|home| home.join(".getmail"));
    newer.into_iter().chain(older)
}

/// Whether something has this name, be it what it may.
pub fn is_there(path: &Path) -> bool {
    !matches!(fs::symlink_metadata(path), Err(why) if folder::is_missing(&why))
}

/// A file, or the rc files of a folder of getmail.
pub fn within(tool: Tool, path: &Path) -> Vec<PathBuf> {
    match fs::read_dir(path) {
        Ok(entries) if tool == Tool::Getmail => rc_files(entries),
        _ => vec![path.to_path_buf()],
    }
}

/// The files that getmail takes for rc files, in order.
fn rc_files(entries: fs::ReadDir) -> Vec<PathBuf> {
    let rc = |path: &PathBuf| {
        let name = path
            .file_name()
            .map_or(String::new(), |name| name.to_string_lossy().into_owned());
        let endings = ["~", "#", ".json", ".swp", ".bak"];
        let other = name.starts_with("oldmail-") || name.starts_with('.');
        path.is_file() && !other && !endings.iter().any(|ending| name.ends_with(ending))
    };
    let paths = entries.flatten().map(|entry| entry.path());
    let mut files: Vec<PathBuf> = paths.filter(rc).collect();
    files.sort();
    files
}

/// What getmail has beside the one file that is read.
pub fn beside(read: &Path) -> Vec<String> {
    let entries = fs::read_dir(folder::above(read));
    let others = entries.map(rc_files).unwrap_or_default().into_iter();
    let others = others.filter(|path| path != read);
    let sources = others.filter_map(|path| Source::read(&path).ok());
    let named = sources.filter(Source::has_retriever);
    let names = named.filter_map(|source| Some(source.path.file_name()?.to_owned()));
    names
        .map(|name| name.to_string_lossy().into_owned())
        .collect()
}

/// The program whose settings a file of this name is.
pub fn told_by_name(path: &Path) -> Option<Tool> {
    let name = path.to_string_lossy().to_lowercase();
    let named = |(known, _): &&(&str, Tool)| name.contains(known);
    Tool::ALL.iter().find(named).map(|(_, tool)| *tool)
}

/// A path as another program's settings have it: from the home folder if it begins with `~`, else
/// from the folder of the settings.
pub fn placed(path: &[u8], settings: &Path) -> PathBuf {
    let home = folder::home().unwrap_or_default();
    match path {
        [b'~'] => home,
        [b'~', b'/', rest @ ..] => home.join(OsStr::from_bytes(rest)),
        path => folder::above(settings).join(OsStr::from_bytes(path)),
    }
}

/// The name of whoever runs us, by the table of users.
pub fn own_name() -> Option<String> {
    let users = fs::read_to_string("/etc/passwd").ok()?;
    let own = rustix::process::getuid().as_raw().to_string();
    let line = users
        .lines()
        .find(|line| line.split(':').nth(2) == Some(own.as_str()))?;
    line.split(':').next().map(str::to_string)
}

/// Why others may read what is printed, if that goes to a file.
pub fn output_open_to_others() -> Option<&'static str> {
    secret::open_to_others(&File::from(report::output().ok()?))
}

/// Fails if the program is at work on these settings or this record.
pub fn idle(tool: Tool, records: &[PathBuf], locks: &[PathBuf]) -> Result<()> {
    let busy = match tool {
        Tool::Fetchmail => {
            let usual = [
                named("FETCHMAILHOME", "fetchmail.pid"),
                named("HOME_ETC", ".fetchmail.pid"),
                home(".fetchmail.pid"),
                Some("/run/fetchmail.pid".into()),
                Some("/run/fetchmail/fetchmail.pid".into()),
            ];
            let mut places = locks.iter().chain(usual.iter().flatten());
            let alive = |path: &&PathBuf| running(path);
            places.find(alive).map(|path| at_work(path))
        }
        Tool::Mpop => {
            let held = |path: &&PathBuf| is_locked(path);
            records.iter().find(held).map(|path| at_work(path))
        }
        Tool::Fdm => {
            let usual = [
                home(".fdm.lock"),
                Some("/var/run/fdm.lock".into()),
                Some("/var/db/fdm.lock".into()),
            ];
            let mut places = locks.iter().chain(usual.iter().flatten());
            let there = places.find(|path| path.exists());
            there.map(|path| format!("{}; if fdm is not running, remove it", at_work(path)))
        }
        Tool::Getmail | Tool::Thunderbird => None,
    };
    let program = tool.name();
    busy.map_or(Ok(()), |held| Err(Error::AtWork { program, held }))
}

fn at_work(path: &Path) -> String {
    format!("it holds {}", path.display())
}

/// Whether the process lives whose number is in a file.
fn running(path: &Path) -> bool {
    let text = fs::read_to_string(path).unwrap_or_default();
    let number = text
        .lines()
        .next()
        .and_then(|line| line.trim().parse().ok());
    // Less than 1 stands for more than one process.
    let pid = number.filter(|number| *number > 0).and_then(Pid::from_raw);
    pid.is_some_and(|pid| test_kill_process(pid) != Err(rustix::io::Errno::SRCH))
}

/// Whether somebody holds a file by fcntl.
fn is_locked(path: &Path) -> bool {
    let Ok(file) = File::open(path) else {
        return false;
    };
    let asked = Flock::from(FlockType::ReadLock);
    matches!(fcntl_getlk(&file, &asked), Ok(Some(_)))
}
