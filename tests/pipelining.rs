//! Commands are sent before earlier ones are answered, where the server offers that; and servers
//! that offer it and do not bear it neither lose mail nor have it stored under another's name.

use crate::support::mail;
use crate::support::phrases::{dele, listing_of, retr, LOGIN, QUIT};
use crate::support::scene::Scene;
use crate::support::server::PopServer;

/// Three messages of different sizes.
const NAMES: [&str; 3] = ["alpha.eml", "dots.eml", "from-lines.eml"];
const UIDS: [&str; 3] = ["a", "d", "f"];

/// A login at a server that offers pipelining.
fn login() -> String {
    LOGIN.replace("S: TOP\n", "S: TOP\nS: PIPELINING\n")
}

/// STAT, UIDL and LIST of the three messages.
fn listing() -> String {
    let octets = NAMES.map(|name| {
        let message = mail::named(name);
        let line_ends = message.iter().filter(|byte| **byte == b'\n').count();
        (message.len() + line_ends) as u64
    });
    listing_of(&std::array::from_fn::<_, 3, _>(|n| (UIDS[n], octets[n])))
}

/// The three messages are retrieved.
fn retrieval() -> String {
    (1..).zip(NAMES).map(|(n, name)| retr(n, name)).collect()
}

/// The same dialogue, with all that the client says in it said first.
fn ahead(dialogue: &str) -> String {
    let (said, told): (Vec<_>, Vec<_>) = dialogue.lines().partition(|line| line.starts_with("C:"));
    [said, told].concat().join("\n") + "\n"
}

/// The whole session, each command waiting for its reply.
fn in_lock_step() -> String {
    login() + &listing() + &retrieval() + QUIT
}

/// The three messages come in this dialogue, and nothing is said.
#[track_caller]
fn all_come(scene: Scene, script: &str) {
    let mut scene = scene.conversation_text(script);
    scene.run().delivers(NAMES).silent().exits(0);
}

#[test]
fn what_may_be_sent_together_is() {
    let deletions = [1, 2, 3].map(dele).concat();
    let script = login() + &ahead(&listing()) + &ahead(&retrieval()) + &ahead(&deletions) + QUIT;
    all_come(Scene::new().key("keep", "false"), &script);
}

#[test]
fn where_nothing_has_changed_sizes_are_not_asked_for() {
    let whole = listing();
    let (known, sizes) = whole.split_at(whole.find("C: LIST").unwrap());
    let total: u64 = sizes
        .lines()
        .filter_map(|line| line.rsplit_once(' ')?.1.parse::<u64>().ok())
        .sum();
    let known = known.replace("+OK 3 400", &format!("+OK 3 {total}"));
    let first = login() + &ahead(&(known.clone() + sizes)) + &ahead(&retrieval()) + QUIT;
    let mut scene = Scene::new().conversation_text(&first);
    scene.run().delivers(NAMES).exits(0);
    // It need not be asked again before the login what it can do.
    let (hello, rest) = LOGIN.split_once("C: CAPA").unwrap();
    let (_, names) = rest.split_once("S: .\n").unwrap();
    let capa = "C: CAPA\nS: +OK\nS: TOP\nS: PIPELINING\nS: .\n";
    let known = capa.to_owned() + &known;
    let login = hello.to_owned() + names;
    let second = login.clone() + &ahead(&known) + QUIT;
    scene = scene.conversation_text(&second);
    scene.run().silent().exits(0);
    // Another message may have taken the place of one: the sum tells.
    let third = login + &ahead(&known.replace(&total.to_string(), "9")) + sizes + QUIT;
    scene = scene.conversation_text(&third);
    scene.run().silent().exits(0);
}

#[test]
fn nothing_is_sent_ahead_unless_it_is_offered_and_wanted() {
    let unasked = in_lock_step().replace("S: PIPELINING\n", "");
    for (script, pipeline) in [
        (unasked, "auto"),
        (in_lock_step(), "off"),
        (in_lock_step(), "1"),
    ] {
        Scene::new()
            .key("pipeline", pipeline)
            .conversation_text(&script)
            .run()
            .delivers(NAMES)
            .exits(0);
    }
}

#[test]
fn no_more_is_sent_ahead_than_the_settings_allow() {
    let retrieval = [retr(1, NAMES[0]), retr(2, NAMES[1])].concat();
    let script = login() + &listing() + &ahead(&retrieval) + &retr(3, NAMES[2]) + QUIT;
    // Two are under way when the third is asked for: the reply to the first has come.
    let script = script.replace("C: RETR 3\n", "");
    let script = script.replace("S: +OK\nS< dots.eml", "C: RETR 3\nS: +OK\nS< dots.eml");
    Scene::new()
        .key("pipeline", "2")
        .conversation_text(&script)
        .run()
        .delivers(NAMES)
        .exits(0);
}

#[test]
fn a_refusal_answers_one_command_alone() {
    let retrieval = retrieval().replace("S: +OK\nS< dots.eml\nS: .\n", "S: -ERR gone\n");
    let script = login() + &ahead(&listing()) + &ahead(&retrieval) + QUIT;
    Scene::new()
        .conversation_text(&script)
        .run()
        .delivers([NAMES[0], NAMES[2]])
        .says("message d")
        .exits(75);
}

#[test]
fn a_server_that_loses_commands_is_asked_one_by_one() {
    let lost = "C: STAT\nC: UIDL\nC: LIST\nS: +OK 3 400\n! silence\n! again\n";
    let script = login() + lost + &in_lock_step();
    all_come(Scene::new().key("retry", "1").key("timeout", "1s"), &script);
}

#[test]
fn a_server_that_hangs_up_on_what_is_sent_ahead_is_asked_one_by_one() {
    let script = login() + "C: STAT\n! cut\n! again\n" + &in_lock_step();
    all_come(Scene::new().key("retry", "1"), &script);
}

/// The second RETR is lost, so that its reply is the third's.
#[test]
fn a_message_is_not_taken_for_another() {
    let shifted = ahead(&retrieval()).replace("S: +OK\nS< dots.eml\nS: .\n", "");
    let deletions = [1, 2, 3].map(dele).concat() + QUIT;
    let again = in_lock_step().replace(QUIT, &deletions);
    let script = login() + &ahead(&listing()) + &shifted + "! silence\n! again\n" + &again;
    Scene::new()
        .key("keep", "false")
        .key("timeout", "1s")
        .conversation_text(&script)
        .run()
        .delivers(NAMES)
        .remembers(UIDS)
        .silent()
        .exits(0);
}

/// The first RETR is lost, and nothing in the sizes shows it.
#[test]
fn nor_one_for_another_of_its_size() {
    let names = ["alpha.eml", "beta.eml", "gamma.eml"];
    let listing = listing_of(&[("a", 91), ("b", 91), ("c", 91)]);
    let retrieval = [1, 2, 3].map(|n| retr(n, names[n - 1])).concat();
    let shifted = ahead(&retrieval).replace("S: +OK\nS< alpha.eml\nS: .\n", "");
    let deletions = [1, 2, 3].map(dele).concat();
    let again = login() + &listing + &retrieval + &deletions + QUIT;
    let script = login() + &ahead(&listing) + &shifted + "! silence\n! again\n" + &again;
    Scene::new()
        .key("keep", "false")
        .key("timeout", "1s")
        .conversation_text(&script)
        .run()
        .delivers(names)
        .remembers(["a", "b", "c"])
        .silent()
        .exits(0);
}

#[test]
fn a_message_alone_can_only_be_itself() {
    // Neither size is true.
    for size in [4000, 0] {
        let retrieval = retr(1, NAMES[0]);
        let script = login() + &ahead(&listing_of(&[("a", size)])) + &retrieval + QUIT;
        let mut scene = Scene::new().conversation_text(&script);
        scene.run().delivers([NAMES[0]]).silent().exits(0);
    }
}

#[test]
fn without_sizes_replies_are_proven_once() {
    let unsized_list = |listing: String| {
        let (known, _) = listing.split_at(listing.find("C: LIST").unwrap());
        known.to_owned() + "C: LIST\nS: -ERR no\n"
    };
    let again = retr(1, NAMES[0]) + &ahead(&(retr(2, NAMES[1]) + &retr(3, NAMES[2])));
    let listing = ahead(&unsized_list(listing()));
    let script = login() + &listing + &ahead(&retrieval()) + &again + QUIT;
    all_come(Scene::new(), &script);
}

#[test]
fn replies_that_run_into_each_other_are_not_believed() {
    let garbled = ahead(&retrieval()).replace(
        "S: +OK\nS< dots.eml",
        "S: Subject: a stray line\nS< dots.eml",
    );
    let script = login() + &ahead(&listing()) + &garbled + "! again\n" + &in_lock_step();
    all_come(Scene::new(), &script);
}

#[test]
fn sizes_that_are_not_true_cost_a_second_look_and_nothing_else() {
    let rows = std::array::from_fn::<_, 3, _>(|n| (UIDS[n], 4000));
    // The first one is not as listed. All that was sent is answered; it comes alone as it came
    // before, so the others are asked for together again.
    let again = retr(1, NAMES[0]) + &ahead(&(retr(2, NAMES[1]) + &retr(3, NAMES[2])));
    let script = login() + &ahead(&listing_of(&rows)) + &ahead(&retrieval()) + &again + QUIT;
    all_come(Scene::new(), &script);
}

#[test]
fn a_thousand_messages_come_and_go_once() {
    let server = PopServer::start();
    let messages = mail::many(1000, 9);
    for (index, message) in messages.iter().enumerate() {
        server.maildrop().add(&format!("u{index}"), message);
    }
    let mut scene = Scene::with_server(&server).key("keep", "false");
    scene.run().delivers_bytes(&messages).silent().exits(0);
    assert_eq!(server.commands("RETR").len(), 1000);
    assert_eq!(server.maildrop().left(), 0);
}

#[test]
fn heads_are_asked_for_ahead_too() {
    let tops = [1, 2, 3].map(|n| format!("C: TOP {n} 0\nS: +OK\nS: Subject: s{n}\nS: \nS: .\n"));
    let script = login() + &ahead(&listing()) + &ahead(&tops.concat()) + "C: RSET\nS: +OK\n" + QUIT;
    Scene::new()
        .conversation_text(&script)
        .run_with(&["list"])
        .prints("s1")
        .prints("s3")
        .exits(0);
}

/// The server reads nothing while it speaks, and has room for nothing. What is said ahead must fit
/// into our own end, or both would wait for each other.
#[test]
fn a_server_that_only_speaks_is_heard() {
    let server = PopServer::builder().cramped().start();
    let letter = |index: usize| format!("Subject: {index}\n\n{}\n", "x".repeat(99)).into_bytes();
    let messages: Vec<_> = (0..6000).map(letter).collect();
    for (index, message) in messages.iter().enumerate() {
        server.maildrop().add(&format!("u{index}"), message);
    }
    let mut scene = Scene::with_server(&server).in_memory();
    scene.run().delivers_bytes(&messages).silent().exits(0);
}
