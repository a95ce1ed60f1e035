//! getmail 5 and 6: its rc files, one an account, and its oldmail files.

mod account;
mod destination;
mod literal;
mod program;
mod rest;
mod sections;
mod sorter;

use super::ini::{self, Section};
use super::place::{Remark, Spot, Weight, Wrong};
use super::record::{Entry, Record};
use super::{Around, Taken};
use std::collections::HashSet;
use std::rc::Rc;

/// Reads an rc file.
pub fn settings(file: &Rc<str>, text: &[u8], around: &Around) -> Result<Taken, Wrong> {
    let mut taken = Taken::default();
    let sections = filled(ini::read(file, text)?, &mut taken.remarks);
    if !sections.iter().any(|section| section.name == "retriever") {
        return Err(Wrong::new(
            &Spot::new(file, 1),
            "there is no section [retriever]",
        ));
    }
    let account = account::convert(file, &sections, around, &mut taken.remarks);
    taken.accounts.extend(account);
    Ok(taken)
}

/// The sections in which `[DEFAULT]` counts: getmail lets go of it once it has read `[options]`.
fn filled(sections: Vec<Section>, remarks: &mut Vec<Remark>) -> Vec<Section> {
    let (defaults, mut others): (Vec<_>, Vec<_>) = sections
        .into_iter()
        .partition(|section| section.name == ini::DEFAULT);
    let options = others.iter_mut().find(|section| section.name == "options");
    match (options, defaults.first()) {
        (Some(options), _) => {
            let own: HashSet<String> = options.keys.iter().map(|(key, _)| key.clone()).collect();
            let keys = defaults.into_iter().flat_map(|section| section.keys);
            let more = keys.filter(|(key, _)| !own.contains(key));
            options.keys.extend(more);
        }
        (None, Some(first)) => {
            let why = "counts for [options] alone, and there is no such section";
            remarks.push(Remark::new(&first.spot, "[DEFAULT]", why, Weight::Told));
        }
        (None, None) => {}
    }
    others
}

/// Reads a record: on each line a UID, a NUL, and when the message was first seen. It wrote `-` for
/// each `/` of a UID.
pub fn record(file: &Rc<str>, text: &[u8]) -> Record {
    let mut record = Record::new(file);
    for (number, line) in (1..).zip(text.split(|b| *b == b'\n')) {
        let line = line.trim_ascii();
        let slashes = line.iter().filter(|b| **b == b'/').count();
        if !line.is_empty() && slashes < 2 {
            record.take(number, entry(line)); // two slashes: an IMAP message
        }
    }
    record
}

fn entry(line: &[u8]) -> Option<Entry> {
    let nul = line.iter().position(|b| *b == 0)?;
    let uid = line[..nul].trim_ascii();
    let first = std::str::from_utf8(&line[nul + 1..]).ok()?.trim();
    let first: i64 = first.parse().ok()?;
    Some(Entry {
        first: Some(first.max(0)), // getmail was not there before 1970
        doubtful: uid.contains(&b'-'),
        ..Entry::of(uid)?
    })
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
    use crate::import::tests::becomes;
    use crate::import::Tool;

    #[test]
    fn defaults_count_for_the_options_alone() {
        const RC: &str = "[retriever]\ntype = SimplePOP3SSLRetriever\nserver = h\nusername = u\n\
                          [DEFAULT]\ndelete = true\nmax_message_size = 5\nport = 7\n\
                          [destination]\ntype = Maildir\npath = /m/\n";
        let (yaml, told) = becomes(Tool::Getmail, "rc", RC.as_bytes());
        assert!(
            yaml.contains("keep: true") && told.contains("told rc:5: [DEFAULT]: "),
            "{told}"
        );
        let rc = format!("{RC}[options]\nmax_message_size = 6\n");
        let (yaml, told) = becomes(Tool::Getmail, "rc", rc.as_bytes());
        assert!(
            yaml.contains("keep: false") && yaml.contains("max_size: 6"),
            "{yaml}"
        );
        assert!(
            !yaml.contains("port:") && told.contains("rc:8: port: "),
            "{told}"
        );
    }

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
            b"0001abc\x001795386211\na-b:c@d\x005\nno time\nx\x00soon\na/INBOX/b\x007\n\x008\n\
              old\x00-9223372036854775808\nnew\x009223372036854775808\n";
        let record = record(&"oldmail".into(), text);
        let damaged: Vec<_> = record.damaged().iter().map(|it| it.spot.line).collect();
        assert_eq!(damaged, [3, 4, 6, 8]);
        let told: Vec<_> = record
            .entries
            .into_iter()
            .map(|entry| {
                (
                    String::from_utf8(entry.uid.bytes().to_vec()).unwrap(),
                    entry.first,
                    entry.doubtful,
                )
            })
            .collect();
        assert_eq!(
            told,
            [
                ("0001abc".into(), Some(1_795_386_211), false),
                ("a-b:c@d".into(), Some(5), true),
                ("old".into(), Some(0), false)
            ]
        );
    }
}
