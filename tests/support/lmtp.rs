//! A server that takes mail by LMTP and keeps it in memory, to RFC 2033: for runs that are struck.
//! What an odd one says is for conversations.

use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;

use super::wire::Wire;

/// Mail that arrived, with LF line ends.
type Mail = Arc<Mutex<Vec<Vec<u8>>>>;

/// A server that runs until the test ends.
#[derive(Clone)]
pub struct LmtpServer {
    port: u16,
    mail: Mail,
}

impl LmtpServer {
    /// Starts one.
    pub fn start() -> LmtpServer {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = listener.local_addr().unwrap().port();
        let mail = Mail::default();
        let kept = Arc::clone(&mail);
        thread::spawn(move || {
            for socket in listener.incoming().flatten() {
                let mail = Arc::clone(&kept);
                thread::spawn(move || serve(socket, &mail));
            }
        });
        LmtpServer { port, mail }
    }

    /// Where it listens.
    pub fn address(&self) -> String {
        format!("127.0.0.1:{}", self.port)
    }

    /// What has arrived, once for each recipient.
    pub fn arrived(&self) -> Vec<Vec<u8>> {
        let mail = self.mail.lock().unwrap_or_else(PoisonError::into_inner);
        mail.clone()
    }
}

/// Talks with a client until it leaves, whether or not it says goodbye.
fn serve(socket: TcpStream, mail: &Mail) {
    let Ok(mut wire) = Wire::new(socket) else {
        return;
    };
    let mut recipients = 0;
    let mut answer = "220 ready\r\n".to_owned();
    while wire.say(answer.as_bytes()).is_ok() {
        let Ok(Some(line)) = wire.line() else { return };
        let line = String::from_utf8_lossy(&line).to_ascii_uppercase();
        answer = match line.split([' ', '\r', '\n']).next().unwrap_or_default() {
            "LHLO" => "250-here\r\n250-PIPELINING\r\n250 8BITMIME\r\n".into(),
            "DATA" if recipients > 0 => {
                if wire.say(b"354 go\r\n").is_err() {
                    return;
                }
                let Some(message) = message(&mut wire) else {
                    return;
                };
                let mut mail = mail.lock().unwrap_or_else(PoisonError::into_inner);
                mail.extend(vec![message; recipients]);
                "250 kept\r\n".repeat(std::mem::take(&mut recipients))
            }
            "RCPT" => {
                recipients += 1;
                "250 yes\r\n".into()
            }
            "MAIL" | "RSET" => {
                recipients = 0;
                "250 yes\r\n".into()
            }
            "QUIT" => {
                let _ = wire.say(b"221 bye\r\n");
                return;
            }
            _ => "503 not now\r\n".into(),
        };
    }
}

/// A message up to its dot; nothing if the client leaves before that.
fn message(wire: &mut Wire) -> Option<Vec<u8>> {
    let mut message = Vec::new();
    loop {
        let line = wire.line().ok()??;
        let text = line.strip_suffix(b"\r\n")?;
        if text == b"." {
            return Some(message);
        }
        message.extend_from_slice(text.strip_prefix(b".").unwrap_or(text));
        message.push(b'\n');
    }
}
