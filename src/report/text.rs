//! What happened, in words: a line each.

use super::options::Listener;
use super::{escape, Level, Named, Options};
use crate::error::{Error, ExitStatus};
use crate::event::{Event, Failure, Mode, Notice, Side, Skipped, Stage, Subject, Summary, Tally};
use crate::message::Uid;
use indicatif::{HumanBytes, HumanDuration};
use std::collections::BTreeMap;
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
                format!("popget: {account} ({}): {text}", named.place()),
            )]
        }
        Event::Account(tally) => concluded(named, tally, options),
        Event::Start(_)
        | Event::Server(..)
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
        let fetching = options.mode == Mode::Fetch && failure.stage >= Stage::Retrieving;
        if fetching && failure.called_off() {
            line.push_str("; what came is kept, and the next run goes on");
        }
    }
    lines = abridged(named, tally, lines);
    if options.mode == Mode::Fetch && (tally.looked() || tally.too_soon.is_some()) {
        let account = &named.account;
        let level = match tally.new {
            0 => Level::Info,
            _ => Level::News,
        };
        lines.push((level, format!("{account}: {}", summary(tally))));
    }
    lines
}

/// How many messages that failed alike are told one by one.
const ALIKE: usize = 3;

/// The lines of failures, but of many messages with which the same is wrong only the first, and how
/// many more there are.
fn abridged(named: &Named, tally: &Tally, lines: Vec<(Level, String)>) -> Vec<(Level, String)> {
    let mut alike: BTreeMap<(Level, String), usize> = BTreeMap::new();
    let mut order = Vec::new();
    let mut told = Vec::new();
    for (line, failure) in lines.into_iter().zip(&tally.failures) {
        if failure.subject == Subject::Visit {
            told.push(line);
            continue;
        }
        let what = (line.0, sentence(&failure.error));
        let count = alike.entry(what.clone()).or_default();
        *count += 1;
        match *count {
            1..=ALIKE => told.push(line),
            _ if *count == ALIKE + 1 => order.push((what, failure.stage)),
            _ => {}
        }
    }
    let (account, server) = (&named.account, named.place());
    told.extend(order.into_iter().map(|(what, stage)| {
        let more = alike.get(&what).map_or(0, |count| count - ALIKE);
        let messages = if more == 1 { "message" } else { "messages" };
        let stage = stage.name();
        let line =
            format!("popget: {account} ({server}): {stage}: and {more} more {messages}: the same");
        (what.0, line)
    }));
    told
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
    let (account, server) = (&named.account, named.place());
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

/// The line that a person at a terminal reads when all accounts are done, if there is anything to
/// say that no account said.
pub fn total(summary: &Summary, options: &Options) -> Option<String> {
    let Summary {
        accounts, looked, ..
    } = summary;
    let several = *accounts > 1 && options.mode == Mode::Fetch;
    let came = (several && *looked > 0).then(|| format!("{accounts} accounts: {}", sum(summary)));
    let failed = match summary.troubled {
        _ if !several => None,
        0 => None,
        1 => Some("1 account failed".to_string()),
        troubled => Some(format!("{troubled} accounts failed")),
    };
    // Of one account its own line says so, if it was visited.
    let unsaid = several || summary.status >= ExitStatus::Nothing;
    let stopped = (summary.stopped && unsaid).then(|| "stopped".to_string());
    let parts: Vec<String> = stopped.into_iter().chain(came).chain(failed).collect();
    Some(parts.join("; ")).filter(|line| !line.is_empty())
}

/// The line that a person at a terminal reads when an account is done.
fn summary(tally: &Tally) -> String {
    if tally.too_soon.is_some() {
        return too_soon(tally);
    }
    sum(&Summary::of(tally))
}

/// How many messages came, and what became of the others.
fn sum(summary: &Summary) -> String {
    let came = match summary.new {
        0 if summary.more => None,
        0 => Some("nothing new".to_string()),
        1 => Some(format!("1 new message ({})", HumanBytes(summary.bytes))),
        new => Some(format!(
            "{new} new messages ({})",
            HumanBytes(summary.bytes)
        )),
    };
    let rest = [
        (summary.seen, "seen"),
        (summary.deleted, "deleted"),
        (summary.skipped, "too large"),
        (summary.failed, "failed"),
    ];
    let rest = rest.into_iter().filter(|(count, _)| *count > 0);
    let rest = rest.map(|(count, what)| format!("{count} {what}"));
    let more = summary.more.then(|| "more waiting".to_string());
    let parts: Vec<String> = came.into_iter().chain(rest).chain(more).collect();
    parts.join(", ")
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
