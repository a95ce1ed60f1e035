//! A story that must end well whatever strikes in the middle: some messages are fetched, the run is
//! killed or the system fails it at a chosen point, and a clean run follows. What must have come of
//! it is said in ending.rs.

use std::fs;
use std::io::{self, Write};
use std::thread;
use std::time::Duration;

use super::lmtp::LmtpServer;
use super::mail;
use super::memory;
use super::outcome::Outcome;
use super::scene::Scene;
use super::server::{PopServer, Security};
use super::strike::{self, Fault, Made, Point};
use super::tls::Certificate;

/// Where the mail of a story goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Place {
    /// A Maildir, ~/Mail.
    Maildir,
    /// An mbox, ~/mbox, with a message in it already.
    Mbox,
    /// A program that makes a file below ~/got of each message.
    Mda,
    /// A server that takes mail by LMTP.
    Lmtp,
}

impl Place {
    /// Whether nobody can ask it later what it took, so that what was in flight may come twice.
    pub fn keeps_its_peace(self) -> bool {
        matches!(self, Place::Mda | Place::Lmtp)
    }
}

/// What becomes of the mail on the server.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fate {
    /// It stays.
    Kept,
    /// It goes.
    Deleted,
}

/// What is told: the messages, where they go, what becomes of them.
#[derive(Clone)]
pub struct Story {
    /// Where they go.
    pub place: Place,
    pub(super) fate: Fate,
    pub(super) messages: Vec<(String, Vec<u8>)>,
    secure: bool,
    /// How often the line may be lost within a run.
    pub retry: u32,
}

/// The message that is in the mbox before.
pub(super) const OLD: &[u8] =
    b"From old@example.org Thu Jan  1 00:00:00 2026\nSubject: old\n\nold\n\n";

/// A story under way.
pub struct Stage {
    pub(super) story: Story,
    /// The server that has the messages.
    pub server: PopServer,
    /// The scene that is played.
    pub scene: Scene,
    /// The server that takes the mail, if one does.
    pub(super) relay: LmtpServer,
    so_far: Vec<String>,
    /// How many copies may have come twice, or by half: none to a file.
    pub(super) in_flight: usize,
}

impl Story {
    /// A few small messages and one that is larger than what is kept in memory.
    pub fn new(place: Place, fate: Fate) -> Story {
        let small = ["alpha.eml", "dots.eml", "from-lines.eml", "bare-cr.eml"];
        let mut messages: Vec<_> = small
            .map(|name| (name.to_owned(), mail::named(name)))
            .into();
        let line = b"From here on it is long, and longer than the spool's memory.\n".repeat(4400);
        let large = [&b"Subject: large\n\n"[..], &line].concat();
        messages.insert(2, ("large".into(), large));
        Story {
            place,
            fate,
            messages,
            secure: false,
            retry: 0,
        }
    }

    /// A story of so many small messages: more than are delivered together.
    pub fn of_many(place: Place, fate: Fate, count: usize) -> Story {
        let message = |n| {
            (
                format!("m{n}"),
                format!("Subject: {n}\n\n{n}\n").into_bytes(),
            )
        };
        let messages = (0..count).map(message).collect();
        Story {
            messages,
            ..Story::new(place, fate)
        }
    }

    /// The same over TLS.
    pub fn securely(self) -> Story {
        Story {
            secure: true,
            ..self
        }
    }

    /// The same, but the line may be lost so often within a run.
    pub fn retrying(self, retry: u32) -> Story {
        Story { retry, ..self }
    }

    /// Everything is ready for its beginning.
    pub fn stage(&self) -> Stage {
        let security = match self.secure {
            true => Security::Implicit(Certificate::Good),
            false => Security::None,
        };
        let server = PopServer::builder().security(security).start();
        for (uid, message) in &self.messages {
            server.maildrop().add(uid, message);
        }
        let keep = if self.fate == Fate::Kept {
            "true"
        } else {
            "false"
        };
        let scene = Scene::with_server(&server).in_memory().key("keep", keep);
        let scene = scene.key("retry", &self.retry.to_string());
        let relay = LmtpServer::start();
        let scene = match self.place {
            Place::Maildir => scene,
            Place::Mbox => scene.deliver("mbox: ~/mbox").file("mbox", OLD),
            Place::Mda => {
                fs::create_dir_all(scene.path("got")).unwrap();
                scene.deliver("mda: cat > \"$(mktemp \"$HOME/got/XXXXXX\")\"")
            }
            Place::Lmtp => scene.deliver(&format!("lmtp: {{address: {}}}", relay.address())),
        };
        Stage {
            story: self.clone(),
            server,
            scene,
            relay,
            so_far: Vec::new(),
            in_flight: 0,
        }
    }

    /// What the memory says in the end if nothing strikes.
    pub fn settled_memory(&self) -> Vec<String> {
        let mut stage = self.stage();
        stage.recovers();
        memory::settled(&stage.memory())
    }
}

impl Stage {
    /// Plays and is struck at this point, if it comes so far; tells whether it did, and the outcome.
    pub fn struck(&mut self, point: &Point, fault: Fault) -> (bool, Outcome) {
        self.so_far.push(format!("{point:?}: {fault:?}"));
        let log = self.scene.path("../trace");
        let _ = fs::remove_file(&log);
        let command = strike::command(point, fault, &self.scene.path(""), &log);
        self.under(&command);
        if let Point::Moment(k) = *point {
            let victim = self.scene.victim();
            self.server.hook(move |exchange| {
                if exchange.number == k {
                    victim.kill();
                }
            });
        }
        let mut outcome = self.scene.run();
        self.server.unhook();
        self.scene.wraps(&[]);
        let status = outcome.take_status();
        let log = fs::read_to_string(&log).unwrap_or_default();
        let injected = log.contains(&fault.mark());
        let limited = matches!(point, Point::Limit(..)) && status != Some(0);
        let struck = status.is_none() || injected || limited;
        if self.story.place.keeps_its_peace() && struck {
            // What was in flight is still taken by who outlives us.
            thread::sleep(Duration::from_millis(30));
            let failed = status.is_some_and(|status| status != 0);
            self.in_flight += self.claims().max(failed.into());
        }
        (struck, outcome)
    }

    /// As `struck`, by SIGKILL.
    pub fn killed(&mut self, point: &Point) -> bool {
        let (killed, outcome) = self.struck(point, strike::KILL);
        drop(outcome.whatever());
        killed
    }

    /// Plays undisturbed, and tells which of these calls it made.
    pub fn watched(&mut self, calls: &[&str]) -> Vec<Made> {
        let log = self.scene.path("../trace");
        self.under(&strike::watching(calls, &log));
        drop(self.scene.run().exits(0).whatever());
        self.scene.wraps(&[]);
        strike::made(&fs::read_to_string(&log).unwrap(), &self.scene.path(""))
    }

    fn under(&mut self, command: &[String]) {
        let words: Vec<&str> = command.iter().map(String::as_str).collect();
        self.scene.wraps(&words);
    }

    /// How many moments the dialogue of an undisturbed run has.
    pub fn moments(&mut self) -> usize {
        self.server.hook(|_| {});
        drop(self.scene.run().exits(0).whatever());
        self.server.unhook()
    }

    /// Plays undisturbed; all must go well now. What is in doubt is said, and nothing is but what was
    /// given to one who cannot be asked.
    pub fn recovers(&mut self) {
        self.so_far.push("recovers".into());
        let doubtful = self.story.place.keeps_its_peace() && self.claims() > 0;
        let mut outcome = self.scene.run();
        if outcome.take_status() != Some(0) {
            outcome.fail("the clean run did not go well");
        }
        if outcome.take_stderr().contains("may come twice") != doubtful {
            outcome.fail("what may come twice, and nothing else, is to be said");
        }
        drop(outcome.whatever());
    }

    /// A mail reader takes what is new elsewhere.
    pub fn is_read(&mut self) {
        self.so_far.push("is read".into());
        fs::create_dir_all(self.scene.path("Read")).unwrap();
        let Ok(new) = fs::read_dir(self.scene.path("Mail/new")) else {
            return;
        };
        for entry in new {
            let entry = entry.unwrap();
            let read = self.scene.path("Read").join(entry.file_name());
            fs::rename(entry.path(), read).unwrap();
        }
    }
}

impl Drop for Stage {
    /// A failure tells what led to it.
    fn drop(&mut self) {
        if std::thread::panicking() {
            let Story { place, fate, .. } = &self.story;
            let text = format!(
                "the story: {place:?}, {fate:?}: {}\n",
                self.so_far.join(", ")
            );
            let _ = io::stderr().write_all(text.as_bytes());
        }
    }
}
