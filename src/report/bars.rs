//! Progress bars on a terminal, one an account that is being visited. Names come from the settings;
//! nothing that a server said ever gets into a bar.

use super::Named;
use crate::event::{Event, Stage};
use indicatif::{MultiProgress, ProgressBar, ProgressStyle};
use std::collections::HashMap;
use std::time::Duration;

/// The bars of a run.
pub struct Bars {
    screen: MultiProgress,
    names: Vec<String>,
    width: usize,
    bars: HashMap<usize, ProgressBar>,
}

impl Bars {
    /// None yet; they appear with their accounts.
    pub fn new(accounts: &[Named]) -> Self {
        let names: Vec<String> = accounts.iter().map(|named| named.account.clone()).collect();
        let width = names.iter().map(String::len).max().unwrap_or(0).min(20);
        Self {
            screen: MultiProgress::new(),
            names,
            width,
            bars: HashMap::new(),
        }
    }

    /// Moves the bar of an account.
    pub fn follow(&mut self, index: usize, event: &Event) {
        match event {
            Event::Stage(stage) => self.stage(index, *stage),
            Event::Planned { messages, bytes } => {
                if let Some(bar) = self.bars.get(&index).filter(|_| *messages > 0) {
                    let template = match *bytes {
                        0 => "{prefix} {spinner} {msg} {bytes} {bytes_per_sec}",
                        _ => "{prefix} {bar:20} {bytes}/{total_bytes} {bytes_per_sec} {eta}",
                    };
                    bar.set_position(0); // a run may come to this several times
                    bar.set_length(*bytes);
                    bar.set_style(style(template));
                }
            }
            Event::Progress(bytes) => {
                if let Some(bar) = self.bars.get(&index) {
                    bar.inc(*bytes);
                }
            }
            Event::Account(_) => {
                if let Some(bar) = self.bars.remove(&index) {
                    bar.finish_and_clear();
                }
            }
            _ => {}
        }
    }

    /// Does something that writes, with the bars out of the way.
    pub fn aside(&self, write: impl FnOnce()) {
        self.screen.suspend(write);
    }

    fn stage(&mut self, index: usize, stage: Stage) {
        let (screen, names, width) = (&self.screen, &self.names, self.width);
        let bar = self.bars.entry(index).or_insert_with(|| {
            let bar = screen.add(ProgressBar::new(0).with_style(style("{prefix} {spinner} {msg}")));
            let name = names.get(index).map_or("", String::as_str);
            bar.set_prefix(format!("{name:width$}"));
            bar.enable_steady_tick(Duration::from_millis(120));
            bar
        });
        bar.set_message(stage.name());
    }
}

fn style(template: &str) -> ProgressStyle {
    ProgressStyle::with_template(template).unwrap_or_else(|_| ProgressStyle::default_bar())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_session_of_a_run_has_a_bar_from_its_beginning() {
        let (account, server) = ("work".into(), "pop.example.org".into());
        let mut bars = Bars::new(&[Named { account, server }]);
        bars.follow(0, &Event::Stage(Stage::Listing));
        for bytes in [500, 300] {
            bars.follow(0, &Event::Planned { messages: 2, bytes });
            bars.follow(0, &Event::Progress(200));
            let bar = &bars.bars[&0];
            assert_eq!((bar.position(), bar.length()), (200, Some(bytes)));
        }
    }
}
