//! Delivery of one message to several places: to all, or to those of its recipients. A letter has a copy for each, and its claim holds their
//! claims. It is delivered when all have taken theirs; who has taken it when another has not is noted
//! place by place, so that the next run gives it only to those that lack it.

use super::multidrop::{Lack, Sorted};
use super::{claim_words, open, words_of, Multidrop};
use super::{Delivery, Destination, Letter, Part, Sealed, Sender, Witness};
use crate::error::{Error, Reach, Result};
use crate::event::Notice;
use crate::message::{Envelope, Uid};
use std::cell::Cell;
use std::rc::Rc;

/// The first word of a claim.
const WORD: &[u8] = b"several";

/// Several destinations.
pub struct Several {
    /// How mail is sorted; each gets all of it if not at all.
    sorting: Option<Multidrop>,
    /// In the order in which they are locked: the same for all accounts, or two of them could wait
    /// for each other.
    all: Vec<Leaf>,
    sender: Rc<Sender>,
}

/// One of them, open.
struct Leaf {
    destination: Destination,
    delivery: Box<dyn Delivery>,
    /// Something was sealed for it that is to be synced.
    sealed: Cell<bool>,
    /// Something was, or may have been, published in it that is to be synced.
    published: Cell<bool>,
}

impl Several {
    /// Opens all that a destination is made of.
    pub fn open(destination: &Destination, sender: Sender) -> Result<Self> {
        let (mut all, sorting) = match destination {
            Destination::Several(all) => (all.clone(), None),
            Destination::Multidrop(sorting) => (sorting.destinations(), Some(sorting.clone())),
            one => (vec![one.clone()], None),
        };
        let nobody = Envelope::default();
        all.sort_by_cached_key(|destination| destination.place(&nobody));
        let sender = Rc::new(sender);
        let leaf = |destination: Destination| {
            Ok(Leaf {
                delivery: open(&destination, another(&sender))?,
                destination,
                sealed: Cell::new(false),
                published: Cell::new(false),
            })
        };
        Ok(Self {
            sorting,
            all: all.into_iter().map(leaf).collect::<Result<_>>()?,
            sender,
        })
    }

    /// The places for a message with this envelope, and why it goes no further.
    fn places(&self, to: &Envelope) -> (Vec<(&Leaf, Envelope)>, Option<Lack>) {
        let Some(sorting) = &self.sorting else {
            let each = self.all.iter().map(|leaf| (leaf, to.clone()));
            return (each.collect(), None);
        };
        let Sorted { wanted, lack } = sorting.sort(to);
        let places = wanted.into_iter().filter_map(|(destination, to)| {
            let leaf = self
                .all
                .iter()
                .find(|leaf| leaf.destination == *destination);
            leaf.map(|leaf| (leaf, to))
        });
        (places.collect(), lack)
    }

    /// Does something to each whose mark is set, and unsets it.
    fn each(
        &self,
        mark: impl Fn(&Leaf) -> &Cell<bool>,
        act: impl Fn(&dyn Delivery) -> Result<()>,
    ) -> Result<()> {
        let mut marked = self.all.iter().filter(|leaf| mark(leaf).replace(false));
        marked.try_for_each(|leaf| act(&*leaf.delivery))
    }
}

/// The same sender, for one more destination.
fn another(sender: &Rc<Sender>) -> Sender {
    let voice = Rc::clone(sender);
    Sender {
        account: sender.account.clone(),
        user: sender.user.clone(),
        mark: sender.mark.clone(),
        spool: sender.spool.clone(),
        notice: Box::new(move |notice| (voice.notice)(notice)),
        events: Rc::clone(&sender.events),
        stop: sender.stop.clone(),
    }
}

impl Delivery for Several {
    fn name(&self) -> String {
        let names = self.all.iter().map(|leaf| leaf.delivery.name());
        names.collect::<Vec<_>>().join(", ")
    }

    fn begin<'d>(&'d self, to: &Envelope, uid: Option<&Uid>) -> Result<Box<dyn Letter<'d> + 'd>> {
        let copy = |(leaf, to): (&'d Leaf, Envelope)| {
            Ok(Copy {
                leaf,
                place: leaf.destination.place(&to),
                letter: leaf.delivery.begin(&to, uid)?,
            })
        };
        let (places, lack) = self.places(to);
        Ok(Box::new(Draft {
            several: self,
            uid: uid.cloned(),
            copies: places.into_iter().map(copy).collect::<Result<_>>()?,
            spared: false,
            lack: lack.map(unserved),
        }))
    }

    fn sync_sealed(&self) -> Result<()> {
        self.each(|leaf| &leaf.sealed, |delivery| delivery.sync_sealed())
    }

    fn sync_published(&self) -> Result<()> {
        self.each(|leaf| &leaf.published, |delivery| delivery.sync_published())
    }

    fn sweep(&self) -> Result<()> {
        self.all.iter().try_for_each(|leaf| leaf.delivery.sweep())
    }

    /// As many as the least of them, which decides for all.
    fn together(&self) -> usize {
        let each = self.all.iter().map(|leaf| leaf.delivery.together());
        each.min().unwrap_or(1)
    }
}

/// A letter's copy for one place, written or sealed.
struct Copy<'d, L> {
    leaf: &'d Leaf,
    place: Vec<u8>,
    letter: L,
}

/// A letter with a copy for each place.
struct Draft<'d> {
    several: &'d Several,
    uid: Option<Uid>,
    copies: Vec<Copy<'d, Box<dyn Letter<'d> + 'd>>>,
    /// Some have it already.
    spared: bool,
    lack: Option<Error>,
}

impl<'d> Letter<'d> for Draft<'d> {
    fn write(&mut self, bytes: &[u8]) -> Result<()> {
        let mut letters = self.copies.iter_mut().map(|copy| &mut copy.letter);
        letters.try_for_each(|letter| letter.write(bytes))
    }

    fn spare(&mut self, places: &[Vec<u8>]) {
        let before = self.copies.len();
        self.copies.retain(|copy| !places.contains(&copy.place));
        let letters = self.copies.iter_mut().map(|copy| &mut copy.letter);
        letters.for_each(|letter| letter.spare(places));
        self.spared = self.copies.len() < before;
    }

    fn seal(self: Box<Self>) -> Result<Box<dyn Sealed + 'd>> {
        let seal = |copy: Copy<'d, Box<dyn Letter<'d> + 'd>>| {
            copy.leaf.sealed.set(true);
            Ok(Copy {
                leaf: copy.leaf,
                place: copy.place,
                letter: copy.letter.seal()?,
            })
        };
        let Draft {
            several,
            uid,
            copies,
            spared,
            lack,
        } = *self;
        let copies: Vec<_> = copies.into_iter().map(seal).collect::<Result<_>>()?;
        match lack {
            // What goes nowhere is not claimed, but that some have it is to be kept in mind.
            Some(lack) if copies.is_empty() && !spared => Err(lack),
            lack => Ok(Box::new(Ready {
                several,
                uid,
                copies,
                lack,
            })),
        }
    }
}

/// A sealed letter, with copies for the places that lack it.
struct Ready<'d> {
    several: &'d Several,
    uid: Option<Uid>,
    copies: Vec<Copy<'d, Box<dyn Sealed + 'd>>>,
    lack: Option<Error>,
}

impl Sealed for Ready<'_> {
    fn claim(&mut self) -> Result<Vec<u8>> {
        let mut parts = Vec::new();
        for copy in &mut self.copies {
            parts.push(Part {
                place: copy.place.clone(),
                words: copy.letter.claim()?,
            });
        }
        Ok(written(&parts))
    }

    /// One place that does not take it keeps it from no other.
    fn publish(self: Box<Self>, witness: &mut dyn Witness) -> Result<()> {
        let mut refused = self.lack;
        let mut left = self.copies.len();
        for Copy {
            leaf,
            place,
            letter,
        } in self.copies
        {
            left -= 1;
            leaf.published.set(true);
            match letter.publish(witness) {
                // All will be remembered at once.
                Ok(()) if left == 0 && refused.is_none() => {}
                Ok(()) if leaf.delivery.together() == 1 => witness.taken(place)?,
                Ok(()) => witness.stands(place),
                Err(error) => {
                    let error = not_to(leaf, error);
                    if error.reach() != Reach::Message {
                        return Err(error);
                    }
                    refused = Some(match refused {
                        None => error,
                        Some(before) => {
                            let (graver, other) = in_order(before, error);
                            let uid = self.uid.clone();
                            (self.several.sender.notice)(Notice::NotTaken { uid, error: other });
                            graver
                        }
                    });
                }
            }
        }
        refused.map_or(Ok(()), Err)
    }
}

fn not_to(leaf: &Leaf, error: Error) -> Error {
    Error::NotTo {
        destination: leaf.delivery.name(),
        error: Box::new(error),
    }
}

/// The error that a message goes no further.
fn unserved(lack: Lack) -> Error {
    match lack {
        Lack::Routes(addresses) => Error::NoRoute(addresses.join(&b", "[..])),
        Lack::Recipients => Error::NoRecipient,
        Lack::Crowd(count) => Error::Crowd(count),
    }
}

/// Two failures, the graver one first.
fn in_order(one: Error, other: Error) -> (Error, Error) {
    match one.status() <= other.status() {
        true => (one, other),
        false => (other, one),
    }
}

/// The words of a claim made of these: of each the number of words of its place, these, the number of
/// words of its claim, and these.
fn written(parts: &[Part]) -> Vec<u8> {
    let mut words = WORD.to_vec();
    for group in parts.iter().flat_map(|part| [&part.place, &part.words]) {
        let count = words_of(group).len().to_string();
        words = claim_words(&[&words, count.as_bytes(), group]);
    }
    words
}

/// The claims that this one is made of; `None` if it is made of none.
pub fn read(claim: &[u8]) -> Option<Vec<Part>> {
    let words = words_of(claim);
    let (first, mut rest) = words.split_first()?;
    if *first != WORD {
        return None;
    }
    let mut group = || {
        let (count, behind) = rest.split_first()?;
        let count = std::str::from_utf8(count).ok()?.parse().ok()?;
        let (group, behind) = behind.split_at_checked(count)?;
        rest = behind;
        Some(claim_words(group))
    };
    let mut parts = Vec::new();
    while let Some(place) = group() {
        let words = group()?;
        parts.push(Part { place, words });
    }
    rest.is_empty().then_some(parts)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Words of a claim, with bars between them.
    fn words(text: &str) -> Vec<u8> {
        text.replace('|', "\0").into_bytes()
    }

    #[test]
    fn a_claim_reads_back_as_it_was_written_whatever_it_is_made_of() {
        let part = |place, claim| Part {
            place: words(place),
            words: words(claim),
        };
        let inner = [
            part("maildir|/a", "maildir|/a|1.x"),
            part("output", "output"),
        ];
        let nested = Part {
            place: words("several|2|x"),
            words: written(&inner),
        };
        let outer = [part("", ""), nested, part("7", "mda||")];
        for parts in [&outer[..], &inner, &outer[..1], &[]] {
            let claim = written(parts);
            assert!(read(&claim).unwrap() == parts, "{}", claim.escape_ascii());
        }
    }

    #[test]
    fn what_is_no_such_claim_is_none() {
        for foreign in [
            "maildir|/a|x",
            "several|1",
            "several|1|a",
            "several|1|a|2|b",
            "several|1|a|1|b|",
            "several|x|a|1|b",
            "several|-1|a|1|b",
            "several|18446744073709551615|a",
        ] {
            assert!(read(&words(foreign)).is_none(), "{foreign}");
        }
    }
}
