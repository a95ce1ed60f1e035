//! How much is told, and how: from the flags and the surroundings.

use crate::cli::{Telling, When};
use crate::event::{Attention, Mode};
use crate::inherited;
use std::io::{self, IsTerminal};

/// How much is said, from nothing to everything.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Level {
    /// What failed.
    Error,
    /// What should not stay as it is.
    Warning,
    /// That an account has new mail: said under systemd, where it is no mail by itself.
    News,
    /// What a person at a terminal likes to see.
    Info,
    /// What happened to each message.
    Detail,
    /// The dialogue.
    Wire,
}

impl Level {
    /// The priority in syslog's numbers, as systemd reads them at the beginning of a line.
    pub fn priority(self) -> u8 {
        match self {
            Self::Error => 3,
            Self::Warning => 4,
            Self::News | Self::Info => 6,
            Self::Detail | Self::Wire => 7,
        }
    }
}

/// What standard error is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Listener {
    /// A terminal, with somebody before it.
    Terminal,
    /// The journal of systemd.
    Journal,
    /// Anything else: a file, a pipe to cron.
    Other,
}

/// How to tell it.
#[derive(Clone, Copy, Debug)]
pub struct Options {
    /// The least important that is said; nothing at all if `None`.
    pub level: Option<Level>,
    /// Who listens.
    pub listener: Listener,
    /// Whether to colour.
    pub color: bool,
    /// Whether to draw bars on standard error.
    pub bars: bool,
    /// What the run is for, and so whether what it finds is data.
    pub mode: Mode,
    /// Whether data is JSON.
    pub json: bool,
}

impl Options {
    /// From the flags and the surroundings. Off a terminal success is silent, so that cron sends no
    /// mail.
    pub fn new(telling: Telling) -> Self {
        let listener = listener();
        let terminal = listener == Listener::Terminal;
        let level = match (telling.quiet, telling.verbose) {
            (2.., _) => None,
            (1, _) => Some(Level::Error),
            (_, 2..) => Some(Level::Wire),
            (_, 1) => Some(Level::Detail),
            _ => Some(match listener {
                Listener::Terminal => Level::Info,
                Listener::Journal => Level::News,
                Listener::Other => Level::Warning,
            }),
        };
        let kind = variable("TERM");
        let dumb = kind.as_ref().is_some_and(|kind| kind == "dumb");
        let forced = variable("CLICOLOR_FORCE").is_some_and(|value| value != "0");
        let color = match telling.color {
            When::Always => true,
            When::Never => false,
            When::Auto if variable("NO_COLOR").is_some() => false,
            When::Auto => (terminal && !dumb) || forced,
        };
        let bars = match telling.progress {
            When::Always => telling.quiet == 0,
            When::Never => false,
            When::Auto => {
                let spoken = matches!(level, Some(Level::Info | Level::Detail));
                // Whoever reads from a pipe may well write to the same terminal.
                let alone = !inherited::is_pipe(io::stdout());
                terminal && kind.is_some() && !dumb && spoken && alone
            }
        };
        Self {
            level,
            listener,
            color,
            bars,
            mode: Mode::Fetch,
            json: telling.json,
        }
    }

    /// The same where standard output takes mail: two cannot write to one terminal.
    pub fn beside_mail(self) -> Self {
        let bars = self.bars && !io::stdout().is_terminal();
        Self { bars, ..self }
    }

    /// What of all that happens is told.
    pub fn attention(&self) -> Attention {
        let detailed = self.level.is_some_and(|least| least >= Level::Detail);
        Attention {
            dialogue: self.level == Some(Level::Wire),
            fine: detailed || self.bars || self.json || self.mode != Mode::Fetch,
        }
    }

    /// A line as this listener takes it.
    pub fn dressed(&self, level: Level, line: &str) -> String {
        let color = match level {
            Level::Error if self.color => Some(31),
            Level::Warning if self.color => Some(33),
            _ => None,
        };
        let priority = match self.listener {
            Listener::Journal => format!("<{}>", level.priority()),
            Listener::Terminal | Listener::Other => String::new(),
        };
        match color {
            Some(color) => format!("{priority}\x1b[{color}m{line}\x1b[0m"),
            None => priority + line,
        }
    }
}

fn variable(name: &str) -> Option<std::ffi::OsString> {
    std::env::var_os(name).filter(|value| !value.is_empty())
}

fn listener() -> Listener {
    match io::stderr() {
        terminal if terminal.is_terminal() => Listener::Terminal,
        journal if inherited::is_journal(&journal) => Listener::Journal,
        _ => Listener::Other,
    }
}
