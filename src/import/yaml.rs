//! Accounts as the text of a configuration.

use super::draft::Account;
use super::said::Said;
use serde_yaml::{Mapping, Value};
use std::fmt::Write;

/// What becomes of passwords that stood in the other program's settings.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Passwords {
    /// They are written.
    Written,
    /// A comment tells where they stood.
    LeftOut,
}

/// The text of a popget.yaml with these accounts.
pub fn written(accounts: &[Account], passwords: Passwords) -> String {
    if accounts.is_empty() {
        return "accounts: {}\n".into();
    }
    let mut text = String::from("accounts:\n");
    for account in accounts {
        let _ = writeln!(text, "  # from {}", comment(&account.spot.to_string()));
        for note in &account.notes {
            let _ = writeln!(text, "  # {}", comment(note));
        }
        let _ = writeln!(text, "  {}:", key(&account.name));
        let given = account
            .password
            .as_ref()
            .filter(|said| !said.bytes.is_empty());
        let mut keys = match (passwords, given) {
            (Passwords::Written, Some(password)) if password.text().is_some() => {
                with_password(&account.keys, password)
            }
            (_, None) => account.keys.clone(),
            (_, Some(password)) => {
                let spot = comment(&password.spot.to_string());
                let what = "put it where a password_command or a password_file finds it";
                let _ = writeln!(text, "    # the password stands in {spot}: {what}");
                account.keys.clone()
            }
        };
        match (passwords, &account.proxy) {
            (_, None) => {}
            (Passwords::Written, Some(proxy)) => {
                keys.insert("proxy".into(), proxy.shown().into());
            }
            (Passwords::LeftOut, Some(proxy)) => {
                let spot = comment(&proxy.spot.to_string());
                let what = "socks5://user:password@host:port";
                let _ = writeln!(text, "    # the proxy's password stands in {spot}: {what}");
            }
        }
        indented(&mut text, &keys);
    }
    text
}

/// The keys, with the password behind the user.
fn with_password(keys: &Mapping, password: &Said) -> Mapping {
    let mut with = Mapping::new();
    for (key, value) in keys {
        with.insert(key.clone(), value.clone());
        if key == "user" {
            with.insert("password".into(), password.shown().into());
        }
    }
    with
}

/// Keys, four blanks in.
fn indented(text: &mut String, keys: &Mapping) {
    // A mapping of strings, numbers and lists of such can always be written.
    let keys = serde_yaml::to_string(keys).unwrap_or_default();
    for line in keys.lines() {
        let blanks = if line.is_empty() { "" } else { "    " };
        let _ = writeln!(text, "{blanks}{line}");
    }
}

/// A name as a key: quoted where YAML would take it for something else.
fn key(name: &str) -> String {
    let written = serde_yaml::to_string(&Value::from(name)).unwrap_or_default();
    written.trim_end().to_string()
}

/// Text within a comment: on one line, also to YAML, and without what a terminal would obey.
fn comment(text: &str) -> String {
    let unfit = |c: char| c.is_control() || matches!(c, '\u{2028}' | '\u{2029}' | '\u{feff}');
    text.chars()
        .map(|c| if unfit(c) { '?' } else { c })
        .collect()
}
