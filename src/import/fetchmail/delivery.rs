//! Where a fetchmailrc sends mail, in popget's words.

use super::super::draft::Draft;
use super::super::fit;
use super::super::said::Said;
use super::super::shell::{quoted, Tag, Text, IN_QUOTES, LOCAL, SENDER, SENDER_TOLD};
use super::super::Around;
use super::account::Told;
use super::multidrop::{self, Envelope};
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
pub fn write(draft: &mut Draft, told: &Told, around: &Around, envelope: Envelope) {
    let user = told.recipients();
    let way = Way::of(draft, told);
    if !user.is_single() || envelope == Envelope::Server {
        return multidrop::write(draft, (told, around), &way, envelope);
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
        if told.value("bsmtp").is_some() {
            return Self::Lost; // outweighs a command, and is told with what else cannot be done
        }
        if let Some(command) = told.value("mda").filter(|said| !said.bytes.is_empty()) {
            if let Some(text) = fit::command(draft, "mda", command) {
                if text.contains("%F") {
                    draft.told(&command.spot, "%F", SENDER_TOLD);
                }
                return Self::Program(command);
            }
            return Self::Lost;
        }
        relay::of(draft, told).map_or(Self::Lost, Self::Relay)
    }

    /// The destination of somebody here; of anybody, if nobody is named.
    pub fn to(&self, draft: &mut Draft, local: Option<&Said>) -> Option<Value> {
        match self {
            Self::Program(command) => {
                let line = command_for(draft, command, local)?;
                Some(Mapping::from_iter([("mda".into(), line.into())]).into())
            }
            Self::Relay(relay) => relay.to(draft, local),
            Self::Lost => None,
        }
    }
}

/// A command for the shell. fetchmail puts sender and recipient into it, in quotes; popget has them in
/// the environment. Where neither can be put in, the account is off.
fn command_for(draft: &mut Draft, command: &Said, local: Option<&Said>) -> Option<String> {
    let name = local.map(Said::shown);
    let harmless = |c: char| c.is_ascii_alphanumeric() || "._@+-".contains(c);
    let text = match name.as_ref().is_some_and(|name| name.chars().all(harmless)) {
        true => Text::Plain,
        false => Text::Any,
    };
    let recipient = name.map_or(LOCAL.into(), |name| quoted(&name));
    let tag = |sign, with, text| Tag { sign, with, text };
    let mut line = command.shown();
    for tag in [
        tag("%F", SENDER, Text::Any),
        tag("%T", &recipient, text),
        tag("%s", &recipient, text),
    ] {
        let Some(with) = tag.put_in(&line) else {
            draft.lost(&command.spot, tag.sign, IN_QUOTES);
            draft.set("enabled", false);
            return None;
        };
        line = with;
    }
    Some(line)
}

#[cfg(test)]
mod tests {
    use crate::import::tests::becomes;
    use crate::import::Tool;

    #[test]
    fn a_batch_outweighs_a_command() {
        let rc = "poll h proto pop3 user u is u here mda x bsmtp /b\n";
        let (yaml, told) = becomes(Tool::Fetchmail, "rc", rc.as_bytes());
        assert!(yaml.contains("enabled: false\n"), "{yaml}");
        assert!(!yaml.contains("mda: x"), "{yaml}");
        assert!(told.starts_with("lost rc:1: bsmtp: "), "{told}");
    }

    #[test]
    fn what_a_sender_wrote_is_no_command() {
        for (of, mda, meant) in [
            (
                "a",
                r#"x -f %F -d '%T' %s"#,
                Ok(r#"mda: x -f "$SENDER" -d 'a' 'a'"#),
            ),
            ("a", r#"sh -c "x -d %T""#, Ok(r#"mda: sh -c "x -d "'a'"""#)),
            ("a", r#"sh -c "cat >>f; echo from %F >>f""#, Err("%F")),
            ("\"a b\"", r#"sh -c "x -d %T""#, Err("%T")),
            ("*", r#"sh -c "x -d %T""#, Err("%T")),
            ("a *", r#"sh -c "x -d %s""#, Err("%s")),
        ] {
            let rc = format!("poll h proto pop3 envelope X-To user u is {of} here mda '{mda}'\n");
            let rc = rc.replace("'%T'", "\"%T\"");
            let (yaml, told) = becomes(Tool::Fetchmail, "rc", rc.as_bytes());
            match meant {
                Ok(line) => assert!(yaml.contains(line) && !told.contains("lost"), "{yaml}"),
                Err(tag) => {
                    assert!(
                        told.contains(&format!("lost rc:1: {tag}: stands")),
                        "{told}"
                    );
                    assert!(yaml.contains("enabled: false"), "{yaml}");
                }
            }
        }
    }
}
