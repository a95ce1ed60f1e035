//! The sources as the house rules see them: code apart from comments and texts, without its
//! tests, and cut into functions. A small lexer, not a parser: rustfmt sees to the rest.

use std::fs;
use std::path::{Path, PathBuf};

/// One file below src/.
pub struct Source {
    /// Its path from the top of the project.
    pub path: String,
    /// Its module, from the top: `["maildrop", "pop3"]`.
    pub module: Vec<String>,
    /// Its lines as written; those of tests are empty.
    pub written: Vec<String>,
    /// The same lines without comments and without what texts say.
    pub code: Vec<String>,
    /// The same lines with nothing but their comments.
    pub comments: Vec<String>,
    /// How many lines are not tests.
    pub length: usize,
}

/// A function with a body.
pub struct Function {
    /// The index of the line that holds `fn`.
    pub line: usize,
    /// Its name.
    pub name: String,
    /// How many lines it has, from `fn` to the closing brace.
    pub length: usize,
    /// How many parameters it has besides self.
    pub parameters: usize,
    /// What is written in the attributes and comments above it.
    pub above: String,
}

/// The top of the project.
pub fn top() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}

/// The text of a file of the project.
pub fn text(path: &str) -> String {
    fs::read_to_string(top().join(path)).unwrap_or_else(|error| panic!("{path}: {error}"))
}

/// The files of a folder and of those below it, as paths from the top, sorted. What git and
/// cargo keep for themselves is left out.
pub fn files(below: &str) -> Vec<String> {
    let mut found = Vec::new();
    walk(&top().join(below), &mut found);
    found.sort();
    found
}

fn walk(folder: &Path, found: &mut Vec<String>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let own = path.strip_prefix(top()).unwrap();
        if own.starts_with(".git") || own.starts_with("target") {
            continue;
        }
        if path.is_dir() {
            walk(&path, found);
        } else {
            found.push(own.to_str().unwrap().to_owned());
        }
    }
}

/// Every source of the program. Properties are tests.
pub fn sources() -> Vec<Source> {
    let rust = files("src")
        .into_iter()
        .filter(|path| path.ends_with(".rs") && !path.ends_with("/properties.rs"))
        .filter(|path| !path.ends_with("/golden.rs"));
    rust.map(|path| Source::new(path.clone(), &text(&path)))
        .collect()
}

impl Source {
    /// Looks at a file's text.
    pub fn new(path: String, text: &str) -> Source {
        let below = path.trim_start_matches("src/").trim_end_matches(".rs");
        let below = below.trim_end_matches("/mod");
        let module = below.split('/').map(str::to_owned).collect();
        let (code, comments) = separate(text);
        let lines = |text: &str| text.lines().map(str::to_owned).collect::<Vec<_>>();
        let (mut written, mut code, mut comments) = (lines(text), lines(&code), lines(&comments));
        let mut length = written.len();
        for (first, last) in tests(&code) {
            length -= last + 1 - first;
            for part in [&mut written, &mut code, &mut comments] {
                part[first..=last].iter_mut().for_each(String::clear);
            }
        }
        Source {
            path,
            module,
            written,
            code,
            comments,
            length,
        }
    }

    /// What the file says of itself at its head.
    pub fn head(&self) -> String {
        let head = self
            .written
            .iter()
            .take_while(|line| line.starts_with("//!"));
        head.map(|line| line.trim_start_matches("//!"))
            .collect::<String>()
    }

    /// Its functions, nested ones too.
    pub fn functions(&self) -> Vec<Function> {
        let all = self.code.join("\n");
        let words = words(&all);
        let starts = words
            .windows(2)
            .filter(|pair| pair[0].1 == "fn" && pair[1].0 == pair[0].0 + 3);
        starts
            .filter_map(|pair| self.function(&all, pair[0].0, pair[1]))
            .collect()
    }

    fn function(&self, all: &str, start: usize, (at, name): (usize, &str)) -> Option<Function> {
        let open = skip_generics(all, at + name.len());
        let close = matching(all, open)?;
        let end = all[close..].find(['{', ';']).map(|found| close + found)?;
        if all.as_bytes()[end] == b';' {
            return None;
        }
        let last = matching(all, end)?;
        let line = count_lines(&all[..start]);
        Some(Function {
            line,
            name: name.to_owned(),
            length: count_lines(&all[start..last]) + 1,
            parameters: parameters(&all[open + 1..close]),
            above: self.above(line),
        })
    }

    fn above(&self, line: usize) -> String {
        let before = self.written[..line].iter().rev();
        let above = before.take_while(|line| {
            let line = line.trim_start();
            !line.is_empty() && !line.ends_with(['}', ';', '{', ','])
        });
        above.cloned().collect::<Vec<_>>().join("\n")
    }
}

/// Every word of the code with the place where it begins.
pub fn words(code: &str) -> Vec<(usize, &str)> {
    let mut found = Vec::new();
    let mut start = None;
    for (at, letter) in code.char_indices().chain([(code.len(), ' ')]) {
        let part = letter.is_alphanumeric() || letter == '_';
        match (part, start) {
            (true, None) => start = Some(at),
            (false, Some(begun)) => {
                found.push((begun, &code[begun..at]));
                start = None;
            }
            _ => {}
        }
    }
    found
}

/// Line breaks in a piece of text.
fn count_lines(text: &str) -> usize {
    text.matches('\n').count()
}

/// Parameters between the parentheses, without self.
fn parameters(list: &str) -> usize {
    let mut depth = 0;
    let mut parts = vec![String::new()];
    let mut before = ' ';
    for letter in list.chars() {
        match letter {
            '(' | '[' | '{' | '<' => depth += 1,
            '>' if before == '-' => {}
            ')' | ']' | '}' | '>' => depth -= 1,
            ',' if depth == 0 => parts.push(String::new()),
            _ => parts.last_mut().unwrap().push(letter),
        }
        before = letter;
    }
    let is_self = |part: &str| words(part).iter().any(|(_, word)| *word == "self");
    let real = parts
        .iter()
        .filter(|part| !part.trim().is_empty() && !is_self(part));
    real.count()
}

/// Where the parameters begin behind a name that may have generics.
fn skip_generics(code: &str, from: usize) -> usize {
    let (mut depth, mut before) = (0, ' ');
    for (at, letter) in code[from..].char_indices() {
        match letter {
            '<' => depth += 1,
            '>' if before != '-' => depth -= 1,
            '(' if depth == 0 => return from + at,
            _ => {}
        }
        before = letter;
    }
    code.len()
}

/// Where the bracket that opens at `open` is closed.
fn matching(code: &str, open: usize) -> Option<usize> {
    let mut depth = 0;
    for (at, letter) in code.get(open..)?.char_indices() {
        match letter {
            '(' | '[' | '{' => depth += 1,
            ')' | ']' | '}' => depth -= 1,
            _ => continue,
        }
        if depth == 0 {
            return Some(open + at);
        }
    }
    None
}

/// The first and last line of everything that is compiled for tests only.
fn tests(code: &[String]) -> Vec<(usize, usize)> {
    let all = code.join("\n");
    let marks = all.match_indices("#[cfg(test)]");
    let regions = marks.filter_map(|(at, mark)| {
        let item = at + mark.len();
        let end = item + all[item..].find(['{', ';'])?;
        let last = match all.as_bytes()[end] {
            b'{' => matching(&all, end)?,
            _ => end,
        };
        Some((count_lines(&all[..at]), count_lines(&all[..last])))
    });
    regions.collect()
}

/// What the lexer is in.
#[derive(Clone, Copy, PartialEq)]
enum Within {
    Code,
    Line,
    Block(usize),
    Text,
    /// A raw text, closed by a quote and so many `#`.
    Raw(usize),
}

/// Code and comments, each with blanks in place of the other; what texts say is in neither.
fn separate(text: &str) -> (String, String) {
    let letters: Vec<char> = text.chars().collect();
    let (mut code, mut comments) = (String::new(), String::new());
    let (mut within, mut at) = (Within::Code, 0);
    while at < letters.len() {
        let rest = &letters[at..];
        let (next, length) = step(
            within,
            rest,
            at.checked_sub(1).map(|before| letters[before]),
        );
        for letter in &rest[..length] {
            let blank = if *letter == '\n' { '\n' } else { ' ' };
            let comment = |within| matches!(within, Within::Line | Within::Block(_));
            // Letters in quotes are the only code of more than one at a time.
            let plain = within == Within::Code && next == Within::Code && length == 1;
            code.push(if plain { *letter } else { blank });
            let remark = comment(within) || comment(next);
            comments.push(if remark { *letter } else { blank });
        }
        (within, at) = (next, at + length);
    }
    (code, comments)
}

/// What follows the next letters, and how many they are.
fn step(within: Within, rest: &[char], before: Option<char>) -> (Within, usize) {
    let starts = |text: &str| text.chars().eq(rest.iter().copied().take(text.len()));
    let hashes = |from: usize| rest[from..].iter().take_while(|c| **c == '#').count();
    match within {
        Within::Code if starts("//") => (Within::Line, 2),
        Within::Code if starts("/*") => (Within::Block(1), 2),
        Within::Code if rest[0] == '"' => (Within::Text, 1),
        Within::Code if rest[0] == '\'' => (Within::Code, letter_length(rest)),
        Within::Code
            if rest[0] == 'r' && !before.is_some_and(|c| c.is_alphanumeric() && c != 'b') =>
        {
            match rest.get(1 + hashes(1)) {
                Some('"') => (Within::Raw(hashes(1)), 2 + hashes(1)),
                _ => (Within::Code, 1),
            }
        }
        Within::Code => (Within::Code, 1),
        Within::Line if rest[0] == '\n' => (Within::Code, 1),
        Within::Line => (Within::Line, 1),
        Within::Block(1) if starts("*/") => (Within::Code, 2),
        Within::Block(depth) if starts("*/") => (Within::Block(depth - 1), 2),
        Within::Block(depth) if starts("/*") => (Within::Block(depth + 1), 2),
        Within::Block(depth) => (Within::Block(depth), 1),
        Within::Text if rest[0] == '\\' => (Within::Text, 2.min(rest.len())),
        Within::Text if rest[0] == '"' => (Within::Code, 1),
        Within::Text => (Within::Text, 1),
        Within::Raw(count) if rest[0] == '"' && hashes(1) >= count => (Within::Code, 1 + count),
        Within::Raw(count) => (Within::Raw(count), 1),
    }
}

/// How long a letter in quotes is; 1 for the quote of a lifetime.
fn letter_length(rest: &[char]) -> usize {
    match rest {
        [_, '\\', ..] => {
            let end = rest.iter().skip(3).position(|c| *c == '\'');
            end.map_or(1, |end| end + 4)
        }
        [_, _, '\'', ..] => 3,
        _ => 1,
    }
}
