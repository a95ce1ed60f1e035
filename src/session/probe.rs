//! A look at a server from outside: the first steps of the road, without account, memory or mail.

use crate::error::{Error, Result};
use crate::event::{Event, Events, Failure, Mode, Offered, Probed, Stop, Subject, Tally};
use crate::maildrop::{self, Envelopes, Pipeline, Protocol, Stls, Visit};
use crate::net::{Patience, Route, TlsMode};
use std::path::PathBuf;
use std::time::{Duration, Instant};

/// A server to be looked at.
#[derive(Clone)]
pub struct Target {
    /// The way to it.
    pub route: Route,
    /// What is spoken with it.
    pub protocol: Protocol,
    /// Whether it will do without STLS.
    pub stls: Stls,
    /// How long each wait may take.
    pub timeout: Duration,
}

/// Looks at a server and says what it offers.
pub fn probe(target: &Target, events: &Events, stop: &Stop) -> Tally {
    let since = Instant::now();
    events.emit(Event::Start(Mode::Probe));
    let mut tally = Tally::default();
    let (found, Target { route, .. }) = find(target, events, stop);
    match found {
        Ok(offered) => events.emit(Event::Probe(Box::new(Probed {
            host: route.written.clone(),
            port: route.port,
            tls: route.tls.name(),
            offered,
        }))),
        Err(error) => tally.failures.push(Failure {
            stage: events.stage(),
            subject: Subject::Visit,
            error,
            known: false,
        }),
    }
    tally.took = since.elapsed();
    tally
}

/// Looks at a server; with TLS from the start as well, if nobody said how TLS is used there, the port
/// does not tell, and it does not greet in plain text. Gives how it was looked at.
fn find(target: &Target, events: &Events, stop: &Stop) -> (Result<Offered>, Target) {
    let found = look(target, events, stop);
    let silent = |error: &Error| {
        matches!(
            error,
            Error::TimedOut {
                waiting_for: "the greeting",
                ..
            } | Error::Cut {
                during: "the greeting",
                ..
            }
        )
    };
    let guessed = target.stls == Stls::IfOffered && target.route.port != 110;
    if guessed && found.as_ref().is_err_and(silent) {
        let stage = events.stage();
        let mut other = target.clone();
        other.route.tls = TlsMode::Implicit;
        if let Ok(offered) = look(&other, events, stop) {
            return (Ok(offered), other);
        }
        events.back_to(stage);
    }
    (found, target.clone())
}

/// Looks at a server.
pub fn look(target: &Target, events: &Events, stop: &Stop) -> Result<Offered> {
    let visit = Visit {
        patience: Patience {
            timeout: target.timeout,
            deadline: None,
            stop: stop.clone(),
        },
        events,
        pipeline: Pipeline::Off,
        recalled: None,
        envelopes: Envelopes::Heads,
        protocol: target.protocol,
        folder: None,
        deletes: false,
        spool: PathBuf::new(),
    };
    maildrop::probe(&target.route, target.stls, &visit)
}
