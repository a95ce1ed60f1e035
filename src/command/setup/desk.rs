//! Where the person is: who is told what is done, and asked what only they know. Without a terminal,
//! and with `--yes`, what is usual is taken for an answer.

use super::Stop;
use crate::cli::Setup;
use crate::error::{Error, Result};
use crate::report::{self, Options};
use crate::secret;

/// The person, or nobody.
pub struct Desk<'d> {
    /// What was said on the command line.
    pub wanted: &'d Setup,
    /// How to tell things.
    pub options: Options,
    /// Whether all is called off.
    pub stop: &'d Stop,
}

impl Desk<'_> {
    /// Tells what is done, in a line.
    pub fn tell(&self, what: &str) {
        report::step(what, self.options);
    }

    /// Shows a line that belongs to a question.
    pub fn show(&self, line: &str) {
        report::show(line, self.options);
    }

    /// Whether there is somebody who answers.
    pub fn asks(&self) -> bool {
        !self.wanted.yes && secret::is_attended()
    }

    /// Asks for something; an empty answer, or nobody, stands for what is usual. Without that, the
    /// option has to be given.
    pub fn ask(&self, what: &str, usual: Option<&str>, option: &str) -> Result<String> {
        let prompt = match usual {
            Some(usual) => format!("{what} [{usual}]:"),
            None => format!("{what}:"),
        };
        loop {
            let answer = match self.wanted.yes {
                true => None,
                false => secret::question(&prompt, || self.stop.signal().is_some())?,
            };
            match (answer, usual) {
                (Some(answer), _) if answer.contains(char::is_control) => {
                    self.tell("an answer is a line without control characters");
                }
                (Some(answer), _) if !answer.is_empty() => return Ok(answer),
                (Some(_), None) => {}
                (_, Some(usual)) => return Ok(usual.into()),
                (None, None) => {
                    let lacks = format!("{option} is missing, and nobody is asked here");
                    return Err(Error::Usage(lacks));
                }
            }
        }
    }

    /// Asks whether something is wanted that is not usual to take for granted: where nobody can be
    /// asked, the option must be given.
    pub fn agreed(&self, what: &str, option: &str) -> Result<bool> {
        if self.wanted.yes {
            return Ok(true);
        }
        let answer = self.decided(&format!("{what} (yes or no)"), None, option)?;
        Ok(answer == Some(true))
    }

    /// Asks for a yes or a no, until it is one, or the word that is usual: that is none of both.
    pub fn decided(&self, what: &str, usual: Option<&str>, option: &str) -> Result<Option<bool>> {
        loop {
            let answer = self.ask(what, usual, option)?;
            match answer.to_lowercase().as_str() {
                "y" | "yes" => return Ok(Some(true)),
                "n" | "no" => return Ok(Some(false)),
                word if usual == Some(word) => return Ok(None),
                _ => self.tell("answer yes or no"),
            }
        }
    }
}
