//! What became of a message on its way: the bytes that were sent beside those that arrived.

use std::fmt;

/// What became of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Fate {
    /// It arrived as it was sent.
    Same,
    /// Headers were put before it, and that is all.
    Headed(Vec<String>),
    /// It arrived otherwise; what was done to it, as far as that can be told.
    Altered(String),
    /// It did not arrive.
    Missing,
    /// It arrived more than once, or in pieces.
    Several(usize),
}

impl fmt::Display for Fate {
    fn fmt(&self, to: &mut fmt::Formatter) -> fmt::Result {
        match self {
            Fate::Same => to.write_str("same"),
            Fate::Headed(names) => write!(to, "headers added: {}", names.join(", ")),
            Fate::Altered(how) => to.write_str(how),
            Fate::Missing => to.write_str("not delivered"),
            Fate::Several(times) => write!(to, "delivered {times} times"),
        }
    }
}

impl Fate {
    /// Looks at what arrived of a message.
    pub fn of(sent: &[u8], arrived: &[Vec<u8>]) -> Fate {
        match arrived {
            [] => Fate::Missing,
            [found] if found == sent => Fate::Same,
            [found] => altered(sent, found),
            several => Fate::Several(several.len()),
        }
    }

    /// Whether all that was sent arrived, whatever was put before it.
    pub fn is_whole(&self) -> bool {
        matches!(self, Fate::Same | Fate::Headed(_))
    }
}

/// A way to alter a message, with its name.
type Way = (&'static str, fn(&[u8]) -> Vec<u8>);

/// What programs do to whole messages.
const WAYS: [Way; 9] = [
    ("NULs removed", |sent| each(sent, 0, None)),
    ("NULs made line ends", |sent| each(sent, 0, Some(b'\n'))),
    ("lines cut at NUL", |sent| {
        lines(sent, |line| {
            let end = line.iter().position(|byte| *byte == 0);
            &line[..end.unwrap_or(line.len())]
        })
    }),
    ("CRs removed", |sent| each(sent, b'\r', None)),
    ("CRs made line ends", |sent| each(sent, b'\r', Some(b'\n'))),
    ("CRs before line ends removed", |sent| {
        lines(sent, |line| {
            let last = line.iter().rposition(|byte| *byte != b'\r');
            &line[..last.map_or(0, |last| last + 1)]
        })
    }),
    ("first line removed", |sent| {
        let end = sent.iter().position(|byte| *byte == b'\n');
        sent[end.map_or(0, |end| end + 1)..].to_vec()
    }),
    ("an empty line added behind it", |sent| {
        [sent, b"\n"].concat()
    }),
    ("an empty line added before it", |sent| {
        [b"\n", sent].concat()
    }),
];

fn altered(sent: &[u8], found: &[u8]) -> Fate {
    let tell = |names: Vec<String>, how: &str| match names.as_slice() {
        [] => Fate::Altered(how.to_owned()),
        names => Fate::Altered(format!("{how}; headers added: {}", names.join(", "))),
    };
    for (names, rest) in heads(sent, found) {
        if rest == sent {
            return Fate::Headed(names);
        }
        if let Some((how, _)) = WAYS.iter().find(|(_, way)| way(sent) == rest) {
            return tell(names, how);
        }
    }
    // The way that leaves least to be explained.
    let all = heads(sent, found).into_iter();
    let nearest = all.min_by_key(|(_, rest)| {
        let (gone, come) = middles(sent, rest).1;
        gone.len() + come.len()
    });
    let (names, rest) = nearest.unwrap_or_default();
    tell(names, &difference(sent, rest))
}

/// What was found, then without its first header, without its first two, and so on, with the names
/// of these, as long as nothing of that name was sent.
fn heads<'m>(sent: &[u8], found: &'m [u8]) -> Vec<(Vec<String>, &'m [u8])> {
    let (mut names, mut rest) = (Vec::new(), found);
    let mut heads = vec![(names.clone(), rest)];
    while let Some((name, length)) = header(rest) {
        let mut lines = sent.split(|byte| *byte == b'\n');
        if lines.any(|line| line.starts_with(name) && line.get(name.len()) == Some(&b':')) {
            break;
        }
        names.push(String::from_utf8_lossy(name).into_owned());
        rest = &rest[length..];
        heads.push((names.clone(), rest));
    }
    heads
}

/// The name of the header that a message begins with, and the length of that header.
fn header(message: &[u8]) -> Option<(&[u8], usize)> {
    let name = message.split(|byte| *byte == b':').next()?;
    let letter = |byte: &u8| byte.is_ascii_alphanumeric() || *byte == b'-';
    if name.is_empty() || name.len() == message.len() || !name.iter().all(letter) {
        return None;
    }
    let mut length = 0;
    for line in message.split_inclusive(|byte| *byte == b'\n') {
        if length > 0 && !matches!(line[0], b' ' | b'\t') {
            break;
        }
        length += line.len();
    }
    Some((name, length))
}

/// Where two messages begin to differ, and what is there in each up to where they do no more.
fn middles<'m>(sent: &'m [u8], found: &'m [u8]) -> (usize, (&'m [u8], &'m [u8])) {
    let alike = |(one, other): &(&u8, &u8)| one == other;
    let front = sent.iter().zip(found).take_while(alike).count();
    let pairs = sent.iter().rev().zip(found.iter().rev());
    let least = sent.len().min(found.len()) - front;
    let back = pairs.take_while(alike).count().min(least);
    let middle = |message: &'m [u8]| &message[front..message.len() - back];
    (front, (middle(sent), middle(found)))
}

/// What differs, when nobody has a name for it.
fn difference(sent: &[u8], found: &[u8]) -> String {
    let (front, (gone, come)) = middles(sent, found);
    if sent.starts_with(found) {
        return format!("cut after {} of {} octets", found.len(), sent.len());
    }
    if holds(found, sent) {
        let more = found.len() - sent.len();
        return format!("{more} octets added, the first behind octet {front}");
    }
    if holds(sent, found) {
        let less = sent.len() - found.len();
        return format!("{less} octets removed, the first behind octet {front}");
    }
    format!(
        "{} octets behind octet {front} became {} others",
        gone.len(),
        come.len()
    )
}

/// Whether a message is this one with something put in between.
fn holds(message: &[u8], other: &[u8]) -> bool {
    let mut rest = message.iter();
    other.iter().all(|byte| rest.any(|found| found == byte))
}

/// A message with another byte, or none, for each of these.
fn each(message: &[u8], byte: u8, other: Option<u8>) -> Vec<u8> {
    let change = |found: &u8| if *found == byte { other } else { Some(*found) };
    message.iter().filter_map(change).collect()
}

/// A message with this of each of its lines.
fn lines(message: &[u8], what: fn(&[u8]) -> &[u8]) -> Vec<u8> {
    let lines = message.split_inclusive(|byte| *byte == b'\n');
    let changed = lines.map(|line| match line.strip_suffix(b"\n") {
        Some(text) => [what(text), b"\n"].concat(),
        None => what(line).to_vec(),
    });
    changed.collect::<Vec<_>>().concat()
}

#[test]
fn alterations_are_told_apart() {
    let sent = b"A: b\n\na\0b\r\n.\n";
    let fate = |found: &[u8]| Fate::of(sent, &[found.to_vec()]).to_string();
    assert_eq!(fate(sent), "same");
    assert_eq!(
        fate(&[&b"X: y\n z\nY: z\n"[..], sent].concat()),
        "headers added: X, Y"
    );
    assert_eq!(fate(b"A: b\n\nab\r\n.\n"), "NULs removed");
    assert_eq!(fate(b"A: b\n\na\n.\n"), "lines cut at NUL");
    assert_eq!(
        fate(b"X: y\nA: b\n\na\0b\n.\n"),
        "CRs removed; headers added: X"
    );
    assert_eq!(fate(b"A: b\n\na\0b\r\n"), "cut after 11 of 13 octets");
    assert_eq!(
        fate(b"A: b\n\na\0b\r\n..\n"),
        "1 octets added, the first behind octet 12"
    );
    assert_eq!(
        fate(b"A: b\na\0b\n.\n"),
        "2 octets removed, the first behind octet 5"
    );
    assert_eq!(
        fate(b"A: b\n\nx\r\n.\n"),
        "3 octets behind octet 6 became 1 others"
    );
    assert_eq!(Fate::of(sent, &[]), Fate::Missing);
    assert_eq!(
        Fate::of(sent, &[sent.to_vec(), sent.to_vec()]),
        Fate::Several(2)
    );
}
