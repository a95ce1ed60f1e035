//! What holds of the mechanisms, whatever the server's challenges.

use super::gssapi;
use super::{bearer, digest, Bearer, Channel, CramMd5, Dialect, DigestMd5, Hash, Login, Mechanism};
use super::{Scram, Single, User};
use crate::error::Error;
use crate::net::properties::TURN;
use crate::secret::Secret;

/// The nonce of the vectors in RFC 5802, section 5.
const SHA1_NONCE: &str = "fyko+d2lbbFgONRv9qkxdawL";
/// The nonce of the vectors in RFC 7677, section 3.
const SHA256_NONCE: &str = "rOprNGfwEbeRWgbNEkqO";
/// The nonce of the vector in RFC 2831, section 4.
const DIGEST_NONCE: &str = "OA6MHXh6VqTrRk";

/// A mechanism by its name, with the user of the vectors.
pub fn mechanism<'s>(name: &str, secret: &'s Secret) -> Option<Box<dyn Mechanism + 's>> {
    let user = User {
        name: "user",
        secret,
    };
    let host = "pop.example.net";
    let scram = |hash, nonce: &str| Scram::new(hash, user, Channel::Unbound, nonce.into()).ok();
    let bearer = |dialect| Bearer::new(dialect, user).ok();
    Some(match name {
        "PLAIN" => Box::new(Single::plain(user).ok()?),
        "EXTERNAL" => Box::new(Single::external()),
        "ANONYMOUS" => Box::new(Single::anonymous("user").ok()?),
        "LOGIN" => Box::new(Login::new(user)),
        "CRAM-MD5" => Box::new(CramMd5::new(user)),
        "DIGEST-MD5" => {
            let host = "elwood.innosoft.com";
            let name = "chris";
            let user = User { name, secret };
            Box::new(DigestMd5::new(user, host, DIGEST_NONCE.into()))
        }
        "SCRAM-SHA-1" => Box::new(scram(Hash::Sha1, SHA1_NONCE)?),
        "SCRAM-SHA-256" => Box::new(scram(Hash::Sha256, SHA256_NONCE)?),
        "XOAUTH2" => Box::new(bearer(Dialect::XOAuth2)?),
        "OAUTHBEARER" => Box::new(bearer(Dialect::OAuthBearer { host, port: 995 })?),
        _ => return None,
    })
}

/// Whether a challenge asks for more iterations than are worth the time here.
pub fn costly(challenge: &[u8]) -> bool {
    let text = String::from_utf8_lossy(challenge);
    let mut counts = text.split("i=").skip(1);
    counts.any(|count| {
        let digits = count.trim_start_matches('0').bytes();
        digits.take_while(u8::is_ascii_digit).count() > 4
    })
}

/// What a mechanism answers to challenges, one behind the other, and how it ends.
fn answers(name: &str, password: &str, challenges: &[u8]) -> Option<(Vec<Vec<u8>>, bool)> {
    let secret = Secret::new(password.into());
    let mut by = mechanism(name, &secret)?;
    let mut said: Vec<Vec<u8>> = by.initial().iter().map(|s| s.expose().to_vec()).collect();
    for challenge in challenges.split(|b| *b == TURN) {
        match by.respond(challenge) {
            Ok(answer) => said.push(answer.expose().to_vec()),
            Err(error) => {
                assert!(!matches!(error, Error::Bug(_)), "{error}");
                break;
            }
        }
    }
    let done = by.done();
    let _ = by.verdict();
    Some((said, done))
}

/// Every mechanism keeps its promises.
pub fn challenges(input: &[u8]) {
    scram(input);
    digest(input);
    others(input);
}

/// SCRAM: no proof but for a nonce that continues ours, and only who knows the password can end it.
fn scram(input: &[u8]) {
    if costly(input) {
        return;
    }
    for (name, nonce) in [("SCRAM-SHA-1", SHA1_NONCE), ("SCRAM-SHA-256", SHA256_NONCE)] {
        let Some((said, done)) = answers(name, "pencil", input) else {
            continue;
        };
        let proof = |said: &Vec<u8>| memchr::memmem::find(said, b",p=").is_some();
        if said.iter().any(proof) {
            let continued = format!("r={nonce}");
            assert!(memchr::memmem::find(input, continued.as_bytes()).is_some());
        }
        let other = || answers(name, "pencils", input);
        assert!(!done || other().is_some_and(|(_, done)| !done));
    }
}

/// DIGEST-MD5: what is answered can be read by the rules it is written by, and says who we are and
/// repeats what the server asked; only who knows the password can end it.
fn digest(input: &[u8]) {
    let Some((said, done)) = answers("DIGEST-MD5", "secret", input) else {
        return;
    };
    if let Some(answer) = said.first() {
        let first = input.split(|b| *b == TURN).next().unwrap_or_default();
        let (asked, told) = (digest::directives(first), digest::directives(answer));
        let (Ok(asked), Ok(told)) = (asked, told) else {
            panic!("an answer that nobody can read");
        };
        let value = |all: &[(String, Vec<u8>)], wanted: &str| {
            let found = all.iter().find(|(name, _)| name == wanted);
            found.map(|(_, value)| value.clone())
        };
        assert_eq!(value(&told, "username").as_deref(), Some(&b"chris"[..]));
        assert_eq!(value(&told, "nonce"), value(&asked, "nonce"));
        assert_eq!(value(&told, "realm"), value(&asked, "realm"));
    }
    let other = || answers("DIGEST-MD5", "secrets", input);
    assert!(!done || other().is_some_and(|(_, done)| !done));
}

/// The others: each says its few words and then no more, whatever it is asked.
fn others(input: &[u8]) {
    for name in [
        "PLAIN",
        "EXTERNAL",
        "LOGIN",
        "CRAM-MD5",
        "XOAUTH2",
        "OAUTHBEARER",
    ] {
        if let Some((said, _)) = answers(name, "pencil", input) {
            assert!(said.len() <= 3, "{name}");
        }
    }
    if let Ok(answer) = gssapi::answer(input, "user") {
        assert!(input.len() == 4 && input[0] & 1 == 1);
        assert_eq!(answer, b"\x01\0\0\0user");
    }
    assert!(bearer::reason(input).len() <= input.len() + 60);
}
