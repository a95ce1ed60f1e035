//! A user of a fetchmailrc as an account.

use super::super::draft::{Account, Draft};
use super::super::place::Remark;
use super::super::record::RecordAt;
use super::super::said::Said;
use super::super::Around;
use super::grammar::{Clause, Entry, User, Whole, Written};
use super::words::WITHOUT;
use super::{delivery, last};

/// fetchmail waits so many seconds unless it is told otherwise.
const TIMEOUT: u64 = 300;

/// A user, and everything that is said of it.
pub struct Told<'f> {
    /// The whole file.
    pub file: &'f Whole,
    /// The entry.
    pub entry: &'f Written,
    /// The user.
    pub user: &'f User,
    /// What stood before under `defaults`.
    pub defaults: Option<&'f Written>,
}

impl<'f> Told<'f> {
    /// The clause that counts: the user's own, the entry's, or that of the defaults.
    pub fn of(&self, word: &str) -> Option<&'f Clause> {
        let base = self.defaults;
        let base_user = base.and_then(|base| base.users.first());
        last(&self.user.options, word)
            .or_else(|| last(&self.entry.options, word))
            .or_else(|| base_user.and_then(|user| last(&user.options, word)))
            .or_else(|| base.and_then(|base| last(&base.options, word)))
    }

    /// The value of a clause that has one.
    pub fn value(&self, word: &str) -> Option<&'f Said> {
        self.of(word)
            .filter(|clause| !clause.negated)?
            .values
            .first()
    }

    /// A number above nothing.
    fn number(&self, word: &str) -> Option<u64> {
        self.value(word)?.number().filter(|number| *number > 0)
    }

    /// Whether an option is on, off, or not named.
    pub fn flag(&self, word: &str) -> Option<bool> {
        self.of(word).map(|clause| !clause.negated)
    }

    /// Who gets the mail here.
    pub fn recipients(&self) -> &'f User {
        let base = self.defaults.and_then(|base| base.users.first());
        match base {
            Some(base) if self.user.locals.is_empty() => base,
            _ => self.user,
        }
    }

    fn remote(&self) -> Option<&'f Said> {
        let base = self.defaults.and_then(|base| base.users.first());
        let own = self.user.remote.as_ref();
        own.or_else(|| base.and_then(|base| base.remote.as_ref()))
    }

    fn server(&self) -> &'f Said {
        self.value("via").unwrap_or(&self.entry.name)
    }
}

/// Writes an account; none if it is not one of POP.
pub fn convert(told: &Told, around: &Around, remarks: &mut Vec<Remark>) -> Option<Account> {
    let spot = told.entry.name.spot.clone();
    let mut name = told.entry.name.shown();
    let user = told.remote().map_or(around.login.clone(), Said::shown);
    if told.entry.users.len() > 1 {
        name = format!("{name}-{user}");
    }
    let mut draft = Draft::new(name, &spot, remarks);
    let protocol = told
        .value("proto")
        .map_or("auto".into(), |said| said.shown().to_lowercase());
    if !["pop3", "apop", "kpop", "pop2", "sdps", "auto"].contains(&protocol.as_str()) {
        let word = format!("{} {}", told.entry.name.shown(), protocol);
        draft.lost(&spot, &word, "is no kind of POP; it is passed by");
        return None;
    }
    if protocol == "auto" {
        let why = "fetchmail tried IMAP first and then POP3; this account is one of POP3";
        draft.told(&spot, "proto", why);
    }
    draft.text("server", told.server());
    port(&mut draft, told);
    if matches!(protocol.as_str(), "kpop" | "pop2") {
        draft.set("protocol", protocol.as_str());
    }
    tls(&mut draft, told, &protocol);
    login(&mut draft, told, around, &protocol);
    if told.entry.entry == Entry::Skip {
        draft.set("enabled", false);
    }
    draft.seconds("timeout", told.number("timeout").unwrap_or(TIMEOUT));
    network(&mut draft, told);
    draft.set("keep", told.flag("keep") == Some(true));
    if told.flag("tracepolls") == Some(true) {
        draft.set("received", true);
    }
    if told.flag("fetchall") == Some(true) {
        draft.set("all", true);
    }
    for (word, key) in [("limit", "max_size"), ("fetchlimit", "limit")] {
        if let Some(number) = told.number(word) {
            draft.set(key, number);
        }
    }
    delivery::write(&mut draft, told, around, protocol == "sdps");
    the_rest(&mut draft, told, &protocol);
    record(&mut draft, told, user);
    Some(draft.account)
}

fn port(draft: &mut Draft, told: &Told) {
    let Some(said) = told.value("port") else {
        return;
    };
    let number = match said.bytes.as_slice() {
        b"pop3" | b"pop-3" => Some(110),
        b"pop3s" => Some(995),
        b"kpop" => Some(1109),
        b"pop2" | b"pop-2" => Some(109),
        _ => said.number(),
    };
    match number {
        Some(number) => draft.set("port", number),
        None => draft.lost(
            &said.spot,
            "service",
            "is not known by this name; write port yourself",
        ),
    }
}

fn tls(draft: &mut Draft, told: &Told, protocol: &str) {
    let mode = told.value("tlsmode").map(Said::shown);
    let version = told.value("sslproto");
    let wrapped = told.flag("ssl") == Some(true) || mode.as_deref() == Some("wrapped");
    let none = version.is_some_and(|said| said.bytes.is_empty()) || mode.as_deref() == Some("none");
    match (wrapped, none, protocol) {
        (_, _, "pop2") => draft.set("tls", "none"),
        (true, ..) => draft.set("tls", "implicit"),
        (false, true, _) | (_, _, "kpop") => {
            draft.set("tls", "none");
        }
        (false, false, _) => draft.set("tls", "starttls"),
    }
    if let Some(version) = version.filter(|said| !said.bytes.is_empty()) {
        match version.shown().to_lowercase().as_str() {
            "tls1.2+" | "tls1.2" => draft.set("tls_min_version", "1.2"),
            "tls1.3+" | "tls1.3" => draft.set("tls_min_version", "1.3"),
            "auto" => {}
            _ => draft.told(&version.spot, "sslproto", "popget takes TLS 1.2 and newer"),
        }
    }
    if told.flag("sslcertck") == Some(false) && told.value("sslfingerprint").is_none() {
        draft.set("tls_verify", false);
        let why =
            "anybody on the way can read the password; pin the certificate instead, see popget \
                   probe";
        draft.told(&told.entry.name.spot, "no sslcertck", why);
    }
    for (word, key) in [
        ("sslcertfile", "tls_ca_file"),
        ("sslcert", "tls_client_cert"),
        ("sslkey", "tls_client_key"),
    ] {
        if let Some(said) = told.value(word) {
            draft.path(key, said);
        }
    }
    if let (Some(cert), None) = (told.value("sslcert"), told.value("sslkey")) {
        draft.path("tls_client_key", cert);
    }
    if let Some(said) = told.value("sslcommonname") {
        draft.text("tls_server_name", said);
    }
}

fn login(draft: &mut Draft, told: &Told, around: &Around, protocol: &str) {
    match told.remote() {
        Some(user) => draft.text("user", user),
        None => draft.set("user", around.login.as_str()),
    }
    let auth = told.value("auth");
    let method = auth.map_or("any".into(), |said| said.shown().to_lowercase());
    let token = matches!(method.as_str(), "oauthbearer" | "xoauth2");
    match (method.as_str(), auth) {
        (_, _) if protocol == "apop" => draft.set("auth", vec!["apop"]),
        ("any" | "password", _) => {}
        ("gssapi" | "kerberos" | "kerberos_v5", _) => draft.set("auth", vec!["gssapi"]),
        ("cram-md5" | "external" | "oauthbearer" | "xoauth2", _) => {
            draft.set("auth", vec![method.as_str()]);
        }
        (_, Some(auth)) => {
            let word = format!("auth {method}");
            draft.lost(
                &auth.spot,
                &word,
                "popget has no such login; ssh is what tunnel is for",
            );
        }
        _ => {}
    }
    if protocol == "kpop" {
        return;
    }
    let clear = draft.account.keys.get("tls");
    if protocol != "pop2" && clear.is_some_and(|tls| tls == "none") {
        draft.in_the_clear(&told.entry.name.spot, vec!["user-pass"]);
    }
    let file = told.value("passwordfile");
    match (told.value("password"), file) {
        (Some(password), _) => draft.account.password = Some(password.clone()),
        (None, Some(file)) if token => {
            draft.lost(
                &file.spot,
                "passwordfile",
                "write an oauth with a token_command that prints it",
            );
        }
        (None, Some(file)) => draft.path("password_file", file),
        (None, None) => {
            let known = |said: &Said| (around.in_netrc)(&said.shown());
            if known(&told.entry.name) || known(told.server()) {
                draft.set("netrc", true);
            } else if method != "gssapi" && method != "external" {
                draft.note("there is no password; popget asks for it unless you name a source");
            }
        }
    }
}

fn network(draft: &mut Draft, told: &Told) {
    if let Some(plugin) = told.value("plugin") {
        let port = told.value("port").map_or("110".into(), Said::shown);
        let words = plugin.shown();
        let server = told.server().shown();
        let command = words.replace("%h", &server).replace("%p", &port);
        draft.text("tunnel", &plugin.with(command));
    }
    for (word, key) in [("preconnect", "before"), ("postconnect", "after")] {
        if let Some(command) = told.value(word) {
            draft.text(key, command);
        }
    }
}

/// What has no place in an account, as far as the user or the entry says it.
fn the_rest(draft: &mut Draft, told: &Told, protocol: &str) {
    let base = told.defaults.into_iter();
    let base = base.flat_map(|base| {
        base.options
            .iter()
            .chain(base.users.iter().flat_map(|user| &user.options))
    });
    let own = told.entry.options.iter().chain(&told.user.options);
    for clause in own.chain(base) {
        let known = WITHOUT.iter().find(|(word, ..)| *word == clause.word);
        let kept = clause.word == "folder" && protocol == "pop2";
        let counts = told.of(clause.word);
        let counts = !clause.negated && counts.is_some_and(|counts| counts.spot == clause.spot);
        if let Some((word, weight, why)) = known.filter(|_| counts && !kept) {
            draft.remark(&clause.spot, word, why, *weight);
        }
    }
    if let (Some(folder), "pop2") = (told.value("folder"), protocol) {
        draft.text("folder", folder);
    }
    if told.flag("uidl") != Some(true) && told.flag("keep") == Some(true) {
        let why =
            "without uidl fetchmail keeps a record only of servers that refuse LAST; if none \
                   is found below, run popget state mark once";
        draft.told(&told.entry.name.spot, "uidl", why);
    }
}

fn record(draft: &mut Draft, told: &Told, user: String) {
    let spot = &told.entry.name.spot;
    let said = |path: &str| Said {
        bytes: path.into(),
        spot: spot.clone(),
    };
    let set = last(&told.file.globals, "idfile").and_then(|clause| clause.values.first());
    let paths = match set {
        Some(path) => vec![path.clone()],
        // The daemon of the system has a home folder of its own, which is closed to others.
        None if spot.file.starts_with("/etc/") => vec![
            said("/var/lib/fetchmail/.fetchids"),
            said("/var/lib/fetchmail/.fetchmail-UIDL-cache"),
            said("~/.fetchids"),
        ],
        None => vec![said("~/.fetchids")],
    };
    draft.account.record = Some(RecordAt {
        paths,
        server: told.server().bytes.clone(),
        user: user.into_bytes(),
    });
}
