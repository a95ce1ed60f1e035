//! Accounts divided among many machines: every one is visited by one of them, none by two.

use super::accounts::{crowd, names};
use crate::support::scene::Scene;
use crate::support::server::PopServer;
use std::collections::BTreeSet;
use std::thread;

/// The users that logged in since `before` commands of that kind, sorted.
fn visited(server: &PopServer, before: usize) -> Vec<String> {
    let commands = server.commands("USER").into_iter().skip(before);
    let mut users: Vec<String> = commands
        .map(|line| line["USER ".len()..].to_owned())
        .collect();
    users.sort();
    users
}

#[test]
fn four_machines_side_by_side_fetch_every_account_once_and_none_twice() {
    let names = names(100);
    let (server, text) = crowd(&names);
    let letter = |name: &str| format!("Subject: for {name}\n\nhello\n").into_bytes();
    for name in &names {
        server.maildrop_of(name).add("a", &letter(name));
    }
    // Each machine has its own home, and so its own memory and its own mail.
    let machines: Vec<_> = (1..=4)
        .map(|index| {
            let (server, text) = (server.clone(), text.clone());
            thread::spawn(move || {
                let mut scene = Scene::with_server(&server).config(&text);
                scene
                    .run_with(&[&format!("--shard={index}/4")])
                    .silent()
                    .exits(0);
                let mail = scene.path("Mail");
                let came = std::fs::read_dir(mail).unwrap().map(|entry| {
                    let name = entry.unwrap().file_name().into_string().unwrap();
                    let new = scene.path(&format!("Mail/{name}/new"));
                    let letters = std::fs::read_dir(new)
                        .unwrap()
                        .map(|letter| std::fs::read(letter.unwrap().path()).unwrap());
                    (name, letters.collect::<Vec<_>>())
                });
                came.collect::<Vec<_>>()
            })
        })
        .collect();
    let came: Vec<_> = machines
        .into_iter()
        .map(|machine| machine.join().unwrap())
        .collect();
    let shares: Vec<usize> = came.iter().map(Vec::len).collect();
    assert!(
        shares.iter().all(|share| (10..=40).contains(share)),
        "{shares:?}"
    );
    let came: Vec<_> = came.into_iter().flatten().collect();
    assert_eq!(came.len(), 100, "no account on two machines");
    for (name, letters) in &came {
        assert_eq!(letters, &[letter(name)], "{name}");
    }
    let fetched: BTreeSet<_> = came.into_iter().map(|(name, _)| name).collect();
    assert_eq!(fetched, names.iter().cloned().collect());
    assert_eq!(server.logins(), 100);
    assert_eq!(server.commands("RETR").len(), 100);
}

#[test]
fn all_machines_may_share_one_memory() {
    let names = names(12);
    let (server, text) = crowd(&names);
    for name in &names {
        server.maildrop_of(name).add_named("a", "alpha.eml");
    }
    // First divided by three, then by two: what was fetched by another machine is known.
    let mut scene = Scene::with_server(&server).config(&text);
    for shard in ["1/3", "2/3", "3/3", "1/2", "2/2"] {
        scene.run_with(&["--shard", shard]).silent().exits(0);
    }
    assert_eq!(server.logins(), 24);
    assert_eq!(server.commands("RETR").len(), 12);
}

#[test]
fn a_part_without_accounts_is_a_success() {
    let (server, text) = crowd(&names(1));
    let mut scene = Scene::with_server(&server).config(&text);
    let mut quiet = Vec::new();
    for index in 1..=3 {
        let shard = format!("--shard={index}/3");
        let before = server.logins();
        scene.run_with(&[&shard]).silent().exits(0);
        if server.logins() == before {
            scene.run_with(&["check", &shard]).silent().exits(0);
            scene.run_with(&["list", &shard]).silent().exits(0);
            scene.run_with(&["probe", &shard]).silent().exits(0);
            scene.run_with(&["--exit-empty", &shard]).silent().exits(1);
            let mut told = scene.run_with(&["--json", &shard]).exits(0);
            let told = told.take_stdout();
            assert!(told.contains("\"event\":\"summary\""), "{told}");
            quiet.push(index);
        }
    }
    assert_eq!(quiet.len(), 2, "one account is in one part: {quiet:?}");
}

#[test]
fn a_part_is_taken_of_what_is_named() {
    let names = names(8);
    let (server, text) = crowd(&names);
    let mut scene = Scene::with_server(&server).config(&text);
    let mut all = Vec::new();
    for shard in ["1/2", "2/2"] {
        let before = server.commands("USER").len();
        scene
            .run_with(&["-a", "user1,user2,user3", "--shard", shard])
            .silent()
            .exits(0);
        all.extend(visited(&server, before));
    }
    all.sort();
    assert_eq!(all, ["user1", "user2", "user3"]);
    // A name that is unknown is so on every machine.
    for shard in ["1/2", "2/2"] {
        scene
            .run_with(&["-a", "nobody", "--shard", shard])
            .says("there is no account nobody")
            .exits(64);
    }
}

#[test]
fn the_trouble_of_another_machines_account_is_not_ours() {
    let (server, text) = crowd(&names(1));
    let text = text + "  broken: {user: x, password_file: ~/not-there, deliver: {}}\n";
    let mut scene = Scene::with_server(&server).config(&text);
    // `user0` and `broken` fall into different halves.
    let mut statuses = Vec::new();
    for shard in ["1/2", "2/2"] {
        let mut outcome = scene.run_with(&["--shard", shard]);
        outcome.take_stderr();
        statuses.push(outcome.take_status());
        outcome.whatever();
    }
    statuses.sort();
    assert_eq!(statuses, [Some(0), Some(78)]);
}

#[test]
fn what_is_no_part_is_a_wrong_usage() {
    for (shard, why) in [
        ("0/4", "parts are counted from 1, so it is 1/4 to 4/4"),
        ("5/4", "there is no part 5 of 4; it is 1/4 to 4/4"),
        ("3", "write it like 2/5, the second of five parts"),
    ] {
        Scene::new()
            .run_with(&["--shard", shard])
            .says_exactly(&format!(
                "popget: invalid value '{shard}' for '--shard <I/N>': {why}; see popget --help\n"
            ))
            .exits(64);
    }
}
