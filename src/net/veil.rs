//! Secrets that must not be shown, even if the server says them.

use memchr::memmem;
use zeroize::Zeroizing;

/// What is put in the place of a secret.
const STARS: &[u8] = b"***";

/// The secrets to be hidden.
#[derive(Default)]
pub struct Veil(Vec<Zeroizing<Vec<u8>>>);

impl Veil {
    /// Hides this from now on.
    pub fn hide(&mut self, secret: &[u8]) {
        // Shorter ones would be given away by the gaps.
        if secret.len() >= 4 {
            self.0.push(Zeroizing::new(secret.to_vec()));
        }
    }

    /// The text with stars in all the places of secrets. What is left may make up another secret,
    /// if that has stars in it; each round makes the text shorter, so there is a last one.
    pub fn over(&self, said: &[u8]) -> Vec<u8> {
        let mut said = said.to_vec();
        let hides = |said: &[u8]| {
            let mut secrets = self.0.iter();
            secrets.find(|secret| memmem::find(said, secret).is_some())
        };
        while let Some(secret) = hides(&said) {
            said = starred(&said, secret);
        }
        said
    }
}

/// The text with stars in all the places of one secret.
fn starred(said: &[u8], secret: &[u8]) -> Vec<u8> {
    let (mut shown, mut end) = (Vec::with_capacity(said.len()), 0);
    for at in memmem::find_iter(said, secret) {
        shown.extend_from_slice(&said[end..at]);
        shown.extend_from_slice(STARS);
        end = at + secret.len();
    }
    shown.extend_from_slice(&said[end..]);
    shown
}

#[cfg(test)]
mod tests {
    use super::*;

    fn over(secrets: &[&str], said: &str) -> String {
        let mut veil = Veil::default();
        secrets
            .iter()
            .for_each(|secret| veil.hide(secret.as_bytes()));
        String::from_utf8(veil.over(said.as_bytes())).unwrap()
    }

    #[test]
    fn no_secret_is_left() {
        assert_eq!(over(&["sesame"], "open sesame, sesame"), "open ***, ***");
        assert_eq!(over(&["sesame", "open"], "opensesame"), "******");
        assert_eq!(over(&["abc"], "abc"), "abc");
        assert_eq!(over(&["****"], "*********"), "***");
        assert_eq!(over(&["word", "**wo"], "wordword"), "******");
        assert_eq!(over(&["open", "*-x-"], "open-x-"), "*****");
    }

    #[test]
    fn a_line_full_of_secrets_takes_no_longer_than_another() {
        let shown = over(&["open"], &"open".repeat(1_000_000));
        assert!(shown == "***".repeat(1_000_000));
    }
}
