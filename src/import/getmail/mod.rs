//! getmail 5 and 6: its rc files, one an account, and its oldmail files.

mod account;
mod destination;
mod literal;
mod sections;

use super::ini;
use super::place::{Spot, Wrong};
use super::record::Entry;
use super::{Around, Taken};
use std::rc::Rc;

/// Reads an rc file.
pub fn settings(file: &Rc<str>, text: &[u8], around: &Around) -> Result<Taken, Wrong> {
    let sections = ini::read(file, text)?;
    if !sections.iter().any(|section| section.name == "retriever") {
        return Err(Wrong::new(
            &Spot::new(file, 1),
            "there is no section [retriever]",
        ));
    }
    let mut taken = Taken::default();
    let account = account::convert(file, &sections, around, &mut taken.remarks);
    taken.accounts.extend(account);
    Ok(taken)
}

/// Reads a record: on each line a UID, a NUL, and when the message was first seen. Lines of another
/// form are passed by, as getmail does. It wrote `-` for each `/` of a UID.
pub fn record(text: &[u8]) -> Vec<Entry> {
    let entry = |line: &[u8]| {
        let line = line.trim_ascii();
        let nul = line.iter().position(|b| *b == 0)?;
        let uid = line[..nul].trim_ascii();
        let first = std::str::from_utf8(&line[nul + 1..]).ok()?.trim();
        let first = first.parse().ok()?;
        let slashes = uid.iter().filter(|b| **b == b'/').count();
        let entry = Entry {
            first: Some(first),
            doubtful: uid.contains(&b'-'),
            ..Entry::of(uid)
        };
        (!uid.is_empty() && slashes < 2).then_some(entry) // two slashes: an IMAP message
    };
    text.split(|b| *b == b'\n').filter_map(entry).collect()
}

/// The name of the file that holds the record of a maildrop.
pub fn record_name(server: &str, port: u64, user: &str) -> String {
    let name = format!("oldmail-{server}-{port}-{user}");
    let mut kept = String::new();
    let mut run = false;
    for c in name.chars() {
        let bad = "/:;<>|".contains(c);
        match (bad, run) {
            (true, true) => {}
            (true, false) => kept.push('-'),
            (false, _) => kept.push(c),
        }
        run = bad;
    }
    kept
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_record_is_found_by_its_name() {
        assert_eq!(
            record_name("pop.example.org", 995, "joe/x:y@example.org"),
            "oldmail-pop.example.org-995-joe-x-y@example.org"
        );
        assert_eq!(record_name("h", 110, "a:/<b"), "oldmail-h-110-a-b");
    }

    #[test]
    fn a_record_is_read_line_by_line() {
        let text =
            b"0001abc\x001795386211\na-b:c@d\x005\nno time\nx\x00soon\na/INBOX/b\x007\n\x008\n";
        let told: Vec<_> = record(text)
            .into_iter()
            .map(|entry| {
                (
                    String::from_utf8(entry.uid).unwrap(),
                    entry.first,
                    entry.doubtful,
                )
            })
            .collect();
        assert_eq!(
            told,
            [
                ("0001abc".into(), Some(1_795_386_211), false),
                ("a-b:c@d".into(), Some(5), true)
            ]
        );
    }
}
