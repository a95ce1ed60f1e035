//! How a session of the embedded server speaks: plainly, octet by octet, or until it breaks off.

use std::io;

use super::guest::Guest;
use super::wire::Wire;

/// How a server speaks.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Manner {
    /// As servers do.
    #[default]
    Plain,
    /// One octet at a time.
    Bytewise,
    /// Breaks off once, behind so many octets of a session.
    BreaksOff(usize, Break),
}

/// How a server breaks off.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Break {
    /// It says no more, and waits until the client leaves.
    Silence,
    /// It hangs up.
    Cut,
    /// It resets the connection.
    Reset,
}

/// What one session has said.
#[derive(Default)]
pub(super) struct Speech {
    said: usize,
}

impl Speech {
    /// Says this in the server's manner.
    pub fn say(&mut self, guest: &Guest, wire: &mut Wire, bytes: &[u8]) -> io::Result<()> {
        let before = self.said;
        self.said += bytes.len();
        guest.note_line_ends(before, bytes);
        match guest.manner(self.said) {
            Manner::Plain => wire.say(bytes),
            Manner::Bytewise => bytes.iter().try_for_each(|byte| wire.say(&[*byte])),
            Manner::BreaksOff(at, how) => {
                wire.say(&bytes[..at.saturating_sub(before)])?;
                break_off(wire, how);
                Err(io::Error::other(format!("broke off behind {at}: {how:?}")))
            }
        }
    }
}

fn break_off(wire: &mut Wire, how: Break) {
    match how {
        // However the client leaves, it leaves.
        Break::Silence => while matches!(wire.line(), Ok(Some(_))) {},
        Break::Cut => wire.cut(),
        Break::Reset => wire.reset(),
    }
}
