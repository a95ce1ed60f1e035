//! The account that the command line describes, for use without a file.

use super::file::{Deliver, Keys, Lmtp, OneOrSeveral};
use super::server;
use super::units::Expanded;
use crate::cli::OneOff;
use crate::error::{Error, Result};
use crate::net::TlsMode;
use crate::secret::CommandLine;
use std::path::{Path, PathBuf};

/// The account's name, made of its user and server, and its keys; none if the command line
/// describes no account.
pub fn account(flags: &OneOff) -> Result<Option<(String, Keys)>> {
    let Some(written) = &flags.server else {
        return Ok(None);
    };
    let usage = |what: String| Error::Usage(format!("--server: {what}"));
    let server = server::read(written).map_err(usage)?;
    let Some(user) = flags.user.clone().or(server.user) else {
        let what = "no user is named; write pops://USER@HOST or add --user";
        return Err(usage(what.into()));
    };
    let host = server::ascii(&server.host).map_err(usage)?;
    let keys = Keys {
        server: Some(vec![written.clone()]),
        user: Some(user.clone()),
        tls: flags.tls.map(TlsMode::from),
        password_command: flags.password_command.clone().map(CommandLine::Shell),
        deliver: deliver(flags),
        ..Keys::default()
    };
    Ok(Some((name(&user, &host), keys)))
}

/// Where mail goes.
fn deliver(flags: &OneOff) -> Option<OneOrSeveral> {
    let mbox = flags.mbox.as_deref().map(|path| match path.to_str() {
        // What the file may say, too.
        Some(text) if text == "-" || text.starts_with(['~', '$']) => text.into(),
        _ => whole(path).display().to_string(),
    });
    let lmtp = flags.lmtp.clone().map(|address| Lmtp {
        address,
        recipient: None,
    });
    let deliver = Deliver {
        maildir: flags.maildir.as_deref().map(whole).map(Expanded),
        mda: flags.mda.clone().map(CommandLine::Shell),
        mbox,
        lmtp,
        ..Deliver::default()
    };
    let Deliver { maildir, mbox, .. } = &deliver;
    let files = maildir.is_some() || mbox.is_some();
    let there = files || deliver.mda.is_some() || deliver.lmtp.is_some();
    there.then(|| OneOrSeveral::One(Box::new(deliver)))
}

/// A path of the command line, which leads from where popget is started: it is remembered with what
/// is delivered there, and so is the same for a run that is started elsewhere.
fn whole(path: &Path) -> PathBuf {
    std::path::absolute(path).unwrap_or_else(|_| path.into())
}

/// What an account may be called that is known by user and host.
fn name(user: &str, host: &str) -> String {
    let fit = |letter: char| match letter {
        letter if letter.is_ascii_alphanumeric() || "._@+-".contains(letter) => letter,
        _ => '-',
    };
    format!("{user}@{host}")
        .chars()
        .map(fit)
        .take(200)
        .collect()
}
