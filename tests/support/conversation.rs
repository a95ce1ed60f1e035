//! The scripted server: plays the `S:` lines of a conversation and insists on the `C:` lines.
//!
//! For everything a real server would never do, and for saying to the letter what the client must.
//! It knows nothing of POP3. The script runs on a thread of its own; `finish` tells how it went,
//! once the client has left. What differs from the script on either side is a failure: a client
//! that says something else, says more, leaves early, or comes again.

use std::fmt::Write as _;
use std::io;
use std::net::TcpListener;
use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use super::script::{self, Action, Step};
use super::wire::{is_silence, Wire};
use super::{endless, mail, tls};

/// A conversation under way.
pub struct Conversation {
    thread: JoinHandle<Result<(), String>>,
    client_is_gone: Arc<AtomicBool>,
    dialogue: Dialogue,
}

/// What has been said so far, in the notation of the scripts.
#[derive(Clone, Default)]
struct Dialogue(Arc<Mutex<String>>);

impl Conversation {
    /// Plays tests/conversations/NAME.txt to whoever connects to `listener`.
    pub fn play(listener: TcpListener, name: &str) -> Conversation {
        Conversation::play_text(listener, &text_of(name))
    }

    /// Plays a script given as text.
    pub fn play_text(listener: TcpListener, text: &str) -> Conversation {
        let steps = script::parse(text).unwrap_or_else(|error| panic!("conversation: {error}"));
        listener.set_nonblocking(true).unwrap();
        let client_is_gone = Arc::new(AtomicBool::new(false));
        let dialogue = Dialogue::default();
        let mut player = Player {
            listener,
            client_is_gone: Arc::clone(&client_is_gone),
            dialogue: dialogue.clone(),
            wire: None,
            held: None,
            bytewise: false,
            eol: "\r\n",
        };
        let thread = thread::spawn(move || player.play(&steps));
        Conversation {
            thread,
            client_is_gone,
            dialogue,
        }
    }

    /// How it went, to be asked when the client has left; the error tells what was said until
    /// then and what should have come.
    pub fn finish(self) -> Result<(), String> {
        self.client_is_gone.store(true, Ordering::SeqCst);
        let outcome = self
            .thread
            .join()
            .unwrap_or_else(|_| Err("the test server panicked".into()));
        outcome.map_err(|error| format!("{}\n>>> {error}", self.dialogue.text()))
    }

    /// What has been said so far.
    pub fn dialogue(&self) -> String {
        self.dialogue.text()
    }
}

/// The script tests/conversations/NAME.txt.
pub fn text_of(name: &str) -> String {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/conversations");
    let path = folder.join(format!("{name}.txt"));
    std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

struct Player {
    listener: TcpListener,
    client_is_gone: Arc<AtomicBool>,
    dialogue: Dialogue,
    wire: Option<Wire>,
    /// What `! glue` holds back.
    held: Option<Vec<u8>>,
    bytewise: bool,
    eol: &'static str,
}

impl Player {
    fn play(&mut self, steps: &[Step]) -> Result<(), String> {
        self.accept()?;
        let mut rest = steps.iter();
        while let Some(step) = rest.next() {
            let last = match rest.as_slice().first().map(|next| &next.action) {
                None | Some(Action::Again) => Position::Last,
                Some(_) => Position::Within,
            };
            let place = |error| format!("line {} of the script: {error}", step.line);
            self.perform(&step.action, last).map_err(place)?;
        }
        self.part()?;
        self.nobody_comes_again()
    }

    fn perform(&mut self, action: &Action, position: Position) -> Result<(), String> {
        if !matches!(
            action,
            Action::Say(_) | Action::Send(_) | Action::Raw(_) | Action::Glue
        ) {
            self.release()?;
        }
        match action {
            Action::Say(text) => {
                self.dialogue.note("S:", text);
                self.say(format!("{text}{}", self.eol).as_bytes())
            }
            Action::Send(name) => {
                self.dialogue.note("S<", name);
                self.say(&self.body(name))
            }
            Action::Raw(bytes) => {
                self.dialogue.note("! raw", &String::from_utf8_lossy(bytes));
                self.say(bytes)
            }
            Action::Expect(expected) => self.expect(expected),
            Action::Wait(time) => {
                thread::sleep(*time);
                Ok(())
            }
            Action::Bytewise => {
                self.bytewise = true;
                Ok(())
            }
            Action::Lf => {
                self.eol = "\n";
                Ok(())
            }
            Action::Glue => {
                self.held.get_or_insert_with(Vec::new);
                Ok(())
            }
            Action::Tls(certificate) => self.secure(*certificate, position),
            Action::Cut => self.end("! cut", Wire::cut),
            Action::Reset => self.end("! reset", Wire::reset),
            Action::Again => self.part().and_then(|()| self.accept()),
            Action::Silence => self.hear_nothing_more("! silence"),
            Action::Endless(bytes) => {
                self.without_end("! endless", |wire| endless::flood(wire, bytes))
            }
            Action::Drip(pause, bytes) => {
                self.without_end("! drip", |wire| endless::drip(wire, *pause, bytes))
            }
        }
    }

    /// Waits for a connection; gives up when there can be no client any more.
    fn accept(&mut self) -> Result<(), String> {
        let begun = Instant::now();
        loop {
            // Asked before looking: a client that is gone now cannot connect after the look.
            let too_late = self.client_is_gone.load(Ordering::SeqCst);
            match self.listener.accept() {
                Ok((socket, _)) => {
                    self.wire = Some(Wire::new(socket).map_err(|error| error.to_string())?);
                    self.dialogue.note("--", "connected");
                    return Ok(());
                }
                Err(error) if is_silence(&error) => {}
                Err(error) => return Err(error.to_string()),
            }
            if too_late || begun.elapsed() > Duration::from_secs(60) {
                return Err("the client did not connect".into());
            }
            thread::sleep(Duration::from_millis(2));
        }
    }

    fn nobody_comes_again(&mut self) -> Result<(), String> {
        while !self.client_is_gone.load(Ordering::SeqCst) {
            thread::sleep(Duration::from_millis(2));
        }
        match self.listener.accept() {
            Ok(_) => Err("the client connected once more than the script says".into()),
            Err(_) => Ok(()),
        }
    }

    /// What is held back for `! glue` goes out in one write.
    fn release(&mut self) -> Result<(), String> {
        match self.held.take() {
            Some(bytes) => self.say(&bytes),
            None => Ok(()),
        }
    }

    fn say(&mut self, bytes: &[u8]) -> Result<(), String> {
        if let Some(held) = &mut self.held {
            held.extend_from_slice(bytes);
            return Ok(());
        }
        let bytewise = self.bytewise;
        let wire = self.wire()?;
        let said = if bytewise {
            bytes.iter().try_for_each(|byte| wire.say(&[*byte]))
        } else {
            wire.say(bytes)
        };
        said.map_err(|error| format!("the client left while the server spoke ({error})"))
    }

    fn body(&self, name: &str) -> Vec<u8> {
        let message = mail::named(name);
        let lines = if self.eol == "\n" {
            message
        } else {
            mail::with_crlf(&message)
        };
        mail::stuffed(&lines)
    }

    fn expect(&mut self, expected: &str) -> Result<(), String> {
        let Some(line) = self.hear()? else {
            return Err(format!(
                "the client left instead of saying\n    C: {expected}"
            ));
        };
        let text = String::from_utf8_lossy(&line).into_owned();
        self.dialogue
            .note("C:", text.trim_end_matches(['\r', '\n']));
        let Some(said) = text.strip_suffix("\r\n") else {
            return Err(format!("a line without CR LF at its end: {text:?}"));
        };
        if script::fits(expected, said) {
            return Ok(());
        }
        Err(format!(
            "expected\n    C: {expected}\nbut the client said\n    C: {said}"
        ))
    }

    /// A handshake. It may fail where the script has nothing to follow it.
    fn secure(&mut self, certificate: tls::Certificate, position: Position) -> Result<(), String> {
        let wire = self.wire()?;
        if wire.has_unread() {
            return Err("the client said more before the TLS handshake".into());
        }
        let shaken = wire.secure(&certificate.acceptor());
        let outcome = if shaken.is_ok() { "agreed" } else { "failed" };
        self.dialogue.note("! tls", outcome);
        match (shaken, position) {
            (Ok(()), _) => Ok(()),
            (Err(_), Position::Last) => {
                self.wire = None;
                Ok(())
            }
            (Err(error), Position::Within) => Err(format!("the TLS handshake failed: {error}")),
        }
    }

    fn end(&mut self, how: &str, end: fn(&mut Wire)) -> Result<(), String> {
        self.dialogue.note(how, "");
        end(self.wire()?);
        self.wire = None;
        Ok(())
    }

    /// Speaks until the client leaves, as it has to.
    fn without_end(
        &mut self,
        mark: &str,
        speak: impl FnOnce(&mut Wire) -> Result<(), String>,
    ) -> Result<(), String> {
        self.dialogue.note(mark, "");
        speak(self.wire()?)?;
        self.wire = None;
        Ok(())
    }

    /// The script has no more for this connection; neither may the client have.
    fn part(&mut self) -> Result<(), String> {
        self.release()?;
        self.bytewise = false;
        self.eol = "\r\n";
        match &mut self.wire {
            None => Ok(()),
            Some(wire) => {
                wire.close();
                self.hear_nothing_more("-- closed")
            }
        }
    }

    fn hear_nothing_more(&mut self, mark: &str) -> Result<(), String> {
        self.dialogue.note(mark, "");
        let more = self.hear()?;
        self.wire = None;
        match more {
            None => Ok(()),
            Some(line) => {
                let line = String::from_utf8_lossy(&line).into_owned();
                Err(format!(
                    "the script is over, but the client said\n    C: {}",
                    line.trim_end()
                ))
            }
        }
    }

    fn hear(&mut self) -> Result<Option<Vec<u8>>, String> {
        let heard: io::Result<_> = self.wire()?.line();
        heard.map_err(|error| format!("the client neither spoke nor left ({error})"))
    }

    fn wire(&mut self) -> Result<&mut Wire, String> {
        self.wire
            .as_mut()
            .ok_or("the script goes on after the end of the connection".into())
    }
}

/// Where in a connection's script a step stands.
#[derive(Clone, Copy)]
enum Position {
    Within,
    Last,
}

impl Dialogue {
    fn note(&self, mark: &str, text: &str) {
        let mut all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        // Writing to a String cannot fail.
        let _ = writeln!(all, "{mark} {}", text.escape_debug());
    }

    fn text(&self) -> String {
        self.0
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clone()
    }
}
