//! The file in which ftp(1) and its kin look for passwords: `machine NAME login USER password WORD`,
//! over as many lines as one likes.

use super::{file, Secret, LIMIT};
use crate::error::{Error, Result};
use crate::folder;
use std::cell::OnceCell;
use std::path::PathBuf;
use zeroize::Zeroizing;

/// How people call the file.
const WHAT: &str = "netrc file";

/// The password of a user at a host: of the first entry that names the host, or is the default, and
/// names this user, or none.
pub fn password(host: &str, user: &str) -> Result<Secret> {
    let found = look_up(&text()?, host, Some(user))?.and_then(|entry| entry.password);
    let missing = || {
        wrong(format!(
            "it has no password for login {user} at machine {host}"
        ))
    };
    found.map(Word::into_secret).ok_or_else(missing)
}

/// The user of the first entry that names the host, or is the default, and names a user.
pub fn user(host: &str) -> Result<Option<String>> {
    user_in(&text()?, host)
}

/// The file, read once for whoever asks for many hosts.
#[derive(Default)]
pub struct Netrc(OnceCell<Option<Zeroizing<Vec<u8>>>>);

impl Netrc {
    /// The user that [`user`] gives; none if the file cannot be read.
    pub fn user(&self, host: &str) -> Option<String> {
        let text = self.0.get_or_init(|| text().ok()).as_ref()?;
        user_in(text, host).ok().flatten()
    }
}

fn user_in(text: &[u8], host: &str) -> Result<Option<String>> {
    let Some(login) = look_up(text, host, None)?.and_then(|entry| entry.login) else {
        return Ok(None);
    };
    let user = String::from_utf8(login.0.to_vec());
    user.map(Some)
        .map_err(|_| wrong(format!("the login for machine {host} is not UTF-8")))
}

fn look_up(text: &[u8], host: &str, user: Option<&str>) -> Result<Option<Entry>> {
    find(text, host, user).map_err(|Broken { line, what }| wrong(format!("line {line}: {what}")))
}

/// What stands in the file.
fn text() -> Result<Zeroizing<Vec<u8>>> {
    let path = path()?;
    let file = file::private(WHAT, &path)?;
    let text = Zeroizing::new(file::slurp(WHAT, &path, &file)?);
    match text.len() as u64 >= LIMIT {
        true => Err(wrong("it is larger than 64 KiB".into())),
        false => Ok(text),
    }
}

fn path() -> Result<PathBuf> {
    let named = std::env::var_os("NETRC").filter(|path| !path.is_empty());
    let usual = || folder::home().map(|home| home.join(".netrc"));
    let path = named.map(PathBuf::from).or_else(usual);
    path.ok_or_else(|| Error::SecretFile {
        what: WHAT,
        path: "~/.netrc".into(),
        why: "HOME names no folder (an absolute path)".into(),
    })
}

fn wrong(why: String) -> Error {
    match path() {
        Ok(path) => Error::SecretFile {
            what: WHAT,
            path,
            why,
        },
        Err(error) => error,
    }
}

/// An entry as far as it was read.
pub(super) struct Entry {
    fits: bool,
    login: Option<Word>,
    pub(super) password: Option<Word>,
}

impl Entry {
    fn new(fits: bool) -> Self {
        Self {
            fits,
            login: None,
            password: None,
        }
    }

    /// Whether it is for this host and user, and tells the password.
    fn answers(&self, user: Option<&str>) -> bool {
        let ours = match (&self.login, user) {
            (Some(login), Some(user)) => login.0.as_slice() == user.as_bytes(),
            (login, user) => login.is_some() || user.is_some(),
        };
        let told = self
            .password
            .as_ref()
            .is_some_and(|word| !word.0.is_empty());
        self.fits && ours && told
    }
}

/// Where the file cannot be understood, and why. What stands there is not repeated.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Broken {
    line: usize,
    what: &'static str,
}

/// The first entry that answers.
pub(super) fn find(text: &[u8], host: &str, user: Option<&str>) -> Result<Option<Entry>, Broken> {
    let mut words = Words {
        all: text,
        rest: text,
    };
    let mut entry = Entry::new(false);
    while let Some(keyword) = words.keyword()? {
        let next = match keyword.0.as_slice() {
            b"machine" => Entry::new(words.value()?.0.eq_ignore_ascii_case(host.as_bytes())),
            b"default" => Entry::new(true),
            b"login" | b"user" => {
                entry.login = Some(words.value()?);
                continue;
            }
            b"password" | b"passwd" => {
                entry.password = Some(words.value()?);
                continue;
            }
            b"account" | b"port" | b"protocol" | b"force" => {
                words.value()?;
                continue;
            }
            b"macdef" => {
                words.skip_macro();
                continue;
            }
            _ => return Err(words.broken("no keyword; put a value with spaces in double quotes")),
        };
        if entry.answers(user) {
            return Ok(Some(entry));
        }
        entry = next;
    }
    Ok(Some(entry).filter(|entry| entry.answers(user)))
}

/// A word of the file, which may be a secret.
pub(super) struct Word(pub(super) Zeroizing<Vec<u8>>);

impl Word {
    fn into_secret(mut self) -> Secret {
        Secret(std::mem::take(&mut self.0))
    }
}

/// The words of the file: apart by white space, in double quotes where they hold some, a backslash
/// before what is meant as it is.
struct Words<'t> {
    all: &'t [u8],
    rest: &'t [u8],
}

impl Words<'_> {
    /// The next keyword, if there is one. In its place a `#` begins a remark.
    fn keyword(&mut self) -> Result<Option<Word>, Broken> {
        loop {
            self.rest = self.rest.trim_ascii_start();
            match self.rest.first() {
                None => return Ok(None),
                Some(b'#') => self.skip_line(),
                Some(_) => return self.word().map(Some),
            }
        }
    }

    /// What belongs to the keyword before it.
    fn value(&mut self) -> Result<Word, Broken> {
        self.rest = self.rest.trim_ascii_start();
        match self.rest {
            [] => Err(self.broken("the value of the last keyword is missing")),
            _ => self.word(),
        }
    }

    fn word(&mut self) -> Result<Word, Broken> {
        // Room for all of it at once: what grows leaves copies behind.
        let mut word = Zeroizing::new(Vec::with_capacity(self.rest.len()));
        let mut quoted = false;
        while let Some((letter, rest)) = self.rest.split_first() {
            self.rest = match (letter, rest.split_first()) {
                (b'"', _) => {
                    quoted = !quoted;
                    rest
                }
                (b'\\', Some((meant, behind))) => {
                    word.push(*meant);
                    behind
                }
                (space, _) if space.is_ascii_whitespace() && !quoted => break,
                (letter, _) => {
                    word.push(*letter);
                    rest
                }
            };
        }
        match quoted {
            true => Err(self.broken("a quote is not closed")),
            false => Ok(Word(word)),
        }
    }

    fn skip_line(&mut self) {
        let end = memchr::memchr(b'\n', self.rest);
        self.rest = end.map_or(&[], |end| &self.rest[end + 1..]);
    }

    /// A macro has its name on the line, and ends at the first blank one.
    fn skip_macro(&mut self) {
        self.skip_line();
        while !self.rest.is_empty() {
            let blank = self.rest.starts_with(b"\n") || self.rest.starts_with(b"\r\n");
            self.skip_line();
            if blank {
                return;
            }
        }
    }

    fn broken(&self, what: &'static str) -> Broken {
        let read = &self.all[..self.all.len() - self.rest.len()];
        let line = memchr::memchr_iter(b'\n', read).count() + 1;
        Broken { line, what }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn looked_up(text: &str, user: Option<&str>) -> Result<Option<(String, String)>, Broken> {
        let text_of = |word: Option<Word>| {
            let word = word.map(Word::into_secret);
            let bytes = word.map_or(Vec::new(), |word| word.expose().to_vec());
            String::from_utf8(bytes).unwrap()
        };
        let entry = find(text.as_bytes(), "pop.example.org", user)?;
        Ok(entry.map(|entry| (text_of(entry.login), text_of(entry.password))))
    }

    fn found(text: &str, user: &str) -> Option<String> {
        let entry = looked_up(text, Some(user)).unwrap();
        entry.map(|(_, password)| password)
    }

    #[test]
    fn the_entry_of_host_and_user_is_found() {
        let text = "# machine pop.example.org password no\n\
                    machine other login ann password wrong # at home\n\
                    macdef init\nmachine pop.example.org password macro\n\n\
                    machine Pop.Example.Org\r\n\tlogin bob\r\n\tpassword bobs\r\n\
                    machine pop.example.org login ann account x password \"a \\\"b\\\" #c\"\n\
                    machine pop.example.org port 995 password anyones\n\
                    default login ann password never\n";
        assert_eq!(found(text, "ann").unwrap(), "a \"b\" #c");
        assert_eq!(found(text, "bob").unwrap(), "bobs");
        assert_eq!(found(text, "carol").unwrap(), "anyones");
    }

    #[test]
    fn a_value_may_begin_with_what_else_begins_a_remark() {
        let text = "machine pop.example.org login ann password #1\\ 2\\\\ # not this";
        assert_eq!(found(text, "ann").unwrap(), "#1 2\\");
    }

    #[test]
    fn a_macro_within_an_entry_does_not_end_it() {
        let text = "machine pop.example.org login ann macdef x\nput y\nlogin z\r\n\r\npassword pw";
        assert_eq!(found(text, "ann").unwrap(), "pw");
        let text = "machine pop.example.org login ann password pw macdef x\nno end";
        assert_eq!(found(text, "ann").unwrap(), "pw");
    }

    #[test]
    fn the_default_is_for_hosts_that_are_not_named() {
        let text = "machine other password x default password d\\ d";
        assert_eq!(found(text, "ann").unwrap(), "d d");
        assert_eq!(found("default login bob password x", "ann"), None);
    }

    #[test]
    fn the_first_entry_with_a_login_names_the_user() {
        let text = "machine pop.example.org password x\n\
                    machine other login eve password x\n\
                    machine pop.example.org login ann\n\
                    machine pop.example.org login bob password y\n";
        let (user, _) = looked_up(text, None).unwrap().unwrap();
        assert_eq!(user, "bob");
        assert_eq!(looked_up("default password x", None), Ok(None));
    }

    #[test]
    fn what_makes_no_sense_is_told_by_its_line() {
        for (text, line, part) in [
            ("machine a login b\npassword pa ss\n", 2, "no keyword"),
            ("machine a\nlogin b password \"x\n\n", 4, "not closed"),
            ("machine a\nlogin", 2, "missing"),
            ("hidden", 1, "no keyword"),
        ] {
            let broken = looked_up(text, Some("ann")).unwrap_err();
            assert_eq!(broken.line, line, "{text}");
            assert!(broken.what.contains(part), "{text}: {}", broken.what);
        }
    }

    #[test]
    fn what_is_cut_off_gives_nothing() {
        let whole = "machine pop.example.org login ann password \"pw\"";
        for end in 0..whole.len() {
            let found = looked_up(&whole[..end], Some("ann"));
            assert!(!matches!(found, Ok(Some(_))), "{}", &whole[..end]);
        }
    }
}
