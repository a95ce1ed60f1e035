//! What each program is, and how it treats the disk: like is to be compared with like.

use std::fs;
use std::process::{Command, Stdio};

use anyhow::{Context, Result};

use super::course::Course;
use super::floor::Duty;
use super::measure::{humble, Told};
use super::programs::{Program, PEERS};
use super::works::{Mail, To};

/// What a program does for the sake of one message.
pub struct Habit {
    /// The program.
    pub program: Program,
    /// Its version.
    pub version: String,
    /// How often it syncs a file or a folder.
    pub syncs: f64,
    /// How often it starts a process.
    pub starts: f64,
    /// How often it asks the system for anything at all.
    pub calls: f64,
}

/// The mail on which habits are observed.
const MAIL: Mail = Mail {
    users: 1,
    count: 100,
    size: 4096,
};

/// Observes all of them while they fetch to the disk.
pub fn observe(course: &Course) -> Result<Vec<Habit>> {
    let all = [Program::Popget].into_iter().chain(PEERS);
    let all = all.chain([Program::Floor(Duty::Synced)]);
    all.map(|program| one(course, program)).collect()
}

fn one(course: &Course, program: Program) -> Result<Habit> {
    let folder = course.lab.folder(To::Disk)?;
    let job = course.errand(MAIL, To::Disk, folder.path())?;
    let told = program.told(&job)?;
    super::lab::hand_over(folder.path())?;
    let counts = folder.path().join("counts");
    let mut traced = Told::words(&["strace", "-f", "-c", "-o"]);
    traced.words.push(counts.clone().into());
    traced.words.extend(told.words);
    traced.environment = told.environment;
    let mut command = Command::new("strace");
    command.args(&traced.words[1..]);
    course.starter.furnish(&mut command, &traced, folder.path());
    command.stdout(Stdio::null()).stderr(Stdio::null());
    humble(&mut command);
    command.status().context("strace")?;
    let table = fs::read_to_string(counts).context("what strace counted")?;
    let count = |calls: &[&str]| counted(&table, calls) / MAIL.count as f64;
    Ok(Habit {
        program,
        version: version(course, program)?,
        syncs: count(&["fsync", "fdatasync", "syncfs", "sync_file_range", "msync"]),
        starts: count(&["fork", "vfork", "clone", "clone3"]),
        calls: count(&["total"]),
    })
}

/// How often these were called, by the table of strace: its last word is the call, its fourth how
/// often that was.
fn counted(table: &str, calls: &[&str]) -> f64 {
    let rows = table
        .lines()
        .map(|row| row.split_whitespace().collect::<Vec<_>>());
    let rows = rows.filter(|row| row.last().is_some_and(|call| calls.contains(call)));
    rows.filter_map(|row| row.get(3)?.parse::<f64>().ok())
        .fold(0.0, |all, count| all + count)
}

/// The first number in what a program says about itself, or what its package says.
fn version(course: &Course, program: Program) -> Result<String> {
    let asked = match program {
        Program::Fdm => Told::words(&["dpkg-query", "-W", "-f", "${Version}", "fdm"]),
        Program::Floor(_) => return Ok(String::new()),
        _ => program.version(),
    };
    let folder = course.lab.folder(To::Memory)?;
    course.starter.run(&asked, folder.path())?;
    let said = fs::read_to_string(folder.path().join("log"))?;
    let mut words = said.split_whitespace();
    let number =
        words.find(|word| word.contains('.') && word.contains(|c: char| c.is_ascii_digit()));
    let number = number.unwrap_or("unknown").split('+').next();
    Ok(number
        .unwrap_or_default()
        .trim_start_matches("release")
        .into())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn calls_are_counted_by_name() {
        let table = "% time     seconds  usecs/call     calls    errors syscall\n\
            ------ ----------- ----------- --------- --------- ----------------\n\
             60.00    0.000600           3       200         5 fsync\n\
             40.00    0.000400           4       100           fdatasync\n\
            100.00    0.001000           3       300         5 total\n";
        assert!((counted(table, &["fsync", "fdatasync"]) - 300.0).abs() < 1e-9);
        assert!((counted(table, &["total"]) - 300.0).abs() < 1e-9);
        assert!(counted(table, &["clone"]).abs() < 1e-9);
    }
}
