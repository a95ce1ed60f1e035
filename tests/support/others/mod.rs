//! The other POP servers that Debian has, each in a root of its own: Courier, Cyrus, GNU Mailutils,
//! popa3d and solid-pop3d.
//!
//! tests/prepare-servers has unpacked them all into one root. A server gets a copy of it made of
//! hard links, so that a test has its own in a moment, and runs there by chroot: that takes root,
//! and neither mounts nor devices nor users of the system. It listens on free ports of 127.0.0.1
//! and ends with the test.
//!
//! - `root`: the folder a server sees as the whole machine
//! - `door`: a port behind which a program is run for each who comes, as inetd does
//! - `courier`, `cyrus`, `mbox`: what each of them wants; the last three keep mail alike

mod courier;
mod cyrus;
mod door;
mod mbox;
mod root;

use std::io::{self, Write};
use std::net::{TcpListener, TcpStream};
use std::os::unix::process::CommandExt;
use std::process::{Child, Command};
use std::thread;
use std::time::{Duration, Instant};

use rustix::process::{
    getuid, kill_process, kill_process_group, test_kill_process_group, Pid, Signal,
};

use super::client::connect;
use super::server::{PASSWORD, USER};
use door::Door;
use root::Root;

/// Which server it is.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Kind {
    Courier,
    Cyrus,
    Mailutils,
    Popa3d,
    Solid,
}

/// How it is set up.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Manner {
    /// As its package has it, as far as that can be.
    Usual,
    /// Nobody logs in without TLS.
    TlsOnly,
    /// Who was here a moment ago is sent away.
    LoginDelay,
}

/// A running server.
pub struct Other {
    kind: Kind,
    ports: Ports,
    arrivals: u32,
    doors: Vec<Door>,
    daemon: Option<Daemon>,
    root: Root,
}

/// Where it listens: in the clear, and with TLS from the first octet.
struct Ports {
    plain: u16,
    tls: Option<u16>,
}

/// What a kind sets going: ports, and what must be held for as long as they are to answer.
struct Setting {
    ports: Ports,
    doors: Vec<Door>,
    daemon: Option<Daemon>,
}

impl Other {
    /// Starts one as its package has it; see `start_as`.
    pub fn start(kind: Kind) -> Option<Other> {
        Other::start_as(kind, Manner::Usual)
    }

    /// Starts one. Where that cannot be, it is a failure in continuous integration; elsewhere it
    /// is said aloud, and there is nothing to test.
    pub fn start_as(kind: Kind, manner: Manner) -> Option<Other> {
        let lacking = match (getuid().is_root(), root::is_prepared()) {
            (false, _) => "nobody but root can start",
            (true, false) => "tests/prepare-servers has not unpacked",
            (true, true) => return Some(Other::start_here(kind, manner)),
        };
        let loss = format!("{lacking} {kind:?}: its tests are skipped\n");
        assert!(std::env::var("CI").as_deref() != Ok("true"), "{loss}");
        // Past the test harness, which would swallow what a passing test prints.
        let _ = io::stderr().write_all(loss.as_bytes());
        None
    }

    fn start_here(kind: Kind, manner: Manner) -> Other {
        let root = Root::new();
        let setting = match kind {
            Kind::Courier => courier::start(&root, manner),
            Kind::Cyrus => cyrus::start(&root, manner),
            Kind::Mailutils | Kind::Popa3d | Kind::Solid => mbox::start(&root, kind),
        };
        Other {
            kind,
            ports: setting.ports,
            arrivals: 0,
            doors: setting.doors,
            daemon: setting.daemon,
            root,
        }
    }

    /// Which one it is.
    pub fn kind(&self) -> Kind {
        self.kind
    }

    /// The port without TLS; where there is STLS, it is there.
    pub fn port(&self) -> u16 {
        self.ports.plain
    }

    /// The port with TLS from the first octet.
    pub fn port_tls(&self) -> u16 {
        self.ports.tls.expect("a server that speaks TLS")
    }

    /// Puts messages (with LF line ends) into the maildrop, in this order.
    pub fn put(&mut self, messages: &[Vec<u8>]) {
        for message in messages {
            self.arrivals += 1;
            match self.kind {
                Kind::Courier => courier::put(&self.root, message, self.arrivals),
                Kind::Cyrus => cyrus::put(&self.root, message),
                Kind::Mailutils | Kind::Popa3d | Kind::Solid => mbox::put(&self.root, message),
            }
        }
    }

    /// Waits until the programs that served are gone: some say goodbye first and write then.
    pub fn settles(&self) {
        self.doors.iter().for_each(Door::empties);
    }

    /// The messages in the server's own store, with LF line ends.
    pub fn stored(&self) -> Vec<Vec<u8>> {
        match self.kind {
            Kind::Courier => courier::stored(&self.root),
            Kind::Cyrus => cyrus::stored(&self.root),
            Kind::Mailutils | Kind::Popa3d | Kind::Solid => mbox::stored(&self.root),
        }
    }

    /// What the server itself says is in the maildrop, to a client that is not popget.
    pub fn stat(&self) -> String {
        let mut client = connect(self.port());
        client.line();
        client.ask(&format!("USER {USER}"));
        let welcome = client.ask(&format!("PASS {PASSWORD}"));
        assert!(welcome.starts_with("+OK"), "{welcome}");
        let stat = client.ask("STAT");
        client.ask("QUIT");
        drop(client);
        self.settles();
        stat.trim_end().to_owned()
    }
}

impl Drop for Other {
    fn drop(&mut self) {
        // Before the folder it works in goes.
        drop(self.daemon.take());
        self.doors.clear();
    }
}

/// A program that stays, with all that it starts.
struct Daemon(Child);

impl Daemon {
    /// Starts it as the head of a group, and waits until it is ready.
    fn start(command: &mut Command, is_ready: impl Fn() -> bool) -> Daemon {
        let child = command.process_group(0).spawn().unwrap();
        let mut daemon = Daemon(child);
        let begun = Instant::now();
        while !is_ready() {
            let ended = daemon.0.try_wait().unwrap();
            assert!(ended.is_none(), "{command:?} ended: {ended:?}");
            assert!(begun.elapsed() < Duration::from_secs(30), "{command:?}");
            thread::sleep(Duration::from_millis(10));
        }
        daemon
    }
}

impl Drop for Daemon {
    fn drop(&mut self) {
        let _ = kill_process(Pid::from_child(&self.0), Signal::TERM);
        for _ in 0..300 {
            if !matches!(self.0.try_wait(), Ok(None)) {
                break;
            }
            thread::sleep(Duration::from_millis(10));
        }
        end_group(&mut self.0);
    }
}

/// Ends the head of a group and all that it started, and returns when nothing is left of them; or
/// soon after, since it may be long until somebody asks how an orphan ended.
fn end_group(head: &mut Child) {
    let group = Pid::from_child(head);
    let _ = kill_process_group(group, Signal::KILL);
    let _ = head.wait();
    for _ in 0..50 {
        if test_kill_process_group(group).is_err() {
            return;
        }
        thread::sleep(Duration::from_millis(10));
    }
}

/// Whether anybody takes connections there.
fn answers(port: u16) -> bool {
    TcpStream::connect(("127.0.0.1", port)).is_ok()
}

fn free_port() -> u16 {
    TcpListener::bind("127.0.0.1:0")
        .unwrap()
        .local_addr()
        .unwrap()
        .port()
}
