//! What an action of fdm does with mail.

use super::super::place::{Spot, Weight, Wrong};
use super::parser::Parser;
use super::{Action, Relay};

/// Reads an action, or a list of them in braces.
pub fn read(parser: &mut Parser, spot: &Spot) -> Result<Vec<Action>, Wrong> {
    while parser.word("user")? || parser.word("users")? {
        if parser.list()?.is_empty() {
            parser.text()?;
        }
        let why = "popget delivers as the user who runs it";
        parser.remark(spot, "user", why, Weight::Told);
    }
    if !parser.sign('{')? {
        return Ok(vec![one(parser, spot)?]);
    }
    let mut actions = Vec::new();
    while !parser.sign('}')? {
        if parser.peek()?.is_none() {
            return Err(Wrong::new(spot, "the list of actions has no end"));
        }
        actions.push(one(parser, spot)?);
        while parser.sign(',')? {}
    }
    Ok(actions)
}

fn one(parser: &mut Parser, spot: &Spot) -> Result<Action, Wrong> {
    let word = parser.needed("what the action does", spot)?.shown();
    let argument = |parser: &mut Parser| parser.needed(&format!("what {word} is for"), spot);
    Ok(match word.as_str() {
        "maildir" => Action::Maildir(argument(parser)?),
        "mbox" => {
            let path = argument(parser)?;
            Action::Mbox(path, parser.word("compress")?)
        }
        "pipe" => Action::Pipe(argument(parser)?),
        "smtp" => Action::Smtp(relay(parser, spot)?),
        "lmtp" => Action::Lmtp(relay(parser, spot)?),
        "keep" => Action::Keep,
        "drop" => Action::Drop,
        _ => {
            // rewrite, tag, write and others: with what belongs to them, as far as it is strings
            while parser
                .peek()?
                .is_some_and(|token| !token.first && !token.is_sign('}'))
            {
                parser.next()?;
            }
            Action::Other(word)
        }
    })
}

fn relay(parser: &mut Parser, spot: &Spot) -> Result<Relay, Wrong> {
    parser.word("server")?;
    let mut relay = Relay {
        server: parser.needed("the server", spot)?,
        port: None,
        to: None,
    };
    loop {
        if parser.word("port")? {
            relay.port = Some(parser.needed("the port", spot)?);
        } else if parser.word("to")? {
            relay.to = Some(parser.needed("the recipient", spot)?);
        } else if parser.word("from")? {
            parser.needed("the sender", spot)?;
            let why = "popget hands on the sender of the message";
            parser.remark(spot, "from", why, Weight::Told);
        } else {
            return Ok(relay);
        }
    }
}
