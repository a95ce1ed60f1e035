//! What holds of addresses, replies and messages on their way, whatever is in them.

use super::address::Address;
use super::content::{Lines, Nature};
use super::reply::{self, Offers, Reply};

/// What is no address gets into no command, no reply is more than it says, and a message comes out at
/// the other end as it went in, but for a last line end.
pub fn relay(bytes: &[u8]) {
    if let Some(address) = Address::parse(bytes) {
        let text = address.text();
        assert_eq!(text.as_bytes(), bytes);
        assert!(!text.contains(|c: char| c.is_control()), "{text}");
        let bare = text.starts_with('"') || !text.contains(['<', '>', ' ', ',', '"']);
        assert!(bare, "{text}");
    }
    let lines: Vec<Vec<u8>> = bytes.split(|b| *b == b'\n').map(<[u8]>::to_vec).collect();
    for line in &lines {
        if let Ok((code, _, text)) = reply::line(line) {
            assert!((200..600).contains(&code) && line.ends_with(text));
        }
    }
    let reply = Reply { code: 250, lines };
    assert!(reply.said().starts_with(b"250"));
    let _ = Offers::read(&reply);
    arrives(bytes);
}

/// Sends a message piece by piece and reads what comes.
fn arrives(message: &[u8]) {
    let size = message.first().map_or(1, |first| usize::from(*first) + 1);
    let (mut lines, mut nature, mut sent) = (Lines::default(), Nature::default(), Vec::new());
    let mut counted = Vec::new();
    for piece in message.chunks(size) {
        nature.see(piece);
        sent.extend(lines.stuffed(piece));
        counted.extend(Lines::counted(piece));
    }
    sent.extend(lines.end());
    assert_eq!(nature.octets, counted.len() as u64);
    let (mut rest, mut came) = (sent.as_slice(), Vec::new());
    while let Some(end) = memchr::memmem::find(rest, b"\r\n") {
        let line = &rest[..end];
        rest = &rest[end + 2..];
        if line == b"." {
            break;
        }
        came.extend_from_slice(line.strip_prefix(b".").unwrap_or(line));
        came.push(b'\n');
    }
    assert!(rest.is_empty(), "the end came too early");
    if !message.is_empty() && !message.ends_with(b"\n") {
        assert!(nature.is_binary());
        came.pop();
    }
    assert_eq!(came, message);
}
