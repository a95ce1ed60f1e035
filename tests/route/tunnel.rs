//! A program that is the connection.

use std::fs;
use std::path::Path;
use std::time::{Duration, Instant};

use crate::support::scene::Scene;
use crate::support::server::{PopServer, Security};
use crate::support::tls::Certificate;

/// Whether socat is there; in continuous integration it must be.
fn has_socat() -> bool {
    crate::support::there("socat", "the tests of tunnels are skipped")
}

/// An account at this server, which a tunnel leads to: another host's name, and a port that is shut.
fn through(server: &PopServer, tunnel: &str) -> Scene {
    Scene::with_server(server)
        .key("server", "localhost")
        .key("port", "9")
        .key("tunnel", tunnel)
}

#[test]
fn mail_comes_through_a_tunnel() {
    if !has_socat() {
        return;
    }
    for security in [
        Security::None,
        Security::Implicit(Certificate::Good),
        Security::StartTls(Certificate::Good),
    ] {
        let server = PopServer::builder().security(security).start();
        server
            .maildrop()
            .add_named("a", "every-octet.eml")
            .add_named("b", "dots.eml");
        let tunnel = format!("exec socat - TCP:127.0.0.1:{}", server.port());
        let mut scene = through(&server, &format!("'{tunnel}'"));
        scene
            .run()
            .delivers(["every-octet.eml", "dots.eml"])
            .silent()
            .exits(0);
        let list = format!("[socat, '-', 'TCP:127.0.0.1:{}']", server.port());
        scene = scene.key("tunnel", &list);
        scene.run().silent().exits(0);
        assert_eq!(server.logins(), 2);
    }
}

#[test]
fn a_tunnel_knows_where_it_leads() {
    let server = PopServer::start();
    let tunnel = "'env | grep ^POPGET_ | sort >told; echo no way >&2; exit 7'";
    let mut scene = through(&server, tunnel);
    scene
        .run()
        .says("the tunnel env ended (exit status: 7): \"no way\"")
        .says_lines(1)
        .exits(69);
    let told = fs::read_to_string(scene.path("told")).unwrap();
    assert_eq!(
        told,
        "POPGET_ACCOUNT=work\nPOPGET_HOST=localhost\nPOPGET_PORT=9\n"
    );
}

#[test]
fn a_tunnel_that_cannot_be_started_or_just_ends_is_told() {
    let server = PopServer::start();
    for (tunnel, said) in [
        (
            "[/nowhere/tunnel]",
            "the tunnel /nowhere/tunnel cannot be started",
        ),
        ("'true'", "the tunnel true ended"),
        (
            "'echo +OK; exit 3'",
            "the tunnel echo ended (exit status: 3)",
        ),
    ] {
        let mut scene = through(&server, tunnel);
        scene.run().says(said).says_lines(1).exits(69);
    }
}

#[test]
fn a_tunnel_that_ends_under_tls_is_told_like_any_other() {
    let server = PopServer::builder()
        .security(Security::Implicit(Certificate::Good))
        .start();
    let mut scene = through(&server, "'echo oops >&2; exit 3'");
    scene
        .run()
        .says("the tunnel echo ended (exit status: 3): \"oops\"")
        .says_lines(1)
        .exits(69);
}

#[test]
fn a_tunnel_that_says_nothing_is_given_up_and_ended() {
    let server = PopServer::start();
    let tunnel = "'echo $$ >pid; trap \"\" TERM; while :; do sleep 1; done'";
    let mut scene = through(&server, tunnel).key("timeout", "1s");
    scene.run().says("no answer for 1s").exits(75);
    let pid = fs::read_to_string(scene.path("pid")).unwrap();
    assert!(
        !Path::new("/proc").join(pid.trim()).exists(),
        "{pid} lives on"
    );
}

#[test]
fn nothing_of_a_tunnel_is_left_behind() {
    if !has_socat() {
        return;
    }
    let server = PopServer::start();
    let tunnel = format!(
        "'sleep 600 & echo $! >pid; socat - TCP:127.0.0.1:{}'",
        server.port()
    );
    let mut scene = through(&server, &tunnel);
    scene.run().silent().exits(0);
    let pid = fs::read_to_string(scene.path("pid")).unwrap();
    let stat = Path::new("/proc").join(pid.trim()).join("stat");
    let gone = || fs::read_to_string(&stat).map_or(true, |stat| stat.contains(") Z "));
    // What was killed may take a moment to go.
    let begun = Instant::now();
    while !gone() && begun.elapsed() < Duration::from_secs(10) {
        std::thread::sleep(Duration::from_millis(10));
    }
    assert!(gone(), "{pid} lives on");
}

#[test]
fn a_tunnel_that_only_complains_is_given_up() {
    let server = PopServer::start();
    let tunnel = "'while :; do echo no >&2; sleep 0.05; done'";
    let mut scene = through(&server, tunnel).key("timeout", "1s");
    scene.run().says("no answer for 1s").exits(75);
}
