//! Throw-away certificates, made when first asked for and never kept.
//!
//! One certificate authority and one server key live as long as the process: making keys is the
//! slow part, and no test cares which key it meets. Elliptic curves, because they are fast.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::OnceLock;
use std::time::{SystemTime, UNIX_EPOCH};

use openssl::asn1::{Asn1Time, Asn1TimeRef};
use openssl::bn::{BigNum, MsbOption};
use openssl::ec::{EcGroup, EcKey};
use openssl::hash::MessageDigest;
use openssl::nid::Nid;
use openssl::pkey::{PKey, Private};
use openssl::ssl::{SslAcceptor, SslMethod, SslOptions, SslVersion};
use openssl::x509::extension::{
    BasicConstraints, ExtendedKeyUsage, KeyUsage, SubjectAlternativeName,
};
use openssl::x509::{X509Builder, X509Name, X509NameRef, X509};

/// The certificates a test server can show.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Certificate {
    /// Signed by the authority, in time, for `localhost` and `127.0.0.1`.
    Good,
    /// As `Good`, but it ended a month ago.
    Expired,
    /// As `Good`, but for `example.org` and hosts in it.
    Domain,
    /// Signed and in time, but for `elsewhere.example`.
    OtherName,
    /// In time and for the right names, but vouched for by nobody else.
    SelfSigned,
    /// As `SelfSigned`, but with names that would like to do harm to who is shown them.
    Hostile,
    /// As `Good`, but it begins in a month.
    Future,
    /// As `Good`, but signed by an authority that nobody knows.
    UnknownIssuer,
    /// As `Good`, but meant for clients alone.
    ClientsOnly,
    /// `Good`, shown by a server that knows TLS up to 1.1.
    OldTls,
    /// `Good`, shown by a server that knows TLS up to 1.2.
    Tls12,
}

/// Who vouches for a certificate.
#[derive(Clone, Copy)]
pub enum Issuer {
    /// The authority of this process, see [`ca_pem`].
    Authority,
    /// Another one, which shows itself nowhere.
    Stranger,
    /// The certificate itself.
    Itself,
}

/// A certificate with its key, both as PEM text.
pub struct Pem {
    /// The certificate.
    pub certificate: Vec<u8>,
    /// Its private key, PKCS #8.
    pub key: Vec<u8>,
}

/// Seconds before and after now between which a certificate is good.
pub type Validity = (i64, i64);

const DAY: i64 = 86_400;

/// A name that clears the screen, turns the line round, and begins another.
const HARMFUL: &str = "\u{1b}[2JMARK\r\nforged\u{9b}31m\u{202e}\u{7f}";

/// Ten years either way, so that tests may move the clock.
pub const FOR_LONG: Validity = (-3650 * DAY, 3650 * DAY);

impl Certificate {
    /// The certificate a conversation file calls by this name.
    pub fn named(name: &str) -> Option<Certificate> {
        match name {
            "" => Some(Certificate::Good),
            "expired" => Some(Certificate::Expired),
            "other-name" => Some(Certificate::OtherName),
            "self-signed" => Some(Certificate::SelfSigned),
            _ => None,
        }
    }

    /// The certificate and its key.
    pub fn pem(self) -> Pem {
        let home = ["localhost", "127.0.0.1"];
        match self {
            Certificate::Good | Certificate::OldTls | Certificate::Tls12 => {
                issue(&home, FOR_LONG, Issuer::Authority)
            }
            Certificate::Domain => {
                let names = ["example.org", "*.example.org"];
                issue(&names, FOR_LONG, Issuer::Authority)
            }
            Certificate::Future => issue(&home, (30 * DAY, 60 * DAY), Issuer::Authority),
            Certificate::UnknownIssuer => issue(&home, FOR_LONG, Issuer::Stranger),
            Certificate::ClientsOnly => for_clients(&home),
            Certificate::Expired => issue(&home, (-60 * DAY, -30 * DAY), Issuer::Authority),
            Certificate::OtherName => issue(&["elsewhere.example"], FOR_LONG, Issuer::Authority),
            Certificate::SelfSigned => issue(&home, FOR_LONG, Issuer::Itself),
            Certificate::Hostile => issue(&[HARMFUL, "127.0.0.1"], FOR_LONG, Issuer::Itself),
        }
    }

    /// What a server needs to show this certificate.
    pub fn acceptor(self) -> SslAcceptor {
        let pem = self.pem();
        let mut builder = SslAcceptor::mozilla_intermediate_v5(SslMethod::tls()).unwrap();
        let certificate = X509::from_pem(&pem.certificate).unwrap();
        builder.set_certificate(&certificate).unwrap();
        let key = PKey::private_key_from_pem(&pem.key).unwrap();
        builder.set_private_key(&key).unwrap();
        let (least, most) = match self {
            Certificate::OldTls => (SslVersion::TLS1, Some(SslVersion::TLS1_1)),
            Certificate::Tls12 => (SslVersion::TLS1_2, Some(SslVersion::TLS1_2)),
            _ => (SslVersion::TLS1_2, None),
        };
        builder.clear_options(SslOptions::NO_TLSV1 | SslOptions::NO_TLSV1_1);
        builder.set_min_proto_version(Some(least)).unwrap();
        builder.set_max_proto_version(most).unwrap();
        if self == Certificate::OldTls {
            builder.set_cipher_list("DEFAULT:@SECLEVEL=0").unwrap();
        }
        builder.build()
    }
}

/// The certificate of the authority, for `tls_ca_file`.
pub fn ca_pem() -> Vec<u8> {
    authority().certificate.to_pem().unwrap()
}

/// Writes the authority's certificate into `dir` and tells where.
pub fn write_ca(dir: &Path) -> PathBuf {
    let path = dir.join("ca.pem");
    fs::write(&path, ca_pem()).unwrap();
    path
}

/// A new server certificate for `names`, which may be host names or IP addresses.
pub fn issue(names: &[&str], validity: Validity, issuer: Issuer) -> Pem {
    sign(prepared(names, validity, issuer), issuer)
}

/// A new certificate, by the authority, that says it is for clients only.
pub fn for_clients(names: &[&str]) -> Pem {
    let mut builder = prepared(names, FOR_LONG, Issuer::Authority);
    let usage = ExtendedKeyUsage::new().client_auth().build().unwrap();
    builder.append_extension(usage).unwrap();
    sign(builder, Issuer::Authority)
}

/// The SHA-256 of a certificate as people write it: hexadecimal, with colons.
pub fn fingerprint(pem: &Pem) -> String {
    let certificate = X509::from_pem(&pem.certificate).unwrap();
    let digest = certificate.digest(MessageDigest::sha256()).unwrap();
    let pairs: Vec<_> = digest.iter().map(|byte| format!("{byte:02X}")).collect();
    pairs.join(":")
}

/// Everything but the signature.
fn prepared(names: &[&str], validity: Validity, issuer: Issuer) -> X509Builder {
    let subject = common_name(names[0]);
    let by = match issuer {
        Issuer::Authority => authority().certificate.subject_name().to_owned().unwrap(),
        Issuer::Stranger => common_name("somebody else"),
        Issuer::Itself => common_name(names[0]),
    };
    let mut builder = draft(&subject, &by, validity, server_key());
    let mut san = SubjectAlternativeName::new();
    for name in names {
        match name.parse::<std::net::IpAddr>() {
            Ok(_) => san.ip(name),
            Err(_) => san.dns(name),
        };
    }
    let san = san.build(&builder.x509v3_context(None, None)).unwrap();
    builder.append_extension(san).unwrap();
    builder
}

fn sign(mut builder: X509Builder, issuer: Issuer) -> Pem {
    let stranger = new_key();
    let signer = match issuer {
        Issuer::Authority => &authority().key,
        Issuer::Stranger => &stranger,
        Issuer::Itself => server_key(),
    };
    builder.sign(signer, MessageDigest::sha256()).unwrap();
    Pem {
        certificate: builder.build().to_pem().unwrap(),
        key: server_key().private_key_to_pem_pkcs8().unwrap(),
    }
}

struct Authority {
    certificate: X509,
    key: PKey<Private>,
}

fn authority() -> &'static Authority {
    static AUTHORITY: OnceLock<Authority> = OnceLock::new();
    AUTHORITY.get_or_init(|| {
        let key = new_key();
        let name = common_name("popget test authority");
        let mut builder = draft(&name, &name, FOR_LONG, &key);
        let constraints = BasicConstraints::new().critical().ca().build().unwrap();
        builder.append_extension(constraints).unwrap();
        let usage = KeyUsage::new()
            .critical()
            .key_cert_sign()
            .crl_sign()
            .build()
            .unwrap();
        builder.append_extension(usage).unwrap();
        builder.sign(&key, MessageDigest::sha256()).unwrap();
        Authority {
            certificate: builder.build(),
            key,
        }
    })
}

fn server_key() -> &'static PKey<Private> {
    static KEY: OnceLock<PKey<Private>> = OnceLock::new();
    KEY.get_or_init(new_key)
}

fn new_key() -> PKey<Private> {
    let group = EcGroup::from_curve_name(Nid::X9_62_PRIME256V1).unwrap();
    PKey::from_ec_key(EcKey::generate(&group).unwrap()).unwrap()
}

fn common_name(name: &str) -> X509Name {
    let mut builder = X509Name::builder().unwrap();
    builder.append_entry_by_nid(Nid::COMMONNAME, name).unwrap();
    builder.build()
}

/// Everything certificates have in common, not yet signed.
fn draft(
    subject: &X509NameRef,
    issuer: &X509NameRef,
    validity: Validity,
    key: &PKey<Private>,
) -> X509Builder {
    let mut serial = BigNum::new().unwrap();
    serial.rand(120, MsbOption::ONE, false).unwrap();
    let mut builder = X509::builder().unwrap();
    builder.set_version(2).unwrap();
    builder
        .set_serial_number(&serial.to_asn1_integer().unwrap())
        .unwrap();
    builder.set_subject_name(subject).unwrap();
    builder.set_issuer_name(issuer).unwrap();
    builder.set_not_before(moment(validity.0).as_ref()).unwrap();
    builder.set_not_after(moment(validity.1).as_ref()).unwrap();
    builder.set_pubkey(key).unwrap();
    builder
}

fn moment(seconds_from_now: i64) -> impl AsRef<Asn1TimeRef> {
    let now = SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .unwrap()
        .as_secs();
    let then = now.checked_add_signed(seconds_from_now).unwrap();
    Asn1Time::from_unix(then.try_into().unwrap()).unwrap()
}
