//! Programs to which getmail hands mail, in popget's words.

/// A word of a command, with the home folder written out where getmail puts it in; none if it begins
/// in the home folder of somebody else.
pub fn at_home(word: &str, home: &str) -> Option<String> {
    let word = word.replace("${HOME}", home);
    let mut parts = word.split("$HOME");
    let mut written = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        // $HOMES is another variable.
        let longer = part.starts_with(letter);
        written.push_str(if longer { "$HOME" } else { home });
        written.push_str(part);
    }
    match written.strip_prefix('~') {
        None => Some(written),
        Some(rest) if rest.is_empty() || rest.starts_with('/') => Some(format!("{home}{rest}")),
        Some(_) => None,
    }
}

/// Whether the shell is needed to put in what getmail does.
pub fn needs_shell(word: &str) -> bool {
    let variable = |(at, _): (usize, &str)| variable(&word[at..]).is_some();
    word.contains("%(") || word.match_indices('$').any(variable)
}

/// A word for the shell, with what getmail puts in taken from the environment instead.
pub fn in_shell(word: &str) -> Option<String> {
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
        if let Some((name, behind)) = variable(rest) {
            line.push_str(&format!("${{{name}}}"));
            rest = behind;
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

/// The name of the variable that stands here as `$NAME` or `${NAME}`, and what stands behind it.
fn variable(text: &str) -> Option<(&str, &str)> {
    let after = text.strip_prefix('$')?;
    let (name, behind) = match after.strip_prefix('{') {
        Some(braced) => braced.split_once('}')?,
        None => after.split_at(after.find(|c| !letter(c)).unwrap_or(after.len())),
    };
    let good = !name.is_empty() && name.chars().all(letter);
    (good && !name.starts_with(|c: char| c.is_ascii_digit())).then_some((name, behind))
}

/// Whether it may be a part of the name of a variable.
fn letter(c: char) -> bool {
    c.is_ascii_alphanumeric() || c == '_'
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_for_the_shell_stay_words() {
        for (word, meant) in [
            ("%(recipient)", "\"$RECIPIENT\""),
            ("a $b `c` \"d\" \\", r#""a ${b} \`c\` \"d\" \\""#),
            ("$1 $ ${x y}", r#""\$1 \$ \${x y}""#),
            ("${X_1}y", r#""${X_1}y""#),
        ] {
            assert_eq!(in_shell(word).as_deref(), Some(meant));
        }
        assert_eq!(in_shell("%(mailbox)"), None);
        for (word, needs) in [
            ("a$", false),
            ("$1", false),
            ("$a", true),
            ("%(local)", true),
        ] {
            assert_eq!(needs_shell(word), needs, "{word}");
        }
    }

    #[test]
    fn the_home_folder_is_written_out() {
        for (word, meant) in [
            ("~/bin/x", Some("/h/bin/x")),
            ("~", Some("/h")),
            ("$HOME/x", Some("/h/x")),
            ("-d${HOME}", Some("-d/h")),
            ("$HOMES/$HOME", Some("$HOMES//h")),
            ("a~", Some("a~")),
            ("~bob/x", None),
        ] {
            assert_eq!(at_home(word, "/h").as_deref(), meant, "{word}");
        }
    }
}
