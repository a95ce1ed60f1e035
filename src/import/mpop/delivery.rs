//! Where mpop delivers, in popget's words.

use super::super::draft::Draft;
use super::super::fit;
use super::command::{command, SENDER};
use super::{bare, Written};
use serde_yaml::Mapping;

/// Writes the destination; without any, an account that is off.
pub fn delivery(draft: &mut Draft, written: &Written) {
    match destination(draft, written) {
        Some(deliver) => draft.set("deliver", deliver),
        None => fit::nowhere(draft),
    }
}

fn destination(draft: &mut Draft, written: &Written) -> Option<Mapping> {
    let Some(said) = written.of("delivery") else {
        let why = "is missing; say where mail goes with deliver";
        draft.lost(&written.spot, "delivery", why);
        return None;
    };
    let end = said.bytes.iter().position(u8::is_ascii_whitespace);
    let (method, argument) = said.bytes.split_at(end.unwrap_or(said.bytes.len()));
    let argument = said.with(bare(argument.trim_ascii()));
    let mut deliver = Mapping::new();
    match method {
        b"mbox" if argument.bytes == b"-" => {
            deliver.insert("mbox".into(), "-".into());
        }
        b"mbox" => {
            let path = fit::path(draft, "delivery", &argument)?;
            deliver.insert("mbox".into(), path.into());
            deliver.insert("lock".into(), vec!["fcntl"].into());
        }
        b"maildir" => {
            let path = fit::path(draft, "delivery", &argument)?;
            deliver.insert("maildir".into(), path.into());
        }
        b"mda" => {
            let line = command(draft, "delivery", &argument, &[SENDER])?;
            deliver.insert("mda".into(), line.into());
        }
        _ => {
            draft.lost(&said.spot, "delivery", "popget has no such destination");
            return None;
        }
    }
    Some(deliver)
}
