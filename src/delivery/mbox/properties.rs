//! What holds of mboxes, whatever the message or the claim.

use super::claim::{self, Site};
use super::letter::Measure;
use super::quote::{Format, Quoter, Unlengther};
use std::path::Path;

/// The message with its From_ lines quoted, given `piece` bytes at a time.
fn quoted(message: &[u8], format: Format, piece: usize) -> Vec<u8> {
    let (mut quoter, mut out) = (Quoter::new(format), Vec::new());
    message
        .chunks(piece)
        .for_each(|piece| quoter.step(piece, &mut out));
    quoter.finish(&mut out);
    out
}

/// What a reader of mboxrd makes of it: a `>` less before each From_ line that has one.
fn unquoted(text: &[u8]) -> Vec<u8> {
    let lines = text.split_inclusive(|b| *b == b'\n').map(|line| {
        let from = line.iter().position(|b| *b != b'>').unwrap_or(line.len());
        let quoted = from > 0 && line[from..].starts_with(b"From ");
        &line[usize::from(quoted)..]
    });
    lines.collect::<Vec<_>>().concat()
}

/// What is stored in any variant is what was sent, and is told apart from what stands around it.
pub fn mbox(input: &[u8]) {
    quote(input);
    length(input);
}

/// No line of a quoted message is taken for a From_ line, mboxrd can be undone, and it is the same
/// however the message is cut.
fn quote(input: &[u8]) {
    for format in [Format::Mboxrd, Format::Mboxo, Format::Mboxcl2] {
        let whole = quoted(input, format, input.len().max(1));
        for piece in [1, 2, 3, 7] {
            assert_eq!(quoted(input, format, piece), whole);
        }
        match format {
            Format::Mboxcl2 => assert_eq!(whole, input),
            Format::Mboxrd => assert_eq!(unquoted(&whole), input),
            Format::Mboxo => {}
        }
        let from = |line: &[u8]| line.starts_with(b"From ");
        let mut lines = whole.split(|b| *b == b'\n');
        assert!(format == Format::Mboxcl2 || !lines.any(from));
    }
}

/// The message without its lengths, and where its body begins.
fn unlengthed(message: &[u8], piece: usize) -> (Vec<u8>, Option<u64>) {
    let (mut head, mut out) = (Unlengther::new(), Vec::new());
    message
        .chunks(piece)
        .for_each(|piece| head.step(piece, &mut out));
    head.finish(&mut out);
    (out, head.body)
}

/// A body is left alone and counted; no length is left in the head, and nothing else is taken out of
/// it; it is the same however the message is cut.
fn length(input: &[u8]) {
    let whole = unlengthed(input, input.len().max(1));
    for piece in [1, 2, 3, 7] {
        assert_eq!(unlengthed(input, piece), whole);
    }
    let (out, body) = whole;
    let body = body.map_or(0, |body| usize::try_from(body).unwrap_or(usize::MAX));
    assert_eq!(input[input.len() - body..], out[out.len() - body..]);
    let head = &out[..out.len() - body];
    let names = head.split(|b| *b == b'\n').map(|line| {
        let name = line.split(|b| *b == b':').next().unwrap_or_default();
        let blanks = line.contains(&b':') && name.len() < 1000;
        blanks.then(|| name.trim_ascii_end().to_ascii_lowercase())
    });
    let mut names = names.flatten();
    // Only blanks may stand between a name and its colon.
    let odd = head.iter().any(|b| matches!(b, b'\r' | 0x0c));
    assert!(odd || !names.any(|name| name == b"content-length"));
    let lower = [b"\n", input].concat().to_ascii_lowercase();
    if memchr::memmem::find(&lower, b"\ncontent-length").is_none() {
        assert_eq!(out, input);
    }
}

/// The words of a claim are read as what they were; what is written of a letter so far, and zeros
/// behind it, is a torn letter, and nothing else is.
pub fn claim(input: &[u8]) {
    let words: Vec<&[u8]> = input.split(|b| *b == 0).collect();
    let Some((site, measure)) = claim::parse(&words) else {
        return;
    };
    let Site { before, offset } = site;
    assert!(before.start <= offset && offset.checked_add(measure.length).is_some());
    let Measure { opening, .. } = &measure;
    let written = claim::words(Path::new("mail"), site, &measure);
    let again: Vec<&[u8]> = written.split(|b| *b == 0).skip(2).collect();
    let Some((site, same)) = claim::parse(&again) else {
        panic!("what was written is not understood");
    };
    assert_eq!((site.before, site.offset), (before, offset));
    assert_eq!((same.length, same.digest), (measure.length, measure.digest));
    assert_eq!(&same.opening, opening);
    for end in 0..=opening.len() {
        let mut found = opening.clone();
        found[end..].fill(0);
        assert!(claim::torn(&found, opening) && claim::torn(&found[..end], opening));
        if let Some(byte) = found.get_mut(end) {
            *byte = opening[end] ^ 0x55;
            assert!(*byte == 0 || !claim::torn(&found, opening));
        }
    }
}
