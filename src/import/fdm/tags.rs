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

/// The path of a delivery, with `~` for the home folder. Fails with the first tag that popget has no
/// counterpart for: the time, the account, parts of a rule.
pub fn path(text: &[u8], around: &Around) -> Result<Vec<u8>, String> {
    let mut out = Vec::new();
    let mut open = None;
    walk(text, |piece| match piece {
        Piece::Plain(byte) => out.push(byte),
        Piece::Tag(b"h" | b"home") if out.is_empty() => out.push(b'~'),
        Piece::Tag(b"h" | b"home") => out.extend(around.home.as_bytes()),
        Piece::Tag(b"u" | b"user") => out.extend(around.login.as_bytes()),
        Piece::Tag(tag) => {
            open.get_or_insert_with(|| format!("%{}", String::from_utf8_lossy(tag)));
        }
    });
    open.map_or(Ok(out), Err)
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
    fn a_path_with_the_time_in_it_has_no_counterpart() {
        assert_eq!(path(b"%h/Mail", &around()).unwrap(), b"~/Mail");
        assert_eq!(path(b"~/Mail/%y-%m", &around()).unwrap_err(), "%y");
        assert_eq!(path(b"%[account]", &around()).unwrap_err(), "%account");
    }
}
