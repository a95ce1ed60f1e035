//! Where something stands in another program's file, and what is to be said of it.

use std::fmt;
use std::rc::Rc;

/// A place in a file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Spot {
    /// The file as it was named.
    pub file: Rc<str>,
    /// The line, from 1; 0 for the file as a whole.
    pub line: usize,
    /// The column, in characters from 1.
    pub column: usize,
}

impl Spot {
    /// The beginning of a line of this file.
    pub fn new(file: &Rc<str>, line: usize) -> Self {
        Self::at(file, line, 1)
    }

    /// A column on a line of this file.
    pub fn at(file: &Rc<str>, line: usize, column: usize) -> Self {
        let file = Rc::clone(file);
        Self { file, line, column }
    }
}

impl fmt::Display for Spot {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        match self.line {
            0 => f.write_str(&self.file),
            line => write!(f, "{}:{line}", self.file),
        }
    }
}

/// How much a remark matters.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Weight {
    /// popget does the same in another way, or does without.
    Told,
    /// An account, its destination or its record is not what it was.
    Lost,
}

/// Something that was not carried over as it stood.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Remark {
    /// Where it stands.
    pub spot: Spot,
    /// The word of the other program.
    pub word: String,
    /// Why, and what to use instead.
    pub why: String,
    /// How much it matters.
    pub weight: Weight,
}

impl Remark {
    /// A remark on a word that stands there.
    pub fn new(spot: &Spot, word: &str, why: &str, weight: Weight) -> Self {
        Self {
            spot: spot.clone(),
            word: word.to_string(),
            why: why.to_string(),
            weight,
        }
    }

    /// Whether something that matters is missing.
    pub fn is_loss(&self) -> bool {
        self.weight == Weight::Lost
    }
}

impl fmt::Display for Remark {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        write!(f, "{}: {}: {}", self.spot, self.word, self.why)
    }
}

/// A file that does not follow its program's grammar.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Wrong {
    /// Where.
    pub spot: Spot,
    /// What is wrong there.
    pub what: String,
}

impl Wrong {
    /// Something wrong at this place.
    pub fn new(spot: &Spot, what: impl Into<String>) -> Self {
        let (spot, what) = (spot.clone(), what.into());
        Self { spot, what }
    }
}
