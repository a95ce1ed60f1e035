//! Finding the line and column of a key. serde_yaml tells places only with its errors, so the text
//! is read once more by something that fails exactly at the key in question.

use serde::de::{DeserializeSeed, IgnoredAny, MapAccess, SeqAccess, Visitor};
use serde::Deserializer;
use std::cell::Cell;
use std::fmt;

/// The way down to a key.
#[derive(Clone, Copy)]
pub enum Path<'p> {
    /// Key by key; `[1]` is the second of a list.
    Keys(&'p [&'p str]),
    /// As serde_yaml writes it, with dots: a name may hold dots itself.
    Dotted(&'p str),
}

/// What a key is to a path.
enum Step<'p> {
    Aside,
    Here,
    Into(Path<'p>),
}

impl<'p> Path<'p> {
    fn step(self, name: &str) -> Step<'p> {
        match self {
            Self::Keys([only]) if *only == name => Step::Here,
            // A place in a list has no key of its own.
            Self::Keys([first, last]) if *first == name && last.starts_with('[') => Step::Here,
            Self::Keys([first, rest @ ..]) if *first == name => Step::Into(Path::Keys(rest)),
            Self::Keys(_) => Step::Aside,
            Self::Dotted(path) => match path.strip_prefix(name) {
                Some("") => Step::Here,
                Some(rest) if rest.starts_with('[') => match rest.ends_with(']') {
                    true => Step::Here,
                    false => Step::Into(Path::Dotted(rest)),
                },
                Some(rest) => rest
                    .strip_prefix('.')
                    .map_or(Step::Aside, |rest| Step::Into(Path::Dotted(rest))),
                None => Step::Aside,
            },
        }
    }
}

impl<'p> Path<'p> {
    /// Which of a list is on the way, and the way from there.
    fn index(self) -> Option<(usize, Path<'p>)> {
        let (index, rest) = match self {
            Self::Keys([first, rest @ ..]) => (first.strip_suffix(']')?, Path::Keys(rest)),
            Self::Keys([]) => return None,
            Self::Dotted(path) => {
                let (index, rest) = path.split_once("].")?;
                (index, Path::Dotted(rest))
            }
        };
        Some((index.strip_prefix('[')?.parse().ok()?, rest))
    }
}

/// The line and column, from 1, of the `nth` key with this path in its mapping, counted from 0.
pub fn locate(text: &str, path: Path, nth: usize) -> Option<(usize, usize)> {
    let before = Cell::new(nth);
    let walk = Walk(path, &before);
    let found = walk
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

/// Walks down a path and fails at its end; the cell counts the keys to pass by there.
struct Walk<'p>(Path<'p>, &'p Cell<usize>);

impl<'de> DeserializeSeed<'de> for Walk<'_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Walk<'_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter) -> fmt::Result {
        f.write_str("anything")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<(), A::Error> {
        while let Some(step) = map.next_key_seed(Name(self.0, self.1))? {
            match step {
                Step::Into(path) => map.next_value_seed(Walk(path, self.1))?,
                Step::Aside | Step::Here => drop(map.next_value::<IgnoredAny>()?),
            }
        }
        Ok(())
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<(), A::Error> {
        if let Some((index, path)) = self.0.index() {
            for _ in 0..index {
                list.next_element::<IgnoredAny>()?;
            }
            list.next_element_seed(Walk(path, self.1))?;
        }
        while list.next_element::<IgnoredAny>()?.is_some() {}
        Ok(())
    }

    // The way does not lead through anything else; it is passed by.

    fn visit_unit<E>(self) -> Result<(), E> {
        Ok(())
    }

    fn visit_bool<E>(self, _: bool) -> Result<(), E> {
        Ok(())
    }

    fn visit_i64<E>(self, _: i64) -> Result<(), E> {
        Ok(())
    }

    fn visit_u64<E>(self, _: u64) -> Result<(), E> {
        Ok(())
    }

    fn visit_f64<E>(self, _: f64) -> Result<(), E> {
        Ok(())
    }

    fn visit_str<E>(self, _: &str) -> Result<(), E> {
        Ok(())
    }
}

/// Compares a key with the path; fails there if it is the one.
struct Name<'p>(Path<'p>, &'p Cell<usize>);

impl<'de, 'p> DeserializeSeed<'de> for Name<'p> {
    type Value = Step<'p>;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Step<'p>, D::Error> {
        deserializer.deserialize_str(self)
    }
}

impl<'p> Visitor<'_> for Name<'p> {
    type Value = Step<'p>;

    fn expecting(&self, f: &mut fmt::Formatter) -> fmt::Result {
        f.write_str("a key")
    }

    fn visit_str<E: serde::de::Error>(self, name: &str) -> Result<Step<'p>, E> {
        match self.0.step(name) {
            Step::Here if self.1.get() == 0 => Err(E::custom(HERE)),
            Step::Here => {
                self.1.set(self.1.get() - 1);
                Ok(Step::Here)
            }
            step => Ok(step),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEXT: &str = "# first\njobs: 2\naccounts:\n  work:\n    server: a\n    port: 99\n  \
                        home: {server: b, tls: none}\n  list: [{c: 1}, {d: 2}]\n  a: x\n  a.b: {c: 1, c: 2}\n";

    #[test]
    fn keys_are_found_in_any_style() {
        let at = |path: &[&str]| locate(TEXT, Path::Keys(path), 0);
        assert_eq!(at(&["jobs"]), Some((2, 1)));
        assert_eq!(at(&["accounts", "work", "port"]), Some((6, 5)));
        assert_eq!(at(&["accounts", "home", "tls"]), Some((7, 21)));
        assert_eq!(at(&["accounts", "a.b", "c"]), Some((10, 9)));
        assert_eq!(at(&["accounts", "none"]), None);
    }

    #[test]
    fn the_way_leads_through_lists() {
        let at = |path: &[&str]| locate(TEXT, Path::Keys(path), 0);
        assert_eq!(at(&["accounts", "list", "[1]", "d"]), Some((8, 19)));
        assert_eq!(at(&["accounts", "list", "[0]", "d"]), None);
        assert_eq!(at(&["accounts", "list", "[1]"]), Some((8, 3)));
        let at = |path| locate(TEXT, Path::Dotted(path), 0);
        assert_eq!(at("accounts.list[1].d"), Some((8, 19)));
        assert_eq!(at("accounts.list[2].d"), None);
        assert_eq!(at("accounts.list[1]"), Some((8, 3)));
    }

    #[test]
    fn dots_in_names_do_not_mislead() {
        let at = |path, nth| locate(TEXT, Path::Dotted(path), nth);
        assert_eq!(at("accounts.a.b.c", 0), Some((10, 9)));
        assert_eq!(at("accounts.a.b.c", 1), Some((10, 15)));
        assert_eq!(at("accounts.a.b.c", 2), None);
        assert_eq!(at("accounts.a", 0), Some((9, 3)));
        assert_eq!(at("accounts.work.port[0]", 0), Some((6, 5)));
        assert_eq!(at("", 0), None);
    }
}
