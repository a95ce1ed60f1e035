//! The `%` tags of fdm's strings, which are put in behind quotes and macros.

use super::super::Around;

/// A value that is put in while the settings are read: what is not known then vanishes.
pub fn replaced(text: &[u8], around: &Around) -> Vec<u8> {
    let known = |tag: &[u8]| match tag {
        b"h" | b"home" => around.home.clone().into_bytes(),
        b"u" | b"user" => around.login.clone().into_bytes(),
        _ => Vec::new(),
    };
    let mut out = Vec::new();
    walk(text, |piece| match piece {
        Piece::Plain(byte) => out.push(byte),
        Piece::Tag(tag) => out.extend(known(tag)),
    });
    out
}

/// What stands for the tags of a delivery, as far as that is known.
#[derive(Clone, Copy)]
pub struct Known<'k> {
    /// The name of the account.
    pub account: &'k str,
    /// The one user who delivers.
    pub user: Option<&'k str>,
    /// The home folder of whoever imports.
    pub home: &'k str,
}

/// What a string of a delivery says, with `~` for the home folder. Fails with the first tag that popget
/// has no counterpart for: the time, parts of a rule.
pub fn filled(text: &[u8], known: &Known) -> Result<Vec<u8>, String> {
    // The shell may read it.
    let plain = |name: &&str| {
        let letters = |c: char| c.is_ascii_alphanumeric() || "._@+-".contains(c);
        !name.is_empty() && name.chars().all(letters)
    };
    let mut out = Vec::new();
    let mut open = None;
    walk(text, |piece| match piece {
        Piece::Plain(byte) => out.push(byte),
        Piece::Tag(b"h" | b"home") if out.is_empty() => out.push(b'~'),
        Piece::Tag(b"h" | b"home") => out.extend(known.home.as_bytes()),
        Piece::Tag(tag) => {
            let value = match tag {
                b"u" | b"user" => known.user,
                b"a" | b"account" => Some(known.account),
                _ => None,
            };
            match value.filter(plain) {
                Some(value) => out.extend(value.as_bytes()),
                None => {
                    open.get_or_insert_with(|| format!("%{}", String::from_utf8_lossy(tag)));
                }
            }
        }
    });
    open.map_or(Ok(out), Err)
}

/// Whether a path or a command has the home folder of the user in it who delivers.
pub fn names_home(text: &[u8]) -> bool {
    let mut named = text.starts_with(b"~");
    walk(text, |piece| {
        named |= matches!(piece, Piece::Tag(b"h" | b"home"))
    });
    named
}

enum Piece<'t> {
    Plain(u8),
    Tag(&'t [u8]),
}

/// Takes a string apart: `%%` is a percent sign, `%x` and `%[name]` are tags, and both
/// vanish where nothing is known by that name.
fn walk<'t>(text: &'t [u8], mut each: impl FnMut(Piece<'t>)) {
    let mut rest = text;
    while let [byte, tail @ ..] = rest {
        rest = tail;
        if *byte != b'%' {
            each(Piece::Plain(*byte));
            continue;
        }
        match tail {
            [b'%', tail @ ..] => {
                each(Piece::Plain(b'%'));
                rest = tail;
            }
            [b'[', named @ ..] => match named.iter().position(|b| *b == b']') {
                Some(end) => {
                    each(Piece::Tag(&named[..end]));
                    rest = &named[end + 1..];
                }
                None => rest = named,
            },
            [_, behind @ ..] => {
                each(Piece::Tag(&tail[..1]));
                rest = behind;
            }
            [] => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::import::tests::around;

    #[test]
    fn tags_are_put_in_or_vanish() {
        for (written, meant) in [
            ("100%%sure", "100%sure"),
            ("50% x", "50x"),
            ("a%", "a"),
            ("%h/x%u", "/users/ann/xann"),
            ("%[home]%a%[none]", "/users/ann"),
            ("%[open", "open"),
        ] {
            let replaced = replaced(written.as_bytes(), &around());
            assert_eq!(String::from_utf8(replaced).unwrap(), meant, "{written}");
        }
    }

    #[test]
    fn what_is_known_of_a_delivery_is_written_out() {
        let known = |account, user| Known {
            account,
            user,
            home: "/users/ann",
        };
        let ann = known("work", Some("ann"));
        for (written, meant) in [
            ("%h/Mail", "~/Mail"),
            ("x -d %u %[home]", "x -d ann /users/ann"),
            ("/m/%[account]/%a", "/m/work/work"),
        ] {
            let filled = filled(written.as_bytes(), &ann).unwrap();
            assert_eq!(String::from_utf8(filled).unwrap(), meant);
        }
        for (written, tag, known) in [
            ("~/Mail/%y-%m", "%y", ann),
            ("%[account]", "%account", known("a;b", None)),
            ("-d %u", "%u", known("a", None)),
        ] {
            assert_eq!(filled(written.as_bytes(), &known).unwrap_err(), tag);
        }
        assert!(names_home(b"~/x") && names_home(b"x %h") && !names_home(b"x%%h"));
    }
}
