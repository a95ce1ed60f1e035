//! Every way in which popget can fail, each with its sentence, its advice, its exit status and its
//! reach. The server's own words are a field of their own, never glued into our sentence; `report`
//! escapes and shows them. Numbers are those of sysexits.h, in the order of gravity that the manual
//! page gives. This file is long because each failure stands here with its facts, and nothing else.

mod kerberos;
mod meaning;
mod status;
mod telling;

pub use status::ExitStatus;
pub use telling::{local_advice, plain};

use std::fmt;
use std::io;
use std::path::PathBuf;
use std::time::Duration;

/// The result of anything that can fail in popget's own ways.
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// How far a failure reaches, and so what may go on after it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reach {
    /// This message only: the next one follows.
    Message,
    /// This account: nothing more is retrieved, but the session is ended properly.
    Account,
    /// The line: the dialogue is out of step or gone, the connection is dropped without QUIT.
    Line,
}

/// Where something is wrong in a configuration file, and what.
#[derive(Debug)]
pub struct Mistake {
    /// The file as the user named it.
    pub file: String,
    /// Line and column, from 1, where they are known.
    pub place: Option<(usize, usize)>,
    /// The key, dotted: `accounts.work.port`; empty for the file as a whole.
    pub key: String,
    /// What is wrong with it, in lower case.
    pub what: String,
}

impl fmt::Display for Mistake {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.file)?;
        if let Some((line, column)) = self.place {
            write!(f, ":{line}:{column}")?;
        }
        if !self.key.is_empty() {
            write!(f, ": {}", self.key)?;
        }
        write!(f, ": {}", self.what)
    }
}

/// A failure. The variants go from the settings over the network to the disk.
#[cfg_attr(not(feature = "gssapi"), allow(dead_code))] // what only Kerberos says
#[derive(Debug)]
pub enum Error {
    /// The configuration file, or something that it refers to, is wrong.
    Settings(Box<Mistake>),
    /// No configuration file was found.
    NoSettings {
        /// The places that were looked at.
        places: Vec<PathBuf>,
        /// Whether somebody named the place.
        named: bool,
        /// Why the user's home is none of them, where it should be.
        homeless: Option<&'static str>,
    },
    /// The provider of an address has no POP.
    NoPop {
        /// The provider.
        provider: &'static str,
        /// What to do instead.
        instead: &'static str,
    },
    /// No POP server was found for the addresses of this domain.
    NoServer(String),
    /// No place was found in the configuration file where an account could be put.
    NotInserted(PathBuf),
    /// A command line that clap cannot know to be wrong.
    Usage(String),
    /// No password is configured and there is no terminal to ask on.
    NoPassword,
    /// A person was asked for a password and gave none.
    NotTyped,
    /// A command that should print a secret failed.
    SecretCommand {
        /// How people call it.
        what: &'static str,
        /// How it ended.
        ended: String,
        /// What it said last on standard error.
        said: Vec<u8>,
        /// Variables that its kind looks for and that are not set.
        lacking: Vec<&'static str>,
    },
    /// A file that should hold a secret does not, or is not safe.
    SecretFile {
        /// How people call it.
        what: &'static str,
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        why: String,
    },
    /// The variable of `password_env` is not set, or empty.
    PasswordVariable(String),
    /// There are no credentials from systemd, and this one was wanted.
    NoCredentials(String),
    /// The host name has no address.
    HostNotFound {
        /// The name.
        host: String,
        /// What the resolver said.
        why: io::Error,
    },
    /// None of the host's addresses took the connection.
    Unreachable {
        /// The last address tried.
        address: String,
        /// What the system said about it.
        why: io::Error,
    },
    /// The server was silent for longer than `timeout`.
    TimedOut {
        /// What was waited for.
        waiting_for: &'static str,
        /// How long.
        after: Duration,
    },
    /// The account's `deadline` passed.
    Deadline(Duration),
    /// The connection ended or broke where it should not have.
    Cut {
        /// What was waited for or sent.
        during: &'static str,
        /// What the system said, if anything.
        why: Option<io::Error>,
    },
    /// A signal asked us to stop.
    Interrupted,
    /// TLS could not be agreed upon at all.
    TlsFailed {
        /// What the TLS library said.
        why: String,
        /// What may help.
        advice: &'static str,
    },
    /// Connections cannot start from the address of `source_address`.
    SourceAddress {
        /// The address.
        address: String,
        /// Why not.
        why: io::Error,
    },
    /// The proxy does not give us a connection to the server.
    Proxy {
        /// Its address.
        proxy: String,
        /// Why not.
        why: String,
    },
    /// The program that is the connection ended.
    Tunnel {
        /// The program.
        name: String,
        /// How it ended.
        ended: String,
        /// What it said last on standard error.
        said: Vec<u8>,
    },
    /// The server's certificate does not prove that it is the host we wanted.
    NotProven {
        /// The name that it should have proved.
        name: String,
        /// What is wrong with the certificate.
        why: String,
        /// What the certificate says, and its fingerprint, if we had another look.
        seen: Option<String>,
        /// What may help.
        advice: &'static str,
    },
    /// STLS was refused or could not be asked for.
    NoStls(Vec<u8>),
    /// The server sent more behind its answer to STLS (an injection).
    TextBehindStls,
    /// A file for TLS is not what it should be.
    TlsFile {
        /// The key that names it.
        key: &'static str,
        /// The file.
        path: PathBuf,
        /// Why not.
        why: String,
    },
    /// The server greeted with a refusal.
    GreetingRefused(Vec<u8>),
    /// What answers speaks another protocol.
    OtherProtocol {
        /// What it should speak.
        wanted: &'static str,
        /// What it looks like.
        looks_like: &'static str,
        /// What to do.
        advice: &'static str,
    },
    /// A reply that makes no sense.
    Nonsense {
        /// What was expected.
        expected: &'static str,
        /// What came.
        got: Vec<u8>,
    },
    /// A line longer than any server may send.
    LineTooLong(usize),
    /// The server refused the login.
    LoginRefused(Vec<u8>),
    /// The server refused a user or password that may be longer than it can take.
    LongLoginRefused(Vec<u8>),
    /// The server refused an access token.
    TokenRefused(Vec<u8>),
    /// The server refused a Kerberos ticket, or its owner as this user.
    TicketRefused(Vec<u8>),
    /// What answers takes no Kerberos ticket as KPOP has it.
    NotKpop {
        /// Why not.
        because: &'static str,
        /// What it said, if that is text.
        said: Vec<u8>,
    },
    /// The server refused a Kerberos ticket before it greeted.
    TicketUnfit {
        /// Why, as RFC 4120, section 7.5.9 numbers it.
        code: u32,
        /// What it said.
        said: Vec<u8>,
    },
    /// The server agreed without having proved that it knows the password, or proved it wrongly.
    Unproven,
    /// There is no Kerberos ticket that is good for now; what Kerberos says.
    NoTicket(Vec<u8>),
    /// The realm's KDC cannot be asked; what Kerberos says.
    KerberosAway(Vec<u8>),
    /// Kerberos does not know the server's service.
    NoKerberosService {
        /// The service, as `pop@host`.
        service: String,
        /// What Kerberos says.
        said: Vec<u8>,
    },
    /// Kerberos failed in another way.
    KerberosFailed {
        /// The service, as `pop@host`.
        service: String,
        /// What Kerberos says.
        said: Vec<u8>,
    },
    /// None of these libraries is there.
    NoKerberos(String),
    /// The server sees another TLS connection than we do.
    OtherChannel(Vec<u8>),
    /// The maildrop is locked by another session.
    InUse(Vec<u8>),
    /// The server wants logins further apart.
    LoginDelay {
        /// What it said.
        said: Vec<u8>,
        /// How far apart, if it says so.
        wait: Option<Duration>,
    },
    /// The server said that it has trouble which will pass.
    ServerTrouble(Vec<u8>),
    /// The server said that it has trouble which a person must mend.
    ServerBroken(Vec<u8>),
    /// The server refused something and thereby ended the session, as POP2 has it (RFC 937).
    Dismissed(Vec<u8>),
    /// Another program changed the maildrop, so its numbers mean nothing any more.
    OutOfSync(Vec<u8>),
    /// Every way to log in that is left would show the password.
    WouldReveal,
    /// The server offers none of the mechanisms that `auth` names.
    NoMechanism(String),
    /// The server offers no mechanism for what we have.
    NoWay(&'static str),
    /// Nothing of the TLS connection is known that a login could be tied to.
    NoBinding,
    /// The user name or password holds what the protocol cannot carry.
    Uncarriable(&'static str),
    /// This went wrong, perhaps since the server does not bear commands that are sent ahead.
    OutOfStep(Box<Error>),
    /// The server can do more than was remembered of it, and must be asked for it before the login.
    OffersMore,
    /// A message is not as long as it was listed, while others were asked for ahead.
    NotAsListed,
    /// The server would not give a message.
    MessageRefused(Vec<u8>),
    /// The server does not tell envelopes, which `sdps` asks for.
    NotSdps(Vec<u8>),
    /// What the server tells of a message is no envelope.
    NoEnvelope(Vec<u8>),
    /// More of a message came than this one may have.
    TooLong(u64),
    /// We left in the middle of a message that did not come to its end.
    LeftAmid,
    /// The server would not finish the session, so deletions are in doubt.
    QuitRefused(Vec<u8>),
    /// Every UID of a known maildrop is new.
    AllNew {
        /// How many messages are listed.
        listed: usize,
        /// How many were expected to be.
        known: usize,
    },
    /// The memory belongs to another maildrop.
    OtherMaildrop {
        /// The state file.
        path: PathBuf,
        /// Whose it is.
        owner: String,
    },
    /// The state file is not one of ours or is damaged.
    StateDamaged {
        /// The state file.
        path: PathBuf,
        /// The line, from 1.
        line: usize,
        /// What is wrong.
        why: &'static str,
    },
    /// The state cannot be read or written.
    State {
        /// The file or directory.
        path: PathBuf,
        /// What failed.
        doing: &'static str,
        /// What the system said.
        why: io::Error,
    },
    /// The program whose record is to be taken over is running.
    AtWork {
        /// The program.
        program: &'static str,
        /// What shows it.
        held: String,
    },
    /// Another popget holds this account.
    AccountBusy(PathBuf),
    /// Another popget holds this maildrop, under another account's name.
    MaildropBusy(PathBuf),
    /// What would be done with a file or folder is the choice of others.
    Unsafe {
        /// The file or folder.
        path: PathBuf,
        /// What is wrong with it, and what to do.
        why: String,
    },
    /// The destination cannot be prepared: missing, not permitted, of another kind.
    Destination {
        /// The file or directory.
        path: PathBuf,
        /// What failed.
        doing: &'static str,
        /// What the system said.
        why: io::Error,
    },
    /// Writing or syncing a message failed.
    Delivering {
        /// The file or directory.
        path: PathBuf,
        /// What failed.
        doing: &'static str,
        /// What the system said.
        why: io::Error,
    },
    /// The mbox is locked by another program for too long.
    MboxBusy(PathBuf),
    /// The MDA cannot be started because it is not there or not a program.
    MdaMissing {
        /// The command.
        command: String,
        /// What the system said.
        why: io::Error,
    },
    /// The MDA wants the message later, or broke down.
    MdaLater {
        /// How it ended.
        ended: String,
        /// What it said on standard error.
        said: Vec<u8>,
    },
    /// The MDA will not take the message.
    MdaRefused {
        /// Its exit status.
        status: i32,
        /// What it said on standard error.
        said: Vec<u8>,
    },
    /// No route of `multidrop` takes these recipients, with commas between them.
    NoRoute(Vec<u8>),
    /// No recipient is named where `multidrop` looks for them.
    NoRecipient,
    /// More recipients are named than `multidrop` serves.
    Crowd(usize),
    /// The head, on which something hangs, is longer than so many bytes.
    LongHead(usize),
    /// The server does not show the head of a message, which `header_filter` is to see.
    NoHead,
    /// The header filter gave no answer.
    FilterFailed {
        /// How it ended.
        ended: String,
        /// What it said on standard error.
        said: Vec<u8>,
    },
    /// The header filter cannot be started because it is not there or not a program.
    FilterMissing {
        /// The command.
        command: String,
        /// What the system said.
        why: io::Error,
    },
    /// A hook failed.
    HookFailed {
        /// The key that names it.
        hook: &'static str,
        /// How it ended.
        ended: String,
        /// It may go well later.
        later: bool,
        /// What it said.
        said: Vec<u8>,
    },
    /// A hook cannot be started because it is not there or not a program.
    HookMissing {
        /// The key that names it.
        hook: &'static str,
        /// The command.
        command: String,
        /// What the system said.
        why: io::Error,
    },
    /// The server gives no UIDs, by which messages are to be marked.
    NoUids,
    /// Text that is to be taken over into the memory is not what it should be.
    Import {
        /// What it is called.
        name: String,
        /// The line, from 1; 0 for the text as a whole.
        line: usize,
        /// What is wrong with it.
        why: String,
    },
    /// Text that is to be taken over is of another maildrop.
    ImportForeign {
        /// The account whose memory would take it.
        account: String,
        /// Whose maildrop it is of, as the text says,
        text: String,
        /// and whose the account is.
        ours: String,
    },
    /// There is nothing remembered of an account, or not this message.
    NotRemembered(String),
    /// A delivery of this message is in doubt.
    DeliveryInDoubt(String),
    /// The message has been here before, by this address of `delivered_to`.
    Loop(String),
    /// One of several destinations did not take the message.
    NotTo {
        /// Its name.
        destination: String,
        /// What failed.
        error: Box<Error>,
    },
    /// The server that mail is handed on to cannot be used; it was given nothing.
    Relay {
        /// What it is called.
        name: String,
        /// Why not.
        error: Box<Error>,
    },
    /// The server that mail is handed on to wants the message later.
    RelayLater {
        /// What it is called.
        name: String,
        /// What it said.
        said: Vec<u8>,
    },
    /// The server that mail is handed on to will not take the message.
    RelayRefused {
        /// What it is called.
        name: String,
        /// What it said.
        said: Vec<u8>,
    },
    /// The server that mail is handed on to did not get the whole message.
    RelayLost {
        /// What it is called.
        name: String,
        /// Why not.
        error: Box<Error>,
    },
    /// The server that mail is handed on to got the whole message, and its answer did not come.
    RelayInDoubt {
        /// What it is called.
        name: String,
        /// Why not.
        error: Box<Error>,
    },
    /// A server of the web cannot be asked.
    Web {
        /// Its host.
        host: String,
        /// Why not.
        error: Box<Error>,
    },
    /// What a server of the web answers, or its address, is not what it should be.
    WebUnfit {
        /// Its host, or the address.
        host: String,
        /// What is wrong, as the sentence goes on.
        why: &'static str,
    },
    /// Nobody has signed in for this account yet.
    NotSignedIn(String),
    /// The account has nothing to sign in for.
    NoSignIn(String),
    /// There is no terminal at which to sign in for this account.
    NoTerminal(String),
    /// Somebody signed in for the account when it was another one.
    SignInOther {
        /// The account.
        account: String,
        /// What is kept of it.
        kept: String,
        /// What it should be.
        wanted: String,
    },
    /// The provider does not know the sign-in any more.
    SignInEnded {
        /// The account.
        account: String,
        /// What it says.
        said: Vec<u8>,
    },
    /// The provider refuses the client, or what it asks for.
    SignInRefused(Vec<u8>),
    /// Somebody did not agree to the sign-in.
    SignInDenied(Vec<u8>),
    /// Nobody signed in as long as that could be done.
    SignInLate,
    /// The provider has trouble that will pass.
    SignInTrouble(Vec<u8>),
    /// What was pasted is not what was asked for.
    NotPasted,
    /// This popget was built without HTTPS.
    NoWeb,
    /// The operating system refused something that should always work.
    System {
        /// What.
        doing: &'static str,
        /// What it said.
        why: io::Error,
    },
    /// popget contradicted itself.
    Bug(String),
}

impl std::error::Error for Error {}
