//! Where a fetchmailrc sends mail, in popget's words.

use super::super::draft::Draft;
use super::super::fit;
use super::super::said::Said;
use super::super::shell::{put_in, quoted, RECIPIENT, SENDER, SENDER_TOLD};
use super::super::Around;
use super::account::Told;
use super::multidrop;
use super::relay::{self, Relay};
use serde_yaml::{Mapping, Value};

/// How mail leaves fetchmail.
pub enum Way<'f> {
    /// To a command.
    Program(&'f Said),
    /// To a server.
    Relay(Relay),
    /// Nowhere that popget knows; that has been told.
    Lost,
}

/// Writes `deliver`, or `multidrop` where the mail is that of several people.
pub fn write(draft: &mut Draft, told: &Told, around: &Around, sdps: bool) {
    let user = told.recipients();
    let way = Way::of(draft, told);
    if !user.is_single() || sdps {
        return multidrop::write(draft, (told, around), &way, sdps);
    }
    for word in multidrop::WORDS {
        if let Some(clause) = told.of(word).filter(|clause| !clause.negated) {
            let why = "sorts the mail of several people; that of this account is for one";
            draft.told(&clause.spot, word, why);
        }
    }
    let login = told.entry.name.with(around.login.as_str());
    let local = user.locals.first().map_or(&login, |local| &local.name);
    match way.to(draft, Some(local)) {
        Some(deliver) => draft.set("deliver", deliver),
        None => fit::nowhere(draft),
    }
}

impl<'f> Way<'f> {
    fn of(draft: &mut Draft, told: &Told<'f>) -> Self {
        if let Some(command) = told.value("mda").filter(|said| !said.bytes.is_empty()) {
            if let Some(text) = fit::command(draft, "mda", command) {
                if text.contains("%F") {
                    draft.told(&command.spot, "%F", SENDER_TOLD);
                }
                return Self::Program(command);
            }
            return Self::Lost;
        }
        if told.value("bsmtp").is_some() {
            return Self::Lost; // told with what else cannot be done
        }
        relay::of(draft, told).map_or(Self::Lost, Self::Relay)
    }

    /// The destination of somebody here; of anybody, if nobody is named.
    pub fn to(&self, draft: &mut Draft, local: Option<&Said>) -> Option<Value> {
        match self {
            Self::Program(command) => {
                let line = command_for(&command.shown(), local.map(Said::shown));
                Some(Mapping::from_iter([("mda".into(), line.into())]).into())
            }
            Self::Relay(relay) => relay.to(draft, local),
            Self::Lost => None,
        }
    }
}

/// A command for the shell. fetchmail puts sender and recipient into it, in quotes; popget has them in
/// the environment.
fn command_for(command: &str, local: Option<String>) -> String {
    let recipient = local.map_or(RECIPIENT.into(), |local| quoted(&local));
    let line = put_in(command, "%F", SENDER);
    let tags = ["%T", "%s"].into_iter();
    tags.fold(line, |line, tag| put_in(&line, tag, &recipient))
}
