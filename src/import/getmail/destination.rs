//! Where getmail delivers, in popget's words.

use super::super::draft::Draft;
use super::super::fit;
use super::super::ini::Section;
use super::super::said::Said;
use super::literal::Literal;
use super::program;
use super::sections::Sections;
use crate::delivery::Address;
use indexmap::IndexSet;
use serde_yaml::{Mapping, Value};

/// Destinations within destinations are not followed deeper.
const DEEPEST: usize = 8;

/// So many sections and paths are followed in a file: lists that name lists multiply.
const MOST: usize = 100_000;

/// getmail's port of LMTP, where none is named.
const LMTP_PORT: u64 = 2003;

/// Writes where mail goes; without any destination, an account that is off.
pub fn write(draft: &mut Draft, sections: &Sections, section: &Section, home: &str) {
    let mut road = Road::new(draft, sections, home);
    match road.section(section) {
        Some(deliver) => draft.set("deliver", deliver),
        None => {
            road.lost_section(section);
            fit::nowhere(draft);
        }
    }
}

/// The type of a section.
pub fn kind(section: &Section) -> &str {
    section.of("type").and_then(Said::text).unwrap_or("")
}

/// From a section to those that it names.
pub struct Road<'d, 'r, 's> {
    /// What is said on the way.
    pub draft: &'d mut Draft<'r>,
    sections: &'d Sections<'s>,
    home: &'d str,
    /// The sections that lead here.
    above: Vec<String>,
    /// So many sections and paths may yet be named.
    left: usize,
}

impl<'d, 'r, 's> Road<'d, 'r, 's> {
    /// At its beginning.
    pub fn new(draft: &'d mut Draft<'r>, sections: &'d Sections<'s>, home: &'d str) -> Self {
        Self {
            draft,
            sections,
            home,
            above: Vec::new(),
            left: MOST,
        }
    }

    /// Tells that mail has no destination any more.
    pub fn lost_section(&mut self, section: &Section) {
        let why = "is not carried over; say where mail goes with deliver or multidrop";
        self.draft.lost(&section.spot, "[destination]", why);
    }

    /// The value of `deliver` for a section; none, with a remark, if there is nothing like it.
    pub fn section(&mut self, section: &Section) -> Option<Value> {
        let path = section.of("path");
        match (kind(section), path) {
            ("MultiDestination", _) => self.several(section),
            ("MDA_lmtp", _) => self.lmtp(section),
            ("Maildir", Some(path)) => self.file("maildir", path),
            ("Mboxrd", Some(path)) => {
                if let Some(lock) = section.of("locktype").filter(|lock| lock.bytes == b"flock") {
                    let why = "popget locks an mbox by fcntl and a lock file";
                    self.draft.told(&lock.spot, "locktype", why);
                }
                self.file("mbox", path)
            }
            ("MDA_external", Some(path)) => self.program(section, path),
            (other, _) => {
                let word = format!("[{}] {other}", section.name);
                let why = "popget has no such destination, or its path is missing";
                self.draft.lost(&section.spot, &word, why);
                None
            }
        }
    }

    /// A path of this kind.
    fn file(&mut self, key: &str, path: &Said) -> Option<Value> {
        let path = fit::open_path(self.draft, "path", path)?;
        Some(Mapping::from_iter([(key.into(), path.into())]).into())
    }

    /// The value of `deliver` for `[section]` or a path.
    pub fn named(&mut self, name: &str, said: &Said) -> Option<Value> {
        let inner = name
            .trim()
            .strip_prefix('[')
            .and_then(|name| name.strip_suffix(']'));
        let why = match (inner, inner.and_then(|inner| self.sections.named(inner))) {
            _ if self.left == 0 => "is one destination too many; name fewer",
            (None, _) => {
                self.left -= 1;
                let path = said.with(name.trim());
                return match path.bytes.ends_with(b"/") {
                    true => self.file("maildir", &path),
                    false => self.file("mbox", &path),
                };
            }
            (Some(_), None) => "there is no such section",
            (Some(inner), _) if self.above.iter().any(|above| above == inner) => {
                "leads back to itself; take it out of the list"
            }
            (Some(_), _) if self.above.len() >= DEEPEST => {
                "stands too deep in lists of lists; name its destinations in the first list"
            }
            (Some(inner), Some(section)) => {
                self.left -= 1;
                self.above.push(inner.to_owned());
                let place = self.section(section);
                self.above.pop();
                return place;
            }
        };
        self.draft.lost(&said.spot, name, why);
        None
    }

    fn several(&mut self, section: &Section) -> Option<Value> {
        let said = section.of("destinations")?;
        let Some(names) = Literal::read(said.text()?).and_then(Literal::texts) else {
            self.draft
                .lost(&said.spot, "destinations", "is no tuple of texts");
            return None;
        };
        let mut places = IndexSet::new();
        for name in &names {
            let more = match self.named(name, said)? {
                Value::Sequence(several) => several,
                place => vec![place],
            };
            for place in more {
                if !places.insert(place) {
                    let why = "leads to a destination that the list has already; name it once";
                    self.draft.lost(&said.spot, name, why);
                    return None;
                }
            }
        }
        if places.is_empty() {
            self.draft
                .lost(&said.spot, "destinations", "names no destination");
            return None;
        }
        Some(Value::Sequence(places.into_iter().collect()))
    }

    fn lmtp(&mut self, section: &Section) -> Option<Value> {
        let host = section.of("host")?;
        let address = match host.bytes.starts_with(b"/") {
            true => self.draft.literal_path("host", host)?,
            false => {
                let port = match section.of("port") {
                    Some(said) => fit::port(said.number()),
                    None => Some(LMTP_PORT),
                };
                let name = host.text().and_then(fit::host);
                let Some((name, port)) = name.zip(port) else {
                    let why = "is no name of a host, or its port is none";
                    self.draft.lost(&host.spot, "host", why);
                    return None;
                };
                format!("{name}:{port}")
            }
        };
        let mut lmtp = Mapping::from_iter([("address".into(), address.into())]);
        let fixed = section.of("override");
        let user = self.sections.of("retriever", "username");
        if fixed
            .or(user)
            .and_then(|said| Address::parse(&said.bytes))
            .is_none()
        {
            let spot = fixed.map_or(&section.spot, |said| &said.spot);
            let why = "is no address; name a recipient below lmtp";
            self.draft.lost(spot, "override", why);
            return None;
        }
        if let Some(recipient) = fixed {
            lmtp.insert("recipient".into(), recipient.text()?.into());
        }
        Some(Mapping::from_iter([("lmtp".into(), lmtp.into())]).into())
    }

    fn program(&mut self, section: &Section, path: &Said) -> Option<Value> {
        let mut words = vec![self.word(path)?];
        if !words[0].starts_with(['/', '$']) {
            self.draft.lost(&path.spot, "path", fit::RELATIVE);
            return None;
        }
        if let Some(said) = section.of("arguments") {
            let Some(more) = Literal::read(said.text()?).and_then(Literal::texts) else {
                self.draft
                    .lost(&said.spot, "arguments", "is no tuple of words");
                return None;
            };
            for word in more {
                words.push(self.word(&said.with(word))?);
            }
        }
        if !words.iter().any(|word| program::needs_shell(word)) {
            return Some(Mapping::from_iter([("mda".into(), words.into())]).into());
        }
        let mut line = String::from("exec");
        for word in &words {
            let Some(word) = program::in_shell(word) else {
                let why = format!(
                    "{word} has no counterpart; popget tells a program $SENDER and $RECIPIENT"
                );
                self.draft.lost(&section.spot, "arguments", &why);
                return None;
            };
            line.push(' ');
            line.push_str(&word);
        }
        Some(Mapping::from_iter([("mda".into(), line.into())]).into())
    }

    /// A word of a command as getmail takes it.
    fn word(&mut self, said: &Said) -> Option<String> {
        let word = said.text().map(|text| program::at_home(text, self.home));
        let why = match word {
            Some(Some(word)) => return Some(word),
            Some(None) => "popget knows no home folder but one's own; write it out",
            None => "is not UTF-8 or holds a NUL; write it yourself",
        };
        self.draft.lost(&said.spot, &said.shown(), why);
        None
    }
}

#[cfg(test)]
mod tests {
    use crate::import::tests::becomes;
    use crate::import::Tool;

    /// What becomes of this destination.
    fn delivered(destination: &str) -> (String, String) {
        let rc = format!(
            "[retriever]\ntype = SimplePOP3SSLRetriever\nserver = h\nusername = u\n\
             [destination]\n{destination}"
        );
        becomes(Tool::Getmail, "rc", rc.as_bytes())
    }

    fn list(names: &[String]) -> String {
        let names: String = names.iter().map(|name| format!("'{name}',")).collect();
        format!("type = MultiDestination\ndestinations = ({names})\n")
    }

    #[test]
    fn lists_that_name_lists_come_to_an_end() {
        const WIDE: usize = 60;
        let level = |level: usize| {
            let below = (0..WIDE).map(|number| format!("[{level}-{number}]"));
            list(&below.collect::<Vec<_>>())
        };
        let mut rc = level(0);
        for above in 0..6 {
            for number in 0..WIDE {
                rc.push_str(&format!("[{above}-{number}]\n{}", level(above + 1)));
            }
        }
        for number in 0..WIDE {
            rc.push_str(&format!(
                "[6-{number}]\ntype = Maildir\npath = /m/{number}/\n"
            ));
        }
        for (rc, told) in [
            (rc, "already; name it once"),
            (
                list(&["[a]".into(), "[a]".into()]) + "[a]\ntype = Maildir\npath = /a/\n",
                "name it once",
            ),
            (
                list(&["[a]".into()]) + "[a]\n" + &list(&["[a]".into()]),
                "leads back to itself",
            ),
            (list(&[]), "names no destination"),
        ] {
            let (yaml, remarks) = delivered(&rc);
            assert!(yaml.contains("    enabled: false\n"), "{yaml}");
            assert!(remarks.contains(told), "{told}: {remarks}");
        }
        let many: Vec<String> = (0..super::MOST + 1)
            .map(|number| format!("/m/{number}"))
            .collect();
        let (_, remarks) = delivered(&list(&many));
        assert!(remarks.contains("is one destination too many"));
        let (yaml, _) = delivered(&list(&many[..super::MOST]));
        assert!(!yaml.contains("enabled"));
    }
}
