//! The grammar of a fetchmailrc: statements, with what is said of servers and of their users.

use super::super::place::{Spot, Wrong};
use super::super::said::Said;
use super::clauses::{Clause, Clauses};
use super::lexer::Token;
use super::words::{self, Keyword, Scope, Takes};

/// A local name for mail, and the name at the server that goes with it.
#[derive(Clone, Debug)]
pub struct Local {
    /// The name at the server, or the only one.
    pub name: Said,
    /// The name here, where another stands for it.
    pub here: Option<Said>,
}

/// What is said of a user.
#[derive(Clone, Debug, Default)]
pub struct User {
    /// The name at the server.
    pub remote: Option<Said>,
    /// Those who get the mail.
    pub locals: Vec<Local>,
    /// Options.
    pub options: Clauses,
}

/// What begins an entry.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Entry {
    /// Always visited.
    Poll,
    /// Visited when it is named.
    Skip,
    /// What the later ones start from.
    Defaults,
}

/// An entry.
#[derive(Clone, Debug)]
pub struct Written {
    /// What it is.
    pub entry: Entry,
    /// Its name; that of the server, unless `via` names one.
    pub name: Said,
    /// What is said of the server.
    pub options: Clauses,
    /// Its users, at least one.
    pub users: Vec<User>,
}

/// A file, understood.
#[derive(Debug, Default)]
pub struct Whole {
    /// What is `set`.
    pub globals: Clauses,
    /// Its entries.
    pub entries: Vec<Written>,
}

/// Reads the statements of a file.
pub fn read(tokens: &[Token]) -> Result<Whole, Wrong> {
    let mut reader = Reader { tokens, at: 0 };
    let mut file = Whole::default();
    while let Some(token) = reader.next() {
        let spot = token.spot().clone();
        match token.word() {
            Some("set") => {
                let global = reader.global(&spot)?;
                file.globals.push(global);
            }
            Some(word @ ("poll" | "server" | "skip")) => {
                let entry = if word == "skip" {
                    Entry::Skip
                } else {
                    Entry::Poll
                };
                let name = reader.string("the name of a server", &spot)?;
                file.entries.push(reader.entry(entry, name)?);
            }
            Some("defaults") => {
                let name = Said {
                    bytes: Vec::new(),
                    spot,
                };
                file.entries.push(reader.entry(Entry::Defaults, name)?);
            }
            _ => {
                return Err(Wrong::new(
                    &spot,
                    "an entry begins with poll, skip, defaults or set",
                ))
            }
        }
    }
    Ok(file)
}

struct Reader<'t> {
    tokens: &'t [Token],
    at: usize,
}

impl<'t> Reader<'t> {
    fn peek(&self) -> Option<&'t Token> {
        self.tokens.get(self.at)
    }

    fn next(&mut self) -> Option<&'t Token> {
        let token = self.peek()?;
        self.at += 1;
        Some(token)
    }

    /// Takes the next token if it is one of these words.
    fn word(&mut self, words: &[&str]) -> bool {
        let is = self
            .peek()
            .and_then(Token::word)
            .is_some_and(|word| words.contains(&word));
        self.at += usize::from(is);
        is
    }

    /// A string, whatever it would mean elsewhere. Where there is none, the mistake is at what stands
    /// there instead, or at the keyword if the file ends.
    fn string(&mut self, what: &str, keyword: &Spot) -> Result<Said, Wrong> {
        match self.next() {
            Some(Token::Text { said, .. }) => Ok(said.clone()),
            other => {
                let spot = other.map_or(keyword, Token::spot);
                Err(Wrong::new(spot, format!("{what} is missing")))
            }
        }
    }

    /// A number; without quotes, in which it would be a string.
    fn number(&mut self, what: &str, keyword: &Spot) -> Result<Said, Wrong> {
        let bare = self.peek().and_then(Token::word).is_some();
        let said = self.string(&format!("the number of {what}"), keyword)?;
        let digits = said.bytes.strip_prefix(b"-").unwrap_or(&said.bytes);
        let plain = !digits.is_empty() && digits.iter().all(u8::is_ascii_digit);
        match bare && plain {
            true => Ok(said),
            false => Err(Wrong::new(&said.spot, format!("{what} takes a number"))),
        }
    }

    /// Whether a name follows, and no keyword.
    fn is_name(&self) -> bool {
        match self.peek() {
            Some(Token::Text { said, quoted }) => {
                *quoted || said.text().is_none_or(|word| !words::is_keyword(word))
            }
            _ => false,
        }
    }

    fn global(&mut self, spot: &Spot) -> Result<Clause, Wrong> {
        let mut negated = self.word(&["no"]);
        let name = self.string("what is set", spot)?;
        let text = name.text().unwrap_or("");
        let known = |text: &str| words::GLOBALS.into_iter().find(|(word, _)| *word == text);
        let found = known(text).or_else(|| {
            negated = true;
            text.strip_prefix("no").and_then(known)
        });
        let Some((word, takes)) = found else {
            return Err(Wrong::new(
                &name.spot,
                format!("fetchmail has no setting {text:?}"),
            ));
        };
        let mut values = Vec::new();
        if takes != Takes::Nothing && matches!(self.peek(), Some(Token::Equals(_))) {
            self.next();
        }
        match takes {
            Takes::Nothing => {}
            Takes::Number => values.push(self.number(word, spot)?),
            _ => values.push(self.string(word, spot)?),
        }
        let spot = spot.clone();
        Ok(Clause {
            word,
            values,
            negated,
            spot,
        })
    }

    fn entry(&mut self, entry: Entry, name: Said) -> Result<Written, Wrong> {
        let mut written = Written {
            entry,
            name,
            options: Clauses::default(),
            users: Vec::new(),
        };
        let mut named = false;
        while let Some(token) = self.peek() {
            let spot = token.spot().clone();
            match token.word() {
                Some("set" | "poll" | "server" | "skip" | "defaults") => break,
                Some("user" | "username") => {
                    if !named && !written.users.is_empty() {
                        let what = "user: a user after options of one that is not named";
                        return Err(Wrong::new(&spot, what));
                    }
                    named = true;
                    self.next();
                    let user = self.user(&spot)?;
                    written.users.push(user);
                }
                Some("is" | "to") => {
                    self.next();
                    let user = last(&mut written.users);
                    self.locals(user, &spot)?;
                }
                _ => {
                    let (keyword, option) = self.option(&spot)?;
                    match keyword.scope {
                        Scope::User => last(&mut written.users).options.push(option),
                        Scope::Server if written.users.is_empty() => written.options.push(option),
                        Scope::Server => {
                            let what =
                                format!("{}: a server option after user options", option.word);
                            return Err(Wrong::new(&spot, what));
                        }
                    }
                }
            }
        }
        last(&mut written.users);
        Ok(written)
    }

    fn option(&mut self, spot: &Spot) -> Result<(&'static Keyword, Clause), Wrong> {
        // What it is stays unsaid: it may be a part of a password without quotes.
        let what = "fetchmail has no such option; is a quote missing?";
        let mut negated = self.word(&["no"]);
        let token = self.next();
        let wrong = || Wrong::new(token.map_or(spot, Token::spot), what);
        let word = token.and_then(Token::word).ok_or_else(wrong)?;
        let mut keyword = words::keyword(word);
        if keyword.is_none() {
            keyword = word.strip_prefix("no").and_then(words::keyword);
            negated = true;
        }
        let keyword = keyword.ok_or_else(wrong)?;
        let name = keyword.names[0];
        let mut values = Vec::new();
        match keyword.takes {
            _ if negated => {}
            Takes::Nothing => {}
            Takes::One => values.push(self.string(name, spot)?),
            Takes::Number => values.push(self.number(name, spot)?),
            Takes::Several => {
                values.push(self.string(name, spot)?);
                while self.is_name()
                    && !matches!(self.tokens.get(self.at + 1), Some(Token::Equals(_)))
                {
                    values.push(self.string(name, spot)?);
                }
            }
            Takes::Numbered => {
                let first = self.string(name, spot)?;
                let numbered = first.number().is_some() && self.is_name();
                values.push(first);
                if numbered {
                    values.push(self.string(name, spot)?);
                }
            }
        }
        let spot = spot.clone();
        Ok((
            keyword,
            Clause {
                word: name,
                values,
                negated,
                spot,
            },
        ))
    }

    /// What follows `user`: the name at the server, or the names here.
    fn user(&mut self, spot: &Spot) -> Result<User, Wrong> {
        let mut user = User::default();
        let names = self.mappings(spot)?;
        if self.word(&["here"]) {
            user.locals = names;
            return Ok(user);
        }
        self.word(&["there"]);
        match <[Local; 1]>::try_from(names) {
            Ok([Local { name, here: None }]) => user.remote = Some(name),
            names => {
                let names = names.map_or_else(|names| names, Vec::from);
                let spot = names.last().map_or(spot, |local| &local.name.spot);
                let what = "several names of a user need here behind them";
                return Err(Wrong::new(spot, what));
            }
        }
        Ok(user)
    }

    /// What follows `is` or `to`: names here, or the name at the server.
    fn locals(&mut self, user: &mut User, spot: &Spot) -> Result<(), Wrong> {
        let names = self.mappings(spot)?;
        if self.word(&["there"]) {
            user.remote = names.into_iter().next().map(|local| local.name);
        } else {
            self.word(&["here"]);
            user.locals.extend(names);
        }
        Ok(())
    }

    /// Names, and pairs of names; the first is a name whatever it looks like.
    fn mappings(&mut self, spot: &Spot) -> Result<Vec<Local>, Wrong> {
        let mut names = Vec::new();
        while names.is_empty() || self.is_name() {
            let name = self.string("a name", spot)?;
            let mut here = None;
            if matches!(self.peek(), Some(Token::Equals(_))) {
                self.next();
                here = Some(self.string("a name behind =", spot)?);
            }
            names.push(Local { name, here });
        }
        Ok(names)
    }
}

/// The user that is being told of.
fn last(users: &mut Vec<User>) -> &mut User {
    if users.is_empty() {
        users.push(User::default());
    }
    let at = users.len() - 1;
    &mut users[at]
}
