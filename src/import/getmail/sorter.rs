//! getmail's mail of several people, in popget's words.

use super::super::draft::Draft;
use super::super::fit;
use super::super::ini::Section;
use super::super::said::Said;
use super::destination::{kind, Road};
use super::literal::Literal;
use super::sections::{Kind, Sections};
use crate::message::Address;
use indexmap::{IndexMap, IndexSet};
use serde_yaml::{Mapping, Value};
use std::collections::HashSet;

/// Writes `multidrop`; if not all of it could be carried over, the account is off.
pub fn write(
    draft: &mut Draft,
    (sections, home): (&Sections, &str),
    section: &Section,
    kind: &Kind,
) {
    let envelope = envelope(draft, sections, kind);
    let mut sorter = Sorter {
        road: Road::new(draft, sections, home),
        routes: IndexMap::new(),
        whole: true,
    };
    sorter.section(section);
    let Sorter { routes, whole, .. } = sorter;
    let Some(mut multidrop) = envelope.filter(|_| !routes.is_empty()) else {
        return fit::nowhere(draft);
    };
    if !whole {
        draft.set("enabled", false);
    }
    let routes = routes.into_iter();
    let routes = routes.map(|(address, places)| (address.into(), all(places)));
    multidrop.insert("routes".into(), Mapping::from_iter(routes).into());
    draft.set("multidrop", multidrop);
}

/// Places as the value of a route: a list, if they are several.
fn all(places: IndexSet<Value>) -> Value {
    let mut places: Vec<Value> = places.into_iter().collect();
    match places.len() {
        1 => places.swap_remove(0),
        _ => Value::Sequence(places),
    }
}

/// `HEADER` or `HEADER:N`, the N-th of them from the top.
fn envelope(draft: &mut Draft, sections: &Sections, kind: &Kind) -> Option<Mapping> {
    if kind.sdps {
        return Some(Mapping::from_iter([("envelope".into(), "sdps".into())]));
    }
    let Some(said) = sections.of("retriever", "envelope_recipient") else {
        let spot = draft.account.spot.clone();
        let why = "is missing; write multidrop with its envelope";
        draft.lost(&spot, "envelope_recipient", why);
        return None;
    };
    let text = said.shown();
    let (field, nth) = text.split_once(':').unwrap_or((&text, "1"));
    let above = nth.trim().parse::<u64>().unwrap_or(0).checked_sub(1);
    let multidrop = above.and_then(|above| fit::envelope(field.trim(), above));
    if multidrop.is_none() {
        let why = "is no field whose addresses popget can read; write multidrop with its envelope";
        draft.lost(&said.spot, "envelope_recipient", why);
    }
    multidrop
}

/// A section that sorts, under way.
struct Sorter<'d, 'r, 's> {
    road: Road<'d, 'r, 's>,
    routes: IndexMap<String, IndexSet<Value>>,
    /// Whether all of it was carried over.
    whole: bool,
}

impl Sorter<'_, '_, '_> {
    fn section(&mut self, section: &Section) {
        if kind(section) != "MultiSorter" {
            match self.road.section(section) {
                Some(place) => self.add("*", place),
                None => self.road.lost_section(section),
            }
            return;
        }
        if let Some(said) = section.of("locals") {
            self.locals(said);
        }
        match section.of("default") {
            Some(said) => match self.road.named(&said.shown(), said) {
                Some(place) => self.add("*", place),
                None => self.lost(said, "default", "is not carried over; write the route *"),
            },
            None => {
                let why = "default is missing; write the route *";
                self.lost(&section.begin(), "MultiSorter", why);
            }
        }
    }

    fn locals(&mut self, said: &Said) {
        let literal = said.text().and_then(Literal::read);
        let Some(pairs) = literal.and_then(pairs) else {
            return self.lost(
                said,
                "locals",
                "is no tuple of pairs; write a route for each",
            );
        };
        let mut fully = HashSet::new();
        for (pattern, name) in pairs {
            let Some(pattern_read) = Pattern::read(&pattern) else {
                let why = format!(
                    "{pattern} is no whole address, so nothing leads to {name}; write a route for \
                     each address that is meant"
                );
                self.lost(said, "locals", &why);
                continue;
            };
            let Pattern { address, alone } = pattern_read;
            if !alone {
                let why = format!(
                    "{pattern} fits more than {address}, which alone leads to {name}; write a \
                     route for each other address that is meant"
                );
                self.lost(said, "locals", &why);
            }
            let place = self.road.named(&name, said).unwrap_or_else(|| {
                let why =
                    format!("{name} is not carried over; write where mail for {pattern} goes");
                self.whole = false;
                self.road.draft.lost(&said.spot, "locals", &why);
                fit::refusal().into()
            });
            self.add(&address, place);
            fully.insert(address);
        }
        for address in &fully {
            let name = address.split('@').next().unwrap_or_default();
            if name != address && fully.contains(name) {
                let why = format!(
                    "mail for {address} went where that for {name} goes, too; write both below \
                     its route"
                );
                self.lost(said, "locals", &why);
            }
        }
    }

    /// Another place for an address: getmail delivers to all that fit.
    fn add(&mut self, address: &str, place: Value) {
        let places = match self.routes.get_mut(address) {
            Some(known) => known,
            None => self.routes.entry(address.into()).or_default(),
        };
        match place {
            Value::Sequence(several) => places.extend(several),
            one => drop(places.insert(one)),
        }
    }

    /// Something is missing, without which the account must not run.
    fn lost(&mut self, said: &Said, word: &str, why: &str) {
        self.whole = false;
        let why = format!("{why}, and take enabled: false out");
        self.road.draft.lost(&said.spot, word, &why);
    }
}

/// Pairs of texts; a single pair may stand alone.
fn pairs(literal: Literal) -> Option<Vec<(String, String)>> {
    let Literal::Tuple(items) = literal else {
        return None;
    };
    let pair = |item: Literal| match item.texts()?.as_slice() {
        [pattern, name] => Some((pattern.clone(), name.clone())),
        _ => None,
    };
    match items.as_slice() {
        [Literal::Text(pattern), Literal::Text(name)] => {
            Some(vec![(pattern.clone(), name.clone())])
        }
        _ => items.into_iter().map(pair).collect(),
    }
}

/// What a regular expression says that getmail looks for in an address.
#[derive(Debug, PartialEq, Eq)]
struct Pattern {
    /// The address that it spells, in small letters; without a domain it is that name at any.
    address: String,
    /// Whether no other address fits.
    alone: bool,
}

impl Pattern {
    /// Reads one; none if it spells no address.
    fn read(text: &str) -> Option<Self> {
        let text = text.replace(r"\@", "@");
        let (first, bare) = match text.strip_prefix('^') {
            Some(bare) => (true, bare),
            None => (false, text.as_str()),
        };
        let (local, domain) = bare.split_once('@')?;
        let (local, spelt) = literal(local)?;
        let (last, address) = match domain {
            "" | ".*" | ".*$" | ".+" | ".+$" => (true, local),
            domain => {
                let bare = domain.strip_suffix('$');
                // A dot that stands for any sign makes no other domain of note.
                let (name, _) = literal(bare.unwrap_or(domain))?;
                (bare.is_some(), format!("{local}@{name}"))
            }
        };
        Address::read(address.as_bytes())?;
        Some(Self {
            address: address.to_ascii_lowercase(),
            alone: first && last && spelt,
        })
    }
}

/// The text that a part of a regular expression spells, and whether it spells no other.
fn literal(part: &str) -> Option<(String, bool)> {
    let (mut text, mut spelt) = (String::new(), true);
    let mut chars = part.chars();
    while let Some(c) = chars.next() {
        match c {
            '\\' => text.push(chars.next().filter(|c| ".+-_".contains(*c))?),
            '.' => {
                spelt = false;
                text.push(c);
            }
            '-' | '_' => text.push(c),
            c if c.is_ascii_alphanumeric() => text.push(c),
            _ => return None,
        }
    }
    (!text.is_empty()).then_some((text, spelt))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::import::tests::becomes;
    use crate::import::Tool;

    #[test]
    fn a_regular_expression_is_a_route_only_if_it_is_an_address() {
        for (pattern, address, alone) in [
            (r"^joe@example\.org$", "joe@example.org", true),
            (r"^Joe\.X@example.org$", "joe.x@example.org", true),
            ("^joe@", "joe", true),
            (r"^joe\@.*$", "joe", true),
            ("joe@example.org", "joe@example.org", false),
            (r"^joe@example\.org", "joe@example.org", false),
            ("^joe.x@", "joe.x", false),
            ("joe@", "joe", false),
        ] {
            let meant = Pattern {
                address: address.into(),
                alone,
            };
            assert_eq!(Pattern::read(pattern), Some(meant), "{pattern}");
        }
        for pattern in [
            "joe",
            "^joe$",
            "example.org",
            r"@example\.org$",
            "joe.*",
            "(a|b)@c",
            "^a@(b|c)$",
            r"\w+",
            "",
            "@",
            "[jJ]oe",
            "^joe@$",
            "^jo+@b$",
            r"^a\\@b$",
        ] {
            assert_eq!(Pattern::read(pattern), None, "{pattern}");
        }
    }

    const RETRIEVER: &str =
        "[retriever]\ntype = MultidropPOP3SSLRetriever\nserver = h\nusername = u\n\
                             envelope_recipient = X-To\n[destination]\ntype = MultiSorter\n";

    /// What becomes of a sorter's own lines.
    fn sorted(lines: &str) -> (String, String) {
        becomes(
            Tool::Getmail,
            "rc",
            format!("{RETRIEVER}{lines}").as_bytes(),
        )
    }

    #[test]
    fn mail_whose_route_is_lost_does_not_go_elsewhere() {
        const OTHERS: &str =
            "[jason]\ntype = MDA_qmaillocal\n[ann]\ntype = Maildir\npath = /m/ann/\n";
        for (locals, told) in [
            ("(('^jason@', '[jason]'),)", "mail for ^jason@ goes"),
            ("('^(a|b)@x$', '[ann]')", "so nothing leads to [ann]"),
            ("(('example.org', '/m/a/'),)", "so nothing leads to /m/a/"),
            ("(('joe@x.org', '/m/a/'),)", "fits more than joe@x.org"),
            (
                "(('^a@', '/m/a/'), ('^a@b$', '/m/b/'))",
                "mail for a@b went where that for a goes",
            ),
            ("(('^a@', '[none]'),)", "mail for ^a@ goes"),
            ("('^a@',)", "is no tuple of pairs"),
            ("x", "is no tuple of pairs"),
        ] {
            let (yaml, remarks) =
                sorted(&format!("default = /m/all/\nlocals = {locals}\n{OTHERS}"));
            assert!(yaml.contains("    enabled: false\n"), "{locals}: {yaml}");
            let lost = remarks
                .lines()
                .any(|line| line.starts_with("lost rc:9: locals: ") && line.contains(told));
            assert!(lost, "{locals}: {remarks}");
        }
        let (yaml, _) = sorted(&format!(
            "default = /m/all/\nlocals = (('^jason@', '[jason]'),)\n{OTHERS}"
        ));
        assert!(
            yaml.contains("        jason:\n          mda: 'exit 75 "),
            "{yaml}"
        );
        for without in ["", "default = [none]\n"] {
            let (yaml, remarks) = sorted(&format!("{without}locals = (('^a@', '/m/a/'),)\n"));
            assert!(yaml.contains("    enabled: false\n"), "{yaml}");
            assert!(remarks.contains("write the route *"), "{remarks}");
        }
    }

    #[test]
    fn each_place_that_fits_an_address_gets_its_mail() {
        let (yaml, remarks) = sorted(
            "default = /m/all/\nlocals = (('^a@', '/m/a/'), ('^A@', '/m/b/'), ('^a@', '/m/a/'), ('^c@', '/m/c/'))\n",
        );
        assert!(
            !yaml.contains("enabled") && !remarks.contains("locals"),
            "{yaml}{remarks}"
        );
        let routes = "        a:\n        - maildir: /m/a/\n        - maildir: /m/b/\n        c:\n          maildir: /m/c/\n";
        assert!(yaml.contains(routes), "{yaml}");
        let (yaml, _) = sorted("default = /m/all/\nlocals = ('^c@', '/m/c/')\n");
        assert!(
            yaml.contains("        c:\n          maildir: /m/c/\n"),
            "{yaml}"
        );
    }

    #[test]
    fn without_an_envelope_or_with_what_guesses_the_account_is_off() {
        for (said, otherwise) in [
            ("envelope_recipient = X-To\n", ""),
            (
                "envelope_recipient = X-To\n",
                "envelope_recipient = Received\n",
            ),
            (
                "envelope_recipient = X-To\n",
                "envelope_recipient = X-To:0\n",
            ),
            ("envelope_recipient = X-To\n", "envelope_recipient = X To\n"),
            ("MultiSorter", "MultiGuesser"),
            ("Multidrop", "Simple"),
        ] {
            let rc = format!("{RETRIEVER}default = /m/all/\n").replace(said, otherwise);
            let (yaml, remarks) = becomes(Tool::Getmail, "rc", rc.as_bytes());
            assert!(
                yaml.contains("    enabled: false\n    deliver:\n      mda: 'exit 75 "),
                "{yaml}"
            );
            assert!(remarks.contains("lost "), "{remarks}");
        }
    }
}
