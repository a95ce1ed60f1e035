//! The memory file, as far as tests write or read it: the one place that knows its format.

use std::collections::BTreeMap;
use std::time::Duration;

/// A message the memory is to know before a run.
#[derive(Clone)]
pub struct Seen {
    /// Its UID.
    pub uid: String,
    /// How long ago it was first seen.
    pub age: Duration,
}

/// The text of a memory that knows these messages.
pub fn written(account: &str, user: &str, host: &str, now: u64, seen: &[Seen]) -> String {
    let mut text = format!("popget-seen 1\naccount {account} {user} {host} 0123456789ab\n");
    for message in seen {
        let time = now.saturating_sub(message.age.as_secs());
        text += &format!("seen {} - {time} - 1\n", encoded(&message.uid));
    }
    text
}

/// The UIDs a memory knows, sorted: those that stand there as seen, and those whose claims are done.
pub fn uids(text: &str) -> Vec<String> {
    let mut claims = BTreeMap::new();
    let mut uids = Vec::new();
    for line in text.lines() {
        match line.split(' ').collect::<Vec<_>>().as_slice() {
            ["seen", uid, ..] => uids.push(decoded(uid)),
            ["claim", id, uid, ..] => drop(claims.insert(number(id), decoded(uid))),
            ["done", first, rest @ ..] => {
                let last = rest.first().unwrap_or(first);
                uids.extend((number(first)..=number(last)).filter_map(|id| claims.remove(&id)));
            }
            _ => {}
        }
    }
    uids.sort();
    uids
}

/// What a memory says in the end, times left out: a line for each message, for each delivery begun
/// and not finished, and for each count of failures. Equal for equal stories, however they went.
pub fn settled(text: &str) -> Vec<String> {
    let mut records: Vec<(String, String, bool)> = Vec::new();
    let mut claims = BTreeMap::new();
    let mut failures = BTreeMap::new();
    for line in text.lines() {
        let words: Vec<&str> = line.split(' ').collect();
        match words.as_slice() {
            ["seen", uid, size, _, digest, copies, gone @ ..] => {
                let uid = (*uid).to_owned();
                records.push((uid, format!("{size} {digest} {copies}"), !gone.is_empty()));
            }
            ["claim", id, uid, size, _, digest, copies, ..] => {
                let record = (
                    (*uid).to_owned(),
                    format!("{size} {digest} {copies}"),
                    false,
                );
                claims.insert(number(id), record);
            }
            ["done", first, rest @ ..] => {
                let last = rest.first().unwrap_or(first);
                for id in number(first)..=number(last) {
                    let record = claims.remove(&id);
                    records.push(record.unwrap_or_else(|| panic!("{id} is done unclaimed")));
                    records.last().map(|(uid, ..)| failures.remove(uid));
                }
            }
            ["void", id] => drop(claims.remove(&number(id))),
            [word @ ("gone" | "back"), uid, ..] => {
                let of_it = records.iter_mut().filter(|(known, ..)| known == uid);
                of_it.for_each(|record| record.2 = *word == "gone");
            }
            ["fail", uid, _, count] => drop(failures.insert((*uid).to_owned(), *count)),
            ["popget-seen" | "account" | "size" | "login" | "offers" | "part" | "took", ..] => {}
            _ => panic!("a line of the memory that tests do not know: {line}"),
        }
    }
    let records = records
        .into_iter()
        .map(|(uid, rest, gone)| format!("seen {uid} {rest} gone: {gone}"));
    let open = claims
        .into_values()
        .map(|(uid, ..)| format!("claimed {uid}"));
    let failures = failures
        .into_iter()
        .map(|(uid, count)| format!("failed {uid} {count}"));
    let mut lines: Vec<String> = records.chain(open).chain(failures).collect();
    lines.sort();
    lines
}

fn number(word: &str) -> u64 {
    word.parse()
        .unwrap_or_else(|_| panic!("not a number: {word}"))
}

fn encoded(uid: &str) -> String {
    let one = |byte: u8| match byte {
        b'%' => "%25".to_owned(),
        0x21..=0x7e => char::from(byte).to_string(),
        _ => format!("%{byte:02X}"),
    };
    uid.bytes().map(one).collect()
}

fn decoded(text: &str) -> String {
    let mut pieces = text.split('%');
    let mut bytes = pieces.next().unwrap_or_default().as_bytes().to_vec();
    for piece in pieces {
        let octet = piece
            .get(..2)
            .and_then(|digits| u8::from_str_radix(digits, 16).ok());
        bytes.push(octet.unwrap_or_else(|| panic!("not percent-encoded: {text}")));
        bytes.extend_from_slice(&piece.as_bytes()[2..]);
    }
    String::from_utf8_lossy(&bytes).into_owned()
}
