//! Progress bars on a terminal, one an account that is being visited: what is known of each, and when
//! all are drawn. indicatif reckons how fast they go. Names come from the settings; nothing that a
//! server said ever gets into a bar.

use super::layout::{frame, Doing, Progress, Row};
use super::screen::{Screen, Size};
use super::Named;
use crate::event::{Event, Notice, Stage};
use indicatif::{ProgressBar, ProgressDrawTarget};
use std::collections::BTreeMap;
use std::sync::mpsc::{Receiver, RecvTimeoutError};
use std::time::{Duration, Instant};

/// How long a drawing stands, unless something is said meanwhile.
const PAUSE: Duration = Duration::from_millis(100);

/// The bars of a run.
pub struct Bars {
    screen: Screen,
    names: Vec<String>,
    visits: BTreeMap<usize, Visit>,
    /// How many accounts have not begun yet.
    waiting: usize,
    /// When they are to be drawn next.
    due: Instant,
}

/// What comes next.
pub enum News {
    /// This happened to the account of this index.
    Event(usize, Event),
    /// Nothing, for a while.
    Silence,
    /// Nobody is left to whom anything could happen.
    End,
}

impl Bars {
    /// None yet; they appear with their accounts, unless those are done at once.
    pub fn new(accounts: &[Named]) -> Self {
        Self {
            screen: Screen::default(),
            names: accounts.iter().map(|named| named.account.clone()).collect(),
            visits: BTreeMap::new(),
            waiting: accounts.len(),
            due: Instant::now() + PAUSE,
        }
    }

    /// Waits for what comes next, and draws meanwhile.
    pub fn next(&mut self, events: &Receiver<(usize, Event)>) -> News {
        let now = Instant::now();
        if now >= self.due {
            self.draw();
            self.due = now + PAUSE;
        }
        match events.recv_timeout(self.due - now) {
            Ok((index, event)) => News::Event(index, event),
            Err(RecvTimeoutError::Timeout) => News::Silence,
            Err(RecvTimeoutError::Disconnected) => News::End,
        }
    }

    /// Moves the bar of an account.
    pub fn follow(&mut self, index: usize, event: &Event) {
        if let Event::Start(_) = event {
            self.waiting = self.waiting.saturating_sub(1);
            self.visits
                .insert(index, Visit::at(doing(Stage::Preparing)));
        }
        let Some(visit) = self.visits.get_mut(&index) else {
            return;
        };
        match event {
            // A program that takes us to the server may go on asking.
            Event::Stage(Stage::Greeting) if visit.lent => {}
            Event::Stage(stage) => visit.comes_to(doing(*stage)),
            Event::Notice(Notice::Waiting(_)) => visit.comes_to("waiting"),
            Event::Lent => {
                visit.lent = true;
                self.screen.clear();
            }
            Event::Planned { messages, bytes } => {
                let wanted = Some(Transfer::of(*messages, *bytes));
                visit.transfer = wanted.filter(|wanted| wanted.all > 0);
            }
            Event::Progress { bytes, whole } => {
                if let Some(transfer) = &mut visit.transfer {
                    transfer.meter.inc(*bytes);
                    transfer.done += u64::from(*whole);
                }
            }
            Event::Account(_) => drop(self.visits.remove(&index)),
            _ => {}
        }
    }

    /// Does something that writes, with the bars out of the way.
    pub fn aside(&mut self, write: impl FnOnce()) {
        let drawn = self.screen.is_drawn();
        self.screen.clear();
        write();
        if drawn {
            self.draw();
        }
    }

    /// Takes them away.
    pub fn clear(&mut self) {
        self.screen.clear();
    }

    /// Draws them all, unless somebody else has the terminal.
    fn draw(&mut self) {
        if self.visits.values().any(|visit| visit.lent) {
            return;
        }
        let rows = self.visits.iter().map(|(index, visit)| Row {
            name: self.names.get(*index).map_or("", String::as_str),
            doing: visit.doing(),
        });
        let (rows, size) = (rows.collect::<Vec<_>>(), Size::now());
        self.screen.draw(&frame(&rows, self.waiting, size), size);
    }
}

/// What is known of a visit.
struct Visit {
    stage: &'static str,
    since: Instant,
    transfer: Option<Transfer>,
    /// A program of the user's may be asking something at the terminal.
    lent: bool,
}

impl Visit {
    fn at(stage: &'static str) -> Self {
        Self {
            stage,
            since: Instant::now(),
            transfer: None,
            lent: false,
        }
    }

    fn comes_to(&mut self, stage: &'static str) {
        (self.stage, self.since, self.lent) = (stage, Instant::now(), false);
    }

    fn doing(&self) -> Doing {
        match &self.transfer {
            Some(transfer) if self.stage == READING => Doing::Messages(transfer.progress()),
            _ => Doing::Stage(self.stage, self.since.elapsed()),
        }
    }
}

/// Messages on their way.
struct Transfer {
    done: u64,
    all: u64,
    total: u64,
    meter: ProgressBar,
}

impl Transfer {
    fn of(all: u64, total: u64) -> Self {
        let nowhere = ProgressDrawTarget::hidden();
        Self {
            done: 0,
            all,
            total,
            meter: ProgressBar::with_draw_target(Some(total), nowhere),
        }
    }

    fn progress(&self) -> Progress {
        let rate = self.meter.per_sec() as u64;
        let known = self.total > 0 && rate > 0;
        Progress {
            done: self.done,
            all: self.all,
            bytes: self.meter.position(),
            total: self.total,
            rate,
            left: known.then(|| self.meter.eta()),
        }
    }
}

/// What a visit is at when there is something to count.
const READING: &str = "reading";

/// What a stage is called on a bar.
fn doing(stage: Stage) -> &'static str {
    match stage {
        Stage::Preparing => "preparing",
        Stage::Password => "getting the password",
        Stage::Connecting | Stage::Greeting => "connecting",
        Stage::Securing => "securing",
        Stage::LoggingIn => "signing in",
        Stage::Listing => "listing",
        Stage::Retrieving => READING,
        Stage::Quitting => "finishing",
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::event::Mode;

    #[test]
    fn each_session_of_a_run_has_a_bar_from_its_beginning() {
        let (account, server) = ("work".into(), "pop.example.org".into());
        let port = None;
        let mut bars = Bars::new(&[Named {
            account,
            server,
            port,
        }]);
        bars.follow(0, &Event::Start(Mode::Fetch));
        for all in [500, 300] {
            bars.follow(0, &Event::Stage(Stage::Listing));
            let stage = bars.visits[&0].doing();
            assert!(matches!(stage, Doing::Stage("listing", _)));
            let (messages, bytes) = (2, all);
            bars.follow(0, &Event::Planned { messages, bytes });
            bars.follow(0, &Event::Stage(Stage::Retrieving));
            for whole in [false, true] {
                let bytes = 100;
                bars.follow(0, &Event::Progress { bytes, whole });
            }
            let Doing::Messages(progress) = bars.visits[&0].doing() else {
                panic!("no messages are shown");
            };
            assert_eq!((progress.done, progress.all), (1, 2));
            assert_eq!((progress.bytes, progress.total), (200, all));
            // Mail may be handed on to a server that is connected only now.
            bars.follow(0, &Event::Stage(Stage::Connecting));
            bars.follow(0, &Event::Stage(Stage::Retrieving));
            assert!(matches!(bars.visits[&0].doing(), Doing::Messages(_)));
        }
        assert_eq!(bars.waiting, 0);
    }

    #[test]
    fn a_program_that_may_ask_has_the_terminal_until_it_is_done() {
        let (account, server) = ("work".into(), "pop.example.org".into());
        let port = None;
        let mut bars = Bars::new(&[Named {
            account,
            server,
            port,
        }]);
        bars.follow(0, &Event::Start(Mode::Fetch));
        for (event, lent) in [
            (Event::Stage(Stage::Password), false),
            (Event::Lent, true),
            (Event::Stage(Stage::Connecting), false),
            (Event::Lent, true),
            (Event::Stage(Stage::Greeting), true),
            (Event::Stage(Stage::LoggingIn), false),
        ] {
            bars.follow(0, &event);
            assert_eq!(bars.visits[&0].lent, lent, "{event:?}");
        }
    }
}
