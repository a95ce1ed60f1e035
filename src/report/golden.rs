//! Every failure as a user reads it, in tests/errors.golden: a line each, its exit status before it.
//! A variant that is not here does not compile. After a change of words that is meant,
//!
//!     POPGET_GOLDEN=new cargo test --all-features --lib golden
//!
//! writes the file anew, and `git diff` shows what a user will read otherwise.
#![allow(
    clippy::unwrap_used,
    reason = "in a test a failure to prepare is a failure of the test"
)]

use super::{text, Named};
use crate::error::{Error as E, Mistake, Reach};
use crate::event::Stage::{self, *};
use crate::event::{Failure, Subject};
use crate::message::Uid;
use rustix::io::Errno;
use std::fmt::Write;
use std::io;
use std::path::{Path, PathBuf};
use std::time::Duration;

/// All variants, each with the stage at which it comes and with what there is in it. From this come
/// the samples, and a match that names every variant.
macro_rules! every {
    ($($variant:ident: $($stage:expr => [$($error:expr),+]),+;)+) => {
        fn variant(error: &E) -> &'static str {
            match error {
                $(E::$variant { .. } => stringify!($variant),)+
            }
        }

        fn samples() -> Vec<(&'static str, Option<Stage>, E)> {
            vec![$($($((stringify!($variant), $stage, $error),)+)+)+]
        }
    };
}

/// Before any account.
const NOWHERE: Option<Stage> = None;

every! {
    Settings: NOWHERE => [
        mistake(Some((3, 5)), "accounts.work.sever", "unknown key; did you mean server?"),
        mistake(Some((2, 3)), "accounts.work", "the key server is missing (for example server: pop.example.org)"),
        mistake(None, "", "the file can be written by everyone; run chmod 600 popget.yaml")
    ];
    NoSettings: NOWHERE => [
        nowhere(&["~/.config/popget/popget.yaml", "/etc/popget/popget.yaml"], None),
        nowhere(&["/etc/popget/popget.yaml"], Some("HOME is not set")),
        E::NoSettings { places: vec![path("mine.yaml")], named: true, homeless: None }
    ];
    Usage: NOWHERE => [E::Usage("--max-size 25TB: this is not a size such as 25MB".into())];
    NoPop: NOWHERE => [E::NoPop {
        provider: "iCloud", instead: "use a program that speaks IMAP",
    }];
    NoServer: NOWHERE => [E::NoServer("example.org".into())];
    NotInserted: NOWHERE => [E::NotInserted(path("~/.config/popget/popget.yaml"))];
    NoPassword: Some(Password) => [E::NoPassword];
    NotTyped: Some(Password) => [E::NotTyped];
    SecretCommand: Some(Password) => [
        secret("failed (exit status: 1)", "Error: mail/work is not in the password store.", &[]),
        secret("failed (exit status: 2)", "gpg: decryption failed: No secret key", &["GNUPGHOME", "GPG_TTY"]),
        secret("cannot be started: no such file or directory", "", &[]),
        secret("printed nothing", "", &[])
    ];
    SecretFile: Some(Password) => [
        file("cannot be read: no such file or directory; create it, or correct the path"),
        file("can be read by everyone; run chmod 600 ~/.secrets/work"),
        file("its first line is empty; the secret belongs there")
    ];
    PasswordVariable: Some(Password) => [E::PasswordVariable("WORK_PASSWORD".into())];
    NoCredentials: Some(Password) => [E::NoCredentials("work".into())];
    HostNotFound: Some(Connecting) => [no_host("pop.exmaple.org")];
    Unreachable: Some(Connecting) => [
        unreachable(Errno::CONNREFUSED), unreachable(Errno::NETUNREACH), unreachable(Errno::MFILE)
    ];
    TimedOut:
        Some(Greeting) => [silent("the greeting", 60)],
        Some(Retrieving) => [silent("the rest of a message", 180)];
    Deadline: Some(Retrieving) => [E::Deadline(Duration::from_secs(2 * 3600))];
    Cut:
        Some(Greeting) => [cut("the greeting", None)],
        Some(Securing) => [cut("the TLS handshake", Some(Errno::CONNRESET))],
        Some(Retrieving) => [cut("a message", None), cut("a message", Some(Errno::CONNRESET))];
    Interrupted: Some(Retrieving) => [E::Interrupted];
    TlsFailed: Some(Securing) => [E::TlsFailed {
        why: "the server answers in plain text".into(), advice: "try tls: starttls, or another port",
    }];
    SourceAddress: Some(Connecting) => [E::SourceAddress {
        address: "192.0.2.1".into(), why: Errno::ADDRNOTAVAIL.into(),
    }];
    Proxy: Some(Connecting) => [E::Proxy {
        proxy: "127.0.0.1:1080".into(), why: "its rules do not allow this server".into(),
    }];
    Tunnel: Some(Greeting) => [E::Tunnel {
        name: "ssh".into(), ended: "ended (exit status: 255)".into(),
        said: words("alice@mail.example.org: Permission denied (publickey)."),
    }];
    NotProven: Some(Securing) => [
        unproven("its certificate is for another name", "write the host name that the certificate is for, or set tls_server_name"),
        unproven("its certificate is self-signed", "if its operator confirms the fingerprint, set tls_fingerprint to it")
    ];
    NoStls: Some(Securing) => [E::NoStls(words("unknown command"))];
    TextBehindStls: Some(Securing) => [E::TextBehindStls];
    TlsFile: Some(Preparing) => [
        E::TlsFile { key: "tls_ca_file", path: path("~/ca.pem"), why: "it holds no PEM certificate".into() },
        E::TlsFile { key: "tls_client_key", path: path("~/key.pem"), why: "can be read by everyone; run chmod 600 ~/key.pem".into() }
    ];
    GreetingRefused: Some(Greeting) => [E::GreetingRefused(words("too many connections"))];
    OtherProtocol: Some(Greeting) => [E::OtherProtocol {
        wanted: "POP3", looks_like: "an IMAP server", advice: "use the POP3 port: 995, or 110 with tls: starttls",
    }];
    Nonsense: Some(Listing) => [E::Nonsense { expected: "a line of a listing", got: words("hello") }];
    LineTooLong: Some(Greeting) => [E::LineTooLong(8192)];
    LoginRefused: Some(LoggingIn) => [E::LoginRefused(words("[AUTH] invalid user or password"))];
    LongLoginRefused: Some(LoggingIn) => [E::LongLoginRefused(words("invalid user or password"))];
    TokenRefused: Some(LoggingIn) => [E::TokenRefused(words("invalid_token"))];
    TicketRefused: Some(LoggingIn) => [E::TicketRefused(words("not authorised as alice"))];
    NotKpop: Some(Greeting) => [E::NotKpop { because: "it greets without asking for a ticket", said: words("+OK ready") }];
    TicketUnfit: Some(Greeting) => [
        unfit(31), unfit(32), unfit(33), unfit(34), unfit(35), unfit(36), unfit(37), unfit(38),
        unfit(41), unfit(44), unfit(45), unfit(60)
    ];
    Unproven: Some(LoggingIn) => [E::Unproven];
    NoTicket: Some(LoggingIn) => [E::NoTicket(words("No credentials cache found"))];
    KerberosAway: Some(LoggingIn) => [E::KerberosAway(words("Cannot contact any KDC for realm 'EXAMPLE.ORG'"))];
    NoKerberosService: Some(LoggingIn) => [E::NoKerberosService {
        service: "pop@pop.example.org".into(), said: words("Server not found in Kerberos database"),
    }];
    KerberosFailed: Some(LoggingIn) => [E::KerberosFailed {
        service: "pop@pop.example.org".into(), said: words("Clock skew too great"),
    }];
    NoKerberos: Some(LoggingIn) => [E::NoKerberos("libgssapi_krb5.so.2, libgssapi.so.3".into())];
    OtherChannel: Some(LoggingIn) => [E::OtherChannel(words("channel-bindings-dont-match"))];
    InUse: Some(LoggingIn) => [E::InUse(words("[IN-USE] another session is active"))];
    LoginDelay: Some(LoggingIn) => [
        E::LoginDelay { said: words("[LOGIN-DELAY] too frequent"), wait: None },
        E::LoginDelay { said: words("[LOGIN-DELAY] too frequent"), wait: Some(Duration::from_secs(900)) }
    ];
    ServerTrouble: Some(LoggingIn) => [E::ServerTrouble(words("[SYS/TEMP] try later"))];
    ServerBroken: Some(LoggingIn) => [E::ServerBroken(words("[SYS/PERM] mailbox is broken"))];
    Dismissed: Some(Listing) => [E::Dismissed(words("- no such folder"))];
    OutOfSync: Some(Listing) => [E::OutOfSync(words("mailbox changed"))];
    WouldReveal: Some(LoggingIn) => [E::WouldReveal];
    NoMechanism: Some(LoggingIn) => [E::NoMechanism("scram-sha-256, gssapi".into())];
    NoWay: Some(LoggingIn) => [E::NoWay("a password"), E::NoWay("an access token")];
    NoBinding: Some(LoggingIn) => [E::NoBinding];
    Uncarriable: Some(LoggingIn) => [E::Uncarriable("user or password is not ASCII, which USER, PASS and APOP cannot carry")];
    OutOfStep: Some(Retrieving) => [E::OutOfStep(Box::new(cut("a message", None)))];
    OffersMore: Some(LoggingIn) => [E::OffersMore];
    NotAsListed: Some(Retrieving) => [E::NotAsListed];
    MessageRefused: Some(Retrieving) => [E::MessageRefused(words("[SYS/TEMP] this message cannot be read"))];
    NotSdps: Some(Retrieving) => [E::NotSdps(words("unknown command"))];
    NoEnvelope: Some(Retrieving) => [E::NoEnvelope(words("unknown"))];
    TooLong: Some(Retrieving) => [E::TooLong(25_000_000)];
    LeftAmid: Some(Retrieving) => [E::LeftAmid];
    QuitRefused: Some(Quitting) => [E::QuitRefused(words("some messages were not removed"))];
    AllNew: Some(Listing) => [E::AllNew { listed: 31, known: 30 }];
    OtherMaildrop: Some(Preparing) => [E::OtherMaildrop { path: state(), owner: "alice at pop.example.net".into() }];
    StateDamaged: Some(Preparing) => [E::StateDamaged { path: state(), line: 12, why: "this line is not understood" }];
    State: Some(Preparing) => [E::State { path: state(), doing: "open", why: Errno::ACCESS.into() }];
    AtWork: NOWHERE => [E::AtWork { program: "fetchmail", held: "it holds ~/.fetchmail.pid".into() }];
    AccountBusy: Some(Preparing) => [E::AccountBusy(path("~/.local/state/popget/work.lock"))];
    MaildropBusy: Some(Preparing) => [E::MaildropBusy(path("~/.local/state/popget/0123456789ab.maildrop"))];
    Unsafe: Some(Preparing) => [E::Unsafe {
        path: path("~/.local/state/popget"),
        why: "can be written by everyone; run chmod go-w on it, or name a folder within it".into(),
    }];
    Destination: Some(Preparing) => [
        place("open", Errno::NOENT), place("make", Errno::ACCESS), place("make", Errno::ROFS),
        place("open", Errno::NOTDIR), place("open", Errno::MFILE)
    ];
    Delivering: Some(Retrieving) => [
        delivering(Errno::NOSPC), delivering(Errno::DQUOT), delivering(Errno::IO),
        delivering(Errno::ACCESS), delivering(Errno::ROFS)
    ];
    MboxBusy: Some(Retrieving) => [E::MboxBusy(path("~/Mail/work.mbox"))];
    MdaMissing: Some(Preparing) => [E::MdaMissing { command: "/usr/bin/maildrop".into(), why: no_program() }];
    MdaLater: Some(Retrieving) => [E::MdaLater { ended: "wants the message later (exit status 75)".into(), said: words("the mailbox is full") }];
    MdaRefused: Some(Retrieving) => [E::MdaRefused { status: 65, said: words("no such user") }];
    NoRoute: Some(Retrieving) => [E::NoRoute(words("carol@example.org"))];
    NoRecipient: Some(Retrieving) => [E::NoRecipient];
    Crowd: Some(Retrieving) => [E::Crowd(101)];
    LongHead: Some(Retrieving) => [E::LongHead(65536)];
    NoHead: Some(Retrieving) => [E::NoHead];
    FilterFailed: Some(Retrieving) => [E::FilterFailed { ended: "gave no answer (exit status 5)".into(), said: words("no rules") }];
    FilterMissing: Some(Preparing) => [E::FilterMissing { command: "/usr/local/bin/rules".into(), why: no_program() }];
    HookFailed: Some(Preparing) => [E::HookFailed { hook: "before", ended: "failed (exit status 75)".into(), later: true, said: words("vpn: no route") }];
    HookMissing: Some(Preparing) => [E::HookMissing { hook: "after", command: "/usr/local/bin/umount-mail".into(), why: no_program() }];
    NoUids: Some(Listing) => [E::NoUids];
    Import: NOWHERE => [
        E::Import { name: "work.txt".into(), line: 7, why: "this line is not understood".into() },
        E::Import { name: "work.txt".into(), line: 0, why: "cannot be read: no such file or directory".into() }
    ];
    ImportForeign: NOWHERE => [E::ImportForeign {
        account: "work".into(),
        text: "alice at pop.example.com".into(),
        ours: "alice at pop.example.org".into()
    }];
    NotRemembered: NOWHERE => [E::NotRemembered("no message 42 is remembered".into())];
    DeliveryInDoubt: NOWHERE => [E::DeliveryInDoubt("42".into())];
    Loop: Some(Retrieving) => [E::Loop("alice@home.example".into())];
    NotTo: Some(Retrieving) => [E::NotTo { destination: "mbox ~/Mail/archive".into(), error: Box::new(delivering(Errno::NOSPC)) }];
    Relay: Some(Retrieving) => [
        relay(unreachable(Errno::CONNREFUSED)), relay(E::LoginRefused(words("535 5.7.8 authentication failed")))
    ];
    RelayLater: Some(Retrieving) => [E::RelayLater { name: lmtp(), said: words("452 4.2.2 mailbox full") }];
    RelayRefused: Some(Retrieving) => [E::RelayRefused { name: lmtp(), said: words("550 5.1.1 no such user") }];
    RelayLost: Some(Retrieving) => [E::RelayLost { name: lmtp(), error: Box::new(cut("sending", Some(Errno::PIPE))) }];
    RelayInDoubt: Some(Retrieving) => [E::RelayInDoubt { name: lmtp(), error: Box::new(silent("the answer to the message", 600)) }];
    Web: Some(Password) => [
        web(E::HostNotFound { host: "login.example.org".into(), why: io::Error::other("name or service not known") }),
        web(silent("the answer", 60)),
        web(cut("the answer", None)),
        web(E::NotProven { name: "login.example.org".into(), why: "the issuer of its certificate is unknown here".into(), seen: None, advice: "" }),
        web(E::TlsFailed { why: "the server answers in plain text".into(), advice: "" })
    ];
    WebUnfit: Some(Password) => [E::WebUnfit { host: "https://login.example.org/token".into(), why: "does not answer as OAuth 2.0 has it" }];
    NoWeb: NOWHERE => [E::NoWeb];
    NotSignedIn: Some(Password) => [E::NotSignedIn("work".into())];
    NoSignIn: NOWHERE => [E::NoSignIn("work".into())];
    NoTerminal: NOWHERE => [E::NoTerminal("work".into())];
    SignInOther: Some(Password) => [E::SignInOther { account: "work".into(), kept: "user bob".into(), wanted: "user alice".into() }];
    SignInEnded: Some(Password) => [E::SignInEnded { account: "work".into(), said: words("AADSTS700082: The refresh token has expired due to inactivity.") }];
    SignInRefused: NOWHERE => [E::SignInRefused(words("AADSTS7000218: The request body must contain: client_secret."))];
    SignInDenied: NOWHERE => [E::SignInDenied(words("AADSTS65004: User declined to consent."))];
    SignInLate: NOWHERE => [E::SignInLate];
    SignInTrouble: Some(Password) => [E::SignInTrouble(words("server_error"))];
    NotPasted: NOWHERE => [E::NotPasted];
    System: Some(Retrieving) => [E::System { doing: "start the MDA", why: Errno::AGAIN.into() }];
    Bug: NOWHERE => [E::Bug("an mbox was let go before its letters".into())];
}

fn mistake(place: Option<(usize, usize)>, key: &str, what: &str) -> E {
    let (file, key, what) = ("popget.yaml".into(), key.into(), what.into());
    let mistake = Mistake {
        file,
        place,
        key,
        what,
    };
    E::Settings(Box::new(mistake))
}

fn secret(ended: &str, said: &str, lacking: &[&'static str]) -> E {
    E::SecretCommand {
        what: "password command",
        ended: ended.into(),
        said: words(said),
        lacking: lacking.to_vec(),
    }
}

fn file(why: &str) -> E {
    let (what, path) = ("password file", path("~/.secrets/work"));
    let why = why.into();
    E::SecretFile { what, path, why }
}

fn no_host(host: &str) -> E {
    let said = "failed to lookup address information: Name or service not known";
    let why = io::Error::other(said);
    let host = host.into();
    E::HostNotFound { host, why }
}

fn unreachable(why: Errno) -> E {
    let address = "192.0.2.7:995".into();
    let why = why.into();
    E::Unreachable { address, why }
}

fn silent(waiting_for: &'static str, seconds: u64) -> E {
    let after = Duration::from_secs(seconds);
    E::TimedOut { waiting_for, after }
}

fn cut(during: &'static str, why: Option<Errno>) -> E {
    let why = why.map(io::Error::from);
    E::Cut { during, why }
}

fn unproven(why: &str, advice: &'static str) -> E {
    let seen = "it is for mail.example.net, by Example CA, from 2026-01-01 to 2027-01-01, SHA-256 0123...cdef";
    E::NotProven {
        name: "pop.example.org".into(),
        why: why.into(),
        seen: Some(seen.into()),
        advice,
    }
}

fn nowhere(places: &[&str], homeless: Option<&'static str>) -> E {
    E::NoSettings {
        places: places.iter().map(|place| path(place)).collect(),
        named: false,
        homeless,
    }
}

fn web(error: E) -> E {
    let error = Box::new(error);
    E::Web {
        host: "login.example.org".into(),
        error,
    }
}

fn unfit(code: u32) -> E {
    let said = Vec::new();
    E::TicketUnfit { code, said }
}

fn place(doing: &'static str, why: Errno) -> E {
    let (path, why) = (path("~/Mail/work"), why.into());
    E::Destination { path, doing, why }
}

fn delivering(why: Errno) -> E {
    let (path, why) = (path("~/Mail/work/tmp"), why.into());
    let doing = "write to";
    E::Delivering { path, doing, why }
}

fn relay(error: E) -> E {
    let (name, error) = (lmtp(), Box::new(error));
    E::Relay { name, error }
}

fn lmtp() -> String {
    "lmtp to /run/dovecot/lmtp".into()
}

fn state() -> PathBuf {
    path("~/.local/state/popget/work.seen")
}

fn path(name: &str) -> PathBuf {
    name.into()
}

fn no_program() -> io::Error {
    io::Error::new(io::ErrorKind::NotFound, "there is no such program")
}

fn words(said: &str) -> Vec<u8> {
    said.into()
}

/// The line that a user reads.
fn line(stage: Option<Stage>, error: E) -> String {
    let Some(stage) = stage else {
        return format!("popget: {}", text::sentence(&error));
    };
    let named = Named {
        account: "work".into(),
        server: "pop.example.org".into(),
        port: None,
    };
    let subject = match error.reach() {
        Reach::Message => Subject::Message(Uid::new(b"a1b2")),
        _ => Subject::Visit,
    };
    let failure = Failure {
        stage,
        subject,
        error,
        known: false,
    };
    text::failed(&named, &failure).1
}

#[test]
fn every_failure_is_told_as_the_golden_file_has_it() {
    let mut told = String::new();
    for (name, stage, error) in samples() {
        assert_eq!(name, variant(&error));
        let status = error.status().code();
        let _ = writeln!(told, "{status} {}", line(stage, error));
    }
    let golden = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/errors.golden");
    if std::env::var_os("POPGET_GOLDEN").is_some_and(|asked| asked == "new") {
        std::fs::write(&golden, &told).unwrap();
    }
    let kept = std::fs::read_to_string(&golden).unwrap();
    for (told, kept) in told.lines().zip(kept.lines()) {
        assert_eq!(
            told, kept,
            "src/report/golden.rs says how to renew the file"
        );
    }
    assert_eq!(told.lines().count(), kept.lines().count());
}

#[test]
fn every_failure_says_what_to_do_in_plain_words() {
    let jargon = [
        "os error",
        "EOF",
        "errno",
        "mutex",
        "panic",
        "invalid digit",
    ];
    for (name, stage, error) in samples() {
        let advised = !error.advice().is_empty();
        let line = line(stage, error);
        // Whoever stopped it knows what to do, and the other two say what is right.
        let said = advised
            || line.contains("; ")
            || line.contains(": run ")
            || ["Interrupted", "Settings", "Usage"].contains(&name);
        assert!(said, "{name} does not say what to do: {line}");
        assert!(!line.ends_with('.') && !line.contains(";;"), "{line}");
        assert!(!jargon.iter().any(|word| line.contains(word)), "{line}");
        assert!(line.chars().count() <= 330, "{name} says too much: {line}");
    }
}
