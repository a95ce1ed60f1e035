//! The programs that run before and after an account is fetched. They know nothing of the visit but
//! the account's name and what came of it, and hear of it through their environment.

use crate::error::{Error, Result};
use crate::event::{Events, Notice, Stop};
use crate::secret::{hear, CommandLine, Ends, Leash};
use std::io;
use std::os::unix::process::{CommandExt, ExitStatusExt};
use std::process::{ExitStatus, Stdio};
use std::time::Duration;

/// How long either of them may take.
const PATIENCE: Duration = Duration::from_secs(300);
/// How long the second may take when the visit was stopped by a signal: somebody waits for our end.
const HURRY: Duration = Duration::from_secs(10);
/// "Try again later" in the language of sysexits.h.
const EX_TEMPFAIL: i32 = 75;

/// What runs before and after a fetch.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Hooks {
    /// Before the destination is looked at and the server is called.
    pub before: Option<CommandLine>,
    /// When all is done, however it went.
    pub after: Option<CommandLine>,
}

/// For whom they run, who hears of it, and who may call it off.
pub struct Call<'c> {
    /// The account's name.
    pub account: &'c str,
    /// The voice of the account.
    pub events: &'c Events,
    /// Whether the run is stopped.
    pub stop: &'c Stop,
}

impl Hooks {
    /// Whether there is none.
    pub fn are_none(&self) -> bool {
        *self == Self::default()
    }

    /// Runs the first. If it fails, the account is not to be fetched.
    pub fn before(&self, call: &Call) -> Result<()> {
        let called_off = || call.stop.signal().is_some();
        let leash = Leash {
            patience: Some(PATIENCE),
            called_off: &called_off,
            ends: Ends::WithAll,
        };
        let mut hook = self.before.iter();
        let ran = hook.try_for_each(|line| run(("before", line), call, &leash, &[]));
        match called_off() {
            true => Err(Error::Interrupted),
            false => ran,
        }
    }

    /// Runs the second, which is told how many messages are new, and the status that the visit stands
    /// for. The signal that ended the visit does not end it, the next one does.
    pub fn after(&self, call: &Call, new: u64, status: u8) -> Result<()> {
        let earlier = call.stop.signal();
        let called_off = || call.stop.signal() != earlier;
        let leash = Leash {
            patience: Some(earlier.map_or(PATIENCE, |_| HURRY)),
            called_off: &called_off,
            ends: Ends::WithAll,
        };
        let told = [
            ("POPGET_NEW", new.to_string()),
            ("POPGET_STATUS", status.to_string()),
        ];
        let mut hook = self.after.iter();
        hook.try_for_each(|line| run(("after", line), call, &leash, &told))
    }
}

/// Runs a hook, and tells what it said. What it leaves running is not waited for.
fn run(
    (hook, line): (&'static str, &CommandLine),
    call: &Call,
    leash: &Leash,
    told: &[(&str, String)],
) -> Result<()> {
    let mut command = line.command();
    command
        .env("POPGET_ACCOUNT", call.account)
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .process_group(0);
    // Those of another popget, perhaps, that started us.
    command
        .env_remove("POPGET_NEW")
        .env_remove("POPGET_STATUS")
        .envs(told.iter().map(|(name, value)| (name, value)));
    let child = command.spawn().map_err(|why| match why.kind() {
        io::ErrorKind::NotFound | io::ErrorKind::PermissionDenied => Error::HookMissing {
            hook,
            command: line.name().into(),
            why,
        },
        _ => Error::System {
            doing: "start a hook",
            why,
        },
    })?;
    let heard = hear(child, leash).map_err(|why| Error::System {
        doing: "run a hook",
        why,
    })?;
    let mut said = heard.said;
    said.extend(heard.printed);
    match failed(heard.status) {
        None if said.trim_ascii().is_empty() => {}
        None => call.events.notice(Notice::HookSaid(hook, said)),
        Some((ended, later)) => {
            return Err(Error::HookFailed {
                hook,
                ended,
                later,
                said,
            });
        }
    }
    Ok(())
}

/// How a hook failed, if it did, and whether that may pass: as with an MDA.
fn failed(status: Option<ExitStatus>) -> Option<(String, bool)> {
    let ended = status.map(|status| (status.code(), status.signal()));
    match ended {
        Some((Some(0), _)) => None,
        Some((Some(status), _)) => {
            let ended = format!("failed (exit status {status})");
            Some((ended, status == EX_TEMPFAIL))
        }
        Some((None, signal)) => {
            let ended = format!("was killed by signal {}", signal.unwrap_or_default());
            Some((ended, true))
        }
        None => Some(("took too long and was stopped".into(), true)),
    }
}
