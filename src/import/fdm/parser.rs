//! The statements of fdm.conf. Accounts, actions and settings are read whole; of rules only those
//! that send all mail one way.

use super::super::place::{Remark, Spot, Weight, Wrong};
use super::super::said::Said;
use super::super::Around;
use super::action;
use super::lexer::{Kind, Lexer, Macros, Token};
use super::{rules, tags, Secret, Settings, Written};
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
const BEGINNINGS: [&str; 10] = [
    "set", "account", "action", "match", "cache", "include", "import", "ifdef", "ifndef", "endif",
];

/// Whether a statement begins here.
fn begins(token: &Token) -> bool {
    let word = BEGINNINGS.iter().any(|word| token.is(word));
    token.first && (word || matches!(token.kind, Kind::Macro(_)))
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

    /// A string: quoted, of a macro, a bare word, or several joined by `+`.
    pub fn text(&mut self) -> Result<Option<Said>, Wrong> {
        let Some(token) = self.peek()?.cloned() else {
            return Ok(None);
        };
        let mut bytes = match self.piece(&token.kind) {
            Some(bytes) => bytes,
            None => return Ok(None),
        };
        self.next()?;
        while self.sign('+')? {
            let more = self.next()?.and_then(|token| self.piece(&token.kind));
            let what = "no string behind +";
            bytes.extend(more.ok_or_else(|| Wrong::new(&token.spot, what))?);
        }
        let spot = token.spot;
        Ok(Some(Said { bytes, spot }))
    }

    fn piece(&self, kind: &Kind) -> Option<Vec<u8>> {
        match kind {
            Kind::Text(text) => Some(text.clone()),
            Kind::Word(word) => Some(word.clone().into_bytes()),
            Kind::Macro(name) => Some(self.lexer.macros.get(name).cloned().unwrap_or_default()),
            Kind::Command(_) | Kind::Sign(_) => None,
        }
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
                all.set.push((name.shown(), value, spot.clone()));
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
            "ifdef" | "ifndef" => self.condition(word == "ifdef", spot)?,
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
        match self.text()? {
            Some(said) => {
                self.lexer.macros.insert(name.to_string(), said.bytes);
            }
            None => {
                self.next()?;
                let why = "is no text, or what a command prints, which popget does not run: it is \
                           empty here";
                self.remark(spot, &format!("${name}"), why, Weight::Lost);
            }
        }
        Ok(())
    }

    fn include(&mut self, spot: &Spot, settings: &mut Settings) -> Result<(), Wrong> {
        let name = self.needed("the name of a file", spot)?;
        let name = name.with(tags::replaced(&name.bytes, self.around)).shown();
        let open = self.open.contains(&name) || self.open.len() >= DEEPEST;
        let text = (self.around.include)(&name).filter(|_| !open);
        let Some(text) = text else {
            settings.unread.push((spot.clone(), name));
            return Ok(());
        };
        let mut inner = Parser {
            ahead: None,
            lexer: Lexer::new(&name.as_str().into(), &text, self.lexer.macros.clone()),
            around: self.around,
            open: self.open.iter().cloned().chain([name]).collect(),
            remarks: Vec::new(),
        };
        inner.file(settings)?;
        self.lexer.macros = inner.lexer.macros;
        Ok(())
    }

    /// Passes by what stands up to `endif` if a macro is not as it should be.
    fn condition(&mut self, wanted: bool, spot: &Spot) -> Result<(), Wrong> {
        let name = match self.peek()?.map(|token| token.kind.clone()) {
            Some(Kind::Macro(name)) => name,
            _ => return Err(self.wrong(spot, "the name of a macro is missing")),
        };
        self.next()?;
        if self.lexer.macros.contains_key(&name) == wanted {
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

    fn account(&mut self, spot: &Spot) -> Result<Written, Wrong> {
        let mut account = Written {
            name: self.needed("the name of an account", spot)?.shown(),
            spot: Some(spot.clone()),
            ..Written::default()
        };
        loop {
            if self.word("disabled")? {
                account.disabled = true;
            } else {
                let users = self.users()?;
                if users.is_empty() {
                    break;
                }
                account.users.extend(users);
            }
        }
        account.kind = self.needed("the kind of the account", spot)?.shown();
        if !matches!(account.kind.as_str(), "pop3" | "pop3s") {
            self.skip()?;
            return Ok(account);
        }
        while self.option(&mut account, spot)? {}
        Ok(account)
    }

    /// One part of an account of POP3; tells whether there was one.
    fn option(&mut self, account: &mut Written, spot: &Spot) -> Result<bool, Wrong> {
        let Some(Token {
            kind: Kind::Word(word),
            first,
            ..
        }) = self.peek()?.cloned()
        else {
            return Ok(false);
        };
        if first && BEGINNINGS.contains(&word.as_str()) {
            return Ok(false);
        }
        let flags = [
            "no-apop",
            "no-verify",
            "no-uidl",
            "starttls",
            "insecure",
            "keep",
            "verify",
        ];
        let known = [
            "server", "port", "user", "pass", "pipe", "new-only", "old-only",
        ];
        if flags.contains(&word.as_str()) {
            self.next()?;
            account.flags.push(word);
            return Ok(true);
        }
        if !known.contains(&word.as_str()) {
            return Ok(false);
        }
        self.next()?;
        match word.as_str() {
            "pass" => account.password = Some(self.secret(spot)?),
            "new-only" | "old-only" => {
                account.old_only = word == "old-only";
                if self.word("cache")? {
                    account.cache = Some(self.needed("the path of the cache", spot)?);
                }
            }
            _ => {
                let value = Some(self.needed(&format!("what {word} is"), spot)?);
                match word.as_str() {
                    "server" => account.server = value,
                    "port" => account.port = value,
                    "user" => account.user = value,
                    _ => account.pipe = value,
                }
            }
        }
        Ok(true)
    }

    fn secret(&mut self, spot: &Spot) -> Result<Secret, Wrong> {
        match self.peek()?.cloned() {
            Some(Token {
                kind: Kind::Command(bytes),
                spot,
                ..
            }) => {
                self.next()?;
                Ok(Secret::Command(Said { bytes, spot }))
            }
            _ => self.needed("the password", spot).map(Secret::Text),
        }
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
