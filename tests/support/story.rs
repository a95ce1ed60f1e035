//! A story that must end well whatever strikes in the middle: some messages are fetched, the run is
//! killed or the system fails it at a chosen point, and a clean run follows. Then every message is
//! there once and whole, nothing of ours is left over, the maildrop is as the policy says, and the
//! memory is what it would have been.

use std::fs;
use std::io::{self, Write};
use std::path::Path;
use std::process::{Command, Stdio};

use super::mail;
use super::memory;
use super::outcome::Outcome;
use super::scene::{Scene, ACCOUNT};
use super::server::PopServer;

/// Where the mail of a story goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Place {
    /// A Maildir, ~/Mail.
    Maildir,
    /// An mbox, ~/mbox, with a message in it already.
    Mbox,
    /// A program that makes a file below ~/got of each message.
    Mda,
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
    place: Place,
    fate: Fate,
    messages: Vec<(String, Vec<u8>)>,
}

/// The message that is in the mbox before.
const OLD: &[u8] = b"From old@example.org Thu Jan  1 00:00:00 2026\nSubject: old\n\nold\n\n";

/// A story under way.
pub struct Stage {
    story: Story,
    /// The server that has the messages.
    pub server: PopServer,
    /// The scene that is played.
    pub scene: Scene,
    so_far: Vec<String>,
}

/// Whether strace is here. Where it is not, that is a failure in continuous integration; elsewhere
/// it is said aloud, and there is nothing to test.
pub fn strace_is_here() -> bool {
    let mut trial = Command::new("strace");
    trial.args(["-f", "-o", "/dev/null", "true"]);
    let works = trial.stdout(Stdio::null()).stderr(Stdio::null()).status();
    if works.is_ok_and(|status| status.success()) {
        return true;
    }
    let loss = "no strace that works here: the tests with failing system calls are skipped\n";
    assert!(std::env::var("CI").as_deref() != Ok("true"), "{loss}");
    // Past the test harness, which would swallow what a passing test prints.
    let _ = io::stderr().write_all(loss.as_bytes());
    false
}

impl Story {
    /// A few small messages and one that is larger than what is kept in memory.
    pub fn new(place: Place, fate: Fate) -> Story {
        let small = ["alpha.eml", "dots.eml", "from-lines.eml", "bare-cr.eml"];
        let mut messages: Vec<_> = small
            .map(|name| (name.to_owned(), mail::named(name)))
            .into();
        let line = b"From here on it is long, and longer than the spool's memory.\n".repeat(6000);
        let large = [&b"Subject: large\n\n"[..], &line].concat();
        messages.insert(2, ("large".into(), large));
        Story {
            place,
            fate,
            messages,
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
            place,
            fate,
            messages,
        }
    }

    /// Everything is ready for its beginning.
    pub fn stage(&self) -> Stage {
        let server = PopServer::start();
        for (uid, message) in &self.messages {
            server.maildrop().add(uid, message);
        }
        let keep = if self.fate == Fate::Kept {
            "true"
        } else {
            "false"
        };
        let scene = Scene::with_server(&server).key("keep", keep);
        let scene = match self.place {
            Place::Maildir => scene,
            Place::Mbox => scene.deliver("mbox: ~/mbox").file("mbox", OLD),
            Place::Mda => {
                fs::create_dir_all(scene.path("got")).unwrap();
                scene.deliver("mda: cat > \"$(mktemp \"$HOME/got/XXXXXX\")\"")
            }
        };
        Stage {
            story: self.clone(),
            server,
            scene,
            so_far: Vec::new(),
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
    /// Plays with the k-th call of this kind (of any thread) made to do `what`, in the words of
    /// strace; tells whether that happened, and the outcome.
    pub fn struck(&mut self, call: &str, what: &str) -> (bool, Outcome) {
        let trace = self.scene.path("../trace");
        let (traced, injected) = (format!("trace=?{call}"), format!("inject=?{call}:{what}"));
        let log = trace.to_string_lossy().into_owned();
        let words = [
            "strace", "-f", "-qq", "-b", "execve", "-o", &log, "-e", &traced, "-e",
        ];
        self.scene.wraps(&[&words[..], &[&injected]].concat());
        self.so_far.push(format!("{call}:{what}"));
        let mut outcome = self.scene.run();
        self.scene.wraps(&[]);
        let log = fs::read_to_string(&trace).unwrap_or_default();
        let killed = outcome.take_status().is_none();
        (killed || log.contains("(INJECTED)"), outcome)
    }

    /// Plays until the k-th call of this kind; tells whether it came so far.
    pub fn killed_at(&mut self, call: &str, k: usize) -> bool {
        let (killed, outcome) = self.struck(call, &format!("signal=SIGKILL:when={k}"));
        drop(outcome.whatever());
        killed
    }

    /// Plays until the server has seen k moments of the dialogue; tells whether it came so far.
    pub fn killed_at_exchange(&mut self, k: usize) -> bool {
        let victim = self.scene.victim();
        self.server.hook(move |exchange| {
            if exchange.number == k {
                victim.kill();
            }
        });
        self.so_far.push(format!("exchange {k}"));
        let mut outcome = self.scene.run();
        self.server.unhook();
        let killed = outcome.take_status().is_none();
        drop(outcome.whatever());
        killed
    }

    /// Plays undisturbed; all must go well now, and nothing may be in doubt.
    pub fn recovers(&mut self) {
        self.so_far.push("recovers".into());
        let mut outcome = self.scene.run();
        if outcome.take_status() != Some(0) {
            outcome.fail("the clean run did not go well");
        }
        drop(outcome.never_shows("may come twice").whatever());
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

    /// What has arrived so far, sorted. A message that is there by half counts.
    pub fn arrived(&self) -> Vec<Vec<u8>> {
        let mut messages = match self.story.place {
            Place::Maildir => [
                contents(&self.scene.path("Mail/new")),
                contents(&self.scene.path("Read")),
            ]
            .concat(),
            Place::Mda => contents(&self.scene.path("got")),
            Place::Mbox => {
                let mbox = fs::read(self.scene.path("mbox")).unwrap();
                let rest = mbox
                    .strip_prefix(OLD)
                    .unwrap_or_else(|| panic!("the old mail is gone"));
                mail::out_of_mboxrd(rest).unwrap_or_else(|error| panic!("~/mbox: {error}"))
            }
        };
        messages.sort();
        messages
    }

    /// What was to arrive, sorted.
    pub fn expected(&self) -> Vec<Vec<u8>> {
        let mut messages: Vec<_> = self
            .story
            .messages
            .iter()
            .map(|(_, bytes)| bytes.clone())
            .collect();
        messages.sort();
        messages
    }

    /// What has arrived is whole and there once, though there may be more to come.
    pub fn is_sound(&self) {
        let mut missing = self.expected();
        for message in self.arrived() {
            let at = missing.iter().position(|expected| *expected == message);
            let at = at.unwrap_or_else(|| panic!("not whole, or twice: {}", shown(&message)));
            missing.remove(at);
        }
    }

    /// The story is over, and all is as it should be.
    pub fn ended_well(&self, settled: &[String]) {
        let (arrived, expected) = (self.arrived(), self.expected());
        if arrived != expected {
            let list = |messages: &[Vec<u8>]| {
                messages
                    .iter()
                    .map(|m| shown(m))
                    .collect::<Vec<_>>()
                    .join("\n  ")
            };
            panic!(
                "arrived:\n  {}\nexpected:\n  {}",
                list(&arrived),
                list(&expected)
            );
        }
        self.left_nothing_over(settled);
    }

    /// As `ended_well`, the mail itself aside.
    pub fn left_nothing_over(&self, settled: &[String]) {
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
        if self.story.place == Place::Mbox {
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

    fn memory(&self) -> String {
        fs::read_to_string(
            self.scene
                .path(&format!(".local/state/popget/{ACCOUNT}.seen")),
        )
        .unwrap()
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
