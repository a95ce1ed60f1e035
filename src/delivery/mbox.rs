//! Delivery to an mbox: the message is kept aside until it is whole, then the file is locked, the
//! delivery claimed with the place where it will stand, appended, synced, unlocked. A failed append
//! is cut off again at once; one that a crash cut short is cut off when its claim is resumed.

use super::quote::{Quoter, Unlengther};
use super::spool::Spool;
use super::{claim_words, path_bytes, Delivery, Fate, Letter, Sealed, Sender};
use crate::error::{Error, Result};
use crate::message::{Digester, Envelope, Uid};
use std::cell::RefCell;
use std::fs::{File, OpenOptions};
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::os::unix::fs::{FileExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

mod lock;

pub use super::quote::Format;
pub use lock::Lock;
use lock::Locked;

/// The first word of a claim.
pub const WORD: &[u8] = b"mbox";
/// How much of a letter's beginning its claim repeats, to know a torn one by.
const OPENING: usize = 160;

/// An mbox file, open for delivery.
pub struct Mbox {
    path: PathBuf,
    format: Format,
    locks: Vec<Lock>,
    sender: Sender,
    held: RefCell<Option<Held>>,
}

/// The file while it is locked.
struct Held {
    file: File,
    /// Where the file ended when it was locked; what comes behind is ours.
    start: u64,
    /// Where the next letter to be claimed will stand.
    end: u64,
    _locked: Locked,
}

impl Mbox {
    /// Opens an mbox, and makes it where it is missing.
    pub fn open(path: PathBuf, format: Format, locks: Vec<Lock>, sender: Sender) -> Result<Self> {
        // Not opened when it is there: closing it again would drop the fcntl lock that another
        // account of this process may hold on it (fcntl(2)).
        if !path.exists() {
            open_file(&path, Missing::Create)?;
        }
        Ok(Self {
            path,
            format,
            locks,
            sender,
            held: RefCell::new(None),
        })
    }

    /// Locks the file, if it is not locked yet, and puts a letter's place at its end.
    fn place(&self, letter: &mut Ready) -> Result<u64> {
        let mut held = self.held.borrow_mut();
        let held = match &mut *held {
            Some(held) => held,
            None => {
                let (path, sender) = (&self.path, &self.sender);
                let locked = Locked::take(path, &self.locks, &sender.mark, &*sender.notice)?;
                let file = open_file(path, Missing::Create)?;
                locked.lock_file(&file, &self.locks)?;
                let start = check(&file).map_err(unprepared(path, "use"))?;
                letter.lead = lead(&file, start).map_err(unprepared(&self.path, "read"))?;
                held.insert(Held {
                    file,
                    start,
                    end: start,
                    _locked: locked,
                })
            }
        };
        let offset = held.end;
        held.end += letter.measure(self.format)?.length;
        Ok(offset)
    }

    fn append(&self, letter: &mut Ready, offset: u64) -> Result<()> {
        let mut held = self.held.borrow_mut();
        let Some(held) = held.as_mut() else {
            return Err(Error::Bug("an mbox was let go before its letters".into()));
        };
        let failed = undelivered(&self.path, "append to");
        let at = held.file.seek(SeekFrom::End(0)).map_err(&failed)?;
        if at != offset {
            return Err(failed(io::Error::other(
                "another program wrote to it in spite of the lock",
            )));
        }
        let written = letter.write(self.format, &mut |bytes| {
            held.file.write_all(bytes).map_err(&failed)
        });
        if written.is_err() {
            let _ = held.file.set_len(at);
        }
        written
    }
}

impl Delivery for Mbox {
    fn name(&self) -> String {
        self.path.display().to_string()
    }

    fn begin<'d>(&'d self, to: &Envelope, _: Option<&Uid>) -> Result<Box<dyn Letter<'d> + 'd>> {
        let ready = Ready::new(to, &self.sender);
        Ok(Box::new(Draft {
            mbox: self,
            ready,
            offset: 0,
        }))
    }

    /// Syncs what was appended and unlocks the file. What cannot be synced is taken back: it may be
    /// seen now and gone after the next power cut.
    fn sync(&self) -> Result<()> {
        let Some(held) = self.held.borrow_mut().take() else {
            return Ok(());
        };
        held.file.sync_all().map_err(|why| {
            let _ = held.file.set_len(held.start);
            undelivered(&self.path, "sync")(why)
        })
    }

    fn together(&self) -> usize {
        64
    }
}

/// A letter for the file.
struct Draft<'d> {
    mbox: &'d Mbox,
    ready: Ready,
    offset: u64,
}

impl<'d> Letter<'d> for Draft<'d> {
    fn write(&mut self, bytes: &[u8]) -> Result<()> {
        self.ready.spool.write(bytes)
    }

    fn seal(self: Box<Self>) -> Result<Box<dyn Sealed + 'd>> {
        Ok(self)
    }
}

impl Sealed for Draft<'_> {
    fn claim(&mut self) -> Result<Vec<u8>> {
        self.offset = self.mbox.place(&mut self.ready)?;
        let Measure {
            length,
            digest,
            opening,
        } = self.ready.measure(self.mbox.format)?;
        let numbers = format!("{} {length}", self.offset);
        let path = path_bytes(&self.mbox.path);
        Ok(claim_words(&[
            WORD,
            path,
            numbers.as_bytes(),
            &hex(&digest),
            &hex(&opening),
        ]))
    }

    fn publish(mut self: Box<Self>, _meanwhile: &mut dyn FnMut()) -> Result<()> {
        self.mbox.append(&mut self.ready, self.offset)
    }
}

/// Standard output as an mbox: nothing can be found again there.
pub struct Output {
    format: Format,
    sender: Sender,
}

impl Output {
    /// The process's own standard output.
    pub fn new(format: Format, sender: Sender) -> Self {
        Self { format, sender }
    }
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

    fn sync(&self) -> Result<()> {
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
        Ok(b"output".to_vec())
    }

    fn publish(mut self: Box<Self>, _meanwhile: &mut dyn FnMut()) -> Result<()> {
        let mut out = io::stdout().lock(); // whole messages only, also with several accounts
        let failed = undelivered(Path::new("standard output"), "write to");
        self.ready.write(self.format, &mut |bytes| {
            out.write_all(bytes).map_err(&failed)
        })?;
        out.flush().map_err(&failed)
    }
}

/// A message on its way into an mbox, with what goes before it.
struct Ready {
    spool: Spool,
    /// Line ends that the file lacks before a new message may begin.
    lead: &'static [u8],
    from_line: Vec<u8>,
    measure: Option<Measure>,
}

/// What a letter will be in the file.
#[derive(Clone)]
struct Measure {
    length: u64,
    digest: [u8; 16],
    opening: Vec<u8>,
}

impl Ready {
    fn new(to: &Envelope, sender: &Sender) -> Self {
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
    fn measure(&mut self, format: Format) -> Result<Measure> {
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
    fn write(&mut self, format: Format, to: &mut dyn FnMut(&[u8]) -> Result<()>) -> Result<()> {
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

/// The length of a file that is an mbox, or empty.
fn check(file: &File) -> io::Result<u64> {
    let mut opening = [0; 5];
    let read = file.read_at(&mut opening, 0)?;
    if read > 0 && !b"From ".starts_with(&opening[..read]) {
        return Err(io::Error::new(
            io::ErrorKind::InvalidData,
            "it does not begin like an mbox",
        ));
    }
    Ok(file.metadata()?.len())
}

/// The line ends that a file needs before a new message may begin in it.
fn lead(file: &File, length: u64) -> io::Result<&'static [u8]> {
    let mut tail = [b'\n'; 2];
    let known = length.min(2) as usize;
    file.read_exact_at(&mut tail[2 - known..], length - known as u64)?;
    Ok(match tail {
        _ if length == 0 => b"",
        [b'\n', b'\n'] => b"",
        [_, b'\n'] => b"\n",
        _ => b"\n\n",
    })
}

/// Looks at the place where a claimed letter was to stand.
pub fn resume(path: &Path, words: &[&[u8]]) -> Result<Fate> {
    let Some((offset, measure)) = parse(words) else {
        return Ok(Fate::Unknown);
    };
    let mut file = match open_file(path, Missing::Fail) {
        Ok(file) => file,
        Err(Error::Destination { why, .. }) if why.kind() == io::ErrorKind::NotFound => {
            return Ok(Fate::Undone)
        }
        Err(error) => return Err(error),
    };
    let locked = Locked::take(path, &Lock::ALL, "resume", &|_| {})?;
    locked.lock_file(&file, &Lock::ALL)?;
    let failed = unprepared(path, "read");
    let size = file.metadata().map_err(&failed)?.len();
    if size <= offset {
        return Ok(Fate::Undone);
    }
    if size >= offset + measure.length && stands(&mut file, offset, &measure).map_err(&failed)? {
        return file
            .sync_all()
            .map(|()| Fate::Delivered)
            .map_err(undelivered(path, "sync"));
    }
    let mut opening = vec![0; measure.opening.len().min((size - offset) as usize)];
    file.read_exact_at(&mut opening, offset).map_err(&failed)?;
    // After a power cut what was not synced may read as zeros.
    let torn = measure.opening.starts_with(&opening) || opening.iter().all(|byte| *byte == 0);
    if torn && size < offset + measure.length {
        let cut = file.set_len(offset).and_then(|()| file.sync_all());
        return cut
            .map(|()| Fate::Undone)
            .map_err(undelivered(path, "mend"));
    }
    Ok(Fate::Unknown)
}

/// Whether the letter stands whole at its place.
fn stands(file: &mut File, offset: u64, measure: &Measure) -> io::Result<bool> {
    let (mut digester, mut left) = (Digester::default(), measure.length);
    let mut piece = vec![0; 64 * 1024];
    file.seek(SeekFrom::Start(offset))?;
    while left > 0 {
        let want = piece.len().min(usize::try_from(left).unwrap_or(usize::MAX));
        file.read_exact(&mut piece[..want])?;
        digester.update(&piece[..want]);
        left -= want as u64;
    }
    Ok(digester.finish().0 == measure.digest)
}

/// Reads the words of a claim.
fn parse(words: &[&[u8]]) -> Option<(u64, Measure)> {
    let [numbers, digest, opening] = words else {
        return None;
    };
    let (offset, length) = std::str::from_utf8(numbers).ok()?.split_once(' ')?;
    let digest = unhex(digest)?.try_into().ok()?;
    let measure = Measure {
        length: length.parse().ok()?,
        digest,
        opening: unhex(opening)?,
    };
    Some((offset.parse().ok()?, measure))
}

fn hex(bytes: &[u8]) -> Vec<u8> {
    bytes
        .iter()
        .flat_map(|byte| format!("{byte:02x}").into_bytes())
        .collect()
}

fn unhex(word: &[u8]) -> Option<Vec<u8>> {
    let text = std::str::from_utf8(word).ok()?;
    let pairs = text
        .as_bytes()
        .chunks(2)
        .map(|pair| std::str::from_utf8(pair).ok());
    pairs
        .map(|pair| u8::from_str_radix(pair?, 16).ok())
        .collect()
}

/// What to do about a file that is not there.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Missing {
    Create,
    Fail,
}

fn open_file(path: &Path, missing: Missing) -> Result<File> {
    let create = missing == Missing::Create;
    let mut options = OpenOptions::new();
    options
        .read(true)
        .write(true)
        .create(create)
        .truncate(false)
        .mode(0o600);
    let fresh = create && !path.exists();
    let file = options.open(path).map_err(unprepared(path, "open"))?;
    if fresh {
        let above = path.parent().filter(|above| !above.as_os_str().is_empty());
        let above = above.unwrap_or(Path::new("."));
        let synced = File::open(above).and_then(|folder| folder.sync_all());
        synced.map_err(unprepared(above, "sync"))?;
    }
    Ok(file)
}

fn unprepared(path: &Path, doing: &'static str) -> impl Fn(io::Error) -> Error {
    let path = path.to_path_buf();
    move |why| Error::Destination {
        path: path.clone(),
        doing,
        why,
    }
}

fn undelivered(path: &Path, doing: &'static str) -> impl Fn(io::Error) -> Error {
    let path = path.to_path_buf();
    move |why| Error::Delivering {
        path: path.clone(),
        doing,
        why,
    }
}
