//! What holds of whatever a name server answers.

use super::packet::{answer, is_host, question, Answer, Kind};

/// Answers are read without trouble, and lead to hosts alone.
pub fn names(bytes: &[u8]) {
    let kind = match bytes.first() {
        Some(b'm') => Kind::Mx,
        _ => Kind::Srv,
    };
    let bytes = bytes.get(1..).unwrap_or_default();
    let number = u16::from_be_bytes([
        bytes.first().copied().unwrap_or_default(),
        bytes.get(1).copied().unwrap_or_default(),
    ]);
    let Some(asked) = question(number, "_pop3s._tcp.example.org", kind) else {
        panic!("the question is a good one");
    };
    if let Some(Answer::Records(records)) = answer(&asked, bytes) {
        assert!(records.len() <= 64);
        for record in records {
            assert!(record.target.is_empty() || is_host(&record.target));
        }
    }
}
