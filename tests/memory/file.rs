//! The file behind the memory: torn, foreign, held by another, grown long.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::time::{SystemTime, UNIX_EPOCH};

use crate::support::phrases::{listing, retr, LOGIN, QUIT};
use crate::support::scene::Scene;
use crate::support::server::{Moment, PopServer};

const SEEN: &str = ".local/state/popget/work.seen";
const HEAD: &str = "popget-seen 1\naccount work alice 127.0.0.1 0123456789ab\n";

#[test]
fn a_torn_last_line_is_mended_and_told() {
    for torn in [
        "seen b - 17",
        "seen b - 1700000000 - 1",
        "\0\0\0\0\0\0",
        "s",
    ] {
        let text = format!("{HEAD}seen a - 1700000000 - 1\n{torn}");
        let script = LOGIN.to_owned() + &listing(&["a", "b"]) + &retr(2, "beta.eml") + QUIT;
        let mut scene = Scene::new()
            .file(SEEN, text.as_bytes())
            .conversation_text(&script);
        scene
            .run()
            .delivers(["beta.eml"])
            .remembers(["a", "b"])
            .says("cut off by a crash")
            .says_lines(1)
            .exits(0);
        scene
            .conversation_text(&(LOGIN.to_owned() + &listing(&["a", "b"]) + QUIT))
            .run()
            .silent()
            .exits(0);
    }
}

#[test]
fn a_file_that_is_no_memory_is_refused_and_nothing_is_fetched() {
    let foreign = [
        String::new(),
        "\n".into(),
        "popget-seen 1\n".into(),
        "popget-seen 1".into(),
        "popget-seen 2\naccount work alice 127.0.0.1 0123456789ab\n".into(),
        "abc 123\ndef 456\n".into(),
        format!("{HEAD}something else\n"),
        format!("{HEAD}seen a\nseen b - 1700000000 - 1\n"),
        format!("{HEAD}done 7\n"),
        format!("{HEAD}{HEAD}"),
        "\u{7f}ELF\0\0\0".into(),
    ];
    for text in foreign {
        let mut scene = Scene::new().file(SEEN, text.as_bytes());
        scene
            .run()
            .delivers_nothing()
            .says("work.seen:")
            .says("mend or restore")
            .says_lines(1)
            .exits(73);
        assert_eq!(fs::read(scene.path(SEEN)).unwrap(), text.as_bytes());
    }
}

#[test]
fn a_memory_that_is_a_link_or_a_folder_is_refused() {
    let mut scene = Scene::new().file("elsewhere", HEAD.as_bytes());
    fs::create_dir_all(scene.path(".local/state/popget")).unwrap();
    std::os::unix::fs::symlink(scene.path("elsewhere"), scene.path(SEEN)).unwrap();
    scene.run().says("work.seen").exits(73);
    fs::remove_file(scene.path(SEEN)).unwrap();
    fs::create_dir(scene.path(SEEN)).unwrap();
    scene.run().says("work.seen").exits(73);
}

#[test]
fn a_state_directory_that_cannot_be_made_stops_popget_before_anything_is_fetched() {
    let mut scene = Scene::new().file(".local/state", b"a file in the way");
    scene
        .run()
        .delivers_nothing()
        .says(".local/state")
        .says_lines(1)
        .exits(73);
}

#[test]
fn the_state_is_for_its_owner_alone() {
    let server = PopServer::holding(2);
    let mut scene = Scene::with_server(&server);
    scene.run().delivers(["alpha.eml", "beta.eml"]).exits(0);
    for (below, mode) in [(".local/state/popget", 0o700), (SEEN, 0o600)] {
        let found = fs::metadata(scene.path(below)).unwrap().permissions();
        assert_eq!(found.mode() & 0o777, mode, "{below}");
    }
}

#[test]
fn two_runs_of_one_account_do_not_meet() {
    let server = PopServer::holding(2);
    let mut scene = Scene::with_server(&server);
    let mut other = Scene::with_server(&server);
    other = other.env(
        "XDG_STATE_HOME",
        &scene.path(".local/state").to_string_lossy(),
    );
    let (reached, waiting) = std::sync::mpsc::channel();
    let (release, released) = std::sync::mpsc::channel::<()>();
    let released = std::sync::Mutex::new(released);
    server.hook(move |exchange| {
        if exchange.moment == Moment::Halfway {
            // Only the first message waits; nobody listens to the second.
            if reached.send(()).is_ok() {
                let _ = released.lock().unwrap().recv();
            }
        }
    });
    let begun = scene.start(&[]);
    waiting.recv().unwrap();
    other
        .run()
        .delivers_nothing()
        .says("another popget holds this account")
        .says_lines(1)
        .exits(75);
    drop((release, waiting));
    begun
        .finish()
        .delivers(["alpha.eml", "beta.eml"])
        .silent()
        .exits(0);
    assert_eq!(server.logins(), 1);
}

#[test]
fn a_lock_file_that_nobody_holds_is_no_lock() {
    let server = PopServer::holding(2);
    let mut scene = Scene::with_server(&server).file(".local/state/popget/work.lock", b"4711\n");
    scene
        .run()
        .delivers(["alpha.eml", "beta.eml"])
        .silent()
        .exits(0);
}

#[test]
fn a_long_history_is_written_anew_and_what_is_long_gone_forgotten() {
    let mut text = HEAD.to_owned() + "seen a - 1700000000 - 1\n";
    for n in 0..2000 {
        text += &format!("gone a - {n}\nback a -\n");
    }
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap();
    for (uid, days) in [("old", 91), ("late", 89)] {
        let gone = now.as_secs() - days * 24 * 3600;
        text += &format!("seen {uid} 5 1000000000 - 1 {gone}\n");
    }
    let server = PopServer::holding(2);
    let mut scene = Scene::with_server(&server).file(SEEN, text.as_bytes());
    scene.run().delivers(["beta.eml"]).silent().exits(0);
    let after = fs::read_to_string(scene.path(SEEN)).unwrap();
    assert!(after.lines().count() < 10, "{after}");
    assert!(
        after.contains("\nseen a ") && after.contains("\nseen b "),
        "{after}"
    );
    assert!(after.contains("\nseen late "), "{after}");
    assert!(!after.contains("old"), "{after}");
    assert!(after.starts_with(HEAD), "{after}");
    let fetched = server.commands("RETR").len();
    scene.run().silent().exits(0);
    assert_eq!(server.commands("RETR").len(), fetched);
}

#[test]
fn the_state_directory_can_be_chosen() {
    let server = PopServer::holding(2);
    let mut scene = Scene::with_server(&server);
    let elsewhere = scene.path("elsewhere/deep");
    let elsewhere = elsewhere.to_string_lossy();
    let all = ["alpha.eml", "beta.eml"];
    scene
        .run_with(&["--state-dir", &elsewhere])
        .delivers(all)
        .exits(0);
    assert!(scene.path("elsewhere/deep/work.seen").exists());
    assert!(!scene.path(".local/state").exists());
    let mut scene = scene.env("STATE_DIRECTORY", &format!("{elsewhere}:/nowhere"));
    scene.run().silent().exits(0);
}
