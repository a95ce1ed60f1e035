//! Logging in by Kerberos: a real KDC, a real Dovecot, and what is told when one of them will not.

use std::io::{BufRead, BufReader, Write};
use std::net::TcpListener;
use std::thread;

use crate::support::dovecot::Dovecot;
use crate::support::kdc::Kdc;
use crate::support::mail;
use crate::support::scene::Scene;

/// A realm, and a Dovecot in it that knows these mechanisms.
fn realm(mechanisms: &str) -> Option<(Kdc, Dovecot)> {
    let kdc = Kdc::start()?;
    let settings = format!("{}auth_mechanisms = {mechanisms}\n", kdc.dovecot_settings());
    let mut dovecot = Dovecot::with(&settings)?;
    dovecot.put("alice", &[mail::named("alpha.eml")]);
    Some((kdc, dovecot))
}

/// An account of alice's without a password, reached over this line.
fn account(kdc: &Kdc, dovecot: &Dovecot, tls: &str) -> Scene {
    let port = match tls {
        "implicit" => dovecot.port_tls(),
        _ => dovecot.port(),
    };
    let scene = match tls {
        "none" => Scene::at_port(port),
        tls => Scene::at_port(port).tls(tls),
    };
    let scene = scene
        .without_key("password_file")
        .key("server", "localhost");
    kdc.surround(scene.key("auth", "gssapi"))
}

#[test]
fn a_ticket_opens_the_maildrop_over_every_line() {
    let Some((kdc, dovecot)) = realm("plain gssapi") else {
        return;
    };
    kdc.ticket("alice");
    for tls in ["implicit", "starttls", "none"] {
        let mut scene = account(&kdc, &dovecot, tls);
        scene.run().delivers(["alpha.eml"]).silent().exits(0);
    }
    let log = dovecot.log();
    assert_eq!(log.matches("method=GSSAPI").count(), 3, "{log}");
}

#[test]
fn without_a_good_ticket_nothing_is_asked_and_it_is_told() {
    let Some((kdc, dovecot)) = realm("plain gssapi") else {
        return;
    };
    let mut scene = account(&kdc, &dovecot, "implicit");
    scene
        .run()
        .says("login: there is no valid Kerberos ticket")
        .says("run kinit")
        .says_lines(1)
        .exits(77);
    kdc.ticket("alice");
    let mut scene = scene.under(&["faketime", "-f", "+2h"]);
    scene
        .run()
        .says("login: there is no valid Kerberos ticket")
        .says("run kinit")
        .says_lines(1)
        .exits(77);
}

#[test]
fn a_service_that_the_realm_does_not_know_is_named() {
    let Some((kdc, dovecot)) = realm("plain gssapi") else {
        return;
    };
    kdc.ticket("alice");
    let mut scene = account(&kdc, &dovecot, "none").key("server", "127.0.0.1");
    scene
        .run()
        .says("Kerberos does not know the service pop@127.0.0.1")
        .says_lines(1)
        .exits(77);
}

#[test]
fn a_ticket_is_for_its_own_user_only() {
    let Some((kdc, dovecot)) = realm("plain gssapi") else {
        return;
    };
    kdc.ticket("bob");
    let mut scene = account(&kdc, &dovecot, "implicit");
    scene
        .run()
        .says("login: the server refused the Kerberos ticket")
        .says("see with klist whose ticket it is")
        .says_lines(1)
        .exits(77);
}

#[test]
fn a_realm_that_does_not_answer_is_asked_again_later() {
    let Some((mut kdc, dovecot)) = realm("plain gssapi") else {
        return;
    };
    kdc.ticket("alice");
    kdc.stop();
    let mut scene = account(&kdc, &dovecot, "implicit");
    scene
        .run()
        .says("the Kerberos server of the realm does not answer")
        .says_lines(1)
        .exits(75);
}

#[test]
fn unasked_it_is_taken_only_with_a_ticket() {
    let Some((kdc, dovecot)) = realm("plain gssapi") else {
        return;
    };
    let mut scene = account(&kdc, &dovecot, "implicit")
        .key("auth", "auto")
        .key("password_file", "~/password");
    scene.run().delivers(["alpha.eml"]).silent().exits(0);
    kdc.ticket("alice");
    scene.run().silent().exits(0);
    scene.wraps(&["faketime", "-f", "+2h"]);
    scene.run().silent().exits(0);
    scene.wraps(&[]);
    kdc.forget();
    scene.run().silent().exits(0);
    let log = dovecot.log();
    let methods: Vec<&str> = log.split("method=").skip(1).collect();
    let methods: Vec<&str> = methods.iter().filter_map(|m| m.split(',').next()).collect();
    assert_eq!(methods, ["PLAIN", "GSSAPI", "PLAIN", "PLAIN"], "{log}");
}

#[test]
fn a_server_without_it_is_told() {
    let Some((kdc, dovecot)) = realm("plain") else {
        return;
    };
    kdc.ticket("alice");
    let mut scene = account(&kdc, &dovecot, "implicit");
    scene
        .run()
        .says("auth names (gssapi)")
        .says_lines(1)
        .exits(77);
}

#[test]
fn a_ticket_that_does_not_lead_there_gives_way_to_the_password() {
    let Some((kdc, dovecot)) = realm("plain gssapi") else {
        return;
    };
    kdc.ticket("alice");
    for auth in ["auto", "[gssapi, plain]"] {
        let mut scene = account(&kdc, &dovecot, "implicit")
            .key("server", "127.0.0.1")
            .key("auth", auth)
            .key("password_file", "~/password");
        scene.run().delivers(["alpha.eml"]).silent().exits(0);
    }
    let log = dovecot.log();
    assert_eq!(log.matches("method=PLAIN").count(), 2, "{log}");
}

#[test]
fn a_lost_ticket_brings_no_password_into_the_clear() {
    let Some((kdc, dovecot)) = realm("plain gssapi") else {
        return;
    };
    kdc.ticket("alice");
    for auth in ["auto", "[gssapi, plain]"] {
        let mut scene = account(&kdc, &dovecot, "none")
            .key("server", "127.0.0.1")
            .key("auth", auth)
            .key("password_file", "~/password");
        scene
            .run()
            .says("Kerberos does not know the service pop@127.0.0.1")
            .says_lines(1)
            .exits(77);
    }
    let log = dovecot.log();
    assert!(!log.contains("method=PLAIN"), "{log}");
}

#[test]
fn a_clock_that_is_wrong_is_told() {
    let Some((kdc, dovecot)) = realm("plain gssapi") else {
        return;
    };
    kdc.ticket("alice");
    let mut scene = account(&kdc, &dovecot, "implicit").under(&["faketime", "-f", "+20m"]);
    scene
        .run()
        .says("Clock skew too great")
        .says("check the clock")
        .says_lines(1)
        .exits(77);
}

#[test]
fn a_host_in_another_realm_is_told() {
    let Some((kdc, dovecot)) = realm("plain gssapi") else {
        return;
    };
    kdc.ticket("alice");
    let mut scene = kdc.misplace(account(&kdc, &dovecot, "implicit"));
    scene
        .run()
        .says("pop@localhost")
        .says("ELSEWHERE.TEST")
        .says_lines(1)
        .exits(77);
}

#[test]
fn without_the_library_it_is_told_which_one_and_where_to_get_it() {
    let Some((kdc, dovecot)) = realm("plain gssapi") else {
        return;
    };
    kdc.ticket("alice");
    // The loader finds these first, and they are no libraries.
    let mut scene = account(&kdc, &dovecot, "implicit");
    for name in ["libgssapi_krb5.so.2", "libgssapi.so.3", "libgssapi.so"] {
        scene = scene.file(&format!("lib/{name}"), b"none");
    }
    let folder = scene.path("lib").display().to_string();
    let mut scene = scene.env("LD_LIBRARY_PATH", &folder);
    scene
        .run()
        .says("there is no Kerberos library (libgssapi_krb5.so.2, libgssapi.so.3")
        .says("install it (in Debian libgssapi-krb5-2)")
        .says_lines(1)
        .exits(78);
    let mut scene = scene.key("auth", "auto").key("password_file", "~/password");
    scene.run().delivers(["alpha.eml"]).silent().exits(0);
}

#[test]
fn accounts_side_by_side_share_the_ticket() {
    let Some((kdc, dovecot)) = realm("plain gssapi") else {
        return;
    };
    kdc.ticket("alice");
    let mut text = format!(
        "jobs: 6\ndefaults:\n  server: localhost\n  port: {}\n  user: alice\n  tls: implicit\n  \
         tls_ca_file: ~/ca.pem\n  auth: gssapi\naccounts:\n",
        dovecot.port_tls()
    );
    for number in 0..6 {
        text += &format!("  a{number}:\n    deliver:\n      maildir: ~/Mail{number}\n");
    }
    let mut scene = kdc.surround(Scene::at_port(dovecot.port_tls()).config(&text));
    let mut ended = scene.run();
    for number in 0..6 {
        ended = ended.delivers_to(&format!("Mail{number}"), ["alpha.eml"]);
    }
    ended.silent().exits(0);
}

/// A server that offers Kerberos, and says this to the first token.
fn that_says(answer: &'static str) -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    thread::spawn(move || {
        let (stream, _) = listener.accept().unwrap();
        let mut said = BufReader::new(stream.try_clone().unwrap()).lines();
        let tell = |text: &str| (&stream).write_all(text.as_bytes()).unwrap();
        tell("+OK ready\r\n");
        while let Some(Ok(line)) = said.next() {
            match line.as_str() {
                "CAPA" => tell("+OK\r\nSASL GSSAPI\r\nTOP\r\nUIDL\r\n.\r\n"),
                "AUTH GSSAPI" => tell("+ \r\n"),
                "*" => tell("-ERR cancelled\r\n"),
                "QUIT" => tell("+OK\r\n"),
                _ => tell(answer),
            }
        }
    });
    port
}

#[test]
fn a_server_that_proves_nothing_is_not_believed() {
    let Some(kdc) = Kdc::start() else {
        return;
    };
    kdc.ticket("alice");
    for (answer, told) in [
        ("+OK welcome\r\n", "the server did not prove"),
        (
            "+ YII=\r\n",
            "Kerberos does not lead to the service pop@localhost",
        ),
        (
            "+ \r\n",
            "Kerberos does not lead to the service pop@localhost",
        ),
    ] {
        let scene = Scene::at_port(that_says(answer))
            .without_key("password_file")
            .key("server", "localhost")
            .key("auth", "gssapi");
        kdc.surround(scene).run().says(told).says_lines(1).exits(77);
    }
}

#[test]
#[cfg(not(feature = "gssapi"))]
fn where_it_is_not_built_in_it_cannot_be_named() {
    let mut scene = Scene::new().key("auth", "[gssapi, plain]");
    scene
        .run()
        .says("auth: it names gssapi, and this popget was built without Kerberos")
        .says_lines(1)
        .exits(78);
}
