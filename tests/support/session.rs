//! One session of the embedded server: RFC 1939 with CAPA, STLS, AUTH and response codes. What it
//! says in an older protocol is in pop2.rs and pop1.rs.
//!
//! A session ends when the client leaves, in whatever way: every failure to read or write means
//! just that, and no state outlives it but what QUIT has done.

use std::collections::BTreeSet;
use std::io;
use std::net::TcpStream;

use super::guest::Guest;
use super::mail;
use super::maildrop::{Fault, Maildrop, Stored, Travels};
use super::pop1;
use super::pop2;
use super::server::{Answer, Language, Moment, Security};
use super::speech::Speech;
use super::wire::Wire;

/// Whether the session goes on after a command.
#[derive(PartialEq)]
pub(super) enum Flow {
    On,
    Over,
}

/// The longest command a server with CAPA must take, RFC 2449 section 4.
const COMMAND_LIMIT: usize = 255;

/// One client's session; logging in is in login.rs.
pub(super) struct Session<'a> {
    pub(super) guest: &'a Guest,
    pub(super) wire: Wire,
    pub(super) timestamp: String,
    pub(super) secure: bool,
    name: Option<String>,
    pub(super) open: Option<Open>,
    hang_up: bool,
    speech: Speech,
    pub(super) pop2: pop2::State,
    pub(super) pop1: pop1::State,
}

/// A maildrop held by the session that logged in.
pub(super) struct Open {
    maildrop: Maildrop,
    messages: Vec<Stored>,
    deleted: BTreeSet<usize>,
    read: Vec<Stored>,
    ended: bool,
}

/// Talks to one client until it leaves.
pub(super) fn run(socket: TcpStream, guest: &Guest) {
    let Ok(wire) = Wire::new(socket) else { return };
    let timestamp = format!(
        "<{}.{}@popserver.example>",
        std::process::id(),
        guest.index()
    );
    let mut session = Session {
        guest,
        wire,
        timestamp,
        secure: false,
        name: None,
        open: None,
        hang_up: false,
        speech: Speech::default(),
        pop2: pop2::State::default(),
        pop1: pop1::State::default(),
    };
    // The client's way to leave is its own affair; what it did until then is in the log.
    if let Err(error) = session.converse() {
        guest.note(format!("-- {error}"));
    }
}

impl Session<'_> {
    fn converse(&mut self) -> io::Result<()> {
        if let Security::Implicit(_) = self.guest.server.security {
            self.handshake()?;
        }
        match self.guest.server.traits.language {
            Language::Pop3 => self.greet()?,
            Language::Pop2 => self.greet_pop2()?,
            Language::Pop1 => self.greet_pop1()?,
        }
        while let Some(line) = self.hear()? {
            if self.guest.server.traits.forgetful {
                self.wire.forget();
            }
            self.guest.at(Moment::Received, &line);
            let flow = self.answer(&line)?;
            if self.hang_up {
                self.wire.cut();
                return Ok(());
            }
            self.guest.at(Moment::Answered, &line);
            if flow == Flow::Over {
                self.wire.close();
                return Ok(());
            }
        }
        Ok(())
    }

    fn greet(&mut self) -> io::Result<()> {
        let apop = if self.lacks("APOP") {
            ""
        } else {
            self.timestamp.as_str()
        };
        let usual = format!("+OK popserver.example ready {apop}");
        let now = self.guest.server.state().greetings.pop();
        let ever = || self.guest.server.traits.greeting.clone();
        let greeting = now.or_else(ever).unwrap_or(usual);
        self.tell(greeting.trim_end())
    }

    fn answer(&mut self, line: &str) -> io::Result<Flow> {
        let dismisses = self.guest.server.traits.language == Language::Pop2;
        match self.guest.answer_to(line) {
            Some(Answer::Say(reply)) if dismisses && reply.starts_with('-') => {
                self.tell(&reply).map(|()| Flow::Over)
            }
            Some(Answer::Say(reply)) => self.tell(&reply).map(|()| Flow::On),
            Some(Answer::HangUp) => {
                self.hang_up = true;
                Ok(Flow::Over)
            }
            Some(Answer::ObeyAndHangUp) => {
                self.hang_up = true;
                self.obey(line)
            }
            None => self.obey(line),
        }
    }

    fn obey(&mut self, line: &str) -> io::Result<Flow> {
        match self.guest.server.traits.language {
            Language::Pop3 => self.obey_pop3(line),
            Language::Pop2 => self.obey_pop2(line),
            Language::Pop1 => self.obey_pop1(line),
        }
    }

    fn obey_pop3(&mut self, line: &str) -> io::Result<Flow> {
        let (word, argument) = line.split_once(' ').unwrap_or((line, ""));
        let word = word.to_ascii_uppercase();
        if self.lacks(&word) {
            return self.tell("-ERR unknown command").map(|()| Flow::On);
        }
        match (word.as_str(), self.open.is_some()) {
            ("QUIT", _) => return self.quit().map(|()| Flow::Over),
            ("CAPA", _) => self.tell_many("+OK", &self.capabilities()),
            ("STLS", false) => self.start_tls(),
            ("USER" | "PASS" | "APOP" | "AUTH", false) if !self.may_log_in() => {
                self.tell("-ERR [AUTH] not before STLS")
            }
            ("USER", false) => {
                self.name = Some(argument.to_owned());
                self.tell("+OK")
            }
            ("PASS", false) => match self.name.take() {
                Some(name) => self.log_in(&name, argument.as_bytes()),
                None => self.tell("-ERR USER first"),
            },
            ("APOP", false) => self.apop(argument),
            ("AUTH", false) => self.auth(argument),
            (word, true) => self.transact(word, argument),
            _ => self.tell("-ERR unknown command, or log in first"),
        }?;
        Ok(Flow::On)
    }

    fn capabilities(&self) -> Vec<String> {
        let mut lines = vec!["TOP", "UIDL", "RESP-CODES", "AUTH-RESP-CODE", "PIPELINING"];
        if self.open.is_none() && self.may_log_in() {
            lines.push("USER");
        }
        if !self.secure && matches!(self.guest.server.security, Security::StartTls(_)) {
            lines.push("STLS");
        }
        lines.retain(|line| !self.lacks(line.split(' ').next().unwrap_or(line)));
        let mut own: Vec<String> = lines.into_iter().map(str::to_owned).collect();
        if self.open.is_none() && self.may_log_in() && !self.lacks("SASL") {
            own.push(format!("SASL {}", self.mechanisms().join(" ")));
        }
        own.into_iter()
            .chain(self.guest.server.traits.capabilities.iter().cloned())
            .collect()
    }

    fn may_log_in(&self) -> bool {
        self.secure || self.guest.server.security == Security::None
    }

    fn start_tls(&mut self) -> io::Result<()> {
        if self.secure || !matches!(self.guest.server.security, Security::StartTls(_)) {
            return self.tell("-ERR no TLS here");
        }
        if self.wire.has_unread() {
            self.guest
                .complain("something was sent together with STLS".into());
        }
        self.tell("+OK begin")?;
        self.name = None;
        self.handshake()
    }

    fn handshake(&mut self) -> io::Result<()> {
        let Some(acceptor) = &self.guest.server.acceptor else {
            return Ok(());
        };
        self.wire.secure(acceptor).map_err(io::Error::other)?;
        self.guest.note("-- TLS".into());
        self.secure = true;
        Ok(())
    }

    fn transact(&mut self, word: &str, argument: &str) -> io::Result<()> {
        let Some(open) = &mut self.open else {
            return Ok(());
        };
        match word {
            "NOOP" => self.tell("+OK"),
            "RSET" => {
                open.deleted.clear();
                self.tell("+OK")
            }
            "STAT" => {
                let sizes = open.present().map(|(_, message)| message.size());
                let octets = sizes.fold(0, u64::saturating_add);
                let reply = format!("+OK {} {octets}", open.present().count());
                self.tell(&reply)
            }
            "LIST" => self.listing(argument, |message| message.size().to_string()),
            "UIDL" => self.listing(argument, |message| message.uid.clone()),
            "RETR" => match open.message(argument) {
                Some((_, message)) => self.retrieve(&message),
                None => self.tell("-ERR no such message"),
            },
            "*ENV" => match open.message(argument).and_then(|found| found.1.envelope) {
                Some([sender, recipient]) => {
                    let lines = ["1", "punt", &sender, &recipient, ""].map(str::to_owned);
                    self.tell_many("+OK", &lines)
                }
                None => self.tell("-ERR unknown command"),
            },
            "TOP" => self.top(argument),
            "DELE" => {
                let marked = open.delete(argument);
                self.tell(if marked {
                    "+OK"
                } else {
                    "-ERR no such message"
                })
            }
            _ => self.tell("-ERR unknown command"),
        }
    }

    fn listing(&mut self, argument: &str, what: fn(&Stored) -> String) -> io::Result<()> {
        let Some(open) = &self.open else {
            return Ok(());
        };
        if !argument.is_empty() {
            return match open.message(argument) {
                Some((number, message)) => self.tell(&format!("+OK {number} {}", what(&message))),
                None => self.tell("-ERR no such message"),
            };
        }
        let line = |(number, message)| format!("{number} {}", what(message));
        let lines: Vec<String> = open.present().map(line).collect();
        self.tell_many("+OK", &lines)
    }

    fn retrieve(&mut self, message: &Stored) -> io::Result<()> {
        if message.fault == Fault::Refused {
            return self.tell("-ERR this message cannot be read");
        }
        let body = match &message.travels {
            Travels::Duly => mail::stuffed(&mail::with_crlf(&message.bytes)),
            Travels::As(wire) => wire.to_vec(),
            Travels::Long(long) => {
                self.tell(&format!("+OK {} octets", message.size()))?;
                long.travelling().try_for_each(|piece| self.send(&piece))?;
                return self.send(b".\r\n");
            }
        };
        let (first, rest) = body.split_at(body.len() / 2);
        self.tell(&format!("+OK {} octets", message.size()))?;
        self.send(first)?;
        self.guest.at(Moment::Halfway, "RETR");
        if self
            .open
            .as_ref()
            .is_some_and(|open| open.takes_a_cut(message))
        {
            self.guest.note("-- cut".into());
            self.hang_up = true;
            return Ok(());
        }
        self.send(rest)?;
        self.send(b".\r\n")?;
        if let Some(open) = &mut self.open {
            open.read.push(message.clone());
        }
        Ok(())
    }

    fn top(&mut self, argument: &str) -> io::Result<()> {
        let (number, lines) = argument.split_once(' ').unwrap_or((argument, "x"));
        let message = self.open.as_ref().and_then(|open| open.message(number));
        match (message, lines.parse()) {
            (Some((_, message)), Ok(lines)) => {
                let wire = match &message.travels {
                    Travels::As(wire) => wire.to_vec(),
                    // Of what is long its head is asked for.
                    Travels::Duly | Travels::Long(_) => {
                        mail::stuffed(&mail::with_crlf(&message.bytes))
                    }
                };
                self.tell("+OK")?;
                self.send(mail::top_ending(&wire, lines, b"\r\n"))?;
                self.send(b".\r\n")
            }
            _ => self.tell("-ERR no such message"),
        }
    }

    fn quit(&mut self) -> io::Result<()> {
        if let Some(open) = &mut self.open {
            open.update();
        }
        // Unlocked before the reply leaves: who reads it may log in again at once.
        self.open = None;
        self.tell("+OK bye")
    }

    pub(super) fn lacks(&self, keyword: &str) -> bool {
        self.guest
            .server
            .traits
            .lacks
            .iter()
            .any(|lacking| lacking == keyword)
    }

    fn hear(&mut self) -> io::Result<Option<String>> {
        let line = self.hear_any_length()?;
        if line
            .as_ref()
            .is_some_and(|line| line.len() + 2 > COMMAND_LIMIT)
        {
            self.guest
                .complain(format!("a command longer than {COMMAND_LIMIT} octets"));
        }
        Ok(line)
    }

    pub(super) fn hear_any_length(&mut self) -> io::Result<Option<String>> {
        let Some(line) = self.wire.line()? else {
            return Ok(None);
        };
        let text = String::from_utf8_lossy(&line).into_owned();
        let Some(text) = text.strip_suffix("\r\n") else {
            self.guest
                .complain(format!("a line without CR LF: {text:?}"));
            return Ok(None);
        };
        self.guest.note(format!("C: {text}"));
        Ok(Some(text.to_owned()))
    }

    pub(super) fn tell(&mut self, line: &str) -> io::Result<()> {
        self.guest.note(format!("S: {line}"));
        self.send(format!("{line}\r\n").as_bytes())
    }

    fn tell_many(&mut self, first: &str, lines: &[String]) -> io::Result<()> {
        self.guest
            .note(format!("S: {first} ({} lines)", lines.len()));
        let mut reply = format!("{first}\r\n");
        for line in lines {
            reply += &format!("{line}\r\n");
        }
        self.send(format!("{reply}.\r\n").as_bytes())
    }

    pub(super) fn hang_up(&mut self) {
        self.hang_up = true;
    }

    pub(super) fn send(&mut self, bytes: &[u8]) -> io::Result<()> {
        // Nothing leaves any more once the test wants the reply lost.
        if self.hang_up {
            return Ok(());
        }
        self.speech.say(self.guest, &mut self.wire, bytes)
    }
}

impl Open {
    /// Opens a maildrop, unless another session holds it.
    pub(super) fn lock(maildrop: &Maildrop) -> Option<Open> {
        maildrop.lock().then(|| Open {
            maildrop: maildrop.clone(),
            messages: maildrop.snapshot(),
            deleted: BTreeSet::new(),
            read: Vec::new(),
            ended: false,
        })
    }

    pub(super) fn update(&mut self) {
        let number = |n: &usize| &self.messages[n - 1];
        let deleted: Vec<_> = self.deleted.iter().map(number).collect();
        self.maildrop.update(&deleted, &self.read);
        self.ended = true;
    }

    /// How many messages there were at first.
    pub(super) fn count(&self) -> usize {
        self.messages.len()
    }

    pub(super) fn takes_a_cut(&self, message: &Stored) -> bool {
        self.maildrop.takes_a_cut(message)
    }

    pub(super) fn present(&self) -> impl Iterator<Item = (usize, &Stored)> {
        let numbered = self
            .messages
            .iter()
            .enumerate()
            .map(|(index, message)| (index + 1, message));
        numbered.filter(|(number, _)| !self.deleted.contains(number))
    }

    pub(super) fn message(&self, number: &str) -> Option<(usize, Stored)> {
        let number: usize = number.parse().ok()?;
        let mut present = self.present();
        present
            .find(|(n, _)| *n == number)
            .map(|(n, message)| (n, message.clone()))
    }

    pub(super) fn delete(&mut self, number: &str) -> bool {
        let found = self.message(number).map(|(number, _)| number);
        found.is_some_and(|number| self.deleted.insert(number))
    }
}

impl Drop for Open {
    fn drop(&mut self) {
        if !self.ended && self.maildrop.updates_when_cut() {
            self.update();
        }
        self.maildrop.unlock();
    }
}
