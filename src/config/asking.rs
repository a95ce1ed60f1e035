//! Asking the parser what it takes. It is given a deserializer that holds nothing: it goes down a way
//! of keys and fails at the end of it, with what the parser asked for there. So the structs of `file`
//! stay the one list of keys there is, and what the schema says is what is read.

use serde::de::value::{MapDeserializer, StrDeserializer};
use serde::de::{DeserializeSeed, Deserializer, Expected, IntoDeserializer, MapAccess, Visitor};
use serde::Deserialize;
use std::fmt;

/// What the parser takes in some place.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Asked {
    /// Keys: what they are called together, and which these are.
    Keys(String, &'static [&'static str]),
    /// Names, each with something below it.
    Names,
    /// One of these words.
    Word(&'static [&'static str]),
    /// A value that is called this.
    Value(String),
    /// It lacks this key.
    Lacks(&'static str),
    /// Something that this cannot tell.
    Other(String),
}

/// What `T` takes at the end of this way.
pub fn ask<'de, T: Deserialize<'de>>(way: &[&'static str]) -> Asked {
    match T::deserialize(Void(way)) {
        Err(asked) => asked,
        Ok(_) => Asked::Other("nothing".into()),
    }
}

/// Which of the keys at the end of this way must be there: each in turn is given a word,
/// until none is missing or it takes none.
pub fn needs<'de, T: Deserialize<'de>>(
    way: &[&'static str],
    keys: &[&'static str],
) -> Vec<&'static str> {
    let mut needed = Vec::new();
    loop {
        let filled = Filled { way, keys: &needed };
        match T::deserialize(filled) {
            Err(Asked::Lacks(key)) if keys.contains(&key) && !needed.contains(&key) => {
                needed.push(key)
            }
            _ => return needed,
        }
    }
}

impl fmt::Display for Asked {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        write!(f, "{self:?}")
    }
}

impl std::error::Error for Asked {}

impl serde::de::Error for Asked {
    fn custom<T: fmt::Display>(said: T) -> Self {
        Self::Other(said.to_string())
    }

    fn missing_field(key: &'static str) -> Self {
        Self::Lacks(key)
    }

    fn unknown_field(_: &str, keys: &'static [&'static str]) -> Self {
        Self::Keys(String::new(), keys)
    }
}

/// What a visitor calls that which it takes.
fn called<'de>(visitor: &impl Visitor<'de>) -> String {
    (visitor as &dyn Expected).to_string()
}

/// Holds nothing but the way that is left.
struct Void<'w>(&'w [&'static str]);

impl Void<'_> {
    fn down<'de, V: Visitor<'de>>(self, visitor: V, end: Asked) -> Result<V::Value, Asked> {
        match self.0.split_first() {
            None => Err(end),
            Some((key, rest)) => visitor.visit_map(Step(Some(key), rest)),
        }
    }
}

impl<'de> Deserializer<'de> for Void<'_> {
    type Error = Asked;

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Asked> {
        let end = Asked::Value(called(&visitor));
        self.down(visitor, end)
    }

    fn deserialize_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        keys: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Asked> {
        let end = Asked::Keys(called(&visitor), keys);
        self.down(visitor, end)
    }

    fn deserialize_map<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Asked> {
        self.down(visitor, Asked::Names)
    }

    fn deserialize_enum<V: Visitor<'de>>(
        self,
        _: &'static str,
        words: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Asked> {
        self.down(visitor, Asked::Word(words))
    }

    serde::forward_to_deserialize_any! {
        bool i8 i16 i32 i64 i128 u8 u16 u32 u64 u128 f32 f64 char str string bytes byte_buf option
        unit unit_struct newtype_struct seq tuple tuple_struct identifier ignored_any
    }
}

/// A mapping of one key, with the way that is left behind it.
struct Step<'w>(Option<&'static str>, &'w [&'static str]);

impl<'de> MapAccess<'de> for Step<'_> {
    type Error = Asked;

    fn next_key_seed<K: DeserializeSeed<'de>>(
        &mut self,
        seed: K,
    ) -> Result<Option<K::Value>, Asked> {
        let key = self.0.take();
        key.map(|key| seed.deserialize(word(key))).transpose()
    }

    fn next_value_seed<V: DeserializeSeed<'de>>(&mut self, seed: V) -> Result<V::Value, Asked> {
        seed.deserialize(Void(self.1))
    }
}

fn word(text: &'static str) -> StrDeserializer<'static, Asked> {
    text.into_deserializer()
}

/// What a key is given whose value is of no interest.
const WORD: &str = "x";

/// Goes down a way to keys that each have a word for a value, or nothing where names are wanted.
struct Filled<'w> {
    way: &'w [&'static str],
    keys: &'w [&'static str],
}

impl<'de> Deserializer<'de> for Filled<'_> {
    type Error = Asked;

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Asked> {
        match self.way.is_empty() && self.keys == [WORD] {
            true => visitor.visit_str(WORD),
            false => visitor.visit_map(Filling(Some(self), None)),
        }
    }

    fn deserialize_map<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Asked> {
        match self.way {
            [] => visitor.visit_map(MapDeserializer::new(std::iter::empty::<(&str, &str)>())),
            _ => self.deserialize_any(visitor),
        }
    }

    serde::forward_to_deserialize_any! {
        bool i8 i16 i32 i64 i128 u8 u16 u32 u64 u128 f32 f64 char str string bytes byte_buf option
        unit unit_struct newtype_struct seq tuple tuple_struct identifier ignored_any struct enum
    }
}

/// What is left to fill, and what the key at hand gets.
struct Filling<'w>(Option<Filled<'w>>, Option<Filled<'w>>);

impl<'de> MapAccess<'de> for Filling<'_> {
    type Error = Asked;

    fn next_key_seed<K: DeserializeSeed<'de>>(
        &mut self,
        seed: K,
    ) -> Result<Option<K::Value>, Asked> {
        let Some(Filled { way, keys }) = self.0.take() else {
            return Ok(None);
        };
        let key = match (way.split_first(), keys.split_first()) {
            (Some((key, way)), _) => {
                self.1 = Some(Filled { way, keys });
                key
            }
            (None, Some((key, keys))) => {
                self.0 = Some(Filled { way, keys });
                self.1 = Some(Filled { way, keys: &[WORD] });
                key
            }
            (None, None) => return Ok(None),
        };
        seed.deserialize(word(key)).map(Some)
    }

    fn next_value_seed<V: DeserializeSeed<'de>>(&mut self, seed: V) -> Result<V::Value, Asked> {
        match self.1.take() {
            Some(filled) => seed.deserialize(filled),
            None => Err(Asked::Other("a value without a key".into())),
        }
    }
}
