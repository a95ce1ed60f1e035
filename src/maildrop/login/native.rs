//! The logins of POP3 itself: USER with PASS, and APOP (RFC 1939).

use super::Answer;
use crate::error::{Error, Result};
use crate::maildrop::syntax::{self, Reply};
use crate::maildrop::talk::Talk;
use crate::net::Spoken;
use crate::sasl::User;
use crate::secret::Secret;
use md5::{Digest as _, Md5};

/// Logs in by USER and PASS.
pub fn user_pass(talk: &mut Talk, user: User) -> Result<Answer> {
    only_ascii(user)?;
    let name = Spoken::open(syntax::command("USER", user.name.as_bytes())?);
    let pass = Spoken::masked(syntax::command("PASS", user.secret.expose())?, "PASS ***");
    if let Reply::Err(code, text) = plain_reply(talk.ask(&name, "the answer to USER")?)? {
        return Ok(Answer::Unheard(code, text));
    }
    finished(talk.ask(&pass, "the answer to PASS")?)
}

/// Logs in by APOP.
pub fn apop(talk: &mut Talk, user: User, timestamp: &[u8]) -> Result<Answer> {
    only_ascii(user)?;
    let argument = format!("{} {}", user.name, apop_digest(timestamp, user.secret));
    let line = Spoken::masked(syntax::command("APOP", argument.as_bytes())?, "APOP ***");
    finished(talk.ask(&line, "the answer to APOP")?)
}

/// The end of a login in which something made from the secret was sent.
fn finished(reply: Reply) -> Result<Answer> {
    match plain_reply(reply)? {
        Reply::Err(code, text) => Ok(Answer::Refused(code, text)),
        Reply::Ok(_) | Reply::Challenge(_) => Ok(Answer::LoggedIn),
    }
}

/// Refuses a challenge where none belongs.
pub fn plain_reply(reply: Reply) -> Result<Reply> {
    match reply {
        Reply::Challenge(text) => Err(Error::Nonsense {
            expected: "+OK or -ERR",
            got: [b"+ ", text.as_slice()].concat(),
        }),
        reply => Ok(reply),
    }
}

/// USER, PASS and APOP carry ASCII alone unless both sides agreed on more (RFC 6856).
fn only_ascii(user: User) -> Result<()> {
    if user.name.is_ascii() && user.secret.expose().is_ascii() {
        return Ok(());
    }
    Err(Error::Uncarriable(
        "user or password is not ASCII, which USER, PASS and APOP cannot carry",
    ))
}

/// The hex MD5 of timestamp and secret (RFC 1939, section 7).
fn apop_digest(timestamp: &[u8], secret: &Secret) -> String {
    let digest = Md5::new()
        .chain_update(timestamp)
        .chain_update(secret.expose())
        .finalize();
    digest.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// The timestamp of a greeting, if it is a message-id by RFC 822. Anything laxer would let a false
/// server choose the challenge and learn the password from the digests (CVE-2007-1558).
pub fn timestamp(greeting: &[u8]) -> Option<&[u8]> {
    let open = greeting.iter().position(|b| *b == b'<')?;
    let length = greeting[open..].iter().position(|b| *b == b'>')?;
    let inner = &greeting[open + 1..open + length];
    let at = inner.iter().rposition(|b| *b == b'@')?;
    let (local, domain) = (&inner[..at], &inner[at + 1..]);
    let printable = inner.iter().all(|b| (0x21..=0x7e).contains(b));
    let quoted = |part: &[u8], open, close| {
        let inner = part
            .strip_prefix(&[open])
            .and_then(|part| part.strip_suffix(&[close]));
        inner.is_some_and(|inner| {
            !inner
                .iter()
                .any(|b| matches!(b, b'"' | b'[' | b']' | b'\\'))
        })
    };
    let local = dot_atoms(local) || quoted(local, b'"', b'"');
    let domain = dot_atoms(domain) || quoted(domain, b'[', b']');
    (printable && local && domain).then_some(&greeting[open..=open + length])
}

/// Atoms with single dots between them.
fn dot_atoms(text: &[u8]) -> bool {
    let special = |b: &u8| b"()<>@,;:\\\"[] ".contains(b);
    text.split(|b| *b == b'.')
        .all(|atom| !atom.is_empty() && !atom.iter().any(special))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_proper_message_ids_are_timestamps() {
        for good in [
            "<1896.697170952@dbc.mtview.ca.us>",
            "<a.b.c.q1+/Q==@h>",
            "<\"x.y\"@[10.0.0.1]>",
        ] {
            let greeting = format!("ready {good} go");
            assert_eq!(
                timestamp(greeting.as_bytes()),
                Some(good.as_bytes()),
                "{good}"
            );
        }
        for bad in [
            &b"<>"[..],
            b"<abc>",
            b"<a@>",
            b"<@b>",
            b"<a b@c>",
            b"<\"x y\"@c>",
            b"<a@b\xff>",
            b"<a@b",
            b"<a..b@c>",
        ] {
            assert_eq!(timestamp(bad), None, "{bad:?}");
        }
    }

    #[test]
    fn apop_gives_the_published_digest() {
        let digest =
            |timestamp: &[u8], secret: &[u8]| apop_digest(timestamp, &Secret::new(secret.to_vec()));
        let published = digest(b"<1896.697170952@dbc.mtview.ca.us>", b"tanstaaf");
        assert_eq!(published, "c4c9334bac560ecc979e58001b3e22fb");
        let computed = digest(b"<4f1.3c2a.67@pop.example.net>", b"correct horse");
        assert_eq!(computed, "cd76411dfd90e3724708ba27043e5b0a");
    }
}
