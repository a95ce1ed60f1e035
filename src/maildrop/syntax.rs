//! POP3 in words: commands out, replies and listings in. Pure: bytes in, values out. A server's
//! text is never taken for more than bytes, and only the status word, response codes and numbers in
//! it mean anything, with the two exceptions in [`busy_words`] and [`away_words`].

use crate::error::{Error, Result};
use crate::message::{MessageNumber, Uid};

/// The longest reply line accepted; RFC 2449 allows 512.
pub const REPLY_LIMIT: usize = 8 * 1024;
/// The longest challenge line accepted.
pub const CHALLENGE_LIMIT: usize = 64 * 1024;
/// More messages than any maildrop holds.
const MESSAGES_LIMIT: u64 = 10_000_000;
/// What claims to be larger counts for so much; and as many as there may be come to a sum that can be
/// written.
pub const SIZE_LIMIT: u64 = 1 << 40;

/// A response code (RFC 2449, 3206), as far as it changes what we do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Code {
    /// Another session holds the maildrop.
    InUse,
    /// Logins come too fast.
    LoginDelay,
    /// Trouble that passes.
    SysTemp,
    /// Trouble that does not.
    SysPerm,
    /// The credentials were refused.
    Auth,
    /// The maildrop is elsewhere, or anything else that will not pass.
    Elsewhere,
    /// Another program changed the maildrop under this session (GNU Mailutils).
    OutSync,
}

/// The first line of a reply.
#[derive(Debug, PartialEq, Eq)]
pub enum Reply {
    /// `+OK`, and its text.
    Ok(Vec<u8>),
    /// `-ERR`, its response code if we know it, and its text.
    Err(Option<Code>, Vec<u8>),
    /// `+` alone: a challenge, in AUTH only.
    Challenge(Vec<u8>),
}

impl Reply {
    /// Reads a reply line.
    pub fn parse(line: &[u8]) -> Result<Self> {
        if let Some(text) = after_word(line, b"+OK") {
            return Ok(Self::Ok(text.to_vec()));
        }
        if let Some(text) = after_word(line, b"-ERR") {
            return Ok(Self::Err(code(text), text.to_vec()));
        }
        match line {
            [b'+'] => Ok(Self::Challenge(Vec::new())),
            [b'+', b' ', challenge @ ..] => Ok(Self::Challenge(challenge.to_vec())),
            _ => Err(Error::Nonsense {
                expected: "a POP3 reply",
                got: line.to_vec(),
            }),
        }
    }
}

/// What follows the word, if the line begins with it and it ends there.
fn after_word<'l>(line: &'l [u8], word: &[u8]) -> Option<&'l [u8]> {
    let (first, rest) = line.split_at_checked(word.len())?;
    if !first.eq_ignore_ascii_case(word) {
        return None;
    }
    match rest {
        [] => Some(rest),
        [b' ' | b'\t', text @ ..] => Some(text),
        _ => None,
    }
}

/// The response code at the head of a text. The deeper level counts only where we know it.
fn code(text: &[u8]) -> Option<Code> {
    let inner = text.strip_prefix(b"[")?;
    let end = inner.iter().position(|b| *b == b']')?;
    let code = inner[..end].to_ascii_uppercase();
    let mut levels = code.split(|b| *b == b'/');
    match (levels.next()?, levels.next()) {
        (b"IN-USE", _) => Some(Code::InUse),
        (b"LOGIN-DELAY", _) => Some(Code::LoginDelay),
        (b"AUTH", _) => Some(Code::Auth),
        (b"SYS", Some(b"TEMP")) => Some(Code::SysTemp),
        (b"SYS", Some(b"PERM")) => Some(Code::SysPerm),
        (b"REFERRAL", _) => Some(Code::Elsewhere),
        (b"OUT-SYNC", _) => Some(Code::OutSync),
        _ => None,
    }
}

/// Whether a refused login means a locked maildrop, told in words alone: servers without response
/// codes have no other way.
pub fn busy_words(text: &[u8]) -> bool {
    let text = text.to_ascii_lowercase();
    let has = |part: &str| memchr::memmem::find(&text, part.as_bytes()).is_some();
    let any = |parts: &[&str]| parts.iter().any(|part| has(part));
    has("another session")
        || (any(&["lock", "in use", "busy"]) && any(&["maildrop", "mail drop", "mailbox", "spool"]))
        || (has("wait") && has("unavailable"))
}

/// Whether a refusal without a code says that the service is away for now: Exchange Online has no
/// other word for being too busy, at the login or later, and says a number behind it.
pub fn away_words(text: &[u8]) -> bool {
    let said = text.get(..18);
    said.is_some_and(|said| said.eq_ignore_ascii_case(b"Server Unavailable"))
}

/// The error that a refusal stands for outside of login and of single messages.
pub fn refusal(code: Option<Code>, text: &[u8]) -> Error {
    match code {
        Some(Code::InUse) => Error::InUse(text.to_vec()),
        Some(Code::LoginDelay) => Error::LoginDelay {
            said: text.to_vec(),
            wait: None,
        },
        Some(Code::SysTemp) => Error::ServerTrouble(text.to_vec()),
        Some(Code::Auth) => Error::LoginRefused(text.to_vec()),
        Some(Code::OutSync) => Error::OutOfSync(text.to_vec()),
        None if away_words(text) => Error::ServerTrouble(text.to_vec()),
        Some(Code::SysPerm | Code::Elsewhere) | None => Error::ServerBroken(text.to_vec()),
    }
}

/// What a server can do (RFC 2449), in the phase in which it said so.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Capabilities {
    /// It gave a list with something in it.
    pub known: bool,
    /// `TOP`.
    pub top: bool,
    /// `AUTH-RESP-CODE`: every refused credential carries `[AUTH]`.
    pub auth_resp_code: bool,
    /// `PIPELINING`: commands may be sent before earlier ones are answered.
    pub pipelining: bool,
    /// `UTF8`: messages may hold UTF-8 in their heads, if it is asked for.
    pub utf8: bool,
    /// The mechanisms behind `SASL`, upper case.
    pub sasl: Vec<Vec<u8>>,
    /// `EXPIRE`: after how many days the server may delete by itself.
    pub expire: Option<u32>,
    /// `LOGIN-DELAY`: how many seconds there are to be between logins.
    pub login_delay: Option<u32>,
    /// The value of `EXPIRE` or `LOGIN-DELAY` may be another for this user.
    pub varies: bool,
}

impl Capabilities {
    /// Takes one line of the list; what is unknown means nothing.
    pub fn take(&mut self, line: &[u8]) {
        self.known = true;
        let upper = line.to_ascii_uppercase();
        let mut words = upper
            .split(|b| matches!(b, b' ' | b'\t'))
            .filter(|word| !word.is_empty());
        match words.next() {
            Some(b"TOP") => self.top = true,
            Some(b"PIPELINING") => self.pipelining = true,
            Some(b"UTF8") => self.utf8 = true,
            Some(b"AUTH-RESP-CODE") => self.auth_resp_code = true,
            Some(b"EXPIRE") => {
                self.expire = words.next().and_then(decimal);
                self.varies |= words.next() == Some(b"USER");
            }
            Some(b"LOGIN-DELAY") => {
                self.login_delay = words.next().and_then(decimal);
                self.varies |= words.next() == Some(b"USER");
            }
            Some(b"SASL") => self.sasl = words.map(<[u8]>::to_vec).collect(),
            _ => {}
        }
    }

    /// Whether a SASL mechanism was offered.
    pub fn offers(&self, mechanism: &str) -> bool {
        self.sasl.iter().any(|name| name == mechanism.as_bytes())
    }
}

/// A number in a capability.
fn decimal(word: &[u8]) -> Option<u32> {
    std::str::from_utf8(word).ok()?.parse().ok()
}

/// How many messages STAT counts, and how many octets they have together, if it says so.
pub fn stat(text: &[u8]) -> Result<(u32, Option<u64>)> {
    let wrong = || Error::Nonsense {
        expected: "a count of messages",
        got: text.to_vec(),
    };
    let (count, rest) = number(text).ok_or_else(wrong)?;
    let octets = number(rest).map(|(octets, _)| octets);
    match u32::try_from(count) {
        Ok(count) if u64::from(count) <= MESSAGES_LIMIT => Ok((count, octets)),
        _ => Err(wrong()),
    }
}

/// One line of LIST: number and size, if it is one that can be believed.
pub fn list_line(line: &[u8], count: u32) -> Result<(MessageNumber, Option<u64>)> {
    let (message, rest) = listed(line, count)?;
    let size = number(rest).map(|(size, _)| size);
    Ok((message, size.map(|size| size.min(SIZE_LIMIT))))
}

/// One line of UIDL: number and UID, if it is usable as one.
pub fn uidl_line(line: &[u8], count: u32) -> Result<(MessageNumber, Option<Uid>)> {
    let (message, rest) = listed(line, count)?;
    Ok((message, Uid::new(rest.trim_ascii_end())))
}

/// The message number at the head of a list line, and what follows.
fn listed(line: &[u8], count: u32) -> Result<(MessageNumber, &[u8])> {
    let wrong = || Error::Nonsense {
        expected: "a line of a listing",
        got: line.to_vec(),
    };
    let (n, rest) = number(line).ok_or_else(wrong)?;
    match u32::try_from(n) {
        Ok(n) if (1..=count).contains(&n) => Ok((MessageNumber(n), rest)),
        _ => Err(wrong()),
    }
}

/// A decimal number of at most 20 digits, and what follows it and its blanks.
pub fn number(text: &[u8]) -> Option<(u64, &[u8])> {
    let text = trim_start(text);
    let (mut value, mut digits) = (0u64, 0);
    for byte in text {
        let digit = byte.wrapping_sub(b'0');
        if digit > 9 {
            break;
        }
        value = value.checked_mul(10)?.checked_add(u64::from(digit))?;
        digits += 1;
    }
    let ends = matches!(text.get(digits), None | Some(b' ' | b'\t'));
    (ends && (1..=20).contains(&digits)).then(|| (value, trim_start(&text[digits..])))
}

fn trim_start(text: &[u8]) -> &[u8] {
    let blanks = text
        .iter()
        .take_while(|b| matches!(b, b' ' | b'\t'))
        .count();
    &text[blanks..]
}

/// A command with a user's words in it. Line ends and NUL would make another command of them.
pub fn command(keyword: &str, argument: &[u8]) -> Result<Vec<u8>> {
    if argument.iter().any(|b| matches!(b, b'\r' | b'\n' | 0)) {
        return Err(Error::Uncarriable(
            "user or password holds a line end or NUL",
        ));
    }
    Ok([keyword.as_bytes(), b" ", argument].concat())
}

/// Whether a greeting is not that of the wanted protocol but some other's, and what to do about it.
pub fn other_protocol(line: &[u8], wanted: &'static str) -> Option<Error> {
    let found = |looks_like, advice| {
        Some(Error::OtherProtocol {
            wanted,
            looks_like,
            advice,
        })
    };
    match line {
        [b'*', b' ', ..] => found(
            "an IMAP server",
            "use the POP3 port: 995, or 110 with tls: starttls",
        ),
        [b'2', b'2', b'0', ..] => found("an SMTP or FTP server", "check server and port"),
        [0x15 | 0x16, 3, ..] => found("TLS from the first byte", "set tls: implicit"),
        _ if wanted != "POP2" && (line.starts_with(b"+ POP2") || line.starts_with(b"+POP2")) => {
            found("a POP2 server", "use its POP3 port; or set protocol: pop2")
        }
        _ if line.starts_with(b"HTTP/") => found("a web server", "check server and port"),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn status_lines_are_read_as_leniently_as_is_safe() {
        let ok = |line: &[u8], text: &[u8]| {
            assert_eq!(Reply::parse(line).unwrap(), Reply::Ok(text.into()));
        };
        ok(b"+OK", b"");
        ok(b"+OK ", b"");
        ok(b"+ok\tready", b"ready");
        assert_eq!(Reply::parse(b"-ERR").unwrap(), Reply::Err(None, b"".into()));
        assert_eq!(
            Reply::parse(b"-Err x").unwrap(),
            Reply::Err(None, b"x".into())
        );
        assert_eq!(Reply::parse(b"+").unwrap(), Reply::Challenge(b"".into()));
        assert_eq!(
            Reply::parse(b"+ abc=").unwrap(),
            Reply::Challenge(b"abc=".into())
        );
        for line in [&b"+OKAY"[..], b"-ERROR", b"", b"OK", b"* OK", b"+x"] {
            assert!(Reply::parse(line).is_err(), "{line:?}");
        }
    }

    #[test]
    fn response_codes_count_only_at_the_head_and_only_if_known() {
        let code_of = |text: &'static [u8]| code(text);
        assert_eq!(code_of(b"[IN-USE] locked"), Some(Code::InUse));
        assert_eq!(code_of(b"[sys/temp/disk] full"), Some(Code::SysTemp));
        assert_eq!(code_of(b"[SYS/PERM]"), Some(Code::SysPerm));
        assert_eq!(code_of(b"[SYS]"), None);
        assert_eq!(code_of(b"[X-NEW] a"), None);
        assert_eq!(code_of(b"ready [AUTH]"), None);
        assert_eq!(code_of(b"[AUTH"), None);
    }

    #[test]
    fn a_lock_is_told_from_a_refused_password_by_words() {
        for words in [
            "Maildrop lock busy!  Is another session active?",
            "Can't get lock.  Mailbox in use",
            "unable to lock maildrop",
            "mail storage services unavailable, wait a few minutes",
        ] {
            assert!(busy_words(words.as_bytes()), "{words}");
        }
        for words in [
            "account locked, contact support",
            "Login incorrect.",
            "Bad login",
            "authorization failed",
        ] {
            assert!(!busy_words(words.as_bytes()), "{words}");
        }
    }

    #[test]
    fn a_service_that_is_away_is_told_by_its_first_words() {
        assert!(away_words(b"Server Unavailable. 21"));
        assert!(away_words(b"server unavailable"));
        for words in ["Server Unavail", "The server unavailable", ""] {
            assert!(!away_words(words.as_bytes()), "{words}");
        }
    }

    #[test]
    fn the_delay_between_logins_is_read_off() {
        let delay = |line: &[u8]| {
            let mut capabilities = Capabilities::default();
            capabilities.take(line);
            (capabilities.login_delay, capabilities.varies)
        };
        assert_eq!(delay(b"LOGIN-DELAY 900"), (Some(900), false));
        assert_eq!(delay(b"login-delay 900 user"), (Some(900), true));
        assert_eq!(delay(b"LOGIN-DELAY"), (None, false));
        assert_eq!(delay(b"LOGIN-DELAY -5"), (None, false));
        assert_eq!(delay(b"LOGIN-DELAY 99999999999"), (None, false));
    }

    #[test]
    fn what_the_server_deletes_by_itself_is_read_off() {
        let expire = |line: &[u8]| {
            let mut capabilities = Capabilities::default();
            capabilities.take(line);
            (capabilities.expire, capabilities.varies)
        };
        assert_eq!(expire(b"EXPIRE 0"), (Some(0), false));
        assert_eq!(expire(b"expire 30 user"), (Some(30), true));
        assert_eq!(expire(b"EXPIRE NEVER"), (None, false));
        assert_eq!(expire(b"EXPIRE"), (None, false));
    }

    #[test]
    fn list_lines_are_bounded_by_the_count() {
        assert_eq!(
            list_line(b" 2   120 7", 2).unwrap(),
            (MessageNumber(2), Some(120))
        );
        let largest = (MessageNumber(1), Some(1 << 40));
        assert_eq!(list_line(b"1 18446744073709551615", 1).unwrap(), largest);
        for size in ["-1", "", "18446744073709551616", "1x"] {
            let line = format!("1 {size}");
            let unknown = (MessageNumber(1), None);
            assert_eq!(list_line(line.as_bytes(), 1).unwrap(), unknown, "{size}");
        }
        for line in [
            &b"0 1"[..],
            b"3 1",
            b"x 1",
            b"",
            b"-1 1",
            b"18446744073709551617 1",
            b"1a 2",
        ] {
            assert!(list_line(line, 2).is_err(), "{line:?}");
        }
    }

    #[test]
    fn uidl_lines_follow_the_vectors() {
        let uid = |line: &'static [u8]| {
            uidl_line(line, 9)
                .unwrap()
                .1
                .map(|uid| uid.bytes().to_vec())
        };
        assert_eq!(uid(b"1 abc").unwrap(), b"abc");
        assert_eq!(uid(b"1  abc").unwrap(), b"abc");
        assert_eq!(uid(b"3 \"q<>~").unwrap(), b"\"q<>~");
        assert_eq!(uid(b"1 a b  ").unwrap(), b"a b");
        assert_eq!(uid(b"1"), None);
        assert_eq!(uid(b"1 \x07"), None);
        assert!(uidl_line(b"x abc", 9).is_err());
        assert!(uidl_line(b"0 abc", 9).is_err());
    }

    #[test]
    fn stat_counts_messages_and_octets_if_it_can() {
        assert_eq!(stat(b"2 59").unwrap(), (2, Some(59)));
        assert_eq!(stat(b"2 59 x").unwrap(), (2, Some(59)));
        assert_eq!(stat(b"2 -1").unwrap(), (2, None));
        assert_eq!(stat(b"2").unwrap(), (2, None));
        assert!(stat(b"two").is_err());
        assert!(stat(b"99999999999").is_err());
    }

    #[test]
    fn nobody_smuggles_a_command_in_an_argument() {
        assert_eq!(command("USER", b"a b").unwrap(), b"USER a b");
        assert!(command("USER", b"a\r\nDELE 1").is_err());
        assert!(command("PASS", b"a\0").is_err());
    }
}
