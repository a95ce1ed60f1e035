//! `Scene`: one account, one server, one run of the real binary, and what must come of it.
//!
//! A scene is strict: what is not expected must not happen. Without a word to the contrary the
//! account is `work`, user `alice`, no TLS, and the mail goes to the Maildir ~/Mail. Whatever
//! fails says everything there is to know: see outcome.rs.

use std::net::TcpListener;
use std::path::PathBuf;
use std::process::Command;
use std::sync::Arc;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use super::conversation::Conversation;
use super::memory::{self, Seen};
use super::outcome::Outcome;
use super::process::{self, Running, Victim};
use super::server::{Language, PopServer, Security, PASSWORD, USER};
use super::world::World;

/// The account of a scene.
pub const ACCOUNT: &str = "work";

/// Everything a run needs, and the folder it leaves its traces in.
pub struct Scene {
    world: Arc<World>,
    peer: Peer,
    script: Option<String>,
    keys: Vec<(String, String)>,
    config: Option<String>,
    arguments: Vec<String>,
    input: Option<Vec<u8>>,
    environment: Vec<(String, String)>,
    wrapper: Vec<String>,
    seen: Vec<Seen>,
    victim: Victim,
}

/// Who answers the client.
enum Peer {
    /// A port that takes connections for the next conversation.
    Script(TcpListener),
    /// The embedded server.
    Server(PopServer),
    /// Something else on this port, or nothing at all.
    Port(u16),
}

/// A run that has begun.
pub struct Begun<'a> {
    scene: &'a Scene,
    running: Running,
    conversation: Option<Conversation>,
    command: String,
    mail_before: Vec<String>,
    open_before: usize,
}

impl Scene {
    /// A scene in which nobody answers yet: the client had better not connect.
    pub fn new() -> Scene {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let scene = Scene {
            world: Arc::new(World::new(PASSWORD)),
            peer: Peer::Script(listener),
            script: None,
            keys: Vec::new(),
            config: None,
            arguments: Vec::new(),
            input: None,
            environment: Vec::new(),
            wrapper: Vec::new(),
            seen: Vec::new(),
            victim: Victim::default(),
        };
        scene
            .key("server", "127.0.0.1")
            .key("port", "{port}")
            .key("tls", "none")
            .key("user", USER)
            .key("password_file", "~/password")
            .key("auth", "[user-pass]")
            .key("timeout", "10s")
            .key("retry", "0")
            .deliver("maildir: ~/Mail")
            .key("complain_after", "0s")
    }

    /// A scene with the embedded server; how to reach it follows from how it protects itself.
    pub fn with_server(server: &PopServer) -> Scene {
        let mut scene = Scene::new();
        scene.peer = Peer::Server(server.clone());
        scene = match server.language() {
            Language::Pop3 => scene,
            Language::Pop2 => scene.key("protocol", "pop2"),
            Language::Pop1 => scene.key("protocol", "pop1"),
        };
        match server.security() {
            Security::None => scene,
            Security::StartTls(_) => scene.tls("starttls"),
            Security::Implicit(_) => scene.tls("implicit"),
        }
    }

    /// The same in a world where syncs cost nothing; to be said before the world is furnished.
    pub fn in_memory(mut self) -> Scene {
        self.world = Arc::new(World::in_memory(PASSWORD));
        self
    }

    /// A scene with something else that listens on this port, or with nothing there.
    pub fn at_port(port: u16) -> Scene {
        let mut scene = Scene::new();
        scene.peer = Peer::Port(port);
        scene
    }

    /// Plays tests/conversations/NAME.txt to the next run.
    pub fn conversation(mut self, name: &str) -> Scene {
        self.script = Some(super::conversation::text_of(name));
        self
    }

    /// Plays this script to the next run.
    pub fn conversation_text(mut self, text: &str) -> Scene {
        self.script = Some(text.to_owned());
        self
    }

    /// Protects the connection: `implicit` or `starttls`, trusting the tests' authority, and
    /// leaving the login to popget.
    pub fn tls(self, how: &str) -> Scene {
        self.key("tls", how)
            .key("tls_ca_file", "~/ca.pem")
            .without_key("auth")
    }

    /// Sets a key of the account, replacing what was there. A value of several lines is a block.
    pub fn key(mut self, name: &str, value: &str) -> Scene {
        match self.keys.iter_mut().find(|(known, _)| known == name) {
            Some((_, old)) => *old = value.to_owned(),
            None => self.keys.push((name.to_owned(), value.to_owned())),
        }
        self
    }

    /// Leaves a key of the account away.
    pub fn without_key(mut self, name: &str) -> Scene {
        self.keys.retain(|(known, _)| known != name);
        self
    }

    /// Delivers elsewhere: the YAML below `deliver:`.
    pub fn deliver(self, yaml: &str) -> Scene {
        self.key("deliver", &format!("{yaml}\n"))
    }

    /// Uses this configuration as it stands, but for {port} and {home}.
    pub fn config(mut self, text: &str) -> Scene {
        self.config = Some(text.to_owned());
        self
    }

    /// Adds arguments to the command line of every run.
    pub fn args(mut self, arguments: &[&str]) -> Scene {
        self.arguments
            .extend(arguments.iter().map(|argument| (*argument).to_owned()));
        self
    }

    /// Gives this on standard input.
    pub fn stdin(mut self, input: &[u8]) -> Scene {
        self.input = Some(input.to_owned());
        self
    }

    /// Sets a variable of the environment, which else has little more than PATH and HOME.
    pub fn env(mut self, name: &str, value: &str) -> Scene {
        self.environment.push((name.to_owned(), value.to_owned()));
        self
    }

    /// Runs popget under another command, such as strace or faketime, named with its arguments.
    pub fn under(mut self, wrapper: &[&str]) -> Scene {
        self.wraps(wrapper);
        self
    }

    /// As `under`, from the next run on; without words, as itself again.
    pub fn wraps(&mut self, wrapper: &[&str]) {
        self.wrapper = wrapper.iter().map(|word| (*word).to_owned()).collect();
    }

    /// Makes the memory know these UIDs, since now.
    pub fn remembers<'a, U: AsRef<[&'a str]>>(self, uids: U) -> Scene {
        self.remembers_since(uids, Duration::ZERO)
    }

    /// Makes the memory know these UIDs, besides others, for so long already.
    pub fn remembers_since<'a, U: AsRef<[&'a str]>>(mut self, uids: U, age: Duration) -> Scene {
        let seen = |uid: &&str| Seen {
            uid: (*uid).to_owned(),
            age,
        };
        self.seen.extend(uids.as_ref().iter().map(seen));
        let user = self.keys.iter().find(|(name, _)| name == "user");
        let user = user.map_or(USER, |(_, value)| value.as_str());
        let now = SystemTime::now()
            .duration_since(UNIX_EPOCH)
            .unwrap()
            .as_secs();
        let text = memory::written(ACCOUNT, user, "127.0.0.1", now, &self.seen);
        self.file(
            &format!(".local/state/popget/{ACCOUNT}.seen"),
            text.as_bytes(),
        )
    }

    /// Puts a file below $HOME.
    pub fn file(self, below: &str, bytes: &[u8]) -> Scene {
        self.world.write(below, bytes);
        self
    }

    /// A path below $HOME.
    pub fn path(&self, below: &str) -> PathBuf {
        self.world.path(below)
    }

    /// The port popget is told.
    pub fn port(&self) -> u16 {
        match &self.peer {
            Peer::Script(listener) => listener.local_addr().unwrap().port(),
            Peer::Server(server) => server.port(),
            Peer::Port(port) => *port,
        }
    }

    /// Kills the next run when told to, from a hook of the server for example.
    pub fn victim(&self) -> Victim {
        self.victim.revive();
        self.victim.clone()
    }

    /// Runs popget and waits for its end.
    #[track_caller]
    pub fn run(&mut self) -> Outcome {
        self.start(&[]).finish()
    }

    /// Runs popget with arguments for this run only.
    #[track_caller]
    pub fn run_with(&mut self, arguments: &[&str]) -> Outcome {
        self.start(arguments).finish()
    }

    /// Starts popget and leaves it running.
    pub fn start(&mut self, arguments: &[&str]) -> Begun<'_> {
        let script = self.script.take();
        self.world
            .write(".config/popget/popget.yaml", self.config_text().as_bytes());
        let conversation = match (&self.peer, script) {
            (Peer::Script(listener), Some(text)) => Some(Conversation::play_text(
                listener.try_clone().unwrap(),
                &text,
            )),
            (_, Some(_)) => panic!("this scene has a server; it cannot play a conversation"),
            (_, None) => None,
        };
        let open_before = self.server().map_or(0, PopServer::open);
        let mail_before = self.world.names("Mail/new");
        let mut command = self.command(arguments);
        let running = process::start(&mut command, self.input.clone(), &self.victim);
        let command = format!("{command:?}");
        Begun {
            scene: self,
            running,
            conversation,
            command,
            mail_before,
            open_before,
        }
    }

    /// The command that would run popget, with the configuration written: for runs that need
    /// other surroundings than pipes.
    pub fn program(&self, arguments: &[&str]) -> Command {
        self.world
            .write(".config/popget/popget.yaml", self.config_text().as_bytes());
        self.command(arguments)
    }

    fn command(&self, arguments: &[&str]) -> Command {
        let program = env!("CARGO_BIN_EXE_popget").to_owned();
        let mut words = self.wrapper.iter().chain([&program]);
        let mut command = Command::new(words.next().unwrap_or(&program));
        command.args(words).args(&self.arguments).args(arguments);
        command
            .env_clear()
            .env("PATH", std::env::var_os("PATH").unwrap_or_default());
        command
            .envs(self.world.environment())
            .current_dir(self.world.home());
        command.envs(self.environment.iter().map(|(name, value)| (name, value)));
        command
    }

    fn config_text(&self) -> String {
        let text = self.config.clone().unwrap_or_else(|| {
            let head = format!("accounts:\n  {ACCOUNT}:\n");
            self.keys
                .iter()
                .fold(head, |text, (name, value)| text + &key_text(name, value))
        });
        let home = self.world.home();
        text.replace("{port}", &self.port().to_string())
            .replace("{home}", &home.to_string_lossy())
    }

    fn server(&self) -> Option<&PopServer> {
        match &self.peer {
            Peer::Server(server) => Some(server),
            _ => None,
        }
    }
}

/// A key of an account as YAML: on its line, or as a block below it.
fn key_text(name: &str, value: &str) -> String {
    if !value.contains('\n') {
        return format!("    {name}: {value}\n");
    }
    let block = value.lines().map(|line| format!("      {line}\n"));
    format!("    {name}:\n") + &block.collect::<String>()
}

impl Begun<'_> {
    /// The program, to be sent signals.
    pub fn program(&self) -> &Running {
        &self.running
    }

    /// A path below $HOME.
    pub fn path(&self, below: &str) -> PathBuf {
        self.scene.path(below)
    }

    /// Waits for the end and looks at what both sides said.
    #[track_caller]
    pub fn finish(self) -> Outcome {
        let ran = self.running.finish();
        let scene = self.scene;
        let mut trouble = Vec::new();
        let mut dialogue = String::new();
        if let Some(server) = scene.server() {
            server.settle(self.open_before);
            dialogue = server.dialogue();
            trouble = server.complaints();
        }
        if let Peer::Script(listener) = &scene.peer {
            match self.conversation {
                Some(conversation) => {
                    dialogue = conversation.dialogue();
                    trouble.extend(conversation.finish().err());
                }
                None if anybody_came(listener) => {
                    trouble.push("popget connected, though nobody was to answer".into());
                }
                None => {}
            }
        }
        let world = Arc::clone(&scene.world);
        Outcome::new(world, self.command, ran, dialogue, self.mail_before).without_trouble(&trouble)
    }
}

fn anybody_came(listener: &TcpListener) -> bool {
    listener.set_nonblocking(true).unwrap();
    listener.accept().is_ok()
}
