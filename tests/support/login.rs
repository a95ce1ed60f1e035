//! Logging in to the embedded server: USER and PASS, APOP, and AUTH by any mechanism it was told
//! to know. SCRAM and DIGEST-MD5, where both sides prove themselves, are in proof.rs.

use std::io;
use std::sync::Arc;

use base64::prelude::{Engine, BASE64_STANDARD};
use openssl::hash::MessageDigest;

use super::proof::{self, hex, hmac, Deceit};
use super::server::Builder;
use super::session::{Open, Session};

/// Who may come in, or what the server says instead.
pub(super) type Verdict = Result<String, &'static str>;

/// What is said of a wrong name, password, token or proof.
pub(super) const WRONG: &str = "-ERR [AUTH] wrong user name or password";
/// What is said of an exchange that went astray or was called off.
pub(super) const ASTRAY: &str = "-ERR not base64, or cancelled";

/// How users show who they are, in which a server may be particular.
impl Builder {
    /// Knows these mechanisms of AUTH, instead of PLAIN and LOGIN.
    pub fn mechanisms(mut self, names: &str) -> Builder {
        self.traits.mechanisms = names.split_whitespace().map(str::to_owned).collect();
        self
    }

    /// Takes this access token of this user.
    pub fn token(mut self, user: &str, token: &str) -> Builder {
        self.traits.tokens.push((user.to_owned(), token.to_owned()));
        self
    }

    /// Takes the tokens of which this says that they are good, of any user.
    pub fn judges_tokens(
        mut self,
        judge: impl Fn(&str) -> bool + Send + Sync + 'static,
    ) -> Builder {
        self.traits.judge = Some(Arc::new(judge));
        self
    }

    /// Believes that its clients are this user.
    pub fn external(mut self, user: &str) -> Builder {
        self.traits.external = Some(user.to_owned());
        self
    }

    /// Does this wrong to prove itself.
    pub fn deceives(mut self, deceit: Deceit) -> Builder {
        self.traits.deceit = Some(deceit);
        self
    }

    /// Offers to bind logins to TLS, but to other data than what its certificate gives.
    pub fn binds_otherwise(mut self) -> Builder {
        self.traits.binds_otherwise = true;
        self
    }
}

impl Session<'_> {
    pub(super) fn apop(&mut self, argument: &str) -> io::Result<()> {
        let (name, digest) = argument.split_once(' ').unwrap_or((argument, ""));
        let password = self.password_of(name).unwrap_or_default();
        let text = format!("{}{password}", self.timestamp);
        let expected = openssl::hash::hash(MessageDigest::md5(), text.as_bytes()).unwrap();
        let right = !password.is_empty() && digest == hex(&expected);
        self.admit(if right { Ok(name.into()) } else { Err(WRONG) })
    }

    pub(super) fn auth(&mut self, argument: &str) -> io::Result<()> {
        let (mechanism, initial) = match argument.split_once(' ') {
            Some((mechanism, initial)) => (mechanism, Some(initial)),
            None => (argument, None),
        };
        let mechanism = mechanism.to_ascii_uppercase();
        if !self.mechanisms().contains(&mechanism) {
            return self.tell("-ERR unknown mechanism");
        }
        let server_first = ["LOGIN", "CRAM-MD5", "DIGEST-MD5", "OAUTHBEARER", "XOAUTH2"];
        if initial.is_some() && server_first.contains(&mechanism.as_str()) {
            let what = format!("a first message for {mechanism}");
            self.guest.complain(what);
        }
        let verdict = match mechanism.as_str() {
            "PLAIN" => self.plain(initial)?,
            "LOGIN" => self.two_questions()?,
            "CRAM-MD5" => self.cram_md5()?,
            "DIGEST-MD5" => proof::digest_md5(self)?,
            "EXTERNAL" => self.external(initial)?,
            "ANONYMOUS" => self.anonymous(initial)?,
            "OAUTHBEARER" | "XOAUTH2" => self.token(&mechanism)?,
            scram => proof::scram(self, scram, initial)?,
        };
        self.admit(verdict)
    }

    /// What can be used now: nothing is bound to a TLS that is not there.
    pub(super) fn mechanisms(&self) -> Vec<String> {
        if self.lacks("SASL") {
            return Vec::new();
        }
        let all = &self.guest.server.traits.mechanisms;
        let usable = all.iter().filter(|m| self.secure || !m.ends_with("-PLUS"));
        usable.cloned().collect()
    }

    fn plain(&mut self, initial: Option<&str>) -> io::Result<Verdict> {
        let Some(message) = self.first_message(initial)? else {
            return Ok(Err(ASTRAY));
        };
        let parts: Vec<_> = message.split(|&byte| byte == 0).collect();
        Ok(match parts[..] {
            [_, name, password] => self.check(name, password),
            _ => Err("-ERR malformed response"),
        })
    }

    fn two_questions(&mut self) -> io::Result<Verdict> {
        let Some(name) = self.challenge(b"Username:")? else {
            return Ok(Err(ASTRAY));
        };
        let Some(password) = self.challenge(b"Password:")? else {
            return Ok(Err(ASTRAY));
        };
        Ok(self.check(&name, &password))
    }

    fn cram_md5(&mut self) -> io::Result<Verdict> {
        let challenge = self.timestamp.clone();
        let Some(answer) = self.challenge(challenge.as_bytes())? else {
            return Ok(Err(ASTRAY));
        };
        let answer = String::from_utf8_lossy(&answer).into_owned();
        let (name, digest) = answer.rsplit_once(' ').unwrap_or_default();
        let Some(password) = self.password_of(name) else {
            return Ok(Err(WRONG));
        };
        let md5 = MessageDigest::md5();
        let expected = hex(&hmac(md5, password.as_bytes(), challenge.as_bytes()));
        Ok(if digest == expected {
            Ok(name.into())
        } else {
            Err(WRONG)
        })
    }

    /// The user is who the test says that the client has shown to be.
    fn external(&mut self, initial: Option<&str>) -> io::Result<Verdict> {
        let Some(wanted) = self.first_message(initial)? else {
            return Ok(Err(ASTRAY));
        };
        let known = self.guest.server.traits.external.clone();
        let known = known.filter(|name| wanted.is_empty() || wanted == name.as_bytes());
        Ok(known.ok_or(WRONG))
    }

    /// Anybody may see the first user's mail.
    fn anonymous(&mut self, initial: Option<&str>) -> io::Result<Verdict> {
        let Some(_trace) = self.first_message(initial)? else {
            return Ok(Err(ASTRAY));
        };
        Ok(Ok(self.guest.server.users[0].0.clone()))
    }

    fn token(&mut self, mechanism: &str) -> io::Result<Verdict> {
        let Some(message) = self.challenge(b"")? else {
            return Ok(Err(ASTRAY));
        };
        let message = String::from_utf8_lossy(&message).into_owned();
        let (head, rest) = message.split_once('\x01').unwrap_or_default();
        let name = match mechanism {
            "XOAUTH2" => head.strip_prefix("user="),
            _ => head.strip_prefix("n,a=").and_then(|n| n.strip_suffix(',')),
        };
        let fields: Vec<_> = rest.split('\x01').collect();
        let token = fields
            .iter()
            .find_map(|field| field.strip_prefix("auth=Bearer "));
        let ends = rest.ends_with("\x01\x01");
        let (Some(name), Some(token), true) = (name, token, ends) else {
            self.guest
                .complain(format!("{message:?} is not {mechanism}"));
            return Ok(Err(WRONG));
        };
        if mechanism == "OAUTHBEARER" && !rest.starts_with("host=127.0.0.1\x01port=") {
            self.guest
                .complain(format!("{rest:?} names no host and port"));
        }
        let shown = (name.to_owned(), token.to_owned());
        let traits = &self.guest.server.traits;
        let judge = traits.judge.as_ref();
        let vouched = judge.is_some_and(|judge| judge(token));
        if vouched || traits.tokens.contains(&shown) {
            return Ok(Ok(shown.0));
        }
        let said = self.challenge(br#"{"status":"401","schemes":"bearer","scope":"mail"}"#)?;
        let expected: &[u8] = if mechanism == "XOAUTH2" { b"" } else { b"\x01" };
        if said.as_deref() != Some(expected) {
            self.guest
                .complain(format!("{said:?} to the reason of a refusal"));
        }
        Ok(Err(WRONG))
    }

    /// The message that came with the command, or comes when asked for.
    pub(super) fn first_message(&mut self, initial: Option<&str>) -> io::Result<Option<Vec<u8>>> {
        match initial {
            None => self.challenge(b""),
            Some("=") => Ok(Some(Vec::new())),
            Some(initial) => Ok(BASE64_STANDARD.decode(initial).ok()),
        }
    }

    /// Asks, and gives the answer unless it makes no sense.
    pub(super) fn challenge(&mut self, text: &[u8]) -> io::Result<Option<Vec<u8>>> {
        self.tell(&format!("+ {}", BASE64_STANDARD.encode(text)))?;
        let line = self.hear_any_length()?.unwrap_or_default();
        Ok(BASE64_STANDARD.decode(line).ok())
    }

    pub(super) fn log_in(&mut self, name: &str, password: &[u8]) -> io::Result<()> {
        let verdict = self.check(name.as_bytes(), password);
        self.admit(verdict)
    }

    fn check(&self, name: &[u8], password: &[u8]) -> Verdict {
        let name = String::from_utf8_lossy(name).into_owned();
        match self.password_of(&name) {
            Some(right) if right.as_bytes() == password => Ok(name),
            _ => Err(WRONG),
        }
    }

    fn admit(&mut self, verdict: Verdict) -> io::Result<()> {
        let name = match verdict {
            Ok(name) => name,
            Err(reply) => return self.tell(reply),
        };
        let users = &self.guest.server.users;
        let known = users.iter().find(|(known, _, _)| *known == name);
        let Some((_, _, maildrop)) = known else {
            return self.tell(WRONG);
        };
        self.open = Open::lock(maildrop);
        if self.open.is_none() {
            return self.tell("-ERR [IN-USE] another session is open");
        }
        self.guest.count_login();
        self.tell("+OK welcome")
    }

    pub(super) fn password_of(&self, name: &str) -> Option<String> {
        let users = &self.guest.server.users;
        users
            .iter()
            .find(|(n, _, _)| n == name)
            .map(|(_, password, _)| password.clone())
    }
}
