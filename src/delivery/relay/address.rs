//! Addresses as SMTP carries them (RFC 5321, section 4.1.2; RFC 6531 for those beyond ASCII). What
//! stands in a message was written by anybody: what is no address never gets into a command.

use crate::net::IpAddr;

/// The longest path, without its angle brackets (RFC 5321, section 4.5.3.1.3).
const LONGEST: usize = 254;

/// An address: a local part, and most often a domain.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Address(String);

impl Address {
    /// Takes what is an address to the letter; a local part alone is one on the server's own host.
    pub fn parse(bytes: &[u8]) -> Option<Self> {
        let text = std::str::from_utf8(bytes).ok()?;
        let wrong = |c: char| c.is_control() || (c.is_whitespace() && c != ' ');
        if text.len() > LONGEST || text.contains(wrong) {
            return None;
        }
        let rest = match text.strip_prefix('"') {
            Some(quoted) => behind_quotes(quoted)?,
            None => {
                let end = text.find('@').unwrap_or(text.len());
                dot_atoms(&text[..end]).then_some(&text[end..])?
            }
        };
        let whole = match rest.strip_prefix('@') {
            Some(domain) => is_domain(domain),
            None => rest.is_empty(),
        };
        whole.then(|| Self(text.into()))
    }

    /// The address as it is written in a command.
    pub fn text(&self) -> &str {
        &self.0
    }

    /// Whether only a server that knows SMTPUTF8 takes it.
    pub fn is_international(&self) -> bool {
        !self.0.is_ascii()
    }
}

/// What follows the quoted text, its opening quote already gone.
fn behind_quotes(text: &str) -> Option<&str> {
    let mut letters = text.char_indices();
    while let Some((at, letter)) = letters.next() {
        match letter {
            '"' => return Some(&text[at + 1..]),
            '\\' => drop(letters.next()?),
            _ => {}
        }
    }
    None
}

/// Atoms with single dots between them.
fn dot_atoms(text: &str) -> bool {
    let harmless =
        |c: char| !c.is_ascii() || c.is_ascii_alphanumeric() || "!#$%&'*+-/=?^_`{|}~".contains(c);
    text.split('.')
        .all(|atom| !atom.is_empty() && atom.chars().all(harmless))
}

/// Whether it is a name of a host, or an address in brackets.
pub fn is_domain(text: &str) -> bool {
    if let Some(literal) = text.strip_prefix('[').and_then(|t| t.strip_suffix(']')) {
        let literal = literal.strip_prefix("IPv6:").unwrap_or(literal);
        return literal.parse::<IpAddr>().is_ok();
    }
    let letter = |c: char| !c.is_ascii() || c.is_ascii_alphanumeric() || c == '-' || c == '_';
    text.split('.')
        .all(|label| !label.is_empty() && label.chars().all(letter))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_are_taken_to_the_letter() {
        for good in [
            "ann@example.org",
            "ann",
            "Postmaster",
            "a.b+c=d@sub.example.org",
            "\"a b\"@example.org",
            "\"a@b\\\"c\"@example.org",
            "\"\"@example.org",
            "ann@[192.0.2.1]",
            "ann@[IPv6:2001:db8::1]",
            "j\u{f6}rg@b\u{fc}cher.example",
            "ann@under_score.example",
        ] {
            let address = Address::parse(good.as_bytes()).expect(good);
            assert_eq!(address.text(), good);
        }
        assert!(Address::parse("j\u{f6}rg".as_bytes()).is_some_and(|a| a.is_international()));
    }

    #[test]
    fn nothing_else_gets_into_a_command() {
        for bad in [
            "",
            "@example.org",
            "ann@",
            "a b@example.org",
            "a..b@example.org",
            ".a@example.org",
            "a.@example.org",
            "a>b@example.org",
            "<ann@example.org>",
            "ann@example.org> SIZE=1",
            "ann@example.org\r\nDATA",
            "\"a\r\nb\"@example.org",
            "\"a\tb\"@example.org",
            "\"a@example.org",
            "\"a\\\"@example.org",
            "\"a\"b@example.org",
            "ann@exa mple.org",
            "ann@example..org",
            "ann@[x]",
            "ann@[192.0.2.1",
            "@a,@b:ann@example.org",
            "ann@a@b",
            "ann\u{85}@example.org",
            "ann\u{2028}@example.org",
        ] {
            assert_eq!(Address::parse(bad.as_bytes()), None, "{bad:?}");
        }
        assert_eq!(Address::parse(b"j\xf6rg@example.org"), None);
        assert_eq!(Address::parse("x".repeat(255).as_bytes()), None);
        assert_eq!(Address::parse(b"a\0b"), None);
    }
}
