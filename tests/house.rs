//! The rules of the house, read off the files themselves: which way imports go, who may touch
//! what, how long things may be, which words are used, which crates; and that manual pages,
//! completions and README tell of the program as it is. Every failure names file, line and rule.

mod arrows;
mod completions;
mod crates;
mod form;
mod manual;
pub mod readme;
mod source;
mod touch;
mod units;
mod whole;
mod words;

/// Fails with all that was found.
#[track_caller]
fn none(found: &[String]) {
    assert!(
        found.is_empty(),
        "{} against the rules:\n{}\n",
        found.len(),
        found.join("\n")
    );
}

/// What is in one list and not in the other.
#[track_caller]
fn same(one: (&str, Vec<String>), other: (&str, Vec<String>)) {
    let lacks = |has: &(&str, Vec<String>), lacks: &(&str, Vec<String>)| {
        let mut left = lacks.1.clone();
        let mut missing = Vec::new();
        for item in &has.1 {
            match left.iter().position(|found| found == item) {
                Some(at) => drop(left.swap_remove(at)),
                None => missing.push(format!("{} has {item}, {} has not", has.0, lacks.0)),
            }
        }
        missing
    };
    let mut found = lacks(&one, &other);
    found.extend(lacks(&other, &one));
    none(&found);
}
