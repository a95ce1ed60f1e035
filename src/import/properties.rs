//! What holds of any bytes that are read as another program's files.

use super::{written, Around, Passwords, Tool};

/// As fetchmail's.
pub fn fetchmail(bytes: &[u8]) {
    of(Tool::Fetchmail, bytes);
}

/// As mpop's.
pub fn mpop(bytes: &[u8]) {
    of(Tool::Mpop, bytes);
}

/// As getmail's.
pub fn getmail(bytes: &[u8]) {
    of(Tool::Getmail, bytes);
}

/// As fdm's.
pub fn fdm(bytes: &[u8]) {
    of(Tool::Fdm, bytes);
}

/// As Thunderbird's.
pub fn thunderbird(bytes: &[u8]) {
    of(Tool::Thunderbird, bytes);
}

/// What is understood can be written, account by account, and what is not is told with a line that is
/// there.
fn of(tool: Tool, bytes: &[u8]) {
    let around = Around {
        login: "ann".into(),
        home: "/users/ann".into(),
        fetchmail: None,
        in_netrc: &|host| host.len() % 2 == 0,
        include: &|_| None,
    };
    let lines = bytes.iter().filter(|b| **b == b'\n').count() + 1;
    match tool.settings(&[("settings".into(), bytes)], &around) {
        Ok(taken) => {
            let text = written(&taken.accounts, Passwords::Written);
            let parsed: serde_yaml::Value = serde_yaml::from_str(&text).unwrap_or_default();
            let named = parsed.get("accounts").and_then(|all| all.as_mapping());
            let count = named.map_or(0, serde_yaml::Mapping::len);
            assert_eq!(count, taken.accounts.len(), "{text}");
            let mut places = taken.remarks.iter().map(|remark| remark.spot.line);
            assert!(places.all(|line| line <= lines));
        }
        Err(wrong) => assert!(wrong.spot.line <= lines),
    }
    let record = tool.record("record", bytes);
    assert!(record.entries.len() <= bytes.len());
    let damaged = record.damaged();
    assert!(damaged.iter().all(|remark| remark.spot.line <= lines));
}
