//! POP3 (RFC 1939, 2449) over a wire: from the login to QUIT. Deletions are only noted until QUIT is
//! near, since DELE has no effect before it anyway.

use super::greet::{self, Greeted};
use super::login::{self, plain_reply, Login, Offer};
use super::syntax::{self, about, refusal, Capabilities, Code, Reply};
use super::talk::Talk;
use super::{Maildrop, Visit};
use crate::error::{Error, Reach, Result};
use crate::event::Stage;
use crate::krb5;
use crate::message::{head_end, Disposition, Listing, MessageNumber, Uid};
use crate::net::{Route, Spoken};
use crate::secret::Credential;
use std::io::Read;
use std::time::Duration;

/// More messages than this are believed only if they are listed: a count costs the server nothing.
const UNLISTED: u32 = 100_000;
/// How much of a head is worth keeping.
const HEAD_LIMIT: usize = 64 * 1024;

/// An open POP3 session.
pub struct Pop3<'e> {
    talk: Talk<'e>,
    capabilities: Capabilities,
    deletions: Vec<MessageNumber>,
}

impl<'e> Pop3<'e> {
    /// Connects, greets, secures and logs in. Servers such as Gmail tell only after the login all
    /// that they can do, and others what holds for this user, so they are asked again if they were
    /// not asked in vain before.
    pub fn open(
        route: &Route,
        login: &Login,
        credential: &Credential,
        visit: Visit<'e>,
    ) -> Result<Self> {
        let mut greeted = greet::greet(route, visit.clone())?;
        if login::may_bind(login, credential, &greeted.capabilities) && route.can_tell_more() {
            greeted = greet::greet_to_bind(greeted.talk, route, visit)?;
        }
        let Greeted {
            mut talk,
            capabilities: before,
            timestamp,
        } = greeted;
        talk.0.events().enter(Stage::LoggingIn);
        if before.utf8 {
            // Without it, a message with such a head comes as a notice in its place, and its deletion
            // would be a loss (RFC 6856, section 2). A refusal changes nothing.
            talk.ask(&Spoken::open("UTF8"), "the answer to UTF8")?;
        }
        let offer = Offer {
            route,
            capabilities: &before,
            timestamp: timestamp.as_deref(),
            security: talk.0.security(),
            binding: talk.0.binding().cloned(),
            ticket: before.offers("GSSAPI") && krb5::has_ticket(),
        };
        if let Err(error) = login::log_in(&mut talk, login, credential, &offer) {
            if error.reach() == Reach::Account {
                let _ = talk.ask(&Spoken::open("QUIT"), "the goodbye");
            }
            return Err(match error {
                Error::LoginDelay { said, wait: None } => Error::LoginDelay {
                    said,
                    wait: before.login_delay.map(seconds),
                },
                error => error,
            });
        }
        let capabilities = if before.known && (!before.top || before.varies) {
            let after = greet::capabilities(&mut talk)?;
            Capabilities {
                expire: after.expire.or(before.expire),
                login_delay: after.login_delay.or(before.login_delay),
                ..after
            }
        } else {
            before
        };
        Ok(Self {
            talk,
            capabilities,
            deletions: Vec::new(),
        })
    }

    /// Asks for something with an answer of one line.
    fn ask(&mut self, spoken: &Spoken, waiting_for: &'static str) -> Result<Reply> {
        plain_reply(self.talk.ask(spoken, waiting_for)?)
    }

    /// Asks for a list and takes its lines; `None` if the server refuses to give it.
    fn list<T>(
        &mut self,
        keyword: &'static str,
        count: u32,
        parse: impl Fn(&[u8], u32) -> Result<(MessageNumber, T)>,
    ) -> Result<Option<Vec<(MessageNumber, T)>>> {
        match self.ask(&Spoken::open(keyword), "a list")? {
            Reply::Err(Some(code @ (Code::SysTemp | Code::OutSync)), text) => {
                Err(refusal(Some(code), &text))
            }
            Reply::Err(..) => Ok(None),
            Reply::Ok(_) | Reply::Challenge(_) => {
                let mut rows = Vec::new();
                self.talk.lines(count, |line| {
                    rows.push(parse(line, count)?);
                    Ok(())
                })?;
                rows.sort_by_key(|(number, _)| *number);
                match rows.windows(2).find(|pair| pair[0].0 == pair[1].0) {
                    None => Ok(Some(rows)),
                    Some(pair) => {
                        let got = format!("{keyword}: {} twice", pair[0].0 .0).into_bytes();
                        Err(Error::Nonsense {
                            expected: "each message once",
                            got,
                        })
                    }
                }
            }
        }
    }
}

impl Maildrop for Pop3<'_> {
    /// STAT, UIDL, LIST, joined by number. UIDL is tried whatever CAPA says, which is not to be
    /// believed about it; where STAT and the lists disagree, the lists are.
    fn scan(&mut self) -> Result<Vec<Listing>> {
        let count = match self.ask(&Spoken::open("STAT"), "the answer to STAT")? {
            Reply::Ok(text) | Reply::Challenge(text) => {
                syntax::stat(&text).map_err(|error| self.talk.veiled(error))?
            }
            Reply::Err(code, text) => return Err(refusal(code, &text)),
        };
        if count == 0 {
            return Ok(Vec::new());
        }
        let uids = self
            .list("UIDL", count, syntax::uidl_line)?
            .unwrap_or_default();
        let sizes = match self.list("LIST", count, syntax::list_line)? {
            Some(sizes) => sizes,
            None if count > UNLISTED => {
                let got = format!("{count} messages and no list").into_bytes();
                return Err(Error::Nonsense {
                    expected: "a maildrop",
                    got,
                });
            }
            None => (1..=count).map(|n| (MessageNumber(n), None)).collect(),
        };
        // From here on a message may be under way, and a signal waits until it is done.
        self.talk.0.see_it_through();
        Ok(join(uids, sizes))
    }

    fn expires_after(&self) -> Option<u32> {
        self.capabilities.expire
    }

    fn login_delay(&self) -> Option<Duration> {
        self.capabilities.login_delay.map(seconds)
    }

    fn head(&mut self, number: MessageNumber) -> Result<Option<Vec<u8>>> {
        if self.capabilities.known && !self.capabilities.top {
            return Ok(None);
        }
        let spoken = Spoken::open(format!("TOP {} 0", number.0));
        match self.ask(&spoken, "a head")? {
            Reply::Err(..) => Ok(None),
            Reply::Ok(_) | Reply::Challenge(_) => {
                let mut head = Vec::new();
                let limit = HEAD_LIMIT as u64;
                self.talk
                    .body()
                    .take(limit)
                    .read_to_end(&mut head)
                    .map_err(Error::from_reader)?;
                head.truncate(head_end(&head).unwrap_or(head.len()));
                Ok(Some(head))
            }
        }
    }

    fn retrieve(&mut self, number: MessageNumber) -> Result<Box<dyn Read + '_>> {
        match self.ask(&about("RETR", number), "a message")? {
            Reply::Ok(_) | Reply::Challenge(_) => Ok(Box::new(self.talk.body())),
            Reply::Err(Some(Code::OutSync), text) => Err(Error::OutOfSync(text)),
            Reply::Err(_, text) => Err(Error::MessageRefused(text)),
        }
    }

    fn settle(&mut self, number: MessageNumber, disposition: Disposition) -> Result<()> {
        if disposition == Disposition::Delete {
            self.deletions.push(number);
        }
        Ok(())
    }

    fn keep_alive(&mut self) -> Result<()> {
        self.ask(&Spoken::open("NOOP"), "the answer to NOOP")
            .map(drop)
    }

    fn reset(&mut self) -> Result<()> {
        self.deletions.clear();
        self.ask(&Spoken::open("RSET"), "the answer to RSET")
            .map(drop)
    }

    /// The noted deletions with their replies, then QUIT alone (RFC 1939, section 6).
    fn quit(mut self: Box<Self>) -> Result<Vec<MessageNumber>> {
        let deletions = std::mem::take(&mut self.deletions);
        let mut refused = Vec::new();
        for number in &deletions {
            if let Reply::Err(..) = self.ask(&about("DELE", *number), "the answer to DELE")? {
                refused.push(*number);
            }
        }
        let in_doubt = deletions.len() > refused.len();
        self.talk.in_step()?;
        match self.ask(&Spoken::open("QUIT"), "the goodbye") {
            Ok(Reply::Err(_, text)) if in_doubt => Err(Error::QuitRefused(text)),
            Err(error) if in_doubt => Err(error),
            // Without deletions nothing hangs on how the server says goodbye.
            _ => Ok(refused),
        }
    }
}

fn seconds(count: u32) -> Duration {
    Duration::from_secs(count.into())
}

/// Joins UIDs to sizes by message number. Messages in either list count.
fn join(
    uids: Vec<(MessageNumber, Option<Uid>)>,
    sizes: Vec<(MessageNumber, Option<u64>)>,
) -> Vec<Listing> {
    let mut uids = uids.into_iter().peekable();
    let mut listings = Vec::with_capacity(sizes.len());
    for (number, size) in sizes {
        while let Some((number, uid)) = uids.next_if(|(earlier, _)| *earlier < number) {
            listings.push(Listing {
                number,
                size: None,
                uid,
            });
        }
        let uid = uids
            .next_if(|(same, _)| *same == number)
            .and_then(|(_, uid)| uid);
        listings.push(Listing { number, size, uid });
    }
    listings.extend(uids.map(|(number, uid)| Listing {
        number,
        size: None,
        uid,
    }));
    listings
}
