//! The first steps of the road, before the network: the memory is loaded, what an earlier run began
//! is settled, and the destination is opened.

use super::{now, Account};
use crate::delivery::{self, Claimed, Delivery, Fate, Sender, Share};
use crate::delivery::{Passage, Trace, Traced};
use crate::error::Result;
use crate::event::{Events, Notice, Stop};
use crate::folder;
use crate::seen::{Access, Begun, Ended, Key, Memory, Undone};
use std::rc::Rc;

/// Loads the memory and sees that it is this maildrop's.
pub(super) fn recall(account: &Account, access: Access, events: &Events) -> Result<Memory> {
    let identity = account.identity();
    let (mut memory, torn) = Memory::recall(&account.place, &identity, access)?;
    if torn {
        events.notice(Notice::TornState);
    }
    let owner = memory.owner();
    if (&owner.user, &owner.server) != (&identity.user, &identity.server) {
        // Nothing can be mixed up where nothing is remembered: perhaps a first try had a typing error.
        if !account.policy.accept_new_uids && !memory.records().is_blank() {
            return Err(memory.foreign());
        }
        if access == Access::Write {
            memory.adopt(&identity)?;
        }
    }
    Ok(memory)
}

/// Settles what an earlier run began and could not finish, and opens the destination. In this order:
/// opening makes what is missing, and a Maildir that was just made tells nothing of old deliveries.
pub(super) fn prepare(
    account: &Account,
    memory: &mut Memory,
    events: &Rc<Events>,
    stop: &Stop,
) -> Result<Box<dyn Delivery>> {
    resume(memory, events)?;
    let spool = account.spool();
    // A run that was killed, or a power cut, may have left it; if it stays it is only in the way.
    let _ = folder::clear(&spool);
    let voice = Rc::clone(events);
    let sender = Sender {
        account: account.name.clone(),
        user: account.login.user.clone(),
        mark: memory.mark().into(),
        spool,
        notice: Box::new(move |notice| voice.notice(notice)),
        events: Rc::clone(events),
        stop: stop.clone(),
    };
    let delivery = delivery::open(&account.destination, sender)?;
    delivery.sweep()?;
    Ok(match account.trace == Trace::default() {
        true => delivery,
        false => Box::new(Traced::over(
            delivery,
            &account.trace,
            passage(account, events),
        )),
    })
}

/// From where messages come, when one comes.
fn passage(account: &Account, events: &Rc<Events>) -> impl Fn() -> Passage {
    let protocol = account.protocol.name();
    let (name, routes, events) = (
        account.name.clone(),
        account.routes.clone(),
        Rc::clone(events),
    );
    move || {
        let visited = events.visited();
        let mut routes = routes.iter();
        let route = routes.find(|route| route.written == visited);
        Passage {
            server: route.map_or(String::new(), |route| route.host.clone()),
            protocol,
            account: name.clone(),
            now: now(),
        }
    }
}

/// Finds out what became of the deliveries that are claimed and not remembered. What is found is
/// remembered before other programs may change it, and what is in doubt said before it is forgotten.
fn resume(memory: &mut Memory, events: &Events) -> Result<()> {
    let begun = memory.begun();
    let claims: Vec<Claimed> = begun.iter().map(|(_, begun)| claimed(begun)).collect();
    let resumed = delivery::resume(&claims, now(), memory.mark())?;
    let mut ended = Ended::default();
    for ((id, begun), shares) in begun.iter().zip(&resumed.shares) {
        let has = |share: &&Share| share.fate == Fate::Delivered;
        let (took, lacking): (Vec<_>, Vec<_>) = shares.iter().partition(has);
        // What was noted at once needs no doubt, and need not be noted again.
        let noted = |share: &&Share| begun.took.contains(&share.place);
        let lacking: Vec<_> = lacking.into_iter().filter(|share| !noted(share)).collect();
        if lacking.is_empty() {
            ended.done.push(*id);
            continue;
        }
        let took = took.into_iter().map(|share| share.place.clone());
        ended.undone.push(Undone {
            id: *id,
            took: took.collect(),
        });
        for share in lacking {
            if share.fate == Fate::Unknown {
                events.notice(in_doubt(begun, share));
            }
        }
    }
    memory.settle(&ended)?;
    drop(resumed);
    let done = ended.done.iter();
    done.for_each(|_| events.notice(Notice::Finished));
    Ok(())
}

fn claimed(begun: &Begun) -> Claimed<'_> {
    Claimed {
        words: &begun.claim,
        begun: begun.entry.stored,
    }
}

fn in_doubt(begun: &Begun, share: &Share) -> Notice {
    let uid = match &begun.key {
        Key::Uid(uid) => Some(uid.clone()),
        Key::Digest(_) => None,
    };
    let destination = share.destination.clone();
    Notice::InDoubt { destination, uid }
}
