//! A message for which there is no room: it is made while it is sent, and compared while it is read.

use std::io::Read;

use openssl::hash::{Hasher, MessageDigest};

use super::mail;

/// How much of it is at hand at a time.
const PIECE: usize = 64 * 1024;

/// A message that begins like this and then repeats itself.
#[derive(Clone)]
pub struct Long {
    /// How it begins, in whole lines.
    pub head: Vec<u8>,
    /// What follows again and again: whole lines, or part of a line that has no dot in front.
    pub block: Vec<u8>,
    /// How often.
    pub times: u64,
    /// How it ends.
    pub tail: Vec<u8>,
}

impl Long {
    /// Lines of text of about this length together, some of them with a dot in front.
    pub fn lines(length: u64) -> Long {
        let block =
            b".\n..hidden\nfar more than anyone would like to read at once\n\n".repeat(1000);
        Long::of("lines", block, length)
    }

    /// One line of this length.
    pub fn line(length: u64) -> Long {
        let mut long = Long::of("a line", b"x".repeat(PIECE), length);
        long.tail = b"\n".to_vec();
        long
    }

    fn of(subject: &str, block: Vec<u8>, length: u64) -> Long {
        let head = format!("From: ann@example.org\nSubject: {subject}\n\n");
        Long {
            head: head.into_bytes(),
            times: length.div_ceil(block.len() as u64),
            block,
            tail: Vec::new(),
        }
    }

    /// Its size as POP3 counts: every line end is two octets, stuffing is not counted.
    pub fn size(&self) -> u64 {
        let size = |piece: &[u8]| crlf(piece).len() as u64;
        size(&self.head) + size(&self.block) * self.times + size(&self.tail)
    }

    /// How it travels, piece by piece.
    pub fn travelling(&self) -> impl Iterator<Item = Vec<u8>> {
        let stuffed = |piece: &[u8]| mail::stuffed(&crlf(piece));
        self.pieces(
            stuffed(&self.head),
            stuffed(&self.block),
            stuffed(&self.tail),
        )
    }

    /// The digest by SHA-256, in hex.
    pub fn sha256(&self) -> String {
        let mut hasher = Hasher::new(MessageDigest::sha256()).unwrap();
        for piece in self.plain() {
            hasher.update(&piece).unwrap();
        }
        let digest = hasher.finish().unwrap();
        digest.iter().map(|byte| format!("{byte:02x}")).collect()
    }

    /// Whether this is what comes next.
    pub fn comes_from(&self, reader: &mut impl Read) -> bool {
        let mut found = Vec::new();
        self.plain().all(|piece| {
            found.resize(piece.len(), 0);
            reader.read_exact(&mut found).is_ok() && found == piece
        })
    }

    pub(super) fn plain(&self) -> impl Iterator<Item = Vec<u8>> {
        self.pieces(self.head.clone(), self.block.clone(), self.tail.clone())
    }

    fn pieces(
        &self,
        head: Vec<u8>,
        block: Vec<u8>,
        tail: Vec<u8>,
    ) -> impl Iterator<Item = Vec<u8>> {
        let mut left = self.times;
        let blocks = std::iter::from_fn(move || {
            left = left.checked_sub(1)?;
            Some(block.clone())
        });
        [head].into_iter().chain(blocks).chain([tail])
    }
}

/// A piece with the line ends POP3 wants; a line that it only begins stays open.
fn crlf(piece: &[u8]) -> Vec<u8> {
    let mut wire = mail::with_crlf(piece);
    if !piece.is_empty() && !piece.ends_with(b"\n") {
        wire.truncate(wire.len() - 2);
    }
    wire
}
