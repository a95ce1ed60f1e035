//! SCRAM-SHA-1 and SCRAM-SHA-256 (RFC 5802, 7677), tied to the TLS connection (-PLUS) or not. Each
//! side proves to the other that it knows the password, and neither says it. What an impostor gets
//! out of it is one proof to try passwords on, each at the cost of all the iterations.

use super::prepare::prepared;
use super::{nonsense, Mechanism, User};
use crate::error::{Error, Result};
use crate::secret::Secret;
use base64::prelude::{Engine, BASE64_STANDARD};
use hmac::digest::{FixedOutput, KeyInit};
use hmac::{Hmac, Mac};
use sha1::Sha1;
use sha2::{Digest, Sha256};
use std::ops::RangeInclusive;
use zeroize::Zeroizing;

/// Fewer iterations make guessing cheap (RFC 5802, section 5.1); more would keep us busy for ever.
const ITERATIONS: RangeInclusive<u32> = 4096..=10_000_000;

/// What a SCRAM is built on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Hash {
    /// SHA-1.
    Sha1,
    /// SHA-256.
    Sha256,
}

/// What is said about the TLS connection (RFC 5802, section 6).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Channel<'b> {
    /// `n`: nothing binds the login to it.
    Unbound,
    /// `y`: we could bind it and believe that the server cannot. If it can, somebody took that out
    /// of what it offers, and it will refuse.
    Bindable,
    /// `p`: the login is bound to it.
    Bound {
        /// By this kind of data.
        kind: &'b str,
        /// The data.
        data: &'b [u8],
    },
}

/// A SCRAM under way.
pub struct Scram {
    hash: Hash,
    password: Zeroizing<String>,
    nonce: String,
    /// What is said of the channel, and its data: what `c=` repeats.
    header: Vec<u8>,
    bound: Vec<u8>,
    /// The first message without the header.
    bare: String,
    step: Step,
    proven: bool,
    verdict: Option<Error>,
}

/// What is to be said next.
enum Step {
    /// Who we are.
    Greet,
    /// The proof.
    Prove,
    /// Nothing, if the server's signature is right: the key for it, and what is signed.
    Verify(Zeroizing<Vec<u8>>, Vec<u8>),
    /// Nothing more; the server has proved itself.
    Done,
    /// Nothing more; the server has refused.
    Refused,
}

impl Scram {
    /// Begins a login. The nonce must be random and hold no comma.
    pub fn new(hash: Hash, user: User, channel: Channel, nonce: String) -> Result<Self> {
        let name = prepared(user.name.as_bytes())?;
        let name = name.replace('=', "=3D").replace(',', "=2C");
        let (header, bound) = match channel {
            Channel::Unbound => ("n,,".into(), Vec::new()),
            Channel::Bindable => ("y,,".into(), Vec::new()),
            Channel::Bound { kind, data } => (format!("p={kind},,"), data.to_vec()),
        };
        Ok(Self {
            hash,
            password: prepared(user.secret.expose())?,
            bare: format!("n={name},r={nonce}"),
            nonce,
            header: header.into_bytes(),
            bound,
            step: Step::Greet,
            proven: false,
            verdict: None,
        })
    }

    fn greet(&mut self) -> Secret {
        self.step = Step::Prove;
        Secret::new([self.header.as_slice(), self.bare.as_bytes()].concat())
    }

    fn prove(&mut self, challenge: &[u8]) -> Result<Secret> {
        let first = First::read(challenge, &self.nonce)?;
        let salted = self.hash.salted(&self.password, &first)?;
        let channel = [self.header.as_slice(), &self.bound].concat();
        let without_proof = format!("c={},r={}", BASE64_STANDARD.encode(channel), first.nonce);
        let message = format!("{},{},{without_proof}", self.bare, first.text).into_bytes();
        let client_key = self.hash.hmac(&salted, b"Client Key")?;
        let stored_key = self.hash.digest(&client_key);
        let signature = self.hash.hmac(&stored_key, &message)?;
        let proof = client_key.iter().zip(signature.iter()).map(|(a, b)| a ^ b);
        let proof = Zeroizing::new(proof.collect::<Vec<u8>>());
        let proof = Zeroizing::new(BASE64_STANDARD.encode(&proof));
        self.proven = true;
        self.step = Step::Verify(self.hash.hmac(&salted, b"Server Key")?, message);
        Ok(Secret::new(
            [&without_proof, ",p=", &proof].concat().into_bytes(),
        ))
    }

    fn verify(&mut self, challenge: &[u8]) -> Result<Secret> {
        let Step::Verify(key, message) = &self.step else {
            return Err(nonsense("the end of SCRAM", challenge));
        };
        let signature = challenge.strip_prefix(b"v=").map(|rest| {
            let end = rest.iter().position(|b| *b == b',').unwrap_or(rest.len());
            BASE64_STANDARD.decode(&rest[..end])
        });
        let Some(Ok(signature)) = signature else {
            return Err(nonsense("the server's signature", challenge));
        };
        if !self.hash.signed(key, message, &signature)? {
            return Err(Error::Unproven);
        }
        self.step = Step::Done;
        Ok(Secret::new(Vec::new()))
    }

    /// Takes `e=`, which must be answered with an empty line. Where it only says that the server
    /// does not bind the way we do, another way is open as long as there was no proof.
    fn refused(&mut self, reason: &[u8]) -> Secret {
        let words = reason.to_vec();
        self.verdict = match reason {
            b"channel-bindings-dont-match" | b"server-does-support-channel-binding" => {
                Some(Error::OtherChannel(words))
            }
            b"unsupported-channel-binding-type"
            | b"channel-binding-not-supported"
            | b"channel-bindings-not-supported"
                if !self.proven =>
            {
                None
            }
            _ => Some(Error::LoginRefused(words)),
        };
        self.step = Step::Refused;
        Secret::new(Vec::new())
    }
}

impl Mechanism for Scram {
    fn initial(&mut self) -> Option<Secret> {
        Some(self.greet())
    }

    fn respond(&mut self, challenge: &[u8]) -> Result<Secret> {
        match (&self.step, challenge.strip_prefix(b"e=")) {
            (Step::Greet, _) => Ok(self.greet()),
            (Step::Prove | Step::Verify(..), Some(reason)) => Ok(self.refused(reason)),
            (Step::Prove, None) => self.prove(challenge),
            (Step::Verify(..) | Step::Done | Step::Refused, _) => self.verify(challenge),
        }
    }

    fn listens(&self) -> bool {
        !matches!(self.step, Step::Greet)
    }

    fn committed(&self) -> bool {
        self.proven
    }

    fn done(&self) -> bool {
        matches!(self.step, Step::Done)
    }

    fn verdict(&mut self) -> Option<Error> {
        self.verdict.take()
    }
}

/// What the server says first (RFC 5802, section 7), its attributes in their order.
struct First<'c> {
    text: &'c str,
    nonce: &'c str,
    salt: Vec<u8>,
    iterations: u32,
}

impl<'c> First<'c> {
    fn read(challenge: &'c [u8], ours: &str) -> Result<Self> {
        let wrong = |expected| nonsense(expected, challenge);
        let text = std::str::from_utf8(challenge).map_err(|_| wrong("SCRAM's first message"))?;
        let mut attributes = text.split(',');
        let mut next = |name, expected| {
            let value = attributes.next().and_then(|one| one.strip_prefix(name));
            value.ok_or_else(|| wrong(expected))
        };
        // An extension that must be understood stands before it, as m=, and is not.
        let nonce: &str = next("r=", "SCRAM's first message without extensions")?;
        let theirs = nonce.strip_prefix(ours).unwrap_or_default();
        if theirs.is_empty() || !theirs.bytes().all(|b| b.is_ascii_graphic()) {
            return Err(wrong("a nonce that continues ours"));
        }
        let salt = BASE64_STANDARD.decode(next("s=", "a salt")?);
        let salt = salt.ok().filter(|salt| !salt.is_empty());
        let count = next("i=", "a count of iterations")?;
        let digits = !count.is_empty() && count.bytes().all(|b| b.is_ascii_digit());
        let count = count.parse().ok().filter(|_| digits);
        Ok(Self {
            text,
            nonce,
            salt: salt.ok_or_else(|| wrong("a salt"))?,
            iterations: count
                .filter(|count| ITERATIONS.contains(count))
                .ok_or_else(|| wrong("a count of iterations from 4096 to 10000000"))?,
        })
    }
}

impl Hash {
    /// The password, salted (PBKDF2 with one block, RFC 8018).
    fn salted(self, password: &str, first: &First) -> Result<Zeroizing<Vec<u8>>> {
        match self {
            Self::Sha1 => salted::<Hmac<Sha1>>(password, first),
            Self::Sha256 => salted::<Hmac<Sha256>>(password, first),
        }
    }

    fn hmac(self, key: &[u8], text: &[u8]) -> Result<Zeroizing<Vec<u8>>> {
        let code = match self {
            Self::Sha1 => keyed::<Hmac<Sha1>>(key)?
                .chain_update(text)
                .finalize_fixed()
                .to_vec(),
            Self::Sha256 => keyed::<Hmac<Sha256>>(key)?
                .chain_update(text)
                .finalize_fixed()
                .to_vec(),
        };
        Ok(Zeroizing::new(code))
    }

    /// Whether this is the signature, in the same time wherever it is wrong.
    fn signed(self, key: &[u8], text: &[u8], signature: &[u8]) -> Result<bool> {
        let right = match self {
            Self::Sha1 => keyed::<Hmac<Sha1>>(key)?
                .chain_update(text)
                .verify_slice(signature),
            Self::Sha256 => keyed::<Hmac<Sha256>>(key)?
                .chain_update(text)
                .verify_slice(signature),
        };
        Ok(right.is_ok())
    }

    fn digest(self, text: &[u8]) -> Zeroizing<Vec<u8>> {
        Zeroizing::new(match self {
            Self::Sha1 => Sha1::digest(text).to_vec(),
            Self::Sha256 => Sha256::digest(text).to_vec(),
        })
    }
}

fn keyed<M: Mac + KeyInit>(key: &[u8]) -> Result<M> {
    <M as Mac>::new_from_slice(key).map_err(|_| Error::Bug("HMAC takes keys of any length".into()))
}

fn salted<M: Mac + KeyInit + Clone>(password: &str, first: &First) -> Result<Zeroizing<Vec<u8>>> {
    let keyed = keyed::<M>(password.as_bytes())?;
    let begin = keyed.clone().chain_update(&first.salt);
    let mut block = begin
        .chain_update(1u32.to_be_bytes())
        .finalize()
        .into_bytes();
    let mut salted = Zeroizing::new(block.to_vec());
    for _ in 1..first.iterations {
        block = keyed.clone().chain_update(&block).finalize().into_bytes();
        salted
            .iter_mut()
            .zip(&block)
            .for_each(|(all, one)| *all ^= one);
    }
    Ok(salted)
}

#[cfg(test)]
mod tests {
    use super::*;

    const SHA1_NONCE: &str = "fyko+d2lbbFgONRv9qkxdawL";
    const SHA1_FIRST: &str =
        "r=fyko+d2lbbFgONRv9qkxdawL3rfcNHYJY1ZVvWVs7j,s=QSXCR+Q6sek8bf92,i=4096";
    const SHA256_NONCE: &str = "rOprNGfwEbeRWgbNEkqO";
    const SHA256_FIRST: &str = "r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0,\
                                s=W22ZaJ0SNY7soEsUEjb6gQ==,i=4096";

    fn begin(hash: Hash, channel: Channel) -> Scram {
        let secret = Secret::new(b"pencil".to_vec());
        let user = User {
            name: "user",
            secret: &secret,
        };
        let nonce = match hash {
            Hash::Sha1 => SHA1_NONCE,
            Hash::Sha256 => SHA256_NONCE,
        };
        let mut scram = Scram::new(hash, user, channel, nonce.into()).unwrap();
        let said = text(&scram.initial().unwrap());
        assert!(said.ends_with(&format!("n=user,r={nonce}")), "{said}");
        scram
    }

    fn text(said: &Secret) -> String {
        String::from_utf8(said.expose().to_vec()).unwrap()
    }

    fn first(hash: Hash) -> &'static str {
        match hash {
            Hash::Sha1 => SHA1_FIRST,
            Hash::Sha256 => SHA256_FIRST,
        }
    }

    /// A whole login with the published nonces.
    #[track_caller]
    fn proves(hash: Hash, channel: Channel, [c, p, v]: [&str; 3]) {
        let mut scram = begin(hash, channel);
        let first = first(hash);
        let nonce = first.split(',').next().unwrap();
        assert!(!scram.committed());
        let said = text(&scram.respond(first.as_bytes()).unwrap());
        assert_eq!(said, format!("c={c},{nonce},p={p}"));
        assert!(scram.committed() && !scram.done());
        let said = scram.respond(format!("v={v}").as_bytes()).unwrap();
        assert!(said.expose().is_empty() && scram.done());
        assert!(scram.respond(b"more").is_err());
    }

    #[test]
    fn it_gives_the_published_vectors() {
        let (p, v) = (
            "v0X8v3Bz2T0CJGbJQyF0X+HI4Ts=",
            "rmF9pqV8S7suAoZWja4dJRkFsKQ=",
        );
        proves(Hash::Sha1, Channel::Unbound, ["biws", p, v]);
        let p = "dHzbZapWIk4jUhN+Ute9ytag9zjfMHgsqmmiz7AndVQ=";
        let v = "6rriTRBi23WpRR/wtup+mMhUZUn/dB5nLTJRsjl95G4=";
        proves(Hash::Sha256, Channel::Unbound, ["biws", p, v]);
    }

    #[test]
    fn it_says_what_it_thinks_of_the_channel() {
        let data: Vec<u8> = (0..32).collect();
        let data = data.as_slice();
        let p = "FoqiHTtQEDE8lz1CdaEe3tK4mS+iMDTl77SPyDS53DY=";
        let v = "dI4KpiQJwBr1+V+K6U1dA6l6I4I9DUNXWND4pcpRU3U=";
        proves(Hash::Sha256, Channel::Bindable, ["eSws", p, v]);
        let kind = "tls-server-end-point";
        let c = "cD10bHMtc2VydmVyLWVuZC1wb2ludCwsAAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=";
        let p = "nY1Wus9a+gM2DrbQ1msXFgyhW6KM5ktOxWiU+/P/EGY=";
        let v = "RwppMGddhz/J0lFYaRReBjXcQeNUFP5Qc76Lo5Exrig=";
        proves(Hash::Sha256, Channel::Bound { kind, data }, [c, p, v]);
        let kind = "tls-exporter";
        let c = BASE64_STANDARD.encode([b"p=tls-exporter,,", data].concat());
        let (p, v) = (
            "i0z2xFi+ITaJvbLXpcWyruGx26U=",
            "YgmPUhdXTCPY9I7+PKzEdnp1cdo=",
        );
        proves(Hash::Sha1, Channel::Bound { kind, data }, [&c, p, v]);
    }

    #[test]
    fn the_keys_are_those_of_the_vectors() {
        for (hash, expected) in [
            (
                Hash::Sha1,
                [
                    "1d96ee3a529b5a5f9e47c01f229a2cb8a6e15f7d",
                    "e234c47bf6c36696dd6d852b99aaa2ba26555728",
                    "e9d94660c39d65c38fbad91c358f14da0eef2bd6",
                    "0fe09258b3ac852ba502cc62ba903eaacdbf7d31",
                ],
            ),
            (
                Hash::Sha256,
                [
                    "c4a49510323ab4f952cac1fa99441939e78ea74d6be81ddf7096e87513dc615d",
                    "a60fc923d67e8644a92d16b96eda5ef4656b0c725c484374be25535576996e8b",
                    "586e5df283e6dceb5c3e791d8b8528ec191e664045ce971792e2e6b5bb13e2a6",
                    "c1f3cbc1c13a9d35a14c0990eed97629ea225863e566a4314ab99f3f00e5d9d5",
                ],
            ),
        ] {
            let first = First::read(first(hash).as_bytes(), &first(hash)[2..20]).unwrap();
            let salted = hash.salted("pencil", &first).unwrap();
            let client = hash.hmac(&salted, b"Client Key").unwrap();
            let server = hash.hmac(&salted, b"Server Key").unwrap();
            let keys = [&salted, &client, &hash.digest(&client), &server];
            assert_eq!(keys.map(|key| crate::sasl::hex(key)), expected);
        }
    }

    #[test]
    fn a_first_message_that_is_not_in_order_gets_no_proof() {
        let (good, nonce) = (SHA1_FIRST, SHA1_NONCE);
        let (head, _) = good.split_once(",i=").unwrap();
        let wrong = [
            "",
            "r=",
            &format!("r={nonce},s=QSXCR+Q6sek8bf92,i=4096"),
            &good.replacen("fyko", "Fyko", 1),
            "r=fyko,s=QSXCR+Q6sek8bf92,i=4096",
            &format!("m=ext,{good}"),
            &good.replace("s=QSXCR+Q6sek8bf92", "s="),
            &good.replace("QSXCR", "QSX*R"),
            &good.replace("s=QSXCR+Q6sek8bf92,", ""),
            &good.replace("bf92", "bf9"),
            head,
            &format!("{head},i="),
            &format!("{head},i=0"),
            &format!("{head},i=1"),
            &format!("{head},i=4095"),
            &format!("{head},i=10000001"),
            &format!("{head},i=1000000000"),
            &format!("{head},i=99999999999999999999"),
            &format!("{head},i=-4096"),
            &format!("{head},i=+4096"),
            &format!("{head},i=4096x"),
            &format!("i=4096,{head}"),
            "v=rmF9pqV8S7suAoZWja4dJRkFsKQ=",
            "x=1",
        ];
        for wrong in wrong {
            let mut scram = begin(Hash::Sha1, Channel::Unbound);
            let answer = scram.respond(wrong.as_bytes());
            assert!(matches!(answer, Err(Error::Nonsense { .. })), "{wrong}");
            assert!(!scram.committed(), "{wrong}");
        }
        for end in 0..good.len() {
            let mut scram = begin(Hash::Sha1, Channel::Unbound);
            assert!(scram.respond(&good.as_bytes()[..end]).is_err(), "{end}");
        }
        let mut scram = begin(Hash::Sha1, Channel::Unbound);
        let more = format!("{good},x=unknown,y");
        assert!(
            scram.respond(more.as_bytes()).is_ok(),
            "extensions that may be ignored"
        );
    }

    #[test]
    fn only_the_right_signature_is_a_proof() {
        for (wrong, unproven) in [
            ("v=rmF9pqV8S7suAoZWja4dJRkFsKR=", false),
            ("v=AAAAAAAAAAAAAAAAAAAAAAAAAAA=", true),
            ("v=6rriTRBi23WpRR/wtup+mMhUZUn/dB5nLTJRsjl95G4=", true),
            ("v=rmF9pqV8S7suAoZWja4dJRkF", true),
            ("v=", true),
            ("v", false),
            ("", false),
            ("p=rmF9pqV8S7suAoZWja4dJRkFsKQ=", false),
        ] {
            let mut scram = begin(Hash::Sha1, Channel::Unbound);
            scram.respond(SHA1_FIRST.as_bytes()).unwrap();
            let answer = scram.respond(wrong.as_bytes());
            match answer {
                Err(Error::Unproven) => assert!(unproven, "{wrong}"),
                Err(Error::Nonsense { .. }) => assert!(!unproven, "{wrong}"),
                _ => panic!("{wrong}"),
            }
            assert!(!scram.done());
        }
    }

    #[test]
    fn a_refusal_within_is_answered_with_nothing_and_told() {
        let hear = |proven: bool, reason: &str| {
            let mut scram = begin(Hash::Sha1, Channel::Unbound);
            if proven {
                scram.respond(SHA1_FIRST.as_bytes()).unwrap();
            }
            let answer = scram.respond(format!("e={reason}").as_bytes()).unwrap();
            assert!(answer.expose().is_empty() && !scram.done());
            assert_eq!(scram.committed(), proven);
            assert!(scram.respond(SHA1_FIRST.as_bytes()).is_err(), "it is over");
            scram.verdict()
        };
        for proven in [false, true] {
            assert!(matches!(hear(proven, "unknown-user"),
                Some(Error::LoginRefused(words)) if words == b"unknown-user"));
            for attack in [
                "channel-bindings-dont-match",
                "server-does-support-channel-binding",
            ] {
                assert!(matches!(hear(proven, attack), Some(Error::OtherChannel(_))));
            }
        }
        for other in [
            "unsupported-channel-binding-type",
            "channel-binding-not-supported",
        ] {
            assert!(hear(false, other).is_none(), "another way is open");
            assert!(matches!(hear(true, other), Some(Error::LoginRefused(_))));
        }
    }

    #[test]
    fn a_name_with_an_equals_sign_or_comma_is_escaped() {
        let secret = Secret::new(b"pw".to_vec());
        let name = "a=b,c\u{aa}";
        let user = User {
            name,
            secret: &secret,
        };
        let mut scram = Scram::new(Hash::Sha1, user, Channel::Bindable, "x".into()).unwrap();
        // Asked for it, it says the same as without being asked.
        assert_eq!(text(&scram.respond(b"").unwrap()), "y,,n=a=3Db=2Cca,r=x");
    }
}
