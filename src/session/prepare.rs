//! The first steps of the road, before the network: the memory is loaded, what an earlier run began
//! is settled, and the destination is opened.

use super::{now, Account};
use crate::delivery::{self, Delivery, Fate, Sender};
use crate::error::Result;
use crate::event::{Events, Notice};
use crate::seen::{Access, Identity, Key, Memory};
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
) -> Result<Box<dyn Delivery>> {
    resume(memory, events)?;
    let voice = Rc::clone(events);
    let sender = Sender {
        account: account.name.clone(),
        user: account.login.user.clone(),
        mark: memory.mark().into(),
        spool: account
            .place
            .directory
            .join(format!("{}.spool", account.name)),
        notice: Box::new(move |notice| voice.notice(notice)),
    };
    let delivery = delivery::open(&account.destination, sender)?;
    delivery.sweep()?;
    Ok(delivery)
}

/// Finds out what became of the deliveries that are claimed and not remembered. The last one first:
/// in an mbox they stand one behind the other, and a torn tail can only be cut off from its end.
fn resume(memory: &mut Memory, events: &Events) -> Result<()> {
    for (id, begun) in memory.begun().into_iter().rev() {
        match delivery::resume(&begun.claim, begun.entry.stored, now(), memory.mark())? {
            Fate::Delivered => {
                memory.done(id, id)?;
                events.notice(Notice::Finished);
            }
            Fate::Undone => memory.void(id)?,
            Fate::Unknown => {
                memory.void(id)?;
                let uid = match begun.key {
                    Key::Uid(uid) => Some(uid),
                    Key::Digest(_) => None,
                };
                events.notice(Notice::InDoubt {
                    destination: delivery::claimed_for(&begun.claim),
                    uid,
                });
            }
        }
    }
    Ok(())
}
