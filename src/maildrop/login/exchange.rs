//! A SASL exchange over POP3 (RFC 5034), whatever the mechanism.

use super::Answer;
use crate::error::{Error, Result};
use crate::maildrop::syntax::{Code, Reply, CHALLENGE_LIMIT};
use crate::maildrop::talk::{Shown, Talk};
use crate::net::Spoken;
use crate::sasl::{understood, Mechanism};

/// The longest command with an initial response, with its line end (RFC 5034, section 4).
const COMMAND_LIMIT: usize = 255;
/// Where the reply to a word of the exchange is waited for.
const REPLY: &str = "the answer to AUTH";

/// Whether the server announced a mechanism: only then it takes the first message at once.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Announced {
    /// It did.
    Yes,
    /// It did not.
    No,
}

/// Logs in by a mechanism, given its name.
pub fn auth(
    talk: &mut Talk,
    name: &str,
    by: &mut dyn Mechanism,
    announced: Announced,
) -> Result<Answer> {
    let initial = match announced {
        Announced::Yes => {
            let initial = by.initial();
            initial.and_then(|message| Spoken::initial(name, &message, COMMAND_LIMIT))
        }
        Announced::No => None,
    };
    let mut begun = initial.is_some();
    let first = initial.unwrap_or_else(|| Spoken::open(format!("AUTH {name}")));
    let mut reply = talk.ask(&first, REPLY)?;
    loop {
        let challenge = match reply {
            Reply::Err(code, text) => return refused(talk, by, (code, text), begun),
            Reply::Ok(_) if begun && by.done() => return Ok(Answer::LoggedIn),
            // The server owes a challenge, and with some mechanisms a proof.
            Reply::Ok(_) if begun && by.listens() => return Err(Error::Unproven),
            // Exchange 2003 asks with +OK where it should with a bare plus.
            Reply::Ok(text) | Reply::Challenge(text) => text,
        };
        let answer = match understood(&*by, challenge).and_then(|text| by.respond(&text)) {
            Ok(answer) => answer,
            Err(error) => {
                talk.ask(&Spoken::open("*"), "the end of AUTH")?;
                return Err(talk.veiled(error));
            }
        };
        begun = true;
        talk.0.send(&[Spoken::response(&answer)])?;
        // What answers a proof is as good as the proof to those who guess passwords.
        let shown = match by.committed() {
            true => Shown::Masked,
            false => Shown::Whole,
        };
        reply = talk.reply_shown(CHALLENGE_LIMIT, REPLY, shown)?;
    }
}

/// What a refusal means: what was said within the mechanism tells more than the words of POP3, but
/// less than a code that is about something else than us.
fn refused(
    talk: &Talk,
    by: &mut dyn Mechanism,
    (code, text): (Option<Code>, Vec<u8>),
    begun: bool,
) -> Result<Answer> {
    match (by.verdict(), code) {
        (Some(error), None | Some(Code::Auth)) => Err(talk.veiled(error)),
        _ if begun && by.committed() => Ok(Answer::Refused(code, text)),
        _ => Ok(Answer::Unheard(code, text)),
    }
}

#[cfg(test)]
mod tests {
    use crate::error::{Error, Result};
    use crate::event::{Attention, Event, Events, Stop};
    use crate::maildrop::login::{log_in, Login, Offer};
    use crate::maildrop::syntax::Capabilities;
    use crate::maildrop::talk::Talk;
    use crate::net::{Engine, Outset, Patience, Proof, Route, Security, TlsMode, Transport, Trust};
    use crate::net::{Version, Via, Welcome, Wire};
    use crate::sasl::{Method, Methods};
    use crate::secret::{Credential, Secret};
    use std::collections::VecDeque;
    use std::io::{self, Read, Write};
    use std::sync::{mpsc, Arc, Mutex};
    use std::time::Duration;

    /// A server that says these lines, whatever it hears.
    struct Server {
        lines: VecDeque<&'static str>,
        heard: Arc<Mutex<Vec<u8>>>,
    }

    impl Read for Server {
        fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
            let line = self.lines.pop_front().unwrap_or_default();
            let line = match line {
                "" => String::new(),
                line => format!("{line}\r\n"),
            };
            buffer[..line.len()].copy_from_slice(line.as_bytes());
            Ok(line.len())
        }
    }

    impl Write for Server {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            self.heard.lock().unwrap().extend(bytes);
            Ok(bytes.len())
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    impl Transport for Server {
        fn set_timeout(&mut self, _: Duration) -> io::Result<()> {
            Ok(())
        }
    }

    /// How a login went.
    struct Went {
        outcome: Result<()>,
        said: String,
        shown: String,
    }

    /// Logs ann in with the token `tok-en` at a server that lists `sasl` and says these lines.
    fn shows_token(methods: Methods, sasl: &str, lines: &[&'static str]) -> Went {
        let (sender, receiver) = mpsc::channel();
        let attention = Attention {
            dialogue: true,
            fine: true,
        };
        let events = Events::new(0, sender, attention);
        let heard = Arc::new(Mutex::new(Vec::new()));
        let server = Server {
            lines: lines.iter().copied().collect(),
            heard: Arc::clone(&heard),
        };
        let patience = Patience {
            timeout: Duration::from_secs(5),
            deadline: None,
            stop: Stop::default(),
        };
        let mut capabilities = Capabilities::default();
        capabilities.take(format!("SASL {sasl}").as_bytes());
        let route = Route {
            host: "pop.example.net".into(),
            written: "pop.example.net".into(),
            via: Via::Direct(Outset::default()),
            welcome: Welcome::Anyone,
            port: 995,
            tls: TlsMode::Implicit,
            trust: Trust {
                name: "pop.example.net".into(),
                proof: Proof::Chain(None),
                least: Version::Tls12,
                client: None,
                engine: Engine::Native,
            },
        };
        let offer = Offer {
            route: &route,
            capabilities: &capabilities,
            timestamp: None,
            security: Security::Verified,
            binding: None,
            ticket: false,
        };
        let login = Login {
            user: "ann@example.net".into(),
            methods,
        };
        let mut talk = Talk(Wire::new(Box::new(server), patience, &events));
        let credential = Credential::Token(Secret::new(b"tok-en".to_vec()));
        let outcome = log_in(&mut talk, &login, &credential, &offer);
        let shown = receiver.try_iter().filter_map(|(_, event)| match event {
            Event::Dialogue(_, line) => Some(String::from_utf8(line.bytes().to_vec()).unwrap()),
            _ => None,
        });
        let shown = shown.collect::<Vec<_>>().join("\n");
        let said = String::from_utf8(heard.lock().unwrap().clone()).unwrap();
        for secret in ["tok-en", XOAUTH2, OAUTHBEARER] {
            assert!(!shown.contains(secret), "{shown}");
        }
        Went {
            outcome,
            said,
            shown,
        }
    }

    const XOAUTH2: &str = "dXNlcj1hbm5AZXhhbXBsZS5uZXQBYXV0aD1CZWFyZXIgdG9rLWVuAQE=";
    const OAUTHBEARER: &str = "bixhPWFubkBleGFtcGxlLm5ldCwBaG9zdD1wb3AuZXhhbXBsZS5uZXQBcG9ydD05OTU\
                               BYXV0aD1CZWFyZXIgdG9rLWVuAQE=";
    /// `{"status":"401","schemes":"bearer","scope":"mail"}`
    const REASON: &str = "+ eyJzdGF0dXMiOiI0MDEiLCJzY2hlbWVzIjoiYmVhcmVyIiwic2NvcGUiOiJtYWlsIn0=";

    #[test]
    fn a_token_goes_on_a_line_of_its_own() {
        let went = shows_token(Methods::Auto, "PLAIN XOAUTH2", &["+ ", "+OK"]);
        assert!(went.outcome.is_ok());
        assert_eq!(went.said, format!("AUTH XOAUTH2\r\n{XOAUTH2}\r\n"));
        assert_eq!(went.shown, "AUTH XOAUTH2\n+ \n***\n+OK");
        let went = shows_token(Methods::Auto, "XOAUTH2 OAUTHBEARER", &["+", "+OK"]);
        assert!(went.outcome.is_ok());
        assert_eq!(went.said, format!("AUTH OAUTHBEARER\r\n{OAUTHBEARER}\r\n"));
    }

    #[test]
    fn a_refused_token_is_told_with_its_reason_and_nothing_else_is_tried() {
        for (sasl, said, answer) in [
            ("XOAUTH2 PLAIN", XOAUTH2, ""),
            ("OAUTHBEARER XOAUTH2", OAUTHBEARER, "AQ=="),
        ] {
            let (name, _) = sasl.split_once(' ').unwrap();
            let went = shows_token(Methods::Auto, sasl, &["+ ", REASON, "-ERR [AUTH] no"]);
            let expected = format!("AUTH {name}\r\n{said}\r\n{answer}\r\n");
            assert_eq!(went.said, expected);
            let Err(Error::TokenRefused(words)) = went.outcome else {
                panic!("{}", went.said);
            };
            assert_eq!(words, b"status 401, scope mail");
        }
    }

    #[test]
    fn a_token_refused_without_a_reason_is_a_refused_token() {
        for reply in ["-ERR [AUTH] no", "-ERR no"] {
            let went = shows_token(Methods::Auto, "XOAUTH2 OAUTHBEARER", &["+ ", reply]);
            assert!(matches!(went.outcome, Err(Error::TokenRefused(_))));
        }
        let trouble = ["+ ", REASON, "-ERR [SYS/TEMP] later"];
        let went = shows_token(Methods::Auto, "XOAUTH2", &trouble);
        assert!(matches!(went.outcome, Err(Error::ServerTrouble(_))));
    }

    #[test]
    fn a_reason_that_repeats_the_token_is_not_told_whole() {
        // {"status":"tok-en"}
        let lines = ["+ ", "+ eyJzdGF0dXMiOiJ0b2stZW4ifQ==", "-ERR no"];
        let went = shows_token(Methods::Auto, "XOAUTH2", &lines);
        let words = went.outcome.unwrap_err();
        assert_eq!(words.words(), Some(&b"status ***"[..]));
        assert!(!went.shown.contains("eyJzdGF0"), "{}", went.shown);
    }

    #[test]
    fn a_mechanism_for_tokens_refused_at_once_gives_way_to_the_other() {
        let lines = ["-ERR not now", "+ ", "+OK"];
        let went = shows_token(Methods::Auto, "OAUTHBEARER XOAUTH2 PLAIN", &lines);
        assert!(went.outcome.is_ok());
        assert_eq!(
            went.said,
            format!("AUTH OAUTHBEARER\r\nAUTH XOAUTH2\r\n{XOAUTH2}\r\n")
        );
        let lines = ["-ERR not now", "-ERR nor now"];
        let went = shows_token(Methods::Auto, "OAUTHBEARER XOAUTH2 PLAIN", &lines);
        assert!(matches!(went.outcome, Err(Error::LoginRefused(words)) if words == b"nor now"));
    }

    #[test]
    fn a_token_is_no_password() {
        let went = shows_token(Methods::Auto, "PLAIN SCRAM-SHA-256", &[]);
        assert!(matches!(went.outcome, Err(Error::NoWay(_))) && went.said.is_empty());
        let named = Methods::Named(vec![Method::Plain, Method::UserPass]);
        let went = shows_token(named, "PLAIN", &[]);
        assert!(went.outcome.is_err() && went.said.is_empty());
    }
}
