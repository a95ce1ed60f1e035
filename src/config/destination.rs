//! Where an account's mail goes: one destination or several, each with its rules.

use super::file::{Deliver, Multidrop, OneOrSeveral};
use super::relay;
use super::resolve::Layers;
use super::units;
use crate::delivery::{self, Destination, Lock, Pattern};
use crate::error::{Error, Result};
use crate::message::{Address, Envelope, Field};
use indexmap::IndexMap;
use std::collections::HashSet;
use std::time::Duration;

/// What stands in the place of a header if the server tells the envelope.
pub const SDPS: &str = "sdps";
/// How long an MDA may take, if nothing else is said.
const MDA_TIMEOUT: Duration = Duration::from_secs(300);

/// Where in the configuration a destination is written.
#[derive(Clone)]
pub struct Spot<'l> {
    /// What was written.
    pub layers: &'l Layers<'l>,
    /// In the account itself, not in what it starts from.
    pub own: bool,
    /// The path from there.
    pub keys: Vec<String>,
}

impl Spot<'_> {
    /// What is written below it.
    pub fn below(&self, key: impl Into<String>) -> Self {
        let mut below = self.clone();
        below.keys.push(key.into());
        below
    }

    /// The path to it.
    pub fn path(&self) -> Vec<String> {
        let layer = match self.own {
            true => self.layers.within.clone(),
            false => vec!["defaults".into()],
        };
        [layer, self.keys.clone()].concat()
    }

    /// A mistake here.
    pub fn wrong(&self, what: impl Into<String>) -> Error {
        let keys: Vec<&str> = self.keys.iter().map(String::as_str).collect();
        self.layers.wrong_at(&keys, self.own, what)
    }
}

impl Layers<'_> {
    /// Where the account's mail goes, and which header names its recipients, if that matters.
    pub(super) fn destination(&self) -> Result<(Destination, Option<Field>)> {
        for (own, keys) in [(true, self.own), (false, self.base)] {
            let spot = |key: &str| Spot {
                layers: self,
                own,
                keys: vec![key.into()],
            };
            match (&keys.deliver, &keys.multidrop) {
                (None, None) => {}
                (Some(_), Some(_)) => {
                    let what = "it has destinations of its own; take deliver or multidrop out";
                    return Err(spot("multidrop").wrong(what));
                }
                (Some(deliver), None) => {
                    let mut all = all(&spot("deliver"), deliver)?;
                    return Ok(match all.len() {
                        1 => (all.swap_remove(0), None),
                        _ => (Destination::Several(all), None),
                    });
                }
                (None, Some(keys)) => return multidrop(&spot("multidrop"), keys),
            }
        }
        Err(self.missing("deliver", "{maildir: ~/Mail}"))
    }
}

/// What is written here about sorting mail, and the header that tells the recipients.
fn multidrop(spot: &Spot, keys: &Multidrop) -> Result<(Destination, Option<Field>)> {
    let below = spot.below("routes");
    let mut routes: IndexMap<Pattern, Vec<Destination>> = IndexMap::new();
    let domains: HashSet<&str> = keys.domains.iter().flatten().map(String::as_str).collect();
    for (name, deliver) in &keys.routes.0 {
        let spot = below.below(name);
        let pattern = pattern(name).ok_or_else(|| spot.wrong("this is no address, nor *"))?;
        if routes.contains_key(&pattern) {
            return Err(spot.wrong("the same address stands here twice"));
        }
        let domain = match &pattern {
            Pattern::One(address) => address.domain.as_deref().map(String::from_utf8_lossy),
            Pattern::Any => None,
        };
        let other = |domain: &str| keys.domains.is_some() && !domains.contains(domain);
        if domain.is_some_and(|domain| other(&domain)) {
            return Err(spot.wrong("its domain is none of domains, so nothing would come here"));
        }
        routes.insert(pattern, all(&spot, deliver)?);
    }
    if routes.is_empty() {
        return Err(below.wrong("there is no route in it"));
    }
    let unmatched = keys.unmatched.as_ref();
    let unmatched = unmatched.map(|deliver| all(&spot.below("unmatched"), deliver));
    let multidrop = delivery::Multidrop {
        strip_prefix: keys.strip_prefix.clone().unwrap_or_default(),
        domains: keys.domains.clone().unwrap_or_default(),
        routes,
        unmatched: unmatched.transpose()?.unwrap_or_default(),
    };
    agree(spot, &multidrop.destinations())?;
    Ok((Destination::Multidrop(multidrop), field(spot, keys)?))
}

/// The header that tells the recipients; none if the server does.
fn field(spot: &Spot, keys: &Multidrop) -> Result<Option<Field>> {
    if keys.envelope != SDPS {
        return Ok(Some(Field {
            name: keys.envelope.clone(),
            skip: keys.skip.unwrap_or_default() as usize,
        }));
    }
    if keys.skip.is_some() {
        return Err(spot
            .below("skip")
            .wrong("it goes with the name of a header only"));
    }
    match spot.layers.pick(|keys| keys.sdps) {
        Some(false) => Err(spot
            .below("envelope")
            .wrong("the server is not asked (sdps: false)")),
        Some(true) | None => Ok(None),
    }
}

/// What a route is for.
fn pattern(name: &str) -> Option<Pattern> {
    match name {
        "*" => Some(Pattern::Any),
        name => Address::read(name.as_bytes()).map(Pattern::One),
    }
}

/// Fails if mail would come to the same place in different ways.
fn agree(spot: &Spot, all: &[Destination]) -> Result<()> {
    let mut places = HashSet::new();
    for one in all {
        if !places.insert(one.place(&Envelope::default())) {
            let what = "two routes lead to the same place, but with different keys beside it";
            return Err(spot.below("routes").wrong(what));
        }
    }
    Ok(())
}

/// The destinations that are written here, at least one.
fn all(spot: &Spot, deliver: &OneOrSeveral) -> Result<Vec<Destination>> {
    let list = match deliver {
        OneOrSeveral::One(deliver) => return Ok(vec![one(spot, deliver)?]),
        OneOrSeveral::Several(list) => list,
    };
    let mut all: Vec<Destination> = Vec::new();
    let mut places = HashSet::new();
    for (at, deliver) in list.iter().enumerate() {
        let spot = spot.below(format!("[{at}]"));
        let next = one(&spot, deliver)?;
        if !places.insert(next.place(&Envelope::default())) {
            return Err(spot.wrong("this destination stands in the list twice"));
        }
        all.push(next);
    }
    match all.is_empty() {
        true => Err(spot.wrong("the list is empty; name a destination or more")),
        false => Ok(all),
    }
}

/// A single destination.
fn one(spot: &Spot, deliver: &Deliver) -> Result<Destination> {
    belonging(spot, deliver)?;
    let deliver = deliver.clone();
    let format = deliver.format.unwrap_or_default();
    let timeout = deliver.timeout.map(|span| span.0);
    let files = (deliver.maildir, deliver.mbox);
    match (files, deliver.mda, deliver.lmtp, deliver.smtp) {
        ((Some(path), None), None, None, None) => Ok(Destination::Maildir(path.0)),
        ((None, Some(path)), None, None, None) if path == "-" => Ok(Destination::Output(format)),
        ((None, Some(path)), None, None, None) => Ok(Destination::Mbox {
            path: units::path(&path).map_err(|what| spot.below("mbox").wrong(what))?,
            format,
            locks: deliver.lock.unwrap_or_else(|| Lock::ALL.to_vec()),
        }),
        ((None, None), Some(command), None, None) => {
            let timeout = timeout.unwrap_or(MDA_TIMEOUT);
            Ok(Destination::Mda { command, timeout })
        }
        ((None, None), None, Some(keys), None) => relay::lmtp(&spot.below("lmtp"), keys, timeout),
        ((None, None), None, None, Some(keys)) => relay::smtp(&spot.below("smtp"), keys, timeout),
        ((None, None), None, None, None) => {
            Err(spot.wrong("name maildir, mbox, mda, lmtp or smtp"))
        }
        _ => Err(spot.wrong("name only one of maildir, mbox, mda, lmtp and smtp")),
    }
}

/// Fails if a key stands beside a destination that it does not go with.
fn belonging(spot: &Spot, deliver: &Deliver) -> Result<()> {
    let wrong = |key: &str, what: &str| Err(spot.below(key).wrong(what));
    let Deliver { mbox, lock, .. } = deliver;
    if mbox.is_none() && deliver.format.is_some() {
        return wrong("format", "it goes with mbox only");
    }
    if lock.as_ref().is_some_and(Vec::is_empty) {
        return wrong("lock", "the list is empty; name fcntl, dotlock or both");
    }
    if mbox.as_ref().is_none_or(|path| path == "-") && lock.is_some() {
        return wrong("lock", "it goes with the file of an mbox only");
    }
    let answers = deliver.mda.is_some() || deliver.lmtp.is_some() || deliver.smtp.is_some();
    if !answers && deliver.timeout.is_some() {
        return wrong("timeout", "it goes with mda, lmtp and smtp only");
    }
    Ok(())
}
