//! The keywords of a fetchmailrc: where each may stand and what follows it.

/// Where a keyword may stand.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Scope {
    /// Before the first user.
    Server,
    /// With a user.
    User,
}

/// What follows a keyword.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Takes {
    /// Nothing.
    Nothing,
    /// A word or string.
    One,
    /// One or more.
    Several,
    /// A number that may be left out, and a string.
    Numbered,
}

/// A keyword: its names, the first of which is used here.
pub struct Keyword {
    /// As it is written, newer names behind.
    pub names: &'static [&'static str],
    /// Where it stands.
    pub scope: Scope,
    /// What follows.
    pub takes: Takes,
}

const fn of(names: &'static [&'static str], scope: Scope, takes: Takes) -> Keyword {
    Keyword {
        names,
        scope,
        takes,
    }
}

use super::super::place::Weight;
use Scope::{Server, User};
use Takes::{Nothing, Numbered, One, Several};

/// All but `user`, `is` and `to`, whose form is their own.
pub const KEYWORDS: [Keyword; 73] = [
    of(&["via"], Server, One),
    of(&["proto", "protocol"], Server, One),
    of(&["port", "service"], Server, One),
    of(&["timeout"], Server, One),
    of(&["auth", "authenticate", "preauthenticate"], Server, One),
    of(&["envelope"], Server, Numbered),
    of(&["qvirtual"], Server, One),
    of(&["localdomains", "local"], Server, Several),
    of(&["aka"], Server, Several),
    of(&["dns"], Server, Nothing),
    of(&["checkalias"], Server, Nothing),
    of(&["uidl"], Server, Nothing),
    of(&["interval"], Server, One),
    of(&["interface"], Server, One),
    of(&["monitor"], Server, One),
    of(&["netsec"], Server, One),
    of(&["plugin"], Server, One),
    of(&["plugout"], Server, One),
    of(&["principal"], Server, One),
    of(&["esmtpname"], Server, One),
    of(&["esmtppassword"], Server, One),
    of(&["tracepolls"], Server, Nothing),
    of(&["bad-header", "badheader"], Server, One),
    of(&["retrieve-error", "retrieveerror"], Server, One),
    of(&["password", "pass"], User, One),
    of(&["passwordfile"], User, One),
    of(&["passwordfd"], User, One),
    of(
        &["folder", "folders", "remotefolder", "mailbox"],
        User,
        Several,
    ),
    of(&["smtphost", "smtp"], User, Several),
    of(&["fetchdomains"], User, Several),
    of(&["smtpaddress"], User, One),
    of(&["smtpname"], User, One),
    of(&["antispam"], User, Several),
    of(&["mda"], User, One),
    of(&["bsmtp"], User, One),
    of(&["lmtp"], User, Nothing),
    of(&["preconnect"], User, One),
    of(&["postconnect"], User, One),
    of(&["keep"], User, Nothing),
    of(&["flush"], User, Nothing),
    of(&["limitflush"], User, Nothing),
    of(&["fetchall"], User, Nothing),
    of(&["rewrite"], User, Nothing),
    of(&["stripcr"], User, Nothing),
    of(&["forcecr"], User, Nothing),
    of(&["pass8bits"], User, Nothing),
    of(&["dropstatus"], User, Nothing),
    of(&["dropdelivered"], User, Nothing),
    of(&["mimedecode"], User, Nothing),
    of(&["idle"], User, Nothing),
    of(&["limit"], User, One),
    of(&["warnings"], User, One),
    of(&["batchlimit"], User, One),
    of(&["fetchlimit"], User, One),
    of(&["fetchsizelimit"], User, One),
    of(&["fastuidl"], User, One),
    of(&["expunge"], User, One),
    of(&["properties"], User, One),
    of(&["ssl", "tls"], User, Nothing),
    of(&["tlsmode", "sslmode"], User, One),
    of(&["sslproto", "tlsproto"], User, One),
    of(&["sslcertck", "tlscertck"], User, Nothing),
    of(&["sslcertfile", "tlscertfile"], User, One),
    of(&["sslcertpath", "tlscertpath"], User, One),
    of(&["sslcommonname", "tlscommonname"], User, One),
    of(&["sslfingerprint", "tlsfingerprint"], User, One),
    of(&["sslcert", "tlscert"], User, One),
    of(&["sslkey", "tlskey"], User, One),
    of(&["moveto"], User, One),
    of(&["spambounce"], User, Nothing),
    of(&["bouncemail"], User, Nothing),
    of(&["softbounce"], User, Nothing),
    of(&["forceidle"], User, Nothing),
];

/// What `set` knows, and whether a value follows.
pub const GLOBALS: [(&str, Takes); 12] = [
    ("daemon", One),
    ("logfile", One),
    ("idfile", One),
    ("pidfile", One),
    ("postmaster", One),
    ("bouncemail", Nothing),
    ("softbounce", Nothing),
    ("spambounce", Nothing),
    ("properties", One),
    ("syslog", Nothing),
    ("invisible", Nothing),
    ("showdots", Nothing),
];

/// Words that begin something, or end a list.
pub const OTHERS: [&str; 12] = [
    "set", "poll", "server", "skip", "defaults", "user", "username", "is", "to", "here", "there",
    "no",
];

/// Options that popget cannot do, or has something else for, and how much that matters.
pub const WITHOUT: [(&str, Weight, &str); 23] = [
    (
        "interval",
        Weight::Told,
        "let a timer of its own run this account less often",
    ),
    (
        "interface",
        Weight::Lost,
        "popget does not look at network interfaces; let the timer do so",
    ),
    (
        "monitor",
        Weight::Lost,
        "popget does not look at network interfaces; let the timer do so",
    ),
    ("netsec", Weight::Told, "popget has nothing like it"),
    (
        "plugout",
        Weight::Told,
        "popget has a tunnel to the maildrop only",
    ),
    (
        "principal",
        Weight::Told,
        "the library finds it by the server's name",
    ),
    (
        "esmtpname",
        Weight::Told,
        "write user and a password below smtp",
    ),
    (
        "esmtppassword",
        Weight::Told,
        "write user and a password below smtp",
    ),
    (
        "retrieve-error",
        Weight::Told,
        "popget leaves what it cannot have, says so, and goes on",
    ),
    (
        "passwordfd",
        Weight::Lost,
        "use password_file or password_command",
    ),
    ("folder", Weight::Told, "folders are of IMAP, POP2 and POP1"),
    (
        "antispam",
        Weight::Told,
        "what a server refuses stays there and is reported",
    ),
    ("bsmtp", Weight::Lost, "popget writes no batches of SMTP"),
    (
        "flush",
        Weight::Told,
        "keep: false deletes what was seen before as well",
    ),
    (
        "limitflush",
        Weight::Told,
        "popget deletes nothing that it has not delivered",
    ),
    (
        "sslcertpath",
        Weight::Lost,
        "popget has tls_ca_file, a file; or the folder in $SSL_CERT_DIR",
    ),
    (
        "sslfingerprint",
        Weight::Lost,
        "is of MD5; pin the one of SHA-256 that popget probe tells",
    ),
    (
        "rewrite",
        Weight::Told,
        "popget changes no byte of a message",
    ),
    (
        "stripcr",
        Weight::Told,
        "popget changes no byte of a message",
    ),
    (
        "forcecr",
        Weight::Told,
        "popget changes no byte of a message",
    ),
    (
        "mimedecode",
        Weight::Told,
        "popget changes no byte of a message",
    ),
    (
        "dropstatus",
        Weight::Told,
        "popget changes no byte of a message",
    ),
    (
        "dropdelivered",
        Weight::Told,
        "popget changes no byte of a message",
    ),
];

/// The keyword of this name.
pub fn keyword(name: &str) -> Option<&'static Keyword> {
    KEYWORDS
        .iter()
        .find(|keyword| keyword.names.contains(&name))
}

/// Whether a word without quotes is anything but a name.
pub fn is_keyword(word: &str) -> bool {
    let plain = |word: &str| keyword(word).is_some() || OTHERS.contains(&word);
    let negated = word.strip_prefix("no").and_then(keyword);
    plain(word) || negated.is_some_and(|keyword| keyword.takes == Takes::Nothing)
}
