//! Pure: what is asked of the name service, and what it answers (RFC 1035, section 4). Whoever
//! answers may be anybody: what is no answer to the question is none, names end, and a name that no
//! host can have leads nowhere.

/// The kinds of records that are asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// Where a service of a domain is (RFC 2782).
    Srv,
    /// Who takes the mail of a domain.
    Mx,
}

impl Kind {
    fn number(self) -> u16 {
        match self {
            Self::Srv => 33,
            Self::Mx => 15,
        }
    }
}

/// What a record says, of either kind.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Record {
    /// What is to be tried first has the lowest.
    pub priority: u16,
    /// Among equals, the greatest is to be tried most often; 0 with MX.
    pub weight: u16,
    /// The port; 0 with MX.
    pub port: u16,
    /// The host in lower case; empty where there is none, which is how a service is denied.
    pub target: String,
}

/// What an answer says.
#[derive(Debug, PartialEq, Eq)]
pub enum Answer {
    /// These records, perhaps none.
    Records(Vec<Record>),
    /// It is longer than a datagram, and is to be asked for again by TCP.
    Cut,
    /// The server does not answer this; its reason as a number.
    Refused(u8),
}

const CNAME: u16 = 5;
const INTERNET: u16 = 1;
/// How long a name may be, and each part of it.
const NAME: usize = 253;
const LABEL: usize = 63;
/// How many names may stand for each other in a row.
const ALIASES: usize = 8;
/// More records than any domain has of a kind.
const RECORDS: usize = 64;

/// The question for records of a kind; none if the name cannot be asked for.
pub fn question(id: u16, name: &str, kind: Kind) -> Option<Vec<u8>> {
    let mut octets = id.to_be_bytes().to_vec();
    // Please go and ask others, too; one question, and nothing else.
    octets.extend([1, 0, 0, 1, 0, 0, 0, 0, 0, 0]);
    if name.is_empty() || name.len() > NAME || !name.is_ascii() {
        return None;
    }
    for label in name.split('.') {
        let length = u8::try_from(label.len()).ok();
        octets.push(length.filter(|n| (1..=LABEL).contains(&usize::from(*n)))?);
        octets.extend(label.as_bytes());
    }
    octets.push(0);
    octets.extend(kind.number().to_be_bytes());
    octets.extend(INTERNET.to_be_bytes());
    Some(octets)
}

/// Understands the answer to a question; none if it is none to this one, or makes no sense.
pub fn answer(question: &[u8], octets: &[u8]) -> Option<Answer> {
    let mut reader = Reader { octets, at: 0 };
    let (_, flags) = (reader.number()?, reader.number()?);
    let [asked, told, _, _] = [(); 4].map(|()| reader.number());
    // It bears our number, and answers one plain question.
    if octets.get(..2)? != question.get(..2)? || flags & 0xf800 != 0x8000 || asked? != 1 {
        return None;
    }
    let name = reader.name()?;
    let mut wanted = Reader {
        octets: question,
        at: 12,
    };
    let (wanted_name, kind) = (wanted.name()?, wanted.number()?);
    if name != wanted_name || reader.number()? != kind || reader.number()? != INTERNET {
        return None;
    }
    match flags & 0xf {
        _ if flags & 0x0200 != 0 => Some(Answer::Cut),
        0 => records(&mut reader, told?, (name, kind)).map(Answer::Records),
        3 => Some(Answer::Records(Vec::new())), // there is no such name
        reason => Some(Answer::Refused(u8::try_from(reason).ok()?)),
    }
}

/// The records that belong to a name, or to what it stands for.
fn records(reader: &mut Reader, told: u16, (mut name, kind): (String, u16)) -> Option<Vec<Record>> {
    let (mut found, mut aliases) = (Vec::new(), Vec::new());
    for _ in 0..usize::from(told).min(RECORDS) {
        let owner = reader.name()?;
        let (of, class) = (reader.number()?, reader.number()?);
        let (_, _) = (reader.number()?, reader.number()?); // how long it is good
        let length = usize::from(reader.number()?);
        let end = reader.at.checked_add(length)?;
        reader.octets.get(..end)?;
        if class == INTERNET && of == CNAME {
            aliases.push((owner, reader.name()?));
        } else if class == INTERNET && of == kind {
            found.push((owner, reader.record(kind)?));
        } else {
            reader.at = end;
        }
        if reader.at != end {
            return None;
        }
    }
    for _ in 0..ALIASES {
        match aliases.iter().find(|(owner, _)| *owner == name) {
            Some((_, other)) => name.clone_from(other),
            None => break,
        }
    }
    let own = found.into_iter().filter(|(owner, _)| *owner == name);
    let own = own.map(|(_, record)| record);
    let mut own: Vec<Record> = own
        .filter(|record| leads_somewhere(&record.target))
        .collect();
    own.sort_by_key(|record| (record.priority, u16::MAX - record.weight));
    Some(own)
}

/// Whether this is a host's name, or none at all.
fn leads_somewhere(target: &str) -> bool {
    target.is_empty() || is_host(target)
}

/// Whether a host can have this name: the letters, digits and hyphens of RFC 952, and the low lines
/// that some have all the same.
pub fn is_host(name: &str) -> bool {
    let letter = |b: u8| b.is_ascii_alphanumeric() || b"-_".contains(&b);
    let label = |label: &str| {
        (1..=LABEL).contains(&label.len()) && !label.starts_with('-') && label.bytes().all(letter)
    };
    name.len() <= NAME && name.split('.').all(label)
}

/// Reads on through a message.
struct Reader<'o> {
    octets: &'o [u8],
    at: usize,
}

impl Reader<'_> {
    fn octet(&mut self) -> Option<u8> {
        let octet = self.octets.get(self.at)?;
        self.at += 1;
        Some(*octet)
    }

    fn number(&mut self) -> Option<u16> {
        Some(u16::from_be_bytes([self.octet()?, self.octet()?]))
    }

    /// What a record of this kind says.
    fn record(&mut self, kind: u16) -> Option<Record> {
        let priority = self.number()?;
        let (weight, port) = match kind == Kind::Srv.number() {
            true => (self.number()?, self.number()?),
            false => (0, 0),
        };
        Some(Record {
            priority,
            weight,
            port,
            target: self.name()?,
        })
    }

    /// A name in lower case, without its last dot. What has been said before may be pointed to, but
    /// only backwards (RFC 1035, section 4.1.4), so that each name has an end.
    fn name(&mut self) -> Option<String> {
        let (mut name, mut behind, mut least) = (String::new(), None, self.at);
        loop {
            match usize::from(self.octet()?) {
                0 => break,
                length @ 1..=LABEL => {
                    let label = self.octets.get(self.at..self.at + length)?;
                    self.at += length;
                    if !name.is_empty() {
                        name.push('.');
                    }
                    name.extend(label.iter().map(|b| readable(*b)));
                    if name.len() > NAME {
                        return None;
                    }
                }
                high @ 0xc0.. => {
                    let to = (high & 0x3f) << 8 | usize::from(self.octet()?);
                    if to >= least {
                        return None;
                    }
                    behind = behind.or(Some(self.at));
                    (self.at, least) = (to, to);
                }
                _ => return None,
            }
        }
        self.at = behind.unwrap_or(self.at);
        Some(name)
    }
}

/// A letter of a name. What no host's name has, a dot within a label too, becomes one that none has.
fn readable(octet: u8) -> char {
    match octet {
        b'.' => '?',
        graphic if graphic.is_ascii_graphic() => char::from(graphic.to_ascii_lowercase()),
        _ => '?',
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NAMED: &str = "_pop3s._tcp.Example.org";

    fn asked() -> Vec<u8> {
        question(0x1234, NAMED, Kind::Srv).unwrap()
    }

    /// An answer with these flags and these records, of which each is owner, kind and contents.
    fn answered(flags: u16, records: &[(&[u8], u16, &[u8])]) -> Vec<u8> {
        let mut octets = asked();
        octets[2..4].copy_from_slice(&flags.to_be_bytes());
        octets[6..8].copy_from_slice(&u16::try_from(records.len()).unwrap().to_be_bytes());
        for (owner, kind, contents) in records {
            octets.extend(*owner);
            octets.extend(kind.to_be_bytes());
            octets.extend([0, 1, 0, 0, 0, 60]);
            octets.extend(u16::try_from(contents.len()).unwrap().to_be_bytes());
            octets.extend(*contents);
        }
        octets
    }

    /// The contents of an SRV record.
    fn srv(priority: u8, weight: u8, target: &[u8]) -> Vec<u8> {
        [&[0, priority, 0, weight, 0x03, 0xe3], target].concat()
    }

    /// The name that was asked for, pointed to; and the domain in it.
    const OWNER: &[u8] = &[0xc0, 12];
    const DOMAIN: [u8; 2] = [0xc0, 24];

    fn targets(octets: &[u8]) -> Option<Vec<String>> {
        match answer(&asked(), octets)? {
            Answer::Records(records) => Some(records.into_iter().map(|r| r.target).collect()),
            _ => None,
        }
    }

    #[test]
    fn records_come_in_the_order_in_which_they_are_to_be_tried() {
        let pop = [b"\x03pop", &DOMAIN[..]].concat();
        let octets = answered(
            0x8180,
            &[
                (OWNER, 33, &srv(20, 0, b"\x04Last\0")),
                (OWNER, 33, &srv(10, 1, b"\x04rare\0")),
                (OWNER, 33, &srv(10, 9, &pop)),
            ],
        );
        let records = answer(&asked(), &octets).unwrap();
        let Answer::Records(records) = records else {
            panic!("{records:?}");
        };
        let first = Record {
            priority: 10,
            weight: 9,
            port: 995,
            target: "pop.example.org".into(),
        };
        assert_eq!(records[0], first);
        assert_eq!(targets(&octets).unwrap()[1..], ["rare", "last"]);
        for end in 0..octets.len() {
            assert_eq!(answer(&asked(), &octets[..end]), None, "{end}");
        }
    }

    #[test]
    fn a_service_that_is_not_there_is_a_target_without_a_name() {
        let octets = answered(0x8180, &[(OWNER, 33, &srv(0, 0, b"\0"))]);
        assert_eq!(targets(&octets).unwrap(), [""]);
        assert_eq!(targets(&answered(0x8183, &[])).unwrap(), [""; 0]);
        let refused = answer(&asked(), &answered(0x8182, &[]));
        assert_eq!(refused, Some(Answer::Refused(2)));
        assert_eq!(answer(&asked(), &answered(0x8380, &[])), Some(Answer::Cut));
    }

    #[test]
    fn names_that_stand_for_others_are_followed_and_those_of_others_left() {
        let octets = answered(
            0x8180,
            &[
                (b"\x05other\0", 33, &srv(0, 0, b"\x04evil\0")),
                (OWNER, CNAME, b"\x03two\0"),
                (b"\x03two\0", 33, &srv(0, 0, b"\x04good\0")),
            ],
        );
        assert_eq!(targets(&octets).unwrap(), ["good"]);
        let round = answered(0x8180, &[(OWNER, CNAME, OWNER)]);
        assert_eq!(targets(&round).unwrap(), [""; 0]);
    }

    #[test]
    fn an_answer_to_another_question_is_none() {
        let octets = answered(0x8180, &[(OWNER, 33, &srv(0, 0, b"\x03pop\0"))]);
        for (at, other) in [
            (0, 0x99),
            (2, 0x01),
            (5, 2),
            (13, b'x'),
            (octets.len() - 1, 9),
        ] {
            let mut octets = octets.clone();
            octets[at] = other;
            assert_eq!(answer(&asked(), &octets), None, "{at}");
        }
        let mut louder = octets;
        louder[20] = louder[20].to_ascii_uppercase();
        assert!(answer(&asked(), &louder).is_some(), "letters have no case");
    }

    #[test]
    fn pointers_lead_backwards_only_and_names_end() {
        let here = u8::try_from(asked().len() + 12 + 6).unwrap();
        for target in [
            &[0xc0, here][..],
            &[0xc0, here + 1],
            &[0xff, 0xff],
            &[0x40],
            &[1, b'a', 0xc0, here],
        ] {
            let octets = answered(0x8180, &[(OWNER, 33, &srv(0, 0, target))]);
            assert_eq!(answer(&asked(), &octets), None, "{target:?}");
        }
        let long = b"\x3faaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa".repeat(4);
        let octets = answered(
            0x8180,
            &[(OWNER, 33, &srv(0, 0, &[&long[..], b"\0"].concat()))],
        );
        assert_eq!(answer(&asked(), &octets), None);
    }

    #[test]
    fn what_no_host_is_called_leads_nowhere() {
        for target in [
            &b"\x03\x1b[m\0"[..],
            b"\x03a.b\0",
            b"\x02a \0",
            b"\x02-a\0",
            b"\x02\xff\xfe\0",
        ] {
            let octets = answered(0x8180, &[(OWNER, 33, &srv(0, 0, target))]);
            assert_eq!(targets(&octets).unwrap(), [""; 0], "{target:?}");
        }
        for name in ["", "a..b", ".", "a.", "g\u{fc}n"] {
            assert_eq!(question(1, name, Kind::Mx), None, "{name}");
            assert!(!is_host(name), "{name}");
        }
        assert!(is_host("a_1.b-c.example"));
    }
}
