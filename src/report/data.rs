//! What was found, as data for standard output: a line each, for people and for scripts.

use super::rows::{Message, Rows};
use super::text::{bytes, name, too_soon};
use super::{escape, offer, Named, Options};
use crate::event::{Event, Listed, Mode, Tally};
use crate::message::{Listing, Time};
use chrono::{DateTime, Local};
use indicatif::HumanBytes;

/// How lines with columns are laid out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Columns {
    /// With a tab between them, and nothing cut: for scripts.
    Tabs,
    /// Below each other, as wide as a terminal: for people.
    Aligned(Rows),
}

/// How what is found is told in this run.
pub struct Shape {
    /// How columns are laid out.
    pub columns: Columns,
    /// Whether accounts are told apart by their names.
    pub several: bool,
}

/// What an event found.
pub fn line(named: &Named, event: &Event, options: &Options, shape: &Shape) -> Option<String> {
    let account = &named.account;
    match event {
        Event::WouldDeliver { uid, size, subject } => {
            let subject = match subject.as_slice() {
                [] => String::new(),
                subject => format!(": {}", escape(subject)),
            };
            Some(format!(
                "{account}: would fetch {}{}{subject}",
                name(uid.as_ref()),
                bytes(*size)
            ))
        }
        Event::WouldDelete { uid } => {
            Some(format!("{account}: would delete {}", name(uid.as_ref())))
        }
        Event::Listed(listed) => Some(listed_line(account, listed, shape)),
        Event::Probe(probed) => Some(offer::lines(probed)),
        Event::Account(tally) if tally.failures.is_empty() => match options.mode {
            Mode::DryRun if tally.too_soon.is_some() => {
                Some(format!("{account}: would do nothing: {}", too_soon(tally)))
            }
            Mode::DryRun => Some(rehearsed(account, tally)),
            Mode::Check | Mode::Settle => Some(waiting(account, tally)),
            Mode::Mark => Some(marked(account, tally)),
            Mode::Fetch | Mode::List | Mode::Probe => None,
        },
        _ => None,
    }
}

fn rehearsed(account: &str, tally: &Tally) -> String {
    let Tally {
        new,
        seen,
        deleted,
        skipped,
        ..
    } = tally;
    let size = HumanBytes(tally.bytes);
    format!(
        "{account}: would fetch {new} ({size}), delete {deleted}; {seen} seen, {skipped} too large"
    )
}

/// What is remembered now, in one line.
fn marked(account: &str, tally: &Tally) -> String {
    let Tally { new, seen, .. } = tally;
    format!("{account}: {new} marked as seen, {seen} seen before")
}

/// What is waiting, in one line.
pub fn waiting(account: &str, tally: &Tally) -> String {
    let mut line = format!(
        "{account}: {} new ({}), {} seen",
        tally.new,
        HumanBytes(tally.bytes),
        tally.seen
    );
    for (count, what) in [(tally.skipped, "too large"), (tally.unsure, "perhaps new")] {
        if count > 0 {
            line.push_str(&format!(", {count} {what}"));
        }
    }
    let (total, size) = (tally.total, HumanBytes(tally.total_bytes));
    format!("{line}; {total} in all ({size})")
}

/// One message of a list. What is not known is a dash.
fn listed_line(account: &str, listed: &Listed, shape: &Shape) -> String {
    let known = |text: String| if text.is_empty() { "-".into() } else { text };
    let Listing { number, size, uid } = &listed.listing;
    let uid = uid.as_ref().map(|uid| escape(uid.bytes()));
    let (number, standing) = (number.0, listed.standing.name());
    let uid = known(uid.unwrap_or_default());
    let date = known(listed.date.and_then(local).unwrap_or_default());
    let from = known(escape(&listed.from));
    let subject = known(escape(&listed.subject));
    let account = Some(account).filter(|_| shape.several);
    match &shape.columns {
        Columns::Aligned(rows) => rows.line(&Message {
            account,
            number,
            size: *size,
            standing,
            uid: &uid,
            date: &date,
            from: &from,
            subject: &subject,
        }),
        Columns::Tabs => {
            let account = account.map(|account| format!("{account}\t"));
            let size = known(size.map(|size| size.to_string()).unwrap_or_default());
            account.unwrap_or_default()
                + &format!("{number}\t{size}\t{standing}\t{uid}\t{date}\t{from}\t{subject}")
        }
    }
}

/// A moment as the clock on the wall shows it, as ISO 8601 writes that.
pub fn local(time: Time) -> Option<String> {
    let moment = DateTime::from_timestamp(time.0, 0)?.with_timezone(&Local);
    Some(moment.format("%Y-%m-%dT%H:%M:%S").to_string())
}
