//! The servers of an account, which are tried in turn, as the numbers of a dial-up line were: the
//! next one at once when one cannot be reached or the line drops, and on from there.

use crate::net::Route;

/// The servers, and whose turn it is.
pub struct Servers<'r> {
    routes: &'r [Route],
    turn: usize,
}

impl<'r> Servers<'r> {
    /// Begins with the first.
    pub fn new(routes: &'r [Route]) -> Self {
        Self { routes, turn: 0 }
    }

    /// The one whose turn it is.
    pub fn current(&self) -> Option<&'r Route> {
        self.routes.get(self.turn)
    }

    /// From now on it is the turn of the next one; behind the last, of the first.
    pub fn pass(&mut self) {
        self.turn = (self.turn + 1) % self.routes.len().max(1);
    }

    /// How many stand in for the one whose turn it is.
    pub fn others(&self) -> usize {
        self.routes.len().saturating_sub(1)
    }
}
