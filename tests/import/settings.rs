//! Settings: which files count, what is refused, and that what is written is accepted.

use std::fs;
use std::os::unix::fs::symlink;
use std::process::Output;

use super::{said, take_back, Home, CONF, FETCHMAILRC, RC};

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
