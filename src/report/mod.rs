//! The only writer to the terminal. Whatever a server, a message or another program said is escaped
//! and cut here, and only here.

mod bars;
mod data;
#[cfg(test)]
mod golden;
mod json;
mod offer;
#[cfg(any(test, fuzzing))]
pub mod properties;
mod text;

use crate::error::{Error, Result};
use crate::event::{Attention, Event, Mode, Summary};
use bars::Bars;
pub use data::local;
use data::{Columns, Shape};
pub use json::{moment, object, text as json_text, Facts};
use std::fmt::Write as _;
use std::io::{self, IsTerminal, Write};
use std::sync::mpsc::Receiver;

/// How much is said, from nothing to everything.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Level {
    /// What failed.
    Error,
    /// What should not stay as it is.
    Warning,
    /// What a person at a terminal likes to see.
    Info,
    /// What happened to each message.
    Detail,
    /// The dialogue.
    Wire,
}

/// How to tell it.
#[derive(Clone, Copy, Debug)]
pub struct Options {
    /// The least important that is said; nothing at all if `None`.
    pub level: Option<Level>,
    /// Whether to colour.
    pub color: bool,
    /// Whether standard error is a terminal that bars can be drawn on.
    pub bars: bool,
    /// What the run is for, and so whether what it finds is data.
    pub mode: Mode,
    /// Whether data is JSON.
    pub json: bool,
}

impl Options {
    /// From the flags and the surroundings. Off a terminal success is silent, so that cron sends no
    /// mail.
    pub fn new(quiet: u8, verbose: u8, color: crate::cli::When) -> Self {
        use crate::cli::When;
        let terminal = io::stderr().is_terminal();
        let level = match (quiet, verbose) {
            (2.., _) => None,
            (1, _) => Some(Level::Error),
            (_, 2..) => Some(Level::Wire),
            (_, 1) => Some(Level::Detail),
            _ if terminal => Some(Level::Info),
            _ => Some(Level::Warning),
        };
        let variable = |name| std::env::var_os(name).filter(|value| !value.is_empty());
        let dumb = variable("TERM").is_some_and(|kind| kind == "dumb");
        let forced = variable("CLICOLOR_FORCE").is_some_and(|value| value != "0");
        let color = match color {
            When::Always => true,
            When::Never => false,
            When::Auto if variable("NO_COLOR").is_some() => false,
            When::Auto => (terminal && !dumb) || forced,
        };
        let bars = terminal && matches!(level, Some(Level::Info | Level::Detail));
        Self {
            level,
            color,
            bars,
            mode: Mode::Fetch,
            json: false,
        }
    }

    /// What of all that happens is told.
    pub fn attention(&self) -> Attention {
        let detailed = self.level.is_some_and(|least| least >= Level::Detail);
        Attention {
            dialogue: self.level == Some(Level::Wire),
            fine: detailed || self.bars || self.json || self.mode != Mode::Fetch,
        }
    }
}

/// An account as people know it.
#[derive(Clone, Debug)]
pub struct Named {
    /// Its name.
    pub account: String,
    /// Its server.
    pub server: String,
}

/// Tells what happens until nobody is left to make anything happen. A list that nobody reads any
/// more is not made to its end. Fails if standard output took something no more, and somebody is
/// there to miss it.
pub fn run(events: Receiver<(usize, Event)>, accounts: &[Named], options: Options) -> Result<()> {
    let mut bars = options.bars.then(|| Bars::new(accounts));
    let shape = shape(accounts);
    let mut printed = Ok(());
    let mut accounts = accounts.to_vec();
    for (index, event) in events {
        let Some(named) = accounts.get_mut(index) else {
            continue;
        };
        if let Event::Server(written) = event {
            named.server = written;
            continue;
        }
        if let Some(bars) = &mut bars {
            bars.follow(index, &event);
        }
        let aside = |write: &mut dyn FnMut()| match &bars {
            Some(bars) => bars.aside(write),
            None => write(),
        };
        for (level, line) in text::lines(named, &event, &options) {
            if options.level.is_some_and(|least| level <= least) {
                let line = colored(level, line, options.color);
                aside(&mut || say(&line));
            }
        }
        let found = match options.json {
            true => json::line(Some(named), &event),
            false => data::line(named, &event, &options, &shape),
        };
        if let Some(line) = found.filter(|_| printed.is_ok()) {
            aside(&mut || printed = put(&line));
        }
        if printed.is_err() && options.mode == Mode::List {
            break;
        }
    }
    missed(printed)
}

/// How data is laid out, for these accounts and this standard output.
fn shape(accounts: &[Named]) -> Shape {
    let width = accounts.iter().map(|named| named.account.len()).max();
    let columns = match io::stdout().is_terminal() {
        true => Columns::Aligned,
        false => Columns::Tabs,
    };
    Shape {
        columns,
        account: width.filter(|_| accounts.len() > 1),
    }
}

/// Tells what the run came to.
pub fn conclude(summary: Summary, options: Options) -> Result<()> {
    match json::line(None, &Event::Summary(summary)) {
        Some(line) if options.json => missed(put(&line)),
        _ => Ok(()),
    }
}

/// Whether anybody misses what could not be printed: not a reader that went away by itself.
fn missed(printed: io::Result<()>) -> Result<()> {
    match printed {
        Err(why) if why.kind() != io::ErrorKind::BrokenPipe => Err(Error::Delivering {
            path: "standard output".into(),
            doing: "write to",
            why,
        }),
        _ => Ok(()),
    }
}

/// Tells why popget did not even begin.
pub fn fatal(error: &anyhow::Error, options: Options) {
    if options.json {
        // The exit status tells it as well.
        let _ = put(&json::fatal(error));
    }
    if options.level.is_none() {
        return;
    }
    let line = match error.downcast_ref::<Error>() {
        // What stands around it is ours as well.
        Some(ours) if error.chain().len() > 1 => format!("{error}: {}", text::sentence(ours)),
        Some(ours) => text::sentence(ours),
        None => format!("{error:#}"),
    };
    say(&colored(
        Level::Error,
        format!("popget: {line}"),
        options.color,
    ));
}

/// Tells something beside the data of a command.
pub fn remark(level: Level, text: &str, options: Options) {
    if options.level.is_some_and(|least| level <= least) {
        say(&colored(level, format!("popget: {text}"), options.color));
    }
}

/// Writes a line of data to standard output.
fn put(line: &str) -> io::Result<()> {
    io::stdout()
        .lock()
        .write_all(format!("{line}\n").as_bytes())
}

/// Writes data to standard output. A reader that went away is no trouble of ours.
pub fn pour(bytes: &[u8]) -> Result<()> {
    let mut output = io::stdout().lock();
    missed(output.write_all(bytes).and_then(|()| output.flush()))
}

/// Writes a line to standard error; if that is closed there is nobody to tell.
fn say(line: &str) {
    let _ = writeln!(io::stderr().lock(), "{line}");
}

fn colored(level: Level, line: String, color: bool) -> String {
    match level {
        Level::Error if color => format!("\x1b[31m{line}\x1b[0m"),
        Level::Warning if color => format!("\x1b[33m{line}\x1b[0m"),
        _ => line,
    }
}

/// The longest foreign text that is shown.
const SHOWN: usize = 300;

/// Foreign bytes as text that can do no harm: control characters, line ends, and the marks that
/// turn the direction of writing are escaped, and what is too long is cut.
pub fn escape(bytes: &[u8]) -> String {
    let mut shown = String::new();
    for piece in bytes.utf8_chunks() {
        for letter in piece.valid().chars() {
            let _ = match letter {
                letter if !harmful(letter) => write!(shown, "{letter}"),
                letter if letter.is_ascii() => write!(shown, "\\x{:02x}", u32::from(letter)),
                letter => write!(shown, "\\u{{{:x}}}", u32::from(letter)),
            };
        }
        for byte in piece.invalid() {
            let _ = write!(shown, "\\x{byte:02x}");
        }
        if let Some((end, _)) = shown.char_indices().nth(SHOWN) {
            shown.truncate(end);
            shown.push_str("...");
            break;
        }
    }
    shown
}

/// Whether a letter can move the cursor, begin a line, or turn or hide what is written.
pub fn harmful(letter: char) -> bool {
    letter.is_control()
        || matches!(letter, '\u{ad}' | '\u{61c}' | '\u{180e}' | '\u{200b}'..='\u{200f}'
            | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{feff}' | '\u{fff9}'..='\u{fffb}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn foreign_text_cannot_move_the_cursor_or_lie() {
        assert_eq!(
            escape(b"\x1b[31mred\r\nnext\x07"),
            "\\x1b[31mred\\x0d\\x0anext\\x07"
        );
        assert_eq!(escape("a\u{202e}b\u{9b}".as_bytes()), "a\\u{202e}b\\u{9b}");
        assert_eq!(escape("Grüße".as_bytes()), "Grüße");
        assert_eq!(escape(b"Gr\xfc\xdfe"), "Gr\\xfc\\xdfe");
        assert_eq!(escape(&[b'x'; 1000]).len(), SHOWN + 3);
    }
}
