//! What holds of settings, whatever somebody wrote.

use super::draft::{Draft, Entry};
use super::insert::insert;
use super::mistake::Source;
use super::parsed;
use super::server::{self, Server};
use crate::error::Error;
use crate::net::web::unescaped;
use crate::net::Fingerprint;

/// A server that is understood is a host that does no harm in a line, and is the same written out.
pub fn server(input: &[u8]) {
    let Ok(text) = std::str::from_utf8(input) else {
        return;
    };
    let _ = server::proxy(text);
    if let Some(decoded) = unescaped(text) {
        let coded: String = decoded.bytes().map(|b| format!("%{b:02X}")).collect();
        assert_eq!(unescaped(&coded), Some(decoded));
    }
    if let Some(fingerprint) = Fingerprint::parse(text) {
        let written = fingerprint.to_string();
        assert_eq!(Fingerprint::parse(&written), Some(fingerprint));
    }
    let read = match server::read(text) {
        Ok(read) => read,
        Err(what) => return assert!(!what.contains('\n')),
    };
    let Server { host, port, .. } = &read;
    assert!(!host.is_empty() && !host.chars().any(|c| c.is_ascii_control() || c == ' '));
    assert_ne!(*port, Some(0));
    if let Ok(ascii) = server::ascii(host) {
        assert!(ascii.bytes().all(|b| b.is_ascii_graphic()));
    }
    let bracketed = match host.contains(':') {
        true => format!("[{host}]"),
        false => host.clone(),
    };
    let port = port.map_or(String::new(), |port| format!(":{port}"));
    let again = server::host_and_port(&format!("{bracketed}{port}"));
    assert_eq!(again, Ok((read.host, read.port)));
}

/// Settings are read, or refused by an error that points into the file.
pub fn settings(input: &[u8]) {
    let Ok(text) = std::str::from_utf8(input) else {
        return;
    };
    let source = Source {
        name: "popget.yaml".into(),
        text: text.into(),
    };
    if let Err(error) = parsed(&source) {
        let Error::Settings(mistake) = error else {
            panic!("another kind of error: {error}");
        };
        if let Some((line, column)) = mistake.place {
            let lines = text.split(['\n', '\r', '\u{85}', '\u{2028}', '\u{2029}']);
            assert!((1..=lines.count() + 1).contains(&line) && column >= 1);
        }
    }
}

/// An account is put into a file so that all else is there as before, or not at all.
pub fn insertion(input: &[u8]) {
    let Ok(text) = std::str::from_utf8(input) else {
        return;
    };
    if super::syntax::too_deep(text).is_some() {
        return;
    }
    let draft = Draft {
        name: "an.account@here".into(),
        keys: vec![
            ("server", Entry::from("pop.example.org")),
            ("keep", Entry::from("false")),
            (
                "deliver",
                Entry::Keys(vec![("maildir", Entry::from("~/Mail # x"))]),
            ),
        ],
    };
    let Some(edited) = insert(text, &draft) else {
        return;
    };
    let kept = |line: &str| line.trim_start().starts_with('#');
    let remarks = |text: &str| text.lines().filter(|line| kept(line)).count();
    assert!(remarks(&edited) >= remarks(text));
    assert_eq!(insert(&edited, &draft), None, "once is enough");
}
