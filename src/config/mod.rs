//! What is meant by the configuration: flags over accounts over defaults over what is built in, every
//! contradiction checked. The accounts that come out of here need no further checking, and nothing
//! but reading has happened.

mod asking;
mod book;
mod destination;
mod draft;
mod file;
mod insert;
mod kinds;
mod known;
mod manual;
mod mistake;
mod network;
mod oauth;
mod one_off;
mod place;
mod places;
#[cfg(any(test, fuzzing))]
pub mod properties;
mod protocol;
mod relay;
mod resolve;
mod route;
mod schema;
mod secrets;
mod server;
mod syntax;
mod trust;
mod units;
mod written;

pub use book::Book;
pub use draft::{Draft, Entry, Setting};
pub use known::{called, maildrop, port, Maildrops};
pub use resolve::unfit_name;
pub use schema::schema;
pub use server::{ascii, proxy, Server};
pub use units::path as expanded;

use crate::cli::Fetch;
use crate::error::{plain, Error, Result};
use crate::folder::{self, named_by};
use crate::owner::{self, Others};
use crate::secret::{self, Turn};
use crate::session::Account;
use file::{File, Keys};
use mistake::{nearest, Source};
use places::Places;
use std::io::Read;
use std::path::{Path, PathBuf};

/// More than any configuration needs, that of tens of thousands of accounts included: what is read is
/// held whole, and a file without an end must have one.
const LIMIT: u64 = 16 * 1024 * 1024;
/// How many accounts are fetched at the same time, if nothing else is said.
const JOBS: u16 = 8;

/// All that a run needs to know.
pub struct Settings {
    /// Accounts at the same time.
    pub jobs: u16,
    /// The accounts to visit, in the order of the file.
    pub accounts: Vec<Account>,
    /// The variables of the environment that hold passwords, of any account.
    pub variables: Vec<String>,
}

/// Reads a server that is named by hand, as `server` in the file may name it, and the name by which
/// the name service knows its host.
pub fn server(text: &str) -> Result<(Server, String)> {
    // Before the @ may stand a password.
    let shown = text.rsplit('@').next().unwrap_or_default();
    let wrong = |what| Error::Usage(format!("{shown}: {what}"));
    let server = server::read(text).map_err(wrong)?;
    let host = server::ascii(&server.host).map_err(wrong)?;
    Ok((server, host))
}

/// Reads the configuration file, if the command line does not do without, and applies the flags.
pub fn read(flags: &Fetch) -> Result<Settings> {
    let (file, source) = match one_off::account(&flags.one_off)? {
        Some(account) => (File::of(account), Source::options()),
        None => open(flags.config.as_ref())?,
    };
    let mut chosen = choose(&file, &flags.accounts, &source)?;
    if let Some(shard) = flags.shard {
        chosen.retain(|(name, _)| shard.holds(name));
    }
    let state = state_directory(flags)?;
    let accounts = resolved((&file, &source), &chosen, flags, &state)?;
    let layers = file.accounts.0.iter().map(|(_, keys)| keys);
    let layers = layers.chain([&file.defaults]);
    Ok(Settings {
        jobs: flags.jobs.or(file.jobs).unwrap_or(JOBS),
        accounts,
        variables: layers
            .filter_map(|keys| keys.password_env.clone())
            .collect(),
    })
}

/// The settings that a text would be, if it were the configuration file.
pub fn of_text(name: &str, text: String, flags: &Fetch) -> Result<Settings> {
    let name = name.into();
    let source = Source { name, text };
    let file = parsed(&source)?;
    let every: Vec<_> = file.accounts.0.iter().collect();
    let state = state_directory(flags)?;
    Ok(Settings {
        jobs: flags.jobs.or(file.jobs).unwrap_or(JOBS),
        accounts: resolved((&file, &source), &every, flags, &state)?,
        variables: Vec::new(),
    })
}

/// An account of the configuration file, enabled or not.
pub fn account(flags: &Fetch, name: &str) -> Result<Account> {
    let (file, source) = open(flags.config.as_ref())?;
    let chosen = choose(&file, &[name.into()], &source)?;
    let state = state_directory(flags)?;
    let mut accounts = resolved((&file, &source), &chosen, flags, &state)?;
    let missing = || Error::Usage(format!("there is no account {name}"));
    accounts.pop().ok_or_else(missing)
}

/// The names of all accounts of the configuration file, enabled or not. What else it says of them is
/// not looked at.
pub fn names(flags: &Fetch) -> Result<Vec<String>> {
    let (file, _) = open(flags.config.as_ref())?;
    Ok(file.accounts.0.into_iter().map(|(name, _)| name).collect())
}

/// The configuration file as it is meant, in YAML: all accounts, or those that are named.
pub fn written_out(flags: &Fetch) -> Result<String> {
    let (file, source) = open(flags.config.as_ref())?;
    let every: Vec<String>;
    let named = match flags.accounts.as_slice() {
        [] => {
            let names = file.accounts.0.iter().map(|(name, _)| name.clone());
            every = names.collect();
            every.as_slice()
        }
        named => named,
    };
    let chosen = choose(&file, named, &source)?;
    let enabled = chosen.iter().map(|(_, keys)| is_enabled(keys, &file));
    // Nothing of it is written out.
    let nowhere = PathBuf::new();
    let accounts = resolved((&file, &source), &chosen, flags, &nowhere)?;
    let accounts: Vec<_> = accounts.into_iter().zip(enabled).collect();
    let jobs = file.jobs.unwrap_or(JOBS);
    let written = serde_yaml::to_string(&written::file(jobs, &accounts));
    written.map_err(|why| Error::Bug(why.to_string()))
}

fn is_enabled(keys: &Keys, file: &File) -> bool {
    keys.enabled.or(file.defaults.enabled).unwrap_or(true)
}

/// What is meant by these accounts.
fn resolved(
    (file, source): (&File, &Source),
    chosen: &[&(String, Keys)],
    flags: &Fetch,
    state: &Path,
) -> Result<Vec<Account>> {
    let turn = Turn::default();
    let resolve = |(name, keys): &&(String, Keys)| {
        resolve::Layers {
            source,
            name,
            within: vec!["accounts".into(), name.clone()],
            own: keys,
            base: &file.defaults,
            flags,
            turn: &turn,
        }
        .account(state)
    };
    chosen.iter().map(resolve).collect()
}

/// Reads the file, which must be safe for what it holds.
fn open(named: Option<&PathBuf>) -> Result<(File, Source)> {
    let (source, unsafe_because) = find(named)?;
    let file = parsed(&source)?;
    safe(&source, Some(&file), unsafe_because)?;
    Ok((file, source))
}

/// Fails if the file is not safe for what it holds.
fn safe(source: &Source, file: Option<&File>, unsafe_because: Unsafe) -> Result<()> {
    let Some((why, secrets_only)) = unsafe_because else {
        return Ok(());
    };
    let secret = file.and_then(place_of_password);
    if secret.is_none() && secrets_only {
        return Ok(());
    }
    let path = secret.unwrap_or_default();
    let path: Vec<&str> = path.iter().map(String::as_str).collect();
    Err(match path.as_slice() {
        [] => source.unfit(None, why),
        path => source.mistake(path, why),
    })
}

/// Fails over text that would take the parser too long.
fn shallow(source: &Source) -> Result<()> {
    let what = "brackets are nested here deeper than any configuration needs";
    let deep = syntax::too_deep(&source.text);
    deep.map_or(Ok(()), |place| Err(source.unfit(Some(place), what)))
}

/// Understands the file.
fn parsed(source: &Source) -> Result<File> {
    shallow(source)?;
    serde_yaml::from_str(&source.text).map_err(|error| source.unreadable(&error))
}

/// Why a file is not safe with what to do, and whether only secrets make it so.
type Unsafe = Option<(String, bool)>;

/// Whoever may write the file may name commands in it, and whoever may read it the passwords.
fn unsafe_because(file: &std::fs::File, name: &str) -> Unsafe {
    let meta = file.metadata().ok().filter(|meta| meta.is_file())?;
    let mend = format!("run chmod 600 {name}");
    match owner::changed_by_others(&meta) {
        Some(others @ Others::Owner(_)) => {
            let why = format!("the file {}; it must be yours or root's", others.told());
            Some((why, false))
        }
        Some(others) => Some((format!("the file {}; {mend}", others.told()), false)),
        None => secret::open_to_others(file).map(|why| (format!("the file {why}; {mend}"), true)),
    }
}

/// Finds and reads the file.
fn find(named: Option<&PathBuf>) -> Result<(Source, Unsafe)> {
    if named.is_some_and(|path| path.as_os_str() == "-") {
        return Ok((
            Source {
                name: "standard input".into(),
                text: text("standard input", std::io::stdin())?,
            },
            None,
        ));
    }
    let places = Places::of(named);
    for path in &places.all {
        let name = path.display().to_string();
        match std::fs::File::open(path) {
            Ok(file) => {
                let why = unsafe_because(&file, &name);
                return Ok((
                    Source {
                        text: text(&name, file)?,
                        name,
                    },
                    why,
                ));
            }
            Err(why) if why.kind() == std::io::ErrorKind::NotFound => {}
            Err(why) => {
                let text = String::new();
                return Err(Source { name, text }.unread(why));
            }
        }
    }
    Err(places.missing())
}

impl Source {
    /// The error that the file cannot be read.
    fn unread(&self, why: std::io::Error) -> Error {
        let unfit = |why| self.unfit(None, format!("cannot be read: {}", plain(&why)));
        Error::unread(why, "read the configuration", unfit)
    }
}

fn text(name: &str, from: impl Read) -> Result<String> {
    let source = |text: String| Source {
        name: name.into(),
        text,
    };
    let mut bytes = Vec::new();
    if let Err(why) = from.take(LIMIT + 1).read_to_end(&mut bytes) {
        return Err(source(String::new()).unread(why));
    }
    if !fits(&bytes) {
        let what = "is larger than 16 MiB, more than any configuration needs";
        return Err(source(String::new()).unfit(None, what));
    }
    String::from_utf8(bytes).map_err(|error| {
        let good = error.utf8_error().valid_up_to();
        let text = String::from_utf8_lossy(&error.as_bytes()[..good]).into_owned();
        let place = syntax::place_of(&text, good);
        source(text).unfit(place, "this is not UTF-8; write the file in UTF-8")
    })
}

/// Whether a configuration is small enough to be read.
pub fn fits(text: &[u8]) -> bool {
    text.len() as u64 <= LIMIT
}

/// Where accounts are remembered.
pub fn state_directory(flags: &Fetch) -> Result<PathBuf> {
    if let Some(named) = &flags.state_dir {
        return Ok(named.clone());
    }
    let service = std::env::var("STATE_DIRECTORY").ok();
    let service = service.and_then(|all| all.split(':').next().map(PathBuf::from));
    let own = || {
        let home = named_by("XDG_STATE_HOME")
            .or_else(|| folder::home().map(|home| home.join(".local/state")));
        home.map(|folder| folder.join("popget"))
    };
    let missing = || {
        Error::Usage(
            "neither HOME nor XDG_STATE_HOME is set to an absolute path; name a folder with --state-dir".into(),
        )
    };
    service
        .filter(|path| path.is_absolute())
        .or_else(own)
        .ok_or_else(missing)
}

/// The first password in the file, as a path of keys.
fn place_of_password(file: &File) -> Option<Vec<String>> {
    let key = |keys: &Keys| match &keys.proxy {
        _ if keys.password.is_some() => Some("password".to_string()),
        Some(proxy) if proxy.login.is_some() => Some("proxy".to_string()),
        _ => None,
    };
    if let Some(key) = key(&file.defaults) {
        return Some(vec!["defaults".into(), key]);
    }
    let mut accounts = file.accounts.0.iter();
    accounts.find_map(|(name, keys)| Some(vec!["accounts".into(), name.clone(), key(keys)?]))
}

/// The accounts that are meant: those named, or all that are enabled.
fn choose<'f>(
    file: &'f File,
    named: &[String],
    source: &Source,
) -> Result<Vec<&'f (String, Keys)>> {
    let all = &file.accounts.0;
    for name in named {
        if name.is_empty() {
            return Err(Error::Usage("--account is given an empty name".into()));
        }
        if !all.iter().any(|(known, _)| known == name) {
            let names: Vec<&str> = all.iter().map(|(known, _)| known.as_str()).collect();
            let hint = match nearest(name, &names) {
                Some(near) => format!("; did you mean {near}?"),
                None if names.len() < 10 => format!("; it has {}", names.join(", ")),
                None => String::new(),
            };
            return Err(Error::Usage(format!(
                "there is no account {name} in {}{hint}",
                source.name
            )));
        }
    }
    let chosen: Vec<_> = match named {
        [] => all
            .iter()
            .filter(|(_, keys)| is_enabled(keys, file))
            .collect(),
        named => all
            .iter()
            .filter(|(name, _)| named.contains(name))
            .collect(),
    };
    match (chosen.is_empty(), all.is_empty()) {
        (_, true) => Err(source.mistake(&["accounts"], "there is no account in it")),
        (true, _) => Err(source.mistake(&["accounts"], "every account has enabled: false")),
        (false, false) => Ok(chosen),
    }
}
