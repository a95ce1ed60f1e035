//! What bars look like, in so many columns and lines; pure. Nothing but ASCII is used beside the
//! names, and nothing that a server said.

use super::rows::fit;
use super::screen::Size;
use std::time::Duration;
use unicode_width::{UnicodeWidthChar, UnicodeWidthStr};

/// The widest bar.
const BAR: usize = 30;
/// The narrowest that tells anything.
const STUB: usize = 6;

/// What is to be seen of an account.
pub struct Row<'n> {
    /// Its name.
    pub name: &'n str,
    /// What it is at.
    pub doing: Doing,
}

/// What an account is at.
#[derive(Clone, Copy)]
pub enum Doing {
    /// A stage, for so long.
    Stage(&'static str, Duration),
    /// Its messages.
    Messages(Progress),
}

/// How far an account is with its messages.
#[derive(Clone, Copy)]
pub struct Progress {
    /// Messages that are here,
    pub done: u64,
    /// of so many.
    pub all: u64,
    /// Bytes that are here,
    pub bytes: u64,
    /// of so many; 0 if nobody knows.
    pub total: u64,
    /// Bytes a second.
    pub rate: u64,
    /// How long it may take yet, if that can be told.
    pub left: Option<Duration>,
}

/// The lines to be drawn for these accounts, when so many more wait for their turn. There is room for
/// one line less than the screen has.
pub fn frame(rows: &[Row], waiting: usize, size: Size) -> Vec<String> {
    let room = size.rows.saturating_sub(1);
    let columns = size.columns.saturating_sub(1).max(1);
    let counted = waiting > 0 || rows.len() > room;
    let shown = rows.len().min(room.saturating_sub(usize::from(counted)));
    let (shown, hidden) = rows.split_at(shown);
    let names = shown.iter().map(|row| row.name.width()).max().unwrap_or(0);
    let names = names.min((columns / 4).max(8)).min(columns);
    let parts = Parts::fitting(shown, columns.saturating_sub(names + 1));
    let line = |row: &Row| {
        let name = fit(&shortened(row.name, names), names);
        let doing = match row.doing {
            Doing::Stage(stage, since) => stage_text(stage, since),
            Doing::Messages(progress) => parts.text(&progress),
        };
        within(&format!("{name} {doing}"), columns)
    };
    let mut lines: Vec<String> = shown.iter().map(line).collect();
    if counted && room > 0 {
        lines.push(within(&rest(hidden.len(), waiting), columns));
    }
    lines
}

/// A name in so many columns: if it does not fit, what is in its middle is left out, since names that
/// are long often begin alike or end alike.
pub(super) fn shortened(name: &str, columns: usize) -> String {
    let Some(room) = columns.checked_sub(1).filter(|_| name.width() > columns) else {
        return name.into();
    };
    let some = |letters: &mut dyn Iterator<Item = char>, mut room: usize| {
        let fits = |letter: &char| {
            let left = room.checked_sub(letter.width().unwrap_or(0));
            left.map(|left| room = left).is_some()
        };
        letters.take_while(fits).collect::<Vec<_>>()
    };
    let head = some(&mut name.chars(), room.div_ceil(2));
    let tail = some(&mut name.chars().rev(), room / 2);
    let parts = head.into_iter().chain(['\u{2026}']);
    parts.chain(tail.into_iter().rev()).collect()
}

/// Those that have no bar, in one line.
fn rest(hidden: usize, waiting: usize) -> String {
    match (hidden, waiting) {
        (0, waiting) => format!("and {waiting} more waiting"),
        (hidden, 0) => format!("and {hidden} more under way"),
        (hidden, waiting) => format!("and {hidden} more under way, {waiting} waiting"),
    }
}

/// A line that is no wider than this.
pub(super) fn within(line: &str, columns: usize) -> String {
    let line = line.trim_end();
    match line.width() > columns {
        true => fit(line, columns),
        false => line.to_owned(),
    }
}

fn stage_text(stage: &str, since: Duration) -> String {
    match since.as_secs() {
        0 => stage.to_owned(),
        _ => format!("{stage} {}", time(since)),
    }
}

/// What is told of progress where there is no room for all of it: the same for each line, so that
/// columns line up.
struct Parts {
    /// How wide the bar is, if there is one.
    bar: usize,
    /// How wide the numbers of messages are.
    counts: usize,
    bytes: bool,
    total: bool,
    rate: bool,
    left: bool,
}

impl Parts {
    /// As much as fits.
    fn fitting(rows: &[Row], columns: usize) -> Self {
        let counts = rows.iter().filter_map(|row| match row.doing {
            Doing::Messages(progress) => Some(count(&progress).len()),
            Doing::Stage(..) => None,
        });
        let counts = counts.max().unwrap_or(0);
        // Of each: whether it is told, and how much room a bar needs beside it.
        let ways = [
            ([true, true, true, true], 2 * STUB),
            ([true, false, true, true], STUB),
            ([true, false, true, true], 0),
            ([true, false, false, true], 0),
            ([false, false, false, true], 0),
            ([false, false, false, false], 0),
        ];
        let fits = |([bytes, total, rate, left], stub): ([bool; 4], usize)| {
            let bar = 0;
            let parts = Self {
                bar,
                counts,
                bytes,
                total,
                rate,
                left,
            };
            let room = columns.checked_sub(parts.width() + usize::from(stub > 0));
            let bar = room.filter(|room| *room >= stub).map(|room| match stub {
                0 => 0,
                _ => room.min(BAR),
            });
            bar.map(|bar| Self { bar, ..parts })
        };
        let least = Self {
            bar: 0,
            counts,
            bytes: false,
            total: false,
            rate: false,
            left: false,
        };
        ways.into_iter().find_map(fits).unwrap_or(least)
    }

    /// How wide all of it is, but for the bar.
    fn width(&self) -> usize {
        let parts = [
            (self.bytes, SIZE + 1),
            (self.total, SIZE + 1),
            (self.rate, SIZE + 3),
            (self.left, TIME + 1),
        ];
        let told = parts.iter().filter(|(told, _)| *told);
        self.counts + told.map(|(_, width)| width).sum::<usize>()
    }

    fn text(&self, progress: &Progress) -> String {
        let mut text = match self.bar {
            0 => String::new(),
            bar => drawn(progress, bar) + " ",
        };
        text += &format!("{:>1$}", count(progress), self.counts);
        if self.bytes {
            text += &format!(" {:>SIZE$}", size(progress.bytes));
        }
        if self.total {
            let total = match progress.total {
                0 => String::new(),
                total => format!("/{}", size(total)),
            };
            text += &format!("{total:<width$}", width = SIZE + 1);
        }
        if self.rate {
            text += &format!(" {:>SIZE$}/s", size(progress.rate));
        }
        if self.left {
            text += &format!(" {:>TIME$}", progress.left.map(time).unwrap_or_default());
        }
        text
    }
}

fn count(progress: &Progress) -> String {
    format!("{}/{}", progress.done, progress.all)
}

/// The bar itself, brackets and all.
fn drawn(progress: &Progress, width: usize) -> String {
    let Progress {
        done,
        all,
        bytes,
        total,
        ..
    } = *progress;
    let (part, whole) = match total {
        0 => (done, all),
        _ => (bytes, total),
    };
    let inside = width.saturating_sub(2);
    // Exact enough for a bar.
    let full = part.min(whole) as f64 / whole.max(1) as f64 * inside as f64;
    let full = (full as usize).min(inside);
    format!("[{}{}]", "#".repeat(full), ".".repeat(inside - full))
}

/// How wide a size is at most.
const SIZE: usize = 5;

/// A size in few letters.
pub(super) fn size(bytes: u64) -> String {
    let mut shown = bytes as f64;
    for unit in ["B", "K", "M", "G", "T", "P"] {
        match shown {
            few if unit != "B" && few < 9.95 => return format!("{few:.1}{unit}"),
            few if few < 1023.5 => return format!("{few:.0}{unit}"),
            _ => shown /= 1024.0,
        }
    }
    format!("{shown:.0}E")
}

/// How wide a time is at most.
const TIME: usize = 6;

/// A time in few letters.
fn time(time: Duration) -> String {
    let seconds = time.as_secs();
    let (minutes, hours, days) = (seconds / 60, seconds / 3600, seconds / 86400);
    match () {
        () if days > 99_999 => "long".into(),
        () if days > 3 => format!("{days}d"),
        () if hours > 0 => format!("{hours}h{:02}m", minutes % 60),
        () if minutes > 0 => format!("{minutes}m{:02}s", seconds % 60),
        () => format!("{seconds}s"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SOME: Progress = Progress {
        done: 12,
        all: 30,
        bytes: 5_000_000,
        total: 10_000_000,
        rate: 800_000,
        left: Some(Duration::from_secs(75)),
    };

    fn drawn_in(names: &[&str], waiting: usize, (columns, rows): (usize, usize)) -> Vec<String> {
        let doing = Doing::Messages(SOME);
        let accounts: Vec<Row> = names.iter().map(|name| Row { name, doing }).collect();
        frame(&accounts, waiting, Size { columns, rows })
    }

    #[test]
    fn as_much_is_told_as_there_is_room_for() {
        let at = |columns| drawn_in(&["work"], 0, (columns, 24)).remove(0);
        assert_eq!(
            at(80),
            "work [##############..............] 12/30  4.8M/9.5M   781K/s  1m15s"
        );
        assert_eq!(at(40), "work [##...] 12/30  4.8M  781K/s  1m15s");
        assert_eq!(at(34), "work 12/30  4.8M  781K/s  1m15s");
        assert_eq!(at(26), "work 12/30  4.8M  1m15s");
        assert_eq!(at(20), "work 12/30  1m15s");
        assert_eq!(at(12), "work 12/30");
        assert_eq!(at(8), "work 1\u{2026}");
    }

    #[test]
    fn no_line_is_wider_than_the_screen_and_there_are_no_more_than_it_has() {
        let names = [
            "work",
            "日本語日本語日本語日本語",
            "a-very-long-name-of-an-account-indeed",
        ];
        for columns in 1..130 {
            for rows in 1..8 {
                let lines = drawn_in(&names, 7, (columns, rows));
                assert!(lines.len() < rows.max(1), "{lines:?}");
                for line in lines {
                    assert!(line.width() < columns.max(2), "{columns}: {line}");
                }
            }
        }
    }

    #[test]
    fn long_names_lose_their_middle() {
        for (name, columns, shown) in [
            ("alice@example.org", 17, "alice@example.org"),
            ("alice@example.org", 10, "alice\u{2026}.org"),
            ("alice@example.org", 9, "alic\u{2026}.org"),
            ("\u{65e5}\u{672c}\u{8a9e}", 4, "\u{65e5}\u{2026}"),
            ("ab", 1, "\u{2026}"),
        ] {
            assert_eq!(shortened(name, columns), shown);
        }
    }

    #[test]
    fn who_has_no_line_is_counted() {
        let names = ["a", "b", "c", "d", "e"];
        let last = |waiting, rows| drawn_in(&names, waiting, (80, rows)).pop().unwrap();
        assert_eq!(last(0, 5), "and 2 more under way");
        assert_eq!(last(40, 5), "and 2 more under way, 40 waiting");
        assert_eq!(last(40, 24), "and 40 more waiting");
        assert_eq!(drawn_in(&names, 0, (80, 6)).len(), 5);
        assert!(last(0, 6).starts_with("e ["));
    }

    #[test]
    fn numbers_are_short() {
        for (bytes, shown) in [
            (0, "0B"),
            (1023, "1023B"),
            (1024, "1.0K"),
            (10_189, "10K"),
            (1_048_575, "1.0M"),
            (123_456_789, "118M"),
            (u64::MAX, "16E"),
        ] {
            assert_eq!(size(bytes), shown);
            assert!(shown.len() <= SIZE);
        }
        for (seconds, shown) in [
            (0, "0s"),
            (59, "59s"),
            (3599, "59m59s"),
            (3600, "1h00m"),
            (345_599, "95h59m"),
            (345_600, "4d"),
            (u64::MAX, "long"),
        ] {
            assert_eq!(time(Duration::from_secs(seconds)), shown);
            assert!(shown.len() <= TIME);
        }
    }
}
