//! What a POP3 maildrop holds: STAT, UIDL and LIST (RFC 1939, sections 5 and 7), joined by message
//! number. UIDL is tried whatever CAPA says, which is not to be believed about it; where STAT and
//! the lists disagree, the lists are.

use super::ahead::Command;
use super::pop3::Pop3;
use super::syntax::{self, refusal, Code, Reply};
use super::{Scan, Sizes};
use crate::error::{Error, Result};
use crate::message::{Listing, MessageNumber, Uid};
use std::collections::{HashMap, HashSet};

/// More messages than this are believed only if they are listed: a count costs the server nothing.
const UNLISTED: u32 = 100_000;
/// More messages with the same UID are a crowd.
const CROWD: usize = 1000;

/// STAT and UIDL; LIST is only asked for ahead, if it will be wanted.
pub fn scan(pop3: &mut Pop3, sizes: Sizes) -> Result<Scan> {
    match sizes {
        Sizes::Now => pop3.foretell(&[Command::Stat, Command::Uidl, Command::List])?,
        Sizes::Perhaps => pop3.foretell(&[Command::Stat, Command::Uidl])?,
    }
    let (count, octets) = match pop3.ask(Command::Stat, "the answer to STAT")? {
        Reply::Ok(text) | Reply::Challenge(text) => {
            syntax::stat(&text).map_err(|error| pop3.doubt(pop3.talk.veiled(error)))?
        }
        Reply::Err(code, text) => return Err(refusal(code, &text)),
    };
    pop3.count = count;
    let mut listings = Vec::new();
    if count > 0 {
        let uids = list(pop3, Command::Uidl, syntax::uidl_line)?;
        listings = telling(join(uids.unwrap_or_default(), Vec::new()));
    }
    let complete = listings.len() == count as usize;
    let octets = octets.filter(|_| complete);
    Ok(Scan { listings, octets })
}

/// LIST, joined to the UIDs.
pub fn weigh(pop3: &mut Pop3, scan: Scan) -> Result<Vec<Listing>> {
    let count = pop3.count;
    if count == 0 {
        return Ok(scan.listings);
    }
    let sizes = match list(pop3, Command::List, syntax::list_line)? {
        Some(sizes) => sizes,
        None if count > UNLISTED => {
            let got = format!("{count} messages and no list").into_bytes();
            return Err(Error::Nonsense {
                expected: "a maildrop",
                got,
            });
        }
        None => (1..=count).map(|n| (MessageNumber(n), None)).collect(),
    };
    let uids = scan.listings.into_iter().map(|row| (row.number, row.uid));
    Ok(join(uids.collect(), sizes))
}

/// Asks for a list and takes its lines; `None` if the server refuses to give it.
fn list<T>(
    pop3: &mut Pop3,
    command: Command,
    parse: impl Fn(&[u8], u32) -> Result<(MessageNumber, T)>,
) -> Result<Option<Vec<(MessageNumber, T)>>> {
    match pop3.ask(command, "a list")? {
        Reply::Err(Some(code @ (Code::SysTemp | Code::OutSync)), text) => {
            return Err(refusal(Some(code), &text))
        }
        Reply::Err(..) => return Ok(None),
        Reply::Ok(_) | Reply::Challenge(_) => {}
    }
    let (mut rows, count) = (Vec::new(), pop3.count);
    let mut numbers = HashSet::new(); // of a list that is out of order
    let read = pop3.talk.lines(count, |line| {
        let row = parse(line, count)?;
        let ascends = rows.last().is_none_or(|(last, _)| *last < row.0);
        if !ascends && numbers.is_empty() {
            numbers.extend(rows.iter().map(|(number, _)| *number));
        }
        let orderly = ascends && numbers.is_empty();
        // At once: a list that repeats itself may go on for ever.
        if !orderly && !numbers.insert(row.0) {
            let got = format!("{}: {} twice", command.keyword(), row.0 .0).into_bytes();
            let expected = "each message once";
            return Err(Error::Nonsense { expected, got });
        }
        rows.push(row);
        Ok(())
    });
    read.map_err(|error| pop3.doubt(error))?;
    rows.sort_by_key(|(number, _)| *number);
    Ok(Some(rows))
}

/// Takes away the UIDs that a crowd of messages shares: they tell no message from another, and to
/// look for each among all the others would take for ever. The bytes still tell.
fn telling(mut listings: Vec<Listing>) -> Vec<Listing> {
    let mut shared: HashMap<Uid, usize> = HashMap::new();
    for uid in listings.iter().filter_map(|listing| listing.uid.clone()) {
        *shared.entry(uid).or_default() += 1;
    }
    shared.retain(|_, count| *count > CROWD);
    for listing in &mut listings {
        listing.uid = listing.uid.take().filter(|uid| !shared.contains_key(uid));
    }
    listings
}

/// Joins UIDs to sizes by message number. Messages in either list count.
fn join(
    uids: Vec<(MessageNumber, Option<Uid>)>,
    sizes: Vec<(MessageNumber, Option<u64>)>,
) -> Vec<Listing> {
    let mut uids = uids.into_iter().peekable();
    let mut listings = Vec::with_capacity(sizes.len());
    for (number, size) in sizes {
        while let Some((number, uid)) = uids.next_if(|(earlier, _)| *earlier < number) {
            listings.push(Listing {
                number,
                size: None,
                uid,
            });
        }
        let uid = uids
            .next_if(|(same, _)| *same == number)
            .and_then(|(_, uid)| uid);
        listings.push(Listing { number, size, uid });
    }
    listings.extend(uids.map(|(number, uid)| Listing {
        number,
        size: None,
        uid,
    }));
    listings
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_uid_that_a_crowd_shares_tells_nothing() {
        let listed = |crowd: usize| {
            let same = std::iter::repeat_n("same", crowd).chain(["other"]).zip(1..);
            let listings = same.map(|(uid, n)| Listing {
                number: MessageNumber(n),
                size: None,
                uid: Uid::new(uid.as_bytes()),
            });
            let listings = telling(listings.collect());
            let known = listings.iter().filter(|listing| listing.uid.is_some());
            (listings.len(), known.count())
        };
        assert_eq!(listed(CROWD), (CROWD + 1, CROWD + 1));
        assert_eq!(listed(CROWD + 1), (CROWD + 2, 1));
    }
}
