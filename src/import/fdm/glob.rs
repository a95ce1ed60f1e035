//! Names with signs in them, as the shell reads them: fdm's for accounts and actions.

/// Whether a name has signs in it, so that it stands for all that are like it.
pub fn has_signs(name: &str) -> bool {
    name.contains(['*', '?', '[', '\\'])
}

/// Whether a name is like a pattern: `*` is anything, `?` a character, `[a-z]` and `[!a-z]` one
/// of some, and what follows a backslash is itself.
pub fn is_like(pattern: &str, name: &str) -> bool {
    let pattern: Vec<char> = pattern.chars().collect();
    let name: Vec<char> = name.chars().collect();
    let (mut pattern, mut name) = (pattern.as_slice(), name.as_slice());
    // Behind the last `*`, and the name from where that may take one character more.
    let mut again: Option<(&[char], &[char])> = None;
    loop {
        if let ['*', rest @ ..] = pattern {
            pattern = rest;
            again = Some((rest, name));
            continue;
        }
        match (name, one(pattern, name.first().copied())) {
            ([], _) if pattern.is_empty() => return true,
            ([_, after @ ..], Some(rest)) => (pattern, name) = (rest, after),
            _ => match again {
                Some((rest, [_, after @ ..])) => {
                    again = Some((rest, after));
                    (pattern, name) = (rest, after);
                }
                _ => return false,
            },
        }
    }
}

/// The pattern behind what stands for this character, if it does.
fn one(pattern: &[char], c: Option<char>) -> Option<&[char]> {
    let c = c?;
    match pattern {
        ['?', rest @ ..] => Some(rest),
        ['\\', own, rest @ ..] => (*own == c).then_some(rest),
        ['[', set @ ..] => match closing(set) {
            Some(end) => among(&set[..end], c).then(|| &set[end + 1..]),
            None => (c == '[').then_some(set),
        },
        [own, rest @ ..] => (*own == c).then_some(rest),
        [] => None,
    }
}

/// Where the bracket is that ends a set: not at its beginning, where it is one of the set.
fn closing(set: &[char]) -> Option<usize> {
    let skipped = usize::from(matches!(set, ['!' | '^', ..]));
    let behind = set.iter().skip(skipped + 1).position(|c| *c == ']')?;
    Some(skipped + 1 + behind)
}

/// Whether a set, without its brackets, has this character.
fn among(set: &[char], c: char) -> bool {
    let (wanted, mut rest) = match set {
        ['!' | '^', rest @ ..] => (false, rest),
        rest => (true, rest),
    };
    while let [first, tail @ ..] = rest {
        let (last, tail) = match tail {
            ['-', last, tail @ ..] => (last, tail),
            tail => (first, tail),
        };
        if (*first..=*last).contains(&c) {
            return wanted;
        }
        rest = tail;
    }
    !wanted
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_like_patterns() {
        for (pattern, like, unlike) in [
            ("h*", &["h", "home", "h*"][..], &["ah", "", "H"][..]),
            ("*", &["", "a"], &[]),
            ("a*b*c", &["abc", "axbxbc", "abcbc"], &["ab", "abcx", "acb"]),
            ("?x", &["ax", "\u{fc}x"], &["x", "aax"]),
            ("[a-c]1", &["a1", "c1"], &["d1", "1"]),
            ("[!a-c]", &["d", "-"], &["a", ""]),
            ("[^b]", &["a"], &["b"]),
            ("[]a]", &["]", "a"], &["b"]),
            ("[a-]", &["a", "-"], &["b"]),
            ("[a", &["[a"], &["a"]),
            ("\\*", &["*"], &["a"]),
            ("plain", &["plain"], &["plainer", "plai"]),
        ] {
            for name in like {
                assert!(is_like(pattern, name), "{pattern} {name}");
            }
            for name in unlike {
                assert!(!is_like(pattern, name), "{pattern} {name}");
            }
        }
    }
}
