//! Delivery to a Maildir, as another program that reads it sees it.

use std::collections::BTreeSet;
use std::fs;
use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::path::Path;
use std::process::Command;

use crate::support::mail;
use crate::support::scene::Scene;
use crate::support::server::PopServer;

fn with_mail(messages: &[&str]) -> PopServer {
    let server = PopServer::start();
    for name in messages {
        server.maildrop().add_named(name, name);
    }
    server
}

fn names(folder: &Path) -> Vec<String> {
    let entries = fs::read_dir(folder).unwrap();
    let name = |entry: std::io::Result<fs::DirEntry>| entry.unwrap().file_name();
    let mut names: Vec<String> = entries
        .map(|entry| name(entry).into_string().unwrap())
        .collect();
    names.sort();
    names
}

fn mode(path: &Path) -> u32 {
    fs::metadata(path).unwrap().permissions().mode() & 0o7777
}

/// The mark of the account's files.
fn mark(scene: &Scene) -> String {
    let memory = fs::read_to_string(scene.path(".local/state/popget/work.seen")).unwrap();
    let account = memory.lines().nth(1).unwrap();
    account.rsplit(' ').next().unwrap().to_owned()
}

#[test]
fn a_missing_maildir_is_made_for_its_owner_alone() {
    let server = with_mail(&["alpha.eml"]);
    let mut scene = Scene::with_server(&server)
        .deliver("maildir: ~/some/where/Mail")
        .under(&["sh", "-c", "umask 0; exec \"$@\"", "sh"]);
    let outcome = scene.run().silent().exits(0);
    drop(outcome.delivers_to("some/where/Mail", ["alpha.eml"]));
    for folder in ["", "/Mail", "/Mail/tmp", "/Mail/new", "/Mail/cur"] {
        let path = scene.path(&format!("some/where{folder}"));
        assert_eq!(mode(&path), 0o700, "{}", path.display());
    }
    let new = scene.path("some/where/Mail/new");
    assert_eq!(mode(&new.join(&names(&new)[0])), 0o600);
}

#[test]
fn every_message_has_a_name_of_its_own_and_a_file_of_its_own() {
    let server = PopServer::start();
    for n in 0..200 {
        server.maildrop().add(&format!("u{n}"), b"the same\n");
    }
    let mut scene = Scene::with_server(&server);
    drop(
        scene
            .run()
            .delivers_bytes(&vec![b"the same\n".to_vec(); 200])
            .exits(0),
    );
    let new = scene.path("Mail/new");
    let names = names(&new);
    let (mark, host) = (mark(&scene), rustix::system::uname());
    let host = host.nodename().to_string_lossy().into_owned();
    for name in &names {
        let [time, unique, rest] = name.splitn(3, '.').collect::<Vec<_>>()[..] else {
            panic!("not of three parts: {name}");
        };
        assert!(time.bytes().all(|byte| byte.is_ascii_digit()), "{name}");
        assert!(unique.ends_with(&format!("_popget-{mark}")), "{name}");
        assert_eq!(rest, host, "{name}");
        assert!(!name.contains([':', '/', ' ']), "{name}");
    }
    let files: BTreeSet<u64> = names
        .iter()
        .map(|name| fs::metadata(new.join(name)).unwrap().ino())
        .collect();
    assert_eq!(files.len(), 200);
}

#[test]
fn a_host_name_that_no_file_name_can_hold_is_escaped() {
    let rename = "printf 'a:b/c' > /proc/sys/kernel/hostname && exec \"$@\"";
    let unshare = ["unshare", "-Ur", "--uts", "sh", "-c", rename, "sh"];
    let trial = Command::new(unshare[0])
        .args(&unshare[1..])
        .arg("true")
        .output();
    if !trial.is_ok_and(|output| output.status.success()) {
        return; // no name spaces for everybody here
    }
    let server = with_mail(&["alpha.eml"]);
    let mut scene = Scene::with_server(&server).under(&unshare);
    drop(scene.run().delivers(["alpha.eml"]).exits(0));
    let names = names(&scene.path("Mail/new"));
    assert!(names[0].ends_with(".a\\072b\\057c"), "{names:?}");
}

#[test]
fn what_we_left_in_tmp_is_swept_and_nothing_else() {
    let server = with_mail(&["alpha.eml"]);
    let mut scene = Scene::with_server(&server);
    drop(scene.run().delivers(["alpha.eml"]).exits(0));
    let ours = format!("Mail/tmp/1.M2P3Q4R5_popget-{}.host", mark(&scene));
    let theirs = [
        "Mail/tmp/1700000000.M1P2.host",
        "Mail/tmp/1.M2P3_popget-000000000000.host",
    ];
    scene = scene
        .file(&ours, b"half")
        .file(theirs[0], b"other")
        .file(theirs[1], b"account");
    drop(scene.run().exits(0));
    assert!(!scene.path(&ours).exists());
    assert!(theirs.iter().all(|path| scene.path(path).exists()));
}

#[test]
fn a_maildir_that_is_a_file_is_no_maildir() {
    let server = with_mail(&["alpha.eml"]);
    let mut scene = Scene::with_server(&server).file("Mail", b"I am a file\n");
    drop(scene.run().says("Mail").exits(73));
    assert_eq!(server.logins(), 0, "it was found out before the network");
    assert_eq!(fs::read(scene.path("Mail")).unwrap(), b"I am a file\n");
    let mut scene = Scene::with_server(&server).file("Mail/new", b"I am a file\n");
    drop(scene.run().says("Mail/new").exits(73));
}

#[test]
fn every_ugly_message_is_stored_as_it_came() {
    let server = PopServer::start();
    let messages: Vec<Vec<u8>> = mail::ugly().into_iter().map(|(_, bytes)| bytes).collect();
    for (n, message) in messages.iter().enumerate() {
        server.maildrop().add(&format!("u{n}"), message);
    }
    let mut scene = Scene::with_server(&server).key("keep", "false");
    drop(scene.run().silent().delivers_bytes(&messages).exits(0));
    assert_eq!(server.maildrop().left(), 0);
}

#[test]
fn accounts_share_a_maildir_that_none_of_them_has_made() {
    let users = ["u1", "u2", "u3", "u4", "u5", "u6", "u7", "u8"];
    let builder = PopServer::builder();
    let server = users
        .iter()
        .fold(builder, |b, user| b.user(user, "open-sesame"))
        .start();
    let mut config = "accounts:\n".to_owned();
    for user in users {
        server.maildrop_of(user).add_named("a", "alpha.eml");
        config += &format!(
            "  {user}:\n    {{server: 127.0.0.1, port: {{port}}, tls: none, auth: [user-pass], user: {user}, \
             password_file: ~/password, deliver: {{maildir: ~/a/b/c/Mail}}}}\n"
        );
    }
    for _ in 0..10 {
        let mut scene = Scene::with_server(&server).config(&config);
        drop(
            scene
                .run()
                .silent()
                .delivers_to("a/b/c/Mail", ["alpha.eml"; 8])
                .exits(0),
        );
    }
}

#[test]
fn a_full_disk_leaves_no_part_and_the_next_run_goes_on() {
    let server = with_mail(&["alpha.eml", "endless-line.eml", "beta.eml"]);
    // As a full disk does: files can be no larger than 32 blocks, and writing more is an error.
    let full = "trap '' XFSZ; ulimit -f 32; exec \"$@\"";
    let mut scene = Scene::with_server(&server).under(&["sh", "-c", full, "sh"]);
    let outcome = scene.run().says("Mail/tmp").delivers(["alpha.eml"]);
    drop(outcome.remembers(["alpha.eml"]).exits(74));
    scene.wraps(&[]);
    drop(
        scene
            .run()
            .silent()
            .delivers(["alpha.eml", "beta.eml", "endless-line.eml"])
            .exits(0),
    );
}
