//! GMX, Yahoo, WildDuck, the popper of Berkeley, 163 and QQ.

use super::{fill, per_session};
use crate::support::mail;
use crate::support::maildrop::{Fault, Habits, Shows};
use crate::support::phrases::LOGIN;
use crate::support::scene::Scene;
use crate::support::server::{Answer, PopServer};

#[test]
fn gmx_confirms_a_deletion_that_does_not_happen() {
    let server = PopServer::start();
    server.maildrop().habits(Habits {
        keeps_what_was_deleted: true,
        ..Habits::default()
    });
    let all = fill(&server, 4);
    let mut scene = Scene::with_server(&server).key("keep", "false");
    for run in 1..=4 {
        scene.run().delivers_bytes(&all).silent().exits(0);
        assert_eq!(server.commands("RETR").len(), 4, "none comes twice");
        assert_eq!(server.commands("DELE").len(), 4 * run, "once more each run");
    }
    // And in the runs that log in several times no more often.
    for key in [("drain", "true"), ("commit_every", "3")] {
        let server = PopServer::start();
        server.maildrop().habits(Habits {
            keeps_what_was_deleted: true,
            ..Habits::default()
        });
        let all = fill(&server, 4);
        let mut scene = Scene::with_server(&server)
            .key("keep", "false")
            .key(key.0, key.1);
        for run in 1..=3 {
            scene.run().delivers_bytes(&all).silent().exits(0);
            assert_eq!(server.commands("DELE").len(), 4 * run, "{key:?}");
        }
        assert_eq!(server.commands("RETR").len(), 4);
        assert!(server.logins() <= 6, "{}", server.logins());
    }
}

#[test]
fn yahoo_shows_the_newest_only() {
    let server = PopServer::start();
    server.maildrop().habits(Habits {
        shows: Shows::Newest(6),
        ..Habits::default()
    });
    let all = fill(&server, 14);
    // What is kept hides what is older; new mail comes, and what is pushed out is no alarm.
    let mut scene = Scene::with_server(&server).key("keep", "true");
    scene.run().delivers_bytes(&all[8..]).silent().exits(0);
    server.maildrop().add_named("new", "alpha.eml");
    let mut taken = [&all[8..], &[mail::named("alpha.eml")]].concat();
    scene.run().delivers_bytes(&taken).silent().exits(0);
    // Once what is known goes, the rest comes to light, in one run with `drain`.
    let mut scene = scene.key("keep", "false").key("drain", "true");
    taken.extend_from_slice(&all[..8]);
    scene.run().delivers_bytes(&taken).silent().exits(0);
    assert_eq!(server.maildrop().left(), 0);
    assert_eq!(per_session(&server, "RETR"), [6, 1, 0, 5, 3, 0]);
}

#[test]
fn wildduck_shows_the_newest_and_what_it_pushed_out_comes_back() {
    let server = PopServer::start();
    server.maildrop().habits(Habits {
        shows: Shows::Newest(4),
        ..Habits::default()
    });
    let all = fill(&server, 4);
    let mut scene = Scene::with_server(&server);
    scene.run().delivers_bytes(&all).silent().exits(0);
    server
        .maildrop()
        .add_named("a", "alpha.eml")
        .add_named("b", "beta.eml");
    let more = [mail::named("alpha.eml"), mail::named("beta.eml")];
    let taken = [&all[..], &more].concat();
    scene.run().delivers_bytes(&taken).silent().exits(0);
    // Somebody moves those away: u1 and u2 are listed again.
    server.maildrop().remove("a").remove("b");
    scene.run().silent().exits(0);
    assert_eq!(server.commands("RETR").len(), 6);
}

#[test]
fn the_popper_updates_at_a_hang_up_and_loses_nobody_mail() {
    for hides_what_was_read in [false, true] {
        for lost in ["RETR 3", "DELE 2", "QUIT"] {
            let server = PopServer::builder()
                .without("CAPA")
                .without("PIPELINING")
                .start();
            server.maildrop().habits(Habits {
                updates_when_cut: true,
                hides_what_was_read,
                ..Habits::default()
            });
            let all = fill(&server, 4);
            server.answer(lost, Answer::HangUp);
            let mut scene = Scene::with_server(&server).key("keep", "false");
            scene.run().whatever();
            server.behave();
            scene.run().delivers_bytes(&all).exits(0).silent();
            assert_eq!(
                server.commands("RETR").len(),
                if lost == "RETR 3" { 5 } else { 4 }
            );
        }
    }
    // The line is cut in the middle of a message.
    let server = PopServer::builder().without("CAPA").start();
    server.maildrop().habits(Habits {
        updates_when_cut: true,
        ..Habits::default()
    });
    let all = fill(&server, 4);
    server.maildrop().spoil("u3", Fault::Cut(1));
    let mut scene = Scene::with_server(&server)
        .key("keep", "false")
        .key("retry", "1");
    scene.run().delivers_bytes(&all).silent().exits(0);
    assert_eq!(server.maildrop().left(), 0);
}

#[test]
fn qq_and_163_want_an_authorization_code_and_say_so_in_their_own_letters() {
    let login = LOGIN.rsplit_once("S: +OK\n").unwrap().0;
    for (said, shown) in [
        (
            "-ERR Login fail. Please enter your authorization code to login. More information in http://service.mail.qq.com/cgi-bin/help?subtype=1",
            "Please enter your authorization code to login.",
        ),
        // GB 18030 for "user name or password is wrong".
        (
            "-ERR \\xd3\\xc3\\xbb\\xa7\\xc3\\xfb\\xbb\\xf2\\xc3\\xdc\\xc2\\xeb\\xb4\\xed\\xce\\xf3",
            // Two of the bytes are UTF-8 by chance.
            "\\xd3û\\xa7\\xc3\\xfb\\xbb\\xf2\\xc3\\xdc\\xc2\\xeb\\xb4\\xed\\xce\\xf3",
        ),
    ] {
        let script = format!("{login}! raw {said}\\r\\nC: QUIT\nS: +OK\n");
        let script = script.replace("\\r\\nC:", "\\r\\n\nC:");
        Scene::new()
            .conversation_text(&script)
            .run()
            .says("login: the server refused the login: \"")
            .says(shown)
            .says("app password")
            .says_lines(1)
            .exits(77);
    }
}
