//! Delivery by LMTP (RFC 2033): to the server at the end of the way, which answers for each
//! recipient.

use super::relay::{own_name, Answers, Manner, Offers, Session, Talk};
use super::Sender;
use crate::error::{Error, Result};
use crate::net::{Spoken, Wire};

/// The first word of a claim.
pub const WORD: &[u8] = b"lmtp";

/// What is LMTP about it.
pub struct Lmtp;

impl Manner for Lmtp {
    fn word(&self) -> &'static [u8] {
        WORD
    }

    fn open(&self, wire: Wire<'static>, _: &Sender) -> Result<Session> {
        let mut talk = Talk(wire);
        talk.greeting()?;
        let hello = Spoken::open(format!("LHLO {}", own_name()));
        let reply = talk.ask(hello, "the answer to LHLO")?;
        match (reply.is_good(), reply.is_later()) {
            (true, _) => Ok(Session::new(talk, Offers::read(&reply), Answers::Each)),
            (false, true) => Err(Error::ServerTrouble(reply.said())),
            (false, false) => Err(reply.out_of_place("one of LMTP")),
        }
    }
}
