//! The tokens of fdm.conf: words, strings with their macros put in, signs, and commands, which are
//! kept and never run.

use super::super::place::{Spot, Wrong};
use std::collections::HashMap;
use std::rc::Rc;

/// What a token is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Kind {
    /// A keyword, a name or a number without quotes.
    Word(String),
    /// A string, with quotes and macros undone.
    Text(Vec<u8>),
    /// `$name` or `%name` outside a string, with that sign: these are two macros.
    Macro(String),
    /// `$(command)` or `%(command)`.
    Command(Vec<u8>),
    /// Anything else: a bracket, a sign.
    Sign(char),
}

/// A token and where it stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Token {
    /// What it is.
    pub kind: Kind,
    /// Where it begins.
    pub spot: Spot,
    /// Whether it is the first on its line.
    pub first: bool,
}

impl Token {
    /// Whether it is this word.
    pub fn is(&self, word: &str) -> bool {
        matches!(&self.kind, Kind::Word(own) if own == word)
    }

    /// Whether it is this sign.
    pub fn is_sign(&self, sign: char) -> bool {
        self.kind == Kind::Sign(sign)
    }
}

/// A macro holds no more than this.
const LONGEST: usize = 64 << 10;

/// So much may macros and included files bring in all, as much as a file may hold.
const ROOM: usize = 64 << 20;

/// The values of macros, and how much they and included files may still bring.
#[derive(Default)]
pub struct Macros {
    values: HashMap<String, Vec<u8>>,
    room: usize,
}

impl Macros {
    /// None, and all the room.
    pub fn new() -> Self {
        let values = HashMap::new();
        Self { values, room: ROOM }
    }

    /// Whether there is one of this name.
    pub fn has(&self, name: &str) -> bool {
        self.values.contains_key(name)
    }

    /// Sets one that stands here.
    pub fn set(&mut self, name: &str, value: Vec<u8>, spot: &Spot) -> Result<(), Wrong> {
        if value.len() > LONGEST {
            return Err(Wrong::new(spot, "a macro holds more than 64 KiB"));
        }
        self.values.insert(name.to_string(), value);
        Ok(())
    }

    /// Puts a value behind what stands here; without one, nothing.
    fn put(&mut self, name: &str, text: &mut Vec<u8>, spot: &Spot) -> Result<(), Wrong> {
        let length = self.values.get(name).map_or(0, Vec::len);
        self.take(length, spot)?;
        text.extend_from_slice(self.values.get(name).map_or(&[], Vec::as_slice));
        Ok(())
    }

    /// Takes room for what is brought here.
    pub fn take(&mut self, length: usize, spot: &Spot) -> Result<(), Wrong> {
        let what = "macros and included files bring more than 64 MiB in all";
        let left = self.room.checked_sub(length);
        self.room = left.ok_or_else(|| Wrong::new(spot, what))?;
        Ok(())
    }
}

/// Reads tokens one by one: a macro counts from where it is set.
pub struct Lexer<'t> {
    file: Rc<str>,
    text: &'t [u8],
    at: usize,
    line: usize,
    column: usize,
    first: bool,
    /// What has been set so far, by whoever reads.
    pub macros: Macros,
}

impl<'t> Lexer<'t> {
    /// Reads this file.
    pub fn new(file: &Rc<str>, text: &'t [u8], macros: Macros) -> Self {
        let file = Rc::clone(file);
        Self {
            file,
            text,
            at: 0,
            line: 1,
            column: 1,
            first: true,
            macros,
        }
    }

    /// The value of a macro that stands here.
    pub fn value(&mut self, name: &str, spot: &Spot) -> Result<Vec<u8>, Wrong> {
        let mut value = Vec::new();
        self.macros.put(name, &mut value, spot)?;
        Ok(value)
    }

    fn spot(&self) -> Spot {
        Spot::at(&self.file, self.line, self.column)
    }

    fn peek(&self) -> Option<u8> {
        self.text.get(self.at).copied()
    }

    fn bump(&mut self) -> Option<u8> {
        let byte = self.peek()?;
        self.at += 1;
        match byte {
            b'\n' => {
                self.line += 1;
                self.column = 1;
                self.first = true;
            }
            0x80..=0xbf => {} // goes on with a character of UTF-8
            _ => self.column += 1,
        }
        Some(byte)
    }

    fn skip(&mut self) {
        while let Some(byte) = self.peek() {
            match byte {
                b'#' => {
                    while self.peek().is_some_and(|byte| byte != b'\n') {
                        self.bump();
                    }
                }
                byte if byte.is_ascii_whitespace() => {
                    self.bump();
                }
                _ => return,
            }
        }
    }

    /// The next token; none at the end.
    pub fn token(&mut self) -> Result<Option<Token>, Wrong> {
        self.skip();
        let (spot, first) = (self.spot(), self.first);
        let Some(byte) = self.bump() else {
            return Ok(None);
        };
        self.first = false;
        let kind = match byte {
            b'"' => Kind::Text(self.double(&spot)?),
            b'\'' => Kind::Text(self.single(&spot)?),
            b'$' | b'%' => match self.peek() {
                Some(b'(') => Kind::Command(self.command(&spot)?),
                Some(b'{') => {
                    self.bump();
                    let name = self.word(&[byte]);
                    self.bump();
                    Kind::Macro(name)
                }
                _ => Kind::Macro(self.word(&[byte])),
            },
            byte if is_word(byte) => Kind::Word(self.word(&[byte])),
            byte => Kind::Sign(char::from(byte)),
        };
        Ok(Some(Token { kind, spot, first }))
    }

    fn word(&mut self, begin: &[u8]) -> String {
        let mut word = begin.to_vec();
        while let Some(byte) = self.peek().filter(|byte| is_word(*byte)) {
            word.push(byte);
            self.bump();
        }
        String::from_utf8_lossy(&word).into_owned()
    }

    fn single(&mut self, spot: &Spot) -> Result<Vec<u8>, Wrong> {
        let mut text = Vec::new();
        loop {
            match self.bump() {
                Some(b'\'') => return Ok(text),
                Some(byte) => text.push(byte),
                None => return Err(Wrong::new(spot, "a string without an end")),
            }
        }
    }

    fn double(&mut self, spot: &Spot) -> Result<Vec<u8>, Wrong> {
        let end = || Wrong::new(spot, "a string without an end");
        let mut text = Vec::new();
        loop {
            let byte = self.bump().ok_or_else(end)?;
            match byte {
                b'"' => return Ok(text),
                b'\\' => text.push(match self.bump().ok_or_else(end)? {
                    b'n' => b'\n',
                    b'r' => b'\r',
                    b't' => b'\t',
                    byte => byte,
                }),
                b'$' | b'%' if self.peek() == Some(b'{') => {
                    self.bump();
                    let (name, end) = (self.word(&[byte]), self.spot());
                    if self.bump() != Some(b'}') {
                        return Err(Wrong::new(&end, "a macro without }"));
                    }
                    self.macros.put(&name, &mut text, spot)?;
                }
                byte => text.push(byte),
            }
        }
    }

    /// What stands between the brackets of a command, with those within it. In double quotes macros are
    /// put in and escapes undone, as in any string, before a shell sees them; brackets in quotes are
    /// none.
    fn command(&mut self, spot: &Spot) -> Result<Vec<u8>, Wrong> {
        self.bump();
        let (mut text, mut depth) = (Vec::new(), 1);
        loop {
            let byte = self.bump();
            let byte = byte.ok_or_else(|| Wrong::new(spot, "a command without )"))?;
            text.push(byte);
            match byte {
                b'(' => depth += 1,
                b')' => depth -= 1,
                b'"' => text.extend(self.double(spot)?.into_iter().chain([byte])),
                b'\'' => text.extend(self.single(spot)?.into_iter().chain([byte])),
                _ => {}
            }
            if depth == 0 {
                text.pop();
                return Ok(text.trim_ascii().to_vec());
            }
        }
    }
}

fn is_word(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_')
}

#[cfg(test)]
mod tests {
    use super::*;

    fn kinds(text: &str) -> Vec<Kind> {
        let mut macros = Macros::new();
        let spot = Spot::new(&"fdm.conf".into(), 1);
        macros.set("$x", b"y z".to_vec(), &spot).unwrap();
        let mut lexer = Lexer::new(&"fdm.conf".into(), text.as_bytes(), macros);
        let mut kinds = Vec::new();
        while let Some(token) = lexer.token().unwrap() {
            kinds.push(token.kind);
        }
        kinds
    }

    #[test]
    fn strings_follow_both_kinds_of_quotes() {
        let text = |text: &str| Kind::Text(text.as_bytes().to_vec());
        assert_eq!(
            kinds(
                r#"'a"b\n' "a\"b\\c" "${none}z${x}" 'a${x}' "a$b" # "x"
"a%%b""#
            ),
            [
                text("a\"b\\n"),
                text("a\"b\\c"),
                text("zy z"),
                text("a${x}"),
                text("a$b"),
                text("a%%b"),
            ]
        );
        let word = |word: &str| Kind::Word(word.into());
        assert_eq!(
            kinds("$x= %n {no-apop} 50M $(pass (a) b)"),
            [
                Kind::Macro("$x".into()),
                Kind::Sign('='),
                Kind::Macro("%n".into()),
                Kind::Sign('{'),
                word("no-apop"),
                Kind::Sign('}'),
                word("50M"),
                Kind::Command(b"pass (a) b".to_vec()),
            ]
        );
    }

    /// Each was tried with fdm 1.9.
    #[test]
    fn a_command_is_what_fdm_hands_to_the_shell() {
        for (written, meant) in [
            ("pass \"mail/${x}\"", "pass \"mail/y z\""),
            ("echo h${x}%{x} '${x}' \\x", "echo h${x}%{x} '${x}' \\x"),
            (r#"echo "h-\x\)y""#, r#"echo "h-x)y""#),
            (r#"echo "\"a\\b\"" ")""#, r#"echo ""a\b"" ")""#),
            ("echo 'a)'", "echo 'a)'"),
            ("echo x\\\n y", "echo x\\\n y"),
            ("echo \"%h\" %%h # x", "echo \"%h\" %%h # x"),
        ] {
            let command = Kind::Command(meant.as_bytes().to_vec());
            assert_eq!(kinds(&format!("$( {written} ) x"))[0], command, "{written}");
        }
    }

    #[test]
    fn what_has_no_end_is_refused() {
        for text in [
            "\"a",
            "'a",
            "\"${x\"",
            "$(a (b)",
            "$(a \\(b)",
            "$(a 'b)",
            "\"a\\",
        ] {
            let mut lexer = Lexer::new(&"f".into(), text.as_bytes(), Macros::new());
            assert!(lexer.token().is_err(), "{text}");
        }
    }
}
