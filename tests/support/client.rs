//! A bare client: says what it is told, over a socket, so that no fault of popget's can hide one
//! of the servers'.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;

use native_tls::{TlsConnector, TlsStream};

use super::{mail, tls};

/// A client that says what it is told.
pub struct Client<S>(pub BufReader<S>);

/// Connects to a port of this machine.
pub fn connect(port: u16) -> Client<TcpStream> {
    Client(BufReader::new(
        TcpStream::connect(("127.0.0.1", port)).unwrap(),
    ))
}

impl<S: Read + Write> Client<S> {
    /// The next line with its end; empty at the end of the connection.
    pub fn line(&mut self) -> String {
        let mut line = Vec::new();
        self.0.read_until(b'\n', &mut line).unwrap();
        String::from_utf8_lossy(&line).into_owned()
    }

    /// Says a command; gives the first line of the reply.
    pub fn ask(&mut self, command: &str) -> String {
        self.0
            .get_mut()
            .write_all(format!("{command}\r\n").as_bytes())
            .unwrap();
        self.line()
    }

    /// A reply of many lines as it travels, without its first line and its dot.
    pub fn ask_many(&mut self, command: &str) -> Vec<u8> {
        assert!(self.ask(command).starts_with("+OK"));
        let mut body = Vec::new();
        while !(body == b".\r\n" || body.ends_with(b"\r\n.\r\n")) {
            assert_ne!(self.0.read_until(b'\n', &mut body).unwrap(), 0, "cut");
        }
        body.truncate(body.len() - 3);
        body
    }

    /// Logs in as the usual user.
    pub fn log_in(mut self) -> Client<S> {
        assert!(self.line().starts_with("+OK"));
        assert_eq!(self.ask("USER alice"), "+OK\r\n");
        assert_eq!(self.ask("PASS open-sesame"), "+OK welcome\r\n");
        self
    }
}

/// Starts TLS, trusting the tests' authority and nobody else.
pub fn handshake(
    client: Client<TcpStream>,
) -> Result<Client<TlsStream<TcpStream>>, native_tls::HandshakeError<TcpStream>> {
    let ca = native_tls::Certificate::from_pem(&tls::ca_pem()).unwrap();
    let connector = TlsConnector::builder()
        .add_root_certificate(ca)
        .build()
        .unwrap();
    let secured = connector.connect("127.0.0.1", client.0.into_inner())?;
    Ok(Client(BufReader::new(secured)))
}

/// A message as it travels, without the dot that ends it.
pub fn as_retrieved(message: &[u8]) -> Vec<u8> {
    mail::stuffed(&mail::with_crlf(message))
}
