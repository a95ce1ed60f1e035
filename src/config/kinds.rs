//! The kinds of values that keys have: how each is read, and how it is called where something else
//! stands. A visitor refuses what it does not like, so that serde_yaml knows at which key it was.

use super::units::{Expanded, Scalar, Size, Span};
use crate::delivery::Lock;
use crate::message::Address;
use crate::plan::{Keep, Order};
use crate::sasl::Method;
use crate::secret::{CommandLine, Secret};
use serde::de::{Error as _, SeqAccess, Unexpected, Visitor};
use serde::{Deserialize, Deserializer};
use std::fmt;
use std::ops::RangeInclusive;

/// What `auth` says.
#[derive(Clone)]
pub enum Auth {
    /// `auto`.
    Auto,
    /// One method or a list of them.
    Named(Vec<Method>),
}

/// A key that stands there has a value: nothing at all is a mistake, not a way to leave it out.
pub fn given<'de, D: Deserializer<'de>, T: Deserialize<'de>>(
    from: D,
) -> Result<Option<T>, D::Error> {
    T::deserialize(from).map(Some)
}

/// Text that may be left out.
pub fn text<'de, D: Deserializer<'de>>(from: D) -> Result<Option<String>, D::Error> {
    needed_text(from).map(Some)
}

/// Text, with or without quotes: what looks like a number or a truth value is text here as well.
pub fn needed_text<'de, D: Deserializer<'de>>(from: D) -> Result<String, D::Error> {
    let some = |text: &str| (!text.is_empty()).then(|| text.to_string());
    from.deserialize_str(Scalar("text", some))
}

/// A password.
pub fn secret<'de, D: Deserializer<'de>>(from: D) -> Result<Option<Secret>, D::Error> {
    let secret = |text: String| Secret::new(text.into_bytes());
    Ok(text(from)?.map(secret))
}

/// The name of a variable of the environment.
pub fn variable<'de, D: Deserializer<'de>>(from: D) -> Result<Option<String>, D::Error> {
    fn letter(c: char) -> bool {
        c.is_ascii_alphanumeric() || c == '_'
    }
    let name = |text: &str| {
        let good = text.chars().all(letter) && !text.starts_with(|c: char| c.is_ascii_digit());
        (good && !text.is_empty()).then(|| text.to_string())
    };
    let scalar = Scalar("a name made of letters, digits and _", name);
    from.deserialize_str(scalar).map(Some)
}

/// The name of a header.
pub fn field<'de, D: Deserializer<'de>>(from: D) -> Result<String, D::Error> {
    let name = |text: &str| {
        let good = text.bytes().all(|b| b.is_ascii_graphic() && b != b':');
        (good && !text.is_empty()).then(|| text.to_string())
    };
    from.deserialize_str(Scalar("the name of a header, such as Delivered-To", name))
}

/// An address of mail that needs no quotes.
pub fn address<'de, D: Deserializer<'de>>(from: D) -> Result<Option<String>, D::Error> {
    let address = |text: &str| {
        let good = text
            .bytes()
            .all(|b| b.is_ascii_graphic() && !b"<>()\",;:\\".contains(&b));
        let read = Address::read(text.as_bytes());
        (good && read.is_some()).then(|| text.to_string())
    };
    let scalar = Scalar("an address such as alice@home.example", address);
    from.deserialize_str(scalar).map(Some)
}

/// A domain or a list of them, in small letters.
pub fn domains<'de, D: Deserializer<'de>>(from: D) -> Result<Option<Vec<String>>, D::Error> {
    let domain = |text: &str| {
        let good = text.bytes().all(|b| b.is_ascii_graphic() && b != b'@');
        let name = text.strip_suffix('.').unwrap_or(text);
        (good && !name.is_empty()).then(|| name.to_ascii_lowercase())
    };
    let list = OneOrMore("a domain such as example.org, or a list of them", domain);
    from.deserialize_any(list).map(Some)
}

/// A path, expanded.
pub fn path<'de, D: Deserializer<'de>>(from: D) -> Result<Option<Expanded>, D::Error> {
    struct Path;

    impl Visitor<'_> for Path {
        type Value = Expanded;

        fn expecting(&self, f: &mut fmt::Formatter) -> fmt::Result {
            f.write_str("a path")
        }

        fn visit_str<E: serde::de::Error>(self, text: &str) -> Result<Expanded, E> {
            super::units::path(text).map(Expanded).map_err(E::custom)
        }
    }

    from.deserialize_str(Path).map(Some)
}

/// A size.
pub fn size<'de, D: Deserializer<'de>>(from: D) -> Result<Option<Size>, D::Error> {
    let scalar = Scalar("a size such as 25MB", super::units::size);
    from.deserialize_any(scalar).map(|bytes| Some(Size(bytes)))
}

/// A duration that is longer than nothing.
pub fn span<'de, D: Deserializer<'de>>(from: D) -> Result<Option<Span>, D::Error> {
    let positive = |text: &str| super::units::duration(text).filter(|span| !span.is_zero());
    let scalar = Scalar("a duration such as 90s, 15m, 2h or 30d", positive);
    from.deserialize_any(scalar).map(|span| Some(Span(span)))
}

/// A duration, which may be none at all.
pub fn wait<'de, D: Deserializer<'de>>(from: D) -> Result<Option<Span>, D::Error> {
    let scalar = Scalar("a duration such as 0s, 15m or 2h", super::units::duration);
    from.deserialize_any(scalar).map(|span| Some(Span(span)))
}

/// `true` or `false`.
pub fn flag<'de, D: Deserializer<'de>>(from: D) -> Result<Option<bool>, D::Error> {
    struct Flag;

    impl Visitor<'_> for Flag {
        type Value = bool;

        fn expecting(&self, f: &mut fmt::Formatter) -> fmt::Result {
            f.write_str("true or false")
        }

        fn visit_bool<E>(self, flag: bool) -> Result<bool, E> {
            Ok(flag)
        }
    }

    from.deserialize_any(Flag).map(Some)
}

/// A port.
pub fn port<'de, D: Deserializer<'de>>(from: D) -> Result<Option<u16>, D::Error> {
    number(from, "a port number (1 to 65535)", 1..=65535)
}

/// How many accounts are fetched at the same time.
pub fn jobs<'de, D: Deserializer<'de>>(from: D) -> Result<Option<u16>, D::Error> {
    number(from, "a number from 1 to 1000", 1..=1000)
}

/// How often to try again.
pub fn times<'de, D: Deserializer<'de>>(from: D) -> Result<Option<u32>, D::Error> {
    number(from, "a number from 0 to 1000", 0..=1000)
}

/// How many messages.
pub fn count<'de, D: Deserializer<'de>>(from: D) -> Result<Option<u64>, D::Error> {
    number(from, "a number of messages", 0..=u64::MAX)
}

/// How many messages, and at least one.
pub fn some<'de, D: Deserializer<'de>>(from: D) -> Result<Option<u64>, D::Error> {
    number(from, "a number of messages, 1 or more", 1..=u64::MAX)
}

fn number<'de, D: Deserializer<'de>, T: TryFrom<u64>>(
    from: D,
    what: &'static str,
    range: RangeInclusive<u64>,
) -> Result<Option<T>, D::Error> {
    struct Number(&'static str, RangeInclusive<u64>);

    impl Visitor<'_> for Number {
        type Value = u64;

        fn expecting(&self, f: &mut fmt::Formatter) -> fmt::Result {
            f.write_str(self.0)
        }

        fn visit_u64<E: serde::de::Error>(self, number: u64) -> Result<u64, E> {
            if self.1.contains(&number) {
                return Ok(number);
            }
            Err(E::invalid_value(Unexpected::Unsigned(number), &self))
        }
    }

    let number = from.deserialize_any(Number(what, range))?;
    Ok(T::try_from(number).ok())
}

/// Which messages come first.
pub fn order<'de, D: Deserializer<'de>>(from: D) -> Result<Option<Order>, D::Error> {
    let word = |text: &str| match text {
        "oldest" => Some(Order::Oldest),
        "newest" => Some(Order::Newest),
        _ => None,
    };
    from.deserialize_any(Scalar("oldest or newest", word))
        .map(Some)
}

/// `true`, `false`, or a duration.
pub fn keep<'de, D: Deserializer<'de>>(from: D) -> Result<Option<Keep>, D::Error> {
    struct KeepVisitor;

    impl Visitor<'_> for KeepVisitor {
        type Value = Keep;

        fn expecting(&self, f: &mut fmt::Formatter) -> fmt::Result {
            f.write_str("true, false, or a duration such as 30d")
        }

        fn visit_bool<E>(self, keep: bool) -> Result<Keep, E> {
            Ok(if keep { Keep::Forever } else { Keep::Not })
        }

        fn visit_str<E: serde::de::Error>(self, text: &str) -> Result<Keep, E> {
            let span = super::units::duration(text);
            let seconds = span.and_then(|span| i64::try_from(span.as_secs()).ok());
            let wrong = || E::invalid_value(Unexpected::Str(text), &self);
            seconds.map(Keep::For).ok_or_else(wrong)
        }
    }

    from.deserialize_any(KeepVisitor).map(Some)
}

/// `auto`, a method, or a list of methods.
pub fn auth<'de, D: Deserializer<'de>>(from: D) -> Result<Option<Auth>, D::Error> {
    struct AuthVisitor;

    impl<'de> Visitor<'de> for AuthVisitor {
        type Value = Auth;

        fn expecting(&self, f: &mut fmt::Formatter) -> fmt::Result {
            let names: Vec<_> = Method::ALL.iter().map(|(name, _)| *name).collect();
            write!(f, "auto, {}, or a list of them", names.join(", "))
        }

        fn visit_str<E: serde::de::Error>(self, text: &str) -> Result<Auth, E> {
            match text {
                "auto" => Ok(Auth::Auto),
                text => method(text, &self).map(|method| Auth::Named(vec![method])),
            }
        }

        fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Auth, A::Error> {
            let mut named = Vec::new();
            while let Some(text) = list.next_element::<String>()? {
                if text == "auto" {
                    return Err(A::Error::custom("auto stands alone, not in a list"));
                }
                named.push(method(&text, &self)?);
            }
            match named.as_slice() {
                [] => Err(A::Error::custom("the list is empty")),
                _ => Ok(Auth::Named(named)),
            }
        }
    }

    fn method<E: serde::de::Error>(text: &str, expected: &AuthVisitor) -> Result<Method, E> {
        let known = Method::ALL.iter().find(|(name, _)| *name == text);
        known
            .map(|(_, method)| *method)
            .ok_or_else(|| E::invalid_value(Unexpected::Str(text), expected))
    }

    from.deserialize_any(AuthVisitor).map(Some)
}

/// A command that may be left out.
pub fn command<'de, D: Deserializer<'de>>(from: D) -> Result<Option<CommandLine>, D::Error> {
    needed_command(from).map(Some)
}

/// A command: a string for the shell, or a list of words.
pub fn needed_command<'de, D: Deserializer<'de>>(from: D) -> Result<CommandLine, D::Error> {
    struct CommandVisitor;

    impl<'de> Visitor<'de> for CommandVisitor {
        type Value = CommandLine;

        fn expecting(&self, f: &mut fmt::Formatter) -> fmt::Result {
            f.write_str("a command: text, or a list of words")
        }

        fn visit_str<E: serde::de::Error>(self, line: &str) -> Result<CommandLine, E> {
            whole(CommandLine::Shell(line.into()))
        }

        fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<CommandLine, A::Error> {
            let mut words = Vec::new();
            while let Some(word) = list.next_element::<String>()? {
                words.push(word);
            }
            whole(CommandLine::Words(words))
        }
    }

    fn whole<E: serde::de::Error>(line: CommandLine) -> Result<CommandLine, E> {
        match line.name() {
            "" => Err(E::custom("the command is empty")),
            _ => Ok(line),
        }
    }

    from.deserialize_any(CommandVisitor)
}

/// The locks that an mbox is held with.
pub fn locks<'de, D: Deserializer<'de>>(from: D) -> Result<Option<Vec<Lock>>, D::Error> {
    struct Locks;

    impl<'de> Visitor<'de> for Locks {
        type Value = Vec<Lock>;

        fn expecting(&self, f: &mut fmt::Formatter) -> fmt::Result {
            f.write_str("a list such as [fcntl, dotlock]")
        }

        fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Vec<Lock>, A::Error> {
            let mut locks = Vec::new();
            while let Some(lock) = list.next_element()? {
                locks.push(lock);
            }
            Ok(locks)
        }
    }

    from.deserialize_any(Locks).map(Some)
}

/// A value, or a list of values, each read by a function that may refuse it.
pub struct OneOrMore<T>(pub &'static str, pub fn(&str) -> Option<T>);

impl<T> OneOrMore<T> {
    fn read<E: serde::de::Error>(&self, text: &str) -> Result<T, E> {
        self.1(text).ok_or_else(|| E::invalid_value(Unexpected::Str(text), &self.0))
    }
}

impl<'de, T> Visitor<'de> for OneOrMore<T> {
    type Value = Vec<T>;

    fn expecting(&self, f: &mut fmt::Formatter) -> fmt::Result {
        f.write_str(self.0)
    }

    fn visit_str<E: serde::de::Error>(self, text: &str) -> Result<Self::Value, E> {
        Ok(vec![self.read(text)?])
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Self::Value, A::Error> {
        let mut values = Vec::new();
        while let Some(text) = list.next_element::<String>()? {
            values.push(self.read(&text)?);
        }
        match values.as_slice() {
            [] => Err(A::Error::custom("the list is empty")),
            _ => Ok(values),
        }
    }
}
