//! Options of a fetchmailrc that popget does not have, and what it does instead.

use super::super::place::Weight;

const UNCHANGED: &str = "popget changes no byte of a message";
const STAYS: &str = "what cannot be delivered stays on the server and is reported";
const NO_GUESS: &str = "popget guesses no recipients, so it looks up no names for them";
const NO_INTERFACE: &str = "popget does not look at network interfaces; let the timer do so";
const NOTHING_LIKE_IT: &str = "popget has nothing like it";
const OF_IMAP: &str = "is of IMAP";
const LOGIN: &str = "write user and a password below smtp";

/// Options that popget cannot do, or has something else for, and how much that matters.
pub const WITHOUT: [(&str, Weight, &str); 41] = [
    (
        "interval",
        Weight::Told,
        "let a timer of its own run this account less often",
    ),
    ("interface", Weight::Lost, NO_INTERFACE),
    ("monitor", Weight::Lost, NO_INTERFACE),
    ("netsec", Weight::Told, NOTHING_LIKE_IT),
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
    ("esmtpname", Weight::Told, LOGIN),
    ("esmtppassword", Weight::Told, LOGIN),
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
    ("rewrite", Weight::Told, UNCHANGED),
    ("stripcr", Weight::Told, UNCHANGED),
    ("forcecr", Weight::Told, UNCHANGED),
    ("mimedecode", Weight::Told, UNCHANGED),
    ("dropstatus", Weight::Told, UNCHANGED),
    ("dropdelivered", Weight::Told, UNCHANGED),
    ("dns", Weight::Told, NO_GUESS),
    ("checkalias", Weight::Told, NO_GUESS),
    ("uidl", Weight::Told, "popget always goes by UIDs"),
    (
        "tracepolls",
        Weight::Told,
        "the Received line that popget adds names the account by itself",
    ),
    (
        "bad-header",
        Weight::Told,
        "popget delivers a message as it is",
    ),
    ("fetchdomains", Weight::Told, "is of ETRN and ODMR"),
    (
        "warnings",
        Weight::Told,
        "popget tells on a terminal and with --json which messages are too large",
    ),
    (
        "batchlimit",
        Weight::Told,
        "is not needed; commit_every ends a session after so many messages",
    ),
    (
        "fetchsizelimit",
        Weight::Told,
        "popget asks for all sizes at once",
    ),
    ("fastuidl", Weight::Told, "popget asks for all UIDs at once"),
    ("idle", Weight::Told, OF_IMAP),
    ("forceidle", Weight::Told, OF_IMAP),
    ("moveto", Weight::Told, OF_IMAP),
    ("properties", Weight::Told, NOTHING_LIKE_IT),
    ("bouncemail", Weight::Told, STAYS),
    ("spambounce", Weight::Told, STAYS),
    ("softbounce", Weight::Told, STAYS),
    ("pass8bits", Weight::Told, UNCHANGED),
];

/// What may be set for the whole program and is done in another way.
pub const INSTEAD: [(&str, &str); 7] = [
    ("logfile", "popget writes to standard error; redirect it"),
    (
        "syslog",
        "popget writes to standard error, which under systemd is the journal",
    ),
    ("bouncemail", STAYS),
    ("spambounce", STAYS),
    ("softbounce", STAYS),
    ("properties", NOTHING_LIKE_IT),
    ("showdots", "popget has --progress"),
];
