//! What each failure says: one sentence in lower case, and one piece of advice standing on it. Both
//! hold facts of ours alone; what the server said is shown beside them by `report`.

use super::{kerberos, Error};
use indicatif::HumanBytes;
use std::fmt;
use std::io;
use std::path::PathBuf;
use std::time::Duration;

impl fmt::Display for Error {
    #[allow(clippy::too_many_lines, reason = "a line a variant")]
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        use Error as E;
        match self {
            E::Settings(mistake) => mistake.fmt(f),
            E::NoSettings { places, homeless: None, .. } => write!(f, "there is no configuration file; looked for {}", list(places)),
            E::NoSettings { places, homeless: Some(why), .. } => write!(f, "there is no configuration file; looked for {} alone, since {why}", list(places)),
            E::NoPop { provider, .. } => write!(f, "{provider} has no POP"),
            E::NoServer(domain) => write!(f, "no POP server was found for {domain}"),
            E::NotInserted(path) => write!(f, "nothing is written: no place was found in {} where the account fits and all else stays as it is", path.display()),
            E::Usage(what) => f.write_str(what),
            E::NoPassword => f.write_str("no password is configured and there is no terminal to ask on"),
            E::NotTyped => f.write_str("no password was given"),
            E::SecretCommand { what, ended, lacking, .. } => match lacking.as_slice() {
                [] => write!(f, "the {what} {ended}"),
                lacking => write!(f, "the {what} {ended} (not set here: {})", lacking.join(", ")),
            },
            E::SecretFile { what, path, why } => write!(f, "{what} {}: {why}", path.display()),
            E::PasswordVariable(name) => write!(f, "password_env names {name}, which is not set or empty"),
            E::NoCredentials(name) => write!(f, "there is no credential {name}: CREDENTIALS_DIRECTORY is not set"),
            E::HostNotFound { host, why } => write!(f, "host {host} not found: {}", plain(why)),
            E::Unreachable { address, why } => write!(f, "cannot connect to {address}: {}", plain(why)),
            E::TimedOut { waiting_for: what, after } => {
                write!(f, "no answer for {} while waiting for {what}", seconds(after))
            }
            E::Deadline(after) => write!(f, "not done after {}", seconds(after)),
            E::Cut { during, why: None } => write!(f, "the server hung up during {during}"),
            E::Cut { during, why: Some(why) } => write!(f, "connection lost during {during}: {}", plain(why)),
            E::Interrupted => f.write_str("stopped by a signal"),
            E::SourceAddress { address, why } => write!(f, "no connection can start from {address}: {}", plain(why)),
            E::Proxy { proxy, why } => write!(f, "the proxy {proxy} gives no connection: {why}"),
            E::Tunnel { name, ended, .. } => write!(f, "the tunnel {name} {ended}"),
            E::TlsFailed { why, .. } => write!(f, "no TLS connection: {why}"),
            E::NotProven { name, why, seen: None, .. } => write!(f, "the server did not prove that it is {name}: {why}"),
            E::NotProven { name, why, seen: Some(seen), .. } => write!(f, "the server did not prove that it is {name}: {why} ({seen})"),
            E::NoStls(_) => f.write_str("the server does not start TLS"),
            E::TextBehindStls => f.write_str("the server sent text behind its answer to STLS, as an attacker would"),
            E::TlsFile { key, path, why } => write!(f, "{key} {}: {why}", path.display()),
            E::GreetingRefused(_) => f.write_str("the server greets with a refusal"),
            E::OtherProtocol { wanted, looks_like, .. } => write!(f, "this is no {wanted} server but looks like {looks_like}"),
            E::Nonsense { expected, .. } => write!(f, "the server's reply is not {expected}"),
            E::LineTooLong(limit) => write!(f, "the server sent a line of more than {limit} bytes"),
            E::LoginRefused(_) | E::LongLoginRefused(_) => f.write_str("the server refused the login"),
            E::TokenRefused(_) => f.write_str("the server refused the access token"),
            E::TicketRefused(_) => f.write_str("the server refused the Kerberos ticket"),
            E::NotKpop { because, .. } => write!(f, "this is no KPOP server: {because}"),
            E::TicketUnfit { code, .. } => write!(f, "the server does not take the Kerberos ticket: {}", kerberos::why(*code)),
            E::Unproven => f.write_str("the server did not prove that it knows the password"),
            E::OtherChannel(_) => f.write_str("the server sees another TLS connection than popget does, as if somebody stood in between"),
            E::NoTicket(_) => f.write_str("there is no valid Kerberos ticket"),
            E::KerberosAway(_) => f.write_str("the Kerberos server of the realm does not answer"),
            E::NoKerberosService { service, .. } => write!(f, "Kerberos does not know the service {service}"),
            E::KerberosFailed { service, .. } => write!(f, "Kerberos does not lead to the service {service}"),
            E::NoKerberos(names) => write!(f, "there is no Kerberos library ({names})"),
            E::InUse(_) => f.write_str("the maildrop is in use by another session"),
            E::LoginDelay { wait: None, .. } => f.write_str("the server wants more time between logins"),
            E::LoginDelay { wait: Some(wait), .. } => write!(f, "the server wants more time between logins, {}", seconds(wait)),
            E::ServerTrouble(_) => f.write_str("the server has trouble that will pass"),
            E::ServerBroken(_) => f.write_str("the server has trouble that will not pass by itself"),
            E::Dismissed(_) => f.write_str("the server refused and ended the session"),
            E::OutOfSync(_) => f.write_str("another program changed the maildrop meanwhile"),
            E::WouldReveal => f.write_str("every way to log in that is left would send password or token in the clear or to a server that proved nothing"),
            E::NoMechanism(named) => write!(f, "the server offers none of the ways to log in that auth names ({named})"),
            E::NoWay(what) => write!(f, "the server offers no way to log in with {what}"),
            E::NoBinding => f.write_str("there is no TLS connection, or nothing known of it, that a login could be tied to"),
            E::Uncarriable(what) => write!(f, "{what}"),
            E::OutOfStep(error) => error.fmt(f),
            E::OffersMore => f.write_str("the server can do more than it could when it was last asked"),
            E::NotAsListed => f.write_str("the message is not as long as it was listed"),
            E::MessageRefused(_) => f.write_str("the server does not give this message"),
            E::NotSdps(_) => f.write_str("the server does not tell the envelopes of messages (*ENV)"),
            E::NoEnvelope(_) => f.write_str("what the server tells of this message is no envelope"),
            E::TooLong(most) => write!(f, "more than {} of this message came, and not its end", HumanBytes(*most)),
            E::LeftAmid => f.write_str("popget hung up in the middle of a message"),
            E::QuitRefused(_) => f.write_str("the server did not confirm the deletions"),
            E::AllNew { listed, known } => write!(f, "all {listed} UIDs are new and none of {known} known ones is left: the maildrop was moved"),
            E::OtherMaildrop { path, owner } => write!(f, "{} remembers another maildrop, {owner}", path.display()),
            E::StateDamaged { path, line, why } => write!(f, "{}:{line}: {why}", path.display()),
            E::State { path, doing, why } | E::Destination { path, doing, why } | E::Delivering { path, doing, why } => {
                write!(f, "cannot {doing} {}: {}", path.display(), plain(why))
            }
            E::AtWork { program, held } => write!(f, "{program} is running: {held}"),
            E::AccountBusy(path) => write!(f, "another popget holds this account ({})", path.display()),
            E::MaildropBusy(path) => write!(f, "another popget visits the same maildrop for another account ({})", path.display()),
            E::Unsafe { path, why } => write!(f, "{} {why}", path.display()),
            E::MboxBusy(path) => write!(f, "mbox {} is locked by another program", path.display()),
            E::MdaMissing { command, why } => write!(f, "the MDA {command} cannot be started: {}", plain(why)),
            E::MdaLater { ended, .. } => write!(f, "the MDA {ended}"),
            E::MdaRefused { status, .. } => write!(f, "the MDA will not take the message (exit status {status})"),
            E::NoRoute(_) => f.write_str("no route of multidrop takes all its recipients"),
            E::NoRecipient => f.write_str("it names no recipient where multidrop looks for them"),
            E::Crowd(count) => write!(f, "it has {count} recipients, more than multidrop serves"),
            E::LongHead(most) => write!(f, "its head is longer than {}", HumanBytes(*most as u64)),
            E::NoHead => f.write_str("the server does not show the head alone (TOP), for which header_filter asks"),
            E::FilterFailed { ended, .. } => write!(f, "the header filter {ended}"),
            E::FilterMissing { command, why } => write!(f, "the header filter {command} cannot be started: {}", plain(why)),
            E::HookFailed { hook, ended, .. } => write!(f, "the command of {hook} {ended}"),
            E::HookMissing { hook, command, why } => write!(f, "the command of {hook}, {command}, cannot be started: {}", plain(why)),
            E::NoUids => f.write_str("the server gives no UIDs, and nothing else tells messages apart that are not fetched"),
            E::Import { name, line: 0, why } => write!(f, "{name}: {why}"),
            E::Import { name, line, why } => write!(f, "{name}:{line}: {why}"),
            E::ImportForeign { account, text, ours } => write!(f, "this is the memory of {text}, and {account} is {ours}"),
            E::NotRemembered(what) => f.write_str(what),
            E::DeliveryInDoubt(uid) => write!(f, "an earlier run was stopped while it delivered {uid}"),
            E::Loop(address) => write!(f, "it was here before: its head has Delivered-To: {address}"),
            E::NotTo { destination, error } => write!(f, "not delivered to {destination}: {error}"),
            E::Relay { name, error } => write!(f, "no delivery by {name}: {error}"),
            E::RelayLater { name, .. } => write!(f, "{name} wants the message later"),
            E::RelayRefused { name, .. } => write!(f, "{name} will not take the message"),
            E::RelayLost { name, error } => write!(f, "{name} did not get the whole message: {error}"),
            E::RelayInDoubt { name, error } => write!(f, "{name} got the message and did not say that it took it, so that it may come twice: {error}"),
            E::Web { host, error } => write!(f, "{host} cannot be asked: {error}"),
            E::WebUnfit { host, why } => write!(f, "{host} {why}"),
            E::NotSignedIn(account) => write!(f, "nobody has signed in yet; run popget login {account}"),
            E::NoSignIn(account) => write!(f, "account {account} has no oauth with a provider, and so nothing to sign in for"),
            E::NoTerminal(account) => write!(f, "there is no terminal at which to sign in; run popget login {account} in one"),
            E::SignInOther { account, kept, wanted } => write!(f, "the sign-in that is kept was made with {kept}, not {wanted}; run popget login {account}"),
            E::SignInEnded { account, .. } => write!(f, "the sign-in has expired or was withdrawn, so popget login {account} is needed"),
            E::SignInRefused(_) => f.write_str("the provider refuses the sign-in"),
            E::SignInDenied(_) => f.write_str("the sign-in was not agreed to"),
            E::SignInLate => f.write_str("nobody signed in in time"),
            E::SignInTrouble(_) => f.write_str("the provider of the sign-in has trouble that will pass"),
            E::NotPasted => f.write_str("this is neither the address of this sign-in nor a code"),
            E::NoWeb => f.write_str("this popget was built without HTTPS"),
            E::System { doing, why } => write!(f, "cannot {doing}: {}", plain(why)),
            E::Bug(what) => write!(f, "popget contradicts itself: {what}"),
        }
    }
}

impl Error {
    /// What the user can do about it; empty where there is nothing to say.
    #[allow(clippy::too_many_lines, reason = "a line a variant")]
    pub fn advice(&self) -> &'static str {
        use Error as E;
        match self {
            E::Unreachable { why, .. }
            | E::State { why, .. }
            | E::Destination { why, .. }
            | E::Delivering { why, .. }
                if super::meaning::starved(why) =>
            {
                "check the limits of this process and machine"
            }
            E::Settings(_) | E::Usage(_) | E::SecretFile { .. } | E::Unsafe { .. } | E::Interrupted => "",
            E::NoSettings { homeless: Some(_), .. } => "set HOME, or name the file with --config",
            E::NoSettings { named: true, .. } => "correct the path, or have popget setup ADDRESS write it",
            E::NoSettings { .. } => "have popget setup ADDRESS write one, or popget import make one of another program's, or name it with --config",
            E::NoPop { instead, .. } => instead,
            E::NoServer(_) => "ask the provider which one it is, and name it with --server",
            E::NotInserted(_) => "put it there by hand, below accounts",
            E::NoPassword => "set password_command, password_file or another source of it (popget.yaml(5)), or with --server add --password-command",
            E::NotTyped => "type it when popget asks, or set password_command or another source of it (popget.yaml(5))",
            E::PasswordVariable(_) => "set it where popget is started",
            E::NoCredentials(_) => "start popget as a systemd service with LoadCredential=",
            E::SecretCommand { .. } => "run it by hand, with the environment that popget has, to see why",
            E::HostNotFound { .. } => "check the name in server, and the network",
            E::Unreachable { .. } => "check server, port and tls, and the network between",
            E::TimedOut { waiting_for: "the greeting", .. } => {
                "this port may want TLS from the start (tls: implicit), or the reverse (tls: starttls)"
            }
            E::TimedOut { .. } => "the next run tries again; raise timeout if the server is just slow",
            E::Deadline(_) => "what was delivered is remembered; the next run goes on, or raise deadline",
            E::Cut { during: "the greeting", .. } => "it may be busy, refuse this machine, or want TLS from the start (tls: implicit); the next run tries again",
            E::Cut { during: "the TLS handshake", .. } => "it may be busy, or not speak TLS here: check port and tls; the next run tries again",
            E::Cut { .. } => "what was delivered is remembered; the next run goes on",
            E::TlsFailed { advice, .. } | E::NotProven { advice, .. } | E::OtherProtocol { advice, .. } => advice,
            E::NoStls(_) => "try tls: implicit; tls: none would send everything in the clear",
            E::TextBehindStls => "nothing was sent; tell the server's operator, or try tls: implicit",
            E::SourceAddress { .. } => "set source_address to an address of this machine, or leave it out",
            E::Proxy { .. } => "check proxy, and what it allows",
            E::Tunnel { .. } => "run it by hand to see what it lacks; it cannot ask on the terminal",
            E::TlsFile { key: "tls_ca_file", .. } => "name a file of PEM certificates",
            E::TlsFile { .. } => "",
            E::GreetingRefused(_) | E::ServerTrouble(_) | E::Dismissed(_) | E::OutOfSync(_) => "the next run tries again",
            E::Nonsense { .. } | E::LineTooLong(_) => "run with -vv to see the dialogue, and tell the server's operator",
            E::LoginRefused(_) => "check user and password; many providers want an app password or a token (oauth), or POP switched on in their settings",
            E::LongLoginRefused(_) => "check user and password; with USER and PASS some servers take no more than 40 octets of each, then name plain or login in auth",
            E::TokenRefused(_) => "the token may have expired, or be for another user, server or scope; get a new one, with popget login if popget keeps it",
            E::TicketRefused(_) => "see with klist whose ticket it is: the server must let that one be user; or check both clocks",
            E::NotKpop { .. } => "check server and port; where there is POP3 with TLS, leave protocol out and set auth: gssapi",
            E::TicketUnfit { code, .. } => kerberos::advice(*code),
            E::Unproven => "it may be an impostor; check server and the network between, and change the password if it is weak",
            E::OtherChannel(_) => "this may be an attack; log in from another network, and tell the server's operator",
            E::NoTicket(_) => "run kinit, or see that KRB5CCNAME names the right cache",
            E::KerberosAway(_) => "the next run tries again; check krb5.conf and the network",
            E::NoKerberosService { .. } => "check the host name in server; the realm must know it by this name",
            E::KerberosFailed { .. } => "check the clock, the host name in server, and the server's keys",
            E::NoKerberos(_) => "install it (in Debian libgssapi-krb5-2), or name another way to log in",
            E::InUse(_) => "the next run tries again; another mail program may be reading this maildrop",
            E::LoginDelay { .. } => "the next runs wait for it; run popget less often for this account, or set min_interval",
            E::ServerBroken(_) => "do as it says, or tell the server's operator",
            E::WouldReveal => "use tls with a certificate that is checked, or name a way in auth that is to be used all the same",
            E::NoWay("a password") => "popget probe shows what it offers; it may want a token (oauth)",
            E::NoWay(_) => "popget probe shows what it offers; it may want a password",
            E::NoBinding => "name the mechanism in auth without -plus",
            E::NoMechanism(_) => "popget probe shows what it offers; or leave auth out",
            E::Uncarriable(_) => "change it, or name a mechanism in auth that can carry it",
            E::OutOfStep(error) | E::NotTo { error, .. } => error.advice(),
            E::OffersMore => "the next run asks it first",
            E::NotSdps(_) => "take sdps out of the settings, or check server",
            E::NotAsListed | E::MessageRefused(_) | E::NoEnvelope(_) => "it stays on the server and is tried again in the next run",
            E::TooLong(_) => "it stays on the server and is tried again in the next run, behind the others; max_size says how much of a message may come",
            E::LeftAmid => "what was delivered is remembered; the next run goes on",
            E::QuitRefused(_) => "the next run deletes again, and delivers nothing twice",
            E::AllNew { .. } => "if that is so, run once with --accept-new-uids: what was delivered before is known by its bytes, and does not come again",
            E::OtherMaildrop { .. } => {
                "give the new maildrop an account name of its own, or run once with --accept-new-uids to go on with this one"
            }
            E::StateDamaged { .. } => "mend or restore the file; without it everything on the server counts as new",
            E::AtWork { .. } => "stop it, so that its record does not change meanwhile",
            E::AccountBusy(_) | E::MaildropBusy(_) => "wait for it to finish",
            E::MboxBusy(_) => "the next run tries again; remove a stale lock file by hand if no program uses the mbox",
            E::FilterMissing { .. } => "check header_filter",
            E::MdaMissing { .. } => "check deliver.mda",
            E::HookFailed { .. } => "run it by hand to see what it lacks",
            E::HookMissing { .. } => "check the path of the command",
            E::NoUids => "fetch it, or begin with an empty maildrop",
            E::Import { line: 0, .. } => "nothing was changed",
            E::Import { .. } => "nothing was taken over; export it once more",
            E::ImportForeign { .. } => "if its UIDs mean the same messages, add --other-maildrop",
            E::NotRemembered(_) => "popget state show tells what is",
            E::DeliveryInDoubt(_) => "fetch this account first, which finds out what became of it",
            E::NoRoute(_) | E::NoRecipient => "it stays on the server; add a route for it, or unmatched, to multidrop",
            E::Crowd(_) | E::LongHead(_) => "it stays on the server; fetch it with another account or program, or delete it there",
            E::NoHead => "it stays on the server; take header_filter out if this is so with every message",
            E::FilterFailed { .. } => "it stays on the server and is tried again in the next run; run the filter by hand to see what it lacks",
            E::Loop(_) => "it stays on the server; see who sends it there again, or let delivered_to be an address that no server writes",
            E::Relay { error, .. } => match **error {
                E::HostNotFound { .. } | E::Unreachable { .. } | E::Cut { .. } | E::TimedOut { .. } => {
                    "see that it runs, and check its address below deliver; the next run tries again"
                }
                E::LoginRefused(_) | E::LongLoginRefused(_) => "check user and password below deliver",
                _ => error.advice(),
            },
            E::Web { error, .. } => web_advice(error),
            E::WebUnfit { .. } => "check its address; if it is right, the next run may find it better",
            E::NotSignedIn(_) | E::SignInOther { .. } | E::NoTerminal(_) => "",
            E::SignInEnded { .. } => "run it at a terminal",
            E::NoSignIn(_) => "give it one (popget.yaml(5)); with a token_command that is what signs in",
            E::SignInRefused(_) => "check client_id, client_secret_command, tenant and scope against what is registered with the provider",
            E::SignInDenied(_) => "run popget login again; an administrator may have to allow it",
            E::SignInLate => "run popget login again",
            E::SignInTrouble(_) => "the next run tries again",
            E::NotPasted => "run popget login again, and copy the whole address",
            E::NoWeb => "get one with the cargo feature https, or set oauth: {token_command: ...}",
            E::MdaLater { .. }
            | E::MdaRefused { .. }
            | E::RelayLater { .. }
            | E::RelayRefused { .. }
            | E::RelayLost { .. }
            | E::RelayInDoubt { .. } => "the message stays on the server and is tried again in the next run",
            E::State { why, .. } | E::Destination { why, .. } | E::Delivering { why, .. } => local_advice(why),
            E::System { .. } => "check the limits of this process and machine",
            E::Bug(_) => "please report it",
        }
    }
}

/// What helps where a server of the web cannot be asked: its certificate is none that the keys of the
/// mail server have a say in.
fn web_advice(error: &Error) -> &'static str {
    use Error as E;
    match error {
        E::HostNotFound { .. } => "check the name service of this machine, and the address",
        E::Unreachable { .. } | E::TimedOut { .. } | E::Cut { .. } => {
            "check the network; the next run tries again"
        }
        E::NotProven { .. } => "check the clock and the network; a company's own issuer belongs to the certificates of this machine, or into SSL_CERT_FILE",
        E::TlsFailed { .. } => "check the address and the network between",
        _ => error.advice(),
    }
}

/// What helps against a failing disk, told by the system's own error.
pub fn local_advice(why: &io::Error) -> &'static str {
    match why.kind() {
        io::ErrorKind::StorageFull => {
            "make room on the disk; nothing was lost, the next run goes on"
        }
        io::ErrorKind::QuotaExceeded => {
            "make room in the quota; nothing was lost, the next run goes on"
        }
        io::ErrorKind::PermissionDenied => {
            "check the owner and mode of it and of the folders above"
        }
        io::ErrorKind::ReadOnlyFilesystem => {
            "make the file system writable, or choose another place"
        }
        io::ErrorKind::NotADirectory | io::ErrorKind::IsADirectory => "choose another path",
        io::ErrorKind::NotFound => "create it, or correct the path",
        _ => "nothing was lost; the next run tries again",
    }
}

/// Paths with commas between them.
fn list(paths: &[PathBuf]) -> String {
    let paths: Vec<String> = paths
        .iter()
        .map(|path| path.display().to_string())
        .collect();
    paths.join(", ")
}

/// What Rust puts before the words of the name service.
const LOOKUP: &str = "failed to lookup address information: ";

/// The system's message without what Rust puts around it.
pub fn plain(error: &io::Error) -> String {
    let text = error.to_string();
    match (text.find(" (os error"), text.strip_prefix(LOOKUP)) {
        (Some(cut), _) => text[..cut].to_lowercase(),
        (None, Some(words)) => words.to_lowercase(),
        (None, None) => text,
    }
}

/// A duration as people say it.
fn seconds(duration: &Duration) -> String {
    let whole = duration.as_secs();
    match whole {
        _ if duration.subsec_millis() != 0 => format!("{:.1}s", duration.as_secs_f32()),
        7200.. if whole % 3600 == 0 => format!("{}h", whole / 3600),
        120.. if whole % 60 == 0 => format!("{}m", whole / 60),
        _ => format!("{whole}s"),
    }
}
