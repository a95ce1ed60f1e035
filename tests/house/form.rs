//! How long things may be, and what code may not hold.

use super::source::{self, Source};

/// Lines of a file without its tests.
const FILE: usize = 400;
/// Lines of a function.
const FUNCTION: usize = 60;
/// Parameters besides self.
const PARAMETERS: usize = 4;

#[test]
fn files_are_short_or_say_why_not() {
    let long = |source: &&Source| source.length > FILE && !source.head().contains("long because");
    let tell = |source: &Source| {
        format!(
            "{}:{FILE}: {} lines without tests are more than {FILE}; divide it, or say at its head that it is long because ...",
            source.path, source.length
        )
    };
    super::none(
        &source::sources()
            .iter()
            .filter(long)
            .map(tell)
            .collect::<Vec<_>>(),
    );
}

#[test]
fn functions_are_short_and_take_little() {
    let mut found = Vec::new();
    for source in source::sources() {
        for function in source.functions() {
            // The name of clippy's lint for the same, with a reason, allows it.
            let excused =
                |lint: &str| function.above.contains(lint) && function.above.contains("reason = ");
            let place = format!("{}:{}: {}", source.path, function.line + 1, function.name);
            if function.length > FUNCTION && !excused("too_many_lines") {
                found.push(format!(
                    "{place} has {} lines, more than {FUNCTION}",
                    function.length
                ));
            }
            if function.parameters > PARAMETERS && !excused("too_many_arguments") {
                found.push(format!(
                    "{place} takes {} parameters, more than {PARAMETERS}",
                    function.parameters
                ));
            }
        }
    }
    super::none(&found);
}

/// What no source may hold outside of its tests, and the rule.
const NEVER: [(&str, &str); 12] = [
    (".unwrap()", "show in the types that it cannot fail"),
    (".expect(", "show in the types that it cannot fail"),
    ("unsafe ", "no unsafe code"),
    ("process::exit", "only main ends the process"),
    ("process::abort", "only main ends the process"),
    ("println!", "report alone writes to the terminal"),
    ("eprintln!", "report alone writes to the terminal"),
    ("print!", "report alone writes to the terminal"),
    ("eprint!", "report alone writes to the terminal"),
    ("dbg!", "report alone writes to the terminal"),
    ("todo!", "finish it"),
    ("unimplemented!", "finish it"),
];

#[test]
fn what_no_source_may_hold() {
    let mut found = Vec::new();
    for source in source::sources() {
        for (at, line) in source.code.iter().enumerate() {
            // The one file with foreign calls.
            let foreign = |what: &str| source.path == "src/krb5.rs" && what.starts_with("unsafe");
            let held = NEVER
                .iter()
                .filter(|(what, _)| holds(line, what) && !foreign(what));
            found.extend(held.map(|(what, rule)| {
                format!("{}:{}: {}: {rule}", source.path, at + 1, what.trim())
            }));
        }
    }
    super::none(&found);
}

/// Whether a line holds this, and not as the end of a longer word.
pub fn holds(line: &str, what: &str) -> bool {
    let mut places = line.match_indices(what).map(|(at, _)| at);
    let whole = |at: usize| {
        let before = line[..at].chars().next_back();
        what.starts_with('.') || !before.is_some_and(|c| c.is_alphanumeric() || c == '_')
    };
    places.any(whole)
}

#[test]
fn every_script_is_checked() {
    let run = source::text("tests/run");
    let checked = run.lines().find(|line| line.starts_with("shellcheck "));
    let checked = checked.unwrap().split(' ').skip(1).map(str::to_owned);
    let script = |path: &String| {
        let begins = std::fs::read(source::top().join(path)).unwrap();
        begins.starts_with(b"#!")
            && begins
                .split(|b| *b == b'\n')
                .next()
                .unwrap()
                .ends_with(b"sh")
    };
    let scripts = source::files("").into_iter().filter(script);
    super::same(
        ("the project", scripts.collect()),
        ("shellcheck in tests/run", checked.collect()),
    );
}

#[test]
fn functions_are_measured_rightly() {
    let text = "impl A {\n    fn one<T: Fn(u8) -> u8>(\n        &self,\n        a: (u8, u8),\n        b: HashMap<A, B>,\n    ) -> T {\n        let c = '{';\n        \"}\"\n    }\n}\ntrait B {\n    fn two(a: u8);\n}\n#[cfg(test)]\nmod tests {\n    fn three() {}\n}\n";
    let source = Source::new("src/x.rs".into(), text);
    let functions = source.functions();
    assert_eq!(functions.len(), 1);
    let one = &functions[0];
    assert_eq!(
        (one.name.as_str(), one.line, one.length, one.parameters),
        ("one", 1, 8, 2)
    );
    assert_eq!(source.length, 13);
}
