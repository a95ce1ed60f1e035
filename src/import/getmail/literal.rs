//! The few literals of Python that stand in getmail's settings: integers, strings, and tuples of
//! them. Nothing is evaluated; anything else is not understood.

/// A literal.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Literal {
    /// A whole number.
    Number(i64),
    /// Text.
    Text(String),
    /// A tuple, or a list.
    Tuple(Vec<Literal>),
}

impl Literal {
    /// Reads one; nothing may stand behind it.
    pub fn read(text: &str) -> Option<Self> {
        let mut reader = Reader {
            rest: text,
            depth: 0,
        };
        let literal = reader.value()?;
        reader.skip();
        reader.rest.is_empty().then_some(literal)
    }

    /// The texts of a tuple of texts.
    pub fn texts(self) -> Option<Vec<String>> {
        let Self::Tuple(items) = self else {
            return None;
        };
        let text = |item| match item {
            Self::Text(text) => Some(text),
            _ => None,
        };
        items.into_iter().map(text).collect()
    }
}

/// Deeper tuples are not read.
const DEEPEST: usize = 16;

struct Reader<'t> {
    rest: &'t str,
    depth: usize,
}

impl Reader<'_> {
    fn skip(&mut self) {
        loop {
            self.rest = self.rest.trim_start();
            match self.rest.strip_prefix('#') {
                Some(comment) => self.rest = comment.split_once('\n').map_or("", |(_, rest)| rest),
                None => return,
            }
        }
    }

    fn take(&mut self, sign: char) -> bool {
        self.skip();
        let rest = self.rest.strip_prefix(sign);
        self.rest = rest.unwrap_or(self.rest);
        rest.is_some()
    }

    fn value(&mut self) -> Option<Literal> {
        self.skip();
        match self.rest.chars().next()? {
            '(' => self.tuple('(', ')'),
            '[' => self.tuple('[', ']'),
            c if c.is_ascii_digit() || c == '-' => self.number(),
            _ => self.texts(),
        }
    }

    /// `(a, b)`; with one item and no comma it is that item in parentheses.
    fn tuple(&mut self, open: char, close: char) -> Option<Literal> {
        self.take(open);
        self.depth += 1;
        if self.depth > DEEPEST {
            return None;
        }
        let (mut items, mut comma) = (Vec::new(), true);
        while !self.take(close) {
            if !comma {
                return None;
            }
            items.push(self.value()?);
            comma = self.take(',');
        }
        self.depth -= 1;
        match items.len() {
            1 if !comma && open == '(' => items.pop(),
            _ => Some(Literal::Tuple(items)),
        }
    }

    fn number(&mut self) -> Option<Literal> {
        let sign = usize::from(self.rest.starts_with('-'));
        let digits = self.rest[sign..].find(|c: char| !c.is_ascii_digit());
        let (number, rest) = self
            .rest
            .split_at(digits.map_or(self.rest.len(), |end| sign + end));
        self.rest = rest;
        number.parse().ok().map(Literal::Number)
    }

    /// A string, and those that follow it directly.
    fn texts(&mut self) -> Option<Literal> {
        let mut text = self.text()?;
        loop {
            self.skip();
            let begins = |c: char| matches!(c, '\'' | '"' | 'r' | 'R' | 'u' | 'U');
            if !self.rest.starts_with(begins) {
                return Some(Literal::Text(text));
            }
            text.push_str(&self.text()?);
        }
    }

    fn text(&mut self) -> Option<String> {
        let raw = self.rest.starts_with(['r', 'R']);
        let rest = self.rest.trim_start_matches(['r', 'R', 'u', 'U']);
        if self.rest.len() - rest.len() > 1 {
            return None;
        }
        let quote = rest.chars().next().filter(|c| matches!(c, '\'' | '"'))?;
        let mut chars = rest[1..].chars();
        let mut text = String::new();
        loop {
            match chars.next()? {
                '\n' => return None,
                '\\' if raw => {
                    text.push('\\');
                    text.push(chars.next()?);
                }
                '\\' => escaped(&mut chars, &mut text)?,
                c if c == quote => break,
                c => text.push(c),
            }
        }
        self.rest = chars.as_str();
        Some(text)
    }
}

/// What stands behind a backslash.
fn escaped(chars: &mut std::str::Chars, text: &mut String) -> Option<()> {
    let sign = chars.next()?;
    let mut number = |digits: usize, first: Option<char>, radix: u32| {
        let mut number = first.and_then(|c| c.to_digit(radix)).unwrap_or(0);
        for _ in 0..digits {
            let ahead = chars
                .as_str()
                .chars()
                .next()
                .and_then(|c| c.to_digit(radix));
            match (ahead, radix) {
                (Some(digit), _) => number = number * radix + digit,
                (None, 8) => break,
                (None, _) => return None,
            }
            chars.next();
        }
        char::from_u32(number)
    };
    match sign {
        '\n' => {}
        'n' => text.push('\n'),
        't' => text.push('\t'),
        'r' => text.push('\r'),
        '\\' | '\'' | '"' => text.push(sign),
        'x' => text.push(number(2, None, 16)?),
        'u' => text.push(number(4, None, 16)?),
        'U' => text.push(number(8, None, 16)?),
        '0'..='7' => text.push(number(2, Some(sign), 8)?),
        _ => {
            text.push('\\'); // Python keeps what it does not know
            text.push(sign);
        }
    }
    Some(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(text: &str) -> Literal {
        Literal::Text(text.into())
    }

    #[test]
    fn literals_are_those_of_python() {
        use Literal::{Number, Tuple};
        for (written, meant) in [
            (
                "(\"pass\", \"show\", 'mail/work')",
                Tuple(["pass", "show", "mail/work"].map(text).into()),
            ),
            ("('x', )", Tuple(vec![text("x")])),
            ("('x')", text("x")),
            ("()", Tuple(vec![])),
            ("['a','b']", Tuple(vec![text("a"), text("b")])),
            ("'a' \"b\"", text("ab")),
            (r"'a\x41\101\u00e9\n\'\q'", text("aAA\u{e9}\n'\\q")),
            (r"r'a\n\''", text(r"a\n\'")),
            ("u'x'", text("x")),
            (
                "(('a', '[b]'), # note\n ('c', 'd'))",
                Tuple(vec![
                    Tuple(vec![text("a"), text("[b]")]),
                    Tuple(vec![text("c"), text("d")]),
                ]),
            ),
            ("-12", Number(-12)),
        ] {
            assert_eq!(Literal::read(written), Some(meant), "{written}");
        }
    }

    #[test]
    fn anything_else_is_not_understood() {
        let deep = "(".repeat(100_000);
        for written in [
            "",
            "x",
            "f('x')",
            "'x' + 'y'",
            "('a' 'b'",
            "('a',,)",
            "'a",
            "'a\\",
            "'\\xZZ'",
            "1+1",
            "ru'x'",
            "99999999999999999999",
            "'\\ud800'",
            "(,)",
            "('a'),",
            &deep,
        ] {
            assert_eq!(Literal::read(written), None, "{written}");
        }
    }
}
