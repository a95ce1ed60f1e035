//! What happened, in words: a line each.

use super::options::Listener;
use super::{escape, Level, Named, Options};
use crate::error::Error;
use crate::event::{Event, Failure, Mode, Notice, Side, Skipped, Subject, Summary, Tally};
use crate::message::Uid;
use indicatif::{HumanBytes, HumanDuration};
use std::time::Duration;

/// The lines that an event is worth, with how important they are.
pub fn lines(named: &Named, event: &Event, options: &Options) -> Vec<(Level, String)> {
    let account = &named.account;
    let detail = |text: String| vec![(Level::Detail, format!("{account}: {text}"))];
    match event {
        Event::Message {
            uid,
            size,
            id,
            destination,
            ..
        } => {
            let id = id.as_ref().map(|id| format!(", {}", escape(id)));
            detail(format!(
                "delivered {} ({}{}) to {}",
                name(uid.as_ref()),
                HumanBytes(*size),
                id.unwrap_or_default(),
                escape(destination.as_bytes())
            ))
        }
        Event::Skip { uid, size, why } => {
            let (name, bytes) = (name(uid.as_ref()), bytes(*size));
            let why = match why {
                Skipped::TooLarge => "it is larger than max_size",
                Skipped::Filtered => "header_filter says so",
            };
            detail(format!("left {name}{bytes} on the server: {why}"))
        }
        Event::Delete { uid } => detail(format!("deleted {} from the server", name(uid.as_ref()))),
        Event::Stage(stage) => detail(stage.name().to_string()),
        Event::Dialogue(side, line) => {
            let side = match side {
                Side::Client => "C",
                Side::Server => "S",
            };
            vec![(
                Level::Wire,
                format!("{account}: {side}: {}", escape(line.bytes())),
            )]
        }
        Event::Notice(notice) => {
            let (level, text) = notice_text(notice);
            vec![(
                level,
                format!("popget: {account} ({}): {text}", named.server),
            )]
        }
        Event::Account(tally) => concluded(named, tally, options),
        Event::Start(_)
        | Event::Server(_)
        | Event::Summary(_)
        | Event::Listed(_)
        | Event::Probe(_)
        | Event::Planned { .. }
        | Event::Progress { .. }
        | Event::Lent
        | Event::WouldDeliver { .. }
        | Event::WouldDelete { .. } => Vec::new(),
    }
}

/// What failed, and the line that a person at a terminal likes to see.
pub fn concluded(named: &Named, tally: &Tally, options: &Options) -> Vec<(Level, String)> {
    let failures = tally.failures.iter();
    let mut lines: Vec<_> = failures.map(|failure| failed(named, failure)).collect();
    let attended = options.listener == Listener::Terminal;
    for ((level, line), failure) in lines.iter_mut().zip(&tally.failures) {
        if tally.hushed && !attended && failure.passes() {
            *level = Level::Info;
        }
        if let Some(lasting) = tally.failing_for.filter(|_| failure.passes()) {
            line.push_str(&lasted(lasting));
        }
    }
    let whole = |failure: &Failure| failure.subject == Subject::Visit;
    let futile = tally.new == 0 && tally.failures.iter().any(whole);
    if options.mode == Mode::Fetch && !futile {
        let account = &named.account;
        let level = match tally.new {
            0 => Level::Info,
            _ => Level::News,
        };
        lines.push((level, format!("{account}: {}", summary(tally))));
    }
    lines
}

/// For how long an account has failed by now, if that is worth a word.
fn lasted(lasting: Duration) -> String {
    match lasting.as_secs() {
        0..60 => String::new(),
        _ => format!(" (failing for {})", HumanDuration(lasting)),
    }
}

/// An error as one sentence with what was said and what to do.
pub fn sentence(error: &Error) -> String {
    let mut line = escape(error.to_string().as_bytes());
    if let Some(words) = error.words() {
        line.push_str(&format!(": \"{}\"", escape(words.trim_ascii())));
    }
    match error.advice() {
        "" => line,
        advice => line + "; " + advice,
    }
}

/// One failure: account, server, stage, message, what, and what to do.
pub fn failed(named: &Named, failure: &Failure) -> (Level, String) {
    let Named { account, server } = named;
    let about = match &failure.subject {
        Subject::Visit => String::new(),
        Subject::Message(uid) => format!(" {}", name(uid.as_ref())),
    };
    let (stage, sentence) = (failure.stage.name(), sentence(&failure.error));
    let level = if failure.known {
        Level::Info
    } else {
        Level::Error
    };
    (
        level,
        format!("popget: {account} ({server}): {stage}{about}: {sentence}"),
    )
}

/// What is worth telling, and how important that is.
#[allow(clippy::too_many_lines, reason = "a few lines a variant")]
pub fn notice_text(notice: &Notice) -> (Level, String) {
    match notice {
        Notice::Unverified => (
            Level::Warning,
            "tls_verify is false: anyone between can read the password and the mail".into(),
        ),
        Notice::TornState => (
            Level::Warning,
            "the last line of the memory was cut off by a crash; it was removed".into(),
        ),
        Notice::Finished => (
            Level::Detail,
            "a delivery that an earlier run began was finished".into(),
        ),
        Notice::InDoubt { destination, uid } => (
            Level::Warning,
            format!(
                "an earlier run was stopped while it delivered {} to {}: it may come twice",
                name(uid.as_ref()),
                escape(destination.as_bytes())
            ),
        ),
        Notice::NextServer(error) => (
            Level::Info,
            format!(
                "{}; trying the next server",
                escape(error.to_string().as_bytes())
            ),
        ),
        Notice::Reconnecting(error) => (
            Level::Info,
            format!("{}; connecting again", escape(error.to_string().as_bytes())),
        ),
        Notice::Committed => (
            Level::Detail,
            "what was done so far is safe (commit_every); connecting again".into(),
        ),
        Notice::NextSlice => (
            Level::Detail,
            "the server may show more now (drain); connecting again".into(),
        ),
        Notice::Waiting(wait) => (
            Level::Info,
            format!("waiting {} before the next login", HumanDuration(*wait)),
        ),
        Notice::LockStep(error) => (
            Level::Info,
            format!(
                "{}; connecting again, without sending ahead (pipeline: off)",
                escape(error.to_string().as_bytes())
            ),
        ),
        Notice::NotDeleted(count) => (
            Level::Warning,
            format!(
                "the server refused to delete {count} of the messages; the next run asks again"
            ),
        ),
        Notice::Expires(0) => (
            Level::Info,
            "this server may delete what is downloaded, whatever keep says".into(),
        ),
        Notice::Expires(days) => (
            Level::Info,
            format!("this server deletes mail after {days} days, sooner than keep says"),
        ),
        Notice::StaleLock(path) => (
            Level::Info,
            format!(
                "removed the lock file {} of a program that is gone",
                path.display()
            ),
        ),
        Notice::MdaAsRoot => (
            Level::Info,
            "the MDA is started as root, with mail that anybody may have sent; run popget as \
             another user, or see that the MDA becomes one"
                .into(),
        ),
        Notice::NotTaken { uid, error } => {
            let text = format!("{}: {}", name(uid.as_ref()), sentence(error));
            (Level::Error, text)
        }
        Notice::HookSaid(hook, said) => (
            Level::Info,
            format!("{hook} says: \"{}\"", escape(said.trim_ascii())),
        ),
        Notice::HooksLeft => (
            Level::Info,
            "a dry run does not run the commands of before and after".into(),
        ),
        Notice::MdaSaid(said) => (
            Level::Warning,
            format!("the MDA says: \"{}\"", escape(said.trim_ascii())),
        ),
    }
}

/// The line that a person at a terminal reads when all accounts are done.
pub fn total(summary: &Summary) -> String {
    let Summary { accounts, .. } = summary;
    let line = format!("{accounts} accounts: {}", sum(summary));
    match summary.troubled {
        0 => line,
        1 => line + "; 1 account failed",
        troubled => format!("{line}; {troubled} accounts failed"),
    }
}

/// The line that a person at a terminal reads when an account is done.
fn summary(tally: &Tally) -> String {
    if tally.too_soon.is_some() {
        return too_soon(tally);
    }
    let mut line = sum(&Summary::of(tally));
    if tally.more {
        line.push_str(", more waiting");
    }
    line
}

/// How many messages came, and what became of the others.
fn sum(summary: &Summary) -> String {
    let mut line = match summary.new {
        0 => "nothing new".to_string(),
        1 => format!("1 new message ({})", HumanBytes(summary.bytes)),
        new => format!("{new} new messages ({})", HumanBytes(summary.bytes)),
    };
    let rest = [
        (summary.seen, "seen"),
        (summary.deleted, "deleted"),
        (summary.skipped, "too large"),
        (summary.failed, "failed"),
    ];
    for (count, what) in rest.into_iter().filter(|(count, _)| *count > 0) {
        line.push_str(&format!(", {count} {what}"));
    }
    line
}

/// Why nothing was done.
pub fn too_soon(tally: &Tally) -> String {
    let wait = HumanDuration(tally.too_soon.unwrap_or_default());
    format!("too soon for another login; the next one in {wait}")
}

/// How to name a message to people.
pub fn name(uid: Option<&Uid>) -> String {
    uid.map_or("a message without UID".into(), |uid| {
        format!("message {}", escape(uid.bytes()))
    })
}

/// A size behind what it is of.
pub fn bytes(size: Option<u64>) -> String {
    size.map(|size| format!(" ({})", HumanBytes(size)))
        .unwrap_or_default()
}
