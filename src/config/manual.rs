//! What the manual page says of a key, for the schema: the words of popget.yaml(5), out of its mdoc.

/// The page.
const PAGE: &str = include_str!("../../man/popget.yaml.5");

/// What is said of a key.
pub struct Item {
    /// The way to it, from the keys of an account or of the file.
    pub way: Vec<String>,
    /// The first paragraph about it.
    pub said: String,
}

/// All keys that the page tells of.
pub fn items() -> Vec<Item> {
    let mut reader = Reader::default();
    PAGE.lines().for_each(|line| reader.take(line));
    let mut items = reader.items;
    for item in &mut items {
        let said = item.said.trim().trim_end_matches([':', ',']);
        item.said = match said.ends_with('.') {
            true => said.into(),
            false => format!("{said}."),
        };
    }
    items
}

/// Reads the page line by line.
#[derive(Default)]
struct Reader {
    items: Vec<Item>,
    /// The key whose item is open in each list that is, if it is one of keys.
    open: Vec<Option<String>>,
    /// The items that the text is about, from this index on, in a list of this depth.
    about: Option<(usize, usize)>,
    /// No blanks are put between words.
    tight: bool,
}

impl Reader {
    fn take(&mut self, line: &str) {
        let (word, rest) = line.split_once(' ').unwrap_or((line, ""));
        match word {
            ".Bl" => {
                if !self.is_bare() {
                    self.about = None;
                }
                self.open.push(None);
            }
            ".El" => {
                self.open.pop();
                self.about = None;
            }
            ".It" => self.item(rest),
            ".Pp" if self.is_bare() => {}
            ".Pp" | ".Sh" | ".Ss" => self.about = None,
            ".Sm" => self.tight = rest == "off",
            _ => self.say(line),
        }
    }

    /// Whether nothing has been said yet of what is at hand.
    fn is_bare(&self) -> bool {
        let first = self.about.map_or(usize::MAX, |(first, _)| first);
        self.items
            .iter()
            .skip(first)
            .all(|item| item.said.is_empty())
    }

    fn item(&mut self, head: &str) {
        let depth = self.open.len();
        let Some(key) = head
            .strip_prefix("Ic ")
            .and_then(|key| key.split(' ').next())
        else {
            match self.about {
                // The words that a key may be, where nothing else is said of it.
                Some((first, at)) if at < depth => {
                    self.add(first, &format!("{}:", text(head, false)))
                }
                _ => self.about = None,
            }
            return;
        };
        if let Some(open) = self.open.last_mut() {
            *open = Some(key.into());
        }
        let first = match self.about {
            // Those before it share what is said of it.
            Some((first, at)) if at == depth && self.is_bare() => first,
            _ => self.items.len(),
        };
        self.about = Some((first, depth));
        self.items.push(Item {
            way: self.open.iter().flatten().cloned().collect(),
            said: String::new(),
        });
    }

    fn say(&mut self, line: &str) {
        if let Some((first, _)) = self.about {
            let said = match line.strip_prefix('.') {
                Some(macros) => text(macros, self.tight),
                None => plain(line),
            };
            self.add(first, &said);
        }
    }

    fn add(&mut self, first: usize, said: &str) {
        let tight = self.tight;
        for item in self.items.iter_mut().skip(first) {
            let joined = tight
                && item
                    .said
                    .ends_with(|c: char| !c.is_whitespace() && c != ',');
            if !item.said.is_empty() && !joined {
                item.said.push(' ');
            }
            item.said.push_str(said);
        }
    }
}

/// Text without the escapes of roff.
fn plain(text: &str) -> String {
    text.replace("\\&", "")
        .replace("\\-", "-")
        .replace("\\e", "\\")
}

/// A line of macros as plain text.
fn text(line: &str, tight: bool) -> String {
    let (mut out, mut quote, mut paren) = (String::new(), "", "");
    let mut glue = true;
    let words = words(line);
    let mut left = words.as_slice();
    while let Some(((word, quoted), rest)) = left.split_first() {
        left = rest;
        let called = if *quoted { "" } else { word.as_str() };
        if MARKS.contains(&called) {
            out.push_str(std::mem::take(&mut quote));
            if left.iter().all(|(word, _)| MARKS.contains(&word.as_str())) {
                out.push_str(std::mem::take(&mut paren));
            }
            out.push_str(called);
            glue = false;
            continue;
        }
        if PLAIN.contains(&called) {
            continue;
        }
        if !glue && !tight && !["Ns", "Oc"].contains(&called) {
            out.push(' ');
        }
        glue = ["Ns", "Ql", "Sq", "Dq", "Pq", "Oo", "Fl"].contains(&called);
        match (called, left) {
            ("Ns", _) => {}
            ("Ql" | "Sq", _) => (out, quote) = (out + "'", "'"),
            ("Dq", _) => (out, quote) = (out + "\"", "\""),
            ("Pq", _) => (out, paren) = (out + "(", ")"),
            ("Oo", _) => out.push('['),
            ("Oc", _) => out.push(']'),
            ("Fl", _) => out.push('-'),
            ("Xr", [(page, _), (section, _), rest @ ..]) => {
                out.push_str(&format!("{page}({section})"));
                left = rest;
            }
            ("Nm", [_, rest @ ..]) => (out, left) = (out + "popget", rest),
            _ => out.push_str(&plain(word)),
        }
    }
    out + quote + paren
}

/// What closes a part of a sentence.
const MARKS: [&str; 7] = [".", ",", ":", ";", ")", "?", "!"];
/// Macros that only say in which type something stands.
const PLAIN: [&str; 10] = ["No", "Ic", "Cm", "Li", "Ar", "Ev", "Pa", "Sy", "Em", "Sx"];

/// The words of a line of macros, with whether each stood in quotes.
fn words(line: &str) -> Vec<(String, bool)> {
    let mut words = Vec::new();
    let mut rest = line.trim_start();
    while !rest.is_empty() {
        let (word, quoted, behind) = match rest.strip_prefix('"') {
            Some(inner) => {
                let (word, behind) = inner.split_once('"').unwrap_or((inner, ""));
                (word, true, behind)
            }
            None => {
                let (word, behind) = rest.split_once(' ').unwrap_or((rest, ""));
                (word, false, behind)
            }
        };
        words.push((word.into(), quoted));
        rest = behind.trim_start();
    }
    words
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn macros_become_words() {
        for (line, said) in [
            ("Ic server , user", "server, user"),
            ("Ql tls: starttls", "'tls: starttls'"),
            ("Pq see Ic auth ;", "(see auth);"),
            ("Fl -account", "--account"),
            ("Xr popget 1 .", "popget(1)."),
            ("Ic tls : No implicit .", "tls: implicit."),
            ("Ql recent: Ns Ar address", "'recent:address'"),
            ("Pq Cm check , list", "(check, list)"),
            ("Pq Ql a b", "('a b')"),
            ("Nm popget", "popget"),
            ("Ql \"[2001:db8::1]:995\" .", "'[2001:db8::1]:995'."),
        ] {
            assert_eq!(text(line, false), said, "{line}");
        }
    }

    #[test]
    fn every_key_is_told_of_in_a_sentence() {
        for Item { way, said } in items() {
            assert!(said.len() > 10 && said.ends_with('.'), "{way:?}: {said}");
            let macros = said
                .split(' ')
                .any(|word| ["Ic", "Cm", "Ar", "Ns"].contains(&word));
            assert!(!macros && !said.contains(" ,"), "{way:?}: {said}");
        }
    }
}
