//! How a piece of work is done: everyone in turn, and again, so that whatever else goes on on the
//! machine hits all alike; each time in a fresh folder; and what was delivered is compared.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::rc::Rc;
use std::thread;

use anyhow::{ensure, Context, Result};
use tempfile::TempDir;

use super::check::{compare, Verdict};
use super::distance::{Distance, ROUND_TRIP};
use super::lab::{copy, hand_over, Lab, Maildrop};
use super::measure::{median, Cost, Starter};
use super::programs::{Job, Program, Sink};
use super::report::duration;
use super::works::{Kind, Mail, To, Work, Worker};

/// Whoever takes longer than so many seconds is not asked again.
const SLOW: f64 = 30.0;
/// Works of milliseconds are done so many times as often.
const QUICK: usize = 5;
/// What reads a message and exits, without a shell.
const READER: &str = "/usr/bin/wc -c";

/// What came of one worker's runs.
pub struct Outcome {
    /// Who it was.
    pub worker: Worker,
    /// What each run cost, unless it took too long.
    pub costs: Vec<Cost>,
    /// How often it spoke after it had heard the server, where that can be told.
    pub turns: Option<u32>,
    /// What was wrong with what it delivered, in all runs together.
    pub verdict: Verdict,
    /// What else there is to say.
    pub remark: String,
}

/// What came of a piece of work.
pub struct Done {
    /// The work.
    pub work: Work,
    /// Whether it was done over TLS.
    pub tls: bool,
    /// What came of it, by worker.
    pub outcomes: Vec<Outcome>,
}

/// What the runs have in common.
pub struct Course<'l> {
    /// The place.
    pub lab: &'l Lab,
    /// Starts the programs.
    pub starter: Starter,
    /// How often each piece of work is done.
    pub repeat: usize,
}

/// One worker's share in a piece of work.
struct Turn<'t> {
    to: To,
    distance: Option<&'t Distance>,
    tls: bool,
    maildrops: Vec<Rc<Maildrop>>,
    /// What the program remembers when it begins.
    known: Option<TempDir>,
}

impl Outcome {
    /// Seconds of the run in the middle; of one message of it, if that is asked for.
    pub fn time(&self, per_message: bool) -> f64 {
        let messages = match per_message {
            true => self.worker.mail.count as f64,
            false => 1.0,
        };
        median(self.costs.iter().map(|cost| cost.wall)) / messages
    }

    /// Seconds of computing.
    pub fn cpu(&self) -> f64 {
        median(self.costs.iter().map(|cost| cost.cpu))
    }

    /// The most memory of all runs, in MiB.
    pub fn memory(&self) -> f64 {
        let most = self.costs.iter().map(|cost| cost.memory).max();
        most.map_or(f64::NAN, |most| most as f64 / f64::from(1 << 20))
    }

    /// Whether there is another run in it.
    fn goes_on(&self) -> bool {
        self.remark.is_empty() && self.costs.iter().all(|cost| cost.wall < SLOW)
    }
}

impl Course<'_> {
    /// Does a piece of work as often as it is to be done.
    pub fn run(&self, work: &Work, tls: bool) -> Result<Done> {
        let near = self.lab.port(tls);
        let distance = work.far.then(|| Distance::before(near)).transpose()?;
        let outcome = |worker: &Worker| Outcome {
            worker: worker.clone(),
            costs: Vec::new(),
            turns: None,
            verdict: Verdict::default(),
            remark: String::new(),
        };
        let mut outcomes: Vec<Outcome> = work.workers.iter().map(outcome).collect();
        let turns = work.workers.iter().map(|worker| -> Result<Turn> {
            let mut turn = Turn {
                to: match work.kind {
                    Kind::Fetch(to) => to,
                    Kind::Look | Kind::Start => To::Memory,
                },
                distance: distance.as_ref(),
                tls,
                maildrops: self.lab.maildrops(worker.mail)?,
                known: None,
            };
            turn.known = match work.kind {
                Kind::Look if worker.mail.count > 0 => Some(self.acquaint(worker, &turn)?),
                _ => None,
            };
            Ok(turn)
        });
        let turns: Vec<Turn> = turns.collect::<Result<_>>()?;
        let often = match work.kind {
            Kind::Start => QUICK,
            Kind::Look if !work.far => QUICK,
            _ => 1,
        };
        for repetition in 0..self.repeat * often {
            for (outcome, turn) in outcomes.iter_mut().zip(&turns) {
                if repetition == 0 && turn.to == To::Program {
                    self.store(outcome, turn)?;
                }
                match work.kind {
                    _ if !outcome.goes_on() => {}
                    Kind::Start => self.start(outcome)?,
                    Kind::Fetch(_) | Kind::Look => self.visit(outcome, turn)?,
                }
            }
        }
        let work = work.clone();
        Ok(Done {
            work,
            tls,
            outcomes,
        })
    }

    /// What a program is to do that fetches this mail near by, in the clear, with nothing known.
    pub fn errand(&self, mail: Mail, to: To, folder: &Path) -> Result<Job> {
        let turn = Turn {
            to,
            distance: None,
            tls: false,
            maildrops: self.lab.maildrops(mail)?,
            known: None,
        };
        let state = folder.join("state");
        fs::create_dir(&state)?;
        Ok(self.job(&turn, folder, &state))
    }

    /// Lets a program know, before it is measured, all that is there.
    fn acquaint(&self, worker: &Worker, turn: &Turn) -> Result<TempDir> {
        let folder = self.lab.folder(turn.to)?;
        let known = self.lab.folder(turn.to)?;
        let job = self.job(turn, folder.path(), known.path());
        if worker.program == Program::Popget {
            let told = worker.program.told(&job)?;
            hand_over(folder.path())?;
            hand_over(known.path())?;
            // The first run fetches; the second puts the memory in order, as it is from then on. The
            // others are given theirs in order, too.
            for _ in 0..2 {
                let cost = self.starter.run(&told, folder.path())?;
                ensure!(
                    cost.is_some_and(|cost| cost.status == 0),
                    said(folder.path())
                );
            }
        } else {
            worker.program.knows(&job, &turn.maildrops[0].uids)?;
        }
        Ok(known)
    }

    /// What a program is to do, where nothing is known.
    fn job(&self, turn: &Turn, folder: &Path, state: &Path) -> Job {
        let near = self.lab.port(turn.tls);
        Job {
            // By name under TLS: not every program compares an address with a certificate.
            host: if turn.tls { "localhost" } else { "127.0.0.1" },
            port: turn.distance.map_or(near, Distance::port),
            ca: turn.tls.then(|| self.lab.ca()),
            users: turn.maildrops.iter().map(|one| one.user.clone()).collect(),
            sink: match turn.to {
                To::Program => Sink::Program(READER.into()),
                To::Memory | To::Disk => Sink::Maildir(folder.join("Mail")),
            },
            state: state.into(),
            folder: folder.into(),
        }
    }

    /// One start of a program that ends at once.
    fn start(&self, outcome: &mut Outcome) -> Result<()> {
        let folder = self.lab.folder(To::Memory)?;
        let cost = self
            .starter
            .run(&outcome.worker.program.version(), folder.path())?;
        outcome.costs.extend(cost);
        Ok(())
    }

    /// One visit to the maildrops, measured.
    fn visit(&self, outcome: &mut Outcome, turn: &Turn) -> Result<()> {
        let folder = self.lab.folder(turn.to)?;
        let state = folder.path().join("state");
        fs::create_dir(&state)?;
        if let Some(known) = &turn.known {
            copy(known.path(), &state)?;
        }
        let job = self.job(turn, folder.path(), &state);
        turn.distance.map(Distance::talk); // of those who were here before
        self.measure(outcome, &job)?;
        if let Some(distance) = turn.distance {
            thread::sleep(ROUND_TRIP); // what was said last is still on its way
            let talk = distance.talk();
            let plain = !turn.tls && talk.connections == 1;
            outcome.turns = plain.then_some(talk.turns).max(outcome.turns);
        }
        if let Sink::Maildir(maildir) = &job.sink {
            judge(outcome, turn, maildir)?;
        }
        Ok(())
    }

    /// One visit that is not measured, with a program that stores what it reads.
    fn store(&self, outcome: &mut Outcome, turn: &Turn) -> Result<()> {
        let folder = self.lab.folder(turn.to)?;
        let [state, stored] = ["state", "stored"].map(|name| folder.path().join(name));
        fs::create_dir(&state)?;
        fs::create_dir(&stored)?;
        let script = folder.path().join("store");
        let text = format!(
            "#!/bin/sh\nexec cat >\"$(mktemp {}/XXXXXXXXXX)\"\n",
            stored.display()
        );
        fs::write(&script, text)?;
        fs::set_permissions(&script, fs::Permissions::from_mode(0o755))?;
        let mut job = self.job(turn, folder.path(), &state);
        job.sink = Sink::Program(script.display().to_string());
        let costs = std::mem::take(&mut outcome.costs);
        self.measure(outcome, &job)?;
        outcome.costs = costs;
        judge(outcome, turn, &stored)
    }

    fn measure(&self, outcome: &mut Outcome, job: &Job) -> Result<()> {
        let program = outcome.worker.program;
        let told = program.told(job)?;
        hand_over(&job.folder)?;
        rustix::fs::sync();
        let Some(cost) = self.starter.run(&told, &job.folder)? else {
            outcome.remark = format!("over {} s", self.starter.limit.as_secs());
            return Ok(());
        };
        let nothing_new = program == Program::Fetchmail && cost.status == 1;
        if cost.status != 0 && !nothing_new {
            outcome.remark = format!("exit status {}", cost.status);
            let what = format!(
                "{}: {}: {}",
                outcome.worker.name,
                outcome.remark,
                said(&job.folder)
            );
            super::say(&what);
        }
        super::say(&format!(
            "{:<20} {}",
            outcome.worker.name,
            duration(cost.wall)
        ));
        outcome.costs.push(cost);
        Ok(())
    }
}

/// Compares what was delivered with what was there, of which nothing is new if it was known.
fn judge(outcome: &mut Outcome, turn: &Turn, folder: &Path) -> Result<()> {
    let new = turn.maildrops.iter().filter(|_| turn.known.is_none());
    let sent = new.flat_map(|maildrop| &maildrop.digests);
    let verdict = compare(folder, sent).context("what was delivered cannot be read")?;
    outcome.verdict.missing += verdict.missing;
    outcome.verdict.wrong += verdict.wrong;
    Ok(())
}

/// The last that a program said.
fn said(folder: &Path) -> String {
    let log = fs::read(folder.join("log")).unwrap_or_default();
    let log = String::from_utf8_lossy(&log).into_owned();
    log.lines().last().unwrap_or_default().to_owned()
}
