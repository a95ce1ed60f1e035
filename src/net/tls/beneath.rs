//! OpenSSL, as it lies beneath native-tls on most systems: for connections of which more must be
//! known than native-tls tells, or for which fewer roots have to be read, and for reading
//! certificates and keys.

use super::explain::{self, explain};
use super::{
    authorities, bad_file, roots, Binding, Certificate, Proof, Secured, Stream, Trust, Version,
};
use crate::error::Result;
use crate::net::{Patience, Transport};
use openssl::asn1::{Asn1Time, Asn1TimeRef};
use openssl::error::ErrorStack;
use openssl::nid::Nid;
use openssl::pkey::PKey;
use openssl::ssl::{
    HandshakeError, Ssl, SslContext, SslContextBuilder, SslFiletype, SslMethod, SslMode,
    SslOptions, SslRef, SslStream, SslVerifyMode, SslVersion,
};
use openssl::x509::store::{X509Lookup, X509Store, X509StoreBuilder};
use openssl::x509::verify::X509CheckFlags;
use openssl::x509::{X509NameRef, X509VerifyResult, X509};
use std::net::IpAddr;
use std::path::Path;
use std::sync::{LazyLock, Mutex, PoisonError};
use zeroize::Zeroizing;

/// There is a library beneath.
pub const THERE: bool = true;

/// The longest Finished message of TLS 1.2; its length is fixed for all suites in use.
const FINISHED: usize = 64;
/// The suites of TLS 1.2 that will do, as native-tls has them.
const CIPHERS: &str = "DEFAULT:!aNULL:!eNULL:!MD5:!3DES:!DES:!RC4:!IDEA:!SEED:!aDSS:!SRP:!PSK";

/// Its name, version and date.
pub fn library() -> &'static str {
    openssl::version::version()
}

/// Whether this trust takes fewer roots than native-tls reads.
pub fn is_light(trust: &Trust) -> bool {
    trust.proof != Proof::Chain(None) || roots::hashed().is_some()
}

/// Agrees on TLS and checks the chain and the name, if that is the proof.
pub fn secure(
    transport: Box<dyn Transport>,
    trust: &Trust,
    patience: &Patience,
) -> Result<(Box<dyn Transport>, Secured)> {
    let ssl = connection(trust)?;
    let waiting = patience.start("the TLS handshake");
    let mut attempt = ssl.connect(transport);
    loop {
        match attempt {
            Ok(inner) => {
                let secured = agreed(inner.ssl());
                let set_timeout = |stream: &mut SslStream<Box<dyn Transport>>, timeout| {
                    stream.get_mut().set_timeout(timeout)
                };
                return Ok((Box::new(Stream { inner, set_timeout }), secured));
            }
            Err(HandshakeError::WouldBlock(unfinished)) => {
                waiting.check_or_stop()?;
                attempt = unfinished.handshake();
            }
            Err(HandshakeError::SetupFailure(why)) => {
                return Err(explain::unready(&why.to_string()))
            }
            Err(HandshakeError::Failure(failed)) => {
                let why = match failed.ssl().verify_result() {
                    X509VerifyResult::OK => failed.error().to_string(),
                    verdict => verdict.error_string().to_string(),
                };
                return Err(explain(&why, trust));
            }
        }
    }
}

/// What all settings have in common, for those that are made first: then the library looks through all
/// that it can do, which takes two fifths of all instructions of a look into an empty maildrop.
static FIRST: LazyLock<Mutex<Option<SslContextBuilder>>> =
    LazyLock::new(|| Mutex::new(common().ok()));

/// Makes ready what takes long at the first time. Whoever needs it meanwhile waits, for the library does
/// not get on with two things at once: its threads only wake each other.
pub fn make_ready() {
    LazyLock::force(&FIRST);
}

/// The settings of the library that are the same for every trust, as native-tls makes them.
fn common() -> Result<SslContextBuilder, ErrorStack> {
    let mut builder = SslContext::builder(SslMethod::tls_client())?;
    builder.set_options(SslOptions::NO_COMPRESSION);
    builder.set_read_ahead(true); // a record's head is not worth a system call
    builder.set_mode(SslMode::AUTO_RETRY | SslMode::ACCEPT_MOVING_WRITE_BUFFER);
    builder.set_cipher_list(CIPHERS)?;
    Ok(builder)
}

/// The settings of the library for this trust, the same as native-tls makes them, but for the
/// system's roots: it reads them all, whoever is trusted, which takes longer than all the rest.
fn settings(trust: &Trust) -> Result<SslContextBuilder> {
    let unready = |why: ErrorStack| explain::unready(&why.to_string());
    let first = FIRST.lock().unwrap_or_else(PoisonError::into_inner).take();
    let mut builder = first.map_or_else(common, Ok).map_err(unready)?;
    let least = match trust.least {
        Version::Tls12 => SslVersion::TLS1_2,
        Version::Tls13 => SslVersion::TLS1_3,
    };
    builder
        .set_min_proto_version(Some(least))
        .map_err(unready)?;
    builder.set_verify(match trust.proof {
        Proof::Chain(_) => SslVerifyMode::PEER,
        Proof::Pins(_) | Proof::Nothing => SslVerifyMode::NONE,
    });
    match &trust.proof {
        Proof::Chain(Some(path)) => builder.set_cert_store(issuers(path)?),
        Proof::Chain(None) => match roots::hashed() {
            Some(folder) => builder.set_cert_store(hashed(folder).map_err(unready)?),
            None => builder.set_default_verify_paths().map_err(unready)?,
        },
        Proof::Pins(_) | Proof::Nothing => {}
    }
    introduce(&mut builder, trust)?;
    Ok(builder)
}

/// A connection to be made with these settings.
fn connection(trust: &Trust) -> Result<Ssl> {
    let context = settings(trust)?.build();
    let prepare = || -> Result<Ssl, ErrorStack> {
        let mut ssl = Ssl::new(&context)?;
        let address = trust.name.parse::<IpAddr>().ok();
        if address.is_none() {
            ssl.set_hostname(&trust.name)?;
        }
        if matches!(trust.proof, Proof::Chain(_)) {
            let proof = ssl.param_mut();
            proof.set_hostflags(X509CheckFlags::NO_PARTIAL_WILDCARDS);
            match address {
                Some(address) => proof.set_ip(address)?,
                None => proof.set_host(&trust.name)?,
            }
        }
        Ok(ssl)
    };
    prepare().map_err(|why| explain::unready(&why.to_string()))
}

/// Those who may have issued the server's certificate, and nobody else.
fn issuers(path: &Path) -> Result<X509Store> {
    let certificates = X509::stack_from_pem(&authorities(path)?).unwrap_or_default();
    if certificates.is_empty() {
        return Err(bad_file("tls_ca_file", path, "it holds no PEM certificate"));
    }
    let gather = || {
        let mut store = X509StoreBuilder::new()?;
        let mut all = certificates.into_iter();
        all.try_for_each(|certificate| store.add_cert(certificate))?;
        Ok(store.build())
    };
    gather().map_err(|why: ErrorStack| explain::unready(&why.to_string()))
}

/// Those in a folder in which each is looked up by the hash of its name, when it is needed.
fn hashed(folder: &Path) -> Result<X509Store, ErrorStack> {
    let mut store = X509StoreBuilder::new()?;
    let lookup = store.add_lookup(X509Lookup::hash_dir())?;
    lookup.add_dir(&folder.to_string_lossy(), SslFiletype::PEM)?;
    Ok(store.build())
}

/// Shows our own certificate, if there is one.
fn introduce(builder: &mut SslContextBuilder, trust: &Trust) -> Result<()> {
    let Some(client) = &trust.client else {
        return Ok(());
    };
    let (chain, key) = client.read()?;
    let show = |builder: &mut SslContextBuilder| -> Result<(), ErrorStack> {
        let mut chain = X509::stack_from_pem(&chain)?.into_iter();
        if let Some(own) = chain.next() {
            builder.set_certificate(&own)?;
        }
        chain.try_for_each(|issuer| builder.add_extra_chain_cert(issuer))?;
        let key = PKey::private_key_from_pem(&key)?;
        builder.set_private_key(&key)?;
        builder.check_private_key()
    };
    show(builder).map_err(|why| client.unfit(&why))
}

/// What the library tells about the connection.
fn agreed(ssl: &SslRef) -> Secured {
    let certificate = ssl.peer_certificate().and_then(|own| own.to_der().ok());
    Secured {
        binding: binding(ssl),
        version: Some(ssl.version_str().replace("TLSv", "TLS ")),
        cipher: ssl.current_cipher().map(|cipher| {
            let name = cipher.standard_name().unwrap_or_else(|| cipher.name());
            name.to_string()
        }),
        certificate: certificate.unwrap_or_default(),
    }
}

/// What a login can be tied to: with TLS 1.3 exported keying material (RFC 9266), before that our
/// Finished message (RFC 5929, section 3), for we never resume a session.
fn binding(ssl: &SslRef) -> Option<Binding> {
    match ssl.version2()? {
        SslVersion::TLS1_3 => {
            let mut data = vec![0; 32];
            ssl.export_keying_material(&mut data, "EXPORTER-Channel-Binding", Some(&[]))
                .ok()?;
            let kind = "tls-exporter";
            Some(Binding { kind, data })
        }
        _ => {
            let mut data = vec![0; FINISHED];
            let length = ssl.finished(&mut data);
            data.truncate(length);
            let kind = "tls-unique";
            (length > 0).then_some(Binding { kind, data })
        }
    }
}

/// Reads a certificate in DER.
pub fn read(der: &[u8]) -> Option<Certificate> {
    let certificate = X509::from_der(der).ok()?;
    let alternative = certificate.subject_alt_names();
    let names = alternative.iter().flatten().filter_map(|name| {
        let address = |bytes: &[u8]| match *bytes {
            [a, b, c, d] => Some(std::net::Ipv4Addr::new(a, b, c, d).to_string()),
            _ => <[u8; 16]>::try_from(bytes)
                .ok()
                .map(|bytes| std::net::Ipv6Addr::from(bytes).to_string()),
        };
        let host = name.dnsname().map(str::to_string);
        host.or_else(|| name.ipaddress().and_then(address))
    });
    Some(Certificate {
        names: names.collect(),
        subject: person(certificate.subject_name()),
        issuer: person(certificate.issuer_name()),
        from: seconds(certificate.not_before())?,
        until: seconds(certificate.not_after())?,
    })
}

/// A distinguished name as people read it.
fn person(name: &X509NameRef) -> String {
    let parts = [Nid::COMMONNAME, Nid::ORGANIZATIONNAME].map(|kind| {
        let mut entries = name.entries_by_nid(kind);
        entries.find_map(|entry| entry.data().to_string().ok())
    });
    let parts: Vec<String> = parts.into_iter().flatten().collect();
    parts.join(", ")
}

/// A moment in seconds since 1970.
fn seconds(moment: &Asn1TimeRef) -> Option<i64> {
    let since = Asn1Time::from_unix(0).ok()?.diff(moment).ok()?;
    Some(i64::from(since.days) * 86400 + i64::from(since.secs))
}

/// A private key of any unencrypted kind as PKCS #8, in PEM.
pub fn as_pkcs8(pem: &[u8]) -> Option<Zeroizing<Vec<u8>>> {
    // The callback keeps OpenSSL from asking for a passphrase on the terminal.
    let key = PKey::private_key_from_pem_callback(pem, |_| Err(ErrorStack::get())).ok()?;
    key.private_key_to_pem_pkcs8().ok().map(Zeroizing::new)
}
