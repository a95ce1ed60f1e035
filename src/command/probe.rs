//! `popget probe`: what a server offers, without logging in.

use super::fetch::{listen, settings, Counts, Crew, Ended};
use crate::cli::{Fetch, Tls};
use crate::config;
use crate::error::{Error, ExitStatus};
use crate::event::Mode;
use crate::maildrop::{Protocol, Stls};
use crate::net::{Engine, Outset, Proof, Route, TlsMode, Trust, Version, Via, Welcome};
use crate::report::{Named, Options};
use crate::session::{self, Target};
use std::time::Duration;

/// How long a server that is named by hand may take for each answer: somebody is waiting.
pub(super) const TIMEOUT: Duration = Duration::from_secs(10);
/// Both ports are looked at together.
const JOBS: u16 = 2;

/// Looks at the servers of accounts, in the way that the settings say.
pub fn accounts(flags: &Fetch, tls: Option<Tls>, options: Options) -> anyhow::Result<Ended> {
    if tls.is_some() {
        let what = "--tls goes with a host; how accounts use TLS stands in their settings";
        return Err(Error::Usage(what.into()).into());
    }
    let settings = settings(flags)?;
    let (mut names, mut targets) = (Vec::new(), Vec::new());
    for account in settings.accounts {
        for route in account.routes {
            names.push(Named {
                account: account.name.clone(),
                server: route.written.clone(),
                port: route.odd_port(),
            });
            targets.push(Target {
                route,
                protocol: account.protocol,
                stls: Stls::Demanded,
                timeout: account.timeout,
            });
        }
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
    let (named, host) = config::server(server)?;
    let way = |usual: u16, tls: TlsMode, stls: Stls| Target {
        route: Route {
            host: host.clone(),
            written: named.host.clone(),
            port: named.port.unwrap_or(usual),
            tls,
            trust: trust(&host),
            via: Via::Direct(Outset::default()),
            welcome: Welcome::Anyone,
        },
        protocol: Protocol::Pop3,
        stls,
        timeout: TIMEOUT,
    };
    let implicit = || way(995, TlsMode::Implicit, Stls::Demanded);
    let as_it_is = || way(110, TlsMode::StartTls, Stls::IfOffered);
    let chosen = tls.map(TlsMode::from);
    let targets = match (chosen.or(named.tls), named.port) {
        (Some(TlsMode::Implicit), _) | (None, Some(995)) => vec![implicit()],
        (Some(tls), _) => vec![way(110, tls, Stls::Demanded)],
        (None, Some(_)) => vec![as_it_is()],
        (None, None) => vec![implicit(), as_it_is()],
    };
    let name = |target: &Target| Named {
        account: format!("port {}", target.route.port),
        server: named.host.clone(),
        port: None, // it stands before it
    };
    let names = targets.iter().map(name).collect();
    look((names, &targets), JOBS, Counts::Mildest, options)
}

/// What an account at this host would have to be proven, if nothing else is said.
pub(super) fn trust(host: &str) -> Trust {
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
        rows: (0..names.len()).map(|index| vec![index]).collect(),
        secures: true,
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
