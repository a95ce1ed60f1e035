//! What the programs offer, by their own pages and examples: all of it is told of.

use std::fs;
use std::process::Command;

use super::Home;
use crate::house::source;
use crate::support::there;

/// A page of a Debian package, as its authors wrote it.
fn page(path: &str) -> String {
    let out = Command::new("gzip").args(["-dc", path]).output().unwrap();
    let text = String::from_utf8_lossy(&out.stdout).into_owned();
    assert!(!text.is_empty(), "{path} is not here");
    text.replace("\\-", "-")
}

/// What the page about taking over tells of a program: names of keys and of options.
fn told_of(program: &str) -> Vec<String> {
    let page = source::text("man/popget-import.1");
    let (_, below) = page.split_once(&format!(".Sh {program}\n")).unwrap();
    let below = below.split("\n.Sh ").next().unwrap();
    let items = below.lines().filter_map(|line| line.strip_prefix(".It "));
    let names = items.flat_map(|item| {
        item.split([',', ' '])
            .map(str::to_owned)
            .collect::<Vec<_>>()
    });
    names
        .filter(|name| !["", "Ic", "Fl", "set"].contains(&name.as_str()))
        .collect()
}

/// Fails with the names that the page about taking over does not have.
#[track_caller]
fn all_told(program: &str, named: impl IntoIterator<Item = String>) {
    let told = told_of(program);
    let mut named: Vec<String> = named.into_iter().collect();
    named.sort();
    named.dedup();
    assert!(named.len() > 10, "{named:?}");
    let plain = |name: &String| name.trim_start_matches('-').replace('_', "-");
    let told: Vec<String> = told.iter().map(plain).collect();
    let untold: Vec<&String> = named
        .iter()
        .filter(|name| !told.contains(&plain(name)))
        .collect();
    assert!(
        untold.is_empty(),
        "popget-import.1 has no {untold:?} of {program}"
    );
}

/// The long options in a text.
fn long_options(text: &str) -> impl Iterator<Item = String> + '_ {
    text.split("--").skip(1).filter_map(|rest| {
        let end = rest.find(|c: char| !c.is_ascii_alphanumeric() && c != '-');
        let name = &rest[..end.unwrap_or(rest.len())];
        (!name.is_empty()).then(|| name.to_owned())
    })
}

#[test]
fn each_option_of_fetchmail_is_told_of() {
    if !there(
        "fetchmail",
        "whether all its options are told of is not tested",
    ) {
        return;
    }
    let page = page("/usr/share/man/man1/fetchmail.1.gz");
    let rows = page.lines().filter(|line| line.ends_with("\tT{"));
    let keywords = rows.filter_map(|line| {
        let first = line.split('\t').next()?.split('[').next()?;
        first.split_whitespace().last().map(str::to_owned)
    });
    let keywords: Vec<String> = keywords
        .filter(|word| word.starts_with(char::is_alphabetic))
        .collect();
    assert!(keywords.len() > 70, "{keywords:?}");
    let options = page.lines().filter(|line| line.starts_with(".B -"));
    let options = options.flat_map(long_options).collect::<Vec<_>>();
    assert!(options.len() > 50, "{options:?}");
    all_told("FETCHMAIL", keywords.into_iter().chain(options));
}

#[test]
fn each_option_of_mpop_is_told_of() {
    if !there("mpop", "whether all its options are told of is not tested") {
        return;
    }
    let page = page("/usr/share/man/man1/mpop.1.gz");
    let items = page.lines().filter_map(|line| line.strip_prefix(".IP \""));
    let names = items.flat_map(|item| {
        let command = item.split([' ', '"']).next().unwrap_or_default();
        let letter = |c: char| c.is_ascii_lowercase() || c == '_';
        let command =
            (!command.is_empty() && command.chars().all(letter)).then(|| command.to_owned());
        command
            .into_iter()
            .chain(long_options(item))
            .collect::<Vec<_>>()
    });
    all_told("MPOP", names);
}

#[test]
fn each_option_of_getmail_is_told_of() {
    if !there(
        "getmail",
        "whether all its options are told of is not tested",
    ) {
        return;
    }
    let manual = page("/usr/share/doc/getmail6/configuration.txt.gz");
    let parameters = manual.lines().filter_map(|line| {
        let (name, kind) = line.trim_start().strip_prefix("* ")?.split_once(" (")?;
        let letter = |c: char| c.is_ascii_lowercase() || c == '_' || c == '-';
        (name.chars().all(letter) && kind.contains(") ")).then(|| name.to_owned())
    });
    let parameters: Vec<String> = parameters.collect();
    assert!(parameters.len() > 50, "{parameters:?}");
    let page = page("/usr/share/man/man1/getmail.1.gz");
    let options = page.lines().flat_map(long_options);
    all_told("GETMAIL", parameters.into_iter().chain(options));
}

#[test]
fn each_option_of_fdm_is_told_of() {
    if !there("fdm", "whether all its options are told of is not tested") {
        return;
    }
    let conf = page("/usr/share/man/man5/fdm.conf.5.gz");
    let items = conf.lines().filter(|line| line.starts_with(".It "));
    let names = items.flat_map(|item| {
        let words: Vec<&str> = item.split_whitespace().collect();
        let pairs = words.windows(2).filter(|pair| pair[0] == "Ic");
        let names = pairs.map(|pair| pair[1].to_owned());
        names
            .filter(|name| name.starts_with(char::is_alphabetic))
            .collect::<Vec<_>>()
    });
    let page = page("/usr/share/man/man1/fdm.1.gz");
    let flags = page.lines().filter_map(|line| {
        let flag = line.strip_prefix(".It Fl ")?;
        flag.split(' ').next().map(str::to_owned)
    });
    all_told("FDM", names.chain(flags.collect::<Vec<_>>()));
}

/// The examples that come with the programs are read, and what is not carried over is told.
#[test]
fn the_examples_of_the_packages_are_imported() {
    let examples = [
        ("fetchmail", "/usr/share/doc/fetchmail/examples"),
        ("mpop", "/usr/share/doc/mpop/examples"),
        ("getmail", "/usr/share/doc/getmail6"),
        ("fdm", "/usr/share/doc/fdm/examples"),
    ];
    for (program, folder) in examples {
        if !there(program, "its examples are not imported") {
            continue;
        }
        let mut count = 0;
        for file in fs::read_dir(folder).unwrap() {
            let path = file.unwrap().path();
            let name = path.file_name().unwrap().to_string_lossy().into_owned();
            if !path.is_file() || !name.contains(if program == "fdm" { ".conf" } else { "rc" }) {
                continue;
            }
            let out = Command::new("gzip")
                .args(["-dcf"])
                .arg(&path)
                .output()
                .unwrap();
            let home = Home::new();
            for (number, text) in parts(program, &String::from_utf8_lossy(&out.stdout))
                .iter()
                .enumerate()
            {
                let below = format!("{program}-{number}.rc");
                home.write(&below, text);
                let settings = home.path(&below);
                let settings = settings.to_str().unwrap();
                let ran = home.popget(&["import", "--dry-run", "--from", program, settings]);
                let status = ran.status.code().unwrap();
                assert!([0, 65].contains(&status), "{}: {status}", path.display());
                let said = String::from_utf8_lossy(&ran.stderr);
                assert!(status == 0 || said.contains(&format!("{below}:")), "{said}");
                let yaml = String::from_utf8_lossy(&ran.stdout);
                assert!(yaml.starts_with("accounts:"), "{yaml}");
                count += 1;
            }
        }
        assert!(count > 0, "no example of {program} in {folder}");
    }
}

/// The files that an example holds: getmail's are several in one, between lines of dashes.
fn parts(program: &str, text: &str) -> Vec<String> {
    if program != "getmail" {
        return vec![text.to_owned()];
    }
    let mut parts: Vec<String> = Vec::new();
    for line in text.lines() {
        if line.starts_with("# Example") || parts.is_empty() {
            parts.push(String::new());
        }
        let last = parts.last_mut().unwrap();
        last.push_str(line);
        last.push('\n');
    }
    parts.retain(|part| part.contains("\n[retriever]"));
    parts
}
