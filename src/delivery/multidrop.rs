//! One maildrop for many: whose a message is, by the recipients of its envelope. Pure. What no route
//! takes goes to nobody; it is never guessed.

use super::Destination;
use crate::message::{Address, Envelope};
use indexmap::IndexMap;
use std::collections::HashMap;

/// No more recipients of a message are served: more than SMTP asks any server to take (RFC 5321, section
/// 4.5.3.1.8) are not to be made copies for.
const CROWD: usize = 100;

/// How mail is sorted by recipient.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Multidrop {
    /// What the server puts before every address.
    pub strip_prefix: String,
    /// The domains whose addresses are meant, in small letters; all if there is none.
    pub domains: Vec<String>,
    /// Which addresses go where, and who has no route of his own.
    pub routes: IndexMap<Pattern, Vec<Destination>>,
    /// Where goes what no route takes: nowhere if there is none.
    pub unmatched: Vec<Destination>,
}

/// What a route is for.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Pattern {
    /// Any address.
    Any,
    /// An address; without a domain, the same in all of them.
    One(Address),
}

/// Where a message goes.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Sorted<'m> {
    /// The destinations, each with those whom it is to serve.
    pub wanted: Vec<(&'m Destination, Envelope)>,
    /// Why it does not go to all it should go to.
    pub lack: Option<Lack>,
}

/// Why a message does not go to all it should go to.
#[derive(Debug, PartialEq, Eq)]
pub enum Lack {
    /// No route takes these.
    Routes(Vec<Vec<u8>>),
    /// It is to nobody.
    Recipients,
    /// It is to so many.
    Crowd(usize),
}

impl Multidrop {
    /// All destinations, each once.
    pub fn destinations(&self) -> Vec<Destination> {
        let routes = self.routes.values().flatten();
        let mut all: Vec<Destination> = Vec::new();
        let mut known: HashMap<Vec<u8>, Vec<&Destination>> = HashMap::new();
        for destination in routes.chain(&self.unmatched) {
            let alike = known
                .entry(destination.place(&Envelope::default()))
                .or_default();
            if !alike.contains(&destination) {
                alike.push(destination);
                all.push(destination.clone());
            }
        }
        all
    }

    /// Where a message with this envelope goes, once to each place.
    pub fn sort(&self, to: &Envelope) -> Sorted<'_> {
        if to.recipients.len() > CROWD {
            return Sorted {
                lack: Some(Lack::Crowd(to.recipients.len())),
                ..Sorted::default()
            };
        }
        let all = to
            .recipients
            .iter()
            .map(|text| Recipient::read(self.bare(text)));
        let (ours, others): (Vec<_>, Vec<_>) = all.partition(|one| self.is_ours(one));
        // Those elsewhere have their mail elsewhere, unless that is all there is.
        let meant = if ours.is_empty() { others } else { ours };
        let (mut sorted, mut left, mut met) = (Sorted::default(), Vec::new(), Vec::new());
        for recipient in meant {
            if recipient.address.is_some() && met.contains(&recipient.address) {
                continue;
            }
            met.push(recipient.address.clone());
            match self.route(&recipient) {
                Some(destinations) => sorted.add(destinations, to, vec![recipient.text]),
                None => left.push(recipient.text),
            }
        }
        let nobody = to.recipients.is_empty();
        match self.unmatched.as_slice() {
            _ if left.is_empty() && !nobody => {}
            [] if nobody => sorted.lack = Some(Lack::Recipients),
            [] => sorted.lack = Some(Lack::Routes(left)),
            unmatched => {
                left.retain(|text| Address::read(text).is_some());
                sorted.add(unmatched, to, left);
            }
        }
        sorted
    }

    /// An address without what the server puts before it.
    fn bare(&self, text: &[u8]) -> Vec<u8> {
        let (quote, rest) = match text.strip_prefix(b"\"") {
            Some(rest) => (&b"\""[..], rest),
            None => (&b""[..], text),
        };
        let prefix = rest.split_at_checked(self.strip_prefix.len());
        let stripped = prefix.filter(|(prefix, _)| {
            let same = prefix.eq_ignore_ascii_case(self.strip_prefix.as_bytes());
            same && !self.strip_prefix.is_empty()
        });
        stripped.map_or(text.to_vec(), |(_, rest)| [quote, rest].concat())
    }

    /// Whether an address is in one of the domains.
    fn is_ours(&self, recipient: &Recipient) -> bool {
        let Some(address) = &recipient.address else {
            return true; // nobody can tell, so it is to be looked after
        };
        let named = |domain: &Vec<u8>| self.domains.iter().any(|ours| ours.as_bytes() == domain);
        self.domains.is_empty() || address.domain.as_ref().is_none_or(named)
    }

    /// Where mail to this one goes: by a route of his own, else by the one for his name, else by that
    /// for any.
    fn route(&self, recipient: &Recipient) -> Option<&[Destination]> {
        let address = recipient
            .address
            .as_ref()
            .filter(|_| self.is_ours(recipient))?;
        let name = Address {
            domain: None,
            ..address.clone()
        };
        let patterns = [
            Pattern::One(address.clone()),
            Pattern::One(name),
            Pattern::Any,
        ];
        let mut found = patterns.iter().filter_map(|wanted| self.routes.get(wanted));
        found.next().map(Vec::as_slice)
    }
}

impl<'m> Sorted<'m> {
    /// Sends it to destinations for these recipients, but to no place twice.
    fn add(&mut self, destinations: &'m [Destination], to: &Envelope, recipients: Vec<Vec<u8>>) {
        for destination in destinations {
            let to = Envelope {
                sender: to.sender.clone(),
                recipients: recipients.clone(),
            };
            let place = destination.place(&to);
            let mut there = self.wanted.iter();
            if !there.any(|(other, to)| other.place(to) == place) {
                self.wanted.push((destination, to));
            }
        }
    }
}

/// One of those to whom a message goes.
struct Recipient {
    /// As it is written.
    text: Vec<u8>,
    /// As it is compared, if it can be one.
    address: Option<Address>,
}

impl Recipient {
    fn read(text: Vec<u8>) -> Self {
        let address = Address::read(&text);
        Self { text, address }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::secret::CommandLine;
    use std::time::Duration;

    fn maildir(name: &str) -> Destination {
        Destination::Maildir(name.into())
    }

    fn mda() -> Destination {
        Destination::Mda {
            command: CommandLine::Shell("deliver".into()),
            timeout: Duration::from_secs(1),
        }
    }

    fn one(text: &str) -> Pattern {
        Pattern::One(Address::read(text.as_bytes()).unwrap())
    }

    fn plain() -> Multidrop {
        Multidrop {
            strip_prefix: "mbox-".into(),
            domains: vec!["x.org".into(), "y.org".into()],
            routes: IndexMap::from([
                (
                    one("alice@x.org"),
                    vec![maildir("alice"), maildir("archive")],
                ),
                (one("bob"), vec![maildir("bob"), maildir("archive")]),
                (one("bob@y.org"), vec![maildir("other bob")]),
                (one("carol@x.org"), vec![mda()]),
                (one("dave@x.org"), vec![mda()]),
            ]),
            unmatched: Vec::new(),
        }
    }

    /// Where a message goes, with the recipients there, and why it goes no further.
    fn sorted(multidrop: &Multidrop, to: &[&str]) -> (Vec<String>, Option<Lack>) {
        let recipients = to.iter().map(|text| text.as_bytes().to_vec()).collect();
        let sender = b"s@z".to_vec();
        let sorted = multidrop.sort(&Envelope { sender, recipients });
        let wanted = sorted.wanted.iter().map(|(destination, to)| {
            assert_eq!(to.sender, b"s@z");
            let name = match destination {
                Destination::Maildir(path) => path.display().to_string(),
                _ => "mda".into(),
            };
            let to: Vec<_> = to
                .recipients
                .iter()
                .map(|one| String::from_utf8_lossy(one))
                .collect();
            format!("{name}: {}", to.join(" "))
        });
        (wanted.collect(), sorted.lack)
    }

    fn none(texts: &[&str]) -> Option<Lack> {
        let texts = texts.iter().map(|text| text.as_bytes().to_vec());
        Some(Lack::Routes(texts.collect()))
    }

    #[track_caller]
    fn goes(to: &[&str], wanted: &[&str], lack: Option<Lack>) {
        assert_eq!(
            sorted(&plain(), to),
            (wanted.iter().map(|one| (*one).into()).collect(), lack)
        );
    }

    #[test]
    fn each_address_has_its_route_and_no_place_gets_two() {
        goes(
            &["alice@x.org"],
            &["alice: alice@x.org", "archive: alice@x.org"],
            None,
        );
        goes(
            &["Alice@X.Org"],
            &["alice: Alice@X.Org", "archive: Alice@X.Org"],
            None,
        );
        goes(
            &["bob@x.org"],
            &["bob: bob@x.org", "archive: bob@x.org"],
            None,
        );
        goes(&["bob@y.org"], &["other bob: bob@y.org"], None);
        goes(&["bob"], &["bob: bob", "archive: bob"], None);
        let both = ["alice: alice@x.org", "archive: alice@x.org", "bob: bob"];
        goes(&["alice@x.org", "bob", "alice@x.org"], &both, None);
        // A program gets it for each of its recipients, but once.
        let each = ["mda: carol@x.org", "mda: dave@x.org"];
        goes(
            &["carol@x.org", "dave@x.org", "\"carol\"@X.org"],
            &each,
            None,
        );
    }

    #[test]
    fn a_prefix_is_taken_off_where_it_stands() {
        let alice = ["alice: alice@x.org", "archive: alice@x.org"];
        goes(&["mbox-alice@x.org"], &alice, None);
        goes(&["MBOX-alice@x.org"], &alice, None);
        goes(
            &["\"mbox-bob\""],
            &["bob: \"bob\"", "archive: \"bob\""],
            None,
        );
        goes(&["mbox-@x.org"], &[], none(&["@x.org"]));
        goes(&["xmbox-alice@x.org"], &[], none(&["xmbox-alice@x.org"]));
    }

    #[test]
    fn what_no_route_takes_is_named_and_keeps_nothing_from_others() {
        goes(&["eve@x.org"], &[], none(&["eve@x.org"]));
        goes(&["alice+spam@x.org"], &[], none(&["alice+spam@x.org"]));
        goes(&["alice@y.org"], &[], none(&["alice@y.org"]));
        goes(&["alice"], &[], none(&["alice"]));
        goes(&["-alice@x.org"], &[], none(&["-alice@x.org"]));
        goes(&[], &[], Some(Lack::Recipients));
        let bob = ["bob: bob", "archive: bob"];
        goes(
            &["eve@x.org", "bob", "mal@y.org"],
            &bob,
            none(&["eve@x.org", "mal@y.org"]),
        );
        // Who is elsewhere is not ours to serve, unless nobody else is there.
        goes(&["eve@z.org", "bob"], &bob, None);
        goes(&["bob@z.org"], &[], none(&["bob@z.org"]));
        let crowd: Vec<String> = (0..101).map(|n| format!("u{n}@x.org")).collect();
        let crowd: Vec<&str> = crowd.iter().map(String::as_str).collect();
        goes(&crowd, &[], Some(Lack::Crowd(101)));
    }

    #[test]
    fn any_and_unmatched_take_the_rest_in_their_order() {
        let mut multidrop = plain();
        multidrop.unmatched = vec![maildir("unmatched")];
        let goes = |multidrop: &Multidrop, to: &[&str], wanted: &[&str]| {
            let wanted = wanted.iter().map(|one| (*one).into()).collect();
            assert_eq!(sorted(multidrop, to), (wanted, None), "{to:?}");
        };
        goes(&multidrop, &["eve@x.org"], &["unmatched: eve@x.org"]);
        goes(&multidrop, &[], &["unmatched: "]);
        goes(&multidrop, &["-oQ"], &["unmatched: "]);
        goes(
            &multidrop,
            &["eve@x.org", "bob@y.org"],
            &["other bob: bob@y.org", "unmatched: eve@x.org"],
        );
        goes(&multidrop, &["bob@z.org"], &["unmatched: bob@z.org"]);
        multidrop.routes.insert(Pattern::Any, vec![maildir("any")]);
        goes(&multidrop, &["eve@x.org"], &["any: eve@x.org"]);
        goes(&multidrop, &["bob@y.org"], &["other bob: bob@y.org"]);
        goes(&multidrop, &["eve@z.org"], &["unmatched: eve@z.org"]);
        goes(&multidrop, &["-oQ"], &["unmatched: "]);
        // Without domains, all are meant.
        multidrop.domains.clear();
        goes(&multidrop, &["eve@z.org"], &["any: eve@z.org"]);
        goes(
            &multidrop,
            &["bob@z.org"],
            &["bob: bob@z.org", "archive: bob@z.org"],
        );
    }

    #[test]
    fn a_destination_of_many_routes_is_opened_once() {
        let multidrop = plain();
        let names = ["alice", "archive", "bob", "other bob"].map(maildir);
        let all = [names.to_vec(), vec![mda()]].concat();
        assert_eq!(multidrop.destinations(), all);
    }
}
