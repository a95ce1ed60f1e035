//! The first steps of the road, before the network: the memory is loaded, what an earlier run began
//! is settled, and the destination is opened.

use super::{now, Account};
use crate::delivery::{self, Claimed, Delivery, Fate, Sender};
use crate::error::Result;
use crate::event::{Events, Notice, Stop};
use crate::folder;
use crate::seen::{Access, Begun, Ended, Identity, Key, Memory};
use std::rc::Rc;

/// Loads the memory and sees that it is this maildrop's.
pub(super) fn recall(account: &Account, access: Access, events: &Events) -> Result<Memory> {
    let identity = Identity {
        name: account.name.clone(),
        user: account.login.user.clone(),
        server: account
            .routes
            .first()
            .map_or(String::new(), |first| first.host.to_ascii_lowercase()),
    };
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
    let directory = &account.place.directory;
    let spool = directory.join(format!("{}.spool", account.name));
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
    Ok(delivery)
}

/// Finds out what became of the deliveries that are claimed and not remembered. What is found is
/// remembered before other programs may change it, and what is in doubt said before it is forgotten.
fn resume(memory: &mut Memory, events: &Events) -> Result<()> {
    let begun = memory.begun();
    let claims: Vec<Claimed> = begun.iter().map(|(_, begun)| claimed(begun)).collect();
    let resumed = delivery::resume(&claims, now(), memory.mark())?;
    let mut ended = Ended::default();
    for ((id, begun), fate) in begun.iter().zip(&resumed.fates) {
        match fate {
            Fate::Delivered => ended.done.push(*id),
            Fate::Undone => ended.void.push(*id),
            Fate::Unknown => {
                ended.void.push(*id);
                events.notice(in_doubt(begun));
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

fn in_doubt(begun: &Begun) -> Notice {
    let uid = match &begun.key {
        Key::Uid(uid) => Some(uid.clone()),
        Key::Digest(_) => None,
    };
    let destination = delivery::claimed_for(&begun.claim);
    Notice::InDoubt { destination, uid }
}
