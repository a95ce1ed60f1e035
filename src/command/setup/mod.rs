//! `popget setup ADDRESS`: from an address to an account that works. The server is found, what is
//! missing is asked for, a login shows that it is right, and the account goes into the file.

mod desk;
mod found;
mod proof;
mod search;
mod secret;
mod wishes;

use super::fetch;
use super::fetch::{listen, Ended};
use crate::cli::{Fetch, Setup};
use crate::config::{self, Book, Draft, Setting};
use crate::discover::Address;
use crate::error::{Error, ExitStatus, Result};
use crate::event::{Stop, Tally};
use crate::report::{self, Options};
use desk::Desk;
use found::Found;
use wishes::Wishes;

/// Sets an account up.
pub fn run(flags: &Fetch, wanted: &Setup, options: Options) -> anyhow::Result<Ended> {
    let stop = listen()?;
    let desk = Desk {
        wanted,
        options,
        stop: &stop,
    };
    match (set_up(flags, &desk), stop.signal()) {
        (Err(_), Some(signal)) => Ok(Ended::BySignal(signal)),
        (ended, _) => Ok(Ended::With(ended?)),
    }
}

fn set_up(flags: &Fetch, desk: &Desk) -> Result<ExitStatus> {
    let wanted = desk.wanted;
    sensible(flags, wanted)?;
    let usage = |what| Error::Usage(format!("{}: {what}", wanted.address));
    let address = Address::read(&wanted.address, config::ascii).map_err(usage)?;
    let book = match wanted.print {
        true => Book::blank(),
        false => Book::open(flags.config.as_ref())?,
    };
    let name = wanted.name.as_deref();
    name.map_or(Ok(()), |name| wishes::free(name, &book))?;
    let found = search::run(&address, desk)?;
    let wishes = Wishes::gather(&address, &found, &book, desk)?;
    let (draft, tally) = first_that_works((&found, &wishes), &book, (flags, desk))?;
    if let Some(tally) = tally.filter(|tally| !tally.failures.is_empty()) {
        desk.tell("nothing is written; with --no-test it would be, untested");
        return Ok(tally.status());
    }
    keep(&draft, &book, desk)?;
    if wishes.need_a_sign_in() && !wanted.print {
        let name = &draft.name;
        desk.tell(&format!(
            "now run popget login {name}, and then popget check -a {name}"
        ));
    }
    wishes.stay();
    Ok(ExitStatus::Fine)
}

/// Fails over options that cannot be meant.
fn sensible(flags: &Fetch, wanted: &Setup) -> Result<()> {
    let stdin = flags
        .config
        .as_ref()
        .is_some_and(|path| path.as_os_str() == "-");
    match stdin && !wanted.print {
        true => Err(Error::Usage(
            "setup cannot write to standard input; use --print".into(),
        )),
        false => Ok(()),
    }
}

/// Logs in with each user who may be meant, until one is let in; gives the account as it is to be
/// written, and what came of the login if there was one.
fn first_that_works(
    (found, wishes): (&Found, &Wishes),
    book: &Book,
    (flags, desk): (&Fetch, &Desk),
) -> Result<(Draft, Option<Tally>)> {
    let mut users = found.users.iter().peekable();
    loop {
        let user = users.next().map_or("", String::as_str);
        let draft = wishes.draft(found, user);
        let account = book.account(&draft, flags)?;
        if desk.wanted.no_test || wishes.need_a_sign_in() {
            return Ok((draft, None));
        }
        let named = fetch::named(&account);
        desk.tell(&format!("logging in at {} as {user}", named.place()));
        let tally = fetch::look(account, &named, desk.options, desk.stop)?;
        match users.peek() {
            Some(other) if proof::is_refused(&tally) => {
                desk.tell(&format!("{user} is refused; perhaps the user is {other}"));
            }
            _ => {
                report::visited(&named, &tally, desk.options);
                return Ok((draft, Some(tally)));
            }
        }
    }
}

/// Writes the account where it belongs.
fn keep(draft: &Draft, book: &Book, desk: &Desk) -> Result<()> {
    let block = draft.block(Setting::USUAL);
    if desk.wanted.print {
        return report::pour(format!("accounts:\n{block}").as_bytes());
    }
    let path = book.path.display();
    if desk.asks() {
        report::show(&block, desk.options);
        if !desk.agreed(&format!("Add this account to {path}?"), "--yes")? {
            let what = "nothing is written, as you wished";
            return Err(Error::Usage(what.into()));
        }
    }
    match book.add(draft) {
        Err(error @ Error::NotInserted(_)) => {
            report::pour(block.as_bytes())?;
            Err(error)
        }
        added => {
            added?;
            let name = &draft.name;
            desk.tell(&format!(
                "{path} has the account {name} now; popget fetches its mail"
            ));
            Ok(())
        }
    }
}
