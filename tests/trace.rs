//! Lines that tell how a message came here: above it, and nowhere else.

use chrono::DateTime;

use crate::support::mail;
use crate::support::scene::Scene;
use crate::support::server::{Language, PopServer};

/// All messages of tests/messages/, but for those that are nothing or a line end: these could be part
/// of the lines.
fn messages() -> Vec<(String, Vec<u8>)> {
    let mut all = mail::ugly();
    all.retain(|(_, message)| message.len() > 1);
    all
}

/// What stands above each message if it arrives with these keys; below, it is as it was.
fn with_lines(keys: &[(&str, &str)]) -> Vec<Vec<u8>> {
    let server = PopServer::start();
    for (name, message) in messages() {
        server.maildrop().add(&name, &message);
    }
    let mut scene = Scene::with_server(&server);
    for (key, value) in keys {
        scene = scene.key(key, value);
    }
    drop(scene.run().silent().exits(0).whatever());
    let new = std::fs::read_dir(scene.path("Mail/new")).unwrap();
    let arrived = new.map(|entry| std::fs::read(entry.unwrap().path()).unwrap());
    let arrived: Vec<_> = arrived.collect();
    let mut missing: Vec<_> = messages().into_iter().map(|(_, message)| message).collect();
    let lines = arrived.iter().map(|found| {
        let fits = missing
            .iter()
            .enumerate()
            .filter(|(_, message)| found.ends_with(message));
        let (at, _) = fits
            .max_by_key(|(_, message)| message.len())
            .expect("a whole message");
        found[..found.len() - missing.swap_remove(at).len()].to_vec()
    });
    let lines = lines.collect();
    let missing: Vec<_> = missing
        .iter()
        .map(|message| message.escape_ascii())
        .collect();
    assert!(missing.is_empty(), "missing: {missing:?}");
    lines
}

#[test]
fn without_the_keys_there_are_none() {
    assert!(with_lines(&[("received", "false")])
        .iter()
        .all(Vec::is_empty));
}

#[test]
fn the_address_is_one_line() {
    let lines = with_lines(&[("delivered_to", "me@home.example")]);
    assert!(lines
        .iter()
        .all(|lines| lines == b"Delivered-To: me@home.example\n"));
}

#[test]
fn the_way_is_a_field_that_others_can_read() {
    let all = with_lines(&[("received", "true"), ("delivered_to", "me@home.example")]);
    for lines in all {
        let lines = String::from_utf8(lines).unwrap();
        let rest = lines
            .strip_prefix("Delivered-To: me@home.example\n")
            .unwrap();
        assert!(rest.starts_with("Received: from [127.0.0.1] by "), "{rest}");
        assert!(rest.contains(", account work)"), "{rest}");
        assert!(
            rest.lines().skip(1).all(|line| line.starts_with('\t')),
            "{rest}"
        );
        let (_, date) = rest.trim_end().rsplit_once(";\n\t").unwrap();
        let date = DateTime::parse_from_rfc2822(date).unwrap();
        assert!(
            (chrono::Utc::now().timestamp() - date.timestamp()).abs() < 600,
            "{date}"
        );
    }
}

#[test]
fn every_destination_gets_the_lines_and_the_memory_none() {
    let message = b"Delivered-To: alice@example.org\nSubject: x\n\nx\n".to_vec();
    let server = PopServer::start();
    server.maildrop().add("one", &message);
    let all = "- maildir: ~/Mail\n- mbox: ~/mbox\n- mda: 'cat > ~/got; echo $POPGET_SIZE > ~/size'";
    let mut scene = Scene::with_server(&server)
        .deliver(all)
        .key("delivered_to", "me@home.example");
    let outcome = scene.run().silent().exits(0);
    let lined = [&b"Delivered-To: me@home.example\n"[..], &message].concat();
    let outcome = outcome.delivers_bytes(std::slice::from_ref(&lined));
    let outcome = outcome.mbox_holds_bytes("mbox", std::slice::from_ref(&lined));
    assert_eq!(outcome.file("got"), lined);
    assert_eq!(
        outcome.file("size"),
        format!("{}\n", lined.len()).as_bytes()
    );
    drop(outcome);
    // By another UID it is still the same message, and the lines are not part of it.
    server.maildrop().remove("one").add("two", &message);
    scene = scene
        .without_key("delivered_to")
        .args(&["--accept-new-uids"]);
    drop(scene.run().silent().exits(0).remembers(["one", "two"]));
}

#[test]
fn a_message_that_was_here_before_is_told_of_and_stays() {
    let server = PopServer::start();
    let again = b"Received: from x\nDelivered-To: Me@Home.example\nSubject: again\n\nx\n";
    server
        .maildrop()
        .add("again", again)
        .add_named("alpha", "alpha.eml");
    let scene = Scene::with_server(&server).key("keep", "false");
    let mut scene = scene.key("delivered_to", "me@home.example");
    for _ in 0..2 {
        let outcome = scene.run().says_lines(1).says(
            "message again: it was here before: its head has Delivered-To: me@home.example; it stays",
        );
        drop(outcome.exits(65).remembers(["alpha"]).whatever());
        assert_eq!(server.maildrop().uids(), ["again"]);
    }
}

#[test]
fn an_address_that_could_be_read_otherwise_is_a_mistake() {
    for address in ["\"a b@c\"", "\"a\\nb\"", "<a@b>", "-a@b", "a@", "\"a;b@c\""] {
        let mut scene = Scene::new().key("delivered_to", address);
        drop(scene.run().says("accounts.work.delivered_to").exits(78));
    }
}

#[test]
fn the_line_says_what_was_spoken() {
    for (language, spoken) in [(Language::Pop2, "POP2"), (Language::Pop1, "POP1")] {
        let server = PopServer::builder().speaking(language).start();
        server.maildrop().add_named("a", "alpha.eml");
        let mut scene = Scene::with_server(&server).key("received", "true");
        drop(scene.run().silent().exits(0).whatever());
        let mut new = std::fs::read_dir(scene.path("Mail/new")).unwrap();
        let arrived = std::fs::read_to_string(new.next().unwrap().unwrap().path()).unwrap();
        let line = arrived.lines().next().unwrap();
        assert!(line.ends_with(&format!(" with {spoken}")), "{line}");
    }
}
