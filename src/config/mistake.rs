//! Saying where in the file a mistake is, and what was probably meant.
//!
//! serde_yaml gives a place only with its own errors. For a mistake that is found later, the file is
//! read once more by something that fails exactly at the key in question.

use crate::error::{Error, Mistake};
use serde::de::{DeserializeSeed, IgnoredAny, MapAccess, Visitor};
use serde::Deserializer;
use std::fmt;

/// The text of a configuration file and what it is called.
pub struct Source {
    /// The file as the user named it.
    pub name: String,
    /// What stands in it.
    pub text: String,
}

impl Source {
    /// A mistake at a key, given by its path.
    pub fn mistake(&self, path: &[&str], what: impl Into<String>) -> Error {
        let place = locate(&self.text, path);
        self.at(place, path.join("."), what.into())
    }

    /// The error of the YAML parser, in our words.
    pub fn unreadable(&self, error: &serde_yaml::Error) -> Error {
        let place = error.location().map(|place| (place.line(), place.column()));
        let text = error.to_string();
        // "path: what at line L column C", where path and place may be missing.
        let text = text
            .rsplit_once(" at line ")
            .map_or(text.as_str(), |(text, _)| text);
        let (path, what) = match text.split_once(": ") {
            Some((path, what)) if !path.contains([' ', '`', '"']) => (path, what),
            _ => ("", text),
        };
        let secret = path.ends_with("password");
        if let Some((key, known)) = unknown_field(what) {
            let hint = nearest(key, &known).map(|near| format!("; did you mean {near}?"));
            let what = format!("unknown key{}", hint.unwrap_or_default());
            return self.at(self.place_of(path, key).or(place), joined(path, key), what);
        }
        if let Some(key) = between(what, "duplicate field `", "`") {
            return self.at(place, joined(path, key), "the key stands here twice".into());
        }
        if let Some(key) = between(what, "duplicate entry with key \"", "\"") {
            return self.at(place, joined(path, key), "the key stands here twice".into());
        }
        if let Some(key) = between(what, "missing field `", "`") {
            return self.at(place, joined(path, key), "the key is missing".into());
        }
        let what = match what {
            _ if secret => "expected text; put it in quotes".to_string(),
            what if what.starts_with("invalid type: ") => {
                what.replacen("invalid type: ", "wrong type: ", 1)
            }
            what => what.to_string(),
        };
        self.at(place, path.to_string(), what)
    }

    fn at(&self, place: Option<(usize, usize)>, key: String, what: String) -> Error {
        Error::Settings(Box::new(Mistake {
            file: self.name.clone(),
            place,
            key,
            what,
        }))
    }

    fn place_of(&self, path: &str, key: &str) -> Option<(usize, usize)> {
        let mut keys: Vec<&str> = path.split('.').filter(|key| !key.is_empty()).collect();
        keys.push(key);
        locate(&self.text, &keys)
    }
}

fn joined(path: &str, key: &str) -> String {
    if path.is_empty() || path == "." {
        key.into()
    } else {
        format!("{path}.{key}")
    }
}

/// The key and the keys known in its place, out of serde's words.
fn unknown_field(what: &str) -> Option<(&str, Vec<&str>)> {
    let key = between(what, "unknown field `", "`")?;
    let known = what
        .split_once(", expected ")
        .map_or("", |(_, known)| known);
    Some((key, known.split('`').skip(1).step_by(2).collect()))
}

fn between<'t>(text: &'t str, before: &str, after: &str) -> Option<&'t str> {
    let (_, rest) = text.split_once(before)?;
    rest.split_once(after).map(|(inner, _)| inner)
}

/// The word that is most like `word`, if one is like it at all.
pub fn nearest<'w>(word: &str, words: &[&'w str]) -> Option<&'w str> {
    let distance = |known: &&&str| edits(word.as_bytes(), known.as_bytes());
    let near = words.iter().min_by_key(distance)?;
    (edits(word.as_bytes(), near.as_bytes()) <= 2.max(word.len() / 3)).then_some(*near)
}

/// How many letters must be put in, taken out or changed to make one word of the other.
fn edits(one: &[u8], other: &[u8]) -> usize {
    let mut row: Vec<usize> = (0..=other.len()).collect();
    for (i, a) in one.iter().enumerate() {
        let mut diagonal = row[0];
        row[0] = i + 1;
        for (j, b) in other.iter().enumerate() {
            let changed = diagonal + usize::from(a != b);
            diagonal = row[j + 1];
            row[j + 1] = changed.min(row[j] + 1).min(diagonal + 1);
        }
    }
    row[other.len()]
}

/// The line and column of a key, from 1.
fn locate(text: &str, path: &[&str]) -> Option<(usize, usize)> {
    let found = Walk(path)
        .deserialize(serde_yaml::Deserializer::from_str(text))
        .err()?;
    let place = found.location()?;
    found
        .to_string()
        .contains(HERE)
        .then(|| (place.line(), place.column()))
}

/// What tells our own failure from others.
const HERE: &str = "popget looks for this key";

/// Walks down a path of keys and fails at its last.
struct Walk<'p>(&'p [&'p str]);

impl<'de> DeserializeSeed<'de> for Walk<'_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Walk<'_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter) -> fmt::Result {
        f.write_str("keys")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<(), A::Error> {
        let Some((first, rest)) = self.0.split_first() else {
            return Ok(());
        };
        while let Some(at) = map.next_key_seed(Name(first, rest.is_empty()))? {
            match at {
                true => return map.next_value_seed(Walk(rest)),
                false => drop(map.next_value::<IgnoredAny>()?),
            }
        }
        Ok(())
    }
}

/// Compares a key with the one looked for; fails there if it is the last.
struct Name<'p>(&'p str, bool);

impl<'de> DeserializeSeed<'de> for Name<'_> {
    type Value = bool;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<bool, D::Error> {
        deserializer.deserialize_str(self)
    }
}

impl Visitor<'_> for Name<'_> {
    type Value = bool;

    fn expecting(&self, f: &mut fmt::Formatter) -> fmt::Result {
        f.write_str("a key")
    }

    fn visit_str<E: serde::de::Error>(self, name: &str) -> Result<bool, E> {
        match (name == self.0, self.1) {
            (true, true) => Err(E::custom(HERE)),
            (same, _) => Ok(same),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_are_found_in_any_style() {
        let text = "# first\njobs: 2\naccounts:\n  work:\n    server: a\n    port: 99\n  home: {server: b, tls: none}\n";
        assert_eq!(locate(text, &["jobs"]), Some((2, 1)));
        assert_eq!(locate(text, &["accounts", "work", "port"]), Some((6, 5)));
        assert_eq!(locate(text, &["accounts", "home", "tls"]), Some((7, 21)));
        assert_eq!(locate(text, &["accounts", "none"]), None);
    }

    #[test]
    fn hints_are_given_only_for_what_is_near() {
        let keys = ["server", "port", "password_file", "tls"];
        assert_eq!(nearest("sever", &keys), Some("server"));
        assert_eq!(nearest("password-file", &keys), Some("password_file"));
        assert_eq!(nearest("unrelated", &keys), None);
        assert_eq!(nearest("x", &[]), None);
    }
}
