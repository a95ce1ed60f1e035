//! Servers and programs that go on and on in the wrong way: nobody waits for them for ever, and nobody
//! behind them is kept waiting.

use crate::support::phrases::{listing, multi, LOGIN};
use crate::support::scene::Scene;
use crate::support::server::{Answer, PopServer};

/// A server with three messages.
fn three() -> PopServer {
    let server = PopServer::start();
    server
        .maildrop()
        .add_named("a", "alpha.eml")
        .add_named("b", "beta.eml")
        .add_named("c", "gamma.eml");
    server
}

#[test]
fn a_message_answered_with_nonsense_blocks_no_other_in_later_runs() {
    let server = three();
    server.answer("RETR 1", Answer::Say("what?".into()));
    let mut scene = Scene::with_server(&server).key("keep", "true");
    scene.run().delivers_nothing().says("\"what?\"").exits(76);
    scene
        .run()
        .delivers(["beta.eml", "gamma.eml"])
        .says("\"what?\"")
        .exits(76);
    server.behave();
    scene
        .run()
        .delivers(["alpha.eml", "beta.eml", "gamma.eml"])
        .silent()
        .exits(0);
}

#[test]
fn what_an_mda_refuses_does_not_use_up_the_limit_for_ever() {
    let server = three();
    let mda = "mda: 'if [ \"$POPGET_UID\" = a ]; then cat >/dev/null; exit 1; fi; cat >> ~/got'";
    let mut scene = Scene::with_server(&server).deliver(mda).key("limit", "1");
    scene.run().says("message a").exits(65);
    scene.run().silent().exits(0);
    let outcome = scene.run().silent().exits(0);
    let got = String::from_utf8(outcome.file("got")).unwrap();
    drop(outcome);
    assert_eq!(got.matches("Subject:").count(), 2, "{got}");
    scene.run().says("message a").exits(65);
}

#[test]
fn a_listing_without_uids_does_not_make_a_moved_maildrop_believable() {
    let server = PopServer::start();
    for n in 0..6 {
        let message = format!("Subject: {n}\n\n{n}\n");
        server
            .maildrop()
            .add(&format!("old{n}"), message.as_bytes());
    }
    let mut scene = Scene::with_server(&server);
    let mut outcome = scene.run().exits(0);
    outcome.take_stderr();
    drop(outcome.whatever());
    server.answer("UIDL", Answer::Say("-ERR not today".into()));
    scene.run().silent().exits(0);
    server.behave();
    server.maildrop().change_uids(|uid| format!("new-{uid}"));
    scene.run().says("--accept-new-uids").exits(78);
}

#[test]
fn a_password_that_the_server_repeats_is_not_shown_whatever_it_answers() {
    let scripts = [
        LOGIN.to_owned() + "C: STAT\nS: +OK open-sesame\n",
        LOGIN.to_owned() + "C: STAT\nS: +OK 1 200\nC: UIDL\nS: +OK\nS: open-sesame\n",
        LOGIN.replace(
            "PASS open-sesame\nS: +OK\n",
            "PASS open-sesame\n! glue\nS: +OK\nS: open-sesame\n",
        ),
        LOGIN.to_owned() + &multi("STAT", "").replace("+OK\nS: .", "open-sesame"),
    ];
    for script in scripts {
        Scene::new()
            .conversation_text(&script)
            .run()
            .says("***")
            .never_shows("open-sesame")
            .says_lines(1)
            .exits(76);
    }
}

#[test]
fn a_deadline_holds_although_bytes_keep_coming() {
    let drops = "! raw x\n! wait 100ms\n".repeat(60);
    let script = LOGIN.to_owned() + &listing(&["a"]) + "C: RETR 1\nS: +OK\n" + &drops;
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    let conversation = crate::support::conversation::Conversation::play_text(listener, &script);
    Scene::at_port(port)
        .key("deadline", "2s")
        .run()
        .delivers_nothing()
        .says("not done after 2s")
        .says_lines(1)
        .exits(75);
    assert!(conversation.finish().is_err(), "the server had more to say");
}
