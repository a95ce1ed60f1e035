//! The statement that describes an account: where its maildrop is and who logs in.

use super::super::place::{Spot, Wrong};
use super::super::said::Said;
use super::lexer::{Kind, Token};
use super::parser::{Parser, BEGINNINGS};
use super::{Secret, Written};

impl Parser<'_, '_> {
    /// Reads an account; of one that is none of POP3 only the name and the kind.
    pub fn account(&mut self, spot: &Spot) -> Result<Written, Wrong> {
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
}
