//! POP2 (RFC 937) over a wire: folders of numbered messages, each read by the count of its octets, and
//! acknowledged before anything else can be said. So a message is settled before the next one is
//! retrieved; one that nobody settles was not delivered, and is refused (NACK).
//!
//! There are no UIDs, no heads alone and no capabilities, and nothing is ever sent ahead.

use super::greet;
use super::login::{self, Login};
use super::sign::{self, Sign};
use super::syntax::SIZE_LIMIT;
use super::talk::Talk;
use super::{Left, Maildrop, Scan, Sizes, Visit};
use crate::error::{Error, Result};
use crate::event::{Stage, Stop};
use crate::message::{Disposition, Listing, MessageNumber};
use crate::net::{Route, Spoken};
use crate::sasl::User;
use crate::secret::Credential;
use std::io::Read;

/// An open POP2 session.
pub struct Pop2<'e> {
    talk: Talk<'e>,
    stop: Stop,
    /// How many messages the folder has.
    count: u64,
    /// The server's current message and its length, as far as it has said so.
    current: Option<(MessageNumber, u64)>,
    /// The message that was sent and is not acknowledged.
    unsettled: Option<MessageNumber>,
    /// A deletion was asked for.
    deletes: bool,
}

impl<'e> Pop2<'e> {
    /// Connects, greets and logs in.
    pub fn open(
        route: &Route,
        login: &Login,
        credential: &Credential,
        visit: Visit<'e>,
    ) -> Result<Self> {
        let mut talk = greet::connect(route, &visit)?;
        greeting(&mut talk)?;
        visit.events.enter(Stage::LoggingIn);
        let user = login::bare_user(&mut talk, login, credential, route);
        let mut count = match user.and_then(|user| log_in(&mut talk, user)) {
            Err(Error::Dismissed(words)) => return Err(login::told(None, words)),
            Err(error) => return Err(sign::bye(talk, error)),
            Ok(count) => count,
        };
        if let Some(folder) = visit.folder {
            visit.events.enter(Stage::Listing);
            count = select(&mut talk, folder)?;
        }
        Ok(Self::over(talk, count, visit.patience.stop))
    }

    /// A session that is logged in already, to a folder of so many messages. No wait is broken off
    /// from here on, since nothing can be said before the reply has come; the signal is looked for in
    /// between.
    pub fn over(mut talk: Talk<'e>, count: u64, stop: Stop) -> Self {
        talk.0.see_it_through();
        Self {
            talk,
            stop,
            count,
            current: None,
            unsettled: None,
            deletes: false,
        }
    }

    /// Makes a message the current one; gives its length.
    fn read(&mut self, number: MessageNumber) -> Result<u64> {
        let command = Spoken::open(format!("READ {}", number.0));
        let length = figure(&mut self.talk, &command, &LENGTH)?;
        self.current = Some((number, length));
        Ok(length)
    }

    /// Says what became of the message that was sent: the server then says the length of what is
    /// current now.
    fn acknowledge(&mut self, word: &str, current: MessageNumber) -> Result<()> {
        self.unsettled = None;
        let length = figure(&mut self.talk, &Spoken::open(word), &LENGTH)?;
        self.current = Some((current, length));
        Ok(())
    }

    /// Refuses the message that was sent, if nobody has settled it.
    fn refuse(&mut self) -> Result<()> {
        match self.unsettled {
            Some(number) => self.acknowledge("NACK", number),
            None => Ok(()),
        }
    }
}

impl Maildrop for Pop2<'_> {
    fn scan(&mut self, _: Sizes) -> Result<Scan> {
        let listing = |number| Listing {
            number,
            size: None,
            uid: None,
        };
        let numbers = sign::numbers(self.count).inspect_err(|_| take_leave(&mut self.talk))?;
        Ok(Scan {
            listings: numbers.map(listing).collect(),
            octets: None,
        })
    }

    /// Asks for the length of each message: there is no list. What has none is not there.
    fn weigh(&mut self, scan: Scan) -> Result<Vec<Listing>> {
        let mut listings = Vec::with_capacity(scan.listings.len());
        for listing in scan.listings {
            if self.stop.signal().is_some() {
                return Err(Error::Interrupted);
            }
            let length = self.read(listing.number)?;
            let size = Some(length.min(SIZE_LIMIT));
            listings.extend((length > 0).then_some(Listing { size, ..listing }));
        }
        Ok(listings)
    }

    /// The next message can only be asked for when this one was settled.
    fn together(&self) -> usize {
        1
    }

    fn head(&mut self, _: MessageNumber) -> Result<Option<Vec<u8>>> {
        Ok(None)
    }

    fn retrieve(&mut self, number: MessageNumber) -> Result<Box<dyn Read + '_>> {
        self.refuse()?;
        let length = match self.current.take() {
            // What an acknowledgement said of the next one; nothing may also mean that it is the last.
            Some((current, length)) if current == number && length > 0 => length,
            _ => self.read(number)?,
        };
        if length == 0 {
            return Err(Error::MessageRefused(b"=0".to_vec()));
        }
        self.talk.say(&[Spoken::open("RETR")])?;
        (self.current, self.unsettled) = (None, Some(number));
        Ok(Box::new(self.talk.0.counted(length)))
    }

    fn settle(&mut self, number: MessageNumber, disposition: Disposition) -> Result<()> {
        let next = MessageNumber(number.0 + 1);
        match (self.unsettled == Some(number), disposition) {
            (true, Disposition::Keep) => self.acknowledge("ACKS", next),
            (true, Disposition::Delete) => {
                self.deletes = true;
                self.acknowledge("ACKD", next)
            }
            (false, Disposition::Keep) => Ok(()),
            (false, Disposition::Delete) => {
                let what = "POP2 deletes only the message that was retrieved last";
                Err(Error::Bug(what.into()))
            }
        }
    }

    /// Behind a message nothing can be said but what became of it.
    fn keep_alive(&mut self) -> Result<()> {
        Ok(())
    }

    /// What is acknowledged cannot be taken back.
    fn reset(&mut self) -> Result<()> {
        self.refuse()
    }

    /// The folder loses what was acknowledged so only now (RFC 937, "QUIT").
    fn quit(mut self: Box<Self>) -> Result<Left> {
        let refused = self.refuse();
        let quit = Spoken::open("QUIT");
        let goodbye = refused.and_then(|()| sign::ask(&mut self.talk, &quit, "the goodbye"));
        match goodbye {
            Err(error) if self.deletes => Err(error),
            Ok(Sign::Minus(words)) if self.deletes => Err(Error::QuitRefused(words)),
            Ok(sign @ (Sign::Count(_) | Sign::Length(_))) if self.deletes => {
                Err(sign.instead_of("a goodbye"))
            }
            // Without deletions nothing hangs on how the server says it.
            _ => Ok(Left::default()),
        }
    }
}

/// Reads the greeting and tells what else may be listening there.
pub fn greeting(talk: &mut Talk) -> Result<Vec<u8>> {
    let line = greet::first_line(talk, "POP2")?;
    let named = memchr::memmem::find(&line, b"POP2").is_some();
    match Sign::parse(&line) {
        Some(Sign::Plus(text)) if named => Ok(text),
        Some(Sign::Plus(text)) if text.starts_with(b"OK") => Err(Error::OtherProtocol {
            wanted: "POP2",
            looks_like: "a POP3 server",
            advice: "leave protocol out; or set protocol: pop1, if it is that old",
        }),
        Some(Sign::Minus(words)) => Err(Error::ServerBroken(words)),
        _ => Err(Error::Nonsense {
            expected: "the greeting of a POP2 server",
            got: line,
        }),
    }
}

/// Selects a folder (RFC 937, "FOLD"); gives how many messages it has.
fn select(talk: &mut Talk, folder: &str) -> Result<u64> {
    // Blanks are part of the name as they are; the grammar knows only how to quote this one.
    let name = folder.replace('\\', "\\\\");
    let command = Spoken::open(sign::command("FOLD", name.as_bytes())?);
    figure(talk, &command, &COUNT).map_err(|error| match error {
        Error::Dismissed(words) => Error::ServerBroken(words),
        error => error,
    })
}

/// Logs in (RFC 937, "HELO"); gives how many messages the usual folder has.
pub fn log_in(talk: &mut Talk, user: User) -> Result<u64> {
    let (name, secret) = (quoted(user.name.as_bytes()), quoted(user.secret.expose()));
    talk.0.hide(&secret);
    let line = sign::command("HELO", &[&name[..], b" ", &secret].concat())?;
    let shown = format!("HELO {} ***", String::from_utf8_lossy(&name));
    figure(talk, &Spoken::masked(line, shown), &COUNT)
}

/// A word of HELO, in which a blank would end it.
fn quoted(word: &[u8]) -> Vec<u8> {
    let mut quoted = Vec::with_capacity(word.len());
    for byte in word {
        if matches!(byte, b' ' | b'\\') {
            quoted.push(b'\\');
        }
        quoted.push(*byte);
    }
    quoted
}

/// A number that is asked for.
struct Figure {
    waiting_for: &'static str,
    /// What comes otherwise is not this.
    expected: &'static str,
    of: fn(&Sign) -> Option<u64>,
}

const COUNT: Figure = Figure {
    waiting_for: "the count of messages",
    expected: "a count of messages (#)",
    of: |sign| match sign {
        Sign::Count(count) => Some(*count),
        Sign::Plus(_) | Sign::Minus(_) | Sign::Length(_) => None,
    },
};

const LENGTH: Figure = Figure {
    waiting_for: "the length of a message",
    expected: "the length of a message (=)",
    of: |sign| match sign {
        Sign::Length(length) => Some(*length),
        Sign::Plus(_) | Sign::Minus(_) | Sign::Count(_) => None,
    },
};

/// Asks for a number. What is neither that nor a refusal, which ends the session anyway, is a surprise.
fn figure(talk: &mut Talk, spoken: &Spoken, wanted: &Figure) -> Result<u64> {
    let sign = sign::ask(talk, spoken, wanted.waiting_for);
    let figure = sign.and_then(|sign| match (wanted.of)(&sign) {
        Some(figure) => Ok(figure),
        None => Err(match sign {
            Sign::Minus(words) => Error::Dismissed(words),
            sign => sign.instead_of(wanted.expected),
        }),
    });
    if let Err(Error::Nonsense { .. }) = figure {
        take_leave(talk);
    }
    figure
}

/// The answer to every surprise is QUIT (RFC 937, "Client Decision Table"); nobody waits for more.
fn take_leave(talk: &mut Talk) {
    let _ = talk.0.send(&[Spoken::open("QUIT")]);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_of_helo_are_quoted() {
        assert_eq!(quoted(b"ann"), b"ann");
        assert_eq!(quoted(b"pa ss\\"), b"pa\\ ss\\\\");
    }
}
