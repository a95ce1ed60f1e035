//! `popget config`: what the configuration means, for people and for programs.

use super::fetch::Ended;
use crate::cli::Fetch;
use crate::config;
use crate::error::ExitStatus;
use crate::report;

/// Prints the configuration as it is meant.
pub fn print(flags: &Fetch) -> anyhow::Result<Ended> {
    done(config::written_out(flags)?)
}

/// Prints the names of the accounts.
pub fn names(flags: &Fetch) -> anyhow::Result<Ended> {
    let names = config::names(flags)?;
    done(names.iter().map(|name| format!("{name}\n")).collect())
}

/// Prints the JSON Schema of the configuration.
pub fn schema() -> anyhow::Result<Ended> {
    done(format!("{:#}\n", config::schema()))
}

fn done(text: String) -> anyhow::Result<Ended> {
    report::pour(text.as_bytes())?;
    Ok(Ended::With(ExitStatus::Fine))
}
