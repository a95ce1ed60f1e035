//! What the YAML parser says of text that is no YAML, in words for the person who wrote it. None of
//! the text itself is repeated: a password may stand in it.

/// A line and a column, from 1.
type Place = (usize, usize);

/// Where the mistake is, and what it is. `said` is the parser's error with its own places in it,
/// `place` the one that it gives.
pub fn explain(text: &str, said: &str, place: Option<Place>) -> (Option<Place>, String) {
    let has = |part: &str| said.contains(part);
    if has("control characters are not allowed") {
        return (
            control(text),
            "control characters are not allowed here".into(),
        );
    }
    if has("more than one document") {
        let what = "the file holds a second YAML document from here on; keep one";
        return (second_document(text), what.into());
    }
    if has("while scanning a quoted scalar") && has("unexpected end of stream") {
        return (
            last_place(said),
            "the quote that begins here is not closed".into(),
        );
    }
    let tabbed = place.is_some_and(|place| is_tabbed(text, place));
    if has("tab character") || tabbed && BY_TABS.iter().any(|part| has(part)) {
        return (place, "a tab cannot indent YAML; use spaces".into());
    }
    let what = match WORDS.iter().find(|(part, _)| has(part)) {
        Some((_, what)) => (*what).into(),
        None if has(BEGIN) => match place.and_then(|place| letter_at(text, place)) {
            Some(letter) => format!("a value cannot begin with {letter}; put it in quotes"),
            None => "a value cannot begin like this; put it in quotes".into(),
        },
        None => {
            let what = said.split(" at line ").next().unwrap_or(said);
            format!("this is no YAML: {what}")
        }
    };
    (place, what)
}

/// What the parser says where a value begins with a letter that none can begin with.
const BEGIN: &str = "found character that cannot start any token";

/// What it may say of a line that a tab indents.
const BY_TABS: [&str; 4] = [
    BEGIN,
    "mapping values are not allowed",
    "did not find expected key",
    "could not find expected ':'",
];

/// What it says, and what that means.
const WORDS: [(&str, &str); 9] = [
    (
        "unknown anchor",
        "* stands for an anchor (&) further up, and there is none of this name; put a value that \
         begins with * in quotes",
    ),
    (
        "mapping values are not allowed",
        "a colon does not fit here; indent keys alike, and put a value with a colon in quotes",
    ),
    (
        "block sequence entries are not allowed",
        "a list does not fit here; put a value that begins with - in quotes",
    ),
    (
        "unknown escape character",
        "YAML knows no such escape; use single quotes, which take a \\ as it is",
    ),
    (
        "could not find expected ':'",
        "a key needs a colon and a space behind it",
    ),
    (
        "did not find expected ',' or",
        "expected a comma, or the end of what { or [ began",
    ),
    (
        "did not find expected key",
        "this does not fit what stands above it; indent keys of one kind alike",
    ),
    (
        "expected comment or line break",
        "only a line end may follow | or >; put a value that begins like this in quotes",
    ),
    (
        "did not find expected '-' indicator",
        "this does not fit the list above it; begin each of its lines alike with -",
    ),
];

/// Whether a tab stands at this place, or before all else in its line.
fn is_tabbed(text: &str, place: Place) -> bool {
    let line = text.lines().nth(place.0 - 1).unwrap_or_default();
    let blank = &line[..line.len() - line.trim_start().len()];
    blank.contains('\t') || letter_at(text, place) == Some('\t')
}

/// Deeper than any settings are.
const DEEPEST: usize = 100;

/// Where brackets are nested too deep: the parser takes the longer over each, the more are open. One
/// within a word, or behind a quote, opens nothing.
pub fn too_deep(text: &str) -> Option<Place> {
    let (mut depth, mut before) = (0usize, b' ');
    for (at, byte) in text.bytes().enumerate() {
        match byte {
            b'[' | b'{' if b" \t\r\n,:?-[{".contains(&before) => depth += 1,
            b']' | b'}' => depth = depth.saturating_sub(1),
            _ => {}
        }
        if depth > DEEPEST {
            return place_of(text, at);
        }
        before = byte;
    }
    None
}

fn letter_at(text: &str, (line, column): Place) -> Option<char> {
    text.lines().nth(line - 1)?.chars().nth(column - 1)
}

/// The place that the parser names last: where that began which went wrong later.
fn last_place(said: &str) -> Option<Place> {
    let (_, place) = said.rsplit_once(" at line ")?;
    let (line, column) = place.split_once(" column ")?;
    Some((line.parse().ok()?, column.parse().ok()?))
}

fn control(text: &str) -> Option<Place> {
    let forbidden =
        |c: char| c.is_control() && !matches!(c, '\t' | '\n' | '\r' | '\u{85}') || c == '\u{fffe}';
    place_of(text, text.find(forbidden)?)
}

/// The line and column of a byte.
pub fn place_of(text: &str, at: usize) -> Option<Place> {
    let before = text.get(..at)?;
    let line_start = before.rfind('\n').map_or(0, |end| end + 1);
    let line = before.matches('\n').count() + 1;
    Some((line, before[line_start..].chars().count() + 1))
}

fn second_document(text: &str) -> Option<Place> {
    let begins = |line: &str| line == "---" || line.starts_with("--- ");
    let last = text.lines().enumerate().filter(|(_, line)| begins(line));
    last.last().map(|(number, _)| (number + 1, 1))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_brackets_that_open_something_count() {
        let deep = |text: &str| too_deep(&text.repeat(DEEPEST + 1));
        assert_eq!(deep("["), Some((1, DEEPEST + 1)));
        assert_eq!(deep("{a:\n"), Some((DEEPEST + 1, 1)));
        for harmless in ["[]", "{a: [b]} ", "x[", "\"[\" ", "- '{'\n", "a: \"]\"\n"] {
            assert_eq!(deep(harmless), None, "{harmless}");
        }
        assert_eq!(too_deep(&"[".repeat(DEEPEST)), None);
    }

    #[test]
    fn places_are_counted_in_letters_from_one() {
        assert_eq!(place_of("ab", 0), Some((1, 1)));
        assert_eq!(place_of("ü\nüb", 5), Some((2, 2)));
        assert_eq!(
            last_place("x at line 2 column 1, while y at line 7 column 30"),
            Some((7, 30))
        );
    }
}
