//! UIDs of which a record that was taken over is unsure: the program that kept it wrote `-` for each
//! `/`. Which is meant shows when the server lists one.

use super::text::Line;
use super::{Key, Records};
use crate::message::{Listing, Uid};
use std::collections::{BTreeSet, HashSet};

/// Such UIDs, in the form of the record.
#[derive(Debug, Default)]
pub(super) struct Doubts(BTreeSet<Vec<u8>>);

impl Doubts {
    /// Another one.
    pub fn add(&mut self, uid: &Uid) {
        self.0.insert(uid.bytes().to_vec());
    }

    /// Lets go of the one that this UID turns out to be.
    pub fn settle(&mut self, uid: &Uid) {
        if let Some(form) = self.form(uid) {
            self.0.remove(form.bytes());
        }
    }

    /// Whether there is doubt about a UID of the record that is this one.
    pub fn has(&self, uid: &Uid) -> bool {
        self.0.contains(uid.bytes())
    }

    /// Lets go of this UID: it is meant as it stands.
    pub fn settle_as_it_is(&mut self, uid: &Uid) {
        self.0.remove(uid.bytes());
    }

    /// The form in which the record has this UID, if it may have it.
    pub fn form(&self, uid: &Uid) -> Option<Uid> {
        if self.0.is_empty() {
            return None;
        }
        dashed(uid).filter(|form| self.0.contains(form.bytes()))
    }

    /// The lines that say so of UIDs that are still remembered.
    pub fn lines<'d>(
        &'d self,
        known: impl Fn(&Key) -> bool + 'd,
    ) -> impl Iterator<Item = Line> + 'd {
        let uids = self.0.iter().filter_map(|form| Uid::new(form));
        uids.filter(move |uid| known(&Key::Uid(uid.clone())))
            .map(Line::Doubt)
    }
}

/// The form in which a record has a UID with a `/` in it.
fn dashed(uid: &Uid) -> Option<Uid> {
    let dash = |byte: &u8| if *byte == b'/' { b'-' } else { *byte };
    let form: Vec<u8> = uid.bytes().iter().map(dash).collect();
    Uid::new(&form).filter(|form| form != uid)
}

impl Records {
    /// Takes over the doubts of another memory, but for those that are settled here: the UID is known
    /// without doubt, or another that becomes it.
    pub(super) fn take_doubts(&mut self, doubts: &[Uid]) {
        if doubts.is_empty() {
            return;
        }
        let forms = self.entries.iter().filter_map(|(key, _)| match key {
            Key::Uid(uid) => dashed(uid),
            Key::Digest(_) => None,
        });
        let forms: HashSet<Uid> = forms.collect();
        for uid in doubts {
            let known = self.entries.get(&Key::Uid(uid.clone())).is_some();
            if !(known || forms.contains(uid)) {
                self.doubts.add(uid);
            }
        }
    }

    /// What listed messages turn out to be of which there was doubt.
    pub(super) fn settled(&self, listings: &[Listing]) -> Vec<Line> {
        let uids = listings.iter().filter_map(|listing| listing.uid.as_ref());
        let settled = uids.filter_map(|uid| {
            let key = Key::Uid(uid.clone());
            if self.doubts.has(uid) {
                return Some(Line::Back(key, None));
            }
            let form = self.doubts.form(uid)?;
            let entry = self.entries.get(&Key::Uid(form))?.known().iter().next()?;
            let entry = super::Entry {
                gone: None,
                ..entry
            };
            self.entries
                .get(&key)
                .is_none()
                .then_some(Line::Seen(key, entry))
        });
        settled.collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::message::Time;
    use crate::seen::Entry;

    fn uid(name: &str) -> Uid {
        Uid::new(name.as_bytes()).unwrap()
    }

    fn entry() -> Entry {
        Entry {
            size: None,
            stored: Time(5),
            digest: None,
            copies: 1,
            gone: None,
        }
    }

    fn records() -> Records {
        let mut records = Records::default();
        for name in ["a-b-c", "x-y"] {
            records
                .take(Line::Seen(Key::Uid(uid(name)), entry()))
                .unwrap();
            records.take(Line::Doubt(uid(name))).unwrap();
        }
        records
    }

    #[test]
    fn a_doubtful_uid_is_any_that_becomes_it() {
        let records = records();
        for name in ["a-b-c", "a/b/c", "a/b-c", "a-b/c", "x/y"] {
            assert_eq!(records.of(&uid(name)).len(), 1, "{name}");
        }
        for name in ["a/b/d", "a/b", "a_b-c", "x/y/"] {
            assert_eq!(records.of(&uid(name)).len(), 0, "{name}");
        }
    }

    #[test]
    fn once_it_is_listed_it_is_known_as_it_is() {
        let mut records = records();
        let listing = |name| Listing {
            number: crate::message::MessageNumber(1),
            size: None,
            uid: Some(uid(name)),
        };
        let lines = records.settled(&[listing("a/b-c"), listing("x-y"), listing("new/one")]);
        assert_eq!(lines.len(), 2);
        for line in lines {
            records.take(line).unwrap();
        }
        assert_eq!(records.of(&uid("a/b-c")).len(), 1);
        assert_eq!(records.of(&uid("a/b/c")).len(), 0, "the doubt is settled");
        assert_eq!(records.of(&uid("x-y")).len(), 1);
        assert_eq!(records.of(&uid("x/y")).len(), 0, "so is the other");
        assert!(records
            .settled(&[listing("a/b-c"), listing("x-y")])
            .is_empty());
        records.take_doubts(&[uid("a-b-c"), uid("x-y"), uid("k-l")]);
        let doubts: Vec<Line> = records.doubts.lines(|_| true).collect();
        assert_eq!(doubts, [Line::Doubt(uid("k-l"))], "nor is it again");
    }

    #[test]
    fn a_doubt_is_settled_once_and_for_all_by_the_uid_that_is_meant() {
        let mut records = Records::default();
        records.insert(Key::Uid(uid("a/b-c")), entry());
        records.take_doubts(&[uid("a-b-c")]);
        assert_eq!(records.of(&uid("a-b/c")).len(), 0);
        assert_eq!(records.doubts.lines(|_| true).count(), 0);
    }
}
