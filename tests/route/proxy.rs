//! Through a SOCKS5 proxy: a real one, and one that does everything wrong.

use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use crate::support::scene::Scene;
use crate::support::server::{PopServer, Security};
use crate::support::tls::Certificate;

/// A running microsocks, which ends with the test.
struct Proxy {
    child: Child,
    port: u16,
}

impl Proxy {
    /// Starts one that wants this user and password, if any. Where there is none, that is a failure
    /// in continuous integration.
    fn start(login: Option<(&str, &str)>) -> Option<Proxy> {
        if !crate::support::there("microsocks", "the tests of real proxies are skipped") {
            return None;
        }
        let port = TcpListener::bind("127.0.0.1:0")
            .unwrap()
            .local_addr()
            .unwrap()
            .port();
        let mut command = Command::new("microsocks");
        command.args(["-i", "127.0.0.1", "-p", &port.to_string()]);
        if let Some((user, password)) = login {
            command.args(["-u", user, "-P", password]);
        }
        let child = command
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let begun = Instant::now();
        while TcpStream::connect(("127.0.0.1", port)).is_err() {
            assert!(
                begun.elapsed() < Duration::from_secs(20),
                "microsocks does not come up"
            );
            thread::sleep(Duration::from_millis(10));
        }
        Some(Proxy { child, port })
    }
}

impl Drop for Proxy {
    fn drop(&mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }
}

#[test]
fn mail_comes_through_a_real_proxy_which_looks_the_name_up() {
    let Some(proxy) = Proxy::start(None) else {
        return;
    };
    for security in [Security::None, Security::Implicit(Certificate::Good)] {
        let server = PopServer::builder().security(security).start();
        server.maildrop().add_named("a", "every-octet.eml");
        let mut scene = Scene::with_server(&server)
            .key("server", "localhost")
            .key("proxy", &format!("socks5://127.0.0.1:{}", proxy.port))
            .under(&[
                "strace",
                "-f",
                "-qq",
                "-e",
                "trace=connect",
                "-o",
                "connections",
            ]);
        scene.run().delivers(["every-octet.eml"]).silent().exits(0);
        let connections = std::fs::read_to_string(scene.path("connections")).unwrap();
        let to_the_server = format!("htons({})", server.port());
        assert!(!connections.contains(&to_the_server), "{connections}");
        assert!(!connections.contains("htons(53)"), "{connections}");
    }
}

#[test]
fn a_proxy_that_wants_a_login_gets_the_one_it_knows() {
    let Some(proxy) = Proxy::start(Some(("me", "p@ss:word"))) else {
        return;
    };
    let server = PopServer::start();
    let scene = |who: &str| {
        let proxy = format!("socks5://{who}127.0.0.1:{}", proxy.port);
        Scene::with_server(&server).key("proxy", &format!("'{proxy}'"))
    };
    let right = scene("me:p%40ss%3Aword@").run_with(&["-vv"]);
    right
        .says("welcome")
        .never_shows("p@ss")
        .never_shows("p%40ss")
        .exits(0);
    for (who, said) in [
        ("me:wrong@", "it refuses user and password"),
        ("", "it wants a login"),
    ] {
        let outcome = scene(who).run();
        outcome.says(said).says("127.0.0.1").says_lines(1).exits(69);
    }
    assert_eq!(server.logins(), 1);
}

/// A proxy that says this to the first message, and this to the second, and hangs up.
fn odd(first: &'static [u8], second: &'static [u8]) -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    thread::spawn(move || {
        for socket in listener.incoming() {
            let mut socket = socket.unwrap();
            let mut heard = [0; 512];
            for say in [first, second] {
                let _ = socket.read(&mut heard);
                let _ = socket.write_all(say);
            }
        }
    });
    port
}

#[test]
fn what_a_proxy_answers_is_told_in_words() {
    for (first, second, said) in [
        (&b"\x05\x00"[..], &b"\x05\x01\x00\x01"[..], "it failed"),
        (b"\x05\x00", b"\x05\x02\x00\x01", "its rules do not allow"),
        (
            b"\x05\x00",
            b"\x05\x03\x00\x01",
            "does not reach the server's network",
        ),
        (b"\x05\x00", b"\x05\x04\x00\x01", "does not find its name"),
        (
            b"\x05\x00",
            b"\x05\x05\x00\x01",
            "the server refuses the connection",
        ),
        (b"\x05\x00", b"\x05\x06\x00\x01", "took too long"),
        (b"\x05\x00", b"\x05\x07\x00\x01", "cannot make connections"),
        (b"\x05\x00", b"\x05\x08\x00\x01", "this kind of address"),
        (b"\x05\x00", b"\x05\x63\x00\x01", "it answers 99"),
        (b"\x05\x00", b"HTTP", "its answer is no SOCKS5"),
        (b"\x05\x00", b"\x05\x00\x00\x09", "its answer is no SOCKS5"),
        (b"\x05\x00", b"", "it hung up"),
        (b"+OK POP3 ready\r\n", b"", "it is no SOCKS5 proxy"),
        (b"\x05\xff", b"", "it wants a login"),
    ] {
        let proxy = format!("socks5://127.0.0.1:{}", odd(first, second));
        let mut scene = Scene::new().key("proxy", &proxy);
        scene
            .run()
            .says("connecting: the proxy 127.0.0.1:")
            .says(said)
            .says_lines(1)
            .exits(69);
    }
}

#[test]
fn a_proxy_that_is_away_or_silent_is_told_from_the_server() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    let scene = || {
        let proxy = format!("socks5://127.0.0.1:{port}");
        Scene::new().key("proxy", &proxy).key("timeout", "1s")
    };
    scene().run().says("waiting for the proxy").exits(75);
    drop(listener);
    scene()
        .run()
        .says("the proxy 127.0.0.1")
        .says("cannot connect")
        .exits(69);
    let mut lost = Scene::new().key("proxy", "socks5://nowhere.invalid");
    lost.run()
        .says("the proxy nowhere.invalid:1080")
        .says("not found")
        .exits(69);
}

#[test]
fn a_file_with_the_password_of_a_proxy_is_for_its_owner_alone() {
    use std::os::unix::fs::PermissionsExt;

    let mut scene = Scene::new().key("proxy", "socks5://me:hidden@127.0.0.1:1");
    scene
        .run()
        .says("the proxy")
        .never_shows("hidden")
        .exits(69);
    let settings = std::fs::read(scene.path(".config/popget/popget.yaml")).unwrap();
    let mut scene = scene.file("open.yaml", &settings);
    let everyone = std::fs::Permissions::from_mode(0o644);
    std::fs::set_permissions(scene.path("open.yaml"), everyone).unwrap();
    let outcome = scene.run_with(&["--config", "open.yaml"]);
    outcome
        .says("proxy: the file can be read by everyone; run chmod 600")
        .exits(78);
}
