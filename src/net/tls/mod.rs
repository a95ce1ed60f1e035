//! TLS over any transport, by the system's library. The name that the certificate must prove is the
//! one that the user wrote, never one learned from the name service.
//!
//! Connections are made by native-tls, which finds the system's roots wherever they are. But it reads
//! them all, whoever is trusted, and does not tell what a login could be tied to, nor what was agreed
//! on; where more is wanted or less will do, the OpenSSL beneath it is used without it (`beneath`),
//! with the same checks.

#[cfg(all(feature = "openssl", not(target_vendor = "apple")))]
mod beneath;
#[cfg(not(all(feature = "openssl", not(target_vendor = "apple"))))]
#[path = "nothing_beneath.rs"]
mod beneath;
mod certificate;
mod client;
mod explain;
mod native;
#[cfg(all(feature = "openssl", not(target_vendor = "apple")))]
mod roots;

pub use beneath::make_ready;
pub use certificate::{Certificate, Fingerprint};
pub use client::ClientCertificate;

use super::wire::SLICE;
use super::{Patience, Transport};
use crate::error::{Error, Result};
use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

/// What ties a login to the TLS connection over which it is made, so that nobody in between can pass
/// it on (RFC 5056).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Binding {
    /// Its type, as the mechanisms name it: `tls-exporter`, `tls-unique`, `tls-server-end-point`.
    pub kind: &'static str,
    /// The data, which both ends of the connection know.
    pub data: Vec<u8>,
}

/// By what a server proves that it is the one we want.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Proof {
    /// By a certificate for its name, issued by someone we trust: these, or the system's.
    Chain(Option<PathBuf>),
    /// By one of these very certificates, whatever it says and whoever issued it.
    Pins(Vec<Fingerprint>),
    /// It need not.
    Nothing,
}

/// The oldest TLS that is good enough (RFC 8997 rules out what is older).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Version {
    /// TLS 1.2.
    Tls12,
    /// TLS 1.3.
    Tls13,
}

/// Who makes the TLS connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Engine {
    /// native-tls.
    Native,
    /// What is beneath it, which tells more; native-tls where nothing we know is beneath it.
    Beneath,
}

/// What a server must prove, and what we show it.
#[derive(Clone, Debug)]
pub struct Trust {
    /// The name that its certificate must be for.
    pub name: String,
    /// How it proves it.
    pub proof: Proof,
    /// The oldest version of TLS that will do.
    pub least: Version,
    /// Our own certificate, if it wants one.
    pub client: Option<ClientCertificate>,
    /// Who makes the connection.
    pub engine: Engine,
}

impl Trust {
    /// The same, but made by the library that tells what a login can be tied to.
    pub fn telling(&self) -> Self {
        Self {
            engine: Engine::Beneath,
            ..self.clone()
        }
    }

    /// For a look at what is there: nothing is proven, and nothing secret may be sent.
    pub fn looking(&self) -> Self {
        Self {
            proof: Proof::Nothing,
            ..self.telling()
        }
    }
}

/// What was agreed on.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Secured {
    /// What a login can be tied to, if the library tells.
    pub binding: Option<Binding>,
    /// The version of TLS, if the library tells.
    pub version: Option<String>,
    /// The cipher suite, if the library tells.
    pub cipher: Option<String>,
    /// The server's certificate, in DER.
    pub certificate: Vec<u8>,
}

impl Secured {
    /// The fingerprint of the server's certificate.
    pub fn fingerprint(&self) -> Fingerprint {
        Fingerprint::of(&self.certificate)
    }

    /// What an error about the certificate should show of it.
    pub fn shown(&self) -> String {
        let fingerprint = self.fingerprint();
        match self.certificate() {
            Some(certificate) => format!("{certificate}, SHA-256 {fingerprint}"),
            None => format!("its SHA-256 is {fingerprint}"),
        }
    }

    /// What the server's certificate says, if there is a library to read it.
    pub fn certificate(&self) -> Option<Certificate> {
        beneath::read(&self.certificate)
    }
}

/// Whether there is a library that tells what a login can be tied to.
pub fn tells() -> bool {
    beneath::THERE
}

/// What speaks TLS, with its version where it tells.
pub fn library() -> &'static str {
    beneath::library()
}

/// Agrees on TLS and checks the certificate.
pub fn secure(
    transport: Box<dyn Transport>,
    trust: &Trust,
    patience: &Patience,
) -> Result<(Box<dyn Transport>, Secured)> {
    let (witness, seen) = Witness::of(transport);
    let agreed = match trust.engine {
        Engine::Native if !beneath::is_light(trust) => native::secure(witness, trust, patience),
        Engine::Native | Engine::Beneath => beneath::secure(witness, trust, patience),
    };
    let (transport, secured) = match (agreed, seen.dismiss()) {
        (Err(_), Some(why)) => return Err(Error::from_transport(why, "the TLS handshake")),
        (agreed, _) => agreed?,
    };
    match &trust.proof {
        Proof::Pins(pins) if !pins.contains(&secured.fingerprint()) => {
            Err(explain::another_pin(trust, secured.fingerprint()))
        }
        Proof::Pins(_) | Proof::Chain(_) | Proof::Nothing => Ok((transport, secured)),
    }
}

/// The certificates to trust, as PEM.
fn authorities(path: &Path) -> Result<Vec<u8>> {
    std::fs::read(path).map_err(|why| bad_file("tls_ca_file", path, why.to_string()))
}

/// A file that the settings name is not what it should be.
fn bad_file(key: &'static str, path: &Path, why: impl Into<String>) -> Error {
    Error::TlsFile {
        key,
        path: path.into(),
        why: why.into(),
    }
}

/// What went wrong beneath TLS during the handshake, in words of our own.
#[derive(Clone)]
struct Seen(Arc<Mutex<Watch>>);

/// Whether it is looked out for, and what it was.
enum Watch {
    On(Option<io::Error>),
    Off,
}

impl Seen {
    /// Ends the watch.
    fn dismiss(&self) -> Option<io::Error> {
        let mut watch = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        match std::mem::replace(&mut *watch, Watch::Off) {
            Watch::On(seen) => seen,
            Watch::Off => None,
        }
    }

    /// Keeps an error of our own or of the system, which the libraries would turn into words of
    /// theirs. A signal is none to them: they would give up what only has to be tried again.
    fn note(&self, error: io::Error) -> io::Error {
        if super::wire::again(&error) {
            return io::ErrorKind::WouldBlock.into();
        }
        let ours = error.get_ref().is_some_and(|inner| inner.is::<Error>());
        let ours = ours || error.raw_os_error().is_some();
        let mut watch = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        match &mut *watch {
            Watch::On(seen) if ours => {
                *seen = Some(error);
                io::ErrorKind::BrokenPipe.into()
            }
            Watch::On(_) | Watch::Off => error,
        }
    }
}

/// The transport beneath TLS, watched during the handshake. Now and then it lets go of a read: the
/// libraries read on until a record is whole, and one that comes byte by byte would outwait the clock.
struct Witness {
    transport: Box<dyn Transport>,
    seen: Seen,
    let_go: Instant,
}

impl Witness {
    fn of(transport: Box<dyn Transport>) -> (Box<dyn Transport>, Seen) {
        let seen = Seen(Arc::new(Mutex::new(Watch::On(None))));
        let witness = Self {
            transport,
            seen: seen.clone(),
            let_go: Instant::now(),
        };
        (Box::new(witness), seen)
    }

    /// Whether nobody has looked at the clock for a slice of time; then somebody does now.
    fn is_due(&mut self) -> bool {
        let due = self.let_go.elapsed() >= SLICE;
        if due {
            self.let_go = Instant::now();
        }
        due
    }
}

impl Read for Witness {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if self.is_due() {
            return Err(io::ErrorKind::WouldBlock.into());
        }
        let read = self.transport.read(buffer);
        read.map_err(|error| self.seen.note(error))
    }
}

impl Write for Witness {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let written = self.transport.write(bytes);
        written.map_err(|error| self.seen.note(error))
    }

    fn flush(&mut self) -> io::Result<()> {
        let flushed = self.transport.flush();
        flushed.map_err(|error| self.seen.note(error))
    }
}

impl Transport for Witness {
    fn set_timeout(&mut self, timeout: Duration) -> io::Result<()> {
        self.transport.set_timeout(timeout)
    }
}

/// A TLS stream of either library as a transport.
struct Stream<S> {
    inner: S,
    set_timeout: fn(&mut S, Duration) -> io::Result<()>,
}

impl<S: Read> Read for Stream<S> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        self.inner.read(buffer).map_err(explain::broken)
    }
}

impl<S: Write> Write for Stream<S> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.inner.write(bytes).map_err(explain::broken)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.inner.flush().map_err(explain::broken)
    }
}

impl<S: Read + Write + Send> Transport for Stream<S> {
    fn set_timeout(&mut self, timeout: Duration) -> io::Result<()> {
        (self.set_timeout)(&mut self.inner, timeout)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A line on which there is always one more byte, soon.
    struct Dripping;

    impl Read for Dripping {
        fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
            std::thread::sleep(Duration::from_millis(10));
            buffer[0] = b'x';
            Ok(1)
        }
    }

    impl Write for Dripping {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            Ok(bytes.len())
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    impl Transport for Dripping {
        fn set_timeout(&mut self, _: Duration) -> io::Result<()> {
            Ok(())
        }
    }

    #[test]
    fn who_reads_on_and_on_is_stopped_now_and_then() {
        let (mut witness, _) = Witness::of(Box::new(Dripping));
        let mut record = [0; 60];
        let (mut filled, mut stopped) = (0, 0);
        while filled < record.len() {
            match witness.read(&mut record[filled..]) {
                Ok(read) => filled += read,
                Err(why) if why.kind() == io::ErrorKind::WouldBlock => stopped += 1,
                Err(why) => panic!("{why}"),
            }
        }
        assert!(stopped >= 2, "stopped {stopped} times");
    }
}
