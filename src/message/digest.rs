//! The digest of a message, by which it is known where nothing else tells it apart.

use blake3::Hasher;

/// The digest of a message's bytes as stored: the first 16 bytes of BLAKE3, enough against any
/// sender who would like two messages to be taken for one, and cheap where the processor has no
/// instructions for SHA.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Digest(pub [u8; 16]);

/// Takes bytes as they pass and gives their digest.
#[derive(Clone, Default)]
pub struct Digester(Hasher);

impl Digester {
    /// Takes the next bytes.
    pub fn update(&mut self, bytes: &[u8]) {
        self.0.update(bytes);
    }

    /// The digest of all that was taken.
    pub fn finish(self) -> Digest {
        let mut digest = [0; 16];
        self.0.finalize_xof().fill(&mut digest);
        Digest(digest)
    }
}

/// The fields in which servers that keep mail in mboxes note what became of a message: UW, Berkeley
/// and GNU Mailutils write them into what they give the next time.
const MARKS: [&[u8]; 7] = [
    b"status",
    b"x-status",
    b"x-uid",
    b"x-uidl",
    b"x-imap",
    b"x-imapbase",
    b"x-keywords",
];
/// No mark's name is longer, whatever blanks stand before its colon.
const NAME: usize = 64;

/// Takes a message as it passes, in whatever pieces, and gives the digest of what stays the same of
/// it: all but the marks of servers in its head.
#[derive(Default)]
pub struct MessageDigester {
    digester: Digester,
    place: Place,
    /// How the line under way begins, until that tells whether it is a mark.
    begun: Vec<u8>,
    /// The line under way, or the one before, is a mark.
    marked: bool,
}

#[derive(Default, PartialEq)]
enum Place {
    #[default]
    LineStart,
    Line,
    Body,
}

impl MessageDigester {
    /// Takes the next bytes.
    pub fn update(&mut self, bytes: &[u8]) {
        // Bytes from `from` to `at` count and are digested together.
        let (mut from, mut at) = (0, 0);
        while at < bytes.len() {
            let rest = &bytes[at..];
            let (length, counts) = match self.place {
                Place::LineStart if self.begun.is_empty() => self.line_start(rest),
                Place::LineStart => self.line_begun(rest[0]),
                Place::Line => self.line(rest),
                Place::Body => (rest.len(), true),
            };
            if !counts {
                self.digester.update(&bytes[from..at]);
                from = at + length;
            }
            at += length;
        }
        self.digester.update(&bytes[from..]);
    }

    /// The digest of all that was taken.
    pub fn finish(mut self) -> Digest {
        self.digester.update(&self.begun);
        self.digester.finish()
    }

    /// A line begins; gives how many bytes tell whether it is a mark, and whether they count. If it
    /// is not all there that would tell, it is kept.
    fn line_start(&mut self, rest: &[u8]) -> (usize, bool) {
        let near = &rest[..rest.len().min(NAME)];
        let telling = match near[0] {
            b' ' | b'\t' => Some(1),
            _ => memchr::memchr2(b':', b'\n', near).map(|at| at + 1),
        };
        let begun = &rest[..telling.unwrap_or(near.len())];
        let counts = self.tell(begun);
        if counts.is_none() {
            self.begun.extend_from_slice(begun);
        }
        (begun.len(), counts.unwrap_or(false))
    }

    /// One byte more of a line that may still turn out to be a mark.
    fn line_begun(&mut self, byte: u8) -> (usize, bool) {
        let mut begun = std::mem::take(&mut self.begun);
        begun.push(byte);
        match self.tell(&begun) {
            None => self.begun = begun,
            Some(true) => self.digester.update(&begun),
            Some(false) => {}
        }
        (1, false)
    }

    /// Whether a line that begins so counts, if that can be told yet.
    fn tell(&mut self, begun: &[u8]) -> Option<bool> {
        self.marked = is_mark(begun, self.marked)?;
        self.place = match begun {
            b"\n" => Place::Body,
            [.., b'\n'] => Place::LineStart,
            _ => Place::Line,
        };
        Some(!self.marked)
    }

    /// The rest of a line that is known to be a mark or not.
    fn line(&mut self, bytes: &[u8]) -> (usize, bool) {
        let end = memchr::memchr(b'\n', bytes);
        if end.is_some() {
            self.place = Place::LineStart;
        }
        (end.map_or(bytes.len(), |end| end + 1), !self.marked)
    }
}

/// Whether a line that begins so is a mark, if that can be told yet; `before` if the one before it
/// was. Most are told from marks by a letter or two.
fn is_mark(begun: &[u8], before: bool) -> Option<bool> {
    let name = begun.strip_suffix(b":").unwrap_or(begun).trim_ascii_end();
    let is = |mark: &&[u8]| mark.eq_ignore_ascii_case(name);
    let begins = |mark: &&[u8]| mark.get(..name.len()).is_some_and(|head| is(&head));
    match begun {
        [b' ' | b'\t', ..] => Some(before),
        [.., b'\n'] => Some(false),
        [.., b':'] => Some(MARKS.iter().any(is)),
        _ if begun.len() >= NAME || !MARKS.iter().any(begins) => Some(false),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn plain(bytes: &[u8]) -> Digest {
        let mut digester = Digester::default();
        digester.update(bytes);
        digester.finish()
    }

    /// A message, and what counts of it.
    const CASES: &[(&[u8], &[u8])] = &[
        (
            b"From: a\nStatus: RO\nX-UID: 7\n\tmore\nX-Statusx: kept\nSubject: Status: x\n \
              Status: y\nx-imapbase : 1\nStatus\n\nStatus: in the body\n\nX-UID: 8\n",
            b"From: a\nX-Statusx: kept\nSubject: Status: x\n Status: y\nStatus\n\n\
              Status: in the body\n\nX-UID: 8\n",
        ),
        (b"\nStatus: RO\n", b"\nStatus: RO\n"),
        (b" folded\nStatus: R\n", b" folded\n"),
        (b"", b""),
        (b"Stat", b"Stat"),
        (b"no colon", b"no colon"),
        (
            b"Status \t: RO\nStat us: x\nX-U ID: 7\nX-UID\n\t: 7\nx-uidl:\n y\nS\n: x\nX-Keywords\r\n",
            b"Stat us: x\nX-U ID: 7\nX-UID\n\t: 7\nS\n: x\nX-Keywords\r\n",
        ),
    ];

    #[test]
    fn a_digest_is_what_b3sum_prints_of_the_message() {
        let Digest(digest) = plain(b"abc");
        let hex: String = digest.iter().map(|byte| format!("{byte:02x}")).collect();
        assert_eq!(hex, "6437b3ac38465133ffb63b75273a8db5");
    }

    #[test]
    fn marks_do_not_count_however_a_message_is_cut() {
        for (message, counted) in CASES {
            for size in 1..=message.len() + 1 {
                let mut digester = MessageDigester::default();
                message
                    .chunks(size)
                    .for_each(|piece| digester.update(piece));
                let shown = message.escape_ascii().to_string();
                assert!(digester.finish() == plain(counted), "{shown} by {size}");
            }
        }
    }

    #[test]
    fn a_mark_far_down_a_long_head_is_one_too() {
        let long = [b"X-Long: ".to_vec(), vec![b'x'; 100_000], b"\n".to_vec()].concat();
        let message = [&long[..], b"Status: RO\n", &[b'y'; 500], b": z\n\nbody\n"].concat();
        let counted = [&long[..], &[b'y'; 500], b": z\n\nbody\n"].concat();
        let mut digester = MessageDigester::default();
        message
            .chunks(65_536)
            .for_each(|piece| digester.update(piece));
        assert!(digester.finish() == plain(&counted));
    }
}
