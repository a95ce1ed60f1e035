//! A program that is shown the head of a message and says whether it is wanted, before it is fetched:
//! by its exit status 0, 1 or 2, as mpop has it. Anything else says nothing.

use super::mda::{program_exists, Ended, Feeding, Message, Pipes};
use crate::error::{Error, Result};
use crate::message::{Envelope, Listing, Uid};
use crate::secret::CommandLine;
use std::ffi::OsStr;
use std::io;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::process::{CommandExt, ExitStatusExt};
use std::path::Path;
use std::time::Duration;

/// How long it may take for one message.
const PATIENCE: Duration = Duration::from_secs(300);

/// What becomes of a message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// It is fetched.
    Take,
    /// It is deleted, unread.
    Delete,
    /// It is left where it is.
    Leave,
}

/// A header filter.
#[derive(Clone, Debug)]
pub struct Filter {
    /// The program.
    pub command: CommandLine,
    /// The account for which it is asked.
    pub account: String,
}

impl Filter {
    /// Fails if there is no such program.
    pub fn check(&self) -> Result<()> {
        match &self.command {
            CommandLine::Words(words) if !program_exists(words.first().map_or("", |word| word)) => {
                let why = io::Error::new(io::ErrorKind::NotFound, "there is no such program");
                Err(self.missing(why))
            }
            _ => Ok(()),
        }
    }

    /// What it says of this head.
    pub fn judge(
        &self,
        head: &[u8],
        listing: &Listing,
        meanwhile: &mut dyn FnMut(),
    ) -> Result<Verdict> {
        let uid = listing.uid.as_ref().map_or(&b""[..], Uid::bytes);
        let size = listing.size.map_or(String::new(), |size| size.to_string());
        let mut command = self.command.command();
        command
            .env(
                "SENDER",
                OsStr::from_bytes(&Envelope::from_head(head).sender),
            )
            .env("POPGET_ACCOUNT", &self.account)
            .env("POPGET_UID", OsStr::from_bytes(uid))
            .env("POPGET_SIZE", size)
            .process_group(0);
        let pipes = Pipes::lay(&mut command, head.len() as u64).map_err(|why| Error::System {
            doing: "make a pipe",
            why,
        })?;
        let head = Message {
            length: head.len() as u64,
            reader: Box::new(head),
            spool: Path::new(""),
        };
        let running = Feeding::start(command, pipes, head);
        let running = running.map_err(|why| match why.kind() {
            io::ErrorKind::NotFound | io::ErrorKind::PermissionDenied => self.missing(why),
            _ => Error::System {
                doing: "start the header filter",
                why,
            },
        })?;
        verdict(running.run(PATIENCE, meanwhile)?)
    }

    fn missing(&self, why: io::Error) -> Error {
        let command = self.command.name().into();
        Error::FilterMissing { command, why }
    }
}

fn verdict(ended: Ended) -> Result<Verdict> {
    let status = ended.status.map(|status| (status.code(), status.signal()));
    let how = match status {
        Some((Some(0), _)) => return Ok(Verdict::Take),
        Some((Some(1), _)) => return Ok(Verdict::Delete),
        Some((Some(2), _)) => return Ok(Verdict::Leave),
        Some((Some(status), _)) => format!("gave no answer (exit status {status})"),
        Some((None, signal)) => format!("was killed by signal {}", signal.unwrap_or_default()),
        None => "took too long and was stopped".into(),
    };
    let said = ended.said;
    Err(Error::FilterFailed { ended: how, said })
}
