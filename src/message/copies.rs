//! How many messages of a maildrop share a UID: none should (RFC 1939, section 7), and some do, where
//! a message was copied within the maildrop.

use super::{Listing, Uid};
use std::collections::{HashMap, HashSet};
use std::hash::{BuildHasher, RandomState};

/// How many of the listed messages have each UID.
pub struct Copies<'l>(HashMap<&'l Uid, u32>);

impl<'l> Copies<'l> {
    /// Counts them.
    pub fn of(listings: &'l [Listing]) -> Self {
        let uids = || listings.iter().filter_map(|listing| listing.uid.as_ref());
        let mut copies = HashMap::new();
        // Many servers give them out in ascending order; then no two are the same.
        if uids().is_sorted_by(|one, next| one < next) {
            return Self(copies);
        }
        // What is the same has the same hash: hardly any need to be compared, of very many.
        let state = RandomState::new();
        let mut hashes: Vec<u64> = uids().map(|uid| state.hash_one(uid)).collect();
        hashes.sort_unstable();
        let pairs = hashes.windows(2).filter(|pair| pair[0] == pair[1]);
        let shared: HashSet<u64> = pairs.map(|pair| pair[0]).collect();
        if !shared.is_empty() {
            for uid in uids().filter(|uid| shared.contains(&state.hash_one(uid))) {
                *copies.entry(uid).or_default() += 1;
            }
        }
        Self(copies)
    }

    /// Whether no two have the same.
    pub fn are_none(&self) -> bool {
        self.0.is_empty()
    }

    /// How many have this one, which one has.
    pub fn count(&self, uid: &Uid) -> u32 {
        self.0.get(uid).copied().unwrap_or(1)
    }
}

#[cfg(test)]
mod tests {
    use super::super::MessageNumber;
    use super::*;

    #[test]
    fn those_that_share_a_uid_are_counted_in_whatever_order() {
        let counts = |uids: &[&str]| -> Vec<u32> {
            let listing = |uid: &&str| Listing {
                number: MessageNumber(1),
                size: None,
                uid: Uid::new(uid.as_bytes()),
            };
            let listings: Vec<Listing> = uids.iter().map(listing).collect();
            let copies = Copies::of(&listings);
            let uids = listings.iter().filter_map(|listing| listing.uid.as_ref());
            uids.map(|uid| copies.count(uid)).collect()
        };
        assert_eq!(counts(&["a", "b", "c"]), [1, 1, 1]);
        assert_eq!(counts(&["a", "b", "b", "c"]), [1, 2, 2, 1]);
        assert_eq!(counts(&["b", "", "a", "b", "b"]), [3, 1, 3, 3]);
    }
}
