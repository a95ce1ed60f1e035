//! mpop: its settings, a command a line, and its UIDLS files.

mod account;
mod delivery;
mod record;
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
    let mut accounts: Vec<Written> = Vec::new();
    let mut in_defaults = false;
    for (line, bytes) in (1..).zip(text.split(|b| *b == b'\n')) {
        let spot = Spot::new(file, line);
        if bytes.len() >= LONGEST {
            return Err(Wrong::new(
                &spot,
                "a line longer than mpop allows (499 bytes)",
            ));
        }
        let Some((command, argument)) = command(bytes, &spot)? else {
            continue;
        };
        match command.as_str() {
            "defaults" => in_defaults = true,
            "account" => {
                in_defaults = false;
                let account = begun(&argument, &accounts, &defaults)?;
                accounts.push(account);
            }
            _ if in_defaults => {
                defaults.insert(command, argument);
            }
            _ => {
                let what = "the first command must be account or defaults";
                let account = accounts.last_mut();
                let account = account.ok_or_else(|| Wrong::new(&spot, what))?;
                account.bare = false;
                account.own.insert(command, argument);
            }
        }
    }
    Ok(accounts)
}

/// The command and the argument of a line, if it has any.
fn command(line: &[u8], spot: &Spot) -> Result<Option<(String, Said)>, Wrong> {
    let line = line.strip_suffix(b"\r").unwrap_or(line);
    let blank = |b: &u8| matches!(b, b' ' | b'\t');
    let line = line.trim_ascii_start();
    if line.is_empty() || line[0] == b'#' {
        return Ok(None);
    }
    let end = line.iter().position(blank).unwrap_or(line.len());
    let (command, argument) = line.split_at(end);
    let argument = bare(argument.trim_ascii());
    let command = String::from_utf8(command.to_vec());
    let command = command.map_err(|_| Wrong::new(spot, "a command that is not text"))?;
    let said = Said {
        bytes: argument.to_vec(),
        spot: spot.clone(),
    };
    Ok(Some((command, said)))
}

/// A value without the quotes around it; there is no other use of quotes.
fn bare(value: &[u8]) -> &[u8] {
    match value {
        [b'"', quoted @ .., b'"'] => quoted,
        bare => bare,
    }
}

/// A new account: `NAME` or `NAME : OTHER,OTHER`.
fn begun(argument: &Said, known: &[Written], defaults: &Commands) -> Result<Written, Wrong> {
    let text = argument.text();
    let text = text.ok_or_else(|| Wrong::new(&argument.spot, "a name that is not UTF-8"))?;
    let (name, others) = match text.split_once(':') {
        Some((name, others)) => (name.trim(), others),
        None => (text.trim(), ""),
    };
    if name.is_empty() || known.iter().any(|account| account.name == name) {
        let what = "an account without a name, or with one that is taken";
        return Err(Wrong::new(&argument.spot, what));
    }
    let mut own = Commands::new();
    for other in others.split(',').map(str::trim).filter(|o| !o.is_empty()) {
        let known = known.iter().find(|account| account.name == other);
        let known = known.ok_or_else(|| {
            Wrong::new(
                &argument.spot,
                format!("there is no account {other:?} above"),
            )
        })?;
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
