//! `popget probe`: what a server offers, without logging in.

use super::fetch::{listen, settings, Counts, Crew, Ended};
use crate::cli::{Fetch, Tls};
use crate::config;
use crate::error::{Error, ExitStatus};
use crate::event::Mode;
use crate::maildrop::Stls;
use crate::net::{Engine, Proof, Route, TlsMode, Trust, Version};
use crate::report::{Named, Options};
use crate::session::{self, Target};
use std::time::Duration;

/// How long a server that is named by hand may take for each answer: somebody is waiting.
const TIMEOUT: Duration = Duration::from_secs(10);
/// Both ports are looked at together.
const JOBS: u16 = 2;

/// Looks at the servers of accounts, in the way that the settings say.
pub fn accounts(flags: &Fetch, options: Options) -> anyhow::Result<Ended> {
    let settings = settings(flags)?;
    let (mut names, mut targets) = (Vec::new(), Vec::new());
    for account in settings.accounts {
        names.push(Named {
            account: account.name,
            server: account.route.host.clone(),
        });
        targets.push(Target {
            route: account.route,
            stls: Stls::Demanded,
            timeout: account.timeout,
        });
    }
    look((names, &targets), settings.jobs, Counts::Gravest, options)
}

/// Looks at a server that is named by hand. Unless its port is named, at both that POP3 has.
pub fn server(
    flags: &Fetch,
    server: &str,
    tls: Option<Tls>,
    options: Options,
) -> anyhow::Result<Ended> {
    if !flags.accounts.is_empty() {
        let what = format!("probe looks at {server} or at accounts, not at both");
        return Err(Error::Usage(what).into());
    }
    let (host, port) = config::server(server)?;
    let way = |usual: u16, tls: TlsMode, stls: Stls| {
        let port = port.unwrap_or(usual);
        let trust = trust(&host);
        let host = host.clone();
        let route = Route {
            host,
            port,
            tls,
            trust,
        };
        let timeout = TIMEOUT;
        Target {
            route,
            stls,
            timeout,
        }
    };
    let implicit = || way(995, TlsMode::Implicit, Stls::Demanded);
    let as_it_is = || way(110, TlsMode::StartTls, Stls::IfOffered);
    let targets = match (tls, port) {
        (Some(Tls::Implicit), _) | (None, Some(995)) => vec![implicit()],
        (Some(Tls::Starttls), _) => vec![way(110, TlsMode::StartTls, Stls::Demanded)],
        (Some(Tls::None), _) => vec![way(110, TlsMode::Off, Stls::IfOffered)],
        (None, Some(_)) => vec![as_it_is()],
        (None, None) => vec![implicit(), as_it_is()],
    };
    let name = |target: &Target| Named {
        account: format!("port {}", target.route.port),
        server: host.clone(),
    };
    let names = targets.iter().map(name).collect();
    look((names, &targets), JOBS, Counts::Mildest, options)
}

/// What an account at this host would have to be proven, if nothing else is said.
fn trust(host: &str) -> Trust {
    Trust {
        name: host.into(),
        proof: Proof::Chain(None),
        least: Version::Tls12,
        client: None,
        engine: Engine::Native,
    }
}

fn look(
    (names, targets): (Vec<Named>, &[Target]),
    jobs: u16,
    counts: Counts,
    options: Options,
) -> anyhow::Result<Ended> {
    let stop = listen()?;
    let crew = Crew {
        jobs,
        names,
        options: Options {
            mode: Mode::Probe,
            ..options
        },
        empty: ExitStatus::Fine,
        counts,
        stop: stop.clone(),
    };
    crew.visit(targets, |target, events| {
        session::probe(target, &events, &stop)
    })
}
