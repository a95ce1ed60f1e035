//! KPOP: a ticket before the greeting, shown to the library's own `krb5_recvauth`, and to servers
//! that do everything wrong.

mod handshake;

use std::fs;
use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use tempfile::TempDir;

use crate::support::kdc::Kdc;
use crate::support::kpop::{account, behind, built, way, Door, DUMMY};
use crate::support::mail;
use crate::support::process::{self, Victim};
use crate::support::scene::Scene;
use crate::support::server::{Answer, PopServer, Security, PASSWORD};
use crate::support::story::fifty;
use crate::support::there;
use crate::support::tls::Certificate;

/// A realm, a server with one message, and a door to it for these owners of tickets.
fn realm(owners: &[&str]) -> Option<(Kdc, PopServer, Door)> {
    let kdc = Kdc::start()?;
    let server = behind(PopServer::builder()).start();
    server.maildrop().add_named("a", "alpha.eml");
    let owners: Vec<_> = owners.iter().map(|owner| (*owner, server.port())).collect();
    let door = Door::start(&kdc, &owners)?;
    Some((kdc, server, door))
}

#[test]
fn a_ticket_opens_the_maildrop() {
    let Some((kdc, server, door)) = realm(&["alice"]) else {
        return;
    };
    kdc.ticket("alice");
    let mut scene = account(&kdc, Scene::with_server(&server), door.port());
    scene
        .run()
        .delivers(["alpha.eml"])
        .remembers(["a"])
        .silent()
        .exits(0);
    scene.run().silent().exits(0);
    assert_eq!(
        server.commands("PASS"),
        [format!("PASS {DUMMY}"), format!("PASS {DUMMY}")]
    );
}

#[test]
fn its_port_is_its_own() {
    let Some(kdc) = Kdc::start() else { return };
    kdc.ticket("alice");
    let mut scene = account(&kdc, Scene::new(), 1)
        .without_key("port")
        .key("ip", "4");
    scene
        .run()
        .says("cannot connect to 127.0.0.1:1109: ")
        .exits(69);
}

#[test]
#[cfg(not(feature = "gssapi"))]
fn where_kerberos_is_not_built_in_it_is_told() {
    let mut scene = Scene::new()
        .without_key("auth")
        .without_key("password_file")
        .key("protocol", "kpop");
    scene
        .run()
        .says("protocol: this popget was built without Kerberos, which kpop needs")
        .says_lines(1)
        .exits(78);
}

#[test]
fn fifty_messages_come_and_go_as_they_are() {
    let Some(way) = way() else { return };
    let messages: Vec<_> = fifty().into_iter().map(|(_, bytes)| bytes).collect();
    for (keep, left) in [("true", 50), ("false", 0)] {
        let (server, scene, _door) = way.stage(&fifty());
        let mut scene = scene.key("keep", keep);
        scene.run().delivers_bytes(&messages).silent().exits(0);
        assert_eq!(server.maildrop().left(), left);
        scene.run().silent().exits(0);
        assert_eq!(server.commands("RETR").len(), 50);
    }
}

#[test]
fn envelopes_are_told_behind_the_door_too() {
    let Some((kdc, server, door)) = realm(&["alice"]) else {
        return;
    };
    kdc.ticket("alice");
    server
        .maildrop()
        .posted("a", "ann@example.org", "fred@xyz.example");
    let mut scene = account(&kdc, Scene::with_server(&server), door.port())
        .key("sdps", "true")
        .deliver("mbox: ~/mbox");
    let mbox = scene.run().silent().exits(0).file("mbox");
    assert!(mbox.starts_with(b"From ann@example.org "));
}

#[test]
fn it_goes_through_a_tunnel_and_over_tls() {
    let Some((kdc, plain, door)) = realm(&["alice"]) else {
        return;
    };
    if !there("socat", "KPOP through a tunnel and over TLS is not tested") {
        return;
    }
    kdc.ticket("alice");
    let tunnel = format!("exec socat - TCP:127.0.0.1:{}", door.port());
    let mut scene = account(&kdc, Scene::with_server(&plain), 9).key("tunnel", &tunnel);
    scene.run().delivers(["alpha.eml"]).silent().exits(0);

    let mut over = account(&kdc, Scene::with_server(&plain).tls("implicit"), 9);
    let tls = Socat::before(door.port());
    over = over.key("port", &tls.port.to_string());
    over.run().delivers(["alpha.eml"]).silent().exits(0);
    let mut other = over.key("tls_server_name", "other.example");
    other
        .run()
        .says("did not prove that it is other.example")
        .exits(77);

    let later = behind(PopServer::builder().security(Security::StartTls(Certificate::Good)));
    let later = later.start();
    let door = Door::start(&kdc, &[("alice", later.port())]).unwrap();
    let mut scene = account(&kdc, Scene::with_server(&later), door.port());
    scene.run().silent().exits(0);
    assert_eq!((plain.logins(), later.logins()), (2, 1));
}

/// A socat that speaks TLS in front of a port.
struct Socat {
    child: Child,
    port: u16,
    _folder: TempDir,
}

impl Socat {
    fn before(port: u16) -> Socat {
        let folder = TempDir::with_prefix("popget-socat-").unwrap();
        let file = folder.path().join("server.pem");
        let pem = Certificate::Good.pem();
        fs::write(&file, [pem.certificate, pem.key].concat()).unwrap();
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let own = listener.local_addr().unwrap().port();
        drop(listener);
        let listen = format!(
            "OPENSSL-LISTEN:{own},bind=127.0.0.1,reuseaddr,fork,verify=0,cert={}",
            file.display()
        );
        let child = Command::new("socat")
            .args([listen, format!("TCP:127.0.0.1:{port}")])
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let begun = Instant::now();
        while TcpStream::connect(("127.0.0.1", own)).is_err() {
            assert!(begun.elapsed() < Duration::from_secs(20), "no socat");
            thread::sleep(Duration::from_millis(10));
        }
        Socat {
            child,
            port: own,
            _folder: folder,
        }
    }
}

impl Drop for Socat {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

#[test]
fn without_a_good_ticket_nobody_is_asked() {
    let Some(kdc) = Kdc::start() else { return };
    let told = "popget: work (localhost): connecting: there is no valid Kerberos ticket";
    let mut scene = account(&kdc, Scene::new(), 1).key("port", "{port}");
    scene
        .run()
        .says(told)
        .says("run kinit")
        .says_lines(1)
        .exits(77);
    kdc.ticket("alice");
    let mut late = scene.under(&["faketime", "-f", "+2h"]);
    late.run()
        .says(told)
        .says("run kinit")
        .says_lines(1)
        .exits(77);
}

#[test]
fn a_realm_that_does_not_answer_is_asked_again_later() {
    let Some(mut kdc) = Kdc::start() else { return };
    kdc.ticket("alice");
    kdc.stop();
    let mut scene = account(&kdc, Scene::new(), 1).key("port", "{port}");
    scene
        .run()
        .says("the Kerberos server of the realm does not answer")
        .says_lines(1)
        .exits(75);
}

#[test]
fn a_service_that_the_realm_does_not_know_is_named() {
    let Some(kdc) = Kdc::start() else { return };
    kdc.ticket("alice");
    let scene = account(&kdc, Scene::new(), 1).key("port", "{port}");
    let mut scene = scene.key("server", "127.0.0.1");
    scene
        .run()
        .says("Kerberos does not know the service pop@127.0.0.1")
        .says("check the host name in server")
        .says_lines(1)
        .exits(77);
}

#[test]
fn a_ticket_is_for_its_own_user_only() {
    let Some((kdc, server, door)) = realm(&["bob"]) else {
        return;
    };
    kdc.ticket("bob");
    for (command, words) in [
        ("PASS", "Wrong username supplied (alice)"),
        ("USER", "Popping not authorized"),
        ("PASS", "[AUTH] not yours"),
    ] {
        server.answer(command, Answer::Say(format!("-ERR {words}")));
        let mut scene = account(&kdc, Scene::with_server(&server), door.port());
        scene
            .run()
            .says(&format!(
                "login: the server refused the Kerberos ticket: \"{words}\""
            ))
            .says("see with klist whose ticket it is")
            .says_lines(1)
            .exits(77);
        server.behave();
    }
    kdc.forget();
    kdc.ticket("alice");
    let mut scene = account(&kdc, Scene::with_server(&server), door.port());
    scene
        .run()
        .says("greets with a refusal: \"recvauth failed--nobody of that name\"")
        .says_lines(1)
        .exits(75);
}

#[test]
fn a_maildrop_in_use_is_that_and_no_wrong_ticket() {
    let Some((kdc, server, door)) = realm(&["alice"]) else {
        return;
    };
    kdc.ticket("alice");
    for words in [
        "[IN-USE] later",
        "alice lock busy!  Is another session active?",
    ] {
        server.answer("PASS", Answer::Say(format!("-ERR {words}")));
        let mut scene = account(&kdc, Scene::with_server(&server), door.port());
        scene
            .run()
            .says("the maildrop is in use")
            .says_lines(1)
            .exits(75);
        server.behave();
    }
}

#[test]
fn what_the_server_has_against_a_ticket_is_told() {
    let Some((kdc, server, door)) = realm(&["alice"]) else {
        return;
    };
    kdc.ticket("alice");
    let refused = |door: &Door, why: &str, advice: &str| {
        let mut scene = account(&kdc, Scene::with_server(&server), door.port());
        scene
            .run()
            .says(&format!(
                "greeting: the server does not take the Kerberos ticket: {why}"
            ))
            .says(advice)
            .says_lines(1)
            .exits(77);
    };
    for (clock, why, advice) in [
        ("+2h", "it has expired", "run kinit"),
        (
            "+30m",
            "the clocks differ by too much",
            "set both clocks right",
        ),
        ("-30m", "it is not valid yet", "set both clocks right"),
    ] {
        let wrapper = ["faketime", "-f", clock];
        let door = Door::under(&wrapper, &kdc, &[("alice", server.port())]).unwrap();
        refused(&door, why, advice);
    }
    kdc.change_keys();
    kdc.forget();
    kdc.ticket("alice");
    refused(&door, "it was made for another key", "run kinit anew");
    kdc.take_keys();
    refused(&door, "the server has no key", "the server's keytab");
    assert_eq!(server.sessions().len(), 0);
}

#[test]
fn no_password_is_got_or_sent() {
    let Some((kdc, server, door)) = realm(&["alice"]) else {
        return;
    };
    kdc.ticket("alice");
    let text = format!(
        "defaults:\n  password_command: 'touch ~/got; echo {PASSWORD}'\n  auth: plain\n\
         accounts:\n  work:\n    protocol: kpop\n    server: localhost\n    port: {}\n    \
         tls: none\n    user: alice\n    deliver:\n      maildir: ~/Mail\n",
        door.port()
    );
    let mut scene = kdc.surround(Scene::with_server(&server)).config(&text);
    scene.run().delivers(["alpha.eml"]).silent().exits(0);
    assert!(!scene.path("got").exists());
    assert!(
        !server.dialogue().contains(PASSWORD),
        "{}",
        server.dialogue()
    );
}

#[test]
fn it_may_be_looked_at() {
    let Some((kdc, server, door)) = realm(&["alice"]) else {
        return;
    };
    kdc.ticket("alice");
    let mut scene = account(&kdc, Scene::with_server(&server), door.port());
    scene
        .run_with(&["probe", "--account", "work"])
        .prints("popserver.example")
        .exits(0);
    scene.run_with(&["check"]).prints("1 new").exits(0);
    scene
        .run_with(&["-vv"])
        .says("C: (a Kerberos ticket)")
        .says("C: PASS ***")
        .delivers(["alpha.eml"])
        .exits(0);
}

#[test]
fn the_next_server_stands_in_for_one_that_is_silent_or_away() {
    let Some((kdc, server, door)) = realm(&["alice"]) else {
        return;
    };
    kdc.ticket("alice");
    let silent = handshake::that_does(vec![handshake::Act::Silence]);
    let closed = TcpListener::bind("127.0.0.1:0").unwrap();
    let closed = closed.local_addr().unwrap().port();
    let list = format!(
        "[localhost:{closed}, localhost:{silent}, localhost:{}]",
        door.port()
    );
    let mut scene = account(&kdc, Scene::with_server(&server), 1)
        .without_key("port")
        .key("server", &list)
        .key("timeout", "1s");
    scene
        .run_with(&["-v"])
        .delivers(["alpha.eml"])
        .says("trying the next server")
        .exits(0);
}

#[test]
fn fetchmail_says_the_same() {
    let Some((kdc, server, door)) = realm(&["alice"]) else {
        return;
    };
    if !there("fetchmail", "KPOP is not compared with fetchmail's") {
        return;
    }
    kdc.ticket("alice");
    let folder = TempDir::with_prefix("popget-fetchmail-").unwrap();
    let preloaded = built("kpop_port", &["-shared", "-fPIC", "-ldl"], folder.path()).unwrap();
    let rc = format!(
        "set no syslog\npoll localhost protocol kpop auth kerberos_v5 username alice password \
         {PASSWORD} sslproto '' mda \"cat > {}\"\n",
        folder.path().join("mail").display()
    );
    let file = folder.path().join("fetchmailrc");
    fs::write(&file, rc).unwrap();
    fs::set_permissions(&file, std::os::unix::fs::PermissionsExt::from_mode(0o600)).unwrap();
    let mut fetchmail = kdc.command("fetchmail");
    fetchmail
        .args(["--nosslcertck", "-f"])
        .arg(&file)
        // As root it would share one with whoever else runs it.
        .arg("--pidfile")
        .arg(folder.path().join("pid"))
        .env("HOME", folder.path())
        .env("KPOP_PORT", door.port().to_string())
        .env("LD_PRELOAD", preloaded);
    let ran = process::start(&mut fetchmail, None, &Victim::default()).finish();
    let said = String::from_utf8_lossy(&ran.stderr).into_owned();
    assert!(ran.status.success(), "{said}\n{}", server.dialogue());
    let fetched = fs::read(folder.path().join("mail")).unwrap();
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).replace('\r', "");
    let body = text(&mail::named("alpha.eml"));
    let body = body.split("\n\n").nth(1).unwrap().to_owned();
    assert!(text(&fetched).ends_with(&body), "{}", text(&fetched));
    assert_eq!(server.maildrop().left(), 0);
    assert_eq!(server.commands("PASS"), [format!("PASS {DUMMY}")]);
}

/// What a client says before the answer to the versions, and the beginning of its ticket.
#[test]
fn fetchmail_and_popget_begin_alike() {
    let Some((kdc, server, door)) = realm(&["alice"]) else {
        return;
    };
    kdc.ticket("alice");
    let (port, said) = overheard(door.port());
    let mut scene = account(&kdc, Scene::with_server(&server), port);
    scene.run().delivers(["alpha.eml"]).exits(0);
    let said = said.join().unwrap();
    assert_eq!(&said[..36], handshake::VERSIONS);
    // The length of the ticket, and that it is one that wants a proof (mutual-required).
    let length = u32::from_be_bytes(said[36..40].try_into().unwrap()) as usize;
    let request = &said[40..40 + length];
    assert_eq!(request[0], 0x6e);
    let options = [0xa2, 7, 3, 5, 0, 0x20, 0, 0, 0];
    assert!(
        request[..40].windows(9).any(|window| window == options),
        "{request:x?}"
    );
    assert_eq!(&said[40 + length..40 + length + 6], b"CAPA\r\n");
}

/// A way to a port on which all that a client says is heard, once.
fn overheard(port: u16) -> (u16, thread::JoinHandle<Vec<u8>>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let own = listener.local_addr().unwrap().port();
    let hear = move || {
        let (client, _) = listener.accept().unwrap();
        let server = TcpStream::connect(("127.0.0.1", port)).unwrap();
        let (mut back, mut to) = (server.try_clone().unwrap(), client.try_clone().unwrap());
        thread::spawn(move || std::io::copy(&mut back, &mut to));
        let (mut said, mut piece) = (Vec::new(), [0; 4096]);
        while let Ok(length @ 1..) = (&client).read(&mut piece) {
            said.extend(&piece[..length]);
            (&server).write_all(&piece[..length]).unwrap();
        }
        said
    };
    (own, thread::spawn(hear))
}
