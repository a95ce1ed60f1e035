//! Delivery by a program that takes a message on its standard input. It is started only when the
//! whole message is here, without a shell unless the settings ask for one; what the sender chose
//! reaches it only through the environment and the message itself.

mod feeding;

pub use feeding::{Ended, Feeding, Message, Pipes};

use super::{claim_words, Delivery, Letter, Sealed, Sender, Witness};
use crate::error::{Error, Result};
use crate::event::Notice;
use crate::message::{Envelope, Uid};
use crate::owner;
use crate::secret::CommandLine;
use crate::spool::Spool;
use std::ffi::OsStr;
use std::io;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::PermissionsExt;
use std::os::unix::process::{CommandExt, ExitStatusExt};
use std::path::Path;
use std::process::Command;
use std::time::Duration;

/// The first word of a claim.
pub const WORD: &[u8] = b"mda";
/// "Try again later" in the language of sysexits.h.
const EX_TEMPFAIL: i32 = 75;

/// An MDA, ready to be started.
pub struct Mda {
    command: CommandLine,
    timeout: Duration,
    sender: Sender,
}

impl Mda {
    /// Looks whether the program is there, before anything is asked of the network.
    pub fn open(command: CommandLine, timeout: Duration, sender: Sender) -> Result<Self> {
        if let CommandLine::Words(words) = &command {
            let program = words.first().map_or("", String::as_str);
            if !program_exists(program) {
                let why = io::Error::new(io::ErrorKind::NotFound, "there is no such program");
                return Err(Error::MdaMissing {
                    command: program.into(),
                    why,
                });
            }
        }
        if owner::is_root() {
            (sender.notice)(Notice::MdaAsRoot);
        }
        Ok(Self {
            command,
            timeout,
            sender,
        })
    }

    /// The command with its environment. Neither an envelope nor a UID holds NUL, which could not be
    /// passed.
    fn command(&self, letter: &Draft) -> Command {
        let recipient = letter.to.recipients.first();
        let recipient = recipient.map_or(self.sender.user.as_bytes(), Vec::as_slice);
        let uid = letter.uid.as_ref().map_or(&b""[..], Uid::bytes);
        let mut command = self.command.command();
        command
            .env("SENDER", OsStr::from_bytes(&letter.to.sender))
            .env("RECIPIENT", OsStr::from_bytes(recipient))
            .env("POPGET_ACCOUNT", &self.sender.account)
            .env("POPGET_UID", OsStr::from_bytes(uid))
            .env("POPGET_SIZE", letter.spool.length().to_string())
            .process_group(0);
        command
    }

    fn not_started(&self, why: io::Error) -> Error {
        match why.kind() {
            io::ErrorKind::NotFound | io::ErrorKind::PermissionDenied => Error::MdaMissing {
                command: self.name(),
                why,
            },
            _ => Error::System {
                doing: "start the MDA",
                why,
            },
        }
    }
}

impl Delivery for Mda {
    fn name(&self) -> String {
        self.command.name().to_string()
    }

    fn begin<'d>(&'d self, to: &Envelope, uid: Option<&Uid>) -> Result<Box<dyn Letter<'d> + 'd>> {
        let spool = Spool::new(&self.sender.spool);
        Ok(Box::new(Draft {
            mda: self,
            to: to.clone(),
            uid: uid.cloned(),
            spool,
        }))
    }

    fn sync_published(&self) -> Result<()> {
        Ok(())
    }

    fn together(&self) -> usize {
        1
    }
}

/// A letter for the MDA.
struct Draft<'d> {
    mda: &'d Mda,
    to: Envelope,
    uid: Option<Uid>,
    spool: Spool,
}

impl<'d> Letter<'d> for Draft<'d> {
    fn write(&mut self, bytes: &[u8]) -> Result<()> {
        self.spool.write(bytes)
    }

    fn seal(self: Box<Self>) -> Result<Box<dyn Sealed + 'd>> {
        Ok(self)
    }
}

impl Sealed for Draft<'_> {
    fn claim(&mut self) -> Result<Vec<u8>> {
        Ok(claim_words(&[WORD, self.mda.name().as_bytes()]))
    }

    fn publish(mut self: Box<Self>, witness: &mut dyn Witness) -> Result<()> {
        let mda = self.mda;
        let mut command = mda.command(&self);
        // All that can fail before it starts comes before it starts.
        let pipes = Pipes::lay(&mut command, self.spool.length()).map_err(|why| Error::System {
            doing: "make a pipe",
            why,
        })?;
        let message = Message {
            length: self.spool.length(),
            reader: self.spool.reader()?,
            spool: &mda.sender.spool,
        };
        let feeding = Feeding::start(command, pipes, message);
        let feeding = feeding.map_err(|why| mda.not_started(why))?;
        let said = verdict(feeding.run(mda.timeout, &mut || witness.meanwhile())?)?;
        if !said.is_empty() {
            (mda.sender.notice)(Notice::MdaSaid(said));
        }
        Ok(())
    }
}

/// What the end of the MDA means for the message; gives what it said if it took it.
fn verdict(ended: Ended) -> Result<Vec<u8>> {
    let Ended {
        status,
        unread,
        said,
    } = ended;
    let ended = match status.map(|status| (status.code(), status.signal())) {
        None => "took too long and was stopped".into(),
        Some((Some(0), _)) if !unread => return Ok(said),
        Some((Some(0), _)) => "ended well but did not read the whole message".into(),
        Some((Some(EX_TEMPFAIL), _)) => "wants the message later (exit status 75)".into(),
        Some((Some(status), _)) => return Err(Error::MdaRefused { status, said }),
        Some((None, signal)) => format!("was killed by signal {}", signal.unwrap_or_default()),
    };
    Err(Error::MdaLater { ended, said })
}

/// Whether a program can be found as it would be when it is started.
pub fn program_exists(program: &str) -> bool {
    let runs = |path: &Path| {
        let about = std::fs::metadata(path);
        about.is_ok_and(|about| about.is_file() && about.permissions().mode() & 0o111 != 0)
    };
    if program.contains('/') {
        return runs(Path::new(program));
    }
    let path = std::env::var_os("PATH").unwrap_or_default();
    std::env::split_paths(&path).any(|folder| runs(&folder.join(program)))
}
