//! What happens, as JSON: one object a line. The events and their facts bear the names that the
//! manual page gives them.

use super::text as words;
use super::{harmful, Level, Named};
use crate::error::{Error, ExitStatus};
use crate::event::{Event, Failure, Listed, Notice, Probed, Protection};
use crate::event::{Subject, Summary, Tally, Trusted};
use crate::message::{Time, Uid};
use chrono::{DateTime, SecondsFormat, Utc};
use serde_json::{json, Value};
use std::fmt::Write as _;
use std::time::Duration;

/// The facts of an event with their names, in the order in which they are told.
pub type Facts = Vec<(&'static str, Value)>;

/// The line that an event is worth, if programs are told of it.
pub fn line(named: Option<&Named>, event: &Event) -> Option<String> {
    let (kind, facts) = match event {
        Event::Start(mode) => ("start", vec![("mode", json!(mode.name()))]),
        Event::Message {
            uid,
            size,
            id,
            destination,
            took,
        } => {
            let id = ("message_id", some_text(id.as_deref().unwrap_or_default()));
            let place = ("destination", text(destination.as_bytes()));
            let ms = ("ms", milliseconds(*took));
            (
                "message",
                vec![known_by(uid), ("size", json!(size)), id, place, ms],
            )
        }
        Event::Listed(found) => ("listed", listed(found)),
        Event::Probe(found) => ("probe", probed(found)),
        Event::WouldDeliver { uid, size, subject } => {
            let subject = ("subject", text(subject));
            let size = ("size", json!(size));
            ("would_fetch", vec![known_by(uid), size, subject])
        }
        Event::WouldDelete { uid } => ("would_delete", vec![known_by(uid)]),
        Event::Skip { uid, size, why } => {
            let why = ("why", json!(why.key()));
            ("skip", vec![known_by(uid), ("size", json!(size)), why])
        }
        Event::Delete { uid } => ("delete", vec![known_by(uid)]),
        Event::Notice(notice) => ("notice", noticed(notice)?),
        Event::Account(tally) => ("account", account(tally)),
        Event::Summary(summary) => ("summary", total(summary)),
        Event::Server(..)
        | Event::Stage(_)
        | Event::Planned { .. }
        | Event::Progress { .. }
        | Event::Lent
        | Event::Dialogue(..) => return None,
    };
    Some(object(kind, named, facts))
}

/// The line that says why popget did not even begin, or what went wrong outside of its accounts.
pub fn fatal(error: &anyhow::Error) -> String {
    let facts = match error.downcast_ref::<Error>() {
        Some(ours) => told(ours),
        None => vec![
            ("status", json!(ExitStatus::System.code())),
            ("message", text(format!("{error:#}").as_bytes())),
            ("words", Value::Null),
            ("advice", Value::Null),
        ],
    };
    object("error", None, facts)
}

fn listed(found: &Listed) -> Facts {
    let Listed {
        listing,
        standing,
        date,
        from,
        subject,
    } = found;
    vec![
        ("number", json!(listing.number.0)),
        known_by(&listing.uid),
        ("size", json!(listing.size)),
        ("state", json!(standing.name())),
        ("date", json!(date.and_then(moment))),
        ("from", some_text(from)),
        ("subject", some_text(subject)),
    ]
}

fn probed(found: &Probed) -> Facts {
    let offered = &found.offered;
    let lines = |lines: &Vec<Vec<u8>>| lines.iter().map(|line| text(line)).collect();
    let some = |said: &Option<Vec<Vec<u8>>>| said.as_ref().map_or(Value::Null, lines);
    let tls = offered.protection.as_ref().map_or("none", |_| found.tls);
    let trip = offered.round_trip.map(|trip| trip.as_secs_f64() * 1000.0);
    let mut facts = vec![
        ("host", json!(found.host)),
        ("port", json!(found.port)),
        ("greeting", text(&offered.greeting)),
        ("tls", json!(tls)),
        ("capabilities_before_tls", some(&offered.clear)),
        ("capabilities", some(&offered.capabilities)),
        ("mechanisms", lines(&offered.mechanisms)),
        ("round_trip_ms", json!(trip)),
    ];
    facts.extend(offered.protection.iter().flat_map(protection));
    facts
}

/// The TLS in use, and what the certificate says.
fn protection(found: &Protection) -> Facts {
    let (trusted, why) = match &found.trusted {
        Trusted::Yes => (json!(true), None),
        Trusted::No(why) => (json!(false), Some(why)),
        Trusted::Unchecked => (Value::Null, None),
    };
    vec![
        ("tls_version", json!(found.version)),
        ("cipher", json!(found.cipher)),
        ("subject", json!(found.subject)),
        ("issuer", json!(found.issuer)),
        ("names", json!(found.names)),
        (
            "valid_from",
            json!(found.valid.and_then(|(from, _)| moment(from))),
        ),
        (
            "valid_until",
            json!(found.valid.and_then(|(_, until)| moment(until))),
        ),
        ("sha256", json!(found.fingerprint)),
        ("trusted", trusted),
        ("why", json!(why)),
    ]
}

/// What should not stay as it is, though the visit goes on; no more than that.
fn noticed(notice: &Notice) -> Option<Facts> {
    let (level, text) = words::notice_text(notice);
    let level = match level {
        Level::Error => "error",
        Level::Warning => "warning",
        Level::News | Level::Info | Level::Detail | Level::Wire => return None,
    };
    Some(vec![("level", json!(level)), ("message", json!(text))])
}

fn account(tally: &Tally) -> Facts {
    let Tally {
        new,
        seen,
        unsure,
        deleted,
        skipped,
        bytes,
        total,
        total_bytes,
        more,
        too_soon,
        ..
    } = tally;
    let gravest = tally.failures.iter().min_by_key(|failure| {
        (failure.known, failure.error.status()) // what is no alarm comes last
    });
    let errors: Vec<Value> = tally.failures.iter().map(failed).collect();
    vec![
        ("status", json!(tally.status().code())),
        ("new", json!(new)),
        ("seen", json!(seen)),
        ("unsure", json!(unsure)),
        ("deleted", json!(deleted)),
        ("skipped", json!(skipped)),
        ("failed", json!(tally.failed())),
        ("bytes", json!(bytes)),
        ("total", json!(total)),
        ("total_bytes", json!(total_bytes)),
        ("more", json!(more)),
        ("wait", json!(too_soon.map(|wait| wait.as_secs()))),
        (
            "failing_for",
            json!(tally.failing_for.map(|lasting| lasting.as_secs())),
        ),
        ("ms", milliseconds(tally.took)),
        ("error", gravest.map_or(Value::Null, failed)),
        ("errors", json!(errors)),
    ]
}

fn total(summary: &Summary) -> Facts {
    vec![
        ("status", json!(summary.status.code())),
        ("accounts", json!(summary.accounts)),
        ("accounts_failed", json!(summary.troubled)),
        ("new", json!(summary.new)),
        ("seen", json!(summary.seen)),
        ("unsure", json!(summary.unsure)),
        ("deleted", json!(summary.deleted)),
        ("skipped", json!(summary.skipped)),
        ("failed", json!(summary.failed)),
        ("bytes", json!(summary.bytes)),
    ]
}

/// A failure as an object of its own.
fn failed(failure: &Failure) -> Value {
    let mut facts = told(&failure.error);
    facts.push(("stage", json!(failure.stage.name())));
    if let Subject::Message(uid) = &failure.subject {
        facts.push(known_by(uid));
    }
    let facts = facts.into_iter();
    Value::Object(facts.map(|(name, fact)| (name.into(), fact)).collect())
}

/// What there is to say about an error: its status, its sentence, what somebody else said, and what
/// helps.
fn told(error: &Error) -> Facts {
    let advice = Some(error.advice()).filter(|advice| !advice.is_empty());
    vec![
        ("status", json!(error.status().code())),
        ("message", text(error.to_string().as_bytes())),
        ("words", error.words().map_or(Value::Null, text)),
        ("advice", json!(advice)),
    ]
}

/// One object, in one line.
pub fn object(kind: &str, named: Option<&Named>, facts: Facts) -> String {
    let now = Utc::now().to_rfc3339_opts(SecondsFormat::Millis, true);
    let mut line = format!("{{\"time\":{},\"event\":{}", json!(now), json!(kind));
    let whose = named.map(|named| {
        [
            ("account", json!(named.account)),
            ("server", json!(named.server)),
        ]
    });
    for (name, fact) in whose.into_iter().flatten().chain(facts) {
        let _ = write!(line, ",\"{name}\":{fact}");
    }
    line.push('}');
    escaped(&line)
}

/// The same JSON without a letter that could do harm to a terminal or to who reads it there. What
/// stands outside of texts has none.
fn escaped(json: &str) -> String {
    let mut safe = String::with_capacity(json.len());
    for letter in json.chars() {
        let _ = match harmful(letter) {
            true => write!(safe, "\\u{:04x}", u32::from(letter)),
            false => write!(safe, "{letter}"),
        };
    }
    safe
}

/// A moment as RFC 3339 has it.
pub fn moment(time: Time) -> Option<String> {
    let moment = DateTime::<Utc>::from_timestamp(time.0, 0)?;
    Some(moment.to_rfc3339_opts(SecondsFormat::Secs, true))
}

/// By what a message is known.
fn known_by(uid: &Option<Uid>) -> (&'static str, Value) {
    let uid = uid.as_ref().map_or(Value::Null, |uid| text(uid.bytes()));
    ("uid", uid)
}

/// Text, if there is any.
fn some_text(bytes: &[u8]) -> Value {
    match bytes {
        [] => Value::Null,
        bytes => text(bytes),
    }
}

/// Foreign bytes as a string, whole and without loss: a byte that is not UTF-8 is `\xNN`, and so is
/// a backslash. JSON itself escapes control characters.
pub fn text(bytes: &[u8]) -> Value {
    let mut shown = String::new();
    for piece in bytes.utf8_chunks() {
        shown += &piece.valid().replace('\\', "\\x5c");
        for byte in piece.invalid() {
            let _ = write!(shown, "\\x{byte:02x}");
        }
    }
    Value::String(shown)
}

fn milliseconds(took: Duration) -> Value {
    json!(u64::try_from(took.as_millis()).unwrap_or(u64::MAX))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_byte_is_lost() {
        assert_eq!(text(b"plain"), json!("plain"));
        assert_eq!(text("Grüße".as_bytes()), json!("Grüße"));
        assert_eq!(text(b"Gr\xfc\xdfe"), json!("Gr\\xfc\\xdfe"));
        assert_eq!(text(b"a\\xfc"), json!("a\\x5cxfc"));
        assert_eq!(text(b"a\n\x1b\"").to_string(), r#""a\n\u001b\"""#);
    }

    #[test]
    fn an_object_is_one_line() {
        let named = Named {
            account: "work".into(),
            server: "pop.example.org".into(),
            port: None,
        };
        let event = Event::Delete {
            uid: Uid::new("a\"\u{2028}\u{9b}\u{202e}".as_bytes()),
        };
        let line = line(Some(&named), &event).unwrap();
        assert_eq!(line.lines().count(), 1);
        let read: Value = serde_json::from_str(&line).unwrap();
        assert_eq!(read["account"], "work");
        assert_eq!(read["uid"], "a\"\u{2028}\u{9b}\u{202e}");
        assert!(line.is_ascii(), "{line}");
        assert_eq!(read["event"], "delete");
        let time = read["time"].as_str().unwrap();
        assert!(DateTime::parse_from_rfc3339(time).is_ok(), "{time}");
    }
}
