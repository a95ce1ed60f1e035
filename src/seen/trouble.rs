//! Since when an account fails in passing, and when that was said last: a line in a file of its own,
//! since the memory may be just what another run holds. Nothing hangs on it but what is said, so
//! failing to read or write it is no failure.

use super::place::{options, Place};
use crate::message::Time;
use std::fs;
use std::io::{Read, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::time::Duration;

/// What the line begins with.
const WORD: &str = "trouble";
/// Longer than any line of ours.
const LONGEST: u64 = 100;

/// How it stands with an account that has worked before.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Trouble {
    /// Since when it fails, if it does.
    pub since: Option<Time>,
    /// When that was said last, if it was.
    pub told: Option<Time>,
}

impl Trouble {
    /// What earlier runs noted.
    pub fn recall(place: &Place) -> Option<Self> {
        let mut text = String::new();
        let file = options().open(place.file(WORD)).ok()?;
        file.take(LONGEST).read_to_string(&mut text).ok()?;
        Self::parse(&text)
    }

    /// Notes it for later runs.
    pub fn note(&self, place: &Place) {
        let file = options()
            .create(true)
            .truncate(true)
            .mode(0o600)
            .open(place.file(WORD));
        if let Ok(mut file) = file {
            let _ = file.write_all(self.text().as_bytes());
        }
    }

    /// There is none, and the memory shows that the account has worked.
    pub fn forget(place: &Place) {
        let _ = fs::remove_file(place.file(WORD));
    }

    /// Whether it is time to say that the account fails once more, and what is to be noted then. It
    /// must have failed for this long, and not have been said for this long.
    pub fn going_on(self, now: Time, after: Duration) -> (Self, bool) {
        // What lies ahead was noted by a clock that was wrong.
        let past = |time: &Time| *time <= now;
        let since = self.since.filter(past).unwrap_or(now);
        let told = self.told.filter(past).filter(|told| *told >= since);
        let quiet = now.0.saturating_sub(told.unwrap_or(since).0);
        let due = u64::try_from(quiet).is_ok_and(|quiet| quiet >= after.as_secs());
        let noted = Self {
            since: Some(since),
            told: if due { Some(now) } else { told },
        };
        (noted, due)
    }

    fn parse(text: &str) -> Option<Self> {
        let mut words = text.strip_suffix('\n')?.split(' ');
        let ours = words.next() == Some(WORD);
        let time = |word: &str| match word {
            "-" => Some(None),
            number => number.parse().ok().map(|time| Some(Time(time))),
        };
        let (since, told) = (time(words.next()?)?, time(words.next()?)?);
        let whole = ours && words.next().is_none();
        whole.then_some(Self { since, told })
    }

    fn text(&self) -> String {
        let word = |time: Option<Time>| time.map_or("-".into(), |Time(time)| time.to_string());
        format!("{WORD} {} {}\n", word(self.since), word(self.told))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_noted_is_read_again_and_nothing_else() {
        for trouble in [
            Trouble::default(),
            Trouble {
                since: Some(Time(5)),
                told: None,
            },
            Trouble {
                since: Some(Time(5)),
                told: Some(Time(7205)),
            },
        ] {
            assert_eq!(Trouble::parse(&trouble.text()), Some(trouble));
        }
        for text in [
            "",
            "trouble 5",
            "trouble 5 -",
            "trouble 5 - 6\n",
            "x 5 -\n",
            "trouble x -\n",
        ] {
            assert_eq!(Trouble::parse(text), None, "{text}");
        }
    }

    #[test]
    fn it_is_said_after_a_while_and_then_only_as_often() {
        let (mut trouble, mut said) = (Trouble::default(), Vec::new());
        for minute in (0..=600).step_by(5) {
            let (noted, due) = trouble.going_on(Time(minute * 60), Duration::from_secs(7200));
            trouble = noted;
            said.extend(due.then_some(minute));
        }
        assert_eq!(said, [120, 240, 360, 480, 600]);
        assert_eq!(trouble.since, Some(Time(0)));
        let at_once = Trouble::default().going_on(Time(9), Duration::ZERO);
        assert!(at_once.1);
    }

    #[test]
    fn a_clock_that_was_set_back_keeps_nothing_from_being_said() {
        let since = Some(Time(9_000_000));
        let trouble = Trouble { since, told: since };
        let (noted, due) = trouble.going_on(Time(100), Duration::from_secs(60));
        assert_eq!(
            (noted.since, noted.told, due),
            (Some(Time(100)), None, false)
        );
        assert!(noted.going_on(Time(160), Duration::from_secs(60)).1);
    }
}
