//! Whoever answers in place of the name service or of the domain's web server does no harm.

use std::time::Instant;

use super::{alone, arguments, server, written, FILE};
use crate::support::byway::Byway;
use crate::support::names::{name, srv, NameServer};
use crate::support::pages::{page, WebServer};
use crate::support::tls::Certificate;

const POP3S: &str = "_pop3s._tcp.localhost";

#[test]
fn what_is_no_answer_to_the_question_is_passed_by() {
    let server = server(Certificate::Good);
    let told = vec![(POP3S, 33, srv(0, server.port(), "localhost"))];
    let before = |answer: Vec<u8>| {
        let changed = |at: usize, to: u8| {
            let mut answer = answer.clone();
            answer[at] = to;
            answer
        };
        let loops = [
            &answer[..answer.len() - 11],
            &[0xc0, u8::try_from(answer.len() - 11).unwrap()],
        ];
        vec![
            Vec::new(),
            vec![0xff; 65_000],
            changed(0, answer[0] ^ 1),         // another number
            changed(2, 1),                     // a question
            changed(13, b'x'),                 // about another name
            answer[..answer.len() - 3].into(), // cut off
            loops.concat(),
            answer,
        ]
    };
    let names = NameServer::odd(told, before);
    let mut scene = names.serves(alone());
    let outcome = scene.run_with(&arguments("alice@localhost", &["--user", "alice"]));
    outcome.says("has the account localhost now").exits(0);
    assert_eq!(names.asked().len(), 1);
}

#[test]
fn names_that_no_host_has_lead_nowhere_and_show_nothing() {
    let server = server(Certificate::Good);
    let odd = |target: Vec<u8>| (POP3S, 33, [vec![0, 0, 0, 0, 3, 227], target].concat());
    let names = NameServer::start(vec![
        odd(name("\x1b[2JMARK")),
        odd(name("a\r\npopget: all is well")),
        odd(name("x y")),
        odd(b"\x04a.b.\x09localhost\0".to_vec()),
        (POP3S, 33, srv(9, server.port(), "localhost")),
    ]);
    let mut scene = names.serves(alone());
    scene
        .run_with(&arguments("alice@localhost", &["--user", "alice"]))
        .never_shows("MARK")
        .never_shows("all is well")
        .says("has the account localhost now")
        .exits(0);
    assert_eq!(
        written(&scene)
            .lines()
            .filter(|line| line.contains("server:"))
            .count(),
        1
    );
}

#[test]
fn a_name_server_that_is_silent_costs_a_while_and_no_more() {
    let names = NameServer::odd(Vec::new(), |_| Vec::new());
    let mut scene = names.serves(alone());
    let begun = Instant::now();
    let all = [
        "setup",
        "a@localhost",
        "--server",
        "x.invalid",
        "--config",
        FILE,
    ];
    scene.run_with(&all).says("is missing").exits(64);
    assert!(
        names.asked().is_empty(),
        "nothing is asked where it is said"
    );
    // One service, and who takes the mail: each twice for two seconds.
    scene
        .run_with(&arguments("a@localhost", &[]))
        .says("DNS: _pop3s._tcp.localhost: no answer for 2s while waiting for the name service\n")
        .says("no POP server was found for localhost")
        .exits(69);
    assert!(begun.elapsed().as_secs() < 30);
}

/// What becomes of a run that meets this answer to its first page, and finds nothing further.
fn met(answer: Vec<u8>) -> String {
    let web = WebServer::start(Certificate::Domain, vec![("/mail/config-v1.1.xml", answer)]);
    let byway = Byway::start(&[("autoconfig.example.org:443", web.port)]);
    let mut scene = alone();
    let mut outcome = scene.run_with(&arguments("alice@example.org", &["--proxy", &byway.url()]));
    let said = outcome.take_stderr();
    outcome.exits(69);
    assert!(!scene.path(FILE).exists());
    assert!(!said.contains(['\x1b', '\r', '\u{202e}']), "{said}");
    assert!(said.lines().all(|line| line.len() < 800), "{said}");
    said
}

/// A server in autoconfig, with this for its host and user.
fn with(head: &str, host: &str, user: &str) -> Vec<u8> {
    page(&format!(
        "{head}<clientConfig><emailProvider><incomingServer type=\"pop3\"><hostname>{host}</hostname>\
         <port>995</port><socketType>SSL</socketType><username>{user}</username></incomingServer>\
         </emailProvider></clientConfig>"
    ))
}

#[test]
fn hostile_pages_are_told_and_left() {
    let bomb = "<!DOCTYPE x [<!ENTITY a \"ha\"><!ENTITY b \"&a;&a;&a;&a;\">]>";
    for (answer, said) in [
        (
            with(bomb, "&b;.example.org", "x"),
            "it declares a document type",
        ),
        (
            with("", "&b;.example.org", "x"),
            "it uses an entity that XML has not",
        ),
        (
            with("", "a&#10;popget: all is well", "x"),
            "it names no POP server with TLS",
        ),
        (
            with("", "\u{202e}gro.elpmaxe", "x"),
            "it names no POP server with TLS",
        ),
        (
            page("<html><body>Welcome</body></html>"),
            "it is no whole XML of this kind",
        ),
        (page("<clientConfig>"), "it is no whole XML of this kind"),
        (page("<clientConfig></b\x1b[2J>"), "it is no XML"),
        (page(&"<a>".repeat(20_000)), "too deep"),
        (page(&"x".repeat(70_000)), "it is longer than 64 KiB"),
        (page(&"x".repeat(400_000)), "gives more than can be meant"),
        (
            b"500 Trouble\r\nContent-Length: 0\r\n\r\n".to_vec(),
            "there is none (status 500)",
        ),
        (
            b"302 Found\r\nLocation: http://example.org/\r\n\r\n".to_vec(),
            "leads to an address without TLS",
        ),
        (
            b"302 Found\r\nLocation: /mail/config-v1.1.xml\r\nContent-Length: 0\r\n\r\n".to_vec(),
            "leads from one address to the next",
        ),
        (
            b"nonsense\r\n\r\n".to_vec(),
            "does not speak HTTP as it should",
        ),
    ] {
        let told = met(answer);
        let line = told
            .lines()
            .find(|line| line.contains("autoconfig.example.org"));
        assert!(line.unwrap().contains(said), "{said}: {told}");
        assert!(!told.contains("\npopget: all is well"), "{told}");
    }
}

#[test]
fn a_user_with_a_line_end_does_not_come_into_the_file() {
    let server = server(Certificate::Domain);
    let answer = with(
        "",
        "pop.example.org",
        "alice&#10;    password_command: touch evil",
    );
    let web = WebServer::start(Certificate::Domain, vec![("/mail/config-v1.1.xml", answer)]);
    let byway = Byway::start(&[
        ("autoconfig.example.org:443", web.port),
        ("pop.example.org:995", server.port()),
    ]);
    let mut scene = alone();
    let outcome = scene.run_with(&arguments("alice@example.org", &["--proxy", &byway.url()]));
    outcome.says("perhaps the user is alice\n").exits(0);
    assert!(!written(&scene).contains("evil") && !scene.path("evil").exists());
}
