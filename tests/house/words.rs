//! The words of the house: one for each idea, in code and comments, and nothing in any file that
//! means something on one machine only.

use super::source;

/// Words that stand for something else here, or for nothing at all.
const INSTEAD: [(&str, &str); 12] = [
    ("mailbox", "say maildrop"),
    ("mailboxes", "say maildrops"),
    ("cache", "say memory"),
    ("handler", "say what it does"),
    ("handlers", "say what they do"),
    ("manager", "say what it does"),
    ("managers", "say what they do"),
    ("helper", "say what it does"),
    ("helpers", "say what they do"),
    ("util", "say what it does"),
    ("utils", "say what they do"),
    ("utility", "say what it does"),
];

/// The words that a name is made of: `popServer_port` is pop, server, port.
fn pieces(name: &str) -> Vec<String> {
    let mut pieces = vec![String::new()];
    let mut before = '_';
    for letter in name.chars() {
        if letter == '_' || letter.is_uppercase() && !before.is_uppercase() {
            pieces.push(String::new());
        }
        if letter != '_' {
            pieces.last_mut().unwrap().extend(letter.to_lowercase());
        }
        before = letter;
    }
    pieces
}

#[test]
fn ideas_have_one_word_each() {
    let mut found = Vec::new();
    // What other programs left is called by their words.
    let ours = |source: &source::Source| !source.path.starts_with("src/import/");
    for source in source::sources().into_iter().filter(ours) {
        for (at, (code, comment)) in source.code.iter().zip(&source.comments).enumerate() {
            let line = format!("{code} {comment}");
            let words = source::words(&line);
            let pieces = words.iter().flat_map(|(_, word)| pieces(word));
            for piece in pieces {
                if let Some((word, rule)) = INSTEAD.iter().find(|(word, _)| *word == piece) {
                    found.push(format!("{}:{}: {word}: {rule}", source.path, at + 1));
                }
            }
        }
        let names = source.module.iter().filter(|name| {
            let bad = |piece: &String| INSTEAD.iter().any(|(word, _)| word == piece);
            pieces(name).iter().any(bad)
        });
        found.extend(names.map(|name| format!("{}:1: a module named {name}", source.path)));
    }
    super::none(&found);
}

/// Text files of the project with their lines.
fn texts() -> impl Iterator<Item = (String, Vec<String>)> {
    let ours = |path: &String| !path.starts_with("tests/messages/") && path != "Cargo.lock";
    let files = source::files("").into_iter().filter(ours);
    files.filter_map(|path| {
        let bytes = std::fs::read(source::top().join(&path)).unwrap();
        let text = String::from_utf8(bytes).ok()?;
        Some((path, text.lines().map(str::to_owned).collect()))
    })
}

#[test]
fn no_file_knows_the_machine_it_was_written_on() {
    // The folders where people and build machines keep their work; put together here, so that
    // this file does not hold them either.
    let folders = ["root", "work", "Users", "home", "builds"].map(|name| format!("/{name}/"));
    let mut found = Vec::new();
    for (path, lines) in texts() {
        for (at, line) in lines.iter().enumerate() {
            for folder in &folders {
                let start = |at: usize| {
                    let before = line[..at].chars().next_back();
                    !before.is_some_and(|c| c.is_alphanumeric() || "~.}_-".contains(c))
                };
                if line.match_indices(folder).any(|(at, _)| start(at)) {
                    found.push(format!(
                        "{path}:{}: {folder} is on one machine only",
                        at + 1
                    ));
                }
            }
        }
    }
    super::none(&found);
}

#[test]
fn no_file_refers_to_a_document_that_is_not_here() {
    let files = source::files("");
    let names: Vec<&str> = files
        .iter()
        .map(|path| path.rsplit('/').next().unwrap())
        .collect();
    let mut found = Vec::new();
    for (path, lines) in texts() {
        for (at, line) in lines.iter().enumerate() {
            let words = line.split(|c: char| !c.is_alphanumeric() && !"._-".contains(c));
            let documents = words.map(|word| word.trim_matches('.')).filter(|word| {
                word.strip_suffix(".md")
                    .is_some_and(|name| !name.is_empty())
            });
            for document in documents.filter(|word| !names.contains(word)) {
                found.push(format!("{path}:{}: there is no {document}", at + 1));
            }
        }
    }
    super::none(&found);
}
