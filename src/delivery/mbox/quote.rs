//! A message as an mbox holds it (mbox(5)): behind a From_ line, quoted so that no line of its own
//! is taken for one, ended by an empty line. Pure, and the same for any division of its input.

use memchr::memchr;
use serde::Deserialize;

/// The variants of mbox.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Format {
    /// Lines that begin with From_ behind any number of `>` get one `>` more: can be undone.
    #[default]
    Mboxrd,
    /// Lines that begin with From_ get a `>`: cannot be undone, but old programs know it.
    Mboxo,
    /// Nothing is quoted; a Content-Length header of ours, in place of any other, tells the end.
    Mboxcl2,
}

const FROM: &[u8] = b"From ";
const LENGTH: &[u8] = b"content-length";
/// More blanks than anybody puts behind a header's name.
const BLANKS: usize = 1000;

/// Where in the text the quoting stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Place {
    /// At the start of a line, or behind `>` at the start.
    LineStart,
    /// So many bytes of `From ` have come.
    From(usize),
    Text,
}

/// Quotes From_ lines.
pub struct Quoter {
    format: Format,
    place: Place,
    quotes: bool,
}

impl Quoter {
    /// Begins at the start of a message.
    pub fn new(format: Format) -> Self {
        Self {
            format,
            place: Place::LineStart,
            quotes: false,
        }
    }

    /// Quotes the next bytes.
    pub fn step(&mut self, mut input: &[u8], out: &mut Vec<u8>) {
        if self.format == Format::Mboxcl2 {
            return out.extend_from_slice(input);
        }
        while let Some((first, rest)) = input.split_first() {
            match self.place {
                Place::Text => {
                    let end = memchr(b'\n', input).map_or(input.len(), |at| at + 1);
                    out.extend_from_slice(&input[..end]);
                    if input[end - 1] == b'\n' {
                        (self.place, self.quotes) = (Place::LineStart, false);
                    }
                    input = &input[end..];
                }
                Place::LineStart if *first == b'>' && self.format == Format::Mboxrd => {
                    out.push(b'>');
                    self.quotes = true;
                    input = rest;
                }
                Place::LineStart => self.place = Place::From(0),
                Place::From(n) if *first == FROM[n] => {
                    input = rest;
                    self.place = Place::From(n + 1);
                    if n + 1 == FROM.len() {
                        // Among other `>` it does not matter which one is the new one.
                        out.push(b'>');
                        out.extend_from_slice(FROM);
                        self.place = Place::Text;
                    }
                }
                Place::From(_) => self.let_go(out),
            }
        }
    }

    /// Gives what was held back.
    pub fn finish(mut self, out: &mut Vec<u8>) {
        self.let_go(out);
    }

    fn let_go(&mut self, out: &mut Vec<u8>) {
        if let Place::From(n) = self.place {
            out.extend_from_slice(&FROM[..n]);
        }
        self.place = Place::Text;
    }
}

/// Takes Content-Length headers out of a head, and counts where it ends: for mboxcl2.
pub struct Unlengther {
    /// The start of the line so far, until it is clear what it is; `None` within a line.
    line: Option<Vec<u8>>,
    dropping: bool,
    /// Bytes behind the blank line; `None` while in the head.
    pub body: Option<u64>,
}

impl Unlengther {
    /// Begins at the start of a message.
    pub fn new() -> Self {
        Self {
            line: Some(Vec::new()),
            dropping: false,
            body: None,
        }
    }

    /// Takes the next bytes.
    pub fn step(&mut self, input: &[u8], out: &mut Vec<u8>) {
        for (at, byte) in input.iter().enumerate() {
            if let Some(body) = &mut self.body {
                *body += (input.len() - at) as u64;
                out.extend_from_slice(&input[at..]);
                return;
            }
            self.byte(*byte, out);
        }
    }

    fn byte(&mut self, byte: u8, out: &mut Vec<u8>) {
        if let Some(mut line) = self.line.take() {
            let folded = line.is_empty() && matches!(byte, b' ' | b'\t');
            line.push(byte);
            let may_be = may_be_length(&line);
            if !(folded && self.dropping) {
                self.dropping = may_be && byte == b':';
                if may_be && !self.dropping {
                    self.line = Some(line);
                    return;
                }
                if !self.dropping {
                    out.extend_from_slice(&line);
                }
                if line == b"\n" {
                    self.body = Some(0);
                }
            }
        } else if !self.dropping {
            out.push(byte);
        }
        if byte == b'\n' {
            self.line = Some(Vec::new());
        }
    }

    /// Gives what was held back.
    pub fn finish(&mut self, out: &mut Vec<u8>) {
        out.extend_from_slice(&self.line.take().unwrap_or_default());
    }
}

/// Whether a line that begins so may be a Content-Length header. Blanks before the colon are obsolete
/// (RFC 5322, section 4.5), and understood by those who read mboxes.
fn may_be_length(line: &[u8]) -> bool {
    let prefix = LENGTH.len().min(line.len());
    let (name, rest) = line.split_at(prefix);
    let rest = rest.strip_suffix(b":").unwrap_or(rest);
    name.eq_ignore_ascii_case(&LENGTH[..prefix])
        && rest.len() < BLANKS
        && rest.iter().all(|byte| matches!(byte, b' ' | b'\t'))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn quote(format: Format, text: &[u8], chunk: usize) -> Vec<u8> {
        let (mut quoter, mut out) = (Quoter::new(format), Vec::new());
        text.chunks(chunk)
            .for_each(|piece| quoter.step(piece, &mut out));
        quoter.finish(&mut out);
        out
    }

    #[test]
    fn from_lines_are_quoted_however_the_text_is_cut() {
        let text = b"From a\n>From b\n>>From c\nFro\n From d\nFromage\n>\nFrom ";
        let rd = b">From a\n>>From b\n>>>From c\nFro\n From d\nFromage\n>\n>From ";
        let o = b">From a\n>From b\n>>From c\nFro\n From d\nFromage\n>\n>From ";
        for chunk in 1..=text.len() {
            assert_eq!(quote(Format::Mboxrd, text, chunk), rd);
            assert_eq!(quote(Format::Mboxo, text, chunk), o);
            assert_eq!(quote(Format::Mboxcl2, text, chunk), text);
        }
        assert_eq!(quote(Format::Mboxrd, b">Fro", 1), b">Fro");
    }

    #[test]
    fn a_lying_length_is_taken_out_of_the_head_alone() {
        let text = b"A: b\nCONTENT-Length: 3\n folded\nContent-Length \t: 8\nContent-Len: 1\n\
            Content-Length x: 1\n\nContent-Length: 9\nxx";
        for chunk in 1..=text.len() {
            let (mut filter, mut out) = (Unlengther::new(), Vec::new());
            text.chunks(chunk)
                .for_each(|piece| filter.step(piece, &mut out));
            filter.finish(&mut out);
            assert_eq!(
                out, b"A: b\nContent-Len: 1\nContent-Length x: 1\n\nContent-Length: 9\nxx",
                "by {chunk}"
            );
            assert_eq!(filter.body, Some(20));
        }
    }
}
