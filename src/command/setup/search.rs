//! The search for the server: what is known, what the domain says, what can be guessed. Each step is
//! told in a line, and the first that leads to a server is the last.

use super::desk::Desk;
use super::found::{whole_or_local, Found};
use super::proof::Look;
use super::wishes::whole_path;
use crate::config::{self, Book};
use crate::discover::providers::Provider;
use crate::discover::records::{self, Said, SERVICES};
use crate::discover::{autoconfig, Address, Offer, PORTS};
use crate::error::{Error, Result};
use crate::net::web::{self, Web};
use crate::net::{Outset, Patience, Proof, TlsMode, Via};
use std::time::Duration;

/// How long a name server may take, and each wait for a web server.
const NAMES: Duration = Duration::from_secs(2);
const WEB: Duration = Duration::from_secs(5);

/// Finds the server.
pub fn run(address: &Address, book: &Book, desk: &Desk) -> Result<Found> {
    let search = Search {
        address,
        desk,
        via: via(desk)?,
        proof: proof(desk)?,
        usual_tls: book.usual_tls(),
    };
    let mut found = match &desk.wanted.server {
        Some(server) => search.named(server)?,
        None => search.found()?,
    };
    if let Some(user) = &desk.wanted.user {
        found.users = vec![user.clone()];
    }
    Ok(found)
}

/// How the network is reached.
fn via(desk: &Desk) -> Result<Via> {
    let Some(url) = &desk.wanted.proxy else {
        return Ok(Via::Direct(Outset::default()));
    };
    let wrong = |what: String| Error::Usage(format!("--proxy: {what}"));
    if url.contains('@') {
        let what = "a password does not belong on the command line; add it to the file by hand";
        return Err(wrong(what.into()));
    }
    config::proxy(url).map(Via::Proxy).map_err(wrong)
}

/// By what a server that is found has to prove itself.
fn proof(desk: &Desk) -> Result<Proof> {
    let Some(file) = &desk.wanted.tls_ca_file else {
        return Ok(Proof::Chain(None));
    };
    let wrong = |what| Error::Usage(format!("--tls-ca-file: {what}"));
    let path = config::expanded(&whole_path(file)?).map_err(wrong)?;
    match path.is_file() {
        true => Ok(Proof::Chain(Some(path))),
        false => Err(wrong(format!("there is no file {}", path.display()))),
    }
}

struct Search<'s> {
    address: &'s Address,
    desk: &'s Desk<'s>,
    via: Via,
    proof: Proof,
    /// How TLS is used, where the file says it for every account.
    usual_tls: Option<TlsMode>,
}

impl Search<'_> {
    /// The server that was named.
    fn named(&self, written: &str) -> Result<Found> {
        let (server, host) = config::server(written)?;
        if let Some(provider) = Provider::at(&host) {
            self.note(provider);
        }
        let tls = self.desk.wanted.tls.map(TlsMode::from);
        let known =
            Provider::at(&host).map(|provider| Found::known(provider, written, self.address));
        let usual = match server.port {
            Some(port) if port == PORTS.1 => TlsMode::StartTls,
            Some(port) if port == PORTS.0 => TlsMode::Implicit,
            _ if known.is_some() => TlsMode::Implicit,
            _ => self.usual_tls.unwrap_or(TlsMode::Implicit),
        };
        let known = known.unwrap_or_else(|| Found {
            server: written.into(),
            tls: None,
            users: whole_or_local(self.address),
            password: Some("password"),
            tokens: true,
            oauth: None,
            keys: Vec::new(),
        });
        Ok(Found {
            tls: tls.or(Some(usual).filter(|_| server.tls.is_none())),
            users: server.user.map_or(known.users, |user| vec![user]),
            ..known
        })
    }

    fn found(&self) -> Result<Found> {
        let domain = &self.address.domain;
        if let Some(provider) = Provider::of(domain) {
            self.desk
                .tell(&format!("{domain} belongs to {}", provider.name));
            return self.known(provider);
        }
        if let Some(found) = self.in_dns()? {
            return Ok(found);
        }
        if let Some(found) = self.on_pages()? {
            return Ok(found);
        }
        match self.behind_exchange()? {
            Some(found) => Ok(found),
            None => self.guessed(),
        }
    }

    /// The server of a provider that is known, with what one has to know.
    fn known(&self, provider: &'static Provider) -> Result<Found> {
        let Some(server) = provider.server else {
            return Err(Error::NoPop {
                provider: provider.name,
                instead: provider.notes.first().unwrap_or(&""),
            });
        };
        self.desk
            .tell(&format!("its server is {server}:{}", PORTS.0));
        self.note(provider);
        Ok(Found::known(provider, server, self.address))
    }

    fn note(&self, provider: &Provider) {
        for note in provider.notes {
            self.desk.tell(&format!("{}: {note}", provider.name));
        }
    }

    /// What DNS says of the services, as long as it says anything.
    fn in_dns(&self) -> Result<Option<Found>> {
        if !matches!(self.via, Via::Direct(_)) {
            let what = "DNS: nothing is asked, since it cannot be asked through the proxy";
            self.desk.tell(what);
            return Ok(None);
        }
        for service in SERVICES {
            let what = format!("DNS: {}.{}", service.0, self.address.domain);
            let said = records::servers(self.address, service, &self.patience(NAMES));
            let Some(said) = self.gone_on(&what, said)? else {
                break;
            };
            let found = self.of_service(&what, said)?;
            if found.is_some() {
                return Ok(found);
            }
        }
        Ok(None)
    }

    /// What DNS says of a service. It is not signed: a server elsewhere may be anybody's.
    fn of_service(&self, what: &str, said: Said) -> Result<Option<Found>> {
        let offers = match said {
            Said::Nothing => {
                self.desk.tell(&format!("{what}: there is none"));
                return Ok(None);
            }
            Said::Denied => {
                self.desk
                    .tell(&format!("{what}: the domain says that it has none"));
                return Ok(None);
            }
            Said::Here(offers) => offers,
        };
        let mut wanted = Vec::new();
        for offer in offers {
            self.desk.tell(&format!("{what}: {}", offer.told()));
            if self.address.covers(&offer.host) || self.trusts(&offer)? {
                wanted.push(offer);
            }
        }
        self.first_proven(&wanted)
    }

    /// Whether a server of another domain is the right one, which only a person can know.
    fn trusts(&self, offer: &Offer) -> Result<bool> {
        let (host, domain) = (&offer.host, &self.address.domain);
        self.desk.tell(&format!(
            "{host} is not in {domain}, and DNS is not signed: whoever answers in its place could name it"
        ));
        let option = format!("--server {host} or --yes");
        self.desk
            .agreed(&format!("Is {host} the right server?"), &option)
    }

    /// What the domain says over HTTPS, if we can ask.
    fn on_pages(&self) -> Result<Option<Found>> {
        if !web::BUILT_IN {
            self.desk.tell(&Error::NoWeb.to_string());
            return Ok(None);
        }
        for url in autoconfig::places(self.address) {
            let found = self.on_page(&url)?;
            if found.is_some() {
                return Ok(found);
            }
        }
        Ok(None)
    }

    /// What the domain says on a page, which is proven by its certificate.
    fn on_page(&self, url: &str) -> Result<Option<Found>> {
        let what = url.split('?').next().unwrap_or_default();
        let web = Web {
            via: self.via.clone(),
            ..Web::new(self.patience(WEB))
        };
        let Some(page) = self.gone_on(what, web.get(url))? else {
            return Ok(None);
        };
        if page.status != 200 {
            self.desk
                .tell(&format!("{what}: there is none (status {})", page.status));
            return Ok(None);
        }
        let offers = match autoconfig::read(&page.body, self.address) {
            Err(why) => {
                self.desk.tell(&format!("{what}: {why}"));
                return Ok(None);
            }
            Ok(offers) => offers,
        };
        if offers.is_empty() {
            self.desk
                .tell(&format!("{what}: it names no POP server with TLS"));
        }
        for offer in &offers {
            self.desk.tell(&format!("{what}: {}", offer.told()));
        }
        self.first_proven(&offers)
    }

    /// The provider that takes the mail of the domain, if it is one of those known.
    fn behind_exchange(&self) -> Result<Option<Found>> {
        if !matches!(self.via, Via::Direct(_)) {
            return Ok(None);
        }
        let what = format!("DNS: who takes the mail of {}", self.address.domain);
        let asked = records::provider(self.address, &self.patience(NAMES));
        match self.gone_on(&what, asked)? {
            None => Ok(None),
            Some(None) => {
                self.desk.tell(&format!("{what}: nobody that popget knows"));
                Ok(None)
            }
            Some(Some((provider, host))) => {
                self.desk
                    .tell(&format!("{what}: {host}, which is {}", provider.name));
                self.known(provider).map(Some)
            }
        }
    }

    /// The first guess that shows a certificate for its name.
    fn guessed(&self) -> Result<Found> {
        self.desk.tell(&format!(
            "guessing: pop, pop3 and mail.{0}, and {0}",
            self.address.domain
        ));
        let guesses = self.address.guesses();
        for few in guesses.chunks(guesses.len() / 2) {
            let looked = self.look().at(few)?;
            for (offer, why) in few.iter().zip(looked) {
                match why {
                    None => {
                        self.desk
                            .tell(&format!("{}: it proves its name", offer.told()));
                        return Ok(Found::told(offer, self.address));
                    }
                    Some(why) => self.desk.tell(&format!("{}: {why}", offer.told())),
                }
            }
        }
        Err(Error::NoServer(self.address.domain.clone()))
    }

    /// The first of several servers that is there and shows a certificate for its name.
    fn first_proven(&self, offers: &[Offer]) -> Result<Option<Found>> {
        for offer in offers {
            let one = std::slice::from_ref(offer);
            match self.look().at(one)?.pop().flatten() {
                None => return Ok(Some(Found::told(offer, self.address))),
                Some(why) => self.desk.tell(&format!("{}: {why}", offer.told())),
            }
        }
        Ok(None)
    }

    fn look(&self) -> Look<'_> {
        Look {
            via: &self.via,
            proof: &self.proof,
            stop: self.desk.stop,
        }
    }

    /// What was asked for; where it failed, that is told, and the search goes on.
    fn gone_on<T>(&self, what: &str, asked: Result<T>) -> Result<Option<T>> {
        match asked {
            Ok(said) => Ok(Some(said)),
            Err(Error::Interrupted) => Err(Error::Interrupted),
            Err(error) => {
                self.desk.tell(&format!("{what}: {error}"));
                Ok(None)
            }
        }
    }

    fn patience(&self, timeout: Duration) -> Patience {
        Patience {
            timeout,
            deadline: None,
            stop: self.desk.stop.clone(),
        }
    }
}
