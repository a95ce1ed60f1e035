//! A message as it will stand in an mbox, with what goes before and behind it.

use super::quote::{Format, Quoter, Unlengther};
use crate::delivery::Sender;
use crate::error::Result;
use crate::message::{Digester, Envelope};
use crate::spool::Spool;

/// How much of a letter's beginning its claim repeats, to know a torn one by.
const OPENING: usize = 160;

/// A message on its way into an mbox, with what goes before it.
pub struct Ready {
    /// The message.
    pub spool: Spool,
    /// Line ends that the file lacks before a new message may begin.
    pub lead: &'static [u8],
    from_line: Vec<u8>,
    measure: Option<Measure>,
}

/// What a letter will be in the file.
#[derive(Clone)]
pub struct Measure {
    /// Its length.
    pub length: u64,
    /// The digest of all of it.
    pub digest: [u8; 16],
    /// How it begins.
    pub opening: Vec<u8>,
}

impl Ready {
    /// An empty message to this address, from now.
    pub fn new(to: &Envelope, sender: &Sender) -> Self {
        let from = if to.sender.is_empty() {
            b"MAILER-DAEMON"
        } else {
            to.sender.as_slice()
        };
        let date = chrono::Local::now()
            .format("%a %b %e %H:%M:%S %Y")
            .to_string();
        let from_line = [b"From ", from, b" ", date.as_bytes(), b"\n"].concat();
        Self {
            spool: Spool::new(&sender.spool),
            lead: b"",
            from_line,
            measure: None,
        }
    }

    /// What the letter will be in the file; made once.
    pub fn measure(&mut self, format: Format) -> Result<Measure> {
        if let Some(measure) = &self.measure {
            return Ok(measure.clone());
        }
        let (mut length, mut digester, mut opening) = (0, Digester::default(), Vec::new());
        self.write(format, &mut |bytes| {
            length += bytes.len() as u64;
            digester.update(bytes);
            opening.extend(bytes.iter().take(OPENING - opening.len()));
            Ok(())
        })?;
        let measure = Measure {
            length,
            digest: digester.finish().0,
            opening,
        };
        self.measure = Some(measure.clone());
        Ok(measure)
    }

    /// Gives the letter as it stands in the file, with the empty line behind it.
    pub fn write(&mut self, format: Format, to: &mut dyn FnMut(&[u8]) -> Result<()>) -> Result<()> {
        let length_line = match format {
            Format::Mboxcl2 => format!("Content-Length: {}\n", self.body_length()?).into_bytes(),
            Format::Mboxrd | Format::Mboxo => Vec::new(),
        };
        to(&[self.lead, &self.from_line, &length_line].concat())?;
        let (mut quoter, mut head) = (Quoter::new(format), Unlengther::new());
        let (mut out, mut last) = (Vec::new(), b'\n');
        self.spool.pour(|piece| {
            out.clear();
            match format {
                Format::Mboxcl2 => head.step(piece, &mut out),
                Format::Mboxrd | Format::Mboxo => quoter.step(piece, &mut out),
            }
            last = *out.last().unwrap_or(&last);
            to(&out)
        })?;
        out.clear();
        match format {
            Format::Mboxcl2 => head.finish(&mut out),
            Format::Mboxrd | Format::Mboxo => quoter.finish(&mut out),
        }
        last = *out.last().unwrap_or(&last);
        let ends: &[u8] = if last == b'\n' { b"\n" } else { b"\n\n" };
        out.extend_from_slice(ends);
        if format == Format::Mboxcl2 && head.body.is_none() {
            out.push(b'\n'); // a message without a body still needs the line before it
        }
        to(&out)
    }

    /// How long the body is, for mboxcl2.
    fn body_length(&mut self) -> Result<u64> {
        let (mut head, mut out, mut last) = (Unlengther::new(), Vec::new(), b'\n');
        self.spool.pour(|piece| {
            out.clear();
            head.step(piece, &mut out);
            last = *piece.last().unwrap_or(&last);
            Ok(())
        })?;
        let missing_end = u64::from(last != b'\n');
        Ok(head.body.map_or(0, |body| body + missing_end))
    }
}
