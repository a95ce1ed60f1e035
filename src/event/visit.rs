//! What a visit is for, and how far it has come.

/// What a visit is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mode {
    /// Fetching.
    Fetch,
    /// Saying what a fetch would do.
    DryRun,
    /// Saying what is waiting.
    Check,
    /// Saying what is waiting, and remembering what listed UIDs show of those that were taken over.
    Settle,
    /// Saying what is there, message by message.
    List,
    /// Saying what the server offers.
    Probe,
    /// Remembering what is there as seen.
    Mark,
}

impl Mode {
    /// The word for it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Fetch => "fetch",
            Self::DryRun => "dry_run",
            Self::Check | Self::Settle => "check",
            Self::List => "list",
            Self::Probe => "probe",
            Self::Mark => "mark",
        }
    }
}

/// The stages of a visit, in order.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Stage {
    /// Locking the account and preparing the destination.
    Preparing,
    /// Getting the password.
    Password,
    /// Finding and reaching the server.
    Connecting,
    /// Waiting for the greeting and what the server can do.
    Greeting,
    /// Agreeing on TLS.
    Securing,
    /// Logging in.
    LoggingIn,
    /// Asking what is there.
    Listing,
    /// Retrieving and delivering messages.
    Retrieving,
    /// Deleting and saying goodbye.
    Quitting,
}

impl Stage {
    /// The word for it in errors and on progress bars.
    pub fn name(self) -> &'static str {
        match self {
            Self::Preparing => "preparing",
            Self::Password => "password",
            Self::Connecting => "connecting",
            Self::Greeting => "greeting",
            Self::Securing => "securing",
            Self::LoggingIn => "login",
            Self::Listing => "listing",
            Self::Retrieving => "retrieving",
            Self::Quitting => "quitting",
        }
    }
}
