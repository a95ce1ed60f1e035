//! What a domain says of itself over HTTPS, in the XML that Thunderbird made known: the servers with
//! their ports and users. Pure: the text is fetched by others. It is read strictly; entities that it
//! declares itself are never expanded.

use super::{Address, Offer};
use crate::net::{is_host, web, TlsMode};
use quick_xml::escape::resolve_predefined_entity;
use quick_xml::events::{BytesRef, BytesStart, Event};
use quick_xml::Reader;

/// More octets than any such text has.
const LIMIT: usize = 64 * 1024;
/// Deeper than the elements of any such text lie within each other.
const DEEPEST: usize = 32;
/// The way to a server.
const SERVER: [&str; 3] = ["clientConfig", "emailProvider", "incomingServer"];
/// More servers than anybody tries.
const OFFERS: usize = 8;
/// The longest pause between logins that is believed: a day.
const MINUTES: u16 = 24 * 60;

/// Where the text may be.
pub fn places(address: &Address) -> [String; 2] {
    let domain = &address.domain;
    let query = web::form(&[("emailaddress", &address.whole())]);
    [
        format!(
            "https://autoconfig.{domain}/mail/config-v1.1.xml?{}",
            query.as_str()
        ),
        format!("https://{domain}/.well-known/autoconfig/mail/config-v1.1.xml"),
    ]
}

/// The POP servers that the text names, those with TLS from the first byte first; those without TLS
/// are left out. Tells what is wrong with a text that is none.
pub fn read(text: &[u8], address: &Address) -> Result<Vec<Offer>, String> {
    if text.len() > LIMIT {
        return Err("it is longer than 64 KiB".into());
    }
    let text = std::str::from_utf8(text).map_err(|_| "it is not UTF-8")?;
    let mut walk = Walk::default();
    let mut reader = Reader::from_str(text);
    reader.config_mut().expand_empty_elements = true;
    loop {
        let event = reader.read_event();
        match event.map_err(|error| format!("it is no XML: {error}"))? {
            Event::Eof => break,
            event => walk.take(event)?,
        }
    }
    if !walk.path.is_empty() || walk.root.as_deref() != Some(SERVER[0]) {
        return Err(format!("it is no whole XML of this kind ({})", SERVER[0]));
    }
    let offers = walk
        .servers
        .into_iter()
        .filter_map(|server| server.offer(address));
    let mut offers: Vec<Offer> = offers.take(OFFERS).collect();
    offers.sort_by_key(|offer| offer.tls != TlsMode::Implicit);
    Ok(offers)
}

/// A walk through the text.
#[derive(Default)]
struct Walk {
    /// The element that all others are in.
    root: Option<String>,
    /// The elements that we are in.
    path: Vec<String>,
    /// What was read in the innermost.
    text: String,
    /// The POP server that we are in.
    server: Option<Server>,
    /// Those that we left.
    servers: Vec<Server>,
}

/// A server as it is described.
#[derive(Default)]
struct Server {
    host: String,
    port: String,
    socket: String,
    user: String,
    ways: Vec<String>,
    minutes: Option<u16>,
}

impl Walk {
    fn take(&mut self, event: Event) -> Result<(), String> {
        match event {
            Event::Start(element) => return self.enter(&element),
            Event::End(_) => self.leave(),
            Event::Text(text) => self.add(&text.into_inner()),
            Event::CData(text) => self.add(&text.into_inner()),
            Event::GeneralRef(reference) => {
                let meant = meant(&reference).ok_or("it uses an entity that XML has not")?;
                self.text.push_str(&meant);
            }
            Event::DocType(_) => return Err("it declares a document type, which none does".into()),
            _ => {}
        }
        Ok(())
    }

    fn add(&mut self, octets: &[u8]) {
        self.text.push_str(&String::from_utf8_lossy(octets));
    }

    fn enter(&mut self, element: &BytesStart) -> Result<(), String> {
        let attribute = |name: &str| {
            let found = element.try_get_attribute(name).ok()??;
            Some(String::from_utf8_lossy(&found.value).into_owned())
        };
        let name = String::from_utf8_lossy(element.name().into_inner()).into_owned();
        self.root.get_or_insert_with(|| name.clone());
        self.path.push(name);
        self.text.clear();
        if self.path.len() > DEEPEST {
            return Err("its elements lie within each other too deep".into());
        }
        if self.path == SERVER && attribute("type").as_deref() == Some("pop3") {
            self.server = Some(Server::default());
        }
        let inner = self.path.get(SERVER.len()..).unwrap_or_default();
        if let (Some(server), true) = (&mut self.server, inner == ["pop3", "checkInterval"]) {
            let minutes = attribute("minutes").and_then(|minutes| minutes.trim().parse().ok());
            server.minutes = minutes.filter(|minutes| (1..=MINUTES).contains(minutes));
        }
        Ok(())
    }

    fn leave(&mut self) {
        let text = self.text.trim().to_owned();
        self.text.clear();
        if let Some(server) = &mut self.server {
            match self.path.get(SERVER.len()..).unwrap_or_default() {
                [name] if name == "hostname" => server.host = text,
                [name] if name == "port" => server.port = text,
                [name] if name == "socketType" => server.socket = text,
                [name] if name == "username" => server.user = text,
                [name] if name == "authentication" => server.ways.push(text),
                [] => self.servers.extend(self.server.take()),
                _ => {}
            }
        }
        self.path.pop();
    }
}

/// The text that a reference stands for; one that the text declares itself stands for nothing.
fn meant(reference: &BytesRef) -> Option<String> {
    if let Some(letter) = reference.resolve_char_ref().ok()? {
        return Some(letter.into());
    }
    let name = reference.decode().ok()?;
    resolve_predefined_entity(&name).map(str::to_owned)
}

impl Server {
    /// The server, if it can be used and has a place to be found at.
    fn offer(self, address: &Address) -> Option<Offer> {
        let filled = |text: String| {
            text.replace("%EMAILADDRESS%", &address.whole())
                .replace("%EMAILLOCALPART%", &address.local)
                .replace("%EMAILDOMAIN%", &address.domain)
        };
        let tls = match self.socket.as_str() {
            "SSL" => TlsMode::Implicit,
            "STARTTLS" => TlsMode::StartTls,
            _ => return None,
        };
        let host = filled(self.host).to_ascii_lowercase();
        let port = self.port.parse().ok().filter(|port| *port != 0)?;
        let fit = |user: &String| {
            (1..=256).contains(&user.len()) && !user.chars().any(|c| c.is_control() || c == '%')
        };
        is_host(&host).then(|| Offer {
            user: Some(filled(self.user)).filter(fit),
            minutes: self.minutes,
            tokens: !self.ways.is_empty() && self.ways.iter().all(|way| way == "OAuth2"),
            ..Offer::new(host, port, tls)
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn alice() -> Address {
        Address::read("a+b@example.org", |domain| Ok(domain.into())).unwrap()
    }

    /// A text with these elements in a POP server.
    fn with(inner: &str) -> String {
        format!(
            "<?xml version=\"1.0\"?><clientConfig version=\"1.1\"><emailProvider id=\"x\">\
             <incomingServer type=\"imap\"><hostname>no.example</hostname></incomingServer>\
             <incomingServer type=\"pop3\">{inner}</incomingServer>\
             </emailProvider></clientConfig>"
        )
    }

    fn server(host: &str, port: &str, kind: &str) -> String {
        format!("<hostname>{host}</hostname><port>{port}</port><socketType>{kind}</socketType>")
    }

    fn only(inner: &str) -> Option<Offer> {
        read(with(inner).as_bytes(), &alice()).unwrap().pop()
    }

    #[test]
    fn a_server_is_read_with_all_that_is_told_of_it() {
        let inner = server(" Pop.%EMAILDOMAIN% ", "995", "SSL")
            + "<username>%EMAILLOCALPART%</username><authentication>OAuth2</authentication>\
               <pop3><checkInterval minutes=\"15\"/></pop3>";
        let offer = Offer {
            user: Some("a+b".into()),
            minutes: Some(15),
            tokens: true,
            ..Offer::new("pop.example.org".into(), 995, TlsMode::Implicit)
        };
        assert_eq!(only(&inner), Some(offer));
        let text = with(&inner);
        for end in 0..text.len() {
            assert!(read(&text.as_bytes()[..end], &alice()).is_err(), "{end}");
        }
    }

    #[test]
    fn tls_from_the_first_byte_comes_first_and_none_not_at_all() {
        let one = |kind| server("a.example", "1", kind);
        let text = with(&one("STARTTLS")).replace(
            "</emailProvider>",
            &format!(
                "<incomingServer type='pop3'>{}</incomingServer></emailProvider>",
                one("SSL")
            ),
        );
        let offers = read(text.as_bytes(), &alice()).unwrap();
        let ways: Vec<TlsMode> = offers.iter().map(|offer| offer.tls).collect();
        assert_eq!(ways, [TlsMode::Implicit, TlsMode::StartTls]);
        assert_eq!(only(&one("plain")), None);
    }

    #[test]
    fn what_makes_no_sense_is_left_out() {
        for inner in [
            server("", "995", "SSL"),
            server("a b", "995", "SSL"),
            server("a\u{85}b", "995", "SSL"),
            server("a&#10;b", "995", "SSL"),
            server("-x", "995", "SSL"),
            server("a.example", "0", "SSL"),
            server("a.example", "99999", "SSL"),
            server("<b>a.example</b>", "1", "SSL"),
            "<port>1</port>".into(),
        ] {
            assert_eq!(only(&inner), None, "{inner}");
        }
        for user in ["a&#10;password: x", "%REALNAME%", "", &"x".repeat(300)] {
            let inner = server("a.example", "1", "SSL") + &format!("<username>{user}</username>");
            assert_eq!(only(&inner).unwrap().user, None, "{user}");
        }
        for minutes in ["0", "-1", "99999", "x"] {
            let pause = format!("<pop3><checkInterval minutes=\"{minutes}\"/></pop3>");
            let inner = server("a.example", "1", "SSL") + &pause;
            assert_eq!(only(&inner).unwrap().minutes, None, "{minutes}");
        }
    }

    #[test]
    fn hostile_texts_are_refused() {
        let bomb = "<!DOCTYPE x [<!ENTITY a \"ha\"><!ENTITY b \"&a;&a;&a;\">]>";
        for text in [
            bomb.to_owned() + &with(&server("&b;", "995", "SSL")),
            with(&server("&unknown;", "995", "SSL")),
            "<!DOCTYPE x SYSTEM \"file:///etc/passwd\"><x/>".into(),
            "<x/>".into(),
            "<a>".repeat(20_000),
            String::new(),
            "\u{0}".into(),
        ] {
            let refused = read(text.as_bytes(), &alice()).unwrap_err();
            assert!(refused.len() < 300, "{refused}");
        }
        assert!(read(b"\xff\xfe<\0x\0", &alice()).is_err());
    }

    #[test]
    fn the_address_stands_in_the_first_place_encoded() {
        let [first, second] = places(&alice());
        let query = "?emailaddress=a%2Bb%40example.org";
        assert_eq!(
            first,
            format!("https://autoconfig.example.org/mail/config-v1.1.xml{query}")
        );
        assert_eq!(
            second,
            "https://example.org/.well-known/autoconfig/mail/config-v1.1.xml"
        );
    }
}
