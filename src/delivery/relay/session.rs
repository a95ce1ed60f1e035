//! A session with a server that takes mail, and one message in it: who it is from, to whom, what it
//! says, and what the server answers for each recipient. It knows when nothing can have been
//! delivered yet, and from when on nobody can know.

use super::address::Address;
use super::content::{Lines, Nature};
use super::reply::{Offers, Reply};
use super::talk::Talk;
use crate::error::{Error, Result};
use crate::net::{Meanwhile, Spoken};
use crate::spool::Spool;
use std::time::Duration;

/// How long the goodbye may take, on which nothing hangs.
const GOODBYE: Duration = Duration::from_secs(5);
/// What is waited for when the message is told to be whole.
const ANSWER: &str = "the answer to the message";

/// Whom the server answers for in the end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Answers {
    /// Each recipient by itself (RFC 2033, section 4.2).
    Each,
    /// All of them at once.
    All,
}

/// A message to be handed over.
pub struct Parcel<'p> {
    /// Its sender; none where that is nobody.
    pub sender: Option<&'p Address>,
    /// Its recipients.
    pub recipients: &'p [Address],
    /// What it holds.
    pub nature: Nature,
    /// What it says.
    pub spool: &'p mut Spool,
}

/// How a message was not handed over, apart from what the server said to it.
pub enum Lost {
    /// The server takes none from us, whatever it is.
    Barred(Error),
    /// Before any of it was said.
    Before(Error),
    /// By no fault of the line.
    Ours(Error),
    /// In the middle of it.
    Amid(Error),
    /// When all of it was said.
    InDoubt(Error),
}

/// What the server said last for a recipient, if it has said that much.
type Answer = Option<Reply>;

/// A session in which messages can be handed over.
pub struct Session {
    talk: Talk,
    offers: Offers,
    answers: Answers,
    /// A message was begun that is to be forgotten first.
    begun: bool,
    /// No message can follow.
    spent: bool,
}

impl Session {
    /// A session that has just begun.
    pub fn new(mut talk: Talk, offers: Offers, answers: Answers) -> Self {
        // A signal to stop is heeded between messages: half a message helps nobody.
        talk.0.see_it_through();
        Self {
            talk,
            offers,
            answers,
            begun: false,
            spent: false,
        }
    }

    /// Whether another message can follow.
    pub fn is_spent(&self) -> bool {
        self.spent
    }

    /// Whether the server takes this address.
    pub fn takes(&self, address: &Address) -> bool {
        self.offers.international || !address.is_international()
    }

    /// Says goodbye.
    pub fn quit(mut self) {
        self.talk.0.hurry(GOODBYE);
        let _ = self.talk.ask(Spoken::open("QUIT"), "the goodbye");
    }

    /// Hands a message over; gives what the server said for each recipient.
    pub fn hand_over(
        &mut self,
        mut parcel: Parcel,
        meanwhile: &mut dyn FnMut(),
    ) -> Result<Vec<Reply>, Lost> {
        let meanwhile = &mut Meanwhile::of(meanwhile);
        let counted = self.counts(&parcel);
        let (mut answers, go) = self.propose(&parcel, counted).map_err(before)?;
        if go {
            let open = self.pour(&mut parcel, counted, meanwhile)?;
            match open {
                Some(refusal) => fill(&mut answers, &refusal),
                None => self
                    .conclude(&mut answers, meanwhile)
                    .map_err(Lost::InDoubt)?,
            }
        }
        let bug = || Lost::InDoubt(Error::Bug("a recipient without an answer".into()));
        answers.into_iter().collect::<Option<_>>().ok_or_else(bug)
    }

    /// Whether the message goes as counted bytes. Where each recipient is answered for, that is the
    /// end of its way; anybody else might have to pass it on to one who takes lines alone, and could
    /// only send it back (RFC 3030, section 3).
    fn counts(&self, parcel: &Parcel) -> bool {
        self.answers == Answers::Each && self.offers.chunks && parcel.nature.is_binary()
    }

    /// Says from whom and to whom; gives the answers that are final, and whether the message is
    /// awaited for those who have none yet.
    fn propose(&mut self, parcel: &Parcel, counted: bool) -> Result<(Vec<Answer>, bool)> {
        let mut lines = Vec::new();
        if self.begun {
            lines.push(("RSET".into(), "the answer to RSET"));
        }
        lines.push((self.mail(parcel, counted), "the answer to MAIL"));
        for recipient in parcel.recipients {
            let line = format!("RCPT TO:<{}>", recipient.text());
            lines.push((line, "the answer to RCPT"));
        }
        if !counted {
            lines.push(("DATA".into(), "the answer to DATA"));
        }
        let was_begun = std::mem::replace(&mut self.begun, true);
        let mut replies = self.ask_all(lines)?.into_iter();
        let mut next = || {
            let none = || Error::Bug("a command without a reply".into());
            replies.next().ok_or_else(none)
        };
        if was_begun {
            next()?;
        }
        let mail = next()?;
        let mut answers = Vec::new();
        for _ in parcel.recipients {
            let reply = next()?;
            answers.push(match (mail.is_good(), reply.is_good()) {
                (true, true) => None,
                (true, false) => Some(decided(reply)?),
                (false, _) => Some(decided(mail.clone())?),
            });
        }
        let wanted = answers.iter().any(Option::is_none);
        if counted {
            return Ok((answers, wanted));
        }
        let data = next()?;
        match (data.code == 354, wanted) {
            (true, true) => Ok((answers, true)),
            (true, false) => {
                // It waits for a message to nobody; nothing but that can be said to it.
                self.spent = true;
                Ok((answers, false))
            }
            (false, _) => {
                if wanted {
                    fill(&mut answers, &decided(data)?);
                }
                Ok((answers, false))
            }
        }
    }

    /// MAIL, with what the server must know before (RFC 1870, 6152, 3030, 6531).
    fn mail(&self, parcel: &Parcel, counted: bool) -> String {
        let Parcel {
            sender,
            recipients,
            nature,
            ..
        } = parcel;
        let sender = sender.filter(|sender| self.takes(sender));
        let mut line = format!("MAIL FROM:<{}>", sender.map_or("", Address::text));
        if self.offers.size {
            line.push_str(&format!(" SIZE={}", nature.octets));
        }
        if counted && self.offers.binary {
            line.push_str(" BODY=BINARYMIME");
        } else if nature.eight_bit && self.offers.eight_bit {
            line.push_str(" BODY=8BITMIME");
        }
        // Only if the addresses ask for it: a message sent so can reach none that does not know it.
        let mut all = recipients.iter().chain(sender);
        if all.any(Address::is_international) && self.offers.international {
            line.push_str(" SMTPUTF8");
        }
        line
    }

    /// Says these lines and reads their replies: all at once if the server bears it (RFC 2920).
    fn ask_all(&mut self, lines: Vec<(String, &'static str)>) -> Result<Vec<Reply>> {
        self.talk.in_step()?;
        let mut replies = Vec::new();
        if self.offers.pipelining {
            let all: Vec<_> = lines
                .iter()
                .map(|(l, _)| Spoken::open(l.as_str()))
                .collect();
            self.talk.0.send(&all)?;
        }
        for (line, waiting_for) in lines {
            let reply = match self.offers.pipelining {
                true => self.talk.reply(waiting_for)?,
                false => self.talk.ask(Spoken::open(line), waiting_for)?,
            };
            replies.push(unbarred(reply)?);
        }
        Ok(replies)
    }

    /// Says the message, but for what ends it; or gives the reply if the server refuses a part.
    fn pour(
        &mut self,
        parcel: &mut Parcel,
        counted: bool,
        meanwhile: &mut Meanwhile,
    ) -> Result<Answer, Lost> {
        let (mut lines, mut refusal, mut lost) = (Lines::default(), None, None);
        let poured = parcel.spool.pour(|piece| {
            if lost.is_some() || refusal.is_some() {
                return Ok(());
            }
            let said = match counted {
                false => self.talk.0.pour(&lines.stuffed(piece), meanwhile),
                true => self
                    .chunk(&Lines::counted(piece), meanwhile)
                    .map(|no| refusal = no),
            };
            lost = said.err();
            Ok(())
        });
        poured.map_err(Lost::Ours)?;
        match (lost, refusal) {
            (Some(error), _) => Err(Lost::Amid(error)),
            (None, Some(refusal)) => Ok(Some(refusal)),
            (None, None) => {
                let end = match counted {
                    true => &b"BDAT 0 LAST\r\n"[..],
                    false => lines.end(),
                };
                self.talk
                    .0
                    .pour(end, meanwhile)
                    .map(|()| None)
                    .map_err(Lost::InDoubt)
            }
        }
    }

    /// A part of a message, counted, and the reply if that is no agreement.
    fn chunk(&mut self, octets: &[u8], meanwhile: &mut Meanwhile) -> Result<Answer> {
        self.talk.in_step()?;
        let head = format!("BDAT {}\r\n", octets.len());
        self.talk
            .0
            .pour(&[head.as_bytes(), octets].concat(), meanwhile)?;
        let reply = self.talk.reply("the answer to a part of the message")?;
        match reply.is_good() {
            true => Ok(None),
            false => decided(reply).map(Some),
        }
    }

    /// Reads the last answers.
    fn conclude(&mut self, answers: &mut [Answer], meanwhile: &mut Meanwhile) -> Result<()> {
        let mut common: Answer = None;
        for answer in answers.iter_mut().filter(|answer| answer.is_none()) {
            if let (Answers::All, Some(reply)) = (self.answers, &common) {
                *answer = Some(reply.clone());
                continue;
            }
            self.talk.0.await_word(ANSWER, meanwhile)?;
            let reply = self.talk.reply(ANSWER)?;
            self.spent |= reply.is_farewell();
            let reply = match reply.is_good() {
                true => reply,
                false => decided(reply)?,
            };
            *answer = Some(reply.clone());
            common = Some(reply);
        }
        self.begun = false;
        Ok(())
    }
}

/// How a message was not handed over that was proposed.
fn before(error: Error) -> Lost {
    match error {
        Error::LoginRefused(_) => Lost::Barred(error),
        error => Lost::Before(error),
    }
}

/// Gives this answer to all who have none.
fn fill(answers: &mut [Answer], reply: &Reply) {
    for answer in answers.iter_mut().filter(|answer| answer.is_none()) {
        *answer = Some(reply.clone());
    }
}

/// A reply that must agree or refuse, and does not agree.
fn decided(reply: Reply) -> Result<Reply> {
    match reply.is_later() || reply.is_final() {
        true => Ok(reply),
        false => Err(reply.out_of_place("a yes or a no")),
    }
}

/// The reply, unless the server does not talk with us at all, whatever the message: it is going
/// away, or wants a login or TLS first (RFC 4954, section 6; RFC 3207, section 4).
fn unbarred(reply: Reply) -> Result<Reply> {
    match reply.code {
        421 => Err(Error::ServerTrouble(reply.said())),
        530 | 538 => Err(Error::LoginRefused(reply.said())),
        _ => Ok(reply),
    }
}
