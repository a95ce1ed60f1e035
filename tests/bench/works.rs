//! What is compared: pieces of work, who does them, and what popget is to need at most.

use super::floor::Duty;
use super::programs::{Program, PEERS};

/// Mail that lies on the server.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Mail {
    /// In how many maildrops.
    pub users: usize,
    /// How many messages in each.
    pub count: usize,
    /// Octets of each, on the average.
    pub size: usize,
}

/// Where mail goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum To {
    /// A Maildir in memory.
    Memory,
    /// A Maildir on the disk.
    Disk,
    /// A program that reads and exits.
    Program,
}

/// The kind of a piece of work.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// Fetching it all, to there.
    Fetch(To),
    /// Looking, where all is known already.
    Look,
    /// Starting, and ending at once.
    Start,
}

/// One who does a piece of work.
#[derive(Clone, Debug)]
pub struct Worker {
    /// How it is called in the tables.
    pub name: String,
    /// The program.
    pub program: Program,
    /// The mail that it fetches.
    pub mail: Mail,
}

/// What is to hold of the one that a piece of work is about.
#[derive(Clone, Debug)]
pub enum Goal {
    /// It takes at most so many times as long as this other one.
    Time(f64, &'static str),
    /// It never holds more memory than so many MiB.
    Memory(f64),
    /// It speaks at most so often after it has heard the server.
    Turns(u32),
}

/// A piece of work.
#[derive(Clone, Debug)]
pub struct Work {
    /// How it is called on the command line.
    pub name: &'static str,
    /// What it is.
    pub what: String,
    /// What is to be done.
    pub kind: Kind,
    /// Whether the server is far away.
    pub far: bool,
    /// Whether it is done over TLS, too.
    pub tls: bool,
    /// Whether times are told per message.
    pub per_message: bool,
    /// Who does it, in the order of the tables.
    pub workers: Vec<Worker>,
    /// What is to hold of the first of them.
    pub goals: Vec<Goal>,
}

/// The name of the second worker where popget fetches for one account of many.
const ONE: &str = "popget, one account";

/// All of it; quick is about a tenth of it.
pub fn all(quick: bool) -> Vec<Work> {
    let scale = |count: usize| if quick { count.div_ceil(10) } else { count };
    let mail = |users, count, size| Mail { users, count, size };
    let kib4 = |count| mail(1, scale(count), 4096);
    let mut works = vec![
        fetch("many", kib4(10_000), To::Memory)
            .floor(Duty::Files)
            .goals(&[Goal::Time(1.15, "floor"), Goal::Time(1.0, "mpop")]),
        fetch("durable", kib4(2_000), To::Disk)
            .floor(Duty::Synced)
            .goals(&[Goal::Time(0.8, "mpop"), Goal::Time(1.0, "floor")]),
        fetch("large", mail(1, scale(300), 1 << 20), To::Disk)
            .floor(Duty::Synced)
            .goals(&[Goal::Time(1.1, "floor"), Goal::Time(1.0, "mpop")]),
        fetch("huge", mail(1, 1, scale(200 << 20)), To::Memory)
            .floor(Duty::Files)
            .goals(&[Goal::Time(1.1, "floor"), Goal::Memory(10.0)]),
        fetch("mda", kib4(2_000), To::Program).goals(&[Goal::Time(0.6, "mpop")]),
        fetch("distant", mail(1, scale(1_000), 2048), To::Memory)
            .far()
            .floor(Duty::Files)
            .goals(&[Goal::Time(0.35, "mpop"), Goal::Turns(8)]),
        accounts(mail(scale(50), 100, 2048)),
        look("first-look", mail(1, 0, 0))
            .far()
            .goals(&[Goal::Turns(4)]),
        look("look", mail(1, 10, 2048))
            .far()
            .goals(&[Goal::Turns(3)]),
        look("known", mail(1, scale(10_000), 4096))
            .floor(Duty::List)
            .goals(&[Goal::Time(1.2, "floor")]),
        look("well-known", mail(1, scale(100_000), 600))
            .floor(Duty::List)
            .goals(&[Goal::Time(1.2, "floor"), Goal::Memory(24.0)]),
        look("empty", mail(1, 0, 0)).goals(&[Goal::Time(1.0, "mpop")]),
        growth([1_000, 10_000, 100_000].map(|count| mail(1, scale(count), 600))),
    ];
    works.push(start());
    works
}

fn work(name: &'static str, what: String, kind: Kind, mail: Mail) -> Work {
    let worker = |program: Program| Worker {
        name: program.name().into(),
        program,
        mail,
    };
    Work {
        name,
        what,
        kind,
        far: false,
        tls: true,
        per_message: false,
        workers: [Program::Popget]
            .into_iter()
            .chain(PEERS)
            .map(worker)
            .collect(),
        goals: Vec::new(),
    }
}

fn fetch(name: &'static str, mail: Mail, to: To) -> Work {
    let goes = match to {
        To::Memory => "to a Maildir in memory",
        To::Disk => "to a Maildir on disk",
        To::Program => "each to a program",
    };
    let what = match mail.count {
        1 => format!("one message of {} {goes}", size(mail.size)),
        count => format!("{count} messages of {} {goes}", size(mail.size)),
    };
    let work = work(name, what, Kind::Fetch(to), mail);
    Work {
        tls: to != To::Program,
        ..work
    }
}

fn look(name: &'static str, mail: Mail) -> Work {
    let what = match mail.count {
        0 => "a look into an empty maildrop".into(),
        count => format!("a look with nothing new, {count} messages known"),
    };
    work(name, what, Kind::Look, mail)
}

/// Many accounts at once, and popget with one of them besides.
fn accounts(mail: Mail) -> Work {
    let what = format!(
        "{} accounts with {} messages of {}",
        mail.users,
        mail.count,
        size(mail.size)
    );
    let mut work = work("accounts", what, Kind::Fetch(To::Memory), mail).far();
    let one = Worker {
        name: ONE.into(),
        program: Program::Popget,
        mail: Mail { users: 1, ..mail },
    };
    work.workers.insert(1, one);
    work.tls = false;
    work.floor(Duty::Files)
        .goals(&[Goal::Time(0.1, "mpop"), Goal::Time(1.5, ONE)])
}

/// The cost of a message in small and large maildrops.
fn growth([small, middle, large]: [Mail; 3]) -> Work {
    let what = "one message of a maildrop of 600-octet messages to a Maildir in memory";
    let mut work = work("growth", what.into(), Kind::Fetch(To::Memory), large);
    let worker = |program: Program, name: &str, mail: Mail| Worker {
        name: format!("{}, {name}", program.name()),
        program,
        mail,
    };
    work.workers = [Program::Popget, Program::Floor(Duty::Files)]
        .into_iter()
        .flat_map(|program| {
            let sizes = [("large", large), ("middle", middle), ("small", small)];
            sizes.map(|(name, mail)| worker(program, name, mail))
        })
        .collect();
    (work.tls, work.per_message) = (false, true);
    work.goals(&[Goal::Time(1.2, "popget, small")])
}

/// How long it takes to start.
fn start() -> Work {
    let nothing = Mail {
        users: 0,
        count: 0,
        size: 0,
    };
    let work = work(
        "start",
        "being asked for the version".into(),
        Kind::Start,
        nothing,
    );
    Work { tls: false, ..work }.goals(&[Goal::Time(1.0, "mpop")])
}

impl Work {
    fn far(mut self) -> Self {
        self.what += ", the server 50 ms away";
        self.far = true;
        self
    }

    /// Compares with the floor as well.
    fn floor(mut self, duty: Duty) -> Self {
        let (program, mail) = (Program::Floor(duty), self.workers[0].mail);
        let name = program.name().into();
        self.workers.push(Worker {
            name,
            program,
            mail,
        });
        self
    }

    fn goals(mut self, goals: &[Goal]) -> Self {
        self.goals = goals.to_vec();
        self
    }
}

/// A size as people say it.
fn size(octets: usize) -> String {
    match octets {
        0x10_0000.. => format!("{} MiB", octets >> 20),
        0x400.. => format!("{} KiB", octets >> 10),
        _ => format!("{octets} octets"),
    }
}
