//! Mail to be fetched: the same every time, of about the size asked for, with what mail has that
//! programs stumble over (dots, From_ lines, 8-bit) and nothing that some of them cannot carry.

use crate::support::mail::Dice;

/// How far sizes are from the one asked for, in quarters of it. On the average they are that size.
const QUARTERS: [usize; 8] = [1, 1, 2, 2, 3, 4, 5, 14];
/// From here on a letter is mostly its attachment.
const ATTACHED: usize = 16 * 1024;
/// How many lines there are to choose from.
const LINES: usize = 4096;

/// Makes letters, fast, of lines that were made before.
pub struct Press {
    dice: Dice,
    prose: Vec<String>,
    encoded: Vec<String>,
}

impl Press {
    /// One that always makes the same.
    pub fn new(seed: u64) -> Self {
        let mut dice = Dice(seed);
        let prose = (0..LINES).map(|_| prose(&mut dice)).collect();
        let encoded = (0..LINES).map(|_| encoded(&mut dice)).collect();
        Self {
            dice,
            prose,
            encoded,
        }
    }

    /// A letter with local line ends, of about this size as it travels; many of them are, on the
    /// average.
    pub fn letter(&mut self, index: usize, size: usize) -> Vec<u8> {
        let size = match size {
            ATTACHED.. => size,
            _ => size * QUARTERS[self.dice.below(QUARTERS.len())] / 4,
        };
        let mut text = head(&mut self.dice, index);
        let lines = if size < ATTACHED {
            text += "Content-Type: text/plain; charset=utf-8\nContent-Transfer-Encoding: 8bit\n\n";
            &self.prose
        } else {
            text += "Content-Type: application/octet-stream\nContent-Transfer-Encoding: base64\n\n";
            &self.encoded
        };
        let mut travels = text.len() + text.matches('\n').count();
        text.reserve(size);
        while travels < size {
            let line = &lines[self.dice.below(LINES)];
            text += line;
            travels += line.len() + 1;
        }
        text.into_bytes()
    }
}

fn head(dice: &mut Dice, index: usize) -> String {
    let name = dice.pick(&["ada", "grace", "edsger", "barbara", "donald", "radia"]);
    let number = dice.roll() % (1 << 40);
    format!(
        "Return-Path: <{name}@example.org>\n\
         Received: from mx{index}.example.org (mx{index}.example.org [192.0.2.{byte}])\n\
         \tby mail.example.net with ESMTPS id {number:010X}; Mon, 5 Jan 2026 12:00:00 +0000\n\
         From: {name} <{name}@example.org>\nTo: alice@example.net\n\
         Subject: letter {index} of many\nMessage-ID: <{number}.{index}@example.org>\n\
         Date: Mon, 5 Jan 2026 12:00:00 +0000\nMIME-Version: 1.0\n",
        byte = dice.below(256)
    )
}

fn prose(dice: &mut Dice) -> String {
    let mut line = match dice.below(40) {
        0 => ".".to_owned(),
        1 => "From here to there ".to_owned(),
        2 => "> ".to_owned(),
        3 => "naïve Grüße, 日本語 ".to_owned(),
        4..8 => return "\n".to_owned(),
        _ => String::new(),
    };
    let length = 30 + dice.below(45);
    while line.len() < length {
        line += dice.pick(&[
            "the ", "mail ", "comes ", "and ", "goes ", "slowly ", "but ", "whole ",
        ]);
    }
    line.trim_end().to_owned() + "\n"
}

fn encoded(dice: &mut Dice) -> String {
    const ALPHABET: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let letters = (0..76).map(|_| char::from(ALPHABET[dice.below(64)]));
    letters.chain(['\n']).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn letters_are_the_same_every_time_and_of_the_size_asked_for() {
        let press = |count, size| {
            let mut press = Press::new(7);
            let letters = (0..count).map(|index| press.letter(index, size));
            letters.collect::<Vec<_>>()
        };
        let travelling = |letters: &[Vec<u8>]| {
            let octets =
                |letter: &Vec<u8>| letter.len() + memchr::memchr_iter(b'\n', letter).count();
            letters.iter().map(octets).sum::<usize>() / letters.len()
        };
        assert_eq!(press(20, 4096), press(20, 4096));
        let mean = travelling(&press(4000, 4096));
        assert!((4080..4180).contains(&mean), "{mean}");
        let large = travelling(&press(1, 1 << 20));
        assert!((1 << 20..(1 << 20) + 100).contains(&large), "{large}");
    }
}
