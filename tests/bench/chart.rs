//! The chart: for each piece of work a bar for each program, as long as it took. Text by hand, in
//! colours that fit light and dark pages.

use std::fmt::Write;

use super::course::{Done, Outcome};
use super::report::duration;

/// The works that are drawn, in this order, over the line without TLS.
const DRAWN: [&str; 6] = ["many", "durable", "large", "distant", "accounts", "look"];
const WIDTH: f64 = 760.0;
/// Where the bars begin and how long the longest is.
const LEFT: f64 = 110.0;
const LONGEST: f64 = 540.0;
/// Bars so many times as long as popget's are broken off, or nobody would see the others.
const BROKEN: f64 = 12.0;
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
        let times = || done.outcomes.iter().map(|one| one.time(false));
        let popget = times().next().unwrap_or(f64::NAN);
        let longest = times().fold(0.0, f64::max).min(popget * BROKEN);
        for outcome in &done.outcomes {
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

/// A bar with its name before it and its time behind it; one that is too long has a gap near its end.
fn bar(outcome: &Outcome, bottom: f64, longest: f64) -> String {
    let time = outcome.time(false);
    let class = match outcome.worker.program.name() {
        name @ ("popget" | "floor") => name,
        _ => "bar",
    };
    let rect = |from: f64, to: f64| {
        let (x, y, width) = (LEFT + from, bottom - THICK + 2.0, (to - from).max(1.0));
        format!("<rect class=\"{class}\" x=\"{x:.1}\" y=\"{y:.1}\" width=\"{width:.1}\" height=\"{THICK}\"/>")
    };
    // Who took too long has no time.
    let whole = time <= longest;
    let long = if whole {
        time / longest * LONGEST
    } else {
        LONGEST
    };
    let drawn = match whole {
        true => rect(0.0, long),
        false => rect(0.0, long - 24.0) + &rect(long - 18.0, long),
    };
    let told = match outcome.costs.is_empty() {
        true => outcome.remark.clone(),
        false => duration(time),
    };
    let name = outcome.worker.name.rsplit(", ").next().unwrap_or_default();
    format!(
        "<text x=\"{}\" y=\"{bottom}\" text-anchor=\"end\">{}</text>{drawn}<text x=\"{:.1}\" y=\"{bottom}\">{}</text>\n",
        LEFT - 8.0,
        escaped(name),
        LEFT + long + 6.0,
        escaped(&told)
    )
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;")
        .replace('<', "&lt;")
        .replace('>', "&gt;")
}
