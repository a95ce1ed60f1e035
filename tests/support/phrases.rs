//! What is the same in every conversation, so that a test's own script is only what it is about.

/// From the greeting to a login by USER and PASS, at a server that knows TOP and UIDL.
pub const LOGIN: &str = "S: +OK ready\nC: CAPA\nS: +OK\nS: USER\nS: TOP\nS: UIDL\nS: .\n\
                         C: USER alice\nS: +OK\nC: PASS open-sesame\nS: +OK\n";

/// The goodbye.
pub const QUIT: &str = "C: QUIT\nS: +OK\n";

/// STAT, UIDL and LIST of messages with these UIDs, of 200 octets each.
pub fn listing(uids: &[&str]) -> String {
    let rows: Vec<_> = uids.iter().map(|uid| (*uid, 200)).collect();
    listing_of(&rows)
}

/// STAT and UIDL of messages with these UIDs, whose sizes are known and have not changed.
pub fn unchanged(uids: &[&str]) -> String {
    let whole = listing(uids);
    let list = whole.find("C: LIST").unwrap_or(whole.len());
    whole[..list].to_owned()
}

/// STAT, UIDL and LIST of messages with these UIDs and sizes.
pub fn listing_of(rows: &[(&str, u64)]) -> String {
    let number = |(index, row)| (index + 1, row);
    let rows = || rows.iter().enumerate().map(number);
    let uids: String = rows()
        .map(|(n, (uid, _))| format!("S: {n} {uid}\n"))
        .collect();
    let sizes: String = rows()
        .map(|(n, (_, size))| format!("S: {n} {size}\n"))
        .collect();
    let stat = format!("C: STAT\nS: +OK {} 400\n", rows().count());
    stat + &multi("UIDL", &uids) + &multi("LIST", &sizes)
}

/// A command and the lines it is answered with.
pub fn multi(command: &str, lines: &str) -> String {
    format!("C: {command}\nS: +OK\n{lines}S: .\n")
}

/// A message is retrieved, and it is this one of tests/messages/.
pub fn retr(number: usize, name: &str) -> String {
    format!("C: RETR {number}\nS: +OK\nS< {name}\nS: .\n")
}

/// A message is deleted.
pub fn dele(number: usize) -> String {
    format!("C: DELE {number}\nS: +OK\n")
}
