//! What is known of a server, and whether it was asked in this session or is remembered from an
//! earlier one, so that it need not be asked before the login. Pure.
//!
//! What is remembered decides only what is tried first. It was said by the same server under the
//! same TLS to the same user, behind STLS where there is STLS; whatever is refused, the server is
//! asked before anything else is tried; and what it says after the login has the last word.

use super::syntax::Capabilities;
use super::{Pipeline, Visit};
use crate::error::{Error, Result};
use crate::message::Time;
use crate::net::{Proof, Route, TlsMode};
use crate::seen::Offers;

/// Stands for all else at a server that offers to take commands ahead and loses them.
const LOCK_STEP: &[u8] = b"lockstep";
/// What a server says at greater length is not remembered.
const MOST: usize = 1024;
/// How many commands are sent together behind a login: CAPA, STAT, UIDL and LIST. With fewer, asking
/// after the login costs what it saves before.
const TOGETHER: usize = 4;

/// What is known of a server.
pub struct Known {
    /// What it can do.
    pub capabilities: Capabilities,
    /// What it said of that before the login.
    offered: Capabilities,
    source: Source,
    /// How it was reached, and for whom.
    door: String,
    pipeline: Pipeline,
    /// It is to be asked together with the first commands behind the login.
    due: bool,
}

/// Since when that is known.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Source {
    /// It was asked in this session.
    Asked,
    /// It is remembered.
    Recalled,
    /// It is remembered, and is not so.
    Wrong,
    /// It is remembered that what it says of pipelining is not so.
    LockStep,
}

impl Known {
    /// What is remembered for this visit, if it is good for anything.
    pub fn recall(route: &Route, user: &str, visit: &Visit) -> Self {
        let door = door(route, user);
        let recalled = visit.recalled.as_ref().filter(|known| known.door == door);
        let words = recalled.map_or(&[][..], |known| &known.words);
        let mut capabilities = Capabilities::default();
        let (pipeline, source) = match words {
            [one] if one == LOCK_STEP => (Pipeline::Off, Source::LockStep),
            _ => (visit.pipeline, Source::Asked),
        };
        words.iter().for_each(|line| capabilities.take(line));
        let saves = pipeline.most(capabilities.pipelining) >= TOGETHER;
        let (capabilities, source) = match saves {
            true => (capabilities, Source::Recalled),
            false => (Capabilities::default(), source),
        };
        Self {
            offered: capabilities.clone(),
            capabilities,
            source,
            door,
            pipeline,
            due: false,
        }
    }

    /// A server that was asked, and no more is known.
    #[cfg(any(test, fuzzing))]
    pub fn bare(capabilities: Capabilities) -> Self {
        Self {
            offered: capabilities.clone(),
            capabilities,
            source: Source::Asked,
            door: String::new(),
            pipeline: Pipeline::Auto,
            due: false,
        }
    }

    /// What is remembered, if anything is.
    pub fn recalled(&self) -> Option<&Capabilities> {
        (self.source == Source::Recalled).then_some(&self.capabilities)
    }

    /// The server was asked, and says this before the login.
    pub fn asked(&mut self, capabilities: Capabilities) {
        self.offered = capabilities.clone();
        self.capabilities = capabilities;
        if self.source == Source::Recalled {
            self.source = Source::Asked;
        }
    }

    /// Whether it is to be asked what it can do for who has logged in: servers such as Gmail tell
    /// only now all that they can do, and others what holds for this user; and what is remembered
    /// must hold. Not if it was asked in vain before.
    pub fn is_vague(&self) -> bool {
        let told = &self.capabilities;
        told.known && (!told.top || told.varies || self.source == Source::Recalled)
    }

    /// Puts that off until it costs no waiting; tells whether there will be such a time.
    pub fn put_off(&mut self) -> bool {
        self.due = self.most() >= TOGETHER;
        self.due
    }

    /// Whether it is to be asked now.
    pub fn is_due(&mut self) -> bool {
        std::mem::take(&mut self.due)
    }

    /// The server says this after the login. A refusal to say anything leaves in doubt all but how
    /// it takes commands.
    pub fn heard(&mut self, lines: &[Vec<u8>]) -> Result<()> {
        let mut now = Capabilities::default();
        lines.iter().for_each(|line| now.take(line));
        let before = &self.capabilities;
        if self.source == Source::Recalled && now.utf8 && !before.utf8 {
            // Only before the login can it be asked to give messages as they are.
            return Err(Error::OffersMore);
        }
        self.capabilities = Capabilities {
            expire: now.expire.or(before.expire),
            login_delay: now.login_delay.or(before.login_delay),
            pipelining: now.pipelining || !now.known && before.pipelining,
            ..now
        };
        if self.source == Source::Recalled && !self.capabilities.pipelining {
            self.source = Source::Wrong;
        }
        Ok(())
    }

    /// How many commands may be without a reply.
    pub fn most(&self) -> usize {
        self.pipeline.most(self.capabilities.pipelining)
    }

    /// What is to be remembered from now on, if something else is than was.
    pub fn learned(&self, now: Time) -> Option<Offers> {
        let told = &self.offered;
        match self.source {
            _ if self.pipeline == Pipeline::Lost && told.pipelining => self.lock_step(now),
            Source::Recalled | Source::LockStep => None,
            Source::Asked if told.pipelining && self.pipeline.most(true) >= TOGETHER => {
                Some(self.offers(now, words(told)))
            }
            Source::Asked if told.pipelining => None, // it is not wanted
            Source::Asked | Source::Wrong => Some(self.offers(now, Vec::new())),
        }
    }

    /// The same, where commands that were sent ahead were lost.
    pub fn lock_step(&self, now: Time) -> Option<Offers> {
        Some(self.offers(now, vec![LOCK_STEP.to_vec()]))
    }

    fn offers(&self, at: Time, words: Vec<Vec<u8>>) -> Offers {
        let fits = words.iter().map(Vec::len).sum::<usize>() <= MOST;
        Offers {
            at,
            door: self.door.clone(),
            words: if fits { words } else { Vec::new() },
        }
    }
}

/// How a server is reached, and for whom: what it says there holds nowhere else.
fn door(route: &Route, user: &str) -> String {
    let tls = route.tls.name();
    let proof = match route.trust.proof {
        Proof::Nothing if route.tls != TlsMode::Off => "-unproven",
        _ => "",
    };
    let host = route.host.to_ascii_lowercase();
    format!("{tls}{proof}:{user}@{host}:{}", route.port)
}

/// The list that says the same.
pub fn words(capabilities: &Capabilities) -> Vec<Vec<u8>> {
    let Capabilities { expire, varies, .. } = *capabilities;
    let user = if varies { " USER" } else { "" };
    let days = expire.map_or("NEVER".into(), |days| days.to_string());
    let delay = capabilities.login_delay.unwrap_or_default();
    let lines = [
        (capabilities.top, "TOP".into()),
        (capabilities.utf8, "UTF8".into()),
        (capabilities.pipelining, "PIPELINING".into()),
        (capabilities.auth_resp_code, "AUTH-RESP-CODE".into()),
        (expire.is_some() || varies, format!("EXPIRE {days}{user}")),
        (
            capabilities.login_delay.is_some(),
            format!("LOGIN-DELAY {delay}{user}"),
        ),
    ];
    let mut words: Vec<Vec<u8>> = Vec::new();
    words.extend(
        lines
            .into_iter()
            .filter(|line| line.0)
            .map(|line| line.1.into_bytes()),
    );
    if !capabilities.sasl.is_empty() {
        words.push([&b"SASL "[..], &capabilities.sasl.join(&b' ')].concat());
    }
    words
}
