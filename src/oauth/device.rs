//! Signing in with a code that is typed into a browser on any device (RFC 8628).

use super::answer::{number, text, Answer, Asked, Granted};
use super::{Prompt, SignIn, Surroundings};
use crate::error::{Error, Result};
use crate::net::web;
use crate::net::Patience;
use crate::secret::Secret;
use serde_json::Value;
use std::time::{Duration, Instant};

/// How often is asked whether somebody has signed in, if nothing else is said (section 3.2), and at
/// most and at least; slower by so much whenever that is too often (section 3.5).
const USUAL: i64 = 5;
const SLOWEST: i64 = 60;
const SLOWER: i64 = 5;
/// How long a code lasts at most, and if nothing is said.
const LONGEST: i64 = 30 * 60;
const UNTOLD: i64 = 15 * 60;
/// How long is slept at once: a signal is heeded.
const MOMENT: Duration = Duration::from_millis(100);
/// The grant.
const GRANT: &str = "urn:ietf:params:oauth:grant-type:device_code";

/// A code under way.
struct Code {
    device: Secret,
    interval: i64,
    until: Instant,
}

/// Gets a code, has it typed, and asks until somebody has.
pub fn grant(sign_in: &SignIn, asked: &Asked, around: Surroundings) -> Result<Granted> {
    let Some(url) = &sign_in.endpoints.device else {
        return Err(asked.unfit("knows no codes for other devices"));
    };
    let first = Asked { url, ..*asked };
    let answer = first.ask(&[("scope", &sign_in.scope)])?;
    let answer = answer.map_err(Error::from)?;
    let mut code = begin(&first, answer, around.tell)?;
    loop {
        code.rest(around.patience)?;
        let device = text(&code.device)?;
        match asked.ask(&[("grant_type", GRANT), ("device_code", device)]) {
            Ok(Ok(answer)) => return asked.granted(answer),
            Ok(Err(refusal)) => match refusal.code.as_str() {
                "authorization_pending" => {}
                "slow_down" => code.interval += SLOWER,
                _ => return Err(refusal.into()),
            },
            // A line that fails while a person is at it is no reason to begin again.
            Err(Error::Web { error, .. }) if passes(&error) => code.interval *= 2,
            Err(Error::SignInTrouble(_)) => code.interval *= 2,
            Err(error) => return Err(error),
        }
        code.interval = code.interval.min(SLOWEST);
    }
}

fn begin(asked: &Asked, answer: Answer, tell: &mut dyn FnMut(&Prompt)) -> Result<Code> {
    let within =
        |value: &Value, usual: i64, most: i64| number(value).unwrap_or(usual).clamp(1, most);
    let lasts = within(&answer.expires_in, UNTOLD, LONGEST);
    let code = Code {
        interval: within(&answer.interval, USUAL, SLOWEST),
        until: Instant::now() + Duration::from_secs(lasts.unsigned_abs()),
        device: asked.token(answer.device_code)?,
    };
    let (address, typed) = (answer.verification_uri, answer.user_code);
    if typed.is_empty() || typed.len() > 64 || typed.chars().any(char::is_control) {
        return Err(asked.unfit("gives a code that nobody can type"));
    }
    if address.len() > 250 || web::host(&address).is_err() {
        return Err(asked.unfit("names no address over HTTPS at which to type its code"));
    }
    let minutes = lasts.unsigned_abs().div_ceil(60);
    tell(&Prompt::Type(&address, &typed, minutes));
    Ok(code)
}

impl Code {
    /// Waits until it is time to ask again.
    fn rest(&self, patience: &Patience) -> Result<()> {
        let next = Instant::now() + Duration::from_secs(self.interval.unsigned_abs());
        loop {
            let now = Instant::now();
            if patience.stop.signal().is_some() {
                return Err(Error::Interrupted);
            }
            if now >= self.until {
                return Err(Error::SignInLate);
            }
            if now >= next {
                return Ok(());
            }
            std::thread::sleep(MOMENT);
        }
    }
}

/// Whether it may be better in a moment.
fn passes(error: &Error) -> bool {
    matches!(
        error,
        Error::TimedOut { .. } | Error::Cut { .. } | Error::Unreachable { .. }
    )
}
