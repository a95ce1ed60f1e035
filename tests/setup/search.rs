//! The search for the server: DNS, HTTPS, guesses, each step told.

use super::{alone, arguments, server, written, FILE};
use crate::support::byway::Byway;
use crate::support::names::{mx, srv, NameServer};
use crate::support::pages::{page, WebServer};
use crate::support::server::{PopServer, Security, PASSWORD};
use crate::support::tls::Certificate;

const POP3S: &str = "_pop3s._tcp.localhost";

/// What autoconfig says of a server of this kind at this port.
fn config(host: &str, port: u16, kind: &str) -> String {
    format!(
        "<?xml version=\"1.0\"?>\n<clientConfig version=\"1.1\"><emailProvider id=\"x\">\n\
         <incomingServer type=\"imap\"><hostname>imap.invalid</hostname><port>993</port>\
         <socketType>SSL</socketType></incomingServer>\n<incomingServer type=\"pop3\">\
         <hostname>{host}</hostname><port>{port}</port><socketType>{kind}</socketType>\
         <username>%EMAILLOCALPART%</username><authentication>password-cleartext</authentication>\
         <pop3><checkInterval minutes=\"15\"/></pop3></incomingServer>\n\
         </emailProvider></clientConfig>\n"
    )
}

#[test]
fn the_domain_names_its_server_in_dns() {
    let server = server(Certificate::Good);
    let away = PopServer::start().port(); // by then nobody is there any more
    let names = NameServer::start(vec![
        (POP3S, 33, srv(1, away, "localhost")),
        (POP3S, 33, srv(2, server.port(), "localhost")),
    ]);
    let mut scene = names.serves(alone());
    scene
        .run_with(&arguments("alice@localhost", &["--maildir", "Mail"]))
        .says(&format!(
            "popget: DNS: {POP3S}: localhost:{} (TLS from the first byte)\n",
            server.port()
        ))
        .says(&format!(
            "localhost:{away} (TLS from the first byte): cannot connect"
        ))
        .says("popget: alice@localhost is refused; perhaps the user is alice\n")
        .says("popget: localhost: 1 new")
        .exits(0);
    assert_eq!(names.asked(), [POP3S]);
    let port = server.port();
    assert!(written(&scene).contains(&format!(
        "    server: localhost:{port}\n    tls: implicit\n    user: alice\n"
    )));
}

#[test]
fn a_server_with_stls_is_named_by_another_service() {
    let security = Security::StartTls(Certificate::Good);
    let server = PopServer::builder().security(security).start();
    let names = NameServer::start(vec![
        (POP3S, 33, srv(0, 0, "")),
        (
            "_pop3._tcp.localhost",
            33,
            srv(0, server.port(), "localhost"),
        ),
    ]);
    let mut scene = names.serves(alone());
    scene
        .run_with(&arguments("alice@localhost", &["--user", "alice"]))
        .says(&format!(
            "popget: DNS: {POP3S}: the domain says that it has none\n"
        ))
        .says("(STLS)\n")
        .exits(0);
    assert!(written(&scene).contains("    tls: starttls\n"));
}

#[test]
fn a_server_of_another_domain_is_taken_only_if_somebody_says_so() {
    let server = server(Certificate::Good);
    let named = (
        "_pop3s._tcp.example.org",
        33,
        srv(0, server.port(), "localhost"),
    );
    let names = NameServer::start(vec![named]);
    let mut scene = names.serves(alone());
    let told = "localhost is not in example.org, and DNS is not signed";
    scene
        .run_with(&arguments("alice@example.org", &[]))
        .says(told)
        .says("--server localhost or --yes is missing, and nobody is asked here\n")
        .exits(64);
    assert!(server.sessions().is_empty() && !scene.path(FILE).exists());
    let outcome = scene.run_with(&arguments("alice@example.org", &["--yes"]));
    outcome
        .says(told)
        .says("has the account example now")
        .exits(0);
}

#[test]
fn a_long_answer_of_dns_is_asked_for_again_by_tcp() {
    let server = server(Certificate::Good);
    let told = vec![(POP3S, 33, srv(0, server.port(), "localhost"))];
    let cut = |mut answer: Vec<u8>| {
        answer[2] |= 2;
        answer[6..8].copy_from_slice(&[0, 0]);
        answer.truncate(12 + POP3S.len() + 2 + 4);
        vec![answer]
    };
    let names = NameServer::odd(told, cut);
    let mut scene = names.serves(alone());
    let outcome = scene.run_with(&arguments("alice@localhost", &["--user", "alice"]));
    outcome.says("has the account localhost now").exits(0);
    assert_eq!(names.asked().len(), 2);
}

#[test]
fn the_domain_tells_of_its_server_over_https() {
    let (first, second) = (
        ("autoconfig.example.org:443", "/mail/config-v1.1.xml"),
        (
            "example.org:443",
            "/.well-known/autoconfig/mail/config-v1.1.xml",
        ),
    );
    for (at, path) in [first, second] {
        let server = server(Certificate::Domain);
        let text = config("pop.%EMAILDOMAIN%", 995, "SSL");
        let web = WebServer::start(Certificate::Domain, vec![(path, page(&text))]);
        let byway = Byway::start(&[(at, web.port), ("pop.example.org:995", server.port())]);
        let mut scene = alone();
        let proxy = byway.url();
        scene
            .run_with(&arguments("alice@example.org", &["--proxy", &proxy]))
            .says(&format!(
                "https://{}{path}: pop.example.org:995 (TLS from the first byte)\n",
                &at[..at.len() - 4]
            ))
            .says("popget: DNS: nothing is asked, since it cannot be asked through the proxy\n")
            .says("popget: example: 1 new")
            .exits(0);
        let block = format!(
            "accounts:\n  example:\n    server: pop.example.org\n    tls: implicit\n    proxy: {proxy}\n    \
             user: alice\n    password_file: {}\n    tls_ca_file: {}\n    keep: true\n    min_interval: 15m\n    deliver:\n      \
             maildir: ~/Mail/example\n",
            scene.path("password").display(),
            scene.path("ca.pem").display()
        );
        assert_eq!(written(&scene), block);
        let asked = web.asked();
        assert_eq!(asked.len(), 1);
        let queries = asked[0]
            .matches("?emailaddress=alice%40example.org ")
            .count();
        assert_eq!(queries, usize::from(at == first.0), "{asked:?}");
    }
}

#[test]
fn who_does_not_prove_to_be_the_domain_is_not_listened_to() {
    let text = config("pop.example.org", 995, "SSL");
    let pages = vec![("/mail/config-v1.1.xml", page(&text))];
    let web = WebServer::start(Certificate::OtherName, pages);
    let byway = Byway::start(&[("autoconfig.example.org:443", web.port)]);
    let mut scene = alone();
    scene
        .run_with(&arguments("alice@example.org", &["--proxy", &byway.url()]))
        .says("the server did not prove that it is autoconfig.example.org")
        .says("popget: no POP server was found for example.org; ask the provider")
        .exits(69);
    assert!(web.asked().is_empty());
    let asked = byway.asked();
    let tried = |place: &str| asked.iter().filter(|at| *at == place).count();
    for place in [
        "pop.example.org:995",
        "example.org:995",
        "mail.example.org:110",
        "example.org:443",
    ] {
        assert_eq!(tried(place), 1, "{place}: {asked:?}");
    }
}

#[test]
fn a_guess_has_to_prove_its_name() {
    let good = server(Certificate::Domain);
    let other = server(Certificate::Good);
    let byway = Byway::start(&[
        ("pop.example.org:995", other.port()),
        ("mail.example.org:995", good.port()),
    ]);
    let mut scene = alone();
    scene
        .run_with(&arguments("alice@example.org", &["--proxy", &byway.url()]))
        .says("popget: guessing: pop, pop3 and mail.example.org, and example.org\n")
        .says("popget: pop.example.org:995 (TLS from the first byte): its certificate is for another name\n")
        .says("popget: mail.example.org:995 (TLS from the first byte): it proves its name\n")
        .exits(0);
    assert!(written(&scene).contains("    server: mail.example.org\n    tls: implicit\n"));
    assert_eq!(other.logins(), 0);
}

#[test]
fn stls_is_guessed_where_there_is_no_other_tls() {
    let security = Security::StartTls(Certificate::Domain);
    let good = PopServer::builder().security(security).start();
    let bare = PopServer::builder().user("alice", PASSWORD).start();
    let byway = Byway::start(&[
        ("pop.example.org:110", bare.port()),
        ("example.org:110", good.port()),
    ]);
    let mut scene = alone();
    scene
        .run_with(&arguments("alice@example.org", &["--proxy", &byway.url()]))
        .says("popget: pop.example.org:110 (STLS): the server does not start TLS\n")
        .says("popget: example.org:110 (STLS): it proves its name\n")
        .exits(0);
    assert!(written(&scene).contains("    server: example.org\n    tls: starttls\n"));
    assert_eq!(bare.logins(), 0);
}

#[test]
fn a_provider_is_known_by_who_takes_the_mail() {
    let mail = ("example.invalid", 15, mx("aspmx.l.google.com"));
    let names = NameServer::start(vec![mail]);
    let mut scene = names.serves(alone());
    let command = [
        "setup",
        "al@example.invalid",
        "--print",
        "--no-test",
        "--password-command",
        "pw",
    ];
    scene
        .run_with(&command)
        .says("DNS: who takes the mail of example.invalid: aspmx.l.google.com, which is Gmail\n")
        .says("Gmail: POP must be switched on first")
        .prints("    server: pop.gmail.com\n    tls: implicit\n    user: al@example.invalid\n")
        .prints("    drain: true\n")
        .exits(0);
}
