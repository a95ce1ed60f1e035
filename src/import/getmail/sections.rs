//! The sections of an rc file, by their use.

use super::super::draft::Draft;
use super::super::ini::Section;
use super::super::said::Said;
use super::literal::Literal;
use std::collections::HashMap;

/// The keys that are true or false, and which of these they are by themselves.
const FLAGS: [(&str, &str, bool); 7] = [
    ("options", "delete", false),
    ("options", "read_all", true),
    ("options", "received", true),
    ("options", "delivered_to", true),
    ("options", "use_netrc", false),
    ("retriever", "use_apop", false),
    ("retriever", "use_xoauth2", false),
];

/// What the type of a retriever says.
pub struct Kind {
    /// TLS from the first byte.
    pub tls: bool,
    /// For several people.
    pub multidrop: bool,
    /// The server tells whose a message is.
    pub sdps: bool,
    /// No record is kept.
    pub broken: bool,
}

impl Kind {
    /// Reads the name of a type; none if it is not one of POP3.
    pub fn read(name: &str) -> Option<Self> {
        let (tls, name) = match name.strip_suffix("SSLRetriever") {
            Some(name) => (true, name),
            None => (false, name.strip_suffix("Retriever")?),
        };
        let (multidrop, sdps, broken) = match name {
            "SimplePOP3" => (false, false, false),
            "BrokenUIDLPOP3" => (false, false, true),
            "MultidropPOP3" => (true, false, false),
            "MultidropSDPS" => (true, true, false),
            _ => return None,
        };
        Some(Self {
            tls,
            multidrop,
            sdps,
            broken,
        })
    }
}

/// The sections of a file, by their use.
pub struct Sections<'s> {
    /// All of them.
    pub all: &'s [Section],
    named: HashMap<&'s str, &'s Section>,
}

impl<'s> Sections<'s> {
    /// Those of a file.
    pub fn new(all: &'s [Section]) -> Self {
        let named = all.iter().map(|section| (section.name.as_str(), section));
        let named = named.collect();
        Self { all, named }
    }

    /// The section of this name.
    pub fn named(&self, name: &str) -> Option<&'s Section> {
        self.named.get(name).copied()
    }

    /// The value of a key.
    pub fn of(&self, section: &str, key: &str) -> Option<&'s Said> {
        self.named(section)?.of(key)
    }

    /// A key that is true or false; by itself it is what getmail takes it for.
    pub fn flag(&self, section: &str, key: &str) -> bool {
        let said = self
            .of(section, key)
            .map(|said| said.shown().to_lowercase());
        match said.as_deref() {
            Some("true" | "yes" | "on" | "1") => true,
            Some("false" | "no" | "off" | "0") => false,
            _ => FLAGS.contains(&(section, key, true)),
        }
    }

    /// Tells of values that are none of the kind that they should be.
    pub fn odd(&self, draft: &mut Draft) {
        let numbers = [
            ("retriever", "port"),
            ("retriever", "timeout"),
            ("options", "delete_after"),
            ("options", "max_message_size"),
            ("options", "max_messages_per_session"),
        ];
        let number = |said: &Said| said.text().and_then(Literal::read);
        for (section, key) in numbers {
            let said = self.of(section, key);
            if let Some(said) =
                said.filter(|said| !matches!(number(said), Some(Literal::Number(0..))))
            {
                draft.lost(&said.spot, key, "is no number from 0 on");
            }
        }
        let words = ["true", "yes", "on", "1", "false", "no", "off", "0"];
        for (section, key, _) in FLAGS {
            let said = self.of(section, key);
            if let Some(said) =
                said.filter(|said| !words.contains(&said.shown().to_lowercase().as_str()))
            {
                draft.lost(&said.spot, key, "is neither true nor false");
            }
        }
    }

    /// A key that is a number above nothing.
    pub fn number(&self, section: &str, key: &str) -> Option<u64> {
        match Literal::read(self.of(section, key)?.text()?)? {
            Literal::Number(number) => u64::try_from(number).ok().filter(|number| *number > 0),
            _ => None,
        }
    }
}
