//! `popget check`: what is waiting, without touching it.

use super::fetch::{self, Ended};
use crate::cli::Fetch;
use crate::event::Mode;
use crate::report::Options;

/// Counts what is waiting at the accounts.
pub fn run(flags: &Fetch, exit_empty: bool, options: Options) -> anyhow::Result<Ended> {
    let visited = fetch::visit(flags, Mode::Check, options)?;
    Ok(visited.ended(exit_empty))
}
