//! What an action of fdm does with mail.

use super::super::place::{Spot, Weight, Wrong};
use super::super::said::Said;
use super::lexer::Kind;
use super::parser::Parser;
use super::{Action, Does, Relay};
use std::rc::Rc;

/// Reads an action, or a list of them in braces.
pub fn read(parser: &mut Parser, spot: &Spot) -> Result<Vec<Action>, Wrong> {
    let users = parser.users()?;
    if let [user] = users.as_slice() {
        let why = "popget delivers as the user who runs it";
        parser.remark(&user.spot, "user", why, Weight::Told);
    }
    let users: Rc<[Said]> = users.into();
    if !parser.sign('{')? {
        return Ok(vec![one(parser, spot, users)?]);
    }
    let mut actions = Vec::new();
    while !parser.sign('}')? {
        if parser.peek()?.is_none() {
            return Err(Wrong::new(spot, "the list of actions has no end"));
        }
        actions.push(one(parser, spot, Rc::clone(&users))?);
        while parser.sign(',')? {}
    }
    Ok(actions)
}

fn one(parser: &mut Parser, spot: &Spot, users: Rc<[Said]>) -> Result<Action, Wrong> {
    let quoted = !matches!(parser.peek()?, Some(token) if matches!(token.kind, Kind::Word(_)));
    let said = parser.needed("what the action does", spot)?;
    let word = said.shown();
    let argument = |parser: &mut Parser| parser.needed(&format!("what {word} is for"), spot);
    let does = match word.as_str() {
        _ if quoted => Does::Named(word),
        "action" => Does::Named(argument(parser)?.shown()),
        "maildir" => Does::Maildir(argument(parser)?),
        "mbox" => {
            let path = argument(parser)?;
            match parser.word("compress")? {
                true => Does::Compressed(path),
                false => Does::Mbox(path),
            }
        }
        "pipe" => Does::Pipe(argument(parser)?),
        "smtp" => Does::Smtp(relay(parser, spot)?),
        "lmtp" => Does::Lmtp(relay(parser, spot)?),
        "keep" => Does::Keep,
        "drop" => Does::Drop,
        _ => {
            // rewrite, tag, write and others: with what belongs to them, as far as it is strings
            while parser
                .peek()?
                .is_some_and(|token| !token.first && !token.is_sign('}'))
            {
                parser.next()?;
            }
            Does::Other(word)
        }
    };
    let spot = said.spot;
    Ok(Action { spot, users, does })
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
