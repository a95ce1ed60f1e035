//! Links that somebody laid: into the state directory, and for a Maildir or a folder in it.

use super::{as_mortal, can_be_others, given_to, strange_link, with_mail};
use crate::support::mail;
use crate::support::scene::Scene;
use crate::support::server::PopServer;
use std::fs;
use std::os::unix::fs::symlink;

const VICTIM: &[u8] = b"not mail\n";

#[test]
fn nothing_is_written_through_a_link_in_the_state_directory() {
    let server = PopServer::start();
    server.maildrop().add("big", &mail::big(1, 1)[0]);
    for name in ["work.lock", "work.seen", "work.seen.new", "work.spool"] {
        let mut scene = Scene::with_server(&server)
            .deliver("mbox: ~/mbox")
            .file("victim", VICTIM)
            .file(".local/state/popget/other", b"");
        let link = scene.path(".local/state/popget").join(name);
        symlink(scene.path("victim"), &link).unwrap();
        let outcome = scene.run();
        match name {
            // What stays is not used; what is only for a moment is put in the link's place.
            "work.lock" | "work.seen" => drop(outcome.says(name).says_lines(1).exits(73)),
            _ => drop(outcome.silent().exits(0)),
        }
        assert_eq!(fs::read(scene.path("victim")).unwrap(), VICTIM, "{name}");
    }
}

#[test]
fn a_dangling_link_makes_no_file_elsewhere() {
    for name in ["work.lock", "work.seen"] {
        let server = with_mail(&["alpha.eml"]);
        let mut scene = Scene::with_server(&server).file(".local/state/popget/other", b"");
        let link = scene.path(".local/state/popget").join(name);
        symlink(scene.path("planted"), &link).unwrap();
        drop(scene.run().says(name).delivers_nothing().exits(73));
        assert!(!scene.path("planted").exists(), "{name}");
    }
}

#[test]
fn ones_own_links_to_a_maildir_and_its_folders_are_followed() {
    let server = with_mail(&["alpha.eml"]);
    let mut scene = Scene::with_server(&server);
    fs::create_dir_all(scene.path("disk/Mail/tmp")).unwrap();
    fs::create_dir_all(scene.path("disk/fresh")).unwrap();
    symlink("../fresh", scene.path("disk/Mail/new")).unwrap();
    symlink("disk/Mail", scene.path("Mail")).unwrap();
    drop(scene.run().silent().delivers(["alpha.eml"]).exits(0));
    assert_eq!(fs::read_dir(scene.path("disk/fresh")).unwrap().count(), 1);
}

#[test]
fn a_strangers_link_in_a_maildir_is_refused() {
    if !can_be_others() {
        return;
    }
    for name in ["Mail", "Mail/tmp", "Mail/new", "Mail/cur"] {
        let server = with_mail(&["alpha.eml"]);
        let mut scene = Scene::with_server(&server);
        fs::create_dir(scene.path("elsewhere")).unwrap();
        if name != "Mail" {
            fs::create_dir(scene.path("Mail")).unwrap();
        }
        strange_link(&scene.path("elsewhere"), &scene.path(name));
        let said = format!("home/{name} is a link made by another user (4711)");
        drop(
            scene
                .run()
                .says(&said)
                .says_lines(1)
                .delivers_nothing()
                .exits(78),
        );
        assert_eq!(fs::read_dir(scene.path("elsewhere")).unwrap().count(), 0);
        assert_eq!(server.logins(), 0);
    }
}

#[test]
fn a_claim_leads_through_no_strangers_link_and_out_of_no_maildir() {
    if !can_be_others() {
        return;
    }
    let claimed = |scene: Scene, name: &str| {
        let home = scene.path("").to_string_lossy().into_owned();
        let text = format!(
            "popget-seen 1\naccount work alice 127.0.0.1 0123456789ab\n\
             claim 1 x 5 1700000000 - 1 - maildir%00{home}Mail%00{name}\n"
        );
        scene.file(".local/state/popget/work.seen", text.as_bytes())
    };
    let server = PopServer::start();
    let mut scene = claimed(
        Scene::with_server(&server).file("from/letter", b"x"),
        "letter",
    );
    for folder in ["Mail/new", "Mail/cur"] {
        fs::create_dir_all(scene.path(folder)).unwrap();
    }
    strange_link(&scene.path("from"), &scene.path("Mail/tmp"));
    drop(scene.run().says("is a link made by another user").exits(78));
    assert!(scene.path("from/letter").exists());

    let scene = Scene::with_server(&server).file("Mail/secret", b"x");
    let mut scene = claimed(scene, "../secret");
    for folder in ["Mail/tmp", "Mail/new", "Mail/cur"] {
        fs::create_dir_all(scene.path(folder)).unwrap();
    }
    drop(scene.run().says("it may come twice").exits(0));
    assert!(scene.path("Mail/secret").exists());
}

#[test]
fn root_puts_nothing_into_the_maildir_of_another_user() {
    if !can_be_others() {
        return;
    }
    let server = with_mail(&["alpha.eml"]);
    // One that is there, and one that would have to be made in that user's folder.
    for deliver in ["maildir: ~/theirs", "maildir: ~/theirs/in/Mail"] {
        let mut scene = Scene::with_server(&server).deliver(deliver);
        fs::create_dir(scene.path("theirs")).unwrap();
        given_to(&scene.path("theirs"), 4711);
        let said = "belongs to another user (4711), who could not read what root puts there";
        drop(scene.run().says(said).says_lines(1).exits(78));
        assert_eq!(fs::read_dir(scene.path("theirs")).unwrap().count(), 0);
    }
    let mut scene = as_mortal(Scene::with_server(&server));
    fs::create_dir(scene.path("Mail")).unwrap();
    drop(scene.run().silent().delivers(["alpha.eml"]).exits(0));
}
