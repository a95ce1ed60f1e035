//! To whom a message goes: the addresses that a field of its head names, and how addresses compare.

use super::{of_name, Envelope, ADDRESS};
use std::iter;

/// The values of all headers of this name, unfolded, from the first on.
pub fn fields<'h>(head: &'h [u8], name: &'h str) -> impl Iterator<Item = Vec<u8>> + 'h {
    let lines = head.split(|b| *b == b'\n');
    let mut lines = lines.take_while(|line| !line.is_empty()).peekable();
    iter::from_fn(move || loop {
        let Some(first) = of_name(lines.next()?, name) else {
            continue;
        };
        let mut value = first.to_vec();
        while let Some(folded) = lines.next_if(|line| matches!(line[0], b' ' | b'\t')) {
            value.extend_from_slice(folded);
        }
        return Some(value.trim_ascii().to_vec());
    })
}

/// The header that names the recipients of a message on its way.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Field {
    /// Its name.
    pub name: String,
    /// How many of this name stand before it.
    pub skip: usize,
}

impl Envelope {
    /// The same envelope, but to those whom this header names; to nobody if there is none.
    pub fn with_field(self, head: &[u8], field: &Field) -> Self {
        let field = fields(head, &field.name).nth(field.skip);
        Self {
            recipients: field.map(|value| addresses(&value)).unwrap_or_default(),
            ..self
        }
    }
}

/// The addresses of a list with commas between them (RFC 5322, section 3.4): what stands in angle
/// brackets, or all of it; without comments, control characters, and blanks that are not quoted.
fn addresses(value: &[u8]) -> Vec<Vec<u8>> {
    let mut found = Vec::new();
    let (mut address, mut quoted, mut escaped, mut comments) = (Vec::new(), false, false, 0_u32);
    let mut bracket = Bracket::None;
    for byte in value.iter().copied().chain([b',']) {
        let plain = !std::mem::take(&mut escaped);
        match byte {
            _ if byte < 0x20 && byte != b'\t' || byte == 0x7f => continue,
            b'\\' if plain && (quoted || comments > 0) => escaped = true,
            b'"' if plain && comments == 0 => quoted = !quoted,
            _ if quoted || !plain => {}
            b'(' => comments += 1,
            b')' if comments > 0 => {
                comments -= 1;
                continue;
            }
            _ if comments > 0 => {}
            b'<' if bracket != Bracket::Closed => {
                // What stood before it is a name.
                address.clear();
                bracket = Bracket::Open;
                continue;
            }
            b'>' if bracket == Bracket::Open => {
                bracket = Bracket::Closed;
                continue;
            }
            b',' if bracket != Bracket::Open => {
                if !address.is_empty() {
                    found.push(std::mem::take(&mut address));
                }
                bracket = Bracket::None;
                continue;
            }
            b' ' | b'\t' => continue,
            _ => {}
        }
        if comments == 0 && bracket != Bracket::Closed {
            address.push(byte);
        }
    }
    if !address.is_empty() {
        found.push(address); // a quote or bracket is not closed: an address that nobody has
    }
    found
}

/// Whether the address stands in angle brackets.
#[derive(PartialEq)]
enum Bracket {
    None,
    Open,
    Closed,
}

/// An address, as it is compared: whatever its case, quoted where it need not be or not.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Address {
    /// What stands before the @.
    pub local: Vec<u8>,
    /// What stands behind it; there may be none.
    pub domain: Option<Vec<u8>>,
}

impl Address {
    /// Reads an address; `None` if it can be none, or would do harm as a word of a command.
    pub fn read(text: &[u8]) -> Option<Self> {
        if text.starts_with(b"-") || text.len() > ADDRESS {
            return None;
        }
        let (local, domain) = match text.strip_prefix(b"\"") {
            Some(rest) => unquoted(rest)?,
            None => {
                let at = text.iter().rposition(|b| *b == b'@').unwrap_or(text.len());
                (text[..at].to_vec(), &text[at..])
            }
        };
        let domain = match domain {
            b"" => None,
            domain => Some(domain.strip_prefix(b"@")?),
        };
        let domain = domain.map(|name| name.strip_suffix(b".").unwrap_or(name));
        if local.is_empty() || domain.is_some_and(<[u8]>::is_empty) {
            return None;
        }
        Some(Self {
            local: local.to_ascii_lowercase(),
            domain: domain.map(<[u8]>::to_ascii_lowercase),
        })
    }
}

/// A quoted local part without its quotes, and what stands behind it (RFC 5321, section 4.1.2).
fn unquoted(rest: &[u8]) -> Option<(Vec<u8>, &[u8])> {
    let (mut local, mut bytes) = (Vec::new(), rest.iter().enumerate());
    while let Some((at, byte)) = bytes.next() {
        match byte {
            b'"' => return Some((local, &rest[at + 1..])),
            b'\\' => local.push(*bytes.next()?.1),
            byte => local.push(*byte),
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(value: &str) -> Vec<String> {
        let all = addresses(value.as_bytes());
        all.iter()
            .map(|one| String::from_utf8_lossy(one).into_owned())
            .collect()
    }

    #[test]
    fn every_header_of_a_name_is_found_in_its_order() {
        let head = b"To: a\nX-To: one,\n two\n\tthree\nTo : b\nx-to:\nX-Too: no\nX-To: last\n\nX-To: body\n";
        let found: Vec<_> = fields(head, "X-To").collect();
        assert_eq!(found, [&b"one, two\tthree"[..], b"", b"last"]);
        assert_eq!(fields(head, "To").count(), 2);
        assert_eq!(fields(b"", "To").count(), 0);
        assert_eq!(fields(b" X-To: folded\nTo: a", "X-To").count(), 0);
    }

    #[test]
    fn a_list_of_addresses_is_divided_where_it_must_be() {
        assert_eq!(shown("a@x"), ["a@x"]);
        assert_eq!(shown(" a@x , <b@y>,, Carol <c@z> "), ["a@x", "b@y", "c@z"]);
        assert_eq!(shown("\"d, e\" <f@x>, g (h, i) @x"), ["f@x", "g@x"]);
        assert_eq!(shown("\"j, \\\" k\"@x, l@x"), ["\"j, \\\" k\"@x", "l@x"]);
        assert_eq!(shown("<@a,@b:m@x>"), ["@a,@b:m@x"]);
        assert_eq!(shown("n\r\n\0\x7f@x"), ["n@x"]);
        assert_eq!(shown("(a(b)c)o@x (d\\)e)"), ["o@x"]);
        assert_eq!(shown("<>"), [""; 0]);
        assert_eq!(shown(""), [""; 0]);
        // What is not closed must not come to be another's.
        assert_eq!(shown("\"p@x, q@x"), ["\"p@x, q@x,"]);
        assert_eq!(shown("<r@x, s@x"), ["r@x,s@x,"]);
        assert_eq!(Address::read(b"\"p@x, q@x,"), None);
    }

    #[test]
    fn addresses_are_the_same_whatever_their_case_and_quotes() {
        let address = |text: &str| Address::read(text.as_bytes());
        assert_eq!(
            address("Alice@EXAMPLE.org."),
            address("\"alice\"@example.org")
        );
        assert_eq!(address("\"a\\b c\"@x"), address("\"ab c\"@X"));
        assert_ne!(address("alice+spam@x"), address("alice@x"));
        assert_ne!(address("alice"), address("alice@x"));
        assert_eq!(address("\"a@b\"@c").unwrap().local, b"a@b");
        let long = "x".repeat(ADDRESS) + "@x";
        for none in [
            "", "@x", "a@", "a@.", "-oQ@x", "\"a", "\"a\"b@x", "\"\"@x", &long,
        ] {
            assert_eq!(address(none), None, "{none}");
        }
    }
}
