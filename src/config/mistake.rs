//! Saying where in the file a mistake is, and what was probably meant. serde_yaml says it in words
//! for programmers; here they become words for the person who wrote the file. What stands in the
//! file is repeated only where it cannot be a password.

use super::place::{locate, Path};
use super::syntax;
use crate::error::{Error, Mistake};

/// The text of a configuration file and what it is called.
pub struct Source {
    /// The file as the user named it.
    pub name: String,
    /// What stands in it.
    pub text: String,
}

impl Source {
    /// The command line, on which an account stands without a file.
    pub fn options() -> Self {
        Self {
            name: String::new(),
            text: String::new(),
        }
    }

    /// A mistake at a key, given by its path.
    pub fn mistake(&self, path: &[&str], what: impl Into<String>) -> Error {
        if self.name.is_empty() {
            let key = match path {
                [_, _, "deliver", destination, ..] => destination,
                ["defaults", ..] => {
                    return Error::Settings(Box::new(Mistake {
                        file: "the configuration file".into(),
                        place: None,
                        key: cut(&path.join(".")),
                        what: what.into(),
                    }));
                }
                path => path.get(2).unwrap_or(&"server"),
            };
            let key = key.replace('_', "-");
            return Error::Usage(format!("--{key}: {}", what.into()));
        }
        let place = locate(&self.text, Path::Keys(path), 0);
        self.at(place, &path.join(".").replace(".[", "["), what.into())
    }

    /// A mistake of the file as a whole, perhaps at a line and column.
    pub fn unfit(&self, place: Option<(usize, usize)>, what: impl Into<String>) -> Error {
        self.at(place, "", what.into())
    }

    /// The error of the YAML parser, in our words.
    pub fn unreadable(&self, error: &serde_yaml::Error) -> Error {
        let text = error.to_string();
        // "path: what at line L column C", where path and place may be missing.
        let said = text
            .rsplit_once(" at line ")
            .map_or(&*text, |(said, _)| said);
        let (path, what) = self.divide(said);
        let place = error.location().map(|place| (place.line(), place.column()));
        if let Some((key, known)) = unknown_key(what) {
            let path = joined(path, key);
            let place = locate(&self.text, Path::Dotted(&path), 0).or(place);
            return self.at(place, &shown_key(&path), unknown(key, &known));
        }
        if let Some(key) = between(what, "duplicate field `", "`") {
            let path = joined(path, key);
            let place = locate(&self.text, Path::Dotted(&path), 1).or(place);
            return self.at(place, &path, "the key stands here twice".into());
        }
        if between(what, "missing field `", "`") == Some("accounts") {
            let what = "the key is missing; it holds your accounts, each by its name";
            return self.at(Some((1, 1)), "accounts", what.into());
        }
        let discreet = may_be_secret(path).then(|| without_value(what)).flatten();
        match discreet.or_else(|| in_our_words(what)) {
            Some(what) => {
                let key = locate(&self.text, Path::Dotted(path), 0);
                self.at(key.or(place), path, what)
            }
            None => {
                let (place, what) = syntax::explain(&self.text, &text, place);
                self.unfit(place, what)
            }
        }
    }

    /// Tells the path from what is said about it: the path is one that can be walked.
    fn divide<'t>(&self, said: &'t str) -> (&'t str, &'t str) {
        let divisions = said.match_indices(": ");
        let mut divisions = divisions.map(|(at, colon)| (&said[..at], &said[at + colon.len()..]));
        divisions
            .find(|(path, _)| locate(&self.text, Path::Dotted(path), 0).is_some())
            .unwrap_or(("", said))
    }

    fn at(&self, place: Option<(usize, usize)>, key: &str, what: String) -> Error {
        Error::Settings(Box::new(Mistake {
            file: self.name.clone(),
            place,
            key: cut(key),
            what,
        }))
    }
}

fn joined(path: &str, key: &str) -> String {
    match path {
        "" => key.into(),
        path => format!("{path}.{key}"),
    }
}

/// A name as long as anyone needs to recognise it.
fn cut(key: &str) -> String {
    match key.char_indices().nth(100) {
        Some((end, _)) => format!("{}...", &key[..end]),
        None => key.into(),
    }
}

/// A key that is unknown because no space follows its colon has its value, perhaps a password,
/// in its name.
fn shown_key(path: &str) -> String {
    path.split(':').next().unwrap_or_default().into()
}

/// The key and the keys known in its place, out of serde's words.
fn unknown_key(what: &str) -> Option<(&str, Vec<&str>)> {
    let rest = what.strip_prefix("unknown field `")?;
    let (key, known) = rest.rsplit_once("`, expected ")?;
    Some((key, known.split('`').skip(1).step_by(2).collect()))
}

/// What other programs call keys, and what they are called here.
const MEANT: [(&str, &str); 18] = [
    ("host", "server"),
    ("hostname", "server"),
    ("username", "user"),
    ("login", "user"),
    ("pass", "password"),
    ("passwd", "password"),
    ("passwordeval", "password_command"),
    ("pass_cmd", "password_command"),
    ("ssl", "tls"),
    ("tls_starttls", "tls"),
    ("sslfingerprint", "tls_fingerprint"),
    ("delete", "keep"),
    ("delete_after", "keep"),
    ("fetchlimit", "limit"),
    ("max_message_size", "max_size"),
    ("delivery", "deliver"),
    ("destination", "deliver"),
    ("command", "mda"),
];

/// What to say of a key that nobody knows.
fn unknown(key: &str, known: &[&str]) -> String {
    if key == "<<" {
        return "unknown key; what accounts share belongs under defaults".into();
    }
    if key.contains(':') {
        return "a space is missing behind the colon".into();
    }
    let meant = MEANT.iter().find(|(other, _)| *other == key);
    let meant = meant
        .map(|(_, ours)| *ours)
        .filter(|ours| known.contains(ours));
    match meant.or_else(|| nearest(key, known)) {
        Some(near) => format!("unknown key; did you mean {near}?"),
        None if known.len() < 10 => format!("unknown key; the keys here are {}", known.join(", ")),
        None => "unknown key; popget.yaml(5) lists them".into(),
    }
}

/// Whether the value of a key may be a secret, or what people take for the place of one.
fn may_be_secret(path: &str) -> bool {
    let secret = |key: &str| {
        key.starts_with("password") || ["credential", "netrc", "oauth", "proxy"].contains(&key)
    };
    path.is_empty() || path.split(['.', '[']).any(secret)
}

/// What serde says about a single value, without that value; `None` if it is about something else.
fn without_value(what: &str) -> Option<String> {
    let kinds = ["invalid type: ", "invalid value: "];
    let said = kinds.iter().find_map(|kind| what.strip_prefix(kind))?;
    let (is, expected) = said.rsplit_once(", expected ")?;
    let single = is.contains(['`', '"']) && is != "string \"\"" && !expected.starts_with("the ");
    single.then(|| format!("this is not {expected}"))
}

/// What serde says about a value; `None` if it is not about a value.
fn in_our_words(what: &str) -> Option<String> {
    if let Some((is, expected)) = what
        .strip_prefix("invalid type: ")
        .and_then(|what| what.rsplit_once(", expected "))
    {
        let keys = expected.starts_with("the ");
        let expected = match expected {
            "field identifier" => "a key",
            "a string" => "text",
            expected => expected,
        };
        return Some(match is {
            "sequence" => format!("this is a list, not {expected}"),
            "map" => format!("these are keys, not {expected}"),
            "unit value" => format!("there is no value; expected {expected}"),
            _ if keys => format!("this is a value, not {expected}"),
            is => match between(is, "`", "`") {
                Some(value) => format!("{value} is not {expected}"),
                None => format!("{} is text, not {expected}", quoted(is)),
            },
        });
    }
    if let Some((is, expected)) = what
        .strip_prefix("invalid value: ")
        .and_then(|what| what.rsplit_once(", expected "))
    {
        return Some(match (is, between(is, "`", "`")) {
            ("string \"\"", _) => format!("there is no value; expected {expected}"),
            (_, Some(value)) => format!("{value} is not {expected}"),
            (is, None) => format!("{} is not {expected}", quoted(is)),
        });
    }
    if let Some((word, known)) = what
        .strip_prefix("unknown variant `")
        .and_then(|what| what.rsplit_once("`, expected "))
    {
        let known = known.trim_start_matches("one of ").replace('`', "");
        return Some(format!(
            "\"{word}\" is none of {}",
            known.replace(" or ", ", ")
        ));
    }
    if let Some(key) = between(what, "missing field `", "`") {
        return Some(format!("the key {key} is missing below it"));
    }
    OURS.iter()
        .any(|ours| what.starts_with(ours))
        .then(|| what.into())
}

/// How our own sentences about values begin.
const OURS: [&str; 9] = [
    "this is no proxy",
    "the list is empty",
    "auto stands alone",
    "the command is empty",
    "the path is empty",
    "the environment variable ",
    "only ~ and ~/ ",
    "a relative path ",
    "${ is not closed",
];

/// serde's `string "x"` without its first word.
fn quoted(is: &str) -> &str {
    is.strip_prefix("string ").unwrap_or(is)
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hints_are_given_only_for_what_is_near() {
        let keys = ["server", "port", "password_file", "tls"];
        assert_eq!(nearest("sever", &keys), Some("server"));
        assert_eq!(nearest("password-file", &keys), Some("password_file"));
        assert_eq!(nearest("unrelated", &keys), None);
        assert_eq!(nearest("x", &[]), None);
    }
}
