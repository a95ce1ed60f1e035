//! The end of the way back from a browser: a port of this machine, open for as long as somebody signs
//! in (RFC 8252, section 7.3). The one request that answers ours gets a small page; everything else that
//! knocks, gets nothing out of us and holds nobody up.

use super::code::{Brought, Request};
use crate::error::{Error, Result};
use crate::net::Patience;
use std::io::{self, ErrorKind, Read, Write};
use std::net::{Ipv4Addr, TcpListener, TcpStream};
use std::time::{Duration, Instant};

/// How long somebody has to sign in.
const LONGEST: Duration = Duration::from_secs(10 * 60);
/// How long a browser may take to say what it wants; those that only open a line say nothing.
const PATIENCE: Duration = Duration::from_secs(5);
/// How many may be about to say it.
const GUESTS: usize = 16;
/// The longest request.
const MOST: usize = 16 * 1024;
/// How often is looked whether there is something new.
const MOMENT: Duration = Duration::from_millis(20);

/// The port.
pub struct Loopback {
    listener: TcpListener,
    port: u16,
}

/// Somebody who has not said yet what it wants.
struct Guest {
    stream: TcpStream,
    since: Instant,
    said: Vec<u8>,
}

impl Loopback {
    /// Opens a port that nobody else has, for this machine alone.
    pub fn open() -> Result<Self> {
        let opened = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).and_then(|listener| {
            listener.set_nonblocking(true)?;
            let port = listener.local_addr()?.port();
            Ok(Self { listener, port })
        });
        let doing = "open a port for the browser to come back to";
        opened.map_err(|why| Error::System { doing, why })
    }

    pub fn port(&self) -> u16 {
        self.port
    }

    /// Waits for the answer to this request.
    pub fn wait(self, request: &Request, patience: &Patience) -> Result<Brought> {
        let until = Instant::now() + LONGEST;
        let mut guests: Vec<Guest> = Vec::new();
        loop {
            if patience.stop.signal().is_some() {
                return Err(Error::Interrupted);
            }
            if Instant::now() >= until {
                return Err(Error::SignInLate);
            }
            while guests.len() < GUESTS {
                let Ok((stream, _)) = self.listener.accept() else {
                    break;
                };
                guests.extend(Guest::new(stream));
            }
            let mut left = Vec::new();
            for mut guest in guests {
                match guest.hear() {
                    Heard::More => left.push(guest),
                    Heard::Nothing => {}
                    Heard::Head => {
                        if let Some(answered) = guest.serve(request) {
                            return answered;
                        }
                    }
                }
            }
            guests = left;
            std::thread::sleep(MOMENT);
        }
    }
}

/// What came of listening to a guest.
enum Heard {
    /// It may say more.
    More,
    /// It has said what it wants.
    Head,
    /// Nothing will come of it.
    Nothing,
}

impl Guest {
    fn new(stream: TcpStream) -> Option<Self> {
        stream.set_nonblocking(true).ok()?;
        Some(Self {
            stream,
            since: Instant::now(),
            said: Vec::new(),
        })
    }

    fn hear(&mut self) -> Heard {
        let mut piece = [0; 4096];
        match self.stream.read(&mut piece) {
            Ok(0) => return Heard::Nothing,
            Ok(read) => self.said.extend_from_slice(&piece[..read]),
            Err(why) if is_nothing_new(&why) => {}
            Err(_) => return Heard::Nothing,
        }
        if memchr::memmem::find(&self.said, b"\r\n\r\n").is_some() {
            return Heard::Head;
        }
        match self.said.len() >= MOST || self.since.elapsed() >= PATIENCE {
            true => Heard::Nothing,
            false => Heard::More,
        }
    }

    /// Answers it; gives what it brought, if it is the one that was waited for.
    fn serve(mut self, request: &Request) -> Option<Result<Brought>> {
        let answered = query(&self.said).and_then(|query| request.answered(query));
        let (status, text) = match &answered {
            Some(Ok(_)) => (
                "200 OK",
                "Signed in. You can close this page; popget goes on.",
            ),
            Some(Err(_)) => (
                "200 OK",
                "Not signed in. You can close this page; popget says why.",
            ),
            None => ("404 Not Found", "There is nothing here."),
        };
        // The page says nothing of what came, so there is nothing to escape, and nothing to be kept.
        let page = format!(
            "HTTP/1.1 {status}\r\nContent-Type: text/plain; charset=utf-8\r\nContent-Length: {}\r\n\
             Cache-Control: no-store\r\nReferrer-Policy: no-referrer\r\n\
             X-Content-Type-Options: nosniff\r\nConnection: close\r\n\r\n{text}\n",
            text.len() + 1
        );
        // Whoever does not take it will not be waited for; it fits into any buffer.
        let _ = self.stream.write_all(page.as_bytes());
        let _ = self.stream.shutdown(std::net::Shutdown::Write);
        answered
    }
}

impl Drop for Guest {
    /// What was said may hold a code.
    fn drop(&mut self) {
        zeroize::Zeroize::zeroize(&mut self.said);
    }
}

fn is_nothing_new(why: &io::Error) -> bool {
    matches!(why.kind(), ErrorKind::WouldBlock | ErrorKind::Interrupted)
}

/// The query of a request for the page that browsers are sent to.
pub fn query(said: &[u8]) -> Option<&str> {
    let line = said.split(|byte| *byte == b'\r').next()?;
    let mut words = std::str::from_utf8(line).ok()?.split(' ');
    let (method, target, version) = (words.next()?, words.next()?, words.next()?);
    let known = method == "GET" && version.starts_with("HTTP/1.") && words.next().is_none();
    let target = target.strip_prefix('/')?.strip_prefix('?')?;
    known.then_some(target)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_request_for_the_page_itself_is_looked_at() {
        let found = |line: &str| {
            let said = format!("{line}\r\nHost: 127.0.0.1\r\n\r\n");
            query(said.as_bytes()).map(str::to_owned)
        };
        assert_eq!(found("GET /?a=b HTTP/1.1").as_deref(), Some("a=b"));
        for other in [
            "GET / HTTP/1.1",
            "GET /favicon.ico?a=b HTTP/1.1",
            "POST /?a=b HTTP/1.1",
            "GET http://127.0.0.1/?a=b HTTP/1.1",
            "GET /?a=b",
            "GET /?a=b HTTP/2",
            "GET /?a=b c HTTP/1.1",
            "",
        ] {
            assert_eq!(found(other), None, "{other}");
        }
    }
}
