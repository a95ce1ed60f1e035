//! A message under way, which may not be longer than the plan says: a server that never ends one
//! would fill the disk.

use crate::error::{Error, Result};
use crate::maildrop::Maildrop;
use crate::plan::Step;
use std::io::{self, Read};

/// A message being read.
pub struct Bounded<'m> {
    reader: Box<dyn Read + 'm>,
    most: u64,
    came: u64,
}

impl<'m> Bounded<'m> {
    /// Opens the message of a step.
    pub fn open(maildrop: &'m mut dyn Maildrop, step: &Step) -> Result<Self> {
        Ok(Self {
            reader: maildrop.retrieve(step.listing.number)?,
            most: step.most,
            came: 0,
        })
    }
}

impl Read for Bounded<'_> {
    fn read(&mut self, output: &mut [u8]) -> io::Result<usize> {
        let read = self.reader.read(output)?;
        self.came += read as u64;
        match self.came > self.most {
            true => Err(io::Error::other(Error::TooLong(self.most))),
            false => Ok(read),
        }
    }
}
