//! What a server offers to anybody who looks. Foreign text throughout: whoever shows it escapes it.

use crate::message::Time;
use std::time::Duration;

/// A look at a server.
#[derive(Debug)]
pub struct Probed {
    /// Its host.
    pub host: String,
    /// The port that was looked at.
    pub port: u16,
    /// How TLS was to be used there: `implicit`, `starttls` or `none`.
    pub tls: &'static str,
    /// What was found.
    pub offered: Offered,
}

/// What a server offers.
#[derive(Debug)]
pub struct Offered {
    /// What it greets with, behind `+OK`.
    pub greeting: Vec<u8>,
    /// What it said it can do before TLS was started, if it was asked and said so.
    pub clear: Option<Vec<Vec<u8>>>,
    /// What it says it can do on the line as it is in the end.
    pub capabilities: Option<Vec<Vec<u8>>>,
    /// The mechanisms for logging in that it names.
    pub mechanisms: Vec<Vec<u8>>,
    /// The TLS in use, if there is any.
    pub protection: Option<Protection>,
    /// How long an answer takes.
    pub round_trip: Option<Duration>,
}

/// The TLS in use, as far as the library tells.
#[derive(Debug)]
pub struct Protection {
    /// The version of TLS.
    pub version: Option<String>,
    /// The cipher suite.
    pub cipher: Option<String>,
    /// The SHA-256 of the certificate.
    pub fingerprint: String,
    /// Whose it is.
    pub subject: Option<String>,
    /// Who issued it.
    pub issuer: Option<String>,
    /// From when until when it holds.
    pub valid: Option<(Time, Time)>,
    /// The host names and addresses that it is for.
    pub names: Vec<String>,
    /// Whether a run would go on.
    pub trusted: Trusted,
}

/// Whether a certificate is accepted.
#[derive(Debug, PartialEq, Eq)]
pub enum Trusted {
    /// It proves that the server is the one that was meant.
    Yes,
    /// It does not, for this reason.
    No(String),
    /// Nobody asked, as the settings say.
    Unchecked,
}
