//! A message of a list on a terminal, in one line of so many columns: what does not fit is cut, the
//! subject first, then the sender, then the middle of the UID; on a narrow one some of it is left out.

use super::layout::{shortened, size, within};
use indicatif::HumanBytes;
use unicode_width::{UnicodeWidthChar, UnicodeWidthStr};

/// What is told of a message; what is not known is a dash.
pub struct Message<'m> {
    /// Its account, if there are several.
    pub account: Option<&'m str>,
    /// Its number.
    pub number: u32,
    /// Its size in bytes.
    pub size: Option<u64>,
    /// Whether it is new.
    pub standing: &'static str,
    /// Its UID.
    pub uid: &'m str,
    /// Its date, as ISO 8601 writes it.
    pub date: &'m str,
    /// Its sender.
    pub from: &'m str,
    /// Its subject.
    pub subject: &'m str,
}

/// How wide each column is; what is 0 wide is left out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rows {
    /// How wide the terminal is.
    columns: usize,
    account: usize,
    gap: usize,
    number: usize,
    size: usize,
    uid: usize,
    date: usize,
    from: usize,
}

/// How wide a standing is at most.
const STANDING: usize = 5;
/// Gap, number, size, UID, date and sender, and the least that is left for a subject beside them: the
/// first that fits is taken.
const WAYS: [[usize; 7]; 9] = [
    [2, 5, 10, 24, 19, 24, 30],
    [2, 5, 10, 16, 19, 24, 20],
    [2, 5, 10, 16, 10, 16, 20],
    [2, 5, 5, 16, 10, 10, 14],
    [1, 4, 5, 9, 10, 10, 12],
    [1, 4, 5, 7, 5, 8, 8],
    [1, 4, 0, 0, 5, 8, 8],
    [1, 4, 0, 0, 0, 8, 8],
    [1, 4, 0, 0, 0, 0, 0],
];

impl Rows {
    /// As much as fits, for accounts whose names are so wide, if they are told.
    pub fn fitting(columns: usize, account: Option<usize>) -> Self {
        // As with the bars: some terminals break a line that fills them.
        let columns = columns.saturating_sub(1).max(1);
        let account = account.map_or(0, |width| width.min((columns / 5).max(6)));
        let rows = WAYS.map(|[gap, number, size, uid, date, from, subject]| {
            let rows = Self {
                columns,
                account,
                gap,
                number,
                size,
                uid,
                date,
                from,
            };
            (rows, rows.beside() + subject)
        });
        let fits = rows.iter().find(|(_, width)| *width <= columns);
        let [.., (least, _)] = rows;
        fits.map_or(least, |(rows, _)| *rows)
    }

    /// How wide all columns but the subject are, with what stands between them.
    fn beside(&self) -> usize {
        let widths = [self.account, self.number, self.size, STANDING];
        let more = [self.uid, self.date, self.from];
        let there = widths.into_iter().chain(more).filter(|width| *width > 0);
        there.map(|width| width + self.gap).sum()
    }

    /// The line of a message.
    pub fn line(&self, message: &Message) -> String {
        let bytes = message.size.map(|bytes| match self.size {
            10.. => HumanBytes(bytes).to_string(),
            _ => size(bytes),
        });
        let bytes = bytes.unwrap_or_else(|| "-".into());
        let columns = [
            (
                self.account,
                filled(message.account.unwrap_or(""), self.account),
            ),
            (self.number, format!("{:>1$}", message.number, self.number)),
            (self.size, format!("{bytes:>0$}", self.size)),
            (STANDING, fit(message.standing, STANDING)),
            (self.uid, filled(message.uid, self.uid)),
            (self.date, fit(dated(message.date, self.date), self.date)),
            (self.from, fit(message.from, self.from)),
        ];
        let gap = " ".repeat(self.gap);
        let told = columns.into_iter().filter(|(width, _)| *width > 0);
        let line: String = told.map(|(_, text)| text + &gap).collect();
        within(&(line + message.subject), self.columns)
    }
}

/// A text in so many columns: of one that does not fit, the middle is left out.
fn filled(text: &str, width: usize) -> String {
    fit(&shortened(text, width), width)
}

/// As much of a date as so many columns hold: without its time, or month and day alone.
fn dated(date: &str, width: usize) -> &str {
    let part = match width {
        19.. => None,
        10.. => date.get(..10),
        _ => date.get(5..10),
    };
    part.unwrap_or(date)
}

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
        room = room.saturating_sub(1);
    } else {
        shown.push_str(text);
        room -= text.width();
    }
    shown + &" ".repeat(room)
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

    /// A message as Dovecot lists it.
    const LONG: Message = Message {
        account: None,
        number: 12,
        size: Some(34_567),
        standing: "new",
        uid: "0000001265f8a3b2",
        date: "2026-11-23T10:20:30",
        from: "日本語 <nihongo@example.org>",
        subject: "a subject that is as long as some are, and goes on for a while after that",
    };

    #[test]
    fn each_width_has_as_much_as_it_holds() {
        let at = |columns| Rows::fitting(columns, None).line(&LONG);
        for (columns, line) in [
            (
                100,
                "   12   33.76 KiB  new    0000001265f8a3b2  2026-11-23  日本語 <nihongo…  a subject that is \
                 as lon…",
            ),
            (
                80,
                "   12    34K  new    0000001265f8a3b2  2026-11-23  日本語 <n…  a subject that …",
            ),
            (
                64,
                "  12   34K new   0000…a3b2 2026-11-23 日本語 <n… a subject tha…",
            ),
            (40, "  12 new   11-23 日本語 … a subject th…"),
            (20, "  12 new   a subje…"),
        ] {
            assert_eq!(at(columns), line);
        }
    }

    #[test]
    fn no_line_is_wider_than_the_terminal_and_subjects_line_up() {
        let short = Message {
            uid: "-",
            date: "-",
            from: "-",
            size: None,
            standing: "large",
            account: Some("日本語日本語"),
            ..LONG
        };
        for columns in 1..200 {
            for account in [None, Some(3), Some(40)] {
                let rows = Rows::fitting(columns, account);
                for message in [&LONG, &short] {
                    let line = rows.line(message);
                    assert!(line.width() < columns.max(2), "{columns}: {line}");
                    let place = line.find("a subject").map(|at| line[..at].width());
                    assert!(place.is_none_or(|place| place == rows.beside()), "{line}");
                }
            }
        }
    }
}
