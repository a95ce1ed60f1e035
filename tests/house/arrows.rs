//! Imports go down: a module uses the rows below its own, never its own row or one above. The
//! rows are those at the head of src/lib.rs.

use super::source::{self, Source};
use std::collections::HashMap;

/// Rows from the table in src/lib.rs.
fn rows() -> HashMap<String, u32> {
    let lib = source::text("src/lib.rs");
    let mut rows = HashMap::new();
    for line in lib.lines().filter(|line| line.starts_with("//! |")) {
        let cells: Vec<&str> = line.split('|').map(str::trim).collect();
        let Ok(row) = cells[1].parse() else { continue };
        let names = cells[2].split('`').skip(1).step_by(2);
        rows.extend(names.map(|name| (name.to_owned(), row)));
    }
    rows
}

/// The modules at the top that a file names, each with the line.
fn used(source: &Source) -> Vec<(usize, String)> {
    let code = source.code.join("\n");
    let words = source::words(&code);
    let mut used = Vec::new();
    for (at, word) in &words {
        let after = at + word.len();
        let climbs = match *word {
            "crate" => usize::MAX,
            // A chain of them is looked at from its first.
            "super" if !code[..*at].ends_with("super::") => chain(&code[*at..]),
            _ => continue,
        };
        if climbs < source.module.len() {
            continue;
        }
        let from = match climbs {
            usize::MAX => after,
            climbs => at + climbs * "super::".len() - "::".len(),
        };
        let Some(rest) = code[from..].strip_prefix("::") else {
            continue;
        };
        let line = code[..*at].matches('\n').count();
        used.extend(first_names(rest).into_iter().map(|name| (line, name)));
    }
    used
}

fn chain(code: &str) -> usize {
    let mut count = 0;
    let mut rest = code;
    while let Some(after) = rest.strip_prefix("super::") {
        (count, rest) = (count + 1, after);
    }
    count
}

/// The first name of a path, or of each in braces.
fn first_names(path: &str) -> Vec<String> {
    let first = |path: &str| {
        source::words(path)
            .first()
            .map(|(_, word)| (*word).to_owned())
    };
    let Some(list) = path.strip_prefix('{') else {
        return first(path).into_iter().collect();
    };
    let (mut depth, mut part, mut names) = (0, String::new(), Vec::new());
    for letter in list.chars() {
        match letter {
            '{' => depth += 1,
            '}' if depth == 0 => break,
            '}' => depth -= 1,
            ',' if depth == 0 => names.extend(first(&std::mem::take(&mut part))),
            _ => part.push(letter),
        }
    }
    names.extend(first(&part));
    names
}

#[test]
fn every_module_has_a_row() {
    let lib = source::text("src/lib.rs");
    let declared = lib.lines().filter_map(|line| {
        let name = line.strip_prefix("mod ")?.strip_suffix(';')?;
        Some(name.to_owned())
    });
    let named = rows().into_keys().collect();
    super::same(
        ("src/lib.rs", declared.collect()),
        ("the table at its head", named),
    );
}

#[test]
fn imports_go_down() {
    let rows = rows();
    let mut found = Vec::new();
    for source in source::sources() {
        let own = &source.module[0];
        let Some(row) = rows.get(own) else { continue };
        for (line, name) in used(&source) {
            let Some(other) = rows.get(&name).filter(|_| name != *own) else {
                continue;
            };
            // What is only data may be made of data, and these two serve anything.
            let allowed = match own.as_str() {
                "report" | "pool" => *other == 0,
                _ => other < row || *row == 0 && *other == 0,
            };
            if !allowed {
                found.push(format!(
                    "{}:{}: {own} (row {row}) imports {name} (row {other}): imports go down",
                    source.path,
                    line + 1
                ));
            }
        }
    }
    super::none(&found);
}

#[test]
fn arrows_are_seen_in_every_form() {
    let text = "use crate::{a, b::{c, d}};\nuse super::super::e;\nuse super::x;\n// crate::no\nfn f() { crate::g::h(\"crate::no\") }\n#[cfg(test)]\nmod tests { use crate::no; }\n";
    let source = Source::new("src/one/two.rs".into(), text);
    let names = used(&source).into_iter().map(|(_, name)| name);
    assert_eq!(names.collect::<Vec<_>>(), ["a", "b", "e", "g"]);
}
