//! What is known of a certificate: its fingerprint, and what it says.

use chrono::{DateTime, Utc};
use sha2::{Digest, Sha256};
use std::fmt;

/// The SHA-256 of a certificate.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Fingerprint([u8; 32]);

impl Fingerprint {
    /// Of a certificate in DER.
    pub fn of(der: &[u8]) -> Self {
        Self(Sha256::digest(der).into())
    }

    /// Reads 64 hexadecimal digits, with colons between the pairs or without.
    pub fn parse(text: &str) -> Option<Self> {
        let colons = text.as_bytes().get(2) == Some(&b':');
        let digits: String = match colons {
            true => {
                let pairs: Vec<&str> = text.split(':').collect();
                (pairs.iter().all(|pair| pair.len() == 2)).then(|| pairs.concat())?
            }
            false => text.into(),
        };
        let digit = |letter: u8| char::from(letter).to_digit(16);
        let bytes: Option<Vec<u8>> = digits
            .as_bytes()
            .chunks(2)
            .map(|pair| match *pair {
                [high, low] => u8::try_from(digit(high)? << 4 | digit(low)?).ok(),
                _ => None,
            })
            .collect();
        <[u8; 32]>::try_from(bytes?).ok().map(Self)
    }
}

impl fmt::Display for Fingerprint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (place, byte) in self.0.iter().enumerate() {
            let colon = if place == 0 { "" } else { ":" };
            write!(f, "{colon}{byte:02X}")?;
        }
        Ok(())
    }
}

/// What a certificate says. Foreign text: whoever shows it escapes it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Certificate {
    /// The host names and addresses that it is for.
    pub names: Vec<String>,
    /// Whose it is, as far as it says.
    pub subject: String,
    /// Who issued it.
    pub issuer: String,
    /// From when it is valid, in seconds since 1970.
    pub from: i64,
    /// Until when.
    pub until: i64,
}

impl fmt::Display for Certificate {
    /// Whom it is for, who issued it, and when it holds.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let names = match self.names.as_slice() {
            [] => format!("{} (no host name)", self.subject),
            names if names.len() <= SHOWN => names.join(", "),
            names => format!(
                "{} and {} more",
                names[..SHOWN].join(", "),
                names.len() - SHOWN
            ),
        };
        let (from, until) = (date(self.from), date(self.until));
        write!(
            f,
            "it is for {names}, by {}, from {from} to {until}",
            self.issuer
        )
    }
}

/// How many names of a certificate are worth showing in an error.
const SHOWN: usize = 4;

/// A day as ISO 8601 writes it.
fn date(seconds: i64) -> String {
    let moment = DateTime::<Utc>::from_timestamp(seconds, 0).unwrap_or_default();
    moment.format("%Y-%m-%d").to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fingerprints_are_read_with_colons_and_without() {
        let of_nothing = Fingerprint::of(b"");
        let shown = of_nothing.to_string();
        assert!(shown.starts_with("E3:B0:C4:42"), "{shown}");
        assert_eq!(Fingerprint::parse(&shown), Some(of_nothing));
        let plain = shown.replace(':', "").to_lowercase();
        assert_eq!(Fingerprint::parse(&plain), Some(of_nothing));
        for bad in [
            "",
            "E3",
            &shown[3..],
            &plain[1..],
            &format!("{plain}00"),
            &plain.replace('e', "g"),
            &shown.replacen(':', "", 1),
            "é3b0",
        ] {
            assert_eq!(Fingerprint::parse(bad), None, "{bad}");
        }
    }

    #[test]
    fn a_certificate_says_whom_it_is_for() {
        let names = |count: usize| (1..=count).map(|n| format!("h{n}")).collect();
        let certificate = |names| Certificate {
            names,
            subject: "Somebody".into(),
            issuer: "A".into(),
            from: 0,
            until: 86400,
        };
        assert_eq!(
            certificate(names(6)).to_string(),
            "it is for h1, h2, h3, h4 and 2 more, by A, from 1970-01-01 to 1970-01-02"
        );
        let nobody = certificate(Vec::new()).to_string();
        assert!(
            nobody.starts_with("it is for Somebody (no host name), by A"),
            "{nobody}"
        );
    }
}
