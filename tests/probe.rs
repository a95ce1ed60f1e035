//! `popget probe`: what a server offers, without logging in, and without a secret.

use crate::support::dovecot::Dovecot;
use crate::support::phrases::QUIT;
use crate::support::scene::Scene;
use crate::support::server::{PopServer, Security};
use crate::support::tls::Certificate;

/// A scene without any account, for what needs none.
fn without_accounts(scene: Scene) -> Scene {
    let authority = scene.path("ca.pem");
    scene
        .config("accounts:\n")
        .env("SSL_CERT_FILE", authority.to_str().unwrap())
}

/// The lines of a block, by what they tell.
fn row<'t>(text: &'t str, what: &str) -> &'t str {
    let start = format!("  {what}:");
    let line = text.lines().find(|line| line.starts_with(&start));
    line.map_or("", |line| line[start.len()..].trim())
}

/// `host:port` of a scene.
fn at(scene: &Scene) -> String {
    format!("127.0.0.1:{}", scene.port())
}

#[test]
fn what_there_is_in_the_clear_is_told() {
    let script = "S: +OK hello there\nC: CAPA\nS: +OK\nS: TOP\nS: SASL PLAIN CRAM-MD5\nS: .\n";
    let scene = Scene::new().conversation_text(&(script.to_owned() + QUIT));
    let mut scene = without_accounts(scene);
    let server = at(&scene);
    let mut outcome = scene.run_with(&["probe", &server]).exits(0);
    let text = outcome.take_stdout();
    assert!(text.starts_with(&format!("{server}\n")), "{text}");
    for (what, told) in [
        ("greeting", "hello there"),
        ("TLS", "none"),
        ("before TLS", ""),
        ("capabilities", "TOP; SASL PLAIN CRAM-MD5"),
        ("mechanisms", "PLAIN CRAM-MD5"),
        ("subject", ""),
    ] {
        assert_eq!(row(&text, what), told, "{what}: {text}");
    }
    assert!(row(&text, "round trip").ends_with(" ms"), "{text}");
}

#[test]
fn a_server_without_capabilities_is_asked_in_the_old_way() {
    let script = "S: +OK\nC: CAPA\nS: -ERR what\nC: AUTH\nS: +OK\nS: LOGIN\nS: PLAIN\nS: .\n";
    let scene = Scene::new().conversation_text(&(script.to_owned() + QUIT));
    let mut scene = without_accounts(scene);
    let server = at(&scene);
    scene
        .run_with(&["probe", &server])
        .prints("capabilities:   the server does not say\n")
        .prints("mechanisms:     LOGIN PLAIN\n")
        .exits(0);
    for refused in ["-ERR no", "+ go on"] {
        let script = format!("S: +OK\nC: CAPA\nS: -ERR what\nC: AUTH\nS: {refused}\n{QUIT}");
        let mut scene = without_accounts(Scene::new().conversation_text(&script));
        let server = at(&scene);
        scene
            .run_with(&["probe", &server])
            .prints("mechanisms:     none are named\n")
            .exits(0);
    }
}

#[test]
fn a_server_that_hangs_up_on_capa_is_asked_nothing() {
    let script = "S: +OK hello\nC: CAPA\n! cut\n! again\nS: +OK hello\nC: AUTH\nS: -ERR\n";
    let scene = Scene::new().conversation_text(&(script.to_owned() + QUIT));
    let mut scene = without_accounts(scene);
    let server = at(&scene);
    scene
        .run_with(&["probe", &server])
        .prints("greeting:       hello\n")
        .prints("the server does not say")
        .exits(0);
}

#[test]
fn stls_is_used_where_it_is_offered() {
    let script = "S: +OK a\nC: CAPA\nS: +OK\nS: STLS\nS: X-CLEAR\nS: .\nC: STLS\nS: +OK\n! tls\n\
                  C: CAPA\nS: +OK\nS: USER\nS: SASL PLAIN\nS: .\n";
    let scene = Scene::new().conversation_text(&(script.to_owned() + QUIT));
    let mut scene = without_accounts(scene);
    let server = at(&scene);
    let mut outcome = scene.run_with(&["probe", &server]).exits(0);
    let text = outcome.take_stdout();
    assert_eq!(row(&text, "before TLS"), "STLS; X-CLEAR", "{text}");
    assert_eq!(row(&text, "capabilities"), "USER; SASL PLAIN", "{text}");
    assert!(row(&text, "TLS").starts_with("starttls, TLS 1."), "{text}");
    assert_eq!(row(&text, "trusted"), "yes", "{text}");
    // Where it is demanded, nothing else will do.
    let refuses = "S: +OK a\nC: CAPA\nS: +OK\nS: .\nC: STLS\nS: -ERR no\n! silence\n";
    let mut scene = without_accounts(Scene::new().conversation_text(refuses));
    let server = at(&scene);
    scene
        .run_with(&["probe", "--tls", "starttls", &server])
        .says("the server does not start TLS")
        .exits(77);
}

#[test]
fn a_certificate_that_proves_nothing_is_shown_with_the_reason() {
    for (shown, told) in [
        (Certificate::Good, "yes"),
        (Certificate::Expired, "no: its certificate has expired"),
        (
            Certificate::OtherName,
            "no: its certificate is for another name",
        ),
        (
            Certificate::SelfSigned,
            "no: its certificate is self-signed",
        ),
        (
            Certificate::UnknownIssuer,
            "no: the issuer of its certificate is unknown here",
        ),
    ] {
        for security in [Security::Implicit(shown), Security::StartTls(shown)] {
            let server = PopServer::builder().security(security).start();
            let mut scene = without_accounts(Scene::with_server(&server));
            let how = match security {
                Security::StartTls(_) => "starttls",
                _ => "implicit",
            };
            let at = at(&scene);
            let mut outcome = scene.run_with(&["probe", "--tls", how, &at]).exits(0);
            let text = outcome.take_stdout();
            assert_eq!(row(&text, "trusted"), told, "{shown:?} {how} {text}");
            assert!(row(&text, "TLS").contains(", TLS_"), "{text}");
            assert_eq!(row(&text, "SHA-256").len(), 95, "{text}");
            assert!(row(&text, "valid").contains(" to 20"), "{text}");
            let names = match shown {
                Certificate::OtherName => "elsewhere.example",
                _ => "localhost 127.0.0.1",
            };
            assert_eq!(row(&text, "names"), names, "{text}");
            for what in ["subject", "issuer"] {
                assert!(!row(&text, what).is_empty(), "{what}: {text}");
            }
            drop(outcome);
            assert_eq!(server.logins(), 0);
            for command in ["USER", "PASS", "APOP"] {
                assert!(server.commands(command).is_empty(), "{command}");
            }
        }
    }
}

#[test]
fn an_account_is_looked_at_as_a_run_would_see_it() {
    let server = PopServer::builder()
        .security(Security::Implicit(Certificate::SelfSigned))
        .start();
    let scene = || Scene::with_server(&server);
    for (mut scene, told) in [
        (scene(), "no: its certificate is self-signed"),
        (
            scene()
                .without_key("tls_ca_file")
                .key("tls_verify", "false"),
            "not checked: tls_verify is false",
        ),
        (
            scene()
                .without_key("tls_ca_file")
                .key("tls_fingerprint", &"00".repeat(32)),
            "no: its certificate is none of tls_fingerprint",
        ),
    ] {
        for arguments in [&["probe"][..], &["probe", "--account", "work"]] {
            let mut outcome = scene.run_with(arguments).exits(0);
            let text = outcome.take_stdout();
            assert!(row(&text, "trusted").starts_with(told), "{text}");
        }
        assert!(!scene.path(".local").exists());
    }
    assert_eq!(server.logins(), 0);
}

#[test]
fn each_server_of_an_account_is_looked_at() {
    let server = PopServer::start();
    let servers = format!("[127.0.0.1:1, 127.0.0.1:{}]", server.port());
    let mut scene = Scene::with_server(&server)
        .without_key("port")
        .key("server", &servers);
    scene
        .run_with(&["probe"])
        .prints(&format!("127.0.0.1:{}\n", server.port()))
        .says("popget: work (127.0.0.1): connecting: cannot connect to 127.0.0.1:1")
        .exits(69);
}

#[test]
fn a_url_says_how_tls_is_used() {
    for (scheme, security, told) in [
        ("pops", Security::Implicit(Certificate::Good), "implicit, "),
        ("pop", Security::StartTls(Certificate::Good), "starttls, "),
    ] {
        let server = PopServer::builder().security(security).start();
        let mut scene = without_accounts(Scene::with_server(&server));
        let url = format!("{scheme}://alice@{}", at(&scene));
        let mut outcome = scene.run_with(&["probe", &url]).exits(0);
        let text = outcome.take_stdout();
        assert!(row(&text, "TLS").starts_with(told), "{text}");
        assert_eq!(server.logins(), 0);
    }
    // A server that does not start TLS is not looked at in the clear instead.
    let server = PopServer::start();
    let mut scene = without_accounts(Scene::with_server(&server));
    let url = format!("pop://{}", at(&scene));
    scene
        .run_with(&["probe", &url])
        .says("the server does not start TLS")
        .exits(77);
}

#[test]
fn a_password_is_neither_got_nor_needed() {
    let server = PopServer::start();
    let mut scene = Scene::with_server(&server)
        .without_key("password_file")
        .key("password_command", "touch ~/asked");
    scene
        .run_with(&["probe"])
        .prints("TLS:            none")
        .exits(0);
    assert!(!scene.path("asked").exists());
}

#[test]
fn a_bare_host_is_looked_at_by_both_ports() {
    // What listens there on this machine, if anything, is not known here.
    let mut scene = without_accounts(Scene::new());
    let mut outcome = scene.run_with(&["probe", "127.0.0.1"]);
    let told = outcome.take_stdout() + &outcome.take_stderr();
    assert!(
        ["995", "110"]
            .iter()
            .all(|port| told.contains(&format!("port {port} (127.0.0.1)"))
                || told.contains(&format!("127.0.0.1:{port}\n"))),
        "{told}"
    );
    outcome.whatever();
}

#[test]
fn what_fails_is_told() {
    let mut scene = without_accounts(Scene::new());
    scene
        .run_with(&["probe", "pop.invalid"])
        .says_lines(2)
        .says("popget: port 995 (pop.invalid): connecting: host pop.invalid not found")
        .exits(68);
    scene
        .run_with(&["probe", "127.0.0.1:1"])
        .says("cannot connect to 127.0.0.1:1")
        .exits(69);
    let imap = Scene::new().conversation_text("S: * OK IMAP4rev1\n! silence\n");
    let mut scene = without_accounts(imap);
    let server = at(&scene);
    scene
        .run_with(&["probe", &server])
        .says("looks like an IMAP server")
        .exits(76);
    let server = PopServer::builder()
        .security(Security::Implicit(Certificate::OldTls))
        .start();
    let mut scene = without_accounts(Scene::with_server(&server));
    let at = at(&scene);
    scene
        .run_with(&["probe", "--tls", "implicit", &at])
        .says("older than 1.2")
        .exits(69);
}

#[test]
fn wrong_usage_is_told() {
    for (arguments, said) in [
        (&["probe", "a b"][..], "a b: this is not a host name"),
        (
            &["probe", "h:0"],
            "h:0: what follows the colon is not a port",
        ),
        (
            &["probe", "-a", "work", "h"],
            "probe looks at h or at accounts, not at both",
        ),
        (
            &["-a", "work", "probe", "h"],
            "probe looks at h or at accounts, not at both",
        ),
        (&["probe", "--tls", "none"], "--tls goes with a host"),
        (&["probe", "h", "--tls", "ssl"], "invalid value 'ssl'"),
        (
            &["--limit", "3", "probe", "h"],
            "--limit before probe is an option of the fetch",
        ),
    ] {
        Scene::new().run_with(arguments).says(said).exits(64);
    }
}

#[test]
fn nothing_that_a_server_says_can_touch_the_terminal() {
    let script = "S: +OK \u{1b}[2Jhello\nC: CAPA\nS: +OK\nS: X\u{202e}Y\nS: SASL \u{1b}c\nS: .\n";
    let scene = Scene::new().conversation_text(&(script.to_owned() + QUIT));
    let mut scene = without_accounts(scene);
    let server = at(&scene);
    let mut outcome = scene.run_with(&["probe", &server]).exits(0);
    let text = outcome.take_stdout();
    let harmful = |c: char| (c.is_control() && c != '\n') || c == '\u{202e}';
    assert!(
        text.contains("hello") && !text.contains(harmful),
        "{text:?}"
    );
}

#[test]
fn dovecot_tells_all_over_every_way() {
    let Some(dovecot) = Dovecot::start() else {
        return;
    };
    for (port, how, tls) in [
        (dovecot.port(), None, "starttls, TLS 1.3"),
        (dovecot.port(), Some("none"), "none"),
        (dovecot.port_tls(), Some("implicit"), "implicit, TLS 1.3"),
    ] {
        let mut scene = without_accounts(Scene::at_port(port).tls("starttls"));
        let server = at(&scene);
        let tls_mode = how.into_iter().flat_map(|how| ["--tls", how]);
        let arguments: Vec<&str> = ["probe", &server].into_iter().chain(tls_mode).collect();
        let mut outcome = scene.run_with(&arguments).exits(0);
        let text = outcome.take_stdout();
        assert!(row(&text, "TLS").starts_with(tls), "{text}");
        assert!(row(&text, "greeting").contains("Dovecot"), "{text}");
        assert!(row(&text, "mechanisms").contains("SCRAM-SHA-256"), "{text}");
        assert!(row(&text, "capabilities").contains("UIDL"), "{text}");
        let secured = how != Some("none");
        assert_eq!(
            row(&text, "trusted"),
            if secured { "yes" } else { "" },
            "{text}"
        );
        let stls = row(&text, "before TLS").contains("STLS");
        assert_eq!(stls, how.is_none(), "{text}");
    }
}

#[test]
fn a_port_that_wants_tls_from_the_start_is_looked_at_so() {
    let builder = PopServer::builder().security(Security::Implicit(Certificate::Good));
    let server = builder.start();
    let mut scene = without_accounts(Scene::with_server(&server));
    let at = at(&scene);
    let mut outcome = scene.run_with(&["probe", &at]).exits(0);
    let text = outcome.take_stdout();
    assert!(row(&text, "TLS").starts_with("implicit, "), "{text}");
    assert!(!row(&text, "greeting").is_empty(), "{text}");
}
