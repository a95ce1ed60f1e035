//! What holds of everything that reads what others wrote, by name: a function of bytes each, which
//! panics where it does not hold. The fuzz targets of tests/fuzz/targets look for bytes for which it does
//! not; the test below tries those that are known to be worth it.

use crate::{
    config, delivery, discover, import, maildrop, message, net, oauth, plan, report, sasl, secret,
    seen,
};

/// What holds of some bytes.
type Property = fn(&[u8]);

/// Every property, by the name of its fuzz target and of its corpus.
const ALL: [(&str, Property); 33] = [
    ("answer", oauth::properties::answer),
    ("autoconfig", discover::properties::autoconfig),
    ("body", net::properties::body),
    ("browser", oauth::properties::browser),
    ("capabilities", maildrop::properties::capabilities),
    ("claim", delivery::properties::claim),
    ("envelope", maildrop::properties::envelope),
    ("fdm", import::properties::fdm),
    ("fetchmail", import::properties::fetchmail),
    ("getmail", import::properties::getmail),
    ("head", message::properties::head),
    ("insertion", config::properties::insertion),
    ("listing", maildrop::properties::listing),
    ("login", maildrop::login_properties::exchange),
    ("lump", maildrop::properties::lump),
    ("mbox", delivery::properties::mbox),
    ("memory", seen::properties::memory),
    ("mpop", import::properties::mpop),
    ("names", net::dns::properties::names),
    ("netrc", secret::properties::netrc),
    ("older", maildrop::properties::older),
    ("plan", plan::properties::plan),
    ("proxy", net::properties::proxy),
    ("relay", delivery::relay_properties::relay),
    ("reply", maildrop::properties::reply),
    ("report", report::properties::report),
    ("sasl", sasl::properties::challenges),
    ("server", config::properties::server),
    ("session", maildrop::properties::session),
    ("settings", config::properties::settings),
    ("thunderbird", import::properties::thunderbird),
    ("ticket", net::properties::ticket),
    ("tokens", oauth::properties::tokens),
];

/// Panics if the property of this name does not hold of these bytes.
pub fn hold(name: &str, bytes: &[u8]) {
    let found = ALL.iter().find(|(known, _)| *known == name);
    let Some((_, property)) = found else {
        panic!("there is no property {name}");
    };
    property(bytes);
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::panic::catch_unwind;
    use std::path::{Path, PathBuf};

    /// How many changes are tried on each input.
    const CHANGES: usize = 40;
    /// How many of an input's heads are tried.
    const HEADS: usize = 40;

    fn corpus() -> PathBuf {
        Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fuzz/corpus")
    }

    /// The names of what a folder holds, in order.
    fn names(folder: &Path) -> Vec<String> {
        let entries = std::fs::read_dir(folder).unwrap();
        let name = |entry: std::io::Result<std::fs::DirEntry>| entry.unwrap().file_name();
        let mut names: Vec<String> = entries
            .map(|entry| name(entry).into_string().unwrap())
            .collect();
        names.sort();
        names
    }

    fn holds(name: &str, bytes: &[u8]) -> Result<(), String> {
        let broken = |_| format!("{name} does not hold of b\"{}\"", bytes.escape_ascii());
        catch_unwind(|| hold(name, bytes)).map_err(broken)
    }

    /// The input with something taken out, put in, doubled, or put in from another input.
    fn changed(input: &[u8], other: &[u8], random: &mut fastrand::Rng) -> Vec<u8> {
        const TELLING: &[u8] = b"\0\r\n .+-=,<>[]%:\"\\?\x1b\x1e\x7f\x80\xff09Aa";
        let mut bytes = input.to_vec();
        for _ in 0..random.usize(1..4) {
            let (from, to) = (random.usize(..=bytes.len()), random.usize(..=bytes.len()));
            let range = from.min(to)..from.max(to).min(from.min(to) + 16);
            let put = match random.u8(..5) {
                0 => Vec::new(),
                1 => vec![TELLING[random.usize(..TELLING.len())]],
                2 => vec![random.u8(..)],
                3 => bytes[range.clone()].repeat(2),
                _ => {
                    let at = random.usize(..=other.len());
                    other[at..other.len().min(at + 16)].to_vec()
                }
            };
            bytes.splice(range, put);
        }
        bytes
    }

    #[test]
    fn every_property_has_a_corpus_and_every_corpus_a_property() {
        let mut known: Vec<&str> = ALL.iter().map(|(name, _)| *name).collect();
        known.sort_unstable();
        assert_eq!(names(&corpus()), known);
    }

    #[test]
    fn properties_hold_of_the_corpus_its_heads_and_what_is_like_it() {
        let broken = ALL.iter().filter_map(|(name, _)| try_all(name).err());
        let broken: Vec<String> = broken.collect();
        assert!(broken.is_empty(), "{}", broken.join("\n"));
    }

    fn try_all(name: &str) -> Result<(), String> {
        let folder = corpus().join(name);
        let files = names(&folder).into_iter();
        let inputs = files.map(|file| std::fs::read(folder.join(file)).unwrap());
        let inputs: Vec<Vec<u8>> = inputs.collect();
        let mut random = fastrand::Rng::with_seed(1939);
        for (at, input) in inputs.iter().enumerate() {
            holds(name, input)?;
            let step = 1 + input.len() / HEADS;
            let mut heads = (0..input.len()).step_by(step);
            heads.try_for_each(|end| holds(name, &input[..end]))?;
            let other = &inputs[(at + 1) % inputs.len()];
            for _ in 0..CHANGES {
                holds(name, &changed(input, other, &mut random))?;
            }
        }
        Ok(())
    }
}
