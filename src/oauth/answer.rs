//! Asking for tokens, and what the answers mean (RFC 6749, section 5). What comes is believed to be
//! neither small nor kind: a token is printable, as RFC 6750 has it, and bounded.

use crate::error::{Error, Result};
use crate::message::Time;
use crate::net::web::{Page, Web};
use crate::net::Veil;
use crate::secret::{Secret, LIMIT};
use serde::Deserialize;
use serde_json::Value;

/// How long an access token is thought to last if that is not told: not long.
const UNTOLD: i64 = 5 * 60;
/// No access token is believed to last longer than a day.
const LONGEST: i64 = 24 * 3600;

/// Somewhere tokens are asked for, and by whom.
pub struct Asked<'a> {
    /// How it is reached.
    pub web: &'a Web,
    /// Its address.
    pub url: &'a str,
    /// The client.
    pub client: &'a str,
    /// The client's secret, if it has one.
    pub secret: Option<&'a Secret>,
}

/// What was given.
pub struct Granted {
    /// The access token.
    pub access: Secret,
    /// How long it lasts.
    pub lasts: Lasts,
    /// The next refresh token, if it is not the one that was used.
    pub refresh: Option<Secret>,
}

/// A number of seconds, of which nothing has passed yet.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Lasts(i64);

impl Lasts {
    /// When it is over.
    pub fn from(self, now: Time) -> Time {
        Time(now.0.saturating_add(self.0))
    }
}

/// What may come back, all of it.
#[derive(Default, Deserialize)]
#[serde(default)]
pub struct Answer {
    access_token: String,
    refresh_token: String,
    token_type: Option<String>,
    /// A number; some write it as text.
    pub expires_in: Value,
    error: String,
    error_description: String,
    /// Of a device (RFC 8628, section 3.2).
    pub device_code: String,
    /// What a person types.
    pub user_code: String,
    /// Where.
    #[serde(alias = "verification_url")]
    pub verification_uri: String,
    /// How often to ask.
    pub interval: Value,
}

/// A refusal, in the provider's words.
pub struct Refusal {
    /// Its code, such as `invalid_grant`.
    pub code: String,
    /// What it says besides, without any secret of ours.
    pub said: Vec<u8>,
}

impl Asked<'_> {
    /// Gets another token for a refresh token.
    pub fn refresh(&self, token: &Secret, account: &str) -> Result<Granted> {
        let token = text(token)?;
        let fields = [("grant_type", "refresh_token"), ("refresh_token", token)];
        match self.ask(&fields)? {
            Ok(answer) => self.granted(answer),
            Err(Refusal { code, said }) if code == "invalid_grant" => Err(Error::SignInEnded {
                account: account.into(),
                said,
            }),
            Err(refusal) => Err(refusal.into()),
        }
    }

    /// Sends a form with the name and secret of the client in it: an answer, or a refusal.
    pub fn ask(&self, fields: &[(&str, &str)]) -> Result<Result<Answer, Refusal>> {
        let mut all = fields.to_vec();
        all.push(("client_id", self.client));
        if let Some(secret) = self.secret {
            all.push(("client_secret", text(secret)?));
        }
        let page = self.web.post(self.url, &all)?;
        self.judged(&page, &all)
    }

    /// What a page means that came for a form.
    pub fn judged(&self, page: &Page, sent: &[(&str, &str)]) -> Result<Result<Answer, Refusal>> {
        let (status, read) = (page.status, serde_json::from_slice::<Answer>(&page.body));
        match (status, read) {
            (200, Ok(answer)) if answer.error.is_empty() => Ok(Ok(answer)),
            (..429 | 430..500, Ok(answer)) if !answer.error.is_empty() => {
                Ok(Err(answer.refusal(sent)))
            }
            (429 | 500.., read) => {
                let said = read.map(|answer| answer.refusal(sent).said);
                Err(Error::SignInTrouble(said.unwrap_or_default()))
            }
            _ => Err(self.unfit("does not answer as OAuth 2.0 has it")),
        }
    }

    /// The tokens in an answer.
    pub fn granted(&self, answer: Answer) -> Result<Granted> {
        let kind = answer.token_type.as_deref().unwrap_or("Bearer");
        if !kind.eq_ignore_ascii_case("bearer") {
            return Err(self.unfit("gives a token of a kind that mail servers do not take"));
        }
        let lasts = number(&answer.expires_in).unwrap_or(UNTOLD);
        let refresh = Some(answer.refresh_token).filter(|token| !token.is_empty());
        Ok(Granted {
            access: self.token(answer.access_token)?,
            lasts: Lasts(lasts.clamp(0, LONGEST)),
            refresh: refresh.map(|token| self.token(token)).transpose()?,
        })
    }

    /// A token, if it can be one.
    pub fn token(&self, text: String) -> Result<Secret> {
        let secret = Secret::new(text.into_bytes());
        match is_token(secret.expose()) {
            true => Ok(secret),
            false => Err(self.unfit("gives a token that is none: empty, longer than 64 KiB, or with characters that are in no token")),
        }
    }

    /// What is asked is not what it should be.
    pub fn unfit(&self, why: &'static str) -> Error {
        Error::WebUnfit {
            host: self.url.into(),
            why,
        }
    }
}

impl Answer {
    /// What it says against us, without the secrets that it was sent.
    fn refusal(self, sent: &[(&str, &str)]) -> Refusal {
        let mut veil = Veil::default();
        for (name, value) in sent {
            if !matches!(*name, "grant_type" | "client_id" | "scope" | "redirect_uri") {
                veil.hide(value.as_bytes());
            }
        }
        let said = match self.error_description.as_str() {
            "" => self.error.clone(),
            // Microsoft's first line says it, the others are for its support.
            told => told.lines().next().unwrap_or_default().to_owned(),
        };
        Refusal {
            said: veil.over(said.as_bytes()),
            code: self.error,
        }
    }
}

impl From<Refusal> for Error {
    fn from(refusal: Refusal) -> Self {
        let Refusal { code, said } = refusal;
        match code.as_str() {
            "temporarily_unavailable" | "server_error" => Self::SignInTrouble(said),
            "access_denied" | "authorization_declined" => Self::SignInDenied(said),
            "expired_token" | "code_expired" => Self::SignInLate,
            _ => Self::SignInRefused(said),
        }
    }
}

/// Whether this can be a token (RFC 6750, section 2.1, and what providers make of it).
pub fn is_token(bytes: &[u8]) -> bool {
    !bytes.is_empty() && bytes.len() as u64 <= LIMIT && bytes.iter().all(u8::is_ascii_graphic)
}

/// A number, or text that is one.
pub fn number(value: &Value) -> Option<i64> {
    match value {
        Value::String(text) => text.parse().ok(),
        // What has a point is a number as well.
        value => value.as_i64().or_else(|| Some(value.as_f64()? as i64)),
    }
}

/// A secret as a form carries it.
pub fn text(secret: &Secret) -> Result<&str> {
    let text = std::str::from_utf8(secret.expose());
    text.map_err(|_| Error::Uncarriable("the client's secret is not UTF-8"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_come_as_numbers_and_as_text() {
        let read = |text| number(&serde_json::from_str(text).unwrap());
        assert_eq!(read("3599"), Some(3599));
        assert_eq!(read("\"3599\""), Some(3599));
        assert_eq!(read("3599.0"), Some(3599));
        assert_eq!(read("1e300"), Some(i64::MAX));
        for none in ["null", "\"soon\"", "[]", "true"] {
            assert_eq!(read(none), None, "{none}");
        }
    }

    #[test]
    fn a_token_is_printable_and_bounded() {
        assert!(is_token(b"ya29.a-b_c~d+e/f=="));
        assert!(is_token(&vec![b'x'; 64 * 1024]));
        for none in [&b""[..], b"a b", b"a\nb", b"a\x01b", "a\u{e9}".as_bytes()] {
            assert!(!is_token(none), "{none:?}");
        }
        assert!(!is_token(&vec![b'x'; 100 * 1024]));
    }

    #[test]
    fn what_was_sent_is_not_told_back() {
        let answer: Answer = serde_json::from_str(
            r#"{"error":"invalid_grant","error_description":"bad rt-secret of me\nand more"}"#,
        )
        .unwrap();
        let refusal = answer.refusal(&[("refresh_token", "rt-secret"), ("client_id", "me")]);
        assert_eq!(refusal.said, b"bad *** of me");
        assert_eq!(refusal.code, "invalid_grant");
    }
}
