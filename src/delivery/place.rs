//! Where mail comes to, as words that stay the same from run to run: by them it is known which of
//! several destinations has a message. Pure.

use super::{claim_words, hex, lmtp, maildir, mbox, mda, path_bytes, smtp, Destination};
use crate::message::{Digester, Envelope};
use crate::secret::CommandLine;

impl Destination {
    /// Whether mail comes to standard output.
    pub fn prints(&self) -> bool {
        match self {
            Self::Output(_) => true,
            Self::Several(all) => all.iter().any(Self::prints),
            Self::Multidrop(multidrop) => multidrop.destinations().iter().any(Self::prints),
            Self::Maildir(_) | Self::Mbox { .. } | Self::Mda { .. } => false,
            Self::Lmtp(_) | Self::Smtp(..) => false,
        }
    }

    /// The words for where a letter to these comes. What is sent there twice comes to the same, however
    /// else the settings differ.
    pub fn place(&self, to: &Envelope) -> Vec<u8> {
        match self {
            Self::Maildir(path) => claim_words(&[maildir::WORD, path_bytes(path)]),
            Self::Mbox { path, .. } => claim_words(&[mbox::WORD, path_bytes(path)]),
            Self::Output(_) => mbox::OUTPUT.to_vec(),
            Self::Mda { command, .. } => {
                let name = command.name().as_bytes();
                claim_words(&[mda::WORD, name, &digest(command, to)])
            }
            Self::Lmtp(host) => host.place(lmtp::WORD, to),
            Self::Smtp(host, _) => host.place(smtp::WORD, to),
            Self::Several(all) => joined(all, to),
            Self::Multidrop(multidrop) => joined(&multidrop.destinations(), to),
        }
    }
}

fn joined(all: &[Destination], to: &Envelope) -> Vec<u8> {
    let places: Vec<_> = all.iter().map(|one| one.place(to)).collect();
    claim_words(&places.iter().map(Vec::as_slice).collect::<Vec<_>>())
}

/// The digest of what an MDA is told: its arguments may be secret.
fn digest(command: &CommandLine, to: &Envelope) -> Vec<u8> {
    let mut words: Vec<&[u8]> = match command {
        CommandLine::Shell(line) => vec![b"/bin/sh", b"-c", line.as_bytes()],
        CommandLine::Words(words) => words.iter().map(String::as_bytes).collect(),
    };
    words.extend(to.recipients.first().map(Vec::as_slice));
    let mut digester = Digester::default();
    digester.update(&claim_words(&words));
    hex(&digester.finish().0)
}
