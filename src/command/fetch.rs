//! The default command: visit every account and bring home what is new.

use crate::cli::Fetch;
use crate::config;
use crate::error::{Error, ExitStatus};
use crate::event::{Event, Events, Stop};
use crate::pool;
use crate::report::{self, Level, Named, Options};
use crate::secret::{self, SecretSource};
use crate::session::{self, Account, Mode};
use signal_hook::consts::{SIGINT, SIGTERM};
use signal_hook::flag;
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

/// Visits the accounts side by side and combines what came of them.
pub fn run(flags: &Fetch, options: Options) -> anyhow::Result<Ended> {
    let mut settings = config::read(flags)?;
    let sources = settings
        .accounts
        .iter_mut()
        .map(|account| &mut account.secret);
    secret::take_out(&settings.variables, sources);
    let system = |doing| move |why| Error::System { doing, why };
    let stop = listen().map_err(system("listen for signals"))?;
    let accounts = ask(settings.accounts, &stop);
    let mode = if flags.dry_run {
        Mode::DryRun
    } else {
        Mode::Fetch
    };
    let options = Options {
        dry_run: flags.dry_run,
        ..options
    };
    let dialogue = options.level == Some(Level::Wire);
    let name = |account: &Account| Named {
        account: account.name.clone(),
        server: account.server().into(),
    };
    let names: Vec<Named> = accounts.iter().map(name).collect();
    let (sender, receiver) = channel();
    let heeded = stop.clone();
    let visit = move |index: usize| {
        let events = Rc::new(Events::new(index, sender.clone(), dialogue));
        let Some(account) = accounts.get(index).filter(|_| heeded.signal().is_none()) else {
            return (ExitStatus::Fine, 0);
        };
        let tally = session::run(account, mode, Rc::clone(&events), &heeded);
        let outcome = (tally.status(), tally.new);
        events.emit(Event::Account(Box::new(tally)));
        outcome
    };
    let tell = || report::run(&receiver, &names, options);
    let outcomes = pool::run(usize::from(settings.jobs), names.len(), visit, tell)
        .map_err(system("start a thread"))?;
    let outcomes = outcomes.into_iter().zip(&names);
    let outcomes: Vec<_> = outcomes
        .map(|(outcome, named)| outcome.unwrap_or_else(|panic| (own_up(panic, named, options), 0)))
        .collect();
    match stop.signal() {
        Some(signal) => Ok(Ended::BySignal(signal)),
        None => Ok(Ended::With(combine(&outcomes, flags.exit_empty))),
    }
}

/// The gravest status wins; if all went well, whether there was anything may be told.
fn combine(outcomes: &[(ExitStatus, u64)], exit_empty: bool) -> ExitStatus {
    let gravest = outcomes
        .iter()
        .map(|(status, _)| *status)
        .min()
        .unwrap_or(ExitStatus::Fine);
    let new: u64 = outcomes.iter().map(|(_, new)| *new).sum();
    match gravest {
        ExitStatus::Fine if exit_empty && new == 0 => ExitStatus::Nothing,
        status => status,
    }
}

/// Tells of a bug that ended an account's visit.
fn own_up(panic: String, named: &Named, options: Options) -> ExitStatus {
    let error = anyhow::Error::new(Error::Bug(panic)).context(format!("account {}", named.account));
    report::fatal(&error, options);
    ExitStatus::Software
}

/// Asks for the passwords that only a person knows, one after the other, before anything else
/// happens: two prompts at once would be unusable, and a server would not wait.
fn ask(accounts: Vec<Account>, stop: &Stop) -> Vec<Account> {
    let asked = accounts.into_iter().map(|mut account| {
        let asks = matches!(account.secret, SecretSource::Ask);
        if asks && stop.signal().is_none() {
            let (name, user) = (&account.name, &account.login.user);
            let whose = format!("{name} ({user} at {})", account.server());
            if let Ok(secret) = secret::ask(&whose, || stop.signal().is_some()) {
                account.secret = SecretSource::Given(secret);
            }
        }
        account
    });
    asked.collect()
}

/// The first SIGINT or SIGTERM asks to stop; the second ends us at once, which is safe as well.
fn listen() -> std::io::Result<Stop> {
    let (stop, asked) = (Stop::default(), Arc::new(AtomicBool::new(false)));
    for signal in [SIGINT, SIGTERM] {
        flag::register_conditional_default(signal, Arc::clone(&asked))?;
        flag::register(signal, Arc::clone(&asked))?;
        flag::register_usize(signal, Arc::clone(&stop.0), signal as usize)?;
    }
    Ok(stop)
}
