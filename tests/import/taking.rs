//! Records that are taken over: whose they are, what hinders it, and what is said of it.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::process::{Command, Output};

use super::{said, take_back, Home, CONF, FETCHMAILRC, MPOPRC, RC};
use crate::support::server::{PopServer, PASSWORD};

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

/// What popget would do next, by what it says of a dry run.
fn would(home: &Home, yaml: &[u8]) -> String {
    fs::write(home.path("out.yaml"), yaml).unwrap();
    fs::set_permissions(home.path("out.yaml"), fs::Permissions::from_mode(0o600)).unwrap();
    let out = home.popget(&["-n", "-v", "-c", home.path("out.yaml").to_str().unwrap()]);
    format!("{}{}", String::from_utf8_lossy(&out.stdout), said(&out))
}

/// fetchmail and fdm delete what they fetch, and not what they know; popget deletes that as well.
#[test]
fn what_the_program_left_on_the_server_is_not_deleted() {
    for (program, settings) in [
        (
            "fetchmail",
            "poll 127.0.0.1 port {port} proto pop3 uidl user alice password {password} is alice here sslproto ''\n\
             mda \"/bin/true\"\n",
        ),
        (
            "fdm",
            "set no-received\naction \"in\" maildir \"~/Mail\"\naccount \"a\" pop3 server \"127.0.0.1\" port \
             {port} user \"alice\" pass \"{password}\" new-only cache \"~/record\"\nmatch all action \"in\"\n",
        ),
    ] {
        let server = PopServer::start();
        for uid in ["one", "two"] {
            server.maildrop().add(uid, b"From: a@example.org\n\nhello\n");
        }
        let settings = settings
            .replace("{port}", &server.port().to_string())
            .replace("{password}", PASSWORD);
        for (record, count) in [("", 0), ("alice@127.0.0.1 one\n", 1)] {
            let record = match program {
                "fdm" => record.replace("alice@127.0.0.1", "3"),
                _ => record.into(),
            };
            let home = Home::new();
            home.write("rc", &settings);
            home.write("record", &record);
            let out = import(&home, program, &["--with-passwords", "--state", "record", "rc"]);
            let (told, yaml) = (said(&out), String::from_utf8_lossy(&out.stdout).into_owned());
            assert_eq!(out.status.code() == Some(65), count > 0, "{told}");
            assert_eq!(yaml.contains("keep: true"), count > 0, "{yaml}");
            assert_eq!(told.contains(" knows 1 messages and deletes none "), count > 0, "{told}");
            let would = would(&home, &out.stdout);
            assert_eq!(would.contains("would delete"), count == 0, "{would}");
        }
    }
}

/// fetchmail and mpop name an account in their records by user and host alone.
#[test]
fn accounts_that_a_record_does_not_tell_apart_take_nothing_over() {
    let home = Home::new();
    let rc = |port: u16| {
        format!(
            "poll isp1 via localhost proto pop3 uidl port 1101 user joe is a here keep mda '/bin/x'\n\
             poll isp2 via localhost proto pop3 uidl port {port} user joe is b here keep mda '/bin/x'\n"
        )
    };
    home.write("rc", &rc(1102));
    home.write("record", "joe@localhost one\n");
    let out = import(&home, "fetchmail", &["--state", "record", "rc"]);
    let told = said(&out);
    assert_eq!(out.status.code(), Some(65), "{told}");
    for name in ["isp1", "isp2"] {
        let mark = format!(
            "nothing of it is taken over; run popget state mark --account {name} --all once"
        );
        assert!(told.contains(&mark), "{told}");
    }
    assert!(!shown(&home).contains("one"), "{}", shown(&home));
    // One maildrop under two names: its mail is to come once.
    home.write("rc", &rc(1101));
    let out = import(&home, "fetchmail", &["--state", "record", "rc"]);
    assert!(
        !said(&out).contains("nothing of it is taken over"),
        "{}",
        said(&out)
    );
    let yaml = String::from_utf8_lossy(&out.stdout).into_owned();
    assert_eq!(yaml.matches("enabled: false").count(), 1, "{yaml}");
    assert!(said(&out).contains("isp2: is of the same maildrop as isp1, "));
    assert_eq!(shown(&home).matches("one").count(), 2);
}

#[test]
fn users_that_differ_in_case_are_others_to_mpop() {
    let home = Home::new();
    let account = |name: &str, user: &str| {
        format!(
            "account {name}\nhost h.example.org\nuser {user}\nkeep on\ndelivery maildir ~/Mail\n"
        )
    };
    home.write(
        "rc",
        &format!("{}{}", account("one", "Ann"), account("two", "ann")),
    );
    home.write("record", " 1 H.example.org ann\none\n");
    let out = import(&home, "mpop", &["-v", "--state", "record", "rc"]);
    let told = said(&out);
    assert!(told.contains("two: 1 messages remembered"), "{told}");
    assert!(
        told.contains(": one: ") && told.contains("has no entry of this account"),
        "{told}"
    );
}

/// Behind another port of the same host may be another server.
#[test]
fn an_account_at_another_port_is_another() {
    let home = Home::new();
    home.write("rc", &MPOPRC.replace("keep on", "port 21112\nkeep on"));
    home.write("record", " 1 pop.example.org alice\none\n");
    let popget =
        "accounts:\n  mine: {server: \"pop.example.org:21111\", user: alice, netrc: true, \
                  deliver: {maildir: ~/Mail}}\n";
    home.write("popget.yaml", popget);
    let arguments = ["-v", "-c", "popget.yaml", "--state", "record", "rc"];
    let out = import(&home, "mpop", &arguments);
    let told = said(&out);
    assert!(told.contains("a: 1 messages remembered"), "{told}");
    assert!(!told.contains("call this account mine"), "{told}");
}

#[test]
fn a_directory_of_its_own_keeps_names_apart() {
    let home = Home::new();
    home.write("rc", MPOPRC);
    home.write("record", " 1 pop.example.org alice\none\n");
    let popget = "accounts:\n  a: {server: other.example.org, user: bob, netrc: true, deliver: {maildir: ~/Mail}}\n";
    home.write("popget.yaml", popget);
    let arguments = ["-c", "popget.yaml", "--state", "record", "rc"];
    let out = import(&home, "mpop", &arguments);
    assert_eq!(out.status.code(), Some(78), "{}", said(&out));
    let state = home.path("elsewhere");
    let own = [&["--state-dir", state.to_str().unwrap()], &arguments[..]].concat();
    let out = import(&home, "mpop", &own);
    assert_eq!(out.status.code(), Some(0), "{}", said(&out));
    assert!(state.join("a.seen").exists());
}

/// A run that waits for another ends with what says so.
#[test]
fn an_account_that_is_busy_is_to_be_tried_again() {
    let home = Home::new();
    home.write("rc", MPOPRC);
    home.write("record", " 1 pop.example.org alice\none\n");
    let arguments = ["--state", "record", "rc"];
    assert_eq!(import(&home, "mpop", &arguments).status.code(), Some(0));
    let lock = fs::File::open(home.path(".local/state/popget/a.lock")).unwrap();
    fs2::FileExt::lock_exclusive(&lock).unwrap();
    let out = import(&home, "mpop", &arguments);
    assert_eq!(out.status.code(), Some(75), "{}", said(&out));
}

/// What is kept for a time is marked by whoever says that it may be deleted then.
#[test]
fn advice_on_marking_fits_the_account() {
    let home = Home::new();
    let rc = RC.replace("read_all = false", "read_all = false\ndelete_after = 10");
    home.write("rc", &rc.replace("ca_certs = /ca.pem\n", ""));
    let out = import(&home, "getmail", &["rc"]);
    let advice = "run popget state mark --account rc --all --may-delete once, from when on";
    assert!(said(&out).contains(advice), "{}", said(&out));
}

/// A server of POP2 has several maildrops of a user.
#[test]
fn each_folder_of_pop2_is_fetched() {
    let home = Home::new();
    let poll = |name: &str, folder: &str| {
        format!(
            "poll {name} via h.example.org proto pop2 user joe is a here folder {folder} \
             mda '/bin/x'\n"
        )
    };
    for (other, off) in [("/other", false), ("/one", true)] {
        home.write("rc", &format!("{}{}", poll("a", "/one"), poll("b", other)));
        let out = import(&home, "fetchmail", &["-n", "rc"]);
        let yaml = String::from_utf8_lossy(&out.stdout).into_owned();
        assert_eq!(yaml.matches("folder: ").count(), 2, "{yaml}");
        assert_eq!(yaml.contains("enabled: false"), off, "{yaml}{}", said(&out));
    }
}
