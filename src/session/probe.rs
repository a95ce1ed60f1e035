//! A look at a server from outside: the first steps of the road, without account, memory or mail.

use crate::error::Result;
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
    let Target { route, .. } = target;
    match look(target, events, stop) {
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
