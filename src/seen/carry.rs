//! A memory as text that is carried to another machine, and taken over there. What means something on
//! one machine only stays behind: the mark of its files, deliveries in doubt, what was noted of the
//! server. The format is documented in popget.yaml(5).

use super::text::{self, Line, Words};
use super::{Entry, Identity, Key, Known, Login, Memory, Records};
use crate::error::Result;
use crate::message::{Digest, Time, Uid};
use std::collections::{BTreeMap, HashMap};

/// What the first line says.
const HEADER: &str = "popget-export 1";

/// One account's part of such a text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Carried {
    /// Whose it is.
    pub identity: Identity,
    lines: Vec<Line>,
}

/// What a memory gains by taking over such a text.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Gain {
    /// So many messages were not known.
    pub new: usize,
    /// So many were, and are older than was known.
    pub earlier: usize,
    /// So many were known just so.
    pub known: usize,
}

impl Carried {
    /// Of messages of which the UID alone is known, and when each was first seen; in the doubtful ones
    /// a `-` may stand for a `/`.
    pub fn of(identity: Identity, messages: Vec<(Uid, Time)>, doubtful: Vec<Uid>) -> Self {
        let line = |(uid, stored)| {
            let entry = Entry {
                size: None,
                stored,
                digest: None,
                copies: 1,
                gone: None,
            };
            Line::Seen(Key::Uid(uid), entry)
        };
        let doubts = doubtful.into_iter().map(Line::Doubt);
        let lines = messages.into_iter().map(line).chain(doubts).collect();
        Self { identity, lines }
    }

    /// Of several accounts, as one text.
    pub fn text(all: &[Self]) -> String {
        let mut out = format!("{HEADER}\n");
        let mut count = 0;
        for carried in all {
            let Identity { name, user, server } = &carried.identity;
            let words = [name, user, server].map(|word| text::escaped(word.as_bytes()));
            out += &format!("account {}\n", words.join(" "));
            carried
                .lines
                .iter()
                .for_each(|line| text::write(&mut out, line));
            count += 1 + carried.lines.len();
        }
        out + &format!("end {count}\n")
    }
}

/// Reads such a text. Says in which line it is none.
pub fn carried(text: &[u8]) -> Result<Vec<Carried>, (usize, &'static str)> {
    let mut all: Vec<Carried> = Vec::new();
    let whole = text.strip_suffix(b"\n").ok_or((0, "it does not end"));
    let mut lines = (1..).zip(whole.unwrap_or(text).split(|byte| *byte == b'\n'));
    if lines
        .next()
        .is_none_or(|(_, line)| line != HEADER.as_bytes())
    {
        return Err((1, "this is no export of popget, or one of a newer popget"));
    }
    let mut ended = None;
    for (number, line) in lines {
        if ended.is_some() {
            return Err((number, "there is more behind its end"));
        }
        let said = read(line).ok_or((number, "this line is not understood"))?;
        match (said, all.last_mut()) {
            (Said::Account(identity), _) => {
                if all.iter().any(|other| other.identity.name == identity.name) {
                    return Err((number, "this account stands there twice"));
                }
                let lines = Vec::new();
                all.push(Carried { identity, lines });
            }
            (Said::Line(line), Some(carried)) => carried.lines.push(line),
            (Said::Line(_), None) => return Err((number, "this belongs to no account")),
            (Said::End(count), _) if count + 2 == number => ended = Some(number),
            (Said::End(_), _) => return Err((number, "lines are missing above its end")),
        }
    }
    match ended {
        Some(_) => whole.map(|_| all),
        None => Err((
            all.len().max(1),
            "it is cut off: its last line, end, is missing",
        )),
    }
}

/// What a line of such a text says.
enum Said {
    Account(Identity),
    Line(Line),
    End(usize),
}

fn read(line: &[u8]) -> Option<Said> {
    let mut words = Words(Some(line));
    match words.next()? {
        b"account" => {
            let mut word = || text::string(words.next()?);
            let (name, user, server) = (word()?, word()?, word()?);
            let identity = Identity { name, user, server };
            words.next().is_none().then_some(Said::Account(identity))
        }
        b"end" => {
            let count = std::str::from_utf8(words.next()?).ok()?.parse().ok()?;
            words.next().is_none().then_some(Said::End(count))
        }
        _ => match text::parse(line)? {
            line @ (Line::Seen(..)
            | Line::Part(..)
            | Line::Fail(..)
            | Line::Login(_)
            | Line::Doubt(_)) => Some(Said::Line(line)),
            _ => None,
        },
    }
}

impl Memory {
    /// All of it that can be carried.
    pub fn carry(&self) -> Carried {
        let carries = |line: &Line| {
            matches!(
                line,
                Line::Seen(..) | Line::Part(..) | Line::Fail(..) | Line::Login(_) | Line::Doubt(_)
            )
        };
        Carried {
            identity: self.identity.clone(),
            lines: self.whole().filter(carries).collect(),
        }
    }

    /// Takes over what another memory of this maildrop knew, without writing it down. Of what both
    /// know, what was first stored earlier counts.
    pub fn take_in(&mut self, carried: Carried) -> Gain {
        let mut gain = Gain::default();
        let mut entries: Vec<(Key, Vec<Entry>)> = Vec::new();
        let mut places: HashMap<Key, usize> = HashMap::new();
        let mut parts: BTreeMap<(Key, Digest, Vec<u8>), (usize, Time)> = BTreeMap::new();
        let mut doubts = Vec::new();
        for line in carried.lines {
            match line {
                Line::Seen(key, entry) => {
                    let at = *places.entry(key.clone()).or_insert(entries.len());
                    match entries.get_mut(at) {
                        Some((_, all)) => all.push(entry),
                        None => entries.push((key, vec![entry])),
                    }
                }
                Line::Part(key, digest, time, place) => {
                    let part = parts.entry((key, digest, place)).or_insert((0, time));
                    *part = (part.0 + 1, part.1.max(time));
                }
                Line::Fail(key, count) => self.records.take_failure(key, count),
                Line::Login(login) => self.records.take_login(login),
                Line::Doubt(uid) => doubts.push(uid),
                _ => {}
            }
        }
        // Before what is known of them, by which they would seem settled.
        self.records.take_doubts(&doubts);
        for (key, theirs) in entries {
            let ours = self.records.entries.get(&key);
            let ours = ours.map_or(Known::default(), |ours| ours.known());
            let both = united(ours.iter().collect(), theirs, &mut gain);
            self.records.failures.remove(&key);
            self.put(key, both);
        }
        self.records.take_parts(parts);
        gain
    }

    /// Writes down, durably, what was taken over.
    pub fn keep(&mut self) -> Result<()> {
        self.replace()
    }
}

impl Records {
    fn take_failure(&mut self, key: Key, count: u32) {
        if self.entries.get(&key).is_none() {
            let ours = self.failures.entry(key).or_default();
            *ours = count.max(*ours);
        }
    }

    fn take_login(&mut self, login: Login) {
        self.login = match self.login {
            Some(ours) if ours.at >= login.at => Some(ours),
            _ => Some(login),
        };
    }

    /// As many copies as both have, not as they have together.
    fn take_parts(&mut self, theirs: BTreeMap<(Key, Digest, Vec<u8>), (usize, Time)>) {
        let mut ours: HashMap<(Key, Digest, Vec<u8>), usize> = HashMap::new();
        for line in self.parts.lines() {
            if let Line::Part(key, digest, _, place) = line {
                *ours.entry((key, digest, place)).or_default() += 1;
            }
        }
        for (part, (count, time)) in theirs {
            let have = ours.get(&part).copied().unwrap_or(0);
            let (key, digest, place) = part;
            for _ in have..count {
                self.parts.add(&(key.clone(), digest), time, place.clone());
            }
        }
    }
}

/// The entries under one key, ours with theirs: each of theirs is one of ours, if its bytes do not
/// tell otherwise.
fn united(ours: Vec<Entry>, theirs: Vec<Entry>, gain: &mut Gain) -> Vec<Entry> {
    let mut all: Vec<(Entry, bool)> = ours.into_iter().map(|entry| (entry, false)).collect();
    for entry in theirs {
        let same = |met: &(Entry, bool)| !met.1 && met.0.digest == entry.digest;
        let may_be =
            |met: &(Entry, bool)| !met.1 && (met.0.digest.is_none() || entry.digest.is_none());
        let at = all.iter().position(same);
        let at = at.or_else(|| all.iter().position(may_be));
        let Some((known, met)) = at.and_then(|at| all.get_mut(at)) else {
            gain.new += 1;
            all.push((entry, true));
            continue;
        };
        match entry.stored < known.stored {
            true => gain.earlier += 1,
            false => gain.known += 1,
        }
        *met = true;
        *known = Entry {
            size: known.size.or(entry.size),
            stored: known.stored.min(entry.stored),
            digest: known.digest.or(entry.digest),
            copies: known.copies.max(entry.copies),
            // Whoever looked last knows best; what is there for one of them is remembered longer.
            gone: known
                .gone
                .zip(entry.gone)
                .map(|(one, other)| one.max(other)),
        };
    }
    all.into_iter().map(|(entry, _)| entry).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEXT: &str = "popget-export 1\naccount work alice%20b pop.example.org\n\
        seen a 5 9 000102030405060708090a0b0c0d0e0f 1\nseen b - 10 - 2 77\n\
        part c 000102030405060708090a0b0c0d0e0f 8 maildir%20x\nfail d - 2\nlogin 7 900\n\
        account home bob h\nend 7\n";

    #[test]
    fn what_is_carried_reads_back_as_it_was_written() {
        let all = carried(TEXT.as_bytes()).unwrap();
        assert_eq!(all.len(), 2);
        assert_eq!(all[0].identity.user, "alice b");
        assert_eq!(Carried::text(&all), TEXT);
    }

    #[test]
    fn a_text_that_is_cut_off_or_altered_is_refused() {
        for end in 0..TEXT.len() {
            assert!(carried(&TEXT.as_bytes()[..end]).is_err(), "{end}");
        }
        for (from, to) in [
            ("popget-export 1", "popget-export 2"),
            ("seen a", "gone a"),
            ("end 7", "end 6"),
            ("fail d - 2\n", ""),
            ("account home", "account work"),
            ("end 7\n", "end 7\nend 7\n"),
        ] {
            assert!(carried(TEXT.replace(from, to).as_bytes()).is_err(), "{to}");
        }
        let headless = "popget-export 1\nseen b - 10 - 2\nend 1\n";
        assert_eq!(carried(headless.as_bytes()).unwrap_err().0, 2);
    }

    #[test]
    fn of_what_both_know_the_earlier_counts() {
        let entry = |digest: Option<u8>, stored| Entry {
            size: Some(1),
            stored: Time(stored),
            digest: digest.map(|byte| Digest([byte; 16])),
            copies: 1,
            gone: None,
        };
        let mut gain = Gain::default();
        let ours = vec![entry(Some(1), 9), entry(None, 5)];
        let theirs = vec![entry(Some(1), 3), entry(Some(2), 7), entry(Some(3), 8)];
        let both = united(ours, theirs, &mut gain);
        let told: Vec<_> = both.iter().map(|it| (it.stored.0, it.digest)).collect();
        let digest = |byte| Some(Digest([byte; 16]));
        assert_eq!(told, [(3, digest(1)), (5, digest(2)), (8, digest(3))]);
        let expected = Gain {
            new: 1,
            earlier: 1,
            known: 1,
        };
        assert_eq!(gain, expected);
    }
}
