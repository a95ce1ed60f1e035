//! What an account logs in with, wherever that comes from, and signing in for it.

use super::{now, patience, Account};
use crate::error::{Error, Result};
use crate::event::Stop;
use crate::net::Patience;
use crate::oauth::{Prompt, Surroundings, Way};
use crate::secret::Credential;

/// What to log in with.
pub(super) fn credential(account: &Account, patience: &Patience) -> Result<Credential> {
    match &account.sign_in {
        Some(sign_in) => sign_in.token(now(), patience),
        None => account.secret.obtain(&|| patience.stop.signal().is_some()),
    }
}

/// Another token in place of one that the account's server refused, if there is any.
pub(super) fn instead_of(
    (account, refused): (&Account, &Credential),
    patience: &Patience,
) -> Result<Option<Credential>> {
    let called_off = || patience.stop.signal().is_some();
    match (&account.sign_in, refused) {
        (Some(sign_in), Credential::Token(_)) => {
            sign_in.instead_of(refused, now(), patience).map(Some)
        }
        _ => account.secret.instead_of(refused, &called_off),
    }
}

/// Has somebody sign in for an account.
pub fn sign_in(
    account: &Account,
    way: Way,
    tell: &mut dyn FnMut(&Prompt),
    stop: &Stop,
) -> Result<()> {
    let Some(sign_in) = &account.sign_in else {
        return Err(Error::NoSignIn(account.name.clone()));
    };
    // A deadline is for visits; a person may take longer.
    let patience = Patience {
        deadline: None,
        ..patience(account, stop)
    };
    let around = Surroundings {
        tell,
        now: &now,
        patience: &patience,
    };
    sign_in.sign_in(way, around)
}
