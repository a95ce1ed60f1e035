//! Delivery to standard output as an mbox. Nothing can be found again there, so letters are claimed
//! one by one.

use super::letter::Ready;
use super::quote::Format;
use crate::delivery::{undelivered, Delivery, Letter, Sealed, Sender, Witness};
use crate::error::{Error, Result};
use crate::message::{Envelope, Uid};
use rustix::fs::{fcntl_getfl, fstat, stat, OFlags};
use std::io::{self, Write};
use std::path::Path;

/// All that a claim says.
pub const OUTPUT: &[u8] = b"output";

/// Standard output as an mbox: nothing can be found again there.
pub struct Output {
    format: Format,
    sender: Sender,
}

impl Output {
    /// The process's own standard output, which must not be closed.
    pub fn open(format: Format, sender: Sender) -> Result<Self> {
        if closed() {
            return Err(Error::Destination {
                path: "standard output".into(),
                doing: "write to",
                why: io::Error::other("it is closed"),
            });
        }
        Ok(Self { format, sender })
    }
}

/// Whether standard output was closed when popget was started. Rust then puts /dev/null in its
/// place, open for reading too; mail that is to go to /dev/null comes by a way that only writes.
fn closed() -> bool {
    let null = stat("/dev/null").map(|meta| meta.st_rdev);
    let same = match (fstat(io::stdout()), null) {
        (Ok(meta), Ok(null)) => meta.st_rdev == null,
        _ => false,
    };
    let flags = fcntl_getfl(io::stdout());
    same && flags.is_ok_and(|flags| flags.contains(OFlags::RDWR))
}

impl Delivery for Output {
    fn name(&self) -> String {
        "standard output".into()
    }

    fn begin<'d>(&'d self, to: &Envelope, _: Option<&Uid>) -> Result<Box<dyn Letter<'d> + 'd>> {
        Ok(Box::new(Printed {
            format: self.format,
            ready: Ready::new(to, &self.sender),
        }))
    }

    fn sync_published(&self) -> Result<()> {
        // A pipe or terminal cannot be synced; a file can, and must be.
        match rustix::fs::fsync(io::stdout()) {
            Ok(())
            | Err(rustix::io::Errno::INVAL | rustix::io::Errno::ROFS | rustix::io::Errno::NOTSUP) => {
                Ok(())
            }
            Err(why) => Err(undelivered(Path::new("standard output"), "sync")(
                why.into(),
            )),
        }
    }

    fn together(&self) -> usize {
        1
    }
}

/// A letter for standard output.
struct Printed {
    format: Format,
    ready: Ready,
}

impl<'d> Letter<'d> for Printed {
    fn write(&mut self, bytes: &[u8]) -> Result<()> {
        self.ready.spool.write(bytes)
    }

    fn seal(self: Box<Self>) -> Result<Box<dyn Sealed + 'd>> {
        Ok(self)
    }
}

impl Sealed for Printed {
    fn claim(&mut self) -> Result<Vec<u8>> {
        Ok(OUTPUT.to_vec())
    }

    fn publish(mut self: Box<Self>, _: &mut dyn Witness) -> Result<()> {
        let mut out = io::stdout().lock(); // whole messages only, also with several accounts
        let failed = undelivered(Path::new("standard output"), "write to");
        self.ready.write(self.format, &mut |bytes| {
            out.write_all(bytes).map_err(&failed)
        })?;
        out.flush().map_err(&failed)
    }
}
