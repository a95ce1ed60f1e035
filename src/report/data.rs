//! What was found, as data for standard output: a line each, for people and for scripts.

use super::text::{bytes, name, too_soon};
use super::{escape, offer, Named, Options};
use crate::event::{Event, Listed, Mode, Tally};
use crate::message::{Listing, Time};
use chrono::{DateTime, Local};
use indicatif::HumanBytes;
use unicode_width::{UnicodeWidthChar, UnicodeWidthStr};

/// How lines with columns are laid out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Columns {
    /// With a tab between them, and nothing cut: for scripts.
    Tabs,
    /// Below each other: for a terminal.
    Aligned,
}

/// How what is found is told in this run.
pub struct Shape {
    /// How columns are laid out.
    pub columns: Columns,
    /// How wide the column of account names is; there is none if there is one account.
    pub account: Option<usize>,
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
            Mode::Check => Some(waiting(account, tally)),
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
    let aligned = shape.columns == Columns::Aligned;
    let size = size.map(|size| match aligned {
        true => HumanBytes(size).to_string(),
        false => size.to_string(),
    });
    let uid = uid.as_ref().map(|uid| escape(uid.bytes()));
    let (number, standing) = (number.0, listed.standing.name());
    let size = known(size.unwrap_or_default());
    let uid = known(uid.unwrap_or_default());
    let date = known(listed.date.and_then(local).unwrap_or_default());
    let from = known(escape(&listed.from));
    let subject = known(escape(&listed.subject));
    let (account, line) = match aligned {
        true => (
            shape.account.map(|width| format!("{account:width$}  ")),
            format!(
                "{number:>5}  {size:>10}  {standing:5}  {uid:16}  {date:19}  {}  {subject}",
                fit(&from, FROM)
            ),
        ),
        false => (
            shape.account.map(|_| format!("{account}\t")),
            format!("{number}\t{size}\t{standing}\t{uid}\t{date}\t{from}\t{subject}"),
        ),
    };
    account.unwrap_or_default() + &line
}

/// How much of a sender is shown on a terminal.
const FROM: usize = 24;

/// A text in so many columns of a terminal, cut or filled up.
pub fn fit(text: &str, width: usize) -> String {
    let mut shown = String::new();
    let mut room = width;
    if text.width() > width {
        for letter in text.chars() {
            let needs = letter.width().unwrap_or(0);
            if needs >= room {
                break; // a column is left for the mark
            }
            shown.push(letter);
            room -= needs;
        }
        shown.push('\u{2026}');
        room -= 1;
    } else {
        shown.push_str(text);
        room -= text.width();
    }
    shown + &" ".repeat(room)
}

/// A moment as the clock on the wall shows it, as ISO 8601 writes that.
pub fn local(time: Time) -> Option<String> {
    let moment = DateTime::from_timestamp(time.0, 0)?.with_timezone(&Local);
    Some(moment.format("%Y-%m-%dT%H:%M:%S").to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_column_is_as_wide_as_it_is_whatever_is_in_it() {
        assert_eq!(fit("ab", 4), "ab  ");
        assert_eq!(fit("abcd", 4), "abcd");
        assert_eq!(fit("abcde", 4), "abc\u{2026}");
        // Wide letters take two columns.
        assert_eq!(fit("日本語", 4), "日\u{2026} ");
        assert_eq!(fit("日本", 4), "日本");
        for text in [
            "",
            "x",
            "日本語日本語",
            "e\u{301}e\u{301}e\u{301}e\u{301}e\u{301}",
        ] {
            assert_eq!(fit(text, 4).width(), 4, "{text}");
        }
    }
}
