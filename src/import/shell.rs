//! Commands for the shell: other programs write sender, recipient or size into them, popget has them
//! in the environment.

/// The sender, for the shell.
pub const SENDER: &str = "\"$SENDER\"";

/// The name of the recipient without his domain, for the shell.
pub const LOCAL: &str = "\"${RECIPIENT%@*}\"";

/// What is said when the sender moves.
pub const SENDER_TOLD: &str = "the sender is in the environment of the command now, as $SENDER";

/// What is said where nothing can be put in.
pub const IN_QUOTES: &str = "stands within quotes, or with ssh or eval, where popget puts \
                             nothing: write the command yourself, with $SENDER or $RECIPIENT, \
                             which are in its environment";

/// Programs that give all their words to one more shell.
const SHELLS: [&str; 3] = ["eval", "ssh", "rsh"];

/// What other programs put something else in for.
pub struct Tag<'t> {
    /// As it is written.
    pub sign: &'static str,
    /// The same for the shell.
    pub with: &'t str,
    /// What it may be.
    pub text: Text,
}

/// What text a tag stands for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Text {
    /// Such as means nothing else to any shell.
    Plain,
    /// Any.
    Any,
}

impl Tag<'_> {
    /// A command with the variable in place of the tag, and of the quotes that stand around it. None
    /// where other quotes hold any text, or such a program has it: it may be in a command for one more
    /// shell, which would run what a sender wrote.
    pub fn put_in(&self, command: &str) -> Option<String> {
        let any = self.text == Text::Any && command.contains(self.sign);
        if any && names_a_shell(command) {
            return None;
        }
        let (mut line, mut rest, mut within) = (String::new(), command, None);
        while let Some(sign) = rest.chars().next() {
            let quoted = self.quoted(rest).filter(|_| within.is_none());
            if let Some(behind) = quoted.or_else(|| rest.strip_prefix(self.sign)) {
                if within.is_some() && self.text == Text::Any {
                    return None;
                }
                line.extend(within);
                line.push_str(self.with);
                line.extend(within);
                rest = behind;
                continue;
            }
            let mut length = sign.len_utf8();
            match within {
                Some('\'') | None if sign == '\'' => within = within.xor(Some(sign)),
                Some('"') | None if sign == '"' => within = within.xor(Some(sign)),
                Some('"') | None if sign == '\\' => {
                    let escaped = &rest[length..];
                    if escaped.starts_with(self.sign) {
                        return None;
                    }
                    length += escaped.chars().next().map_or(0, char::len_utf8);
                }
                _ => {}
            }
            line.push_str(&rest[..length]);
            rest = &rest[length..];
        }
        Some(line)
    }

    /// What stands behind the tag, if quotes stand right around it here.
    fn quoted<'c>(&self, rest: &'c str) -> Option<&'c str> {
        ['\'', '"'].into_iter().find_map(|quote| {
            let inner = rest.strip_prefix(quote)?;
            inner.strip_prefix(self.sign)?.strip_prefix(quote)
        })
    }
}

fn names_a_shell(command: &str) -> bool {
    let between = |c: char| c.is_whitespace() || "/;&|(){}`'\"\\".contains(c);
    let mut words = command.split(between);
    words.any(|word| SHELLS.contains(&word))
}

/// A word that the shell takes as it is.
pub fn quoted(word: &str) -> String {
    format!("'{}'", word.replace('\'', r"'\''"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn variables_stand_where_the_shell_sees_them() {
        let sender = Tag {
            sign: "%F",
            with: SENDER,
            text: Text::Any,
        };
        for (written, meant) in [
            (
                "procmail -f '%F' -d ann",
                Some("procmail -f \"$SENDER\" -d ann"),
            ),
            (
                "x --from=\"%F\" %F",
                Some("x --from=\"$SENDER\" \"$SENDER\""),
            ),
            (
                "x 'a\"b' \"it's\" %F",
                Some("x 'a\"b' \"it's\" \"$SENDER\""),
            ),
            ("x \\' \"\\\"\" '%F'", Some("x \\' \"\\\"\" \"$SENDER\"")),
            ("sh -c 'x %F'", None),
            ("sh -c \"x '%F'\"", None),
            ("x '<%F>'", None),
            ("x \\%F", None),
            ("cat; /usr/bin/ssh h x %F", None),
            ("eval x '%F'", None),
            ("ssh h x", Some("ssh h x")),
            ("plain \u{fc} 'x", Some("plain \u{fc} 'x")),
        ] {
            assert_eq!(sender.put_in(written).as_deref(), meant, "{written}");
        }
        let size = Tag {
            sign: "%S",
            with: "\"$SIZE\"",
            text: Text::Plain,
        };
        for (written, meant) in [
            ("[ %S -gt 9 ]", "[ \"$SIZE\" -gt 9 ]"),
            ("sh -c '[ %S -gt 9 ]'", "sh -c '[ '\"$SIZE\"' -gt 9 ]'"),
            ("sh -c \"[ '%S' ]\"", "sh -c \"[ '\"\"$SIZE\"\"' ]\""),
        ] {
            assert_eq!(size.put_in(written).as_deref(), Some(meant), "{written}");
        }
        assert_eq!(quoted("it's"), r"'it'\''s'");
    }
}
