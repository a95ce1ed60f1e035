//! Files of sections, keys and values, as Python's RawConfigParser reads them: no quotes, no escapes,
//! no comments behind a value; a line that begins with a blank goes on with the value above it.

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

/// Reads the sections of a file. Fails where Python would.
pub fn read(file: &Rc<str>, text: &[u8]) -> Result<Vec<Section>, Wrong> {
    let text = text.strip_prefix(b"\xef\xbb\xbf").unwrap_or(text);
    let mut sections: Vec<Section> = Vec::new();
    let (mut names, mut keys) = (HashSet::new(), HashSet::new());
    let mut open = false; // whether a value may go on
    for (line, bytes) in (1..).zip(text.split(|b| *b == b'\n')) {
        let inner = bytes.trim_ascii();
        let blanks = bytes.len() - bytes.trim_ascii_start().len();
        let spot = Spot::at(file, line, 1 + blanks);
        if inner.is_empty() || matches!(inner[0], b'#' | b';') {
            continue;
        }
        if open && bytes[0].is_ascii_whitespace() {
            let value = sections
                .last_mut()
                .and_then(|section| section.keys.last_mut());
            if let Some((_, said)) = value {
                said.bytes.push(b'\n');
                said.bytes.extend(inner);
            }
            continue;
        }
        if let [b'[', name @ .., b']'] = inner {
            let section = section(name, spot);
            if !names.insert(section.name.clone()) {
                let what = format!("the section [{}] stands twice", section.name);
                return Err(Wrong::new(&section.spot, what));
            }
            sections.push(section);
            keys.clear();
            open = false;
            continue;
        }
        let section = sections.last_mut();
        let section = section.ok_or_else(|| Wrong::new(&spot, "a key outside any section"))?;
        let (key, said) = key(inner, &spot)?;
        if !keys.insert(key.clone()) {
            return Err(Wrong::new(
                &spot,
                format!("{key} stands twice in [{}]", section.name),
            ));
        }
        section.keys.push((key, said));
        open = true;
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
    fn what_python_refuses_is_refused() {
        for text in [
            "key = 1\n",
            "[a]\nk\n",
            "[a]\nk=1\nK=2\n",
            "[a]\n[b]\n[a]\n",
            "[a]\n= 1\n",
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
        ] {
            let wrong = read(&"rc".into(), text.as_bytes()).err().unwrap();
            assert_eq!((wrong.spot.line, wrong.spot.column), place, "{text}");
        }
    }
}
