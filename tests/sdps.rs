//! SDPS: who sent a message, and to whom, is asked of the server.

use std::any::Any;
use std::sync::Arc;

use crate::support::phrases::{dele, listing, retr, LOGIN, QUIT};
use crate::support::scene::Scene;
use crate::support::server::{Answer, PopServer};
use crate::support::story::{fifty, Way};

/// An MDA that writes down the envelope of each message.
const MDA: &str = "mda: 'echo \"$POPGET_UID: $SENDER -> $RECIPIENT\" >> ~/told; cat > /dev/null'";

fn scene() -> Scene {
    Scene::new().key("sdps", "true").deliver(MDA)
}

/// A server with these messages, of which it tells whom they are from and to.
fn server(uids: &[&str]) -> PopServer {
    let server = PopServer::start();
    for uid in uids {
        let maildrop = server.maildrop();
        maildrop.add_named(uid, "alpha.eml");
        maildrop.posted(uid, &format!("{uid}@example.org"), "fred@xyz.example");
    }
    server
}

/// How a server is spoken with that tells envelopes.
pub fn way() -> Way {
    let tell = |server: &PopServer, scene: Scene| {
        for uid in server.maildrop().uids() {
            server
                .maildrop()
                .posted(&uid, "ann@example.org", "fred@xyz.example");
        }
        let nothing: Box<dyn Any> = Box::new(());
        (scene.key("sdps", "true"), nothing)
    };
    Way {
        server: |builder| builder,
        scene: Arc::new(tell),
    }
}

/// `*ENV` and what it is answered with.
fn env(number: u32, lines: &str) -> String {
    format!("C: *ENV {number}\nS: +OK\n{lines}S: .\n")
}

#[test]
fn the_envelope_is_asked_for_before_each_message_and_wins_over_the_head() {
    let script = LOGIN.to_owned()
        + &listing(&["a", "b", "c"])
        + &env(
            1,
            "S: 17\nS: punt\nS: ann@example.org\nS: fred@xyz.example\n",
        )
        + &retr(1, "hostile-return-path.eml")
        + &env(
            2,
            "S: 17\nS: ..\nS:\nS: <jim@xyz.example>\nS: more\nS: and more\n",
        )
        + &retr(2, "alpha.eml")
        + &env(3, "S:\nS:\nS: ..dot@example.org\nS:  fred+x@xyz.example␠\n")
        + &retr(3, "beta.eml")
        + QUIT;
    let outcome = scene().conversation_text(&script).run().silent().exits(0);
    let told = "a: ann@example.org -> fred@xyz.example\nb:  -> jim@xyz.example\n\
                c: .dot@example.org -> fred+x@xyz.example\n";
    assert_eq!(String::from_utf8_lossy(&outcome.file("told")), told);
}

#[test]
fn an_mbox_has_the_sender_in_its_from_line() {
    let server = server(&["a"]);
    server
        .maildrop()
        .add_named("b", "alpha.eml")
        .posted("b", "", "fred@xyz.example");
    let mut scene = Scene::with_server(&server)
        .key("sdps", "true")
        .deliver("mbox: ~/mbox");
    let outcome = scene.run().silent().exits(0);
    let mbox = String::from_utf8_lossy(&outcome.file("mbox")).into_owned();
    assert!(mbox.starts_with("From a@example.org "), "{mbox}");
    assert!(mbox.contains("\nFrom MAILER-DAEMON "), "{mbox}");
}

#[test]
fn unasked_for_nothing_is_asked() {
    let server = server(&["a"]);
    let mut scene = Scene::with_server(&server);
    scene.run().delivers(["alpha.eml"]).silent().exits(0);
    scene.run().silent().exits(0);
    assert!(server.commands("*ENV").is_empty());
}

#[test]
fn fifty_messages_come_and_go_as_they_are_ahead_and_in_lock_step() {
    let messages: Vec<_> = fifty().into_iter().map(|(_, bytes)| bytes).collect();
    for (keep, left) in [("true", 50), ("false", 0)] {
        for pipeline in ["auto", "off", "3"] {
            let (server, scene, _between) = way().stage(&fifty());
            let mut scene = scene.key("keep", keep).key("pipeline", pipeline);
            scene.run().delivers_bytes(&messages).silent().exits(0);
            assert_eq!(server.maildrop().left(), left);
            scene.run().silent().exits(0);
            assert_eq!(server.commands("*ENV").len(), 50);
            assert_eq!(server.commands("RETR").len(), 50);
        }
    }
}

#[test]
fn envelopes_are_sent_for_ahead_with_their_messages() {
    let script = LOGIN.replace("S: TOP\n", "S: TOP\nS: PIPELINING\n")
        + "! glue\nC: STAT\nC: UIDL\nC: LIST\nS: +OK 2 400\nS: +OK\nS: 1 a\nS: 2 b\nS: .\n\
           S: +OK\nS: 1 91\nS: 2 91\nS: .\n\
           C: *ENV 1\nC: RETR 1\nC: *ENV 2\nC: RETR 2\n\
           S: +OK\nS: 1\nS: 2\nS: ann@example.org\nS: fred@xyz.example\nS: .\n\
           S: +OK\nS< alpha.eml\nS: .\n\
           S: +OK\nS: 1\nS: 2\nS: bob@example.org\nS: jim@xyz.example\nS: .\n\
           S: +OK\nS< beta.eml\nS: .\n"
        + QUIT;
    let outcome = scene().conversation_text(&script).run().silent().exits(0);
    let told = "a: ann@example.org -> fred@xyz.example\nb: bob@example.org -> jim@xyz.example\n";
    assert_eq!(String::from_utf8_lossy(&outcome.file("told")), told);
}

#[test]
fn a_server_that_tells_no_envelopes_is_a_mistake_in_the_settings() {
    for pipeline in ["auto", "off"] {
        for count in [1, 3] {
            let server = PopServer::start();
            for uid in 0..count {
                server.maildrop().add_named(&format!("u{uid}"), "alpha.eml");
            }
            let scene = Scene::with_server(&server).key("sdps", "true");
            let mut scene = scene.key("pipeline", pipeline).key("keep", "false");
            scene
                .run()
                .says("the server does not tell the envelopes of messages (*ENV): \"unknown command\"")
                .says("take sdps out of the settings")
                .says_lines(1)
                .delivers_nothing()
                .exits(78);
            assert_eq!(server.maildrop().left(), count);
        }
    }
}

#[test]
fn one_envelope_that_is_refused_does_not_stop_the_others() {
    for pipeline in ["auto", "off"] {
        for refused in ["1", "2"] {
            let server = server(&["a", "b", "c"]);
            let no = Answer::Say("-ERR no such message".into());
            server.answer(&format!("*ENV {refused}"), no);
            let scene = Scene::with_server(&server).key("sdps", "true");
            let mut scene = scene.key("pipeline", pipeline).key("keep", "false");
            scene
                .run()
                .says("the server does not give this message: \"no such message\"")
                .says_lines(1)
                .delivers(["alpha.eml", "alpha.eml"])
                .exits(75);
            assert_eq!(server.maildrop().left(), 1);
            server.behave();
            scene.run().delivers(["alpha.eml"; 3]).exits(0);
        }
    }
}

#[test]
fn half_an_envelope_leaves_the_message_where_it_is() {
    for lines in ["", "S: 1\nS: 2\nS: ann@example.org\n"] {
        let script = LOGIN.to_owned()
            + &listing(&["a", "b"])
            + &env(1, lines)
            + &env(2, "S: 1\nS: 2\nS: bob@example.org\nS: jim@xyz.example\n")
            + &retr(2, "beta.eml")
            + &dele(2)
            + QUIT;
        let mut scene = scene().key("keep", "false").conversation_text(&script);
        let outcome = scene
            .run()
            .says("message a: what the server tells of this message is no envelope")
            .says("it stays on the server and is tried again in the next run")
            .says_lines(1)
            .exits(76);
        assert_eq!(
            outcome.file("told"),
            b"b: bob@example.org -> jim@xyz.example\n"
        );
    }
}

#[test]
fn trouble_that_passes_is_no_mistake_in_the_settings() {
    let server = server(&["a", "b"]);
    server.answer("*ENV", Answer::Say("-ERR [SYS/TEMP] later".into()));
    let mut scene = Scene::with_server(&server).key("sdps", "true");
    scene
        .run()
        .says("the server has trouble that will pass")
        .delivers_nothing()
        .exits(75);
    server.behave();
    scene.run().delivers(["alpha.eml"; 2]).exits(0);
}

#[test]
fn an_envelope_without_end_is_not_waited_for() {
    let script =
        LOGIN.to_owned() + &listing(&["a"]) + "C: *ENV 1\nS: +OK\n! endless line {n}\\r\\n\n";
    let mut scene = scene().conversation_text(&script);
    scene
        .run()
        .says("hung up in the middle")
        .says_lines(1)
        .exits(75);
    let silent = LOGIN.to_owned() + &listing(&["a"]) + "C: *ENV 1\n! silence\n";
    let mut scene = self::scene()
        .key("timeout", "1s")
        .conversation_text(&silent);
    scene.run().says("no answer for 1s").says_lines(1).exits(75);
}

#[test]
fn a_line_that_drops_is_taken_up_where_it_stopped() {
    let server = server(&["a", "b", "c", "d"]);
    let (third, hung_up) = (Answer::HangUp, std::sync::atomic::AtomicBool::new(false));
    server.answer("*ENV 3", third);
    let again = server.clone();
    server.hook(move |exchange| {
        if exchange.command == "*ENV 3" && hung_up.swap(true, std::sync::atomic::Ordering::SeqCst) {
            again.behave();
        }
    });
    let mut scene = Scene::with_server(&server)
        .key("sdps", "true")
        .key("retry", "2");
    scene.run().delivers(["alpha.eml"; 4]).silent().exits(0);
    let mut asked = server.commands("RETR");
    asked.retain(|command| command == "RETR 1" || command == "RETR 2");
    assert_eq!(asked, ["RETR 1", "RETR 2"]);
}
