//! Which way to log in. Pure; and the one gate in front of every secret: nothing that shows it goes
//! over a line that is not proven safe, unless the user named that very way.

use super::{Login, Offer};
use crate::error::{Error, Result};
use crate::maildrop::syntax::Capabilities;
use crate::net::{Binding, Security};
use crate::sasl::{Channel, Method, Methods, Shows};
use crate::secret::Credential;

/// Whether the login may come to be tied to the TLS connection, as far as the server says.
pub fn may_bind(login: &Login, credential: &Credential, offered: &Capabilities) -> bool {
    let methods = match &login.methods {
        Methods::Auto => &Method::ORDER[..],
        Methods::Named(named) => named,
    };
    let offers = |method: &Method| method.mechanism().is_some_and(|name| offered.offers(&name));
    let mut bound = methods.iter().filter(|method| method.is_bound());
    bound.any(|method| method.fits(credential) && offers(method))
}

/// The methods to try, best first; never none.
pub fn candidates(
    methods: &Methods,
    credential: &Credential,
    offer: &Offer,
) -> Result<Vec<Method>> {
    match methods {
        Methods::Auto => unnamed(credential, offer),
        Methods::Named(named) => {
            let fitting = named.iter().filter(|method| method.fits(credential));
            let usable: Vec<_> = fitting.copied().filter(|m| offer.may_take(*m)).collect();
            let (bound, usable): (Vec<_>, Vec<_>) = usable
                .into_iter()
                .partition(|method| method.is_bound() && offer.binding.is_none());
            match (usable.is_empty(), bound.is_empty()) {
                (false, _) => Ok(usable),
                (true, false) => Err(Error::NoBinding),
                (true, true) => {
                    let names: Vec<_> = named.iter().map(|method| method.name()).collect();
                    Err(Error::NoMechanism(names.join(", ")))
                }
            }
        }
    }
}

/// Those that need not be named.
fn unnamed(credential: &Credential, offer: &Offer) -> Result<Vec<Method>> {
    let ours = Method::ORDER
        .iter()
        .filter(|method| method.fits(credential));
    let all: Vec<_> = ours.copied().filter(|m| offer.takes(*m)).collect();
    let harmless = |method: &&Method| offer.is_safe() || method.shows() == Shows::Little;
    let safe: Vec<_> = all.iter().filter(harmless).copied().collect();
    match (safe.is_empty(), all.is_empty()) {
        (false, _) => Ok(safe),
        (true, false) => Err(Error::WouldReveal),
        (true, true) => Err(Error::NoWay(match credential {
            Credential::Password(_) => "a password",
            Credential::Token(_) => "an access token",
            Credential::Nothing => "neither password nor token",
        })),
    }
}

/// A method that ended before anything made from the secret was said, most often refused.
pub struct Refusal {
    /// The method.
    pub method: Method,
    /// Whether it said in a response code why.
    pub coded: bool,
    /// What to tell if there is no other method.
    pub error: Error,
}

impl Refusal {
    /// One that ended on our side.
    pub fn silent(method: Method, error: Error) -> Self {
        Self {
            method,
            coded: false,
            error,
        }
    }

    /// Whether another method may follow. Where anybody may be listening, or be the server, none
    /// that shows more: to refuse is all that an attacker would have to do to see it.
    pub fn allows(&self, next: Method, offer: &Offer) -> bool {
        match self.method {
            // No proof was given yet, and some servers offer what they cannot do with our kind of
            // data. Cyrus marks such a refusal as one of the credentials.
            Method::ScramPlus(_) => match next {
                Method::Scram(_) => offer.is_safe(),
                _ => offer.is_safe() && !self.coded && !next.is_bound(),
            },
            _ => offer.is_safe() || next.shows() <= self.method.shows(),
        }
    }
}

impl Offer<'_> {
    /// What a SCRAM says about the TLS connection. It says that the server cannot bind only where
    /// that can be known: a server that can would have to refuse.
    pub fn channel(&self, method: Method) -> Channel<'_> {
        let binds = |name: &Vec<u8>| name.starts_with(b"SCRAM-") && name.ends_with(b"-PLUS");
        match &self.binding {
            Some(Binding { kind, data }) if method.is_bound() => Channel::Bound { kind, data },
            Some(_) if self.lists() && !self.capabilities.sasl.iter().any(binds) => {
                Channel::Bindable
            }
            _ => Channel::Unbound,
        }
    }

    /// Whether what is sent is read by nobody but the server, which proved itself.
    pub fn is_safe(&self) -> bool {
        self.security == Security::Verified
    }

    /// Whether the server told its mechanisms.
    fn lists(&self) -> bool {
        !self.capabilities.sasl.is_empty()
    }

    /// Whether the server takes a method that was not named.
    fn takes(&self, method: Method) -> bool {
        match method {
            Method::ScramPlus(_) => self.lists() && self.may_take(method) && self.binding.is_some(),
            Method::External => {
                self.lists() && self.may_take(method) && self.route.trust.client.is_some()
            }
            Method::Gssapi => self.lists() && self.may_take(method) && self.ticket,
            Method::UserPass | Method::Apop => self.may_take(method),
            _ => self.lists() && self.may_take(method),
        }
    }

    /// Whether the server may take a method: one that lists no mechanisms may still know one that
    /// the user named.
    fn may_take(&self, method: Method) -> bool {
        match method.mechanism() {
            Some(name) => !self.lists() || self.capabilities.offers(&name),
            None => method == Method::UserPass || self.timestamp.is_some(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::maildrop::syntax::Capabilities;
    use crate::net::{
        ClientCertificate, Engine, Outset, Proof, Route, TlsMode, Trust, Version, Via, Welcome,
    };
    use crate::sasl::Hash;
    use crate::secret::Secret;

    /// What a server offers that lists these mechanisms, seen over such a line.
    fn with_offer<T>(sasl: &str, security: Security, look: impl Fn(&mut Offer) -> T) -> T {
        with_route(&route(None), sasl, security, look)
    }

    fn with_route<T>(
        route: &Route,
        sasl: &str,
        security: Security,
        look: impl Fn(&mut Offer) -> T,
    ) -> T {
        let mut capabilities = Capabilities::default();
        capabilities.take(format!("SASL {sasl}").as_bytes());
        let binding = Binding {
            kind: "tls-server-end-point",
            data: vec![1],
        };
        look(&mut Offer {
            route,
            capabilities: &capabilities,
            timestamp: Some(b"<a@b>"),
            security,
            binding: (security != Security::Clear).then_some(binding),
            ticket: false,
        })
    }

    fn route(client: Option<ClientCertificate>) -> Route {
        Route {
            host: "pop.example.org".into(),
            written: "pop.example.org".into(),
            via: Via::Direct(Outset::default()),
            welcome: Welcome::Anyone,
            port: 995,
            tls: TlsMode::Implicit,
            trust: Trust {
                name: "pop.example.org".into(),
                proof: Proof::Chain(None),
                least: Version::Tls12,
                client,
                engine: Engine::Native,
            },
        }
    }

    fn password() -> Credential {
        Credential::Password(Secret::new(b"pw".to_vec()))
    }

    fn token() -> Credential {
        Credential::Token(Secret::new(b"tok".to_vec()))
    }

    fn names(methods: &[Method]) -> Vec<&'static str> {
        methods.iter().map(|method| method.name()).collect()
    }

    const ALL: &str = "PLAIN LOGIN CRAM-MD5 DIGEST-MD5 SCRAM-SHA-1 SCRAM-SHA-256 \
                       SCRAM-SHA-1-PLUS SCRAM-SHA-256-PLUS EXTERNAL ANONYMOUS OAUTHBEARER XOAUTH2";

    /// What is tried unasked, with a password.
    fn unasked(sasl: &str, security: Security) -> Result<Vec<&'static str>> {
        with_offer(sasl, security, |offer| {
            candidates(&Methods::Auto, &password(), offer).map(|all| names(&all))
        })
    }

    #[test]
    fn the_strongest_comes_first_and_the_historic_never() {
        assert_eq!(
            unasked(ALL, Security::Verified).unwrap(),
            [
                "scram-sha-256-plus",
                "scram-sha-256",
                "scram-sha-1-plus",
                "scram-sha-1",
                "plain",
                "login",
                "user-pass",
                "cram-md5",
                "apop"
            ]
        );
        let few = unasked("LOGIN PLAIN", Security::Verified).unwrap();
        assert_eq!(few, ["plain", "login", "user-pass", "apop"]);
        assert_eq!(
            unasked("", Security::Verified).unwrap(),
            ["user-pass", "apop"]
        );
    }

    #[test]
    fn the_password_is_never_shown_unasked() {
        for security in [Security::Clear, Security::Unverified] {
            let weak = "PLAIN LOGIN CRAM-MD5 DIGEST-MD5 OAUTHBEARER XOAUTH2";
            assert!(matches!(unasked(weak, security), Err(Error::WouldReveal)));
        }
        let bound = [
            "scram-sha-256-plus",
            "scram-sha-256",
            "scram-sha-1-plus",
            "scram-sha-1",
        ];
        assert_eq!(unasked(ALL, Security::Unverified).unwrap(), bound);
        let unbound = ["scram-sha-256", "scram-sha-1"];
        assert_eq!(unasked(ALL, Security::Clear).unwrap(), unbound);
        with_offer("LOGIN PLAIN", Security::Clear, |offer| {
            let named = Methods::Named(vec![Method::UserPass]);
            let chosen = candidates(&named, &password(), offer).unwrap();
            assert_eq!(chosen, [Method::UserPass]);
        });
    }

    #[test]
    fn a_token_goes_where_tokens_go_and_a_password_does_not() {
        with_offer(ALL, Security::Verified, |offer| {
            let chosen = candidates(&Methods::Auto, &token(), offer).unwrap();
            assert_eq!(names(&chosen), ["oauthbearer", "xoauth2"]);
            let named = Methods::Named(vec![Method::XOAuth2, Method::Plain, Method::UserPass]);
            let chosen = candidates(&named, &token(), offer).unwrap();
            assert_eq!(names(&chosen), ["xoauth2"]);
            let chosen = candidates(&named, &password(), offer).unwrap();
            assert_eq!(names(&chosen), ["plain", "user-pass"]);
        });
        with_offer(ALL, Security::Unverified, |offer| {
            let chosen = candidates(&Methods::Auto, &token(), offer);
            assert!(matches!(chosen, Err(Error::WouldReveal)));
        });
        with_offer("PLAIN LOGIN", Security::Verified, |offer| {
            let chosen = candidates(&Methods::Auto, &token(), offer);
            assert!(matches!(chosen, Err(Error::NoWay("an access token"))));
        });
    }

    #[test]
    fn a_certificate_comes_before_all_and_nothing_needs_nothing() {
        with_offer(ALL, Security::Verified, |offer| {
            let chosen = candidates(&Methods::Auto, &Credential::Nothing, offer);
            assert!(matches!(chosen, Err(Error::NoWay(_))));
            let named = Methods::Named(vec![Method::Plain, Method::Anonymous]);
            let chosen = candidates(&named, &Credential::Nothing, offer).unwrap();
            assert_eq!(names(&chosen), ["anonymous"]);
        });
        let client = ClientCertificate {
            certificate: "client.pem".into(),
            key: "client.pem".into(),
        };
        with_route(&route(Some(client)), ALL, Security::Verified, |offer| {
            for credential in [password(), token(), Credential::Nothing] {
                let chosen = candidates(&Methods::Auto, &credential, offer).unwrap();
                assert_eq!(chosen[0], Method::External);
            }
        });
    }

    #[test]
    fn what_is_named_must_be_offered_unless_nothing_is() {
        let choose = |sasl, security, named: Method| {
            with_offer(sasl, security, |offer| {
                candidates(&Methods::Named(vec![named]), &password(), offer)
            })
        };
        let lacking = choose("LOGIN", Security::Verified, Method::Plain);
        assert!(matches!(lacking, Err(Error::NoMechanism(names)) if names == "plain"));
        assert!(choose("", Security::Verified, Method::Plain).is_ok());
        assert!(choose("", Security::Verified, Method::DigestMd5).is_ok());
        let bound = Method::ScramPlus(Hash::Sha256);
        assert!(choose("", Security::Verified, bound).is_ok());
        for sasl in ["", "SCRAM-SHA-256-PLUS"] {
            let unbound = choose(sasl, Security::Clear, bound);
            assert!(matches!(unbound, Err(Error::NoBinding)));
        }
    }

    #[test]
    fn what_scram_says_of_the_channel_follows_the_table() {
        let (plain, plus) = (Method::Scram(Hash::Sha256), Method::ScramPlus(Hash::Sha256));
        let said = |sasl: &str, security, method, binding: bool| {
            with_offer(sasl, security, |offer| {
                if !binding {
                    offer.binding = None;
                }
                match offer.channel(method) {
                    Channel::Unbound => 'n',
                    Channel::Bindable => 'y',
                    Channel::Bound { .. } => 'p',
                }
            })
        };
        for security in [Security::Verified, Security::Unverified] {
            let both = "SCRAM-SHA-256 SCRAM-SHA-256-PLUS";
            assert_eq!(said(both, security, plus, true), 'p');
            assert_eq!(
                said(both, security, plain, true),
                'n',
                "after a refusal, or named"
            );
            assert_eq!(said(both, security, plain, false), 'n');
            assert_eq!(said("SCRAM-SHA-256", security, plain, true), 'y');
            assert_eq!(said("SCRAM-SHA-256", security, plain, false), 'n');
            assert_eq!(said("", security, plain, true), 'n', "nobody knows");
            assert_eq!(
                said("SCRAM-SHA-256 SCRAM-SHA-1-PLUS", security, plain, true),
                'n'
            );
        }
        assert_eq!(said("SCRAM-SHA-256", Security::Clear, plain, false), 'n');
    }

    #[test]
    fn after_a_refusal_nothing_follows_that_shows_more() {
        let (plain, plus) = (Method::Scram(Hash::Sha256), Method::ScramPlus(Hash::Sha256));
        let follows = |security, method, coded, next| {
            with_offer(ALL, security, |offer| {
                let error = Error::LoginRefused(Vec::new());
                let refusal = Refusal {
                    method,
                    coded,
                    error,
                };
                refusal.allows(next, offer)
            })
        };
        for security in [Security::Clear, Security::Unverified] {
            assert!(!follows(security, plain, false, Method::Plain));
            assert!(!follows(security, plain, false, Method::CramMd5));
            assert!(!follows(security, Method::CramMd5, false, Method::Login));
            assert!(follows(security, plain, false, Method::Scram(Hash::Sha1)));
            assert!(follows(security, Method::Plain, false, Method::UserPass));
            assert!(follows(security, Method::Plain, false, Method::CramMd5));
            assert!(
                !follows(security, plus, false, plain),
                "an attacker would want that"
            );
        }
        let safe = Security::Verified;
        assert!(follows(safe, plain, false, Method::Plain));
        assert!(follows(safe, plus, false, plain) && follows(safe, plus, true, plain));
        assert!(follows(safe, plus, false, Method::Plain));
        assert!(
            !follows(safe, plus, true, Method::Plain),
            "only what is as strong"
        );
        assert!(
            !follows(safe, plus, false, Method::ScramPlus(Hash::Sha1)),
            "once is enough"
        );
    }
}
