//! popget visits POP maildrops once, brings home what is new, and leaves. It loses no message,
//! stores none twice, and changes not a byte.
//!
//! The modules, from the top: a row uses the rows below it.
//!
//! | row | modules | |
//! |---|---|---|
//! | 5 | `command` | what popget can be told to do |
//! | 4 | `config` `pool` `report` `import` | settings, threads, the terminal, what other programs left |
//! | 3 | `session` | the road: one account, from lock to tally |
//! | 2 | `maildrop` `delivery` `plan` `discover` `oauth` | the server, the disk, what to do, and where |
//! | 1 | `net` `sasl` `seen` `hooks` | bytes, mechanisms, the memory, what runs before and after |
//! | 0 | `message` `event` `error` `secret` `cli` `folder` `owner` `inherited` `steady` `spool` `krb5` | data, what the system is asked for, whom to trust, and a foreign library |
//!
//! To follow a message from the server to the disk read `session`, `maildrop::pop3` and
//! `delivery::maildir`, in this order.

mod cli;
mod command;
mod config;
mod delivery;
mod discover;
mod error;
mod event;
mod folder;
mod hooks;
mod import;
mod inherited;
#[cfg_attr(not(feature = "gssapi"), path = "no_krb5.rs")]
mod krb5;
mod maildrop;
mod message;
mod net;
mod oauth;
mod owner;
mod plan;
mod pool;
#[cfg(any(test, fuzzing))]
#[doc(hidden)]
pub mod properties;
mod report;
mod sasl;
mod secret;
mod seen;
mod session;
mod spool;
mod steady;

use clap::error::ErrorKind;
use cli::{Args, Command, Telling};
use command::fetch::Ended;
use error::{Error, ExitStatus};
use report::Options;
use std::ffi::OsString;

/// Does what the arguments say and gives the exit status.
pub fn run(arguments: impl IntoIterator<Item = OsString>) -> u8 {
    // A bug is told in one line, where it is caught.
    std::panic::set_hook(Box::new(|_| {}));
    let written = cli::helped(arguments.into_iter().collect());
    let guessed = Telling::guess(&written);
    let Args { command, fetch } = match Args::read(&written, guessed.color) {
        Ok(args) => args,
        Err(error) => return misused(&error, &written, guessed),
    };
    let options = Options::new(fetch.telling);
    if let Err(error) = inherited::put_right() {
        let status = error.status().code();
        report::fatal(&error.into(), options);
        return status;
    }
    let done = std::panic::catch_unwind(|| match &command {
        None => command::fetch::run(&fetch, options),
        Some(Command::Check { exit_empty }) => command::check::run(&fetch, *exit_empty, options),
        Some(Command::List) => command::list::run(&fetch, options),
        Some(Command::Probe { server: None, tls }) => {
            command::probe::accounts(&fetch, *tls, options)
        }
        Some(Command::Probe {
            server: Some(server),
            tls,
        }) => command::probe::server(&fetch, server, *tls, options),
        Some(Command::Login { account, paste }) => {
            command::login::run(&fetch, account, *paste, options)
        }
        Some(Command::Setup(wanted)) => command::setup::run(&fetch, wanted, options),
        Some(Command::State { what }) => command::state::run(&fetch, what.as_ref(), options),
        Some(Command::Config { names: true, .. }) => command::config::names(&fetch),
        Some(Command::Config { schema: true, .. }) => command::config::schema(),
        Some(Command::Config { .. }) => command::config::print(&fetch),
        Some(Command::Import(what)) => command::import::run(&fetch, what, options),
        Some(Command::Completions { shell }) => command::completions::run(*shell).map(Ended::With),
    });
    let done = done.unwrap_or_else(|panic| Err(Error::Bug(pool::words(&*panic)).into()));
    match done {
        Ok(Ended::With(status)) => status.code(),
        Ok(Ended::BySignal(signal)) => 128 + u8::try_from(signal).unwrap_or(0),
        Err(error) => {
            report::fatal(&error, options);
            error
                .downcast_ref::<Error>()
                .map_or(ExitStatus::System, Error::status)
                .code()
        }
    }
}

/// Tells in one line what is wrong with the arguments; help and version were asked for.
fn misused(error: &clap::Error, written: &[OsString], telling: Telling) -> u8 {
    match error.kind() {
        ErrorKind::DisplayVersion => return command::version::run().code(),
        ErrorKind::DisplayHelp => {
            let _ = error.print();
            return ExitStatus::Fine.code();
        }
        _ => {}
    }
    let error = Error::Usage(cli::fault(error, written));
    report::fatal(&error.into(), Options::new(telling));
    ExitStatus::Usage.code()
}
