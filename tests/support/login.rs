//! Logging in to the embedded server: USER and PASS, APOP, AUTH PLAIN and LOGIN.

use std::io;

use base64::prelude::{Engine, BASE64_STANDARD};
use md5::{Digest, Md5};

use super::session::{Open, Session};

impl Session<'_> {
    pub(super) fn apop(&mut self, argument: &str) -> io::Result<()> {
        let (name, digest) = argument.split_once(' ').unwrap_or((argument, ""));
        let Some(password) = self.password_of(name) else {
            return self.refuse_login();
        };
        let expected = Md5::digest(format!("{}{password}", self.timestamp));
        let expected: String = expected.iter().map(|byte| format!("{byte:02x}")).collect();
        if digest == expected {
            self.log_in(name, password.as_bytes())
        } else {
            self.refuse_login()
        }
    }

    pub(super) fn auth(&mut self, argument: &str) -> io::Result<()> {
        let (mechanism, initial) = argument.split_once(' ').unwrap_or((argument, ""));
        let offered = !self.lacks("SASL");
        let secrets = match mechanism.to_ascii_uppercase().as_str() {
            "PLAIN" if offered && initial.is_empty() => self.challenge("")?,
            "PLAIN" if offered => BASE64_STANDARD.decode(initial).ok(),
            "LOGIN" if offered && initial.is_empty() => self.two_challenges()?,
            _ => return self.tell("-ERR unknown mechanism"),
        };
        let Some(secrets) = secrets else {
            return self.tell("-ERR not base64, or cancelled");
        };
        let mut parts = secrets.splitn(3, |&byte| byte == 0);
        match (parts.next(), parts.next(), parts.next()) {
            (Some(_), Some(name), Some(password)) => {
                let name = String::from_utf8_lossy(name).into_owned();
                self.log_in(&name, password)
            }
            _ => self.tell("-ERR malformed response"),
        }
    }

    /// LOGIN asks twice; the two answers are given back the way PLAIN writes them.
    fn two_challenges(&mut self) -> io::Result<Option<Vec<u8>>> {
        let Some(name) = self.challenge("VXNlcm5hbWU6")? else {
            return Ok(None);
        };
        let Some(password) = self.challenge("UGFzc3dvcmQ6")? else {
            return Ok(None);
        };
        Ok(Some([&b""[..], &name, &password].join(&0)))
    }

    fn challenge(&mut self, text: &str) -> io::Result<Option<Vec<u8>>> {
        self.tell(&format!("+ {text}"))?;
        let line = self.hear_any_length()?.unwrap_or_default();
        Ok(BASE64_STANDARD.decode(line).ok())
    }

    pub(super) fn log_in(&mut self, name: &str, password: &[u8]) -> io::Result<()> {
        let users = &self.guest.server.users;
        let known = users
            .iter()
            .find(|(n, p, _)| n == name && p.as_bytes() == password);
        let Some((_, _, maildrop)) = known else {
            return self.refuse_login();
        };
        self.open = Open::lock(maildrop);
        if self.open.is_none() {
            return self.tell("-ERR [IN-USE] another session is open");
        }
        self.guest.count_login();
        self.tell("+OK welcome")
    }

    fn refuse_login(&mut self) -> io::Result<()> {
        self.tell("-ERR [AUTH] wrong user name or password")
    }

    fn password_of(&self, name: &str) -> Option<String> {
        let users = &self.guest.server.users;
        users
            .iter()
            .find(|(n, _, _)| n == name)
            .map(|(_, password, _)| password.clone())
    }
}
