//! Sizes, durations and paths as people write them.

use serde::de::{Unexpected, Visitor};
use std::fmt;
use std::path::PathBuf;
use std::time::Duration;

/// Reads a size in bytes: `k M G` and `KiB MiB GiB` are powers of 1024, `kB MB GB` of 1000.
pub fn size(text: &str) -> Option<u64> {
    let digits = text
        .find(|c: char| !c.is_ascii_digit())
        .unwrap_or(text.len());
    let factor: u64 = match text[digits..].trim_start() {
        "" | "B" => 1,
        "k" | "K" | "KiB" => 1 << 10,
        "M" | "MiB" => 1 << 20,
        "G" | "GiB" => 1 << 30,
        "kB" => 1_000,
        "MB" => 1_000_000,
        "GB" => 1_000_000_000,
        _ => return None,
    };
    text[..digits].parse::<u64>().ok()?.checked_mul(factor)
}

/// Reads a duration: `90s 15m 2h 30d`.
pub fn duration(text: &str) -> Option<Duration> {
    let digits = text
        .find(|c: char| !c.is_ascii_digit())
        .unwrap_or(text.len());
    let factor = match text[digits..].trim_start() {
        "s" => 1,
        "m" => 60,
        "h" => 3600,
        "d" => 86400,
        _ => return None,
    };
    let seconds = text[..digits].parse::<u64>().ok()?.checked_mul(factor)?;
    (seconds <= u64::from(u32::MAX)).then(|| Duration::from_secs(seconds))
}

/// Writes a duration in the largest unit that fits.
pub fn written(duration: Duration) -> String {
    seconds(duration.as_secs())
}

/// Writes so many seconds in the largest unit that fits.
pub fn seconds(seconds: u64) -> String {
    let units = [(86400, 'd'), (3600, 'h'), (60, 'm')];
    let fits = |(length, _): &&(u64, char)| seconds > 0 && seconds % length == 0;
    let (length, unit) = units.iter().find(fits).copied().unwrap_or((1, 's'));
    format!("{}{unit}", seconds / length)
}

/// Puts the home folder for a leading `~` and the environment for `$NAME` and `${NAME}`.
pub fn path(text: &str) -> Result<PathBuf, String> {
    let variable = |name: &str| {
        std::env::var(name).map_err(|_| format!("the environment variable {name} is not set"))
    };
    let mut rest = text;
    let mut path = String::new();
    if let Some(after) = text.strip_prefix('~') {
        if !after.is_empty() && !after.starts_with('/') {
            return Err("only ~ and ~/ stand for a home folder; write the others out".into());
        }
        let home = variable("HOME")?;
        if !home.starts_with('/') {
            return Err("the environment variable HOME is no absolute path".into());
        }
        path.push_str(&home);
        rest = after;
    }
    while let Some((before, after)) = rest.split_once('$') {
        path.push_str(before);
        let (name, behind) = match after.strip_prefix('{') {
            Some(braced) => braced.split_once('}').ok_or("${ is not closed by }")?,
            None => {
                let letter = |c: char| c.is_ascii_alphanumeric() || c == '_';
                after.split_at(after.find(|c| !letter(c)).unwrap_or(after.len()))
            }
        };
        path.push_str(&variable(name)?);
        rest = behind;
    }
    path.push_str(rest);
    match path.as_str() {
        "" => Err("the path is empty".into()),
        path if path.contains('\0') => Err("a path cannot hold NUL".into()),
        path if path.starts_with('/') => Ok(PathBuf::from(path)),
        path => Err(relative(path)),
    }
}

/// Why a relative path is refused: it would lead elsewhere from cron, which starts popget in the home
/// folder, and from systemd, which does so in /. What it means here is told, to be written instead.
fn relative(path: &str) -> String {
    let whole = std::path::absolute(path).unwrap_or_else(|_| path.into());
    format!(
        "a relative path leads elsewhere from each folder that popget is started in; write {}",
        whole.display()
    )
}

/// A size in the settings.
#[derive(Clone, Copy)]
pub struct Size(pub u64);

/// A duration in the settings.
#[derive(Clone, Copy)]
pub struct Span(pub Duration);

/// A path in the settings, expanded.
#[derive(Clone)]
pub struct Expanded(pub PathBuf);

/// Reads a scalar, number or text, by a function that may refuse it.
pub struct Scalar<T>(pub &'static str, pub fn(&str) -> Option<T>);

impl<T> Visitor<'_> for Scalar<T> {
    type Value = T;

    fn expecting(&self, f: &mut fmt::Formatter) -> fmt::Result {
        f.write_str(self.0)
    }

    fn visit_str<E: serde::de::Error>(self, text: &str) -> Result<T, E> {
        self.1(text).ok_or_else(|| E::invalid_value(Unexpected::Str(text), &self))
    }

    fn visit_u64<E: serde::de::Error>(self, number: u64) -> Result<T, E> {
        self.1(&number.to_string())
            .ok_or_else(|| E::invalid_value(Unexpected::Unsigned(number), &self))
    }

    fn visit_f64<E: serde::de::Error>(self, number: f64) -> Result<T, E> {
        self.1(&number.to_string())
            .ok_or_else(|| E::invalid_value(Unexpected::Float(number), &self))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_know_both_kinds_of_powers() {
        for (text, bytes) in [
            ("0", 0),
            ("512", 512),
            ("1k", 1024),
            ("25MB", 25_000_000),
            ("2 MiB", 2 << 20),
            ("1G", 1 << 30),
            ("3GB", 3_000_000_000),
        ] {
            assert_eq!(size(text), Some(bytes), "{text}");
        }
        for text in [
            "",
            "MB",
            "1TB",
            "-1",
            "1.5M",
            "99999999999999999999",
            "99999999999G",
        ] {
            assert_eq!(size(text), None, "{text}");
        }
    }

    #[test]
    fn durations_need_a_unit() {
        for (text, seconds) in [("90s", 90), ("15m", 900), ("2h", 7200), ("30d", 2_592_000)] {
            assert_eq!(duration(text), Some(Duration::from_secs(seconds)), "{text}");
        }
        for text in ["", "30", "d", "1w", "-1s", "1h30m", "999999999d"] {
            assert_eq!(duration(text), None, "{text}");
        }
    }

    #[test]
    fn paths_are_expanded_or_refused() {
        let home = std::env::var("HOME").unwrap();
        assert_eq!(
            path("~/Mail").unwrap(),
            PathBuf::from(format!("{home}/Mail"))
        );
        assert_eq!(
            path("/x/${HOME}y").unwrap(),
            PathBuf::from(format!("/x/{home}y"))
        );
        for bad in [
            "",
            "~bob/Mail",
            "$NO_SUCH_VARIABLE_HERE/x",
            "${HOME",
            "/a\0b",
        ] {
            assert!(path(bad).is_err(), "{bad:?}");
        }
        let here = std::env::current_dir().unwrap();
        for (relative, whole) in [
            ("Mail", "Mail"),
            ("./a/b", "a/b"),
            ("../x", "../x"),
            ("-", "-"),
        ] {
            let why = path(relative).unwrap_err();
            let whole = here.join(whole).display().to_string();
            assert!(why.ends_with(&format!("; write {whole}")), "{why}");
        }
    }
}
