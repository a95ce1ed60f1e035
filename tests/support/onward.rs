//! A conversation with the server that mail is handed on to, beside the one with the maildrop's.

use std::net::TcpListener;
use std::thread;
use std::time::{Duration, Instant};

use super::conversation::{text_of, Conversation};
use super::server::PopServer;

/// What alpha.eml says, as the client is to say it.
pub const ALPHA: &str = "C: From: Ann <ann@example.org>\nC: To: alice@example.org\n\
                         C: Subject: alpha\nC:\nC: The first of three.\n";
/// The same of beta.eml.
pub const BETA: &str = "C: From: Ann <ann@example.org>\nC: To: alice@example.org\n\
                        C: Subject: beta\nC:\nC: The second of three.\n";
/// The end of a session.
pub const BYE: &str = "C: QUIT\nS: 221 Bye\n";

/// A server with these messages.
pub fn with_mail(messages: &[&str]) -> PopServer {
    let server = PopServer::start();
    for name in messages {
        server.maildrop().add_named(name, name);
    }
    server
}

/// A server that plays a script to whoever hands mail on to it.
pub struct Onward {
    port: u16,
    conversation: Conversation,
}

impl Onward {
    /// Plays tests/conversations/NAME.txt.
    pub fn plays(name: &str) -> Onward {
        Onward::plays_text(&text_of(name))
    }

    /// Plays a script given as text.
    pub fn plays_text(script: &str) -> Onward {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = listener.local_addr().unwrap().port();
        let conversation = Conversation::play_text(listener, script);
        Onward { port, conversation }
    }

    /// Where it listens.
    pub fn address(&self) -> String {
        format!("127.0.0.1:{}", self.port)
    }

    /// Waits until this was said.
    #[track_caller]
    pub fn waits_for(&self, said: &str) {
        let begun = Instant::now();
        while !self.conversation.dialogue().contains(said) {
            let late = begun.elapsed() > Duration::from_secs(30);
            assert!(
                !late,
                "{said} was not said:\n{}",
                self.conversation.dialogue()
            );
            thread::sleep(Duration::from_millis(5));
        }
    }

    /// The client has left; all must have been said as the script has it.
    #[track_caller]
    pub fn finish(self) {
        if let Err(error) = self.conversation.finish() {
            panic!("{error}");
        }
    }
}
