//! What is on the server arrives, whole and unchanged, and what a server may do wrong harms
//! nothing but itself.

mod bodies;
mod failures;
mod greetings;
mod listings;
mod losses;
mod replies;
mod utf8;
