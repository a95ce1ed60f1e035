//! A dialogue in step with a server that takes mail: commands, and each with its reply.

use super::reply::{self, Reply};
use crate::error::{Error, Result};
use crate::net::{Spoken, Wire};

/// The longest line of a reply that is read; some servers exceed the 512 of the RFC.
const LINE: usize = 4096;
/// More lines than any reply has.
const LINES: usize = 128;

/// A wire on which SMTP or LMTP is spoken.
pub struct Talk(pub Wire<'static>);

impl Talk {
    /// Reads what the server greets with (RFC 5321, section 3.1).
    pub fn greeting(&mut self) -> Result<()> {
        let reply = self.reply("the greeting")?;
        match (reply.code, reply.is_final()) {
            (220, _) => Ok(()),
            (_, true) => Err(Error::ServerBroken(reply.said())),
            (_, false) => Err(Error::GreetingRefused(reply.said())),
        }
    }

    /// Says something and reads the reply.
    pub fn ask(&mut self, spoken: Spoken, waiting_for: &'static str) -> Result<Reply> {
        self.in_step()?;
        self.0.send(&[spoken])?;
        self.reply(waiting_for)
    }

    /// Fails if the server spoke out of turn: no reply can be matched to its command any more. When
    /// it says goodbye, that is what it was.
    pub fn in_step(&mut self) -> Result<()> {
        if !self.0.chatty() {
            return Ok(());
        }
        let reply = self.reply("nothing")?;
        Err(match reply.is_farewell() {
            true => Error::ServerTrouble(reply.said()),
            false => reply.out_of_place("silence until asked"),
        })
    }

    /// Reads a reply, whole.
    pub fn reply(&mut self, waiting_for: &'static str) -> Result<Reply> {
        let mut whole: Option<Reply> = None;
        loop {
            let line = match &whole {
                None => self.0.line(LINE, waiting_for)?,
                Some(_) => {
                    self.0.next_line(LINE, waiting_for)?;
                    self.0.last_line()
                }
            };
            let line = line.to_vec();
            // What a login is asked may give away what answers it.
            self.0.show(match line.starts_with(b"334") {
                true => b"334 ***",
                false => &line,
            });
            let read = reply::line(&line).map_err(|error| self.veiled(error));
            let (code, more, text) = read?;
            let reply = whole.get_or_insert_with(|| Reply {
                code,
                lines: Vec::new(),
            });
            if reply.code != code || reply.lines.len() >= LINES {
                return Err(self.veiled(Error::Nonsense {
                    expected: "one code on each line, and an end of them",
                    got: line,
                }));
            }
            // A challenge is no text, and is not told to anybody.
            reply.lines.push(match code {
                334 => text.to_vec(),
                _ => self.0.veil(text),
            });
            if !more {
                return Ok(whole.unwrap_or(Reply {
                    code,
                    lines: Vec::new(),
                }));
            }
        }
    }

    fn veiled(&self, error: Error) -> Error {
        match error {
            Error::Nonsense { expected, got } => {
                let got = self.0.veil(&got);
                Error::Nonsense { expected, got }
            }
            error => error,
        }
    }
}
