//! Servers as people write them: `host`, `host:port`, `[v6]:port`, or a POP URL (RFC 2384), in which
//! `pop:` stands for STLS and `pops:` for TLS from the first byte.

use crate::net::web::unescaped;
use crate::net::{IpAddr, Proxy, TlsMode};
use crate::sasl::{Method, Methods};
use crate::secret::Secret;

/// What was written.
#[derive(Debug, PartialEq, Eq)]
pub struct Server {
    /// The host, as the user wrote it.
    pub host: String,
    /// Its port, if it was named.
    pub port: Option<u16>,
    /// How TLS is used, if a URL says so.
    pub tls: Option<TlsMode>,
    /// The user, if a URL names one.
    pub user: Option<String>,
    /// The ways to log in, if a URL names them.
    pub methods: Option<Methods>,
}

/// Reads what was written; tells what is wrong with it.
pub fn read(text: &str) -> Result<Server, String> {
    let scheme = |scheme: &str| {
        let (head, rest) = text.split_at_checked(scheme.len())?;
        head.eq_ignore_ascii_case(scheme).then_some(rest)
    };
    match (scheme("pop://"), scheme("pops://")) {
        (Some(rest), _) => url(rest, TlsMode::StartTls),
        (_, Some(rest)) => url(rest, TlsMode::Implicit),
        (None, None) if text.contains("://") => {
            Err("a URL of a server begins with pop:// or pops://".into())
        }
        (None, None) => {
            let (host, port) = host_and_port(text)?;
            Ok(Server {
                host,
                port,
                tls: None,
                user: None,
                methods: None,
            })
        }
    }
}

/// `[user[;AUTH=mechanism]@]host[:port]`.
fn url(rest: &str, tls: TlsMode) -> Result<Server, String> {
    if rest.contains(['/', '?', '#']) {
        return Err("a POP URL ends with host and port; percent-encode other characters".into());
    }
    let (who, place) = match rest.split_once('@') {
        Some((who, place)) => (Some(who), place),
        None => (None, rest),
    };
    let (host, port) = host_and_port(place)?;
    let (mut user, mut methods) = (None, None);
    if let Some(who) = who {
        if who.contains(':') {
            return Err("a password does not belong into a URL; use password_command".into());
        }
        let (name, auth) = match who.split_once(';') {
            Some((name, auth)) => (name, Some(auth)),
            None => (who, None),
        };
        let name = unescaped(name).filter(|name| !name.is_empty());
        user = Some(name.ok_or("the user in the URL is empty or not percent-encoded rightly")?);
        methods = auth.map(mechanism).transpose()?;
    }
    Ok(Server {
        host,
        port,
        tls: Some(tls),
        user,
        methods,
    })
}

/// `AUTH=` with the name of a mechanism, `+APOP`, or `*`.
fn mechanism(auth: &str) -> Result<Methods, String> {
    let unknown = || "what follows ; in the URL is not AUTH= with a mechanism".to_string();
    let (key, value) = auth.split_once('=').ok_or_else(unknown)?;
    let name = unescaped(value).filter(|_| key.eq_ignore_ascii_case("AUTH"));
    let name = name.ok_or_else(unknown)?.to_ascii_uppercase();
    match name.as_str() {
        "*" => Ok(Methods::Auto),
        "+APOP" => Ok(Methods::Named(vec![Method::Apop])),
        name => {
            let mut all = Method::ALL.iter().map(|(_, method)| *method);
            let known = all.find(|method| method.mechanism().as_deref() == Some(name));
            Ok(Methods::Named(vec![known.ok_or_else(unknown)?]))
        }
    }
}

/// `socks5://[user:password@]host[:port]`. What is said of it holds none of it.
pub fn proxy(text: &str) -> Result<Proxy, String> {
    let rest = text.strip_prefix("socks5://");
    let rest = rest.ok_or("write socks5://host:port")?;
    let rest = rest.strip_suffix('/').unwrap_or(rest);
    let (who, place) = match rest.rsplit_once('@') {
        Some((who, place)) => (Some(who), place),
        None => (None, rest),
    };
    let (host, port) = host_and_port(place).map_err(|what| format!("after socks5://, {what}"))?;
    let login = who.map(|who| {
        let (user, password) = who.split_once(':')?;
        let password = Secret::new(unescaped(password)?.into_bytes());
        let user = unescaped(user)?;
        (!user.is_empty() && !password.expose().is_empty()).then_some((user, password))
    });
    let login = match login {
        Some(None) => return Err("before the @ stands user:password".into()),
        login => login.flatten(),
    };
    Ok(Proxy {
        host: ascii(&host)?,
        port: port.unwrap_or(1080),
        login,
    })
}

/// `host`, `host:port`, `[v6]` or `[v6]:port`.
pub fn host_and_port(server: &str) -> Result<(String, Option<u16>), String> {
    let port = |text: &str| match text.parse() {
        Ok(0) | Err(_) => Err("what follows the colon is not a port (1 to 65535)"),
        Ok(port) => Ok(Some(port)),
    };
    let (host, port) = match server.strip_prefix('[') {
        Some(rest) => match rest.split_once(']') {
            Some((host, "")) => (host, None),
            Some((host, after)) => (host, port(after.strip_prefix(':').unwrap_or(""))?),
            None => return Err("[ is not closed by ]".into()),
        },
        None => match server.split_once(':') {
            Some((_, after)) if after.contains(':') => {
                return Err("write an IPv6 address in brackets: [2001:db8::1]".into());
            }
            Some((host, after)) => (host, port(after)?),
            None => (server, None),
        },
    };
    let bracketed = server.starts_with('[');
    let harmless = |c: char| !c.is_ascii() || (c.is_ascii_graphic() && !"/@\\\"'".contains(c));
    match host {
        "" => Err("the host name is empty".into()),
        host if bracketed && host.parse::<IpAddr>().is_err() => {
            Err("what stands in brackets is not an address".into())
        }
        host if !host.chars().all(harmless) => Err("this is not a host name".into()),
        host => Ok((host.into(), port)),
    }
}

/// The name by which the name service and certificates know a host (RFC 5891).
#[cfg(feature = "idn")]
pub fn ascii(host: &str) -> Result<String, String> {
    match host.is_ascii() {
        true => Ok(host.into()),
        false => idna::domain_to_ascii_strict(host)
            .map_err(|_| "this is not a host name, not even an internationalised one".into()),
    }
}

/// The name by which the name service and certificates know a host.
#[cfg(not(feature = "idn"))]
pub fn ascii(host: &str) -> Result<String, String> {
    match host.is_ascii() {
        true => Ok(host.into()),
        false => Err("write the host name in ASCII (xn--...)".into()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn servers_may_name_a_port() {
        let good = |text, host: &str, port| {
            let server = read(text).unwrap();
            assert_eq!((server.host.as_str(), server.port), (host, port));
            assert_eq!(server.tls, None);
        };
        good("pop.example.org", "pop.example.org", None);
        good("pop.example.org:1995", "pop.example.org", Some(1995));
        good("[2001:db8::1]", "2001:db8::1", None);
        good("[::1]:995", "::1", Some(995));
        for bad in [
            "",
            ":995",
            "h:0",
            "h:x",
            "h:70000",
            "2001:db8::1",
            "[::1",
            "[::1]995x",
            "[h]",
            "a b",
            "a/b",
            "pop:h",
            "imap://h",
        ] {
            assert!(read(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn urls_follow_the_vectors() {
        let url = |text: &str| {
            let Server {
                host,
                port,
                tls,
                user,
                methods,
            } = read(text).unwrap();
            (host, port, tls.unwrap(), user.unwrap_or_default(), methods)
        };
        let named = |method| Some(Methods::Named(vec![method]));
        assert_eq!(
            url("pop://ann@mail.example"),
            (
                "mail.example".into(),
                None,
                TlsMode::StartTls,
                "ann".into(),
                None
            )
        );
        let scram = named(Method::Scram(crate::sasl::Hash::Sha256));
        assert_eq!(
            url("POP://ann%40example.net;AUTH=SCRAM-SHA-256@mail.example:8110"),
            (
                "mail.example".into(),
                Some(8110),
                TlsMode::StartTls,
                "ann@example.net".into(),
                scram
            )
        );
        assert_eq!(url("pop://ann;auth=+APOP@h").4, named(Method::Apop));
        assert_eq!(url("pop://ann;AUTH=*@h").4, Some(Methods::Auto));
        assert_eq!(
            url("pops://[2001:db8::1]"),
            (
                "2001:db8::1".into(),
                None,
                TlsMode::Implicit,
                String::new(),
                None
            )
        );
        for bad in [
            "pop://ann:pw@h",
            "pop://h/path",
            "pop://",
            "pop://a@b@c",
            "pop://@h",
            "pop://a%4@h",
            "pop://a;AUTH=NONSENSE@h",
            "pop://a;x@h",
            "pop://h?x",
            "pop://h#x",
        ] {
            assert!(read(bad).is_err(), "{bad}");
        }
    }

    #[cfg(feature = "idn")]
    #[test]
    fn names_in_other_scripts_have_one_in_ascii() {
        assert_eq!(
            ascii("pop.b\u{fc}cher.example").unwrap(),
            "pop.xn--bcher-kva.example"
        );
        assert_eq!(ascii("Pop.example").unwrap(), "Pop.example");
        assert!(ascii("b\u{fc} cher").is_err());
    }
}
