//! `PopServer`: a real POP3 server inside the test, on a port of its own of 127.0.0.1.
//!
//! It keeps mail in memory and follows RFC 1939 to the letter where a test could lean on it: what
//! is deleted goes at QUIT and never before, an open session locks the maildrop, commands sent
//! ahead are answered in order. What a session says is in session.rs; here is what a server is
//! told to be, and what it tells the test afterwards. A scripted server for everything a real one
//! would never do is in conversation.rs.

use std::net::{TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::Duration;

use openssl::ssl::SslAcceptor;
use rustix::net::sockopt::{set_socket_recv_buffer_size, set_socket_send_buffer_size};

use super::guest::Guest;
use super::maildrop::Maildrop;
use super::pop1::Lump;
use super::proof::Deceit;
use super::session;
use super::speech::Manner;
use super::tls::Certificate;

/// The user a server knows when it was told of none.
pub const USER: &str = "alice";
/// That user's password: a word no honest output contains, so that a leak shows.
pub const PASSWORD: &str = "open-sesame";

/// A running server; clones are handles on the same one, and it stops with the last of them.
#[derive(Clone)]
pub struct PopServer(Arc<Owner>);

/// How connections are protected.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Security {
    /// Not at all.
    None,
    /// By STLS, without which no one may log in.
    StartTls(Certificate),
    /// From the first octet.
    Implicit(Certificate),
}

/// What a server speaks.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Language {
    /// POP3.
    #[default]
    Pop3,
    /// POP2.
    Pop2,
    /// POP1.
    Pop1,
}

/// What a server does with a command instead of obeying.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Answer {
    /// Says this line, and does nothing.
    Say(String),
    /// Hangs up, and does nothing.
    HangUp,
    /// Obeys, but hangs up before the reply leaves.
    ObeyAndHangUp,
}

/// A moment in the dialogue at which a hook is called.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Moment {
    /// A command came and nothing was done about it yet.
    Received,
    /// Half of a message's body has been sent.
    Halfway,
    /// The reply has been sent.
    Answered,
}

/// What a hook is told.
pub struct Exchange<'a> {
    /// Counts the moments since the hook was set, from 1, over all sessions.
    pub number: usize,
    /// Which moment it is.
    pub moment: Moment,
    /// The command line, without its line end.
    pub command: &'a str,
}

/// Called at every moment of every exchange, on the server's thread.
pub type Hook = Arc<dyn Fn(&Exchange) + Send + Sync>;

/// What a server is to be.
pub struct Builder {
    security: Security,
    pub(super) traits: Traits,
    users: Vec<(String, String, Maildrop)>,
    answers: Vec<(String, Answer)>,
}

/// Who says whether a token is good.
pub(super) type Judge = Arc<dyn Fn(&str) -> bool + Send + Sync>;

/// What a server says of itself and what it lacks.
#[derive(Clone)]
pub(super) struct Traits {
    /// What it speaks.
    pub language: Language,
    /// How it gives all messages in one, where it does.
    pub lump: Lump,
    /// Its folders besides the users' own.
    pub folders: Vec<(String, Maildrop)>,
    /// Its first line, when it is not the usual one.
    pub greeting: Option<String>,
    /// Lines added to CAPA.
    pub capabilities: Vec<String>,
    /// Commands and capabilities it does not know.
    pub lacks: Vec<String>,
    /// The mechanisms of AUTH, in capitals.
    pub mechanisms: Vec<String>,
    /// The tokens that are good, each with its user.
    pub tokens: Vec<(String, String)>,
    /// Who says that tokens are good.
    pub judge: Option<Judge>,
    /// Who the client has shown to be, outside of POP3.
    pub external: Option<String>,
    /// What it does wrong to prove itself.
    pub deceit: Option<Deceit>,
    /// It throws away what is sent before it has answered.
    pub forgetful: bool,
    /// Its buffers for what it hears and says are as small as can be.
    pub cramped: bool,
    /// It offers to bind logins, but to other data than the client has.
    pub binds_otherwise: bool,
}

impl Default for Traits {
    fn default() -> Traits {
        Traits {
            language: Language::Pop3,
            folders: Vec::new(),
            lump: Lump::Mbox,
            greeting: None,
            capabilities: Vec::new(),
            lacks: Vec::new(),
            mechanisms: vec!["PLAIN".into(), "LOGIN".into()],
            tokens: Vec::new(),
            judge: None,
            external: None,
            deceit: None,
            forgetful: false,
            cramped: false,
            binds_otherwise: false,
        }
    }
}

/// What the threads of a server share.
pub(super) struct Shared {
    pub security: Security,
    pub acceptor: Option<SslAcceptor>,
    pub traits: Traits,
    pub users: Vec<(String, String, Maildrop)>,
    pub changed: Condvar,
    state: Mutex<State>,
    stopping: AtomicBool,
}

/// What changes while a server runs.
#[derive(Default)]
pub(super) struct State {
    pub sessions: Vec<Vec<String>>,
    pub complaints: Vec<String>,
    pub answers: Vec<(String, Answer)>,
    pub logins: usize,
    pub open: usize,
    pub hook: Option<Hook>,
    pub exchanges: usize,
    pub manner: Manner,
    pub line_ends: Vec<usize>,
    pub greetings: Vec<String>,
}

struct Owner {
    shared: Arc<Shared>,
    port: u16,
}

impl PopServer {
    /// The plainest server: no TLS, user `alice`, password [`PASSWORD`], every command known.
    pub fn start() -> PopServer {
        PopServer::builder().start()
    }

    /// The plainest server, with so many of three letters: alpha, beta and gamma under the UIDs a, b and c.
    pub fn holding(count: usize) -> PopServer {
        let server = PopServer::start();
        let letters = [("a", "alpha.eml"), ("b", "beta.eml"), ("c", "gamma.eml")];
        for (uid, name) in &letters[..count] {
            server.maildrop().add_named(uid, name);
        }
        server
    }

    /// A server still to be described.
    pub fn builder() -> Builder {
        Builder {
            security: Security::None,
            traits: Traits::default(),
            users: Vec::new(),
            answers: Vec::new(),
        }
    }

    /// The port of 127.0.0.1 it listens on.
    pub fn port(&self) -> u16 {
        self.0.port
    }

    /// What it speaks.
    pub fn language(&self) -> Language {
        self.0.shared.traits.language
    }

    /// How its connections are protected.
    pub fn security(&self) -> Security {
        self.0.shared.security
    }

    /// The mail of the first user.
    pub fn maildrop(&self) -> Maildrop {
        self.0.shared.users[0].2.clone()
    }

    /// The mail of this user.
    pub fn maildrop_of(&self, user: &str) -> Maildrop {
        let known = self.0.shared.users.iter().find(|(name, _, _)| name == user);
        known
            .unwrap_or_else(|| panic!("the server knows no user {user}"))
            .2
            .clone()
    }

    /// The mail of a folder.
    pub fn folder(&self, name: &str) -> Maildrop {
        self.0.shared.folder(name).unwrap()
    }

    /// From now on answers commands that begin with `command` in its own way.
    pub fn answer(&self, command: &str, answer: Answer) -> &PopServer {
        self.0
            .shared
            .state()
            .answers
            .push((command.to_owned(), answer));
        self
    }

    /// Forgets all that `answer` said.
    pub fn behave(&self) -> &PopServer {
        self.0.shared.state().answers.clear();
        self
    }

    /// Speaks like this from now on.
    pub fn speaks(&self, manner: Manner) -> &PopServer {
        self.0.shared.state().manner = manner;
        self
    }

    /// Greets the next client with this line.
    pub fn greets(&self, line: &str) -> &PopServer {
        self.0.shared.state().greetings.push(line.to_owned());
        self
    }

    /// Whether it has broken off, if it was to.
    pub fn broke_off(&self) -> bool {
        self.0.shared.state().manner == Manner::Plain
    }

    /// Behind how many octets of a session its lines ended, of all sessions one after the other.
    pub fn line_ends(&self) -> Vec<usize> {
        self.0.shared.state().line_ends.clone()
    }

    /// Calls `hook` at every moment of every exchange from now on, counting from 1.
    pub fn hook(&self, hook: impl Fn(&Exchange) + Send + Sync + 'static) -> &PopServer {
        let mut state = self.0.shared.state();
        state.hook = Some(Arc::new(hook));
        state.exchanges = 0;
        drop(state);
        self
    }

    /// Calls no hook any more; tells how many moments the last one was called for.
    pub fn unhook(&self) -> usize {
        let mut state = self.0.shared.state();
        state.hook = None;
        std::mem::take(&mut state.exchanges)
    }

    /// How often someone logged in.
    pub fn logins(&self) -> usize {
        self.0.shared.state().logins
    }

    /// The commands of each session, in the order they were received.
    pub fn sessions(&self) -> Vec<Vec<String>> {
        let command = |entry: &String| entry.strip_prefix("C: ").map(str::to_owned);
        let of_one = |session: &Vec<String>| session.iter().filter_map(command).collect();
        self.0.shared.state().sessions.iter().map(of_one).collect()
    }

    /// The commands of all sessions that begin with this word.
    pub fn commands(&self, keyword: &str) -> Vec<String> {
        let mut commands = self.sessions().concat();
        commands.retain(|command| command.split(' ').next() == Some(keyword));
        commands
    }

    /// What was said, both sides, bodies left out.
    pub fn dialogue(&self) -> String {
        let mut text = String::new();
        for (index, session) in self.0.shared.state().sessions.iter().enumerate() {
            text += &format!("session {}:\n  {}\n", index + 1, session.join("\n  "));
        }
        text
    }

    /// What the client did that no client may, whatever the server said about it.
    pub fn complaints(&self) -> Vec<String> {
        self.0.shared.state().complaints.clone()
    }

    /// How many sessions are open.
    pub fn open(&self) -> usize {
        self.0.shared.state().open
    }

    /// Waits until at most so many sessions are open: a client that died is noticed a little
    /// later, and until then its maildrop is locked.
    pub fn settle(&self, open: usize) {
        let shared = &self.0.shared;
        let long = Duration::from_secs(20);
        let busy = |state: &mut State| state.open > open;
        let (state, waited) = shared
            .changed
            .wait_timeout_while(shared.state(), long, busy)
            .unwrap_or_else(PoisonError::into_inner);
        drop(state);
        assert!(
            !waited.timed_out(),
            "a session is still open:\n{}",
            self.dialogue()
        );
    }
}

impl Builder {
    /// Knows this user; the first one named takes the place of `alice`.
    pub fn user(mut self, name: &str, password: &str) -> Builder {
        self.users
            .push((name.to_owned(), password.to_owned(), Maildrop::default()));
        self
    }

    /// Knows whom another server knows, and has the same mail.
    pub fn sharing(mut self, other: &PopServer) -> Builder {
        self.users = other.0.shared.users.clone();
        self
    }

    /// Speaks this.
    pub fn speaking(mut self, language: Language) -> Builder {
        self.traits.language = language;
        self
    }

    /// Gives all messages in one like this.
    pub fn lump(mut self, lump: Lump) -> Builder {
        self.traits.lump = lump;
        self
    }

    /// Has this folder besides the users' own.
    pub fn folder(mut self, name: &str) -> Builder {
        self.traits
            .folders
            .push((name.to_owned(), Maildrop::default()));
        self
    }

    /// Protects its connections like this.
    pub fn security(mut self, security: Security) -> Builder {
        self.security = security;
        self
    }

    /// Greets with this line.
    pub fn greeting(mut self, line: &str) -> Builder {
        self.traits.greeting = Some(line.to_owned());
        self
    }

    /// Adds a line to CAPA.
    pub fn capability(mut self, line: &str) -> Builder {
        self.traits.capabilities.push(line.to_owned());
        self
    }

    /// Does not know this command (UIDL, CAPA, TOP, APOP …) or capability (PIPELINING, SASL …).
    pub fn without(mut self, keyword: &str) -> Builder {
        self.traits.lacks.push(keyword.to_owned());
        self
    }

    /// Throws away what is sent before it has answered, whatever it says of pipelining.
    pub fn forgetful(mut self) -> Builder {
        self.traits.forgetful = true;
        self
    }

    /// Has as little room for what it hears and says as can be.
    pub fn cramped(mut self) -> Builder {
        self.traits.cramped = true;
        self
    }

    /// Answers commands that begin with `command` in its own way, from the start.
    pub fn answer(mut self, command: &str, answer: Answer) -> Builder {
        self.answers.push((command.to_owned(), answer));
        self
    }

    /// Starts the server.
    pub fn start(mut self) -> PopServer {
        if self.users.is_empty() {
            self = self.user(USER, PASSWORD);
        }
        let acceptor = match self.security {
            Security::None => None,
            Security::StartTls(shown) | Security::Implicit(shown) => Some(shown.acceptor()),
        };
        let shared = Arc::new(Shared {
            security: self.security,
            acceptor,
            traits: self.traits,
            users: self.users,
            state: Mutex::new(State {
                answers: self.answers,
                ..State::default()
            }),
            changed: Condvar::new(),
            stopping: AtomicBool::new(false),
        });
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        if shared.traits.cramped {
            // The sockets of its connections take after it.
            set_socket_recv_buffer_size(&listener, 1).unwrap();
            set_socket_send_buffer_size(&listener, 1).unwrap();
        }
        let port = listener.local_addr().unwrap().port();
        let serving = Arc::clone(&shared);
        thread::spawn(move || serve(&listener, &serving));
        PopServer(Arc::new(Owner { shared, port }))
    }
}

fn serve(listener: &TcpListener, shared: &Arc<Shared>) {
    for socket in listener.incoming() {
        if shared.stopping.load(Ordering::SeqCst) {
            return;
        }
        // A client may be dead before it is accepted; the next one need not suffer.
        let Ok(socket) = socket else { continue };
        let guest = Guest::welcome(shared);
        thread::spawn(move || session::run(socket, &guest));
    }
}

impl Drop for Owner {
    fn drop(&mut self) {
        self.shared.stopping.store(true, Ordering::SeqCst);
        // Wakes the accepting thread, which then looks at the flag.
        let _ = TcpStream::connect(("127.0.0.1", self.port));
    }
}

impl Shared {
    /// The folder of this name.
    pub fn folder(&self, name: &str) -> Option<Maildrop> {
        let mut folders = self.traits.folders.iter();
        let folder = folders.find(|(known, _)| known == name);
        folder.map(|(_, folder)| folder.clone())
    }

    /// The state, whatever a thread that held it has died of.
    pub fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
