//! Commands into which mpop writes the sender or the size of a message: popget has them in the
//! environment.

use super::super::draft::Draft;
use super::super::fit;
use super::super::said::Said;
use super::super::shell::{self, Text, IN_QUOTES};

/// A tag of mpop's, and what is said when that moves.
pub struct Tag(shell::Tag<'static>, &'static str);

/// The sender, to whoever delivers.
pub const SENDER: Tag = sender(shell::SENDER);

/// The sender, to a filter; nobody is MAILER-DAEMON, since what looks for an empty name may find it
/// in any list.
pub const FILTERED: Tag = sender("\"${SENDER:-MAILER-DAEMON}\"");

/// The size.
pub const SIZE: Tag = Tag(
    shell::Tag {
        sign: "%S",
        with: "\"$POPGET_SIZE\"",
        text: Text::Plain,
    },
    "the size is in the environment of the command now, as $POPGET_SIZE",
);

const fn sender(with: &'static str) -> Tag {
    let tag = shell::Tag {
        sign: "%F",
        with,
        text: Text::Any,
    };
    Tag(tag, shell::SENDER_TOLD)
}

/// A command that popget takes, with variables in place of these tags.
pub fn command(draft: &mut Draft, word: &str, said: &Said, tags: &[Tag]) -> Option<String> {
    let mut line = fit::command(draft, word, said)?.to_string();
    for Tag(tag, told) in tags {
        let Some(with) = tag.put_in(&line) else {
            draft.lost(&said.spot, tag.sign, IN_QUOTES);
            return None;
        };
        if with != line {
            draft.told(&said.spot, tag.sign, told);
        }
        line = with;
    }
    Some(line)
}
