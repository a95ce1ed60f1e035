//! What only a person knows: passwords, which are not shown, and answers to other questions.

use super::{Secret, LIMIT};
use crate::error::{Error, Result};
use rustix::event::{poll, PollFd, PollFlags, Timespec};
use rustix::io::Errno;
use rustix::termios::{self, LocalModes, OptionalActions};
use std::fs::File;
use std::io::{self, ErrorKind, Read, Write};
use zeroize::Zeroizing;

/// Whether there is a terminal to ask at.
pub fn is_attended() -> bool {
    open().is_some()
}

/// Asks for a secret on the terminal, without showing it. The prompt says which, so that nobody types
/// the one for the other. Called off, it leaves the terminal as it was.
pub fn ask(prompt: &str, called_off: impl Fn() -> bool) -> Result<Secret> {
    let mut terminal = open().ok_or(Error::NoPassword)?;
    let shown = termios::tcgetattr(&terminal).map_err(|_| Error::NoPassword)?;
    let mut hidden = shown.clone();
    hidden.local_modes.remove(LocalModes::ECHO);
    termios::tcsetattr(&terminal, OptionalActions::Flush, &hidden)
        .map_err(|_| Error::NoPassword)?;
    let line = write!(terminal, "popget: {prompt}: ").and_then(|()| typed(&terminal, called_off));
    let restored = termios::tcsetattr(&terminal, OptionalActions::Flush, &shown);
    let _ = terminal.write_all(b"\n");
    restored.map_err(|_| Error::NoPassword)?;
    let line = line.map(Zeroizing::new);
    match line.map_err(|why| why.kind()) {
        Ok(mut line) if line.len() > 1 => Ok(Secret::first_line(std::mem::take(&mut *line))),
        Ok(_) => Err(Error::NotTyped),
        Err(ErrorKind::Interrupted) => Err(Error::Interrupted),
        Err(_) => Err(Error::NoPassword),
    }
}

/// Asks a question on the terminal and gives the line that is typed, without blanks around it; none
/// where there is no terminal.
pub fn question(text: &str, called_off: impl Fn() -> bool) -> Result<Option<String>> {
    let Some(mut terminal) = open() else {
        return Ok(None);
    };
    let asked = write!(terminal, "{text} ").and_then(|()| typed(&terminal, called_off));
    match asked {
        Ok(line) if line.is_empty() => {
            let _ = terminal.write_all(b"\n");
            let what = "the question was not answered; nothing is written";
            Err(Error::Usage(what.into()))
        }
        Ok(line) => Ok(Some(String::from_utf8_lossy(&line).trim().into())),
        Err(_) => Err(Error::Interrupted),
    }
}

fn open() -> Option<File> {
    let mut options = File::options();
    options.read(true).write(true).open("/dev/tty").ok()
}

/// Waits for a line, and looks now and then whether it is still wanted.
fn typed(terminal: &File, called_off: impl Fn() -> bool) -> io::Result<Vec<u8>> {
    let slice = Timespec {
        tv_sec: 0,
        tv_nsec: 100_000_000,
    };
    while let Ok(0) | Err(Errno::INTR) =
        poll(&mut [PollFd::new(terminal, PollFlags::IN)], Some(&slice))
    {
        if called_off() {
            return Err(ErrorKind::Interrupted.into());
        }
    }
    let (mut line, mut piece) = (
        Vec::with_capacity(LIMIT as usize),
        Zeroizing::new([0; 4096]),
    );
    while line.len() < line.capacity() && !line.ends_with(b"\n") {
        let mut terminal = terminal;
        match terminal.read(&mut piece[..])? {
            0 => break,
            n => line.extend(piece[..n].iter().take(line.capacity() - line.len())),
        }
    }
    Ok(line)
}
