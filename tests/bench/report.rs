//! What came of it, in Markdown.

use std::fmt::Write;

use super::course::{Done, Outcome};
use super::habits::Habit;
use super::works::Goal;

/// Everything: the machine, the programs, what was to hold, and the figures.
pub fn whole(machine: &str, habits: &[Habit], done: &[Done]) -> String {
    let parts = [
        machine.to_owned(),
        programs(habits),
        goals(done),
        figures(done),
    ];
    let parts = parts.into_iter().filter(|part| !part.is_empty());
    parts.collect::<Vec<_>>().join("\n")
}

/// Whether popget and the floor did all that they were to do, and right.
pub fn trustworthy(done: &[Done]) -> bool {
    let ours = |outcome: &&Outcome| outcome.worker.program.is_ours();
    let outcomes = done.iter().flat_map(|done| &done.outcomes);
    let mut ours = outcomes.filter(ours);
    ours.all(|outcome| outcome.verdict.good() && outcome.remark.is_empty())
}

/// The name of a piece of work, with what it was done over.
fn title(done: &Done) -> String {
    match (done.work.tls, done.tls) {
        (false, _) => done.work.what.clone(),
        (true, false) => format!("{}, plain", done.work.what),
        (true, true) => format!("{}, TLS", done.work.what),
    }
}

fn programs(habits: &[Habit]) -> String {
    if habits.is_empty() {
        return String::new();
    }
    let mut text = String::from(
        "A message of 4 KiB to a Maildir on disk takes each of them (fetchmail delivers by maildrop; \
         getmail6 is made to wait for its deliveries by process, since it can miss their signal):\n\n\
         | program | version | syncs | processes | system calls |\n|---|---|---|---|---|\n",
    );
    for habit in habits {
        let Habit {
            program,
            version,
            syncs,
            starts,
            calls,
        } = habit;
        let name = program.name();
        let _ = writeln!(
            text,
            "| {name} | {version} | {syncs:.2} | {starts:.2} | {calls:.1} |"
        );
    }
    text
}

fn goals(done: &[Done]) -> String {
    let mut text = String::from("| work | popget takes | at most | |\n|---|---|---|---|\n");
    for done in done {
        for goal in &done.work.goals {
            let Some((what, found, most)) = weighed(goal, done) else {
                continue;
            };
            let holds = if found <= most {
                "holds"
            } else {
                "**does not hold**"
            };
            let _ = writeln!(
                text,
                "| {} | {found:.2} {what} | {most} | {holds} |",
                title(done)
            );
        }
    }
    text
}

/// What was found about a goal, and what it is to be at most; nothing where it cannot be told.
fn weighed(goal: &Goal, done: &Done) -> Option<(String, f64, f64)> {
    let popget = done.outcomes.first()?;
    let per_message = done.work.per_message;
    Some(match goal {
        Goal::Time(most, name) => {
            let other = done
                .outcomes
                .iter()
                .find(|other| other.worker.name == *name)?;
            let ratio = popget.time(per_message) / other.time(per_message);
            (format!("× {name}"), ratio, *most)
        }
        Goal::Memory(most) => ("MiB".into(), popget.memory(), *most),
        Goal::Turns(most) => {
            let turns = popget.turns?;
            ("turns".into(), f64::from(turns), f64::from(*most))
        }
    })
}

fn figures(done: &[Done]) -> String {
    let mut text = String::new();
    for done in done {
        let _ = writeln!(
            text,
            "### {}\n\n| | takes | from – to | × popget | computing | MiB | turns | runs | |\n\
             |---|---|---|---|---|---|---|---|---|",
            title(done)
        );
        let per_message = done.work.per_message;
        let popget = done.outcomes.first().map(|popget| popget.time(per_message));
        for outcome in &done.outcomes {
            text += &row(outcome, popget.unwrap_or(f64::NAN), per_message);
        }
        text.push('\n');
    }
    text
}

fn row(outcome: &Outcome, popget: f64, per_message: bool) -> String {
    let name = &outcome.worker.name;
    if outcome.costs.is_empty() {
        return format!("| {name} | | | | | | | | {} |\n", outcome.remark);
    }
    let time = outcome.time(per_message);
    let share = time / outcome.time(false);
    let walls = || outcome.costs.iter().map(|cost| cost.wall * share);
    let least = walls().fold(f64::INFINITY, f64::min);
    let most = walls().fold(0.0, f64::max);
    let turns = outcome.turns.map(|turns| turns.to_string());
    let verdict = outcome.verdict;
    let mut remarks = vec![outcome.remark.clone()];
    remarks.extend((!verdict.good()).then(|| verdict.to_string()));
    remarks.retain(|remark| !remark.is_empty());
    format!(
        "| {name} | {} | {} – {} | {:.2} | {} | {:.1} | {} | {} | {} |\n",
        duration(time),
        duration(least),
        duration(most),
        time / popget,
        duration(outcome.cpu()),
        outcome.memory(),
        turns.unwrap_or_default(),
        outcome.costs.len(),
        remarks.join(", ")
    )
}

/// So many seconds in three digits.
pub fn duration(seconds: f64) -> String {
    let (value, unit) = match seconds {
        1.0.. => (seconds, "s"),
        0.001.. => (seconds * 1e3, "ms"),
        _ => (seconds * 1e6, "µs"),
    };
    match value {
        100.0.. => format!("{value:.0} {unit}"),
        10.0.. => format!("{value:.1} {unit}"),
        _ => format!("{value:.2} {unit}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_have_three_digits() {
        let told = [123.4, 12.34, 1.234, 0.1234, 0.0123, 0.00123, 0.000_048_7].map(duration);
        let expected = [
            "123 s", "12.3 s", "1.23 s", "123 ms", "12.3 ms", "1.23 ms", "48.7 µs",
        ];
        assert_eq!(told, expected);
    }
}
