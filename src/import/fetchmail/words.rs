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
    /// A number.
    Number,
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

use Scope::{Server, User};
use Takes::{Nothing, Number, Numbered, One, Several};

/// All but `user`, `is` and `to`, whose form is their own.
pub const KEYWORDS: [Keyword; 73] = [
    of(&["via"], Server, One),
    of(&["proto", "protocol"], Server, One),
    of(&["port", "service"], Server, One),
    of(&["timeout"], Server, Number),
    of(
        &["auth", "authenticate", "preauth", "preauthenticate"],
        Server,
        One,
    ),
    of(&["envelope"], Server, Numbered),
    of(&["qvirtual"], Server, One),
    of(&["localdomains", "local"], Server, Several),
    of(&["aka"], Server, Several),
    of(&["dns"], Server, Nothing),
    of(&["checkalias"], Server, Nothing),
    of(&["uidl"], Server, Nothing),
    of(&["interval"], Server, Number),
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
    of(&["limit"], User, Number),
    of(&["warnings"], User, Number),
    of(&["batchlimit"], User, Number),
    of(&["fetchlimit"], User, Number),
    of(&["fetchsizelimit"], User, Number),
    of(&["fastuidl"], User, Number),
    of(&["expunge"], User, Number),
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
    ("daemon", Number),
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
