//! A SASL exchange over POP3 (RFC 5034), whatever the mechanism.

use super::Answer;
use crate::error::{Error, Result};
use crate::maildrop::syntax::{Code, Reply, CHALLENGE_LIMIT};
use crate::maildrop::talk::{Shown, Talk};
use crate::net::Spoken;
use crate::sasl::Mechanism;
use crate::secret::Secret;
use base64::prelude::{Engine, BASE64_STANDARD};
use zeroize::Zeroizing;

/// The longest command with an initial response, with its line end (RFC 5034, section 4).
const COMMAND_LIMIT: usize = 255;
/// Where the reply to a word of the exchange is waited for.
const REPLY: &str = "the answer to AUTH";

/// Whether the server announced a mechanism: only then it takes the first message at once.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Announced {
    /// It did.
    Yes,
    /// It did not.
    No,
}

/// Logs in by a mechanism, given its name.
pub fn auth(
    talk: &mut Talk,
    name: &str,
    by: &mut dyn Mechanism,
    announced: Announced,
) -> Result<Answer> {
    let initial = match announced {
        Announced::Yes => by.initial().and_then(|message| at_once(name, &message)),
        Announced::No => None,
    };
    let mut begun = initial.is_some();
    let first = initial.unwrap_or_else(|| Spoken::open(format!("AUTH {name}")));
    let mut reply = talk.ask(&first, REPLY)?;
    loop {
        let challenge = match reply {
            Reply::Err(code, text) => return refused(talk, by, (code, text), begun),
            Reply::Ok(_) if begun && by.done() => return Ok(Answer::LoggedIn),
            // The server owes a challenge, and with some mechanisms a proof.
            Reply::Ok(_) if begun && by.listens() => return Err(Error::Unproven),
            // Exchange 2003 asks with +OK where it should with a bare plus.
            Reply::Ok(text) | Reply::Challenge(text) => text,
        };
        let answer = match understood(by, challenge).and_then(|text| by.respond(&text)) {
            Ok(answer) => answer,
            Err(error) => {
                talk.ask(&Spoken::open("*"), "the end of AUTH")?;
                return Err(talk.veiled(error));
            }
        };
        begun = true;
        talk.0.send(&line(&answer))?;
        // What answers a proof is as good as the proof to those who guess passwords.
        let shown = match by.committed() {
            true => Shown::Masked,
            false => Shown::Whole,
        };
        reply = talk.reply_shown(CHALLENGE_LIMIT, REPLY, shown)?;
    }
}

/// The command with the first message, if it is short enough.
fn at_once(name: &str, message: &Secret) -> Option<Spoken> {
    let said = match message.expose() {
        [] => return Some(Spoken::open(format!("AUTH {name} ="))),
        said => Zeroizing::new(BASE64_STANDARD.encode(said)),
    };
    let line = format!("AUTH {name} {}", *said).into_bytes();
    let line = Spoken::masked(line, format!("AUTH {name} ***"));
    (line.len() <= COMMAND_LIMIT).then_some(line)
}

/// A message on a line of its own.
fn line(message: &Secret) -> Spoken {
    match message.expose() {
        [] => Spoken::open(""),
        said => Spoken::masked(BASE64_STANDARD.encode(said).into_bytes(), "***"),
    }
}

/// A challenge, decoded. Where it means nothing it need not be base64.
fn understood(by: &dyn Mechanism, challenge: Vec<u8>) -> Result<Vec<u8>> {
    match BASE64_STANDARD.decode(&challenge) {
        Ok(decoded) => Ok(decoded),
        Err(_) if !by.listens() => Ok(challenge),
        Err(_) => Err(Error::Nonsense {
            expected: "a challenge in base64",
            got: challenge,
        }),
    }
}

/// What a refusal means: what was said within the mechanism tells more than the words of POP3, but
/// less than a code that is about something else than us.
fn refused(
    talk: &Talk,
    by: &mut dyn Mechanism,
    (code, text): (Option<Code>, Vec<u8>),
    begun: bool,
) -> Result<Answer> {
    match (by.verdict(), code) {
        (Some(error), None | Some(Code::Auth)) => Err(talk.veiled(error)),
        _ if begun && by.committed() => Ok(Answer::Refused(code, text)),
        _ => Ok(Answer::Unheard(code, text)),
    }
}
