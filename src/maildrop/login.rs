//! Which way to log in, and doing it. The choice is pure; in front of the first secret stands one
//! gate: nothing that shows the password goes over a line that is not proven safe, unless the user
//! named that very mechanism.

use super::syntax::{self, Capabilities, Code, Reply, CHALLENGE_LIMIT};
use super::talk::Talk;
use crate::error::{Error, Result};
use crate::net::{Security, Spoken};
use crate::sasl::{self, Mechanism};
use crate::secret::{Credential, Secret};
use base64::prelude::{Engine, BASE64_STANDARD};
use md5::{Digest as _, Md5};
use zeroize::Zeroizing;

/// The longest command with an initial response, with its line end (RFC 5034, section 4).
const COMMAND_LIMIT: usize = 255;

/// A way to log in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Method {
    /// USER and PASS (RFC 1939).
    UserPass,
    /// APOP (RFC 1939); weak, never chosen unless named or on proven TLS.
    Apop,
    /// AUTH PLAIN.
    Plain,
    /// AUTH LOGIN.
    Login,
}

impl Method {
    /// Every method with its name in the settings.
    pub const ALL: [(&'static str, Self); 4] = [
        ("user-pass", Self::UserPass),
        ("apop", Self::Apop),
        ("plain", Self::Plain),
        ("login", Self::Login),
    ];

    /// Its name in the settings.
    pub fn name(self) -> &'static str {
        Self::ALL
            .iter()
            .find(|(_, method)| *method == self)
            .map_or("", |(name, _)| name)
    }
}

/// Which methods may be used.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Methods {
    /// Whatever both sides know, strongest first.
    Auto,
    /// These, in this order.
    Named(Vec<Method>),
}

/// How to log in.
#[derive(Clone, Debug)]
pub struct Login {
    /// The user, which names the maildrop.
    pub user: String,
    /// The methods allowed.
    pub methods: Methods,
}

/// What the server offers, and over which line.
pub struct Offer<'a> {
    /// What it said it can do.
    pub capabilities: &'a Capabilities,
    /// The timestamp of its greeting, if that is a proper one.
    pub timestamp: Option<&'a [u8]>,
    /// Who may read what we send.
    pub security: Security,
}

impl Offer<'_> {
    fn takes(&self, method: Method) -> bool {
        match method {
            Method::UserPass => true,
            Method::Apop => self.timestamp.is_some(),
            Method::Plain => self.capabilities.offers("PLAIN"),
            Method::Login => self.capabilities.offers("LOGIN"),
        }
    }
}

/// The methods to try, best first.
fn candidates(methods: &Methods, offer: &Offer) -> Result<Vec<Method>> {
    let blind = offer.capabilities.sasl.is_empty();
    match methods {
        Methods::Auto if offer.security != Security::Verified => Err(Error::WouldReveal),
        Methods::Auto => {
            let order = [Method::Plain, Method::Login, Method::UserPass, Method::Apop];
            Ok(order
                .into_iter()
                .filter(|method| offer.takes(*method))
                .collect())
        }
        Methods::Named(named) => {
            // A server that lists no mechanisms may still know one that the user named.
            let takes = |method: &Method| match method {
                Method::Plain | Method::Login => blind || offer.takes(*method),
                Method::UserPass | Method::Apop => offer.takes(*method),
            };
            let usable: Vec<_> = named.iter().copied().filter(takes).collect();
            if usable.is_empty() {
                let names: Vec<_> = named.iter().map(|method| method.name()).collect();
                return Err(Error::NoMechanism(names.join(", ")));
            }
            Ok(usable)
        }
    }
}

/// How one attempt ended, if not with success or a final error.
enum Attempt {
    LoggedIn,
    /// Refused before anything secret was sent: the next method may be tried.
    NotThisWay(Error),
}

/// Logs in by the first method that the server lets us begin. Once anything made from the secret
/// was sent, a refusal is final: no weaker way is tried, and no second time.
pub fn log_in(
    talk: &mut Talk,
    login: &Login,
    credential: &Credential,
    offer: &Offer,
) -> Result<()> {
    let Credential::Password(secret) = credential else {
        return Err(Error::NoMechanism("auto".into()));
    };
    if secret.expose().contains(&0) {
        return Err(Error::Uncarriable(
            "the password holds NUL, which no way to log in can carry",
        ));
    }
    talk.0.hide(secret.expose());
    let mut last = Error::NoMechanism("auto".into());
    for method in candidates(&login.methods, offer)? {
        let attempt = match method {
            Method::UserPass => user_pass(talk, &login.user, secret, offer),
            Method::Apop => apop(talk, &login.user, secret, offer),
            Method::Plain => auth(
                talk,
                "PLAIN",
                &mut sasl::Plain::new(&login.user, secret),
                offer,
            ),
            Method::Login => auth(
                talk,
                "LOGIN",
                &mut sasl::Login::new(&login.user, secret),
                offer,
            ),
        };
        match attempt? {
            Attempt::LoggedIn => return Ok(()),
            Attempt::NotThisWay(error) => last = error,
        }
    }
    Err(last)
}

fn user_pass(talk: &mut Talk, user: &str, secret: &Secret, offer: &Offer) -> Result<Attempt> {
    only_ascii(user, secret)?;
    let user = Spoken::open(syntax::command("USER", user.as_bytes())?);
    let pass = Spoken::masked(syntax::command("PASS", secret.expose())?, "PASS ***");
    if let Reply::Err(code, text) = plain_reply(talk.ask(&user, "the answer to USER")?)? {
        return not_this_way(code, text);
    }
    finished(talk.ask(&pass, "the answer to PASS")?, offer)
}

fn apop(talk: &mut Talk, user: &str, secret: &Secret, offer: &Offer) -> Result<Attempt> {
    only_ascii(user, secret)?;
    let timestamp = offer.timestamp.unwrap_or_default();
    let argument = format!("{user} {}", apop_digest(timestamp, secret));
    let line = syntax::command("APOP", argument.as_bytes())?;
    finished(
        talk.ask(&Spoken::masked(line, "APOP ***"), "the answer to APOP")?,
        offer,
    )
}

/// The hex MD5 of timestamp and secret (RFC 1939, section 7).
fn apop_digest(timestamp: &[u8], secret: &Secret) -> String {
    let digest = Md5::new()
        .chain_update(timestamp)
        .chain_update(secret.expose())
        .finalize();
    digest.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// A SASL exchange (RFC 5034).
fn auth(talk: &mut Talk, name: &str, by: &mut dyn Mechanism, offer: &Offer) -> Result<Attempt> {
    let encode = |message: &[u8]| Zeroizing::new(BASE64_STANDARD.encode(message).into_bytes());
    let mut first = Spoken::open(format!("AUTH {name}"));
    let advertised = offer.capabilities.offers(name);
    let mut begun = false;
    if advertised {
        if let Some(initial) = by.initial() {
            let line = [
                b"AUTH ",
                name.as_bytes(),
                b" ",
                encode(initial.expose()).as_slice(),
            ]
            .concat();
            let whole = Spoken::masked(line, format!("AUTH {name} ***"));
            if whole.len() <= COMMAND_LIMIT {
                (first, begun) = (whole, true);
            }
        }
    }
    let mut reply = talk.ask(&first, "the answer to AUTH")?;
    loop {
        let challenge = match reply {
            Reply::Err(code, text) if !begun => return not_this_way(code, text),
            Reply::Err(..) => return finished(reply, offer),
            Reply::Ok(_) if begun && by.done() => return Ok(Attempt::LoggedIn),
            // Exchange 2003 asks with +OK where it should with a bare plus.
            Reply::Ok(text) | Reply::Challenge(text) => text,
        };
        // What PLAIN and LOGIN answer does not depend on the challenge, so it need not be base64.
        let challenge = BASE64_STANDARD.decode(&challenge).unwrap_or(challenge);
        let answer = match by.respond(&challenge) {
            Ok(message) => Spoken::masked(encode(message.expose()).to_vec(), "***"),
            Err(error) => {
                talk.ask(&Spoken::open("*"), "the end of AUTH")?;
                return Err(error);
            }
        };
        begun = true;
        talk.0.send(&answer)?;
        reply = talk.reply(CHALLENGE_LIMIT, "the answer to AUTH")?;
    }
}

/// A refusal before anything secret was sent. A response code makes it final: it is about the user
/// or the maildrop, and no other method will change that.
fn not_this_way(code: Option<Code>, text: Vec<u8>) -> Result<Attempt> {
    match code {
        Some(code) => Err(syntax::refusal(Some(code), &text)),
        None if syntax::busy_words(&text) => Ok(Attempt::NotThisWay(Error::InUse(text))),
        None => Ok(Attempt::NotThisWay(Error::LoginRefused(text))),
    }
}

/// The end of an attempt in which something secret was sent.
fn finished(reply: Reply, offer: &Offer) -> Result<Attempt> {
    match plain_reply(reply)? {
        Reply::Err(code, text) => Err(login_error(code, text, offer)),
        Reply::Ok(_) | Reply::Challenge(_) => Ok(Attempt::LoggedIn),
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

/// What a refused login means (RFC 3206; without codes it is a guess, see `syntax::busy_words`).
fn login_error(code: Option<Code>, text: Vec<u8>, offer: &Offer) -> Error {
    match code {
        Some(code) => syntax::refusal(Some(code), &text),
        None if offer.capabilities.auth_resp_code => Error::ServerTrouble(text),
        None if syntax::busy_words(&text) => Error::InUse(text),
        None => Error::LoginRefused(text),
    }
}

/// USER, PASS and APOP carry ASCII alone unless both sides agreed on more (RFC 6856).
fn only_ascii(user: &str, secret: &Secret) -> Result<()> {
    if user.is_ascii() && secret.expose().is_ascii() {
        return Ok(());
    }
    Err(Error::Uncarriable(
        "user or password is not ASCII, which USER, PASS and APOP cannot carry",
    ))
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

    fn offer<'a>(capabilities: &'a Capabilities, security: Security) -> Offer<'a> {
        Offer {
            capabilities,
            timestamp: Some(b"<a@b>"),
            security,
        }
    }

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

    #[test]
    fn the_choice_never_shows_the_password_unasked() {
        let mut capabilities = Capabilities::default();
        capabilities.take(b"SASL LOGIN PLAIN");
        let choose =
            |methods: &Methods, security| candidates(methods, &offer(&capabilities, security));
        let auto = choose(&Methods::Auto, Security::Verified).unwrap();
        assert_eq!(
            auto,
            [Method::Plain, Method::Login, Method::UserPass, Method::Apop]
        );
        for security in [Security::Clear, Security::Unverified] {
            assert!(matches!(
                choose(&Methods::Auto, security),
                Err(Error::WouldReveal)
            ));
        }
        let named = Methods::Named(vec![Method::UserPass]);
        assert_eq!(choose(&named, Security::Clear).unwrap(), [Method::UserPass]);
    }

    #[test]
    fn a_named_mechanism_that_is_not_offered_is_an_error() {
        let mut capabilities = Capabilities::default();
        capabilities.take(b"SASL LOGIN");
        let named = Methods::Named(vec![Method::Plain]);
        let choice = candidates(&named, &offer(&capabilities, Security::Verified));
        assert!(matches!(choice, Err(Error::NoMechanism(names)) if names == "plain"));
    }
}
