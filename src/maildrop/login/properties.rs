//! What holds of logins, whatever the server says.

use super::exchange::{self, Announced};
use super::{native, Answer};
use crate::error::Error;
use crate::maildrop::talk::Talk;
use crate::net::properties::{patience, unheard, Said};
use crate::net::Wire;
use crate::sasl::properties::{costly, mechanism};
use crate::secret::Secret;
use base64::prelude::{Engine, BASE64_STANDARD};

/// The password, which no mechanism may say that promises not to.
const PASSWORD: &str = "pencil";

/// The mechanisms that say it.
const BEARS_IT: [&str; 4] = ["PLAIN", "LOGIN", "XOAUTH2", "OAUTHBEARER"];

/// The first line names a mechanism, the rest is what the server answers. Nobody is logged in before
/// the mechanism is content; what is said are whole lines, and the password is in none of them
/// unless the mechanism is made for that.
pub fn exchange(input: &[u8]) {
    let Some(end) = input.iter().position(|b| *b == b'\n') else {
        return;
    };
    let (name, answers) = (String::from_utf8_lossy(&input[..end]), &input[end + 1..]);
    if answers.split(|b| b"\n\x1e".contains(b)).any(is_costly) {
        return;
    }
    for (announced, piece) in [(Announced::Yes, usize::MAX), (Announced::No, 1)] {
        let secret = Secret::new(PASSWORD.into());
        let Some(mut by) = mechanism(&name, &secret) else {
            return;
        };
        let events = unheard();
        let said = Said::in_turn(answers, piece);
        let heard = said.heard();
        let mut talk = Talk(Wire::new(Box::new(said), patience(), &events));
        match exchange::auth(&mut talk, &name, &mut *by, announced) {
            Ok(Answer::LoggedIn) => assert!(by.done()),
            Ok(_) => {}
            Err(error) => assert!(!matches!(error, Error::Bug(_)), "{error}"),
        }
        let heard = heard.lock().map(|heard| heard.clone()).unwrap_or_default();
        assert!(heard.is_empty() || heard.ends_with(b"\r\n"));
        let text = String::from_utf8_lossy(&heard);
        for line in text.split_terminator("\r\n") {
            assert!(!line.contains(['\r', '\n', '\0']));
            let word = line.rsplit(' ').next().unwrap_or_default();
            let said = BASE64_STANDARD.decode(word).unwrap_or_default();
            let tells = memchr::memmem::find(&said, PASSWORD.as_bytes()).is_some();
            assert!(!tells || BEARS_IT.contains(&&*name), "{line}");
        }
    }
}

/// Whether a reply asks for more iterations than are worth the time here.
fn is_costly(line: &[u8]) -> bool {
    let word = line.trim_ascii().rsplit(|b| *b == b' ').next();
    let challenge = BASE64_STANDARD.decode(word.unwrap_or_default());
    challenge.is_ok_and(|challenge| costly(&challenge))
}

/// A timestamp is what stands between the first brackets of the greeting, and can carry nothing
/// else along.
pub fn timestamp(input: &[u8]) {
    if let Some(stamp) = native::timestamp(input) {
        let inner = &stamp[1..stamp.len() - 1];
        assert!(stamp.starts_with(b"<") && stamp.ends_with(b">") && inner.contains(&b'@'));
        assert!(inner.iter().all(u8::is_ascii_graphic));
        assert_eq!(native::timestamp(stamp), Some(stamp));
    }
}
