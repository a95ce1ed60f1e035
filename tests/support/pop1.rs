//! A session of the embedded server in POP1 (RFC 918): all messages in one lump, in the form of an
//! mbox, and all of them deleted or none.

use std::io;

use super::mail;
use super::pop2::counted;
use super::session::{Flow, Open, Session};

/// Where a session stands.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Place {
    /// Nobody has logged in.
    #[default]
    Authorization,
    /// Somebody has, and no folder is open.
    Closed,
    /// The size of a folder was said.
    Announced,
    /// The lump was sent.
    Sent,
}

/// What a session in POP1 knows besides its maildrop.
#[derive(Default)]
pub(super) struct State {
    place: Place,
    name: Option<String>,
    deletes: bool,
    /// All messages of the folder that is open.
    lump: Vec<u8>,
}

/// How a server in POP1 gives its lump.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Lump {
    /// As an mbox, at once.
    #[default]
    Mbox,
    /// As an mbox, behind `+OK`.
    Announced,
    /// One message behind the other with nothing between them.
    Joined,
}

/// The line before a message.
const FROM: &[u8] = b"From ann@example.org Mon Jan  7 10:00:00 1985\n";

/// A message as it stands in the lump, with local line ends: all of it is delivered.
pub fn in_lump(message: &[u8]) -> Vec<u8> {
    let mut part = FROM.to_vec();
    for line in message.split_inclusive(|&byte| byte == b'\n') {
        if line.starts_with(b"From ") {
            part.push(b'>');
        }
        part.extend_from_slice(line);
    }
    if !message.ends_with(b"\n") {
        part.push(b'\n');
    }
    part.push(b'\n');
    part
}

impl Session<'_> {
    pub(super) fn greet_pop1(&mut self) -> io::Result<()> {
        self.tell("+OK popserver.example ready")
    }

    pub(super) fn obey_pop1(&mut self, line: &str) -> io::Result<Flow> {
        use Place as P;
        if self.wire.has_unread() {
            self.guest
                .complain(format!("something was sent behind {line}"));
        }
        let (word, argument) = line.split_once(' ').unwrap_or((line, ""));
        match (word, self.pop1.place) {
            ("USER", P::Authorization) => {
                self.pop1.name = Some(argument.to_owned());
                self.tell("+OK")
            }
            ("PASS", P::Authorization) => self.pass(argument),
            ("RETR" | "RDEL", P::Closed) if !argument.is_empty() => {
                self.pop1.deletes = word == "RDEL";
                self.open_folder(argument)
            }
            ("RCEV", P::Announced) => return self.send_lump(),
            ("RCVD", P::Sent) => {
                self.received();
                self.tell("+OK")
            }
            ("RSET", P::Announced | P::Sent) => {
                self.open = None;
                self.pop1.place = P::Closed;
                self.tell("+OK")
            }
            ("NOOP", P::Closed) => self.tell("+OK"),
            ("QUIT", P::Authorization | P::Closed) => return self.tell("+OK").map(|()| Flow::Over),
            (_, place) => {
                self.guest.complain(format!("{line} at {place:?}"));
                self.tell("-ERR bad command")
            }
        }?;
        Ok(Flow::On)
    }

    fn pass(&mut self, password: &str) -> io::Result<()> {
        let name = self.pop1.name.take().unwrap_or_default();
        if self.password_of(&name).as_deref() != Some(password) {
            return self.tell("-Error wrong user or password");
        }
        self.guest.count_login();
        self.pop1.place = Place::Closed;
        self.tell("+OK")
    }

    /// The user's own folder bears his name.
    fn open_folder(&mut self, name: &str) -> io::Result<()> {
        let users = &self.guest.server.users;
        let own = users.iter().find(|(known, _, _)| known == name);
        let own = own.map(|(_, _, maildrop)| maildrop.clone());
        let Some(folder) = self.guest.server.folder(name).or(own) else {
            return self.tell("-ERR no such folder");
        };
        self.open = Open::lock(&folder);
        if self.open.is_none() {
            return self.tell("-ERR the mailbox is locked");
        }
        self.pop1.place = Place::Announced;
        self.pop1.lump = self.lump();
        self.tell(&format!("#{} octets", self.pop1.lump.len()))
    }

    fn lump(&self) -> Vec<u8> {
        let open = self.open.as_ref();
        let messages = open.into_iter().flat_map(Open::present);
        let form = self.guest.server.traits.lump;
        let part = |(_, message): (usize, &super::maildrop::Stored)| match form {
            Lump::Mbox | Lump::Announced => mail::with_crlf(&in_lump(&message.bytes)),
            Lump::Joined => counted(message),
        };
        messages.flat_map(part).collect()
    }

    fn send_lump(&mut self) -> io::Result<Flow> {
        if self.guest.server.traits.lump == Lump::Announced {
            self.tell("+OK here it comes")?;
        }
        self.pop1.place = Place::Sent;
        let last = self.open.as_ref().and_then(|open| {
            let last = open.present().last();
            last.map(|(_, message)| message.clone())
        });
        let lump = std::mem::take(&mut self.pop1.lump);
        let whole = self.send_octets(&lump, last.as_ref())?;
        Ok(if whole { Flow::On } else { Flow::Over })
    }

    fn received(&mut self) {
        if let Some(open) = &mut self.open {
            let numbers: Vec<String> = open.present().map(|(n, _)| n.to_string()).collect();
            if self.pop1.deletes {
                for number in &numbers {
                    open.delete(number);
                }
                open.update();
            }
        }
        self.open = None;
        self.pop1.place = Place::Closed;
    }
}
