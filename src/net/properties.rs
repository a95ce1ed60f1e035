//! What holds of bodies, lines and proxies, whatever comes over the line and however it is cut.

use super::body::{Counter, Unstuffer};
use super::kpop;
use super::socks::{self, Proxy};
use super::veil::Veil;
use super::{Patience, Transport, Wire};
use crate::event::{Attention, Events, Stop};
use crate::secret::Secret;
use std::io::{self, Read, Write};
use std::sync::{mpsc, Arc, Mutex};
use std::time::Duration;

/// What a server has against a ticket stands in its answer; what is put into a frame of GSSAPI comes
/// out as it was, and nothing comes out that was not in.
pub fn ticket(input: &[u8]) {
    if let Some((_, text)) = kpop::refusal(input) {
        assert!(memchr::memmem::find(input, &text).is_some());
        let more = [input, b"more"].concat();
        assert!(kpop::refusal(&more).is_some());
    }
    if let Some(request) = kpop::unframed(input) {
        assert!(memchr::memmem::find(input, request).is_some());
    }
    let mut token = kpop::framed(input);
    let kind = token.len() - input.len() - 2;
    token[kind] = 1;
    assert_eq!(kpop::unframed(&token), Some(input));
}

/// What stands between two turns of a server.
pub const TURN: u8 = 0x1e;

/// A server that says one thing more after each line that it hears, so many bytes at a time, and
/// then hangs up.
pub struct Said {
    turns: Vec<Vec<u8>>,
    piece: usize,
    heard: Arc<Mutex<Vec<u8>>>,
}

impl Said {
    /// A server that says all of this at once.
    pub fn at_once(input: &[u8], piece: usize) -> Self {
        Self {
            turns: vec![input.to_vec()],
            piece,
            heard: Arc::default(),
        }
    }

    /// A server that speaks first; what it says next stands behind a [`TURN`].
    pub fn in_turn(input: &[u8], piece: usize) -> Self {
        let turns = input.split(|b| *b == TURN).map(<[u8]>::to_vec);
        let mut turns: Vec<Vec<u8>> = turns.collect();
        turns.reverse();
        let heard = Arc::default();
        Self {
            turns,
            piece,
            heard,
        }
    }

    /// All that it hears.
    pub fn heard(&self) -> Arc<Mutex<Vec<u8>>> {
        Arc::clone(&self.heard)
    }
}

impl Read for Said {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let Some(turn) = self.turns.last_mut() else {
            return Ok(0);
        };
        let length = turn.len().min(self.piece).min(buffer.len());
        buffer[..length].copy_from_slice(&turn[..length]);
        turn.drain(..length);
        Ok(length)
    }
}

impl Write for Said {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        if let Ok(mut heard) = self.heard.lock() {
            heard.extend(bytes);
        }
        // What was not read of a turn is read before the next one.
        for _ in bytes.iter().filter(|b| **b == b'\n') {
            let left = self.turns.pop().unwrap_or_default();
            match self.turns.last_mut() {
                Some(next) => drop(next.splice(..0, left)),
                None => self.turns.push(left),
            }
        }
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl Transport for Said {
    fn set_timeout(&mut self, _: Duration) -> io::Result<()> {
        Ok(())
    }
}

/// A voice that nobody hears.
pub fn unheard() -> Events {
    Events::new(
        0,
        mpsc::channel().0,
        Attention {
            dialogue: true,
            fine: true,
        },
    )
}

/// Waits that never end here.
pub fn patience() -> Patience {
    Patience {
        timeout: Duration::from_secs(3600),
        deadline: None,
        stop: Stop::default(),
    }
}

/// The body that comes out, reading `piece` bytes at a time into `room` bytes; how much of the
/// input was used; whether the body ended.
fn undo(wire: &[u8], bare_lf: bool, piece: usize, room: usize) -> (Vec<u8>, usize, bool) {
    let mut unstuffer = Unstuffer::new(bare_lf);
    let (mut body, mut at) = (Vec::new(), 0);
    let mut output = vec![0; room];
    while at < wire.len() && !unstuffer.ended() {
        let end = wire.len().min(at + piece);
        let taken = unstuffer.step(&wire[at..end], &mut output);
        body.extend_from_slice(&output[..taken.produced]);
        at += taken.consumed;
    }
    (body, at, unstuffer.ended())
}

/// As `undo`, of a body that has so many octets.
fn count(wire: &[u8], octets: u64, piece: usize, room: usize) -> (Vec<u8>, usize, bool) {
    let mut counter = Counter::new(octets);
    let (mut body, mut at) = (Vec::new(), 0);
    let mut output = vec![0; room];
    while at < wire.len() && !counter.ended() {
        let end = wire.len().min(at + piece);
        let taken = counter.step(&wire[at..end], &mut output);
        body.extend_from_slice(&output[..taken.produced]);
        at += taken.consumed;
    }
    (body, at, counter.ended())
}

/// A counted body is its octets and no others, but for the CRs in front of LFs.
fn counted(input: &[u8]) {
    let all = input.len() + 2;
    for octets in [0, input.len() / 2, input.len()] {
        let mut body = Vec::new();
        for (at, byte) in input[..octets].iter().enumerate() {
            let ends_line = input[..octets].get(at + 1) == Some(&b'\n');
            body.extend((*byte != b'\r' || !ends_line).then_some(*byte));
        }
        for (piece, room) in [(all, all), (1, all), (all, 1), (1, 1), (2, 3)] {
            let came = count(input, octets as u64, piece, room);
            assert_eq!(came, (body.clone(), octets, true), "{piece} {room}");
        }
        assert!(!count(input, input.len() as u64 + 1, 3, all).2);
    }
}

/// A message as an orderly server sends it.
fn stuffed(message: &[u8], end: &[u8]) -> Vec<u8> {
    let mut wire = Vec::new();
    for line in message.split_inclusive(|b| *b == b'\n') {
        if line.starts_with(b".") {
            wire.push(b'.');
        }
        wire.extend_from_slice(line.strip_suffix(b"\n").unwrap_or(line));
        wire.extend_from_slice(end);
    }
    [wire.as_slice(), b".", end].concat()
}

/// What is not to be shown is not, wherever a server repeats it.
fn veil(input: &[u8]) {
    let (one, rest) = input.split_at(input.len().min(4));
    let (other, said) = rest.split_at(rest.len().min(5));
    let mut veil = Veil::default();
    [one, other]
        .into_iter()
        .for_each(|secret| veil.hide(secret));
    let shown = veil.over(&[said, one, other, one].concat());
    for secret in [one, other].into_iter().filter(|secret| secret.len() >= 4) {
        assert!(memchr::memmem::find(&shown, secret).is_none());
    }
    assert!(shown.len() <= input.len() + 4);
}

/// A body is the same however it is cut, never longer than what was sent, and ends at a line that
/// is a dot alone and nowhere else; what was stuffed comes out as it was.
pub fn body(input: &[u8]) {
    lines(input);
    counted(input);
    veil(input);
    let all = input.len() + 2;
    for bare_lf in [false, true] {
        let whole = undo(input, bare_lf, all, all);
        for (piece, room) in [(1, all), (all, 1), (1, 1), (2, 3), (7, 5)] {
            assert_eq!(undo(input, bare_lf, piece, room), whole, "{piece} {room}");
        }
        assert!(whole.0.len() <= whole.1);
        let ends = |end: &[u8]| memchr::memmem::find(input, end).is_some();
        let mut ended = input.starts_with(b".\r\n") || input.starts_with(b".\n");
        ended |= ends(b"\r\n.\r\n") || ends(b"\r\n.\n");
        ended |= bare_lf && (ends(b"\n.\r\n") || ends(b"\n.\n"));
        assert_eq!(whole.2, ended);
    }
    let mut message = input.to_vec();
    if !message.is_empty() && !message.ends_with(b"\n") {
        message.push(b'\n');
    }
    let mut kept = vec![(stuffed(&message, b"\r\n"), false)];
    if !message.contains(&b'\r') {
        kept.push((stuffed(&message, b"\n"), true));
    }
    for (wire, bare_lf) in kept {
        let glued = [&wire[..], b"+OK\r\n"].concat();
        let room = glued.len();
        assert_eq!(
            undo(&glued, bare_lf, 5, room),
            (message.clone(), wire.len(), true)
        );
    }
}

/// Lines are the same however they are cut, hold no LF, and keep to their limit; so is the body
/// behind the first of them.
fn lines(input: &[u8]) {
    const LIMIT: usize = 100;
    let told = |piece: usize| {
        let events = unheard();
        let mut wire = Wire::new(Box::new(Said::at_once(input, piece)), patience(), &events);
        let mut lines = Vec::new();
        let ended = loop {
            match wire.line(LIMIT, "a line") {
                Ok(line) => lines.push(line.to_vec()),
                Err(error) => break error.to_string(),
            }
        };
        (lines, ended)
    };
    let whole = told(usize::MAX);
    for line in &whole.0 {
        assert!(line.len() <= LIMIT && !line.contains(&b'\n'));
    }
    let behind = |piece: usize| {
        let events = unheard();
        let mut wire = Wire::new(Box::new(Said::at_once(input, piece)), patience(), &events);
        let first = wire.line(LIMIT, "a line").map(<[u8]>::to_vec).ok()?;
        let mut body = Vec::new();
        let read = wire.stuffed().read_to_end(&mut body);
        Some((first, body, read.is_ok()))
    };
    let body = behind(usize::MAX);
    for piece in [1, 2, 3, 50] {
        assert_eq!(told(piece), whole);
        assert_eq!(behind(piece), body);
    }
}

/// A proxy is understood the same however its words are cut, and what follows them is the server's.
pub fn proxy(input: &[u8]) {
    for login in [None, Some(("ann".to_string(), Secret::new(b"pw".to_vec())))] {
        let proxy = Proxy {
            host: "proxy.example.net".into(),
            port: 1080,
            login,
        };
        let agree = |piece: usize| {
            let mut said = Said::at_once(input, piece);
            let agreed = socks::agree(&proxy, &mut said, ("pop.example.net", 995), &patience());
            let mut rest = Vec::new();
            let _ = said.read_to_end(&mut rest);
            (agreed.map_err(|error| error.to_string()), rest)
        };
        let whole = agree(usize::MAX);
        assert!(input.ends_with(&whole.1));
        for piece in [1, 2, 5] {
            assert_eq!(agree(piece), whole);
        }
    }
}
