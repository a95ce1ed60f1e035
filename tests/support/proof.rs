//! The mechanisms in which both sides prove that they know the password, as the embedded server
//! does them: SCRAM (RFC 5802, 7677), bound to TLS or not, and DIGEST-MD5 (RFC 2831). Made with
//! another library than popget's, so that the two are not wrong in the same way; and a server may
//! be told to do it wrongly.

use std::io;

use base64::prelude::{Engine, BASE64_STANDARD};
use openssl::hash::{hash, MessageDigest};
use openssl::pkcs5::pbkdf2_hmac;
use openssl::pkey::PKey;
use openssl::sign::Signer;

use super::login::{Verdict, ASTRAY, WRONG};
use super::session::Session;

/// What a server does wrong while it proves itself, or before.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Deceit {
    /// It takes any proof, and its own is wrong.
    WrongProof,
    /// It takes any proof, and gives none of its own.
    NoProof,
    /// It agrees at once, without asking for any proof.
    AgreesAtOnce,
    /// Its nonce is the client's and nothing more.
    ShortNonce,
    /// Its nonce does not begin with the client's.
    OtherNonce,
    /// It wants the password made easy to guess.
    FewIterations,
    /// It wants to keep the client busy for hours.
    ManyIterations,
    /// It has no salt.
    NoSalt,
    /// It demands an extension.
    Extension,
    /// It refuses with this reason, once it has the proof.
    Refuses(&'static str),
    /// It refuses with this reason, before any proof.
    RefusesEarly(&'static str),
}

/// SCRAM under one of its four names.
pub(super) fn scram(
    session: &mut Session,
    name: &str,
    initial: Option<&str>,
) -> io::Result<Verdict> {
    let digest = match name.trim_end_matches("-PLUS") {
        "SCRAM-SHA-1" => MessageDigest::sha1(),
        "SCRAM-SHA-256" => MessageDigest::sha256(),
        _ => return Ok(Err("-ERR unknown mechanism")),
    };
    let deceit = session.guest.server.traits.deceit;
    let Some(first) = text(session.first_message(initial)?) else {
        return Ok(Err(ASTRAY));
    };
    let parts: Vec<&str> = first.splitn(3, ',').collect();
    let [flag, "", bare] = parts[..] else {
        return Ok(Err("-ERR malformed header"));
    };
    if let Some(reason) = channel_trouble(session, name, flag) {
        return refuse(session, reason);
    }
    let (user, nonce) = bare.split_once(",r=").unwrap_or_default();
    let user = user.trim_start_matches("n=");
    let user = user.replace("=2C", ",").replace("=3D", "=");
    let Some(password) = session.password_of(&user) else {
        return Ok(Err(WRONG));
    };
    match deceit {
        Some(Deceit::RefusesEarly(reason)) => return refuse(session, reason),
        Some(Deceit::AgreesAtOnce) => return Ok(Ok(user)),
        _ => {}
    }
    let nonce = match deceit {
        Some(Deceit::ShortNonce) => nonce.to_owned(),
        Some(Deceit::OtherNonce) => format!("x{nonce}"),
        _ => format!("{nonce}{}", session.guest.index()),
    };
    let second = question(deceit, &nonce);
    let Some(last) = text(session.challenge(second.as_bytes())?) else {
        return Ok(Err(ASTRAY));
    };
    let (without_proof, proof) = last.split_once(",p=").unwrap_or_default();
    let mut bound = format!("{flag},,").into_bytes();
    if flag.starts_with("p=") {
        bound.extend(session.wire.binding().unwrap_or_default().1);
    }
    if without_proof != format!("c={},r={nonce}", BASE64_STANDARD.encode(bound)) {
        return refuse(session, "channel-bindings-dont-match");
    }
    let message = format!("{bare},{second},{without_proof}");
    let [expected, signature] = proofs(digest, &password, message.as_bytes());
    match deceit {
        Some(Deceit::Refuses(reason)) => refuse(session, reason),
        Some(Deceit::NoProof) => Ok(Ok(user)),
        Some(Deceit::WrongProof) => prove(session, &format!("v={expected}"), user),
        _ if proof != expected => Ok(Err(WRONG)),
        _ => prove(session, &format!("v={signature}"), user),
    }
}

const ITERATIONS: usize = 4096;
const SALT: &[u8] = b"salt of the earth";

/// The first message of the server, right or wrong.
fn question(deceit: Option<Deceit>, nonce: &str) -> String {
    let iterations = match deceit {
        Some(Deceit::FewIterations) => 1,
        Some(Deceit::ManyIterations) => 1_000_000_000,
        _ => ITERATIONS,
    };
    let salt = match deceit {
        Some(Deceit::NoSalt) => String::new(),
        _ => BASE64_STANDARD.encode(SALT),
    };
    let extension = match deceit {
        Some(Deceit::Extension) => "m=must,",
        _ => "",
    };
    format!("{extension}r={nonce},s={salt},i={iterations}")
}

/// What the client must say to prove itself, and what the server must.
fn proofs(digest: MessageDigest, password: &str, message: &[u8]) -> [String; 2] {
    let mut salted = vec![0; digest.size()];
    pbkdf2_hmac(password.as_bytes(), SALT, ITERATIONS, digest, &mut salted).unwrap();
    let client_key = hmac(digest, &salted, b"Client Key");
    let stored_key = hash(digest, &client_key).unwrap();
    let signature = hmac(digest, &stored_key, message);
    let proof = client_key.iter().zip(signature).map(|(a, b)| a ^ b);
    let server_key = hmac(digest, &salted, b"Server Key");
    [
        proof.collect::<Vec<u8>>(),
        hmac(digest, &server_key, message),
    ]
    .map(|octets| BASE64_STANDARD.encode(octets))
}

/// What a client said, if it is text.
fn text(bytes: Option<Vec<u8>>) -> Option<String> {
    bytes.and_then(|bytes| String::from_utf8(bytes).ok())
}

/// Why what the client says of the channel cannot be (RFC 5802, section 6).
fn channel_trouble(session: &mut Session, name: &str, flag: &str) -> Option<&'static str> {
    let binding = session.wire.binding().map(|(kind, _)| kind);
    let kind = binding.filter(|_| !session.guest.server.traits.binds_otherwise);
    let can_bind = session.mechanisms().contains(&format!("{name}-PLUS"));
    match (flag, name.ends_with("-PLUS")) {
        (flag, true) if flag.strip_prefix("p=") == kind => None,
        (_, true) => Some("unsupported-channel-binding-type"),
        ("y", false) if can_bind => Some("server-does-support-channel-binding"),
        ("n" | "y", false) => None,
        _ => Some("channel-binding-not-supported"),
    }
}

/// Gives a reason within the mechanism, which is answered with an empty line.
fn refuse(session: &mut Session, reason: &str) -> io::Result<Verdict> {
    let answer = session.challenge(format!("e={reason}").as_bytes())?;
    if answer.as_deref() != Some(b"") {
        session.guest.complain(format!("{answer:?} to a refusal"));
    }
    Ok(Err(WRONG))
}

/// Gives the server's own proof, which is answered with an empty line, or the client leaves.
fn prove(session: &mut Session, proof: &str, user: String) -> io::Result<Verdict> {
    match session.challenge(proof.as_bytes())?.as_deref() {
        Some(b"") => Ok(Ok(user)),
        _ => Ok(Err(ASTRAY)),
    }
}

/// DIGEST-MD5.
pub(super) fn digest_md5(session: &mut Session) -> io::Result<Verdict> {
    let deceit = session.guest.server.traits.deceit;
    let nonce = format!("nonce{}", session.guest.index());
    let asked = format!(
        "realm=\"example\",nonce=\"{nonce}\",qop=\"auth\",charset=utf-8,algorithm=md5-sess"
    );
    let Some(answer) = session.challenge(asked.as_bytes())? else {
        return Ok(Err(ASTRAY));
    };
    let answer = String::from_utf8_lossy(&answer).into_owned();
    let field = |name: &str| {
        let fields = answer.split(',').filter_map(|field| field.split_once('='));
        let mut named = fields.filter(|(known, _)| *known == name);
        let value = named.next().map_or("", |(_, value)| value);
        value.trim_matches('"').to_owned()
    };
    let (user, uri, cnonce) = (field("username"), field("digest-uri"), field("cnonce"));
    let fits = [
        ("realm", "example"),
        ("nonce", nonce.as_str()),
        ("nc", "00000001"),
        ("qop", "auth"),
        ("charset", "utf-8"),
        ("digest-uri", "pop/127.0.0.1"),
    ];
    for (name, value) in fits {
        if field(name) != value {
            session
                .guest
                .complain(format!("{name} is not {value} in {answer:?}"));
        }
    }
    let Some(password) = session.password_of(&user) else {
        return Ok(Err(WRONG));
    };
    let md5 = |parts: &[&[u8]]| hash(MessageDigest::md5(), &parts.concat()).unwrap();
    let who = md5(&[&narrow(&user), b":example:", &narrow(&password)]);
    let one = hex(&md5(&[&who, format!(":{nonce}:{cnonce}").as_bytes()]));
    let of = |direction: &str| {
        let two = hex(&md5(&[format!("{direction}:{uri}").as_bytes()]));
        let all = format!("{one}:{nonce}:00000001:{cnonce}:auth:{two}");
        hex(&md5(&[all.as_bytes()]))
    };
    match deceit {
        Some(Deceit::NoProof) => return Ok(Ok(user)),
        Some(Deceit::WrongProof) => return prove(session, &format!("rspauth={}", of("x")), user),
        _ if field("response") != of("AUTHENTICATE") => return Ok(Err(WRONG)),
        _ => {}
    }
    prove(session, &format!("rspauth={}", of("")), user)
}

/// In ISO 8859-1 if that can be.
fn narrow(text: &str) -> Vec<u8> {
    let narrow = text.chars().map(|c| u8::try_from(u32::from(c)));
    narrow
        .collect::<Result<_, _>>()
        .unwrap_or_else(|_| text.as_bytes().to_vec())
}

/// A keyed digest.
pub(super) fn hmac(digest: MessageDigest, key: &[u8], text: &[u8]) -> Vec<u8> {
    let key = PKey::hmac(key).unwrap();
    Signer::new(digest, &key)
        .unwrap()
        .sign_oneshot_to_vec(text)
        .unwrap()
}

/// In lower-case hex.
pub(super) fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}
