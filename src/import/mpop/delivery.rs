//! Where mpop delivers, in popget's words.

use super::super::draft::Draft;
use super::super::shell::{put_in, SENDER, SENDER_TOLD};
use super::{bare, Written};
use serde_yaml::Mapping;

/// Writes the destination.
pub fn delivery(draft: &mut Draft, written: &Written) {
    let Some(said) = written.of("delivery") else {
        return draft.lost(
            &written.spot,
            "delivery",
            "is missing; say where mail goes with deliver",
        );
    };
    let end = said.bytes.iter().position(u8::is_ascii_whitespace);
    let (method, argument) = said.bytes.split_at(end.unwrap_or(said.bytes.len()));
    let argument = said.with(bare(argument.trim_ascii()));
    let mut deliver = Mapping::new();
    match method {
        b"maildir" | b"mbox" => {
            let key = if method == b"mbox" { "mbox" } else { "maildir" };
            if argument.bytes == b"-" {
                deliver.insert(key.into(), "-".into());
            } else if let Some(path) = draft.literal_path("delivery", &argument) {
                deliver.insert(key.into(), path.into());
            }
            if key == "mbox" && argument.bytes != b"-" {
                deliver.insert("lock".into(), vec!["fcntl"].into());
            }
        }
        b"mda" => match argument.text() {
            Some(command) => {
                let line = put_in(command, "%F", SENDER);
                if line != command {
                    draft.told(&said.spot, "%F", SENDER_TOLD);
                }
                deliver.insert("mda".into(), line.into());
            }
            None => draft.lost(&said.spot, "delivery", "is not UTF-8; write it yourself"),
        },
        _ => draft.lost(&said.spot, "delivery", "popget has no such destination"),
    }
    if !deliver.is_empty() {
        draft.set("deliver", deliver);
    }
}
