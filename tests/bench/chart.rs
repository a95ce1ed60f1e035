//! The chart: for each piece of work a bar for each program, as long as it took. Text by hand, in
//! colours that fit light and dark pages.

use std::fmt::Write;

use super::course::{Done, Outcome};
use super::report::figure;

/// The works that are drawn, in this order, over the line without TLS.
const DRAWN: [&str; 6] = ["many", "durable", "large", "distant", "accounts", "look"];
const WIDTH: f64 = 760.0;
/// Where the bars begin and how long the longest is.
const LEFT: f64 = 110.0;
const LONGEST: f64 = 540.0;
/// From one bar to the next, and how thick each is.
const STEP: f64 = 19.0;
const THICK: f64 = 13.0;

const STYLE: &str = "text{font:13px system-ui,sans-serif;fill:#1f2328}\
.what{font-weight:600}.bar{fill:#afb8c1}.popget{fill:#0a7d55}.floor{fill:none;stroke:#8c959f;stroke-dasharray:3 2}\
@media(prefers-color-scheme:dark){text{fill:#e6edf3}.bar{fill:#57606a}.popget{fill:#2fbf8a}.floor{stroke:#8b949e}}";

/// Draws what there is to draw.
pub fn draw(done: &[Done]) -> String {
    let plain = |name: &&str| {
        done.iter()
            .find(|done| done.work.name == *name && !done.tls)
    };
    let (mut body, mut top) = (String::new(), 8.0);
    for done in DRAWN.iter().filter_map(plain) {
        top += STEP;
        let what = escaped(&done.work.what);
        let _ = writeln!(
            body,
            "<text class=\"what\" x=\"8\" y=\"{top}\">{what}</text>"
        );
        let took: Vec<&Outcome> = done
            .outcomes
            .iter()
            .filter(|one| !one.costs.is_empty())
            .collect();
        let longest = took.iter().map(|one| one.time(false)).fold(0.0, f64::max);
        for outcome in took {
            top += STEP;
            body += &bar(outcome, top, longest);
        }
        top += STEP / 2.0;
    }
    let height = top + 8.0;
    format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {WIDTH} {height}\" role=\"img\" \
         aria-label=\"How long programs take; shorter is better\">\n<style>{STYLE}</style>\n{body}</svg>\n"
    )
}

/// A bar with its name before it and its time behind it.
fn bar(outcome: &Outcome, bottom: f64, longest: f64) -> String {
    let time = outcome.time(false);
    let long = (time / longest * LONGEST).max(1.0);
    let class = match outcome.worker.program.name() {
        name @ ("popget" | "floor") => name,
        _ => "bar",
    };
    let name = escaped(
        outcome
            .worker
            .name
            .split(',')
            .next_back()
            .unwrap_or_default()
            .trim(),
    );
    format!(
        "<text x=\"{:.0}\" y=\"{bottom}\" text-anchor=\"end\">{name}</text>\
         <rect class=\"{class}\" x=\"{LEFT}\" y=\"{:.1}\" width=\"{long:.1}\" height=\"{THICK}\" rx=\"2\"/>\
         <text x=\"{:.1}\" y=\"{bottom}\">{} s</text>\n",
        LEFT - 8.0,
        bottom - THICK + 2.0,
        LEFT + long + 6.0,
        figure(time)
    )
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;")
        .replace('<', "&lt;")
        .replace('>', "&gt;")
}
