//! Logging in: what is said for each mechanism, which one is chosen, and what a refusal means.

mod choice;
mod mechanisms;
mod proofs;
mod refusals;
mod secrets;
