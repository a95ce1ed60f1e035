//! Commands into which mpop writes the sender or the size of a message: popget has them in the
//! environment.

use super::super::draft::Draft;
use super::super::fit;
use super::super::said::Said;
use super::super::shell;

/// What mpop puts something else in for.
pub struct Tag {
    sign: &'static str,
    /// The same for the shell.
    variable: &'static str,
    told: &'static str,
    /// Whether it is a number, and so can mean nothing else to any shell.
    number: bool,
}

/// The sender, to whoever delivers.
pub const SENDER: Tag = Tag {
    sign: "%F",
    variable: shell::SENDER,
    told: shell::SENDER_TOLD,
    number: false,
};

/// The sender, to a filter; nobody is MAILER-DAEMON, since what looks for an empty name may find it
/// in any list.
pub const FILTERED: Tag = Tag {
    variable: "\"${SENDER:-MAILER-DAEMON}\"",
    ..SENDER
};

/// The size.
pub const SIZE: Tag = Tag {
    sign: "%S",
    variable: "\"$POPGET_SIZE\"",
    told: "the size is in the environment of the command now, as $POPGET_SIZE",
    number: true,
};

/// A command that popget takes, with variables in place of these tags.
pub fn command(draft: &mut Draft, word: &str, said: &Said, tags: &[Tag]) -> Option<String> {
    let mut line = fit::command(draft, word, said)?.to_string();
    for tag in tags {
        let Some(with) = tag.put_in(&line) else {
            let why =
                "stands within quotes, where popget puts nothing: write the command yourself, \
                       with $SENDER, which is in its environment";
            draft.lost(&said.spot, tag.sign, why);
            return None;
        };
        if with != line {
            draft.told(&said.spot, tag.sign, tag.told);
        }
        line = with;
    }
    Some(line)
}

impl Tag {
    /// A command with the variable in place of the tag, and of the quotes that stand around it. None
    /// where other quotes hold a sender: what is in them may be a command for one more shell, which
    /// would run what he wrote.
    fn put_in(&self, command: &str) -> Option<String> {
        let (mut line, mut rest, mut within) = (String::new(), command, None);
        while let Some(sign) = rest.chars().next() {
            let quoted = self.quoted(rest).filter(|_| within.is_none());
            if let Some(behind) = quoted.or_else(|| rest.strip_prefix(self.sign)) {
                if within.is_some() && !self.number {
                    return None;
                }
                line.extend(within);
                line.push_str(self.variable);
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn variables_stand_where_the_shell_sees_them() {
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
            ("plain \u{fc} 'x", Some("plain \u{fc} 'x")),
        ] {
            assert_eq!(SENDER.put_in(written).as_deref(), meant, "{written}");
        }
        for (written, meant) in [
            ("[ %S -gt 9 ]", "[ \"$POPGET_SIZE\" -gt 9 ]"),
            (
                "sh -c '[ %S -gt 9 ]'",
                "sh -c '[ '\"$POPGET_SIZE\"' -gt 9 ]'",
            ),
            ("sh -c \"[ '%S' ]\"", "sh -c \"[ '\"\"$POPGET_SIZE\"\"' ]\""),
        ] {
            assert_eq!(SIZE.put_in(written).as_deref(), Some(meant), "{written}");
        }
    }
}
