//! What holds of the memory's text, whatever stands in it.
#![allow(clippy::unwrap_used, reason = "what cannot be undone does not hold")]

use super::text;
use super::{Identity, Memory};

/// Lines and files of lines say the same again.
pub fn memory(input: &[u8]) {
    line(input);
    file(input);
}

/// Every line that is understood is written as one line, and read again as what it was.
fn line(input: &[u8]) {
    for line in input.split(|b| *b == b'\n') {
        let Some(line) = text::parse(line) else {
            continue;
        };
        let mut written = String::new();
        text::write(&mut written, &line);
        let one = written.strip_suffix('\n').unwrap();
        assert!(one.chars().all(|c| c.is_ascii_graphic() || c == ' '));
        assert_eq!(text::parse(one.as_bytes()), Some(line));
    }
}

/// A memory that is read says the same again; one that was cut at any place is whole up to the line
/// before the cut.
fn file(input: &[u8]) {
    let Some((memory, whole)) = read(input) else {
        return;
    };
    let kept = &input[..whole];
    assert!(kept.ends_with(b"\n") && !kept.contains(&0));
    let text = written(&memory);
    let (again, _) = read(text.as_bytes()).unwrap();
    assert_eq!(written(&again), text);
    assert_eq!(
        again.records().has_anonymous(),
        memory.records().has_anonymous()
    );
    let ends = kept.iter().enumerate().filter(|(_, b)| **b == b'\n');
    let ends: Vec<usize> = ends.map(|(at, _)| at + 1).collect();
    // Each cut costs as much as the whole; a few tell enough of a long one.
    let step = 1 + kept.len() * kept.len() / 100_000;
    for cut in (ends[1]..kept.len()).step_by(step) {
        let (_, whole) = read(&kept[..cut]).unwrap();
        assert_eq!(Some(whole), ends.iter().copied().rfind(|end| *end <= cut));
    }
}

/// The file that says what is remembered.
fn written(memory: &Memory) -> String {
    let mut text = format!("{}\n", text::HEADER);
    memory
        .whole()
        .for_each(|line| text::write(&mut text, &line));
    text
}

/// The memory that these lines make, behind the head of a file.
pub fn remembered(lines: &[u8]) -> Option<Memory> {
    let head = b"popget-seen 1\naccount work alice pop.example.org 0123456789ab\n";
    read(&[head, lines].concat()).map(|(memory, _)| memory)
}

/// The memory that a file holds, and how far it is whole.
fn read(bytes: &[u8]) -> Option<(Memory, usize)> {
    let owner = Identity {
        name: "work".into(),
        user: "alice".into(),
        server: "pop.example.org".into(),
    };
    let mut memory = Memory::blank("work.seen".into(), &owner);
    let extent = memory.read(&mut &bytes[..]).ok()?;
    assert_eq!(extent.torn, extent.whole < bytes.len() as u64);
    Some((memory, extent.whole as usize))
}
