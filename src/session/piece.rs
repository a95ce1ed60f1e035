//! A message as it is read: piece by piece, into room that all messages of a visit share.

use crate::error::{Error, Result};
use crate::message::head_end;
use crate::steady::steady;
use std::io::Read;

/// How much is read and handed on at a time, and how long a head may be to be found.
pub(super) const PIECE: usize = 64 * 1024;

/// The piece of a message that was read last. Its room is made when there is something to read.
#[derive(Default)]
pub(super) struct Piece {
    room: Vec<u8>,
    filled: usize,
}

impl Piece {
    /// Begins a message: reads until its head is whole, or as much as it may be long.
    pub fn begin(&mut self, reader: &mut dyn Read) -> Result<&[u8]> {
        self.clear();
        while head_end(self.bytes()).is_none() && self.read(reader)? {}
        Ok(self.bytes())
    }

    /// Reads on until the room is full or the message at its end.
    pub fn fill(&mut self, reader: &mut dyn Read) -> Result<()> {
        while self.read(reader)? {}
        Ok(())
    }

    /// Makes room for the next piece.
    pub fn clear(&mut self) {
        self.room.resize(PIECE, 0);
        self.filled = 0;
    }

    /// What was read.
    pub fn bytes(&self) -> &[u8] {
        &self.room[..self.filled]
    }

    /// Whether there may be more of the message.
    pub fn is_full(&self) -> bool {
        self.filled == self.room.len()
    }

    /// Reads once, if there is room; tells whether anything came.
    fn read(&mut self, reader: &mut dyn Read) -> Result<bool> {
        let room = &mut self.room[self.filled..];
        if room.is_empty() {
            return Ok(false);
        }
        let read = steady(|| reader.read(room)).map_err(Error::from_reader)?;
        self.filled += read;
        Ok(read > 0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Gives so many bytes at a time at most.
    struct Slow<'b>(&'b [u8], usize);

    impl Read for Slow<'_> {
        fn read(&mut self, output: &mut [u8]) -> std::io::Result<usize> {
            let length = output.len().min(self.1);
            self.0.read(&mut output[..length])
        }
    }

    #[test]
    fn messages_come_whole_however_they_are_given() {
        let lengths = [
            0,
            1,
            100,
            PIECE - 1,
            PIECE,
            PIECE + 1,
            2 * PIECE,
            3 * PIECE + 5,
        ];
        let mut piece = Piece::default();
        for length in lengths {
            let message: Vec<u8> = b"A: b\n\n".iter().copied().cycle().take(length).collect();
            for at_once in [7, 4096, PIECE + 7] {
                let (mut reader, mut whole) = (Slow(&message, at_once), Vec::new());
                let head = piece.begin(&mut reader).unwrap();
                assert_eq!(head_end(head).is_some(), length > 5);
                assert!(head.len() < 6 + at_once);
                loop {
                    piece.fill(&mut reader).unwrap();
                    whole.extend_from_slice(piece.bytes());
                    if !piece.is_full() {
                        break;
                    }
                    piece.clear();
                }
                assert!(whole == message, "{length} by {at_once}");
            }
        }
    }
}
