//! popget shown on itself: an embedded POP3 server with a dozen letters over TLS, and two runs.
//!
//! `cargo run --example demo` builds popget, lets it fetch everything into a Maildir in a
//! temporary folder, shows what came, and runs it again to show that nothing is fetched twice.
//! It checks what it shows: the exit status is 0 only if all of it held. Another popget than the
//! one built here can be named as the argument.

#![allow(
    clippy::print_stdout,
    reason = "showing is what a demonstration is for"
)]
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "part of the tests, as its support is"
)]

use std::env;
use std::fs::{self, Permissions};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode};

use tempfile::TempDir;

/// As much of the tests' support as a server takes; the tests use the rest.
#[allow(
    dead_code,
    reason = "the demonstration needs fewer words than the tests"
)]
mod support {
    #[path = "../support/guest.rs"]
    pub mod guest;
    #[path = "../support/login.rs"]
    pub mod login;
    #[path = "../support/long.rs"]
    pub mod long;
    #[path = "../support/made.rs"]
    pub mod made;
    #[path = "../support/mail.rs"]
    pub mod mail;
    #[path = "../support/maildrop.rs"]
    pub mod maildrop;
    #[path = "../support/pop1.rs"]
    pub mod pop1;
    #[path = "../support/pop2.rs"]
    pub mod pop2;
    #[path = "../support/proof.rs"]
    pub mod proof;
    #[path = "../support/server.rs"]
    pub mod server;
    #[path = "../support/session.rs"]
    pub mod session;
    #[path = "../support/speech.rs"]
    pub mod speech;
    #[path = "../support/tls.rs"]
    pub mod tls;
    #[path = "../support/wire.rs"]
    pub mod wire;
}

use support::mail;
use support::server::{PopServer, Security, PASSWORD, USER};
use support::tls::{self, Certificate};

fn main() -> ExitCode {
    match demonstrate() {
        Ok(()) => {
            println!("\nAll of it held: nothing lost, nothing twice, not a byte changed.");
            ExitCode::SUCCESS
        }
        Err(what) => {
            println!("\nThis did not hold: {what}");
            ExitCode::FAILURE
        }
    }
}

fn demonstrate() -> Result<(), String> {
    let popget = popget()?;
    let letters = mail::friendly();
    let security = Security::Implicit(Certificate::Good);
    let server = PopServer::builder().security(security).start();
    for (index, (_, letter)) in letters.iter().enumerate() {
        server
            .maildrop()
            .add(&format!("letter-{}", index + 1), letter);
    }
    let place = Place::furnished(&server);
    println!(
        "A POP3 server on 127.0.0.1:{} holds {} letters.",
        server.port(),
        letters.len()
    );
    println!("It speaks TLS. This is {}:\n", place.config().display());
    println!("{}", indented(&fs::read_to_string(place.config()).unwrap()));

    place.run(&popget)?;
    let arrived = place.letters();
    println!("Now the Maildir holds:\n\n{}", indented(&table(&arrived)));
    let mut expected: Vec<_> = letters.into_iter().map(|(_, letter)| letter).collect();
    expected.sort();
    let mut found = arrived;
    found.sort();
    if found != expected {
        return Err("what arrived is not what the server held".into());
    }

    place.run(&popget)?;
    let sessions = server.sessions();
    let fetched: Vec<usize> = sessions.iter().map(|session| retrievals(session)).collect();
    let count = place.letters().len();
    for (run, letters) in ["first", "second"].iter().zip(&fetched) {
        println!("The {run} run fetched {letters} letters.");
    }
    println!("The Maildir holds {count}.");
    if fetched != [expected.len(), 0] {
        return Err("a letter was fetched twice".into());
    }
    if count != expected.len() {
        return Err("the second run changed the Maildir".into());
    }
    Ok(())
}

/// The popget to show: the one named as the argument, or the one built beside this program.
fn popget() -> Result<PathBuf, String> {
    if let Some(named) = env::args_os().nth(1).map(PathBuf::from) {
        return fs::canonicalize(&named).map_err(|error| format!("{}: {error}", named.display()));
    }
    let here = env::current_exe().map_err(|error| error.to_string())?;
    let folder = here.ancestors().nth(2).ok_or("this program is nowhere")?;
    let popget = folder.join("popget");
    // `cargo run --example` builds the library and the example, but no other program.
    let mut build = Command::new(env::var_os("CARGO").unwrap_or("cargo".into()));
    build
        .args(["build", "--quiet", "--bin", "popget"])
        .current_dir(env!("CARGO_MANIFEST_DIR"));
    match folder.file_name().and_then(|name| name.to_str()) {
        None | Some("debug") => {}
        Some(profile) => drop(build.args(["--profile", profile])),
    }
    let built = build.status().map_err(|error| format!("cargo: {error}"))?;
    if built.success() && popget.exists() {
        Ok(popget)
    } else {
        Err(format!("popget could not be built as {}", popget.display()))
    }
}

/// A temporary folder with a configuration, a password, and soon a Maildir.
struct Place(TempDir);

impl Place {
    fn furnished(server: &PopServer) -> Place {
        let place = Place(TempDir::with_prefix("popget-demo-").unwrap());
        let folder = place.0.path();
        tls::write_ca(folder);
        let password = folder.join("password");
        fs::write(&password, format!("{PASSWORD}\n")).unwrap();
        fs::set_permissions(&password, Permissions::from_mode(0o600)).unwrap();
        let config = format!(
            "accounts:
  demo:
    server: 127.0.0.1:{port}
    tls: implicit
    tls_ca_file: {folder}/ca.pem
    user: {USER}
    password_file: {folder}/password
    deliver:
      maildir: {folder}/Mail
",
            port = server.port(),
            folder = folder.display()
        );
        fs::write(place.config(), config).unwrap();
        place
    }

    fn config(&self) -> PathBuf {
        self.0.path().join("popget.yaml")
    }

    /// Runs popget as a user would.
    fn run(&self, popget: &Path) -> Result<(), String> {
        let (config, state) = (self.config(), self.0.path().join("state"));
        let (config, state) = (config.display(), state.display());
        println!("$ popget --config {config} --state-dir {state}");
        let mut command = Command::new(popget);
        command.arg("--config").arg(config.to_string());
        command.arg("--state-dir").arg(state.to_string());
        let status = command
            .status()
            .map_err(|error| format!("popget: {error}"))?;
        match status.success() {
            true => Ok(()),
            false => Err(format!("popget failed: {status}")),
        }
    }

    /// What is in the Maildir, in the order of the letters' dates.
    fn letters(&self) -> Vec<Vec<u8>> {
        let Ok(entries) = fs::read_dir(self.0.path().join("Mail/new")) else {
            return Vec::new();
        };
        let read = |entry: std::io::Result<fs::DirEntry>| fs::read(entry.unwrap().path()).unwrap();
        let mut letters: Vec<_> = entries.map(read).collect();
        // All of one month, and its days have two digits: they sort as text.
        letters.sort_by_key(|letter| mail::field(letter, "Date").split_off(5));
        letters
    }
}

fn retrievals(session: &[String]) -> usize {
    session
        .iter()
        .filter(|command| command.starts_with("RETR "))
        .count()
}

fn table(letters: &[Vec<u8>]) -> String {
    let row = |letter: &Vec<u8>| {
        let from = mail::field(letter, "From");
        let sender = from.split(" <").next().unwrap_or_default();
        format!(
            "{sender:<28.28} {:<44.44} {:>5} bytes\n",
            mail::field(letter, "Subject"),
            letter.len()
        )
    };
    letters.iter().map(row).collect()
}

fn indented(text: &str) -> String {
    text.lines().map(|line| format!("    {line}\n")).collect()
}
