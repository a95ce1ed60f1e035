//! What holds of plans, whatever is listed and remembered.

use super::{choose, Basis, Idle, Keep, Order, Policy, Reason, Step};
use crate::error::Error;
use crate::message::{Disposition, Listing, MessageNumber, Time, Uid};
use crate::seen::{self, Records};

/// Up to an empty line stands what is remembered, behind it what is listed: a UID a line, with a
/// size before it.
pub fn plan(input: &[u8]) {
    let (lines, listed) = match memchr::memmem::find(input, b"\n\n") {
        Some(at) => (&input[..=at], &input[at + 2..]),
        None => (&[][..], input),
    };
    let Some(memory) = seen::properties::remembered(lines) else {
        return;
    };
    let records = memory.records();
    let rows = listed.split(|b| *b == b'\n').zip(1..);
    let listings: Vec<Listing> = rows.map(|(line, n)| listing(line, n)).collect();
    weighs(&listings, records);
    for (keep, order) in [
        (Keep::Forever, Order::Oldest),
        (Keep::For(86_400), Order::Newest),
        (Keep::Not, Order::Oldest),
    ] {
        for (all, limit, accept_new_uids) in [(false, None, false), (true, Some(2), true)] {
            let policy = Policy {
                keep,
                all,
                limit,
                max_size: Some(1000),
                order,
                accept_new_uids,
                drain: false,
                commit_every: None,
                min_interval: None,
            };
            let basis = |idle| Basis {
                records,
                policy: &policy,
                now: Time(1_700_000_000),
                idle,
            };
            match choose(&listings, &basis(Idle::Told)) {
                Ok(plan) => {
                    holds(&plan.steps, &listings, records, &policy);
                    let fewer = choose(&listings, &basis(Idle::Counted)).ok();
                    let all = fewer.map(|plan| plan.steps.len() + plan.idle as usize);
                    assert_eq!(all, Some(plan.steps.len()));
                }
                Err(error) => assert!(matches!(error, Error::AllNew { .. })),
            }
        }
    }
}

/// The remembered sizes are given only if they make up the sum that is told.
fn weighs(listings: &[Listing], records: &Records) {
    let mut weighed = listings.to_vec();
    weighed.iter_mut().for_each(|listing| listing.size = None);
    let sum = listings.iter().filter_map(|listing| listing.size);
    let sum = sum.fold(0, u64::saturating_add);
    assert!(!records.weigh(&mut weighed.clone(), None));
    if records.weigh(&mut weighed, Some(sum)) {
        let sizes = weighed.iter().map(|listing| listing.size);
        assert_eq!(sizes.sum::<Option<u64>>(), Some(sum));
    }
}

fn listing(line: &[u8], n: u32) -> Listing {
    let (size, uid) = match line.iter().position(|b| *b == b' ') {
        Some(at) => (&line[..at], &line[at + 1..]),
        None => (&[][..], line),
    };
    Listing {
        number: MessageNumber(n),
        size: String::from_utf8_lossy(size).parse().ok(),
        uid: Uid::new(uid),
    }
}

/// Each message has one step; what is not retrieved goes only if it was stored before; no more are
/// taken than are wanted.
fn holds(steps: &[Step], listings: &[Listing], records: &Records, policy: &Policy) {
    let mut numbers: Vec<u32> = steps.iter().map(|step| step.listing.number.0).collect();
    numbers.sort_unstable();
    assert!(numbers
        .into_iter()
        .eq(listings.iter().map(|one| one.number.0)));
    for step in steps {
        let goes = step.afterwards == Disposition::Delete;
        assert!(!(goes && policy.keep == Keep::Forever));
        let known = step.listing.uid.as_ref();
        let known = known.is_some_and(|uid| !records.of(uid).is_empty());
        match step.why {
            Reason::Seen => assert!(known),
            Reason::TooLarge | Reason::Limit => assert!(!goes),
            Reason::New | Reason::Compare | Reason::Left | Reason::Unwanted => {}
        }
    }
    let taken = steps.iter().filter(|step| step.why == Reason::New).count();
    assert!(policy.limit.is_none_or(|limit| taken as u64 <= limit));
}
