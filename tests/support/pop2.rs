//! A session of the embedded server in POP2, by the decision table of RFC 937 to the letter: what is
//! out of place is answered with `-`, and the session is over.

use std::io;

use super::mail;
use super::maildrop::{Fault, Stored, Travels};
use super::server::Moment;
use super::session::{Flow, Open, Session};

/// Where a session stands (RFC 937, "Server Decision Table").
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Place {
    /// Nobody has logged in.
    #[default]
    Auth,
    /// A folder was selected.
    Mbox,
    /// A length was said.
    Item,
    /// A message was sent.
    Next,
}

/// What a session in POP2 knows besides its maildrop.
#[derive(Default)]
pub(super) struct State {
    place: Place,
    /// The current message, from 1.
    current: usize,
}

/// What is not in its place, or not as the grammar has it.
const WRONG: &str = "- bad command";

impl Session<'_> {
    pub(super) fn greet_pop2(&mut self) -> io::Result<()> {
        self.tell("+ POP2 popserver.example ready")
    }

    pub(super) fn obey_pop2(&mut self, line: &str) -> io::Result<Flow> {
        use Place as P;
        if self.wire.has_unread() {
            self.guest
                .complain(format!("something was sent behind {line}"));
        }
        let (word, argument) = line.split_once(' ').unwrap_or((line, ""));
        match (word, self.pop2.place) {
            ("HELO", P::Auth) => self.helo(argument),
            ("FOLD", P::Mbox | P::Item) => self.fold(argument),
            ("READ", P::Mbox | P::Item) => self.read(argument),
            ("RETR", P::Item) if argument.is_empty() => self.send_current(),
            ("ACKS" | "ACKD" | "NACK", P::Next) if argument.is_empty() => self.acknowledged(word),
            ("QUIT", P::Auth | P::Mbox | P::Item) if argument.is_empty() => {
                if let Some(open) = &mut self.open {
                    open.update();
                }
                // Unlocked before the reply leaves: who reads it may log in again at once.
                self.open = None;
                self.tell("+ bye").map(|()| Flow::Over)
            }
            _ => {
                self.guest
                    .complain(format!("{line} at {:?}", self.pop2.place));
                self.refuse(WRONG)
            }
        }
    }

    fn refuse(&mut self, reply: &str) -> io::Result<Flow> {
        self.tell(reply).map(|()| Flow::Over)
    }

    fn helo(&mut self, argument: &str) -> io::Result<Flow> {
        let words = words(argument);
        let [name, password] = words.as_slice() else {
            return self.refuse("- HELO takes user and password");
        };
        if self.password_of(name).as_deref() != Some(password) {
            return self.refuse("- Bad login");
        }
        match self.enter(name) {
            Ok(count) => self.selected(count),
            Err(()) => self.refuse("- this maildrop is locked by another session"),
        }
    }

    /// Opens a user's own folder; tells how many messages there are.
    pub(super) fn enter(&mut self, name: &str) -> Result<usize, ()> {
        let users = &self.guest.server.users;
        let known = users.iter().find(|(known, _, _)| known == name);
        let (_, _, maildrop) = known.ok_or(())?;
        self.open = Open::lock(maildrop);
        let open = self.open.as_ref().ok_or(())?;
        self.guest.count_login();
        Ok(open.present().count())
    }

    fn selected(&mut self, count: usize) -> io::Result<Flow> {
        self.pop2 = State {
            place: Place::Mbox,
            current: 1,
        };
        self.tell(&format!("#{count} messages in this folder"))
            .map(|()| Flow::On)
    }

    /// The folder before loses what was acknowledged so.
    fn fold(&mut self, name: &str) -> io::Result<Flow> {
        if name.is_empty() {
            return self.refuse("- which folder?");
        }
        if let Some(open) = &mut self.open {
            open.update();
        }
        let folder = self.guest.server.folder(&name.replace("\\\\", "\\"));
        self.open = Open::lock(&folder.unwrap_or_default());
        let count = self.open.as_ref().map(|open| open.present().count());
        match count {
            Some(count) => self.selected(count),
            None => self.refuse("- this folder is locked by another session"),
        }
    }

    fn read(&mut self, argument: &str) -> io::Result<Flow> {
        if !argument.is_empty() {
            let number = argument.parse().ok();
            let count = self.open.as_ref().map_or(0, Open::count);
            match number.filter(|number| (1..=count).contains(number)) {
                Some(number) => self.pop2.current = number,
                None => return self.refuse("- no such message"),
            }
            if self.current().is_none() {
                self.guest
                    .complain(format!("READ {argument}, which was deleted"));
            }
        }
        self.say_length()
    }

    fn current(&self) -> Option<Stored> {
        let number = self.pop2.current.to_string();
        Some(self.open.as_ref()?.message(&number)?.1)
    }

    /// How long the current message is; nothing where there is none.
    fn say_length(&mut self) -> io::Result<Flow> {
        let current = self.current();
        let length = current.map_or(0, |message| counted(&message).len());
        self.pop2.place = match length {
            0 => Place::Mbox,
            _ => Place::Item,
        };
        self.tell(&format!("={length} octets")).map(|()| Flow::On)
    }

    fn send_current(&mut self) -> io::Result<Flow> {
        let Some(message) = self.current() else {
            return self.refuse(WRONG);
        };
        if message.fault == Fault::Refused {
            return self.refuse("- this message cannot be read");
        }
        let whole = self.send_octets(&counted(&message), Some(&message))?;
        self.pop2.place = Place::Next;
        Ok(if whole { Flow::On } else { Flow::Over })
    }

    /// Sends octets with nothing around them; tells whether it did not hang up amid.
    pub(super) fn send_octets(
        &mut self,
        octets: &[u8],
        message: Option<&Stored>,
    ) -> io::Result<bool> {
        let (first, rest) = octets.split_at(octets.len() / 2);
        self.send(first)?;
        self.guest.at(Moment::Halfway, "the octets");
        let open = self.open.as_ref();
        let cut = open.is_some_and(|open| message.is_some_and(|message| open.takes_a_cut(message)));
        if cut {
            self.guest.note("-- cut".into());
            self.hang_up();
            return Ok(false);
        }
        self.guest.note(format!("S< {} octets", octets.len()));
        self.send(rest).map(|()| true)
    }

    fn acknowledged(&mut self, word: &str) -> io::Result<Flow> {
        if word == "ACKD" {
            let number = self.pop2.current.to_string();
            if let Some(open) = &mut self.open {
                open.delete(&number);
            }
        }
        if word != "NACK" {
            self.pop2.current += 1;
        }
        self.say_length()
    }
}

/// A message as it is counted: its lines with CR LF, and nothing else.
pub(super) fn counted(message: &Stored) -> Vec<u8> {
    match &message.travels {
        Travels::Duly => mail::with_crlf(&message.bytes),
        Travels::As(wire) => wire.to_vec(),
        Travels::Long(long) => long
            .plain()
            .flat_map(|piece| mail::with_crlf(&piece))
            .collect(),
    }
}

/// The words of HELO, in which `\` takes the meaning from a blank or another one.
fn words(argument: &str) -> Vec<String> {
    let mut words = vec![String::new()];
    let mut letters = argument.chars();
    while let Some(letter) = letters.next() {
        let word = words.len() - 1;
        match letter {
            ' ' => words.push(String::new()),
            '\\' => words[word].extend(letters.next()),
            letter => words[word].push(letter),
        }
    }
    words
}
