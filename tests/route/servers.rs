//! Several servers for one account, and servers as URLs.

use std::net::TcpListener;

use crate::support::scene::Scene;
use crate::support::server::{Answer, PopServer, Security};
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
