//! An account that is to be written into a file, and how it is written.

use serde_yaml::Value;
use std::fmt::Write as _;

/// An account with its keys in order.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Draft {
    /// Its name.
    pub name: String,
    /// Its keys.
    pub keys: Vec<(&'static str, Entry)>,
}

/// What stands behind a key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Entry {
    /// Text, whatever is in it.
    Text(String),
    /// A yes or no.
    Flag(bool),
    /// More keys.
    Keys(Vec<(&'static str, Entry)>),
}

impl Entry {
    /// What it means to whoever reads it.
    pub fn value(&self) -> Value {
        match self {
            Self::Text(text) => Value::String(text.clone()),
            Self::Flag(flag) => Value::Bool(*flag),
            Self::Keys(keys) => value(keys),
        }
    }
}

impl From<&str> for Entry {
    fn from(text: &str) -> Self {
        match text {
            "true" => Self::Flag(true),
            "false" => Self::Flag(false),
            text => Self::Text(text.into()),
        }
    }
}

/// How lines are set in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Setting {
    /// How far the account's name is.
    pub name: usize,
    /// How much further each level is.
    pub step: usize,
}

impl Setting {
    /// As in the manual.
    pub const USUAL: Self = Self { name: 2, step: 2 };
}

impl Draft {
    /// The account in lines of its own.
    pub fn block(&self, setting: Setting) -> String {
        let (indent, name) = (" ".repeat(setting.name), scalar(&self.name));
        let mut text = format!("{indent}{name}:\n");
        lines(
            &self.keys,
            setting.name + setting.step,
            setting.step,
            &mut text,
        );
        text
    }

    /// The account within braces, as JSON has it, which is YAML as well.
    pub fn flow(&self) -> String {
        format!("{}: {}", quoted(&self.name), braced(&self.keys))
    }

    /// What the keys mean to whoever reads them.
    pub fn value(&self) -> Value {
        value(&self.keys)
    }
}

fn lines(keys: &[(&'static str, Entry)], indent: usize, step: usize, text: &mut String) {
    for (key, entry) in keys {
        let _ = write!(text, "{:indent$}{key}:", "");
        match entry {
            Entry::Text(value) => text.push_str(&format!(" {}\n", scalar(value))),
            Entry::Flag(flag) => text.push_str(&format!(" {flag}\n")),
            Entry::Keys(keys) => {
                text.push('\n');
                lines(keys, indent + step, step, text);
            }
        }
    }
}

fn braced(keys: &[(&'static str, Entry)]) -> String {
    let entry = |(key, entry): &(&'static str, Entry)| match entry {
        Entry::Text(value) => format!("\"{key}\": {}", quoted(value)),
        Entry::Flag(flag) => format!("\"{key}\": {flag}"),
        Entry::Keys(keys) => format!("\"{key}\": {}", braced(keys)),
    };
    let entries: Vec<String> = keys.iter().map(entry).collect();
    format!("{{{}}}", entries.join(", "))
}

fn value(keys: &[(&'static str, Entry)]) -> Value {
    let entry = |(key, entry): &(&'static str, Entry)| (Value::from(*key), entry.value());
    Value::Mapping(keys.iter().map(entry).collect())
}

/// Text as it is where that is no other value, and looks like none to a person; else in quotes.
fn scalar(text: &str) -> String {
    let plain = |b: u8| b.is_ascii_alphanumeric() || b" ._@+/~$%:=,-".contains(&b);
    let begins = |b: u8| b.is_ascii_alphanumeric() || b"/~$.".contains(&b);
    let words = ["true", "false", "null", "yes", "no", "on", "off", "y", "n"];
    let harmless = text.bytes().all(plain)
        && text.bytes().next().is_some_and(begins)
        && text.trim() == text
        && !text.contains(": ")
        && !text.ends_with(':')
        && !words.contains(&text.to_ascii_lowercase().as_str());
    let same = || serde_yaml::from_str::<Value>(text).is_ok_and(|value| value == text);
    match harmless && same() {
        true => text.into(),
        false => quoted(text),
    }
}

/// Text in quotes, as JSON has it. What is no letter, such as a mark that turns the direction of
/// writing, does not stand there as it is.
fn quoted(text: &str) -> String {
    let mut quoted = String::from("\"");
    for letter in text.chars() {
        let plain = letter.is_ascii_graphic() || letter == ' ' || letter.is_alphanumeric();
        let _ = match letter {
            '"' | '\\' => write!(quoted, "\\{letter}"),
            odd @ ..='\u{ffff}' if !plain => write!(quoted, "\\u{:04x}", u32::from(odd)),
            letter => write!(quoted, "{letter}"),
        };
    }
    quoted + "\""
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_is_quoted_where_it_would_be_something_else() {
        for text in [
            "pass show mail/work",
            "~/Mail/work",
            "alice@example.org",
            "pop.example.org:995",
            "15m",
            "127.0.0.1",
        ] {
            assert_eq!(scalar(text), text);
        }
        for text in [
            "",
            " x",
            "x ",
            "true",
            "No",
            "12",
            "1.5",
            "0x1f",
            "~",
            "null",
            "a: b",
            "a #b",
            "a:",
            "@x",
            "- x",
            "*x",
            "&x",
            "'x'",
            "\"x\"",
            "{x}",
            "[x",
            "x\ny",
            "\u{1b}[m",
            "\u{85}",
            "%x",
            "caf\u{e9}",
            "a\\b",
            "!x",
            "|",
            ".inf",
            "2001-01-01",
            "1_000",
            "a\u{202e}b",
            "\u{1f600}",
        ] {
            let written = scalar(text);
            assert!(
                written.starts_with('"') || text.starts_with("2001") || text == "1_000",
                "{text}"
            );
            let read: Value = serde_yaml::from_str(&format!("k: {written}\n")).unwrap();
            assert_eq!(read["k"], Value::String(text.into()), "{written}");
            let read: Value =
                serde_yaml::from_str(&format!("{{\"k\": {}}}", quoted(text))).unwrap();
            assert_eq!(read["k"], Value::String(text.into()), "{written}");
        }
    }

    #[test]
    fn an_account_is_the_same_in_both_styles() {
        let draft = Draft {
            name: "on".into(),
            keys: vec![
                ("server", Entry::from("pop.example.org")),
                ("keep", Entry::from("true")),
                (
                    "deliver",
                    Entry::Keys(vec![("maildir", Entry::from("~/Mail"))]),
                ),
            ],
        };
        let setting = Setting { name: 1, step: 3 };
        let block = " \"on\":\n    server: pop.example.org\n    keep: true\n    deliver:\n       maildir: ~/Mail\n";
        assert_eq!(draft.block(setting), block);
        let read: Value = serde_yaml::from_str(block).unwrap();
        assert_eq!(read["on"], draft.value());
        let read: Value = serde_yaml::from_str(&format!("{{{}}}", draft.flow())).unwrap();
        assert_eq!(read["on"], draft.value());
    }
}
