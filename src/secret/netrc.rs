//! The file in which ftp(1) and its kin look for passwords: `machine NAME login USER password WORD`,
//! over as many lines as one likes.

use super::{file, Secret};
use crate::error::{Error, Result};
use std::path::PathBuf;
use zeroize::Zeroizing;

/// The password of a user at a host: of the first entry that names the host and this user, or no
/// user; else of the default entry, if that names the user or none.
pub fn password(host: &str, user: &str) -> Result<Secret> {
    let what = "netrc file";
    let named = std::env::var_os("NETRC").filter(|path| !path.is_empty());
    let home = std::env::var_os("HOME").unwrap_or_default();
    let path = named.map_or_else(|| PathBuf::from(home).join(".netrc"), PathBuf::from);
    let text = Zeroizing::new(file::slurp(what, &path, &file::private(what, &path)?)?);
    find(&text, host, user).ok_or_else(|| Error::SecretFile {
        what,
        path,
        why: format!("it has no password for login {user} at machine {host}"),
    })
}

/// An entry as far as it was read.
struct Entry {
    fits: bool,
    login: Option<Zeroizing<Vec<u8>>>,
    password: Option<Zeroizing<Vec<u8>>>,
}

impl Entry {
    /// The password, if the entry is for this user.
    fn answer(self, user: &str) -> Option<Secret> {
        let ours = |login: Zeroizing<Vec<u8>>| login.as_slice() == user.as_bytes();
        let fits = self.fits && self.login.is_none_or(ours);
        let password = self
            .password
            .filter(|password| fits && !password.is_empty());
        password.map(|password| Secret::new(password.to_vec()))
    }
}

fn find(text: &[u8], host: &str, user: &str) -> Option<Secret> {
    let mut words = Words(text);
    let mut entry: Option<Entry> = None;
    while let Some(word) = words.next() {
        let begins = |fits| Entry {
            fits,
            login: None,
            password: None,
        };
        let next = match word.as_slice() {
            b"machine" => begins(words.next()?.eq_ignore_ascii_case(host.as_bytes())),
            b"default" => begins(true),
            b"macdef" => {
                words.skip_macro();
                continue;
            }
            field => {
                let value = words.next();
                match (&mut entry, field) {
                    (Some(entry), b"login") => entry.login = value,
                    (Some(entry), b"password" | b"passwd") => entry.password = value,
                    _ => {} // account, port and what else there is
                }
                continue;
            }
        };
        let done = entry.replace(next);
        if let Some(secret) = done.and_then(|entry| entry.answer(user)) {
            return Some(secret);
        }
    }
    entry?.answer(user)
}

/// The words of the file: apart by white space, in double quotes where they hold some, a backslash
/// before what is meant as it is. A `#` at the head of a word begins a remark.
struct Words<'t>(&'t [u8]);

impl Words<'_> {
    fn next(&mut self) -> Option<Zeroizing<Vec<u8>>> {
        loop {
            self.0 = self.0.trim_ascii_start();
            if *self.0.first()? != b'#' {
                return Some(self.word());
            }
            self.0 = memchr::memchr(b'\n', self.0).map_or(&[], |end| &self.0[end..]);
        }
    }

    fn word(&mut self) -> Zeroizing<Vec<u8>> {
        let mut word = Zeroizing::new(Vec::with_capacity(self.0.len()));
        let mut quoted = false;
        while let Some((letter, rest)) = self.0.split_first() {
            match (letter, rest.split_first()) {
                (b'"', _) => quoted = !quoted,
                (b'\\', Some((meant, behind))) => {
                    word.push(*meant);
                    self.0 = behind;
                    continue;
                }
                (space, _) if space.is_ascii_whitespace() && !quoted => break,
                (letter, _) => word.push(*letter),
            }
            self.0 = rest;
        }
        word
    }

    /// A macro ends at the first blank line.
    fn skip_macro(&mut self) {
        let end = memchr::memmem::find(self.0, b"\n\n");
        self.0 = end.map_or(&[], |end| &self.0[end..]);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(text: &str, user: &str) -> Option<String> {
        let secret = find(text.as_bytes(), "pop.example.org", user)?;
        Some(String::from_utf8(secret.expose().to_vec()).unwrap())
    }

    #[test]
    fn the_entry_of_host_and_user_is_found() {
        let text = "# machine pop.example.org password no\n\
                    machine other login ann password wrong\n\
                    macdef init\nmachine pop.example.org password macro\n\n\
                    machine Pop.Example.Org\n\tlogin bob\n\tpassword bobs\n\
                    machine pop.example.org login ann account x password \"a \\\"b\\\" #c\"\n\
                    machine pop.example.org password anyones\n\
                    default login ann password never\n";
        assert_eq!(found(text, "ann").unwrap(), "a \"b\" #c");
        assert_eq!(found(text, "bob").unwrap(), "bobs");
        assert_eq!(found(text, "carol").unwrap(), "anyones");
    }

    #[test]
    fn the_default_is_for_hosts_that_are_not_named() {
        let text = "machine other password x default password d\\ d";
        assert_eq!(found(text, "ann").unwrap(), "d d");
        assert_eq!(found("default login bob password x", "ann"), None);
    }

    #[test]
    fn what_is_cut_off_gives_nothing() {
        let whole = "machine pop.example.org login ann password \"pw\"";
        for end in 0..whole.len() - 3 {
            assert_eq!(found(&whole[..end], "ann"), None, "{}", &whole[..end]);
        }
    }
}
