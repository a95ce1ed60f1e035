//! What a server must prove by TLS, and what we show it: the `tls_` keys with their rules.

use super::file::Keys;
use super::resolve::Layers;
use crate::error::Result;
use crate::net::{ClientCertificate, Engine, Proof, TlsMode, Trust, Version};

/// Whether a layer has a key.
type Has = fn(&Keys) -> bool;

/// The keys about TLS.
const KEYS: [(&str, Has); 7] = [
    ("tls_ca_file", |keys| keys.tls_ca_file.is_some()),
    ("tls_fingerprint", |keys| keys.tls_fingerprint.is_some()),
    ("tls_min_version", |keys| keys.tls_min_version.is_some()),
    ("tls_client_cert", |keys| keys.tls_client_cert.is_some()),
    ("tls_client_key", |keys| keys.tls_client_key.is_some()),
    ("tls_server_name", |keys| keys.tls_server_name.is_some()),
    ("tls_verify", |keys| keys.tls_verify.is_some()),
];

impl Layers<'_> {
    /// What the server at this host must prove.
    pub(super) fn trust(&self, host: &str, tls: TlsMode) -> Result<Trust> {
        let useless = KEYS.iter().find(|(_, has)| has(self.own));
        let (proof, client) = match (tls, useless) {
            (TlsMode::Off, Some((key, _))) => {
                return Err(self.wrong(key, true, "it means nothing with tls: none; leave it out"));
            }
            (TlsMode::Off, None) => (Proof::Chain(None), None),
            (TlsMode::Implicit | TlsMode::StartTls, _) => (self.proof()?, self.client()?),
        };
        let name = self.pick(|keys| keys.tls_server_name.clone());
        Ok(Trust {
            name: name.unwrap_or_else(|| host.into()),
            proof,
            least: self
                .pick(|keys| keys.tls_min_version)
                .unwrap_or(Version::Tls12),
            client,
            engine: Engine::Native,
        })
    }

    /// How it proves it. What an account says itself takes the place of all that the defaults say.
    fn proof(&self) -> Result<Proof> {
        for (keys, own) in [(self.own, true), (self.base, false)] {
            match (&keys.tls_fingerprint, keys.tls_verify, &keys.tls_ca_file) {
                (Some(_), Some(false), _) => {
                    let what =
                        "tls_fingerprint says how the server proves itself; keep one of them";
                    return Err(self.wrong("tls_verify", own, what));
                }
                (Some(_), _, Some(_)) => {
                    let what = "tls_fingerprint takes its place; keep one of them";
                    return Err(self.wrong("tls_ca_file", own, what));
                }
                (Some(pins), ..) => return Ok(Proof::Pins(pins.clone())),
                (None, Some(false), _) => return Ok(Proof::Nothing),
                (None, _, Some(path)) => {
                    self.readable("tls_ca_file", own, &path.0)?;
                    return Ok(Proof::Chain(Some(path.0.clone())));
                }
                (None, Some(true), None) if own => {
                    let authorities = self.base.tls_ca_file.clone().map(|path| path.0);
                    return Ok(Proof::Chain(authorities));
                }
                (None, _, None) => {}
            }
        }
        Ok(Proof::Chain(None))
    }

    /// Our own certificate. Its key may stand in the same file.
    fn client(&self) -> Result<Option<ClientCertificate>> {
        let own = self.own.tls_client_cert.is_some();
        let key = self.pick(|keys| keys.tls_client_key.clone());
        let Some(certificate) = self.pick(|keys| keys.tls_client_cert.clone()) else {
            return match key {
                None => Ok(None),
                Some(_) => {
                    let own = self.own.tls_client_key.is_some();
                    Err(self.wrong("tls_client_key", own, "it goes with tls_client_cert only"))
                }
            };
        };
        self.readable("tls_client_cert", own, &certificate.0)?;
        match &key {
            Some(key) => {
                self.private("tls_client_key", self.own.tls_client_key.is_some(), &key.0)?;
            }
            None => self.private("tls_client_cert", own, &certificate.0)?,
        }
        Ok(Some(ClientCertificate {
            key: key.unwrap_or_else(|| certificate.clone()).0,
            certificate: certificate.0,
        }))
    }
}
