//! The manual pages tell of every option, key and exit status, and of none that is not there.

use super::source;
use std::process::Command;

/// What popget prints when asked.
pub fn popget(arguments: &[&str]) -> String {
    let output = Command::new(env!("CARGO_BIN_EXE_popget"))
        .args(arguments)
        .output()
        .unwrap();
    assert!(output.status.success(), "popget {arguments:?}");
    String::from_utf8(output.stdout).unwrap()
}

/// The lines of a manual page below a heading, up to the next one.
pub fn section<'p>(page: &'p str, heading: &str) -> impl Iterator<Item = &'p str> {
    let heading = format!(".Sh {heading}");
    let below = page
        .lines()
        .skip_while(move |line| *line != heading)
        .skip(1);
    below.take_while(|line| !line.starts_with(".Sh "))
}

#[test]
fn every_option_is_in_the_manual_and_the_reverse() {
    let help = popget(&["--help"]);
    let mut offered = Vec::new();
    for line in help.lines().map(str::trim_start) {
        if line.starts_with('-') && !line.starts_with("- ") {
            let words = line
                .split([' ', ','])
                .map(|word| word.trim_end_matches("..."));
            offered.extend(
                words
                    .filter(|word| word.len() > 1 && word.starts_with('-'))
                    .map(str::to_owned),
            );
        }
    }
    let page = source::text("man/popget.1");
    let items = section(&page, "OPTIONS").filter_map(|line| line.strip_prefix(".It "));
    let mut told = Vec::new();
    for item in items {
        let words: Vec<&str> = item.split(' ').collect();
        let flags = words.windows(2).filter(|pair| pair[0] == "Fl");
        told.extend(flags.map(|pair| format!("-{}", pair[1])));
    }
    super::same(("popget --help", offered), ("OPTIONS in popget.1", told));
}

#[test]
fn every_command_is_in_the_manual_and_the_reverse() {
    let help = popget(&["--help"]);
    let listed = help.lines().skip_while(|line| *line != "Commands:").skip(1);
    let offered = listed
        .take_while(|line| !line.is_empty())
        .filter_map(|line| line.split_whitespace().next())
        .map(str::to_owned);
    let page = source::text("man/popget.1");
    let told = section(&page, "COMMANDS").filter_map(|line| {
        let item = line.strip_prefix(".It Cm ")?;
        item.split(' ').next().map(str::to_owned)
    });
    // One that has commands of its own is told of by each of them.
    let mut told: Vec<String> = told.collect();
    told.dedup();
    super::same(
        ("popget --help", offered.collect()),
        ("COMMANDS in popget.1", told),
    );
}

#[test]
fn every_key_is_in_the_manual_and_the_reverse() {
    let source = source::text("src/config/file.rs");
    let fields = source.lines().filter_map(|line| {
        let (name, _) = line.strip_prefix("    pub ")?.split_once(": ")?;
        name.chars()
            .all(|letter| letter.is_ascii_lowercase() || letter == '_')
            .then(|| name.to_owned())
    });
    let page = source::text("man/popget.yaml.5");
    let items = page.lines().filter_map(|line| line.strip_prefix(".It Ic "));
    let told = items
        .filter_map(|item| item.split(' ').next())
        .map(str::to_owned);
    super::same(
        ("src/config/file.rs", fields.collect()),
        ("popget.yaml.5", told.collect()),
    );
}

/// The numbers of the exit statuses, from the one place that has them.
fn statuses() -> Vec<String> {
    let source = source::text("src/error/status.rs");
    let arms = source.lines().filter_map(|line| {
        let (name, number) = line.trim().strip_suffix(',')?.split_once(" => ")?;
        let number = number.parse::<u8>().ok()?;
        name.starts_with("Self::").then(|| number.to_string())
    });
    arms.collect()
}

#[test]
fn every_exit_status_is_in_the_manual_and_the_readme_and_the_reverse() {
    let page = source::text("man/popget.1");
    let items = section(&page, "EXIT STATUS").filter_map(|line| line.strip_prefix(".It "));
    let told = items
        .filter(|item| item.parse::<u8>().is_ok())
        .map(str::to_owned);
    super::same(
        ("src/error/status.rs", statuses()),
        ("EXIT STATUS in popget.1", told.collect()),
    );
    let readme = source::text("README.md");
    let rows = readme.lines().filter_map(|line| {
        let cell = line.strip_prefix("| ")?.split(" | ").next()?;
        cell.parse::<u8>().ok().map(|_| cell.to_owned())
    });
    super::same(
        ("src/error/status.rs", statuses()),
        ("the table in README.md", rows.collect()),
    );
}

#[test]
fn every_word_of_the_memory_is_in_the_manual() {
    let source = source::text("src/seen/text.rs");
    let words = source.lines().filter_map(|line| {
        let (word, _) = line.trim().strip_prefix("b\"")?.split_once("\" => ")?;
        Some(word.to_owned())
    });
    let page = source::text("man/popget.yaml.5");
    let told = section(&page, "STATE FILE").filter_map(|line| {
        let item = line.strip_prefix(".It Li ")?;
        item.split(' ').next().map(str::to_owned)
    });
    let told: Vec<String> = told.filter(|word| word != "popget-seen").collect();
    // "-" stands for what is not known; it is no word of its own.
    let words = words.filter(|word| word != "-").collect();
    super::same(
        ("src/seen/text.rs", words),
        ("STATE FILE in popget.yaml.5", told),
    );
}

#[test]
fn the_pages_bear_the_version_of_the_program() {
    for page in ["man/popget.1", "man/popget.yaml.5", "man/popget-import.1"] {
        let line = format!(".Os popget {}", env!("CARGO_PKG_VERSION"));
        let text = source::text(page);
        assert!(
            text.lines().any(|found| found == line),
            "{page}: no line {line}"
        );
    }
}
