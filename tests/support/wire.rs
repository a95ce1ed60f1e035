//! The server's end of a connection: lines in, bytes out, with or without TLS.
//!
//! Both test servers stand on it. It decides nothing about POP3; what it adds to a socket is the
//! buffer that keeps commands sent ahead, and the ways a connection can end badly.

use std::io::{self, Read, Write};
use std::net::{Shutdown, TcpStream};
use std::time::Duration;

use openssl::ssl::{SslAcceptor, SslStream, SslVersion};

/// How long a test server waits for a client that says nothing: longer than a GiB takes to be filed.
const PATIENCE: Duration = Duration::from_secs(300);

/// One connection, seen from the server.
pub struct Wire {
    stream: Stream,
    unread: Vec<u8>,
}

enum Stream {
    Plain(TcpStream),
    Tls(Box<SslStream<TcpStream>>),
    /// Nothing left: closed, or a handshake that failed.
    Gone,
}

impl Wire {
    /// A wire over a socket just accepted.
    pub fn new(socket: TcpStream) -> io::Result<Wire> {
        // An accepted socket inherits O_NONBLOCK from its listener on some systems.
        socket.set_nonblocking(false)?;
        socket.set_nodelay(true)?;
        socket.set_read_timeout(Some(PATIENCE))?;
        socket.set_write_timeout(Some(PATIENCE))?;
        Ok(Wire {
            stream: Stream::Plain(socket),
            unread: Vec::new(),
        })
    }

    /// The next line with its line end, or what there is of it when the client leaves; nothing
    /// when it left between lines.
    pub fn line(&mut self) -> io::Result<Option<Vec<u8>>> {
        let mut searched = 0;
        loop {
            if let Some(at) = self.unread[searched..]
                .iter()
                .position(|&byte| byte == b'\n')
            {
                return Ok(Some(self.unread.drain(..=searched + at).collect()));
            }
            searched = self.unread.len();
            if self.fill()? == 0 {
                let rest = std::mem::take(&mut self.unread);
                return Ok(if rest.is_empty() { None } else { Some(rest) });
            }
        }
    }

    /// So many bytes, or fewer if the client leaves before.
    pub fn exactly(&mut self, count: usize) -> io::Result<Vec<u8>> {
        while self.unread.len() < count && self.fill()? > 0 {}
        let count = count.min(self.unread.len());
        Ok(self.unread.drain(..count).collect())
    }

    /// Sends all of `bytes` in one write, as far as the system takes them.
    pub fn say(&mut self, bytes: &[u8]) -> io::Result<()> {
        match &mut self.stream {
            Stream::Plain(socket) => socket.write_all(bytes),
            Stream::Tls(tls) => tls.write_all(bytes).and_then(|()| tls.flush()),
            Stream::Gone => Err(io::ErrorKind::NotConnected.into()),
        }
    }

    /// Whether the client has said more than was read.
    pub fn has_unread(&self) -> bool {
        !self.unread.is_empty()
    }

    /// Forgets what the client has said and nobody has read.
    pub fn forget(&mut self) {
        self.unread.clear();
    }

    /// Takes the server's part in a TLS handshake. When it fails the connection is over.
    pub fn secure(&mut self, acceptor: &SslAcceptor) -> Result<(), String> {
        match std::mem::replace(&mut self.stream, Stream::Gone) {
            Stream::Plain(socket) => {
                let tls = acceptor.accept(socket).map_err(|error| error.to_string())?;
                self.stream = Stream::Tls(Box::new(tls));
                Ok(())
            }
            Stream::Tls(_) => Err("TLS is active already".into()),
            Stream::Gone => Err("the connection is closed".into()),
        }
    }

    /// What a login can be bound to, by its type: with TLS 1.3 exported keys, before that the
    /// client's Finished message.
    pub fn binding(&self) -> Option<(&'static str, Vec<u8>)> {
        let Stream::Tls(tls) = &self.stream else {
            return None;
        };
        let ssl = tls.ssl();
        if ssl.version2() == Some(SslVersion::TLS1_3) {
            let mut data = vec![0; 32];
            ssl.export_keying_material(&mut data, "EXPORTER-Channel-Binding", Some(&[]))
                .unwrap();
            return Some(("tls-exporter", data));
        }
        let mut data = vec![0; 64];
        let length = ssl.peer_finished(&mut data);
        data.truncate(length);
        Some(("tls-unique", data))
    }

    /// Says goodbye as a good server does: close_notify, then the end of the stream.
    pub fn close(&mut self) {
        if let Stream::Tls(tls) = &mut self.stream {
            // The client may have left first; that is its right.
            let _ = tls.shutdown();
        }
        self.shutdown(Shutdown::Write);
    }

    /// Hangs up in the middle of it all, without a word of TLS.
    pub fn cut(&mut self) {
        self.shutdown(Shutdown::Both);
        self.stream = Stream::Gone;
    }

    /// Makes the system send RST, which destroys what is still under way.
    pub fn reset(&mut self) {
        if let Some(socket) = self.socket() {
            let linger = Some(Duration::ZERO);
            rustix::net::sockopt::set_socket_linger(socket, linger).unwrap();
        }
        self.stream = Stream::Gone;
    }

    fn shutdown(&self, how: Shutdown) {
        if let Some(socket) = self.socket() {
            let _ = socket.shutdown(how);
        }
    }

    fn socket(&self) -> Option<&TcpStream> {
        match &self.stream {
            Stream::Plain(socket) => Some(socket),
            Stream::Tls(tls) => Some(tls.get_ref()),
            Stream::Gone => None,
        }
    }

    fn fill(&mut self) -> io::Result<usize> {
        let mut chunk = [0; 4096];
        let got = match &mut self.stream {
            Stream::Plain(socket) => socket.read(&mut chunk),
            Stream::Tls(tls) => tls.read(&mut chunk),
            Stream::Gone => Ok(0),
        };
        match got {
            Ok(count) => {
                self.unread.extend_from_slice(&chunk[..count]);
                Ok(count)
            }
            Err(error) if is_silence(&error) => Err(error),
            // A client that was killed resets the connection, or leaves without close_notify.
            Err(_) => Ok(0),
        }
    }
}

/// Whether a read failed only because nothing came in time.
pub fn is_silence(error: &io::Error) -> bool {
    matches!(
        error.kind(),
        io::ErrorKind::WouldBlock | io::ErrorKind::TimedOut
    )
}
