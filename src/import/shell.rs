//! Commands for the shell: other programs write sender and recipient into them, popget has them in
//! the environment.

/// The sender, for the shell.
pub const SENDER: &str = "\"$SENDER\"";

/// The recipient, for the shell.
pub const RECIPIENT: &str = "\"$RECIPIENT\"";

/// What is said when the sender moves.
pub const SENDER_TOLD: &str = "the sender is in the environment of the command now, as $SENDER";

/// A command with something in place of a tag, and of the quotes that stand around it.
pub fn put_in(command: &str, tag: &str, with: &str) -> String {
    let quoted = ['\'', '"'].map(|quote| format!("{quote}{tag}{quote}"));
    let command = quoted.iter().fold(command.to_string(), |line, quoted| {
        line.replace(quoted, with)
    });
    command.replace(tag, with)
}

/// A word that the shell takes as it is.
pub fn quoted(word: &str) -> String {
    format!("'{}'", word.replace('\'', r"'\''"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quotes_around_a_tag_go_with_it() {
        for (written, meant) in [
            ("procmail -f '%F' -d ann", "procmail -f \"$SENDER\" -d ann"),
            ("x --from=\"%F\" %F", "x --from=\"$SENDER\" \"$SENDER\""),
            ("plain", "plain"),
        ] {
            assert_eq!(put_in(written, "%F", SENDER), meant);
        }
        assert_eq!(quoted("it's"), r"'it'\''s'");
    }
}
