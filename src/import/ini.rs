//! Files of sections, keys and values, as Python's RawConfigParser reads them: no quotes, no escapes,
//! no comments behind a value; a line that is indented deeper than its key goes on with the value.

use super::place::{Spot, Wrong};
use super::said::Said;
use std::collections::HashSet;
use std::rc::Rc;

/// A section of a file.
pub struct Section {
    /// Its name.
    pub name: String,
    /// Where it begins.
    pub spot: Spot,
    /// Its keys, in small letters, and their values.
    pub keys: Vec<(String, Said)>,
}

impl Section {
    /// The value of a key.
    pub fn of(&self, key: &str) -> Option<&Said> {
        let named = self.keys.iter().find(|(name, _)| name == key);
        named.map(|(_, said)| said)
    }

    /// Its name where it begins.
    pub fn begin(&self) -> Said {
        Said {
            bytes: self.name.clone().into_bytes(),
            spot: self.spot.clone(),
        }
    }
}

/// The section whose keys count in all others.
pub const DEFAULT: &str = "DEFAULT";

/// Whether a file has a section of this name, whatever else stands in it.
pub fn has_section(text: &[u8], name: &str) -> bool {
    let mut names = lines(text).filter_map(|line| header(line.trim_ascii()));
    names.any(|known| known == name.as_bytes())
}

/// The lines of a file, without the mark of UTF-8 before the first.
fn lines(text: &[u8]) -> impl Iterator<Item = &[u8]> {
    let text = text.strip_prefix(b"\xef\xbb\xbf").unwrap_or(text);
    text.split(|b| *b == b'\n')
}

/// The name of the section that begins with this line, if one does: what stands before the last `]`.
fn header(line: &[u8]) -> Option<&[u8]> {
    let inner = line.strip_prefix(b"[")?;
    let end = inner.iter().rposition(|b| *b == b']')?;
    (end > 0).then(|| &inner[..end])
}

/// Reads the sections of a file. Fails where Python would.
pub fn read(file: &Rc<str>, text: &[u8]) -> Result<Vec<Section>, Wrong> {
    let mut sections: Vec<Section> = Vec::new();
    let (mut names, mut keys) = (HashSet::new(), HashSet::new());
    let mut open = None; // how deep the key is indented whose value may go on
    for (line, bytes) in (1..).zip(lines(text)) {
        let inner = bytes.trim_ascii();
        let blanks = bytes.len() - bytes.trim_ascii_start().len();
        let spot = Spot::at(file, line, 1 + blanks);
        if inner.is_empty() || matches!(inner[0], b'#' | b';') {
            continue;
        }
        if open.is_some_and(|key| blanks > key) {
            let value = sections
                .last_mut()
                .and_then(|section| section.keys.last_mut());
            if let Some((_, said)) = value {
                said.bytes.push(b'\n');
                said.bytes.extend(inner);
            }
            continue;
        }
        if let Some(name) = header(inner) {
            let section = section(name, spot);
            if !names.insert(section.name.clone()) && section.name != DEFAULT {
                let what = format!("the section [{}] stands twice", section.name);
                return Err(Wrong::new(&section.spot, what));
            }
            sections.push(section);
            open = None;
            continue;
        }
        let section = sections.last_mut();
        let section = section.ok_or_else(|| Wrong::new(&spot, "a key outside any section"))?;
        let (key, said) = key(inner, &spot)?;
        if !keys.insert((section.name.clone(), key.clone())) {
            return Err(Wrong::new(
                &spot,
                format!("{key} stands twice in [{}]", section.name),
            ));
        }
        section.keys.push((key, said));
        open = Some(blanks);
    }
    Ok(sections)
}

fn section(name: &[u8], spot: Spot) -> Section {
    Section {
        name: String::from_utf8_lossy(name).into_owned(),
        spot,
        keys: Vec::new(),
    }
}

/// `key = value` or `key: value`, whichever sign comes first.
fn key(line: &[u8], spot: &Spot) -> Result<(String, Said), Wrong> {
    let sign = line.iter().position(|b| matches!(b, b'=' | b':'));
    let sign = sign.filter(|at| *at > 0);
    let sign = sign.ok_or_else(|| Wrong::new(spot, "neither a section nor KEY = VALUE"))?;
    let key = String::from_utf8_lossy(line[..sign].trim_ascii()).to_lowercase();
    let said = Said {
        bytes: line[sign + 1..].trim_ascii().to_vec(),
        spot: spot.clone(),
    };
    Ok((key, said))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_are_taken_as_they_stand() {
        let text =
            b"# x\n[a]\nPassWord = \"a ; c\"\nkey: x=y # no comment\nlist = (\n  'x',\n\n  'y')\n\
                     [b]\r\nk =\r\n";
        let sections = read(&"rc".into(), text).unwrap();
        let told: Vec<_> = sections
            .iter()
            .flat_map(|section| {
                section
                    .keys
                    .iter()
                    .map(|(key, said)| (key.as_str(), said.shown()))
            })
            .collect();
        assert_eq!(
            told,
            [
                ("password", "\"a ; c\"".to_string()),
                ("key", "x=y # no comment".into()),
                ("list", "(\n'x',\n'y')".into()),
                ("k", String::new()),
            ]
        );
    }

    #[test]
    fn only_what_is_indented_deeper_goes_on_with_a_value() {
        let text = b"\xef\xbb\xbf  [a] # [b] x\n  k = 1\n   more\n  l = 2\n\tm = 3\n  n\n";
        let sections = read(&"rc".into(), text).unwrap();
        let [section] = sections.as_slice() else {
            panic!("{} sections", sections.len());
        };
        assert_eq!(section.name, "a] # [b");
        let keys = section.keys.iter();
        let told: Vec<_> = keys
            .map(|(key, said)| (key.as_str(), said.shown()))
            .collect();
        let meant = [("k", "1\nmore"), ("l", "2"), ("m", "3\nn")];
        assert_eq!(told, meant.map(|(key, value)| (key, value.to_owned())));
    }

    #[test]
    fn a_section_is_known_by_its_first_line() {
        for (text, has) in [
            (&b"[retriever]"[..], true),
            (b"\xef\xbb\xbf[retriever]\r\n", true),
            (b"# x\n  [retriever] # main\n", true),
            (b"[retriever] [x]\n", false),
            (b"# [retriever]\n", false),
            (b"retriever\n[]\n[retriever\n", false),
        ] {
            assert_eq!(has_section(text, "retriever"), has, "{text:?}");
        }
    }

    #[test]
    fn what_python_refuses_is_refused() {
        for text in [
            "key = 1\n",
            "[a]\nk\n",
            "[a]\nk=1\nK=2\n",
            "[a]\n[b]\n[a]\n",
            "[a]\n= 1\n",
            "[DEFAULT]\nk = 1\n[a]\n[DEFAULT]\nk = 2\n",
        ] {
            assert!(read(&"rc".into(), text.as_bytes()).is_err(), "{text}");
        }
    }

    #[test]
    fn what_is_wrong_is_named_with_its_line_and_column() {
        for (text, place) in [
            ("\n  key = 1\n", (2, 3)),
            ("[a]\nk\n", (2, 1)),
            ("[a]\nk=1\nK=2\n", (3, 1)),
            ("[a]\n# x\n\t[a]\n", (3, 2)),
            ("[a]\n k = 1\n [a]\n", (3, 2)),
            ("[a]\n k = 1\n l\n", (3, 2)),
        ] {
            let wrong = read(&"rc".into(), text.as_bytes()).err().unwrap();
            assert_eq!((wrong.spot.line, wrong.spot.column), place, "{text}");
        }
    }
}
