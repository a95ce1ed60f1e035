//! A web server, over HTTPS, with a page at each path that it knows.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpListener;
use std::sync::{Arc, Mutex};
use std::thread;

use super::tls::Certificate;

/// A page: its path, and the whole answer of HTTP behind the version.
type Page = (&'static str, Vec<u8>);

/// A running web server. It ends with the test, or a little later.
pub struct WebServer {
    /// Its port on 127.0.0.1.
    pub port: u16,
    asked: Arc<Mutex<Vec<String>>>,
}

impl WebServer {
    /// Starts one that shows this certificate.
    pub fn start(certificate: Certificate, pages: Vec<Page>) -> WebServer {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let server = WebServer {
            port: listener.local_addr().unwrap().port(),
            asked: Arc::default(),
        };
        let asked = server.asked.clone();
        let acceptor = certificate.acceptor();
        thread::spawn(move || {
            for stream in listener.incoming() {
                // Who does not believe the certificate hangs up.
                let Ok(stream) = acceptor.accept(stream.unwrap()) else {
                    continue;
                };
                let mut stream = BufReader::new(stream);
                let mut lines = stream.by_ref().lines().map_while(Result::ok);
                let Some(request) = lines.next() else {
                    continue;
                };
                let head: Vec<String> = lines.take_while(|line| !line.is_empty()).collect();
                let path = request.split([' ', '?']).nth(1).unwrap_or_default();
                let page = pages.iter().find(|(at, _)| *at == path);
                let none = || b"404 Not Found\r\nContent-Length: 0\r\n\r\n".to_vec();
                let answer = page.map_or_else(none, |(_, answer)| answer.clone());
                asked
                    .lock()
                    .unwrap()
                    .push(format!("{request}\n{}", head.join("\n")));
                let answer = [b"HTTP/1.1 ", &answer[..]].concat();
                // It may have heard enough.
                let _ = stream.get_mut().write_all(&answer);
                let _ = stream.get_mut().shutdown();
            }
        });
        server
    }

    /// The requests that came, with their heads.
    pub fn asked(&self) -> Vec<String> {
        self.asked.lock().unwrap().clone()
    }
}

/// A page with this text.
pub fn page(text: &str) -> Vec<u8> {
    let length = text.len();
    format!("200 OK\r\nContent-Type: text/xml\r\nContent-Length: {length}\r\n\r\n{text}")
        .into_bytes()
}
