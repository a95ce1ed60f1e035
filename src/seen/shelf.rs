//! What is remembered, by what it is known by. As a rule a server gives UIDs out in ascending order,
//! and so they come: then they need no index (which takes a sixth of all instructions of a look at
//! 100,000 known messages, and 2 MiB of memory).

use super::entries::Entries;
use super::Key;
use indexmap::IndexMap;

/// Keys with what is known under each, in the order in which they came.
#[derive(Debug)]
pub(super) enum Shelf {
    /// Each is greater than the one before.
    Ascending(Vec<(Key, Entries)>),
    /// They came in any order. A server chooses the keys: the standard library's hasher, with a seed
    /// that no server knows, keeps it from choosing them so that each look-up takes long.
    Any(IndexMap<Key, Entries>),
}

impl Default for Shelf {
    fn default() -> Self {
        Self::Ascending(Vec::new())
    }
}

impl Shelf {
    /// How many keys there are.
    pub fn len(&self) -> usize {
        match self {
            Self::Ascending(rows) => rows.len(),
            Self::Any(rows) => rows.len(),
        }
    }

    /// What stands at a place.
    pub fn at(&self, place: usize) -> Option<(&Key, &Entries)> {
        match self {
            Self::Ascending(rows) => rows.get(place).map(|(key, entries)| (key, entries)),
            Self::Any(rows) => rows.get_index(place),
        }
    }

    /// Where a key stands.
    pub fn place(&self, key: &Key) -> Option<usize> {
        match self {
            Self::Ascending(rows) if rows.last().is_none_or(|(last, _)| last < key) => None,
            Self::Ascending(rows) => rows.binary_search_by(|(known, _)| known.cmp(key)).ok(),
            Self::Any(rows) => rows.get_index_of(key),
        }
    }

    /// What is known under a key.
    pub fn get(&self, key: &Key) -> Option<&Entries> {
        self.at(self.place(key)?).map(|(_, entries)| entries)
    }

    /// What is known under a key, to be changed.
    pub fn get_mut(&mut self, key: &Key) -> Option<&mut Entries> {
        let place = self.place(key)?;
        match self {
            Self::Ascending(rows) => rows.get_mut(place).map(|(_, entries)| entries),
            Self::Any(rows) => rows.get_index_mut(place).map(|(_, entries)| entries),
        }
    }

    /// Puts a key, which is not there yet, behind all others.
    pub fn push(&mut self, key: Key, entries: Entries) {
        match self {
            Self::Ascending(rows) if rows.last().is_none_or(|(last, _)| *last < key) => {
                rows.push((key, entries));
            }
            Self::Ascending(rows) => {
                let mut rows: IndexMap<_, _> = std::mem::take(rows).into_iter().collect();
                rows.insert(key, entries);
                *self = Self::Any(rows);
            }
            Self::Any(rows) => drop(rows.insert(key, entries)),
        }
    }

    /// All of it, in order.
    pub fn iter(&self) -> impl Iterator<Item = (&Key, &Entries)> {
        (0..self.len()).filter_map(|place| self.at(place))
    }

    /// Keeps the keys of which this is said, and what it leaves under each.
    pub fn retain(&mut self, mut stays: impl FnMut(&Key, &mut Entries) -> bool) {
        match self {
            Self::Ascending(rows) => rows.retain_mut(|(key, entries)| stays(key, entries)),
            Self::Any(rows) => rows.retain(|key, entries| stays(key, entries)),
        }
    }

    /// What is known under a key, to be changed; a new one comes behind all others.
    pub fn of(&mut self, key: Key) -> &mut Entries {
        let place = self.place(&key).unwrap_or_else(|| {
            self.push(key, Entries::default());
            self.len() - 1
        });
        match self {
            Self::Ascending(rows) => &mut rows[place].1,
            Self::Any(rows) => &mut rows[place],
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::message::Uid;

    fn key(name: &str) -> Key {
        Key::Uid(Uid::new(name.as_bytes()).unwrap())
    }

    fn shelf(names: &[&str]) -> Shelf {
        let mut shelf = Shelf::default();
        let each = names.iter();
        each.for_each(|name| shelf.push(key(name), Entries::default()));
        shelf
    }

    #[test]
    fn in_whatever_order_keys_come_each_is_found_where_it_stands() {
        for names in [
            &[][..],
            &["a"],
            &["a", "b", "c", "d"],
            &["a", "c", "b", "d"],
            &["d", "c", "b", "a"],
        ] {
            let shelf = shelf(names);
            let orderly = matches!(shelf, Shelf::Ascending(_));
            assert_eq!(orderly, names.is_sorted(), "{names:?}");
            assert_eq!(shelf.len(), names.len());
            assert!(shelf
                .iter()
                .map(|(key, _)| key.clone())
                .eq(names.iter().map(|name| key(name))));
            for (place, name) in names.iter().enumerate() {
                assert_eq!(shelf.place(&key(name)), Some(place), "{names:?}");
            }
            assert_eq!(shelf.place(&key("bb")), None);
            assert!(shelf.get(&key("0")).is_none());
        }
    }

    #[test]
    fn what_is_let_go_of_is_not_found_and_the_rest_is() {
        for names in [["a", "b", "c"], ["b", "c", "a"]] {
            let mut shelf = shelf(&names);
            let mut count = 0;
            shelf.retain(|_, _| {
                count += 1;
                count != 2
            });
            assert_eq!(shelf.len(), 2);
            assert_eq!(shelf.place(&key(names[0])), Some(0));
            assert_eq!(shelf.place(&key(names[1])), None);
            assert_eq!(shelf.place(&key(names[2])), Some(1));
            shelf.push(key("d"), Entries::default());
            assert!(shelf.get_mut(&key("d")).is_some());
        }
    }
}
