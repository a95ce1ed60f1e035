//! What another program remembers of its messages, and where it keeps it.

use super::place::{Remark, Spot, Weight};
use super::said::Said;
use super::Tool;
use crate::message::Uid;
use std::rc::Rc;

/// A message that another program has fetched.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    /// The server, if the record tells whose it is.
    pub server: Option<Vec<u8>>,
    /// The user there.
    pub user: Option<Vec<u8>>,
    /// The UID, as far as it is known.
    pub uid: Uid,
    /// When it was first seen, in seconds since 1970, if that is known.
    pub first: Option<i64>,
    /// Whether each `-` of the UID may stand for a `/` at the server.
    pub doubtful: bool,
}

impl Entry {
    /// A message of which the UID alone is known, if a server may send such a one.
    pub fn of(uid: &[u8]) -> Option<Self> {
        Some(Self {
            server: None,
            user: None,
            uid: Uid::new(uid)?,
            first: None,
            doubtful: false,
        })
    }

    /// Whose it is, as this program tells users apart.
    pub fn owner(&self, tool: Tool) -> Owner {
        Owner::new(tool, self.server.as_deref(), self.user.as_deref())
    }

    /// The same, of this maildrop.
    pub fn at(self, server: &[u8], user: &[u8]) -> Self {
        Self {
            server: Some(server.to_vec()),
            user: Some(user.to_vec()),
            ..self
        }
    }
}

/// Where the record of an account is, and which of its entries are meant.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RecordAt {
    /// The files, as the settings name them; the first that exists counts.
    pub paths: Vec<Said>,
    /// The server by which its entries name the account.
    pub server: Vec<u8>,
    /// The user by which they name it.
    pub user: Vec<u8>,
}

impl RecordAt {
    /// Whose entries belong to the account, as far as they tell, the one who is told in full first.
    pub fn owners(&self, tool: Tool) -> [Owner; 4] {
        let (server, user) = (Some(&*self.server), Some(&*self.user));
        let owners = [(server, user), (server, None), (None, user), (None, None)];
        owners.map(|(server, user)| Owner::new(tool, server, user))
    }
}

/// The maildrop that an entry names, or what it tells of it.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Owner(Option<Vec<u8>>, Option<Vec<u8>>);

impl Owner {
    /// Servers are the same in any case, and users are to fetchmail.
    fn new(tool: Tool, server: Option<&[u8]>, user: Option<&[u8]>) -> Self {
        let same = |user: &[u8]| match tool {
            Tool::Fetchmail => user.to_ascii_lowercase(),
            _ => user.to_vec(),
        };
        Self(server.map(<[u8]>::to_ascii_lowercase), user.map(same))
    }
}

/// So many damaged lines of a record are named; of the rest the count is told.
const NAMED: usize = 5;

/// What was read of a record.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Record {
    /// What its good lines say.
    pub entries: Vec<Entry>,
    file: Rc<str>,
    /// The first lines that are damaged, and the number of the others.
    named: Vec<usize>,
    more: usize,
}

impl Record {
    /// Nothing yet of this file.
    pub fn new(file: &Rc<str>) -> Self {
        Self {
            entries: Vec::new(),
            file: Rc::clone(file),
            named: Vec::new(),
            more: 0,
        }
    }

    /// Takes what a line says; if that is nothing it is damaged.
    pub fn take(&mut self, line: usize, entry: Option<Entry>) {
        match entry {
            Some(entry) => self.entries.push(entry),
            None if self.named.len() < NAMED => self.named.push(line),
            None => self.more += 1,
        }
    }

    /// What is said of the lines that are damaged: at most a few, the rest counted.
    pub fn damaged(&self) -> Vec<Remark> {
        let remark = |line: usize, why: &str| {
            let spot = Spot::new(&self.file, line);
            Remark::new(&spot, "record", why, Weight::Lost)
        };
        let why = "this line is damaged and was passed by; its message may be fetched again";
        let named = self.named.iter().map(|line| remark(*line, why));
        let more = self.named.last().filter(|_| self.more > 0).map(|line| {
            let why = format!("so are {} more lines below", self.more);
            remark(*line, &why)
        });
        named.chain(more).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_few_damaged_lines_are_named_and_the_rest_counted() {
        let mut record = Record::new(&"oldmail".into());
        record.take(1, Entry::of(b"a"));
        assert_eq!(record.damaged(), []);
        for line in 2..=9 {
            record.take(line, Entry::of(b"no\x01uid"));
        }
        record.take(10, Entry::of(b"b"));
        assert_eq!(record.entries.len(), 2);
        let told: Vec<String> = record.damaged().iter().map(Remark::to_string).collect();
        assert_eq!(told.len(), 6, "{told:?}");
        let why = "this line is damaged and was passed by; its message may be fetched again";
        assert_eq!(told[0], format!("oldmail:2: record: {why}"));
        assert_eq!(told[5], "oldmail:6: record: so are 3 more lines below");
    }
}
