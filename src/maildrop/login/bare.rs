//! The login of a protocol that knows nothing but to say the password, POP1 and POP2 among them.

use super::{choice, Login, Offer};
use crate::error::{Error, Result};
use crate::maildrop::syntax::Capabilities;
use crate::maildrop::talk::Talk;
use crate::net::Route;
use crate::sasl::User;
use crate::secret::Credential;

/// The user with the password, if it may be said over this line: the same gate stands before it as
/// before a login by USER and PASS.
pub fn bare_user<'a>(
    talk: &mut Talk,
    login: &'a Login,
    credential: &'a Credential,
    route: &Route,
) -> Result<User<'a>> {
    let offer = Offer {
        route,
        capabilities: &Capabilities::default(),
        timestamp: None,
        security: talk.0.security(),
        binding: None,
        ticket: false,
    };
    choice::candidates(&login.methods, credential, &offer)?;
    match credential {
        Credential::Password(secret) => {
            talk.0.hide(secret.expose());
            let name = &login.user;
            Ok(User { name, secret })
        }
        Credential::Token(_) | Credential::Nothing => {
            Err(Error::Bug("a secret went where it does not belong".into()))
        }
    }
}
