//! Rules: which of them send all mail of an account one way.

use super::super::place::{Spot, Wrong};
use super::action;
use super::glob;
use super::parser::Parser;
use super::Rule;
use std::collections::HashSet;

/// What a rule asks for: terms that are taken one after the other.
pub struct Condition(Vec<Term>);

struct Term {
    joint: Joint,
    /// Whether it holds where what it asks for does not.
    not: bool,
    asks: Asks,
}

/// How a term goes with those before it.
enum Joint {
    And,
    Or,
}

enum Asks {
    All,
    Accounts(Names),
    /// Something that depends on the message.
    Other,
}

/// Names of accounts, as they are and with signs in them.
struct Names {
    plain: HashSet<String>,
    signs: Vec<String>,
}

impl Condition {
    /// Whether it holds for all mail of an account; none, if that depends on the message.
    pub fn holds(&self, account: &str) -> Option<bool> {
        let mut holds = Some(true);
        for term in &self.0 {
            let term_holds = match &term.asks {
                Asks::All => Some(true),
                Asks::Accounts(names) => Some(names.have(account)),
                Asks::Other => None,
            };
            let term_holds = term_holds.map(|it| it != term.not);
            let settles = Some(matches!(term.joint, Joint::Or));
            holds = match (holds, term_holds) {
                (one, other) if one == settles || other == settles => settles,
                (Some(_), other) => other,
                (None, _) => None,
            };
        }
        holds
    }

    /// So much of it is compared with each letter of an account's name at most.
    pub fn length(&self) -> usize {
        let length = |term: &Term| match &term.asks {
            Asks::Accounts(names) => {
                1 + names.signs.iter().map(|sign| sign.len() + 1).sum::<usize>()
            }
            Asks::All | Asks::Other => 1,
        };
        self.0.iter().map(length).sum()
    }

    /// The names of the accounts that it can hold for, where those are known without looking at
    /// all accounts.
    pub fn names(&self) -> Option<HashSet<&str>> {
        let mut names: Option<HashSet<&str>> = None;
        for term in &self.0 {
            let own: Option<HashSet<&str>> = match &term.asks {
                Asks::Accounts(own) if own.signs.is_empty() && !term.not => {
                    Some(own.plain.iter().map(String::as_str).collect())
                }
                _ => None,
            };
            names = match (&term.joint, names, own) {
                (Joint::And, names, own) => names.or(own),
                (Joint::Or, Some(mut names), Some(own)) => {
                    names.extend(own);
                    Some(names)
                }
                (Joint::Or, ..) => None,
            };
        }
        names
    }
}

impl Names {
    fn have(&self, account: &str) -> bool {
        let like = |pattern: &String| glob::is_like(pattern, account);
        self.plain.contains(account) || self.signs.iter().any(like)
    }
}

/// Reads a rule; one whose actions are not understood has none.
pub fn read(parser: &mut Parser, spot: &Spot) -> Result<Rule, Wrong> {
    let mut rule = Rule {
        spot: spot.clone(),
        condition: condition(parser)?,
        actions: None,
        goes_on: false,
    };
    if parser.word("actions")? || parser.word("action")? {
        rule.actions = Some(action::read(parser, spot)?);
    }
    rule.goes_on = parser.word("continue")?;
    let ends = parser
        .peek()?
        .is_none_or(|token| token.first || token.is_sign('}'));
    if !ends || rule.actions.is_none() {
        rule.actions = None;
        parser.skip()?;
    }
    Ok(rule)
}

fn condition(parser: &mut Parser) -> Result<Condition, Wrong> {
    let mut terms = Vec::new();
    let mut joint = Joint::And;
    loop {
        let not = parser.word("not")?;
        let asks = asks(parser)?;
        terms.push(Term { joint, not, asks });
        joint = match (parser.word("and")?, parser.word("or")?) {
            (true, _) => Joint::And,
            (_, true) => Joint::Or,
            _ => return Ok(Condition(terms)),
        };
    }
}

/// What a term asks for; of anything but accounts it is passed by.
fn asks(parser: &mut Parser) -> Result<Asks, Wrong> {
    let mut asks = Asks::Other;
    if parser.word("all")? {
        asks = Asks::All;
    } else if parser.word("account")? {
        asks = accounts(parser.text()?);
    } else if parser.word("accounts")? {
        asks = accounts(parser.list()?);
    }
    while !parser.term_ends()? {
        parser.next()?;
        asks = Asks::Other;
    }
    Ok(asks)
}

/// The accounts that are named. What has no name is left open.
fn accounts(said: impl IntoIterator<Item = super::Said>) -> Asks {
    let names: Vec<String> = said.into_iter().map(|name| name.shown()).collect();
    if names.iter().any(String::is_empty) {
        return Asks::Other;
    }
    let signs = |name: &String| glob::has_signs(name);
    let (signs, plain): (Vec<_>, Vec<_>) = names.into_iter().partition(signs);
    let plain = plain.into_iter().collect();
    Asks::Accounts(Names { plain, signs })
}
