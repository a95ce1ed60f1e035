//! The lines at the foot of a terminal that are drawn again and again, and leave no trace. The cursor
//! rests below them: whoever ends us at once finds it at the beginning of a line.

use rustix::termios::tcgetwinsize;
use std::io::{self, Write};
use std::os::fd::AsFd;
use unicode_width::UnicodeWidthStr;

/// How large the terminal is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Size {
    /// How many columns it has.
    pub columns: usize,
    /// How many lines.
    pub rows: usize,
}

impl Size {
    /// That of the terminal at standard error now.
    pub fn now() -> Self {
        Self::of(io::stderr())
    }

    /// That of a terminal now; where there is none, the usual one.
    pub fn of(terminal: impl AsFd) -> Self {
        let size = tcgetwinsize(terminal).ok();
        let known = size.filter(|size| size.ws_col > 0 && size.ws_row > 0);
        known.map_or(USUAL, |size| Self {
            columns: size.ws_col.into(),
            rows: size.ws_row.into(),
        })
    }
}

const USUAL: Size = Size {
    columns: 80,
    rows: 24,
};

/// What stands on the screen by our doing.
#[derive(Default)]
pub struct Screen {
    /// How wide each line is.
    drawn: Vec<usize>,
}

impl Screen {
    /// Draws these lines in place of those that stand there.
    pub fn draw(&mut self, lines: &[String], size: Size) {
        let rows = self.rows(size);
        let mut drawing = match rows {
            0 => String::new(),
            // Terminals show ^C where the cursor is.
            rows => format!("\r\x1b[2K\x1b[{rows}A"),
        };
        for line in lines {
            drawing += line;
            drawing += "\x1b[K\n";
        }
        // Line by line: some terminals keep what is cleared all at once where one scrolls back to.
        if let Some(left @ 1..) = rows.checked_sub(lines.len()) {
            drawing += &"\x1b[2K\x1b[B".repeat(left);
            drawing += &format!("\x1b[{left}A");
        }
        if !drawing.is_empty() {
            // Without breaking lines: a terminal may be narrower by now than it says. What it broke
            // before adds up to as many lines then as if it had broken these.
            show(&format!("\x1b[?7l{drawing}\x1b[?7h"));
        }
        self.drawn = lines.iter().map(|line| line.width()).collect();
    }

    /// Whether anything stands there.
    pub fn is_drawn(&self) -> bool {
        !self.drawn.is_empty()
    }

    /// Takes away what stands there.
    pub fn clear(&mut self) {
        self.draw(&[], Size::now());
    }

    /// How many lines of the terminal that takes: one that was made narrower since has broken those
    /// that did not fit.
    fn rows(&self, size: Size) -> usize {
        let broken = |width: &usize| width.div_ceil(size.columns.max(1)).max(1);
        self.drawn.iter().map(broken).sum()
    }
}

/// Shows it all at once; if nobody can see it, nobody misses it.
fn show(drawing: &str) {
    let _ = io::stderr().lock().write_all(drawing.as_bytes());
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_way_back_is_as_long_as_what_was_drawn_is_now() {
        let drawn = vec![70, 30, 0];
        let screen = Screen { drawn };
        let rows = |columns| screen.rows(Size { columns, rows: 24 });
        assert_eq!([80, 40, 20].map(rows), [3, 4, 7]);
        assert_eq!(Screen::default().rows(USUAL), 0);
    }
}
