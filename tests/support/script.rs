//! The text of a conversation, read into steps. tests/conversations/README tells the notation.

use std::time::Duration;

use super::tls::Certificate;

/// One step, with the number of the line it was written on.
pub struct Step {
    /// Counted from 1.
    pub line: usize,
    /// What to do.
    pub action: Action,
}

/// What the server does next.
pub enum Action {
    /// `S:` says a line.
    Say(String),
    /// `C:` expects a line.
    Expect(String),
    /// `S<` sends a message, byte-stuffed, without the dot that ends it.
    Send(String),
    /// `! raw` says these bytes as they are.
    Raw(Vec<u8>),
    /// `! cut` hangs up.
    Cut,
    /// `! reset` makes the connection end in RST.
    Reset,
    /// `! wait` lets time pass.
    Wait(Duration),
    /// `! bytewise` sends one octet a write from now on.
    Bytewise,
    /// `! lf` ends lines in a bare LF from now on.
    Lf,
    /// `! glue` sends all up to the next `C:` or directive in one write, from now on.
    Glue,
    /// `! tls` takes part in a handshake with this certificate.
    Tls(Certificate),
    /// `! again` awaits the next connection.
    Again,
    /// `! silence` says nothing until the client leaves.
    Silence,
    /// `! endless` says these bytes again and again until the client leaves; {n} counts them.
    Endless(Vec<u8>),
    /// `! drip` says these bytes again and again, one in so long, until the client leaves.
    Drip(Duration, Vec<u8>),
}

/// Reads a script; the error names the line.
pub fn parse(text: &str) -> Result<Vec<Step>, String> {
    let mut steps = Vec::new();
    for (index, line) in text.lines().enumerate() {
        if line.trim().is_empty() || line.starts_with('#') {
            continue;
        }
        let action = action(line).ok_or(format!("line {}: not understood: {line}", index + 1))?;
        steps.push(Step {
            line: index + 1,
            action,
        });
    }
    Ok(steps)
}

/// Whether what the client said is what was written. A trailing ` *` stands for anything.
pub fn fits(expected: &str, said: &str) -> bool {
    match expected.strip_suffix('*') {
        Some(start) if start.ends_with(' ') => said.starts_with(start),
        _ => said == expected,
    }
}

fn action(line: &str) -> Option<Action> {
    if let Some(text) = line.strip_prefix("S:") {
        return Some(Action::Say(spoken(text)));
    }
    if let Some(text) = line.strip_prefix("C:") {
        return Some(Action::Expect(spoken(text)));
    }
    if let Some(name) = line.strip_prefix("S< ") {
        return Some(Action::Send(name.trim().to_owned()));
    }
    let directive = line.strip_prefix('!')?.trim();
    let (word, argument) = directive.split_once(' ').unwrap_or((directive, ""));
    match (word, argument) {
        ("raw", bytes) => unescaped(bytes).map(Action::Raw),
        ("cut", "") => Some(Action::Cut),
        ("reset", "") => Some(Action::Reset),
        ("wait", time) => duration(time).map(Action::Wait),
        ("bytewise", "") => Some(Action::Bytewise),
        ("lf", "") => Some(Action::Lf),
        ("glue", "") => Some(Action::Glue),
        ("tls", name) => Certificate::named(name).map(Action::Tls),
        ("again", "") => Some(Action::Again),
        ("silence", "") => Some(Action::Silence),
        ("endless", bytes) => unescaped(bytes).map(Action::Endless),
        ("drip", rest) => {
            let (time, bytes) = rest.split_once(' ')?;
            Some(Action::Drip(duration(time)?, unescaped(bytes)?))
        }
        _ => None,
    }
}

/// The text after `S:` or `C:`; one space belongs to the notation, and ␠ is a space that an
/// editor will not strip from the end of a line.
fn spoken(text: &str) -> String {
    text.strip_prefix(' ').unwrap_or(text).replace('␠', " ")
}

fn duration(text: &str) -> Option<Duration> {
    if let Some(number) = text.strip_suffix("ms") {
        return number.parse().ok().map(Duration::from_millis);
    }
    text.strip_suffix('s')?
        .parse()
        .ok()
        .map(Duration::from_secs)
}

/// Undoes `\r`, `\n`, `\t`, `\\` and `\xNN`.
fn unescaped(text: &str) -> Option<Vec<u8>> {
    let mut bytes = Vec::new();
    let mut rest = text.bytes();
    while let Some(byte) = rest.next() {
        if byte != b'\\' {
            bytes.push(byte);
            continue;
        }
        bytes.push(match rest.next()? {
            b'r' => b'\r',
            b'n' => b'\n',
            b't' => b'\t',
            b'\\' => b'\\',
            b'x' => {
                let digits = [rest.next()?, rest.next()?];
                u8::from_str_radix(std::str::from_utf8(&digits).ok()?, 16).ok()?
            }
            _ => return None,
        });
    }
    Some(bytes)
}
