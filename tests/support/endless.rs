//! A server that does not stop talking: until the client leaves, or until a test has waited long
//! enough for that.

use std::io::Write as _;
use std::thread;
use std::time::{Duration, Instant};

use super::wire::Wire;

/// Nobody may listen to more than this,
const MOST: u64 = 2 << 30;
/// or for longer.
const LONGEST: Duration = Duration::from_secs(55);
/// How much is said at a time.
const BLOCK: usize = 256 * 1024;

/// Says `piece` again and again as fast as it is taken; `{n}` in it counts from 1.
pub fn flood(wire: &mut Wire, piece: &[u8]) -> Result<(), String> {
    let mut pieces = Pieces { piece, count: 0 };
    let (begun, mut said) = (Instant::now(), 0);
    let mut block = Vec::with_capacity(BLOCK + piece.len() + 20);
    while said < MOST && begun.elapsed() < LONGEST {
        if said == 0 || pieces.counts() {
            block.clear();
            while block.len() < BLOCK {
                pieces.next_into(&mut block);
            }
        }
        if wire.say(&block).is_err() {
            return Ok(());
        }
        said += block.len() as u64;
    }
    Err(format!("the client took {said} bytes and did not leave"))
}

/// Says `bytes` again and again, one of them each time.
pub fn drip(wire: &mut Wire, pause: Duration, bytes: &[u8]) -> Result<(), String> {
    let begun = Instant::now();
    for byte in bytes.iter().cycle() {
        if wire.say(&[*byte]).is_err() {
            return Ok(());
        }
        if begun.elapsed() > LONGEST {
            return Err("the client waited for every drop".into());
        }
        thread::sleep(pause);
    }
    Ok(())
}

struct Pieces<'p> {
    piece: &'p [u8],
    count: u64,
}

impl Pieces<'_> {
    fn parts(&self) -> Option<(&[u8], &[u8])> {
        let at = self.piece.windows(3).position(|bytes| bytes == b"{n}")?;
        Some((&self.piece[..at], &self.piece[at + 3..]))
    }

    fn counts(&self) -> bool {
        self.parts().is_some()
    }

    fn next_into(&mut self, block: &mut Vec<u8>) {
        self.count += 1;
        match self.parts() {
            None => block.extend_from_slice(self.piece),
            Some((before, behind)) => {
                block.extend_from_slice(before);
                // Writing to a Vec cannot fail.
                let _ = write!(block, "{}", self.count);
                block.extend_from_slice(behind);
            }
        }
    }
}
