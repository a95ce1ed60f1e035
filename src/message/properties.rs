//! What holds of heads, whatever a sender wrote into them.

use super::words::LONGEST;
use super::{date, decoded, head_end, header, Digest, Envelope, MessageDigester};

/// A head ends behind its first blank line; what is read out of it stands in it; an address holds
/// nothing that could be more than one line or word.
pub fn head(input: &[u8]) {
    words(input);
    digest(input);
    if let Some(end) = head_end(input) {
        assert!(input[..end].ends_with(b"\n"));
        assert_eq!(head_end(&input[..end]), Some(end));
        assert!((0..end).all(|less| less == 0 || head_end(&input[..less]).is_none()) || end > 500);
    }
    for name in ["Subject", "From", "Date", "Return-Path"] {
        if let Some(value) = header(input, name) {
            assert!(value.len() <= input.len() && !value.contains(&b'\n'));
            assert_eq!(value.trim_ascii(), value);
            let written = [name.as_bytes(), b":", &value, b"\n"].concat();
            assert_eq!(header(&written, &name.to_uppercase()), Some(value));
        }
    }
    let Envelope { sender, recipients } = Envelope::from_head(input);
    for address in recipients.iter().chain([&sender]) {
        assert!(address.iter().all(|b| *b > 0x20 && *b != 0x7f));
    }
    assert!(recipients.len() <= 1 && !recipients.contains(&Vec::new()));
    let written = [b"Return-Path: <", sender.as_slice(), b">\n"].concat();
    let plain = !sender.iter().any(|b| b"<>".contains(b));
    assert!(!plain || Envelope::from_head(&written).sender == sender);
}

/// Decoding an encoded word makes text of at most thrice its length, leaves alone what holds none,
/// and is done in time; a date is a moment.
fn words(input: &[u8]) {
    let text = decoded(input);
    assert!(text.len() <= 3 * input.len());
    if memchr::memmem::find(input, b"=?").is_none() {
        assert_eq!(text, input);
    }
    let quoted: String = input.iter().map(|b| format!("={b:02X}")).collect();
    let latin: String = input.iter().map(|b| char::from(*b)).collect();
    let word = format!("=?ISO-8859-1?Q?{quoted}?=");
    // The label means windows-1252 to everybody, which differs in the controls; and no word is longer.
    if !input.iter().any(|b| (0x80..0xa0).contains(b)) && word.len() <= LONGEST {
        assert_eq!(decoded(word.as_bytes()), latin.as_bytes());
    }
    let _ = date(input);
}

/// A digest is the same however the message is cut, and whatever marks a server puts at its top.
fn digest(input: &[u8]) {
    let of = |message: &[u8], piece: usize| -> Digest {
        let mut digester = MessageDigester::default();
        message
            .chunks(piece)
            .for_each(|piece| digester.update(piece));
        digester.finish()
    };
    let whole = of(input, input.len().max(1));
    assert!([1, 2, 7].iter().all(|piece| of(input, *piece) == whole));
    let marked = [b"Status: RO\nx-uid : 7\n\t8\n", input].concat();
    if !input.starts_with(b" ") && !input.starts_with(b"\t") {
        assert_eq!(of(&marked, marked.len()), whole);
    }
}
