//! What shows that settings are right: a look at the server, and a login.

use crate::command::fetch::no_thread;
use crate::command::probe::{trust, TIMEOUT};
use crate::discover::Offer;
use crate::error::{Error, Result};
use crate::event::{Attention, Events, Stop, Tally, Trusted};
use crate::maildrop::{Protocol, Stls};
use crate::net::{Route, Via, Welcome};
use crate::pool;
use crate::session::{self, Target};
use std::sync::mpsc::channel;

/// Looks at servers side by side; tells of each why it will not do, if it will not: it is away,
/// speaks no POP3, or shows no certificate for its name.
pub fn look_at(offers: &[Offer], via: &Via, stop: &Stop) -> Result<Vec<Option<String>>> {
    let look = |index: usize| {
        let target = offers.get(index).map(|offer| target(offer, via));
        let quiet = Attention {
            dialogue: false,
            fine: false,
        };
        // Nobody listens: what comes of it is told in a line.
        let events = Events::new(index, channel().0, quiet);
        let looked = target.map(|target| session::look(&target, &events, stop));
        match looked? {
            Err(error) => Some(error.to_string()),
            Ok(offered) => match offered.protection.map(|protection| protection.trusted) {
                Some(Trusted::Yes) => None,
                Some(Trusted::No(why)) => Some(why),
                Some(Trusted::Unchecked) | None => Some("it proves nothing".into()),
            },
        }
    };
    let rows: Vec<Vec<usize>> = (0..offers.len()).map(|index| vec![index]).collect();
    let looked = pool::run(offers.len(), &rows, look, || {}).map_err(no_thread)?;
    match stop.signal() {
        Some(_) => Err(Error::Interrupted),
        None => looked
            .into_iter()
            .map(|one| one.map_err(Error::Bug))
            .collect(),
    }
}

fn target(offer: &Offer, via: &Via) -> Target {
    let host = offer.host.clone();
    Target {
        route: Route {
            trust: trust(&host),
            written: host.clone(),
            host,
            port: offer.port,
            tls: offer.tls,
            via: via.clone(),
            welcome: Welcome::Anyone,
        },
        protocol: Protocol::Pop3,
        stls: Stls::Demanded,
        timeout: TIMEOUT,
    }
}

/// Whether the server was reached and did not like the user or the password.
pub fn is_refused(tally: &Tally) -> bool {
    let refused =
        |error: &Error| matches!(error, Error::LoginRefused(_) | Error::LongLoginRefused(_));
    tally.failures.iter().any(|failure| refused(&failure.error))
}
