//! What came of a run, and the strict questions to ask of it.
//!
//! An outcome wants its exit status asked for; what nobody asked about must be empty: both
//! outputs, and the mail that arrived. It checks that when it is dropped. Whatever differs is
//! told together with all that is known: the command, the dialogue, both outputs, the files.

use std::fs;
use std::os::unix::process::ExitStatusExt;
use std::sync::Arc;

use base64::prelude::{Engine, BASE64_STANDARD};

use super::mail;
use super::memory;
use super::process::{without_port, Ran};
use super::scene::ACCOUNT;
use super::schema;
use super::server::{PASSWORD, USER};
use super::world::World;

/// What came of a run.
pub struct Outcome {
    world: Arc<World>,
    command: String,
    ran: Ran,
    dialogue: String,
    mail_before: Vec<String>,
    asked: Asked,
}

/// What a test has asked about.
#[derive(Default)]
struct Asked {
    status: bool,
    stdout: bool,
    stderr: bool,
    mail: bool,
}

impl Outcome {
    pub(super) fn new(
        world: Arc<World>,
        command: String,
        mut ran: Ran,
        dialogue: String,
        mail_before: Vec<String>,
    ) -> Outcome {
        ran.stderr = without_port(&ran.stderr);
        Outcome {
            world,
            command,
            ran,
            dialogue,
            mail_before,
            asked: Asked::default(),
        }
    }

    /// Fails at once over what no run may do.
    #[track_caller]
    pub(super) fn without_trouble(self, trouble: &[String]) -> Outcome {
        if self.ran.overdue {
            self.fail("popget did not end by itself");
        }
        if !trouble.is_empty() {
            self.fail(&trouble.join("\n"));
        }
        let shown = format!("{}{}", self.stdout(), self.stderr());
        let plain = BASE64_STANDARD.encode(format!("\0{USER}\0{PASSWORD}"));
        let secrets = [PASSWORD.to_owned(), BASE64_STANDARD.encode(PASSWORD), plain];
        if secrets.iter().any(|secret| shown.contains(secret)) {
            self.fail("popget showed the password");
        }
        if self.command.contains("\"--json\"") {
            for event in self.stdout().lines() {
                if let Some(complaint) = schema::complaint(event) {
                    self.fail(&format!(
                        "an event is not as the schema says: {complaint}: {event}"
                    ));
                }
            }
        }
        self
    }

    /// Ends with this exit status.
    #[track_caller]
    pub fn exits(mut self, status: i32) -> Outcome {
        self.asked.status = true;
        if self.ran.status.code() != Some(status) {
            self.fail(&format!("expected exit status {status}"));
        }
        self
    }

    /// Ends by this signal.
    #[track_caller]
    pub fn dies_of(mut self, signal: i32) -> Outcome {
        self.asked.status = true;
        if self.ran.status.signal() != Some(signal) {
            self.fail(&format!("expected death by signal {signal}"));
        }
        self
    }

    /// Says and prints nothing.
    #[track_caller]
    pub fn silent(mut self) -> Outcome {
        (self.asked.stdout, self.asked.stderr) = (true, true);
        if !self.ran.stdout.is_empty() || !self.ran.stderr.is_empty() {
            self.fail("expected silence");
        }
        self
    }

    /// Says this, among others, on standard error.
    #[track_caller]
    pub fn says(mut self, part: &str) -> Outcome {
        self.asked.stderr = true;
        if !self.stderr().contains(part) {
            self.fail(&format!("expected on standard error: {part}"));
        }
        self
    }

    /// Says exactly this on standard error; {home} stands for $HOME.
    #[track_caller]
    pub fn says_exactly(mut self, text: &str) -> Outcome {
        self.asked.stderr = true;
        let expected = text.replace("{home}", &self.world.home().to_string_lossy());
        if self.stderr() != expected {
            self.fail(&format!("expected on standard error exactly: {expected}"));
        }
        self
    }

    /// Says this many lines on standard error.
    #[track_caller]
    pub fn says_lines(mut self, count: usize) -> Outcome {
        self.asked.stderr = true;
        if self.stderr().lines().count() != count {
            self.fail(&format!("expected {count} lines on standard error"));
        }
        self
    }

    /// Prints this, among others, on standard output.
    #[track_caller]
    pub fn prints(mut self, part: &str) -> Outcome {
        self.asked.stdout = true;
        if !self.stdout().contains(part) {
            self.fail(&format!("expected on standard output: {part}"));
        }
        self
    }

    /// Prints exactly these bytes on standard output.
    #[track_caller]
    pub fn prints_exactly(mut self, bytes: &[u8]) -> Outcome {
        self.asked.stdout = true;
        if self.ran.stdout != bytes {
            self.fail("standard output is something else");
        }
        self
    }

    /// Shows this on neither output. It does not count as asking what is there.
    #[track_caller]
    pub fn never_shows(self, part: &str) -> Outcome {
        if self.stdout().contains(part) || self.stderr().contains(part) {
            self.fail(&format!("not to be shown: {part}"));
        }
        self
    }

    /// The Maildir ~/Mail holds exactly these messages of tests/messages/, all of them in new/.
    #[track_caller]
    pub fn delivers<'a, N: AsRef<[&'a str]>>(self, names: N) -> Outcome {
        self.delivers_to("Mail", names)
    }

    /// As `delivers`, for another Maildir below $HOME.
    #[track_caller]
    pub fn delivers_to<'a, N: AsRef<[&'a str]>>(self, folder: &str, names: N) -> Outcome {
        let messages: Vec<_> = names
            .as_ref()
            .iter()
            .map(|name| mail::named(name))
            .collect();
        self.delivers_bytes_to(folder, &messages)
    }

    /// There is no mail in ~/Mail.
    #[track_caller]
    pub fn delivers_nothing(self) -> Outcome {
        self.delivers_bytes(&[])
    }

    /// The Maildir ~/Mail holds exactly these messages, in whatever order.
    #[track_caller]
    pub fn delivers_bytes(self, messages: &[Vec<u8>]) -> Outcome {
        self.delivers_bytes_to("Mail", messages)
    }

    /// As `delivers_bytes`, for another Maildir below $HOME.
    #[track_caller]
    pub fn delivers_bytes_to(mut self, folder: &str, messages: &[Vec<u8>]) -> Outcome {
        self.asked.mail = true;
        for place in ["tmp", "cur"] {
            if !self.world.names(&format!("{folder}/{place}")).is_empty() {
                self.fail(&format!("{folder}/{place} is not empty"));
            }
        }
        self.compare(
            folder,
            messages.to_vec(),
            self.world.files(&format!("{folder}/new")),
        );
        self
    }

    /// There is mail in ~/Mail. Asking that leaves judging it to the test.
    #[track_caller]
    pub fn brings_mail(mut self) -> Outcome {
        self.asked.mail = true;
        if self.world.names("Mail/new").is_empty() {
            self.fail("expected mail in ~/Mail");
        }
        self
    }

    /// The mbox (in the form mboxrd) holds these messages of tests/messages/, in this order.
    #[track_caller]
    pub fn mbox_holds<'a, N: AsRef<[&'a str]>>(self, file: &str, names: N) -> Outcome {
        let messages: Vec<_> = names
            .as_ref()
            .iter()
            .map(|name| mail::named(name))
            .collect();
        self.mbox_holds_bytes(file, &messages)
    }

    /// The mbox (in the form mboxrd) holds these messages, in this order.
    #[track_caller]
    pub fn mbox_holds_bytes(self, file: &str, messages: &[Vec<u8>]) -> Outcome {
        match mail::out_of_mboxrd(&self.file(file)) {
            Ok(found) if found == messages => {}
            Ok(found) => self.fail(&difference(file, messages, &found)),
            Err(error) => self.fail(&format!("{file}: {error}")),
        }
        self
    }

    /// The memory knows exactly these UIDs; one that is there twice is named twice.
    #[track_caller]
    pub fn remembers<'a, U: AsRef<[&'a str]>>(self, uids: U) -> Outcome {
        let mut expected = uids.as_ref().to_vec();
        expected.sort_unstable();
        let text = fs::read(self.world.memory(ACCOUNT)).unwrap_or_default();
        let known = memory::uids(&String::from_utf8_lossy(&text));
        if known != expected {
            self.fail(&format!(
                "expected a memory of {expected:?}, but it is {known:?}"
            ));
        }
        self
    }

    /// The bytes of a file below $HOME; none when there is no such file.
    pub fn file(&self, below: &str) -> Vec<u8> {
        fs::read(self.world.path(below)).unwrap_or_default()
    }

    /// Standard output. Asking for it leaves judging it to the test.
    pub fn take_stdout(&mut self) -> String {
        self.asked.stdout = true;
        self.stdout()
    }

    /// Standard error. Asking for it leaves judging it to the test.
    pub fn take_stderr(&mut self) -> String {
        self.asked.stderr = true;
        self.stderr()
    }

    /// The exit status, none after a signal. Asking for it leaves judging it to the test.
    pub fn take_status(&mut self) -> Option<i32> {
        self.asked.status = true;
        self.ran.status.code()
    }

    /// Asks nothing: for runs that are killed at any moment.
    pub fn whatever(mut self) -> Outcome {
        self.asked = Asked {
            status: true,
            stdout: true,
            stderr: true,
            mail: true,
        };
        self
    }

    /// Fails with a reason of the test's own and all that is known.
    #[track_caller]
    pub fn fail(&self, reason: &str) -> ! {
        panic!("{reason}\n{}", self.report())
    }

    fn stdout(&self) -> String {
        String::from_utf8_lossy(&self.ran.stdout).into_owned()
    }

    fn stderr(&self) -> String {
        String::from_utf8_lossy(&self.ran.stderr).into_owned()
    }

    #[track_caller]
    fn compare(&self, place: &str, mut expected: Vec<Vec<u8>>, mut found: Vec<Vec<u8>>) {
        expected.sort();
        found.sort();
        if expected != found {
            self.fail(&difference(place, &expected, &found));
        }
    }

    fn report(&self) -> String {
        format!(
            "--- command\n{}\n--- status\n{}\n--- standard output\n{}\n--- standard error\n{}\n\
             --- dialogue\n{}\n--- files\n{}",
            self.command,
            self.ran.status,
            self.stdout(),
            self.stderr(),
            self.dialogue,
            self.world.tree()
        )
    }
}

impl Drop for Outcome {
    fn drop(&mut self) {
        if std::thread::panicking() {
            return;
        }
        if !self.asked.status {
            self.fail("nobody asked for the exit status");
        }
        if !self.asked.stdout && !self.ran.stdout.is_empty() {
            self.fail("standard output was not expected");
        }
        if !self.asked.stderr && !self.ran.stderr.is_empty() {
            self.fail("standard error was not expected");
        }
        if !self.asked.mail && self.world.names("Mail/new") != self.mail_before {
            self.fail("mail arrived that was not expected");
        }
    }
}

/// What is missing and what is too much, each message by its size and its beginning.
fn difference(place: &str, expected: &[Vec<u8>], found: &[Vec<u8>]) -> String {
    let show = |message: &Vec<u8>| {
        let start = String::from_utf8_lossy(&message[..message.len().min(120)]).into_owned();
        format!("\n    {} bytes: {}", message.len(), start.escape_debug())
    };
    let without = |these: &[Vec<u8>], those: &[Vec<u8>]| {
        let mut those = those.to_vec();
        let mut rest = Vec::new();
        for message in these {
            match those.iter().position(|other| other == message) {
                Some(at) => drop(those.swap_remove(at)),
                None => rest.push(show(message)),
            }
        }
        rest.concat()
    };
    let (missing, extra) = (without(expected, found), without(found, expected));
    let counts = format!(
        "{place} holds {} messages of {}",
        found.len(),
        expected.len()
    );
    match (missing.as_str(), extra.as_str()) {
        ("", "") => format!("{counts}, in another order"),
        _ => format!("{counts}\n  missing:{missing}\n  not expected:{extra}"),
    }
}
