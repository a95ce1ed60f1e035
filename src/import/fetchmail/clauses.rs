//! Keywords with what follows them, found by their names however many there are.

use super::super::place::Spot;
use super::super::said::Said;
use std::collections::HashMap;

/// A keyword as it stands there.
#[derive(Clone, Debug)]
pub struct Clause {
    /// Its first name.
    pub word: &'static str,
    /// What followed.
    pub values: Vec<Said>,
    /// Whether `no` stood before it.
    pub negated: bool,
    /// Where it stands.
    pub spot: Spot,
}

/// Keywords, in order.
#[derive(Clone, Debug, Default)]
pub struct Clauses {
    all: Vec<Clause>,
    places: HashMap<&'static str, Vec<usize>>,
}

impl Clauses {
    /// Takes one more.
    pub fn push(&mut self, clause: Clause) {
        let places = self.places.entry(clause.word).or_default();
        places.push(self.all.len());
        self.all.push(clause);
    }

    /// All of them.
    pub fn iter(&self) -> impl Iterator<Item = &Clause> {
        self.all.iter()
    }

    /// Those of this name.
    pub fn of(&self, word: &str) -> impl DoubleEndedIterator<Item = &Clause> {
        let places = self.places.get(word).into_iter().flatten();
        places.map(|place| &self.all[*place])
    }

    /// The one that counts: the last.
    pub fn last(&self, word: &str) -> Option<&Clause> {
        self.of(word).next_back()
    }
}
