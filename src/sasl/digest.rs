//! DIGEST-MD5 (RFC 2831), which is historic (RFC 6331) and used only where it is named. Without a
//! security layer, and without the second login that the first would allow.

use super::{hex, nonsense, Mechanism, User};
use crate::error::{Error, Result};
use crate::secret::Secret;
use md5::{Digest as _, Md5};
use zeroize::Zeroizing;

/// The longest challenge (RFC 2831, section 2.1.1).
const LIMIT: usize = 2048;

/// DIGEST-MD5.
pub struct DigestMd5<'s> {
    user: User<'s>,
    host: &'s str,
    nonce: String,
    step: Step,
}

enum Step {
    Answer,
    /// What the server must answer if it knows the password.
    Verify(String),
    Done,
}

impl<'s> DigestMd5<'s> {
    /// Begins a login at a host. The nonce must be random and hold no quote.
    pub fn new(user: User<'s>, host: &'s str, nonce: String) -> Self {
        Self {
            user,
            host,
            nonce,
            step: Step::Answer,
        }
    }

    fn answer(&mut self, challenge: &[u8]) -> Result<Secret> {
        let challenge = Challenge::read(challenge)?;
        let name = challenge.written(self.user.name)?;
        let uri = format!("pop/{}", self.host);
        let digest = |direction| self.digest(&challenge, direction, &uri);
        let (response, proof) = (digest("AUTHENTICATE")?, digest("")?);
        let mut answer = Vec::new();
        if challenge.utf8 {
            answer.extend(b"charset=utf-8,");
        }
        quote(&mut answer, "username", &name);
        if let Some(realm) = &challenge.realm {
            quote(&mut answer, "realm", realm);
        }
        quote(&mut answer, "nonce", &challenge.nonce);
        answer.extend(b"nc=00000001,");
        quote(&mut answer, "cnonce", self.nonce.as_bytes());
        quote(&mut answer, "digest-uri", uri.as_bytes());
        answer.extend(format!("response={response},qop=auth").as_bytes());
        self.step = Step::Verify(proof);
        Ok(Secret::new(answer))
    }

    /// The digest for one direction (RFC 2831, section 2.1.2.1).
    fn digest(&self, challenge: &Challenge, direction: &str, uri: &str) -> Result<String> {
        let password = self.user.secret.expose();
        let password = match std::str::from_utf8(password) {
            Ok(text) => Zeroizing::new(challenge.hashed(text)?),
            Err(_) => Zeroizing::new(password.to_vec()),
        };
        let name = challenge.hashed(self.user.name)?;
        let realm = challenge.realm.as_deref().unwrap_or_default();
        let realm = match std::str::from_utf8(realm) {
            Ok(text) if challenge.utf8 => challenge.hashed(text)?,
            _ => realm.to_vec(),
        };
        let who = md5(&[&name, b":", &realm, b":", &password]);
        let (nonce, cnonce) = (&challenge.nonce, self.nonce.as_bytes());
        let one = hex(&md5(&[&*who, b":", nonce, b":", cnonce]));
        let two = hex(&md5(&[direction.as_bytes(), b":", uri.as_bytes()]));
        let middle = [b":", nonce.as_slice(), b":00000001:", cnonce, b":auth:"].concat();
        Ok(hex(&md5(&[one.as_bytes(), &middle, two.as_bytes()])))
    }
}

impl Mechanism for DigestMd5<'_> {
    fn initial(&mut self) -> Option<Secret> {
        None
    }

    fn respond(&mut self, challenge: &[u8]) -> Result<Secret> {
        match &self.step {
            Step::Answer => self.answer(challenge),
            Step::Verify(expected) => {
                let proof = directives(challenge)?;
                let proof = proof.iter().find(|(name, _)| name == "rspauth");
                match proof {
                    Some((_, proof)) if proof == expected.as_bytes() => {
                        self.step = Step::Done;
                        Ok(Secret::new(Vec::new()))
                    }
                    Some(_) => Err(Error::Unproven),
                    None => Err(nonsense("the server's digest", challenge)),
                }
            }
            Step::Done => Err(nonsense("the end of DIGEST-MD5", challenge)),
        }
    }

    fn committed(&self) -> bool {
        !matches!(self.step, Step::Answer)
    }

    fn done(&self) -> bool {
        matches!(self.step, Step::Done)
    }
}

/// What the server asks.
struct Challenge {
    realm: Option<Vec<u8>>,
    nonce: Vec<u8>,
    utf8: bool,
}

impl Challenge {
    fn read(challenge: &[u8]) -> Result<Self> {
        let wrong = |expected| nonsense(expected, challenge);
        if challenge.len() >= LIMIT {
            return Err(wrong("a challenge of less than 2048 octets"));
        }
        let all = directives(challenge)?;
        let values = |wanted: &'static str| {
            let named = all.iter().filter(move |(name, _)| name == wanted);
            named.map(|(_, value)| value.as_slice())
        };
        let at_most_once = |wanted| match values(wanted).count() {
            0 | 1 => Ok(values(wanted).next()),
            _ => Err(wrong("a challenge that says each thing once")),
        };
        for wanted in ["stale", "maxbuf"] {
            at_most_once(wanted)?;
        }
        let algorithm = at_most_once("algorithm")?.unwrap_or_default();
        if !algorithm.eq_ignore_ascii_case(b"md5-sess") {
            return Err(wrong("a challenge for md5-sess"));
        }
        let charset = at_most_once("charset")?;
        if charset.is_some_and(|charset| !charset.eq_ignore_ascii_case(b"utf-8")) {
            return Err(wrong("a challenge in UTF-8"));
        }
        let mut layers = values("qop").flat_map(|list| list.split(|b| *b == b','));
        let plain = |layer: &[u8]| layer.trim_ascii().eq_ignore_ascii_case(b"auth");
        if values("qop").next().is_some() && !layers.any(plain) {
            return Err(wrong("a challenge without a security layer"));
        }
        let nonce = at_most_once("nonce")?.filter(|nonce| !nonce.is_empty());
        Ok(Self {
            realm: values("realm").next().map(<[u8]>::to_vec),
            nonce: nonce
                .ok_or_else(|| wrong("a challenge with a nonce"))?
                .to_vec(),
            utf8: charset.is_some(),
        })
    }

    /// A text as it is hashed: in ISO 8859-1 if it can be.
    fn hashed(&self, text: &str) -> Result<Vec<u8>> {
        let narrow = text.chars().map(|c| u8::try_from(u32::from(c)).ok());
        match narrow.collect::<Option<Vec<u8>>>() {
            Some(narrow) => Ok(narrow),
            None if self.utf8 => Ok(text.as_bytes().to_vec()),
            None => Err(Error::Uncarriable(
                "user or password is not ISO 8859-1, all that this server knows with DIGEST-MD5",
            )),
        }
    }

    /// A text as it is sent.
    fn written(&self, text: &str) -> Result<Vec<u8>> {
        match self.utf8 {
            true => Ok(text.as_bytes().to_vec()),
            false => self.hashed(text),
        }
    }
}

/// Names with their values (RFC 2831, section 7.1): tokens or quoted, commas between them, of which
/// there may be too many.
pub(super) fn directives(text: &[u8]) -> Result<Vec<(String, Vec<u8>)>> {
    let wrong = || nonsense("a list of names and values", text);
    let gap = |b: &u8| matches!(b, b',' | b' ' | b'\t' | b'\r' | b'\n');
    let mut rest = text;
    let mut found = Vec::new();
    loop {
        rest = &rest[rest.iter().take_while(|b| gap(b)).count()..];
        if rest.is_empty() {
            return Ok(found);
        }
        let equals = rest.iter().position(|b| *b == b'=').ok_or_else(wrong)?;
        let name = rest[..equals].trim_ascii();
        if name.is_empty() || !name.iter().all(|b| b.is_ascii_alphanumeric() || *b == b'-') {
            return Err(wrong());
        }
        let value;
        (value, rest) = directive_value(rest[equals + 1..].trim_ascii_start()).ok_or_else(wrong)?;
        let name = String::from_utf8_lossy(name).to_ascii_lowercase();
        found.push((name, value));
    }
}

/// A value and what follows it, which is nothing or begins a gap with a comma in it.
fn directive_value(text: &[u8]) -> Option<(Vec<u8>, &[u8])> {
    let Some(quoted) = text.strip_prefix(b"\"") else {
        let end = text.iter().position(|b| matches!(b, b',' | b' ' | b'\t'));
        let (value, rest) = text.split_at(end.unwrap_or(text.len()));
        return (!value.is_empty() && ends(rest)).then(|| (value.to_vec(), rest));
    };
    let (mut value, mut at) = (Vec::new(), 0);
    loop {
        match quoted.get(at)? {
            b'"' => break,
            b'\\' => {
                value.push(*quoted.get(at + 1)?);
                at += 2;
            }
            byte => {
                value.push(*byte);
                at += 1;
            }
        }
    }
    let rest = &quoted[at + 1..];
    ends(rest).then_some((value, rest))
}

fn ends(rest: &[u8]) -> bool {
    matches!(rest.trim_ascii_start().first(), None | Some(b','))
}

/// Appends `name="value",`.
fn quote(to: &mut Vec<u8>, name: &str, value: &[u8]) {
    to.extend(format!("{name}=\"").as_bytes());
    for byte in value {
        if matches!(byte, b'"' | b'\\') {
            to.push(b'\\');
        }
        to.push(*byte);
    }
    to.extend(b"\",");
}

fn md5(parts: &[&[u8]]) -> Zeroizing<Vec<u8>> {
    let mut digest = Md5::new();
    for part in parts {
        digest.update(part);
    }
    Zeroizing::new(digest.finalize().to_vec())
}

#[cfg(test)]
mod tests {
    use super::*;

    const CHALLENGE: &str = "realm=\"elwood.innosoft.com\",nonce=\"OA6MG9tEQGm2hh\",\
                             qop=\"auth\",algorithm=md5-sess,charset=utf-8";

    fn answer(challenge: &[u8], name: &str, password: &str) -> Result<String> {
        let secret = Secret::new(password.into());
        let user = User {
            name,
            secret: &secret,
        };
        let mut digest = DigestMd5::new(user, "elwood.innosoft.com", "OA6MHXh6VqTrRk".into());
        let answer = digest.respond(challenge)?;
        Ok(String::from_utf8_lossy(answer.expose()).into_owned())
    }

    #[test]
    fn it_gives_the_published_vector_and_wants_the_published_proof() {
        let secret = Secret::new(b"secret".to_vec());
        let begin = || {
            let user = User {
                name: "chris",
                secret: &secret,
            };
            let mut digest = DigestMd5::new(user, "elwood.innosoft.com", "OA6MHXh6VqTrRk".into());
            let answer = digest.respond(CHALLENGE.as_bytes()).unwrap();
            assert!(digest.committed() && !digest.done());
            (digest, String::from_utf8(answer.expose().to_vec()).unwrap())
        };
        let (mut digest, answer) = begin();
        assert_eq!(
            answer,
            "charset=utf-8,username=\"chris\",realm=\"elwood.innosoft.com\",\
             nonce=\"OA6MG9tEQGm2hh\",nc=00000001,cnonce=\"OA6MHXh6VqTrRk\",\
             digest-uri=\"pop/elwood.innosoft.com\",\
             response=b0d56d2f054c24b62072322106468db9,qop=auth"
        );
        let proof = b"rspauth=0b971462cef5e8f930db9a33b02fc9a0";
        assert!(digest.respond(proof).unwrap().expose().is_empty() && digest.done());
        assert!(digest.respond(proof).is_err());
        let (mut digest, _) = begin();
        let wrong = digest.respond(b"rspauth=0b971462cef5e8f930db9a33b02fc9a1");
        assert!(matches!(wrong, Err(Error::Unproven)) && !digest.done());
        let (mut digest, _) = begin();
        for missing in [&b""[..], b"x=y", b"rspauth"] {
            assert!(matches!(
                digest.respond(missing),
                Err(Error::Nonsense { .. })
            ));
        }
    }

    #[test]
    fn another_service_gives_the_other_published_vector() {
        // RFC 2831 has an example for IMAP alone.
        let secret = Secret::new(b"secret".to_vec());
        let user = User {
            name: "chris",
            secret: &secret,
        };
        let digest = DigestMd5::new(user, "elwood.innosoft.com", "OA6MHXh6VqTrRk".into());
        let challenge = Challenge::read(CHALLENGE.as_bytes()).unwrap();
        let of = |direction| {
            digest
                .digest(&challenge, direction, "imap/elwood.innosoft.com")
                .unwrap()
        };
        assert_eq!(of("AUTHENTICATE"), "d388dad90d4bbd760a152321f2143af7");
        assert_eq!(of(""), "ea40f60335c427b5527b84dbabcdfffd");
    }

    #[test]
    fn a_challenge_may_be_written_loosely() {
        let tidy = answer(CHALLENGE.as_bytes(), "chris", "secret").unwrap();
        let loose = " ,, Charset = UTF-8 , nonce=\"OA6MG9t\\EQGm2hh\" ,qop=\"auth-int , Auth\",\
                     algorithm=\"MD5-SESS\" ,realm=\"elwood.innosoft.com\",realm=\"other\",x=1,";
        assert_eq!(answer(loose.as_bytes(), "chris", "secret").unwrap(), tidy);
        let without = CHALLENGE.replace("qop=\"auth\",", "");
        assert_eq!(answer(without.as_bytes(), "chris", "secret").unwrap(), tidy);
    }

    #[test]
    fn a_challenge_that_cannot_be_answered_safely_is_not() {
        let change = |from, to| CHALLENGE.replace(from, to);
        let wrong = [
            String::new(),
            change("nonce=\"OA6MG9tEQGm2hh\",", ""),
            change("nonce=\"OA6MG9tEQGm2hh\"", "nonce=\"\""),
            format!("{CHALLENGE},nonce=\"again\""),
            change(",algorithm=md5-sess", ""),
            change("md5-sess", "md5"),
            format!("{CHALLENGE},algorithm=md5-sess"),
            change("\"auth\"", "\"auth-int,auth-conf\""),
            format!("{CHALLENGE},charset=utf-8"),
            change("utf-8", "utf-7"),
            format!("{CHALLENGE},stale=true,stale=true"),
            format!("{CHALLENGE},maxbuf=1,maxbuf=2"),
            format!("{CHALLENGE},x=\"{}\"", "x".repeat(2048)),
            format!("{CHALLENGE},open=\"x"),
            format!("{CHALLENGE},open=\"x\\"),
            format!("{CHALLENGE},bare"),
            format!("{CHALLENGE},=x"),
            format!("{CHALLENGE},x="),
            change("auth\",", "auth\" "),
        ];
        for wrong in wrong {
            let answered = answer(wrong.as_bytes(), "chris", "secret");
            assert!(matches!(answered, Err(Error::Nonsense { .. })), "{wrong}");
        }
    }

    #[test]
    fn names_and_passwords_are_hashed_narrowly_where_they_can_be() {
        let narrow = Challenge::read(CHALLENGE.replace(",charset=utf-8", "").as_bytes()).unwrap();
        let wide = Challenge::read(CHALLENGE.as_bytes()).unwrap();
        assert_eq!(wide.hashed("\u{e9}").unwrap(), b"\xe9");
        assert_eq!(wide.hashed("\u{20ac}").unwrap(), "\u{20ac}".as_bytes());
        assert_eq!(wide.written("\u{e9}").unwrap(), "\u{e9}".as_bytes());
        assert_eq!(narrow.written("\u{e9}").unwrap(), b"\xe9");
        assert!(narrow.hashed("\u{20ac}").is_err());
    }

    #[test]
    fn quotes_are_escaped() {
        let answer = answer(CHALLENGE.as_bytes(), "a\"b\\c", "secret").unwrap();
        assert!(answer.contains("username=\"a\\\"b\\\\c\""), "{answer}");
    }

    #[test]
    fn without_a_realm_none_is_sent() {
        let challenge = CHALLENGE.replace("realm=\"elwood.innosoft.com\",", "");
        let answer = answer(challenge.as_bytes(), "chris", "secret").unwrap();
        assert!(!answer.contains("realm"), "{answer}");
    }
}
