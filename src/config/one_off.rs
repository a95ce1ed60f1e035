//! The account that the command line describes, for use without a file.

use super::file::{Deliver, Keys, Lmtp, OneOrSeveral};
use super::network;
use super::server;
use super::units::Expanded;
use crate::cli::OneOff;
use crate::error::{Error, Result};
use crate::secret::CommandLine;

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
    let tls = flags.tls.as_deref().map(|word| {
        let unknown = || Error::Usage(format!("--tls: {word} is not implicit, starttls or none"));
        network::tls_word(word).ok_or_else(unknown)
    });
    let host = server::ascii(&server.host).map_err(usage)?;
    let keys = Keys {
        server: Some(vec![written.clone()]),
        user: Some(user.clone()),
        tls: tls.transpose()?,
        password_command: flags.password_command.clone().map(CommandLine::Shell),
        deliver: deliver(flags),
        ..Keys::default()
    };
    Ok(Some((name(&user, &host), keys)))
}

/// Where mail goes.
fn deliver(flags: &OneOff) -> Option<OneOrSeveral> {
    let mbox = flags.mbox.as_ref().map(|path| path.display().to_string());
    let lmtp = flags.lmtp.clone().map(|address| Lmtp {
        address,
        recipient: None,
    });
    let deliver = Deliver {
        maildir: flags.maildir.clone().map(Expanded),
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
