//! The tests of what a user can see, with the real binary against servers on this machine.
//!
//! One crate for all of them, so that they are linked once. What belongs in each:
//!
//! - `house`: that sources, manual pages, completions and README keep the rules of the house
//! - `settings`: the configuration file and the flags over it
//! - `status`: every exit status, and which wins
//! - `accounts`: several accounts in one run, and signals
//! - `shard`: accounts divided among many machines
//! - `packaging`: what packagers are given: the installed tree, units, recipes
//! - `reporting`: what is said, where and how
//! - `support_itself`, `scenes_themselves`: that the servers below tests/support/ do what they say,
//!   and that its conversations and scenes are strict
//! - `promises`: the six promises, each by the shortest way that could break it
//! - `retrieval`: what is on the server arrives, whatever the server does
//! - `pipelining`: what is sent ahead, and servers that do not bear it
//! - `login`: who may be told the password, and what a refusal means
//! - `oauth`: signing in with a provider, and the tokens that follow from it
//! - `offers`: what is remembered of what a server can do; `turns`: how often the distance to it
//!   is paid for
//! - `pop1`, `pop2`: the older protocols, from the greeting to the goodbye
//! - `memory`: what is known is known again, and nothing else is
//! - `deletion`: what goes on the server, and when
//! - `tls`: who is believed, and that nothing is said to anybody else
//! - `rehearsal`: the dry run says what would be done, and does none of it
//! - `check`, `list`, `probe`: the commands that look and touch nothing; `json`: events for programs
//! - `setup`: from an address to an account that works
//! - `providers`: what providers do otherwise than RFC 1939 has it, and what is made of it
//! - `servers`: servers that exist, with their manners, a conversation file each
//! - `signals`: SIGTERM and SIGINT in the middle of it all
//! - `maildir`, `mbox`, `mda`, `lmtp`, `smtp`: what other programs see of a delivery
//! - `several`, `multidrop`: one message to several places, to all or by recipient
//! - `hooks`: what runs before and after a fetch
//! - `state`: the memory shown, altered and carried; `config`: the configuration written out, and
//!   its schema; `completions`: names of accounts in the shells
//! - `import`: what other programs fetched is not fetched again
//! - `filter`: what a program says that is shown the head
//! - `trace`: the lines above a message that tell how it came
//! - `security`: what other users, those who start popget, and senders can do to it, and what not
//! - `fearful`: messages too large, too long, or odd just where a buffer ends. POPGET_FEARFUL=long
//!   makes a GiB of what is large
//! - `dovecot`: against a server that others wrote
//! - `others`: against the other POP servers that Debian has
//! - `sdps`: envelopes that the server tells; `kpop`: a Kerberos ticket before the greeting
//! - `hostile`: servers that lie, flood, fall silent and leave, each within a bound on memory
//! - `picture`: the picture in the README, drawn from real runs
//! - `peers`: other programs fetch the same messages, and a table tells who alters what
//! - `crash`: killed or failed at every step, then run again
//! - `powercut`: what the disk keeps when the power fails, in the worst order
//! - `bench`: that the comparison with other programs can be made

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
mod bench;
mod check;
mod completions;
mod config;
mod crash;
mod deletion;
mod dovecot;
mod fearful;
mod filter;
mod gssapi;
mod hooks;
mod hostile;
mod house;
mod import;
mod json;
mod kpop;
mod list;
mod lmtp;
mod login;
mod maildir;
mod mbox;
mod mda;
mod memory;
mod multidrop;
#[cfg(feature = "https")]
mod oauth;
mod offers;
mod others;
mod packaging;
mod peers;
mod picture;
mod pipelining;
mod pop1;
mod pop2;
mod powercut;
mod probe;
mod promises;
mod providers;
mod rehearsal;
mod reporting;
mod retrieval;
mod route;
mod scenes_themselves;
mod sdps;
mod secrets;
mod security;
mod servers;
mod settings;
mod setup;
mod several;
mod shard;
mod signals;
mod smtp;
mod state;
mod status;
mod support_itself;
mod tls;
mod trace;
mod turns;
