//! What to do with each message of a maildrop: listing, memory and policy in, steps out. Pure; the
//! whole policy is here and nowhere else.

#[cfg(any(test, fuzzing))]
pub mod properties;

use crate::error::{Error, Result};
use crate::message::{Copies, Disposition, Listing, Time, Uid};
use crate::seen::{Entry, Key, Known, Login, Records};
use std::collections::{HashMap, HashSet};
use std::time::Duration;

/// A known maildrop must have this many messages before their all being new is suspicious:
/// fetching fewer again does little harm, and people do empty small maildrops.
const WELL_KNOWN: usize = 5;
/// By which factor a listed size may be wrong: some servers list the size of compressed files.
const WRONG: u64 = 4;
/// So much may come of any message: some servers list no sizes, or none that are worth reading.
const PLENTY: u64 = 256 * 1024 * 1024;

/// How long a delivered message stays on the server.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Keep {
    /// For ever.
    Forever,
    /// For so many seconds since it was first stored.
    For(i64),
    /// Not at all.
    Not,
}

/// In which order messages are retrieved.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Order {
    /// As the server numbers them.
    Oldest,
    /// The other way round.
    Newest,
}

/// What the user wants of an account.
#[derive(Clone, Debug)]
pub struct Policy {
    /// How long delivered messages stay.
    pub keep: Keep,
    /// Take what is known already, too.
    pub all: bool,
    /// At most so many messages a run.
    pub limit: Option<u64>,
    /// Leave what is larger.
    pub max_size: Option<u64>,
    /// The order of retrieval.
    pub order: Order,
    /// Go on although every UID is new.
    pub accept_new_uids: bool,
    /// The server shows only a part at a time: come again as long as it shows something new.
    pub drain: bool,
    /// End the session, so that what was done lasts, after so many messages.
    pub commit_every: Option<u64>,
    /// Log in no more often than this.
    pub min_interval: Option<Duration>,
}

impl Policy {
    /// The same for a look at what is there: everything in the server's order, nothing wanted.
    pub fn looking(&self) -> Self {
        Self {
            all: false,
            limit: None,
            order: Order::Oldest,
            ..self.clone()
        }
    }

    /// What becomes of a delivered message that was first stored then.
    pub fn afterwards(&self, stored: Time, now: Time) -> Disposition {
        match self.keep {
            Keep::Forever => Disposition::Keep,
            Keep::For(seconds) if now.0.saturating_sub(stored.0) < seconds => Disposition::Keep,
            Keep::For(_) | Keep::Not => Disposition::Delete,
        }
    }
}

/// Why a step is as it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reason {
    /// It was never stored: retrieve and deliver it.
    New,
    /// It may have been stored: retrieve it, and deliver it if its bytes are unknown.
    Compare,
    /// It is known: settle it without retrieving it.
    Seen,
    /// It is larger than wanted: leave it.
    TooLarge,
    /// As many as wanted come before it: leave it for the next run.
    Limit,
    /// The header filter does not want it now: leave it.
    Left,
    /// The header filter does not want it: delete it unread.
    Unwanted,
}

/// What to do with one message.
#[derive(Clone, Debug)]
pub struct Step {
    /// The message.
    pub listing: Listing,
    /// Why.
    pub why: Reason,
    /// What becomes of it if it need not be retrieved, or once it is delivered.
    pub afterwards: Disposition,
    /// How many listed messages share its UID.
    pub copies: u32,
    /// The how-manieth of those it is.
    pub nth: u32,
    /// How many bytes of it may come.
    pub most: u64,
}

impl Step {
    /// Whether it is to be retrieved.
    pub fn retrieve(&self) -> bool {
        matches!(self.why, Reason::New | Reason::Compare)
    }
}

/// What every step is decided on.
pub struct Basis<'b> {
    /// What is remembered.
    pub records: &'b Records,
    /// What the user wants.
    pub policy: &'b Policy,
    /// The time of day.
    pub now: Time,
    /// What becomes of the idle.
    pub idle: Idle,
}

/// What a plan says of messages that are known and stay: nothing is to be done about them, and in an
/// old maildrop they are nearly all.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Idle {
    /// A step for each.
    Told,
    /// How many they are.
    Counted,
}

/// What to do.
#[derive(Debug, Default)]
pub struct Plan {
    /// The steps, in order.
    pub steps: Vec<Step>,
    /// How many idle messages there are besides.
    pub idle: u64,
}

/// Decides about every listed message. Fails if this looks like another maildrop than the one
/// remembered, so that nothing is fetched twice by mistake.
pub fn choose(listings: &[Listing], basis: &Basis) -> Result<Plan> {
    let Basis {
        records, policy, ..
    } = *basis;
    if !policy.accept_new_uids {
        suspect(listings, records)?;
    }
    let copies = Copies::of(listings);
    let mut met: HashMap<&Uid, u32> = HashMap::new();
    let (mut steps, mut idle) = (Vec::new(), 0);
    for listing in listings {
        let copies = listing.uid.as_ref().map_or(1, |uid| copies.count(uid));
        let nth = match &listing.uid {
            None => 0,
            Some(_) if copies == 1 => 1,
            Some(uid) => {
                let met = met.entry(uid).or_default();
                *met += 1;
                *met
            }
        };
        let (why, afterwards) = decide(listing, copies, basis);
        let rests = (why, afterwards) == (Reason::Seen, Disposition::Keep);
        if rests && basis.idle == Idle::Counted {
            idle += 1;
            continue;
        }
        steps.push(Step {
            listing: listing.clone(),
            why,
            afterwards,
            copies,
            nth,
            most: most(listing, policy),
        });
    }
    if policy.order == Order::Newest {
        steps.reverse();
    }
    // Those that could not be had before come last, so that they block nobody.
    steps.sort_by_key(|step| records.failures(step.listing.uid.as_ref()) > 0);
    let fresh = steps.iter_mut().filter(|step| step.why == Reason::New);
    let limit = policy.limit.map_or(usize::MAX, |limit| {
        usize::try_from(limit).unwrap_or(usize::MAX)
    });
    for step in fresh.skip(limit) {
        (step.why, step.afterwards) = (Reason::Limit, Disposition::Keep);
    }
    Ok(Plan { steps, idle })
}

/// Where a server hides what was retrieved and lists a few of the rest, what is known and yet listed
/// stands in the way of what is not: a session that retrieved it did not end well. If all is known,
/// has it retrieved once more and let go, but what the memory could not tell from something new, and
/// what should be `hidden` by now and is not.
pub fn unveil(steps: &mut [Step], records: &Records, hidden: &HashSet<Key>) {
    if steps.iter().any(Step::retrieve) {
        return;
    }
    let known = steps.iter_mut().filter(|step| step.why == Reason::Seen);
    for step in known {
        let Some(uid) = &step.listing.uid else {
            continue;
        };
        let told = records.of(uid).iter().all(|entry| entry.digest.is_some());
        if told && !hidden.contains(&Key::Uid(uid.clone())) {
            step.why = Reason::Compare;
        }
    }
}

/// How much too early a login would be now, if it would be. A clock that was set back holds nobody.
pub fn early(last: Option<Login>, min_interval: Option<Duration>, now: Time) -> Option<Duration> {
    let Login { at, delay } = last?;
    let since = u64::try_from(now.0.checked_sub(at.0)?).ok()?;
    let delay = Duration::from_secs(delay.into());
    let apart = min_interval.unwrap_or_default().max(delay);
    let left = apart.saturating_sub(Duration::from_secs(since));
    (!left.is_zero()).then_some(left)
}

/// Why a message's step is as it is, and what becomes of it.
fn decide(listing: &Listing, copies: u32, basis: &Basis) -> (Reason, Disposition) {
    let Basis {
        records,
        policy,
        now,
        ..
    } = *basis;
    let known = listing.uid.as_ref().map(|uid| records.of(uid));
    let known = known.unwrap_or_default();
    let why = match recognise(listing, copies, known) {
        // A message that was known by its bytes alone, or by another UID before the maildrop moved,
        // may have come by a new UID since.
        Reason::New if records.has_anonymous() || policy.accept_new_uids => Reason::Compare,
        why => why,
    };
    let large = policy
        .max_size
        .zip(listing.size)
        .is_some_and(|(most, size)| size > most);
    let why = match why {
        Reason::New | Reason::Compare if large => Reason::TooLarge,
        Reason::Seen if policy.all && !large => Reason::New,
        Reason::Compare if policy.all => Reason::New,
        why => why,
    };
    let afterwards = match why {
        Reason::New | Reason::Compare => policy.afterwards(now, now),
        Reason::Seen => policy.afterwards(stored(listing, known).unwrap_or(now), now),
        // The filter is asked later.
        Reason::TooLarge | Reason::Limit | Reason::Left | Reason::Unwanted => Disposition::Keep,
    };
    (why, afterwards)
}

/// How many bytes of a message may come: what the user says, since a listed size is only a hint;
/// else far more than any server is wrong by, but not as many as come when one talks for ever.
fn most(listing: &Listing, policy: &Policy) -> u64 {
    let listed = listing.size.unwrap_or_default();
    let plenty = listed.saturating_mul(WRONG).max(PLENTY);
    policy.max_size.unwrap_or(plenty)
}

/// Tells whether a message was stored, by its UID and size. When fewer were stored than ever shared
/// this UID, or none of this size, only its bytes can tell: it must never be deleted unread.
fn recognise(listing: &Listing, copies: u32, known: Known) -> Reason {
    if listing.uid.is_none() {
        return Reason::Compare;
    }
    if known.is_empty() {
        return Reason::New;
    }
    let ever = known
        .iter()
        .map(|entry| entry.copies)
        .max()
        .unwrap_or(1)
        .max(copies);
    let complete = known.len() >= ever as usize;
    let fits = known.iter().any(|entry| fits(listing, &entry));
    if complete && fits {
        Reason::Seen
    } else {
        Reason::Compare
    }
}

/// Whether the sizes do not contradict each other.
fn fits(listing: &Listing, entry: &Entry) -> bool {
    listing
        .size
        .zip(entry.size)
        .is_none_or(|(listed, stored)| listed == stored)
}

/// When the message was first stored; the latest, if several could be meant.
fn stored(listing: &Listing, known: Known) -> Option<Time> {
    known
        .iter()
        .filter(|entry| fits(listing, entry))
        .map(|entry| entry.stored)
        .max()
}

/// Fails if every UID of a well-known maildrop is new: as many messages as before, or the very
/// same sizes, under other names.
fn suspect(listings: &[Listing], records: &Records) -> Result<()> {
    let uids = || listings.iter().filter_map(|listing| listing.uid.as_ref());
    if uids().any(|uid| !records.of(uid).is_empty()) {
        return Ok(());
    }
    let (listed, known) = (uids().count(), records.expected().count());
    if listed == 0 || known == 0 {
        return Ok(());
    }
    let many = known >= WELL_KNOWN && listed >= WELL_KNOWN && 2 * listed >= known;
    if many || (known >= 2 && same_sizes(listings, records)) {
        return Err(Error::AllNew { listed, known });
    }
    Ok(())
}

/// Whether every size that should be there is listed.
fn same_sizes(listings: &[Listing], records: &Records) -> bool {
    let mut listed: HashMap<u64, usize> = HashMap::new();
    for size in listings.iter().filter_map(|listing| listing.size) {
        *listed.entry(size).or_default() += 1;
    }
    records.expected().all(|entry| {
        let found = entry
            .size
            .and_then(|size| listed.get_mut(&size))
            .filter(|left| **left > 0);
        found.map(|left| *left -= 1).is_some()
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::message::{Digest, MessageNumber};

    const NOW: Time = Time(1_000_000);

    fn policy() -> Policy {
        Policy {
            keep: Keep::Forever,
            all: false,
            limit: None,
            max_size: None,
            order: Order::Oldest,
            accept_new_uids: false,
            drain: false,
            commit_every: None,
            min_interval: None,
        }
    }

    fn listing(number: u32, uid: &str, size: u64) -> Listing {
        let number = MessageNumber(number);
        Listing {
            number,
            size: Some(size),
            uid: Uid::new(uid.as_bytes()),
        }
    }

    fn entry(size: u64, stored: i64) -> Entry {
        Entry {
            size: Some(size),
            stored: Time(stored),
            digest: None,
            copies: 1,
            gone: None,
        }
    }

    fn known(entries: &[(&str, Entry)]) -> Records {
        let mut records = Records::default();
        for (uid, entry) in entries {
            records.know(Uid::new(uid.as_bytes()), entry.clone());
        }
        records
    }

    fn steps(listings: &[Listing], records: &Records, policy: &Policy) -> Result<Vec<Step>> {
        let basis = Basis {
            records,
            policy,
            now: NOW,
            idle: Idle::Told,
        };
        choose(listings, &basis).map(|plan| plan.steps)
    }

    fn reasons(listings: &[Listing], records: &Records, policy: &Policy) -> Vec<Reason> {
        let steps = steps(listings, records, policy).unwrap();
        steps.iter().map(|step| step.why).collect()
    }

    #[test]
    fn the_known_is_settled_and_the_new_retrieved() {
        let records = known(&[("a", entry(5, 0))]);
        let listings = [listing(1, "a", 5), listing(2, "b", 6)];
        assert_eq!(
            reasons(&listings, &records, &policy()),
            [Reason::Seen, Reason::New]
        );
        let all = Policy {
            all: true,
            ..policy()
        };
        assert_eq!(
            reasons(&listings, &records, &all),
            [Reason::New, Reason::New]
        );
    }

    #[test]
    fn the_idle_can_be_counted_and_all_else_stays_the_same() {
        let records = known(&[("old", entry(5, 0)), ("young", entry(5, NOW.0 - 10))]);
        let names = ["young", "old", "young", "new"].into_iter().zip(1..);
        let listings: Vec<_> = names.map(|(uid, number)| listing(number, uid, 5)).collect();
        for (keep, idle) in [(Keep::Forever, 1), (Keep::For(100), 0), (Keep::Not, 0)] {
            let policy = &Policy { keep, ..policy() };
            let records = &records;
            let (now, idle_are) = (NOW, Idle::Counted);
            let basis = Basis {
                records,
                policy,
                now,
                idle: idle_are,
            };
            let plan = choose(&listings, &basis).unwrap();
            let mut all = steps(&listings, records, policy).unwrap();
            all.retain(|step| (step.why, step.afterwards) != (Reason::Seen, Disposition::Keep));
            assert_eq!(
                (format!("{:?}", plan.steps), plan.idle),
                (format!("{all:?}"), idle)
            );
        }
    }

    #[test]
    fn keeping_for_a_time_counts_from_when_it_was_stored() {
        let records = known(&[("old", entry(5, 0)), ("young", entry(5, NOW.0 - 10))]);
        let listings = [
            listing(1, "old", 5),
            listing(2, "young", 5),
            listing(3, "new", 5),
        ];
        let policy = Policy {
            keep: Keep::For(100),
            ..policy()
        };
        let steps = steps(&listings, &records, &policy).unwrap();
        let fates: Vec<_> = steps.iter().map(|step| step.afterwards).collect();
        assert_eq!(
            fates,
            [Disposition::Delete, Disposition::Keep, Disposition::Keep]
        );
    }

    #[test]
    fn a_uid_listed_twice_is_not_taken_for_read_when_one_was() {
        let one = known(&[(
            "a",
            Entry {
                copies: 2,
                ..entry(5, 0)
            },
        )]);
        let twice = [listing(1, "a", 5), listing(2, "a", 5)];
        assert_eq!(reasons(&twice, &one, &policy()), [Reason::Compare; 2]);
        // Even when only one is left: it may be the one that was never read.
        assert_eq!(reasons(&twice[..1], &one, &policy()), [Reason::Compare]);
        let digest = |n| Some(Digest([n; 16]));
        let first = Entry {
            copies: 2,
            digest: digest(1),
            ..entry(5, 0)
        };
        let second = Entry {
            digest: digest(2),
            ..first.clone()
        };
        let both = known(&[("a", first), ("a", second)]);
        assert_eq!(reasons(&twice, &both, &policy()), [Reason::Seen; 2]);
        assert_eq!(
            reasons(&twice, &Records::default(), &policy()),
            [Reason::New; 2]
        );
    }

    #[test]
    fn a_known_uid_of_another_size_is_compared_before_it_is_deleted() {
        let records = known(&[("a", entry(5, 0))]);
        let delete = Policy {
            keep: Keep::Not,
            ..policy()
        };
        assert_eq!(
            reasons(&[listing(1, "a", 6)], &records, &delete),
            [Reason::Compare]
        );
    }

    #[test]
    fn without_uids_everything_is_compared() {
        let listings = [Listing {
            number: MessageNumber(1),
            size: None,
            uid: None,
        }];
        assert_eq!(
            reasons(&listings, &Records::default(), &policy()),
            [Reason::Compare]
        );
        let anonymous = {
            let mut records = Records::default();
            records.know(
                None,
                Entry {
                    digest: Some(Digest([1; 16])),
                    ..entry(5, 0)
                },
            );
            records
        };
        // And when the server has learned UIDs since, nothing is fetched twice for that.
        assert_eq!(
            reasons(&[listing(1, "a", 5)], &anonymous, &policy()),
            [Reason::Compare]
        );
    }

    #[test]
    fn limits_leave_the_rest_and_say_so() {
        let listings = [
            listing(1, "a", 5),
            listing(2, "b", 500),
            listing(3, "c", 5),
            listing(4, "d", 5),
        ];
        let policy = Policy {
            limit: Some(1),
            max_size: Some(100),
            ..policy()
        };
        let none = Records::default();
        let expected = [Reason::New, Reason::TooLarge, Reason::Limit, Reason::Limit];
        assert_eq!(reasons(&listings, &none, &policy), expected);
        let newest = Policy {
            order: Order::Newest,
            ..policy
        };
        let expected = [Reason::New, Reason::Limit, Reason::TooLarge, Reason::Limit];
        assert_eq!(reasons(&listings, &none, &newest), expected);
    }

    #[test]
    fn those_that_share_a_uid_are_counted() {
        let listings = [listing(1, "a", 5), listing(2, "b", 5), listing(3, "a", 5)];
        let steps = steps(&listings, &Records::default(), &policy()).unwrap();
        let nth: Vec<u32> = steps.iter().map(|step| step.nth).collect();
        assert_eq!(nth, [1, 1, 2]);
    }

    #[test]
    fn what_hides_the_rest_is_retrieved_once_more_if_nothing_else_is() {
        let told = Entry {
            digest: Some(Digest([1; 16])),
            ..entry(5, 0)
        };
        let records = known(&[("a", told.clone()), ("b", told), ("untold", entry(5, 0))]);
        let listings = [
            listing(1, "a", 5),
            listing(2, "b", 5),
            listing(3, "untold", 5),
        ];
        let unveiled = |listings: &[Listing], hidden: &[&str]| -> Vec<Reason> {
            let keys = hidden.iter().map(|uid| Uid::new(uid.as_bytes()).unwrap());
            let hidden = keys.map(Key::Uid).collect();
            let mut steps = steps(listings, &records, &policy()).unwrap();
            unveil(&mut steps, &records, &hidden);
            steps.iter().map(|step| step.why).collect()
        };
        use Reason as R;
        assert_eq!(unveiled(&listings, &[]), [R::Compare, R::Compare, R::Seen]);
        assert_eq!(unveiled(&listings, &["a"]), [R::Seen, R::Compare, R::Seen]);
        let more = [&listings[..], &[listing(4, "new", 5)]].concat();
        assert_eq!(unveiled(&more, &[]), [R::Seen, R::Seen, R::Seen, R::New]);
    }

    #[test]
    fn a_login_is_early_until_both_delays_are_over() {
        let login = |at, delay| {
            Some(Login {
                at: Time(at),
                delay,
            })
        };
        let left = |last, interval: Option<u64>, now| {
            early(last, interval.map(Duration::from_secs), Time(now)).map(|left| left.as_secs())
        };
        assert_eq!(left(None, Some(60), 1000), None);
        assert_eq!(left(login(1000, 60), None, 1000), Some(60));
        assert_eq!(left(login(1000, 60), None, 1059), Some(1));
        assert_eq!(left(login(1000, 60), None, 1060), None);
        assert_eq!(left(login(1000, 60), Some(90), 1060), Some(30));
        assert_eq!(left(login(1000, 60), Some(10), 1010), Some(50));
        for set_back in [999, i64::MIN] {
            assert_eq!(left(login(1000, 60), Some(90), set_back), None);
        }
        assert_eq!(left(login(i64::MIN, 60), None, i64::MAX), None);
    }

    #[test]
    fn as_much_of_a_message_may_come_as_the_user_says_or_as_is_plenty() {
        let most = |size: Option<u64>, max_size| {
            let listings = [Listing {
                size,
                ..listing(1, "a", 0)
            }];
            let policy = Policy {
                max_size,
                ..policy()
            };
            let steps = steps(&listings, &Records::default(), &policy);
            steps.unwrap()[0].most
        };
        for size in [None, Some(0), Some(PLENTY / 5)] {
            assert_eq!(most(size, None), PLENTY);
            assert_eq!(most(size, Some(7)), 7);
        }
        assert_eq!(most(Some(PLENTY), None), 4 * PLENTY);
        assert_eq!(most(Some(u64::MAX), None), u64::MAX);
    }

    #[test]
    fn a_maildrop_of_which_every_uid_is_new_is_suspicious() {
        let names = ["a", "b", "c", "d", "e", "f"];
        let old: Vec<_> = names.iter().map(|name| (*name, entry(5, 0))).collect();
        let records = known(&old);
        let fresh: Vec<_> = (1..=6).map(|n| listing(n, &format!("new{n}"), 9)).collect();
        let stopped = steps(&fresh, &records, &policy());
        assert!(matches!(
            stopped,
            Err(Error::AllNew {
                listed: 6,
                known: 6
            })
        ));
        let accept = Policy {
            accept_new_uids: true,
            ..policy()
        };
        assert!(steps(&fresh, &records, &accept).is_ok());
        // A few new ones in a maildrop that somebody emptied are nothing unusual.
        assert!(steps(&fresh[..2], &records, &policy()).is_ok());
        // The very same sizes under other names are, even if they are few.
        let few = known(&[("a", entry(11, 0)), ("b", entry(12, 0))]);
        let moved = [listing(1, "x", 12), listing(2, "y", 11)];
        assert!(steps(&moved, &few, &policy()).is_err());
        assert!(steps(&moved[..1], &few, &policy()).is_ok());
    }
}
