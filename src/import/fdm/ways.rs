//! Which of fdm's rules are for all mail of an account, and what is done by them. Rules, accounts and
//! actions are compared with each other, but not without end.

use super::super::draft::Draft;
use super::super::place::{Remark, Weight};
use super::super::said::Said;
use super::{glob, Action, Does, Rule, Settings};
use std::cell::{Cell, RefCell};
use std::collections::{HashMap, HashSet};

/// So much is compared in all, in letters.
const MOST: usize = 10_000_000;

/// What an action in an account counts for.
const STEP: usize = 200;

/// The actions by their names, and the rules by the accounts that they name.
pub struct Ways<'s> {
    actions: HashMap<&'s str, &'s [Action]>,
    all_actions: &'s [(String, Vec<Action>)],
    /// The rules, and how much there is to compare in each.
    rules: Vec<(&'s Rule, usize)>,
    /// As whom mail is delivered where nobody else is named.
    pub default_user: Option<&'s Said>,
    /// The rules that can be for an account since they name it as it is.
    named: HashMap<&'s str, Vec<usize>>,
    /// Those that can be for any account.
    open: Vec<usize>,
    /// What becomes of mail that comes to the end of the rules.
    unmatched: Left,
    /// Rules of which it was told that they are not kept.
    told: RefCell<HashSet<usize>>,
    /// So much may yet be compared.
    left: Cell<usize>,
}

/// What becomes of a message on the server.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Left {
    Stays,
    Goes,
}

/// What is done with all mail of an account.
pub struct Way<'s> {
    /// Step by step.
    pub steps: Vec<&'s Action>,
    /// In the end.
    pub left: Left,
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
        let rules = settings.rules.iter();
        Self {
            actions: actions
                .map(|(name, actions)| (name.as_str(), actions.as_slice()))
                .collect(),
            all_actions: &settings.actions,
            rules: rules.map(|rule| (rule, rule.condition.length())).collect(),
            default_user: settings.first("default-user"),
            named,
            open,
            unmatched: match settings.is("unmatched-mail", b"drop") {
                true => Left::Goes,
                false => Left::Stays,
            },
            told: RefCell::default(),
            left: Cell::new(MOST),
        }
    }

    /// What is done with mail of an account. None, with a remark, if that depends on the message or is not
    /// known.
    pub fn of(&self, draft: &mut Draft, account: &str) -> Option<Way<'s>> {
        match self.follow(draft, account) {
            Ok(way) => way,
            Err(TooMuch) => {
                let spot = draft.account.spot.clone();
                let why =
                    "there is too much to compare in all rules, accounts and actions; write where \
                           its mail goes, or import a part of the accounts at a time";
                draft.lost(&spot, "match", why);
                None
            }
        }
    }

    fn follow(&self, draft: &mut Draft, account: &str) -> Result<Option<Way<'s>>, TooMuch> {
        let mut all = Some(Vec::new());
        for at in self.rules_of(account)? {
            if all.is_none() && self.told.borrow().contains(&at) {
                continue;
            }
            let Some((rule, sure)) = self.holding(at, account)? else {
                continue;
            };
            let actions = rule.actions.as_ref().filter(|_| sure);
            let steps = match actions {
                Some(actions) => self.steps(draft, actions)?,
                None => self.unkept(draft, at, rule),
            };
            match (&mut all, steps) {
                (Some(all), Some(steps)) => all.extend(steps),
                (_, Some(_)) => {}
                (_, None) => all = None,
            }
            if actions.is_some() && !rule.goes_on {
                return Ok(all.map(Way::ended));
            }
        }
        let left = self.unmatched;
        Ok(all.map(|steps| Way { steps, left }))
    }

    /// A rule, if it is or may be for mail of an account, and whether it surely is.
    fn holding(&self, at: usize, account: &str) -> Result<Option<(&'s Rule, bool)>, TooMuch> {
        let Some((rule, length)) = self.rules.get(at) else {
            return Ok(None);
        };
        self.spend(length.saturating_mul(account.len() + 1))?;
        let holds = rule.condition.holds(account);
        Ok((holds != Some(false)).then_some((rule, holds.is_some())))
    }

    /// Tells once of a rule that cannot be kept.
    fn unkept(&self, draft: &mut Draft, at: usize, rule: &Rule) -> Option<Vec<&'s Action>> {
        if self.told.borrow_mut().insert(at) {
            let why = "popget has no rules; let an MDA such as maildrop or sieve sort the mail";
            draft.lost(&rule.spot, "match", why);
        }
        None
    }

    /// The rules that may be for mail of an account, in order.
    fn rules_of(&self, account: &str) -> Result<Vec<usize>, TooMuch> {
        let named = self.named.get(account).map_or(&[][..], Vec::as_slice);
        self.spend(1 + self.open.len() + named.len())?;
        let mut all = [&self.open, named].concat();
        all.sort_unstable();
        Ok(all)
    }

    /// What the actions of a rule do. None, with a remark, if that is not known.
    fn steps(
        &self,
        draft: &mut Draft,
        actions: &'s [Action],
    ) -> Result<Option<Vec<&'s Action>>, TooMuch> {
        let mut steps = Some(Vec::new());
        for action in actions {
            self.spend(STEP)?;
            let known = match &action.does {
                Does::Named(name) => known(draft, action, (name, self.actions_of(name)?)),
                _ => Some(vec![action]),
            };
            match (&mut steps, known) {
                (Some(steps), Some(known)) => steps.extend(known),
                _ => steps = None,
            }
        }
        Ok(steps)
    }

    /// What the actions do that have this name, or one that is like it.
    fn actions_of(&self, name: &str) -> Result<Vec<&'s Action>, TooMuch> {
        let named: Vec<&[Action]> = match glob::has_signs(name) {
            false => self.actions.get(name).copied().into_iter().collect(),
            true => {
                self.spend(length(self.all_actions).saturating_mul(name.len()))?;
                let like = |(own, _): &&(String, _)| glob::is_like(name, own);
                let all = self.all_actions.iter().filter(like);
                all.map(|(_, actions)| actions.as_slice()).collect()
            }
        };
        let count: usize = named.iter().map(|actions| actions.len()).sum();
        self.spend(count.saturating_mul(STEP))?;
        Ok(named.into_iter().flatten().collect())
    }

    /// Counts what is compared.
    fn spend(&self, letters: usize) -> Result<(), TooMuch> {
        let left = self.left.get().checked_sub(letters);
        self.left.set(left.unwrap_or(0));
        left.map(|_| ()).ok_or(TooMuch)
    }
}

/// More would have to be compared than is.
struct TooMuch;

impl<'s> Way<'s> {
    /// One that ends the rules: of what says so, the last counts for the message on the server.
    fn ended(steps: Vec<&'s Action>) -> Self {
        let says = |step: &&&Action| matches!(step.does, Does::Keep | Does::Drop);
        let left = match steps.iter().rfind(says).map(|step| &step.does) {
            Some(Does::Keep) => Left::Stays,
            _ => Left::Goes,
        };
        Self { steps, left }
    }
}

/// What the actions of a name do. None, with a remark, if there are none, or if they name others.
fn known<'s>(
    draft: &mut Draft,
    action: &Action,
    (name, known): (&str, Vec<&'s Action>),
) -> Option<Vec<&'s Action>> {
    let nested = known
        .iter()
        .find(|step| matches!(step.does, Does::Named(_)));
    let why = "popget follows no action within an action; write out what it does";
    match nested {
        Some(nested) => draft.lost(&nested.spot, "action", why),
        None if known.is_empty() => draft.lost(&action.spot, name, "there is no such action"),
        None => return Some(known),
    }
    None
}

/// So many letters the names of actions have.
fn length(actions: &[(String, Vec<Action>)]) -> usize {
    actions.iter().map(|(name, _)| name.len() + 1).sum()
}

/// What to say of actions that no rule names, as far as all rules are understood.
pub fn unused(settings: &Settings) -> Vec<Remark> {
    let done: Option<Vec<_>> = settings
        .rules
        .iter()
        .map(|rule| rule.actions.as_ref())
        .collect();
    let Some(done) = done else {
        return Vec::new();
    };
    let nested = settings.actions.iter().map(|(_, actions)| actions);
    let names = done.into_iter().chain(nested).flatten();
    let names = names.filter_map(|action| match &action.does {
        Does::Named(name) => Some(name.as_str()),
        _ => None,
    });
    let (signs, plain): (HashSet<&str>, HashSet<&str>) =
        names.partition(|name| glob::has_signs(name));
    let compared: usize = signs.iter().map(|sign| sign.len()).sum();
    if compared.saturating_mul(length(&settings.actions)) > MOST {
        return Vec::new();
    }
    let used =
        |name: &str| plain.contains(name) || signs.iter().any(|sign| glob::is_like(sign, name));
    let idle = settings.actions.iter().filter(|(name, _)| !used(name));
    let remark = |(name, actions): &(String, Vec<Action>)| {
        let why = "no rule names it: nothing is sent there";
        let word = format!("action {name:?}");
        Some(Remark::new(
            &actions.first()?.spot,
            &word,
            why,
            Weight::Told,
        ))
    };
    idle.filter_map(remark).collect()
}
