//! popget and programs like it at the same work, on this machine: how long each takes, what it
//! costs, and whether every octet arrived. tests/bench/run builds and starts this.
//!
//! - `works`: what is compared, and what is to come of it; `course`: how it is done and measured
//! - `programs`: how each is told to do the same; `floor`: a bare client, as fast as one can be
//! - `lab`, `letters`: the server, the mail on it, and the folders; `distance`: a server far away
//! - `measure`: what a run costs; `check`: what it delivered; `habits`: what it asks of the system
//! - `report`, `chart`: what came of it, to be read and to be seen

#![allow(
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "telling figures is what this is for"
)]
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "part of the tests, as its support is"
)]
#![allow(
    missing_docs,
    reason = "a program, of whose parts nobody else makes use"
)]

use std::ffi::OsString;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::atomic::AtomicBool;
use std::sync::Arc;
use std::time::Duration;

use anyhow::{bail, ensure, Context, Result};
use clap::Parser;
use signal_hook::consts::{SIGINT, SIGTERM};

mod chart;
mod check;
mod course;
mod distance;
mod floor;
mod habits;
mod lab;
mod letters;
mod machine;
mod measure;
mod programs;
mod report;
#[allow(dead_code, reason = "a Dovecot needs fewer words than the tests")]
mod support;
mod works;

use course::{Course, Done};
use floor::{Access, Duty};
use habits::Habit;
use lab::Lab;
use measure::Starter;
use programs::Program;
use works::Work;

/// What may be asked for.
#[derive(Parser)]
#[command(name = "tests/bench/run")]
#[command(about = "Compares popget with other programs and with a bare client")]
struct Asked {
    /// Works to do, instead of all
    work: Vec<String>,
    /// How often each is done
    #[arg(long, default_value_t = 5)]
    repeat: usize,
    /// About a tenth of the work
    #[arg(long)]
    quick: bool,
    /// Without TLS only
    #[arg(long)]
    plain: bool,
    /// Of the programs only these; popget and the floor are always there
    #[arg(long, value_name = "PROGRAM", value_delimiter = ',')]
    only: Option<Vec<String>>,
    /// Seconds that a run may take
    #[arg(long, default_value_t = 120)]
    limit: u64,
    /// Another popget than the one built beside this
    #[arg(long)]
    popget: Option<PathBuf>,
    /// A folder in memory
    #[arg(long, default_value = "/dev/shm")]
    memory: PathBuf,
    /// A folder on the disk that is measured
    #[arg(long, default_value = "/var/tmp")]
    disk: PathBuf,
    /// Where to put the table
    #[arg(long, value_name = "FILE")]
    table: Option<PathBuf>,
    /// Where to put the chart
    #[arg(long, value_name = "FILE")]
    chart: Option<PathBuf>,
    /// Says which works there are
    #[arg(long)]
    list: bool,
}

fn main() -> ExitCode {
    let mut arguments: Vec<OsString> = std::env::args_os().collect();
    let rest = arguments.split_off(arguments.len().min(2));
    let ended = match arguments.get(1).and_then(|word| word.to_str()) {
        Some(measure::LAUNCH) => measure::launch(&rest).map(|cost| println!("{cost}")),
        Some("floor") => be_the_floor(&rest),
        _ => compare(&Asked::parse()),
    };
    match ended {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            say(&format!("{error:#}"));
            ExitCode::FAILURE
        }
    }
}

/// Tells whoever waits.
fn say(what: &str) {
    eprintln!("{what}");
}

/// Fetches as one of the programs compared.
fn be_the_floor(words: &[OsString]) -> Result<()> {
    let [duty, host, port, users, maildir, ca @ ..] = words else {
        bail!("the floor wants to know what to do");
    };
    let text = |word: &OsString| word.to_string_lossy().into_owned();
    let port = text(port).parse()?;
    let access = |user: &str| Access {
        host: text(host),
        port,
        ca: ca.first().map(PathBuf::from),
        user: user.into(),
        password: support::server::PASSWORD.into(),
    };
    let all: Vec<Access> = text(users).split(',').map(access).collect();
    let duty = Duty::named(&text(duty)).context("the floor knows no such duty")?;
    floor::run_all(duty, &all, Path::new(maildir))
}

fn compare(asked: &Asked) -> Result<()> {
    let works = chosen(asked)?;
    if asked.list {
        works
            .iter()
            .for_each(|work| println!("{:<12} {}", work.name, work.what));
        return Ok(());
    }
    let stop = Arc::new(AtomicBool::new(false));
    for signal in [SIGINT, SIGTERM] {
        signal_hook::flag::register(signal, Arc::clone(&stop))?;
    }
    let lab = Lab::open(&asked.memory, &asked.disk)?;
    let path = install(&lab, asked)?;
    let course = Course {
        lab: &lab,
        starter: Starter {
            path,
            limit: Duration::from_secs(asked.limit),
            stop,
        },
        repeat: asked.repeat,
    };
    let mut done = Vec::new();
    // Called off, it still tells what was done until then.
    let ended = works.iter().try_for_each(|work| -> Result<()> {
        for tls in [false, true] {
            if !tls || (work.tls && !asked.plain) {
                say(&format!(
                    "== {}{}",
                    work.what,
                    if tls { ", TLS" } else { "" }
                ));
                done.push(course.run(work, tls)?);
            }
        }
        Ok(())
    });
    let habits = match ended.is_ok() && wanted(asked, HABITS) {
        true => habits::observe(&course)?,
        false => Vec::new(),
    };
    publish(asked, &machine::told(asked, &lab), &habits, &done)?;
    ended?;
    let right = report::trustworthy(&done);
    ensure!(
        right,
        "popget or the floor did not do all that it was to do"
    );
    Ok(())
}

/// Tells what came of it, and puts it where it was asked for.
fn publish(asked: &Asked, machine: &str, habits: &[Habit], done: &[Done]) -> Result<()> {
    let text = report::whole(machine, habits, done);
    println!("{text}");
    for (place, text) in [(&asked.table, text), (&asked.chart, chart::draw(done))] {
        if let Some(place) = place {
            fs::write(place, text).with_context(|| place.display().to_string())?;
        }
    }
    Ok(())
}

/// Installs our own programs in the lab; gives the path on which all programs are found.
fn install(lab: &Lab, asked: &Asked) -> Result<OsString> {
    let here = std::env::current_exe()?;
    lab.install("bench", &here)?;
    let beside = here.ancestors().nth(2).map(|folder| folder.join("popget"));
    let popget = asked.popget.clone().or(beside);
    lab.install("popget", &popget.context("this program is nowhere")?)?;
    let mut path = lab.programs().into_os_string();
    path.push(":");
    path.push(std::env::var_os("PATH").unwrap_or_default());
    Ok(path)
}

/// What is asked for to see the habits of the programs alone.
const HABITS: &str = "habits";

fn wanted(asked: &Asked, name: &str) -> bool {
    asked.work.is_empty() || asked.work.iter().any(|work| work == name)
}

/// The works asked for, with the programs asked for.
fn chosen(asked: &Asked) -> Result<Vec<Work>> {
    let mut works = works::all(asked.quick);
    for name in &asked.work {
        let known = name == HABITS || works.iter().any(|work| work.name == name);
        ensure!(known, "there is no work called {name}; see --list");
    }
    works.retain(|work| wanted(asked, work.name));
    if let Some(only) = &asked.only {
        for work in &mut works {
            let named = |name| only.iter().any(|only| only == name);
            let stays = |program: Program| program.is_ours() || named(program.name());
            work.workers.retain(|worker| stays(worker.program));
        }
    }
    Ok(works)
}
