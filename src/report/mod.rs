//! The only writer to the terminal. Whatever a server, a message or another program said is escaped
//! and cut here, and only here.

mod bars;
mod data;
#[cfg(test)]
mod golden;
mod json;
mod layout;
mod offer;
mod options;
#[cfg(any(test, fuzzing))]
pub mod properties;
mod rows;
mod screen;
mod text;

use crate::error::{Error, Result};
use crate::event::{Event, Mode, Summary, Tally};
use bars::{Bars, News};
pub use data::local;
use data::{Columns, Shape};
pub use json::{moment, object, text as json_text, Facts};
use rows::Rows;
use screen::Size;
use std::fmt::Write as _;
use std::io::{self, IsTerminal, Write};
use std::os::fd::{AsFd, OwnedFd};
use std::sync::mpsc::Receiver;
use unicode_width::UnicodeWidthStr;

pub use options::{Level, Options};

/// An account as people know it.
#[derive(Clone, Debug)]
pub struct Named {
    /// Its name.
    pub account: String,
    /// Its server.
    pub server: String,
    /// The server's port, if it is not the usual one.
    pub port: Option<u16>,
}

impl Named {
    /// The server with its port, if that is not the usual one.
    pub fn place(&self) -> String {
        let server = &self.server;
        match self.port {
            None => server.clone(),
            Some(port) if server.contains(':') && !server.starts_with('[') => {
                format!("[{server}]:{port}")
            }
            Some(port) => format!("{server}:{port}"),
        }
    }
}

/// Tells what happens until nobody is left to make anything happen. A list that nobody reads any
/// more is not made to its end. Fails if standard output took something no more, and somebody is
/// there to miss it.
pub fn run(events: Receiver<(usize, Event)>, accounts: &[Named], options: Options) -> Result<()> {
    let mut teller = Teller {
        options,
        shape: shape(accounts),
        bars: options.bars.then(|| Bars::new(accounts)),
        printed: Ok(()),
    };
    let mut accounts = accounts.to_vec();
    loop {
        let (index, event) = match teller.next(&events) {
            News::Event(index, event) => (index, event),
            News::Silence => continue,
            News::End => break,
        };
        let Some(named) = accounts.get_mut(index) else {
            continue;
        };
        if let Event::Server(written, port) = event {
            (named.server, named.port) = (written, port);
            continue;
        }
        teller.tell((index, named), &event);
        if teller.printed.is_err() && options.mode == Mode::List {
            break;
        }
    }
    teller.bars.iter_mut().for_each(Bars::clear);
    missed(teller.printed)
}

/// Tells of one event after the other.
struct Teller {
    options: Options,
    shape: Shape,
    bars: Option<Bars>,
    printed: io::Result<()>,
}

impl Teller {
    /// Waits for what comes next.
    fn next(&mut self, events: &Receiver<(usize, Event)>) -> News {
        match &mut self.bars {
            Some(bars) => bars.next(events),
            None => events
                .recv()
                .map_or(News::End, |(index, event)| News::Event(index, event)),
        }
    }

    fn tell(&mut self, (index, named): (usize, &Named), event: &Event) {
        let options = &self.options;
        if let Some(bars) = &mut self.bars {
            bars.follow(index, event);
        }
        let mut said = String::new();
        for (level, line) in text::lines(named, event, options) {
            if options.level.is_some_and(|least| level <= least) {
                said += &(options.dressed(level, &line) + "\n");
            }
        }
        let found = match options.json {
            true => json::line(Some(named), event),
            false => data::line(named, event, options, &self.shape),
        };
        let found = found.filter(|_| self.printed.is_ok());
        if said.is_empty() && found.is_none() {
            return;
        }
        let printed = &mut self.printed;
        let write = || {
            say(&said);
            if let Some(line) = found {
                *printed = put(&line);
            }
        };
        match &mut self.bars {
            Some(bars) => bars.aside(write),
            None => write(),
        }
    }
}

/// How data is laid out, for these accounts and this standard output.
fn shape(accounts: &[Named]) -> Shape {
    let several = accounts.len() > 1;
    let names = accounts.iter().map(|named| named.account.width()).max();
    let names = names.filter(|_| several);
    let output = io::stdout();
    let columns = match output.is_terminal() {
        true => Columns::Aligned(Rows::fitting(Size::of(&output).columns, names)),
        false => Columns::Tabs,
    };
    Shape { columns, several }
}

/// Tells what the run came to.
pub fn conclude(summary: Summary, options: Options) -> Result<()> {
    let total = text::total(&summary, &options);
    if let Some(line) = total {
        tell(Level::Info, &line, options);
    }
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

/// Tells a step of something that a person waits for, on standard error.
pub fn step(text: &str, options: Options) {
    if options.level.is_some_and(|least| least >= Level::Warning) {
        say(&format!("popget: {}\n", escape(text.as_bytes())));
    }
}

/// Shows lines of ours on standard error, as they are.
pub fn show(lines: &str, options: Options) {
    if options.level.is_some_and(|least| least >= Level::Warning) {
        say(&format!("{}\n", lines.trim_end()));
    }
}

/// Tells, on standard error, what is waiting where a visit only looked, or why it failed.
pub fn visited(named: &Named, tally: &Tally, options: Options) {
    let options = Options {
        mode: Mode::Check,
        ..options
    };
    for (level, line) in text::concluded(named, tally, &options) {
        tell(level, &line, options);
    }
    if tally.failures.is_empty() {
        step(&data::waiting(&named.account, tally), options);
    }
}

/// Tells why popget did not even begin.
pub fn fatal(error: &anyhow::Error, options: Options) {
    if options.json {
        // The exit status tells it as well.
        let _ = put(&json::fatal(error));
    }
    let line = match error.downcast_ref::<Error>() {
        // What stands around it is ours as well.
        Some(ours) if error.chain().len() > 1 => format!("{error}: {}", text::sentence(ours)),
        Some(ours) => text::sentence(ours),
        None => format!("{error:#}"),
    };
    tell(Level::Error, &format!("popget: {line}"), options);
}

/// Tells something beside the data of a command.
pub fn remark(level: Level, text: &str, options: Options) {
    tell(level, &format!("popget: {text}"), options);
}

/// Where data is written to.
pub fn output() -> io::Result<OwnedFd> {
    io::stdout().as_fd().try_clone_to_owned()
}

/// Says a line on standard error, if it matters enough.
fn tell(level: Level, line: &str, options: Options) {
    if options.level.is_some_and(|least| level <= least) {
        say(&(options.dressed(level, line) + "\n"));
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

/// Tells somebody at the terminal what to do. An address is of no use if it is cut.
pub fn guide(lines: &[String]) {
    for line in lines {
        let line: String = line.chars().filter(|letter| !harmful(*letter)).collect();
        say(&format!("{line}\n"));
    }
}

/// Writes lines to standard error; if that is closed there is nobody to tell.
fn say(lines: &str) {
    let _ = io::stderr().lock().write_all(lines.as_bytes());
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
