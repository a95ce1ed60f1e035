//! Every place a secret may come from, and that it goes nowhere but to the server.

mod places;
mod terminal;
mod walk;
