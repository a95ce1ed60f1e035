//! Records: where they are, what hinders that they are read, and what the server makes of them.

use std::fs::{self, Permissions};
use std::os::unix::fs::{symlink, PermissionsExt};

use super::{said, take_back, Home, CONF, FETCHMAILRC, MPOPRC, RC};
use crate::support::server::{PopServer, PASSWORD, USER};

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
    assert!(!uids().contains("\ta/b-c\t"), "{}", uids());
    let out = home.popget(&["import", "--with-passwords", "--connect"]);
    assert_eq!(out.status.code(), Some(0), "{}", said(&out));
    let shown = said(&out);
    assert!(shown.contains("getmailrc: 1 new"), "{shown}");
    assert!(!String::from_utf8_lossy(&out.stdout).contains("1 new"));
    assert!(uids().contains("\ta/b-c\t"), "{}", uids());
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

/// A look at the server says what it meets in a line, and fetches nothing.
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
    for (name, status, what) in [
        ("empty", 0, "work: 0 new"),
        ("refused", 77, "the server refused the login"),
        ("down", 69, "cannot connect to"),
    ] {
        let settings = home.path(name);
        let arguments = [
            "import",
            "--connect",
            "--from",
            "fdm",
            settings.to_str().unwrap(),
        ];
        let out = home.popget(&arguments);
        let told = said(&out);
        assert_eq!(out.status.code(), Some(status), "{name}: {told}");
        assert_eq!(told.matches(what).count(), 1, "{name}: {told}");
        assert_eq!(home.mail().len(), 0, "{name}");
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
        assert!(!shown.contains("no record of what was fetched"), "{shown}");
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

/// getmail has its records in its own folder, wherever its rc file lies; where none is, it is said where
/// it was looked for.
#[test]
fn a_record_of_getmail_is_in_its_own_folder() {
    let name = "oldmail-pop.example.org-995-alice";
    for (place, status) in [
        (format!("rc/{name}"), 0),
        (format!(".config/getmail/{name}"), 0),
        (format!(".getmail/{name}"), 0),
        (name.to_string(), 65),
    ] {
        let home = Home::new();
        for folder in [".config/getmail", "rc"] {
            fs::create_dir_all(home.path(folder)).unwrap();
        }
        home.write("rc/work", &RC.replace("ca_certs = /ca.pem\n", ""));
        home.write(&place, "one\u{0}5\n");
        take_back(home.0.path()).unwrap();
        let rc = home.path("rc/work");
        let out = home.popget(&["import", "-v", "--from", "getmail", rc.to_str().unwrap()]);
        let told = said(&out);
        assert_eq!(out.status.code(), Some(status), "{place}: {told}");
        assert_eq!(
            told.contains("1 messages remembered"),
            status == 0,
            "{told}"
        );
        let folders = ["rc", ".config/getmail", ".getmail"].map(|below| home.path(below));
        let folders = folders.map(|folder| folder.display().to_string());
        let tried = format!("{name} in {}", folders.join(" or "));
        assert_eq!(told.contains(&tried), status != 0, "{told}");
    }
}
