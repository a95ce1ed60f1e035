//! The JSON Schema of popget.yaml: which keys there are and what each takes is asked of the parser,
//! what is said of them is the manual's. Kinds of values are told from each other by what the parser
//! calls them; only a kind that is new needs a line here.

use super::asking::{ask, needs, Asked};
use super::file::File;
use super::manual::{self, Item};
use crate::sasl::Method;
use serde_json::{json, Map, Value};

/// The schema, in the draft that editors know.
pub fn schema() -> Value {
    let mut drawing = Drawing {
        manual: manual::items(),
        known: Map::new(),
    };
    let whole = drawing.at(&mut Vec::new());
    json!({
        "$schema": "http://json-schema.org/draft-07/schema#",
        "title": "popget.yaml, the accounts of popget",
        "allOf": [whole],
        "definitions": drawing.known,
    })
}

/// The keys of which there may be one at most.
const EITHER: [(&str, &[&str]); 4] = [
    ("account", &["deliver", "multidrop"]),
    ("account", &["proxy", "tunnel"]),
    ("account", &["tls_fingerprint", "tls_ca_file"]),
    (
        "account",
        &[
            "password",
            "password_command",
            "password_file",
            "password_env",
            "credential",
            "oauth",
        ],
    ),
];
/// The keys of which there must be one.
const ONE: [(&str, &[&str]); 1] = [("destination", &["maildir", "mbox", "mda", "lmtp", "smtp"])];
/// The keys that need another.
const WITH: [(&str, &str, &str); 3] = [
    ("destination", "format", "mbox"),
    ("destination", "lock", "mbox"),
    ("account", "tls_client_key", "tls_client_cert"),
];

/// A schema under way.
struct Drawing {
    manual: Vec<Item>,
    /// What is referred to by its name.
    known: Map<String, Value>,
}

type Way = Vec<&'static str>;

impl Drawing {
    /// What the parser takes at the end of this way.
    fn at(&mut self, way: &mut Way) -> Value {
        match ask::<File>(way) {
            Asked::Keys(called, keys) => self.named(&called, keys, way),
            Asked::Names => self.names(way),
            Asked::Word(words) => json!({"enum": words}),
            Asked::Value(called) if called.starts_with(KEYS) => {
                way.push("");
                let inner = ask::<File>(way);
                way.pop();
                match inner {
                    Asked::Keys(_, keys) => one_or_more(self.named(&called, keys, way)),
                    _ => json!({}),
                }
            }
            Asked::Value(called) => kind(&called).unwrap_or(json!({})),
            Asked::Lacks(_) | Asked::Other(_) => json!({}),
        }
    }

    /// Names of somebody's choice.
    fn names(&mut self, way: &mut Way) -> Value {
        let accounts = way.as_slice() == ["accounts"];
        way.push("*");
        let below = self.at(way);
        way.pop();
        let mut names = json!({
            "type": "object",
            "minProperties": 1,
            "additionalProperties": below,
        });
        if accounts {
            names["propertyNames"] = pattern("^(?!\\.+$)[A-Za-z0-9._@+-]{1,200}$");
        }
        names
    }

    /// Keys, to which is referred.
    fn named(&mut self, called: &str, keys: &[&'static str], way: &mut Way) -> Value {
        let name = short(called);
        if !self.known.contains_key(&name) {
            // An empty place in order, so that those below it do not begin anew.
            self.known.insert(name.clone(), json!({}));
            let keys = self.keys(&name, keys, way);
            self.known.insert(name.clone(), keys);
        }
        json!({"$ref": format!("#/definitions/{name}")})
    }

    fn keys(&mut self, name: &str, keys: &[&'static str], way: &mut Way) -> Value {
        let mut properties = Map::new();
        for key in keys {
            way.push(key);
            let mut schema = self.at(way);
            if schema.get("$ref").is_some() {
                schema = json!({"allOf": [schema]}); // nothing counts beside a reference
            }
            if let Some(said) = self.said(way) {
                schema["description"] = json!(said);
            }
            way.pop();
            properties.insert((*key).into(), schema);
        }
        let mut drawn = json!({
            "type": "object",
            "additionalProperties": false,
            "properties": properties,
        });
        let needed = needs::<File>(way, keys);
        if !needed.is_empty() {
            drawn["required"] = json!(needed);
        }
        rules(name, &mut drawn);
        drawn
    }

    /// What the manual says of the key at the end of this way.
    fn said(&self, way: &Way) -> Option<String> {
        let way = match way.as_slice() {
            ["accounts", _, own @ ..] | ["defaults", own @ ..] if !own.is_empty() => own,
            way => way,
        };
        let item = self.manual.iter().find(|item| item.way == way);
        item.map(|item| item.said.clone())
    }
}

/// What the rules say of these keys beyond what each of them is.
fn rules(name: &str, drawn: &mut Value) {
    let of = |whose: &str| whose == name;
    let mut all = Vec::new();
    for (_, keys) in EITHER.iter().filter(|(whose, _)| of(whose)) {
        for (at, one) in keys.iter().enumerate() {
            let others = keys.iter().skip(at + 1);
            all.extend(others.map(|other| json!({"not": {"required": [one, other]}})));
        }
    }
    if !all.is_empty() {
        drawn["allOf"] = json!(all);
    }
    for (_, keys) in ONE.iter().filter(|(whose, _)| of(whose)) {
        let each: Vec<_> = keys.iter().map(|key| json!({"required": [key]})).collect();
        drawn["oneOf"] = json!(each);
    }
    for (_, key, other) in WITH.iter().filter(|(whose, ..)| of(whose)) {
        drawn["dependencies"][*key] = json!([other]);
    }
}

/// How the parser begins to call keys.
const KEYS: &str = "the keys of ";

/// A name for keys, out of what the parser calls them.
fn short(called: &str) -> String {
    let rest = called.strip_prefix(KEYS).unwrap_or(called);
    let name = rest.split(" (").next().unwrap_or(rest);
    let name = name.trim_start_matches("an ").trim_start_matches("a ");
    name.replace('.', "-")
}

/// What a value is, by what the parser calls it.
fn kind(called: &str) -> Option<Value> {
    let listed = called.strip_suffix(", or a list of them");
    Some(match called {
        "text" => text(json!({"minLength": 1})),
        "a path" => text(json!({"minLength": 1, "pattern": "^(~/|~$|[/$])"})),
        "true or false" => json!({"type": "boolean"}),
        "a name made of letters, digits and _" => pattern("^[A-Za-z_][A-Za-z0-9_]*$"),
        "the name of a header, such as Delivered-To" => pattern("^[!-9;-~]+$"),
        "an address such as alice@home.example" => pattern("^[!#-'*+./-9=?-~-]+$"),
        "a size such as 25MB" => any([
            number(0, None),
            pattern("^[0-9]+\\s*(B|[kKMG]|[KMG]iB|[kMG]B)?$"),
        ]),
        "a duration such as 90s, 15m, 2h or 30d" => pattern(POSITIVE),
        "a duration such as 0s, 15m or 2h" => pattern("^[0-9]+\\s*[smhd]$"),
        "an address such as https://login.example.org/token" => pattern("^https://[^#]+$"),
        "common, consumers, organizations, or the domain or id of a tenant" => {
            pattern("^[0-9A-Za-z-][0-9A-Za-z.-]*$")
        }
        provider if provider.starts_with("microsoft or google (") => {
            json!({"enum": ["microsoft", "google"]})
        }
        "true, false, or a duration such as 30d" => {
            any([json!({"type": "boolean"}), pattern("^[0-9]+\\s*[smhd]$")])
        }
        "a command: text, or a list of words" => any([
            json!({"type": "string", "minLength": 1}),
            json!({"type": "array", "items": {"type": "string"}, "minItems": 1}),
        ]),
        "a list such as [fcntl, dotlock]" => {
            json!({"type": "array", "items": {"enum": ["fcntl", "dotlock"]}, "minItems": 1})
        }
        "auto, off or a number of commands above 0" => {
            any([json!({"enum": ["auto", "off"]}), number(1, None)])
        }
        "a proxy such as socks5://proxy.example.org:1080" => pattern("^socks5://.+"),
        "an IP address" => pattern("^([0-9]+(\\.[0-9]+){3}|[0-9A-Fa-f:.]*:[0-9A-Fa-f:.]*)$"),
        "a port number (1 to 65535)" => number(1, Some(65535)),
        "a number of messages" => number(0, None),
        "a number of messages, 1 or more" => number(1, None),
        _ => match (listed, range(called)) {
            (Some(one), _) if one.starts_with("auto, ") => ways(),
            (Some(one), _) => one_or_more(item(one)?),
            (None, Some((least, most))) => number(least, Some(most)),
            (None, None) => words(called)?,
        },
    })
}

/// A server, of which a URL may name the user.
const SERVER: &str = "^([Pp][Oo][Pp][Ss]?://([^\\s:@/?#]+@)?)?\
                      (\\[[0-9A-Fa-f:.]+\\]|[^\\[\\]\\s/:@?#\\\\\"']+)(:[0-9]{1,5})?$";
/// A duration of more than nothing.
const POSITIVE: &str = "^0*[1-9][0-9]*\\s*[smhd]$";

/// What may stand alone or in a list.
fn item(called: &str) -> Option<Value> {
    Some(match called {
        "a host, host:port or POP URL" => pattern(SERVER),
        "a domain such as example.org" => pattern("^[!-?A-~]+$"),
        "a SHA-256 fingerprint of 64 hexadecimal digits" => {
            pattern("^([0-9A-Fa-f]{64}|[0-9A-Fa-f]{2}(:[0-9A-Fa-f]{2}){31})$")
        }
        _ => return None,
    })
}

/// Ways to log in, one or a list of them; `auto` stands alone.
fn ways() -> Value {
    let names: Vec<_> = Method::ALL.iter().map(|(name, _)| *name).collect();
    let alone: Vec<_> = std::iter::once("auto").chain(names.clone()).collect();
    any([
        json!({"enum": alone}),
        json!({"type": "array", "items": {"enum": names}, "minItems": 1}),
    ])
}

/// `a number from 1 to 1000`.
fn range(called: &str) -> Option<(u64, u64)> {
    let (least, most) = called.strip_prefix("a number from ")?.split_once(" to ")?;
    Some((least.parse().ok()?, most.parse().ok()?))
}

/// `oldest or newest`: words, of which some may be numbers.
fn words(called: &str) -> Option<Value> {
    let words: Vec<&str> = called
        .split(", ")
        .flat_map(|part| part.split(" or "))
        .collect();
    if words.len() < 2 || words.iter().any(|word| word.contains(' ')) {
        return None;
    }
    let numbers = words
        .iter()
        .filter_map(|word| word.parse::<serde_json::Number>().ok());
    let all = words.iter().map(|word| json!(word));
    Some(json!({"enum": all.chain(numbers.map(Value::Number)).collect::<Vec<_>>()}))
}

fn pattern(pattern: &str) -> Value {
    json!({"type": "string", "pattern": pattern})
}

/// Text, which needs no quotes even where YAML takes it for something else.
fn text(mut rules: Value) -> Value {
    rules["type"] = json!(["string", "number", "boolean"]);
    rules
}

fn number(least: u64, most: Option<u64>) -> Value {
    match most {
        Some(most) => json!({"type": "integer", "minimum": least, "maximum": most}),
        None => json!({"type": "integer", "minimum": least}),
    }
}

fn any<const N: usize>(of: [Value; N]) -> Value {
    json!({"anyOf": of.to_vec()})
}

fn one_or_more(one: Value) -> Value {
    any([
        one.clone(),
        json!({"type": "array", "items": one, "minItems": 1}),
    ])
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Each key with its schema, wherever it stands.
    fn properties() -> Vec<(String, Value)> {
        let schema = schema();
        let objects = schema["definitions"].as_object().unwrap().clone();
        let keys = |(name, object): (String, Value)| {
            let keys = object["properties"].as_object().unwrap().clone();
            let named = move |(key, schema)| (format!("{name}.{key}"), schema);
            keys.into_iter().map(named)
        };
        objects.into_iter().flat_map(keys).collect()
    }

    #[test]
    fn every_key_has_a_kind_and_words_of_the_manual() {
        let all = properties();
        assert!(all.len() > 80, "{}", all.len());
        for (key, schema) in all {
            let kinds = ["type", "enum", "anyOf", "allOf"];
            let known = kinds.iter().any(|kind| schema.get(kind).is_some());
            assert!(
                known,
                "{key}: kind() does not know what the parser calls this"
            );
            let said = schema["description"].as_str();
            assert!(
                said.is_some_and(|said| said.len() > 10),
                "{key}: not in the manual"
            );
        }
    }

    #[test]
    fn rules_speak_of_keys_that_are_there() {
        let all = properties();
        let known = |whose: &str, key: &str| {
            all.iter()
                .any(|(name, _)| *name == format!("{whose}.{key}"))
        };
        let lists = EITHER.iter().chain(&ONE);
        let mut keys: Vec<_> = lists
            .flat_map(|(whose, keys)| keys.iter().map(move |key| (*whose, *key)))
            .collect();
        keys.extend(
            WITH.iter()
                .flat_map(|(whose, key, other)| [(*whose, *key), (*whose, *other)]),
        );
        for (whose, key) in keys {
            assert!(known(whose, key), "{whose}.{key}");
        }
    }

    #[test]
    fn what_is_needed_is_found_out() {
        let schema = schema();
        let needed = |name: &str| schema["definitions"][name]["required"].clone();
        assert_eq!(needed("smtp"), json!(["address", "recipient"]));
        assert_eq!(needed("multidrop"), json!(["envelope", "routes"]));
        assert_eq!(needed("popget-yaml"), json!(["accounts"]));
        assert_eq!(needed("account"), Value::Null);
    }
}
