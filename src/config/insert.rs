//! Putting an account into the text of a configuration file, and touching nothing else of it. Pure.
//! YAML has more ways to write things than are worth knowing here: a place is tried, and taken only
//! if the whole then reads as before with the account besides.

use super::draft::{Draft, Setting};
use super::place::{locate, Path};
use serde_yaml::{Mapping, Value};

/// The text with the account in it; none if no way was found that leaves all else as it is.
pub fn insert(text: &str, draft: &Draft) -> Option<String> {
    let old: Value = serde_yaml::from_str(text).ok()?;
    let wanted = with(old.clone(), draft)?;
    let edit = Edit {
        text,
        old: &old,
        draft,
        end: match text.split_once('\n') {
            Some((first, _)) if first.ends_with('\r') => "\r\n",
            _ => "\n",
        },
    };
    let as_wanted =
        |edited: &String| serde_yaml::from_str(edited).is_ok_and(|read: Value| read == wanted);
    edit.ways().into_iter().find(as_wanted)
}

/// What the file is to mean.
fn with(old: Value, draft: &Draft) -> Option<Value> {
    let mut whole = mapping(old)?;
    let key = Value::from("accounts");
    let accounts = whole.get(&key).cloned().unwrap_or(Value::Null);
    let mut accounts = mapping(accounts)?;
    let before = accounts.insert(Value::from(draft.name.as_str()), draft.value());
    whole.insert(key, Value::Mapping(accounts));
    before.is_none().then_some(Value::Mapping(whole))
}

/// A mapping, or nothing, which is an empty one.
fn mapping(value: Value) -> Option<Mapping> {
    match value {
        Value::Mapping(mapping) => Some(mapping),
        Value::Null => Some(Mapping::new()),
        _ => None,
    }
}

/// What is put where.
struct Edit<'e> {
    text: &'e str,
    old: &'e Value,
    draft: &'e Draft,
    /// How lines end in the file.
    end: &'static str,
}

impl Edit<'_> {
    /// The texts that may do, the best first.
    fn ways(&self) -> Vec<String> {
        let Some(key) = self.offset(&["accounts"]) else {
            let head = format!("accounts:\n{}", self.draft.block(Setting::USUAL));
            return vec![self.put(self.text.len(), &head)];
        };
        let Some(value) = self.behind(key) else {
            return Vec::new();
        };
        let next = self.significant(value);
        match self.text.get(next..).unwrap_or_default() {
            rest if rest.starts_with('{') => self.in_braces(next),
            rest if rest.starts_with('~') => self.in_lines(key, Some(next..next + 1)),
            rest if rest.starts_with("null") => self.in_lines(key, Some(next..next + 4)),
            _ => self.in_lines(key, None),
        }
    }

    /// The account among others that stand in lines, below the key. An empty value in its place is
    /// taken out.
    fn in_lines(&self, key: usize, empty: Option<std::ops::Range<usize>>) -> Vec<String> {
        let setting = self.setting(key);
        let mut block = self.draft.block(setting);
        if self.spaced() {
            block.insert(0, '\n');
        }
        let end = self.section_end(key);
        let places = [self.last_of_section(key, end), end];
        let put = |at: usize| {
            let edited = self.put(at, &block);
            let Some(empty) = empty.clone() else {
                return edited;
            };
            let (before, after) = (&edited[..empty.start], &edited[empty.end..]);
            let blank = after.starts_with(['\n', '\r']) || after.is_empty();
            match blank {
                true => format!("{}{after}", before.trim_end_matches(' ')),
                false => format!("{before}{after}"),
            }
        };
        places.map(put).into()
    }

    /// The account among others within braces; or, where there are none yet, in lines instead.
    fn in_braces(&self, open: usize) -> Vec<String> {
        let Some(Braces { last, close }) = self.braces(open) else {
            return Vec::new();
        };
        let entry = self.draft.flow();
        let put = |at: usize, what: String| {
            let (before, after) = self.text.split_at(at);
            format!("{before}{what}{after}")
        };
        let Some(last) = last else {
            let key = self.offset(&["accounts"]).unwrap_or(open);
            let mut ways = self.in_lines(key, Some(open..close + 1));
            ways.push(put(open + 1, entry));
            return ways;
        };
        let comma = if self.text[..last].ends_with(',') {
            ""
        } else {
            ","
        };
        let between = self.text.get(last..close).unwrap_or_default();
        let way = match between.contains('\n') {
            true => {
                let line = self.line_start(last);
                let indent =
                    self.text[line..].len() - self.text[line..].trim_start_matches(' ').len();
                format!("{comma}{}{}{entry}", self.end, " ".repeat(indent))
            }
            false => format!("{comma} {entry}"),
        };
        vec![put(last, way)]
    }

    /// Where the braces that open here close, and where the last thing within them ends.
    fn braces(&self, open: usize) -> Option<Braces> {
        let bytes = self.text.as_bytes();
        let (mut at, mut depth, mut last) = (open, 0usize, None);
        while let Some(byte) = bytes.get(at) {
            let before = at.checked_sub(1).map_or(b' ', |before| bytes[before]);
            let apart = b" \t\r\n,[{:".contains(&before);
            match byte {
                b'#' if apart => {
                    let line = &bytes[at..];
                    at += line.iter().position(|b| *b == b'\n').unwrap_or(line.len());
                    continue;
                }
                b'"' | b'\'' if apart => at = self.quote_end(at)?,
                b'{' | b'[' => depth += 1,
                b'}' | b']' => depth = depth.checked_sub(1)?,
                _ => {}
            }
            match byte {
                b'}' if depth == 0 => return Some(Braces { last, close: at }),
                _ if at > open && !byte.is_ascii_whitespace() => last = Some(at + 1),
                _ => {}
            }
            at += 1;
        }
        None
    }

    /// The last byte of what begins here with a quote.
    fn quote_end(&self, open: usize) -> Option<usize> {
        let bytes = self.text.as_bytes();
        let quote = *bytes.get(open)?;
        let mut at = open + 1;
        loop {
            match bytes.get(at)? {
                b'\\' if quote == b'"' => at += 2,
                b if *b == quote && quote == b'\'' && bytes.get(at + 1) == Some(&quote) => at += 2,
                b if *b == quote => return Some(at),
                _ => at += 1,
            }
        }
    }

    /// How far the names of accounts are set in, and their keys.
    fn setting(&self, key: usize) -> Setting {
        // How far something is set in, if it begins a line below that of something else.
        let column = |path: &[&str], below: usize| {
            let at = self.offset(path)?;
            let line = self.line_start(at);
            (line > below).then_some((at, at - line))
        };
        let usual = Setting {
            name: key - self.line_start(key) + Setting::USUAL.name,
            ..Setting::USUAL
        };
        let Some((first, keys)) = self.accounts().next() else {
            return usual;
        };
        let Some((at, name)) = column(&["accounts", first], key) else {
            return usual;
        };
        let inner = keys.as_mapping().and_then(|keys| keys.keys().next());
        let inner = inner.and_then(|inner| column(&["accounts", first, inner.as_str()?], at));
        let step = inner
            .and_then(|(_, inner)| inner.checked_sub(name))
            .filter(|step| *step > 0);
        let step = step.unwrap_or(Setting::USUAL.step);
        Setting { name, step }
    }

    /// Whether there is an empty line between the accounts.
    fn spaced(&self) -> bool {
        let second = self.accounts().nth(1);
        let at = second.and_then(|(name, _)| self.offset(&["accounts", name]));
        let before = at.map(|at| &self.text[..self.line_start(at)]);
        let line = before.and_then(|before| before.lines().next_back());
        line.is_some_and(|line| line.trim().is_empty())
    }

    fn accounts(&self) -> impl Iterator<Item = (&str, &Value)> {
        let accounts = self.old.get("accounts").and_then(Value::as_mapping);
        let all = accounts.into_iter().flatten();
        all.filter_map(|(name, keys)| Some((name.as_str()?, keys)))
    }

    /// Where the next key on the level of `accounts` has its line, or the file its end.
    fn section_end(&self, key: usize) -> usize {
        let keys = self.old.as_mapping().into_iter().flatten();
        let names = keys.filter_map(|(name, _)| name.as_str());
        let others = names.filter_map(|name| self.offset(&[name]));
        let next = others
            .filter(|at| *at > key)
            .map(|at| self.line_start(at))
            .min();
        next.unwrap_or(self.text.len())
    }

    /// Where the last line ends that belongs to the accounts: not an empty one, nor a remark that is
    /// not set in, which belongs to what follows.
    fn last_of_section(&self, key: usize, end: usize) -> usize {
        let mut last = self.line_end(key);
        let mut at = last;
        for line in self
            .text
            .get(last..end)
            .unwrap_or_default()
            .split_inclusive('\n')
        {
            at += line.len();
            let aside = line.starts_with('#') || line.starts_with("...") || line.starts_with("---");
            if !line.trim().is_empty() && !aside {
                last = at;
            }
        }
        last
    }

    /// The text with these lines put in before what stands there, in lines of their own.
    fn put(&self, at: usize, lines: &str) -> String {
        let (before, after) = self.text.split_at(at);
        let lines = lines.replace('\n', self.end);
        let end = match before.is_empty() || before.ends_with('\n') {
            true => "",
            false => self.end,
        };
        format!("{before}{end}{lines}{after}")
    }

    /// Where a key begins.
    fn offset(&self, path: &[&str]) -> Option<usize> {
        let (line, column) = locate(self.text, Path::Keys(path), 0)?;
        let start: usize = self
            .text
            .split_inclusive('\n')
            .take(line - 1)
            .map(str::len)
            .sum();
        let (inner, _) = self.text.get(start..)?.char_indices().nth(column - 1)?;
        Some(start + inner)
    }

    /// What stands behind the colon of the key that begins here.
    fn behind(&self, key: usize) -> Option<usize> {
        let end = match self.text.as_bytes().get(key)? {
            b'"' | b'\'' => self.quote_end(key)? + 1,
            _ => key + "accounts".len(),
        };
        let rest = self.text.get(end..)?;
        let colon = rest.trim_start_matches(' ').strip_prefix(':')?;
        Some(end + rest.len() - colon.len())
    }

    /// The next thing from there that is neither blank nor a remark.
    fn significant(&self, from: usize) -> usize {
        let mut at = from;
        loop {
            let rest = self.text.get(at..).unwrap_or_default();
            at += rest.len() - rest.trim_start().len();
            match self.text.get(at..) {
                Some(rest) if rest.starts_with('#') => at = self.line_end(at),
                _ => return at,
            }
        }
    }

    fn line_start(&self, at: usize) -> usize {
        self.text[..at].rfind('\n').map_or(0, |end| end + 1)
    }

    /// Where the next line begins.
    fn line_end(&self, at: usize) -> usize {
        let end = self.text[at..].find('\n').map(|end| at + end + 1);
        end.unwrap_or(self.text.len())
    }
}

/// What is between braces.
struct Braces {
    /// Where the last thing within ends.
    last: Option<usize>,
    /// The closing one.
    close: usize,
}

#[cfg(test)]
mod tests {
    use super::super::draft::Entry;
    use super::*;

    fn draft() -> Draft {
        Draft {
            name: "new".into(),
            keys: vec![
                ("server", Entry::from("h")),
                (
                    "deliver",
                    Entry::Keys(vec![("maildir", Entry::from("~/M"))]),
                ),
            ],
        }
    }

    #[track_caller]
    fn becomes(text: &str, edited: &str) {
        assert_eq!(insert(text, &draft()).as_deref(), Some(edited), "{text}");
    }

    const BLOCK: &str = "  new:\n    server: h\n    deliver:\n      maildir: ~/M\n";
    const FLOW: &str = "\"new\": {\"server\": \"h\", \"deliver\": {\"maildir\": \"~/M\"}}";

    #[test]
    fn where_there_is_nothing_yet() {
        becomes("", &format!("accounts:\n{BLOCK}"));
        becomes("# mine\n\n", &format!("# mine\n\naccounts:\n{BLOCK}"));
        becomes(
            "jobs: 2 # two",
            &format!("jobs: 2 # two\naccounts:\n{BLOCK}"),
        );
        becomes(
            "---\njobs: 2\n",
            &format!("---\njobs: 2\naccounts:\n{BLOCK}"),
        );
        for empty in [
            "accounts:\n",
            "accounts: {}\n",
            "accounts: null\n",
            "accounts: ~\n",
            "accounts:",
        ] {
            becomes(empty, &format!("accounts:\n{BLOCK}"));
        }
        becomes(
            "accounts: { } # none yet\njobs: 1\n",
            &format!("accounts:  # none yet\n{BLOCK}jobs: 1\n"),
        );
        becomes(
            "accounts:\n  # old: {}\n\njobs: 1\n",
            &format!("accounts:\n  # old: {{}}\n{BLOCK}\njobs: 1\n"),
        );
    }

    #[test]
    fn behind_the_last_of_several_and_set_in_as_they_are() {
        let old = "# mine\naccounts: # all\n   one: # first\n     server: a # x\n\n   # two\n   two: {server: b}\n   # end\n\n# rest\njobs: 2\n";
        let new = "# mine\naccounts: # all\n   one: # first\n     server: a # x\n\n   # two\n   two: {server: b}\n   # end\n   new:\n     server: h\n     deliver:\n       maildir: ~/M\n\n# rest\njobs: 2\n";
        becomes(old, new);
        let spaced = "accounts:\n  one:\n    server: a\n\n  two:\n    server: b\n";
        becomes(spaced, &format!("{spaced}\n{BLOCK}"));
        let without_end = "jobs: 1\naccounts:\n  one:\n    server: a";
        becomes(without_end, &format!("{without_end}\n{BLOCK}"));
        let odd = "\"accounts\" :\n  one: {}\n...\n";
        becomes(odd, &format!("\"accounts\" :\n  one: {{}}\n{BLOCK}...\n"));
    }

    #[test]
    fn line_ends_are_those_of_the_file() {
        let old = "accounts:\r\n  one:\r\n    server: a\r\njobs: 1\r\n";
        let block = BLOCK.replace('\n', "\r\n");
        becomes(
            old,
            &format!("accounts:\r\n  one:\r\n    server: a\r\n{block}jobs: 1\r\n"),
        );
    }

    #[test]
    fn within_braces() {
        becomes(
            "accounts: {one: {server: a}} # x\n",
            &format!("accounts: {{one: {{server: a}}, {FLOW}}} # x\n"),
        );
        becomes(
            "{accounts: {}, jobs: 1}",
            &format!("{{accounts: {{{FLOW}}}, jobs: 1}}"),
        );
        let json =
            "{\n  \"accounts\": {\n    \"a}\": {\"server\": \"x\\\"}\"}\n  },\n  \"jobs\": 1\n}\n";
        let edited = json.replace("\\\"}\"}\n", &format!("\\\"}}\"}},\n    {FLOW}\n"));
        becomes(json, &edited);
        let remark = "accounts: {\n  one: {server: a}, # }\n}\n";
        becomes(
            remark,
            &format!("accounts: {{\n  one: {{server: a}},\n  {FLOW} # }}\n}}\n"),
        );
        becomes(
            "accounts:\n  {a: {server: 'it''s }'}}\n",
            &format!("accounts:\n  {{a: {{server: 'it''s }}'}}, {FLOW}}}\n"),
        );
    }

    #[test]
    fn texts_within_accounts_do_not_mislead() {
        let block = "accounts:\n  one:\n    password_command: |\n      accounts:\n        x: y\n      # no remark\n  two:\n    server: b\n# end\n";
        let edited = block.replace("# end\n", &format!("{BLOCK}# end\n"));
        becomes(block, &edited);
        let anchor = "d: &d {keep: true}\naccounts: &all\n  one: *d\nz: *d\n";
        let edited = anchor.replace("z: *d", &format!("{BLOCK}z: *d"));
        becomes(anchor, &edited);
        let text = "accounts:\n  one:\n    mda: \"a\n\n      b\"\n";
        becomes(text, &format!("{text}{BLOCK}"));
    }

    #[test]
    fn what_cannot_be_kept_whole_is_not_touched() {
        for text in [
            "accounts: 3\n",
            "[]\n",
            "accounts:\n  new: {}\n",
            "? accounts\n: {}\n",
            "a: [\n",
            "{jobs: 1}\n",
        ] {
            assert_eq!(insert(text, &draft()), None, "{text}");
        }
    }
}
