//! What must have come of a story, whatever struck in its middle: every message is there once and
//! whole, nothing of ours is left over, the maildrop is as the policy says, and the memory is what it
//! would have been. One who cannot be asked may have got a message twice that was in flight.

use std::fs;
use std::io;
use std::path::Path;

use super::mail;
use super::memory;
use super::scene::ACCOUNT;
use super::story::{Fate, Place, Stage, OLD};

impl Stage {
    /// What has arrived so far in a single place. A message that is there by half counts.
    fn arrived(&self, part: Place) -> Vec<Vec<u8>> {
        match part {
            Place::Mda => contents(&self.scene.path("got")),
            Place::Lmtp => self.relay.arrived(),
            Place::Mbox => {
                let mbox = fs::read(self.scene.path("mbox")).unwrap();
                let rest = mbox
                    .strip_prefix(OLD)
                    .unwrap_or_else(|| panic!("the old mail is gone"));
                mail::out_of_mboxrd(rest).unwrap_or_else(|error| panic!("~/mbox: {error}"))
            }
            _ => [
                contents(&self.scene.path("Mail/new")),
                contents(&self.scene.path("Read")),
            ]
            .concat(),
        }
    }

    /// What was to arrive, sorted.
    pub fn expected(&self) -> Vec<Vec<u8>> {
        let mut messages: Vec<_> = self
            .story
            .messages
            .iter()
            .map(|(_, bytes)| self.story.arriving(bytes))
            .collect();
        messages.sort();
        messages
    }

    /// What was to arrive in a single place.
    fn expected_in(&self, part: Place) -> Vec<Vec<u8>> {
        let mut messages = self.expected();
        messages.retain(|message| {
            let to = message.split(|b| *b == b'\n').next().unwrap();
            let meant = memchr::memmem::find(to, part.user().as_bytes());
            self.story.place != Place::Sorted || meant.is_some()
        });
        messages
    }

    /// What has arrived is whole and there once, though there may be more to come. Gives how many
    /// copies an MDA got besides.
    pub fn is_sound(&self) -> usize {
        self.compared().1
    }

    /// The story is over, and all is as it should be. Gives how many copies an MDA got besides.
    pub fn ended_well(&self, settled: &[String]) -> usize {
        let (missing, besides) = self.compared();
        assert!(missing.is_empty(), "missing: {}", missing.join("\n  "));
        self.left_nothing_over(settled);
        besides
    }

    /// What is missing so far, and how much there is besides.
    fn compared(&self) -> (Vec<String>, usize) {
        let parts = self.story.place.parts().iter();
        let (missing, besides): (Vec<_>, Vec<_>) =
            parts.map(|part| self.compared_in(*part)).unzip();
        (missing.concat(), besides.iter().sum())
    }

    /// The same of a single place.
    fn compared_in(&self, part: Place) -> (Vec<String>, usize) {
        let mut missing = self.expected_in(part);
        let mut besides = self.arrived(part);
        besides.retain(|message| match missing.iter().position(|m| m == message) {
            Some(at) => {
                missing.remove(at);
                false
            }
            None => true,
        });
        // A copy in flight may be cut short: the MDA saw its input end with us.
        let in_flight = match part {
            Place::Mda | Place::Lmtp => self.in_flight,
            _ => 0,
        };
        let fits = |copy: &Vec<u8>| self.expected_in(part).iter().any(|m| m.starts_with(copy));
        let wrong = besides.len() > in_flight || !besides.iter().all(fits);
        let show = |messages: &[Vec<u8>]| {
            let shown = messages.iter().map(|m| format!("{part:?}: {}", shown(m)));
            shown.collect::<Vec<_>>()
        };
        assert!(
            !wrong,
            "not whole, or twice: {}",
            show(&besides).join("\n  ")
        );
        (show(&missing), besides.len())
    }

    /// As `ended_well`, the mail itself aside.
    fn left_nothing_over(&self, settled: &[String]) {
        let left = match self.story.fate {
            Fate::Kept => self.story.messages.len(),
            Fate::Deleted => 0,
        };
        assert_eq!(
            self.server.maildrop().left(),
            left,
            "messages on the server"
        );
        assert_eq!(memory::settled(&self.memory()), settled, "the memory");
        let mut files = Vec::new();
        list(&self.scene.path(""), "", &mut files);
        let ours = |file: &String| {
            !["Mail/new/", "Read/", "got/"]
                .iter()
                .any(|mail| file.starts_with(mail))
        };
        files.retain(ours);
        files.sort();
        let state =
            ["lock", "seen"].map(|ending| format!(".local/state/popget/{ACCOUNT}.{ending}"));
        let mut expected = vec![".config/popget/popget.yaml", &state[0], &state[1], "ca.pem"];
        if self.story.place.has(Place::Mbox) {
            expected.push("mbox");
        }
        expected.push("password");
        assert_eq!(files, expected, "files below the home");
    }

    /// How many deliveries are claimed and not settled.
    pub fn claims(&self) -> usize {
        let path = format!(".local/state/popget/{ACCOUNT}.seen");
        let memory = fs::read_to_string(self.scene.path(&path)).unwrap_or_default();
        let lines = memory::settled(&memory);
        lines
            .iter()
            .filter(|line| line.starts_with("claimed"))
            .count()
    }

    pub(super) fn memory(&self) -> String {
        fs::read_to_string(
            self.scene
                .path(&format!(".local/state/popget/{ACCOUNT}.seen")),
        )
        .unwrap()
    }
}

fn shown(message: &[u8]) -> String {
    let start = String::from_utf8_lossy(&message[..message.len().min(40)]).into_owned();
    format!("{} bytes: {}", message.len(), start.escape_debug())
}

fn contents(folder: &Path) -> Vec<Vec<u8>> {
    let Ok(entries) = fs::read_dir(folder) else {
        return Vec::new();
    };
    let read = |entry: io::Result<fs::DirEntry>| fs::read(entry.unwrap().path()).unwrap();
    entries.map(read).collect()
}

/// Every file below a folder.
fn list(folder: &Path, prefix: &str, files: &mut Vec<String>) {
    for entry in fs::read_dir(folder).unwrap() {
        let entry = entry.unwrap();
        let name = format!("{prefix}{}", entry.file_name().to_string_lossy());
        if entry.file_type().unwrap().is_dir() {
            list(&entry.path(), &format!("{name}/"), files);
        } else {
            files.push(name);
        }
    }
}
