//! A user of a fetchmailrc as an account.

use super::super::draft::{Account, Draft};
use super::super::fit;
use super::super::place::Remark;
use super::super::record::RecordAt;
use super::super::said::Said;
use super::super::Around;
use super::clauses::{Clause, Clauses};
use super::grammar::{Entry, User, Whole, Written};
use super::multidrop::Envelope;
use super::without::WITHOUT;
use super::words::KEYWORDS;
use super::{delivery, login, tls};
use serde_yaml::Value;

/// fetchmail waits so many seconds unless it is told otherwise.
const TIMEOUT: u64 = 300;

/// So many octets stand around a name that has a route, at least.
const ROUTE: usize = "        :\n          mda: \n".len();

/// So many stand around an item of a list, at least.
const ITEM: usize = "      - \n".len();

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
    /// The options among which that of this name counts: the user's own, the entry's, or those of the
    /// defaults.
    fn level(&self, word: &str) -> Option<&'f Clauses> {
        let base = self.defaults;
        let base_user = base.and_then(|base| base.users.first());
        let levels = [
            Some(&self.user.options),
            Some(&self.entry.options),
            base_user.map(|user| &user.options),
            base.map(|base| &base.options),
        ];
        let mut levels = levels.into_iter().flatten();
        levels.find(|options| options.last(word).is_some())
    }

    /// The clause that counts: the last.
    pub fn of(&self, word: &str) -> Option<&'f Clause> {
        self.level(word)?.last(word)
    }

    /// The values of a list, which is made of all its clauses.
    pub fn list(&self, word: &'f str) -> Vec<&'f Said> {
        self.values(word).collect()
    }

    fn values(&self, word: &'f str) -> impl Iterator<Item = &'f Said> {
        let clauses = self.level(word).into_iter();
        let clauses = clauses.flat_map(move |options| options.of(word));
        let clauses = clauses.filter(|clause| !clause.negated);
        clauses.flat_map(|clause| &clause.values)
    }

    /// At least so many octets are written of names and lists, with what goes before each.
    pub fn size(&self) -> usize {
        let command = self.value("mda").map_or(0, |said| said.bytes.len());
        let locals = self.recipients().locals.iter();
        let routes = locals.map(|local| local.name.bytes.len().saturating_add(command) + ROUTE);
        let words = KEYWORDS.iter().map(|keyword| keyword.names[0]);
        let items = words.flat_map(|word| self.values(word));
        let items = items.map(|said| said.bytes.len() + ITEM);
        routes.chain(items).fold(0, usize::saturating_add)
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

    /// The name at the server; that of the user here, if none is named.
    pub fn user(&self, around: &Around) -> Said {
        let base = self.defaults.and_then(|base| base.users.first());
        let own = self.user.remote.as_ref();
        let named = own.or_else(|| base.and_then(|base| base.remote.as_ref()));
        let login = || self.entry.name.with(around.login.as_str());
        named.cloned().unwrap_or_else(login)
    }

    /// Whether something is set for the whole program.
    fn is_set(&self, word: &str) -> bool {
        self.file
            .globals
            .last(word)
            .is_some_and(|clause| !clause.negated)
    }

    /// The host that is connected to.
    pub fn server(&self) -> &'f Said {
        self.value("via").unwrap_or(&self.entry.name)
    }
}

/// A path as fetchmail takes it: from the folder of its settings, if that is known.
pub fn placed(path: &Said) -> Said {
    let whole = matches!(path.bytes.first(), None | Some(b'/' | b'~'));
    let folder = path.spot.file.rsplit_once('/').map(|(folder, _)| folder);
    let known = |folder: &&str| folder.is_empty() || folder.starts_with('/');
    match folder.filter(known) {
        Some(folder) if !whole => path.with([folder.as_bytes(), b"/", &path.bytes].concat()),
        _ => path.clone(),
    }
}

/// Writes an account; none if it is not one of POP, or popget could not log in to it.
pub fn convert(told: &Told, around: &Around, remarks: &mut Vec<Remark>) -> Option<Account> {
    let spot = told.entry.name.spot.clone();
    let mut name = told.entry.name.shown();
    let user = told.user(around);
    if told.entry.users.len() > 1 {
        name = format!("{name}-{}", user.shown());
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
    if let Some(why) = fit::unfit_user(&user) {
        draft.lost(&user.spot, "user", why);
        return None;
    }
    let server = told.server();
    let Some(host) = server.text().and_then(fit::host) else {
        let why = "is no name of a host; the account is passed by";
        draft.lost(&server.spot, &server.shown(), why);
        return None;
    };
    if protocol == "auto" {
        let why = "fetchmail tried IMAP first and then POP3; this account is one of POP3";
        draft.told(&spot, "proto", why);
    }
    draft.set("server", host);
    port(&mut draft, told);
    if matches!(protocol.as_str(), "kpop" | "pop2") {
        draft.set("protocol", protocol.as_str());
    }
    tls::write(&mut draft, told, &protocol);
    login::write(&mut draft, told, around, &protocol);
    if told.entry.entry == Entry::Skip {
        draft.set("enabled", false);
    }
    network(&mut draft, told);
    policy(&mut draft, told);
    let envelope = match protocol.as_str() {
        "sdps" => Envelope::Server,
        _ => Envelope::Field,
    };
    delivery::write(&mut draft, told, around, envelope);
    the_rest(&mut draft, told, &protocol);
    record(&mut draft, (told, around), user.bytes);
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
    match fit::port(number) {
        Some(number) => draft.set("port", number),
        None => draft.lost(
            &said.spot,
            "service",
            "is not known by this name; write port yourself",
        ),
    }
}

/// The port that fetchmail connects to if none is named.
pub fn usual_port(draft: &Draft) -> u64 {
    let key = |key: &str| draft.account.keys.get(key).and_then(Value::as_str);
    match (key("protocol"), key("tls")) {
        (Some("kpop"), _) => 1109,
        (Some("pop2"), _) => 109,
        (_, Some("implicit")) => 995,
        _ => 110,
    }
}

fn policy(draft: &mut Draft, told: &Told) {
    draft.set("keep", told.flag("keep") == Some(true));
    // fetchmail adds such a line to all it hands on, unless it is to be invisible.
    if !told.is_set("invisible") {
        draft.set("received", true);
    }
    if told.flag("fetchall") == Some(true) {
        draft.set("all", true);
    }
    for (word, key) in [
        ("limit", "max_size"),
        ("fetchlimit", "limit"),
        ("expunge", "commit_every"),
    ] {
        if let Some(number) = told.number(word) {
            draft.set(key, number);
        }
    }
}

fn network(draft: &mut Draft, told: &Told) {
    let seconds = told.number("timeout").unwrap_or(TIMEOUT);
    draft.seconds("timeout", seconds.min(u32::MAX.into()));
    if let Some(plugin) = told.value("plugin") {
        let port = told.value("port").map(Said::shown);
        let port = port.unwrap_or_else(|| usual_port(draft).to_string());
        let words = plugin.shown();
        let server = told.server().shown();
        let command = plugin.with(words.replace("%h", &server).replace("%p", &port));
        if let Some(command) = fit::command(draft, "plugin", &command) {
            draft.set("tunnel", command);
        }
    }
    for (word, key) in [("preconnect", "before"), ("postconnect", "after")] {
        let command = told.value(word).filter(|said| !said.bytes.is_empty());
        if let Some(command) = command.and_then(|said| fit::command(draft, word, said)) {
            draft.set(key, command);
        }
    }
}

/// What has no place in an account, as far as the user or the entry says it.
fn the_rest(draft: &mut Draft, told: &Told, protocol: &str) {
    let found = WITHOUT.iter().filter_map(|(word, weight, why)| {
        let clause = told.of(word).filter(|clause| !clause.negated)?;
        let kept = *word == "folder" && protocol == "pop2";
        (!kept).then_some((clause, *weight, *why))
    });
    let mut found: Vec<_> = found.collect();
    found.sort_by_key(|(clause, ..)| (clause.spot.line, clause.spot.column));
    for (clause, weight, why) in found {
        draft.remark(&clause.spot, clause.word, why, weight);
    }
    if protocol == "pop2" {
        folder(draft, told);
    }
    if told.flag("uidl") != Some(true) && told.flag("keep") == Some(true) {
        let why =
            "without uidl fetchmail keeps a record only of servers that refuse LAST; if none \
                   is found, a line below says what to do";
        draft.told(&told.entry.name.spot, "uidl", why);
    }
}

/// The folder of an account of POP2.
fn folder(draft: &mut Draft, told: &Told) {
    for (index, folder) in told.list("folder").into_iter().enumerate() {
        let carried = |b: u8| b.is_ascii() && !matches!(b, b'\r' | b'\n');
        let why = match index {
            0 if folder.bytes.iter().copied().all(carried) => {
                draft.text("folder", folder);
                continue;
            }
            0 => "a folder of POP2 is named in ASCII, without line ends",
            _ => "popget has one folder for an account; write an account for each",
        };
        draft.lost(&folder.spot, "folder", why);
    }
}

fn record(draft: &mut Draft, (told, around): (&Told, &Around), user: Vec<u8>) {
    let spot = &told.entry.name.spot;
    let said = |path: &str| Said {
        bytes: path.into(),
        spot: spot.clone(),
    };
    let set = told
        .file
        .globals
        .last("idfile")
        .and_then(|clause| clause.values.first());
    let paths = match (set, &around.fetchmail) {
        (Some(path), _) => vec![path.clone()],
        (None, Some(folder)) => vec![said(&format!("{folder}/.fetchids"))],
        // The daemon of the system has a home folder of its own, which is closed to others.
        (None, None) if spot.file.starts_with("/etc/") => vec![
            said("/var/lib/fetchmail/.fetchids"),
            said("/var/lib/fetchmail/.fetchmail-UIDL-cache"),
            said("~/.fetchids"),
        ],
        (None, None) => vec![said("~/.fetchids")],
    };
    draft.account.record = Some(RecordAt {
        paths,
        server: told.server().bytes.clone(),
        user,
    });
}
