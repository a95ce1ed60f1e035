//! `popget import` against the programs themselves: each fetches 200 messages and keeps them on the
//! server; popget takes over, 10 more come, and it fetches just those.

mod taking;

use std::fs::{self, Permissions};
use std::io;
use std::os::unix::fs::{chown, symlink, PermissionsExt};
use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::time::Duration;

use rustix::process::{getgid, getuid};
use tempfile::TempDir;

use crate::house::source;
use crate::support::dovecot::Dovecot;
use crate::support::mail;
use crate::support::process::{self, Victim};
use crate::support::server::{PopServer, PASSWORD, USER};
use crate::support::there;
use crate::support::unprivileged::{command, give_away};

/// How many messages the other program fetches, and how many come then.
const BEFORE: usize = 200;
const AFTER: usize = 10;

/// A program to take over from.
struct Other {
    name: &'static str,
    program: &'static str,
    /// Where its settings are below the home folder, and what they say.
    settings: (&'static str, &'static str),
    arguments: &'static [&'static str],
}

/// In each, {home}, {port} and {password} stand for what they say.
const OTHERS: [Other; 4] = [
    Other {
        name: "fetchmail",
        program: "fetchmail",
        settings: (
            ".fetchmailrc",
            "set no bouncemail\nset invisible\ndefaults proto pop3 uidl\npoll work via 127.0.0.1 port {port}\n\
             user \"alice\" there with password \"{password}\" is alice here keep sslproto ''\n\
             mda \"/bin/sh {home}/deliver\"\n",
        ),
        arguments: &["--silent", "--nosyslog"],
    },
    Other {
        name: "mpop",
        program: "mpop",
        settings: (
            ".mpoprc",
            "defaults\nhost 127.0.0.1\nport {port}\ntls off\nkeep on\naccount here\nauth user\n\
             user alice\npassword {password}\nreceived_header off\ndelivery maildir {home}/Mail\n",
        ),
        arguments: &["--quiet", "here"],
    },
    Other {
        name: "getmail",
        program: "getmail",
        settings: (
            ".getmail/getmailrc",
            "[retriever]\ntype = SimplePOP3Retriever\nserver = 127.0.0.1\nport = {port}\n\
             username = alice\npassword = {password}\n[destination]\ntype = Maildir\n\
             path = {home}/Mail/\n[options]\nread_all = false\nreceived = false\ndelivered_to = false\n",
        ),
        arguments: &["--quiet"],
    },
    Other {
        name: "fdm",
        program: "fdm",
        settings: (
            ".fdm.conf",
            "set no-received\naction \"in\" maildir \"{home}/Mail\"\naccount \"here\" pop3 server \
             \"127.0.0.1\" port {port} user \"alice\" pass \"{password}\" new-only cache \
             \"{home}/.fdm.cache\" keep\nmatch all action \"in\"\n",
        ),
        arguments: &["-q", "-h", "fetch"],
    },
];

/// What fetchmail hands messages to.
const DELIVER: &str = "#!/bin/sh\nfile=$(mktemp \"$HOME/Mail/tmp/XXXXXXXX\") && cat >\"$file\" && \
                       mv \"$file\" \"$HOME/Mail/new/\"\n";

/// getmail6 up to 6.18 learns of the end of a delivery by a signal that it begins to listen for only
/// after the delivery began, and may wait for it in vain: here it waits for the process.
const GETMAIL: &str = "import os, runpy, shutil, sys\n\
    from getmailcore.baseclasses import ForkingBase\n\
    def prepare(self): pass\n\
    def wait(self, pid): return os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])\n\
    ForkingBase._prepare_child, ForkingBase._wait_for_child = prepare, wait\n\
    sys.argv[0] = shutil.which('getmail')\n\
    runpy.run_path(sys.argv[0], run_name='__main__')\n";

/// A home folder with a Maildir in it.
struct Home(TempDir);

impl Home {
    fn new() -> Self {
        let home = TempDir::with_prefix("popget-import-").unwrap();
        fs::set_permissions(home.path(), Permissions::from_mode(0o755)).unwrap();
        let home = Home(home);
        for below in ["", "Mail", "Mail/tmp", "Mail/new", "Mail/cur", ".getmail"] {
            let folder = home.path(below);
            fs::create_dir_all(&folder).unwrap();
            give_away(&folder);
        }
        home
    }

    fn path(&self, below: &str) -> PathBuf {
        self.0.path().join(below)
    }

    fn write(&self, below: &str, text: &str) {
        let path = self.path(below);
        fs::write(&path, text).unwrap();
        fs::set_permissions(&path, Permissions::from_mode(0o600)).unwrap();
        give_away(&path);
    }

    fn mail(&self) -> Vec<Vec<u8>> {
        let files = fs::read_dir(self.path("Mail/new")).unwrap();
        let mut mail: Vec<_> = files
            .map(|file| fs::read(file.unwrap().path()).unwrap())
            .collect();
        mail.sort();
        mail
    }

    /// Runs popget here.
    fn popget(&self, arguments: &[&str]) -> Output {
        self.command(arguments).output().unwrap()
    }

    /// What runs popget here.
    fn command(&self, arguments: &[&str]) -> Command {
        let mut popget = Command::new(env!("CARGO_BIN_EXE_popget"));
        popget
            .args(arguments)
            .env_clear()
            .env("PATH", std::env::var_os("PATH").unwrap_or_default())
            .env("HOME", self.0.path())
            .env("LOGNAME", "alice");
        popget
    }
}

/// What it said.
fn said(out: &Output) -> String {
    String::from_utf8_lossy(&out.stderr).into_owned()
}

/// Gives back what a program has made that ran as somebody else.
fn take_back(path: &Path) -> io::Result<()> {
    chown(path, Some(getuid().as_raw()), Some(getgid().as_raw()))?;
    if path.is_dir() && !path.is_symlink() {
        for entry in fs::read_dir(path)? {
            take_back(&entry?.path())?;
        }
    }
    Ok(())
}

/// These are the messages, but for the line ends: a CR LF in a file is one to Dovecot, as LF is.
#[track_caller]
fn are(found: Vec<Vec<u8>>, sent: &[Vec<u8>]) {
    let given = |message: &Vec<u8>| {
        let text = message.split(|b| *b == b'\n');
        let lines = text.map(|line| line.strip_suffix(b"\r").unwrap_or(line));
        lines.collect::<Vec<_>>().join(&b'\n')
    };
    let mut sent: Vec<_> = sent.iter().map(given).collect();
    sent.sort();
    assert_eq!(found.len(), sent.len(), "messages");
    assert!(found == sent, "as they were sent");
}

fn takes_over_from(other: &Other) {
    let loss = format!("taking over from {} is not tested", other.name);
    if !there(other.program, &loss) {
        return;
    }
    let Some(mut dovecot) = Dovecot::start() else {
        return;
    };
    let old = mail::many(BEFORE, 31);
    dovecot.put("alice", &old);
    let home = Home::new();
    home.write("deliver", DELIVER);
    home.write("getmail.py", GETMAIL);
    let (below, text) = other.settings;
    let text = text
        .replace(
            "{home}",
            home.path("").to_string_lossy().trim_end_matches('/'),
        )
        .replace("{port}", &dovecot.port().to_string())
        .replace("{password}", PASSWORD);
    home.write(below, &text);
    let mut told = String::new();
    for _ in 0..2 {
        let mut program = match other.name {
            "getmail" => {
                let mut python = command("/usr/bin/python3", home.0.path());
                python.arg(home.path("getmail.py"));
                python
            }
            _ => command(other.program, home.0.path()),
        };
        program.args(other.arguments).env("LC_ALL", "C");
        let running = process::start(&mut program, None, &Victim::default());
        assert!(
            running.ends_within(Duration::from_secs(300)),
            "{} hangs",
            other.name
        );
        let ran = running.finish();
        told += &String::from_utf8_lossy(&ran.stderr);
        if home.mail().len() >= BEFORE {
            break;
        }
    }
    assert_eq!(home.mail().len(), BEFORE, "{} fetched: {told}", other.name);
    take_back(home.0.path()).unwrap();
    for file in fs::read_dir(home.path("Mail/new")).unwrap() {
        fs::remove_file(file.unwrap().path()).unwrap();
    }

    let out = home.popget(&["import", "--with-passwords"]);
    assert_eq!(out.status.code(), Some(0), "import: {}", said(&out));
    fs::create_dir_all(home.path(".config/popget")).unwrap();
    fs::write(home.path(".config/popget/popget.yaml"), &out.stdout).unwrap();
    let own = Permissions::from_mode(0o600);
    fs::set_permissions(home.path(".config/popget/popget.yaml"), own).unwrap();
    let out = home.popget(&["--exit-empty"]);
    assert_eq!(out.status.code(), Some(1), "nothing is new");
    are(home.mail(), &[]);

    let new = mail::many(AFTER, 77);
    dovecot.put("alice", &new);
    let out = home.popget(&["--exit-empty"]);
    assert_eq!(out.status.code(), Some(0), "something is new");
    are(home.mail(), &new);
    assert_eq!(dovecot.left("alice"), BEFORE + AFTER, "all is kept");

    // Once more changes nothing.
    let out = home.popget(&["import", "--with-passwords"]);
    assert_eq!(out.status.code(), Some(0), "import: {}", said(&out));
    let out = home.popget(&["--exit-empty"]);
    assert_eq!(out.status.code(), Some(1), "nothing is new");
}

#[test]
fn what_fetchmail_fetched_is_not_fetched_again() {
    takes_over_from(&OTHERS[0]);
}

#[test]
fn what_mpop_fetched_is_not_fetched_again() {
    takes_over_from(&OTHERS[1]);
}

#[test]
fn what_getmail_fetched_is_not_fetched_again() {
    takes_over_from(&OTHERS[2]);
}

#[test]
fn what_fdm_fetched_is_not_fetched_again() {
    takes_over_from(&OTHERS[3]);
}

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

/// getmail wrote a `-` for each `/` of a UID: whichever the server lists is known again, and then as
/// it is.
#[test]
fn what_getmail_wrote_in_another_form_is_known_again() {
    let server = PopServer::start();
    for (uid, body) in [("a/b-c", "one"), ("a-d", "two"), ("new/e", "three")] {
        let message = format!("From: ada@example.org\nSubject: {body}\n\n{body}\n");
        server.maildrop().add(uid, message.as_bytes());
    }
    let home = Home::new();
    let place = home.path("");
    let folder = place.to_string_lossy();
    let rc = format!(
        "[retriever]\ntype = SimplePOP3Retriever\nserver = 127.0.0.1\nport = {}\n\
         username = {USER}\npassword = {PASSWORD}\n[destination]\ntype = Maildir\n\
         path = {folder}Mail/\n[options]\nread_all = false\nreceived = false\n",
        server.port()
    );
    home.write(".getmail/getmailrc", &rc);
    let record = format!(".getmail/oldmail-127.0.0.1-{}-{USER}", server.port());
    home.write(&record, "a-b-c\u{0}1795386211\na-d\u{0}1795386212\n");
    take_back(home.0.path()).unwrap();
    let out = home.popget(&["import", "--with-passwords"]);
    assert_eq!(out.status.code(), Some(0), "{}", said(&out));
    fs::create_dir_all(home.path(".config/popget")).unwrap();
    let settings = home.path(".config/popget/popget.yaml");
    fs::write(&settings, &out.stdout).unwrap();
    fs::set_permissions(&settings, Permissions::from_mode(0o600)).unwrap();
    let uids = || {
        let out = home.popget(&["state", "show", "--uids"]);
        String::from_utf8_lossy(&out.stdout).into_owned()
    };
    for (more, settled) in [(&["--dry-run"][..], false), (&[], true)] {
        let out = home.popget(&[&["import", "--with-passwords", "--connect"], more].concat());
        assert_eq!(out.status.code(), Some(0), "{}", said(&out));
        let shown = said(&out);
        assert!(shown.contains("getmailrc: 1 new"), "{shown}");
        assert!(!String::from_utf8_lossy(&out.stdout).contains("1 new"));
        assert_eq!(uids().contains("\ta/b-c\t"), settled, "{}", uids());
    }
    let out = home.popget(&["--exit-empty"]);
    assert_eq!(out.status.code(), Some(0), "{}", said(&out));
    assert_eq!(home.mail().len(), 1, "only what is new");
    assert!(uids().contains("\ta/b-c\t"), "{}", uids());
    let out = home.popget(&["--exit-empty"]);
    assert_eq!(out.status.code(), Some(1), "{}", said(&out));
}

/// A program that is running may note more meanwhile.
#[test]
fn a_program_that_is_running_is_not_taken_over_from() {
    let home = Home::new();
    let pid = std::process::id();
    home.write("own.pid", &format!("{pid}\n"));
    home.write("own.lock", "");
    let place = home.path("");
    let folder = place.to_string_lossy();
    let fetchmailrc = format!(
        "set pidfile \"{folder}own.pid\"\npoll pop.example.org proto pop3 user a password b is a here keep\n"
    );
    let fdm = format!(
        "set lock-file \"{folder}own.lock\"\naction \"in\" maildir \"~/Mail\"\naccount \"a\" pop3s \
         server \"pop.example.org\" user \"a\" pass \"b\" new-only cache \"~/c\" keep\nmatch all action \"in\"\n"
    );
    home.write(".fetchmailrc", &fetchmailrc);
    home.write(".fdm.conf", &fdm);
    take_back(home.0.path()).unwrap();
    for program in ["fetchmail", "fdm"] {
        let out = home.popget(&["import", "--dry-run", "--from", program]);
        assert_eq!(out.status.code(), Some(75), "{program}: {}", said(&out));
        assert!(said(&out).contains("is running"), "{}", said(&out));
    }
    let out = home.popget(&["import"]);
    assert_eq!(out.status.code(), Some(64), "{}", said(&out));
    assert!(said(&out).contains("fetchmail and fdm"), "{}", said(&out));
}

/// Nothing that may be a part of a password is shown unless that is asked for.
#[test]
fn no_part_of_a_password_is_shown() {
    let home = Home::new();
    for (program, settings) in [
        ("fetchmail", "poll h proto pop3 user x pass sEcRet1 sEcRet2\n"),
        ("fetchmail", "poll h proto pop3 user x pass \"sEcRet1 sEcRet2\" is x here\n"),
        ("mpop", "account a\nhost h\nuser u\npassword sEcRet1\ndelivery maildir m\n"),
        ("getmail", "[retriever]\ntype = SimplePOP3Retriever\nserver = h\nusername = u\npassword = sEcRet1\n"),
        ("fdm", "set proxy \"socks://u:sEcRet1@h\"\naccount \"a\" pop3s server \"h\" user \"u\" pass \"sEcRet2\" keep\n"),
        ("fdm", "account \"a\" pop3s server \"h\" user \"u\" pass \"sEcRet1\"\nsEcRet2\n"),
    ] {
        home.write("rc", settings);
        let path = home.path("rc");
        let out = home.popget(&["import", "-n", "--from", program, path.to_str().unwrap()]);
        let told = String::from_utf8_lossy(&out.stdout).into_owned() + &said(&out);
        assert!(!told.contains("sEcRet"), "{program}: {told}");
    }
}

/// What is damaged in a record is told, a few lines by name and the rest by number, and the rest of the
/// record is taken over all the same.
#[test]
fn the_good_lines_of_a_damaged_record_are_taken_over() {
    let rubbish = "\u{1}\n".repeat(7);
    let popstate = format!("*pop.example.org alice\nk good 5\n{rubbish}k better 6\n");
    let cache = format!("4 good\n{rubbish}6 better\n");
    let oldmail = format!("good\u{0}5\n{rubbish}better\u{0}6\n");
    let fetchids = format!("alice@pop.example.org good\n{rubbish}alice@pop.example.org better\n");
    let uidls = format!(" 9 pop.example.org alice\ngood\n{rubbish}better\n");
    for (program, settings, record) in [
        ("fetchmail", FETCHMAILRC, fetchids),
        ("mpop", MPOPRC, uidls),
        ("getmail", RC, oldmail),
        ("fdm", CONF, cache),
        ("thunderbird", "", popstate),
    ] {
        let home = Home::new();
        let popget = "accounts:\n  work: {server: pop.example.org, user: alice, password_env: P, deliver: {maildir: ~/Mail}}\n";
        fs::create_dir_all(home.path(".config/popget")).unwrap();
        home.write(".config/popget/popget.yaml", popget);
        home.write("settings", settings);
        home.write("record", &record);
        take_back(home.0.path()).unwrap();
        let (settings, record) = (home.path("settings"), home.path("record"));
        let mut arguments = vec!["import", "--from", program, "--state"];
        arguments.push(record.to_str().unwrap());
        if program != "thunderbird" {
            arguments.push(settings.to_str().unwrap());
        }
        let out = home.popget(&arguments);
        let told = said(&out);
        assert_eq!(out.status.code(), Some(65), "{program}: {told}");
        let headed = ["mpop", "thunderbird"].contains(&program);
        let first = if headed { 3 } else { 2 };
        let place = record.display();
        for line in first..first + 5 {
            assert!(
                told.contains(&format!("{place}:{line}: record: this line is damaged")),
                "{told}"
            );
        }
        assert_eq!(told.matches("this line is damaged").count(), 5, "{told}");
        assert!(told.contains("so are 2 more lines below"), "{told}");
        let shown = home.popget(&["state", "show", "--uids"]);
        let shown = String::from_utf8_lossy(&shown.stdout).into_owned();
        assert!(
            shown.contains("\tgood\t") && shown.contains("\tbetter\t"),
            "{shown}"
        );
    }
}

/// Settings in which all is carried over.
const FETCHMAILRC: &str = "poll pop.example.org proto pop3 user alice is alice here keep\n";
const MPOPRC: &str =
    "account a\nhost pop.example.org\nuser alice\nkeep on\ndelivery maildir ~/Mail\n";
const RC: &str = "[retriever]\ntype = SimplePOP3SSLRetriever\nserver = pop.example.org\n\
                  username = alice\nca_certs = /ca.pem\n[destination]\ntype = Maildir\n\
                  path = ~/Mail/\n[options]\nread_all = false\n";
const CONF: &str = "set verify-certificates\naction \"in\" maildir \"~/Mail\"\naccount \"work\" pop3s \
                    server \"pop.example.org\" user \"alice\" pass \"x\" new-only cache \"~/c\" keep\n\
                    match all action \"in\"\n";

/// What getmail itself would not read is told; a folder stands for all that is in it.
#[test]
fn of_a_folder_of_getmail_all_rc_files_are_read() {
    let home = Home::new();
    for (name, text) in [
        ("getmailrc", RC),
        ("second", RC),
        ("notes.txt", "call ann\n"),
        ("oldmail-x", RC),
        ("second~", RC),
    ] {
        home.write(&format!(".getmail/{name}"), text);
    }
    take_back(home.0.path()).unwrap();
    let folder = home.path(".getmail");
    let folder = folder.to_str().unwrap();
    let accounts = |out: &Output| {
        let yaml = String::from_utf8_lossy(&out.stdout).into_owned();
        yaml.matches("\n    server: ").count()
    };
    let out = home.popget(&["import", "-n"]);
    assert_eq!(accounts(&out), 1, "{}", said(&out));
    let beside = format!(
        "{folder}/getmailrc:1: getmailrc: is the only one read; beside it are second: to import \
         all, name the folder, {folder}\n"
    );
    assert!(said(&out).contains(&beside), "{}", said(&out));
    let out = home.popget(&["import", "-n", folder]);
    assert_eq!(accounts(&out), 2, "{}", said(&out));
    let passed =
        "notes.txt:1: [retriever]: there is none, so this is no rc file; it is passed by\n";
    assert!(said(&out).contains(passed), "{}", said(&out));
    let out = home.popget(&[
        "import",
        "-n",
        "--from",
        "getmail",
        home.path("Mail").to_str().unwrap(),
    ]);
    assert_eq!(out.status.code(), Some(64), "{}", said(&out));
    assert!(
        said(&out).contains("there is no rc file of getmail in "),
        "{}",
        said(&out)
    );
}

/// In a folder of getmail a file that is wrong is lost, and the others are read.
#[test]
fn of_a_folder_of_getmail_no_rc_file_is_passed_by_unsaid() {
    let home = Home::new();
    fs::create_dir(home.path("rc")).unwrap();
    home.write("rc/good", RC);
    home.write("rc/marked", &format!("\u{feff}{RC}"));
    home.write(
        "rc/noted",
        &RC.replace("[retriever]", " [retriever] # main"),
    );
    home.write("rc/wrong", &format!("{RC}read_all = true\n"));
    take_back(home.0.path()).unwrap();
    let folder = home.path("rc");
    let out = home.popget(&[
        "import",
        "-n",
        "--from",
        "getmail",
        folder.to_str().unwrap(),
    ]);
    let (yaml, told) = (String::from_utf8_lossy(&out.stdout), said(&out));
    assert_eq!(out.status.code(), Some(65), "{told}");
    for name in ["good", "marked", "noted"] {
        assert!(yaml.contains(&format!("\n  {name}:\n")), "{yaml}");
    }
    let lost = "rc/wrong:11: rc file: read_all stands twice in [options]; this file is passed by";
    assert!(told.contains(lost), "{told}");
}

/// What cannot be read is there all the same, and it is said why it cannot be.
#[test]
fn what_cannot_be_read_is_told_with_the_reason() {
    let home = Home::new();
    home.write("rc", RC);
    home.write("conf", CONF);
    home.write("fetchmailrc", FETCHMAILRC);
    take_back(home.0.path()).unwrap();
    symlink("loop", home.path("loop")).unwrap();
    symlink("loop", home.path("c")).unwrap();
    let at = |name: &str| home.path(name).to_str().unwrap().to_owned();
    for (arguments, status, reason) in [
        (
            vec!["--from", "fdm", &at("Mail")],
            78,
            "Mail: cannot be read: is a directory",
        ),
        (
            vec!["--from", "fdm", &at("loop")],
            78,
            "loop: cannot be read: too many levels of symbolic links",
        ),
        (
            vec!["--from", "getmail", &at("none")],
            78,
            "none: cannot be read: no such file",
        ),
        (
            vec!["--from", "fdm", "--state", &at("Mail"), &at("conf")],
            65,
            "Mail: cannot be read: is a directory",
        ),
        (
            vec!["--from", "getmail", "--state", &at("loop"), &at("rc")],
            65,
            "loop: cannot be read: too many levels",
        ),
        (
            vec!["--from", "fdm", &at("conf")],
            65,
            "c: cannot be read: too many levels",
        ),
        (
            vec![
                "--from",
                "fetchmail",
                "--state",
                &at("loop"),
                &at("fetchmailrc"),
                &at("fetchmailrc"),
            ],
            65,
            "loop: cannot be read: too many levels",
        ),
    ] {
        let out = home.popget(&[&["import", "-n"], &*arguments].concat());
        let told = said(&out);
        assert_eq!(out.status.code(), Some(status), "{arguments:?}: {told}");
        assert_eq!(told.matches(reason).count(), 1, "{reason}: {told}");
        assert!(!told.contains("was found"), "{told}");
    }
}

/// popget prints no settings that it would not read.
#[test]
fn what_popget_would_refuse_is_told() {
    let home = Home::new();
    let accounts = "account \"a\" pop3s server \"h.example.org\" user \"u\" pass \"x\" keep\n";
    let long = format!(
        "action \"in\" maildir \"/{}\"\n{}match all action \"in\"\n",
        "m".repeat(1 << 20),
        accounts.repeat(17)
    );
    home.write("long", &long);
    home.write(
        "twice",
        &CONF.replace(
            "action \"in\"\n",
            "action \"in\" continue\nmatch all action \"in\"\n",
        ),
    );
    take_back(home.0.path()).unwrap();
    let import = |name: &str| {
        home.popget(&[
            "import",
            "-n",
            "--from",
            "fdm",
            home.path(name).to_str().unwrap(),
        ])
    };
    let out = import("long");
    assert_eq!(out.status.code(), Some(65), "{}", said(&out));
    assert!(out.stdout.is_empty());
    assert!(
        said(&out).contains("larger than popget reads (16 MiB)"),
        "{}",
        said(&out)
    );
    let out = import("twice");
    let told = said(&out);
    assert_eq!(out.status.code(), Some(65), "{told}");
    assert!(told.contains(" of what is printed: "), "{told}");
    assert!(told.contains(": popget refuses it: "), "{told}");
}

/// What lies below a folder, with what is in it.
fn tree(folder: &Path) -> Vec<(PathBuf, Vec<u8>)> {
    let mut all = Vec::new();
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let inner = if path.is_dir() {
            tree(&path)
        } else {
            Vec::new()
        };
        all.push((path.clone(), fs::read(&path).unwrap_or_default()));
        all.extend(inner);
    }
    all.sort();
    all
}

/// A look at the server says what it meets in a line, and what is only tried leaves nothing behind.
#[test]
fn a_look_at_the_server_says_what_it_meets() {
    let server = PopServer::start();
    let port = server.port().to_string();
    let home = Home::new();
    let conf = |port: &str, password: &str| {
        format!(
            "action \"in\" maildir \"{}\"\naccount \"work\" pop3 server \"127.0.0.1\" port {port} \
             user \"{USER}\" pass \"{password}\" new-only cache \"{}\" keep\nmatch all action \"in\"\n",
            home.path("Mail").display(),
            home.path("cache").display()
        )
    };
    // Nobody listens where somebody did.
    let gone = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let nobody = gone.local_addr().unwrap().port().to_string();
    drop(gone);
    home.write("cache", "1 a\n");
    home.write("empty", &conf(&port, PASSWORD));
    home.write("refused", &conf(&port, "wrong"));
    home.write("down", &conf(&nobody, PASSWORD));
    take_back(home.0.path()).unwrap();
    let before = tree(home.0.path());
    for (name, status, what) in [
        ("empty", 0, "work: 0 new"),
        ("refused", 77, "the server refused the login"),
        ("down", 69, "cannot connect to"),
    ] {
        let settings = home.path(name);
        let arguments = [
            "import",
            "-n",
            "--connect",
            "--from",
            "fdm",
            settings.to_str().unwrap(),
        ];
        let out = home.popget(&arguments);
        let told = said(&out);
        assert_eq!(out.status.code(), Some(status), "{name}: {told}");
        assert_eq!(told.matches(what).count(), 1, "{name}: {told}");
        assert_eq!(tree(home.0.path()), before, "{name}");
    }
}

/// A record that is no file is not one that is missing.
#[test]
fn a_record_that_cannot_be_read_is_told() {
    let home = Home::new();
    home.write(".fetchmailrc", FETCHMAILRC);
    let ids = home.path(".fetchids");
    let make: [(&dyn Fn(), &str); 2] = [
        (&|| fs::create_dir(&ids).unwrap(), "is a directory"),
        (&|| symlink(&ids, &ids).unwrap(), "symbolic links"),
    ];
    for (make, why) in make {
        make();
        let out = home.popget(&["import"]);
        let shown = said(&out);
        assert_eq!(out.status.code(), Some(65), "{shown}");
        let told = "/.fetchids: cannot be read: ";
        let lines: Vec<_> = shown.lines().filter(|line| line.contains(told)).collect();
        assert!(lines.len() == 1 && lines[0].contains(why), "{shown}");
        assert!(!shown.contains("was found"), "{shown}");
        fs::remove_dir(&ids)
            .or_else(|_| fs::remove_file(&ids))
            .unwrap();
    }
}

#[test]
fn a_record_of_fetchmail_is_where_the_environment_has_it() {
    for (variable, settings) in [
        ("HOME_ETC", "etc/.fetchmailrc"),
        ("FETCHMAILHOME", "etc/fetchmailrc"),
    ] {
        let home = Home::new();
        fs::create_dir(home.path("etc")).unwrap();
        home.write(settings, FETCHMAILRC);
        home.write("etc/.fetchids", "alice@pop.example.org good\n");
        home.write(
            ".fetchids",
            "alice@pop.example.org old\nalice@pop.example.org older\n",
        );
        let mut import = home.command(&["import", "-v"]);
        let out = import.env(variable, home.path("etc")).output().unwrap();
        let shown = said(&out);
        assert!(shown.contains(": 1 messages remembered as seen"), "{shown}");
        assert_eq!(out.status.code(), Some(0), "{shown}");
    }
}

/// Settings of fetchmail and mpop that popget does not take as they are, what is told of them, and
/// whether that matters.
const ODD: [(&str, &str, &str, i32); 24] = [
    (
        "fetchmail",
        "poll h proto pop3 envelope X-To aka a.example user u to b@b.example a@a.example here",
        "",
        0,
    ),
    (
        "fetchmail",
        "set postmaster p poll h proto pop3 envelope X-To user u to joe * here",
        ": *: ",
        65,
    ),
    (
        "fetchmail",
        "poll h proto pop3 envelope X-To localdomains a.example user u to * here",
        ": *: ",
        65,
    ),
    (
        "fetchmail",
        "poll h proto pop3 envelope X-To user u to Joe joe 'a b'=c -x here",
        "is named twice",
        65,
    ),
    (
        "fetchmail",
        "poll h proto pop3 envelope X-To user 'a b' to * here lmtp",
        ": *: ",
        65,
    ),
    (
        "fetchmail",
        "poll h proto pop3 user u to * here bsmtp /x",
        ": bsmtp: ",
        65,
    ),
    (
        "fetchmail",
        "poll h proto pop3 user u is \"a\\nb\" here",
        "is no address",
        65,
    ),
    (
        "fetchmail",
        "poll h proto pop3 user \"a\\nb\" is a here poll i proto pop3 user v",
        ": user: ",
        65,
    ),
    (
        "fetchmail",
        "poll h proto pop3 user \"a\\x07b\" is a here",
        "",
        0,
    ),
    (
        "fetchmail",
        "poll \"a b\" proto pop3 user u is a here poll i proto pop3 user v",
        "is no name of a host",
        65,
    ),
    (
        "fetchmail",
        "poll h proto pop3 user u is a here sslproto '' sslcertck",
        ": sslcertck: ",
        0,
    ),
    (
        "fetchmail",
        "poll h proto pop3 auth xoauth2 user u password p is a here",
        ": auth xoauth2: ",
        65,
    ),
    (
        "fetchmail",
        "poll h proto kpop auth gssapi user u is a here ssl",
        ": auth: ",
        0,
    ),
    (
        "fetchmail",
        "poll h proto pop3 timeout 99999999999 user u smtphost 'x/y' is a here",
        ": smtphost: ",
        65,
    ),
    (
        "fetchmail",
        "poll h proto pop3 user u is a here mda '  ' preconnect ' '",
        ": mda: ",
        65,
    ),
    (
        "mpop",
        "account a\nhost h\nuser u\ndelivery maildir Mail",
        "relative path",
        65,
    ),
    (
        "mpop",
        "account a\nhost ::1\nuser u\nproxy_host ::1\nsource_ip ::1\ndelivery mbox ~/m",
        ": source_ip: ",
        0,
    ),
    (
        "mpop",
        "account b\nhost h\nuser u\ndelivery mbox -\naccount a\nhost h\ndelivery mbox -",
        ": user: ",
        65,
    ),
    (
        "mpop",
        "account a\nhost h\nuser u\nauth scram-sha-1-plus\ndelivery mbox ~/m",
        ": auth scram-sha-1-plus: ",
        65,
    ),
    (
        "mpop",
        "account a\nhost h\nuser u\nauth oauthbearer\npassword x\ndelivery mbox ~/m",
        ": auth oauthbearer: ",
        65,
    ),
    (
        "mpop",
        "account a\nhost h\nuser u\nkeep 99999d\ntimeout 99999999999\nfilter x\ndelivery mda x %F",
        "%F",
        65,
    ),
    (
        "mpop",
        "account a\nhost h\nuser u\ntls\ntls_key_file /k\ndelivery exchange /x",
        ": tls_key_file: ",
        65,
    ),
    (
        "mpop",
        "account a\nhost h\nuser a\u{7}b\ntls_trust_file /x\ndelivery mbox -",
        ": tls_trust_file: ",
        0,
    ),
    (
        "mpop",
        "account b\nhost h\nuser u\ndelivery mbox -\naccount a\nhost h x\nuser u\ndelivery mbox -",
        "is no name of a host",
        65,
    ),
];

#[test]
fn what_is_written_is_accepted() {
    for (program, settings, told, status) in ODD {
        let home = Home::new();
        home.write("rc", &format!("{settings}\n"));
        let path = home.path("rc");
        let arguments = ["import", "--dry-run", "--from", program];
        let out = home.popget(&[&arguments[..], &[path.to_str().unwrap()]].concat());
        let shown = said(&out);
        assert_eq!(out.status.code(), Some(status), "{settings}: {shown}");
        assert!(shown.contains(told), "{settings}: {shown}");
        home.write("popget.yaml", &String::from_utf8_lossy(&out.stdout));
        take_back(home.0.path()).unwrap();
        let yaml = home.path("popget.yaml");
        let read = home.popget(&["config", "-c", yaml.to_str().unwrap()]);
        let text = String::from_utf8_lossy(&out.stdout).into_owned();
        assert_eq!(
            read.status.code(),
            Some(0),
            "{settings}: {}{text}",
            said(&read)
        );
    }
}

/// What its own program would not read is named with its place.
#[test]
fn a_mistake_of_grammar_is_named_with_its_place() {
    let home = Home::new();
    for (program, settings, place) in [
        ("fetchmail", "poll h\n  proto pop3 nonsense\n", ":2:14: "),
        ("mpop", "account a\n  nonsense on\n", ":2:3: "),
        ("mpop", "account a\ntls yes\n", ":2:5: "),
    ] {
        home.write("rc", settings);
        let path = home.path("rc");
        let out = home.popget(&["import", "-n", "--from", program, path.to_str().unwrap()]);
        let shown = said(&out);
        assert_eq!(out.status.code(), Some(78), "{shown}");
        assert!(shown.contains(&format!("rc{place}")), "{shown}");
    }
}
