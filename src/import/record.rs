//! What another program remembers of one message, and where it keeps it.

use super::said::Said;

/// A message that another program has fetched.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    /// The server, if the record tells whose it is.
    pub server: Option<Vec<u8>>,
    /// The user there.
    pub user: Option<Vec<u8>>,
    /// The UID, as far as it is known.
    pub uid: Vec<u8>,
    /// When it was first seen, in seconds since 1970, if that is known.
    pub first: Option<i64>,
    /// Whether each `-` of the UID may stand for a `/` at the server.
    pub doubtful: bool,
}

impl Entry {
    /// A message of which the UID alone is known.
    pub fn of(uid: &[u8]) -> Self {
        Self {
            server: None,
            user: None,
            uid: uid.to_vec(),
            first: None,
            doubtful: false,
        }
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
    /// Whether an entry belongs to the account: servers are the same in any case, and so are users
    /// where the program says so.
    pub fn has(&self, entry: &Entry) -> bool {
        let same = |known: &Option<Vec<u8>>, own: &[u8]| {
            known
                .as_ref()
                .is_none_or(|known| known.eq_ignore_ascii_case(own))
        };
        same(&entry.server, &self.server) && same(&entry.user, &self.user)
    }
}
