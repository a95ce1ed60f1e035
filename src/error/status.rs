//! The exit statuses: numbers of sysexits.h, in the order of gravity that the manual page gives.

/// The exit statuses of popget, gravest first: the order in which they win over each other.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum ExitStatus {
    /// 70: a bug in popget.
    Software,
    /// 78: the configuration is wrong, missing or unsafe.
    Config,
    /// 77: the server refused the login, or did not prove who it is.
    NoPermission,
    /// 76: the server does not keep to the protocol.
    Protocol,
    /// 73: the destination or the state cannot be written.
    CannotCreate,
    /// 74: input or output failed while delivering.
    InputOutput,
    /// 71: the operating system failed us.
    System,
    /// 65: a message that no destination will ever take.
    Data,
    /// 68: the host name was not found.
    NoHost,
    /// 69: cannot connect, or the service refuses for good.
    Unavailable,
    /// 75: try again later.
    TryLater,
    /// 64: wrong usage of the command line (alone: nothing else was tried).
    Usage,
    /// 1: all well and nothing new, when that was asked to be told.
    Nothing,
    /// 0: all well.
    Fine,
}

impl ExitStatus {
    /// Whether it may well be over by the next run.
    pub fn is_passing(self) -> bool {
        matches!(self, Self::NoHost | Self::Unavailable | Self::TryLater)
    }

    /// The number that the process exits with.
    pub fn code(self) -> u8 {
        match self {
            Self::Fine => 0,
            Self::Nothing => 1,
            Self::Usage => 64,
            Self::Data => 65,
            Self::NoHost => 68,
            Self::Unavailable => 69,
            Self::Software => 70,
            Self::System => 71,
            Self::CannotCreate => 73,
            Self::InputOutput => 74,
            Self::TryLater => 75,
            Self::Protocol => 76,
            Self::NoPermission => 77,
            Self::Config => 78,
        }
    }
}
