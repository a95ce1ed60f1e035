//! Every key of an account does what it says.

use std::time::{Duration, Instant};

use crate::support::maildrop::Fault;
use crate::support::scene::Scene;
use crate::support::server::{PopServer, Security, PASSWORD};
use crate::support::tls::Certificate;

const DAY: Duration = Duration::from_secs(86_400);

/// A server with one message, and a scene for it.
fn one_message() -> (PopServer, Scene) {
    let server = PopServer::start();
    server.maildrop().add_named("a", "alpha.eml");
    let scene = Scene::with_server(&server);
    (server, scene)
}

#[test]
fn a_server_may_bring_its_port() {
    for (address, port) in [
        ("127.0.0.1:{port}", None),
        ("127.0.0.1:{port}", Some("{port}")),
        ("\"[127.0.0.1]:{port}\"", None),
        ("\"[127.0.0.1]\"", Some("{port}")),
    ] {
        let (_server, mut scene) = one_message();
        scene = scene.without_key("port").key("server", address);
        if let Some(port) = port {
            scene = scene.key("port", port);
        }
        scene.run().delivers(["alpha.eml"]).silent().exits(0);
    }
}

#[test]
fn an_ipv6_address_stands_in_brackets() {
    // Nobody listens there; which address was tried tells how the key was read.
    let mut scene = Scene::new()
        .key("server", "\"[::1]:1\"")
        .without_key("port");
    let mut outcome = scene.run();
    let said = outcome.take_stderr();
    assert!(said.contains("cannot connect to [::1]:1: "), "{said}");
    outcome.exits(69);
}

#[test]
fn the_port_follows_from_protocol_and_tls_if_nothing_is_said() {
    for (protocol, tls, port) in [
        ("pop3", None, 995),
        ("pop3", Some("implicit"), 995),
        ("pop3", Some("starttls"), 110),
        ("pop3", Some("none"), 110),
        ("pop2", Some("none"), 109),
        ("pop1", Some("none"), 109),
    ] {
        // An address of this machine that no daemon is bound to.
        let mut scene = Scene::new()
            .key("server", "127.97.97.97")
            .key("protocol", protocol)
            .without_key("port")
            .without_key("tls");
        if let Some(tls) = tls {
            scene = scene.key("tls", tls);
        }
        let mut outcome = scene.run();
        let said = outcome.take_stderr();
        assert!(said.contains(&format!("127.97.97.97:{port}: ")), "{said}");
        outcome.exits(69);
    }
}

#[test]
fn tls_is_implicit_if_nothing_is_said() {
    let server = PopServer::builder()
        .security(Security::Implicit(Certificate::Good))
        .start();
    server.maildrop().add_named("a", "alpha.eml");
    let mut scene = Scene::with_server(&server).without_key("tls");
    scene.run().delivers(["alpha.eml"]).silent().exits(0);
}

#[test]
fn users_and_passwords_are_text_whatever_they_look_like() {
    for (user, password) in [
        ("007", "1e5"),
        ("true", "null"),
        ("1_0", "0x10"),
        ("3.10", "~"),
    ] {
        let server = PopServer::builder().user(user, password).start();
        let mut scene = Scene::with_server(&server)
            .key("user", user)
            .without_key("password_file")
            .key("password", password);
        scene.run().silent().exits(0);
        assert_eq!(server.logins(), 1, "{user} {password}");
    }
}

#[test]
fn a_password_comes_from_where_the_settings_say() {
    for (key, value) in [
        ("password", PASSWORD.to_owned()),
        ("password", format!("'{PASSWORD}'")),
        ("password_file", "~/password".to_owned()),
        ("password_file", "${HOME}/password".to_owned()),
        ("password_command", format!("echo {PASSWORD}; echo more")),
        (
            "password_command",
            "head -n1 < \"$HOME/password\" | cat".to_owned(),
        ),
        ("password_command", format!("[printf, '%s', {PASSWORD}]")),
        ("password_command", "[cat, password]".to_owned()),
    ] {
        let (server, scene) = one_message();
        let mut scene = scene.without_key("password_file").key(key, &value);
        scene.run().delivers(["alpha.eml"]).silent().exits(0);
        assert_eq!(server.logins(), 1);
    }
}

#[test]
fn a_list_is_run_without_a_shell() {
    let server = PopServer::builder().user("alice", "$HOME; echo *").start();
    let mut scene = Scene::with_server(&server)
        .without_key("password_file")
        .key("password_command", "[echo, '$HOME; echo *']");
    scene.run().silent().exits(0);
    assert_eq!(server.logins(), 1);
}

#[test]
fn auth_names_the_way_to_log_in() {
    for (auth, command) in [
        ("user-pass", "PASS"),
        ("[user-pass]", "PASS"),
        ("apop", "APOP"),
        ("[plain]", "AUTH"),
        ("login", "AUTH"),
        ("[apop, user-pass]", "APOP"),
    ] {
        let (server, scene) = one_message();
        let mut scene = scene.key("auth", auth);
        scene.run().delivers(["alpha.eml"]).silent().exits(0);
        assert_eq!(server.commands(command).len(), 1, "{auth}");
    }
}

#[test]
fn auth_auto_is_what_happens_without_it() {
    for auth in [None, Some("auto")] {
        let server = PopServer::builder()
            .security(Security::Implicit(Certificate::Good))
            .start();
        let mut scene = Scene::with_server(&server);
        if let Some(auth) = auth {
            scene = scene.key("auth", auth);
        }
        scene.run().silent().exits(0);
        assert_eq!(server.logins(), 1);
        // Without TLS it never shows the password.
        let (server, scene) = one_message();
        let mut scene = scene.without_key("auth");
        if let Some(auth) = auth {
            scene = scene.key("auth", auth);
        }
        scene.run().says("in the clear").exits(78);
        assert_eq!(server.logins(), 0);
    }
}

#[test]
fn tls_verify_false_warns_on_every_run() {
    let server = PopServer::builder()
        .security(Security::Implicit(Certificate::SelfSigned))
        .start();
    let mut scene = Scene::with_server(&server)
        .without_key("tls_ca_file")
        .key("tls_verify", "false")
        .key("auth", "plain");
    for _ in 0..2 {
        scene
            .run()
            .says_exactly(
                "popget: work (127.0.0.1): tls_verify is false: anyone between can read the \
                 password and the mail\n",
            )
            .exits(0);
    }
    assert_eq!(server.logins(), 2);
}

#[test]
fn tls_server_name_is_the_name_to_prove() {
    let server = PopServer::builder()
        .security(Security::Implicit(Certificate::OtherName))
        .start();
    let mut scene = Scene::with_server(&server);
    scene
        .run()
        .says("did not prove that it is 127.0.0.1")
        .exits(77);
    let mut scene = Scene::with_server(&server).key("tls_server_name", "elsewhere.example");
    scene.run().silent().exits(0);
}

#[test]
fn timeout_and_deadline_end_a_wait() {
    for (key, words) in [
        ("timeout", "no answer for 1s"),
        ("deadline", "not done after 1s"),
    ] {
        let begun = Instant::now();
        let mut scene = Scene::new().conversation_text("! silence\n").key(key, "1s");
        scene.run().says(words).exits(75);
        assert!(begun.elapsed() < Duration::from_secs(8), "{key}");
    }
}

#[test]
fn retry_says_how_often_to_connect_again() {
    for (retry, status, delivered) in [("0", 75, false), ("1", 0, true)] {
        let (server, scene) = one_message();
        server.maildrop().spoil("a", Fault::Cut(1));
        let mut scene = scene.key("retry", retry);
        let mut outcome = scene.run();
        let said = outcome.take_stderr();
        assert_eq!(said.is_empty(), delivered, "{said}");
        let names: &[&str] = if delivered { &["alpha.eml"] } else { &[] };
        outcome.delivers(names).exits(status);
    }
}

#[test]
fn keep_says_how_long_mail_stays_on_the_server() {
    for (keep, age, stays) in [
        ("true", DAY * 4000, true),
        ("false", Duration::ZERO, false),
        ("30d", DAY * 29, true),
        ("30d", DAY * 31, false),
        ("720h", DAY * 31, false),
    ] {
        let (server, scene) = one_message();
        let mut scene = scene.key("keep", keep).remembers_since(["a"], age);
        scene.run().silent().exits(0);
        assert_eq!(server.maildrop().left() == 1, stays, "{keep} {age:?}");
    }
}

#[test]
fn all_takes_seen_messages_too() {
    let (_server, scene) = one_message();
    let mut scene = scene.key("all", "true").remembers(["a"]);
    scene.run().delivers(["alpha.eml"]).silent().exits(0);
}

#[test]
fn limit_order_and_max_size_choose() {
    type Keys = &'static [(&'static str, &'static str)];
    let cases: [(Keys, &[&str]); 6] = [
        (&[("limit", "1")], &["alpha.eml"]),
        (&[("limit", "1"), ("order", "newest")], &["plain.eml"]),
        (
            &[("limit", "2"), ("order", "oldest")],
            &["alpha.eml", "mime.eml"],
        ),
        (&[("max_size", "0.2k")], &[]),
        (&[("max_size", "200")], &["alpha.eml", "plain.eml"]),
        (
            &[("max_size", "1KiB")],
            &["alpha.eml", "mime.eml", "plain.eml"],
        ),
    ];
    for (keys, delivered) in cases {
        let (server, mut scene) = one_message();
        server
            .maildrop()
            .add_named("b", "mime.eml")
            .add_named("c", "plain.eml");
        for (key, value) in keys {
            scene = scene.key(key, value);
        }
        if delivered.is_empty() {
            scene
                .run()
                .says("\"0.2k\" is not a size such as 25MB")
                .exits(78);
        } else {
            scene.run().delivers(delivered).silent().exits(0);
        }
    }
}

#[test]
fn deliver_names_the_destination() {
    let (_server, scene) = one_message();
    let mut scene = scene.deliver("maildir: ~/Mail/work");
    scene.run().delivers_to("Mail/work", ["alpha.eml"]).exits(0);

    let (_server, scene) = one_message();
    let mut scene = scene.deliver("mbox: ~/mbox\nformat: mboxrd\nlock: [fcntl]");
    scene
        .run()
        .mbox_holds("mbox", ["alpha.eml"])
        .silent()
        .exits(0);

    let (_server, scene) = one_message();
    let mut scene = scene.deliver("mbox: \"-\"\nformat: mboxcl2");
    scene.run().prints("Content-Length: ").exits(0);

    let (_server, scene) = one_message();
    let mut scene = scene.deliver("mda: cat > \"$HOME/$POPGET_ACCOUNT.eml\"\ntimeout: 20s");
    let outcome = scene.run().silent().exits(0);
    assert_eq!(
        outcome.file("work.eml"),
        crate::support::mail::named("alpha.eml")
    );

    let (_server, scene) = one_message();
    let mut scene = scene.deliver("mda: [sh, -c, 'cat > \"$0\"', letter]");
    let outcome = scene.run().silent().exits(0);
    assert_eq!(
        outcome.file("letter"),
        crate::support::mail::named("alpha.eml")
    );
}

#[test]
fn an_mda_has_only_so_much_time() {
    let (_server, scene) = one_message();
    let mut scene = scene.deliver("mda: [sleep, \"30\"]\ntimeout: 1s");
    scene
        .run()
        .says("the MDA took too long and was stopped")
        .exits(75);
}
