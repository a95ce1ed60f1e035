//! What a server offers to anybody: the first steps of a session, to the door of the login and no
//! further. Nothing secret is ever said here, so a server that proves nothing is looked at as well.

use super::greet::{self, CAPA_REPLY};
use super::syntax::{Capabilities, Reply};
use super::talk::Talk;
use super::{pop1, pop2, sign, Protocol, Visit};
use crate::error::{Error, Result};
use crate::event::{Offered, Protection, Trusted};
use crate::message::Time;
use crate::net::{self, Proof, Route, Secured, Spoken, TlsMode};
use std::time::Duration;

/// Whether a server without STLS will do, where STLS was to be used.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stls {
    /// No.
    Demanded,
    /// Yes: it is looked at as it is.
    IfOffered,
}

/// Looks at a server. One whose certificate proves nothing is looked at without proof, and what is
/// wrong with it is told. One that hangs up on CAPA is asked again without it.
pub fn probe(route: &Route, stls: Stls, visit: &Visit) -> Result<Offered> {
    match patiently(&route.telling(), stls, visit) {
        Err(Error::NotProven { why, .. }) => {
            let mut offered = patiently(&route.looking(), stls, visit)?;
            if let Some(protection) = &mut offered.protection {
                protection.trusted = Trusted::No(why);
            }
            Ok(offered)
        }
        offered => offered,
    }
}

fn patiently(route: &Route, stls: Stls, visit: &Visit) -> Result<Offered> {
    let examine = |asks| {
        let (visit, trips) = (visit.clone(), Vec::new());
        let examination = Examination {
            route,
            stls,
            asks,
            visit,
            trips,
        };
        examination.run()
    };
    match examine(Asks::Capa) {
        Err(Error::Cut {
            during: CAPA_REPLY, ..
        }) => examine(Asks::Nothing),
        examined => examined,
    }
}

/// What a server is asked.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Asks {
    Capa,
    Nothing,
}

/// One connection to a server.
struct Examination<'e> {
    route: &'e Route,
    stls: Stls,
    asks: Asks,
    visit: Visit<'e>,
    /// How long each answer took.
    trips: Vec<Duration>,
}

/// What a server says it can do, if it says so.
type Said = Option<Vec<Vec<u8>>>;

impl<'e> Examination<'e> {
    fn run(self) -> Result<Offered> {
        let dialled = net::dial(self.route, self.visit.patience.clone(), self.visit.events)?;
        self.visit.events.enter(crate::event::Stage::Greeting);
        let mut talk = Talk(dialled);
        match self.visit.protocol {
            Protocol::Pop3 => self.examine(talk),
            Protocol::Pop2 => {
                let greeting = pop2::greeting(&mut talk)?;
                self.only_greeted(talk, greeting)
            }
            Protocol::Pop1 => {
                let greeting = pop1::greeting(&mut talk)?;
                self.only_greeted(talk, greeting)
            }
        }
    }

    /// What there is to tell of a server that says nothing of itself but its greeting.
    fn only_greeted(mut self, mut talk: Talk<'e>, greeting: Vec<u8>) -> Result<Offered> {
        let patience = self.visit.patience.clone();
        let waiting = patience.start("the goodbye");
        if sign::ask(&mut talk, &Spoken::open("QUIT"), "the goodbye").is_ok() {
            self.trips.push(waiting.elapsed());
        }
        Ok(Offered {
            greeting,
            clear: None,
            capabilities: None,
            mechanisms: Vec::new(),
            protection: talk.0.secured().map(|secured| self.protection(secured)),
            round_trip: self.trips.into_iter().min(),
        })
    }

    fn examine(mut self, mut talk: Talk<'e>) -> Result<Offered> {
        let greeting = greet::greeting(&mut talk)?;
        let (mut talk, clear) = match self.route.tls {
            TlsMode::StartTls => self.start_tls(talk)?,
            TlsMode::Implicit | TlsMode::Off => (talk, None),
        };
        let stayed = self.route.tls == TlsMode::StartTls && talk.0.secured().is_none();
        let capabilities = match stayed {
            true => clear.clone(), // it is asked once
            false => self.capabilities(&mut talk)?,
        };
        let mechanisms = mechanisms(&mut talk, capabilities.as_deref());
        let protection = talk.0.secured().map(|secured| self.protection(secured));
        let _ = talk.ask(&Spoken::open("QUIT"), "the goodbye"); // nothing hangs on it
        Ok(Offered {
            greeting,
            clear: clear.filter(|_| !stayed),
            capabilities,
            mechanisms,
            protection,
            round_trip: self.trips.into_iter().min(),
        })
    }

    /// Asks in the clear and starts TLS, unless there is none and that will do.
    fn start_tls(&mut self, mut talk: Talk<'e>) -> Result<(Talk<'e>, Said)> {
        let clear = self.capabilities(&mut talk)?;
        let named = |line: &Vec<u8>| line.trim_ascii().eq_ignore_ascii_case(b"STLS");
        let offered = clear.iter().flatten().any(named);
        match self.stls {
            Stls::IfOffered if !offered => Ok((talk, clear)),
            Stls::IfOffered | Stls::Demanded => Ok((greet::start_tls(talk, self.route)?, clear)),
        }
    }

    fn capabilities(&mut self, talk: &mut Talk) -> Result<Said> {
        if self.asks == Asks::Nothing {
            return Ok(None);
        }
        let patience = self.visit.patience.clone();
        let waiting = patience.start(CAPA_REPLY);
        let spoken = Spoken::open("CAPA");
        let reply = talk.ask(&spoken, CAPA_REPLY)?;
        self.trips.push(waiting.elapsed());
        greet::capability_lines(talk, reply)
    }

    /// What is known of the TLS in use.
    fn protection(&self, secured: &Secured) -> Protection {
        let trusted = match self.route.trust.proof {
            Proof::Chain(_) | Proof::Pins(_) => Trusted::Yes,
            Proof::Nothing => Trusted::Unchecked,
        };
        let certificate = secured.certificate();
        Protection {
            version: secured.version.clone(),
            cipher: secured.cipher.clone(),
            fingerprint: secured.fingerprint().to_string(),
            subject: certificate.as_ref().map(|it| it.subject.clone()),
            issuer: certificate.as_ref().map(|it| it.issuer.clone()),
            valid: certificate
                .as_ref()
                .map(|it| (Time(it.from), Time(it.until))),
            names: certificate.map(|it| it.names).unwrap_or_default(),
            trusted,
        }
    }
}

/// The mechanisms that the server names: in CAPA, or, as older servers do, when AUTH is sent without
/// an argument. One that knows neither just refuses; whatever goes wrong, what was found stands.
fn mechanisms(talk: &mut Talk, capabilities: Option<&[Vec<u8>]>) -> Vec<Vec<u8>> {
    let mut said = Capabilities::default();
    for line in capabilities.unwrap_or_default() {
        said.take(line);
    }
    if !said.sasl.is_empty() {
        return said.sasl;
    }
    match talk.ask(&Spoken::open("AUTH"), "the mechanisms") {
        Ok(Reply::Ok(_)) => greet::list(talk).unwrap_or_default(),
        Ok(Reply::Err(..) | Reply::Challenge(_)) | Err(_) => Vec::new(),
    }
}
