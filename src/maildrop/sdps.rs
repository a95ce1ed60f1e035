//! SDPS, Demon Internet's Standard Dial-up POP3 Service: POP3, and `*ENV`, which tells the envelope
//! of a message. The service is gone and its description with it; that the third line of the answer
//! is the sender and the fourth the recipient is what its clients agreed on.

use super::pop3::Pop3;
use super::syntax::{self, Code, Reply};
use super::Part;
use crate::error::{Error, Result};
use crate::message::{address, Envelope, MessageNumber};

/// What the lines before the sender hold is not known.
const BEFORE: usize = 2;
/// How much is kept of an answer that is no envelope.
const REASON: usize = 512;

/// Asks for the envelope of a message. A server that has not told any yet, and does not tell that of
/// another message either, does not know the command.
pub fn envelope(pop3: &mut Pop3, number: MessageNumber) -> Result<Envelope> {
    let reason = |text: &[u8]| text[..text.len().min(REASON)].to_vec();
    match pop3.ask_for(Part::Envelope, number)? {
        Reply::Ok(_) | Reply::Challenge(_) => {
            pop3.tells_envelopes = true;
            let lines = pop3.beginning()?;
            read(&lines).ok_or_else(|| Error::NoEnvelope(reason(&lines)))
        }
        Reply::Err(Some(code @ (Code::SysTemp | Code::OutSync)), text) => {
            Err(syntax::refusal(Some(code), &text))
        }
        Reply::Err(_, text) => Err(match knows(pop3, number)? {
            true => Error::MessageRefused(reason(&text)),
            false => Error::NotSdps(text),
        }),
    }
}

/// Whether the server tells envelopes, though not that of this message.
fn knows(pop3: &mut Pop3, refused: MessageNumber) -> Result<bool> {
    let mut others = (1..=pop3.count).map(MessageNumber);
    let other = others.find(|other| *other != refused);
    if let (false, Some(other)) = (pop3.tells_envelopes, other) {
        let reply = pop3.ask_for(Part::Envelope, other)?;
        pop3.tells_envelopes = !matches!(reply, Reply::Err(..));
        if pop3.tells_envelopes {
            pop3.beginning()?;
        }
    }
    Ok(pop3.tells_envelopes)
}

/// The envelope that the lines of an answer tell, if there are as many as it takes.
pub fn read(lines: &[u8]) -> Option<Envelope> {
    let mut told = lines.split_inclusive(|b| *b == b'\n').skip(BEFORE);
    let sender = address(told.next()?);
    let recipient = address(told.next()?);
    Some(Envelope {
        sender,
        recipients: Some(recipient)
            .filter(|to| !to.is_empty())
            .into_iter()
            .collect(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_third_line_is_the_sender_and_the_fourth_the_recipient() {
        for (lines, sender, recipient) in [
            ("x\ny\na@b\nc@d\n", "a@b", "c@d"),
            ("x\ny\na@b\nc@d\nmore\n", "a@b", "c@d"),
            ("\n\n <a@b> \n\t<c@d>\n", "a@b", "c@d"),
            ("x\ny\n\nc@d\n", "", "c@d"),
            ("x\ny\n<>\nc@d\n", "", "c@d"),
            ("x\ny\na@b\nc\x07@d\n", "a@b", "c@d"),
        ] {
            let told = read(lines.as_bytes()).unwrap();
            assert_eq!(told.sender, sender.as_bytes(), "{lines:?}");
            assert_eq!(told.recipients, [recipient.as_bytes()], "{lines:?}");
        }
        for lines in ["x\ny\na@b\n\n", "x\ny\na@b\n-rf\n"] {
            assert!(read(lines.as_bytes()).unwrap().recipients.is_empty());
        }
    }

    #[test]
    fn fewer_lines_are_no_envelope() {
        for lines in ["", "x\n", "x\ny\n", "x\ny\na@b\n"] {
            assert_eq!(read(lines.as_bytes()), None, "{lines:?}");
        }
    }
}
