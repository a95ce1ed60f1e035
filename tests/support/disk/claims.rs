//! Claims as the memory has them.

use std::os::unix::ffi::OsStringExt;
use std::path::PathBuf;

use super::Inode;

/// A delivery that was claimed.
pub struct Claim {
    /// Where it is to come to.
    pub kinds: Vec<Kind>,
    /// Its line in the memory is sure to last.
    pub lasts: bool,
    /// The change that wrote the line.
    pub line: Line,
    /// The change that cut the line off again, if one did.
    pub withdrawn: Option<usize>,
}

#[derive(Clone)]
pub enum Kind {
    Maildir {
        hidden: PathBuf,
        public: PathBuf,
    },
    Mbox {
        path: PathBuf,
        offset: u64,
        length: u64,
    },
    Mda,
    Relay,
    Output,
}

/// A line of the memory: in which file, by which change.
#[derive(Clone, Copy)]
pub struct Line {
    pub inode: Inode,
    pub made: usize,
    pub from: u64,
}

/// What the memory says of a claim in the end.
pub struct Settled {
    pub line: Line,
    pub done: bool,
    pub lasts: bool,
    /// It was written by this run.
    pub ours: bool,
}

impl Kind {
    /// Reads the words of a claim, which may be one of several.
    pub fn read(words: &str) -> Vec<Kind> {
        let words = decoded(words);
        let words: Vec<&[u8]> = words.split(|b| *b == 0).collect();
        let [b"several", parts @ ..] = words.as_slice() else {
            return vec![Kind::of(&words)];
        };
        let (mut kinds, mut rest) = (Vec::new(), parts);
        let mut group = || {
            let (count, behind) = rest.split_first()?;
            let (group, behind) = behind.split_at(number(&String::from_utf8_lossy(count)) as usize);
            rest = behind;
            Some(group)
        };
        while let (Some(_place), Some(claim)) = (group(), group()) {
            kinds.push(Kind::of(claim));
        }
        kinds
    }

    fn of(words: &[&[u8]]) -> Kind {
        let path = |bytes: &[u8]| PathBuf::from(std::ffi::OsString::from_vec(bytes.to_vec()));
        match words {
            [b"maildir", folder, name] => Kind::Maildir {
                hidden: path(folder).join("tmp").join(path(name)),
                public: path(folder).join("new").join(path(name)),
            },
            [b"mbox", file, numbers, ..] => {
                let numbers = String::from_utf8_lossy(numbers).into_owned();
                let numbers: Vec<u64> = numbers.split(' ').map(number).collect();
                let (offset, length) = (numbers[1], numbers[2]);
                Kind::Mbox {
                    path: path(file),
                    offset,
                    length,
                }
            }
            [b"mda", ..] => Kind::Mda,
            [b"lmtp" | b"smtp", ..] => Kind::Relay,
            [b"output"] => Kind::Output,
            other => panic!("a claim that this test does not know: {other:?}"),
        }
    }
}

/// The first words of what tells a place from others, and of the claims there.
pub fn place(words: &str) -> (Vec<u8>, PathBuf) {
    let words = decoded(words);
    let mut words = words.split(|b| *b == 0).map(<[u8]>::to_vec);
    let (word, path) = (words.next().unwrap(), words.next().unwrap_or_default());
    (word, PathBuf::from(std::ffi::OsString::from_vec(path)))
}

/// A number of the memory.
pub fn number(word: &str) -> u64 {
    word.parse()
        .unwrap_or_else(|_| panic!("not a number: {word}"))
}

/// The words of a claim without the percent signs.
fn decoded(words: &str) -> Vec<u8> {
    let mut pieces = words.split('%');
    let mut bytes = pieces.next().unwrap_or_default().as_bytes().to_vec();
    for piece in pieces {
        bytes.push(u8::from_str_radix(&piece[..2], 16).unwrap());
        bytes.extend_from_slice(&piece.as_bytes()[2..]);
    }
    bytes
}
