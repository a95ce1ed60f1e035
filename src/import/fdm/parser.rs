//! The statements of fdm.conf. Accounts, actions and settings are read whole; of rules only those
//! that send all mail one way.

use super::super::place::{Remark, Spot, Weight, Wrong};
use super::super::said::Said;
use super::super::Around;
use super::action;
use super::lexer::{Kind, Lexer, Macros, Token};
use super::{rules, tags, Settings};
use std::mem;
use std::rc::Rc;

/// Files that include each other are not followed deeper.
const DEEPEST: usize = 8;

/// Reads a file and those that it includes.
pub fn read(
    file: &Rc<str>,
    text: &[u8],
    around: &Around,
    settings: &mut Settings,
) -> Result<(), Wrong> {
    let mut parser = Parser {
        ahead: None,
        lexer: Lexer::new(file, text, Macros::new()),
        around,
        open: Vec::new(),
        remarks: Vec::new(),
    };
    parser.file(settings)
}

/// Words that begin a statement where they begin a line.
pub const BEGINNINGS: [&str; 10] = [
    "set", "account", "action", "match", "cache", "include", "import", "ifdef", "ifndef", "endif",
];

/// Whether a statement begins here.
fn begins(token: &Token) -> bool {
    let word = BEGINNINGS.iter().any(|word| token.is(word));
    token.first && (word || matches!(token.kind, Kind::Macro(_)))
}

/// How a macro is to be, so that what stands behind a condition counts.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Wanted {
    Set,
    Unset,
}

/// A file under way.
pub struct Parser<'t, 'a> {
    ahead: Option<Token>,
    lexer: Lexer<'t>,
    around: &'a Around<'a>,
    /// The files that are being included.
    open: Vec<String>,
    /// What is said of what was read.
    remarks: Vec<Remark>,
}

impl<'t> Parser<'t, '_> {
    /// The next token, which stays.
    pub fn peek(&mut self) -> Result<Option<&Token>, Wrong> {
        if self.ahead.is_none() {
            self.ahead = self.lexer.token()?;
        }
        Ok(self.ahead.as_ref())
    }

    /// The next token.
    pub fn next(&mut self) -> Result<Option<Token>, Wrong> {
        self.peek()?;
        Ok(self.ahead.take())
    }

    /// Takes the next token if it is this word.
    pub fn word(&mut self, word: &str) -> Result<bool, Wrong> {
        let is = self.peek()?.is_some_and(|token| token.is(word));
        if is {
            self.next()?;
        }
        Ok(is)
    }

    /// Takes the next token if it is this sign.
    pub fn sign(&mut self, sign: char) -> Result<bool, Wrong> {
        let is = self.peek()?.is_some_and(|token| token.is_sign(sign));
        if is {
            self.next()?;
        }
        Ok(is)
    }

    /// A string: quoted, of a macro, of a command, a bare word, or several joined by `+`.
    pub fn text(&mut self) -> Result<Option<Said>, Wrong> {
        let Some(token) = self.peek()?.cloned() else {
            return Ok(None);
        };
        let Some(mut bytes) = self.piece(&token)? else {
            return Ok(None);
        };
        self.next()?;
        while self.sign('+')? {
            let more = match self.next()? {
                Some(token) => self.piece(&token)?,
                None => None,
            };
            let what = "no string behind +";
            bytes.extend(more.ok_or_else(|| Wrong::new(&token.spot, what))?);
        }
        let spot = token.spot;
        Ok(Some(Said { bytes, spot }))
    }

    /// What a token says, if it is a string; of what a command would print that is nothing.
    fn piece(&mut self, token: &Token) -> Result<Option<Vec<u8>>, Wrong> {
        Ok(match &token.kind {
            Kind::Text(text) => Some(text.clone()),
            Kind::Word(word) => Some(word.clone().into_bytes()),
            Kind::Macro(name) => Some(self.lexer.value(name, &token.spot)?),
            Kind::Command(_) => {
                let why = "popget runs nothing here; write it out";
                self.remark(&token.spot, "$()", why, Weight::Lost);
                Some(Vec::new())
            }
            Kind::Sign(_) => None,
        })
    }

    /// A string that must stand here.
    pub fn needed(&mut self, what: &str, spot: &Spot) -> Result<Said, Wrong> {
        match self.text()? {
            Some(said) => Ok(said),
            None => Err(self.wrong(spot, &format!("{what} is missing"))),
        }
    }

    /// Something is wrong here; or, where the line ends, with the statement that begins there.
    fn wrong(&self, statement: &Spot, what: &str) -> Wrong {
        let here = self.ahead.as_ref().filter(|token| !token.first);
        Wrong::new(here.map_or(statement, |token| &token.spot), what)
    }

    /// Whether a term of a rule ends here: before the next one, what the rule does, or a statement.
    pub fn term_ends(&mut self) -> Result<bool, Wrong> {
        let ends = |token: &Token| {
            let words = ["and", "or", "action", "actions"];
            let sign = token.is_sign('{') || token.is_sign('}');
            sign || begins(token) || words.iter().any(|word| token.is(word))
        };
        Ok(self.peek()?.is_none_or(ends))
    }

    /// Passes by everything up to the next statement.
    pub fn skip(&mut self) -> Result<(), Wrong> {
        let mut depth = 0usize;
        while let Some(token) = self.peek()? {
            if depth == 0 && begins(token) {
                return Ok(());
            }
            match token.kind {
                Kind::Sign('{') => depth += 1,
                Kind::Sign('}') => depth = depth.saturating_sub(1),
                _ => {}
            }
            self.next()?;
        }
        Ok(())
    }

    fn file(&mut self, settings: &mut Settings) -> Result<(), Wrong> {
        while let Some(token) = self.next()? {
            let spot = token.spot.clone();
            match &token.kind {
                Kind::Macro(name) => self.assign(name, &spot)?,
                Kind::Word(word) => self.statement(word, &spot, settings)?,
                Kind::Sign('{' | '}') => {} // blocks of statements change nothing
                _ => return Err(Wrong::new(&spot, "no statement of fdm begins like this")),
            }
        }
        settings.remarks.append(&mut self.remarks);
        Ok(())
    }

    /// Something that was read is not carried over.
    pub fn remark(&mut self, spot: &Spot, word: &str, why: &str, weight: Weight) {
        self.remarks.push(Remark::new(spot, word, why, weight));
    }

    fn statement(&mut self, word: &str, spot: &Spot, all: &mut Settings) -> Result<(), Wrong> {
        match word {
            "set" => {
                let name = self.needed("the name of a setting", spot)?;
                let mut value: Option<Said> = None;
                while self.peek()?.is_some_and(|token| !token.first) {
                    match (self.text()?, &mut value) {
                        (Some(more), Some(said)) => {
                            said.bytes.extend([b" ", &*more.bytes].concat())
                        }
                        (Some(said), None) => value = Some(said),
                        (None, _) => break, // a list in braces
                    }
                }
                all.put(name.shown(), value, spot);
                self.skip()?;
            }
            "account" => {
                let account = self.account(spot)?;
                all.accounts.push(account);
            }
            "action" => {
                let name = self.needed("the name of an action", spot)?;
                let actions = action::read(self, spot)?;
                all.actions.push((name.shown(), actions));
            }
            "match" => {
                let rule = rules::read(self, spot)?;
                all.rules.push(rule);
            }
            "include" => self.include(spot, all)?,
            "ifdef" => self.condition(Wanted::Set, spot)?,
            "ifndef" => self.condition(Wanted::Unset, spot)?,
            "endif" => {}
            "cache" | "import" => {
                all.others.push((spot.clone(), word.to_string()));
                self.skip()?;
            }
            // What it is stays unsaid: it may be a part of a password without quotes.
            _ => return Err(Wrong::new(spot, "no statement of fdm begins like this")),
        }
        Ok(())
    }

    fn assign(&mut self, name: &str, spot: &Spot) -> Result<(), Wrong> {
        if !self.sign('=')? {
            return Err(self.wrong(spot, "= is missing behind the name of a macro"));
        }
        let printed = matches!(self.peek()?, Some(token) if matches!(token.kind, Kind::Command(_)));
        let value = if printed { None } else { self.text()? };
        let value = match value {
            Some(said) => said.bytes,
            None => {
                self.next()?;
                if self.sign('+')? {
                    self.text()?;
                }
                let why = "is no text, or what a command prints, which popget does not run: it is \
                           empty here";
                self.remark(spot, name, why, Weight::Lost);
                Vec::new()
            }
        };
        // Behind a string, where + may follow, fdm reads a word ahead, before it sets the macro: a
        // condition that begins there does not know it yet.
        if name.starts_with('$') {
            self.conditions()?;
        }
        self.lexer.macros.set(name, value, spot)
    }

    /// A condition, if one stands here.
    fn conditions(&mut self) -> Result<(), Wrong> {
        let spot = self.peek()?.map(|token| token.spot.clone());
        let wanted = match (self.word("ifdef")?, self.word("ifndef")?) {
            (true, _) => Wanted::Set,
            (_, true) => Wanted::Unset,
            _ => return Ok(()),
        };
        spot.map_or(Ok(()), |spot| self.condition(wanted, &spot))
    }

    fn include(&mut self, spot: &Spot, settings: &mut Settings) -> Result<(), Wrong> {
        let name = self.needed("the name of a file", spot)?;
        let name = name.with(tags::replaced(&name.bytes, self.around)).shown();
        let deep = self.open.len() >= DEEPEST;
        let found = (self.around.include)(&name);
        let found = found.filter(|file| !deep && !self.open.contains(&file.name));
        let Some(file) = found else {
            settings.unread.push((spot.clone(), name));
            return Ok(());
        };
        self.lexer.macros.take(file.text.len(), spot)?;
        let macros = mem::take(&mut self.lexer.macros);
        let mut inner = Parser {
            ahead: None,
            lexer: Lexer::new(&file.name.as_str().into(), &file.text, macros),
            around: self.around,
            open: self.open.iter().cloned().chain([file.name]).collect(),
            remarks: Vec::new(),
        };
        inner.file(settings)?;
        self.lexer.macros = inner.lexer.macros;
        Ok(())
    }

    /// Passes by what stands up to `endif` if a macro is not as it should be.
    fn condition(&mut self, wanted: Wanted, spot: &Spot) -> Result<(), Wrong> {
        let name = match self.peek()?.map(|token| token.kind.clone()) {
            Some(Kind::Macro(name)) => name,
            _ => return Err(self.wrong(spot, "the name of a macro is missing")),
        };
        self.next()?;
        if self.lexer.macros.has(&name) == (wanted == Wanted::Set) {
            return Ok(());
        }
        let mut depth = 1;
        while let Some(token) = self.next()? {
            match &token.kind {
                Kind::Word(word) if word == "ifdef" || word == "ifndef" => depth += 1,
                Kind::Word(word) if word == "endif" => depth -= 1,
                _ => {}
            }
            if depth == 0 {
                return Ok(());
            }
        }
        Err(Wrong::new(spot, "there is no endif"))
    }

    /// Those who are named behind `user` or `users`.
    pub fn users(&mut self) -> Result<Vec<Said>, Wrong> {
        let mut users = Vec::new();
        while self.word("user")? || self.word("users")? {
            match self.list()? {
                none if none.is_empty() => users.extend(self.text()?),
                named => users.extend(named),
            }
        }
        Ok(users)
    }

    /// The strings between braces.
    pub fn list(&mut self) -> Result<Vec<Said>, Wrong> {
        let mut list = Vec::new();
        if !self.sign('{')? {
            return Ok(list);
        }
        while !self.sign('}')? {
            match self.text()? {
                Some(said) => list.push(said),
                None if self.next()?.is_none() => break,
                None => {}
            }
        }
        Ok(list)
    }
}
