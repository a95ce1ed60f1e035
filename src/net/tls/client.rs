//! Our own certificate, for servers that want to see one.

use super::{bad_file, beneath};
use crate::error::{local_advice, plain, Error, Result};
use crate::secret;
use memchr::memmem;
use std::fmt::Display;
use std::fs::File;
use std::io::{self, Read};
use std::path::{Path, PathBuf};
use zeroize::Zeroizing;

/// More than any certificate or key needs.
const LIMIT: u64 = 1024 * 1024;

/// A certificate of ours with its key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ClientCertificate {
    /// The file of the certificate and those that issued it, in this order.
    pub certificate: PathBuf,
    /// The file of its private key; it may be the same.
    pub key: PathBuf,
}

impl ClientCertificate {
    /// Reads both, as PEM; the key as PKCS #8, into which other kinds are converted.
    pub fn read(&self) -> Result<(Vec<u8>, Zeroizing<Vec<u8>>)> {
        let chain = slurp("tls_client_cert", &self.certificate)?;
        if memmem::find(&chain, b"-----BEGIN CERTIFICATE-----").is_none() {
            let why = "it holds no PEM certificate";
            return Err(bad_file("tls_client_cert", &self.certificate, why));
        }
        let all = slurp("tls_client_key", &self.key)?;
        Ok((chain.to_vec(), self.pkcs8(&all)?))
    }

    /// The two do not belong together, or the library likes one of them not.
    pub fn unfit(&self, why: &impl Display) -> Error {
        let why = why.to_string();
        let why = match super::explain::cause(&why) {
            "key values mismatch" => "it does not belong to the key of tls_client_key",
            why => why,
        };
        bad_file("tls_client_cert", &self.certificate, why)
    }

    /// The key in the file as PKCS #8.
    fn pkcs8(&self, all: &[u8]) -> Result<Zeroizing<Vec<u8>>> {
        let path = self.key.display();
        let wrong = |what: String| bad_file("tls_client_key", &self.key, what);
        let Some(key) = key_of(all) else {
            return Err(wrong("it holds no PEM private key".into()));
        };
        if key.starts_with(b"-----BEGIN PRIVATE KEY-----") {
            return Ok(Zeroizing::new(key.to_vec()));
        }
        let encrypted = memmem::find(key, b"ENCRYPTED").is_some();
        let converted = beneath::as_pkcs8(key).filter(|_| !encrypted);
        converted.ok_or_else(|| {
            let kind = match encrypted {
                true => "it is encrypted",
                false => "it is not PKCS #8",
            };
            let command = format!("openssl pkcs8 -topk8 -nodes -in {path} -out {path}.pem");
            wrong(format!("{kind}; convert it with: {command}"))
        })
    }
}

/// The private key within a PEM file, from its first dash to its last.
fn key_of(all: &[u8]) -> Option<&[u8]> {
    let kind = memmem::find(all, b"PRIVATE KEY-----")?;
    let begin = memmem::rfind(&all[..kind], b"-----BEGIN ")?;
    let last = memmem::find(&all[kind..], b"-----END ")? + kind;
    let end = memmem::find(&all[last..], b"KEY-----")? + last;
    all.get(begin..end + "KEY-----".len())
}

/// Reads a file. One that holds a key must be nobody else's to read.
fn slurp(key: &'static str, path: &Path) -> Result<Zeroizing<Vec<u8>>> {
    let unreadable = |why: io::Error| {
        let why = format!("cannot be read: {}; {}", plain(&why), local_advice(&why));
        bad_file(key, path, why)
    };
    let file = File::open(path).map_err(unreadable)?;
    let open = secret::open_to_others(&file).filter(|_| key == "tls_client_key");
    if let Some(why) = open {
        let what = format!("{why}; run chmod 600 {}", path.display());
        return Err(bad_file(key, path, what));
    }
    let size = file.metadata().map_or(0, |meta| meta.len()).min(LIMIT);
    let mut bytes = Zeroizing::new(Vec::with_capacity(usize::try_from(size).unwrap_or(0) + 1));
    file.take(LIMIT)
        .read_to_end(&mut bytes)
        .map_err(unreadable)?;
    Ok(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_key_is_found_among_other_things() {
        let key = "-----BEGIN EC PRIVATE KEY-----\nabc=\n-----END EC PRIVATE KEY-----";
        let all = format!("Bag Attributes\n-----BEGIN CERTIFICATE-----\nx\n-----END CERTIFICATE-----\n{key}\nrest\n");
        assert_eq!(key_of(all.as_bytes()), Some(key.as_bytes()));
        assert_eq!(key_of(b"-----BEGIN CERTIFICATE-----"), None);
        assert_eq!(key_of(b"-----BEGIN PRIVATE KEY-----\nabc"), None);
    }
}
