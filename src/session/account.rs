//! What the road is walked for: an account, as the settings mean it.

use crate::delivery::{Destination, Filter, Trace};
use crate::hooks::Hooks;
use crate::maildrop::{Envelopes, Login, Pipeline, Protocol};
use crate::message::Field;
use crate::net::Route;
use crate::oauth::SignIn;
use crate::plan::Policy;
use crate::secret::SecretSource;
use crate::seen::{Identity, Place};
use std::path::PathBuf;
use std::time::Duration;

/// An account, checked: it needs no further looking at.
#[derive(Clone)]
pub struct Account {
    /// Its name.
    pub name: String,
    /// How its servers are reached, in the order in which they are tried; there is one at least.
    pub routes: Vec<Route>,
    /// What is spoken with them.
    pub protocol: Protocol,
    /// The folder that is meant, if it is not the usual one.
    pub folder: Option<String>,
    /// How to log in.
    pub login: Login,
    /// Where its password comes from.
    pub secret: SecretSource,
    /// Who signs in for it, if that is where its access tokens come from.
    pub sign_in: Option<SignIn>,
    /// What is wanted of it.
    pub policy: Policy,
    /// Who says, by its head, whether a message is wanted.
    pub filter: Option<Filter>,
    /// Which header names the recipients of a message, if not one of the usual.
    pub recipients: Option<Field>,
    /// Where its mail goes.
    pub destination: Destination,
    /// Which lines it gets above it.
    pub trace: Trace,
    /// Where it is remembered.
    pub place: Place,
    /// How long each wait for the server may take.
    pub timeout: Duration,
    /// How long the whole visit may take.
    pub deadline: Option<Duration>,
    /// How long it may fail in passing before that is said, and how often.
    pub complain_after: Duration,
    /// How often to connect again after a drop.
    pub retry: u32,
    /// How much may be asked for ahead.
    pub pipeline: Pipeline,
    /// From where envelopes are known.
    pub envelopes: Envelopes,
    /// What runs before and after a fetch.
    pub hooks: Hooks,
}

impl Account {
    /// What it is of: two accounts with the same must not be visited at once.
    pub fn maildrop(&self) -> String {
        let user = &self.login.user;
        let server = self.routes.first().map(|first| {
            let host = first.host.to_ascii_lowercase();
            format!("{host}:{}", first.port)
        });
        format!("{user}@{}", server.unwrap_or_default())
    }

    /// Whose memory is its own.
    pub fn identity(&self) -> Identity {
        let first = self.routes.first();
        Identity {
            name: self.name.clone(),
            user: self.login.user.clone(),
            server: first.map_or(String::new(), |first| first.host.to_ascii_lowercase()),
        }
    }

    /// The server by which people know it: the first one, as they wrote it.
    pub fn server(&self) -> &str {
        self.routes.first().map_or("", |first| &first.written)
    }

    /// Where what is under way is kept aside when it is large.
    pub fn spool(&self) -> PathBuf {
        let name = format!("{}.spool", self.name);
        self.place.directory.join(name)
    }
}
