//! A look at a server from outside: the first steps of the road, without account, memory or mail.

use crate::event::{Event, Events, Failure, Mode, Probed, Stop, Subject, Tally};
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
    let Target {
        route,
        protocol,
        stls,
        timeout,
    } = target;
    let patience = Patience {
        timeout: *timeout,
        deadline: None,
        stop: stop.clone(),
    };
    let mut tally = Tally::default();
    let visit = Visit {
        patience,
        events,
        pipeline: Pipeline::Off,
        recalled: None,
        envelopes: Envelopes::Heads,
        protocol: *protocol,
        folder: None,
        deletes: false,
        spool: PathBuf::new(),
    };
    match maildrop::probe(route, *stls, &visit) {
        Ok(offered) => events.emit(Event::Probe(Box::new(Probed {
            host: route.written.clone(),
            port: route.port,
            tls: match route.tls {
                TlsMode::Implicit => "implicit",
                TlsMode::StartTls => "starttls",
                TlsMode::Off => "none",
            },
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
