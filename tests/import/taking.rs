//! Records that are taken over: whose they are, what hinders it, and what is said of it.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::process::{Command, Output};

use super::{said, take_back, Home, CONF, FETCHMAILRC, RC};

/// Two accounts of one host.
const TWO: &str = "poll pop.example.org proto pop3 user a is a here keep user b is b here keep\n";

/// What popget knows of the messages of all accounts.
fn shown(home: &Home) -> String {
    let out = home.popget(&["state", "show", "--uids"]);
    String::from_utf8_lossy(&out.stdout).into_owned()
}

/// Imports from a program, with these files in the home folder.
fn import(home: &Home, program: &str, arguments: &[&str]) -> Output {
    take_back(home.0.path()).unwrap();
    let place = |word: &&str| match home.path(word).exists() {
        true => home.path(word).to_str().unwrap().to_owned(),
        false => (*word).to_owned(),
    };
    let arguments: Vec<String> = arguments.iter().map(place).collect();
    let arguments = arguments.iter().map(String::as_str);
    let all: Vec<&str> = ["import", "--from", program]
        .into_iter()
        .chain(arguments)
        .collect();
    home.popget(&all)
}

/// Of such a record each would take the messages of the others for its own, and those would be deleted
/// unread.
#[test]
fn a_record_that_says_nobody_is_not_given_to_several() {
    let account = "account \"work\"";
    let two = CONF.replace(account, "account \"home\" pop3s server \"h.example\" user \"b\" pass \"x\" new-only cache \"~/d\" keep\naccount \"work\"");
    for (program, files) in [("fdm", vec!["conf"]), ("getmail", vec!["rc", "other"])] {
        let home = Home::new();
        home.write("conf", &two);
        home.write("rc", RC);
        home.write("other", &RC.replace("alice", "bob"));
        home.write("record", "1 a\n");
        let out = import(&home, program, &[&["--state", "record"], &*files].concat());
        assert_eq!(out.status.code(), Some(64), "{}", said(&out));
        assert!(out.stdout.is_empty());
        let told = format!("popget: --state names one record for 2 accounts, and a record of {program} does not say whose it is; name a file of settings with just the account whose record it is\n");
        assert_eq!(said(&out), told);
        assert_eq!(shown(&home), "");
    }
}

/// What hinders it is seen before anything is printed.
#[test]
fn while_the_program_is_at_work_nothing_is_printed() {
    let home = Home::new();
    home.write("conf", CONF);
    home.write(".fdm.lock", "");
    let out = import(&home, "fdm", &["conf"]);
    assert_eq!(out.status.code(), Some(75), "{}", said(&out));
    assert!(out.stdout.is_empty());
    // No process has this number: it stands for all of them.
    home.write(".fetchmail.pid", "-1\n");
    home.write("fetchmailrc", FETCHMAILRC);
    home.write("record", "alice@pop.example.org a\n");
    let out = import(&home, "fetchmail", &["--state", "record", "fetchmailrc"]);
    assert_eq!(out.status.code(), Some(0), "{}", said(&out));
}

#[test]
fn a_memory_that_is_broken_does_not_stop_the_others() {
    let home = Home::new();
    home.write("rc", TWO);
    home.write(
        "record",
        "a@pop.example.org one\nb@pop.example.org two\nb@pop.example.org two\n\u{1}\n",
    );
    let [first, second] = ["pop.example.org-a", "pop.example.org-b"];
    let state = home.path(".local/state/popget");
    fs::create_dir_all(&state).unwrap();
    fs::set_permissions(&state, fs::Permissions::from_mode(0o700)).unwrap();
    fs::write(state.join(format!("{first}.seen")), "rubbish\n").unwrap();
    let out = import(&home, "fetchmail", &["-v", "--state", "record", "rc"]);
    let told = said(&out);
    let (denied, lines) = (
        format!("{first}: its record was not taken over: "),
        told.lines(),
    );
    let denied: Vec<&str> = lines.filter(|line| line.contains(&denied)).collect();
    assert_eq!(denied.len(), 1, "{told}");
    let again = ": run popget import again before popget, which fetches all anew else: ";
    assert!(denied[0].contains(again), "{told}");
    assert!(
        told.contains("record:4: record: this line is damaged"),
        "{told}"
    );
    assert!(
        told.contains(&format!(
            "{second}: 1 messages remembered as seen, 0 of them"
        )),
        "{told}"
    );
    assert_eq!(out.status.code(), Some(73), "{told}");
    fs::remove_file(state.join(format!("{first}.seen"))).unwrap();
    assert!(shown(&home).contains("\ttwo\t"));
}

/// The limit on the size of a file stands in for a full disk.
#[test]
fn on_a_full_disk_the_import_is_to_be_run_again() {
    let home = Home::new();
    home.write("rc", FETCHMAILRC);
    let ids = (0..3000).map(|number| format!("alice@pop.example.org message-{number}\n"));
    home.write("record", &ids.collect::<String>());
    take_back(home.0.path()).unwrap();
    let full = "trap '' XFSZ; ulimit -f 32; exec \"$@\"";
    let out = Command::new("sh")
        .args([
            "-c",
            full,
            "sh",
            env!("CARGO_BIN_EXE_popget"),
            "import",
            "--from",
            "fetchmail",
        ])
        .arg("--state")
        .args([home.path("record"), home.path("rc")])
        .env_clear()
        .env("HOME", home.0.path())
        .output()
        .unwrap();
    let told = said(&out);
    assert_eq!(out.status.code(), Some(73), "{told}");
    assert!(
        told.contains("run popget import again before popget"),
        "{told}"
    );
    assert!(!told.contains("nothing was lost"), "{told}");
    let left = fs::read_dir(home.path(".local/state/popget")).unwrap();
    let left = left.map(|entry| entry.unwrap().file_name().into_string().unwrap());
    let left: Vec<String> = left.filter(|name| name.ends_with(".new")).collect();
    assert_eq!(left, Vec::<String>::new());
}

/// Settings on standard input can be read once only.
#[test]
fn the_settings_of_popget_are_read_once() {
    let home = Home::new();
    home.write("rc", TWO);
    home.write("record", "a@pop.example.org one\nb@pop.example.org two\n");
    let out = import(&home, "fetchmail", &["-n", "--state", "record", "rc"]);
    let yaml = String::from_utf8_lossy(&out.stdout).replace("server: pop.", "server: mail.");
    home.write("popget.yaml", &yaml);
    take_back(home.0.path()).unwrap();
    let out = Command::new(env!("CARGO_BIN_EXE_popget"))
        .args(["import", "-n", "-c", "-", "--from", "fetchmail", "--state"])
        .args([home.path("record"), home.path("rc")])
        .env_clear()
        .env("HOME", home.0.path())
        .stdin(fs::File::open(home.path("popget.yaml")).unwrap())
        .output()
        .unwrap();
    let told = said(&out);
    assert_eq!(
        told.matches("its record was not taken over: ").count(),
        2,
        "{told}"
    );
    assert_eq!(
        told.matches("import with another --state-dir").count(),
        2,
        "{told}"
    );
    assert!(!told.contains("--other-maildrop"), "{told}");
    assert_eq!(out.status.code(), Some(78), "{told}");
}

/// By the old name the memory is of no use.
#[test]
fn an_account_with_another_name_in_popgets_settings_is_told() {
    let home = Home::new();
    home.write("rc", FETCHMAILRC);
    home.write("record", "alice@pop.example.org one\n");
    let popget = "accounts:\n  mine: {server: pop.example.org, user: alice, netrc: true, deliver: {maildir: ~/Mail}}\n";
    home.write("popget.yaml", popget);
    let arguments = ["-c", "popget.yaml", "--state", "record", "rc"];
    let out = import(&home, "fetchmail", &arguments);
    let told = said(&out);
    assert_eq!(out.status.code(), Some(0), "{told}");
    let what = "popget's settings call this account mine: run popget state export -a ";
    assert_eq!(told.matches(what).count(), 1, "{told}");
    home.write("popget.yaml", &String::from_utf8_lossy(&out.stdout));
    let out = import(&home, "fetchmail", &arguments);
    assert!(!said(&out).contains(what), "{}", said(&out));
}

/// What is no rc file must not stop what is one.
#[test]
fn of_a_folder_what_cannot_be_read_is_told_and_the_rest_is_read() {
    let home = Home::new();
    home.write(".getmail/good", RC);
    home.write(".getmail/large", "");
    let large = fs::File::options()
        .write(true)
        .open(home.path(".getmail/large"));
    large.unwrap().set_len((64 << 20) + 1).unwrap();
    let made = Command::new("mkfifo")
        .arg(home.path(".getmail/pipe"))
        .status();
    assert!(made.unwrap().success());
    let out = import(&home, "getmail", &["-n", ".getmail"]);
    let told = said(&out);
    assert_eq!(out.status.code(), Some(65), "{told}");
    assert!(
        told.contains(".getmail/large: rc file: cannot be read: it is larger than 64 MiB"),
        "{told}"
    );
    assert!(String::from_utf8_lossy(&out.stdout).contains("\n  good:\n"));
    assert!(!told.contains("pipe"), "{told}");
}

/// Of popget's accounts those count that were Thunderbird's.
#[test]
fn an_account_that_was_never_thunderbirds_is_only_told() {
    let home = Home::new();
    let rest = "netrc: true, deliver: {maildir: ~/Mail}";
    home.write("popget.yaml", &format!(
        "accounts:\n  old: {{server: pop.example.org, user: alice, {rest}}}\n  new: {{server: pop.example.net, user: bob, {rest}}}\n  brief: {{server: pop.example.com, user: eve, keep: false, {rest}}}\n"
    ));
    home.write("popstate.dat", "*pop.example.org alice\nk one 5\n");
    let out = import(
        &home,
        "thunderbird",
        &["-c", "popget.yaml", "--state", "popstate.dat"],
    );
    let told = said(&out);
    assert_eq!(out.status.code(), Some(0), "{told}");
    let place = home.path("popget.yaml");
    let new = format!(
        "{}: new: {} has no entry of this account; name another record with --state\n",
        place.display(),
        home.path("popstate.dat").display()
    );
    assert!(told.contains(&new), "{told}");
    assert!(!told.contains("brief"), "{told}");
    home.write("popstate.dat", "*pop.example.info alice\nk one 5\n");
    let out = import(
        &home,
        "thunderbird",
        &["-c", "popget.yaml", "--state", "popstate.dat"],
    );
    assert_eq!(out.status.code(), Some(65), "{}", said(&out));
}

/// A file that others may read is no place for passwords.
#[test]
fn passwords_in_a_file_that_others_may_read_are_told() {
    let home = Home::new();
    home.write(
        "rc",
        &FETCHMAILRC.replace("user alice", "user alice password x"),
    );
    home.write("record", "alice@pop.example.org one\n");
    take_back(home.0.path()).unwrap();
    for (mode, arguments, told) in [
        (0o644, vec!["--with-passwords"], 1),
        (0o600, vec!["--with-passwords"], 0),
        (0o644, vec![], 0),
    ] {
        let yaml = home.path("popget.yaml");
        let file = fs::File::create(&yaml).unwrap();
        fs::set_permissions(&yaml, fs::Permissions::from_mode(mode)).unwrap();
        let out = Command::new(env!("CARGO_BIN_EXE_popget"))
            .args(["import", "--from", "fetchmail", "--state"])
            .args([home.path("record"), home.path("rc")])
            .args(arguments)
            .env_clear()
            .env("HOME", home.0.path())
            .stdout(file)
            .output()
            .unwrap();
        let count = said(&out)
            .matches("can be read by everyone: run chmod 600")
            .count();
        assert_eq!(count, told, "{mode:o}: {}", said(&out));
    }
}

/// Settings that hold nothing for popget are not carried over in silence.
#[test]
fn settings_without_an_account_are_told() {
    let home = Home::new();
    for (program, text) in [
        ("fetchmail", "set daemon 60\n"),
        ("fdm", "set command-user \"x\"\n"),
    ] {
        home.write("rc", text);
        let out = import(&home, program, &["-n", "rc"]);
        assert_eq!(out.status.code(), Some(65), "{}", said(&out));
        assert!(
            said(&out).contains("there is no account in it"),
            "{}",
            said(&out)
        );
    }
}
