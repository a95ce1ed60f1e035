//! `popget login`: somebody signs in by OAuth 2.0, once. It asks a person, so there must be one.

use super::fetch::{listen, settings, Ended};
use crate::cli::Fetch;
use crate::error::{Error, ExitStatus};
use crate::net::web;
use crate::oauth::{Prompt, Way};
use crate::report::{self, Level, Options};
use crate::secret::is_attended;
use crate::session;
use anyhow::Context;

/// Signs in for an account.
pub fn run(flags: &Fetch, name: &str, paste: bool, options: Options) -> anyhow::Result<Ended> {
    let flags = Fetch {
        accounts: vec![name.into()],
        ..flags.clone()
    };
    let settings = settings(&flags)?;
    let about = || format!("account {name}");
    if !web::BUILT_IN {
        return Err(Error::NoWeb).with_context(about);
    }
    let way = match paste {
        true => Way::Paste,
        false => Way::Usual,
    };
    let stop = listen()?;
    for account in &settings.accounts {
        if account.sign_in.is_some() && !is_attended() {
            return Err(Error::NoTerminal(name.into())).with_context(about);
        }
        let user = &account.login.user;
        let mut tell = |prompt: &Prompt| report::guide(&told(prompt, user));
        match session::sign_in(account, way, &mut tell, &stop) {
            Err(Error::Interrupted) => {}
            signed_in => signed_in.with_context(about)?,
        }
        if stop.signal().is_none() && options.level >= Some(Level::Info) {
            report::guide(&[format!("{name}: signed in as {user}")]);
        }
    }
    Ok(match stop.signal() {
        Some(signal) => Ended::BySignal(signal),
        None => Ended::With(ExitStatus::Fine),
    })
}

/// What a person is told, line by line.
fn told(prompt: &Prompt, user: &str) -> Vec<String> {
    match prompt {
        Prompt::Type(address, code, minutes) => vec![
            format!("To sign in as {user}, open this page in any browser:"),
            format!("  {address}"),
            format!("and type this code there within {minutes} minutes:"),
            format!("  {code}"),
        ],
        Prompt::Open(address) => vec![
            format!("To sign in as {user}, open this page in a browser on this machine:"),
            format!("  {address}"),
            "(with a browser elsewhere, start again with --paste)".into(),
        ],
        Prompt::Paste(address) => vec![
            format!("To sign in as {user}, open this page in any browser:"),
            format!("  {address}"),
            "In the end the browser shows an error, since nothing answers where it is sent.".into(),
            "Copy the address of that page.".into(),
        ],
    }
}
