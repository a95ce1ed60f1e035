//! Thunderbird's popstate.dat: the UIDs of the maildrops below a folder of mail, each list under a
//! line that names the host and the user.

use super::record::Entry;

/// Reads a record. A line `*HOST USER` begins a maildrop; below it stands a letter for what became
/// of each message (`k` kept, `d` to be deleted, and others that were not fetched whole), its UID,
/// and when it came. Lines of another form are passed by.
pub fn record(text: &[u8]) -> Vec<Entry> {
    let mut entries = Vec::new();
    let mut drop: Option<(Vec<u8>, Vec<u8>)> = None;
    for line in text.split(|b| *b == b'\n') {
        let line = line.strip_suffix(b"\r").unwrap_or(line);
        let mut words = line.split(|b| *b == b' ').filter(|word| !word.is_empty());
        let Some(first) = words.next() else { continue };
        if let Some(host) = first.strip_prefix(b"*") {
            let user = words.collect::<Vec<_>>().join(&b' ');
            drop = Some((host.to_vec(), user));
            continue;
        }
        let (Some((host, user)), Some(uid)) = (&drop, words.next()) else {
            continue;
        };
        if !matches!(first, b"k" | b"d") {
            continue; // b: too big, f: to be fetched: not here yet
        }
        let time = words.next().and_then(|time| std::str::from_utf8(time).ok());
        let entry = Entry::of(uid).at(host, user);
        entries.push(Entry {
            first: time
                .and_then(|time| time.parse().ok())
                .filter(|time| *time > 0),
            ..entry
        });
    }
    entries
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_fetched_is_known_by_its_maildrop() {
        let text = b"# POP3 State File\n# This is a generated file!  Do not edit.\n\n\
                     *pop.example.org ann@example.org\nk 0001abc 1795386211\nf 0002abc 1795386300\n\
                     d a/b\r\nk\n*pop.example.net bob\nk 0001abc 0\n";
        let told: Vec<_> = record(text)
            .into_iter()
            .map(|entry| {
                let word = |bytes: Option<Vec<u8>>| String::from_utf8(bytes.unwrap()).unwrap();
                let uid = String::from_utf8(entry.uid).unwrap();
                (word(entry.server), word(entry.user), uid, entry.first)
            })
            .collect();
        let entry = |server: &str, user: &str, uid: &str, first| {
            (server.to_string(), user.to_string(), uid.to_string(), first)
        };
        assert_eq!(
            told,
            [
                entry(
                    "pop.example.org",
                    "ann@example.org",
                    "0001abc",
                    Some(1_795_386_211)
                ),
                entry("pop.example.org", "ann@example.org", "a/b", None),
                entry("pop.example.net", "bob", "0001abc", None),
            ]
        );
    }
}
