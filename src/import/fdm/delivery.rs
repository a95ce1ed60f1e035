//! Where fdm's actions send the mail of an account.

use super::super::draft::Draft;
use super::super::fit;
use super::super::said::Said;
use super::super::Around;
use super::tags::Known;
use super::ways::{Left, Ways};
use super::{tags, Action, Does, Relay, Written};
use serde_yaml::{Mapping, Value};

/// Writes the destination, if the rules leave no doubt about it; without any, an account that is off.
/// Tells what becomes of the message on the server behind the rules.
pub fn deliver(draft: &mut Draft, written: &Written, ways: &Ways, around: &Around) -> Left {
    let way = ways.of(draft, &written.name);
    let steps = way.as_ref().map(|way| way.steps.as_slice());
    let places = steps.map(|steps| places(draft, steps, (written, ways), around));
    match places.flatten() {
        Some(mut places) if places.len() == 1 => draft.set("deliver", places.remove(0)),
        Some(places) => draft.set("deliver", places),
        None => {
            draft.note("say where mail goes with deliver: the rules could not be kept");
            fit::nowhere(draft);
        }
    }
    way.map_or(Left::Stays, |way| way.left)
}

/// The destinations of the actions; none, with a remark, if one of them or all are missing.
fn places(
    draft: &mut Draft,
    steps: &[&Action],
    (written, ways): (&Written, &Ways),
    around: &Around,
) -> Option<Vec<Value>> {
    let (ends, steps): (Vec<&Action>, Vec<&Action>) = steps
        .iter()
        .partition(|step| matches!(step.does, Does::Keep | Does::Drop));
    if steps.is_empty() {
        match ends.iter().find(|step| matches!(step.does, Does::Drop)) {
            Some(drop) => draft.lost(&drop.spot, "drop", "throws mail away; popget does not"),
            None => {
                let spot = draft.account.spot.clone();
                let why = "none delivers; say where mail goes with deliver";
                draft.lost(&spot, "action", why);
            }
        }
        return None;
    }
    let mut places = Vec::new();
    for step in &steps {
        let user = match users(step, written) {
            [first, _, ..] => {
                let why =
                    "fdm delivered a copy as each of these users; popget delivers as the one who \
                           runs it: each of them can run it with an account that keeps mail";
                draft.lost(&first.spot, "user", why);
                continue;
            }
            named => user(named.first().or(ways.default_user), around),
        };
        let known = Known {
            account: &written.name,
            user,
            home: &around.home,
        };
        places.extend(destination(draft, step, (&known, around)));
    }
    (places.len() == steps.len()).then_some(places)
}

/// Those as whom fdm delivers, where they are named.
fn users<'u>(step: &'u Action, written: &'u Written) -> &'u [Said] {
    match step.users.is_empty() {
        true => &written.users,
        false => &step.users,
    }
}

/// The user as whom fdm delivers, if that is no number.
fn user<'u>(named: Option<&'u Said>, around: &'u Around) -> Option<&'u str> {
    let user = named.map_or(Some(around.login.as_str()), Said::text)?;
    let number = user.bytes().all(|byte| byte.is_ascii_digit());
    (!number).then_some(user)
}

/// The destination of an action; none, with a remark, if popget has no such.
fn destination(
    draft: &mut Draft,
    step: &Action,
    (known, around): (&Known, &Around),
) -> Option<Value> {
    let (key, value): (&str, Value) = match &step.does {
        Does::Maildir(said) => {
            let path = filled(draft, ("maildir", said), (known, around))?;
            ("maildir", fit::path(draft, "maildir", &path)?.into())
        }
        Does::Compressed(said) => {
            draft.lost(&said.spot, "mbox", "popget writes no compressed mbox");
            return None;
        }
        Does::Mbox(said) => {
            let path = filled(draft, ("mbox", said), (known, around))?;
            ("mbox", fit::path(draft, "mbox", &path)?.into())
        }
        Does::Pipe(said) => {
            let command = filled(draft, ("pipe", said), (known, around))?;
            ("mda", fit::command(draft, "pipe", &command)?.into())
        }
        Does::Smtp(server) => ("smtp", relay(draft, ("smtp", server), (known, around))?),
        Does::Lmtp(server) => ("lmtp", relay(draft, ("lmtp", server), (known, around))?),
        Does::Keep | Does::Drop => return None,
        Does::Named(word) | Does::Other(word) => {
            draft.lost(&step.spot, word, "popget has no such action");
            return None;
        }
    };
    Some(Mapping::from_iter([(key.into(), value)]).into())
}

/// What was said, with its tags filled in. None, with a remark, if popget does not know one of them.
fn filled(
    draft: &mut Draft,
    (word, said): (&str, &Said),
    (known, around): (&Known, &Around),
) -> Option<Said> {
    match tags::filled(&said.bytes, known) {
        Ok(bytes) => {
            if known.user != Some(&around.login) && tags::names_home(&said.bytes) {
                let why =
                    "is in the home folder of another user than the one who imports; that user \
                           can run popget, or write the whole path";
                draft.lost(&said.spot, word, why);
                return None;
            }
            Some(said.with(bytes))
        }
        Err(tag) => {
            let why = format!("{tag} has no counterpart; see the environment of an mda");
            draft.lost(&said.spot, word, &why);
            None
        }
    }
}

fn relay(
    draft: &mut Draft,
    (word, relay): (&str, &Relay),
    known: (&Known, &Around),
) -> Option<Value> {
    let Some(host) = relay.server.text().and_then(fit::host) else {
        draft.lost(&relay.server.spot, word, "its server is no name of a host");
        return None;
    };
    let address = match &relay.port {
        None => host,
        Some(said) => match port(said) {
            Some(port) => format!("{host}:{port}"),
            None => {
                draft.lost(&said.spot, word, "its port is no number");
                return None;
            }
        },
    };
    let mut keys = Mapping::from_iter([("address".into(), address.into())]);
    match &relay.to {
        Some(to) => {
            let to = filled(draft, (word, to), known)?;
            let fits = |text: &&str| {
                let unfit = |c: char| c.is_whitespace() || c.is_control();
                !text.is_empty() && !text.contains(unfit)
            };
            let Some(recipient) = to.text().filter(fits) else {
                draft.lost(&to.spot, word, "its recipient is no address");
                return None;
            };
            keys.insert("recipient".into(), recipient.into());
        }
        None if word == "smtp" => {
            let why = "names no recipient; popget wants one";
            draft.lost(&relay.server.spot, word, why);
            return None;
        }
        None => {}
    }
    Some(keys.into())
}

/// A port: a number, or one of the names that the services of mail have.
pub fn port(said: &Said) -> Option<u64> {
    let named = [
        ("pop3", 110),
        ("pop3s", 995),
        ("smtp", 25),
        ("submission", 587),
        ("lmtp", 24),
    ];
    let name = said.text()?;
    let known = named.iter().find(|(known, _)| *known == name);
    known.map_or_else(|| fit::port(said.number()), |(_, port)| Some(*port))
}

#[cfg(test)]
mod tests {
    use crate::import::tests::becomes;
    use crate::import::Tool;

    /// What becomes of an account with these statements behind it.
    fn with(statements: &str) -> (String, String) {
        let text = format!(
            "set verify-certificates\naccount \"a\" pop3s server \"h\" user \"u\" pass \"p\" \
             new-only cache \"/c\"\naction \"in\" maildir \"~/m\"\n{statements}\n"
        );
        becomes(Tool::Fdm, "conf", text.as_bytes())
    }

    #[test]
    fn mail_stays_where_fdm_leaves_it() {
        let (stay, go) = ("keep: true\n", "keep: false\n");
        for (statements, keep) in [
            ("match all action \"in\"", go),
            (
                "action \"k\" { keep maildir \"~/k\" }\nmatch all action \"k\"",
                stay,
            ),
            (
                "action \"k\" { maildir \"~/k\" keep }\nmatch all action \"k\"",
                stay,
            ),
            (
                "action \"k\" keep\nmatch all action \"k\" continue\nmatch all action \"in\"",
                stay,
            ),
            (
                "action \"k\" { keep maildir \"~/k\" drop }\nmatch all action \"k\"",
                go,
            ),
            (
                "action \"k\" { drop maildir \"~/k\" keep }\nmatch all action \"k\"",
                stay,
            ),
            ("match all action \"in\" continue", stay),
            (
                "set unmatched-mail keep\nmatch all action \"in\" continue",
                stay,
            ),
            (
                "set unmatched-mail drop\nmatch all action \"in\" continue",
                go,
            ),
            ("set unmatched-mail keep\nmatch all action \"in\"", go),
        ] {
            let (text, told) = with(statements);
            let idle = told.contains(": action \"in\": no rule names it: ");
            assert_eq!(idle, !statements.contains("action \"in\""), "{told}");
            assert_eq!(told.lines().count(), usize::from(idle), "{told}");
            assert!(text.contains(keep), "{statements}: {text}");
        }
        for (statements, word) in [
            ("", "action"),
            ("match all action drop", "drop"),
            (
                "match \"^From\" in headers action \"in\"\nmatch all action \"in\"",
                "match",
            ),
        ] {
            let (text, told) = with(statements);
            let lost = |line: &str| line.starts_with("lost conf:");
            let named = |line: &str| line.contains(&format!(": {word}: "));
            assert!(told.lines().any(|line| lost(line) && named(line)), "{told}");
            assert_eq!(text.contains(stay), word != "drop", "{statements}: {text}");
        }
    }

    #[test]
    fn a_rule_is_for_the_accounts_that_it_asks_for() {
        let (m, rest) = (Some("maildir: ~/m\n"), Some("maildir: ~/rest\n"));
        for (condition, home, work) in [
            ("all", m, m),
            ("account \"home\"", m, rest),
            ("account \"home\" or account \"work\"", m, m),
            ("account \"work\" or\n account \"home\"\n", m, m),
            ("accounts { \"home\" \"work\" }", m, m),
            ("account \"h*\"", m, rest),
            ("account \"?o[a-r]k\"", rest, m),
            ("not account \"home\"", rest, m),
            ("account \"*\" and not account \"h*\"", rest, m),
            ("all or all and not all", rest, rest),
            (
                "account \"home\" and \"^Subject: x\" in headers",
                None,
                rest,
            ),
            ("account \"home\" or \"^Subject: x\" in headers", m, None),
            ("\"x\" and account \"home\"", None, rest),
            ("\"x\" and account \"home\" or account \"work\"", None, m),
            ("\"^Subject: x\" in headers\n   ", None, None),
            ("not tagged \"x\"", None, None),
            ("unmatched", None, None),
            ("account \"home\" user \"x\"", None, None),
        ] {
            let text = format!(
                "set verify-certificates\naction \"in\" maildir \"~/m\"\naction \"rest\" maildir \"~/rest\"\n\
                 account \"home\" pop3s server \"h\" user \"u\" pass \"p\"\n\
                 account \"work\" pop3s server \"h\" user \"u\" pass \"p\"\n\
                 match {condition} action \"in\"\nmatch all action \"re*\"\n"
            );
            let (text, told) = becomes(Tool::Fdm, "conf", text.as_bytes());
            let (first, second) = text.split_once("  work:\n").unwrap();
            for (account, place) in [(first, home), (second, work)] {
                match place {
                    Some(place) => assert!(account.contains(place), "{condition}: {text}{told}"),
                    None => assert!(!account.contains("maildir: "), "{condition}: {text}"),
                }
            }
            let lost = home.is_none() || work.is_none();
            assert_eq!(
                told.contains("lost conf:6: match: "),
                lost,
                "{condition}: {told}"
            );
        }
    }
}
