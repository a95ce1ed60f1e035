//! The voice of an account, lent to those whom it outlives or shared with the others.

use super::Events;
use std::ops::Deref;
use std::rc::Rc;

/// Somebody's hold on a voice.
#[derive(Clone)]
pub enum Voice<'e> {
    /// Somebody else keeps it.
    Lent(&'e Events),
    /// Whoever goes last lets it go.
    Shared(Rc<Events>),
}

impl Deref for Voice<'_> {
    type Target = Events;

    fn deref(&self) -> &Events {
        match self {
            Self::Lent(events) => events,
            Self::Shared(events) => events,
        }
    }
}

impl<'e> From<&'e Events> for Voice<'e> {
    fn from(events: &'e Events) -> Self {
        Self::Lent(events)
    }
}

impl From<Rc<Events>> for Voice<'static> {
    fn from(events: Rc<Events>) -> Self {
        Self::Shared(events)
    }
}
