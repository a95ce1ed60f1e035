//! What other programs take and popget's configuration does not: it is told, and something that popget
//! takes stands in its place.

use super::draft::Draft;
use super::said::Said;
use crate::net::IpAddr;
use crate::secret::CommandLine;
use serde_yaml::Mapping;

/// So many seconds are the longest time that popget knows.
pub const LONGEST: u64 = u32::MAX as u64;

/// So many fields of a name may stand before the one that counts.
const SKIPPED: u64 = 1000;

/// What stands for a destination that was lost: it takes no message, so each stays on the server.
const NOWHERE: &str = "exit 75 # write here where mail goes, and take enabled: false out";

/// What is said of a path that the other program took from where it was started, or from a folder of
/// its own.
pub const RELATIVE: &str = "popget takes no relative path; write the whole path";

/// What is said where the certificate is not checked.
pub const UNPROVEN: &str =
    "anybody on the way can read the password; pin the certificate instead, \
                            see popget probe, and leave auth to popget then";

/// Why somebody of this name cannot log in, if that is so.
pub fn unfit_user(user: &Said) -> Option<&'static str> {
    match user.text() {
        None => Some("is not UTF-8 or holds a NUL; the account is passed by"),
        Some("") => Some("is empty; the account is passed by"),
        Some(text) if text.contains(['\r', '\n']) => {
            Some("a user name with a line end can be sent to no server; the account is passed by")
        }
        Some(_) => None,
    }
}

/// A host as it stands before a port: an IPv6 address in brackets. None if it can be none.
pub fn host(text: &str) -> Option<String> {
    let letter = |c: char| match c.is_ascii() {
        true => c.is_ascii_graphic() && !"/@\\\"':[".contains(c),
        false => c.is_alphanumeric(),
    };
    match text.parse() {
        Ok(IpAddr::V6(_)) => Some(format!("[{text}]")),
        _ => (!text.is_empty() && text.chars().all(letter)).then(|| text.to_string()),
    }
}

/// A number as a port. None if it can be none.
pub fn port(number: Option<u64>) -> Option<u64> {
    number.filter(|port| (1..=65535).contains(port))
}

/// The beginning of `multidrop`: the field that names the recipients, and how many of its name stand
/// before it. None if popget takes no such, or can read no addresses there.
pub fn envelope(field: &str, skip: u64) -> Option<Mapping> {
    let letter = |b: u8| b.is_ascii_graphic() && b != b':';
    let good = !field.is_empty() && field.bytes().all(letter) && skip <= SKIPPED;
    if !good || field.eq_ignore_ascii_case("received") {
        return None;
    }
    let mut multidrop = Mapping::from_iter([("envelope".into(), field.into())]);
    if skip > 0 {
        multidrop.insert("skip".into(), skip.into());
    }
    Some(multidrop)
}

/// A path as `Draft::literal_path` gives it, if popget takes it.
pub fn path(draft: &mut Draft, word: &str, said: &Said) -> Option<String> {
    let path = draft.literal_path(word, said)?;
    whole(draft, (word, said), path)
}

/// A path in which the other program puts in the environment as popget does, if popget takes it.
pub fn open_path(draft: &mut Draft, word: &str, said: &Said) -> Option<String> {
    let why = match said.text() {
        Some(text) if named(text) && text.starts_with('$') => return Some(text.to_string()),
        Some(text) if named(text) => return whole(draft, (word, said), text.to_string()),
        Some(_) => "popget takes $ for a variable of the environment; rename the file",
        None => "is not UTF-8; write it yourself",
    };
    draft.lost(&said.spot, word, why);
    None
}

/// Whether each `$` stands before the name of a variable.
fn named(text: &str) -> bool {
    let letter = |c: char| c.is_ascii_alphanumeric() || c == '_';
    let good = |after: &str| {
        let name = match after.strip_prefix('{') {
            Some(braced) => braced.split_once('}').map_or("", |(name, _)| name),
            None => after,
        };
        name.starts_with(|c| letter(c) && !c.is_ascii_digit())
    };
    text.split('$').skip(1).all(good)
}

/// A path that popget takes: it begins at the root, or in one's own home folder.
fn whole(draft: &mut Draft, (word, said): (&str, &Said), path: String) -> Option<String> {
    let why = match path.as_str() {
        "~" => return Some(path),
        absolute if absolute.starts_with(['/']) || absolute.starts_with("~/") => return Some(path),
        "" => "is empty",
        others if others.starts_with('~') => {
            "popget knows no home folder but one's own; write it out"
        }
        _ => RELATIVE,
    };
    draft.lost(&said.spot, word, why);
    None
}

/// Sets a key to a path that popget takes.
pub fn set_path(draft: &mut Draft, key: &str, (word, said): (&str, &Said)) {
    if let Some(path) = path(draft, word, said) {
        draft.set(key, path);
    }
}

/// A command that popget takes.
pub fn command<'s>(draft: &mut Draft, word: &str, said: &'s Said) -> Option<&'s str> {
    let text = said.text();
    let named = |line: &&str| !CommandLine::Shell((*line).into()).name().is_empty();
    let command = text.filter(named);
    match (command, text) {
        (Some(_), _) => {}
        (None, Some(_)) => draft.lost(&said.spot, word, "is no command"),
        (None, None) => draft.lost(&said.spot, word, "is not UTF-8; write it yourself"),
    }
    command
}

/// Writes an account that delivers nowhere, and is off, until somebody says where mail goes.
pub fn nowhere(draft: &mut Draft) {
    draft.set("enabled", false);
    draft.set("deliver", refusal());
}

/// A destination that takes no message.
pub fn refusal() -> Mapping {
    Mapping::from_iter([("mda".into(), NOWHERE.into())])
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::import::tests::becomes;
    use crate::import::Tool;

    #[test]
    fn relative_paths_are_told_wherever_they_stand() {
        let rc = "[retriever]\ntype = MultidropPOP3SSLRetriever\nserver = h\nusername = u\n\
                  envelope_recipient = X-To\nca_certs = ca.pem\n[destination]\n\
                  type = MultiSorter\ndefault = [all]\nlocals = (('^a@', 'in/box'),)\n\
                  [all]\ntype = MultiDestination\ndestinations = ('~/x', 'Mail/')\n";
        let (yaml, told) = becomes(Tool::Getmail, "rc", rc.as_bytes());
        let said = |line: &&str| line.ends_with(RELATIVE);
        let lines: Vec<&str> = told.lines().filter(said).collect();
        let lost = |place: &str| format!("lost rc:{place}: {RELATIVE}");
        assert_eq!(
            lines,
            [lost("6: ca_certs"), lost("10: path"), lost("13: path")]
        );
        for path in ["ca.pem", "in/box", "Mail/"] {
            assert!(!yaml.contains(path), "{yaml}");
        }
    }

    #[test]
    fn an_envelope_is_a_field_whose_addresses_can_be_read() {
        for (field, skip, good) in [
            ("X-Original-To", 0, true),
            ("Delivered-To", 1000, true),
            ("Delivered-To", 1001, false),
            ("received", 0, false),
            ("X To", 0, false),
            ("X-To:", 0, false),
            ("", 0, false),
        ] {
            let written = envelope(field, skip);
            assert_eq!(written.is_some(), good, "{field} {skip}");
            let skipped = written.is_some_and(|keys| keys.contains_key("skip"));
            assert_eq!(skipped, good && skip > 0, "{field} {skip}");
        }
    }

    #[test]
    fn hosts_are_written_as_popget_takes_them() {
        for (given, taken) in [
            ("pop.example.org", Some("pop.example.org")),
            ("2001:db8::1", Some("[2001:db8::1]")),
            ("192.0.2.1", Some("192.0.2.1")),
            ("b\u{fc}cher.example", Some("b\u{fc}cher.example")),
            ("", None),
            ("a b", None),
            ("a:b", None),
            ("[x]", None),
            ("pop://a", None),
            ("a\u{85}b", None),
        ] {
            assert_eq!(host(given).as_deref(), taken, "{given:?}");
        }
    }
}
