//! Rules: which of them send all mail of an account one way.

use super::super::place::{Spot, Wrong};
use super::parser::Parser;
use super::{action, Rule};

/// Reads a rule; one that asks for anything but the account has no actions.
pub fn read(parser: &mut Parser, spot: &Spot) -> Result<Rule, Wrong> {
    let mut rule = Rule {
        spot: spot.clone(),
        accounts: Vec::new(),
        actions: None,
        direct: Vec::new(),
        goes_on: false,
    };
    if !condition(parser, &mut rule)? {
        parser.skip()?;
        return Ok(rule);
    }
    if parser.word("actions")? {
        let names = parser.list()?;
        rule.actions = Some(names.iter().map(super::Said::shown).collect());
    } else if parser.word("action")? {
        let names = parser.list()?;
        let kinds = ["maildir", "mbox", "pipe", "smtp", "lmtp", "keep", "drop"];
        let direct = kinds.iter().any(|kind| is(parser, kind));
        if direct {
            rule.direct = action::read(parser, spot)?;
            rule.actions = Some(Vec::new());
        } else if names.is_empty() {
            rule.actions = parser.text()?.map(|name| vec![name.shown()]);
        } else {
            rule.actions = Some(names.iter().map(super::Said::shown).collect());
        }
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

fn is(parser: &mut Parser, word: &str) -> bool {
    matches!(parser.peek(), Ok(Some(token)) if token.is(word))
}

/// Whether a rule is for all mail, or for all mail of the accounts that it names.
fn condition(parser: &mut Parser, rule: &mut Rule) -> Result<bool, Wrong> {
    if parser.word("all")? {
        return Ok(is(parser, "action") || is(parser, "actions"));
    }
    if parser.word("account")? {
        rule.accounts
            .extend(parser.text()?.map(|name| name.shown()));
    } else if parser.word("accounts")? {
        rule.accounts
            .extend(parser.list()?.iter().map(super::Said::shown));
    } else {
        return Ok(false);
    }
    Ok(is(parser, "action") || is(parser, "actions"))
}
