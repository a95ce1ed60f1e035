//! POP3 before the login (RFC 1939, 2449, 2595): the greeting, TLS, and what the server can do.

use super::login::{self, plain_reply};
use super::syntax::{self, Capabilities, Reply, REPLY_LIMIT};
use super::talk::Talk;
use super::Visit;
use crate::error::{Error, Result};
use crate::event::Stage;
use crate::net::{self, Route, Secured, Spoken, TlsMode};

/// More capability lines than any server sends.
const CAPABILITY_LINES: u32 = 256;
/// What is waited for after CAPA.
pub(super) const CAPA_REPLY: &str = "the capabilities";

/// A session before its login.
pub struct Greeted<'e> {
    /// The dialogue.
    pub talk: Talk<'e>,
    /// What the server says it can do.
    pub capabilities: Capabilities,
    /// The timestamp of its greeting, if that is a proper one.
    pub timestamp: Option<Vec<u8>>,
}

/// Connects, greets, secures and asks what the server can do, unless that is known. A server that
/// hangs up on CAPA is greeted again without it.
pub fn greet<'e>(
    route: &Route,
    visit: Visit<'e>,
    known: Option<&Capabilities>,
) -> Result<Greeted<'e>> {
    let first = known.map_or(Capa::Ask, Capa::Known);
    let greeted = match begin(route, visit.clone(), first) {
        Err(Error::Cut {
            during: CAPA_REPLY, ..
        }) => begin(route, visit.clone(), Capa::Leave),
        greeted => greeted,
    };
    greeted.map_err(|error| with_certificate(error, route, visit))
}

/// Greets once more, over a connection made by the library that tells what a login can be tied to;
/// the goodbye to the first one is of no consequence.
pub fn greet_to_bind<'e>(
    mut talk: Talk<'e>,
    route: &Route,
    visit: Visit<'e>,
) -> Result<Greeted<'e>> {
    let _ = talk.ask(&Spoken::open("QUIT"), "the goodbye");
    greet(&route.telling(), visit, None)
}

/// Whether to ask for capabilities.
enum Capa<'k> {
    Ask,
    Leave,
    Known(&'k Capabilities),
}

fn begin<'e>(route: &Route, visit: Visit<'e>, capa: Capa) -> Result<Greeted<'e>> {
    let (mut talk, greeting) = secured(route, visit)?;
    let capabilities = match capa {
        Capa::Ask => capabilities(&mut talk)?,
        Capa::Leave => Capabilities::default(),
        Capa::Known(capabilities) => capabilities.clone(),
    };
    Ok(Greeted {
        talk,
        capabilities,
        timestamp: login::timestamp(&greeting).map(<[u8]>::to_vec),
    })
}

/// Connects, greets and secures; gives what the server greeted with. Whatever CAPA says in the
/// clear, an attacker may have said; so it is not asked before TLS.
fn secured<'e>(route: &Route, visit: Visit<'e>) -> Result<(Talk<'e>, Vec<u8>)> {
    let mut talk = Talk(net::dial(route, visit.patience, visit.events)?);
    visit.events.enter(Stage::Greeting);
    let greeting = greeting(&mut talk)?;
    match route.tls {
        TlsMode::StartTls => Ok((start_tls(talk, route)?, greeting)),
        TlsMode::Implicit | TlsMode::Off => Ok((talk, greeting)),
    }
}

/// Adds to an error about a certificate what it says: the libraries tell it only of one that was
/// accepted, so we have another look, and say nothing.
fn with_certificate(error: Error, route: &Route, visit: Visit) -> Error {
    let Error::NotProven {
        name,
        why,
        seen: None,
        advice,
    } = error
    else {
        return error;
    };
    let (events, stage) = (visit.events, visit.events.stage());
    let seen = look(&route.looking(), visit).ok().flatten();
    events.back_to(stage);
    Error::NotProven {
        name,
        why,
        seen,
        advice,
    }
}

/// What there is to say about a server's certificate.
fn look(route: &Route, visit: Visit) -> Result<Option<String>> {
    let mut talk = Talk(net::dial(route, visit.patience, visit.events)?);
    if route.tls == TlsMode::StartTls {
        greeting(&mut talk)?;
        talk = start_tls(talk, route)?;
    }
    Ok(talk.0.secured().map(Secured::shown))
}

/// Connects to a server of a protocol that has no TLS of its own, so that it is there from the first
/// byte or not at all.
pub fn connect<'e>(route: &Route, visit: &Visit<'e>) -> Result<Talk<'e>> {
    let dialled = net::dial(route, visit.patience.clone(), visit.events);
    let wire = dialled.map_err(|error| with_certificate(error, route, visit.clone()))?;
    visit.events.enter(Stage::Greeting);
    Ok(Talk(wire))
}

/// Reads the first line that a server says; fails if it is that of another protocol.
pub(super) fn first_line(talk: &mut Talk, wanted: &'static str) -> Result<Vec<u8>> {
    let line = talk.0.line(REPLY_LIMIT, "the greeting").map(<[u8]>::to_vec);
    // Some never end their line: a TLS alert has no line end to wait for.
    let said = line.as_deref().unwrap_or(talk.0.unread());
    if !said.is_empty() {
        talk.0.show(said);
    }
    match syntax::other_protocol(said, wanted) {
        Some(error) => Err(error),
        None => line,
    }
}

/// Reads the greeting and tells what else may be listening there.
pub(super) fn greeting(talk: &mut Talk) -> Result<Vec<u8>> {
    let line = first_line(talk, "POP3")?;
    match plain_reply(Reply::parse(&line)?)? {
        Reply::Ok(text) | Reply::Challenge(text) => Ok(text),
        Reply::Err(None, text) => Err(Error::GreetingRefused(text)),
        Reply::Err(code, text) => Err(syntax::refusal(code, &text)),
    }
}

/// Sends STLS, alone, and starts TLS. All that was said before is forgotten with the old wire.
pub(super) fn start_tls<'e>(mut talk: Talk<'e>, route: &Route) -> Result<Talk<'e>> {
    match plain_reply(talk.ask(&Spoken::open("STLS"), "the answer to STLS")?)? {
        Reply::Err(_, text) => Err(Error::NoStls(text)),
        Reply::Ok(_) | Reply::Challenge(_) => Ok(Talk(talk.0.secure(&route.trust)?)),
    }
}

/// Asks what the server can do (RFC 2449). A refusal means that nothing is known.
pub fn capabilities(talk: &mut Talk) -> Result<Capabilities> {
    let mut capabilities = Capabilities::default();
    let reply = talk.ask(&Spoken::open("CAPA"), CAPA_REPLY)?;
    for line in capability_lines(talk, reply)?.unwrap_or_default() {
        capabilities.take(&line);
    }
    Ok(capabilities)
}

/// What the server answers to CAPA, as it says it.
pub(super) fn capability_lines(talk: &mut Talk, reply: Reply) -> Result<Option<Vec<Vec<u8>>>> {
    match plain_reply(reply)? {
        Reply::Ok(_) => list(talk).map(Some),
        Reply::Err(..) | Reply::Challenge(_) => Ok(None),
    }
}

/// The lines of a list that is not long.
pub(super) fn list(talk: &mut Talk) -> Result<Vec<Vec<u8>>> {
    let mut lines = Vec::new();
    talk.lines(CAPABILITY_LINES, |line| {
        lines.push(line.to_vec());
        Ok(())
    })?;
    Ok(lines)
}
