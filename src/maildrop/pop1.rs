//! POP1 (RFC 918) over a wire: all messages come as one lump of counted octets, which is kept aside
//! and divided (`lump`), and all go together or none does. So the deletion is confirmed only if every
//! message is to be deleted; otherwise everything stays.

use super::greet;
use super::login::{self, Login};
use super::lump::Divider;
use super::sign::{self, Sign};
use super::syntax::REPLY_LIMIT;
use super::talk::Talk;
use super::{Left, Maildrop, Scan, Sizes, Visit};
use crate::error::{Error, Result};
use crate::event::{Stage, Stop};
use crate::message::{head_end, Disposition, Listing, MessageNumber};
use crate::net::{Route, Spoken};
use crate::sasl::User;
use crate::secret::Credential;
use crate::spool::Spool;
use std::collections::BTreeSet;
use std::io::{self, Read};
use std::ops::Range;
use std::path::{Path, PathBuf};

/// More octets than any maildrop holds that is given in one lump.
const LUMP: u64 = 1 << 32;
/// How much of the lump is read at a time, and how much of a message to find its head.
const PIECE: usize = 64 * 1024;

/// An open POP1 session.
pub struct Pop1<'e> {
    talk: Talk<'e>,
    stop: Stop,
    lump: Lump,
    spool: Spool,
    folder: Folder,
    /// Where each message lies in the lump, once all of that is here.
    messages: Vec<Range<u64>>,
    kept: BTreeSet<MessageNumber>,
    doomed: BTreeSet<MessageNumber>,
}

/// How the folder stands at the server, which locks it while it is open.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Folder {
    Closed,
    /// Open, and not all of the lump is here.
    Open,
    /// Open, and all of it is.
    Received,
}

/// What is to be asked for, and where it is kept.
pub struct Lump {
    /// The folder: POP1 knows no usual one.
    pub folder: String,
    /// Whether what is in it may be deleted.
    pub deletes: bool,
    /// Where there is room for a large one.
    pub spool: PathBuf,
}

impl<'e> Pop1<'e> {
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
        if let Err(error) = user.and_then(|user| log_in(&mut talk, user)) {
            return Err(sign::bye(talk, error));
        }
        let lump = Lump {
            folder: visit.folder.unwrap_or(&login.user).into(),
            deletes: visit.deletes,
            spool: visit.spool,
        };
        Ok(Self::over(talk, lump, visit.patience.stop))
    }

    /// A session that is logged in already. No wait is broken off from here on, since nothing can be
    /// said before the reply has come; the signal is looked for in between.
    pub fn over(mut talk: Talk<'e>, lump: Lump, stop: Stop) -> Self {
        talk.0.see_it_through();
        Self {
            talk,
            stop,
            spool: Spool::new(&lump.spool),
            lump,
            folder: Folder::Closed,
            messages: Vec::new(),
            kept: BTreeSet::new(),
            doomed: BTreeSet::new(),
        }
    }
}

impl Pop1<'_> {
    /// Opens the folder; gives how many octets are in it.
    fn announced(&mut self) -> Result<u64> {
        let keyword = match self.lump.deletes {
            true => "RDEL",
            false => "RETR",
        };
        let command = Spoken::open(sign::command(keyword, self.lump.folder.as_bytes())?);
        match sign::ask(&mut self.talk, &command, "the count of octets")? {
            Sign::Count(octets) => {
                self.folder = Folder::Open;
                if octets <= LUMP {
                    return Ok(octets);
                }
                let _ = self.reset();
                Err(Sign::Count(octets).instead_of("a count of octets that can be"))
            }
            Sign::Minus(words) => Err(match login::told(None, plain(words)) {
                Error::LoginRefused(words) => Error::ServerBroken(words),
                error => error,
            }),
            sign => Err(sign.instead_of("a count of octets (#)")),
        }
    }

    /// Asks for the lump. Some servers say that it comes, and some just send it (RFC 918 has both);
    /// no mail begins like that line.
    fn receive(&mut self, octets: u64) -> Result<()> {
        self.talk.say(&[Spoken::open("RCEV")])?;
        let most = usize::try_from(octets).unwrap_or(usize::MAX);
        let start = self.talk.0.peek(most.min(4), "a message")?;
        if matches!(start, [b'+', b'O', b'K', b' ' | b'\r' | b'\n']) {
            let line = self.talk.0.line(REPLY_LIMIT, "a message")?.to_vec();
            self.talk.0.show(&line);
        }
        let mut divider = Divider::new(sign::MESSAGES);
        let mut body = self.talk.0.counted(octets);
        let mut piece = vec![0; PIECE];
        loop {
            if self.stop.signal().is_some() {
                return Err(Error::Interrupted);
            }
            match body.read(&mut piece).map_err(Error::from_reader)? {
                0 => break,
                n => {
                    divider.take(&piece[..n]);
                    self.spool.write(&piece[..n])?;
                }
            }
        }
        (self.messages, self.folder) = (divider.finish(), Folder::Received);
        Ok(())
    }

    /// Ends the transaction.
    fn close(&mut self, command: &str) -> Result<Sign> {
        self.folder = Folder::Closed;
        sign::ask(
            &mut self.talk,
            &Spoken::open(command),
            "the answer to the end",
        )
    }

    /// The message of this number.
    fn part(&mut self, number: MessageNumber) -> Result<Box<dyn Read + '_>> {
        let at = usize::try_from(number.0)
            .ok()
            .and_then(|n| n.checked_sub(1));
        let range = at.and_then(|at| self.messages.get(at)).cloned();
        let unlisted = || Error::Bug("a message was asked for that was not listed".into());
        Ok(Box::new(Part {
            reader: self.spool.reader_of(range.ok_or_else(unlisted)?)?,
            path: &self.lump.spool,
        }))
    }
}

/// A message in what was kept aside; that it cannot be read is our own fault and not the server's.
struct Part<'l> {
    reader: Box<dyn Read + 'l>,
    path: &'l Path,
}

impl Read for Part<'_> {
    fn read(&mut self, output: &mut [u8]) -> io::Result<usize> {
        self.reader.read(output).map_err(|why| match why.kind() {
            io::ErrorKind::Interrupted => why,
            _ => io::Error::other(Error::Delivering {
                path: self.path.into(),
                doing: "read back the spool",
                why,
            }),
        })
    }
}

impl Maildrop for Pop1<'_> {
    /// Retrieves the lump: nothing less tells what is in it.
    fn scan(&mut self, _: Sizes) -> Result<Scan> {
        match self.announced()? {
            0 => self.reset()?,
            octets => self.receive(octets)?,
        }
        let numbers = sign::numbers(self.messages.len() as u64)?;
        let listing = |(number, part): (_, &Range<u64>)| Listing {
            number,
            size: Some(part.end - part.start),
            uid: None,
        };
        Ok(Scan {
            listings: numbers.zip(&self.messages).map(listing).collect(),
            octets: None,
        })
    }

    fn head(&mut self, number: MessageNumber) -> Result<Option<Vec<u8>>> {
        let mut head = Vec::new();
        let read = self.part(number)?.take(PIECE as u64).read_to_end(&mut head);
        read.map_err(Error::from_reader)?;
        head.truncate(head_end(&head).unwrap_or(head.len()));
        Ok(Some(head))
    }

    fn retrieve(&mut self, number: MessageNumber) -> Result<Box<dyn Read + '_>> {
        self.part(number)
    }

    fn settle(&mut self, number: MessageNumber, disposition: Disposition) -> Result<()> {
        let (into, out_of) = match disposition {
            Disposition::Keep => (&mut self.kept, &mut self.doomed),
            Disposition::Delete => (&mut self.doomed, &mut self.kept),
        };
        out_of.remove(&number);
        into.insert(number);
        Ok(())
    }

    /// With a folder open nothing can be said but how that ends.
    fn keep_alive(&mut self) -> Result<()> {
        Ok(())
    }

    fn reset(&mut self) -> Result<()> {
        self.doomed.clear();
        match self.folder {
            Folder::Closed => Ok(()),
            Folder::Open | Folder::Received => self.close("RSET").map(drop),
        }
    }

    /// Confirms that the lump was received, whereupon it is deleted (RFC 918, "RCVD"): only if all of it
    /// was, and that was asked of every message in it.
    fn quit(mut self: Box<Self>) -> Result<Left> {
        let whole = self.folder == Folder::Received;
        let all = self.messages.len();
        let spared = std::mem::take(&mut self.doomed);
        let ended = match self.lump.deletes {
            true if whole && all > 0 && spared.len() == all => match self.close("RCVD")? {
                Sign::Plus(_) => Ok(Left::default()),
                Sign::Minus(words) => Err(Error::QuitRefused(plain(words))),
                sign => Err(sign.instead_of("+OK or -ERR")),
            },
            deletes => {
                if whole && !deletes && self.kept.len() == all {
                    let _ = self.close("RCVD"); // it says that we have it, and changes nothing
                }
                let _ = self.reset();
                Ok(Left {
                    refused: Vec::new(),
                    spared: spared.into_iter().collect(),
                })
            }
        };
        // What is to happen has happened.
        let _ = sign::ask(&mut self.talk, &Spoken::open("QUIT"), "the goodbye");
        ended
    }
}

/// Reads the greeting and tells what else may be listening there.
pub fn greeting(talk: &mut Talk) -> Result<Vec<u8>> {
    let line = greet::first_line(talk, "POP1")?;
    match Sign::parse(&line) {
        Some(Sign::Plus(text)) if text.starts_with(b"OK") => Ok(text[2..].trim_ascii().to_vec()),
        Some(Sign::Minus(words)) => Err(Error::GreetingRefused(plain(words))),
        _ => Err(Error::Nonsense {
            expected: "the greeting of a POP1 server",
            got: line,
        }),
    }
}

/// Logs in by USER and PASS.
pub fn log_in(talk: &mut Talk, user: User) -> Result<()> {
    let name = Spoken::open(sign::command("USER", user.name.as_bytes())?);
    let pass = sign::command("PASS", user.secret.expose())?;
    for spoken in [name, Spoken::masked(pass, "PASS ***")] {
        match sign::ask(talk, &spoken, "the answer to the login")? {
            Sign::Plus(_) => {}
            Sign::Minus(words) => return Err(login::told(None, plain(words))),
            sign => return Err(sign.instead_of("+OK or -ERR")),
        }
    }
    Ok(())
}

/// A refusal without the word that only says that it is one: RFC 918 has `-ERR` and `-Error`.
fn plain(words: Vec<u8>) -> Vec<u8> {
    let first = words.iter().position(|b| *b == b' ').unwrap_or(words.len());
    match words[..first].to_ascii_uppercase().as_slice() {
        b"ERR" | b"ERROR" => words[first..].trim_ascii_start().to_vec(),
        _ => words,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_word_of_a_refusal_is_no_reason() {
        assert_eq!(plain(b"ERR no such user".to_vec()), b"no such user");
        assert_eq!(plain(b"Error".to_vec()), b"");
        assert_eq!(plain(b"Erroneous".to_vec()), b"Erroneous");
    }
}
