//! What `make install` leaves, and that the shells complete with it.

use super::{install, make, told, top};
use crate::house::source;
use crate::support::there;
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::Command;

/// Every file below a folder, with its mode, sorted.
fn tree(root: &Path) -> Vec<String> {
    let (mut files, mut folders) = (Vec::new(), vec![root.to_owned()]);
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).unwrap() {
            let entry = entry.unwrap();
            let about = entry.metadata().unwrap();
            if about.is_dir() {
                folders.push(entry.path());
                continue;
            }
            let path = entry.path();
            let path = path.strip_prefix(root).unwrap().display().to_string();
            files.push((path, about.permissions().mode() & 0o7777));
        }
    }
    files.sort();
    files
        .into_iter()
        .map(|(path, mode)| format!("{mode:o} /{path}"))
        .collect()
}

#[test]
fn the_installed_tree_is_the_one_listed_and_goes_again() {
    let root = tempfile::tempdir().unwrap();
    install(root.path(), &["PREFIX=/usr"]);
    let listed = source::text("packaging/installed-tree.txt");
    let listed: Vec<&str> = listed
        .lines()
        .filter(|line| !line.starts_with('#'))
        .collect();
    assert_eq!(tree(root.path()), listed);
    told(&mut make("uninstall", root.path(), &["PREFIX=/usr"]));
    assert_eq!(tree(root.path()), [""; 0]);
    let own = ["popget", "doc/popget", "licenses/popget"];
    let left = own.map(|folder| root.path().join("usr/share").join(folder).exists());
    assert_eq!(left, [false; 3]);
}

#[test]
fn what_others_put_beside_it_stays() {
    let root = tempfile::tempdir().unwrap();
    let variables = ["docdir=/doc", "licensedir=/doc", "examplesdir=/doc"];
    install(root.path(), &variables);
    fs::write(root.path().join("doc/other"), "").unwrap();
    told(&mut make("uninstall", root.path(), &variables));
    let left = tree(root.path());
    assert!(
        left.len() == 1 && left[0].ends_with(" /doc/other"),
        "{left:?}"
    );
}

#[test]
fn a_program_that_is_not_there_is_not_built_in_its_place() {
    let root = tempfile::tempdir().unwrap();
    let mut make = make("install", root.path(), &["BINARY=/nonexistent"]);
    let ran = make.output().unwrap();
    assert!(!ran.status.success());
    let said = String::from_utf8(ran.stderr).unwrap();
    assert!(
        said.starts_with("there is no /nonexistent; build it, or set no BINARY\n"),
        "{said}"
    );
    assert_eq!(tree(root.path()), [""; 0]);
}

#[test]
fn every_folder_can_be_chosen_and_units_start_what_is_installed() {
    let root = tempfile::tempdir().unwrap();
    let variables = [
        "prefix=/opt/popget",
        "bindir=/opt/bin",
        "mandir=/man",
        "docdir=/doc",
        "licensedir=/licences",
        "bashcompletiondir=/bash",
        "zshcompletiondir=/zsh",
        "fishcompletiondir=/fish",
        "systemdsystemunitdir=/units",
        "systemduserunitdir=/user-units",
        "sysusersdir=/users",
        "schemadir=/schema",
    ];
    install(root.path(), &variables);
    let listed = source::text("packaging/installed-tree.txt");
    let count = listed.lines().filter(|line| !line.starts_with('#')).count();
    let tree = tree(root.path());
    assert_eq!(tree.len(), count);
    let elsewhere = tree
        .iter()
        .filter(|line| line.contains("/opt/popget") || line.contains("/usr"));
    assert_eq!(elsewhere.count(), 0, "{tree:?}");
    for unit in [
        "units/popget@.service",
        "units/popget-shard@.service",
        "user-units/popget.service",
    ] {
        let unit = fs::read_to_string(root.path().join(unit)).unwrap();
        let starts: Vec<_> = unit
            .lines()
            .filter(|line| line.starts_with("ExecStart="))
            .collect();
        assert_eq!(starts.len(), 1);
        assert!(
            starts[0].starts_with("ExecStart=/opt/bin/popget"),
            "{starts:?}"
        );
    }
    // The program is the one that was built, whole.
    let installed = fs::read(root.path().join("opt/bin/popget")).unwrap();
    assert!(installed == fs::read(env!("CARGO_BIN_EXE_popget")).unwrap());
    told(&mut make("uninstall", root.path(), &variables));
    assert_eq!(self::tree(root.path()), [""; 0]);
}

#[test]
fn the_sources_that_packagers_get_are_whole() {
    // No recipe may need what is only in a checkout.
    let makefile = source::text("packaging/Makefile");
    assert!(!makefile.contains("git "), "a tarball has no repository");
    let lock = fs::metadata(top().join("Cargo.lock"));
    assert!(lock.is_ok_and(|lock| lock.is_file()));
}

/// Shows a shell the installed folders, asks it to complete, and gives what it offers.
fn offered(shell: &str, script: &str) -> Option<String> {
    if !there(shell, "its completions are not tried") {
        return None;
    }
    let root = tempfile::tempdir().unwrap();
    install(root.path(), &["PREFIX=/usr"]);
    let mut command = Command::new(shell);
    let script = script.replace("{root}", root.path().to_str().unwrap());
    // As if the user had typed it: without own settings, at a terminal where it takes one.
    let home = root.path().join("home");
    fs::create_dir(&home).unwrap();
    let flag: &[&str] = if shell == "bash" {
        &["--norc", "-c"]
    } else {
        &["-f", "-c"]
    };
    let flag = if shell == "fish" {
        &["--no-config", "-c"]
    } else {
        flag
    };
    Some(told(command.args(flag).arg(script).env("HOME", home)))
}

#[test]
fn bash_completes() {
    // Found by name in the folder, as bash-completion finds it.
    let script = "source {root}/usr/share/bash-completion/completions/popget || exit
        complete -p popget >/dev/null || exit
        COMP_WORDS=(popget --acc); COMP_CWORD=1; _popget popget --acc popget
        printf '%s\\n' \"${COMPREPLY[@]}\"
        COMP_WORDS=(popget --shar); COMP_CWORD=1; _popget popget --shar popget
        printf '%s\\n' \"${COMPREPLY[@]}\"
        COMP_WORDS=(popget pro); COMP_CWORD=1; _popget popget pro popget
        printf '%s\\n' \"${COMPREPLY[@]}\"";
    if let Some(offered) = offered("bash", script) {
        assert_eq!(offered, "--account\n--accept-new-uids\n--shard\nprobe\n");
    }
}

#[test]
fn zsh_completes() {
    // compadd is where every completion of zsh ends; here it shows what it is given.
    let script = "fpath=({root}/usr/share/zsh/site-functions $fpath)
        autoload -Uz compinit && compinit -u -D || exit
        [[ $_comps[popget] = _popget ]] || exit
        zmodload zsh/zpty
        zpty z zsh -f -i
        zpty -w z 'PS1=; fpath=({root}/usr/share/zsh/site-functions $fpath); autoload -Uz compinit; compinit -u -D; zstyle \":completion:*\" list-prompt \"\"; LISTMAX=1000; print READY'
        zpty -r z line '*READY*READY*'
        zpty -w -n z $'popget --shar\\t'
        zpty -r z line '*--shard*' && print -r -- found --shard
        zpty -w -n z $'\\C-upopget prob\\t'
        zpty -r z line '*probe*' && print -r -- found probe
        zpty -d z";
    if let Some(offered) = offered("zsh", script) {
        assert_eq!(offered, "found --shard\nfound probe\n");
    }
}

#[test]
fn fish_completes() {
    // It completes for no program that is not there.
    let script = "set -p PATH {root}/usr/bin
        set -p fish_complete_path {root}/usr/share/fish/vendor_completions.d
        complete --do-complete 'popget --shar'
        complete --do-complete 'popget prob'";
    if let Some(offered) = offered("fish", script) {
        let words: Vec<&str> = offered
            .lines()
            .map(|line| line.split('\t').next().unwrap())
            .collect();
        assert_eq!(words, ["--shard", "probe"]);
    }
}
