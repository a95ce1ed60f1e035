//! mpop: its settings, a command a line, and its UIDLS files.

mod account;
mod amount;
mod command;
mod delivery;
mod record;
mod tls;
mod words;

pub use record::record;

use super::place::{Remark, Spot, Weight, Wrong};
use super::said::Said;
use super::{Around, Taken};
use indexmap::IndexMap;
use std::rc::Rc;

/// A line is at most this long, with its end.
const LONGEST: usize = 500;

/// What has been said of an account, by the command.
type Commands = IndexMap<String, Said>;

/// An account as it stands there.
struct Written {
    name: String,
    spot: Spot,
    /// What it says itself or takes from the accounts that it names.
    own: Commands,
    /// What it starts from.
    defaults: Commands,
    /// Whether it says anything itself.
    bare: bool,
}

impl Written {
    fn of(&self, command: &str) -> Option<&Said> {
        self.own.get(command).or_else(|| self.defaults.get(command))
    }

    /// What was said, unless it is nothing.
    fn given(&self, command: &str) -> Option<&Said> {
        self.of(command).filter(|said| !said.bytes.is_empty())
    }
}

/// Reads mpoprc.
pub fn settings(file: &Rc<str>, text: &[u8], around: &Around) -> Result<Taken, Wrong> {
    let mut taken = Taken::default();
    let accounts = read(file, text)?;
    for account in &accounts {
        if account.bare && account.name == "default" {
            let (word, why) = (
                "account default",
                "is another name of an account that is there already",
            );
            taken
                .remarks
                .push(Remark::new(&account.spot, word, why, Weight::Told));
            continue;
        }
        taken
            .accounts
            .extend(account::convert(account, around, &mut taken.remarks));
    }
    Ok(taken)
}

/// The accounts, with what they share filled in.
fn read(file: &Rc<str>, text: &[u8]) -> Result<Vec<Written>, Wrong> {
    let mut defaults = Commands::new();
    let mut accounts = IndexMap::new();
    let mut in_defaults = false;
    for (number, bytes) in (1..).zip(text.split(|b| *b == b'\n')) {
        let Some(Line {
            command,
            spot,
            argument,
        }) = line(bytes, &Spot::new(file, number))?
        else {
            continue;
        };
        match command.as_str() {
            "defaults" => in_defaults = true,
            "account" => {
                in_defaults = false;
                let account = begun(&argument, &accounts, &defaults)?;
                accounts.insert(account.name.clone(), account);
            }
            _ => {
                words::check(&command, &spot, &argument)?;
                let what = "the first command must be account or defaults";
                let own = match in_defaults {
                    true => &mut defaults,
                    false => {
                        let account = accounts.values_mut().next_back();
                        let account = account.ok_or_else(|| Wrong::new(&spot, what))?;
                        account.bare = false;
                        &mut account.own
                    }
                };
                own.insert(command, argument);
            }
        }
    }
    Ok(accounts.into_values().collect())
}

/// A line that says something.
struct Line {
    command: String,
    /// Where the command stands.
    spot: Spot,
    argument: Said,
}

/// The command and the argument of a line that begins here, if it has any.
fn line(line: &[u8], begin: &Spot) -> Result<Option<Line>, Wrong> {
    let place = |at: usize| {
        let before = String::from_utf8_lossy(&line[..at]).chars().count();
        Spot::at(&begin.file, begin.line, 1 + before)
    };
    if line.len() >= LONGEST {
        let what = "a line longer than mpop allows (499 bytes)";
        return Err(Wrong::new(&place(LONGEST - 1), what));
    }
    let blank = |b: &u8| matches!(b, b' ' | b'\t');
    let said = line.strip_suffix(b"\r").unwrap_or(line);
    let said = said.trim_ascii_start();
    if said.is_empty() || said[0] == b'#' {
        return Ok(None);
    }
    let begin = line.len() - line.trim_ascii_start().len();
    let end = said.iter().position(blank).unwrap_or(said.len());
    let (command, argument) = said.split_at(end);
    let blanks = argument.len() - argument.trim_ascii_start().len();
    let command = String::from_utf8(command.to_vec());
    let command = command.map_err(|_| Wrong::new(&place(begin), "a command that is not text"))?;
    Ok(Some(Line {
        command,
        spot: place(begin),
        argument: Said {
            bytes: bare(argument.trim_ascii()).to_vec(),
            spot: place(begin + end + blanks),
        },
    }))
}

/// A value without the quotes around it; there is no other use of quotes.
fn bare(value: &[u8]) -> &[u8] {
    match value {
        [b'"', quoted @ .., b'"'] => quoted,
        bare => bare,
    }
}

/// A new account: `NAME` or `NAME : OTHER,OTHER`.
fn begun(
    argument: &Said,
    known: &IndexMap<String, Written>,
    defaults: &Commands,
) -> Result<Written, Wrong> {
    let wrong = |what: String| Wrong::new(&argument.spot, what);
    let text = argument.text();
    let text = text.ok_or_else(|| wrong("a name that is not UTF-8".into()))?;
    let (name, others) = match text.split_once(':') {
        Some((name, others)) => (name.trim(), others),
        None => (text.trim(), ""),
    };
    if name.is_empty() || known.contains_key(name) {
        let what = "an account without a name, or with one that is taken";
        return Err(wrong(what.into()));
    }
    let mut own = Commands::new();
    for other in others.split(',').map(str::trim).filter(|o| !o.is_empty()) {
        let known = known.get(other);
        let known = known.ok_or_else(|| wrong(format!("there is no account {other:?} above")))?;
        own.extend(known.own.clone());
    }
    Ok(Written {
        name: name.to_string(),
        spot: argument.spot.clone(),
        bare: !own.is_empty(),
        own,
        defaults: defaults.clone(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_wrong_is_named_with_its_line_and_column() {
        let long = format!("account a\n#{}\n", "x".repeat(LONGEST));
        for (text, place) in [
            ("\n  host x\n", (2, 3)),
            ("account a\n\ttls_nonsense on\n", (2, 2)),
            ("account a\n tls \t yes\n", (2, 8)),
            ("account a\nport 0\r\n", (2, 6)),
            ("account a\nhost\n", (2, 5)),
            ("account a\naccount  a\n", (2, 10)),
            ("account \u{fc} : b\n", (1, 9)),
            (&long, (2, 500)),
        ] {
            let wrong = read(&"rc".into(), text.as_bytes()).err().unwrap();
            assert_eq!((wrong.spot.line, wrong.spot.column), place, "{text}");
        }
    }
}
