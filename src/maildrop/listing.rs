//! What a POP3 maildrop holds: STAT, UIDL and LIST (RFC 1939, sections 5 and 7), joined by message
//! number. UIDL is tried whatever CAPA says, which is not to be believed about it; where STAT and
//! the lists disagree, the lists are.

use super::ahead::Command;
use super::pop3::Pop3;
use super::syntax::{self, refusal, Code, Reply};
use super::{Scan, Sizes};
use crate::error::{Error, Result};
use crate::message::{Copies, Listing, MessageNumber};
use std::collections::HashSet;

/// More messages than this are believed only if they are listed: a count costs the server nothing.
const UNLISTED: u32 = 100_000;
/// More messages with the same UID are a crowd.
const CROWD: u32 = 1000;

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
        let uids = list(pop3, Command::Uidl, |line, count| {
            let (number, uid) = syntax::uidl_line(line, count)?;
            let size = None;
            Ok(Listing { number, size, uid })
        })?;
        listings = telling(uids.unwrap_or_default());
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
    let sizes = list(pop3, Command::List, |line, count| {
        let (number, size) = syntax::list_line(line, count)?;
        let uid = None;
        Ok(Listing { number, size, uid })
    })?;
    let unlisted = |n| Listing {
        number: MessageNumber(n),
        size: None,
        uid: None,
    };
    let sizes = match sizes {
        Some(sizes) => sizes,
        None if count > UNLISTED => {
            let got = format!("{count} messages and no list").into_bytes();
            return Err(Error::Nonsense {
                expected: "a maildrop",
                got,
            });
        }
        None => (1..=count).map(unlisted).collect(),
    };
    Ok(join(scan.listings, sizes))
}

/// Asks for a list and takes its lines; `None` if the server refuses to give it.
fn list(
    pop3: &mut Pop3,
    command: Command,
    parse: impl Fn(&[u8], u32) -> Result<Listing>,
) -> Result<Option<Vec<Listing>>> {
    match pop3.ask(command, "a list")? {
        Reply::Err(Some(code @ (Code::SysTemp | Code::OutSync)), text) => {
            return Err(refusal(Some(code), &text))
        }
        Reply::Err(..) => return Ok(None),
        Reply::Ok(_) | Reply::Challenge(_) => {}
    }
    let (mut rows, count) = (Vec::<Listing>::new(), pop3.count);
    let mut numbers = HashSet::new(); // of a list that is out of order
    let read = pop3.talk.lines(count, |line| {
        let row = parse(line, count)?;
        let ascends = rows.last().is_none_or(|last| last.number < row.number);
        if !ascends && numbers.is_empty() {
            numbers.extend(rows.iter().map(|row| row.number));
        }
        let orderly = ascends && numbers.is_empty();
        // At once: a list that repeats itself may go on for ever.
        if !orderly && !numbers.insert(row.number) {
            let got = format!("{}: {} twice", command.keyword(), row.number.0).into_bytes();
            let expected = "each message once";
            return Err(Error::Nonsense { expected, got });
        }
        rows.push(row);
        Ok(())
    });
    read.map_err(|error| pop3.doubt(error))?;
    rows.sort_by_key(|row| row.number);
    Ok(Some(rows))
}

/// Takes away the UIDs that a crowd of messages shares: they tell no message from another, and to
/// look for each among all the others would take for ever. The bytes still tell.
fn telling(mut listings: Vec<Listing>) -> Vec<Listing> {
    if listings.len() <= CROWD as usize {
        return listings;
    }
    let copies = Copies::of(&listings);
    if copies.are_none() {
        return listings;
    }
    let crowded = |row: &Listing| {
        row.uid
            .as_ref()
            .is_some_and(|uid| copies.count(uid) > CROWD)
    };
    let crowd: Vec<bool> = listings.iter().map(crowded).collect();
    for (listing, crowded) in listings.iter_mut().zip(crowd) {
        listing.uid = listing.uid.take().filter(|_| !crowded);
    }
    listings
}

/// Joins UIDs to sizes by message number, by which both are in order. Messages in either list count.
fn join(mut listings: Vec<Listing>, sizes: Vec<Listing>) -> Vec<Listing> {
    let (mut at, mut others) = (0, Vec::new());
    for sized in sizes {
        while listings
            .get(at)
            .is_some_and(|row| row.number < sized.number)
        {
            at += 1;
        }
        match listings.get_mut(at) {
            Some(row) if row.number == sized.number => row.size = sized.size,
            _ => others.push(sized),
        }
    }
    listings.append(&mut others);
    listings.sort_by_key(|row| row.number);
    listings
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::message::Uid;

    #[test]
    fn a_uid_that_a_crowd_shares_tells_nothing() {
        let listed = |crowd: u32| {
            let same = std::iter::repeat_n("same", crowd as usize)
                .chain(["other"])
                .zip(1..);
            let listings = same.map(|(uid, n)| Listing {
                number: MessageNumber(n),
                size: None,
                uid: Uid::new(uid.as_bytes()),
            });
            let listings = telling(listings.collect());
            let known = listings.iter().filter(|listing| listing.uid.is_some());
            (listings.len() as u32, known.count() as u32)
        };
        assert_eq!(listed(CROWD), (CROWD + 1, CROWD + 1));
        assert_eq!(listed(CROWD + 1), (CROWD + 2, 1));
    }

    #[test]
    fn messages_in_either_list_count() {
        let row = |number, size, uid: &str| Listing {
            number: MessageNumber(number),
            size,
            uid: Uid::new(uid.as_bytes()),
        };
        let uids = [(1, "a"), (3, "c"), (4, "d"), (7, "g")];
        let sizes = [(2, 20), (3, 30), (5, 50), (7, 70), (8, 80)];
        let uids = uids.map(|(number, uid)| row(number, None, uid));
        let sizes = sizes.map(|(number, size)| row(number, Some(size), ""));
        let joined = [
            row(1, None, "a"),
            row(2, Some(20), ""),
            row(3, Some(30), "c"),
            row(4, None, "d"),
            row(5, Some(50), ""),
            row(7, Some(70), "g"),
            row(8, Some(80), ""),
        ];
        assert_eq!(join(uids.to_vec(), sizes.to_vec()), joined);
        assert_eq!(join(sizes.to_vec(), Vec::new()), sizes);
        assert_eq!(join(Vec::new(), sizes.to_vec()), sizes);
    }
}
