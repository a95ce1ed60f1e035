//! What popget can be told to do, one file a command.

pub mod check;
pub mod completions;
pub mod config;
pub mod fetch;
pub mod import;
pub mod list;
pub mod login;
pub mod probe;
pub mod setup;
pub mod state;
pub mod version;
