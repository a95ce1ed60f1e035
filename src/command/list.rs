//! `popget list`: each message that is on the server, without touching it.

use super::fetch::{self, Ended};
use crate::cli::Fetch;
use crate::error::ExitStatus;
use crate::event::Mode;
use crate::report::Options;

/// Lists what is at the accounts.
pub fn run(flags: &Fetch, options: Options) -> anyhow::Result<Ended> {
    fetch::visit(flags, Mode::List, ExitStatus::Fine, options)
}
