//! What holds of everything that is said, whatever a server or a sender put into it.
#![allow(clippy::unwrap_used, reason = "what cannot be undone does not hold")]

use super::data::{self, Columns, Shape};
use super::rows::Rows;
use super::{escape, json, text, Level, Named, Options, SHOWN};
use crate::error::Error;
use crate::event::{
    Backlog, Event, Failure, Listed, Mode, Notice, Offered, Probed, Side, Stage, Standing,
};
use crate::event::{Subject, Tally};
use crate::message::{Listing, MessageNumber, Uid};
use serde_json::Value;

/// Whether a letter could move the cursor, end the line or turn the direction of writing.
fn harmful(letter: char) -> bool {
    letter.is_control()
        || matches!(letter, '\u{2028}' | '\u{2029}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

/// What is said does no harm.
pub fn report(input: &[u8]) {
    escaping(input);
    telling(input);
}

/// Escaped text does no harm, is no longer than is shown, and harmless short text is left alone.
fn escaping(input: &[u8]) {
    let shown = escape(input);
    assert!(!shown.chars().any(harmful));
    assert!(shown.chars().count() <= SHOWN + 3);
    if input.len() <= SHOWN && input.iter().all(|b| b.is_ascii_graphic() || *b == b' ') {
        assert_eq!(shown.as_bytes(), input);
    }
}

/// Events with this in every place that is foreign.
fn events(foreign: &[u8]) -> Vec<Event> {
    let text = || foreign.to_vec();
    let uid = Uid::new(&foreign[..foreign.len().min(200)]);
    let listing = Listing {
        number: MessageNumber(1),
        size: Some(2),
        uid: uid.clone(),
    };
    let failure = |error| Failure {
        stage: Stage::Retrieving,
        subject: Subject::Message(uid.clone()),
        error,
        known: false,
    };
    let errors = [
        Error::LoginRefused(text()),
        Error::TokenRefused(text()),
        Error::MessageRefused(text()),
        Error::ServerBroken(text()),
        Error::Nonsense {
            expected: "a reply",
            got: text(),
        },
    ];
    vec![
        Event::Dialogue(Side::Server, Backlog::default().line(text())),
        Event::Notice(Notice::MdaSaid(text())),
        Event::Notice(Notice::Reconnecting(Error::ServerTrouble(text()))),
        Event::Notice(Notice::InDoubt {
            destination: String::from_utf8_lossy(foreign).into(),
            uid: uid.clone(),
        }),
        Event::Message {
            uid: uid.clone(),
            size: 3,
            id: Some(text()),
            destination: String::from_utf8_lossy(foreign).into(),
            took: Default::default(),
        },
        Event::WouldDeliver {
            uid: uid.clone(),
            size: None,
            subject: text(),
        },
        Event::Listed(Box::new(Listed {
            listing,
            standing: Standing::New,
            date: None,
            from: text(),
            subject: text(),
        })),
        Event::Probe(Box::new(Probed {
            host: "pop.example.net".into(),
            port: 995,
            tls: "none",
            offered: Offered {
                greeting: text(),
                clear: None,
                capabilities: Some(vec![text(), text()]),
                mechanisms: vec![text()],
                protection: None,
                round_trip: None,
            },
        })),
        Event::Account(Box::new(Tally {
            failures: errors.into_iter().map(failure).collect(),
            ..Tally::default()
        })),
    ]
}

/// Every event is told in lines that do no harm, and to programs in one line of JSON that holds the
/// foreign bytes without loss.
fn telling(input: &[u8]) {
    let named = Named {
        account: "work".into(),
        server: "pop.example.net".into(),
        port: None,
    };
    let options = |mode| Options {
        level: Some(Level::Wire),
        listener: super::options::Listener::Other,
        color: false,
        bars: false,
        mode,
        json: false,
    };
    for event in events(input) {
        for (_, line) in text::lines(&named, &event, &options(Mode::Fetch)) {
            assert!(!line.chars().any(harmful), "{line:?}");
        }
        let aligned = [20, 40, 80, 140].map(|columns| Rows::fitting(columns, Some(4)));
        let aligned = aligned.map(Columns::Aligned);
        for columns in aligned.into_iter().chain([Columns::Tabs]) {
            let several = true;
            let shape = Shape { columns, several };
            let line = data::line(&named, &event, &options(Mode::DryRun), &shape);
            let line = line.unwrap_or_default();
            let probe = matches!(event, Event::Probe(_));
            let own = |c| c == '\t' || probe && c == '\n';
            assert!(!line.chars().any(|c| harmful(c) && !own(c)), "{line:?}");
            if matches!(event, Event::Listed(_)) && columns == Columns::Tabs {
                assert_eq!(line.matches('\t').count(), 7);
            }
        }
        let Some(line) = json::line(Some(&named), &event) else {
            continue;
        };
        assert!(!line.chars().any(harmful), "{line:?}");
        let told: Value = serde_json::from_str(&line).unwrap();
        if let (Event::Listed(_), Some(subject)) = (&event, told["subject"].as_str()) {
            assert_eq!(plain(subject), input);
        }
    }
}

/// The bytes that a text of ours in JSON stands for.
fn plain(text: &str) -> Vec<u8> {
    let mut parts = text.split("\\x");
    let mut bytes = parts.next().unwrap_or_default().as_bytes().to_vec();
    for part in parts {
        bytes.push(u8::from_str_radix(&part[..2], 16).unwrap());
        bytes.extend(&part.as_bytes()[2..]);
    }
    bytes
}
