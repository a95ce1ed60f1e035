//! What each failure means for the run: its exit status, its reach, and whose words it carries. The
//! matches name every variant, so that a new one cannot be forgotten.

use super::{kerberos, Error, ExitStatus, Reach};
use rustix::io::Errno;
use std::io;

impl Error {
    /// Whether replies may have been taken for those to other commands, so that none of them is to be
    /// believed.
    pub fn is_garbled(&self) -> bool {
        matches!(self, Self::OutOfStep(_))
    }

    /// Whether it is not the server's refusal of a message: that stops being an alarm after some runs.
    pub fn is_ours(&self) -> bool {
        use Error as E;
        match self {
            E::NotTo { error, .. } => error.is_ours(),
            E::MdaLater { .. } | E::MdaRefused { .. } => true,
            E::RelayLater { .. } | E::RelayRefused { .. } => true,
            E::RelayLost { .. } | E::RelayInDoubt { .. } => true,
            E::NoHead | E::FilterFailed { .. } => true,
            E::NoRoute(_) | E::NoRecipient | E::Crowd(_) | E::LongHead(_) | E::Loop(_) => true,
            _ => false,
        }
    }

    /// The exit status that this failure stands for.
    #[allow(clippy::too_many_lines, reason = "a line a variant")]
    pub fn status(&self) -> ExitStatus {
        use Error as E;
        match self {
            E::Unreachable { why, .. }
            | E::State { why, .. }
            | E::Destination { why, .. }
            | E::Delivering { why, .. }
                if starved(why) =>
            {
                ExitStatus::System
            }
            E::OutOfStep(error)
            | E::NotTo { error, .. }
            | E::Relay { error, .. }
            | E::Web { error, .. } => error.status(),
            E::TicketUnfit { code, .. } if kerberos::passes(*code) => ExitStatus::TryLater,
            E::Usage(_) => ExitStatus::Usage,
            E::Settings(_)
            | E::NoSettings { .. }
            | E::NoPop { .. }
            | E::NotInserted(_)
            | E::SecretCommand { .. }
            | E::SecretFile { .. }
            | E::PasswordVariable(_)
            | E::NoCredentials(_)
            | E::TlsFile { .. }
            | E::WouldReveal
            | E::NoKerberos(_)
            | E::NoWeb
            | E::NoSignIn(_)
            | E::Uncarriable(_)
            | E::NotSdps(_)
            | E::AllNew { .. }
            | E::OtherMaildrop { .. }
            | E::Unsafe { .. }
            | E::FilterMissing { .. }
            | E::HookMissing { .. }
            | E::NoUids
            | E::ImportForeign { .. }
            | E::MdaMissing { .. } => ExitStatus::Config,
            E::NoPassword
            | E::NotTyped
            | E::NotProven { .. }
            | E::NoStls(_)
            | E::TextBehindStls
            | E::LoginRefused(_)
            | E::LongLoginRefused(_)
            | E::TokenRefused(_)
            | E::TicketRefused(_)
            | E::TicketUnfit { .. }
            | E::Unproven
            | E::NoTicket(_)
            | E::NoKerberosService { .. }
            | E::KerberosFailed { .. }
            | E::OtherChannel(_)
            | E::NotSignedIn(_)
            | E::NoTerminal(_)
            | E::SignInOther { .. }
            | E::SignInEnded { .. }
            | E::SignInRefused(_)
            | E::SignInDenied(_)
            | E::SignInLate
            | E::NotPasted
            | E::NoMechanism(_)
            | E::NoWay(_)
            | E::NoBinding => ExitStatus::NoPermission,
            E::OtherProtocol { .. }
            | E::NotKpop { .. }
            | E::Nonsense { .. }
            | E::LineTooLong(_)
            | E::WebUnfit { .. }
            | E::NoEnvelope(_) => ExitStatus::Protocol,
            E::StateDamaged { .. } | E::State { .. } | E::Destination { .. } => {
                ExitStatus::CannotCreate
            }
            E::Delivering { why, .. } if forbidden(why) => ExitStatus::CannotCreate,
            E::Delivering { .. } => ExitStatus::InputOutput,
            E::System { .. } => ExitStatus::System,
            E::MdaRefused { .. }
            | E::RelayRefused { .. }
            | E::NoRoute(_)
            | E::NoRecipient
            | E::Crowd(_)
            | E::LongHead(_)
            | E::HookFailed { later: false, .. }
            | E::Import { .. }
            | E::NotRemembered(_)
            | E::Loop(_) => ExitStatus::Data,
            E::HostNotFound { .. } => ExitStatus::NoHost,
            E::Unreachable { .. }
            | E::SourceAddress { .. }
            | E::Proxy { .. }
            | E::Tunnel { .. }
            | E::TlsFailed { .. }
            | E::NoServer(_)
            | E::ServerBroken(_) => ExitStatus::Unavailable,
            E::TimedOut { .. }
            | E::Deadline(_)
            | E::Cut { .. }
            | E::Interrupted
            | E::GreetingRefused(_)
            | E::KerberosAway(_)
            | E::SignInTrouble(_)
            | E::InUse(_)
            | E::LoginDelay { .. }
            | E::ServerTrouble(_)
            | E::OffersMore
            | E::NotAsListed
            | E::MessageRefused(_)
            | E::TooLong(_)
            | E::LeftAmid
            | E::QuitRefused(_)
            | E::Dismissed(_)
            | E::OutOfSync(_)
            | E::AtWork { .. }
            | E::AccountBusy(_)
            | E::MaildropBusy(_)
            | E::MboxBusy(_)
            | E::NoHead
            | E::FilterFailed { .. }
            | E::HookFailed { later: true, .. }
            | E::DeliveryInDoubt(_)
            | E::MdaLater { .. }
            | E::RelayLater { .. }
            | E::RelayLost { .. }
            | E::RelayInDoubt { .. } => ExitStatus::TryLater,
            E::Bug(_) => ExitStatus::Software,
        }
    }

    /// How far this failure reaches.
    #[allow(clippy::too_many_lines, reason = "a line a variant")]
    pub fn reach(&self) -> Reach {
        use Error as E;
        match self {
            E::OutOfStep(error) | E::NotTo { error, .. } => error.reach(),
            E::NotAsListed
            | E::MessageRefused(_)
            | E::NoEnvelope(_)
            | E::MdaLater { .. }
            | E::MdaRefused { .. }
            | E::RelayLater { .. }
            | E::RelayRefused { .. }
            | E::RelayLost { .. }
            | E::RelayInDoubt { .. }
            | E::NoRoute(_)
            | E::NoRecipient
            | E::Crowd(_)
            | E::LongHead(_)
            | E::NoHead
            | E::FilterFailed { .. }
            | E::Loop(_) => Reach::Message,
            E::HostNotFound { .. }
            | E::Unreachable { .. }
            | E::TimedOut { .. }
            | E::Deadline(_)
            | E::Cut { .. }
            | E::SourceAddress { .. }
            | E::Proxy { .. }
            | E::Tunnel { .. }
            | E::TlsFailed { .. }
            | E::NotProven { .. }
            | E::TextBehindStls
            | E::Unproven
            | E::OtherChannel(_)
            | E::Dismissed(_)
            | E::OutOfSync(_)
            | E::TooLong(_)
            | E::LeftAmid
            | E::OtherProtocol { .. }
            | E::NotKpop { .. }
            | E::Nonsense { .. }
            | E::LineTooLong(_) => Reach::Line,
            E::Settings(_)
            | E::NoSettings { .. }
            | E::NoPop { .. }
            | E::NoServer(_)
            | E::NotInserted(_)
            | E::Usage(_)
            | E::NoPassword
            | E::NotTyped
            | E::SecretCommand { .. }
            | E::SecretFile { .. }
            | E::PasswordVariable(_)
            | E::NoCredentials(_)
            | E::Interrupted
            | E::NoStls(_)
            | E::TlsFile { .. }
            | E::GreetingRefused(_)
            | E::LoginRefused(_)
            | E::LongLoginRefused(_)
            | E::TokenRefused(_)
            | E::TicketRefused(_)
            | E::TicketUnfit { .. }
            | E::NoTicket(_)
            | E::KerberosAway(_)
            | E::NoKerberosService { .. }
            | E::KerberosFailed { .. }
            | E::NoKerberos(_)
            | E::InUse(_)
            | E::LoginDelay { .. }
            | E::ServerTrouble(_)
            | E::ServerBroken(_)
            | E::WouldReveal
            | E::NoMechanism(_)
            | E::NoWay(_)
            | E::NoBinding
            | E::Uncarriable(_)
            | E::OffersMore
            | E::NotSdps(_)
            | E::QuitRefused(_)
            | E::AllNew { .. }
            | E::OtherMaildrop { .. }
            | E::StateDamaged { .. }
            | E::State { .. }
            | E::AtWork { .. }
            | E::AccountBusy(_)
            | E::MaildropBusy(_)
            | E::Unsafe { .. }
            | E::Destination { .. }
            | E::Delivering { .. }
            | E::MboxBusy(_)
            | E::FilterMissing { .. }
            | E::HookFailed { .. }
            | E::HookMissing { .. }
            | E::NoUids
            | E::Import { .. }
            | E::ImportForeign { .. }
            | E::NotRemembered(_)
            | E::DeliveryInDoubt(_)
            | E::MdaMissing { .. }
            | E::Relay { .. }
            | E::Web { .. }
            | E::WebUnfit { .. }
            | E::NoWeb
            | E::NotSignedIn(_)
            | E::NoSignIn(_)
            | E::NoTerminal(_)
            | E::SignInOther { .. }
            | E::SignInEnded { .. }
            | E::SignInRefused(_)
            | E::SignInDenied(_)
            | E::SignInLate
            | E::SignInTrouble(_)
            | E::NotPasted
            | E::System { .. }
            | E::Bug(_) => Reach::Account,
        }
    }

    /// Our own error out of the reader that carried it.
    pub fn from_reader(error: io::Error) -> Self {
        Self::from_transport(error, "a message")
    }

    /// The error over a file that could not be read: the system's own if it had nothing left to give,
    /// else this one.
    pub fn unread(
        why: io::Error,
        doing: &'static str,
        otherwise: impl FnOnce(io::Error) -> Self,
    ) -> Self {
        match starved(&why) {
            true => Self::System { doing, why },
            false => otherwise(why),
        }
    }

    /// What a transport failed with meanwhile: our own error, if it carries one.
    pub fn from_transport(error: io::Error, during: &'static str) -> Self {
        error.downcast::<Self>().unwrap_or_else(|why| Self::Cut {
            during,
            why: Some(why),
        })
    }

    /// What somebody else said about it, raw: the server, the MDA, a password command.
    pub fn words(&self) -> Option<&[u8]> {
        match self {
            Self::OutOfStep(error)
            | Self::NotTo { error, .. }
            | Self::Relay { error, .. }
            | Self::Web { error, .. }
            | Self::RelayLost { error, .. }
            | Self::RelayInDoubt { error, .. } => error.words(),
            Self::NoStls(words)
            | Self::GreetingRefused(words)
            | Self::Nonsense { got: words, .. }
            | Self::LoginRefused(words)
            | Self::LongLoginRefused(words)
            | Self::TokenRefused(words)
            | Self::TicketRefused(words)
            | Self::TicketUnfit { said: words, .. }
            | Self::NotKpop { said: words, .. }
            | Self::OtherChannel(words)
            | Self::NoTicket(words)
            | Self::KerberosAway(words)
            | Self::NoKerberosService { said: words, .. }
            | Self::KerberosFailed { said: words, .. }
            | Self::InUse(words)
            | Self::LoginDelay { said: words, .. }
            | Self::ServerTrouble(words)
            | Self::ServerBroken(words)
            | Self::MessageRefused(words)
            | Self::NotSdps(words)
            | Self::NoEnvelope(words)
            | Self::Dismissed(words)
            | Self::NoRoute(words)
            | Self::OutOfSync(words)
            | Self::QuitRefused(words)
            | Self::SignInEnded { said: words, .. }
            | Self::SignInRefused(words)
            | Self::SignInDenied(words)
            | Self::SignInTrouble(words)
            | Self::SecretCommand { said: words, .. }
            | Self::Tunnel { said: words, .. }
            | Self::FilterFailed { said: words, .. }
            | Self::HookFailed { said: words, .. }
            | Self::MdaLater { said: words, .. }
            | Self::MdaRefused { said: words, .. }
            | Self::RelayLater { said: words, .. }
            | Self::RelayRefused { said: words, .. }
                if !words.is_empty() =>
            {
                Some(words)
            }
            _ => None,
        }
    }
}

/// Whether the system had nothing left to give: descriptors, memory, processes.
pub fn starved(why: &io::Error) -> bool {
    let errno = why.raw_os_error().map(Errno::from_raw_os_error);
    let scarce = [Errno::MFILE, Errno::NFILE, Errno::NOMEM, Errno::NOBUFS];
    errno.is_some_and(|errno| scarce.contains(&errno))
}

/// Whether the system does not let us write there, whatever we try: that will not pass by itself.
fn forbidden(why: &io::Error) -> bool {
    let errno = why.raw_os_error().map(Errno::from_raw_os_error);
    let locked = [Errno::ACCESS, Errno::PERM, Errno::ROFS];
    errno.is_some_and(|errno| locked.contains(&errno))
}
