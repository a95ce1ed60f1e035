//! One of several parts of the accounts, for running on many machines: each of them has the same
//! configuration, is told which part is its own, and need know nothing of the others.

use sha2::{Digest, Sha256};
use std::str::FromStr;

/// The most parts there can be; more than there are machines anywhere.
const MOST: u32 = 1_000_000;

/// The I-th of N parts, counted from 1.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Shard {
    index: u32,
    of: u32,
}

impl Shard {
    /// Whether the account of this name is in it.
    pub fn holds(self, name: &str) -> bool {
        part(name, self.of) == self.index
    }
}

/// The part into which a name falls, of so many. It depends on nothing else and never changes: the
/// manual page says how it is reckoned.
fn part(name: &str, of: u32) -> u32 {
    let digest = Sha256::digest(name.as_bytes());
    let mut first = [0; 8];
    for (octet, found) in first.iter_mut().zip(digest) {
        *octet = found;
    }
    // What is left is less than `of`.
    let rest = u64::from_be_bytes(first) % u64::from(of);
    u32::try_from(rest).unwrap_or(0) + 1
}

impl FromStr for Shard {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let number = |text: &str| {
            let digits = text.bytes().all(|letter| letter.is_ascii_digit());
            text.parse().ok().filter(|_| digits)
        };
        let parts = text.split_once('/');
        let parts = parts.and_then(|(index, of)| Some((number(index)?, number(of)?)));
        match parts {
            None => Err("write it like 2/5, the second of five parts".into()),
            Some((_, 0)) => Err("there are no parts; write it like 2/5".into()),
            Some((_, of)) if of > MOST => Err(format!("there are at most {MOST} parts")),
            Some((0, of)) => Err(format!(
                "parts are counted from 1, so it is 1/{of} to {of}/{of}"
            )),
            Some((index, of)) if index > of => Err(format!(
                "there is no part {index} of {of}; it is 1/{of} to {of}/{of}"
            )),
            Some((index, of)) => Ok(Self { index, of }),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_fall_where_they_always_fell() {
        // The first 16 digits that sha256sum prints, as a number, modulo 7, and one more.
        for (name, expected) in [("work", 5), ("home", 1), ("alice@example.org", 1), ("", 2)] {
            assert_eq!(part(name, 7), expected, "{name}");
            assert_eq!(part(name, 1), 1, "{name}");
            let holds = |index: &u32| {
                Shard {
                    index: *index,
                    of: 7,
                }
                .holds(name)
            };
            assert!((1..=7).filter(holds).eq([expected]), "{name}");
        }
    }

    #[test]
    fn parts_are_about_equally_large() {
        for of in [2, 3, 10, 64] {
            let mut sizes = vec![0; of as usize];
            for number in 0..6400 {
                sizes[part(&format!("user{number}@example.org"), of) as usize - 1] += 1;
            }
            let even = 6400 / of;
            let near = |size: &u32| (even * 2 / 3..=even * 4 / 3).contains(size);
            assert!(sizes.iter().all(near), "{of}: {sizes:?}");
        }
    }

    #[test]
    fn what_is_no_part_is_said() {
        for (text, why) in [
            ("", "like 2/5"),
            ("3", "like 2/5"),
            ("/", "like 2/5"),
            ("1/", "like 2/5"),
            ("/4", "like 2/5"),
            ("1/4/4", "like 2/5"),
            ("+1/4", "like 2/5"),
            ("-1/4", "like 2/5"),
            ("1 / 4", "like 2/5"),
            ("a/b", "like 2/5"),
            ("1/99999999999", "like 2/5"),
            ("0/4", "counted from 1, so it is 1/4 to 4/4"),
            ("5/4", "no part 5 of 4"),
            ("0/0", "no parts"),
            ("1/1000001", "at most 1000000"),
        ] {
            let told = text.parse::<Shard>().unwrap_err();
            assert!(told.contains(why), "{text}: {told}");
        }
        assert_eq!("4/4".parse(), Ok(Shard { index: 4, of: 4 }));
        assert_eq!("1/1000000".parse::<Shard>().map(|shard| shard.of), Ok(MOST));
    }
}
