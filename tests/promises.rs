//! The six promises of popget(1), each by the shortest way that could break it. What else may happen
//! is in the other files; `crash` above all.

use crate::support::long::Long;
use crate::support::mail;
use crate::support::maildrop::Fault;
use crate::support::scene::Scene;
use crate::support::server::{Moment, PopServer, Security};
use crate::support::tls::Certificate;
use std::fs;
use std::sync::{Arc, Mutex};

#[test]
fn nothing_is_lost() {
    let server = PopServer::start();
    server
        .maildrop()
        .add_named("a", "alpha.eml")
        .add_named("b", "beta.eml");
    let mut scene = Scene::with_server(&server).key("keep", "false");
    let (mail, memory) = (
        scene.path("Mail/new"),
        scene.path(".local/state/popget/work.seen"),
    );
    let found = Arc::new(Mutex::new(Vec::new()));
    let findings = Arc::clone(&found);
    server.hook(move |exchange| {
        if exchange.moment == Moment::Received && exchange.command.starts_with("DELE") {
            let delivered = fs::read_dir(&mail).map_or(0, Iterator::count);
            let remembered = fs::read_to_string(&memory).unwrap_or_default();
            let finding = (delivered, remembered.contains("\ndone "));
            findings.lock().unwrap().push(finding);
        }
    });
    scene.run().delivers(["alpha.eml", "beta.eml"]).exits(0);
    server.unhook();
    let found = found.lock().unwrap();
    assert_eq!(
        *found,
        [(2, true); 2],
        "delivered and remembered at each DELE"
    );
    assert_eq!(server.maildrop().left(), 0);
}

#[test]
fn nothing_comes_twice() {
    let server = PopServer::start();
    let maildrop = server.maildrop();
    maildrop
        .add_named("a", "alpha.eml")
        .add_named("b", "beta.eml");
    let mut scene = Scene::with_server(&server).key("keep", "false");
    // Killed when all is delivered and nothing is deleted; then the line is lost at the same place.
    let victim = scene.victim();
    server.hook(move |exchange| {
        if exchange.moment == Moment::Received && exchange.command.starts_with("DELE") {
            victim.kill();
        }
    });
    scene.run().delivers(["alpha.eml", "beta.eml"]).dies_of(9);
    server.unhook();
    scene.run().silent().exits(0);
    scene.run().silent().exits(0);
    assert_eq!(server.commands("RETR").len(), 2);
    assert_eq!(server.maildrop().left(), 0);
}

#[test]
fn not_a_byte_is_changed() {
    let ugly = mail::ugly();
    let server = PopServer::start();
    for (name, message) in &ugly {
        server.maildrop().add(name, message);
    }
    let messages: Vec<Vec<u8>> = ugly.into_iter().map(|(_, message)| message).collect();
    Scene::with_server(&server)
        .run()
        .delivers_bytes(&messages)
        .exits(0);
    Scene::with_server(&server)
        .deliver("mbox: ~/inbox")
        .run()
        .mbox_holds_bytes("inbox", &messages)
        .exits(0);
    let mut scene = Scene::with_server(&server).deliver("mda: 'cat > ~/$(date +%s%N)-$$'");
    scene.run().exits(0);
    let got = fs::read_dir(scene.path("")).unwrap().flatten();
    let got = got.filter(|file| file.file_name().to_string_lossy().contains('-'));
    let mut got: Vec<Vec<u8>> = got.map(|file| fs::read(file.path()).unwrap()).collect();
    let mut expected = messages;
    got.sort();
    expected.sort();
    assert_eq!(got, expected);
}

#[test]
fn no_credential_goes_in_the_clear() {
    for security in [Security::None, Security::StartTls(Certificate::Good)] {
        let server = PopServer::builder()
            .security(security)
            .without("STLS")
            .start();
        let (said, status) = match security {
            Security::None => ("in the clear", 78),
            _ => ("does not start TLS", 77),
        };
        let scene = Scene::with_server(&server).without_key("auth");
        let mut scene = match security {
            Security::None => scene,
            _ => scene.tls("starttls"),
        };
        scene.run().says(said).delivers_nothing().exits(status);
        for command in ["USER", "PASS", "APOP", "AUTH"] {
            assert!(server.commands(command).is_empty(), "{command} was sent");
        }
    }
}

/// The system itself sees to it that no more than this is ever used: popget, its libraries and their
/// threads' stacks take 80 MiB of addresses at rest; the message does not fit into what is left.
#[test]
fn memory_does_not_grow_with_a_message() {
    let long = Long::lines(60_000_000);
    let server = PopServer::start();
    server.maildrop().add_long("large", &long);
    for deliver in ["maildir: ~/Mail", "mbox: ~/inbox", "mda: 'cat > ~/taken'"] {
        let mut scene = Scene::with_server(&server).deliver(deliver).under(&[
            "prlimit",
            "--as=125829120",
            "--",
        ]);
        let outcome = scene.run().silent();
        let path = match deliver {
            "maildir: ~/Mail" => fs::read_dir(scene.path("Mail/new")).unwrap().next(),
            _ => None,
        };
        let path = path.map_or(scene.path("taken"), |entry| entry.unwrap().path());
        match deliver {
            // Whole, as `fearful` looks at more closely.
            "mbox: ~/inbox" => assert!(outcome.file("inbox").len() as u64 > long.size() * 9 / 10),
            _ => assert!(long.comes_from(&mut fs::File::open(path).unwrap())),
        }
        outcome.whatever().exits(0);
    }
}

#[test]
fn what_failed_is_told_and_blocks_nobody() {
    let server = PopServer::start();
    let maildrop = server.maildrop();
    maildrop
        .add_named("a", "alpha.eml")
        .add_named("b", "beta.eml")
        .add_named("c", "gamma.eml")
        .spoil("b", Fault::Refused);
    let mut scene = Scene::with_server(&server).key("keep", "false");
    scene
        .run()
        .delivers(["alpha.eml", "gamma.eml"])
        .says("message b")
        .exits(75);
    assert_eq!(maildrop.uids(), ["b"]);
    maildrop.spoil("b", Fault::None);
    scene
        .run()
        .delivers(["alpha.eml", "beta.eml", "gamma.eml"])
        .silent()
        .exits(0);
}
