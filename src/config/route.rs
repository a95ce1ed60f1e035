//! How the servers are reached and who logs in: the keys of which a POP URL may stand in for some.

use super::destination::SDPS;
use super::file::Keys;
use super::kinds::Auth;
use super::resolve::Layers;
use super::server::{self, Server};
use crate::error::Result;
use crate::maildrop::{Envelopes, Login};
use crate::net::{Family, Outset, Route, TlsMode, Via, Welcome};
use crate::sasl::Methods;

impl Layers<'_> {
    /// The servers as they were written, in the order in which they are tried.
    pub(super) fn servers(&self) -> Result<Vec<Server>> {
        let written = self.pick(|keys| keys.server.clone());
        let written = written.ok_or_else(|| self.missing("server", "pop.example.org"))?;
        let read = |text: &String| server::read(text).map_err(|what| self.bad_server(what));
        written.iter().map(read).collect()
    }

    /// The routes to the servers.
    pub(super) fn routes(&self, servers: Vec<Server>) -> Result<Vec<Route>> {
        servers
            .into_iter()
            .map(|server| self.route(server))
            .collect()
    }

    fn route(&self, server: Server) -> Result<Route> {
        let tls = self.tls(&server)?;
        // A port beside the server wins over one that only stands in the defaults.
        let port = match (server.port, self.own.port) {
            (Some(one), Some(other)) if one != other => {
                let what = format!("server names port {one}; keep one of them");
                return Err(self.wrong("port", true, what));
            }
            (Some(port), _) => port,
            (None, _) => match self.pick(|keys| keys.port) {
                Some(port) => port,
                None => self.usual_port(tls)?,
            },
        };
        let host = server::ascii(&server.host).map_err(|what| self.bad_server(what))?;
        Ok(Route {
            trust: self.trust(&host, tls)?,
            via: self.via(&host, port)?,
            welcome: self.welcome(),
            host,
            written: server.host,
            port,
            tls,
        })
    }

    /// How TLS is used. A URL says it, unless the account itself says that there is none.
    fn tls(&self, server: &Server) -> Result<TlsMode> {
        match (server.tls, self.own.tls) {
            (Some(one), Some(other)) if one != other => match (one, other) {
                (TlsMode::StartTls, TlsMode::Off) => Ok(TlsMode::Off),
                _ => {
                    let what = "the URL of server says otherwise: pop: is starttls, pops: implicit";
                    Err(self.wrong("tls", true, what))
                }
            },
            (Some(tls), _) => Ok(tls),
            (None, _) => Ok(self.pick(|keys| keys.tls).unwrap_or(TlsMode::Implicit)),
        }
    }

    /// Who makes the connections. What an account says itself takes the place of the defaults.
    fn via(&self, host: &str, port: u16) -> Result<Via> {
        for (keys, own) in [(self.own, true), (self.base, false)] {
            let direct = [
                ("ip", keys.ip.is_some()),
                ("source_address", keys.source_address.is_some()),
            ];
            let direct = direct.iter().find(|(_, there)| *there).map(|(key, _)| *key);
            match (&keys.tunnel, &keys.proxy, direct) {
                (None, None, None) => {}
                (None, None, Some(_)) => return self.outset().map(Via::Direct),
                (Some(_), Some(_), _) => {
                    return Err(self.wrong(
                        "proxy",
                        own,
                        "there is tunnel already; keep one of them",
                    ));
                }
                (_, _, Some(key)) => {
                    let what = "it goes with neither tunnel nor proxy";
                    return Err(self.wrong(key, own, what));
                }
                (None, Some(proxy), None) => return Ok(Via::Proxy(proxy.clone())),
                (Some(tunnel), None, None) => {
                    let surroundings = vec![
                        ("POPGET_ACCOUNT", self.name.to_string()),
                        ("POPGET_HOST", host.to_string()),
                        ("POPGET_PORT", port.to_string()),
                    ];
                    return Ok(Via::Tunnel(tunnel.clone(), surroundings));
                }
            }
        }
        Ok(Via::Direct(Outset::default()))
    }

    fn outset(&self) -> Result<Outset> {
        let family = self.pick(|keys| keys.ip).unwrap_or_default();
        let source = self.pick(|keys| keys.source_address);
        let ours = source.map_or(family, Family::of);
        if family != Family::Any && family != ours {
            let own = self.own.source_address.is_some();
            return Err(self.wrong("source_address", own, "ip asks for the other family"));
        }
        Ok(Outset {
            family: ours,
            source,
        })
    }

    /// Who logs in, and how.
    pub(super) fn login(&self, servers: &[Server]) -> Result<Login> {
        let named = servers.iter().filter_map(|server| server.user.clone());
        let own = self.own.user.is_some();
        let key = self.pick(|keys| keys.user.clone());
        // A user in a URL wins over one that only stands in the defaults.
        let users: Vec<String> = match own {
            true => key.into_iter().chain(named).collect(),
            false => named.chain(key).collect(),
        };
        let urls = servers
            .iter()
            .filter(|server| server.user.is_some())
            .count();
        let host = servers.first().map_or("", |first| &first.host);
        let user = match users.first() {
            None => self.user_in_netrc(host)?,
            user => user.cloned(),
        };
        let user = user.ok_or_else(|| self.missing("user", "alice@example.org"))?;
        if users
            .iter()
            .take(urls + usize::from(own))
            .any(|other| *other != user)
        {
            let what = "server names another user; keep one of them";
            return Err(self.wrong("user", own, what));
        }
        if user.contains(['\r', '\n', '\0']) {
            return Err(self.wrong("user", own, "a user name holds no line end and no NUL"));
        }
        let methods = self.methods(servers)?;
        Ok(Login { user, methods })
    }

    fn methods(&self, servers: &[Server]) -> Result<Methods> {
        if self.welcome() == Welcome::Ticket {
            return self.by_ticket(servers);
        }
        let key = |auth: &Auth| match auth {
            Auth::Auto => Methods::Auto,
            Auth::Named(named) => Methods::Named(named.clone()),
        };
        let own = self.own.auth.as_ref().map(key);
        let mut named = servers.iter().filter_map(|server| server.methods.clone());
        match (own, named.next()) {
            (Some(own), Some(url)) if own != url => Err(self.wrong(
                "auth",
                true,
                "the URL of server says otherwise; keep one of them",
            )),
            (_, Some(url)) if named.any(|other| other != url) => {
                Err(self.bad_server("the URLs name different ways to log in".into()))
            }
            (_, Some(url)) => Ok(url),
            (Some(own), None) => Ok(own),
            (None, None) => Ok(self.base.auth.as_ref().map_or(Methods::Auto, key)),
        }
    }

    /// From where the envelopes of messages are known.
    pub(super) fn envelopes(&self) -> Envelopes {
        let sorted = |keys: &Keys| Some(keys.multidrop.as_ref()?.envelope == SDPS);
        match self.pick(|keys| keys.sdps.or_else(|| sorted(keys))) {
            Some(true) => Envelopes::Sdps,
            Some(false) | None => Envelopes::Heads,
        }
    }

    pub(super) fn bad_server(&self, what: String) -> crate::error::Error {
        self.wrong("server", self.own.server.is_some(), what)
    }
}
