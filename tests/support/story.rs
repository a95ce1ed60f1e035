//! A story that must end well whatever strikes in the middle: some messages are fetched, the run is
//! killed or the system fails it at a chosen point, and a clean run follows. What must have come of
//! it is said in ending.rs.

use std::any::Any;
use std::fs;
use std::io::{self, Write};
use std::sync::Arc;
use std::thread;
use std::time::Duration;

use super::lmtp::LmtpServer;
use super::mail;
use super::memory;
use super::outcome::Outcome;
use super::pop1;
use super::scene::Scene;
use super::server::{Builder, Language, PopServer, Security};
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
    /// The Maildir and the mbox.
    Both,
    /// All three.
    All,
    /// The Maildir and the mbox, but of some messages one alone, as their recipients have it.
    Sorted,
    /// A server that takes mail by LMTP.
    Lmtp,
}

impl Place {
    /// The single places that it is made of.
    pub fn parts(self) -> &'static [Place] {
        match self {
            Place::Maildir => &[Place::Maildir],
            Place::Mbox => &[Place::Mbox],
            Place::Mda => &[Place::Mda],
            Place::Lmtp => &[Place::Lmtp],
            Place::Both | Place::Sorted => &[Place::Maildir, Place::Mbox],
            Place::All => &[Place::Maildir, Place::Mbox, Place::Mda],
        }
    }

    /// Whether nobody can ask it later what it took, so that what was in flight may come twice.
    pub fn keeps_its_peace(self) -> bool {
        self.has(Place::Mda) || self.has(Place::Lmtp)
    }

    /// Whether this is one of them.
    pub fn has(self, part: Place) -> bool {
        self.parts().contains(&part)
    }

    /// Whose a single one is where mail is sorted.
    pub(super) fn user(self) -> &'static str {
        match self {
            Place::Mbox => "mbox",
            _ => "maildir",
        }
    }

    /// The YAML of a single one.
    fn yaml(self) -> &'static str {
        match self {
            Place::Mbox => "mbox: ~/mbox",
            Place::Mda => "mda: cat > \"$(mktemp \"$HOME/got/XXXXXX\")\"",
            _ => "maildir: ~/Mail",
        }
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

/// A scene that was readied for a server, and what must be there meanwhile.
pub type Readied = (Scene, Box<dyn Any>);

/// What readies a scene for a server.
type Ready = dyn Fn(&PopServer, Scene) -> Readied;

/// How a server is spoken with, where that is not just POP3.
#[derive(Clone)]
pub struct Way {
    /// What it is to be.
    pub server: fn(Builder) -> Builder,
    /// Readies it and a scene.
    pub scene: Arc<Ready>,
}

impl Way {
    /// A server that is spoken with in this way, with these messages, and a scene for it.
    pub fn stage(&self, messages: &[(String, Vec<u8>)]) -> (PopServer, Scene, Box<dyn Any>) {
        let server = (self.server)(PopServer::builder()).start();
        for (uid, message) in messages {
            server.maildrop().add(uid, message);
        }
        let (scene, between) = (self.scene)(&server, Scene::with_server(&server));
        (server, scene, between)
    }
}

/// Fifty messages of all kinds.
pub fn fifty() -> Vec<(String, Vec<u8>)> {
    let messages = mail::friendly().into_iter().chain(mail::ugly());
    messages.take(50).collect()
}

/// What is told: the messages, where they go, what becomes of them.
#[derive(Clone)]
pub struct Story {
    /// Where they go.
    pub place: Place,
    pub(super) fate: Fate,
    pub(super) messages: Vec<(String, Vec<u8>)>,
    secure: bool,
    way: Option<Way>,
    language: Language,
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
    _between: Box<dyn Any>,
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
        if place == Place::Sorted {
            for (n, (_, message)) in messages.iter_mut().enumerate() {
                let to = ["X-To: maildir, mbox\n", "X-To: maildir\n", "X-To: mbox\n"][n % 3];
                message.splice(..0, to.bytes());
            }
        }
        Story {
            place,
            fate,
            messages,
            secure: false,
            way: None,
            language: Language::Pop3,
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

    /// A story of fifty messages of all kinds.
    pub fn of_all_kinds(place: Place, fate: Fate) -> Story {
        Story {
            messages: fifty(),
            ..Story::new(place, fate)
        }
    }

    /// The same, but the server is spoken with in this way.
    pub fn by(self, way: &Way) -> Story {
        let way = Some(way.clone());
        Story { way, ..self }
    }

    /// The same over TLS.
    pub fn securely(self) -> Story {
        Story {
            secure: true,
            ..self
        }
    }

    /// The same in another protocol.
    pub fn speaking(self, language: Language) -> Story {
        Story { language, ..self }
    }

    /// The same, but the line may be lost so often within a run.
    pub fn retrying(self, retry: u32) -> Story {
        Story { retry, ..self }
    }

    /// A message as it arrives.
    pub(super) fn arriving(&self, message: &[u8]) -> Vec<u8> {
        match self.language {
            Language::Pop3 | Language::Pop2 => message.to_vec(),
            Language::Pop1 => pop1::in_lump(message),
        }
    }

    /// Everything is ready for its beginning.
    pub fn stage(&self) -> Stage {
        let security = match self.secure {
            true => Security::Implicit(Certificate::Good),
            false => Security::None,
        };
        let builder = PopServer::builder().speaking(self.language);
        let builder = builder.security(security);
        let server = match &self.way {
            None => builder,
            Some(way) => (way.server)(builder),
        };
        let server = server.start();
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
        let scene = match self.place.parts() {
            parts if self.place == Place::Sorted => {
                let route = |part: &Place| format!("  {}: {{{}}}\n", part.user(), part.yaml());
                let routes: String = parts.iter().map(route).collect();
                let keys = format!("envelope: X-To\nroutes:\n{routes}");
                scene.without_key("deliver").key("multidrop", &keys)
            }
            [Place::Lmtp] => scene.deliver(&format!("lmtp: {{address: {}}}", relay.address())),
            [part] => scene.deliver(part.yaml()),
            parts => {
                let items = parts.iter().map(|part| format!("- {}\n", part.yaml()));
                scene.deliver(&items.collect::<String>())
            }
        };
        let scene = match self.place.has(Place::Mbox) {
            true => scene.file("mbox", OLD),
            false => scene,
        };
        if self.place.has(Place::Mda) {
            fs::create_dir_all(scene.path("got")).unwrap();
        }
        let (scene, between): Readied = match &self.way {
            None => (scene, Box::new(())),
            Some(way) => (way.scene)(&server, scene),
        };
        Stage {
            story: self.clone(),
            server,
            scene,
            relay,
            _between: between,
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
