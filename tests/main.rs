//! The tests of what a user can see, with the real binary against servers on this machine.
//!
//! One crate for all of them, so that they are linked once. What belongs in each:
//!
//! - `house`: that sources, manual pages, completions and README keep the rules of the house
//! - `settings`: the configuration file and the flags over it
//! - `status`: every exit status, and which wins
//! - `accounts`: several accounts in one run, and signals
//! - `reporting`: what is said, where and how
//! - `support_itself`, `scenes_themselves`: that the servers below tests/support/ do what they say,
//!   and that its conversations and scenes are strict
//! - `retrieval`: what is on the server arrives, whatever the server does

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "in a test a failure to prepare is a failure of the test"
)]

#[allow(
    dead_code,
    reason = "a fluent vocabulary; not every word is used at every time"
)]
mod support;

mod accounts;
mod house;
mod reporting;
mod retrieval;
mod scenes_themselves;
mod settings;
mod status;
mod support_itself;
