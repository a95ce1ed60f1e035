//! A message as SMTP carries it: lines end in CR LF, and either a dot is put before each that begins
//! with one (RFC 5321, section 4.5.2), or the bytes are counted (RFC 3030).

/// The longest line that every server takes, without its end (RFC 5321, section 4.5.3.1.6).
const LINE: usize = 998;

/// What a message holds that matters to how it is sent; seen piece by piece.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Nature {
    /// Its octets when its lines end in CR LF.
    pub octets: u64,
    /// It has octets above 127.
    pub eight_bit: bool,
    /// It holds what lines of text cannot: NUL, CR elsewhere than at a line's end, endless lines.
    binary: bool,
    /// How long its last line is.
    line: usize,
}

impl Nature {
    /// Looks at the next piece.
    pub fn see(&mut self, piece: &[u8]) {
        for part in piece.split_inclusive(|b| *b == b'\n') {
            let (text, ended) = match part.strip_suffix(b"\n") {
                Some(text) => (text, true),
                None => (part, false),
            };
            self.line += text.len();
            self.octets += part.len() as u64 + u64::from(ended);
            self.eight_bit |= !text.is_ascii();
            self.binary |= self.line > LINE || memchr::memchr2(0, b'\r', text).is_some();
            if ended {
                self.line = 0;
            }
        }
    }

    /// Whether only counted bytes carry it as it is.
    pub fn is_binary(&self) -> bool {
        self.binary || self.line > 0
    }
}

/// Makes of the pieces of a message what travels.
#[derive(Default)]
pub struct Lines {
    amid: bool,
}

impl Lines {
    /// The next piece with the line ends of the wire.
    pub fn counted(piece: &[u8]) -> Vec<u8> {
        let mut sent = Vec::with_capacity(piece.len() + piece.len() / 16);
        for part in piece.split_inclusive(|b| *b == b'\n') {
            put(&mut sent, part);
        }
        sent
    }

    /// The next piece, byte-stuffed.
    pub fn stuffed(&mut self, piece: &[u8]) -> Vec<u8> {
        let mut sent = Vec::with_capacity(piece.len() + piece.len() / 16);
        for part in piece.split_inclusive(|b| *b == b'\n') {
            if !self.amid && part.starts_with(b".") {
                sent.push(b'.');
            }
            put(&mut sent, part);
            self.amid = !part.ends_with(b"\n");
        }
        sent
    }

    /// What ends a message that was byte-stuffed: its last line is ended, too.
    pub fn end(self) -> &'static [u8] {
        match self.amid {
            true => b"\r\n.\r\n",
            false => b".\r\n",
        }
    }
}

/// A line or a part of one; its end, if it is there, as it travels.
fn put(sent: &mut Vec<u8>, part: &[u8]) {
    match part.strip_suffix(b"\n") {
        Some(text) => {
            sent.extend_from_slice(text);
            sent.extend_from_slice(b"\r\n");
        }
        None => sent.extend_from_slice(part),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn stuffed(message: &[u8], size: usize) -> Vec<u8> {
        let mut lines = Lines::default();
        let mut sent: Vec<u8> = Vec::new();
        for piece in message.chunks(size) {
            sent.extend(lines.stuffed(piece));
        }
        sent.extend(lines.end());
        sent
    }

    #[test]
    fn dots_are_doubled_and_ends_made_whatever_the_pieces() {
        let cases: [(&[u8], &[u8]); 7] = [
            (b"", b".\r\n"),
            (b"\n", b"\r\n.\r\n"),
            (b".\n", b"..\r\n.\r\n"),
            (b"a", b"a\r\n.\r\n"),
            (b".a\n..\n\n.", b"..a\r\n...\r\n\r\n..\r\n.\r\n"),
            (b"a.\n.b\r\n.\r\r\n", b"a.\r\n..b\r\r\n..\r\r\r\n.\r\n"),
            (b"\r.\n\r", b"\r.\r\n\r\r\n.\r\n"),
        ];
        for (message, sent) in cases {
            for size in 1..=message.len().max(1) {
                let got = stuffed(message, size);
                assert_eq!(got, sent, "{} by {size}", message.escape_ascii());
            }
        }
    }

    #[test]
    fn what_is_counted_has_only_other_ends() {
        assert_eq!(Lines::counted(b".\na\r\n\nb"), b".\r\na\r\r\n\r\nb");
    }

    #[test]
    fn the_nature_of_a_message_is_seen_whatever_the_pieces() {
        let long = [&b"x".repeat(LINE)[..], b"\n"].concat();
        let longer = [&b"x"[..], &long].concat();
        let cases: [(&[u8], bool, bool); 8] = [
            (b"", false, false),
            (b"a\n", false, false),
            (b"\xe9\n", true, false),
            (b"a", false, true),
            (b"a\r\n", false, true),
            (b"a\0b\n", false, true),
            (&long, false, false),
            (&longer, false, true),
        ];
        for (message, eight_bit, binary) in cases {
            for size in [1, 2, 3, 1000, 2000] {
                let mut nature = Nature::default();
                message.chunks(size).for_each(|piece| nature.see(piece));
                let shown = message.escape_ascii();
                assert_eq!(nature.eight_bit, eight_bit, "{shown}");
                assert_eq!(nature.is_binary(), binary, "{shown}");
                assert_eq!(nature.octets, Lines::counted(message).len() as u64);
            }
        }
    }
}
