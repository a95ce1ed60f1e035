//! Several servers for one account, and servers as URLs.

use std::net::TcpListener;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use crate::support::maildrop::Fault;
use crate::support::scene::Scene;
use crate::support::server::{Answer, Moment, PopServer, Security};
use crate::support::speech::{Break, Manner};
use crate::support::tls::Certificate;

fn server() -> PopServer {
    let server = PopServer::start();
    server.maildrop().add_named("a", "alpha.eml");
    server
}

/// A port of 127.0.0.1 at which nobody listens.
fn closed() -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    listener.local_addr().unwrap().port()
}

fn list(servers: &[String]) -> String {
    format!("[{}]", servers.join(", "))
}

fn at(server: &PopServer) -> String {
    format!("127.0.0.1:{}", server.port())
}

#[test]
fn the_next_server_stands_in_for_one_that_is_away() {
    let there = server();
    let refusing = PopServer::builder()
        .greeting("-ERR [SYS/TEMP] closed")
        .start();
    let closed = format!("127.0.0.1:{}", closed());
    for first in ["nowhere.invalid:110".to_string(), closed, at(&refusing)] {
        let mut scene = Scene::with_server(&there)
            .without_key("port")
            .key("server", &list(&[first.clone(), at(&there)]));
        scene
            .run_with(&["-v"])
            .delivers(["alpha.eml"])
            .says("trying the next server")
            .exits(0);
        let mut scene = scene.key("timeout", "10s");
        scene.run().silent().exits(0);
    }
}

/// Two servers with the same four messages, and an account at both.
fn two() -> (PopServer, PopServer, Scene) {
    let first = PopServer::start();
    for uid in ["a", "b", "c", "d"] {
        first.maildrop().add_named(uid, "alpha.eml");
    }
    let second = PopServer::builder().sharing(&first).start();
    let scene = Scene::with_server(&first)
        .without_key("port")
        .key("server", &list(&[at(&first), at(&second)]))
        .key("retry", "2");
    (first, second, scene)
}

#[test]
fn when_the_line_drops_the_next_server_goes_on_where_it_stopped() {
    for keep in ["true", "false"] {
        let (first, second, scene) = two();
        first.maildrop().spoil("c", Fault::Cut(1));
        let mut scene = scene.key("keep", keep);
        scene.run().delivers(["alpha.eml"; 4]).silent().exits(0);
        assert_eq!((first.logins(), second.logins()), (1, 1));
        // What was under way when the line dropped comes last.
        assert_eq!(second.commands("RETR"), ["RETR 4", "RETR 3"]);
        assert_eq!(first.maildrop().left(), if keep == "true" { 4 } else { 0 });
        // The next run begins with the first again.
        scene.run().silent().exits(0);
        assert_eq!((first.logins(), second.logins()), (2, 1));
    }
}

#[test]
fn the_next_server_is_not_waited_for_but_all_of_them_are_in_the_end() {
    let run = |drops: usize| {
        let (first, _second, mut scene) = two();
        for uid in &["c", "d"][..drops] {
            first.maildrop().spoil(uid, Fault::Cut(1));
        }
        let begun = Instant::now();
        let mut outcome = scene.run_with(&["-v"]).delivers(["alpha.eml"; 4]);
        let said = outcome.take_stderr();
        outcome.exits(0);
        assert_eq!(said.matches("connecting again").count(), drops, "{said}");
        begun.elapsed()
    };
    let pause = Duration::from_millis(500);
    // A busy machine takes its time, but not always.
    assert!((0..10).any(|_| run(1) < pause));
    assert!(run(2) >= pause);
}

#[test]
fn a_server_that_served_is_gone_back_to() {
    let (first, second, scene) = two();
    first.answer("CAPA", Answer::HangUp);
    first.answer("USER", Answer::HangUp);
    let mut scene = scene.key("commit_every", "1");
    scene.run().delivers(["alpha.eml"; 4]).silent().exits(0);
    assert_eq!((first.logins(), second.logins()), (0, 4));
    assert_eq!(first.commands("USER").len(), 1);
}

#[test]
fn a_server_that_falls_silent_behind_the_login_is_left_for_the_next() {
    let (first, second, scene) = two();
    first.speaks(Manner::BreaksOff(172, Break::Silence));
    let mut scene = scene.key("timeout", "1s").key("pipeline", "off");
    scene.run().delivers(["alpha.eml"; 4]).silent().exits(0);
    assert_eq!((first.logins(), second.logins()), (1, 1));
}

#[test]
fn servers_that_are_all_away_after_a_drop_are_tried_again() {
    for (servers, retry, status) in [(1, "2", 0), (2, "2", 0), (2, "0", 75), (1, "0", 75)] {
        let (first, second, scene) = two();
        first.maildrop().spoil("c", Fault::Cut(1));
        let all = [at(&first), at(&second)];
        let mut scene = scene
            .key("retry", retry)
            .key("server", &list(&all[..servers]));
        let busy = "-ERR [SYS/TEMP] busy";
        let (one, other) = (first.clone(), second.clone());
        let times = AtomicUsize::new(0);
        // From the drop on both greet with a refusal, each once.
        first.hook(move |exchange| {
            if exchange.moment == Moment::Halfway && times.fetch_add(1, Ordering::SeqCst) == 2 {
                one.greets(busy);
                other.greets(busy);
            }
        });
        let outcome = scene.run();
        match status {
            0 => outcome.delivers(["alpha.eml"; 4]).silent().exits(0),
            _ => outcome.delivers(["alpha.eml"; 2]).says("hung up").exits(75),
        };
        assert_eq!(
            first.commands("RETR").len() + second.commands("RETR").len(),
            if status == 0 { 5 } else { 3 }
        );
    }
}

#[test]
fn a_maildrop_that_is_still_locked_is_waited_for() {
    let (first, second, scene) = two();
    first.maildrop().spoil("c", Fault::Cut(1));
    second.answer("PASS", Answer::Say("-ERR [IN-USE] not yet".into()));
    let mut scene = scene;
    scene
        .run()
        .delivers(["alpha.eml"; 2])
        .says("the maildrop is in use by another session")
        .exits(75);
    assert_eq!((first.logins(), second.commands("PASS").len()), (1, 2));
}

#[test]
fn the_server_that_failed_is_named() {
    let closed = closed();
    let servers = [format!("127.0.0.2:{closed}"), format!("localhost:{closed}")];
    let mut scene = Scene::new()
        .without_key("port")
        .key("server", &list(&servers));
    scene
        .run()
        .says("popget: work (localhost): connecting: ")
        .says_lines(1)
        .exits(69);
}

#[test]
fn a_server_that_refuses_us_is_the_last_that_is_asked() {
    let other = server();
    let refusing = server();
    refusing.answer("PASS", Answer::Say("-ERR [AUTH] no".into()));
    let impostor = PopServer::builder()
        .security(Security::Implicit(Certificate::OtherName))
        .start();
    let mut scene = Scene::with_server(&other)
        .without_key("port")
        .key("server", &list(&[at(&refusing), at(&other)]));
    scene.run().says("refused the login").exits(77);
    let mut scene = Scene::with_server(&other)
        .tls("implicit")
        .without_key("port")
        .key("server", &list(&[at(&impostor), at(&other)]));
    scene.run().says("did not prove").exits(77);
    assert_eq!(other.sessions().len(), 0);
}

#[test]
fn an_account_is_known_by_its_first_server() {
    let there = server();
    let away = format!("127.0.0.2:{}", closed());
    let mut scene = Scene::with_server(&there)
        .without_key("port")
        .key("server", &list(&[away.clone(), at(&there)]));
    scene.run().delivers(["alpha.eml"]).exits(0);
    let mut scene = scene.key(
        "server",
        &list(&[away.clone(), "127.0.0.3:1".into(), at(&there)]),
    );
    scene.run().silent().exits(0);
    assert_eq!(there.commands("RETR").len(), 1);
}

#[test]
fn a_url_says_it_all() {
    for (scheme, security) in [
        ("pops", Security::Implicit as fn(Certificate) -> Security),
        ("pop", Security::StartTls),
    ] {
        let server = PopServer::builder()
            .security(security(Certificate::Good))
            .user("ann@example.org", "open-sesame")
            .start();
        let url = format!(
            "{scheme}://ann%40example.org;AUTH=LOGIN@127.0.0.1:{}",
            server.port()
        );
        let mut scene = Scene::new()
            .without_key("tls")
            .without_key("port")
            .without_key("user")
            .without_key("auth")
            .key("tls_ca_file", "~/ca.pem")
            .key("server", &format!("'{url}'"));
        scene.run().silent().exits(0);
        assert_eq!(server.commands("AUTH"), ["AUTH LOGIN"]);
    }
}

#[test]
fn pop_without_tls_must_be_asked_for() {
    let server = server();
    let url = format!("'pop://alice@127.0.0.1:{}'", server.port());
    let scene = || Scene::new().without_key("port").key("server", &url);
    let mut safe = scene().without_key("tls");
    safe.run().says("does not start TLS").exits(77);
    assert_eq!(server.logins(), 0);
    let mut clear = scene().key("tls", "none");
    clear.run().delivers(["alpha.eml"]).silent().exits(0);
}

#[test]
fn a_password_in_a_url_is_not_repeated() {
    for arguments in [
        &["probe", "pop://ann:hidden@pop.invalid"][..],
        &["--server", "pop://ann:hidden@pop.invalid", "--mbox", "-"],
    ] {
        let outcome = Scene::new().run_with(arguments);
        outcome
            .says("a password does not belong into a URL")
            .never_shows("hidden")
            .exits(64);
    }
}
