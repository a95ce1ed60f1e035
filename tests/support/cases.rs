//! Servers that say something else than they should, case by case.

use super::scene::Scene;

/// What a server says in place of what it should, and what has to come of it: a name, the script, the
/// exit status, and what is said in one line.
pub type Case = (&'static str, String, i32, &'static str);

/// Plays each case in a scene made of its script; these messages come each time.
pub fn each(cases: &[Case], scene: impl Fn(&str) -> Scene, delivered: &[Vec<u8>]) {
    for (what, script, status, says) in cases {
        let mut outcome = scene(script).run();
        let (got, said) = (outcome.take_status(), outcome.take_stderr());
        let told = said.contains(says) && said.lines().count() == usize::from(!says.is_empty());
        if got != Some(*status) || !told {
            outcome.fail(&format!("{what}: expected {status} and: {says}"));
        }
        outcome.delivers_bytes(delivered);
    }
}
