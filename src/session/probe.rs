//! A look at a server from outside: the first steps of the road, without account, memory or mail.

use crate::error::Error;
use crate::event::{Event, Events, Failure, Mode, Offered, Probed, Stop, Subject, Tally};
use crate::maildrop::{self, Stls, Visit};
use crate::net::{Patience, Route, TlsMode};
use std::time::{Duration, Instant};

/// A server to be looked at.
#[derive(Clone)]
pub struct Target {
    /// The ways to it, each looked at.
    pub routes: Vec<(Route, Stls)>,
    /// How long each wait may take.
    pub timeout: Duration,
}

/// Looks at a server by all its ways. It has failed only if none of them leads there.
pub fn probe(target: &Target, events: &Events, stop: &Stop) -> Tally {
    let since = Instant::now();
    events.emit(Event::Start(Mode::Probe));
    let (mut reached, mut failures) = (false, Vec::new());
    for (route, stls) in &target.routes {
        let patience = Patience {
            timeout: target.timeout,
            deadline: None,
            stop: stop.clone(),
        };
        match maildrop::probe(route, *stls, &Visit { patience, events }) {
            Ok(offered) => {
                reached = true;
                tell(events, route, Ok(offered));
            }
            Err(error) => {
                // Another port would say the same.
                let futile = matches!(error, Error::HostNotFound { .. } | Error::Interrupted);
                failures.push((route, failure(events, error)));
                if futile {
                    break;
                }
            }
        }
    }
    let mut tally = Tally::default();
    for (route, failure) in failures {
        match reached {
            true => tell(events, route, Err(failure)),
            false => tally.failures.push(failure),
        }
    }
    tally.took = since.elapsed();
    tally
}

fn failure(events: &Events, error: Error) -> Failure {
    Failure {
        stage: events.stage(),
        subject: Subject::Visit,
        error,
        known: false,
    }
}

fn tell(events: &Events, route: &Route, found: Result<Offered, Failure>) {
    events.emit(Event::Probe(Box::new(Probed {
        host: route.host.clone(),
        port: route.port,
        tls: match route.tls {
            TlsMode::Implicit => "implicit",
            TlsMode::StartTls => "starttls",
            TlsMode::Off => "none",
        },
        found,
    })));
}
