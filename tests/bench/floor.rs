//! The floor: a client that sends its requests ahead, writes down what comes, and does nothing
//! else. It checks nothing, remembers nothing and recovers from nothing; who is as fast as it is
//! as fast as one can be.

use std::fs::{self, File};
use std::io::{Read, Write};
use std::net::TcpStream;
use std::path::{Path, PathBuf};
use std::thread;

use anyhow::{anyhow, bail, Context, Result};
use memchr::memchr;
use openssl::ssl::{Ssl, SslContext, SslMethod, SslStream, SslVerifyMode};

/// How many requests are on their way at the same time.
const WINDOW: u32 = 256;
const BUFFER: usize = 256 * 1024;

/// What it does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Duty {
    /// Asks which messages there are, and no more.
    List,
    /// Reads every message and keeps none.
    Read,
    /// Writes each message to a file of a Maildir.
    Files,
    /// The same, and syncs each file.
    Synced,
}

impl Duty {
    /// The word for it.
    pub fn name(self) -> &'static str {
        match self {
            Self::List => "list",
            Self::Read => "read",
            Self::Files => "files",
            Self::Synced => "synced",
        }
    }

    /// The duty of this name.
    pub fn named(name: &str) -> Option<Self> {
        let all = [Self::List, Self::Read, Self::Files, Self::Synced];
        all.into_iter().find(|duty| duty.name() == name)
    }
}

/// A maildrop and how to get at it.
#[derive(Clone)]
pub struct Access {
    /// The server's name.
    pub host: String,
    /// Its port.
    pub port: u16,
    /// Who vouches for it, where TLS is spoken.
    pub ca: Option<PathBuf>,
    /// The user.
    pub user: String,
    /// The password.
    pub password: String,
}

/// Does its duty at several maildrops at once.
pub fn run_all(duty: Duty, all: &[Access], maildir: &Path) -> Result<()> {
    let visit = |access| run(duty, access, maildir).map(drop);
    thread::scope(|scope| {
        let (first, others) = all.split_first().context("no maildrop")?;
        let others = others
            .iter()
            .map(|access| scope.spawn(move || visit(access)));
        let others: Vec<_> = others.collect();
        let panicked = |_| Err(anyhow!("the floor panicked"));
        let ended = others
            .into_iter()
            .map(|other| other.join().unwrap_or_else(panicked));
        ended.fold(visit(first), Result::and)
    })
}

/// Does its duty at one maildrop; gives the UIDs.
pub fn run(duty: Duty, access: &Access, maildir: &Path) -> Result<Vec<String>> {
    let mut line = Line::open(access)?;
    line.expect()?;
    let Access { user, password, .. } = access;
    line.say(&format!("USER {user}\r\nPASS {password}\r\nUIDL\r\n"))?;
    for _ in 0..3 {
        line.expect()?;
    }
    let mut uids = Vec::new();
    loop {
        let row = line.line()?;
        match std::str::from_utf8(row)?.split_once(' ') {
            Some((_, uid)) => uids.push(uid.to_owned()),
            None => break,
        }
    }
    if duty != Duty::List {
        let count = u32::try_from(uids.len())?;
        retrieve(duty, &mut line, count, (maildir, user))?;
    }
    line.say("QUIT\r\n")?;
    line.expect()?;
    Ok(uids)
}

/// Fetches all that is there, to files that bear the user's name.
fn retrieve(duty: Duty, line: &mut Line, count: u32, (maildir, user): (&Path, &str)) -> Result<()> {
    let keeps = duty != Duty::Read;
    if keeps {
        for folder in ["tmp", "new", "cur"] {
            fs::create_dir_all(maildir.join(folder))?;
        }
    }
    let mut asked = 0;
    for number in 1..=count {
        if asked < count && asked - (number - 1) <= WINDOW / 2 {
            let until = count.min(number - 1 + WINDOW);
            let requests = (asked + 1..=until).map(|number| format!("RETR {number}\r\n"));
            line.say(&requests.collect::<String>())?;
            asked = until;
        }
        line.expect()?;
        if !keeps {
            line.body(&mut std::io::sink())?;
            continue;
        }
        let name = format!("{number}.{user}.floor");
        let written = maildir.join("tmp").join(&name);
        let mut file = File::create_new(&written)?;
        line.body(&mut file)?;
        if duty == Duty::Synced {
            file.sync_all()?;
        }
        fs::rename(written, maildir.join("new").join(&name))?;
    }
    Ok(())
}

trait Stream: Read + Write {}
impl<S: Read + Write> Stream for S {}

/// Agrees on TLS, and trusts this authority alone: to read all that the system trusts takes longer
/// than everything else.
fn secured(socket: TcpStream, ca: &Path, host: &str) -> Result<SslStream<TcpStream>> {
    let mut context = SslContext::builder(SslMethod::tls_client())?;
    context.set_ca_file(ca)?;
    context.set_verify(SslVerifyMode::PEER);
    let mut ssl = Ssl::new(&context.build())?;
    ssl.set_hostname(host)?;
    ssl.param_mut().set_host(host)?;
    let mut stream = SslStream::new(ssl, socket)?;
    stream.connect()?;
    Ok(stream)
}

/// A buffered line.
struct Line {
    stream: Box<dyn Stream>,
    buffer: Vec<u8>,
    start: usize,
    end: usize,
}

impl Line {
    fn open(access: &Access) -> Result<Self> {
        let socket = TcpStream::connect((access.host.as_str(), access.port))?;
        socket.set_nodelay(true)?;
        let stream: Box<dyn Stream> = match &access.ca {
            None => Box::new(socket),
            Some(ca) => Box::new(secured(socket, ca, &access.host)?),
        };
        Ok(Self {
            stream,
            buffer: vec![0; BUFFER],
            start: 0,
            end: 0,
        })
    }

    fn say(&mut self, what: &str) -> Result<()> {
        Ok(self.stream.write_all(what.as_bytes())?)
    }

    fn fill(&mut self) -> Result<()> {
        self.buffer.copy_within(self.start..self.end, 0);
        (self.start, self.end) = (0, self.end - self.start);
        match self.stream.read(&mut self.buffer[self.end..])? {
            0 => bail!("the server hung up, or its line is too long"),
            count => self.end += count,
        }
        Ok(())
    }

    /// A line without its end.
    fn line(&mut self) -> Result<&[u8]> {
        let length = loop {
            match memchr(b'\n', &self.buffer[self.start..self.end]) {
                Some(length) => break length,
                None => self.fill()?,
            }
        };
        let line = &self.buffer[self.start..self.start + length];
        self.start += length + 1;
        Ok(line.strip_suffix(b"\r").unwrap_or(line))
    }

    fn expect(&mut self) -> Result<()> {
        let line = self.line()?;
        let said = String::from_utf8_lossy(line).into_owned();
        line.starts_with(b"+OK").then_some(()).context(said)
    }

    /// Writes a message down, as it was before it travelled: from each buffer as much as is there,
    /// in one piece.
    fn body(&mut self, to: &mut dyn Write) -> Result<()> {
        let mut text = Vec::with_capacity(BUFFER);
        loop {
            let Some(length) = memchr(b'\n', &self.buffer[self.start..self.end]) else {
                to.write_all(&text)?;
                text.clear();
                self.fill()?;
                continue;
            };
            let line = &self.buffer[self.start..self.start + length];
            self.start += length + 1;
            let line = match line.strip_suffix(b"\r").unwrap_or(line) {
                b"." => break,
                line => line.strip_prefix(b".").unwrap_or(line),
            };
            text.extend_from_slice(line);
            text.push(b'\n');
        }
        Ok(to.write_all(&text)?)
    }
}
