//! The matrix: a story, told at a time of its course, struck at each of its points by whatever can
//! go wrong there; and what must hold after that.
//!
//! After a strike the run has ended as its table says, and has said so; what has arrived is whole
//! and there once; the next run completes everything and leaves nothing over. What only happened
//! (EINTR) or could be done without must not be seen at all.

use super::calls::{self, Call, Ill, KILLED};
use super::count;
use crate::support::outcome::Outcome;
use crate::support::story::{Place, Stage, Story};
use crate::support::strike::{self, Made, Point};
use std::ops::Range;
use std::panic::{catch_unwind, AssertUnwindSafe};

/// When a story is struck.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Time {
    /// While it is told for the first time.
    First,
    /// While the next run clears up behind one that was killed where the last call of this kind
    /// (or one so many before it) was to be made.
    After(&'static str, usize),
}

/// What it is struck at.
#[derive(Clone)]
pub enum At {
    /// Every call that matters.
    Calls,
    /// Calls of these names alone, by what is called so; by all if nothing is named.
    These(&'static [&'static str], &'static str),
    /// Every moment of the dialogue with the server.
    Moments,
    /// No more than so many of what `ulimit` calls by this letter; and how it may end then.
    Limits(char, Range<usize>, &'static [i32]),
}

/// A row: what is told, when it is struck, and at what.
pub struct Row {
    /// What is told.
    pub story: Story,
    /// When it is struck.
    pub time: Time,
    /// At what.
    pub at: At,
    /// Whether a mail reader takes what is new after every strike.
    pub read: bool,
    /// Of how many points alike one is taken.
    pub thin: usize,
}

/// What a walk along rows came to.
#[derive(Default)]
pub struct Walk {
    /// Strikes that hit.
    struck: usize,
    /// Those that did not come so far: the rehearsal had made more calls.
    missed: usize,
    /// Copies that came twice to an MDA.
    pub twice: usize,
    /// What did not hold.
    broken: Vec<String>,
}

/// Strikes at every point of these rows, and says how often that was; the short form at so many
/// points at least.
pub fn walk(what: &str, least: usize, rows: &[Row]) -> Walk {
    let mut walk = Walk::default();
    for row in rows {
        row.strike_everywhere(&mut walk);
    }
    let Walk {
        struck,
        missed,
        broken,
        ..
    } = &walk;
    count(what, *struck, least);
    assert!(
        broken.is_empty(),
        "{} did not hold:\n{}",
        broken.len(),
        broken.join("\n")
    );
    assert!(
        missed * 10 <= *struck,
        "{missed} points missed, {struck} struck"
    );
    walk
}

impl Row {
    fn strike_everywhere(&self, walk: &mut Walk) {
        let settled = self.story.settled_memory();
        let before = self.before();
        for (point, ill) in self.strikes(before.as_ref()) {
            let strike = || self.strike(before.as_ref(), &point, ill, &settled);
            // One that does not hold must not hide the others.
            match catch_unwind(AssertUnwindSafe(strike)) {
                Ok((true, twice)) => {
                    (walk.struck, walk.twice) = (walk.struck + 1, walk.twice + twice)
                }
                Ok((false, _)) => walk.missed += 1,
                Err(_) => walk.broken.push(format!("{point:?}: {:?}", ill.fault)),
            }
        }
    }

    /// Strikes at one point, and sees to the end of the story. Tells whether it was struck there,
    /// and how many copies came twice.
    fn strike(
        &self,
        before: Option<&Point>,
        point: &Point,
        ill: Ill,
        settled: &[String],
    ) -> (bool, usize) {
        let mut stage = self.begun(before);
        let (struck, mut outcome) = stage.struck(point, ill.fault);
        let status = self.judge((point, ill), struck, &mut outcome);
        drop(outcome.whatever());
        // What a run that was killed has torn in an mbox stands there until the next one mends it.
        let torn = before.is_some() || status.is_none();
        if !(torn && self.story.place.has(Place::Mbox)) {
            stage.is_sound();
        }
        // What cannot be removed may be left for the next run.
        if status == Some(0) && !point.calls("unlink") {
            stage.ended_well(settled);
        }
        self.meanwhile(&mut stage);
        stage.recovers();
        (struck, stage.ended_well(settled))
    }

    /// A stage at the time at which this row strikes.
    fn begun(&self, before: Option<&Point>) -> Stage {
        let mut stage = self.story.stage();
        if let Some(before) = before {
            stage.killed(before);
            self.meanwhile(&mut stage);
        }
        stage
    }

    fn meanwhile(&self, stage: &mut Stage) {
        if self.read {
            stage.is_read();
        }
    }

    /// Where the run before is killed.
    fn before(&self) -> Option<Point> {
        let Time::After(call, back) = self.time else {
            return None;
        };
        let calls = self.story.stage().watched(&[call]).len();
        assert!(calls > back, "only {calls} calls of {call}");
        Some(Point::Call(call.into(), calls - back))
    }

    /// All that this row strikes with, and where.
    fn strikes(&self, before: Option<&Point>) -> Vec<(Point, Ill)> {
        let (names, fault) = match &self.at {
            At::Moments => {
                let moments = self.begun(before).moments();
                let points: Vec<Point> = (1..=moments).map(Point::Moment).collect();
                return self.thinned(&points, &[KILLED]).collect();
            }
            At::Limits(letter, range, ends) => {
                let points: Vec<Point> = range.clone().map(|k| Point::Limit(*letter, k)).collect();
                return self
                    .thinned(
                        &points,
                        &[Ill {
                            fault: KILLED.fault,
                            ends,
                        }],
                    )
                    .collect();
            }
            At::Calls => (&[][..], ""),
            At::These(names, fault) => (*names, *fault),
        };
        let all: Vec<&str> = calls::all().flat_map(|call| call.names).copied().collect();
        let [made, again] = [(), ()].map(|()| self.begun(before).watched(&all));
        let meant =
            |call: &&Call| names.is_empty() || call.names.iter().any(|name| names.contains(name));
        let of = |call: &'static Call| {
            let points = points_of(call, &made, &again);
            let ills = call.ills.iter().copied();
            let ills: Vec<Ill> = ills.filter(|ill| ill.fault.what.contains(fault)).collect();
            self.thinned(&points, &ills).collect::<Vec<_>>()
        };
        calls::all().filter(meant).flat_map(of).collect()
    }

    /// Each of these ills at one in so many of these points, but once at least. Each begins elsewhere, so that together they strike everywhere.
    fn thinned<'p>(
        &self,
        points: &'p [Point],
        ills: &'p [Ill],
    ) -> impl Iterator<Item = (Point, Ill)> + 'p {
        let thin = self.thin;
        let first = move |at: usize| (at * 5 + 2) % thin.min(points.len().max(1));
        let ills = ills.iter().enumerate();
        ills.flat_map(move |(at, ill)| {
            let some = points.iter().skip(first(at)).step_by(thin);
            some.map(|point| (point.clone(), *ill))
        })
    }

    /// Whether a run that was struck ended as it may; gives its status.
    fn judge(
        &self,
        (point, ill): (&Point, Ill),
        struck: bool,
        outcome: &mut Outcome,
    ) -> Option<i32> {
        let (status, said) = (outcome.take_status(), outcome.take_stderr());
        let ends = match ill.ends {
            _ if !struck => &[0],
            // A line that is lost once is found again.
            [75] if self.story.retry > 0 && !ill.fault.onwards => &[0],
            ends => ends,
        };
        let signal = ill.fault.what.starts_with("signal=");
        let may = match status {
            // The second signal to stop, if the other thread comes to so many calls, ends at once.
            None => ill.ends.is_empty() || signal,
            Some(0) => !struck || !signal,
            Some(status) => ends.contains(&status),
        };
        if !may {
            outcome.fail(&format!(
                "{:?}: the status may be one of {ends:?}",
                ill.fault
            ));
        }
        // Only who was killed says nothing, or was called off, or cannot write any more.
        let mute = matches!(point, Point::Call(..)) && point.calls("write");
        let silent = mute || matches!(status, None | Some(0 | 130 | 143));
        if said.contains("bug in popget") || said.is_empty() && !silent {
            outcome.fail("it does not say what is wrong");
        }
        status
    }
}

/// Where calls like this one were made.
fn points_of(call: &Call, made: &[Made], again: &[Made]) -> Vec<Point> {
    let of = |all: &[Made]| -> Vec<Made> {
        let alike = |made: &&Made| call.names.contains(&made.name.as_str());
        all.iter().filter(alike).cloned().collect()
    };
    let meant = |made: &Made| (call.meant)(&made.text);
    strike::points(&of(made), &of(again), meant)
}
