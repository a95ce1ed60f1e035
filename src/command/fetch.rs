//! The default command: visit every account and bring home what is new.

use crate::cli::Fetch;
use crate::config::{self, Settings};
use crate::error::{Error, ExitStatus, Result};
use crate::event::{Event, Events, Mode, Stop, Summary, Tally};
use crate::net::{self, Route, TlsMode};
use crate::pool;
use crate::report::{self, Named, Options};
use crate::secret::{self, SecretSource};
use crate::session::{self, Account};
use signal_hook::consts::{SIGINT, SIGTERM};
use signal_hook::flag;
use std::collections::HashMap;
use std::rc::Rc;
use std::sync::atomic::AtomicBool;
use std::sync::mpsc::channel;
use std::sync::Arc;

/// How a run ended.
pub enum Ended {
    /// By itself.
    With(ExitStatus),
    /// By this signal, cleanly.
    BySignal(usize),
}

/// Fetches, or says what that would do.
pub fn run(flags: &Fetch, options: Options) -> anyhow::Result<Ended> {
    let mode = match flags.dry_run {
        true => Mode::DryRun,
        false => Mode::Fetch,
    };
    visit(flags, mode, empty(flags.exit_empty), options)
}

/// What a run stands for in which all went well and nothing was new.
pub fn empty(told: bool) -> ExitStatus {
    match told {
        true => ExitStatus::Nothing,
        false => ExitStatus::Fine,
    }
}

/// Visits the accounts and combines what came of them; `empty` is what nothing new stands for.
pub fn visit(
    flags: &Fetch,
    mode: Mode,
    empty: ExitStatus,
    options: Options,
) -> anyhow::Result<Ended> {
    let options = Options { mode, ..options };
    go(settings(flags)?, empty, options)
}

/// Visits these accounts, for what the options say.
pub fn go(settings: Settings, empty: ExitStatus, options: Options) -> anyhow::Result<Ended> {
    let stop = listen()?;
    let mode = options.mode;
    let accounts = ask(settings.accounts, &stop);
    let options = match accounts.iter().any(|it| it.destination.prints()) {
        true => options.beside_mail(),
        false => options,
    };
    let mut routes = accounts.iter().flat_map(|account| &account.routes);
    let crew = Crew {
        jobs: settings.jobs,
        rows: in_rows(&accounts),
        secures: routes.any(|route| route.tls != TlsMode::Off),
        names: accounts.iter().map(named).collect(),
        options,
        empty,
        counts: Counts::Gravest,
        stop: stop.clone(),
    };
    let walk = |account: &Account, events| session::run(account, mode, events, &stop);
    crew.visit(&accounts, walk)
}

/// An account as people know it, at the first of its servers.
pub fn named(account: &Account) -> Named {
    Named {
        account: account.name.clone(),
        server: account.server().into(),
        port: account.routes.first().and_then(Route::odd_port),
    }
}

/// The accounts that share a maildrop in a row.
fn in_rows(accounts: &[Account]) -> Vec<Vec<usize>> {
    let (mut rows, mut known) = (Vec::<Vec<usize>>::new(), HashMap::new());
    for (index, account) in accounts.iter().enumerate() {
        let row = *known.entry(account.maildrop()).or_insert(rows.len());
        match rows.get_mut(row) {
            Some(row) => row.push(index),
            None => rows.push(vec![index]),
        }
    }
    rows
}

/// Reads the settings, and takes the passwords that are in the environment out of it, so that no
/// program that we start finds them there.
pub fn settings(flags: &Fetch) -> Result<Settings> {
    let mut settings = config::read(flags)?;
    let accounts = settings.accounts.iter_mut();
    let sources = accounts.map(|account| &mut account.secret);
    secret::take_out(&settings.variables, sources);
    Ok(settings)
}

/// Logs in to one account and looks at what is waiting, for what the options say; whoever asked tells of
/// it.
pub fn look(account: Account, named: &Named, options: Options, stop: &Stop) -> Result<Tally> {
    let mode = options.mode;
    let options = Options {
        bars: false,
        ..options
    };
    let (sender, receiver) = channel();
    let accounts = ask(vec![account], stop);
    let look = move |index: usize| {
        let events = Rc::new(Events::new(index, sender.clone(), options.attention()));
        let account = accounts.get(index);
        account.map(|account| session::run(account, mode, events, stop))
    };
    let mut told = Ok(());
    let tell = || told = report::run(receiver, std::slice::from_ref(named), options);
    let tallies = pool::run(1, &[vec![0]], look, tell).map_err(no_thread)?;
    told?;
    let tally = tallies
        .into_iter()
        .next()
        .unwrap_or(Ok(None))
        .map_err(Error::Bug)?;
    match (tally, stop.signal()) {
        (Some(tally), None) => Ok(tally),
        _ => Err(Error::Interrupted),
    }
}

/// The error that no thread could be started.
pub(super) fn no_thread(why: std::io::Error) -> Error {
    system("start a thread", why)
}

/// Those who make visits side by side.
pub struct Crew {
    /// How many at the same time.
    pub jobs: u16,
    /// Who is to be visited one after the other, and not at once.
    pub rows: Vec<Vec<usize>>,
    /// Whether TLS may be wanted.
    pub secures: bool,
    /// Whom they visit.
    pub names: Vec<Named>,
    /// How to tell of it.
    pub options: Options,
    /// What it stands for if all went well and nothing was new.
    pub empty: ExitStatus,
    /// Which outcome counts.
    pub counts: Counts,
    /// Whether they are called off.
    pub stop: Stop,
}

/// Which outcome of several stands for all.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Counts {
    /// The gravest: all of them were wanted.
    Gravest,
    /// The mildest: one of them was enough.
    Mildest,
}

impl Crew {
    /// Pays each of these a visit and combines what came of them.
    pub fn visit<T: Sync>(
        self,
        whom: &[T],
        visit: impl Fn(&T, Rc<Events>) -> Tally + Send + Sync,
    ) -> anyhow::Result<Ended> {
        let (names, options) = (&self.names, self.options);
        let attention = options.attention();
        let (sender, receiver) = channel();
        let stop = &self.stop;
        let work = move |index: usize| {
            let events = Rc::new(Events::new(index, sender.clone(), attention));
            let Some(one) = whom.get(index).filter(|_| stop.signal().is_none()) else {
                return Summary::bare(ExitStatus::Fine);
            };
            let tally = visit(one, Rc::clone(&events));
            let summary = Summary::of(&tally);
            events.emit(Event::Account(Box::new(tally)));
            summary
        };
        let mut told = Ok(());
        // What the library of TLS does at first goes on while locks, memory and destination are opened and
        // the server is reached; nothing is to be told so early.
        let tell = || {
            if self.secures {
                net::make_tls_ready();
            }
            told = report::run(receiver, names, options);
        };
        let outcomes = pool::run(usize::from(self.jobs), &self.rows, work, tell);
        let outcomes = outcomes.map_err(no_thread)?;
        let outcomes = outcomes.into_iter().zip(names).map(|(outcome, named)| {
            outcome.unwrap_or_else(|panic| Summary::bare(own_up(panic, named, options)))
        });
        let mut summary = combine(outcomes.collect(), self.counts, self.empty);
        summary.stopped |= stop.signal().is_some();
        if let Err(error) = told.and(report::conclude(summary, options)) {
            summary.status = summary.status.min(error.status());
            report::fatal(&error.into(), options);
        }
        Ok(match stop.signal() {
            Some(signal) => Ended::BySignal(signal),
            None => Ended::With(summary.status),
        })
    }
}

/// What all outcomes come to; `empty` is what it stands for if all went well and nothing was new.
fn combine(outcomes: Vec<Summary>, counts: Counts, empty: ExitStatus) -> Summary {
    let mildest = outcomes.iter().map(|outcome| outcome.status).max();
    let summary = outcomes.into_iter().reduce(Summary::and);
    let mut summary = summary.unwrap_or(Summary::bare(ExitStatus::Fine));
    if let (Counts::Mildest, Some(mildest)) = (counts, mildest) {
        summary.status = mildest;
    }
    if summary.status == ExitStatus::Fine && summary.new + summary.unsure == 0 {
        summary.status = empty;
    }
    summary
}

fn system(doing: &'static str, why: std::io::Error) -> Error {
    Error::System { doing, why }
}

/// Tells of a bug that ended an account's visit.
fn own_up(panic: String, named: &Named, options: Options) -> ExitStatus {
    let error = anyhow::Error::new(Error::Bug(panic)).context(format!("account {}", named.account));
    report::fatal(&error, options);
    ExitStatus::Software
}

/// Asks for the passwords that only a person knows, one after the other, before anything else
/// happens: two prompts at once would be unusable, and a server would not wait.
pub(super) fn ask(accounts: Vec<Account>, stop: &Stop) -> Vec<Account> {
    let asked = accounts.into_iter().map(|mut account| {
        let asks = matches!(account.secret, SecretSource::Ask);
        if asks && stop.signal().is_none() {
            let (name, user) = (&account.name, &account.login.user);
            let place = named(&account).place();
            let whose = format!("password for {name} ({user} at {place})");
            match secret::ask(&whose, || stop.signal().is_some()) {
                Ok(secret) => account.secret = SecretSource::Given(secret),
                Err(Error::NotTyped) => account.secret = SecretSource::NotTyped,
                Err(_) => {} // it is told when the account is visited, if it is
            }
        }
        account
    });
    asked.collect()
}

/// The first SIGINT or SIGTERM asks to stop; the second ends us at once, which is safe as well.
pub fn listen() -> Result<Stop> {
    let failed = |why| system("listen for signals", why);
    let (stop, asked) = (Stop::default(), Arc::new(AtomicBool::new(false)));
    for signal in [SIGINT, SIGTERM] {
        flag::register_conditional_default(signal, Arc::clone(&asked)).map_err(failed)?;
        flag::register(signal, Arc::clone(&asked)).map_err(failed)?;
        flag::register_usize(signal, Arc::clone(&stop.0), signal as usize).map_err(failed)?;
    }
    Ok(stop)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_counts_is_the_gravest_or_the_mildest() {
        use ExitStatus as E;
        let status = |statuses: &[ExitStatus], counts| {
            let outcomes = statuses.iter().map(|status| Summary::bare(*status));
            combine(outcomes.collect(), counts, E::Nothing).status
        };
        let mixed = [E::TryLater, E::Config, E::NoHost];
        assert_eq!(status(&mixed, Counts::Gravest), E::Config);
        assert_eq!(status(&mixed, Counts::Mildest), E::TryLater);
        assert_eq!(
            status(&[E::Unavailable, E::Fine], Counts::Mildest),
            E::Nothing
        );
        assert_eq!(
            status(&[E::Unavailable, E::Fine], Counts::Gravest),
            E::Unavailable
        );
        assert_eq!(status(&[], Counts::Gravest), E::Nothing);
        let new = Summary {
            unsure: 1,
            ..Summary::bare(E::Fine)
        };
        let outcomes = vec![new, Summary::bare(E::Fine)];
        assert_eq!(
            combine(outcomes, Counts::Gravest, E::Nothing).status,
            E::Fine
        );
    }
}
