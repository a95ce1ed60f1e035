//! What is remembered, told to people and to programs.

use super::Desk;
use crate::error::{ExitStatus, Result};
use crate::message::Time;
use crate::report::{self, local, Facts};
use crate::seen::{Access, Identity, Memory};
use serde_json::json;

impl Desk<'_> {
    /// Says what is remembered of each account.
    pub(super) fn show(&self, uids: bool) -> Result<ExitStatus> {
        let mut worst = ExitStatus::Fine;
        for name in self.names()? {
            let shown = self.open(&name, Access::Read);
            match shown {
                Ok((_lock, memory)) => self.show_one(&name, &memory, uids)?,
                Err(error) => worst = worst.min(self.tell(error, &name)),
            }
        }
        Ok(worst)
    }

    fn show_one(&self, name: &str, memory: &Memory, uids: bool) -> Result<()> {
        self.print(&match self.options.json {
            true => report::object("state", None, facts(name, memory)),
            false => in_words(name, memory),
        })?;
        for (key, entry) in memory.entries().filter(|_| uids) {
            let uid = key.word();
            let facts = vec![
                ("account", json!(name)),
                ("uid", json!(uid)),
                ("size", json!(entry.size)),
                ("first_seen", json!(report::moment(entry.stored))),
                ("gone", json!(entry.gone.and_then(report::moment))),
            ];
            let size = entry.size.map_or("-".into(), |size| size.to_string());
            let moment = |time: Option<Time>| time.and_then(local).unwrap_or("-".into());
            let (first, gone) = (moment(Some(entry.stored)), moment(entry.gone));
            self.print(&match self.options.json {
                true => report::object("remembered", None, facts),
                false => format!("{name}\t{uid}\t{size}\t{first}\t{gone}"),
            })?;
        }
        Ok(())
    }
}

/// What is remembered of an account, in one line.
fn in_words(name: &str, memory: &Memory) -> String {
    let Identity { user, server, .. } = memory.owner();
    let told = memory.overview();
    let whose = report::escape(format!("{user} at {server}").as_bytes());
    let mut line = format!("{name}: {whose}: {} seen", told.uids + told.digests);
    if let (Some(oldest), Some(newest)) = (told.oldest.and_then(local), told.newest.and_then(local))
    {
        line += &format!(", first {oldest}, last {newest}");
    }
    for (count, what) in [
        (told.digests, "known by their bytes alone"),
        (told.gone, "gone from the server"),
        (told.failing, "that could not be had"),
        (told.in_doubt, "in doubt"),
    ] {
        if count > 0 {
            line += &format!("; {count} {what}");
        }
    }
    if let Some(login) = memory.records().login() {
        let at = local(login.at).unwrap_or_default();
        line += &format!(
            "; last login {at}, the next not before {}s later",
            login.delay
        );
    }
    if let Some(offers) = memory.records().offers() {
        let words: Vec<_> = offers
            .words
            .iter()
            .map(|word| report::escape(word))
            .collect();
        line += &format!("; the server offers {}", words.join(" "));
    }
    line
}

/// The same, for programs.
fn facts(name: &str, memory: &Memory) -> Facts {
    let Identity { user, server, .. } = memory.owner();
    let told = memory.overview();
    let login = memory.records().login();
    let offers = memory.records().offers();
    let offers = offers.map(|offers| {
        let words = offers.words.iter();
        words
            .map(|word| report::json_text(word))
            .collect::<Vec<_>>()
    });
    let moment = |time: Option<Time>| json!(time.and_then(report::moment));
    vec![
        ("account", json!(name)),
        ("server", json!(server)),
        ("user", json!(user)),
        ("uids", json!(told.uids)),
        ("digests", json!(told.digests)),
        ("gone", json!(told.gone)),
        ("oldest", moment(told.oldest)),
        ("newest", moment(told.newest)),
        ("failing", json!(told.failing)),
        ("in_doubt", json!(told.in_doubt)),
        ("last_login", moment(login.map(|login| login.at))),
        ("login_delay", json!(login.map(|login| login.delay))),
        ("offers", json!(offers)),
    ]
}
