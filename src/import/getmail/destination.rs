//! Where getmail delivers, in popget's words.

use super::super::draft::Draft;
use super::super::fit;
use super::super::ini::Section;
use super::super::said::Said;
use super::literal::Literal;
use super::sections::Sections;
use serde_yaml::{Mapping, Value};

/// Destinations within destinations are not followed deeper.
const DEEPEST: usize = 8;

/// Writes where mail goes; without any destination, an account that is off.
pub fn write(draft: &mut Draft, sections: &Sections, section: &Section) {
    let mut road = Road::new(draft, sections);
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
    depth: usize,
}

impl<'d, 'r, 's> Road<'d, 'r, 's> {
    /// At its beginning.
    pub fn new(draft: &'d mut Draft<'r>, sections: &'d Sections<'s>) -> Self {
        Self {
            draft,
            sections,
            depth: 0,
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
            ("Maildir", Some(path)) => self.file("maildir", path),
            ("Mboxrd", Some(path)) => {
                if let Some(lock) = section.of("locktype").filter(|lock| lock.bytes == b"flock") {
                    let why = "popget locks an mbox by fcntl and a lock file";
                    self.draft.told(&lock.spot, "locktype", why);
                }
                self.file("mbox", path)
            }
            ("MDA_external", Some(path)) => self.program(section, path),
            ("MDA_lmtp", _) => self.lmtp(section),
            ("MultiDestination", _) => self.several(section),
            (other, _) => {
                let word = format!("[{}] {other}", section.name);
                let why = "popget has no such destination, or its path is missing";
                self.draft.lost(&section.spot, &word, why);
                None
            }
        }
    }

    /// A path of this kind, unless it begins in the home folder of somebody else.
    fn file(&mut self, key: &str, path: &Said) -> Option<Value> {
        let text = path.text()?;
        let other = text
            .strip_prefix('~')
            .is_some_and(|rest| !rest.is_empty() && !rest.starts_with('/'));
        if other {
            let why = "popget knows only your own home folder by ~; write the other out";
            self.draft.lost(&path.spot, "path", why);
            return None;
        }
        Some(place(key, text))
    }

    /// The value of `deliver` for `[section]` or a path.
    pub fn named(&mut self, name: &str, said: &Said) -> Option<Value> {
        let inner = name
            .trim()
            .strip_prefix('[')
            .and_then(|name| name.strip_suffix(']'));
        let Some(inner) = inner else {
            let place = file(name.trim());
            if place.is_none() {
                let why = "is neither a section in brackets nor a path from / on";
                self.draft.lost(&said.spot, name, why);
            }
            return place;
        };
        self.depth += 1;
        let place = match self.sections.named(inner).filter(|_| self.depth <= DEEPEST) {
            Some(section) => self.section(section),
            None => {
                self.draft
                    .lost(&said.spot, name, "there is no such section");
                None
            }
        };
        self.depth -= 1;
        place
    }

    fn several(&mut self, section: &Section) -> Option<Value> {
        let said = section.of("destinations")?;
        let Some(names) = Literal::read(said.text()?).and_then(Literal::texts) else {
            self.draft
                .lost(&said.spot, "destinations", "is no tuple of texts");
            return None;
        };
        let mut places = Vec::new();
        for name in &names {
            match self.named(name, said)? {
                Value::Sequence(several) => places.extend(several),
                place => places.push(place),
            }
        }
        Some(Value::Sequence(places))
    }

    fn lmtp(&mut self, section: &Section) -> Option<Value> {
        let host = section.of("host")?.text()?.to_string();
        let port = section.of("port").map(Said::shown);
        let address = match port.filter(|_| !host.starts_with('/')) {
            Some(port) => format!("{host}:{port}"),
            None => host,
        };
        let mut lmtp = Mapping::from_iter([("address".into(), address.into())]);
        if let Some(recipient) = section.of("override") {
            lmtp.insert("recipient".into(), recipient.text()?.into());
        }
        Some(Mapping::from_iter([("lmtp".into(), lmtp.into())]).into())
    }

    fn program(&mut self, section: &Section, path: &Said) -> Option<Value> {
        let arguments = section.of("arguments");
        let mut words = vec![path.text()?.to_string()];
        if let Some(said) = arguments {
            match Literal::read(said.text()?).and_then(Literal::texts) {
                Some(more) => words.extend(more),
                None => {
                    self.draft
                        .lost(&said.spot, "arguments", "is no tuple of words");
                    return None;
                }
            }
        }
        let command: Value = if words.iter().any(|word| word.contains("%(")) {
            let mut line = String::from("exec");
            for word in &words {
                line.push(' ');
                match in_shell(word) {
                    Some(word) => line.push_str(&word),
                    None => {
                        let why = format!(
                            "{word} has no counterpart; popget tells a program \
                                           $SENDER and $RECIPIENT"
                        );
                        self.draft.lost(&arguments?.spot, "arguments", &why);
                        return None;
                    }
                }
            }
            line.into()
        } else {
            words.into()
        };
        Some(Mapping::from_iter([("mda".into(), command)]).into())
    }
}

/// A word for the shell, with what getmail puts in taken from the environment instead.
fn in_shell(word: &str) -> Option<String> {
    let places = [
        ("%(sender)", "$SENDER"),
        ("%(recipient)", "$RECIPIENT"),
        ("%(local)", "${RECIPIENT%@*}"),
        ("%(domain)", "${RECIPIENT##*@}"),
    ];
    let mut line = String::from("\"");
    let mut rest = word;
    while let Some(c) = rest.chars().next() {
        if let Some((tag, variable)) = places.iter().find(|(tag, _)| rest.starts_with(tag)) {
            line.push_str(variable);
            rest = &rest[tag.len()..];
            continue;
        }
        if rest.starts_with("%(") {
            return None;
        }
        if "\"\\$`".contains(c) {
            line.push('\\');
        }
        line.push(c);
        rest = &rest[c.len_utf8()..];
    }
    line.push('"');
    Some(line)
}

/// A path: a Maildir if it ends in a slash, else an mbox.
fn file(path: &str) -> Option<Value> {
    let begins = path.starts_with(['/', '.', '~', '$']);
    let key = if path.ends_with('/') {
        "maildir"
    } else {
        "mbox"
    };
    begins.then(|| place(key, path))
}

fn place(key: &str, path: &str) -> Value {
    Mapping::from_iter([(key.into(), path.into())]).into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_for_the_shell_stay_words() {
        assert_eq!(in_shell("%(recipient)").as_deref(), Some("\"$RECIPIENT\""));
        assert_eq!(
            in_shell("a $b `c` \"d\" \\").as_deref(),
            Some(r#""a \$b \`c\` \"d\" \\""#)
        );
        assert_eq!(in_shell("%(mailbox)"), None);
    }
}
