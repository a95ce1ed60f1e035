//! OAuth 2.0: somebody signs in once, at a provider who then gives a refresh token (RFC 6749), for which
//! in turn it gives access tokens as they are needed. Popget has no client id of its own: who runs it
//! registers one, or uses that of their company.
//!
//! A refresh token may be good for one use only, so the next one is on the disk before anything is done
//! with it, and two runs do not use the same one: see `store`.

mod answer;
mod code;
mod device;
mod loopback;
#[cfg(any(test, fuzzing))]
pub mod properties;
mod provider;
mod store;

pub use code::Way;
pub use provider::{Endpoints, Provider};

use crate::error::{Error, Result};
use crate::message::Time;
use crate::net::web::Web;
use crate::net::{Patience, Version, Via};
use crate::secret::{first_line, CommandLine, Credential, Secret, Turn};
use crate::seen::Place;
use answer::{Asked, Granted};
use store::{Kept, Owner, Store};

/// So many seconds before it expires an access token is not used any more: the login takes a while.
const TO_SPARE: i64 = 60;
/// What is wrong with tokens that cannot be renewed.
const NO_REFRESH: &str =
    "gives no refresh token, so that nobody stays signed in; scope may lack offline_access";

/// How an account's owner signs in.
#[derive(Clone, Debug, PartialEq, Eq, Copy)]
pub enum Flow {
    /// With a code that is typed into a browser anywhere (RFC 8628).
    Device,
    /// In a browser here, which is sent back to us (RFC 8252).
    Loopback,
}

/// All that is needed to sign in for an account, and to get tokens ever after.
#[derive(Clone)]
pub struct SignIn {
    /// The user.
    pub user: String,
    /// The servers that get the tokens.
    pub servers: String,
    /// Who popget is to the provider.
    pub client: String,
    /// The command that prints the client's secret, if it has one.
    pub client_secret: Option<(CommandLine, Turn)>,
    /// Where the provider is asked.
    pub endpoints: Endpoints,
    /// What is asked for.
    pub scope: String,
    /// How it is done.
    pub flow: Flow,
    /// Where the tokens are kept.
    pub place: Place,
    /// How the provider is reached.
    pub via: Via,
    /// The oldest TLS that is good enough.
    pub least: Version,
}

/// What somebody who signs in must be told.
pub enum Prompt<'p> {
    /// To open this address, and to type this code there, within so many minutes.
    Type(&'p str, &'p str, u64),
    /// To open this address, here.
    Open(&'p str),
    /// To open this address, anywhere, and to paste the address that the browser ends at.
    Paste(&'p str),
}

/// How a person is told, and what the time is.
pub struct Surroundings<'s> {
    /// Tells what to do.
    pub tell: &'s mut dyn FnMut(&Prompt),
    /// The time of day.
    pub now: &'s dyn Fn() -> Time,
    /// How long each wait may take, and who may call us off.
    pub patience: &'s Patience,
}

impl SignIn {
    /// An access token: the one that is kept, or another if it is about to expire.
    pub fn token(&self, now: Time, patience: &Patience) -> Result<Credential> {
        let store = self.store();
        match store.read()? {
            None => Err(self.nobody()),
            Some(kept) => match kept.usable(now) {
                Some(access) => Ok(access),
                None => self.renewed(None, now, patience),
            },
        }
    }

    /// Another token in place of one that the server refused.
    pub fn instead_of(
        &self,
        refused: &Credential,
        now: Time,
        patience: &Patience,
    ) -> Result<Credential> {
        self.renewed(Some(refused), now, patience)
    }

    /// Signs in, by the flow of the settings or by what is pasted.
    pub fn sign_in(&self, way: Way, around: Surroundings) -> Result<()> {
        let (now, patience) = (around.now, around.patience);
        let store = self.store();
        store.prepare()?;
        let secret = self.client_secret(patience)?;
        let web = self.web(patience);
        let asked = self.asked(&web, secret.as_ref());
        let granted = match (way, self.flow) {
            (Way::Usual, Flow::Device) => device::grant(self, &asked, around)?,
            (way, _) => code::grant(self, &asked, way, around)?,
        };
        let Some(refresh) = granted.refresh else {
            return Err(asked.unfit(NO_REFRESH));
        };
        let access = Some((granted.access, granted.lasts.from(now())));
        let _lock = store.lock(patience)?;
        let room = store.room()?;
        room.keep(&Kept { refresh, access })
    }

    /// Gets another token for the refresh token, unless another popget has just done it.
    fn renewed(
        &self,
        refused: Option<&Credential>,
        now: Time,
        patience: &Patience,
    ) -> Result<Credential> {
        let store = self.store();
        let _lock = store.lock(patience)?;
        store.recover()?;
        let kept = store.read()?.ok_or_else(|| self.nobody())?;
        if let Some(access) = kept.usable(now).filter(|access| !is_same(access, refused)) {
            return Ok(access);
        }
        let secret = self.client_secret(patience)?;
        let web = self.web(patience);
        let asked = self.asked(&web, secret.as_ref());
        let room = store.room()?;
        let Granted {
            access,
            lasts,
            refresh,
        } = asked.refresh(&kept.refresh, &self.place.account)?;
        let refresh = refresh.unwrap_or(kept.refresh);
        let access = (access, lasts.from(now));
        let credential = Credential::Token(access.0.clone());
        room.keep(&Kept {
            refresh,
            access: Some(access),
        })?;
        Ok(credential)
    }

    fn store(&self) -> Store<'_> {
        let owner = Owner {
            account: &self.place.account,
            user: &self.user,
            servers: &self.servers,
            client: &self.client,
            provider: &self.endpoints.token,
            scope: &self.scope,
        };
        Store::new(&self.place, &owner)
    }

    fn web(&self, patience: &Patience) -> Web {
        Web {
            via: self.via.clone(),
            least: self.least,
            patience: patience.clone(),
        }
    }

    fn asked<'a>(&'a self, web: &'a Web, secret: Option<&'a Secret>) -> Asked<'a> {
        Asked {
            web,
            url: &self.endpoints.token,
            client: &self.client,
            secret,
        }
    }

    fn client_secret(&self, patience: &Patience) -> Result<Option<Secret>> {
        let called_off = || patience.stop.signal().is_some();
        let printed = |(line, turn): &(CommandLine, Turn)| {
            first_line("client secret command", line, turn, &called_off)
        };
        self.client_secret.as_ref().map(printed).transpose()
    }

    fn nobody(&self) -> Error {
        Error::NotSignedIn(self.place.account.clone())
    }
}

/// Whether a token is this one.
fn is_same(one: &Credential, other: Option<&Credential>) -> bool {
    match (one, other) {
        (Credential::Token(one), Some(Credential::Token(other))) => one.expose() == other.expose(),
        _ => false,
    }
}
