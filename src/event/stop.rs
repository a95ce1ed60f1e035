//! What asks a run to stop.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::Arc;

/// Whether a signal has asked us to stop, and which; looked at between messages and while waiting.
#[derive(Clone, Default)]
pub struct Stop(pub Arc<AtomicUsize>);

impl Stop {
    /// The signal that asked us to stop, if one did.
    pub fn signal(&self) -> Option<usize> {
        match self.0.load(Ordering::Relaxed) {
            0 => None,
            signal => Some(signal),
        }
    }
}
