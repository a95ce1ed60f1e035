//! Where fdm's rules and actions send the mail of an account.

use super::super::draft::Draft;
use super::super::said::Said;
use super::super::Around;
use super::{glob, tags, Action, Relay, Rule, Settings, Written};
use serde_yaml::{Mapping, Value};
use std::collections::{BTreeSet, HashMap};

/// The actions by their names, and the rules by the accounts that they name.
pub struct Ways<'s> {
    actions: HashMap<&'s str, &'s [Action]>,
    all_actions: &'s [(String, Vec<Action>)],
    rules: &'s [Rule],
    /// The rules that can be for an account since they name it as it is.
    named: HashMap<&'s str, Vec<usize>>,
    /// Those that can be for any account.
    open: Vec<usize>,
    /// Whether mail stays that comes to the end of the rules.
    unmatched_stays: bool,
}

impl<'s> Ways<'s> {
    /// What the settings say.
    pub fn new(settings: &'s Settings) -> Self {
        let (mut named, mut open) = (HashMap::<&str, Vec<usize>>::new(), Vec::new());
        for (at, rule) in settings.rules.iter().enumerate() {
            match rule.condition.names() {
                Some(names) => names
                    .iter()
                    .for_each(|name| named.entry(name).or_default().push(at)),
                None => open.push(at),
            }
        }
        // The first of a name counts.
        let actions = settings.actions.iter().rev();
        Self {
            actions: actions
                .map(|(name, actions)| (name.as_str(), actions.as_slice()))
                .collect(),
            all_actions: &settings.actions,
            rules: &settings.rules,
            named,
            open,
            unmatched_stays: !settings.is("unmatched-mail", b"drop"),
        }
    }

    /// The rules that are or may be for mail of an account, in order, and whether each surely is.
    fn of(&self, account: &str) -> Vec<(&'s Rule, bool)> {
        let named = self.named.get(account).map_or(&[][..], Vec::as_slice);
        let all: BTreeSet<usize> = self.open.iter().chain(named).copied().collect();
        let rule = |at: usize| {
            let rule = self.rules.get(at)?;
            let holds = rule.condition.holds(account);
            (holds != Some(false)).then_some((rule, holds.is_some()))
        };
        all.into_iter().filter_map(rule).collect()
    }

    /// What the actions do that have this name, or one that is like it.
    fn named(&self, name: &str) -> Vec<&'s [Action]> {
        if !glob::has_signs(name) {
            return self.actions.get(name).copied().into_iter().collect();
        }
        let like = |(own, _): &&(String, _)| glob::is_like(name, own);
        let all = self.all_actions.iter().filter(like);
        all.map(|(_, actions)| actions.as_slice()).collect()
    }
}

/// Writes the destination, if the rules leave no doubt about it; tells whether the message stays on
/// the server behind them.
pub fn deliver(draft: &mut Draft, written: &Written, ways: &Ways, around: &Around) -> bool {
    let mut actions = Vec::new();
    let (mut clear, mut stopped) = (true, false);
    for (rule, sure) in ways.of(&written.name) {
        let Some(names) = rule.actions.as_ref().filter(|_| sure) else {
            let why = "popget has no rules; let an MDA such as maildrop or sieve sort the mail";
            draft.lost(&rule.spot, "match", why);
            clear = false;
            continue;
        };
        actions.extend(rule.direct.iter().cloned());
        for name in names {
            let known = ways.named(name);
            if known.is_empty() {
                draft.lost(&rule.spot, name, "there is no such action");
                clear = false;
            }
            actions.extend(known.into_iter().flatten().cloned());
        }
        if !rule.goes_on {
            stopped = true;
            break;
        }
    }
    let kept = match (clear, stopped) {
        (false, _) => true,
        (true, true) => stays(&actions),
        (true, false) => ways.unmatched_stays,
    };
    let mut places = Vec::new();
    let certain = if clear { actions.as_slice() } else { &[] };
    for action in certain {
        match destination(draft, action, around) {
            Ok(place) => places.extend(place),
            Err(why) => {
                let spot = draft.account.spot.clone();
                draft.lost(&spot, "action", &why);
                clear = false;
            }
        }
    }
    let spot = draft.account.spot.clone();
    let dropped = actions.iter().any(|action| matches!(action, Action::Drop));
    match places.len() {
        _ if !clear => draft.note("say where mail goes with deliver: the rules could not be kept"),
        0 if dropped => draft.lost(&spot, "drop", "throws mail away; popget does not"),
        0 => draft.lost(
            &spot,
            "action",
            "none delivers; say where mail goes with deliver",
        ),
        1 => draft.set("deliver", places.remove(0)),
        _ => draft.set("deliver", places),
    }
    kept
}

/// Whether the message stays where these actions end the rules: the last that says so counts.
fn stays(actions: &[Action]) -> bool {
    let says = |action: &&Action| matches!(action, Action::Keep | Action::Drop);
    matches!(actions.iter().rfind(says), Some(Action::Keep))
}

/// The destination of an action; none for one that only says whether mail stays.
fn destination(
    draft: &mut Draft,
    action: &Action,
    around: &Around,
) -> Result<Option<Value>, String> {
    let open = |tag: String| format!("{tag} in a path has no counterpart");
    let path = |said: &Said| -> Result<Value, String> {
        let bytes = tags::path(&said.bytes, around).map_err(open)?;
        let path = said.with(bytes);
        let text = path.text().ok_or("a path is not UTF-8")?;
        match text.contains('$') {
            true => Err("popget takes $ in a path for a variable".into()),
            false => Ok(text.into()),
        }
    };
    let one = |key: &str, value: Value| Value::from(Mapping::from_iter([(key.into(), value)]));
    Ok(Some(match action {
        Action::Maildir(said) => one("maildir", path(said)?),
        Action::Mbox(_, true) => return Err("popget writes no compressed mbox".into()),
        Action::Mbox(said, false) => one("mbox", path(said)?),
        Action::Pipe(said) => {
            let bytes = tags::path(&said.bytes, around).map_err(|tag| {
                format!("{tag} in a command has no counterpart; see the environment of an mda")
            })?;
            one(
                "mda",
                said.with(bytes)
                    .text()
                    .ok_or("a command is not UTF-8")?
                    .into(),
            )
        }
        Action::Smtp(server) => one("smtp", relay(server, true)?),
        Action::Lmtp(server) => one("lmtp", relay(server, false)?),
        Action::Keep | Action::Drop => return Ok(None),
        Action::Other(word) => {
            let spot = draft.account.spot.clone();
            draft.told(&spot, word, "popget has no such action");
            return Err(format!("{word} has no counterpart"));
        }
    }))
}

fn relay(relay: &Relay, recipient_needed: bool) -> Result<Value, String> {
    let address = match &relay.port {
        Some(port) => format!("{}:{}", relay.server.shown(), port.shown()),
        None => relay.server.shown(),
    };
    let mut keys = Mapping::from_iter([("address".into(), address.into())]);
    match &relay.to {
        Some(to) => drop(keys.insert("recipient".into(), to.shown().into())),
        None if recipient_needed => return Err("smtp names no recipient; popget wants one".into()),
        None => {}
    }
    Ok(keys.into())
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
            assert_eq!(told, "", "{statements}");
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
            assert!(
                told.starts_with("lost conf:") && told.contains(&format!(": {word}: ")),
                "{told}"
            );
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
