//! An account that is being written, key by key, with a remark where a value cannot be kept.

use super::place::{Remark, Spot, Weight};
use super::record::RecordAt;
use super::said::Said;
use serde_yaml::{Mapping, Value};
use std::collections::{HashMap, HashSet};

/// An account in popget's words.
#[derive(Clone, Debug)]
pub struct Account {
    /// Its name, which no other account has.
    pub name: String,
    /// Where the other program names it.
    pub spot: Spot,
    /// Its keys, in order.
    pub keys: Mapping,
    /// The password, where it stood in the settings.
    pub password: Option<Said>,
    /// The proxy with user and password, where those stood in the settings.
    pub proxy: Option<Said>,
    /// What people should know before they use it.
    pub notes: Vec<String>,
    /// Where its record is.
    pub record: Option<RecordAt>,
}

impl Account {
    /// Whether it is visited.
    pub fn is_enabled(&self) -> bool {
        self.keys.get("enabled").and_then(Value::as_bool) != Some(false)
    }

    /// Whether a secret stood in the settings.
    pub fn has_secrets(&self) -> bool {
        self.password.is_some() || self.proxy.is_some()
    }
}

/// Files have names of 255 octets at most, and more than the account's name is in them.
const LONGEST_NAME: usize = 200;

/// Gives each account a name that is good in popget and is its own.
pub fn name_apart(accounts: &mut [Account]) {
    let mut taken: HashSet<String> = HashSet::new();
    // From which number on a name may be free.
    let mut next: HashMap<String, usize> = HashMap::new();
    for account in accounts {
        let good = |c: char| c.is_ascii_alphanumeric() || "._@+-".contains(c);
        let name: String = account
            .name
            .chars()
            .map(|c| if good(c) { c } else { '-' })
            .take(LONGEST_NAME)
            .collect();
        let name = name.trim_start_matches(['.', '-']);
        let name = if name.is_empty() { "account" } else { name };
        let free = |number: &usize| {
            let name = numbered(name, *number);
            !taken.contains(&name.to_ascii_lowercase())
        };
        let from = next.entry(name.to_ascii_lowercase()).or_insert(1);
        let number = (*from..).find(free).unwrap_or(1);
        *from = number + 1;
        account.name = numbered(name, number);
        taken.insert(account.name.to_ascii_lowercase());
    }
}

/// Turns off all accounts but the first of a maildrop, for a program that has one record for it: to popget
/// each has its own, and all mail would come once for each.
pub fn one_of_a_maildrop(accounts: &mut [Account]) -> Vec<Remark> {
    let mut first: HashMap<Vec<Option<Value>>, String> = HashMap::new();
    let mut remarks = Vec::new();
    for account in accounts.iter_mut().filter(|account| account.is_enabled()) {
        let maildrop = ["server", "port", "user", "tunnel", "folder"];
        let maildrop = maildrop.map(|key| account.keys.get(key).cloned());
        let Some(other) = first.get(maildrop.as_slice()) else {
            first.insert(maildrop.to_vec(), account.name.clone());
            continue;
        };
        account.keys.insert("enabled".into(), false.into());
        let why = format!(
            "is of the same maildrop as {other}, of which one record told what was fetched; popget would \
             fetch all mail for each, so this one is off: set enabled to true in one of them only"
        );
        remarks.push(Remark::new(
            &account.spot,
            &account.name,
            &why,
            Weight::Lost,
        ));
    }
    remarks
}

fn numbered(name: &str, number: usize) -> String {
    match number {
        1 => name.to_string(),
        number => format!("{name}-{number}"),
    }
}

/// An account under way.
pub struct Draft<'r> {
    /// What there is of it.
    pub account: Account,
    remarks: &'r mut Vec<Remark>,
}

impl<'r> Draft<'r> {
    /// Nothing yet.
    pub fn new(name: String, spot: &Spot, remarks: &'r mut Vec<Remark>) -> Self {
        let account = Account {
            name,
            spot: spot.clone(),
            keys: Mapping::new(),
            password: None,
            proxy: None,
            notes: Vec::new(),
            record: None,
        };
        Self { account, remarks }
    }

    /// Sets a key.
    pub fn set(&mut self, key: &str, value: impl Into<Value>) {
        self.account.keys.insert(key.into(), value.into());
    }

    /// Sets a key to what was said, if it is text.
    pub fn text(&mut self, key: &str, said: &Said) {
        match said.text() {
            Some(text) if !text.is_empty() => self.set(key, text),
            Some(_) => {}
            None => self.not_text(key, said),
        }
    }

    /// A path as text in which popget expands nothing that the other program took as it stands. A
    /// leading `~` means the same to all.
    pub fn literal_path(&mut self, word: &str, said: &Said) -> Option<String> {
        let Some(text) = said.text() else {
            self.not_text(word, said);
            return None;
        };
        if text.contains('$') {
            let why = "popget takes $ for a variable of the environment; rename the file";
            self.lost(&said.spot, word, why);
            return None;
        }
        Some(text.to_string())
    }

    /// Sets a key to a time in seconds.
    pub fn seconds(&mut self, key: &str, seconds: u64) {
        self.set(key, format!("{seconds}s"));
    }

    /// Something is done in another way, or not at all, and it matters little.
    pub fn told(&mut self, spot: &Spot, word: &str, why: &str) {
        self.remark(spot, word, why, Weight::Told);
    }

    /// Something that matters is missing.
    pub fn lost(&mut self, spot: &Spot, word: &str, why: &str) {
        self.remark(spot, word, why, Weight::Lost);
    }

    /// Allows ways to log in that show the password to everybody on the way, as the other program did.
    pub fn in_the_clear(&mut self, spot: &Spot, methods: Vec<&str>) {
        if self.account.keys.contains_key("auth") {
            return;
        }
        self.set("auth", methods);
        let starts = match self.account.keys.contains_key("protocol") {
            true => "", // only POP3, which is usual, knows STLS
            false => " or starttls",
        };
        let why = format!(
            "without TLS everybody on the way can read the password and the mail: try tls: \
             implicit{starts}, and leave auth out then"
        );
        self.told(spot, "the password", &why);
    }

    /// The same where the certificate is not checked; that this shows the password is told with
    /// `tls_verify`.
    pub fn unproven(&mut self, methods: Vec<&str>) {
        let keys = &self.account.keys;
        let checked = keys.get("tls_verify").and_then(Value::as_bool) != Some(false);
        if !checked && !keys.contains_key("auth") {
            self.set("auth", methods);
        }
    }

    /// Something that people should know who read the account.
    pub fn note(&mut self, note: impl Into<String>) {
        self.account.notes.push(note.into());
    }

    fn not_text(&mut self, word: &str, said: &Said) {
        self.lost(&said.spot, word, "is not UTF-8; write it yourself");
    }

    /// Something is to be said of a place.
    pub fn remark(&mut self, spot: &Spot, word: &str, why: &str, weight: Weight) {
        self.remarks.push(Remark::new(spot, word, why, weight));
    }
}
