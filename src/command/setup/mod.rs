//! `popget setup ADDRESS`: from an address to an account that works. The server is found, what is
//! missing is asked for, a login shows that it is right, and the account goes into the file.

mod desk;
mod found;
mod proof;
mod search;
mod secret;
mod wishes;

use super::fetch::{self, listen, Ended};
use crate::cli::{Fetch, Setup};
use crate::config::{self, Book, Draft, Setting};
use crate::discover::Address;
use crate::error::{Error, ExitStatus, Result};
use crate::event::{Mode, Stop, Tally};
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
    if !wanted.print {
        book.writable()?;
    }
    let found = search::run(&address, &book, desk)?;
    only_one(&found, &book, desk)?;
    let mut wishes = Wishes::gather(&address, &found, &book, desk)?;
    let trial = Trial {
        flags,
        desk,
        book: &book,
        found: &found,
    };
    let (draft, tally) = trial.settled(&mut wishes, &address)?;
    if let Some(tally) = tally.filter(|tally| !tally.failures.is_empty()) {
        let options = proof::options(&tally);
        if !options.is_empty() {
            desk.tell(&format!("the options for that: {}", options.join(", ")));
        }
        desk.tell("nothing is written; with --no-test it would be, untested");
        return Ok(tally.status());
    }
    trial.keep(&draft)?;
    if wishes.need_a_sign_in() && !wanted.print {
        let (name, popget) = (&draft.name, trial.popget());
        desk.tell(&format!(
            "now run {popget} login {name}, and then {popget} check -a {name}"
        ));
    }
    wishes.stay();
    Ok(ExitStatus::Fine)
}

/// Fails if an account has this mail already, unless it is to have another.
fn only_one(found: &Found, book: &Book, desk: &Desk) -> Result<()> {
    let Some((name, user)) = book.visitor(&found.server, &found.users) else {
        return Ok(());
    };
    let what = format!(
        "the account {name} has the mail of {user} at {} already",
        found.server
    );
    if !desk.wanted.yes {
        return Err(Error::Usage(format!("{what}; --yes sets another one up")));
    }
    desk.tell(&what);
    Ok(())
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

/// How often a person may say where the secret comes from.
const TRIES: usize = 3;

/// An account that is tried, and then kept.
struct Trial<'t> {
    flags: &'t Fetch,
    desk: &'t Desk<'t>,
    book: &'t Book,
    found: &'t Found,
}

impl Trial<'_> {
    /// Tries what is wished for; a person may think again of the secret, and of how it is sent.
    fn settled(&self, wishes: &mut Wishes, address: &Address) -> Result<(Draft, Option<Tally>)> {
        let (desk, mut left) = (self.desk, TRIES);
        loop {
            let (draft, tally) = self.first_that_works(wishes)?;
            let failed = |how: fn(&Tally) -> bool| tally.as_ref().is_some_and(how);
            if failed(proof::would_reveal) && wishes.may_show() && self.shown()? {
                wishes.show();
            } else if failed(proof::lacks_secret) && left > 1 && desk.asks() {
                left -= 1;
                wishes.ask_again((address, self.found), self.book, desk)?;
            } else {
                return Ok((draft, tally));
            }
        }
    }

    /// Whether the password is to be sent in the clear.
    fn shown(&self) -> Result<bool> {
        let desk = self.desk;
        if !desk.asks() && !desk.wanted.yes {
            desk.tell("with --yes the password is sent all the same, for all to read on the way");
            return Ok(false);
        }
        let what = "Send the password all the same, for all to read on the way?";
        desk.agreed(what, "--yes")
    }

    /// Logs in with each user who may be meant, until one is let in; gives the account as it is to be
    /// written, and what came of the login if there was one.
    fn first_that_works(&self, wishes: &Wishes) -> Result<(Draft, Option<Tally>)> {
        let desk = self.desk;
        let mut users = self.found.users.iter().peekable();
        loop {
            let user = users.next().map_or("", String::as_str);
            let draft = self.book.lean(wishes.draft(self.found, user));
            let account = self.book.account(&draft, self.flags)?;
            if desk.wanted.no_test || wishes.need_a_sign_in() {
                return Ok((draft, None));
            }
            let named = fetch::named(&account);
            desk.tell(&format!("logging in at {} as {user}", named.place()));
            let options = Options {
                mode: Mode::Check,
                ..desk.options
            };
            let tally = fetch::look(account, &named, options, desk.stop)?;
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

    /// Writes the account where it belongs. Where that fails, it is printed: so much was asked for it.
    fn keep(&self, draft: &Draft) -> Result<()> {
        let (book, desk) = (self.book, self.desk);
        let block = draft.block(Setting::USUAL);
        if desk.wanted.print {
            return report::pour(format!("accounts:\n{block}").as_bytes());
        }
        let path = book.path.display();
        if desk.asks() {
            report::show(&block, desk.options);
            let what = format!("Add this account to {path}?");
            if desk.decided(&what, Some("yes"), "--yes")? == Some(false) {
                let what = "nothing is written, as you wished";
                return Err(Error::Usage(what.into()));
            }
        }
        if let Err(error) = book.add(draft) {
            report::pour(block.as_bytes())?;
            return Err(error);
        }
        let (name, popget) = (&draft.name, self.popget());
        desk.tell(&format!(
            "{path} has the account {name} now; {popget} fetches its mail"
        ));
        Ok(())
    }

    /// How popget is called to read the same file.
    fn popget(&self) -> String {
        let file = self.flags.config.as_ref();
        file.map_or("popget".into(), |path| {
            format!("popget -c {}", path.display())
        })
    }
}
