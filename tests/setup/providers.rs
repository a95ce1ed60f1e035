//! The great providers: what is known of them goes into the account, and their traps are told.

use super::{alone, written, FILE};

/// A domain, the server, and a part of what has to be told.
const KNOWN: [(&str, &str, &str); 20] = [
    ("gmail.com", "pop.gmail.com", "2-Step Verification"),
    ("googlemail.com", "pop.gmail.com", "hence drain: true"),
    (
        "outlook.com",
        "outlook.office365.com",
        "it takes no password, only OAuth 2.0",
    ),
    (
        "hotmail.co.uk",
        "outlook.office365.com",
        "POP must be allowed first",
    ),
    ("yahoo.com", "pop.mail.yahoo.com", "app password"),
    ("aol.com", "pop.aol.com", "app password"),
    ("gmx.de", "pop.gmx.net", "POP must be switched on first"),
    ("gmx.com", "pop.gmx.com", "POP must be switched on first"),
    ("mail.com", "pop.mail.com", "POP must be switched on first"),
    ("web.de", "pop3.web.de", "15 minutes between logins"),
    (
        "t-online.de",
        "securepop.t-online.de",
        "that of the web pages does not do",
    ),
    (
        "freenet.de",
        "mx.freenet.de",
        "POP must be switched on first",
    ),
    ("fastmail.com", "pop.fastmail.com", "app password"),
    ("zoho.eu", "pop.zoho.eu", "the free plan"),
    ("mail.ru", "pop.mail.ru", "external applications"),
    ("yandex.com", "pop.yandex.com", "what folders it shows"),
    ("qq.com", "pop.qq.com", "authorisation code"),
    ("163.com", "pop.163.com", "authorisation code"),
    ("126.com", "pop.126.com", "authorisation code"),
    ("yeah.net", "pop.yeah.net", "authorisation code"),
];

/// The arguments of a run that looks at what is known alone.
fn offline<'a>(address: &'a str, secret: &'a str) -> [&'a str; 6] {
    ["setup", address, "--print", "--no-test", secret, "cmd"]
}

#[test]
fn what_is_known_is_told_and_goes_into_the_account() {
    for (domain, server, note) in KNOWN {
        let address = format!("Ann@{domain}");
        let secret = match server {
            "outlook.office365.com" => ("--token-command", "oauth:\n      token_command: cmd"),
            _ => ("--password-command", "password_command: cmd"),
        };
        let (user, more) = match server {
            "pop3.web.de" => ("Ann", "    min_interval: 15m\n"),
            "outlook.office365.com" => (&*address, "    timeout: 3m\n"),
            "pop.gmail.com" => (&*address, "    drain: true\n"),
            _ => (&*address, ""),
        };
        let name = domain.split('.').next().unwrap();
        let quoted = name.parse::<u32>().map(|_| format!("\"{name}\""));
        let text = format!(
            "accounts:\n  {}:\n    server: {server}\n    tls: implicit\n    user: {user}\n    {}\n    \
             keep: true\n{more}    deliver:\n      maildir: ~/Mail/{name}\n",
            quoted.unwrap_or(name.into()),
            secret.1
        );
        let mut scene = alone();
        let outcome = scene.run_with(&offline(&address, secret.0));
        outcome.says(note).prints_exactly(text.as_bytes()).exits(0);
    }
}

#[test]
fn a_provider_without_pop_is_told_with_what_to_do() {
    for (domain, said) in [
        (
            "icloud.com",
            "iCloud has no POP; use a program that speaks IMAP",
        ),
        (
            "pm.me",
            "Proton Mail has no POP; its Bridge speaks IMAP and SMTP alone",
        ),
        ("tuta.com", "Tuta has no POP; it has no IMAP either"),
    ] {
        let address = format!("ann@{domain}");
        let mut scene = alone();
        let all = ["setup", &address, "--config", FILE, "--ask-password"];
        scene.run_with(&all).says(said).exits(78);
        assert!(!scene.path(FILE).exists());
    }
}

#[test]
fn where_no_password_is_taken_none_is_asked_for() {
    let said = "outlook.office365.com takes no password, only OAuth 2.0; use --client-id or --token-command\n";
    let outcome = alone().run_with(&offline("ann@live.com", "--password-command"));
    outcome.says(said).exits(64);
    let outcome = alone().run_with(&["setup", "ann@live.com", "--print"]);
    outcome
        .says("(--client-id, --token-command) is missing")
        .exits(64);
}

#[test]
fn where_one_signs_in_that_comes_next() {
    let address = "ann@outlook.com";
    let all = ["setup", address, "-c", FILE, "--client-id", "1-2-3"];
    let mut scene = alone();
    scene
        .run_with(&all)
        .says("popget: now run popget -c mine.yaml login outlook, and then popget -c mine.yaml check -a outlook\n")
        .exits(0);
    let block = "    oauth:\n      provider: microsoft\n      client_id: 1-2-3\n    keep: true\n";
    assert!(written(&scene).contains(block), "{}", written(&scene));
    // What is written is what login takes.
    let login = ["login", "outlook", "-c", FILE];
    let outcome = scene.run_with(&login);
    outcome.says("terminal").says_lines(1).exits(77);
    let secret = ["--client-id", "x", "--client-secret-command", "pass show y"];
    let google = [&["setup", "ann@gmail.com", "--print", "-q"], &secret[..]].concat();
    let printed = "    oauth:\n      provider: google\n      client_id: x\n      client_secret_command: pass show y\n";
    alone().run_with(&google).prints(printed).exits(0);
    let unknown = [&["setup", "ann@gmx.net", "--print", "-q"], &secret[..2]].concat();
    let outcome = alone().run_with(&unknown);
    outcome
        .says("--client-id: popget does not know")
        .says_lines(1)
        .exits(64);
}
