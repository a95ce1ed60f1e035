//! What shows that settings are right: a look at the server, and a login.

use crate::command::fetch::no_thread;
use crate::command::probe::{trust, TIMEOUT};
use crate::discover::Offer;
use crate::error::{Error, Result};
use crate::event::{Attention, Events, Stop, Tally, Trusted};
use crate::maildrop::{Protocol, Stls};
use crate::net::{Proof, Route, Trust, Via, Welcome};
use crate::pool;
use crate::session::{self, Target};
use std::sync::mpsc::channel;

/// How one looks at servers.
pub struct Look<'l> {
    /// How they are reached.
    pub via: &'l Via,
    /// What they have to prove.
    pub proof: &'l Proof,
    /// Whether all is called off.
    pub stop: &'l Stop,
}

impl Look<'_> {
    /// Looks at servers side by side; tells of each why it will not do, if it will not: it is away,
    /// speaks no POP3, or shows no certificate for its name.
    pub fn at(&self, offers: &[Offer]) -> Result<Vec<Option<String>>> {
        let look = |index: usize| {
            let target = offers.get(index).map(|offer| self.target(offer));
            let quiet = Attention {
                dialogue: false,
                fine: false,
            };
            // Nobody listens: what comes of it is told in a line.
            let events = Events::new(index, channel().0, quiet);
            let looked = target.map(|target| session::look(&target, &events, self.stop));
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
        match self.stop.signal() {
            Some(_) => Err(Error::Interrupted),
            None => looked
                .into_iter()
                .map(|one| one.map_err(Error::Bug))
                .collect(),
        }
    }

    fn target(&self, offer: &Offer) -> Target {
        let host = offer.host.clone();
        Target {
            route: Route {
                trust: Trust {
                    proof: self.proof.clone(),
                    ..trust(&host)
                },
                written: host.clone(),
                host,
                port: offer.port,
                tls: offer.tls,
                via: self.via.clone(),
                welcome: Welcome::Anyone,
            },
            protocol: Protocol::Pop3,
            stls: Stls::Demanded,
            timeout: TIMEOUT,
        }
    }
}

/// Whether the server was reached and did not like the user or the password.
pub fn is_refused(tally: &Tally) -> bool {
    let refused =
        |error: &Error| matches!(error, Error::LoginRefused(_) | Error::LongLoginRefused(_));
    tally.failures.iter().any(|failure| refused(&failure.error))
}

/// Whether there was no login since the password or token would not do, or could not be had.
pub fn lacks_secret(tally: &Tally) -> bool {
    use Error as E;
    let lacks = |error: &E| {
        matches!(
            error,
            E::TokenRefused(_) | E::SecretCommand { .. } | E::SecretFile { .. } | E::NoPassword
        )
    };
    is_refused(tally) || tally.failures.iter().any(|failure| lacks(&failure.error))
}

/// Whether there was no login since it would show the password.
pub fn would_reveal(tally: &Tally) -> bool {
    let mut failures = tally.failures.iter();
    failures.any(|failure| matches!(failure.error, Error::WouldReveal))
}

/// What the advice on failures calls by the keys of the file, and the option of setup for it.
const OPTIONS: [(&str, &str); 9] = [
    ("tls_ca_file", "--tls-ca-file"),
    ("tls_fingerprint", "--tls-fingerprint"),
    ("tls: ", "--tls"),
    (" and tls", "--tls"),
    ("check port", "--server"),
    ("check server", "--server"),
    ("check user", "--user"),
    ("check proxy", "--proxy"),
    ("an account name", "--name"),
];

/// The options of setup that may help against what failed.
pub fn options(tally: &Tally) -> Vec<&'static str> {
    let advice = tally.failures.iter().map(|failure| failure.error.advice());
    let advice: String = advice.collect();
    let fits = OPTIONS.iter().filter(|(word, _)| advice.contains(word));
    let mut options: Vec<_> = fits.map(|(_, option)| *option).collect();
    options.dedup();
    options
}
