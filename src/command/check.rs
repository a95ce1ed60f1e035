//! `popget check`: what is waiting, without touching it.

use super::fetch::{self, Ended};
use crate::cli::Fetch;
use crate::event::Mode;
use crate::report::Options;

/// Counts what is waiting at the accounts.
pub fn run(flags: &Fetch, exit_empty: bool, options: Options) -> anyhow::Result<Ended> {
    fetch::visit(flags, Mode::Check, fetch::empty(exit_empty), options)
}
