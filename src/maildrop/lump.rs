//! Where the messages begin in the one lump that POP1 gives (RFC 918). Its form is that of the host's
//! own mail files. If it begins as an mbox does it is divided as one: before every `From ` at the
//! start of a line behind an empty one. Nothing is taken away or undone, so that the messages together
//! are the lump; and one of any other form is a single message, since what is not understood must not
//! be cut.

use memchr::memmem;
use std::ops::Range;

/// The beginning of an mbox, and of every message in it.
const FROM: &[u8] = b"From ";
/// Where a message begins that is not the first.
const NEXT: &[u8] = b"\n\nFrom ";

/// Looks through a lump as it passes, in whatever pieces, with local line ends; pure.
pub struct Divider {
    /// As much of its beginning as tells what it is.
    head: Vec<u8>,
    /// The last bytes: a place may begin in one piece and end in the next.
    tail: Vec<u8>,
    length: u64,
    starts: Vec<u64>,
    most: usize,
}

impl Divider {
    /// Begins a lump, of which no more than so many messages are told, and one more if there are.
    pub fn new(most: usize) -> Self {
        Self {
            head: Vec::new(),
            tail: Vec::new(),
            length: 0,
            starts: Vec::new(),
            most,
        }
    }

    /// Takes the next bytes.
    pub fn take(&mut self, bytes: &[u8]) {
        let lacks = FROM.len().saturating_sub(self.head.len());
        self.head.extend(bytes.iter().take(lacks));
        let text = [&self.tail[..], bytes].concat();
        let before = self.length - self.tail.len() as u64;
        for at in memmem::find_iter(&text, NEXT) {
            if self.starts.len() < self.most {
                self.starts.push(before + at as u64 + 2);
            }
        }
        self.length += bytes.len() as u64;
        // Too short to hold a place that was found already.
        self.tail = text[text.len().saturating_sub(NEXT.len() - 1)..].to_vec();
    }

    /// Where each message lies, one behind the other.
    pub fn finish(self) -> Vec<Range<u64>> {
        if self.length == 0 {
            return Vec::new();
        }
        let mut ends = match self.head == FROM {
            true => self.starts,
            false => Vec::new(),
        };
        ends.push(self.length);
        let starts = std::iter::once(0).chain(ends.clone());
        starts.zip(ends).map(|(start, end)| start..end).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The messages of a lump that comes in pieces of this length.
    fn divided(lump: &str, piece: usize) -> Vec<&str> {
        let mut divider = Divider::new(100);
        lump.as_bytes()
            .chunks(piece)
            .for_each(|piece| divider.take(piece));
        let text = |range: Range<u64>| &lump[range.start as usize..range.end as usize];
        divider.finish().into_iter().map(text).collect()
    }

    #[test]
    fn an_mbox_is_divided_and_nothing_else() {
        for messages in [
            &["From a\nSubject: a\n\nhi\n\n"][..],
            &[
                "From a\nX: y\n\nhi\n\n",
                "From b\n\nFrom here\n\n",
                "From c",
            ],
            &["From a\n\n", "From b\n\n", "From "],
            &["From a\n\nnot\nFrom here\n\n>From there\n\n From\n\n"],
            &["Subject: no mbox\n\nhi\n\nFrom ann\n\nhi\n\n"],
            &["from a\n\nFrom b\n\n"],
            &["\n\nFrom a\n"],
            &["From"],
            &[],
        ] {
            let lump = messages.concat();
            // Where a second From_ line is told by an empty line alone.
            let expected: Vec<&str> = match messages {
                [one, two, three] if two.contains("\n\nFrom h") => {
                    vec![*one, "From b\n\n", "From here\n\n", *three]
                }
                messages => messages.to_vec(),
            };
            for piece in 1..=lump.len().max(1) {
                assert_eq!(divided(&lump, piece), expected, "{lump:?} by {piece}");
            }
        }
    }

    #[test]
    fn no_more_messages_are_told_than_may_be() {
        let mut divider = Divider::new(3);
        divider.take("From a\n\n".repeat(10).as_bytes());
        let told = divider.finish();
        assert_eq!(told.len(), 4);
        assert_eq!(told.last().map(|last| last.end), Some(80));
    }
}
